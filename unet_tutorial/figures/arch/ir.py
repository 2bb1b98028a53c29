"""The one description that every figure and table is made from: what a network computes, map by map, with its numbers.

Front-ends write it (``plan``, ``trace``), analyses fill it in (``analyse``, ``fields``), back-ends read nothing else.
Without torch. As JSON it can be kept, compared and drawn again without running anybody's code.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from unet_tutorial.plan.levels import Size

VERSION = 1
OPS = (
    "input", "conv", "linear", "pool", "up", "resize", "concat", "add", "gate", "crop", "split", "norm", "act", "view",
    "reduce", "other",
)  # fmt: skip
SIDES = ("enc", "bottom", "dec", "head", "skip", "")  # "": no U was found, or the map is beside it

Pairs = tuple[tuple[int, int], ...]  # two numbers per spatial axis


@dataclass(frozen=True)
class Window:
    """What a convolution or pooling looks through, per axis; ``before`` is the padding in front. ``up`` is the factor
    by which a transposed convolution or a resize enlarges (1: none)."""

    kernel: Size
    stride: Size
    before: Size
    dilation: Size
    up: Size


@dataclass(frozen=True)
class Node:
    """One operation and the feature map it gives.

    ``shape`` is (C, *size), without the batch. ``inputs`` are the ids of the maps it reads, in its order. ``crop`` are
    the pixels cut off before and after each axis; negative ones are added. ``scale`` is the accumulated stride per
    axis, ``level`` its rank among the scales (0 finest). ``parameters`` are its own, counted where first used;
    ``macs`` multiply-accumulates, without biases; ``bytes`` of its output; ``saved`` bytes kept for the backward pass;
    ``field`` the smallest and largest number of input pixels that a pixel sees, per axis. ``folded`` names what was
    drawn into it: norms, activations. ``path`` is that of its module.
    """

    id: str
    op: str
    kind: str
    inputs: tuple[str, ...]
    shape: Size
    path: str = ""
    window: Window | None = None
    crop: Pairs = ()
    scale: tuple[float, ...] = ()
    level: int = 0
    side: str = ""
    parameters: int = 0
    macs: int = 0
    bytes: int = 0
    saved: int = 0
    field: Pairs = ()
    folded: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        """Of the map it gives."""
        return self.shape[0] if self.shape else 1

    @property
    def size(self) -> Size:
        """Spatial size of the map it gives."""
        return self.shape[1:]


@dataclass(frozen=True)
class Skip:
    """A connection across the U: the ids of where it starts and where it is merged, with all that lies between."""

    source: str
    target: str
    through: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArchIR:
    """A network: nodes in the order of the forward pass, the way through the U, and the totals.

    ``path`` holds the ids from the input to the output along the U, ``skips`` what crosses it. Where no U was found,
    ``path`` is empty and ``reason`` says why. ``totals`` are named whole numbers: parameters, parameter_bytes, macs,
    saved (bytes for backward, dropout off), peak (bytes of maps alive at once without gradients). ``valid`` has, for
    networks whose plan is known, the smallest valid input and the step between two, per axis.
    """

    name: str
    nodes: tuple[Node, ...]
    path: tuple[str, ...] = ()
    skips: tuple[Skip, ...] = ()
    reason: str = ""
    totals: dict[str, int] = field(default_factory=dict)
    valid: Pairs = ()
    version: int = VERSION

    def node(self, key: str) -> Node:
        """The node of this id."""
        return self.index[key]

    @property
    def index(self) -> dict[str, Node]:
        """Nodes by id."""
        return {node.id: node for node in self.nodes}

    @property
    def rank(self) -> int:
        """Number of spatial axes of its first input."""
        return len(self.nodes[0].size) if self.nodes else 0


def to_json(arch: ArchIR) -> str:
    """The description as JSON, the same text for the same network."""
    return json.dumps(asdict(arch), indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> ArchIR:
    """The description back from JSON; ValueError where the text is none, or of another version."""
    try:
        raw = json.loads(text)
        if raw["version"] != VERSION:
            raise ValueError(f"version {raw['version']}, and this program reads {VERSION}")
        nodes = tuple(_node(each) for each in raw["nodes"])
        skips = tuple(Skip(each["source"], each["target"], tuple(each["through"])) for each in raw["skips"])
        rest = {key: raw[key] for key in ("name", "reason", "totals")}
        return ArchIR(nodes=nodes, skips=skips, path=tuple(raw["path"]), valid=_tuples(raw["valid"]), **rest)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"this is no architecture written by unet diagram ({error}); write it again") from error


def _node(raw: dict[str, Any]) -> Node:
    known = {name: _tuples(raw[name]) for name in (each.name for each in fields(Node))}
    if known["window"] is not None:
        known["window"] = Window(**{key: _tuples(value) for key, value in known["window"].items()})
    return Node(**known)


def _tuples(value: Any) -> Any:
    """JSON's lists as the tuples that they were."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
