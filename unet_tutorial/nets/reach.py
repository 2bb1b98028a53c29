"""The reach of an encoder of another library: interval arithmetic over the operations of one pass.

The encoders of this library state their reach from their parts. For a network of another library, a pass on the meta
device records its operations, and for each of them a rule gives the pixels of the image from which its output is
computed. ``plan.receptive_field`` does the same for the convolutions of a plan.

``nets.measured`` finds the reach of whole networks by experiments. It works for any operation, but needs many passes
with values, which take seconds. Here one pass without values is enough; but the strides of the encoder must be known,
and an operation without a rule counts as one that depends on the whole image.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import Plan, along, lost

aten = torch.ops.aten
SIDES = (37, 41)  # prime numbers: the sizes of maps are multiples of them, and numbers of channels hardly ever
# besides the pointwise operations and the views, these compute each pixel from the same pixel of their inputs
SAME_PIXEL = {
    aten.cat, aten.stack, aten._unsafe_view, aten.native_batch_norm, aten._native_batch_norm_legit,
    aten._native_batch_norm_legit_no_training, aten.native_dropout, aten.pixel_shuffle, aten.pixel_unshuffle,
    aten.channel_shuffle,
}  # fmt: skip
MATRICES = {aten.mm, aten.addmm, aten.bmm, aten.baddbmm}


class Field(NamedTuple):
    """Along one axis, pixel j of a map depends on the pixels j · stride - before to j · stride + after of the image."""

    before: int
    after: int
    stride: int


Fields = tuple[Field, ...]  # one per axis


def unplanned_reach(encode: Callable[[Tensor], Sequence[Tensor]], in_channels: int, levels: Plan) -> Size | None:
    """The pixels, per side and axis, that an encoder reads in addition to those that its plan states; None if all.

    ``encode`` maps an image (N, in_channels, H, W) on the meta device to one map per level, in evaluation mode. None
    stands for a network whose features depend on the whole image, and for one with an operation that is not known here.
    Attention in windows is one of those: a feature depends on its place in the window, and so on where a tile begins.
    """
    size = [side * prod(level.stride[axis] for level in levels) for axis, side in enumerate(SIDES)]
    image = torch.empty(2, in_channels, *size, device="meta")
    with _Recording(image) as recording, torch.no_grad():
        found = [recording.fields_of_map(x) for x in encode(image)]
    reach = []
    for axis in range(len(size)):
        planned = planned_fields(along(axis, levels))
        longer = [(ours[axis], plan) for ours, plan in zip(found, planned, strict=True) if ours is not None]
        if len(longer) < len(levels):
            return None
        reach.append(max(0, *(max(a.before - b.before, a.after - b.after) for a, b in longer)))
    return tuple(reach)


def planned_fields(levels: Plan) -> list[Field]:
    """The field of each level's map in an encoder of this plan, along the only axis of the levels.

    >>> from unet_tutorial.plan.levels import pyramid
    >>> planned_fields(pyramid((8, 16), rank=1))
    [Field(before=2, after=2, stride=1), Field(before=6, after=7, stride=2)]
    """
    fields: list[Field] = []
    for i in range(len(levels)):
        before, after, stride = 0, 0, 1
        for level in reversed(levels[: i + 1]):
            half, step = lost(level, "valid")[0] // 2, level.stride[0]
            before, after, stride = (before + half) * step, (after + half) * step + step - 1, stride * step
        fields.append(Field(before, after, stride))
    return fields


class _Recording(TorchDispatchMode):
    """Computes the fields of every tensor of a pass; None for those that depend on the whole image."""

    def __init__(self, image: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.size = tuple(image.shape[2:])
        # by memory, because views and in-place operations share it; tensors are kept, so that no memory is used twice
        self.known: dict[int, tuple[Tensor, Fields | None]] = {}
        self._set(image, tuple(Field(0, 0, 1) for _ in self.size))

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operation, and compute the fields of its outputs from those of its inputs."""
        out = func(*args, **(kwargs or {}))
        inputs = [
            leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor) and _memory(leaf) in self.known
        ]
        if inputs:
            found = [self.known[_memory(x)][1] for x in inputs]
            fields = None if None in found else self._after(func, args, _united(found), inputs)
            for x in tree_leaves(out):
                if isinstance(x, Tensor):
                    self._set(x, fields)
        return out

    def fields_of_map(self, x: Tensor) -> Fields | None:
        """The fields of a map (N, C, *size); its strides follow from its size.

        If they are larger than those of the operations, pixels were rearranged into channels, and each pixel covers
        several earlier ones.
        """
        fields = self.known[_memory(x)][1]
        if fields is None:
            return None
        strides = [round(n / m) for n, m in zip(self.size, x.shape[2:], strict=True)]
        pairs = zip(fields, strides, strict=True)
        return tuple(Field(f.before, f.after + max(0, s - f.stride), s) for f, s in pairs)

    def _set(self, x: Tensor, fields: Fields | None) -> None:
        _, old = self.known.get(_memory(x), (x, fields))
        self.known[_memory(x)] = x, None if old is None or fields is None else _united([old, fields])

    def _after(self, func: Any, args: Any, fields: Fields, inputs: list[Tensor]) -> Fields | None:
        """The fields of the output of an operation whose inputs together have these fields."""
        op, named = func.overloadpacket, {a.name: value for a, value in zip(func._schema.arguments, args, strict=False)}
        if op in NEIGHBOURS:
            of_map = self.fields_of_map(inputs[0])
            return NEIGHBOURS[op](of_map, named) if of_map and len(inputs) == 1 else None
        if op in MATRICES:  # the sum must not be over pixels; and in attention, both are computed from the image
            return fields if len(inputs) == 1 and not _spatial(args[-2].shape[-1]) else None
        if op is aten.native_layer_norm:
            return None if any(map(_spatial, args[1])) else fields
        if op is aten.slice and named.get("start"):  # pixel j is pixel j + start
            sliced, start = args[0].shape[named["dim"]], named["start"]
            pairs = zip(fields, SIDES, strict=True)
            return tuple(f._replace(after=f.after + start * f.stride) if sliced % side == 0 else f for f, side in pairs)
        if named.get("training"):  # a batch norm that uses the statistics of its input, such as an instance norm
            return None
        return fields if op in SAME_PIXEL or func.is_view or torch.Tag.pointwise in func.tags else None


def _window(fields: Fields, named: dict[str, Any]) -> Fields | None:
    """A convolution or pooling: pixel j is computed from ``kernel`` pixels, the first one at j · stride - padding."""
    if named.get("transposed"):
        return None
    kernel = named["weight"].shape[2:] if "weight" in named else named["kernel_size"]
    options = [kernel, named.get("stride") or kernel, named.get("padding", 0), named.get("dilation", 1)]
    per_axis = zip(*([each] * len(fields) if isinstance(each, int) else each for each in options), strict=True)
    return tuple(
        Field(f.before + p * f.stride, f.after + ((k - 1) * d - p) * f.stride, f.stride * s)
        for f, (k, s, p, d) in zip(fields, per_axis, strict=True)
    )


def _padded(fields: Fields, named: dict[str, Any]) -> Fields | None:
    """Pixel j is pixel j - padding; ``pad`` holds two numbers per axis, those of the last axis first."""
    pad = named["pad"] if "pad" in named else named["padding"]
    if len(pad) > 2 * len(fields):  # channels last, before a division into windows
        return None
    before = [0] * (len(fields) - len(pad) // 2) + list(pad[-2::-2])
    pairs = zip(fields, before, strict=True)
    return tuple(Field(f.before + n * f.stride, f.after - n * f.stride, f.stride) for f, n in pairs)


def _upsampled(fields: Fields, named: dict[str, Any]) -> Fields:  # noqa: ARG001
    """Each pixel is computed from the coarse one that contains it, and at most from the two neighbours of that one."""
    return tuple(f._replace(before=f.before + 2 * f.stride, after=f.after + f.stride) for f in fields)


NEIGHBOURS: dict[Any, Callable[..., Fields | None]] = {
    aten.convolution: _window,
    aten.max_pool2d_with_indices: _window,
    aten.avg_pool2d: _window,
    aten.constant_pad_nd: _padded,
    aten.reflection_pad2d: _padded,
    aten.replication_pad2d: _padded,
    aten.upsample_nearest2d: _upsampled,
    aten.upsample_bilinear2d: _upsampled,
}


def _memory(x: Tensor) -> int:
    return int(x.untyped_storage()._cdata)


def _united(found: Sequence[Any]) -> Fields:
    """The smallest fields that contain all of these."""
    return tuple(Field(*map(max, zip(*axis, strict=True))) for axis in zip(*found, strict=True))


def _spatial(size: int) -> bool:
    """Whether an axis of this size runs over pixels."""
    return any(size % side == 0 for side in SIDES)
