"""The suffix chooses the format; other suffixes, and options of another format, are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unet_tutorial.jobs.export.bioimageio import Publication
from unet_tutorial.jobs.export.export import export
from unet_tutorial.jobs.export.model import TrainedNetwork
from unet_tutorial.nets.presets import build


@pytest.mark.parametrize("name", ["model", "model.pt", "model.zip", "model.onnx.txt"])
def test_another_suffix_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"the suffix tells the format; end it in .onnx, .pt2, .bioimageio.zip"):
        export(TrainedNetwork.of(build("padded", widths=(2, 4))), tmp_path / name)
    assert not any(tmp_path.iterdir())


def test_options_of_a_package_are_refused_for_other_files(tmp_path: Path) -> None:
    model = TrainedNetwork.of(build("padded", widths=(2, 4)))
    with pytest.raises(ValueError, match=r"authors, licence, name and test image are for .bioimageio.zip"):
        export(model, tmp_path / "model.pt2", Publication(authors=("Ada Lovelace",)))
    with pytest.raises(ValueError, match="leave them out"):
        export(model, tmp_path / "model.onnx", image=np.zeros((1, 8, 8)))


@pytest.mark.slow
def test_it_writes_the_file(tmp_path: Path) -> None:
    path = export(TrainedNetwork.of(build("padded", widths=(2, 4))), tmp_path / "model.pt2")
    assert [file.name for file in tmp_path.iterdir()] == ["model.pt2"] == [path.name]
