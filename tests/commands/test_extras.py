"""The packages of an extra: found by their metadata; installed in the environment of the course only."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.paths import PACKAGE
from unet_tutorial import packages
from unet_tutorial.commands import extras

REQUIRED = ["numpy>=1", "torch>=999; extra == 'new'", "numpy>=1.20; extra == 'new'", "no-such-package; extra == 'new'"]


@pytest.fixture(autouse=True)
def project(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "requires", lambda _name: REQUIRED)


def test_a_package_is_missing_if_it_is_absent_or_too_old() -> None:
    assert [each.name for each in extras.missing("new")] == ["torch", "no-such-package"]


def test_an_installation_without_the_extra_is_an_old_one() -> None:
    words = r"^unet_tutorial was installed before it had the extra 'none'; run: pip install -e /.* \(python3 course"
    with pytest.raises(ValueError, match=words):
        extras.missing("none")


def test_every_extra_of_a_command_is_in_the_project() -> None:
    """So the sentence about an old installation is true."""
    project = tomllib.loads((extras.ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
    calls = [
        re.findall(r'(?:provide|missing)\("(\w+)"\)', path.read_text(encoding="utf8")) for path in PACKAGE.rglob("*.py")
    ]
    found = {extra for each in calls for extra in each}
    assert "export" in found
    assert found <= set(project["optional-dependencies"])


def test_nothing_is_installed_outside_of_the_course(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_a, **_k: pytest.fail("installed"))
    monkeypatch.setattr(extras, "ROOT", tmp_path)
    with pytest.raises(
        ValueError,
        match=r"^torch>=999, no-such-package must be installed for this; run: pip install 'unet_tutorial\[new\]'",
    ):
        extras.provide("new")


def in_the_course(monkeypatch: pytest.MonkeyPatch, folder: Path, code: int) -> list[list[str]]:
    """The process runs in the .venv of a course in this folder; pip returns ``code``. Returns pip's commands."""
    (folder / "requirements-new.txt").write_text("torch==999\n", encoding="utf8")
    monkeypatch.setattr(extras, "ROOT", folder)
    monkeypatch.setattr(sys, "prefix", str(folder / ".venv"))
    commands: list[list[str]] = []

    def run(command: list[str], **_options: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        if not code:
            monkeypatch.setattr(extras, "missing", lambda _extra: [])
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_the_course_installs_the_requirements_file_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = in_the_course(monkeypatch, tmp_path, 0)
    extras.provide("new")
    extras.provide("new")
    assert [command[-2:] for command in commands] == [["-r", "requirements-new.txt"]]
    assert "installing requirements-new.txt (torch>=999" in capsys.readouterr().err


def test_a_course_that_is_reached_by_a_symbolic_link_is_the_course(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "course" / ".venv").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "course")
    commands = in_the_course(monkeypatch, tmp_path / "course", 0)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "link" / ".venv"))
    extras.provide("new")
    assert len(commands) == 1


def test_an_installation_that_fails_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    in_the_course(monkeypatch, tmp_path, 1)
    with pytest.raises(ValueError, match=r"requirements-new\.txt could not be installed"):
        extras.provide("new")


def test_a_project_that_is_only_found_in_its_folder_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (extras, packages):
        monkeypatch.setattr(module, "PROJECT", "unet_tutorial_elsewhere")
    monkeypatch.setattr(packages, "requires", metadata.requires)
    with pytest.raises(ValueError, match=r"^unet_tutorial_elsewhere is not installed here, .*; run: pip install -e /"):
        extras.missing("scale")


def test_every_requirements_file_belongs_to_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "requires", metadata.requires)
    pinned = {path.stem.partition("-")[2]: path for path in extras.ROOT.glob("requirements-*.txt")}
    assert pinned
    for extra, path in pinned.items():
        lines = [line for line in path.read_text(encoding="utf8").splitlines() if "==" in line]
        pins = {Requirement(line).name.lower(): line.partition("==")[2] for line in lines}
        for each in (Requirement(text) for text in metadata.requires("unet_tutorial") or []):
            if each.marker and each.marker.evaluate({"extra": extra}):
                assert each.specifier.contains(pins[each.name]), (extra, each)
