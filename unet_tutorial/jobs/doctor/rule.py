"""A linear rule that predicts the labels of each plane from its pixels, learned from all other planes.

A mask that belongs to another image, or is shifted, flipped or inverted, agrees less with this prediction than the mask
that should be in its place. All maps are local: their averages over about 20 pixels are subtracted, so that agreement
comes from details and not from the layout that all images of a set share.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude, gaussian_laplace

from unet_tutorial.jobs.doctor.planes import Floats

VALUES, GRADIENTS, LAPLACIANS = (0.7, 1.5, 3.0), (0.7, 1.0, 2.0), (1.0, 2.0)  # sigmas of the features in pixels
TEXTURE = 2.0
LOCAL = 8.0  # pixels; sigma of the averages that are subtracted
TRUNCATE = 2.5  # sigmas
RIDGE = 1e-3  # relative to the sum of squares of a feature


def local(maps: Floats) -> Floats:
    """(N, h, w) minus the averages around each pixel."""
    return np.asarray(maps - gaussian_filter(maps, LOCAL, axes=(-2, -1), truncate=TRUNCATE))


def features(image: Floats) -> Floats:
    """Features of each pixel that do not depend on directions: (C, h, w) -> (F, h, w).

    Per channel, at several scales: smoothed values, Laplacians, and logarithms of gradients, Laplacians and textures.
    """
    maps = []
    for channel in image:
        maps += [gaussian_filter(channel, sigma, truncate=TRUNCATE) for sigma in VALUES]
        maps += [np.log1p(gaussian_gradient_magnitude(channel, sigma, truncate=TRUNCATE)) for sigma in GRADIENTS]
        laplacians = [gaussian_laplace(channel, sigma, truncate=TRUNCATE) for sigma in LAPLACIANS]
        maps += [*laplacians, np.log1p(np.abs(laplacians[0]))]
        mean, square = (gaussian_filter(power, TEXTURE, truncate=TRUNCATE) for power in (channel, channel**2))
        maps.append(np.log1p(np.sqrt(np.maximum(square - mean**2, 0.0))))
    return local(np.stack(maps).astype(np.float32))


def wanted(targets: Floats) -> Floats:
    """The maps that are predicted: the classes, then their borders: (T, h, w) -> (2 · T, h, w)."""
    borders = gaussian_gradient_magnitude(targets, 1.0, axes=(-2, -1))
    return local(np.concatenate([targets, borders]))


def predictions(found: Sequence[Floats], goals: Sequence[Floats]) -> list[Floats]:
    """The maps (G, h, w) of each plane, predicted from its features (F, h, w) by ridge regression on all other planes.

    >>> rng = np.random.default_rng(0)
    >>> pixels = [rng.normal(size=(2, 9, 9)).astype(np.float32) for _ in range(3)]
    >>> predicted = predictions(pixels, [maps[:1] - maps[1:] for maps in pixels])
    >>> bool(np.allclose(predicted[0], pixels[0][:1] - pixels[0][1:], atol=0.01))
    True
    """
    rows = [maps.reshape(len(maps), -1) for maps in found]  # (F, h · w)
    grams = [each @ each.T / each.shape[1] for each in rows]
    products = [each @ goal.reshape(len(goal), -1).T / each.shape[1] for each, goal in zip(rows, goals, strict=True)]
    gram, product = sum(grams), sum(products)
    results = []
    for maps, own_gram, own_product in zip(found, grams, products, strict=True):
        rest = gram - own_gram
        rest = rest + np.diag(RIDGE * np.diag(rest) + 1e-9)
        weights = np.linalg.solve(rest, product - own_product)  # (F, G)
        results.append(np.tensordot(weights, maps, (0, 0)).astype(np.float32))
    return results


def edges(image: Floats) -> Floats:
    """Maps that are large or small at borders, without any rule learned from masks: (C, h, w) -> (4, h, w).

    Logarithms of the gradient at two scales and of the Laplacian, and the values, each summed over the channels.
    """
    axes = (-2, -1)
    gradients = [gaussian_gradient_magnitude(image, sigma, axes=axes, truncate=TRUNCATE) for sigma in (1.0, 2.0)]
    laplacian = np.abs(gaussian_laplace(image, 1.5, axes=axes, truncate=TRUNCATE))
    return local(np.stack([np.log1p(maps).sum(0) for maps in (*gradients, laplacian)] + [image.sum(0)]))


def agreements(first: Sequence[Floats], second: Sequence[Floats], known: Sequence[Floats]) -> Floats:
    """Correlation of each of n sets of maps with each of m others, all (G, h, w): (n, m).

    ``known`` (h, w) belongs to the second sets: only labelled pixels count. 0 where all maps of a set are constant.

    >>> maps = np.arange(8, dtype=np.float32).reshape(1, 2, 4)
    >>> agreements([maps], [maps, 3 - 2 * maps], 2 * [np.ones((2, 4))]).round(6).tolist()
    [[1.0, -1.0]]
    """
    rows = np.stack([_unit(_centred(maps, np.ones_like(known[0]))).ravel() for maps in first])
    columns = np.stack([_unit(_centred(maps, weights)).ravel() for maps, weights in zip(second, known, strict=True)])
    return np.asarray(rows @ columns.T)


def displaced_agreements(first: Floats, second: Floats, known: Floats, farthest: int) -> Floats:
    """`agreements` of two sets of maps for each displacement of ``second`` by -farthest .. farthest pixels.

    The element [farthest + y, farthest + x] of the result holds the agreement after ``second`` was moved y pixels down
    and x to the right; pixels that leave the plane return on the other side.
    """
    row, column = _unit(_centred(first, np.ones_like(known))), _unit(_centred(second, known))
    spectrum = (np.fft.rfft2(row) * np.conj(np.fft.rfft2(column))).sum(0)
    reach = np.arange(-farthest, farthest + 1)
    return np.asarray(np.fft.irfft2(spectrum, s=known.shape)[np.ix_(reach, reach)], np.float32)


def _centred(maps: Floats, known: Floats) -> Floats:
    """Maps (G, h, w) minus their means over the labelled pixels, and 0 at the others."""
    weights = known / max(float(known.sum()), 1e-6)
    return np.asarray((maps - (maps * weights).sum((-2, -1), keepdims=True)) * known, np.float32)


def _unit(maps: Floats) -> Floats:
    length = float(np.sqrt((maps**2).sum()))
    return maps / length if length > 1e-6 else np.zeros_like(maps)
