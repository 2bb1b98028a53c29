"""Shows a page with sliders inside a lesson. The pages are the files in ``notebooks/sliders``."""

from __future__ import annotations

import re
from html import escape

from unet_tutorial.teaching.lessons.catalogue import FOLDER as LESSONS
from unet_tutorial.teaching.lessons.show import emit

FOLDER = LESSONS / "sliders"


def show_slider(name: str, alt: str, fact: str = "") -> None:
    """Display a page with sliders, and print `fact` (or the alternative text if there is none).

    `name` is that of a file in ``notebooks/sliders`` without its suffix. The page is stored in the output, in a frame
    that may run its script and nothing else, so it also works in a static page. `alt` describes it in a sentence.
    Raises ValueError for an unknown name, and for an `alt` of fewer than three words.
    """
    emit("text/html", frame(slider_page(name)), alt, fact)


def slider_page(name: str) -> str:
    """The HTML of a page. Raises ValueError for an unknown name."""
    names = sorted(path.stem for path in FOLDER.glob("*.html"))
    if name not in names:
        raise ValueError(f"no page with sliders is named {name!r}; there are {', '.join(names)}")
    return (FOLDER / f"{name}.html").read_text(encoding="utf8")


def frame(page: str) -> str:
    """An iframe that holds the page, with the page's title, and its height from the attribute ``data-height``."""
    found = re.search(r'data-height="(\d+)".*?<title>(.*?)</title>', page, flags=re.DOTALL)
    if not found:
        raise ValueError('the page needs <html data-height="…">, the height in pixels, and a <title>')
    style = f"width: 100%; height: {found[1]}px; border: 0"
    return f'<iframe title="{found[2]}" style="{style}" sandbox="allow-scripts" srcdoc="{escape(page)}"></iframe>'
