"""Exercises of lesson 12, 3D: planar levels, a parameter count, checkpointed bytes, slices, and partial labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from unet_tutorial.teaching.checking.exercise import Case, exercise
from unet_tutorial.teaching.checking.probes import outputs_and_gradients


def _spacings(seed: int) -> Iterator[Case]:
    unit = (1.0, 0.25, 4.0, 16.0)[seed]  # µm or nm; powers of two, so that a ratio of 2 stays one
    for ratio, depth in ((3.0, 3), (5.0, 4), (2.0, 3), (1.75 + seed / 16, 3), (1.0, 2), (0.75, 3), (12.0, 5), (4.0, 5)):
        yield (ratio * unit, unit, unit), depth
    yield (16.0 * unit, unit, unit), 2
    yield (unit, 4 * unit, 10 * unit), 4
    for deep, high in ((4.5, 1.5), (7.0, 1.25), (2.25, 1.5), (3.25, 1.75)):
        yield (deep * unit, high * unit, unit), 4
        yield (deep * unit, unit, high * unit), 4


@exercise(
    _spacings,
    (
        "ratio / 2**level",
        "ratio",
        "slices keep their distance, and pixels are pooled and grow: at level i a pixel is 2**i times as wide",
    ),
    (">= 2", "> 2", "exactly twice as far apart is far enough: >= and not >"),
    (">= 2", "> 1", "you stop when slices are nearer than pixels; stop when they are less than twice as far apart"),
    ("2**level", "2 ** (level + 1)", "you counted one pooling too many: level 0 sees the pixels as they are"),
    ("2**level", "(level + 1)", "pixels double from level to level; they do not grow by one pixel each"),
    (
        "    return [level for level in range(depth) if ratio / 2**level >= 2]",
        "    from math import log2\n    return list(range(min(depth, round(log2(ratio)))))",
        "you rounded the number of doublings up or down to the nearest; count only whole ones",
    ),
    ("ratio / 2**level", "1 / ratio / 2**level", "the ratio is upside down: slice distance over pixel size"),
    ("max(", "min(", "of two unequal pixel sides the longer one counts, for both are pooled"),
    (
        "max(spacing[1:])",
        "(sum(spacing[1:]) / 2)",
        "of two unequal pixel sides the longer one counts, and not their mean",
    ),
    (
        "max(spacing[1:])",
        "spacing[1]",
        "you looked at y alone; of two unequal pixel sides the longer one counts, whichever it is",
    ),
    (
        "max(spacing[1:])",
        "spacing[2]",
        "you looked at x alone; of two unequal pixel sides the longer one counts, whichever it is",
    ),
    (
        ">= 2",
        ">= 1",
        "that goes on as long as slices are no nearer than pixels; stop when they are less than twice as far apart",
    ),
    (
        "ratio / 2**level",
        "ratio - level",
        "pixels double from level to level: divide by 2**level; do not subtract the level",
    ),
    (
        "2**level",
        "4**level",
        "pixels double along y and along x, but lengths are compared, not areas: 2**level, and not 4**level",
    ),
    (
        "spacing[0] / max(spacing[1:])",
        "spacing[2] / max(spacing[:2])",
        "spacing is read as (x, y, z); it is (z, y, x): the distance of the slices comes first",
    ),
    (
        "[level for level in range(depth) if ratio / 2**level >= 2]",
        "[ratio / 2**level >= 2 for level in range(depth)]",
        "these are True and False, one for each level; return the numbers of the planar levels",
    ),
    ("range(depth)", "range(99)", "there are only so many levels as depth says"),
    ("[level", "len([level", ">= 2]", ">= 2])", "that is how many levels; name them, finest first"),
    (
        "ratio / 2**level",
        "ratio * 2**level",
        "slices are pooled too in your plan; in a planar level they keep their distance, and pixels grow",
    ),
)
def planar_levels(spacing: tuple[float, float, float], depth: int) -> list[int]:
    ratio = spacing[0] / max(spacing[1:])
    return [level for level in range(depth) if ratio / 2**level >= 2]


def _widths(seed: int) -> Iterator[Case]:
    yield (64, 128, 256, 512), 3, 3
    yield (8, 16, 32), 1, 2 + seed
    yield (6, 10 + 2 * seed, 14), 2, 1
    yield (4, 12), 3, 5


@exercise(
    _widths,
    (
        " + after",
        " + 3 * after",
        "8 * below * below",
        "8 * below * below + below",
        "that is all that torch counts; the paper has one bias per channel, and none on the way up",
    ),
    (
        " + after",
        " + 3 * after",
        "bias, scale and shift make three; the paper has one per channel after a 3 × 3 × 3 convolution",
    ),
    ("below * below", "below * below + below", "the up-convolutions have no bias in the paper's count"),
    (" + after", "", "the biases are missing: one per channel after each 3 × 3 × 3 convolution"),
    (" + out_channels", "", "the 1 × 1 × 1 head has a bias, one per class"),
    ("width // 2", "width", "on the way down the first convolution of a level gives half of its channels"),
    (
        "8 * below * below",
        "8 * below * width",
        "below + width",
        "width + width",
        "the up-convolution keeps its channels here; it does not halve them",
    ),
    (
        "convolution(width, width)",
        "convolution(below + width, width)",
        "the second convolution on the way up reads the concatenation again; it reads what the first one gives",
    ),
    (
        " + after",
        " + 2 * after",
        "two biases are counted after each 3 × 3 × 3 convolution; the paper has one",
    ),
    ("0, in_channels", "0, 1", "the first convolution reads in_channels channels, and not 1"),
    (
        "0, in_channels",
        "0, out_channels",
        "below * out_channels + out_channels",
        "below * in_channels + in_channels",
        "in_channels and out_channels are exchanged: the first convolution reads in_channels channels",
    ),
    (
        "half = width // 2",
        "half = width if width == widths[-1] else width // 2",
        "the first convolution of the bottom gives half of its width, too",
    ),
    ("below + width", "below", "after the concatenation a convolution reads the skip as well"),
    ("27", "9", "a kernel of 3 × 3 × 3 has 27 weights, and not 9"),
    ("8", "27", "an up-convolution of 2 × 2 × 2 has 8 weights, and not 27"),
    ("8", "4", "an up-convolution of 2 × 2 × 2 has 8 weights, and not 4"),
)
def paper_parameters(widths: tuple[int, ...], in_channels: int, out_channels: int) -> int:
    def convolution(before: int, after: int) -> int:
        return 27 * before * after + after

    total, below = 0, in_channels
    for width in widths:
        half = width // 2
        total += convolution(below, half) + convolution(half, width)
        below = width
    for width in reversed(widths[:-1]):
        total += 8 * below * below
        total += convolution(below + width, width) + convolution(width, width)
        below = width
    return total + below * out_channels + out_channels


def _sizes(seed: int) -> Iterator[Case]:
    yield (8, 16, 32), (24, 48, 48)
    yield (4, 8, 8), (16, 8, 16 + 4 * seed)
    yield (8, 16, 32, 64), (64, 32 + 8 * seed)
    yield (6, 10 + 2 * seed), (10, 12, 14)
    yield (5,), (9, 7 + seed)


@exercise(
    _sizes,
    ("(4 + 8)", "4", "the indices of the poolings are missing: 8 bytes for each number that a pooling gives"),
    (
        "4 + 8",
        "4 + 4",
        "a pooling keeps 12 bytes for each number that it gives: 4 of the number, and 8 of its index, an int64",
    ),
    (" + up", "", "what the steps of the decoder give is missing; each enters the next step, or the head"),
    (
        "+ up",
        "+ 2 * up",
        "a map that enters two things, such as a skip, is kept once; and what is made inside a step is not kept",
    ),
    ("+ up", "+ 3 * up", "the concatenation is made inside a checkpointed step, and is not kept"),
    (
        "+ sum(maps)",
        "+ 2 * sum(maps)",
        "what leaves a part and what enters the next are one and the same map; count it once",
    ),
    ("+ up", "+ up + maps[-1]", "the bottom has no step of the decoder; its map is kept once"),
    ("sum(maps)", "sum(maps[:-1])", "the bottom's map enters the first step of the decoder, so it is kept"),
    (" + sum(maps)", "", "the maps of the encoder are missing; each enters a pooling and a step, and is kept once"),
    ("prod(size) + ", "", "the image enters the first block, so it is kept"),
    (
        "4 * (prod(size) + sum(maps) + up) + (4 + 8)",
        "prod(size) + sum(maps) + up + 3",
        "these are numbers; a float32 has 4 bytes",
    ),
    ("2 ** len(size)", "2", "a pooling halves every axis: in 3D an eighth of the voxels is left, in 2D a quarter"),
    ("2 ** len(size)", "8", "an eighth is left in 3D; in 2D it is a quarter"),
    ("2 ** len(size)", "4", "a quarter is left in 2D; in 3D it is an eighth: divide by 2 ** rank"),
    *(
        (
            "    coarser: int",
            f"    size = (size[{axis}],) * len(size)\n    coarser: int",
            "all sides are taken to be equal; multiply the sides of size",
        )
        for axis in (0, -1)
    ),
    (
        "    pooled = sum",
        "    if len(maps) > 1:\n        maps[-1] *= coarser\n    pooled = sum",
        "the bottom's map has the size of the level above; a pooling lies between them",
    ),
    (
        "sum(maps) + up",
        "4 * sum(maps) + 6 * up",
        "that is the network without checkpointing: inside a part nothing is kept",
    ),
)
def checkpointed_bytes(widths: tuple[int, ...], size: tuple[int, ...]) -> int:
    coarser: int = 2 ** len(size)
    maps: list[int] = [width * prod(size) // coarser**level for level, width in enumerate(widths)]
    pooled = sum(numbers // coarser for numbers in maps[:-1])
    up = sum(maps[:-1])
    return 4 * (prod(size) + sum(maps) + up) + (4 + 8) * pooled


Net = Callable[[Tensor], Tensor]


def _network(channels: int, classes: int, padding: int, seed: int) -> Net:
    """A network (M, channels, H, W) -> (M, classes, h, w); it raises ValueError for any other shape."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(classes, channels, 3, 3, generator=generator)

    def net(images: Tensor) -> Tensor:
        if images.ndim != 4 or images.shape[1] != channels:
            raise ValueError(f"expected images (M, {channels}, H, W), got {tuple(images.shape)}")
        return F.conv2d(images, weight, padding=padding).relu()

    return net


def _volumes(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for n, c, k, d, padding in ((1, 1, 2, 5, 1), (2, 3, 2, 3, 1), (3, 2, 4, 3 + seed, 0), (2, 4, 4, 4, 1)):
        yield _network(c, k, padding, seed), torch.randn(n, c, d, 6, 6, generator=generator)


@exercise(
    _volumes,
    (
        "volume.transpose(1, 2).flatten(0, 1)",
        "volume.reshape(n * depth, -1, *volume.shape[3:])",
        "reshape mixes channels and slices; move the axis of the slices beside the batch first",
    ),
    (
        "(n, depth, *answers.shape[1:])",
        "(n, -1, depth, *answers.shape[2:])",
        "back.transpose(1, 2)",
        "back",
        "the way back mixes classes and slices; undo what you did, in the opposite order",
    ),
    (
        "volume.transpose(1, 2).flatten(0, 1)",
        "volume.reshape(n * depth, -1, *volume.shape[3:])",
        "(n, depth, *answers.shape[1:])",
        "(n, -1, depth, *answers.shape[2:])",
        "back.transpose(1, 2)",
        "back",
        "both ways mix channels and slices: move the axis before you reshape",
    ),
    ("back.transpose(1, 2)", "back", "slices and classes are swapped in the result; (N, K, D, H, W) is wanted"),
    (
        "(n, depth,",
        "(depth, n,",
        "back.transpose(1, 2)",
        "back.permute(1, 2, 0, 3, 4)",
        "images and slices are mixed up on the way back; unfold the batch as (N, D), and not as (D, N)",
    ),
    (
        "volume.transpose(1, 2).flatten(0, 1)",
        "volume.movedim(2, 0).flatten(0, 1)",
        "the slices go in in the order (D, N) and are unfolded as (N, D); use the same order both times",
    ),
    *(
        ("*answers.shape[1:]", sides, "K, h and w are read from the volume; take them from what net gives")
        for sides in (
            "volume.shape[1], *volume.shape[3:]",
            "volume.shape[1], *answers.shape[2:]",
            "answers.shape[1], *volume.shape[3:]",
            "-1, *volume.shape[3:]",
        )
    ),
    (
        "    n, _",
        "    volume = volume.movedim(3, 2)\n    n, _",
        "the axis of the slices is 2; you cut along the height",
    ),
    ("    n, _", "    volume = volume.movedim(4, 2)\n    n, _", "the axis of the slices is 2; you cut along the width"),
    ("    n, _", "    volume = volume[:1]\n    n, _", "only the first image of the batch went through"),
    ("back.transpose(1, 2)", "back.transpose(1, 2).flip(2)", "the slices come back in reverse order"),
    (
        "volume.transpose",
        "volume[:, :, :1].expand_as(volume).transpose",
        "one slice went through, and its answer stands for all",
    ),
    (
        "back.transpose(1, 2)",
        "back.transpose(1, 2).mean(2, keepdim=True).expand(-1, -1, depth, -1, -1)",
        "the answers of the slices are averaged; each has its own",
    ),
)
def slice_by_slice(net: Net, volume: Tensor) -> Tensor:
    n, _, depth = volume.shape[:3]
    slices = volume.transpose(1, 2).flatten(0, 1)  # (N * D, C, H, W)
    answers = net(slices)  # (N * D, K, h, w)
    back = answers.reshape(n, depth, *answers.shape[1:])  # (N, D, K, h, w)
    return back.transpose(1, 2)


def _labelled(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for classes, slices in ((2, ((1, 4), (0,))), (3, ((2,), (0, 3, 5))), (3, ((5,), ())), (2, ((), ()))):
        logits = 3 * torch.randn(2, classes, 6, 4, 5, generator=generator)
        target = torch.full((2, 6, 4, 5), -1)
        for volume, labelled in zip(target, slices, strict=True):
            for z in labelled:
                volume[z] = torch.randint(classes, (4, 5), generator=generator)
                volume[z, :2, 1 + z % 3 :] = -1  # a slice need not be labelled as a whole
        yield logits, target


def _learning(answer: Callable[[Tensor, Tensor], Tensor], case: Case) -> dict[str, Any]:
    """The results of ``outputs_and_gradients``, and whether a training step could call backward() on the loss."""
    logits, target = case
    loss = answer(logits.clone().requires_grad_(), target)
    return outputs_and_gradients(answer, case) | {"backward() can be called": getattr(loss, "requires_grad", False)}


@exercise(
    _labelled,
    (
        "each.sum() / known.sum().clamp(min=1)",
        "each.mean()",
        "the mean is taken over all voxels; divide by the number of those labelled",
    ),
    (
        "target, ignore_index=-1",
        "target.clamp(min=0)",
        "each.sum() / known.sum().clamp(min=1)",
        "each.mean()",
        "open voxels were taken for class 0; they must not count at all",
    ),
    (
        "target, ignore_index=-1",
        "target % logits.shape[1]",
        "each.sum() / known.sum().clamp(min=1)",
        "each.mean()",
        "-1 as an index means the last class; open voxels must not count at all",
    ),
    (" / known.sum().clamp(min=1)", "", "that is the sum; divide by the number of labelled voxels"),
    (".clamp(min=1)", "", "where nothing is labelled the mean of nothing is nan; the loss is 0 there"),
    (
        "return each",
        "return torch.tensor(0.0) if not known.any() else each",
        "where nothing is labelled your 0 does not hang on the logits, so backward() raises; take 0 * logits.sum()",
    ),
    (
        "each.sum() / known.sum().clamp(min=1)",
        "(each.flatten(1).sum(1) / known.flatten(1).sum(1).clamp(min=1)).mean()",
        "volumes with few labels count as much as others; take one mean over all labelled voxels",
    ),
    (
        "each.sum() / known.sum().clamp(min=1)",
        "(each.flatten(1).sum(1) / known.flatten(1).sum(1).clamp(min=1)).sum()"
        " / known.flatten(1).any(1).sum().clamp(min=1)",
        "volumes with few labels count as much as others; take one mean over all labelled voxels",
    ),
    (
        "known = target != -1",
        "known = (target != -1).flatten(2).any(2)[..., None, None].expand_as(target)",
        "target, ignore_index=-1",
        "target.clamp(min=0)",
        "each.sum()",
        "(each * known).sum()",
        "a slice may be labelled in part: what is open in it counted as class 0",
    ),
    (
        "target != -1",
        "target > 0",
        "open voxels have loss 0 in the sum and stand in the divisor with those of class 0 left out",
    ),
    (
        "target != -1",
        "target > 0",
        "each.sum()",
        "(each * known).sum()",
        "voxels of class 0 are labelled as well: open is -1 alone",
    ),
    ("each.sum()", "(1 - (-each).exp()).sum()", "the logarithm is missing: the loss of a voxel is -log p of its class"),
    ("return each", "return -each", "the sign is wrong: -log p is positive"),
    *(
        (
            "(logits, target",
            "(logits.softmax(1), target",
            *rest,
            "cross_entropy takes the logits; do not apply softmax before",
        )
        for rest in ((), (".clamp(min=1)", ""))
    ),
    *(
        ("cross_entropy", "nll_loss", *rest, "nll_loss takes log-probabilities, not logits; take cross_entropy")
        for rest in ((), (".clamp(min=1)", ""))
    ),
    (
        "target, ignore_index=-1",
        "target",
        "-1 is no class: pass ignore_index=-1, or take only the labelled voxels",
    ),
    (
        "each.sum() / known.sum().clamp(min=1)",
        "(each.sum((2, 3)) / known.sum((2, 3)).clamp(min=1)).sum() / known.any(3).any(2).sum().clamp(min=1)",
        "slices with few labels count as much as others; take one mean over all labelled voxels",
    ),
    probe=_learning,
)
def labelled_loss(logits: Tensor, target: Tensor) -> Tensor:
    known = target != -1
    each = F.cross_entropy(logits, target, ignore_index=-1, reduction="none")  # 0 where it is open
    return each.sum() / known.sum().clamp(min=1)


EXERCISES = (planar_levels, paper_parameters, checkpointed_bytes, slice_by_slice, labelled_loss)
