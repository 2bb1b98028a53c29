"""Every named network, and those of other systems: gradients, weights, seeds, export, initialisation, refusals."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.thin_nets import perturbed, thin, without_gradient
from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.init import convolutions
from unet_tutorial.nets.merge import Add, Concat
from unet_tutorial.nets.presets import PRESETS, attention_unet, build, padded_unet, paper_unet, residual_unet, unet3d
from unet_tutorial.nets.resample import StridedConv, resize_conv
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.systems.caffe_release import released_unet
from unet_tutorial.nets.systems.cicek2016 import unet3d_paper
from unet_tutorial.nets.systems.elektronn3 import elektronn3_unet
from unet_tutorial.nets.systems.jaxony import jaxony_unet
from unet_tutorial.nets.systems.johschmidt42 import johschmidt42_unet
from unet_tutorial.nets.systems.keras_backboned import backboned_unet, backboned_vgg16
from unet_tutorial.nets.systems.keras_unet import keras_unet3d, keras_unet_original, keras_unet_padding
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import output_size, valid_sizes

WIDTHS = (4, 8, 8)
NETS: dict[str, Callable[..., UNet]] = {name: partial(build, name, widths=WIDTHS) for name in PRESETS}
NETS |= {
    "unet3d, planar": partial(unet3d, widths=WIDTHS, planar=(0,)),
    "padded, 1D": partial(padded_unet, widths=WIDTHS, rank=1),
    "residual, 3D": partial(residual_unet, widths=WIDTHS, rank=3),
    "attention, 1D": partial(attention_unet, widths=WIDTHS, rank=1),
    "jaxony": partial(jaxony_unet, widths=WIDTHS),
    "jaxony, upsample": partial(jaxony_unet, widths=WIDTHS, up=resize_conv("linear", kernel=1), merge=Add),
    "elektronn3": partial(elektronn3_unet, levels=pyramid(WIDTHS, rank=3, planar=(0,))),
    "elektronn3, attention": partial(elektronn3_unet, levels=pyramid(WIDTHS), up=PixelShuffle, merge=gated(Concat)),
    "johschmidt42": partial(johschmidt42_unet, levels=pyramid(WIDTHS)),
}


def seeded(name: str, seed: int = 0) -> UNet:
    torch.manual_seed(seed)
    return NETS[name]()


def fitting(net: UNet, further: int = 0) -> Tensor:
    """Two images of a valid size, with another length along each axis."""
    ranges = valid_sizes(net.levels, padding=net.padding)
    torch.manual_seed(further)
    return torch.randn(2, net.in_channels, *(valid[1 + further + i] for i, valid in enumerate(ranges)))


@pytest.mark.parametrize("name", NETS)
def test_every_parameter_gets_a_gradient_and_sizes_are_as_stated(name: str) -> None:
    net = perturbed(seeded(name))
    image = fitting(net)
    size = output_size(tuple(image.shape[2:]), net.levels, padding=net.padding)
    assert net(image).shape == (2, net.out_channels, *size)
    assert without_gradient(net, image) == []


@pytest.mark.parametrize("name", NETS)
def test_a_state_dict_round_trip_keeps_every_number(name: str) -> None:
    net, twin = perturbed(seeded(name)).eval(), seeded(name, seed=1).eval()
    image = fitting(net)
    assert not torch.equal(net(image), twin(image))
    twin.load_state_dict(net.state_dict())
    assert torch.equal(net(image), twin(image))


@pytest.mark.parametrize("name", NETS)
def test_equal_seeds_give_equal_weights_and_logits(name: str) -> None:
    """In training, so with dropout. That another seed gives other logits is tested with the state dict."""
    one, other = seeded(name), seeded(name)
    image = fitting(one)
    runs = []
    for net in (one, other):
        torch.manual_seed(0)
        runs.append(net(image))
    assert torch.equal(runs[0], runs[1])


@pytest.mark.parametrize("name", NETS)
def test_weights_have_the_variance_of_he_or_glorot_and_biases_are_0(name: str) -> None:
    """The weights of all layers, divided by their expected standard deviation, have a standard deviation of 1."""
    net = seeded(name)
    layers = list(convolutions(net))
    glorot = name.startswith(("jaxony", "elektronn3", "johschmidt42"))
    ratios = []
    for layer in layers:
        weight = layer.get_parameter("weight").detach()
        out, into = nn.init._calculate_fan_in_and_fan_out(weight)[::-1]
        meant = 2 / (out + into) if glorot else 2 / into
        ratios += [weight.flatten() / meant**0.5]
        assert not any(value.any() for name, value in layer.named_parameters() if name == "bias")
    assert float(torch.cat(ratios).std()) == pytest.approx(1, abs=0.03)


def exported(net: UNet) -> nn.Module:
    """The exported graph, with a free size along each axis."""
    image = fitting(net)
    free = dict.fromkeys(range(2, image.ndim), torch.export.Dim.AUTO)
    return torch.export.export(net, (image,), dynamic_shapes=(free,)).module()


SHALLOW = WIDTHS[:2]
EXPORTED: dict[str, Callable[..., UNet]] = {  # all presets: benchmarks.export
    name: partial(NETS[name], widths=SHALLOW) for name in ("paper", "unet3+", "unet3d, planar")
}
EXPORTED["1D, strided"] = partial(thin, pyramid(SHALLOW, rank=1), down=StridedConv)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPORTED)
def test_a_dynamic_export_equals_eager_at_other_sizes(name: str) -> None:
    """At sizes of other parity, different along each axis."""
    torch.manual_seed(0)
    net = perturbed(EXPORTED[name]()).eval()
    graph = exported(net)
    for further in (0, 1, 4):
        image = fitting(net, further)
        with torch.no_grad():
            assert torch.allclose(graph(image), net(image), atol=1e-6)


def test_torchs_pooling_of_one_axis_exports_its_traced_size_only() -> None:
    """``nn.MaxPool1d`` is the only layer with this limit: the graph raises an error at other sizes."""
    net = seeded("padded, 1D").eval()
    graph, image = exported(net), fitting(net)
    assert torch.allclose(graph(image), net(image), atol=1e-6)
    with pytest.raises((AssertionError, RuntimeError)):
        graph(fitting(net, 1))


WHOLE = "is not a whole number of at least 1"
NAMED: list[Callable[..., nn.Module]] = [
    *(paper_unet, padded_unet, residual_unet, attention_unet, unet3d, released_unet, unet3d_paper, jaxony_unet),
    *(keras_unet_original, keras_unet_padding, keras_unet3d, backboned_unet, backboned_vgg16),
]


@pytest.mark.parametrize("make", NAMED)
@pytest.mark.parametrize(
    ("widths", "words"), [((), "at least one level"), ((4, 8.0), "8.0 " + WHOLE), (4, "channels 4")]
)
def test_every_named_network_refuses_wrong_widths(make: Callable[..., nn.Module], widths: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make(widths=widths)


@pytest.mark.parametrize("make", [elektronn3_unet, johschmidt42_unet])
def test_networks_that_take_levels_refuse_an_empty_plan(make: Callable[..., nn.Module]) -> None:
    with pytest.raises(ValueError, match="at least one level"):
        make(levels=())


def volume(*size: int) -> Tensor:
    return torch.zeros(1, 1, *size)


REFUSED: list[tuple[Callable[[], Any], str]] = [
    (lambda: build("papre"), "the presets are paper"),
    (lambda: build("paper", depth=3), "takes in_channels, out_channels, widths, and not 'depth'"),
    (lambda: unet3d(widths=(4, 8), planar=(5,)), "planar level 5 does not exist"),
    (lambda: unet3d(widths=(4, 8, 8))(volume(2, 16, 16)), "axis 0 = 2 .* the smallest size that does is 4"),
    (lambda: unet3d(widths=(4, 8))(volume(8, 8)), r"4 axes, and this network needs 5: \(N, 1, and 3 spatial axes\)"),
    (lambda: padded_unet(widths=(4, 8, 8))(volume(16, 5)), "axis 1 = 5 .* nearest sizes that do are 4 and 8"),
    (lambda: padded_unet(widths=(4, 8), rank=1)(volume(7)), "axis 0 = 7 .* nearest sizes that do are 6 and 8"),
]


@pytest.mark.parametrize(("make", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_a_wrong_name_argument_or_image_is_refused(make: Callable[[], Any], words: str) -> None:
    with torch.device("meta"), pytest.raises(ValueError, match=words):
        make()
