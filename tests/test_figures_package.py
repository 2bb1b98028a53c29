"""The two functions of the package, and what asking for the package costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from unet_tutorial import figures
from unet_tutorial.figures import diagram, tables


def test_draw_and_table_are_those_of_their_rooms() -> None:
    assert figures.draw is diagram.draw
    assert figures.table is tables.table
    with pytest.raises(AttributeError, match="has no sketchy; it has draw and table"):
        figures.__getattr__("sketchy")


def test_the_description_is_had_without_torch_and_matplotlib() -> None:
    code = "import sys; from unet_tutorial.figures import ir; print({'torch', 'matplotlib'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"
