"""Meta tensors: creates them, moves arguments to the meta device, detects data-dependent control flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.utils._pytree import tree_leaves, tree_map

NORMS = (torch.ops.aten.native_batch_norm, torch.ops.aten.native_group_norm, torch.ops.aten.native_layer_norm)


def storage(tensor: Tensor) -> int:
    """A number that identifies a tensor's memory; equal for tensors that share memory."""
    return int(tensor.untyped_storage()._cdata)


def without_values(leaf: Any, device: str) -> Any:
    """A tensor with the same shape, strides and dtype, and no values; other objects are returned as they are."""
    if not isinstance(leaf, Tensor):
        return leaf
    return torch.empty_strided(leaf.shape, leaf.stride(), dtype=leaf.dtype, device=device)


def on_one_device(func: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """The arguments, all on the meta device if one of them is: a model may create tensors on another device.

    Raises RuntimeError if ``func`` would write a meta tensor into a tensor with values.
    """
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    real = [tensor for tensor in tensors if not tensor.is_meta]
    if len(real) == len(tensors) or isinstance(tensors[0], FakeTensor):
        return args, kwargs
    if real and func._schema.is_mutable:
        raise RuntimeError(f"{func} would write a tensor without values into one with values")
    if real:
        ids = {id(tensor) for tensor in real}
        args, kwargs = tree_map(lambda leaf: without_values(leaf, "meta") if id(leaf) in ids else leaf, (args, kwargs))
    return args, {**kwargs, "device": torch.device("meta")} if kwargs.get("device") else kwargs


def is_data_dependent(error: BaseException) -> bool:
    """Whether a pass failed because the model read values of a tensor that has none."""
    signs = (
        "data-dependent", "DataDependent", "DynamicOutputShape", "Tensor.item()", "meta tensor", "no data", "numpy",
        "Meta tensors", "aten.nonzero", "unallocated storage", "register_meta", "_local_scalar_dense",
    )  # fmt: skip
    return any(sign in f"{type(error).__name__} {error}" for sign in signs)


def run_operator(func: Any, args: Any, kwargs: Any) -> Any:
    """``func(*args, **kwargs)`` for tensors without values.

    ``torch.cat`` of meta tensors is computed here, because the first use of torch's own shape rule takes a second. The
    statistics that a norm saves are as on a CPU: in the dtype of its weights, and none for a batch norm that uses its
    running statistics. torch's rules for tensors without values give others.
    """
    if func is torch.ops.aten.cat.default and not kwargs:
        shape = _concatenated_shape(*args)
        if shape:
            return args[0][0].new_empty(shape)
    out = func(*args, **kwargs)
    if func.overloadpacket in NORMS:
        weights = [leaf for leaf in args[1:] if isinstance(leaf, Tensor)]
        dtype = (weights[0] if weights else args[0]).dtype
        evaluated = func.overloadpacket is torch.ops.aten.native_batch_norm and not args[5]
        return (out[0], *(each.new_empty(0 if evaluated else each.shape, dtype=dtype) for each in out[1:]))
    return out


def _concatenated_shape(tensors: Sequence[Tensor], axis: int = 0) -> list[int]:
    """The shape of the concatenation; empty if dtypes or shapes differ, so that torch reports the error."""
    first = tensors[0]
    if not all(t.is_meta and t.dtype == first.dtype and t.ndim == first.ndim and t.stride(-1) == 1 for t in tensors):
        return []
    axis %= first.ndim
    shapes = [list(t.shape) for t in tensors]
    length = sum(shape.pop(axis) for shape in shapes)
    same = all(shape == shapes[0] for shape in shapes)
    return [*shapes[0][:axis], length, *shapes[0][axis:]] if same else []
