"""MoreDynamicUNet: the widths that each rule gives, its middle block, and the memory that its description states."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from tests.oracles.family import check_network
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.channel_rules import ChannelRule, eq_skip, halve, keep
from unet_tutorial.nets.systems.more_dynamic_unet import more_dynamic_unet

pytestmark = pytest.mark.slow

pytest.importorskip("timm", reason="encoders of timm: pip install -r requirements-backbones.txt")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "rule", "mebibytes"),
    [
        ("resnet34", keep, 953),
        ("resnet34", halve, 385),
        ("resnet34", eq_skip, 433),
        ("resnet50", keep, 2979),
        ("resnet50", halve, 994),
        ("resnet50", eq_skip, 898),
    ],
)
def test_the_memory_that_is_stated(name: str, rule: ChannelRule, mebibytes: int) -> None:
    """Saved for the backward pass of a 512×512 image, within 5 %."""
    with torch.device("meta"):
        arch = trace(more_dynamic_unet(name, channel_rule=rule), torch.empty(1, 3, 512, 512))
    assert arch.totals["saved"] / 2**20 == pytest.approx(mebibytes, rel=0.05)


@pytest.mark.parametrize("rule", [keep, halve, eq_skip])
def test_it_passes_the_checks_of_the_family(rule: ChannelRule) -> None:
    make = partial(more_dynamic_unet, "test_resnet", 1, 2, channel_rule=rule)
    check_network(make, [(64, 64), (32, 96)], odd=(33, 50))


def test_the_scale_of_the_middle_block() -> None:
    net = more_dynamic_unet("test_resnet", 1, 2, mid_scale=3)
    channels = net.encoder.out_channels[-1]
    shapes = [value.shape[:2] for value in net.encoder.get_submodule("bottom").parameters() if value.ndim == 4]
    assert shapes == [(3 * channels, channels), (channels, 3 * channels)]
    with pytest.raises(ValueError, match="mid_scale = 0 is not a whole number of at least 1"):
        more_dynamic_unet("test_resnet", mid_scale=0)
