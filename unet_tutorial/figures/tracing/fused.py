"""The operators of a record, with those of one norm, activation or recurrent layer joined into one operator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from torch import Tensor

from unet_tutorial.figures.tracing.axes import REDUCTIONS, Layout
from unet_tutorial.figures.tracing.calls import Call, same_name
from unet_tutorial.figures.tracing.in_place import Writes
from unet_tutorial.figures.tracing.operators import macs, operation_type
from unet_tutorial.figures.tracing.record import Op, Record

USUAL_NAMES = {"prelu_kernel": "prelu", "rrelu_with_noise": "rrelu", "log_sigmoid_forward": "log_sigmoid"}


class FusedOperators:
    """The operators of a record in order, each as a pair: the operator, and the operators that it stands for.

    ``layouts`` holds the layouts of the feature maps by id, and ``writes`` the writes in place. The caller
    updates both during the iteration.
    """

    def __init__(self, found: Record, layouts: Mapping[int, Layout], writes: Writes) -> None:
        self.ops, self.layouts, self.writes = found.ops, layouts, writes
        self.calls: dict[int, list[Call]] = {}  # by their first operator, the outermost call first
        for call in sorted(found.calls, key=lambda each: -each.last):
            self.calls.setdefault(call.first, []).append(call)
        self.last_use = {id(tensor): i for i, op in enumerate(self.ops) for tensor in op.tensors}
        self.last_use |= {id(tensor): len(self.ops) for tensor in found.outputs}

    def __iter__(self) -> Iterator[tuple[Op, Sequence[Op]]]:
        at = 0
        while at < len(self.ops):
            op, after = self._next(at)
            yield op, self.ops[at:after]
            at = after

    def _next(self, at: int) -> tuple[Op, int]:
        """The operator that starts at this position, and the position after it."""
        for call in (*self.calls.get(at, ()), *self._calls_by_pattern(at)):
            op = self._recurrent_layer(call) if call.outs else self._one_operator(call)
            if op is not None:
                return op, call.last
        return replace(self.ops[at], label=_usual_name(self.ops[at])), at + 1

    def _calls_by_pattern(self, at: int) -> Iterator[Call]:
        """The call that starts at this position, if its operators alone show it.

        An instance norm is a batch norm on a view (1, N·C, *size), and a SiLU the product of a map and its sigmoid.
        """
        ops = self.ops[at : at + 4]
        names = [op.name.removesuffix("_") for op in ops]
        if names == ["view", "empty", "native_batch_norm", "view"]:
            given, view, out = ops[0].operand, ops[0].outs[0], ops[3].outs[0]
            if given.ndim > 2 and given.shape == out.shape and view.shape[:2] == (1, given.shape[0] * given.shape[1]):
                yield Call("instance_norm", at, at + 4, is_layer=True)
        if names[:2] == ["sigmoid", "mul"]:
            factors = {id(ops[0].operand), id(ops[0].outs[0])}
            only_use = self.last_use.get(id(ops[0].outs[0])) == at + 1
            if only_use and len(factors) == 2 and {id(tensor) for tensor in ops[1].tensors} == factors:
                yield Call("silu", at, at + 2, is_layer=True)

    def _one_operator(self, call: Call) -> Op | None:
        """One operator with the effect of all operators of a call; None if they are not a norm or activation."""
        inner = self.ops[call.first : call.last]
        given, made = _given_and_made(inner)
        maps = [tensor for tensor in given if self._is_map(tensor)]
        out = inner[-1].outs[0] if inner[-1].outs else None
        main = next((tensor for tensor in maps if out is not None and tensor.shape == out.shape), None)
        if main is None or any(macs(op, operation_type(op)) for op in inner):
            return None
        args = (main, *(tensor for tensor in given if tensor is not main))
        on_maps = [op for op in inner if any(self._is_map(each) or id(each) in made for each in op.tensors)]
        if call.is_layer and len(on_maps) == 1:
            label = "" if same_name(on_maps[0].name, call.label) else call.label
            return replace(on_maps[0], args=args, kwargs={}, label=label)
        if not call.is_layer:
            leaks = any(self.last_use.get(key, 0) >= call.last for key in made - {id(out)})
            if leaks or len(maps) > 1 or not _combines_by_pixel(main, inner, self.layouts.get(id(main), ())):
                return None
        changes: dict[str, Any] = {"args": args, "kwargs": {}, "arguments": {"self": main}, "label": call.label}
        written = [tensor for op in inner for tensor in op.written if tensor is out and id(tensor) not in made]
        return replace(inner[-1], name=call.label if call.is_layer else "pointwise", written=written, **changes)

    def _recurrent_layer(self, call: Call) -> Op | None:
        """One operator for a recurrent layer; None if its input is no feature map."""
        inner = self.ops[call.first : call.last]
        given, _ = _given_and_made(inner)
        steps = call.outs[0].shape[:-1]
        main = next((each for each in given if self._is_map(each) and each.shape[:-1] == steps), None)
        if main is None:
            return None
        args = (main, *(tensor for tensor in given if tensor is not main))
        arguments: dict[str, Any] = {"self": main, "dim": call.dim}
        return Op(call.label, args, {}, list(call.outs), inner[0].path, [], arguments)

    def _is_map(self, tensor: Tensor) -> bool:
        return id(tensor) in self.layouts or bool(self.writes.since(tensor))


def _usual_name(op: Op) -> str:
    """The usual name of an operator for which torch has another one; "" for all others."""
    if op.name.startswith("elu") and op.arguments["scale"] != 1:
        return "selu"
    if op.name.startswith("hardtanh") and (op.arguments["min_val"], op.arguments["max_val"]) == (0, 6):
        return "relu6"
    return USUAL_NAMES.get(op.name.strip("_"), "")


def _given_and_made(inner: Sequence[Op]) -> tuple[list[Tensor], set[int]]:
    """The tensors that the operators read from outside, in order, and the ids of those that they make."""
    given: dict[int, Tensor] = {}
    made: set[int] = set()
    for op in inner:
        given |= {id(tensor): tensor for tensor in op.tensors if id(tensor) not in made}
        made |= {id(out) for out in op.outs if id(out) not in given}
    return list(given.values()), made


def _combines_by_pixel(main: Tensor, inner: Sequence[Op], layout: Layout) -> bool:
    """Whether operators combine several maps made from ``main``, each pixel from the channels of this pixel.

    Sums and products with weights alone, and chains of activations, combine no maps: they are shown one by one.
    """
    if len(layout) != main.ndim:
        return False
    channels = [all(source == "c" for source, _, _ in dim) for dim in layout]
    derived, combined = {id(main)}, False
    for op in inner:
        read = {id(tensor) for tensor in op.tensors} & derived
        if not read:
            continue
        combined |= len(read) > 1
        if not (op.pointwise or op.name in (*REDUCTIONS, "expand") or operation_type(op) == "same"):
            return False
        for out in op.outs:
            if out.ndim != main.ndim:
                return False
            sizes = zip(out.shape, main.shape, channels, strict=True)
            if not all(n == m or (n == 1 and channel) for n, m, channel in sizes):
                return False
            derived.add(id(out))
    return combined
