"""Whatever is wrong, the command line says so in one clear line, with a non-zero exit, and loses nothing."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import THIN, Unet
from unet_tutorial.datasets.files import write_image

BAD_TRAINING = [
    (("--data", "nowhere"), "nowhere: there is no such folder"),
    (("--preset", "papre"), "preset 'papre' is unknown; the presets are paper"),
    (("--preset", "unet3d"), "a.png: a single slice (48, 56), and a volume is needed"),
    (("--widths", "2,x"), "widths '2,x': write whole numbers"),
    (("--widths", "2,0"), "channels = 0 is not a whole number"),
    (("--tile", "35"), "the nearest sizes that do are 34 and 36"),
    (("--device", "tpu"), "device 'tpu' is unknown; write cpu or cuda"),
    (("--held-out", "3"), "3 images, and 3 of them cannot be held out"),
    (("--w0", "-1"), "w0 = -1.0"),
    (("--sigma", "0"), "sigma = 0.0"),
    (("--rate", "nan"), "--rate nan: the learning rate must be finite and above 0"),
    (("--elastic", "-1"), "--elastic -1.0: the share of the image's side"),
    (("--widths", "3000000,3"), "out of memory"),  # 324 TB: more than any address space
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


def test_unknown_options_and_commands_exit_with_2(unet: Unet) -> None:
    assert unet("train", "--stepz", 3)[0] == 2
    assert unet("frobnicate")[0] == 2
    assert unet("train", "--steps", "many")[0] == 2


def test_resume_refuses_another_recipe(unet: Unet, run_folder: Path) -> None:
    code, text = unet("train", "--resume", run_folder, "--widths", "4,8")
    assert code == 1
    assert "--widths 4,8: the run was started with 2,4" in text
    assert "--steps 250: the run was started with 3" in unet("train", "--resume", run_folder, "--steps", 250)[1]
    assert "continues in its own folder" in unet("train", "--resume", run_folder, "-o", "elsewhere")[1]
    assert "there is no such file" in unet("train", "--resume", "nowhere")[1]


def test_a_folder_that_cannot_be_written_to(unet: Unet, folder: Path, run_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    code, text = unet("train", "--data", folder, "--steps", 1, *THIN, "-o", tmp_path / "file" / "run")
    assert code == 1
    assert "cannot be created" in text
    image = folder / "images" / "a.png"
    code, text = unet("predict", run_folder / "checkpoint.safetensors", image, "-o", tmp_path / "file")
    assert code == 1
    assert "cannot be created" in text


def damaged(tmp_path: Path, folder: Path) -> list[tuple[Path, str]]:
    """Images that cannot be predicted, each with words of its refusal."""
    png = (folder / "images" / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(png[: len(png) // 2])
    (tmp_path / "empty.tif").write_bytes(b"")
    write_image(tmp_path / "nan.tif", np.full((20, 20), np.nan, np.float32))
    return [
        (tmp_path / "cut.png", "cut.png: cannot be read"),
        (tmp_path / "empty.tif", "the file is empty"),
        (tmp_path / "nan.tif", "nan.tif: the image: 400 of 400 pixels are NaN"),
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
    assert "cannot be read as a checkpoint" in unet("predict", cut, image, "-o", tmp_path)[1]
    assert "2 images are named a" in unet("predict", good, image, image, "-o", tmp_path)[1]
