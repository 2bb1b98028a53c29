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
    lambda seed: [(64, 4), (16, 3), (8 + seed, 2), (32, 5), (6 + seed, 0)],
    ("poolings + 1", "poolings", "one level is missing: p poolings lie between p + 1 levels"),
    (" * 2**level", "", "the channels do not double; each level has twice those of the one above"),
    ("2**level", "(level + 1)", "the channels grow by a fixed number; they double"),
    ("poolings + 1", "poolings, -1, -1", "the list is reversed; the finest level comes first"),
    ("2**level", "2 ** (level + 1)", "the first level is doubled already; it has the first number of channels"),
    ("range(poolings", "range(1, poolings", "the first level is missing; it has `first` channels"),
    (
        "first * 2**level",
        "first ** (level + 1)",
        "you took powers of `first`; each level has twice the channels of the one above",
    ),
    ("first * 2**level", "2 ** (level + 6)", "the finest level has `first` channels, and not always 64"),
    (
        "[first * 2**level for level in range(poolings + 1)]",
        "[64, 128, 256, 512, 1024]",
        "these are the paper's widths; use `first` and `poolings`",
    ),
    (
        "for level in range(poolings + 1)]",
        "for level in [*range(poolings + 1), *reversed(range(poolings))]]",
        "the levels of the decoder are listed again; give each level once",
    ),
    (
        "[first * 2**level for level in range(poolings + 1)]",
        "first * 2**poolings",
        "those are the channels of the coarsest level alone; list every level",
    ),
    (
        "first * 2**level",
        "first * 2 * level",
        "2 * level grows by a fixed number and begins at 0; the channels double: 2**level",
    ),
    (
        "first * 2**level",
        "2 ** (first + level)",
        "`first` is a number of channels and no power of two: first * 2**level",
    ),
    ("poolings + 1", "poolings + 2", "one level too many: p poolings lie between p + 1 levels"),
    (
        "return [first * 2**level for level in range(poolings + 1)]",
        "return [first] + [2 * first] * poolings",
        "every level below the first has twice the channels of the first; it has twice those of the one above",
    ),
    (
        "range(poolings + 1)",
        "range(first, first + poolings + 1)",
        "the powers begin with 2**0, so that the first level has `first` channels",
    ),
    (
        "range(poolings + 1)",
        "range(first, poolings + 1)",
        "range(first, …) counts from the number of channels; the levels are counted from 0",
    ),
    ("first * 2**level", "first // 2**level", "the channels are halved; from level to level they double"),
    (
        "first * 2**level",
        "(2 * first * level or first)",
        "2 * level grows by a fixed number; the channels double: 2**level",
    ),
    (
        "range(poolings + 1)",
        "range(max(poolings, 1) + 1)",
        "without poolings there is a single level; your list has two",
    ),
    (
        "first * 2**level",
        "min(first * 2**level, 512)",
        "the channels end at 512; the paper's have no limit: the deepest level has 1024",
    ),
    (
        "first * 2**level",
        "first * 2 ** min(level, max(poolings - 1, 0))",
        "the last level has the channels of the one above; it has twice those",
    ),
    (
        "first * 2**level",
        "first * 2 ** max(level - 1, 0)",
        "the second level has the channels of the first; it has twice those",
    ),
    ("first * 2**level", "(first * level**2 or first)", "level squared is not 2 to the power of level: 2**level"),
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
    ("return encoder + decoder + 1", "return 23", "23 is of four poolings; use `poolings`"),
    (
        "return encoder + decoder + 1",
        "return 2 * (2 * poolings + 1)",
        "the up-convolutions and the 1×1 convolution at the end are missing",
    ),
    ("3 * poolings", "3 * (poolings + 1)", "the decoder has one step for each pooling; you counted one step more"),
    (
        "decoder + 1",
        "decoder + 2",
        "one convolution too many: encoder 2 per level, decoder 3 per step, and one at the end",
    ),
    ("3 * poolings", "4 * poolings", "a step up has three convolutions: the up-convolution and two of 3×3"),
    ("return encoder + decoder + 1", "return 18 + poolings + 1", "18 convolutions of 3×3 are those of four poolings"),
    (
        "return encoder + decoder + 1",
        "return 5 * poolings",
        "the two convolutions of the bottom and the 1×1 convolution at the end are missing",
    ),
    (
        "return encoder + decoder + 1",
        "return 2 * encoder + 1",
        "encoder and decoder differ: a step up has three convolutions, and the bottom is there once",
    ),
)
def count_convolutions(poolings: int) -> int:
    encoder, decoder = 2 * (poolings + 1), 3 * poolings
    return encoder + decoder + 1


def _image(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    yield 1, torch.randn(1, 1, 44, 48, generator=generator)
    yield 3, torch.randn(1, 3, 44, 44, generator=generator)


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
    (
        "return features",
        "return [F.max_pool2d(each, 2) for each in features]",
        "the features are pooled; a skip is taken before the pooling",
    ),
    (
        "return features",
        "return [*(F.max_pool2d(each, 2) for each in features[:-1]), features[-1]]",
        "the skips are pooled; they are taken before the pooling",
    ),
    ("return features", "return features[-1]", "only the last features came; return those of all levels in a list"),
    ("return features", "return features[:-1]", "the coarsest features are missing"),
    ("self.levels[0](image)", "self.levels[0](F.max_pool2d(image, 2))", "the image is pooled before the first level"),
    (
        "return features",
        "return [image, *(F.max_pool2d(each, 2) for each in features[:-1])]",
        "each level's input is kept; keep its output",
    ),
    ("(features[-1], 2)", "(features[-1], 3, 2)", "the pooling's window is 3 wide; it is 2 × 2 with stride 2"),
    (
        "(features[-1], 2)",
        "(features[-1], 2, 1)",
        "the pooling has stride 1; it moves by 2, so that the sides are halved",
    ),
    (
        "F.max_pool2d(features[-1], 2)",
        "features[-1][..., ::2, ::2]",
        "you took every second pixel; the pooling keeps the largest of each block",
    ),
    ("return features", "return [image, *features]", "the image is in the list; it is no feature map"),
    (
        "level(F.max_pool2d(features[-1], 2))",
        "level(F.max_pool2d(image, 2))",
        "the pooled image went into a lower level; it takes the pooled features of the level above",
    ),
    (
        "self.levels[1:]",
        "self.levels",
        "the first level was applied twice; the loop begins with the second: self.levels[1:]",
    ),
    (
        "F.max_pool2d(features[-1], 2)",
        "F.max_pool2d(features[-1], 4)",
        "the pooling divides the sides by 4; it halves them",
    ),
    (
        "return features",
        "return [*features, F.max_pool2d(features[-1], 2)]",
        "the coarsest features are there once more, pooled; nothing is pooled after the last level",
    ),
    (
        "return features",
        "return [features[-1]] * 3",
        "the coarsest features are in the list three times; keep those of each level",
    ),
    (
        "(features[-1], 2)",
        "(features[-1], 2, padding=1)",
        "the pooling is padded; it is 2 × 2 with stride 2, without padding",
    ),
    (
        "return features",
        "return [torch.tanh(each) for each in features]",
        "an activation follows the block; the block ends with its own ReLU",
    ),
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
    generator = torch.Generator().manual_seed(seed)
    yield 6, 3, torch.randn(2, 6, 9, 8, generator=generator)
    yield 4, 2 + seed, torch.randn(1, 4, 5, 7, generator=generator)


@exercise(
    _maps,
    ("1)", "3)", "that is a 3×3 kernel; the head maps each pixel by itself, 1×1"),
    ("1)", "3, padding=1)", "a padded 3×3 kernel looks at neighbours; the head is 1×1"),
    (
        "nn.Conv2d(channels, classes, 1)",
        "nn.Sequential(nn.Conv2d(channels, classes, 1), nn.ReLU())",
        "a ReLU turns every negative logit into 0; logits can be negative",
    ),
    (
        "nn.Conv2d(channels, classes, 1)",
        "nn.Sequential(nn.Conv2d(channels, classes, 1), nn.Softmax(1))",
        "softmax belongs to the loss; return logits",
    ),
    (
        "nn.Conv2d(channels, classes, 1)",
        "nn.Sequential(nn.Conv2d(channels, classes, 1), nn.Sigmoid())",
        "a sigmoid belongs to the loss; return logits",
    ),
    ("1)", "1, bias=False)", "the bias is missing"),
    (
        "nn.Conv2d(channels, classes, 1)",
        "nn.Sequential(nn.Conv2d(channels, classes, 1), nn.LogSoftmax(1))",
        "log-softmax belongs to the loss; return logits",
    ),
    (
        "nn.Conv2d(channels, classes, 1)",
        "nn.Conv2d(classes, channels, 1)",
        "the numbers of channels are exchanged: first those that come in, then the classes",
    ),
    ("channels, classes", "channels, 1", "one map came; there is one for each class"),
    (
        "nn.Conv2d(channels, classes, 1)",
        "nn.Linear(channels, classes)",
        "nn.Linear works on the last axis, the columns; a 1×1 convolution works on the channels of each pixel",
    ),
    (
        "nn.Conv2d(channels, classes, 1)",
        "nn.Sequential(nn.Conv2d(channels, channels, 1), nn.ReLU(), nn.Conv2d(channels, classes, 1))",
        "there are two layers; the head is a single convolution",
    ),
    (
        "nn.Conv2d(channels, classes, 1)",
        "nn.Conv2d(channels, classes)",
        "nn.Conv2d needs the size of its kernel as third argument: 1",
    ),
    ("channels, classes, 1)", "channels, classes, 2)", "that is a 2×2 kernel; the head maps each pixel by itself, 1×1"),
    ("1)", "1, padding=1)", "padding makes the map larger; a 1×1 kernel needs none"),
    ("channels, classes, 1", "64, 2, 1", "64 and 2 are the paper's numbers; use channels and classes"),
    ("classes, 1", "classes + 1, 1", "one map too many came; there is one for each class, the background included"),
    (
        "nn.Conv2d(channels, classes, 1)",
        "nn.Sequential(nn.Conv2d(channels, classes, 1), nn.BatchNorm2d(classes))",
        "no norm follows the head; return the logits as they are",
    ),
    (
        "nn.Conv2d(channels, classes, 1)",
        "nn.Sequential(nn.Conv2d(channels, classes, 1), nn.Tanh())",
        "logits have no limits; leave the activation out",
    ),
    (
        "nn.Conv2d(channels, classes, 1)",
        "nn.ConvTranspose2d(channels, classes, 1)",
        "that is a transposed convolution; the head is a plain one",
    ),
    (
        "channels, classes, 1",
        "channels, 1, classes",
        "the arguments are in another order: input channels, output channels, and then the size of the kernel",
    ),
    ("classes, 1", "2 * classes, 1", "two maps came for each class; there is one"),
    ("classes, 1", "channels, 1", "as many maps came as went in; there is one for each class"),
    ("1)", "1, stride=2)", "the stride is 2, which leaves out pixels; the head moves by one pixel"),
    probe=module_probe(2),
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
    for sides in ((40, 18, 9), (72, 36, 18, 9), (30, 15)):
        yield tuple(torch.randn(1, 2, side, side, generator=generator) for side in sides)


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
    (
        "return x",
        "return features[-1]",
        "no step was taken, or its result was not kept: x = step(x, skip), once for each skip",
    ),
    (
        "reversed(skips)",
        "reversed(features)",
        "the coarsest features were used as a skip, too; they are where the way up begins",
    ),
    (
        "step(x, skip)",
        "step(skip, x)",
        "the arguments of step are exchanged: first what is below, and then the skip",
    ),
    (
        "*skips, x = features",
        "x, *skips = features",
        "for skip in reversed(skips)",
        "for skip in skips",
        "you began at the finest level and went down; begin at the coarsest, the last in the list",
    ),
    (
        "*skips, x = features",
        "x, *skips = features",
        "you began with the finest features; begin with the coarsest, the last in the list",
    ),
    (
        "    for skip in reversed(skips):\n        x = step(x, skip)\n    return x",
        "    maps = []\n    for skip in reversed(skips):\n        x = step(x, skip)\n"
        "        maps.append(x)\n    return maps",
        "the maps of all steps came; return the last, the finest",
    ),
    (
        "        x = step(x, skip)\n",
        "        return step(x, skip)\n",
        "return stands inside the loop, and ends it after one step",
    ),
    (
        "        x = step(x, skip)\n    return x",
        "        y = step(x, skip)\n    return y",
        "each step begins at the bottom again; it takes the result of the step before",
    ),
    (
        "for skip in reversed(skips)",
        "for skip in [features[i] for i in range(len(features), 0, -1)]",
        "a list of n items has the indices 0 to n - 1; the coarsest skip is features[-2]",
    ),
    (
        "reversed(skips)",
        "features[-1:0:-1]",
        "the coarsest features were used as a skip, and the finest were not",
    ),
    ("reversed(skips)", "reversed(skips[:-1])", "the coarsest skip is left out; there is one step for each skip"),
    (
        "reversed(skips)",
        "features[1::-1]",
        "features[1::-1] begins at index 1 and goes down to 0; it takes the coarsest skip of three levels only",
    ),
    (
        "for skip in reversed(skips)",
        "for skip in [features[-i] for i in range(len(features))]",
        "features[-0] is features[0], the finest; the coarsest skip is features[-2]",
    ),
    (
        "    for skip in reversed(skips):\n        x = step(x, skip)\n",
        "    for i in reversed(range(len(skips))):\n        x = step(features[i + 1], features[i])\n",
        "each step begins with features of the encoder; it takes the result of the step before",
    ),
    *[
        (
            "reversed(skips)",
            f"[features[i] for i in {places}]",
            "the number of steps is fixed; there is one for each skip, however many there are",
        )
        for places in ((-2, -3), (-2, -3, -4))
    ],
    (
        "x = step(x, skip)",
        "x = step(step(x, skip), skip)",
        "two steps are taken for each skip; there is one",
    ),
    probe=_expand,
)
def expand(features: list[Tensor], step: Step) -> Tensor:
    *skips, x = features
    for skip in reversed(skips):
        x = step(x, skip)
    return x


EXERCISES = (channel_plan, count_convolutions, ContractingPath, head, expand)
