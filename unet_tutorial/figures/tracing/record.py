"""One forward pass on the meta device, written down operation by operation: shapes are real, numbers are not computed.

What torch executes is what is recorded, so crops computed from shapes, functional calls and modules written by anybody
are seen as they are. Nothing of the model is touched: weights are stood in for by empty ones, modes are set back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

from unet_tutorial.figures.tracing.meta import decides, emptied, on_one_device, perform, storage
from unet_tutorial.figures.tracing.restored import untouched


@dataclass(frozen=True)
class Op:
    """An operation of torch: its packet's name, its arguments as given, what came out, what of it was written into."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outs: list[Tensor]
    path: str
    written: list[Tensor]


@dataclass
class Record(TorchDispatchMode):
    """All operations of a pass, in order; ``inputs`` and ``outputs`` are the tensors at its ends."""

    ops: list[Op] = field(default_factory=list)
    inputs: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    weights: dict[str, Tensor] = field(default_factory=dict)
    paths: list[str] = field(default_factory=lambda: [""])
    saved: dict[int, int] = field(default_factory=dict)  # storage: bytes kept for the backward pass

    def __post_init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's mode, which takes nothing

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch imports its compiler for the method below, which takes a second

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Let torch do it, and note it."""
        args, kwargs = on_one_device(func, args, kwargs or {})
        out = perform(func, args, kwargs)
        outs = [leaf for leaf in tree_leaves(out) if isinstance(leaf, Tensor)]
        changes = func._schema.is_mutable
        written = [each for each in outs if any(each is arg for arg in args)] if changes else []
        self.ops.append(Op(func.overloadpacket.__name__, args, kwargs, outs, self.paths[-1], written))
        return out


def record(model: nn.Module, args: Any, kwargs: dict[str, Any], *, training: bool) -> Record:
    """The record of ``model(*args, **kwargs)``; ``training`` keeps what a backward pass needs, dropout off.

    Tries the meta device, and where the model makes tensors of its own on another one, torch's fake tensors. Raises
    whatever the model raises.
    """
    try:
        found = _recorded(model, args, kwargs, None, training=training)
    except RuntimeError as first:
        if not any(word in str(first) for word in ("meta", "Meta", "device", "numbers", "storage")):
            raise
        try:
            return _recorded(model, args, kwargs, FakeTensorMode(allow_non_fake_inputs=True), training=training)
        except RuntimeError as second:
            raise (second if decides(second) else first) from first
    if not any(op.name == "_safe_softmax" for op in found.ops):
        return found
    try:  # attention is one operation on a real device, which keeps less than its steps on the meta device
        return _recorded(model, args, kwargs, FakeTensorMode(allow_non_fake_inputs=True), training=training)
    except RuntimeError:
        return found


def _recorded(model: nn.Module, args: Any, kwargs: Any, fake: FakeTensorMode | None, *, training: bool) -> Record:
    device = "meta" if fake is None else "cpu"
    found = Record()
    with ExitStack() as stack:
        stack.enter_context(untouched(model, training=training))
        stack.enter_context(torch.inference_mode(mode=False))
        stack.enter_context(torch.set_grad_enabled(training))
        stack.enter_context(_where(model, found))
        stack.enter_context(fake or nullcontext())
        args, kwargs = tree_map(lambda leaf: emptied(leaf, device), (args, kwargs))
        found.inputs = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        learnt = {name: nn.Parameter(emptied(w, device), w.requires_grad) for name, w in model.named_parameters()}
        found.weights = {**learnt, **{name: emptied(tensor, device) for name, tensor in model.named_buffers()}}
        if training:
            stack.enter_context(torch.autograd.graph.saved_tensors_hooks(_counter(found), lambda kept: kept))
        with found:
            out = functional_call(model, found.weights, args, kwargs)
        found.outputs = [leaf for leaf in tree_leaves(out) if isinstance(leaf, Tensor)]
    return found


def _counter(found: Record) -> Callable[[Tensor], Tensor]:
    own = {storage(weight) for weight in found.weights.values()}

    def keep(tensor: Tensor) -> Tensor:
        if storage(tensor) not in own and not isinstance(tensor, nn.Parameter):
            found.saved[storage(tensor)] = tensor.untyped_storage().nbytes()
        return tensor

    return keep


@contextmanager
def _where(model: nn.Module, found: Record) -> Iterator[None]:
    """Inside, the record knows which module is at work."""
    names = {id(module): name for name, module in model.named_modules()}
    enter = register_module_forward_pre_hook(
        lambda module, _given: found.paths.append(names.get(id(module), found.paths[-1]))
    )
    leave = register_module_forward_hook(lambda _module, _given, _out: _leave(found), always_call=True)
    try:
        yield
    finally:
        enter.remove()
        leave.remove()


def _leave(found: Record) -> None:
    found.paths.pop()
