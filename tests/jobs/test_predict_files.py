"""Batches of image files: the inputs, the outputs that exist, the channels, and images that fail."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
import torch

from tests.oracles.permissions import as_nobody
from unet_tutorial.datasets.annotations.labels import connected_cells
from unet_tutorial.datasets.images.files import read, read_image, write_image
from unet_tutorial.datasets.images.image import GREY, RGB, Image
from unet_tutorial.jobs import results
from unet_tutorial.jobs.predict_files import Source, check_outputs, fitting, predict_files, sources
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.task import Task
from unet_tutorial.nets.presets import build, padded_unet

GREYS = np.random.default_rng(0).integers(0, 255, (24, 28), dtype=np.uint8)


@pytest.fixture
def predictor() -> Predictor:
    torch.manual_seed(0)
    return Predictor(padded_unet(widths=(2, 4)).eval(), thresholds=(0.4,))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two images, a text and a subfolder with an image."""
    folder = tmp_path / "images"
    (folder / "inner").mkdir(parents=True)
    for name in ("b.png", "a.tif", "inner/c.png"):
        write_image(folder / name, GREYS)
    (folder / "notes.txt").write_text("text")
    return folder


def files_of(*paths: Path) -> list[Source]:
    return [Source(path.stem, (path,)) for path in paths]


def test_a_folder_stands_for_its_images_by_name(folder: Path, tmp_path: Path) -> None:
    assert sources([folder], tmp_path / "out") == files_of(folder / "a.tif", folder / "b.png")
    inner = folder / "inner" / "c.png"
    assert sources([inner, folder], tmp_path) == files_of(inner, folder / "a.tif", folder / "b.png")


def test_labels_beside_the_images_are_left_out(folder: Path, tmp_path: Path) -> None:
    for name in ("a_mask.png", "c.png"):
        write_image(folder / name, GREYS)
    said: list[str] = []
    found = sources([folder], tmp_path / "out", warn=said.append)
    assert found == files_of(folder / "a.tif", folder / "b.png", folder / "c.png")
    assert said == [f"{folder}: labels are left out: a_mask.png"]


def test_results_of_an_earlier_prediction_are_left_out(predictor: Predictor, folder: Path, tmp_path: Path) -> None:
    write_image(folder / "a_mask.png", GREYS)  # the user's own label
    write_image(folder / "b_overlay.png", GREYS)
    images = files_of(folder / "a.tif", folder / "b.png", folder / "b_overlay.png")
    assert sources([folder], tmp_path) == images
    for kind in (results.PROBABILITY, results.MASKS, results.INSTANCES):
        assert predict_files(predictor, files_of(folder / "b.png"), folder, [kind]) == []
    said: list[str] = []
    assert sources([folder], tmp_path, warn=said.append) == images[:2]
    assert said == [
        f"{folder}: results of an earlier prediction are left out: "
        "b_instances.tif, b_mask.png, b_overlay.png and 1 more",
        f"{folder}: labels are left out: a_mask.png",
    ]


def test_files_of_one_channel_each_are_one_image(folder: Path, tmp_path: Path) -> None:
    for file in ("a.tif", "b.png"):
        (folder / file).unlink()
    planes = {f"x_000{number}": np.roll(GREYS, number, 1) for number in range(2)}
    for name, plane in planes.items():
        write_image(folder / f"{name}.tif", plane)
    pair = tuple(folder / f"{name}.tif" for name in planes)
    task = Task(channels=("DAPI", "actin"))
    assert sources([folder], tmp_path, task) == [Source("x", pair)]
    assert len(sources([folder], tmp_path)) == 2  # a network for one channel
    net = padded_unet(in_channels=2, widths=(2, 4)).eval()
    two = Predictor(net, task)
    assert predict_files(two, sources([folder], tmp_path, task), tmp_path / "out", [results.PROBABILITY]) == []
    np.testing.assert_array_equal(
        read_image(tmp_path / "out" / "x_probability.tif"), two(np.stack([*planes.values()]))[1]
    )
    pair[1].unlink()
    with pytest.raises(ValueError, match="expected a file for each channel 0000, 0001, got 0000"):
        sources([folder], tmp_path, task)


def test_folders_without_images_and_equal_names_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no image in this folder; give .*images$"):
        sources([tmp_path], tmp_path / "out")
    with pytest.raises(ValueError, match=r"this is the folder of the images; choose another folder for the results"):
        sources([folder], tmp_path / "images" / "inner" / "..")
    for twin in ("x/a.png", "A.png"):
        with pytest.raises(ValueError, match=r"2 images are named (a|A); predict them into different folders"):
            sources([Path("a.tif"), Path(twin)], tmp_path)


def test_existing_results_and_images_are_not_replaced(tmp_path: Path) -> None:
    image = tmp_path / "a.png"
    check_outputs(files_of(image), ["_mask.png", "_mask.tif"], tmp_path)
    for name in ("a_mask.png", "a_mask.tif"):
        (tmp_path / name).touch()
    with pytest.raises(
        ValueError, match=r"a_mask.png \(and 1 more\): this result exists; choose another folder with -o"
    ):
        check_outputs(files_of(image), ["_mask.png", "_mask.tif"], tmp_path)
    check_outputs(files_of(image), ["_mask.png"], tmp_path, overwrite=True)
    inputs = [image, tmp_path / "sub" / ".." / "a_mask.png"]
    with pytest.raises(
        ValueError, match=r"a_mask.png: this image would be replaced by a result; choose another folder"
    ):
        check_outputs(files_of(*inputs), ["_mask.png"], tmp_path, overwrite=True)
    with pytest.raises(ValueError, match=r"a_mask.png: this is a file; choose a folder"):
        check_outputs(files_of(image), [], tmp_path / "a_mask.png")


def test_a_broken_link_is_a_result_that_exists(tmp_path: Path) -> None:
    (tmp_path / "a_mask.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="this result exists"):
        check_outputs(files_of(Path("a.png")), ["_mask.png"], tmp_path)


THREE = Image(np.arange(12).reshape(3, 2, 2), ("DAPI", "actin", "GFP"))


@pytest.mark.parametrize(
    ("image", "need", "order", "remarks"),
    [
        (THREE, ("DAPI", "actin", "GFP"), [0, 1, 2], 0),
        (THREE, ("GFP", "DAPI"), [2, 0], 0),
        (THREE, ("actin",), [1], 0),
        (THREE, RGB, [0, 1, 2], 1),
        (Image(np.zeros((1, 2, 2)), ("DAPI",)), GREY, [0], 0),
        (Image(np.zeros((1, 2, 2)), ("DAPI",)), ("Hoechst",), [0], 1),
    ],
)
def test_channels_are_found_by_name_and_otherwise_by_number(
    image: Image, need: tuple[str, ...], order: list[int], remarks: int
) -> None:
    found = fitting(image, Task(channels=need))
    np.testing.assert_array_equal(found.array, image.array[order])
    assert (found.channels, len(found.remarks)) == (need, remarks)


def test_other_numbers_of_channels_are_refused_with_both() -> None:
    words = r"it has 3 channels \(DAPI, actin, GFP\), and the network was trained on 1 channel \(grey\); give an image"
    with pytest.raises(ValueError, match=words):
        fitting(THREE, Task())


def test_a_grey_image_has_equal_colours_as_in_training() -> None:
    found = fitting(Image(GREYS[None], spacing=(1, 2)), Task(channels=RGB))
    np.testing.assert_array_equal(found.array, np.stack([GREYS] * 3))
    assert (found.channels, found.spacing) == (RGB, (1, 2))
    assert found.remarks == ("it is grey; red, green and blue are equal in it",)


def test_one_bad_image_does_not_stop_the_others(predictor: Predictor, folder: Path, tmp_path: Path) -> None:
    (folder / "aa.png").write_bytes(b"")
    write_image(folder / "nan.tif", np.full((20, 20), np.nan, np.float32))
    lines: list[str] = []
    kinds = (results.PROBABILITY, results.INSTANCES)
    failures = predict_files(predictor, sources([folder], tmp_path), tmp_path / "out", kinds, log=lines.append)
    assert [line.split(": ")[0] for line in failures] == [str(folder / "aa.png"), str(folder / "nan.tif")]
    assert "0 bytes" in failures[0]
    assert "NaN" in failures[1]
    assert len(lines) == 2
    assert lines[0].startswith(f"{folder / 'a.tif'}: 24 × 28 pixels, ")
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {f"{name}_{end}" for name in "ab" for end in ("probability.tif", "instances.tif", "instances.csv")}
    np.testing.assert_array_equal(read_image(tmp_path / "out" / "a_probability.tif"), predictor(GREYS[None])[1])


def test_nothing_is_made_if_all_images_fail(predictor: Predictor, tmp_path: Path) -> None:
    missing = tmp_path / "none.png"
    (line,) = predict_files(predictor, files_of(missing), tmp_path / "out", [results.MASKS])
    assert line == f"{missing}: there is no such file; check the name and the folder"
    assert not (tmp_path / "out").exists()


def test_results_that_a_stack_cannot_have_are_refused_before_the_prediction(
    predictor: Predictor, tmp_path: Path
) -> None:
    predictor.net.register_forward_pre_hook(lambda *_: pytest.fail("the network was run"))
    write_image(tmp_path / "a.tif", np.stack([GREYS, GREYS]))
    (line,) = predict_files(predictor, files_of(tmp_path / "a.tif"), tmp_path, [results.GEOJSON])
    assert "a.tif: GeoJSON has no slices, and this is a stack; write --outlines rois" in line


def test_an_image_beyond_the_memory_is_one_of_the_failures_and_other_errors_are_raised(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_image(tmp_path / "a.png", GREYS)
    kind = results.MASKS
    monkeypatch.setattr(
        Predictor, "__call__", lambda *_: raised(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    )
    (line,) = predict_files(predictor, files_of(tmp_path / "a.png"), tmp_path, [kind])
    assert line == f"{tmp_path / 'a.png'}: out of memory; give a smaller --tile or --batch"
    monkeypatch.setattr(Predictor, "__call__", lambda *_: raised(RuntimeError("a mistake in the program")))
    with pytest.raises(RuntimeError, match="a mistake"):
        predict_files(predictor, files_of(tmp_path / "a.png"), tmp_path, [kind])


def raised(error: Exception) -> None:
    raise error


def test_warnings_name_the_image(predictor: Predictor, tmp_path: Path) -> None:
    write_image(tmp_path / "a.tif", GREYS, spacing=(0.5, 0.5))
    found: list[str] = []
    training = Predictor(predictor.net, Task(spacing=(0.1, 0.1)))
    predict_files(training, files_of(tmp_path / "a.tif"), tmp_path / "out", [results.MASKS], warn=found.append)
    assert found == [
        f"{tmp_path / 'a.tif'}: its pixels are 0.5 × 0.5 µm, in training 0.1 × 0.1 µm; "
        "resample it to the pixel size of the training"
    ]


def test_a_volume_has_instances_in_three_dimensions_with_volumes(tmp_path: Path) -> None:
    torch.manual_seed(1)
    volumes = Predictor(build("unet3d", widths=(2, 4)).eval(), thresholds=(0.5,))
    cubes = np.kron(np.random.default_rng(0).integers(0, 2, (3, 4, 4)), np.ones((4, 4, 4)))
    write_image(tmp_path / "v.tif", cubes.astype(np.uint8), spacing=(2, 0.5, 0.5))
    kinds = (results.PROBABILITY, results.INSTANCES, results.OVERLAY, results.ROIS)
    assert predict_files(volumes, files_of(tmp_path / "v.tif"), tmp_path / "out", kinds, min_size=3) == []
    probability, labels = (read(tmp_path / "out" / f"v_{name}.tif") for name in ("probability", "instances"))
    assert probability.array.min() < 0.5 < probability.array.max()
    np.testing.assert_array_equal(labels.array[0], connected_cells(probability.array[0] > 0.5, smallest=3))
    assert probability.spacing == labels.spacing == (2.0, 0.5, 0.5)
    rows = list(csv.DictReader((tmp_path / "out" / "v_instances.csv").open()))
    assert [float(row["volume_um3"]) for row in rows] == [int(row["pixels"]) / 2 for row in rows]
    (line,) = predict_files(volumes, files_of(write_grey(tmp_path)), tmp_path / "out", kinds)
    assert "expected 3 spatial axes for this network, got 2" in line


def write_grey(folder: Path) -> Path:
    write_image(folder / "grey.png", GREYS)
    return folder / "grey.png"


def test_a_folder_that_may_not_be_written_is_refused_before_prediction() -> None:
    with TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        with as_nobody(), pytest.raises(ValueError, match="you are not permitted to write into this folder"):
            check_outputs([Source("a", (Path("a.png"),))], ["_mask.png"], Path(name))
        Path(name).chmod(0o755)
