"""Exercises of lesson 04: the number of channels per level, the two paths, and the head."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.crop import center_crop
from unet_tutorial.paper import double_conv
from unet_tutorial.teaching.checking.exercise import Case, exercise
from unet_tutorial.teaching.checking.probes import module_probe, outputs_and_gradients


@exercise(
    lambda seed: [(64, 4), (16, 3), (8 + seed, 2), (32, 5)],
    ("poolings + 1", "poolings", "one level is missing: p poolings lie between p + 1 levels"),
    (" * 2**level", "", "the channels do not double; each level has twice those of the one above"),
    ("2**level", "(level + 1)", "the channels grow by a fixed number; they double"),
    ("poolings + 1", "poolings, -1, -1", "the list is upside down; the finest level comes first"),
    ("2**level", "2 ** (level + 1)", "the first level is doubled already; it has the first number of channels"),
)
def channel_plan(first: int, poolings: int) -> list[int]:
    return [first * 2**level for level in range(poolings + 1)]


@exercise(
    lambda seed: [(4,), (3,), (1,), (5 + seed,)],
    ("3 * poolings", "2 * poolings", "the up-convolutions are missing: one for each step up"),
    ("decoder + 1", "decoder", "the 1×1 convolution at the end is missing"),
    ("poolings + 1", "poolings", "the bottom is missing: there is one level more than poolings"),
    ("3 * poolings", "poolings", "the decoder's convolutions are missing: two on each step up"),
    ("poolings + 1", "poolings + 2", "the bottom is counted twice"),
)
def count_convolutions(poolings: int) -> int:
    encoder, decoder = 2 * (poolings + 1), 3 * poolings
    return encoder + decoder + 1


def _image(seed: int) -> Iterator[Case]:
    yield (torch.randn(1, 1, 44, 48, generator=torch.Generator().manual_seed(seed)),)


@exercise(
    _image,
    ("max_pool2d", "avg_pool2d", "that is average pooling; the paper takes the largest"),
    ("range(3)", "range(2)", "one level is missing"),
    ("4, 8, 16", "4, 4, 4", "the channels do not double from level to level"),
    (
        "return features",
        "return [self.levels[0][:2](image), self.levels[1][:2](F.max_pool2d(features[0], 2)), features[2]]",
        "a skip is taken after the first convolution of its level; take it after the second",
    ),
    ("return features", "return features[::-1]", "the features come coarsest first; the finest comes first"),
    ("F.max_pool2d(features[-1], 2)", "features[-1]", "nothing is pooled; between two levels the sides are halved"),
    probe=module_probe(1),
    name="contracting_path",
)
class ContractingPath(nn.Module):
    def __init__(self, in_channels: int) -> None:
        super().__init__()
        widths = (in_channels, 4, 8, 16)
        self.levels = nn.ModuleList(double_conv(widths[i], widths[i + 1]) for i in range(3))

    def forward(self, image: Tensor) -> list[Tensor]:
        features = [self.levels[0](image)]
        for level in self.levels[1:]:
            features.append(level(F.max_pool2d(features[-1], 2)))
        return features


def _maps(seed: int) -> Iterator[Case]:
    yield (torch.randn(2, 6, 9, 8, generator=torch.Generator().manual_seed(seed)),)


@exercise(
    _maps,
    ("1)", "3)", "that is a 3×3 kernel; the head maps each pixel by itself, 1×1"),
    ("1)", "3, padding=1)", "a padded 3×3 kernel looks at neighbours; the head is 1×1"),
    (
        "nn.Conv2d(channels, classes, 1)",
        "nn.Sequential(nn.Conv2d(channels, classes, 1), nn.ReLU())",
        "a ReLU on the logits cuts off every vote against a class",
    ),
    (
        "nn.Conv2d(channels, classes, 1)",
        "nn.Sequential(nn.Conv2d(channels, classes, 1), nn.Softmax(1))",
        "softmax belongs to the loss; hand out logits",
    ),
    (
        "nn.Conv2d(channels, classes, 1)",
        "nn.Sequential(nn.Conv2d(channels, classes, 1), nn.Sigmoid())",
        "a sigmoid belongs to the loss; hand out logits",
    ),
    ("1)", "1, bias=False)", "the bias is missing"),
    probe=module_probe(6, 3),
)
def head(channels: int, classes: int) -> nn.Module:
    return nn.Conv2d(channels, classes, 1)


Step = Callable[[Tensor, Tensor], Tensor]


def _step(x: Tensor, skip: Tensor) -> Tensor:
    """A decoder step without weights: upsampling by 2, plus the middle of any skip, without a border of 2 pixels."""
    up = F.interpolate(x, scale_factor=2.0)
    fits = skip.shape[2] >= up.shape[2]
    middle = center_crop(skip, up.shape[2:]) if fits else F.interpolate(skip, size=up.shape[2:])
    return (up + middle)[..., 2:-2, 2:-2]


def _features(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    yield tuple(torch.randn(1, 2, side, side, generator=generator) for side in (40, 18, 9))


def _expand(answer: Callable[..., Tensor], case: Case) -> object:
    return outputs_and_gradients(lambda *features: answer(list(features), _step), case)


@exercise(
    _features,
    (
        "reversed(skips)",
        "skips",
        "the skips come finest first, but the way up needs the coarsest first: take them from the back",
    ),
    ("step(x, skip)", "step(x, torch.zeros_like(skip))", "the skips are all zeros"),
    ("step(x, skip)", "step(x, skip.detach())", "the skips are detached: the encoder does not learn through them"),
    ("reversed(skips)", "reversed(skips[1:])", "one step is missing: there is one for each skip"),
    (
        "step(x, skip)",
        "step(x.detach(), skip)",
        "what comes from below is detached: the bottom of the U does not learn",
    ),
    ("return x", "return features[-1]", "the way up was not gone at all: step once for each skip"),
    probe=_expand,
)
def expand(features: list[Tensor], step: Step) -> Tensor:
    *skips, x = features
    for skip in reversed(skips):
        x = step(x, skip)
    return x


EXERCISES = (channel_plan, count_convolutions, ContractingPath, head, expand)
