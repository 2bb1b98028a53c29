"""Horizontal positions of the boxes of a U-Net, so that no box and no text touches another."""

from __future__ import annotations

from dataclasses import dataclass, field

from unet_tutorial.figures.arch.text import crop_text
from unet_tutorial.figures.drawing.frame import MARK_RADIUS, TEXT_GAP, Frame
from unet_tutorial.figures.drawing.scene import text_width
from unet_tutorial.figures.drawing.sketch import Aside, Link

MOST_SPACE = 2.5  # how far boxes and arrows are stretched to fill the sheet, from 0 for the narrowest


@dataclass
class Columns:
    """Left edges and widths of the boxes, found box by box along the main path.

    ``widest`` is the width of the widest box, ``gap`` the length of the shortest arrow, ``deepest`` the depth of the
    largest map if boxes are cuboids. ``width`` includes the depth. Further inputs of the network are placed below the
    first one, further outputs at the end of the row of their source.
    """

    frame: Frame
    widest: float
    gap: float
    deepest: float = 0.0
    left: list[float] = field(default_factory=list)
    last_in_row: dict[int, int] = field(default_factory=dict)  # by row: the last box so far

    def __post_init__(self) -> None:
        sketch = self.frame.sketch
        self.depth = [self.frame.depth(i, self.deepest) for i in range(len(sketch.maps))]
        self.width = [self.frame.width(sketch.maps[i], self.widest) + depth for i, depth in enumerate(self.depth)]
        for i in range(sketch.length):
            self._place(i)
        for i in range(sketch.length, len(sketch.maps)):
            self.left.append(self._left_of_output(i) if i in self.frame.source else self._left_of_input(i))

    def _place(self, i: int) -> None:
        row = self.frame.rows[i]
        if i == 0:
            left = 0.0
        elif self.frame.rows[i - 1] == row:
            left = self.left[i - 1] + self._min_distance(i - 1, i)
        else:
            left = self._left_in_new_row(i)
        self.left.append(left)
        self.last_in_row[row] = i

    def _min_distance(self, before: int, here: int) -> float:
        """Smallest distance between the left edges of two neighbours in a row."""
        frame = self.frame
        channels = frame.channels_extent(before)[1] - frame.channels_extent(here)[0] + 0.3 * frame.font
        texts = channels + self.to_top_middle(before) - self.to_top_middle(here)
        if frame.caption(before) and frame.caption(here):
            captions = frame.caption_extent(before)[1] - frame.caption_extent(here)[0] + 0.5 * frame.font
            texts = max(texts, captions + self.to_middle(before) - self.to_middle(here))
        return max(self.width[before] + self.gap + frame.left_space(here), texts)

    def _left_in_new_row(self, i: int) -> float:
        """Left edge of the first box after a change of row; the box before it moves right if there is no space."""
        frame, before = self.frame, i - 1
        offset = self.arrival(i)
        if frame.exits_sideways(before):
            return max(self.left[before] + self.width[before] + self.gap / 2 - offset, self._min_left(i))
        exit_x = self.to_top_middle(before) if frame.exits_upwards(before) else self.to_middle(before)
        left = self.left[before] + exit_x - offset
        missing = self._min_left(i) - left
        if missing > 0 and before > 0 and frame.rows[before - 1] == frame.rows[before]:
            self.left[before] += missing
        return left + max(missing, 0.0)

    def _left_of_input(self, i: int) -> float:
        """Left edge of a further input, below the first one."""
        return self.left[0] + (self.width[0] - self.width[i]) / 2

    def _left_of_output(self, i: int) -> float:
        """Left edge of a further output, to the right of its row and of the arrow that leads up from there."""
        frame, font = self.frame, self.frame.font
        last = self.last_in_row[frame.rows[i]]
        self.last_in_row[frame.rows[i]] = i
        left = self.left[last] + self._min_distance(last, i)
        if last + 1 < frame.sketch.length and frame.exits_upwards(last) and frame.exits_sideways(last):
            texts = max(frame.left_space(i), -frame.channels_extent(i)[0] - self.to_top_middle(i))
            left = max(left, self.left[last + 1] + self.arrival(last + 1) + texts + 0.6 * font)
        return left

    def arrival(self, i: int) -> float:
        """Distance from a box's left edge to the arrow from another row: centre of the part without skip channels."""
        above = self.depth[i] if self.frame.entered_from_above(i) else 0.0
        return above + self.to_middle(i) + self.skip_width(i) / 2

    def skip_width(self, i: int) -> float:
        """Width of the part of a box with skip channels."""
        each = self.frame.sketch.maps[i]
        return (self.width[i] - self.depth[i]) * each.skip_channels / max(each.node.channels, 1)

    def _min_left(self, i: int) -> float:
        """Smallest left edge of a box to the right of those already in its row, with space for the copy arrow."""
        frame = self.frame
        other = self.last_in_row.get(frame.rows[i])
        if other is None:
            return float("-inf")
        copies = [link for link in frame.sketch.copies if link.target == i and frame.rows[link.source] == frame.rows[i]]
        text = max((text_width(crop_number(crop_text(link.crop)), frame.font) for link in copies), default=0.0)
        gate = any("gate" in link.marks for link in copies)
        overhang = max(0.0, frame.channels_extent(other)[1] + self.to_top_middle(other) - self.width[other])
        overhang -= min(0.0, frame.channels_extent(i)[0] + self.to_top_middle(i))
        space = max(text + 0.6 * frame.font + overhang, (1.6 + 1.3 * gate) * frame.font)
        return max(
            self.left[other] + self.width[other] + frame.left_space(i) + space,
            self.left[other] + self._min_distance(other, i),
        )

    def to_middle(self, i: int) -> float:
        """Distance from a box's left edge to the centre of its lower edge, which is that of the front face."""
        return (self.width[i] - self.depth[i]) / 2

    def to_top_middle(self, i: int) -> float:
        """Distance from a box's left edge to the centre of its upper edge, which is that of the back face."""
        return self.to_middle(i) + self.depth[i]

    def middle(self, i: int) -> float:
        """x of the centre of a box's lower edge."""
        return self.left[i] + self.to_middle(i)

    def caption_x(self, i: int) -> float:
        """x from which a caption is anchored: the arrow under its box, or else the centre of the box."""
        return self.left[i] + self.arrival(i) if self.frame.caption_anchor(i) == "start" else self.middle(i)

    def step_x(self, step: Link) -> float:
        """x of an arrow from one row to another."""
        if self.frame.exits_sideways(step.source) or self.frame.exits_upwards(step.source):
            return self.left[step.target] + self.arrival(step.target)
        return self.middle(step.source)

    def aside_ends(self, aside: Aside) -> list[tuple[float, float]]:
        """x of the lines from the source of a block beside the path, and to its target, for each of its uses."""
        space = 0.35 * self.frame.font
        starts = [self.left[source] + self.width[source] + space for source, _ in aside.uses]
        ends = [self._aside_end(target) for _, target in aside.uses]
        same = [source == target for source, target in aside.uses]
        return [(end if one else start, end) for start, end, one in zip(starts, ends, same, strict=True)]

    def _aside_end(self, i: int) -> float:
        """x of the line from a block beside the path to its target: at its plus mark, at its left side or below it."""
        frame, font = self.frame, self.frame.font
        if i in frame.aside_sums:
            return self.left[i] - frame.plus_gap(i) - MARK_RADIUS * font
        if self.enters_at_side(i):
            return self.left[i] - 0.6 * font
        return self.left[i] + self.to_middle(i) * (1.5 if frame.caption_anchor(i) == "start" else 0.5)

    def enters_at_side(self, i: int) -> bool:
        """Whether the line from a block beside the path enters a box at its left side, as an arrow leaves below it."""
        frame = self.frame
        return frame.caption_anchor(i) == "end" and not frame.sizes[i] and self.to_middle(i) < 1.6 * frame.font

    def aside_extent(self, aside: Aside) -> tuple[float, float]:
        """Left and right edge of an aside: an embedding below the input, others below the boxes that use them.

        They end before arrows from row to row.
        """
        frame, font = self.frame, self.frame.font
        width = max(text_width(line, font) for line in frame.aside_lines(aside)) + font
        if aside.kind == "embedding":
            down = [
                self.step_x(step) for step in frame.sketch.steps if frame.rows[step.source] < frame.rows[step.target]
            ]
            left = min([self.left[0] - frame.left_space(0), *(x - 0.7 * font - width for x in down[:1])])
            return left, left + width
        row = frame.rows[aside.uses[0][1]]
        ends = [x for pair in self.aside_ends(aside) for x in pair]
        middle = (min(ends) + max(ends)) / 2
        steps = [step for step in frame.sketch.steps if frame.rows[step.source] != frame.rows[step.target]]
        beside = [self.step_x(step) for step in steps if row == min(frame.rows[step.source], frame.rows[step.target])]
        low = max((x for x in beside if x < middle), default=float("-inf")) + 0.7 * font
        high = min((x for x in beside if x > middle), default=float("inf")) - 0.7 * font
        left = max(min(middle - width / 2, high - width), low)
        return left, left + width

    def bounds(self) -> tuple[float, float]:
        """Smallest and largest x of the boxes and their texts."""
        frame = self.frame
        low, high = [], []
        for i, left in enumerate(self.left):
            centre, caption = left + self.to_top_middle(i), self.caption_x(i)
            first, last = frame.channels_extent(i)
            words = frame.caption_extent(i) if frame.caption(i) else (0.0, 0.0)
            low.append(min(left - frame.left_space(i), centre + first, caption + words[0]))
            high.append(max(left + self.width[i], centre + last, caption + words[1]))
        for step in frame.sketch.steps:
            if frame.exits_upwards(step.source):
                text = TEXT_GAP * frame.font + text_width(crop_text(step.crop), frame.font)
                high.append(self.left[step.target] + self.arrival(step.target) + text)
        for aside in frame.sketch.asides:
            if aside.kind != "excitation":
                first, last = self.aside_extent(aside)
                low.append(first)
                high.append(last)
        return min(low), max(high)

    @property
    def total(self) -> float:
        """Width of the drawing."""
        first, last = self.bounds()
        return last - first


def crop_number(text: str) -> str:
    """The number of a crop text, for narrow places; a minus sign stands for "pad".

    >>> crop_number("crop 88"), crop_number("pad 1")
    ('88', '-1')
    """
    word, _, number = text.partition(" ")
    return f"-{number}" if word == "pad" else number


def fit_columns(frame: Frame, width: float) -> Columns | None:
    """The widest columns that fit into ``width``, by bisection; None if even the narrowest do not fit."""
    low, high = 0.0, MOST_SPACE
    best = _stretched(frame, low)
    if best.total > width:
        return None
    for _ in range(15):
        space = (low + high) / 2
        columns = _stretched(frame, space)
        if columns.total <= width:
            best, low = columns, space
        else:
            high = space
    return best


def _stretched(frame: Frame, space: float) -> Columns:
    """Columns with boxes and arrows stretched by ``space``, from 0 for the narrowest to ``MOST_SPACE``."""
    font = frame.font
    return Columns(frame, (1.0 + 4.5 * space) * font, (1.2 + 2.4 * space) * font, (0.6 + min(space, 1.0)) * font)
