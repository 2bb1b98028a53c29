"""``unet train``: from options to a finished run, and errors of one line before anything is written."""

import csv
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.conftest import THIN, Unet
from tests.oracles.processes import outcomes
from tests.oracles.small_volumes import THIN_3D, UNLABELLED, VOLUMES, write_sparse_volumes, write_volumes
from tests.oracles.user_module import refusal, write_user_module
from unet_tutorial.commands.app import main
from unet_tutorial.commands.model import builders
from unet_tutorial.datasets.images.files import read_image, write_image
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.jobs import job
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.learning.checkpoints import load

THINNER = ["--widths", "2,4"]
BAD_TRAINING = [
    (("--data", "nowhere"), "nowhere: there is no such folder"),
    (("--preset", "papre"), "preset 'papre' is unknown; the presets are paper"),
    (("--preset", "unet3d"), "a.png: expected a volume (D, H, W), got a single slice (48, 56)"),
    (("--widths", "2,x"), "widths '2,x': expected integers"),
    (("--widths", "2,0"), "channels = 0 is not a whole number"),
    (("--tile", "35"), "the nearest sizes that do are 34 and 36"),
    (("--device", "tpu"), "device 'tpu' is unknown; write cpu, cuda or mps"),
    (("--held-out", "3"), "cannot hold out 3 of 3 images"),
    (("--w0", "-1"), "w0 = -1.0"),
    (("--sigma", "0"), "sigma = 0.0"),
    (("--rate", "nan"), "--rate nan: the learning rate must be finite and above 0"),
    (("--elastic", "-1"), "--elastic -1.0: the fraction of the image's side"),
    (("--tile", "2000000"), "a pass needs about"),
    (("--loss", "ms_ssim"), "train on tiles of 176 pixels"),
    (("--validate-every", "2"), "--validate-every 2: there are no validation images"),
    (("--widths", "3000000,3"), "out of memory"),  # 324 TB: more than any address space
]

BAD_3D: list[tuple[tuple[object, ...], str]] = [
    (("--preset", "padded", "--spacing", "3,1,1"), "--spacing 3,1,1: preset 'padded' has no planar levels"),
    (("--spacing", "3,0,1"), "each axis needs a length above 0"),
    (("--spacing", "3,1"), "3 numbers"),
    (("--spacing", "a,b,c"), "spacing 'a,b,c': expected numbers separated by commas"),
    (("--spacing", "1,3,1"), "only the first axis may be the coarse one"),
    (("--tile", "16,16"), "expected one side or 3 sides"),
    (("--tile", "17"), "the nearest sizes that do are 16 and 20"),
    (("--widths", "2,2,2,2,2"), "16 pixels along axis 0, the size of one pixel of the coarsest level, got 8; give"),
    (("--unlabelled", "no"), "not a valid int"),
]


@pytest.mark.parametrize(("options", "words"), BAD_TRAINING)
def test_training_refuses_in_one_line(
    unet: Unet, folder: Path, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    code, text = unet("train", "--data", folder, "--steps", 1, *THIN, "-o", tmp_path / "run", *options)
    assert code == 1
    assert words in text.splitlines()[-1]
    assert "Traceback" not in text
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("options", "words"), BAD_3D)
def test_training_on_volumes_refuses_in_one_line(
    unet: Unet, tmp_path: Path, options: tuple[object, ...], words: str
) -> None:
    code, text = unet("train", "--data", write_volumes(tmp_path / "stacks"), "-o", tmp_path / "run", *THIN_3D, *options)
    assert code in (1, 2)
    assert words in " ".join(text.split())
    assert not (tmp_path / "run").exists()


def test_nan_in_a_volume_is_refused_with_its_slice(unet: Unet, tmp_path: Path) -> None:
    folder = write_volumes(tmp_path / "stacks")
    broken = VOLUMES[0].image.astype(np.float32)
    broken[5, 3, 3] = np.nan
    write_image(folder / "images" / "0.tif", broken)
    code, text = unet("train", "--data", folder, "-o", tmp_path / "run", *THIN_3D)
    assert code == 1
    assert "0.tif, slice 05: 1 of 1152 pixels are NaN or infinite" in text
    assert not (tmp_path / "run").exists()


def test_an_output_below_a_file_is_refused(unet: Unet, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, text = unet("train", "--data", folder, "--steps", 1, *THIN, "-o", tmp_path / "file" / "run")
    assert code == 1
    assert "cannot be created" in text


def test_the_printed_command_repeats_the_run(unet: Unet, folder: Path, tmp_path: Path) -> None:
    options = ["--widths", "2,4", "--tile", "36", "--batch", "1", "--held-out", "2"]
    code, text = unet("train", "--data", folder, "-o", tmp_path / "run", "--steps", 1, *options)
    assert code == 0
    assert text.startswith(f"paper U-Net: 1 image to learn from, 2 held out; see {tmp_path / 'run'}/\n")
    line = next(line for line in text.splitlines() if "train a longer run" in line)
    typed = line.split("course.py run ")[1].split()
    given = dict(zip(typed[::2], typed[1::2], strict=True))
    wanted = {"--data": str(folder), **dict(zip(options[::2], options[1::2], strict=True))}
    assert given == wanted | {"--steps": "900", "--rate": "0.001"}


def test_a_folder_that_is_in_use_gets_a_number(unet: Unet, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "notes.txt").touch()
    (tmp_path / "run-2").touch()
    (tmp_path / "run-3").mkdir()  # empty, so free
    assert unet("train", "--data", folder, "-o", tmp_path / "run", "--steps", 1, *THIN)[0] == 0
    assert (tmp_path / "run-3" / "checkpoint.safetensors").is_file()
    assert [file.name for file in (tmp_path / "run").iterdir()] == ["notes.txt"]


@pytest.mark.slow
def test_a_folder_with_a_test_set(unet: Unet, folder: Path, tmp_path: Path) -> None:
    for part in ("train", "test"):
        shutil.copytree(folder / "images", tmp_path / part / "images")
        shutil.copytree(folder / "labels", tmp_path / part / "masks")
    code, text = unet("train", "--data", tmp_path, "-o", tmp_path / "run", "--steps", 1, *THIN)
    assert code == 0
    assert "3 images to learn from, 3 held out" in text


@pytest.mark.slow
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
    assert "the data of the run are not there any more" in unet("train", "--resume", "../here/run")[1]
    assert unet("train", "--resume", "../here/run", "--data", "../moved")[0] == 0


def test_a_run_without_a_checkpoint_is_started_again(
    unet: Unet, run_folder: Path, folder: Path, tmp_path: Path
) -> None:
    ended = tmp_path / "ended"
    ended.mkdir()
    shutil.copy(run_folder / "recipe.json", ended)
    code, text = unet("train", "--resume", ended)
    advice = f"{ended}: this run ended before its first checkpoint; start it again: --config {ended}/recipe.json"
    assert (code, advice in text) == (1, True)
    assert unet("train", "--config", ended / "recipe.json", "--data", folder, "-o", tmp_path / "again")[0] == 0


def test_resume_refuses_another_recipe(unet: Unet, run_folder: Path) -> None:
    code, text = unet("train", "--resume", run_folder, "--widths", "4,8")
    assert code == 1
    assert "--widths 4,8: the run was started with 2,4" in text
    assert "--steps 250: the run was started with 3" in unet("train", "--resume", run_folder, "--steps", 250)[1]
    assert "continues in its own folder" in unet("train", "--resume", run_folder, "-o", "elsewhere")[1]
    assert "there is no such file" in unet("train", "--resume", "nowhere")[1]


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt, also where a shell that starts tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize(("at", "advice"), [(2, "nothing was saved yet"), (52, "continue with --resume {run}")])
def test_ctrl_c_is_one_line_and_leaves_a_good_checkpoint(
    unet: Unet, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, advice: str
) -> None:
    batches_of = job.batches_of

    def interrupted(*args: object) -> object:
        batch = batches_of(*args)  # type: ignore[arg-type]
        return lambda step: signal.raise_signal(signal.SIGINT) if step == at else batch(step)

    monkeypatch.setattr(job, "batches_of", interrupted)
    run = tmp_path / "run"
    code, text = unet("train", "--data", folder, "-o", run, "--steps", 60, *THIN)
    assert code == 130
    assert "Traceback" not in text
    assert text.endswith(f"unet: stopped; {advice.format(run=run)}\n")
    assert not list(run.glob(".*"))
    if at > job.EVERY:
        assert load(run / job.CHECKPOINT).training().step == job.EVERY


@pytest.mark.slow
def test_a_volume_is_trained_on_with_planar_levels_and_predicted(unet: Unet, tmp_path: Path) -> None:
    folder, run = write_volumes(tmp_path / "stacks"), tmp_path / "run"
    code, text = unet("train", "--data", folder, "-o", run, *THIN_3D, *THINNER, "--spacing", "3,1,1", "--bf16")
    assert code == 0, text
    assert "unet3d U-Net, planar levels 0: 2 volumes to learn from, 1 held out" in text
    checkpoint = load(run / "checkpoint.safetensors")
    assert (checkpoint.preset, checkpoint.arguments) == (
        "unet3d",
        {"in_channels": 1, "out_channels": 2, "widths": [2, 4], "planar": [0]},
    )
    assert checkpoint.network().levels[1].stride == (1, 2, 2)
    assert len(list(csv.reader((run / "metrics.csv").open()))) == 5
    assert (run / "held_out_2.png").is_file()
    image = folder / "images" / "1.tif"
    code, text = unet("predict", run / "checkpoint.safetensors", image, "-o", tmp_path / "out", "--tile", "40,64,64")
    assert code == 0, text
    predictor = Predictor.from_file(run / "checkpoint.safetensors")
    scaled = (VOLUMES[1].image - VOLUMES[1].image.mean()) / VOLUMES[1].image.std()
    whole = predict_tiled(predictor.net, torch.from_numpy(scaled).float()[None]).softmax(0)[1]
    assert np.allclose(read_image(tmp_path / "out" / "1_probability.tif"), whole, atol=1e-5)
    assert read_image(tmp_path / "out" / "1_mask.tif").shape == (8, 32, 36)


@pytest.mark.slow
def test_a_network_is_trained_on_sparse_labels(unet: Unet, tmp_path: Path) -> None:
    sparse = write_sparse_volumes(tmp_path / "sparse")
    code, text = unet("train", "--data", sparse, "-o", tmp_path / "run", "--unlabelled", UNLABELLED, *THIN_3D, *THINNER)
    assert code == 0, text
    losses = load(tmp_path / "run" / "checkpoint.safetensors").tensors["losses"]
    assert len(losses) == 2


OWN = ["--net", "mine:Grey", "--tile", "24", "--batch", "1"]
GREY = """
import torch
from torch import nn

class Grey(nn.Module):
    def __init__(self, width=4):
        super().__init__()
        self.fine, self.coarse = nn.Conv2d(1, width, 3, padding=1), nn.Conv2d(width, width, 3, padding=1)
        self.up, self.head = nn.ConvTranspose2d(width, width, 2, 2), nn.Conv2d(width, 2, 1)

    def forward(self, x):
        x = self.fine(x).relu()
        return self.head(x + self.up(self.coarse(nn.functional.max_pool2d(x, 2)).relu()))

def colour():
    return nn.Conv2d(3, 2, 1)

def sizeless():
    return nn.Sequential(nn.Conv2d(1, 2, 3, 2, 1))
"""


@pytest.mark.slow
def test_a_network_of_ones_own_is_trained_resumed_and_predicts(
    unet: Unet, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_user_module(tmp_path, monkeypatch, GREY)
    kwargs = ["--kwargs", '{"width": 3}']
    code, text = unet("train", "--data", folder, "-o", "run", "--steps", 2, *OWN, *kwargs)
    assert code == 0, text
    assert text.startswith("mine:Grey: 2 images to learn from, 1 held out; see run/\n")
    assert "unet predict run/checkpoint.safetensors IMAGE -o FOLDER --net mine:Grey\n" in text
    kept = load(tmp_path / "run" / "checkpoint.safetensors")
    assert (kept.preset, kept.net, kept.arguments) == ("", "mine:Grey", {"width": 3})
    assert "<title" in (tmp_path / "run" / "diagram.svg").read_text()
    image = folder / "images" / "a.png"
    for words in (["--resume", "run"], ["--resume", "run", "--net", "mine:colour"]):
        assert refusal(unet, "train", *words)[1].count("mine:Grey") >= 1
    code, text = unet("train", "--resume", "run", "--net", "mine:Grey")
    assert code == 0, text
    code, line = refusal(unet, "predict", "run/checkpoint.safetensors", image, "-o", "out")
    assert "nothing is imported because a file names it, so give the network again: --net mine:Grey" in line
    assert unet("predict", "run/checkpoint.safetensors", image, "-o", "out", "--net", "mine:Grey")[0] == 0
    net = Predictor.from_file(tmp_path / "run" / "checkpoint.safetensors", builders=builders("mine:Grey"))
    probability = net(read_image(image)[None])[1]
    np.testing.assert_allclose(read_image(tmp_path / "out" / "a_probability.tif"), probability, atol=1e-5)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--preset", "paper"], "--net mine:Grey and --preset paper: give one network"),
        (["--widths", "2,4"], "--net mine:Grey: leave out --widths, which is for presets; use --kwargs"),
        (["--net", "mine"], "--net 'mine': write package.module:build"),
        (["--net", "mine:missing"], "mine:missing fails: AttributeError"),
        (["--net", "mine:colour"], "mine:colour has 3 input channels and 2 classes; the images have 1 (grey)"),
        (["--net", "mine:sizeless"], "the output of Sequential does not follow the size of its input"),
        (["--kwargs", '{"depth": 3}'], "mine:Grey fails: TypeError"),
        (["--kwargs", "3"], "--kwargs '3': expected names with values"),
        (["--tile", "23"], "the nearest sizes that do are 22 and 24"),
    ],
)
def test_a_network_of_ones_own_is_refused_in_one_line(
    unet: Unet, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    write_user_module(tmp_path, monkeypatch, GREY)
    assert message in refusal(unet, "train", "--data", folder, "-o", "run", "--steps", 1, *OWN, *words)[1]
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_run_with_validation_is_extended_and_fine_tuned(unet: Unet, folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "a run"
    words = ["--data", folder, "--steps", 4, *THIN]
    code, text = unet("train", *words, "-o", run, "--validate", 1, "--validate-every", 2)
    assert code == 0, text
    assert "1 image to learn from, 1 for validation, 1 held out" in text
    assert "step 2 of 4: loss" in text
    assert f"unet predict '{run}/best.safetensors' IMAGE" in text
    code, text = unet("train", "--resume", run, "--extend", 3)
    assert code == 0, text
    assert "step 7 of 7: loss" in text
    assert load(run / job.CHECKPOINT).notes["recipe"]["extended"] == "3"
    code, text = unet("train", *words, "-o", tmp_path / "tuned", "--start-from", run / "best.safetensors")
    assert code == 0, text
    assert "starts from the weights of" in text
    assert not (tmp_path / "tuned" / "best.safetensors").exists()
    code, text = unet("train", "--extend", 3, *words)
    assert (code, "give the run to extend with --resume" in text) == (1, True)


@pytest.mark.slow
def test_a_recipe_of_another_run_is_read(unet: Unet, run_folder: Path, tmp_path: Path) -> None:
    recipe = run_folder / "recipe.json"
    code, text = unet("train", "--config", recipe, "-o", tmp_path / "again", "--seed", 5)
    assert code == 0, text
    ours, theirs = (json.loads((where / "recipe.json").read_text()) for where in (tmp_path / "again", run_folder))
    assert ours == {**theirs, "seed": 5}
    for content, words in (
        ("{", "cannot be read"),
        ("[" * 10**5, "cannot be read"),
        ("[]", "this is no recipe"),
        ("{}", "bad.json: there is no recipe"),
        (json.dumps({**theirs, "steps": 0}), "bad.json: --steps 0: expected an integer of at least 1"),
        (json.dumps({**theirs, "data": "gone"}), "gone: the data of the run are not there any more"),
    ):
        (tmp_path / "bad.json").write_text(content)
        code, text = unet("train", "--config", tmp_path / "bad.json", "-o", tmp_path / "bad")
        assert code == 1
        assert words in text
    own = json.dumps({**theirs, "net": "mine:build", "preset": "paper", "widths": "16,32,64,128"})
    (tmp_path / "own.json").write_text(own)
    code, text = unet("train", "--config", tmp_path / "own.json", "-o", tmp_path / "bad")
    assert (code, "nothing is imported because a file names it; give it again: --net mine:build" in text) == (1, True)
    assert not (tmp_path / "bad").exists()


@pytest.mark.slow
def test_a_fault_of_the_data_is_a_warning(unet: Unet, folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(folder, data)
    image = read_image(data / "images" / "a.png")
    write_image(data / "images" / "a.png", np.full_like(image, 7))
    code, text = unet("train", "--data", data, "-o", tmp_path / "run", "--steps", 2, *THIN)
    assert code == 0, text
    assert "warning: " in text
    assert "constant" in text
    assert "warning: " not in unet("train", "--resume", tmp_path / "run")[1]


def typed(*words: object) -> None:
    """A process in which the command was typed."""
    sys.argv = ["unet", *map(str, words)]
    main()


@pytest.mark.slow
def test_processes_print_once_and_refuse_in_one_line(folder: Path, tmp_path: Path) -> None:
    words = ["train", "--data", folder, "-o", tmp_path / "run", "--steps", 2, *THIN]
    found = outcomes(typed, 2, *words)
    assert [each.code for each in found] == [1, 1]
    assert [each.printed for each in found] == [
        "\runet: --batch 1: 2 processes divide the tiles of a step into 2 equal parts; give a multiple of 2, such as "
        "--batch 2\n",
        "",
    ]
    assert not (tmp_path / "run").exists()
    found = outcomes(typed, 2, *words, "--batch", 4, "--accumulate", 2)
    assert [each.code for each in found] == [0, 0], found
    assert found[0].printed.count("2 images to learn from") == 1
    assert "held-out images" in found[0].printed
    assert found[1].printed == ""
    assert load(tmp_path / "run" / "checkpoint.safetensors").notes["processes"] == 2


@pytest.mark.slow
def test_torchrun_trains_with_synchronised_norm_and_resumes(unet: Unet, folder: Path, tmp_path: Path) -> None:
    run, torchrun = tmp_path / "run", [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    start = [*torchrun, "--nproc-per-node=2", "-m", "unet_tutorial", "train"]
    words = ["--data", folder, "-o", run, "--steps", 2, *THIN, "--batch", 2, "--preset", "padded", "--sync-norm"]
    done = subprocess.run([*start, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    again = [*start, "--resume", str(run), "--extend", "2"]
    done = subprocess.run(again, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kept = load(run / "checkpoint.safetensors")
    assert len(kept.tensors["losses"]) == 4
    assert "random.cpu.1" in kept.tensors
    code, text = unet("predict", run / "checkpoint.safetensors", folder / "images" / "a.png", "-o", tmp_path / "out")
    assert code == 0, text
