"""What is chosen is chosen on training images, and on labelled pixels alone."""

from __future__ import annotations

import numpy as np
import torch

from unet_tutorial.datasets.folder import Pair, paired
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.scores import score
from unet_tutorial.jobs.split import Split
from unet_tutorial.learning.baselines import best_probability_threshold
from unet_tutorial.nets.presets import padded_unet


def pair(seed: int, share: float, *, open_rows: int = 0) -> Pair:
    """A random image in which the darkest share of the pixels is background, but where nobody has looked."""
    image = np.random.default_rng(seed).random((24, 24)).astype(np.float32)
    cells = np.where(image > share, 1, 0).astype(np.int32)
    cells[:open_rows] = -1
    return paired(str(seed), image, cells)


def cut_on(predictor: Predictor, pairs: list[Pair]) -> float:
    return best_probability_threshold(
        [predictor(p.image) for p in pairs], [p.labels for p in pairs], [p.known for p in pairs]
    )


def test_the_cut_is_that_of_the_training_images_and_their_labelled_pixels() -> None:
    torch.manual_seed(0)
    predictor = Predictor(padded_unet(widths=(4, 8)).eval())
    split = Split([pair(0, 0.1, open_rows=18), pair(1, 0.1, open_rows=18)], [pair(2, 0.9)])
    chosen = score(predictor, split).thresholds[1]
    assert chosen == cut_on(predictor, split.train)
    assert chosen != cut_on(predictor, split.test)
    assert chosen != cut_on(predictor, [p._replace(known=np.ones_like(p.known)) for p in split.train])
