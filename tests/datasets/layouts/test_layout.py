"""Layers are several label files per image, unless each holds a cell."""

from __future__ import annotations

from pathlib import Path

from unet_tutorial.datasets.layouts.layout import Entry, Layout

ONE = Entry("a", (Path("a.png"),), (Path("b.png"),))
TWO = ONE._replace(labels=(Path("b.png"), Path("c.png")))


def test_layered() -> None:
    assert not Layout("", (ONE,)).layered
    assert Layout("", (TWO,)).layered
    assert not Layout("", (ONE, TWO), one_file_per_cell=True).layered
