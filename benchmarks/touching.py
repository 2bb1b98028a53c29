"""``python -m benchmarks.touching [--hela FOLDER]``: what the weight map does to cells that touch, seed by seed.

Synthetic cells: trained on data/cells/train, tested on twenty images of other seeds. FOLDER holds DIC-C2DH-HeLa of the
Cell Tracking Challenge, taken at half its resolution: trained on sequence 01 with its silver truth, tested on 02; SEG
against the gold truth, merges and splits against the silver one, in which no cell is missing. The threshold that turns
probabilities into cells is the one with the highest SEG on the training images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.arms import Arm, arguments, class_weights, line, no_weights, trained, weight_map
from unet_tutorial.datasets.decode import Array
from unet_tutorial.datasets.files import read_image
from unet_tutorial.datasets.folder import Pair, paired, read_folder
from unet_tutorial.datasets.labels import Instances, connected_cells, separated
from unet_tutorial.datasets.synthetic import touching_cells
from unet_tutorial.jobs.predictor import Predictor, Probabilities
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.metrics.merges_and_splits import merges, splits
from unet_tutorial.metrics.seg import cell_jaccards

CELLS = Path(__file__).parents[1] / "data" / "cells" / "train"
SPECK = 20  # px: what is smaller is called no cell
CUTS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
HEADS = ("images", "loss", "seed", "threshold", "SEG", "merges", "splits", "merges, t = 0.5", "cells")


class Frame(NamedTuple):
    """An image with all its cells, touching, and those that SEG counts."""

    image: Array
    cells: Instances
    counted: Instances


class Task(NamedTuple):
    """What to learn from, as pairs; the same images as frames; and what to test on."""

    pairs: list[Pair]
    train: list[Frame]
    test: list[Frame]


def synthetic() -> Task:
    """Cells in differential interference contrast, made by the course's generator."""
    pairs = read_folder(CELLS)
    made = [touching_cells(seed) for seed in range(500, 520)]
    train = [Frame(pair.image, pair.instances, pair.instances) for pair in pairs]
    return Task(pairs, train, [Frame(each.image, each.instances, each.instances) for each in made])


def hela(folder: Path) -> Task:
    """Sequence 01 to learn from, 02 to test on."""
    train, test = ([_frame(path) for path in sorted((folder / part / "images").glob("*.png"))] for part in ("01", "02"))
    pairs = [paired(str(i), frame.image, separated(frame.cells)) for i, frame in enumerate(train)]
    return Task(pairs, train, test)


def _frame(path: Path) -> Frame:
    """A frame at half its resolution: the mean of 2 × 2 grey values, one of 2 × 2 labels."""
    image = read_image(path).astype(np.float32)
    small = image.reshape(image.shape[0] // 2, 2, -1, 2).mean(axis=(1, 3))
    silver, gold = (read_image(path.parents[1] / kind / path.name)[::2, ::2].astype(np.int32) for kind in ("st", "seg"))
    return Frame(small, silver, gold)


def seg(frames: Sequence[Frame], proposals: Sequence[Instances]) -> float:
    """SEG of a movie: the mean over the cells of all frames."""
    each = [cell_jaccards(frame.counted, proposal) for frame, proposal in zip(frames, proposals, strict=True)]
    return float(np.concatenate(each).mean())


def row(predictor: Predictor, task: Task) -> tuple[float, ...]:
    """The scores under HEADS, from the threshold on."""
    tuning, chances = ([predictor(frame.image) for frame in frames] for frames in (task.train, task.test))
    threshold = max(CUTS, key=lambda t: seg(task.train, proposed(tuning, t)))
    chosen, half = (proposed(chances, t) for t in (threshold, 0.5))
    wrong = [_sum(count, task, proposals) for count, proposals in ((merges, chosen), (splits, chosen), (merges, half))]
    return threshold, seg(task.test, chosen), *wrong, sum(len(np.unique(frame.cells)) - 1 for frame in task.test)


def proposed(chances: Sequence[Probabilities], threshold: float) -> list[Instances]:
    """The connected pieces above a threshold, specks left out."""
    return [connected_cells(chance > threshold, smallest=SPECK) for chance in chances]


def _sum(count: Callable[[Instances, Instances], int], task: Task, proposals: Sequence[Instances]) -> int:
    return sum(count(frame.cells, proposal) for frame, proposal in zip(task.test, proposals, strict=True))


def main() -> None:
    """Train with and without weights for every seed, and print a table in markdown."""
    parser = arguments(__doc__, steps=400)
    parser.add_argument("--hela", type=Path)
    options = parser.parse_args()
    name, make = ("DIC-HeLa", partial(hela, options.hela)) if options.hela else ("synthetic", synthetic)
    task = make()
    line(*HEADS)
    line(*["---"] * len(HEADS))
    for seed, arm in product(options.seeds, (Arm(weight_map), Arm(class_weights), Arm(no_weights))):
        scores = row(trained(Recipe(steps=options.steps, seed=seed), arm, task.pairs), task)
        line(name, arm, seed, *(f"{score:.4g}" for score in scores))


if __name__ == "__main__":
    main()
