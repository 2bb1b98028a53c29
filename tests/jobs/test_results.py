"""The files of a prediction are read again and compared with its arrays."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow
from tifffile import TiffFile, imread

from unet_tutorial.datasets.annotations.outlines.read import read_outlines
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.images.files import read, read_values
from unet_tutorial.datasets.images.image import Image
from unet_tutorial.inference.outlines import COLOURS, overlay
from unet_tutorial.jobs import results
from unet_tutorial.jobs.results import Kind, Prediction, file_name, outlines_named
from unet_tutorial.jobs.task import Task

CELLS = Task()
CLASSES = Task(LabelScheme("classes", ("background", "cell", "nucleus"), (0, 3, 300)))
LAYERS = Task(LabelScheme("layers", ("cell", "nucleus / dark")))
SPACING = (2.0, 0.5, 0.25)
ALL = (results.PROBABILITY, results.MASKS, results.INSTANCES, results.OVERLAY, results.GEOJSON, results.ROIS)


def prediction(task: Task, size: tuple[int, ...], seed: int = 0) -> Prediction:
    rng = np.random.default_rng(seed)
    probabilities = rng.random((len(task.classes), *size), dtype=np.float32)
    if not task.scheme.layered:
        probabilities /= probabilities.sum(0)
    labels = (probabilities > 0.5 if task.scheme.layered else probabilities.argmax(0)).astype(np.uint8)
    image = Image(rng.integers(0, 200, (1, *size), dtype=np.uint8), spacing=SPACING[-len(size) :])
    return Prediction(image, task, probabilities, labels, rank=2)


def written(kind: Kind, made: Prediction, folder: Path) -> dict[str, Path]:
    """The files of one kind by their names without the start."""
    kind.write(made, str(folder / "a"))
    files = {file.name[1:]: file for file in folder.iterdir()}
    assert files.keys() <= set(kind.endings(made.task))
    return files


@pytest.mark.parametrize("size", [(9, 7), (3, 9, 7)])
def test_the_probability_of_cells_is_one_image_with_the_pixel_size(size: tuple[int, ...], tmp_path: Path) -> None:
    made = prediction(CELLS, size)
    (path,) = written(results.PROBABILITY, made, tmp_path).values()
    found = read(path)
    np.testing.assert_array_equal(found.array, made.probabilities[1:])
    assert found.spacing == made.image.spacing


@pytest.mark.parametrize("size", [(9, 7), (3, 9, 7)])
@pytest.mark.parametrize("task", [CLASSES, LAYERS])
def test_the_probabilities_of_classes_are_channels_with_their_names(
    task: Task, size: tuple[int, ...], tmp_path: Path
) -> None:
    made = prediction(task, size)
    (path,) = written(results.PROBABILITY, made, tmp_path).values()
    found = read(path)
    np.testing.assert_array_equal(found.array, made.probabilities)
    assert (found.channels, found.spacing) == (task.classes, made.image.spacing)
    with TiffFile(path) as file:
        assert file.imagej_metadata
        assert file.imagej_metadata["channels"] == len(task.classes)
        assert file.imagej_metadata.get("slices", 1) == (3 if len(size) == 3 else 1)


@pytest.mark.parametrize("size", [(9, 7), (3, 9, 7)])
def test_masks_are_white_or_have_the_values_of_the_training(size: tuple[int, ...], tmp_path: Path) -> None:
    cells, classes = prediction(CELLS, size), prediction(CLASSES, size)
    (path,) = written(results.MASKS, cells, tmp_path).values()
    assert path.suffix == (".png" if len(size) == 2 else ".tif")
    mask = read_values(path)
    np.testing.assert_array_equal(mask.array, 255 * cells.labels)
    assert mask.array.dtype == np.uint8
    path.unlink()
    (path,) = written(results.MASKS, classes, tmp_path).values()
    np.testing.assert_array_equal(read_values(path).array, np.array([0, 3, 300])[classes.labels])


def test_masks_of_coloured_classes_hold_their_numbers(tmp_path: Path) -> None:
    task = Task(LabelScheme("classes", ("a", "b", "c"), colours=("#000000", "#ff0000", "#00ff00")))
    made = prediction(task, (9, 7))
    (path,) = written(results.MASKS, made, tmp_path).values()
    np.testing.assert_array_equal(read_values(path).array, made.labels)


def test_layers_have_files_of_their_own(tmp_path: Path) -> None:
    made = prediction(LAYERS, (9, 7))
    masks = written(results.MASKS, made, tmp_path)
    assert set(masks) == {"_mask_cell.png", "_mask_nucleus-dark.png"}
    for path, layer in zip(sorted(masks.values()), made.labels, strict=True):
        np.testing.assert_array_equal(read_values(path).array, 255 * layer)
        path.unlink()
    assert set(written(results.INSTANCES, made, tmp_path)) == {
        f"_instances_{name}.{suffix}" for name in ("cell", "nucleus-dark") for suffix in ("tif", "csv")
    }


@pytest.mark.parametrize(
    ("task", "wanted"),
    [(Task(), 1), (CLASSES, [0, 1, 2]), (LAYERS, [0, 1]), (Task(LabelScheme("layers", ("a",))), 0)],
)
def test_outputs_beyond_the_classes_are_not_written(task: Task, wanted: int | list[int]) -> None:
    outputs = np.arange(4.0)[:, None]  # the number of each output, at one pixel
    assert results.written_probabilities(task, outputs)[..., 0].tolist() == wanted


def test_names_of_layers_that_become_equal_are_numbered() -> None:
    task = Task(LabelScheme("layers", ("a/b", "a b", "")))
    assert results.INSTANCES.endings(task)[::2] == [
        "_instances_a-b-0.tif",
        "_instances_a-b-1.tif",
        "_instances_class.tif",
    ]
    assert [file_name(name) for name in ("../up", "µ-1.5", "  ")] == ["up", "µ-1.5", "class"]


@pytest.mark.parametrize(("size", "unit"), [((9, 7), "area_um2"), ((3, 9, 7), "area_um2")])
def test_instances_are_a_label_image_and_a_table(size: tuple[int, ...], unit: str, tmp_path: Path) -> None:
    made = prediction(CLASSES, size)
    files = written(results.INSTANCES, made, tmp_path)
    labels, rows = read(files["_instances.tif"]), list(csv.DictReader(files["_instances.csv"].open()))
    np.testing.assert_array_equal(labels.array[0], made.found[0].labels)
    assert labels.array.dtype == np.uint16
    assert labels.spacing == made.image.spacing
    for row in rows:
        inside = labels.array[0] == int(row["id"])
        kind = CLASSES.classes.index(row["class"])
        assert set(made.labels[inside].tolist()) == {kind}
        assert int(row["pixels"]) == inside.sum()
        assert float(row[unit]) == pytest.approx(inside.sum() * 0.125)
        assert float(row["mean_probability"]) == pytest.approx(made.probabilities[kind][inside].mean(), abs=1e-4)
    assert len(rows) == labels.array.max()


def picture(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Pillow.open(path)) if path.suffix == ".png" else imread(path)


@pytest.mark.parametrize("size", [(9, 7), (3, 9, 7)])
def test_the_overlay_is_a_picture_in_the_colours_of_the_classes(size: tuple[int, ...], tmp_path: Path) -> None:
    made = prediction(CLASSES, size)
    (path,) = written(results.OVERLAY, made, tmp_path).values()
    expected = overlay(made.image.array, made.found, ("#000000", COLOURS[1], COLOURS[2]))
    np.testing.assert_array_equal(picture(path), expected)


def test_outlines_are_geojson_or_rois(tmp_path: Path) -> None:
    made = prediction(CLASSES, (9, 7))
    (path,) = written(outlines_named("geojson"), made, tmp_path).values()
    assert len(json.loads(path.read_text())["features"]) == made.found[0].labels.max()
    path.unlink()
    (path,) = written(outlines_named("rois"), made, tmp_path).values()
    assert path.name == "a_rois.zip"
    with pytest.raises(ValueError, match="--outlines svg: write one of geojson, rois"):
        outlines_named("svg")


def test_options_of_instances_are_handed_on() -> None:
    labels = np.zeros((2, 8, 20), np.uint8)
    labels[:, 1:7, 1:19] = 1
    labels[0, 7, 19] = 1
    made = Prediction(Image(np.zeros((1, 2, 8, 20))), CELLS, np.zeros((2, 2, 8, 20)), labels)
    counts = [
        Prediction(*(made.image, made.task, made.probabilities, made.labels), *options).found[0].labels.max()
        for options in ((2, 1, 0), (3, 1, 0), (2, 5, 0), (2, 5, 6))
    ]
    assert counts[:3] == [3, 2, 2]
    assert counts[3] > 2


def test_nothing_but_the_stated_files_is_written(tmp_path: Path) -> None:
    for size in ((9, 7), (3, 9, 7)):
        for task in (CELLS, CLASSES, LAYERS):
            for kind in ALL:
                if len(size) == 2 or not kind.not_for_stacks:
                    folder = tmp_path / f"{len(size)}-{task.scheme.kind}-{kind.name}"
                    folder.mkdir()
                    assert written(kind, prediction(task, size), folder)


@pytest.mark.parametrize(
    ("size", "kind"), [((19, 17), results.GEOJSON), ((19, 17), results.ROIS), ((3, 9, 7), results.ROIS)]
)
def test_outlines_are_read_again_as_labels(size: tuple[int, ...], kind: Kind, tmp_path: Path) -> None:
    """A hole is kept. The reader gives a pixel to the smallest outline that covers it, and none of these overlap."""
    made = prediction(CLASSES, size)
    (path,) = written(kind, made, tmp_path).values()
    found = read_outlines([path], size, "a")
    (here,) = made.found
    np.testing.assert_array_equal(found.instances > 0, here.labels > 0)
    pairs = np.unique(np.stack([found.instances[here.labels > 0], here.labels[here.labels > 0]]), axis=1)
    assert pairs.shape[1] == len(here.classes)
    if kind is results.GEOJSON:  # ROIs have the name of the class within their own
        names = np.array(["background", *found.names])[found.classes]
        np.testing.assert_array_equal(names, np.array(CLASSES.classes)[made.labels])
