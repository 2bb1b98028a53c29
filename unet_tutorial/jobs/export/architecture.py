"""One Python file that builds a preset of this project where the project is not installed; it needs torch alone.

A package of bioimage.io names the architecture of its PyTorch weights by such a file. The file holds the text of every
module that ``nets.presets`` imports, under the name of a package of its own, so that models of several versions of this
project can be used together.
"""

from __future__ import annotations

import ast
import hashlib
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PROJECT = "unet_tutorial"
ROOT = f"{PROJECT}.nets.presets"
TEMPLATE = '''"""The network of this model. Written by unet export of {project} (MIT licence); needs torch alone.

SOURCES holds the modules of {project} that build the network. They are imported from here, and not from an
installed {project}.
"""

import importlib
import sys
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader

from torch import nn

SOURCES = {{
{sources}
}}


class Embedded(MetaPathFinder, InspectLoader):
    """Imports the modules of SOURCES."""

    def find_spec(self, fullname, path=None, target=None) -> ModuleSpec | None:
        return spec_from_loader(fullname, self) if fullname in SOURCES else None

    def get_source(self, fullname) -> str:
        return SOURCES[fullname]

    def is_package(self, fullname) -> bool:
        return any(name.startswith(f"{{fullname}}.") for name in SOURCES)


def classes(preset, **arguments) -> nn.Module:
    """The preset, followed by the softmax over the classes: normalised image -> probabilities."""
    return nn.Sequential(network(preset, arguments), nn.Softmax(1))


def layers(preset, **arguments) -> nn.Module:
    """The preset, followed by a sigmoid for each layer: normalised image -> probabilities."""
    return nn.Sequential(network(preset, arguments), nn.Sigmoid())


def network(preset, arguments) -> nn.Module:
    """The network with new weights: normalised image -> logits."""
    if not any(isinstance(finder, Embedded) for finder in sys.meta_path):
        sys.meta_path.append(Embedded())
    return importlib.import_module("{package}.nets.presets").build(preset, **arguments)
'''


@cache
def architecture_source() -> str:
    """The text of the file. Its functions ``classes`` and ``layers`` return the module that maps to probabilities."""
    found = sources()
    package = f"{PROJECT}_{hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest()[:12]}"
    word = re.compile(rf"\b{PROJECT}\b")
    renamed = {word.sub(package, name): word.sub(package, text) for name, text in sorted(found.items())}
    listed = "\n".join(f"    {name!r}: {_literal(text)}," for name, text in renamed.items())
    return TEMPLATE.format(project=PROJECT, package=package, sources=listed)


def sources() -> dict[str, str]:
    """The text of ``nets.presets`` and of every module of this project that is imported for it, by name."""
    found: dict[str, str] = {}
    left = [ROOT]
    while left:
        name = left.pop()
        if name in found:
            continue
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise ValueError(f"the source of {name} is missing; install the project with its .py files")
        found[name] = Path(spec.origin).read_text(encoding="utf8")
        left += [*_imported(found[name]), *[name.rpartition(".")[0]] * ("." in name)]
    return found


def _imported(text: str) -> list[str]:
    """The modules of this project that a module imports."""
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == PROJECT:
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            names += [node.module, *(name for name in inside if _is_module(name))]
    return names


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is no package
        return False


def _literal(text: str) -> str:
    """A text as Python writes it: readable, if it holds nothing that ends a raw string."""
    return repr(text) if "'''" in text or text.endswith(("'", "\\")) else f"r'''{text}'''"
