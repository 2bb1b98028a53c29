"""The explorer's arithmetic in a browser is compared with Python's, for valid and invalid sizes."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import pytest

from tests.oracles.browser import ask, needs_chromium
from tests.paths import ROOT
from unet_tutorial.figures.arch.receptive_field import with_receptive_fields
from unet_tutorial.figures.pages.explorer import Choice, explorer, level_rows, results, verdict
from unet_tutorial.figures.pages.markup import map_rows
from unet_tutorial.plan.receptive_field import receptive_field
from unet_tutorial.plan.sizes import size_error, valid_sizes

pytestmark = pytest.mark.slow

SCRIPT = """
const set = (control, value) => {
  if (control.type === "radio") control.checked = true;
  else control.value = value;
  control.dispatchEvent(new Event("input", { bubbles: true }));
};
const all = (selector, told) => [...document.querySelectorAll(selector)].map(told);
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
    drawn: all(".figure [data-node]", (each) => each.dataset.node),
    labels: all(".figure .maps text", (each) => each.textContent),
    notes: all(".figure .lines text", (each) => each.textContent),
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
def test_the_picture_holds_the_maps_with_their_channels_sizes_and_crops(answers: list[dict[str, Any]]) -> None:
    for i in valid_choices():
        choice, nodes = choices()[i], choices()[i].arch().nodes
        boxes = [node for node in nodes if node.op not in ("crop", "up")]  # these are halves of a box
        unit = "²" if choice.rank == 2 else "³"
        assert sorted(answers[i]["drawn"]) == sorted(node.id for node in nodes), choice
        labels = [text for n in boxes for text in (f"{n.channels:,}", f"{n.size[0]}{unit}")]
        assert answers[i]["labels"] == labels, choice
        crops = [str(node.crop[0][0]) for node in nodes if node.op == "crop"]
        said = " ".join(answers[i]["notes"]).replace("copy", "").split()
        assert [word for word in said if word.isdigit()] == crops, choice


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
