"""Where the rows of a U stand from top to bottom, and at which heights its arrows run."""

from __future__ import annotations

from dataclasses import dataclass, field

from unet_tutorial.figures.drawing.columns import Columns
from unet_tutorial.figures.drawing.frame import Frame
from unet_tutorial.figures.drawing.scene import text_width
from unet_tutorial.figures.drawing.sketch import Link

PITCH = 1.25  # from one lane to the next, in font sizes


@dataclass
class Heights:
    """Tops of boxes, from a ``tallest`` one; ``level`` is the height of the arrows of each row, ``lane`` the row and
    number of each arrow that runs below the boxes of its row, ``floor`` the lower edge of the boxes of each row."""

    frame: Frame
    columns: Columns
    tallest: float
    top: list[float] = field(default_factory=list)
    level: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    word: list[float] = field(default_factory=list)  # the baseline of the words under each box
    total: float = 0.0

    def __post_init__(self) -> None:
        frame, font = self.frame, self.frame.font
        self.high = [frame.height(i, self.tallest) for i in range(len(frame.sketch.maps))]
        self.top, self.word = [0.0] * len(self.high), [0.0] * len(self.high)
        self.lane = lanes(frame, self.columns)
        y = 0.0
        for row in range(max(frame.rows) + 1):
            y = self._row(row, y + 1.2 * font) + font * (1.0 if row < max(frame.rows) else 0.0)
        self.total = max(self.total, y)

    def _row(self, row: int, start: float) -> float:
        """Place the boxes of a row below ``start``, where their channels stand; the lower end of all that is theirs."""
        frame, font = self.frame, self.frame.font
        here = [i for i in range(frame.sketch.length) if frame.rows[i] == row]
        half = max((self.high[i] for i in here), default=0.0) / 2
        centre = start + half
        for i in here:
            self.top[i] = centre - self.high[i] / 2
        above = [self.top[i] + self.high[i] - text_width(frame.sizes[i], font) - 0.45 * font for i in here]
        self.level.append(min([centre, *above]))
        self.floor.append(centre + half)
        below = 1 + max((lane for at, lane in self.lane.values() if at == row), default=-1)
        y = centre + half + font * PITCH * below
        for i in here:
            self.word[i] = y + 1.0 * font
        y += 1.15 * font * any(frame.word(i) for i in here)
        last = self._further(row, y)
        self.total = max(self.total, last)
        return last if self._crowded(row) else y

    def _further(self, row: int, y: float) -> float:
        """Place further inputs below the row that they belong to."""
        frame, font = self.frame, self.frame.font
        for i in range(frame.sketch.length, len(frame.sketch.maps)):
            if frame.rows[i] == row:
                self.top[i] = y + 1.5 * font
                self.word[i] = self.top[i] + self.high[i] + 1.0 * font
                y = self.word[i] + 0.15 * font
        return y

    def _crowded(self, row: int) -> bool:
        """Whether further inputs of this row, or their arrows, would meet the boxes below."""
        sketch, columns, font = self.frame.sketch, self.columns, self.frame.font
        below = [
            columns.left[i] + min(self.frame.span(i)[0] + columns.wide[i] / 2, -self.frame.lead(i))
            for i in range(sketch.length)
            if self.frame.rows[i] > row
        ]
        ends = [columns.left[link.target] + columns.wide[link.target] for link in sketch.branches]
        own = [columns.left[i] + 2 * font + columns.wide[i] for i in range(sketch.length, len(sketch.maps))]
        return bool(below) and bool(own) and max([*ends, *own]) + 0.5 * font > min(below)

    def lane_height(self, link: Link) -> float:
        """Where an arrow below a row runs."""
        row, lane = self.lane[link]
        return self.floor[row] + self.frame.font * PITCH * (lane + 0.5)


def lanes(frame: Frame, columns: Columns) -> dict[Link, tuple[int, int]]:
    """Row and number of the lane for each arrow that cannot run straight; two that meet do not share one."""
    taken: list[tuple[int, int, float, float]] = []
    found: dict[Link, tuple[int, int]] = {}
    sketch = frame.sketch
    bound = [link for link in sketch.branches if not enters(frame, link)]
    for link in (*bound, *(copy for copy in sketch.copies if blocked(frame, columns, copy))):
        row = frame.rows[link.target]
        first, last = columns.left[link.source], columns.left[link.target] + columns.wide[link.target]
        lane = 0
        while any(
            at == (row, lane) and low < last and first < high for *at_, low, high in taken for at in [tuple(at_)]
        ):
            lane += 1
        taken.append((row, lane, first, last))
        found[link] = (row, lane)
    return found


def enters(frame: Frame, link: Link) -> bool:
    """Whether this brings in a further input from below the row it is read in."""
    return link.source >= frame.sketch.length and frame.rows[link.source] == frame.rows[link.target]


def blocked(frame: Frame, columns: Columns, link: Link) -> bool:
    """Whether a box stands between source and target in their row."""
    low, high = columns.left[link.source], columns.left[link.target]
    return frame.rows[link.source] == frame.rows[link.target] and any(
        low < left < high
        for i, left in enumerate(columns.left[: frame.sketch.length])
        if frame.rows[i] == frame.rows[link.target]
    )
