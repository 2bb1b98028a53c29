"""Weights of the layers of a multi-label target, and a loss that applies them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from unet_tutorial.learning.losses.combine import scaled
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.targets import Loss, check_multilabel
from unet_tutorial.learning.losses.terms import Count, Term
from unet_tutorial.learning.losses.weight_maps import BALANCED, class_weights, fixed_weights


def layer_weights(text: str, targets: Sequence[Tensor]) -> Tensor:
    """The weights of label 0 and label 1 in each layer, (L, 2) float32, from a text.

    ``targets`` are those of all training images, each (L, *spatial) of 0 and 1, and -1 where there is no label. With
    ``balanced``, both labels of a layer have the same total weight over all images, and their mean weight is 1; label 1
    of a layer that is empty everywhere has weight 0. ``none`` is 1 everywhere; numbers separated by commas, such as
    ``1,4,2``, weigh each layer, with the same weight for both labels. Raises ValueError for any other text, as
    ``weight_maps.fixed_weights``.

    >>> layer_weights("balanced", [torch.tensor([[0.0, 1.0, 1.0, 1.0, -1.0], [0.0, 0.0, 1.0, 1.0, -1.0]])]).tolist()
    [[2.0, 0.6666666865348816], [1.0, 1.0]]
    """
    layers = len(targets[0])
    if text.strip() != BALANCED:
        return torch.from_numpy(fixed_weights(text, layers))[:, None].repeat(1, 2)
    balanced = []
    for layer in range(layers):
        labels = torch.cat([target[layer].flatten() for target in targets])
        balanced.append(torch.from_numpy(class_weights(labels[labels != UNLABELLED].long().numpy())))
    return torch.stack(balanced)


def layer_weighted(loss: Loss, weights: Tensor) -> Loss:
    """The mean over the layers of a multi-label loss of one layer, with ``weights`` (L, 2) of its labels 0 and 1.

    The pixel weights of a layer are multiplied by the weight of its label. The loss itself is returned if all weights
    are 1. Raises ValueError at the first batch with another number of layers.

    >>> from unet_tutorial.learning.losses.binary_cross_entropy import binary_cross_entropy
    >>> loss = layer_weighted(binary_cross_entropy, torch.tensor([[1.0, 3.0]]))
    >>> logits, target = torch.zeros(1, 1, 2), torch.tensor([[[1.0, 0.0]]])
    >>> round(float(loss(logits, target, torch.ones(1, 2))), 4)                                   # (3 + 1) / 2 · log 2
    1.3863
    """
    if (weights == 1).all():
        return loss

    def weighted(logits: Tensor, target: Tensor, pixels: Tensor) -> Tensor:
        check_multilabel(logits, target, pixels)
        if target.shape[1] != len(weights):
            raise ValueError(f"weights of {len(weights)} layers for {target.shape[1]}; pass one pair per layer")
        terms = [single(logits, target, pixels) for single in _of_each_layer(loss, weights)]
        return torch.stack(terms).mean()

    return weighted


def layer_terms(term: Term, weights: Tensor) -> list[Term]:
    """The terms of ``layer_weighted``: one for each layer, because the labelled pixels of the layers may differ.

    The term itself is returned if all weights are 1.
    """
    if (weights == 1).all():
        return [term]
    return [
        Term(scaled(1 / len(weights), single), _of_layer(term.count, layer))
        for layer, single in enumerate(_of_each_layer(term.loss, weights))
    ]


def _of_each_layer(loss: Loss, weights: Tensor) -> list[Loss]:
    """The loss of each layer alone, with pixel weights multiplied by ``weights`` (L, 2) of its labels 0 and 1."""

    def of(layer: int, negative: float, positive: float) -> Loss:
        def single(logits: Tensor, target: Tensor, pixels: Tensor) -> Tensor:
            true = target[:, layer : layer + 1]  # (N, 1, *spatial)
            balance = negative + (positive - negative) * true[:, 0].clamp(min=0)
            return loss(logits[:, layer : layer + 1], true, pixels * balance)

        return single

    return [of(layer, negative, positive) for layer, (negative, positive) in enumerate(weights.tolist())]


def _of_layer(count: Count, layer: int) -> Count:
    return lambda target: count(target[:, layer : layer + 1])
