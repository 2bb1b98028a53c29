"""Vertical positions of the rows of a U-Net and of its arrows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from unet_tutorial.figures.drawing.columns import Columns
from unet_tutorial.figures.drawing.frame import Frame
from unet_tutorial.figures.drawing.scene import LINE_HEIGHT, text_width
from unet_tutorial.figures.drawing.sketch import Aside, Link

LANE_HEIGHT, TAG_SPACE = 1.25, 1.5  # from one lane to the next; above a row with tags; in font sizes


@dataclass
class Heights:
    """Heights of the boxes and y of everything in the drawing; ``tallest`` is the height of the box of the largest map.

    An arrow cannot run straight if a box is in between. It then runs below the boxes of its row, on a horizontal line
    called a lane; ``lanes`` holds the row and the lane number of each such arrow. ``top`` and ``caption_y`` (the
    baseline of the caption) have one value per box. ``arrow_y`` (the y of straight arrows) and ``row_bottom`` (the
    lower edge of the tallest box) have one value per row. ``aside_top`` holds the y of the blocks beside the path.
    ``total`` is the height of the drawing.
    """

    columns: Columns
    tallest: float
    top: list[float] = field(default_factory=list)
    caption_y: list[float] = field(default_factory=list)
    arrow_y: list[float] = field(default_factory=list)
    row_bottom: list[float] = field(default_factory=list)
    total: float = 0.0
    aside_top: dict[Aside, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.frame = frame = self.columns.frame
        font = frame.font
        self.height = [frame.height(i, self.tallest) + depth for i, depth in enumerate(self.columns.depth)]
        self.top, self.caption_y = [0.0] * len(self.height), [0.0] * len(self.height)
        self.lanes = assign_lanes(self.columns)
        tagged = {frame.rows[i] for i in frame.tags}
        y = 0.0
        for row in range(max(frame.rows) + 1):
            start = y + font * (1.2 + TAG_SPACE * (row in tagged))
            y = self._place_row(row, start) + font * (1.0 if row < max(frame.rows) else 0.0)
        self.total = max(self.total, y)

    def _place_row(self, row: int, start: float) -> float:
        """Place a row; ``start`` is the baseline of its channel numbers. Return the y below everything in the row."""
        frame, font = self.frame, self.frame.font
        here = [i for i in range(frame.sketch.length) if frame.rows[i] == row]
        outputs = [i for i in frame.source if frame.rows[i] == row]
        half = max((self.height[i] for i in here), default=0.0) / 2
        centre = start + half
        for i in here:
            self.top[i] = centre - self.height[i] / 2
        above_sizes = [self.top[i] + self.height[i] - text_width(frame.sizes[i], font) - 0.45 * font for i in here]
        self.arrow_y.append(min([centre, *above_sizes]))
        for i in outputs:
            self._place_output(i, centre)
        self.row_bottom.append(max([centre + half, *(self.top[i] + self.height[i] for i in outputs)]))
        y = self._place_asides(row)
        captions = [self._place_caption(i) for i in (*here, *outputs) if frame.caption(i)]
        y = max([y, *captions])
        last = self._place_below_input(row, y)
        self.total = max(self.total, last)
        return last if self._would_touch_rows_below(row) else y

    def _place_output(self, i: int, centre: float) -> None:
        """Place a further output beside the path, so that its arrow arrives above its size text."""
        font, height = self.frame.font, self.height[i]
        y, text = self.exit_y(i), text_width(self.frame.sizes[i], self.frame.font)
        lowest = max(centre + height / 2, y + 0.45 * font + text) - height
        self.top[i] = min(lowest, y - self.columns.depth[i] - 0.45 * font)

    def exit_y(self, i: int) -> float:
        """y of the straight arrow to a further output: below the arrow to the row above, if that leaves sideways."""
        frame, source = self.frame, self.frame.source[i]
        lower = frame.exits_upwards(source) and frame.exits_sideways(source)
        return self.arrow_y[frame.rows[i]] + 0.9 * frame.font * lower

    def _place_asides(self, row: int) -> float:
        """Place the attentions of a row below its lanes; return the y below them."""
        frame, font = self.frame, self.frame.font
        n_lanes = 1 + max((lane for at, lane in self.lanes.values() if at == row), default=-1)
        y = lowest = self.row_bottom[row] + font * LANE_HEIGHT * n_lanes
        for aside in frame.sketch.asides:
            if aside.kind == "attention" and frame.rows[aside.uses[0][1]] == row:
                self.aside_top[aside] = y + 1.2 * font
                lowest = max(lowest, self.aside_top[aside] + self.aside_height(aside))
        return lowest

    def aside_height(self, aside: Aside) -> float:
        """Height of an aside with its lines of text."""
        return (LINE_HEIGHT * len(self.frame.aside_lines(aside)) + 0.4) * self.frame.font

    def _place_caption(self, i: int) -> float:
        """Place a caption below its box, and below lanes and asides there; return the y below it."""
        frame, columns, font = self.frame, self.columns, self.frame.font
        first, last = (columns.caption_x(i) + x for x in frame.caption_extent(i))
        near = [bottom for low, high, bottom in self._above_captions(frame.rows[i]) if low < last and first < high]
        self.caption_y[i] = max([self.top[i] + self.height[i], *near]) + 1.0 * font
        cropped = any(step.target == i and any(step.crop) for step in frame.sketch.steps)
        if cropped and frame.caption_anchor(i) == "start":
            self.caption_y[i] += LINE_HEIGHT * font  # below the crop label on the same arrow
        return self.caption_y[i] + 0.15 * font

    def _above_captions(self, row: int) -> Iterator[tuple[float, float, float]]:
        """Left edge, right edge and lower edge of the boxes, lanes and asides of a row, with space beside them."""
        frame, columns, space = self.frame, self.columns, 0.3 * self.frame.font
        for i, other in enumerate(frame.rows):
            if other == row and i not in frame.further_inputs:
                yield columns.left[i], columns.left[i] + columns.width[i], self.top[i] + self.height[i]
        for link, (lane_row, lane) in self.lanes.items():
            if lane_row == row:
                first, last = link_extent(columns, link)
                bottom = self.row_bottom[row] + frame.font * LANE_HEIGHT * (lane + 1)
                yield first - space, last + space, bottom
        for aside, top in self.aside_top.items():
            if frame.rows[aside.uses[0][1]] == row:
                first, last = columns.aside_extent(aside)
                yield first - space, last + space, top + self.aside_height(aside)

    def _place_below_input(self, row: int, y: float) -> float:
        """Place further inputs and embeddings below the row to which they belong; return the y below them."""
        frame, font = self.frame, self.frame.font
        for i in frame.further_inputs:
            if frame.rows[i] == row:
                self.top[i] = y + 1.5 * font
                self.caption_y[i] = self.top[i] + self.height[i] + 1.0 * font
                y = self.caption_y[i] + 0.15 * font
        for aside in frame.sketch.asides:
            if aside.kind == "embedding" and row == frame.rows[0]:
                self.aside_top[aside] = y + 1.0 * font
                y = self.aside_top[aside] + self.aside_height(aside) + 1.15 * font * bool(aside.caption)
        return y

    def _would_touch_rows_below(self, row: int) -> bool:
        """Whether further inputs and embeddings, or their arrows, are so wide that they would touch the rows below."""
        frame, columns, font = self.frame, self.columns, self.frame.font
        below = [
            columns.left[i] + min(frame.channels_extent(i)[0] + columns.to_top_middle(i), -frame.left_space(i))
            for i in range(frame.sketch.length)
            if frame.rows[i] > row
        ]
        extents = {aside: columns.aside_extent(aside) for aside in frame.sketch.asides if aside.kind != "excitation"}
        own = [last for aside, (_, last) in extents.items() if aside.kind == "embedding" and row == frame.rows[0]]
        below += [
            first
            for aside, (first, _) in extents.items()
            if aside.kind == "attention" and frame.rows[aside.uses[0][1]] > row
        ]
        if frame.further_inputs:
            own += [columns.left[i] + 2 * font + columns.width[i] for i in frame.further_inputs]
            own += [columns.left[link.target] + columns.width[link.target] for link in frame.sketch.branches]
        return bool(below) and bool(own) and max(own) + 0.5 * font > min(below)

    def lane_y(self, link: Link) -> float:
        """y of the lane of an arrow."""
        row, lane = self.lanes[link]
        return self.row_bottom[row] + self.frame.font * LANE_HEIGHT * (lane + 0.5)


def assign_lanes(columns: Columns) -> dict[Link, tuple[int, int]]:
    """Row and lane of each arrow that cannot run straight; arrows that overlap get different lanes."""
    frame, sketch = columns.frame, columns.frame.sketch
    taken: list[tuple[tuple[int, int], float, float]] = []  # (row, lane), first and last x
    found: dict[Link, tuple[int, int]] = {}
    around = [link for link in sketch.branches if not enters_from_below(frame, link) and not frame.is_from_above(link)]
    crossing = [link for link in (*sketch.heads, *sketch.copies) if blocked(columns, link)]
    for link in (*around, *crossing):
        row = frame.rows[link.target]
        first, last = link_extent(columns, link)
        lane = 0
        while any(at == (row, lane) and low < last and first < high for at, low, high in taken):
            lane += 1
        taken.append(((row, lane), first, last))
        found[link] = (row, lane)
    return found


def link_extent(columns: Columns, link: Link) -> tuple[float, float]:
    """Left edge of the source and right edge of the target."""
    return columns.left[link.source], columns.left[link.target] + columns.width[link.target]


def enters_from_below(frame: Frame, link: Link) -> bool:
    """Whether this link brings a further input from below into the row where it is used."""
    return link.source >= frame.sketch.length and frame.rows[link.source] == frame.rows[link.target]


def blocked(columns: Columns, link: Link) -> bool:
    """Whether source and target are in the same row with another box between them."""
    frame = columns.frame
    low, high = columns.left[link.source], columns.left[link.target]
    row = frame.rows[link.target]
    beside = [i for i, other in enumerate(frame.rows) if other == row and i not in frame.further_inputs]
    return frame.rows[link.source] == row and any(low < columns.left[i] < high for i in beside)
