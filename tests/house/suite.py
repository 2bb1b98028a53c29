"""The whole test suite: ``python -m tests.house.suite [--fast | --check | arguments of pytest]``.

Checks (ruff, its format, mypy) and, at the same time, tests; then every lesson and solution executed again by nbval in
strict mode, within its time ceiling. All stages run, also after one that fails. `--fast` leaves out the lessons and
the slow tests, `--check` runs only the checks; any other arguments go to pytest, which is then the only stage. The last
line counts passed, failed and skipped tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.house.reruns import TOO_SLOW, counted, module, reruns
from tests.paths import ROOT
from unet_tutorial.teaching.lessons import catalogue

CHECKS = (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"])


def checks() -> Counter[str]:
    """Each tool in turn; its report is printed in one piece, because tests print at the same time."""
    tally: Counter[str] = Counter()
    for check in CHECKS:
        result = subprocess.run(
            module(*check), cwd=ROOT, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        print(f"\n== {' '.join(check)}\n{result.stdout}", end="", flush=True)
        tally["failed" if result.returncode else "passed"] += 1
    return tally


def tests(*arguments: str) -> Counter[str]:
    """Pytest over tests and doctests, in two processes of one thread each."""
    print("== pytest", flush=True)
    with TemporaryDirectory() as folder:
        xml = Path(folder) / "tests.xml"
        command = module("pytest", "-n2", "--dist=worksteal", f"--junitxml={xml}", *arguments)
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        return counted(xml, code)


def quick() -> Counter[str]:
    """The tests without the marker slow."""
    return tests("-m", "not slow")


def lessons() -> Counter[str]:
    """The notebooks: a report of each failure, then a table of times."""
    print("== lessons (pytest --nbval, strict)", flush=True)
    tally: Counter[str] = Counter()
    rows = []
    for result in reruns(catalogue.lessons(), catalogue.solutions()):
        tally += result.tally + Counter(failed=int(result.verdict == TOO_SLOW))
        rows.append(result.row)
        if result.tally["failed"]:
            print(result.report, flush=True)
    print("\n".join([f"{'lesson':32}{'seconds':>9}{'processor':>11}{'ceiling':>9}", *sorted(rows)]))
    return tally


def main(arguments: list[str]) -> int:
    """Run the stages; 1 if anything failed.

    The first stage runs at the same time as the others, which run in turn: mypy uses only one processor.
    """
    stages = {(): (checks, tests, lessons), ("--fast",): (checks, quick), ("--check",): (checks,)}
    chosen = stages.get(tuple(arguments), (lambda: tests(*(word for word in arguments if word != "--fast")),))
    tally: Counter[str] = Counter()
    start = time.perf_counter()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(chosen[0])
        for stage in chosen[1:]:
            tally += stage()
        tally += first.result()
    print(f"== {time.perf_counter() - start:.0f} s")
    print(f"{tally['passed']} passed, {tally['failed']} failed, {tally['skipped']} skipped")
    return int(tally["failed"] > 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
