"""A file of torch.export, read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from tests.oracles.thin_nets import perturbed
from unet_tutorial.jobs.export.graph import example, pixels_to_mask
from unet_tutorial.jobs.export.model import Description, SizeRule, TrainedNetwork
from unet_tutorial.jobs.export.pt2_file import DESCRIPTION, write_pt2
from unet_tutorial.jobs.task import Task
from unet_tutorial.nets.presets import build


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["paper", "padded", "unet3d"])
def test_it_gives_probability_and_mask_and_describes_itself(preset: str, tmp_path: Path) -> None:
    model = TrainedNetwork(perturbed(build(preset, widths=(2, 4))), Task(), {1: (0.4,)}, preset)
    path = tmp_path / "model.pt2"
    write_pt2(model, path)
    extra = {DESCRIPTION: ""}
    graph, module = torch.export.load(path, extra_files=extra).module(), pixels_to_mask(model)
    for images, steps in ((1, (0, 0, 0)), (3, (0, 2, 1)), (2, (3, 0, 0))):
        inputs = example(model, images, *steps[: model.rank])
        with torch.no_grad():
            for found, wanted in zip(graph(*inputs), module(*inputs), strict=True):
                torch.testing.assert_close(found, wanted, rtol=0, atol=1e-6)
    valid, step = SizeRule.of(model.net).size(*[2] * model.rank), SizeRule.of(model.net).step
    for axis in range(model.rank):
        for pixels in {-3 * step[axis], 1} - {step[axis]}:
            size = [n + pixels * (i == axis) for i, n in enumerate(valid)]
            with pytest.raises(AssertionError, match=r"Guard failed: image\.size"):
                graph(torch.zeros(1, 1, *size), *inputs[1:])
    entries = {name: json.dumps(value) for name, value in json.loads(extra[DESCRIPTION]).items()}
    assert Description.from_entries(entries).digest == model.digest
    assert str(Path(__file__).parents[3]).encode() not in path.read_bytes()
