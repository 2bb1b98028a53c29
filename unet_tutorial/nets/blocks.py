"""The convolutions of one level: a unit is a convolution, a norm and an activation; a block is a stack of units."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from unet_tutorial.nets import nd
from unet_tutorial.nets.contracts import Part, check_factory
from unet_tutorial.nets.norms import Norm, no_norm
from unet_tutorial.plan.levels import Level, Size
from unet_tutorial.plan.sizes import Padding

Act = Callable[[], nn.Module]
Block = Callable[[int, int, Level], Part]  # (in_channels, out_channels, level) -> Part
Convolution = Callable[[int, int, Size, Padding], nn.Module]  # (in_channels, out_channels, kernel, padding) -> Module


@dataclass(frozen=True)
class ConvUnit:
    """A factory of one convolution with its norm and its activation, applied in the given ``order``.

    ``unit(in_channels, out_channels, kernel)`` returns a module: (N, in, *size) -> (N, out, *size). With padding
    "valid" each axis of its output is shorter by kernel - 1. ``norm`` and ``act`` are factories, so that each layer
    has its own parameters: ``norm(channels, rank)``, where rank is the number of spatial axes, and ``act()``.
    ``conv(in_channels, out_channels, kernel, padding)`` makes the convolution, for example ``nd.conv`` or
    ``depthwise_separable``. Raises ValueError for an unknown padding or order, and if one of the factories cannot be
    called in this way. Torch's own norms cannot: the second argument of ``nn.BatchNorm2d`` is not the rank.
    """

    padding: Padding = "same"
    norm: Norm = no_norm
    act: Act = nn.ReLU
    order: tuple[str, ...] = ("conv", "norm", "act")
    conv: Convolution = nd.conv

    def __post_init__(self) -> None:
        if self.padding not in ("same", "valid"):
            raise ValueError(f"padding {self.padding!r} is unknown; write 'same' or 'valid'")
        if sorted(self.order) != ["act", "conv", "norm"]:
            raise ValueError(f"order {self.order} must hold 'conv', 'norm' and 'act' once each, in any order")
        check_factory("norm", self.norm)
        check_factory("act", self.act)
        check_factory("conv", self.conv)

    def __call__(self, in_channels: int, out_channels: int, kernel: Size) -> nn.Sequential:
        """Make one unit. Raises ValueError for an even kernel with padding "same", because it has no middle pixel."""
        if isinstance(kernel, Level):
            raise ValueError(f"{self!r} is not a block; write conv_stack(ConvUnit())")
        if self.padding == "same" and any(k % 2 == 0 for k in kernel):
            raise ValueError(f"kernel {kernel} is even and has no middle pixel; use 3 or 5, or padding 'valid'")
        normed = out_channels if self.order.index("norm") > self.order.index("conv") else in_channels
        made = {
            "conv": check_factory("conv", self.conv)(in_channels, out_channels, kernel, self.padding),
            "norm": check_factory("norm", self.norm)(normed, len(kernel)),
            "act": check_factory("act", self.act)(),
        }
        steps = [(name, made[name]) for name in self.order if not isinstance(made[name], nn.Identity)]
        return nn.Sequential(OrderedDict(steps))


def conv_stack(unit: ConvUnit, last: ConvUnit | None = None) -> Block:
    """A block of ``level.convs`` units, the first of which changes the number of channels.

    ``last`` replaces the last unit. Raises ValueError if the units differ in padding.
    """
    _check_units(unit, last or unit)

    def block(in_channels: int, out_channels: int, level: Level) -> Part:
        units = [*[unit] * (level.convs - 1), last or unit]
        return ConvStack([in_channels, *[out_channels] * level.convs], level.kernel, units)

    return block


def doubling_stack(unit: ConvUnit) -> Block:
    """A block whose last unit doubles the number of channels; the units before it have half as many.

    Source: 3D U-Net, arXiv 1606.06650, section 2. When the network is built, it raises ValueError for an odd number of
    channels.
    """
    _check_units(unit, unit)

    def block(in_channels: int, out_channels: int, level: Level) -> Part:
        if out_channels % 2:
            raise ValueError(f"{out_channels} channels: the last unit doubles their number, so it must be even")
        halves = [out_channels // 2] * (level.convs - 1)
        return ConvStack([in_channels, *halves, out_channels], level.kernel, [unit] * level.convs)

    return block


class ConvStack(Part):
    """Units in sequence: (N, widths[0], *size) -> (N, widths[-1], *size).

    With padding "valid" each unit shortens each axis by kernel - 1.
    """

    def __init__(self, widths: Sequence[int], kernel: Size, units: Sequence[ConvUnit]) -> None:
        super().__init__()
        made = [unit(a, b, kernel) for unit, (a, b) in zip(units, pairwise(widths), strict=True)]
        self.units = nn.Sequential(*made)
        self.out_channels = widths[-1]
        self.padding = units[0].padding

    def forward(self, x: Tensor) -> Tensor:
        """Apply the units one after another."""
        out: Tensor = self.units(x)
        return out


def _check_units(unit: ConvUnit, last: ConvUnit) -> None:
    for each in (unit, last):
        if not isinstance(each, ConvUnit):
            raise ValueError(f"{each!r} is not a unit of a block; write conv_stack(ConvUnit())")
    if unit.padding != last.padding:
        raise ValueError(
            f"the units of a block have padding {unit.padding!r} and {last.padding!r}; use the same padding for both"
        )
