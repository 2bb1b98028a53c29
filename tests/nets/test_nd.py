"""Layers by rank against torch's own; planar and flat volumes against images: one code for all ranks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.thin_nets import perturbed, thin
from unet_tutorial.nets.attention import AttentionGate, gated
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.merge import Add, Concat, Merge
from unet_tutorial.nets.nd import conv, conv_strided, max_pool, memory_format
from unet_tutorial.nets.norms import batch_norm, group_norm
from unet_tutorial.nets.presets import padded_unet
from unet_tutorial.nets.resample import Down, MaxPool, StridedConv, Up, resize_conv, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.unet import UNet
from unet_tutorial.nets.wrappers import residual
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import Padding

WIDTHS = (4, 4, 4)
FUNCTIONS: list[tuple[Callable[..., Tensor], ...]] = [  # convolution, transposed convolution, pooling; by rank
    (F.conv1d, F.conv_transpose1d, F.max_pool1d),
    (F.conv2d, F.conv_transpose2d, F.max_pool2d),
    (F.conv3d, F.conv_transpose3d, F.max_pool3d),
]
PARTS: list[tuple[Down, Up, Merge]] = [
    (MaxPool, transposed, Concat),
    (StridedConv, resize_conv("nearest"), Add),
    (MaxPool, resize_conv("linear"), gated(Concat)),
    (StridedConv, PixelShuffle, gated(Add)),
    (MaxPool, resize_conv("linear", kernel=1), Concat),
]


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_layers_of_each_rank_are_torchs_functions(rank: int) -> None:
    convolve, raised, pooled = FUNCTIONS[rank - 1]
    x, kernel, stride = torch.randn(2, 3, *(6, 12, 4)[:rank]), (3, 5, 1)[:rank], (2, 3, 1)[:rank]
    same, valid = conv(3, 4, kernel), conv(3, 4, kernel, padding="valid")
    strided, up = conv_strided(3, 4, stride, bias=False), transposed(3, 4, stride)
    assert torch.equal(same(x), convolve(x, *same.parameters(), padding=tuple(k // 2 for k in kernel)))
    assert torch.equal(valid(x), convolve(x, *valid.parameters()))
    assert torch.equal(strided(x), convolve(x, *strided.parameters(), stride=stride))
    assert torch.equal(up(x), raised(x, *up.parameters(), stride=stride))
    assert torch.equal(max_pool(stride)(x), pooled(x, stride))


def test_each_rank_has_torchs_memory_format() -> None:
    """Torch has channels last for 2D and 3D; the channels of a pixel are then neighbours in memory."""
    images = [torch.empty(2, 3, *(4, 5, 6)[:rank]) for rank in (1, 2, 3)]
    laid_out = [image.to(memory_format=memory_format(rank)) for rank, image in enumerate(images, start=1)]
    assert [image.stride(1) for image in laid_out] == [4, 1, 1]


@pytest.mark.parametrize(
    "make",
    [
        lambda: ConvUnit()(1, 1, (3, 3, 3, 3)),
        lambda: PixelShuffle(4, 4, (2,) * 4),
        lambda: AttentionGate(4, 4, (2,) * 4),
        lambda: padded_unet(widths=(4, 8), rank=4),
    ],
)
def test_more_than_three_axes_are_refused(make: Callable[[], nn.Module]) -> None:
    with torch.device("meta"), pytest.raises(ValueError, match="has 4 axes; torch has layers for 1, 2 and 3 of them"):
        make()


def slice_by_slice(net: UNet, volume: Tensor) -> Tensor:
    """The logits of the slices of a volume, as a batch of images, stacked to a volume again."""
    slices = volume.movedim(2, 1).flatten(0, 1)  # (N · D, C, H, W)
    logits: Tensor = net(slices).unflatten(0, (volume.shape[0], -1)).movedim(1, 2)
    return logits


@pytest.mark.parametrize(("down", "up", "merge"), PARTS)
def test_a_planar_net_is_a_2d_net_slice_by_slice(down: Down, up: Up, merge: Merge) -> None:
    """With squeezed kernels; in training too, because statistics over a volume are those over its slices."""
    planar = perturbed(thin(pyramid(WIDTHS, rank=3, planar=(0, 1, 2)), down=down, up=up, merge=merge))
    image = thin(pyramid(WIDTHS), down=down, up=up, merge=merge)
    image.load_state_dict({k: v.squeeze(2) if v.ndim == 5 else v for k, v in planar.state_dict().items()})
    volume = torch.randn(2, 1, 3, 8, 12)
    assert torch.allclose(planar.eval()(volume), slice_by_slice(image.eval(), volume), atol=1e-5)
    assert torch.allclose(planar.train()(volume), slice_by_slice(image.train(), volume), atol=1e-4)
    means = [value for name, value in planar.named_buffers() if name.endswith("mean")]
    theirs = [value for name, value in image.named_buffers() if name.endswith("mean")]
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(means, theirs, strict=True))


@pytest.mark.parametrize("planar", [(0,), (0, 1)])
def test_a_net_with_a_level_that_is_not_planar_reads_neighbouring_slices(planar: tuple[int, ...]) -> None:
    net, volume = thin(pyramid(WIDTHS, rank=3, planar=planar)).eval(), torch.randn(1, 1, 8, 8, 8)
    changed = volume.clone()
    changed[:, :, 4] += 1
    differs = (net(volume) != net(changed)).any(dim=(0, 1, 3, 4))
    assert int(differs.sum()) > 1


def summed(net: UNet) -> dict[str, Tensor]:
    """A 3D net's weights for images: if all slices are equal, a kernel acts like its sum over depth."""
    return {name: value.sum(2) if value.ndim == 5 else value for name, value in net.state_dict().items()}


def without_depth(rows: int, columns: int, depth: int) -> tuple[Tensor, Tensor]:
    torch.manual_seed(5)
    image = torch.randn(1, 1, rows, columns)
    return image, image[:, :, None].expand(-1, -1, depth, -1, -1)


@pytest.mark.parametrize("mode", ["nearest", "linear"])
@pytest.mark.parametrize("down", [MaxPool, StridedConv])
def test_unpadded_a_volume_without_depth_is_an_image(down: Down, mode: str) -> None:
    """In every slice of the output. Not for transposed convolutions: their slices alternate between two kernels."""
    block = residual(conv_stack(ConvUnit(padding="valid", norm=group_norm(2), act=nn.SiLU)))
    parts = {"block": block, "down": down, "up": resize_conv(mode, kernel=1), "merge": gated(Concat)}
    solid, image_net = (thin(pyramid(WIDTHS, rank), **parts) for rank in (3, 2))  # type: ignore[arg-type]
    perturbed(solid)
    image_net.load_state_dict(summed(solid))
    image, volume = without_depth(44, 48, depth=44)
    expected = image_net.eval()(image)[:, :, None]
    assert torch.allclose(solid.eval()(volume), expected.expand(-1, -1, 4, -1, -1), atol=1e-4)


@pytest.mark.parametrize("up", [resize_conv("nearest"), resize_conv("linear")])
def test_padded_its_inner_slices_equal_the_image(up: Up) -> None:
    """Two levels with 3-wide resize convolutions read 11 pixels per side; nearer to the border they read padding."""
    solid, image_net = perturbed(thin(pyramid((4, 4), rank=3), up=up)), thin(pyramid((4, 4)), up=up)
    image_net.load_state_dict(summed(solid))
    image, volume = without_depth(8, 12, depth=28)
    got, expected = solid.eval()(volume), image_net.eval()(image)[:, :, None]
    assert torch.allclose(got[:, :, 12:-12], expected.expand(-1, -1, 4, -1, -1), atol=1e-4)
    assert not torch.allclose(got[:, :, :1], expected, atol=1e-2)


def test_with_equal_kernels_it_holds_for_transposed_convolutions_too() -> None:
    """Each slice of the output reads one slice of the kernel, so both slices must be equal."""
    solid, image_net = perturbed(thin(pyramid((4, 4), rank=3))), thin(pyramid((4, 4)))
    weight = solid.get_parameter("decoder.steps.0.up.weight")
    with torch.no_grad():
        weight[:, :, 1] = weight[:, :, 0]
    image_net.load_state_dict(summed(solid) | {"decoder.steps.0.up.weight": weight[:, :, 0]})
    image, volume = without_depth(8, 12, depth=28)
    expected = image_net.eval()(image)[:, :, None]
    assert torch.allclose(solid.eval()(volume)[:, :, 12:-12], expected.expand(-1, -1, 4, -1, -1), atol=1e-4)


@pytest.mark.parametrize(("down", "up", "merge"), PARTS)
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_a_net_of_rows_is_a_1d_net_row_by_row(padding: Padding, down: Down, up: Up, merge: Merge) -> None:
    """Planar levels, with kernel 1 along the first axis, work in 2D too."""
    line = pyramid(WIDTHS, rank=1)
    rows = tuple(replace(level, kernel=(1, *level.kernel), stride=(1, *level.stride)) for level in line)
    block = conv_stack(ConvUnit(padding=padding, norm=batch_norm))
    plane, net = (thin(levels, block=block, down=down, up=up, merge=merge) for levels in (rows, line))
    perturbed(plane)
    net.load_state_dict({k: v.squeeze(2) if v.ndim == 4 else v for k, v in plane.state_dict().items()})
    image = torch.randn(2, 1, 3, 48)
    if padding == "valid":
        image = image[..., :44]
    assert torch.allclose(plane.eval()(image), slice_by_slice(net.eval(), image), atol=1e-5)
