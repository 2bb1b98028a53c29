"""The code of `docs/export.md` runs, with the files that `unet export` writes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from tests.paths import ROOT
from unet_tutorial.datasets.images.files import read_image
from unet_tutorial.jobs.export.export import export
from unet_tutorial.jobs.export.model import SizeRule, TrainedNetwork
from unet_tutorial.jobs.predictor import Predictor

CODE = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "export.md").read_text(encoding="utf8"), re.S)
EXTRA = "the extra export: pip install -r requirements-export.txt"


@pytest.mark.slow
def test_the_page_runs(run_folder: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("onnxscript", "onnxruntime", "yaml"):
        pytest.importorskip(name, reason=EXTRA)
    model = TrainedNetwork.from_file(run_folder)
    monkeypatch.chdir(tmp_path)
    for name in ("membranes.onnx", "membranes.pt2"):
        export(model, name)
    (tmp_path / "model.safetensors").symlink_to(run_folder / "checkpoint.safetensors")
    image = read_image(folder / "images" / "a.png")[:34, :50]
    tifffile.imwrite("image.tif", image)
    wanted = Predictor(model.net, model.task)(image[None])[:, 8:-8, 8:-8]  # padding "valid"
    space: dict[str, Any] = {}
    for code in CODE:
        exec(code, space)
        np.testing.assert_allclose(np.asarray(space["probability"])[0], wanted, atol=1e-5)
    (mirroring,) = (code for code in CODE if "mirrored" in code)
    space["image"] = image[:31, :13]
    exec(mirroring, space)
    rule = SizeRule.of(model.net)
    for n, least, step, made in zip((31, 13), rule.smallest, rule.step, space["mirrored"].shape, strict=True):
        assert made == min(m for m in range(least, 99, step) if m >= n)
    np.testing.assert_array_equal(space["mirrored"][space["whole"]], image[:31, :13])
    assert {path.name for path in tmp_path.iterdir()} >= {"volumes.onnx", "membranes.bioimageio.zip"}
