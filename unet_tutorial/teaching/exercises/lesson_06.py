"""Exercises of lesson 06: the loss of a pixel, the two distances, border weights, the map of a tile, and the loss."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from unet_tutorial.teaching.checking.exercise import Case, exercise
from unet_tutorial.teaching.checking.probes import outputs_and_gradients


def _scores(seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Moderate logits with targets; then logits of ±1000, which include pixels where all logits are equal."""
    generator = torch.Generator().manual_seed(seed)
    yield 2 * torch.randn(2, 3, 4, 5, generator=generator), torch.randint(3, (2, 4, 5), generator=generator)
    far = 1000.0 * torch.randint(-1, 2, (1, 3, 3, 7), generator=generator)
    far[0, :, 0, :4] = torch.tensor([[-1000.0, 1000, 1000, 3], [-1000, 1000, -1000, 2], [-1000, 1000, -1000, 1]])
    target = torch.randint(3, (1, 3, 7), generator=generator)
    target[0, 0, 2] = 1
    yield far, target


def _at_logits(answer: Any, case: Case) -> object:
    """The output, and the gradient with respect to the logits only."""
    return outputs_and_gradients(lambda logits: answer(logits, *case[1:]), case[:1])


@exercise(
    _scores,
    (
        "shifted - log_sum",
        "logits.softmax(dim=1).log()",
        "p became 0 and its logarithm infinite; never form p: log p = a - log-sum-exp",
    ),
    (
        "shifted - log_sum",
        "(logits.exp() / logits.exp().sum(dim=1, keepdim=True)).log()",
        "exp overflows above 88; take each pixel's largest logit out, and the logarithm on paper",
    ),
    (
        "shifted - log_sum",
        "(logits.softmax(dim=1) + 1e-8).log()",
        "a small number keeps p from 0: the worst pixels get a capped loss and no gradient; use log-sum-exp",
    ),
    ("amax(dim=1, keepdim=True)", "max()", "you took out the largest logit of the whole batch; each pixel has its own"),
    (
        "shifted - log_sum",
        "logits - log_sum",
        "the largest logit was taken out of the sum only; take it out of a as well",
    ),
    (
        "shifted - log_sum",
        "logits.log_softmax(dim=-1)",
        "the softmax runs along the rows of the image; it runs over the channels",
    ),
    ("shifted - log_sum", "logits.log_softmax(dim=0)", "the softmax runs over the batch; it runs over the channels"),
    ("shifted - log_sum", "logits", "the log-sum-exp of the logits is missing: a logit alone is no log p"),
    (
        "logits - logits.amax(dim=1, keepdim=True)",
        "logits.softmax(dim=1)",
        "softmax twice: cross_entropy expects logits, and got probabilities",
    ),
    (
        "shifted - log_sum",
        "torch.nn.functional.logsigmoid(logits)",
        "a sigmoid looks at one logit alone; the softmax compares all K",
    ),
    ("-log_p", "log_p", "the minus is missing: log p is never positive, and a loss never negative"),
    (
        "target.unsqueeze(1)",
        "logits.argmax(dim=1, keepdim=True)",
        "that is the loss of the likeliest class; the true class counts",
    ),
    (".squeeze(1)", ".squeeze(1).detach()", "the loss is detached: no gradient reaches the logits"),
    (".squeeze(1)", ".mean()", "you averaged; each pixel keeps its own loss here: (N, H, W)"),
    probe=_at_logits,
    tolerance=1e-4,  # log-sum-exp near 1000 is a float32 too
)
def pixel_loss(logits: Tensor, target: Tensor) -> Tensor:
    shifted = logits - logits.amax(dim=1, keepdim=True)  # (N, K, H, W)
    log_sum = shifted.exp().sum(dim=1, keepdim=True).log()
    log_p = shifted - log_sum
    return -log_p.gather(1, target.unsqueeze(1)).squeeze(1)


Labels = NDArray[np.int64]
Map = NDArray[np.float64]


def _scattered(seed: int) -> Labels:
    """Cells 2, 5 and 9 on (10, 15) pixels; cell 5 is in two pieces, with one pixel of background between them."""
    rng = np.random.default_rng(seed)
    (top, left), (low, right) = rng.integers(0, 2, size=2), rng.integers(0, 2, size=2)
    labels = np.zeros((10, 15), np.int64)
    labels[top : top + 3, left : left + 2] = 9
    labels[low + 5 : low + 8, right + 3 : right + 5] = labels[low + 6, right + 6 : right + 8] = 5
    labels[top + 3 : top + 5, right + 11 : right + 13] = 2
    return labels


def _alone(seed: int) -> Labels:
    """One cell, number 4, on (6, 8) pixels."""
    labels = np.zeros((6, 8), np.int64)
    labels[1 + seed % 3 : 3 + seed % 3, 2:5] = 4
    return labels


def _labels(seed: int) -> Iterator[Case]:
    for labels in (_scattered(seed), _alone(seed), np.array([[3, 3, 0, 1, 1, 0, 0, 6]]), np.zeros((2, 3), np.int64)):
        yield (labels,)


def _both(answer: Any, case: Case) -> object:
    """The two distances by name, so that the message says which one is wrong."""
    got = answer(*case)
    if got is not None and len(got) != 2:
        raise ValueError("expected two arrays, d1 and d2")
    return None if got is None else {"d1": got[0], "d2": got[1]}


def _not_pushed(labels: Labels) -> tuple[Map, Map]:
    d1, d2 = np.full((2, *labels.shape), np.inf)
    for n in np.unique(labels[labels > 0]):
        d = ndimage.distance_transform_edt(labels != n)
        d2 = np.where(d < d1, d2, np.minimum(d2, d))
        d1 = np.minimum(d1, d)
    return d1, d2


@exercise(
    _labels,
    (
        "    stack = ",
        "    labels, _ = ndimage.label(labels > 0)\n    stack = ",
        "d2 goes to the second piece of the same cell; it goes to the nearest other cell: keep the numbers",
    ),
    (
        "    stack = ",
        "    labels = (labels > 0) * np.arange(1, labels.size + 1).reshape(labels.shape)\n    stack = ",
        "d2 goes to the second nearest pixel, mostly of the same cell; it goes to another cell",
    ),
    ("return d1, d2", "return d1, d1", "d2 is d1 once more; it is the distance to the second nearest cell"),
    ("a cell that became the nearest did not push the one before it to second place", _not_pushed),
    (
        "distance_transform_edt(labels != n)",
        "np.linalg.norm(np.indices(labels.shape).T - np.argwhere(labels == n).mean(axis=0), axis=-1).T",
        "you measured to the middle of a cell; its nearest pixel is wanted",
    ),
    (
        "np.sort(stack, axis=0)[:2]",
        "stack[:2]",
        "the cells come in the order of their numbers; sort their distances at each pixel",
    ),
    ("labels != n", "labels == n", "those are distances inside the cells; transform the mask of what is not this cell"),
    (
        "np.unique(labels[labels > 0])",
        "range(1, labels.max() + 1)",
        "a number that no cell has got a distance too; go through the numbers that occur",
    ),
    ("[labels > 0]", "", "the background was taken for a cell; it is number 0, and no cell"),
    (
        "distance_transform_edt(labels != n)",
        'ndimage.distance_transform_cdt(labels != n, "taxicab")',
        "you added the steps along rows and columns; the straight line is wanted",
    ),
    (
        "distance_transform_edt(labels != n)",
        'ndimage.distance_transform_cdt(labels != n, "chessboard")',
        "you took the longer of the two steps; the straight line is wanted",
    ),
    ("return d1, d2", "return d1**2, d2**2", "those are squares of distances; take the root"),
    (
        "return d1, d2",
        "return np.maximum(d1 - 1, 0), np.maximum(d2 - 1, 0)",
        "you measured from the edge of the cell; from centre to centre, its neighbour has d1 = 1",
    ),
    (
        "return d1, d2",
        "return d1, np.where(np.isinf(d2), 0, d2)",
        "a second cell that is not there has distance 0; it is infinitely far",
    ),
    (
        "return d1, d2",
        "return d1, np.where(np.isinf(d2), d1, d2)",
        "with one cell, d2 became d1: a halo round the cell; a cell that is not there is infinitely far",
    ),
    probe=_both,
)
def two_distances(labels: Labels) -> tuple[Map, Map]:
    stack = [distance_transform_edt(labels != n) for n in np.unique(labels[labels > 0])]
    stack += [np.full(labels.shape, np.inf)] * 2  # two cells that are not there
    d1, d2 = np.sort(stack, axis=0)[:2]  # (cells + 2, H, W) -> (2, H, W)
    return d1, d2


def _terms(seed: int) -> Iterator[Case]:
    scattered, denser, alone = _scattered(seed), _scattered(seed + 5), _alone(seed)
    yield scattered, *two_distances(scattered), 10.0, 5.0
    yield denser, *two_distances(denser), 3.0 + seed, 1.5
    yield alone, *two_distances(alone), 10.0, 4.0


@exercise(
    _terms,
    ("(d1 + d2) ** 2", "d1**2 + d2**2", "the squares were added; the square of the sum is wanted, (d1 + d2)²"),
    ("sigma**2", "sigma", "sigma is not squared"),
    ("2 * sigma", "sigma", "the factor 2 below the line is missing"),
    ("(2 * sigma**2)", "2 * sigma**2", "/ 2 * sigma**2 divides by 2 and multiplies by sigma²; put brackets round 2σ²"),
    ("2 * sigma**2", "(2 * sigma) ** 2", "2σ² is not (2σ)²; only sigma is squared"),
    ("(d1 + d2) ** 2", "d1 + d2", "the sum is not squared"),
    ("d1 + d2", "d1 + d1", "d1 stands in both places: every cell wears a halo"),
    ("d1 + d2", "d1", "d2 is missing"),
    ("d1 + d2", "d1 + np.where(np.isinf(d2), 0, d2)", "an infinite d2 was made 0; leave it, exp(-∞) is 0"),
    ("(d1 + d2)", "((d1 + d2) / 2)", "you took the mean of d1 and d2; their sum is wanted"),
    ("np.where(labels == 0, term, 0)", "term", "the cells have a term too; it is 0 inside them"),
    ("labels == 0", "labels > 0", "the term stands in the cells and not between them"),
    (
        "w0 * np.exp",
        "10 * np.exp",
        "sigma**2",
        "5**2",
        "w0 = 10 and sigma = 5 are the paper's; take those that are given",
    ),
    ("w0 * np.exp", "np.exp", "w0 is missing"),
)
def border_term(labels: Labels, d1: Map, d2: Map, w0: float, sigma: float) -> Map:
    term = w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))
    return np.where(labels == 0, term, 0)


def _gaps(seed: int) -> Iterator[Case]:
    """Weights that lie between those of two integer widths, then one that is larger than that of any gap."""
    for w0, sigma in ((10.0, 5.0), (4.0 + seed, 2.5), (30.0, 9.0 + seed)):
        for width in (0, 1, 3, 8 + seed, 15 + seed):
            yield from ((w0 * math.exp(-(((width + part) / sigma) ** 2) / 2), w0, sigma) for part in (1.2, 1.6, 1.8))
        yield 1.3 * w0, w0, sigma


@exercise(
    _gaps,
    (" - 1", "", "one pixel too wide: d1 + d2 is the width plus 1, and parts of a pixel are cut off"),
    (" - 1", " + 1", "the width is the sum less 1, and not more"),
    ("math.floor", "round", "rounded to the nearest, some gaps are too wide; round down"),
    ("2 * max", "max", "the factor 2 below the line is missing"),
    ("sigma * math.sqrt(2", "math.sqrt(2 * sigma", "sigma is squared in the term, so it stands before the root"),
    ("math.log(", "math.log10(", "the inverse of exp is the natural logarithm, math.log, and not log10"),
    ("w0 / weight", "1 / weight", "w0 is missing: the share weight / w0 counts, and not the weight itself"),
    ("sigma * math", "2 * sigma * math", "you solved for d1 alone; the term holds d1 + d2"),
    (
        "max(0, math.floor(largest_sum) - 1)",
        "math.floor(largest_sum) - 1",
        "no gap is narrower than 0 pixels; where none gets the weight, return 0",
    ),
)
def widest_gap(weight: float, w0: float, sigma: float) -> int:
    largest_sum = sigma * math.sqrt(2 * max(0.0, math.log(w0 / weight)))  # of d1 and d2; 0 if none gets the weight
    return max(0, math.floor(largest_sum) - 1)


def _images(seed: int) -> Iterator[Case]:
    """Two images with two cells each, numbered 3 and 7; then an image without a cell."""
    rng = np.random.default_rng(seed)
    for (h, w), tile in (((11, 14), (6, 8)), ((9, 13), (4, 6))):
        labels = np.zeros((h, w), np.int64)
        top, left = rng.integers(2, 4, size=2)
        labels[top : top + 3, left : left + 3] = 3
        labels[top + 1 : top + 5, left + w // 2 :] = 7
        yield labels, rng.uniform(1, 9, (h, w)) * (labels == 0), *tile
    yield np.zeros((7, 8), np.int64), rng.uniform(1, 9, (7, 8)), 4, 4


@exercise(
    _images,
    (
        "weights = term.copy()",
        "labels, weights = labels[rows, columns], term[rows, columns].copy()",
        "return weights[rows, columns]",
        "return weights",
        "the crop came first: it has another share of cells; weigh the whole image, then crop",
    ),
    ("labels.size / (2 * max(pixels.sum(), 1))", "0", "w_c is missing; it is added to the border term"),
    ("+=", "*=", "you multiplied w_c and the border term; equation 2 adds them"),
    ("2 * max", "max", "K is missing: two classes share the pixels, so N is divided by 2·n"),
    (
        "labels.size / (2 * max(pixels.sum(), 1))",
        "pixels.sum() / labels.size",
        "the frequent class got the large weight; n stands below the line",
    ),
    (
        "labels.size / (2 * max(pixels.sum(), 1))",
        "1 - pixels.sum() / labels.size",
        "1 - n/N is the share of the other class; N / (K·n) is wanted",
    ),
    (
        "labels.size / (2 * max(pixels.sum(), 1))",
        "(labels == 0).sum() / max(pixels.sum(), 1)",
        "cells got the ratio of the classes and background 1; N / (K·n) is wanted for both",
    ),
    ("(2 * max", "(len(np.unique(labels > 0)) * max", "without a cell, K became 1; the classes stay two"),
    (
        "(labels == 0, labels > 0)",
        "[labels == n for n in np.unique(labels)]",
        "(2 * max",
        "(len(np.unique(labels)) * max",
        "each cell became a class of its own; the classes are two, background and cell",
    ),
    ("weights[rows, columns]", "weights[:height, :width]", "you cropped the corner; the middle is wanted"),
    (
        "height) // 2",
        "height + 1) // 2",
        "width) // 2",
        "width + 1) // 2",
        "the crop lies one pixel off where the difference is odd; the smaller half lies before",
    ),
)
def tile_map(labels: Labels, term: Map, height: int, width: int) -> Map:
    top, left = (labels.shape[0] - height) // 2, (labels.shape[1] - width) // 2
    rows, columns = slice(top, top + height), slice(left, left + width)
    weights = term.copy()
    for pixels in (labels == 0, labels > 0):  # the two classes, (H, W) each
        weights[pixels] += labels.size / (2 * max(pixels.sum(), 1))
    return weights[rows, columns]


def _weighed(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(100 + seed)
    for logits, target in _scores(seed):
        weights = 0.5 + 6 * torch.rand(target.shape, generator=generator)
        weights[:, 1, 1:3] = 0  # pixels that nobody labelled
        yield logits, target, weights


@exercise(
    _weighed,
    (
        "torch.mean(losses)",
        "losses.sum() / weights.sum()",
        "divided by the sum of the weights, tiles full of borders pull no more than calm ones; divide by the pixels",
    ),
    ("mean", "sum", "that is the sum; a tile four times as large would pull four times as hard: divide by the pixels"),
    (
        "torch.mean(losses)",
        "losses.sum() / len(losses)",
        "you summed over each image and averaged over the batch; divide by all pixels",
    ),
    (
        "torch.mean(losses)",
        "losses.sum() / losses[0].numel()",
        "you divided by the pixels of one image; divide by those of the batch",
    ),
    (
        "torch.mean(losses)",
        "losses.sum() / logits.numel()",
        "you divided by the number of logits; a pixel counts once, and not once per class",
    ),
    ("torch.mean(losses)", "losses[weights > 0].mean()", "a pixel of weight 0 is a pixel too; divide by all of them"),
    (
        "torch.mean(losses)",
        "-torch.mean(losses)",
        "the minus is missing: training would make this loss as large as it can",
    ),
    ("losses)", "losses).detach()", "the loss is detached: the net does not learn"),
    ("weights * ", "", "the weights are missing"),
    (
        "weights * ",
        "weights.mean() * ",
        "you multiplied the mean loss by the mean weight; each pixel meets its own weight first",
    ),
    (
        "weights * pixel_loss(logits",
        "pixel_loss(weights[:, None] * logits",
        "the weights belong on the losses, and not on the logits",
    ),
    (
        "target)",
        "target)[:, None]",
        "the class axis stayed, and every loss met the weights of every image; squeeze it first",
    ),
    (
        "pixel_loss(logits, target)",
        "-logits.softmax(dim=1).log().gather(1, target.unsqueeze(1)).squeeze(1)",
        "exp or log left float32; take the loss of each pixel by log-sum-exp",
    ),
    probe=_at_logits,
    tolerance=1e-4,
)
def weighted_loss(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    losses = weights * pixel_loss(logits, target)  # (N, H, W)
    return torch.mean(losses)


EXERCISES = (pixel_loss, two_distances, border_term, widest_gap, tile_map, weighted_loss)
