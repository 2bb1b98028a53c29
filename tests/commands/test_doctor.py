"""``unet doctor``: exit codes, refusals, and the corrected copy that its own cure writes."""

import shlex
from pathlib import Path

from tests.conftest import Unet
from tests.jobs.doctor.planted import changed, masks_changed, membranes, shifted, write


def test_healthy_data_give_0_and_a_fault_gives_1_with_its_cure(unet: Unet, tmp_path: Path) -> None:
    code, text = unet("doctor", write(tmp_path / "good", membranes()))
    assert code == 0
    assert "8 images: no fault found" in text
    bad = write(tmp_path / "my data", changed(membranes(), "", masks_changed(shifted)))
    code, text = unet("doctor", bad)
    assert code == 1
    assert "1. the masks are shifted against their images: all 8 fit after a move by 9 pixels up and 5" in text
    cure = next(line for line in text.splitlines() if "cure:" in line).partition("cure: ")[2]
    code, text = unet(*shlex.split(cure)[1:])
    assert code == 1
    assert "8 of 8 images are in" in text
    command = shlex.split(text.partition("next: ")[2].splitlines()[0])
    assert unet("doctor", *command[3:4], *command[4:])[0] == 0


def test_the_options_of_a_training_are_examined(unet: Unet, tmp_path: Path) -> None:
    code, text = unet("doctor", "--data", write(tmp_path, membranes()), "--rate", 0.2)
    assert code == 1
    assert "100 times the usual 0.002" in text


def test_a_run_is_examined_and_its_options_are_its_own(unet: Unet, run_folder: Path) -> None:
    code, text = unet("doctor", run_folder)
    assert code == 1
    assert "the run has too few steps" in text
    code, text = unet("doctor", run_folder, "--rate", 0.2)
    assert code == 1
    assert "is a run with its own recipe" in text


def test_folders_that_cannot_be_read(unet: Unet, tmp_path: Path) -> None:
    code, text = unet("doctor", tmp_path / "missing")
    assert code == 1
    assert "there is no such folder" in text
    assert unet("doctor", "--sharpen", "3")[0] == 2
