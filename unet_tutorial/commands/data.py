"""``unet data``: images to learn from, made here or fetched."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unet_tutorial.disk import make_folder
from unet_tutorial.plan.levels import Size

if TYPE_CHECKING:
    from unet_tutorial.datasets.synthetic import SyntheticImage

SPACING = "3,1,1"  # of the volumes of walls


class Source(StrEnum):
    """What can be had."""

    em = "em"
    cells = "cells"
    walls = "walls"
    isbi2012 = "isbi2012"


def data(
    source: Annotated[Source, typer.Argument(help="em, cells, walls or isbi2012.")],
    folder: Annotated[Path, typer.Argument(help="Where to put it; made if need be.")],
    images: Annotated[int, typer.Option(min=2, help="How many images or volumes to make.")] = 16,
    size: Annotated[int, typer.Option(min=0, help="Their side in pixels; 0: 512, and for walls 128.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the first image; the next has the next.")] = 1000,
) -> None:
    """Make or fetch data to learn from, as images/ and labels/ that unet train reads.

    em: synthetic electron micrographs, bright cells between dark membranes, each cell with its number in labels/.
    cells: synthetic round cells that touch. walls: volumes of synthetic plant tissue as TIFF stacks, with 3 slices for
    16 pixels of a side, 3 pixels apart. isbi2012: the paper's 30 slices of fly brain, fetched over the network
    (12.8 MB) and compared with their checksums; free for non-commercial use, please cite Cardona et al. 2010.
    """
    if source is Source.isbi2012:
        from tqdm import tqdm

        from unet_tutorial.datasets.isbi2012 import download

        download(folder, progress=tqdm)
        print(f"ISBI 2012 is in {folder}/; next: unet train --data {folder}")
        return
    shape = _make(source, folder, range(seed, seed + images), size or (128 if source is Source.walls else 512))
    what, more = ("images", "") if len(shape) == 2 else ("volumes", f" --preset unet3d --spacing {SPACING}")
    size_ = " × ".join(map(str, shape))
    print(f"{images} {what} of {size_} pixels are in {folder}/; next: unet train --data {folder}{more}")


def _make(source: Source, folder: Path, seeds: range, size: int) -> Size:
    """Write an image and its numbered cells for each seed; their shape."""
    import numpy as np

    from unet_tutorial.datasets.files import write_image

    first = _sample(source, seeds[0], size)  # refuses a size before a folder is made
    for part in ("images", "labels"):
        make_folder(folder / part)
    suffix = ".png" if first.image.ndim == 2 else ".tif"
    for seed in seeds:
        sample = _sample(source, seed, size)
        write_image(folder / "images" / f"{seed:04}{suffix}", sample.image)
        write_image(folder / "labels" / f"{seed:04}{suffix}", sample.instances.astype(np.uint16))
    return first.image.shape


def _sample(source: Source, seed: int, size: int) -> SyntheticImage:
    from unet_tutorial.datasets.synthetic import em_membranes, touching_cells
    from unet_tutorial.datasets.walls import cell_walls

    if source is Source.walls:
        if size < 43:
            raise ValueError(f"--size {size}: a volume of walls needs a side of 43 or more, for 8 slices")
        return cell_walls(seed, (3 * size // 16, size, size), cells=max(2, round(40 * (size / 128) ** 3)))
    return (em_membranes if source is Source.em else touching_cells)(seed, size)
