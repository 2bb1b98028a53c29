"""Description of a standard U-Net from its levels and an input size, without building it (and without torch).

Standard means: each convolution followed by an in-place ReLU, max-pooling, transposed convolutions, concatenation, no
norm, a decoder as wide as the encoder, float32.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

from unet_tutorial.figures.arch.analyse import analysed
from unet_tutorial.figures.arch.ir import ArchIR, Node, Pairs, Window
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import Padding, Plan, SizeStep, size_steps, valid_sizes

FLOAT_BYTES, INDEX_BYTES = 4, 8  # of a float32, and of the int64 index that max-pooling saves with each maximum


def arch_from_plan(
    size: Size, levels: Plan, in_channels: int = 1, out_channels: int = 2, *, padding: Padding
) -> ArchIR:
    """The description that ``trace`` returns for ``unet(in_channels, out_channels, levels, …)`` and batch size 1.

    The parts of that network are the standard ones, listed above. Nodes have no ``path``, because there are no modules.
    Raises ValueError for an invalid size, with the nearest valid ones, and for fewer than one channel.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> arch_from_plan((572, 572), pyramid((64, 128, 256, 512, 1024)), padding="valid").totals["macs"]
    150428424448
    """
    for name, value in (("in_channels", in_channels), ("out_channels", out_channels)):
        if value < 1:
            raise ValueError(f"{name} = {value}, but a network needs at least 1 channel; pass for example {name}=1")
    builder = _Builder(levels, padding, out_channels)
    for step in size_steps(size, levels, padding=padding):
        builder.add(step, in_channels)
    nodes = builder.nodes
    parameters = sum(node.parameters for node in nodes)
    totals = {
        "parameters": parameters,
        "parameter_bytes": FLOAT_BYTES * parameters,
        "trainable": parameters,
        "macs": sum(node.macs for node in nodes),
        "peak": _peak(nodes),
        "saved": sum(node.saved for node in nodes),
    }
    valid = tuple((sizes.start, sizes.step) for sizes in valid_sizes(levels, padding=padding))
    return analysed(ArchIR("UNet", tuple(nodes), (nodes[-1].id,), totals=totals, valid=valid))


@dataclass
class _Builder:
    """Collects the nodes; ids are numbers, as in a trace. ``skips``: per level, the node merged later."""

    levels: Plan
    padding: Padding
    out_channels: int
    nodes: list[Node] = field(default_factory=list)
    skips: dict[int, Node] = field(default_factory=dict)

    def add(self, step: SizeStep, in_channels: int) -> None:
        """Add the nodes of one step of the size arithmetic."""
        level = self.levels[step.level]
        if step.op == "input":
            self._append("input", "image", (), (in_channels, *step.size))
        elif step.op == "conv":
            self._convolve(level.kernel, (level.channels, *step.size), folded=("relu_",))
        elif step.op == "head":
            self._convolve((1,) * level.rank, (self.out_channels, *step.size), folded=())
        elif step.op == "down":
            self.skips[step.level - 1] = self.nodes[-1]
            self._pool(step)
        elif step.op == "up":
            self._upsample(step)
        else:
            self._merge(step)

    def _append(self, op: str, kind: str, inputs: tuple[str, ...], shape: Size, **more: object) -> None:
        size = FLOAT_BYTES * prod(shape)
        fields: dict[str, object] = {"bytes": size, "saved": size} | more
        self.nodes.append(Node(str(len(self.nodes)), op, kind, inputs, shape, **fields))  # type: ignore[arg-type]

    def _convolve(self, kernel: Size, shape: Size, folded: tuple[str, ...]) -> None:
        before, one = self.nodes[-1], (1,) * len(kernel)
        pad = tuple((k - 1) // 2 if self.padding == "same" else 0 for k in kernel)
        products = before.channels * prod(kernel)  # multiplications for one value of the output
        more: dict[str, object] = {"parameters": shape[0] * (products + 1), "macs": prod(shape) * products}
        if not folded:
            more["saved"] = 0  # neither a ReLU nor a later operation saves the output of the head
        window = Window(kernel, one, pad, one, one)
        self._append("conv", "convolution", (before.id,), shape, window=window, folded=folded, **more)

    def _pool(self, step: SizeStep) -> None:
        before, stride, one = self.nodes[-1], self.levels[step.level].stride, (1,) * len(step.size)
        shape = (before.channels, *step.size)
        window, size = Window(stride, stride, (0,) * len(one), one, one), (FLOAT_BYTES + INDEX_BYTES) * prod(shape)
        kind = f"max_pool{len(one)}d_with_indices"
        self._append("pool", kind, (before.id,), shape, window=window, bytes=size, saved=size)

    def _upsample(self, step: SizeStep) -> None:
        before, stride, one = self.nodes[-1], self.levels[step.level + 1].stride, (1,) * len(step.size)
        channels = self.levels[step.level].channels
        products, window = channels * prod(stride), Window(stride, one, (0,) * len(one), one, stride)
        own = {"parameters": before.channels * products + channels, "macs": prod(before.shape) * products, "saved": 0}
        self._append("up", "convolution", (before.id,), (channels, *step.size), window=window, **own)

    def _merge(self, step: SizeStep) -> None:
        skip, up = self.skips[step.level], self.nodes[-1]
        crop: Pairs = tuple((c, n - m - c) for n, m, c in zip(skip.size, step.size, step.crop, strict=True))
        if crop != ((0, 0),) * len(crop):
            self._append("crop", "slice", (skip.id,), (skip.channels, *step.size), crop=crop, saved=0)
            skip = self.nodes[-1]
        self._append("concat", "cat", (skip.id, up.id), (skip.channels + up.channels, *step.size))


def _peak(nodes: list[Node]) -> int:
    """The largest number of bytes alive during one operation: its inputs, its output, and maps that are used later.

    A crop is a view of the skip and takes no memory; the indices of a pooling are freed right after it.
    """
    size = {node.id: FLOAT_BYTES * prod(node.shape) for node in nodes}
    storage = {node.id: node.inputs[0] if node.op == "crop" else node.id for node in nodes}
    last_use = {storage[key]: i for i, node in enumerate(nodes) for key in node.inputs}
    alive: set[str] = set()
    most = 0
    for i, node in enumerate(nodes[1:], start=1):
        alive |= {storage[key] for key in (node.id, *node.inputs)}
        indices = INDEX_BYTES * prod(node.shape) if node.op == "pool" else 0
        most = max(most, sum(size[key] for key in alive) + indices)
        alive = {key for key in alive if last_use.get(key, 0) > i}
    return most
