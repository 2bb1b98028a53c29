"""Rules for the Check section of a lesson, which compares the lesson's results with the module's."""

from __future__ import annotations

import ast
from functools import cache
from importlib import import_module
from inspect import isfunction
from typing import get_type_hints

from torch import nn

from tests.house.sync import Modules, compare, modules
from tests.house.taught import aliases
from tests.paths import ROOT
from unet_tutorial.teaching.lessons.lesson import Cell, Lesson, tree

EQUAL = {"equal", "allclose"}  # torch's; == counts too


@cache
def library() -> Modules:
    """Every definition of the package."""
    return modules(ROOT / "unet_tutorial")


def holds_weights(module: str, name: str) -> bool:
    """Whether that is a torch module, or a function that says it returns one.

    >>> holds_weights("unet_tutorial.paper", "UpStep"), holds_weights("unet_tutorial.paper", "double_conv")
    (True, True)
    >>> holds_weights("unet_tutorial.paper", "crop_and_concat"), holds_weights("unet_tutorial.plan.levels", "Size")
    (False, False)
    """
    found = getattr(import_module(module), name)
    made = get_type_hints(found).get("return") if isfunction(found) else found
    return isinstance(made, type) and issubclass(made, nn.Module)


def check_faults(lesson: Lesson, cells: list[Cell]) -> list[str]:
    """The faults of these cells, the lesson's Check.

    It asserts an equality. Where the lesson derives something with weights, they are loaded first; where it derives
    anything else, the module's own function or constant stands in the equality.
    """
    code = [tree(cell) for cell in cells if cell["cell_type"] == "code"]
    asserts = [node for part in code for node in ast.walk(part) if isinstance(node, ast.Assert)]
    equalities = [node for node in asserts if any(map(equates, ast.walk(node)))]
    if not equalities:
        return ["the section Check has a code cell that asserts an equality"]
    derived = {(found.module, found.name) for found in compare(lesson, library())}
    if any(holds_weights(*found) for found in derived):
        loads = any(
            isinstance(n, ast.Attribute) and n.attr == "load_state_dict" for part in code for n in ast.walk(part)
        )
        return [] if loads else ["Check loads the lesson's weights into the module's class (load_state_dict)"]
    known = aliases(lesson)
    used = {known.get(node.id, "") for part in equalities for node in ast.walk(part) if isinstance(node, ast.Name)}
    ours = any(name.startswith(module) for name in used for module in lesson.course_metadata.get("module", []))
    return [] if ours or not derived else ["Check asserts that the module's own results equal the lesson's"]


def equates(node: ast.AST) -> bool:
    """Whether that is a == b, torch.equal(a, b) or torch.allclose(a, b)."""
    if isinstance(node, ast.Compare):
        return isinstance(node.ops[0], ast.Eq)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in EQUAL
