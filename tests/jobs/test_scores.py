"""Scores by hand, on labelled pixels only; every threshold is chosen on training images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.oracles.small_volumes import UNLABELLED, write_sparse_volumes
from unet_tutorial.datasets.folder import Pair, paired, read_folder
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.scores import TUNED_ON, Row, baselines, row, score
from unet_tutorial.jobs.split import Split
from unet_tutorial.learning.baselines import best_probability_threshold, wrong_pixels
from unet_tutorial.nets.presets import padded_unet


def pair(seed: int, share: float, *, unlabelled_rows: int = 0) -> Pair:
    """A random image in which the darkest share of the pixels is background, and the first rows are unlabelled."""
    image = np.random.default_rng(seed).random((24, 24)).astype(np.float32)
    cells = np.where(image > share, 1, 0).astype(np.int32)
    cells[:unlabelled_rows] = -1
    return paired(str(seed), image, cells)


def threshold_on(predictor: Predictor, pairs: list[Pair]) -> float:
    return best_probability_threshold(
        [predictor(p.image)[1] for p in pairs], [p.labels for p in pairs], [p.known for p in pairs]
    )


def test_the_threshold_is_that_of_the_training_images_and_their_labelled_pixels() -> None:
    torch.manual_seed(0)
    predictor = Predictor(padded_unet(widths=(4, 8)).eval())
    split = Split([pair(0, 0.1, unlabelled_rows=18), pair(1, 0.1, unlabelled_rows=18)], [pair(2, 0.9)])
    chosen = score(predictor, split).thresholds[1]
    assert chosen == threshold_on(predictor, split.train)
    assert chosen != threshold_on(predictor, split.test)
    assert chosen != threshold_on(predictor, [p._replace(known=np.ones_like(p.known)) for p in split.train])


def test_thresholds_are_chosen_on_training_images_evenly_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def named(self: Predictor, image: NDArray[np.float32]) -> NDArray[np.float32]:
        seen.append(f"{self.views}: {image[0, 0, 0]:.0f}")
        return np.concatenate((1 - image / np.float32(100), image / np.float32(100)))

    monkeypatch.setattr(Predictor, "__call__", named)
    images = [np.arange(16, dtype=np.float32).reshape(4, 4) + number for number in range(16)]
    pairs = [paired(str(number), image, (image > 20).astype(np.int32)) for number, image in enumerate(images)]
    scores = score(Predictor(padded_unet(widths=(2, 4))), Split(pairs[:14], pairs[14:]))
    assert seen == [f"{views}: {number}" for views in (1, 8) for number in (0, 3, 6, 9, 12, 14, 15)]
    assert len(seen) // 2 - 2 <= TUNED_ON
    assert scores.thresholds == {1: 0.2, 8: 0.2}
    assert [(each.method, each.pixel_error) for each in scores.rows[2:]] == [("network", 0), ("network, 8 views", 0)]


def test_the_row_of_two_small_images() -> None:
    cells = [np.array([[1, 1], [0, 0]], np.int32), np.array([[1, 0], [0, 0]], np.int32)]
    probabilities = [np.array([[0.9, 0.2], [0.1, 0.3]]), np.array([[0.8, 0.7], [0.1, 0.6]])]
    made = row("guess", [paired("a", each / 1.0, each) for each in cells], probabilities, 0.5)
    assert made.pixel_error == pytest.approx((1 / 4 + 2 / 4) / 2)
    assert made.dice_background == pytest.approx((2 * 2 / (2 + 3) + 2 * 1 / (3 + 1)) / 2)
    assert made.iou_cell == pytest.approx((1 / 2 + 1 / 3) / 2)
    # The challenge pools the pixels. The best threshold is between 0.7 and 0.8: 2 of 3 cell pixels, and no others.
    assert made.isbi_pixel_error == pytest.approx(1 - 2 * 2 / (2 + 3))
    assert Row.names() == ["method", "pixel_error", "isbi_pixel_error", "dice_background", "iou_cell"]
    assert made.cells() == ["guess", "0.3750", "0.2000", "0.6500", "0.4167"]


def test_scores_are_means_over_images() -> None:
    cells = np.array([[1, 0], [0, 0]], np.int32)
    wrong = [np.abs(cells - mask) * 1.0 for mask in ([[0, 0], [0, 0]], [[0, 1], [0, 0]], [[1, 1], [1, 1]])]
    made = row("guess", [paired("a", cells / 1.0, cells)] * 3, wrong, 0.5)
    assert made.pixel_error == pytest.approx((0 + 1 / 4 + 4 / 4) / 3)


def test_the_baselines_call_everything_cell_or_apply_the_threshold_of_training() -> None:
    split = Split([pair(0, 0.4), pair(1, 0.4)], [pair(2, 0.25)])
    everything, smoothed = baselines(split)
    assert (everything.method, smoothed.method) == ("everything cell", "smoothed threshold")
    assert everything.iou_cell == pytest.approx(np.mean(split.test[0].labels))
    assert everything.dice_background == 0
    assert smoothed.pixel_error < everything.pixel_error


def turned(pair: Pair) -> NDArray[np.bool_]:
    """A mask that is wrong at every pixel."""
    return np.asarray(pair.labels == 0)


def test_scores_count_labelled_voxels_only(tmp_path: Path) -> None:
    pair = read_folder(write_sparse_volumes(tmp_path), 3, labels="instances", unlabelled=UNLABELLED)[0]
    guess = np.random.default_rng(0).random(pair.size).astype(np.float32)
    found = row("guess", [pair], [guess], 0.4)
    cell, truth = guess[::2] > 0.4, pair.labels[::2] > 0
    assert found.pixel_error == pytest.approx(np.mean(cell != truth))
    assert found.iou_cell == pytest.approx((cell & truth).sum() / (cell | truth).sum())
    dense = [np.where(pair.known, guess > 0.4, turned(pair))] * 2
    wrong = wrong_pixels(dense, [pair.labels] * 2, [pair.known] * 2)
    assert wrong == pytest.approx(found.pixel_error)
