"""The set-up of course.py, with a stand-in for the installer: no environment is built here."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import course

ROOT = Path(__file__).resolve().parents[1]
ECHO = f'#!{sys.executable}\nimport os, sys\nprint("ran", os.getcwd(), *sys.argv[1:])\n'


class Calls:
    """In place of course.call: notes each command; makes the Python that `venv` would; fails where told to."""

    def __init__(self, fails_at: int = 0, error: type[BaseException] | None = None) -> None:
        self.commands: list[list[str]] = []
        self.environments: list[dict[str, str] | None] = []
        self.fails_at, self.error = fails_at, error

    def __call__(self, command: list[str], folder: Path, env: dict[str, str] | None = None) -> int:
        del folder
        self.commands.append(command)
        self.environments.append(env)
        if "venv" in command:
            course.PYTHON.parent.mkdir(parents=True)
            course.PYTHON.write_text(ECHO)
        if len(self.commands) == self.fails_at:
            if self.error:
                raise self.error
            return 1
        return 0

    @property
    def installs(self) -> int:
        return sum("install" in command for command in self.commands)

    @property
    def makes(self) -> int:
        return sum("venv" in command for command in self.commands)


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in course.INPUTS:
        (tmp_path / name).write_text(f"# {name}\n")
    monkeypatch.setattr(course, "ROOT", tmp_path)
    monkeypatch.setattr(course, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(course, "PYTHON", tmp_path / ".venv/bin/python")
    monkeypatch.setattr(course, "STAMP", tmp_path / ".venv/course-stamp.txt")
    monkeypatch.setattr(shutil, "which", {}.get)
    return tmp_path


def setup(monkeypatch: pytest.MonkeyPatch, calls: Calls) -> Calls:
    monkeypatch.setattr(course, "call", calls)
    course.ensure_environment()
    return calls


def test_a_second_set_up_does_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = setup(monkeypatch, Calls())
    assert (first.makes, first.installs) == (1, 1)
    assert first.commands[1][-5:] == ["-qq", "-r", "requirements.txt", "-e", "."]
    assert setup(monkeypatch, Calls()).commands == []
    assert (root / ".venv/course-stamp.txt").is_file()


@pytest.mark.parametrize("name", course.INPUTS)
def test_a_changed_file_updates_in_place(name: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup(monkeypatch, Calls())
    (root / name).write_text("# changed\n")
    calls = setup(monkeypatch, Calls())
    assert (calls.makes, calls.installs) == (0, 1)
    assert setup(monkeypatch, Calls()).commands == []


def test_another_python_starts_afresh(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup(monkeypatch, Calls())
    (root / ".venv/leftover").touch()
    monkeypatch.setattr(sys, "version_info", (3, 99, 0, "final", 0))
    assert setup(monkeypatch, Calls()).makes == 1
    assert not (root / ".venv/leftover").exists()


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_a_broken_set_up_is_done_again_from_nothing(
    step: int, error: type[BaseException] | None, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(error or course.SetupError):
        setup(monkeypatch, Calls(fails_at=step, error=error))
    assert not (root / ".venv/course-stamp.txt").exists()
    assert setup(monkeypatch, Calls()).makes == 1


def test_a_broken_update_leaves_no_stamp(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup(monkeypatch, Calls())
    (root / "pyproject.toml").write_text("# changed\n")
    with pytest.raises(course.SetupError, match="installation failed"):
        setup(monkeypatch, Calls(fails_at=1))
    assert setup(monkeypatch, Calls()).makes == 1


def test_uv_is_used_and_told_where_pip_looks(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/opt/bin/{name}")
    config = (
        "global.find-links='/wheels\\n/more'\nglobal.index-url='https://a/simple'\n:env:.extra-index-url='https://b'\n"
    )
    done = subprocess.CompletedProcess([], 0, stdout=config)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    monkeypatch.setenv("UV_INDEX", "https://own")
    calls = setup(monkeypatch, Calls())
    assert calls.commands[0][:2] == ["/opt/bin/uv", "venv"]
    assert calls.commands[1][:6] == ["/opt/bin/uv", "pip", "install", "-q", "--python", str(root / ".venv/bin/python")]
    environment = calls.environments[1] or {}
    assert environment["UV_FIND_LINKS"] == "/wheels,/more"
    assert environment["UV_DEFAULT_INDEX"] == "https://a/simple"
    assert environment["UV_INDEX"] == "https://own"  # what the user set for uv stays


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_says_what_to_install(missing: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del root
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == missing else ModuleType(name))
    with pytest.raises(course.SetupError, match=rf"lacks {missing}; .* sudo apt install python3\.\d+-venv"):
        setup(monkeypatch, Calls())


def test_an_old_python_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 12, "final", 0))
    with pytest.raises(course.SetupError, match=r"Python 3\.10 is too old; .* 3\.11 or newer"):
        course.main(["run"])
    assert not (root / ".venv").exists()


@pytest.mark.parametrize(("arguments", "code"), [([], 0), (["--help"], 0), (["fly"], 2)])
def test_without_a_known_task_the_tasks_are_listed(
    arguments: list[str], code: int, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert course.main(arguments) == code
    printed = capsys.readouterr().out
    assert all(f"  {task} " in printed for task in course.TASKS)
    assert ("'fly'" in printed) == (code == 2)
    assert not (root / ".venv").exists()


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
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a POSIX script")
@pytest.mark.parametrize(
    ("task", "folder", "words"),
    [
        ("run", ".", "-m unet_tutorial train --steps 5"),
        ("unet", ".", "-m unet_tutorial --steps 5"),
        ("test", "a clone", "-m tests.suite --steps 5"),
        ("check", "a clone", "-m tests.suite --check --steps 5"),
        ("notebooks", "a clone", "-m unet_tutorial.teaching.execute --steps 5"),
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
