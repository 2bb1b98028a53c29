"""Lesson 18: parameters, each counted once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import index

import torch
from torch import Tensor, nn

from unet_tutorial.teaching.checking.exercise import Case, Exercise

Answer = Callable[[nn.Module], object]


class Gain(nn.Module):
    """A parameter that is neither a weight nor a bias, in a module without children."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(2, width))


class Scaled(nn.Module):
    """The same beside children."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.parts = nn.Sequential(nn.Conv2d(1, width, 3), Gain(width))
        self.scale = nn.Parameter(torch.ones(width, 1, 1))


def made(kind: str, width: int) -> nn.Module:
    """A network of that kind, with a trap in it."""
    conv = nn.Conv2d(width, width, 3)
    if kind == "reused":
        return nn.Sequential(conv, nn.ReLU(), conv)
    if kind == "tied":
        other = nn.Conv2d(width, width, 3)
        other.weight = conv.weight
        return nn.Sequential(conv, other)
    if kind == "frozen":
        return nn.Sequential(conv.requires_grad_(requires_grad=False), nn.Conv2d(width, 2, 1))
    if kind == "norm":
        return nn.Sequential(conv, nn.BatchNorm2d(width), nn.Sequential(nn.Conv2d(width, width, 3), nn.PReLU()))
    return Scaled(width)


def _kinds(seed: int) -> Iterator[Case]:
    yield from ((kind, 3 + i + seed) for i, kind in enumerate(("norm", "frozen", "reused", "tied", "bare")))


def counted(answer: Answer, case: Case) -> list[int]:
    """All parameters and those that learn, as the answer has them for a network of this kind."""
    pair = answer(made(*case))
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise TypeError(f"a pair is needed, all and those that learn; a {type(pair).__name__} came")
    return [index(each) for each in pair]


def _pair(tensors: Iterable[Tensor]) -> tuple[int, int]:
    found = list(tensors)
    return sum(t.numel() for t in found), sum(t.numel() for t in found if t.requires_grad)


def _right(net: nn.Module) -> tuple[int, int]:
    return _pair(net.parameters())


def _own(net: nn.Module, names: Iterable[str] = ()) -> Iterator[Tensor]:
    """The parameters of each module itself, of these names if any are given."""
    for module in net.modules():
        yield from (p for name, p in module.named_parameters(recurse=False) if not names or name in names)


def _once(tensors: Iterable[Tensor]) -> Iterable[Tensor]:
    return {id(t): t for t in tensors}.values()


def _leaves(net: nn.Module) -> Iterable[Tensor]:
    return _once(p for m in net.modules() if not list(m.children()) for p in m.parameters(recurse=False))


distinct_parameters = Exercise(
    "distinct_parameters",
    _right,
    _kinds,
    {
        "a module that is used in two places has its parameters once; you counted each place": (
            lambda net: _pair(p for _, p in net.named_parameters(remove_duplicate=False))
        ),
        "two modules share one tensor; tell tensors apart by identity, not modules": lambda net: _pair(_own(net)),
        "parameters may have any name; you looked for weight and bias": (
            lambda net: _pair(_once(_own(net, ("weight", "bias"))))
        ),
        "weight and bias only, and shared tensors twice: that is torchsummary's way": (
            lambda net: _pair(_own(net, ("weight", "bias")))
        ),
        "a module with children can have parameters of its own": lambda net: _pair(_leaves(net)),
        "parameters() goes down into the children already; you went down once more": (
            lambda net: _pair(p for m in net.modules() for p in m.parameters())
        ),
        "the running statistics of a norm are buffers, and not learnt": (
            lambda net: (_right(net)[0] + sum(b.numel() for b in net.buffers()), _right(net)[1])
        ),
        "a state dict holds buffers, too, and shared tensors once for each name": (
            lambda net: (sum(t.numel() for t in net.state_dict().values()), _right(net)[1])
        ),
        "frozen parameters are parameters; only the second number leaves them out": (
            lambda net: (_right(net)[1], _right(net)[1])
        ),
        "a frozen parameter does not learn: requires_grad is False": lambda net: (_right(net)[0], _right(net)[0]),
        "all of them first, then those that learn": lambda net: _right(net)[::-1],
        "the second number is of those that learn, and not of the frozen ones": (
            lambda net: (_right(net)[0], _right(net)[0] - _right(net)[1])
        ),
        "two tensors of one shape are two tensors; compare identities": (
            lambda net: _pair({p.shape: p for p in net.parameters()}.values())
        ),
        "you counted tensors; count the numbers in them": (
            lambda net: (len(list(net.parameters())), sum(p.requires_grad for p in net.parameters()))
        ),
    },
    counted,
)

EXERCISES = (distinct_parameters,)
