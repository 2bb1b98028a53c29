"""The packages of the extra "export", imported when they are needed."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

LEAST = {"onnx": (1, 17), "onnxscript": (0, 5), "onnxruntime": (1, 20), "yaml": (6, 0)}  # versions
INSTALL = "pip install -r requirements-export.txt, or pip install 'unet_tutorial[export]'"


def package(name: str) -> Any:
    """The package of this name. ValueError, with the command that installs it, if it is missing or too old."""
    try:
        found = import_module(name)
    except ImportError as error:
        raise ValueError(f"{name} is missing, and this needs it; run {INSTALL}") from error
    version = tuple(map(int, re.findall(r"\d+", str(found.__version__))[:2]))
    if version < LEAST[name]:
        least = ".".join(map(str, LEAST[name]))
        raise ValueError(f"{name} {found.__version__} is too old, and at least {least} is needed; run {INSTALL}")
    return found
