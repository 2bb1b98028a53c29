"""The centre crop against coordinates, and mirrored windows against numpy's padding."""

import itertools

import numpy as np
import pytest
import torch

from unet_tutorial.nets.crop import center_crop, mirrored


def test_center_crop_of_coordinates() -> None:
    rows = torch.arange(9.0)[:, None].expand(9, 9)
    grid = torch.stack((rows, rows.T))[None]
    cropped = center_crop(grid, (4, 9))
    assert cropped[0, 0, :, 0].tolist() == [2, 3, 4, 5]
    assert cropped[0, 1, 0].tolist() == list(range(9))
    for size in ((10, 9), (4,)):
        with pytest.raises(ValueError, match="none longer than the feature map"):
            center_crop(grid, size)


def test_mirror_equals_numpy() -> None:
    image = np.arange(12).reshape(1, 3, 4)
    for before, after in itertools.product((0, 1, 5, 9), repeat=2):
        padded = np.pad(image, [(0, 0), (before, after), (after, before)], mode="reflect")
        window = mirrored(torch.from_numpy(image), (-before, -after), padded.shape[1:])
        assert np.array_equal(window.numpy(), padded)
