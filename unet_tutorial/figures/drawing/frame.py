"""What must be known of each box before it has a place: its row, its texts, and the room that they take."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import log2, prod, sqrt

from unet_tutorial.figures.arch.text import pairs_text, size_text
from unet_tutorial.figures.drawing.scene import CAP, text_width
from unet_tutorial.figures.drawing.sketch import Link, Map, Sketch, roots
from unet_tutorial.figures.drawing.style import Growth

MARK, BESIDE = 0.42, 0.45  # radius of a sign, and from an arrow to the text beside it, in font sizes


def crop_text(link: Link) -> str:
    """The margin that is cut off, or padded, as written at an arrow; empty for none.

    >>> crop_text(Link(0, 1, "copy", (), ((4, 4), (4, 4)))), crop_text(Link(0, 1, "copy", (), ((-1, -1), (-1, -1))))
    ('crop 4', 'pad 1')
    """
    numbers = [n for pair in link.crop for n in pair]
    if not any(numbers):
        return ""
    if max(numbers) <= 0:
        return f"pad {pairs_text(tuple((-a, -b) for a, b in link.crop))}"
    return f"crop {pairs_text(link.crop)}"


@dataclass(frozen=True)
class Frame:
    """``growth`` is how widths follow channels. Lengths are in points."""

    sketch: Sketch
    font: float
    growth: Growth
    bent: bool = False  # arrows between levels leave from the right edge; otherwise from below or above

    @cached_property
    def rows(self) -> list[int]:
        """The row of each map, 0 on top; a coarser level is further down."""
        levels = sorted({each.node.level for each in self.sketch.maps})
        return [levels.index(each.node.level) for each in self.sketch.maps]

    @cached_property
    def into(self) -> list[Link | None]:
        """The step that leads to each map."""
        found: list[Link | None] = [None] * len(self.sketch.maps)
        for step in self.sketch.steps:
            found[step.target] = step
        return found

    @cached_property
    def sizes(self) -> list[str]:
        """Text on the left of each box; empty where the one before it in the row has the same size."""
        texts = []
        for i, each in enumerate(self.sketch.maps):
            before = self.sketch.maps[i - 1] if 0 < i < self.sketch.length else None
            same = before is not None and self.rows[i] == self.rows[i - 1] and before.node.size == each.node.size
            texts.append("" if same else size_text(each.node.size))
        return texts

    def falls(self, i: int) -> bool:
        """Whether an arrow comes to this box from the row above."""
        return 0 < i < self.sketch.length and self.rows[i] > self.rows[i - 1]

    def rises(self, i: int) -> bool:
        """Whether an arrow leaves this box to the row above."""
        return i + 1 < self.sketch.length and self.rows[i + 1] < self.rows[i]

    def sideways(self, i: int) -> bool:
        """Whether the arrow to the next row leaves from the right edge of this box."""
        return self.bent or (self.falls(i) and self.rises(i))

    def anchor(self, i: int) -> str:
        """How the channels stand above a box: beside an arrow that arrives or leaves there, else in the middle."""
        if self.falls(i):
            return "end"
        return "start" if self.rises(i) and not self.sideways(i) else "middle"

    def word(self, i: int) -> str:
        """What stands under a box at an end of the way, where no arrow is in its way."""
        sketch = self.sketch
        if i >= sketch.length or (i == 0 and not self.rises(0) and not self.falls(1)):
            count = len(sketch.maps) - sketch.length
            number = 1 if i == 0 else i - sketch.length + 2
            return f"input {number}" if count else "input"
        last = i == sketch.length - 1 and self.rows[i] == self.rows[i - 1]
        return "output" if last else ""

    def span(self, i: int) -> tuple[float, float]:
        """How far the channels reach to the left and right of the box's middle."""
        wide, beside = text_width(str(self.sketch.maps[i].node.channels), self.font), BESIDE * self.font
        anchor = self.anchor(i)
        if anchor == "middle":
            return -wide / 2, wide / 2
        return (-wide - beside, -beside) if anchor == "end" else (beside, wide + beside)

    def lead(self, i: int) -> float:
        """Room that a box needs on its left for its size and the signs on its arrow."""
        thick = (CAP + 0.3) * self.font if self.sizes[i] else 0.0
        plus = any("plus" in link.marks for link in (*self.sketch.branches, *self.sketch.copies) if link.target == i)
        return thick + (2 * MARK + 0.3) * self.font * plus

    def width(self, each: Map, widest: float) -> float:
        """Of a box, if the most channels take ``widest``."""
        most = max(other.node.channels for other in self.sketch.maps)
        return max(0.5 * self.font, widest * self.grown(each.node.channels) / self.grown(most))

    def grown(self, channels: int) -> float:
        """Channels on the scale of widths."""
        return {"sqrt": sqrt(channels), "linear": float(channels), "log": log2(channels + 1)}[self.growth]

    def least(self, i: int) -> float:
        """Height of a box at least: its row's longest size text, and an arrow above that."""
        row = [text for text, other in zip(self.sizes, self.rows, strict=True) if other == self.rows[i]]
        return max(text_width(text, self.font) for text in row) + 0.95 * self.font

    def height(self, i: int, tallest: float) -> float:
        """Of a box, if the largest map takes ``tallest``; with the root of its side."""
        most = max(prod(other.node.size) and roots(other.node.size) for other in self.sketch.maps)
        return max(self.least(i), tallest * sqrt(roots(self.sketch.maps[i].node.size) / most))
