"""The names of the library that the lessons import, use or derive."""

from __future__ import annotations

import ast

from tests.house.sync import Modules, compare
from unet_tutorial.teaching.lessons.lesson import Lesson, tree


def aliases(lesson: Lesson) -> dict[str, str]:
    """The names that the lesson's imports bind, and what each stands for, dotted."""
    found: dict[str, str] = {}
    for node in (node for cell in lesson.code for node in ast.walk(tree(cell))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.asname: alias.name for alias in node.names if alias.asname}
    return found


def reached(lesson: Lesson) -> set[tuple[str, str]]:
    """The (module, name) pairs that a lesson imports or uses through a module it imported."""
    known = aliases(lesson)
    found = {(module, name) for module, _, name in (dotted.rpartition(".") for dotted in known.values())}
    for node in (node for cell in lesson.code for node in ast.walk(tree(cell))):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            found.add((known.get(owner, owner), node.attr))
    return found


def untaught(lessons: list[Lesson], library: Modules, taught: list[str]) -> list[str]:
    """Public names of the taught modules that no lesson derives, imports or uses."""
    derived = {(result.module, result.name) for lesson in lessons for result in compare(lesson, library)}
    known = derived.union(*map(reached, lessons))
    public = ((module, name) for module in taught for name in library[module] if not name.startswith("_"))
    return [f"{module}.{name}" for module, name in public if (module, name) not in known]
