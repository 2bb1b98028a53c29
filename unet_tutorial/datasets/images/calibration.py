"""The size of a pixel in µm, from the metadata of image files, and the metadata of a TIFF file that state it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

if TYPE_CHECKING:
    from tifffile import TiffFile, TiffPage

MICROMETRES = {  # of one unit; the names are compared in lower case
    "µm": 1.0, "μm": 1.0, "um": 1.0, "micron": 1.0, "microns": 1.0, "micrometer": 1.0, "micrometre": 1.0,
    "micrometers": 1.0, "micrometres": 1.0, "nm": 1e-3, "nanometer": 1e-3, "nanometre": 1e-3, "å": 1e-4,
    "angstrom": 1e-4, "mm": 1e3, "millimeter": 1e3, "millimetre": 1e3, "cm": 1e4, "centimeter": 1e4,
    "centimetre": 1e4, "m": 1e6, "meter": 1e6, "metre": 1e6,
}  # fmt: skip


def micrometres(value: Any, unit: str) -> float | None:
    """A length in µm; None if the unit is unknown, such as "pixel", or the value is not a positive number.

    An inch is unknown too: programs write it for images that were never calibrated.

    >>> micrometres(0.2, "mm"), micrometres(1, "pixel")
    (200.0, None)
    """
    factor = MICROMETRES.get(unit.strip().replace("\\u00B5", "µ").lower())
    try:
        length = float(value)
    except (TypeError, ValueError):
        return None
    return length * factor if factor and isfinite(length) and length > 0 else None


def known_lengths(lengths: Mapping[str, float | None]) -> dict[str, float]:
    """The lengths that are known."""
    return {axis: length for axis, length in lengths.items() if length is not None}


def tiff_spacing(file: TiffFile) -> dict[str, float]:
    """The pixel size in µm by axis ("Z", "Y", "X"), from the OME or ImageJ metadata of a TIFF.

    The resolution tags count only with ImageJ's unit, because many programs write 72 dpi into every file.
    """
    if file.is_ome:
        pixels = ome_pixels(file)
        units = {axis: str(pixels.get(f"PhysicalSize{axis}Unit", "µm")) for axis in "ZYX"}
        return known_lengths({axis: micrometres(pixels.get(f"PhysicalSize{axis}"), units[axis]) for axis in "ZYX"})
    metadata = file.imagej_metadata
    if not metadata:
        return {}
    unit, page = str(metadata.get("unit", "")), file.pages.first
    return known_lengths(
        {
            "Z": micrometres(metadata.get("spacing", 1), str(metadata.get("zunit", unit))),
            "Y": micrometres(_pixel_size(page, "YResolution"), str(metadata.get("yunit", unit))),
            "X": micrometres(_pixel_size(page, "XResolution"), unit),
        }
    )


def ome_pixels(file: TiffFile) -> dict[str, Any]:
    """The attributes and children of the first Pixels element of an OME-TIFF, as tifffile.xml2dict returns them."""
    from tifffile import xml2dict

    images = xml2dict(file.ome_metadata or "")["OME"].get("Image", {})
    pixels = (images[0] if isinstance(images, list) else images).get("Pixels", {})
    return dict(pixels)


def ome_channels(file: TiffFile) -> tuple[str, ...]:
    """The names of the channels in the OME metadata, "" for a channel without a name."""
    channels = ome_pixels(file).get("Channel", [])
    listed = channels if isinstance(channels, list) else [channels]
    return tuple(str(channel.get("Name", "")) for channel in listed)


def tiff_metadata(
    shape: Sequence[int], dtype: DTypeLike, spacing: Sequence[float], channels: Sequence[str] = ()
) -> tuple[str, str]:
    """The descriptions of an image (H, W) or (D, H, W) in the formats of OME and of ImageJ, with its pixel size in µm.

    With the names of its ``channels``, the image is (C, H, W) or (D, C, H, W), the order of ImageJ; only OME has names.
    The pixel size may be (). The first description is "" for a type that OME does not have, such as int64.
    """
    from tifffile import OmeXml, OmeXmlError, imagej_description

    spatial = "ZYX"[len(channels[:1]) - len(shape) :]
    axes = f"{spatial[:-2]}C{spatial[-2:]}" if channels else spatial
    sizes: dict[str, Any] = {f"PhysicalSize{axis}": float(size) for axis, size in zip(spatial, spacing, strict=False)}
    names: dict[str, Any] = {"Channel": {"Name": list(channels)}} if channels else {}
    unit: dict[str, Any] = {"unit": "um"} if spacing else {}
    depth: dict[str, Any] = {"spacing": float(spacing[0])} if len(spacing) == 3 else {}
    planes, height, width = int(np.prod(shape[:-2])), shape[-2], shape[-1]
    xml = OmeXml()
    try:
        xml.addimage(np.dtype(dtype), tuple(shape), (planes, 1, 1, height, width, 1), axes=axes, **sizes, **names)
    except OmeXmlError:
        ome = ""
    else:
        text = re.sub(' UUID="[^"]*"', "", xml.tostring())  # it is random, and equal images give equal files
        ome = text.encode("ascii", "xmlcharrefreplace").decode("ascii")  # a TIFF holds no other characters
    return ome, imagej_description(tuple(shape), axes=axes, **unit, **depth)


def _pixel_size(page: TiffPage, tag: str) -> float | None:
    """The reciprocal of a resolution tag, which is a fraction."""
    numerator, denominator = page.tags.valueof(tag, default=(0, 1)) if tag in page.tags else (0, 1)
    return denominator / numerator if numerator else None
