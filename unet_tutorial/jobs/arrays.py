"""Trains on arrays and predicts them, in a few lines of Python::

    from unet_tutorial.jobs import train, predict

    model = train(images, labels, steps=500)
    found = model.predict(image)
    model.save("model.safetensors")
    found = predict("model.safetensors", image)

See docs/from_python.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unet_tutorial.datasets.arrays import content_of, image_of
from unet_tutorial.datasets.folder import collect
from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.inference.instances import class_instances
from unet_tutorial.jobs import job as jobs
from unet_tutorial.jobs.data import Data, check_unlabelled, reading_of
from unet_tutorial.jobs.predictor import Predictor, Probabilities, Thresholds
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.scores import best_thresholds
from unet_tutorial.jobs.split import Split
from unet_tutorial.jobs.task import Task
from unet_tutorial.learning.checkpoints import NO_BUILDERS, Builders, save_weights
from unet_tutorial.learning.train import Training

IN_MEMORY = Path("arrays")  # stands in a recipe for the folder of the data
OF_FOLDERS = (  # options of a run that reads, splits and writes files
    *("data", "channels", "held_out", "split", "split_by", "folds", "fold"),
    *("validate", "validate_every", "patience", "tensorboard", "extended"),
)


@dataclass(frozen=True)
class Model:
    """A trained network with its task.

    ``predictor`` gives its probabilities, ``job`` is the training run, and ``thresholds`` are those for each number of
    views.
    """

    predictor: Predictor
    job: jobs.Job
    thresholds: dict[int, Thresholds]
    channel_axis: int | None = None

    def predict(self, image: ArrayLike) -> NDArray[Any]:
        """The labels of an image, of the kind that the model was trained on.

        For classes the class of each pixel, (*size) uint8; for instances the number of the cell of each pixel, (*size);
        for layers 0 or 1 for each layer, (L, *size). The image has the axes of the training images.
        """
        return labels_of(self.predictor, image, self.channel_axis)

    def probabilities(self, image: ArrayLike) -> Probabilities:
        """The probability of each class in each pixel of an image: (K, *size)."""
        return self.predictor(_channels_first(self.predictor, image, self.channel_axis))

    def save(self, path: str | Path) -> None:
        """Write a checkpoint for `predict` and for ``unet predict``. ValueError if the file exists already."""
        if Path(path).exists():
            raise ValueError(f"{path}: this file exists; choose another name, or delete it first")
        # checkpoints hold the thresholds under the key "cuts"
        save_weights(path, self.predictor.net, **jobs.described(self.job, cuts=self.thresholds))


def train(
    images: Sequence[ArrayLike],
    labels: Sequence[ArrayLike],
    /,
    *,
    channel_axis: int | None = None,
    builders: Builders = NO_BUILDERS,
    log: Callable[[str], None] = lambda _line: None,
    **options: Any,
) -> Model:
    """Train a network on images and labels in memory; all images are used for training.

    Each image is an array (H, W), or (H, W, 3) in colour, or with its channels along ``channel_axis``; volumes have an
    axis more and need ``preset="unet3d"``. A label image has the size of its image and holds classes, numbers of cells,
    or layers (L, H, W). ``options`` are the fields of `jobs.recipe.Recipe`, which are the options of ``unet train``:
    ``steps=500``, ``labels="instances"`` (the kind of the labels), ``preset="padded"``. ``log`` receives the remarks
    about the data, and a line every 50 steps.

    ValueError for arrays and options that cannot be used, before the training starts.
    """
    for name in OF_FOLDERS:
        if name in options:
            raise ValueError(
                f"{name}={options[name]!r}: this option is for a run on a folder of files (jobs.job.run); leave it "
                "out, because all arrays are used for training, with all their channels"
            )
    recipe = Recipe(IN_MEMORY, **options)
    rank = jobs.rank_of(recipe, builders)
    collection = collect({"": content_of(images, labels, rank, channel_axis)}, rank, reading_of(recipe))
    pairs = collection.parts[""]
    check_unlabelled(recipe, collection)
    normaliser = Normaliser.of([pair.image for pair in pairs], recipe.normalise)
    data = Data(Split(pairs, []), Task(collection.scheme, collection.channels, normaliser), collection.remarks)
    training, remarks = jobs.begin(recipe, data.task, builders=builders)
    job = jobs.job_of(recipe, data, training, [*data.remarks, *remarks])
    for line in job.remarks:
        log(line)

    def progress(state: Training) -> None:
        log(f"step {state.step} of {recipe.last_step}: loss {np.mean(state.losses[-jobs.EVERY :]):.4f}")

    jobs.train(job, progress)
    predictor = Predictor(training.net, data.task)
    thresholds = best_thresholds(predictor, pairs)
    return Model(replace(predictor, thresholds=thresholds[1]), job, thresholds, channel_axis)


def predict(
    checkpoint: str | Path, image: ArrayLike, *, channel_axis: int | None = None, device: str = "cpu"
) -> NDArray[Any]:
    """The labels of an image by the network of a checkpoint, of the kind that it was trained on; see `Model.predict`.

    ValueError for a file that is not a checkpoint, and for an image with other axes or channels than those of training.
    """
    return labels_of(Predictor.from_file(Path(checkpoint), device), image, channel_axis)


def labels_of(predictor: Predictor, image: ArrayLike, channel_axis: int | None = None) -> NDArray[Any]:
    """The labels of an image, of the kind of the predictor's task."""
    labels = predictor.labels(predictor(_channels_first(predictor, image, channel_axis)))
    if predictor.task.scheme.kind == "instances":
        return class_instances(labels, rank=predictor.net.levels[0].rank).labels
    return labels


def _channels_first(predictor: Predictor, image: ArrayLike, channel_axis: int | None) -> NDArray[Any]:
    return image_of(image, predictor.net.levels[0].rank, channel_axis).array
