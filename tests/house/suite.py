"""All that must hold: ``python -m tests.house.suite [--fast | --check | arguments of pytest]``.

Checks (ruff, its format, mypy), then tests, then every lesson executed again by nbval in strict mode and held to its
ceiling; a stage that fails hides none that follows. `--fast` leaves out the lessons and the slow tests, `--check` does
the checks alone; any other argument goes to pytest, which then is the only stage. The last line counts what passed and
failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.house.reruns import TOO_SLOW, counted, module, reruns
from tests.paths import ROOT

CHECKS = (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"])
LESSONS = ("notebooks/[0-9]*.ipynb", "notebooks/solutions/[0-9]*.ipynb")


def checks() -> Counter[str]:
    """Each tool in turn, its output as it comes."""
    tally: Counter[str] = Counter()
    for check in CHECKS:
        print(f"== {' '.join(check)}", flush=True)
        tally["failed" if subprocess.run(module(*check), cwd=ROOT, check=False).returncode else "passed"] += 1
    return tally


def tests(*arguments: str) -> Counter[str]:
    """Pytest over tests and doctests, two at a time with a thread each; its output as it comes."""
    print("== pytest", flush=True)
    with TemporaryDirectory() as folder:
        xml = Path(folder) / "tests.xml"
        command = module("pytest", "-n2", f"--junitxml={xml}", *arguments)
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        return counted(xml, code)


def quick() -> Counter[str]:
    """The tests that are quick, and run no code of lessons."""
    return tests("-m", "not slow")


def lessons() -> Counter[str]:
    """Reports of failures as they come, then the table of times."""
    print("== lessons (pytest --nbval, strict)", flush=True)
    tally: Counter[str] = Counter()
    rows = []
    for result in reruns([path for pattern in LESSONS for path in ROOT.glob(pattern)]):
        tally += result.tally + Counter(failed=int(result.verdict == TOO_SLOW))
        rows.append(result.row)
        if result.tally["failed"]:
            print(result.report, flush=True)
    print("\n".join([f"{'lesson':32}{'seconds':>9}{'processor':>11}{'ceiling':>9}", *sorted(rows)]))
    return tally


def main(arguments: list[str]) -> int:
    """The stages asked for; 1 if anything failed."""
    stages = {(): (checks, tests, lessons), ("--fast",): (checks, quick), ("--check",): (checks,)}
    chosen = stages.get(tuple(arguments), (lambda: tests(*(word for word in arguments if word != "--fast")),))
    tally: Counter[str] = Counter()
    start = time.perf_counter()
    for stage in chosen:
        tally += stage()
    print(f"== {time.perf_counter() - start:.0f} s")
    print(f"{tally['passed']} passed, {tally['failed']} failed, {tally['skipped']} skipped")
    return int(tally["failed"] > 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
