"""Describes a network in an ONNX file, such as one exported from Keras or TensorFlow, as ``trace`` describes a module.

The operators of the file run as functions of torch on tensors without values, so that the description is that of the
same network in torch. Saved bytes and the peak of memory are left out, because an ONNX file has no backward pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unet_tutorial.disk import one_line
from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.text import axes_text
from unet_tutorial.figures.tracing.onnx_operators import DTYPES, OPERATORS, Operands
from unet_tutorial.figures.tracing.onnx_weights import (
    SHAPES,
    Constant,
    Step,
    parameter_names,
    statistics_names,
    with_biases,
    with_copies,
    with_group_norms,
)
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.packages import package
from unet_tutorial.plan.levels import Size

CONTROL_FLOW = ("If", "Loop", "Scan", "SequenceMap")
QUANTISED = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearConv", "ConvInteger")
GIVE_SIZE = "give the size of the image, --input 256 or arch_from_onnx(path, (256,))"
GIVE_SHAPE = "give the whole shape, --input 1x256x256x3 or arch_from_onnx(path, (1, 256, 256, 3))"
STANDARD = ("", "ai.onnx")  # names of ONNX's own operator set


def arch_from_onnx(path: str | Path, *sizes: Size, **named: Size) -> ArchIR:
    """The architecture of the network in an ONNX file.

    ``sizes`` are those of its inputs in order, and ``named`` those of its inputs by name; they are needed only where
    the file leaves sizes open. Each is the size of the image, such as (256, 256) or (256,) for all axes, or a whole
    shape with batch and channels. A batch size that is open is 1.

    Parameters are those of the file; ``figures.tracing.onnx_weights`` says which of its constants they are. Exporters
    often merge a batch norm with the convolution before it, and then the file holds no batch norm. Needs the package
    onnx. Raises ValueError if it is not installed, for a file that is not ONNX, for control flow, for an operator that
    is not understood, and if sizes are open or differ from those in the file.
    """
    onnx = package("onnx", "export")
    network = OnnxNetwork(Path(path), _loaded(onnx, Path(path)), onnx)
    found = trace(network, **network.example(sizes, named))
    totals = {key: value for key, value in found.totals.items() if key not in ("saved", "peak")}
    nodes = tuple(replace(node, saved=0, kind=_kind(node)) for node in found.nodes)
    return replace(found, name=Path(path).stem, nodes=nodes, totals=totals)


def _kind(node: Node) -> str:
    """The kind of a node; an input whose name was made by torch's exporter has no name of its own."""
    return "input" if node.op == "input" and node.kind.startswith("onnx::") else node.kind


def _loaded(onnx: Any, path: Path) -> Any:
    """The model in a file, with its local functions inlined, and without the values of weights in other files."""
    content = path.read_bytes()
    try:
        model = onnx.load_from_string(content)
        if model.functions:
            model = import_module("onnx.inliner").inline_local_functions(model)
    except Exception as error:  # protobuf's own kinds of error
        raise ValueError(f"{path} is not an ONNX file, or is incomplete ({one_line(error)}); export again") from error
    for name in ("node", "input", "output"):
        if not getattr(model.graph, name):
            raise ValueError(f"{path} is not an ONNX file, or is incomplete: its graph has no {name}; export again")
    return model


class OnnxNetwork(nn.Module):
    """The graph of an ONNX model as a module whose arguments are the inputs of the graph, by name."""

    def __init__(self, path: Path, model: Any, onnx: Any) -> None:
        super().__init__()
        graph = model.graph
        self.file, self.onnx = path, onnx
        self.versions = {each.domain: each.version for each in model.opset_import}
        self.returned = [each.name for each in graph.output]
        stored = {each.name: each for each in graph.initializer}
        self.inputs = {each.name: each.type.tensor_type for each in graph.input if each.name not in stored}
        constants = {name: self._constant(tensor, given=True) for name, tensor in stored.items()}
        steps: list[Step] = []
        for node in graph.node:
            step = self._step(node)
            value = self._value_of(step, constants)
            if value is None:
                steps.append(step)
            else:
                constants[step.outputs[0]] = value
        steps, constants = with_copies(steps, constants)
        steps = with_group_norms(steps, constants, self.returned)
        self.steps = with_biases(steps, constants, self.returned)
        names = sorted(parameter_names(self.steps, constants, self.inputs))
        statistics = sorted(statistics_names(self.steps, constants))
        self.constants = {name: each for name, each in constants.items() if name not in {*names, *statistics}}
        # lists, because the names of the file may contain dots
        self.weight_names, self.weights = names, nn.ParameterList(nn.Parameter(constants[n].empty()) for n in names)
        self.buffer_names = {f"statistics{i}": name for i, name in enumerate(statistics)}
        for own, name in self.buffer_names.items():
            self.register_buffer(own, constants[name].empty())

    def forward(self, **inputs: Tensor) -> Any:
        """The outputs of the graph: a tensor, or a tuple if there are several."""
        values: dict[str, Any] = inputs | dict(zip(self.weight_names, self.weights, strict=True))
        values |= {name: self.get_buffer(own) for own, name in self.buffer_names.items()}
        for step in self.steps:
            out = self._run(step, [self._value(name, values) for name in step.inputs])
            values |= zip(step.outputs, out if isinstance(out, tuple) else (out,), strict=False)
            missing = [name for name in step.outputs if name and name not in values]
            if missing:
                raise ValueError(f"{self._place(step)}: its output {missing[0]!r} is not computed here")
        found = tuple(self._value(name, values) for name in self.returned)
        return found[0] if len(found) == 1 else found

    def example(self, sizes: Sequence[Size], named: dict[str, Size]) -> dict[str, Tensor]:
        """Tensors without values for the inputs of the graph. Raises ValueError for sizes that are open or differ."""
        names = list(self.inputs)
        unknown = sorted(set(named) - set(names))
        if unknown or len(sizes) > len(names):
            wrong = repr(unknown[0]) if unknown else f"number {len(names) + 1}"
            raise ValueError(f"{self.file}: there is no input {wrong}; its inputs are {', '.join(map(repr, names))}")
        given = dict(zip(names, sizes, strict=False)) | named
        known: dict[str, int] = {}  # by symbol: its size, which other inputs share
        return {name: self._example(name, given.get(name, ()), known) for name in names}

    def _example(self, name: str, given: Size, known: dict[str, int]) -> Tensor:
        """A tensor for one input; ``known`` holds the sizes of symbols and is extended."""
        kind = self.inputs[name]
        dims: list[Any] = [dim.dim_value or dim.dim_param or f"axis {i}" for i, dim in enumerate(kind.shape.dim)]
        stated = f"{self.file}: the shape of input {name!r} is {axes_text([str(n) for n in dims]) or 'open'}"
        if kind.elem_type not in DTYPES:
            raise ValueError(f"{self.file}: input {name!r} is not a tensor of numbers; export the network without it")
        if not dims:
            dims = list(given)
        elif len(given) == len(dims) and len(dims) > 1:
            if any(isinstance(m, int) and n != m for n, m in zip(given, dims, strict=True)):
                raise ValueError(f"{stated}, and {axes_text(given)} was given; give a shape that agrees")
            known |= {m: n for n, m in zip(given, dims, strict=True) if isinstance(m, str)}
            dims = list(given)
        else:
            dims = _filled(stated, dims, given, known)
        return torch.empty(dims, dtype=DTYPES[kind.elem_type], device="meta")

    def _step(self, node: Any) -> Step:
        attributes = {each.name: self.onnx.helper.get_attribute_value(each) for each in node.attribute}
        return Step(node.op_type, tuple(node.input), tuple(node.output), attributes, node.name, node.domain)

    def _constant(self, tensor: Any, *, given: bool) -> Constant:
        dtype = DTYPES.get(tensor.data_type, torch.float32)
        return Constant(tuple(tensor.dims), dtype, partial(self._array, tensor), given)

    def _array(self, tensor: Any) -> Any:
        """The values of a tensor of the file, which may be in a second file."""
        try:
            return self.onnx.numpy_helper.to_array(tensor, str(self.file.parent))
        except Exception as error:
            raise ValueError(
                f"{self.file}: the values of {tensor.name!r} cannot be read ({one_line(error)}); keep the second file, "
                "which holds them, in the same folder"
            ) from error

    def _value_of(self, step: Step, constants: dict[str, Constant]) -> Constant | None:
        """The value of a step that reads no map and no initialiser; None for other steps."""
        own = [constants.get(name) for name in step.inputs if name]
        if step.op == "CastLike":
            own = own[:1]
        if not all(each is not None and not each.given for each in own) or len(step.outputs) != 1:
            return None
        if step.op == "Constant" and "value" in step.attributes:
            return self._constant(step.attributes["value"], given=False)
        if step.op in CONTROL_FLOW or step.domain not in STANDARD or step.op.startswith("Random"):
            return None
        if step.op == "CastLike":
            return own[0]
        array = self._evaluated(step, [each.values() for each in own if each])
        return Constant(tuple(array.shape), torch.as_tensor(array.copy()).dtype, lambda: array, given=False)

    def _value(self, name: str, values: dict[str, Any]) -> Any:
        """The tensor or array with this name; None for an input that is left out."""
        if not name:
            return None
        return values[name] if name in values else self.constants[name].values()

    def _run(self, step: Step, inputs: list[Any]) -> Any:
        self._check(step)
        try:
            if step.op in SHAPES:
                return self._shape(step, inputs[0])
            if not any(isinstance(each, Tensor) for each in inputs):
                return self._evaluated(step, inputs)
            operator = OPERATORS.get(step.op)
            if operator is None:
                raise ValueError("this operator is not understood here; export the network without it")
            return operator(Operands(inputs, step.attributes, self._opset()))
        except (RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError, StopIteration) as error:
            shapes = ", ".join(axes_text(tuple(each.shape)) or "scalar" for each in inputs if each is not None)
            raise ValueError(f"{self._place(step)} fails on {shapes or 'no input'}: {one_line(error)}") from error

    def _check(self, step: Step) -> None:
        """Raise ValueError for an operator that is not understood."""
        if step.op in CONTROL_FLOW:
            raise ValueError(f"{self._place(step)} is control flow, so one diagram cannot show it; export without it")
        if step.op in QUANTISED:
            raise ValueError(f"{self._place(step)}: the network is quantised; export it in floating point")
        if step.domain not in STANDARD:
            raise ValueError(f"{self._place(step)} is an operator of {step.domain}; export with those of ONNX only")

    def _evaluated(self, step: Step, inputs: list[Any]) -> Any:
        """The result of an operator on arrays, from the reference implementation of ONNX."""
        names = [f"x{i}" if each is not None else "" for i, each in enumerate(inputs)]
        helper = self.onnx.helper
        node = helper.make_node(step.op, names, ["y"], **step.attributes)
        known = [(name, each) for name, each in zip(names, inputs, strict=True) if name]
        kinds = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(x.dtype), x.shape) for n, x in known]
        graph = helper.make_graph([node], "one", kinds, [helper.make_empty_tensor_value_info("y")])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", self._opset())])
        return import_module("onnx.reference").ReferenceEvaluator(model).run(None, dict(known))[0]

    def _shape(self, step: Step, value: Any) -> Any:
        numpy = import_module("numpy")
        shape = tuple(value.shape)
        if step.op == "Size":
            return numpy.array(torch.Size(shape).numel())
        return numpy.array(shape[step.attributes.get("start", 0) : step.attributes.get("end", len(shape))], numpy.int64)

    def _opset(self) -> int:
        return next((self.versions[each] for each in STANDARD if each in self.versions), 1)

    def _place(self, step: Step) -> str:
        return f"{self.file}: node {step.name or step.outputs[0]!r} ({step.op})"


def _filled(stated: str, dims: list[Any], given: Size, known: dict[str, int]) -> list[int]:
    """The shape of an image with its open sizes, which are symbols: 1 for the batch, and those of ``given``."""
    if isinstance(dims[0], str) and len(dims) > 1:
        known.setdefault(dims[0], 1)
        dims = [1, *dims[1:]]
    symbols = [n for n in dims if isinstance(n, str)]
    if given:
        if not symbols:
            raise ValueError(f"{stated}, which leaves no size open; leave out {axes_text(given)}")
        most = max(1, len(dims) - 2)
        if len(symbols) > most or len(given) not in (1, len(symbols)):
            raise ValueError(
                f"{stated}, in which {_listed(symbols)} open, and {axes_text(given)} was given; {GIVE_SHAPE}"
            )
        known |= dict(zip(symbols, given * len(symbols) if len(given) == 1 else given, strict=True))
    missing = [n for n in symbols if n not in known]
    if missing:
        raise ValueError(f"{stated}, in which {_listed(missing)} open; {GIVE_SIZE if len(missing) < 3 else GIVE_SHAPE}")
    return [known.get(n, n) for n in dims]


def _listed(symbols: Sequence[str]) -> str:
    return f"{' and '.join(symbols)} {'is' if len(symbols) == 1 else 'are'}"
