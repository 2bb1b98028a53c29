"""The set-up of course.py, with a stand-in for the installer: no environment is built here."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import course


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


def pip_says(monkeypatch: pytest.MonkeyPatch, listed: str) -> None:
    """A pip whose settings are these, and no setting in variables."""
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


def test_another_python_starts_afresh(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setup(monkeypatch, Calls())
    (root / ".venv/leftover").touch()
    monkeypatch.setattr(sys, "version_info", (3, 99, 0, "final", 0))
    assert setup(monkeypatch, Calls()).count("venv") == 1
    assert not (root / ".venv/leftover").exists()


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_a_broken_set_up_is_done_again_from_nothing(
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


def test_uv_is_used_and_told_where_pip_looks(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/opt/bin/{name}")
    pip_says(
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
    pip_says(monkeypatch, listed)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", variable)
    assert course.pip_settings() == told


@pytest.mark.parametrize("missing", ["venv", "ensurepip"])
def test_a_python_without_venv_says_what_to_install(missing: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del root
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == missing else ModuleType(name))
    with pytest.raises(course.SetupError, match=rf"lacks {missing}; .* sudo apt install python3\.\d+-venv"):
        setup(monkeypatch, Calls())
