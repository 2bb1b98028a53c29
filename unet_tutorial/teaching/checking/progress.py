"""The student's guesses and solved exercises, in a local file beside the notebook."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from unet_tutorial.disk import complete_file

FILE = Path("course-progress.json")  # in the folder of the notebook


def load(path: Path | None = None) -> dict[str, dict[str, Any]]:
    """The recorded progress: {"guesses": {key: text}, "solved": {name: bool}}.

    A damaged file is renamed and kept, and a line is printed.
    """
    path = path or FILE
    empty: dict[str, dict[str, Any]] = {"guesses": {}, "solved": {}}
    if not path.is_file():
        return empty
    try:
        noted = json.loads(path.read_text(encoding="utf8"))
        return {key: dict(noted[key]) for key in empty}
    except (OSError, ValueError, KeyError, TypeError):
        aside = _free(path)
        path.replace(aside)
        print(f"{path.name} was damaged; it is kept as {aside.name}, and a new one begins")
        return empty


def _free(path: Path) -> Path:
    """An unused file name beside the file."""
    names = (path.with_suffix(f".damaged{number or ''}.json") for number in itertools.count())
    return next(name for name in names if not name.exists())


def note(kind: str, key: str, value: Any, path: Path | None = None) -> None:
    """Record one guess or one solved exercise; if the folder is not writable, print a line and go on."""
    noted = load(path)
    noted[kind][key] = value
    try:
        with complete_file(path or FILE) as part:
            part.write_text(json.dumps(noted, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf8")
    except ValueError as error:
        print(f"(not noted: {error})")


def resume(path: Path | None = None) -> str:
    """One line: how many guesses are noted and which exercises are solved."""
    noted = load(path)
    solved = sorted(name for name, done in noted["solved"].items() if done)
    return f"{len(noted['guesses'])} guesses noted; solved: {', '.join(solved) or 'none yet'}"
