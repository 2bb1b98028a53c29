"""The options of a run: each is an option of ``unet train``, and checkpoints store all of them."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from unet_tutorial.jobs.parsing import numbers
from unet_tutorial.plan.levels import plan_for

COURSE_DATA = Path(__file__).parents[2] / "data" / "em"
MAY_CHANGE = ("data", "device")  # on resuming: the data may have moved, and another machine may continue


@dataclass(frozen=True)
class Recipe:
    """All options of a run. On one machine, equal recipes give equal weights.

    ValueError for a learning rate or an elastic deformation that is not finite or too small.
    """

    data: Annotated[Path, typer.Option(help="Folder with images/ and labels/, or the folder of ISBI 2012.")] = (
        COURSE_DATA
    )
    held_out: Annotated[
        int, typer.Option(min=0, help="Last images to hold out for testing; 0: those in test/, else a fifth.")
    ] = 0
    unlabelled: Annotated[int | None, typer.Option(help="Value of unlabelled pixels in the masks.")] = None
    preset: Annotated[str, typer.Option(help="paper, padded, residual, attention, released; volumes: unet3d.")] = (
        "paper"
    )
    widths: Annotated[str, typer.Option(help="Channels of each level; the paper has 64,128,256,512,1024.")] = (
        "16,32,64,128"
    )
    spacing: Annotated[
        str,
        typer.Option(
            help="Voxel size, such as 0.5,0.1,0.1: planar levels (1×3×3) for anisotropic voxels. "
            "Lengths in other options are in voxels."
        ),
    ] = ""
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps.")] = 250
    batch: Annotated[int, typer.Option(min=1, help="Tiles per step.")] = 4
    tile: Annotated[
        str, typer.Option(help="Input side of a tile in pixels, or sides: 16,64,64; 0: for about 112² output pixels.")
    ] = "0"
    rate: Annotated[float, typer.Option(help="Peak learning rate of Adam in the one-cycle schedule.")] = 2e-3
    w0: Annotated[float, typer.Option(help="Height of the border weights (equation 2); 0: none.")] = 10.0
    sigma: Annotated[float, typer.Option(help="Width of the border weights in pixels.")] = 5.0
    elastic: Annotated[
        float,
        typer.Option(help="Elastic deformation: standard deviation as a share of the shortest side; paper: 0.02."),
    ] = 0.0
    seed: Annotated[
        int, typer.Option(min=0, max=10**9, help="Random seed of weights, tiles, deformation and dropout.")
    ] = 0
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu"
    bf16: Annotated[
        bool, typer.Option("--bf16", help="Mixed precision (bfloat16): half the memory; faster on a GPU.")
    ] = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"--rate {self.rate}: the learning rate must be finite and above 0; try 0.001")
        if not (math.isfinite(self.elastic) and self.elastic >= 0):
            raise ValueError(
                f"--elastic {self.elastic}: the share of the image's side must be finite and at least 0; "
                "try 0.02, or 0 for none"
            )

    @property
    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of the preset; ValueError if widths or spacing are not numbers."""
        widths = numbers("widths", self.widths, int, "16,32,64,128")
        if not self.spacing:
            return {"widths": widths}
        spacing = numbers("spacing", self.spacing, float, "0.5,0.1,0.1")
        if len(spacing) != 3:
            raise ValueError(f"spacing {self.spacing!r}: a volume has 3 axes; write 3 numbers, as in 0.5,0.1,0.1")
        return {"widths": widths, "planar": list(plan_for(spacing, len(widths)))}

    def rate_of(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        from unet_tutorial.learning.train import one_cycle

        return one_cycle(step, self.steps, self.rate)

    def notes(self) -> dict[str, Any]:
        """The recipe as a dict for JSON, as checkpoints store it, with the absolute path of the data."""
        return {**asdict(self), "data": str(self.data.resolve())}

    def resumed(self, notes: dict[str, Any], given: Collection[str]) -> Recipe:
        """The recipe in the notes of a checkpoint, with this recipe's data and device if their names are in ``given``.

        ValueError if another option in ``given`` differs from the checkpoint, or if the notes hold no valid recipe.
        """
        try:
            old = notes["recipe"]
            kept = Recipe(
                **{**old, "data": Path(old["data"]), "tile": str(old["tile"])}
            )  # an integer in old checkpoints
        except (KeyError, TypeError) as error:
            raise ValueError(f"the checkpoint holds no recipe of this version ({error}); start a new run") from error
        for name in given:
            ours, theirs = getattr(self, name), getattr(kept, name)
            if name not in MAY_CHANGE and ours != theirs:
                option = f"--{name.replace('_', '-')}"
                raise ValueError(
                    f"{option} {ours}: the run was started with {theirs}; leave the option out, or start a new run"
                )
        return replace(kept, **{name: getattr(self, name) for name in MAY_CHANGE if name in given})
