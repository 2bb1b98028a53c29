"""The pages with sliders are those that ``docs.build.sliders`` writes, and readers of all kinds can use them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from docs.build.sliders import DARK_FILLS, FILLS, SLIDERS, page, pages
from unet_tutorial.figures.drawing.palette import PALETTES, contrast
from unet_tutorial.figures.pages.markup import DARK, LIGHT
from unet_tutorial.teaching.lessons.catalogue import lessons
from unet_tutorial.teaching.lessons.lesson import joined, read
from unet_tutorial.teaching.lessons.slider import FOLDER, frame


def test_the_pages_are_up_to_date() -> None:
    stale = [path.name for path, text in pages().items() if path.read_text(encoding="utf8") != text]
    assert stale == [], "run: python -m docs.build.sliders"
    assert sorted(FOLDER.glob("*")) == sorted(pages())


@pytest.mark.parametrize("path", lessons(), ids=lambda path: path.stem)
def test_a_lesson_holds_the_page_as_it_is_now(path: Path) -> None:
    cells = [cell for cell in read(path).code if re.search(r"^show_slider\(", cell["source"], re.MULTILINE)]
    frames = [joined(out["data"]["text/html"]) for cell in cells for out in cell["outputs"] if "data" in out]
    assert len(frames) == len(cells)
    current = [frame(text) for text in pages().values()]
    assert [html for html in frames if html not in current] == [], f"run: python3 course.py notebooks {path.stem}"


def test_every_page_is_in_a_lesson() -> None:
    sources = "\n".join(cell["source"] for path in lessons() for cell in read(path).code)
    assert sorted(re.findall(r'^show_slider\(\s*"(\w+)"', sources, re.MULTILINE)) == sorted(SLIDERS)


class Parts(HTMLParser):
    """The start tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.mark.parametrize("name", SLIDERS)
def test_every_slider_has_a_label_and_shows_its_value(name: str) -> None:
    parts = Parts(page(name))
    ids = [each["id"] for each in parts.of("input")]
    assert ids == [control.name for control in SLIDERS[name].controls]
    assert {each["type"] for each in parts.of("input")} == {"range"}
    assert [each["for"] for each in parts.of("label")] == [each["for"] for each in parts.of("output")] == ids
    for control in SLIDERS[name].controls:
        assert control.least <= control.value <= control.most
        assert (control.value - control.least) % control.step == 0


@pytest.mark.parametrize("name", SLIDERS)
def test_a_page_is_one_file_without_addresses(name: str) -> None:
    text = page(name)
    assert set(re.findall(r"\w+://[^\"'\s)]+", text)) <= {"http://www.w3.org/2000/svg"}  # the name of SVG elements
    assert not re.search(r"\b(?:src|href|action)=|@import|url\((?!#)|fetch\(|XMLHttpRequest|\bimport\b *[({'\"]", text)
    assert "default-src 'none'" in text
    assert {tag for tag, _ in Parts(text).found} & {"link", "img", "object", "embed", "iframe"} == set()


@pytest.mark.parametrize("name", SLIDERS)
def test_a_page_serves_screen_readers_dark_schemes_and_readers_without_motion(name: str) -> None:
    text, parts = page(name), Parts(page(name))
    assert parts.of("html")[0]["lang"] == "en"
    assert [each["aria-live"] for each in parts.of("p") if "aria-live" in each] == ["polite"]
    assert "@media (prefers-color-scheme: dark)" in text
    assert ":focus-visible { outline: 3px" in text
    assert not re.search(r"transition|animation|requestAnimationFrame|scroll-behavior", text)


@pytest.mark.parametrize(
    ("ground", "colours", "fills"), [("okabe-ito", LIGHT, FILLS), ("dark", DARK, DARK_FILLS)], ids=["light", "dark"]
)
def test_colours_are_told_from_the_ground_and_texts_are_read(
    ground: str, colours: dict[str, str], fills: dict[str, str]
) -> None:
    """Contrasts of WCAG 2.2: 4.5 to 1 for texts, 3 to 1 for lines; filled areas have such a line around them."""
    for behind in (PALETTES[ground].ground, colours["card"]):
        texts = [PALETTES[ground].text, *(colours[name] for name in ("soft", "accent", "bad", "good"))]
        assert min(contrast(each, behind) for each in texts) >= 4.5
        assert min(contrast(fills[name], behind) for name in ("warm", "cool")) >= 3
    assert contrast(fills["on-fill"], fills["kept"]) >= 4.5
