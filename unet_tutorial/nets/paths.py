"""The contracting and the expansive path: an encoder makes a list of feature maps, and a decoder reads it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor, nn

from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.contracts import FeatureDecoder, FeatureExtractor, Part, check_factory, out_channels_of
from unet_tutorial.nets.merge import Merge
from unet_tutorial.nets.resample import Down, Up
from unet_tutorial.plan.levels import Level, positive_int
from unet_tutorial.plan.receptive_field import accumulated_reach


class Encoder(FeatureExtractor):
    """The contracting path: image (N, in, *size) -> one feature map per level, finest first.

    ``levels[0]`` is the finest level and must have stride 1; all levels need the same rank (number of spatial axes).
    Raises ValueError for other levels, for fewer than one channel, and if ``block`` or ``down`` is not a factory of
    parts.
    """

    def __init__(self, in_channels: int, levels: Sequence[Level], block: Block, down: Down) -> None:
        super().__init__()
        positive_int("in_channels", in_channels)
        self.levels = _checked_levels(levels)
        block, down = check_factory("block", block), check_factory("down", down)
        self.stem = block(in_channels, levels[0].channels, levels[0])
        self.stages = nn.ModuleList(_stage(above.channels, level, block, down) for above, level in pairwise(levels))
        self.in_channels = in_channels
        blocks = (self.stem, *(stage.get_submodule("block") for stage in self.stages))
        self.out_channels = tuple(out_channels_of(made) for made in blocks)
        self.padding = self.stem.padding

    def forward(self, image: Tensor) -> list[Tensor]:
        """Apply a block at the finest level; at each coarser level, downsample and apply a block."""
        features = [self.stem(image)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return features


def _checked_levels(levels: Sequence[Level]) -> tuple[Level, ...]:
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
        self.levels, self.padding = encoder.levels, encoder.padding

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

    ``widths[i]`` is the number of channels of the decoder at level i, one for each level except the coarsest. ``step``
    makes each step from its upsampling, merge and block; ``checkpointed(DecoderStep)`` uses less memory. Raises
    ValueError for invalid levels (see ``Encoder``) or widths, and for parts that do not fit together.
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
        self.levels = _checked_levels(levels)
        _check_widths(widths, levels)
        block, up = check_factory("block", block), check_factory("up", up)
        merge, step = check_factory("merge", merge), check_factory("step", step)
        channels = [*widths, levels[-1].channels]  # of the features that go to the next finer level
        pieces = []  # finest first: with another order, the same seed would give other weights
        for i, width in enumerate(widths):
            level, stride, below = levels[i], levels[i + 1].stride, channels[i + 1]
            upsampled = up(below, width, stride)
            merged = merge(level.channels, out_channels_of(upsampled), below, stride)
            made = block(merged.out_channels, width, level)
            if made.out_channels != width:
                raise ValueError(f"the block at level {i} has {made.out_channels} out_channels instead of {width}")
            pieces.append((upsampled, merged, made))
        self.steps = nn.ModuleList(step(*three) for three in reversed(pieces))  # coarsest first, as in the forward pass
        self.out_channels = channels[0]
        self.padding = pieces[0][2].padding if pieces else "same"
        self.extra_reach = accumulated_reach(
            self.levels, [(getattr(up, "extra_reach", ()), merge.extra_reach) for up, merge, _ in pieces]
        )

    def forward(self, features: list[Tensor]) -> Tensor:
        """Process the features from the coarsest level to the finest, with one skip per step."""
        *skips, x = features
        for step, skip in zip(self.steps, reversed(skips), strict=True):
            x = step(x, skip)
        return x


def _check_widths(widths: Sequence[int], levels: Sequence[Level]) -> None:
    if len(widths) != len(levels) - 1:
        raise ValueError(
            f"widths {tuple(widths)}: {len(levels)} levels need {len(levels) - 1} widths, one for each but the coarsest"
        )
    for width in widths:
        positive_int("width", width)
