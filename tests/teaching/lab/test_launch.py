"""The command: which folders it refuses, what it prepares, and how it starts JupyterLab. No server is started here."""

from __future__ import annotations

import json
import os
import runpy
import sys
from datetime import date
from pathlib import Path

import nbformat
import pytest
from nbformat.sign import NotebookNotary

from tests.paths import NOTEBOOKS, ROOT
from unet_tutorial.teaching.checking.progress import NAME, VARIABLE, note
from unet_tutorial.teaching.lab import launch
from unet_tutorial.teaching.lab.start_page import CODE
from unet_tutorial.teaching.lessons.contents import contents


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        (ROOT / "course.py", "is a file"),
        (Path(sys.prefix) / "work", "inside the environment"),
        (NOTEBOOKS, "a folder of the course itself"),
        (NOTEBOOKS / "mine", "a folder of the course itself"),
        (ROOT, "a folder of the course itself"),
        (Path("reading"), "the name reading is that of a folder inside the student's"),
    ],
)
def test_folders_that_are_refused(folder: Path, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=reason) as error:
        launch.main([str(folder)])
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A student's folder, and Jupyter's data folder."""
    root = tmp_path_factory.mktemp("lab")
    assert list(launch.prepare(root / "work", root / "data")) == []
    return root / "work", root / "data"


@pytest.mark.parametrize("place", ["START.ipynb", "reading/01_sizes.ipynb", "reading/solutions/01_sizes.ipynb"])
def test_jupyter_trusts_what_the_course_wrote(place: str, prepared: tuple[Path, Path]) -> None:
    folder, data = prepared
    notary = NotebookNotary(data_dir=str(data))
    notebook = nbformat.read(folder / place, as_version=4)
    assert any(cell.get("outputs") for cell in notebook.cells)
    assert notary.check_signature(notebook)
    notebook.cells[1].source += "#"
    assert not notary.check_signature(notebook)
    notary.store.close()


def test_the_start_page_is_renewed_at_each_start(prepared: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, data = prepared
    monkeypatch.setattr(launch, "trust", lambda *_: None)
    monkeypatch.setattr(launch, "student_files", dict)  # only the start page
    monkeypatch.delenv(VARIABLE)
    note("guesses", contents("01_sizes").questions[0], "a", folder / "exercises" / NAME)
    start = folder / "START.ipynb"
    saved = nbformat.read(start, as_version=4)
    saved.cells[1].execution_count = 7  # the student ran it and wrote below it
    saved.cells.append(nbformat.v4.new_markdown_cell("my notes"))
    nbformat.write(saved, start)
    (sentence,) = launch.prepare(folder, data, date(2026, 11, 29))
    assert sentence == f"The progress in exercises/{NAME} was added to yours (entries: 1)."
    renewed = nbformat.read(start, as_version=4)
    assert [cell.source for cell in renewed.cells][1:] == [CODE, "my notes"]
    assert "<b>1 of " in renewed.cells[1].outputs[0].data["text/html"]
    start.write_text("{ half")
    assert list(launch.prepare(folder, data, date(2026, 11, 29))) == [
        "START.ipynb was damaged; it is now kept/START-2026-11-29.ipynb, and a new copy was made."
    ]
    assert "<b>1 of " in start.read_text()


@pytest.mark.parametrize(
    ("arguments", "folder", "passed"),
    [
        (["mine"], "mine", []),
        (["--no-browser", "--port", "8899"], "default", ["--no-browser", "--port", "8899"]),
        (["mine", "--no-browser"], "mine", ["--no-browser"]),
        ([], "default", []),
    ],
)
def test_jupyterlab_gets_the_folder_and_the_options(
    arguments: list[str], folder: str, passed: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(launch, "DEFAULT", tmp_path / "default")
    monkeypatch.setattr(launch, "DATA", tmp_path / "data")
    monkeypatch.setattr(launch, "prepare", lambda folder: [f"prepared {folder}"])
    monkeypatch.setattr(runpy, "run_module", lambda name, **_: sys.argv.append(name))
    launch.main(arguments)
    place = tmp_path / folder
    assert sys.argv[1] == f"--ServerApp.root_dir={place}"
    assert sys.argv[4:] == [*passed, "jupyterlab"]
    assert Path(os.environ["JUPYTER_DATA_DIR"]) == tmp_path / "data"
    assert Path(os.environ["JUPYTERLAB_WORKSPACES_DIR"]).is_relative_to(tmp_path / "data")
    (settings,) = (tmp_path / "data/lab/settings/overrides.d").iterdir()
    assert json.loads(settings.read_text()) == launch.QUIET


def test_the_data_folder_is_inside_the_environment() -> None:
    assert launch.DATA.is_relative_to(sys.prefix)
    assert launch.DEFAULT == ROOT / "work"


def test_help_starts_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    launch.main(["--help"])
    assert capsys.readouterr().out.startswith("usage: python3 course.py lab [FOLDER]")
