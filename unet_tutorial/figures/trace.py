"""The front-end for any ``nn.Module``: a recorded pass becomes a graph of feature maps with their exact numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from unet_tutorial.figures.analyse import analysed
from unet_tutorial.figures.ir import ArchIR, Node
from unet_tutorial.figures.memory import peak, saved_by_node
from unet_tutorial.figures.ops import cut, macs, meaning, window
from unet_tutorial.figures.record import Op, Record, record, storage
from unet_tutorial.nets.sizes import valid_sizes


class TraceError(ValueError):
    """The model cannot be followed on empty tensors: what it computes depends on the numbers in them."""


def trace(model: nn.Module, *args: Any, **kwargs: Any) -> ArchIR:
    """The architecture that runs in ``model(*args, **kwargs)``; tensors among the arguments may be empty ones.

    Maps, levels and skips are those of evaluation mode; bytes saved for the backward pass those of training with
    dropout off. The model is as it was afterwards. ``TraceError`` where the flow depends on data; ValueError, with the
    model's own words, where it refuses these arguments.
    """
    _refuse(model, (args, kwargs))
    found = _run(model, args, kwargs, training=False)
    nodes, totals = _Graph(found).nodes, _parameters(model)
    totals |= {"macs": sum(node.macs for node in nodes), "peak": peak(found)}
    try:
        saving = record(model, args, kwargs, training=True)
    except Exception:  # training may refuse what evaluation takes, as batch norm does a single value
        saving = None
    if saving is not None:
        twin = _Graph(saving)
        nodes = saved_by_node(nodes, twin.nodes, twin.keeps(saving))
        totals["saved"] = sum(saving.saved.values())
    arch = ArchIR(type(model).__name__, tuple(nodes), totals=totals, valid=_valid(model))
    return analysed(arch)


def _refuse(model: nn.Module, given: Any) -> None:
    if not isinstance(model, nn.Module):
        raise ValueError(f"a {type(model).__name__} came, and a torch nn.Module is needed; build the model first")
    if not any(isinstance(leaf, Tensor) for leaf in tree_leaves(given)):
        raise ValueError("no tensor came as an example; hand in one of the shape the model takes, (1, 1, 572, 572)")


def _run(model: nn.Module, args: Any, kwargs: Any, *, training: bool) -> Record:
    try:
        return record(model, args, kwargs, training=training)
    except ValueError:
        raise
    except Exception as error:
        words = str(error).strip().splitlines()[0][:300] if str(error).strip() else ""
        data = ("data-dependent", "DataDependent", "Tensor.item()", "meta tensor", "Cannot copy out of meta")
        kind = type(error).__name__
        if any(word in f"{kind} {words}" for word in data):
            raise TraceError(f"{type(model).__name__} decides by the numbers it sees ({kind}: {words})") from error
        raise ValueError(f"{type(model).__name__} does not take this example ({kind}: {words})") from error


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


class _Graph:
    """Nodes from a record: whoever made a tensor is the input of whoever reads it."""

    def __init__(self, found: Record) -> None:
        self.maker: dict[int, str] = {}  # of the tensor with this id
        self.carried = {id(tensor): {name} for name, tensor in found.weights.items()}
        self.sizes = {name: w.numel() for name, w in found.weights.items() if isinstance(w, nn.Parameter)}
        self.owner: dict[int, str] = {}  # of the memory with this key
        self.nodes: list[Node] = []
        for tensor in found.inputs:
            self._add(Node("", "input", "input", (), tuple(tensor.shape[1:])), [tensor])
        self.rank = max((tensor.ndim - 2 for tensor in found.inputs), default=0)
        for op in found.ops:
            self._read(op)
        outputs = {self.maker.get(id(tensor)) for tensor in found.outputs}
        self.nodes = [replace(n, folded=("output",)) if n.id in outputs else n for n in self.nodes]

    def _add(self, node: Node, outs: list[Tensor]) -> None:
        key = str(len(self.nodes))
        self.nodes.append(replace(node, id=key, bytes=sum(out.numel() * out.element_size() for out in outs)))
        self.maker |= {id(out): key for out in outs}
        for out in outs:
            self.owner.setdefault(storage(out), key)

    def keeps(self, found: Record) -> dict[str, int]:
        """Bytes that the backward pass keeps, by the node whose output they are."""
        kept: dict[str, int] = {}
        for key, size in found.saved.items():
            node = self.owner.get(key, "")
            kept[node] = kept.get(node, 0) + size
        return kept

    def _read(self, op: Op) -> None:
        given = [leaf for leaf in tree_leaves((op.args, op.kwargs)) if isinstance(leaf, Tensor)]
        inputs = tuple(dict.fromkeys(self.maker[id(t)] for t in given if id(t) in self.maker))
        names = set().union(*(self.carried.get(id(tensor), set()) for tensor in given))
        if not inputs:
            self.carried |= {id(out): names for out in op.outs}
            return
        if not op.outs:
            return
        meant = meaning(op)
        if meant == "same" or (meant in ("add", "gate") and len(inputs) < 2 and not names):
            self.maker |= {id(out): inputs[0] for out in op.outs}
            return
        own = sum(self.sizes.pop(name, 0) for name in sorted(names))
        self._add(self._node(op, meant, inputs, own), op.outs)

    def _node(self, op: Op, meant: str, inputs: tuple[str, ...], own: int) -> Node:
        shape = tuple(op.outs[0].shape[1:])
        rank = max(len(shape) - 1, 0)
        spatial = isinstance(op.args[0], Tensor) and op.args[0].ndim == rank + 2
        seen = window(op, meant, rank) if spatial else None
        cropped = cut(op, rank) if meant == "crop" and spatial else ()
        enlarges = seen is not None and meant == "conv" and max(seen.up, default=1) > 1
        meant = "up" if enlarges else meant
        return Node("", meant, op.name, inputs, shape, op.path, seen, cropped, parameters=own, macs=macs(op, meant))
