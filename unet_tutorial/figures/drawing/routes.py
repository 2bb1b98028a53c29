"""The arrows of a U from box to box: straight where nothing stands between, else below the row."""

from __future__ import annotations

from dataclasses import dataclass

from unet_tutorial.figures.drawing.columns import Columns, short
from unet_tutorial.figures.drawing.frame import BESIDE, MARK, Frame, crop_text
from unet_tutorial.figures.drawing.heights import Heights, enters
from unet_tutorial.figures.drawing.scene import CAP, Arrow, Box, Label, Mark, Point, text_width
from unet_tutorial.figures.drawing.sketch import Link


@dataclass(frozen=True)
class Routes:
    """Arrows, with the signs and margins on them, for boxes that have their places."""

    frame: Frame
    columns: Columns
    heights: Heights
    boxes: tuple[Box, ...]

    def name(self, link: Link) -> str:
        """Kind and node, as in pool-enc1.pool1."""
        own = self.frame.sketch.maps[link.source if link.source >= self.frame.sketch.length else link.target]
        return f"{link.kind}-{own.node.id}"

    def level(self, i: int) -> float:
        """The height at which arrows leave a box."""
        return self.heights.level[self.frame.rows[i]]

    def step(self, link: Link) -> Arrow:
        """From one map of the way to the next."""
        source, target, frame = self.boxes[link.source], self.boxes[link.target], self.frame
        if frame.rows[link.source] == frame.rows[link.target]:
            y = self.level(link.source)
            return Arrow(self.name(link), link.kind, ((source.right, y), (target.x, y)))
        down = frame.falls(link.target)
        x = target.x + self.columns.landing(link.target)
        end = (x, target.y if down else target.bottom)
        if abs(x - source.middle) < 0.02 and not frame.sideways(link.source):
            return Arrow(self.name(link), link.kind, ((x, source.bottom if down else source.y), end))
        y = self.level(link.source) + 0.5 * frame.font * down
        return Arrow(self.name(link), link.kind, ((source.right, y), (x, y), end))

    def copy(self, link: Link) -> Arrow:
        """Across the U."""
        source, target = self.boxes[link.source], self.boxes[link.target]
        first, last = self.level(link.source), self.level(link.target)
        if link in self.heights.lane:
            return self._below(link, (source.middle, source.bottom))
        if first == last:
            return Arrow(self.name(link), link.kind, ((source.right, first), (target.x, last)))
        x = target.x - self.frame.lead(link.target) - 0.6 * self.frame.font
        return Arrow(self.name(link), link.kind, ((source.right, first), (x, first), (x, last), (target.x, last)))

    def branch(self, link: Link) -> Arrow:
        """Out of the way and back into it, or in from a further input."""
        source = self.boxes[link.source]
        if enters(self.frame, link):
            y = source.y + source.height / 2
            x, end = self._end(link)
            return Arrow(self.name(link), link.kind, ((source.right, y), (x, y), (x, end)))
        if link.source >= self.frame.sketch.length:
            return self._below(link, (source.middle, source.bottom))
        y = self.level(link.source)
        return self._below(link, (source.right, y), (source.right + 0.35 * self.frame.font, y))

    def _below(self, link: Link, *start: Point) -> Arrow:
        """Down to the lane of this arrow, along it, and up."""
        lane, end = self.heights.lane_height(link), self._end(link)
        return Arrow(self.name(link), link.kind, (*start, (start[-1][0], lane), (end[0], lane), end))

    def _end(self, link: Link) -> Point:
        """Where an arrow from below ends: at the sign before the box, or at the part of the box that it brings."""
        target = self.boxes[link.target]
        if "plus" in link.marks:
            return self.plus(link.target)[0], self.level(link.target) + MARK * self.frame.font
        share = target.blank / 2 if target.blank else target.width / 4
        return target.x + share, target.bottom

    def plus(self, i: int) -> Point:
        """The place of the sign before a box."""
        font = self.frame.font
        thick = (CAP + 0.3) * font if self.frame.sizes[i] else 0.0
        return self.boxes[i].x - max(thick, 0.7 * font) - MARK * font, self.level(i)

    def marks(self) -> list[Mark]:
        """Every sign once."""
        found: dict[str, Mark] = {}
        font, sketch = self.frame.font, self.frame.sketch
        for link in (*sketch.copies, *sketch.branches):
            key = sketch.maps[link.target].node.id
            x, y = self.plus(link.target)
            if "plus" in link.marks:
                found[f"plus-{key}"] = Mark(f"plus-{key}", "plus", x, y, MARK * font)
            if "gate" in link.marks:
                x -= (0.4 + 2 * MARK) * font * ("plus" in link.marks)
                found[f"gate-{key}"] = Mark(f"gate-{key}", "gate", x - 0.3 * font, y, MARK * font)
        return list(found.values())

    def margins(self) -> list[Label]:
        """The crops, at their arrows; without the word where one of them has no room for it."""
        cut = [(link, crop_text(link)) for link in self.frame.sketch.copies if crop_text(link)]
        font = self.frame.font
        rooms = [high - low for low, high in (self._room(link) for link, _ in cut)]
        whole = all(room > text_width(text, font) + 0.6 * font for room, (_, text) in zip(rooms, cut, strict=True))
        ups = [step for step in self.frame.sketch.steps if self.frame.rises(step.source) and crop_text(step)]
        return [self._margin(link, text if whole else short(text)) for link, text in cut] + list(
            map(self._below_box, ups)
        )

    def _below_box(self, step: Link) -> Label:
        """What is cut off or padded on the way up, beside the arrow."""
        x = self.boxes[step.target].x + self.columns.landing(step.target) + BESIDE * self.frame.font
        key = f"crop-{self.frame.sketch.maps[step.target].node.id}"
        return Label(key, crop_text(step), x, self.heights.word[step.target] - 0.05 * self.frame.font, "start")

    def _room(self, link: Link) -> tuple[float, float]:
        """From where to where nothing stands in the way of a margin: no box, no channels, no sign."""
        source, target, font = self.boxes[link.source], self.boxes[link.target], self.frame.font
        if link in self.heights.lane:
            return source.middle, self.copy(link).points[-1][0]
        first, last = source.right, target.x
        if self.level(link.source) - 1.1 * font < max(source.y, target.y) - 0.1 * font:  # as high as the channels
            first = max(first, source.middle + self.frame.span(link.source)[1])
            last = min(last, target.middle + self.frame.span(link.target)[0])
        return first, last - self.frame.lead(link.target) - 1.3 * font * ("gate" in link.marks)

    def _margin(self, link: Link, text: str) -> Label:
        key, font = f"crop-{self.frame.sketch.maps[link.target].node.id}", self.frame.font
        lane = link in self.heights.lane
        y = self.heights.lane_height(link) - 0.3 * font if lane else self.level(link.source) - 0.35 * font
        return Label(key, text, sum(self._room(link)) / 2, y)
