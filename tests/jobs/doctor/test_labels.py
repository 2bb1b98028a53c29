"""Faults of labels: each is found where it was planted, and not in its healthy neighbour."""

import numpy as np
import pytest

from tests.jobs.doctor.in_memory import DATA, colour_pairs, pairs
from tests.jobs.doctor.planted import (
    Files,
    cells,
    changed,
    masks_changed,
    membranes,
    specked,
    spot,
    tissue,
    two_magnifications,
    walls,
    without_class,
)
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.doctor import labels
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.task import Task

RECIPE, BINARY = Recipe(DATA), Task()
FOUR = Task(LabelScheme("classes", ("background", "stroma", "gland", "nucleus"), (0, 1, 2, 3)))
LAYERS = Task(LabelScheme("layers", ("a", "b")))


def test_shares_are_those_of_labelled_pixels() -> None:
    known = np.array([[True, True, True, False]])
    classes = Pair("a", np.zeros((1, 1, 4)), np.array([[2, 0, 2, 0]], np.uint8), np.zeros((1, 4), np.int32), known)
    assert labels.shares(classes, FOUR).tolist() == pytest.approx([1 / 3, 0, 2 / 3, 0])
    layers = classes._replace(labels=np.array([[[1, 1, 0, 0]], [[0, 0, 0, 1]]], np.uint8))
    assert labels.shares(layers, LAYERS).tolist() == pytest.approx([2 / 3, 0])


def test_healthy_labels_are_silent() -> None:
    for files in (membranes(), cells(), walls()):
        given = pairs(files)
        assert labels.little_foreground(BINARY, given, RECIPE) == []
        assert labels.missing_classes(given, {}, BINARY, RECIPE) == []
        assert labels.specks(given, RECIPE) == []
        assert labels.mixed_magnifications(given, RECIPE) == []
        assert labels.wrong_spacing(given, RECIPE) == []
    assert labels.little_foreground(FOUR, colour_pairs(tissue()), RECIPE) == []
    assert labels.missing_classes(colour_pairs(tissue()), {}, FOUR, RECIPE) == []


@pytest.mark.parametrize(
    ("names", "sentence"),
    [("", "no mask has any foreground"), ("00 01 02 03 04", "most masks are empty"), ("00 01", "")],
)
def test_empty_masks_are_a_fault_if_most_are(names: str, sentence: str) -> None:
    given = pairs(changed(membranes(), names, masks_changed(np.zeros_like)))
    found = labels.little_foreground(BINARY, given, RECIPE)
    assert [finding.sentence for finding in found][:1] == [s for s in [sentence] if s] or found[0].sentence.startswith(
        sentence
    )


def test_a_spot_is_tiny() -> None:
    (finding,) = labels.little_foreground(BINARY, pairs(changed(cells(), "", spot)), RECIPE)
    assert "0.27%" in finding.evidence
    assert "about 25 in an image" in finding.evidence


def test_classes_that_training_lacks() -> None:
    train = colour_pairs(changed(tissue(), "", masks_changed(without_class(3))))
    (finding,) = labels.missing_classes(train, colour_pairs(tissue(), "test"), FOUR, RECIPE)
    assert "the held-out images show nucleus" in finding.evidence
    assert "--split random" in finding.cure
    (finding,) = labels.missing_classes(train, {}, FOUR, RECIPE)
    assert "no training image shows nucleus" in finding.sentence


def test_classes_that_are_rare() -> None:
    def rare(mask: np.ndarray) -> np.ndarray:
        result = np.where(mask == 3, 2, mask)
        result[0, :2] = 3
        return result.astype(np.uint8)

    (finding,) = labels.missing_classes(colour_pairs(changed(tissue(), "", masks_changed(rare))), {}, FOUR, RECIPE)
    assert finding.evidence == "nucleus: 0.022% of the pixels"


def test_specks() -> None:
    (finding,) = labels.specks(pairs(changed(cells(), "", masks_changed(specked))), RECIPE)
    assert "specks of at most 4 pixels" in finding.sentence


def test_magnifications_by_cells_and_by_the_files() -> None:
    given = pairs(two_magnifications())
    (finding,) = labels.mixed_magnifications(given, RECIPE)
    assert "cells of s" in finding.evidence
    stated = {
        key: pair._replace(spacing=(0.5, 0.5) if key.name == "00" else (0.1, 0.1))
        for key, pair in pairs(membranes()).items()
    }
    (finding,) = labels.mixed_magnifications(stated, RECIPE)
    assert "a pixel of 00 is 0.5 µm wide" in finding.evidence or "one of 00 0.5 µm" in finding.evidence


@pytest.mark.parametrize(("spacing", "count"), [("1,1,1", 1), ("3,1,1", 0), ("12,1,1", 1), ("0.3,0.1,0.1", 0)])
def test_the_voxel_size_is_compared_with_the_cells(spacing: str, count: int) -> None:
    found = labels.wrong_spacing(pairs(walls()), Recipe(DATA, preset="unet3d", spacing=spacing))
    assert len(found) == count
    assert all("pixels apart" in finding.evidence for finding in found)


def test_lengths_of_cells_that_touch_the_border_do_not_count() -> None:
    cells_ = np.zeros((9, 9, 9), np.int32)
    cells_[2:4, 3:7, 1:8], cells_[0:3, 1, 5], cells_[5:9, 1, 5] = 1, 2, 3
    (pair,) = pairs({"v": Files(np.zeros((9, 9, 9)), cells_)}).values()
    assert labels.inner_lengths(pair).tolist() == [[2, 4, 7]]
