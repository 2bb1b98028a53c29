"""All the choices of a run: each is an option of ``unet train``, and all of them are kept in its checkpoints."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from unet_tutorial.jobs.parsing import numbers
from unet_tutorial.plan.levels import plan_for

SHIPPED = Path(__file__).parents[2] / "data" / "em"
MAY_CHANGE = ("data", "device")  # on resuming: the data may have moved, and another machine may go on


@dataclass(frozen=True)
class Recipe:
    """What is trained on what, and how: on one machine the same recipe gives the same weights."""

    data: Annotated[Path, typer.Option(help="Folder of images/ and labels/, or that of ISBI 2012.")] = SHIPPED
    held_out: Annotated[int, typer.Option(min=0, help="Last images kept for testing; 0: test/, else a fifth.")] = 0
    unlabelled: Annotated[int | None, typer.Option(help="The value of masks where nobody has labelled.")] = None
    preset: Annotated[str, typer.Option(help="paper, padded, residual, attention, released; volumes: unet3d.")] = (
        "paper"
    )
    widths: Annotated[str, typer.Option(help="Channels of each level; the paper has 64,…,1024.")] = "16,32,64,128"
    spacing: Annotated[
        str,
        typer.Option(help="Voxel size, as 0.5,0.1,0.1: flat levels where slices lie apart. The rest counts voxels."),
    ] = ""
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps.")] = 250
    batch: Annotated[int, typer.Option(min=1, help="Tiles per step.")] = 4
    tile: Annotated[str, typer.Option(help="Side of a tile's input, or sides: 16,64,64; 0: about 112² pixels out.")] = (
        "0"
    )
    rate: Annotated[float, typer.Option(help="Largest learning rate of Adam's one cycle.")] = 2e-3
    w0: Annotated[float, typer.Option(help="Height of the border weights, equation 2; 0: none.")] = 10.0
    sigma: Annotated[float, typer.Option(help="Their width in pixels.")] = 5.0
    elastic: Annotated[
        float, typer.Option(help="Elastic deformation: sd as a share of the shortest side; paper: 0.02.")
    ] = 0.0
    seed: Annotated[int, typer.Option(min=0, max=10**9, help="Of weights, tiles, deformation and dropout.")] = 0
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu"
    bf16: Annotated[bool, typer.Option("--bf16", help="Mixed precision: half the memory; quicker on a GPU.")] = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"--rate {self.rate}: a learning rate is a number above 0; try 0.001")
        if not (math.isfinite(self.elastic) and self.elastic >= 0):
            raise ValueError(f"--elastic {self.elastic}: a share of the image's side is needed, 0 for none; try 0.02")

    @property
    def arguments(self) -> dict[str, Any]:
        """What the preset is called with; ValueError for widths and spacings that are no numbers."""
        widths = numbers("widths", self.widths, int, "16,32,64,128")
        if not self.spacing:
            return {"widths": widths}
        spacing = numbers("spacing", self.spacing, float, "0.5,0.1,0.1")
        if len(spacing) != 3:
            raise ValueError(f"spacing {self.spacing!r}: a volume has 3 axes; write 3 numbers, as in 0.5,0.1,0.1")
        return {"widths": widths, "planar": list(plan_for(spacing, len(widths)))}

    @property
    def words(self) -> str:
        """Its options as they are typed, where they are not the defaults; data, length and rate left out."""
        odd = [each.name for each in fields(self) if getattr(self, each.name) != each.default]
        shown = [(name.replace("_", "-"), getattr(self, name)) for name in odd if name not in ("data", "steps", "rate")]
        return "".join(f" --{name}" if value is True else f" --{name} {value}" for name, value in shown)

    def rate_of(self, step: int) -> float:
        """The learning rate of a step."""
        from unet_tutorial.learning.train import one_cycle

        return one_cycle(step, self.steps, self.rate)

    def notes(self) -> dict[str, Any]:
        """The recipe as a checkpoint keeps it, with the whole path of the data."""
        return {**asdict(self), "data": str(self.data.resolve())}

    def resumed(self, notes: dict[str, Any], given: Collection[str]) -> Recipe:
        """The recipe of a checkpoint's notes; ValueError if an option ``given`` in this call says otherwise."""
        try:
            old = notes["recipe"]
            kept = Recipe(**{**old, "data": Path(old["data"]), "tile": str(old["tile"])})  # once a whole number
        except (KeyError, TypeError) as error:
            raise ValueError(f"the checkpoint holds no recipe of this version ({error}); begin a new run") from error
        for name in given:
            ours, theirs = getattr(self, name), getattr(kept, name)
            if name not in MAY_CHANGE and ours != theirs:
                option = f"--{name.replace('_', '-')}"
                raise ValueError(f"{option} {ours}: the run was begun with {theirs}; leave it out, or begin anew")
        return replace(kept, **{name: getattr(self, name) for name in MAY_CHANGE if name in given})
