"""Imports go down only; rooms stay small. No exceptions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.floors import FLOORS, NETS, ROOF, import_faults, size_faults
from tests.reruns import timed

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "unet_tutorial"
FILES = sorted(PACKAGE.rglob("*.py"))
OUTSIDE = [ROOT / "course.py", *sorted((ROOT / "benchmarks").glob("*.py")), *sorted((ROOT / "tests").glob("*.py"))]


def names(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=names)
def test_imports_go_down(path: Path) -> None:
    assert import_faults(PACKAGE, path) == []


@pytest.mark.parametrize("path", FILES + OUTSIDE, ids=names)
def test_rooms_are_small(path: Path) -> None:
    assert size_faults(path) == []


def test_the_walk_found_the_house() -> None:
    folders = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES}
    assert {"paper", "nets", "learning", "datasets", "inference", "teaching", "commands"} <= folders
    assert folders <= set(FLOORS) | ROOF


def house(folder: Path, room: str, code: str) -> tuple[Path, Path]:
    path = folder / "unet_tutorial" / room
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, encoding="utf8")
    return folder / "unet_tutorial", path


@pytest.mark.parametrize(
    ("room", "code"),
    [
        ("nets/blocks.py", "from unet_tutorial.learning import losses"),
        ("nets/blocks.py", "import unet_tutorial.commands.train"),
        ("nets/blocks.py", "def f():\n    from unet_tutorial.nets.unet import UNet"),
        ("nets/levels.py", "from unet_tutorial.nets import sizes"),
        ("nets/levels.py", "from . import sizes"),
        ("nets/levels.py", "from .sizes import trace"),
        ("nets/levels.py", "from ..learning import losses"),
        ("nets/attic.py", ""),
        ("learning/train.py", "from unet_tutorial.datasets.synthetic import em"),
        ("learning/train.py", "from unet_tutorial import inference"),
        ("learning/train.py", "from unet_tutorial.paper import PaperUNet"),
        ("datasets/em.py", "if TYPE_CHECKING:\n    import unet_tutorial.learning.augment as a"),
        ("inference/tiling.py", "from unet_tutorial.__main__ import main"),
        ("teaching/check.py", "from unet_tutorial.commands import run"),
        ("paper.py", "from unet_tutorial.nets.blocks import conv_stack"),
        ("paper.py", "import numpy as np"),
        ("attic/junk.py", ""),
        ("__init__.py", "from unet_tutorial.nets import unet"),
    ],
)
def test_an_import_up_or_sideways_fails(room: str, code: str, tmp_path: Path) -> None:
    assert import_faults(*house(tmp_path, room, code))


@pytest.mark.parametrize(
    ("room", "code"),
    [
        ("nets/sizes.py", "from unet_tutorial.nets.levels import Level\nfrom dataclasses import dataclass"),
        ("nets/presets.py", "\n".join(f"import unet_tutorial.nets.{room}" for room in NETS[:-1])),
        ("learning/train.py", "import torch\nfrom unet_tutorial.nets import presets\nfrom .losses import dice"),
        ("commands/run.py", "from unet_tutorial.learning import train\nfrom unet_tutorial.datasets import em"),
        ("__main__.py", "from unet_tutorial.commands import app"),
        ("paper.py", "import torch\nfrom torch.nn.functional import max_pool2d"),
    ],
)
def test_an_import_down_passes(room: str, code: str, tmp_path: Path) -> None:
    assert import_faults(*house(tmp_path, room, code)) == []


@pytest.mark.parametrize(
    "code",
    [
        "x = 1\n" * 151,
        "def f():\n" + "    x = 1\n" * 21,
        "class A:\n    def f(self):\n        '''Doc.'''\n" + "        x = 1\n" * 21,
        "def f(a, b, c, d, e, f, g, h): pass",
        "def f(a, b, c, d, *, e, f, g, h): pass",
        "def f(fast: bool): pass",
        "def f(x, fast=False): pass",
    ],
)
def test_a_room_too_large_fails(code: str, tmp_path: Path) -> None:
    assert size_faults(house(tmp_path, "nets/unet.py", code)[1])


def test_a_room_of_the_largest_size_passes(tmp_path: Path) -> None:
    body = (
        "    def f(self, a, b, c, d, *, e: bool, f: bool = True, g=1):\n        '''Doc.\n\n        More.\n        '''\n"
    )
    code = "class A:\n" + body + "        x = 1\n" * 20
    lines = code.count("\n")
    assert size_faults(house(tmp_path, "nets/unet.py", code + "y = 1\n" * (150 - lines))[1]) == []


def test_size_arithmetic_does_without_torch() -> None:
    code = "import sys; from unet_tutorial.nets import sizes; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="this system does not report its children's processor time")
def test_sizes_start_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "unet_tutorial", "sizes"]
    runs = [timed(command, tmp_path / "log", dict(os.environ)) for _ in range(3)]
    assert [code for code, _, _ in runs] == [0, 0, 0]
    assert min(busy for _, _, busy in runs) < 0.3  # processor seconds: a busy machine is not at fault
