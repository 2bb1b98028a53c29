"""Every threshold is chosen on training images; the baselines of cells, classes and layers; the tables to print."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.oracles.thin_nets import with_variance_below_0
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.folder import Pair, paired
from unet_tutorial.datasets.generators.overlapping import overlapping_discs
from unet_tutorial.datasets.generators.tissue import CLASSES, stained_tissue
from unet_tutorial.jobs.predictor import Predictor, Probabilities
from unet_tutorial.jobs.rows import BinaryRow, ClassesRow
from unet_tutorial.jobs.scores import TUNED_ON, baselines, best_thresholds, evenly_spaced, score
from unet_tutorial.jobs.split import Split
from unet_tutorial.jobs.task import GREY_CELLS, Task
from unet_tutorial.learning.baselines import best_probability_threshold
from unet_tutorial.metrics.pixels import iou
from unet_tutorial.nets.presets import padded_unet

TISSUE = Task(LabelScheme("classes", CLASSES, (0, 1, 2, 3)), ("red", "green", "blue"))
DISCS = Task(LabelScheme("layers", ("even", "ring", "speckled")))


def pair(seed: int, share: float, *, unlabelled_rows: int = 0) -> Pair:
    """A random image in which the darkest share of the pixels is background, and the first rows are unlabelled."""
    image = np.random.default_rng(seed).random((24, 24)).astype(np.float32)
    cells = np.where(image > share, 1, 0).astype(np.int32)
    cells[:unlabelled_rows] = -1
    return paired(str(seed), image, cells)


def tissue(seed: int) -> Pair:
    sample = stained_tissue(seed, 64)
    return Pair(str(seed), sample.image, sample.labels, np.zeros((64, 64), np.int32), np.ones((64, 64), bool))


def discs(seed: int) -> Pair:
    image, layers = overlapping_discs(seed, 64)
    return Pair(str(seed), image[None], layers, np.zeros((64, 64), np.int32), np.ones((64, 64), bool))


SPLITS = {
    "cells": Split([pair(0, 0.4), pair(1, 0.4)], [pair(2, 0.25)]),
    "tissue": Split([tissue(0), tissue(1)], [tissue(2), tissue(3)]),
    "discs": Split([discs(0), discs(1)], [discs(2), discs(3)]),
}
TASKS = {"cells": GREY_CELLS, "tissue": TISSUE, "discs": DISCS}


def network(name: str) -> Predictor:
    torch.manual_seed(0)
    channels, classes = len(TASKS[name].channels), len(TASKS[name].classes)
    return Predictor(padded_unet(channels, classes, widths=(4, 8)).eval(), TASKS[name])


def threshold_on(predictor: Predictor, pairs: list[Pair]) -> tuple[float]:
    probabilities = [predictor(p.image)[1] for p in pairs]
    return (best_probability_threshold(probabilities, [p.labels for p in pairs], [p.known for p in pairs]),)


def test_the_threshold_is_that_of_the_training_images_and_their_labelled_pixels() -> None:
    predictor = network("cells")
    split = Split([pair(0, 0.1, unlabelled_rows=18), pair(1, 0.1, unlabelled_rows=18)], [pair(2, 0.9)])
    chosen = score(predictor, split).thresholds[1]
    assert chosen == threshold_on(predictor, split.train)
    assert chosen != threshold_on(predictor, split.test)
    assert chosen != threshold_on(predictor, [p._replace(known=np.ones_like(p.known)) for p in split.train])


def test_each_view_has_a_threshold_and_each_layer_its_own() -> None:
    predictor = network("discs")
    found = best_thresholds(predictor, SPLITS["discs"].train)
    for views, thresholds in found.items():
        probabilities = [replace(predictor, views=views)(p.image) for p in SPLITS["discs"].train]
        for layer in range(3):
            assert thresholds[layer] == best_probability_threshold(
                [p[layer] for p in probabilities],
                [p.labels[layer] for p in SPLITS["discs"].train],
                [p.known for p in SPLITS["discs"].train],
            )


def test_classes_need_no_threshold_and_no_prediction_of_training_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Predictor, "by_views", None)
    assert best_thresholds(network("tissue"), SPLITS["tissue"].train) == {1: (), 8: ()}


def test_thresholds_are_chosen_on_training_images_evenly_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def named(_self: Predictor, image: NDArray[np.float32]) -> dict[int, Probabilities]:
        seen.append(int(image[0, 0, 0]))
        return dict.fromkeys((1, 8), np.concatenate((1 - image / np.float32(100), image / np.float32(100))))

    monkeypatch.setattr(Predictor, "by_views", named)
    images = [np.arange(16, dtype=np.float32).reshape(4, 4) + number for number in range(16)]
    pairs = [paired(str(number), image, (image > 20).astype(np.int32)) for number, image in enumerate(images)]
    scores = score(network("cells"), Split(pairs[:14], pairs[14:]))
    assert seen == [0, 3, 6, 9, 12, 14, 15]
    assert len(seen) - 2 <= TUNED_ON
    assert scores.thresholds == {1: (0.2,), 8: (0.2,)}
    assert [row.cells()[:2] for row in scores.rows[2:]] == [["network", "0.0000"], ["network, 8 views", "0.0000"]]


def test_at_most_so_many_pairs_are_taken_from_the_first_on() -> None:
    pairs = [pair(seed, 0.5) for seed in range(7)]
    assert [p.name for p in evenly_spaced(pairs, 3)] == ["0", "3", "6"]
    assert evenly_spaced(pairs, 7) == pairs


@pytest.mark.parametrize("name", SPLITS)
def test_predictions_are_those_of_the_predictor_for_each_number_of_views(name: str) -> None:
    predictor, split = network(name), SPLITS[name]
    scores = score(predictor, split)
    for views in (1, 8):
        deciding = replace(predictor, views=views, thresholds=scores.thresholds[views])
        for number, each in enumerate(split.test):
            probabilities = deciding(each.image)
            np.testing.assert_array_equal(scores.labels[views][number], deciding.labels(probabilities))
            if name == "cells":
                np.testing.assert_array_equal(scores.probabilities[views][number], probabilities[1])


def test_the_baselines_call_everything_cell_or_apply_the_threshold_of_training() -> None:
    everything, smoothed = score(network("cells"), SPLITS["cells"]).rows[:2]
    assert isinstance(everything, BinaryRow)
    assert isinstance(smoothed, BinaryRow)
    assert (everything.method, smoothed.method) == ("everything cell", "smoothed threshold")
    assert everything.iou_cell == pytest.approx(np.mean(SPLITS["cells"].test[0].labels))
    assert everything.dice_background == 0
    assert smoothed.pixel_error < everything.pixel_error


def test_the_baselines_of_classes_are_the_most_frequent_one_and_the_nearest_colour() -> None:
    everything, nearest = baselines(SPLITS["tissue"], TISSUE)
    assert (everything.name, nearest.name) == ("everything stroma", "nearest colour")
    assert all((labels == 1).all() for labels in everything.labels)
    truth = np.stack([p.labels for p in SPLITS["tissue"].test])
    assert iou(np.stack(nearest.labels), truth, label=0) > 0.5  # the white background
    assert baselines(SPLITS["tissue"], replace(TISSUE, channels=("grey",)))[1].name == "nearest grey level"


def test_the_baselines_of_layers_are_everything_and_the_nearest_grey_level_of_each() -> None:
    everything, nearest = baselines(SPLITS["discs"], DISCS)
    assert (everything.name, nearest.name) == ("everything in all layers", "nearest grey level")
    for method in (everything, nearest):
        assert [labels.shape for labels in method.labels] == [(3, 64, 64)] * 2
    assert all(labels.all() for labels in everything.labels)
    truth = np.stack([p.labels for p in SPLITS["discs"].test])
    assert iou(np.stack(nearest.labels), truth, label=1) > iou(np.stack(everything.labels), truth, label=1)


def test_two_classes_in_colour_are_compared_with_the_nearest_colour() -> None:
    task = Task(LabelScheme("classes", ("background", "tissue")), ("red", "green", "blue"))
    pairs = [p._replace(labels=np.minimum(p.labels, 1)) for p in SPLITS["tissue"].train]
    everything, nearest = baselines(Split(pairs, pairs), task)
    assert (everything.name, nearest.name) == ("everything tissue", "nearest colour")
    assert iou(np.stack(nearest.labels), np.stack([p.labels for p in pairs]), label=1) > 0.8


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        ("cells", ["on the held-out images", "cells on the held-out images"]),
        ("tissue", ["on the held-out images", "classes of the network"]),
        ("discs", ["on the held-out images", "classes of the network"]),
    ],
)
def test_the_tables_to_print(name: str, titles: list[str]) -> None:
    scores = score(network(name), SPLITS[name])
    assert [section.title for section in scores.sections] == titles
    for section in scores.sections:
        assert {len(line) for line in section.lines} == {len(section.heads)}
    methods, second = scores.sections
    assert [line[0] for line in methods.lines[2:]] == ["network", "network, 8 views"]
    assert [line[0] for line in second.lines] == (
        list(TASKS[name].classes) if name != "cells" else [line[0] for line in methods.lines]
    )
    if name != "cells":
        (network_row,) = [row for row in scores.rows if row.method == "network"]
        assert isinstance(network_row, ClassesRow)
        ious = [float(line[2]) for line in second.lines if line[2] != "nan"]
        assert network_row.mean_iou == pytest.approx(np.mean(ious), abs=1e-4)


def test_probabilities_of_nan_have_no_score() -> None:
    with pytest.raises(ValueError, match=r"^image 0: the probabilities of 576 of 576 pixels are NaN"):
        score(Predictor(with_variance_below_0()), SPLITS["cells"])
