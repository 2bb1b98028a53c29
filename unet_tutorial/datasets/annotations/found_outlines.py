"""The classes of the outlines in the label files of a data set."""

from __future__ import annotations

import numpy as np

from unet_tutorial.datasets.annotations.class_tables import BACKGROUND, marks_unlabelled
from unet_tutorial.datasets.annotations.label_options import DATA_SET, LabelOptions
from unet_tutorial.datasets.annotations.label_values import RawLabels
from unet_tutorial.datasets.annotations.scheme import CELL, UNCLASSIFIED, LabelScheme


class FoundOutlines:
    """Outlines, each of one cell with the name of its class."""

    CONTENT = "outlines"

    def __init__(self, options: LabelOptions, first: RawLabels) -> None:
        self.options, self.name = options, first.name
        self.count = 0
        self.classes: set[str] = set()

    def add(self, raw: RawLabels) -> None:
        self.count += len(np.unique(raw.instances)) - 1 if raw.instances is not None else 0
        self.classes |= {raw.names[number - 1] if raw.names else "" for number in np.unique(raw.array) if number > 0}

    def scheme(self) -> LabelScheme:
        options = self.options
        if options.labels == "layers":
            raise ValueError(
                f"--labels layers: the labels in {self.name} are outlines, which are read as cells with one class per "
                "pixel; leave the option out, or save a mask per layer"
            )
        if options.table.keys and options.source != DATA_SET:
            raise ValueError(
                f"{options.source}: the labels in {self.name} are outlines, which have names; give only names"
            )
        found = sorted(
            name for name in self.classes if name and name.lower() != BACKGROUND and not marks_unlabelled(name)
        )
        if "" in self.classes:
            found = [*found, UNCLASSIFIED] if found else [CELL]
        if not found:
            raise ValueError(
                f"{self.name}: there is no outline in any file, so there is nothing to learn; check the files"
            )
        names = (BACKGROUND, *found)
        if options.source != DATA_SET and options.table.names:
            names = self._ordered(found)
        return LabelScheme("classes" if options.labels == "classes" else "instances", names)

    def _ordered(self, found: list[str]) -> tuple[str, ...]:
        """The names in the order of the user; ValueError if one of the outlines is of another class."""
        given = [name for name in self.options.table.names if name.lower() != BACKGROUND]
        if found != [CELL] or len(given) != 1:
            for name in found:
                if name not in given:
                    raise ValueError(
                        f"{self.options.source}: outlines in {self.name} are of the class {name}, which is not among "
                        f"{', '.join(given)}; add it"
                    )
        return (BACKGROUND, *given)
