"""A page shows the same numbers to pointer, keyboard and screen reader; a plain U gets the explorer."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.oracles import hooked_nets
from tests.oracles.browser import DARK_MODE, ask, needs_chromium
from tests.oracles.html_pages import PAGES, described, html_page, table_cells
from unet_tutorial.figures.drawing.layout import arrange
from unet_tutorial.figures.drawing.scene import Label, text_width
from unet_tutorial.figures.drawing.style import PAPER
from unet_tutorial.figures.pages.explorer import Choice, level_rows, results
from unet_tutorial.figures.pages.markup import map_rows
from unet_tutorial.figures.pages.page import lead, matching_choice, page
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import padded_unet, paper_unet, residual_unet

pytestmark = pytest.mark.slow

AXE = os.environ.get("UNET_AXE", "")

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

INTERACTIONS = """
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
def test_without_a_script_the_figure_and_the_numbers_are_there(name: str) -> None:
    text = re.sub(r"<script>.*?</script>", "", html_page(name), flags=re.DOTALL)
    assert text.count("<svg") == text.count('<svg role="img"') == 1
    assert table_cells(text, "maps") == map_rows(described(name))
    if name == "explorer":
        assert table_cells(text, "levels") == level_rows(Choice())
        texts = dict(re.findall(r'data-result="(\w+)">(.*?)</', text))
        assert {key: texts[key] for key in results(Choice())} == results(Choice())


@needs_chromium
@pytest.mark.parametrize("name", ["explorer", "paper"])
def test_what_needs_a_script_is_hidden_without_one(name: str) -> None:
    script = """
    const seen = (each) => each.checkVisibility() && each.getBoundingClientRect().width > 300;
    const shown = (selector) => [...document.querySelectorAll(selector)].filter(seen).length;
    return [shown("form, .jumps, .hint"), shown("svg"), shown("summary") > 0];"""
    assert ask(re.sub(r"<script>.*?</script>", "", html_page(name), flags=re.DOTALL), script) == [0, 1, True]
    assert ask(html_page(name), script)[0] > 2


@cache
def asked(name: str) -> list[Any]:
    """The values of ``CONTROLS`` and of ``INTERACTIONS`` in this page."""
    both = f"return [() => {{{CONTROLS}}}, () => {{{INTERACTIONS}}}].map((run) => run());"
    found: list[Any] = ask(html_page(name), both, "--window-size=1280,3000")
    return found


@needs_chromium
@pytest.mark.parametrize("name", PAGES)
def test_the_browser_asks_for_nothing_and_every_control_has_its_name(name: str) -> None:
    found = dict(asked(name)[0])
    assert found.pop("count") > len(described(name).nodes) / 2
    headings = found.pop("headings")
    assert headings[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(headings))
    assert found == {"requests": 0, "nameless": [], "unreached": [], "twice": [], "missing": [], "parts": []}


@needs_chromium
@pytest.mark.parametrize("name", PAGES)
def test_focus_and_pointer_show_the_numbers_of_a_map(name: str) -> None:
    found = asked(name)[1]
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


MARKED = """
const number = (element, name) => Number(element.getAttribute(name));
const area = (rect) => {
  const line = Number.parseFloat(getComputedStyle(rect).strokeWidth);
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) => number(rect, name));
  return [x - line / 2, y - line / 2, x + width + line / 2, y + height + line / 2];
};
return [...document.querySelectorAll("[data-viewer], [data-explorer]")].map((root) =>
  [...root.querySelectorAll(".spot")].map((spot) => {
    spot.focus();
    spot.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    const pressed = spot.getAttribute("aria-pressed");
    const areas = [...root.querySelectorAll(".marks rect, .spot[aria-pressed=true] rect")].map(area);
    spot.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    return { pressed, areas };
  }));"""


@needs_chromium
def test_a_selected_map_hides_no_text_in_either_figure() -> None:
    """The frame around its box and the bar on the input; both figures of this page have the same coordinates."""
    scene = arrange(described("paper"), PAPER, "conv")
    figures = ask(html_page("paper"), MARKED)
    assert len(figures) == 2
    for spots in figures:
        assert len(spots) >= len(scene.boxes)
        for spot in spots:
            assert spot["pressed"] == "true"
            assert len(spot["areas"]) == 3
            hidden = {label.id for label in scene.labels for area in spot["areas"] if covers(area, label, scene.font)}
            assert hidden == set()


def covers(area: tuple[float, float, float, float], label: Label, font: float) -> bool:
    """Whether an area (left, top, right, bottom) covers a part of a label above its baseline."""
    wide, high = text_width(label.text, font), 0.76 * font
    left = label.x - {"start": 0.0, "middle": wide / 2, "end": wide}[label.anchor]
    x, y, right, low = (left, label.y - high, left + wide, label.y)
    if label.upright:
        x, y, right, low = (label.x - high, label.y - wide, label.x, label.y)
    return area[0] < right and x < area[2] and area[1] < low and y < area[3]


def test_the_explorer_opens_with_the_network_of_the_page() -> None:
    assert matching_choice(described("paper")) == Choice()
    for choice in (Choice(44, 2, 3, "valid", 3, 2, 5), Choice(24, 3, 128, "same", 2, 64, 64), Choice(4, 1, 1, "same")):
        assert matching_choice(choice.arch()) == choice
    text = html_page("paper")
    assert text.count("data-explorer") > html_page("padded").count("data-explorer")


def test_no_explorer_for_what_it_could_not_show() -> None:
    assert [name for name in PAGES if matching_choice(described(name))] == ["explorer", "paper"]
    arch = Choice(24, 3, 8, "same").arch()
    wider = [replace(node, parameters=node.parameters + 1) if node.op == "up" else node for node in arch.nodes]
    assert matching_choice(arch)
    assert not matching_choice(replace(arch, nodes=tuple(wider)))
    assert not matching_choice(Choice(24, 1, 129, "same").arch())
    assert not matching_choice(Choice(24, 0, 8, "same").arch())  # a single level is not a U


def test_a_network_with_an_input_size_that_no_plain_u_takes_has_a_page_without_the_explorer() -> None:
    """Its unpadded 3×3 convolutions look like those of a plain U, which does not accept 16 pixels."""
    dense = hooked_nets.arch("dense")
    assert matching_choice(dense) is None
    assert "data-explorer" not in re.sub(r"<script>.*?</script>", "", page(dense), flags=re.DOTALL)


class Stemmed(nn.Module):
    """A U of one pooling behind a stem of its own kernel, with any number of outputs and of axes."""

    def __init__(self, stem: int, outs: int = 2, rank: int = 2) -> None:
        super().__init__()
        kinds: Any = [(nn.Conv1d, nn.ConvTranspose1d, nn.MaxPool1d), (nn.Conv2d, nn.ConvTranspose2d, nn.MaxPool2d)]
        conv, up, pool = kinds[rank - 1]
        self.stem, self.down = conv(1, 4, stem, padding=stem // 2), conv(4, 8, 3, padding=1)
        self.up, self.head = up(8, 4, 2, 2), conv(8, outs, 1)
        self.pool = pool(2)

    def forward(self, x: Tensor) -> Tensor:
        fine = self.stem(x)
        logits: Tensor = self.head(torch.cat((fine, self.up(self.down(self.pool(fine)))), 1))
        return logits


FOREIGN: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "a 1x1 stem": (lambda: Stemmed(1), (1, 1, 16, 16)),
    "a 1x1 stem and an odd side": (lambda: Stemmed(1), (1, 1, 18, 30)),
    "a 5x5 stem": (lambda: Stemmed(5), (1, 1, 16, 16)),
    "no output channel": (lambda: Stemmed(3, outs=0), (1, 1, 16, 16)),
    "one axis": (lambda: Stemmed(3, rank=1), (1, 1, 16)),
    "a U behind a stem": (lambda: nn.Sequential(nn.Conv2d(1, 4, 1), padded_unet(4, widths=(4, 8))), (1, 1, 16, 16)),
    "the same, unpadded": (lambda: nn.Sequential(nn.Conv2d(1, 4, 1), paper_unet(4, widths=(4, 8))), (1, 1, 20, 20)),
    "a single level": (lambda: nn.Conv2d(1, 4, 3), (1, 1, 16, 16)),
    "strides for poolings": (lambda: residual_unet(widths=(4, 8)), (1, 1, 16, 16)),
}


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize("name", FOREIGN)
def test_every_network_that_can_be_drawn_has_a_page(name: str) -> None:
    """Only networks of the plain family have levels in the sense of ``plan``, and none of these is one."""
    build, shape = FOREIGN[name]
    arch = trace(build(), torch.empty(shape, device="meta"))
    assert "data-viewer" in page(arch)
    assert matching_choice(arch) is None


def test_the_lead_names_input_output_totals_and_the_reason() -> None:
    assert lead(described("paper")) == (
        "1×572×572 → 2×388×388. 31,030,658 parameters, 150,428,424,448 multiply-accumulates, "
        "727,380,032 bytes saved for the backward pass."
    )
    assert lead(described("classifier")).endswith(f" Not drawn as a U: {described('classifier').reason}.")


@needs_chromium
@pytest.mark.skipif(not AXE, reason="UNET_AXE does not name an axe.min.js; npm install axe-core, and say where it is")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(name: str, scheme: str) -> None:
    source = Path(AXE).read_text(encoding="utf8").replace("</", "<\\/")
    opened = (
        html_page(name).replace("<details>", "<details open>").replace("</body>", f"<script>{source}</script></body>")
    )
    script = """
    const found = await axe.run(document, { resultTypes: ["violations"] });
    const told = (each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`;
    return { dark: matchMedia("(prefers-color-scheme: dark)").matches, passes: found.passes.length,
      violations: found.violations.map(told) };"""
    found = ask(opened, script, *(DARK_MODE if scheme == "dark" else ()))
    assert found["violations"] == []
    assert found["passes"] > 15
    assert found["dark"] == (scheme == "dark")
