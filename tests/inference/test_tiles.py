"""Margins against networks that are run, positions against brute force, memory against the peak of a process."""

import os
import subprocess
import sys
from math import prod
from pathlib import Path

import pytest
import torch

from tests.oracles.whole_image import brute_margin, thin_unet
from unet_tutorial.inference.tiles import check_tile, default_tile, margins
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import Padding, valid_sizes


@pytest.mark.parametrize("depth", range(1, 5))
def test_brute_margins_are_the_papers(depth: int) -> None:
    """With padding "valid" 12 · 2^L - 8 pixels in all, from figure 1; the margins equal those found by running nets."""
    levels = pyramid((1,) * (depth + 1), rank=1)
    assert 2 * brute_margin(levels, "valid") == 12 * 2**depth - 8
    for padding in ("valid", "same"):
        (axis,) = margins(levels, padding)
        assert (axis.before, axis.lost) == (brute_margin(levels, padding), 2 * brute_margin(levels, padding))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_starts_are_the_fewest_on_the_grid_that_cover_all_pixels(depth: int, padding: Padding) -> None:
    (axis,) = margins(pyramid((1,) * (depth + 1), rank=1), padding)
    for tile in range(axis.lost + axis.grid, axis.lost + 8 * axis.grid, axis.grid // 2):
        trusted = tile - axis.lost
        for n in range(1, 6 * trusted, 5):
            starts = axis.starts(n, tile)
            assert {pixel for start in starts for pixel in range(start, start + trusted)} >= set(range(n))
            assert all(start % axis.grid == 0 for start in starts)
            step = max(k for k in range(0, trusted + 1, axis.grid))
            assert axis.step(tile) == step
            assert len(starts) == next(k for k in range(1, n + 2) if (k - 1) * step + trusted >= n)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_tile_covering_is_the_smallest_tile_whose_equal_steps_cover_all_pixels(depth: int, padding: Padding) -> None:
    levels = pyramid((1,) * (depth + 1), rank=1)
    (axis,), (valid,) = margins(levels, padding), valid_sizes(levels, padding=padding)
    for n in range(1, 200, 7):
        for tiles in range(1, 1 + n // axis.grid):
            tile = axis.tile_covering(n, tiles)
            assert tile in valid
            assert len(axis.starts(n, tile)) <= tiles
            trusted = tile - axis.grid - axis.lost  # of the next smaller tile
            covered = trusted if tiles == 1 else tiles * (trusted // axis.grid) * axis.grid
            assert tile == axis.smallest or covered < n


def test_tiles_that_are_not_valid_or_all_margin_are_refused() -> None:
    levels = pyramid((1, 1, 1))
    with pytest.raises(ValueError, match=r"tile \(100, 101\): axis 1 = 101.* 100 and 104"):
        check_tile((100, 101), levels, "same")
    with pytest.raises(ValueError, match=r"tile \(48, 100\): 48 pixels are too few, .* up to 48 .*; choose 52 or more"):
        check_tile((48, 100), levels, "same")
    check_tile((52, 52), levels, "same")


PROBE = """
import torch
from unet_tutorial.inference import tiles, tiling
from unet_tutorial.nets.presets import paper_unet
from tests.oracles.whole_image import thin_unet

def kilobytes(key):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(key))

torch.set_num_threads(1)
tiles.MEMORY = 2**26
net, batch = {case}
image = torch.randn(1, 1000, 1000)
tiling.predict_tiled(net, torch.zeros(1, 20, 20))
before = kilobytes("VmRSS:")
tiling.predict_tiled(net, image, batch=batch)
print((kilobytes("VmHWM:") - before) * 1024 - 2 * image.nbytes)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from Linux's /proc")
@pytest.mark.parametrize("case", ["paper_unet(widths=(16, 32, 64)), 1", "thin_unet(2, 1, 'same'), 2"])
def test_a_pass_over_the_default_tile_stays_within_the_memory(case: str) -> None:
    """Measured as the peak of a new process, less its weights, image and logits. With VmHWM, since the ``ru_maxrss`` of
    a child process starts at that of its parent. The C library may keep freed memory for later use, which would count
    by chance; with the two thresholds it gives each freed tensor back at once."""
    process = [sys.executable, "-c", PROBE.format(case=case)]
    returned = os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    peak = int(subprocess.run(process, check=True, capture_output=True, text=True, env=returned).stdout)
    assert 0.4 * 2**26 < peak <= 2**26


def test_a_batch_shares_the_memory() -> None:
    plan = pyramid((64, 128, 256))
    alone, shared = (prod(default_tile((9000, 9000), plan, "valid", batch)) for batch in (1, 4))
    assert 3 < alone / shared < 5
    assert default_tile((100, 100), plan, "valid", 64) == default_tile((100, 100), plan, "valid")  # one tile, no batch


def test_memory_is_bounded_by_the_tile() -> None:
    """No pass reads more than the tile, whatever the image; and the default tile of a large image is small."""
    net = thin_unet(2, 2, "valid")
    seen: list[tuple[int, ...]] = []
    net.register_forward_pre_hook(lambda _m, args: seen.append(tuple(args[0].shape)))
    predict_tiled(net, torch.zeros(1, 300, 200), tile=(108, 108), batch=2)
    assert {shape[2:] for shape in seen} == {(108, 108)}
    assert max(shape[0] for shape in seen) == 2
    assert max(default_tile((9000, 9000), pyramid((64, 128, 256, 512, 1024)), "valid")) < 1400
    assert max(default_tile((600, 600, 600), pyramid((32, 64, 128), rank=3), "valid")) < 200
