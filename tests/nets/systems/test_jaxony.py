"""jaxony's own test and its numbers of parameters, on our network."""

from __future__ import annotations

import pytest
import torch

from tests.oracles.thin_nets import count, without_gradient
from unet_tutorial.nets.merge import Add, Concat, Merge
from unet_tutorial.nets.resample import Up, resize_conv, transposed
from unet_tutorial.nets.systems.jaxony import jaxony_unet

pytestmark = pytest.mark.slow

POINT = resize_conv("linear", kernel=1)


@pytest.mark.parametrize(("published", "channels"), [(31_031_875, (3, 3)), (31_030_658, (1, 2))])
def test_the_published_numbers_of_parameters(published: int, channels: tuple[int, int]) -> None:
    with torch.device("meta"):
        assert count(jaxony_unet(*channels)) == published


@pytest.mark.parametrize(("up", "merge"), [(transposed, Concat), (transposed, Add), (POINT, Concat), (POINT, Add)])
def test_jaxonys_test_with_assertions(up: Up, merge: Merge) -> None:
    """3 channels to 3 at 320², forward and backward; "upsample" with "add" is a ValueError there."""
    torch.manual_seed(0)
    net = jaxony_unet(3, 3, (2, 4, 4, 8, 8), up=up, merge=merge)
    image = torch.randn(1, 3, 320, 320)
    assert net(image).shape == image.shape
    assert without_gradient(net, image) == []


@pytest.mark.parametrize("side", [60, 63])
def test_jaxonys_sizes_are_refused_with_their_neighbours(side: int) -> None:
    with pytest.raises(ValueError, match=f"axis 0 = {side} does not pass 4 poolings; the nearest sizes .* 48 and 64"):
        jaxony_unet(3, 3, (2, 2, 2, 2, 2))(torch.zeros(1, 3, side, side))
