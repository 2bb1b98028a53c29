"""Wrappers around blocks: a residual shortcut, dropout, and gradient checkpointing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import ParamSpec

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.contracts import Part, Wrapper, check_factory
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.nd import conv
from unet_tutorial.plan.levels import Level

_P = ParamSpec("_P")


def residual(block: Block) -> Block:
    """The block plus a shortcut around it (He et al., arXiv 1512.03385).

    The shortcut is the input, cropped to the size of the block's output; if the number of channels changes, a 1×1
    convolution is applied to it. No activation is applied to the sum. For pre-activation units (arXiv 1603.05027) build
    the block from ``ConvUnit(order=("norm", "act", "conv"))``.
    """
    block = check_factory("block", block)

    def wrapped(in_channels: int, out_channels: int, level: Level) -> Part:
        return Residual(in_channels, block(in_channels, out_channels, level), level)

    return wrapped


class Residual(Wrapper):
    """The block, here called body, plus its shortcut: (N, in, *size) -> (N, out, *size of the body's output)."""

    def __init__(self, in_channels: int, body: Part, level: Level) -> None:
        super().__init__(body)
        self.body = body
        same = in_channels == self.out_channels
        self.shortcut = nn.Identity() if same else conv(in_channels, self.out_channels, (1,) * level.rank)

    def forward(self, x: Tensor) -> Tensor:
        """Add body and shortcut."""
        out: Tensor = self.body(x)
        return out + center_crop(self.shortcut(x), out.shape[2:])


def dropped(block: Block, p: float = 0.5) -> Block:
    """The block followed by dropout with probability ``p``."""
    block = check_factory("block", block)

    def wrapped(in_channels: int, out_channels: int, level: Level) -> Part:
        return Dropped(block(in_channels, out_channels, level), p)

    return wrapped


class Dropped(Wrapper):
    """A block (body), then dropout.

    In training mode each value is set to 0 with probability p, and the others are multiplied by 1 / (1 - p).
    """

    def __init__(self, body: Part, p: float) -> None:
        super().__init__(body)
        self.body, self.dropout = body, nn.Dropout(p)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the body, then dropout."""
        out: Tensor = self.dropout(self.body(x))
        return out


def checkpointed(factory: Callable[_P, Part]) -> Callable[_P, Part]:
    """The same part with gradient checkpointing (Chen et al., arXiv 1604.06174).

    Only the inputs of the part are kept for the backward pass, which computes everything else a second time: less
    memory, more time. It can be used for blocks, ``checkpointed(conv_stack(unit))``, and for whole decoder steps with
    their upsampling and merging, ``Decoder(…, step=checkpointed(DecoderStep))``. Outputs and gradients equal those of
    the part itself. The running statistics are equal too, because the second computation updates copies of them.
    """
    factory = check_factory("part", factory)

    def wrapped(*arguments: _P.args, **options: _P.kwargs) -> Part:
        return Checkpointed(factory(*arguments, **options))

    return wrapped


class Checkpointed(Wrapper):
    """A part (body) whose intermediate features are recomputed in the backward pass. Shapes are those of the body."""

    def __init__(self, body: Part) -> None:
        super().__init__(body)
        self.body = body

    def forward(self, *features: Tensor) -> Tensor:
        """The body's output. The backward pass runs the body again."""
        out: Tensor = checkpoint(self.body, *features, use_reentrant=False, context_fn=self._contexts)
        return out

    def _contexts(self) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
        return nullcontext(), buffers_kept(self.body)


@contextmanager
def buffers_kept(part: nn.Module) -> Iterator[None]:
    """Inside the context, forward passes update copies of the part's buffers. At its end the part has its own again.

    The running statistics of batch norm are such buffers. Their update is not just switched off, because the second
    forward pass would then save other tensors for the backward pass than the first, and torch's checkpointing would
    raise an error.
    """
    owned = [(module, *named) for module in part.modules() for named in module.named_buffers(recurse=False)]
    for module, name, buffer in owned:
        setattr(module, name, buffer.clone())
    try:
        yield
    finally:
        for module, name, buffer in owned:
            setattr(module, name, buffer)
