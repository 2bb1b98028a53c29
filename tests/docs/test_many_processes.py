"""The code of `docs/many_processes.md` runs, in one process and with fewer steps; its options exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.test_readme import COMMANDS
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "many_processes.md").read_text(encoding="utf8")


@pytest.mark.slow
def test_the_code_of_the_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(code.replace("steps=200", 'steps=2, batch=1, widths="2,4"'), {})
    assert "network, 8 views" in capsys.readouterr().out
    assert (tmp_path / "runs" / "cells" / "checkpoint.safetensors").is_file()


def test_the_options_of_the_page_are_those_of_the_command() -> None:
    words = " ".join(re.findall(r"unet_tutorial train(.*?)(?:\n\n|```)", PAGE.replace("\\\n", ""), re.S))
    words += " ".join(re.findall(r'words="([^"]*)"', PAGE))
    found = set(re.findall(r"(?<=\s)--?[a-z][\w-]*", f" {words}"))
    assert {"--data", "--device", "--batch", "--sync-norm", "--resume", "-o"} <= found
    assert found <= COMMANDS["train"]
