"""Exercises of lesson 16: labels as classes and one-hot, the mean of labelled pixels, and the losses of the lesson."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unet_tutorial.teaching.checking.exercise import Case, exercise
from unet_tutorial.teaching.checking.probes import outputs_and_gradients

Colour = tuple[int, int, int]


def _coloured(seed: int) -> Iterator[Case]:
    """Images of the listed colours and of one or two others, which share channels and sums with the listed ones."""
    rng = np.random.default_rng(seed)
    colours = [(255, 0, 0), (0, 0, 255), (255, 255, 0), (0, 255, 0)]
    others = [(255, 0, 255), (20, 30, 250)]
    for height, width, listed in ((5, 7, 4), (4, 6, 3), (3, 8, 2)):
        chosen = np.array(colours[:listed] + others, np.uint8)
        image = chosen[rng.integers(len(chosen), size=(height, width))]
        image[0, : len(chosen)] = chosen
        yield image, colours[:listed]


def _nearest(image: NDArray[np.uint8], colours: list[Colour]) -> NDArray[np.int64]:
    distances = [np.abs(image.astype(int) - np.array(colour)).sum(axis=-1) for colour in colours]
    return np.asarray(np.argmin(distances, axis=0), np.int64)


@exercise(
    _coloured,
    (
        "np.full(image.shape[:2], -1)",
        "np.zeros(image.shape[:2], int)",
        "a colour that is not in the list became class 0; it is no label, so its class is -1",
    ),
    (
        ".all(axis=-1)",
        ".any(axis=-1)",
        "one equal channel was enough; a colour is the same only if all three channels are equal",
    ),
    (
        "(image == np.array(colour)).all(axis=-1)",
        "image[..., 0] == colour[0]",
        "you compared the red channel only; compare all three",
    ),
    (
        "(image == np.array(colour)).all(axis=-1)",
        "image.sum(axis=-1) == sum(colour)",
        "you compared the sums of the channels, which are equal for red and blue; compare the channels one by one",
    ),
    ("= number", "= number + 1", "the classes begin at 1; the first colour is class 0"),
    ("enumerate(colours)", "enumerate(sorted(colours))", "the colours were sorted; their order is that of the list"),
    ("a colour that is not in the list got the class of the nearest colour; its class is -1", _nearest),
)
def classes_of_colours(image: NDArray[np.uint8], colours: list[Colour]) -> NDArray[np.int64]:
    classes = np.full(image.shape[:2], -1)
    for number, colour in enumerate(colours):
        classes[(image == np.array(colour)).all(axis=-1)] = number
    return classes


def _targets(seed: int) -> Iterator[Case]:
    """Classes with and without unlabelled pixels; the second target lacks the last class."""
    generator = torch.Generator().manual_seed(seed)
    for shape, classes, largest in (((2, 3, 5), 4, 4), ((1, 4, 2), 3, 2), ((3, 2, 2), 2, 2)):
        target = torch.randint(largest, shape, generator=generator)
        target[0, 0, 0] = largest - 1
        target[0, -1] = -1
        yield target, classes


@exercise(
    _targets,
    (
        "hot.where(target != -1, -1.0)",
        "hot",
        "unlabelled pixels got 0 in all channels, which says no to each class; they are -1",
    ),
    ("dim=1", "dim=-1", "the channels are the last axis; torch has them behind the batch: (N, K, H, W)"),
    ("dim=1", "dim=0", "the channels are the first axis, before the batch; the shape is (N, K, H, W)"),
    ("range(classes)", "range(1, classes + 1)", "channel 0 is that of class 1; it belongs to class 0"),
    (
        "range(classes)",
        "range(int(target.max()) + 1)",
        "the number of channels depends on the batch; a class that does not occur has a channel, too",
    ),
    (
        "hot = (target == k).float()",
        "hot = (target % classes == k).float()",
        "hot.where(target != -1, -1.0)",
        "hot",
        "unlabelled pixels became the last class, as an index -1 does; they are -1 in all channels",
    ),
    ("target == k", "target != k", "0 and 1 are exchanged: the channel of a class is 1 where the pixel has this class"),
    (
        "hot.where(target != -1, -1.0)",
        "hot.where(target != -1, -1.0) if k == 0 else hot",
        "only the first channel marks the unlabelled pixels; each channel must",
    ),
)
def one_hot_labels(target: Tensor, classes: int) -> Tensor:
    channels = []
    for k in range(classes):
        hot = (target == k).float()
        channels.append(hot.where(target != -1, -1.0))
    return torch.stack(channels, dim=1)


def _masked(seed: int) -> Iterator[Case]:
    """Values of a batch; where nothing is labelled they may be infinite. In the last case nothing is labelled."""
    generator = torch.Generator().manual_seed(seed)
    for shape in ((2, 3, 4), (3, 2, 5)):
        values = torch.rand(shape, generator=generator) + 0.5
        known = torch.rand(shape, generator=generator) < 0.6
        known[0], known[0, 0, 0], known[1, 0, :2] = False, True, torch.tensor([True, False])
        yield values, known
        yield values.where(known, math.inf), known
    yield torch.rand((1, 2, 3), generator=generator) + 0.5, torch.zeros(1, 2, 3, dtype=torch.bool)


@exercise(
    _masked,
    (
        "values.where(known, 0).sum()",
        "(values * known).sum()",
        "0 · inf is nan: multiplying by 0 does not remove an infinite value; where does",
    ),
    (
        "known.sum().clamp(min=1)",
        "known.numel()",
        "you divided by all pixels; the mean is over the labelled ones",
    ),
    (".clamp(min=1)", "", "with nothing labelled you divided by 0; the mean is then 0"),
    ("known.sum().clamp(min=1)", "1", "that is the sum; divide by the number of labelled pixels"),
    ("known.sum().clamp(min=1)", "len(known)", "you divided by the number of images; divide by the labelled pixels"),
    ("clamp(min=1)", "clamp(min=1) + 1", "the divisor is one too large; add nothing, but let it not fall below 1"),
    ("sum() /", "sum().detach() /", "the mean is detached: no gradient reaches the values"),
    (
        "values.where(known, 0).sum() / known.sum().clamp(min=1)",
        "(values.where(known, 0).sum((1, 2)) / known.sum((1, 2)).clamp(min=1)).mean()",
        "each image got the same share, however few of its pixels are labelled; take one mean over the batch",
    ),
    probe=outputs_and_gradients,
)
def mean_of_labelled(values: Tensor, known: Tensor) -> Tensor:
    return values.where(known, 0).sum() / known.sum().clamp(min=1)


def _labelled(seed: int) -> Iterator[Case]:
    """Moderate logits with labels of 0 and 1, then logits of ±20 and ±1000, right and wrong."""
    generator = torch.Generator().manual_seed(seed)
    for shape in ((2, 3, 4, 5), (1, 2, 3, 3)):
        labels = torch.randint(2, shape, generator=generator).float()
        yield 2 * torch.randn(shape, generator=generator), labels
    far = torch.tensor([-1000.0, -20, 20, 1000]).repeat(2).reshape(1, 2, 2, 2)
    yield far, torch.tensor([0.0, 1]).repeat_interleave(4).reshape(1, 2, 2, 2)
    yield -far + 0.5 * (seed % 3), torch.tensor([0.0, 1, 1, 0, 1, 1, 0, 0]).reshape(1, 2, 2, 2)


def _at_logits(answer: Any, case: Case) -> object:
    """The output, and the gradient with respect to the logits only."""
    return outputs_and_gradients(lambda logits: answer(logits, *case[1:]), case[:1])


@exercise(
    _labelled,
    (
        "two.logsumexp(dim=0) - target * logits",
        "-target * logits.sigmoid().log() - (1 - target) * (1 - logits.sigmoid()).log()",
        "sigmoid(20) rounds to 1, so 1 - p is 0 and its logarithm infinite; never form p",
    ),
    (
        "two.logsumexp(dim=0) - target * logits",
        "-target * (logits.sigmoid() + 1e-8).log() - (1 - target) * (1 - logits.sigmoid() + 1e-8).log()",
        "a small number keeps p from 0: the worst pixels get a capped loss and no gradient; use the logits",
    ),
    (
        "two.logsumexp(dim=0)",
        "(1 + logits.exp()).log()",
        "exp overflows for large logits; take out the larger of 0 and the logit first, as log-sum-exp does",
    ),
    (
        "two.logsumexp(dim=0)",
        "logits.clamp(-50, 50).exp().log1p()",
        "the logits were clamped: beyond the limit there is no gradient; use log-sum-exp",
    ),
    ("target * logits", "(1 - target) * logits", "labels 0 and 1 are exchanged; label 1 needs a large logit"),
    (
        "two.logsumexp(dim=0) - target * logits",
        "target * (two.logsumexp(dim=0) - logits)",
        "the term of label 0 is missing: a false detection must cost something, too",
    ),
    (
        "two.logsumexp(dim=0) - target * logits",
        "-target * logits.log_softmax(dim=1)",
        "that is a softmax over the channels; labels that may overlap have a sigmoid each",
    ),
    (
        "return two.logsumexp(dim=0) - target * logits",
        "return (two.logsumexp(dim=0) - target * logits).mean()",
        "you averaged; each label keeps its own loss here: (N, K, H, W)",
    ),
    (
        "return two",
        "return target * logits - two",
        " - target * logits",
        "",
        "the sign is wrong: a loss is never below 0",
    ),
    probe=_at_logits,
    forbidden=(
        "torch.nn.functional.binary_cross_entropy_with_logits",
        "torch.nn.functional.binary_cross_entropy",
        "torch.nn.functional.logsigmoid",
        "torch.nn.functional.softplus",
    ),
)
def label_loss(logits: Tensor, target: Tensor) -> Tensor:
    two = torch.stack((torch.zeros_like(logits), logits))  # (2, N, K, H, W): the logits of "no" and "yes"
    return two.logsumexp(dim=0) - target * logits


def _overlapping(seed: int) -> Iterator[Case]:
    """Probabilities and labels; in the second case a class is absent, and in the last all is empty."""
    generator = torch.Generator().manual_seed(seed)
    for shape, smooth in (((2, 3, 4, 5), 1.0), ((2, 2, 3, 6), 0.25 + seed % 4)):
        p = torch.rand(shape, generator=generator)
        t = torch.randint(2, shape, generator=generator).float()
        t[0, 1] = 0
        yield p, t, smooth
    yield torch.zeros(1, 2, 3, 3), torch.zeros(1, 2, 3, 3), 0.5


@exercise(
    _overlapping,
    ("2 * both", "both", "the factor 2 is missing: a perfect answer would have a Dice of 0.5"),
    (
        "(2 * both + smooth) / (sizes + smooth)",
        "(2 * both + smooth) / sizes",
        "smooth stands in the numerator only; an empty class is divided by 0, and a perfect answer exceeds 1",
    ),
    (
        "(2 * both + smooth) / (sizes + smooth)",
        "2 * both / (sizes + smooth)",
        "smooth stands in the denominator only; an empty class that is predicted as empty must have loss 0",
    ),
    (
        "(2 * both + smooth) / (sizes + smooth)",
        "(both + smooth) / (sizes - both + smooth)",
        "that is intersection over union; Dice has 2 · Σ pt over Σ p + Σ t",
    ),
    (
        "(p + t).sum(dim=(2, 3))",
        "(p**2 + t**2).sum(dim=(2, 3))",
        "the denominator has squares, as in V-Net; here it is Σ p + Σ t",
    ),
    ("return 1 - ", "return ", "that is the Dice coefficient; the loss is 1 minus it"),
    (
        "both = (p * t).sum(dim=(2, 3))",
        "both = (p * t).sum(dim=(0, 2, 3))",
        "sizes = (p + t).sum(dim=(2, 3))",
        "sizes = (p + t).sum(dim=(0, 2, 3))",
        "the sums run over the batch; each image has its own, (N, K)",
    ),
    (
        "both = (p * t).sum(dim=(2, 3))",
        "both = (p * t).sum(dim=(1, 2, 3))",
        "sizes = (p + t).sum(dim=(2, 3))",
        "sizes = (p + t).sum(dim=(1, 2, 3))",
        "the sums run over the classes; each class has its own, (N, K)",
    ),
    (
        "(p * t).sum(dim=(2, 3))",
        "((p > 0.5) * t).sum(dim=(2, 3))",
        "a threshold has no gradient; use the probabilities",
    ),
    ("return 1 - (2 * both + smooth) / (sizes + smooth)", "return (1 - (2 * both + smooth) / (sizes + smooth)).mean()",
     "you averaged; each class of each image keeps its loss: (N, K)"),
    probe=lambda answer, case: outputs_and_gradients(lambda p: answer(p, *case[1:]), case[:1]),
)  # fmt: skip
def soft_dice_losses(p: Tensor, t: Tensor, smooth: float) -> Tensor:
    both = (p * t).sum(dim=(2, 3))  # (N, K)
    sizes = (p + t).sum(dim=(2, 3))
    return 1 - (2 * both + smooth) / (sizes + smooth)


def _images(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    for pixels, true in ((7, 3), (12, 2), (30, 21)):
        t = torch.zeros(pixels)
        t[torch.randperm(pixels, generator=generator)[:true]] = 1
        yield 0.1 + 0.8 * torch.rand(pixels, generator=generator), t


@exercise(
    _images,
    ("-2 *", "2 *", "the sign is wrong: more probability in the object must lower the loss"),
    ("-2 *", "-1 *", "the factor 2 is missing"),
    ("sizes**2", "sizes", "the denominator is squared in the quotient rule"),
    ("t * sizes - both", "t * sizes", "the second term of the quotient rule is missing: S depends on each p, too"),
    ("t * sizes - both", "sizes - both", "t is missing: only pixels of the object add to the intersection"),
    ("t * sizes - both", "t * (sizes - both)", "pixels of the background have a gradient, too; they are in S"),
    ("t * sizes - both", "t * sizes + both", "the quotient rule has a minus between its terms"),
    ("(p + t).sum()", "p.sum()", "Σ t is missing in S"),
    forbidden=(
        "torch.autograd.grad",
        "torch.autograd.backward",
        "torch.func.grad",
        "torch.autograd.functional.jacobian",
    ),
)
def dice_slopes(p: Tensor, t: Tensor) -> Tensor:
    both = (p * t).sum()
    sizes = (p + t).sum()
    return -2 * (t * sizes - both) / sizes**2


def _scores(seed: int) -> Iterator[Case]:
    """Moderate logits with several γ, then logits of ±1000 that are right or wrong."""
    generator = torch.Generator().manual_seed(seed)
    for gamma in (2.0, 0.0, 0.5 + seed % 3):
        logits = 2 * torch.randn((2, 3, 4, 5), generator=generator)
        yield logits, torch.randint(3, (2, 4, 5), generator=generator), gamma
    far = torch.tensor([[-1000.0, 1000, 0, 1000], [1000, -1000, 1000, 0]]).reshape(1, 2, 2, 2)
    for gamma in (0.5, 2.0):
        yield far, torch.tensor([[[0, 0], [1, 1]]]), gamma


@exercise(
    _scores,
    (
        "(gamma * log_not_p).exp()",
        "(1 - log_p.exp()) ** gamma",
        "1 - p rounds to 0 at a certain pixel, and the power has an infinite slope there; use exp(γ · log(1 - p))",
    ),
    ("(gamma * log_not_p)", "(gamma * log_p)", "the factor is (1 - p)^γ and not p^γ: easy pixels must count less"),
    ("(gamma * log_not_p)", "(2 * log_not_p)", "γ is always 2; use the one that is given"),
    ("(gamma * log_not_p).exp()", "gamma * log_not_p.exp()", "you multiplied by γ; it is the exponent of 1 - p"),
    ("-(gamma * log_not_p).exp() * log_p", "-log_p", "the factor (1 - p)^γ is missing: this is cross-entropy"),
    ("return -", "return ", "the minus is missing: log p is never positive, and a loss never negative"),
    (
        "(gamma * log_not_p).exp()",
        "(gamma * log_not_p).exp().detach()",
        "the factor is detached; its gradient is a part of the focal loss's",
    ),
    (
        "return -(gamma * log_not_p).exp() * log_p",
        "return (-(gamma * log_not_p).exp() * log_p).mean()",
        "you averaged; each pixel keeps its own loss here: (N, H, W)",
    ),
    (
        "(gamma * log_not_p).exp() * log_p",
        "0.25 * (gamma * log_not_p).exp() * log_p",
        "there is a factor α = 0.25, as in RetinaNet; here no class has a weight",
    ),
    probe=_at_logits,
    tolerance=1e-4,
)
def focal_pixels(logits: Tensor, target: Tensor, gamma: float) -> Tensor:
    true = target.unsqueeze(1)  # (N, 1, H, W)
    log_all = logits.logsumexp(dim=1)  # (N, H, W)
    log_p = logits.gather(1, true).squeeze(1) - log_all
    log_not_p = logits.scatter(1, true, -math.inf).logsumexp(dim=1) - log_all  # of all other classes
    return -(gamma * log_not_p).exp() * log_p


EXERCISES = (
    classes_of_colours, one_hot_labels, mean_of_labelled, label_loss, soft_dice_losses, dice_slopes, focal_pixels,
)  # fmt: skip
