"""A scene as TikZ: a file that is a document of its own, and a picture where a document reads it in."""

from __future__ import annotations

from collections.abc import Iterator

from unet_tutorial.figures.drawing.palette import ASPECT, DASHES, LINE, LOOKS, Look, Palette
from unet_tutorial.figures.drawing.render import patches, strokes
from unet_tutorial.figures.drawing.scene import Arrow, Box, Label, Mark, Point, Scene

# \documentclass is forbidden, and so another command, once a document has begun: then this file is being read in.
OPENING = r"""% Compiles by itself. A document with \usepackage{tikz} \usetikzlibrary{arrows.meta} can \input it.
\makeatletter\ifx\documentclass\@notprerr\let\unetend\relax\makeatother\else\makeatother
\documentclass{article}
\usepackage{tikz}
\usetikzlibrary{arrows.meta}
\ifdefined\pdfpagewidth\else\let\pdfpagewidth\pagewidth\let\pdfpageheight\pageheight\fi
\AtBeginDocument{\pdfpagewidth=<W>bp \pdfpageheight=<H>bp}
\setlength{\textwidth}{<W>bp}\setlength{\textheight}{<H>bp}\setlength{\parindent}{0pt}\setlength{\topskip}{0pt}
\hoffset=-1in \voffset=-1in \oddsidemargin=0pt \topmargin=0pt \headheight=0pt \headsep=0pt
\pagestyle{empty}
\def\unetend{\end{document}}
\begin{document}
\fi
"""
SPECIAL = {
    "\\": r"\textbackslash{}",
    "×": r"\ensuremath{\times}",
    "²": r"\textsuperscript{2}",
    "³": r"\textsuperscript{3}",
}
SPECIAL |= {letter: f"\\{letter}" for letter in "&%$#_{}"} | {"…": r"\dots{}"}


def tikz(scene: Scene, palette: Palette, words: str = "") -> str:
    """The file; ``words``, what the picture shows, stand in its head as a comment."""
    lines = [f"% {line}" for line in words.splitlines()]
    lines.append(OPENING.replace("<W>", _number(scene.width)).replace("<H>", _number(scene.height)).rstrip())
    lines.append(r"\begin{tikzpicture}[x=1bp,y=-1bp,line join=miter]")
    lines += [rf"\definecolor{{unet{name}}}{{HTML}}{{{value[1:].upper()}}}" for name, value in vars(palette).items()]
    size = _number(scene.font)
    lines.append(
        rf"\tikzset{{unettext/.style={{text=unettext,inner sep=0pt,outer sep=0pt,"
        rf"font=\sffamily\fontsize{{{size}}}{{{size}}}\selectfont}}}}"
    )
    lines.append(rf"\path[use as bounding box,fill=unetground] (0,0) rectangle ({_at((scene.width, scene.height))});")
    for arrow in scene.arrows:
        lines += _arrow(arrow, scene.font)
    for x, y, wide, high in patches(scene):
        lines.append(rf"\path[fill=unetground] ({_at((x, y))}) rectangle ({_at((x + wide, y + high))});")
    for box in scene.boxes:
        lines += _box(box, scene.font)
    for mark in scene.marks:
        lines += _mark(mark, scene.font)
    lines += [_label(label) for label in scene.labels]
    return "\n".join([*lines, r"\end{tikzpicture}%", r"\unetend", ""])


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _at(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _box(box: Box, font: float) -> Iterator[str]:
    pen, end = f"draw=unetedge,line width={_number(LINE * font)}bp", _at((box.right, box.bottom))
    yield rf"\path[{pen},fill=unetfill] ({_at((box.x, box.y))}) rectangle ({end}); % {box.id}"
    if box.blank:
        end = _at((box.x + box.blank, box.bottom))
        yield rf"\path[{pen},fill=unetblank] ({_at((box.x, box.y))}) rectangle ({end}); % {box.id}.skip"
    if box.crop:
        dash = f"draw=unetdash,line width={_number(LINE * font)}bp,densely dashed"
        first, last = _at((box.x, box.crop[0])), _at((box.right, box.crop[1]))
        yield rf"\path[{dash}] ({first}) rectangle ({last}); % {box.id}.crop"


def _arrow(arrow: Arrow, font: float) -> Iterator[str]:
    look = LOOKS[arrow.kind]
    shaft = look.shaft * font
    pen = f"draw=unet{look.colour},line width={_number(shaft)}bp,-{{{_tip(look, font)}}}{_dash(look, shaft)}"
    points = [f"({_at(point)})" for point in arrow.points]
    way = f"{points[0]} .. controls {points[1]} and {points[2]} .. {points[3]}" if arrow.curved else " -- ".join(points)
    yield rf"\path[{pen}] {way}; % {arrow.id}"


def _tip(look: Look, font: float) -> str:
    length, width = _number(look.head * font), _number(look.head * font * ASPECT)
    name = {"full": "Triangle", "open": "Triangle", "barb": "Straight Barb"}[look.tip]
    inside = ",open,fill=unetground" if look.tip == "open" else ""
    return f"{name}[length={length}bp,width={width}bp,line width={_number(0.1 * font)}bp{inside}]"


def _dash(look: Look, shaft: float) -> str:
    if look.dash == "solid":
        return ""
    on, off = (_number(part * shaft) for part in DASHES[look.dash])
    return f",dash pattern=on {on}bp off {off}bp"


def _mark(mark: Mark, font: float) -> Iterator[str]:
    pen = f"draw=unettext,line width={_number(LINE * font)}bp"
    centre, radius = _at((mark.x, mark.y)), _number(mark.radius)
    yield rf"\path[{pen},fill=unetground] ({centre}) circle[radius={radius}bp]; % {mark.id}"
    a, b, c, d = (f"({_at(point)})" for point in strokes(mark))
    yield rf"\path[{pen}] {a} -- {b} {c} -- {d}; % {mark.id}.sign"


def _label(label: Label) -> str:
    anchor = {"start": "base west", "middle": "base", "end": "base east"}[label.anchor]
    turned = "rotate=90," * label.upright
    text = "".join(SPECIAL.get(letter, letter) for letter in label.text)
    return rf"\node[unettext,{turned}anchor={anchor}] at ({_at((label.x, label.y))}) {{{text}}}; % {label.id}"
