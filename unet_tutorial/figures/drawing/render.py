"""A scene as SVG, PDF and PNG, the same bytes each time, by matplotlib's own back-ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from io import BytesIO
from math import hypot
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import Circle, PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text

from unet_tutorial.figures.drawing.palette import ASPECT, DASHES, LINE, LOOKS, Palette
from unet_tutorial.figures.drawing.scene import FONTS, Arrow, Box, Label, Mark, Point, Scene, text_width

SETTINGS: Any = {
    "font.family": "sans-serif", "font.sans-serif": list(FONTS), "svg.fonttype": "none", "svg.hashsalt": "unet",
    "svg.id": None, "pdf.fonttype": 42, "pdf.compression": 6, "text.usetex": False, "path.simplify": False,
    "path.sketch": None, "axes.unicode_minus": False, "lines.dash_capstyle": "butt", "text.hinting": "default",
    "text.antialiased": True, "text.parse_math": False, "savefig.bbox": None, "savefig.transparent": False,
}  # fmt: skip
EMPTY = {
    "svg": dict.fromkeys(("Date", "Creator", "Format", "Type")),
    "pdf": dict.fromkeys(("Creator", "Producer", "CreationDate")),
    "png": {"Software": None},
}


def figure(scene: Scene, palette: Palette) -> Figure:
    """The scene on a sheet of its size; nothing of matplotlib's own state is touched."""
    sheet = Figure(figsize=(scene.width / 72, scene.height / 72), facecolor=palette.ground)
    axes = sheet.add_axes((0, 0, 1, 1), xlim=(0, scene.width), ylim=(scene.height, 0))
    axes.set_axis_off()
    for artist in artists(scene, palette):
        artist.set_clip_on(False)
        axes.add_artist(artist)
    return sheet


def artists(scene: Scene, palette: Palette) -> Iterator[Artist]:
    """Arrows, and on them boxes, signs and labels."""
    for arrow in scene.arrows:
        yield from _arrow(arrow, scene.font, palette)
    for x, y, wide, high in patches(scene):
        yield Rectangle((x, y), wide, high, facecolor=palette.ground, edgecolor="none")
    for box in scene.boxes:
        yield from _box(box, scene.font, palette)
    for mark in scene.marks:
        yield from _mark(mark, scene.font, palette)
    for label in scene.labels:
        yield _label(label, scene.font, palette)


def patches(scene: Scene) -> Iterator[tuple[float, float, float, float]]:
    """Corner and size of what keeps the lines away from labels that are backed."""
    for label in scene.labels:
        if label.backed:
            wide, font = text_width(label.text, scene.font), scene.font
            yield label.x - wide / 2, label.y - 0.78 * font, wide, 0.85 * font


def _box(box: Box, font: float, palette: Palette) -> Iterator[Artist]:
    edge: Any = {"edgecolor": palette.edge, "linewidth": LINE * font}
    yield Rectangle((box.x, box.y), box.width, box.height, facecolor=palette.fill, gid=box.id, **edge)
    if box.blank:
        yield Rectangle((box.x, box.y), box.blank, box.height, facecolor=palette.blank, gid=f"{box.id}.skip", **edge)
    if box.crop:
        first, last = box.crop
        line = Path([(box.x, first), (box.right, first), (box.right, last), (box.x, last), (box.x, first)])
        dashes = (0, (1.6, 1.1))
        yield PathPatch(
            line, fill=False, edgecolor=palette.dash, linewidth=LINE * font, linestyle=dashes, gid=f"{box.id}.crop"
        )


def _arrow(arrow: Arrow, font: float, palette: Palette) -> Iterator[Artist]:
    look = LOOKS[arrow.kind]
    colour, thick = look.paint(palette), look.shaft * font
    base, wings = head(arrow, look.head * font)
    codes = [Path.MOVETO, *[Path.CURVE4 if arrow.curved else Path.LINETO] * (len(arrow.points) - 1)]
    end = arrow.points[-1] if look.tip == "barb" else base
    style = "solid" if look.dash == "solid" else (0, DASHES[look.dash])
    yield PathPatch(
        Path([*arrow.points[:-1], end], codes), fill=False, edgecolor=colour, linewidth=thick, linestyle=style,
        capstyle="butt", joinstyle="miter", gid=arrow.id,
    )  # fmt: skip
    tip = [wings[0], arrow.points[-1], wings[1]]
    if look.tip == "barb":
        shape = Path(tip, [Path.MOVETO, Path.LINETO, Path.LINETO])
        yield PathPatch(shape, fill=False, edgecolor=colour, linewidth=max(thick, 0.12 * font), gid=f"{arrow.id}.head")
        return
    inside = colour if look.tip == "full" else palette.ground
    yield Polygon(tip, closed=True, facecolor=inside, edgecolor=colour, linewidth=0.08 * font, gid=f"{arrow.id}.head")


def head(arrow: Arrow, length: float) -> tuple[Point, tuple[Point, Point]]:
    """Where the shaft ends, and the two corners of the head behind the last point."""
    (a, b), (x, y) = arrow.points[-2:]
    far = hypot(x - a, y - b) or 1.0
    along, across = ((x - a) / far, (y - b) / far), (-(y - b) / far, (x - a) / far)
    base = x - along[0] * length, y - along[1] * length
    half = ASPECT * length / 2
    return base, tuple((base[0] + s * half * across[0], base[1] + s * half * across[1]) for s in (1, -1))  # type: ignore[return-value]


def _mark(mark: Mark, font: float, palette: Palette) -> Iterator[Artist]:
    line: Any = {"edgecolor": palette.text, "linewidth": LINE * font}
    yield Circle((mark.x, mark.y), mark.radius, facecolor=palette.ground, gid=mark.id, **line)
    yield PathPatch(Path(strokes(mark), [Path.MOVETO, Path.LINETO] * 2), fill=False, gid=f"{mark.id}.sign", **line)


def strokes(mark: Mark) -> list[Point]:
    """The ends of the two strokes in a sign: upright for plus, aslant for a gate's ×."""
    x, y, r = mark.x, mark.y, 0.6 * mark.radius
    if mark.kind == "plus":
        return [(x - r, y), (x + r, y), (x, y - r), (x, y + r)]
    return [(x - r, y - r), (x + r, y + r), (x - r, y + r), (x + r, y - r)]


def _label(label: Label, font: float, palette: Palette) -> Text:
    anchor = {"start": "left", "middle": "center", "end": "right"}[label.anchor]
    return Text(
        label.x, label.y, label.text, fontsize=font, color=palette.text, ha=anchor, va="baseline",
        rotation=90 if label.upright else 0, rotation_mode="anchor", gid=label.id,
    )  # fmt: skip


def rendered(scene: Scene, palette: Palette, kind: str, dpi: int = 200, **metadata: str) -> bytes:
    """The file as bytes; ``kind`` is svg, pdf or png. Metadata says what is handed in and nothing else."""
    with mpl.rc_context():
        mpl.rcdefaults()  # a reader's own settings change nothing here
        mpl.rcParams.update(SETTINGS)
        out = BytesIO()
        facts = EMPTY[kind] | metadata
        figure(scene, palette).savefig(out, format=kind, dpi=dpi if kind == "png" else 72, metadata=facts)
    return out.getvalue()


def svg(scene: Scene, palette: Palette, title: str, words: str) -> str:
    """SVG that says what it shows to whoever cannot see it."""
    text = re.sub(r"<!DOCTYPE.*?>\s*", "", rendered(scene, palette, "svg").decode(), flags=re.DOTALL)
    told = f"<title>{escape(title)}</title>\n <desc>{escape(words)}</desc>\n"
    return re.sub(r"<svg ([^>]*)>", lambda found: f'<svg role="img" {found[1]}>\n {told}', text, count=1)
