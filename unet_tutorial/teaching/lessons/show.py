"""Shows the figures of a lesson with alternative text; each run gives the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from html import escape

import matplotlib as mpl
from IPython import display
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from unet_tutorial.teaching.lessons.compression import small_png, small_svg

Bundle = dict[str, object]  # one output, by MIME type
publish: Callable[[Bundle, Bundle], None] = display.publish_display_data

MOST_PIXELS = 64 * 64  # pixels of image data in a figure that is shown as SVG; a figure with more becomes a PNG


def show(figure: Figure, alt: str, fact: str = "") -> None:
    """Display the figure, print `fact` (or the alternative text if there is none), and close the figure.

    Plots become SVG; a figure with more than 64 × 64 pixels of image data becomes PNG, of at most 256 colours. `alt`
    describes the figure in a sentence. nbval does not compare pictures, so only the printed line is tested.
    Raises ValueError for an `alt` of fewer than three words.
    """
    data = io.BytesIO()
    if _pixels(figure) > MOST_PIXELS:
        figure.savefig(data, format="png", dpi=100, bbox_inches="tight", metadata={"Software": None})
        emit("image/png", small_png(data.getvalue()), alt, fact)
    else:
        with mpl.rc_context({"svg.hashsalt": "unet_tutorial"}):  # ids of elements that are the same at every run
            figure.savefig(data, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
        emit("image/svg+xml", titled(small_svg(data.getvalue().decode()), alt), alt, fact)
    plt.close(figure)


def show_svg(svg: str, alt: str, fact: str = "") -> None:
    """Display SVG text, such as a diagram, in the same way as `show` displays a figure.

    Raises ValueError for a text without an <svg> element, and for an `alt` of fewer than three words.
    """
    emit("image/svg+xml", titled(svg, alt), alt, fact)


def titled(svg: str, alt: str) -> str:
    """The <svg> element without XML preamble, with role="img" and the alternative text as its title.

    >>> titled('<?xml version="1.0"?><svg width="2"><g/></svg>', "two levels of a U")
    '<svg role="img" width="2"><title>two levels of a U</title><g/></svg>'
    """
    found = re.search(r"<svg\b([^>]*)>(.*)</svg>", svg, flags=re.DOTALL)
    if not found:
        raise ValueError("the drawing has no <svg> element; pass the text of an SVG file")
    attributes, content = re.sub(r'\s+role="[^"]*"', "", found[1]), re.sub(r"^\s*<title\b.*?</title>", "", found[2])
    return f'<svg role="img"{attributes}><title>{escape(alt)}</title>{content}</svg>'


def _pixels(figure: Figure) -> int:
    images = (image.get_array() for axes in figure.axes for image in axes.get_images())
    return sum(array.size for array in images if array is not None)


def emit(kind: str, picture: str | bytes, alt: str, fact: str) -> None:
    """Display a picture of this MIME type with its alternative text, and print the fact.

    Raises ValueError for an `alt` of fewer than three words.
    """
    if len(alt.split()) < 3:
        raise ValueError(f"alt={alt!r}: describe the figure in a sentence, for readers who cannot see it")
    publish({kind: picture, "text/plain": alt}, {kind: {"alt": alt}})
    print(fact or alt)
