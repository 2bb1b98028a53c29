"""``unet data``: the folders that it writes are read by `read_folder`, and the next command is printed."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Unet
from unet_tutorial.datasets import isbi2012
from unet_tutorial.datasets.files import read_image
from unet_tutorial.datasets.folder import read_folder
from unet_tutorial.datasets.synthetic import SyntheticImage, em_membranes, touching_cells


@pytest.mark.parametrize(("source", "make"), [("em", em_membranes), ("cells", touching_cells)])
def test_images_are_those_of_the_generators(
    unet: Unet, tmp_path: Path, source: str, make: Callable[[int, int], SyntheticImage]
) -> None:
    code, text = unet("data", source, tmp_path, "--images", 2, "--size", 64, "--seed", 7)
    assert code == 0
    assert f"2 images of 64 × 64 pixels are in {tmp_path}/; next: unet train --data {tmp_path}" in " ".join(
        text.split()
    )
    pairs = read_folder(tmp_path)
    assert [pair.name for pair in pairs] == ["0007", "0008"]
    for seed, pair in zip((7, 8), pairs, strict=True):
        sample = make(seed, 64)
        np.testing.assert_array_equal(pair.image, sample.image)
        np.testing.assert_array_equal(read_image(tmp_path / "labels" / f"{pair.name}.png"), sample.instances)


def test_walls_are_volumes_for_training(unet: Unet, tmp_path: Path) -> None:
    code, text = unet("data", "walls", tmp_path / "walls", "--images", 2, "--size", 48)
    assert code == 0
    assert "2 volumes of 9 × 48 × 48 pixels" in text
    assert f"unet train --data {tmp_path / 'walls'} --preset unet3d --spacing 3,1,1" in " ".join(text.split())
    assert [pair.image.shape for pair in read_folder(tmp_path / "walls", 3)] == [(9, 48, 48)] * 2
    assert "--size 42: walls need a side of at least 43 pixels" in unet("data", "walls", tmp_path, "--size", 42)[1]


def test_isbi2012_is_downloaded(unet: Unet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def download(folder: Path, *, progress: Callable[[Iterable[str]], Iterable[str]]) -> Path:
        calls.append((folder, list(progress(["a", "b"]))))
        return folder

    monkeypatch.setattr(isbi2012, "download", download)
    code, text = unet("data", "isbi2012", tmp_path)
    assert (code, calls) == (0, [(tmp_path, ["a", "b"])])
    assert f"next: unet train --data {tmp_path}" in " ".join(text.split())
