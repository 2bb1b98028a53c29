"""The floors of the package: who may import whom, read from the source with ``ast``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

GROUND = {"paper", "disk", "packages", "plan", "metrics"}  # these import no other folder
MIDDLE = {"nets", "figures", "datasets"}
UPPER = {"learning", "inference", "teaching"}
ROOF = {"commands", "__main__"}  # may import everything
FLOORS: dict[str, set[str]] = {
    "__init__": set(),
    **{folder: set() for folder in GROUND},
    **dict.fromkeys(MIDDLE, GROUND),
    **dict.fromkeys(UPPER, GROUND | {"nets"}),
    "jobs": GROUND | MIDDLE | (UPPER - {"teaching"}),
}
# Inside figures, between its folders; the files beside them (diagram, table) may import all.
FIGURES: dict[str, set[str]] = {
    "arch": set(),
    "tracing": {"arch"},
    "drawing": {"arch"},
    "tables": {"arch"},
    "pages": {"arch", "drawing", "tables"},
}
# Inside teaching.
TEACHING: dict[str, set[str]] = {
    "checking": set(),  # finds the exercises by name, when asked
    "exercises": {"checking"},
    "lessons": {"checking"},
    "lab": {"checking", "lessons"},
}
WITHOUT_TORCH = ("plan", "metrics", "figures/arch", "figures/drawing", "figures/tables", "figures/pages")
PAPER = {"__future__", "torch"}  # all that paper.py may import


def imports(code: ast.Module, dotted: str) -> Iterator[tuple[str, str]]:
    """Every import anywhere in the code, as (module, name); the name is empty for ``import module``."""
    for node in ast.walk(code):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = dotted.rsplit(".", node.level)[0] if node.level else ""
            origin = ".".join(part for part in (base, node.module) if part)
            yield from ((origin, alias.name) for alias in node.names)


def import_faults(package: Path, path: Path) -> list[str]:
    """Imports of this file that go up or sideways, and imports of another file's underscore names."""
    where = path.relative_to(package).with_suffix("").parts
    dotted = ".".join((package.name, *where))
    found = list(imports(ast.parse(path.read_text(encoding="utf8")), dotted))
    own = [(module, name) for module, name in found if module.split(".")[0] == package.name]
    targets = {tuple(part for part in f"{module}.{name}".split(".")[1:] if part) for module, name in own}
    folder = where[0]
    if folder not in FLOORS and folder not in ROOF:
        return [f"{dotted}: no floor is named {folder}"]
    faults = [f"{dotted} imports the private name {name} of {module}" for module, name in own if private(name)]
    if folder in FLOORS:
        faults += upward(dotted, folder, {target[0] for target in targets if target}, FLOORS)
    for outer, inner in (("figures", FIGURES), ("teaching", TEACHING)):
        if folder == outer and len(where) > 2:
            inside = {target[1] for target in targets if target[:1] == (outer,) and len(target) > 1}
            faults += upward(dotted, where[1], inside, inner)
    if where == ("paper",):
        faults += [f"{dotted} imports {module}; only torch" for module, _ in found if module.split(".")[0] not in PAPER]
    if path.relative_to(package).as_posix().startswith(tuple(f"{folder}/" for folder in WITHOUT_TORCH)):
        faults += [f"{dotted} imports torch" for module, _ in found if module.split(".")[0] == "torch"]
    return faults


def upward(dotted: str, folder: str, targets: set[str], floors: dict[str, set[str]]) -> list[str]:
    """A sentence for each folder imported that is not below this one."""
    if folder not in floors:
        return [f"{dotted}: no floor is named {folder}"]
    allowed = floors[folder]
    return [
        f"{dotted} imports {target}: {folder} may import {sorted(allowed) or 'no other folder'}"
        for target in sorted(targets - allowed - {folder})
    ]


def private(name: str) -> bool:
    """A single underscore before the name."""
    return name.startswith("_") and not name.startswith("__")


def graph(package: Path) -> dict[str, set[str]]:
    """Of every module of the package, the modules of the package that it imports; those for annotations included."""
    files = {
        ".".join((package.name, *path.relative_to(package).with_suffix("").parts)): path
        for path in package.rglob("*.py")
    }
    modules = {name.removesuffix(".__init__"): path for name, path in files.items()}
    found: dict[str, set[str]] = {}
    for name, path in modules.items():
        dotted = f"{name}.__init__" if path.name == "__init__.py" else name
        pairs = imports(ast.parse(path.read_text(encoding="utf8")), dotted)
        found[name] = {
            full if (full := f"{module}.{part}") in modules else module for module, part in pairs
        } & modules.keys()
    return found


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """The import cycles: one path from a module back to itself for each place where a search meets one."""
    done: set[str] = set()
    found: list[list[str]] = []

    def visit(node: str, path: list[str]) -> None:
        if node in path:
            found.append([*path[path.index(node) :], node])
        elif node not in done:
            for target in sorted(edges[node]):
                visit(target, [*path, node])
            done.add(node)

    for node in sorted(edges):
        visit(node, [])
    return found


def boolean_faults(path: Path) -> list[str]:
    """Booleans that can be given by position; ruff's FBT001 and FBT002 miss annotations such as ``bool | None``."""
    faults = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            positional = [*node.args.posonlyargs, *node.args.args]
            defaults = dict(zip(positional[::-1], node.args.defaults[::-1], strict=False))
            for parameter in positional:
                default = defaults.get(parameter)
                kind = ast.unparse(parameter.annotation) if parameter.annotation else ""
                if kind in ("bool", "bool | None") or (
                    isinstance(default, ast.Constant) and isinstance(default.value, bool)
                ):
                    faults.append(
                        f"{path.name}:{node.lineno} {node.name}: the boolean {parameter.arg} is not keyword-only"
                    )
    return faults
