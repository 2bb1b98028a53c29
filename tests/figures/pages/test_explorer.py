"""The explorer's arithmetic and its drawing in a browser are compared with Python's, for valid and invalid sizes."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import pytest

from tests.oracles.browser import DARK_MODE, ask, needs_chromium
from tests.oracles.text_extents import collisions
from tests.paths import ROOT
from unet_tutorial.figures.arch.receptive_field import with_receptive_fields
from unet_tutorial.figures.arch.text import size_text
from unet_tutorial.figures.drawing.layout import arrange
from unet_tutorial.figures.drawing.palette import ARROW_STYLES, PALETTES
from unet_tutorial.figures.drawing.render import arrowhead
from unet_tutorial.figures.drawing.scene import FONTS, Arrow, Box, Label, Scene, text_width
from unet_tutorial.figures.drawing.style import PAPER
from unet_tutorial.figures.pages.explorer import MOST, Choice, explorer, level_rows, results, verdict
from unet_tutorial.figures.pages.markup import map_rows
from unet_tutorial.plan.receptive_field import receptive_field
from unet_tutorial.plan.sizes import size_error, valid_sizes

pytestmark = pytest.mark.slow

NEAR = 0.03  # points; coordinates are rounded to hundredths

SCRIPT = """
const set = (control, value) => {
  if (control.type === "radio") control.checked = true;
  else control.value = value;
  control.dispatchEvent(new Event("input", { bubbles: true }));
};
const all = (selector, told) => [...document.querySelectorAll(selector)].map(told);
const number = (element, name) => Number(element.getAttribute(name));
const rect = (element) => element && ["x", "y", "width", "height"].map((name) => number(element, name));
const points = (path) => path.getAttribute("d").match(/[\\d.]+ [\\d.]+/g).map((pair) => pair.split(" ").map(Number));
const scene = () => ({
  sheet: document.querySelector(".figure svg").getAttribute("viewBox").split(" ").slice(2).map(Number),
  font: number(document.querySelector(".labels"), "font-size"),
  measured: document.querySelector(".labels text").getComputedTextLength(),
  boxes: all(".boxes > g", (each) => ({ id: each.dataset.node, rect: rect(each.querySelector(".box")),
    blank: rect(each.querySelector(".blank")), crop: rect(each.querySelector(".crop")) })),
  arrows: all(".arrow", (each) => ({ id: each.dataset.id, kind: each.classList[1],
    shaft: points(each.querySelector(".shaft")), head: points(each.querySelector(".head, .barb")),
    lines: [...each.children].map((path) => number(path, "stroke-width")) })),
  labels: all(".labels text", (each) => ({ id: each.dataset.id, text: each.textContent, x: number(each, "x"),
    y: number(each, "y"), anchor: each.getAttribute("text-anchor"), upright: each.hasAttribute("transform") })),
});
const texts = (table) => all(`${table} tbody tr`, (row) => [...row.cells].map((cell) => cell.textContent));
return CHOICES.map((choice, i) => {
  for (const name of ["padding", "rank"]) set(document.querySelector(`[data-name=${name}][value="${choice[name]}"]`));
  const kind = i % 2 ? "range" : "number";
  for (const name of ["ins", "outs"]) set(document.querySelector(`[data-name=${name}]`), choice[name]);
  for (const name of ["depth", "width"]) set(document.querySelector(`[data-name=${name}][type=${kind}]`), choice[name]);
  set(document.querySelector(`[data-name=size][type=${choice.size > 1024 ? "number" : kind}]`), choice.size);
  const results = Object.fromEntries(all(".results [data-result]", (each) => [each.dataset.result, each.textContent]));
  return {
    sentence: document.querySelector(".sentence").textContent, results,
    levels: texts(".levels"), maps: texts(".maps"), count: document.querySelector("[data-result=count]").textContent,
    jumps: all("[data-jump]", (each) => each.dataset.jump),
    drawn: all(".figure [data-node]", (each) => each.dataset.node), scene: scene(),
  };
});
"""


@cache
def choices() -> tuple[Choice, ...]:
    """Extreme choices and random ones; every second size is valid."""
    dice, found = random.Random(5), [Choice(), Choice(570), Choice(187)]
    found.append(Choice(4096, depth=6, width=128, rank=3, padding="same"))  # past 2**53
    found.append(Choice(128, depth=0, width=4, padding="same", ins=2))  # 0.625 MiB: a tie in rounding
    found += [Choice(n, depth=0, padding=p, rank=3) for n in (4, 5) for p in ("valid", "same")]
    while len(found) < 56:
        depth, width, rank = dice.randint(0, 6), dice.randint(1, 128), dice.choice((2, 3))
        choice = Choice(1, depth, width, dice.choice(("valid", "same")), rank, dice.randint(1, 64), dice.randint(1, 64))
        (valid, *_) = valid_sizes(choice.levels, padding=choice.padding)
        size = valid[dice.randint(0, 12)] + (dice.randint(-40, 40) if len(found) % 2 else 0)
        found.append(Choice(max(1, size), depth, width, choice.padding, rank, choice.ins, choice.outs))
    return tuple(found)


@pytest.fixture(scope="module")
def answers() -> list[dict[str, Any]]:
    given = [{name: getattr(choice, name) for name in vars(choice)} for choice in choices()]
    found: list[dict[str, Any]] = ask(explorer(), SCRIPT.replace("CHOICES", json.dumps(given)))
    return found


def valid_choices() -> list[int]:
    return [
        i for i, choice in enumerate(choices()) if not size_error(choice.input, choice.levels, padding=choice.padding)
    ]


@needs_chromium
def test_every_number_of_a_valid_size(answers: list[dict[str, Any]]) -> None:
    assert len(valid_choices()) >= 25
    for i in valid_choices():
        choice, arch = choices()[i], choices()[i].arch()
        assert answers[i]["sentence"] == verdict(choice), choice
        assert answers[i]["results"] == results(choice), choice
        assert answers[i]["levels"] == level_rows(choice), choice
        assert answers[i]["maps"] == map_rows(arch), choice


@needs_chromium
def test_the_picture_holds_every_map_with_its_channels_size_and_crop(answers: list[dict[str, Any]]) -> None:
    for i in valid_choices():
        choice, nodes = choices()[i], choices()[i].arch().nodes
        assert sorted(answers[i]["drawn"]) == sorted(node.id for node in nodes), choice
        texts = {label["id"]: label["text"] for label in answers[i]["scene"]["labels"]}
        size = ""
        for node in nodes:
            if node.op == "crop":
                level = node.id.removeprefix("skip").split(".")[0]
                assert texts[f"crop-dec{level}.concat1"].removeprefix("crop ") == str(node.crop[0][0]), choice
            elif node.op != "up":
                size = texts.get(f"{node.id}.size", size)
                assert texts[f"{node.id}.channels"] == str(node.channels), choice
                assert size == size_text(node.size), (choice, node.id)
        assert (texts[f"{nodes[0].id}.word"], texts[f"{nodes[-1].id}.word"]) == ("input", "output")


def drawn_by_python(choice: Choice) -> Scene | None:
    """The scene of the page's first figure for this choice; None if it is not a U with all maps."""
    arch = choice.arch()
    scene = arrange(arch, PAPER, "conv")
    return None if arch.reason or scene.notes else scene


@needs_chromium
def test_the_drawing_is_the_one_that_python_makes(answers: list[dict[str, Any]]) -> None:
    """In points, if the browser has the font in which Python measures texts."""
    if answers[0]["scene"]["measured"] != pytest.approx(text_width("1", 8), abs=NEAR):
        pytest.skip(f"the browser has no {FONTS[0]}; apt-get install fonts-dejavu-core")
    compared = [(i, scene) for i in valid_choices() if (scene := drawn_by_python(choices()[i]))]
    assert len(compared) >= 15
    for i, expected in compared:
        found, choice = answers[i]["scene"], choices()[i]
        assert found["font"] == expected.font, choice
        assert found["sheet"] == pytest.approx((expected.width, expected.height), abs=NEAR), choice
        for own, box in zip(found["boxes"], expected.boxes, strict=True):
            assert own["id"] == box.id
            assert own["rect"] == pytest.approx((box.x, box.y, box.width, box.height), abs=NEAR), (choice, box.id)
            blank = (box.x, box.y, box.blank, box.height) if box.blank else None
            assert own["blank"] == (blank and pytest.approx(blank, abs=NEAR)), (choice, box.id)
            crop = (box.x, box.crop[0], box.width, box.crop[1] - box.crop[0]) if box.crop else None
            assert own["crop"] == (crop and pytest.approx(crop, abs=NEAR)), (choice, box.id)
        for line, arrow in zip(found["arrows"], expected.arrows, strict=True):
            assert (line["id"], line["kind"]) == (arrow.id, arrow.kind)
            assert_arrow(line, arrow, expected.font)
        for text, label in zip(in_order(found["labels"]), in_order(map(vars, expected.labels)), strict=True):
            assert text == {key: label[key] for key in text} | {
                key: pytest.approx(label[key], abs=NEAR) for key in ("x", "y")
            }, choice


def in_order(labels: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(labels, key=lambda label: str(label["id"]))


def assert_arrow(found: dict[str, Any], arrow: Arrow, font: float) -> None:
    """Compare the shaft, the head and the thickness of both with those of ``render``."""
    style = ARROW_STYLES[arrow.kind]
    base, corners = arrowhead(arrow, style.head * font)
    end = arrow.points[-1]
    shaft = [*arrow.points[:-1], end if style.tip == "barb" else base]
    for own, points in ((found["shaft"], shaft), (found["head"], [corners[0], end, corners[1]])):
        assert [x for point in own for x in point] == pytest.approx([x for point in points for x in point], abs=NEAR)
    head = max(style.shaft, 0.12) if style.tip == "barb" else 0.08
    assert found["lines"] == pytest.approx([style.shaft * font, head * font], abs=NEAR)


@needs_chromium
def test_nothing_overlaps_and_nothing_is_outside_the_sheet(answers: list[dict[str, Any]]) -> None:
    for answer, choice in zip(answers, choices(), strict=True):
        assert collisions(parsed_scene(answer["scene"])) == [], choice


@needs_chromium
def test_an_invalid_size_is_drawn_up_to_the_step_that_fails(answers: list[dict[str, Any]]) -> None:
    for i in sorted(set(range(len(choices()))) - set(valid_choices())):
        labels = {label["id"]: label["text"] for label in answers[i]["scene"]["labels"]}
        last = int(answers[i]["maps"][-1][2].split("×")[1])
        reasons = [f"✗ {last} ÷ 2 leaves a pixel over", f"✗ {last} is too small for two convolutions"]
        assert labels["stop"] in reasons
        assert not any(text == "output" for text in labels.values())
        assert len(answers[i]["drawn"]) == len(answers[i]["maps"])


@needs_chromium
def test_an_invalid_size_keeps_the_columns_of_the_nearest_valid_one(answers: list[dict[str, Any]]) -> None:
    i, whole = choices().index(Choice(570)), drawn_by_python(Choice(556))
    assert whole
    found = answers[i]["scene"]["boxes"]
    assert 3 < len(found) < len(whole.boxes)
    for own, box in zip(found, whole.boxes, strict=False):
        assert (own["rect"][0], own["rect"][2]) == pytest.approx((box.x, box.width), abs=NEAR)


STYLED = """
const style = (selector) => getComputedStyle(document.querySelector(selector));
const kinds = ["conv", "point", "copy", "pool", "up"];
return {
  fonts: style(".labels text").fontFamily,
  fills: Object.fromEntries(["box", "blank"].map((name) => [name, style(`.boxes .${name}`).fill])),
  lines: Object.fromEntries(["box", "crop"].map((name) => [name, style(`.boxes .${name}`).stroke])),
  text: style(".labels text").fill,
  shafts: Object.fromEntries(kinds.map((kind) => [kind, style(`.arrow.${kind} .shaft`).stroke])),
  heads: Object.fromEntries(kinds.map((kind) => [kind, style(`.arrow.${kind} :is(.head, .barb)`).fill])),
};"""


@needs_chromium
@pytest.mark.parametrize("palette", ["paper", "dark"])
def test_fonts_and_colours_are_those_that_python_draws_with(palette: str) -> None:
    found = ask(explorer(), STYLED, *(DARK_MODE if palette == "dark" else ()))
    colours = PALETTES[palette]
    arrows = {kind: rgb(ARROW_STYLES[kind].colour_in(colours)) for kind in ("conv", "point", "copy", "pool", "up")}
    assert found["fonts"].replace('"', "").split(", ") == [*FONTS, "sans-serif"]
    assert found["fills"] == {"box": rgb(colours.fill), "blank": rgb(colours.blank)}
    assert found["lines"] == {"box": rgb(colours.edge), "crop": rgb(colours.dash)}
    assert found["text"] == rgb(colours.text)
    assert found["shafts"] == arrows
    assert found["heads"] == arrows | {"point": "none"}


def rgb(colour: str) -> str:
    """A colour as #rrggbb in the words of a browser."""
    return f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})"


def parsed_scene(found: dict[str, Any]) -> Scene:
    """The drawing in the browser as a scene, with the two ends of each arrow."""
    boxes = tuple(Box(each["id"], *each["rect"]) for each in found["boxes"])
    arrows = tuple(
        Arrow(each["id"], each["kind"], (tuple(each["shaft"][0]), tuple(each["head"][1]))) for each in found["arrows"]
    )
    labels = tuple(Label(**each) for each in found["labels"])
    width, height = found["sheet"]
    return Scene(width, height, found["font"], boxes, arrows, labels)


@needs_chromium
def test_an_invalid_size_is_explained(answers: list[dict[str, Any]]) -> None:
    others = sorted(set(range(len(choices()))) - set(valid_choices()))
    assert len(others) >= 15
    for i in others:
        choice = choices()[i]
        assert answers[i]["sentence"] == size_error(choice.input, choice.levels, padding=choice.padding), choice
        assert answers[i]["results"] == results(choice), choice
        assert answers[i]["results"]["macs"] == "—"


@needs_chromium
def test_the_maps_before_an_invalid_step_have_their_numbers_too(answers: list[dict[str, Any]]) -> None:
    for i in sorted(set(range(len(choices()))) - set(valid_choices())):
        choice = choices()[i]
        (valid, *_) = valid_sizes(choice.levels, padding=choice.padding)
        whole = with_receptive_fields(Choice(**vars(choice) | {"size": valid.start}).arch()).nodes
        sizes = [int(row[2].split("×")[1]) for row in answers[i]["maps"]]
        assert int(answers[i]["count"]) == len(sizes) >= 1
        assert sizes[-1] % 2 or sizes[-1] <= 4
        for row, node, size in zip(answers[i]["maps"], whole, sizes, strict=False):
            numbers = prod((node.channels, *(size,) * choice.rank))
            assert [row[0], row[4], row[6]] == [
                node.id,
                f"{node.parameters:,}",
                f"{numbers * (12 if node.op == 'pool' else 4):,}",
            ]
            taken = {"conv": numbers * (node.parameters // node.channels - 1), "up": None}.get(node.op, 0)
            assert taken is None or row[5] == f"{taken:,}"


REFUSED = """
const set = (name, value) => {
  const field = document.querySelector(`[type=number][data-name=${name}]`);
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  const wrong = [...document.querySelectorAll("[aria-invalid=true]")].map((each) => each.dataset.name);
  const sentence = document.querySelector(".sentence").textContent;
  field.value = field.defaultValue;
  return [wrong, sentence];
};
return VALUES.map(([name, value]) => set(name, value));
"""


@needs_chromium
def test_a_value_that_a_control_does_not_accept_is_named() -> None:
    """Each value is one beyond the largest, or no whole number."""
    labels = {"size": "Input size", "depth": "Depth", "width": "Width", "ins": "Input channels", "outs": "Classes"}
    values = [(name, MOST.get(name, MOST["channels"]) + 1) for name in labels] + [("size", 0), ("depth", 1.5)]
    found = ask(explorer(), REFUSED.replace("VALUES", json.dumps(values)))
    for (name, value), (wrong, sentence) in zip(values, found, strict=True):
        limits = f"{int(name != 'depth')} to {MOST.get(name, MOST['channels'])}"
        assert wrong == [name]
        assert sentence.startswith(f"{labels[name]} is {value}; write a whole number from {limits}.")


@needs_chromium
def test_the_buttons_jump_to_the_neighbours(answers: list[dict[str, Any]]) -> None:
    for i, choice in enumerate(choices()):
        (valid, *_) = valid_sizes(choice.levels, padding=choice.padding)
        near = [
            max((n for n in valid[:300] if n < choice.size), default=None),
            min(n for n in valid[:5000] if n > choice.size),
        ]
        assert answers[i]["jumps"] == [str(n) if n and n <= 4096 else "" for n in near], choice


def test_the_last_map_sees_what_the_plan_says() -> None:
    for choice in [choices()[i] for i in valid_choices()]:
        last = with_receptive_fields(choice.arch()).nodes[-1]
        assert last.field == receptive_field(choice.levels, padding=choice.padding)


def test_the_same_page_in_another_process(tmp_path: Path) -> None:
    code = "from unet_tutorial.figures.pages.explorer import explorer; import sys; sys.stdout.write(explorer())"
    root = str(ROOT)
    known = os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "PYTHONPATH": root, "PYTHONIOENCODING": "utf8"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, cwd=tmp_path, env=known, check=True)
    assert done.stdout.decode("utf8") == explorer()
