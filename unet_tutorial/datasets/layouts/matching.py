"""Matches the names of images with those of their labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from unet_tutorial.datasets.layouts.words import IMAGE_WORDS, LABEL_WORDS, Word, without_word


class Match(NamedTuple):
    """The pairs (name of an image, name of its labels), and the names on either side that are in no pair."""

    pairs: list[tuple[str, str]]
    images: list[str]
    labels: list[str]

    @property
    def complete(self) -> bool:
        """Whether every name is in a pair."""
        return not self.images and not self.labels


def match(images: Sequence[str], labels: Sequence[str]) -> Match:
    """Pairs of equal names, such as "a/1"; the order is that of the images.

    If the names are not equal, one word on either side is ignored (img_01 and mask_01, 01 and 01_label), then upper and
    lower case. A word is ignored only if all names of its side have it and if all names then match one to one. If
    nothing matches all of them, the result is the incomplete match with the most pairs.
    """
    best = _by_key({name: name for name in images}, {name: name for name in labels})
    if best.complete:
        return best
    lefts, rights = list(_alternatives(images, IMAGE_WORDS)), list(_alternatives(labels, LABEL_WORDS))
    for case in (str, str.casefold):
        for left, right in product(_unique(images, lefts, case), _unique(labels, rights, case)):
            found = _by_key(left, right)
            if found.complete:
                return found
            best = max(best, found, key=lambda one: len(one.pairs))
    return best


def _alternatives(names: Sequence[str], words: Sequence[str]) -> Iterator[Sequence[str]]:
    """The names, then their rests without each word that all of them have."""
    yield names
    common = [word for word in words if all(word.lower() in name.lower() for name in names)]
    rests = [_rests(name, common) for name in names] if common else []
    for word in rests[0] if rests else ():
        if all(word in others for others in rests):
            yield [rest[word] for rest in rests]


def _rests(name: str, words: Sequence[str]) -> dict[Word, str]:
    """The name "folder/file" without each of the words in the name of the file."""
    folder, slash, file = name.rpartition("/")
    return {word: f"{folder}{slash}{rest}" for word, rest in without_word(file, words).items()}


def _unique(names: Sequence[str], keys: Sequence[Sequence[str]], case: Callable[[str], str]) -> list[dict[str, str]]:
    """Names by each kind of their keys, if the keys are different for all names."""
    found = [{case(key): name for key, name in zip(each, names, strict=True)} for each in keys]
    return [by_key for by_key in found if len(by_key) == len(names)]


def _by_key(images: dict[str, str], labels: dict[str, str]) -> Match:
    return Match(
        [(name, labels[key]) for key, name in images.items() if key in labels],
        [name for key, name in images.items() if key not in labels],
        [name for key, name in labels.items() if key not in images],
    )
