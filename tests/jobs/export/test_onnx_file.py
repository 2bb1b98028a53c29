"""ONNX files of three presets against their networks: sizes, numbers of images, names and metadata."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.oracles.thin_nets import perturbed
from unet_tutorial.jobs.export.graph import example, pixels_to_mask
from unet_tutorial.jobs.export.model import Description, TrainedNetwork
from unet_tutorial.jobs.export.onnx_file import write_onnx
from unet_tutorial.jobs.task import Task
from unet_tutorial.nets.presets import build

EXTRA = "the extra export: pip install -r requirements-export.txt"
pytest.importorskip("onnxscript", reason=EXTRA)
runtime = pytest.importorskip("onnxruntime", reason=EXTRA)


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["paper", "padded", "unet3d"])
def test_it_gives_probability_and_mask_and_describes_itself(preset: str, tmp_path: Path) -> None:
    model = TrainedNetwork(perturbed(build(preset, widths=(2, 4))), Task(), {1: (0.4,)}, preset)
    path = tmp_path / "model.onnx"
    write_onnx(model, path)
    session, module = runtime.InferenceSession(path, providers=["CPUExecutionProvider"]), pixels_to_mask(model)
    inputs, outputs = ([each.name for each in ends] for ends in (session.get_inputs(), session.get_outputs()))
    assert (inputs, outputs) == (["image", "subtract", "divide"], ["probability", "mask"])
    assert session.get_inputs()[0].shape == ["batch", 1, *model.axes]
    for images, steps in ((1, (0, 0, 0)), (3, (0, 2, 1)), (2, (3, 0, 0))):
        given = example(model, images, *steps[: model.rank])
        with torch.no_grad():
            probability, mask = module(*given)
        found = session.run(None, {name: each.numpy() for name, each in zip(inputs, given, strict=True)})
        np.testing.assert_allclose(found[0], probability, atol=1e-6)
        sure = abs(probability[:, 1] - 0.4) > 1e-6
        np.testing.assert_array_equal(found[1][sure], mask[sure])
    assert Description.from_entries(session.get_modelmeta().custom_metadata_map).digest == model.digest
    assert str(Path(__file__).parents[3]).encode() not in path.read_bytes()
