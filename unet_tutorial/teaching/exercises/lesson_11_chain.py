"""Lesson 11: parts built one from the other, and the first bad one refused by its number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from unet_tutorial.teaching.checking.exercise import Exercise
from unet_tutorial.teaching.exercises.lesson_11_steps import Chain, Factory, built, lists, whole

Refusal = Callable[[int, object], Exception]


def _stated(part: nn.Module) -> object:
    return getattr(part, "out_channels", None)


def _refusal(number: int, said: object) -> Exception:
    return ValueError(f"part {number} states {type(said).__name__}")


def _in_order(parts: Sequence[nn.Module]) -> nn.Module:
    return nn.Sequential(*parts)


class _Loose(nn.Module):
    """Modules in a plain list, which torch does not look into."""

    def __init__(self, parts: Sequence[nn.Module]) -> None:
        super().__init__()
        self.parts = list(parts)

    def forward(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x


def _chaining(
    good: Callable[[object], bool] = whole,
    *,
    ask: Callable[[nn.Module], object] = _stated,
    refusal: Refusal = _refusal,
    join: Callable[[Sequence[nn.Module]], nn.Module] = _in_order,
    follow: bool = True,
    state: bool = True,
    late: bool = False,
) -> Chain:
    """Part after part; with what people change in it."""

    def chain(factories: Sequence[Factory], in_channels: int) -> nn.Module:
        parts: list[nn.Module] = []
        channels: Any = in_channels
        for number, factory in enumerate(factories):
            parts.append(factory(channels))
            said = ask(parts[-1])
            if not late and not good(said):
                raise refusal(number, said)
            channels = said if follow and good(said) else channels
        bad = [i for i, part in enumerate(parts) if not good(ask(part))]
        if bad:
            raise ValueError(f"part {bad[0]}")
        made = join(parts)
        if state:
            made.out_channels = channels
        return made

    return chain


chain = Exercise(
    "chain",
    _chaining(),
    lists,
    {
        "every part was built from in_channels; build each from what the one before states": _chaining(follow=False),
        "the chain does not state its own out_channels; it is a part, too": _chaining(state=False),
        "the modules are not registered; use nn.Sequential or nn.ModuleList": _chaining(join=_Loose),
        "a bad module was not refused before the next one was built": _chaining(lambda _said: True),
        "the check comes after all parts are built; refuse the first bad one before you build the next": (
            _chaining(late=True)
        ),
        "a ValueError is wanted": _chaining(refusal=lambda i, _said: TypeError(f"part {i}")),
        "a ValueError is wanted, and an AttributeError came: ask a module that may say nothing by getattr(…, None)": (
            _chaining(ask=lambda part: part.out_channels)
        ),
        "the first part is number 0, and you count from 1": _chaining(refusal=lambda i, said: _refusal(i + 1, said)),
        "the sentence does not say which part; put its number in": (
            _chaining(refusal=lambda _i, _said: ValueError("a bad part"))
        ),
        "a float passed; channels are whole numbers": _chaining(lambda said: whole(said) or isinstance(said, float)),
        "True passed, which Python counts as an int; refuse it": (
            _chaining(lambda said: isinstance(said, int) and said >= 1)
        ),
        "0 channels passed; one is the least": (
            _chaining(lambda said: isinstance(said, int) and not isinstance(said, bool))
        ),
        "the parts run from the last to the first": _chaining(join=lambda parts: _in_order(parts[::-1])),
        "a part that says nothing was taken to keep its channels; refuse it": (
            _chaining(lambda said: said is None or whole(said))
        ),
    },
    built,
)

EXERCISES = (chain,)
