"""The parts of a page: no HTTP requests, enough contrast, escaped texts, and a table with data for the scripts."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.oracles.described_nets import arch, evil
from tests.oracles.html_pages import PAGES, described, html_page, table_cells
from unet_tutorial.figures.arch.receptive_field import with_receptive_fields
from unet_tutorial.figures.drawing.palette import PALETTES, contrast
from unet_tutorial.figures.pages.explorer import Choice, explorer
from unet_tutorial.figures.pages.markup import (
    DARK,
    HEADS,
    LIGHT,
    SCRIPTS,
    STYLES,
    asset,
    figure,
    iframe,
    map_rows,
    map_table,
)
from unet_tutorial.figures.pages.page import page
from unet_tutorial.plan.receptive_field import seen_by

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", PAGES)
def test_the_page_makes_no_http_requests(name: str) -> None:
    text = re.sub(r"http://www\.w3\.org/(2000/svg|1999/xlink)", "", html_page(name))
    asking = r"""https?:|["'(]\s*//\w|\ssrc=|srcset|@import|url\((?!#)|<link|<base|fetch\(|XMLHttp|WebSocket|import\("""
    assert re.findall(asking, text) == []
    assert re.findall(r"default-src 'none'", text) == ["default-src 'none'"]
    assert re.findall(r"/work|/tmp|/home|0x[0-9a-f]{6,}|20\d\d-\d\d", text) == []


def test_an_iframe_holds_the_whole_page() -> None:
    text = iframe(explorer(), 'A "page"')
    assert text.startswith('<iframe title="A &quot;page&quot;"')
    assert [unescape(inside) for inside in re.findall(r'sandbox="allow-scripts" srcdoc="([^"]*)"', text)] == [
        explorer()
    ]


@pytest.mark.parametrize(("palette", "more"), [("paper", LIGHT), ("dark", DARK)])
def test_texts_have_enough_contrast(palette: str, more: dict[str, str]) -> None:
    for ground in (PALETTES[palette].ground, more["card"]):
        for name in ("soft", "accent", "bad", "good"):
            assert contrast(more[name], ground) >= 4.5, (name, ground)
        assert contrast(PALETTES[palette].text, ground) >= 4.5
    assert contrast(PALETTES[palette].ground, more["accent"]) >= 4.5  # a button under the pointer


@pytest.mark.parametrize("name", PAGES)
def test_rows_hold_the_pixels_that_the_middle_pixel_sees(name: str) -> None:
    """As many pixels as the receptive field says; all maps but those without axes have a row with such data."""
    arch = with_receptive_fields(described(name))
    rows = re.findall(
        r'<tr data-node="(.*?)" data-op="(.*?)" data-sees="(.*?)" data-part="(.*?)">', map_table(arch, "Every map")
    )
    assert [(key, op) for key, op, _, _ in rows] == [(node.id, node.op) for node in arch.nodes]
    for node, (_, _, sees, part) in zip(arch.nodes, rows, strict=True):
        intervals = [tuple(map(int, pair.split())) for pair in sees.split(",") if pair]
        assert len(intervals) == (len(node.size) if node.scale else 0)
        for (first, last), (smallest, largest) in zip(intervals, node.field, strict=False):
            assert smallest <= last - first + 1 <= largest
        assert (part != "") == (node.op == "crop" and any(node.id in skip.through for skip in arch.skips))


def test_the_middle_pixel_of_the_output_sees_the_pixels_that_the_plan_says() -> None:
    for choice in (Choice(), Choice(44, 2, 3, "valid", 3), Choice(24, 3, 8, "same")):
        arch = choice.arch()
        *_, sees = re.findall(r'data-sees="(.*?)"', map_table(arch, "Every map"))
        first, last = seen_by(arch.nodes[-1].size[0] // 2, choice.levels, padding=choice.padding, axis=0)
        assert sees == ",".join([f"{first} {last}"] * choice.rank)


def test_special_characters_are_escaped() -> None:
    html = page(evil())
    assert html.count("<script>") == 1  # the page's own
    assert table_cells(html, "maps") == map_rows(evil())


def test_every_asset_is_in_the_page_and_only_once() -> None:
    html = explorer()
    for name in (*STYLES, *SCRIPTS):
        assert html.count(asset(name)) == 1, name
    heads = re.findall(r'<th scope="col">(.*?)</th>', map_table(described("paper"), "Every map"))
    assert [unescape(head) for head in heads] == list(HEADS)


def test_the_figure_has_the_colours_of_the_page_light_or_dark() -> None:
    light, dark = (vars(PALETTES[name]) for name in ("paper", "dark"))
    text = figure(arch("paper"))
    assert not re.search(r"#[0-9a-f]{6}\b", text)
    assert {name for name in ("blank", "text", "fill", "edge", "conv", "copy") if f"var(--{name})" in text} == {
        "blank", "text", "fill", "edge", "conv", "copy",
    }  # fmt: skip
    for one in light:  # colours that are equal in light must be equal in dark: the figure holds one name for both
        assert all(dark[one] == dark[other] for other in light if light[one] == light[other])
