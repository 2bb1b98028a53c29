"""The code of `docs/export.md` runs, with the files that `unet export` writes."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.paths import ROOT
from unet_tutorial.datasets.images.files import read_image
from unet_tutorial.jobs.export.export import export
from unet_tutorial.jobs.export.model import TrainedNetwork
from unet_tutorial.jobs.predictor import Predictor

CODE = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "export.md").read_text(encoding="utf8"), re.S)
EXTRA = "the extra export: pip install -r requirements-export.txt"


@pytest.mark.slow
def test_the_page_runs(run_folder: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("onnxscript", "onnxruntime", "yaml"):
        pytest.importorskip(name, reason=EXTRA)
    model = TrainedNetwork.from_file(run_folder)
    monkeypatch.chdir(tmp_path)
    for name in ("model.onnx", "model.pt2"):
        export(model, name)
    (tmp_path / "model.safetensors").symlink_to(run_folder / "checkpoint.safetensors")
    image = read_image(folder / "images" / "a.png")[:34, :50]
    wanted = Predictor(model.net, model.task)(image[None])[:, 8:-8, 8:-8]  # padding "valid"
    space: dict[str, object] = {"image": image}
    for code in CODE:
        exec(code, space)
        np.testing.assert_allclose(np.asarray(space["probability"])[0], wanted, atol=1e-5)
    assert {path.name for path in tmp_path.iterdir()} >= {"volumes.onnx", "membranes.bioimageio.zip"}
