"""Arrows of a U-Net from box to box, with their marks and crop texts: straight, or on a lane around boxes."""

from __future__ import annotations

from dataclasses import dataclass

from unet_tutorial.figures.arch.text import crop_text
from unet_tutorial.figures.drawing.columns import Columns, crop_number
from unet_tutorial.figures.drawing.frame import MARK_RADIUS, TEXT_GAP, Frame
from unet_tutorial.figures.drawing.heights import Heights, enters_from_below
from unet_tutorial.figures.drawing.scene import DIGIT_HEIGHT, Arrow, Box, Label, Mark, Point, text_width
from unet_tutorial.figures.drawing.sketch import Link


@dataclass(frozen=True)
class Routes:
    """Computes arrows, marks and crop labels from the coordinates of the boxes."""

    frame: Frame
    columns: Columns
    heights: Heights
    boxes: tuple[Box, ...]

    def arrow_id(self, link: Link) -> str:
        """Kind of arrow and id of a node, such as pool-enc1.pool1."""
        own = self.frame.sketch.maps[link.source if link.source >= self.frame.sketch.length else link.target]
        return f"{link.kind}-{own.node.id}"

    def arrow_y(self, i: int) -> float:
        """y at which arrows leave a box sideways."""
        return self.heights.arrow_y[self.frame.rows[i]]

    def step(self, link: Link) -> Arrow:
        """The arrow from one map of the main path to the next."""
        source, target, frame = self.boxes[link.source], self.boxes[link.target], self.frame
        if frame.rows[link.source] == frame.rows[link.target]:
            y = self.arrow_y(link.source)
            return Arrow(self.arrow_id(link), link.kind, ((source.right, y), (target.x, y)))
        down = frame.entered_from_above(link.target)
        x = target.x + self.columns.arrival(link.target)
        end = (x, target.y if down else target.bottom)
        if abs(x - source.middle) < 0.02 and not frame.exits_sideways(link.source):
            return Arrow(self.arrow_id(link), link.kind, ((x, source.bottom if down else source.y), end))
        y = self.arrow_y(link.source) + 0.5 * frame.font * down
        return Arrow(self.arrow_id(link), link.kind, ((source.right, y), (x, y), end))

    def copy(self, link: Link) -> Arrow:
        """The arrow of a skip."""
        source, target = self.boxes[link.source], self.boxes[link.target]
        first, last = self.arrow_y(link.source), self.arrow_y(link.target)
        if link in self.heights.lanes:
            return self._on_lane(link, (source.middle, source.bottom))
        if first == last:
            return Arrow(self.arrow_id(link), link.kind, ((source.right, first), (target.x, last)))
        x = target.x - self.frame.left_space(link.target) - 0.6 * self.frame.font
        points = ((source.right, first), (x, first), (x, last), (target.x, last))
        return Arrow(self.arrow_id(link), link.kind, points)

    def branch(self, link: Link) -> Arrow:
        """The arrow of a shortcut, or of a further input."""
        source = self.boxes[link.source]
        if enters_from_below(self.frame, link):
            y = source.y + source.height / 2
            x, end = self._arrival_from_below(link)
            return Arrow(self.arrow_id(link), link.kind, ((source.right, y), (x, y), (x, end)))
        if link.source >= self.frame.sketch.length:
            return self._on_lane(link, (source.middle, source.bottom))
        y = self.arrow_y(link.source)
        return self._on_lane(link, (source.right, y), (source.right + 0.35 * self.frame.font, y))

    def _on_lane(self, link: Link, *start: Point) -> Arrow:
        """An arrow that runs down to its lane, along it, and up to its target."""
        y, end = self.heights.lane_y(link), self._arrival_from_below(link)
        return Arrow(self.arrow_id(link), link.kind, (*start, (start[-1][0], y), (end[0], y), end))

    def _arrival_from_below(self, link: Link) -> Point:
        """End of an arrow from below: the plus mark before the box, or the left part of the box."""
        target = self.boxes[link.target]
        if "plus" in link.marks:
            return self.plus_position(link.target)[0], self.arrow_y(link.target) + MARK_RADIUS * self.frame.font
        offset = target.blank / 2 if target.blank else target.width / 4
        return target.x + offset, target.bottom

    def plus_position(self, i: int) -> Point:
        """Centre of the plus mark before a box."""
        font = self.frame.font
        size_text = (DIGIT_HEIGHT + 0.3) * font if self.frame.sizes[i] else 0.0
        return self.boxes[i].x - max(size_text, 0.7 * font) - MARK_RADIUS * font, self.arrow_y(i)

    def marks(self) -> list[Mark]:
        """The plus and gate marks; several arrows into a box share one."""
        found: dict[str, Mark] = {}
        font, sketch = self.frame.font, self.frame.sketch
        for link in (*sketch.copies, *sketch.branches):
            key = sketch.maps[link.target].node.id
            x, y = self.plus_position(link.target)
            if "plus" in link.marks:
                found[f"plus-{key}"] = Mark(f"plus-{key}", "plus", x, y, MARK_RADIUS * font)
            if "gate" in link.marks:
                x -= (0.4 + 2 * MARK_RADIUS) * font * ("plus" in link.marks)
                found[f"gate-{key}"] = Mark(f"gate-{key}", "gate", x - 0.3 * font, y, MARK_RADIUS * font)
        return list(found.values())

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
        x = self.boxes[step.target].x + self.columns.arrival(step.target) + TEXT_GAP * self.frame.font
        key = f"crop-{self.frame.sketch.maps[step.target].node.id}"
        return Label(
            key, crop_text(step.crop), x, self.heights.caption_y[step.target] - 0.05 * self.frame.font, "start"
        )

    def _free_range(self, link: Link) -> tuple[float, float]:
        """First and last x of the free space above a skip's arrow, between boxes, channel numbers and marks."""
        source, target, font = self.boxes[link.source], self.boxes[link.target], self.frame.font
        if link in self.heights.lanes:
            return source.middle, self.copy(link).points[-1][0]
        first, last = source.right, target.x
        reaches_channels = self.arrow_y(link.source) - 1.1 * font < max(source.y, target.y) - 0.1 * font
        if reaches_channels:  # the label would be as high as the channel numbers
            first = max(first, source.middle + self.frame.channels_extent(link.source)[1])
            last = min(last, target.middle + self.frame.channels_extent(link.target)[0])
        return first, last - self.frame.left_space(link.target) - 1.3 * font * ("gate" in link.marks)
