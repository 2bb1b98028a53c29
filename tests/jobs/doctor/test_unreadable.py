"""The reason behind a refusal: smoothed masks, and images in place of masks."""

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from tests.jobs.doctor.planted import Files, changed, masks_changed, membranes, write
from unet_tutorial.jobs.doctor.unreadable import image_copy, smoothed_edges, unreadable
from unet_tutorial.jobs.recipe import Recipe

MASK = membranes()["00"].mask


@pytest.mark.parametrize("sigma", [0.5, 0.8, 1.2])
def test_smoothed_masks(sigma: float) -> None:
    assert smoothed_edges(gaussian_filter(MASK.astype(float), sigma).astype(np.uint8)) > 0.02


@pytest.mark.parametrize(
    "mask",
    [MASK, np.arange(96 * 96).reshape(96, 96) // 900, membranes()["00"].image, np.where(MASK > 0, 2, 1)],
    ids=["two values", "numbers of cells", "an image", "without 0"],
)
def test_other_masks_are_not_smoothed(mask: np.ndarray) -> None:
    assert smoothed_edges(mask) == 0


def test_copies_of_images() -> None:
    image = membranes()["00"].image[None]
    assert image_copy(image, image[0]) == pytest.approx(1.0)
    assert image_copy(image, image[0] // 2) > 0.98
    assert image_copy(image, MASK) == 0
    assert image_copy(image, membranes()["01"].image) < 0.5


def test_the_refusal_itself_is_told_and_its_options_are_commands(tmp_path: Path) -> None:
    recipe = Recipe(write(tmp_path, membranes()))
    (finding,) = unreadable(ValueError("write --labels classes"), recipe)
    assert finding.sentence == "write --labels classes"
    assert finding.cure.endswith("--labels classes")
    smoothed = changed(membranes(), "", masks_changed(lambda m: gaussian_filter(m.astype(float), 1).astype(np.uint8)))
    first, second = unreadable(ValueError("no"), Recipe(write(tmp_path / "b", smoothed)))
    assert "smoothed" in first.sentence
    assert second.sentence == "no"
    copied = {name: Files(each.image, each.image) for name, each in membranes().items()}
    assert "copies of the images" in unreadable(ValueError(""), Recipe(write(tmp_path / "c", copied)))[0].sentence


def test_a_missing_folder_is_one_finding(tmp_path: Path) -> None:
    assert len(unreadable(ValueError("no folder"), Recipe(tmp_path / "missing"))) == 1


def test_a_missing_folder_is_not_examined_again(tmp_path: Path) -> None:
    (finding,) = unreadable(ValueError("there is no such folder"), Recipe(tmp_path / "nowhere"))
    assert finding.cure == "unet doctor FOLDER, with the folder of your data"
