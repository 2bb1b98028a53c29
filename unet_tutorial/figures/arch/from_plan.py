"""The front-end for the plain U: from its plan and an input size to the same description as a trace's, without torch.

Plain means: convolutions each followed by a ReLU in place, max-pooling, transposed convolutions, concatenation; no
norm, the decoder as wide as the encoder, and numbers of 32 bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

from unet_tutorial.figures.arch.analyse import analysed
from unet_tutorial.figures.arch.ir import ArchIR, Node, Pairs, Window
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import Padding, Plan, SizeStep, size_steps, valid_sizes

FLOAT, INDEX = 4, 8  # bytes: of a number, and of the place that max-pooling keeps with it


def plan(size: Size, levels: Plan, in_channels: int = 1, out_channels: int = 2, *, padding: Padding) -> ArchIR:
    """What ``figures.trace`` finds in ``unet(in_channels, out_channels, levels, …)`` of plain parts, for one image.

    ValueError for a size that does not pass, with its valid neighbours, and for fewer than one channel.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> plan((572, 572), pyramid((64, 128, 256, 512, 1024)), padding="valid").totals["macs"]
    150428424448
    """
    for name, value in (("in_channels", in_channels), ("out_channels", out_channels)):
        if value < 1:
            raise ValueError(f"{name} = {value} is no whole number of at least 1; write for example {name}=1")
    draft = _Draft(levels, padding, out_channels)
    for step in size_steps(size, levels, padding=padding):
        draft.add(step, in_channels)
    learnt = sum(node.parameters for node in draft.nodes)
    totals = {"parameters": learnt, "parameter_bytes": FLOAT * learnt, "trainable": learnt}
    totals |= {"macs": sum(node.macs for node in draft.nodes), "peak": _peak(draft.nodes)}
    totals["saved"] = sum(node.saved for node in draft.nodes)
    valid = tuple((each.start, each.step) for each in valid_sizes(levels, padding=padding))
    return analysed(ArchIR("UNet", tuple(draft.nodes), totals=totals, valid=valid))


@dataclass
class _Draft:
    """The nodes so far, numbered as a trace numbers them; ``skips`` are the ids that wait, by level."""

    levels: Plan
    padding: Padding
    out_channels: int
    nodes: list[Node] = field(default_factory=list)
    skips: dict[int, str] = field(default_factory=dict)

    def add(self, step: SizeStep, in_channels: int) -> None:
        """What one step of the size arithmetic stands for in the network."""
        level = self.levels[step.level]
        if step.op == "input":
            self._put("", "input", "input", (), (in_channels, *step.size))
        elif step.op == "conv":
            self._convolve(self._unit(step.level), level.kernel, (level.channels, *step.size), folded=("relu_",))
        elif step.op == "head":
            self._convolve("head", (1,) * level.rank, (self.out_channels, *step.size), folded=("output",))
        elif step.op == "down":
            self.skips[step.level - 1] = self.nodes[-1].id
            self._pool(f"encoder.stages.{step.level - 1}.down.pool", step)
        elif step.op == "up":
            self._enlarge(f"{self._step(step.level)}.up", step)
        else:
            self._merge(f"{self._step(step.level)}.merge", step)

    def _step(self, level: int) -> str:
        return f"decoder.steps.{len(self.levels) - 2 - level}"

    def _unit(self, level: int) -> str:
        """Where the next convolution of this level stands among the modules."""
        before = self.nodes[-1]
        if before.op == "conv":
            block, _, number = before.path.removesuffix(".conv").rpartition(".")
            return f"{block}.{int(number) + 1}.conv"
        place = {"input": "encoder.stem", "pool": f"encoder.stages.{level - 1}.block"}
        return f"{place.get(before.op, f'{self._step(level)}.block')}.units.0.conv"

    def _put(self, path: str, op: str, kind: str, inputs: tuple[str, ...], shape: Size, **more: object) -> None:
        number = FLOAT * prod(shape)
        known: dict[str, object] = {"path": path, "bytes": number, "saved": number} | more
        self.nodes.append(Node(str(len(self.nodes)), op, kind, inputs, shape, **known))  # type: ignore[arg-type]

    def _convolve(self, path: str, kernel: Size, shape: Size, folded: tuple[str, ...]) -> None:
        before, one = self.nodes[-1], (1,) * len(kernel)
        pad = tuple((k - 1) // 2 if self.padding == "same" else 0 for k in kernel)
        each = before.channels * prod(kernel)  # multiplications for one number of the output
        more: dict[str, object] = {"parameters": shape[0] * (each + 1), "macs": prod(shape) * each, "folded": folded}
        if folded == ("output",):
            more["saved"] = 0  # no ReLU keeps it, and nothing is computed from it
        self._put(path, "conv", "convolution", (before.id,), shape, window=Window(kernel, one, pad, one, one), **more)

    def _pool(self, path: str, step: SizeStep) -> None:
        before, stride, one = self.nodes[-1], self.levels[step.level].stride, (1,) * len(step.size)
        shape = (before.channels, *step.size)
        window, number = Window(stride, stride, (0,) * len(one), one, one), (FLOAT + INDEX) * prod(shape)
        kind = f"max_pool{len(one)}d_with_indices"
        self._put(path, "pool", kind, (before.id,), shape, window=window, bytes=number, saved=number)

    def _enlarge(self, path: str, step: SizeStep) -> None:
        before, stride, one = self.nodes[-1], self.levels[step.level + 1].stride, (1,) * len(step.size)
        channels = self.levels[step.level].channels
        each, window = channels * prod(stride), Window(stride, one, (0,) * len(one), one, stride)
        own = {"parameters": before.channels * each + channels, "macs": prod(before.shape) * each, "saved": 0}
        self._put(path, "up", "convolution", (before.id,), (channels, *step.size), window=window, **own)

    def _merge(self, path: str, step: SizeStep) -> None:
        skip, up = self.nodes[int(self.skips[step.level])], self.nodes[-1]
        crop: Pairs = tuple((c, n - m - c) for n, m, c in zip(skip.size, step.size, step.crop, strict=True))
        if crop != ((0, 0),) * len(crop):
            self._put(path, "crop", "slice", (skip.id,), (skip.channels, *step.size), crop=crop, saved=0)
            skip = self.nodes[-1]
        self._put(path, "concat", "cat", (skip.id, up.id), (skip.channels + up.channels, *step.size))


def _peak(nodes: list[Node]) -> int:
    """The most bytes alive during one operation: what it reads, what it makes, and what waits for a later one.

    A crop is a view of the skip; the places of a pooling go as soon as it is done.
    """
    own = {node.id: FLOAT * prod(node.shape) for node in nodes}
    root = {node.id: node.inputs[0] if node.op == "crop" else node.id for node in nodes}
    last = {root[key]: i for i, node in enumerate(nodes) for key in node.inputs}
    alive: set[str] = set()
    most = 0
    for i, node in enumerate(nodes[1:], start=1):
        alive |= {root[key] for key in (node.id, *node.inputs)}
        places = INDEX * prod(node.shape) if node.op == "pool" else 0
        most = max(most, sum(own[key] for key in alive) + places)
        alive = {key for key in alive if last.get(key, 0) > i}
    return most
