"""``python -m benchmarks.touching [--hela FOLDER]``: the effect of the weight map on touching cells.

Without --hela, synthetic cells: training on data/cells/train, test on twenty images of other seeds. FOLDER holds
DIC-C2DH-HeLa of the Cell Tracking Challenge, which is used at half its resolution: training on sequence 01 with its
silver truth, test on 02; SEG against the gold truth, merges and splits against the silver truth, in which no cell is
missing. The threshold on the probability is the one with the highest SEG on the training images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.variants import Variant, arguments, class_weights, line, no_weights, trained, weight_map
from unet_tutorial.datasets.annotations.labels import Instances, connected_cells, separated
from unet_tutorial.datasets.folder import Pair, paired, read_folder
from unet_tutorial.datasets.generators.synthetic import touching_cells
from unet_tutorial.datasets.images.decode import Array
from unet_tutorial.datasets.images.files import read_image
from unet_tutorial.jobs.predictor import Predictor, Probabilities
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.metrics.merges_and_splits import merges, splits
from unet_tutorial.metrics.seg import cell_jaccards

CELLS = Path(__file__).parents[1] / "data" / "cells" / "train"
SMALLEST = 20  # pixels of a cell; smaller components are removed
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
HEADS = ("images", "loss", "seed", "threshold", "SEG", "merges", "splits", "merges, t = 0.5", "cells")


class Frame(NamedTuple):
    """An image with all its cells, and with the annotated ones (``counted``) that SEG counts."""

    image: Array
    cells: Instances
    counted: Instances


class Experiment(NamedTuple):
    """Training images as pairs (touching cells separated) and as frames, and test frames."""

    pairs: list[Pair]
    train: list[Frame]
    test: list[Frame]


def synthetic() -> Experiment:
    """Synthetic cells in differential interference contrast, from the course's generator."""
    pairs = read_folder(CELLS)
    made = [touching_cells(seed) for seed in range(500, 520)]
    train = [Frame(pair.image[0], pair.instances, pair.instances) for pair in pairs]
    return Experiment(pairs, train, [Frame(each.image, each.instances, each.instances) for each in made])


def hela(folder: Path) -> Experiment:
    """Sequence 01 for training, 02 for the test."""
    train, test = ([_frame(path) for path in sorted((folder / part / "images").glob("*.png"))] for part in ("01", "02"))
    pairs = [paired(str(i), frame.image, separated(frame.cells)) for i, frame in enumerate(train)]
    return Experiment(pairs, train, test)


def _frame(path: Path) -> Frame:
    """A frame at half its resolution: the mean of each 2 × 2 gray values, the first of each 2 × 2 labels."""
    image = read_image(path).astype(np.float32)
    small = image.reshape(image.shape[0] // 2, 2, -1, 2).mean(axis=(1, 3))
    silver, gold = (read_image(path.parents[1] / kind / path.name)[::2, ::2].astype(np.int32) for kind in ("st", "seg"))
    return Frame(small, silver, gold)


def seg(frames: Sequence[Frame], proposals: Sequence[Instances]) -> float:
    """SEG of a movie: the mean over the cells of all frames."""
    each = [cell_jaccards(frame.counted, proposal) for frame, proposal in zip(frames, proposals, strict=True)]
    return float(np.concatenate(each).mean())


def row(predictor: Predictor, experiment: Experiment) -> tuple[float, ...]:
    """The scores for the columns of HEADS from the threshold on."""
    tuning, tested = (
        [predictor(frame.image[None])[1] for frame in frames] for frames in (experiment.train, experiment.test)
    )
    threshold = max(THRESHOLDS, key=lambda t: seg(experiment.train, proposed(tuning, t)))
    chosen, half = (proposed(tested, t) for t in (threshold, 0.5))
    counts = ((merges, chosen), (splits, chosen), (merges, half))
    mistakes = [_sum(count, experiment, proposals) for count, proposals in counts]
    return (
        threshold,
        seg(experiment.test, chosen),
        *mistakes,
        sum(len(np.unique(frame.cells)) - 1 for frame in experiment.test),
    )


def proposed(probabilities: Sequence[Probabilities], threshold: float) -> list[Instances]:
    """The connected components above a threshold, without small ones."""
    return [connected_cells(p > threshold, smallest=SMALLEST) for p in probabilities]


def _sum(count: Callable[[Instances, Instances], int], experiment: Experiment, proposals: Sequence[Instances]) -> int:
    return sum(count(frame.cells, proposal) for frame, proposal in zip(experiment.test, proposals, strict=True))


def main() -> None:
    """Train with and without weights for every seed, and print a Markdown table."""
    parser = arguments(__doc__, steps=400)
    parser.add_argument("--hela", type=Path)
    options = parser.parse_args()
    name, make = ("DIC-HeLa", partial(hela, options.hela)) if options.hela else ("synthetic", synthetic)
    experiment = make()
    line(*HEADS)
    line(*["---"] * len(HEADS))
    variants = (Variant(weight_map), Variant(class_weights), Variant(no_weights))
    for seed, variant in product(options.seeds, variants):
        scores = row(trained(Recipe(steps=options.steps, seed=seed), variant, experiment.pairs), experiment)
        line(name, variant, seed, *(f"{score:.4g}" for score in scores))


if __name__ == "__main__":
    main()
