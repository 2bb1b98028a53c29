"""Pixel sizes are read in µm from trustworthy metadata only, and other readers recover those that are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from unet_tutorial.datasets.images.calibration import micrometres
from unet_tutorial.datasets.images.files import read, write_image

IMAGE = np.arange(35, dtype=np.uint16).reshape(5, 7)
STACK = np.stack([IMAGE, IMAGE[::-1], IMAGE + 1])


@pytest.mark.parametrize(
    ("value", "unit", "wanted"),
    [
        (2, "µm", 2), (2, "μm", 2), (2, "um", 2), ("2", "Micron", 2), (2, "\\u00B5m", 2), (250, "nm", 0.25),
        (0.001, "mm", 1), (1e-4, "cm", 1), (1e-6, "m", 1), (3, "micrometer", 3), (10, "Å", 0.001),
        (1, "inch", None), (1, "pixel", None), (1, "", None), (0, "µm", None), (-1, "µm", None), (np.nan, "µm", None),
        (np.inf, "mm", None), (None, "µm", None), ("wide", "µm", None),
    ],
)  # fmt: skip
def test_lengths_become_micrometres(value: Any, unit: str, wanted: float | None) -> None:
    assert micrometres(value, unit) == (None if wanted is None else pytest.approx(wanted))


IMAGEJ = {"axes": "ZYX", "spacing": 2.0, "unit": "um"}
OME = {"axes": "ZYX", "PhysicalSizeX": 250, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.5, "PhysicalSizeZ": 2}


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"imagej": True, "metadata": IMAGEJ, "resolution": (4, 2)}, (2, 0.5, 0.25)),
        ({"imagej": True, "metadata": IMAGEJ | {"unit": "nm"}, "resolution": (4, 2)}, (0.002, 0.0005, 0.00025)),
        ({"imagej": True, "metadata": {"axes": "ZYX", "unit": "micron"}, "resolution": (4, 2)}, (1, 0.5, 0.25)),
        ({"imagej": True, "metadata": IMAGEJ | {"unit": "inch"}, "resolution": (72, 72)}, ()),
        ({"imagej": True, "metadata": IMAGEJ | {"unit": "pixel"}, "resolution": (4, 2)}, ()),
        ({"imagej": True, "metadata": IMAGEJ}, (2, 1, 1)),
        ({"ome": True, "metadata": OME}, (2, 0.5, 0.25)),
        ({"ome": True, "metadata": {"axes": "ZYX", "PhysicalSizeX": 1, "PhysicalSizeY": 1}}, ()),
        ({"resolution": (300, 300), "resolutionunit": "INCH"}, ()),
        ({"resolution": (10000, 10000), "resolutionunit": "CENTIMETER"}, ()),
    ],
)
def test_tiff_spacing_of_other_programs(tmp_path: Path, options: dict[str, Any], wanted: tuple[float, ...]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", STACK, photometric="minisblack", **options)
    assert read(tmp_path / "a.tif").spacing == pytest.approx(wanted)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("spacing", [(0.5, 0.25), (2.0, 0.5, 0.25), (0.7, 1 / 3, 1 / 3)])
def test_imagej_ome_and_we_recover_the_spacing(tmp_path: Path, spacing: tuple[float, ...], dtype: type) -> None:
    image: NDArray[Any] = (IMAGE if len(spacing) == 2 else STACK).astype(dtype)
    write_image(tmp_path / "a.tif", image, spacing)
    back = read(tmp_path / "a.tif")
    assert back.spacing == pytest.approx(spacing)
    assert back.array.dtype == dtype
    np.testing.assert_array_equal(back.array[0], image)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), image)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        imagej = file.imagej_metadata
        assert imagej is not None
        assert imagej["unit"] == "um"
        assert imagej.get("spacing") == (spacing[0] if len(spacing) == 3 else None)
        across, along = (file.pages.first.tags.valueof(name) for name in ("XResolution", "YResolution"))
        assert [across[1] / across[0], along[1] / along[0]] == pytest.approx([spacing[-1], spacing[-2]])
        assert file.pages.first.tags.valueof("ResolutionUnit") == 1
        pixels = tifffile.xml2dict(file.ome_metadata or "")["OME"]["Image"]["Pixels"]
        sizes = [pixels[f"PhysicalSize{axis}"] for axis in "ZYX"[-len(spacing) :]]
        assert sizes == pytest.approx(spacing)
        assert "PhysicalSizeXUnit" not in pixels  # µm by default


def test_a_type_that_ome_does_not_have_keeps_imagej_s_metadata(tmp_path: Path) -> None:
    write_image(tmp_path / "a.tif", STACK.astype(np.int64), (2, 0.5, 0.25))
    back = read(tmp_path / "a.tif")
    assert back.spacing == pytest.approx((2, 0.5, 0.25))
    np.testing.assert_array_equal(back.array[0], STACK)


def test_equal_images_give_equal_files(tmp_path: Path) -> None:
    for name in "ab":
        write_image(tmp_path / f"{name}.tif", STACK, (2, 0.5, 0.25))
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


@pytest.mark.parametrize("spacing", [(1,), (1, 1, 1), (0, 1), (1, -1), (1, np.nan), (1, np.inf)])
def test_impossible_spacings_are_refused(tmp_path: Path, spacing: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"a\.tif: expected a positive pixel size for each of 2 axes"):
        write_image(tmp_path / "a.tif", IMAGE, spacing)
    assert list(tmp_path.iterdir()) == []
