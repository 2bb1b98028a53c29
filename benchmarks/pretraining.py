"""``python -m benchmarks.pretraining``: is a pre-trained encoder better, and does ICNR matter after the training?

A small ResNet learns to name the class of a pixel from the 48×48 pixels around it. Then it is the encoder of a U-Net
for the grey micrographs of ``data/em``, of which only two are used for training. The ResNet was trained on other
images: on stained tissue in colour with four classes, or on other micrographs of the same kind (membrane or cell). A
"random" one was not trained. All variants have the same architecture but for the upsampling, the same tiles, steps and
seeds. The threshold is chosen on the training images. "grid" is the power of the logits at periods of 2, 4, 8 and 16
pixels, the strides of the network, divided by the power at neighbouring frequencies, before and after the training:
about 1 without a checkerboard.

``--tissue`` trains the ResNet for tissue again, and writes its weights to ``data/tissue_backbone.safetensors``. The one
for micrographs is trained at the start of each run. Seconds are processor time of one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.family import fitted, images, probability, scores
from benchmarks.variants import arguments, line
from unet_tutorial.datasets.course_data import DATA
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.datasets.generators.synthetic import em_membranes
from unet_tutorial.datasets.generators.tissue import stained_tissue
from unet_tutorial.datasets.images.decode import Array
from unet_tutorial.datasets.images.files import standardise
from unet_tutorial.disk import complete_file
from unet_tutorial.inference.tiling import evaluating
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.rows import binary_row
from unet_tutorial.jobs.split import Split
from unet_tutorial.learning.losses.cross_entropy import sparse_cross_entropy
from unet_tutorial.learning.train import Training, one_cycle
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.channel_rules import StepFactories, eq_skip, ruled_decoder
from unet_tutorial.nets.contracts import FeatureExtractor, Network, Part
from unet_tutorial.nets.convnets import basic_units, resnet
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Encoder
from unet_tutorial.nets.resample import Up, resize_conv, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.plan.levels import Size

BACKBONE = DATA / "tissue_backbone.safetensors"
COUNTS, WIDTHS = (1, 1, 1), (8, 16, 24, 32)  # residual units per stage, channels of the strides 2, 4, 8 and 16
SIDE, IMAGES, BATCH = 48, 80, 32  # of the pre-training: side of a tile, number of images, tiles per step
HEADS = (
    "network",
    "seed",
    "trained parameters",
    "seconds",
    "pixel error",
    "Dice, membrane",
    "IoU, cell",
    "grid before",
    "grid after",
)


class Classifier(nn.Module):
    """A ResNet with its classifier: image (N, in_channels, H, W) -> logits (N, classes)."""

    def __init__(self, in_channels: int, classes: int) -> None:
        super().__init__()
        self.encoder = resnet(in_channels, basic_units, COUNTS, WIDTHS)
        self.classifier = nn.Linear(WIDTHS[-1], classes)

    def forward(self, image: Tensor) -> Tensor:
        """Mean of the coarsest features, then one linear layer."""
        logits: Tensor = self.classifier(self.encoder(image)[-1].mean((2, 3)))
        return logits


class Labelled(NamedTuple):
    """Standardised images (N, C, H, W), mirrored at their borders; the pixels (image, row, column) of each class."""

    images: Tensor
    places: list[Tensor]


def labelled(images: Sequence[Array], labels: Sequence[Array]) -> Labelled:
    """Images (C, h, w) and their classes (h, w)."""
    standard = torch.stack([torch.from_numpy(np.stack([standardise(c) for c in image])) for image in images])
    classes = torch.from_numpy(np.stack(labels)).long()  # (N, h, w)
    places = [(classes == kind).nonzero() for kind in range(int(classes.max()) + 1)]
    return Labelled(F.pad(standard, (SIDE // 2,) * 4, mode="reflect"), places)


def tissue(seeds: Sequence[int]) -> Labelled:
    """Stained tissue in colour, with four classes."""
    made = [stained_tissue(seed) for seed in seeds]
    return labelled([each.image for each in made], [each.labels for each in made])


def micrographs(seeds: Sequence[int]) -> Labelled:
    """Micrographs of the kind of ``data/em``, with the classes membrane and cell."""
    made = [em_membranes(seed, size=128) for seed in seeds]
    return labelled([each.image[None] for each in made], [np.asarray(each.instances > 0) for each in made])


def draw(pixels: Labelled, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """A batch of tiles (N, C, SIDE, SIDE) and the classes of the pixels in their middle, as often of each class."""
    wanted = torch.arange(BATCH) % len(pixels.places)
    found = []
    for kind in wanted.tolist():
        places = pixels.places[kind]
        n, row, column = places[torch.randint(len(places), (), generator=generator)].tolist()
        found.append(pixels.images[n, :, row : row + SIDE, column : column + SIDE])
    return torch.stack(found), wanted


def classifier(source: Callable[[Sequence[int]], Labelled], steps: int = 500) -> Classifier:
    """Train a classifier, and print the share of right answers on other images of the same kind."""
    torch.manual_seed(0)
    generator, known = torch.Generator().manual_seed(0), source(range(1000, 1000 + IMAGES))
    net = kaiming_(Classifier(known.images.shape[1], len(known.places)))
    optimiser = torch.optim.Adam(net.parameters(), fused=True)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = one_cycle(step, steps, 5e-3)
        x, y = draw(known, generator)
        loss = F.cross_entropy(net(x), y)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    others = source(range(2000, 2016))
    with evaluating(net):
        right = [(net(x).argmax(1) == y).double().mean() for x, y in (draw(others, generator) for _ in range(16))]
    print(f"{source.__name__}: {torch.stack(right).mean():.1%} of the pixels of other images right\n", flush=True)
    return net


def grey(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of the encoder for one channel: those of its first layer are summed over the three colours."""
    encoder = {key.removeprefix("encoder."): value for key, value in state.items() if key.startswith("encoder.")}
    first = next(key for key, value in encoder.items() if value.ndim == 4)
    return encoder | {first: encoder[first].sum(1, keepdim=True)}


def backbone() -> Encoder:
    """The encoder for grey images with random weights."""
    return kaiming_(resnet(1, basic_units, COUNTS, WIDTHS))


def pretrained(state: dict[str, Tensor]) -> Encoder:
    """The encoder for grey images with the weights of a classifier."""
    encoder = backbone()
    encoder.load_state_dict(grey(state))
    return encoder


class Frozen(FeatureExtractor):
    """An encoder that is not trained; its norms keep their statistics."""

    def __init__(self, encoder: FeatureExtractor) -> None:
        super().__init__()
        self.encoder = encoder.requires_grad_(requires_grad=False)
        self.in_channels, self.out_channels, self.levels = encoder.in_channels, encoder.out_channels, encoder.levels
        self.padding, self.extra_reach = encoder.padding, encoder.extra_reach

    def forward(self, image: Tensor) -> list[Tensor]:
        """The features of the encoder."""
        features: list[Tensor] = self.encoder(image)
        return features

    def train(self, *mode: bool, **named: bool) -> Self:
        """Set the mode, as torch's ``train`` does; the encoder stays in evaluation mode."""
        super().train(*mode, **named)
        self.encoder.eval()
        return self


def torchs_start(in_channels: int, out_channels: int, stride: Size) -> Part:
    """A pixel shuffle whose weights and biases are drawn as torch does it for a convolution."""
    part = PixelShuffle(in_channels, out_channels, stride)
    layer: Any = part.conv
    layer.reset_parameters()
    return part


@dataclass(frozen=True)
class Variant:
    """The encoder, the upsampling, and the factor of the learning rate from each stage to the one before it."""

    encoder: Callable[[], FeatureExtractor] = backbone
    up: Up = PixelShuffle
    decay: float = 1.0


def variants(near: dict[str, Tensor]) -> dict[str, Variant]:
    """All variants by name; ``near`` holds the weights of the classifier of micrographs."""
    far = load_file(BACKBONE)
    return {
        "random": Variant(),
        "random, frozen": Variant(lambda: Frozen(backbone())),
        "tissue": Variant(lambda: pretrained(far)),
        "tissue, frozen": Variant(lambda: Frozen(pretrained(far))),
        "tissue, rate groups": Variant(lambda: pretrained(far), decay=0.5),
        "micrographs": Variant(lambda: pretrained(near)),
        "micrographs, frozen": Variant(lambda: Frozen(pretrained(near))),
        "random, torch's start": Variant(up=torchs_start),
        "random, up-convolution": Variant(up=transposed),
        "random, resize": Variant(up=resize_conv()),
    }


def assembled(variant: Variant) -> UNet:
    """A decoder as wide as the encoder, with the image as its finest skip."""
    encoder, block = variant.encoder(), conv_stack(ConvUnit(norm=batch_norm))
    step = StepFactories(variant.up, Concat, block)
    decoder = ruled_decoder(encoder.levels, [eq_skip] * (len(encoder.levels) - 2), step, step)
    return UNet(encoder, kaiming_(decoder), pointwise_head(decoder, 2))


def grouped(net: UNet, decay: float) -> Training:
    """A training with one parameter group for each stage of the encoder, and one for the remaining layers."""
    encoder = net.encoder.encoder if isinstance(net.encoder, Frozen) else net.encoder
    assert isinstance(encoder, Encoder)
    stages = [list(each.parameters()) for each in (encoder.stem, *encoder.stages)]
    own = {id(value) for stage in stages for value in stage}
    stages = [stage for stage in stages if stage] + [[each for each in net.parameters() if id(each) not in own]]
    groups = [{"params": stage, "lr_scale": decay**k} for k, stage in enumerate(reversed(stages))]
    return Training(net, torch.optim.Adam(groups, fused=True))


def grid(net: Network, pairs: Sequence[Pair]) -> float:
    """Power of the logits at the periods of the network's strides, divided by that at neighbouring frequencies.

    The geometric mean over these frequencies and all images, whose sides are a multiple of 16.
    """
    shifts = [(a, b) for a in (-4, 0, 4) for b in (-4, 0, 4) if a or b]
    found = []
    for pair in pairs:
        tensor = torch.from_numpy(np.stack([standardise(channel) for channel in pair.image]))[None]
        with evaluating(net):
            logits = net(tensor)[0].double()
        difference = logits[1] - logits[0]
        window = torch.hann_window(len(difference), dtype=torch.float64)
        power = torch.fft.fft2(difference * window[:, None] * window).abs().square().log()  # (H, W)
        around = torch.stack([power.roll(shift, (0, 1)) for shift in shifts]).mean(0)
        step = len(difference) // 16  # multiples of the frequency 1/16
        found.append((power - around)[::step, ::step].flatten()[1:].mean())  # without the mean of the image
    return float(torch.stack(found).mean().exp())


def main() -> None:
    """Train every variant with every seed, and print a Markdown table."""
    parser = arguments(__doc__, steps=120)
    parser.set_defaults(seeds=[0, 1, 2, 3, 4])
    parser.add_argument("--tissue", action="store_true", help="train the encoder for tissue, and write its weights")
    options = parser.parse_args()
    torch.set_num_threads(1)  # so that processor time is running time
    if options.tissue:
        with complete_file(BACKBONE) as part:
            save_file(classifier(tissue).state_dict(), part)
    near, whole = classifier(micrographs).state_dict(), images()
    split = Split(whole.train[:2], whole.test)
    line(*HEADS)
    line(*["---"] * len(HEADS))
    for name, variant in variants(near).items():
        for seed in options.seeds:
            recipe, start = Recipe(steps=options.steps, batch=4, rate=5e-3, seed=seed), time.process_time()
            torch.manual_seed(seed)
            training = grouped(assembled(variant), variant.decay)
            before = grid(training.net, split.test)
            net, threshold = fitted(training, sparse_cross_entropy, split, recipe)
            seconds = time.process_time() - start
            row = binary_row(name, split.test, [probability(net, pair.image) for pair in split.test], threshold)
            trained = sum(value.numel() for value in net.parameters() if value.requires_grad)
            after = grid(net, split.test)
            line(name, seed, f"{trained:,}", f"{seconds:.0f}", *scores(row), f"{before:.2f}", f"{after:.2f}")


if __name__ == "__main__":
    main()
