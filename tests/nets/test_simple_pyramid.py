"""The simple pyramid of ViTDet: the sizes and channels of its maps, at each rank and patch."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from unet_tutorial.nets.simple_pyramid import SimplePyramid


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("patch", [1, 8, 16, 32])
def test_the_sizes_and_channels(patch: int, rank: int) -> None:
    pyramid = SimplePyramid(32, patch, rank)
    image = tuple(32 * n for n in (1, 2, 1)[:rank])
    maps = pyramid(torch.randn(2, 32, *(n // patch for n in image)))
    for x, stride, channels in zip(maps, (2, 4, 8, 16, 32), pyramid.out_channels, strict=True):
        assert x.shape == (2, channels, *(n // stride for n in image))
        assert channels == 32 // max(1, patch // stride)


def test_the_maps_are_those_of_the_paper() -> None:
    """Section 3: the map itself at its own stride, a maximum below it, transposed convolutions above."""
    pyramid, x = SimplePyramid(8, 8, 2), torch.randn(1, 8, 8, 8)
    maps = pyramid(x)
    assert torch.equal(maps[2], x)
    assert torch.equal(maps[3], nn.functional.max_pool2d(x, 2))
    assert torch.equal(maps[4], nn.functional.max_pool2d(x, 4))
    names = [
        [type(layer).__name__ for layer in part] for part in list(pyramid.maps)[:2] if isinstance(part, nn.Sequential)
    ]
    assert names == [["ConvTranspose2d", "LayerNorm", "GELU", "ConvTranspose2d"], ["ConvTranspose2d"]]


def test_other_patches_and_channels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"patches of 14 pixels: .* use a power of 2"):
        SimplePyramid(32, 14, 2)
    with pytest.raises(ValueError, match=r"20 channels cannot be halved 3 times; use a multiple of 8"):
        SimplePyramid(20, 16, 2)
