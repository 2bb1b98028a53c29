"""The network given on the command line: a preset, the user's own code, or a file written by ``unet diagram``."""

from __future__ import annotations

import importlib
import logging
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unet_tutorial.disk import one_line
from unet_tutorial.jobs.parsing import keywords, numbers

if TYPE_CHECKING:
    from torch import nn

    from unet_tutorial.figures.arch.ir import ArchIR
    from unet_tutorial.learning.checkpoints import Builders

NAME = (
    "A preset, package.module:attribute (imported and executed), a .json written by unet diagram, an .onnx file, or a "
    ".safetensors checkpoint."
)
INPUT = (
    "The image: 572, 572x700, or a whole shape such as 1x1x32x64x64. Once more per further input, as a whole shape: "
    "1x128, 1, scalar; t=1 for a keyword argument, 1:int64 for another dtype, pair.0=… and pair.1=… for a list, "
    "batch.image=… for a dict."
)


class ExitCodeError(ValueError):
    """A ValueError for which the command exits with this code instead of 1."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class NetworkOptions:
    """The options that choose a network and its input."""

    name: Annotated[str, typer.Argument(help=NAME)]
    inputs: Annotated[list[str] | None, typer.Option("--input", help=INPUT)] = None
    kwargs: Annotated[str, typer.Option(help="Arguments of the preset or attribute: '{\"in_channels\": 3}'.")] = ""
    widths: Annotated[str, typer.Option(help="Channels of each level of a preset, such as 16,32,64.")] = ""

    def architecture(self) -> ArchIR:
        """The network's architecture.

        Raises ExitCodeError with code 2 for an invalid input size and with code 3 for a network that cannot be traced;
        ValueError for every other mistake of the user.
        """
        if self.name.endswith(".onnx"):
            return self._from_onnx()
        if not self.name.endswith(".json"):
            return self._traced()
        if self.inputs or self.kwargs or self.widths:
            raise ValueError(f"{self.name} describes its network completely; leave out --input, --kwargs and --widths")
        return read_architecture(Path(self.name))

    def _from_onnx(self) -> ArchIR:
        from unet_tutorial.commands.example import whole_shape
        from unet_tutorial.figures.tracing.onnx_graph import arch_from_onnx

        if self.kwargs or self.widths:
            raise ValueError(f"{self.name} holds a finished network; leave out --kwargs and --widths")
        given = [(text.rpartition("=")[0], whole_shape(text.rpartition("=")[2], text)) for text in self.inputs or []]
        named = {name: shape for name, shape in given if name}
        return arch_from_onnx(self.name, *(shape for name, shape in given if not name), **named)

    def _traced(self) -> ArchIR:
        from unet_tutorial.commands.example import InvalidSizeError, traced
        from unet_tutorial.figures.tracing.refusals import TraceError

        model = self.model()
        logging.disable()  # torch logs many lines for an error below, which the command prints as one
        try:
            with redirect_stdout(sys.stderr):  # a network may print
                return traced(model, self.inputs or [])
        except InvalidSizeError as error:
            raise ExitCodeError(str(error), 2) from error
        except TraceError as error:
            raise ExitCodeError(str(error), 3) from error
        finally:
            logging.disable(logging.NOTSET)

    def model(self) -> nn.Module:
        """The network, on torch's meta device if its code can be built there."""
        import torch

        from unet_tutorial.commands.example import without_init

        with redirect_stdout(sys.stderr):  # the standard output holds only the command's result
            build = self._builder()
            try:
                with torch.device("meta"), without_init():
                    found = build()
            except Exception:
                found = _with_name_in_errors(self.name, build)
        if not isinstance(found, torch.nn.Module):
            raise ValueError(
                f"{self.name}: expected a torch nn.Module or code that returns one, got {type(found).__name__}"
            )
        return found

    def _builder(self) -> Callable[[], Any]:
        from torch import nn

        kwargs = self._keywords()
        if self.name.endswith(".safetensors"):
            from unet_tutorial.learning.checkpoints import load

            if kwargs:
                raise ValueError(f"{self.name} describes its network completely; leave out --kwargs and --widths")
            network = load(self.name).network()
            return lambda: network
        if ":" not in self.name:
            from unet_tutorial.nets.presets import build

            return partial(build, self.name, **kwargs)
        found = imported(self.name)
        if isinstance(found, nn.Module) or not callable(found):
            if kwargs:
                raise ValueError(f"{self.name} is not a function or class, so it takes no --kwargs and no --widths")
            return lambda: found
        return partial(found, **kwargs)

    def _keywords(self) -> dict[str, Any]:
        widths = {"widths": numbers("widths", self.widths, int, "16,32,64")} if self.widths else {}
        return keywords(self.kwargs) | widths


def imported(name: str) -> Any:
    """The object ``package.module:attribute``. ValueError, with the name, for an import that fails."""
    return _with_name_in_errors(name, partial(_attribute, *name.split(":", 1)))


def builders(name: str) -> Builders:
    """The user's network for ``unet train --net`` and ``unet predict --net``, by its name; {} for an empty name.

    It is imported at once. When it is built, a module that is no ``Network`` is adopted (``nets.adopt``). ValueError
    for a name without a colon, for an import or a call that fails, and for any other object than a module.
    """
    from torch import nn

    from unet_tutorial.nets.adopt import adopt
    from unet_tutorial.nets.contracts import Network

    if not name:
        return {}
    if ":" not in name:
        raise ValueError(f"--net {name!r}: write package.module:build, where build returns the network")
    found = imported(name)

    def build(**kwargs: Any) -> Network:
        made = found
        if not isinstance(found, nn.Module):
            made = _with_name_in_errors(name, partial(found, **kwargs))
        elif kwargs:
            raise ValueError(f"{name} is not a function or class, so it takes no --kwargs")
        if isinstance(made, Network):
            return made
        with warnings.catch_warnings(record=True) as found_warnings:
            adopted = adopt(made)
        for each in found_warnings:
            print(f"unet: {each.message}", file=sys.stderr)
        return adopted

    return {name: build}


def read_architecture(path: Path) -> ArchIR:
    """The architecture in a .json written by ``unet diagram``. Raises ValueError for any other file."""
    from unet_tutorial.figures.arch.ir import from_json

    try:
        found = from_json(path.read_text(encoding="utf8"))
    except ValueError as error:  # also if the file is not text
        raise ValueError(f"{path}: {error}") from error
    used = [*found.path, *(key for node in found.nodes for key in node.inputs)]
    used += [key for skip in found.skips for key in (skip.source, skip.target, *skip.through)]
    missing = sorted(set(used) - set(found.index))
    if missing or not found.nodes:
        problem = f"the map {missing[0]!r}, which it refers to, is missing" if missing else "it has no maps"
        raise ValueError(f"{path}: {problem}; write the file again with unet diagram")
    return found


def _attribute(module: str, name: str) -> Any:
    """The attribute of a module, which may be in the current folder; ``name`` may have dots."""
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _with_name_in_errors(name: str, call: Callable[[], Any]) -> Any:
    """The result of the user's code; any exception becomes a ValueError that begins with ``name``."""
    try:
        return call()
    except Exception as error:
        raise ValueError(f"{name} fails: {type(error).__name__}: {one_line(error, 600)}") from error
