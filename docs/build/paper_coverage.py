"""Which lesson cell and which test hold what the paper says: ``python -m docs.build.paper_coverage`` writes the table."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path

from docs.build.paper_claims import NETWORK, Claim
from docs.build.paper_claims import NOT_CHECKED, TRAINING
from tests.paths import ROOT
from unet_tutorial.disk import complete_file
from unet_tutorial.teaching.lessons.catalogue import numbered
from unet_tutorial.teaching.lessons.lesson import Cell, joined, read, tags, tree

CLAIMS = (*NETWORK, *TRAINING)
PAGE = ROOT / "docs" / "paper_coverage.md"
PLACES = (
    *("section 1", "section 2", "figure 1", "figure 2", "section 3", "softmax", "equation 1", "equation 2", "figure 3"),
    *("section 3.1", "section 4", "figure 4", "table 1", "table 2", "section 5"),
)
NOTATION = re.compile(r"\d×\d|√\(2/N\)")  # no numbers of their own
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")
HEAD = """# What the paper says, and where the course holds it

Ronneberger, Fischer & Brox, [arXiv 1505.04597](https://arxiv.org/abs/1505.04597). Each row names the cell of the lesson
that derives, asserts or prints it (`08-14` is the id of a cell in lesson 08) and a test of the library behind it. Every
number of a row is in that cell's asserts, in what it prints, or in the line of code by which the row is found. Written
by `python -m docs.build.paper_coverage` from `docs/build/paper_claims.py`; a test holds the
table to the lessons and the tests.

| paper | what it says | cell | test |
|---|---|---|---|
"""
TAIL = "\nNot checked here:\n\n"


@cache
def lesson_path(number: str) -> Path | None:
    """The notebook of the lesson with this number."""
    found = numbered(f"{number}_")
    return found[0] if len(found) == 1 else None


@cache
def cells(path: Path) -> tuple[Cell, ...]:
    """The cells of a lesson."""
    return read(path).cells


@cache
def names_of_tests(path: Path) -> frozenset[str]:
    """The tests that a file defines, read from its source."""
    body = ast.parse(path.read_text(encoding="utf8")).body if path.is_file() else []
    return frozenset(node.name for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))


def holding(claim: Claim) -> list[Cell]:
    """The cells of the claim's lesson that contain its code; wanted is one."""
    path = lesson_path(claim.lesson)
    return [cell for cell in cells(path) if claim.code in cell["source"]] if path and claim.code else []


def evidence(cell: Cell) -> tuple[list[str], str]:
    """The cell's asserts, and what it printed, where nbval compares it."""
    asserts = [ast.unparse(node) for node in ast.walk(tree(cell)) if isinstance(node, ast.Assert)]
    exempt = "nbval-ignore-output" in tags(cell) or "# NBVAL_IGNORE_OUTPUT" in cell["source"]
    return asserts, "" if exempt else "".join(joined(output.get("text", "")) for output in cell["outputs"])


def numbers(text: str) -> set[float]:
    """The numbers in a text; 31,030,658 and 31_030_658 are one."""
    return {float(each) for each in NUMBER.findall(re.sub(r"(?<=\d)[,_](?=\d{3})", "", text))}


def cell_faults(claim: Claim) -> list[str]:
    """What is wrong with the claim's cell."""
    if lesson_path(claim.lesson) is None:
        return [f"there is no lesson {claim.lesson!r}"]
    found = holding(claim)
    if len(found) != 1:
        return [f"its code is in {len(found)} cells of lesson {claim.lesson}; wanted is one: {claim.code}"]
    (cell,) = found
    if cell["cell_type"] != "code" or not cell["execution_count"] or "nbval-skip" in tags(cell):
        return [f"cell {cell['id']} is no code that runs"]
    asserts, printed = evidence(cell)
    if not asserts and not printed:
        return [f"cell {cell['id']} asserts nothing and prints nothing that is compared"]
    known = numbers(" ".join([claim.code, *asserts, printed]))
    missing = sorted(numbers(NOTATION.sub("", claim.what)) - known)
    return [f"cell {cell['id']} neither asserts nor prints {number:g}" for number in missing]


def claim_faults(claim: Claim) -> list[str]:
    """What is wrong with a row, in sentences."""
    empty = [field.name for field in fields(claim) if not str(getattr(claim, field.name)).strip()]
    if empty:
        return [f"{claim.where or 'a row'}, {claim.what!r}: empty {', '.join(empty)}"]
    file, _, name = claim.test.partition("::")
    unknown = [] if name in names_of_tests(ROOT / file) else [f"there is no test {claim.test}"]
    strange = [] if claim.where in PLACES else [f"{claim.where!r} is no place of the paper; choose from {PLACES}"]
    return [f"{claim.where}, {claim.what!r}: {fault}" for fault in (*strange, *unknown, *cell_faults(claim))]


def faults(claims: Sequence[Claim]) -> list[str]:
    """Everything that is wrong with the table, and the places of the paper that have no row."""
    missing = [place for place in PLACES if place not in {claim.where for claim in claims}]
    return [fault for claim in claims for fault in claim_faults(claim)] + [f"no row for {place}" for place in missing]


def page(claims: Iterable[Claim]) -> str:
    """The page in markdown, its rows in the order of the paper."""
    rows = []
    for claim in sorted(claims, key=lambda claim: PLACES.index(claim.where)):
        path, (cell, *_) = lesson_path(claim.lesson), holding(claim)
        link = f"[{cell['id']}](../notebooks/{path.name if path else ''})"
        rows.append(f"| {claim.where} | {claim.what} | {link} | `{claim.test}` |\n")
    return HEAD + "".join(rows) + TAIL + "".join(f"- {where}: {what}\n" for where, what in NOT_CHECKED)


def main() -> None:
    """Write the page; refuse a table with faults."""
    found = faults(CLAIMS)
    if found:
        raise SystemExit("\n".join(found))
    with complete_file(PAGE) as part:
        part.write_text(page(CLAIMS), encoding="utf8")
    print(f"{len(CLAIMS)} claims: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
