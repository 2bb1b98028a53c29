"""``python -m benchmarks.family``: every network of the family, thin and trained for a short time, in one table.

Networks of two axes are trained on the synthetic micrographs of ``data/em``, those of three axes on synthetic plant
tissue (``generators.walls``). All have the same tiles, steps and rates, and at most 16 channels where a width can be
chosen, except one that is wider on purpose; the loss is cross-entropy, summed over the outputs of a network with deep
supervision. The threshold is chosen on training images. The first row of each data set is the best threshold on the
smoothed image. Training is too short to say which network is best: the table shows that each of them learns. Seconds
are processor time of one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec

import numpy as np
import torch

from benchmarks.variants import arguments, line, no_weights
from unet_tutorial.datasets.annotations.labels import separated
from unet_tutorial.datasets.folder import paired
from unet_tutorial.datasets.generators.walls import cell_walls
from unet_tutorial.datasets.images.decode import Array
from unet_tutorial.datasets.images.files import standardise
from unet_tutorial.inference.tiling import evaluating, predict_tiled
from unet_tutorial.jobs.data import read_data
from unet_tutorial.jobs.predictor import Probabilities
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.rows import BinaryRow, binary_row
from unet_tutorial.jobs.scores import baselines
from unet_tutorial.jobs.split import Split
from unet_tutorial.learning.baselines import best_probability_threshold
from unet_tutorial.learning.batches import tile_batches, training_tile
from unet_tutorial.learning.losses.cross_entropy import sparse_cross_entropy
from unet_tutorial.learning.losses.supervision import ListLoss, supervised_loss
from unet_tutorial.learning.losses.targets import Loss
from unet_tutorial.learning.train import Training, adam, fit
from unet_tutorial.nets.any_size import any_size
from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.presets import attention_unet, padded_unet, paper_unet, residual_unet, unet3d
from unet_tutorial.nets.systems.fastai import dynamic_unet
from unet_tutorial.nets.systems.huang2020 import supervised_unet_3_plus, unet_3_plus
from unet_tutorial.nets.systems.keras_backboned import backboned_resnet34, backboned_resnet50, backboned_vgg16
from unet_tutorial.nets.systems.keras_bottleneck_vnet import bottleneck_vnet
from unet_tutorial.nets.systems.keras_unet import keras_unet3d, keras_unet25d, keras_unet_original, keras_unet_padding
from unet_tutorial.nets.systems.keras_vnet import keras_3d_vnet, keras_vnet, vnet_depthwise
from unet_tutorial.nets.systems.milletari2016 import vnet
from unet_tutorial.nets.systems.more_dynamic_unet import more_dynamic_unet
from unet_tutorial.nets.systems.oktay2018 import oktay_unet
from unet_tutorial.nets.systems.smp import smp_unet
from unet_tutorial.nets.systems.transunet import transunet
from unet_tutorial.nets.systems.unetr import unetr
from unet_tutorial.nets.systems.vs_seg import vs_seg
from unet_tutorial.nets.systems.zhou2018 import supervised_unet_plus_plus, unet_plus_plus
from unet_tutorial.nets.transformer import transformer

HEADS = ("network", "seed", "parameters", "seconds", "pixel error", "Dice, membrane or wall", "IoU, cell")
FOUR, FIVE = (8, 16, 16, 16), (8, 16, 16, 16, 16)  # widths
TUNED_ON = 2  # training images on which the threshold is chosen


@dataclass(frozen=True)
class Member:
    """A network of the family: a function that builds it thin, with two classes, and its loss."""

    make: Callable[[], Network]
    loss: Loss | ListLoss = sparse_cross_entropy


def member(make: Callable[..., Network], *, loss: Loss | ListLoss = sparse_cross_entropy, **options: object) -> Member:
    """A network of one input channel and two classes."""
    return Member(partial(make, in_channels=1, out_channels=2, **options), loss)


SUPERVISED = supervised_loss(sparse_cross_entropy)
IMAGES = {
    "paper": member(paper_unet, widths=FOUR),
    "padded, batch norm": member(padded_unet, widths=FOUR),
    "residual": member(residual_unet, widths=FOUR),
    "attention": member(attention_unet, widths=FOUR),
    "V-Net in 2D": member(keras_vnet, widths=FOUR),
    "Keras, original": member(keras_unet_original, widths=FOUR),
    "Keras, padded": member(keras_unet_padding, widths=FOUR),
    "Keras, VGG16": member(backboned_vgg16, widths=(8, 16, 16, 16, 16, 16)),
    "Keras, ResNet34": member(backboned_resnet34, widths=(8, 16, 16, 16, 16)),
    "Keras, ResNet50": member(backboned_resnet50, widths=(8, 16, 16, 16, 16)),
    "TransUNet": member(transunet, widths=FOUR, bottom=transformer(width=16, depth=2, heads=4, hidden=32)),
    "UNet++": member(unet_plus_plus, widths=FOUR),
    "UNet++, deep supervision": member(supervised_unet_plus_plus, widths=FOUR, loss=SUPERVISED),
    "UNet 3+": member(unet_3_plus, widths=FOUR),
    "UNet 3+, deep supervision": member(supervised_unet_3_plus, widths=FOUR, loss=SUPERVISED),
}
TIMM = {  # with the smallest networks of timm, which needs the extra "backbones"
    "MoreDynamicUNet, ResNet": member(partial(more_dynamic_unet, "test_resnet")),
    "DynamicUnet, ResNet": member(partial(dynamic_unet, "test_resnet")),
    "smp Unet, EfficientNet": member(partial(smp_unet, "test_efficientnet", widths=(8, 16, 16, 16, 16))),
    "smp Unet, plain ViT": member(partial(smp_unet, "test_vit", widths=(8, 16, 16, 16, 16))),
}
VOLUMES = {
    "padded, batch norm": member(unet3d, widths=FOUR),
    "V-Net": member(vnet, widths=(4, 8, 16, 16)),  # kernels of 5
    "Keras V-Net": member(keras_3d_vnet, widths=FOUR),
    "V-Net, depthwise": member(vnet_depthwise, widths=FOUR),
    "V-Net, depthwise, wider": member(vnet_depthwise, widths=(24, 48, 64, 64)),  # as many parameters as the Keras V-Net
    "V-Net, bottlenecks": member(bottleneck_vnet, widths=(16, 16, 16, 16)),
    "Keras 3D U-Net": member(keras_unet3d, widths=FOUR),
    "2.5D": member(keras_unet25d, widths=FIVE),
    "2.5D of the paper": member(vs_seg, widths=FIVE),
    "Attention U-Net": member(oktay_unet, widths=FIVE),
    "UNETR": member(unetr, widths=FIVE, depth=4, heads=4, hidden=32),
    "UNet++": member(partial(unet_plus_plus, rank=3), widths=FOUR),
    "UNet 3+": member(partial(unet_3_plus, rank=3), widths=FOUR),
}


def images() -> Split:
    """The micrographs of the course."""
    return read_data(Recipe()).split


def volumes() -> Split:
    """Four volumes of plant tissue, 16 × 64 × 64 voxels that are three times as thick as wide; the last is held out."""
    made = [cell_walls(seed, (16, 64, 64), cells=12) for seed in range(4)]
    pairs = [paired(f"walls {i}", each.image, separated(each.instances)) for i, each in enumerate(made)]
    return Split(pairs[:3], pairs[3:])


def probability(net: Network, image: Array) -> Probabilities:
    """The probability of class 1, (*size), in one pass over the image; in tiles for a network with padding "valid"."""
    tensor = torch.from_numpy(np.stack([standardise(channel) for channel in image]))
    with evaluating(net):
        logits = any_size(net)(tensor[None])[0] if net.padding == "same" else predict_tiled(net, tensor)
    return np.asarray(logits.softmax(0)[1])


def trained(member: Member, split: Split, recipe: Recipe) -> tuple[Network, float]:
    """The network of one seed after its training, and the threshold that is best on training images."""
    torch.manual_seed(recipe.seed)
    return fitted(adam(member.make()), member.loss, split, recipe)


def fitted(training: Training, loss: Loss | ListLoss, split: Split, recipe: Recipe) -> tuple[Network, float]:
    """The network after its training, and the threshold that is best on training images."""
    net = training.net
    smallest = tuple(map(min, zip(*(pair.size for pair in split.train), strict=True)))
    tile = training_tile(net.levels, net.padding, smallest)
    draw = tile_batches(no_weights(split.train, recipe), net.levels, net.padding, tile=tile, seed=recipe.seed)
    fit(
        training,
        lambda step: draw(step, recipe.batch),
        recipe.rate_of,
        loss=loss,
        steps=recipe.steps,
        save=lambda _: None,
    )
    tuning = split.train[:TUNED_ON]
    threshold = best_probability_threshold(
        [probability(net, pair.image) for pair in tuning],
        [pair.labels for pair in tuning],
        [pair.known for pair in tuning],
    )
    return net, threshold


def rows(
    members: dict[str, Member], split: Split, batch: int, seeds: list[int], steps: int
) -> Iterator[tuple[object, ...]]:
    """The rows of one data set; ``batch`` tiles per step."""
    smoothed = baselines(split)[1]
    yield (
        "threshold",
        "",
        "",
        "",
        *scores(binary_row(smoothed.name, split.test, smoothed.probabilities, smoothed.threshold)),
    )
    for name, each in members.items():
        for seed in seeds:
            recipe, start = Recipe(steps=steps, batch=batch, rate=2e-3, seed=seed), time.process_time()
            net, threshold = trained(each, split, recipe)
            seconds = time.process_time() - start
            found = binary_row(name, split.test, [probability(net, pair.image) for pair in split.test], threshold)
            parameters = sum(weight.numel() for weight in net.parameters())
            yield (name, seed, f"{parameters:,}", f"{seconds:.0f}", *scores(found))


def scores(found: BinaryRow) -> list[str]:
    """The scores in the order of the last columns of HEADS."""
    return [f"{score:.4f}" for score in (found.pixel_error, found.dice_background, found.iou_cell)]


def main() -> None:
    """Train every network with every seed, and print a Markdown table for each data set."""
    parser = arguments(__doc__, steps=150)
    parser.add_argument("--only", nargs="+", help="names of networks; all by default")
    options = parser.parse_args()
    torch.set_num_threads(1)  # so that processor time is running time
    with_timm = IMAGES | (TIMM if find_spec("timm") else {})
    for members, split, batch in ((with_timm, images(), 4), (VOLUMES, volumes(), 2)):
        chosen = {name: each for name, each in members.items() if not options.only or name in options.only}
        if chosen:
            line(*HEADS)
            line(*["---"] * len(HEADS))
            for cells in rows(chosen, split, batch, options.seeds, options.steps):
                line(*cells)
            print()


if __name__ == "__main__":
    main()
