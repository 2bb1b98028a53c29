"""Writes a corrected copy of a folder: masks moved, exchanged or inverted, images left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from unet_tutorial.datasets.course_data import write_class_names
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.datasets.images.files import write_image
from unet_tutorial.datasets.images.image import Array
from unet_tutorial.disk import make_folder
from unet_tutorial.jobs.data import Data
from unet_tutorial.jobs.doctor.finding import Finding, Key, train_command
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.task import Task

UNLABELLED = 255, 65535  # value of unlabelled pixels in files of classes, and of numbers of cells


def corrected_pairs(pairs: Mapping[Key, Pair], findings: Sequence[Finding]) -> dict[Key, Pair]:
    """The pairs after the changes of the findings; only the most likely finding changes a pair."""
    changes = {key: change for finding in reversed(findings) for key, change in finding.changes.items()}
    changed = {key: changes[key](pair, pairs) if key in changes else pair for key, pair in pairs.items()}
    return {key: pair for key, pair in changed.items() if pair is not None}


def write_corrected(data: Data, pairs: Mapping[Key, Pair], recipe: Recipe, folder: Path) -> str:
    """Write the pairs as TIFF files into a new folder; returns the command that trains on them.

    ValueError if the folder is not empty, if a part for training is missing, or for layers with unlabelled pixels.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"--corrected {folder}: it exists already; give a new folder")
    if not any(key.part == "train" for key in pairs):
        raise ValueError("no training image would be left; correct the files by hand")
    task = data.task
    sparse = any(not pair.known.all() for pair in pairs.values())
    if sparse and task.scheme.layered:
        raise ValueError("layers with unlabelled pixels cannot be copied; correct the files by hand")
    numbered = task.scheme.kind == "instances" and task.binary
    for key, pair in pairs.items():
        name = f"{key.name.replace('/', '_')}.tif"
        channels = task.channels if len(pair.image) > 1 else ()
        image = pair.image if channels else pair.image[0]
        write_image(make_folder(folder / key.part / "images") / name, image, pair.spacing, channels)
        for part, labels in _label_files(pair, task, numbered=numbered).items():
            write_image(make_folder(folder / key.part / part) / name, labels)
    if not numbered and not task.scheme.layered:
        for part in {key.part for key in pairs}:
            write_class_names(folder / part, task.classes)
    kind = "instances" if numbered else "layers" if task.scheme.layered else "classes"
    unlabelled = UNLABELLED[numbered] if sparse else None
    changed = replace(recipe, data=folder, labels=kind, unlabelled=unlabelled, classes="", colours="", channels="")
    return train_command(changed)


def _label_files(pair: Pair, task: Task, *, numbered: bool) -> dict[str, Array]:
    """Folder -> array of the label file in it."""
    if task.scheme.layered:
        return {f"labels/{name}": 255 * layer for name, layer in zip(task.classes, pair.labels, strict=True)}
    labels = pair.instances.astype(np.uint16) if numbered else pair.labels.copy()
    labels[~pair.known] = UNLABELLED[numbered]
    return {"labels": labels}
