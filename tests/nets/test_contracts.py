"""The check of factories and of the parts that they make: wrong ones are refused, with the valid choices."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.oracles.thin_nets import NORMED, THREE, thin
from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.blocks import ConvUnit, conv_stack, doubling_stack
from unet_tutorial.nets.contracts import Part, out_channels_of
from unet_tutorial.nets.nd import conv_strided
from unet_tutorial.nets.norms import group_norm
from unet_tutorial.nets.paths import Encoder
from unet_tutorial.nets.resample import MaxPool, StridedConv, resize_conv, then, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.wrappers import checkpointed, dropped, residual
from unet_tutorial.plan.levels import Level

bare: Any = ConvUnit()  # untyped, because the following cases break the types on purpose
unit: Any = ConvUnit
around: dict[str, Any] = {"residual": residual, "dropped": dropped, "checkpointed": checkpointed}
untyped: dict[str, Any] = {"then": then, "gated": gated, **around}
CHOICES = {
    "act": r"pass a class such as nn.ReLU, or partial\(nn.LeakyReLU, 0.1\)",
    "norm": r"pass no_norm, batch_norm, .*, group_norm\(8\), or a function \(channels, rank\) -> Module",
    "block": r"pass conv_stack\(ConvUnit\(\)\), or residual, dropped or checkpointed of a block",
    "down": "pass MaxPool or StridedConv",
    "up": "pass transposed, resize_conv.*, PixelShuffle, or then",
    "merge": r"pass Concat, Add or gated\(Concat\)",
    "step": r"pass DecoderStep or checkpointed\(DecoderStep\)",
    "part": "pass a block or DecoderStep",
}
MODULE = "this is a module, but a factory is needed"
TORCHS = "torch's own class cannot be called as"


class Silent(Part):
    """A part that does not define its channels."""


UNITS: list[tuple[str, Any, str]] = [
    ("act", nn.ReLU(), r"ReLU\(\): " + MODULE),
    ("act", nn.PReLU(), r"PReLU\(num_parameters=1\): " + MODULE),
    ("act", "relu", "'relu': it cannot be called .* not a callable object"),
    ("act", None, "None: it cannot be called .* not a callable object"),
    ("act", torch.relu, "no signature found"),
    ("act", F.relu, "missing a required argument: 'input'"),
    ("norm", nn.BatchNorm2d(4), r"BatchNorm2d\(4, .*: " + MODULE),
    *(("norm", norm, f"{norm.__name__}: {TORCHS}") for norm in (nn.BatchNorm2d, nn.InstanceNorm2d, nn.GroupNorm)),
    ("norm", partial(nn.BatchNorm2d, momentum=0.1), TORCHS),
    ("norm", partial(nn.GroupNorm, 4), TORCHS),
    ("norm", "batch", "'batch': it cannot be called .* not a callable object"),
    ("norm", None, "None: it cannot be called .* not a callable object"),
    ("norm", group_norm, "group_norm: it cannot be called .* too many positional arguments"),
    ("norm", F.batch_norm, "missing a required argument"),
    ("norm", torch.batch_norm, "no signature found"),
]
CONVS: list[tuple[Any, str]] = [
    (nn.Conv2d, "Conv2d: " + TORCHS),
    (partial(nn.Conv2d, bias=False), TORCHS),
    (nn.Conv2d(1, 1, 3), r"Conv2d\(1, 1.*: " + MODULE),
    (F.conv2d, "no signature found"),
    ("depthwise", "'depthwise': it cannot be called .* not a callable object"),
    (conv_strided, "conv_strided: .* too many positional arguments"),
    (lambda *_: torch.zeros(1), "it makes a Tensor, not a Module"),
]
PARTS: list[tuple[str, Any, str]] = [
    ("down", nn.MaxPool2d, "MaxPool2d: " + TORCHS),
    ("down", F.max_pool2d, "torch's own functions"),
    ("up", F.interpolate, "torch's own functions"),
    ("down", "max", "'max': it cannot be called .* not a callable object"),
    ("down", lambda _channels, level: nn.MaxPool2d(level.stride), "it makes a MaxPool2d, not a Part"),
    ("up", "transposed", "'transposed': it cannot be called .* not a callable object"),
    ("up", nn.ConvTranspose2d, TORCHS),
    ("up", partial(nn.ConvTranspose2d, kernel_size=2), "too many positional arguments"),
    ("up", transposed(8, 4, (2, 2)), r"ConvTranspose2d\(8, 4.*: " + MODULE),
    ("up", resize_conv, "resize_conv: .* too many positional arguments"),
    ("up", lambda _below, _wanted, _stride: None, "it makes a NoneType, not a Module"),
    ("merge", "concat", "'concat': it cannot be called .* not a callable object"),
    ("merge", None, "None: it cannot be called .* not a callable object"),
    ("merge", torch.cat, "no signature found"),
    ("merge", gated, "gated: .* too many positional arguments"),
    ("block", nn.Conv2d, "Conv2d: " + TORCHS),
    ("block", conv_stack, "conv_stack: .* too many positional arguments"),
    ("block", lambda i, o, _level: nn.Conv2d(i, o, 3), "it makes a Conv2d, not a Part"),
    *(("block", wrapper, f"{name}: .* too many positional arguments") for name, wrapper in around.items()),
    ("step", checkpointed, "checkpointed: .* too many positional arguments"),
    ("step", lambda _up, _merge, _block: nn.Identity(), "it makes a Identity, not a Part"),
]
AROUND: list[tuple[str, str, Any, str]] = [
    ("then", "up", "transposed", "'transposed': it cannot be called .* not a callable object"),
    ("gated", "merge", torch.cat, "no signature found"),
    ("gated", "merge", "transposed", "'transposed': it cannot be called .* not a callable object"),
    ("gated", "merge", bare, r"ConvUnit\(padding='same'.* too many positional arguments"),
    ("residual", "block", residual, "residual: .* too many positional arguments"),
    ("dropped", "block", dropped, "dropped: .* too many positional arguments"),
    ("checkpointed", "part", "block", "'block': it cannot be called: .* not a callable object"),
    ("checkpointed", "part", transposed(8, 4, (2, 2)), MODULE),
]


@pytest.mark.parametrize(("role", "given", "why"), UNITS)
def test_a_wrong_norm_or_activation_is_refused_before_a_network_is_built(role: str, given: Any, why: str) -> None:
    """For example ``nn.BatchNorm2d(8, 2)`` is legal, and divides by √(variance + 2)."""
    for make in (unit, partial(untyped["then"], transposed)):
        with pytest.raises(ValueError, match=f"^{role} is .*{why}.*; {CHOICES[role]}"):
            make(**{role: given})


@pytest.mark.parametrize(("given", "why"), CONVS)
def test_a_wrong_convolution_is_refused_by_its_unit(given: Any, why: str) -> None:
    choices = r"pass nets\.nd\.conv, depthwise_separable, or a function \(in_channels, out_channels, kernel, padding\)"
    with pytest.raises(ValueError, match=f"^conv is .*{why}.*; {choices}"):
        unit(conv=given)(1, 4, (3, 3))


@pytest.mark.parametrize(("role", "given", "why"), PARTS)
def test_a_wrong_factory_is_refused_by_the_network(role: str, given: Any, why: str) -> None:
    with torch.device("meta"), pytest.raises(ValueError, match=f"(?s)^{role} is .*{why}.*; {CHOICES[role]}"):
        thin(**{role: given})


@pytest.mark.parametrize(("wrapper", "role", "given", "why"), AROUND)
def test_a_wrong_factory_is_refused_by_its_wrapper(wrapper: str, role: str, given: Any, why: str) -> None:
    with pytest.raises(ValueError, match=f"(?s)^{role} is .*{why}.*; {CHOICES[role]}"):
        untyped[wrapper](given)


@pytest.mark.parametrize(("role", "made"), [("norm", None), ("act", torch.relu)])
def test_a_norm_or_activation_that_is_no_module_is_refused_when_the_network_is_built(role: str, made: object) -> None:
    untyped_unit: Any = ConvUnit
    block = conv_stack(untyped_unit(**{role: lambda *_: made}))
    with pytest.raises(ValueError, match=f"^{role} is .*it makes a .*, not a Module; {CHOICES[role]}"):
        thin(block=block)


@pytest.mark.parametrize("wrap", around.values())
def test_a_block_that_makes_no_part_is_refused_inside_a_wrapper_too(wrap: Any) -> None:
    with pytest.raises(ValueError, match="it makes a Conv2d, not a Part"):
        thin(block=wrap(lambda i, o, _level: nn.Conv2d(i, o, 3, padding=1)))


def test_parts_that_do_not_state_their_channels_are_refused() -> None:
    silent: Any = lambda *_: Silent()  # noqa: E731
    for roles in ({"block": silent}, {"down": silent}, {"merge": silent}, {"step": silent}):
        with pytest.raises(ValueError, match="Silent does not define out_channels; set it in its __init__"):
            thin(**roles)
    with pytest.raises(ValueError, match="Identity does not define out_channels"):
        thin(up=lambda _below, _wanted, _stride: nn.Identity())
    with pytest.raises(ValueError, match="ReLU does not define out_channels"):
        out_channels_of(nn.ReLU())


@pytest.mark.parametrize("wrap", [lambda block: block, residual, checkpointed])
def test_an_error_in_a_users_own_part_stays_as_it_is(wrap: Any) -> None:
    def broken(in_channels: int, _out_channels: int, _level: Level) -> Part:
        cat: Any = torch.cat
        return NORMED(cat + in_channels, 4, THREE[0])

    with pytest.raises(TypeError, match="unsupported operand"):
        thin(block=wrap(broken))


def test_a_users_own_part_with_other_arguments_is_refused() -> None:
    own: Any = lambda _level: NORMED(4, 4, THREE[0])  # noqa: E731
    for wrap in (lambda block: block, residual):
        with pytest.raises(ValueError, match=r"^block is .* too many positional arguments"):
            thin(block=wrap(own))


def test_the_right_ones_are_built() -> None:
    """Refusing everything, or all factories of users, would pass the tables above."""
    own: Any = lambda below, wanted, stride: nn.ConvTranspose2d(below, wanted, stride, stride)  # noqa: E731
    for up in (own, partial(nn.ConvTranspose2d, stride=2), PixelShuffle, then(transposed, act=nn.ReLU)):
        assert thin(up=up)(torch.zeros(1, 1, 8, 8)).shape == (1, 2, 8, 8)
    for wrap in around.values():
        thin(block=wrap(doubling_stack(ConvUnit(act=partial(nn.LeakyReLU, 0.1)))), down=StridedConv)
    Encoder(1, THREE, block=lambda i, o, level: NORMED(i, o, level), down=MaxPool)
    ours = ConvUnit(norm=lambda channels, rank: nn.GroupNorm(rank, channels), act=lambda: nn.Hardtanh(0, 6))(
        1, 4, (3, 3)
    )
    norm = ours.get_submodule("norm")
    assert isinstance(norm, nn.GroupNorm)
    assert (norm.num_groups, norm.num_channels) == (2, 4)
