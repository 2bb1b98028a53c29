"""Records one forward pass on the meta device, operator by operator: shapes are exact, values are not computed.

Torch's dispatcher reports every operator that runs, so crops computed from shapes, functional calls and third-party
modules are recorded, too. The model is not changed: meta tensors stand in for its weights, and modes are restored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functional_call
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from unet_tutorial.figures.tracing.meta import is_data_dependent, on_one_device, run_operator, storage, without_values
from unet_tutorial.figures.tracing.restored import restored


@dataclass(frozen=True)
class Op:
    """An ATen operator call; ``path`` is the module that made it, ``written`` are the arguments changed in place.

    ``arguments`` holds all arguments by their names in the operator's schema, with the defaults of those not given.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outs: list[Tensor]
    path: str
    written: list[Tensor]
    arguments: dict[str, Any]

    @property
    def operand(self) -> Any:
        """The first argument: ``self`` or ``input`` in most schemas."""
        return next(iter(self.arguments.values()), None)


def arguments_by_name(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of ``func(*args, **kwargs)`` by their names in its schema; those not given have their defaults.

    >>> arguments_by_name(torch.ops.aten.squeeze.dim, ("image",), {"dim": 1})
    {'self': 'image', 'dim': 1}
    """
    schema = func._schema.arguments
    defaults = {each.name: each.default_value for each in schema}
    return defaults | {each.name: value for each, value in zip(schema, args, strict=False)} | kwargs


@dataclass
class Record(TorchDispatchMode):
    """All operator calls of a pass, in order, with the pass's input and output tensors and the model's weights.

    ``paths`` is the stack of the modules that are running.
    """

    ops: list[Op] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    weights: dict[str, Tensor] = field(default_factory=dict)
    paths: list[str] = field(default_factory=lambda: [""])
    saved: dict[int, int] = field(default_factory=dict)  # storage: bytes saved for the backward pass

    def __post_init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch does not annotate it

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch imports its compiler for the method below, which takes a second

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operator and record it."""
        args, kwargs = on_one_device(func, args, kwargs or {})
        out = run_operator(func, args, kwargs)
        outs = [leaf for leaf in tree_leaves(out) if isinstance(leaf, Tensor)]
        mutable = func._schema.is_mutable
        written = [each for each in outs if any(each is arg for arg in args)] if mutable else []
        arguments = arguments_by_name(func, args, kwargs)
        self.ops.append(Op(func.overloadpacket.__name__, args, kwargs, outs, self.paths[-1], written, arguments))
        return out


def record(model: nn.Module, args: Any, kwargs: dict[str, Any], *, training: bool) -> Record:
    """The record of ``model(*args, **kwargs)``; ``training`` also records the saved bytes, with dropout off.

    Uses the meta device, or torch's fake tensors if the model creates tensors on another device. Raises the
    model's own errors.
    """
    try:
        found = _recorded(model, args, kwargs, None, training=training)
    except RuntimeError as first:
        if not any(word in str(first) for word in ("meta", "Meta", "device", "without values", "storage")):
            raise
        try:
            return _recorded(model, args, kwargs, FakeTensorMode(allow_non_fake_inputs=True), training=training)
        except RuntimeError as second:
            raise (second if is_data_dependent(second) else first) from first
    if not any(op.name == "_safe_softmax" for op in found.ops):
        return found
    # On a real device attention is one operator. On the meta device it is split into steps that keep more bytes for the
    # backward pass than this operator, so fake tensors of a real device give the right number.
    try:
        return _recorded(model, args, kwargs, FakeTensorMode(allow_non_fake_inputs=True), training=training)
    except RuntimeError:
        return found


def _recorded(model: nn.Module, args: Any, kwargs: Any, fake: FakeTensorMode | None, *, training: bool) -> Record:
    device = "meta" if fake is None else "cpu"
    found = Record()
    with ExitStack() as stack:
        stack.enter_context(restored(model, training=training))
        stack.enter_context(torch.inference_mode(mode=False))
        stack.enter_context(torch.set_grad_enabled(training))
        stack.enter_context(_module_paths(model, found))
        stack.enter_context(fake or nullcontext())
        args, kwargs = tree_map(lambda leaf: without_values(leaf, device), (args, kwargs))
        found.inputs = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        parameters = {
            name: nn.Parameter(without_values(p, device), p.requires_grad) for name, p in model.named_parameters()
        }
        buffers = {name: without_values(buffer, device) for name, buffer in model.named_buffers()}
        found.weights = {**parameters, **buffers}
        if training:
            stack.enter_context(torch.autograd.graph.saved_tensors_hooks(_saved_counter(found), lambda tensor: tensor))
        with found:
            out = functional_call(model, found.weights, args, kwargs)
        found.outputs = [leaf for leaf in tree_leaves(out) if isinstance(leaf, Tensor)]
    return found


def _saved_counter(found: Record) -> Callable[[Tensor], Tensor]:
    """A hook that records the bytes of each tensor saved for the backward pass, weights excluded."""
    weights = {storage(weight) for weight in found.weights.values()}

    def count(tensor: Tensor) -> Tensor:
        if storage(tensor) not in weights and not isinstance(tensor, nn.Parameter):
            found.saved[storage(tensor)] = tensor.untyped_storage().nbytes()
        return tensor

    return count


@contextmanager
def _module_paths(model: nn.Module, found: Record) -> Iterator[None]:
    """Keep ``found.paths`` up to date with hooks on all modules."""
    names = {id(module): name for name, module in model.named_modules()}
    enter = register_module_forward_pre_hook(
        lambda module, _given: found.paths.append(names.get(id(module), found.paths[-1]))
    )
    leave = register_module_forward_hook(lambda _module, _given, _out: _pop(found.paths), always_call=True)
    try:
        yield
    finally:
        enter.remove()
        leave.remove()


def _pop(paths: list[str]) -> None:
    paths.pop()  # in a function of its own, because a value returned by the hook would replace the output
