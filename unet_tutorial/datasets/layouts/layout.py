"""The images of a folder with the files of their labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Entry(NamedTuple):
    """An image and its labels.

    Several ``images`` are its channels, one file each. Several ``labels`` are its layers, one file each, or its cells
    if the layout has ``one_file_per_cell``.
    """

    name: str
    images: tuple[Path, ...]
    labels: tuple[Path, ...]


@dataclass(frozen=True)
class Layout:
    """All images of a folder that have labels.

    ``kind`` describes the layout in a few words. ``names`` holds the names of classes by their value in the files, or
    those of layers by their number; ``channels`` holds the names of the images' channels, in the order of
    ``Entry.images``, and ``unlabelled`` the value of pixels without a label, all three if the data set states them.
    ``labels`` is the kind of the labels if the layout states it: "classes" or "instances".
    ``left_out`` has a sentence about each group of files that belong to no image with labels.
    """

    kind: str
    entries: tuple[Entry, ...]
    names: Mapping[int, str] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    unlabelled: int | None = None
    one_file_per_cell: bool = False
    left_out: tuple[str, ...] = ()
    labels: str = ""

    @property
    def layered(self) -> bool:
        """Whether each image has a file per layer."""
        return not self.one_file_per_cell and any(len(entry.labels) > 1 for entry in self.entries)


class FoundLayout(NamedTuple):
    """A layout, and ``unused``, the files that are not read, each with the reason."""

    layout: Layout
    unused: Mapping[Path, str]
