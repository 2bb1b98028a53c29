"""Kinds of label files that users have: each is written without the project's code, and its right meaning is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image as Pillow

from tests.oracles.own_data import (
    SIZE,
    Array,
    Truth,
    apart,
    boxes,
    cells,
    classes,
    corners,
    grey,
    hdf5,
    mask,
    nifti,
    of_cells,
    of_classes,
    of_layers,
    of_mask,
    palette,
    rectangles,
    save,
    tiff,
    write_json,
    zarr,
)
from tests.oracles.own_images import named

BINARY, CELL = ("background", "cell"), ("background", "cell")
CLASSES = "write --labels classes if each value is a class; if each is the number of a cell, save the background as 0"
BOTH = "write --labels classes if each value is a class, or --labels instances if each is the number of a cell"
Write = Callable[[Path, int], Any]


class LabelKind(NamedTuple):
    """A kind of labels: ``write(stem, number)`` writes those of image ``number`` and returns the `Truth`.

    ``kind`` and ``names`` are those of the scheme. The other fields are as in `own_images.ImageKind`.
    """

    name: str
    write: Write
    kind: str = "classes"
    names: tuple[str, ...] = BINARY
    options: dict[str, Any] = {}  # noqa: RUF012 (never changed)
    refused: tuple[str, str] | None = None
    says: str = ""
    package: str = ""


def numbered(top: int) -> tuple[str, ...]:
    """The names of classes without names."""
    return ("background", *(f"class {number}" for number in range(1, top + 1)))


def grey_png(
    make: Callable[[int], Array], truth: Callable[[Array], Truth], codes: Any = None, dtype: Any = np.uint8
) -> Write:
    """The array, its values replaced by ``codes`` at their position, as PNG."""

    def write(stem: Path, number: int) -> Truth:
        array = make(number)
        stored = array if codes is None else np.asarray(codes)[array.astype(int)]
        save(named(stem, ".png"), stored.astype(dtype))
        return truth(array)

    return write


def in_tiff(
    make: Callable[[int], Array], truth: Callable[[Array], Truth], stored: Callable[[Array], Array], **options: Any
) -> Write:
    """The array as TIFF, after ``stored`` changed it."""

    def write(stem: Path, number: int) -> Truth:
        tiff(named(stem, ".tif"), stored(make(number)), **options)
        return truth(make(number))

    return write


def as_type(dtype: Any) -> Callable[[Array], Array]:
    """A change of the type."""
    return lambda array: array.astype(dtype)


def full_mask(number: int) -> Array:
    """The second file is all foreground."""
    return np.ones(SIZE, bool) if number == 1 else mask(number)


def empty_mask(number: int) -> Array:
    """The second file is all background."""
    return np.zeros(SIZE, bool) if number == 1 else mask(number)


def mixed_tops(stem: Path, number: int) -> Truth:
    """The first file holds 0 and 1, the others 0 and 255."""
    save(named(stem, ".png"), mask(number).astype(np.uint8) * (1 if number == 0 else 255))
    return of_mask(mask(number))


def smooth(number: int) -> Array:
    """A mask with smooth edges."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(np.rint(gaussian_filter(255.0 * mask(number), 0.8)))


def with_hole(number: int) -> tuple[Array, Array]:
    """A map of classes, and True where it is labelled: not in the last 6 columns."""
    known = np.ones(SIZE, bool)
    known[:, -6:] = False
    return np.where(known, classes(number), 0), known


def marked(value: int, dtype: Any = np.uint8, kind: str = "classes") -> Write:
    """Pixels without a label have a value of their own."""

    def write(stem: Path, number: int) -> Truth:
        found, known = with_hole(number)
        if kind == "mask":
            found = (found > 0).astype(int)
        if kind == "cells":
            found = np.where(known, cells(number), 0)
        tiff(named(stem, ".tif"), np.where(known, found, value).astype(dtype))
        return of_cells(found, known) if kind == "cells" else of_classes(found, known)

    return write


COLOURS = [(0, 0, 0), (255, 0, 0), (0, 200, 0), (30, 60, 255)]
TABLE = "#000000=background,#ff0000=nucleus,#00c800=membrane,#1e3cff=debris"
NAMES = ("background", "nucleus", "membrane", "debris")


def coded(stem: Path, number: int) -> Truth:
    """RGB, a colour per class."""
    save(named(stem, ".png"), np.array(COLOURS, np.uint8)[classes(number)])
    return of_classes(classes(number))


def coded_unlabelled(stem: Path, number: int) -> Truth:
    """RGB, white where nothing is labelled."""
    found, known = with_hole(number)
    save(named(stem, ".png"), np.where(known[..., None], np.array(COLOURS, np.uint8)[found], 255).astype(np.uint8))
    return of_classes(found, known)


def coded_smooth(stem: Path, number: int) -> Truth:
    """RGB, made larger with interpolation."""
    image = Pillow.fromarray(np.array(COLOURS, np.uint8)[classes(number)])
    small = image.resize((SIZE[1] // 2, SIZE[0] // 2), Pillow.Resampling.NEAREST)
    named(stem, ".png")
    small.resize(SIZE[::-1], Pillow.Resampling.BILINEAR).save(named(stem, ".png"))
    return of_classes(classes(number))


def with_table(stem: Path, number: int) -> Truth:
    """RGB, with a classes.json beside the folders."""
    entries = [{"name": name, "color": list(rgb)} for name, rgb in zip(NAMES, COLOURS, strict=True)]
    write_json(stem.parent.parent / "classes.json", entries)
    return coded(stem, number)


def with_value_table(stem: Path, number: int) -> Truth:
    """Values, with their names in a classes.json beside the folders."""
    write_json(stem.parent.parent / "classes.json", dict(zip(NAMES, range(4), strict=True)))
    save(named(stem, ".png"), classes(number).astype(np.uint8))
    return of_classes(classes(number))


def coloured_palette(stem: Path, number: int) -> Truth:
    palette(named(stem, ".png"), classes(number), COLOURS)
    return of_classes(classes(number))


def grey_palette(stem: Path, number: int) -> Truth:
    """A palette with a different grey per value, so that values and greys mean the same."""
    palette(named(stem, ".png"), mask(number), [(0, 0, 0), (255, 255, 255)])
    return of_mask(mask(number))


def two_colours_palette(stem: Path, number: int) -> Truth:
    """Two values, of which 0 is black and 1 red, as labelling programs write them."""
    palette(named(stem, ".png"), mask(number), [(0, 0, 0), (255, 0, 0)])
    return of_mask(mask(number))


def grey_rgb(stem: Path, number: int) -> Truth:
    """RGB with equal channels."""
    save(named(stem, ".png"), np.stack(3 * [mask(number) * np.uint8(255)], -1))
    return of_mask(mask(number))


def opaque_rgba(stem: Path, number: int) -> Truth:
    shown = np.stack(3 * [mask(number) * np.uint8(255)], -1)
    save(named(stem, ".png"), np.concatenate([shown, np.full((*SIZE, 1), 255, np.uint8)], -1))
    return of_mask(mask(number))


def in_alpha(stem: Path, number: int) -> Truth:
    """The mask is the alpha channel of a white image."""
    save(
        named(stem, ".png"),
        np.concatenate([np.full((*SIZE, 3), 255, np.uint8), mask(number)[..., None] * np.uint8(255)], -1),
    )
    return of_mask(mask(number))


def jpeg(suffix: str) -> Write:
    def write(stem: Path, number: int) -> Truth:
        save(named(stem, ".jpg"), mask(number) * np.uint8(255))
        named(stem, ".jpg").rename(named(stem, suffix))
        return of_mask(mask(number))

    return write


def one_bit(stem: Path, number: int) -> Truth:
    save(named(stem, ".png"), mask(number))
    return of_mask(mask(number))


def unique_ids(number: int) -> Array:
    """Cells numbered through all files."""
    found = cells(number)
    return np.where(found > 0, found + 100 * number, 0)


def through(number: int) -> Array:
    """1 .. 21 in the first file, 22 .. in the second one."""
    found = cells(number)
    return np.where(found > 0, found + [0, 21, 45][number], 0)


def in_pieces(number: int) -> Array:
    """Every cell in two pieces."""
    return rectangles(number, [1 + place // 2 for place in range(30)])


def few_cells(number: int) -> Array:
    return rectangles(number, range(1, 4 + number))


def tiny(number: int) -> Array:
    """24 cells of one pixel."""
    found = np.zeros(SIZE, int)
    found[3::8, 2::8] = np.arange(1, 25 + (number > 9)).reshape(4, 6)
    return found


def touching(number: int) -> Array:
    """Two columns of cells, each cell beside another one."""
    found = np.zeros(SIZE, int)
    for row in range(5 - number):
        for column in range(4):
            for side in range(2):
                top, left = 6 * row, 12 * column + 5 * side
                found[top : top + 5, left : left + 5] = 1 + 8 * row + 2 * column + side
    return found


def touching_cells(stem: Path, number: int) -> Truth:
    save(named(stem, ".png"), touching(number).astype(np.uint16))
    return of_cells(apart(touching(number)))


def image_copy(stem: Path, number: int) -> Truth:
    """A copy of the image by mistake."""
    save(named(stem, ".png"), grey(number))
    return of_mask(mask(number))


def transposed(stem: Path, number: int) -> Truth:
    save(named(stem, ".png"), np.ascontiguousarray(mask(number).T) * np.uint8(255))
    return of_mask(mask(number))


def half(stem: Path, number: int) -> Truth:
    save(named(stem, ".png"), mask(number)[::2, ::2] * np.uint8(255))
    return of_mask(mask(number))


def layers(number: int) -> Array:
    """Two masks that overlap."""
    return np.stack([mask(number), mask(number + 10)])


def channels(named_by: str) -> Write:
    """A layer per channel of a TIFF."""

    def write(stem: Path, number: int) -> Truth:
        array = layers(number) * np.uint8(255)
        if named_by == "imagej":
            tiff(named(stem, ".tif"), array, imagej=True, metadata={"axes": "CYX"})
        else:
            names = {"axes": "CYX", "Channel": {"Name": ["nucleus", "membrane"]}}
            tiff(named(stem, ".ome.tif"), array, photometric="minisblack", metadata=names)
        return of_layers(layers(number))

    return write


def layers_in_colours(stem: Path, number: int) -> Truth:
    """A layer in each of red, green and blue."""
    array = np.concatenate([layers(number), mask(number + 20)[None]])
    save(named(stem, ".png"), np.moveaxis(array * np.uint8(255), 0, -1))
    return of_layers(array)


def folder_per_class(stem: Path, number: int) -> Truth:
    for name, layer in zip(("membrane", "nucleus"), layers(number), strict=True):
        save(named(stem.parent / name / stem.name, ".png"), layer * np.uint8(255))
    return of_layers(layers(number))


def folder_per_image(stem: Path, number: int) -> Truth:
    for name, layer in zip(("membrane", "nucleus"), layers(number), strict=True):
        save(stem / f"{name}.png", layer * np.uint8(255))
    return of_layers(layers(number))


def one_layer_lacking(stem: Path, number: int) -> Truth:
    truth = folder_per_class(stem, number)
    if number == 1:
        (stem.parent / "nucleus" / f"{stem.name}.png").unlink()
    return truth


def labelme(stem: Path, number: int) -> Truth:
    names = ["", "nucleus", "debris"]
    found = classes(number, 2)
    shapes = [{"label": names[box[0]], "shape_type": "polygon", "points": corners(box)} for box in boxes(found)]
    content = {"shapes": shapes, "imageHeight": SIZE[0], "imageWidth": SIZE[1], "imagePath": f"{stem.name}.png"}
    write_json(named(stem, ".json"), content)
    return of_classes(np.array([0, 2, 1])[found])  # in the order of the alphabet


def labelme_of_another_size(stem: Path, number: int) -> Truth:
    truth = labelme(stem, number)
    write_json(named(stem, ".json"), {"shapes": [], "imageHeight": 600, "imageWidth": 800})
    return truth


def geojson(stem: Path, number: int) -> Truth:
    """QuPath: detections, one of them with a hole, in an annotation around all."""
    found = cells(number)
    features = []
    for box in boxes(found):
        ring = corners(box)
        rings = [[*ring, ring[0]]]
        features.append(
            {
                "type": "Feature",
                "properties": {"objectType": "detection"},
                "geometry": {"type": "Polygon", "coordinates": rings},
            }
        )
    around = corners((0, 0, 0, *SIZE))
    features.append(
        {
            "type": "Feature",
            "properties": {"objectType": "annotation"},
            "geometry": {"type": "Polygon", "coordinates": [[*around, around[0]]]},
        }
    )
    value, top, left, bottom, right = boxes(found)[0]
    hole = corners((value, top + 1, left + 1, bottom - 1, right - 1))
    features[0]["geometry"]["coordinates"].append([*hole, hole[0]])  # type: ignore[index]
    found[top + 1 : bottom - 1, left + 1 : right - 1] = 0
    write_json(named(stem, ".geojson"), {"type": "FeatureCollection", "features": features})
    return of_cells(found)


def roi_zip(stem: Path, number: int) -> Truth:
    from roifile import ImagejRoi, roiwrite

    rois = []
    for index, box in enumerate(boxes(cells(number))):
        roi = ImagejRoi.frompoints(np.array(corners(box)))
        roi.name = f"{index:04}"
        rois.append(roi)
    path = named(stem, ".zip")
    path.unlink(missing_ok=True)
    roiwrite(path, rois)
    return of_cells(cells(number))


def hdf5_bool(stem: Path, number: int) -> Truth:
    hdf5(named(stem, ".h5"), mask=mask(number))
    return of_mask(mask(number))


def zarr_ids(stem: Path, number: int) -> Truth:
    zarr(named(stem, ".zarr"), cells=cells(number).astype(np.int32))
    return of_cells(cells(number))


def nifti_classes(stem: Path, number: int) -> Truth:
    nifti(named(stem, ".nii.gz"), classes(number).astype(np.float32)[None])
    return of_classes(classes(number))


def turned(stem: Path, number: int) -> Truth:
    """A mask that is stored turned, with the orientation tag of a TIFF."""
    tiff(named(stem, ".tif"), np.rot90(mask(number) * np.uint8(255)), extratags=[(274, "H", 1, 6, True)])
    return of_mask(mask(number))


def inverted_display(stem: Path, number: int) -> Truth:
    """ImageJ with an inverting look-up table: the values are those stored, only their display is inverted."""
    tiff(named(stem, ".tif"), mask(number) * np.uint8(255), imagej=True, photometric="miniswhite")
    return of_mask(mask(number))


def three_pages(stem: Path, number: int) -> Truth:
    """A stack of masks for an image of one slice."""
    array = np.stack([mask(number + step) for step in range(4)]) * np.uint8(255)
    tiff(named(stem, ".tif"), array, photometric="minisblack", metadata=None)
    return of_mask(mask(number))


COLOURED = ("the labels are coloured (#000000, #00c800, #1e3cff, #ff0000)", "write --colours '#000000=background,")
JPEG = ("JPEG changes the values of a mask", "export it again as PNG or TIFF")
PLAIN = LabelKind("PNG, 0 and 255", grey_png(mask, of_mask, (0, 255)))
LABELS = [
    PLAIN,
    LabelKind("PNG, 0 and 1", grey_png(mask, of_mask)),
    LabelKind("PNG, 0 and 128", grey_png(mask, of_mask, (0, 128))),
    LabelKind("PNG, 0 and 65535, 16 bit", grey_png(mask, of_mask, (0, 65535), np.uint16)),
    LabelKind("PNG, 1 bit", one_bit),
    LabelKind("PNG, one file all foreground", grey_png(full_mask, of_mask, (0, 255))),
    LabelKind("PNG, one file all background", grey_png(empty_mask, of_mask, (0, 255))),
    LabelKind(
        "PNG, all files all foreground",
        grey_png(lambda _: np.ones(SIZE, bool), of_mask, (0, 255)),
        refused=("every pixel has the value 255, so there is nothing to learn", "check the files"),
    ),
    LabelKind(
        "PNG, all files empty",
        grey_png(lambda _: np.zeros(SIZE, bool), of_mask),
        refused=("every pixel has the value 0, so there is nothing to learn", "check the files"),
    ),
    LabelKind(
        "PNG, 0 and 1 in one file, 0 and 255 in the others",
        mixed_tops,
        refused=("two kinds of masks may be mixed", "--unlabelled 255"),
    ),
    LabelKind("PNG, 0 and 255 as cells", grey_png(mask, of_mask, (0, 255)), "instances", CELL, {"labels": "instances"}),
    LabelKind("PNG, RGB, black and white", grey_rgb),
    LabelKind("PNG, RGBA, opaque", opaque_rgba),
    LabelKind(
        "PNG, mask in the alpha channel",
        in_alpha,
        refused=("it is transparent in places", "save the mask as a grey or RGB image"),
    ),
    LabelKind("PNG, classes 0 to 3", grey_png(classes, of_classes), names=numbered(3)),
    LabelKind(
        "PNG, classes 0, 1, 5",
        grey_png(lambda number: classes(number, 2), of_classes, (0, 1, 5)),
        names=("background", "class 1", "class 5"),
    ),
    LabelKind(
        "PNG, classes with names",
        grey_png(classes, of_classes),
        names=NAMES,
        options={"classes": "background,nucleus,membrane,debris"},
    ),
    LabelKind(
        "PNG, classes with values and names",
        grey_png(lambda number: classes(number, 2), of_classes, (0, 1, 5)),
        names=("background", "nucleus", "debris"),
        options={"classes": "0=background,1=nucleus,5=debris"},
    ),
    LabelKind(
        "PNG, a value that --classes does not name",
        grey_png(classes, of_classes),
        options={"classes": "0=background,1=nucleus"},
        refused=("have the value 2, which is not among the classes", "add it, or write --unlabelled 2"),
    ),
    LabelKind(
        "PNG, classes, three names for four",
        grey_png(classes, of_classes),
        options={"classes": "a,b,c,d,e"},
        refused=("the files hold 4 classes", "give"),
    ),
    LabelKind("PNG, classes named in classes.json", with_value_table, names=NAMES),
    LabelKind("PNG, 1 and 2", grey_png(mask, of_mask, (1, 2)), refused=("the files hold 1, 2, but not 0", CLASSES)),
    LabelKind(
        "PNG, 1 and 2", grey_png(mask, of_classes, (1, 2)), names=("class 1", "class 2"), options={"labels": "classes"}
    ),
    LabelKind(
        "PNG, 254 and 255", grey_png(mask, of_mask, (254, 255)), refused=("the files hold 254, 255, but not 0", CLASSES)
    ),
    LabelKind(
        "PNG, 254 and 255",
        grey_png(mask, of_classes, (254, 255)),
        names=("class 254", "class 255"),
        options={"labels": "classes"},
    ),
    LabelKind(
        "TIFF, 0 to 3 and 255", marked(255), refused=("255 may be a class, a cell or the mark", "--unlabelled 255")
    ),
    LabelKind("TIFF, 0 to 3 and 255", marked(255), names=numbered(3), options={"unlabelled": 255}),
    LabelKind(
        "PNG, 0, 1 and 255 as three classes",
        grey_png(lambda number: classes(number, 2), of_classes, (0, 1, 255)),
        names=("background", "class 1", "class 255"),
        options={"labels": "classes"},
    ),
    LabelKind("TIFF, 0, 1 and unlabelled 255", marked(255, kind="mask"), options={"unlabelled": 255}),
    LabelKind("TIFF, -1, 0 to 3", marked(-1, np.int16), refused=("got values from -1", "give --unlabelled -1")),
    LabelKind("TIFF, -1, 0 to 3", marked(-1, np.int16), names=numbered(3), options={"unlabelled": -1}),
    LabelKind(
        "TIFF, cells and unlabelled 65535", marked(65535, np.uint16, "cells"), "instances", CELL, {"unlabelled": 65535}
    ),
    LabelKind("TIFF, float32 with integers", in_tiff(classes, of_classes, as_type(np.float32)), names=numbered(3)),
    LabelKind(
        "TIFF, float32 with fractions",
        in_tiff(mask, of_mask, lambda array: array * np.float32(0.7)),
        refused=("with fractions", "save the classes or the numbers of the cells as integers"),
    ),
    LabelKind("TIFF, bool", in_tiff(mask, of_mask, as_type(bool))),
    LabelKind("TIFF, ImageJ, displayed inverted", inverted_display),
    LabelKind(
        "TIFF, white is zero",
        in_tiff(mask, of_mask, lambda array: array * np.uint8(255), photometric="miniswhite"),
        refused=("its tag says that 0 is white", "save it again as PNG"),
    ),
    LabelKind("TIFF turned by its tag", turned),
    LabelKind(
        "PNG with smooth edges",
        grey_png(smooth, of_mask),
        refused=("smooth (anti-aliased) edges", "threshold it to 0 and 255"),
    ),
    LabelKind(
        "PNG with smooth edges, with --labels classes",
        grey_png(smooth, of_mask),
        options={"labels": "classes"},
        refused=("smooth (anti-aliased) edges", "threshold it"),
    ),
    LabelKind(
        "PNG with smooth edges, with --labels instances",
        grey_png(smooth, of_mask),
        options={"labels": "instances"},
        refused=("smooth (anti-aliased) edges", "threshold it to 0 and 255"),
    ),
    LabelKind("PNG, RGB, a colour per class", coded, refused=COLOURED),
    LabelKind("PNG, RGB, a colour per class", coded, names=NAMES, options={"colours": TABLE}),
    LabelKind("PNG, RGB, colours in classes.json", with_table, names=NAMES),
    LabelKind(
        "PNG, RGB, white where unlabelled",
        coded_unlabelled,
        names=NAMES,
        options={"colours": f"{TABLE},#ffffff=unlabelled"},
    ),
    LabelKind(
        "PNG, RGB, a colour that is not in the table",
        coded,
        options={"colours": "#000000=background,#ff0000=nucleus"},
        refused=("which is not in the table", "add it, such as"),
    ),
    LabelKind(
        "PNG, RGB with smooth edges",
        coded_smooth,
        options={"colours": TABLE},
        refused=("which is not in the table", "export the masks without smoothing"),
    ),
    LabelKind("PNG, palette of colours", coloured_palette, refused=COLOURED),
    LabelKind("PNG, palette of colours", coloured_palette, names=NAMES, options={"colours": TABLE}),
    LabelKind("PNG, palette of black and white", grey_palette),
    LabelKind(
        "PNG, palette of black and red",
        two_colours_palette,
        refused=("the labels are coloured (#000000, #ff0000)", "write --colours '#000000=background,#ff0000="),
    ),
    LabelKind(
        "PNG, cells numbered through all files, background 1",
        grey_png(lambda number: through(number) + 1, of_cells),
        refused=("but not 0, which is the background; most pixels are 1", "save it as 0"),
    ),
    LabelKind(
        "PNG, cells, background 1",
        grey_png(lambda number: cells(number) + 1, of_cells),
        options={"labels": "instances"},
        refused=("but not 0, which is the background; most pixels are 1", "save it as 0"),
    ),
    LabelKind(
        "TIFF, cells, float32 with numbers above 2^24",
        in_tiff(cells, of_cells, lambda found: np.where(found, found + 2**24, 0).astype(np.float32)),
        options={"labels": "instances"},
        refused=("are too large for float32", "save the numbers of the cells as integers"),
    ),
    LabelKind("JPEG", jpeg(".jpg"), refused=JPEG),
    LabelKind("JPEG named .png", jpeg(".png"), refused=JPEG),
    LabelKind(
        "TIFF, cells 1 to n in every file",
        in_tiff(cells, of_cells, as_type(np.uint16)),
        "instances",
        CELL,
        says="instances of one class, 21–27 per image",
    ),
    LabelKind("PNG, cells numbered through all files", grey_png(through, of_cells), "instances", CELL),
    LabelKind(
        "PNG, cells with gaps in their numbers",
        grey_png(unique_ids, of_cells, dtype=np.uint16),
        "instances",
        CELL,
        {"labels": "instances"},
    ),
    LabelKind(
        "TIFF, cells, numbers above 65535",
        in_tiff(cells, of_cells, lambda found: np.where(found, found + 70000, 0).astype(np.uint32)),
        "instances",
        CELL,
        {"labels": "instances"},
    ),
    LabelKind(
        "PNG, cells in two pieces each",
        grey_png(in_pieces, of_cells),
        refused=("which may be classes or the numbers of cells", BOTH),
    ),
    LabelKind(
        "PNG, cells in two pieces each", grey_png(in_pieces, of_cells), "instances", CELL, {"labels": "instances"}
    ),
    LabelKind(
        "PNG, 3 to 5 cells",
        grey_png(few_cells, of_cells),
        refused=("which may be classes or the numbers of cells", BOTH),
    ),
    LabelKind("PNG, 3 to 5 cells", grey_png(few_cells, of_cells), "instances", CELL, {"labels": "instances"}),
    LabelKind("PNG, cells of one pixel", grey_png(tiny, of_cells), "instances", CELL, {"labels": "instances"}),
    LabelKind("PNG, touching cells", touching_cells, "instances", CELL, {"labels": "instances"}),
    LabelKind(
        "PNG, cells called classes",
        grey_png(cells, lambda found: of_classes(found)),
        names=numbered(27),
        options={"labels": "classes"},
    ),
    LabelKind("ImageJ TIFF, a channel per class", channels("imagej"), "layers", ("channel 0", "channel 1")),
    LabelKind("OME-TIFF, a named channel per class", channels("ome"), "layers", ("nucleus", "membrane")),
    LabelKind(
        "PNG, a layer in each colour", layers_in_colours, "layers", ("red", "green", "blue"), {"labels": "layers"}
    ),
    LabelKind("PNG, a folder per class", folder_per_class, "layers", ("membrane", "nucleus")),
    LabelKind("PNG, a folder per image, a file per class", folder_per_image, "layers", ("membrane", "nucleus")),
    LabelKind(
        "PNG, a folder per class, one file missing",
        one_layer_lacking,
        refused=("1 is missing", "add an empty mask, or remove the image"),
    ),
    LabelKind("PNG, a copy of the image", image_copy, refused=("the files hold 0, 1, 2,", "threshold it to 0 and 255")),
    LabelKind(
        "PNG, a copy of the image, with --labels instances",
        image_copy,
        options={"labels": "instances"},
        refused=("the files hold 0, 1, 2,", "threshold it to 0 and 255"),
    ),
    LabelKind("PNG, transposed", transposed, refused=("the mask has shape (48, 30)", "swap the axes of one of them")),
    LabelKind("PNG of half the size", half, refused=("the mask has shape (15, 24)", "export the labels again")),
    LabelKind("TIFF, four masks for an image of one slice", three_pages, refused=("(4, 30, 48)", "slice")),
    LabelKind("labelme JSON, two classes", labelme, "instances", ("background", "debris", "nucleus")),
    LabelKind(
        "labelme JSON of another image", labelme_of_another_size, refused=("it states (600, 800)", "use the same image")
    ),
    LabelKind(
        "QuPath GeoJSON, detections in an annotation, a hole", geojson, "instances", CELL, says="around its detections"
    ),
    LabelKind("ImageJ ROI zip", roi_zip, "instances", CELL, package="roifile"),
    LabelKind("HDF5, bool", hdf5_bool, package="h5py"),
    LabelKind("zarr, cells", zarr_ids, "instances", CELL, package="zarr"),
    LabelKind("NIfTI, float32 classes", nifti_classes, names=numbered(3), package="nibabel"),
]
