"""All that must hold: ``python tests/suite.py [--fast | --check | arguments of pytest]``.

Checks (ruff, its format, mypy), then tests, then every lesson executed again by nbval in strict mode and held to its
ceiling; a stage that fails hides none that follows. `--fast` leaves the lessons out, `--check` does the checks alone;
any other argument goes to pytest, which then is the only stage. The last line counts what passed and failed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
CHECKS = (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"])
LESSONS = ("notebooks/[0-9]*.ipynb", "notebooks/solutions/[0-9]*.ipynb")
NBVAL = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=300", "-p", "no:doctest", "-p", "no:cacheprovider"]
SANITIZE = f"--nbval-sanitize-with={ROOT / 'tests' / 'nbval_sanitize.cfg'}"
AT_ONCE = 2
TOO_SLOW = "TOO SLOW"
CEILING = 60  # seconds, for a notebook that states none


@dataclass(frozen=True)
class Rerun:
    """One notebook executed again: its tally, its report, and the seconds it took of the seconds it may take."""

    name: str
    tally: Counter[str]
    report: str
    seconds: float
    ceiling: float

    @property
    def verdict(self) -> str:
        """One word, or two, for the table."""
        if self.tally["failed"]:
            return "FAILED"
        return "ok" if self.seconds <= self.ceiling else TOO_SLOW


def module(*arguments: str) -> list[str]:
    """The command that runs a module with this Python."""
    return [sys.executable, "-m", *arguments]


def checks() -> Counter[str]:
    """Each tool in turn, its output as it comes."""
    tally: Counter[str] = Counter()
    for check in CHECKS:
        print(f"== {' '.join(check)}", flush=True)
        tally["failed" if subprocess.run(module(*check), cwd=ROOT, check=False).returncode else "passed"] += 1
    return tally


def tests(*arguments: str) -> Counter[str]:
    """Pytest over tests and doctests, its output as it comes."""
    print("== pytest", flush=True)
    with TemporaryDirectory() as folder:
        xml = Path(folder) / "tests.xml"
        code = subprocess.run(module("pytest", f"--junitxml={xml}", *arguments), cwd=ROOT, check=False).returncode
        return counted(xml, code)


def counted(xml: Path, code: int) -> Counter[str]:
    """The tally in pytest's report; a run that went wrong without one failed test counts as one."""
    suites = list(ElementTree.parse(xml).getroot().iter("testsuite")) if xml.is_file() else []
    total, skipped = (sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "skipped"))
    failed = sum(int(suite.get("failures", 0)) + int(suite.get("errors", 0)) for suite in suites)
    passed = total - failed - skipped
    return Counter(passed=passed, failed=max(failed, int(code != 0)), skipped=skipped)


def rerun(path: Path) -> Rerun:
    """One notebook in a process of its own, so that its time is its own; two share the processors."""
    threads = str(max(1, (os.cpu_count() or 1) // AT_ONCE))
    start = time.perf_counter()
    with TemporaryDirectory() as folder:
        xml = Path(folder) / "lesson.xml"
        done = subprocess.run(
            module("pytest", "-o", "addopts=-q", *NBVAL, SANITIZE, f"--junitxml={xml}", "--color=no", str(path)),
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=False,
        )
        tally = counted(xml, done.returncode)
    return Rerun(path.stem, tally, done.stdout + done.stderr, time.perf_counter() - start, ceiling_of(path))


def ceiling_of(path: Path) -> float:
    """The seconds that a notebook's metadata allow it."""
    metadata = json.loads(path.read_text(encoding="utf8"))["metadata"]
    return float(metadata.get("unet_tutorial", {}).get("ceiling_seconds", CEILING))


def reruns(paths: list[Path]) -> Iterator[Rerun]:
    """All notebooks, the longest first, two at a time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(rerun, sorted(paths, key=ceiling_of, reverse=True))


def lessons() -> Counter[str]:
    """Reports of failures as they come, then the table of times."""
    print("== lessons (pytest --nbval, strict)", flush=True)
    tally: Counter[str] = Counter()
    rows = []
    for result in reruns([path for pattern in LESSONS for path in ROOT.glob(pattern)]):
        tally += result.tally + Counter(failed=int(result.verdict == TOO_SLOW))
        rows.append(f"{result.name:32}{result.seconds:9.1f}{result.ceiling:9.0f}  {result.verdict}")
        if result.tally["failed"]:
            print(result.report, flush=True)
    print("\n".join([f"{'lesson':32}{'seconds':>9}{'ceiling':>9}", *sorted(rows)]))
    return tally


def main(arguments: list[str]) -> int:
    """The stages asked for; 1 if anything failed."""
    stages = {(): (checks, tests, lessons), ("--fast",): (checks, tests), ("--check",): (checks,)}
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
