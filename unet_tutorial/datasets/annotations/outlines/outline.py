"""One outline of a file, filled."""

from __future__ import annotations

from typing import NamedTuple

from unet_tutorial.datasets.annotations.polygons import Region


class Outline(NamedTuple):
    """The pixels of an outline and the name of its class, "" if it has none."""

    region: Region
    label: str


class FileOutlines(NamedTuple):
    """The outlines of an image in one file, with sentences for the user about those that are left out."""

    outlines: list[Outline]
    remarks: list[str]


def left_out(count: int, reason: str) -> list[str]:
    """A sentence about outlines that are left out, if there are any."""
    return [f"{count} {'object is' if count == 1 else 'objects are'} left out: {reason}"] if count else []
