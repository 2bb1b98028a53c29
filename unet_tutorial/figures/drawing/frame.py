"""A frame: rows, texts and box sizes of a sketch, before columns and heights are assigned."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import log2, sqrt

from unet_tutorial.figures.arch.text import size_text
from unet_tutorial.figures.drawing.scene import DIGIT_HEIGHT, text_width
from unet_tutorial.figures.drawing.sketch import FeatureMap, Sketch, mean_side
from unet_tutorial.figures.drawing.style import Growth

MARK_RADIUS, TEXT_GAP = 0.42, 0.45  # in font sizes; TEXT_GAP: from an arrow to the text beside it


@dataclass(frozen=True)
class Frame:
    """The rows, texts and box sizes of a sketch in a given font size; lengths are in points.

    ``growth`` is the function by which widths grow with channels. With ``bent``, arrows between rows leave a box at its
    right edge; otherwise at its lower or upper edge.
    """

    sketch: Sketch
    font: float
    growth: Growth
    bent: bool = False

    @cached_property
    def rows(self) -> list[int]:
        """The row of each map: 0 on top, coarser levels further down."""
        levels = sorted({each.node.level for each in self.sketch.maps})
        return [levels.index(each.node.level) for each in self.sketch.maps]

    @cached_property
    def sizes(self) -> list[str]:
        """Size text on the left of each box; "" if the box before it in the row has the same size."""
        texts = []
        for i, each in enumerate(self.sketch.maps):
            before = self.sketch.maps[i - 1] if 0 < i < self.sketch.length else None
            same = before is not None and self.rows[i] == self.rows[i - 1] and before.node.size == each.node.size
            texts.append("" if same else size_text(each.node.size))
        return texts

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
        """The text "input" or "output" under a box; "" for other boxes, and where an arrow passes under the box."""
        sketch = self.sketch
        if i >= sketch.length or (i == 0 and not self.exits_upwards(0) and not self.entered_from_above(1)):
            further = len(sketch.maps) - sketch.length
            number = 1 if i == 0 else i - sketch.length + 2
            return f"input {number}" if further else "input"
        last = i == sketch.length - 1 and self.rows[i] == self.rows[i - 1]
        return "output" if last else ""

    def channels_extent(self, i: int) -> tuple[float, float]:
        """Left and right end of the channel number, measured from the centre of the box."""
        wide, gap = text_width(str(self.sketch.maps[i].node.channels), self.font), TEXT_GAP * self.font
        anchor = self.anchor(i)
        if anchor == "middle":
            return -wide / 2, wide / 2
        return (-wide - gap, -gap) if anchor == "end" else (gap, wide + gap)

    def left_space(self, i: int) -> float:
        """Space on the left of a box for its size text and the marks on its arrow."""
        size = (DIGIT_HEIGHT + 0.3) * self.font if self.sizes[i] else 0.0
        plus = any("plus" in link.marks for link in (*self.sketch.branches, *self.sketch.copies) if link.target == i)
        return size + (2 * MARK_RADIUS + 0.3) * self.font * plus

    def width(self, each: FeatureMap, widest: float) -> float:
        """Width of a box; ``widest`` is the width of the box with the most channels."""
        most = max(other.node.channels for other in self.sketch.maps)
        return max(0.5 * self.font, widest * self.grown(each.node.channels) / self.grown(most))

    def grown(self, channels: int) -> float:
        """The growth function applied to a number of channels; widths are proportional to the result."""
        return {"sqrt": sqrt(channels), "linear": float(channels), "log": log2(channels + 1)}[self.growth]

    def min_height(self, i: int) -> float:
        """Smallest height of a box: space for the longest size text of its row and for an arrow above that text."""
        row = [text for text, other in zip(self.sizes, self.rows, strict=True) if other == self.rows[i]]
        return max(text_width(text, self.font) for text in row) + 0.95 * self.font

    def height(self, i: int, tallest: float) -> float:
        """Height of a box; ``tallest`` is that of the largest map. Heights grow with the square root of the side."""
        largest = max(mean_side(other.node.size) for other in self.sketch.maps)
        return max(self.min_height(i), tallest * sqrt(mean_side(self.sketch.maps[i].node.size) / largest))
