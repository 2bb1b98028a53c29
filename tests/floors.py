"""The floors of the house and the measures of its rooms, read from the source with ``ast``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

# Who may import whom, between the folders (and files) of the package; `commands` and `__main__` are the roof.
FLOORS: dict[str, set[str]] = {
    "__init__": set(),
    "disk": set(),
    "paper": set(),
    "nets": set(),
    "learning": {"disk", "nets"},
    "datasets": {"disk", "nets"},
    "inference": {"disk", "nets"},
    "figures": {"disk", "nets"},
    "teaching": {"disk", "nets"},
}
ROOF = {"commands", "__main__"}
# Inside nets, a room imports only rooms that stand before it.
NETS = (
    *("levels", "sizes", "fields"),  # no torch
    *("nd", "norms", "blocks", "wrappers", "resample", "shuffle", "merge", "gate", "init", "paths", "unet", "any_size"),
    *("nested", "backbone", "cascade", "systems", "presets"),
)
PAPER = {"__future__", "torch"}  # all that paper.py may import

MOST_BODY, MOST_LINES, MOST_PARAMETERS = 20, 150, 7
Function = ast.FunctionDef | ast.AsyncFunctionDef


def imports(code: ast.Module, dotted: str) -> Iterator[str]:
    """Every module imported anywhere in the code, by dotted name; of `from a import b`, both a and a.b."""
    for node in ast.walk(code):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = dotted.rsplit(".", node.level)[0] if node.level else ""
            origin = ".".join(part for part in (base, node.module) if part)
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def import_faults(package: Path, path: Path) -> list[str]:
    """Imports of this file that go up or sideways."""
    where = path.relative_to(package).with_suffix("").parts
    dotted = ".".join((package.name, *where))
    found = set(imports(ast.parse(path.read_text(encoding="utf8")), dotted))
    inside = {tuple(name.split(".")[1:]) for name in found if name.split(".")[0] == package.name}
    rooms = {target[:2] for target in inside if target}
    folder = where[0]
    if folder not in FLOORS and folder not in ROOF:
        return [f"{dotted}: no floor is named {folder}"]
    faults = [
        f"{dotted} imports {room[0]}: {folder} may import {sorted(FLOORS[folder]) or 'no other folder'}"
        for room in rooms
        if folder in FLOORS and room[0] != folder and room[0] not in FLOORS[folder]
    ]
    if folder == "nets" and len(where) > 1 and where[1] != "__init__":
        faults += _within_nets(dotted, where[1], {room[1] for room in rooms if room[0] == "nets" and len(room) > 1})
    if where == ("paper",):
        faults += [f"{dotted} imports {name}; only torch" for name in found if name.split(".")[0] not in PAPER]
    return faults


def _within_nets(dotted: str, room: str, wanted: set[str]) -> list[str]:
    if room not in NETS:
        return [f"{dotted}: the order of floors inside nets does not name {room}"]
    below = NETS[: NETS.index(room)]
    return [f"{dotted} imports nets.{name}, which is not below it" for name in sorted(wanted) if name not in below]


def size_faults(path: Path) -> list[str]:
    """Files, bodies and parameter lists that are too long, and booleans that can be given by position."""
    text = path.read_text(encoding="utf8")
    count = len(text.splitlines())
    faults = [f"{path.name} has {count} lines; {MOST_LINES} at most"] if count > MOST_LINES else []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, Function):
            faults += [f"{path.name}:{node.lineno} {node.name}: {fault}" for fault in _function_faults(node)]
    return faults


def _function_faults(node: Function) -> Iterator[str]:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    length = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
    if length > MOST_BODY:
        yield f"a body of {length} lines; {MOST_BODY} at most"
    positional = [*node.args.posonlyargs, *node.args.args]
    own = positional[1:] if positional and positional[0].arg in ("self", "cls") else positional
    if len(own) + len(node.args.kwonlyargs) > MOST_PARAMETERS:
        yield f"{len(own) + len(node.args.kwonlyargs)} parameters; {MOST_PARAMETERS} at most"
    defaults = dict(zip(positional[::-1], node.args.defaults[::-1], strict=False))
    for parameter in own:
        default = defaults.get(parameter)
        annotated = parameter.annotation is not None and ast.unparse(parameter.annotation) in ("bool", "bool | None")
        if annotated or (isinstance(default, ast.Constant) and isinstance(default.value, bool)):
            yield f"the boolean {parameter.arg} is not keyword-only"
