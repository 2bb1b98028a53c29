"""``unet data``: images to learn from, made here or fetched."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from unet_tutorial.disk import make_folder


class Source(StrEnum):
    """What can be had."""

    em = "em"
    cells = "cells"
    isbi2012 = "isbi2012"


def data(
    source: Annotated[Source, typer.Argument(help="em, cells or isbi2012.")],
    folder: Annotated[Path, typer.Argument(help="Where to put it; made if need be.")],
    images: Annotated[int, typer.Option(min=2, help="How many images to make (em, cells).")] = 16,
    size: Annotated[int, typer.Option(min=64, help="Their side in pixels (em, cells).")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Of the first image; the next has the next (em, cells).")] = 1000,
) -> None:
    """Make or fetch data to learn from, as images/ and labels/ that unet train reads.

    em: synthetic electron micrographs, bright cells between dark membranes, each cell with its number in labels/.
    cells: synthetic round cells that touch. isbi2012: the paper's 30 slices of fly brain, fetched over the network
    (12.8 MB) and compared with their checksums; free for non-commercial use, please cite Cardona et al. 2010.
    """
    if source is Source.isbi2012:
        from tqdm import tqdm

        from unet_tutorial.datasets.isbi2012 import download

        download(folder, progress=tqdm)
        print(f"ISBI 2012 is in {folder}/; next: unet train --data {folder}")
        return
    _make(source, folder, range(seed, seed + images), size)
    print(f"{images} images of {size} × {size} pixels are in {folder}/; next: unet train --data {folder}")


def _make(source: Source, folder: Path, seeds: range, size: int) -> None:
    import numpy as np

    from unet_tutorial.datasets.files import write_image
    from unet_tutorial.datasets.synthetic import em_membranes, touching_cells

    for part in ("images", "labels"):
        make_folder(folder / part)
    for seed in seeds:
        sample = (em_membranes if source is Source.em else touching_cells)(seed, size)
        write_image(folder / "images" / f"{seed:04}.png", sample.image)
        write_image(folder / "labels" / f"{seed:04}.png", sample.instances.astype(np.uint16))
