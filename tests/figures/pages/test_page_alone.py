"""A page without a script, inside another page, for networks of any kind; and what axe-core says of it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from tests.oracles.browser import ask, needs_chromium
from tests.oracles.html_pages import PAGES, described, shown
from tests.paths import ROOT
from unet_tutorial.figures.drawing.palette import PALETTES, contrast
from unet_tutorial.figures.pages.explorer import Choice, explorer, level_rows, results
from unet_tutorial.figures.pages.markup import DARK, LIGHT, iframe, map_rows
from unet_tutorial.figures.pages.page import matching_choice

pytestmark = pytest.mark.slow

AXE = os.environ.get("UNET_AXE", "")


def cells(text: str, table: str) -> list[list[str]]:
    """What stands in the body of the first table of a class."""
    body = re.search(rf'<table class="{table}".*?<tbody>(.*?)</tbody>', text, re.DOTALL)
    assert body
    rows = re.findall(r"<tr.*?</tr>", body[1], re.DOTALL)
    return [[unescape(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)] for row in rows]


@pytest.mark.parametrize("name", PAGES)
def test_without_a_script_the_figure_and_the_numbers_are_there(name: str) -> None:
    text = re.sub(r"<script>.*?</script>", "", shown(name), flags=re.DOTALL)
    assert text.count("<svg") == text.count('<svg role="img"') == 1
    assert cells(text, "maps") == map_rows(described(name))
    if name == "explorer":
        assert cells(text, "levels") == level_rows(Choice())
        told = dict(re.findall(r'data-result="(\w+)">(.*?)</', text))
        assert {key: told[key] for key in results(Choice())} == results(Choice())


@needs_chromium
@pytest.mark.parametrize("name", ["explorer", "paper"])
def test_what_needs_a_script_is_hidden_without_one(name: str) -> None:
    script = """
    const seen = (each) => each.checkVisibility() && each.getBoundingClientRect().width > 300;
    const shown = (selector) => [...document.querySelectorAll(selector)].filter(seen).length;
    return [shown("form, .jumps, .hint, .legend"), shown("svg"), shown("summary") > 0];"""
    assert ask(re.sub(r"<script>.*?</script>", "", shown(name), flags=re.DOTALL), script) == [0, 1, True]
    assert ask(shown(name), script)[0] > 2


def test_framed_holds_the_whole_page() -> None:
    text = iframe(explorer(), 'A "page"')
    assert text.startswith('<iframe title="A &quot;page&quot;"')
    assert [unescape(inside) for inside in re.findall(r'sandbox="allow-scripts" srcdoc="([^"]*)"', text)] == [
        explorer()
    ]


def test_the_explorer_opens_with_the_network_of_the_page() -> None:
    assert matching_choice(described("paper")) == Choice()
    for choice in (Choice(44, 2, 3, "valid", 3, 2, 5), Choice(24, 3, 128, "same", 2, 64, 64), Choice(4, 1, 1, "same")):
        assert matching_choice(choice.arch()) == choice
    text = shown("paper")
    assert text.count("data-explorer") > shown("padded").count("data-explorer")


def test_no_explorer_for_what_it_could_not_show() -> None:
    assert [name for name in PAGES if matching_choice(described(name))] == ["explorer", "paper"]
    arch = Choice(24, 3, 8, "same").arch()
    wider = [replace(node, parameters=node.parameters + 1) if node.op == "up" else node for node in arch.nodes]
    assert matching_choice(arch)
    assert not matching_choice(replace(arch, nodes=tuple(wider)))
    assert not matching_choice(Choice(24, 1, 129, "same").arch())
    assert not matching_choice(Choice(24, 0, 8, "same").arch())  # a single level has no way through a U


@pytest.mark.parametrize(("palette", "more"), [("paper", LIGHT), ("dark", DARK)])
def test_texts_can_be_read(palette: str, more: dict[str, str]) -> None:
    for ground in (PALETTES[palette].ground, more["card"]):
        for name in ("soft", "accent", "bad", "good"):
            assert contrast(more[name], ground) >= 4.5, (name, ground)
        assert contrast(PALETTES[palette].text, ground) >= 4.5
    assert contrast(PALETTES[palette].ground, more["accent"]) >= 4.5  # a button under the pointer


def test_the_same_page_in_another_process(tmp_path: Path) -> None:
    code = "from unet_tutorial.figures.pages.explorer import explorer; import sys; sys.stdout.write(explorer())"
    root = str(ROOT)
    known = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONPATH": root, "PYTHONIOENCODING": "utf8"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=tmp_path, env=known, check=True)
    assert done.stdout.decode("utf8") == explorer()


@needs_chromium
@pytest.mark.skipif(not AXE, reason="UNET_AXE does not name an axe.min.js; npm install axe-core, and say where it is")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_violation(name: str, scheme: str) -> None:
    source = Path(AXE).read_text(encoding="utf8").replace("</", "<\\/")
    opened = shown(name).replace("<details>", "<details open>").replace("</body>", f"<script>{source}</script></body>")
    script = """
    const found = await axe.run(document, { resultTypes: ["violations"] });
    const told = (each) => `${each.id}: ${each.nodes.map((node) => node.html.slice(0, 200)).join(" | ")}`;
    return { dark: matchMedia("(prefers-color-scheme: dark)").matches, passes: found.passes.length,
      violations: found.violations.map(told) };"""
    flags = ("--force-dark-mode", "--blink-settings=preferredColorScheme=0") if scheme == "dark" else ()
    found = ask(opened, script, *flags)
    assert found["violations"] == []
    assert found["passes"] > 15
    assert found["dark"] == (scheme == "dark")
