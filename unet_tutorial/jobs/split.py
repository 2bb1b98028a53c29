"""Splits the images of a collection into those for training, validation and testing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.folder import Collection, Pair
from unet_tutorial.jobs.recipe import Recipe

Order = NDArray[np.intp]  # numbers of groups


class Split(NamedTuple):
    """The images for training, those held out for testing, and those for validation, if there are any."""

    train: list[Pair]
    test: list[Pair]
    validation: list[Pair] = []  # noqa: RUF012 (never changed)


def split_of(collection: Collection, recipe: Recipe) -> Split:
    """The training, test and validation images of a collection.

    The test set is a fold if ``folds`` is given, otherwise ``held_out`` images, otherwise the test part of the
    collection, otherwise a fifth of the images. The validation set is ``validate`` of the other images, or the
    validation part of the collection. Images are taken from the end of the list, or at random with ``split`` "random".
    With ``split_by``, all images of a group are in the same set, so that a set may get more images than demanded. A
    single volume is cut along its longest axis: its last fifth is the test set, and the fifth before that the
    validation set if ``validate`` is above 0.

    ValueError if no image would be left for training, if an image has no labelled pixel, and for a ``split_by`` that
    gives fewer than two groups.
    """
    parts = collection.parts
    pairs = parts.get("") or parts.get("train") or []
    if recipe.folds and recipe.held_out:
        raise ValueError(f"--folds {recipe.folds} and --held-out {recipe.held_out}: give one of them")
    if not pairs:
        raise ValueError(f"found no images for training, only those of {' and '.join(parts)}; add train/")
    if len(pairs) == 1 and len(pairs[0].size) == 3 and not (recipe.held_out or recipe.folds or "test" in parts):
        split = split_volume(pairs[0], ("validation", "test") if recipe.validate else ("test",))
    else:
        split = _of_groups(groups(pairs, recipe.split_by), parts, recipe)
    for pair in (*split.train, *split.test, *split.validation):
        if not pair.known.any():
            raise ValueError(
                f"{pair.name}: none of its pixels is labelled; put labelled images for testing "
                "into test/, and the others into train/"
            )
    return split if split.validation or recipe.validate else split._replace(validation=parts.get("val", []))


def unused_parts(collection: Collection, recipe: Recipe) -> list[str]:
    """A sentence about each part of the data that an option replaces."""
    options = {"test": {"--folds": recipe.folds, "--held-out": recipe.held_out}, "val": {"--validate": recipe.validate}}
    return [
        f"the {len(collection.parts[part])} images in {part}/ are not used, because of {option} {value}"
        for part, values in options.items()
        for option, value in values.items()
        if value and part in collection.parts
    ]


def groups(pairs: Sequence[Pair], split_by: str = "") -> list[list[Pair]]:
    """The images whose names give the same first group of the regular expression ``split_by``, in their order.

    Without an expression each image is a group. ValueError for an expression that is not valid or has no group in
    parentheses, that does not match all names, and that gives the same for all names.
    """
    if not split_by:
        return [[pair] for pair in pairs]
    try:
        expression = re.compile(split_by)
    except re.error as error:
        raise ValueError(
            f"--split-by {split_by}: this is not a regular expression ({error}); try '(.*)-[0-9]+'"
        ) from error
    if not expression.groups:
        raise ValueError(f"--split-by {split_by}: put the part of the name that a group shares into parentheses")
    found: dict[str, list[Pair]] = {}
    for pair in pairs:
        group = group_of(pair.name, split_by)
        if not group:
            raise ValueError(
                f"--split-by {split_by}: gives no group for {pair.name}; it must give one for the names of all images"
            )
        found.setdefault(group, []).append(pair)
    if len(found) < 2:
        raise ValueError(
            f"--split-by {split_by}: all {len(pairs)} images are in one group, {next(iter(found))!r}, so none can be "
            "held out; correct the expression, or leave it out"
        )
    return list(found.values())


def group_of(name: str, split_by: str) -> str:
    """The first group of the regular expression ``split_by`` in the name of an image, or "" if it does not match.

    >>> group_of("embryo 3-07", "(.*)-[0-9]+")
    'embryo 3'
    """
    found = re.search(split_by, name)
    return found[1] or "" if found else ""


def split_volume(volume: Pair, sets: Sequence[str] = ("test",)) -> Split:
    """Cuts one volume along its longest axis; each of the ``sets`` gets a fifth, in this order, at its end."""
    axis = int(np.argmax(volume.size))
    length = volume.size[axis]
    fifth = max(1, length // 5)
    first = length - fifth * len(sets)
    if first < 1:
        raise ValueError(f"{volume.name}: its longest side has {length} voxels, too few for {len(sets) + 1} sets")
    whole = (slice(None),) * axis
    cut = {
        name: volume.crop(
            f"{volume.name}-{name}", (*whole, slice(first + fifth * number, first + fifth * (number + 1)))
        )
        for number, name in enumerate(sets)
    }
    train = volume.crop(f"{volume.name}-train", (*whole, slice(first)))
    return Split([train], [cut["test"]], [cut["validation"]] if "validation" in cut else [])


def _of_groups(found: list[list[Pair]], parts: Mapping[str, list[Pair]], recipe: Recipe) -> Split:
    """The sets, each of whole groups."""
    order = np.arange(len(found))
    if recipe.split == "random":
        if "test" in parts and not (recipe.folds or recipe.held_out or recipe.validate):
            raise ValueError(
                "--split random: the test images are those in test/, so no images are drawn; leave the option out, or "
                "give --held-out, --folds or --validate"
            )
        order = np.random.default_rng(recipe.seed).permutation(order)
    total = sum(map(len, found))
    if recipe.folds:
        test = _fold(order, recipe)
    elif recipe.held_out or "test" not in parts:
        test = _last(found, order, recipe.held_out or max(1, total // 5), "hold out")
    else:
        test = order[:0]
    rest = order[~np.isin(order, test)]
    validation = _last(found, rest, recipe.validate, "validate on") if recipe.validate else order[:0]
    train = rest[~np.isin(rest, validation)]
    sets = [[pair for number in sorted(chosen) for pair in found[number]] for chosen in (train, test, validation)]
    return Split(sets[0], sets[1] if len(test) else parts["test"], sets[2])


def _last(found: Sequence[list[Pair]], order: Order, count: int, verb: str) -> Order:
    """The last groups of an order, as few as hold ``count`` images; ValueError if no group would be left."""
    sizes = list(accumulate(len(found[number]) for number in order[::-1]))
    taken = next((number for number, size in enumerate(sizes, 1) if size >= count), len(order))
    if taken >= len(order):
        several = f" in {len(order)} groups" if len(order) < sum(len(found[number]) for number in order) else ""
        hint = "; without --held-out, a fifth of the volume is held out" if len(found[0][0].size) == 3 else ""
        raise ValueError(
            f"cannot {verb} {count} of {sizes[-1] if sizes else 0} images{several}; add images, or {verb} fewer{hint}"
        )
    return order[len(order) - taken :]


def _fold(order: Order, recipe: Recipe) -> Order:
    """The groups of a fold; each group is in exactly one of the folds."""
    if not 2 <= recipe.folds <= len(order):
        kind = "groups" if recipe.split_by else "images"
        raise ValueError(
            f"--folds {recipe.folds}: there must be at least 2 folds, and a fold needs at least one of the "
            f"{len(order)} {kind}; give a number from 2 to {len(order)}, or add images"
        )
    return np.array_split(order, recipe.folds)[recipe.fold - 1]
