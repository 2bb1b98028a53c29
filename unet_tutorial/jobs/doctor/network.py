"""Faults inside a trained network: dead neurons, weights that did not move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from unet_tutorial.jobs.doctor.finding import Finding, train_command
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.nets.contracts import Network

DEAD = 0.5  # share of the channels of a layer, or of all layers together
WORST = 0.9  # share of the channels of one layer
RESTING = 0.01  # change of the weights relative to their size


def dead_channels(net: Network, predict: Callable[[], object]) -> dict[str, float]:
    """The share of channels that are 0 at every pixel, after each ReLU that ``predict()`` runs."""
    largest: dict[str, Tensor] = {}

    def hook(name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        def watch(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            top = output.detach().transpose(0, 1).flatten(1).amax(1)  # (C,)
            largest[name] = torch.maximum(largest[name], top) if name in largest else top

        return watch

    handles = [
        module.register_forward_hook(hook(name)) for name, module in net.named_modules() if isinstance(module, nn.ReLU)
    ]
    try:
        predict()
    finally:
        for handle in handles:
            handle.remove()
    return {name: float((top <= 0).float().mean()) for name, top in largest.items()}


def dead_neurons(shares: Mapping[str, float], recipe: Recipe) -> list[Finding]:
    """Layers in which most channels are dead; ``shares`` are those of `dead_channels`."""
    worst = max(shares, key=lambda name: shares[name], default="")
    if not worst or (shares[worst] < WORST and sum(shares.values()) / len(shares) < DEAD):
        return []
    return [
        Finding(
            0.83,
            "most neurons of the network are dead: their ReLUs give 0 for every pixel",
            f"{shares[worst]:.0%} of the channels after {worst}, on average {sum(shares.values()) / len(shares):.0%}",
            train_command(recipe, rate=min(recipe.rate, 2e-3) / 2, seed=recipe.seed + 1),
        )
    ]


def resting_weights(net: Network, initial: Network, recipe: Recipe) -> list[Finding]:
    """Weights that are almost the random ones of the beginning."""
    now, then = ({name: weight.detach().cpu() for name, weight in each.named_parameters()} for each in (net, initial))
    if now.keys() != then.keys() or any(now[name].shape != then[name].shape for name in now):
        return []
    moved = sum(float((now[name] - then[name]).square().sum()) for name in now)
    whole = sum(float(weight.square().sum()) for weight in then.values())
    change = (moved / max(whole, 1e-12)) ** 0.5
    if change > RESTING:
        return []
    return [
        Finding(
            0.9,
            "training hardly changed the weights",
            f"change of {change:.2%} relative to the random weights of the beginning",
            train_command(recipe, rate=2e-3),
        )
    ]
