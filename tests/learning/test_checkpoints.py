"""Checkpoints: a resumed training equals an uninterrupted one, and damaged files are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from tests.learning.test_train import WIDTHS, batches, rates, start
from unet_tutorial.learning.checkpoints import load, save
from unet_tutorial.learning.train import Training, fit

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
