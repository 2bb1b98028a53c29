"""COCO's run-length encoding against its published examples and an encoder."""

import numpy as np
import pytest

from unet_tutorial.datasets.annotations.outlines.rle import mask_of, runs_of


def encoded(runs: list[int]) -> str:
    """COCO's compressed text, as rleToString of pycocotools (maskApi.c) writes it."""
    text = ""
    for number, run in enumerate(runs):
        left = run - (runs[number - 2] if number > 2 else 0)
        more = True
        while more:
            group, left = left & 31, left >> 5
            more = left != -1 if group & 16 else left != 0
            text += chr((group | 32 if more else group) + 48)
    return text


@pytest.mark.parametrize("seed", range(6))
def test_masks_come_back(seed: int) -> None:
    generator = np.random.default_rng(seed)
    size = tuple(generator.integers(1, 200, 2).tolist())
    mask = generator.random(size) < generator.choice([0.001, 0.1, 0.5])
    columns = mask.T.ravel()
    ends = [0, *(np.flatnonzero(np.diff(columns)) + 1).tolist(), columns.size]
    runs = [*([0] if columns[0] else []), *np.diff(ends).tolist()]
    np.testing.assert_array_equal(mask_of(runs, size), mask)
    assert runs_of(encoded(runs)) == runs


def test_long_runs_and_negative_differences() -> None:
    runs = [0, 1, 100_000, 7, 3, 2_000_000_000, 1, 16, 31, 32, 15]
    assert runs_of(encoded(runs)) == runs
    assert runs_of("52203") == [5, 2, 2, 2, 5]  # of one square in 4 × 4 pixels, by hand


@pytest.mark.parametrize("runs", [[], [3], [3, 4], [-1, 7], [2, 2, 3]])
def test_runs_that_do_not_fill_the_image_are_refused(runs: list[int]) -> None:
    with pytest.raises(ValueError, match="its run lengths add up to"):
        mask_of(runs, (2, 3))
