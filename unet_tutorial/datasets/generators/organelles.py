"""Organelles of a synthetic micrograph: dark objects in the cytoplasm that are not membrane."""

from collections.abc import Callable

import numpy as np

from unet_tutorial.datasets.generators.noise import Field

Draw = Callable[[np.random.Generator, Field, Field], None]


def add_organelles(rng: np.random.Generator, grey: Field, distance: Field) -> None:
    """Paint organelles into `grey` (H, W), in place; `distance` (H, W): pixels to the nearest membrane."""
    for draw, per_megapixel in KINDS.items():
        for _ in range(round(per_megapixel * grey.size / 1e6)):
            draw(rng, grey, distance)


def _mitochondrion(rng: np.random.Generator, grey: Field, distance: Field) -> None:
    """A dark body with a darker outline, and stripes (its cristae) across."""
    centre = _inside(rng, distance, margin=9.0)
    length = min(0.85 * distance[centre], 26.0)
    window, along, across = _window(rng, distance, centre, int(length) + 3)
    radius = np.hypot(along / length, across / (length * rng.uniform(0.6, 0.95)))
    stripes = 10.0 * np.sin(along * 2 * np.pi / rng.uniform(5, 8))
    body = 1 / (1 + np.exp((radius - 0.9) * 25))
    rim = np.exp(-(((radius - 0.92) * length / 1.3) ** 2))
    grey[window] += body * (stripes - rng.uniform(25, 55)) - 35.0 * rim


def _vesicles(rng: np.random.Generator, grey: Field, distance: Field) -> None:
    """A group of small rings."""
    row, column = _inside(rng, distance, margin=7.0)
    for _ in range(rng.integers(2, 9)):
        down, right = rng.normal(0.0, 9.0, 2)
        centre = _clip(row + down, distance.shape[0]), _clip(column + right, distance.shape[1])
        window, along, across = _window(rng, distance, centre, 9)
        ring = np.hypot(along, across) - rng.uniform(2.2, 4.8)
        grey[window] -= rng.uniform(25, 60) * np.exp(-((ring / 1.1) ** 2))


def _dot(rng: np.random.Generator, grey: Field, distance: Field) -> None:
    """A dense-core vesicle or a grain of stain."""
    window, along, across = _window(rng, distance, _inside(rng, distance, margin=5.0), 8)
    grey[window] -= rng.uniform(20, 60) * np.exp(-((np.hypot(along, across) / rng.uniform(1.3, 2.6)) ** 2))


def _smear(rng: np.random.Generator, grey: Field, distance: Field) -> None:
    """A stained cloud or a thread of reticulum: long, blurred, as dark as a membrane."""
    window, along, across = _window(rng, distance, _inside(rng, distance, margin=6.0), 24)
    bend = across - along**2 / rng.uniform(20, 80)
    length, width = rng.uniform(4, 11), rng.uniform(1.2, 4.0)
    grey[window] -= rng.uniform(30, 70) * np.exp(-((along / length) ** 2) - (bend / width) ** 2)


# Number of organelles of each kind per million pixels; a slice of ISBI 2012 has a quarter of a million pixels.
KINDS: dict[Draw, int] = {_mitochondrion: 60, _vesicles: 300, _dot: 1200, _smear: 320}


def _inside(rng: np.random.Generator, distance: Field, margin: float) -> tuple[int, int]:
    """A random pixel at least `margin` pixels from the membranes, or the farthest one if there is none."""
    row, column = np.unravel_index(rng.choice(np.flatnonzero(distance >= min(margin, distance.max()))), distance.shape)
    return int(row), int(column)


def _clip(position: float, size: int) -> int:
    return int(np.clip(position, 0, size - 1))


def _window(
    rng: np.random.Generator, distance: Field, centre: tuple[int, int], radius: int
) -> tuple[tuple[slice, slice], Field, Field]:
    """The window within `radius` pixels of `centre`, and the two coordinates of its pixels along rotated axes."""
    window = tuple(
        slice(max(at - radius, 0), min(at + radius + 1, size)) for at, size in zip(centre, distance.shape, strict=True)
    )
    rows, columns = window
    down, right = np.mgrid[window] - np.reshape(centre, (2, 1, 1))
    angle = rng.uniform(0, 2 * np.pi)
    along, across = np.cos(angle) * down + np.sin(angle) * right, np.cos(angle) * right - np.sin(angle) * down
    return (rows, columns), along, across
