"""Optional packages of a command: installed on first use in the environment of the course, and only there."""

from __future__ import annotations

import importlib
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from unet_tutorial.packages import PROJECT, installation, requirements

ROOT = Path(__file__).parents[2]


def provide(extra: str) -> None:
    """Make sure that the packages of an extra of pyproject.toml are installed, in the versions that it needs.

    In the ``.venv`` of the course they are installed from ``requirements-EXTRA.txt``, with a line on standard error.
    In any other environment nothing is installed. Raises ValueError there, and if the installation fails.
    """
    needed = missing(extra)
    if not needed:
        return
    file = ROOT / f"requirements-{extra}.txt"
    names = ", ".join(f"{requirement.name}{requirement.specifier}" for requirement in needed)
    in_course = Path(sys.prefix).resolve() == (ROOT / ".venv").resolve()  # also if it is reached by a symbolic link
    if not in_course or not file.is_file():
        raise ValueError(f"{names} must be installed for this; run: {installation(extra)}")
    print(f"unet: installing {file.name} ({names}); this happens once", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-r", file.name]
    if subprocess.run(command, cwd=ROOT, check=False).returncode or missing(extra):
        raise ValueError(f"{file.name} could not be installed (the reason is above); check the network, and try again")


def missing(extra: str) -> list[Requirement]:
    """The requirements of an extra that are not installed, or only in a version that it does not accept.

    Raises ValueError if the project was installed before it had this extra, and if Python runs it without having it
    installed.
    """
    importlib.invalidate_caches()
    try:
        needed = requirements(extra)
    except PackageNotFoundError:
        raise ValueError(f"{PROJECT} is not installed here, only found in {ROOT}; run: pip install -e {ROOT}") from None
    if not needed:
        raise ValueError(
            f"{PROJECT} was installed before it had the extra {extra!r}; run: pip install -e {ROOT} "
            "(python3 course.py unet does this by itself)"
        )
    return [each for each in needed if not _is_installed(each)]


def _is_installed(requirement: Requirement) -> bool:
    try:
        return requirement.specifier.contains(version(requirement.name), prereleases=True)
    except PackageNotFoundError:
        return False
