"""Makes the figures of matplotlib smaller, so that a lesson opens and is stored quickly; the eye sees no difference."""

from __future__ import annotations

import io
import re

from PIL import Image

COLOURS = 256  # a pixel is then one byte, in place of four
DECIMALS = 2  # of a coordinate of an SVG file, in points (1/72 inch)

UNUSED = re.compile(r'(?<=<g) id="[^"]*"|<!--.*?-->', flags=re.DOTALL)  # names of groups, and comments
COORDINATES = re.compile(r'\b(?:d|x|y)="[^"]*"')
LONG_NUMBER = re.compile(r"\d+\.\d{3,}")


def small_png(data: bytes) -> bytes:
    """The PNG file with at most 256 colours and without transparency.

    A picture of at most 256 colours, such as every grey one, keeps its colours. In others the least used ones are
    replaced by similar ones; in the course's figures by 0.2 of 255 on average.
    """
    colours = Image.open(io.BytesIO(data)).convert("RGB")  # (H, W, 3)
    palette = colours.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    small = io.BytesIO()
    palette.save(small, format="png", optimize=True)
    return small.getvalue()


def small_svg(text: str) -> str:
    """The text of an SVG file of matplotlib without comments and line breaks, and with coordinates of 2 decimals.

    The file must not contain <text> elements, in which white space has a meaning; matplotlib draws letters as paths.
    Groups lose their ids, which nothing refers to.

    >>> small_svg('<g id="line2d_1">\\n <path d="M 40.123456 7\\nL 0.5 2.000001 \\n"/>\\n</g>')
    '<g><path d="M 40.12 7 L 0.5 2"/></g>'
    """
    return re.sub(r">\s+<", "><", COORDINATES.sub(_short, UNUSED.sub("", text)))


def _short(attribute: re.Match[str]) -> str:
    numbers = LONG_NUMBER.sub(lambda number: f"{float(number[0]):.{DECIMALS}f}".rstrip("0").rstrip("."), attribute[0])
    return re.sub(r"\s+", " ", numbers).replace(' "', '"')
