"""Starts JupyterLab on the student's folder: ``python -m unet_tutorial.teaching.lab.launch [FOLDER] [options]``.

FOLDER is `work` beside the lessons if it is not given; the options are those of JupyterLab, such as --no-browser.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary

from unet_tutorial.disk import complete_file, make_folder
from unet_tutorial.teaching.checking.progress import INSIDE, NAME, VARIABLE, load
from unet_tutorial.teaching.lab.copies import START_PAGE, dumped, student_files
from unet_tutorial.teaching.lab.gather import gather
from unet_tutorial.teaching.lab.start_page import start_page, with_progress
from unet_tutorial.teaching.lab.update import update
from unet_tutorial.teaching.lessons.catalogue import FOLDER as LESSONS

DEFAULT = LESSONS.parent / "work"
DATA = Path(sys.prefix) / "share" / "jupyter"  # signatures of notebooks and settings: in .venv, not in the user's home
QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}}
USAGE = "usage: python3 course.py lab [FOLDER] [options of JupyterLab, such as --no-browser]"


def checked(folder: Path) -> Path:
    """The absolute path of a folder that may become the student's. Raises ValueError for any other path."""
    path = folder.resolve()
    choose = "choose another folder, such as work"
    if path.exists() and not path.is_dir():
        raise ValueError(f"{folder} is a file; {choose}")
    if path.is_relative_to(Path(sys.prefix).resolve()):
        raise ValueError(f"{folder} is inside the environment {Path(sys.prefix).name}, which may be deleted; {choose}")
    if path == LESSONS.parent or path.is_relative_to(LESSONS):
        raise ValueError(
            f"{folder} is a folder of the course itself; {choose} (an author edits the lessons with "
            ".venv/bin/jupyter lab notebooks)"
        )
    if path.name in INSIDE:
        raise ValueError(f"{folder}: the name {path.name} is that of a folder inside the student's; {choose}")
    return path


def prepare(folder: Path, data: Path = DATA, today: date | None = None) -> Iterator[str]:
    """Make or update the student's folder and its start page; yield a sentence for each event.

    `data` is Jupyter's data folder, for the signatures by which JupyterLab trusts the executed lessons and shows their
    pictures. Raises ValueError if a file cannot be written.
    """
    make_folder(folder)
    files = student_files()
    start = {START_PAGE: dumped(start_page())}
    yield from update(folder, start | files, today or date.today())
    own = Path(os.environ.get(VARIABLE, folder / NAME))
    yield from gather(folder, own)
    with_output = with_progress(nbformat.read(folder / START_PAGE, as_version=4), load(own))
    with complete_file(folder / START_PAGE) as part:
        part.write_text(nbformat.writes(with_output, version=4) + "\n", encoding="utf8")
    notebooks = [text for place, text in files.items() if place.endswith(".ipynb")]
    trust([*notebooks, (folder / START_PAGE).read_bytes()], data)


def trust(notebooks: Iterable[bytes], data: Path) -> None:
    """Sign the content of notebooks, so that JupyterLab shows all of their outputs. `data` is Jupyter's data folder."""
    notary = NotebookNotary(data_dir=str(make_folder(data)))
    for text in notebooks:
        notary.sign(nbformat.v4.reads(text.decode()))  # without validation, which takes seconds
    notary.store.close()


def silence(data: Path) -> None:
    """JupyterLab asks neither for news nor for updates, unless the user's own settings say so."""
    path = data / "lab" / "settings" / "overrides.d" / "unet_tutorial.json"
    make_folder(path.parent)
    with complete_file(path) as part:
        part.write_text(json.dumps(QUIET, indent=1) + "\n", encoding="utf8")


def environment(data: Path) -> dict[str, str]:
    """The variables by which Jupyter keeps its signatures and the arrangement of its tabs in the folder `data`."""
    return {"JUPYTER_DATA_DIR": str(data), "JUPYTERLAB_WORKSPACES_DIR": str(data / "lab" / "workspaces")}


def options(folder: Path) -> list[str]:
    """The options of JupyterLab with which it opens the start page."""
    return [
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab/tree/{START_PAGE}",
        "--Application.log_level=WARN",
    ]


def main(arguments: list[str]) -> None:
    """Prepare the folder and run JupyterLab until it is stopped."""
    if arguments[:1] in (["-h"], ["--help"]):
        print(USAGE)
        return
    given = bool(arguments) and not arguments[0].startswith("-")
    folder = checked(Path(arguments[0]) if given else DEFAULT)
    for sentence in prepare(folder):
        print(sentence, flush=True)
    silence(DATA)
    print(f"JupyterLab opens {folder / START_PAGE}; press Ctrl-C here to stop it", flush=True)
    os.environ.update(environment(DATA))
    sys.argv = ["jupyter-lab", *options(folder), *arguments[given:]]
    runpy.run_module("jupyterlab", run_name="__main__")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
    except (ValueError, OSError) as error:
        sys.exit(f"course.py lab: {error}")
