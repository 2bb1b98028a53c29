"""The Python code of `docs/large_volumes.md` runs, and the options on the page are those of the command."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.docs.test_readme import COMMANDS
from tests.oracles.stored_images import smooth_noise, stored, thin_checkpoint
from tests.paths import ROOT
from unet_tutorial.inference.instances import class_instances
from unet_tutorial.jobs.predictor import Predictor

PAGE = (ROOT / "docs" / "large_volumes.md").read_text(encoding="utf8")


def test_the_code_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    image = smooth_noise((9, 31, 29))
    checkpoint = thin_checkpoint(tmp_path / "net.safetensors", "unet3d")
    stored(tmp_path / "volume.zarr", image)
    opened, predicted, *_ = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(predicted, {})
    space: dict[str, Any] = {}
    exec(opened, space)
    predictor = Predictor.from_file(checkpoint)
    wanted = class_instances(predictor.labels(predictor(image[None])), rank=3)
    assert capsys.readouterr().out == f"1 {len(wanted.classes)}\n"
    np.testing.assert_array_equal(space["instances"][...], wanted.labels)
    np.testing.assert_array_equal(space["classes"][...], predictor.labels(predictor(image[None])))
    np.testing.assert_allclose(space["probability"][...], predictor(image[None])[1], atol=1e-5)


def test_the_options_of_the_page_are_those_of_the_command() -> None:
    commands = " ".join(re.findall(r"unet predict(.*)", PAGE))
    inline = " ".join(re.findall(r"`(--[^`]*)`", PAGE))
    found = set(re.findall(r"(?<!\S)--?[a-z][\w-]*", f"{commands} {inline}"))
    assert {"-o", "--blocks", "--instances", "--workers", "--scheduler", "--overwrite", "--tile"} <= found
    assert found - COMMANDS["predict"] == {"--normalise", "--nthreads"}  # of the training, and of dask worker
    assert "--normalise" in COMMANDS["train"]
