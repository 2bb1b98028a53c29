"""The task of a model: its classes, the channels of its images, and their normalisation; checkpoints store it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.images.image import GREY
from unet_tutorial.datasets.images.normalisation import Normaliser


@dataclass(frozen=True)
class Task:
    """The classes that a network predicts from the channels of an image.

    ``scheme`` has the kind of the labels and the names of the classes, one per output channel. ``channels`` are the
    names of the input channels, ``normaliser`` is applied to every image, and ``spacing`` is the size of a pixel of the
    training images along each axis in µm, or () if they do not state it.
    """

    scheme: LabelScheme = field(default_factory=LabelScheme)
    channels: tuple[str, ...] = GREY
    normaliser: Normaliser = field(default_factory=Normaliser)
    spacing: tuple[float, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the output channels."""
        return self.scheme.names

    @property
    def binary(self) -> bool:
        """Whether the classes are background and one foreground class, separated by a threshold."""
        return not self.scheme.layered and len(self.classes) == 2

    def notes(self) -> dict[str, Any]:
        """The task as a dict that JSON can hold."""
        return {
            "scheme": self.scheme.notes(),
            "channels": list(self.channels),
            "normaliser": self.normaliser.notes(),
            "spacing": list(self.spacing),
        }

    @classmethod
    def from_notes(cls, notes: dict[str, Any]) -> Task:
        """The task in the notes of a checkpoint, under the key "task".

        A checkpoint without it, of an earlier version, is for grey images with background and cells, normalised image
        by image. ValueError if it is damaged.
        """
        if "task" not in notes:
            return cls()
        try:
            kept = notes["task"]
            return cls(
                LabelScheme.from_notes(kept["scheme"]),
                tuple(map(str, kept["channels"])),
                Normaliser.from_notes(kept["normaliser"]),
                tuple(map(float, kept["spacing"])),
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ValueError(f"the task in the checkpoint is damaged ({error!r}); use another checkpoint") from error


GREY_CELLS = Task()  # grey images with background and cells, as those of the course
