"""Masks whose foreground is not that of the other masks: inverted, empty although the image shows cells, or unfinished.

A linear rule, learned from all other planes, predicts the foreground of each plane from its brightness and texture.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude

from unet_tutorial.datasets.annotations.labels import connected_cells
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.datasets.wording import listed
from unet_tutorial.jobs.doctor.finding import Finding, Pairs, check_again, corrected_copy, counted
from unet_tutorial.jobs.doctor.planes import Floats, Plane
from unet_tutorial.jobs.doctor.rule import TRUNCATE, agreements, predictions
from unet_tutorial.jobs.leaks import SLICE
from unet_tutorial.jobs.split import group_of

Mask = NDArray[np.bool_]

SIGMAS = (1.0, 4.0)  # pixels
LEAST_PLANES = 4
CLEAR = 0.35  # usual agreement from which single masks are judged
OPPOSITE = 0.3  # share of the usual agreement that an inverted mask reaches after its correction
ROUNDS = 4
STRANGE = 0.25  # share of the usual agreement below which a mask is wrong or unfinished
UNFINISHED = 0.35  # labelled share of the predicted foreground, relative to the usual one
STRUCTURED = 0.6  # spread of the prediction relative to the usual one: the image shows as much as the others
EMPTY = 0.002  # share of foreground pixels


def features(image: Floats) -> Floats:
    """A constant, and brightness, texture and spread around each pixel at two scales: (C, h, w) -> (F, h, w)."""
    maps = [np.ones_like(image[0])]
    for channel in image:
        gradient = gaussian_gradient_magnitude(channel, 1.0, truncate=TRUNCATE)
        for sigma in SIGMAS:
            mean, square = (gaussian_filter(power, sigma, truncate=TRUNCATE) for power in (channel, channel**2))
            texture = np.log1p(gaussian_filter(gradient, sigma, truncate=TRUNCATE))
            maps += [mean, texture, np.sqrt(np.maximum(square - mean**2, 0.0))]
    return np.stack(maps).astype(np.float32)


def unusual_foreground(planes: Sequence[Plane], data: Path) -> list[Finding]:
    """Findings about inverted, forgotten and unfinished masks."""
    planes = [plane for plane in planes if plane.image.any()]
    if len(planes) < LEAST_PLANES:
        return []
    truth = [plane.targets.max(0, keepdims=True) * plane.known for plane in planes]  # (1, h, w)
    maps = [features(plane.image) * plane.known for plane in planes]
    inverse, predicted, own = _oriented(maps, truth, planes)
    shares = np.array([mask.sum() / plane.known.sum() for mask, plane in zip(truth, planes, strict=True)])
    drawn = shares > EMPTY
    if drawn.sum() < LEAST_PLANES:
        return []
    usual = float(np.median(own[drawn]))
    if usual < CLEAR:
        return []
    inverse &= drawn & (own > OPPOSITE * usual)
    middle = _middle(predicted, truth, planes)
    inside = [guess[0][plane.known > 0.5] for guess, plane in zip(predicted, planes, strict=True)]
    guesses = np.array([(values > middle).mean() for values in inside])
    spreads = np.array([values.std() for values in inside])
    ratios = shares / np.maximum(guesses, 0.01)
    visible = (spreads > STRUCTURED * np.median(spreads[drawn])) & (guesses > np.median(guesses[drawn]) / 2)
    whole = np.array([not group_of(plane.key.name, SLICE) for plane in planes])  # a stack may end between the cells
    unfinished = whole & visible & (own < STRANGE * usual) & (ratios < UNFINISHED * np.median(ratios[drawn])) & ~inverse
    return _inverted(planes, own, inverse, usual, data) + _unfinished(planes, shares, guesses, unfinished, data)


def _oriented(
    maps: Sequence[Floats], truth: Sequence[Floats], planes: Sequence[Plane]
) -> tuple[Mask, list[Floats], Floats]:
    """Whether each mask is inverted against most others, the predicted foregrounds, and their agreement with the masks.

    The rule is learned again after masks that agree negatively were inverted, until none does.
    """
    known = [plane.known for plane in planes]
    inverse = np.zeros(len(planes), bool)
    for _ in range(ROUNDS):
        masks = [all_ - mask if bad else mask for mask, all_, bad in zip(truth, known, inverse, strict=True)]
        predicted = predictions(maps, masks)
        parts = zip(predicted, masks, known, strict=True)
        own = np.array([agreements([guess], [mask], [labelled])[0, 0] for guess, mask, labelled in parts])
        if not (own < 0).any():
            break
        inverse ^= own < 0
    if 2 * inverse.sum() <= len(planes):
        return inverse, predicted, own
    return ~inverse, [1 - guess for guess in predicted], own


def _middle(predicted: Sequence[Floats], truth: Sequence[Floats], planes: Sequence[Plane]) -> float:
    """The value halfway between the mean predictions of foreground and of background pixels of all planes."""
    values = np.concatenate([guess[0].ravel() for guess in predicted])
    cell = np.concatenate([mask.ravel() for mask in truth])
    known = np.concatenate([plane.known.ravel() for plane in planes])
    return float(values[cell > 0.5].mean() + values[(cell < 0.5) & (known > 0.5)].mean()) / 2


def _inverted(planes: Sequence[Plane], own: Floats, found: Mask, usual: float, data: Path) -> list[Finding]:
    if not found.any() or any(len(plane.targets) > 1 for plane in planes):
        return []
    wrong = [plane for plane, bad in zip(planes, found, strict=True) if bad]
    return [
        Finding(
            0.94,
            f"{len(wrong)} of {counted(len(planes), 'mask')} {'is' if len(wrong) == 1 else 'are'} inverted against the "
            f"others (foreground and background exchanged): {listed([plane.name for plane in wrong])}",
            f"agreement with the image {-own[found].mean():.2f}, usual in this folder {usual:.2f}",
            corrected_copy(data),
            {plane.key: inverted for plane in wrong},
        )
    ]


def _unfinished(planes: Sequence[Plane], shares: Floats, guesses: Floats, found: Mask, data: Path) -> list[Finding]:
    if not found.any():
        return []
    wrong = [plane for plane, bad in zip(planes, found, strict=True) if bad]
    names = [
        f"{plane.name} ({'empty' if share <= EMPTY else 'unfinished'})"
        for plane, share, bad in zip(planes, shares, found, strict=True)
        if bad
    ]
    return [
        Finding(
            0.85,
            f"{counted(len(wrong), 'mask')} {'lacks' if len(wrong) == 1 else 'lack'} cells that the image shows: "
            f"{listed(names)}",
            f"foreground {shares[found].mean():.1%} of the pixels, expected from the other masks about "
            f"{guesses[found].mean():.0%}",
            f"finish the drawing or leave the images out: {corrected_copy(data)}; then {check_again(data)}",
            {plane.key: left_out for plane in wrong},
        )
    ]


def inverted(pair: Pair, _: Pairs) -> Pair:
    """The pair with foreground and background exchanged."""
    labels = np.where(pair.known, 1 - np.minimum(pair.labels, 1), 0).astype(np.uint8)
    foreground = labels if labels.ndim == pair.known.ndim else labels.any(0)
    return pair._replace(labels=labels, instances=connected_cells(np.asarray(foreground > 0)))


def left_out(_: Pair, __: Pairs) -> None:
    """No pair: the image is left out."""
