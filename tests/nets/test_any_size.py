"""Networks for any size against padding by numpy, on MONAI's grid of odd sizes."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.oracles.thin_nets import perturbed, thin
from unet_tutorial.nets.any_size import any_size
from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.merge import Add, Concat
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.resample import Up, resize_conv, then, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.systems.zhou2018 import supervised_unet_plus_plus
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Size, pyramid

UPS = [
    transposed,
    *(resize_conv(mode, kernel) for mode in ("nearest", "linear") for kernel in (1, 3)),
    PixelShuffle,
    then(transposed),
]
GRID: list[Size] = [*product((33, 47, 61), (42, 63)), (33, 34, 35), (33, 37, 34), (34, 35, 37), (33,), (64, 64), (7, 5)]


def wide(rank: int, up: Up = transposed) -> UNet:
    """Three poolings, so that a size is a multiple of 8."""
    return perturbed(thin(pyramid((2, 2, 2, 2), rank), up=up)).eval()


def by_hand(net: UNet, image: Tensor, multiple: int) -> Tensor:
    """Pad by numpy, with the smaller half before the image, predict, and crop."""
    missing = [-n % multiple for n in image.shape[2:]]
    before = [m // 2 for m in missing]
    padding = [(0, 0), (0, 0), *((b, m - b) for b, m in zip(before, missing, strict=True))]
    logits: Tensor = net(torch.from_numpy(np.pad(image.numpy(), padding, mode="reflect")))
    return logits[(slice(None), slice(None), *(slice(b, b + n) for b, n in zip(before, image.shape[2:], strict=True)))]


@pytest.mark.parametrize(
    ("size", "up"),
    [(size, transposed) for size in GRID] + [(size, up) for up in UPS[1:] for size in ((47, 42), (9, 10, 11))],
    ids=lambda value: str(value) if isinstance(value, tuple) else value.__name__,
)
def test_monais_odd_grid_keeps_its_shape_and_is_the_padded_run(size: Size, up: Up) -> None:
    net, image = wide(len(size), up), torch.randn(2, 1, *size)
    with torch.no_grad():
        logits = any_size(net)(image)
        assert logits.shape == (2, 2, *size)
        assert logits.isfinite().all()
        assert torch.allclose(logits, by_hand(net, image, 8), atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 3), (1, 1, 1), (5, 1, 9), (1,)], ids=str)
def test_a_single_pixel_is_mirrored_as_often_as_it_takes(size: Size) -> None:
    net, image = wide(len(size)), torch.randn(1, 1, *size)
    with torch.no_grad():
        assert torch.allclose(any_size(net)(image), by_hand(net, image, 8), atol=1e-5)


def test_an_image_of_a_valid_size_is_not_padded() -> None:
    net, image = wide(2), torch.randn(1, 1, 16, 24)
    assert torch.equal(any_size(net)(image), net(image))


def test_a_planar_axis_needs_other_multiples() -> None:
    """Only one of three poolings halves the slices: five slices become six, not eight."""
    net, image = perturbed(thin(pyramid((2, 2, 2, 2), 3, planar=(0, 1)))).eval(), torch.randn(1, 1, 5, 9, 16)
    seen: list[Size] = []
    net.register_forward_hook(lambda _m, x, _y: seen.append(tuple(x[0].shape[2:])))
    with torch.no_grad():
        assert any_size(net)(image).shape == (1, 2, 5, 9, 16)
    assert seen == [(6, 16, 16)]


def test_a_batch_is_its_images_one_by_one_and_all_learn() -> None:
    net, images = any_size(wide(2).eval()), torch.randn(3, 1, 9, 10, requires_grad=True)
    one_by_one = torch.cat([net(image[None]) for image in images])
    assert torch.allclose(net(images), one_by_one, atol=1e-5)
    net(images).sum().backward()
    assert images.grad is not None
    assert images.grad.any(dim=(1, 2, 3)).all()
    assert all(weight.grad is not None for weight in net.parameters())
    assert (net.in_channels, net.out_channels, net.levels) == (1, 2, net.net.levels)


@pytest.mark.slow
def test_it_exports_with_free_sizes() -> None:
    """For sizes that are padded along every axis; for multiples of 8 a guard of the graph raises an error."""
    net, free = any_size(wide(2)), {2: torch.export.Dim.AUTO, 3: torch.export.Dim.AUTO}
    exported = torch.export.export(net, (torch.randn(2, 1, 21, 18),), dynamic_shapes=(free,)).module()
    for size in ((21, 18), (33, 47), (30, 9)):
        image = torch.randn(2, 1, *size)
        assert torch.allclose(exported(image), net(image), atol=1e-6)
    with pytest.raises((AssertionError, RuntimeError)):
        exported(torch.randn(2, 1, 24, 24))


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 9, 9), r"input \(1, 9, 9\): this network needs \(N, 1, and 2 spatial axes\), none of them empty"),
        ((1, 1, 9, 9, 9), "this network needs .* 2 spatial axes"),
        ((1, 1, 0, 9), "none of them empty"),
        ((1, 3, 9, 9), "3 channels, and this network needs 1"),
    ],
)
def test_images_of_a_wrong_shape_are_refused(shape: Size, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        any_size(wide(2))(torch.zeros(shape))


def test_a_net_that_shrinks_its_images_is_refused() -> None:
    with pytest.raises(ValueError, match="padding 'valid': this network shrinks its images; use predict_tiled instead"):
        any_size(paper_unet(widths=(2, 4)))
    any_size(thin(pyramid((4, 4)), merge=gated(Add)))
    any_size(thin(pyramid((4, 4)), merge=gated(Concat)))


def test_deep_supervision_in_evaluation_mode() -> None:
    net = supervised_unet_plus_plus(widths=(2, 4, 4)).eval()
    assert any_size(net)(torch.randn(2, 1, 9, 13)).shape == (2, 2, 9, 13)
