"""Fixtures: the command line in this process, a small folder of images and masks, and a finished run."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unet_tutorial.commands.app import main
from unet_tutorial.datasets.images.files import write_image

Unet = Callable[..., tuple[int, str]]
THIN = ["--widths", "2,4", "--tile", "36", "--batch", "1"]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder: three small images with their masks."""
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
    """Run the command line in this process; returns the exit code and the printed text."""

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


@pytest.fixture(scope="session")
def run_folder(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of three steps."""
    from unet_tutorial.jobs.job import prepare, run  # torch is only imported by tests that need it
    from unet_tutorial.jobs.recipe import Recipe

    output = tmp_path_factory.mktemp("runs") / "thin"
    run(prepare(Recipe(folder, widths="2,4", tile="36", batch=1, steps=3)), output)
    return output
