"""Decoders whose numbers of channels follow from those of the encoder, by a rule for each step.

Each upsampling halves the number of channels. A rule (channels after the upsampling, channels of the skip) -> channels
of the step determines how many the block of the step has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.merge import Merge
from unet_tutorial.nets.paths import Decoder
from unet_tutorial.nets.resample import Up
from unet_tutorial.plan.levels import Level

ChannelRule = Callable[[int, int], int]


def keep(up: int, skip: int) -> int:
    """As many channels as the concatenation has. It takes the most memory."""
    return up + skip


def halve(up: int, skip: int) -> int:
    """Half as many channels as the concatenation has."""
    return (up + skip) // 2


def eq_skip(up: int, skip: int) -> int:  # noqa: ARG001
    """As many channels as the skip, so that the decoder is as wide as the encoder."""
    return skip


class StepFactories(NamedTuple):
    """The factories of the parts of one decoder step."""

    up: Up
    merge: Merge
    block: Block


def ruled_decoder(
    levels: Sequence[Level], rules: Sequence[ChannelRule], steps: StepFactories, last: StepFactories
) -> Decoder:
    """A decoder with ``rules[i - 1]`` for level i, finest first, for all levels but the coarsest and the finest.

    ``steps`` makes their steps, and ``last`` that of the finest level, the image: its upsampling keeps the number of
    channels, and its block the number after the merge. Raises ValueError unless there is one rule per step, and if a
    rule returns less than 1.
    """
    if len(rules) != len(levels) - 2:
        raise ValueError(
            f"{len(rules)} rules for {len(levels)} levels; pass one for each but the finest and the coarsest"
        )
    up_widths: list[int] = []
    widths: list[int] = []  # coarsest first
    below = levels[-1].channels
    for rule, level in zip(reversed(rules), reversed(levels[1:-1]), strict=True):
        up_widths.append(below // 2)
        below = rule(below // 2, level.channels)
        widths.append(below)
    merged = last.merge(levels[0].channels, below, below, levels[1].stride).out_channels
    made = [last, *[steps] * len(rules)]
    blocks, ups, merges = [each.block for each in made], [each.up for each in made], [each.merge for each in made]
    return Decoder(levels, [merged, *widths[::-1]], blocks, ups, merges, up_widths=[below, *up_widths[::-1]])
