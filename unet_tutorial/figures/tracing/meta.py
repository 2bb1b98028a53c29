"""Meta tensors: made, recognised, moved to one device;
detects data-dependent control flow; a fast shape-only ``torch.cat``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensor
from torch.utils._pytree import tree_leaves, tree_map


def storage(tensor: Tensor) -> int:
    """What tells two tensors' memory apart."""
    return int(tensor.untyped_storage()._cdata)


def emptied(leaf: Any, device: str) -> Any:
    """A tensor of the same kind without numbers; what is no tensor stays."""
    if not isinstance(leaf, Tensor):
        return leaf
    return torch.empty_strided(leaf.shape, leaf.stride(), dtype=leaf.dtype, device=device)


def on_one_device(func: Any, args: Any, kwargs: Any) -> tuple[Any, Any]:
    """The arguments on the meta device, where one of them is: tensors that the model makes elsewhere join the rest.

    RuntimeError where an empty tensor is to be written into one with numbers.
    """
    given = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    others = [tensor for tensor in given if not tensor.is_meta]
    if len(others) == len(given) or isinstance(given[0], FakeTensor):
        return args, kwargs
    if others and func._schema.is_mutable:
        raise RuntimeError(f"{func} would write an empty tensor into one with numbers")
    if others:
        alone = {id(tensor) for tensor in others}
        args, kwargs = tree_map(lambda one: emptied(one, "meta") if id(one) in alone else one, (args, kwargs))
    return args, {**kwargs, "device": torch.device("meta")} if kwargs.get("device") else kwargs


def decides(error: BaseException) -> bool:
    """Whether a pass stopped because the model asked for a number that an empty tensor does not hold."""
    words = (
        "data-dependent", "DataDependent", "DynamicOutputShape", "Tensor.item()", "meta tensor", "no data", "numpy",
        "Meta tensors", "aten.nonzero", "unallocated storage", "register_meta", "_local_scalar_dense",
    )  # fmt: skip
    return any(word in f"{type(error).__name__} {error}" for word in words)


def perform(func: Any, args: Any, kwargs: Any) -> Any:
    """What ``func(*args, **kwargs)`` gives, for tensors without numbers."""
    if func is torch.ops.aten.cat.default and not kwargs:
        shape = _concatenated(*args)
        if shape:
            return args[0][0].new_empty(shape)
    return func(*args, **kwargs)


def _concatenated(tensors: Sequence[Tensor], axis: int = 0) -> list[int]:
    """The shape of tensors laid end to end; empty where they are not plainly alike, which torch must judge."""
    first = tensors[0]
    if not all(t.is_meta and t.dtype == first.dtype and t.ndim == first.ndim and t.stride(-1) == 1 for t in tensors):
        return []
    axis %= first.ndim
    shapes = [list(t.shape) for t in tensors]
    length = sum(shape.pop(axis) for shape in shapes)
    alike = all(shape == shapes[0] for shape in shapes)
    return [*shapes[0][:axis], length, *shapes[0][axis:]] if alike else []
