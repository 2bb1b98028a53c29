"""Masks that were moved or exchanged are found, and the corrections restore them; healthy sets are silent."""

from collections.abc import Callable, Mapping

import numpy as np
import pytest

from tests.jobs.doctor.in_memory import DATA, colour_pairs, pairs
from tests.jobs.doctor.planted import (
    Files,
    cells,
    changed,
    masks_changed,
    membranes,
    shifted,
    tissue,
    walls,
    with_masks_of,
)
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.doctor.alignment import FLIPS, TURNS, displaced, misfits
from unet_tutorial.jobs.doctor.corrected import corrected_pairs
from unet_tutorial.jobs.doctor.finding import Finding, Key
from unet_tutorial.jobs.doctor.planes import planes_of


def found(given: Mapping[Key, Pair], classes: int = 2, side: int = 96) -> list[Finding]:
    return misfits(planes_of(given, classes, side=side, count=30), DATA)


@pytest.mark.parametrize("side", [48, 96])
@pytest.mark.parametrize(
    "given", [pairs(membranes()), pairs(cells()), pairs(walls())], ids=["membranes", "cells", "walls"]
)
def test_healthy_masks_fit(given: dict[Key, Pair], side: int) -> None:
    assert found(given, side=side) == []


def test_healthy_classes_fit() -> None:
    assert found(colour_pairs(tissue()), 4) == []


@pytest.mark.parametrize(
    ("words", "names"), [*((words, "") for words in FLIPS | TURNS), ("a flip upside down", "03"), ([*TURNS][1], "03")]
)
def test_flips_and_turns_are_found_and_undone(words: str, names: str) -> None:
    move = (FLIPS | TURNS)[words]
    good = pairs(cells())
    (finding,) = found(pairs(changed(cells(), names, masks_changed(move))))
    undone = {"a turn by 90° to the left": "right", "a turn by 90° to the right": "left"}.get(words, words)
    assert undone in finding.sentence
    assert "0.9" in f"{finding.likelihood}"
    bad = pairs(changed(cells(), names, masks_changed(move)))
    for key, pair in corrected_pairs(bad, [finding]).items():
        np.testing.assert_array_equal(pair.labels, good[key].labels)


@pytest.mark.parametrize("step", [1, 2])
@pytest.mark.parametrize("names", ["", "01 04"], ids=["all", "two"])
def test_shifts_are_measured_in_pixels(names: str, step: int) -> None:
    bad = pairs(changed(membranes(), names, masks_changed(lambda mask: np.roll(mask, (8, -6), (0, 1)))))
    (finding,) = found(bad, side=96 // step)
    assert "8 pixels up and 6 to the right" in finding.sentence
    inner = (slice(8, -8),) * 2
    restored = corrected_pairs(bad, [finding])
    for key, pair in pairs(membranes()).items():
        np.testing.assert_array_equal(restored[key].labels[inner], pair.labels[inner])


@pytest.mark.parametrize("files", [membranes, cells])
def test_exchanged_masks_are_given_back(files: Callable[[], Mapping[str, Files]]) -> None:
    for others in ({"02": "05", "05": "02"}, {f"{i:02}": f"{(i + 3) % 8:02}" for i in range(8)}):
        bad = pairs(with_masks_of(files(), others))
        (finding,) = found(bad)
        assert f"{len(others)} of 8 masks belong to other images" in finding.sentence
        for key, pair in corrected_pairs(bad, [finding]).items():
            np.testing.assert_array_equal(pair.labels, pairs(files())[key].labels)


def test_a_volume_with_shifted_masks_is_found() -> None:
    (finding,) = found(pairs(changed(walls(), "", masks_changed(lambda mask: np.roll(mask, 7, -1)))), side=72)
    assert "7 pixels to the left" in finding.sentence


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_images_give_no_verdict(count: int) -> None:
    few = dict(list(changed(membranes(), "", masks_changed(shifted)).items())[:count])
    assert found(pairs(few)) == []


def test_masks_without_relation_to_the_images_give_no_wrong_explanation() -> None:
    noise = np.random.default_rng(0)
    files = {str(i): Files(noise.normal(size=(64, 64)), noise.integers(0, 2, (64, 64))) for i in range(8)}
    assert found(pairs(files)) == []


@pytest.mark.parametrize("move", [(0, 0), (2, 1), (-1, 3), (-4, -4), (9, 0)])
def test_displaced_is_a_loop_over_pixels(move: tuple[int, int]) -> None:
    array = np.arange(1, 43).reshape(2, 3, 7)
    wanted = np.zeros_like(array)
    for plane, row, column in np.ndindex(array.shape):
        source = row - move[0], column - move[1]
        if 0 <= source[0] < 3 and 0 <= source[1] < 7:
            wanted[plane, row, column] = array[plane, source[0], source[1]]
    np.testing.assert_array_equal(displaced(*move, array), wanted)


@pytest.mark.parametrize("words", TURNS)
def test_the_turn_that_fits_best_is_named_not_the_first_that_fits_better(words: str) -> None:
    """A flip may also raise the agreement, if all images are bright in the same places."""
    y, x = np.mgrid[:64, :64]
    steep = (y + 2 * x < 90).astype(np.uint8)  # most of it stays in place after a flip of the turned mask
    rng = np.random.default_rng(0)
    discs = [((y - a) ** 2 + (x - b) ** 2 < 60).astype(np.uint8) for a, b in rng.integers(8, 56, (6, 2))]
    masks = [255 * (steep | disc) for disc in discs]
    files = {
        f"{i}": Files((mask // 2 + rng.integers(0, 99, mask.shape)).astype(np.uint8), (FLIPS | TURNS)[words](mask))
        for i, mask in enumerate(masks)
    }
    (finding,) = found(pairs(files))
    undone = {"a turn by 90° to the left": "to the right", "a turn by 90° to the right": "to the left"}
    assert finding.sentence.endswith(undone.get(words, words))


@pytest.mark.parametrize("seed", [0, 2, 4])
def test_an_inverted_mask_is_not_called_shifted(seed: int) -> None:
    y, x = np.mgrid[:64, :60]
    rng, files = np.random.default_rng(seed), {}
    for i in range(3):
        discs = [(y - a) ** 2 + (x - b) ** 2 < 36 for a, b in rng.integers(6, 54, (6, 2))]
        cell = np.any(discs, axis=0)
        image = (90 * cell + rng.integers(60, 110, cell.shape)).astype(np.uint8)
        files[f"{i}"] = Files(image, 255 * (cell ^ (i == 1)).astype(np.uint8))
    assert found(pairs(files)) == []
