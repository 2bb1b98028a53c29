"""The two functions of the package, and which heavy libraries its imports load."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from unet_tutorial import figures
from unet_tutorial.figures.diagram import draw
from unet_tutorial.figures.table import table

IMPORTS = ("figures", "figures.arch.ir", "figures.arch.from_plan", "figures.table", "figures.pages.page")
LOADED = f"""
import importlib, json, sys
found = {{}}
for name in {IMPORTS}:
    importlib.import_module(f"unet_tutorial.{{name}}")
    found[name] = sorted({{"torch", "matplotlib"}} & {{*sys.modules}})
print(json.dumps(found))
"""


def test_draw_and_table_are_those_of_their_modules() -> None:
    assert figures.draw is draw
    assert figures.table is table
    with pytest.raises(AttributeError, match="has no sketchy; it has draw and table"):
        figures.__getattr__("sketchy")


def test_importing_loads_neither_torch_nor_before_a_drawing_matplotlib() -> None:
    """One process imports one module after the other; a library stays loaded."""
    done = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    assert found == {name: ["matplotlib"] * (name == "figures.pages.page") for name in IMPORTS}
