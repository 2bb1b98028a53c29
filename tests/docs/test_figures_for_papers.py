"""Every command of the page is run, and its output is compared with the page."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Unet
from tests.oracles.user_module import write_user_module
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "figures_for_papers.md").read_text(encoding="utf8")


def commands() -> Iterator[tuple[list[str], list[str]]]:
    """The arguments of each command, and the lines that it prints."""
    for block in re.findall(r"^```\n(\$ .*?)^```$", PAGE, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ unet ", block, flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            yield shlex.split(command), lines


@pytest.mark.slow
def test_every_command_of_the_page_prints_what_it_says(
    unet: Unet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"With this in `mine.py`:\n\n```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    write_user_module(tmp_path, monkeypatch, code)
    monkeypatch.setenv("COLUMNS", "200")
    found = list(commands())
    assert len(found) >= 8
    for words, lines in found:
        _, text = unet(*words)
        printed = [line.rstrip() for line in text.replace("\r", "").strip("\n").splitlines()]
        if lines[-1] == "…":
            printed = [*printed[: len(lines) - 1], "…"]
        assert printed == lines, words
