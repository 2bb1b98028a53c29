"""``unet data``: the folders that it writes are read by `read_folder`, and the next command is printed."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import Unet
from unet_tutorial.datasets import isbi2012
from unet_tutorial.datasets.folder import read_folder
from unet_tutorial.datasets.generators.overlapping import overlapping_discs
from unet_tutorial.datasets.generators.synthetic import SyntheticImage, em_membranes, touching_cells
from unet_tutorial.datasets.generators.tissue import stained_tissue
from unet_tutorial.datasets.images.files import read_image


@pytest.mark.parametrize(("source", "make"), [("em", em_membranes), ("cells", touching_cells)])
def test_images_are_those_of_the_generators(
    unet: Unet, tmp_path: Path, source: str, make: Callable[[int, int], SyntheticImage]
) -> None:
    code, text = unet("data", source, tmp_path, "--images", 2, "--size", 64, "--seed", 7)
    assert code == 0
    assert (
        f"2 images of 64 × 64 pixels are in {tmp_path}/; next: unet train --data {tmp_path} --labels instances"
        in " ".join(text.split())
    )
    pairs = read_folder(tmp_path, labels="instances")
    assert [pair.name for pair in pairs] == ["0007", "0008"]
    for seed, pair in zip((7, 8), pairs, strict=True):
        sample = make(seed, 64)
        np.testing.assert_array_equal(pair.image, sample.image[None])
        np.testing.assert_array_equal(read_image(tmp_path / "labels" / f"{pair.name}.png"), sample.instances)


def test_walls_are_volumes_for_training(unet: Unet, tmp_path: Path) -> None:
    code, text = unet("data", "walls", tmp_path / "walls", "--images", 2, "--size", 64)
    assert code == 0
    assert "2 volumes of 12 × 64 × 64 pixels" in text
    assert f"unet train --data {tmp_path / 'walls'} --labels instances --preset unet3d --spacing 3,1,1" in " ".join(
        text.split()
    )
    assert [pair.size for pair in read_folder(tmp_path / "walls", 3, labels="instances")] == [(12, 64, 64)] * 2
    assert "--size 42: walls need a side of at least 43 pixels" in unet("data", "walls", tmp_path, "--size", 42)[1]


def test_tissue_is_in_colour_and_its_classes_have_names(unet: Unet, tmp_path: Path) -> None:
    code, text = unet("data", "tissue", tmp_path, "--images", 2, "--size", 64, "--seed", 7)
    assert (code, f"next: unet train --data {tmp_path}" in " ".join(text.split())) == (0, True)
    for seed in (7, 8):
        sample = stained_tissue(seed, 64)
        image, labels = (np.asarray(Image.open(tmp_path / part / f"000{seed}.png")) for part in ("images", "labels"))
        np.testing.assert_array_equal(np.moveaxis(image, -1, 0), sample.image)
        np.testing.assert_array_equal(labels, sample.labels)
    names = {"background": 0, "stroma": 1, "gland": 2, "lymphocyte": 3}
    assert json.loads((tmp_path / "classes.json").read_text()) == names


def test_discs_have_a_folder_of_masks_for_each_kind(unet: Unet, tmp_path: Path) -> None:
    code, text = unet("data", "discs", tmp_path, "--images", 2, "--size", 64, "--seed", 7)
    assert (code, "2 images of 64 × 64 pixels" in text) == (0, True)
    sample = overlapping_discs(8, 64)
    np.testing.assert_array_equal(read_image(tmp_path / "images" / "0008.png"), sample.image)
    for kind, layer in zip(("even", "ring", "speckled"), sample.layers, strict=True):
        np.testing.assert_array_equal(read_image(tmp_path / "labels" / kind / "0008.png"), 255 * layer)
    assert not (tmp_path / "classes.json").exists()


def test_the_default_side_of_both_is_128(unet: Unet, tmp_path: Path) -> None:
    for source in ("tissue", "discs"):
        assert "2 images of 128 × 128 pixels" in unet("data", source, tmp_path / source, "--images", 2)[1]


def test_isbi2012_is_downloaded(unet: Unet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def download(folder: Path, *, progress: Callable[[Iterable[str]], Iterable[str]]) -> Path:
        calls.append((folder, list(progress(["a", "b"]))))
        return folder

    monkeypatch.setattr(isbi2012, "download", download)
    code, text = unet("data", "isbi2012", tmp_path)
    assert (code, calls) == (0, [(tmp_path, ["a", "b"])])
    assert f"next: unet train --data {tmp_path}" in " ".join(text.split())
