"""Answers to the exercises of lesson 06 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import functools
import math

import numpy as np
import torch
from scipy import ndimage
from scipy.ndimage import distance_transform_edt
from torch import nn
from torch.nn import functional as F

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


def logp(logits):
    s = logits - logits.amax(1, keepdim=True)
    return s - s.exp().sum(1, keepdim=True).log()


def picked(logits, target):
    return -logp(logits).gather(1, target[:, None])[:, 0]


@wrong("pixel_loss", "exp overflows above 88: subtract the largest logit of each pixel first,")
def _(logits, target):
    p = logits.exp() / logits.exp().sum(1, keepdim=True)
    return -p.gather(1, target[:, None])[:, 0].log()


@wrong("pixel_loss", "p becomes 0, and its logarithm is not finite; do not compute p: log p =")
def _(logits, target):
    p = torch.softmax(logits, 1)
    return -p.gather(1, target[:, None])[:, 0].log()


@wrong("pixel_loss", "the minus is missing: log p is never positive, and a loss never negative")
def _(logits, target):
    return logp(logits).gather(1, target[:, None])[:, 0]


@wrong("pixel_loss", "this exercise forbids log_softmax; do it without")
def _(logits, target):
    return -logits.log_softmax(1).gather(1, target[:, None])[:, 0]


@wrong("pixel_loss", "this exercise forbids cross_entropy; do it without")
def _(logits, target):
    return F.cross_entropy(logits, target, reduction="none")


@wrong("pixel_loss", "this exercise forbids logsumexp; do it without")
def _(logits, target):
    return torch.logsumexp(logits, 1) - logits.gather(1, target[:, None])[:, 0]


@wrong("pixel_loss", "the softmax runs over the images; it runs over axis 1, the channels")
def _(logits, target):
    s = logits - logits.amax(0, keepdim=True)
    lp = s - s.exp().sum(0, keepdim=True).log()
    return -lp.gather(1, target[:, None])[:, 0]


@wrong("pixel_loss", "the class axis stayed, with one entry; remove it with squeeze(1)")
def _(logits, target):
    return -logp(logits).gather(1, target[:, None])


@wrong("pixel_loss", "you averaged; each pixel keeps its own loss here: (N, H, W)")
def _(logits, target):
    return picked(logits, target).mean()


@wrong("pixel_loss", "that is 1 minus the probability; take minus its logarithm")
def _(logits, target):
    return 1 - logp(logits).exp().gather(1, target[:, None])[:, 0]


@wrong("pixel_loss", "1e-8 keeps p from 0, so the loss is capped and the worst pixels have no")
def _(logits, target):
    p = torch.softmax(logits, 1)
    return -(p.gather(1, target[:, None])[:, 0] + 1e-8).log()


@wrong("pixel_loss", "the largest logit was subtracted in the sum only; subtract it from a as")
def _(logits, target):
    m = logits.amax(1, keepdim=True)
    lse = (logits - m).exp().sum(1).log()
    return lse - logits.gather(1, target[:, None])[:, 0]


@wrong("pixel_loss", "that is the loss in bits, with the logarithm to the base 2; use log")
def _(logits, target):
    return picked(logits, target) / math.log(2)


@wrong("pixel_loss", "you added the losses of all classes; the true class counts")
def _(logits, target):
    return -logp(logits).sum(1)


@wrong("pixel_loss", "log_p[:, target] takes the class of every pixel at every pixel; use")
def _(logits, target):
    return -logp(logits)[:, target]


@wrong("pixel_loss", "amax and sum take the class axis away; write keepdim=True")
def _(logits, target):
    s = logits - logits.amax(1)
    return -(s - s.exp().sum(1).log()).gather(1, target[:, None])[:, 0]


@wrong("pixel_loss", "max along an axis returns a pair: values and indices")
def _(logits, target):
    s = logits - logits.max(1, keepdim=True)
    return -(s - s.exp().sum(1, keepdim=True).log()).gather(1, target[:, None])[:, 0]


@wrong("pixel_loss", "that is the loss of class 1; the true class counts")
def _(logits, target):
    return -logp(logits)[:, 1]


@wrong("pixel_loss", "this exercise forbids cross_entropy; do it without")
def _(logits, target):
    return nn.CrossEntropyLoss(reduction="none")(logits, target)


def stack(labels):
    ns = [n for n in np.unique(labels) if n]
    return [distance_transform_edt(labels != n) for n in ns]


def pad(ds, labels):
    while len(ds) < 2:
        ds.append(np.full(labels.shape, np.inf))
    s = np.sort(np.stack(ds), 0)
    return s[0], s[1]


@wrong("two_distances", "a cell that is not there is infinitely far: use np.inf")
def _(labels):
    s = np.sort(np.stack(stack(labels)), 0)
    return s[0], s[1]


@wrong("two_distances", "d2 goes to the second piece of the same cell; it goes to the nearest")
def _(labels):
    pieces, n = ndimage.label(labels > 0)
    return pad([distance_transform_edt(pieces != i) for i in range(1, n + 1)], labels)


@wrong("two_distances", "you went through numbers that no cell has; take the numbers that occur,")
def _(labels):
    return pad([distance_transform_edt(labels != n) for n in range(1, labels.max() + 1)], labels)


@wrong("two_distances", "the background was taken for a cell; it is number 0, and no cell")
def _(labels):
    return pad([distance_transform_edt(labels != n) for n in np.unique(labels)], labels)


@wrong("two_distances", "those are distances inside the cells; transform the mask of what is not")
def _(labels):
    return pad([distance_transform_edt(labels == n) for n in np.unique(labels) if n], labels)


@wrong("two_distances", "a cell that is not there got the distance 0, and so it is the nearest;")
def _(labels):
    ds = stack(labels)
    while len(ds) < 2:
        ds.append(np.zeros(labels.shape))
    s = np.sort(np.stack(ds), 0)
    return s[0], s[1]


@wrong("two_distances", "d1 and d2 are exchanged; d1 is the smaller one")
def _(labels):
    a, b = pad(stack(labels), labels)
    return b, a


@wrong("two_distances", "d2 goes to the farthest cell; it goes to the second nearest")
def _(labels):
    ds = stack(labels)
    if len(ds) < 2:
        return pad(ds, labels)
    s = np.stack(ds)
    return s.min(0), s.max(0)


@wrong("two_distances", "the cells come in the order of their numbers; sort their distances at")
def _(labels):
    ds = stack(labels)
    while len(ds) < 2:
        ds.append(np.full(labels.shape, np.inf))
    return ds[0], ds[1]


@wrong("two_distances", "you measured from the edge of a pixel; from centre to centre, the")
def _(labels):
    a, b = pad(stack(labels), labels)
    return np.maximum(a - 0.5, 0), np.maximum(b - 0.5, 0)


@wrong("two_distances", "inside a cell, d1 is 0, but d2 is the distance to the nearest other cell")
def _(labels):
    a, b = pad(stack(labels), labels)
    return np.where(labels == 0, a, 0), np.where(labels == 0, b, 0)


@wrong("two_distances", "you took the longer of the steps along rows and columns; measure along")
def _(labels):
    return pad([ndimage.distance_transform_cdt(labels != n).astype(float) for n in np.unique(labels) if n], labels)


@wrong("two_distances", "you added the steps along rows and columns; measure along the straight")
def _(labels):
    return pad(
        [ndimage.distance_transform_cdt(labels != n, "taxicab").astype(float) for n in np.unique(labels) if n], labels
    )


@wrong("two_distances", "one transform of labels == 0 gives the nearest cell only; d2 needs one")
def _(labels):
    d = distance_transform_edt(labels == 0)
    return d, d


@wrong("two_distances", "d1: expected floats (dtype float64), got whole numbers (dtype int64)")
def _(labels):
    a, b = pad(stack(labels), labels)
    return np.stack([a, b]).astype(int)


@wrong("two_distances", "with one cell, d2 is d1 in your result; a cell that is not there is")
def _(labels):
    ds = stack(labels)
    if len(ds) == 1:
        ds = ds * 2
    return pad(ds, labels)


@wrong("two_distances", "np.sort sorts along the last axis, the columns; sort along axis 0, the")
def _(labels):
    ds = stack(labels)
    while len(ds) < 2:
        ds.append(np.full(labels.shape, np.inf))
    s = np.sort(np.stack(ds))
    return s[0], s[1]


@wrong("border_term", "the squares were added; take the square of the sum, (d1 + d2)²")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp(-(d1**2 + d2**2) / (2 * sigma**2)), 0)


@wrong("border_term", "the factor 2 in 2σ² is missing")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp(-((d1 + d2) ** 2) / sigma**2), 0)


@wrong("border_term", "/ 2 * sigma**2 divides by 2 and multiplies by sigma²; put brackets")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp(-((d1 + d2) ** 2) / 2 * sigma**2), 0)


@wrong("border_term", "sigma is not squared")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma)), 0)


@wrong("border_term", "the cells have a term too; it is 0 inside them")
def _(labels, d1, d2, w0, sigma):
    return w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))


@wrong("border_term", "the term is in the cells; it belongs to the background, where labels ==")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels > 0, w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2)), 0)


@wrong("border_term", "d1 stands in both places, so every cell gets a border; the second one")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp(-((d1 + d1) ** 2) / (2 * sigma**2)), 0)


@wrong("border_term", "w0 is missing: multiply the exponential by it")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, np.exp(-((d1 + d2) ** 2) / (2 * sigma**2)), 0)


@wrong("border_term", "the minus in the exponent is missing, or it is squared too; write -((d1")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp((d1 + d2) ** 2 / (2 * sigma**2)), 0)


@wrong("border_term", "the sum is not squared")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp(-(d1 + d2) / (2 * sigma**2)), 0)


@wrong("border_term", "1 - labels is negative in cell 2, 3, …; use labels == 0")
def _(labels, d1, d2, w0, sigma):
    return (1 - labels) * w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))


@wrong("border_term", "w0 = 10 and sigma = 5 are the paper's values; use the arguments")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, 10 * np.exp(-((d1 + d2) ** 2) / (2 * 5**2)), 0)


@wrong("border_term", "/ 2 * sigma divides by 2 and multiplies by sigma; the exponent is -(d1")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp(-(((d1 + d2) / 2 * sigma) ** 2)), 0)


@wrong("border_term", "it changes its argument d2; work on a copy: d2.copy()")
def _(labels, d1, d2, w0, sigma):
    d2 += d1
    return np.where(labels == 0, w0 * np.exp(-(d2**2) / (2 * sigma**2)), 0)


@wrong("border_term", "leave out the 1: the weight of the class is not part of the border term")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, 1 + w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2)), 0)


@wrong("border_term", "you took the difference of the distances; take their sum")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp(-((d2 - d1) ** 2) / (2 * sigma**2)), 0)


def widest(weight, w0, sigma):
    if weight > w0:
        return 0
    return max(int(sigma * math.sqrt(2 * math.log(w0 / weight)) + 1e-9) - 1, 0)


@wrong("widest_gap", "one pixel too wide: the width is d1 + d2 - 1, rounded down")
def _(weight, w0, sigma):
    if weight > w0:
        return 0
    return int(sigma * math.sqrt(2 * math.log(w0 / weight)))


@wrong("widest_gap", "d1 + d2 is the width plus 1, so the width is the sum minus 1; you added")
def _(weight, w0, sigma):
    n = 0
    while w0 * math.exp(-((n + 1) ** 2) / (2 * sigma**2)) >= weight:
        n += 1
    return n + 1


@wrong("widest_gap", "the factor 2 in 2σ² is missing")
def _(weight, w0, sigma):
    n = 0
    while w0 * math.exp(-((n + 2) ** 2) / sigma**2) >= weight:
        n += 1
    return n


@wrong("widest_gap", "that is the first gap that does not get the weight")
def _(weight, w0, sigma):
    n = 1
    while w0 * math.exp(-((n + 1) ** 2) / (2 * sigma**2)) >= weight:
        n += 1
    return n


@wrong("widest_gap", "log(w0 / weight) is negative where no gap gets the weight; return 0")
def _(weight, w0, sigma):
    return int(sigma * math.sqrt(2 * math.log(w0 / weight)) - 1)


@wrong("widest_gap", "a gap has a whole number of pixels: round down")
def _(weight, w0, sigma):
    if weight > w0:
        return 0.0
    return max(sigma * math.sqrt(2 * math.log(w0 / weight)) - 1, 0.0)


@wrong("widest_gap", "rounded to the nearest number, some gaps are too wide; round down")
def _(weight, w0, sigma):
    if weight > w0:
        return 0
    return max(round(sigma * math.sqrt(2 * math.log(w0 / weight)) - 1), 0)


@wrong("widest_gap", "one pixel too wide: the width is d1 + d2 - 1, rounded down")
def _(weight, w0, sigma):
    if weight > w0:
        return 0
    return max(math.ceil(sigma * math.sqrt(2 * math.log(w0 / weight)) - 1), 0)


@wrong("widest_gap", "your search ends at 19 pixels; go on until the term is smaller than the")
def _(weight, w0, sigma):
    return max([n for n in range(1, 20) if w0 * math.exp(-((n + 1) ** 2) / (2 * sigma**2)) >= weight], default=0)


@wrong("widest_gap", "the width is -1 where d1 + d2 is smaller than 1 pixel; return 0 there")
def _(weight, w0, sigma):
    if weight > w0:
        return 0
    return math.floor(sigma * math.sqrt(2 * math.log(w0 / weight)) - 1)


@wrong("widest_gap", "d1 + d2 is the width plus 1, and not twice the width")
def _(weight, w0, sigma):
    n = 0
    while w0 * math.exp(-((2 * (n + 1)) ** 2) / (2 * sigma**2)) >= weight:
        n += 1
    return n


@wrong("widest_gap", "the inverse of exp is the natural logarithm, math.log, and not log10")
def _(weight, w0, sigma):
    if weight > w0:
        return 0
    return max(int(sigma * math.sqrt(2 * math.log10(w0 / weight))) - 1, 0)


def crop2(a, height, width):
    t, l = (a.shape[0] - height) // 2, (a.shape[1] - width) // 2
    return a[t : t + height, l : l + width]


def balance(labels):
    c = np.bincount((labels > 0).ravel().astype(int), minlength=2)
    return np.where(c > 0, labels.size / (2 * np.maximum(c, 1)), 0)[(labels > 0).astype(int)]


@wrong("tile_map", "the crop came first, and it has another share of cells; compute w_c for")
def _(labels, term, height, width):
    l, t = crop2(labels, height, width), crop2(term, height, width)
    return balance(l) + t


@wrong("tile_map", "the map is not cropped; return its middle, height × width pixels")
def _(labels, term, height, width):
    return balance(labels) + term


@wrong("tile_map", "you cropped the corner; crop the middle")
def _(labels, term, height, width):
    return (balance(labels) + term)[:height, :width]


@wrong("tile_map", "K is missing: two classes share the pixels, so N is divided by 2·n")
def _(labels, term, height, width):
    return crop2(2 * balance(labels) + term, height, width)


@wrong("tile_map", "w_c is missing; it is added to the border term")
def _(labels, term, height, width):
    return crop2(term, height, width).copy()


@wrong("tile_map", "the border term is missing; it is added to w_c")
def _(labels, term, height, width):
    return crop2(balance(labels), height, width)


@wrong("tile_map", "each number is a class in your formula; there are two classes,")
def _(labels, term, height, width):
    c = np.bincount(labels.ravel().astype(int))
    w = np.where(c > 0, labels.size / (len(c) * np.maximum(c, 1)), 0)
    return crop2(w[labels] + term, height, width)


@wrong("tile_map", "the two classes are exchanged: n counts the pixels of the own class.")
def _(labels, term, height, width):
    f = (labels > 0).mean()
    return crop2(np.where(labels > 0, 1 / (2 * (1 - f)), 1 / (2 * max(f, 1e-9))) + term, height, width)


@wrong("tile_map", "you multiplied w_c and the border term; equation 2 adds them")
def _(labels, term, height, width):
    m = labels > 0
    w = np.where(m, m.size / (2 * m.sum()), m.size / (2 * (~m).sum()))
    return crop2(w * term, height, width)


@wrong("tile_map", "you multiplied w_c and the border term; equation 2 adds them")
def _(labels, term, height, width):
    return crop2(balance(labels) * term, height, width)


@wrong("tile_map", "the crop lies one pixel off where the difference is odd; the smaller")
def _(labels, term, height, width):
    t, l = (labels.shape[0] - height + 1) // 2, (labels.shape[1] - width + 1) // 2
    return (balance(labels) + term)[t : t + height, l : l + width]


@wrong("tile_map", "the frequent class got the large weight; divide by n: N / (K·n)")
def _(labels, term, height, width):
    f = (labels > 0).mean()
    return crop2(np.where(labels > 0, f, 1 - f) + term, height, width)


@wrong("tile_map", "height and width are exchanged; the height belongs to the rows")
def _(labels, term, height, width):
    return crop2(balance(labels) + term, width, height)


@wrong("tile_map", "top:-top leaves one row too many of an odd difference; the end is top +")
def _(labels, term, height, width):
    t, l = (labels.shape[0] - height) // 2, (labels.shape[1] - width) // 2
    return (balance(labels) + term)[t:-t, l:-l]


@wrong("tile_map", "it changes its argument term; work on a copy: term.copy()")
def _(labels, term, height, width):
    term += balance(labels)
    return crop2(term, height, width)


@wrong("weighted_loss", "you divided by the sum of the weights; divide by the number of pixels")
def _(logits, target, weights):
    return (weights * picked(logits, target)).sum() / weights.sum()


@wrong("weighted_loss", "that is the sum; divide it by the number of pixels")
def _(logits, target, weights):
    return (weights * picked(logits, target)).sum()


@wrong("weighted_loss", "the weights are missing: multiply the loss of each pixel by its weight")
def _(logits, target, weights):
    return picked(logits, target).mean()


@wrong("weighted_loss", "you divided each image by the sum of its weights; divide by the number")
def _(logits, target, weights):
    l = picked(logits, target)
    return ((weights * l).sum((1, 2)) / weights.sum((1, 2))).mean()


@wrong("weighted_loss", "pixels of weight 0 count too; divide by the number of all pixels")
def _(logits, target, weights):
    return (weights * picked(logits, target)).sum() / (weights > 0).sum()


@wrong("weighted_loss", "the sign is wrong: a loss is never negative")
def _(logits, target, weights):
    return -(weights * picked(logits, target)).sum() / weights.numel()


@wrong("weighted_loss", "expected a tensor as output, got a float")
def _(logits, target, weights):
    return ((weights * picked(logits, target)).sum() / weights.numel()).item()


@wrong("weighted_loss", "the loss is detached: no gradient reaches the logits")
def _(logits, target, weights):
    return torch.tensor(((weights * picked(logits, target)).sum() / weights.numel()).item())


@wrong("weighted_loss", "p becomes 0, and its logarithm is not finite; compute the loss of a")
def _(logits, target, weights):
    l = -torch.log(torch.softmax(logits, 1)).gather(1, target[:, None])[:, 0]
    return (weights * l).sum() / weights.numel()


@wrong("weighted_loss", "the class axis stayed, so each loss was multiplied by the weights of")
def _(logits, target, weights):
    l = -logp(logits).gather(1, target[:, None])
    return (weights * l).sum() / weights.numel()


@wrong("weighted_loss", "that is one number per image, divided by its weights; return the mean")
def _(logits, target, weights):
    return (weights * picked(logits, target)).sum((1, 2)) / weights.sum((1, 2))


@wrong("weighted_loss", "you summed over each image and averaged over the batch; divide by all")
def _(logits, target, weights):
    return (weights * picked(logits, target)).sum() / len(logits)


@wrong("weighted_loss", "you divided by the mean weight; divide by the number of pixels")
def _(logits, target, weights):
    return (weights * picked(logits, target)).sum() / weights.mean()


@wrong("weighted_loss", "you multiplied the logits by the weights; multiply the losses")
def _(logits, target, weights):
    return picked(logits * weights[:, None], target).mean()


@right("pixel_loss")
def _(logits, target):
    out = 0
    own = torch.stack([logits[n].gather(0, target[n][None])[0] for n in range(len(logits))])
    for k in range(logits.shape[1]):
        out = out + torch.exp(logits[:, k] - logits.amax(1))
    return out.log() + logits.amax(1) - own


@right("pixel_loss")
def _(logits, target):
    m, _ = logits.max(dim=1, keepdim=True)
    z = logits - m.detach()
    hot = F.one_hot(target, logits.shape[1]).movedim(-1, 1)
    return torch.einsum("nkhw,nkhw->nhw", hot.to(z.dtype), z.exp().sum(1, keepdim=True).log() - z)


@right("pixel_loss")
def _(logits, target):
    x = logits.double()
    lse = functools.reduce(torch.logaddexp, x.unbind(1))
    return lse - x.gather(1, target.unsqueeze(1)).squeeze(1)


@right("two_distances")
def _(labels):
    d = np.full((2 + len(np.unique(labels)), *labels.shape), np.inf)
    for i, n in enumerate(set(labels.ravel().tolist()) - {0}):
        ys, xs = np.nonzero(labels == n)
        Y, X = np.indices(labels.shape)
        d[i] = np.sqrt((Y[..., None] - ys) ** 2 + (X[..., None] - xs) ** 2).min(-1)
    p = np.partition(d, 1, axis=0)
    return [p[0], p[1]]


@right("two_distances")
def _(labels):
    d1 = np.full(labels.shape, np.inf)
    d2 = d1.copy()
    for n in np.unique(labels):
        if n == 0:
            continue
        d = distance_transform_edt(labels != n)
        d2 = np.minimum(d2, np.maximum(d1, d))
        d1 = np.minimum(d1, d)
    return np.array([d1, d2])


@right("border_term")
def _(labels, d1, d2, w0, sigma):
    out = np.zeros(labels.shape)
    b = labels == 0
    out[b] = w0 * np.exp(-0.5 * np.square((d1[b] + d2[b]) / sigma))
    return out


@right("border_term")
def _(labels, d1, d2, w0, sigma):
    t = torch.exp(-(torch.from_numpy(d1 + d2) ** 2) / 2 / sigma / sigma) * w0
    return t.numpy() * (labels == 0)


right("widest_gap")(widest)


@right("widest_gap")
def _(weight, w0, sigma):
    def at_least(n):
        return n if w0 * np.exp(-((n + 2) ** 2) / 2 / sigma**2) < weight else at_least(n + 1)

    return at_least(0)


@right("tile_map")
def _(labels, term, height, width):
    cells = np.count_nonzero(labels)
    back = labels.size - cells
    out = np.empty((height, width))
    for i in range(height):
        for j in range(width):
            y, x = i + (labels.shape[0] - height) // 2, j + (labels.shape[1] - width) // 2
            out[i, j] = term[y, x] + labels.size / 2 / (cells if labels[y, x] else back)
    return out


@right("weighted_loss")
def _(logits, target, weights):
    l = picked(logits.double(), target)
    return torch.tensordot(l, weights.double(), 3) / weights.numel()


@right("weighted_loss")
def _(logits, target, weights):
    return F.cross_entropy(logits, target, reduction="none").mul(weights / weights.numel()).sum()


@right("weighted_loss")
def _(logits, target, weights):
    keep = weights > 0
    l = picked(logits, target)[keep]
    return (l @ weights[keep]) / weights.numel()


@wrong("pixel_loss", "this exercise forbids log_softmax; do it without")
def _(logits, target):
    return -torch.special.log_softmax(logits, 1).gather(1, target[:, None])[:, 0]


@wrong("pixel_loss", "this exercise forbids log_softmax; do it without")
def _(logits, target):
    return F.nll_loss(nn.LogSoftmax(1)(logits), target, reduction="none")


@wrong("pixel_loss", "the logits are clamped to ±80, which changes the loss; subtract the")
def _(logits, target):
    z = logits.clamp(-80, 80)
    return z.exp().sum(1).log() - z.gather(1, target[:, None])[:, 0]


@wrong("pixel_loss", "the loss is detached: no gradient reaches the logits")
def _(logits, target):
    l = logits.detach().numpy()
    t = target.numpy()
    z = l - l.max(1, keepdims=True)
    lp = z - np.log(np.exp(z).sum(1, keepdims=True))
    return torch.from_numpy(-np.take_along_axis(lp, t[:, None], 1)[:, 0])


@wrong("pixel_loss", "gather needs an index with as many axes as the tensor:")
def _(logits, target):
    return -logp(logits).gather(1, target)


@wrong("pixel_loss", "nan_to_num hides an overflow; avoid it: subtract the largest logit of")
def _(logits, target):
    p = logits.exp() / logits.exp().sum(1, keepdim=True)
    return torch.nan_to_num(-p.gather(1, target[:, None])[:, 0].log())


@wrong("pixel_loss", "one_hot puts the classes on the last axis; move them to axis 1:")
def _(logits, target):
    hot = F.one_hot(target, logits.shape[1])
    return -(logp(logits) * hot).sum(1)


@wrong("pixel_loss", "exp overflows above 88: subtract the largest logit of each pixel first,")
def _(logits, target):
    x = logits.double()
    p = x.exp() / x.exp().sum(1, keepdim=True)
    return -p.gather(1, target[:, None])[:, 0].log()


@wrong("pixel_loss", "the logarithm of the sum is missing: log p = a - log-sum-exp")
def _(logits, target):
    return logits.amax(1) - logits.gather(1, target[:, None])[:, 0]


@wrong("two_distances", "the distances are negative inside a cell; there d1 is 0")
def _(labels):
    ds = [distance_transform_edt(labels != n) - distance_transform_edt(labels == n) for n in np.unique(labels) if n]
    while len(ds) < 2:
        ds.append(np.full(labels.shape, np.inf))
    s = np.sort(ds, 0)
    return s[0], s[1]


@wrong("two_distances", "expected two arrays: return d1, d2")
def _(labels):
    return np.sort(
        [distance_transform_edt(labels != n) for n in np.unique(labels) if n] + [np.full(labels.shape, np.inf)] * 2,
        axis=0,
    )


@wrong("two_distances", "expected two arrays: return d1, d2")
def _(labels):
    ds = [distance_transform_edt(labels != n) for n in np.unique(labels) if n] + [np.full(labels.shape, np.inf)] * 2
    s = np.sort(ds, 0)
    return s[0] + s[1]


@wrong("two_distances", "d2: 48 of 48 values are wrong, the first at (0, 0): expected inf, got")
def _(labels):
    ds = [distance_transform_edt(labels != n) for n in np.unique(labels) if n] + [np.full(labels.shape, 1e6)] * 2
    s = np.sort(ds, 0)
    return s[0], s[1]


@wrong("two_distances", "the distances are sorted from the largest on; d1 and d2 are the two")
def _(labels):
    ds = [distance_transform_edt(labels != n) for n in np.unique(labels) if n] + [np.full(labels.shape, np.inf)] * 2
    s = np.sort(ds, 0)[::-1]
    return s[0], s[1]


@wrong("two_distances", "d1: expected a numpy array, got a torch tensor of shape (10, 15);")
def _(labels):
    ds = [distance_transform_edt(labels != n) for n in np.unique(labels) if n] + [np.full(labels.shape, np.inf)] * 2
    s = np.sort(ds, 0)
    return torch.from_numpy(s[0]), torch.from_numpy(s[1])


@wrong("two_distances", "whole maps were sorted; the nearest cell differs from pixel to pixel:")
def _(labels):
    ds = (
        sorted([distance_transform_edt(labels != n) for n in np.unique(labels) if n], key=lambda d: d.mean())
        + [np.full(labels.shape, np.inf)] * 2
    )
    return ds[0], ds[1]


@wrong("two_distances", "where two cells are equally near, d2 is equal to d1; take the second")
def _(labels):
    ds = np.array(
        [distance_transform_edt(labels != n) for n in np.unique(labels) if n] + [np.full(labels.shape, np.inf)] * 2
    )
    d1 = ds.min(0)
    d2 = np.where(ds == d1, np.inf, ds).min(0)
    return d1, d2


@wrong("border_term", "inside the cells the term is NaN; it has to be 0")
def _(labels, d1, d2, w0, sigma):
    t = w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))
    t[labels > 0] = np.nan
    return t


@wrong("border_term", "torch.exp takes a tensor")
def _(labels, d1, d2, w0, sigma):
    return w0 * torch.exp(-((d1 + d2) ** 2) / (2 * sigma**2)) * (labels == 0)


@wrong("border_term", "use np.exp for an array, torch.exp for a tensor")
def _(labels, d1, d2, w0, sigma):
    return w0 * math.exp(-((d1 + d2) ** 2) / (2 * sigma**2))


@wrong("border_term", "you added one exponential of d1 and one of d2; there is one")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp(-(d1**2) / (2 * sigma**2)) + w0 * np.exp(-(d2**2) / (2 * sigma**2)), 0)


@wrong("border_term", "/ 2 * sigma divides by 2 and multiplies by sigma; put brackets round 2σ²")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp(-((d1 + d2) ** 2) / 2 * sigma), 0)


@wrong("border_term", "the term is not raised to 1; return it as it is")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, np.maximum(1, w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))), 0)


@wrong("border_term", "expected a numpy array, got 0.0")
def _(labels, d1, d2, w0, sigma):
    if np.isinf(d2).any():
        return 0.0
    return np.where(labels == 0, w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2)), 0)


@wrong("widest_gap", "one pixel too wide: the width is d1 + d2 - 1, rounded down")
def _(weight, w0, sigma):
    for n in range(1000):
        if w0 * math.exp(-((n + 1) ** 2) / (2 * sigma**2)) < weight:
            return n


@wrong("widest_gap", "your search ends at the first gap that gets the weight; go on to the")
def _(weight, w0, sigma):
    for n in range(1, 1000):
        if w0 * math.exp(-((n + 1) ** 2) / (2 * sigma**2)) >= weight:
            return n
    return 0


@wrong("widest_gap", "rounded to the nearest number, some gaps are too wide; round down")
def _(weight, w0, sigma):
    if weight >= w0:
        return 0
    return int(sigma * math.sqrt(-2 * math.log(weight / w0)) - 0.5)


@wrong("widest_gap", "there is a square too many")
def _(weight, w0, sigma):
    if weight >= w0:
        return 0
    return max(int(sigma**2 * math.sqrt(2 * math.log(w0 / weight)) - 1), 0)


@wrong("widest_gap", "there is a square too many")
def _(weight, w0, sigma):
    if weight >= w0:
        return 0
    return max(int(2 * sigma**2 * math.log(w0 / weight)) - 1, 0)


@wrong("widest_gap", "expected 0, got None")
def _(weight, w0, sigma):
    best = None
    for n in range(1, 1000):
        if w0 * math.exp(-((n + 1) ** 2) / (2 * sigma**2)) >= weight:
            best = n
    return best


@wrong("tile_map", "the background has no class weight in your result; it is a class too")
def _(labels, term, height, width):
    n = (labels > 0).sum()
    w = np.where(labels > 0, labels.size / (2 * max(n, 1)), 0)
    return crop2(w + term, height, width)


@wrong("tile_map", "the sides of the image are exchanged; shape[0] is its height")
def _(labels, term, height, width):
    W, H = labels.shape
    f = (labels > 0).mean()
    w = np.where(labels > 0, 0.5 / max(f, 1e-9), 0.5 / (1 - f)) + term
    t, l = (H - height) // 2, (W - width) // 2
    return w[t : t + height, l : l + width]


@wrong("tile_map", "// rounds down to a whole number; use /")
def _(labels, term, height, width):
    n = (labels > 0).sum()
    b = (labels == 0).sum()
    w = np.where(labels > 0, labels.size // (2 * max(n, 1)), labels.size // (2 * b))
    return crop2(w + term, height, width)


@wrong("tile_map", "len(labels) is the number of rows; N is the number of pixels,")
def _(labels, term, height, width):
    n = (labels > 0).sum()
    b = (labels == 0).sum()
    w = np.where(labels > 0, len(labels) / (2 * max(n, 1)), len(labels) / (2 * b))
    return crop2(w + term, height, width)


@wrong("tile_map", "labels.sum() adds the numbers of the cells; count the pixels: (labels >")
def _(labels, term, height, width):
    n = labels.sum()
    b = (labels == 0).sum()
    w = np.where(labels > 0, labels.size / (2 * max(n, 1)), labels.size / (2 * b))
    return crop2(w + term, height, width)


@wrong("tile_map", "the divisor is 0 in this call: treat this case first")
def _(labels, term, height, width):
    n = int((labels > 0).sum())
    b = int((labels == 0).sum())
    w = np.where(labels > 0, labels.size / (2 * n), labels.size / (2 * b))
    return crop2(w + term, height, width)


@wrong("weighted_loss", "you divided by the number of pixels, and by the sum of the weights too;")
def _(logits, target, weights):
    return (weights / weights.sum() * picked(logits, target)).mean()


@wrong("weighted_loss", "you divided by the pixels of one image; divide by those of the batch")
def _(logits, target, weights):
    return (weights * picked(logits, target)).sum() / (weights.shape[1] * weights.shape[2])


@wrong("weighted_loss", "expected a tensor as output, got a float32")
def _(logits, target, weights):
    return np.mean((weights * picked(logits, target)).detach().numpy())


@wrong("weighted_loss", "the losses are squared; leave them")
def _(logits, target, weights):
    return (weights * picked(logits, target) ** 2).mean()


@wrong("weighted_loss", "multiply by a map of weights instead")
def _(logits, target, weights):
    return F.cross_entropy(logits, target, weight=weights)


@wrong("weighted_loss", "you multiplied the mean loss by the mean weight; multiply pixel by")
def _(logits, target, weights):
    return (F.cross_entropy(logits, target) * weights).mean()


@wrong("weighted_loss", "that is the mean over the losses of all classes; the true class counts")
def _(logits, target, weights):
    return -(logp(logits) * weights[:, None]).mean()


@right("pixel_loss")
class A:
    def __call__(self, logits, target):
        d = logits - logits.gather(1, target[:, None])  # differences to the true class
        m = d.detach().amax(1)
        return (d - m[:, None]).exp().sum(1).log() + m


ANSWERS.right_ones[-1] = ("pixel_loss", A())


@right("two_distances")
def _(labels):
    inf = np.full(labels.shape, np.inf)
    f = lambda n: distance_transform_edt(np.logical_not(np.equal(labels, n)))
    return tuple(np.sort(np.stack([inf, inf, *map(f, np.setdiff1d(labels, [0]))]), 0)[i] for i in (0, 1))


@right("widest_gap")
def _(weight, w0, sigma):
    widths = np.arange(100000)
    return (w0 * np.exp(-((widths + 2.0) ** 2) / 2 / sigma**2) >= weight).sum()


@right("tile_map")
def _(labels, term, height, width):
    m = (labels != 0).astype(int)
    n = np.bincount(m.ravel(), minlength=2)
    with np.errstate(divide="ignore"):
        w = (labels.size / 2 / n)[m] + term
    dy, dx = labels.shape[0] - height, labels.shape[1] - width
    return w[dy // 2 : labels.shape[0] - (dy - dy // 2), dx // 2 : labels.shape[1] - (dx - dx // 2)]


@wrong("pixel_loss", "you subtracted the largest logit of the whole batch; each pixel has its")
def _(logits, target):
    z = logits - logits.max()
    return -(z - z.exp().sum(1, keepdim=True).log()).gather(1, target[:, None])[:, 0]


@wrong("pixel_loss", "the target holds numbers of classes, and no weights; take log p of this")
def _(logits, target):
    return -(logp(logits) * target[:, None]).sum(1)


@wrong("pixel_loss", "binary_cross_entropy takes a sigmoid of each logit alone; the softmax")
def _(logits, target):
    return F.binary_cross_entropy_with_logits(
        logits, F.one_hot(target, logits.shape[1]).movedim(-1, 1).float(), reduction="none"
    ).sum(1)


@wrong("two_distances", "distance_transform_edt(labels > 0) measures inside the cells; measure")
def _(labels):
    d = distance_transform_edt(labels > 0)
    return d, d


@wrong("two_distances", "d2 goes to the farthest cell; it goes to the second nearest")
def _(labels):
    ds = [distance_transform_edt(labels != n) for n in np.unique(labels) if n] + [np.full(labels.shape, np.inf)] * 3
    s = np.sort(ds, 0)
    return s[0], s[2]


@wrong("two_distances", "argsort returns the numbers of the cells in the stack; sort returns")
def _(labels):
    ds = [distance_transform_edt(labels != n) for n in np.unique(labels) if n] + [np.full(labels.shape, np.inf)] * 2
    s = np.argsort(ds, 0).astype(float)
    return s[0], s[1]


@wrong("border_term", "the sum is doubled; square it")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp(-(d1 + d2) * 2 / (2 * sigma**2)), 0)


@wrong("border_term", "the squares and the 2 are missing: the exponent is -(d1 + d2)² / (2σ²)")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp(-(d1 + d2) / sigma), 0)


@wrong("border_term", "inside the cells the term is 0, and not w0")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2)), w0)


@wrong("widest_gap", "the call of sqrt is missing")
def _(weight, w0, sigma):
    if weight > w0:
        return 0
    return max(0, int(sigma * 2 * math.log(w0 / weight)) - 1)


@wrong("widest_gap", "d1 + d2 is the width plus 1, and not twice the width")
def _(weight, w0, sigma):
    if weight > w0:
        return 0
    return max(0, int(sigma * math.sqrt(2 * math.log(w0 / weight)) / 2))


@wrong("weighted_loss", "you divided by the number of classes; divide by the number of pixels")
def _(logits, target, weights):
    return (weights * picked(logits, target)).sum() / logits.shape[1]


@wrong("weighted_loss", "that is the sum of the losses times the mean weight; multiply pixel by")
def _(logits, target, weights):
    return picked(logits, target).sum() * weights.mean()


@wrong("pixel_loss", "is 0 far below 0: subtract the largest logit of each pixel first")
def _(logits, target):
    a = logits.gather(1, target[:, None])[:, 0]
    return logits.exp().sum(1).log() - a


def distances(labels):
    d = [distance_transform_edt(labels != i) for i in np.unique(labels) if i] + [np.full(labels.shape, np.inf)] * 2
    return np.sort(d, axis=0)[:2]


@wrong("two_distances", "d1 is float32; the text asks for float64")
def _(labels):
    d = distances(labels).astype(np.float32)
    return d[0], d[1]


@wrong("border_term", "the result is float32; the text asks for float64")
def _(labels, d1, d2, w0, sigma):
    term = w0 * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2))
    return np.where(labels == 0, term, 0).astype("float32")


@wrong("widest_gap", "one pixel too wide: the width is d1 + d2 - 1, rounded down")
def _(weight, w0, sigma):
    s = sigma * math.sqrt(2 * math.log(w0 / weight)) if weight < w0 else 0
    return max(0, math.ceil(s - 1))


@wrong("widest_gap", "that is the first gap that does not get the weight")
def _(weight, w0, sigma):
    g = 1
    while w0 * math.exp(-((g + 1) ** 2) / (2 * sigma**2)) >= weight:
        g += 1
    return g


def middle(m, height, width):
    t, l = (m.shape[0] - height) // 2, (m.shape[1] - width) // 2
    return m[t : t + height, l : l + width]


@wrong("tile_map", "labels == 1 is the cell with the number 1; all pixels above 0 belong to cells")
def _(labels, term, height, width):
    cell = labels == 1
    w = [labels.size / (2 * k.sum()) if k.any() else 0 for k in (~cell, cell)]
    return middle(np.where(cell, w[1], w[0]) + term, height, width)


@wrong("tile_map", "N and K are missing: a pixel has the weight N / (K·n), and not 1/n")
def _(labels, term, height, width):
    cell = labels > 0
    w = [1 / k.sum() if k.any() else 0 for k in (~cell, cell)]
    return middle(np.where(cell, w[1], w[0]) + term, height, width)


@wrong("tile_map", "the result is float32; the text asks for float64")
def _(labels, term, height, width):
    cell = labels > 0
    w = [labels.size / (2 * k.sum()) if k.any() else 0 for k in (~cell, cell)]
    return middle(np.where(cell, w[1], w[0]) + term, height, width).astype(np.float32)


@wrong("pixel_loss", "every value is 0.3333 times the right one")
def _(logits, target):
    return picked(logits, target) / logits.shape[1]


@wrong("pixel_loss", "exp overflows above 88, and is 0 far below 0: subtract the largest logit of")
def _(logits, target):
    z = logits.double()
    return (z.exp().sum(1).log() - z.gather(1, target[:, None])[:, 0]).float()


@wrong("pixel_loss", "those are squared errors of the probabilities; take minus the logarithm of")
def _(logits, target):
    p = logits.softmax(1)
    t = F.one_hot(target, logits.shape[1]).movedim(-1, 1)
    return ((p - t) ** 2).sum(1)


@wrong("two_distances", "d2 goes to the farthest cell; it goes to the second nearest")
def _(labels):
    d = [distance_transform_edt(labels != i) for i in np.unique(labels) if i] + [np.full(labels.shape, np.inf)] * 3
    s = np.sort(d, 0)
    return s[0], s[2]


@wrong("border_term", "you multiplied the distances; add them")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 * np.exp(-((d1 * d2) ** 2) / (2 * sigma**2)), 0)


@wrong("border_term", "that is the density of a Gaussian; leave its factor 1 / (σ√(2π)) out")
def _(labels, d1, d2, w0, sigma):
    return np.where(labels == 0, w0 / (sigma * math.sqrt(2 * math.pi)) * np.exp(-((d1 + d2) ** 2) / (2 * sigma**2)), 0)


@wrong("widest_gap", "your results fit this mistake: there is a factor of 1/2 too much")
def _(weight, w0, sigma):
    return max(0, math.floor(sigma * math.sqrt(2 * math.log(w0 / weight)) / 2) - 1) if weight < w0 else 0


@wrong("widest_gap", "one pixel too wide: the width is d1 + d2 - 1, rounded down")
def _(weight, w0, sigma):
    g = 0
    while w0 * math.exp(-((g + 1) ** 2) / (2 * sigma**2)) >= weight:
        g += 1
    return g


@wrong("widest_gap", "one pixel too narrow: d1 + d2 is the width plus 1")
def _(weight, w0, sigma):
    g = 0
    while w0 * math.exp(-((g + 3) ** 2) / (2 * sigma**2)) >= weight:
        g += 1
    return g


@wrong("tile_map", "the weights were divided by their mean; leave them as equation 2 gives them")
def _(labels, term, height, width):
    c = labels > 0
    w = [labels.size / (2 * k.sum()) if k.any() else 0 for k in (~c, c)]
    m = np.where(c, w[1], w[0]) + term
    return middle(m / m.mean(), height, width)


@wrong("tile_map", "the background has no class weight in your result; it is a class too")
def _(labels, term, height, width):
    c = labels > 0
    w = [labels.size / (2 * k.sum()) if k.any() else 0 for k in (~c, c)]
    return middle(np.maximum(np.where(c, w[1], w[0]), term), height, width)


@wrong("tile_map", "w_c is missing; it is added to the border term. There is a second mistake:")
def _(labels, term, height, width):
    return middle(1 + term, height, width)


@wrong("tile_map", "the root of the class weight was taken; it is N / (K·n)")
def _(labels, term, height, width):
    c = labels > 0
    w = [math.sqrt(labels.size / (2 * k.sum())) if k.any() else 0 for k in (~c, c)]
    return middle(np.where(c, w[1], w[0]) + term, height, width)


@wrong("tile_map", "K is 3 in your result; there are two classes, background and cell")
def _(labels, term, height, width):
    c = labels > 0
    w = [labels.size / (3 * k.sum()) if k.any() else 0 for k in (~c, c)]
    return middle(np.where(c, w[1], w[0]) + term, height, width)


@wrong("weighted_loss", "the root of the weights was taken; each loss is multiplied by its weight")
def _(logits, target, weights):
    return (weights.sqrt() * picked(logits, target)).mean()


@wrong("weighted_loss", "that is the largest loss; take the mean")
def _(logits, target, weights):
    return (weights * picked(logits, target)).max()


@wrong("weighted_loss", "those are the losses of the likeliest class; the target names the true one")
def _(logits, target, weights):
    return (weights * picked(logits, logits.argmax(1))).mean()


@wrong("weighted_loss", "1 was added to the weights; the map holds w_c already")
def _(logits, target, weights):
    return ((1 + weights) * picked(logits, target)).mean()


@wrong("weighted_loss", "the weights were divided by the largest of their image; use them as they are")
def _(logits, target, weights):
    return (weights / weights.amax((1, 2), keepdim=True) * picked(logits, target)).mean()
