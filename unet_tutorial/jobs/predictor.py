"""A trained network as a function that maps an image to the probabilities of the classes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from unet_tutorial.datasets.annotations.labels import Labels
from unet_tutorial.datasets.images.files import require_finite
from unet_tutorial.datasets.images.image import Array, Image
from unet_tutorial.inference.test_time import predict_with_tta, symmetric_views
from unet_tutorial.inference.tiles import check_tile, default_tile, margins, pass_bytes
from unet_tutorial.inference.tiling import evaluating, predict_tiled, weights_in_its_layout
from unet_tutorial.jobs.device import checked_device
from unet_tutorial.jobs.parsing import sides
from unet_tutorial.jobs.task import GREY_CELLS, Task
from unet_tutorial.learning.checkpoints import NO_BUILDERS, Builders, load
from unet_tutorial.nets.any_size import any_size
from unet_tutorial.nets.contracts import Network
from unet_tutorial.plan.levels import Size

Probabilities = NDArray[Any]  # of each class at each pixel: (K, *size)
Thresholds = tuple[float, ...]  # of class 1, or of each layer
LARGEST_PASS = 4 * 2**30  # bytes of memory of one forward pass
SPACING = 1.1  # factor between the pixel sizes of an image and of the training images that is not reported
VIEWS = (1, 8)  # without and with test-time augmentation


@dataclass(frozen=True)
class Predictor:
    """Maps an image (C, *size) to the probabilities of the classes (K, *size); `labels` decides between them.

    ``task`` has the classes, the channels and the normaliser. ``thresholds`` holds one number for background and one
    class, one per layer for layers, and is not used for more classes; () stands for 0.5.
    ``tile`` is the input size of a tile in pixels (None: the default), ``batch`` the number of tiles per forward pass.
    ``views`` 8 gives the mean over all flips and 90° rotations (test-time augmentation); 1 predicts the image only
    once, as it is. ValueError for other ``views`` and for an invalid ``tile``.
    """

    net: Network
    task: Task = GREY_CELLS
    thresholds: Thresholds = ()
    tile: Size | None = None
    batch: int = 1
    views: int = 1

    def __post_init__(self) -> None:
        if self.views not in VIEWS:
            raise ValueError(
                f"views {self.views}: write 1, or 8 for test-time augmentation with all flips and 90° rotations"
            )
        if self.tile:
            check_tile(self.tile, self.net.levels, self.net.padding, self.net.extra_reach)

    @classmethod
    def from_file(
        cls,
        checkpoint: Path,
        device: str = "cpu",
        tile: str = "0",
        batch: int = 1,
        views: int = 1,
        builders: Builders = NO_BUILDERS,
    ) -> Predictor:
        """The network of a checkpoint file on a device, with the thresholds that were chosen for this number of views.

        ``tile`` is a text that `sides` parses, and ``builders`` are those of `Checkpoint.network`. ValueError for a
        file that is not a checkpoint, and for invalid options.
        """
        kept = load(checkpoint)
        net = kept.network(builders).to(checked_device(device))
        size = sides(tile, net.levels[0].rank)
        try:
            task, thresholds = Task.from_notes(kept.notes), thresholds_in(kept.notes, views)
            check_task(task, net)
        except ValueError as error:
            raise ValueError(f"{checkpoint}: {error}") from error
        return cls(net, task, thresholds, size, batch, views)

    def __call__(self, image: Array) -> Probabilities:
        """(C, *size) -> (K, *size) float32. A network for images predicts a stack (C, D, H, W) slice by slice.

        ValueError for any other number of axes or channels, for NaN or infinite pixels, and for probabilities of NaN.
        """
        rank = self.net.levels[0].rank
        if len(image) != len(self.task.channels):
            raise ValueError(
                f"the image has {len(image)} channels, and the network was trained on {len(self.task.channels)} "
                f"({', '.join(self.task.channels)}); give an image with these channels"
            )
        if image.ndim == rank + 2:
            for channel in image:
                require_finite(channel, "the image")  # names the slice
            found = []
            for number, plane in enumerate(tqdm(np.moveaxis(image, 1, 0), "slices", disable=None)):
                with named(f"slice {number:02}"):
                    found.append(self(plane))
            return np.stack(found, axis=1)
        if image.ndim != rank + 1:
            wanted = "a stack (C, D, H, W)" if rank == 3 else "an image (C, H, W), or a stack of images (C, D, H, W)"
            raise ValueError(f"expected {rank} spatial axes for this network, got {image.ndim - 1}; give {wanted}")
        predict, tensor = self.prepared(image)
        return np.asarray(predict_with_tta(predict, tensor) if self.views > 1 else predict(tensor))

    def prepared(self, image: Array) -> tuple[Callable[[Tensor], Tensor], Tensor]:
        """The function that maps a view of the image to its probabilities, and the image as its input, (C, *size)."""
        return self._probability, torch.from_numpy(self.task.normaliser(image))

    def warnings(self, image: Image) -> list[str]:
        """Sentences about an image that differs much from the training images, in its values or in its pixel size."""
        return self.warnings_about(self.task.normaliser.warnings(image.array, self.task.channels), image.spacing)

    def warnings_about(self, values: Sequence[str], spacing: tuple[float, ...]) -> list[str]:
        """The same with the sentences about the values of an image, and its spacing as in `Image`."""
        found = list(values)
        if found:
            found[-1] += "; the network may fail on it"
        pairs = list(zip(spacing[::-1], self.task.spacing[::-1], strict=False))[::-1]
        if any(not 1 / SPACING < now / then < SPACING for now, then in pairs):
            now, then = (" × ".join(f"{size:.4g}" for size in sizes) for sizes in zip(*pairs, strict=True))
            found.append(
                f"its pixels are {now} µm, in training {then} µm; resample it to the pixel size of the training"
            )
        return found

    def by_views(self, image: Array) -> dict[int, Probabilities]:
        """The probabilities for 1 view and for 8 views of one image, (C, *size) -> (K, *size) each.

        Predicts 8 times: the first of the 8 views is the image as it is. ValueError for NaN or infinite pixels, and for
        probabilities of NaN.
        """
        views = symmetric_views(*self.prepared(image))
        return {1: np.asarray(views[0]), 8: np.asarray(views.mean(0))}

    def _probability(self, image: Tensor) -> Tensor:
        return self.probabilities(self.logits(image))

    def probabilities(self, logits: Tensor) -> Tensor:
        """Logits -> probabilities, (K, *size). ValueError if they are NaN, because NaN would become background.

        All predictions are computed here: those of files, of blocks, of a validation and of the scores of a run.
        """
        probabilities = self.activation(logits)
        bad = int((~probabilities.isfinite()).any(0).sum())
        if bad:
            raise ValueError(
                f"the probabilities of {bad} of {probabilities[0].numel()} pixels are NaN; if they are in other images "
                "too, the weights are wrong, so use another checkpoint or train with a lower --rate, and if not, "
                "look for extreme values in this image"
            )
        return probabilities

    def activation(self, logits: Tensor) -> Tensor:
        """One sigmoid per layer, or the softmax over the classes, (K, *size) -> (K, *size)."""
        return logits.sigmoid() if self.task.scheme.layered else logits.softmax(0)

    def logits(self, image: Tensor) -> Tensor:
        """Logits of a normalised image: (C, *size) -> (K, *size)."""
        if self.tile is None and self.is_in_one_pass(tuple(image.shape[1:])):
            with weights_in_its_layout(self.net), evaluating(self.net):
                whole = image[None].to(self.net.device, memory_format=self.net.memory_format)
                logits: Tensor = any_size(self.net)(whole)[0]
            return logits.to(image.device)
        return predict_tiled(self.net, image, tile=self.tile, batch=self.batch)

    def is_in_one_pass(self, size: Size) -> bool:
        """Whether an image is predicted in one pass, because exact tiles need more than ``LARGEST_PASS`` bytes.

        That is so if the network reads more pixels than the image has. ValueError if one pass is too large as well.
        """
        net = self.net
        tile = default_tile(size, net.levels, net.padding, self.batch, net.extra_reach)
        needed = pass_bytes(prod(tile), net.levels)
        if needed <= LARGEST_PASS:
            return False
        halo = max(axis.before for axis in margins(net.levels, net.padding, net.extra_reach))
        reason = (
            f"image {size}: this network reads up to {halo} pixels on each side, so exact tiles have at least {tile} "
            f"pixels and need {needed / 2**30:.0f} GiB"
        )
        if net.padding != "same" or pass_bytes(prod(size), net.levels) > LARGEST_PASS:
            raise ValueError(f"{reason}; give a smaller image, or train a network with fewer levels or smaller kernels")
        warnings.warn(f"{reason}; it is predicted in one pass", stacklevel=3)
        return True

    def labels(self, probabilities: Probabilities) -> Labels:
        """(K, *size) -> the class of each pixel (*size), uint8; for layers 0 or 1 for each of them, (L, *size).

        With two classes, a pixel has class 1 if its probability is above the threshold, and so for each layer. With
        more classes it has the most probable one. Outputs beyond the classes of the task are left out.
        """
        probabilities = probabilities[: len(self.task.classes)]
        if self.task.scheme.layered:
            thresholds = np.reshape(self.thresholds or (0.5,), (-1, *[1] * (probabilities.ndim - 1)))
            labels = probabilities > thresholds
        elif self.task.binary:
            labels = probabilities[1] > (self.thresholds or (0.5,))[0]
        else:
            labels = probabilities.argmax(0)
        return np.asarray(labels.astype(np.uint8))


@contextmanager
def named(image: str) -> Iterator[None]:
    """Context manager: the message of a ValueError begins with this name of an image."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{image}: {error}") from error


def thresholds_in(notes: dict[str, Any], views: int) -> Thresholds:
    """The thresholds in the notes of a checkpoint for a number of views; () if there are none."""
    try:
        cuts = notes.get("cuts", {}).get(str(views), [])  # a number for two classes in files of earlier versions
        return tuple(map(float, cuts if isinstance(cuts, list) else [cuts]))
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"the thresholds in the checkpoint are damaged ({error}); use another checkpoint") from error


def check_task(task: Task, net: Network) -> None:
    """ValueError if a task has other channels than the network, or more classes, or only one class."""
    least = 1 if task.scheme.layered else 2
    if len(task.channels) != net.in_channels or not least <= len(task.classes) <= net.out_channels:
        raise ValueError(
            f"its network has {net.in_channels} input channels and {net.out_channels} classes, and its task the "
            f"channels {', '.join(task.channels)} and the classes {', '.join(task.classes)}; use another checkpoint"
        )
