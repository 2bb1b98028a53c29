"""Reads a user's own folder of images and labels as pairs to train on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.class_tables import CLASSES_FILE
from unet_tutorial.datasets.annotations.encoding import Encoded, encode
from unet_tutorial.datasets.annotations.label_files import raw_labels
from unet_tutorial.datasets.annotations.label_kinds import decide, sentence
from unet_tutorial.datasets.annotations.label_values import RawLabels
from unet_tutorial.datasets.annotations.labels import UNLABELLED, Instances, Labels
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.images.files import explain_permission_error, read, require_finite
from unet_tutorial.datasets.images.image import GREY, RGB, Array, Image, numbered_channels
from unet_tutorial.datasets.images.volumes import orientation
from unet_tutorial.datasets.layouts.find import parts
from unet_tutorial.datasets.layouts.layout import Entry, Layout

SAME_SPACING = 0.01  # relative difference of pixel sizes that rounding explains


class Pair(NamedTuple):
    """An image with its labels; `size` is (H, W), or (D, H, W) for a volume.

    `image` is (C, *size). `labels` (*size) uint8 holds the class of each pixel, or for layers (multi-label) 0 or 1 for
    each class, (L, *size). `instances` (*size) int32 holds the numbers of the cells, 1 .. n, and 0 elsewhere. `known`
    (*size) is False for unlabelled pixels, where `labels` and `instances` are 0. `spacing` is the size of a pixel along
    each axis in µm, or () if it is unknown.
    """

    name: str
    image: Array
    labels: Labels
    instances: Instances
    known: NDArray[np.bool_]
    spacing: tuple[float, ...] = ()

    @property
    def size(self) -> tuple[int, ...]:
        """The number of pixels along each spatial axis."""
        return self.known.shape

    def crop(self, name: str, where: tuple[slice | int, ...]) -> Pair:
        """All arrays at these positions of the spatial axes, under a new name."""
        inside: Any = (..., *where)
        image, labels, instances, known = (
            array[inside] for array in (self.image, self.labels, self.instances, self.known)
        )
        return Pair(name, image, labels, instances, known, self.spacing[-known.ndim :])


def paired(name: str, image: Array, cells: Instances) -> Pair:
    """A grey image (*size) with its numbered cells, 0 in the background and -1 where unlabelled.

    >>> paired("a", np.zeros((1, 3)), np.array([[0, 7, -1]], np.int32)).labels.tolist()
    [[0, 1, 0]]
    """
    return Pair(name, image[None], (cells > 0).astype(np.uint8), np.maximum(cells, 0), cells != UNLABELLED)


@dataclass(frozen=True)
class Reading:
    """The options with which a folder is read; the texts are those of ``unet train``, "" stands for the default.

    ``labels`` is the kind of the labels, ``classes`` holds names of classes, ``colours`` a colour table, ``unlabelled``
    the value of pixels without a label, and ``channels`` picks channels of the images.
    """

    labels: str = ""
    classes: str = ""
    colours: str = ""
    unlabelled: int | None = None
    channels: str = ""


class Collection(NamedTuple):
    """The images of a folder with their labels.

    ``parts`` holds them under the names "train", "val" and "test", if the folder has such parts, otherwise under "".
    ``scheme`` says how their labels were read, ``channels`` are the names of their channels, and ``remarks`` are
    sentences for the user. ``sparse`` says whether some pixels of the label files have no label.
    """

    parts: dict[str, list[Pair]]
    scheme: LabelScheme
    channels: tuple[str, ...]
    remarks: list[str]
    sparse: bool = False


class Content(NamedTuple):
    """An image and its labels as they are stored; ``file`` names the image in messages."""

    name: str
    file: str
    image: Image
    labels: RawLabels


def read_collection(path: str | Path, rank: int = 2, reading: Reading | None = None) -> Collection:
    """All images of a folder with their labels, in the order of their names.

    `layouts.find` describes the folders that are read, and `collect` the images and labels. If no option names the
    classes, a file classes.json in the folder, or in that of the first part, does; see `class_tables.class_table`.
    ValueError for a missing or empty folder, an image without its labels (or the reverse), and a file that cannot be
    read; and those of `collect`.
    """
    reading, path = reading or Reading(), Path(path)
    with explain_permission_error(path):
        layouts = parts(path, reading.labels)
        contents = {
            part: [_content(entry, layout, reading) for entry in layout.entries] for part, layout in layouts.items()
        }
    first = next(iter(layouts.values()))
    asked = reading.unlabelled
    if asked is None:
        reading = replace(reading, unlabelled=first.unlabelled)
    reading = replace(reading, labels=reading.labels or first.labels)
    if reading.labels in ("", "classes") and not (reading.classes or reading.colours):
        reading = replace(reading, colours=_stated_classes(path, first))
    found = collect(contents, rank, reading, first.names)
    unused = [f"no pixel has the value {asked} of --unlabelled"] if asked is not None and not found.sparse else []
    return found._replace(remarks=[*found.remarks, *unused, *first.left_out])


def _stated_classes(path: Path, layout: Layout) -> str:
    """The path of classes.json in the folder of a data set, or in a folder between it and its images; "" if none."""
    folders = [path, *(parent for parent in layout.entries[0].images[0].parents if path in parent.parents)]
    return next((str(folder / CLASSES_FILE) for folder in folders if (folder / CLASSES_FILE).is_file()), "")


def collect(
    contents: dict[str, list[Content]],
    rank: int = 2,
    reading: Reading | None = None,
    names: Mapping[int, str] | None = None,
) -> Collection:
    """The collection of images and labels as they are stored; ``names`` are class names that the data set states.

    All labels together decide whether they are classes, numbers of cells or layers, as in `label_kinds.decide`. A stack
    gives one pair per slice, or with ``rank`` 3 one pair for the volume. An image or slice without any labelled pixel
    is left out.

    ValueError for sizes that differ, a single slice where ``rank`` is 3, pixels that are NaN or infinite, images with
    other channels than the first, and labels whose meaning is not certain.
    """
    reading = reading or Reading()
    everything = [content for part in contents.values() for content in part]
    for content in everything:
        for channel in content.image.array:
            require_finite(channel, content.file)
    channels, remarks = _channels(everything, reading)
    scheme = decide(
        [content.labels for content in everything],
        labels=reading.labels,
        classes=reading.classes,
        colours=reading.colours,
        unlabelled=reading.unlabelled,
        known_names=names or {},
    )
    whole = {part: [_pair(each, scheme, len(channels), rank) for each in found] for part, found in contents.items()}
    slices = {part: [each for pair in found for each in _of_rank(pair, rank)] for part, found in whole.items()}
    labelled = {part: [pair for pair in found if pair.known.any()] for part, found in slices.items()}
    for part, found in labelled.items():
        if not found:
            raise ValueError(
                f"{part or 'the data'}: every pixel of its masks has the value {reading.unlabelled}, so nothing is "
                "labelled; give another value"
            )
    everywhere = sum(map(len, slices.values()))
    left_out = everywhere - sum(map(len, labelled.values()))
    if left_out:
        remarks.append(f"{left_out} of {everywhere} images or slices have no labelled pixel and are left out")
    cells = [int(pair.instances.max()) for found in whole.values() for pair in found]
    line = sentence(scheme, cells if scheme.kind == "instances" else ())
    sparse = not all(pair.known.all() for found in whole.values() for pair in found)
    return Collection(labelled, scheme, channels, [line, *remarks], sparse)


def read_folder(path: str | Path, rank: int = 2, *, labels: str = "", unlabelled: int | None = None) -> list[Pair]:
    """All images of a folder with their labels, or those of its train/; see `read_collection` and `Reading`."""
    found = read_collection(path, rank, Reading(labels, unlabelled=unlabelled)).parts
    return found.get("") or found["train"]


def _content(entry: Entry, layout: Layout, reading: Reading) -> Content:
    """Reads the files of an image; several image files are its channels."""
    images = [read(file, "" if len(entry.images) > 1 else reading.channels) for file in entry.images]
    image = images[0] if len(images) == 1 else stacked(entry.images, images, layout.channels)
    labels = raw_labels(entry.labels, image.array.shape[1:], entry.name, one_file_per_cell=layout.one_file_per_cell)
    _refuse_other_orientation(entry)
    if len(labels.spacing) == len(image.spacing) and not np.allclose(labels.spacing, image.spacing, rtol=SAME_SPACING):
        remark = (
            f"the labels have pixels of {_lengths(labels.spacing)}, and their image of {_lengths(image.spacing)}: they "
            "are paired pixel by pixel, so check that one was not made at another resolution"
        )
        labels = replace(labels, remarks=(*labels.remarks, remark))
    return Content(entry.name, str(entry.images[0]), image, labels)


def _lengths(spacing: Sequence[float]) -> str:
    return f"{' × '.join(f'{length:g}' for length in spacing)} µm"


def _refuse_other_orientation(entry: Entry) -> None:
    """ValueError for NIfTI or NRRD labels whose axes have other directions than those of their image."""
    wanted = orientation(entry.images[0])
    for file in (*entry.images[1:], *entry.labels):
        found = orientation(file)
        if wanted and found and found != wanted:
            raise ValueError(
                f"{file}: its axes have the directions {found}, and those of {entry.images[0].name} are {wanted}, so "
                "their arrays do not fit; save both with the same directions, for example after "
                "nibabel.as_closest_canonical(image)"
            )


def stacked(files: Sequence[Path], images: Sequence[Image], names: tuple[str, ...] = ()) -> Image:
    """One image of the channels in several files, with their names if they are known.

    ValueError for a file with several channels or of another size.
    """
    for file, image in zip(files, images, strict=True):
        if image.array.shape != (1, *images[0].array.shape[1:]):
            raise ValueError(
                f"{file}: expected one channel of the size {images[0].array.shape[1:]}, as in {files[0].name}, "
                f"got an array of shape {image.array.shape}; save each channel in a file of its own"
            )
    return images[0]._replace(
        array=np.concatenate([image.array for image in images]),
        channels=names if len(names) == len(images) else numbered_channels(len(images)),
        remarks=tuple(remark for image in images for remark in image.remarks),
    )


def _channels(contents: Sequence[Content], reading: Reading) -> tuple[tuple[str, ...], list[str]]:
    """The names of the channels of all images, and sentences about them."""
    remarks = list(dict.fromkeys(remark for each in contents for remark in (*each.image.remarks, *each.labels.remarks)))
    names = {each.image.channels: each.name for each in reversed(contents)}
    first = contents[0].image.channels
    exchanged = next((each for each in names if each != first and sorted(each) == sorted(first)), None)
    if len(names) == 1:
        return first, remarks
    if reading.channels and len({len(each) for each in names}) == 1 and not exchanged:
        listed = "; ".join(f"{', '.join(each)} in {name}" for each, name in names.items())
        return first, [*remarks, f"--channels {reading.channels} has other names in other images: {listed}"]
    if names.keys() == {GREY, RGB}:
        grey = sum(each.image.channels == GREY for each in contents)
        remarks.append(f"{grey} of {len(contents)} images are grey; red, green and blue are equal in them")
        return RGB, remarks
    other = exchanged or next(each for each in names if each != first)
    raise ValueError(
        f"{names[other]}: its channels are {', '.join(other)}, and those of {contents[0].name} are {', '.join(first)}; "
        "all images need the same channels: pick some of them by name with --channels"
    )


def _pair(content: Content, scheme: LabelScheme, channels: int, rank: int) -> Pair:
    """An image with its labels as `Pair`; a grey image of a colour collection gets equal channels."""
    array, name, spacing = content.image.array, content.name, content.image.spacing
    encoded: Encoded = encode(scheme, content.labels, rank)
    size, labelled = array.shape[1:], encoded.known.shape
    if size == (1, *labelled):  # an image, saved as a stack of one slice
        array, size, spacing = array[:, 0], labelled, spacing[1:]
    elif labelled == (1, *size):
        encoded = Encoded(encoded.labels[..., 0, :, :], encoded.instances[0], encoded.known[0])
        labelled = size
    if size != labelled:
        hint = (
            "they are transposed, so swap the axes of one of them"
            if size == labelled[::-1]
            else "export the labels again at the size of the image"
            if len(size) == len(labelled)
            else "save one mask per slice in a stack of masks, or, if the pages of the file are channels, save it with "
            "named axes (tifffile.imwrite(path, array, imagej=True, metadata={'axes': 'CYX'}))"
        )
        raise ValueError(f"{content.labels.name}: the mask has shape {labelled} and its image {size}; {hint}")
    if len(size) < rank:
        raise ValueError(
            f"{content.file}: expected a volume (D, H, W), got a single slice {size}; "
            "save the whole stack as one TIFF file"
        )
    image = np.broadcast_to(array, (channels, *size)) if len(array) < channels else array
    return Pair(name, image, encoded.labels, encoded.instances, encoded.known, spacing)


def _of_rank(pair: Pair, rank: int) -> list[Pair]:
    """The pair itself, or its slices if it has an axis more than ``rank``."""
    if len(pair.size) == rank:
        return [pair]
    everything = slice(None)
    return [pair.crop(f"{pair.name}-{number:02}", (number, everything, everything)) for number in range(pair.size[0])]
