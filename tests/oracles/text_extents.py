"""Extents of every text as matplotlib draws it, and all overlaps in a drawing."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from unet_tutorial.figures.drawing.palette import PALETTES
from unet_tutorial.figures.drawing.render import figure
from unet_tutorial.figures.drawing.scene import Box, Scene, SideBlock

SLACK = 0.3  # points by which outlines may overlap
TOUCH = 0.02  # points; coordinates are rounded to hundredths


@lru_cache(maxsize=1)
def extents(scene: Scene) -> tuple[dict[str, Bbox], float]:
    """The extent of every text in points, y upwards from the lower left corner, and the smallest font size."""
    sheet = figure(scene, PALETTES["paper"])
    sheet.set_dpi(360)  # so fine that hinting does not widen letters
    renderer = FigureCanvasAgg(sheet).get_renderer()  # type: ignore[no-untyped-call]  # matplotlib's own
    scale = 72 / sheet.dpi
    found = {str(each.get_gid()): each for each in sheet.findobj(Text) if each.get_gid()}
    boxes = {key: each.get_window_extent(renderer) for key, each in found.items()}
    scaled = {key: Bbox(box.get_points() * scale) for key, box in boxes.items()}
    return scaled, min(float(each.get_fontsize()) for each in found.values())


def overlap(one: Bbox, other: Bbox) -> bool:
    """Whether two areas overlap by more than ``SLACK`` in both directions."""
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    return bool(across > SLACK and min(one.y1, other.y1) - max(one.y0, other.y0) > SLACK)


def touches(box: Box, x: float, y: float) -> bool:
    """Whether a point lies on a box; the upper left and lower right corner around a cuboid are empty."""
    corners = x - box.x + y - box.y, box.right - x + box.bottom - y
    inside = box.x - TOUCH <= x <= box.right + TOUCH and box.y - TOUCH <= y <= box.bottom + TOUCH
    return inside and min(corners) >= box.depth - TOUCH


def area(box: Box | SideBlock, height: float) -> Bbox:
    """The area of a box, y upwards."""
    return Bbox([[box.x, height - box.bottom], [box.right, height - box.y]])


def is_foot(block: SideBlock, box: Box) -> bool:
    """Whether a bar without text lies in a box, at its lower edge."""
    within = box.x - 0.02 <= block.x and block.right <= box.right + 0.02
    return not block.lines and within and abs(block.bottom - box.bottom) < 0.02


def pieces(scene: Scene) -> list[tuple[str, Bbox]]:
    """The straight pieces of all arrows as thin areas, each with the id of its arrow."""
    found = []
    for arrow in scene.arrows:
        for (a, b), (c, d) in zip(arrow.points, arrow.points[1:], strict=False):
            low, high = scene.height - max(b, d), scene.height - min(b, d)
            found.append((arrow.id, Bbox([[min(a, c) - 0.2, low - 0.2], [max(a, c) + 0.2, high + 0.2]])))
    return found


def collisions(scene: Scene) -> list[tuple[str, str]]:
    """Texts beyond the sheet, texts and boxes that overlap one another, texts that an arrow crosses."""
    texts, _ = extents(scene)
    beyond = [
        (key, "the sheet")
        for key, text in texts.items()
        if not (0 <= text.x0 < text.x1 <= scene.width and 0 <= text.y0 < text.y1 <= scene.height)
    ]
    inside = {label.id: block.id for block in scene.blocks for label in block.labels(scene.font)}
    inside |= {box.id: block.id for box in scene.boxes for block in scene.blocks if is_foot(block, box)}
    shapes = [(box.id, area(box, scene.height)) for box in scene.boxes]
    shapes += [(block.id, area(block, scene.height)) for block in scene.blocks]
    covered = [
        (a, b)
        for (a, one), (b, other) in combinations([*texts.items(), *shapes], 2)
        if overlap(one, other) and inside.get(a) != b
    ]
    crossed = [(key, arrow) for key, text in texts.items() for arrow, piece in pieces(scene) if overlap(text, piece)]
    return beyond + covered + crossed
