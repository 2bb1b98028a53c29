"""Exercises of lesson 16: labels as classes and one-hot, the mean of labelled pixels, and the losses of the lesson."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

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


def _numbered(image: NDArray[np.uint8], colours: list[Colour]) -> NDArray[np.int64]:  # noqa: ARG001
    _, numbers = np.unique(image.reshape(-1, 3), axis=0, return_inverse=True)
    return np.asarray(numbers, np.int64).reshape(image.shape[:2])


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
    (
        "np.full(image.shape[:2], -1)",
        "np.full(image.shape[:2], 255, np.uint8)",
        "an unsigned integer cannot be -1, so it became 255; make the array with a signed dtype, such as int",
    ),
    (
        "np.array(colour)",
        "np.array(colour[::-1])",
        "red and blue are exchanged; a colour is (red, green, blue), as in the image",
    ),
    (
        "image == np.array(colour)",
        "image[..., :2] == np.array(colour[:2])",
        "you compared red and green only; compare all three channels",
    ),
    (
        "image == np.array(colour)",
        "np.isin(image, colour)",
        "isin also finds a value of another channel; compare each channel with its own: image == colour",
    ),
    (
        ".all(axis=-1)",
        ".all()",
        "all() looks at the whole image at once; each pixel needs its own answer: all(axis=-1)",
    ),
    (".all(axis=-1)", ".all(axis=0)", "axis 0 is that of the rows; the colour channels are the last axis"),
    (".all(axis=-1)", ".all(axis=1)", "axis 1 is that of the columns; the colour channels are the last axis"),
    (".all(axis=-1)", "", "each channel was compared, (H, W, 3); a pixel has the colour if all three are equal"),
    (
        "np.full(image.shape[:2], -1)",
        "np.zeros(image.shape[:2], int)",
        "= number",
        "= number + 1",
        "the classes begin at 1, and 0 is the colour that is not in the list; they begin at 0, and that is -1",
    ),
    (
        "np.full(image.shape[:2], -1)",
        "np.full(image.shape[:2], len(colours))",
        "a colour that is not in the list got a class of its own; it has no label: -1",
    ),
    ("= number", "= number + 1", "the classes begin at 1; the first colour is class 0"),
    (
        "classes[(image == np.array(colour)).all(axis=-1)] = number",
        "classes = np.where((image == np.array(colour)).all(axis=-1), number, -1)",
        "each colour overwrites the classes that were found before, so only the last one is left",
    ),
    (
        "the colours of the image were numbered in sorted order; the class is the place of the colour in the list",
        _numbered,
    ),
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


def _by_mask(target: Tensor, classes: int) -> Tensor:
    hot = torch.stack([(target == k).float() for k in range(classes)], dim=1)
    hot[target < 0] = -1
    return hot


def _by_view(target: Tensor, classes: int) -> Tensor:
    hot = F.one_hot(target.clamp(min=0), classes).float()
    hot[target < 0] = -1
    return hot.view(len(target), classes, *target.shape[1:])


@exercise(
    _targets,
    (
        "hot.where(target != -1, -1.0)",
        "hot",
        "unlabelled pixels got 0 in all channels, which says no to each class; they are -1",
    ),
    (
        "hot = (target == k).float()",
        "hot = (target.clamp(min=0) == k).float()",
        "hot.where(target != -1, -1.0)",
        "hot",
        "unlabelled pixels became class 0; they are -1 in all channels",
    ),
    (
        "F.one_hot takes no class below 0; replace -1 before, and write -1 into those pixels afterwards",
        lambda target, classes: F.one_hot(target, classes).movedim(-1, 1).float(),
    ),
    (
        "range(classes)",
        "range(-1, classes)",
        "hot.where(target != -1, -1.0)",
        "hot",
        "class -1 got a channel of its own; instead, such a pixel is -1 in the channels of all classes",
    ),
    (
        "hot.where(target != -1, -1.0)",
        "2 * hot - 1",
        "the other channels are -1; they are 0, and only pixels without a label are -1",
    ),
    (
        "the mask (N, H, W) does not fit to (N, K, H, W): give it an axis of channels, target[:, None], and use where",
        _by_mask,
    ),
    (
        "view and reshape only count the numbers off anew; to move the channels to axis 1, use permute or movedim",
        _by_view,
    ),
    (
        "range(classes)",
        "range(-1, classes)",
        "there is a channel too many: class -1 means that there is no label, and has no channel",
    ),
    (
        "range(classes)",
        "range(classes + 1)",
        "there is a channel too many: there are `classes` channels, 0 to classes - 1",
    ),
    ("target != -1", "target != 0", "class 0 is a class like the others; only -1 means that there is no label"),
    (
        "hot.where(target != -1, -1.0)",
        "hot.where(target != -1, 1.0)",
        "unlabelled pixels got 1 in all channels, which says yes to each class; they are -1",
    ),
    (
        "(target == k).float()",
        "(target >= k).float()",
        "the channels of all smaller classes are 1, too; only that of the pixel's own class is",
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
    (
        "known.sum().clamp(min=1)",
        "(known.sum() + 1)",
        "the divisor is one too large; add nothing, but let it not fall below 1: clamp(min=1)",
    ),
    *[
        (
            "known.sum().clamp(min=1)",
            f"(known.sum() + {small})",
            f"the {small} in the divisor makes the mean too small; let the divisor not fall below 1: clamp(min=1)",
        )
        for small in ("1e-3", "0.01", "0.1")
    ],
    (
        "values.where(known, 0).sum() / known.sum()",
        "values.where(~known, 0).sum() / (~known).sum()",
        "the mask is inverted: that is the mean over the pixels that are *not* known",
    ),
    (
        "values.where(known, 0).sum() / known.sum().clamp(min=1)",
        "values.where(known, 0)[known.flatten(1).any(1)].mean((1, 2)).sum()",
        "each image was divided by all its pixels; divide one sum by the number of labelled pixels",
    ),
    (
        "values.where(known, 0).sum() / known.sum().clamp(min=1)",
        "values.where(known, 0).sum((1, 2)) / known.sum((1, 2)).clamp(min=1)",
        "there is one mean per image; take one over the whole batch",
    ),
    (
        "values.where(known, 0).sum() / known.sum().clamp(min=1)",
        "values.mean()",
        "that is the mean over all pixels; only the labelled ones count",
    ),
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
    """Moderate logits, some of them 0, with labels of 0 and 1; then logits of ±20 and ±1000, right and wrong."""
    generator = torch.Generator().manual_seed(seed)
    for shape in ((2, 3, 4, 5), (1, 2, 3, 3)):
        labels = torch.randint(2, shape, generator=generator).float()
        logits = 2 * torch.randn(shape, generator=generator)
        logits[0, 0, 0, :2], labels[0, 0, 0, :2] = 0, torch.tensor([0.0, 1])  # where min(z, 0) and |z| have a kink
        yield logits, labels
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
    ("- target * logits", "+ target * logits", "the sign of t · z is wrong: the loss is log(1 + exp(z)) - t · z"),
    *[
        (
            "two.logsumexp(dim=0) - target * logits",
            f"-target * (logits.sigmoid() + {small}).log() - (1 - target) * (1 - logits.sigmoid() + {small}).log()",
            f"{small} keeps the logarithm finite: the worst pixels get a capped loss and no gradient; use the logits",
        )
        for small in ("1e-12", "1e-10", "1e-9", "1e-8", "1e-7", "1e-6", "1e-5", "1e-4", "1e-3")
    ],
    *[
        (
            "two.logsumexp(dim=0) - target * logits",
            "-target * p.log() - (1 - target) * (1 - p).log()",
            "    return",
            f"    p = logits.sigmoid().clamp({small}, 1 - {small})\n    return",
            f"p is kept {small} away from 0 and 1: the worst pixels get a capped loss and no gradient; use the logits",
        )
        for small in ("1e-7", "1e-6", "1e-5", "1e-4", "1e-3")
    ],
    *[
        (
            "two.logsumexp(dim=0)",
            f"{larger} + (-logits.abs()).exp().log1p()",
            f"the value is right, but {larger} and |z| have a kink at 0, where the gradient is wrong; use logsumexp",
        )
        for larger in ("logits.clamp(min=0)", "logits.relu()")
    ],
    (
        "two.logsumexp(dim=0)",
        "(1 + logits.exp()).log()",
        "exp overflows for large logits; take out the larger of 0 and the logit first, as log-sum-exp does",
    ),
    (
        "two.logsumexp(dim=0) - target * logits",
        "-torch.where(target == 1, logits.sigmoid(), 1 - logits.sigmoid()).log()",
        "sigmoid(20) rounds to 1, so 1 - p is 0 and its logarithm infinite; take the logarithm of the sum of the exp",
    ),
    (
        "two.logsumexp(dim=0) - target * logits",
        "-target * p.log().clamp(min=-100) - (1 - target) * (1 - p).log().clamp(min=-100)",
        "    return",
        "    p = logits.sigmoid()\n    return",
        "the logarithm is cut off at -100, where the loss has no gradient; use the logits in place of p",
    ),
    *[
        (
            "    return",
            f"    logits = logits.clamp(-{limit}, {limit})\n    return",
            "two.logsumexp(dim=0)",
            "logits.exp().log1p()",
            f"the logits were clamped to ±{limit}: beyond it the loss is capped, without a gradient; use logsumexp",
        )
        for limit in (10, 15, 20, 30, 50, 80, 88, 100)
    ],
    (
        "two.logsumexp(dim=0)",
        "logits.clamp(min=0) + (-logits).exp().log1p()",
        "exp(-z) needs |z|: for a negative logit, max(z, 0) + log(1 + exp(-z)) is not log(1 + exp(z))",
    ),
    (
        "two.logsumexp(dim=0) - target * logits",
        "-target * log_of(logits) - (1 - target) * log_of(-logits)",
        "    return",
        "    def log_of(z):\n        return z.clamp(max=0) - (-z.abs()).exp().log1p()\n\n    return",
        "the value is right, but clamp and |z| have a kink at 0, where the gradient is wrong; use logsumexp",
    ),
    (
        "two.logsumexp(dim=0)",
        "logits.logsumexp(dim=1, keepdim=True)",
        "the sum of the exp runs over all labels, as in a softmax; each label has a loss of its own: log(1 + exp(z))",
    ),
    (
        "two.logsumexp(dim=0) - target * logits",
        "(logits.sigmoid() - target) ** 2",
        "that is the squared error of the probabilities; the cross-entropy has their logarithm",
    ),
    (
        "two.logsumexp(dim=0) - target * logits",
        "(logits.sigmoid() - target).abs()",
        "that is the distance of probability and label; the cross-entropy has a logarithm",
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
        "return two.logsumexp(dim=0) - target * logits",
        "return (two.logsumexp(dim=0) - target * logits).sum()",
        "you added everything up; each label keeps its own loss here: (N, K, H, W)",
    ),
    *[
        (
            "return two.logsumexp(dim=0) - target * logits",
            f"return (two.logsumexp(dim=0) - target * logits).{together}(dim=1)",
            f"the {together} over the labels was taken; each label keeps its own loss here: (N, K, H, W)",
        )
        for together in ("mean", "sum")
    ],
    (
        "target * logits",
        "target * logits.sigmoid()",
        "two.logsumexp(dim=0)",
        "(1 + logits.sigmoid().exp()).log()",
        "probabilities were taken for logits: the loss has its own sigmoid inside, so apply none before",
    ),
    (
        "two.logsumexp(dim=0) - target * logits",
        "target * (two.logsumexp(dim=0) - logits) - (1 - target) * two.logsumexp(dim=0)",
        "the term of label 0 has the wrong sign; both terms of the loss are positive",
    ),
    (" - target * logits", "", "the label does not enter: where it is 1, the logit is subtracted"),
    (
        " - target * logits",
        " - logits",
        "this is the loss of label 1 everywhere; where the label is 0, the logit is not subtracted",
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
        "2 * both + smooth",
        "2 * (both + smooth)",
        "smooth is doubled in the numerator; it is added after the factor 2: 2 · Σ pt + smooth",
    ),
    (
        "(sizes + smooth)",
        "(sizes + 2 * smooth)",
        "smooth is in the denominator twice, and in the numerator once; an empty class must have loss 0",
    ),
    (
        "(2 * both + smooth) / (sizes + smooth)",
        "2 * both / sizes",
        "smooth is missing: a class that is empty, and predicted as empty, is 0 / 0",
    ),
    (
        "(2 * both + smooth) / (sizes + smooth)",
        "2 * both / sizes + smooth",
        "the parentheses are missing: smooth was added to the quotient; add it to numerator and denominator",
    ),
    (
        "(2 * both + smooth) / (sizes + smooth)",
        "(2 * both + 1) / (sizes + 1)",
        "smooth is always 1; use the one that is given",
    ),
    (
        "(2 * both + smooth) / (sizes + smooth)",
        "(2 * both + 1e-5) / (sizes + 1e-5)",
        "smooth is always 1e-5; use the one that is given",
    ),
    (
        "(sizes + smooth)",
        "(sizes - both + smooth)",
        "the denominator is the union; Dice has the two sizes in it, Σ p + Σ t",
    ),
    (
        "both = (p * t).sum(dim=(2, 3))",
        "both = (p * t).mean(dim=(2, 3))",
        "sizes = (p + t).sum(dim=(2, 3))",
        "sizes = (p + t).mean(dim=(2, 3))",
        "these are means over the pixels, to which smooth is too large; take sums",
    ),
    (
        "both = (p * t).sum(dim=(2, 3))",
        "both = (p * t).sum()",
        "sizes = (p + t).sum(dim=(2, 3))",
        "sizes = (p + t).sum()",
        "the sums run over everything; each class of each image has its own: dim=(2, 3)",
    ),
    ("sizes = (p + t).sum(dim=(2, 3))", "sizes = (p + t).sum()", "Σ p + Σ t runs over everything; sum over dim=(2, 3)"),
    ("return 1 - ", "return -", "that is minus the Dice coefficient; the loss is 1 minus it"),
    (
        "return 1 - (2 * both + smooth) / (sizes + smooth)",
        "return (1 - (2 * both + smooth) / (sizes + smooth)).mean(dim=1)",
        "you averaged over the classes; each class of each image keeps its loss: (N, K)",
    ),
    (
        "return 1 - (2 * both + smooth) / (sizes + smooth)",
        "return (1 - (2 * both + smooth) / (sizes + smooth)).mean(dim=0)",
        "you averaged over the images; each class of each image keeps its loss: (N, K)",
    ),
    (
        "sizes = (p + t).sum(dim=(2, 3))",
        "sizes = p.sum(dim=(2, 3))",
        "Σ t is missing in the denominator: Σ p + Σ t",
    ),
    (
        "sizes = (p + t).sum(dim=(2, 3))",
        "sizes = t.sum(dim=(2, 3))",
        "Σ p is missing in the denominator: Σ p + Σ t",
    ),
    (
        "both = (p * t).sum(dim=(2, 3))",
        "both = p.sum(dim=(2, 3)) * t.sum(dim=(2, 3))",
        "the sums were multiplied; multiply pixel by pixel, and then take the sum",
    ),
    (
        "sizes = (p + t).sum(dim=(2, 3))",
        "sizes = p.sum(dim=(2, 3)) * t.sum(dim=(2, 3))",
        "the two sizes were multiplied; they are added",
    ),
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
        "both = (p",
        "p = (p > 0.5).float()\n    both = (p",
        "the probabilities were rounded to 0 and 1, and have no gradient; put them into the formula as they are",
    ),
    (
        "both = (p",
        "p, t = 1 - p, 1 - t\n    both = (p",
        "this is the Dice of everything that is *not* the class; leave out 1 - p and 1 - t",
    ),
    (
        "both = (p",
        "p = p.detach()\n    both = (p",
        "the values are right, but p is detached: no gradient reaches it",
    ),
    *[
        (
            "both = (p * t).sum(dim=(2, 3))",
            f"both = (p * t).sum(dim={axes})",
            "sizes = (p + t).sum(dim=(2, 3))",
            f"sizes = (p + t).sum(dim={axes})",
            f"{meaning}; the sums run over the pixels, dim=(2, 3)",
        )
        for axes, meaning in (
            ("(0, 1)", "the sums run over images and classes, and each pixel has a loss"),
            ("2", "the sums run over the rows only"),
            ("3", "the sums run over the columns only"),
            ("1", "the sums run over the classes"),
        )
    ],
    (
        "/ (sizes + smooth)",
        "/ sizes + smooth",
        "a division comes before an addition: the denominator needs parentheses, (Σ p + Σ t + smooth)",
    ),
    (
        "/ (sizes + smooth)",
        "/ p.sum(dim=(2, 3)) + t.sum(dim=(2, 3)) + smooth",
        "a division comes before an addition: put the whole denominator in parentheses",
    ),
    (
        "return 1 - (2 * both + smooth) / (sizes + smooth)",
        "return -((2 * both + smooth) / (sizes + smooth)).log()",
        "that is minus the logarithm of Dice; the loss is 1 - Dice",
    ),
    (
        "return 1 - (2 * both + smooth) / (sizes + smooth)",
        "return (1 - (2 * p * t + smooth) / (p + t + smooth)).mean(dim=(2, 3))",
        "each pixel got a Dice of its own, and then the mean was taken; sum numerator and denominator first",
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
    (
        "(p + t).sum()",
        "(p**2 + t**2).sum()",
        "t * sizes - both",
        "t * sizes - 2 * p * both",
        "that is the gradient of the Dice loss with squares (lesson 13); here S is Σ p + Σ t",
    ),
    ("t * sizes - both", "t * sizes + both", "the quotient rule has a minus between its terms"),
    ("(p + t).sum()", "p.sum()", "Σ t is missing in S"),
    ("(p + t).sum()", "t.sum()", "Σ p is missing in S"),
    ("t * sizes - both", "p * sizes - both", "the derivative of I by a probability is t, and not p"),
    ("t * sizes - both", "t * both - sizes", "I and S are exchanged in the quotient rule: t · S - I"),
    (
        "t * sizes - both",
        "t * sizes - 2 * both",
        "the factor 2 belongs to the whole; inside of the parentheses it is I",
    ),
    ("(p + t).sum()", "(p * p + t * t).sum()", "S has squares, as in V-Net; here it is Σ p + Σ t"),
    (
        "return -2 * (t * sizes - both) / sizes**2",
        "return (-2 * (t * sizes - both) / sizes**2).sum()",
        "the slopes were added up; each probability has its own: (pixels,)",
    ),
    (
        "return -2 * (t * sizes - both) / sizes**2",
        "return -2 * (t * sizes - both) / sizes**2 / len(p)",
        "the slopes were divided by the number of pixels; the Dice loss is no mean over the pixels",
    ),
    ("both = (p * t).sum()", "both = p * t", "I is the sum over the pixels; you took the product of each pixel alone"),
    ("sizes = (p + t).sum()", "sizes = p + t", "S is the sum over the pixels; you took p + t of each pixel alone"),
    ("sizes**2", "(2 * sizes)", "the denominator is S squared, S · S; you doubled it"),
    ("(p + t).sum()", "(p + t).sum() + 1", "there is no smooth in this loss; S is Σ p + Σ t"),
    ("t * sizes - both", "t.sum() * sizes - both", "t is the label of each pixel, and not their sum"),
    (
        "-2 * (t * sizes - both) / sizes**2",
        "p - t",
        "p - t is the gradient of the cross-entropy at a logit; here the quotient rule is needed",
    ),
    (
        "-2 * (t * sizes - both) / sizes**2",
        "2 * (p - t)",
        "2 · (p - t) is the gradient of a squared error; here the quotient rule is needed",
    ),
    (
        "both = (p * t).sum()",
        "both = p * t",
        "sizes = (p + t).sum()",
        "sizes = p + t",
        "I and S are sums over all pixels; you took the values of each pixel alone",
    ),
    (
        "-2 * (t * sizes - both) / sizes**2",
        "1 - 2 * both / sizes + 0 * p",
        "that is the loss; its gradient is wanted",
    ),
    forbidden=(
        "torch.autograd.grad",
        "torch.autograd.backward",
        "torch.func.grad",
        "torch.autograd.functional.jacobian",
        "torch.func.jacrev",
        "torch.func.jacfwd",
        "torch.func.vjp",
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


def _focal_of_logs(log_of: Callable[[Tensor], Tensor], logits: Tensor, target: Tensor, gamma: float) -> Tensor:
    """The focal loss with another logarithm of probabilities."""
    log_p = log_of(logits).gather(1, target.unsqueeze(1)).squeeze(1)
    return -((1 - log_p.exp()) ** gamma) * log_p


def _by_capped_probability(small: float, logits: Tensor, target: Tensor, gamma: float) -> Tensor:
    p = logits.softmax(dim=1).gather(1, target.unsqueeze(1)).squeeze(1)
    return -((1 - p) ** gamma) * (p + small).log()


def _by_clamped_probability(small: float, logits: Tensor, target: Tensor, gamma: float) -> Tensor:
    p = logits.softmax(dim=1).gather(1, target.unsqueeze(1)).squeeze(1).clamp(small, 1 - small)
    return -((1 - p) ** gamma) * p.log()


def _by_index(logits: Tensor, target: Tensor, gamma: float) -> Tensor:
    log_p = logits.log_softmax(dim=1)[:, target]
    return -((1 - log_p.exp()) ** gamma) * log_p


def _focal_of_the_mean(logits: Tensor, target: Tensor, gamma: float) -> Tensor:
    entropy = F.cross_entropy(logits, target)
    return (1 - (-entropy).exp()) ** gamma * entropy


def _focal_of_all_classes(logits: Tensor, target: Tensor, gamma: float) -> Tensor:  # noqa: ARG001
    log_p = logits.log_softmax(dim=1)
    return -((1 - log_p.exp()) ** gamma) * log_p


@exercise(
    _scores,
    (
        "(gamma * log_not_p).exp()",
        "(1 - log_p.exp()) ** gamma",
        "1 - p rounds to 0 at a certain pixel, and the power has an infinite slope there; use exp(γ · log(1 - p))",
    ),
    (
        "log_p = logits.gather(1, true).squeeze(1) - log_all",
        "log_p = logits.softmax(dim=1).gather(1, true).squeeze(1).log()",
        "(gamma * log_not_p).exp()",
        "(1 - log_p.exp()) ** gamma",
        "the logarithm of a softmax is -inf where p rounds to 0; compute log p from the logits (log_softmax)",
    ),
    (
        "log_p = logits.gather(1, true).squeeze(1) - log_all",
        "log_p = logits.softmax(dim=1).gather(1, true).squeeze(1).log()",
        "the logarithm of a softmax is -inf where p rounds to 0; compute log p from the logits, as in log_softmax",
    ),
    *[
        (
            f"{small} in the logarithm caps the loss of the worst pixels, which then have no gradient; use log_softmax",
            partial(_by_capped_probability, float(small)),
        )
        for small in ("1e-12", "1e-10", "1e-8", "1e-7", "1e-6", "1e-5")
    ],
    *[
        (
            f"p was kept {small} away from 0 and 1: the worst pixels get a capped loss, no gradient; use log_softmax",
            partial(_by_clamped_probability, float(small)),
        )
        for small in ("1e-7", "1e-6", "1e-5", "1e-4")
    ],
    (
        "gather needs an index with as many axes as the logits: target.unsqueeze(1), (N, 1, H, W)",
        lambda logits, target, gamma: logits.log_softmax(1).gather(1, target) * gamma,
    ),
    (
        "[:, target] picks classes for all pixels at once; to take one class per pixel, use gather(1, target[:, None])",
        _by_index,
    ),
    (
        "logits.gather(1, true).squeeze(1) - log_all",
        "logits.max(dim=1).values - log_all",
        "p is the probability of the most likely class; take that of the true class",
    ),
    (
        "this is a softmax over the images, dim=0; the classes are dim=1",
        partial(_focal_of_logs, partial(torch.log_softmax, dim=0)),
    ),
    (
        "this is a softmax over the rows, dim=2; the classes are dim=1",
        partial(_focal_of_logs, partial(torch.log_softmax, dim=2)),
    ),
    (
        "this is a softmax over the columns, dim=-1; the classes are dim=1",
        partial(_focal_of_logs, partial(torch.log_softmax, dim=-1)),
    ),
    (
        "each class got a sigmoid of its own; here p is the softmax over the classes, at the true class",
        partial(_focal_of_logs, F.logsigmoid),
    ),
    (
        "(gamma * log_not_p)",
        "(log_p.exp() ** gamma).log(",
        ".exp() * log_p",
        ").exp() * log_p",
        "the factor is p^γ; it is (1 - p)^γ, so that easy pixels count less",
    ),
    (
        "(gamma * log_not_p).exp()",
        "(1 - log_p) ** gamma",
        "the factor is (1 - log p)^γ; it has the probability in it, (1 - p)^γ",
    ),
    (
        "(gamma * log_not_p).exp() * log_p",
        "(gamma * log_not_p).exp()",
        "the logarithm of p is missing: the factor (1 - p)^γ is multiplied by log p",
    ),
    (
        "(gamma * log_not_p).exp() * log_p",
        "(gamma * log_not_p).exp() * log_not_p",
        "the logarithm is that of 1 - p; take that of p",
    ),
    (
        "(gamma * log_not_p).exp() * log_p",
        "(gamma * log_not_p).exp() * log_p.exp()",
        "the factor was multiplied by p; multiply it by log p",
    ),
    (
        "return -(gamma * log_not_p).exp() * log_p",
        "return (-(gamma * log_not_p).exp() * log_p).unsqueeze(1)",
        "an axis of length 1 is left from gather; take it away with squeeze(1), so that the shape is (N, H, W)",
    ),
    (
        "return -(gamma * log_not_p).exp() * log_p",
        "return (-(gamma * log_not_p).exp() * log_p).sum()",
        "you added the pixels up; each pixel keeps its own loss here: (N, H, W)",
    ),
    (
        "the cross-entropy was averaged before the factor came in; each pixel needs its own: reduction='none'",
        _focal_of_the_mean,
    ),
    (
        "these are the losses of all classes, (N, K, H, W); gather the one of the true class",
        _focal_of_all_classes,
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
