"""Answers to the exercises of lesson 12 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import math
from math import prod

import torch
from torch import nn
from torch.nn import functional as F

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


def planar(name, words, rule):
    wrong(name, words)(lambda spacing, depth: [i for i in range(depth) if rule(*spacing, i)])


planar("planar_levels", "exactly twice as far apart is far enough", lambda z, y, x, i: z > 2 * max(y, x) * 2**i)
planar("planar_levels", "slices keep their distance, and pixels", lambda z, y, x, i: z >= 2 * max(y, x))
planar("planar_levels", "slices keep their distance, and pixels", lambda z, y, x, i: z * 2**i >= 2 * max(y, x) * 2**i)
planar("planar_levels", "spacing is read as (x, y, z)", lambda z, y, x, i: x >= 2 * max(z, y) * 2**i)
planar("planar_levels", "the longer one counts", lambda z, y, x, i: z >= 2 * min(y, x) * 2**i)


@wrong("planar_levels", "these are True and False, one for each level")
def _(spacing, depth):
    z, y, x = spacing
    return [z >= 2 * max(y, x) * 2**i for i in range(depth)]


@wrong("planar_levels", "there are only so many levels as depth says")
def _(spacing, depth):
    z, y, x = spacing
    levels = []
    while z >= 2 * max(y, x) * 2 ** len(levels):
        levels.append(len(levels))
    return levels


@right("planar_levels")
def _(spacing, depth, level=0):
    def levels(z, y, x, level):
        if level == depth or z / max(y, x) < 2:
            return []
        return [level] + levels(z, 2 * y, 2 * x, level + 1)

    return levels(*spacing, 0)


@right("planar_levels")
def _(spacing, depth):
    z, *pixel = spacing
    return [*range(min(depth, max(0, math.frexp(z / max(pixel))[1] - 1)))]


def count(widths, first, last, numbers=1, head=1, second=0, bottom=2, up=lambda below, width: 8 * below**2):
    def conv(before, after):
        return 27 * before * after + numbers * after

    total, c = 0, first
    for width in widths:
        half = width // (bottom if width == widths[-1] else 2)
        total += conv(c, half) + conv(half, width)
        c = width
    for width, below in zip(widths, widths[1:]):
        total += up(below, width) + conv(below + width, width) + conv(second * below + width, width)
    return total + widths[0] * last + head * last


def counted(words, **others):
    wrong("paper_parameters", words)(
        lambda widths, in_channels, out_channels: count(widths, in_channels, out_channels, **others)
    )


counted("reads the concatenation again", second=1)
counted("two biases are counted", numbers=2)
counted("the first convolution of the bottom gives half of its width, too", bottom=1)
counted("the 1 × 1 × 1 head has a bias", head=0)
counted("the up-convolutions have no bias", up=lambda below, width: 8 * below**2 + below)
wrong("paper_parameters", "reads in_channels channels, and not 1")(
    lambda widths, in_channels, out_channels: count(widths, 1, out_channels)
)
wrong("paper_parameters", "in_channels and out_channels are exchanged")(
    lambda widths, in_channels, out_channels: count(widths, out_channels, in_channels)
)
right("paper_parameters")(lambda widths, in_channels, out_channels: count(widths, in_channels, out_channels))


@right("paper_parameters")
def _(widths, in_channels, out_channels):
    def conv(before, after):
        return nn.Conv3d(before, after, 3, device="meta")

    layers, c = [], in_channels
    for width in widths:
        layers += [conv(c, width // 2), conv(width // 2, width)]
        c = width
    for a, b in zip(widths[-2::-1], widths[:0:-1]):
        layers += [nn.ConvTranspose3d(b, b, 2, 2, bias=False, device="meta"), conv(a + b, a), conv(a, a)]
    layers.append(nn.Conv3d(widths[0], out_channels, 1, device="meta"))
    return sum(p.numel() for p in nn.Sequential(*layers).parameters())


def kept(widths, size, left=None, index=8, pooled=4, bottom=1):
    n, left = prod(size), left or 2 ** len(size)
    total = 4 * n
    for width in widths[:-1]:
        total += 8 * width * n
        n //= left
        total += (index + pooled) * width * n
    return total + 4 * widths[-1] * n * (left if bottom == 0 and len(widths) > 1 else 1)


wrong("checkpointed_bytes", "a quarter is left in 2D; in 3D it is an eighth")(
    lambda widths, size: kept(widths, size, left=4)
)
wrong("checkpointed_bytes", "all sides are taken to be equal")(
    lambda widths, size: kept(widths, (size[0],) * len(size))
)
wrong("checkpointed_bytes", "the bottom's map has the size of the level above")(
    lambda widths, size: kept(widths, size, bottom=0)
)
wrong("checkpointed_bytes", "8 of its index, an int64")(lambda widths, size: kept(widths, size, index=4))
wrong("checkpointed_bytes", "the indices of the poolings are missing")(lambda widths, size: kept(widths, size, index=0))
right("checkpointed_bytes")(lambda widths, size: kept(widths, size))


@wrong("slice_by_slice", "K, h and w are read from the volume")
def _(net, volume):
    n, c, d, h, w = volume.shape
    return net(volume.transpose(1, 2).reshape(n * d, c, h, w)).reshape(n, d, c, h, w).transpose(1, 2)


@wrong("slice_by_slice", "the slices go in in the order (D, N) and are unfolded as (N, D)")
def _(net, volume):
    n, _, d, *_ = volume.shape
    return net(volume.permute(2, 0, 1, 3, 4).flatten(0, 1)).unflatten(0, (n, d)).transpose(1, 2)


@wrong("slice_by_slice", "only the first image of the batch went through")
def _(net, volume):
    return net(volume[0].transpose(0, 1)).transpose(0, 1)[None]


@wrong("slice_by_slice", "slices and classes are swapped in the result")
def _(net, volume):
    return torch.stack([net(volume[:, :, d]) for d in range(volume.shape[2])], dim=1)


class Slices:
    def __call__(self, net, volume):
        return torch.stack([net(volume[:, :, d]) for d in range(volume.shape[2])], dim=2)


right("slice_by_slice")(Slices())


@right("slice_by_slice")
def _(net, volume):
    return net(volume.movedim(2, 1).flatten(0, 1)).unflatten(0, (volume.shape[0], volume.shape[2])).movedim(1, 2)


@wrong("labelled_loss", "do not apply softmax before")
def _(logits, target):
    return F.cross_entropy(logits.softmax(1), target, ignore_index=-1)


@wrong("labelled_loss", "do not apply softmax before")
def _(logits, target):
    if (target < 0).all():
        return logits.sum() * 0
    return F.cross_entropy(F.softmax(logits, dim=1), target, ignore_index=-1)


@wrong("labelled_loss", "nll_loss takes log-probabilities")
def _(logits, target):
    return F.nll_loss(logits, target, ignore_index=-1) if (target >= 0).any() else logits.sum() * 0


@wrong("labelled_loss", "slices with few labels count as much as others")
def _(logits, target):
    slices = [d for d in range(target.shape[1])]
    losses = [
        F.cross_entropy(logits[n, :, d][None], target[n, d][None], ignore_index=-1)
        for n in range(len(target))
        for d in slices
        if (target[n, d] >= 0).any()
    ]
    return torch.stack(losses).mean() if losses else logits.sum() * 0


@wrong("labelled_loss", "slices with few labels count as much as others")
def _(logits, target):
    losses = [
        F.cross_entropy(logits[:, :, d], target[:, d], ignore_index=-1)
        for d in range(target.shape[1])
        if (target[:, d] >= 0).any()
    ]
    return torch.stack(losses).mean() if losses else logits.sum() * 0


@wrong("labelled_loss", "-1 is no class: pass ignore_index=-1")
def _(logits, target):
    return F.cross_entropy(logits, target)


@wrong("labelled_loss", "where nothing is labelled the mean of nothing is nan")
def _(logits, target):
    return F.cross_entropy(logits, target, ignore_index=-1)


@right("labelled_loss")
def _(logits, target):
    known = (target >= 0).to(logits.dtype)
    hot = F.one_hot(target.clamp(min=0), logits.shape[1]).movedim(-1, 1)
    each = torch.logsumexp(logits, 1) - (logits * hot).sum(1)
    return (each * known).sum() / max(1, int((target != -1).sum()))


@right("labelled_loss")
def _(logits, target):
    keep = target != -1
    return F.cross_entropy(logits.movedim(1, -1)[keep], target[keep], reduction="sum") / keep.sum().clamp(min=1)


@wrong("labelled_loss", "volumes with few labels count as much as others")
def _(logits, target):
    losses = [F.cross_entropy(l[None], t[None], ignore_index=-1) for l, t in zip(logits, target) if (t >= 0).any()]
    return torch.stack(losses).mean() if losses else logits.sum() * 0
