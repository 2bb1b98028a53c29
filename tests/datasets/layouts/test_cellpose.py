"""Files of Cellpose: extra ones are known by name, and its pickle is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from unet_tutorial.datasets.layouts.cellpose import EXTRA, refuse_pickles


@pytest.mark.parametrize(
    ("stem", "extra"),
    [
        ("a_flows", True),
        ("a_cp_outlines", True),
        ("a_rois", True),
        ("a_masks", False),
        ("flows", False),
        ("aflows", False),
    ],
)
def test_extra_files(stem: str, *, extra: bool) -> None:
    assert bool(EXTRA.fullmatch(stem)) == extra


def test_pickles() -> None:
    refuse_pickles([Path("a_masks.png"), Path("a.npy")])
    with pytest.raises(ValueError, match=r"a_seg\.npy: .* is not read; save the masks in Cellpose as a_cp_masks\.png"):
        refuse_pickles([Path("a.png"), Path("a_seg.npy")])
