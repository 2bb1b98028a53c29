"""Inverted, forgotten and unfinished masks are found; negative examples and healthy sets are silent."""

import numpy as np
import pytest

from tests.jobs.doctor.in_memory import DATA, pairs
from tests.jobs.doctor.planted import Files, Folder, cells, changed, masks_changed, membranes, unfinished, walls
from unet_tutorial.jobs.doctor.content import features, inverted, unusual_foreground
from unet_tutorial.jobs.doctor.corrected import corrected_pairs
from unet_tutorial.jobs.doctor.finding import Finding
from unet_tutorial.jobs.doctor.planes import planes_of


def found(files: Folder) -> list[Finding]:
    return unusual_foreground(planes_of(pairs(files), 2, side=96, count=30), DATA)


@pytest.mark.parametrize("files", [membranes(), cells(), walls()], ids=["membranes", "cells", "walls"])
def test_healthy_masks_are_silent(files: Folder) -> None:
    assert found(files) == []


@pytest.mark.parametrize("files", [membranes(), cells()], ids=["membranes", "cells"])
@pytest.mark.parametrize("names", ["03", "01 04 06"])
def test_inverted_masks_are_found_and_inverted_back(files: Folder, names: str) -> None:
    bad = changed(files, names, masks_changed(lambda mask: 255 - mask))
    (finding,) = found(bad)
    assert {key.name for key in finding.changes} == set(names.split())
    restored = corrected_pairs(pairs(bad), [finding])
    for key, pair in pairs(files).items():
        np.testing.assert_array_equal(restored[key].labels, pair.labels)
        assert restored[key].instances.max() == pair.instances.max()


@pytest.mark.parametrize(("change", "word"), [(np.zeros_like, "empty"), (unfinished, "unfinished")])
def test_masks_without_the_cells_of_the_image_are_found(change: object, word: str) -> None:
    (finding,) = found(changed(membranes(), "03", masks_changed(change)))  # type: ignore[arg-type]
    assert f"03 ({word})" in finding.sentence
    assert len(corrected_pairs(pairs(membranes()), [finding])) == 7


def test_an_image_of_background_may_have_an_empty_mask() -> None:
    noise = np.random.default_rng(0)
    texture = cells()["00"].image[cells()["00"].mask == 0]
    background = noise.choice(texture, (96, 96)).astype(np.uint8)
    empty = Files(background, np.zeros((96, 96), np.uint8))
    assert found(dict(cells()) | {"negative": empty}) == []


def test_features_have_one_constant_and_six_per_channel() -> None:
    maps = features(np.random.default_rng(0).normal(size=(3, 20, 20)).astype(np.float32))
    assert maps.shape == (19, 20, 20)
    assert (maps[0] == 1).all()


def test_inverting_keeps_unlabelled_pixels() -> None:
    (pair,) = pairs({"a": Files(np.zeros((2, 3)), np.array([[1, 0, 1], [0, 0, 1]]))}).values()
    known = np.array([[True, True, False], [True, True, True]])
    assert inverted(pair._replace(known=known), {}).labels.tolist() == [[0, 1, 0], [1, 1, 0]]
