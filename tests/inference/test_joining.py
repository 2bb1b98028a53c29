"""Instances that are found block by block against those of the whole image."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unet_tutorial.inference.blockwise import Blocks
from unet_tutorial.inference.instances import class_instances, table
from unet_tutorial.inference.joining import Components, Faces, components_of, faces_of, join, numbered
from unet_tutorial.plan.levels import Size

NAMES = ("background", "a", "b")


def by_blocks(
    classes: NDArray[np.uint8], probabilities: NDArray[np.float32], block: Size, rank: int, min_size: int
) -> tuple[NDArray[np.uint32], Components]:
    blocks = Blocks(classes.shape, block)
    labelled = {index: numbered(classes[blocks.region(index)]) for index in blocks}

    def components(index: Size) -> Components:
        region = blocks.region(index)
        return components_of(*labelled[index], probabilities[(slice(None), *region)], region, classes.shape)

    numbers, found = join(blocks, rank, components, lambda index: faces_of(labelled[index][0]), min_size)
    labels, start = np.zeros(classes.shape, np.uint32), 0
    for index in blocks:
        local, found_classes = labelled[index]
        labels[blocks.region(index)] = np.concatenate([[0], numbers[start : start + len(found_classes)]])[local]
        start += len(found_classes)
    return labels, found


@pytest.mark.parametrize("min_size", [1, 4])
@pytest.mark.parametrize(
    ("size", "rank", "blocks"),
    [
        ((40, 37), 2, [(7, 5), (40, 3), (1, 1)]),
        ((9, 14, 13), 3, [(2, 3, 4), (9, 14, 5), (1, 14, 2)]),
        ((5, 14, 13), 2, [(1, 3, 4), (1, 14, 13), (1, 1, 6)]),
    ],
)
def test_instances_are_those_of_the_whole_image_for_all_blocks(
    size: Size, rank: int, blocks: list[Size], min_size: int
) -> None:
    for seed in range(4):
        rng = np.random.default_rng(seed)
        classes = rng.choice([0, 0, 1, 1, 1, 2], size).astype(np.uint8)
        probabilities = rng.random((3, *size), dtype=np.float32)
        whole = class_instances(classes, rank=rank, min_size=min_size)
        rows = table(whole, probabilities, NAMES)
        assert len(rows) > 5
        for block in blocks:
            labels, found = by_blocks(classes, probabilities, block, rank, min_size)
            np.testing.assert_array_equal(labels, whole.labels)
            np.testing.assert_array_equal(found.classes, whole.classes)
            assert found.pixels.tolist() == [row.pixels for row in rows]
            boxes = [
                tuple(zip(*ends, strict=True)) for ends in zip(found.low.tolist(), found.high.tolist(), strict=True)
            ]
            assert boxes == [row.box for row in rows]
            np.testing.assert_allclose(found.sums / found.pixels[:, None], [row.centre for row in rows])
            np.testing.assert_allclose(found.probability / found.pixels, [row.probability for row in rows], rtol=1e-6)


def peak_of(start: Callable[[], Any]) -> int:
    """The largest memory of a call in bytes."""
    tracemalloc.start()
    start()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_the_memory_of_components_and_of_their_joining_is_the_documented_one() -> None:
    classes = (np.random.default_rng(0).random((40, 50, 60)) < 0.5).astype(np.uint8)
    labels, each = numbered(classes)
    region, probabilities = Blocks(classes.shape, classes.shape).region((0, 0, 0)), np.zeros((2, *classes.shape), "f4")
    components_of(labels, each, probabilities, region, classes.shape)  # imports are no part of the peak
    bytes_of_block = peak_of(lambda: components_of(labels, each, probabilities, region, classes.shape))
    assert bytes_of_block < 45 * np.count_nonzero(classes)
    blocks, n = Blocks((8, 4, 4), (2, 2, 2)), 5000
    one, face = np.ones(n, np.int64), np.zeros((2, 2), np.int32)
    wide, sums = np.ones((n, 3), np.int64), np.ones((n, 3))

    def start() -> None:
        join(
            blocks,
            3,
            lambda _: Components(one.copy(), one.copy(), one.copy(), sums.copy(), wide.copy(), wide.copy(), np.ones(n)),
            lambda _: Faces([face] * 3, [face] * 3),
        )

    start()
    assert peak_of(start) < 360 * n * len(blocks)


def test_an_image_without_an_instance() -> None:
    labels, found = by_blocks(np.zeros((6, 6), np.uint8), np.zeros((2, 6, 6), np.float32), (4, 4), 2, 1)
    assert not labels.any()
    assert len(found.classes) == 0


def test_classes_that_touch_across_blocks_stay_apart() -> None:
    classes = np.array([[1, 1, 2, 2]], np.uint8)
    assert by_blocks(classes, np.zeros((3, 1, 4), np.float32), (1, 2), 2, 1)[0].tolist() == [[1, 1, 2, 2]]
