"""Losses by name, with their default options, and sums of them: ``loss_named("dice+0.5*focal")``."""

from __future__ import annotations

import math
import re

from unet_tutorial.learning.losses.binary_cross_entropy import binary_cross_entropy
from unet_tutorial.learning.losses.borders import border_dice_loss
from unet_tutorial.learning.losses.combine import combine, scaled
from unet_tutorial.learning.losses.cross_entropy import sparse_cross_entropy
from unet_tutorial.learning.losses.focal import sigmoid_focal_loss, softmax_focal_loss
from unet_tutorial.learning.losses.hardness import hardness_dice_loss
from unet_tutorial.learning.losses.lovasz import lovasz_loss
from unet_tutorial.learning.losses.ms_ssim import ms_ssim_loss
from unet_tutorial.learning.losses.overlap import (
    dice_loss,
    generalised_dice_loss,
    iou_loss,
    squared_dice_loss,
    tversky_loss,
)
from unet_tutorial.learning.losses.targets import Loss
from unet_tutorial.learning.losses.terms import Count, Term, image_count, labelled_count

# Only binary_cross_entropy and sigmoid_focal need a multi-label target, only cross_entropy and focal one of classes.
LOSSES: dict[str, Loss] = {
    "cross_entropy": sparse_cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
    "focal": softmax_focal_loss,
    "sigmoid_focal": sigmoid_focal_loss,
    "dice": dice_loss,
    "squared_dice": squared_dice_loss,
    "generalised_dice": generalised_dice_loss,
    "iou": iou_loss,
    "tversky": tversky_loss,
    "lovasz": lovasz_loss,
    "hardness_dice": hardness_dice_loss,
    "border_dice": border_dice_loss,
    "ms_ssim": ms_ssim_loss,
}

# Of which values a loss is the mean; the others are means over the images (and all classes of each)
COUNT_OF: dict[str, Count] = dict.fromkeys(
    ("cross_entropy", "binary_cross_entropy", "focal", "sigmoid_focal"), labelled_count
)

# The same loss for a multi-label target
OF_LAYERS = {"cross_entropy": "binary_cross_entropy", "focal": "sigmoid_focal"}


def loss_named(text: str, *, multilabel: bool = False) -> Loss:
    """The loss, or the sum of losses, that a text names: ``dice``, ``dice+0.5*focal``, ``2 * iou + cross_entropy``.

    The names are those of ``LOSSES``. With ``multilabel`` it takes labels that may overlap, and ``cross_entropy`` and
    ``focal`` mean ``binary_cross_entropy`` and ``sigmoid_focal``; without it, it takes classes, and refuses these two.
    Raises ValueError, with the names that are right, for any other name, a name given twice, and a factor that is not a
    finite number above 0.

    >>> loss_named("cross_entropy", multilabel=True) is binary_cross_entropy
    True
    >>> loss_named("dice+0.5*focal", multilabel=True).losses.keys()
    dict_keys(['dice', 'sigmoid_focal'])
    """
    terms = _by_name(text, multilabel=multilabel)
    return next(iter(terms.values())) if len(terms) == 1 else combine(**terms)


def terms_named(text: str, *, multilabel: bool = False) -> list[Term]:
    """The terms of ``loss_named``, each with the number of values of its mean. Errors are those of ``loss_named``.

    >>> import torch
    >>> [int(term.count(torch.tensor([[0, 1, -1]]))) for term in terms_named("cross_entropy+0.5*dice")]
    [2, 1]
    """
    return [Term(loss, COUNT_OF.get(name, image_count)) for name, loss in _by_name(text, multilabel=multilabel).items()]


def _by_name(text: str, *, multilabel: bool) -> dict[str, Loss]:
    """The terms of a sum, each multiplied by its factor, by the names in ``LOSSES``."""
    names = [name for name in LOSSES if multilabel or name not in OF_LAYERS.values()]
    help_ = f"write one of {', '.join(names)}, or a sum such as dice+0.5*cross_entropy"
    terms: dict[str, Loss] = {}
    for term in re.split(r"(?<![\d.]e)\+", text):  # the + of 1e+3 is a sign
        factor, times, name = term.rpartition("*")
        name = name.strip()
        if multilabel:
            name = OF_LAYERS.get(name, name)
        if name not in names:
            kind = " is for layers, and these labels are classes" if name in LOSSES else " is not the name of a loss"
            raise ValueError(f"loss {text!r}: {name!r}{kind}; {help_}")
        if name in terms:
            raise ValueError(f"loss {text!r}: {name} is given twice; write it once, with the sum of the factors")
        terms[name] = scaled(_factor(text, factor), LOSSES[name]) if times else LOSSES[name]
    return terms


def _factor(text: str, factor: str) -> float:
    try:
        value = float(factor)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise ValueError(f"loss {text!r}: {factor.strip()!r} is not a finite number above 0; write dice+0.5*focal")
    return value
