"""Checks of a checkpoint file: every preset passes, foreign formats are named, endless networks are not built."""

from __future__ import annotations

import pickle
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from unet_tutorial.learning import integrity
from unet_tutorial.learning.integrity import digest_of, first_not_finite, foreign_format, misfit
from unet_tutorial.nets.presets import PRESETS, build


@pytest.mark.parametrize("preset", PRESETS)
def test_the_weights_of_every_preset_fit_it(preset: str) -> None:
    with torch.device("meta"):
        weights = build(preset).state_dict()
    before = torch.get_rng_state()
    assert misfit(preset, {}, weights) == ""
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_of_another_shape_or_dtype_or_name_do_not_fit() -> None:
    preset = "paper"
    with torch.device("meta"):
        weights = build(preset).state_dict()
    name, first = next(iter(weights.items()))
    assert misfit(preset, {}, weights | {name: first[:0]}).startswith(f"{name} is (0, ")
    assert misfit(preset, {}, weights | {name: first.double()}).startswith(f"{name} is {tuple(first.shape)} of float64")
    assert misfit(preset, {}, weights | {"more": first}).startswith("more is (")
    assert misfit(preset, {}, {key: value for key, value in weights.items() if key != name}) == (
        f"{name} is missing in the file, and {tuple(first.shape)} of float32 in the network"
    )


def test_an_endless_network_is_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(depth: int) -> nn.Module:
        return nn.Sequential(*(nn.Conv2d(1, 1, 1) for _ in range(depth)))

    monkeypatch.setattr(integrity, "build", lambda _name, **arguments: endless(**arguments))
    started = time.perf_counter()
    assert misfit("endless", {"depth": 10**6}, {"weight": torch.zeros(1)}) == (
        "it would have many more layers than the file has tensors"
    )
    assert time.perf_counter() - started < 0.5
    assert len(list(endless(200).parameters())) == 400  # the limit is gone


def test_a_digest_depends_on_every_name_dtype_shape_and_value() -> None:
    tensors = {"a": torch.arange(6.0), "b": torch.tensor(1), "c": torch.zeros(0, 3), "d": torch.ones(2).bfloat16()}
    about = {"preset": "paper"}
    others: list[tuple[dict[str, torch.Tensor], dict[str, str]]] = [
        (tensors | {"a": torch.arange(6.0).flip(0)}, about),
        (tensors | {"a": torch.arange(6.0).reshape(2, 3)}, about),
        (tensors | {"b": tensors["b"].view(torch.float64)}, about),
        (tensors | {"c": torch.zeros(3, 0)}, about),
        ({name.upper(): value for name, value in tensors.items()}, about),
        (tensors, {"preset": "padded"}),
        (tensors, {}),
    ]
    digests = {digest_of(*each) for each in [(tensors, about), *others]}
    assert len(digests) == len(others) + 1
    assert digest_of(dict(reversed(tensors.items())), about) == digest_of(tensors, about)
    assert digest_of(tensors | {"a": torch.arange(12.0)[::2] / 2}, about) == digest_of(tensors, about)


def test_the_first_tensor_that_is_not_finite_is_named() -> None:
    tensors = {"a": torch.zeros(2), "count": torch.tensor(3), "b": torch.tensor([0.0, float("nan")])}
    assert first_not_finite(tensors) == "b"
    assert first_not_finite({"a": tensors["a"], "empty": torch.zeros(0)}) == ""


def test_files_of_other_programs_are_named(tmp_path: Path) -> None:
    contents = {
        "net.pt": "torch.save .a pickle, which can run code",
        "old.pth": "torch.save",
        "plain.pkl": "torch.save",
        "keras.h5": "an HDF5 file",
        "empty.safetensors": "file is empty",
        "text.txt": "",
        "archive.zip": "",
    }
    torch.save({"weight": torch.zeros(2)}, tmp_path / "net.pt")
    torch.save({"weight": torch.zeros(2)}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    (tmp_path / "plain.pkl").write_bytes(pickle.dumps([1, 2]))
    (tmp_path / "keras.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(20))
    (tmp_path / "empty.safetensors").touch()
    (tmp_path / "text.txt").write_text("weights")
    (tmp_path / "archive.zip").write_bytes(b"PK\x03\x04" + bytes(10))
    for name, says in contents.items():
        found = foreign_format(tmp_path / name)
        assert (says in found.replace("(", ".")) if says else found == "", (name, found)
