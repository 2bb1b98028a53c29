"""How long the lessons take to run again, and what is in them: ``python -m docs.build.timing`` writes ``docs/timing.md``.

Runs every lesson and every solution (minutes); the last line of a table is the sum. Nothing is written if one fails.
``--counts`` runs nothing: it keeps the times and counts anew what is in the lessons.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import torch

from tests.house.reruns import Rerun, reruns
from tests.paths import ROOT
from tests.house.suite import LESSONS
from unet_tutorial.disk import complete_file
from unet_tutorial.teaching.checking.check import everything
from unet_tutorial.teaching.lessons.lesson import read

PAGE = ROOT / "docs" / "timing.md"
COUNTS = ("cells", "words", "asserts", "figures", "exercises", "mistakes")
HEAD = """# How long the lessons take, and what is in them

Each notebook was executed again by nbval in strict mode, in a process of its own and two at a time, on
{machine}.
Python, torch and the kernel start within the times. Held to the ceiling is the lesser of the seconds by the clock and
the seconds of processor time. Written by `python -m docs.build.timing`; a test holds the counts, the ceilings and the list
of notebooks to those of today.

| notebook | seconds | processor | ceiling |
|---|---|---|---|
"""
MIDDLE = """
Words are those of the markdown. An exercise is a function or a class that a student writes. Mistakes are wrong answers
that the checks of the exercises reject, each with a sentence of its own.

"""
ROW = re.compile(r"^\| \[([\w/]+)\]\(\S+\) \| (.*) \|$", re.MULTILINE)


def notebooks() -> list[Path]:
    """Lessons, then solutions."""
    return [path for pattern in LESSONS for path in sorted(ROOT.glob(pattern))]


def name_of(path: Path) -> str:
    """`01_sizes` for a lesson, `solutions/01_sizes` for its solutions."""
    return path.relative_to(ROOT / "notebooks").with_suffix("").as_posix()


def machine() -> str:
    """The kind of machine, in words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    kind = f"{platform.machine()}, {platform.system()}, Python {'.'.join(platform.python_version_tuple()[:2])}"
    return f"{cores} cores ({kind}, torch {torch.__version__.partition('+')[0]})"


def counts(path: Path) -> tuple[int, ...]:
    """What COUNTS names, of a lesson; its exercises are those that its solutions check."""
    lesson, solutions = read(path), path.parent / "solutions" / path.name
    checked = set(re.findall(r'check\(\\"(\w+)\\"', solutions.read_text("utf8"))) if solutions.is_file() else set()
    exercises = [exercise for exercise in everything() if exercise.name in checked]
    mistakes = sum(len(exercise.mistakes) for exercise in exercises)
    return len(lesson.cells), lesson.words, lesson.asserts, len(lesson.figures), len(exercises), mistakes


def row(name: str, values: Iterable[str]) -> str:
    """A line of a table; the name is a link."""
    return f"| [{name}](../notebooks/{name}.ipynb) | {' | '.join(values)} |\n"


def times_table(results: dict[str, Rerun]) -> str:
    """Seconds by the clock, of processor time, and the ceiling, of every notebook and in all."""
    times = {name: (each.seconds, each.busy, each.ceiling) for name, each in results.items()}
    lines = [row(name, (f"{a:.1f}", f"{b:.1f}", f"{c:.0f}")) for name, (a, b, c) in times.items()]
    clock, busy, ceiling = (sum(column) for column in zip(*times.values(), strict=True))
    return "".join(lines) + f"| all | {clock:.1f} | {busy:.1f} | {ceiling:.0f} |\n"


def counts_table() -> str:
    """COUNTS of every lesson and in all."""
    found = {name_of(path): counts(path) for path in notebooks() if "/" not in name_of(path)}
    sums = " | ".join(f"{sum(column):,}" for column in zip(*found.values(), strict=True))
    head = f"| lesson | {' | '.join(COUNTS)} |\n|---{'|---' * len(COUNTS)}|\n"
    return head + "".join(row(name, map("{:,}".format, each)) for name, each in found.items()) + f"| all | {sums} |\n"


def page(results: dict[str, Rerun]) -> str:
    """The page in markdown."""
    return HEAD.format(machine=machine()) + times_table(results) + MIDDLE + counts_table()


def tables(text: str) -> tuple[dict[str, tuple[float, ...]], dict[str, tuple[float, ...]]]:
    """The rows of both tables of a page, by name."""
    both = text.split(MIDDLE)
    if len(both) != 2:
        raise ValueError(f"{PAGE.name} has not two tables; run python -m docs.build.timing")
    times, inside = (
        {name: tuple(float(value.replace(",", "")) for value in values.split(" | ")) for name, values in rows}
        for rows in map(ROW.findall, both)
    )
    return times, inside


def measured() -> dict[str, Rerun]:
    """Every notebook, run again, in the order of the page; each is named as it ends."""
    results = {}
    for pattern in LESSONS:
        names = {path.stem: name_of(path) for path in ROOT.glob(pattern)}
        for each in reruns(list(ROOT.glob(pattern))):
            results[names[each.name]] = each
            print(f"{names[each.name]}: {each.verdict}", flush=True)
    return {name_of(path): results[name_of(path)] for path in notebooks()}


def write(text: str) -> int:
    """Replace the page at once."""
    with complete_file(PAGE) as part:
        part.write_text(text, encoding="utf8")
    print(text)
    return 0


def main(arguments: list[str]) -> int:
    """Run everything, and write the page; 1 if a notebook fails or takes too long."""
    if arguments == ["--counts"]:
        return write(PAGE.read_text(encoding="utf8").partition(MIDDLE)[0] + MIDDLE + counts_table())
    results = measured()
    bad = [f"{name}: {each.verdict}\n{each.report}" for name, each in results.items() if each.verdict != "ok"]
    if bad:
        print("\n".join([*bad, f"{len(bad)} of {len(results)} notebooks; {PAGE.name} stays as it was"]))
        return 1
    return write(page(results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
