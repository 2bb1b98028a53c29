"""Dead channels are counted by hand; weights that did not move."""

import torch
from torch import nn

from tests.jobs.doctor.in_memory import DATA
from unet_tutorial.jobs.doctor.network import dead_channels, dead_neurons, resting_weights
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.nets.presets import build

RECIPE = Recipe(DATA)


def test_channels_that_are_0_in_all_images_are_dead() -> None:
    first, second = nn.Conv2d(1, 4, 1), nn.Conv2d(4, 2, 1)
    net = nn.Sequential(first, nn.ReLU(inplace=True), second, nn.ReLU())
    first.weight.data = torch.tensor([1.0, -1.0, 0.0, 0.0]).view(4, 1, 1, 1)
    first.bias = nn.Parameter(torch.tensor([0.0, 0.0, -1.0, 1.0]))
    second.weight.data.zero_()
    second.bias = nn.Parameter(torch.tensor([-1.0, 1.0]))
    images = [torch.ones(1, 1, 3, 3), -torch.ones(2, 1, 3, 3)]
    shares = dead_channels(net, lambda: [net(image) for image in images])  # type: ignore[arg-type]
    assert shares == {"1": 0.25, "3": 0.5}
    assert not any(module._forward_hooks for module in net.modules())
    assert dead_channels(net, lambda: net(images[0]))["1"] == 0.5  # type: ignore[arg-type]


def test_most_neurons_must_be_dead() -> None:
    assert dead_neurons({"a": 0.3, "b": 0.6}, RECIPE) == []
    assert dead_neurons({}, RECIPE) == []
    assert "95% of the channels after b" in dead_neurons({"a": 0.0, "b": 0.95}, RECIPE)[0].evidence
    assert "on average 60%" in dead_neurons({"a": 0.6, "b": 0.6}, RECIPE)[0].evidence


def test_weights_that_rest() -> None:
    first, same, other = (build("padded", in_channels=1, out_channels=2, widths=[4, 8]) for _ in range(3))
    same.load_state_dict(first.state_dict())
    assert "0.00%" in resting_weights(same, first, RECIPE)[0].evidence
    assert resting_weights(other, first, RECIPE) == []
    with torch.no_grad():
        next(iter(same.parameters())).add_(0.5)
    assert resting_weights(same, first, RECIPE) == []
    assert resting_weights(build("padded", in_channels=1, out_channels=2, widths=[2, 4]), first, RECIPE) == []
