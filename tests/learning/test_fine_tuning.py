"""Weights of a checkpoint as the start of another run: all are copied, or all but the head."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.oracles.adopted import made
from unet_tutorial.learning.checkpoints import load, save_weights
from unet_tutorial.learning.fine_tuning import start_from
from unet_tutorial.nets.adopt import adopt
from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.presets import build

WIDTHS = {"widths": [2, 4, 8]}


def kept(path: Path, preset: str, **arguments: object) -> Network:
    net = build(preset, **arguments)
    save_weights(path, net, preset=preset, arguments=arguments, notes={})
    return net


@pytest.mark.parametrize(
    ("preset", "classes"), [("padded", 1), ("padded", 2), ("paper", 4), ("unet++", 4), ("unet3+", 1), ("attention", 2)]
)
def test_all_weights_but_the_head_are_copied(tmp_path: Path, preset: str, classes: int) -> None:
    old = kept(tmp_path / "c", preset, in_channels=3, out_channels=2, **WIDTHS).state_dict()
    net = build(preset, in_channels=3, out_channels=classes, **WIDTHS)
    new = {name: value.clone() for name, value in net.state_dict().items()}
    sentences = start_from(load(tmp_path / "c"), net)
    copied = [name for name, value in net.state_dict().items() if name in old and torch.equal(value, old[name])]
    replaced = [name for name in new if new[name].shape != old[name].shape]
    assert all(torch.equal(net.state_dict()[name], old[name]) for name in new if name not in replaced)
    assert all(torch.equal(net.state_dict()[name], new[name]) for name in replaced)
    assert bool(replaced) == (classes != 2)
    assert len(copied) == len(new) - len(replaced) > 10
    assert sentences[0] == f"starts from the weights of {tmp_path / 'c'}"
    wanted = [f"there were 2 classes and are {classes}, so the head is new: {', '.join(replaced)}"]
    assert sentences[1:] == (wanted if replaced else [])


def test_a_width_that_equals_the_number_of_classes_is_no_head(tmp_path: Path) -> None:
    kept(tmp_path / "c", "padded", out_channels=4, **WIDTHS)
    net = build("padded", out_channels=8, **WIDTHS)
    assert start_from(load(tmp_path / "c"), net)[1].endswith("the head is new: head.weight, head.bias")
    other = build("padded", out_channels=8, widths=[2, 8, 8])
    with pytest.raises(ValueError, match="its network differs from the new one"):
        start_from(load(tmp_path / "c"), other)


@pytest.mark.parametrize(
    ("preset", "arguments", "says"),
    [
        ("padded", {"in_channels": 3, "widths": [2, 4, 8]}, r"1 input channels, and the new one 3; .* with --channels"),
        ("padded", {"in_channels": 3, "out_channels": 3, "widths": [2, 4, 8]}, "--channels"),
        ("padded", {"widths": [2, 4, 16]}, r"differs from the new one \(.* is \(8, .*\) there, and \(16, .*\) here\)"),
        ("padded", {"widths": [2, 4]}, r"there, and missing here\); give the same --preset, --widths"),
        ("padded", {"widths": [2, 4, 8, 16]}, r"differs from the new one \(decoder\.steps\.0"),
        ("residual", {"widths": [2, 4, 8]}, "differs from the new one"),
        ("unet3d", {"widths": [2, 4, 8]}, "differs from the new one"),
    ],
)
def test_other_networks_are_refused_and_left_alone(
    tmp_path: Path, preset: str, arguments: dict[str, object], says: str
) -> None:
    kept(tmp_path / "c", "padded", **WIDTHS)
    net = build(preset, **arguments)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with pytest.raises(ValueError, match=says):
        start_from(load(tmp_path / "c"), net)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_a_network_of_another_project_starts_from_its_own_weights(tmp_path: Path) -> None:
    old, new = (adopt(made("padded")) for _ in range(2))
    save_weights(tmp_path / "c", old, net="mine:build", arguments={}, notes={})
    start_from(load(tmp_path / "c"), new, {"mine:build": lambda: adopt(made("padded"))})
    assert all(torch.equal(value, old.state_dict()[name]) for name, value in new.state_dict().items())
    with pytest.raises(ValueError, match="its network is mine:build"):
        start_from(load(tmp_path / "c"), new)
