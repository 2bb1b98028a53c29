"""Networks that this project did not write: levels, skips and numbers, by hand and by torch's own counts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from tests.oracles import foreign_hard as hard
from tests.oracles.foreign_blocks import Aspp, Attention, ChannelsLast, Dense, Haar, Masked, Split, Unshuffled, Views
from tests.oracles.foreign_unets import Assembled, Functional, PreAct, Stacked, conv, recursive
from tests.oracles.torch_counts import macs, parameters, saved
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.tracing.trace import trace

torch.manual_seed(0)
TWO = ((1, 1), (0, 0))
SIDE = nn.Identity
PROJECTED = partial(nn.Conv2d, 4, 4, 1)


def beside(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return torch.cat([one, other], 1)


def image(*size: int) -> tuple[torch.Tensor]:
    return (torch.randn(size),)


def assembled(block: Any = conv, merge: Any = beside, lateral: Any = SIDE, **more: Any) -> Assembled:
    return Assembled(block, merge, lateral, wide=merge not in (torch.add, torch.mul), **more)


Case = tuple[Callable[[], nn.Module], tuple[Any, ...], int, tuple[tuple[int, int], ...], str]
IMAGE = image(2, 1, 32, 48)
CASES: dict[str, Case] = {  # the network, an example, its depth, its skips from and to which level, what merges them
    "functions": (Functional, IMAGE, 2, TWO, "concat"),
    "padded to fit": (Stacked, image(1, 1, 35, 46), 2, TWO, "concat"),
    "ceil": (partial(Stacked, "pad", ceil=True), image(1, 1, 35, 45), 2, TWO, "concat"),
    "sliced": (partial(Stacked, "crop", 0), image(1, 1, 44, 60), 2, TWO, "concat"),
    "cut by padding": (partial(Stacked, "negative pad", 0), image(1, 1, 44, 61), 2, TWO, "concat"),
    "in a frame": (partial(Stacked, "frame", 0), image(1, 1, 44, 60), 2, TWO, "concat"),
    "resized to fit": (partial(Stacked, "resize"), image(1, 1, 31, 47), 2, TWO, "concat"),
    "resized, unpadded": (partial(Stacked, "resize", 0), image(1, 1, 45, 60), 2, TWO, "concat"),
    "recursion": (recursive, IMAGE, 2, TWO, "concat"),
    "squeezed": (partial(assembled, PreAct), IMAGE, 2, TWO, "concat"),
    "dense": (partial(assembled, Dense), IMAGE, 2, TWO, "concat"),
    "added": (partial(assembled, merge=torch.add, lateral=PROJECTED), IMAGE, 2, TWO, "add"),
    "multiplied": (partial(assembled, merge=torch.mul), IMAGE, 2, TWO, "gate"),
    "channels last": (partial(assembled, ChannelsLast), IMAGE, 2, TWO, "concat"),
    "unshuffled": (partial(assembled, Unshuffled), IMAGE, 2, TWO, "concat"),
    "haar": (partial(assembled, Haar), IMAGE, 2, TWO, "concat"),
    "views": (partial(assembled, Views), IMAGE, 2, TWO, "concat"),
    "split": (partial(assembled, Split), IMAGE, 2, TWO, "concat"),
    "gated": (lambda: assembled(merge=Masked()), IMAGE, 2, TWO, "concat"),
    "aspp": (lambda: assembled(bottom=Aspp()), IMAGE, 2, TWO, "concat"),
    "attention": (lambda: assembled(bottom=Attention()), IMAGE, 2, TWO, "concat"),
    "line": (hard.line, image(3, 64), 2, TWO, "concat"),
    "recurrent": (hard.recurrent, IMAGE, 1, ((0, 0),), "add"),
    "no skips": (hard.auto, IMAGE, 2, (), ""),
    "places": (hard.segnet, IMAGE, 2, (), ""),
}  # fmt: skip


def found(arch: ArchIR) -> tuple[int, tuple[tuple[int, int], ...], str]:
    index = arch.index
    ends = [(index[skip.source], index[skip.target]) for skip in arch.skips]
    deepest = max((index[key].level for key in arch.path), default=-1)
    return deepest, tuple((a.level, b.level) for a, b in ends), "/".join(sorted({b.op for _, b in ends}))


@pytest.mark.parametrize("name", CASES)
def test_depth_skips_and_numbers(name: str) -> None:
    make, example, *expected = CASES[name]
    net = make()
    arch = trace(net, *example)
    assert (*found(arch), arch.reason) == (*expected, "")
    assert arch.totals["macs"] == macs(net, *example) == sum(node.macs for node in arch.nodes)
    assert arch.totals["saved"] == saved(net, *example)
    assert arch.totals["parameters"] == parameters(net) == sum(node.parameters for node in arch.nodes)
    assert arch.node(arch.path[0]).scale == arch.node(arch.path[-1]).scale == (1.0,) * arch.rank


def test_margins_are_those_of_the_slices() -> None:
    cuts = {}
    for fit in ("crop", "negative pad", "frame", "pad"):
        arch = trace(Stacked(fit, 0), torch.empty(1, 1, 44, 60))
        between = [[arch.node(key) for key in arch.node(skip.target).inputs] for skip in arch.skips]
        cuts[fit] = [next((n.crop for n in nodes if n.op == "crop"), ()) for nodes in between]
    assert cuts["crop"] == cuts["negative pad"] == [((2, 3), (2, 3)), ((9, 9), (9, 9))]
    assert cuts["frame"] == cuts["pad"] == [((-2, -3), (-2, -3)), ((-4, -4), (-4, -4))]


def test_two_images_in_a_dict() -> None:
    net, pair = hard.second_image(), {"b": torch.randn(1, 1, 16, 16)}
    arch = trace(net, torch.randn(1, 1, 16, 16), more=pair)
    assert found(arch) == (1, ((0, 0),), "add")
    assert sum(node.op == "input" for node in arch.nodes) == 2
    assert arch.totals["macs"] == macs(net, torch.randn(1, 1, 16, 16), more=pair)
    assert arch.totals["saved"] == saved(net, torch.randn(1, 1, 16, 16), more=pair)
