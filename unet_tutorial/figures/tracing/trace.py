"""Traces any ``nn.Module``: records a pass and builds the description with exact counts of every feature map."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import keystr, tree_flatten_with_path, tree_leaves

from unet_tutorial.figures.arch.analyse import analysed
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.tracing.graph import Graph
from unet_tutorial.figures.tracing.memory import peak, with_saved_bytes
from unet_tutorial.figures.tracing.meta import is_data_dependent
from unet_tutorial.figures.tracing.record import Record, record
from unet_tutorial.plan.levels import Level
from unet_tutorial.plan.sizes import Padding, Plan, valid_sizes


class TraceError(ValueError):
    """The model cannot be traced, because its control flow depends on the values of its tensors."""


def trace(model: nn.Module, *args: Any, **kwargs: Any) -> ArchIR:
    """The architecture that runs in ``model(*args, **kwargs)``; tensors may be meta tensors.

    Maps, levels and skips are those of evaluation mode; saved bytes are those of training with dropout off. The model
    is restored afterwards. Raises TraceError for data-dependent control flow, and ValueError, with the model's own
    message, if it does not accept the arguments.
    """
    model = _unwrapped(model)
    _check(model, (args, kwargs))
    totals = _parameters(model)
    with _eager():
        found = _run(model, args, kwargs)
        graph = Graph(found, input_names(model, args, kwargs))
        nodes = graph.nodes
        totals |= {"macs": sum(node.macs for node in nodes), "peak": peak(found)}
        try:
            saving = record(model, args, kwargs, training=True)
        except Exception:  # training may fail where evaluation works, such as batch norm with a single value
            saving = None
    if saving is not None:
        training = Graph(saving)
        nodes = with_saved_bytes(nodes, training.nodes, training.saved_bytes(saving))
        totals["saved"] = sum(saving.saved.values())
    levels, padding = stated_plan(model)
    valid = tuple((sizes.start, sizes.step) for sizes in valid_sizes(levels, padding=padding)) if levels else ()
    return analysed(ArchIR(type(model).__name__, tuple(nodes), graph.outputs, totals=totals, valid=valid))


def _unwrapped(model: Any) -> Any:
    """The network inside ``torch.compile`` or data-parallel wrappers."""
    while isinstance(model, nn.Module):
        parallel = isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel))
        inner = model.module if parallel else vars(model).get("_modules", {}).get("_orig_mod")
        if not isinstance(inner, nn.Module):
            break
        model = inner
    return model


def _eager() -> AbstractContextManager[Any]:
    """Run compiled parts eagerly. Without ``torch._dynamo`` loaded there are none, and loading it takes a second."""
    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()


def _check(model: nn.Module, given: Any) -> None:
    """Raise ValueError for a model that is not an ``nn.Module`` or is scripted, and for arguments without a tensor."""
    if not isinstance(model, nn.Module):
        raise ValueError(f"the model is a {type(model).__name__}, not a torch nn.Module; build the model first")
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        raise ValueError(f"{type(model).__name__} is or contains a ScriptModule; pass the module that it was made from")
    if not any(isinstance(leaf, Tensor) for leaf in tree_leaves(given)):
        raise ValueError("the example has no tensor; pass one whose shape the model accepts, such as (1, 1, 572, 572)")


def _run(model: nn.Module, args: Any, kwargs: Any) -> Record:
    name = type(model).__name__
    try:
        return record(model, args, kwargs, training=False)
    except Exception as error:
        lines = str(error).strip().splitlines()
        message = f"{type(error).__name__}: {lines[0][:300] if lines else ''}"
        if is_data_dependent(error):
            raise TraceError(
                f"{name} has data-dependent control flow ({message}), so one diagram cannot show it; "
                "pass the part of it that runs the same operations for every image"
            ) from error
        if isinstance(error, ValueError):
            raise
        raise ValueError(
            f"{name} does not accept this example ({message}); pass tensors of the shapes and dtypes it is trained with"
        ) from error


def _parameters(model: nn.Module) -> dict[str, int]:
    """Counts of parameters and their bytes, each tensor once, unused parameters included."""
    once = {id(weight): weight for weight in model.parameters()}.values()
    uninitialised = [w for w in once if isinstance(w, nn.parameter.UninitializedParameter)]
    if uninitialised:
        raise ValueError("the model has uninitialised parameters (a lazy module); run it once on an example first")
    return {
        "parameters": sum(weight.numel() for weight in once),
        "parameter_bytes": sum(weight.numel() * weight.element_size() for weight in once),
        "trainable": sum(weight.numel() for weight in once if weight.requires_grad),
    }


def input_names(model: nn.Module, args: Any, kwargs: Any) -> list[str]:
    """Names of the arguments of ``forward`` that hold the tensors, in the order of ``tree_leaves``; "input" if unknown.

    >>> input_names(nn.Linear(2, 2), (torch.zeros(1, 2), [torch.zeros(1)]), {"t": torch.zeros(1)})
    ['input', 'input', 't']
    """
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    positional = [each.name for each in inspect.signature(model.forward).parameters.values() if each.kind in kinds]
    names = []
    for (group, argument, *inner), leaf in tree_flatten_with_path((args, kwargs))[0]:
        known = positional[argument.idx : argument.idx + 1] if group.idx == 0 else [argument.key]
        if isinstance(leaf, Tensor):
            names.append(known[0] + keystr(tuple(inner)) if known else "input")
    return names


def stated_plan(model: nn.Module) -> tuple[Plan, Padding]:
    """Levels and padding of a network that states both, as those of this library do; () as levels for any other."""
    levels, padding = getattr(model, "levels", ()), getattr(model, "padding", "")
    stated = isinstance(levels, Sequence) and all(isinstance(level, Level) for level in levels)
    return (levels, padding) if stated and padding in ("same", "valid") else ((), "same")
