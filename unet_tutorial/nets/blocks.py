"""What happens at one level: units of convolution, norm and activation, stacked."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from torch import Tensor, nn

from unet_tutorial.nets.contracts import Part, _sound
from unet_tutorial.nets.nd import conv
from unet_tutorial.nets.norms import Norm, no_norm
from unet_tutorial.plan.levels import Level, Size
from unet_tutorial.plan.sizes import Padding

Act = Callable[[], nn.Module]
Block = Callable[[int, int, Level], Part]  # (in_channels, out_channels, level) -> Part
_BLOCKS = "conv_stack(ConvUnit()), or residual, dropped or checkpointed of a block"  # the right ones, for refusals
_ACTS = "nn.ReLU, or with arguments partial(nn.LeakyReLU, 0.1)"
_NORMS = (
    "no_norm, batch_norm, instance_norm, affine_instance_norm, group_norm(8), or a function (channels, rank) -> Module"
)


@dataclass(frozen=True)
class ConvUnit:
    """A factory of one convolution with its norm and its activation, executed in the order it states.

    ``unit(in_channels, out_channels, kernel)`` maps (N, in, *size) to (N, out, *size), or to a size smaller by
    kernel - 1 under padding "valid". An unknown padding, an order that is not made of "conv", "norm" and "act", one of
    torch's own classes as the norm (its second argument is no rank), and a module in place of the factory of an
    activation (one PReLU would serve all levels) are refused here, not at the first image.
    """

    padding: Padding = "same"
    norm: Norm = no_norm
    act: Act = nn.ReLU
    order: tuple[str, ...] = ("conv", "norm", "act")

    def __post_init__(self) -> None:
        if self.padding not in ("same", "valid"):
            raise ValueError(f"padding {self.padding!r} is unknown; write 'same' or 'valid'")
        if sorted(self.order) != ["act", "conv", "norm"]:
            raise ValueError(f"order {self.order} must hold 'conv', 'norm' and 'act' once each, in any order")
        refuse_norm(self.norm)
        refuse_act(self.act)

    def __call__(self, in_channels: int, out_channels: int, kernel: Size) -> nn.Sequential:
        """One unit; ValueError for an even kernel under "same", which has no middle."""
        if self.padding == "same" and any(k % 2 == 0 for k in kernel):
            raise ValueError(f"kernel {kernel} is even and has no middle under padding 'same'; use 3 or 5, or 'valid'")
        normed = out_channels if self.order.index("norm") > self.order.index("conv") else in_channels
        made = {
            "conv": conv(in_channels, out_channels, kernel, padding=self.padding),
            "norm": _sound("norm", _NORMS, self.norm, nn.Module)(normed, len(kernel)),
            "act": self.act(),
        }
        steps = [(name, made[name]) for name in self.order if not isinstance(made[name], nn.Identity)]
        return nn.Sequential(OrderedDict(steps))


def refuse_norm(norm: object) -> None:
    """ValueError unless this may be a function (channels, rank) -> Module."""
    made = norm.func if isinstance(norm, partial) else norm
    torchs = isinstance(made, type) and issubclass(made, nn.Module) and made.__module__.startswith("torch.")
    if torchs or isinstance(norm, nn.Module) or not callable(norm):
        why = ", whose second argument is no rank" if torchs else ""
        raise ValueError(f"norm is {norm!r}{why}; hand in {_NORMS}")
    try:
        inspect.signature(norm).bind(1, 2)
    except (TypeError, ValueError) as error:  # the latter from a builtin, which states no signature
        raise ValueError(f"norm is {norm!r}: {error}; hand in {_NORMS}") from error


def refuse_act(act: object) -> None:
    """ValueError unless this may be a factory of activations."""
    if isinstance(act, nn.Module) or not callable(act):
        name = type(act).__name__ if isinstance(act, nn.Module) else "ReLU"
        raise ValueError(
            f"act is {act!r}, and a factory is needed, which makes one for each place: write nn.{name}, or with "
            "arguments partial(nn.LeakyReLU, 0.1)"
        )
    _sound("act", _ACTS, act, nn.Module)()


def conv_stack(unit: ConvUnit, last: ConvUnit | None = None) -> Block:
    """A block of ``level.convs`` units, the first of which changes the number of channels; ``last`` may be another."""
    _refuse_units(unit, last or unit)

    def block(in_channels: int, out_channels: int, level: Level) -> Part:
        units = [*[unit] * (level.convs - 1), last or unit]
        return ConvStack([in_channels, *[out_channels] * level.convs], level.kernel, units)

    return block


def doubling_stack(unit: ConvUnit) -> Block:
    """A block whose last unit doubles the channels; those before give half (3D U-Net, arXiv 1606.06650, section 2)."""
    _refuse_units(unit, unit)

    def block(in_channels: int, out_channels: int, level: Level) -> Part:
        if out_channels % 2:
            raise ValueError(f"{out_channels} channels cannot be doubled from half of them; make them even")
        halves = [out_channels // 2] * (level.convs - 1)
        return ConvStack([in_channels, *halves, out_channels], level.kernel, [unit] * level.convs)

    return block


class ConvStack(Part):
    """(N, widths[0], *size) -> (N, widths[-1], *size), shorter by kernel - 1 per unit under padding "valid"."""

    def __init__(self, widths: Sequence[int], kernel: Size, units: Sequence[ConvUnit]) -> None:
        super().__init__()
        made = [unit(a, b, kernel) for unit, (a, b) in zip(units, pairwise(widths), strict=True)]
        self.units = nn.Sequential(*made)
        self.out_channels = widths[-1]
        self.padding = units[0].padding

    def forward(self, x: Tensor) -> Tensor:
        """Unit after unit."""
        out: Tensor = self.units(x)
        return out


def _refuse_units(unit: ConvUnit, last: ConvUnit) -> None:
    for each in (unit, last):
        if isinstance(each, type) or getattr(each, "padding", None) not in ("same", "valid"):
            raise ValueError(f"{each!r} is no unit of a block; write conv_stack(ConvUnit())")
    if unit.padding != last.padding:
        raise ValueError(
            f"the units of a block are padded {unit.padding!r} and {last.padding!r}; give both one padding"
        )
