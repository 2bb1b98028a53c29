"""A run that is killed or stopped goes on as if it had not been."""

import os
import shutil
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
import torch

from tests.conftest import THIN, Unet
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.learning.checkpoints import load

pytestmark = pytest.mark.slow


def started(folder: Path, output: Path) -> subprocess.Popen[str]:
    """A run in a process of its own, once its first checkpoint is there."""
    words = ["train", "--data", str(folder), "-o", str(output), "--steps", "400", *THIN]
    # a shell that starts us in the background has us ignore Ctrl-C, which children inherit
    hear = None if os.name == "nt" else partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = subprocess.Popen(
        [sys.executable, "-m", "unet_tutorial", *words], stderr=subprocess.PIPE, text=True, preexec_fn=hear
    )
    while not (output / "checkpoint.safetensors").exists():
        assert process.poll() is None
        time.sleep(0.02)
    return process


def test_killed_and_resumed_equals_uninterrupted_bit_for_bit(unet: Unet, folder: Path, tmp_path: Path) -> None:
    process = started(folder, tmp_path / "killed")
    process.kill()
    process.communicate()
    assert len(load(tmp_path / "killed" / "checkpoint.safetensors").tensors["losses"]) < 400
    assert unet("train", "--resume", tmp_path / "killed")[0] == 0
    assert unet("train", "--data", folder, "-o", tmp_path / "whole", "--steps", 400, *THIN)[0] == 0
    ours, theirs = (load(tmp_path / name / "checkpoint.safetensors") for name in ("killed", "whole"))
    assert ours.tensors.keys() == theirs.tensors.keys()
    for key, value in ours.tensors.items():
        assert torch.equal(value, theirs.tensors[key]), key
    assert (tmp_path / "killed" / "history.csv").read_text() == (tmp_path / "whole" / "history.csv").read_text()


def test_ctrl_c_is_one_line_and_leaves_a_good_checkpoint(folder: Path, tmp_path: Path) -> None:
    process = started(folder, tmp_path / "run")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in said
    assert said.strip().endswith(f"unet: stopped; continue with --resume {tmp_path / 'run'}")
    load(tmp_path / "run" / "checkpoint.safetensors").training()
    assert not list((tmp_path / "run").glob(".*"))


def test_a_run_can_be_resumed_from_elsewhere_and_with_moved_data(
    unet: Unet, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(folder, tmp_path / "here" / "mine")
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert unet("train", "--data", "mine", "-o", "run", "--steps", 2, *THIN)[0] == 0
    monkeypatch.chdir(tmp_path / "there")
    assert unet("train", "--resume", "../here/run/checkpoint.safetensors")[0] == 0  # finished: tested again
    (tmp_path / "here" / "mine").rename(tmp_path / "moved")
    assert "there is no such folder" in unet("train", "--resume", "../here/run")[1]
    assert unet("train", "--resume", "../here/run", "--data", "../moved")[0] == 0


def test_a_folder_of_ones_own_with_a_test_set(unet: Unet, folder: Path, tmp_path: Path) -> None:
    for part in ("train", "test"):
        shutil.copytree(folder / "images", tmp_path / part / "images")
        shutil.copytree(folder / "labels", tmp_path / part / "masks")
    code, text = unet("train", "--data", tmp_path, "-o", tmp_path / "run", "--steps", 1, *THIN)
    assert code == 0
    assert "3 images to learn from, 3 held out" in text


def test_a_recipe_with_its_tile_as_a_number_is_understood(run_folder: Path) -> None:
    notes = load(run_folder / "checkpoint.safetensors").notes
    old = {**notes, "recipe": {**notes["recipe"], "tile": 36}}
    assert Recipe().resumed(old, ()).tile == "36"
    with pytest.raises(ValueError, match="holds no recipe of this version"):
        Recipe().resumed({"recipe": {"data": "x"}}, ())
