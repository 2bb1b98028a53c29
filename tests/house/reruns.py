"""Executes notebooks again by nbval in strict mode, and counts and times them.

Each lesson runs in a process of its own; the solutions share two kernels.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.etree import ElementTree

from tests.paths import ROOT
from unet_tutorial.teaching.lessons.tried import trials

PLUGINS = ["--disable-plugin-autoload", "-p", "tests.house.quick_start", "-p", "nbval.plugin"]  # others start slowly
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=300", "-p", "no:doctest", "-p", "no:cacheprovider"]
SANITIZE = f"--nbval-sanitize-with={ROOT / 'tests' / 'house' / 'nbval_sanitize.cfg'}"
AT_ONCE = 2
CEILING = 60  # seconds, for a notebook without a ceiling in its metadata
TOO_SLOW = "TOO SLOW"


@dataclass(frozen=True)
class Rerun:
    """The result for one notebook: counts, pytest's report, wall time, processor time and time limit, in seconds."""

    name: str
    tally: Counter[str]
    report: str
    seconds: float
    busy: float
    ceiling: float

    @property
    def verdict(self) -> str:
        """The lesser of wall time and processor time must be within the ceiling: other programs slow a lesson down."""
        if self.tally["failed"]:
            return "FAILED"
        return "ok" if min(self.seconds, self.busy) <= self.ceiling else TOO_SLOW

    @property
    def row(self) -> str:
        """A row of the table of times."""
        return f"{self.name:32}{self.seconds:9.1f}{self.busy:11.1f}{self.ceiling:9.0f}  {self.verdict}"


def module(*arguments: str) -> list[str]:
    """The command that runs a module with this Python."""
    return [sys.executable, "-m", *arguments]


def counted(xml: Path, code: int) -> Counter[str]:
    """The counts in pytest's report; a run that failed without a failed test counts as one failure."""
    suites = list(ElementTree.parse(xml).getroot().iter("testsuite")) if xml.is_file() else []
    keys = ("tests", "skipped", "failures", "errors")
    total, skipped, failures, errors = (sum(int(suite.get(key, 0)) for suite in suites) for key in keys)
    failed = failures + errors
    return Counter(passed=total - failed - skipped, failed=max(failed, int(code != 0)), skipped=skipped)


def rerun(path: Path) -> Rerun:
    """Run one notebook in a process of its own, as a copy in an empty folder: it must not need files beside it."""
    threads = str(max(1, (os.cpu_count() or 1) // AT_ONCE))
    with TemporaryDirectory() as folder, TemporaryDirectory() as empty:
        xml, log = Path(folder) / "lesson.xml", Path(folder) / "log.txt"
        copy = Path(empty) / path.name
        copy.write_text(json.dumps(with_trials(json.loads(path.read_text(encoding="utf8")))), encoding="utf8")
        options = [*PLUGINS, *NBVAL, SANITIZE, f"--rootdir={ROOT}", f"--junitxml={xml}", "--color=no", str(copy)]
        command = module("pytest", "-o", "addopts=-q", *options)
        code, seconds, busy = timed(command, log, {**os.environ, "OMP_NUM_THREADS": threads})
        report = log.read_text(encoding="utf8", errors="replace")
        return Rerun(path.stem, counted(xml, code), report, seconds, busy, ceiling_of(path))


def with_trials(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook, with cells behind the last one that try its turns with right and wrong answers."""
    return {**notebook, "cells": [*notebook["cells"], *trials(notebook["cells"])]}


def timed(command: list[str], log: Path, env: dict[str, str]) -> tuple[int, float, float]:
    """Exit code, wall time and processor time, in seconds, of a command with all its child processes."""
    start = time.perf_counter()
    with log.open("w") as file, subprocess.Popen(command, cwd=ROOT, env=env, stdout=file, stderr=file) as process:
        if not hasattr(os, "wait4"):  # Windows
            code, busy = process.wait(), float("inf")
        else:
            _, status, usage = os.wait4(process.pid, 0)
            code = process.returncode = os.waitstatus_to_exitcode(status)
            busy = usage.ru_utime + usage.ru_stime
    return code, time.perf_counter() - start, busy


def ceiling_of(path: Path) -> float:
    """The time limit in a notebook's metadata, in seconds."""
    metadata = json.loads(path.read_text(encoding="utf8"))["metadata"]
    return float(metadata.get("unet_tutorial", {}).get("ceiling_seconds", CEILING))


def rerun_together(paths: Sequence[Path]) -> list[Rerun]:
    """Run several notebooks in one kernel, because starting a kernel takes longer than a solution.

    All names are deleted between two notebooks. After a failure each notebook runs again by itself, so that the report
    names the one that failed.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{paths[0].stem[:2]} to {paths[-1].stem[:2]}.ipynb"
        path.write_text(
            json.dumps(joined([json.loads(each.read_text(encoding="utf8")) for each in paths])), encoding="utf8"
        )
        result = rerun(path)
    if result.verdict == "FAILED":
        return [rerun(each) for each in paths]
    tally = result.tally - Counter(passed=len(paths) - 1)  # the cells between
    return [replace(result, name=f"solutions {result.name}", tally=tally)]


def joined(notebooks: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One notebook with the cells of all, and between two of them a cell that deletes all names."""
    reset: dict[str, Any] = {
        "cell_type": "code",
        "metadata": {},
        "source": "%reset -f",
        "outputs": [],
        "execution_count": None,
    }
    cells = [cell for notebook in notebooks for cell in (reset, *notebook["cells"])][1:]
    seconds = sum(notebook["metadata"]["unet_tutorial"]["ceiling_seconds"] for notebook in notebooks)
    numbered = [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(cells)]
    return {
        **notebooks[0],
        "cells": numbered,
        "metadata": {**notebooks[0]["metadata"], "unet_tutorial": {"ceiling_seconds": seconds}},
    }


def reruns(lessons: Sequence[Path], solutions: Sequence[Path] = ()) -> Iterator[Rerun]:
    """Run all notebooks, two processes at a time: the longest lessons first, then the solutions in two groups."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        alone = [pool.submit(rerun, path) for path in sorted(lessons, key=ceiling_of, reverse=True)]
        share = -(-len(solutions) // AT_ONCE)
        groups = [solutions[first : first + share] for first in range(0, len(solutions), share)] if share else []
        together = [pool.submit(rerun_together, group) for group in groups]
        for each in alone:
            yield each.result()
        for group_result in together:
            yield from group_result.result()
