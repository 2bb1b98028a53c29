"""Training and test sets of a folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import Unet
from tests.oracles.small_volumes import THIN_3D, UNLABELLED, VOLUMES, put, write_volumes
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.folder import Collection, paired
from unet_tutorial.datasets.images.files import write_image
from unet_tutorial.disk import make_folder
from unet_tutorial.jobs.data import read_data
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.split import Split, split_of, split_volume, unused_parts


def split(folder: Path, rank: int = 2, *, held_out: int = 0, unlabelled: int | None = None) -> Split:
    """The split of a folder with these options of a recipe."""
    labels = "instances" if rank == 3 else ""  # eight cells in each volume could be eight classes
    return read_data(Recipe(folder, labels=labels, held_out=held_out, unlabelled=unlabelled), rank).split


def images(folder: Path, count: int) -> Path:
    """The folder, with that many small images and masks, 00 .. in the order of their names."""
    for number in range(count):
        mask = np.kron(np.eye(2, dtype=np.uint8), np.full((4, 4), 255, np.uint8))
        write_image(make_folder(folder / "images") / f"{number:02}.png", mask // 2 + np.uint8(number))
        write_image(make_folder(folder / "labels") / f"{number:02}.png", mask)
    return folder


@pytest.mark.parametrize(("count", "held_out", "test"), [(12, 0, 2), (4, 0, 1), (2, 0, 1), (12, 5, 5), (12, 11, 11)])
def test_the_last_images_are_held_out(tmp_path: Path, count: int, held_out: int, test: int) -> None:
    found = split(images(tmp_path, count), held_out=held_out)
    names = [f"{number:02}" for number in range(count)]
    assert [pair.name for pair in found.train] == names[: count - test]
    assert [pair.name for pair in found.test] == names[count - test :]


def test_a_test_set_of_the_folder_is_used_unless_a_number_is_given(tmp_path: Path) -> None:
    images(tmp_path / "train", 5)
    images(tmp_path / "test", 3)
    assert [len(part) for part in split(tmp_path)] == [5, 3, 0]
    assert [len(part) for part in split(tmp_path, held_out=2)] == [3, 2, 0]


@pytest.mark.parametrize(("count", "held_out"), [(1, 0), (3, 3), (3, 4)])
def test_an_empty_training_set_is_refused(tmp_path: Path, count: int, held_out: int) -> None:
    with pytest.raises(ValueError, match=f"cannot hold out {held_out or 1} of {count} images; add images"):
        split(images(tmp_path, count), held_out=held_out)


def test_a_single_volume_is_held_out_across_its_longest_axis(tmp_path: Path) -> None:
    (train,), (test,), _ = split(write_volumes(tmp_path, range(1)), 3)
    assert (train.image.shape, test.image.shape) == ((1, 8, 32, 29), (1, 8, 32, 7))
    assert np.array_equal(np.concatenate((train.image[0], test.image[0]), 2), VOLUMES[0].image)
    assert train.known.shape == train.size


def test_a_single_volume_cannot_be_held_out_whole(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="without --held-out, a fifth of the volume is held out"):
        split(write_volumes(tmp_path, range(1)), 3, held_out=1)


def test_a_test_set_without_labels_is_refused_before_training(unet: Unet, tmp_path: Path) -> None:
    mask = VOLUMES[0].instances.astype(np.uint16)  # the longest axis is the last
    mask[..., 29:] = UNLABELLED
    with pytest.raises(ValueError, match="0-test: none of its pixels is labelled; put labelled images for testing"):
        split(put(tmp_path, mask), 3, unlabelled=UNLABELLED)
    code, text = unet("train", "--data", tmp_path, "-o", tmp_path / "run", "--unlabelled", UNLABELLED, *THIN_3D)
    assert code == 1
    assert "none of its pixels is labelled" in text
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0 is background in a mask"), (9999, "--unlabelled 9999: no mask in .* holds this value")],
)
def test_a_value_that_no_mask_holds_is_refused(value: int, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=words):
        split(write_volumes(tmp_path), 3, unlabelled=value)


def collection(*names: str, **parts: str) -> Collection:
    """A collection of tiny images with these names, or of parts with the names in a text each."""
    groups = {part: text.split() for part, text in parts.items()} or {"": list(names)}
    cells = np.ones((2, 2), np.int32)
    pairs = {part: [paired(name, cells, cells) for name in found] for part, found in groups.items()}
    return Collection(pairs, LabelScheme(), ("grey",), [])


def names(found: Split) -> list[str]:
    """The names in the training, test and validation sets, one text each."""
    return [" ".join(pair.name for pair in part) for part in found]


SLICES = [f"{stack}-{number:02}" for stack in "abc" for number in range(2)]
BY_STACK: dict[str, Any] = {"split_by": "(.*)-[0-9]+"}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, ["0 1 2 3 4", "5", ""]),
        ({"validate": 2}, ["0 1 2", "5", "3 4"]),
        ({"validate": 2, "held_out": 2}, ["0 1", "4 5", "2 3"]),
        ({"folds": 3, "fold": 1}, ["2 3 4 5", "0 1", ""]),
        ({"folds": 3, "fold": 3, "validate": 1}, ["0 1 2", "4 5", "3"]),
        ({"folds": 4, "fold": 2}, ["0 1 4 5", "2 3", ""]),
    ],
)
def test_sets_are_taken_from_the_end(options: dict[str, Any], wanted: list[str]) -> None:
    assert names(split_of(collection(*"012345"), Recipe(**options))) == wanted


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, ["a-00 a-01 b-00 b-01", "c-00 c-01", ""]),
        ({"held_out": 3}, ["a-00 a-01", "b-00 b-01 c-00 c-01", ""]),
        ({"validate": 1}, ["a-00 a-01", "c-00 c-01", "b-00 b-01"]),
        ({"folds": 3, "fold": 2}, ["a-00 a-01 c-00 c-01", "b-00 b-01", ""]),
    ],
)
def test_groups_stay_together(options: dict[str, Any], wanted: list[str]) -> None:
    assert names(split_of(collection(*SLICES), Recipe(**BY_STACK, **options))) == wanted


@pytest.mark.parametrize("options", [{}, {"split": "random"}, BY_STACK, {"split": "random", **BY_STACK}])
@pytest.mark.parametrize("folds", [2, 3])
def test_folds_are_disjoint_and_cover_all_images(folds: int, options: dict[str, Any]) -> None:
    found = [split_of(collection(*SLICES), Recipe(folds=folds, fold=n + 1, **options)) for n in range(folds)]
    tested = [pair.name for split in found for pair in split.test]
    assert sorted(tested) == SLICES
    for split in found:
        assert sorted(pair.name for pair in (*split.train, *split.test)) == SLICES
        if "split_by" in options:
            assert not {pair.name[0] for pair in split.train} & {pair.name[0] for pair in split.test}


def test_random_sets_depend_on_the_seed_and_keep_the_order_of_the_list() -> None:
    all_names = [f"{number:02}" for number in range(20)]
    recipes = [Recipe(split="random", seed=seed, held_out=6, validate=4) for seed in (0, 0, 1)]
    first, again, other = (names(split_of(collection(*all_names), recipe)) for recipe in recipes)
    assert first == again != other
    for found in (first, other):
        assert sorted(" ".join(found).split()) == all_names
        assert [len(part.split()) for part in found] == [10, 6, 4]
        assert [part.split() for part in found] == [sorted(part.split()) for part in found]
    assert first[1] != " ".join(all_names[-6:])


@pytest.mark.parametrize(
    ("parts", "options", "wanted", "unused"),
    [
        ({"train": "a b c", "val": "v", "test": "t"}, {}, ["a b c", "t", "v"], ""),
        ({"train": "a b c", "val": "v"}, {}, ["a b", "c", "v"], ""),
        ({"train": "a b c", "val": "v", "test": "t"}, {"validate": 1}, ["a b", "t", "c"], "val/ .* --validate 1"),
        (
            {"train": "a b c", "test": "t"},
            {"held_out": 1},
            ["a b", "c", ""],
            "the 1 images in test/ are not used, because of --held-out 1",
        ),
        ({"train": "a b c", "test": "t"}, {"folds": 3}, ["b c", "a", ""], "1 images in test/ .* --folds 3"),
        ({"train": "a b c", "test": "t"}, {"split_by": "(.)"}, ["a b c", "t", ""], ""),
    ],
)
def test_parts_of_the_folder(parts: dict[str, str], options: dict[str, Any], wanted: list[str], unused: str) -> None:
    found, recipe = collection(**parts), Recipe(**options)
    assert names(split_of(found, recipe)) == wanted
    sentences = unused_parts(found, recipe)
    assert len(sentences) == bool(unused)
    assert all(re.search(unused, sentence) for sentence in sentences)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"held_out": 6}, "cannot hold out 6 of 6 images; add images, or hold out fewer$"),
        ({"validate": 5}, "cannot validate on 5 of 5 images; add images, or validate on fewer$"),
        ({"held_out": 5, **BY_STACK}, "cannot hold out 5 of 6 images in 3 groups; add images"),
        ({"folds": 7}, "--folds 7: .* at least one of the 6 images; give a number from 2 to 6"),
        ({"folds": 1}, "--folds 1: there must be at least 2 folds"),
        ({"folds": 4, **BY_STACK}, "--folds 4: .* at least one of the 3 groups; give a number from 2 to 3"),
        ({"folds": 2, "held_out": 1}, "--folds 2 and --held-out 1: give one of them"),
        ({"split_by": "(x)"}, r"--split-by \(x\): gives no group for a-00; it must"),
        ({"split_by": "a|(b)"}, "gives no group for a-00"),
        ({"split_by": "(-)"}, "all 6 images are in one group, '-', so none can be held out"),
        ({"split_by": ".*-"}, "into parentheses"),
        ({"split_by": "(a"}, r"--split-by \(a: this is not a regular expression \(missing \)"),
    ],
)
def test_splits_that_are_not_possible(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        split_of(collection(*SLICES), Recipe(**options))


def test_images_for_training_are_needed() -> None:
    with pytest.raises(ValueError, match="found no images for training, only those of val and test"):
        split_of(collection(val="a", test="b"), Recipe())


def test_a_single_volume_is_cut_in_three_for_validation() -> None:
    image = np.arange(2 * 3 * 11).reshape(2, 3, 11)
    cells = np.ones(image.shape, np.int32)
    found = Collection({"": [paired("v", image, cells)]}, LabelScheme(), ("grey",), [])
    split = split_of(found, Recipe(validate=1))
    assert names(split) == ["v-train", "v-test", "v-validation"]
    assert np.array_equal(
        np.concatenate([part[0].image[0] for part in (split.train, split.validation, split.test)], 2), image
    )
    with pytest.raises(ValueError, match="v: its longest side has 2 voxels, too few for 3 sets"):
        split_volume(paired("v", image[..., :2, :2], cells[..., :2, :2]), ("validation", "test"))


def test_a_random_split_without_images_to_draw_is_refused() -> None:
    with pytest.raises(ValueError, match="--split random: the test images are those in test/, so no images are drawn"):
        split_of(collection(train="a b c d", test="e f"), Recipe(split="random"))
    assert names(split_of(collection(train="a b c d", test="e f"), Recipe(split="random", validate=1)))
