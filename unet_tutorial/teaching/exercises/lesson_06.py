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
from unet_tutorial.teaching.checking.probes import UnfitError, outputs_and_gradients


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
    """The output, and the gradient with respect to the logits only; all NaN where an entry of it is not finite."""
    found = outputs_and_gradients(lambda logits: answer(logits, *case[1:]), case[:1])
    slopes = [slope if slope.isfinite().all() else torch.full_like(slope, math.nan) for slope in found["gradients"]]
    return {**found, "gradients": slopes}


@exercise(
    _scores,
    (
        "shifted - log_sum",
        "logits.softmax(dim=1).log()",
        "p becomes 0, and its logarithm is not finite; do not compute p: log p = a - log-sum-exp",
    ),
    (
        "shifted - log_sum",
        "(logits.exp() / logits.exp().sum(dim=1, keepdim=True)).log()",
        "exp overflows above 88: subtract the largest logit of each pixel first, and use log p = a - log-sum-exp",
    ),
    (
        "logits - logits.amax(dim=1, keepdim=True)",
        "logits",
        "exp overflows above 88, and is 0 far below 0: subtract the largest logit of each pixel first",
    ),
    *[
        (
            "shifted - log_sum",
            f"(logits.softmax(dim=1) + {small}).log()",
            f"{small} keeps p from 0, so the loss is capped and the worst pixels have no gradient; use log-sum-exp",
        )
        for small in ("1e-5", "1e-6", "1e-7", "1e-8", "1e-9", "1e-10", "1e-12", "1e-15", "1e-16", "1e-20", "1e-30")
    ],
    (
        "amax(dim=1, keepdim=True)",
        "max()",
        "you subtracted the largest logit of the whole batch; each pixel has its own",
    ),
    (
        "shifted - log_sum",
        "logits - log_sum",
        "the largest logit was subtracted in the sum only; subtract it from a as well",
    ),
    *[
        (
            "amax(dim=1",
            f"amax(dim={axis}",
            "sum(dim=1",
            f"sum(dim={axis}",
            f"the softmax runs over {those}; it runs over axis 1, the channels",
        )
        for axis, those in ((0, "the images"), (2, "the rows"), (3, "the columns"), ((2, 3), "all pixels of a map"))
    ],
    *[
        ("sum(dim=1", f"sum(dim={axis}", f"the exponentials are added over {those}; add them over axis 1, the channels")
        for axis, those in ((0, "the images"), (3, "the columns"), ((2, 3), "all pixels of a map"))
    ],
    (
        "shifted.exp().sum(dim=1, keepdim=True).log()",
        "0",
        "the logarithm of the sum is missing: log p = a - log-sum-exp",
    ),
    (
        "amax(dim=1, keepdim=True)",
        "amax(dim=1)",
        "sum(dim=1, keepdim=True)",
        "sum(dim=1)",
        "amax and sum take the class axis away; write keepdim=True",
    ),
    *[
        (
            "logits - logits.amax(dim=1, keepdim=True)",
            f"logits.clamp(-{end}, {end})",
            f"the logits are clamped to ±{end}, which changes the loss; subtract the largest logit of each pixel",
        )
        for end in (20, 30, 50, 80, 88, 100)
    ],
    (
        "shifted - log_sum",
        "(logits.exp() / logits.exp().sum(dim=1, keepdim=True)).log()",
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "torch.nan_to_num(-log_p.gather(1, target.unsqueeze(1)).squeeze(1))",
        "nan_to_num hides an overflow; avoid it: subtract the largest logit of each pixel, and use log-sum-exp",
    ),
    (
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "-(log_p * torch.nn.functional.one_hot(target, logits.shape[1])).sum(1)",
        "one_hot puts the classes on the last axis; move them to axis 1: movedim(-1, 1)",
    ),
    (
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "-(log_p * target.unsqueeze(1)).sum(1)",
        "the target holds numbers of classes, and no weights; take log p of this class with gather",
    ),
    (
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "torch.nn.functional.binary_cross_entropy_with_logits(\n"
        "        logits, torch.nn.functional.one_hot(target, logits.shape[1]).movedim(-1, 1).float(),\n"
        "        reduction='none'\n"
        "    ).sum(1)",
        "binary_cross_entropy takes a sigmoid of each logit alone; the softmax compares all K",
    ),
    (".log()\n", ".log2()\n", "log2 is the logarithm to the base 2; use log"),
    (
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1) / math.log(2)",
        "that is the loss in bits, with the logarithm to the base 2; use log",
    ),
    (
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1) / math.log(10)",
        "that is the logarithm to the base 10; use log",
    ),
    ("-log_p", "1 - log_p.exp()", "that is 1 minus the probability; take minus its logarithm"),
    ("-log_p", "log_p.exp()", "that is the probability; take minus its logarithm"),
    ("-log_p", "-log_p.exp()", "that is minus the probability; take minus its logarithm"),
    (".squeeze(1)", "", "the class axis stayed, with one entry; remove it with squeeze(1)"),
    (
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "-log_p[:, target]",
        "log_p[:, target] takes the class of every pixel at every pixel; use gather",
    ),
    (
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "-log_p[:, 0]",
        "that is the loss of class 0; the true class counts",
    ),
    (
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "-log_p[:, 1]",
        "that is the loss of class 1; the true class counts",
    ),
    (
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "-log_p[:, -1]",
        "that is the loss of the last class; the true class counts",
    ),
    (
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "-log_p.sum(1)",
        "you added the losses of all classes; the true class counts",
    ),
    (
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "-log_p.mean(1)",
        "you averaged over all classes; the true class counts",
    ),
    (
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "-log_p",
        "those are the losses of all classes; take that of the true class, with gather",
    ),
    (
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "-(log_p.exp() * log_p).sum(1)",
        "that is the entropy of the probabilities; the true class counts",
    ),
    ("shifted - log_sum", "logits", "the log-sum-exp of the logits is missing: a logit alone is no log p"),
    (
        "logits - logits.amax(dim=1, keepdim=True)",
        "logits.softmax(dim=1)",
        "the softmax was applied twice; apply it to the logits",
    ),
    (
        "shifted - log_sum",
        "torch.nn.functional.logsigmoid(logits)",
        "a sigmoid depends on one logit alone; the softmax compares all K",
    ),
    ("-log_p", "log_p", "the minus is missing: log p is never positive, and a loss never negative"),
    (
        "target.unsqueeze(1)",
        "logits.argmax(dim=1, keepdim=True)",
        "that is the loss of the likeliest class; the true class counts",
    ),
    (".squeeze(1)", ".squeeze(1).detach()", "the loss is detached: no gradient reaches the logits"),
    (".squeeze(1)", ".mean()", "you averaged; each pixel keeps its own loss here: (N, H, W)"),
    (".squeeze(1)", ".sum()", "you added up the losses; each pixel keeps its own here: (N, H, W)"),
    (
        "-log_p.gather(1, target.unsqueeze(1)).squeeze(1)",
        "(log_p.exp() - torch.nn.functional.one_hot(target, logits.shape[1]).movedim(-1, 1)).square().sum(1)",
        "those are squared errors of the probabilities; take minus the logarithm of the true class",
    ),
    probe=_at_logits,
    forbidden=("torch.nn.functional.log_softmax", "torch.logsumexp", "torch.nn.functional.cross_entropy"),
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
    cells = len(np.unique(case[0][case[0] > 0]))
    try:
        got = answer(*case)
    except (IndexError, ValueError) as error:
        if cells > 1:
            raise
        raise UnfitError(
            f"it raised {type(error).__name__}: {error}, where the image has {('no cell', 'one cell')[cells]}; "
            "a cell that is not there is infinitely far: use np.inf"
        ) from error
    if got is None:
        return None
    if not isinstance(got, (tuple, list, np.ndarray)) or len(got) != 2:
        raise UnfitError("expected two arrays: return d1, d2")
    return {"d1": _double(got[0], "d1"), "d2": _double(got[1], "d2")}


def _double(value: Any, name: str) -> Any:
    """The value; UnfitError for an array of floats of another precision."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.dtype != np.float64:
        raise UnfitError(f"{name} is {value.dtype}; the text asks for float64, which .astype(float) makes")
    return value


def _in_double_precision(answer: Any, case: Case) -> object:
    return _double(answer(*case), "the result")


def _nearest_forgotten(labels: Labels) -> tuple[Map, Map]:
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
    ("return d1, d2", "return d2, d1", "d1 and d2 are exchanged; d1 is the smaller one"),
    ("return d1, d2", "return d1, d1 + d2", "d2 is the distance alone; you returned the sum in its place"),
    (
        "one transform of labels == 0 gives the nearest cell only; d2 needs one transform for each cell",
        lambda labels: (distance_transform_edt(labels == 0), distance_transform_edt(labels == 0)),
    ),
    (
        "return d1, d2",
        "return distance_transform_edt(labels == 0), d2",
        "without a cell, d1 is infinite too; the transform of labels == 0 has no cell to measure to there",
    ),
    (
        "return d1, d2",
        "return d1, np.where(np.isinf(d2), d2, np.max(stack[:-2], axis=0, initial=0))",
        "d2 goes to the farthest cell; it goes to the second nearest",
    ),
    (
        "a new nearest cell has to make the one before it the second nearest: set d2 to the old d1 first",
        _nearest_forgotten,
    ),
    (
        "distance_transform_edt(labels != n)",
        "np.linalg.norm(np.indices(labels.shape).T - np.argwhere(labels == n).mean(axis=0), axis=-1).T",
        "you measured to the middle of a cell; measure to its nearest pixel",
    ),
    (
        "np.sort(stack, axis=0)[:2]",
        "stack[:2]",
        "the cells come in the order of their numbers; sort their distances at each pixel",
    ),
    (
        "np.sort(stack, axis=0)",
        "np.sort(stack)",
        "np.sort sorts along the last axis, the columns; sort along axis 0, the cells",
    ),
    (
        "np.sort(stack, axis=0)[:2]",
        "np.sort(stack, axis=0)[1:3]",
        "the nearest cell was left out; d1 is the first of the sorted distances",
    ),
    (
        "distance_transform_edt(labels > 0) measures inside the cells; measure from outside, with labels != n",
        lambda labels: (distance_transform_edt(labels > 0), distance_transform_edt(labels > 0)),
    ),
    (
        "np.sort(stack, axis=0)",
        "np.argsort(stack, axis=0).astype(float)",
        "argsort returns the numbers of the cells in the stack; sort returns their distances",
    ),
    ("[:2]", "[::-1][:2]", "the distances are sorted from the largest on; d1 and d2 are the two smallest"),
    (
        "np.sort(stack, axis=0)[:2]",
        "sorted(stack, key=np.mean)[:2]",
        "whole maps were sorted; the nearest cell differs from pixel to pixel: sort at each pixel",
    ),
    (
        "return d1, d2",
        "return d1, np.where(stack == d1, np.inf, stack).min(axis=0)",
        "where two cells are equally near, d2 is equal to d1; take the second entry after sorting",
    ),
    (
        "distance_transform_edt(labels != n)",
        "distance_transform_edt(labels != n) - distance_transform_edt(labels == n)",
        "the distances are negative inside a cell; there d1 is 0",
    ),
    ("labels != n", "labels == n", "those are distances inside the cells; transform the mask of what is not this cell"),
    (
        "np.unique(labels[labels > 0])",
        "range(1, labels.max() + 1)",
        "you went through numbers that no cell has; take the numbers that occur, with np.unique",
    ),
    ("[labels > 0]", "", "the background was taken for a cell; it is number 0, and no cell"),
    (
        "distance_transform_edt(labels != n)",
        'ndimage.distance_transform_cdt(labels != n, "taxicab")',
        "you added the steps along rows and columns; measure along the straight line",
    ),
    (
        "distance_transform_edt(labels != n)",
        'ndimage.distance_transform_cdt(labels != n, "chessboard")',
        "you took the longer of the steps along rows and columns; measure along the straight line",
    ),
    ("return d1, d2", "return d1**2, d2**2", "those are squares of distances; take the root"),
    (
        "return d1, d2",
        "return d1**0.5, d2**0.5",
        "those are square roots of distances; distance_transform_edt takes the root already",
    ),
    (
        "return d1, d2",
        "return np.maximum(d1 - 0.5, 0), np.maximum(d2 - 0.5, 0)",
        "you measured from the edge of a pixel; from centre to centre, the neighbour of a cell has d1 = 1",
    ),
    (
        "return d1, d2",
        "return np.where(labels == 0, d1, 0), np.where(labels == 0, d2, 0)",
        "inside a cell, d1 is 0, but d2 is the distance to the nearest other cell",
    ),
    (
        "[np.full(labels.shape, np.inf)] * 2",
        "[np.zeros(labels.shape)] * (2 - len(stack))",
        "a cell that is not there got the distance 0, and so it is the nearest; it is infinitely far: use np.inf",
    ),
    (
        "return d1, d2",
        "return np.where(np.isinf(d1), 0, d1), np.where(np.isinf(d2), 0, d2)",
        "a cell that is not there got the distance 0; it is infinitely far: use np.inf",
    ),
    (
        "return d1, d2",
        "return np.maximum(d1 - 1, 0), np.maximum(d2 - 1, 0)",
        "you measured from the edge of the cell; from centre to centre, its neighbour has d1 = 1",
    ),
    (
        "return d1, d2",
        "return d1, np.where(np.isinf(d2), 0, d2)",
        "a second cell that is not there got the distance 0; it is infinitely far: use np.inf",
    ),
    (
        "return d1, d2",
        "return d1, np.where(np.isinf(d2), d1, d2)",
        "with one cell, d2 is d1 in your result; a cell that is not there is infinitely far",
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
    ("(d1 + d2) ** 2", "d1**2 + d2**2", "the squares were added; take the square of the sum, (d1 + d2)²"),
    ("sigma**2", "sigma", "sigma is not squared"),
    ("2 * sigma", "sigma", "the factor 2 in 2σ² is missing"),
    ("/ (2 * sigma**2)", "/ 2", "sigma is missing: divide by 2σ²"),
    ("(2 * sigma**2)", "2 * sigma**2", "/ 2 * sigma**2 divides by 2 and multiplies by sigma²; put brackets round 2σ²"),
    ("2 * sigma**2", "(2 * sigma) ** 2", "2σ² is not (2σ)²; only sigma is squared"),
    (
        "((d1 + d2) ** 2) / (2 * sigma**2)",
        "((d1 + d2) / 2 * sigma) ** 2",
        "/ 2 * sigma divides by 2 and multiplies by sigma; the exponent is -(d1 + d2)² / (2σ²)",
    ),
    (
        "((d1 + d2) ** 2) / (2 * sigma**2)",
        "((d1 + d2) / (2 * sigma**2)) ** 2",
        "2σ² is squared as well; square d1 + d2 alone",
    ),
    (
        "-((d1 + d2) ** 2)",
        "((d1 + d2) ** 2)",
        "the minus in the exponent is missing, or it is squared too; write -((d1 + d2) ** 2)",
    ),
    ("(d1 + d2) ** 2", "d1 + d2", "the sum is not squared"),
    ("(d1 + d2) ** 2", "2 * (d1 + d2)", "the sum is doubled; square it"),
    ("(d1 + d2) ** 2", "d1 + d2**2", "only d2 is squared; brackets are missing: (d1 + d2)²"),
    ("d1 + d2", "d1 + d1", "d1 stands in both places, so every cell gets a border; the second one is d2"),
    ("d1 + d2", "d2 + d2", "d2 stands in both places; the first one is d1"),
    ("d1 + d2", "d1", "d2 is missing: the exponent has (d1 + d2)²"),
    ("d1 + d2", "d2", "d1 is missing: the exponent has (d1 + d2)²"),
    ("d1 + d2", "d2 - d1", "you took the difference of the distances; take their sum"),
    ("d1 + d2", "d1 * d2", "you multiplied the distances; add them"),
    ("(2 * sigma**2)", "2 * sigma", "/ 2 * sigma divides by 2 and multiplies by sigma; put brackets round 2σ²"),
    (
        "np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))",
        "(np.exp(-(d1**2) / (2 * sigma**2)) + np.exp(-(d2**2) / (2 * sigma**2)))",
        "you added one exponential of d1 and one of d2; there is one exponential, of the sum d1 + d2",
    ),
    ("term, 0)", "np.maximum(term, 1), 0)", "the term is not raised to 1; return it as it is"),
    ("term, 0)", "term, w0)", "inside the cells the term is 0, and not w0"),
    (
        "((d1 + d2) ** 2) / (2 * sigma**2)",
        "(d1 + d2) / sigma",
        "the squares and the 2 are missing: the exponent is -(d1 + d2)² / (2σ²)",
    ),
    ("term, 0)", "term, np.nan)", "inside the cells the term is NaN; it has to be 0"),
    ("w0 * np.exp", "w0 + np.exp", "w0 was added; multiply by it"),
    ("w0 * np.exp(", "np.exp(w0 * ", "w0 is in the exponent; it multiplies the exponential"),
    (
        "w0 * np.exp",
        "w0 / (sigma * math.sqrt(2 * math.pi)) * np.exp",
        "that is the density of a Gaussian; leave its factor 1 / (σ√(2π)) out",
    ),
    ("term, 0)", "1 + term, 0)", "leave out the 1: the weight of the class is not part of the border term"),
    (
        "np.where(labels == 0, term, 0)",
        "(1 - labels) * term",
        "1 - labels is negative in cell 2, 3, …; use labels == 0",
    ),
    (
        "np.where(labels == 0, term, 0)",
        "labels * term",
        "you multiplied by the numbers of the cells; the term is 0 where labels > 0",
    ),
    ("d1 + d2", "d1 + np.where(np.isinf(d2), 0, d2)", "an infinite d2 was set to 0; leave it, because exp(-∞) is 0"),
    ("(d1 + d2)", "((d1 + d2) / 2)", "you took the mean of d1 and d2; take their sum"),
    ("np.where(labels == 0, term, 0)", "term", "the cells have a term too; it is 0 inside them"),
    ("labels == 0", "labels > 0", "the term is in the cells; it belongs to the background, where labels == 0"),
    (
        "w0 * np.exp",
        "10 * np.exp",
        "sigma**2",
        "5**2",
        "w0 = 10 and sigma = 5 are the paper's values; use the arguments",
    ),
    ("w0 * np.exp", "np.exp", "w0 is missing: multiply the exponential by it"),
    probe=_in_double_precision,
)
def border_term(labels: Labels, d1: Map, d2: Map, w0: float, sigma: float) -> Map:
    term = w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))
    return np.where(labels == 0, term, 0)


def _gaps(seed: int) -> Iterator[Case]:
    """Weights that lie between those of two integer widths, then one that is larger than that of any gap."""
    for w0, sigma in ((10.0, 5.0), (4.0 + seed, 2.5), (30.0, 9.0 + seed)):
        for width in (0, 1, 3, 8 + seed, 15 + seed):
            yield from ((w0 * math.exp(-(((width + part) / sigma) ** 2) / 2), w0, sigma) for part in (1.2, 1.6, 1.8))
        yield w0 * math.exp(-((0.6 / sigma) ** 2) / 2), w0, sigma
        yield 1.3 * w0, w0, sigma
    yield 0.5, 10.0, 60.0 + seed


@exercise(
    _gaps,
    (" - 1", "", "one pixel too wide: the width is d1 + d2 - 1, rounded down"),
    (
        "math.floor(largest_sum) - 1)",
        "math.floor(largest_sum) - 1) + 1",
        "that is the first gap that does not get the weight; the widest that gets it is one narrower",
    ),
    (" - 1", " + 1", "d1 + d2 is the width plus 1, so the width is the sum minus 1; you added 1"),
    (" - 1", " - 2", "one pixel too narrow: d1 + d2 is the width plus 1"),
    ("math.floor", "round", "rounded to the nearest number, some gaps are too wide; round down"),
    (
        "max(0, math.floor(largest_sum) - 1)",
        "max(0.0, largest_sum - 1)",
        "a gap has a whole number of pixels: round down",
    ),
    (
        "max(0, math.floor(largest_sum) - 1)",
        "math.floor(largest_sum) - (weight <= w0)",
        "the width is -1 where d1 + d2 is smaller than 1 pixel; return 0 there",
    ),
    (
        "math.floor(largest_sum) - 1",
        "math.floor(largest_sum / 2)",
        "d1 + d2 is the width plus 1, and not twice the width",
    ),
    (
        "max(0.0, math.log(w0 / weight))",
        "math.log(w0 / weight)",
        "log(w0 / weight) is negative where no gap gets the weight; return 0 there",
    ),
    (
        "max(0.0, math.log(w0 / weight))",
        "abs(math.log(w0 / weight))",
        "where weight is larger than w0, no gap gets it; return 0",
    ),
    (
        "max(0, math.floor(largest_sum) - 1)",
        "min(1, max(0, math.floor(largest_sum) - 1))",
        "your search ends at the first gap that gets the weight; go on to the widest",
    ),
    *[
        (
            "max(0, math.floor(largest_sum) - 1)",
            f"max(0, min({end}, math.floor(largest_sum) - 1))",
            f"your search ends at {end} pixels; go on until the term is smaller than the weight",
        )
        for end in (9, 10, 19, 20, 49, 50, 99, 100)
    ],
    ("2 * max", "max", "the factor 2 in 2σ² is missing"),
    ("sigma * math.sqrt(2", "math.sqrt(2 * sigma", "sigma is squared in the term, so it stands in front of the root"),
    ("math.log(", "math.log10(", "the inverse of exp is the natural logarithm, math.log, and not log10"),
    ("w0 / weight", "1 / weight", "w0 is missing: the exponential is weight / w0, and not the weight"),
    ("sigma * math", "2 * sigma * math", "you solved for d1 alone; the term depends on d1 + d2"),
    (
        "max(0, math.floor(largest_sum) - 1)",
        "math.floor(largest_sum) - 1",
        "the width is negative where no gap gets the weight; return 0 there",
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
        "the crop came first, and it has another share of cells; compute w_c for the whole image, then crop",
    ),
    ("labels.size / (2 * max(pixels.sum(), 1))", "0", "w_c is missing; it is added to the border term"),
    ("weights = term.copy()", "weights = np.zeros(term.shape)", "the border term is missing; it is added to w_c"),
    ("labels.size /", "height * width /", "N is the number of pixels of the whole image, and not of the tile"),
    ("labels.size /", "len(labels) /", "len(labels) is the number of rows; N is the number of pixels, labels.size"),
    ("labels.size /", "labels.size //", "// rounds down to a whole number; use /"),
    (
        "pixels.sum()",
        "(labels[pixels].sum() or pixels.sum())",
        "labels.sum() adds the numbers of the cells; count the pixels: (labels > 0).sum()",
    ),
    (
        "(labels == 0, labels > 0)",
        "(labels > 0,)",
        "the background has no class weight in your result; it is a class too",
    ),
    (
        "(labels == 0, labels > 0)",
        "(labels == 0,)",
        "the cells have no class weight in your result; they are the pixels with labels > 0",
    ),
    (
        "labels.shape[0] - height",
        "labels.shape[1] - height",
        "labels.shape[1] - width",
        "labels.shape[0] - width",
        "the sides of the image are exchanged; shape[0] is its height",
    ),
    ("labels.size /", "1 /", "N is missing: a pixel has the weight N / (K·n)"),
    (
        "max(pixels.sum(), 1)",
        "max((~pixels).sum(), 1)",
        "the two classes are exchanged: n counts the pixels of the own class",
    ),
    ("+=", "*=", "you multiplied w_c and the border term; equation 2 adds them"),
    ("2 * max", "max", "K is missing: two classes share the pixels, so N is divided by 2·n"),
    (
        "labels.size / (2 * max(pixels.sum(), 1))",
        "pixels.sum() / labels.size",
        "the frequent class got the large weight; divide by n: N / (K·n)",
    ),
    (
        "labels.size / (2 * max(pixels.sum(), 1))",
        "1 - pixels.sum() / labels.size",
        "1 - n/N is the share of the other class; the weight is N / (K·n)",
    ),
    (
        "labels.size / (2 * max(pixels.sum(), 1))",
        "(labels == 0).sum() / max(pixels.sum(), 1)",
        "cells got the ratio of the classes, and background 1; both classes get N / (K·n)",
    ),
    (
        "(2 * max",
        "(len(np.unique(labels > 0)) * max",
        "without a cell, K is 1 in your formula; there are always two classes",
    ),
    (
        "(labels == 0, labels > 0)",
        "[labels == n for n in np.unique(labels)]",
        "(2 * max",
        "(len(np.unique(labels)) * max",
        "each cell is a class in your formula; there are two classes, background and cell",
    ),
    (
        "(labels == 0, labels > 0)",
        "[labels == n for n in np.unique(labels)]",
        "(2 * max",
        "(len(np.bincount(labels.ravel())) * max",
        "each number is a class in your formula; there are two classes, background and cell",
    ),
    ("weights[rows, columns]", "weights[:height, :width]", "you cropped the corner; crop the middle"),
    ("weights[rows, columns]", "weights[-height:, -width:]", "you cropped the last rows and columns; crop the middle"),
    ("weights[rows, columns]", "weights", "the map is not cropped; return its middle, height × width pixels"),
    (
        "[0] - height",
        "[0] - width",
        "[1] - width",
        "[1] - height",
        "top + height",
        "top + width",
        "left + width",
        "left + height",
        "height and width are exchanged; the height belongs to the rows",
    ),
    (
        "top + height",
        "top + width",
        "left + width",
        "left + height",
        "height and width are exchanged at the end of the slices; the height belongs to the rows",
    ),
    (
        "top + height",
        "-top",
        "left + width",
        "-left",
        "top:-top leaves one row too many of an odd difference; the end is top + height",
    ),
    (
        "(top, top + height)",
        "(left, left + height)",
        "(left, left + width)",
        "(top, top + width)",
        "top and left are exchanged; top belongs to the rows",
    ),
    (
        "height) // 2",
        "height + 1) // 2",
        "width) // 2",
        "width + 1) // 2",
        "the crop lies one pixel off where the difference is odd; the smaller half lies before",
    ),
    (
        "(labels == 0, labels > 0)",
        "(labels != 1, labels == 1)",
        "labels == 1 is the cell with the number 1; all pixels above 0 belong to cells",
    ),
    (
        "labels.size / (2 * max(pixels.sum(), 1))",
        "math.sqrt(labels.size / (2 * max(pixels.sum(), 1)))",
        "the root of the class weight was taken; it is N / (K·n)",
    ),
    ("(2 * max", "(3 * max", "K is 3 in your result; there are two classes, background and cell"),
    (
        "return weights[",
        "weights /= weights.mean()\n    return weights[",
        "the weights were divided by their mean; leave them as equation 2 gives them",
    ),
    (
        "labels.size / (2 * max(pixels.sum(), 1))",
        "1 / max(pixels.sum(), 1)",
        "N and K are missing: a pixel has the weight N / (K·n), and not 1/n",
    ),
    probe=_in_double_precision,
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
        "you divided by the sum of the weights; divide by the number of pixels",
    ),
    ("mean", "sum", "that is the sum; divide it by the number of pixels"),
    (
        "torch.mean(losses)",
        "(losses.sum((1, 2)) / weights.sum((1, 2))).mean()",
        "you divided each image by the sum of its weights; divide by the number of pixels",
    ),
    (
        "torch.mean(losses)",
        "losses.sum() / weights.mean()",
        "you divided by the mean weight; divide by the number of pixels",
    ),
    (
        "torch.mean(losses)",
        "losses.mean() / weights.max()",
        "you divided by the largest weight; divide by the number of pixels alone",
    ),
    (
        "torch.mean(losses)",
        "losses.mean() / weights.sum()",
        "you divided by the number of pixels, and by the sum of the weights too; divide by the number of pixels alone",
    ),
    (
        "weights * pixel_loss(logits, target)",
        "weights * pixel_loss(logits, target) ** 2",
        "the losses are squared; leave them",
    ),
    (
        "weights * pixel_loss(logits, target)",
        "-weights[:, None] * logits.log_softmax(1)",
        "that is the mean over the losses of all classes; the true class counts",
    ),
    ("torch.mean(losses)", "losses.mean((1, 2))", "that is one number per image; average over the batch, too"),
    (
        "torch.mean(losses)",
        "losses.sum((1, 2)) / weights.sum((1, 2))",
        "that is one number per image, divided by its weights; return the mean over all pixels of the batch",
    ),
    (
        "torch.mean(losses)",
        "losses.sum((1, 2))",
        "that is one sum per image; return the mean over all pixels of the batch",
    ),
    ("torch.mean(losses)", "losses", "those are the losses of all pixels; return their mean"),
    (
        "torch.mean(losses)",
        "losses.sum() / logits.shape[1]",
        "you divided by the number of classes; divide by the number of pixels",
    ),
    (
        "weights * ",
        "weights.mean() * ",
        "torch.mean(losses)",
        "losses.sum()",
        "that is the sum of the losses times the mean weight; multiply pixel by pixel, then take the mean",
    ),
    ("torch.mean(losses)", "losses.median()", "that is the median; take the mean"),
    ("weights * ", "weights**2 * ", "the weights are squared; each loss is multiplied by its weight once"),
    ("weights * ", "weights + ", "the weights were added to the losses; multiply"),
    ("weights * ", "(weights > 0) * ", "the size of the weights has no effect; multiply each loss by its weight"),
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
    (
        "torch.mean(losses)",
        "losses[weights > 0].mean()",
        "pixels of weight 0 count too; divide by the number of all pixels",
    ),
    (
        "torch.mean(losses)",
        "-torch.mean(losses)",
        "the sign is wrong: a loss is never negative",
    ),
    ("losses)", "losses).detach()", "the loss is detached: no gradient reaches the logits"),
    ("weights * ", "", "the weights are missing: multiply the loss of each pixel by its weight"),
    (
        "weights * ",
        "weights.mean() * ",
        "you multiplied the mean loss by the mean weight; multiply pixel by pixel, then take the mean",
    ),
    (
        "weights * pixel_loss(logits",
        "pixel_loss(weights[:, None] * logits",
        "you multiplied the logits by the weights; multiply the losses",
    ),
    (
        "target)",
        "target)[:, None]",
        "torch.mean(losses)",
        "losses.sum() / weights.numel()",
        "the class axis stayed, so each loss was multiplied by the weights of every image; squeeze(1) first",
    ),
    (
        "target)",
        "target)[:, None]",
        "the class axis stayed, so every loss was multiplied by the weights of every image; squeeze(1) first",
    ),
    (
        "pixel_loss(logits, target)",
        "-logits.softmax(dim=1).log().gather(1, target.unsqueeze(1)).squeeze(1)",
        "p becomes 0, and its logarithm is not finite; compute the loss of a pixel as in exercise 1",
    ),
    ("weights * ", "weights.sqrt() * ", "the root of the weights was taken; each loss is multiplied by its weight"),
    ("torch.mean(losses)", "losses.max()", "that is the largest loss; take the mean"),
    (
        "pixel_loss(logits, target)",
        "pixel_loss(logits, logits.argmax(1))",
        "those are the losses of the likeliest class; the target names the true one",
    ),
    ("weights * ", "(1 + weights) * ", "1 was added to the weights; the map holds w_c already"),
    (
        "weights * ",
        "weights / weights.amax((1, 2), keepdim=True) * ",
        "the weights were divided by the largest of their image; use them as they are",
    ),
    probe=_at_logits,
    tolerance=1e-4,
)
def weighted_loss(logits: Tensor, target: Tensor, weights: Tensor) -> Tensor:
    losses = weights * pixel_loss(logits, target)  # (N, H, W)
    return torch.mean(losses)


EXERCISES = (pixel_loss, two_distances, border_term, widest_gap, tile_map, weighted_loss)
