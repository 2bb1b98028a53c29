"""Writes the files of the course into a student's folder, and never loses a file that the student has changed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from unet_tutorial.disk import complete_file, make_folder, one_line
from unet_tutorial.teaching.lab.carry import carried, cell_digests, cells_of
from unet_tutorial.teaching.lab.copies import digest

MANIFEST = ".course-files.json"  # of each file, digests of it as it was written
KEPT = "kept"  # folder of the student's files that were replaced
NOTEBOOK = ".ipynb"


@dataclass(frozen=True)
class Written:
    """Digests of a file as it was written: of all its bytes, of its content, and of each cell of a notebook.

    `cells` is empty if the student's file may come from another version.
    """

    file: str
    content: str
    cells: list[str]


Manifest = dict[str, Written]


def update(folder: Path, files: Mapping[str, bytes], today: date) -> Iterator[str]:
    """Write each file that is missing or has a new version; yield a sentence for each event the student should know.

    A file that the student has not changed is replaced. A file that the student has changed, and that has a new
    version, is moved to the folder `KEPT`, and the cells that the student changed are copied into the new version. A
    damaged notebook is moved to `KEPT`, too. Any other file stays as it is. Raises ValueError if a file cannot be
    written.
    """
    before = manifest(folder)
    now = dict(before)
    missing: list[str] = []
    renewed: list[str] = []
    try:
        for place, data in files.items():
            path, old = folder / place, before.get(place)
            new = Written(digest(data), content(place, data), cell_digests(data) if place.endswith(NOTEBOOK) else [])
            found = content_of(path, place)
            if found == "":
                _write(path, data)
                missing += [place] if old else []
            elif found is None:
                yield f"{place} was damaged; it is now {keep(path, folder, place, today)}, and a new copy was made."
                _write(path, data)
            elif old is None:  # the student's, or of a version that is not known
                new = replace(new, cells=[])
            elif old.file != new.file and found in (old.content, new.content):
                _write(path, data)
                renewed += [place] if old.content != new.content else []
            elif old.file != new.file:
                version, number = carried(data, path.read_bytes(), old.cells) if old.cells else (data, 0)
                copied = f" and now contains what you wrote in {number} of its cells" if number else ""
                kept = keep(path, folder, place, today)
                yield f"{place} has a new version{copied}; your own file is {kept}."
                _write(path, version)
            now[place] = new
        for place in sorted(before.keys() - files.keys()):
            yield from _retire(folder / place, place, now.pop(place))
    finally:
        if now != before:
            text = json.dumps({place: asdict(entry) for place, entry in now.items()}, indent=1)
            _write(folder / MANIFEST, f"{text}\n".encode())
    if missing:
        yield f"Missing files, of which new copies were made: {listed(missing)}."
    if renewed:
        yield f"New versions of files that you have not changed: {listed(renewed)}."


def listed(names: list[str], most: int = 3) -> str:
    """The first names of a list, and the number of the others.

    >>> listed(["a", "b"]), listed(["a", "b", "c", "d"])
    ('a, b', 'a, b, c and 1 more')
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _retire(path: Path, place: str, before: Written) -> Iterator[str]:
    """Delete a file that is no longer part of the course, unless the student has changed it."""
    found = content_of(path, place)
    if found == before.content:
        path.unlink()
    elif found != "":
        yield f"{place} is no longer part of the course; your copy stays."


def manifest(folder: Path) -> Manifest:
    """The digests of each file as it was written; empty if the list is missing or damaged.

    The files in the folder are then taken for the student's, and stay.
    """
    try:
        noted = json.loads((folder / MANIFEST).read_text(encoding="utf8"))
        return {place: Written(entry["file"], entry["content"], list(entry["cells"])) for place, entry in noted.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def content(place: str, data: bytes) -> str:
    """The digest of the part of a file that a student writes: of a notebook the cells without outputs.

    ValueError for a damaged notebook.
    """
    if not place.endswith(NOTEBOOK):
        return digest(data)
    return digest(json.dumps([(cell["cell_type"], cell["source"]) for cell in cells_of(data)]).encode())


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
