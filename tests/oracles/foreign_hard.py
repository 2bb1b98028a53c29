"""Models that are hard to trace or are not plain U-Nets, in a few lines each; and all that a pass could change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.foreign_unets import conv


class Call(nn.Module):
    """A network defined by a function of its layers and the image."""

    def __init__(self, run: Callable[..., object], *layers: nn.Module) -> None:
        super().__init__()
        self.run, self.layers = run, nn.ModuleList(layers)

    def forward(self, *images: object, **more: object) -> object:
        return self.run(self.layers, *images, **more)


def auto() -> nn.Sequential:
    """An autoencoder without skips."""
    return nn.Sequential(conv(1, 4, 2), conv(4, 8, 2), nn.ConvTranspose2d(8, 4, 2, 2), nn.ConvTranspose2d(4, 1, 2, 2))


def segnet() -> Call:
    """As SegNet: the indices of the maxima are passed across, no features."""

    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        x, places = F.max_pool2d(layers[0](x), 2, return_indices=True)
        x, deeper = F.max_pool2d(layers[1](x), 2, return_indices=True)
        x = F.max_unpool2d(layers[2](x), deeper, [2, 2])
        return torch.as_tensor(layers[3](F.max_unpool2d(x, places, [2, 2])))

    return Call(run, conv(1, 4), conv(4, 4), conv(4, 4), nn.Conv2d(4, 1, 3, padding=1))


def two_scales(*, channels: int = 1) -> Call:
    """A U with one pooling; two of them make a chain."""

    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        a = layers[0](x)
        up = F.interpolate(layers[1](F.avg_pool2d(a, 2)), scale_factor=2)
        return torch.as_tensor(layers[2](torch.cat([a, up], 1)))

    return Call(run, conv(channels, 4), conv(4, 4), nn.Conv2d(8, channels, 1))


def recurrent() -> Call:
    """One block applied three times, shared by both levels; a second output at the coarse level."""

    def run(layers: nn.ModuleList, x: Tensor) -> list[Tensor]:
        a = layers[1](layers[1](layers[0](x)))
        b = layers[1](F.max_pool2d(a, 2))
        return [layers[2](a + F.interpolate(b, scale_factor=2)), layers[2](b)]

    return Call(run, conv(1, 4), conv(4, 4), nn.Conv2d(4, 1, 1))


def second_image() -> Call:
    """Two images, the second in a dict as a keyword argument, merged at the bottom."""

    def run(layers: nn.ModuleList, x: Tensor, *, more: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        a = layers[0](x)
        b = torch.cat([F.max_pool2d(a, 2), F.max_pool2d(layers[1](more["b"]), 2)], 1)
        out = layers[3](a + F.interpolate(layers[2](b), scale_factor=2))
        return out, b.mean((2, 3))

    return Call(run, conv(1, 4), conv(1, 4), conv(8, 4), nn.Conv2d(4, 1, 1))


def plus_plus() -> Call:
    """The nested skips of U-Net++, with three levels."""

    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        up, down = nn.Upsample(scale_factor=2), nn.MaxPool2d(2)
        a = layers[0](x)
        b = layers[1](down(a))
        c = layers[2](down(b))
        middle = layers[3](torch.cat([a, up(b)], 1))
        low = layers[4](torch.cat([b, up(c)], 1))
        return torch.as_tensor(layers[5](torch.cat([a, middle, up(low)], 1)))

    return Call(run, conv(1, 4), conv(4, 4), conv(4, 4), conv(8, 4), conv(8, 4), nn.Conv2d(12, 1, 1))


def three_plus() -> Call:
    """A full-scale skip as in UNet 3+: the finest map is pooled, the coarsest upsampled."""

    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        down = nn.MaxPool2d(2)
        a = layers[0](x)
        b = layers[1](down(a))
        c = layers[2](down(b))
        d = layers[3](torch.cat([down(a), b, F.interpolate(c, scale_factor=2)], 1))
        parts = [a, F.interpolate(d, scale_factor=2), F.interpolate(c, scale_factor=4)]
        return torch.as_tensor(layers[4](torch.cat(parts, 1)))

    return Call(run, conv(1, 4), conv(4, 4), conv(4, 4), conv(12, 4), nn.Conv2d(12, 1, 1))


def deeplab() -> Call:
    """Upsamples by 8 in one step, without a skip."""
    return Call(
        lambda layers, x: F.interpolate(layers[3](layers[2](layers[1](layers[0](x)))), scale_factor=8.0),
        conv(1, 4, 2), conv(4, 4, 2), conv(4, 4, 2), nn.Conv2d(4, 1, 1),
    )  # fmt: skip


def line() -> Call:
    """One-dimensional, as Wave-U-Net: downsamples by taking every second value, upsamples by linear interpolation."""

    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        a = layers[0](x.unsqueeze(1))
        b = layers[1](a[:, :, ::2])
        up = F.interpolate(layers[2](b[:, :, ::2]), scale_factor=2, mode="linear")
        up = F.interpolate(layers[3](torch.cat([b, up], 1)), scale_factor=2, mode="linear")
        return torch.as_tensor(layers[4](torch.cat([a, up], 1)))

    def along(before: int, after: int) -> nn.Module:
        return nn.Conv1d(before, after, 3, padding=1)

    return Call(run, along(1, 4), along(4, 4), along(4, 4), along(8, 4), along(8, 1))


def snapshot(net: nn.Module) -> dict[str, Any]:
    """All that a pass could change in a model, and the state of torch's random number generator."""
    return {
        "weights": {name: tensor.clone() for name, tensor in net.state_dict().items()},
        "modes": [module.training for module in net.modules()],
        "grad": [weight.requires_grad for weight in net.parameters()],
        "hooks": [list(module._forward_hooks) + list(module._forward_pre_hooks) for module in net.modules()],
        "attributes": [sorted(vars(module)) for module in net.modules()],
        "random": torch.get_rng_state(),
    }


def assert_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Raises AssertionError if two snapshots differ."""
    for key in one:
        torch.testing.assert_close(one[key], other[key], rtol=0, atol=0) if key in ("weights", "random") else None
        assert key in ("weights", "random") or one[key] == other[key], key
