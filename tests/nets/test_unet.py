"""A whole U: sizes, gradients, saved weights, export, and the images that it refuses."""

import pytest
import torch
from torch import Tensor

from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.unet import UNet, unet
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import Padding, nearest_valid, output_size

CASES = [(rank, padding) for rank in (1, 2, 3) for padding in ("same", "valid")]


def small(rank: int, padding: Padding) -> tuple[UNet, Tensor]:
    """A net of two levels with norms, and an image that fits."""
    torch.manual_seed(rank)
    levels = pyramid((4, 8), rank)
    block = conv_stack(ConvUnit(padding=padding, norm=batch_norm))
    net = kaiming_(unet(2, 3, levels, block=block, down=MaxPool, up=transposed, merge=Concat))
    size = tuple(n[-1] for n in nearest_valid((24,) * rank, levels, padding=padding))
    return net, torch.randn(2, 2, *size)


@pytest.mark.parametrize(("rank", "padding"), CASES)
def test_every_rank_and_padding_gives_the_stated_size_and_a_gradient_to_all(rank: int, padding: Padding) -> None:
    net, image = small(rank, padding)
    logits = net(image)
    assert logits.shape == (2, 3, *output_size(tuple(image.shape[2:]), net.levels, padding=padding))
    logits.square().sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in net.head.parameters())
    missing = [name for name, weight in net.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert missing == []


@pytest.mark.parametrize(("rank", "padding"), CASES)
def test_a_state_dict_round_trip_changes_nothing(rank: int, padding: Padding) -> None:
    net, image = small(rank, padding)
    twin = small(rank, padding)[0]
    with torch.no_grad():
        for weight in twin.parameters():
            weight.add_(1)
    twin.load_state_dict(net.state_dict())
    assert torch.equal(net.eval()(image), twin.eval()(image))


@pytest.mark.slow
def test_a_dynamic_export_equals_eager_at_a_size_of_other_parity() -> None:
    """A crop by a number that was fixed while tracing would be silently wrong at the other sizes."""
    levels = pyramid((2, 4, 4))
    block = conv_stack(ConvUnit(padding="valid"))
    net = unet(1, 2, levels, block=block, down=MaxPool, up=transposed, merge=Concat).eval()
    sides = {2: torch.export.Dim.AUTO, 3: torch.export.Dim.AUTO}
    exported = torch.export.export(net, (torch.randn(1, 1, 60, 60),), dynamic_shapes=(sides,)).module()
    for size in ((60, 60), (64, 84), (48, 100)):
        image = torch.randn(1, 1, *size)
        assert torch.allclose(exported(image), net(image), atol=1e-6)


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (torch.zeros(1, 20, 20), r"input \(1, 20, 20\): 3 axes, and this network needs 4"),
        (torch.zeros(1, 3, 20, 20), "3 channels, and this network needs 1"),
        (torch.zeros(1, 1, 20, 20, dtype=torch.uint8), "uint8, and a network needs floats"),
        (torch.zeros(1, 1, 20, 20, dtype=torch.float64), r"torch.float64, and .* call .to\(torch.float32\)$"),
        (torch.zeros(1, 1, 20, 20, dtype=torch.float16), r"torch.float16, and .* call .to\(torch.float32\)$"),
        (torch.zeros(1, 1, 19, 20), "axis 0 = 19 does not pass 1 poolings; the nearest sizes that do are 18 and 20"),
    ],
)
def test_a_bad_image_is_refused_in_words(image: Tensor, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        paper_unet(widths=(2, 4))(image)


def test_autocast_takes_other_floats_but_not_float64() -> None:
    torch.manual_seed(0)
    net, image = paper_unet(widths=(2, 4)).eval(), torch.randn(1, 1, 20, 20)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        got = net(image.bfloat16())
        with pytest.raises(ValueError, match="and the weights of this network are"):
            net(image.double())
    with pytest.raises(ValueError, match="and the weights of this network are"):
        net(image.bfloat16())
    assert got.dtype == torch.bfloat16
    assert float((got.float() - net(image)).detach().abs().max()) < 0.05 * float(got.abs().max())  # bfloat16 has 8 bits
    assert net.double()(image.double()).dtype == torch.float64
