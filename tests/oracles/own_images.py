"""Kinds of image files that users have: each is written without the project's code, and its right pixels are known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps

from tests.oracles.own_data import (
    SIZE,
    Array,
    colour,
    grey,
    hdf5,
    nifti,
    palette,
    png16,
    save,
    tiff,
    zarr,
)

GREY, RGB = ("grey",), ("red", "green", "blue")
STAIN = ("DAPI", "GFP")
Write = Callable[[Path, int], Any]


class ImageKind(NamedTuple):
    """A kind of image: ``write(stem, number)`` writes image ``number`` and returns its pixels (C, *size).

    ``refused`` is a part of the message that names the problem, and one that names the next step. ``says`` stands in a
    remark. ``package`` must be installed for it.
    """

    name: str
    write: Write
    channels: tuple[str, ...] = GREY
    spacing: tuple[float, ...] = ()
    options: dict[str, Any] = {}  # noqa: RUF012 (never changed)
    refused: tuple[str, str] | None = None
    says: str = ""
    package: str = ""


def named(stem: Path, suffix: str) -> Path:
    """The path with a suffix; its folder is made."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    return stem.parent / (stem.name + suffix)


def planes(array: Array) -> Array:
    """(H, W, C) -> (C, H, W)."""
    return np.moveaxis(array, -1, 0)


def one(array: Array, suffix: str = ".png", **options: Any) -> Write:
    """The same content for every number, for files that are refused."""

    def write(stem: Path, _: int) -> None:
        save(named(stem, suffix), array, **options)

    return write


def with_pillow(make: Callable[[int], Array], suffix: str = ".png", **options: Any) -> Write:
    """Write the array (H, W) or (H, W, C) with Pillow; the truth is the array itself."""

    def write(stem: Path, number: int) -> Array:
        array = make(number)
        save(named(stem, suffix), array, **options)
        return planes(array) if array.ndim == 3 else array[None]

    return write


def with_tifffile(make: Callable[[int], Array], suffix: str = ".tif", **options: Any) -> Write:
    """Write the grey array (H, W) with tifffile."""

    def write(stem: Path, number: int) -> Array:
        tiff(named(stem, suffix), make(number), **options)
        return make(number)[None]

    return write


def with_tifffile_colours(make: Callable[[int], Array], **options: Any) -> Write:
    """Write the array (H, W, 3) with tifffile."""

    def write(stem: Path, number: int) -> Array:
        tiff(named(stem, ".tif"), make(number), **options)
        return planes(make(number))

    return write


def floats(number: int) -> Array:
    """Grey levels from -1 to 1 as float32."""
    return (grey(number, np.uint16) / np.float32(32768) - 1).astype(np.float32)


def one_bit(stem: Path, number: int) -> Array:
    bits = grey(number) > 127
    save(named(stem, ".png"), bits)
    return bits[None].astype(np.uint8)


def equal_colours(stem: Path, number: int) -> Array:
    save(named(stem, ".png"), np.stack(3 * [grey(number)], -1))
    return grey(number)[None]


def opaque(number: int) -> Array:
    return np.concatenate([colour(number), np.full((*SIZE, 1), 255, np.uint8)], -1)


def rgba_opaque(stem: Path, number: int) -> Array:
    save(named(stem, ".png"), opaque(number))
    return planes(colour(number))


def rgba_transparent(stem: Path, number: int) -> Array:
    array = opaque(number)
    array[:3, :3, 3] = 7
    save(named(stem, ".png"), array)
    return planes(colour(number))


def grey_with_alpha(alpha: int) -> Write:
    def write(stem: Path, number: int) -> Array:
        array = np.stack([grey(number), np.full(SIZE, 255, np.uint8)], -1)
        array[0, 0, 1] = alpha
        save(named(stem, ".png"), array)
        return grey(number)[None]

    return write


def coloured_palette(stem: Path, number: int) -> Array:
    table = [(200, 10, 30), (0, 250, 60), (5, 6, 7), (90, 80, 255)]
    values = grey(number) % 4
    palette(named(stem, ".png"), values, table)
    return planes(np.array(table, np.uint8)[values])


def grey_palette(stem: Path, number: int) -> Array:
    table = [(200, 200, 200), (3, 3, 3), (90, 90, 90)]
    values = grey(number) % 3
    palette(named(stem, ".png"), values, table)
    return np.asarray(np.array([row[0] for row in table], np.uint8)[values][None])


def cmyk(stem: Path, number: int) -> Array:
    """Full inks, whose colours are known: cyan is (0, 255, 255)."""
    inks: Array = (colour(number, channels=3) > 127).astype(np.uint8) * 255
    black = np.zeros((*SIZE, 1), np.uint8)
    Pillow.fromarray(np.concatenate([inks, black], -1), "CMYK").save(named(stem, ".tif"))
    return planes(255 - inks)


def rgb_16_png(stem: Path, number: int) -> Array:
    png16(named(stem, ".png"), colour(number, np.uint16))
    return planes(colour(number, np.uint16))


def two_stains(order: tuple[str, ...] = STAIN) -> Write:
    """An OME-TIFF with two named channels and pixels of 0.5 × 0.25 µm; the truth is in the order of `STAIN`."""

    def write(stem: Path, number: int) -> Array:
        channels = dict(zip(STAIN, (grey(number, np.uint16), grey(number + 50, np.uint16)), strict=True))
        tiff(
            named(stem, ".ome.tif"),
            np.stack([channels[name] for name in order]),
            photometric="minisblack",
            metadata={
                "axes": "CYX",
                "Channel": {"Name": list(order)},
                **{"PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.5, "PhysicalSizeYUnit": "µm"},
            },
        )
        return np.stack([channels[name] for name in STAIN])

    return write


def other_order(stem: Path, number: int) -> Array:
    """The second image has its channels in another order."""
    return np.asarray(two_stains(STAIN[::-1] if number == 1 else STAIN)(stem, number))


def second_as_stored(stem: Path, number: int) -> Array:
    """The second channel of `other_order` as it is stored."""
    return np.asarray(other_order(stem, number)[:1] if number == 1 else other_order(stem, number)[1:])


def second_of(write: Write) -> Write:
    """The second channel only."""
    return lambda stem, number: write(stem, number)[1:2]


def four_channels(stem: Path, number: int) -> Array:
    array = grey(number, np.uint16, (4, *SIZE))
    tiff(named(stem, ".tif"), array, imagej=True, metadata={"axes": "CYX"})
    return array


def white_is_zero(stem: Path, number: int) -> Array:
    """The grey levels are 255 minus the stored values."""
    tiff(named(stem, ".tif"), grey(number), photometric="miniswhite")
    return 255 - grey(number)[None]


def white_is_zero_lzw(stem: Path, number: int) -> Array:
    """Pillow is given the picture that is shown, and stores 255 minus its values."""
    save(named(stem, ".tif"), grey(number), compression="tiff_lzw", tiffinfo={262: 0})
    return grey(number)[None]


def white_is_zero_16(stem: Path, number: int) -> Array:
    """The grey levels are 65535 minus the stored values."""
    tiff(named(stem, ".tif"), grey(number, np.uint16), photometric="miniswhite")
    return 65535 - grey(number, np.uint16)[None]


def fax(stem: Path, number: int) -> Array:
    """CCITT group 4; Pillow is given the picture that is shown."""
    bits = grey(number) > 99
    save(named(stem, ".tif"), bits, compression="group4")
    return bits[None].astype(np.uint8)


def bmp_one_bit(stem: Path, number: int) -> Array:
    """Black and white of a bitmap are colours of a palette."""
    bits = grey(number) > 99
    save(named(stem, ".bmp"), bits)
    return np.asarray(Pillow.open(named(stem, ".bmp")).convert("L"))[None] // np.uint8(255)


def tiff_palette(stem: Path, number: int) -> Array:
    """A palette of 16-bit colours."""
    level = np.arange(256)
    table = np.stack([level, 255 - level, 7 * level % 256]).astype(np.uint8)
    tiff(named(stem, ".tif"), grey(number), photometric="palette", colormap=table.astype(np.uint16) * 257)
    return table[:, grey(number)]


def planar(stem: Path, number: int) -> Array:
    tiff(named(stem, ".tif"), planes(colour(number)).copy(), photometric="rgb", planarconfig="separate")
    return planes(colour(number))


def infrared(stem: Path, number: int) -> Array:
    """A fourth sample without a meaning, such as near infrared."""
    array = colour(number, np.uint16, 4)
    tiff(named(stem, ".tif"), array, photometric="rgb", extrasamples=["unspecified"])
    return planes(array)


def blocks(number: int) -> Array:
    """Smooth brightness, which JPEG hardly changes."""
    return np.kron(grey(number, size=(SIZE[0] // 6, SIZE[1] // 6)), np.ones((6, 6), np.uint8))


def jpeg(*, rgb: bool = False, orientation: int = 1) -> Write:
    """The truth is the picture that Pillow shows."""

    def write(stem: Path, number: int) -> Array:
        array = np.stack([blocks(number), blocks(number + 9), blocks(number + 18)], -1) if rgb else blocks(number)
        if orientation == 6:  # stored turned by 90°, so that the picture shown has its size
            array = np.rot90(array)
        exif = Pillow.Exif()
        exif[274] = orientation
        save(named(stem, ".jpg"), np.ascontiguousarray(array), exif=exif, quality=90)
        shown = np.asarray(ImageOps.exif_transpose(Pillow.open(named(stem, ".jpg"))))
        assert shown.shape[:2] == SIZE
        return planes(shown) if rgb else shown[None]

    return write


def turned_tiff(stem: Path, number: int) -> Array:
    """Stored turned by 90°; the tag says how it is to be turned back."""
    tiff(named(stem, ".tif"), np.rot90(grey(number)), extratags=[(274, "H", 1, 6, True)])
    return grey(number)[None]


def mixed(stem: Path, number: int) -> Array:
    """The second image is grey, the others are coloured."""
    if number != 1:
        return np.asarray(with_pillow(colour)(stem, number))
    save(named(stem, ".png"), grey(number))
    return np.stack(3 * [grey(number)])


def of_one(wrong: Write, number_of_it: int = 1) -> Write:
    """One file is another than the rest, which are grey PNG files."""

    def write(stem: Path, number: int) -> Array:
        return np.asarray(wrong(stem, number) if number == number_of_it else with_pillow(grey)(stem, number))

    return write


def not_a_number(stem: Path, number: int) -> Array:
    array = floats(number)
    array[2, 3] = np.nan
    tiff(named(stem, ".tif"), array)
    return array[None]


def infinite(stem: Path, number: int) -> Array:
    array = floats(number)
    array[2, 3] = np.inf
    tiff(named(stem, ".tif"), array)
    return array[None]


def mixed_bits(stem: Path, number: int) -> Array:
    array = grey(number, np.uint16 if number == 1 else np.uint8)
    save(named(stem, ".png"), array)
    return array[None]


def constant(_: int) -> Array:
    return np.full(SIZE, 7, np.uint8)


def truncated(make: Write, suffix: str) -> Write:
    def write(stem: Path, number: int) -> Array:
        array = make(stem, number)
        path = named(stem, suffix)
        content = path.read_bytes()
        path.write_bytes(content[: len(content) * 3 // 4])
        return np.asarray(array)

    return write


def with_bytes(content: bytes, suffix: str) -> Write:
    def write(stem: Path, _: int) -> Array:
        named(stem, suffix).write_bytes(content)
        return np.zeros((1, *SIZE))

    return write


def renamed_jpeg(stem: Path, number: int) -> Array:
    array = jpeg()(stem, number)
    named(stem, ".jpg").rename(named(stem, ".png"))
    return np.asarray(array)


def renamed_tiff(stem: Path, number: int) -> Array:
    tiff(named(stem, ".tif"), grey(number))
    named(stem, ".tif").rename(named(stem, ".png"))
    return grey(number)[None]


def transparent_colour(stem: Path, number: int) -> Array:
    save(named(stem, ".png"), grey(number), transparency=int(grey(number)[0, 0]))
    return grey(number)[None]


def pyramid(stem: Path, number: int) -> Array:
    """An OME-TIFF with a second resolution."""
    from tifffile import TiffWriter

    with TiffWriter(named(stem, ".ome.tif"), ome=True) as file:
        file.write(grey(number), subifds=1, metadata={"axes": "YX"})
        file.write(grey(number)[::2, ::2], subfiletype=1)
    return grey(number)[None]


def colours_as_pages(stem: Path, number: int) -> Array:
    """Three pages without names of the axes, which may be slices as well."""
    array = planes(colour(number))
    tiff(named(stem, ".tif"), array, photometric="minisblack", metadata=None)
    return array


def colours_last(stem: Path, number: int) -> Array:
    """(H, W, 4) without names of the axes."""
    array = colour(number, np.uint16, 4)
    tiff(named(stem, ".tif"), array, photometric="minisblack", metadata=None)
    return planes(array)


def stack(stem: Path, number: int) -> Array:
    """Five slices, but the mask has one."""
    tiff(named(stem, ".tif"), grey(number, size=(5, *SIZE)), imagej=True, metadata={"axes": "ZYX"})
    return grey(number)[None]


def two_sizes(stem: Path, number: int) -> Array:
    from tifffile import TiffWriter

    with TiffWriter(named(stem, ".tif")) as file:
        file.write(grey(number))
        file.write(grey(number)[:9])
    return grey(number)[None]


def one_slice_nifti(stem: Path, number: int) -> Array:
    nifti(named(stem, ".nii.gz"), grey(number, np.int16)[None], (1, 0.5, 0.25))
    return grey(number, np.int16)[None]


def nrrd_plane(stem: Path, number: int) -> Array:
    import nrrd

    nrrd.write(
        str(named(stem, ".nrrd")), grey(number), {"spacings": [0.25, 0.5], "units": ["um", "um"]}, index_order="C"
    )
    return grey(number)[None]


def hdf5_plane(stem: Path, number: int) -> Array:
    hdf5(named(stem, ".h5"), data=grey(number, np.uint16))
    return grey(number, np.uint16)[None]


def two_arrays(stem: Path, number: int) -> Array:
    hdf5(named(stem, ".h5"), first=grey(number), second=grey(number + 1))
    return grey(number)[None]


def zarr_plane(stem: Path, number: int) -> Array:
    zarr(named(stem, ".zarr"), data=grey(number, np.uint16))
    return grey(number, np.uint16)[None]


def ome_zarr(stem: Path, number: int) -> Array:
    """Two resolutions of an image with two channels (OME-Zarr 0.4), pixels of 0.5 × 0.25 µm."""
    import zarr as package

    array = grey(number, np.uint16, (2, *SIZE))
    group = package.open_group(str(named(stem, ".zarr")), mode="w", zarr_format=2)
    group.create_array("0", data=array)
    group.create_array("1", data=array[:, ::2, ::2].copy())
    axes: list[Any] = [
        {"name": "c", "type": "channel"},
        *({"name": name, "type": "space", "unit": "micrometer"} for name in "yx"),
    ]
    scales = [[1, 0.5, 0.25], [1, 1.0, 0.5]]
    levels: list[Any] = [
        {"path": str(level), "coordinateTransformations": [{"type": "scale", "scale": scale}]}
        for level, scale in enumerate(scales)
    ]
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": levels}]
    names: list[Any] = [{"label": name} for name in STAIN]
    group.attrs["omero"] = {"channels": names}
    return array


TRANSPARENT = ("it is transparent in places", "save it without transparency, or read its colours alone with --channels")
PLAIN = ImageKind("PNG, grey, 8 bit", with_pillow(grey))
IMAGES = [
    PLAIN,
    ImageKind("PNG, grey, 16 bit", with_pillow(lambda number: grey(number, np.uint16))),
    ImageKind("PNG, 1 bit", one_bit),
    ImageKind("PNG, RGB", with_pillow(colour), RGB),
    ImageKind("PNG, RGB, 16 bit", rgb_16_png, RGB),
    ImageKind("PNG, RGB with equal channels", equal_colours, says="read as a grey image"),
    ImageKind("PNG, RGBA, opaque", rgba_opaque, RGB),
    ImageKind("PNG, RGBA, transparent", rgba_transparent, refused=TRANSPARENT),
    ImageKind("PNG, RGBA, transparent", rgba_transparent, RGB, options={"channels": "red,green,blue"}),
    ImageKind("PNG, grey with opaque alpha", grey_with_alpha(255)),
    ImageKind("PNG, grey with transparent alpha", grey_with_alpha(0), refused=TRANSPARENT),
    ImageKind("PNG, one transparent grey value", transparent_colour, refused=TRANSPARENT),
    ImageKind("PNG, palette of colours", coloured_palette, RGB),
    ImageKind("PNG, palette of greys", grey_palette, says="read as a grey image"),
    ImageKind("PNG, RGB, one channel chosen", second_of(with_pillow(colour)), ("green",), options={"channels": "1"}),
    ImageKind(
        "PNG, RGB, with --channels infrared",
        with_pillow(colour),
        options={"channels": "infrared"},
        refused=("there is no channel 'infrared'", "its channels are 0 red, 1 green, 2 blue"),
    ),
    ImageKind("JPEG, grey", jpeg()),
    ImageKind("JPEG, RGB", jpeg(rgb=True), RGB),
    ImageKind("JPEG turned by EXIF", jpeg(orientation=6), says="orientation tag 6"),
    ImageKind("JPEG named .png", renamed_jpeg),
    ImageKind("BMP, RGB", with_pillow(colour, ".bmp"), RGB),
    ImageKind("TIFF, float32 from -1 to 1", with_tifffile(floats)),
    ImageKind("TIFF, float64", with_tifffile(lambda number: floats(number).astype(np.float64))),
    ImageKind("TIFF, int16 with values below 0", with_tifffile(lambda number: grey(number, np.int16))),
    ImageKind("TIFF, uint32", with_tifffile(lambda number: grey(number, np.uint32))),
    ImageKind("TIFF, big-endian, 16 bit", with_tifffile(lambda number: grey(number, np.uint16), byteorder=">")),
    ImageKind("TIFF, tiles, deflate", with_tifffile(grey, tile=(16, 16), compression="zlib")),
    ImageKind("TIFF, LZW, 16 bit", with_pillow(lambda number: grey(number, np.uint16), ".TIF", compression="tiff_lzw")),
    ImageKind("TIFF, white is zero", white_is_zero),
    ImageKind("TIFF, white is zero, LZW", white_is_zero_lzw),
    ImageKind("TIFF turned by its tag", turned_tiff, says="orientation tag 6"),
    ImageKind(
        "TIFF, RGB, 16 bit", with_tifffile_colours(lambda number: colour(number, np.uint16), photometric="rgb"), RGB
    ),
    ImageKind("TIFF, RGB, LZW", with_pillow(colour, ".tif", compression="tiff_lzw"), RGB),
    ImageKind("TIFF, CMYK", cmyk, RGB),
    ImageKind("TIFF, int8", with_tifffile(lambda number: grey(number, np.int8))),
    ImageKind("TIFF, white is zero, 16 bit", white_is_zero_16),
    ImageKind("TIFF, 1 bit, fax compression", fax),
    ImageKind("TIFF, palette of colours", tiff_palette, RGB),
    ImageKind("TIFF, RGB in planes", planar, RGB),
    ImageKind("TIFF, RGB and a fourth sample", infrared, (*RGB, "channel 3")),
    ImageKind("BMP, 1 bit", bmp_one_bit),
    ImageKind("PNG, 8 and 16 bits", mixed_bits),
    ImageKind("TIFF named .png", renamed_tiff),
    ImageKind(
        "TIFF, three unnamed pages, one mask",
        colours_as_pages,
        refused=("the mask has shape (30, 48) and its image (3, 30, 48)", "axes"),
    ),
    ImageKind("TIFF, channels last, unnamed axes", colours_last, refused=("does not name its axes", "named axes")),
    ImageKind(
        "TIFF, stack of 5 slices, one mask",
        stack,
        refused=("the mask has shape (30, 48) and its image (5, 30, 48)", "slice"),
    ),
    ImageKind(
        "TIFF, pages of two sizes",
        two_sizes,
        refused=("got 2 images of different sizes", "save each as a file of its own"),
    ),
    ImageKind(
        "TIFF, complex numbers",
        with_tifffile(lambda number: floats(number).astype(np.complex64)),
        refused=("expected an image of real numbers", "save it as grey or RGB"),
    ),
    ImageKind("OME-TIFF, 2 named channels, pixels of 0.5 × 0.25 µm", two_stains(), STAIN, (0.5, 0.25)),
    ImageKind(
        "OME-TIFF, 2 channels, one chosen by name",
        second_of(two_stains()),
        ("GFP",),
        (0.5, 0.25),
        options={"channels": "gfp"},
    ),
    ImageKind(
        "OME-TIFF, channels of one file in another order",
        other_order,
        refused=("its channels are GFP, DAPI, and those of", "--channels"),
    ),
    ImageKind(
        "OME-TIFF, channels of one file in another order",
        other_order,
        STAIN,
        (0.5, 0.25),
        options={"channels": "DAPI,GFP"},
    ),
    ImageKind(
        "OME-TIFF, channels of one file in another order",
        other_order,
        options={"channels": "0,1"},
        refused=("its channels are GFP, DAPI, and those of", "pick some of them by name with --channels"),
    ),
    ImageKind(
        "OME-TIFF, channel 1 has another name in one file",
        second_as_stored,
        ("GFP",),
        (0.5, 0.25),
        options={"channels": "1"},
        says="--channels 1 has other names in other images: GFP in 0; DAPI in 1",
    ),
    ImageKind("OME-TIFF with a pyramid", pyramid),
    ImageKind("ImageJ TIFF, 4 channels", four_channels, tuple(f"channel {number}" for number in range(4))),
    ImageKind("NIfTI of one slice, mm", one_slice_nifti, spacing=(500.0, 250.0), package="nibabel"),
    ImageKind("NRRD, 2D, µm", nrrd_plane, spacing=(0.5, 0.25), package="nrrd"),
    ImageKind("HDF5 with one array", hdf5_plane, package="h5py"),
    ImageKind("HDF5 with two arrays", two_arrays, refused=("it holds 2 arrays", "choose one of"), package="h5py"),
    ImageKind("zarr with one array", zarr_plane, package="zarr"),
    ImageKind("OME-Zarr, 2 named channels", ome_zarr, STAIN, (0.5, 0.25), package="zarr"),
    ImageKind("PNG, two RGB and one grey", mixed, RGB, says="1 of 3 images are grey"),
    ImageKind("PNG, constant", with_pillow(constant)),
    ImageKind("TIFF with NaN", not_a_number, refused=("1 of 1440 pixels are NaN or infinite", "replace them")),
    ImageKind("TIFF with infinity", infinite, refused=("1 of 1440 pixels are NaN or infinite", "replace them")),
    ImageKind(
        "PNG, one truncated",
        of_one(truncated(with_pillow(grey), ".png")),
        refused=("cannot be read as an image", "get the file again"),
    ),
    ImageKind(
        "TIFF, truncated",
        truncated(with_tifffile(grey), ".tif"),
        refused=("cannot be read as an image", "get the file again"),
    ),
    ImageKind(
        "JPEG, truncated", truncated(jpeg(), ".jpg"), refused=("cannot be read as an image", "get the file again")
    ),
    ImageKind(
        "PNG, one empty (0 bytes)",
        of_one(with_bytes(b"", ".png")),
        refused=("the file is empty (0 bytes)", "get it again"),
    ),
    ImageKind(
        "PNG, one is a web page",
        of_one(with_bytes(b"<!DOCTYPE html><html></html>", ".png")),
        refused=("cannot be read as an image", "get the file again"),
    ),
    ImageKind("NumPy .npy", with_bytes(b"\x93NUMPY", ".npy"), refused=("no images found", "save each array as TIFF")),
    ImageKind("Zeiss .czi", with_bytes(b"ZISRAWFILE", ".czi"), refused=("no images found", "save it as TIFF")),
    ImageKind("DICOM .dcm", with_bytes(b"DICM", ".dcm"), refused=("no images found", "dcm2niix")),
]
