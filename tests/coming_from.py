"""The page ``docs/coming_from.md``, read row by row: what each row makes, and whether that is what the row says."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import nn

from tests.coming_from_nets import PARAMETERS, THIN, net_faults, part, traits
from tests.reruns import ROOT
from tests.thin import thin

PAGE = ROOT / "docs" / "coming_from.md"
CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER, REFUSAL = re.compile(r"\d{1,3}(?:,\d{3})+"), re.compile(r"ValueError: `([^`]+)`")


@dataclass(frozen=True)
class Row:
    """One option: what it is there, what to write here, and what to know."""

    there: str
    here: str
    know: str


def sections(text: str) -> Iterator[tuple[str, str]]:
    """The parts of the page, by their headings."""
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        yield title, body


def rows(text: str) -> list[Row]:
    """The rows of a section's table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [Row(there.replace("`", ""), here, know) for there, here, know in cells]


def names(section: str = "") -> dict[str, Any]:
    """What an expression of the page may use: the library's public names, and what the section's code defines."""
    found: dict[str, Any] = {"torch": torch, "nn": nn, "partial": partial, "replace": replace}
    for path in sorted((ROOT / "unet_tutorial" / "nets").glob("[a-z]*.py")):
        public = vars(importlib.import_module(f"unet_tutorial.nets.{path.stem}"))
        found |= {name: value for name, value in public.items() if not name.startswith("_")}
    for code in CODE.findall(section):
        exec(code, found)
    return found


def section_faults(section: str, options: Mapping[str, str], there: set[str]) -> list[str]:
    """What is wrong with a system's table, in sentences."""
    table, known = rows(section), names(section)
    written = [row.there for row in table]
    faults = [f"no row for {option}" for option in options if option not in written]
    faults += [f"{row.there}: no option, or a second row" for row in table if written.count(row.there) > 1]
    for row in table:
        wanted = options.get(row.there)
        found = row_faults(row, wanted, known) if wanted else ["not in the list of options"]
        faults += [f"{row.there}: {fault}" for fault in found]
    quoted = NUMBER.findall(PARAMETERS.sub("", section))
    return faults + [f"{number} is not known from there" for number in quoted if number not in there]


def row_faults(row: Row, wanted: str, known: dict[str, Any]) -> list[str]:
    """What is wrong with a row."""
    role, _, trait = wanted.partition(" ")
    expression = re.fullmatch("`([^`]+)`", row.here)
    if role == "absent" or expression is None:
        honest = role == "absent" and row.here.startswith("not here: ")
        return [] if honest else [f"{row.here!r} is no expression in backticks"]
    try:
        with torch.device("meta"):
            made = eval(expression[1], known)
        if role == "refused":
            return ["it is not refused"]
        net = made if role == "net" else thin(made if role == "levels" else THIN, **part(role, made))
    except (ValueError, TypeError, NameError, AttributeError, SyntaxError) as error:
        begin = REFUSAL.search(row.know)
        right = role == "refused" and isinstance(error, ValueError) and begin and str(error).startswith(begin[1])
        return [] if right else [f"{type(error).__name__}: {error}"]
    held = any(found.startswith(trait) for found in traits(net))
    return [*net_faults(net, row.know), *([] if held else [f"no {trait} in it"])]
