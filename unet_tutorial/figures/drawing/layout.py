"""From an ``ArchIR`` to a ``Scene``: chooses the font size and the maps that fit, and places everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.drawing.annotations import UNCHANGED, Annotations
from unet_tutorial.figures.drawing.columns import Columns, fit_columns
from unet_tutorial.figures.drawing.frame import FOOT_HEIGHT, TEXT_GAP, Frame, size_label
from unet_tutorial.figures.drawing.grid import draw_grid
from unet_tutorial.figures.drawing.grid_sketch import sketch_grid
from unet_tutorial.figures.drawing.heights import Heights
from unet_tutorial.figures.drawing.legend import legend_entries
from unet_tutorial.figures.drawing.routes import Routes
from unet_tutorial.figures.drawing.scene import (
    DIRECTIONS,
    MARGIN,
    Box,
    Label,
    Scene,
    SideBlock,
    translated,
    with_unique_ids,
)
from unet_tutorial.figures.drawing.sketch import COLLAPSE, Aside, Link, Sketch, input_output_captions, sketch_u
from unet_tutorial.figures.drawing.style import Style

TALLEST = 0.19  # largest height of a box, as a fraction of the sheet's width


def arrange(arch: ArchIR, style: Style, collapse: str, annotations: Annotations = UNCHANGED) -> Scene:
    """The drawing with as many maps as fit, in the largest font size in which they fit.

    ``collapse`` sets the maps that are tried first: "conv" (all), "block" or "level". A network that is not a
    plain U-Net is drawn on a grid of its levels. If even one map per level does not fit, the drawing is wider than
    ``style.width``, with the same ratio if possible. The scene's ``notes`` list maps that are not drawn, and a larger
    width.
    """
    scene, sheet = _fitting(arch, style, collapse, annotations), style
    while scene is None:
        keeps_ratio = sheet.width < 2 * style.width  # a drawing may be too high for the ratio at any width
        sheet = replace(sheet, width=1.25 * sheet.width, ratio=style.ratio if keeps_ratio else None)
        scene = _fitting(arch, sheet, "level", annotations)
    if sheet == style:
        return scene
    width_note = f"wider than asked: {scene.width:.0f} points instead of {style.width:.0f}"
    return replace(scene, notes=(*collapse_note(collapse, "level", style), *scene.notes, width_note))


def is_u(arch: ArchIR) -> bool:
    """Whether the network is a plain U-Net."""
    return bool(arch.path) and not arch.reason


def _fitting(arch: ArchIR, style: Style, collapse: str, annotations: Annotations) -> Scene | None:
    """The drawing with as many maps as fit into the width; None if even one map per level does not fit."""
    draw = draw_u if is_u(arch) else draw_grid
    for shown in COLLAPSE[COLLAPSE.index(collapse) :]:
        for font in font_sizes(style):
            scene = draw(arch, style, shown, font, annotations)
            if scene is not None and _low_enough(scene, style):
                notes = (*scene.notes, *collapse_note(collapse, shown, style))
                return replace(_centred(scene, style), notes=notes)
    return None


def drawn_texts(arch: ArchIR, collapse: str) -> list[str]:
    """The captions, the texts of blocks beside the path and those of the legend in the drawing of these maps."""
    sketch = sketch_u(arch, collapse) if is_u(arch) else sketch_grid(arch, collapse)
    captions = [each.caption for each in sketch.maps] + [aside.caption for aside in sketch.asides]
    lines = [line for aside in sketch.asides for line in aside.lines]
    return [*filter(None, captions), *lines, *(text for _, text in legend_entries(sketch))]


def font_sizes(style: Style) -> Iterator[float]:
    """Font sizes from ``style.font`` down to ``style.font_min``, in steps of a point."""
    size = style.font
    while size > style.font_min:
        yield size
        size -= 1.0
    yield style.font_min


def collapse_note(wanted: str, shown: str, style: Style) -> tuple[str, ...]:
    """The note for a drawing that shows fewer maps than wanted; () if it shows all of them."""
    if wanted == shown:
        return ()
    meaning = {"block": "the first and last map of each block", "level": "one map per side and level"}[shown]
    height = f" and a height of {style.width / style.ratio:.0f}" if style.ratio else ""
    return (
        f"collapsed to {shown!r} ({meaning}): the labels of {wanted!r} do not fit a width of "
        f"{style.width:.0f}{height} points at the smallest font size of {style.font_min:g} points",
    )


def draw_u(arch: ArchIR, style: Style, collapse: str, font: float, annotations: Annotations) -> Scene | None:
    """The U-Net in this font size; None if it does not fit."""
    whole = sketch_u(arch, collapse)
    sketch = annotations.applied_to(whole)
    frame = Frame(sketch, font, style.growth, bent=collapse == "level", boxes=style.boxes)
    columns = fit_columns(frame, style.width - 2 * MARGIN * font)
    if columns is None:
        return None
    tallest = TALLEST
    while tallest > 0.02:
        scene = annotations.finished(_place(columns, tallest * style.width, style.width), sketch)
        if scene is None:
            return None
        if _low_enough(scene, style):
            return replace(scene, notes=(*scene.notes, *_undrawn_outputs(arch, whole)))
        tallest *= 0.85
    return None


def _undrawn_outputs(arch: ArchIR, sketch: Sketch) -> tuple[str, ...]:
    """The note for outputs that are computed from no map of the main path; () if there are none."""
    shown = {each.node.id for each in sketch.maps}
    captions = [text for key, text in input_output_captions(arch).items() if key in arch.outputs and key not in shown]
    return (f"not drawn: {', '.join(captions)}, computed from no map of the U",) if captions else ()


def _place(columns: Columns, tallest: float, width: float) -> Scene:
    """Everything but the legend, on a sheet of this width; ``tallest`` is the height of the box of the largest map."""
    frame = columns.frame
    heights = Heights(columns, tallest)
    first, last = columns.bounds()
    shift = (width - first - last) / 2
    boxes = tuple(_box(heights, i, shift) for i in range(len(frame.sketch.maps)))
    routes = Routes(heights, boxes)
    sketch, font = frame.sketch, frame.font
    blocks = {aside: _aside_block(heights, aside, shift) for aside in sketch.asides if aside.kind != "excitation"}
    arrows = [routes.gate(link) for link in sketch.gates]
    arrows += [routes.step(link) for link in sketch.steps if link.kind != "aside"]
    arrows += [routes.copy(link) for link in sketch.copies]
    arrows += [routes.branch(link) for link in sketch.branches]
    arrows += [routes.head(link) for link in sketch.heads]
    for aside, block in blocks.items():
        arrows += routes.aside_arrows(aside, block) if aside.kind == "attention" else []
    labels = [*_box_labels(heights, boxes), *routes.crop_labels()]
    labels += [
        Label(f"{block.id}.word", aside.caption, block.middle, block.bottom + 1.0 * font)
        for aside, block in blocks.items()
        if aside.caption
    ]
    scene = Scene(
        width,
        heights.total + 2 * MARGIN * font,
        font,
        boxes,
        arrows=tuple(with_unique_ids(arrows)),
        labels=tuple(with_unique_ids(labels)),
        marks=tuple(routes.marks()),
        blocks=(*_tags(frame, boxes), *_feet(frame, boxes), *blocks.values()),
    )
    return translated(scene, 0, MARGIN * font)


def _aside_block(heights: Heights, aside: Aside, shift: float) -> SideBlock:
    """The shape of an aside, moved right by ``shift``."""
    first, last = heights.columns.aside_extent(aside)
    key = heights.frame.sketch.maps[aside.uses[0][1]].node.id
    lines, height = heights.frame.aside_lines(aside), heights.aside_height(aside)
    return SideBlock(f"{aside.kind}-{key}", first + shift, heights.aside_top[aside], last - first, height, lines)


def _tags(frame: Frame, boxes: tuple[Box, ...]) -> Iterator[SideBlock]:
    """The tags above the channel numbers, such as "SE"."""
    font = frame.font
    for i, text in frame.tags.items():
        (first, last), box = frame.tag_extent(i), boxes[i]
        left, top = box.top_middle + first, box.y - 2.4 * font
        yield SideBlock(f"{box.id}.tag", left, top, last - first, 1.15 * font, (text,))


def _feet(frame: Frame, boxes: tuple[Box, ...]) -> Iterator[SideBlock]:
    """Thin bars inside the boxes that an embedding conditions, at their lower edges."""
    conditioned = {i for aside in frame.sketch.asides if aside.kind == "embedding" for _, i in aside.uses}
    height = FOOT_HEIGHT * frame.font
    for i in sorted(conditioned):
        x, _, width, _ = boxes[i].front
        yield SideBlock(f"{boxes[i].id}.foot", x, boxes[i].bottom - height, width, height)


def _box(heights: Heights, i: int, shift: float) -> Box:
    """The box of a map, moved right by ``shift``."""
    frame, columns = heights.frame, heights.columns
    top, height = heights.top[i], heights.height[i]
    cropped = [link for link in frame.sketch.copies if link.source == i and link.crop]
    depth, left, blank = columns.depth[i], columns.left[i] + shift, columns.skip_width(i)
    crop = _crop_edges(cropped[0], top + depth, height - depth) if cropped else None
    each = frame.sketch.maps[i]
    return Box(each.node.id, left, top, columns.width[i], height, blank, crop, depth, each.colour)


def _crop_edges(link: Link, top: float, height: float) -> tuple[float, float] | None:
    """Top and bottom of the part of a box that a skip copies; None if nothing is cropped, or if it is padded.

    The height of a box stands for the rows of the image, the last axis but one. Heights grow with the square root of
    the side, so the drawn part is the square root of the kept fraction.
    """
    axis = max(len(link.crop) - 2, 0)
    first, last = link.crop[axis]
    kept = next(node.size for node in link.nodes if node.op == "crop")[axis]
    if first + last <= 0 or min(first, last) < 0:
        return None
    lost = height * (1 - (kept / (kept + first + last)) ** 0.5)
    start = top + lost * first / (first + last)
    return start, start + height - lost


def _box_labels(heights: Heights, boxes: tuple[Box, ...]) -> Iterator[Label]:
    """The channel numbers, size texts and captions of the boxes."""
    frame, font = heights.frame, heights.frame.font
    for i, box in enumerate(boxes):
        node, anchor = frame.sketch.maps[i].node, frame.anchor(i)
        x = box.top_middle + DIRECTIONS[anchor] * TEXT_GAP * font
        yield Label(f"{node.id}.channels", str(node.channels), x, box.y - 0.3 * font, anchor)
        if frame.sizes[i]:
            yield size_label(box, frame.sizes[i], font)
        if frame.caption(i):
            anchor = frame.caption_anchor(i)
            x = heights.columns.caption_x(i) - heights.columns.middle(i) + box.middle
            x += DIRECTIONS[anchor] * TEXT_GAP * font
            yield Label(f"{node.id}.word", frame.caption(i), x, heights.caption_y[i], anchor)


def _low_enough(scene: Scene, style: Style) -> bool:
    """Whether the scene fits the height of a sheet of fixed ratio."""
    return style.ratio is None or scene.height <= style.width / style.ratio


def _centred(scene: Scene, style: Style) -> Scene:
    """The scene in the middle of a sheet of fixed ratio; unchanged without one."""
    if style.ratio is None:
        return scene
    height = style.width / style.ratio
    return replace(translated(scene, 0, (height - scene.height) / 2), height=height)
