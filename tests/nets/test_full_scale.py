"""The decoder of UNet 3+ against a network written by hand, its channel table, its counts and its reach."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import nn

from tests.oracles.gradient_reach import LINEAR_BLOCK, farthest
from tests.oracles.one_channel_nets import MeanPool
from tests.oracles.thin_nets import NORMED, count, perturbed
from tests.oracles.tiles import tile_gap
from tests.oracles.unet_plus_plus import UNet3Plus
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.full_scale import Branch, FullScaleDecoder
from unet_tutorial.nets.heads import conv_head
from unet_tutorial.nets.paths import Encoder
from unet_tutorial.nets.resample import MaxPool, StridedConv, Up, interpolation, transposed
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.plan.levels import Level, pyramid
from unet_tutorial.plan.receptive_field import plan_reach
from unet_tutorial.plan.sizes import valid_sizes

pytestmark = pytest.mark.slow

PAPER = (64, 128, 256, 512, 1024)


def full_scale(widths: Sequence[int], rank: int = 2, width: int = 3) -> UNet:
    levels = pyramid(widths, rank)
    decoder = FullScaleDecoder(levels, width, NORMED)
    return perturbed(UNet(Encoder(1, levels, NORMED, MaxPool), decoder, conv_head(decoder, 1)))


@pytest.mark.parametrize("widths", [(4, 6), (4, 6, 8), (4, 6, 8, 10, 12)])
def test_the_output_is_that_of_the_network_written_by_hand(widths: tuple[int, ...]) -> None:
    theirs, named = perturbed(UNet3Plus(widths, each=3)).eval(), {}
    for name, value in theirs.state_dict().items():
        kind, *rest = name.split(".")
        if kind == "head":
            named[f"head.conv.{rest[0]}"] = value
            continue
        unit, entry = int(rest[1]) // 3, ("conv", "norm")[int(rest[1]) % 3]
        stage = (
            "encoder.stem" if rest[0] == "0" else f"encoder.stages.{int(rest[0]) - 1 if kind == 'encoder' else 0}.block"
        )
        if kind == "branches":
            k, i = rest[0].split("_")
            stage = f"decoder.steps.{i}.branches.{k}.block"
        if kind == "decoder":
            stage = f"decoder.steps.{rest[0]}.block"
        named[f"{stage}.units.{unit}.{entry}.{rest[2]}"] = value
    ours, image = full_scale(widths).eval(), torch.randn(2, 1, 32, 48)
    ours.load_state_dict(named)
    with torch.no_grad():
        assert torch.allclose(ours(image), theirs(image), atol=1e-5)


@pytest.mark.parametrize("rank", [2, 3])
def test_the_channel_table(rank: int) -> None:
    """Channels before and after each branch, and its resampling, for the paper's widths, as in the docstring."""
    with torch.device("meta"):
        levels = pyramid(PAPER, rank)
        decoder = FullScaleDecoder(levels, 64, NORMED)
        features = [torch.zeros(1, c, *(32 >> i,) * rank) for i, c in enumerate(PAPER)]
        assert [tuple(each.shape) for each in decoder.maps(features)] == [
            *((1, 320, *(32 >> i,) * rank) for i in range(4)),
            (1, 1024, *(2,) * rank),
        ]
    for i, step in enumerate(decoder.steps):
        branches = [each for each in step.modules() if isinstance(each, Branch)]
        weights = [next(each.block.parameters()) for each in branches]  # (out, in, *kernel)
        before = [*PAPER[: i + 1], *[320] * (3 - i), 1024]
        assert [tuple(weight.shape) for weight in weights] == [(64, n, *(3,) * rank) for n in before]
        factors = [getattr(each.resampling, "stride", (1,) * rank) for each in branches]
        assert factors == [(2 ** abs(k - i),) * rank for k in range(5)]
        assert [isinstance(each.resampling, MaxPool) for each in branches] == [k < i for k in range(5)]


@pytest.mark.parametrize(("rank", "published"), [(2, 8_117_760), (3, 24_337_920)])
@pytest.mark.parametrize("widths", [PAPER, (4, 10), (5, 7, 11)])
def test_the_number_of_parameters_is_that_of_the_docstrings_formula(
    widths: tuple[int, ...], rank: int, published: int
) -> None:
    """Also added up unit by unit; with the encoder and the 3×3 head, the 2D network has the published 26,970,625."""
    w, c, last = 64, 3**rank, len(widths) - 1
    with torch.device("meta"):
        decoder = FullScaleDecoder(pyramid(widths, rank), w, NORMED)
        whole = full_scale(PAPER, 2, 64)
    encoder = sum((last - k) * e for k, e in enumerate(widths[:-1])) + last * widths[-1]
    joined = last * (last - 1) // 2 + last * (last + 1)
    formula = c * w * encoder + c * w**2 * (last + 1) * joined + 6 * w * last * (last + 1)
    units = 0
    for i in range(last):
        for k in range(last + 1):
            before = (last + 1) * w if i < k < last else widths[k]
            units += c * before * w + 3 * w
        units += c * ((last + 1) * w) ** 2 + 3 * (last + 1) * w
    assert count(decoder) == formula == units
    assert (formula == published) == (widths == PAPER)
    assert count(whole) == 26_970_625


PLANS = {
    "usual": pyramid((1, 1, 1, 1), rank=1),
    "one level": pyramid((1,), rank=1),
    "one convolution in the encoder": tuple(Level(1, (3,), (1 + (i > 0),), convs=1) for i in range(4)),
    "three": tuple(Level(1, (3,), (1 + (i > 0),), convs=3) for i in range(3)),
    "uneven": (Level(1, (7,), (1,)), Level(1, (3,), (1,)), Level(1, (1,), (2,))),
}


@pytest.mark.parametrize("up", [interpolation("nearest"), interpolation("linear"), transposed])
@pytest.mark.parametrize("plan", PLANS)
def test_the_extra_reach_is_that_of_gradients(plan: str, up: Up) -> None:
    """An upper bound; exact for upsampling with kernel = stride, unless the encoder has more convolutions."""
    levels = PLANS[plan]
    decoder = FullScaleDecoder(levels, 1, LINEAR_BLOCK, up, MeanPool)
    net = UNet(Encoder(1, levels, LINEAR_BLOCK, MeanPool), decoder, pointwise_head(decoder, 1))
    (grid,) = (sizes.step for sizes in valid_sizes(levels, padding="same"))
    stated, found = plan_reach(levels, grid) + net.extra_reach[0], farthest(net)
    assert found <= stated
    if plan in ("usual", "one level", "one convolution in the encoder") and "Interpolation" not in str(decoder):
        assert found == stated


@pytest.mark.parametrize(
    ("rank", "widths", "far"), [(2, (4, 6), 64), (2, (4, 6, 8), 96), (2, (3, 4, 5, 6), 128), (3, (2, 3), 24)]
)
def test_tiles_equal_one_pass(rank: int, widths: tuple[int, ...], far: int) -> None:
    assert tile_gap(full_scale(widths, rank, 2).double(), far) < 1e-12


def test_planar_levels_keep_their_slices() -> None:
    """Resampling strides by 1 along the first axis, and so does the convolution of a planar level."""
    levels = pyramid((2, 3, 4), rank=3, planar=(0,))
    decoder = FullScaleDecoder(levels, 2, NORMED)
    net = UNet(Encoder(1, levels, NORMED, MaxPool), decoder, pointwise_head(decoder, 2))
    assert net(torch.randn(2, 1, 6, 8, 12)).shape == (2, 2, 6, 8, 12)


def test_other_resampling_may_change_the_channels() -> None:
    decoder = FullScaleDecoder(pyramid((4, 6, 8)), 3, NORMED, transposed, StridedConv)
    maps = decoder.maps([torch.randn(2, c, 16 >> i, 24 >> i) for i, c in enumerate((4, 6, 8))])
    assert [tuple(each.shape[1:]) for each in maps] == [(9, 16, 24), (9, 8, 12), (8, 4, 6)]


def test_padding_valid_and_wrong_parts_are_refused() -> None:
    levels = pyramid((4, 6))
    with pytest.raises(ValueError, match="padding 'valid', with which the maps of different levels do not"):
        FullScaleDecoder(levels, 3, conv_stack(ConvUnit(padding="valid")))
    with pytest.raises(ValueError, match="width = 0 is not a whole number"):
        FullScaleDecoder(levels, 0, NORMED)
    with pytest.raises(ValueError, match="at least one level"):
        FullScaleDecoder((), 3, NORMED)
    with pytest.raises(ValueError, match="down is "):
        FullScaleDecoder(levels, 3, NORMED, transposed, nn.MaxPool2d)  # type: ignore[arg-type]
