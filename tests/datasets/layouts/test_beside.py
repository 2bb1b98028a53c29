"""Images and labels side by side: one word tells them apart, and doubtful names are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from unet_tutorial.datasets.layouts.beside import beside
from unet_tutorial.datasets.layouts.layout import FoundLayout

FOLDER = Path("data")


def found(*names: str) -> FoundLayout | None:
    return beside(FOLDER, [FOLDER / name for name in names])


@pytest.mark.parametrize(
    ("names", "kind", "pairs"),
    [
        ("a.tif a_mask.tif", "NAME and NAME_mask (a_mask.tif)", {"a": "a_mask"}),
        ("raw_1.png gt_1.png raw_2.png gt_2.png", "NAME and gt_1.png", {"raw_1": "gt_1", "raw_2": "gt_2"}),
        ("roi_1.png roi_1_mask.png roi_2.png", "NAME and NAME_mask (roi_1_mask.png)", {"roi_1": "roi_1_mask"}),
        ("s/a.tif s/a_mask.tif", "NAME and NAME_mask (a_mask.tif)", {"a": "s/a_mask"}),
        ("s/a.tif s/a_mask.tif b.tif b_mask.tif", None, {"s/a": "s/a_mask", "b": "b_mask"}),
        ("a.tif a.geojson b.tif", "NAME and NAME.geojson", {"a": "a"}),
    ],
)
def test_pairs(names: str, kind: str | None, pairs: dict[str, str]) -> None:
    result = found(*names.split())
    assert result
    assert kind in (None, result.layout.kind)
    labels = {entry.name: entry.labels[0].relative_to(FOLDER).with_suffix("") for entry in result.layout.entries}
    assert labels == {name: Path(label) for name, label in pairs.items()}


def test_no_labels() -> None:
    assert found("a.png", "b.png") is None
    assert found("mask.png") is None
    assert found() is None


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("a.png a_mask.png c_mask.png d_mask.png", r"c_mask\.png: .* no image for it \(and none for d_mask\)"),
        ("a.png a_mask.png b.png b_gt.png", r"two kinds of labels beside the images, NAME_mask .* and NAME_gt"),
        ("a.png a_mask.png b.png b_Mask.png", r"NAME_mask .* and NAME_Mask"),
        ("a.png a.json a.geojson", r"NAME\.json and NAME\.geojson"),
        ("a.png a_mask.png b_mask_old.png", r"b_mask_old\.png: its name is that of labels"),
        ("a.png a.tif a_mask.tif", r"a\.tif: a\.png has the same name"),
    ],
)
def test_refusals(names: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        found(*names.split())
