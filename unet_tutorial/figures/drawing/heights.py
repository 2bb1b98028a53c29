"""Vertical positions of the rows of a U-Net and of its arrows."""

from __future__ import annotations

from dataclasses import dataclass, field

from unet_tutorial.figures.drawing.columns import Columns
from unet_tutorial.figures.drawing.frame import Frame
from unet_tutorial.figures.drawing.scene import text_width
from unet_tutorial.figures.drawing.sketch import Link

LANE_HEIGHT = 1.25  # from one lane to the next, in font sizes


@dataclass
class Heights:
    """Heights of the boxes and y of everything in the drawing; ``tallest`` is the height of the box of the largest map.

    An arrow cannot run straight if a box is in between. It then runs below the boxes of its row, on a horizontal line
    called a lane; ``lanes`` holds the row and the lane number of each such arrow. ``top`` and ``caption_y`` (the
    baseline of the caption) have one value per box. ``arrow_y`` (the y of straight arrows) and ``row_bottom`` (the
    lower edge of the tallest box) have one value per row. ``total`` is the height of the drawing.
    """

    frame: Frame
    columns: Columns
    tallest: float
    top: list[float] = field(default_factory=list)
    caption_y: list[float] = field(default_factory=list)
    arrow_y: list[float] = field(default_factory=list)
    row_bottom: list[float] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        frame, font = self.frame, self.frame.font
        self.height = [frame.height(i, self.tallest) for i in range(len(frame.sketch.maps))]
        self.top, self.caption_y = [0.0] * len(self.height), [0.0] * len(self.height)
        self.lanes = assign_lanes(frame, self.columns)
        y = 0.0
        for row in range(max(frame.rows) + 1):
            y = self._place_row(row, y + 1.2 * font) + font * (1.0 if row < max(frame.rows) else 0.0)
        self.total = max(self.total, y)

    def _place_row(self, row: int, start: float) -> float:
        """Place a row; ``start`` is the baseline of its channel numbers. Return the y below everything in the row."""
        frame, font = self.frame, self.frame.font
        here = [i for i in range(frame.sketch.length) if frame.rows[i] == row]
        half = max((self.height[i] for i in here), default=0.0) / 2
        centre = start + half
        for i in here:
            self.top[i] = centre - self.height[i] / 2
        above_sizes = [self.top[i] + self.height[i] - text_width(frame.sizes[i], font) - 0.45 * font for i in here]
        self.arrow_y.append(min([centre, *above_sizes]))
        self.row_bottom.append(centre + half)
        n_lanes = 1 + max((lane for at, lane in self.lanes.values() if at == row), default=-1)
        y = centre + half + font * LANE_HEIGHT * n_lanes
        for i in here:
            self.caption_y[i] = y + 1.0 * font
        y += 1.15 * font * any(frame.caption(i) for i in here)
        last = self._place_further_inputs(row, y)
        self.total = max(self.total, last)
        return last if self._inputs_overlap_next_row(row) else y

    def _place_further_inputs(self, row: int, y: float) -> float:
        """Place further inputs below the row to which they belong; return the y below them."""
        frame, font = self.frame, self.frame.font
        for i in range(frame.sketch.length, len(frame.sketch.maps)):
            if frame.rows[i] == row:
                self.top[i] = y + 1.5 * font
                self.caption_y[i] = self.top[i] + self.height[i] + 1.0 * font
                y = self.caption_y[i] + 0.15 * font
        return y

    def _inputs_overlap_next_row(self, row: int) -> bool:
        """Whether further inputs of this row, or their arrows, reach so far right that they would touch boxes below."""
        sketch, columns, font = self.frame.sketch, self.columns, self.frame.font
        below = [
            columns.left[i] + min(self.frame.channels_extent(i)[0] + columns.width[i] / 2, -self.frame.left_space(i))
            for i in range(sketch.length)
            if self.frame.rows[i] > row
        ]
        ends = [columns.left[link.target] + columns.width[link.target] for link in sketch.branches]
        own = [columns.left[i] + 2 * font + columns.width[i] for i in range(sketch.length, len(sketch.maps))]
        return bool(below) and bool(own) and max([*ends, *own]) + 0.5 * font > min(below)

    def lane_y(self, link: Link) -> float:
        """y of the lane of an arrow."""
        row, lane = self.lanes[link]
        return self.row_bottom[row] + self.frame.font * LANE_HEIGHT * (lane + 0.5)


def assign_lanes(frame: Frame, columns: Columns) -> dict[Link, tuple[int, int]]:
    """Row and lane of each arrow that cannot run straight; arrows that overlap get different lanes."""
    taken: list[tuple[tuple[int, int], float, float]] = []  # (row, lane), first and last x
    found: dict[Link, tuple[int, int]] = {}
    sketch = frame.sketch
    around = [link for link in sketch.branches if not enters_from_below(frame, link)]
    for link in (*around, *(copy for copy in sketch.copies if blocked(frame, columns, copy))):
        row = frame.rows[link.target]
        first, last = columns.left[link.source], columns.left[link.target] + columns.width[link.target]
        lane = 0
        while any(at == (row, lane) and low < last and first < high for at, low, high in taken):
            lane += 1
        taken.append(((row, lane), first, last))
        found[link] = (row, lane)
    return found


def enters_from_below(frame: Frame, link: Link) -> bool:
    """Whether this link brings a further input from below into the row where it is used."""
    return link.source >= frame.sketch.length and frame.rows[link.source] == frame.rows[link.target]


def blocked(frame: Frame, columns: Columns, link: Link) -> bool:
    """Whether a box stands between source and target in their row."""
    low, high = columns.left[link.source], columns.left[link.target]
    return frame.rows[link.source] == frame.rows[link.target] and any(
        low < left < high
        for i, left in enumerate(columns.left[: frame.sketch.length])
        if frame.rows[i] == frame.rows[link.target]
    )
