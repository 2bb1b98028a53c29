"""Files of ``torch.export``: the graph with its weights, which runs without the code of the network."""

from __future__ import annotations

import io
import json
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import ExportedProgram

from unet_tutorial.disk import complete_file
from unet_tutorial.jobs.export.graph import check, example, pixels_to_mask, silent, traced
from unet_tutorial.jobs.export.model import TrainedNetwork

DESCRIPTION = "unet_tutorial.json"  # the extra file with the description of the model


def write_pt2(model: TrainedNetwork, path: Path) -> None:
    """Write a model from the pixels of an image to probability and mask, with the inputs of `onnx_file.write_onnx`.

    ``torch.export.load(path).module()`` is a module with these inputs. The extra file unet_tutorial.json describes it.
    ValueError if the network cannot be exported.
    """
    module = pixels_to_mask(model)
    program = traced(model, module, example(model, 2, *range(2, 2 + model.rank)))
    with complete_file(path) as part:
        try:
            part.write_bytes(_checked(model, module, program, 0))
        except ValueError:  # for some networks torch excludes the smallest size, at which a feature map has 1 pixel
            part.write_bytes(_checked(model, module, program, 1))


def _checked(model: TrainedNetwork, module: nn.Module, program: ExportedProgram, least: int) -> bytes:
    """The content of the file, read back and checked; sizes from ``least`` steps above the smallest one are stated."""
    description = {name: json.loads(text) for name, text in model.entries(least).items()}
    buffer = io.BytesIO()
    with silent():
        torch.export.save(program, buffer, extra_files={DESCRIPTION: json.dumps(description, indent=1)})
        buffer.seek(0)
        loaded = torch.export.load(buffer).module()

    def run(*inputs: Tensor) -> Tensor:
        with torch.no_grad():
            probability: Tensor = loaded(*inputs)[0]
        return probability

    check(model, module, run, example, least)
    return buffer.getvalue()
