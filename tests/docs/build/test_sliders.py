"""The pages with sliders are those that ``docs.build.sliders`` writes, and their numbers are those of the library."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import product
from typing import Any

import pytest
import torch

from docs.build.sliders import SLIDERS, page, pages
from tests.oracles.browser import ask, needs_chromium
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.teaching.lessons.slider import FOLDER


def test_the_pages_are_up_to_date() -> None:
    stale = [path.name for path, text in pages().items() if path.read_text(encoding="utf8") != text]
    assert stale == [], "run: python -m docs.build.sliders"
    assert sorted(FOLDER.glob("*")) == sorted(pages())


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


def results(name: str, call: str, table: list[Any]) -> list[Any]:
    """The results of a function of the page for every row of the table."""
    found: list[Any] = ask(page(name), f"return {json.dumps(table)}.map((row) => {call});")
    assert len(found) == len(table)
    return found


@needs_chromium
def test_crops_are_those_of_center_crop() -> None:
    table = list(product(range(1, 21), range(1, 21)))
    found = results("crop", "[cropError([row[0], 3], [row[1], 2]), removed(...row)]", table)
    for (large, small), (error, axis) in zip(table, found, strict=True):
        try:
            kept = center_crop(torch.arange(large).reshape(1, 1, large), (small,)).flatten().tolist()
        except ValueError:
            assert error.startswith(f"cannot crop ({large}, 3) to ({small}, 2); pass one length per axis"), error
            continue
        assert (error, axis) == ("", {"before": kept[0], "after": large - 1 - kept[-1]}), (large, small)


@needs_chromium
def test_the_message_for_a_skip_that_is_too_small_is_that_of_the_library() -> None:
    with pytest.raises(ValueError, match="cannot crop") as raised:
        center_crop(torch.zeros(1, 1, 5, 9), (6, 7))
    assert results("crop", "cropError(...row)", [[(5, 9), (6, 7)]]) == [str(raised.value)]
