"""Writes OME-Zarr 0.5 (zarr version 3): an image at several scales, with label images, filled chunk by chunk.

Source: https://ngff.openmicroscopy.org/0.5/. The usual package for it, ome-zarr, needs sixty others; this module needs
zarr alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.images.files import explain_permission_error
from unet_tutorial.datasets.images.image import Array
from unet_tutorial.datasets.images.volumes import package
from unet_tutorial.disk import complete_folder, one_line

VERSION = "0.5"
SMALLEST = 256  # pixels of the longest axis of an image that needs no smaller scale
LABELS = "labels"  # the folder of the label images
Shrink = Callable[[Array, tuple[int, ...]], Array]  # (values, factor per axis) -> smaller values


def mean_of(values: Array, factors: tuple[int, ...]) -> Array:
    """The mean of each group of ``factors`` pixels; the last groups may be smaller.

    >>> mean_of(np.array([1.0, 3.0, 4.0]), (2,)).tolist()
    [2.0, 4.0]
    """
    for axis, factor in enumerate(factors):
        starts = np.arange(0, values.shape[axis], factor)
        counts = np.minimum(starts + factor, values.shape[axis]) - starts
        sums = np.add.reduceat(values, starts, axis=axis)
        values = (sums / counts.reshape(-1, *[1] * (values.ndim - axis - 1))).astype(values.dtype)
    return values


def first_of(values: Array, factors: tuple[int, ...]) -> Array:
    """The first pixel of each group of ``factors`` pixels, for labels, of which there is no mean.

    >>> first_of(np.array([1, 3, 4]), (2,)).tolist()
    [1, 4]
    """
    return values[tuple(slice(None, None, factor) for factor in factors)]


def scale_factors(size: Sequence[int], spacing: Sequence[float]) -> list[tuple[int, ...]]:
    """The factor of each scale along each spatial axis, from 1 on, until the image has at most 256 pixels per axis.

    From scale to scale, each axis whose pixels are less than twice as long as the shortest ones is halved, but no axis
    of one pixel. ``spacing`` may be (); then pixels are cubes.

    >>> scale_factors((100, 1000, 1000), (4, 1, 1))
    [(1, 1, 1), (1, 2, 2), (1, 4, 4)]
    """
    lengths, sizes, factors = np.array(spacing or [1.0] * len(size), float), np.array(size), np.ones(len(size), int)
    found = [factors]
    while (-(-sizes // factors)).max() > SMALLEST:
        divisible, now = -(-sizes // factors) > 1, lengths * factors
        factors = np.where(divisible & (now < 2 * now[divisible].min()), 2, 1) * factors
        found.append(factors)
    return [tuple(map(int, each)) for each in found]


@dataclass(frozen=True)
class Picture:
    """One image, or label image, of an OME-Zarr folder.

    - ``name``: "" for the image of the folder itself, or that of a label image.
    - ``axes``: a letter per axis, such as "czyx"; ``size`` the pixels along each of them.
    - ``chunk``: pixels of a chunk along the spatial axes; along c a chunk has length 1.
    - ``spacing``: the size of a pixel in µm along the spatial axes, or (). ``translation``: the position of the first
      pixel in µm, or () for 0.
    - ``shrink``: how a smaller scale is made, `mean_of` or `first_of`.
    - ``channels``: the names along c. ``classes``: the names of the labels 1, 2, …, if they are classes.
    """

    name: str
    axes: str
    size: tuple[int, ...]
    chunk: tuple[int, ...]
    dtype: str
    spacing: tuple[float, ...] = ()
    shrink: Shrink = first_of
    channels: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    translation: tuple[float, ...] = ()

    @property
    def path(self) -> str:
        """The path of the image in the folder."""
        return f"{LABELS}/{self.name}" if self.name else ""

    @property
    def channelled(self) -> int:
        """The number of axes before the spatial ones: 1 with channels, otherwise 0."""
        return self.axes.count("c")

    @cached_property
    def factors(self) -> list[tuple[int, ...]]:
        """The factor of each scale along each axis, channels included."""
        ones = (1,) * self.channelled
        return [ones + each for each in scale_factors(self.size[self.channelled :], self.spacing)]

    def size_at(self, scale: int) -> tuple[int, ...]:
        """The size of the array of a scale."""
        return tuple(-(-n // factor) for n, factor in zip(self.size, self.factors[scale], strict=True))

    def array_path(self, scale: int) -> str:
        """The path of the array of a scale in the folder."""
        return f"{self.path}/{scale}".lstrip("/")

    def metadata(self) -> dict[str, Any]:
        """The attribute "ome" of the group."""
        datasets = [
            {"path": str(number), "coordinateTransformations": self._transforms(factors)}
            for number, factors in enumerate(self.factors)
        ]
        image = {"name": self.name or "image", "axes": [self._axis(axis) for axis in self.axes], "datasets": datasets}
        ome: dict[str, Any] = {"version": VERSION, "multiscales": [image]}
        if self.name:
            ome["image-label"] = {"source": {"image": "../../"}}
            if self.classes:
                named = enumerate(self.classes, start=1)
                ome["image-label"]["properties"] = [{"label-value": value, "class": name} for value, name in named]
        if self.channels:
            ome["omero"] = {"channels": [_channel(name) for name in self.channels]}
        return ome

    def _axis(self, axis: str) -> dict[str, str]:
        if axis == "c":
            return {"name": axis, "type": "channel"}
        return {"name": axis, "type": "space"} | ({"unit": "micrometer"} if self.spacing else {})

    def _transforms(self, factors: tuple[int, ...]) -> list[dict[str, Any]]:
        """The size of a pixel of a scale, and the position of its first one."""
        ones = (1.0,) * (len(self.axes) - self.channelled)
        pixel = np.array((1.0,) * self.channelled + (self.spacing or ones))
        place = np.array((0.0,) * self.channelled + (self.translation or (0.0,) * len(ones)))
        if self.shrink is mean_of:  # the centre of several pixels
            place += pixel * (np.array(factors) - 1) / 2
        found: list[dict[str, Any]] = [{"type": "scale", "scale": (pixel * factors).tolist()}]
        if place.any():
            found.append({"type": "translation", "translation": place.tolist()})
        return found


def _channel(name: str) -> dict[str, Any]:
    window = {"min": 0.0, "start": 0.0, "end": 1.0, "max": 1.0}
    return {"label": name, "color": "FFFFFF", "active": True, "window": window}


def create(path: Path, pictures: Sequence[Picture], attributes: Mapping[str, Any]) -> None:
    """Make an OME-Zarr folder of these images with empty arrays; ``attributes`` are added to those of its group.

    The folder is complete or absent: it is made under another name and then renamed. ValueError if it cannot be made,
    and if another process has made it.
    """
    zarr = package("zarr")
    with complete_folder(path) as part:
        root = zarr.open_group(str(part), mode="w", zarr_format=3)
        for picture in pictures:
            group = root.require_group(picture.path) if picture.path else root
            group.attrs["ome"] = picture.metadata()
            for scale in range(len(picture.factors)):
                size = picture.size_at(scale)
                longest = (1,) * picture.channelled + picture.chunk
                zarr.create_array(
                    str(part),
                    name=picture.array_path(scale),
                    shape=size,
                    chunks=tuple(min(n, c) for n, c in zip(size, longest, strict=True)),
                    dtype=picture.dtype,
                    dimension_names=list(picture.axes),
                    zarr_format=3,
                )
        labels = [picture.name for picture in pictures if picture.name]
        if labels:
            root.require_group(LABELS).attrs["ome"] = {"version": VERSION, "labels": labels}
        root.attrs.update(dict(attributes))


def attributes_of(path: Path) -> dict[str, Any]:
    """The attributes of the group of a zarr folder; {} for a folder that is no group.

    ValueError for metadata that are damaged or that may not be read.
    """
    zarr = package("zarr")
    with explain_permission_error(path):
        try:
            return dict(zarr.open_group(str(path), mode="r").attrs)
        except (FileNotFoundError, zarr.errors.ContainsArrayError):  # no group, an array
            return {}
        except (ValueError, TypeError) as error:  # of the JSON parser, and of zarr for JSON that is no metadata
            raise ValueError(
                f"{path}: its zarr.json is damaged ({one_line(error)}); choose another folder, or delete this one"
            ) from error


def add_attributes(path: Path, attributes: Mapping[str, Any]) -> None:
    """Add attributes to the group of a zarr folder."""
    package("zarr").open_group(str(path), mode="r+").attrs.update(dict(attributes))


class Chunks:
    """The arrays of an OME-Zarr folder, for one process that fills whole chunks of them.

    Chunks of zeros are written too, so that each chunk that was filled is in the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._arrays: dict[str, Any] = {}

    def read(self, picture: Picture, region: tuple[slice, ...], scale: int = 0) -> NDArray[Any]:
        """A part of an array of the image: ``region`` has the spatial axes, all channels are read."""
        return np.asarray(self._array(picture, scale)[self._where(picture, region)])

    def write(self, picture: Picture, region: tuple[slice, ...], values: Array, scale: int = 0) -> None:
        """Write a part of an array that consists of whole chunks."""
        self._array(picture, scale)[self._where(picture, region)] = values

    def has(self, picture: Picture, index: tuple[int, ...], scale: int = 0) -> bool:
        """Whether the chunk with this index along the spatial axes is in the folder, for all channels."""
        chunks = self.path / picture.array_path(scale) / "c"
        lead = [(str(channel),) for channel in range(picture.size[0])] if picture.channelled else [()]
        return all(chunks.joinpath(*each, *map(str, index)).is_file() for each in lead)

    @staticmethod
    def _where(picture: Picture, region: tuple[slice, ...]) -> tuple[slice, ...]:
        return (slice(None),) * picture.channelled + region

    def _array(self, picture: Picture, scale: int) -> Any:
        name = picture.array_path(scale)
        if name not in self._arrays:
            zarr = package("zarr")
            with zarr.config.set({"array.write_empty_chunks": True}):
                self._arrays[name] = zarr.open_array(str(self.path), path=name, mode="r+")
        return self._arrays[name]
