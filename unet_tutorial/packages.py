"""Packages of the extras of pyproject.toml: imported when they are needed, in the versions that the extra accepts."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, requires
from typing import Any

from packaging.requirements import Requirement

PROJECT = "unet_tutorial"


def installation(extra: str) -> str:
    """The command that installs the packages of an extra.

    >>> installation("export")
    "pip install 'unet_tutorial[export]'"
    """
    return f"pip install '{PROJECT}[{extra}]'"


def requirements(extra: str) -> list[Requirement]:
    """The requirements of an extra. Raises PackageNotFoundError if the project is not installed."""
    every = (Requirement(text) for text in requires(PROJECT) or [])
    return [each for each in every if each.marker and each.marker.evaluate({"extra": extra})]


def package(name: str, extra: str) -> Any:
    """The module ``name`` of a package of an extra.

    ValueError, with the command that installs it, if it cannot be imported, or if the requirement of the same name does
    not accept its ``__version__``.
    """
    try:
        found = import_module(name)
    except ImportError as error:
        reason = " ".join(str(error).split())
        raise ValueError(
            f"this needs {name}, which cannot be imported ({reason}); run {installation(extra)}"
        ) from error
    for each in _known(extra):
        if each.name == name and not each.specifier.contains(found.__version__, prereleases=True):
            raise ValueError(
                f"this needs {name}{each.specifier}, and {found.__version__} is installed; run {installation(extra)}"
            )
    return found


def _known(extra: str) -> list[Requirement]:
    """The requirements of an extra; none if the project is not installed, because only its metadata list them."""
    try:
        return requirements(extra)
    except PackageNotFoundError:
        return []
