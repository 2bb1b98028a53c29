"""Tables of predicted and true pixels, against counts by hand, and the findings that follow from them."""

from pathlib import Path

import numpy as np
import pytest

from tests.jobs.doctor.in_memory import DATA
from tests.oracles.thin_nets import with_variance_below_0
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.doctor.predictions import (
    Table,
    below_baseline,
    cropped,
    extreme_threshold,
    generalisation_gap,
    one_class_only,
    predicted_labels,
    table_of,
)
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.task import Task

RECIPE = Recipe(DATA)
THREE = Task(LabelScheme("classes", ("background", "stroma", "gland"), (0, 1, 2)))
LAYERS = Task(LabelScheme("layers", ("even", "ring")))


def pair(labels: list[list[int]], known: list[list[int]] | None = None) -> Pair:
    array = np.array(labels, np.uint8)
    size = array.shape[-2:]
    seen = np.ones(size, bool) if known is None else np.array(known, bool)
    return Pair("a", np.zeros((1, *size)), array, np.zeros(size, np.int32), seen)


def test_a_table_counts_labelled_pixels() -> None:
    truth, guess = [[0, 1, 2, 2]], np.array([[0, 2, 2, 2]], np.uint8)
    table = table_of([pair(truth, [[1, 1, 1, 0]])], [guess], THREE)
    assert table.predicted.tolist() == pytest.approx([1 / 3, 0, 2 / 3])
    assert table.true.tolist() == pytest.approx([1 / 3] * 3)
    assert table.iou.tolist() == pytest.approx([1, 0, 0.5])
    assert table.mean_iou == pytest.approx(0.5)


def test_a_table_of_layers() -> None:
    guess = np.array([[[1, 1, 0, 0]], [[0, 0, 0, 0]]], np.uint8)
    table = table_of([pair([[[1, 0, 0, 0]], [[0, 0, 1, 1]]])], [guess], LAYERS)  # type: ignore[list-item]
    assert table.iou.tolist() == [0.5, 0]
    assert one_class_only(table, LAYERS, RECIPE)[0].sentence == "the network never predicts ring"


@pytest.mark.parametrize(
    ("guess", "sentence"),
    [
        ([0, 0, 0, 0], "the network predicts only background: all predictions are black"),
        ([2, 2, 2, 2], "the network predicts only gland"),
        ([0, 0, 2, 2], "the network never predicts stroma"),
        ([0, 1, 2, 2], ""),
    ],
)
def test_missing_classes(guess: list[int], sentence: str) -> None:
    table = table_of([pair([[0, 1, 2, 2]])], [np.array([guess], np.uint8)], THREE)
    assert [finding.sentence for finding in one_class_only(table, THREE, RECIPE)] == [sentence] * bool(sentence)


def test_a_class_that_is_nowhere_is_not_missed() -> None:
    table = table_of([pair([[0, 1, 1, 0]])], [np.array([[0, 1, 1, 0]], np.uint8)], THREE)
    assert one_class_only(table, THREE, RECIPE) == []
    only = table_of([pair([[1, 1]])], [np.array([[1, 1]], np.uint8)], THREE)
    assert one_class_only(only, THREE, RECIPE) == []


@pytest.mark.parametrize(
    ("thresholds", "weights", "count"),
    [
        ((0.5,), "none", 0),
        ((), "none", 0),
        ((0.15, 0.8), "none", 0),
        ((0.5, 0.97), "none", 1),
        ((0.5, 0.97), "balanced", 0),
        ((0.995,), "balanced", 1),
    ],
)
def test_thresholds(thresholds: tuple[float, ...], weights: str, count: int) -> None:
    assert len(extreme_threshold(thresholds, Recipe(DATA, class_weights=weights))) == count


@pytest.mark.parametrize(("right", "count"), [(90, 0), (40, 1)])
def test_the_gap_between_training_and_test(right: int, count: int) -> None:
    train, test = (Table(np.array([[100.0, 100.0, float(n), 200.0]])) for n in (95, right))
    assert len(generalisation_gap(train, test, RECIPE)) == count


@pytest.mark.parametrize("column", ["iou_cell", "mean_iou"])
def test_baselines(column: str) -> None:
    rows = [{"method": name, column: value} for name, value in (("threshold", "0.40"), ("network", "0.41"))]
    assert "0.41 against 0.40" in below_baseline(rows, RECIPE, Path("my run"))[0].evidence
    assert below_baseline([{"method": "threshold", column: "0.3"}, rows[1]], RECIPE, DATA) == []
    assert below_baseline([], RECIPE, DATA) == []


def test_large_images_are_cropped_to_their_middle() -> None:
    large = pair(np.zeros((500, 1000), int).tolist())
    assert cropped(large).size == (384, 384)
    assert cropped(pair([[0, 1, 2, 2]])).size == (1, 4)


def test_probabilities_of_nan_are_refused_with_the_image() -> None:
    with pytest.raises(ValueError, match=r"^image a: the probabilities of 256 of 256 pixels are NaN"):
        predicted_labels(Predictor(with_variance_below_0()), [pair([[0] * 16] * 16)])
