"""The files that are written for a predicted image: probabilities, masks, instances, overlay and outlines."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.labels import Labels
from unet_tutorial.datasets.images.files import write_image
from unet_tutorial.datasets.images.image import Image
from unet_tutorial.disk import complete_file
from unet_tutorial.inference.instances import InstanceMap, class_instances, layer_instances, table, to_csv
from unet_tutorial.inference.outlines import class_colours, geojson, overlay, require_roifile, write_rois
from unet_tutorial.jobs.predictor import Probabilities
from unet_tutorial.jobs.task import Task

PROBABILITY_ENDING = "_probability.tif"  # every prediction writes this file


@dataclass(frozen=True)
class Prediction:
    """A predicted image.

    ``probabilities`` is (K, *size), and ``labels`` (*size), or (L, *size) for layers. ``rank`` is the number of axes of
    an instance; instances of fewer than ``min_size`` pixels are left out, and ``distance`` is that of the watershed in
    `class_instances`.
    """

    image: Image
    task: Task
    probabilities: Probabilities
    labels: Labels
    rank: int = 2
    min_size: int = 1
    distance: float = 0

    @cached_property
    def found(self) -> list[InstanceMap]:
        """The instances: one label image, or one for each layer."""
        find = partial(
            class_instances,
            rank=self.rank,
            min_size=self.min_size,
            distance=self.distance,
            spacing=self.image.spacing,
        )
        return layer_instances(self.labels, find) if self.task.scheme.layered else [find(self.labels)]

    @property
    def plane_suffix(self) -> str:
        """The suffix of files of integers: .tif for a stack, otherwise .png."""
        return ".tif" if self.image.array.ndim == 4 else ".png"


class Kind(NamedTuple):
    """A kind of results: the ends of the names of its files, and the function that writes them.

    ``write(prediction, start)`` writes files whose paths are ``start`` and some of the ends. ``endings(task)`` holds
    the ends for images and for stacks. ``counts`` says whether the results show instances. ``not_for_stacks`` is the
    reason why a stack cannot have them, or "" if it can.
    """

    name: str
    endings: Callable[[Task], list[str]]
    write: Callable[[Prediction, str], None]
    counts: bool = True
    not_for_stacks: str = ""


def file_name(text: str) -> str:
    """The name of a class as a part of the name of a file.

    >>> file_name("nucleus / dark")
    'nucleus-dark'
    """
    return re.sub(r"[^\w.+-]+", "-", text).strip("-.") or "class"


def layer_endings(task: Task) -> list[str]:
    """For files of which each layer has one, the part of the name that differs: [""] for a task without layers.

    Layers whose names give the same file name get their number as well.
    """
    if not task.scheme.layered:
        return [""]
    names = [file_name(name) for name in task.classes]
    return [f"_{name}" if names.count(name) == 1 else f"_{name}-{number}" for number, name in enumerate(names)]


def probability_channels(task: Task) -> tuple[str, ...]:
    """The names of the classes whose probabilities are written; () for the probability of class 1 alone."""
    return () if task.binary or len(task.classes) == 1 else task.classes


def written_probabilities(task: Task, probabilities: Probabilities) -> Probabilities:
    """(K, *size) -> the probabilities that are written: (classes, *size), or (*size) for that of class 1 alone.

    A network may have more outputs than its task has classes; these are left out.
    """
    of_classes = probabilities[: len(task.classes)]
    return of_classes if probability_channels(task) else np.asarray(of_classes[-1])


def _write_probability(prediction: Prediction, start: str) -> None:
    task, path = prediction.task, f"{start}{PROBABILITY_ENDING}"
    probabilities = written_probabilities(task, prediction.probabilities)
    write_image(path, probabilities, prediction.image.spacing, channels=probability_channels(task))


def _write_masks(prediction: Prediction, start: str) -> None:
    task = prediction.task
    masks = prediction.labels if task.scheme.layered else prediction.labels[None]
    for part, mask in zip(layer_endings(task), masks, strict=True):
        values = np.array([0, 255]) if task.binary or task.scheme.layered else class_values(task)
        image = values[mask].astype(np.min_scalar_type(values.max()))
        write_image(f"{start}_mask{part}{prediction.plane_suffix}", image, prediction.image.spacing)


def class_values(task: Task) -> NDArray[np.int64]:
    """The value of each class in a mask: that of the training files, or its number where these had colours."""
    return np.array(task.scheme.values or range(len(task.classes)))


def _write_instances(prediction: Prediction, start: str) -> None:
    task, image = prediction.task, prediction.image
    for part, found in zip(layer_endings(task), prediction.found, strict=True):
        rows = table(found, prediction.probabilities, task.classes, spacing=image.spacing)
        write_image(f"{start}_instances{part}.tif", found.labels, image.spacing)
        with complete_file(f"{start}_instances{part}.csv") as path:
            path.write_text(to_csv(rows, found), encoding="utf8")


def _write_overlay(prediction: Prediction, start: str) -> None:
    task = prediction.task
    picture = overlay(prediction.image.array, prediction.found, class_colours(len(task.classes)))
    with complete_file(f"{start}_overlay{prediction.plane_suffix}") as path:
        _encode_rgb(path, picture)


def _encode_rgb(path: Path, picture: NDArray[np.uint8]) -> None:
    """A picture (H, W, 3) as PNG, or a stack of pictures (D, H, W, 3) as TIFF."""
    if path.suffix == ".png":
        from PIL import Image as Pillow

        Pillow.fromarray(picture).save(path)
    else:
        from tifffile import imwrite

        imwrite(path, picture, compression="zlib", photometric="rgb")


def _write_geojson(prediction: Prediction, start: str) -> None:
    task = prediction.task
    with complete_file(f"{start}_outlines.geojson") as path:
        path.write_text(geojson(prediction.found, task.classes, task.scheme.colours), encoding="utf8")


def _write_rois(prediction: Prediction, start: str) -> None:
    with complete_file(f"{start}_rois.zip") as path:
        write_rois(path, prediction.found, prediction.task.classes)


def _with_parts(name: str, suffixes: Sequence[str]) -> Callable[[Task], list[str]]:
    return lambda task: [f"_{name}{part}{suffix}" for part in layer_endings(task) for suffix in suffixes]


NO_SLICES = "GeoJSON has no slices, and this is a stack; write --outlines rois"
PROBABILITY = Kind("probability", lambda _task: [PROBABILITY_ENDING], _write_probability, counts=False)
MASKS = Kind("mask", _with_parts("mask", (".png", ".tif")), _write_masks, counts=False)
INSTANCES = Kind("instances", _with_parts("instances", (".tif", ".csv")), _write_instances)
OVERLAY = Kind("overlay", lambda _task: ["_overlay.png", "_overlay.tif"], _write_overlay)
GEOJSON = Kind("geojson", lambda _task: ["_outlines.geojson"], _write_geojson, not_for_stacks=NO_SLICES)
ROIS = Kind("rois", lambda _task: ["_rois.zip"], _write_rois)
KINDS = (PROBABILITY, MASKS, INSTANCES, OVERLAY, GEOJSON, ROIS)


def outlines_named(name: str) -> Kind:
    """The kind of outlines with this name. ValueError for an unknown name, and if a package is missing."""
    kinds = {kind.name: kind for kind in (GEOJSON, ROIS)}
    if name not in kinds:
        raise ValueError(f"--outlines {name}: write one of {', '.join(kinds)}")
    if name == ROIS.name:
        require_roifile()
    return kinds[name]
