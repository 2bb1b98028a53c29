"""Findings are sorted by likelihood, and their commands can be typed as they are."""

import shlex
from pathlib import Path

from typer.testing import CliRunner

from unet_tutorial.commands.app import app
from unet_tutorial.jobs.doctor.finding import Finding, by_likelihood, corrected_copy, train_command
from unet_tutorial.jobs.recipe import Recipe


def test_the_most_likely_comes_first_and_equal_ones_keep_their_order() -> None:
    found = [Finding(likelihood, name, "", "") for likelihood, name in ((0.3, "a"), (0.9, "b"), (0.3, "c"))]
    assert [finding.sentence for finding in by_likelihood(found)] == ["b", "a", "c"]


def test_a_command_keeps_the_other_options_and_quotes_paths() -> None:
    recipe = Recipe(Path("my data"), rate=0.2, widths="4,8", bf16=True, class_weights="1,4")
    words = shlex.split(train_command(recipe, rate=2e-3, steps=70))
    assert words[:4] == ["unet", "train", "--data", "my data"]
    assert "--loss" not in words  # the default
    assert words[words.index("--rate") + 1] == "0.002"
    assert {"--bf16", "--widths", "4,8", "--class-weights", "1,4", "--steps", "70"} <= set(words)
    assert shlex.split(corrected_copy(Path("my data")))[-1] == "my data-corrected"


def test_every_option_of_a_command_exists() -> None:
    changes = {name: getattr(Recipe, name) for name in ("rotate", "scale", "elastic", "gamma", "noise", "patience")}
    typed = shlex.split(train_command(Recipe(), **dict.fromkeys(changes, 3), loss="dice", spacing="3,1,1"))
    help_ = CliRunner().invoke(app, ["train", "--help"], env={"COLUMNS": "300"}).output
    assert all(word in help_ for word in typed if word.startswith("--"))
