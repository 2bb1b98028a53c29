"""Outlines of all formats as numbered cells, and files that are none."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unet_tutorial.datasets.annotations.outlines.read import read_outlines

SIZE = (6, 8)
SHAPES = [
    {"label": "b", "points": [[0, 0], [5, 0], [5, 4], [0, 4]]},
    {"label": "a", "points": [[4, 3], [7, 3], [7, 5], [4, 5]]},
]


def labelme(path: Path, shapes: list[dict[str, Any]]) -> Path:
    path.write_text(json.dumps({"shapes": shapes, "imageHeight": 6, "imageWidth": 8}), encoding="utf8")
    return path


def test_a_pixel_of_two_outlines_belongs_to_the_smaller_one(tmp_path: Path) -> None:
    path = labelme(tmp_path / "a.json", SHAPES)
    found = read_outlines([path], SIZE, "a")
    numbers = np.zeros(SIZE, int)
    numbers[:4, :5] = 1
    numbers[3:5, 4:7] = 2
    np.testing.assert_array_equal(found.instances, numbers)
    np.testing.assert_array_equal(found.classes, np.array([0, 2, 1])[numbers])
    assert found.names == ("a", "b")
    assert found.remarks == (f"{path}, a: 1 pixels lie in several outlines; each belongs to the smallest of them",)


def test_several_files_of_one_image(tmp_path: Path) -> None:
    paths = [labelme(tmp_path / f"{number}.json", [shape]) for number, shape in enumerate(SHAPES)]
    together = read_outlines([labelme(tmp_path / "a.json", SHAPES)], SIZE, "a")
    np.testing.assert_array_equal(read_outlines(paths, SIZE, "a").instances, together.instances)


def test_outlines_without_pixels_are_counted(tmp_path: Path) -> None:
    path = labelme(tmp_path / "a.json", [*SHAPES[:1], {"label": "a", "points": [[6, 5], [6.1, 5], [6.1, 5.1]]}])
    found = read_outlines([path], SIZE, "a")
    assert found.remarks == (f"{path}, a: 1 object is left out: outlines without the centre of a pixel",)
    assert found.instances.max() == 1


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    assert read_outlines([labelme(tmp_path / "a.json", SHAPES)], SIZE, "a").instances.max() == 2
    assert read_outlines([labelme(tmp_path / "a.json", SHAPES[:1])], SIZE, "a").instances.max() == 1


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "not a JSON file"),
        ("a.json", "{}", "not of COCO, labelme or QuPath"),
        ("a.json", '{"shapes": [{"label": "a"}]}', "its outlines cannot be read"),
        ("a.json", '{"shapes": [{"label": "a", "points": [["x", 1], [2, 3], [4, 5]]}]}', "its outlines cannot be read"),
        ("a.json", '{"shapes": 3}', "its outlines cannot be read"),
        ("a.json", '{"images": [{}], "annotations": []}', "its outlines cannot be read"),
        ("a.geojson", '{"type": "FeatureCollection"}', "its outlines cannot be read"),
        ("a.zip", "text", "it has no regions of ImageJ"),
        ("a.roi", "text", "it has no regions of ImageJ"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=rf"{name}: .*({message})"):
        read_outlines([tmp_path / name], SIZE, "a")


def test_outlines_of_an_image_are_not_those_of_a_stack(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.json: it has outlines for a single image, but the image is a stack of 3"):
        read_outlines([labelme(tmp_path / "a.json", SHAPES)], (3, *SIZE), "a")
