"""Imports go down only, without cycles and without private names; what needs no torch imports none. No exceptions."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.floors import FLOORS, ROOF, boolean_faults, circles, graph, import_faults, imports, private
from tests.house.reruns import timed
from tests.paths import PACKAGE, ROOT

FILES = sorted(PACKAGE.rglob("*.py"))
OUTSIDE = [
    ROOT / "course.py",
    *(path for name in ("benchmarks", "docs", "tests") for path in (ROOT / name).rglob("*.py")),
]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_go_down(path: Path) -> None:
    assert import_faults(PACKAGE, path) == []


@pytest.mark.parametrize("path", sorted(OUTSIDE), ids=name)
def test_nothing_outside_imports_a_private_name(path: Path) -> None:
    found = imports(ast.parse(path.read_text(encoding="utf8")), ".".join(path.relative_to(ROOT).with_suffix("").parts))
    assert [f"{module}.{name}" for module, name in found if module.startswith("unet_tutorial") and private(name)] == []


def test_no_import_cycle() -> None:
    assert circles(graph(PACKAGE)) == []


@pytest.mark.parametrize("path", FILES + OUTSIDE, ids=name)
def test_booleans_are_keyword_only(path: Path) -> None:
    assert boolean_faults(path) == []


def test_every_folder_has_a_floor() -> None:
    folders = {path.relative_to(PACKAGE).parts[0].removesuffix(".py") for path in FILES}
    assert folders == (set(FLOORS) | ROOF)


def package(folder: Path, files: dict[str, str]) -> Path:
    """A package of these files."""
    for where, code in files.items():
        path = folder / "unet_tutorial" / where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf8")
    return folder / "unet_tutorial"


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("nets/blocks.py", "from unet_tutorial.learning.losses import cross_entropy"),
        ("nets/blocks.py", "import unet_tutorial.commands.train"),
        ("nets/blocks.py", "def f():\n    from unet_tutorial.figures.table import table"),
        ("nets/blocks.py", "from unet_tutorial.nets.contracts import _checked"),
        ("nets/systems/jaxony.py", "from ...datasets import em"),
        ("plan/levels.py", "from unet_tutorial.nets import nd"),
        ("plan/levels.py", "from ..nets import nd"),
        ("plan/sizes.py", "from torch import Tensor"),
        ("metrics/pixels.py", "import torch.nn"),
        ("metrics/pixels.py", "from unet_tutorial.plan.levels import Size"),
        ("learning/train.py", "from unet_tutorial.datasets.generators.synthetic import em"),
        ("learning/train.py", "from unet_tutorial import inference"),
        ("datasets/generators/em.py", "if TYPE_CHECKING:\n    import unet_tutorial.learning.augment.augment as a"),
        ("datasets/generators/em.py", "from unet_tutorial.nets.crop import center_crop"),
        ("inference/tiling.py", "from unet_tutorial.__main__ import main"),
        ("figures/arch/ir.py", "from unet_tutorial.figures.tracing.trace import trace"),
        ("figures/arch/ir.py", "import torch"),
        ("figures/drawing/layout.py", "from unet_tutorial.figures.tracing.trace import trace"),
        ("figures/drawing/layout.py", "from unet_tutorial.figures.tables.rows import rows"),
        ("figures/pages/page.py", "from unet_tutorial.figures.diagram import draw"),
        ("figures/pages/page.py", "from unet_tutorial.nets.presets import build"),
        ("figures/attic/page.py", ""),
        ("teaching/checking/check.py", "from unet_tutorial.commands import run"),
        ("teaching/checking/judge.py", "from unet_tutorial.teaching.lessons.lesson import read"),
        ("jobs/job.py", "from unet_tutorial.teaching.lessons import show"),
        ("jobs/job.py", "from unet_tutorial.commands.dataclass_options import with_options"),
        ("paper.py", "from unet_tutorial.nets.blocks import conv_stack"),
        ("paper.py", "import numpy as np"),
        ("attic/junk.py", ""),
        ("__init__.py", "from unet_tutorial.nets import unet"),
    ],
)
def test_a_wrong_import_is_found(file: str, code: str, tmp_path: Path) -> None:
    root = package(tmp_path, {file: code})
    assert import_faults(root, root / file)


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("plan/sizes.py", "from unet_tutorial.plan.levels import Level\nfrom dataclasses import dataclass"),
        ("nets/presets.py", "import unet_tutorial.nets.unet\nfrom unet_tutorial.plan.levels import Size"),
        ("learning/train.py", "import torch\nfrom unet_tutorial.nets import presets\nfrom .losses import dice"),
        ("figures/diagram.py", "from unet_tutorial.figures.tracing.trace import trace"),
        ("figures/tracing/trace.py", "import torch\nfrom unet_tutorial.figures.arch.ir import ArchIR"),
        ("jobs/job.py", "from unet_tutorial.learning import train\nfrom unet_tutorial.figures import diagram"),
        ("commands/run.py", "from unet_tutorial.jobs import job\nfrom unet_tutorial.teaching.lessons import show"),
        ("paper.py", "import torch\nfrom torch.nn.functional import max_pool2d"),
    ],
)
def test_an_import_down_passes(file: str, code: str, tmp_path: Path) -> None:
    root = package(tmp_path, {file: code})
    assert import_faults(root, root / file) == []


def test_a_cycle_is_found(tmp_path: Path) -> None:
    files = {
        "nets/a.py": "from unet_tutorial.nets import b",
        "nets/b.py": "from unet_tutorial.nets.c import x",
        "nets/c.py": "def f():\n    from .a import y",
        "nets/d.py": "from unet_tutorial.nets.a import y",
    }
    root = package(tmp_path, files)
    (found,) = circles(graph(root))
    assert [module.rpartition(".")[2] for module in found] == ["a", "b", "c", "a"]


@pytest.mark.parametrize(
    "code", ["def f(fast: bool): pass", "def f(x, fast=False): pass", "def f(x: bool | None): pass"]
)
def test_a_positional_boolean_is_found(code: str, tmp_path: Path) -> None:
    root = package(tmp_path, {"nets/unet.py": code + "\ndef g(*, a: bool = True): pass"})
    assert len(boolean_faults(root / "nets/unet.py")) == 1


def test_size_arithmetic_and_metrics_do_without_torch() -> None:
    code = "import sys; from unet_tutorial import plan, metrics; from unet_tutorial.plan import sizes, receptive_field"
    code += "; from unet_tutorial.metrics import pixels, rand, isbi2012, warping, seg; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="this system does not report its children's processor time")
def test_sizes_start_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "unet_tutorial", "sizes"]
    runs = [timed(command, tmp_path / "log", dict(os.environ)) for _ in range(3)]
    assert [code for code, _, _ in runs] == [0, 0, 0]
    assert min(busy for _, _, busy in runs) < 0.3  # processor seconds: a busy machine is not at fault
