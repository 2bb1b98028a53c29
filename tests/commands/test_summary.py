"""``unet summary`` prints the library's table in every format, quickly and in little memory."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys

import pytest
import torch

from tests.conftest import Unet
from tests.oracles.user_module import refusal
from tests.paths import ROOT
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import paper_unet


def test_summary_prints_the_table(unet: Unet) -> None:
    with torch.device("meta"):
        expected = table(trace(paper_unet(), torch.empty(1, 1, 572, 572)))
    for by in ("level", "layer"):
        code, text = unet("summary", "paper", "--by", by, "--format", "json")
        assert code == 0
        assert json.loads(text)["totals"] == expected.totals
    assert unet("summary", "paper", "--input", 572, "--format", "md") == (0, expected.to_markdown())
    assert unet("summary", "paper", "--input", "1x1x572x572", "--format", "latex") == (0, expected.to_latex())
    assert unet("summary", "paper", "--format", "siunitx") == (0, expected.to_siunitx())
    lines = list(csv.DictReader(io.StringIO(unet("summary", "paper", "--format", "csv")[1])))
    assert sum(int(line["macs"]) for line in lines) == 150_428_424_448
    assert "31,030,658" in unet("summary", "paper")[1]
    assert unet("summary", "paper", "--columns", "op,MACs", "--format", "md")[1].startswith("| op | MACs |")


def test_an_unknown_column_is_refused(unet: Unet) -> None:
    code, line = refusal(unet, "summary", "paper", "--columns", "FLOPs")
    assert (code, "column 'FLOPs' is unknown; the columns are level" in line) == (1, True)


MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def measured(*words: str) -> tuple[float, float]:
    """Processor seconds and bytes of memory of a Python process with these arguments."""
    command, env = [sys.executable, "-c", MEASURE, sys.executable, *words], {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True)
    seconds, size = map(float, done.stdout.split())
    return seconds, size


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="this system does not report the resources of child processes")
def test_summary_is_quick_and_small() -> None:
    """Mostly one process; on a loaded machine, where importing torch takes long as well, up to three."""
    summary = ("-m", "unet_tutorial", "summary", "paper")
    seconds, size = measured(*summary)
    assert size < 2**30
    if seconds >= 3:
        alone, _ = measured("-c", "import torch")
        assert min(seconds, measured(*summary)[0]) < max(3, 2.5 * alone)
