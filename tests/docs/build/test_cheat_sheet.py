"""The cheat sheet has the numbers of the paper, is up to date, and fits a printed page."""

from __future__ import annotations

import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from docs.build.cheat_sheet import PAGE, page


def text() -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page())).split())


def test_the_committed_page_is_that_of_the_generator() -> None:
    assert PAGE.read_text(encoding="utf8") == page(), "run: python -m docs.build.cheat_sheet"


@pytest.mark.parametrize(
    "printed",
    [
        "572 → 388, smallest 188 → 4",
        "23 convolutions, 31,030,658 parameters",
        "4 188 + 16k 4 + 16k 184 188 or 204",  # poolings, input, output, lost, receptive field
        "0 64 572 568 → 392 88",  # level, channels, size, skip, crop
        "3 512 68 64 → 56 4",
        "in a gap of 1, 3, 5, 10 pixels: 9.2, 7.3, 4.9, 0.9",
    ],
)
def test_numbers_of_the_paper(printed: str) -> None:
    assert printed in text()


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("chromium") and shutil.which("pdfinfo")), reason="needs Chromium and pdfinfo")
def test_it_fits_a_page(tmp_path: Path) -> None:
    pdf = tmp_path / "sheet.pdf"
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    subprocess.run([*command, f"--print-to-pdf={pdf}", PAGE.as_uri()], check=True, capture_output=True, timeout=60)
    assert re.search(r"Pages:\s+1$", subprocess.run(["pdfinfo", pdf], capture_output=True, text=True).stdout, re.M)
