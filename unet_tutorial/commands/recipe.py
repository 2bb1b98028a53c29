"""All the choices of a run: each is an option of ``unet train``, and all of them are kept in its checkpoints."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

SHIPPED = Path(__file__).parents[2] / "data" / "em"


@dataclass(frozen=True)
class Recipe:
    """What is trained on what, and how: on one machine the same recipe gives the same weights."""

    data: Annotated[Path, typer.Option(help="Folder of images/ and labels/, or that of ISBI 2012.")] = SHIPPED
    held_out: Annotated[int, typer.Option(help="Images at the end kept for testing; 0: test/, or else a fifth.")] = 0
    preset: Annotated[str, typer.Option(help="The network by name: paper.")] = "paper"
    widths: Annotated[str, typer.Option(help="Channels of each level; the paper has 64,…,1024.")] = "16,32,64,128"
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps.")] = 300
    batch: Annotated[int, typer.Option(min=1, help="Tiles per step.")] = 4
    tile: Annotated[int, typer.Option(help="Side of a tile's input; 0: the one that gives about 112 pixels.")] = 0
    rate: Annotated[float, typer.Option(help="Largest learning rate of Adam's one cycle.")] = 2e-3
    w0: Annotated[float, typer.Option(help="Height of the border weights, equation 2; 0: none.")] = 10.0
    sigma: Annotated[float, typer.Option(help="Their width in pixels.")] = 5.0
    elastic: Annotated[float, typer.Option(help="Elastic deformation: sd as a share of the side; the paper: 0.02.")] = 0.0
    seed: Annotated[int, typer.Option(min=0, help="Of weights, tiles, deformation and dropout.")] = 0
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu"

    @property
    def arguments(self) -> dict[str, Any]:
        """What the preset is called with, beside the number of classes; ValueError for widths that are no numbers."""
        try:
            return {"widths": [int(width) for width in self.widths.split(",")]}
        except ValueError as error:
            raise ValueError(f"widths {self.widths!r}: write whole numbers with commas, as in 16,32,64,128") from error

    def rate_of(self, step: int) -> float:
        """The learning rate of a step."""
        from unet_tutorial.learning.train import one_cycle

        return one_cycle(step, self.steps, self.rate)

    def notes(self) -> dict[str, Any]:
        """The recipe as a checkpoint keeps it."""
        return {key: str(value) if isinstance(value, Path) else value for key, value in asdict(self).items()}

    def resumed(self, notes: dict[str, Any]) -> Recipe:
        """The recipe of a checkpoint; ValueError if an option of this call says otherwise. The device may change."""
        kept = Recipe(**{**notes, "data": Path(notes["data"])})
        for choice in fields(Recipe):
            ours, theirs = getattr(self, choice.name), getattr(kept, choice.name)
            if choice.name != "device" and ours not in (choice.default, theirs):
                option = f"--{choice.name.replace('_', '-')}"
                raise ValueError(
                    f"{option} {ours}: the run was begun with {theirs}; leave the option out, or begin anew"
                )
        return replace(kept, device=self.device)


def with_recipe(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each field of the recipe in place of its first parameter."""

    def flat(**options: Any) -> None:
        choices = {choice.name: options.pop(choice.name) for choice in fields(Recipe)}
        command(Recipe(**choices), **options)

    hints = get_type_hints(Recipe, include_extras=True)
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]
    options = [_option(choice.name, choice.default, hints[choice.name]) for choice in fields(Recipe)]
    flat.__signature__ = inspect.Signature(options + [p.replace(kind=p.KEYWORD_ONLY) for p in own])  # type: ignore[attr-defined]
    flat.__name__, flat.__doc__ = command.__name__, command.__doc__
    return flat


def _option(name: str, default: object, annotation: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
