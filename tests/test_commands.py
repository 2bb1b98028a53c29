"""The command line as a reader meets it: what it writes, and one clear line for everything that is wrong."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from unet_tutorial.commands.app import main
from unet_tutorial.commands.predictor import Predictor
from unet_tutorial.commands.recipe import SHIPPED
from unet_tutorial.datasets.files import read_image, write_image
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.learning.checkpoints import load

Unet = Callable[..., tuple[int, str]]
THIN = ["--widths", "2,4", "--tile", "36", "--batch", "1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's folder: three small images with their masks."""
    folder = tmp_path_factory.mktemp("mine")
    rng = np.random.default_rng(0)
    for part in ("images", "labels"):
        (folder / part).mkdir()
    for name in ("a", "b", "c"):
        mask = np.kron(rng.integers(0, 2, (6, 7)), np.ones((8, 8), int)).astype(np.uint8)
        write_image(folder / "images" / f"{name}.png", (100 * mask + rng.integers(0, 50, mask.shape)).astype(np.uint8))
        write_image(folder / "labels" / f"{name}.png", 255 * mask)
    return folder


@pytest.fixture
def unet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Unet:
    """Run the command line in this process: exit code and all that was printed."""

    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["unet", *map(str, words)])
        try:
            main()
            code: object = 0
        except SystemExit as stop:
            code = stop.code
        printed = "".join(capsys.readouterr())
        return (1, printed + code) if isinstance(code, str) else (int(str(code or 0)), printed)

    return run


@pytest.fixture(scope="module")
def run_folder(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of three steps."""
    output = tmp_path_factory.mktemp("runs") / "thin"
    words = ["train", "--data", str(folder), "-o", str(output), "--steps", "3", *THIN]
    subprocess.run([sys.executable, "-m", "unet_tutorial", *words], check=True, capture_output=True)
    return output


def test_sizes_near_512(unet: Unet) -> None:
    code, text = unet("sizes", "--near", 512)
    assert code == 0
    rows = [line.split() for line in text.splitlines()]
    assert ["│", "508", "│", "324", "│", "92", "│", "24", "│"] in rows
    assert ["│", "524", "│", "340", "│", "92", "│", "25", "│"] in rows
    assert "n ≡ 12 (mod 16), n ≥ 188; the output is n - 184" in text
    assert "512 does not pass" in text


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
    written = {"checkpoint.safetensors", "history.csv", "history.png", "held_out_c.png", "metrics.csv", "summary.txt"}
    assert files == written | {"recipe.json"}
    rows = (run_folder / "metrics.csv").read_text().splitlines()
    assert [row.split(",")[0].split(" (")[0] for row in rows[1:]] == [
        "everything cell",
        "smoothed threshold",
        "this network",
    ]
    assert (run_folder / "history.csv").read_text().count("\n") == 4
    assert json.loads((run_folder / "recipe.json").read_text())["widths"] == "2,4"
    assert "in all" in (run_folder / "summary.txt").read_text()
    checkpoint = load(run_folder / "checkpoint.safetensors")
    assert (checkpoint.preset, checkpoint.arguments) == ("paper", {"widths": [2, 4]})
    assert len(checkpoint.tensors["losses"]) == 3
    assert 0 < checkpoint.notes["cut"] < 1


def test_predict_writes_what_the_library_computes(unet: Unet, run_folder: Path, folder: Path, tmp_path: Path) -> None:
    stack = np.random.default_rng(1).integers(0, 255, (2, 9, 70), dtype=np.uint8)
    write_image(tmp_path / "stack.tif", stack)
    checkpoint = run_folder / "checkpoint.safetensors"
    code, text = unet(
        "predict", checkpoint, folder / "images" / "a.png", tmp_path / "stack.tif", "-o", tmp_path / "out"
    )
    assert code == 0, text
    predictor = Predictor.from_file(checkpoint, "cpu", 0, 1)
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
        assert np.array_equal(mask, np.where(probability > predictor.cut, 255, 0))


def test_a_second_run_takes_a_new_folder(unet: Unet, folder: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert unet("train", "--data", folder, "-o", tmp_path / "run", "--steps", 1, *THIN)[0] == 0
    assert (tmp_path / "run-2" / "checkpoint.safetensors").is_file()


def test_data_makes_what_train_reads(unet: Unet, tmp_path: Path) -> None:
    code, text = unet("data", "cells", tmp_path / "cells", "--images", 2, "--size", 64)
    assert code == 0
    assert "unet train --data" in text
    assert len(list((tmp_path / "cells" / "labels").iterdir())) == 2


BAD_TRAINING = [
    (("--data", "nowhere"), "nowhere: there is no such folder"),
    (("--preset", "papre"), "preset 'papre' is unknown; the presets are paper"),
    (("--widths", "2,x"), "widths '2,x': write whole numbers"),
    (("--widths", "2,0"), "channels = 0 is not a whole number"),
    (("--tile", "35"), "the nearest sizes that do are 34 and 36"),
    (("--device", "tpu"), "device 'tpu' is unknown; write cpu or cuda"),
    (("--held-out", "3"), "3 images, of which 3 cannot be held out"),
    (("--w0", "-1"), "w0 = -1.0"),
    (("--resume", "nowhere"), "no readable checkpoint"),
]


@pytest.mark.parametrize(("options", "words"), BAD_TRAINING)
def test_training_refuses_in_one_line(
    unet: Unet, folder: Path, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    code, text = unet("train", "--data", folder, "--steps", 1, *THIN, "-o", tmp_path / "run", *options)
    assert code == 1
    assert words in text.splitlines()[-1]
    assert "Traceback" not in text
    assert not (tmp_path / "run" / "checkpoint.safetensors").exists()


def test_unknown_options_and_commands_exit_with_2(unet: Unet) -> None:
    assert unet("train", "--stepz", 3)[0] == 2
    assert unet("frobnicate")[0] == 2
    assert unet("train", "--steps", "many")[0] == 2


def test_resume_refuses_another_recipe(unet: Unet, run_folder: Path) -> None:
    code, text = unet("train", "--resume", run_folder, "--widths", "4,8")
    assert code == 1
    assert "--widths 4,8: the run was begun with 2,4" in text


def test_a_folder_that_cannot_be_written_to(unet: Unet, folder: Path, run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, text = unet("train", "--data", folder, "--steps", 1, *THIN, "-o", tmp_path / "file" / "run")
    assert code == 1
    assert "cannot be made" in text
    image = folder / "images" / "a.png"
    code, text = unet("predict", run_folder / "checkpoint.safetensors", image, "-o", tmp_path / "file")
    assert code == 1
    assert "cannot be made" in text


def damaged(tmp_path: Path, folder: Path) -> list[tuple[Path, str]]:
    """Images that cannot be predicted, each with words of its refusal."""
    png = (folder / "images" / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(png[: len(png) // 2])
    (tmp_path / "empty.tif").write_bytes(b"")
    write_image(tmp_path / "nan.tif", np.full((20, 20), np.nan, np.float32))
    return [
        (tmp_path / "cut.png", "cut.png: cannot be read"),
        (tmp_path / "empty.tif", "the file is empty"),
        (tmp_path / "nan.tif", "nan.tif: 400 of 400 pixels are NaN"),
        (tmp_path / "missing.png", "there is no such file"),
        (tmp_path / "notes.txt", "the suffix '.txt' is unknown"),
    ]


def test_damaged_images_are_refused_and_nothing_is_overwritten(
    unet: Unet, run_folder: Path, folder: Path, tmp_path: Path
) -> None:
    for image, words in damaged(tmp_path, folder):
        (tmp_path / "out").mkdir(exist_ok=True)
        good = tmp_path / "out" / f"{image.stem}_mask.png"
        good.write_text("an older result")
        code, text = unet("predict", run_folder / "checkpoint.safetensors", image, "-o", tmp_path / "out")
        assert code == 1
        assert words in text
        assert good.read_text() == "an older result"
        good.unlink()
    assert list((tmp_path / "out").iterdir()) == []


def test_predict_refuses_other_checkpoints_and_equal_names(
    unet: Unet, run_folder: Path, folder: Path, tmp_path: Path
) -> None:
    image, good, cut = folder / "images" / "a.png", run_folder / "checkpoint.safetensors", tmp_path / "cut.safetensors"
    cut.write_bytes(good.read_bytes()[:500])
    assert "no readable checkpoint" in unet("predict", cut, image, "-o", tmp_path)[1]
    assert "2 images are named a" in unet("predict", good, image, image, "-o", tmp_path)[1]


def started(folder: Path, output: Path) -> subprocess.Popen[str]:
    """A run in a process of its own, once its first checkpoint is there."""
    words = ["train", "--data", str(folder), "-o", str(output), "--steps", "400", *THIN]
    process = subprocess.Popen([sys.executable, "-m", "unet_tutorial", *words], stderr=subprocess.PIPE, text=True)
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
    assert said.strip().endswith(f"unet: stopped; go on with --resume {tmp_path / 'run'}")
    load(tmp_path / "run" / "checkpoint.safetensors").training()
    assert not list((tmp_path / "run").glob(".*"))


def test_the_shipped_data_is_where_the_default_looks() -> None:
    assert (SHIPPED / "train" / "images").is_dir()
