"""``unet predict``: its files hold the numbers of the library; bad images and checkpoints are errors of one line."""

import shutil
from pathlib import Path

import numpy as np
import torch

from tests.conftest import Unet
from unet_tutorial.datasets.annotations.labels import connected_cells
from unet_tutorial.datasets.images.files import read, read_image, write_image
from unet_tutorial.inference.instances import class_instances
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.metrics.seg import seg_score


def test_probabilities_and_masks_are_those_of_the_library(
    unet: Unet, run_folder: Path, folder: Path, tmp_path: Path
) -> None:
    stack = np.random.default_rng(1).integers(0, 255, (2, 9, 70), dtype=np.uint8)
    write_image(tmp_path / "stack.tif", stack)
    checkpoint = run_folder / "checkpoint.safetensors"
    code, text = unet(
        "predict", checkpoint, folder / "images" / "a.png", tmp_path / "stack.tif", "-o", tmp_path / "out"
    )
    assert code == 0, text
    predictor = Predictor.from_file(checkpoint, "cpu")
    for image, name in ((read_image(folder / "images" / "a.png"), "a"), (stack, "stack")):
        probability = read_image(tmp_path / "out" / f"{name}_probability.tif")
        assert probability.shape == image.shape
        for one, expected in zip(
            probability.reshape(-1, image.shape[-2], image.shape[-1]), image.reshape(-1, *image.shape[-2:]), strict=True
        ):
            scaled = (expected - expected.mean()) / expected.std()
            logits = predict_tiled(predictor.net, torch.from_numpy(scaled).float()[None])
            assert np.allclose(one, logits.softmax(0)[1], atol=1e-5)
        mask = read_image(tmp_path / "out" / f"{name}_mask.{'png' if image.ndim == 2 else 'tif'}")
        assert np.array_equal(mask, np.where(probability > predictor.thresholds[0], 255, 0))


def test_views_8_is_test_time_augmentation(unet: Unet, run_folder: Path, folder: Path, tmp_path: Path) -> None:
    checkpoint, image = run_folder / "checkpoint.safetensors", folder / "images" / "a.png"
    assert unet("predict", checkpoint, image, "-o", tmp_path, "--views", 8)[0] == 0
    wanted = Predictor.from_file(checkpoint, views=8)(read_image(image)[None])[1]
    np.testing.assert_array_equal(read_image(tmp_path / "a_probability.tif"), wanted)


def damaged(tmp_path: Path, folder: Path) -> list[tuple[Path, str]]:
    """Images that cannot be predicted, each with a part of its error message."""
    png = (folder / "images" / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(png[: len(png) // 2])
    (tmp_path / "empty.tif").write_bytes(b"")
    write_image(tmp_path / "nan.tif", np.full((20, 20), np.nan, np.float32))
    return [
        (tmp_path / "cut.png", "cut.png: cannot be read"),
        (tmp_path / "empty.tif", "the file is empty"),
        (tmp_path / "nan.tif", "nan.tif: the image: 400 of 400 pixels are NaN"),
        (tmp_path / "missing.png", "there is no such file"),
        (tmp_path / "notes.txt", "the suffix '.txt' is unknown"),
    ]


def test_damaged_images_are_refused_and_nothing_is_written(
    unet: Unet, run_folder: Path, folder: Path, tmp_path: Path
) -> None:
    for image, words in damaged(tmp_path, folder):
        code, text = unet("predict", run_folder / "checkpoint.safetensors", image, "-o", tmp_path / "out")
        assert code == 1
        assert words in text
        assert text.count("\n") <= 1
    assert not (tmp_path / "out").exists()


def test_existing_results_are_refused_without_overwrite(
    unet: Unet, run_folder: Path, folder: Path, tmp_path: Path
) -> None:
    words = ["predict", run_folder / "checkpoint.safetensors", folder / "images" / "a.png", "-o", tmp_path]
    older = tmp_path / "a_mask.png"
    older.write_text("an older result")
    code, text = unet(*words)
    assert code == 1
    assert "a_mask.png: this result exists; choose another folder with -o, or add --overwrite" in text
    assert [file.name for file in tmp_path.iterdir()] == ["a_mask.png"]
    assert older.read_text() == "an older result"
    assert unet(*words, "--overwrite")[0] == 0
    assert read_image(older).shape == (48, 56)


def test_a_folder_with_all_results_and_a_bad_image(unet: Unet, run_folder: Path, folder: Path, tmp_path: Path) -> None:
    mine = tmp_path / "my images"
    mine.mkdir()
    for name in ("a", "b"):
        shutil.copy(folder / "images" / f"{name}.png", mine)
    (mine / "bad.png").write_bytes(b"no image")
    options = ["--instances", "--min-size", 4, "--watershed", 6, "--overlay", "--outlines", "geojson"]
    code, text = unet("predict", run_folder / "checkpoint.safetensors", mine, "-o", tmp_path / "out", *options)
    assert code == 1
    assert "1 of 3 images were not predicted:\n" in text
    assert "bad.png: cannot be read" in text
    ends = ("probability.tif", "mask.png", "instances.tif", "instances.csv", "overlay.png", "outlines.geojson")
    assert {file.name for file in (tmp_path / "out").iterdir()} == {f"{n}_{end}" for n in "ab" for end in ends}
    predictor = Predictor.from_file(run_folder / "checkpoint.safetensors")
    labels = predictor.labels(predictor(read_image(mine / "a.png")[None]))
    np.testing.assert_array_equal(
        read_image(tmp_path / "out" / "a_instances.tif"), class_instances(labels, min_size=4, distance=6).labels
    )


def test_instances_on_the_command_line_have_the_seg_of_the_library(
    unet: Unet, run_folder: Path, folder: Path, tmp_path: Path
) -> None:
    checkpoint, image = run_folder / "checkpoint.safetensors", folder / "images" / "b.png"
    assert unet("predict", checkpoint, image, "-o", tmp_path, "--instances", "--min-size", 20)[0] == 0
    truth = connected_cells(read_image(folder / "labels" / "b.png"))
    predictor = Predictor.from_file(checkpoint)
    probability = predictor(read_image(image)[None])[1]
    expected = connected_cells(probability > predictor.thresholds[0], smallest=20)
    written = read_image(tmp_path / "b_instances.tif")
    np.testing.assert_array_equal(written, expected)
    assert seg_score(truth, written) == seg_score(truth, expected)


def test_options_without_a_use_are_refused(unet: Unet, run_folder: Path, folder: Path, tmp_path: Path) -> None:
    checkpoint, image = run_folder / "checkpoint.safetensors", folder / "images" / "a.png"
    for options, words in (
        (["--min-size", 5], "are for instances; add --instances, --overlay or --outlines"),
        (["--outlines", "svg"], "--outlines svg: write one of geojson, rois"),
        (["--device", "tpu"], "write cpu, cuda or mps"),
    ):
        code, text = unet("predict", checkpoint, image, "-o", tmp_path / "out", *options)
        assert code == 1
        assert words in text
    assert not (tmp_path / "out").exists()


def test_a_tile_of_20000_pixels_is_made_smaller(unet: Unet, run_folder: Path, folder: Path, tmp_path: Path) -> None:
    checkpoint, image = run_folder / "checkpoint.safetensors", folder / "images" / "a.png"
    assert unet("predict", checkpoint, image, "-o", tmp_path, "--tile", 20000)[0] == 0
    wanted = Predictor.from_file(checkpoint)(read_image(image)[None])[1]
    np.testing.assert_allclose(read_image(tmp_path / "a_probability.tif"), wanted, atol=1e-5)


def test_damaged_checkpoints_and_equal_names_are_refused(
    unet: Unet, run_folder: Path, folder: Path, tmp_path: Path
) -> None:
    image, good, cut = folder / "images" / "a.png", run_folder / "checkpoint.safetensors", tmp_path / "cut.safetensors"
    cut.write_bytes(good.read_bytes()[:500])
    for name in ("model.pt2", "MODEL.bioimageio.ZIP"):
        shutil.copy(good, tmp_path / name)
        assert (
            "is for other programs (docs/export.md); pass the check"
            in unet("predict", tmp_path / name, image, "-o", tmp_path)[1]
        )
    assert "cannot be read as a checkpoint" in unet("predict", cut, image, "-o", tmp_path)[1]
    assert "2 images are named a" in unet("predict", good, image, image, "-o", tmp_path)[1]


def test_an_output_that_is_a_file_is_refused(unet: Unet, run_folder: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    checkpoint, image = run_folder / "checkpoint.safetensors", folder / "images" / "a.png"
    code, text = unet("predict", checkpoint, image, "-o", tmp_path / "file")
    assert code == 1
    assert "file: this is a file; choose a folder for the results" in text


def test_a_watershed_without_a_finite_distance_is_refused_before_anything_is_written(
    unet: Unet, run_folder: Path, tmp_path: Path
) -> None:
    write_image(tmp_path / "a.png", np.zeros((40, 40), np.uint8))
    options = ["-o", tmp_path / "out", "--instances", "--watershed", "nan"]
    code, text = unet("predict", run_folder / "checkpoint.safetensors", tmp_path / "a.png", *options)
    assert (code, "--watershed nan: write a finite number" in text) == (1, True)
    assert not (tmp_path / "out").exists()


def test_blocks_give_the_numbers_of_the_whole_image_and_go_on_after_an_interruption(
    unet: Unet, run_folder: Path, tmp_path: Path
) -> None:
    checkpoint, image = run_folder / "checkpoint.safetensors", tmp_path / "a.tif"
    write_image(image, np.random.default_rng(0).integers(0, 255, (60, 90), dtype=np.uint8), (0.5, 0.25))
    options = ["--blocks", "--instances", "--min-size", 3, "--tile", 44]
    code, text = unet("predict", checkpoint, image, "-o", tmp_path / "out.zarr", *options)
    assert code == 0, text
    assert unet("predict", checkpoint, image, "-o", tmp_path, "--instances", "--min-size", 3)[0] == 0
    for inside, name in (("0", "probability"), ("labels/instances/0", "instances")):
        found = read(tmp_path / "out.zarr" / inside).array
        np.testing.assert_allclose(found, read(tmp_path / f"a_{name}.tif").array, atol=1e-5)
    assert read(tmp_path / "out.zarr").spacing == (0.5, 0.25)
    assert (tmp_path / "out_instances.csv").read_text() == (tmp_path / "a_instances.csv").read_text()
    again = unet("predict", checkpoint, image, "-o", tmp_path / "out.zarr", *options)
    assert again[0] == 0
    assert "blocks, 0 of them predicted now" in again[1]


def test_blocks_take_no_exported_file(unet: Unet, tmp_path: Path) -> None:
    for name in ("net.onnx", "net.ONNX"):
        code, text = unet("predict", tmp_path / name, tmp_path / "a.tif", "-o", tmp_path / "out.zarr", "--blocks")
        assert code == 1
        assert f"{name}: --blocks takes the checkpoint.safetensors of a run, and no .onnx; pass that one" in text


def test_one_block_is_one_block(unet: Unet, run_folder: Path, tmp_path: Path) -> None:
    write_image(tmp_path / "a.tif", np.random.default_rng(0).integers(0, 255, (30, 20), dtype=np.uint8))
    words = [
        "predict",
        run_folder / "checkpoint.safetensors",
        tmp_path / "a.tif",
        "-o",
        tmp_path / "b.zarr",
        "--blocks",
    ]
    assert "a.tif: 1 block, 1 of them predicted now -> " in unet(*words)[1]


def test_options_that_do_not_go_with_blocks_are_refused(unet: Unet, run_folder: Path, tmp_path: Path) -> None:
    checkpoint, image = run_folder / "checkpoint.safetensors", tmp_path / "a.tif"
    for options, words in (
        (["--workers", 2], "--workers and --scheduler are for images that are predicted by blocks; add --blocks"),
        (["--blocks", "--views", 8], "--blocks cannot be combined with --views, which needs the whole image"),
        (["--blocks", "--watershed", 4], "--blocks cannot be combined with --watershed"),
        (["--blocks", "--workers", 2, "--scheduler", "tcp://a:1"], "give one of them"),
        (["--scheduler", ""], "--workers and --scheduler are for images that are predicted by blocks; add --blocks"),
        (["--blocks", "--workers", 2, "--scheduler", ""], "give one of them"),
        (["--blocks", "--min-size", 2], "--min-size is for instances; add --instances"),
        (["--blocks", image], "--blocks predicts one image, got 2"),
        (["--blocks"], "a.tif: there is no such file"),
    ):
        code, text = unet("predict", checkpoint, image, "-o", tmp_path / "out.zarr", *options)
        assert (code, words in text) == (1, True), text
    assert not (tmp_path / "out.zarr").exists()
