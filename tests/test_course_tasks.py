"""The tasks of course.py: which there are, where they run, and how they end; no environment is built here."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

import course
from tests.paths import ROOT

ECHO = f'#!{sys.executable}\nimport os, sys\nprint("ran", os.getcwd(), *sys.argv[1:])\n'


@pytest.fixture
def no_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set-up that must not happen."""
    monkeypatch.setattr(course, "ensure_environment", lambda: pytest.fail("an environment was to be made"))


@pytest.mark.usefixtures("no_set_up")
def test_an_old_python_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 12, "final", 0))
    with pytest.raises(course.SetupError, match=r"Python 3\.10 is too old; .* 3\.11 or newer"):
        course.main(["run"])


@pytest.mark.usefixtures("no_set_up")
@pytest.mark.parametrize(("arguments", "code"), [([], 0), (["--help"], 0), (["fly"], 2)])
def test_without_a_known_task_the_tasks_are_listed(
    arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert course.main(arguments) == code
    printed = capsys.readouterr().out
    assert all(f"  {task} " in printed for task in course.TASKS)
    assert ("'fly'" in printed) == (code == 2)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with course.py and an environment that is stamped, whose Python only says what it was asked to do."""
    folder = tmp_path / "a clone"
    python = folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(ECHO)
    python.chmod(0o755)
    for name in ("course.py", *course.INPUTS):
        shutil.copy(ROOT / name, folder)
    stamp = "import course; course.STAMP.write_text(course.fingerprint(), encoding='utf8')"
    subprocess.run([sys.executable, "-c", stamp], cwd=folder, check=True)
    return folder


def run(clone: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(clone / "course.py"), *arguments]
    # a shell that starts us in the background has us ignore Ctrl-C, which children inherit
    hear = None if os.name == "nt" else partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, preexec_fn=hear)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a POSIX script")
@pytest.mark.parametrize(
    ("task", "folder", "words"),
    [
        ("run", ".", "-m unet_tutorial train --steps 5"),
        ("unet", ".", "-m unet_tutorial --steps 5"),
        ("test", "a clone", "-m tests.house.suite --steps 5"),
        ("check", "a clone", "-m tests.house.suite --check --steps 5"),
        ("notebooks", "a clone", "-m unet_tutorial.teaching.lessons.execute --steps 5"),
        ("exercises", "a clone", "-m unet_tutorial.teaching.lessons.release --steps 5"),
        ("lab", "a clone", "-m jupyterlab --ServerApp.root_dir=notebooks --steps 5"),
    ],
)
def test_tasks_from_another_folder(task: str, folder: str, words: str, clone: Path, tmp_path: Path) -> None:
    done = run(clone, task, "--steps", "5", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"ran {tmp_path / folder} {words}\n"


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a POSIX script")
def test_exit_codes_pass_through_and_errors_are_one_line(clone: Path, tmp_path: Path) -> None:
    python = clone / ".venv/bin/python"
    python.write_text(f"#!{sys.executable}\nimport sys\nsys.exit(7)\n")
    assert run(clone, "run", cwd=tmp_path).returncode == 7
    (clone / "constraints.txt").unlink()
    done = run(clone, "run", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("course.py: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_exits_130_without_traceback(clone: Path) -> None:
    python = clone / ".venv/bin/python"
    python.write_text(
        f"#!{sys.executable}\nimport os, signal, sys\nos.kill(os.getppid(), signal.SIGINT)\nsys.exit(0)\n"
    )
    done = run(clone, "run", cwd=clone)
    assert (done.returncode, done.stderr) == (130, "")


def test_the_environments_own_python_does_not_remove_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(course, "VENV", Path(sys.prefix))
    monkeypatch.setattr(course, "STAMP", tmp_path / "none")
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: pytest.fail("an environment was to be removed"))
    with pytest.raises(course.SetupError, match=r"start me with another, python3 course\.py"):
        course.ensure_environment()
