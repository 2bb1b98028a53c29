"""Organelles: their number by area, and their place, away from membranes."""

from functools import partial

import numpy as np
import pytest

from unet_tutorial.datasets.generators import organelles
from unet_tutorial.datasets.generators.noise import Field
from unet_tutorial.datasets.generators.organelles import KINDS, add_organelles


def half_plane(size: int) -> Field:
    """Pixels to a membrane along the left side of a square."""
    return np.broadcast_to(np.arange(size, dtype=np.float64), (size, size))


def test_organelles_are_as_many_as_their_density_says(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = dict.fromkeys(KINDS, 0)

    def count(kind: organelles.Draw, rng: np.random.Generator, grey: Field, distance: Field) -> None:
        del rng, grey, distance
        counts[kind] += 1

    monkeypatch.setattr(organelles, "KINDS", {partial(count, kind): number for kind, number in KINDS.items()})
    add_organelles(np.random.default_rng(0), np.zeros((500, 1000)), half_plane(1000)[:500])
    assert list(counts.values()) == [number // 2 for number in KINDS.values()]  # half a million pixels


@pytest.mark.parametrize("seed", range(3))
def test_organelles_are_dark_and_lie_away_from_membranes(seed: int) -> None:
    grey = np.zeros((200, 200))
    add_organelles(np.random.default_rng(seed), grey, half_plane(200))
    assert grey.min() < -40
    assert grey.max() < 20  # the stripes of mitochondria alone are brighter than the cytoplasm
    assert -grey[:, 20:].mean() > 5 * -grey[:, :2].mean()


def test_organelles_at_the_edge_of_the_image_are_cropped() -> None:
    grey = np.zeros((20, 20))
    for draw in KINDS:
        draw(np.random.default_rng(0), grey, np.full((20, 20), 3.0))  # no pixel is far enough from a membrane
    assert np.isfinite(grey).all()
    assert grey.min() < -10
