"""Writes the files of the course into a student's folder, and never loses a file that the student has changed."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from unet_tutorial.disk import complete_file, make_folder, one_line
from unet_tutorial.teaching.lessons.lesson import joined

MANIFEST = ".course-files.json"  # of each file, digests of it as it was written
KEPT = "kept"  # folder of the student's files that were replaced

Manifest = dict[str, dict[str, str]]


def update(folder: Path, files: Mapping[str, bytes], today: date) -> Iterator[str]:
    """Write each file that is missing or has a new version; yield a sentence for each event the student should know.

    A file that the student has not changed is replaced. A file that the student has changed, and that has a new
    version, is moved to the folder `KEPT`, and so is a damaged notebook. Any other file stays as it is. Raises
    ValueError if a file cannot be written.
    """
    written = manifest(folder)
    now: Manifest = {}
    missing: list[str] = []
    renewed: list[str] = []
    for place, data in files.items():
        path, entry = folder / place, {"file": digest(data), "content": content(place, data)}
        before, now[place] = written.get(place), entry
        found = content_of(path, place)
        if found == "":
            if before:
                missing.append(place)
            _write(path, data)
        elif found is None:
            kept = keep(path, folder, place, today)
            yield f"{place} was damaged; it is now {kept}, and a new copy was made."
            _write(path, data)
        elif before and before["file"] != entry["file"]:
            if found not in (before["content"], entry["content"]):
                kept = keep(path, folder, place, today)
                yield f"{place} has a new version; your copy, with all you wrote, is now {kept}."
            elif found == before["content"] != entry["content"]:
                renewed.append(place)
            _write(path, data)
    for place in sorted(written.keys() - files.keys()):
        yield from _retire(folder / place, place, written[place])
    if missing:
        yield f"Missing files, of which new copies were made: {listed(missing)}."
    if renewed:
        yield f"New versions of files that you have not changed: {listed(renewed)}."
    if now != written:
        _write(folder / MANIFEST, (json.dumps(now, indent=1) + "\n").encode())


def listed(names: list[str], most: int = 3) -> str:
    """The first names of a list, and the number of the others.

    >>> listed(["a", "b"]), listed(["a", "b", "c", "d"])
    ('a, b', 'a, b, c and 1 more')
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _retire(path: Path, place: str, before: dict[str, str]) -> Iterator[str]:
    """Delete a file that is no longer part of the course, unless the student has changed it."""
    found = content_of(path, place)
    if found == before["content"]:
        path.unlink()
    elif found != "":
        yield f"{place} is no longer part of the course; your copy stays."


def manifest(folder: Path) -> Manifest:
    """The digests of each file as it was written; empty if the list is missing or damaged.

    The files in the folder are then taken for the student's, and stay.
    """
    try:
        noted = json.loads((folder / MANIFEST).read_text(encoding="utf8"))
        return {place: {key: str(entry[key]) for key in ("file", "content")} for place, entry in noted.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def digest(data: bytes) -> str:
    """The sha256 of some bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def content(place: str, data: bytes) -> str:
    """The digest of the part of a file that a student writes: of a notebook the cells without outputs.

    ValueError for a damaged notebook.
    """
    return digest(json.dumps(_cells(data)).encode()) if place.endswith(".ipynb") else digest(data)


def _cells(data: bytes) -> list[tuple[str, str]]:
    """The type and text of each cell of a notebook. ValueError if the bytes are not a notebook of format 4."""
    try:
        notebook: dict[str, Any] = json.loads(data)
        return [(cell["cell_type"], joined(cell["source"])) for cell in notebook["cells"]]
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"this is not a notebook of format 4 ({one_line(error)})") from error


def content_of(path: Path, place: str) -> str | None:
    """The digest of the content of the file at `path`; "" if there is none, and None if it is damaged."""
    if not path.exists():
        return ""
    try:
        return content(place, path.read_bytes())
    except (OSError, ValueError):
        return None


def keep(path: Path, folder: Path, place: str, today: date) -> str:
    """Move a student's file to the folder `KEPT`, under a name with the date that is not in use; return its new path.

    Raises ValueError if it cannot be moved.
    """
    wanted = folder / KEPT / place
    make_folder(wanted.parent)
    stems = (f"{wanted.stem}-{today}" + (f"-{number}" if number > 1 else "") for number in itertools.count(1))
    kept = next(new for stem in stems if not (new := wanted.with_name(stem + wanted.suffix)).exists())
    try:
        path.rename(kept)
    except OSError as error:
        raise ValueError(f"{path}: cannot be moved to {kept} ({one_line(error)})") from error
    return kept.relative_to(folder).as_posix()


def _write(path: Path, data: bytes) -> None:
    make_folder(path.parent)
    with complete_file(path) as part:
        part.write_bytes(data)
