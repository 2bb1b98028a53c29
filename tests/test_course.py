"""The set-up and the tasks of course.py, with a replacement for the installer: no environment is created here."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

import course
from tests.paths import ROOT


class Calls:
    """Replaces course.call: records each command, creates the Python of `venv`, and fails at the given call."""

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
            course.PYTHON.touch()
        if len(self.commands) == self.fails_at:
            if self.error:
                raise self.error
            return 1
        return 0

    def count(self, word: str) -> int:
        return sum(word in command for command in self.commands)


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


def replace_pip(monkeypatch: pytest.MonkeyPatch, listed: str) -> None:
    """Replaces pip by one with this configuration, without environment variables."""
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=listed))
    for name in course.UV_NAMES:
        monkeypatch.delenv("PIP_" + name.upper().replace("-", "_"), raising=False)


def test_a_second_set_up_does_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = setup(monkeypatch, Calls())
    assert (first.count("venv"), first.count("install")) == (1, 1)
    assert first.commands[1][-5:] == ["-qq", "-r", "requirements.txt", "-e", "."]
    assert setup(monkeypatch, Calls()).commands == []
    assert (root / ".venv/course-stamp.txt").is_file()


@pytest.mark.parametrize("name", course.INPUTS)
def test_a_changed_file_updates_in_place(name: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup(monkeypatch, Calls())
    (root / name).write_text("# changed\n")
    calls = setup(monkeypatch, Calls())
    assert (calls.count("venv"), calls.count("install")) == (0, 1)
    assert setup(monkeypatch, Calls()).commands == []


def test_another_python_creates_a_new_environment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup(monkeypatch, Calls())
    (root / ".venv/leftover").touch()
    monkeypatch.setattr(sys, "version_info", (3, 99, 0, "final", 0))
    assert setup(monkeypatch, Calls()).count("venv") == 1
    assert not (root / ".venv/leftover").exists()


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_a_broken_set_up_starts_again_from_an_empty_environment(
    step: int, error: type[BaseException] | None, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(error or course.SetupError):
        setup(monkeypatch, Calls(fails_at=step, error=error))
    assert not (root / ".venv/course-stamp.txt").exists()
    assert setup(monkeypatch, Calls()).count("venv") == 1


def test_a_broken_update_leaves_no_stamp(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup(monkeypatch, Calls())
    (root / "pyproject.toml").write_text("# changed\n")
    with pytest.raises(course.SetupError, match="installation failed"):
        setup(monkeypatch, Calls(fails_at=1))
    assert setup(monkeypatch, Calls()).count("venv") == 1


def test_uv_is_used_with_the_sources_of_pip(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/opt/bin/{name}")
    replace_pip(
        monkeypatch, "global.find-links='/wheels\\n/more'\nglobal.index-url='https://a/simple'\nglobal.timeout='9'\n"
    )
    monkeypatch.setenv("UV_INDEX", "https://own")
    calls = setup(monkeypatch, Calls())
    assert calls.commands[0][:2] == ["/opt/bin/uv", "venv"]
    assert calls.commands[1][:6] == ["/opt/bin/uv", "pip", "install", "-q", "--python", str(root / ".venv/bin/python")]
    environment = calls.environments[1] or {}
    assert environment["UV_FIND_LINKS"] == "/wheels,/more"
    assert environment["UV_DEFAULT_INDEX"] == "https://a/simple"
    assert environment["UV_INDEX"] == "https://own"  # what the user set for uv stays


BEST = {"UV_INDEX_STRATEGY": "unsafe-best-match"}  # uv's default is the first source that has the package at all


@pytest.mark.parametrize(
    ("listed", "variable", "told"),
    [
        ("global.timeout='9'\n", "", {}),
        ("", "https://b https://c", {"UV_INDEX": "https://b https://c", **BEST}),  # also where there is no pip to ask
        (":env:.extra-index-url='b'\nglobal.extra-index-url='file'\n", "b", {"UV_INDEX": "b", **BEST}),
        ("global.find-links='/wheels'\n", "", {"UV_FIND_LINKS": "/wheels", **BEST}),
    ],
)
def test_uv_takes_the_best_of_several_sources_as_pip_does(
    listed: str, variable: str, told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_pip(monkeypatch, listed)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", variable)
    assert course.pip_settings() == told


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_names_its_package(missing: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del root
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == missing else ModuleType(name))
    with pytest.raises(course.SetupError, match=rf"lacks {missing}; .* sudo apt install python3\.\d+-venv"):
        setup(monkeypatch, Calls())


ECHO = f'#!{sys.executable}\nimport os, sys\nprint("ran", os.getcwd(), *sys.argv[1:])\n'


@pytest.fixture
def no_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails the test if an environment would be created."""
    monkeypatch.setattr(course, "ensure_environment", lambda: pytest.fail("an environment would be created"))


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
    """A folder with course.py and a complete environment, whose Python only prints its arguments."""
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
    # a shell that starts the tests in the background makes them and their children ignore Ctrl-C
    restore = None if os.name == "nt" else partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, preexec_fn=restore)


@pytest.mark.skipif(os.name == "nt", reason="the replacement for Python is a POSIX script")
@pytest.mark.parametrize(
    ("task", "folder", "words"),
    [
        ("run", ".", "-m unet_tutorial train --steps 5"),
        ("unet", ".", "-m unet_tutorial --steps 5"),
        ("test", "a clone", "-m tests.house.suite --steps 5"),
        ("check", "a clone", "-m tests.house.suite --check --steps 5"),
        ("notebooks", "a clone", "-m unet_tutorial.teaching.lessons.execute --steps 5"),
        ("exercises", "a clone", "-m unet_tutorial.teaching.lessons.release --steps 5"),
        ("lab", ".", "-m unet_tutorial.teaching.lab.launch --steps 5"),
    ],
)
def test_tasks_from_another_folder(task: str, folder: str, words: str, clone: Path, tmp_path: Path) -> None:
    done = run(clone, task, "--steps", "5", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"ran {tmp_path / folder} {words}\n"


@pytest.mark.skipif(os.name == "nt", reason="the replacement for Python is a POSIX script")
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
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: pytest.fail("an environment would be removed"))
    with pytest.raises(course.SetupError, match=r"use another one: python3 course\.py"):
        course.ensure_environment()
