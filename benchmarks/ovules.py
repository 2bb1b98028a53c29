"""``python -m benchmarks.ovules RAW LABEL``: cell walls of a real volume, before and after training.

RAW and LABEL are the TIFF stacks of a confocal volume and of its numbered, touching cells. A voxel is wall if a
neighbour belongs to another cell. The last fifth of the longest axis is held out; thresholds are chosen on the rest.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.variants import arguments, line
from unet_tutorial.datasets.annotations.encoding import encode
from unet_tutorial.datasets.annotations.label_values import RawLabels
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.folder import Pair, paired
from unet_tutorial.datasets.images.files import read_image
from unet_tutorial.jobs.data import Data
from unet_tutorial.jobs.job import begin, job_of, train
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.rows import binary_row
from unet_tutorial.jobs.scores import baselines
from unet_tutorial.jobs.split import Split, split_volume
from unet_tutorial.jobs.task import GREY_CELLS
from unet_tutorial.learning.baselines import best_probability_threshold
from unet_tutorial.metrics.pixels import dice

RECIPE = Recipe(preset="unet3d", widths="8,16,32", spacing="0.235,0.15,0.15", tile="16,48,48", batch=2, w0=0.0)
HEADS = ("seed", "threshold", "before training", "after", "voxels wrong, threshold", "voxels wrong, after")


def walls(predictor: Predictor, split: Split) -> tuple[float, float]:
    """Dice of the walls and fraction of wrong voxels, at the threshold that is best on the training part."""
    (known,), (held,) = split.train, split.test
    threshold = best_probability_threshold([predictor(known.image)[1]], [known.labels], [known.known])
    cell = (predictor(held.image)[1] > threshold).astype(np.uint8)
    return dice(cell, held.labels, label=0), float(np.mean(cell != held.labels))


def scores(recipe: Recipe, split: Split) -> tuple[float, ...]:
    """The scores for the columns of HEADS from the second on."""
    smoothed, (training, _) = baselines(split)[1], begin(recipe)
    threshold = binary_row(smoothed.name, split.test, smoothed.probabilities, smoothed.threshold)
    before = walls(Predictor(training.net), split)[0]
    train(job_of(recipe, Data(split, GREY_CELLS, []), training), lambda _: None)
    after, wrong = walls(Predictor(training.net), split)
    return threshold.dice_background, before, after, threshold.pixel_error, wrong


def main() -> None:
    """Train with every seed, and print a Markdown table."""
    parser = arguments(__doc__, steps=300)
    parser.add_argument("raw", type=Path)
    parser.add_argument("label", type=Path)
    options = parser.parse_args()
    label = RawLabels(str(options.label), read_image(options.label))
    volume: Pair = paired("ovule", read_image(options.raw), encode(LabelScheme(), label, 3).instances)
    line(*HEADS)
    line(*["---"] * len(HEADS))
    for seed in options.seeds:
        recipe = replace(RECIPE, steps=options.steps, seed=seed)
        line(seed, *(f"{score:.4f}" for score in scores(recipe, split_volume(volume))))


if __name__ == "__main__":
    main()
