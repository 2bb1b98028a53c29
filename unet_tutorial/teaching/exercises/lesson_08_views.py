"""Lesson 08: the mean over the eight views of an image."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product

import torch
from torch import Tensor

from unet_tutorial.teaching.checking.exercise import Case, Exercise

Predict = Callable[[Tensor], Tensor]
Views = Callable[[Predict, Tensor], Tensor]
Turn = Callable[[Tensor, int], Tensor]


def _lopsided(view: Tensor) -> Tensor:
    """Probabilities of two classes that depend on how the image lies: (3, H, W) -> (2, H, W)."""
    down, across = view.cumsum(1), view.cumsum(2) / 2
    return torch.stack((down[0] - view[1], across[2] + view[0])).softmax(0)


def _shaded(view: Tensor) -> Tensor:
    """One map, brighter towards its last row and column: (1, H, W) -> (1, H, W)."""
    ramp = torch.arange(1.0, 1.0 + view[0].numel()).reshape(view[0].shape)
    return ramp.log() + view.roll(1, 2)


def _images(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    yield _lopsided, torch.randn(3, 5, 5, generator=generator)
    yield _shaded, torch.randn(1, 6, 6, generator=generator)
    yield _lopsided, torch.randn(3, 4, 7, generator=generator)


def _apart(answer: Views, case: Case) -> object:
    """Views of an oblong image fit on one another only if they are turned back; on a square one they always do."""
    try:
        return answer(*case)
    except RuntimeError:
        if case[1].shape[1] == case[1].shape[2]:
            raise
        return "a view that does not fit on the others"


def _by_transposing(predict: Predict, image: Tensor) -> Tensor:
    """The eight symmetries spelled otherwise: over the diagonal or not, each of the two axes flipped or not."""
    total: list[Tensor] = []
    for over, axes in product((False, True), ((), (1,), (2,), (1, 2))):
        answer = predict((image.transpose(1, 2) if over else image).flip(axes)).flip(axes)
        total.append(answer.transpose(1, 2) if over else answer)
    return torch.stack(total).mean(0)


def _turn(image: Tensor, k: int) -> Tensor:
    turned = image.rot90(k, (1, 2))
    return turned.flip(2) if k >= 4 else turned


def _back(answer: Tensor, k: int) -> Tensor:
    return (answer.flip(2) if k >= 4 else answer).rot90(-k, (1, 2))


def _averaging(back: Turn = _back, views: Iterable[int] = range(8)) -> Views:
    def average(predict: Predict, image: Tensor) -> Tensor:
        return torch.stack([back(predict(_turn(image, k)), k) for k in views]).mean(0)

    return average


def _late_flip(answer: Tensor, k: int) -> Tensor:
    turned = answer.rot90(-k, (1, 2))
    return turned.flip(2) if k >= 4 else turned


average_views = Exercise(
    "average_views",
    _by_transposing,
    _images,
    {
        "the answers lie as the views do; turn each back before the mean": _averaging(lambda answer, _k: answer),
        "the answers are turned on, and not back: after k quarter turns, -k lead home": (
            _averaging(lambda answer, k: (answer.flip(2) if k >= 4 else answer).rot90(k, (1, 2)))
        ),
        "the flip is not undone": _averaging(lambda answer, k: answer.rot90(-k, (1, 2))),
        "what came last goes back first: undo the flip, and then the turn": _averaging(_late_flip),
        "four views are missing: the flipped ones": _averaging(views=range(4)),
        "only the quarter turns by 0° and 180° and their flips are there; an oblong image has eight views, too": (
            _averaging(views=(0, 2, 4, 6))
        ),
        "the image as it is was left out; it is one of the eight views": _averaging(views=range(1, 8)),
        "that is the sum of the views; the mean is wanted": lambda predict, image: 8 * _by_transposing(predict, image),
        "only the image as it is was predicted": lambda predict, image: predict(image),
    },
    _apart,
)

EXERCISES = (average_views,)
