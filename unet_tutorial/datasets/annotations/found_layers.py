"""The layers in the label files of a data set: a mask for each class, which may overlap."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import numpy as np

from unet_tutorial.datasets.annotations.label_options import DATA_SET, LabelOptions
from unet_tutorial.datasets.annotations.label_values import RawLabels, layer_values
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.images.image import RGB


class FoundLayers:
    """Layers, each 0 outside its class and another value inside."""

    CONTENT = "layers, one file or channel per class"

    def __init__(self, options: LabelOptions, first: RawLabels) -> None:
        self.options, self.name = options, first.name
        layers = len(layer_values(first, options.unlabelled).array)
        self.names = RGB if first.coloured else first.names
        self.some, self.all = np.zeros(layers, bool), np.ones(layers, bool)
        self.equal = np.ones((layers, layers), bool)

    def add(self, raw: RawLabels) -> None:
        if self.options.labels == "classes":
            raise ValueError(
                f"{raw.name}: each class has a file or channel of its own; write --labels layers, or save one file per "
                "image with a value per class"
            )
        layers, missing = layer_values(raw, self.options.unlabelled)
        names = self.names if raw.coloured else raw.names
        if len(layers) != len(self.some) or (names and self.names and names != self.names):
            raise ValueError(
                f"{raw.name}: its layers are {_layer_names(names, len(layers))}, but those of {self.name} are "
                f"{_layer_names(self.names, len(self.some))}; each image needs the same layers, so add an empty mask "
                "for a layer without pixels"
            )
        self.some |= layers[:, ~missing].any(axis=1)
        self.all &= layers[:, ~missing].all(axis=1)
        sums = np.array([crc32(layer.tobytes()) for layer in layers])
        self.equal &= sums[:, None] == sums

    def scheme(self) -> LabelScheme:
        options, count = self.options, len(self.some)
        if options.table.keys and (options.source != DATA_SET or not set(options.table.keys) <= set(range(count))):
            raise ValueError(
                f"{options.source}: the labels in {self.name} are layers, which have no values; give only names"
            )
        names = options.names(self.names or [f"layer {number + 1}" for number in range(count)])
        for number, name in enumerate(names):
            if not self.some[number] or self.all[number]:
                value = "1" if self.some[number] else "0"
                raise ValueError(
                    f"{self.name}: the layer {name} is {value} in every pixel of every file, so there is nothing to "
                    "learn; leave the layer out, or correct its files"
                )
        first, second = np.nonzero(np.triu(self.equal, 1))
        if len(first):
            raise ValueError(
                f"{self.name}: the layers {names[first[0]]} and {names[second[0]]} are equal in every file; leave "
                "one out"
            )
        return LabelScheme("layers", names, unlabelled=options.unlabelled)


def _layer_names(names: Sequence[str], count: int) -> str:
    """The names of the layers, or their number."""
    return ", ".join(names) if names else str(count)
