"""What happens at one level: units of convolution, norm and activation, stacked."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from unet_tutorial.nets.levels import Level, Size
from unet_tutorial.nets.nd import Part, conv
from unet_tutorial.nets.sizes import Padding

Norm = Callable[[int, int], nn.Module]  # (channels, rank) -> Module
Block = Callable[[int, int, Level], Part]  # (in_channels, out_channels, level) -> Part

BATCH_NORM = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def no_norm(channels: int, rank: int) -> nn.Module:  # noqa: ARG001
    """The paper's choice: nothing."""
    return nn.Identity()


def batch_norm(channels: int, rank: int) -> nn.Module:
    """Mean 0 and variance 1 per channel over the batch (Ioffe & Szegedy, arXiv 1502.03167)."""
    return BATCH_NORM[rank - 1](channels)


@dataclass(frozen=True)
class ConvUnit:
    """A factory of one convolution with its norm and its activation, executed in the order it states.

    ``unit(in_channels, out_channels, kernel)`` maps (N, in, *size) to (N, out, *size), or to a size smaller by
    kernel - 1 under padding "valid". An unknown padding, an order that is not made of "conv", "norm" and "act", or
    one of torch's own classes as the norm (its second argument is no rank) is refused here, not at the first image.
    """

    padding: Padding = "same"
    norm: Norm = no_norm
    act: Callable[[], nn.Module] = nn.ReLU
    order: tuple[str, ...] = ("conv", "norm", "act")

    def __post_init__(self) -> None:
        if self.padding not in ("same", "valid"):
            raise ValueError(f"padding {self.padding!r} is unknown; write 'same' or 'valid'")
        if sorted(self.order) != ["act", "conv", "norm"]:
            raise ValueError(f"order {self.order} must hold 'conv', 'norm' and 'act' once each, in any order")
        made = self.norm.func if isinstance(self.norm, partial) else self.norm
        if isinstance(made, type) and issubclass(made, nn.Module) and made.__module__.startswith("torch."):
            raise ValueError(
                f"norm {made.__name__} would read the rank as another argument; hand in batch_norm, or a function "
                "(channels, rank) -> Module"
            )

    def __call__(self, in_channels: int, out_channels: int, kernel: Size) -> nn.Sequential:
        """One unit; ValueError for an even kernel under "same", which has no middle."""
        if self.padding == "same" and any(k % 2 == 0 for k in kernel):
            raise ValueError(f"kernel {kernel} is even and has no middle under padding 'same'; use 3 or 5, or 'valid'")
        normed = out_channels if self.order.index("norm") > self.order.index("conv") else in_channels
        made = {
            "conv": conv(in_channels, out_channels, kernel, padding=self.padding),
            "norm": self.norm(normed, len(kernel)),
            "act": self.act(),
        }
        steps = [(name, made[name]) for name in self.order if not isinstance(made[name], nn.Identity)]
        return nn.Sequential(OrderedDict(steps))


def conv_stack(unit: ConvUnit) -> Block:
    """A block of ``level.convs`` units one after another, the first of which changes the number of channels."""

    def block(in_channels: int, out_channels: int, level: Level) -> Part:
        return ConvStack(in_channels, out_channels, level, unit)

    return block


class ConvStack(Part):
    """(N, in, *size) -> (N, out, *size), shorter by ``convs · (kernel - 1)`` under padding "valid"."""

    def __init__(self, in_channels: int, out_channels: int, level: Level, unit: ConvUnit) -> None:
        super().__init__()
        widths = [in_channels, *[out_channels] * level.convs]
        self.units = nn.Sequential(*(unit(widths[i], widths[i + 1], level.kernel) for i in range(level.convs)))
        self.out_channels = out_channels
        self.padding = unit.padding

    def forward(self, x: Tensor) -> Tensor:
        """Unit after unit."""
        out: Tensor = self.units(x)
        return out
