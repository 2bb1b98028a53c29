"""Parts of an exported graph against numpy and the predictor; graphs at every size; modules that cannot be traced."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.oracles.thin_nets import perturbed
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.jobs.export.graph import (
    Fixed,
    WithMask,
    check,
    example,
    inference,
    normalised,
    pixels_to_mask,
    traced,
)
from unet_tutorial.jobs.export.model import SizeRule, TrainedNetwork
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.task import Task
from unet_tutorial.nets.adopt import adopt
from unet_tutorial.nets.presets import build


@pytest.mark.parametrize("unused", [0, 1])  # outputs of the network that are no class of the task
@pytest.mark.parametrize(
    ("kind", "names", "thresholds"),
    [
        ("classes", ("background", "a"), (0.3,)),
        ("classes", ("background", "a"), ()),
        ("classes", ("background", "a", "b"), ()),
        ("layers", ("a", "b", "c"), (0.3, 0.5, 0.7)),
        ("layers", ("a", "b"), ()),
    ],
)
def test_probability_and_mask_are_those_of_the_predictor(
    kind: str, names: tuple[str, ...], thresholds: tuple[float, ...], unused: int
) -> None:
    net = build("padded", widths=(2, 4), out_channels=len(names) + unused)
    task = Task(LabelScheme(kind, names))
    logits = torch.randn(2, net.out_channels, 9, 7)
    probability, mask = WithMask(TrainedNetwork(net, task, {1: thresholds}))(logits)
    predictor = Predictor(net, task, thresholds)
    for i in range(2):
        torch.testing.assert_close(probability[i], predictor.probabilities(logits[i]))
        np.testing.assert_array_equal(mask[i], predictor.labels(probability[i, : len(names)].numpy()))
    assert mask.dtype == torch.uint8


def test_normalisation_is_exact_for_a_mean_far_above_the_spread() -> None:
    """In float32, the mean 30000.1234 would be rounded by 0.001, a tenth of the standard deviation of 0.01."""
    image = torch.tensor([30000.0, 30000.5]).reshape(1, 1, 2)
    mean, std = torch.tensor([30000.1234], dtype=torch.float64), torch.tensor([0.01], dtype=torch.float64)
    for found in (Fixed(mean, std)(image), normalised(image, mean, std)):
        np.testing.assert_allclose(found.flatten(), [-12.34, 37.66], rtol=1e-6)


@pytest.mark.parametrize("method", ["image", "data", "percentile", "none"])
def test_the_whole_module_takes_pixels(method: str) -> None:
    image = np.random.default_rng(0).integers(0, 2**16, (2, 12, 16)).astype(np.uint16)
    normaliser = Normaliser.of([image // 2 + 5], method)
    task = Task(LabelScheme("classes", ("background", "a")), ("red", "green"), normaliser)
    net = build("padded", widths=(2, 4), in_channels=2)
    module, pixels = pixels_to_mask(TrainedNetwork(net, task)), torch.from_numpy(image.astype(np.float32))[None]
    statistics = map(torch.from_numpy, normaliser.statistics(image)) if method in ("image", "percentile") else ()
    with torch.no_grad():
        probability, _ = module(pixels, *statistics)
        wanted = net.eval()(torch.from_numpy(normaliser(image))[None]).softmax(1)
    torch.testing.assert_close(probability, wanted, rtol=0, atol=1e-6)


def test_pooling_of_one_axis_is_torchs() -> None:
    net = build("padded", widths=(2, 4, 4), rank=1).eval()
    copy, image = inference(TrainedNetwork.of(net)), torch.randn(2, 1, 12)
    assert not any(isinstance(module, nn.MaxPool1d) for module in copy.modules())
    assert any(isinstance(module, nn.MaxPool1d) for module in net.modules())
    with torch.no_grad():
        assert torch.equal(copy(image), net(image))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "options"),
    [("padded", {}), ("padded", {"rank": 1}), ("attention", {}), ("paper", {"widths": (2, 2, 2, 2)})],
)
def test_a_graph_takes_every_size_that_the_rule_states(preset: str, options: dict[str, Any]) -> None:
    """From the smallest one, whose coarsest map has one pixel."""
    model = TrainedNetwork.of(perturbed(build(preset, **{"widths": (2, 4), **options})))
    module = pixels_to_mask(model)
    program = traced(model, module, example(model, 2, *range(2, 2 + model.rank)))
    graph = program.module()
    for images, steps in ((1, (0, 0)), (3, (0, 5)), (1, (4, 1))):
        size = SizeRule.of(model.net).size(*steps[: model.rank])
        image = torch.randn(images, 1, *size)
        with torch.no_grad():
            for found, wanted in zip(graph(image), module(image), strict=True):
                torch.testing.assert_close(found, wanted)
    assert not any("stack_trace" in node.meta for node in program.graph.nodes)


class Undecided(nn.Module):
    """A network whose layers depend on the values of its input."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        out: Tensor = self.conv(image)
        return out if image.sum() > 0 else 2 * out


def test_an_adopted_module_that_cannot_be_traced_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    model = TrainedNetwork.of(adopt(Undecided(), in_channels=1, rank=2), builder="mine:build")
    with pytest.raises(ValueError, match=r"mine:build cannot be exported with free sizes \(") as error:
        traced(model, pixels_to_mask(model), example(model, 2, 2, 3))
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")


def test_a_graph_with_other_results_is_refused() -> None:
    model = TrainedNetwork.of(build("padded", widths=(2, 4)))
    module = pixels_to_mask(model)
    check(model, module, lambda image: module(image)[0], example)

    def wrong(image: Tensor) -> Tensor:
        probability: Tensor = module(image)[0] + 0.001 * (image.shape[2] > 4)
        return probability

    with pytest.raises(ValueError, match=r"UNet cannot be exported .*at size .* its probabilities differ by 0.001"):
        check(model, module, wrong, example)
    with pytest.raises(ValueError, match="its probabilities differ by inf"):
        check(model, module, lambda image: module(image)[0][..., 1:], example)
    with pytest.raises(ValueError, match="its probabilities differ by nan"):
        check(model, module, lambda image: module(image)[0] * float("nan"), example)
