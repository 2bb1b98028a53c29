"""Finds test and validation images that are also in the training set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.folder import Pair
from unet_tutorial.datasets.images.image import Array
from unet_tutorial.datasets.wording import listed
from unet_tutorial.jobs.split import Split, group_of

SIDE = 32  # pixels of a thumbnail along each axis
SAMPLED = 1024  # pixels along an axis from which a thumbnail is made; of a longer axis, some are skipped
SMOOTHING = 2.0  # sigma in pixels of the thumbnail; coarser structures, such as uneven light, are not compared
ALIKE = 0.9  # correlation; neighbouring slices of ISBI 2012 have up to 0.6, an image and its JPEG more than 0.92
SLICE = "(.*)-[0-9]{2,}$"  # the names of slices, as `read_folder` gives them


def leaks(split: Split, split_by: str = "") -> list[str]:
    """A sentence about each kind of images outside the training set that are not independent of it.

    These are images that equal a training image or a mirrored or rotated one (by 90°), images that are nearly equal,
    such as an image saved again as JPEG or at another size, images of the same group of ``split_by``, and without
    ``split_by`` slices of the same stack.
    """
    others = [("test", split.test), ("validation", split.validation)]
    return [
        sentence
        for kind, pairs in others
        if pairs
        for sentence in (*_copies(kind, split.train, pairs), *_shared(kind, split.train, pairs, split_by))
    ]


def equal_up_to_symmetry(one: Array, other: Array) -> bool:
    """Whether an image (C, *size) equals the other, or the other mirrored or rotated by multiples of 90°.

    >>> equal_up_to_symmetry(np.array([[[1, 2, 3]]]), np.array([[[3], [2], [1]]]))
    True
    """
    return any(np.array_equal(one, moved) for moved in symmetries(other))


def symmetries(image: Array) -> Iterator[Array]:
    """An image (C, *size) mirrored along each spatial axis, and with its last two axes exchanged."""
    axes = range(1, image.ndim)
    for moved in (image, np.swapaxes(image, -1, -2)):
        for mirrored in product((False, True), repeat=len(axes)):
            yield np.flip(moved, tuple(axis for axis, flip in zip(axes, mirrored, strict=True) if flip))


def thumbnail(image: Array) -> NDArray[np.float32]:
    """The fine structure of an image (C, *size) at low resolution: (32, …, 32) with mean 0 and norm 1, 0 if constant.

    The channels are averaged; of a volume (C, D, H, W) the thumbnail has three axes.
    """
    from scipy.ndimage import gaussian_filter

    step = tuple(slice(None, None, max(1, length // SAMPLED)) for length in image.shape[1:])
    small = image[(slice(None), *step)].mean(0, dtype=np.float32)
    for axis, length in enumerate(small.shape):
        edges = np.linspace(0, length, SIDE + 1).astype(int)
        counts = np.maximum(np.diff(edges), 1)
        sums = np.add.reduceat(small, np.minimum(edges[:-1], length - 1), axis)
        small = sums / np.expand_dims(counts, [other for other in range(small.ndim) if other != axis])
    fine = small - gaussian_filter(small, SMOOTHING)
    fine -= fine.mean()
    norm = np.linalg.norm(fine)
    constant = norm <= 1e-6 * (1 + np.abs(small).max())
    return np.asarray(np.zeros_like(fine) if constant else fine / norm, np.float32)


def _copies(kind: str, train: Sequence[Pair], pairs: Sequence[Pair]) -> Iterator[str]:
    """Sentences about images that equal a training image, and about those that nearly do."""
    equal = _equal(train, pairs)
    others = [pair for pair in pairs if pair.name not in equal]
    alike = _alike(train, others)
    for found, one, several in (
        (equal, "equals a training image", "equal training images"),
        (alike, "is nearly equal to a training image", "are nearly equal to training images"),
    ):
        if found:
            verb = one if len(found) == 1 else several
            names = [f"{name} and {other}" for name, other in found.items()]
            yield (
                f"{len(found)} of the {len(pairs)} {kind} images {verb}, perhaps mirrored or rotated "
                f"({listed(names)}); scores on them do not show how well new images are segmented: "
                "remove these images from one of the sets"
            )


def _equal(train: Sequence[Pair], pairs: Sequence[Pair]) -> dict[str, str]:
    """The names of the images that equal a training image, with its name; constant images are not compared."""
    by_sums = defaultdict(list)
    for pair in train:
        by_sums[_sums(pair.image)].append(pair)
    found = {}
    for pair in pairs:
        if pair.image.min() < pair.image.max():
            for other in by_sums[_sums(pair.image)]:
                if equal_up_to_symmetry(pair.image, other.image):
                    found[pair.name] = other.name
    return found


def _sums(image: Array) -> tuple[object, ...]:
    """Numbers that do not change when an image is mirrored or rotated; the sum of its bits is exact."""
    bits = np.ascontiguousarray(image).view(f"u{image.itemsize}")
    return len(image), tuple(sorted(image.shape[1:])), image.dtype.str, int(bits.sum(dtype=np.uint64)), int(bits.max())


def _alike(train: Sequence[Pair], pairs: Sequence[Pair]) -> dict[str, str]:
    """The names of the images whose thumbnail is nearly that of a training image, with its name."""
    thumbnails = np.stack([thumbnail(pair.image).ravel() for pair in train])  # (N, 32²)
    found = {}
    for pair in pairs:
        moved = np.stack([view.ravel() for view in symmetries(thumbnail(pair.image)[None])])  # (8, 32²)
        likeness = (thumbnails @ moved.T).max(1)
        if likeness.max() > ALIKE:
            found[pair.name] = train[int(likeness.argmax())].name
    return found


def _shared(kind: str, train: Sequence[Pair], pairs: Sequence[Pair], split_by: str) -> Iterator[str]:
    """A sentence about groups, or else stacks, with images in both sets."""
    ours, theirs = ({group_of(pair.name, split_by or SLICE) for pair in one} - {""} for one in (train, pairs))
    shared = sorted(ours & theirs)
    if shared and split_by:
        yield (
            f"the groups {listed(shared)} of --split-by have images in the training set and in the {kind} set; "
            "move all images of a group to one of the folders"
        )
    elif shared:
        apart = f"give --split-by '{SLICE}'" if len(ours | theirs) > 1 else "use another stack for it, if there is one"
        yield (
            f"slices of {listed(shared)} are in the training set and in the {kind} set; neighbouring slices are alike, "
            f"so the scores are higher than on a new stack: {apart}"
        )
