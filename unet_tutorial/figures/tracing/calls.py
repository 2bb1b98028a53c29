"""Calls of functions and modules that figures show as one operation, such as an instance norm.

torch runs an instance norm as the operators view, batch norm and view, a softsign as abs, add and div, and a ReLU6 as
hardtanh. Each is shown under the name of the function or of the module's class.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

NAMED = ("batch_norm", "instance_norm", "layer_norm", "group_norm", "rms_norm", "local_response_norm", "relu6", "celu",
         "selu", "rrelu", "softsign", "tanhshrink", "softmin", "normalize")  # fmt: skip
FUNCTIONS: dict[CodeType, str] = {getattr(F, name).__code__: name for name in NAMED}
LAYERS = tuple(f"torch.nn.modules.{file}" for file in ("activation", "batchnorm", "instancenorm", "normalization"))
HOOKS = ("torch.nn.utils.weight_norm", "torch.nn.utils.spectral_norm")  # older than torch's parametrisations


@dataclass
class Call:
    """The operators ``first`` to ``last - 1`` of a record ran in one call, which is published as ``label``.

    ``is_layer``: the call is a norm or activation of torch; if False, it is another module without submodules.
    ``outs`` are the outputs of a recurrent layer, whose sequence runs along the dimension ``dim`` of the first one.
    """

    label: str
    first: int
    last: int
    is_layer: bool
    outs: tuple[Tensor, ...] = ()
    dim: int = 0


def running_function() -> tuple[str, FrameType] | None:
    """The outermost of torch's functions in ``FUNCTIONS`` that is running, and its frame; None if none is running."""
    found, frame = None, sys._getframe(1)
    while frame is not None:
        name = FUNCTIONS.get(frame.f_code)
        found = (name, frame) if name else found
        frame = frame.f_back  # type: ignore[assignment]
    return found


def module_call(module: nn.Module, first: int, last: int) -> Call | None:
    """The call of a module that ran these operators; None for a module with submodules."""
    if module._modules or first == last:
        return None
    layer = next((each for each in type(module).__mro__ if each.__module__ in LAYERS), None)
    return Call(class_label(layer or type(module)), first, last, layer is not None)


def recurrent_call(module: nn.Module, out: Any, first: int, last: int) -> Call | None:
    """The call of an LSTM, GRU or RNN that returned ``out`` for a tensor; None for other modules."""
    layer = next((each for each in (nn.LSTM, nn.GRU, nn.RNN) if isinstance(module, each)), None)
    if layer is None or first == last or not isinstance(out[0], Tensor):
        return None
    outs = tuple(leaf for leaf in tree_leaves(out) if isinstance(leaf, Tensor))
    return Call(
        layer.__name__, first, last, is_layer=True, outs=outs, dim=outs[0].ndim - 2 if module.batch_first else 0
    )


def class_label(kind: type) -> str:
    """The name of a class in the form of torch's names of operators, without the number of axes.

    >>> [class_label(each) for each in (nn.InstanceNorm2d, nn.LeakyReLU, nn.ReLU6, nn.SiLU, nn.Softmax2d)]
    ['instance_norm', 'leaky_relu', 'relu6', 'silu', 'softmax']
    """
    name = re.sub(r"\dd$", "", kind.__name__.strip("_"))
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])(?!LU\d*$)|(?<=[A-Z]{2})(?=[A-Z][a-z])", "_", name).lower()


def same_name(operator: str, label: str) -> bool:
    """Whether an operator's name is a label but for torch's prefixes, suffixes and underscores.

    >>> same_name("native_batch_norm", "batch_norm"), same_name("relu_", "relu"), same_name("hardtanh", "relu6")
    (True, True, False)
    """
    return re.sub(r"^native_|_", "", operator) == label.replace("_", "")


def weight_labels(model: nn.Module) -> dict[str, tuple[str, ...]]:
    """By path of a module: the reparametrisations of its weights, such as "weight_norm" and "spectral_norm"."""
    found = {}
    for path, module in model.named_modules():
        lists: Any = vars(module).get("_modules", {}).get("parametrizations") or {}
        kinds = [type(each) for weights in lists.values() for each in weights]
        kinds += [type(hook) for hook in module._forward_pre_hooks.values() if type(hook).__module__ in HOOKS]
        if kinds:
            found[path] = tuple(dict.fromkeys(map(class_label, kinds)))
    return found
