"""Checkpoints: a resumed training equals an uninterrupted one, and damaged files are refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import nn

from tests.learning.test_train import WIDTHS, batches, rates, start, validations
from tests.oracles.adopted import LIBRARIES, made
from unet_tutorial.learning import checkpoints
from unet_tutorial.learning.checkpoints import NO_BUILDERS, load, save, save_weights
from unet_tutorial.learning.train import Batch, Training, adam, fit, is_stale
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
    assert found.resumable
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


@pytest.mark.parametrize("name", ["functional", "valid, cropped", *LIBRARIES])
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
    with pytest.raises(
        ValueError, match=r"the weights do not fit os:getcwd with {} \(.*\); .* another version of os:getcwd"
    ):
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
    with pytest.raises(ValueError, match=r"not a checkpoint of unet train \(its first tensor is weight\); load its"):
        load(foreign)
    with pytest.raises(ValueError, match=r"this is a folder; pass the checkpoint\.safetensors"):
        load(tmp_path)
    torch.save({"weight": torch.zeros(2)}, tmp_path / "net.pt")
    with pytest.raises(ValueError, match=r"net\.pt: this is a file of torch\.save"):
        load(tmp_path / "net.pt")
    save_file({"weight": torch.zeros(2)}, foreign, {"format": "unet_tutorial checkpoint 9"})
    with pytest.raises(ValueError, match="its format is 'unet_tutorial checkpoint 9', and this version reads"):
        load(foreign)
    save(tmp_path / "other.safetensors", training, preset="paper", arguments={"widths": [2, 8]}, notes={})
    with pytest.raises(ValueError, match="do not fit preset 'paper'"):
        load(tmp_path / "other.safetensors").network()


def start_after_one_step() -> Training:
    training = start()
    fit(training, batches, rates, steps=1, save=lambda _now: None)
    return training


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("arguments", "{"),
        ("arguments", '[["widths", [2, 4]]]'),
        ("notes", "3"),
        ("notes", "[" * 100_000),
        ("preset", None),
    ],
)
def test_damaged_metadata_are_refused(tmp_path: Path, key: str, value: str | None) -> None:
    path = tmp_path / "c.safetensors"
    keep(path, start_after_one_step())
    with safe_open(path, framework="pt") as file:
        metadata = {name: text for name, text in (file.metadata() | {key: value}).items() if text is not None}
    save_file(load(path).tensors, path, metadata)
    with pytest.raises(ValueError, match="the metadata are damaged"):
        load(path)


def test_validations_are_restored_bit_for_bit(tmp_path: Path) -> None:
    training = start_after_one_step()
    keep(tmp_path / "c", training)
    assert load(tmp_path / "c").training().validation == []
    training.validation = validations(0.1 + 0.2, 1 / 3)
    keep(tmp_path / "c", training)
    assert load(tmp_path / "c").training().validation == training.validation
    assert isinstance(load(tmp_path / "c").training().validation[0].step, int)


def test_a_run_that_is_killed_between_any_two_steps_stops_early_at_the_same_step(tmp_path: Path) -> None:
    scores = [0.4, 0.6, 0.5, 0.5, 0.9]

    def validate_and_save(now: Training) -> None:
        now.validation = [*now.validation, *validations(*scores)[len(now.validation) :][:1]]
        keep(tmp_path / "c", now)

    def run(training: Training, steps: int = 10) -> Training:
        fit(
            training, batches, rates, steps=steps, save=validate_and_save, every=2,
            stop=lambda now: is_stale(now.validation, 2),
        )  # fmt: skip
        return training

    torch.manual_seed(7)  # of dropout
    whole = run(start())
    assert whole.step == 8
    for killed in (2, 4, 6, 8):
        run(start(), killed)
        resumed = run(load(tmp_path / "c").training())
        assert (resumed.step, resumed.validation, resumed.losses) == (8, whole.validation, whole.losses)
        for ours, theirs in zip(resumed.net.parameters(), whole.net.parameters(), strict=True):
            assert torch.equal(ours, theirs)


def test_weights_alone_are_for_prediction_and_not_for_resuming(tmp_path: Path) -> None:
    training = start_after_one_step()
    keep(tmp_path / "whole", training)
    save_weights(tmp_path / "my net", training.net, preset="paper", arguments=ARGUMENTS, notes={"why": "test"})
    found = load(tmp_path / "my net")
    assert (found.notes, found.resumable) == ({"why": "test"}, False)
    for key, weight in training.net.state_dict().items():
        assert torch.equal(found.network().state_dict()[key], weight)
    assert (tmp_path / "my net").stat().st_size < 0.6 * (tmp_path / "whole").stat().st_size
    with pytest.raises(ValueError, match=r"no state of a training run to resume; .* --start-from '.*/my net'"):
        found.training()


def rewritten(path: Path, change: dict[str, torch.Tensor], metadata: dict[str, str], *, digest: bool = True) -> None:
    """Write a checkpoint again with other tensors and metadata, as a program does that damages it."""
    with safe_open(path, framework="pt") as file:
        about = file.metadata() | metadata
        tensors = {key: file.get_tensor(key) for key in file.keys()} | change  # noqa: SIM118
    if not digest:
        del about["digest"]
    save_file(tensors, path, about)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_not_finite_are_refused_at_load_and_at_save(tmp_path: Path, value: float) -> None:
    training, path = start_after_one_step(), tmp_path / "c"
    keep(path, training)
    weights = dict(training.net.state_dict())
    name = max(weights)
    weights[name].view(-1)[-1] = value  # in the network
    with pytest.raises(ValueError, match=f"{name} holds NaN or infinity, so the network cannot be saved; train with a"):
        keep(tmp_path / "other", training)
    assert not (tmp_path / "other").exists()
    rewritten(path, {f"net.{name}": weights[name].clone()}, {}, digest=False)
    with pytest.raises(
        ValueError, match=rf"c: the weights are not finite \({name} holds NaN or infinity\); pass another"
    ):
        load(path)


def test_a_file_that_has_changed_is_refused_by_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "c"
    keep(path, start_after_one_step())
    whole = path.read_bytes()
    start_of_data = 8 + int.from_bytes(whole[:8], "little")
    for position in range(start_of_data, len(whole), (len(whole) - start_of_data) // 20):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        with pytest.raises(ValueError, match=r"has changed since it was written \(its digest differs\); pass another"):
            load(path)
    path.write_bytes(whole)
    rewritten(path, {}, {"notes": '{"why": "another"}'})
    with pytest.raises(ValueError, match="its digest differs"):
        load(path)


def test_files_of_earlier_versions_without_digest_and_validations_are_resumed(tmp_path: Path) -> None:
    path, training = tmp_path / "c", start_after_one_step()
    keep(path, training)
    tensors = {key: value for key, value in load(path).tensors.items() if key != "validation"}
    about = {"format": "unet_tutorial checkpoint 1", "preset": "paper", "net": "", "arguments": '{"widths": [2, 4]}'}
    save_file(tensors, path, about | {"notes": "{}"})
    found = load(path).training()
    assert (found.losses, found.validation) == (training.losses, [])


@pytest.mark.parametrize("missing", ["random.cpu", "losses", "net."])
def test_files_with_half_a_state_are_refused(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "c"
    keep(path, start_after_one_step())
    tensors = {key: value for key, value in load(path).tensors.items() if not key.startswith(missing)}
    with safe_open(path, framework="pt") as file:
        about = {key: text for key, text in file.metadata().items() if key != "digest"}
    save_file(tensors, path, about)
    with pytest.raises(ValueError, match=f"not complete .*{missing.removesuffix('net.')}.* missing"):
        load(path)


def test_the_state_of_an_optimiser_of_other_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c"
    keep(path, start_after_one_step())
    rewritten(path, {"optimiser.0.exp_avg": torch.zeros(1)}, {}, digest=False)
    assert load(path).network()
    with pytest.raises(ValueError, match="the state of the optimiser does not fit the weights; pass another"):
        load(path).training()


BAD_ARGUMENTS = [
    {"widths": [60_000] * 5},
    {"widths": [10**12] * 3},
    {"widths": [2] * 10**6},
    {"widths": [2] * 300},
    {"widths": [2.5, 4]},
    {"widths": [-2, 4]},
    {"widths": [0, 0]},
    {"widths": []},
    {"widths": None},
    {"widths": "many"},
    {"widths": {"2": 4}},
    {"widths": [[2], [4]]},
    {"widths": [2, 4], "rank": 10**9},
    {"widths": [2, 4], "colour": 1},
    {"widths": [2, 4], "out_channels": 10**6},
    {"widths": [2, 4], "out_channels": "two"},
    {"widths": [2, 4], "in_channels": -1},
    {"in_channels": [[[[]]]] * 2000},
]


@pytest.mark.parametrize(
    ("preset", "arguments"),
    [("padded", each) for each in BAD_ARGUMENTS] + [(name, BAD_ARGUMENTS[0]) for name in ("paper", "unet++")],
    ids=range(len(BAD_ARGUMENTS) + 2),
)
def test_arguments_that_cannot_be_right_are_refused_without_building_the_network(
    tmp_path: Path, preset: str, arguments: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "c"
    keep(path, start_after_one_step())
    rewritten(path, {}, {"preset": preset, "arguments": json.dumps(arguments)}, digest=False)
    monkeypatch.setattr(checkpoints, "build", None)  # on the CPU
    with pytest.raises(
        ValueError, match=re.escape(f"{path}: the weights do not fit preset {preset!r} with ")
    ) as refusal:
        load(path).network()
    assert len(str(refusal.value)) < 800
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("preset", ["nnunet", "", "../paper", "os:getcwd"])
def test_unknown_presets_are_refused(tmp_path: Path, preset: str) -> None:
    keep(tmp_path / "c", start_after_one_step())
    rewritten(tmp_path / "c", {}, {"preset": preset}, digest=False)
    with pytest.raises(ValueError, match=f"preset {preset!r} is unknown; the presets are paper, padded"):
        load(tmp_path / "c").network()
