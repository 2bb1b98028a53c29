"""A scene as an uncompressed draw.io file (diagrams.net), in which shapes, texts and arrows can be edited."""

from __future__ import annotations

from math import hypot
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from unet_tutorial.figures.drawing.palette import (
    ARROW_STYLES,
    DASHES,
    OUTLINE,
    RIGHT_FADE,
    TOP_FADE,
    Palette,
    contrast,
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

TOUCH = 0.05  # points between the end of an arrow and the outline of the box that it belongs to
TIPS = {"full": "block;endFill=1", "open": "block;endFill=0", "barb": "open;endFill=0"}
SHAPES = {"plus": "orEllipse", "gate": "sumEllipse"}  # draw.io's circles with + and ×


def drawio(scene: Scene, palette: Palette, title: str, description: str) -> str:
    """The text of the file; each part of the scene is a cell with its id. The description is a property of the layer.

    Boxes are below texts and above arrows. An arrow that begins or ends at the outline of a box, a side block or a
    mark is connected to it there, and follows when it is moved.
    """
    file = Element("mxfile", host="unet_tutorial")
    page = SubElement(file, "diagram", id="drawing", name=title)
    size = {"pageWidth": _number(scene.width), "pageHeight": _number(scene.height), "background": palette.ground}
    model = SubElement(page, "mxGraphModel", {"grid": "0", "page": "1", **size})
    root = SubElement(model, "root")
    root.append(Element("mxCell", id="0"))
    layer = SubElement(root, "object", id="1", label="drawing", description=description)
    SubElement(layer, "mxCell", {"parent": "0"})
    _Cells(scene, palette, root).add()
    indent(file)
    return tostring(file, encoding="unicode", xml_declaration=False) + "\n"


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")


def _style(*flags: str, **values: object) -> str:
    """Style of a cell: names without a value, then name=value, each followed by a semicolon."""
    return "".join(f"{part};" for part in (*flags, *(f"{key}={value}" for key, value in values.items())))


def _add(parent: Element, tag: str, role: str, **values: float) -> Element:
    """Add an element whose attribute ``as`` tells its role in the parent."""
    return SubElement(parent, tag, {**{key: _number(value) for key, value in values.items()}, "as": role})


class _Cells:
    """Adds the parts of a scene to the root element of a page."""

    def __init__(self, scene: Scene, palette: Palette, root: Element) -> None:
        self.scene, self.palette, self.root = scene, palette, root
        self.line = {"strokeColor": palette.edge, "strokeWidth": _number(OUTLINE * scene.font)}
        sign = -1 if contrast(palette.ground, "#000000") > contrast(palette.ground, "#ffffff") else 1
        self.faces = {"darkOpacity": sign * TOP_FADE, "darkOpacity2": sign * RIGHT_FADE}  # negative: lighter
        self.text = {"fontFamily": FONTS[1], "fontSize": _number(scene.font), "fontColor": palette.text}

    def add(self) -> None:
        """Add everything; arrows come first, so that they are below the boxes."""
        for arrow in self.scene.arrows:
            self._arrow(arrow)
        for box in self.scene.boxes:
            self._box(box)
        for block in self.scene.blocks:
            self._side_block(block)
        for mark in self.scene.marks:
            self._mark(mark)
        for label in self.scene.labels:
            self._label(label)

    def _vertex(self, key: str, style: str, area: Area, parent: str = "1", text: str = "") -> None:
        """A shape; x and y of ``area`` are measured from the parent."""
        values = {"id": key, "value": text, "style": style, "parent": parent, "vertex": "1"}
        cell = SubElement(self.root, "mxCell", values)
        x, y, width, height = area
        _add(cell, "mxGeometry", "geometry", x=x, y=y, width=width, height=height)

    def _box(self, box: Box) -> None:
        cuboid = {"shape": "cube", "flipH": 1, "size": _number(box.depth), **self.faces} if box.depth else {}
        style = _style(fillColor=box.colour or self.palette.fill, **cuboid, **self.line)
        self._vertex(box.id, style, box.area)
        skip = {"fillColor": self.palette.blank, **self.line}
        styles = {
            "skip.top": _style(shape="parallelogram", fixedSize=1, size=_number(box.depth), **skip),
            "skip": _style(**skip),
            "crop": _style(
                fillColor="none", dashed=1, dashPattern="1.6 1.1", **self.line | {"strokeColor": self.palette.dash}
            ),
        }
        for part, (x, y, width, height) in box.parts.items():
            self._vertex(f"{box.id}.{part}", styles[part], (x - box.x, y - box.y, width, height), box.id)

    def _side_block(self, block: SideBlock) -> None:
        radius = _number(2 * block.corner_radius(self.scene.font))
        style = _style(
            rounded=1, absoluteArcSize=1, arcSize=radius, fillColor=self.palette.side, **self.line, **self.text
        )
        self._vertex(block.id, style, block.area, text="\n".join(block.lines))

    def _mark(self, mark: Mark) -> None:
        line = self.line | {"strokeColor": self.palette.text}
        style = _style(shape=SHAPES[mark.kind], perimeter="ellipsePerimeter", fillColor=self.palette.ground, **line)
        self._vertex(mark.id, style, mark.area)

    def _label(self, label: Label) -> None:
        fill = self.palette.ground if label.backed else "none"
        turned = {"rotation": -90} if label.upright else {}
        style = _style(
            "text", align=ALIGNMENTS[label.anchor], verticalAlign="middle", spacing=0, fillColor=fill,
            strokeColor="none", **turned, **self.text,
        )  # fmt: skip
        self._vertex(label.id, style, text_area(label, self.scene.font), text=label.text)

    def _arrow(self, arrow: Arrow) -> None:
        look, font, points = ARROW_STYLES[arrow.kind], self.scene.font, arrow.points
        values: dict[str, object] = {
            "strokeColor": look.colour_in(self.palette),
            "strokeWidth": _number(look.shaft * font),
            "endArrow": TIPS[look.tip],
            "endSize": _number((look.head - look.shaft) * font),  # draw.io adds the thickness of the line
        }
        if look.dash != "solid":
            values |= {"dashed": 1, "dashPattern": " ".join(map(_number, DASHES[look.dash]))}
        if arrow.curved:
            a, b, c, d = points
            values["curved"] = 1
            points = a, _between(a, b, 0.75), _between(d, c, 0.75), d  # draws two quadratic curves
        ends = {}
        for name, side, point in (("source", "exit", points[0]), ("target", "entry", points[-1])):
            key, (x, y) = self._touched(point)
            if key:
                ends[name] = key
                values |= {f"{side}X": _number(x), f"{side}Y": _number(y), f"{side}Perimeter": 0}
        own = {"id": arrow.id, "style": _style(**values), "parent": "1", "edge": "1"}
        cell = SubElement(self.root, "mxCell", own | ends)
        geometry = _add(cell, "mxGeometry", "geometry", relative=1)
        for name, (x, y) in (("sourcePoint", points[0]), ("targetPoint", points[-1])):
            _add(geometry, "mxPoint", name, x=x, y=y)
        if corners := points[1:-1]:
            array = _add(geometry, "Array", "points")
            for x, y in corners:
                SubElement(array, "mxPoint", x=_number(x), y=_number(y))

    def _touched(self, point: Point) -> tuple[str, Point]:
        """Id of the shape whose outline holds the point, and the point as fractions of its sides; "" for none."""
        x, y = point
        for mark in self.scene.marks:
            if abs(hypot(x - mark.x, y - mark.y) - mark.radius) < TOUCH:
                left, top, side, _ = mark.area
                return mark.id, ((x - left) / side, (y - top) / side)
        shapes: tuple[Box | SideBlock, ...] = (*self.scene.blocks, *self.scene.boxes)
        for each in shapes:
            inside = each.x - TOUCH < x < each.right + TOUCH and each.y - TOUCH < y < each.bottom + TOUCH
            if inside and min(abs(x - each.x), abs(x - each.right), abs(y - each.y), abs(y - each.bottom)) < TOUCH:
                mirrored = isinstance(each, Box) and each.depth > 0  # draw.io mirrors the points of a cell with flipH
                across = (each.right - x if mirrored else x - each.x) / each.width
                return each.id, (across, (y - each.y) / each.height)
        return "", (0.0, 0.0)


def _between(one: Point, other: Point, share: float) -> Point:
    return one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])
