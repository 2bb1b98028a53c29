"""Lesson 11: parts built one from the other, and the first bad one refused by its number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from unet_tutorial.teaching.exercise import Case, Exercise

Factory = Callable[[int], nn.Module]
Chain = Callable[[Sequence[Factory], int], nn.Module]
SILENT = "says nothing"


class _Step(nn.Module):
    """The first channel times 10, plus a mark, ``width`` times over; it states what it is told to."""

    def __init__(self, width: int, states: object, mark: int) -> None:
        super().__init__()
        self.width, self.mark = width, mark
        if states != SILENT:
            self.out_channels = states

    def forward(self, x: Tensor) -> Tensor:
        return (10 * x[:, :1] + self.mark).expand(-1, self.width, -1, -1)


@dataclass
class _Recording:
    """A factory that writes down what it was given."""

    states: object
    mark: int
    given: list[int]

    def __call__(self, in_channels: int) -> nn.Module:
        self.given.append(in_channels)
        width = self.states if isinstance(self.states, int) else in_channels
        return _Step(max(int(width), 1), self.states, self.mark)


def _lists(seed: int) -> Iterator[Case]:
    """What each part states, and the channels that the first is given."""
    yield (4, 8 + seed, 2), 3
    yield (5, 7, SILENT, 6, SILENT), 1 + seed
    yield (SILENT, 4), 2
    yield (8, 6.0, 3), 4
    yield (8 + seed, 4, 9, True, 2), 1
    yield (3, 5, 0, 7), 6
    yield (2, 3, 4, 5, 6, "8"), 7


def _built(answer: Chain, case: Case) -> dict[str, Any]:
    """What each factory was given; then what came out, or the numbers in the refusal."""
    states, in_channels = case
    given: list[int] = []
    factories = [_Recording(each, mark, given) for mark, each in enumerate(states, start=1)]
    try:
        made = answer(factories, in_channels)
    except ValueError as error:
        return {"built from": given, "refused": True, "which": _named(str(error), states), "states": "", "output": 0}
    if not isinstance(made, nn.Module):
        raise TypeError(f"a torch module is needed, and a {type(made).__name__} came")
    image = float(made(torch.zeros(1, in_channels, 1, 1)).mean())
    says = str(getattr(made, "out_channels", None))
    return {"built from": given, "refused": False, "which": "", "states": says, "output": image}


def _named(sentence: str, states: Sequence[object]) -> str:
    """Whether a refusal names the first bad part, or the one after it."""
    bad = next((i for i, each in enumerate(states) if not _whole(each)), -1)
    found = {int(n) for n in re.findall(r"\d+", sentence)}
    return "the bad one" if bad in found else "another" if bad + 1 in found else "none"


def _whole(channels: object) -> bool:
    return isinstance(channels, int) and not isinstance(channels, bool) and channels >= 1


def _stated(part: nn.Module) -> object:
    return getattr(part, "out_channels", None)


def _chaining(
    good: Callable[[object], bool] = _whole,
    *,
    first: int = 0,
    named: bool = True,
    follow: bool = True,
    state: bool = True,
    late: bool = False,
    backwards: bool = False,
) -> Chain:
    """Part after part; with what people change in it."""

    def chain(factories: Sequence[Factory], in_channels: int) -> nn.Module:
        parts: list[nn.Module] = []
        channels: Any = in_channels
        for number, factory in enumerate(factories):
            parts.append(factory(channels))
            said = _stated(parts[-1])
            if not late and not good(said):
                raise ValueError(f"part {number + first} states {type(said).__name__}" if named else "a bad part")
            channels = said if follow and good(said) else channels
        bad = [i for i, part in enumerate(parts) if not good(_stated(part))]
        if bad:
            raise ValueError(f"part {bad[0]}")
        made = nn.Sequential(*(reversed(parts) if backwards else parts))
        if state:
            made.out_channels = channels
        return made

    return chain


chain = Exercise(
    "chain",
    _chaining(),
    _lists,
    {
        "every part was built from in_channels; build each from what the one before states": _chaining(follow=False),
        "the chain does not state its own out_channels; it is a part, too": _chaining(state=False),
        "the check comes after all parts are built; refuse the first bad one before you build the next": (
            _chaining(late=True)
        ),
        "the first part is number 0, and you count from 1": _chaining(first=1),
        "the sentence does not say which part; put its number in": _chaining(named=False),
        "a float passed; channels are whole numbers": _chaining(lambda said: _whole(said) or isinstance(said, float)),
        "True passed, which Python counts as an int; refuse it": (
            _chaining(lambda said: isinstance(said, int) and said >= 1)
        ),
        "0 channels passed; one is the least": (
            _chaining(lambda said: isinstance(said, int) and not isinstance(said, bool))
        ),
        "the parts run from the last to the first": _chaining(backwards=True),
        "a part that says nothing was taken to keep its channels; refuse it": (
            _chaining(lambda said: said is None or _whole(said))
        ),
    },
    _built,
)

EXERCISES = (chain,)
