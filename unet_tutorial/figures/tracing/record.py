"""Records one forward pass on the meta device, operator by operator: shapes are exact, values are not computed.

Torch's dispatcher reports every operator that runs, so crops computed from shapes, functional calls and third-party
modules are recorded, too. The model is not changed: meta tensors stand in for its weights, and modes are restored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.func import functional_call
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from unet_tutorial.figures.tracing.autocast import autocast_devices
from unet_tutorial.figures.tracing.calls import Call, module_call, recurrent_call, running_function, weight_labels
from unet_tutorial.figures.tracing.meta import is_data_dependent, on_one_device, run_operator, storage, without_values
from unet_tutorial.figures.tracing.restored import restored
from unet_tutorial.figures.tracing.structure import replaced, tensors, without_iterators


@dataclass(frozen=True)
class Op:
    """An ATen operator call; ``path`` is the module that made it, ``written`` are the arguments changed in place.

    ``arguments`` holds all arguments by their names in the operator's schema, with the defaults of those not given.
    ``pointwise``: torch marks the operator as one that computes each value from the values at the same place.
    ``label`` is the name to publish where it differs from ``name``.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outs: list[Tensor]
    path: str
    written: list[Tensor]
    arguments: dict[str, Any]
    pointwise: bool = False
    label: str = ""

    @property
    def operand(self) -> Any:
        """The first argument: ``self`` or ``input`` in most schemas."""
        return next(iter(self.arguments.values()), None)

    @cached_property
    def tensors(self) -> list[Tensor]:
        """All tensors among the arguments."""
        return [leaf for leaf in tree_leaves((self.args, self.kwargs)) if isinstance(leaf, Tensor)]


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

    ``outputs`` are the tensors in ``returned``, the object that the model returned.
    ``calls`` are those of norms, activations, recurrent layers and modules without submodules. ``weight_labels`` are
    the reparametrisations of weights by path of their module, ``autocast`` the device types for which the pass uses
    automatic mixed precision. ``running`` is the stack of the modules that are running: the path of each, and the
    number of operators before it.
    """

    ops: list[Op] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    returned: Any = None
    weights: dict[str, Tensor] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    weight_labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    autocast: set[str] = field(default_factory=set)
    running: list[tuple[str, int]] = field(default_factory=lambda: [("", 0)])
    saved: dict[int, int] = field(default_factory=dict)  # storage: bytes saved for the backward pass

    def __post_init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch does not annotate it
        self._function: tuple[FrameType, Call] | None = None  # the last function of torch that ran, and its call

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch imports its compiler for the method below, which takes a second

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Run the operator and record it."""
        kwargs = kwargs or {}
        out = run_operator(func, *on_one_device(func, args, kwargs))
        if func.namespace == "prim":  # no operator of a network; a fake tensor announces here that its device is read
            return out
        outs = [leaf for leaf in tree_leaves(out) if isinstance(leaf, Tensor)]
        mutable = func._schema.is_mutable
        written = [each for each in outs if any(each is arg for arg in args)] if mutable else []
        name, path, arguments = func.overloadpacket.__name__, self.running[-1][0], arguments_by_name(func, args, kwargs)
        pointwise = torch.Tag.pointwise in func.tags
        self.ops.append(Op(name, args, kwargs, outs, path, written, arguments, pointwise))
        self._note_function()
        return out

    def _note_function(self) -> None:
        """Add the last operator to the call of the function of torch that ran it, if any."""
        found = running_function()
        if found is None:
            return
        name, frame = found
        if self._function is None or self._function[0] is not frame:
            self._function = frame, Call(name, len(self.ops) - 1, len(self.ops), is_layer=name != "normalize")
            self.calls.append(self._function[1])
        self._function[1].last = len(self.ops)

    def enter(self, path: str | None) -> None:
        """A module starts to run; a ``path`` of None stands for a module inside of the one that runs."""
        self.running.append((self.running[-1][0] if path is None else path, len(self.ops)))

    def leave(self, module: nn.Module, out: Any) -> None:
        """The module that started last has computed ``out``."""
        _, first = self.running.pop()
        recurrent = recurrent_call(module, out, first, len(self.ops))
        if recurrent is not None:
            self.calls.append(recurrent)
        call = module_call(module, first, len(self.ops))
        if recurrent is None and call is not None and self.ops[-1].outs and out is self.ops[-1].outs[0]:
            self.calls.append(call)

    @property
    def dtypes_are_known(self) -> bool:
        """Whether tensors have the dtypes of a real pass: not known for automatic mixed precision on other devices."""
        return self.autocast <= {"cpu"}

    def finish(self, out: Any) -> None:
        """The pass has computed ``out``."""
        self.returned, self.outputs = out, [tensor for _, tensor in tensors(out)]
        self._function = None  # a frame keeps all of its variables alive


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
    if "cpu" not in found.autocast and not any(op.name == "_safe_softmax" for op in found.ops):
        return found
    # On a real device attention is one operator, and autocast changes dtypes. On the meta device, attention is split
    # into steps that keep more bytes for the backward pass than this operator, and autocast has no effect. Fake tensors
    # of a real device give the right number.
    try:
        return _recorded(model, args, kwargs, FakeTensorMode(allow_non_fake_inputs=True), training=training)
    except RuntimeError:
        return found


def _recorded(model: nn.Module, args: Any, kwargs: Any, fake: FakeTensorMode | None, *, training: bool) -> Record:
    device = "meta" if fake is None else "cpu"
    found = Record(weight_labels=weight_labels(model))
    with ExitStack() as stack:
        stack.enter_context(restored(model, training=training))
        stack.enter_context(torch.inference_mode(mode=False))
        stack.enter_context(torch.set_grad_enabled(training))
        stack.enter_context(_module_calls(model, found))
        stack.enter_context(fake or nullcontext())
        args, kwargs = replaced((args, kwargs), lambda tensor: without_values(tensor, device))
        found.inputs = [tensor for _, tensor in tensors((args, kwargs))]
        parameters = {
            name: nn.Parameter(without_values(p, device), p.requires_grad) for name, p in model.named_parameters()
        }
        buffers = {name: without_values(buffer, device) for name, buffer in model.named_buffers()}
        found.weights = {**parameters, **buffers}
        if training:
            stack.enter_context(torch.autograd.graph.saved_tensors_hooks(_saved_counter(found), lambda tensor: tensor))
        found.autocast = stack.enter_context(autocast_devices())
        with found:
            found.finish(functional_call(model, found.weights, args, kwargs))
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
def _module_calls(model: nn.Module, found: Record) -> Iterator[None]:
    """Tell ``found`` which module runs, with hooks on all modules; a generator is run to its end inside ``model``."""
    names = {id(module): name for name, module in model.named_modules()}
    handles = [
        register_module_forward_pre_hook(lambda module, _given: found.enter(names.get(id(module)))),
        register_module_forward_hook(lambda module, _given, out: found.leave(module, out), always_call=True),
        model.register_forward_hook(lambda _module, _given, out: without_iterators(out)),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
