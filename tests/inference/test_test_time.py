"""Test-time augmentation of functions whose result is known, and its equivariance under flips and turns."""

import pytest
import torch
from torch import Tensor

from unet_tutorial.inference.test_time import predict_with_tta, symmetric_views

IMAGE = torch.randn(1, 5, 7, generator=torch.Generator().manual_seed(0))


def first_row(image: Tensor) -> Tensor:
    """1 in the first row, wherever the image's content is: not equivariant."""
    out = torch.zeros_like(image)
    out[..., 0, :] = 1
    return out


def test_a_pixel_wise_function_is_not_changed() -> None:
    assert torch.allclose(predict_with_tta(torch.sigmoid, IMAGE), torch.sigmoid(IMAGE), atol=1e-6)


def test_each_side_of_the_image_comes_first_equally_often() -> None:
    seen = predict_with_tta(first_row, IMAGE)[0]
    assert seen[0, 1:-1].tolist() == seen[-1, 1:-1].tolist() == [0.25] * 5
    assert seen[1:-1, 0].tolist() == seen[1:-1, -1].tolist() == [0.25] * 3
    assert not seen[1:-1, 1:-1].any()


@pytest.mark.parametrize("move", [lambda x: x.rot90(1, (-2, -1)), lambda x: x.flip(-1), lambda x: x.flip(-2)])
def test_the_mean_turns_with_the_image(move: object) -> None:
    assert callable(move)
    torch.manual_seed(1)
    layer = torch.nn.Conv2d(1, 2, 3, padding=1)
    with torch.inference_mode():
        both = predict_with_tta(layer, move(IMAGE)), move(predict_with_tta(layer, IMAGE))
    assert torch.allclose(*both, atol=1e-6)
    assert not torch.allclose(layer(move(IMAGE)), move(layer(IMAGE)), atol=1e-2)


def test_the_first_view_is_the_image_as_it_is_and_the_mean_is_over_all() -> None:
    views = symmetric_views(first_row, IMAGE)
    assert views.shape == (8, 1, 5, 7)
    assert torch.equal(views[0], first_row(IMAGE))
    assert torch.equal(views.mean(0), predict_with_tta(first_row, IMAGE))
