"""Decides the meaning of label files from the values of all of them: classes, numbers of cells, or layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from unet_tutorial.datasets.annotations.class_tables import BACKGROUND
from unet_tutorial.datasets.annotations.colours import hex_colour
from unet_tutorial.datasets.annotations.found_layers import FoundLayers
from unet_tutorial.datasets.annotations.found_outlines import FoundOutlines
from unet_tutorial.datasets.annotations.found_values import FoundValues
from unet_tutorial.datasets.annotations.label_options import LabelOptions
from unet_tutorial.datasets.annotations.label_values import RawLabels
from unet_tutorial.datasets.annotations.labels import Labels
from unet_tutorial.datasets.annotations.scheme import CELL, LabelScheme, default_name


def decide(
    files: Iterable[RawLabels],
    *,
    labels: str = "",
    classes: str = "",
    colours: str = "",
    unlabelled: int | None = None,
    known_names: Mapping[int, str] | None = None,
) -> LabelScheme:
    """The scheme of the labels in all files of a data set, which are examined one after another.

    ``labels`` is the kind of the labels, "" to decide it from the values: two values of which one is 0 are background
    and foreground; a few values that lie in several places per image are classes; many values, each in one place, are
    the numbers of cells if they are rarely shared between files or mean nothing beyond one file. `class_table`
    describes ``classes`` and ``colours``. ``known_names`` has the names that the data set itself states, by value or by
    number of the layer.

    ValueError, which names both options, if the values do not decide; and for values that are not those of labels,
    coloured files without a table, and options that do not fit the files.
    """
    options = LabelOptions.of(labels, classes, colours, unlabelled, known_names or {})
    seen: FoundOutlines | FoundLayers | FoundValues | None = None
    for raw in files:
        kind = FoundOutlines if raw.instances is not None else FoundLayers if _is_layered(raw, options) else FoundValues
        seen = kind(options, raw) if seen is None else seen
        if type(seen) is not kind:
            raise ValueError(
                f"{raw.name}: the labels are {kind.CONTENT}, but those of {seen.name} are {seen.CONTENT}; "
                "use labels of one kind in a data set"
            )
        seen.add(raw)
    if seen is None:
        raise ValueError("there are no label files; give at least one")
    return seen.scheme()


def sentence(scheme: LabelScheme, counts: Sequence[int] = ()) -> str:
    """One line that says how the labels are read; ``counts`` has the number of cells of each image.

    >>> sentence(LabelScheme("classes", ("background", "class 1", "class 2"), (0, 1, 2)))
    'labels: 3 classes 0, 1, 2; 0 is background'
    >>> sentence(LabelScheme(), [57, 12])
    'labels: instances of one class, 12–57 per image'
    """
    per_image = f", {_span(min(counts), max(counts))} per image" if counts else ""
    keys = scheme.colours or tuple(map(str, scheme.values))
    named = [_named(key, name) for key, name in zip(keys, scheme.names, strict=True)] if keys else list(scheme.names)
    if scheme.layered:
        one = len(scheme.names) == 1
        text = f"{len(scheme.names)} {'layer' if one else 'layers'} {', '.join(named)}" + (
            "" if one else ", which may overlap"
        )
    elif scheme.kind == "classes":
        text = f"{len(scheme.names)} classes {', '.join(named)}"
        if scheme.names[0].lower() == BACKGROUND and keys:
            text += f"; {keys[0]} is background"
        elif keys:
            text += "; none is background"
    elif len(scheme.names) == 2:
        regions = f", the connected regions of {named[1]}" if keys else ""
        text = f"instances of one class{regions}{per_image}"
    else:
        text = f"instances of {len(scheme.names) - 1} classes {', '.join(named[1:])}{per_image}"
    missing = "" if scheme.unlabelled is None else f"; {_key(scheme, scheme.unlabelled)} is unlabelled"
    return f"labels: {text}{missing}"


def absent(scheme: LabelScheme, labels: Iterable[Labels]) -> list[str]:
    """The names of the classes or layers that none of the arrays holds; ``labels`` are those of `encode`."""
    found: set[int] = set()
    for array in labels:
        found |= set(np.flatnonzero(array.reshape(len(array), -1).any(axis=1)) if scheme.layered else np.unique(array))
    return [name for number, name in enumerate(scheme.names) if number not in found]


def _span(least: int, most: int) -> str:
    return str(most) if least == most else f"{least}–{most}"


def _named(key: str, name: str) -> str:
    """A value with its name, if the name says more than the value."""
    return key if name in (BACKGROUND, CELL, default_name(key)) else f"{key} = {name}"


def _key(scheme: LabelScheme, value: int) -> str:
    return hex_colour(value) if scheme.colours else str(value)


def _is_layered(raw: RawLabels, options: LabelOptions) -> bool:
    return options.labels == "layers" or (raw.layered and options.labels != "instances")
