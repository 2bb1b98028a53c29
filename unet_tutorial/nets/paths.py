"""The contracting and the expansive path: an encoder makes a list of feature maps, and a decoder reads it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from copy import deepcopy
from itertools import pairwise, zip_longest
from typing import Any, NamedTuple

from torch import Tensor, nn

from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.contracts import (
    FeatureDecoder,
    FeatureExtractor,
    Part,
    check_factory,
    extra_reach_of,
    out_channels_of,
)
from unet_tutorial.nets.merge import Merge
from unet_tutorial.nets.resample import Down, Up
from unet_tutorial.plan.levels import Level, Size, positive_int
from unet_tutorial.plan.receptive_field import accumulated_reach


class Encoder(FeatureExtractor):
    """The contracting path: image (N, in, *size) -> one feature map per level, finest first.

    ``levels[0]`` is the finest level and must have stride 1; all levels need the same rank (number of spatial axes).
    ``block`` is for all levels, or a list with one for each level; ``down`` is for all levels, or a list with one for
    each level except the finest. Both lists begin with the finest level. Raises ValueError for other levels, for fewer
    than one channel, for a list of another length, and if ``block`` or ``down`` is not a factory of parts.
    """

    def __init__(
        self, in_channels: int, levels: Sequence[Level], block: Block | Sequence[Block], down: Down | Sequence[Down]
    ) -> None:
        super().__init__()
        positive_int("in_channels", in_channels)
        self.levels = checked_levels(levels)
        first, *blocks = [check_factory("block", each) for each in _per_level(block, len(levels), "level")]
        downs = [check_factory("down", each) for each in _per_level(down, len(levels) - 1, "level but the finest")]
        self.stem = first(in_channels, levels[0].channels, levels[0])
        self.stages = nn.ModuleList(
            _stage(above.channels, level, *parts)
            for (above, level), *parts in zip(pairwise(levels), blocks, downs, strict=True)
        )
        self.in_channels = in_channels
        made = (self.stem, *(stage.get_submodule("block") for stage in self.stages))
        between = (stage.get_submodule("down") for stage in self.stages)
        self.out_channels = tuple(out_channels_of(each) for each in made)
        self.padding = self.stem.padding
        self.reaches = list(zip_longest(map(extra_reach_of, made), map(extra_reach_of, between), fillvalue=()))
        self.extra_reach = accumulated_reach(self.levels, self.reaches)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Apply a block at the finest level; at each coarser level, downsample and apply a block."""
        features = [self.stem(image)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return features

    def finest(self, count: int) -> Encoder:
        """A copy of the encoder that ends at the ``count``-th level, with the same weights."""
        shorter = deepcopy(self)
        shorter.levels, shorter.out_channels = self.levels[:count], self.out_channels[:count]
        shorter.stages = shorter.stages[: count - 1]
        # the down-sampling to level ``count`` is gone, but its reach stays counted: at worst, tiles are too wide
        shorter.extra_reach = accumulated_reach(shorter.levels, self.reaches[:count])
        return shorter


def checked_levels(levels: Sequence[Level]) -> tuple[Level, ...]:
    """The levels as a tuple. Raises ValueError if no U-Net can be built from them."""
    if not isinstance(levels, Sequence) or not levels or not all(isinstance(level, Level) for level in levels):
        raise ValueError(f"levels {levels!r}: a U-Net needs at least one level; pass e.g. pyramid((64, 128, 256))")
    for i, level in enumerate(levels):
        if level.rank != levels[0].rank:
            raise ValueError(
                f"level {i} has {level.rank} spatial axes and level 0 has {levels[0].rank}; use the same number for all"
            )
    if max(levels[0].stride) > 1:
        ones = (1,) * levels[0].rank
        raise ValueError(f"level 0 has stride {levels[0].stride}, but it must have stride 1; write stride={ones}")
    return tuple(levels)


def _stage(in_channels: int, level: Level, block: Block, down: Down) -> nn.Sequential:
    smaller = down(in_channels, level)
    return nn.Sequential(OrderedDict(down=smaller, block=block(out_channels_of(smaller), level.channels, level)))


class BottleneckDropout(FeatureExtractor):
    """An encoder with dropout on its coarsest features ("at the end of the contracting path", section 3.1)."""

    def __init__(self, encoder: FeatureExtractor, p: float = 0.5) -> None:
        super().__init__()
        self.encoder, self.dropout = encoder, nn.Dropout(p)
        self.in_channels, self.out_channels = encoder.in_channels, encoder.out_channels
        self.levels, self.padding, self.extra_reach = encoder.levels, encoder.padding, encoder.extra_reach

    def forward(self, image: Tensor) -> list[Tensor]:
        """The feature maps of the encoder, with dropout on the coarsest one."""
        *skips, bottom = self.encoder(image)
        return [*skips, self.dropout(bottom)]


class DecoderStep(Part):
    """One step of the expansive path: upsample the coarser features, merge them with the skip, apply the block."""

    def __init__(self, up: nn.Module, merge: Part, block: Part) -> None:
        super().__init__()
        self.up, self.merge, self.block = up, merge, block
        self.out_channels, self.padding = block.out_channels, block.padding

    def forward(self, below: Tensor, skip: Tensor) -> Tensor:
        """(N, below, *coarse) and (N, skip, *large) -> (N, out, *fine); with padding "same", fine = coarse · stride."""
        out: Tensor = self.block(self.merge(skip, self.up(below), below))
        return out


StepFactory = Callable[[nn.Module, Part, Part], Part]  # (up, merge, block) -> Part


class Decoder(FeatureDecoder):
    """The expansive path: feature maps, finest first -> (N, widths[0], *size).

    ``widths[i]`` is the number of channels of the decoder at level i, one for each level except the coarsest. Each of
    ``block``, ``up`` and ``merge`` is for all levels, or a list with one for each level except the coarsest, finest
    first. ``step`` makes each step from its upsampling, merge and block; ``checkpointed(DecoderStep)`` uses less
    memory. ``up_widths[i]`` is the number of channels after the upsampling to level i, by default ``widths[i]``. Raises
    ValueError for invalid levels (see ``Encoder``) or widths, and for parts that do not fit together.
    """

    def __init__(
        self,
        levels: Sequence[Level],
        widths: Sequence[int],
        block: Block | Sequence[Block],
        up: Up | Sequence[Up],
        merge: Merge | Sequence[Merge],
        step: StepFactory = DecoderStep,
        up_widths: Sequence[int] = (),
    ) -> None:
        super().__init__()
        self.levels = checked_levels(levels)
        check_widths(widths, levels)
        up_widths = up_widths or widths
        check_widths(up_widths, levels)
        step = check_factory("step", step)
        blocks, ups, merges = (_per_level(part, len(widths), "level but the coarsest") for part in (block, up, merge))
        channels = [*widths, levels[-1].channels]  # of the features that go to the next finer level
        pieces = [  # finest first: with another order, the same seed would give other weights
            step_parts(
                levels, i, levels[i].channels, channels[i + 1], width, blocks[i], ups[i], merges[i], up_widths[i]
            )
            for i, width in enumerate(widths)
        ]
        self.steps = nn.ModuleList(step(*three) for three in reversed(pieces))  # coarsest first, as in the forward pass
        self.out_channels = channels[0]
        self.padding = pieces[0].block.padding if pieces else "same"
        self.map_channels = tuple(widths) or tuple(channels)
        self.map_levels = tuple(range(len(self.map_channels)))
        self.extra_reach = accumulated_reach(self.levels, [parts.reaches for parts in pieces])

    def forward(self, features: list[Tensor]) -> Tensor:
        """Process the features from the coarsest level to the finest, with one skip per step."""
        *skips, x = features
        for step, skip in zip(self.steps, reversed(skips), strict=True):
            x = step(x, skip)
        return x

    def maps(self, features: list[Tensor]) -> list[Tensor]:
        """The output of every step, finest first; without steps, the features of the only level."""
        *skips, x = features
        found = []
        for step, skip in zip(self.steps, reversed(skips), strict=True):
            x = step(x, skip)
            found.append(x)
        return found[::-1] or [x]


def _per_level(parts: Any, count: int, level: str) -> list[Any]:
    """One factory of parts for each of ``count`` levels; ``level`` says which, for the error."""
    found = list(parts) if isinstance(parts, list | tuple) else [parts] * count
    if len(found) != count:
        raise ValueError(f"{len(found)} parts, and {count} are needed; pass one for each {level}")
    return found


class StepParts(NamedTuple):
    """The parts of one step of a decoder, as its step factory takes them."""

    up: nn.Module
    merge: Part
    block: Part

    @property
    def reaches(self) -> tuple[Size, ...]:
        """The ``extra_reach`` of each part, in pixels of the level of the step."""
        return tuple(map(extra_reach_of, self))


def step_parts(
    levels: Sequence[Level],
    i: int,
    skip_channels: int,
    below_channels: int,
    width: int,
    block: Block,
    up: Up,
    merge: Merge,
    up_width: int = 0,
) -> StepParts:
    """Make the parts of a decoder step at level i, with ``width`` output channels.

    ``up_width`` is the number of channels after the upsampling; 0 stands for ``width``.

    Raises ValueError if ``block``, ``up`` or ``merge`` is not a factory, and if the block has another number of output
    channels.
    """
    block, up, merge = check_factory("block", block), check_factory("up", up), check_factory("merge", merge)
    stride = levels[i + 1].stride
    upsampled = up(below_channels, up_width or width, stride)
    merged = merge(skip_channels, out_channels_of(upsampled), below_channels, stride)
    made = block(merged.out_channels, width, levels[i])
    if made.out_channels != width:
        raise ValueError(f"the block at level {i} has {made.out_channels} out_channels instead of {width}")
    return StepParts(upsampled, merged, made)


def check_widths(widths: Sequence[int], levels: Sequence[Level]) -> None:
    """Raise ValueError unless there is one width, a whole number of at least 1, for each level but the coarsest."""
    if len(widths) != len(levels) - 1:
        raise ValueError(
            f"widths {tuple(widths)}: {len(levels)} levels need {len(levels) - 1} widths, one for each but the coarsest"
        )
    for width in widths:
        positive_int("width", width)
