"""The two sides of the U: the contracting path gives a list of features, the expansive path takes it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor, nn

from unet_tutorial.nets.blocks import _BLOCKS, Block
from unet_tutorial.nets.contracts import FeatureExtractor, Part, _sound, out_channels_of
from unet_tutorial.nets.merge import _MERGES, Merge
from unet_tutorial.nets.resample import _DOWNS, _UPS, Down, Up
from unet_tutorial.plan.levels import Level, Size, positive_int
from unet_tutorial.plan.receptive_field import accumulated_reach


class Encoder(FeatureExtractor):
    """The contracting path: (N, in, *size) -> one feature map per level, finest first.

    ValueError for fewer than one channel, and for levels that are no plan: none at all, of mixed ranks, or with a
    stride before the finest.
    """

    def __init__(self, in_channels: int, levels: Sequence[Level], block: Block, down: Down) -> None:
        super().__init__()
        positive_int("in_channels", in_channels)
        self.levels = _plan(levels)
        block, down = _sound("block", _BLOCKS, block), _sound("down", _DOWNS, down)
        self.stem = block(in_channels, levels[0].channels, levels[0])
        self.stages = nn.ModuleList(_stage(above.channels, level, block, down) for above, level in pairwise(levels))
        self.in_channels = in_channels
        blocks = (self.stem, *(stage.get_submodule("block") for stage in self.stages))
        self.out_channels = tuple(out_channels_of(made) for made in blocks)
        self.padding = self.stem.padding

    def forward(self, image: Tensor) -> list[Tensor]:
        """Block, then down and block at each further level."""
        features = [self.stem(image)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return features


def _plan(levels: Sequence[Level]) -> tuple[Level, ...]:
    """The levels as a tuple; ValueError where they are not the plan of one U."""
    if not isinstance(levels, Sequence) or not levels or not all(isinstance(level, Level) for level in levels):
        raise ValueError(f"levels {levels!r}: a U needs at least one level, as from pyramid((64, 128, 256))")
    for i, level in enumerate(levels):
        if level.rank != levels[0].rank:
            raise ValueError(f"level {i} has rank {level.rank} and level 0 rank {levels[0].rank}; give all one rank")
    if max(levels[0].stride) > 1:
        ones = (1,) * levels[0].rank
        raise ValueError(f"level 0 has stride {levels[0].stride}, and no level is finer; write stride={ones}")
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
        self.levels, self.padding = encoder.levels, encoder.padding

    def forward(self, image: Tensor) -> list[Tensor]:
        """The encoder's features, the last of them thinned out in training."""
        *skips, bottom = self.encoder(image)
        return [*skips, self.dropout(bottom)]


class DecoderStep(Part):
    """One level up: upsample what is below, merge it with the skip, convolve."""

    def __init__(self, up: nn.Module, merge: Part, block: Part) -> None:
        super().__init__()
        self.up, self.merge, self.block = up, merge, block
        self.out_channels, self.padding = out_channels_of(block), block.padding

    def forward(self, below: Tensor, skip: Tensor) -> Tensor:
        """(N, below, *small) and (N, skip, *large) -> (N, out, *size), where the block takes away what it takes."""
        out: Tensor = self.block(self.merge(skip, self.up(below), below))
        return out


StepFactory = Callable[[nn.Module, Part, Part], Part]  # (up, merge, block) -> Part


class Decoder(Part):
    """The expansive path: feature maps, finest first -> (N, widths[0], *size).

    ``widths[i]`` is the width of the decoder at level i; there is one for each level but the coarsest. ``step`` makes a
    step of the three pieces; ``checkpointed(DecoderStep)`` is another.
    """

    def __init__(
        self,
        levels: Sequence[Level],
        widths: Sequence[int],
        block: Block,
        up: Up,
        merge: Merge,
        step: StepFactory = DecoderStep,
    ) -> None:
        super().__init__()
        self.levels = _plan(levels)
        _refuse_widths(widths, levels)
        up, merge = _sound("up", _UPS, up, nn.Module), _sound("merge", _MERGES, merge)
        block, step = _sound("block", _BLOCKS, block), _sound("step", "DecoderStep or checkpointed(DecoderStep)", step)
        places = zip(pairwise(levels), [*widths, levels[-1].channels][1:], widths, strict=True)
        pieces = [
            _pieces(level, deeper.stride, channels, width, up=up, merge=merge, block=block)
            for (level, deeper), channels, width in places
        ]
        self.steps = nn.ModuleList(step(*three) for three in reversed(pieces))  # coarsest first, as in the forward pass
        self.out_channels = [*widths, levels[-1].channels][0]
        self.padding = pieces[0][2].padding if pieces else "same"
        self.extra_reach = accumulated_reach(
            self.levels, [(getattr(up, "extra_reach", ()), merge.extra_reach) for up, merge, _ in pieces]
        )

    def forward(self, features: list[Tensor]) -> Tensor:
        """From the coarsest features up, taking in one skip at each step."""
        *skips, x = features
        for step, skip in zip(self.steps, reversed(skips), strict=True):
            x = step(x, skip)
        return x


def _refuse_widths(widths: Sequence[int], levels: Sequence[Level]) -> None:
    if len(widths) != len(levels) - 1:
        raise ValueError(f"widths {tuple(widths)}: {len(levels)} levels need {len(levels) - 1}, none for the coarsest")
    for width in widths:
        positive_int("width", width)


def _pieces(
    level: Level, stride: Size, below: int, width: int, *, up: Up, merge: Merge, block: Block
) -> tuple[nn.Module, Part, Part]:
    larger = up(below, width, stride)
    merged = merge(level.channels, out_channels_of(larger), below, stride)
    made = block(out_channels_of(merged), width, level)
    if out_channels_of(made) != width:
        raise ValueError(
            f"a block of {out_channels_of(made)} channels where {width} were asked; give what is asked for"
        )
    return larger, merged, made
