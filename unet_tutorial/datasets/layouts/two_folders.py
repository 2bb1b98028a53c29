"""A folder of images and a folder of their labels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from unet_tutorial.datasets.images.files import CONVERSIONS, READABLE, is_readable
from unet_tutorial.datasets.layouts.cellpose import refuse_pickles
from unet_tutorial.datasets.layouts.layout import Entry, FoundLayout, Layout
from unet_tutorial.datasets.layouts.listing import (
    all_files,
    bare_name,
    by_name,
    entries_of,
    is_folder,
    is_outline,
    name_of,
)
from unet_tutorial.datasets.layouts.matching import Match, match
from unet_tutorial.datasets.layouts.nnunet import CHANNEL, FOLDERS, Description, description_of, files_by_case
from unet_tutorial.datasets.layouts.several import Several, several
from unet_tutorial.datasets.layouts.words import KIND_OF, letters
from unet_tutorial.datasets.wording import listed

VOC, CITYSCAPES = "JPEGImages", "_labelIds"  # a folder of Pascal VOC, an ending of names in Cityscapes
Images = Mapping[str, tuple[Path, ...]]  # the files of each image by its name


def two_folders(images: Path, labels: Path, kind: str = "") -> FoundLayout:
    """The images of a folder with the labels of another one.

    The folder of the labels holds, for each image, a file of its name; or a folder of its name, with several files; or
    it holds a folder per class with such files. ``kind`` is as for `several`.

    Images without labels are left out of the folder JPEGImages/ of Pascal VOC, where most have none. ValueError for an
    empty folder, for labels without an image, and for an image without labels in any other folder.
    """
    files = by_name((file for file in all_files(images) if is_readable(file) and labels not in file.parents), images)
    everything = labels_in(labels)
    label_files = [file for file in everything if bare_name(file).endswith(CITYSCAPES)] or everything
    unused = dict.fromkeys(set(everything).difference(label_files), f"the files {CITYSCAPES} are read")
    _refuse_empty(images, list(files), labels, label_files)
    described = description_of(images.parent)
    single = by_name(label_files, labels)
    for chosen in _images(images, files, described):
        matched = match(list(chosen), list(single))
        if matched.complete or (images.name == VOC and not matched.labels):
            unused |= {file: "no labels of this name" for name in matched.images for file in chosen[name]}
            named = Several({label: (file,) for label, file in single.items()}, ())
            return FoundLayout(_layout((images, labels), chosen, matched, named, described), unused)
    found = [
        _layout((images, labels), chosen, matched, group, described)
        for chosen in _images(images, files, described)
        for group, matched in _grouped(chosen, label_files, labels, kind)
    ]
    if len(found) > 1:
        raise ValueError(
            f"{labels}: its folders have the names of images and of classes at once; rename the folders of the classes"
        )
    inner = _innermost(images), _innermost(labels)
    if not found and inner != (images, labels):
        return two_folders(*inner, kind)
    if not found:
        raise ValueError(unmatched(match(list(files), list(single)), files, images, single, labels))
    return FoundLayout(found[0], {})


def _innermost(folder: Path) -> Path:
    """The folder itself, or that in it if it holds nothing but one folder, as Keras expects: images/img/."""
    entries = entries_of(folder)
    return _innermost(entries[0]) if len(entries) == 1 and is_folder(entries[0]) else folder


def labels_in(folder: Path) -> list[Path]:
    """The label files of a folder and of all folders below it: images, or if there are none, outlines."""
    files = list(all_files(folder))
    return [file for file in files if is_readable(file)] or [file for file in files if is_outline(file)]


def unmatched(
    found: Match, images: Mapping[str, Path], image_folder: Path, labels: Mapping[str, Path], label_folder: Path
) -> str:
    """The sentence about images without labels, or else about labels without an image."""
    alone, files, kind, folder = found.images, images, "mask", label_folder
    if not alone:
        alone, files, kind, folder = found.labels, labels, "image", image_folder
    first = files.get(alone[0]) or image_folder / alone[0]
    others = f" ({len(alone)} have none: {listed(alone)})" if len(alone) > 1 else ""
    return (
        f"{first}: there is no {kind} of this name in {folder}{others}; "
        f"name its {kind} {bare_name(first)}.png or {bare_name(first)}.tif, or remove the file"
    )


def _refuse_empty(images: Path, names: Sequence[str], labels: Path, label_files: Sequence[Path]) -> None:
    if not label_files:
        refuse_pickles(all_files(labels))
    for folder, files, kind in ((images, names, "images"), (labels, label_files, "labels")):
        if not files:
            others = Counter(path.suffix.lower() or path.name for path in all_files(folder))
            seen = f" (it holds {listed(f'{count} {suffix}' for suffix, count in others.items())})" if others else ""
            hint = next((CONVERSIONS[suffix] for suffix in others if suffix in CONVERSIONS), "")
            raise ValueError(
                f"{folder}: no {kind} found{seen}; "
                + (hint or f"put files with one of the suffixes {', '.join(READABLE)} into it")
            )


def _images(folder: Path, files: Mapping[str, Path], described: Description) -> Iterator[Images]:
    """The images as one file each and, for the folders of nnU-Net, as one file per channel."""
    yield {name: (file,) for name, file in files.items()}
    is_nnunet = described.names or folder.name.lower() in FOLDERS
    if is_nnunet and all(CHANNEL.fullmatch(name) for name in files):
        yield files_by_case(files, len(described.channels))


def _grouped(images: Images, files: Sequence[Path], folder: Path, kind: str) -> Iterator[tuple[Several, Match]]:
    """The label files by image, from a folder per image or from a folder per class, where these fit all images."""
    per_image: dict[str, list[Path]] = defaultdict(list)
    per_class: dict[str, dict[str, Path]] = defaultdict(dict)
    for file in files:
        per_image[file.parent.relative_to(folder).as_posix()].append(file)
        top = folder / file.relative_to(folder).parts[0]
        if top != file:
            per_class[name_of(file, top)][top.name] = file
    matched = match(list(images), list(per_image))
    if matched.complete:
        yield several(per_image, kind), matched
    matched = match(list(images), list(per_class))
    if matched.complete and all(file.parent != folder for file in files):
        yield _by_class(folder, per_class), matched


def _by_class(folder: Path, files: Mapping[str, Mapping[str, Path]]) -> Several:
    """The label files of each image, one from the folder of each class."""
    classes = sorted({name for found in files.values() for name in found})
    missing = [f"{name}/{image}" for image, found in files.items() for name in classes if name not in found]
    if missing:
        raise ValueError(
            f"{folder}: expected a file for each image in the folder of each class ({listed(classes)}), but "
            f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} missing; add an empty mask, or remove the image"
        )
    named = {image: tuple(found[name] for name in classes) for image, found in files.items()}
    return Several(named, tuple(classes) if len(classes) > 1 else ())


def _layout(folders: tuple[Path, Path], images: Images, found: Match, labels: Several, about: Description) -> Layout:
    entries = tuple(Entry(name, images[name], labels.files[label]) for name, label in found.pairs)
    several_each = any(len(entry.labels) > 1 for entry in entries)
    channels = about.channels if len(about.channels) == len(entries[0].images) else ()
    return Layout(
        f"{folders[0].name}/ and {folders[1].name}/",
        entries,
        dict(enumerate(labels.layers)) or about.names,
        channels,
        about.unlabelled,
        several_each and not labels.layers,
        (about.remark,) if about.remark else (),
        next((kind for kind, names in KIND_OF.items() if letters(folders[1].name) in names), ""),
    )
