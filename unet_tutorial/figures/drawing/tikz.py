"""A scene as TikZ: one file that compiles by itself and that another document can ``\\input``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from unet_tutorial.figures.arch.latex import latex
from unet_tutorial.figures.drawing.fonts import has_chinese, installed_chinese_font
from unet_tutorial.figures.drawing.palette import (
    ARROW_STYLES,
    DASHES,
    HEAD_WIDTH,
    OUTLINE,
    RIGHT_FADE,
    TOP_FADE,
    ArrowStyle,
    Palette,
)
from unet_tutorial.figures.drawing.render import label_backgrounds, mark_strokes
from unet_tutorial.figures.drawing.scene import WIDE, Arrow, Box, Label, Mark, Point, Scene, SideBlock

# LaTeX sets \documentclass to \@notprerr once a document has begun: an \input of this file then skips its preamble.
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
TIKZ = r"\usepackage{tikz}" + "\n"  # the line of OPENING
SUPERSCRIPTS = {"²": r"\textsuperscript{2}", "³": r"\textsuperscript{3}"}  # in the font of the text


def tikz(scene: Scene, palette: Palette, description: str = "") -> str:
    """The text of the file; ``description`` becomes a comment at its beginning.

    Chinese characters need XeLaTeX. Raises ValueError if there are some and no font for them is installed, and for
    other characters without a command in LaTeX.
    """
    lines = [f"% {line}" for line in description.splitlines()]
    opening = OPENING.replace("<W>", _number(scene.width)).replace("<H>", _number(scene.height)).rstrip()
    if has_chinese(scene):
        font = installed_chinese_font()
        opening = opening.replace("% Compiles by itself.", "% Compiles by itself with XeLaTeX.")
        opening = opening.replace(
            TIKZ, rf"{TIKZ}\usepackage{{xeCJK}}\setCJKmainfont{{{font}}}\setCJKsansfont{{{font}}}"
        )
    lines.append(opening)
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
    for x, y, width, height in label_backgrounds(scene):
        lines.append(rf"\path[fill=unetground] ({_at((x, y))}) rectangle ({_at((x + width, y + height))});")
    colours = dict.fromkeys(box.colour for box in scene.boxes if box.colour)
    lines += [rf"\definecolor{{{_own(colour)}}}{{HTML}}{{{colour[1:].upper()}}}" for colour in colours]
    for box in scene.boxes:
        lines += _box(box, scene.font)
    lines += [_side_block(block, scene.font) for block in scene.blocks]
    for mark in scene.marks:
        lines += _mark(mark, scene.font)
    lines += [_label(label) for label in scene.labels]
    lines += [_label(label) for block in scene.blocks for label in block.labels(scene.font)]
    return "\n".join([*lines, r"\end{tikzpicture}%", r"\unetend", ""])


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _at(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _box(box: Box, font: float) -> Iterator[str]:
    pen = f"draw=unetedge,line width={_number(OUTLINE * font)}bp"
    (x, y, width, _), fill = box.front, _own(box.colour) if box.colour else "unetfill"
    if box.depth:
        yield _face(f"{pen},fill={_faded(fill, TOP_FADE)}", box.top_face(width), f"{box.id}.top")
        yield _face(f"{pen},fill={_faded(fill, RIGHT_FADE)}", box.right_face, f"{box.id}.right")
    yield rf"\path[{pen},fill={fill}] ({_at((x, y))}) rectangle ({_at((x + width, box.bottom))}); % {box.id}"
    if box.blank and box.depth:
        yield _face(f"{pen},fill=unetblank", box.top_face(box.blank), f"{box.id}.skip.top")
    if box.blank:
        end = _at((x + box.blank, box.bottom))
        yield rf"\path[{pen},fill=unetblank] ({_at((x, y))}) rectangle ({end}); % {box.id}.skip"
    if box.crop:
        dash = f"draw=unetdash,line width={_number(OUTLINE * font)}bp,densely dashed"
        first, last = _at((x, box.crop[0])), _at((x + width, box.crop[1]))
        yield rf"\path[{dash}] ({first}) rectangle ({last}); % {box.id}.crop"


def _own(colour: str) -> str:
    """The name of a colour that the user chose."""
    return f"unetown{colour[1:]}"


def _faded(fill: str, share: float) -> str:
    """The colour of a face of a cuboid, mixed by xcolor."""
    return f"{fill}!{100 * (1 - share):.0f}!unetground"


def _face(pen: str, corners: tuple[Point, ...], key: str) -> str:
    line = " -- ".join(f"({_at(corner)})" for corner in corners)
    return rf"\path[{pen},line join=round] {line} -- cycle; % {key}"


def _side_block(block: SideBlock, font: float) -> str:
    pen = f"draw=unetedge,line width={_number(OUTLINE * font)}bp,fill=unetside"
    corners = f"rounded corners={_number(block.corner_radius(font))}bp"
    start, end = _at((block.x, block.y)), _at((block.right, block.bottom))
    return rf"\path[{pen},{corners}] ({start}) rectangle ({end}); % {block.id}"


def _arrow(arrow: Arrow, font: float) -> Iterator[str]:
    style = ARROW_STYLES[arrow.kind]
    shaft = style.shaft * font
    pen = f"draw=unet{style.colour},line width={_number(shaft)}bp,-{{{_tip(style, font)}}}{_dash(style, shaft)}"
    points = [f"({_at(point)})" for point in arrow.points]
    line = (
        f"{points[0]} .. controls {points[1]} and {points[2]} .. {points[3]}" if arrow.curved else " -- ".join(points)
    )
    yield rf"\path[{pen}] {line}; % {arrow.id}"


def _tip(style: ArrowStyle, font: float) -> str:
    length, width = _number(style.head * font), _number(style.head * font * HEAD_WIDTH)
    name = {"full": "Triangle", "open": "Triangle", "barb": "Straight Barb"}[style.tip]
    inside = ",open,fill=unetground" if style.tip == "open" else ""
    return f"{name}[length={length}bp,width={width}bp,line width={_number(0.1 * font)}bp{inside}]"


def _dash(style: ArrowStyle, shaft: float) -> str:
    if style.dash == "solid":
        return ""
    on, off = (_number(part * shaft) for part in DASHES[style.dash])
    return f",dash pattern=on {on}bp off {off}bp"


def _mark(mark: Mark, font: float) -> Iterator[str]:
    pen = f"draw=unettext,line width={_number(OUTLINE * font)}bp"
    centre, radius = _at((mark.x, mark.y)), _number(mark.radius)
    yield rf"\path[{pen},fill=unetground] ({centre}) circle[radius={radius}bp]; % {mark.id}"
    a, b, c, d = (f"({_at(point)})" for point in mark_strokes(mark))
    yield rf"\path[{pen}] {a} -- {b} {c} -- {d}; % {mark.id}.sign"


def _label(label: Label) -> str:
    anchor = {"start": "base west", "middle": "base", "end": "base east"}[label.anchor]
    turned = "rotate=90," * label.upright
    text = "".join(map(_character, label.text))
    return rf"\node[unettext,{turned}anchor={anchor}] at ({_at((label.x, label.y))}) {{{text}}}; % {label.id}"


def _character(char: str) -> str:
    found = SUPERSCRIPTS.get(char) or latex(char) or (char if re.match(WIDE, char) else "")
    if not found:
        raise ValueError(f"a .tex file cannot hold the character {char!r}; write another one, or a .svg, .pdf or .png")
    return found
