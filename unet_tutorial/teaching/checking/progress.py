"""The student's guesses and solved exercises, stored in a file in the folder of the notebook."""

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
        kept = _unused(path)
        path.replace(kept)
        print(f"{path.name} was damaged; it was renamed to {kept.name}, and a new file was started")
        return empty


def _unused(path: Path) -> Path:
    """A path in the same folder that does not exist yet."""
    names = (path.with_suffix(f".damaged{number or ''}.json") for number in itertools.count())
    return next(name for name in names if not name.exists())


def note(kind: str, key: str, value: Any, path: Path | None = None) -> None:
    """Record a guess or the result of an exercise. If the file cannot be written, print a line instead of an error."""
    noted = load(path)
    noted[kind][key] = value
    try:
        with complete_file(path or FILE) as part:
            part.write_text(json.dumps(noted, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf8")
    except ValueError as error:
        print(f"(not noted: {error})")


def resume(path: Path | None = None) -> str:
    """One line with the number of recorded guesses and the names of the solved exercises."""
    noted = load(path)
    solved = sorted(name for name, done in noted["solved"].items() if done)
    return f"{len(noted['guesses'])} guesses noted; solved: {', '.join(solved) or 'none yet'}"
