"""What is handed in as a factory and is none is refused at construction, in a sentence that names the right ones."""

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
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import group_norm
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, StridedConv, resize_conv, then, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.unet import unet
from unet_tutorial.nets.wrappers import checkpointed, dropped, residual
from unet_tutorial.plan.levels import Level, pyramid

bare: Any = ConvUnit()  # what follows breaks the types on purpose
text: Any = "transposed"
unit: Any = ConvUnit
ways: Any = then
cat: Any = torch.cat
around: dict[str, Any] = {"residual": residual, "dropped": dropped, "checkpointed": checkpointed}
RIGHT = {
    "act": r"hand in nn.ReLU, or with arguments partial\(nn.LeakyReLU, 0.1\)",
    "norm": r"hand in no_norm, batch_norm, .*, group_norm\(8\), or a function \(channels, rank\) -> Module",
    "block": r"hand in conv_stack\(ConvUnit\(\)\), or residual, dropped or checkpointed of a block",
    "down": "hand in MaxPool or StridedConv",
    "up": "hand in transposed, resize_conv.*, PixelShuffle, or then",
    "merge": r"hand in Concat, Add or gated\(Concat\)",
    "step": r"hand in DecoderStep or checkpointed\(DecoderStep\)",
}


class Silent(Part):
    """A part that does not state its channels."""


UNITS: list[tuple[str, Any, str]] = [
    *(("act", act, "missing 1 required positional") for act in (torch.relu, F.relu)),
    ("act", lambda: torch.relu, "it makes a builtin_function_or_method, which is no Module"),
    ("norm", group_norm, "too many positional arguments"),
    ("norm", F.batch_norm, "missing a required argument"),
    ("norm", torch.batch_norm, "no signature found"),
]
PARTS: list[tuple[str, Any, str]] = [
    ("down", nn.MaxPool2d, "MaxPool2d: torch's own classes take other arguments"),
    ("down", F.max_pool2d, "must be Tensor, not int"),
    ("down", "max", "'max': 'str' object is not callable"),
    ("down", lambda _channels, level: nn.MaxPool2d(level.stride), "it makes a MaxPool2d, which is no Part"),
    ("up", "transposed", "'transposed': 'str' object is not callable"),
    ("up", nn.ConvTranspose2d, "torch's own classes take other arguments"),
    ("up", partial(nn.ConvTranspose2d, kernel_size=2), "multiple values for argument 'kernel_size'"),
    ("up", transposed(8, 4, (2, 2)), "ConvTranspose2d.*positional arguments"),
    ("up", resize_conv, "takes from 0 to 2 positional arguments but 3 were given"),
    ("up", F.interpolate, "object has no attribute 'dim'"),
    ("up", then(text), "then.<locals>.wrapped: 'str' object is not callable"),
    ("up", lambda _below, _wanted, _stride: None, "it makes a NoneType, which is no Module"),
    ("merge", "concat", "'concat': 'str' object is not callable"),
    ("merge", None, "None: 'NoneType' object is not callable"),
    ("merge", torch.cat, "takes from 1 to 2 positional arguments but 4 were given"),
    ("merge", gated, "gated: .* takes 1 positional argument but 4 were given"),
    *(("merge", around_it, "gated.<locals>.wrapped: ") for around_it in (gated(cat), gated(text), gated(bare))),
    ("block", nn.Conv2d, "Conv2d: torch's own classes take other arguments"),
    ("block", bare, r"ConvUnit\(padding='same'.*'Level' object"),
    ("block", conv_stack, "takes from 1 to 2 positional arguments but 3 were given"),
    ("block", lambda i, o, _level: nn.Conv2d(i, o, 3), "it makes a Conv2d, which is no Part"),
    *(("block", wrapper, f"{name}: .*positional argument") for name, wrapper in around.items()),
    *(("block", wrap(bare), f"{name}.<locals>.wrapped: 'Level' object") for name, wrap in around.items()),
    *(("block", wrap(wrap), f"{name}.<locals>.wrapped: .*positional arg") for name, wrap in around.items()),
    ("step", checkpointed, "takes 1 positional argument but 3 were given"),
    ("step", lambda _up, _merge, _block: nn.Identity(), "it makes a Identity, which is no Part"),
]


@pytest.mark.parametrize(("role", "given", "why"), UNITS)
def test_what_is_no_norm_or_act_is_refused_before_a_network_is_built(role: str, given: Any, why: str) -> None:
    for make in (unit, partial(ways, transposed)):
        with pytest.raises(ValueError, match=f"^{role} is .*{why}.*; {RIGHT[role]}"):
            make(**{role: given})


@pytest.mark.parametrize(("role", "given", "why"), PARTS)
def test_what_is_no_part_is_refused_by_the_network(role: str, given: Any, why: str) -> None:
    with torch.device("meta"), pytest.raises(ValueError, match=f"(?s)^{role} is .*{why}.*; {RIGHT[role]}"):
        thin(**{role: given})


@pytest.mark.parametrize("stack", [conv_stack, doubling_stack])
@pytest.mark.parametrize("given", ["conv", ConvUnit, nn.Conv2d, nn.Conv2d(1, 1, 3), None])
def test_what_is_no_unit_is_refused_by_the_stack(stack: Any, given: Any) -> None:
    with pytest.raises(ValueError, match=r"is no unit of a block; write conv_stack\(ConvUnit\(\)\)"):
        stack(given)


def test_parts_that_do_not_state_what_they_must_are_refused() -> None:
    silent: Any = lambda *_: Silent()  # noqa: E731
    for roles in ({"block": silent}, {"down": silent}, {"merge": silent}, {"step": silent}):
        with pytest.raises(ValueError, match="Silent does not state its out_channels; set them in its __init__"):
            thin(**roles)
    with pytest.raises(ValueError, match=r"^norm is .*it makes a NoneType, which is no Module"):
        thin(block=conv_stack(unit(norm=lambda _channels, _rank: None)))
    with pytest.raises(ValueError, match="a block of 3 channels where 4 were asked"):
        thin(block=lambda i, _wanted, level: NORMED(i, 3, level))
    padded: Any = residual(lambda i, o, _level: nn.Conv2d(i, o, 3, padding=1))  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match=r"padded \(1, 1\); its block must state padding 'same' or 'valid'"):
        thin(block=padded)


@pytest.mark.parametrize("levels", [(64, 128), 64, pyramid, None, "64"])
def test_what_is_no_plan_is_refused(levels: Any) -> None:
    words = r"a U needs at least one level, as from pyramid\(\(64, 128, 256\)\)"
    with pytest.raises(ValueError, match=words):
        unet(1, 2, levels, block=NORMED, down=MaxPool, up=transposed, merge=Concat)
    with pytest.raises(ValueError, match=words):
        Decoder(levels, (4,), NORMED, transposed, Concat)


@pytest.mark.parametrize("wrap", [lambda block: block, residual, checkpointed])
def test_an_error_in_a_users_own_part_stays_what_it_is(wrap: Any) -> None:
    """And a part of theirs that is called with other arguments than it takes is a misfit."""

    def broken(in_channels: int, _out_channels: int, _level: Level) -> Part:
        return NORMED(cat + in_channels, 4, THREE[0])

    with pytest.raises(TypeError, match="unsupported operand"):
        thin(block=wrap(broken))
    with pytest.raises(ValueError, match=r"^block is .*takes 1 positional argument") as caught:
        thin(block=wrap(lambda _level: NORMED(4, 4, THREE[0])))
    assert isinstance(caught.value.__cause__, TypeError)


def test_the_right_ones_are_built() -> None:
    """A refusal of everything would pass the tables; so would one of what users wrote themselves."""
    own: Any = lambda below, wanted, stride: nn.ConvTranspose2d(below, wanted, stride, stride)  # noqa: E731
    for up in (own, partial(nn.ConvTranspose2d, stride=2), PixelShuffle, then(transposed, act=nn.ReLU)):
        assert thin(up=up)(torch.zeros(1, 1, 8, 8)).shape == (1, 2, 8, 8)
    for wrap in around.values():
        thin(block=wrap(doubling_stack(ConvUnit(act=partial(nn.LeakyReLU, 0.1)))), down=StridedConv)
    Encoder(1, THREE, block=lambda i, o, level: NORMED(i, o, level), down=MaxPool)
    ConvUnit(norm=lambda *given: nn.GroupNorm(2, given[0]), act=lambda: nn.Hardtanh(0, 6))
