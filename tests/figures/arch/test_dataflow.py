"""Users of nodes, conditions, searches backwards, and kinds of convolutions."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from unet_tutorial.figures.arch.dataflow import Dataflow, has_activation, is_depthwise, is_pointwise
from unet_tutorial.figures.arch.ir import Node, Window

# An image x and a condition t; a fork at a, whose branches b and c meet in d; e has the condition, u is unused.
EDGES = {"x": "", "a": "x", "b": "a", "c": "a", "d": "bc", "t": "", "f": "t", "e": "df", "u": "b", "v": "u", "out": "e"}
IMAGE, ONE = (1.0, 1.0), (1, 1)


def _node(key: str) -> Node:
    scale = () if key in "tf" else IMAGE
    return Node(
        key, "input" if key in "xt" else "conv", "", tuple(EDGES[key]), (4, 8, 8) if scale else (4,), scale=scale
    )


FLOW = Dataflow(tuple(map(_node, EDGES)), frozenset({"out"}))


def test_users_are_those_on_which_an_output_depends() -> None:
    assert FLOW.users == {
        "x": {"a"}, "a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": {"e"}, "t": {"f"}, "f": {"e"}, "e": {"out"},
        "u": set(), "v": set(), "out": set(),
    }  # fmt: skip
    assert FLOW.only_user("d") == FLOW.index["e"]
    assert FLOW.only_user("a") is None
    assert FLOW.only_user("out") is None
    assert FLOW.users_outside({"a", "b"}) == {"c", "d"}
    assert FLOW.with_unused({"a", "b"}) == {"a", "b", "u", "v"}


def test_conditions_are_computed_from_inputs_without_pixels_alone() -> None:
    assert FLOW.conditions == {"t", "f"}
    assert FLOW.maps(FLOW.index["e"]) == ("d",)


@pytest.mark.parametrize(
    ("ends", "crossed", "stops", "passed", "closed"),
    [
        ("d", "abcd", "", "bcd", "a"),  # the fork is the single map from which d is computed
        ("d", "bd", "", "bd", "ac"),  # c cannot be crossed
        ("d", "abcd", "x", "abcd", "x"),
        ("e", "abcde", "", "e", "df"),  # conditions do not count, and are not crossed
        ("e", "abcdef", "a", "bcde", "af"),
        ("bc", "abc", "", "bc", "a"),
    ],
)
def test_a_search_backwards_ends_at_a_single_map_or_at_stops(
    ends: str, crossed: str, stops: Iterable[str], passed: str, closed: str
) -> None:
    assert FLOW.back(ends, lambda node: node.id in crossed, stops) == (set(passed), set(closed))


def test_kinds_of_convolutions_are_told_apart() -> None:
    def window(kernel: int) -> Window:
        return Window((kernel, kernel), ONE, ONE, ONE, ONE)

    full = Node("a", "conv", "", (), (4, 8, 8), window=window(3), macs=4 * 4 * 9 * 64, folded=("native_batch_norm",))
    depthwise = Node("a", "conv", "", (), (4, 8, 8), window=window(3), macs=4 * 9 * 64, folded=("relu",))
    pointwise = Node("a", "conv", "", (), (4, 8, 8), window=window(1), macs=4 * 4 * 64)
    assert [is_depthwise(each) for each in (full, depthwise, pointwise)] == [False, True, False]
    assert [is_pointwise(each) for each in (full, depthwise, pointwise)] == [False, False, True]
    assert [has_activation(each) for each in (full, depthwise, pointwise)] == [False, True, False]
