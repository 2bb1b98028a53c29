"""Exercises of lesson 14, backbones: names of weights, first layers, inflation, pixels to channels, ICNR, rates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

import torch
from torch import Tensor

from unet_tutorial.teaching.checking.compare import Raised
from unet_tutorial.teaching.checking.exercise import Case, exercise


def _files(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)

    def tensor() -> Tensor:
        return torch.randn(2, generator=generator)

    yield {name: tensor() for name in ("encoder.stem.weight", "encoder.stage.bias", "classifier.weight")}, "encoder."
    yield {name: tensor() for name in ("net.encoder.net.weight", "head.net.weight", "net.bias", "network.bias")}, "net."
    yield {name: tensor() for name in ("encoder.encoder.weight", "decoder.encoder.weight", "encoder.end")}, "encoder."
    yield {name: tensor() for name in ("block.weight", "old_block.weight", "block.lock.b")}, "block."
    yield {name: tensor() for name in ("stem.weight", "stem.bias", "fc.encoder.bias")}, "encoder."


def _renamed(answer: Callable[[dict[str, Tensor], str], Any], case: Case) -> Any:
    """The renamed weights; the exception in place of them for a file that must be refused."""
    try:
        return answer(*case)
    except ValueError:
        return Raised("ValueError")
    except Exception as error:
        if any(name.startswith(case[1]) for name in case[0]):
            raise
        return Raised(type(error).__name__)


@exercise(
    _files,
    (
        "name.startswith(prefix)",
        "prefix in name",
        "a name that holds the prefix somewhere else does not belong to the backbone; use startswith",
    ),
    (
        "name.removeprefix(prefix)",
        "name.replace(prefix, '')",
        "replace removes the prefix wherever it occurs in the name; remove it at the beginning only",
    ),
    (
        "name.removeprefix(prefix)",
        "name.lstrip(prefix)",
        "lstrip removes all of these letters, in any order; removeprefix removes the whole prefix once",
    ),
    (
        "name.removeprefix(prefix)",
        "name.split(prefix)[1]",
        "name.startswith(prefix)",
        "prefix in name",
        "names that hold the prefix somewhere else are kept, and cut there; use startswith and removeprefix",
    ),
    (
        "name.removeprefix(prefix)",
        "name.strip(prefix)",
        "strip removes all of these letters, at both ends; removeprefix removes the whole prefix once",
    ),
    ("name.removeprefix(prefix)", "name", "the prefix still stands before the names"),
    (
        "name.removeprefix(prefix)",
        "name[len(prefix) - 1 :]",
        "the dot of the prefix still stands before the names",
    ),
    (
        "name.removeprefix(prefix)",
        "name.split('.')[-1]",
        "only the last word of each name is left; remove no more than the prefix",
    ),
    (
        " if name.startswith(prefix)}",
        "}",
        "the weights without the prefix are still there; leave them out",
    ),
    (
        " if name.startswith(prefix)}",
        "}",
        "if not found",
        "if not any(name.startswith(prefix) for name in weights)",
        "the weights whose names lack the prefix are still there; leave them out",
    ),
    (
        "name.startswith(prefix)",
        "not name.startswith(prefix)",
        "these are the other weights; keep those whose names begin with the prefix",
    ),
    (
        '    if not found:\n        raise ValueError(f"no name begins with {prefix}")\n',
        "",
        "a file without any such name must be refused by a ValueError; an empty dict would load nothing, silently",
    ),
    (
        "if not found",
        "if len(found) < len(weights)",
        "a file may hold other weights, too; refuse it only if no name begins with the prefix",
    ),
    ("return found", "return list(found)", "these are the names alone; return a dict with the tensors"),
    ("return found", "return list(found.values())", "these are the tensors alone; return a dict with their names"),
    probe=_renamed,
)
def backbone_weights(weights: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    found = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
    if not found:
        raise ValueError(f"no name begins with {prefix}")
    return found


def _first_layers(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    sizes = (4, 3, 1), (3, 3, 5), (2, 3, 2), (3, 2, 7), (2, 4, 3 + seed % 3), (5, 3, 3), (4, 2, 1)
    for out, given, channels in sizes:
        yield torch.randn(out, given, 3, 2, generator=generator), channels


@exercise(
    _first_layers,
    (
        " * given / channels",
        " / channels",
        "the kernels are divided by the new number of channels only; multiply by the old number, too: old / new",
    ),
    (" * given / channels", " * channels / given", "the factor is upside down: more channels need smaller weights"),
    (" * given / channels", " * (given / channels) ** 0.5", "the factor is in / channels, without a root"),
    (" * given / channels", " * (given // channels)", "// rounds down; the factor is in / channels"),
    (
        "weight[:, order]",
        "weight.repeat(1, channels // given, 1, 1)",
        "channels // in copies are too few where it is no whole number; begin again with 0, 1, … and stop in between",
    ),
    (
        "weight.sum(1, keepdim=True)",
        "weight.sum(1, keepdim=True) / 3",
        "for one channel the sum is divided by 3; r·x + g·x + b·x is the sum of the kernels times x",
    ),
    (
        "weight.sum(1, keepdim=True)",
        "weight.sum(0, keepdim=True)",
        "for one channel you summed over the output channels, axis 0; the input channels are axis 1",
    ),
    (" * given / channels", "", "the factor old / new is missing: with more channels the outputs would grow"),
    (" * given / channels", " * 3 / channels", "the old number of channels need not be 3; it is weight.shape[1]"),
    (
        "weight.sum(1, keepdim=True)",
        "weight.mean(1, keepdim=True)",
        "for one channel you took the mean; r·x + g·x + b·x is the sum of the kernels times x",
    ),
    (
        "weight.sum(1, keepdim=True)",
        "weight[:, :1] * given",
        "for one channel only the first kernel is used, multiplied; add up all kernels",
    ),
    (
        "weight.sum(1, keepdim=True)",
        "weight[:, :1]",
        "for one channel you kept the first kernel; add up all of them",
    ),
    ("weight.sum(1, keepdim=True)", "weight.sum(1)", "the axis of the channels is lost; keepdim=True keeps it"),
    (
        "torch.arange(channels) % given",
        "torch.arange(channels).clamp(max=given - 1)",
        "the last kernel is repeated; begin again with the first: 0, 1, 2, 0, 1, …",
    ),
    (
        "torch.arange(channels) % given",
        "torch.arange(channels) * given // channels",
        "each kernel is repeated before the next one follows; the order is 0, 1, 2, 0, 1, …",
    ),
    (
        "weight[:, order]",
        "weight.mean(1, keepdim=True).expand(-1, channels, -1, -1)",
        "all channels have the same kernel; repeat the kernels in their order",
    ),
    (
        "if channels == 1:",
        "if channels < given:",
        "only for one channel the kernels are summed; for fewer than before they are repeated in order and multiplied",
    ),
    (
        "weight[:, order] * given / channels",
        "weight[torch.arange(channels) % len(weight)] * given / channels",
        "axis 0 holds the output channels; the input channels are axis 1",
    ),
)
def for_channels(weight: Tensor, channels: int) -> Tensor:
    given = weight.shape[1]
    if channels == 1:
        return weight.sum(1, keepdim=True)
    order = torch.arange(channels) % given
    return weight[:, order] * given / channels


def _kernels(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for shape, depth in (((2, 3, 3, 2), 3), ((1, 2, 2, 3), 5), ((3, 1, 1, 4), 2 + seed), ((2, 2, 3, 3), 1)):
        yield torch.randn(shape, generator=generator), depth


@exercise(
    _kernels,
    (" / depth", "", "the copies are not divided by their number: the output would be depth times as large"),
    (
        " / depth",
        " / kernel.shape[2]",
        "you divided by the height of the kernel; divide by the number of copies",
    ),
    (
        "kernel.unsqueeze(2).expand(-1, -1, depth, -1, -1)",
        "kernel.repeat(1, 1, depth, 1, 1)",
        "repeat puts the new axis in front of all others; first make it: kernel.unsqueeze(2)",
    ),
    (" / depth", " / depth**0.5", "divide by depth: the sum over the slices must stay, and not the sum of squares"),
    (" / depth", " * depth", "divide by the number of copies; you multiplied"),
    (
        "unsqueeze(2)",
        "unsqueeze(-1)",
        "-1, -1, depth, -1, -1",
        "-1, -1, -1, -1, depth",
        "the new axis is the last one; depth comes before height and width, as axis 2",
    ),
    (
        "unsqueeze(2)",
        "unsqueeze(3)",
        "-1, -1, depth, -1, -1",
        "-1, -1, -1, depth, -1",
        "the new axis stands between height and width; depth comes first, as axis 2",
    ),
    (
        "unsqueeze(2)",
        "unsqueeze(1)",
        "-1, -1, depth, -1, -1",
        "-1, depth, -1, -1, -1",
        "the new axis stands before the input channels; it is axis 2",
    ),
    (
        "unsqueeze(2)",
        "unsqueeze(0)",
        "-1, -1, depth, -1, -1",
        "depth, -1, -1, -1, -1",
        "the new axis is the first one; it is axis 2, behind output and input channels",
    ),
    (
        "kernel.unsqueeze(2).expand(-1, -1, depth, -1, -1) / depth",
        "kernel.repeat(1, 1, depth, 1) / depth",
        "the copies lie one below the other in the height; a new axis is needed",
    ),
    (
        "kernel.unsqueeze(2).expand(-1, -1, depth, -1, -1) / depth",
        "torch.cat([kernel.unsqueeze(2)] + [torch.zeros_like(kernel).unsqueeze(2)] * (depth - 1), 2)",
        "only the first slice has the kernel, and the others are 0; here all slices are equal",
    ),
    (
        "kernel.unsqueeze(2).expand(-1, -1, depth, -1, -1) / depth",
        "torch.stack([kernel if i == depth // 2 else 0 * kernel for i in range(depth)], 2)",
        "only the middle slice has the kernel, and the others are 0; here all slices are equal",
    ),
    (
        "return kernel.unsqueeze(2).expand(-1, -1, depth, -1, -1) / depth",
        "return kernel.unsqueeze(2) / depth",
        "the new axis has length 1; the kernel is copied depth times along it",
    ),
    (
        " / depth",
        " / (depth * kernel.shape[1])",
        "the number of input channels does not matter here; divide by depth only",
    ),
    (
        " / depth",
        " / (depth * kernel.shape[2] * kernel.shape[3])",
        "the size of the kernel does not matter here; divide by depth only",
    ),
)
def inflated(kernel: Tensor, depth: int) -> Tensor:
    return kernel.unsqueeze(2).expand(-1, -1, depth, -1, -1) / depth


def _images(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for channels, stride, size in ((2, (2, 3), (2, 3)), (3, (3, 1), (1, 4)), (1, (2, 2), (3, 2)), (2, (1, 2), (3, 2))):
        full = tuple(s * n for s, n in zip(stride, size, strict=True))
        yield torch.randn(2, channels + seed % 2, *full, generator=generator), stride


@exercise(
    _images,
    (
        "blocks.permute(0, 1, 3, 5, 2, 4)",
        "x",
        "a reshape alone moves nothing: split the axes, permute, and only then join them",
    ),
    (
        "n, channels, height // rows, rows, width // columns, columns)",
        "n, channels, rows, columns, height // rows, width // columns)",
        "0, 1, 3, 5, 2, 4",
        "0, 1, 4, 2, 5, 3",
        "that is the order of the other direction; split the height into (H / rows, rows), and the width alike",
    ),
    (
        "rows, columns = stride",
        "rows, columns = stride[0], stride[0]",
        "the first stride is used for both axes; the columns have the second one",
    ),
    (
        "rows, columns = stride",
        "rows, columns = stride[1], stride[1]",
        "the second stride is used for both axes; the rows have the first one",
    ),
    (
        "you pooled each block to one number; all of its pixels are needed, as channels",
        lambda x, stride: torch.nn.functional.max_pool2d(x, stride),
    ),
    (
        "you averaged each block to one number; all of its pixels are needed, as channels",
        lambda x, stride: torch.nn.functional.avg_pool2d(x, stride),
    ),
    ("3, 5, 2, 4", "5, 3, 2, 4", "rows and columns of the blocks are exchanged: the channel is C, row, column"),
    ("3, 5, 2, 4", "3, 5, 4, 2", "rows and columns of the result are exchanged"),
    (
        "0, 1, 3, 5, 2, 4",
        "0, 3, 5, 1, 2, 4",
        "the channels lie behind the positions in the block; the channel comes first: C, row, column",
    ),
    (
        "height // rows, rows, width // columns, columns",
        "rows, height // rows, columns, width // columns",
        "3, 5, 2, 4",
        "2, 4, 3, 5",
        "pixels that lie far apart are put into one block: split the height into (H / rows, rows), in this order",
    ),
    (
        "3, 5, 2, 4",
        "2, 4, 3, 5",
        "the positions in the block are the pixels of your result; they belong into the channels",
    ),
    (
        "rows, columns = stride",
        "columns, rows = stride",
        "the two strides are exchanged; the first one belongs to the rows, axis 2",
    ),
    (
        "blocks.permute(0, 1, 3, 5, 2, 4)",
        "blocks.flip(3, 5).permute(0, 1, 3, 5, 2, 4)",
        "the blocks are upside down: their first pixel is the first channel",
    ),
    (
        "blocks.permute(0, 1, 3, 5, 2, 4)",
        "blocks.mean((3, 5), keepdim=True).expand_as(blocks).permute(0, 1, 3, 5, 2, 4)",
        "the pixels of a block were averaged; each of them is a channel of its own",
    ),
    (
        "blocks.permute(0, 1, 3, 5, 2, 4).reshape(n, channels * rows * columns, height // rows, width // columns)",
        "x[:, :, ::rows, ::columns]",
        "only the first pixel of each block is left; all of them are needed, as channels",
    ),
    (
        ".reshape(n, channels * rows * columns, height // rows, width // columns)",
        "",
        "the axes are in the right order; join channel, row and column to one axis: reshape to four axes",
    ),
    forbidden=(
        "torch.nn.functional.pixel_unshuffle",
        "torch.nn.functional.pixel_shuffle",
        "torch.nn.functional.unfold",
    ),
)
def channels_from_pixels(x: Tensor, stride: tuple[int, int]) -> Tensor:
    n, channels, height, width = x.shape
    rows, columns = stride
    blocks = x.reshape(n, channels, height // rows, rows, width // columns, columns)
    return blocks.permute(0, 1, 3, 5, 2, 4).reshape(n, channels * rows * columns, height // rows, width // columns)


def _layers(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for out, given, stride in ((3, 2, (2, 2)), (2, 4, (3,)), (4, 3, (1, 2, 2)), (2 + seed % 2, 5, (2, 3))):
        one = (1,) * len(stride)
        count = out * prod(stride)
        yield (
            torch.randn(count, given, *one, generator=generator),
            torch.randn(count, generator=generator),
            stride,
        )


@exercise(
    _layers,
    (
        "weight[::count].repeat_interleave(count, dim=0)",
        "weight[: len(weight) // count].repeat_interleave(count, dim=0)",
        "bias[::count].repeat_interleave(count)",
        "bias[: len(bias) // count].repeat_interleave(count)",
        "you kept the first rows of weights and biases; keep the first row of each block: [::count]",
    ),
    (
        "weight[::count].repeat_interleave(count, dim=0)",
        "weight[::count].repeat(count, *[1] * (weight.ndim - 1))",
        "bias[::count].repeat_interleave(count)",
        "bias[::count].repeat(count)",
        "repeat copies the whole lists, 0 1 2 0 1 2; the pixels of a block are neighbours: repeat_interleave",
    ),
    (
        "weight[::count].repeat_interleave(count, dim=0)",
        "weight[: len(weight) // count].repeat_interleave(count, dim=0)",
        "you kept the first rows; keep the first row of each block: every count-th one, weight[::count]",
    ),
    (
        "weight[::count].repeat_interleave(count, dim=0)",
        "weight[::count].repeat(count, *[1] * (weight.ndim - 1))",
        "repeat copies the whole list, 0 1 2 0 1 2; the pixels of a block are neighbours, 0 0 1 1 2 2",
    ),
    (
        "weight[::count].repeat_interleave(count, dim=0)",
        "weight[: len(weight) // count].repeat(count, *[1] * (weight.ndim - 1))",
        "this is 0 1 2 0 1 2 of the first rows; each block needs its own first row, several times: 0 0 4 4",
    ),
    (
        "weight[::count].repeat_interleave(count, dim=0)",
        "weight[:1].expand_as(weight).clone()",
        "all output channels have the same weights; only the pixels of one block are equal",
    ),
    (
        "weight[::count].repeat_interleave(count, dim=0)",
        "weight.reshape(-1, count, *weight.shape[1:]).mean(1).repeat_interleave(count, dim=0)",
        "the mean of the rows of a block has a smaller variance; copy its first row",
    ),
    (
        "weight[::count].repeat_interleave(count, dim=0)",
        "weight[count - 1 :: count].repeat_interleave(count, dim=0)",
        "you copied the last row of each block; copy the first one",
    ),
    (
        "repeat_interleave(count, dim=0)",
        "repeat_interleave(count, dim=0) / count",
        "the weights are divided by the number of pixels; a copy needs no factor",
    ),
    (
        "bias[::count].repeat_interleave(count)",
        "torch.zeros_like(bias)",
        "the bias is 0; here it is copied like the weights",
    ),
    ("bias[::count].repeat_interleave(count)", "bias", "the bias still differs between the pixels of a block"),
    (
        "bias[::count].repeat_interleave(count)",
        "bias[::count].repeat(count)",
        "the bias is repeated as 0 1 2 0 1 2; the pixels of a block are neighbours, 0 0 1 1 2 2",
    ),
    (
        "weight[::count].repeat_interleave(count, dim=0)",
        "weight",
        "the weights still differ between the pixels of a block",
    ),
    (
        "return equal, bias[::count].repeat_interleave(count)",
        "return equal",
        "the bias is missing; return both, the weight and the bias",
    ),
    (
        "weight[::count].repeat_interleave(count, dim=0)",
        "weight[::count].repeat_interleave(count, dim=1)",
        "the rows are repeated along axis 1, the input channels; the output channels are axis 0",
    ),
    (
        "weight[::count].repeat_interleave(count, dim=0)",
        "weight[:1].expand_as(weight).clone()",
        "bias[::count].repeat_interleave(count)",
        "bias[:1].expand_as(bias).clone()",
        "all output channels have the same weights and bias; only the pixels of one block are equal",
    ),
    (
        "weight[::count].repeat_interleave(count, dim=0)",
        "weight.reshape(-1, count, *weight.shape[1:]).mean(1).repeat_interleave(count, dim=0)",
        "bias[::count].repeat_interleave(count)",
        "bias.reshape(-1, count).mean(1).repeat_interleave(count)",
        "you averaged over the pixels of a block; the mean has a smaller variance: copy the first one",
    ),
    (
        "bias[::count].repeat_interleave(count)",
        "torch.full_like(bias, float(bias.mean()))",
        "all biases are the same mean; each block gets the bias of its first pixel",
    ),
    ("prod(stride)", "sum(stride)", "a block has as many pixels as the product of the strides"),
    ("prod(stride)", "stride[0] ** len(stride)", "the strides may differ; multiply all of them"),
    ("prod(stride)", "stride[-1] ** len(stride)", "the strides need not be equal; multiply all of them"),
    ("prod(stride)", "stride[0]", "a block has pixels along every axis; multiply all strides"),
    (
        "return equal, bias",
        "return equal[::count], bias",
        "one row per block is left; each is copied as often as the block has pixels",
    ),
)
def icnr(weight: Tensor, bias: Tensor, stride: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    count = prod(stride)
    equal = weight[::count].repeat_interleave(count, dim=0)
    return equal, bias[::count].repeat_interleave(count)


def _rates(seed: int) -> Iterator[Case]:
    yield 4, 1, 0.5
    yield 5, 0, 0.8
    yield 3, 2, 0.25 + 0.1 * seed
    yield 6, 6, 0.5
    yield 1, 0, 0.7


@exercise(
    _rates,
    (
        "stages - i",
        "stages - 1 - i",
        "the last stage has the factor 1; it is the decoder that has 1, and the last stage decay",
    ),
    ("decay ** (stages - i)", "decay**i", "the first stage has the largest factor; factors grow towards the decoder"),
    (
        "decay ** (stages - i)",
        "decay ** (i + 1)",
        "the factors become smaller towards the decoder; the first stage has the smallest one",
    ),
    (
        "decay ** (stages - i)",
        "decay ** (i - frozen + 1)",
        "behind the frozen stages the factors become smaller; they grow towards the decoder",
    ),
    ("decay ** (stages - i)", "decay * (i + 1) / stages", "the factors are powers of decay, and not equal steps"),
    (
        "the first stage has the index 0: freeze the indices 0 to frozen - 1",
        lambda stages, frozen, decay: [0.0 if 1 <= i <= frozen else decay ** (stages - i) for i in range(stages + 1)],
    ),
    ("decay ** (stages - i)", "decay * (stages - i)", "the factors are powers: decay ** k, and not decay * k"),
    ("decay ** (stages - i)", "1 - decay * (stages - i)", "the factors are powers of decay, and not differences"),
    ("decay ** (stages - i)", "decay", "each further stage is multiplied by decay once more"),
    ("i < frozen", "i <= frozen", "one stage too many is frozen: the first `frozen` are those with i < frozen"),
    ("i < frozen", "i >= stages - frozen", "the last stages are frozen; freeze the first ones, near the image"),
    ("0.0 if i < frozen else ", "", "the frozen stages still have a rate; their factor is 0"),
    ("[*scales, 1.0]", "scales", "the factor of the decoder is missing; it is 1, at the end"),
    ("[*scales, 1.0]", "[1.0, *scales]", "the decoder comes last"),
    ("[*scales, 1.0]", "[1.0, *scales[::-1]]", "the order is from the image to the decoder"),
    (
        "0.0 if i < frozen else decay ** (stages - i) for i in range(stages)",
        "decay ** (stages - i) for i in range(frozen, stages)",
        "the frozen stages are left out; they stay in the list, with the factor 0",
    ),
    ("[*scales, 1.0]", "[*scales, decay]", "the decoder has the factor 1, without decay"),
)
def rate_factors(stages: int, frozen: int, decay: float) -> list[float]:
    scales = [0.0 if i < frozen else decay ** (stages - i) for i in range(stages)]
    return [*scales, 1.0]


EXERCISES = (backbone_weights, for_channels, inflated, channels_from_pixels, icnr, rate_factors)
