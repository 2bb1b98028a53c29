"""What an operation is once it is known what it does to the axes: pooling or mean, cut or choice of channels."""

from __future__ import annotations

from torch import Tensor

from unet_tutorial.figures.axes import Ratios
from unet_tutorial.figures.ir import Pairs, Window
from unet_tutorial.figures.moves import PRODUCTS
from unet_tutorial.figures.record import Op, Record


def rank_of(found: Record) -> int:
    """Number of spatial axes: of the inputs; of the convolutions, where the inputs have no axis for channels.

    ValueError for an example without a batch.
    """
    widest = max((tensor.ndim for tensor in found.inputs), default=0)
    convs = max((op.args[1].ndim - 2 for op in found.ops if op.name.endswith("convolution")), default=0)
    own = {id(tensor) for tensor in found.inputs}
    for op in found.ops:
        if op.name == "unsqueeze" and id(op.args[0]) in own and op.args[1] == 0 and 2 < widest == convs + 1:
            shape = tuple(op.args[0].shape)
            raise ValueError(f"an example {shape} without a batch came; put a 1 in front: {(1, *shape)}")
    lacks_channels = widest == convs + 1 and widest - 2 < 2
    return max(widest - 1 if lacks_channels else widest - 2, 0)


def refined(op: Op, meant: str, seen: Window | None, crop: Pairs, *, kept: bool, changed: bool) -> str:
    """One of ``ir.OPS``. ``kept``: its axes are still told apart; ``changed``: the shape is another."""
    if meant == "conv" and op.args[6]:
        return "up"
    if meant in ("crop", "split"):
        return "pool" if seen else "crop" if crop or not changed else "split"
    if meant == "reduce" or (meant == "pool" and "adaptive" in op.name):
        single = op.outs[0].numel() == op.outs[0].shape[0] * op.outs[0].shape[1] if op.outs[0].ndim > 1 else True
        whole = not kept or (meant == "pool" and single)
        return "reduce" if whole else "other" if meant == "reduce" else "pool"
    return "other" if meant == "same" else meant


def by_pixel(op: Op, main: Tensor, made: int, *, kept: bool) -> bool:
    """Whether a matrix product is the same one at every pixel: ``made`` of its factors are feature maps."""
    return op.name in PRODUCTS and kept and made == 1 and main.ndim > 1


def same_window(rank: int) -> Window:
    """Of what looks at single pixels."""
    one = (1,) * rank
    return Window(one, one, (0,) * rank, one, one)


def regridded(ratios: Ratios, rank: int) -> Window:
    """Of a view that makes channels of pixels, or pixels of channels."""
    down, up = (tuple(ratios.get(axis, (1, 1))[i] for axis in range(rank)) for i in (0, 1))
    return Window(down, down, (0,) * rank, (1,) * rank, up)
