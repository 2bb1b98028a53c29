"""Options that do not fit the data."""

import pytest

from tests.jobs.doctor.in_memory import DATA, pairs
from tests.jobs.doctor.planted import membranes
from unet_tutorial.jobs.doctor.options import few_steps, oversized_network, oversized_tile, unsuitable_rate
from unet_tutorial.jobs.recipe import Recipe


@pytest.mark.parametrize(
    ("rate", "steps", "word"),
    [
        (2e-3, 250, ""),
        (1e-2, 250, ""),
        (1e-4, 20_000, ""),  # usual for long runs
        (1e-5, 100_000, ""),
        (2e-1, 250, "100 times the usual 0.002"),
        (5e-2, 250, "25 times"),
        (2e-5, 250, "100 times below the usual"),
        (1e-6, 1000, "2000 times below"),
    ],
)
def test_rates(rate: float, steps: int, word: str) -> None:
    found = unsuitable_rate(Recipe(DATA, rate=rate, steps=steps))
    assert bool(found) == bool(word)
    assert all(word in finding.evidence and "--rate 0.002" in finding.cure for finding in found)


@pytest.mark.parametrize(("steps", "start", "count"), [(250, "", 0), (20, "", 1), (20, "a.safetensors", 0)])
def test_few_steps(steps: int, start: str, count: int) -> None:
    assert len(few_steps(Recipe(DATA, steps=steps, start_from=start))) == count


@pytest.mark.parametrize(
    ("option", "tile", "count"), [("0", (500, 500), 0), ("100", (100, 100), 0), ("300", (210, 210), 1)]
)
def test_tiles(option: str, tile: tuple[int, int], count: int) -> None:
    assert len(oversized_tile(pairs(membranes()), tile, Recipe(DATA, tile=option))) == count


@pytest.mark.parametrize(("parameters", "count"), [(500_000, 0), (31_000_000, 1)])
def test_networks(parameters: int, count: int) -> None:
    found = oversized_network(pairs(membranes()), parameters, Recipe(DATA))
    assert len(found) == count
    assert all("31,000,000 weights, 73,728 labelled" in finding.evidence for finding in found)
