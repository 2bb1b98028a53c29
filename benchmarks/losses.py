"""``python -m benchmarks.losses``: trainings that differ only in the loss, on the course's sets with several classes.

``data/tissue`` has four classes, one per pixel, and a softmax; ``data/discs`` has three layers that overlap, and a
sigmoid for each. One row gives the discs a softmax: over four classes, of which an overlap keeps the layer that comes
last. A seed gives all losses the same first weights and the same tiles; the network, the steps and the rates are equal.
Behind the rows stands the paired difference to the first loss, with the 95 % interval of Student's t.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import t as student
from torch import Tensor

from benchmarks.variants import arguments, line
from unet_tutorial.datasets.course_data import DATA
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.inference.tiling import evaluating
from unet_tutorial.jobs.data import Data, read_data
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.samples import samples
from unet_tutorial.learning.augment.sample import Sample
from unet_tutorial.learning.batches import tile_batches
from unet_tutorial.learning.losses.binary_cross_entropy import binary_cross_entropy
from unet_tutorial.learning.losses.combine import combine
from unet_tutorial.learning.losses.cross_entropy import sparse_cross_entropy
from unet_tutorial.learning.losses.focal import sigmoid_focal_loss, softmax_focal_loss
from unet_tutorial.learning.losses.overlap import dice_loss
from unet_tutorial.learning.losses.targets import Loss
from unet_tutorial.learning.train import adam, fit
from unet_tutorial.metrics.confusion import confusion, iou_per_class
from unet_tutorial.metrics.pixels import iou
from unet_tutorial.nets.presets import padded_unet

Scores = tuple[float, ...]
Encoding = Callable[[Sample], Sample]
WIDTHS, TILE = (8, 16, 32), (96, 96)


def unchanged(sample: Sample) -> Sample:
    """The sample with its labels as they are."""
    return sample


def exclusive(sample: Sample) -> Sample:
    """Layers (L, *spatial) as classes: 0 where there is none, k + 1 in layer k; the last layer covers the others."""
    order = torch.arange(1, len(sample.labels) + 1).view(-1, *[1] * len(sample.size))
    return replace(sample, labels=(sample.labels.long() * order).amax(dim=0))


@dataclass(frozen=True)
class Variant:
    """A loss, the number of output channels, the class weights of the pixels, and the encoding of the labels."""

    loss: Loss
    channels: int
    class_weights: str = "none"
    encoding: Encoding = unchanged


CLASSES = {
    "cross-entropy": Variant(sparse_cross_entropy, 4),
    "cross-entropy, balanced": Variant(sparse_cross_entropy, 4, "balanced"),
    "focal, γ = 2": Variant(softmax_focal_loss, 4),
    "Dice": Variant(dice_loss, 4),
    "Dice + cross-entropy": Variant(combine(dice=dice_loss, entropy=sparse_cross_entropy), 4),
}
LAYERS = {
    "binary cross-entropy": Variant(binary_cross_entropy, 3),
    "sigmoid focal, γ = 2": Variant(sigmoid_focal_loss, 3),
    "Dice": Variant(dice_loss, 3),
    "Dice + binary cross-entropy": Variant(combine(dice=dice_loss, entropy=binary_cross_entropy), 3),
    "softmax, one class per pixel": Variant(sparse_cross_entropy, 4, encoding=exclusive),
}


def trained_logits(variant: Variant, data: Data, recipe: Recipe) -> list[Tensor]:
    """The logits (K, H, W) of each test image, of the network of one seed after its training."""
    torch.manual_seed(recipe.seed)
    training = adam(padded_unet(data.split.train[0].image.shape[0], variant.channels, WIDTHS))
    net = training.net
    drawn_from = samples(data.split.train, data.task, replace(recipe, class_weights=variant.class_weights))
    encoded = [variant.encoding(sample) for sample in drawn_from]
    draw = tile_batches(encoded, net.levels, net.padding, tile=TILE, seed=recipe.seed)
    fit(
        training,
        lambda step: draw(step, recipe.batch),
        recipe.rate_of,
        loss=variant.loss,
        steps=recipe.steps,
        save=lambda _: None,
    )
    with evaluating(net):
        return [net(torch.from_numpy(data.task.normaliser(pair.image))[None])[0] for pair in data.split.test]


def class_scores(logits: list[Tensor], pairs: list[Pair]) -> Scores:
    """Mean IoU of the classes, IoU of the last class, and the mean cross-entropy of the pixels."""
    maps = [each.argmax(dim=0).numpy() for each in logits]
    tables = [confusion(pair.labels, found, len(each)) for pair, found, each in zip(pairs, maps, logits, strict=True)]
    ious = iou_per_class(sum(tables[1:], start=tables[0]))
    truths = [torch.from_numpy(pair.labels.astype(np.int64))[None] for pair in pairs]
    entropies = [
        float(sparse_cross_entropy(each[None], truth, torch.ones(truth.shape)))
        for each, truth in zip(logits, truths, strict=True)
    ]
    return float(np.mean(ious)), float(ious[-1]), float(np.mean(entropies))


def layer_probabilities(logits: Tensor, layers: int) -> NDArray[np.float32]:
    """The probability of each layer, (L, H, W): by a sigmoid, or by the softmax of one class more than layers."""
    p = logits.sigmoid() if len(logits) == layers else logits.softmax(dim=0)[1:]
    return np.asarray(p)


def layer_masks(logits: Tensor, layers: int) -> NDArray[np.uint8]:
    """The layers that are found, (L, H, W): by a threshold of 0.5, or as the class with the largest logit."""
    if len(logits) == layers:
        return np.asarray(logits > 0, np.uint8)
    numbers = np.arange(1, layers + 1)[:, None, None]
    return np.asarray(logits.argmax(dim=0).numpy() == numbers, np.uint8)


def layer_scores(logits: list[Tensor], pairs: list[Pair]) -> Scores:
    """Mean IoU of the layers, the share of the overlapping pixels that are right in all layers, and cross-entropy."""
    truth = np.stack([pair.labels for pair in pairs], axis=1)  # (L, images, H, W)
    layers = len(truth)
    found = np.stack([layer_masks(each, layers) for each in logits], axis=1)
    p = np.stack([layer_probabilities(each, layers) for each in logits], axis=1).astype(np.float64)
    ious = [iou(mine, true, label=1) for mine, true in zip(found, truth, strict=True)]
    shared = truth.sum(axis=0) > 1
    right = (found == truth).all(axis=0)[shared].mean()
    entropy = -np.log(np.clip(np.where(truth == 1, p, 1 - p), 1e-7, None)).mean()
    return float(np.mean(ious)), float(right), float(entropy)


def interval(differences: NDArray[np.float64]) -> str:
    """Mean and 95 % interval of Student's t of differences, one per seed."""
    half = student.ppf(0.975, len(differences) - 1) * differences.std(ddof=1) / np.sqrt(len(differences))
    mean = differences.mean()
    return f"{mean:+.3f} ({mean - half:+.3f} to {mean + half:+.3f})"


def compare(
    name: str,
    variants: dict[str, Variant],
    scores: Callable[[list[Tensor], list[Pair]], Scores],
    columns: tuple[str, ...],
    seeds: list[int],
    steps: int,
) -> None:
    """Train every variant with every seed, and print the scores and the differences to the first variant."""
    folder: Path = DATA / name
    data = read_data(Recipe(folder))
    line("loss", "seed", *columns)
    line(*["---"] * (len(columns) + 2))
    found: dict[str, list[Scores]] = {each: [] for each in variants}
    for label, variant in variants.items():
        for seed in seeds:
            recipe = Recipe(folder, steps=steps, seed=seed)
            found[label].append(scores(trained_logits(variant, data, recipe), data.split.test))
            line(label, seed, *(f"{score:.3f}" for score in found[label][-1]))
        line(label, "mean", *(f"**{score:.3f}**" for score in np.mean(found[label], axis=0)))
    first, *others = variants
    print()
    line(f"difference to {first}", *columns)
    line(*["---"] * (len(columns) + 1))
    for label in others:
        differences = np.array(found[label]) - np.array(found[first])
        line(label, *(interval(column) for column in differences.T))
    print()


SETS = {
    "tissue": (CLASSES, class_scores, ("mean IoU", "IoU, lymphocyte", "test cross-entropy")),
    "discs": (LAYERS, layer_scores, ("mean IoU", "overlaps right", "test cross-entropy")),
}


def main() -> None:
    """Print a Markdown table for each data set."""
    parser = arguments(__doc__, steps=200)
    parser.set_defaults(seeds=[0, 1, 2, 3, 4])
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=list(SETS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.sets:
        compare(name, *SETS[name], options.seeds, options.steps)


if __name__ == "__main__":
    main()
