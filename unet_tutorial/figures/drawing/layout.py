"""From a description to a drawing without a file format: what is drawn, how large, and what had to be left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.drawing.columns import Columns, fitted
from unet_tutorial.figures.drawing.frame import BESIDE, Frame
from unet_tutorial.figures.drawing.grid import gridded
from unet_tutorial.figures.drawing.heights import Heights
from unet_tutorial.figures.drawing.legend import with_legend
from unet_tutorial.figures.drawing.routes import Routes
from unet_tutorial.figures.drawing.scene import Box, Label, Scene, moved, numbered, text_width
from unet_tutorial.figures.drawing.sketch import COLLAPSE, Link, sketched
from unet_tutorial.figures.drawing.style import Style

MARGIN = 0.6  # around the drawing, in font sizes
TALLEST = 0.19  # of the width


def arrange(arch: ArchIR, style: Style, collapse: str) -> Scene:
    """The largest font and the most maps that fit, from ``collapse`` on; ``notes`` of what did not.

    What is no plain U becomes a grid of its levels. Where even one map per level is too much, the drawing is wider
    than asked, and says so.
    """
    draw = gridded if arch.reason or not arch.path else drawn
    for way in COLLAPSE[COLLAPSE.index(collapse) :]:
        for font in fonts(style):
            scene = draw(arch, style, way, font)
            if scene is not None and _low(scene, style):
                return replace(_framed(scene, style), notes=(*collapsed(collapse, way, style), *_outputs(arch)))
    wider = arrange(arch, replace(style, width=1.25 * style.width, ratio=None), "level")
    grown = f"wider than asked: {wider.width:.0f} points instead of {style.width:.0f}"
    return replace(wider, notes=(*collapsed(collapse, "level", style), grown))


def fonts(style: Style) -> Iterator[float]:
    """From the wanted size down to the smallest allowed, by points."""
    size = style.font
    while size > style.font_min:
        yield size
        size -= 1.0
    yield style.font_min


def collapsed(wanted: str, given: str, style: Style) -> tuple[str, ...]:
    """The sentence for a drawing that shows less than was asked for."""
    if wanted == given:
        return ()
    shows = {"block": "the first and last map of each block", "level": "one map per side and level"}[given]
    return (
        f"collapsed to {given!r} ({shows}): with every map of {wanted!r} the labels do not fit "
        f"{style.width:.0f} points at {style.font_min:g} points a letter",
    )


def _outputs(arch: ArchIR) -> tuple[str, ...]:
    beside = [node for node in arch.nodes if "output" in node.folded and node.id not in arch.path]
    if not beside or arch.reason or not arch.path:
        return ()
    return (f"not drawn: outputs beside the way, {', '.join(node.id for node in beside)}",)


def drawn(arch: ArchIR, style: Style, collapse: str, font: float) -> Scene | None:
    """The U in this font; None where it does not fit."""
    frame = Frame(sketched(arch, collapse), font, style.growth, bent=collapse == "level")
    columns = fitted(frame, style.width - 2 * MARGIN * font)
    if columns is None:
        return None
    share = TALLEST
    while share > 0.02:
        scene = _placed(frame, columns, share * style.width, style.width)
        if _low(scene, style):
            return scene
        share *= 0.85
    return None


def _placed(frame: Frame, columns: Columns, tallest: float, width: float) -> Scene:
    heights = Heights(frame, columns, tallest)
    first, last = columns.bounds()
    shift = (width - first - last) / 2
    boxes = tuple(_box(heights, i, shift) for i in range(len(frame.sketch.maps)))
    routes = Routes(frame, columns, heights, boxes)
    arrows = [routes.step(link) for link in frame.sketch.steps]
    arrows += [routes.copy(link) for link in frame.sketch.copies]
    arrows += [routes.branch(link) for link in frame.sketch.branches]
    margins = routes.margins()
    own = [each for each in _labels(heights, boxes) if not any(_touch(each, other, frame.font) for other in margins)]
    labels = numbered([*own, *margins])
    height = heights.total + 2 * MARGIN * frame.font
    scene = Scene(width, height, frame.font, boxes, tuple(numbered(arrows)), tuple(labels), tuple(routes.marks()))
    return with_legend(moved(scene, 0, MARGIN * frame.font), frame.sketch)


def _box(heights: Heights, i: int, shift: float) -> Box:
    frame, columns = heights.frame, heights.columns
    top, high = heights.top[i], heights.high[i]
    crop = next((_crop(link, top, high) for link in frame.sketch.copies if link.source == i and link.crop), None)
    node = frame.sketch.maps[i].node
    return Box(node.id, columns.left[i] + shift, top, columns.wide[i], high, columns.blank(i), crop)


def _crop(link: Link, top: float, high: float) -> tuple[float, float] | None:
    """Top and bottom of what is copied, on the scale of heights; None where it is padded."""
    first, last = link.crop[max(len(link.crop) - 2, 0)]
    kept = next(node.size for node in link.nodes if node.op == "crop")[max(len(link.crop) - 2, 0)]
    if first + last <= 0 or min(first, last) < 0:
        return None
    lost = high * (1 - (kept / (kept + first + last)) ** 0.5)
    start = top + lost * first / (first + last)
    return start, start + high - lost


def _labels(heights: Heights, boxes: tuple[Box, ...]) -> Iterator[Label]:
    frame, font = heights.frame, heights.frame.font
    for i, box in enumerate(boxes):
        node, anchor = frame.sketch.maps[i].node, frame.anchor(i)
        x = box.middle + {"start": BESIDE, "middle": 0.0, "end": -BESIDE}[anchor] * font
        yield Label(f"{node.id}.channels", str(node.channels), x, box.y - 0.3 * font, anchor)
        if frame.sizes[i]:
            yield Label(f"{node.id}.size", frame.sizes[i], box.x - 0.3 * font, box.bottom, "start", upright=True)
        if frame.word(i):
            yield Label(f"{node.id}.word", frame.word(i), box.middle, heights.word[i])


def _touch(word: Label, other: Label, font: float) -> bool:
    """Whether "input" or "output" would run into a margin, which says more."""
    first = other.x - text_width(other.text, font) / 2 * (other.anchor == "middle")
    near = word.x - text_width(word.text, font) / 2 - 0.3 * font < first + text_width(other.text, font)
    far = word.x + text_width(word.text, font) / 2 + 0.3 * font > first
    return word.id.endswith(".word") and abs(word.y - other.y) < font and near and far


def _low(scene: Scene, style: Style) -> bool:
    """Whether the sheet is high enough."""
    return style.ratio is None or scene.height <= style.width / style.ratio


def _framed(scene: Scene, style: Style) -> Scene:
    """On the sheet of a given ratio, in its middle."""
    if style.ratio is None:
        return scene
    height = style.width / style.ratio
    return replace(moved(scene, 0, (height - scene.height) / 2), height=height)
