"""The two functions of the package, and what importing the package costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from unet_tutorial import figures
from unet_tutorial.figures.diagram import draw
from unet_tutorial.figures.table import table


def test_draw_and_table_are_those_of_their_modules() -> None:
    assert figures.draw is draw
    assert figures.table is table
    with pytest.raises(AttributeError, match="has no sketchy; it has draw and table"):
        figures.__getattr__("sketchy")


@pytest.mark.parametrize("module", ["arch.ir", "table", "pages.page"])
def test_descriptions_tables_and_pages_are_imported_without_torch(module: str) -> None:
    code = f"import sys, unet_tutorial.figures.{module}; print({{'torch'}} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "set()\n"


def test_the_package_is_imported_without_matplotlib() -> None:
    code = "import sys, unet_tutorial.figures; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"
