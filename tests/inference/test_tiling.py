"""Tiled prediction against one pass over the whole mirrored image, of networks of many kinds."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.oracles.thin_nets import NORMED, perturbed, thin
from tests.oracles.whole_image import predict_in_one_pass, thin_unet
from unet_tutorial.inference.tiles import margins
from unet_tutorial.inference.tiling import memory_of, predict_tiled
from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Add, Concat, Merge
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.resample import Down, MaxPool, StridedConv, Up, resize_conv, then, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.unet import UNet
from unet_tutorial.nets.wrappers import dropped, residual
from unet_tutorial.plan.levels import Size, pyramid
from unet_tutorial.plan.sizes import Padding, valid_sizes


def error(net: UNet, image: Tensor, tile: Size | None, batch: int = 1) -> float:
    """Largest difference between tiles and one pass, in standard deviations of the logits."""
    expected = predict_in_one_pass(net, image)
    got = predict_tiled(net, image, tile=tile, batch=batch)
    assert got.shape == expected.shape
    return float((got - expected).abs().max() / expected.std())


def random_case(seed: int, rank: int, net: UNet) -> tuple[Tensor, Size]:
    """An image between 1 pixel and a few tiles wide, and a valid tile that can step."""
    rng = np.random.default_rng(seed)
    ranges = valid_sizes(net.levels, padding=net.padding)
    tile = []
    for axis, valid in zip(margins(net.levels, net.padding), ranges, strict=True):
        first = next(m for m in valid if m - axis.lost >= axis.grid)
        tile.append(first + axis.grid * int(rng.integers(4, 12)))
    size = [int(rng.integers(1, 90 if rank == 2 else 30)) for _ in range(rank)]
    return torch.from_numpy(rng.standard_normal((1, *size), dtype=np.float32)), tuple(tile)


@pytest.mark.parametrize("seed", range(9))
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_random_images_and_tiles_in_2d(seed: int, padding: Padding) -> None:
    net = thin_unet(2, 1 + seed % 3, padding)
    image, tile = random_case(seed, 2, net)
    assert error(net, image, tile, batch=1 + seed % 3) < 1e-5


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_random_volumes_and_tiles_in_3d(seed: int, padding: Padding) -> None:
    net = thin_unet(3, 1, padding, planar=(0,) if seed % 2 else ())
    image, tile = random_case(seed, 3, net)
    assert error(net, image, tile) < 1e-5


def paper(dtype: torch.dtype = torch.float64) -> UNet:
    torch.manual_seed(0)
    return paper_unet(widths=(2, 4, 8, 16, 32)).to(dtype).eval()


@pytest.mark.parametrize("size", [(9, 4), (5, 300), (91, 92), (388, 7), (3, 389)])
def test_default_tile_on_any_size_also_one_smaller_than_the_margin(size: Size) -> None:
    image = torch.randn(1, *size, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    assert error(paper(), image, None) < 1e-12
    assert error(paper(), image, (268, 236)) < 1e-12


def test_an_unaligned_stride_differs() -> None:
    """388 is the natural step of the paper's tile, and wrong: 388 mod 16 = 4. 384 is right."""
    image = torch.randn(1, 972, 204, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    net = paper()
    with torch.inference_mode():
        one_pass = net(image[None])[0]  # (2, 788, 20)
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


def test_a_tile_too_small_to_step_is_refused_with_one_that_is_not() -> None:
    net = paper_unet(widths=(1, 1, 1, 1, 1))
    with pytest.raises(ValueError, match="choose a tile of 204 or more"):
        predict_tiled(net, torch.zeros(1, 40, 40), tile=(188, 188))


@pytest.mark.parametrize(
    ("size", "tile", "seen"),
    [((40, 50), (20000, 20000), (88, 100)), ((40, 300), (20000, 72), (88, 72)), ((40, 50), (60, 20000), (60, 100))],
)
def test_a_tile_is_not_larger_than_needed_for_the_image(size: Size, tile: Size, seen: Size) -> None:
    """48 pixels of each tile are lost here, and tiles are multiples of 4; one of 20000² would need 76 GiB."""
    net, image = thin_unet(2, 2, "same"), torch.randn(1, *size, generator=torch.Generator().manual_seed(0))
    shapes = set()
    hook = net.register_forward_pre_hook(lambda _m, args: shapes.add(tuple(args[0].shape[2:])))
    got = predict_tiled(net, image, tile=tile)
    assert shapes == {seen}
    hook.remove()
    torch.testing.assert_close(got, predict_tiled(net, image), rtol=0, atol=1e-5)


def test_a_pass_larger_than_the_memory_is_refused_before_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    net, image = thin_unet(2, 1, "same"), torch.zeros(1, 400, 400)
    net.register_forward_pre_hook(lambda *_: pytest.fail("the network was run"))
    monkeypatch.setattr("unet_tutorial.inference.tiling.memory_of", lambda _: 2**25)
    words = (
        r"tile \(100, 100\), batch 25: a pass needs about 0.0466 GiB, and this device has 0.0312 GiB; choose a smaller"
    )
    with pytest.raises(ValueError, match=words):
        predict_tiled(net, image, tile=(100, 100), batch=1000)


def test_the_memory_of_this_machine_is_known_and_that_of_other_devices_is_not() -> None:
    pages = Path("/proc/meminfo")
    if pages.exists():
        assert memory_of(torch.device("cpu")) == int(pages.read_text().split()[1]) * 1024
    assert memory_of(torch.device("meta")) == float("inf")


@pytest.mark.parametrize("rank", [2, 3])
def test_weights_are_in_the_layout_of_the_tiles_and_their_own_afterwards(rank: int) -> None:
    net = thin_unet(rank, 1, "same")
    before = {name: (weight.data_ptr(), weight.stride()) for name, weight in net.named_parameters()}
    seen: list[bool] = []
    net.register_forward_pre_hook(
        lambda *_: seen.extend(w.is_contiguous(memory_format=net.memory_format) for w in net.parameters() if w.ndim > 2)
    )
    predict_tiled(net, torch.zeros(1, *(9,) * rank))
    assert all(seen)
    assert len(seen) > 5
    assert {name: (weight.data_ptr(), weight.stride()) for name, weight in net.named_parameters()} == before
    with pytest.raises(RuntimeError, match="stop"):  # also after an error
        predict_tiled(net, torch.zeros(1, *(9,) * rank), progress=stop)
    assert {name: (weight.data_ptr(), weight.stride()) for name, weight in net.named_parameters()} == before
    net.train()(torch.zeros(1, 1, *(8,) * rank)).sum().backward()  # no tensor of inference mode is left


def stop(_: Any) -> Any:
    raise RuntimeError("stop")


Parts = tuple[Block, Down, Up, Merge]
KERNEL_IS_STRIDE: dict[str, Parts] = {
    "plain": (NORMED, MaxPool, transposed, Concat),
    "nearest, 1": (NORMED, MaxPool, resize_conv("nearest", kernel=1), Concat),
    "pixel shuffle": (NORMED, MaxPool, PixelShuffle, Concat),
    "residual": (residual(NORMED), MaxPool, transposed, Concat),
    "strided": (NORMED, StridedConv, transposed, Concat),
    "add, dropout": (dropped(NORMED), MaxPool, then(transposed), Add),
}
LARGER_KERNEL: dict[str, Parts] = {
    "nearest, 3": (NORMED, MaxPool, resize_conv("nearest", kernel=3), Concat),
    "linear, 1": (NORMED, MaxPool, resize_conv("linear", kernel=1), Concat),
    "linear, 3": (NORMED, MaxPool, resize_conv("linear", kernel=3), Concat),
    "gated": (NORMED, MaxPool, transposed, gated(Concat)),
}
FAR = 96  # mirrored pixels on each side, more than any network below sees


def gap(parts: Parts, poolings: int) -> float:
    """Largest difference between the smallest tiles that step and one pass, in standard deviations of the logits."""
    block, down, up, merge = parts
    levels = pyramid([4 * 2**i for i in range(poolings + 1)])
    net = perturbed(kaiming_(thin(levels, block=block, down=down, up=up, merge=merge))).double().eval()
    (axis, _) = margins(net.levels, "same", net.extra_reach)
    tile = axis.tile_covering(1, 1)
    image = torch.randn(1, 5 * 2**poolings + 3, 4 * 2**poolings + 1, dtype=torch.float64)
    expected = one_pass_with_wide_margins(net, image)
    return float((predict_tiled(net, image, tile=(tile, tile), batch=8) - expected).abs().max() / expected.std())


def one_pass_with_wide_margins(net: UNet, image: Tensor) -> Tensor:
    """One pass over the image mirrored by numpy, cropped to the image."""
    pads = [(FAR, FAR + -n % 32) for n in image.shape[1:]]
    with torch.inference_mode():
        logits: Tensor = net(torch.from_numpy(np.pad(image.numpy(), [(0, 0), *pads], mode="reflect"))[None])[0]
    return logits[(slice(None), *(slice(FAR, FAR + n) for n in image.shape[1:]))]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "poolings"), [(name, 2) for name in KERNEL_IS_STRIDE] + [("plain", 1), ("plain", 3)])
def test_tiles_equal_one_pass_if_upsampling_has_kernel_equal_to_stride(name: str, poolings: int) -> None:
    assert gap(KERNEL_IS_STRIDE[name], poolings) < 1e-10


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "poolings"), [(name, 2) for name in LARGER_KERNEL] + [("nearest, 3", 1), ("linear, 3", 3)]
)
def test_tiles_equal_one_pass_if_upsampling_reads_neighbours(name: str, poolings: int) -> None:
    """Such a network has an extra reach: with two poolings it sees 26 px to a side, or 29 ("linear, 3"), not 24."""
    assert gap(LARGER_KERNEL[name], poolings) < 1e-10
