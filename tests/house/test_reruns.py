"""The suite: its stages and counts, the time ceilings of lessons, and solutions that share a kernel."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest

from tests.house import reruns, suite
from tests.house.reruns import Rerun, counted, rerun_together, timed


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="this system does not report its children's processor time")
def test_the_processor_time_of_children_counts(tmp_path: Path) -> None:
    spin = "import time\nwhile time.process_time() < 0.5: pass"
    parent = f"import subprocess, sys; print('in'); subprocess.run([sys.executable, '-c', {spin!r}]); sys.exit(3)"
    code, seconds, busy = timed([sys.executable, "-c", parent], tmp_path / "log", dict(os.environ))
    assert code == 3
    assert 0.5 <= busy <= seconds + 0.5
    assert (tmp_path / "log").read_text() == "in\n"


@pytest.mark.parametrize(
    ("result", "failed", "verdict"),
    [
        (Rerun("a", Counter(passed=9), "fine", 40.0, 19.9, 20), 0, "ok"),
        (Rerun("a", Counter(passed=9), "fine", 20.2, 20.1, 20), 1, "TOO SLOW"),
        (Rerun("a", Counter(passed=8, failed=1), "Cell outputs differ", 9.9, 9.8, 20), 1, "FAILED"),
    ],
)
def test_times_are_held_to_their_ceilings(
    result: Rerun, failed: int, verdict: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(suite, "reruns", lambda _lessons, _solutions: [result])
    assert suite.lessons()["failed"] == failed
    table = capsys.readouterr().out
    assert f"a{result.seconds:40.1f}{result.busy:11.1f}{20:9}  {verdict}" in table
    assert ("Cell outputs differ" in table) == (verdict == "FAILED")


@pytest.mark.parametrize(
    ("xml", "code", "tally"),
    [
        ('<testsuites><testsuite tests="9" failures="1" errors="1" skipped="2"/></testsuites>', 1, (5, 2, 2)),
        ('<testsuites><testsuite tests="4" failures="0" errors="0" skipped="0"/></testsuites>', 0, (4, 0, 0)),
        ('<testsuites><testsuite tests="4" failures="0" errors="0" skipped="0"/></testsuites>', 3, (4, 1, 0)),
        ("", 4, (0, 1, 0)),
    ],
)
def test_reports_are_counted(xml: str, code: int, tally: tuple[int, int, int], tmp_path: Path) -> None:
    path = tmp_path / "tests.xml"
    if xml:
        path.write_text(xml)
    found = counted(path, code)
    assert (found["passed"], found["failed"], found["skipped"]) == tally


@pytest.mark.parametrize(
    ("arguments", "stages"),
    [
        ([], ["checks", "tests ()", "lessons"]),
        (["--fast"], ["checks", "tests ('-m', 'not slow')"]),
        (["--check"], ["checks"]),
        (["-k", "sizes"], ["tests ('-k', 'sizes')"]),
    ],
)
def test_a_failing_stage_hides_no_later_one(
    arguments: list[str], stages: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []

    def stage(name: str) -> Counter[str]:
        done.append(name)
        return Counter(passed=2, failed=1)

    monkeypatch.setattr(suite, "checks", lambda: stage("checks"))
    monkeypatch.setattr(suite, "tests", lambda *extra: stage(f"tests {extra}"))
    monkeypatch.setattr(suite, "lessons", lambda: stage("lessons"))
    assert suite.main(arguments) == 1
    assert sorted(done) == sorted(stages)  # the checks run at the same time as the tests
    n = len(stages)
    assert capsys.readouterr().out.splitlines()[-1] == f"{2 * n} passed, {n} failed, 0 skipped"


def test_the_checks_do_not_wait_for_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    both_started = Barrier(2, timeout=10)
    done: list[str] = []

    def stage(name: str, *_arguments: str) -> Counter[str]:
        if name != "lessons":
            both_started.wait()  # raises BrokenBarrierError if the other stage does not start
        done.append(name)
        return Counter(passed=1)

    for name in ("checks", "tests", "lessons"):
        monkeypatch.setattr(suite, name, partial(stage, name))
    assert suite.main([]) == 0
    assert sorted(done) == ["checks", "lessons", "tests"]
    assert done.index("tests") < done.index("lessons")


def test_each_check_has_its_report_and_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = "print('fine')", "import sys; print('one'); print('two', file=sys.stderr); sys.exit(1)"
    monkeypatch.setattr(suite, "CHECKS", (["good"], ["bad"]))
    monkeypatch.setattr(suite, "module", lambda name: [sys.executable, "-c", {"good": good, "bad": bad}[name]])
    assert suite.checks() == Counter(passed=1, failed=1)
    printed = capsys.readouterr().out
    assert "== good\nfine\n" in printed
    assert "== bad\n" in printed
    assert {"one", "two"} <= set(printed.splitlines())


def solution(folder: Path, name: str, source: str, printed: str) -> Path:
    """A notebook of one cell that prints."""
    output = {"output_type": "stream", "name": "stdout", "text": printed}
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": [output], "execution_count": 1}
    metadata = {"kernelspec": {"name": "python3"}, "unet_tutorial": {"ceiling_seconds": 30}}
    path = folder / f"{name}.ipynb"
    path.write_text(json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.mark.slow
def test_notebooks_in_one_kernel_share_no_names_and_read_no_file_beside_them(tmp_path: Path) -> None:
    (tmp_path / "data.txt").touch()
    first = solution(tmp_path, "01_a", "x = 1\nprint(x)", "1\n")
    second = solution(
        tmp_path, "02_b", "import os\nprint('x' in globals(), os.path.exists('data.txt'))", "False False\n"
    )
    (together,) = rerun_together([first, second])
    assert (together.name, together.verdict, together.ceiling) == ("solutions 01 to 02", "ok", 60)
    assert together.tally == Counter(passed=2)


def test_of_notebooks_in_one_kernel_the_failing_one_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = solution(tmp_path, "01_a", "print(1)", "1\n"), solution(tmp_path, "02_b", "print(1)", "2\n")

    def failing(path: Path) -> Rerun:
        failed = int(path.stem != "01_a")  # the joined notebook, and the second alone
        return Rerun(path.stem, Counter(passed=1 - failed, failed=failed), "", 1.0, 1.0, 30.0)

    monkeypatch.setattr(reruns, "rerun", failing)
    results = rerun_together([good, bad])
    assert [(each.name, each.verdict) for each in results] == [("01_a", "ok"), ("02_b", "FAILED")]
