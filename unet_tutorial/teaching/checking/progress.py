"""The student's guesses, turns and solved exercises, stored in one file in the folder of the lessons."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

from unet_tutorial.disk import complete_file

NAME = "course-progress.json"
INSIDE = ("exercises", "solutions", "reading")  # folders of notebooks in the folder of the lessons
KINDS = ("guesses", "answered", "turns", "solved")
VARIABLE = "UNET_TUTORIAL_PROGRESS"  # of the environment; if set, the path of the progress file

Progress = dict[str, dict[str, Any]]


def file() -> Path:
    """The progress file of the notebook that runs; a notebook's working directory is its folder."""
    if VARIABLE in os.environ:
        return Path(os.environ[VARIABLE])
    folder = Path.cwd()
    return (folder.parent if folder.name in INSIDE else folder) / NAME


def load(path: Path | None = None) -> Progress:
    """The recorded progress.

    "guesses" has the student's guess for each question, "answered" whether the guess was right when the answer was
    shown, "turns" whether a turn was completed and "solved" whether an exercise was solved. A damaged file is renamed
    and kept, and a line is printed.
    """
    path = path or file()
    if not path.is_file():
        return {kind: {} for kind in KINDS}
    try:
        noted = json.loads(path.read_text(encoding="utf8"))
        return {kind: dict(noted.get(kind, {})) for kind in KINDS}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        kept = _unused(path)
        path.replace(kept)
        print(f"{path.name} was damaged; it was renamed to {kept.name}, and a new file was started")
        return {kind: {} for kind in KINDS}


def _unused(path: Path) -> Path:
    """A path in the same folder that does not exist yet."""
    names = (path.with_suffix(f".damaged{number or ''}.json") for number in itertools.count())
    return next(name for name in names if not name.exists())


def note(kind: str, key: str, value: Any, path: Path | None = None) -> None:
    """Record a value for a key, such as True for a solved exercise.

    If the file cannot be written, a line is printed instead of an error.
    """
    noted = load(path)
    noted[kind][key] = value
    try:
        with complete_file(path or file()) as part:
            part.write_text(json.dumps(noted, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf8")
    except ValueError as error:
        print(f"(not noted: {error})")


def resume(path: Path | None = None) -> str:
    """One line with the numbers of guesses and turns, and the names of the solved exercises."""
    noted = load(path)
    right, done = (sum(map(bool, noted[kind].values())) for kind in ("answered", "turns"))
    solved = sorted(name for name, each in noted["solved"].items() if each)
    return (
        f"{right} of {len(noted['answered'])} guesses right; turns completed: {done}; "
        f"solved: {', '.join(solved) or 'none yet'}"
    )
