"""ImageJ's regions of interest: a file .roi, or a .zip of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from unet_tutorial.datasets.annotations.outlines.outline import FileOutlines, Outline, left_out
from unet_tutorial.datasets.annotations.polygons import OutlineError, Region, ellipse, filled
from unet_tutorial.disk import one_line

AREAS = ("POLYGON", "FREEHAND", "TRACED", "RECT", "OVAL")


def read_imagej(path: Path, size: tuple[int, ...]) -> FileOutlines:
    """The regions in a file, for an image (H, W), or a stack (D, H, W) whose slices they name.

    Regions of a group other than 0 are of the class "group 1", "group 2" and so on. Points and lines are left out.

    OutlineError for a damaged file, and for regions of a stack that name no slice.
    """
    try:
        import roifile
    except ImportError as error:
        raise OutlineError(
            "regions of ImageJ need the package roifile; install it with: pip install -c constraints.txt -r "
            "requirements-formats.txt"
        ) from error
    try:
        regions = roifile.roiread(path)
    except PermissionError:
        raise
    except Exception as error:  # a damaged file raises one of several types
        raise OutlineError(
            f"it has no regions of ImageJ ({one_line(error)}); save it again with the ROI Manager"
        ) from error
    regions = regions if isinstance(regions, list) else [regions]
    found, lines = [], 0
    for number, roi in enumerate(regions, start=1):
        name = f"region {roi.name or number}"
        if roi.composite or roi.roitype.name in AREAS:
            region = _in_slice(_region(roi, size[-2:]), roi, size, name)
            found.append(Outline(region, f"group {roi.group}" if roi.group else ""))
        else:
            lines += 1
    return FileOutlines(found, left_out(lines, "points and lines, which have no area"))


def _region(roi: Any, size: tuple[int, ...]) -> Region:
    height, width = size
    if not roi.composite and roi.roitype.name == "OVAL" and roi.subpixel_coordinates is None:
        return ellipse((roi.left, roi.top, roi.right, roi.bottom), (height, width))
    return filled(roi.coordinates(multi=True), (height, width))


def _in_slice(region: Region, roi: Any, size: tuple[int, ...], name: str) -> Region:
    """The region in its slice of a stack; in an image it is returned as it is."""
    if len(size) == 2:
        return region
    number = max(roi.position, roi.z_position, roi.t_position)  # from 1; 0 stands for all slices
    if not 1 <= number <= size[0]:
        raise OutlineError(f"{name} names the slice {number} of a stack of {size[0]}; set its position in ImageJ")
    return Region((slice(number - 1, number), *region.where), region.mask[None])
