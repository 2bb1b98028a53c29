"""The plan of tiles: margins against networks that are run, memory against a process that is measured."""

import subprocess
import sys
from math import prod
from pathlib import Path

import pytest
import torch

from tests.oracles.whole_image import brute_margin, plain
from unet_tutorial.inference.tiles import default_tile, margins
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.plan.levels import pyramid


@pytest.mark.parametrize("depth", range(1, 5))
def test_brute_margins_are_the_papers(depth: int) -> None:
    """Valid: 12 · 2^L - 8 pixels in all, by the algebra of figure 1. The code's margins are the brute ones."""
    levels = pyramid((1,) * (depth + 1), rank=1)
    assert 2 * brute_margin(levels, "valid") == 12 * 2**depth - 8
    for padding in ("valid", "same"):
        (axis,) = margins(levels, padding)
        assert (axis.before, axis.lost) == (brute_margin(levels, padding), 2 * brute_margin(levels, padding))


PROBE = """
import torch
from unet_tutorial.inference import tiles, tiling
from unet_tutorial.nets.presets import paper_unet
from tests.oracles.whole_image import plain

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


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from Linux's /proc")
@pytest.mark.parametrize("case", ["paper_unet(widths=(16, 32, 64)), 1", "plain(2, 1, 'same'), 2"])
def test_a_pass_over_the_default_tile_takes_what_is_promised(case: str) -> None:
    """Measured as the peak of a fresh process, less its weights, image and logits. VmHWM, and not ``ru_maxrss``, for
    a child's ``ru_maxrss`` begins with its parent's."""
    process = [sys.executable, "-c", PROBE.format(case=case)]
    peak = int(subprocess.run(process, check=True, capture_output=True, text=True).stdout)
    assert 0.3 * 2**27 < peak <= 2**27 + 2**21  # 2 MiB for code that the first large pass loads


def test_a_batch_shares_the_memory() -> None:
    plan = pyramid((64, 128, 256))
    alone, shared = (prod(default_tile((9000, 9000), plan, "valid", batch)) for batch in (1, 4))
    assert 3 < alone / shared < 5
    assert default_tile((100, 100), plan, "valid", 64) == default_tile((100, 100), plan, "valid")  # one tile, no batch


def test_memory_is_bounded_by_the_tile() -> None:
    """No pass is larger than the tile, whatever the image; and the tile of a large image is not the image."""
    net = plain(2, 2, "valid")
    seen: list[tuple[int, ...]] = []
    net.register_forward_pre_hook(lambda _m, args: seen.append(tuple(args[0].shape)))
    predict_tiled(net, torch.zeros(1, 300, 200), tile=(108, 108), batch=2)
    assert {shape[2:] for shape in seen} == {(108, 108)}
    assert max(shape[0] for shape in seen) == 2
    assert max(default_tile((9000, 9000), pyramid((64, 128, 256, 512, 1024)), "valid")) < 1400
    assert max(default_tile((600, 600, 600), pyramid((32, 64, 128), rank=3), "valid")) < 200
