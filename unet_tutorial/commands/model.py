"""From what the reader names to its architecture: a preset, somebody's own code, or a file of ``unet diagram``."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unet_tutorial.disk import one_line
from unet_tutorial.jobs.parsing import numbers

if TYPE_CHECKING:
    from torch import nn

    from unet_tutorial.figures.arch.ir import ArchIR

NAME = "A preset, package.module:attribute (imported and executed), or a .json of unet diagram."
INPUT = "572, 572x700, or a whole shape, 1x1x32x64x64; repeat it for several inputs, with name= for a keyword."


class RefusedError(ValueError):
    """What a command refuses with an exit code of its own."""

    def __init__(self, words: str, code: int) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True)
class Request:
    """Which network is meant, and for what input."""

    name: Annotated[str, typer.Argument(help=NAME)]
    inputs: Annotated[list[str] | None, typer.Option("--input", help=INPUT)] = None
    kwargs: Annotated[str, typer.Option(help="Arguments of the preset or the attribute, as '{\"depth\": 3}'.")] = ""
    widths: Annotated[str, typer.Option(help="Channels of each level of a preset, as 16,32,64.")] = ""

    def architecture(self) -> ArchIR:
        """Its description; ``RefusedError`` with code 2 for a bad size, 3 for what no trace can follow; ValueError."""
        if not self.name.endswith(".json"):
            return self._traced()
        if self.inputs or self.kwargs or self.widths:
            raise ValueError(f"{self.name} says all about its network; leave --input, --kwargs and --widths out")
        return read(Path(self.name))

    def _traced(self) -> ArchIR:
        from unet_tutorial.commands.example import examples, neighbours
        from unet_tutorial.figures.tracing.trace import TraceError, trace

        model = self.model()
        args, named = examples(model, self.inputs or [])
        logging.disable()  # of what fails below torch logs pages; the commands say it in a line
        try:
            with redirect_stdout(sys.stderr):  # a network may print
                return trace(model, *args, **named)
        except TraceError as error:
            raise RefusedError(str(error), 3) from error
        except ValueError as error:
            sentence = neighbours(model, args, named)
            raise RefusedError(sentence, 2) if sentence else error from error
        finally:
            logging.disable(logging.NOTSET)

    def model(self) -> nn.Module:
        """The network, on torch's meta device where its code allows that."""
        import torch

        from unet_tutorial.commands.example import undrawn

        with redirect_stdout(sys.stderr):  # what is printed here is the command's own
            build = self._builder()
            try:
                with torch.device("meta"), undrawn():
                    found = build()
            except Exception:
                found = _told(self.name, build)
        if not isinstance(found, torch.nn.Module):
            raise ValueError(f"{self.name} gives a {type(found).__name__}, and a torch nn.Module is needed")
        return found

    def _builder(self) -> Callable[[], Any]:
        from torch import nn

        kwargs = self._keywords()
        if ":" not in self.name:
            from unet_tutorial.nets.presets import build

            return partial(build, self.name, **kwargs)
        found = _told(self.name, partial(_attribute, *self.name.split(":", 1)))
        if isinstance(found, nn.Module) or not callable(found):
            if kwargs:
                raise ValueError(f"{self.name} is no function or class, so it takes no --kwargs and no --widths")
            return lambda: found
        return partial(found, **kwargs)

    def _keywords(self) -> dict[str, Any]:
        try:
            given = json.loads(self.kwargs or "{}")
        except ValueError as error:
            raise ValueError(f"--kwargs {self.kwargs!r} is no JSON ({error}); write '{{\"depth\": 3}}'") from error
        if not isinstance(given, dict):
            raise ValueError(f"--kwargs {self.kwargs!r}: names with values are needed, as '{{\"depth\": 3}}'")
        widths = {"widths": numbers("widths", self.widths, int, "16,32,64")} if self.widths else {}
        return given | widths


def read(path: Path) -> ArchIR:
    """The architecture in a .json of ``unet diagram``; ValueError, naming the file, for anything else."""
    from unet_tutorial.figures.arch.ir import from_json

    try:
        found = from_json(path.read_text(encoding="utf8"))
    except ValueError as error:  # a file that is no text among them
        raise ValueError(f"{path}: {error}") from error
    named = [*found.path, *(key for node in found.nodes for key in node.inputs)]
    named += [key for skip in found.skips for key in (skip.source, skip.target, *skip.through)]
    missing = sorted(set(named) - set(found.index))
    if missing or not found.nodes:
        raise ValueError(f"{path}: it has no map {(missing or ['at all'])[0]!r}, which it names; write it again")
    return found


def _attribute(module: str, name: str) -> Any:
    """What a module, also one in the current folder, has under a name that may hold dots."""
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _told(name: str, work: Callable[[], Any]) -> Any:
    """What somebody's code gives, or its own words in a ValueError that names it."""
    try:
        return work()
    except Exception as error:
        raise ValueError(f"{name} fails: {type(error).__name__}: {one_line(error)}") from error
