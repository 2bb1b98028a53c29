"""The numbers on the pages with sliders, computed by a browser, are those of the library."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
import torch

from docs.build.sliders import SLIDERS, page
from tests.oracles.browser import ask, needs_chromium
from unet_tutorial.inference.tiles import margins
from unet_tutorial.learning.losses.weight_maps import border_weights, class_weights, two_nearest, weight_map
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.plan.levels import check_spacing, plan_for, pyramid
from unet_tutorial.plan.sizes import output_size, size_error, size_steps, valid_sizes

pytestmark = [pytest.mark.slow, needs_chromium]

MOVED = """
const texts = (selector) => [...document.querySelectorAll(selector)].map((each) => each.textContent);
return CASES.map((given) => {
  for (const [name, value] of Object.entries(given)) move(name, value);
  return {
    sentence: texts(".sentence")[0], kind: document.querySelector(".sentence").dataset.kind,
    rows: [...document.querySelector("tbody").rows].map((row) => [...row.cells].map((cell) => cell.textContent)),
    drawn: texts(".picture text"), note: texts(".note").join(), buttons: texts(".buttons button"),
    outputs: texts("output"), spoken: [...document.querySelectorAll("input")].map((each) => each.ariaValueText),
    height: document.querySelector("main").getBoundingClientRect().height, wide: document.documentElement.scrollWidth,
  };
});
"""


def results(name: str, call: str, table: list[Any]) -> list[Any]:
    """The results of an expression of the page's script for every ``row`` of the table."""
    found: list[Any] = ask(page(name), f"return {json.dumps(table)}.map((row) => {call});")
    assert len(found) == len(table)
    return found


def moved(name: str, cases: Sequence[Mapping[str, float]], *flags: str) -> list[dict[str, Any]]:
    """The texts of the page after its sliders were moved to the values of each case."""
    found: list[dict[str, Any]] = ask(page(name), MOVED.replace("CASES", json.dumps(cases)), *flags)
    return found


@pytest.mark.parametrize("name", SLIDERS)
def test_a_page_fits_its_frame_at_every_limit_of_its_sliders(name: str) -> None:
    """At a width of 700 pixels, nothing is wider than the page, and nothing is lower than the frame ends."""
    controls = SLIDERS[name].controls
    cases: list[dict[str, float]] = [{}]
    cases += [{control.name: value} for control in controls for value in (control.least, control.most, control.value)]
    found = moved(name, cases, "--window-size=700,1000")
    assert max(each["wide"] for each in found) <= 700
    assert max(each["height"] for each in found) <= SLIDERS[name].height
    assert found[0]["outputs"] == [f"{control.value:g} {control.unit}".strip() for control in controls]
    assert all(each["outputs"] == each["spoken"] for each in found)


PAPER = {depth: pyramid([1] * (depth + 1), 1) for depth in range(7)}  # levels along one axis


def test_sizes_and_the_nearest_valid_ones_are_those_of_the_plan() -> None:
    table = list(product(range(1, 1025), PAPER))
    call = """((own) => [sizeError(own), neighbours(own), (isValid(own) ? sizeSteps : stopSentence)(own)])
      ({ size: row[0], depth: row[1], padding: "valid" })"""
    for row, (error, near, steps) in zip(table, results("sizes", call, table), strict=True):
        size, levels = row[0], PAPER[row[1]]
        assert error == size_error((size,), levels, padding="valid"), row
        (valid,) = valid_sizes(levels, padding="valid")
        below = [n for n in range(size - 64, size) if n in valid]
        assert near == [max(below, default=None), next(n for n in range(size + 1, 2000) if n in valid)], row
        if error:
            assert steps == first_failure(*row), row
            continue
        expected = size_steps((size,), levels, padding="valid")
        own = [(step["op"], step["level"], step["size"], step.get("crop")) for step in steps]
        assert own == [(step.op, step.level, step.size[0], (step.crop or (None,))[0]) for step in expected], row


def first_failure(size: int, depth: int) -> str:
    """Where a size fails, from a walk through the U that does not use the plan."""
    for block, level in enumerate([*range(depth + 1), *range(depth - 1, -1, -1)]):
        if size <= 4:
            return f"The two convolutions of level {level} get {size} pixel{'s' * (size > 1)}; they need 5 or more."
        size -= 4
        if block < depth and size % 2:
            return f"The pooling to level {level + 1} gets {size} pixels, an odd number."
        size = size // 2 if block < depth else size * 2
    raise AssertionError("the size passes")


def test_the_page_of_sizes_shows_them() -> None:
    cases = [{"size": 572, "depth": 4}, {"size": 570}, {"size": 100}, {"size": 18, "depth": 1}, {"depth": 0}]
    paper, odd, small, short, flat = moved("sizes", cases)
    assert paper["sentence"] == "572 passes 4 poolings and gives 388: it loses 12 · 2⁴ − 8 = 184 pixels"
    assert paper["rows"][0] == ["0", "572 → 570 → 568", "88 px per side", "392 → 390 → 388"]
    assert [row[2] for row in paper["rows"]] == [f"{crop} px per side" for crop in (88, 40, 16, 4)] + ["—"]
    assert paper["buttons"] == ["↓ 556", "↑ 588"]
    assert "392 → 390 → 388" in paper["drawn"]
    assert odd["sentence"] == (
        "570 does not pass 4 poolings; the nearest sizes that do are 556 and 572 (572 gives 388). "
        "The pooling to level 2 gets 279 pixels, an odd number."
    )
    assert "✗ 279 is odd" in odd["drawn"]
    assert (paper["kind"], odd["kind"], small["kind"]) == ("good", "bad", "bad")
    assert small["sentence"].startswith(
        "100 does not pass 4 poolings; the smallest size that does is 188 (188 gives 4)."
    )
    assert small["buttons"] == ["no smaller size", "↑ 188"]
    assert [row[1:] for row in short["rows"]] == [
        ["18 → 16 → 14", "4 px per side", "6 → 4 → 2"],
        ["7 → 5 → 3", "—", "—"],
    ]
    assert flat["rows"] == [["0", "18 → 16 → 14", "—", "—"]]


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


def test_the_message_for_a_skip_that_is_too_small_is_that_of_the_library() -> None:
    with pytest.raises(ValueError, match="cannot crop") as raised:
        center_crop(torch.zeros(1, 1, 5, 9), (6, 7))
    (found,) = moved("crop", [{"rows": 5, "columns": 9, "mapRows": 6, "mapColumns": 7}])
    assert (found["sentence"], found["kind"]) == (str(raised.value), "bad")


def test_the_page_of_crops_shows_the_slice_that_makes_them() -> None:
    cases = [dict(zip(("rows", "columns", "mapRows", "mapColumns"), each, strict=True)) for each in CROPS]
    for (rows, columns, high, wide), found in zip(CROPS, moved("crop", cases), strict=True):
        skip = torch.arange(rows * columns).reshape(1, 1, rows, columns)
        cropped = center_crop(skip, (high, wide))
        written = found["sentence"].partition(" has ")[0]
        assert torch.equal(eval(written, {"skip": skip}), cropped), written
        first, last = divmod(int(cropped.min()), columns), divmod(int(cropped.max()), columns)
        for i, (row, large, small) in enumerate(zip(found["rows"], (rows, columns), (high, wide), strict=True)):
            removed = [large - small, first[i], large - 1 - last[i]]
            assert row[1:] == [str(n) for n in (large, small, *removed)] + [f"{first[i]} to {last[i]}"]
        assert ("one more pixel is removed" in found["sentence"]) == bool((rows - high) % 2 or (columns - wide) % 2)


CROPS = [(12, 15, 8, 8), (13, 20, 8, 10), (5, 4, 5, 4), (20, 20, 1, 1), (7, 9, 2, 8)]


def test_distances_and_weights_are_those_of_the_weight_map() -> None:
    table = [(3, 5, 10), (24, 20, 20), (1, 0.5, 0), (2, 2, 19), (7, 3, 8), (12, 6.5, 0.5), (17, 9, 11.5), (23, 12, 8)]
    call = """(({ map, near }) => [map, near, weights(map, near, row[2], row[1]), classWeights(map)])(scene(row[0]))"""
    for row, (labels, near, weights, classes) in zip(table, results("weight_map", call, table), strict=True):
        gap, sigma, w0 = row
        instances = np.array(labels)
        middle = instances[24]
        assert instances.max() == 2
        assert np.flatnonzero(middle == 2)[0] - np.flatnonzero(middle == 1)[-1] - 1 == gap
        assert np.allclose(weights, weight_map(instances, w0=w0, sigma=sigma), rtol=1e-5, atol=1e-5)
        assert np.allclose(classes, class_weights((instances > 0).astype(int)))
        own = np.array([pair for line in near for pair in line if pair]).T  # (2, number of background pixels)
        assert np.allclose(own, [d[instances == 0] for d in two_nearest(instances, reach=1000)])


def test_the_page_of_the_weight_map_shows_a_pixel_and_the_border() -> None:
    names = ("sigma", "w0", "gap", "column")
    choices = [(5, 10, 3, 48), (5, 10, 3, 30), (2.5, 0.5, 8, 5), (20, 20, 1, 47)]
    pages = moved("weight_map", [dict(zip(names, choice, strict=True)) for choice in choices])
    maps = results("weight_map", "labels(row)", [gap for _, _, gap, _ in choices])
    for (sigma, w0, _, column), found, labels in zip(choices, pages, maps, strict=True):
        instances = np.array(labels)
        border, whole = border_weights(instances, w0=w0, sigma=sigma), weight_map(instances, w0=w0, sigma=sigma)
        pixel = 24, column
        cell = instances[pixel]
        d = ["—", "—"] if cell else [f"{n[pixel]:.2f}" for n in two_nearest(instances, reach=1000)]
        weights = [f"{n:.2f}" for n in (whole[pixel] - border[pixel], border[pixel], whole[pixel])]
        assert found["rows"] == [[str(column), f"cell {cell}" if cell else "background", *d, *weights]]
        extremes = f"the largest is {whole.max():.2f}, the smallest {whole.min():.2f}"
        assert found["note"].startswith(f"The weights of all pixels; {extremes}.")
        between = border[24, instances[24].tolist().index(2) - 1]
        assert f" = {between:.2f}, " in found["sentence"]


def test_the_map_is_painted_bright_between_the_cells() -> None:
    """The canvas has the colours of the scale: the lightest at the largest weight."""
    script = """move("gap", 2); const c = document.querySelector("canvas"); const d = c.getContext("2d");
      return [[0, 0], [47, 24]].map(([x, y]) => [...d.getImageData(x, y, 1, 1).data]);"""
    far, between = ask(page("weight_map"), script)
    assert sum(between[:3]) > 2 * sum(far[:3])
    assert far[3] == between[3] == 255


def tile_cases() -> list[dict[str, int]]:
    """Images and tiles with the step of the library, its neighbours, and steps that leave pixels out."""
    dice, found = random.Random(8), []
    for depth in range(1, 6):
        (valid,) = valid_sizes(PAPER[depth], padding="valid")
        for _ in range(24):
            tile = valid[dice.randint(0, 12)]
            trusted = output_size((tile,), PAPER[depth], padding="valid")[0]
            exact = trusted - trusted % 2**depth
            step = dice.choice([exact, exact, 2**depth, trusted, trusted + 5, dice.randint(8, 400)])
            image = dice.randint(16, 1600)
            found.append({"depth": depth, "image": image, "tile": tile, "step": max(8, min(step, 1000))})
    return found


def test_tiles_start_where_the_library_lays_them() -> None:
    """With the library's step; and with any other, the tiles reach the end at multiples of the grid or of the step."""
    cases, compared = tile_cases(), 0
    found = results("tiles", "[tileOf(row), exactStep(row), starts(row), verdict(row)]", cases)
    for case, (tile, exact, starts, (kind, _)) in zip(cases, found, strict=True):
        (axis,) = margins(PAPER[case["depth"]], "valid")
        trusted, step = case["tile"] - axis.lost, case["step"]
        assert tile == {"trusted": trusted, "before": axis.before, "grid": axis.grid}
        assert exact == trusted - trusted % axis.grid
        single = case["image"] <= trusted
        assert (kind == "good") == (single or (step % axis.grid == 0 and step <= trusted))
        if single or step == exact:
            compared += 1
            assert starts == axis.starts(case["image"], case["tile"]), case
            continue
        unit = step if step % axis.grid else axis.grid
        assert starts[-1] + trusted >= case["image"] > starts[-1] + trusted - unit
        assert all(later - start == step for start, later in pairwise(starts[:-1]))
        assert 0 < starts[-1] - starts[-2] <= step
    assert compared >= 30


def test_the_numbers_of_tiles_are_those_of_a_map_that_counts() -> None:
    cases = [case for case in tile_cases() if case["image"] <= 600]
    found = results("tiles", "[starts(row), totals(row), windowOf(starts(row)[0], row)]", cases)
    for case, (starts, totals, window) in zip(cases, found, strict=True):
        (axis,) = margins(PAPER[case["depth"]], "valid")
        count = np.zeros((case["image"],) * 2, int)
        keep = case["tile"] - axis.lost
        for row, column in product(starts, starts):
            count[row : row + keep, column : column + keep] += 1
        tiles = len(starts) ** 2
        assert totals == {
            "tiles": tiles,
            "read": tiles * case["tile"] ** 2,
            "twice": int((count > 1).sum()),
            "missing": int((count == 0).sum()),
        }, case
        end = case["tile"] - axis.before
        assert (window["first"], window["last"] + 1) == (-axis.before, end)
        assert (window["mirroredBefore"], window["mirroredAfter"]) == (axis.before, max(0, end - case["image"]))


def test_the_page_of_tiles_shows_the_wrong_and_the_exact_step() -> None:
    cases = [{"image": 1156, "tile": 572, "step": 388, "shown": 2}, {"step": 384}, {"step": 400}, {"image": 388}]
    wrong, exact, gaps, single = moved("tiles", cases)
    assert wrong["sentence"].startswith("388 is not a multiple of 2⁴ = 16: the next tile is 4 pixels off the grid")
    assert wrong["rows"][4][1] == "row 0 = 0 mod 16, column 388 = 4 mod 16"
    assert wrong["rows"][6][1] == "296 to 867; mirrored: 0 before the image, 0 after it"
    assert wrong["rows"][5][1] == "−92 to 479; mirrored: 92 before the image, 0 after it"
    assert wrong["buttons"] == ["largest exact step: 384"]
    assert (exact["kind"], exact["rows"][0][1], exact["rows"][3][1]) == ("good", "9", "0 pixels")
    assert exact["rows"][1][1] == f"{9 * 572**2:,}, which is {9 * 572**2 / 1156**2:.1f} per pixel of the image"
    assert gaps["sentence"].endswith("strips of 12 pixels have no answer")
    assert (single["rows"][0][1], single["outputs"][4]) == ("1", "1")


def test_the_tile_stays_valid_when_the_poolings_change() -> None:
    cases = [{"depth": depth, "tile": tile} for depth in range(1, 6) for tile in (1, 500, 5000)]
    for case, found in zip(cases, moved("tiles", cases), strict=True):
        tile = int(found["outputs"][2].removesuffix(" px"))
        assert not size_error((tile,), PAPER[case["depth"]], padding="valid"), case


def test_planar_levels_are_those_of_the_plan() -> None:
    sides = (1, 2, 3, 4, 7, 8, 16, 40, 50)
    table = [(*spacing, poolings) for spacing in product((*sides, 100), sides, sides) for poolings in (1, 4)]
    call = "[spacingError(row.slice(0, 3)), planarLevels(row.slice(0, 3), row[3] + 1), plan(row.slice(0, 3), row[3])]"
    planned = 0
    for (*spacing, poolings), (error, planar, levels) in zip(table, results("planar", call, table), strict=True):
        if error:
            with pytest.raises(ValueError, match="spacing") as raised:
                check_spacing(spacing)
            assert error == str(raised.value)
            continue
        planned += 1
        expected = plan_for(spacing, poolings + 1)
        assert tuple(planar) == expected, spacing
        voxel = np.array(spacing)
        for own, level in zip(levels, pyramid([1] * (poolings + 1), 3, expected), strict=True):
            voxel = voxel * level.stride
            assert (tuple(own["kernel"]), own["voxel"]) == (level.kernel, voxel.tolist()), spacing
            assert own["planar"] == (level.kernel[0] == 1)
        strides = [tuple(own["stride"]) for own in levels[:-1]]
        assert strides == [level.stride for level in pyramid([1] * (poolings + 1), 3, expected)[1:]]
    assert planned > 200


def test_the_page_of_planar_levels_shows_the_plan() -> None:
    cases = [{"z": 40, "y": 8, "x": 8, "poolings": 3}, {"z": 9}, {"z": 4}]
    plan, none, refused = moved("planar", cases)
    assert plan["sentence"] == "Slices : pixels is 5 : 1; levels 0 to 1 are planar"
    assert plan["rows"][1] == ["1", "planar", "1 × 3 × 3", "1 × 2 × 2", "40 × 16 × 16", "2.5 : 1"]
    assert plan["rows"][3] == ["3", "3D", "3 × 3 × 3", "—", "80 × 64 × 64", "1.25 : 1"]
    assert none["sentence"] == "Slices : pixels is 1.13 : 1, below 2 : 1; no level is planar"
    assert refused["sentence"].startswith("spacing (4, 8, 8): only the first axis may be the coarse one")
    assert (none["kind"], refused["kind"], refused["rows"]) == ("good", "bad", [])
