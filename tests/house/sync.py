"""Lessons and modules held to the same code: what each defines, and where they differ."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unet_tutorial.teaching.lessons.lesson import Lesson, tags, tree

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
SCAFFOLDING = (
    "teaching",
    "commands",
    "jobs",
    "figures",
)  # their names are no terms of the course: a lesson says which it means
Modules = dict[str, dict[str, list[ast.stmt]]]  # dotted module name: name: its definitions


@dataclass(frozen=True)
class Comparison:
    """A name that a lesson and a module both define; `diff` is empty where the code is the same."""

    lesson: str
    module: str
    name: str
    diff: str


def modules(package: Path) -> Modules:
    """What every module of the package defines at its top level."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        dotted = ".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__")
        found[dotted] = defined(ast.parse(path.read_text(encoding="utf8")))
    return found


def defined(code: ast.Module) -> dict[str, list[ast.stmt]]:
    """Top-level functions, classes and assignments, by name; a name may be defined more than once."""
    found: dict[str, list[ast.stmt]] = {}
    for statement in code.body:
        for name in bound(statement):
            found.setdefault(name, []).append(statement)
    return found


def bound(statement: ast.stmt) -> list[str]:
    """The names that a definition or an assignment binds."""
    if isinstance(statement, DEFINITIONS):
        return [statement.name]
    single = [statement.target] if isinstance(statement, ast.AnnAssign) else []
    targets = statement.targets if isinstance(statement, ast.Assign) else single
    names = [node for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    return [node.id for node in names if isinstance(node.ctx, ast.Store)]


def constant(statement: ast.stmt) -> bool:
    """Whether a definition, or an assignment whose names are no plain variables: CROP, Size, but not size."""
    return isinstance(statement, DEFINITIONS) or all(name != name.lower() for name in bound(statement))


def normal(statement: ast.stmt) -> str:
    """The code without docstrings and comments, in one layout; decorators and annotations stay."""
    copy = ast.parse(ast.unparse(statement))
    for node in ast.walk(copy):
        if isinstance(node, DEFINITIONS) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(copy)


def compare(lesson: Lesson, library: Modules) -> Iterator[Comparison]:
    """Each definition of the lesson that a module has too, drafts excepted.

    In the modules that the lesson derives (metadata `module`) any name counts; elsewhere, scaffolding aside, public
    definitions and constants. Derived modules come first; of several modules that define the name, one must agree.
    """
    derived = lesson.course_metadata.get("module", [])
    for cell in lesson.code:
        if "draft" in tags(cell):
            continue
        for name, statements in defined(tree(cell)).items():
            for statement in statements:
                meant = [key for key in derived if name in library.get(key, {})]
                if not meant and constant(statement) and not name.startswith("_"):
                    meant = counterparts(library, name)
                if meant:
                    yield closest(lesson.name, name, statement, {key: library[key][name] for key in meant})


def counterparts(library: Modules, name: str) -> list[str]:
    """The modules, scaffolding aside, that define that name, and not as a plain variable."""
    return [
        module
        for module, definitions in library.items()
        if not set(SCAFFOLDING) & set(module.split("."))
        if any(constant(statement) for statement in definitions.get(name, []))
    ]


def closest(lesson: str, name: str, statement: ast.stmt, others: dict[str, list[ast.stmt]]) -> Comparison:
    """The comparison with the module that agrees, or else with the one that differs least."""
    here = normal(statement).splitlines()
    found = []
    for module, versions in others.items():
        for other in versions:
            diff = difflib.unified_diff(normal(other).splitlines(), here, module, f"lesson {lesson}", lineterm="")
            found.append(Comparison(lesson, module, name, "\n".join(diff)))
    return min(found, key=lambda comparison: len(comparison.diff))


def faults(lessons: list[Lesson], library: Modules) -> list[str]:
    """A sentence for each disagreement, unknown module, and comparison that never happened."""
    found, compared = [], 0
    for lesson in lessons:
        results = list(compare(lesson, library))
        compared += len(results)
        found += [f"{r.lesson}: {r.name} differs from {r.module}\n{r.diff}" for r in results if r.diff]
        derived = lesson.course_metadata.get("module", [])
        found += [f"{lesson.name}: no module {key}" for key in derived if key not in library]
        if derived and not results:
            found.append(f"{lesson.name}: names modules and defines nothing that they define")
    return found if compared else [*found, "no definition of any lesson was compared with any module"]
