"""A frame: rows, texts and box sizes of a sketch, before columns and heights are assigned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log2, sqrt

from unet_tutorial.figures.arch.text import size_text
from unet_tutorial.figures.drawing.scene import DIGIT_HEIGHT, DIRECTIONS, Box, Label, balanced, text_width
from unet_tutorial.figures.drawing.sketch import Aside, FeatureMap, Link, Sketch, mean_side
from unet_tutorial.figures.drawing.style import Growth

# In font sizes; TEXT_GAP: from an arrow to the text beside it, TAG_PADDING: from the text of a tag to its edge.
# FOOT_HEIGHT: height of the bar in a box that an embedding conditions.
MARK_RADIUS, TEXT_GAP, TAG_PADDING, FOOT_HEIGHT = 0.42, 0.45, 0.35, 0.55


def tag(name: str) -> str:
    """The short name of a block, for a tag above a box: the initials of its words.

    >>> tag("squeeze-and-excitation"), tag("channel gate"), tag("scSE")
    ('SE', 'CG', 'scSE')
    """
    words = [word for word in re.split("[ -]", name) if word != "and"]
    return "".join(word[0].upper() for word in words) if len(words) > 1 else name


def size_texts(maps: Sequence[FeatureMap], before: Mapping[int, int]) -> list[str]:
    """Size text of each map; "" if the map before it in its row has the same size.

    ``before`` holds the index of that map for each map that is not the first of its row.
    """
    same = {i for i, other in before.items() if maps[other].node.size == maps[i].node.size}
    return ["" if i in same else size_text(each.node.size) for i, each in enumerate(maps)]


def min_height(size_texts: Iterable[str], font: float) -> float:
    """Smallest height of boxes with space at their left edge for these texts and for an arrow above them."""
    return max(text_width(text, font) for text in size_texts) + 0.95 * font


def size_label(box: Box, text: str, font: float) -> Label:
    """The size text on the left of a box, from its lower edge upwards."""
    return Label(f"{box.id}.size", text, box.x - 0.3 * font, box.bottom, "start", upright=True)


@dataclass(frozen=True)
class Frame:
    """The rows, texts and box sizes of a sketch in a given font size; lengths are in points.

    ``growth`` is the function by which widths grow with channels; ``boxes`` are flat or cuboids. With ``bent``, arrows
    between rows leave a box at its right edge; otherwise at its lower or upper edge.
    """

    sketch: Sketch
    font: float
    growth: Growth
    bent: bool = False
    boxes: str = "flat"

    @cached_property
    def source(self) -> dict[int, int]:
        """For each further output: the box from which it is computed."""
        return {link.target: link.source for link in self.sketch.heads}

    @cached_property
    def further_inputs(self) -> list[int]:
        """The inputs of the network that are not on the main path."""
        return [i for i in range(self.sketch.length, len(self.sketch.maps)) if i not in self.source]

    @cached_property
    def rows(self) -> list[int]:
        """The row of each map: 0 on top, coarser levels further down; a further output is in the row of its source."""
        maps = self.sketch.maps
        level = [maps[self.source.get(i, i)].node.level for i in range(len(maps))]
        return [sorted(set(level)).index(each) for each in level]

    @cached_property
    def sizes(self) -> list[str]:
        """Size text on the left of each box; "" if the box before it in the row has the same size."""
        before = {i: i - 1 for i in range(1, self.sketch.length) if self.rows[i] == self.rows[i - 1]}
        return size_texts(self.sketch.maps, before | self.source)

    @cached_property
    def tags(self) -> dict[int, str]:
        """The text of the tag above a box, such as "SE"."""
        found: dict[int, list[str]] = {}
        for aside in self.sketch.asides:
            if aside.kind == "excitation":
                for _, target in aside.uses:
                    found.setdefault(target, []).extend(map(tag, aside.lines))
        return {i: ", ".join(dict.fromkeys(texts)) for i, texts in found.items()}

    @cached_property
    def aside_sums(self) -> set[int]:
        """The boxes that show the sum of the path and a block beside it, so that they have a plus mark before them."""
        return {i for aside in self.sketch.asides if aside.kind == "attention" for i in aside.sums}

    def aside_lines(self, aside: Aside) -> tuple[str, ...]:
        """The text of an aside, broken into lines."""
        width = (9.0 if aside.kind == "embedding" else 14.0) * self.font
        return tuple(line for text in aside.lines for line in balanced(text, self.font, width))

    def entered_from_above(self, i: int) -> bool:
        """Whether an arrow arrives at this box from the row above."""
        return 0 < i < self.sketch.length and self.rows[i] > self.rows[i - 1]

    def exits_upwards(self, i: int) -> bool:
        """Whether an arrow leaves this box towards the row above."""
        return i + 1 < self.sketch.length and self.rows[i + 1] < self.rows[i]

    def exits_sideways(self, i: int) -> bool:
        """Whether the arrow to the next row leaves at the right edge of this box."""
        return self.bent or (self.entered_from_above(i) and self.exits_upwards(i))

    def anchor(self, i: int) -> str:
        """Anchor of the channel number above a box: beside an arrow that arrives or leaves there, else centred."""
        if self.entered_from_above(i):
            return "end"
        return "start" if self.exits_upwards(i) and not self.exits_sideways(i) else "middle"

    def caption(self, i: int) -> str:
        """The text "input" or "output" under a box; "" for other boxes."""
        return self.sketch.maps[i].caption

    def caption_anchor(self, i: int) -> str:
        """Anchor of the caption under a box: beside an arrow that leaves or arrives there, else centred."""
        length, rows = self.sketch.length, self.rows
        if i + 1 < length and rows[i + 1] > rows[i] and not self.exits_sideways(i):
            return "end"
        return "start" if 0 < i < length and rows[i - 1] > rows[i] else "middle"

    def caption_extent(self, i: int) -> tuple[float, float]:
        """Left and right end of the caption, measured from the arrow beside it, or else from the centre of the box."""
        return self._extent(self.caption(i), self.caption_anchor(i))

    def channels_extent(self, i: int) -> tuple[float, float]:
        """Left and right end of the channel number and of the tag above it, measured from the centre of the box."""
        first, last = self._extent(str(self.sketch.maps[i].node.channels), self.anchor(i))
        tag = self.tag_extent(i)
        return min(first, tag[0]), max(last, tag[1])

    def tag_extent(self, i: int) -> tuple[float, float]:
        """Left and right end of the tag above a box, measured from its centre; 0 and 0 without one."""
        if i not in self.tags:
            return 0.0, 0.0
        return self._extent(self.tags[i], self.anchor(i), TAG_PADDING)

    def _extent(self, text: str, anchor: str, padding: float = 0.0) -> tuple[float, float]:
        """Left and right end of a text beside an arrow or centred, from that arrow or its centre, with padding."""
        width = text_width(text, self.font) + 2 * padding * self.font
        centre = DIRECTIONS[anchor] * (width / 2 + TEXT_GAP * self.font)
        return centre - width / 2, centre + width / 2

    def left_space(self, i: int) -> float:
        """Space on the left of a box for its size text and the marks on its arrow."""
        size = (DIGIT_HEIGHT + 0.3) * self.font if self.sizes[i] else 0.0
        links = [link for link in (*self.sketch.branches, *self.sketch.copies) if link.target == i]
        plus = i in self.aside_sums or any("plus" in link.marks for link in links)
        gap = max(size, self._plus_from_above(i) * self.plus_gap(i))
        return gap + (2 * MARK_RADIUS + 0.3) * self.font * plus

    def plus_gap(self, i: int) -> float:
        """Distance from a box to the plus mark before it."""
        size = DIGIT_HEIGHT + 0.3 if self.sizes[i] else 0.0
        beside_channels = -self.channels_extent(i)[0] + (0.1 - MARK_RADIUS) * self.font
        return max(size * self.font, 0.7 * self.font, self._plus_from_above(i) * beside_channels)

    def _plus_from_above(self, i: int) -> bool:
        """Whether a shortcut from the row above arrives at the plus mark before this box."""
        return any(link.target == i and self.is_from_above(link) for link in self.sketch.branches)

    def is_from_above(self, link: Link) -> bool:
        """Whether this link is a shortcut from a finer row that arrives at a plus mark."""
        inside = link.source < self.sketch.length
        return inside and "plus" in link.marks and self.rows[link.source] < self.rows[link.target]

    def width(self, each: FeatureMap, widest: float) -> float:
        """Width of a box; ``widest`` is the width of the box with the most channels on the main path or of an input."""
        return max(0.5 * self.font, widest * min(1.0, self.grown(each.node.channels) / self.grown(self._most_channels)))

    @cached_property
    def _most_channels(self) -> int:
        return max(each.node.channels for i, each in enumerate(self.sketch.maps) if i not in self.source)

    def depth(self, i: int, deepest: float) -> float:
        """Depth of a cuboid; ``deepest`` is that of the largest map. Depths grow like heights; 0 for flat boxes."""
        return deepest * sqrt(self._share_of_largest(i)) if self.boxes == "cuboid" else 0.0

    def grown(self, channels: int) -> float:
        """The growth function applied to a number of channels; widths are proportional to the result."""
        return {"sqrt": sqrt(channels), "linear": float(channels), "log": log2(channels + 1)}[self.growth]

    def min_height(self, i: int) -> float:
        """Smallest height of a box: space for its size text and for an arrow above that text.

        On the main path it is the same for all boxes of a row.
        """
        row = [j for j in range(self.sketch.length) if self.rows[j] == self.rows[i] and i < self.sketch.length]
        return min_height((self.sizes[j] for j in (*row, i)), self.font)

    def height(self, i: int, tallest: float) -> float:
        """Height of a box; ``tallest`` is that of the largest map. Heights grow with the square root of the side.

        A further output is drawn at most as high as the map from which it is computed, even if it is resized.
        """
        return max(self.min_height(i), tallest * sqrt(self._share_of_largest(i)))

    def _share_of_largest(self, i: int) -> float:
        """Side of a map as a fraction of the largest one; that of a further output is at most that of its source."""
        return min(mean_side(self.sketch.maps[j].node.size) for j in (i, self.source.get(i, i))) / self._largest_side

    @cached_property
    def _largest_side(self) -> float:
        return max(mean_side(each.node.size) for each in self.sketch.maps)
