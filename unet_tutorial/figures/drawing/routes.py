"""Arrows of a U-Net from box to box, with their marks and crop texts: straight, or on a lane around boxes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from unet_tutorial.figures.arch.text import crop_text
from unet_tutorial.figures.drawing.columns import Columns, crop_number
from unet_tutorial.figures.drawing.frame import MARK_RADIUS, TEXT_GAP, Frame
from unet_tutorial.figures.drawing.heights import TAG_SPACE, Heights, enters_from_below
from unet_tutorial.figures.drawing.scene import (
    CORNER,
    LINE_HEIGHT,
    Arrow,
    Box,
    Label,
    Mark,
    Point,
    SideBlock,
    text_width,
)
from unet_tutorial.figures.drawing.sketch import Aside, Link


@dataclass(frozen=True)
class Routes:
    """Computes arrows, marks and crop labels from the coordinates of the boxes."""

    heights: Heights
    boxes: tuple[Box, ...]

    @property
    def frame(self) -> Frame:
        """The rows, texts and box sizes."""
        return self.heights.frame

    @property
    def columns(self) -> Columns:
        """The horizontal positions."""
        return self.heights.columns

    def _arrow(self, link: Link, *points: Point) -> Arrow:
        """The arrow of a link; its id is the kind of arrow and the id of a node, such as pool-enc1.pool1."""
        own = self.frame.sketch.maps[link.source if link.source in self.frame.further_inputs else link.target]
        return Arrow(f"{link.kind}-{own.node.id}", link.kind, points)

    def arrow_y(self, i: int) -> float:
        """y at which arrows leave a box sideways."""
        return self.heights.arrow_y[self.frame.rows[i]]

    def step(self, link: Link) -> Arrow:
        """The arrow from one map of the main path to the next."""
        source, target, frame = self.boxes[link.source], self.boxes[link.target], self.frame
        if frame.rows[link.source] == frame.rows[link.target]:
            y = self.arrow_y(link.source)
            return self._arrow(link, (source.right, y), (target.x, y))
        down = frame.entered_from_above(link.target)
        x = target.x + self.columns.arrival(link.target)
        end = (x, target.y if down else target.bottom)
        if abs(x - (source.middle if down else source.top_middle)) < 0.02 and not frame.exits_sideways(link.source):
            return self._arrow(link, (x, source.bottom if down else source.y), end)
        y = self.arrow_y(link.source) + 0.5 * frame.font * down
        return self._arrow(link, (source.right, y), (x, y), end)

    def copy(self, link: Link) -> Arrow:
        """The arrow of a skip."""
        source, target = self.boxes[link.source], self.boxes[link.target]
        first, last = self.arrow_y(link.source), self.arrow_y(link.target)
        if link in self.heights.lanes:
            return self._on_lane(link, (source.middle, source.bottom))
        if first == last:
            return self._arrow(link, (source.right, first), (target.x, last))
        x = target.x - self.frame.left_space(link.target) - 0.6 * self.frame.font
        return self._arrow(link, (source.right, first), (x, first), (x, last), (target.x, last))

    def branch(self, link: Link) -> Arrow:
        """The arrow of a shortcut, or of a further input."""
        source, font = self.boxes[link.source], self.frame.font
        if enters_from_below(self.frame, link):
            y = source.y + source.height / 2
            x, end = self._arrival_from_below(link)
            return self._arrow(link, (source.right, y), (x, y), (x, end))
        if link.source >= self.frame.sketch.length:
            return self._on_lane(link, (source.middle, source.bottom))
        if self.frame.is_from_above(link):
            y, (x, end) = self._low_exit_y(link.source), self.plus_position(link.target)
            return self._arrow(link, (source.right, y), (x, y), (x, end - MARK_RADIUS * font))
        y = self.arrow_y(link.source)
        return self._on_lane(link, (source.right, y), (source.right + 0.35 * font, y))

    def _low_exit_y(self, i: int) -> float:
        """y of a second arrow at the right edge of a box, below the first one."""
        bottom = self.boxes[i].bottom - self.boxes[i].depth
        return max(bottom - 0.5 * self.frame.font, (self.arrow_y(i) + bottom) / 2)

    def head(self, link: Link) -> Arrow:
        """The arrow to a further output."""
        source, target = self.boxes[link.source], self.boxes[link.target]
        if link in self.heights.lanes:
            y = self._low_exit_y(link.source)
            return self._on_lane(link, (source.right, y), (source.right + 0.35 * self.frame.font, y))
        y = self.heights.exit_y(link.target)
        return self._arrow(link, (source.right, y), (target.x, y))

    def gate(self, link: Link) -> Arrow:
        """The arrow of a gating signal: along the arrow up from its map, then to the gate from below."""
        frame, font = self.frame, self.frame.font
        x, end = self.gate_position(link.target)
        up = self.boxes[link.target].x + self.columns.arrival(link.target)
        if link.source == link.target:  # the upsampled map
            y = self.boxes[link.target].bottom + 1.1 * font
            return self._arrow(link, (up, y), (x, y), (x, end + MARK_RADIUS * font))
        row = [i for i in range(frame.sketch.length) if frame.rows[i] == frame.rows[link.source]]
        source = self.boxes[link.source]
        tagged = any(i in frame.tags for i in row)
        y = min(self.boxes[i].y for i in row) - (1.35 + TAG_SPACE * tagged) * font
        start: tuple[Point, ...] = ((source.top_middle, source.y),)
        if frame.exits_sideways(link.source):
            start = (source.right, self.arrow_y(link.source)), (up, self.arrow_y(link.source))
        return self._arrow(link, *start, (start[-1][0], y), (x, y), (x, end + MARK_RADIUS * font))

    def aside_arrows(self, aside: Aside, block: SideBlock) -> Iterator[Arrow]:
        """The thin lines from the sources of a block beside the path, and to its targets."""
        shift = block.x - self.columns.aside_extent(aside)[0]
        for (source, target), ends in zip(aside.uses, self.columns.aside_ends(aside), strict=True):
            out, back = (x + shift for x in ends)
            key = self.frame.sketch.maps[target].node.id
            if source != target:
                y, right = self._low_exit_y(source), self.boxes[source].right
                corner, entry = self._at_block(block, out)
                yield Arrow(f"aside-{key}.from", "aside", ((right, y), (out, y), *corner, entry))
            corner, start = self._at_block(block, back)
            yield Arrow(f"aside-{key}", "aside", (start, *corner, *self._aside_arrival(target, back)))

    def _aside_arrival(self, i: int, x: float) -> tuple[Point, ...]:
        """The last points of a line from a block beside the path, which runs upwards at ``x``."""
        if i in self.frame.aside_sums:
            return ((x, self.arrow_y(i) + MARK_RADIUS * self.frame.font),)
        if self.columns.enters_at_side(i):
            y = self._low_exit_y(i)
            return (x, y), (self.boxes[i].x, y)
        return ((x, self.boxes[i].bottom),)

    def _at_block(self, block: SideBlock, x: float) -> tuple[tuple[Point, ...], Point]:
        """The corner of a vertical line at ``x``, if it needs one, and its end at the top or at a side of the block."""
        inset = CORNER * self.frame.font
        if block.x + inset <= x <= block.right - inset:
            return (), (x, block.y)
        y = block.y + block.height / 2
        return ((x, y),), (block.x if x < block.middle else block.right, y)

    def _on_lane(self, link: Link, *start: Point) -> Arrow:
        """An arrow that runs down to its lane, along it, and up to its target."""
        y, end = self.heights.lane_y(link), self._arrival_from_below(link)
        return self._arrow(link, *start, (start[-1][0], y), (end[0], y), end)

    def _arrival_from_below(self, link: Link) -> Point:
        """End of an arrow from below: the plus mark before the box, or the left part of the box."""
        target = self.boxes[link.target]
        if "plus" in link.marks:
            return self.plus_position(link.target)[0], self.arrow_y(link.target) + MARK_RADIUS * self.frame.font
        offset = target.blank / 2 if target.blank else (target.middle - target.x) / 2
        return target.x + offset, target.bottom

    def plus_position(self, i: int) -> Point:
        """Centre of the plus mark before a box."""
        return self.boxes[i].x - self.frame.plus_gap(i) - MARK_RADIUS * self.frame.font, self.arrow_y(i)

    def gate_position(self, i: int) -> Point:
        """Centre of the gate mark before a box and its plus mark."""
        x, y = self.plus_position(i)
        return x - (0.3 + (0.4 + 2 * MARK_RADIUS) * ("plus" in self._marks_of(i))) * self.frame.font, y

    def _marks_of(self, i: int) -> set[str]:
        sketch = self.frame.sketch
        links = [link for link in (*sketch.copies, *sketch.branches) if link.target == i]
        return {mark for link in links for mark in link.marks} | ({"plus"} if i in self.frame.aside_sums else set())

    def marks(self) -> list[Mark]:
        """The plus and gate marks; several arrows into a box share one."""
        found = []
        radius = MARK_RADIUS * self.frame.font
        for i, each in enumerate(self.frame.sketch.maps):
            kinds = self._marks_of(i)
            if "plus" in kinds:
                found.append(Mark(f"plus-{each.node.id}", "plus", *self.plus_position(i), radius))
            if "gate" in kinds:
                found.append(Mark(f"gate-{each.node.id}", "gate", *self.gate_position(i), radius))
        return found

    def crop_labels(self) -> list[Label]:
        """The crops at their arrows. If the word "crop" does not fit at one skip, all skips show only the number."""
        cropped = [(link, crop_text(link.crop)) for link in self.frame.sketch.copies if crop_text(link.crop)]
        font = self.frame.font
        widths = [last - first for first, last in (self._free_range(link) for link, _ in cropped)]
        fits = all(
            width > text_width(text, font) + 0.6 * font for width, (_, text) in zip(widths, cropped, strict=True)
        )
        ups = [
            step for step in self.frame.sketch.steps if self.frame.exits_upwards(step.source) and crop_text(step.crop)
        ]
        skips = [self._skip_crop_label(link, text if fits else crop_number(text)) for link, text in cropped]
        return [*skips, *map(self._up_crop_label, ups)]

    def _skip_crop_label(self, link: Link, text: str) -> Label:
        key, font = f"crop-{self.frame.sketch.maps[link.target].node.id}", self.frame.font
        on_lane = link in self.heights.lanes
        y = self.heights.lane_y(link) - 0.3 * font if on_lane else self.arrow_y(link.source) - 0.35 * font
        return Label(key, text, sum(self._free_range(link)) / 2, y)

    def _up_crop_label(self, step: Link) -> Label:
        """Pixels cropped or padded after upsampling, beside the arrow up."""
        frame, i = self.frame, step.target
        x = self.boxes[i].x + self.columns.arrival(i) + TEXT_GAP * frame.font
        y = self.heights.caption_y[i] - LINE_HEIGHT * frame.font
        y = y if frame.caption(i) else self.heights.row_bottom[frame.rows[i]] + 0.95 * frame.font
        return Label(f"crop-{frame.sketch.maps[i].node.id}", crop_text(step.crop), x, y, "start")

    def _free_range(self, link: Link) -> tuple[float, float]:
        """First and last x of the free space above a skip's arrow, between boxes, channel numbers and marks."""
        source, target, font = self.boxes[link.source], self.boxes[link.target], self.frame.font
        if link in self.heights.lanes:
            return source.middle, self.copy(link).points[-1][0]
        first, last = source.right, target.x
        reaches_channels = self.arrow_y(link.source) - 1.1 * font < max(source.y, target.y) - 0.1 * font
        if reaches_channels:  # the label would be as high as the channel numbers
            first = max(first, source.top_middle + self.frame.channels_extent(link.source)[1])
            last = min(last, target.top_middle + self.frame.channels_extent(link.target)[0])
        return first, last - self.frame.left_space(link.target) - 1.3 * font * ("gate" in link.marks)
