"""``unet import``: predict, summary and train take the checkpoint that it writes, which equals the network there."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import torch

from tests.conftest import Unet
from tests.oracles.foreign_layouts import added, elektronn3
from unet_tutorial.datasets.images.files import read_image, write_image
from unet_tutorial.jobs.task import Task
from unet_tutorial.learning.checkpoints import load


def test_an_imported_network_predicts_and_is_trained_further(unet: Unet, folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    theirs = elektronn3(join=added)
    torch.save({"model_state_dict": theirs.state(), "info": {"epoch": "3"}}, tmp_path / "state.pth")
    written = tmp_path / "checkpoint.safetensors"
    options = ("--kwargs", '{"activation": "relu"}', "--mean", 100, "--std", 50, "--classes", "background, cell")
    code, text = unet("import", tmp_path / "state.pth", "--from", "elektronn3", "-o", written, *options)
    assert code == 0, text
    assert '  not stated by the weights, so the default of elektronn3 was taken: conv_mode "same"; if' in text
    assert "left out, because it is not of the network: info" in text
    assert Task.from_notes(load(written).notes).classes == ("background", "cell")
    train = shlex.split(next(line for line in text.splitlines() if line.startswith("next: unet train")))[2:-1]

    picture = tmp_path / "a.png"
    write_image(picture, np.random.default_rng(0).integers(0, 255, (80, 96), dtype=np.uint8))
    code, text = unet("predict", written, picture, "-o", tmp_path / "out")
    assert code == 0, text
    image = (torch.from_numpy(read_image(picture).astype(float))[None, None] - 100) / 50
    expected = theirs(image)[0].softmax(0)[1]
    inner = (slice(24, -24), slice(24, -24))  # the borders are mirrored here, and zero there
    assert np.allclose(read_image(tmp_path / "out" / "a_probability.tif")[inner], expected[inner], atol=1e-5)

    code, text = unet("summary", written, "--input", "48", "--format", "csv")
    assert code == 0, text
    assert "conv" in text
    code, text = unet("summary", written, "--widths", "2,4")
    assert (code, "describes its network completely; leave out --kwargs and --widths" in text) == (1, True)

    code, text = unet(*train, folder, "-o", tmp_path / "run", "--steps", 1, "--tile", 16, "--batch", 1)
    assert code == 0, text
    assert f"starts from the weights of {written}" in text


def test_refusals_are_one_line(unet: Unet, tmp_path: Path) -> None:
    torch.save(elektronn3().state(), tmp_path / "state.pth")
    start = ("import", tmp_path / "state.pth", "-o", tmp_path / "x.safetensors", "--from")
    for words, sentence in (
        (
            ("milesial",),
            "state.pth: there is no tensor inc.double_conv.0.weight, the first one of a network of milesial",
        ),
        (("elektronn3", "--kwargs", "leaky"), "--kwargs 'leaky' is not JSON"),
        (("elektronn3", "--normalise", "data"), "--normalise data: its mean and standard deviation are needed"),
    ):
        code, text = unet(*start, *words)
        assert (code, sentence in text, text.count("\n")) == (1, True, 1), text
    assert unet(*start, "keras")[0] == 2
    assert not (tmp_path / "x.safetensors").exists()
