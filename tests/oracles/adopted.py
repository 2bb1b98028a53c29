"""Networks of other projects to adopt, and the difference between tiles and one pass over the whole mirrored image."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.oracles.foreign_unets import Functional, Stacked, recursive
from tests.oracles.thin_nets import perturbed
from unet_tutorial.inference.tiles import margins
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.nets.adopt import Adopted

HAND_WRITTEN: dict[str, Callable[[], nn.Module]] = {
    "functional": Functional,
    "recursive": recursive,
    "padded": Stacked,
    "valid, cropped": lambda: Stacked("crop", pad=0),
}
LIBRARIES: dict[str, Callable[[Any], nn.Module]] = {
    "monai.networks.nets UNet": lambda nets: nets.UNet(2, 1, 2, (4, 8, 8), (2, 2), num_res_units=1, norm="BATCH"),
    "monai.networks.nets BasicUNet": lambda nets: nets.BasicUNet(2, 1, 2, features=(2, 2, 2, 4, 4, 2), norm="BATCH"),
    "monai.networks.nets DynUNet": lambda nets: nets.DynUNet(
        3, 1, 2, [[1, 3, 3], 3, 3], [1, [1, 2, 2], 2], [[1, 2, 2], 2], filters=(2, 4, 4), norm_name="batch"
    ),
    "segmentation_models_pytorch Unet": lambda smp: smp.Unet(
        "resnet18", encoder_depth=3, encoder_weights=None, in_channels=1, classes=2, decoder_channels=(8, 8, 4)
    ),
    "segmentation_models_pytorch UnetPlusPlus": lambda smp: smp.UnetPlusPlus(
        "mobilenet_v2", encoder_depth=3, encoder_weights=None, in_channels=1, classes=2, decoder_channels=(8, 8, 4)
    ),
    "segmentation_models_pytorch Linknet": lambda smp: smp.Linknet(
        "resnet18", encoder_depth=3, encoder_weights=None, in_channels=1, classes=2
    ),
}


def made(name: str) -> nn.Module:
    """The network of this name in evaluation mode; the test is skipped if its library is not installed."""
    torch.manual_seed(0)
    if name in HAND_WRITTEN:
        return perturbed(HAND_WRITTEN[name]()).eval()
    library = name.split()[0]
    pytest.importorskip(library.split(".")[0], reason=f"{library} is not installed")
    return perturbed(LIBRARIES[name](import_module(library))).eval()


def gap_of_tiles(net: Adopted) -> float:
    """Largest difference between small tiles and one pass, in standard deviations of the logits.

    The one pass is over the image mirrored by numpy, whose sides are so long that the smallest tiles must step.
    """
    axes = margins(net.levels, net.padding, net.extra_reach)
    tile = tuple(axis.tile_covering(1, 1) + axis.grid for axis in axes)
    size = [axis.grid + 5 for axis in axes]
    image = torch.randn(net.in_channels, *size, generator=torch.Generator().manual_seed(1))
    before = [axis.before + axis.grid for axis in axes]
    totals = [
        axis.smallest + axis.grid * -(-(n + axis.lost + 3 * axis.grid - axis.smallest) // axis.grid)
        for axis, n in zip(axes, size, strict=True)
    ]
    pads = [(b, total - n - b) for b, total, n in zip(before, totals, size, strict=True)]
    padded = torch.from_numpy(np.pad(image.numpy(), [(0, 0), *pads], mode="reflect"))
    with torch.no_grad():
        out = net.eval()(padded[None])[0]
    for i, (n, b) in enumerate(zip(size, before, strict=True), start=1):
        out = out.narrow(i, b - (padded.shape[i] - out.shape[i]) // 2, n)
    return float((predict_tiled(net, image, tile=tile) - out).abs().max() / out.std())
