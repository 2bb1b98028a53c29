"""The files of a folder, by their names without the suffix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from unet_tutorial.datasets.annotations.class_tables import CLASSES_FILE
from unet_tutorial.datasets.annotations.outlines.read import OUTLINES
from unet_tutorial.datasets.images.files import FOLDERS, is_readable, stem
from unet_tutorial.datasets.layouts.words import WORD, normalized

# Files beside the data that nobody expects to be read as an image.
OTHER_FILES = tuple(
    f".{suffix}"
    for suffix in WORD.findall("txt md rst csv tsv pdf log ini html docx xlsx yaml yml toml py ipynb sh db")
)
OTHER_NAMES = (CLASSES_FILE, "dataset.json", "__macosx", "readme", "license", "licence", "@eadir", "#recycle")


def entries_of(folder: Path) -> list[Path]:
    """The files and folders in a folder, sorted, without hidden ones and those that only describe the data.

    ValueError for a link whose file or folder is missing.
    """
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.startswith(".") or path.suffix.lower() in OTHER_FILES or path.name.lower() in OTHER_NAMES:
            continue
        if not path.exists():
            raise ValueError(
                f"{path}: this link points to {path.readlink()}, which is missing; copy the file, or remove the link"
            )
        found.append(path)
    return found


def folders_of(folder: Path) -> list[Path]:
    """The folders in a folder, sorted."""
    return [path for path in entries_of(folder) if is_folder(path)]


def is_folder(path: Path) -> bool:
    """Whether a path is a folder that holds files, also if it is named a.png, and not an image such as a.zarr."""
    return path.is_dir() and path.suffix.lower() not in FOLDERS


def is_outline(path: Path) -> bool:
    """Whether the suffix is that of a format of outlines."""
    return path.name.lower().endswith(OUTLINES)


def all_files(folder: Path, above: tuple[Path, ...] = ()) -> Iterator[Path]:
    """The files in a folder and in all folders below it, sorted in each folder; a loop of links is entered once."""
    above = (*above, folder.resolve())
    for path in entries_of(folder):
        if not is_folder(path):
            yield path
        elif path.resolve() not in above:
            yield from all_files(path, above)


def by_name(files: Iterable[Path], folder: Path) -> dict[str, Path]:
    """Files by their names relative to the folder, without the suffix: "a/1" for folder/a/1.png.

    ValueError if two files have the same name.
    """
    named: dict[str, Path] = {}
    for file in files:
        name = name_of(file, folder)
        if name in named:
            raise ValueError(
                f"{file}: {named[name].name} has the same name; keep one of the two, or if one holds the labels of the "
                "other, move it to a folder labels/ beside images/"
            )
        named[name] = file
    return named


def name_of(file: Path, folder: Path) -> str:
    """The name of a file relative to the folder, without the suffix."""
    return normalized((file.parent.relative_to(folder) / bare_name(file)).as_posix())


def bare_name(path: Path) -> str:
    """The name of a file without its suffixes: "a" for a.nii.gz, and also for the outlines a.tif.geojson.

    >>> bare_name(Path("b/a.tif.geojson")), bare_name(Path("a.v1.json"))
    ('a', 'a.v1')
    """
    name = stem(path)
    return stem(name) if is_outline(path) and is_readable(name) else name
