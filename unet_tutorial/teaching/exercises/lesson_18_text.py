"""Lesson 18: a drawing in a sentence, and its labels against a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod

from unet_tutorial.teaching.checking.exercise import Case, Exercise

Maps = Sequence[tuple[int, tuple[int, int]]]
Labels = dict[str, tuple[int, ...]]
Compared = dict[str, list[str]]


def _drawings(seed: int) -> Iterator[Case]:
    s = 16 * seed
    yield [(64, (568 + s, 568 + s)), (128, (280, 264 + s)), (256, (136, 136))], [16, 4 + seed]
    yield [(1, (64 + s, 32)), (8, (32, 16)), (16, (16, 8))], [0, 0]
    yield [(4, (40, 60 + s)), (8, (18, 28))], [4 + seed]
    yield [(2, (30, 30)), (4, (15, 15)), (8, (7 + seed, 7))], [0, 1 + seed]
    yield [(3, (24 + s, 20)), (6, (12, 10)), (12, (6, 5))], []


def _some(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _sentence(
    *,
    fewer: int = 0,
    order: int = 1,
    size: Callable[[Sequence[int]], str] = lambda n: f"{n[0]}×{n[1]}",
    words: tuple[str, str] = ("channel", "skip crosses"),
    cuts: Callable[[Sequence[int]], Sequence[int]] = lambda crops: crops,
    none: str = "No skip crosses it.",
    bare: str = ", uncropped",
) -> Callable[[Maps, Sequence[int]], str]:
    """The description; each argument is one thing that can be got wrong."""

    def describe(maps: Maps, crops: Sequence[int]) -> str:
        parts = [f"{_some(c, words[0], 'channels')} of {size(n)}" for c, n in maps[::order]]
        first = f"A U of {len(maps) - fewer} levels: {', '.join(parts)}."
        if not crops:
            return f"{first} {none}"
        cut = f", cropped by {', '.join(map(str, cuts(crops)))} pixels per side"
        return f"{first} {_some(len(crops), words[1], 'skips cross')} it{cut if any(crops) or not bare else bare}."

    return describe


describe_u = Exercise(
    "describe_u",
    _sentence(),
    _drawings,
    {
        "you counted the poolings; there is one level more": _sentence(fewer=1),
        "read the U downwards: the finest level first": _sentence(order=-1),
        "a map need not be square; give both sides": _sentence(size=lambda n: f"{n[0]}×{n[0]}"),
        "height before width, as in the shape": _sentence(size=lambda n: f"{n[1]}×{n[0]}"),
        "between the sides stands ×, the sign of multiplication; a screen reader spells an x": (
            _sentence(size=lambda n: f"{n[0]}x{n[1]}")
        ),
        "one channel is a channel, not channels": _sentence(words=("channels", "skip crosses")),
        "one skip crosses, two cross": _sentence(words=("channel", "skips cross")),
        "without skips, say so: No skip crosses it.": _sentence(none="0 skips cross it."),
        "where nothing is cut off, the skips are uncropped": _sentence(bare=""),
        "nothing is said of the crops where they are zero; write uncropped": _sentence(bare=" without a crop"),
        "the margins go with their levels, the finest first": _sentence(cuts=lambda crops: crops[::-1]),
        "a margin is what is cut off on one side": _sentence(cuts=lambda crops: [2 * n for n in crops]),
        "each skip has a margin of its own; name them all": _sentence(cuts=lambda crops: crops[:1]),
    },
)


def _labels(seed: int) -> Iterator[Case]:
    drawn: Labels = {"input": (1, 60, 60), "enc0.conv1": (8, 58, 58), "enc1.pool1": (8, 29, 29), "bottom": (16, 27, 25)}
    traced: Labels = {**drawn, "enc1.pool1": (8, 28, 28 + seed), "bottom": (16, 25, 27), "head": (2, 60, 60)}
    yield drawn, traced
    yield {"z": (4, 6, 6), "a": (4, 6, 6), **drawn}, {"y": (2, 6, 6), "b": (4, 6, 6), **drawn, "input": (3, 60, 60)}
    yield drawn, dict(reversed(list(drawn.items())))
    yield {"b": (1, 4), "a": (1, 5), "x": (1, 6)}, {"a": (1, 4), "b": (1, 5), "w": (1, 6 + seed)}
    yield {"a": (2, 4, 6), "b": (2, 4, 6), "c": (8, 5, 9)}, {"a": (2, 3, 8), "b": (2, 6, 4), "c": (8, 5, 7)}


def _compare(
    drawn: Labels, traced: Labels, same: Callable[[tuple[int, ...]], object] = lambda shape: shape
) -> Compared:
    both = [name for name in drawn if name in traced and same(drawn[name]) != same(traced[name])]
    return {
        "wrong": both,
        "gone": [name for name in drawn if name not in traced],
        "missing": [name for name in traced if name not in drawn],
    }


def _by_place(drawn: Labels, traced: Labels) -> Compared:
    pairs = zip(drawn.items(), traced.items(), strict=False)
    return {**_compare(drawn, traced), "wrong": [a for (a, one), (_, other) in pairs if one != other]}


def _with(change: Callable[[Compared], Compared]) -> Callable[[Labels, Labels], Compared]:
    return lambda drawn, traced: {**_compare(drawn, traced), **change(_compare(drawn, traced))}


compare_maps = Exercise(
    "compare_maps",
    _compare,
    _labels,
    {
        "you compared by position; a map in front shifts all that follow: compare by name": _by_place,
        "you compared channels only; a size can be wrong, too": lambda a, b: _compare(a, b, lambda shape: shape[0]),
        "you compared sizes only; the channels can be wrong, too": lambda a, b: _compare(a, b, lambda shape: shape[1:]),
        "every side counts, the last one, too": lambda a, b: _compare(a, b, lambda shape: shape[:2]),
        "as many numbers are not the same shape: 27 × 25 is not 25 × 27": lambda a, b: _compare(a, b, prod),
        "the order of the sides counts: 27 × 25 is not 25 × 27": lambda a, b: _compare(a, b, sorted),
        "gone are those that only the drawing has, missing those that only the trace has": (
            _with(lambda it: {"gone": it["missing"], "missing": it["gone"]})
        ),
        "a wrong label is neither gone nor missing": (
            _with(lambda it: {"gone": it["gone"] + it["wrong"], "missing": it["missing"] + it["wrong"]})
        ),
        "wrong are only those that both have": _with(lambda it: {"wrong": it["wrong"] + it["gone"] + it["missing"]}),
        "the order is that of the pass, and not of the alphabet": (
            _with(lambda it: {key: sorted(names) for key, names in it.items()})
        ),
        "what only the drawing has is an error, too: gone": _with(lambda _: {"gone": []}),
        "what only the trace has is an error, too: missing": _with(lambda _: {"missing": []}),
        "the right ones were asked for in no list; you returned those that agree": (
            lambda a, b: {**_compare(a, b), "wrong": [name for name in a if a[name] == b.get(name)]}
        ),
    },
)

EXERCISES = (describe_u, compare_maps)
