"""A package that is missing or too old is one sentence with the command that installs it."""

from __future__ import annotations

import sys
from importlib import metadata
from types import SimpleNamespace

import pytest

from unet_tutorial import packages
from unet_tutorial.packages import package, requirements

WORDS = r"run pip install 'unet_tutorial\[export\]'$"


def test_a_missing_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ValueError, match=rf"needs onnxruntime, which cannot be imported \(.*onnxruntime.*\); {WORDS}"):
        package("onnxruntime", "export")


@pytest.mark.parametrize("version", ["1.9.0", "0.30", "1.19.2"])
def test_an_old_package_is_refused(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", SimpleNamespace(__version__=version))
    with pytest.raises(ValueError, match=rf"this needs onnxruntime>=1.20, and {version} is installed; {WORDS}"):
        package("onnxruntime", "export")


@pytest.mark.parametrize("version", ["1.20.0", "1.32", "2.0.0rc1"])
def test_a_new_package_is_used(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    new = SimpleNamespace(__version__=version)
    monkeypatch.setitem(sys.modules, "onnxruntime", new)
    assert package("onnxruntime", "export") is new


def test_a_project_that_is_not_installed_uses_the_package_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "PROJECT", "unet_tutorial_elsewhere")
    old = SimpleNamespace(__version__="1.9.0")
    monkeypatch.setitem(sys.modules, "onnxruntime", old)
    assert package("onnxruntime", "export") is old


def test_requirements_are_those_of_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["numpy>=1", "torch>=2; extra == 'new'", "zarr>=3; extra == 'old'", "numpy>=2; extra == 'new'"]
    monkeypatch.setattr(packages, "requires", lambda _name: lines)
    assert [(each.name, str(each.specifier)) for each in requirements("new")] == [("torch", ">=2"), ("numpy", ">=2")]
    monkeypatch.setattr(packages, "requires", metadata.requires)
    assert {"onnx", "onnxruntime", "onnxscript", "pyyaml"} == {each.name for each in requirements("export")}
