"""Adds the progress in other files to that of the student's folder: of an earlier version, or of a moved notebook."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from unet_tutorial.disk import complete_file
from unet_tutorial.teaching.checking.progress import NAME, Progress, load, note
from unet_tutorial.teaching.lab.copies import READING, digest
from unet_tutorial.teaching.lessons import catalogue

ADDED = ".course-progress-added.json"  # the digests of the files whose content was added


def gather(folder: Path, own: Path, source: Path = catalogue.FOLDER) -> Iterator[str]:
    """Add the progress noted in other files to that in `own`, once, and yield a sentence for each that adds something.

    The files are those in the folder of the lessons and of its exercises, where an earlier version of the course wrote
    them, and those in the folders inside `folder`, where a moved notebook writes them. They are not changed. Solutions
    do not count. Raises ValueError if the progress cannot be written.
    """
    added, new = _added(folder), set[str]()
    inside = [path for path in sorted(folder.glob(f"*/{NAME}")) if path.parent.name != READING]
    for path in (source / NAME, source / "exercises" / NAME, *inside):
        if path == own or not path.is_file():
            continue
        other = load(path)  # a damaged file is renamed, and has no progress
        key = digest(json.dumps(other, sort_keys=True).encode())
        if key in added:
            continue
        new.add(key)
        entries = missing(load(own), other)
        for kind, name, value in entries:
            note(kind, name, value, own)
        if entries:
            yield f"The progress in {_shown(path, folder, source)} was added to yours (entries: {len(entries)})."
    if new:
        with complete_file(folder / ADDED) as part:
            part.write_text(json.dumps(sorted(added | new), indent=1) + "\n", encoding="utf8")


def missing(own: Progress, other: Progress) -> list[tuple[str, str, object]]:
    """The entries (kind, key, value) of another progress that the own one lacks.

    A completed turn and a solved exercise count in either. Of a question, the own guess stays, with its result.
    """
    guesses = other["guesses"] | own["guesses"]
    answered = {key: right for key, right in other["answered"].items() if guesses.get(key) == other["guesses"].get(key)}
    found = {"guesses": other["guesses"], "answered": answered}
    entries: list[tuple[str, str, object]] = [
        (kind, key, value) for kind, new in found.items() for key, value in new.items() if key not in own[kind]
    ]
    for kind in ("turns", "solved"):
        entries += [(kind, key, value) for key, value in other[kind].items() if value and not own[kind].get(key)]
    return entries


def _added(folder: Path) -> set[str]:
    try:
        return set(map(str, json.loads((folder / ADDED).read_text(encoding="utf8"))))
    except (OSError, ValueError, TypeError):
        return set()


def _shown(path: Path, folder: Path, source: Path) -> str:
    """A path for the student: relative to the student's folder, or to that of the course."""
    return path.relative_to(folder if path.is_relative_to(folder) else source.parent).as_posix()
