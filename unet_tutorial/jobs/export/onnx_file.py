"""ONNX files of a model: pixels in, probability and mask out, and its description in the metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.export import ExportedProgram

from unet_tutorial.disk import complete_file
from unet_tutorial.jobs.export.graph import Run, check, example, pixels_to_mask, silent, traced
from unet_tutorial.jobs.export.model import TrainedNetwork
from unet_tutorial.packages import package

OUTPUTS = ("probability", "mask")


def write_onnx(model: TrainedNetwork, path: Path) -> None:
    """Write a model from the pixels of an image to probability and mask.

    Inputs: ``image`` (N, C, *size) float32, and for a normalisation by the image itself also ``subtract`` and
    ``divide``, (C,) float64 each. ValueError if the network cannot be exported, or if a package is missing.
    """
    module = pixels_to_mask(model)
    program = traced(model, module, example(model, 2, *range(2, 2 + model.rank)))
    with complete_file(path) as part:
        part.write_bytes(onnx_bytes(model, program, OUTPUTS, model.entries()))
        session = package("onnxruntime", "export").InferenceSession(part, quiet(), providers=["CPUExecutionProvider"])
        check(model, module, run_of(session), example)


def onnx_bytes(
    model: TrainedNetwork, program: ExportedProgram, outputs: tuple[str, ...], entries: Mapping[str, str]
) -> bytes:
    """An ONNX file with these names of outputs, named axes, the metadata ``entries``, and no names of files."""
    package("onnx", "export")
    package("onnxscript", "export")
    with silent():
        made = torch.onnx.export(program, dynamo=True, verbose=False, external_data=False)
    if made is None:
        raise ValueError("torch made no ONNX file; use the torch of requirements.txt")
    _rename(made.model.graph.outputs, outputs)
    proto = made.model_proto
    for node in proto.graph.node:
        del node.metadata_props[:]  # lines of the code on this machine
    del proto.graph.value_info[:]  # they name axes by torch's symbols
    _name_axes(proto.graph.input[0], model.axes)
    out = model.axes if model.net.padding == "same" else [f"out_{axis}" for axis in model.axes]
    for output in proto.graph.output:
        _name_axes(output, out)
    for name, text in entries.items():
        proto.metadata_props.add(key=name, value=text)
    proto.doc_string = "A U-Net, written by unet export; its metadata_props describe it."
    return bytes(proto.SerializeToString())


def _rename(values: Any, names: tuple[str, ...]) -> None:
    for value, name in zip(values, names, strict=True):
        value.name = name


def _name_axes(value: Any, axes: Sequence[str]) -> None:
    """Name the first axis batch and the last ones by ``axes``."""
    dims = list(value.type.tensor_type.shape.dim)
    dims[0].dim_param = "batch"
    for dim, name in zip(dims[-len(axes) :], axes, strict=True):
        dim.dim_param = name


def quiet() -> Any:
    """Options of onnxruntime: as many threads as torch uses, and no log lines; errors are raised."""
    options = package("onnxruntime", "export").SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, torch.get_num_threads()
    return options


def run_of(session: Any) -> Run:
    """A function that runs a session with tensors, in the order of its inputs, and returns its first output."""
    names = [each.name for each in session.get_inputs()]
    first = session.get_outputs()[0].name

    def run(*inputs: Tensor) -> Tensor:
        given = {name: np.ascontiguousarray(value) for name, value in zip(names, inputs, strict=True)}
        return torch.from_numpy(session.run([first], given)[0])

    return run
