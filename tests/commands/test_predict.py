"""``unet predict``: its files hold the numbers of the library; bad images and checkpoints are errors of one line."""

from pathlib import Path

import numpy as np
import torch

from tests.conftest import Unet
from unet_tutorial.datasets.files import read_image, write_image
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.jobs.predictor import Predictor


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


def test_damaged_images_are_refused_and_nothing_is_overwritten(
    unet: Unet, run_folder: Path, folder: Path, tmp_path: Path
) -> None:
    for image, words in damaged(tmp_path, folder):
        (tmp_path / "out").mkdir(exist_ok=True)
        good = tmp_path / "out" / f"{image.stem}_mask.png"
        good.write_text("an older result")
        code, text = unet("predict", run_folder / "checkpoint.safetensors", image, "-o", tmp_path / "out")
        assert code == 1
        assert words in text
        assert good.read_text() == "an older result"
        good.unlink()
    assert list((tmp_path / "out").iterdir()) == []


def test_damaged_checkpoints_and_equal_names_are_refused(
    unet: Unet, run_folder: Path, folder: Path, tmp_path: Path
) -> None:
    image, good, cut = folder / "images" / "a.png", run_folder / "checkpoint.safetensors", tmp_path / "cut.safetensors"
    cut.write_bytes(good.read_bytes()[:500])
    assert "cannot be read as a checkpoint" in unet("predict", cut, image, "-o", tmp_path)[1]
    assert "2 images are named a" in unet("predict", good, image, image, "-o", tmp_path)[1]


def test_an_output_that_is_a_file_is_refused(unet: Unet, run_folder: Path, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    checkpoint, image = run_folder / "checkpoint.safetensors", folder / "images" / "a.png"
    code, text = unet("predict", checkpoint, image, "-o", tmp_path / "file")
    assert code == 1
    assert "cannot be created" in text
