"""Finds the images of a folder and the labels of each, and the parts for training, validation and testing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from unet_tutorial.datasets.images.files import (
    CONTAINERS,
    CONVERSIONS,
    explain_permission_error,
    is_readable,
    split_path,
)
from unet_tutorial.datasets.layouts.beside import beside
from unet_tutorial.datasets.layouts.cases import cases
from unet_tutorial.datasets.layouts.coco import coco, coco_images
from unet_tutorial.datasets.layouts.containers import containers
from unet_tutorial.datasets.layouts.layout import Entry, FoundLayout, Layout
from unet_tutorial.datasets.layouts.listing import all_files, bare_name, entries_of, folders_of, is_folder, is_outline
from unet_tutorial.datasets.layouts.tracking import tracking
from unet_tutorial.datasets.layouts.two_folders import labels_in, two_folders
from unet_tutorial.datasets.layouts.words import KIND_OF, PARTS, Role, letters, part_of, role
from unet_tutorial.datasets.wording import listed

ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
DEEPEST = 3  # levels of folders that are searched for data, to name their folder
STACKS = ("train-volume.tif", "train-labels.tif")  # as ISBI 2012 was released


def find(folder: str | Path, kind: str = "") -> Layout:
    """The images of a folder with their labels: those of the folder itself, or else those of its train/.

    ``kind`` is the kind of the labels, if the user states it: "classes", "instances" or "layers".

    ValueError if there are no images with labels, if an image has no labels or labels have no image, and if two layouts
    are possible.
    """
    found = parts(folder, kind)
    if not found.keys() & {"", "train"}:
        raise ValueError(
            f"{folder}: all its images with labels are in {listed(found)}/; put those for training into train/"
        )
    return found.get("") or found["train"]


def parts(folder: str | Path, kind: str = "") -> dict[str, Layout]:
    """The images for training, validation and testing, under "train", "val" and "test"; "" if they are not divided.

    The parts are folders such as train/images, images/train or train_images. A part without labels is left out. For
    ``kind`` and ValueError see `find`; ``left_out`` of the first layout is about the whole folder.
    """
    folder = Path(folder)
    with explain_permission_error(folder):
        if folder.exists() and folder.suffix.lower() in CONTAINERS:
            layout = containers([folder])
            found = {"": FoundLayout(layout, {})} if layout else {}
        elif folder.is_dir():
            found = _parts(folder, kind)
        else:
            raise ValueError(f"{folder}: {_no_folder(folder)}")
        if not found:
            raise ValueError(_nothing(folder))
        return _with_left_out(folder, found)


class PartFolders(NamedTuple):
    """The folders that belong to one part: of images, of labels, and any other."""

    images: list[Path]
    labels: list[Path]
    others: list[Path]


def _parts(folder: Path, kind: str) -> dict[str, FoundLayout]:
    """The layouts of the parts; the folder itself is "train" if it has other parts, or else ""."""
    stacks = tuple(folder / name for name in STACKS)
    if all(stack.is_file() for stack in stacks):
        entry = Entry(bare_name(stacks[0]), stacks[:1], stacks[1:])
        return {"": FoundLayout(Layout(" and ".join(STACKS), (entry,)), {})}
    part_folders = _part_folders(folder)
    outlines = _outlines(folder, part_folders)
    found = {part: _part(folder, part, part_folders, outlines, kind) for part in ("", *PARTS)}
    parts = {part: here for part, here in found.items() if here}
    if "" in parts and len(parts) > 1:
        if "train" in parts:
            raise ValueError(
                f"{folder}: found images with labels in the folder itself ({parts[''].layout.kind}) and for training "
                f"({parts['train'].layout.kind}); move one of them away"
            )
        parts = {"train": parts.pop(""), **parts}
    return parts


def _part_folders(folder: Path) -> dict[str, PartFolders]:
    """The folders in a folder by the part that their names state; images/train is a folder of images for training."""
    part_folders = {part: PartFolders([], [], []) for part in ("", *PARTS)}
    for path in folders_of(folder):
        part, holds = role(path.name)
        inside = entries_of(path)
        if holds and not part and inside and all(is_folder(one) and _is_part(role(one.name)) for one in inside):
            for one in inside:
                getattr(part_folders[role(one.name).part], holds).append(one)
        else:
            getattr(part_folders[part], holds or "others").append(path)
    return part_folders


def _is_part(name: Role) -> bool:
    return bool(name.part) and not name.holds


def _outlines(folder: Path, part_folders: Mapping[str, PartFolders]) -> dict[str, dict[Path, list[str]]]:
    """The JSON files of COCO of each part, with the names of their images."""
    beside = [folder, *(path for own in part_folders.values() for path in (*own.images, *own.labels))]
    files = [file for path in beside for file in entries_of(path) if file.suffix.lower() == ".json"]
    images = {bare_name(file) for path in beside for file in entries_of(path) if is_readable(file)} if files else set()
    found: dict[str, dict[Path, list[str]]] = defaultdict(dict)
    for file in files:
        names = [] if bare_name(file) in images else coco_images(file)
        if names:
            found[part_of(bare_name(file))][file] = names
    return found


def _one_of_coco(files: Mapping[Path, list[str]]) -> Path:
    """The file of instances, beside which COCO has others, such as captions; ValueError if there are several."""
    instances = [file for file in files if file.name.startswith("instances")] or list(files)
    if len(instances) > 1:
        raise ValueError(
            f"{instances[0].parent}: found {listed(file.name for file in instances)}; keep one of them there"
        )
    return instances[0]


def _part(
    folder: Path,
    part: str,
    part_folders: Mapping[str, PartFolders],
    outlines: Mapping[str, Mapping[Path, list[str]]],
    kind: str,
) -> FoundLayout | None:
    """The images of a part with their labels, or None."""
    own = part_folders[part]
    images, labels = _only(own.images, kind), _only(own.labels, kind)
    of_coco = {file for files in outlines.values() for file in files}
    if labels and of_coco and of_coco.issuperset(labels_in(labels)):
        labels = None
    if part in outlines:
        file = _one_of_coco(outlines[part])
        if images and labels:
            raise ValueError(f"{folder}: found labels in {file.name} and in {labels.name}/; move one of them away")
        within = images or _only([*own.others, *part_folders[""].images], "") or folder
        return coco(file, outlines[part][file], within)
    if images and labels:
        return two_folders(images, labels, kind)
    if part:
        inside = _only(own.others, kind) or images
        parts = _parts(inside, kind) if inside else {}
        found = parts.get("") or parts.get(part) or _in_one_file(folder, part)
    else:
        inside = folder
        found = tracking(folder) or _found(cases(own.others, kind))
        found = found or beside(folder, _undivided(folder, part_folders)) or _in_one_file(folder, part)
    if not found and inside and labels and not images and any(map(is_readable, entries_of(inside))):
        return two_folders(inside, labels, kind)  # train/ and train_masks/, or images in the folder itself and masks/
    return found


def _in_one_file(folder: Path, part: str) -> FoundLayout | None:
    """The HDF5 files or zarr folders of a part, such as train.h5."""
    files = [
        file for file in entries_of(folder) if file.suffix.lower() in CONTAINERS and part_of(bare_name(file)) == part
    ]
    return _found(containers(files))


def _found(layout: Layout | None) -> FoundLayout | None:
    return FoundLayout(layout, {}) if layout else None


def _undivided(folder: Path, part_folders: Mapping[str, PartFolders]) -> list[Path]:
    """The files of a folder that are in no folder of a part."""
    apart = {path for part in PARTS for paths in part_folders[part] for path in paths}
    return [file for file in all_files(folder) if apart.isdisjoint(file.parents)]


def _only(folders: Sequence[Path], kind: str) -> Path | None:
    """The one folder that holds data, or if there is none the first; ValueError for several.

    ``kind`` decides between folders whose names state a kind of labels.
    """
    filled = [folder for folder in folders if any(is_readable(file) or is_outline(file) for file in all_files(folder))]
    of_kind = [folder for folder in filled if letters(folder.name) in KIND_OF.get(kind, ())]
    filled = of_kind if len(of_kind) == 1 else filled
    if len(filled) > 1:
        by_kind = {letters(path.name) for path in filled} & {name for names in KIND_OF.values() for name in names}
        choice = ", or give --labels classes or --labels instances" if by_kind else ""
        raise ValueError(
            f"{filled[0].parent}: {' and '.join(f'{path.name}/' for path in filled)} are both possible; "
            f"keep one of them there and move the other away{choice}"
        )
    return next(iter(filled or folders), None)


def _with_left_out(folder: Path, found: dict[str, FoundLayout]) -> dict[str, Layout]:
    """The layouts; the first one with a sentence for each group of files that none of them uses."""
    layouts = {part: here.layout for part, here in found.items()}
    if not is_folder(folder):
        return layouts
    used = {path for layout in layouts.values() for entry in layout.entries for path in (*entry.images, *entry.labels)}
    used |= {split_path(path)[0] for path in used}
    reasons = {path: reason for here in found.values() for path, reason in here.unused.items()}
    groups: dict[tuple[Path, str, str], list[str]] = defaultdict(list)
    others = [path for path in all_files(folder) if path not in used]
    used = {path.resolve() for path in used} if others else set()  # some may be read through a link
    for path in others:
        if path.resolve() not in used:
            hint = CONVERSIONS.get(path.suffix.lower())
            default = f"this format is not read; {hint}" if hint else "not an image with labels, nor its labels"
            reason = reasons.get(path, default)
            groups[path.parent, path.suffix.lower(), reason].append(path.name)
    sentences = [f"{parent}: left out {listed(names)}: {reason}" for (parent, _, reason), names in groups.items()]
    first = next(iter(layouts))
    return {**layouts, first: replace(layouts[first], left_out=(*layouts[first].left_out, *sentences))}


def _no_folder(path: Path) -> str:
    """The sentence about a path that is not a folder."""
    if not path.exists():
        return "there is no such folder; check the name"
    if path.name.lower().endswith(ARCHIVES):
        return "this is an archive; unpack it, and give the folder that comes out of it"
    return "this is a file; give the folder that holds the images and their labels"


def _complete(folder: Path, levels: int) -> Iterator[Path]:
    """The folders with images/ and labels/ that many levels below a folder; for several, or train/, the one above."""
    folders = folders_of(folder)
    held = [path for path in folders if {"images", "labels"} <= {role(one.name).holds for one in folders_of(path)}]
    above = levels < DEEPEST and (len(held) > 1 or any(_is_part(role(path.name)) for path in held))
    yield from [folder] if above else held
    if levels > 1:
        for path in folders:
            if path not in held:
                yield from _complete(path, levels - 1)


def _nothing(folder: Path) -> str:
    """The sentence about a folder in which no images with labels were found."""
    folders = folders_of(folder) if folder.is_dir() else []
    complete = list(_complete(folder, DEEPEST)) if folders else []
    if complete:
        names = listed(f"{path.relative_to(folder).as_posix()}/" for path in complete)
        return f"{folder}: the images with labels are in folders of their own ({names}); give one of these folders"
    inside = f"; it holds {listed(f'{path.name}/' for path in folders)}" if folders else ""
    return (
        f"{folder}: no images/ and labels/ (or masks/) were found in it, nor {' and '.join(STACKS)}{inside}; "
        "put the images into images/ and the masks, under the same names, into labels/"
    )
