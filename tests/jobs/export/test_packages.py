"""A package that is missing or too old is one sentence with the command that installs it."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from unet_tutorial.jobs.export.packages import package

WORDS = r"run pip install -r requirements-export.txt, or pip install 'unet_tutorial\[export\]'"


def test_a_missing_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ValueError, match=f"onnxruntime is missing, and this needs it; {WORDS}"):
        package("onnxruntime")


@pytest.mark.parametrize("version", ["1.9.0", "0.30"])
def test_an_old_package_is_refused(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", SimpleNamespace(__version__=version))
    with pytest.raises(ValueError, match=f"onnxruntime {version} is too old, and at least 1.20 is needed; {WORDS}"):
        package("onnxruntime")


@pytest.mark.parametrize("version", ["1.20.0", "1.32", "2.0.0rc1"])
def test_a_new_package_is_used(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    new = SimpleNamespace(__version__=version)
    monkeypatch.setitem(sys.modules, "onnxruntime", new)
    assert package("onnxruntime") is new
