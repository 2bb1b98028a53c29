"""A scene as a PowerPoint slide: native shapes, connectors and text boxes, which can be selected and edited one by one.

Uses python-pptx, which is an optional dependency and is imported only when a slide is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from math import hypot
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from unet_tutorial.figures.drawing.palette import ARROW_STYLES, HEAD_WIDTH, OUTLINE, ArrowStyle, Palette
from unet_tutorial.figures.drawing.scene import Area, Arrow, Box, Label, Mark, Point, Scene, SideBlock, text_area

EMU = 12700  # English Metric Units per point
FONT = "Verdana"  # the one of scene.FONTS that PowerPoint has; LibreOffice shows it as DejaVu Sans
CHINESE_FONT = "Microsoft YaHei"  # for Chinese characters; without a name they may get a brush font
SMALLEST, LARGEST = 72.0, 4032.0  # sides that a slide may have: 1 to 56 inches
HEAD_SIZES = {"sm": 2.0, "med": 3.0, "lg": 5.0}  # length of an arrowhead as a multiple of the line's thickness
THINNEST = 2.0  # thickness in points that the arrowheads of thinner lines have, too
TIPS = {"full": "triangle", "open": "stealth", "barb": "arrow"}  # a slide has no head that is only an outline
LONGEST_TITLE = 255  # characters that the properties of a file may have
TOUCH = 0.5  # points by which the end of an arrow may be away from the middle of a side of a box to be glued to it


def pptx(scene: Scene, palette: Palette, title: str, description: str) -> bytes:
    """The file, with one slide of the scene's size; each part of the scene is a shape named by its id.

    The description is in the notes of the slide. Raises ValueError if python-pptx is not installed, and for a scene
    that is larger than a slide can be.
    """
    try:
        from pptx import Presentation
        from pptx.opc.constants import RELATIONSHIP_TYPE
    except ImportError as error:
        raise ValueError(
            "a .pptx file needs python-pptx, which is not installed; run pip install 'unet_tutorial[slides]'"
        ) from error
    if max(scene.width, scene.height) > LARGEST:
        raise ValueError(
            f"the drawing is {scene.width / 72:.0f} × {scene.height / 72:.0f} inches large and a slide at most "
            f"{LARGEST / 72:.0f}; draw fewer maps (collapse) or save it as .svg"
        )
    deck = Presentation()
    package = deck.part.package
    for relation in list(package.iter_rels()):
        if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL:  # of python-pptx's empty template
            package.drop_rel(relation.rId)
    facts = deck.core_properties
    facts.title = title[:LONGEST_TITLE]
    facts.author = facts.last_modified_by = "unet_tutorial"
    facts.created = facts.modified = datetime(1980, 1, 1)  # the earliest date of a zip file
    deck.slide_width, deck.slide_height = (_emu(max(side, SMALLEST)) for side in (scene.width, scene.height))
    slide = deck.slides.add_slide(deck.slide_layouts.get_by_name("Blank"))
    slide.notes_slide.notes_text_frame.text = description
    slide.background.fill.solid()
    slide.background.fill.fore_color.rgb = _rgb(palette.ground)
    _Drawing(scene, palette, slide.shapes).draw()
    out = BytesIO()
    deck.save(out)
    return _without_dates(out)


def _without_dates(file: BytesIO) -> bytes:
    """The same zip file with the earliest possible date on each of its parts."""
    out = BytesIO()
    with ZipFile(file) as old, ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(ZipInfo(name), old.read(name), ZIP_DEFLATED)
    return out.getvalue()


def _emu(points: float) -> int:
    return round(points * EMU)


def _rgb(colour: str) -> Any:
    from pptx.dml.color import RGBColor

    return RGBColor.from_string(colour[1:].upper())


@dataclass(frozen=True)
class _Drawing:
    """Adds the parts of a scene to the shapes of a slide."""

    scene: Scene
    palette: Palette
    shapes: Any
    drawn: dict[str, Any] = field(default_factory=dict)  # the shape of each box

    def draw(self) -> None:
        """Add everything; arrows come first, so that they are below the boxes."""
        arrows = [(arrow, self._arrow(arrow)) for arrow in self.scene.arrows]
        for box in self.scene.boxes:
            self._box(box)
        for arrow, shape in arrows:
            self._glue(arrow, shape)
        for block in self.scene.blocks:
            self._side_block(block)
        for mark in self.scene.marks:
            self._mark(mark)
        for label in self.scene.labels:
            self._label(label)

    def _shape(self, name: str, kind: Any, area: Area, fill: str, line: str) -> Any:
        """A shape in ``area`` (x, y, width, height); ``fill`` and ``line`` are colours, ``fill`` may be ""."""
        shape = self.shapes.add_shape(kind, *map(_emu, area))
        shape.name = name
        _remove_theme(shape)
        if fill:
            shape.fill.solid()
            shape.fill.fore_color.rgb = _rgb(fill)
        else:
            shape.fill.background()
        shape.line.color.rgb, shape.line.width = _rgb(line), _emu(OUTLINE * self.scene.font)
        return shape

    def _box(self, box: Box) -> None:
        from pptx.enum.dml import MSO_LINE
        from pptx.enum.shapes import MSO_SHAPE

        palette = self.palette
        kind = MSO_SHAPE.CUBE if box.depth else MSO_SHAPE.RECTANGLE
        self.drawn[box.id] = shape = self._shape(box.id, kind, box.area, box.colour or palette.fill, palette.edge)
        if box.depth:
            shape.adjustments[0] = box.depth / min(box.width, box.height)
        looks = {
            "skip.top": (MSO_SHAPE.PARALLELOGRAM, palette.blank, palette.edge),
            "skip": (MSO_SHAPE.RECTANGLE, palette.blank, palette.edge),
            "crop": (MSO_SHAPE.RECTANGLE, "", palette.dash),
        }
        drawn = {}
        for part, area in box.parts.items():
            kind, fill, line = looks[part]
            drawn[part] = self._shape(f"{box.id}.{part}", kind, area, fill, line)
        if "skip.top" in drawn:
            drawn["skip.top"].adjustments[0] = 1.0  # slanted by its whole height
        if "crop" in drawn:
            drawn["crop"].line.dash_style = MSO_LINE.SQUARE_DOT

    def _side_block(self, block: SideBlock) -> None:
        from pptx.enum.shapes import MSO_SHAPE

        kind = MSO_SHAPE.ROUNDED_RECTANGLE
        shape = self._shape(block.id, kind, block.area, self.palette.side, self.palette.edge)
        shape.adjustments[0] = block.corner_radius(self.scene.font) / min(block.width, block.height)
        if block.lines:
            self._write(shape, block.lines, "middle")

    def _mark(self, mark: Mark) -> None:
        from pptx.enum.shapes import MSO_SHAPE

        kind = {"plus": MSO_SHAPE.FLOWCHART_OR, "gate": MSO_SHAPE.FLOWCHART_SUMMING_JUNCTION}[mark.kind]
        self._shape(mark.id, kind, mark.area, self.palette.ground, self.palette.text)

    def _label(self, label: Label) -> None:
        shape = self.shapes.add_textbox(*map(_emu, text_area(label, self.scene.font)))
        shape.name = label.id
        shape.rotation = 270 if label.upright else 0
        if label.backed:
            shape.fill.solid()
            shape.fill.fore_color.rgb = _rgb(self.palette.ground)
        self._write(shape, (label.text,), label.anchor)

    def _write(self, shape: Any, lines: Sequence[str], anchor: str) -> None:
        """Write the lines into the middle of a shape, without margins."""
        from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN

        frame = shape.text_frame
        frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
        frame.word_wrap, frame.auto_size, frame.vertical_anchor = False, MSO_AUTO_SIZE.NONE, MSO_ANCHOR.MIDDLE
        for number, line in enumerate(lines):
            paragraph = frame.add_paragraph() if number else frame.paragraphs[0]
            paragraph.alignment = {"start": PP_ALIGN.LEFT, "middle": PP_ALIGN.CENTER, "end": PP_ALIGN.RIGHT}[anchor]
            run = paragraph.add_run()
            run.text, run.font.name, run.font.size = line, FONT, _emu(self.scene.font)
            run.font.color.rgb = _rgb(self.palette.text)
            _set_chinese_font(run)

    def _arrow(self, arrow: Arrow) -> Any:
        """A straight connector, or a freeform for an arrow that has corners or is curved."""
        from pptx.enum.dml import MSO_LINE
        from pptx.enum.shapes import MSO_CONNECTOR

        style, font = ARROW_STYLES[arrow.kind], self.scene.font
        points = [(_emu(x), _emu(y)) for x, y in arrow.points]
        if len(points) == 2:
            shape = self.shapes.add_connector(MSO_CONNECTOR.STRAIGHT, *points[0], *points[1])
        else:
            builder = self.shapes.build_freeform(*points[0])
            shape = builder.add_line_segments(points[1:], close=False).convert_to_shape()
            shape.fill.background()
        if arrow.curved:
            _make_cubic(shape)
        shape.name = arrow.id
        _remove_theme(shape)
        shape.line.color.rgb, shape.line.width = _rgb(style.colour_in(self.palette)), _emu(style.shaft * font)
        dashes = {"dashed": MSO_LINE.DASH, "dotted": MSO_LINE.ROUND_DOT}
        if style.dash in dashes:
            shape.line.dash_style = dashes[style.dash]
        _add_head(shape, style, font)
        return shape

    def _glue(self, arrow: Arrow, connector: Any) -> None:
        """Glue the ends of a straight arrow to the flat boxes where it meets the middle of a side.

        LibreOffice would move an arrow that is glued to a cube to the middle of the rectangle around the cube.
        """
        if len(arrow.points) > 2:
            return
        for end, connect in zip(arrow.points, (connector.begin_connect, connector.end_connect), strict=True):
            for box in self.scene.boxes:
                for site, (x, y) in enumerate(() if box.depth else _sites(box)):
                    if hypot(x - end[0], y - end[1]) < TOUCH:
                        connect(self.drawn[box.id], site)


def _set_chinese_font(run: Any) -> None:
    """Set the font of the East Asian characters of a text, which follows that of the Latin ones in the file."""
    from pptx.oxml.ns import qn

    latin = run.font._element.find(qn("a:latin"))
    latin.addnext(latin.makeelement(qn("a:ea"), {"typeface": CHINESE_FONT}))


def _sites(box: Box) -> tuple[Point, ...]:
    """The connection sites of a rectangle in PowerPoint's order: middle of the upper, left, lower and right side."""
    y = box.y + box.height / 2
    return (box.middle, box.y), (box.x, y), (box.middle, box.bottom), (box.right, y)


def _remove_theme(shape: Any) -> None:
    """Remove the theme's style, which would add shadows and colours."""
    for style in shape.element.findall("{*}style"):
        shape.element.remove(style)


def _make_cubic(shape: Any) -> None:
    """Turn the three straight pieces of a freeform into one cubic Bézier curve with the same four points."""
    from pptx.oxml.ns import qn

    (path,) = shape.element.iter(qn("a:path"))
    lines = path.findall(qn("a:lnTo"))
    curve = path.makeelement(qn("a:cubicBezTo"), {})
    curve.extend([line.find(qn("a:pt")) for line in lines])
    for line in lines:
        path.remove(line)
    path.append(curve)


def _add_head(shape: Any, style: ArrowStyle, font: float) -> None:
    """Add the arrowhead, in the size of ``HEAD_SIZES`` that is nearest to the size of the style."""
    from pptx.oxml.ns import qn

    line = shape.element.spPr.find(qn("a:ln"))
    unit, length = max(style.shaft * font, THINNEST), style.head * font
    sizes = {"w": _nearest(HEAD_WIDTH * length / unit), "len": _nearest(length / unit)}
    line.append(line.makeelement(qn("a:tailEnd"), {"type": TIPS[style.tip], **sizes}))


def _nearest(size: float) -> str:
    return min(HEAD_SIZES, key=lambda name: abs(HEAD_SIZES[name] - size))
