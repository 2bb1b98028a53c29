"""Tiled prediction against one pass over the whole mirrored image."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.oracles.whole_image import plain, whole
from unet_tutorial.inference.tiles import margins
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import Padding, valid_sizes


def error(net: UNet, image: Tensor, tile: Size | None, batch: int = 1) -> float:
    expected = whole(net, image)
    got = predict_tiled(net, image, tile=tile, batch=batch)
    assert got.shape == expected.shape
    return float((got - expected).abs().max() / expected.std())


def random_case(seed: int, rank: int, net: UNet) -> tuple[Tensor, Size]:
    """An image between 1 pixel and a few tiles wide, and a legal tile that can step."""
    rng = np.random.default_rng(seed)
    ranges = valid_sizes(net.levels, padding=net.padding)
    tile = []
    for axis, valid in zip(margins(net.levels, net.padding), ranges, strict=True):
        first = next(m for m in valid if m - axis.lost >= axis.grid)
        tile.append(first + axis.grid * int(rng.integers(4, 12)))
    size = [int(rng.integers(1, 90 if rank == 2 else 30)) for _ in range(rank)]
    return torch.from_numpy(rng.standard_normal((1, *size), dtype=np.float32)), tuple(tile)


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_random_images_and_tiles_in_2d(seed: int, padding: Padding) -> None:
    net = plain(2, 1 + seed % 3, padding)
    image, tile = random_case(seed, 2, net)
    assert error(net, image, tile, batch=1 + seed % 3) < 1e-5


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_random_volumes_and_tiles_in_3d(seed: int, padding: Padding) -> None:
    net = plain(3, 1, padding, planar=(0,) if seed % 2 else ())
    image, tile = random_case(seed, 3, net)
    assert error(net, image, tile) < 1e-5


def paper(dtype: torch.dtype = torch.float64) -> UNet:
    torch.manual_seed(0)
    return paper_unet(widths=(2, 4, 8, 16, 32)).to(dtype).eval()


@pytest.mark.parametrize("size", [(9, 4), (5, 300), (91, 92), (388, 389)])
def test_default_tile_on_any_size_also_one_smaller_than_the_margin(size: Size) -> None:
    image = torch.randn(1, *size, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    assert error(paper(), image, None) < 1e-12
    assert error(paper(), image, (268, 236)) < 1e-12


def test_an_unaligned_stride_differs() -> None:
    """388 is the natural step of the paper's tile, and wrong: 388 mod 16 = 4. 384 is right."""
    image = torch.randn(1, 972, 572, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    net = paper()
    with torch.inference_mode():
        one_pass = net(image[None])[0]  # (2, 788, 388)
        second = {step: net(image[None, :, step : step + 572])[0] for step in (384, 388)}
    errors = {
        step: (tile - one_pass[:, step : step + 388]).abs().max() / one_pass.std() for step, tile in second.items()
    }
    assert errors[384] < 1e-12
    assert errors[388] > 0.1


def test_mode_is_kept_and_dropout_is_off() -> None:
    net = paper_unet(widths=(2, 4)).train()
    frozen = next(m for m in net.modules() if isinstance(m, nn.ReLU)).eval()
    image = torch.randn(1, 20, 20)
    assert torch.equal(predict_tiled(net, image), predict_tiled(net, image))
    assert net.training
    assert not frozen.training


@pytest.mark.parametrize(
    ("image", "options", "words"),
    [
        (torch.zeros(20, 20), {}, "this network needs"),
        (torch.zeros(3, 20, 20), {}, "this network needs"),
        (torch.zeros(1, 20, 20, 20), {}, "this network needs"),
        (torch.zeros(1, 0, 20), {}, "none of them empty"),
        (torch.zeros(1, 20, 20, dtype=torch.uint8), {}, "needs floats"),
        (torch.zeros(1, 20, 20, dtype=torch.float64), {}, r"image \(1, 20, 20\): .* call .to\(torch.float32\)$"),
        (torch.full((1, 20, 20), float("nan")), {}, "NaN or infinity"),
        (torch.full((1, 20, 20), -float("inf")), {}, "NaN or infinity"),
        (torch.zeros(1, 20, 20), {"batch": 0}, "at least one tile"),
        (torch.zeros(1, 20, 20), {"tile": (19, 20)}, "nearest sizes that do are 18 and 20"),
        (torch.zeros(1, 90, 90), {"tile": (44,)}, "spatial axes"),
    ],
)
def test_bad_input_is_refused(image: Tensor, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        predict_tiled(paper_unet(widths=(2, 4)), image, **options)


def test_a_tile_too_small_to_step_says_which_is_not() -> None:
    net = paper_unet(widths=(1, 1, 1, 1, 1))
    with pytest.raises(ValueError, match="choose a tile of 204 or more"):
        predict_tiled(net, torch.zeros(1, 40, 40), tile=(188, 188))
