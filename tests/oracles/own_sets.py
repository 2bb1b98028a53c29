"""Whole data sets in the forms in which programs and challenges store them, written without the project's code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

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
    of_mask,
    palette,
    save,
    tiff,
    write_json,
)
from tests.oracles.own_images import GREY, RGB
from tests.oracles.own_labels import BINARY, CELL, COLOURS, numbered

Pairs = list[tuple[str, Array, Truth]]  # part, image (C, *size) and labels
VOXEL = (3, 18, 24)  # pixels of a small volume, no two sides equal


class SetKind(NamedTuple):
    """A data set: ``write(root)`` writes it and returns its pairs; other fields are as in `own_labels.LabelKind`."""

    images: str
    labels: str
    layout: str
    write: Callable[[Path], Pairs]
    kind: str = "classes"
    names: tuple[str, ...] = BINARY
    options: dict[str, Any] = {}  # noqa: RUF012 (never changed)
    channels: tuple[str, ...] = GREY
    spacing: tuple[float, ...] = ()
    rank: int = 2
    refused: tuple[str, str] | None = None
    says: str = ""
    package: str = ""


def bowl(root: Path) -> Pairs:
    """Data Science Bowl 2018: a folder per image, a file per nucleus."""
    found: Pairs = []
    for number, name in enumerate(("00ae65", "01d44a", "0bf4b1")):
        save(root / name / "images" / f"{name}.png", grey(number))
        for value in range(1, cells(number).max() + 1):
            code = f"{number}{value:02}".ljust(64, "e")
            save(root / name / "masks" / f"{code}.png", (cells(number) == value) * np.uint8(255))
        found.append(("", grey(number)[None], of_cells(cells(number))))
    return found


def tracking(root: Path) -> Pairs:
    """Cell Tracking Challenge: masks of some frames."""
    found: Pairs = []
    for number in range(3):
        tiff(root / "01" / f"t00{number}.tif", grey(number))
        if number != 1:
            tiff(root / "01_GT" / "SEG" / f"man_seg00{number}.tif", cells(number).astype(np.uint16))
            found.append(("", grey(number)[None], of_cells(cells(number))))
    return found


def voc(root: Path) -> Pairs:
    """Pascal VOC: a palette, 255 on the borders, and more pictures than masks."""
    found: Pairs = []
    table = [*COLOURS, *(252 - len(COLOURS)) * [(1, 1, 1)]][:252] + 3 * [(2, 2, 2)] + [(224, 224, 192)]
    for number in range(3):
        save(root / "JPEGImages" / f"200{number}.png", grey(number))
        if number == 1:
            continue
        stored, known = classes(number), np.ones(SIZE, bool)
        known[:, -6:] = False
        palette(root / "SegmentationClass" / f"200{number}.png", np.where(known, stored, 255), table)
        found.append(("", grey(number)[None], of_classes(np.where(known, stored, 0), known)))
    return found


def isbi(photometric: str) -> Callable[[Path], Pairs]:
    """The stacks of ISBI 2012; without a word tifffile saves three slices as the colours of one picture."""

    def write(root: Path) -> Pairs:
        for name, make in (("volume", grey), ("labels", lambda number: mask(number) * np.uint8(255))):
            planes = {"planarconfig": "separate"} if photometric == "rgb" else {}
            array = np.stack([make(number) for number in range(3)])
            tiff(root / f"train-{name}.tif", array, photometric=photometric, **planes)
        return [("", grey(number)[None], of_mask(mask(number))) for number in range(3)]

    return write


def nnunet(root: Path) -> Pairs:
    """nnU-Net version 2: a file per channel, names in dataset.json, the value "ignore"."""
    found: Pairs = []
    labels = {"background": 0, "nucleus": 1, "membrane": 2, "debris": 3, "ignore": 4}
    write_json(root / "dataset.json", {"channel_names": {"0": "DAPI", "1": "GFP"}, "labels": labels, "numTraining": 3})
    for number in range(3):
        image = np.stack([grey(number), grey(number + 50)])
        for channel in range(2):
            save(root / "imagesTr" / f"c_{number}_{channel:04}.png", image[channel])
        known = np.ones(SIZE, bool)
        known[:, -6:] = False
        save(root / "labelsTr" / f"c_{number}.png", np.where(known, classes(number), 4).astype(np.uint8))
        found.append(("train", image, of_classes(np.where(known, classes(number), 0), known)))
    return found


def nnunet_lacks_a_channel(root: Path) -> Pairs:
    found = nnunet(root)
    (root / "imagesTr" / "c_1_0001.png").unlink()
    return found


def coco_of(numbers: list[int], suffix: str, *, runs: bool = False) -> dict[str, Any]:
    """COCO's JSON of these images: two categories, numbers of categories with a gap."""
    images = [
        {"id": 10 + number, "file_name": f"{number}{suffix}", "height": SIZE[0], "width": SIZE[1]} for number in numbers
    ]
    annotations: list[dict[str, Any]] = []
    for number in numbers:
        for box in boxes(classes(number, 2)):
            polygon = [float(value) for point in corners(box) for value in point]
            outline: Any = [polygon]
            if runs:  # run lengths along columns, beginning with 0
                _, top, left, bottom, right = box
                one = np.zeros(SIZE, int)
                one[top:bottom, left:right] = 1
                ends = np.flatnonzero(np.diff(one.T.ravel())) + 1
                outline = {"size": list(SIZE), "counts": [0] * int(one[0, 0]) + np.diff([0, *ends, one.size]).tolist()}
            annotations.append(
                {"id": len(annotations), "image_id": 10 + number, "category_id": 3 * box[0], "iscrowd": 0}
                | {"segmentation": outline}
            )
    categories = [{"id": 3, "name": "nucleus"}, {"id": 6, "name": "debris"}]
    return {"images": images, "annotations": annotations, "categories": categories}


def of_coco(number: int) -> Truth:
    """The names of the classes are in the order of the alphabet: debris, nucleus."""
    return of_classes(np.array([0, 2, 1])[classes(number, 2)])


def coco(*, runs: bool = False) -> Callable[[Path], Pairs]:
    def write(root: Path) -> Pairs:
        for number in range(3):
            save(root / "images" / f"{number}.png", grey(number))
        write_json(root / "annotations.json", coco_of([0, 1, 2], ".png", runs=runs))
        return [("", grey(number)[None], of_coco(number)) for number in range(3)]

    return write


def coco_parts(root: Path) -> Pairs:
    """As COCO 2017 is released."""
    for part, numbers in (("train2017", [0, 1]), ("val2017", [2])):
        for number in numbers:
            save(root / part / f"{number}.png", grey(number))
        write_json(root / "annotations" / f"instances_{part}.json", coco_of(numbers, ".png"))
    return [(part, grey(number)[None], of_coco(number)) for number, part in enumerate(("train", "train", "val"))]


def coco_of_missing_image(root: Path) -> Pairs:
    found = coco()(root)
    (root / "images" / "1.png").unlink()
    return found


def seg_npy(root: Path) -> Pairs:
    """Cellpose's own files without masks as images."""
    for number in range(3):
        save(root / f"{number}.png", grey(number))
        (root / f"{number}_seg.npy").write_bytes(b"\x93NUMPY")
    return []


def in_hdf5(root: Path) -> Pairs:
    """A file per image with the arrays raw and label."""
    for number in range(3):
        hdf5(root / f"{number}.h5", raw=grey(number), label=cells(number).astype(np.uint16))
    return [("", grey(number)[None], of_cells(cells(number))) for number in range(3)]


def voxels(number: int) -> Array:
    return grey(number, np.uint16, VOXEL)


def boxes_3d(number: int) -> Array:
    """Four cells, two of them touching along z."""
    found = np.zeros(VOXEL, int)
    found[0, 2:6, 2 + number : 7] = 1
    found[1:, 2:6, 2 + number : 7] = 2
    found[:, 10:15, 3:8] = 3
    found[1, 10:15, 14:20] = 4
    return found


def tiff_volumes(root: Path) -> Pairs:
    for number in range(3):
        tiff(
            root / "images" / f"{number}.tif",
            voxels(number),
            imagej=True,
            resolution=(4, 2),
            metadata={"axes": "ZYX", "unit": "um", "spacing": 2.0},
        )
        tiff(
            root / "labels" / f"{number}.tif", boxes_3d(number).astype(np.uint16), imagej=True, metadata={"axes": "ZYX"}
        )
    return [("", voxels(number)[None], of_cells(apart(boxes_3d(number)))) for number in range(3)]


def nifti_volumes(root: Path) -> Pairs:
    """nnU-Net with volumes of NIfTI, voxels of 2 × 0.5 × 0.25 mm."""
    labels = {"background": 0, "organ": 1, "lesion": 2}
    write_json(root / "dataset.json", {"channel_names": {"0": "CT"}, "labels": labels, "file_ending": ".nii.gz"})
    found: Pairs = []
    for number in range(3):
        organs = np.array([0, 1, 0, 2, 1])[boxes_3d(number)]
        nifti(root / "imagesTr" / f"p{number}_0000.nii.gz", voxels(number).astype(np.int16), (2, 0.5, 0.25))
        nifti(root / "labelsTr" / f"p{number}.nii.gz", organs.astype(np.uint8), (2, 0.5, 0.25))
        found.append(("train", voxels(number).astype(np.int16)[None], of_classes(organs)))
    return found


def mirrored_labels(root: Path) -> Pairs:
    """NIfTI: the axis x of the labels grows to the left, and that of the image to the right."""
    import nibabel

    for number in range(3):
        nifti(root / "images" / f"{number}.nii.gz", voxels(number))
        save_to = root / "labels" / f"{number}.nii.gz"
        save_to.parent.mkdir(exist_ok=True)
        nibabel.save(nibabel.Nifti1Image(boxes_3d(number).astype(np.uint8).T[::-1], np.diag([-1, 1, 1, 1])), save_to)
    return []


def nrrd_volumes(labels_space: str) -> Callable[[Path], Pairs]:
    """NRRD volumes, 2 × 0.5 × 0.25 µm, whose directions are those of a space of 3D Slicer."""

    def write(root: Path) -> Pairs:
        import nrrd

        for name, make, space in (
            ("images", voxels, "left-posterior-superior"),
            ("labels", lambda number: boxes_3d(number).astype(np.uint8), labels_space),
        ):
            (root / name).mkdir()
            header = {"space": space, "space directions": np.diag([0.25, 0.5, 2]), "space units": 3 * ["um"]}
            for number in range(3):
                nrrd.write(str(root / name / f"{number}.nrrd"), make(number), header, index_order="C")
        return [("", voxels(number)[None], of_cells(apart(boxes_3d(number)))) for number in range(3)]

    return write


def ome_zarr(root: Path) -> Pairs:
    """An OME-Zarr folder (0.4) per image, with labels/cells in it."""
    import zarr as package

    for number in range(3):
        group = package.open_group(str(root / f"{number}.ome.zarr"), mode="w", zarr_format=2)
        for place, array in (
            (group, grey(number)),
            (group.create_group("labels/cells"), cells(number).astype(np.uint16)),
        ):
            place.create_array("0", data=array)
            axes = [{"name": name, "type": "space"} for name in "yx"]
            place.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [{"path": "0"}]}]
        group["labels"].attrs["labels"] = ["cells"]
    return [("", grey(number)[None], of_cells(cells(number))) for number in range(3)]


def slices_of_stacks(root: Path) -> Pairs:
    """Stacks for a 2D network: a pair per slice."""
    for number in range(2):
        tiff(
            root / "images" / f"{number}.tif",
            np.stack([grey(10 * number + z) for z in range(3)]),
            photometric="minisblack",
        )
        tiff(
            root / "labels" / f"{number}.tif",
            np.stack([classes(10 * number + z) for z in range(3)]).astype(np.uint8),
            photometric="minisblack",
        )
    return [
        ("", grey(10 * number + z)[None], of_classes(classes(10 * number + z))) for number in range(2) for z in range(3)
    ]


def slice_for_3d(root: Path) -> Pairs:
    save(root / "images" / "0.png", grey(0))
    save(root / "labels" / "0.png", mask(0))
    return []


def cityscapes(root: Path) -> Pairs:
    """Cityscapes: three kinds of label files of one image."""
    found: Pairs = []
    for number in range(3):
        save(
            root / "leftImg8bit" / "ulm" / f"ulm_{number}_leftImg8bit.png",
            np.stack([grey(number + k) for k in range(3)], -1),
        )
        name = f"ulm_{number}_gtFine"
        save(root / "gtFine" / "ulm" / f"{name}_labelIds.png", classes(number).astype(np.uint8))
        save(root / "gtFine" / "ulm" / f"{name}_color.png", np.array(COLOURS, np.uint8)[classes(number)])
        save(root / "gtFine" / "ulm" / f"{name}_instanceIds.png", cells(number).astype(np.uint16))
        found.append(("", np.stack([grey(number + k) for k in range(3)]), of_classes(classes(number))))
    return found


def sizes(root: Path) -> Pairs:
    """Images of three sizes."""
    found: Pairs = []
    for number, size in enumerate(((30, 48), (48, 30), (24, 66))):
        from tests.oracles.own_data import rectangles

        labels = rectangles(number, 15 * [1], size) > 0
        save(root / "images" / f"{number}.png", grey(number, size=size))
        save(root / "labels" / f"{number}.png", labels * np.uint8(255))
        found.append(("", grey(number, size=size)[None], of_mask(labels)))
    return found


def two_kinds_beside(root: Path) -> Pairs:
    """NAME_mask and NAME_label beside each image."""
    for number in range(3):
        save(root / f"{number}.png", grey(number))
        save(root / f"{number}_mask.png", mask(number))
        save(root / f"{number}_label.png", mask(number + 3))
    return []


def objects_and_classes(root: Path) -> Pairs:
    """Two folders of labels whose names state their kinds."""
    for number in range(3):
        save(root / "JPEGImages" / f"{number}.png", grey(number))
        save(root / "SegmentationClass" / f"{number}.png", mask(number))
        save(root / "SegmentationObject" / f"{number}.png", cells(number).astype(np.uint8))
    return [("", grey(number)[None], of_cells(cells(number))) for number in range(3)]


VOC_TABLE = "#000000=background,#ff0000=cat,#00c800=dog,#1e3cff=cow,#e0e0c0=unlabelled"
TWO_KINDS = ("background", "debris", "nucleus")
SETS = [
    SetKind("PNG, grey", "a file per nucleus", "Data Science Bowl 2018", bowl, "instances", CELL),
    SetKind(
        "TIFF, grey",
        "cells, masks of some frames",
        "Cell Tracking Challenge",
        tracking,
        "instances",
        CELL,
        says="no mask of this frame",
    ),
    SetKind(
        "PNG, grey",
        "palette of colours, 255 on borders",
        "Pascal VOC",
        voc,
        "classes",
        ("background", "cat", "dog", "cow"),
        {"colours": VOC_TABLE},
        says="no labels of this name",
    ),
    SetKind(
        "PNG, grey",
        "palette of colours, 255 on borders",
        "Pascal VOC",
        voc,
        refused=("the labels are coloured", "write --colours '#000000=background,"),
    ),
    SetKind(
        "PNG, grey",
        "classes and cells in two folders",
        "Pascal VOC",
        objects_and_classes,
        "instances",
        CELL,
        {"labels": "instances"},
    ),
    SetKind(
        "PNG, grey",
        "classes and cells in two folders",
        "Pascal VOC",
        objects_and_classes,
        refused=("are both possible", "or give --labels classes or --labels instances"),
    ),
    SetKind("TIFF stack", "0 and 255", "ISBI 2012", isbi("minisblack")),
    SetKind(
        "TIFF, three slices saved as RGB",
        "0 and 255, saved as RGB",
        "ISBI 2012",
        isbi("rgb"),
        refused=("the labels are coloured", "write --colours '#000000=background,"),
    ),
    SetKind(
        "PNG, a file per channel",
        "classes, named in dataset.json, with ignore",
        "nnU-Net version 2",
        nnunet,
        "classes",
        ("background", "nucleus", "membrane", "debris"),
        channels=("DAPI", "GFP"),
    ),
    SetKind(
        "PNG, one channel missing",
        "classes",
        "nnU-Net version 2",
        nnunet_lacks_a_channel,
        refused=("expected a file for each channel 0000, 0001", "add the missing file"),
    ),
    SetKind(
        "PNG, grey", "COCO, polygons of two categories", "images/ and annotations.json", coco(), "instances", TWO_KINDS
    ),
    SetKind("PNG, grey", "COCO, run lengths", "images/ and annotations.json", coco(runs=True), "instances", TWO_KINDS),
    SetKind(
        "PNG, grey",
        "COCO, as classes",
        "images/ and annotations.json",
        coco(),
        "classes",
        TWO_KINDS,
        {"labels": "classes"},
    ),
    SetKind("PNG, grey", "COCO", "train2017/, val2017/, annotations/", coco_parts, "instances", TWO_KINDS),
    SetKind(
        "PNG, grey, one missing",
        "COCO",
        "images/ and annotations.json",
        coco_of_missing_image,
        refused=("1 of the 3 images in it are not in", "copy them into the folder"),
    ),
    SetKind("PNG, grey", "_seg.npy", "Cellpose", seg_npy, refused=("this is a Python pickle", "_cp_masks.png")),
    SetKind(
        "PNG, grey",
        "NAME_mask and NAME_label",
        "one folder",
        two_kinds_beside,
        refused=("found two kinds of labels beside the images", "move the files of one kind to another folder"),
    ),
    SetKind(
        "PNG, RGB", "classes beside colours and cells", "Cityscapes", cityscapes, "classes", numbered(3), channels=RGB
    ),
    SetKind("PNG, grey, three sizes", "0 and 255", "images/ and labels/", sizes),
    SetKind("HDF5, raw and label", "cells", "a file per image", in_hdf5, "instances", CELL, package="h5py"),
    SetKind(
        "OME-Zarr", "cells, in labels/ of the image", "a folder per image", ome_zarr, "instances", CELL, package="zarr"
    ),
    SetKind("TIFF stacks", "classes", "images/ and labels/, 2D network", slices_of_stacks, "classes", numbered(3)),
    SetKind(
        "ImageJ TIFF volumes, 2 × 0.5 × 0.25 µm",
        "cells that touch along z",
        "images/ and labels/, 3D network",
        tiff_volumes,
        "instances",
        CELL,
        {"labels": "instances"},
        spacing=(2.0, 0.5, 0.25),
        rank=3,
    ),
    SetKind(
        "NIfTI volumes, 2 × 0.5 × 0.25 mm",
        "classes",
        "nnU-Net version 2, 3D network",
        nifti_volumes,
        "classes",
        ("background", "organ", "lesion"),
        spacing=(2000.0, 500.0, 250.0),
        rank=3,
        package="nibabel",
    ),
    SetKind(
        "NIfTI volumes",
        "cells, stored as a mirror image",
        "images/ and labels/, 3D network",
        mirrored_labels,
        rank=3,
        options={"labels": "instances"},
        refused=(
            "its axes have the directions LAS, and those of 0.nii.gz are RAS",
            "save both with the same directions",
        ),
        package="nibabel",
    ),
    SetKind(
        "NRRD volumes",
        "cells",
        "images/ and labels/, 3D network",
        nrrd_volumes("left-posterior-superior"),
        "instances",
        CELL,
        {"labels": "instances"},
        spacing=(2.0, 0.5, 0.25),
        rank=3,
        package="nrrd",
    ),
    SetKind(
        "NRRD volumes",
        "cells, axes with other directions",
        "images/ and labels/, 3D network",
        nrrd_volumes("right-anterior-superior"),
        rank=3,
        options={"labels": "instances"},
        refused=("its axes have the directions RAS, and those of 0.nrrd are LPS", "save both with the same directions"),
        package="nrrd",
    ),
    SetKind(
        "PNG, one slice",
        "0 and 255",
        "images/ and labels/, 3D network",
        slice_for_3d,
        rank=3,
        refused=("expected a volume (D, H, W), got a single slice", "save the whole stack as one TIFF file"),
    ),
]
