"""fastai's numbers of parameters, its order of layers, and its sizes."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.family import check_network
from tests.oracles.thin_nets import count, perturbed
from unet_tutorial.nets.any_size import any_size
from unet_tutorial.nets.merge import NoSkip
from unet_tutorial.nets.systems.fastai import Middle, NormedConcat, dynamic_unet, no_block
from unet_tutorial.plan.levels import pyramid

pytestmark = pytest.mark.slow

needs_timm = pytest.mark.usefixtures("timm")


@pytest.fixture
def timm() -> None:
    pytest.importorskip("timm", reason="encoders of timm: pip install -r requirements-backbones.txt")


@needs_timm
@pytest.mark.parametrize(
    ("published", "options"),
    [
        (41_221_468, {"out_channels": 5}),
        (41_224_168, {"out_channels": 32}),
        (41_044_837, {"out_channels": 5, "image_merge": NoSkip, "image_block": no_block}),  # last_cross=False
    ],
)
def test_the_published_numbers_of_parameters(published: int, options: dict[str, object]) -> None:
    with torch.device("meta"):
        assert count(dynamic_unet("resnet34", **options)) == published  # type: ignore[arg-type]


@needs_timm
@pytest.mark.parametrize("size", [(128, 128), (127, 128), (97, 65)])
def test_fastais_sizes_are_kept(size: tuple[int, int]) -> None:
    net = any_size(dynamic_unet("test_resnet", 3, 2)).eval()
    with torch.no_grad():
        assert net(torch.randn(1, 3, *size)).shape == (1, 2, *size)


@needs_timm
@pytest.mark.parametrize("name", ["test_resnet", "test_convnext"])
def test_it_passes_the_checks_of_the_family(name: str) -> None:
    check_network(partial(dynamic_unet, name, 1, 2), [(64, 64), (32, 96)], odd=(33, 50))


@needs_timm
def test_before_training_the_decoder_upsamples_by_nearest_neighbour() -> None:
    """ICNR: the four pixels that a pixel shuffle makes of one are equal, in each step of the decoder."""
    net = dynamic_unet("test_resnet", 3, 2)
    checked = 0
    for step in list(net.decoder.get_submodule("steps").children()):
        up = step.get_submodule("up")
        x = torch.randn(1, up.get_parameter("up.conv.weight").shape[1], 3, 4)
        out = up(x)
        assert torch.allclose(out, F.interpolate(out[:, :, ::2, ::2], scale_factor=2, mode="nearest"), atol=1e-5)
        assert out.any()
        checked += 1
    assert checked == len(net.levels) - 1


def test_the_skip_is_normalised_and_both_are_activated() -> None:
    merge = perturbed(NormedConcat(3, 4, 8, (2, 2))).eval()
    skip, up = torch.randn(2, 3, 4, 4), torch.randn(2, 4, 4, 4)
    norm = merge.norm
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scaled = (skip.movedim(1, -1) - norm.running_mean) / (norm.running_var + norm.eps).sqrt()
    normed: Tensor = (scaled * norm.weight + norm.bias).movedim(-1, 1)
    expected = torch.cat((normed, up), dim=1).clamp(min=0)
    assert torch.allclose(merge(skip, up, up), expected, atol=1e-6)


def test_the_middle_doubles_the_channels() -> None:
    middle = Middle(4, 4, pyramid((4,))[0])
    shapes = [tuple(value.shape) for value in middle.parameters() if value.ndim == 4]
    assert shapes == [(8, 4, 3, 3), (4, 8, 3, 3)]
    assert (middle(torch.randn(2, 4, 5, 6)) >= 0).all()
