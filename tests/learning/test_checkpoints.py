"""Checkpoints: a resumed training equals an uninterrupted one, and damaged files are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from tests.learning.test_train import WIDTHS, batches, rates, start
from tests.oracles.adopted import HAND_WRITTEN, LIBRARIES, made
from unet_tutorial.learning.checkpoints import NO_BUILDERS, load, save
from unet_tutorial.learning.train import Batch, Training, adam, fit
from unet_tutorial.nets.adopt import adopt
from unet_tutorial.nets.contracts import Network
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import output_size, valid_sizes

ARGUMENTS = {"widths": list(WIDTHS)}


def keep(path: Path, training: Training) -> None:
    save(path, training, preset="paper", arguments=ARGUMENTS, notes={"why": "test"})


def test_a_file_holds_preset_notes_and_every_tensor(tmp_path: Path) -> None:
    training = start()
    fit(training, batches, rates, steps=2, save=lambda now: keep(tmp_path / "c.safetensors", now))
    found = load(tmp_path / "c.safetensors")
    assert (found.preset, found.arguments, found.notes) == ("paper", ARGUMENTS, {"why": "test"})
    assert found.tensors["losses"].tolist() == training.losses
    for key, weight in training.net.state_dict().items():
        assert torch.equal(found.network().state_dict()[key], weight)
    for i, weight in enumerate(training.net.parameters()):
        for key, value in training.optimiser.state[weight].items():
            assert torch.equal(found.tensors[f"optimiser.{i}.{key}"], value)


def test_a_resumed_training_equals_an_uninterrupted_one_bit_for_bit(tmp_path: Path) -> None:
    whole, stopped = start(), start()
    torch.manual_seed(7)  # of dropout
    fit(whole, batches, rates, steps=9, save=lambda _now: None)
    torch.manual_seed(7)
    fit(stopped, batches, rates, steps=5, save=lambda now: keep(tmp_path / "c.safetensors", now))
    torch.manual_seed(8)
    resumed = load(tmp_path / "c.safetensors").training()
    assert resumed.step == 5
    fit(resumed, batches, rates, steps=9, save=lambda _now: None)
    assert resumed.losses == whole.losses
    for ours, theirs in zip(resumed.net.parameters(), whole.net.parameters(), strict=True):
        assert torch.equal(ours, theirs)


NET = "mine:build"


@pytest.mark.parametrize("name", [*HAND_WRITTEN, *LIBRARIES])
def test_an_adopted_network_is_trained_and_resumed_bit_for_bit(tmp_path: Path, name: str) -> None:
    def build() -> Network:
        return adopt(made(name))

    def training() -> Training:
        torch.manual_seed(0)
        return adam(build())

    net = build()
    tile = nearest_tile(net)
    out = output_size(tile, net.levels, padding=net.padding)

    def batch(step: int) -> Batch:
        generator = torch.Generator().manual_seed(step)
        images = torch.randn(2, net.in_channels, *tile, generator=generator)
        labels = torch.randint(net.out_channels, (2, *out), generator=generator)
        return Batch(images, labels, torch.ones(2, *out))

    def keep_own(now: Training) -> None:
        save(tmp_path / "c.safetensors", now, net=NET, arguments={}, notes={})

    whole, stopped = training(), training()
    torch.manual_seed(7)  # of dropout
    fit(whole, batch, rates, steps=4, save=lambda _now: None)
    torch.manual_seed(7)
    fit(stopped, batch, rates, steps=2, save=keep_own)
    torch.manual_seed(8)
    kept = load(tmp_path / "c.safetensors")
    assert (kept.preset, kept.net) == ("", NET)
    resumed = kept.training(builders={NET: build})
    fit(resumed, batch, rates, steps=4, save=lambda _now: None)
    assert resumed.losses == whole.losses
    for key, value in whole.net.state_dict().items():
        assert torch.equal(resumed.net.state_dict()[key], value), key
    assert any(not torch.equal(ours, new) for ours, new in zip(whole.net.parameters(), net.parameters(), strict=True))


def nearest_tile(net: Network) -> Size:
    """The smallest valid tile of at least 32 pixels, 16 for a volume."""
    least = 32 if net.levels[0].rank == 2 else 16
    return tuple(next(n for n in valid if n >= least) for valid in valid_sizes(net.levels, padding=net.padding))


def test_names_in_a_file_are_never_imported(tmp_path: Path) -> None:
    path = tmp_path / "c.safetensors"
    save(path, adam(adopt(made("padded"))), net="os:getcwd", arguments={}, notes={})
    for builders in (NO_BUILDERS, {"mine:build": lambda: adopt(made("padded"))}):
        with pytest.raises(ValueError, match=r"its network is os:getcwd.*nothing is imported .*: --net os:getcwd, or"):
            load(path).network(builders)
    with pytest.raises(ValueError, match=r"the weights do not fit os:getcwd with {}; .* another version of os:getcwd"):
        load(path).network({"os:getcwd": lambda: adopt(made("recursive"))})
    keep(path, start_after_one_step())
    with pytest.raises(ValueError, match="its network is preset 'paper'; leave out mine:build"):
        load(path).network({"mine:build": lambda: adopt(made("padded"))})


@pytest.mark.parametrize("names", [{}, {"preset": "paper", "net": "mine:build"}])
def test_a_checkpoint_names_one_network(tmp_path: Path, names: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="give the name of the network in one of them"):
        save(tmp_path / "c", start(), arguments={}, notes={}, **names)


def test_tied_weights_are_stored(tmp_path: Path) -> None:
    def build() -> Network:
        module = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1), nn.ReLU(), nn.Conv2d(1, 1, 3, padding=1))
        module[2].weight = module[0].weight
        return adopt(module)

    net = build()
    save(tmp_path / "c", adam(net), net=NET, arguments={}, notes={})
    image = torch.randn(1, 1, 8, 8)
    assert torch.equal(load(tmp_path / "c").network({NET: build})(image), net(image))


def test_files_that_are_no_checkpoint_are_refused(tmp_path: Path) -> None:
    good, truncated, foreign = (
        tmp_path / "good.safetensors",
        tmp_path / "truncated.safetensors",
        tmp_path / "foreign.safetensors",
    )
    training = start()
    fit(training, batches, rates, steps=1, save=lambda now: keep(good, now))
    truncated.write_bytes(good.read_bytes()[:-100])
    save_file({"weight": torch.zeros(2)}, foreign)
    (tmp_path / "text.safetensors").write_text("not a checkpoint")
    for name, words in (("truncated", "cannot be read"), ("text", "cannot be read"), ("none", "no such file")):
        with pytest.raises(ValueError, match=words):
            load(tmp_path / f"{name}.safetensors")
    with pytest.raises(ValueError, match="is not a checkpoint of this version"):
        load(foreign)
    save(tmp_path / "other.safetensors", training, preset="paper", arguments={"widths": [2, 8]}, notes={})
    with pytest.raises(ValueError, match="do not fit preset 'paper'"):
        load(tmp_path / "other.safetensors").network()


def start_after_one_step() -> Training:
    training = start()
    fit(training, batches, rates, steps=1, save=lambda _now: None)
    return training


@pytest.mark.parametrize(("key", "value"), [("arguments", "{"), ("notes", "3"), ("preset", None)])
def test_damaged_metadata_are_refused(tmp_path: Path, key: str, value: str | None) -> None:
    path = tmp_path / "c.safetensors"
    keep(path, start_after_one_step())
    with safe_open(path, framework="pt") as file:
        metadata = {name: text for name, text in (file.metadata() | {key: value}).items() if text is not None}
    save_file(load(path).tensors, path, metadata)
    with pytest.raises(ValueError, match="the metadata are damaged"):
        load(path)
