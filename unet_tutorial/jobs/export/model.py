"""A trained network with all that is needed to apply it, and its description in the metadata of an exported file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.images.normalisation import PERCENTILES, Normaliser
from unet_tutorial.jobs.job import BEST, CHECKPOINT
from unet_tutorial.jobs.predictor import VIEWS, Thresholds, check_task, thresholds_in
from unet_tutorial.jobs.task import Task
from unet_tutorial.learning.checkpoints import NO_BUILDERS, Builders, load
from unet_tutorial.learning.integrity import digest_of
from unet_tutorial.nets.contracts import Network
from unet_tutorial.plan.levels import Level, Size
from unet_tutorial.plan.sizes import output_size, valid_sizes

FORMAT = "unet_tutorial export 1"
PACKAGE_FORMAT = "unet_tutorial bioimageio 1"  # in a package, whose weights take a normalised image
AXES = "zyx"  # names of the spatial axes; a network of rank 2 has the last two
Entries = dict[str, str]  # the metadata of a file: texts in JSON, by name
MEANING = {  # of subtract and divide, for the methods of a normaliser whose numbers depend on the image
    "image": "subtract: the mean of each channel of the whole image; divide: its standard deviation, or 1 if it is 0",
    "percentile": "subtract: percentile {} of each channel of the whole image; divide: its percentile {} minus that, "
    "or 1 if it is 0".format(*(f"{value:g}" for value in PERCENTILES)),
    "data": "(image - subtract) / divide with the numbers of the training images; it is part of the graph",
    "none": "none",
}


@dataclass(frozen=True)
class SizeRule:
    """The image sizes that a network takes, one number per axis.

    Along each axis a size is ``smallest`` plus a multiple of ``step``, and the output is smaller by ``lost`` pixels.
    ``shift`` of them are at the start of the axis, so output pixel 0 is image pixel ``shift``.
    """

    smallest: Size
    step: Size
    lost: Size
    shift: Size

    @classmethod
    def of(cls, net: Network) -> SizeRule:
        """The rule of a network, from its plan."""
        ranges = valid_sizes(net.levels, padding=net.padding)
        smallest = tuple(valid[0] for valid in ranges)
        out = output_size(smallest, net.levels, padding=net.padding)
        lost = tuple(n - m for n, m in zip(smallest, out, strict=True))
        return cls(smallest, tuple(valid.step for valid in ranges), lost, tuple(n // 2 for n in lost))

    def size(self, *steps: int) -> Size:
        """The size with that many steps above the smallest one, along each axis."""
        return tuple(low + n * step for low, n, step in zip(self.smallest, steps, self.step, strict=True))


@dataclass(frozen=True)
class TrainedNetwork:
    """A network, the task that it was trained for, and its thresholds.

    ``thresholds`` holds those of `Predictor` by the number of views; a missing entry stands for 0.5. A network that
    `nets.presets.build` makes has a ``preset`` and ``arguments``; any other one has the name ``builder`` of the code
    that builds it, or nothing.
    """

    net: Network
    task: Task
    thresholds: Mapping[int, Thresholds] = field(default_factory=dict)
    preset: str = ""
    builder: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_task(self.task, self.net)

    @classmethod
    def from_file(cls, run: str | Path, builders: Builders = NO_BUILDERS) -> TrainedNetwork:
        """The model of a checkpoint, or of the folder of a run (its best.safetensors if there is one).

        ``builders`` are those of `Checkpoint.network`. ValueError for any other file or folder.
        """
        path = checkpoint_of(Path(run))
        kept = load(path)
        net = kept.network(builders)
        try:
            thresholds = {views: thresholds_in(kept.notes, views) for views in VIEWS}
            return cls(net, Task.from_notes(kept.notes), thresholds, kept.preset, kept.net, kept.arguments)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    @classmethod
    def of(cls, net: Network, **about: Any) -> TrainedNetwork:
        """The model of any network, whose input is not normalised unless a ``task`` says so.

        ``about`` holds further fields of `TrainedNetwork`.
        """
        names = ("background", *(f"class {i}" for i in range(1, net.out_channels)))
        scheme = LabelScheme("classes", names) if net.out_channels > 1 else LabelScheme("layers", ("foreground",))
        channels = tuple(f"channel {i}" for i in range(net.in_channels))
        return cls(**{"task": Task(scheme, channels, Normaliser("none")), **about, "net": net})

    @property
    def rank(self) -> int:
        """The number of spatial axes."""
        return self.net.levels[0].rank

    @property
    def axes(self) -> str:
        """The names of the spatial axes, one letter each."""
        return AXES[-self.rank :]

    def thresholds_of(self, views: int = 1) -> Thresholds:
        """The threshold of class 1 for a number of views, or that of each layer; () for more classes."""
        found = self.thresholds.get(views, ())
        if self.task.scheme.layered:
            return found or (0.5,) * len(self.task.classes)
        return (found or (0.5,))[:1] if self.task.binary else ()

    @property
    def digest(self) -> str:
        """SHA-256 of the weights: names, dtypes, shapes and values. Both checkpoints of a run may share it."""
        return digest_of({name: value.cpu() for name, value in self.net.state_dict().items()}, {})

    def entries(self, least: int = 0) -> Entries:
        """The description for the metadata of a file; `Description.from_entries` reads it.

        The smallest size in it is ``least`` steps above that of the network.
        """
        net, rule = self.net, SizeRule.of(self.net)
        found = {
            "format": FORMAT,
            "version": _version(),
            "digest": self.digest,
            "network": {"preset": self.preset, "builder": self.builder, "arguments": dict(self.arguments)},
            "axes": self.axes,
            "sizes": asdict(replace(rule, smallest=rule.size(*[least] * self.rank))),
            "plan": {
                "levels": [asdict(level) for level in net.levels],
                "padding": net.padding,
                "extra_reach": list(net.extra_reach),
                "in_channels": net.in_channels,
                "out_channels": net.out_channels,
            },
            "normalisation": MEANING[self.task.normaliser.method],
            "output": f"{self.probability}; mask: {self._mask()}",
            "thresholds": {str(views): list(self.thresholds_of(views)) for views in VIEWS},
            "voxel_size_um": list(self.task.spacing),
            "task": self.task.notes(),
        }
        return {name: json.dumps(value, ensure_ascii=False) for name, value in found.items()}

    @property
    def probability(self) -> str:
        """The meaning of the output ``probability``, in words."""
        activation = "sigmoid" if self.task.scheme.layered else "softmax"
        return f"probability: {activation} of the logits, one channel per class"

    def _mask(self) -> str:
        if self.task.scheme.layered:
            return "1 where the probability of a layer is above its threshold"
        return (
            "1 where the probability of class 1 is above the threshold" if self.task.binary else "the likeliest class"
        )


def _version() -> str:
    try:
        return version("unet_tutorial")
    except PackageNotFoundError:  # Python found the package in a folder
        return "not installed"


def checkpoint_of(run: Path) -> Path:
    """The checkpoint of a run: the path itself, or for a folder its best.safetensors or checkpoint.safetensors."""
    if not run.is_dir():
        return run
    found = [run / name for name in (BEST, CHECKPOINT) if (run / name).is_file()]
    if not found:
        raise ValueError(f"{run}: there is no {BEST} and no {CHECKPOINT} in this folder; pass the folder of a run")
    return found[0]


@dataclass(frozen=True)
class Description:
    """The description of an exported file: the contract of its network (see `Network`), its task and thresholds."""

    levels: tuple[Level, ...]
    padding: Any
    extra_reach: Size
    in_channels: int
    out_channels: int
    task: Task
    thresholds: Mapping[int, Thresholds]
    digest: str

    @classmethod
    def from_entries(cls, entries: Mapping[str, str]) -> Description:
        """The description that `TrainedNetwork.entries` returned. ValueError for any other metadata.

        Also for those of the weights in a package of bioimage.io, which take a normalised image in place of pixels.
        """
        if "format" not in entries:
            raise ValueError("it is no file of unet export; export the checkpoint again with unet export")
        if entries["format"] == json.dumps(PACKAGE_FORMAT):
            raise ValueError(
                "it is from a package of bioimage.io, and its graph does not normalise the pixels; "
                "export the checkpoint to an .onnx file with unet export, and pass that"
            )
        try:
            found = {name: json.loads(entries[name]) for name in ("format", "plan", "task", "thresholds", "digest")}
            if found["format"] != FORMAT:
                raise ValueError(f"its format is {str(found['format'])[:60]!r}, and this version reads {FORMAT!r}")
            plan = found["plan"]
            made = cls(
                tuple(_level(**level) for level in plan["levels"]),
                plan["padding"],
                tuple(map(int, plan["extra_reach"])),
                int(plan["in_channels"]),
                int(plan["out_channels"]),
                Task.from_notes(found),
                {int(views): tuple(map(float, values)) for views, values in found["thresholds"].items()},
                str(found["digest"]),
            )
            valid_sizes(made.levels, padding=made.padding)
            return made
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
            raise ValueError(f"the metadata are damaged ({error}); export the checkpoint again") from error


def _level(channels: int, kernel: list[int], stride: list[int], convs: int) -> Level:
    return Level(channels, tuple(kernel), tuple(stride), convs)
