"""Reads the data of a recipe: its images in three sets, and the task that follows from them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from unet_tutorial.datasets.folder import Collection, Pair, Reading, read_collection
from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.jobs.leaks import leaks
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.split import Split, split_of, unused_parts
from unet_tutorial.jobs.task import Task


@dataclass(frozen=True)
class Data:
    """The images of a run, the task that a network learns from them, and sentences for the user about both."""

    split: Split
    task: Task
    remarks: list[str]

    @cached_property
    def digest(self) -> str:
        """The sha256 of all images and labels and of their order, with which a resumed run finds that they changed."""
        digest = hashlib.sha256()
        for part in self.split:
            for pair in part:
                for array in (pair.image, pair.labels, pair.instances, pair.known):
                    digest.update(f"{array.dtype}{array.shape}".encode())
                    digest.update(np.ascontiguousarray(array).data)
            digest.update(b"end of a part")
        return digest.hexdigest()


def read_data(recipe: Recipe, rank: int = 2) -> Data:
    """Read the folder of a recipe for a network with ``rank`` spatial axes, and split it.

    ValueError for a folder or a file that cannot be used, and for labels whose meaning is not certain.
    """
    collection = read_collection(recipe.data, rank, reading_of(recipe))
    split = split_of(collection, recipe)
    check_unlabelled(recipe, collection)
    normaliser = Normaliser.of([pair.image for pair in split.train], recipe.normalise)
    task = Task(collection.scheme, collection.channels, normaliser, _spacing(split.train))
    remarks = [*collection.remarks, *unused_parts(collection, recipe), *leaks(split, recipe.split_by)]
    return Data(split, task, remarks)


def check_unlabelled(recipe: Recipe, collection: Collection) -> None:
    """ValueError if no mask holds the value of unlabelled pixels."""
    if recipe.unlabelled is not None and not collection.sparse:
        raise ValueError(
            f"--unlabelled {recipe.unlabelled}: no mask in {recipe.data} holds this value; "
            "correct it, or leave the option out"
        )


def reading_of(recipe: Recipe) -> Reading:
    """The options of a recipe with which images and labels are read."""
    return Reading(recipe.labels, recipe.classes, recipe.colours, recipe.unlabelled, recipe.channels)


def _spacing(pairs: list[Pair]) -> tuple[float, ...]:
    """The size of a pixel in µm, if all images have the same."""
    found = {pair.spacing for pair in pairs}
    return found.pop() if len(found) == 1 else ()
