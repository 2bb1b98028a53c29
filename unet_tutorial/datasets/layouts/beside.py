"""Images and their labels side by side in one folder: NAME.tif and NAME_mask.tif."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from unet_tutorial.datasets.annotations.outlines.read import OUTLINES
from unet_tutorial.datasets.images.files import is_readable
from unet_tutorial.datasets.layouts.cellpose import EXTRA, PICKLE, refuse_pickles
from unet_tutorial.datasets.layouts.layout import Entry, FoundLayout, Layout
from unet_tutorial.datasets.layouts.listing import bare_name, by_name
from unet_tutorial.datasets.layouts.matching import Match, match
from unet_tutorial.datasets.layouts.words import LABEL_WORDS, Word, without_word
from unet_tutorial.datasets.wording import listed


class LabelFiles(NamedTuple):
    """Files that may be the labels of the others; ``kind`` describes their names."""

    kind: str
    files: Mapping[str, Path]
    match: Match


def beside(folder: Path, files: Sequence[Path]) -> FoundLayout | None:
    """The images among files of a folder, with the labels beside them; None if there are no labels.

    The labels are images with the name of an image and a word such as "mask", the same in all of them, or outlines.
    Images without labels are left out.

    ValueError for labels without an image, for two kinds of labels, and for labels that are pickles only.
    """
    extra = {file for file in files if EXTRA.fullmatch(bare_name(file))}
    images = by_name((file for file in files if is_readable(file) and file not in extra), folder)
    found = list(_by_word(images))
    if not any("masks" in labels.kind for labels in found):
        extra = {file for file in extra if not file.name.lower().endswith(OUTLINES)}
    found += _by_outline(images, [file for file in files if file not in extra], folder)
    if not found:
        refuse_pickles(files)
        return None
    if len(found) > 1:
        raise ValueError(
            f"{folder}: found two kinds of labels beside the images, {found[0].kind} and {found[1].kind}; "
            "move the files of one kind to another folder"
        )
    _refuse_lonely(found[0], images)
    unused = dict.fromkeys(extra, "Cellpose wrote it beside its masks")
    unused |= {file: "a pickle; the masks beside it are read" for file in files if file.name.endswith(PICKLE)}
    unused |= {images[name]: "no labels of this name" for name in found[0].match.images}
    return FoundLayout(Layout(f"NAME and {found[0].kind}", _entries(found[0], images)), unused)


def _by_word(images: Mapping[str, Path]) -> Iterator[LabelFiles]:
    """The images whose names have one word for labels more than those of others, for each such word."""
    words: dict[Word, list[str]] = {}
    for name in images:
        for word in without_word(name.rpartition("/")[2], LABEL_WORDS):
            words.setdefault(word, []).append(name)
    seen = set()
    for word, labels in words.items():
        having_word = set(labels)
        found = match([name for name in images if name not in having_word], labels)
        if found.pairs and frozenset(found.pairs) not in seen:
            seen.add(frozenset(found.pairs))
            example = images[found.pairs[0][1]].name
            yield LabelFiles(f"NAME{word.text} ({example})" if word.last else example, images, found)


def _by_outline(images: Mapping[str, Path], files: Sequence[Path], folder: Path) -> Iterator[LabelFiles]:
    """The files of outlines that have the names of images, for each format."""
    for suffix in OUTLINES:
        outlines = by_name((file for file in files if file.name.lower().endswith(suffix)), folder)
        found = match(list(images), list(outlines))
        if found.pairs:
            yield LabelFiles(f"NAME{suffix}", outlines, found._replace(labels=[]))


def _refuse_lonely(labels: LabelFiles, images: Mapping[str, Path]) -> None:
    """ValueError for labels without an image, and for images whose names have a word for labels."""
    paired = {word for name, _ in labels.match.pairs for word in without_word(name, LABEL_WORDS)}
    doubtful = [name for name in labels.match.images if without_word(name, LABEL_WORDS).keys() - paired]
    alone = [*labels.match.labels, *doubtful]
    if alone:
        others = f" (and none for {listed(alone[1:])})" if alone[1:] else ""
        raise ValueError(
            f"{images[alone[0]]}: its name is that of labels, but there is no image for it{others}; "
            f"the labels here are {labels.kind}: rename the file, or remove it"
        )


def _entries(labels: LabelFiles, images: Mapping[str, Path]) -> tuple[Entry, ...]:
    """The pairs, without the folder in their names if it is the same in all of them."""
    folders = {image.rpartition("/")[0] for image, _ in labels.match.pairs}
    start = len(folders.pop()) + 1 if len(folders) == 1 and "" not in folders else 0
    return tuple(Entry(image[start:], (images[image],), (labels.files[label],)) for image, label in labels.match.pairs)
