"""The command line as a reader meets it: what it prints and what it writes."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import THIN, Unet
from unet_tutorial.datasets.files import read_image, write_image
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import COURSE_DATA
from unet_tutorial.learning.checkpoints import load


def test_sizes_near_512(unet: Unet) -> None:
    code, text = unet("sizes", "--near", 512)
    assert code == 0
    rows = [line.split() for line in text.splitlines()]
    assert ["│", "508", "│", "324", "│", "92", "│", "24", "│"] in rows
    assert ["│", "524", "│", "340", "│", "92", "│", "25", "│"] in rows
    assert "n ≡ 12 (mod 16), n ≥ 188; the output is n - 184" in text
    assert "512 is not valid" in text


@pytest.mark.parametrize(
    ("options", "rule"), [(("--padding", "same"), "n ≡ 0 (mod 16), n ≥ 16"), (("--depth", "0"), "every n, n ≥ 5")]
)
def test_sizes_of_other_networks(unet: Unet, options: tuple[str, ...], rule: str) -> None:
    assert rule in unet("sizes", *options)[1]


def test_sizes_comes_without_torch() -> None:
    code = "import sys, atexit; sys.argv = ['unet', 'sizes']; from unet_tutorial.commands.app import main\n"
    code += "atexit.register(lambda: print('torch' in sys.modules)); main()"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.endswith("False\n")


def test_train_leaves_everything_it_promises(run_folder: Path) -> None:
    files = {path.name for path in run_folder.iterdir()}
    written = {"checkpoint.safetensors", "history.csv", "history.png", "held_out_c.png", "metrics.csv", "recipe.json"}
    assert files == written | {"diagram.svg", "table.md"}
    rows = (run_folder / "metrics.csv").read_text().splitlines()
    methods = [row[0] for row in csv.reader(rows[1:])]
    assert methods == ["everything cell", "smoothed threshold", "network", "network, 8 views"]
    assert (run_folder / "history.csv").read_text().count("\n") == 4
    assert json.loads((run_folder / "recipe.json").read_text())["widths"] == "2,4"
    net, tables = load(run_folder / "checkpoint.safetensors").network(), (run_folder / "table.md").read_text()
    assert tables.count(f"| {sum(w.numel() for w in net.parameters()):,} | 100.00 |") == 2  # by level and by layer
    assert ">36²<" in (run_folder / "diagram.svg").read_text()
    checkpoint = load(run_folder / "checkpoint.safetensors")
    assert (checkpoint.preset, checkpoint.arguments) == ("paper", {"widths": [2, 4]})
    assert len(checkpoint.tensors["losses"]) == 3
    assert [0 < checkpoint.notes["cuts"][views] < 1 for views in ("1", "8")] == [True, True]


def test_predict_writes_what_the_library_computes(unet: Unet, run_folder: Path, folder: Path, tmp_path: Path) -> None:
    stack = np.random.default_rng(1).integers(0, 255, (2, 9, 70), dtype=np.uint8)
    write_image(tmp_path / "stack.tif", stack)
    checkpoint = run_folder / "checkpoint.safetensors"
    code, text = unet(
        "predict", checkpoint, folder / "images" / "a.png", tmp_path / "stack.tif", "-o", tmp_path / "out"
    )
    assert code == 0, text
    predictor = Predictor.from_file(checkpoint, "cpu")
    for image, name in ((read_image(folder / "images" / "a.png"), "a"), (stack, "stack")):
        probability = read_image(tmp_path / "out" / f"{name}_probability.tif")
        assert probability.shape == image.shape
        for one, expected in zip(
            probability.reshape(-1, image.shape[-2], image.shape[-1]), image.reshape(-1, *image.shape[-2:]), strict=True
        ):
            scaled = (expected - expected.mean()) / expected.std()
            logits = predict_tiled(predictor.net, torch.from_numpy(scaled).float()[None])
            assert np.allclose(one, logits.softmax(0)[1], atol=1e-5)
        mask = read_image(tmp_path / "out" / f"{name}_mask.{'png' if image.ndim == 2 else 'tif'}")
        assert np.array_equal(mask, np.where(probability > predictor.threshold, 255, 0))


def test_a_second_run_takes_a_new_folder(unet: Unet, folder: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert unet("train", "--data", folder, "-o", tmp_path / "run", "--steps", 1, *THIN)[0] == 0
    assert (tmp_path / "run-2" / "checkpoint.safetensors").is_file()


def test_data_makes_what_train_reads(unet: Unet, tmp_path: Path) -> None:
    code, text = unet("data", "cells", tmp_path / "cells", "--images", 2, "--size", 64)
    assert code == 0
    assert "unet train --data" in text
    assert len(list((tmp_path / "cells" / "labels").iterdir())) == 2


def test_the_shipped_data_is_where_the_default_looks() -> None:
    assert (COURSE_DATA / "train" / "images").is_dir()
