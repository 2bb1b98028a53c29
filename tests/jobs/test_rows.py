"""Rows of scores by hand, on labelled pixels only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.oracles.small_volumes import UNLABELLED, write_sparse_volumes
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.folder import Pair, paired, read_folder
from unet_tutorial.jobs.rows import (
    BinaryRow,
    CellsRow,
    ClassesRow,
    ClassRow,
    binary_row,
    cells_row,
    class_rows,
    classes_row,
    has_cells,
    sum_of_counts,
)
from unet_tutorial.jobs.task import GREY_CELLS, Task
from unet_tutorial.learning.baselines import wrong_pixels
from unet_tutorial.metrics.merges_and_splits import merges, splits
from unet_tutorial.metrics.pixels import dice, iou
from unet_tutorial.metrics.seg import seg_score

CLASSES = Task(LabelScheme("classes", ("glass", "stroma", "gland")))
LAYERS = Task(LabelScheme("layers", ("even", "ring")))


def labelled(labels: NDArray[np.uint8], known: NDArray[np.bool_]) -> Pair:
    return Pair("x", np.zeros((1, *known.shape)), labels, np.zeros(known.shape, np.int32), known)


def test_the_row_of_two_small_images() -> None:
    cells = [np.array([[1, 1], [0, 0]], np.int32), np.array([[1, 0], [0, 0]], np.int32)]
    probabilities = [np.array([[0.9, 0.2], [0.1, 0.3]]), np.array([[0.8, 0.7], [0.1, 0.6]])]
    made = binary_row("guess", [paired("a", each / 1.0, each) for each in cells], probabilities, 0.5)
    assert made.pixel_error == pytest.approx((1 / 4 + 2 / 4) / 2)
    assert made.dice_background == pytest.approx((2 * 2 / (2 + 3) + 2 * 1 / (3 + 1)) / 2)
    assert made.iou_cell == pytest.approx((1 / 2 + 1 / 3) / 2)
    # The challenge pools the pixels. The best threshold is between 0.7 and 0.8: 2 of 3 cell pixels, and no others.
    assert made.isbi_pixel_error == pytest.approx(1 - 2 * 2 / (2 + 3))
    assert BinaryRow.names() == ["method", "pixel_error", "isbi_pixel_error", "dice_background", "iou_cell"]
    assert made.cells() == ["guess", "0.3750", "0.2000", "0.6500", "0.4167"]


def test_scores_are_means_over_images() -> None:
    cells = np.array([[1, 0], [0, 0]], np.int32)
    wrong = [np.abs(cells - mask) * 1.0 for mask in ([[0, 0], [0, 0]], [[0, 1], [0, 0]], [[1, 1], [1, 1]])]
    made = binary_row("guess", [paired("a", cells / 1.0, cells)] * 3, wrong, 0.5)
    assert made.pixel_error == pytest.approx((0 + 1 / 4 + 4 / 4) / 3)


def turned(pair: Pair) -> NDArray[np.bool_]:
    """A mask that is wrong at every pixel."""
    return np.asarray(pair.labels == 0)


def test_scores_count_labelled_voxels_only(tmp_path: Path) -> None:
    pair = read_folder(write_sparse_volumes(tmp_path), 3, labels="instances", unlabelled=UNLABELLED)[0]
    guess = np.random.default_rng(0).random(pair.size).astype(np.float32)
    found = binary_row("guess", [pair], [guess], 0.4)
    cell, truth = guess[::2] > 0.4, pair.labels[::2] > 0
    assert found.pixel_error == pytest.approx(np.mean(cell != truth))
    assert found.iou_cell == pytest.approx((cell & truth).sum() / (cell | truth).sum())
    dense = [np.where(pair.known, guess > 0.4, turned(pair))] * 2
    wrong = wrong_pixels(dense, [pair.labels] * 2, [pair.known] * 2)
    assert wrong == pytest.approx(found.pixel_error)


def test_the_scores_of_classes_are_those_of_all_labelled_pixels_together() -> None:
    rng = np.random.default_rng(0)
    test = [labelled(rng.integers(0, 3, size).astype(np.uint8), rng.random(size) > 0.3) for size in ((6, 7), (4, 5))]
    guess = [rng.integers(0, 3, pair.size).astype(np.uint8) for pair in test]
    truth = np.concatenate([pair.labels[pair.known] for pair in test])
    found = np.concatenate([each[pair.known] for each, pair in zip(guess, test, strict=True)])
    counts = sum_of_counts(guess, test, CLASSES)
    whole, each = classes_row("guess", counts, CLASSES), class_rows("guess", counts, CLASSES)
    assert whole.pixel_error == pytest.approx(np.mean(found != truth))
    assert whole.mean_iou == pytest.approx(np.mean([iou(found, truth, label=k) for k in range(3)]))
    assert whole.mean_dice == pytest.approx(np.mean([dice(found, truth, label=k) for k in range(3)]))
    assert [row.class_name for row in each] == ["glass", "stroma", "gland"]
    for k, line in enumerate(each):
        assert line.share == pytest.approx(np.mean(truth == k))
        assert line.iou == pytest.approx(iou(found, truth, label=k))
        assert line.dice == pytest.approx(dice(found, truth, label=k))
        assert line.precision == pytest.approx(np.mean(truth[found == k] == k))
        assert line.recall == pytest.approx(np.mean(found[truth == k] == k))
    assert ClassesRow.names() == ["method", "pixel_error", "mean_iou", "mean_dice"]
    assert len(ClassesRow.HEADS) == 4
    assert len(ClassRow.HEADS) == len(each[0].cells())


def test_the_scores_of_layers_are_those_of_each_mask() -> None:
    rng = np.random.default_rng(1)
    pair = labelled(rng.integers(0, 2, (2, 6, 7)).astype(np.uint8), rng.random((6, 7)) > 0.3)
    guess = rng.integers(0, 2, (2, 6, 7)).astype(np.uint8)
    counts = sum_of_counts([guess], [pair], LAYERS)
    masks = [(guess[k][pair.known], pair.labels[k][pair.known]) for k in range(2)]
    whole = classes_row("guess", counts, LAYERS)
    assert whole.pixel_error == pytest.approx(np.mean([np.mean(found != truth) for found, truth in masks]))
    assert whole.mean_iou == pytest.approx(np.mean([iou(*mask, label=1) for mask in masks]))
    for (found, truth), line in zip(masks, class_rows("guess", counts, LAYERS), strict=True):
        assert line.share == pytest.approx(truth.mean())
        assert line.dice == pytest.approx(dice(found, truth, label=1))
        assert line.recall == pytest.approx(found[truth == 1].mean())


def test_a_class_that_does_not_occur_has_no_score_and_does_not_count_in_the_mean() -> None:
    pair = labelled(np.array([[0, 0, 1, 1]], np.uint8), np.ones((1, 4), bool))
    counts = sum_of_counts([np.array([[0, 0, 0, 1]], np.uint8)], [pair], CLASSES)
    assert classes_row("guess", counts, CLASSES).mean_iou == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert class_rows("guess", counts, CLASSES)[2].cells() == ["guess", "gland", "0.0000", *["nan"] * 4]


CELLS = np.zeros((9, 20), np.int32)
CELLS[1:8, 1:6], CELLS[1:8, 7:12], CELLS[1:8, 14:19] = 1, 2, 3


def test_the_scores_of_cells_are_those_of_connected_components() -> None:
    found = (CELLS > 0).astype(np.uint8)
    found[4, 6] = 1  # merges cells 1 and 2
    found[1:8, 16] = 0  # splits cell 3
    components = np.zeros_like(CELLS)
    components[1:8, 1:12] = found[1:8, 1:12]
    components[1:8, 14:16], components[1:8, 17:19] = 2, 3
    made = cells_row("guess", [paired("x", CELLS / 1.0, CELLS)] * 2, [found] * 2)
    assert (made.merges, made.splits) == (2 * merges(CELLS, components), 2 * splits(CELLS, components)) == (2, 2)
    assert made.seg == pytest.approx(seg_score(CELLS, components))
    assert CellsRow.names() == ["method", "seg", "v_rand", "merges", "splits"]
    assert made.cells()[3:] == ["2", "2"]


def test_thick_borders_do_not_lower_v_rand() -> None:
    thin = (CELLS > 0).astype(np.uint8)
    thick = thin.copy()
    thick[:, 5:8] = 0
    pairs = [paired("x", CELLS / 1.0, CELLS)]
    assert cells_row("thin", pairs, [thin]).v_rand == 1
    assert cells_row("thick", pairs, [thick]).v_rand > 0.95
    assert cells_row("thick", pairs, [thick]).seg < 0.95


def test_seg_is_a_mean_over_cells_and_images_without_cells_are_left_out() -> None:
    one = np.where(CELLS == 1, 1, 0).astype(np.int32)
    pairs = [paired(name, cells / 1.0, cells) for name, cells in (("a", CELLS), ("b", one), ("c", 0 * one))]
    found = [(CELLS == 1).astype(np.uint8), (one > 0).astype(np.uint8), np.ones(one.shape, np.uint8)]
    assert cells_row("guess", pairs, found).seg == pytest.approx(2 / 4)  # cell 1 of each image, of four cells
    assert has_cells(pairs, GREY_CELLS)
    assert not has_cells(pairs[2:], GREY_CELLS)
    assert not has_cells(pairs, CLASSES)


def test_cells_in_unlabelled_pixels_do_not_count() -> None:
    cells = np.where(CELLS == 3, -1, CELLS)
    found = np.where(CELLS > 0, 1, 0).astype(np.uint8)
    found[4, 12:14] = 1  # joins cell 2 with the unlabelled one
    made = cells_row("guess", [paired("x", CELLS / 1.0, cells)], [found])
    assert made.merges == 0
    assert made.seg == pytest.approx((1 + 35 / 37) / 2)


def test_touching_cells_of_two_classes_are_two_cells() -> None:
    truth = np.array([[1, 1, 1, 2, 2, 2]], np.int32)
    pair = Pair("x", np.zeros((1, 1, 6)), np.array([[1, 1, 1, 2, 2, 2]], np.uint8), truth, np.ones((1, 6), bool))
    made = cells_row("guess", [pair], [pair.labels])
    assert (made.seg, made.merges) == (1, 0)
