"""Files of ``torch.export``: the graph with its weights, which runs without the code of the network."""

from __future__ import annotations

import io
import json
from pathlib import Path

import torch
from torch import Tensor

from unet_tutorial.disk import complete_file
from unet_tutorial.jobs.export.graph import check, example, silent, traced, whole
from unet_tutorial.jobs.export.model import TrainedNetwork

DESCRIPTION = "unet_tutorial.json"  # the extra file with the description of the model


def write_pt2(model: TrainedNetwork, path: Path) -> None:
    """Write a model from the pixels of an image to probability and mask, with the inputs of `onnx_file.write_onnx`.

    ``torch.export.load(path).module()`` is a module with these inputs. The extra file unet_tutorial.json describes it.
    ValueError if the network cannot be exported.
    """
    module = whole(model)
    program = traced(model, module, example(model, 2, *range(2, 2 + model.rank)))
    description = json.dumps({name: json.loads(text) for name, text in model.entries().items()}, indent=1)
    with complete_file(path) as part, silent():
        buffer = io.BytesIO()  # torch's own error for a missing folder is a RuntimeError
        torch.export.save(program, buffer, extra_files={DESCRIPTION: description})
        part.write_bytes(buffer.getvalue())
        loaded = torch.export.load(part).module()

        def run(*inputs: Tensor) -> Tensor:
            with torch.no_grad():
                probability: Tensor = loaded(*inputs)[0]
            return probability

        check(model, module, run, example)
