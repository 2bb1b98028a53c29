"""The front-end for any ``nn.Module``: a recorded pass becomes a graph of feature maps with their exact numbers."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from unet_tutorial.figures.arch.analyse import analysed
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.tracing.graph import Graph
from unet_tutorial.figures.tracing.memory import peak, saved_by_node
from unet_tutorial.figures.tracing.meta import decides
from unet_tutorial.figures.tracing.record import Record, record
from unet_tutorial.plan.sizes import valid_sizes


class TraceError(ValueError):
    """The model cannot be followed on empty tensors: what it computes depends on the numbers in them."""


def trace(model: nn.Module, *args: Any, **kwargs: Any) -> ArchIR:
    """The architecture that runs in ``model(*args, **kwargs)``; tensors among the arguments may be empty ones.

    Maps, levels and skips are those of evaluation mode; bytes saved for the backward pass those of training with
    dropout off. The model is as it was afterwards. ``TraceError`` where the flow depends on data; ValueError, with the
    model's own words, where it refuses these arguments.
    """
    model = _unwrapped(model)
    _refuse(model, (args, kwargs))
    totals = _parameters(model)
    with _eager():
        found = _run(model, args, kwargs)
        nodes = Graph(found).nodes
        totals |= {"macs": sum(node.macs for node in nodes), "peak": peak(found)}
        try:
            saving = record(model, args, kwargs, training=True)
        except Exception:  # training may refuse what evaluation takes, as batch norm does a single value
            saving = None
    if saving is not None:
        twin = Graph(saving)
        nodes = saved_by_node(nodes, twin.nodes, twin.keeps(saving))
        totals["saved"] = sum(saving.saved.values())
    return analysed(ArchIR(type(model).__name__, tuple(nodes), totals=totals, valid=_valid(model)))


def _unwrapped(model: Any) -> Any:
    """The network inside what compiles it or spreads it over devices."""
    while isinstance(model, nn.Module):
        spread = isinstance(model, (nn.DataParallel, nn.parallel.DistributedDataParallel))
        inner = model.module if spread else vars(model).get("_modules", {}).get("_orig_mod")
        if not isinstance(inner, nn.Module):
            break
        model = inner
    return model


def _eager() -> AbstractContextManager[Any]:
    """Compiled parts run as they were written; where torch has no compiler loaded there are none."""
    return torch.compiler.set_stance("force_eager") if "torch._dynamo" in sys.modules else nullcontext()


def _refuse(model: nn.Module, given: Any) -> None:
    if not isinstance(model, nn.Module):
        raise ValueError(f"a {type(model).__name__} came, and a torch nn.Module is needed; build the model first")
    if any(isinstance(module, torch.jit.ScriptModule) for module in model.modules()):
        raise ValueError(f"{type(model).__name__} is or holds a ScriptModule; hand in the module that it was made from")
    if not any(isinstance(leaf, Tensor) for leaf in tree_leaves(given)):
        raise ValueError("no tensor came as an example; hand in one of the shape the model takes, (1, 1, 572, 572)")


def _run(model: nn.Module, args: Any, kwargs: Any) -> Record:
    name = type(model).__name__
    try:
        return record(model, args, kwargs, training=False)
    except Exception as error:
        lines = str(error).strip().splitlines()
        words = f"{type(error).__name__}: {lines[0][:300] if lines else ''}"
        if decides(error):
            raise TraceError(
                f"{name} decides by the numbers it sees ({words}), so it has no one picture; "
                "hand in the part of it that computes the same for every image"
            ) from error
        if isinstance(error, ValueError):
            raise
        raise ValueError(
            f"{name} does not take this example ({words}); hand in tensors of the shapes and types it is trained with"
        ) from error


def _parameters(model: nn.Module) -> dict[str, int]:
    """Numbers learnt and their bytes, each tensor once; those that the pass does not use included."""
    once = {id(weight): weight for weight in model.parameters()}.values()
    uninitialised = [w for w in once if isinstance(w, nn.parameter.UninitializedParameter)]
    if uninitialised:
        raise ValueError("the model has parameters without a shape (a lazy module); run it once before")
    return {
        "parameters": sum(weight.numel() for weight in once),
        "parameter_bytes": sum(weight.numel() * weight.element_size() for weight in once),
        "trainable": sum(weight.numel() for weight in once if weight.requires_grad),
    }


def _valid(model: nn.Module) -> tuple[tuple[int, int], ...]:
    """Smallest valid size and step per axis, where the model states its plan as this library's networks do."""
    levels, padding = getattr(model, "levels", None), getattr(model, "padding", None)
    if not levels or padding not in ("same", "valid"):
        return ()
    return tuple((valid.start, valid.step) for valid in valid_sizes(levels, padding=padding))
