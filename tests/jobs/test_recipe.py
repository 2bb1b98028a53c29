"""Recipes: stored in checkpoints and read back, compared on resuming, and turned into arguments of a preset."""

import json
import math
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from unet_tutorial.jobs.recipe import COURSE_DATA, Recipe
from unet_tutorial.learning.checkpoints import load
from unet_tutorial.nets.presets import PRESETS, build

RECIPE = Recipe(Path("mine"), held_out=2, preset="padded", widths="2,4", steps=30, tile="36", rate=1e-3, seed=5)


def test_the_default_data_are_those_of_the_course() -> None:
    assert (COURSE_DATA / "train" / "images").is_dir()


def test_old_checkpoints_with_an_integer_tile_are_read(run_folder: Path) -> None:
    notes = load(run_folder / "checkpoint.safetensors").notes
    old = {**notes, "recipe": {**notes["recipe"], "tile": 36}}
    assert Recipe().resumed(old, ()).tile == "36"
    with pytest.raises(ValueError, match="there is no recipe of this version"):
        Recipe().resumed({"recipe": {"data": "x"}}, ())


def test_a_checkpoint_gives_the_recipe_back() -> None:
    notes = json.loads(json.dumps({"recipe": RECIPE.notes()}))
    assert Recipe().resumed(notes, ()) == replace(RECIPE, data=Path.cwd() / "mine")


@pytest.mark.parametrize(
    "name", [field.name for field in fields(Recipe) if field.name not in ("net", "kwargs", "fold")]
)
def test_only_data_device_event_files_and_parts_may_change(name: str) -> None:
    other = {
        "data": Path("elsewhere"), "device": "cuda", "preset": "paper", "widths": "4,8", "spacing": "1,1,1",
        "tile": "40", "bf16": True, "sync_norm": True, "tensorboard": True, "normalise": "data", "split": "random",
        "start_from": "x",
    }.get(name, "7" if isinstance(getattr(RECIPE, name), str) else 7)  # fmt: skip
    call = replace(RECIPE, **{name: other})  # type: ignore[arg-type]
    notes = {"recipe": RECIPE.notes()}
    assert getattr(call.resumed(notes, ()), name) == getattr(Recipe().resumed(notes, ()), name)
    if name in ("data", "device", "tensorboard", "accumulate"):
        assert getattr(call.resumed(notes, {name}), name) == other
        return
    kept = getattr(RECIPE, name)
    started = "without it" if kept in ("", None) else f"with {kept}"
    option = f"--{name.replace('_', '-')} {other}: the run was started {started}"
    with pytest.raises(ValueError, match=option):
        call.resumed(notes, {name})


def test_a_network_of_ones_own_takes_the_place_of_a_preset() -> None:
    own = Recipe(net="mine:build", kwargs='{"depth": 3}')
    assert own.arguments(3, 5) == {"depth": 3}
    notes = json.loads(json.dumps({"recipe": own.notes()}))
    for again in (Recipe(), Recipe(net="mine:build")):
        assert again.resumed(notes, {"net"} if again.net else ()).net == "mine:build"
    with pytest.raises(ValueError, match="--net mine:other: the run was started with mine:build"):
        Recipe(net="mine:other").resumed(notes, {"net"})
    for name, value in (("preset", "padded"), ("widths", "2,4"), ("spacing", "1,1,1")):
        with pytest.raises(ValueError, match=f"--net mine:build: leave out --{name}, which is for presets"):
            Recipe(net="mine:build", **{name: value})  # type: ignore[arg-type]


def test_arguments_of_the_preset() -> None:
    further = Recipe(widths="2,4", kwargs='{"rank": 3}').arguments(1, 2)
    assert further == {"in_channels": 1, "out_channels": 2, "widths": [2, 4], "rank": 3}
    for kwargs in ('{"rank": 3, "widths": [8]}', '{"out_channels": 3}', '{"planar": [1]}'):
        name = list(json.loads(kwargs))[-1]
        with pytest.raises(ValueError, match=f"--kwargs: {name} follows from the data, --widths or --spacing; leave"):
            Recipe(widths="2,4", spacing="1,1,1", kwargs=kwargs).arguments(1, 2)
    assert Recipe(widths="2,4,8").arguments(3, 5) == {"in_channels": 3, "out_channels": 5, "widths": [2, 4, 8]}
    # 0.5 µm between slices, 0.1 µm between pixels: 2 planar levels until the voxels are 0.5 × 0.4 × 0.4
    assert Recipe(widths="2,4,8,8", spacing="0.5,0.1,0.1").arguments(1, 2) == {
        "in_channels": 1, "out_channels": 2, "widths": [2, 4, 8, 8], "planar": [0, 1],
    }  # fmt: skip
    for spacing, message in (("1,1", "a volume has 3 axes"), ("a,1,1", "expected numbers separated by commas")):
        with pytest.raises(ValueError, match=message):
            Recipe(spacing=spacing).arguments(1, 2)


def test_rates_are_those_of_torch() -> None:
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=1e-3, total_steps=30)
    for step in range(30):
        assert RECIPE.rate_of(step) == pytest.approx(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step()


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf])
def test_bad_rates_are_refused(rate: float) -> None:
    with pytest.raises(ValueError, match=f"--rate {rate}: the learning rate must be finite and above 0"):
        Recipe(rate=rate)


@pytest.mark.parametrize("elastic", [-0.1, math.nan, math.inf])
def test_bad_deformations_are_refused(elastic: float) -> None:
    with pytest.raises(ValueError, match=f"--elastic {elastic}: the fraction of the image's side must be finite"):
        Recipe(elastic=elastic)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_built_for_any_channels_and_classes(preset: str) -> None:
    with torch.device("meta"):
        net = build(preset, **Recipe(preset=preset).arguments(3, 5))
    assert (net.in_channels, net.out_channels) == (3, 5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"split": "grouped"}, "--split grouped: write ordered or random"),
        ({"folds": 5, "fold": 6}, "--fold 6: there are 5 folds, so write 1 to 5"),
        ({"fold": 2}, "--fold 2: give the number of folds as well"),
    ],
)
def test_bad_splits_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Recipe(**options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": 0}, "--steps 0: expected an integer of at least 1"),
        ({"steps": 2.5}, "--steps 2.5: expected an integer of at least 1"),
        ({"steps": True}, "--steps True: expected an integer of at least 1"),
        ({"batch": "1"}, "--batch '1': expected an integer of at least 1"),
        ({"seed": -1}, "--seed -1: expected an integer of at least 0 and at most 1000000000"),
        ({"held_out": -1}, "--held-out -1: expected an integer of at least 0"),
        ({"unlabelled": "255"}, "--unlabelled '255': expected an integer"),
        ({"rate": "0.1"}, "--rate '0.1': expected a number"),
        ({"w0": None}, "--w0 None: expected a number"),
        ({"bf16": "no"}, "--bf16 'no': expected true or false"),
        ({"widths": (8, 16)}, r"--widths \(8, 16\): expected a text"),
        ({"labels": None}, "--labels None: expected a text"),
        ({"data": "cells"}, "--data 'cells': expected a path"),
        ({"extended": "a"}, "extended 'a': expected integers"),
        ({"extended": "3,0"}, "extended '3,0': each extension has at least 1 step"),
    ],
)
def test_values_that_the_command_line_would_refuse_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Recipe(**options)


def test_numbers_of_the_accepted_types() -> None:
    assert Recipe(rate=1, unlabelled=None, bf16=True).rate == 1
    assert Recipe(unlabelled=255).unlabelled == 255
