"""A scene as SVG, PDF or PNG, drawn with matplotlib; the same scene always gives the same bytes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from html import escape
from io import BytesIO
from math import hypot
from typing import Any

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import BoxStyle, Circle, FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text

from unet_tutorial.figures.drawing.fonts import CHINESE_FONTS, has_chinese, installed_chinese_font
from unet_tutorial.figures.drawing.palette import (
    ARROW_STYLES,
    DASHES,
    HEAD_WIDTH,
    OUTLINE,
    RIGHT_FADE,
    TOP_FADE,
    Palette,
    faded,
)
from unet_tutorial.figures.drawing.scene import (
    ALIGNMENTS,
    FONTS,
    Area,
    Arrow,
    Box,
    Label,
    Mark,
    Point,
    Scene,
    SideBlock,
    text_area,
)

SETTINGS: Any = {
    "font.family": "sans-serif", "font.sans-serif": list(FONTS), "svg.fonttype": "none", "svg.hashsalt": "unet",
    "svg.id": None, "pdf.fonttype": 42, "pdf.compression": 6, "text.usetex": False, "path.simplify": False,
    "path.sketch": None, "axes.unicode_minus": False, "lines.dash_capstyle": "butt", "text.hinting": "default",
    "text.antialiased": True, "text.parse_math": False, "savefig.bbox": None, "savefig.transparent": False,
}  # fmt: skip
NO_METADATA = {  # matplotlib would add its version and the date
    "svg": dict.fromkeys(("Date", "Creator", "Format", "Type")),
    "pdf": dict.fromkeys(("Creator", "Producer", "CreationDate")),
    "png": {"Software": None},
}


def figure(scene: Scene, palette: Palette) -> Figure:
    """The scene as a matplotlib figure of the same size; leaves matplotlib's global state unchanged."""
    sheet = Figure(figsize=(scene.width / 72, scene.height / 72), facecolor=palette.ground)
    axes = sheet.add_axes((0, 0, 1, 1), xlim=(0, scene.width), ylim=(scene.height, 0))
    axes.set_axis_off()
    for artist in artists(scene, palette):
        artist.set_clip_on(False)
        axes.add_artist(artist)
    return sheet


def artists(scene: Scene, palette: Palette) -> Iterator[Artist]:
    """Everything in the scene, in drawing order: arrows, then boxes, marks and labels on top of them."""
    for arrow in scene.arrows:
        yield from _arrow(arrow, scene.font, palette)
    for x, y, width, height in label_backgrounds(scene):
        yield Rectangle((x, y), width, height, facecolor=palette.ground, edgecolor="none")
    for box in scene.boxes:
        yield from _box(box, scene.font, palette)
    for block in scene.blocks:
        yield _side_block(block, scene.font, palette)
    for mark in scene.marks:
        yield from _mark(mark, scene.font, palette)
    for label in (*scene.labels, *(label for block in scene.blocks for label in block.labels(scene.font))):
        yield _label(label, scene.font, palette)


def label_backgrounds(scene: Scene) -> Iterator[Area]:
    """The backgrounds of labels that are ``backed``."""
    for label in scene.labels:
        if label.backed:
            x, _, width, _ = text_area(label, scene.font)
            yield x, label.y - 0.78 * scene.font, width, 0.85 * scene.font


def _box(box: Box, font: float, palette: Palette) -> Iterator[Artist]:
    edge: Any = {"edgecolor": palette.edge, "linewidth": OUTLINE * font}
    (x, y, width, height), fill = box.front, box.colour or palette.fill
    if box.depth:
        for name, corners, share in (("top", box.top_face(width), TOP_FADE), ("right", box.right_face, RIGHT_FADE)):
            colour = faded(fill, palette.ground, share)
            yield _face(corners, facecolor=colour, gid=f"{box.id}.{name}", **edge)
    yield Rectangle((x, y), width, height, facecolor=fill, gid=box.id, **edge)
    if box.blank and box.depth:
        yield _face(box.top_face(box.blank), facecolor=palette.blank, gid=f"{box.id}.skip.top", **edge)
    if box.blank:
        yield Rectangle((x, y), box.blank, height, facecolor=palette.blank, gid=f"{box.id}.skip", **edge)
    if box.crop:
        first, last = box.crop
        line = Path([(x, first), (x + width, first), (x + width, last), (x, last), (x, first)])
        dashes = (0, (1.6, 1.1))
        yield PathPatch(
            line, fill=False, edgecolor=palette.dash, linewidth=OUTLINE * font, linestyle=dashes, gid=f"{box.id}.crop"
        )


def _face(corners: tuple[Point, ...], **style: Any) -> Polygon:
    return Polygon(corners, closed=True, joinstyle="round", **style)


def _side_block(block: SideBlock, font: float, palette: Palette) -> Artist:
    corners = BoxStyle.Round(pad=0, rounding_size=block.corner_radius(font))
    return FancyBboxPatch(
        (block.x, block.y), block.width, block.height, boxstyle=corners, facecolor=palette.side,
        edgecolor=palette.edge, linewidth=OUTLINE * font, gid=block.id,
    )  # fmt: skip


def _arrow(arrow: Arrow, font: float, palette: Palette) -> Iterator[Artist]:
    style = ARROW_STYLES[arrow.kind]
    colour, thickness = style.colour_in(palette), style.shaft * font
    base, corners = arrowhead(arrow, style.head * font)
    codes = [Path.MOVETO, *[Path.CURVE4 if arrow.curved else Path.LINETO] * (len(arrow.points) - 1)]
    end = arrow.points[-1] if style.tip == "barb" else base
    line = "solid" if style.dash == "solid" else (0, DASHES[style.dash])
    yield PathPatch(
        Path([*arrow.points[:-1], end], codes), fill=False, edgecolor=colour, linewidth=thickness, linestyle=line,
        capstyle="butt", joinstyle="miter", gid=arrow.id,
    )  # fmt: skip
    tip = [corners[0], arrow.points[-1], corners[1]]
    if style.tip == "barb":
        shape = Path(tip, [Path.MOVETO, Path.LINETO, Path.LINETO])
        yield PathPatch(
            shape, fill=False, edgecolor=colour, linewidth=max(thickness, 0.12 * font), gid=f"{arrow.id}.head"
        )
        return
    inside = colour if style.tip == "full" else palette.ground
    yield Polygon(tip, closed=True, facecolor=inside, edgecolor=colour, linewidth=0.08 * font, gid=f"{arrow.id}.head")


def arrowhead(arrow: Arrow, length: float) -> tuple[Point, tuple[Point, Point]]:
    """The end of the shaft, and the two rear corners of the head."""
    (a, b), (x, y) = arrow.points[-2:]
    distance = hypot(x - a, y - b) or 1.0
    along, across = ((x - a) / distance, (y - b) / distance), (-(y - b) / distance, (x - a) / distance)
    base = x - along[0] * length, y - along[1] * length
    aside = HEAD_WIDTH * length / 2 * across[0], HEAD_WIDTH * length / 2 * across[1]
    return base, ((base[0] + aside[0], base[1] + aside[1]), (base[0] - aside[0], base[1] - aside[1]))


def _mark(mark: Mark, font: float, palette: Palette) -> Iterator[Artist]:
    line: Any = {"edgecolor": palette.text, "linewidth": OUTLINE * font}
    yield Circle((mark.x, mark.y), mark.radius, facecolor=palette.ground, gid=mark.id, **line)
    yield PathPatch(Path(mark_strokes(mark), [Path.MOVETO, Path.LINETO] * 2), fill=False, gid=f"{mark.id}.sign", **line)


def mark_strokes(mark: Mark) -> list[Point]:
    """End points of the two strokes in a mark: + for "plus", × for "gate"."""
    x, y, r = mark.x, mark.y, 0.6 * mark.radius
    if mark.kind == "plus":
        return [(x - r, y), (x + r, y), (x, y - r), (x, y + r)]
    return [(x - r, y - r), (x + r, y + r), (x - r, y + r), (x + r, y - r)]


def _label(label: Label, font: float, palette: Palette) -> Text:
    return Text(
        label.x, label.y, label.text, fontsize=font, color=palette.text, ha=ALIGNMENTS[label.anchor], va="baseline",
        rotation=90 if label.upright else 0, rotation_mode="anchor", gid=label.id,
    )  # fmt: skip


def render(scene: Scene, palette: Palette, kind: str, dpi: int = 200, **metadata: str) -> bytes:
    """The file as bytes; ``kind`` is svg, pdf or png. The file holds only the metadata passed.

    Raises ValueError for a pdf or png with Chinese characters if no font for them is installed.
    """
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()  # so that the user's own settings change nothing here
        mpl.rcParams.update(SETTINGS)
        if has_chinese(scene) and kind == "svg":  # the viewer has the font
            mpl.rcParams["font.sans-serif"] = [*FONTS, *CHINESE_FONTS]
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
        elif has_chinese(scene):
            mpl.rcParams["font.family"] = ["sans-serif", installed_chinese_font()]
        out = BytesIO()
        known = NO_METADATA[kind] | metadata
        figure(scene, palette).savefig(out, format=kind, dpi=dpi if kind == "png" else 72, metadata=known)
    return out.getvalue()


def svg(scene: Scene, palette: Palette, title: str, description: str) -> str:
    """SVG with a title and a description, which screen readers read out."""
    text = re.sub(r"<!DOCTYPE.*?>\s*", "", render(scene, palette, "svg").decode(), flags=re.DOTALL)
    head = f"<title>{escape(title)}</title>\n <desc>{escape(description)}</desc>\n"
    return re.sub(r"<svg ([^>]*)>", lambda found: f'<svg role="img" {found[1]}>\n {head}', text, count=1)


def inline_svg(scene: Scene, palette: Palette, title: str, description: str) -> str:
    """``svg`` without its XML declaration, for HTML."""
    text = svg(scene, palette, title, description)
    return text[text.index("<svg") :]
