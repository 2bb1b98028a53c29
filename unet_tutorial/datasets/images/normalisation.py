"""Normalisation of images before they enter the network; a model keeps the normaliser of its training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.images.files import require_real
from unet_tutorial.datasets.images.image import Array

METHODS = ("image", "data", "percentile", "none")
PERCENTILES = (1.0, 99.0)
FAR = 1.5  # standard deviations between a mean and the means of the training images
SPREAD = 3.0  # factor between a standard deviation and those of the training images

Range = tuple[float, float]  # the smallest and the largest value


@dataclass(frozen=True)
class Normaliser:
    """Maps an image (C, *size) to float32 of the same shape, each channel by itself.

    - "image": mean 0 and standard deviation 1 in each image; a constant channel becomes 0.
    - "data": minus ``mean``, divided by ``std``, which are those of all pixels of the training images.
    - "percentile": the 1st percentile of the image becomes 0, its 99th becomes 1; a constant channel becomes 0.
    - "none": the values of the file.

    ``mean`` and ``std`` hold a number for each channel. ``means`` and ``stds`` hold, for each channel, the smallest and
    the largest mean and standard deviation of a training image; `warnings` compares an image with them.
    ValueError for another method.
    """

    method: str = "image"
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    means: tuple[Range, ...] = ()
    stds: tuple[Range, ...] = ()

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"--normalise {self.method}: write one of {', '.join(METHODS)}")

    @classmethod
    def of(cls, images: Sequence[Array], method: str = "image") -> Normaliser:
        """The normaliser of this method with the statistics of the training images, each (C, *size)."""
        pixels = [image.reshape(len(image), -1).astype(np.float64) for image in images]  # (C, pixels) each
        count = sum(each.shape[1] for each in pixels)
        mean = sum(each.sum(1) for each in pixels) / count
        variance = sum(((each.T - mean) ** 2).sum(0) for each in pixels) / count
        means, stds = (np.stack([getattr(each, name)(1) for each in pixels]) for name in ("mean", "std"))
        return cls(method, _numbers(mean), _numbers(np.sqrt(variance)), _ranges(means), _ranges(stds))

    def __call__(self, image: Array) -> NDArray[np.float32]:
        """(C, *size) -> (C, *size) float32. ValueError for pixels that are NaN or infinite."""
        subtract, divide = self.statistics(image)
        values = (image.astype(np.float64) - _column(subtract, image)) / _column(divide, image)
        return values.astype(np.float32)

    def statistics(self, image: Array) -> tuple[Array, Array]:
        """The numbers that are subtracted from each channel of an image (C, *size), and by which it is divided: (C,).

        ValueError for an image without pixels or not of real numbers, and for pixels that are NaN or infinite.
        """
        for channel in image:
            require_real(channel)
        if self.method in ("data", "none"):
            return self.fixed if self.method == "data" else (np.zeros(len(image)), np.ones(len(image)))
        pixels = [channel.astype(np.float64) for channel in image]
        if self.method == "percentile":
            low, high = (np.array([np.percentile(each, q) for each in pixels]) for q in PERCENTILES)
            return low, np.where(high > low, high - low, 1.0)
        constant = [each.min() == each.max() for each in pixels]  # not std() == 0: it may round to 1e-17
        mean = [each.flat[0] if flat else each.mean() for each, flat in zip(pixels, constant, strict=True)]
        return np.array(mean), np.array(
            [1.0 if flat else each.std() for each, flat in zip(pixels, constant, strict=True)]
        )

    @property
    def fixed(self) -> tuple[Array, Array]:
        """Mean and standard deviation of the training images, (C,) each; 1 in place of a standard deviation of 0."""
        return np.array(self.mean), np.array([std or 1.0 for std in self.std])

    def warnings(self, image: Array, channels: Sequence[str]) -> list[str]:
        """A sentence for each channel whose mean or spread is far from those of all training images.

        Far means that the mean differs by more than `FAR` standard deviations of the training pixels, or the standard
        deviation by a factor of more than `SPREAD`.
        """
        pairs = [(float(channel.mean()), float(channel.std())) for channel in image]
        return self.warnings_about(*zip(*pairs, strict=True), channels=channels)

    def warnings_about(
        self, now_mean: Sequence[float], now_std: Sequence[float], *, channels: Sequence[str]
    ) -> list[str]:
        """The same for an image of which the mean and the standard deviation of each channel are known."""
        found = []
        known = zip(now_mean, now_std, channels, self.std, self.means, self.stds, strict=False)
        for mean, spread, name, std, means, stds in known:
            if not means[0] - FAR * std <= mean <= means[1] + FAR * std:
                found.append(f"{name}: its mean is {mean:.4g}, in training it was {_words(means)}")
            elif not stds[0] / SPREAD <= spread <= stds[1] * SPREAD:
                found.append(f"{name}: its standard deviation is {spread:.4g}, in training it was {_words(stds)}")
        return found

    def notes(self) -> dict[str, Any]:
        """The normaliser as a dict that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_notes(cls, notes: dict[str, Any]) -> Normaliser:
        """The normaliser that `notes` returned. TypeError or KeyError for any other dict."""
        mean, std = (_numbers(notes[name]) for name in ("mean", "std"))
        means, stds = (tuple((float(low), float(high)) for low, high in notes[name]) for name in ("means", "stds"))
        return cls(str(notes["method"]), mean, std, means, stds)


def _numbers(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _ranges(values: Array) -> tuple[Range, ...]:
    """(images, C) -> the smallest and the largest value of each channel."""
    return tuple((float(low), float(high)) for low, high in zip(values.min(0), values.max(0), strict=True))


def _column(values: Array, image: Array) -> Array:
    """One value per channel, with the number of axes of the image."""
    return np.reshape(values, (-1, *[1] * (image.ndim - 1)))


def _words(limits: Range) -> str:
    low, high = (f"{limit:.4g}" for limit in limits)
    return low if low == high else f"{low} to {high}"
