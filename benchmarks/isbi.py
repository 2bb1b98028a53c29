"""``python -m benchmarks.isbi FOLDER``: the effect of the weight map and of elastic deformation on real slices.

FOLDER holds ISBI 2012; slices 0 to 23 are for training, 24 to 29 held out, as everywhere in the course. Predictions are
made without test-time augmentation. Each row is printed as soon as it is computed; a training takes about six minutes.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.variants import Variant, arguments, class_weights, line, no_weights, trained, weight_map
from unet_tutorial.jobs.data import read_data
from unet_tutorial.jobs.predictor import Probabilities
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.metrics.isbi2012 import isbi_scores
from unet_tutorial.metrics.pixels import dice, isbi_pixel_error, pixel_error

VARIANTS = (
    Variant(weight_map),
    Variant(no_weights),
    Variant(weight_map, 0.02),
    Variant(no_weights, 0.02),
    Variant(class_weights),
)
HEADS = ("variant", "seed", "pixel error", "1 - max F", "Dice, membrane", "V_Rand, best t", "best t", "V_Rand, t = 0.5")
CURVE = tuple(round(0.05 * i, 2) for i in range(2, 20))  # thresholds 0.1 to 0.95


def row(probabilities: Probabilities, cells: Probabilities) -> tuple[float, ...]:
    """The scores of (slices, H, W) for the columns of HEADS from the third on; at threshold 0.5 if none is named."""
    rand = isbi_scores(probabilities, cells, thresholds=CURVE).v_rand
    membrane = [dice((p > 0.5).astype(np.uint8), cell, label=0) for p, cell in zip(probabilities, cells, strict=True)]
    error = np.mean([pixel_error(p, cell) for p, cell in zip(probabilities, cells, strict=True)])
    pooled = isbi_pixel_error(probabilities, cells)
    return float(error), pooled, float(np.mean(membrane)), rand.best, rand.best_threshold, rand.half


def main() -> None:
    """Train every variant with every seed, and print a Markdown table."""
    parser = arguments(__doc__, steps=900)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    split = read_data(Recipe(options.folder, held_out=6)).split
    cells = np.stack([pair.labels for pair in split.test])
    line(*HEADS)
    line(*["---"] * len(HEADS))
    for seed, variant in product(options.seeds, VARIANTS):
        recipe = Recipe(options.folder, held_out=6, steps=options.steps, rate=1e-3, seed=seed)
        predictor = trained(recipe, variant, split.train)
        scores = row(np.stack([predictor(pair.image)[1] for pair in split.test]), cells)
        line(variant, seed, *(f"{score:.4f}" for score in scores))


if __name__ == "__main__":
    main()
