"""What is the same in any number of dimensions: the crop, the mirror, and the contract of a part."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.crop import center_crop, mirrored
from unet_tutorial.nets.init import convolutions, kaiming_
from unet_tutorial.nets.nd import conv


def test_center_crop_of_coordinates() -> None:
    rows = torch.arange(9.0)[:, None].expand(9, 9)
    grid = torch.stack((rows, rows.T))[None]
    cropped = center_crop(grid, (4, 9))
    assert cropped[0, 0, :, 0].tolist() == [2, 3, 4, 5]
    assert cropped[0, 1, 0].tolist() == list(range(9))
    for size in ((10, 9), (4,)):
        with pytest.raises(ValueError, match="none of them longer"):
            center_crop(grid, size)


def test_mirror_equals_numpy() -> None:
    image = np.arange(12).reshape(1, 3, 4)
    for before, after in itertools.product((0, 1, 5, 9), repeat=2):
        padded = np.pad(image, [(0, 0), (before, after), (after, before)], mode="reflect")
        window = mirrored(torch.from_numpy(image), (-before, -after), padded.shape[1:])
        assert np.array_equal(window.numpy(), padded)


class Gate(Part):
    """A part with an initialisation of its own."""

    own_init = True

    def __init__(self) -> None:
        super().__init__()
        self.conv = conv(1, 1, (1, 1))
        nn.init.constant_(self.conv.get_parameter("weight"), 7.0)
        self.out_channels = 1


def test_an_initialiser_leaves_a_parts_own_initialisation_alone() -> None:
    net = kaiming_(nn.Sequential(Gate(), conv(1, 500, (3, 3))))
    assert net.get_parameter("0.conv.weight").item() == 7.0
    assert net.get_parameter("1.weight").std().item() == pytest.approx((2 / 9) ** 0.5, rel=0.05)
    assert len(list(convolutions(net))) == 1
