"""The size rule of a network against the network itself; descriptions that are read back; bad runs and metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.jobs.export.model import PACKAGE_FORMAT, Description, SizeRule, TrainedNetwork, checkpoint_of
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.task import Task
from unet_tutorial.nets.presets import build


@pytest.mark.parametrize(
    ("preset", "options"),
    [("paper", {}), ("padded", {}), ("padded", {"rank": 3}), ("unet3d", {"planar": (0,)}), ("unet3d-paper", {})],
)
def test_the_size_rule_is_that_of_the_network(preset: str, options: dict[str, Any]) -> None:
    """On meta tensors: every stated size passes, smaller and other ones do not, and the output is as stated."""
    with torch.device("meta"):
        net = build(preset, widths=(2, 4, 4), **options).eval()
    rule = SizeRule.of(net)
    for steps in ((0, 0, 0), (1, 2, 3)):
        size = rule.size(*steps[: len(rule.step)])
        out = net(torch.empty(1, net.in_channels, *size, device="meta")).shape[2:]
        assert tuple(out) == tuple(n - lost for n, lost in zip(size, rule.lost, strict=True))
    assert rule.shift == tuple(n // 2 for n in rule.lost)
    for change in (-1, 1):
        wrong = (rule.smallest[0], rule.smallest[1] + change, *rule.smallest[2:])
        if change > 0 and rule.step[1] == 1:
            continue
        with pytest.raises(ValueError, match="axis 1"):
            net(torch.empty(1, net.in_channels, *wrong, device="meta"))


def test_a_description_is_read_back() -> None:
    task = Task(LabelScheme("classes", ("background", "nucleus")), ("red", "green"), Normaliser("none"), (0.5, 0.25))
    net = build("paper", in_channels=2, widths=(2, 4))
    model = TrainedNetwork(net, task, {1: (0.25,), 8: (0.75,)}, "paper", arguments={"in_channels": 2, "widths": [2, 4]})
    found = Description.from_entries(model.entries())
    assert (found.task, found.thresholds, found.digest) == (task, model.thresholds, model.digest)
    assert (found.levels, found.padding, found.extra_reach) == (net.levels, net.padding, net.extra_reach)
    assert (found.in_channels, found.out_channels) == (2, 2)
    entries = {name: json.loads(text) for name, text in model.entries().items()}
    assert entries["sizes"] == {"smallest": [18, 18], "step": [2, 2], "lost": [16, 16], "shift": [8, 8]}
    assert entries["thresholds"] == {"1": [0.25], "8": [0.75]}
    assert entries["voxel_size_um"] == [0.5, 0.25]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": ""}, "damaged"),
        ({"format": '"unet_tutorial export 9"'}, "its format is 'unet_tutorial export 9', and this version reads"),
        ({"plan": "{"}, "damaged"),
        ({"plan": '{"levels": []}'}, "damaged"),
        ({"plan": "[1]"}, "damaged"),
        ({"task": "{}"}, "damaged"),
        ({"digest": "[" * 100_000}, "damaged"),
        ({"thresholds": "[0.5]"}, "damaged"),
        ({"thresholds": '{"1": "high"}'}, "damaged"),
    ],
)
def test_damaged_metadata_are_one_sentence(change: dict[str, str], words: str) -> None:
    model = TrainedNetwork.of(build("padded", widths=(2, 4)))
    with pytest.raises(ValueError, match=words) as error:
        Description.from_entries({**model.entries(), **change})
    assert "\n" not in str(error.value)


def test_a_file_without_metadata_is_not_ours() -> None:
    with pytest.raises(ValueError, match="no file of unet export"):
        Description.from_entries({})


def test_the_weights_of_a_package_are_not_predicted_with_pixels() -> None:
    entries = TrainedNetwork.of(build("padded", widths=(2, 4))).entries() | {"format": json.dumps(PACKAGE_FORMAT)}
    with pytest.raises(
        ValueError, match=r"^it is from a package of bioimage.io, .*; export the checkpoint to an .onnx"
    ):
        Description.from_entries(entries)


def test_percentiles_are_described_without_ordinals() -> None:
    task = Task(LabelScheme("classes", ("background", "a")), normaliser=Normaliser("percentile"))
    words = TrainedNetwork(build("padded", widths=(2, 4)), task).entries()["normalisation"]
    assert "percentile 1 of each channel of the whole image; divide: its percentile 99 minus that" in words


@pytest.mark.parametrize(
    ("kind", "names", "stored", "wanted"),
    [
        ("classes", ("background", "a"), {}, [(0.5,), (0.5,)]),
        ("instances", ("background", "a"), {1: (0.3,), 8: (0.4,)}, [(0.3,), (0.4,)]),
        ("classes", ("background", "a", "b"), {}, [(), ()]),
        ("layers", ("a", "b"), {1: (0.3, 0.6)}, [(0.3, 0.6), (0.5, 0.5)]),
        ("layers", ("a", "b"), {}, [(0.5, 0.5)] * 2),
    ],
)
def test_thresholds(kind: str, names: tuple[str, ...], stored: dict[int, Any], wanted: list[Any]) -> None:
    """One for each layer of the task; the network has one output more."""
    net = build("padded", widths=(2, 4), out_channels=len(names) + 1)
    model = TrainedNetwork(net, Task(LabelScheme(kind, names)), stored)
    assert [model.thresholds_of(views) for views in (1, 8)] == wanted


def test_any_network_becomes_a_model() -> None:
    many, one = (TrainedNetwork.of(build("padded", widths=(2, 4), in_channels=3, out_channels=n)) for n in (3, 1))
    assert many.task.classes == ("background", "class 1", "class 2")
    assert many.task.normaliser.method == "none"
    assert one.task.scheme.layered
    assert (many.axes, TrainedNetwork.of(build("unet3d", widths=(2, 4))).axes) == ("yx", "zyx")


def test_a_model_of_a_run(run_folder: Path, tmp_path: Path) -> None:
    model, predictor = TrainedNetwork.from_file(run_folder), Predictor.from_file(run_folder / "checkpoint.safetensors")
    assert model.preset == "paper"
    assert model.task == predictor.task
    assert model.thresholds[1] == predictor.thresholds
    assert all(torch.equal(a, b) for a, b in zip(model.net.parameters(), predictor.net.parameters(), strict=True))
    assert model.digest == TrainedNetwork.from_file(run_folder / "checkpoint.safetensors").digest
    with torch.no_grad():
        next(model.net.parameters()).add_(1e-6)
    assert model.digest != TrainedNetwork.from_file(run_folder).digest
    (tmp_path / "best.safetensors").touch()
    (tmp_path / "checkpoint.safetensors").touch()
    assert checkpoint_of(tmp_path).name == "best.safetensors"
    with pytest.raises(ValueError, match=r"there is no best.safetensors and no checkpoint.safetensors in this folder"):
        TrainedNetwork.from_file(tmp_path.parent)


def test_a_task_of_other_channels_is_refused() -> None:
    with pytest.raises(ValueError, match="1 input channels and 2 classes"):
        TrainedNetwork(build("padded", widths=(2, 4)), Task(channels=("red", "green")))
