"""Pixel metrics against loops over pixels, counts by hand and reference values on real slices."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.paths import SHARED
from unet_tutorial.metrics.pixels import dice, iou, isbi_pixel_error, pixel_error

LABELS = SHARED / "isbi2012" / "train" / "labels"


def counts(proposal: NDArray[Any], truth: NDArray[Any]) -> tuple[int, int, int]:
    """True positives, false positives, false negatives, counted pixel by pixel."""
    pairs = list(zip(proposal.ravel().tolist(), truth.ravel().tolist(), strict=True))
    return sum(p and t for p, t in pairs), sum(p and not t for p, t in pairs), sum(t and not p for p, t in pairs)


def drawn(seed: int, size: tuple[int, ...] = (9, 11)) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    generator = np.random.default_rng(seed)
    cell = generator.integers(0, 2, size)
    return np.clip(0.5 + 0.3 * (cell - 0.5) + 0.3 * generator.standard_normal(size), 0, 1), cell


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=40), st.integers(0, 3))
def test_dice_and_iou_count_pixels(pairs: list[tuple[int, int]], label: int) -> None:
    proposal, truth = np.array(pairs).T
    tp, fp, fn = counts(proposal == label, truth == label)
    empty = tp + fp + fn == 0
    assert dice(proposal, truth, label=label) == (1 if empty else float(Fraction(2 * tp, 2 * tp + fp + fn)))
    overlap = iou(proposal, truth, label=label)
    assert overlap == (1 if empty else float(Fraction(tp, tp + fp + fn)))
    assert dice(proposal, truth, label=label) == pytest.approx(2 * overlap / (1 + overlap))


def test_the_class_is_the_one_named() -> None:
    truth = np.array([0, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    all_cell = np.ones(10, dtype=np.uint8)
    assert dice(all_cell, truth, label=1) == pytest.approx(18 / 19)
    assert dice(all_cell, truth, label=0) == iou(all_cell, truth, label=0) == 0
    assert iou(all_cell, truth, label=1) == pytest.approx(0.9)


def test_empty_against_empty_is_one_and_masks_are_labels() -> None:
    nothing = np.zeros((3, 3), dtype=bool)
    assert dice(nothing, nothing, label=1) == iou(nothing, nothing, label=1) == 1
    assert dice(nothing, ~nothing, label=1) == iou(~nothing, nothing, label=1) == 0


@pytest.mark.parametrize("seed", range(5))
def test_pixel_errors_equal_a_loop(seed: int) -> None:
    p, cell = drawn(seed, (3, 7, 9))
    wrong = [(a > 0.5) != bool(c) for a, c in zip(p.flat, cell.flat, strict=True)]
    assert pixel_error(p, cell) == pytest.approx(sum(wrong) / len(wrong))
    best = 0.0
    for tenth in range(11):
        tp, fp, fn = counts(p > tenth / 10, cell)
        best = max(best, 2 * tp / (2 * tp + fp + fn))
    assert isbi_pixel_error(p, cell) == pytest.approx(1 - best)
    assert isbi_pixel_error(p, cell) != pytest.approx(pixel_error(p, cell), abs=1e-3), "two different metrics"


def test_all_cell_scores_as_counted() -> None:
    cell = np.array([1] * 8 + [0] * 2)
    assert pixel_error(np.ones(10), cell) == pytest.approx(0.2)
    assert isbi_pixel_error(np.ones(10), cell) == pytest.approx(1 - 16 / 18)


def test_thresholds_are_strict_and_reach_from_0_to_1() -> None:
    assert pixel_error(np.array([0.5]), np.array([1])) == 1
    assert isbi_pixel_error(np.array([0.0, 0.05]), np.array([0, 1])) == 0
    assert isbi_pixel_error(np.array([0.95, 0.85]), np.array([1, 0])) == 0
    assert isbi_pixel_error(np.array([0.95, 1.0]), np.array([0, 0])) == 0, "right at t = 1, where no pixel is cell"
    assert isbi_pixel_error(np.array([0.31, 0.39]), np.array([0, 1])) == pytest.approx(1 / 3), "no threshold between"


def test_returns_are_plain_floats() -> None:
    p, cell = drawn(0)
    for value in (pixel_error(p, cell), isbi_pixel_error(p, cell), dice(cell, cell, label=1), iou(cell, cell, label=0)):
        assert type(value) is float


@pytest.mark.skipif(not LABELS.is_dir(), reason="ISBI 2012 is not beside the project (../shared/data/isbi2012)")
def test_reference_values_on_an_eroded_slice() -> None:
    from PIL import Image
    from scipy.ndimage import binary_erosion

    cell = np.asarray(Image.open(LABELS / "00.png")) > 127
    thinner = binary_erosion(cell, border_value=1)  # once, by the 3×3 cross
    assert pixel_error(thinner.astype(np.float32), cell) == pytest.approx(0.064262, abs=5e-7)
    assert dice(thinner, cell, label=0) == pytest.approx(0.872214, abs=5e-7)


@pytest.mark.skipif(not LABELS.is_dir(), reason="ISBI 2012 is not beside the project (../shared/data/isbi2012)")
def test_reference_values_of_calling_everything_cell() -> None:
    from PIL import Image

    cell = np.stack([np.asarray(Image.open(LABELS / f"{z:02}.png")) > 127 for z in range(24, 30)])
    everything = np.ones(cell.shape)
    assert pixel_error(everything, cell) == pytest.approx(0.1965, abs=5e-5)
    assert isbi_pixel_error(everything, cell) == pytest.approx(0.1089, abs=5e-5)
    assert dice(everything > 0, cell, label=0) == 0


@pytest.mark.parametrize("work", [pixel_error, isbi_pixel_error])
@pytest.mark.parametrize(
    ("p", "cell", "says"),
    [
        ([0.1, np.nan], [0, 1], "NaN or values outside"),
        ([0.1, 1.1], [0, 1], "outside 0 to 1"),
        ([-0.1, 1.0], [0, 1], "outside 0 to 1"),
        ([0.1, 1.0], [0, 255], "cell holds 255.*binarise"),
        ([0.1, 1.0], [1, -1], "cell holds -1"),
        ([0.1, 1.0], [0], r"\(2,\) and truth \(1,\) differ"),
        ([], [], "no pixel"),
    ],
)
def test_bad_probabilities_are_refused(work: Any, p: list[float], cell: list[int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        work(np.array(p), np.array(cell))


@pytest.mark.parametrize("work", [dice, iou])
def test_bad_labels_are_refused(work: Any) -> None:
    labels = np.array([0, 1])
    with pytest.raises(ValueError, match=r"differ in shape"):
        work(labels[None], labels, label=1)
    with pytest.raises(ValueError, match=r"proposal of float64.*threshold"):
        work(labels * 1.0, labels, label=1)
    with pytest.raises(ValueError, match=r"truth of float64"):
        work(labels, labels * np.nan, label=1)
    with pytest.raises(ValueError, match="no pixel"):
        work(labels[:0], labels[:0], label=1)
