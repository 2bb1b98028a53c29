"""Sequences of the Cell Tracking Challenge as they are released."""

from __future__ import annotations

from pathlib import Path

import pytest

from unet_tutorial.datasets.layouts.find import find


def put(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


FRAMES = [f"{sequence}/t{number:03}.tif" for sequence in ("01", "02") for number in range(3)]


def test_masks_drawn_by_hand_are_read_before_computed_ones(tmp_path: Path) -> None:
    drawn = ["01_GT/SEG/man_seg002.tif", "01_GT/TRA/man_track000.tif", "02_GT/SEG/man_seg000.tif"]
    layout = find(put(tmp_path, *FRAMES, *drawn, "01_ST/SEG/man_seg000.tif"))
    assert layout.entries == (
        ("01/t002", (tmp_path / "01/t002.tif",), (tmp_path / "01_GT/SEG/man_seg002.tif",)),
        ("02/t000", (tmp_path / "02/t000.tif",), (tmp_path / "02_GT/SEG/man_seg000.tif",)),
    )
    assert [sentence.removeprefix(f"{tmp_path}/") for sentence in layout.left_out] == [
        "01: left out t000.tif, t001.tif: no mask of this frame",
        "01_GT/TRA: left out man_track000.tif: not an image with labels, nor its labels",
        "01_ST/SEG: left out man_seg000.tif: the masks in 01_GT/ are read",
        "02: left out t001.tif, t002.tif: no mask of this frame",
    ]


def test_computed_masks_alone(tmp_path: Path) -> None:
    layout = find(put(tmp_path, *FRAMES, "02_ST/SEG/man_seg001.tif"))
    assert [entry.name for entry in layout.entries] == ["02/t001"]


@pytest.mark.parametrize("mask", ["man_seg_001_007.tif", "man_seg003.tif"])
def test_masks_without_a_frame_are_refused(tmp_path: Path, mask: str) -> None:
    with pytest.raises(
        ValueError, match=rf"{mask}: there is no frame t(001_007|003) in .*01, or this is the mask of one"
    ):
        find(put(tmp_path, *FRAMES, f"01_GT/SEG/{mask}"))


def test_sequences_without_masks(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no images/ and labels/"):
        find(put(tmp_path, *FRAMES))


@pytest.mark.parametrize(
    ("files", "labels"),
    [
        (("01/t000.tif", "01_GT/SEG/man_seg000.tif"), "instances"),
        (("images/a.png", "instances/a.png"), "instances"),
        (("JPEGImages/a.jpg", "SegmentationObject/a.png"), "instances"),
        (("JPEGImages/a.jpg", "SegmentationClass/a.png"), "classes"),
        (("images/a.png", "labels/a.png"), ""),
    ],
)
def test_some_layouts_state_the_kind_of_their_labels(files: tuple[str, ...], labels: str, tmp_path: Path) -> None:
    assert find(put(tmp_path, *files)).labels == labels
