"""The discs of three kinds: they overlap, absorb equally much, and differ by their patterns."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from unet_tutorial.datasets.generators.overlapping import CLASSES, LayeredImage, overlapping_discs

SEEDS = range(6)


@cache
def discs(seed: int) -> LayeredImage:
    return overlapping_discs(seed)


def densities(seed: int) -> np.ndarray:
    """Optical density, from the median grey level outside all discs."""
    image, layers = discs(seed)
    grey = np.maximum(image.astype(float), 1.0)
    return np.asarray(-np.log(grey / np.median(grey[layers.sum(0) == 0])))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_kind_occurs_and_discs_of_different_kinds_overlap(seed: int) -> None:
    image, layers = discs(seed)
    assert (image.shape, image.dtype.name, layers.shape, layers.dtype.name) == (
        (128, 128),
        "uint8",
        (3, 128, 128),
        "uint8",
    )
    assert set(np.unique(layers)) == {0, 1}
    assert all(0.04 < layer.mean() < 0.35 for layer in layers)
    assert 0.01 < (layers.sum(0) > 1).mean() < 0.2


def test_all_kinds_absorb_equally_much_and_overlaps_absorb_the_sum() -> None:
    density = np.stack([densities(seed) for seed in SEEDS])  # (images, H, W)
    layers = np.stack([discs(seed).layers for seed in SEEDS], axis=1)  # (3, images, H, W)
    count = layers.sum(0)
    means = [float(density[(layer > 0) & (count == 1)].mean()) for layer in layers]
    assert max(means) < 1.25 * min(means)
    assert density[count == 2].mean() == pytest.approx(2 * np.mean(means), rel=0.15)


def test_kinds_differ_by_their_patterns() -> None:
    stds = np.zeros(3)
    for seed in SEEDS:
        density, layers = densities(seed), discs(seed).layers
        stds += [density[(layer > 0) & (layers.sum(0) == 1)].std() for layer in layers]
    even, ring, speckled = stds / len(SEEDS)
    assert ring > 1.5 * even
    assert speckled > 1.5 * even


def test_a_seed_determines_the_image() -> None:
    first, again, other = (overlapping_discs(seed, 64) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first.layers, again.layers)
    np.testing.assert_array_equal(first.image, again.image)
    assert (first.layers != other.layers).mean() > 0.05


def test_files_hold_a_mask_per_kind() -> None:
    files = discs(0).files
    assert list(files) == ["images", "labels/even", "labels/ring", "labels/speckled"]
    for name, layer in zip(CLASSES, discs(0).layers, strict=True):
        assert files[f"labels/{name}"].dtype == np.uint8
        np.testing.assert_array_equal(files[f"labels/{name}"] == 255, layer == 1)


@pytest.mark.parametrize(("name", "value"), [("seed", -1), ("seed", True), ("size", 63), ("size", 99.0)])
def test_bad_arguments_are_named(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=rf"{name} = .*; write "):
        overlapping_discs(**({"seed": 0, "size": 64} | {name: value}))
