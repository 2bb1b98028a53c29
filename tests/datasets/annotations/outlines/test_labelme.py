"""labelme's JSON."""

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from unet_tutorial.datasets.annotations.outlines.labelme import is_labelme, read_labelme

SIZE = (6, 8)


def content(*shapes: dict[str, Any]) -> dict[str, Any]:
    return {
        "imagePath": "a.png",
        "imageHeight": 6,
        "imageWidth": 8,
        "shapes": [{"label": "cell", **each} for each in shapes],
    }


def pixels(*shapes: dict[str, Any]) -> list[list[int]]:
    """The rows and columns of the pixels of the only outline."""
    (outline,) = read_labelme(content(*shapes), SIZE).outlines
    image = np.zeros(SIZE, bool)
    image[outline.region.where] = outline.region.mask
    return np.argwhere(image).tolist()


def png(mask: Any) -> str:
    stream = io.BytesIO()
    Image.fromarray(np.asarray(mask, np.uint8)).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


SQUARE = [[1, 2], [1, 3], [2, 2], [2, 3]]
SHAPES: dict[str, dict[str, Any]] = {
    "polygon": {"shape_type": "polygon", "points": [[2, 1], [4, 1], [4, 3], [2, 3]]},
    "no type": {"points": [[2, 1], [4, 1], [4, 3], [2, 3]]},
    "rectangle": {"shape_type": "rectangle", "points": [[2, 1], [4, 3]]},
    "rectangle from below": {"shape_type": "rectangle", "points": [[4, 3], [2, 1]]},
    "circle": {"shape_type": "circle", "points": [[3, 2], [3, 3]]},
    "mask": {"shape_type": "mask", "points": [[2, 1], [3, 2]], "mask": png([[1, 1], [1, 1]])},
}


@pytest.mark.parametrize("kind", SHAPES)
def test_all_shapes_with_an_area_are_read(kind: str) -> None:
    assert pixels(SHAPES[kind]) == SQUARE


def test_shapes_of_a_group_are_one_cell() -> None:
    other = {"points": [[6, 4], [7, 4], [7, 5], [6, 5]], "group_id": 0}
    assert pixels({**SHAPES["polygon"], "group_id": 0}, other) == [*SQUARE, [4, 6]]
    assert len(read_labelme(content(SHAPES["polygon"], {**other, "group_id": None}), SIZE).outlines) == 2
    assert len(read_labelme(content(SHAPES["polygon"], {**other, "label": "x"}), SIZE).outlines) == 2


def test_points_and_lines_are_left_out_with_a_sentence() -> None:
    shapes = [{"shape_type": kind, "points": [[1, 1], [2, 2]]} for kind in ("point", "line", "linestrip")]
    found = read_labelme(content(*shapes), SIZE)
    assert found.outlines == []
    assert found.remarks == ["3 objects are left out: points and lines, which have no area"]


def test_other_sizes_and_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"it states \(6, 8\) .height, width. for its image, which has \(8, 6\)"):
        read_labelme(content(), (8, 6))
    with pytest.raises(ValueError, match="the shape type star is unknown"):
        read_labelme(content({"shape_type": "star", "points": [[1, 1], [2, 2]]}), SIZE)
    with pytest.raises(ValueError, match="partly outside"):
        read_labelme(content({**SHAPES["mask"], "points": [[7, 1], [8, 2]]}), SIZE)


def test_other_json_is_not_labelme() -> None:
    assert is_labelme(content())
    assert not any(map(is_labelme, [{}, [], {"images": []}, 3]))
