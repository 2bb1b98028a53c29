"""The pages: one file, no request, a name for every control, and the same numbers by pointer, by keyboard and without
a script."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from tests.oracles.browser import ask, needs_chromium
from tests.oracles.html_pages import PAGES, described, shown
from unet_tutorial.figures.pages.markup import map_rows

pytestmark = pytest.mark.slow

CONTROLS = """
const all = (selector) => [...document.querySelectorAll(selector)];
const labels = (each) => [...(each.labels || [])].map((label) => label.textContent).join(" ");
const own = (each) => (each.matches("input") ? "" : each.textContent);
const name = (each) => (each.getAttribute("aria-label") || labels(each) || own(each)).trim();
const reached = all("a[href], button, input, select, summary, [tabindex]");
const ids = all("[id]").map((each) => each.id);
const meant = (each) => each.getAttribute("aria-labelledby") || each.getAttribute("aria-describedby");
const targets = all("[aria-labelledby], [aria-describedby], label[for], a[href]").map((each) =>
  meant(each) || each.htmlFor || each.hash.slice(1));
return {
  requests: performance.getEntriesByType("resource").length,
  nameless: reached.filter((each) => !name(each)).map((each) => each.outerHTML),
  unreached: reached.filter((each) => each.tabIndex !== 0).map((each) => each.outerHTML),
  twice: ids.filter((id, i) => ids.indexOf(id) !== i),
  missing: targets.filter((id) => !document.getElementById(id)),
  headings: all("h1, h2, h3, h4").map((each) => Number(each.tagName[1])),
  parts: ["header", "main", "footer", "[lang=en]"].filter((part) => !document.querySelector(part)),
  count: reached.length,
};"""

LOOKS = """
const root = document.querySelector("[data-viewer], [data-explorer]");
const read = () => [root.querySelector(".panel .name").textContent,
  ...[...root.querySelectorAll(".panel dd")].map((each) => each.textContent)];
const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const spots = [...root.querySelectorAll(".spot")];
const walked = spots.map((spot) => {
  spot.focus();
  return [...read(), root.querySelectorAll(".marks .sees").length, root.querySelectorAll(".words").length];
});
spots[0].focus();
press("ArrowRight");
const next = document.activeElement === spots[1];
press("Enter");
const point = (spot) => {
  const { x, y, width, height } = spot.getBoundingClientRect();
  const at = { clientX: x + width / 2, clientY: y + height / 2, bubbles: true };
  window.scrollTo(0, 0);
  spot.dispatchEvent(new PointerEvent("pointermove", at));
  return read()[0];
};
const held = [point(spots[3]), spots[1].getAttribute("aria-pressed")];
press("Escape");
return { walked, next, held, pointed: spots.map(point) };"""


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_asked_of_the_network(name: str) -> None:
    text = re.sub(r"http://www\.w3\.org/(2000/svg|1999/xlink)", "", shown(name))
    asking = r"""https?:|["'(]\s*//\w|\ssrc=|srcset|@import|url\((?!#)|<link|<base|fetch\(|XMLHttp|WebSocket|import\("""
    assert re.findall(asking, text) == []
    assert re.findall(r"default-src 'none'", text) == ["default-src 'none'"]
    assert re.findall(r"/work|/tmp|/home|0x[0-9a-f]{6,}|20\d\d-\d\d", text) == []


@needs_chromium
@pytest.mark.parametrize("name", PAGES)
def test_the_browser_asks_for_nothing_and_every_control_has_its_name(name: str) -> None:
    found = ask(shown(name), CONTROLS)
    assert found.pop("count") > len(described(name).nodes) / 2
    headings = found.pop("headings")
    assert headings[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))
    assert found == {"requests": 0, "nameless": [], "unreached": [], "twice": [], "missing": [], "parts": []}


@needs_chromium
@pytest.mark.parametrize("name", PAGES)
def test_focus_and_pointer_show_the_numbers_of_a_map(name: str) -> None:
    found = ask(shown(name), LOOKS, "--window-size=1280,3000")
    rows = map_rows(described(name))
    names = [row[0] for row in rows]
    walked = [row[:-2] for row in found["walked"]]
    assert all(row in rows for row in walked)
    assert [names.index(row[0]) for row in walked] == sorted({names.index(row[0]) for row in walked})
    seeing = [int(row[-1] != "—") for row in walked]
    assert [row[-2:] for row in found["walked"]] == [[each, each] for each in seeing]
    assert found["next"]
    assert found["held"] == [walked[1][0], "true"]
    merged = {row[0] for row in rows if row[1] == "concat"}  # its middle is the edge between its halves
    pairs = [(row[0], told) for row, told in zip(walked, found["pointed"], strict=True) if row[0] not in merged]
    assert [told for _, told in pairs] == [own for own, _ in pairs]
