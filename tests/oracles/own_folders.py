"""Folders of users: kinds of images × kinds of labels × layouts, each with its right content or its refusal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.oracles.own_data import Array, Truth
from tests.oracles.own_images import IMAGES, ImageKind
from tests.oracles.own_images import PLAIN as PLAIN_IMAGE
from tests.oracles.own_labels import LABELS, LabelKind
from tests.oracles.own_labels import PLAIN as PLAIN_LABELS
from tests.oracles.own_layouts import LAYOUTS, LayoutKind
from tests.oracles.own_layouts import PLAIN as PLAIN_LAYOUT
from tests.oracles.own_sets import SETS, Pairs, SetKind

FILES = 3
MIXED = 48  # folders that mix the kinds


class Folder(NamedTuple):
    """A folder to be read with ``options`` by a network of ``rank`` spatial axes.

    ``write(root)`` writes it and returns the pairs to be read. If ``refused`` is not None, it must be refused instead,
    with a sentence that contains both parts, the problem and the next step.
    """

    images: str
    labels: str
    layout: str
    content: tuple[ImageKind, LabelKind, LayoutKind] | SetKind
    options: dict[str, Any]
    kind: str
    names: tuple[str, ...]
    channels: tuple[str, ...]
    spacing: tuple[float, ...]
    refused: tuple[str, str] | None
    says: tuple[str, ...]
    packages: tuple[str, ...]
    rank: int = 2

    def __str__(self) -> str:
        options = "".join(f", {name} {value}" for name, value in self.options.items())
        return f"{self.images}; {self.labels}; {self.layout}{options}"

    def write(self, root: Path) -> Pairs:
        """Write all files, and return the pairs (part, image, labels) in the order of their names."""
        if isinstance(self.content, SetKind):
            return self.content.write(root)
        image, labels, layout = self.content
        found: list[tuple[str, Array, Truth]] = []
        for number in range(FILES):
            array = image.write(root / layout.image(number), number)
            found.append((layout.part[number], array, labels.write(root / layout.labels(number), number)))
        layout.change(root)
        return found


def folder(image: ImageKind, labels: LabelKind, layout: LayoutKind) -> Folder:
    """A folder of three images."""
    return Folder(
        image.name,
        labels.name,
        layout.name,
        (image, labels, layout),
        {**image.options, **labels.options},
        labels.kind,
        labels.names,
        image.channels,
        image.spacing,
        image.refused or labels.refused or layout.refused,
        tuple(filter(None, (image.says, labels.says, layout.says))),
        tuple(filter(None, (image.package, labels.package))),
    )


def data_set(one: SetKind) -> Folder:
    """A data set of its own form."""
    return Folder(
        one.images,
        one.labels,
        one.layout,
        one,
        one.options,
        one.kind,
        one.names,
        one.channels,
        one.spacing,
        one.refused,
        (one.says,) if one.says else (),
        (one.package,) if one.package else (),
        one.rank,
    )


def mixed() -> Iterator[Folder]:
    """Kinds that are read, mixed: each image with other labels in another layout."""
    images = [kind for kind in IMAGES if not kind.refused]
    labels = [kind for kind in LABELS if not kind.refused and "classes.json" not in kind.name]
    layouts = [kind for kind in LAYOUTS if not kind.refused]
    for number in range(1, MIXED + 1):
        image, found = images[number * 5 % len(images)], labels[number * 7 % len(labels)]
        several = "folder per" in found.name or found.name.startswith(
            ("labelme", "QuPath", "ImageJ ROI", "HDF5", "zarr")
        )
        places = [PLAIN_LAYOUT] if several else layouts
        yield folder(image, found, places[number * 11 % len(places)])


FOLDERS = [
    *(folder(image, PLAIN_LABELS, PLAIN_LAYOUT) for image in IMAGES),
    *(folder(PLAIN_IMAGE, labels, PLAIN_LAYOUT) for labels in LABELS[1:]),
    *(folder(PLAIN_IMAGE, PLAIN_LABELS, layout) for layout in LAYOUTS[1:]),
    *map(data_set, SETS),
    *mixed(),
]
