"""The words in names of files and folders that say what a file holds: an image, labels, training or test data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from unicodedata import normalize

WORD = re.compile(r"\w+")
IMAGES = WORD.findall("""
    image images img imgs raw raws input inputs x photo photos picture pictures micrograph micrographs original
    originals source sources jpegimages leftimg8bit
""")
LABELS = WORD.findall("""
    label labels labelled labeled mask masks gt gts groundtruth groundtruths truth annotation annotations annot annots
    segmentation segmentations seg segs target targets y instance instances manual 1stmanual gtfine segmentationclass
    segmentationclasspng segmentationobject segmentationobjectpng
""")
PARTS = {
    "train": ("training", "train", "tr"),
    "val": ("validation", "valid", "val", "dev"),
    "test": ("testing", "test", "ts"),
}

# Words in the name of a file beside the name that an image and its labels share.
IMAGE_WORDS = WORD.findall("""
    leftImg8bit images image imgs img im raw input x photo original orig training sat rgb
""")
LABEL_WORDS = WORD.findall("""
    gtFine_labelIds gtCoarse_labelIds cp_masks ground_truth groundtruth gt truth instanceIds instances instance labelIds
    labelled labeled labels label lbl masks mask segmentations segmentation segs seg annotations annotation annot anno
    targets target manual1 manual RoiSet rois roi y
""")
KIND_OF = {  # where a data set has folders for two kinds of labels
    "classes": ("segmentationclass", "segmentationclasspng"),
    "instances": ("segmentationobject", "segmentationobjectpng", "instances", "instance"),
}


class Role(NamedTuple):
    """The meaning of a folder's name: ``part`` is "train", "val", "test" or "", ``holds`` "images", "labels" or ""."""

    part: str
    holds: str


def role(name: str) -> Role:
    """The meaning of the name of a folder, in any case and spelling; ("", "") if it has none.

    >>> role("IMAGES"), role("train_masks"), role("imagesTr"), role("valid"), role("notes")
    (Role(part='', holds='images'), Role(part='train', holds='labels'), Role(part='train', holds='images'), \
Role(part='val', holds=''), Role(part='', holds=''))
    """
    word = re.sub(r"(?<=\D)(19|20)\d\d$", "", letters(name))  # train2017
    for part, rest in [("", word), *_without_part(word)]:
        holds = "images" if rest in IMAGES else "labels" if rest in LABELS else ""
        if holds or (part and not rest):
            return Role(part, holds)
    return Role("", "")


def _without_part(word: str) -> list[tuple[str, str]]:
    """The parts with which a word starts or ends, each with the rest of the word."""
    return [
        (part, rest)
        for part, spellings in PARTS.items()
        for spelling in spellings
        for rest in (word.removeprefix(spelling), word.removesuffix(spelling))
        if rest != word
    ]


def part_of(name: str) -> str:
    """The part that a word in the name of a file states, or "".

    >>> part_of("instances_train2017"), part_of("annotations")
    ('train', '')
    """
    words = re.findall(r"[a-z]+", normalized(name).casefold())
    found = {part for part, spellings in PARTS.items() for word in words if word in spellings}
    return found.pop() if len(found) == 1 else ""


def letters(name: str) -> str:
    """The letters and digits of a name, in lower case: "groundtruth" for "Ground_Truth"."""
    return re.sub(r"[\W_]+", "", normalized(name).casefold())


def normalized(name: str) -> str:
    """The name with each accented letter as one character, because macOS stores them as two."""
    return normalize("NFC", name)


class Word(NamedTuple):
    """A word in a name: its text with the separators around it, and whether it is at an end."""

    text: str
    first: bool
    last: bool


def without_word(name: str, words: Sequence[str]) -> dict[Word, str]:
    """The rests of a name from which one of the words was removed, with the separators around it.

    A word counts only where it does not touch other letters, except at a change from lower to upper case.

    >>> without_word("cell_12_mask", ("mask", "cell"))
    {Word(text='_mask', first=False, last=True): 'cell_12', Word(text='cell_', first=True, last=False): '12_mask'}
    >>> without_word("bitmask", ("mask",)), list(without_word("bitMask", ("mask",)).values())
    ({}, ['bit'])
    """
    rests = {}
    for word in (word for word in words if word.lower() in name.lower()):
        for found in re.finditer(rf"([\s_.-]*)({re.escape(word)})([\s_.-]*)", name, re.IGNORECASE):
            before, after = name[: found.start()], name[found.end() :]
            if _touches(before[-1:], found[1], found[2][0]) or _touches(found[2][-1], found[3], after[:1]):
                continue
            rest = f"{before}_{after}" if before and after else before + after
            if rest:
                rests[Word(found[0], not before, not after)] = rest
    return rests


def _touches(left: str, separators: str, right: str) -> bool:
    """Whether two letters belong to one word."""
    return not separators and left.isalpha() and right.isalpha() and not (left.islower() and right.isupper())
