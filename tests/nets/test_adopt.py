"""Modules of other projects under the contract: tiles against one pass, any size, and refusals in one sentence."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.adopted import HAND_WRITTEN, LIBRARIES, gap_of_tiles, made
from tests.oracles.coming_from import PAGE, names
from tests.oracles.foreign_unets import RELU, Assembled, Functional, PreAct, Stacked, conv, recursive
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.inference.tiles import margins
from unet_tutorial.learning.train import Batch, adam, fit
from unet_tutorial.nets.adopt import adopt
from unet_tutorial.nets.any_size import any_size
from unet_tutorial.nets.presets import padded_unet, paper_unet
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import output_size, valid_sizes

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", [*HAND_WRITTEN, *LIBRARIES])
def test_tiles_equal_one_pass(name: str) -> None:
    net = adopt(made(name))
    assert net.exact_tiles
    assert gap_of_tiles(net) < 1e-4  # float32, in standard deviations of the logits


@pytest.mark.parametrize("name", HAND_WRITTEN)
def test_any_size_is_taken_and_the_logits_are_those_of_the_module(name: str) -> None:
    module = made(name)
    net = adopt(module)
    size = tuple(valid[1] for valid in valid_sizes(net.levels, padding=net.padding))
    image = torch.randn(2, net.in_channels, *size)
    assert net(image).shape[2:] == output_size(size, net.levels, padding=net.padding)
    if net.padding == "same":
        assert torch.equal(net(image), module(image))
        assert any_size(net)(image[..., 1:, 3:]).shape[2:] == (size[0] - 1, size[1] - 3)


def test_the_figures_show_the_module_by_its_name() -> None:
    net, module = adopt(Stacked()), Stacked()
    image = torch.zeros(1, 1, 16, 16)
    ours, its = trace(net, image), trace(module, image)
    assert ours.name == its.name == "Stacked"
    assert ours.totals == its.totals
    assert [(node.op, node.size, node.channels) for node in ours.nodes] == [
        (node.op, node.size, node.channels) for node in its.nodes
    ]
    assert ours.valid == ((4, 4), (4, 4))


def test_stated_values_are_used_and_checked() -> None:
    net = padded_unet(widths=(2, 4, 8))
    adopted = adopt(net, net.levels)
    assert adopted.levels == net.levels
    assert adopted.extra_reach == (0, 0)  # the plan has them already
    assert adopt(net, halo=(40, 40)).extra_reach == (37, 37)  # 3 = 4 - 1 are those of the two levels
    paper = paper_unet(widths=(2, 4, 8))
    assert adopt(paper, paper.levels, padding="valid").padding == "valid"
    assert adopt(nn.Conv2d(3, 2, 1), in_channels=3, rank=2).in_channels == 3


WRONG: list[tuple[Callable[[], Any], dict[str, Any], str]] = [
    (Stacked, {"levels": pyramid((2, 4)), "in_channels": 3}, "accepts none .*; 2×2, 4×4, 6×6, 8×8"),
    (
        Stacked,
        {"levels": pyramid((2, 4))},
        "the levels have the product 2 along axis 0, but .* of 4",
    ),
    (
        Stacked,
        {"levels": pyramid((2, 4, 4)), "padding": "valid"},
        "by 40 pixels along axis 0, and that of Stacked by 0",
    ),
    (Stacked, {"in_channels": 3}, "Stacked accepts none of the images tried .3 channels and 2 spatial axes"),
    (Stacked, {"rank": 3}, "Stacked accepts none of the images tried .1 channels and 3 spatial axes"),
    (Stacked, {"halo": (8,)}, r"halo \(8,\): this network has 2 spatial axes"),
    (lambda: Stacked, {}, r"takes a module and not <class .*; pass an instance of it, such as Stacked\(…\)"),
    (lambda: "unet", {}, "takes a module and not 'unet'; pass a torch nn.Module"),
    (lambda: nn.LazyConv2d(2, 3), {}, "LazyConv2d has uninitialised parameters"),
    (nn.ReLU, {}, "ReLU has no weights"),
    (lambda: torch.jit.script(nn.Conv2d(1, 2, 3)), {}, "is a ScriptModule"),
    (lambda: nn.Sequential(nn.Conv2d(1, 2, 3, 2, 1)), {}, "does not follow the size of its input along axis 0"),
    (
        lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        {},
        "Sequential returns .1, 2. for an image",
    ),
    (lambda: nn.Sequential(nn.Conv2d(1, 2, 3), nn.Unflatten(1, (2, 1))), {}, "a network returns logits .N, classes"),
    (
        lambda: Assembled(conv, torch.add, RELU, wide=False),
        {},
        r"a dict, .* output=lambda out: out\['logits'\]",
    ),
]


@pytest.mark.parametrize(("make", "options", "words"), WRONG)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch.jit.script
def test_modules_that_are_no_network_are_refused(make: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        adopt(make(), **options)


def test_a_function_selects_the_logits_of_several_outputs() -> None:
    net = adopt(Assembled(conv, torch.add, RELU, wide=False), output=lambda out: out["logits"])
    image = torch.randn(1, 1, 16, 16)
    assert torch.equal(net(image), net.module(image)["logits"])
    assert gap_of_tiles(net) < 1e-4


def test_a_field_of_the_whole_image_is_said_to_be_so() -> None:
    torch.manual_seed(0)
    with pytest.warns(UserWarning, match="an output pixel of Sequential depends on the whole image .* is not exact"):
        net = adopt(nn.Sequential(nn.Conv2d(1, 4, 1), PreAct(4, 4), nn.Conv2d(4, 2, 1)))
    assert not net.exact_tiles
    assert 1e-4 < gap_of_tiles(net) < 0.1  # tiles work, and are near
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert adopt(recursive()).exact_tiles


def test_images_that_do_not_fit_are_refused_in_one_sentence() -> None:
    net = adopt(Functional())
    for shape, words in (
        ((1, 1, 17, 16), "axis 0 = 17 does not pass 1 pooling; the nearest sizes that do are 16 and 20"),
        ((1, 3, 16, 16), "3 channels, and this network needs 1"),
        ((1, 16, 16), "3 axes, and this network needs 4"),
    ):
        with pytest.raises(ValueError, match=words):
            net(torch.zeros(shape))


def test_margins_hold_every_pixel_that_is_read() -> None:
    """5 pixels of a dilated convolution at the finest level, beside a pooling by 2."""

    class Wide(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wide, self.narrow = nn.Conv2d(1, 2, 3, padding=5, dilation=5), nn.Conv2d(1, 2, 1)

        def forward(self, x: Tensor) -> Tensor:
            coarse = nn.functional.interpolate(nn.functional.max_pool2d(self.narrow(x), 2), scale_factor=2)
            return torch.as_tensor(self.wide(x) + coarse)

    net = adopt(Wide())
    (axis, _) = margins(net.levels, net.padding, net.extra_reach)
    assert (axis.grid, axis.before) == (2, 6)


class Viewing(nn.Module):
    """Changes the shape of its features by ``view``, which fails for channels-last features."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x.view(len(x), -1).view(x.shape))
        return torch.as_tensor(self.last(x.view(len(x), -1).relu().view(x.shape)))


def test_a_module_with_views_is_trained_and_predicts() -> None:
    net = adopt(Viewing())
    assert gap_of_tiles(net) < 1e-4
    batch = Batch(torch.randn(2, 3, 8, 8), torch.ones(2, 8, 8, dtype=torch.int64), torch.ones(2, 8, 8))
    training = adam(net)
    fit(training, lambda _step: batch, lambda _step: 1e-2, steps=2, save=lambda _now: None)
    assert training.losses[1] < training.losses[0]


def test_the_example_of_the_page_is_adopted() -> None:
    _, _, section = PAGE.read_text(encoding="utf8").partition("## Your own network")
    own: Any = names(section.partition("\n## ")[0])["own"]
    assert (own.in_channels, own.out_channels, own.exact_tiles) == (1, 2, True)
    assert gap_of_tiles(own) < 1e-4


class After(nn.Module):
    """A convolution to two channels, then a function."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.conv, self.function = nn.Conv2d(1, 2, 3, padding=1), function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.conv(x))


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (After(lambda y: 0 * y), "returns the same value, or NaN, for all pixels"),
        (After(lambda y: y.argmax(1, keepdim=True)), "returns torch.int64, and logits are floats"),
    ],
)
def test_outputs_that_are_no_logits_are_refused(module: nn.Module, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        adopt(module, in_channels=1, rank=2)
