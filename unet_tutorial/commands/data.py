"""``unet data``: generates a synthetic data set, or downloads ISBI 2012."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unet_tutorial.plan.levels import Size

if TYPE_CHECKING:
    from unet_tutorial.datasets.course_data import LabelledImage

SPACING = "3,1,1"  # voxel size of the volumes with cell walls


class Source(StrEnum):
    """The data sets."""

    em = "em"
    cells = "cells"
    walls = "walls"
    tissue = "tissue"
    discs = "discs"
    isbi2012 = "isbi2012"


def data(
    source: Annotated[Source, typer.Argument(help="em, cells, walls, tissue, discs or isbi2012.")],
    folder: Annotated[Path, typer.Argument(help="Folder for the data; created if missing.")],
    images: Annotated[int, typer.Option(min=2, help="Number of images or volumes.")] = 16,
    size: Annotated[
        int, typer.Option(min=0, help="Side of an image in pixels; 0: 512 for em and cells, 128 for the others.")
    ] = 0,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the first image; it increases by 1 from image to image.")
    ] = 1000,
) -> None:
    """Generate or download training data: folders images/ and labels/ for unet train.

    em: synthetic electron micrographs with bright cells between dark membranes; labels/ holds the number of each cell.
    cells: synthetic round cells that touch. walls: volumes of synthetic plant tissue as TIFF stacks; a side of 128
    pixels gives 24 slices, which are 3 pixels apart. tissue: synthetic stained tissue in colour with four classes,
    named in classes.json. discs: overlapping discs of three kinds; labels/ holds a folder of masks for each kind.
    isbi2012: the paper's 30 slices of fly neural tissue, downloaded (12.8 MB) and verified by checksums; free for
    non-commercial use, please cite Cardona et al. 2010.
    """
    if source is Source.isbi2012:
        from tqdm import tqdm

        from unet_tutorial.datasets.isbi2012 import download

        download(folder, progress=tqdm)
        print(f"ISBI 2012 is in {folder}/; next: unet train --data {folder}")
        return
    large = source in (Source.em, Source.cells)
    shape = _generate(source, folder, range(seed, seed + images), size or (512 if large else 128))
    kind, options = ("images", "") if len(shape) == 2 else ("volumes", f" --preset unet3d --spacing {SPACING}")
    if source not in (Source.tissue, Source.discs):
        options = f" --labels instances{options}"  # few images of few cells could be taken for classes
    size_ = " × ".join(map(str, shape))
    print(f"{images} {kind} of {size_} pixels are in {folder}/; next: unet train --data {folder}{options}")


def _generate(source: Source, folder: Path, seeds: range, size: int) -> Size:
    """Write an image and its labels for each seed; returns the size of an image."""
    from unet_tutorial.datasets.course_data import CLASS_NAMES, write_class_names, write_sample

    for seed in seeds:
        sample = _sample(source, seed, size)
        shape = next(labels.shape for part, labels in sample.files.items() if part != "images")
        write_sample(folder, f"{seed:04}{'.png' if len(shape) == 2 else '.tif'}", sample)
    if source in CLASS_NAMES:
        write_class_names(folder, CLASS_NAMES[source])
    return shape


def _sample(source: Source, seed: int, size: int) -> LabelledImage:
    from unet_tutorial.datasets.generators.overlapping import overlapping_discs
    from unet_tutorial.datasets.generators.synthetic import em_membranes, touching_cells
    from unet_tutorial.datasets.generators.tissue import stained_tissue
    from unet_tutorial.datasets.generators.walls import cell_walls

    if source is Source.walls:
        if size < 43:
            raise ValueError(f"--size {size}: walls need a side of at least 43 pixels, which gives 8 slices")
        return cell_walls(seed, (3 * size // 16, size, size), cells=max(2, round(40 * (size / 128) ** 3)))
    if source is Source.tissue:
        return stained_tissue(seed, size)
    if source is Source.discs:
        return overlapping_discs(seed, size)
    return (em_membranes if source is Source.em else touching_cells)(seed, size)
