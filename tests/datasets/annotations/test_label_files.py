"""Label files of one image: a mask, several masks, outlines."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unet_tutorial.datasets.annotations.encoding import encode
from unet_tutorial.datasets.annotations.label_files import layer_names, raw_labels
from unet_tutorial.datasets.annotations.label_kinds import decide
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.images.files import write_image

MASK = np.zeros((6, 8), np.uint8)
MASK[1:3, 2:5] = 255
OTHER = np.zeros((6, 8), np.uint8)
OTHER[2:5, 4:7] = 255


def write(path: Path, array: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, array)
    return path


def test_one_file_is_a_mask(tmp_path: Path) -> None:
    raw = raw_labels([write(tmp_path / "a.png", MASK)], MASK.shape, "a")
    assert raw.name == str(tmp_path / "a.png")
    np.testing.assert_array_equal(raw.array, MASK)


def test_palette_and_rgb_files_keep_their_colours(tmp_path: Path) -> None:
    image = Image.fromarray(MASK // 255, "P")
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.save(tmp_path / "p.png")
    image.convert("RGB").save(tmp_path / "c.png")
    files = [raw_labels([tmp_path / name], MASK.shape, name[0]) for name in ("p.png", "c.png")]
    scheme = decide(files, colours="#000000=background,#ff0000=cell")
    for file in files:
        np.testing.assert_array_equal(encode(scheme, file).labels, MASK > 0)


def test_several_files_are_layers_or_cells(tmp_path: Path) -> None:
    paths = [write(tmp_path / "a_nucleus.png", MASK), write(tmp_path / "a_membrane.png", OTHER)]
    raw = raw_labels(paths, MASK.shape, "a")
    assert decide([raw]) == LabelScheme("layers", ("nucleus", "membrane"))
    np.testing.assert_array_equal(encode(decide([raw]), raw).labels, np.stack([MASK, OTHER]) > 0)
    cells = raw_labels(paths, MASK.shape, "a", one_file_per_cell=True)
    assert decide([cells]) == LabelScheme()
    assert "1 pixels lie in several cells" in cells.remarks[0]
    np.testing.assert_array_equal(cells.instances == 1, (MASK > 0))  # the smaller one
    one = raw_labels(paths[:1], MASK.shape, "a", one_file_per_cell=True)
    np.testing.assert_array_equal(encode(decide([one, cells]), one).instances, MASK > 0)


def test_outlines(tmp_path: Path) -> None:
    shape = {"label": "nucleus", "points": [[2, 1], [5, 1], [5, 3], [2, 3]]}
    (tmp_path / "a.json").write_text(json.dumps({"shapes": [shape]}))
    raw = raw_labels([tmp_path / "a.json"], MASK.shape, "a")
    assert decide([raw]) == LabelScheme("instances", ("background", "nucleus"))
    np.testing.assert_array_equal(encode(decide([raw]), raw).labels, MASK > 0)


@pytest.mark.parametrize(
    ("paths", "name", "names"),
    [
        (["a_x.png", "a_y.png"], "a", ("x", "y")),
        (["x/a.png", "y/a.tif"], "a", ("x", "y")),
        (["s/a-x.nii.gz", "s/a.y.ome.tif"], "s/a", ("x", "y")),
        (["x.png", "y.png"], "a", ("x", "y")),
        (["ax.png", "by.png"], "a", ("ax", "by")),
        (["a.png", "a_y.png"], "a", ("a", "a_y")),
    ],
)
def test_names_of_layers(paths: list[str], name: str, names: tuple[str, ...]) -> None:
    assert layer_names(list(map(Path, paths)), name) == names


def test_files_that_are_no_masks_are_refused(tmp_path: Path) -> None:
    good = write(tmp_path / "a_x.png", MASK)
    with pytest.raises(ValueError, match=r"a_y\.png: the mask has shape \(6, 7\) and its image \(6, 8\)"):
        raw_labels([good, write(tmp_path / "a_y.png", MASK[:, 1:])], MASK.shape, "a")
    Image.fromarray(np.stack([MASK, OTHER, MASK], -1)).save(tmp_path / "a_y.png")
    with pytest.raises(ValueError, match=r"a_y\.png: expected a grey mask of one class or cell"):
        raw_labels([good, tmp_path / "a_y.png"], MASK.shape, "a")
    Image.fromarray(MASK).save(tmp_path / "a.jpg")
    with pytest.raises(ValueError, match="JPEG changes the values of a mask"):
        raw_labels([tmp_path / "a.jpg"], MASK.shape, "a")
    smooth = write(tmp_path / "a_z.png", MASK // 255 * np.arange(8, dtype=np.uint8))
    with pytest.raises(ValueError, match="its layer z holds 0, 2, 3, 4"):
        raw_labels([good, smooth], MASK.shape, "a", one_file_per_cell=True)
    with pytest.raises(ValueError, match="there is no such file"):
        raw_labels([tmp_path / "none.png"], MASK.shape, "a")
