"""The file of the architecture, run where this project cannot be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.oracles.thin_nets import perturbed
from unet_tutorial.jobs.export.architecture import architecture_source, sources
from unet_tutorial.nets.presets import build

SCRIPT = """
import sys
sys.modules["unet_tutorial"] = None  # an import of it fails
import torch, architecture
net = architecture.classes("attention", widths=[2, 4], rank=3).eval()
net.load_state_dict(torch.load("weights.pt", weights_only=True))
with torch.no_grad():
    torch.save(net(torch.load("image.pt", weights_only=True)), "found.pt")
assert isinstance(architecture.layers("padded", widths=[2, 4])[1], torch.nn.Sigmoid)
"""


@pytest.mark.slow
def test_it_builds_the_network_without_the_project(tmp_path: Path) -> None:
    net = perturbed(build("attention", widths=(2, 4), rank=3)).eval()
    image = torch.randn(1, 1, 4, 6, 8)
    (tmp_path / "architecture.py").write_text(architecture_source(), encoding="utf8")
    torch.save({f"0.{name}": value for name, value in net.state_dict().items()}, tmp_path / "weights.pt")
    torch.save(image, tmp_path / "image.pt")
    subprocess.run([sys.executable, "-c", SCRIPT], cwd=tmp_path, check=True)
    with torch.no_grad():
        assert torch.equal(torch.load(tmp_path / "found.pt", weights_only=True), net(image).softmax(1))


def test_its_sources_are_those_of_the_networks() -> None:
    found = sources()
    assert {name.split(".")[1] for name in found if "." in name} == {"nets", "plan"}
    assert {"unet_tutorial", "unet_tutorial.nets", "unet_tutorial.nets.presets", "unet_tutorial.plan.sizes"} <= set(
        found
    )
    compile(architecture_source(), "architecture.py", "exec")
