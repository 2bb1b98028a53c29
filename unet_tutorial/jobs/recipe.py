"""The options of a training run: each is an option of ``unet train``, and checkpoints store all of them."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from unet_tutorial.jobs.parsing import keywords, numbers
from unet_tutorial.plan.levels import plan_for

COURSE_DATA = Path(__file__).parents[2] / "data" / "em"
CHANNELS = {"in_channels": 1, "out_channels": 2}  # of every preset: grey images, background and cell
MAY_CHANGE = ("data", "device")  # may differ when a run is resumed, for example on another machine


@dataclass(frozen=True)
class Recipe:
    """All options of a training run. On the same machine, equal recipes give equal weights.

    ValueError for a learning rate or an elastic deformation that is not finite or too small, and if the options of a
    preset are given beside ``net``.
    """

    data: Annotated[Path, typer.Option(help="Folder with images/ and labels/, or the folder of ISBI 2012.")] = (
        COURSE_DATA
    )
    held_out: Annotated[
        int,
        typer.Option(
            min=0,
            help="Number of images at the end of the list to hold out for testing; "
            "0: the images in test/ if there are any, otherwise a fifth of all.",
        ),
    ] = 0
    unlabelled: Annotated[int | None, typer.Option(help="Value of unlabelled pixels in the masks.")] = None
    preset: Annotated[
        str,
        typer.Option(
            help="paper, padded, residual, attention, unet++, unet3+, …; for volumes: unet3d, vnet, unet25d, …; "
            "unet diagram --help lists all."
        ),
    ] = "paper"
    widths: Annotated[str, typer.Option(help="Channels of each level; the paper has 64,128,256,512,1024.")] = (
        "16,32,64,128"
    )
    net: Annotated[
        str,
        typer.Option(
            help="Your own network in place of a preset: package.module:build, a function or class that returns a "
            "module for one grey channel (imported and executed). Give it again with --resume and to unet predict."
        ),
    ] = ""
    kwargs: Annotated[str, typer.Option(help="Arguments of --net: '{\"depth\": 3}'.")] = ""
    spacing: Annotated[
        str,
        typer.Option(
            help="Voxel size along each axis, such as 0.5,0.1,0.1; thick slices get planar levels (1×3×3 kernels). "
            "Only ratios matter: all other options are in voxels."
        ),
    ] = ""
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps.")] = 250
    batch: Annotated[int, typer.Option(min=1, help="Tiles per step.")] = 4
    tile: Annotated[
        str,
        typer.Option(
            help="Input size of a tile in pixels: one side, or one per axis (16,64,64); "
            "0: a size whose output has about 112² pixels."
        ),
    ] = "0"
    rate: Annotated[float, typer.Option(help="Peak learning rate of Adam in the one-cycle schedule.")] = 2e-3
    w0: Annotated[float, typer.Option(help="Largest border weight (w0 of equation 2); 0: none.")] = 10.0
    sigma: Annotated[float, typer.Option(help="Width of the border weights in pixels (sigma of equation 2).")] = 5.0
    elastic: Annotated[
        float,
        typer.Option(
            help="Standard deviation of the elastic deformation, as a fraction of the shortest side; "
            "0: none; paper: 0.02."
        ),
    ] = 0.0
    seed: Annotated[
        int, typer.Option(min=0, max=10**9, help="Random seed of weights, tiles, deformation and dropout.")
    ] = 0
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu"
    bf16: Annotated[
        bool, typer.Option("--bf16", help="Mixed precision (bfloat16): half the memory; faster on a GPU.")
    ] = False

    def __post_init__(self) -> None:
        for name in ("preset", "widths", "spacing"):
            if self.net and getattr(self, name) != getattr(Recipe, name):
                raise ValueError(f"--net {self.net}: leave out --{name}, which is for presets; use --kwargs")
        if self.kwargs and not self.net:
            raise ValueError(f"--kwargs {self.kwargs}: these are the arguments of --net, which is missing")
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"--rate {self.rate}: the learning rate must be finite and above 0; try 0.001")
        if not (math.isfinite(self.elastic) and self.elastic >= 0):
            raise ValueError(
                f"--elastic {self.elastic}: the fraction of the image's side must be finite and at least 0; "
                "try 0.02, or 0 for none"
            )

    @property
    def arguments(self) -> dict[str, Any]:
        """The keyword arguments of the preset, for grey images and two classes, or those of ``net``.

        ValueError if widths or spacing are not numbers, or if ``kwargs`` is not JSON.
        """
        if self.net:
            return keywords(self.kwargs)
        widths = numbers("widths", self.widths, int, "16,32,64,128")
        if not self.spacing:
            return {**CHANNELS, "widths": widths}
        spacing = numbers("spacing", self.spacing, float, "0.5,0.1,0.1")
        if len(spacing) != 3:
            raise ValueError(f"spacing {self.spacing!r}: a volume has 3 axes; write 3 numbers, such as 0.5,0.1,0.1")
        return {**CHANNELS, "widths": widths, "planar": list(plan_for(spacing, len(widths)))}

    def rate_of(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        from unet_tutorial.learning.train import one_cycle

        return one_cycle(step, self.steps, self.rate)

    def notes(self) -> dict[str, Any]:
        """The recipe as a dict that JSON can hold, with the absolute path of the data; checkpoints store it."""
        return {**asdict(self), "data": str(self.data.resolve())}

    def resumed(self, notes: dict[str, Any], given: Collection[str]) -> Recipe:
        """The recipe stored in the notes of a checkpoint, for continuing its run.

        ``given`` holds the names of the options that the user typed. If data or device are among them, they are taken
        from this recipe.

        ValueError if any other typed option differs from the checkpoint, or if the notes hold no valid recipe.
        """
        try:
            old = notes["recipe"]
            # `tile` is an integer in old checkpoints
            kept = Recipe(**{**old, "data": Path(old["data"]), "tile": str(old["tile"])})
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
