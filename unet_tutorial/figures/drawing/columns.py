"""Where the boxes of a U stand from left to right, so that no box and no text touches another."""

from __future__ import annotations

from dataclasses import dataclass, field

from unet_tutorial.figures.drawing.frame import BESIDE, Frame, crop_text
from unet_tutorial.figures.drawing.scene import text_width


@dataclass
class Columns:
    """Left edges, found box by box along the way. ``gap`` is the shortest arrow, ``widest`` the widest box."""

    frame: Frame
    widest: float
    gap: float
    left: list[float] = field(default_factory=list)
    end: dict[int, int] = field(default_factory=dict)  # the last box so far of each row

    def __post_init__(self) -> None:
        sketch = self.frame.sketch
        self.wide = [self.frame.width(each, self.widest) for each in sketch.maps]
        for i in range(sketch.length):
            self._stand(i)
        for i in range(sketch.length, len(sketch.maps)):  # further inputs, under the first
            self.left.append(self.left[0] + (self.wide[0] - self.wide[i]) / 2)

    def _stand(self, i: int) -> None:
        frame = self.frame
        row = frame.rows[i]
        if i == 0:
            left = 0.0
        elif frame.rows[i - 1] == row:
            left = self.left[i - 1] + self._apart(i - 1, i)
        else:
            left = self._turned(i)
        self.left.append(left)
        self.end[row] = i

    def _apart(self, before: int, here: int) -> float:
        """From one left edge to the next in the same row, at least."""
        frame = self.frame
        middle = frame.span(before)[1] - frame.span(here)[0] + 0.3 * frame.font  # between the middles
        texts = middle + (self.wide[before] - self.wide[here]) / 2
        return max(self.wide[before] + self.gap + frame.lead(here), texts)

    def _turned(self, i: int) -> float:
        """Where the first box after a change of level stands; the box below moves if there is no room."""
        frame, before = self.frame, i - 1
        offset = self.landing(i)
        if frame.sideways(before):
            return max(self.left[before] + self.wide[before] + 0.6 * frame.font - offset, self._beside(i))
        left = self.left[before] + self.wide[before] / 2 - offset
        lack = self._beside(i) - left
        if lack > 0 and before > 0 and frame.rows[before - 1] == frame.rows[before]:
            self.left[before] += lack
        return left + max(lack, 0.0)

    def landing(self, i: int) -> float:
        """Where, from its left edge, an arrow from another row meets a box: the middle of what does not come by a
        skip."""
        blank = self.blank(i)
        return blank + (self.wide[i] - blank) / 2

    def blank(self, i: int) -> float:
        """Width of the part that came by a skip."""
        each = self.frame.sketch.maps[i]
        return self.wide[i] * each.blank / max(each.node.channels, 1)

    def _beside(self, i: int) -> float:
        """The leftmost place of a box behind those already in its row, with the copy arrow between."""
        frame = self.frame
        other = self.end.get(frame.rows[i])
        if other is None:
            return float("-inf")
        copies = [link for link in frame.sketch.copies if link.target == i and frame.rows[link.source] == frame.rows[i]]
        text = max((text_width(short(crop_text(link)), frame.font) for link in copies), default=0.0)
        gate = any("gate" in link.marks for link in copies)
        reach = max(0.0, frame.span(other)[1] - self.wide[other] / 2) - min(0.0, frame.span(i)[0] + self.wide[i] / 2)
        room = max(text + 0.6 * frame.font + reach, (1.6 + 1.3 * gate) * frame.font)
        return max(self.left[other] + self.wide[other] + frame.lead(i) + room, self.left[other] + self._apart(other, i))

    def bounds(self) -> tuple[float, float]:
        """The leftmost and rightmost point of anything that belongs to a box."""
        frame = self.frame
        low, high = [], []
        for i, left in enumerate(self.left):
            middle = left + self.wide[i] / 2
            word = text_width(frame.word(i), frame.font) / 2
            low.append(min(left - frame.lead(i), middle + frame.span(i)[0], middle - word))
            high.append(max(left + self.wide[i], middle + frame.span(i)[1], middle + word))
        for step in frame.sketch.steps:
            if frame.rises(step.source):
                beside = BESIDE * frame.font + text_width(crop_text(step), frame.font)
                high.append(self.left[step.target] + self.landing(step.target) + beside)
        return min(low), max(high)


def short(text: str) -> str:
    """A margin without its word, for where there is no room.

    >>> short("crop 88"), short("pad 1")
    ('88', '-1')
    """
    word, _, number = text.partition(" ")
    return f"-{number}" if word == "pad" else number


def fitted(frame: Frame, room: float) -> Columns | None:
    """The widest drawing that fits; None where even the narrowest does not."""
    low, high, best = 0.0, 1.0, None
    for step in range(14):
        share = step and (low + high) / 2  # the narrowest first
        font = frame.font
        columns = Columns(frame, (1.0 + 4.5 * share) * font, (1.2 + 2.4 * share) * font)
        first, last = columns.bounds()
        if last - first <= room:
            best, low = columns, share
        elif step == 0:
            return None
        else:
            high = share
    return best
