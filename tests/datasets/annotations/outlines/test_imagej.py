"""ImageJ's regions of interest, written by roifile."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unet_tutorial.datasets.annotations.outlines.imagej import read_imagej

roifile = pytest.importorskip("roifile")
SIZE = (6, 8)
SQUARE = [[1, 2], [1, 3], [2, 2], [2, 3]]


def roi(points: Any = ((2, 1), (4, 1), (4, 3), (2, 3)), **fields: Any) -> Any:
    region = roifile.ImagejRoi.frompoints(np.array(points))
    for name, value in fields.items():
        setattr(region, name, value)
    return region


def box(kind: str) -> Any:
    return roifile.ImagejRoi(roitype=getattr(roifile.ROI_TYPE, kind), top=1, left=2, bottom=3, right=4)


def pixels(path: Path, size: tuple[int, ...] = SIZE) -> list[list[int]]:
    (outline,) = read_imagej(path, size).outlines
    image = np.zeros(size, bool)
    image[outline.region.where] = outline.region.mask
    return np.argwhere(image).tolist()


@pytest.mark.parametrize(
    "region",
    [
        roi(),
        roi(roitype=roifile.ROI_TYPE.FREEHAND),
        roi(roitype=roifile.ROI_TYPE.TRACED),
        roi(np.array([(1.6, 0.7), (4.4, 0.7), (4.4, 3.3), (1.6, 3.3)], np.float32)),
        box("RECT"),
        box("OVAL"),
    ],
)
def test_regions_with_an_area_are_read(tmp_path: Path, region: Any) -> None:
    region.tofile(tmp_path / "a.roi")
    assert pixels(tmp_path / "a.roi") == SQUARE


def test_a_zip_has_many_regions_and_groups_are_classes(tmp_path: Path) -> None:
    others = [roi([(6, 4), (7, 4), (7, 5), (6, 5)], group=2), roi([(1, 1)], roitype=roifile.ROI_TYPE.POINT)]
    roifile.roiwrite(tmp_path / "a.zip", [roi(), *others])
    found = read_imagej(tmp_path / "a.zip", SIZE)
    assert [(outline.label, outline.region.pixels) for outline in found.outlines] == [("", 4), ("group 2", 1)]
    assert found.remarks == ["1 object is left out: points and lines, which have no area"]


def test_regions_of_a_stack_name_their_slice(tmp_path: Path) -> None:
    roi(position=2).tofile(tmp_path / "a.roi")
    assert pixels(tmp_path / "a.roi", (3, 6, 8)) == [[1, *pixel] for pixel in SQUARE]
    for position in (0, 4):
        roi(position=position).tofile(tmp_path / "a.roi")
        with pytest.raises(ValueError, match=f"names the slice {position} of a stack of 3"):
            read_imagej(tmp_path / "a.roi", (3, 6, 8))
