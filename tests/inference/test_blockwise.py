"""Prediction by blocks against one pass over the whole mirrored image."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.oracles.whole_image import predict_in_one_pass, thin_unet
from unet_tutorial.inference.blockwise import Blocks, Region, plan_blocks, predict_block
from unet_tutorial.inference.tiles import margins
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import Padding

NETS = [
    (2, 2, "valid", (), (1, 77)),
    (2, 2, "valid", (), (61, 48)),
    (2, 2, "same", (), (53, 3)),
    (2, 3, "same", (), (97, 130)),
    (2, 3, "valid", (), (40, 21)),  # 12 usable pixels and a grid of 8: blocks of 8
    (3, 1, "valid", (), (2, 33, 21)),
    (3, 1, "same", (), (19, 34, 27)),
    (3, 2, "valid", (0,), (5, 41, 9)),
    (3, 2, "same", (0, 1), (7, 60, 47)),
]


def small_tile(net: UNet) -> Size:
    """A tile with one grid step of trusted pixels, or four of a volume, so that most images have several blocks."""
    axes = margins(net.levels, net.padding, net.extra_reach)
    steps = 4 if len(axes) == 3 else 1
    return tuple(axis.tile_covering(steps * axis.grid, 1) for axis in axes)


def in_blocks(net: UNet, image: Tensor, tile: Size, *, backwards: bool = False) -> Tensor:
    """Logits of all blocks; each is read with its halo only."""
    size = tuple(image.shape[1:])
    blocks, plan = plan_blocks(net, size, tile)
    logits = torch.full((net.out_channels, *size), float("nan"))
    for index in sorted(blocks, reverse=backwards):
        asked: list[Region] = []

        def read(region: Region, asked: list[Region] = asked) -> np.ndarray:
            asked.append(region)
            assert all(0 <= part.start < part.stop <= n for part, n in zip(region, size, strict=True))
            return image[(slice(None), *region)].numpy()

        region = blocks.region(index)
        assert logits[(slice(None), *region)].isnan().all()
        logits[(slice(None), *region)] = predict_block(net, read, size, region, plan)
        assert len(asked) == 1
    return logits


@pytest.mark.parametrize(("rank", "depth", "padding", "planar", "size"), NETS)
def test_blocks_equal_one_pass_and_in_any_order_bit_for_bit(
    rank: int, depth: int, padding: Padding, planar: tuple[int, ...], size: Size
) -> None:
    net = thin_unet(rank, depth, padding, planar)
    image = torch.randn(1, *size, generator=torch.Generator().manual_seed(3))
    tile = small_tile(net)
    logits, whole = in_blocks(net, image, tile), predict_in_one_pass(net, image)
    assert len(plan_blocks(net, size, tile)[0]) > 1
    assert float((logits - whole).abs().max()) <= 1e-5 * float(whole.std())
    assert torch.equal(in_blocks(net, image, tile, backwards=True), logits)


@pytest.mark.parametrize(("rank", "depth", "padding", "planar", "size"), NETS)
def test_all_blocks_but_the_last_are_multiples_of_the_grid(
    rank: int, depth: int, padding: Padding, planar: tuple[int, ...], size: Size
) -> None:
    net = thin_unet(rank, depth, padding, planar)
    blocks, plan = plan_blocks(net, size, small_tile(net))
    for axis, found in enumerate(margins(net.levels, padding, net.extra_reach)):
        assert blocks.block[axis] == size[axis] or blocks.block[axis] % found.grid == 0
        assert plan.tile[axis] - plan.lost[axis] >= blocks.block[axis]


def test_the_blocks_cover_each_pixel_once() -> None:
    blocks = Blocks((7, 5, 3), (2, 5, 2))
    times = np.zeros(blocks.size, int)
    for index in blocks:
        times[blocks.region(index)] += 1
    assert (times == 1).all()
    assert len(list(blocks)) == len(blocks) == 4 * 1 * 2


def test_a_tile_that_the_network_cannot_use_is_refused_with_one_that_it_can() -> None:
    net = thin_unet(2, 2, "valid")
    with pytest.raises(ValueError, match=r"nearest sizes that do are|smallest size that does is"):
        plan_blocks(net, (200, 200), (45, 45))
    net = thin_unet(2, 3, "valid")  # its smallest tile has 4 usable pixels, and its grid is 8
    (axis, _) = margins(net.levels, net.padding)
    assert (axis.smallest, axis.lost, axis.grid) == (92, 88, 8)
    with pytest.raises(ValueError, match=r"tile 92: only 4 of its output pixels are usable, and at least 8 are needed"):
        plan_blocks(net, (200, 200), (92, 92))
