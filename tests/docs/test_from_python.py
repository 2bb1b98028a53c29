"""The code of `docs/from_python.md` runs, with fewer steps and channels."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.paths import ROOT
from unet_tutorial.datasets.generators.synthetic import touching_cells
from unet_tutorial.jobs.arrays import Model

PAGE = (ROOT / "docs" / "from_python.md").read_text(encoding="utf8")
CODE = re.findall(r"```python\n(.*?)```", PAGE, re.S)


@pytest.mark.slow
def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    made = [touching_cells(seed, 96) for seed in range(3)]
    names = {"images": [each.image for each in made[:2]], "labels": [each.instances for each in made[:2]]}
    space: dict[str, object] = {**names, "image": made[2].image}
    found = []
    for code in CODE:
        thin = re.sub(r'widths="[^"]*", ', "", re.sub(r"\s*\n    ", " ", code)) if "rotate" in code else code
        exec(re.sub(r"steps=\d+", 'steps=2, batch=1, widths="2,4"', thin), space)
        found.append(space["found"])
    np.testing.assert_array_equal(found[0], found[1])
    assert isinstance(space["model"], Model)
    assert (tmp_path / "runs" / "cells" / "best.safetensors").is_file()
    assert "network, 8 views" in capsys.readouterr().out
