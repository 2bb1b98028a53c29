"""Heads with a kernel against torch's convolution."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from unet_tutorial.nets.contracts import FeatureDecoder
from unet_tutorial.nets.heads import ConvHead, conv_head
from unet_tutorial.plan.levels import pyramid


class _Decoder(FeatureDecoder):
    levels, out_channels = pyramid((4, 8), rank=3, planar=(0,)), 4


@pytest.mark.parametrize("kernel", [(3, 3), (1, 5)])
def test_a_head_is_a_convolution_that_reads_neighbours(kernel: tuple[int, int]) -> None:
    head, x = ConvHead(4, 2, kernel), torch.randn(2, 4, 6, 7)
    weight, bias = head.parameters()
    assert torch.allclose(head(x), F.conv2d(x, weight, bias, padding=tuple(k // 2 for k in kernel)), atol=1e-6)
    assert (head.out_channels, head.extra_reach) == (2, tuple(k // 2 for k in kernel))


def test_a_head_has_the_kernel_of_the_finest_level() -> None:
    head = conv_head(_Decoder(), 2)
    assert tuple(head.conv.get_parameter("weight").shape) == (2, 4, 1, 3, 3)
    with pytest.raises(ValueError, match="out_channels = 0 is not a whole number"):
        conv_head(_Decoder(), 0)
