"""Lesson 18: a colour for text that can be read on every ground."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import mean

from unet_tutorial.teaching.checking.exercise import Case, Exercise

LINEAR = (0.2126, 0.7152, 0.0722)
Choice = Callable[[Sequence[str], Sequence[str], float], str]


def luminance(colour: str, weights: Sequence[float] = LINEAR, *, linear: bool = True) -> float:
    """Of #rrggbb, from 0 to 1 (WCAG 2.2)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    light = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(w * part for w, part in zip(weights, light if linear else parts, strict=True))


def contrast(one: str, other: str) -> float:
    """From 1 to 21, as the lesson has it."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return round((bright + 0.05) / (dim + 0.05), 2)


def _palettes(seed: int) -> Iterator[Case]:
    shade = f"#{16 + seed:02x}1a24"
    many = ["#f0e442", "#e69f00", "#777777", "#0072b2", "#1f4fa3", "#000000"]
    yield many, ["#ffffff"], 4.5
    yield ["#ff0000", "#0072b2", "#000000", "#1f4fa3"], ["#ffffff"], 4.5
    yield many, ["#ffffff", "#dde8f3"], 4.5
    yield ["#777777", shade, "#ffffff"], ["#14171c", "#4f7fb0"], 3.0
    yield ["#8f8f8f", shade, "#000000"], ["#ffffff", "#000000"], 4.5
    yield ["#767676", "#000000"], ["#ffffff"], contrast("#767676", "#ffffff")
    yield ["#e69f00", "#ff0000", "#0000ff"], ["#ffffff"], 3.0
    yield ["#d55e00", shade], ["#ffffff", "#f2f2f2"], 7.0
    yield ["#cc79a7", "#009e73", shade], ["#ffffff", "#6a96c2"], 3.0


def _first(legible: Callable[[str, Sequence[str], float], bool], otherwise: int | None = None) -> Choice:
    """The first candidate that is legible by some rule; else nothing, or one of them."""

    def choose(candidates: Sequence[str], grounds: Sequence[str], least: float) -> str:
        found = [each for each in candidates if legible(each, grounds, least)]
        return (found or ([] if otherwise is None else [candidates[otherwise]]) or [""])[0]

    return choose


def _everywhere(colour: str, grounds: Sequence[str], least: float) -> bool:
    return all(contrast(colour, ground) >= least for ground in grounds)


def _light(weights: Sequence[float], *, linear: bool) -> Callable[[str, Sequence[str], float], bool]:
    """Legible by a luminance of one's own."""

    def legible(colour: str, grounds: Sequence[str], least: float) -> bool:
        one, *others = (luminance(each, weights, linear=linear) for each in (colour, *grounds))
        return all((max(one, other) + 0.05) / (min(one, other) + 0.05) >= least for other in others)

    return legible


def _last(candidates: Sequence[str], grounds: Sequence[str], least: float) -> str:
    return _first(_everywhere)(candidates[::-1], grounds, least)


def _best(candidates: Sequence[str], grounds: Sequence[str], least: float) -> str:
    best = max(candidates, key=lambda each: min(contrast(each, ground) for ground in grounds))
    return best if _everywhere(best, grounds, least) else ""


text_colour = Exercise(
    "text_colour",
    _first(_everywhere),
    _palettes,
    {
        "it must be legible on every ground; one of them is not enough": (
            _first(lambda c, grounds, least: any(contrast(c, g) >= least for g in grounds))
        ),
        "you tried the first ground only": _first(lambda c, grounds, least: contrast(c, grounds[0]) >= least),
        "the mean over the grounds hides the one on which it fails": (
            _first(lambda c, grounds, least: mean(contrast(c, g) for g in grounds) >= least)
        ),
        "the least contrast is enough: at least, not more than": (
            _first(lambda c, grounds, least: all(contrast(c, g) > least for g in grounds))
        ),
        "the candidates stand in the order of preference: take the first legible one, not the last": _last,
        "the candidates stand in the order of preference: the first that is legible, not the strongest": _best,
        "none is legible there; say so by an empty text": _first(_everywhere, otherwise=0),
        "lines need 3 and small text 7; take the contrast that is asked for, not always 4.5": (
            _first(lambda c, grounds, _least: _everywhere(c, grounds, 4.5))
        ),
        "the values of a colour are not light; the luminance needs them linear (contrast does that)": (
            _first(_light(LINEAR, linear=False))
        ),
        "the eye weighs green, red and blue differently (contrast does that)": _first(
            _light((1 / 3, 1 / 3, 1 / 3), linear=True)
        ),
        "you returned one that is not legible": (_first(lambda c, grounds, least: not _everywhere(c, grounds, least))),
    },
)

EXERCISES = (text_colour,)
