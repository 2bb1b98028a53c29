"""Several label files for one image: its layers, or its cells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from unet_tutorial.datasets.layouts.listing import by_name
from unet_tutorial.datasets.wording import listed

FEW = 5  # numbered files per image; layers are rarely more, cells rarely fewer


class Several(NamedTuple):
    """The label files of each image, in the order of ``layers``, the names of the layers; () for files of cells."""

    files: dict[str, tuple[Path, ...]]
    layers: tuple[str, ...]


def several(groups: Mapping[str, list[Path]], kind: str) -> Several:
    """Decides whether the label files of each image (by its name) hold one layer each or one cell each.

    They are layers if the files of all images have the same names, which are words, and cells if the names are numbers
    or codes that differ between images. ``kind`` "layers" or "instances" is the user's decision.

    ValueError if both are possible, and for a layer that an image lacks.
    """
    named = {image: _layers(image, files) for image, files in groups.items()}
    layers = tuple(dict.fromkeys(name for files in named.values() for name in sorted(files)))
    if max(map(len, named.values())) == 1:
        return Several({image: tuple(files.values()) for image, files in named.items()}, ())
    lacking = [f"{image}/{name}" for image, files in named.items() for name in layers if name not in files]
    if kind == "layers" or (kind != "instances" and not _are_cells(groups, named, lacking)):
        if lacking:
            first = next(iter(groups.values()))[0].parent
            raise ValueError(
                f"{first.parent}: expected a file for each of the {len(layers)} layers {listed(layers)} in the folder "
                f"of each image, but {listed(lacking)} {'is' if len(lacking) == 1 else 'are'} missing; add an "
                "empty mask for a layer without pixels, or give --labels instances if each file holds one cell"
            )
        return Several({image: tuple(files[name] for name in layers) for image, files in named.items()}, layers)
    return Several({image: tuple(files.values()) for image, files in named.items()}, ())


def _layers(image: str, files: list[Path]) -> dict[str, Path]:
    """The files by their names, from which the name of the image is removed: "nucleus" for a/a_nucleus.png."""
    name = image.rpartition("/")[2]
    named = by_name(files, files[0].parent)
    shorter = {
        re.sub(rf"^{re.escape(name)}[\W_]+|[\W_]+{re.escape(name)}$", "", one): file for one, file in named.items()
    }
    return shorter if len(shorter) == len(named) else named


def _are_cells(groups: Mapping[str, list[Path]], named: Mapping[str, dict[str, Path]], lacking: list[str]) -> bool:
    """Whether the names are those of cells: numbers or codes that are not the same for all images."""
    names = [name for files in named.values() for name in files]
    if all(re.fullmatch(r"[0-9a-f]{16,}", name) for name in names):
        return True
    bare = {re.sub(r"\d+", "", name) for name in names}  # one for 1_cell, 2_cell, …: the numbers alone differ
    numbered = all(re.search(r"\d+$", name) for name in names) or (len(bare) == 1 and not bare & set(names))
    if numbered and lacking and max(map(len, named.values())) >= FEW:
        return True
    if numbered or (lacking and len(set(names)) == len(names)):
        first = next(iter(groups.values()))[0]
        raise ValueError(
            f"{first}: there are several label files for each image, and their names do not say whether each holds a "
            "cell or a layer (a class); give --labels instances for cells, or --labels layers"
        )
    return False
