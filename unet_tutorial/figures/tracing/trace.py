"""Traces any ``nn.Module``: records a pass and builds the description with exact counts of every feature map."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from unet_tutorial.figures.arch.analyse import analysed
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.tracing.graph import Graph
from unet_tutorial.figures.tracing.memory import peak, with_saved_bytes
from unet_tutorial.figures.tracing.operators import macs, operation_type
from unet_tutorial.figures.tracing.record import Record, record
from unet_tutorial.figures.tracing.refusals import check_example, check_model, check_output, refusal
from unet_tutorial.figures.tracing.structure import tensors
from unet_tutorial.plan.levels import Level
from unet_tutorial.plan.sizes import Padding, Plan, valid_sizes


def trace(model: nn.Module, *args: Any, **kwargs: Any) -> ArchIR:
    """The architecture that runs in ``model(*args, **kwargs)``; tensors may be meta tensors.

    Tensors may be in nested lists, dicts and dataclasses. Maps, levels and skips are those of evaluation mode; saved
    bytes are those of training with dropout off, on a CPU: norms save their statistics in the dtype of their weights.
    ``torch.autocast`` on the CPU, around this call or in the model, counts with the dtypes that it chooses, and the
    copies of weights that it casts count as saved. For autocast on another device, saved bytes and peak are left out.
    The sums over the nodes are equal to the totals, or lower where training runs operations that evaluation does not.

    The model is restored afterwards. Raises TraceError for data-dependent control flow, and ValueError, with the
    model's own message, if it does not accept the arguments or returns no tensor.
    """
    model = _unwrapped(model)
    check_model(model)
    check_example((args, kwargs))
    totals = _parameters(model)
    with _eager():
        found = _run(model, args, kwargs)
        graph = Graph(found, input_names(model, args, kwargs))
        check_output(model, found.returned, found.outputs, graph.outputs)
        nodes = graph.nodes
        totals["macs"] = sum(macs(op, operation_type(op)) for op in found.ops)
        try:
            saving = record(model, args, kwargs, training=True)
        except Exception:  # training may fail where evaluation works, such as batch norm with a single value
            saving = None
    if found.dtypes_are_known:
        totals["peak"] = peak(found)
    if saving is not None and saving.dtypes_are_known:
        training = Graph(saving)
        nodes = with_saved_bytes(nodes, training.nodes, training.saved_bytes(saving))
        totals["saved"] = sum(saving.saved.values())
    levels, padding = stated_plan(model)
    valid = tuple((sizes.start, sizes.step) for sizes in valid_sizes(levels, padding=padding)) if levels else ()
    return analysed(ArchIR(model._get_name(), tuple(nodes), graph.outputs, totals=totals, valid=valid))


def _unwrapped(model: Any) -> Any:
    """The network inside ``torch.compile`` or data-parallel wrappers."""
    while isinstance(model, nn.Module) and not isinstance(model, torch.jit.ScriptModule):
        parallel = isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel))
        inner = model.module if parallel else vars(model).get("_modules", {}).get("_orig_mod")
        if not isinstance(inner, nn.Module):
            break
        model = inner
    return model


def _eager() -> AbstractContextManager[Any]:
    """Run compiled parts eagerly. Without ``torch._dynamo`` loaded there are none, and loading it takes a second."""
    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()


def _run(model: nn.Module, args: Any, kwargs: Any) -> Record:
    try:
        return record(model, args, kwargs, training=False)
    except Exception as error:
        refused = refusal(model, error)
        if refused is error:
            raise
        raise refused from error


def _parameters(model: nn.Module) -> dict[str, int]:
    """Counts of parameters and their bytes, each tensor once, unused parameters included."""
    once = {id(weight): weight for weight in model.parameters()}.values()
    return {
        "parameters": sum(weight.numel() for weight in once),
        "parameter_bytes": sum(weight.numel() * weight.element_size() for weight in once),
        "trainable": sum(weight.numel() for weight in once if weight.requires_grad),
    }


def input_names(model: nn.Module, args: Any, kwargs: Any) -> list[str]:
    """Names of the arguments of ``forward`` that hold the tensors, in the order of ``tensors``; "input" if unknown.

    >>> input_names(nn.Linear(2, 2), (torch.zeros(1, 2), [torch.zeros(1)]), {"t": [torch.zeros(1)]})
    ['input', 'input', 't[0]']
    """
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    positional = [each.name for each in inspect.signature(model.forward).parameters.values() if each.kind in kinds]
    named = [*zip(positional, args, strict=False), *(("", each) for each in args[len(positional) :]), *kwargs.items()]
    return [name + place if name else "input" for name, value in named for place, _ in tensors(value)]


def stated_plan(model: nn.Module) -> tuple[Plan, Padding]:
    """Levels and padding of a network that states both, as those of this library do; () as levels for any other."""
    levels: Any = getattr(model, "levels", ())
    padding: Any = getattr(model, "padding", "")
    stated = isinstance(levels, Sequence) and all(isinstance(level, Level) for level in levels)
    return (levels, padding) if stated and padding in ("same", "valid") else ((), "same")
