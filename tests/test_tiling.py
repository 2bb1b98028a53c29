"""Tiled prediction against one pass over the whole mirrored image."""

import itertools
import subprocess
import sys
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.narrow import MeanPool, narrow, run
from unet_tutorial.inference.tiles import default_tile, margins
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.nets.blocks import ConvUnit, batch_norm, conv_stack
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.levels import Level, Size, pyramid
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.nd import mirrored
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.sizes import Padding, valid_sizes
from unet_tutorial.nets.unet import UNet, unet


def thin(rank: int, depth: int, padding: Padding, planar: tuple[int, ...] = ()) -> UNet:
    torch.manual_seed(depth)
    levels = pyramid([4 * 2**i for i in range(depth + 1)], rank, planar)
    block = conv_stack(ConvUnit(padding=padding, norm=batch_norm))
    return kaiming_(unet(1, 2, levels, block=block, down=MaxPool, up=transposed, merge=Concat)).eval()


@cache
def brute_margin(line: tuple[Level, ...], padding: Padding) -> int:
    """Pixels that a net of one axis needs before an image, found by running it; a multiple of the grid under "same"."""
    grid = prod(level.stride[0] for level in line)
    if padding == "valid":
        net = narrow(line, padding)
        n, out = next((n, out) for n in itertools.count(400) if (out := run(net, (n,))) is not None)
        return (n - out[0]) // 2
    net, middle = narrow(line, padding, MeanPool), 16 * grid
    image = torch.zeros(1, 1, 2 * middle, requires_grad=True)
    reach = 0
    for position in range(middle, middle + grid):
        (gradient,) = torch.autograd.grad(net(image)[0, 0, position], image)
        touched = gradient[0, 0].nonzero().flatten()
        reach = max(reach, position - int(touched[0]), int(touched[-1]) - position)
    return -(-reach // grid) * grid


@cache
def brute_padding(line: tuple[Level, ...], padding: Padding, n: int) -> tuple[int, int]:
    """Pixels before and behind an axis of n pixels, so that one pass takes them all and sees no zero padding."""
    before, net = brute_margin(line, padding), narrow(line, padding)
    total = next(m for m in itertools.count(n + 2 * before) if run(net, (m,)) is not None)
    return before, total - n - before


def lines(levels: tuple[Level, ...]) -> list[tuple[Level, ...]]:
    """The plan of each axis, with one channel."""
    axes = range(len(levels[0].kernel))
    return [tuple(Level(1, (at.kernel[i],), (at.stride[i],), at.convs) for at in levels) for i in axes]


def whole(net: UNet, image: Tensor) -> Tensor:
    """One pass over the image, mirrored by numpy, with margins found by brute force; cut to the image."""
    pads = [brute_padding(x, net.padding, n) for x, n in zip(lines(net.levels), image.shape[1:], strict=True)]
    padded = torch.from_numpy(np.pad(image.numpy(), [(0, 0), *pads], mode="reflect"))
    with torch.inference_mode():
        out: Tensor = net(padded[None])[0]
    for i, (n, (before, _)) in enumerate(zip(image.shape[1:], pads, strict=True), start=1):
        out = out.narrow(i, before - (padded.shape[i] - out.shape[i]) // 2, n)
    return out


@pytest.mark.parametrize("depth", range(1, 5))
def test_brute_margins_are_the_papers(depth: int) -> None:
    """Valid: 12 · 2^L - 8 pixels in all, by the algebra of figure 1. The code's margins are the brute ones."""
    levels = pyramid((1,) * (depth + 1), rank=1)
    assert 2 * brute_margin(levels, "valid") == 12 * 2**depth - 8
    for padding in ("valid", "same"):
        (axis,) = margins(levels, padding)
        assert (axis.before, axis.lost) == (brute_margin(levels, padding), 2 * brute_margin(levels, padding))


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
    net = thin(2, 1 + seed % 3, padding)
    image, tile = random_case(seed, 2, net)
    assert error(net, image, tile, batch=1 + seed % 3) < 1e-5


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_random_volumes_and_tiles_in_3d(seed: int, padding: Padding) -> None:
    net = thin(3, 1, padding, planar=(0,) if seed % 2 else ())
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


def test_mirror_equals_numpy() -> None:
    image = np.arange(12).reshape(1, 3, 4)
    for before, after in itertools.product((0, 1, 5, 9), repeat=2):
        padded = np.pad(image, [(0, 0), (before, after), (after, before)], mode="reflect")
        window = mirrored(torch.from_numpy(image), (-before, -after), padded.shape[1:])
        assert np.array_equal(window.numpy(), padded)


PROBE = """
import torch
from unet_tutorial.inference import tiles, tiling
from unet_tutorial.nets.presets import paper_unet
from tests.test_tiling import thin

def kilobytes(key):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(key))

torch.set_num_threads(1)
tiles.MEMORY = 2**27
net, batch = {case}
image = torch.randn(1, 1500, 1500)
tiling.predict_tiled(net, torch.zeros(1, 20, 20))
before = kilobytes("VmRSS:")
tiling.predict_tiled(net, image, batch=batch)
print((kilobytes("VmHWM:") - before) * 1024 - 2 * image.nbytes)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from Linux's /proc")
@pytest.mark.parametrize("case", ["paper_unet(widths=(16, 32, 64)), 1", "thin(2, 1, 'same'), 2"])
def test_a_pass_over_the_default_tile_takes_what_is_promised(case: str) -> None:
    """Measured as the peak of a fresh process, less its weights, image and logits. VmHWM, and not ``ru_maxrss``, for
    a child's ``ru_maxrss`` begins with its parent's."""
    process = [sys.executable, "-c", PROBE.format(case=case)]
    peak = int(subprocess.run(process, check=True, capture_output=True, text=True).stdout)
    assert 0.3 * 2**27 < peak <= 2**27


def test_a_batch_shares_the_memory() -> None:
    plan = pyramid((64, 128, 256))
    alone, shared = (prod(default_tile((9000, 9000), plan, "valid", batch)) for batch in (1, 4))
    assert 3 < alone / shared < 5
    assert default_tile((100, 100), plan, "valid", 64) == default_tile((100, 100), plan, "valid")  # one tile, no batch


def test_memory_is_bounded_by_the_tile() -> None:
    """No pass is larger than the tile, whatever the image; and the tile of a large image is not the image."""
    net = thin(2, 2, "valid")
    seen: list[tuple[int, ...]] = []
    net.register_forward_pre_hook(lambda _m, args: seen.append(tuple(args[0].shape)))
    predict_tiled(net, torch.zeros(1, 300, 200), tile=(108, 108), batch=2)
    assert {shape[2:] for shape in seen} == {(108, 108)}
    assert max(shape[0] for shape in seen) == 2
    assert max(default_tile((9000, 9000), pyramid((64, 128, 256, 512, 1024)), "valid")) < 1400
    assert max(default_tile((600, 600, 600), pyramid((32, 64, 128), rank=3), "valid")) < 200


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
