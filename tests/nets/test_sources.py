"""The names of the systems whose weights can be read, which the help of ``unet import`` shows without torch."""

from __future__ import annotations

import subprocess
import sys

from tests.paths import ROOT
from unet_tutorial.jobs.importing import SYSTEMS
from unet_tutorial.nets.sources import Source


def test_every_system_can_be_named() -> None:
    assert list(SYSTEMS) == list(Source)


def test_the_help_does_without_torch() -> None:
    code = "import sys; import unet_tutorial.commands.importing; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
