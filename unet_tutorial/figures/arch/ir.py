"""The intermediate representation (IR) of an architecture: its feature maps, with their inputs and their costs.

``trace`` and ``arch_from_plan`` create an ``ArchIR``, ``analyse`` and ``receptive_field`` add to it, and all drawings,
tables and pages are made from it. As JSON it can be stored, compared and drawn again without running the model's code.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from dataclasses import field as dataclass_field
from functools import cached_property
from typing import Any

from unet_tutorial.plan.levels import Size

VERSION = 2
OPS = (
    "input", "conv", "linear", "pool", "up", "resize", "concat", "add", "gate", "crop", "split", "norm", "act", "view",
    "reduce", "other",
)  # fmt: skip
BLOCKS = ("attention", "excitation", "embedding")  # excitation: a gate by its own map; embedding: of a time or class
SIDES = ("enc", "bottom", "dec", "head", "skip", "")  # "": no side, for example if the network is not U-shaped

Pairs = tuple[tuple[int, int], ...]  # two numbers per spatial axis


@dataclass(frozen=True)
class Window:
    """Kernel of a convolution, pooling or resize, per axis.

    ``before`` is the padding in front of the first pixel, ``up`` the upsampling factor of a transposed convolution or
    a resize (1: none).
    """

    kernel: Size
    stride: Size
    before: Size
    dilation: Size
    up: Size


@dataclass(frozen=True)
class Node:
    """One operation and the feature map it computes.

    ``id`` is made by ``analyse`` from side, level and operation, such as enc0.conv1. ``op`` is one of ``OPS``. ``kind``
    is the name of torch's operator or function, or of the module's class; for an input, the name of the argument.
    ``inputs`` are the ids of its input maps, in argument order. ``shape`` is (C, *size), without the batch; if the
    spatial axes are unknown or there are none, ``spatial`` is False, and it is the shape of the tensor. ``path`` is
    the module's name in the model ("" if unknown); it is ignored when nodes are compared.

    ``window`` is the kernel, stride and padding of a convolution or pooling. ``crop`` holds the pixels cropped before
    and after each axis; negative numbers are padding. ``scale`` is the accumulated stride per axis, () without spatial
    axes. ``level`` is the position of this scale among all scales: 0 for the finest; ``side`` is one of ``SIDES``, such
    as the encoder. ``field`` is the receptive field: smallest and largest number of input pixels per axis.

    ``parameters`` are counted at their first use; ``macs`` are multiply-accumulates without biases; ``bytes`` is the
    size of the output; ``saved`` the bytes saved for the backward pass. ``folded`` lists the norms and activations that
    were fused into the node, and reparametrisations of its weights, such as "weight_norm".

    For a product of two maps, such as queries and keys, ``heads`` is the number of products side by side; ``tokens``
    are the pixels per axis that take part in one of them, in a window attention those of a window. They are
    0 and () if unknown. ``global_axes`` are the spatial axes along which each value depends on all pixels of the
    inputs, such as in a mean, a self-attention or a softmax over pixels.
    """

    id: str
    op: str
    kind: str
    inputs: tuple[str, ...]
    shape: Size
    path: str = dataclass_field(default="", compare=False)
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
    heads: int = 0
    tokens: Size = ()
    global_axes: Size = ()
    spatial: bool = True

    @property
    def channels(self) -> int:
        """Number of channels of the output."""
        return self.shape[0] if self.shape else 1

    @property
    def size(self) -> Size:
        """Spatial size of the output; () without spatial axes."""
        return self.shape[1:] if self.spatial else ()


@dataclass(frozen=True)
class Skip:
    """A skip connection: ids of the node where it starts, of the merge, and of the nodes in between."""

    source: str
    target: str
    through: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """Operations beside the main path that are drawn as one small block, such as a self-attention or a time embedding.

    ``kind`` is one of ``BLOCKS``; ``name`` is its text in figures, such as "self-attention, 4 heads". ``nodes`` are the
    ids of its operations, ``sources`` those of the maps that they use, and ``targets`` those of the nodes that use its
    result.
    """

    kind: str
    name: str
    nodes: tuple[str, ...]
    sources: tuple[str, ...]
    targets: tuple[str, ...]


@dataclass(frozen=True)
class ArchIR:
    """A network as data: nodes in the order of the forward pass, main path, skips, blocks beside the path, and totals.

    ``name`` is the title of figures. ``outputs`` holds the ids of the maps that the network returns, in the order in
    which it returns them. ``path`` holds the ids of the main path: from the input through the coarsest map to the
    output. It is empty if the network is not U-shaped. ``reason`` says why the network is not a plain U-Net; "" if it
    is one. ``totals`` are integers by name: parameters, parameter_bytes, trainable, macs, saved (bytes saved for the
    backward pass, dropout off), peak (largest number of bytes of maps alive at once without gradients). ``valid`` holds
    the smallest valid input size and the step to the next one, per axis; () if the network does not state its levels
    and padding.
    """

    name: str
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...] = ()
    path: tuple[str, ...] = ()
    skips: tuple[Skip, ...] = ()
    blocks: tuple[Block, ...] = ()
    reason: str = ""
    totals: dict[str, int] = dataclass_field(default_factory=dict)
    valid: Pairs = ()
    version: int = VERSION

    def node(self, key: str) -> Node:
        """The node with this id."""
        return self.index[key]

    @cached_property
    def index(self) -> dict[str, Node]:
        """Nodes by id."""
        return {node.id: node for node in self.nodes}

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The nodes of the network's inputs; those with the most axes come first."""
        return tuple(node for node in self.nodes if node.op == "input")

    @property
    def rank(self) -> int:
        """Number of spatial axes of the first input."""
        return len(self.nodes[0].size) if self.nodes else 0


def to_json(arch: ArchIR) -> str:
    """The description as JSON; the same network always gives the same text."""
    return json.dumps(asdict(arch), indent=1, ensure_ascii=False) + "\n"


def from_json(text: str) -> ArchIR:
    """The description read from the text of ``to_json``. Raises ValueError for other text or another version."""
    try:
        raw = json.loads(text)
        if raw["version"] != VERSION:
            raise ValueError(f"its version is {raw['version']}; this program reads version {VERSION}")
        nodes = tuple(_node(each) for each in raw["nodes"])
        skips = tuple(Skip(each["source"], each["target"], tuple(each["through"])) for each in raw["skips"])
        blocks = tuple(Block(**{key: _tuples(value) for key, value in each.items()}) for each in raw["blocks"])
        rest = {key: raw[key] for key in ("name", "reason", "totals")}
        rest |= {key: _tuples(raw[key]) for key in ("outputs", "path", "valid")}
        return ArchIR(nodes=nodes, skips=skips, blocks=blocks, **rest)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            f"this is not an architecture written by unet diagram ({error}); write the file again with unet diagram"
        ) from error


def _node(raw: dict[str, Any]) -> Node:
    known = {name: _tuples(raw[name]) for name in (each.name for each in fields(Node))}
    if known["window"] is not None:
        known["window"] = Window(**{key: _tuples(value) for key, value in known["window"].items()})
    return Node(**known)


def _tuples(value: Any) -> Any:
    """JSON lists as tuples, recursively."""
    return tuple(map(_tuples, value)) if isinstance(value, list) else value
