"""What is put around a block: a shortcut, dropout, or forgetting what the backward pass can compute again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import ParamSpec

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.contracts import Part, out_channels_of
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.nd import conv
from unet_tutorial.plan.levels import Level

_P = ParamSpec("_P")


def residual(block: Block) -> Block:
    """The block plus a shortcut around it (He et al., arXiv 1512.03385).

    The shortcut is the input itself, through a 1×1 convolution where the channels change, cropped to what the block
    leaves. Nothing follows the sum; for units of pre-activation (arXiv 1603.05027) give ``ConvUnit`` the order
    ("norm", "act", "conv").
    """

    def wrapped(in_channels: int, out_channels: int, level: Level) -> Part:
        return Residual(in_channels, block(in_channels, out_channels, level), level)

    return wrapped


class Residual(Part):
    """(N, in, *size) -> (N, out, *what the body leaves)."""

    def __init__(self, in_channels: int, body: Part, level: Level) -> None:
        super().__init__()
        self.body = body
        self.out_channels, self.padding = out_channels_of(body), body.padding
        same = in_channels == self.out_channels
        self.shortcut = nn.Identity() if same else conv(in_channels, self.out_channels, (1,) * level.rank)

    def forward(self, x: Tensor) -> Tensor:
        """Body and shortcut, added."""
        out: Tensor = self.body(x)
        return out + center_crop(self.shortcut(x), out.shape[2:])


def dropped(block: Block, p: float = 0.5) -> Block:
    """The block with dropout after it."""

    def wrapped(in_channels: int, out_channels: int, level: Level) -> Part:
        return Dropped(block(in_channels, out_channels, level), p)

    return wrapped


class Dropped(Part):
    """The body's output; in training each value is 0 with probability p, and the others are scaled by 1 / (1 - p)."""

    def __init__(self, body: Part, p: float) -> None:
        super().__init__()
        self.body, self.dropout = body, nn.Dropout(p)
        self.out_channels, self.padding = out_channels_of(body), body.padding

    def forward(self, x: Tensor) -> Tensor:
        """Body, then dropout."""
        out: Tensor = self.dropout(self.body(x))
        return out


def checkpointed(factory: Callable[_P, Part]) -> Callable[_P, Part]:
    """The same part, of which only the inputs are kept for the backward pass; the rest is computed a second time.

    For blocks, ``checkpointed(conv_stack(unit))``, and for whole steps of a decoder with their up-sampling and
    merging, ``Decoder(…, step=checkpointed(DecoderStep))``. Outputs, gradients and running statistics are those of
    the plain part: the second computation counts into copies of the statistics (Chen et al., arXiv 1604.06174).
    """

    def wrapped(*arguments: _P.args, **options: _P.kwargs) -> Part:
        return Checkpointed(factory(*arguments, **options))

    return wrapped


class Checkpointed(Part):
    """A part whose intermediate features are not kept; shapes are those of the body."""

    def __init__(self, body: Part) -> None:
        super().__init__()
        self.body = body
        self.out_channels, self.padding, self.own_init = out_channels_of(body), body.padding, body.own_init

    def forward(self, *features: Tensor) -> Tensor:
        """The body, recomputed when gradients are asked for."""
        out: Tensor = checkpoint(self.body, *features, use_reentrant=False, context_fn=self._contexts)
        return out

    def _contexts(self) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), buffers_kept(self.body)


@contextmanager
def buffers_kept(part: nn.Module) -> Iterator[None]:
    """Inside, what passes through a part is counted in copies of its buffers; afterwards it has its own again.

    To stop the counting instead would save other tensors than the first pass did, and the backward pass compares.
    """
    owned = [(module, *named) for module in part.modules() for named in module.named_buffers(recurse=False)]
    for module, name, buffer in owned:
        setattr(module, name, buffer.clone())
    try:
        yield
    finally:
        for module, name, buffer in owned:
            setattr(module, name, buffer)
