"""Prediction by blocks: equal to the prediction of the whole image, and repeated without repeating finished blocks."""

from __future__ import annotations

import csv
import shlex
import shutil
import signal
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
import zarr
from numpy.typing import NDArray

from tests.oracles.permissions import as_nobody
from tests.oracles.stored_images import THREE_CLASSES, TWO_LAYERS, smooth_noise, stored, thin_checkpoint
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.ome_zarr import Chunks, Picture, create
from unet_tutorial.datasets.stored import open_stored
from unet_tutorial.inference.instances import class_instances, layer_instances, table
from unet_tutorial.jobs.block_steps import LOCK, STATE, Options
from unet_tutorial.jobs.predict_blocks import plan_job, predict_blocks
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.schedulers import in_this_process
from unet_tutorial.jobs.task import Task
from unet_tutorial.learning.checkpoints import load, save_weights
from unet_tutorial.plan.levels import Size


def arrays(output: Path) -> dict[str, NDArray[Any]]:
    """The arrays of all scales of a result, by their paths."""
    root = zarr.open_group(str(output), mode="r")
    return {name: np.asarray(node[...]) for name, node in root.members(max_depth=None) if isinstance(node, zarr.Array)}


def whole(checkpoint: Path, image: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Probabilities, classes and instances of the image as one array."""
    predictor = Predictor.from_file(checkpoint)
    probabilities = predictor(image)
    labels, rank = predictor.labels(probabilities), predictor.net.levels[0].rank
    if predictor.task.scheme.layered:
        maps = layer_instances(labels, lambda layer: class_instances(layer, rank=rank))
        return probabilities, labels, np.stack([each.labels for each in maps])
    return probabilities, labels, class_instances(labels, rank=rank).labels


CASES: list[tuple[str, Task, str, Size, str, dict[str, Any]]] = [
    ("paper", Task(), "image", (61, 47), "28", {}),
    ("padded", Task(), "percentile", (53, 2), "28", {}),
    ("padded", THREE_CLASSES, "data", (70, 41), "30", {}),
    ("padded", TWO_LAYERS, "none", (40, 41), "30", {}),
    ("unet3d", Task(), "image", (3, 29, 22), "24", {}),
    ("unet3d", Task(), "percentile", (7, 33, 26), "4,24,24", {"planar": (0, 1)}),
    ("padded", Task(), "image", (3, 41, 30), "30", {}),  # a stack for a network of images
    ("padded", Task(), "percentile", (2, 41, 30), "30", {}),
    ("padded", Task(), "image", (61, 47), "28", {"out_channels": 3}),  # more outputs than classes
    ("padded", THREE_CLASSES, "image", (61, 47), "28", {"out_channels": 4}),
    ("padded", TWO_LAYERS, "image", (61, 47), "28", {"out_channels": 4}),
]


@pytest.mark.parametrize(("preset", "task", "normalise", "size", "tile", "more"), CASES)
def test_the_result_is_that_of_the_whole_image(
    tmp_path: Path, preset: str, task: Task, normalise: str, size: Size, tile: str, more: dict[str, Any]
) -> None:
    image = smooth_noise(size)
    if normalise == "none":
        image = (image / 60000).astype(np.float32)
    checkpoint = thin_checkpoint(tmp_path / "net.safetensors", preset, task, normalise, **more)
    source = str(stored(tmp_path / "in.zarr", image))
    probabilities, labels, instances = whole(checkpoint, image[None])
    assert len(np.unique(instances)) > 1
    output = tmp_path / "out.zarr"
    found = predict_blocks(Options(checkpoint, source, output, tile=tile, instances=True))
    assert found.blocks == found.predicted > 3
    held = arrays(output)
    several = task.scheme.layered or len(task.classes) > 2
    wanted = probabilities[: len(task.classes)] if several else probabilities[1]
    np.testing.assert_allclose(held["0"], wanted, atol=1e-5)
    np.testing.assert_array_equal(held["labels/classes/0"], labels)
    np.testing.assert_array_equal(held["labels/instances/0"], instances)
    assert not (output / STATE).exists()


def test_instances_are_equal_under_three_tilings_and_their_table_is_that_of_the_whole_image(tmp_path: Path) -> None:
    image = smooth_noise((9, 31, 29), sigma=1)
    checkpoint = thin_checkpoint(tmp_path / "net.safetensors", "unet3d", THREE_CLASSES)
    source = stored(tmp_path / "in.zarr", image)
    predictor = Predictor.from_file(checkpoint)
    probabilities = predictor(image[None])
    maps = class_instances(predictor.labels(probabilities), rank=3, min_size=5)
    rows = table(maps, probabilities, predictor.task.classes)
    assert len(rows) > 10
    for number, tile in enumerate(("32", "40", "28,48,36")):
        output = tmp_path / f"out{number}.zarr"
        found = predict_blocks(Options(checkpoint, str(source), output, tile=tile, instances=True, min_size=5))
        assert found.instances == len(rows)
        np.testing.assert_array_equal(arrays(output)["labels/instances/0"], maps.labels)
        lines = list(csv.DictReader((tmp_path / f"out{number}_instances.csv").open()))
        assert [(line["class"], int(line["pixels"]), int(line["x_stop"])) for line in lines] == [
            (row.name, row.pixels, row.box[2][1]) for row in rows
        ]
        assert [float(line["mean_probability"]) for line in lines] == pytest.approx(
            [row.probability for row in rows], abs=1e-4
        )


def test_the_result_lies_where_the_image_lies(tmp_path: Path) -> None:
    path = tmp_path / "in.zarr"
    root = zarr.open_group(str(path), mode="w")
    zarr.create_array(str(path), name="0", data=smooth_noise((40, 300)), chunks=(40, 40))
    axes: Any = [{"name": name, "type": "space", "unit": "micrometer"} for name in "yx"]
    place: Any = [{"type": "scale", "scale": [0.5, 0.5]}, {"type": "translation", "translation": [100.0, -200.0]}]
    datasets: Any = [{"path": "0", "coordinateTransformations": place}]
    root.attrs["ome"] = {"version": "0.5", "multiscales": [{"axes": axes, "datasets": datasets}]}
    checkpoint = thin_checkpoint(tmp_path / "net.safetensors", "padded")
    predict_blocks(Options(checkpoint, str(path), tmp_path / "out.zarr", tile="60"))
    for name, second in (("", [100.25, -199.75]), ("labels/classes", [100.0, -200.0])):
        held: Any = zarr.open_group(str(tmp_path / "out.zarr"), path=name, mode="r").attrs["ome"]
        fine, coarse = (each["coordinateTransformations"] for each in held["multiscales"][0]["datasets"])
        assert fine == place
        assert coarse == [{"type": "scale", "scale": [1.0, 1.0]}, {"type": "translation", "translation": second}]


def test_layers_whose_names_give_the_same_file_name_have_a_table_each(tmp_path: Path) -> None:
    task = Task(LabelScheme("layers", ("a/b", "a b")))
    checkpoint = thin_checkpoint(tmp_path / "net.safetensors", "padded", task)
    source = stored(tmp_path / "in.zarr", smooth_noise((60, 70)))
    found = predict_blocks(Options(checkpoint, str(source), tmp_path / "out.zarr", tile="32", instances=True))
    tables = {path.name: list(csv.DictReader(path.open())) for path in tmp_path.glob("out*.csv")}
    assert tables.keys() == {"out_instances_a-b-0.csv", "out_instances_a-b-1.csv"}
    for name, rows in zip(task.classes, (tables[key] for key in sorted(tables)), strict=True):
        assert {row["class"] for row in rows} == {name}
    assert sum(map(len, tables.values())) == found.instances


@pytest.fixture
def options(tmp_path: Path) -> Options:
    checkpoint = thin_checkpoint(tmp_path / "net.safetensors", "padded")
    source = stored(tmp_path / "in.zarr", smooth_noise((61, 300)))
    return Options(checkpoint, str(source), tmp_path / "out.zarr", tile="60", instances=True)


class Stopped(Exception):  # noqa: N818
    """Stands for the end of a process."""


def stopping_after(count: int) -> Callable[..., Iterator[tuple[Size, Any]]]:
    """Runs ``count`` blocks of all steps and then raises."""
    left = iter(range(count))

    def run(task: Callable[[Size], Any], indices: Iterable[Size]) -> Iterator[tuple[Size, Any]]:
        for index, result in in_this_process(task, indices):
            if next(left, None) is None:
                raise Stopped
            yield index, result

    return run


@pytest.mark.parametrize("count", [0, 20, 40, 50])
def test_a_repeated_job_computes_what_is_missing_and_gives_the_same_result(options: Options, count: int) -> None:
    with pytest.raises(Stopped):
        predict_blocks(options, stopping_after(count))
    steps: list[tuple[str, Size]] = []

    def counted(task: Any, indices: Iterable[Size]) -> Iterator[tuple[Size, Any]]:
        for index, result in in_this_process(task, indices):
            steps.append((str(task.args[1]), index))
            yield index, result

    found = predict_blocks(options, counted)
    blocks = found.blocks
    finished = max(0, count + 1 - blocks)  # the block that was computed when the job was stopped has its marker
    assert found.predicted == max(0, blocks - finished)
    assert len(steps) == len(set(steps))
    assert predict_blocks(options) == (blocks, 0, found.instances)
    again = replace(options, output=options.output.with_name("b.zarr"))
    predict_blocks(again)
    held, wanted = arrays(options.output), arrays(again.output)
    assert held.keys() == wanted.keys() >= {"0", "1", "labels/classes/1", "labels/instances/0"}
    for name, values in wanted.items():
        np.testing.assert_array_equal(held[name], values, strict=True)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_process_leaves_only_whole_blocks(options: Options, number: signal.Signals) -> None:
    words = [
        "predict",
        options.checkpoint,
        options.image,
        "-o",
        options.output,
        "--blocks",
        "--tile",
        60,
        "--instances",
    ]
    process = subprocess.Popen([sys.executable, "-m", "unet_tutorial", *map(str, words)], stderr=subprocess.DEVNULL)
    while not (options.output / STATE / "predict" / "0" / "1.json").exists():
        assert process.poll() is None
    process.send_signal(number)
    assert process.wait() == (-number if number == signal.SIGKILL else 130)
    assert (options.output / LOCK).exists() == (number == signal.SIGKILL)
    found = predict_blocks(options)
    assert 0 < found.predicted < found.blocks
    again = replace(options, output=options.output.with_name("b.zarr"))
    predict_blocks(again)
    for name, values in arrays(again.output).items():
        np.testing.assert_array_equal(arrays(options.output)[name], values, strict=True)


def test_blocks_in_another_order_give_the_same_bits(options: Options) -> None:
    predict_blocks(options)

    def backwards(task: Any, indices: Iterable[Size]) -> Iterator[tuple[Size, Any]]:
        return in_this_process(task, list(indices)[::-1])

    other = replace(options, output=options.output.with_name("b.zarr"))
    predict_blocks(other, backwards)
    for name, values in arrays(options.output).items():
        np.testing.assert_array_equal(arrays(other.output)[name], values)


def test_the_number_of_threads_does_not_change_a_bit(options: Options) -> None:
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            other = replace(options, output=options.output.with_name(f"{threads}.zarr"))
            predict_blocks(other)
            assert torch.get_num_threads() == threads
            found.append(arrays(other.output)["0"])
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(found[0], found[1])


def test_threads_of_one_worker_share_the_network_and_give_the_same_bits(options: Options) -> None:
    predict_blocks(options)

    def on_threads(task: Any, indices: Iterable[Size]) -> Iterator[tuple[Size, Any]]:
        indices = list(indices)
        with ThreadPoolExecutor(4) as pool:
            yield from zip(indices, pool.map(task, indices), strict=True)

    other, interval = replace(options, output=options.output.with_name("b.zarr")), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        predict_blocks(other, on_threads)
    finally:
        sys.setswitchinterval(interval)
    for name, values in arrays(options.output).items():
        np.testing.assert_array_equal(arrays(other.output)[name], values)


def test_results_of_other_checkpoints_images_and_options_are_refused_and_kept(options: Options, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        predict_blocks(options, stopping_after(20))
    before = {path: path.read_bytes() for path in options.output.rglob("*") if path.is_file()}
    other = thin_checkpoint(tmp_path / "other.safetensors", "padded", seed=1)
    image = str(stored(tmp_path / "in2.zarr", smooth_noise((61, 300), seed=1)))
    for changed, word in (
        (Options(other, image, options.output, tile="72"), "was made with another checkpoint"),
        (Options(options.checkpoint, image, options.output, tile="72"), f"is of another image, or {image} has changed"),
        (replace(options, tile="72"), "was made with --tile 60,60 instead of 72,72"),
        (replace(options, instances=False), "was made with --instances"),
        (replace(options, min_size=5), "was made with --min-size 1 instead of 5"),
    ):
        with pytest.raises(ValueError, match=f"this result {word}; choose another folder, or delete it with --over"):
            predict_blocks(changed)
    assert before == {path: path.read_bytes() for path in options.output.rglob("*") if path.is_file()}
    changed = Options(other, options.image, options.output, tile="60", instances=True)
    assert predict_blocks(changed, overwrite=True).predicted > 0


def test_tables_are_replaced_and_deleted_only_with_overwrite(options: Options) -> None:
    table = options.output.with_name("out_instances.csv")
    table.write_text("mine")
    with pytest.raises(
        ValueError, match=r"out_instances.csv: this table exists; choose another -o, or add --overwrite"
    ):
        predict_blocks(options)
    assert table.read_text() == "mine"
    assert not options.output.exists()
    predict_blocks(options, overwrite=True)
    assert len(list(csv.DictReader(table.open()))) > 1
    predict_blocks(replace(options, instances=False), overwrite=True)
    assert not table.exists()
    table.write_text("mine")
    predict_blocks(replace(options, instances=False), overwrite=True)  # of a result that has no table
    assert table.read_text() == "mine"


def test_the_digits_of_few_blocks_are_held_at_a_time(tmp_path: Path) -> None:
    checkpoint = thin_checkpoint(tmp_path / "net.safetensors", "padded", normalise="percentile")
    source = stored(tmp_path / "in.zarr", smooth_noise((61, 300)))
    held: list[weakref.ref[NDArray[Any]]] = []
    alive: list[int] = []

    def watched(task: Any, indices: Iterable[Size]) -> Iterator[tuple[Size, Any]]:
        for index, result in in_this_process(task, indices):
            if isinstance(result, list):
                held.append(weakref.ref(result[0][0].digits))
                alive.append(sum(each() is not None for each in held))
            yield index, result

    found = predict_blocks(Options(checkpoint, str(source), tmp_path / "out.zarr", tile="60"), watched)
    assert len(held) == found.blocks > 5
    assert max(alive) <= 3


def test_a_moved_result_and_a_moved_image_go_on(options: Options, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        predict_blocks(options, stopping_after(20))
    options.output.rename(tmp_path / "moved.zarr")
    Path(options.image).rename(tmp_path / "image.zarr")
    moved = Options(
        options.checkpoint, str(tmp_path / "image.zarr"), tmp_path / "moved.zarr", tile="60", instances=True
    )
    found = predict_blocks(moved)
    assert 0 < found.predicted < found.blocks


def test_two_jobs_never_write_into_one_folder(options: Options) -> None:
    other = replace(options, tile="72")
    tried: list[Exception] = []

    def with_a_second_job(task: Any, indices: Iterable[Size]) -> Iterator[tuple[Size, Any]]:
        for second, overwrite in ((options, False), (options, True), (other, True)):
            with pytest.raises(ValueError, match=r"out.zarr: process \d+ on .* writes into this folder; .*blocks-lock"):
                predict_blocks(second, overwrite=overwrite)
            tried.append(ValueError())
        yield from in_this_process(task, indices)

    found = predict_blocks(options, with_a_second_job)
    assert len(tried) >= 3
    assert not (options.output / LOCK).exists()
    again = replace(options, output=options.output.with_name("b.zarr"))
    assert predict_blocks(again) == found
    for name, values in arrays(again.output).items():
        np.testing.assert_array_equal(arrays(options.output)[name], values, strict=True)


def test_a_job_whose_result_is_deleted_ends_in_a_sentence_and_does_not_make_it_again(options: Options) -> None:
    def deleting(task: Any, indices: Iterable[Size]) -> Iterator[tuple[Size, Any]]:
        for index, result in in_this_process(task, indices):
            if task.args[1] == "predict":
                shutil.rmtree(options.output)
            yield index, result

    with pytest.raises(ValueError, match=r"^block \(0, 1\) of \(\d+, \d+\): .*out.zarr: this job does not write into"):
        predict_blocks(options, deleting)
    assert not options.output.exists()


def test_chunks_and_tables_that_were_deleted_are_computed_again(tmp_path: Path) -> None:
    checkpoint = thin_checkpoint(tmp_path / "net.safetensors", "padded", TWO_LAYERS)
    source = stored(tmp_path / "in.zarr", smooth_noise((61, 300)))
    options = Options(checkpoint, str(source), tmp_path / "out.zarr", tile="60", instances=True)
    whole = predict_blocks(options)
    wanted = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    counts = {}
    for name in ("0/c/1/0/2", "1/c/0/0/1", "labels/classes/0/c/1/1/0", "labels/instances/0/c/0/0/3",
                 "labels/instances/1/c/1/0/0", "../out_instances_b.csv"):  # fmt: skip
        (options.output / name).resolve().unlink()
        found = predict_blocks(options)
        counts[name] = found.predicted
        assert found == (whole.blocks, found.predicted, whole.instances)
        assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == wanted
    assert list(counts.values()) == [1, 0, 1, 0, 0, 0]
    again = replace(options, output=tmp_path / "b.zarr")
    with pytest.raises(Stopped):
        predict_blocks(again, stopping_after(40))
    (again.output / "0/c/0/0/0").unlink()
    (again.output / STATE / "components_1/0/1.npz").unlink()
    found = predict_blocks(again)
    assert found.predicted == 1 + max(0, 2 * found.blocks - 41)
    for name, values in arrays(options.output).items():
        np.testing.assert_array_equal(arrays(again.output)[name], values, strict=True)


@pytest.mark.parametrize("task", [Task(), THREE_CLASSES])
def test_a_deleted_table_of_classes_is_written_again(tmp_path: Path, task: Task) -> None:
    checkpoint = thin_checkpoint(tmp_path / "net.safetensors", "padded", task)
    source = stored(tmp_path / "in.zarr", smooth_noise((61, 90)))
    options = Options(checkpoint, str(source), tmp_path / "out.zarr", tile="60", instances=True)
    predict_blocks(options)
    table = tmp_path / "out_instances.csv"
    wanted = table.read_bytes()
    table.unlink()
    assert predict_blocks(options).predicted == 0
    assert table.read_bytes() == wanted


def test_outputs_that_cannot_be_used_are_refused(options: Options, tmp_path: Path) -> None:
    (tmp_path / "mine.zarr").mkdir()
    for output, words in (
        (tmp_path / "out", "write a name that ends in .zarr"),
        (tmp_path / "mine.zarr", "this exists and is no result of --blocks"),
        (Path(options.image), "this is the image"),
        (Path(options.image) / "out.zarr", "this is the image .*, or lies in it"),
    ):
        for overwrite in (False, True):
            with pytest.raises(ValueError, match=words):
                predict_blocks(Options(options.checkpoint, options.image, output), overwrite=overwrite)
    assert Path(options.image).is_dir()


def test_a_result_never_replaces_its_image_under_any_name(
    options: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "made.zarr"  # itself a result, so that it could be overwritten
    predict_blocks(replace(options, output=made))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "link.zarr").symlink_to(made)
    (tmp_path / "array.zarr").symlink_to(made / "0")
    monkeypatch.chdir(tmp_path / "folder")
    before = sorted(tmp_path.rglob("*"))
    images = (made, f"{made}:/0", f"{made}/0", "link.zarr", "link.zarr:/0", "../made.zarr", "../made.zarr/0")
    outputs = (made, Path("link.zarr"), Path("../made.zarr"), made / "b.zarr", Path("link.zarr/b.zarr"))
    for image, output in (*product(images, outputs), (tmp_path / "array.zarr", made), (made, tmp_path / "array.zarr")):
        with pytest.raises(ValueError, match=r"this is the image .*, or lies in it, or contains it; choose another"):
            predict_blocks(replace(options, image=str(image), output=output, instances=False), overwrite=True)
    assert sorted(tmp_path.rglob("*")) == before
    inside = thin_checkpoint(made / "net.safetensors", "padded")
    with pytest.raises(ValueError, match=r"this is the checkpoint .*, or lies in it, or contains it"):
        predict_blocks(replace(options, checkpoint=inside, output=made), overwrite=True)
    with pytest.raises(ValueError, match=r"this is a symbolic link; give the folder to which it leads, .*made\.zarr"):
        predict_blocks(replace(options, output=Path("link.zarr")), overwrite=True)
    predict_blocks(replace(options, output=tmp_path / "made.zarr.b.zarr"))  # a similar name


def test_a_result_that_may_not_be_written_is_refused(options: Options) -> None:
    with pytest.raises(Stopped):
        predict_blocks(options, stopping_after(0))
    with TemporaryDirectory() as name:
        folder = Path(name)
        copies = {part: folder / Path(part).name for part in (options.checkpoint, options.image, options.output)}
        shutil.copy(options.checkpoint, folder)
        for part in (options.image, options.output):
            shutil.copytree(part, folder / Path(part).name)
        folder.chmod(0o755)
        with as_nobody(), pytest.raises(ValueError, match="you are not permitted to write into this folder"):
            predict_blocks(
                Options(
                    copies[options.checkpoint],
                    str(copies[options.image]),
                    copies[options.output],
                    tile="60",
                    instances=True,
                )
            )


def test_images_of_other_axes_and_channels_are_refused(options: Options, tmp_path: Path) -> None:
    deep = thin_checkpoint(tmp_path / "deep.safetensors", "unet3d")
    with pytest.raises(ValueError, match=r"in.zarr: expected 3 spatial axes for this network, got 2; give a volume$"):
        predict_blocks(Options(deep, options.image, options.output))
    two = thin_checkpoint(tmp_path / "two.safetensors", "padded", Task(channels=("a", "b")), in_channels=2)
    with pytest.raises(ValueError, match=r"in.zarr: it has 1 channel \(grey\), and the network was trained on 2"):
        predict_blocks(Options(two, options.image, options.output))
    tifffile.imwrite(tmp_path / "grey.tif", np.zeros((40, 40, 3), np.uint8), photometric="rgb")
    with pytest.raises(ValueError, match=r"grey.tif: it is a colour image.*; save it as grey, which prediction by bl"):
        predict_blocks(Options(options.checkpoint, str(tmp_path / "grey.tif"), options.output))
    assert not options.output.exists()


def in_one_chunk(folder: Path, image: NDArray[Any]) -> Path:
    return stored(folder / "in.zarr", image, image.shape)


def with_channels(folder: Path, image: NDArray[Any]) -> Path:
    array = np.stack([image, image[::-1]], axis=-1)
    zarr.create_array(
        str(folder / "in.zarr"), data=array, chunks=array.shape, dimension_names=[*"zyx"[-image.ndim :], "c"]
    )
    return folder / "in.zarr"


def in_a_group(folder: Path, image: NDArray[Any]) -> Path:
    picture = Picture("", "zyx"[-image.ndim :], image.shape, image.shape, "uint16", (1.0,) * image.ndim)
    create(folder / "it's.zarr", [picture], {})
    Chunks(folder / "it's.zarr").write(picture, tuple(slice(n) for n in image.shape), image)
    return folder / "it's.zarr"


def in_one_strip(folder: Path, image: NDArray[Any]) -> Path:
    tifffile.imwrite(folder / "in.tif", image, compression="zlib", rowsperstrip=image.shape[-2])
    return folder / "in.tif"


@pytest.mark.parametrize(
    ("preset", "write", "size", "tile", "words"),
    [
        ("padded", in_one_chunk, (4, 30, 300), "60", "4 × 30 × 300 pixels do not fit tiles of 1 × 50 × 60: for each"),
        ("padded", with_channels, (4, 30, 300), "60", "4 × 30 × 300 pixels do not fit"),
        ("padded", in_a_group, (300, 290), "60", "300 × 290 pixels do not fit"),
        ("padded", in_one_strip, (600, 560), "60", "600 × 560 pixels do not fit"),
        ("unet3d", in_one_chunk, (90, 92, 94), "28", "90 × 92 × 94 pixels do not fit"),
    ],
)
def test_chunks_that_do_not_fit_are_reported_with_a_command_that_helps(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    preset: str,
    write: Callable[[Path, NDArray[Any]], Path],
    size: Size,
    tile: str,
    words: str,
) -> None:
    pytest.importorskip("dask.array", reason="the extra scale")
    channels = ("a", "b") if write is with_channels else ("grey",)
    checkpoint = thin_checkpoint(
        tmp_path / "net.safetensors", preset, Task(channels=channels), in_channels=len(channels)
    )
    source = str(write(tmp_path, smooth_noise(size)))
    options = Options(checkpoint, source, tmp_path / "out.zarr", tile=tile)
    (line,) = plan_job(options, options.predictor(), open_stored(source))[1]
    assert words in line
    command = shlex.split(line[line.index("python -c") :])
    monkeypatch.chdir(tmp_path)
    assert command[:2] == ["python", "-c"]
    exec(command[2], {})
    copy = open_stored("rechunked.zarr")
    every = tuple(slice(n) for n in size)
    np.testing.assert_array_equal(copy.read(every), open_stored(source).read(every))
    assert plan_job(options, options.predictor(), copy)[1] == []


def test_chunks_of_one_slice_fit_tiles_of_one_slice(tmp_path: Path) -> None:
    checkpoint = thin_checkpoint(tmp_path / "net.safetensors", "padded")
    source = str(stored(tmp_path / "in.zarr", smooth_noise((4, 300, 300)), (1, 80, 80)))
    options = Options(checkpoint, source, tmp_path / "out.zarr", tile="60")
    assert plan_job(options, options.predictor(), open_stored(source))[1] == []  # (160 / 60)² is less than 8


def test_pixels_that_are_not_finite_end_the_job_before_a_prediction(tmp_path: Path) -> None:
    image = smooth_noise((40, 70)).astype(np.float32)
    image[33, 60] = np.nan
    checkpoint = thin_checkpoint(tmp_path / "net.safetensors", "padded", normalise="none")
    source = stored(tmp_path / "in.zarr", image)
    with pytest.raises(ValueError, match=r"in\.zarr, pixels 24:36 × 60:70: 1 of 120 pixels are NaN or infinite; rep"):
        predict_blocks(Options(checkpoint, str(source), tmp_path / "out.zarr", tile="32"))
    assert not (tmp_path / "out.zarr" / STATE / "predict").exists()


def test_probabilities_of_nan_end_the_job_with_the_block(tmp_path: Path) -> None:
    checkpoint = thin_checkpoint(tmp_path / "net.safetensors", "residual")
    kept = load(checkpoint)
    net = kept.network()
    next(value for name, value in net.named_buffers() if name.endswith("running_var")).fill_(-1)
    save_weights(checkpoint, net, preset="residual", arguments=kept.arguments, notes=kept.notes)
    source = stored(tmp_path / "in.zarr", smooth_noise((16, 16)))
    with pytest.raises(ValueError, match=r"block \(0, 0\) of \(2, 2\): the probabilities of 144 of 144 pixels are NaN"):
        predict_blocks(Options(checkpoint, str(source), tmp_path / "out.zarr", tile="32"))


def test_an_image_that_is_far_from_the_training_images_is_reported(options: Options, tmp_path: Path) -> None:
    source = stored(tmp_path / "dark.zarr", smooth_noise((40, 50)) // 1000)
    lines: list[str] = []
    predict_blocks(Options(options.checkpoint, str(source), tmp_path / "b.zarr"), warn=lines.append)
    assert any("its mean is" in line and "the network may fail on it" in line for line in lines)


def test_ctrl_c_says_how_to_go_on(options: Options) -> None:
    def interrupted(task: Any, indices: Any) -> Iterator[tuple[Size, Any]]:
        del task, indices
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt, match="finished blocks are kept"):
        predict_blocks(options, interrupted)
    found = predict_blocks(options)
    assert found.predicted == found.blocks
