"""Answers to the exercises of lesson 04 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from unet_tutorial.paper import double_conv

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


class Path(nn.Module):
    def __init__(self, in_channels):
        super().__init__()
        widths = (in_channels, 4, 8, 16)
        self.levels = nn.ModuleList(double_conv(widths[i], widths[i + 1]) for i in range(3))


@wrong("channel_plan", "the first level is missing; it has `first` channels")
def _(first, poolings):
    return [first * 2**level for level in range(1, poolings + 1)]


@wrong("channel_plan", "the first level is doubled already; it has the first number")
def _(first, poolings):
    out = []
    for _ in range(poolings + 1):
        first *= 2
        out.append(first)
    return out


@wrong("channel_plan", "you took powers of `first`; each level has twice the")
def _(first, poolings):
    return [first ** (level + 1) for level in range(poolings + 1)]


@wrong("channel_plan", "these are the paper's widths; use `first` and `poolings`")
def _(first, poolings):
    return [64, 128, 256, 512, 1024]


@wrong("channel_plan", "the levels of the decoder are listed again; give each level")
def _(first, poolings):
    return [first * 2**l for l in range(poolings + 1)] + [first * 2**l for l in range(poolings)][::-1]


@wrong("channel_plan", "expected a list, got a generator; list(…) makes one")
def _(first, poolings):
    return (first * 2**l for l in range(poolings + 1))


@wrong("count_convolutions", "23 is of four poolings; use `poolings`")
def _(poolings):
    return 23


@wrong("count_convolutions", "the up-convolutions and the 1×1 convolution at the end are")
def _(poolings):
    return 2 * (2 * poolings + 1)


@wrong("count_convolutions", "the decoder has one step for each pooling; you counted one")
def _(poolings):
    return 2 * (poolings + 1) + 3 * (poolings + 1) + 1


@wrong("count_convolutions", "one convolution too many: encoder 2 per level, decoder 3")
def _(poolings):
    return 5 * poolings + 2 + 2


@wrong("count_convolutions", "a step up has three convolutions: the up-convolution and")
def _(poolings):
    return 6 * poolings + 3


@wrong("count_convolutions", "expected the whole number 23, got the float 23.0; use //")
def _(poolings):
    return 23 * poolings / 4


@wrong("contracting_path", "the features are pooled; a skip is taken before the pooling")
class _(Path):
    def forward(self, x):
        out = []
        for level in self.levels:
            x = F.max_pool2d(level(x), 2)
            out.append(x)
        return out


@wrong("contracting_path", "only the last features came; return those of all levels in")
class _(Path):
    def forward(self, x):
        for level in self.levels[:-1]:
            x = F.max_pool2d(level(x), 2)
        return self.levels[-1](x)


@wrong("contracting_path", "the image is pooled before the first level")
class _(Path):
    def forward(self, x):
        out = []
        for level in self.levels:
            x = level(F.max_pool2d(x, 2))
            out.append(x)
        return out


@wrong("contracting_path", "the pooling's window is 3 wide; it is 2 × 2 with stride 2")
class _(Path):
    def forward(self, x):
        out = []
        for level in self.levels:
            x = level(x)
            out.append(x)
            x = F.max_pool2d(x, 3, 2)
        return out


@wrong("contracting_path", "each level's input is kept; keep its output")
class _(Path):
    def forward(self, x):
        out = []
        for level in self.levels:
            out.append(x)
            x = F.max_pool2d(level(x), 2)
        return out


@wrong("contracting_path", "you took every second pixel; the pooling keeps the largest")
class _(Path):
    def forward(self, x):
        out = []
        for level in self.levels:
            x = level(x)
            out.append(x)
            x = x[:, :, ::2, ::2]
        return out


@wrong("head", "log-softmax belongs to the loss; return logits")
def _(channels, classes):
    return nn.Sequential(nn.Conv2d(channels, classes, 1), nn.LogSoftmax(1))


@wrong("head", "the numbers of channels are exchanged: first those that")
def _(channels, classes):
    return nn.Conv2d(classes, channels, 1)


@wrong("head", "one map came; there is one for each class")
def _(channels, classes):
    return nn.Conv2d(channels, 1, 1)


@wrong("head", "nn.Linear works on the last axis, the columns; a 1×1")
def _(channels, classes):
    return nn.Linear(channels, classes)


@wrong("head", "there are two layers; the head is a single convolution")
def _(channels, classes):
    return nn.Sequential(nn.Conv2d(channels, channels, 1), nn.ReLU(), nn.Conv2d(channels, classes, 1))


@wrong("head", "nn.Conv2d needs the size of its kernel as third argument: 1")
def _(channels, classes):
    return nn.Conv2d(channels, classes)


@wrong("expand", "the coarsest features were used as a skip, too; they are")
def _(features, step):
    x = features[-1]
    for skip in reversed(features):
        x = step(x, skip)
    return x


@wrong("expand", "the arguments of step are exchanged: first what is below,")
def _(features, step):
    x = features[-1]
    for skip in features[-2::-1]:
        x = step(skip, x)
    return x


@wrong("expand", "you began at the finest level and went down; begin at the")
def _(features, step):
    x = features[0]
    for skip in features[1:]:
        x = step(x, skip)
    return x


@wrong("expand", "it changes its argument features; work on a copy:")
def _(features, step):
    x = features.pop()
    while features:
        x = step(x, features.pop())
    return x


@wrong("expand", "the maps of all steps came; return the last, the finest")
def _(features, step):
    x = features[-1]
    out = []
    for skip in features[-2::-1]:
        x = step(x, skip)
        out.append(x)
    return out


@wrong("expand", "it changes its argument features; work on a copy:")
def _(features, step):
    features.reverse()
    x = features[0]
    for skip in features[1:]:
        x = step(x, skip)
    return x


@wrong("expand", "return stands inside the loop, and ends it after one step")
def _(features, step):
    x = features[-1]
    for skip in features[-2::-1]:
        return step(x, skip)


@wrong("expand", "each step begins at the bottom again; it takes the result")
def _(features, step):
    bottom = features[-1]
    for skip in features[-2::-1]:
        x = step(bottom, skip)
    return x


@wrong("expand", "a list of n items has the indices 0 to n - 1; the coarsest")
def _(features, step):
    x = features[-1]
    for i in range(len(features), 0, -1):
        x = step(x, features[i])
    return x


@wrong("channel_plan", "2 * level grows by a fixed number and begins at 0; the")
def _(first, poolings):
    return [first * 2 * level for level in range(poolings + 1)]


@wrong("channel_plan", "`first` is a number of channels and no power of two: first")
def _(first, poolings):
    return [2 ** (first + level) for level in range(poolings + 1)]


@wrong("channel_plan", "one level too many: p poolings lie between p + 1 levels")
def _(first, poolings):
    out = [first]
    for _ in range(poolings + 1):
        out.append(out[-1] * 2)
    return out


@wrong("channel_plan", "every level below the first has twice the channels of the")
def _(first, poolings):
    out = [first]
    for _ in range(poolings):
        out.append(first * 2)
    return out


@wrong("count_convolutions", "the two convolutions of the bottom and the 1×1 convolution")
def _(poolings):
    return 5 * poolings


@wrong("count_convolutions", "18 convolutions of 3×3 are those of four poolings")
def _(poolings):
    return 18 + poolings + 1


@wrong("count_convolutions", "the up-convolutions are missing: one for each step up")
def _(poolings):
    return 2 * (poolings + 1) + 2 * poolings + 1


@wrong("contracting_path", "the image is in the list; it is no feature map")
class _(Path):
    def forward(self, x):
        out = [x]
        for level in self.levels:
            x = level(x)
            out.append(x)
            x = F.max_pool2d(x, 2)
        return out


@wrong("contracting_path", "the pooled image went into a lower level; it takes the")
class _(Path):
    def forward(self, image):
        out = []
        for level in self.levels:
            out.append(level(image))
            image = F.max_pool2d(image, 2)
        return out


@wrong("contracting_path", "only the last features came; return those of all levels in")
class _(Path):
    def forward(self, x):
        for level in self.levels:
            out = []
            x = level(x)
            out.append(x)
            x = F.max_pool2d(x, 2)
        return out


@wrong("head", "padding makes the map larger; a 1×1 kernel needs none")
def _(channels, classes):
    return nn.Conv2d(channels, classes, 1, padding=1)


@wrong("head", "64 and 2 are the paper's numbers; use channels and classes")
def _(channels, classes):
    return nn.Conv2d(64, 2, 1)


@wrong("head", "one map too many came; there is one for each class, the")
def _(channels, classes):
    return nn.Conv2d(channels, classes + 1, 1)


@wrong("head", "no norm follows the head; return the logits as they are")
def _(channels, classes):
    return nn.Sequential(nn.Conv2d(channels, classes, 1), nn.BatchNorm2d(classes))


@wrong("expand", "the coarsest features were used as a skip, and the finest")
def _(features, step):
    x = features[-1]
    for skip in features[-1:0:-1]:
        x = step(x, skip)
    return x


@wrong("expand", "the coarsest skip is left out; there is one step for each")
def _(features, step):
    x = features[-1]
    for skip in features[::-1][2:]:
        x = step(x, skip)
    return x


@wrong("expand", "give it one before this line")
def _(features, step):
    for skip in reversed(features[:-1]):
        x = step(x, skip)
    return x


@wrong("expand", "the skips come finest first, but the way up needs the")
def _(features, step):
    x = features[-1]
    for skip in features[:-1]:
        x = step(x, skip)
    return x


@wrong("channel_plan", "the channels do not double; each level has twice those of")
def _(first, poolings):
    out = []
    for _ in range(poolings + 1):
        out.append(first)
    return out


@wrong("channel_plan", "range(first, …) counts from the number of channels; the")
def _(first, poolings):
    return [first * 2**i for i in range(first, poolings + 1)]


@wrong("channel_plan", "the list is reversed; the finest level comes first")
def _(first, poolings):
    return sorted([first * 2**i for i in range(poolings + 1)], reverse=True)


@wrong("channel_plan", "you divide where the right formula multiplies")
def _(first, poolings):
    return [first / 2**i for i in range(poolings + 1)]


@wrong("count_convolutions", "the bottom is missing: there is one level more than")
def _(poolings):
    return 2 * poolings + 3 * poolings + 1


@wrong("count_convolutions", "the up-convolutions are missing: one for each step up")
def _(poolings):
    return 4 * poolings + 3


@wrong("count_convolutions", "encoder and decoder differ: a step up has three")
def _(poolings):
    return 2 * (poolings + 1) * 2 + 1


@wrong("contracting_path", "the first level was applied twice; the loop begins with the")
class _(Path):
    def forward(self, x):
        out = [self.levels[0](x)]
        for level in self.levels:
            out.append(level(F.max_pool2d(out[-1], 2)))
        return out


@wrong("contracting_path", "the features come coarsest first; the finest comes first")
class _(Path):
    def forward(self, x):
        out = []
        for level in self.levels:
            out.insert(0, level(x))
            x = F.max_pool2d(out[0], 2)
        return out


@wrong("contracting_path", "nothing is pooled; between two levels the sides are halved")
class _(Path):
    def forward(self, x):
        out = []
        for level in self.levels:
            x = level(x)
            out.append(x)
        return out


@wrong("head", "expected a torch module, got a Tensor")
def _(channels, classes):
    return nn.Conv2d(channels, classes, 1)(torch.zeros(1, channels, 4, 4))


@wrong("head", "logits have no limits; leave the activation out")
def _(channels, classes):
    return nn.Sequential(nn.Conv2d(channels, classes, 1), nn.Tanh())


@wrong("expand", "features[1::-1] begins at index 1 and goes down to 0; it")
def _(features, step):
    x = features[-1]
    for skip in features[1::-1]:
        x = step(x, skip)
    return x


@wrong("expand", "features[-0] is features[0], the finest; the coarsest skip")
def _(features, step):
    x = features[-1]
    for level in range(len(features)):
        x = step(x, features[-level])
    return x


@right("channel_plan")
def _(first, poolings):
    return np.array([first << i for i in range(poolings + 1)], dtype=np.int32)


@right("channel_plan")
def _(first, poolings):
    return tuple(first * 2**i for i in range(0, poolings + 1, 1))


@right("count_convolutions")
def _(poolings):
    return 5 * poolings + 3


@right("contracting_path")
class _(Path):
    def forward(self, x):
        out = ()
        for i, level in enumerate(self.levels):
            x = level(nn.MaxPool2d(2, 2)(x) if i else x)
            out += (x,)
        return out


@right("head")
def _(channels, classes):
    return nn.LazyConv2d(classes, (1, 1))


@right("head")
class _(nn.Conv2d):
    def __init__(self, channels, classes):
        super().__init__(channels, classes, kernel_size=1, stride=1, padding=0)


@right("expand")
def _(features, step):
    features = list(features)
    x = features.pop()
    while features:
        x = step(x, features.pop())
    return x


@right("expand")
def _(features, step):
    from functools import reduce

    return reduce(step, features[::-1])


@wrong("channel_plan", "2 * level grows by a fixed number; the channels double")
def _(first, poolings):
    return [first * 2 * i if i else first for i in range(poolings + 1)]


@wrong("channel_plan", "without poolings there is a single level; your list has two")
def _(first, poolings):
    plan = [first, 2 * first]
    for _ in range(poolings - 1):
        plan.append(plan[-1] * 2)
    return plan


@wrong("contracting_path", "the coarsest features are there once more, pooled")
class _(Path):
    def forward(self, image):
        f, x = [], image
        for level in self.levels:
            x = level(x)
            f.append(x)
            x = F.max_pool2d(x, 2)
        f.append(x)
        return f


@wrong("contracting_path", "such as a tensor of shape (1, ")
class _(Path):
    def forward(self, image):
        f, x = [], image
        for i, level in enumerate(self.levels):
            x = level(F.max_pool2d(x, 2) if i else x)
            f.append(x)
        return [*f, x + 1]


@wrong("head", "the arguments are in another order: input channels, output channels")
def _(channels, classes):
    return nn.Conv2d(channels, 1, classes)


@wrong("expand", "each step begins with features of the encoder")
def _(features, step):
    for i in range(len(features) - 2, -1, -1):
        x = step(features[i + 1], features[i])
    return x


@wrong("expand", "the number of steps is fixed; there is one for each skip")
def _(features, step):
    x = step(features[-1], features[-2])
    x = step(x, features[-3])
    return x


@wrong("channel_plan", "the channels end at 512; the paper's have no limit: the deepest level has")
def _(first, poolings):
    return [min(first * 2**i, 512) for i in range(poolings + 1)]


@wrong("channel_plan", "the last level has the channels of the one above; it has twice those")
def _(first, poolings):
    return [first * 2**i for i in range(poolings)] + [first * 2 ** max(poolings - 1, 0)]


@wrong("channel_plan", "one level too many: p poolings lie between p + 1 levels")
def _(first, poolings):
    p = [first]
    for _ in range(poolings + 1):
        p.append(2 * p[-1])
    return p


@wrong("channel_plan", "level squared is not 2 to the power of level: 2**level")
def _(first, poolings):
    return [first * i**2 if i else first for i in range(poolings + 1)]


@wrong("channel_plan", "the second level has the channels of the first; it has twice those")
def _(first, poolings):
    p = [first]
    for _ in range(poolings):
        p.append(sum(p))
    return p


@wrong("contracting_path", "an activation follows the block; the block ends with its own ReLU")
class _(Path):
    def forward(self, image):
        f, x = [], image
        for i, l in enumerate(self.levels):
            x = l(F.max_pool2d(x, 2) if i else x)
            f.append(torch.tanh(x))
        return f


@wrong("contracting_path", "the pooling divides the sides by 4; it halves them")
class _(Path):
    def forward(self, image):
        f, x = [], image
        for i, l in enumerate(self.levels):
            x = l(F.max_pool2d(F.max_pool2d(x, 2), 2) if i else x)
            f.append(x)
        return f


@wrong("contracting_path", "the pooling is padded; it is 2 × 2 with stride 2, without padding")
class _(Path):
    def forward(self, image):
        f, x = [], image
        for i, l in enumerate(self.levels):
            x = l(F.max_pool2d(x, 2, padding=1) if i else x)
            f.append(x)
        return f


@wrong("contracting_path", "the coarsest features are in the list three times; keep those of each level")
class _(Path):
    def forward(self, image):
        x = image
        for i, l in enumerate(self.levels):
            x = l(F.max_pool2d(x, 2) if i else x)
        return [x, x, x]


@wrong("contracting_path", "the output is right, but the gradient is not; look for detach(), .data,")
class _(Path):
    def forward(self, image):
        f, x = [], image
        for i, l in enumerate(self.levels):
            x = l(F.max_pool2d(x, 2) if i else x)
            f.append(x.detach())
        return f


@wrong("head", "two maps came for each class; there is one")
def _(channels, classes):
    return nn.Conv2d(channels, 2 * classes, 1)


@wrong("head", "the stride is 2, which leaves out pixels; the head moves by one pixel")
def _(channels, classes):
    return nn.Conv2d(channels, classes, 1, stride=2)


@wrong("head", "as many maps came as went in; there is one for each class")
def _(channels, classes):
    return nn.Conv2d(channels, channels, 1)


@wrong("head", "axis 1 is missing")
def _(channels, classes):
    class H(nn.Module):
        def __init__(self):
            super().__init__()
            self.c = nn.Conv2d(channels, classes, 1)

        def forward(self, x):
            return self.c(x).argmax(1)

    return H()


@wrong("expand", "two steps are taken for each skip; there is one")
def _(features, step):
    x = features[-1]
    for s in features[-2::-1]:
        x = step(step(x, s), s)
    return x


@wrong("expand", "the skips come finest first, but the way up needs the coarsest first: take")
def _(features, step):
    f = list(features)
    x = f.pop()
    while f:
        x = step(x, f.pop(0))
    return x


@wrong("expand", "one step is missing: there is one for each skip")
def _(features, step):
    f = list(features)
    x = f.pop()
    while len(f) > 1:
        x = step(x, f.pop())
    return x
