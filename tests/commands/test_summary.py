"""``unet summary``, ``diagram`` and ``diff`` as a reader meets them: what they print, write and refuse."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.conftest import Unet
from tests.oracles.user_module import moved_in
from tests.paths import ROOT
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import paper_unet


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with somebody's module."""
    return moved_in(tmp_path, monkeypatch)


def test_summary_prints_the_table(unet: Unet) -> None:
    with torch.device("meta"):
        expected = table(trace(paper_unet(), torch.empty(1, 1, 572, 572)))
    for by in ("level", "layer"):
        code, text = unet("summary", "paper", "--by", by, "--format", "json")
        assert code == 0
        assert json.loads(text)["totals"] == expected.totals
    assert unet("summary", "paper", "--input", 572, "--format", "md") == (0, expected.to_markdown())
    assert unet("summary", "paper", "--input", "1x1x572x572", "--format", "latex") == (0, expected.to_latex())
    lines = list(csv.DictReader(io.StringIO(unet("summary", "paper", "--format", "csv")[1])))
    assert sum(int(line["macs"]) for line in lines) == 150_428_424_448
    assert "31,030,658" in unet("summary", "paper")[1]
    assert unet("summary", "paper", "--columns", "op,MACs", "--format", "md")[1].startswith("| op | MACs |")


@pytest.mark.slow
def test_torch_keeps_silent_about_a_size(own: Path) -> None:
    command = [sys.executable, "-m", "unet_tutorial", "summary", "mine:Loud", "--input", "9"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=own, env=env, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    said = [line for line in done.stderr.splitlines() if line not in ("", "building")]  # the latter by the network
    assert [line[:40] for line in said] == ["unet: input (1, 3, 9, 9): axis 0 = 9 doe"]


MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def measured(*words: str) -> tuple[float, float]:
    """Processor seconds and bytes of memory of a Python with these arguments, the better of two runs."""
    command, env = [sys.executable, "-c", MEASURE, sys.executable, *words], {**os.environ, "OMP_NUM_THREADS": "1"}
    runs = [subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True) for _ in range(2)]
    seconds, size = zip(*(map(float, run.stdout.split()) for run in runs), strict=True)
    return min(seconds), min(size)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="this system does not report what its children use")
def test_summary_is_quick_and_small() -> None:
    (alone, _), (seconds, size) = measured("-c", "import torch"), measured("-m", "unet_tutorial", "summary", "paper")
    assert seconds < max(3, 2.5 * alone)  # on a loaded machine both take longer
    assert size < 2**30


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ("paper", "--input", 570),
            2,
            "axis 0 = 570 does not pass 4 poolings; the nearest .* are 556 and 572",
        ),
        (("paper", "--input", 100), 2, "the smallest size that does is 188"),
        (("unet3d", "--input", "32x64x60"), 2, "axis 2 = 60 does not pass 3 poolings; the nearest .* are 56 and 64"),
        (("mine:Net", "--input", 9), 2, "axis 0 = 9 does not pass; the nearest sizes that do are 8 and 10"),
        (("mine:Net", "--input", "9x8", "--kwargs", '{"depth": 2}'), 2, "axis 0 = 9 .* are 8 and 12"),
        (("mine:Deciding", "--input", 8), 3, "has data-dependent control flow"),
        (("mine:Net", "--input", "1x4x8x8"), 1, "does not accept this example"),
        (("mine:Net",), 1, "the input size of Net is not known; write --input"),
        (("mine:Net", "--input", "8x"), 1, "'8x' is not a shape; write --input"),
        (("mine:Net", "--input", "8x8x8"), 1, "1, 2 or 4 numbers are needed"),
        (("mine:number", "--input", 8), 1, "is or returns a int; a torch nn.Module is needed"),
        (("mine:broken", "--input", 8), 1, "mine:broken fails: KeyError: 'no such depth'"),
        (("mine:absent", "--input", 8), 1, "AttributeError"),
        (("absent:Net", "--input", 8), 1, "ModuleNotFoundError"),
        (("mine:instance", "--input", 8, "--kwargs", '{"depth": 2}'), 1, "takes no --kwargs"),
        (("mine:Net", "--input", 8, "--kwargs", "depth=2"), 1, "is not JSON"),
        (("mine:Net", "--input", 8, "--kwargs", "[2]"), 1, "names with values are needed"),
        (("nothing",), 1, "preset 'nothing' is unknown; the presets are paper"),
        (("paper", "--widths", "8,x"), 1, "write whole numbers with commas"),
        (("paper", "--columns", "FLOPs"), 1, "column 'FLOPs' is unknown"),
        (("absent.json",), 1, "absent.json: No such file"),
        (("mine.py.json",), 1, "No such file"),
        (("other.json", "--input", 8), 1, "leave out --input, --kwargs and --widths"),
    ],
)
@pytest.mark.usefixtures("own")
def test_a_refusal_is_one_line(unet: Unet, words: tuple[object, ...], code: int, said: str) -> None:
    found, text = unet("summary", *words)
    assert found == code
    (line,) = [line for line in text.splitlines() if "unet: " in line]
    assert "Traceback" not in text
    assert re.search(said, line)
