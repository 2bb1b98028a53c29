"""The options of a training run: each is an option of ``unet train``, and checkpoints store all of them."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

import typer

from unet_tutorial.jobs.parsing import keywords, numbers
from unet_tutorial.plan.levels import plan_for

COURSE_DATA = Path(__file__).parents[2] / "data" / "em"
# may differ when a run is resumed, for example on another machine
MAY_CHANGE = ("data", "device", "tensorboard", "accumulate")
FILES = ("data", "start_from")  # options that are paths; stored as absolute paths

# headings in the help
DATA, NETWORK, TRAINING = "Data", "Network", "Training"
AUGMENTATION, VALIDATION = "Augmentation", "Validation"


def _option(text: str, panel: str, min: int | None = None, max: int | None = None) -> Any:  # noqa: A002 (typer's names)
    """An option of the command, with its help text, under the heading ``panel``."""
    return typer.Option(help=text, rich_help_panel=panel, min=min, max=max)


@dataclass(frozen=True)
class Recipe:
    """All options of a training run. On the same machine, equal recipes give equal weights.

    ValueError for a value of another type, for a number that is not finite or outside its range, and if the options of
    a preset are given beside ``net``.
    """

    data: Annotated[
        Path,
        typer.Option(
            help="Folder with images/ and labels/, or in one of the other layouts of docs/your_own_data.md.",
            rich_help_panel=DATA,
            show_default="the micrographs of the course",  # not the path of this machine
        ),
    ] = COURSE_DATA
    labels: Annotated[
        str,
        _option(
            "Meaning of the values in the label files: classes (each pixel has one), instances (numbers of cells) "
            "or layers (one file or channel per class; classes may overlap). Default: decided from all files.",
            DATA,
        ),
    ] = ""
    classes: Annotated[
        str,
        _option(
            "Names of the classes, background first: background,nucleus; or with the values in the files: "
            "0=background,1=nucleus,5=debris.",
            DATA,
        ),
    ] = ""
    colours: Annotated[
        str,
        _option("Colour table of coloured label files: '#000000=background,#ff0000=nucleus', or a classes.json.", DATA),
    ] = ""
    unlabelled: Annotated[int | None, _option("Value of unlabelled pixels in the label files.", DATA)] = None
    channels: Annotated[
        str,
        _option("Channels of the images to use, by name or number from 0: red,green or 0,2. Default: all.", DATA),
    ] = ""
    normalise: Annotated[
        str,
        _option(
            "image: mean 0 and standard deviation 1 in each image; data: the same with the mean and standard "
            "deviation of all training images; percentile: 1st to 99th percentile become 0 to 1; none.",
            DATA,
        ),
    ] = "image"
    held_out: Annotated[
        int,
        _option(
            "Number of images at the end of the list to hold out for testing; "
            "0: the images in test/ if there are any, otherwise a fifth of all.",
            DATA,
            min=0,
        ),
    ] = 0
    split: Annotated[
        str,
        _option("ordered: test and validation images are the last of the list; random: drawn with the seed.", DATA),
    ] = "ordered"
    split_by: Annotated[
        str,
        _option(
            "Regular expression; images whose names give the same first group are never separated, such as "
            "'(.*)-[0-9]+' for the slices of a stack.",
            DATA,
        ),
    ] = ""
    folds: Annotated[int, _option("Number of folds of a cross-validation; 0: none.", DATA, min=0)] = 0
    fold: Annotated[int, _option("The fold that is held out for testing, from 1.", DATA, min=1)] = 1
    validate: Annotated[
        int,
        _option(
            "Number of images for validation, those before the test images in the list; 0: those in val/, if any.",
            VALIDATION,
            min=0,
        ),
    ] = 0
    validate_every: Annotated[int, _option("Steps between two validations.", VALIDATION, min=1)] = 50
    patience: Annotated[
        int,
        _option("Stop after this number of validations without a better mean IoU; 0: never.", VALIDATION, min=0),
    ] = 0
    preset: Annotated[
        str,
        _option(
            "paper, padded, residual, attention, unet++, unet3+, …; for volumes: unet3d, vnet, unet25d, …; "
            "unet diagram --help lists all.",
            NETWORK,
        ),
    ] = "paper"
    widths: Annotated[
        str,
        _option("Channels of each level; the paper has 64,128,256,512,1024.", NETWORK),
    ] = "16,32,64,128"
    net: Annotated[
        str,
        _option(
            "Your own network in place of a preset: package.module:build, a function or class that returns a "
            "module (imported and executed). Give it again with --resume and to unet predict.",
            NETWORK,
        ),
    ] = ""
    kwargs: Annotated[str, _option("Arguments of --net, or further ones of --preset: '{\"rank\": 3}'.", NETWORK)] = ""
    spacing: Annotated[
        str,
        _option(
            "Voxel size along each axis, such as 0.5,0.1,0.1; thick slices get planar levels (1×3×3 kernels). "
            "Only ratios matter: all other options are in voxels.",
            NETWORK,
        ),
    ] = ""
    sync_norm: Annotated[
        bool,
        typer.Option(
            "--sync-norm",
            help="With torchrun: batch norm over the tiles of all processes.",
            rich_help_panel=NETWORK,
        ),
    ] = False
    start_from: Annotated[
        str,
        _option(
            "Checkpoint whose weights the network starts from (fine-tuning); its last layer is replaced if the "
            "classes differ.",
            NETWORK,
        ),
    ] = ""
    steps: Annotated[int, _option("Optimiser steps.", TRAINING, min=1)] = 250
    extended: Annotated[str, typer.Option(hidden=True)] = ""  # steps of each extension, such as "100,50"
    batch: Annotated[int, _option("Tiles per step, those of all processes together.", TRAINING, min=1)] = 4
    accumulate: Annotated[
        int,
        _option(
            "Compute the tiles of a step in this number of parts, one after the other: less memory.", TRAINING, min=1
        ),
    ] = 1
    tile: Annotated[
        str,
        _option(
            "Input size of a tile in pixels: one side, or one per axis (16,64,64); "
            "0: a size whose output has about 112² pixels.",
            TRAINING,
        ),
    ] = "0"
    rate: Annotated[float, _option("Peak learning rate of Adam in the one-cycle schedule.", TRAINING)] = 2e-3
    loss: Annotated[
        str,
        _option(
            "cross_entropy, focal, dice, tversky, …, or a sum such as dice+0.5*focal. Default: cross_entropy, "
            "and binary_cross_entropy for layers.",
            TRAINING,
        ),
    ] = ""
    class_weights: Annotated[
        str,
        _option(
            "balanced: all classes have the same total weight in an image; none; or one number per class: 1,4,2.",
            TRAINING,
        ),
    ] = "balanced"
    w0: Annotated[float, _option("Largest border weight (w0 of equation 2); 0: none.", TRAINING)] = 10.0
    sigma: Annotated[float, _option("Width of the border weights in pixels (sigma of equation 2).", TRAINING)] = 5.0
    elastic: Annotated[
        float,
        _option(
            "Standard deviation of the elastic deformation, as a fraction of the shortest side; 0: none; paper: 0.02.",
            AUGMENTATION,
        ),
    ] = 0.0
    rotate: Annotated[float, _option("Largest random rotation in degrees; 0: only by 90°.", AUGMENTATION)] = 0.0
    scale: Annotated[
        float, _option("Largest random change of size: 0.2 makes objects up to 20 % larger or smaller.", AUGMENTATION)
    ] = 0.0
    brightness: Annotated[
        float, _option("Largest random change of brightness, in standard deviations of the images.", AUGMENTATION)
    ] = 0.1
    contrast: Annotated[float, _option("Largest random change of contrast: 0.1 is 10 %.", AUGMENTATION)] = 0.1
    gamma: Annotated[float, _option("Largest random change of gamma: 0.2 is 20 %.", AUGMENTATION)] = 0.0
    noise: Annotated[
        float, _option("Largest random noise: its standard deviation divided by that of the images.", AUGMENTATION)
    ] = 0.0
    blur: Annotated[float, _option("Largest sigma of a random Gaussian blur, in pixels.", AUGMENTATION)] = 0.0
    seed: Annotated[
        int,
        _option("Random seed of weights, tiles, augmentation, dropout and --split random.", TRAINING, min=0, max=10**9),
    ] = 0
    device: Annotated[str, _option("cpu, cuda or mps.", TRAINING)] = "cpu"
    bf16: Annotated[
        bool,
        typer.Option(
            "--bf16", help="Mixed precision (bfloat16): half the memory; faster on a GPU.", rich_help_panel=TRAINING
        ),
    ] = False

    tensorboard: Annotated[
        bool,
        typer.Option(
            "--tensorboard", help="Also write loss, rate and validation for TensorBoard.", rich_help_panel=TRAINING
        ),
    ] = False

    def __post_init__(self) -> None:
        for name, (types, option) in _types_and_options().items():
            _check(f"--{name.replace('_', '-')}", getattr(self, name), types, option)
        if min(self.cycles) < 1:
            raise ValueError(f"extended {self.extended!r}: each extension has at least 1 step; correct the recipe")
        for name in ("preset", "widths", "spacing"):
            if self.net and getattr(self, name) != getattr(Recipe, name):
                raise ValueError(f"--net {self.net}: leave out --{name}, which is for presets; use --kwargs")
        if not (math.isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"--rate {self.rate}: the learning rate must be finite and above 0; try 0.001")
        if not (math.isfinite(self.elastic) and self.elastic >= 0):
            raise ValueError(
                f"--elastic {self.elastic}: the fraction of the image's side must be finite and at least 0; "
                "try 0.02, or 0 for none"
            )
        if self.split not in ("ordered", "random"):
            raise ValueError(f"--split {self.split}: write ordered or random")
        if self.fold > 1 and not self.folds:
            raise ValueError(f"--fold {self.fold}: give the number of folds as well, such as --folds 5")
        if self.folds and not 1 <= self.fold <= self.folds:
            raise ValueError(f"--fold {self.fold}: there are {self.folds} folds, so write 1 to {self.folds}")

    def arguments(self, in_channels: int, out_channels: int) -> dict[str, Any]:
        """The keyword arguments of the preset for these numbers of channels, or those of ``net``.

        ValueError if widths or spacing are not numbers, or if ``kwargs`` is not JSON.
        """
        if self.net:
            return keywords(self.kwargs)
        widths = numbers("widths", self.widths, int, "16,32,64,128")
        given = {"in_channels": in_channels, "out_channels": out_channels, "widths": widths}
        if self.spacing:
            spacing = numbers("spacing", self.spacing, float, "0.5,0.1,0.1")
            if len(spacing) != 3:
                raise ValueError(f"spacing {self.spacing!r}: a volume has 3 axes; write 3 numbers, such as 0.5,0.1,0.1")
            given["planar"] = list(plan_for(spacing, len(widths)))
        further = keywords(self.kwargs)
        if further.keys() & given.keys():
            name = next(name for name in further if name in given)
            raise ValueError(f"--kwargs: {name} follows from the data, --widths or --spacing; leave it out")
        return given | further

    @property
    def cycles(self) -> list[int]:
        """The number of steps of the run, and of each extension; each is a cycle of the learning rate."""
        return [self.steps, *(numbers("extended", self.extended, int, "100") if self.extended else [])]

    @property
    def last_step(self) -> int:
        """The number of steps of the run with its extensions."""
        return sum(self.cycles)

    def rate_of(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        from unet_tutorial.learning.train import one_cycle

        for steps in self.cycles:
            if step < steps:
                return one_cycle(step, steps, self.rate)
            step -= steps
        raise ValueError(f"the run has {self.last_step} steps, so there is no step {step + self.last_step}")

    def extended_by(self, steps: int) -> Recipe:
        """The recipe with another cycle of that many steps at its end."""
        return replace(self, extended=",".join(map(str, [*self.cycles[1:], steps])))

    def ended_at(self, step: int) -> Recipe:
        """The recipe of a run that ended early, after so many steps, in its last cycle."""
        last = self.cycles[-1] - (self.last_step - step)
        if not self.extended:
            return replace(self, steps=last)
        return replace(self, extended=",".join(map(str, [*self.cycles[1:-1], last])))

    def notes(self) -> dict[str, Any]:
        """The recipe as a dict that JSON can hold, with absolute paths; checkpoints store it."""
        paths = {name: getattr(self, name) for name in FILES if getattr(self, name)}
        return {**asdict(self), **{name: str(Path(path).resolve()) for name, path in paths.items()}}

    @classmethod
    def from_notes(cls, notes: Any) -> Recipe:
        """The recipe that `notes` returned, also from an earlier version. ValueError for anything else."""
        try:
            # `tile` is an integer in old checkpoints
            return cls(**{**notes, "data": Path(notes["data"]), "tile": str(notes["tile"])})
        except (KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"there is no recipe of this version in it ({error}); start a new run") from error

    def changed(self, given: Recipe, names: Collection[str]) -> Recipe:
        """This recipe with the options ``names`` of another one, which the user typed."""
        return replace(self, **{name: getattr(given, name) for name in names})

    def resumed(self, notes: dict[str, Any], given: Collection[str]) -> Recipe:
        """The recipe stored in the notes of a checkpoint, for continuing its run.

        ``given`` holds the names of the options that the user typed. If data or device are among them, they are taken
        from this recipe.

        ValueError if any other typed option differs from the checkpoint, or if the notes hold no valid recipe.
        """
        kept = self.from_notes(notes.get("recipe"))
        for name in given:
            ours, theirs = getattr(self, name), getattr(kept, name)
            if name not in MAY_CHANGE and ours != theirs:
                option = f"--{name.replace('_', '-')}"
                started = "without it" if theirs in ("", None) else f"with {theirs}"
                raise ValueError(
                    f"{option} {ours}: the run was started {started}; leave the option out, or start a new run"
                )
        return kept.changed(self, [name for name in MAY_CHANGE if name in given])


WANTED = {
    int: "an integer",
    float: "a number",
    str: "a text, as on the command line",
    bool: "true or false",
    Path: "a path",
}


@cache
def _types_and_options() -> dict[str, tuple[tuple[type, ...], Any]]:
    """The types of each field, such as (int, None), and its option with the limits ``min`` and ``max``."""
    hints = get_type_hints(Recipe, include_extras=True)
    return {name: (get_args(hint.__origin__) or (hint.__origin__,), *hint.__metadata__) for name, hint in hints.items()}


def _check(name: str, value: object, types: tuple[type, ...], option: Any) -> None:
    """ValueError if a value, from a file or from Python, is none that its option on the command line accepts."""
    accepted = (*types, int) if float in types else types  # 1 stands for 1.0
    fits = isinstance(value, accepted) and (bool in types or not isinstance(value, bool))
    low, high = option.min, option.max
    if not fits or (low is not None and value < low) or (high is not None and value > high):
        limits = ("" if low is None else f" of at least {low}") + ("" if high is None else f" and at most {high}")
        raise ValueError(f"{name} {value!r}: expected {WANTED[types[0]]}{limits}")
