"""OME-Zarr folders: valid metadata, scales, and pixels that other readers find."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zarr

from tests.oracles.permissions import as_nobody
from unet_tutorial.datasets.images.files import read
from unet_tutorial.datasets.ome_zarr import (
    Chunks,
    Picture,
    add_attributes,
    attributes_of,
    create,
    first_of,
    mean_of,
    scale_factors,
)

SIZE = (6, 300, 520)
PICTURES = (
    Picture("", "czyx", (2, *SIZE), (3, 64, 64), "float32", (2.0, 0.5, 0.5), mean_of, channels=("a", "b")),
    Picture("classes", "zyx", SIZE, (3, 64, 64), "uint8", (2.0, 0.5, 0.5), classes=("nucleus",)),
)
WITHOUT = (Picture("", "zyx", SIZE, (3, 64, 64), "float32", shrink=mean_of),)
LAYERS = (
    Picture("", "cyx", (2, *SIZE[1:]), (64, 64), "float32", (), mean_of, channels=("a", "b")),
    Picture("classes", "cyx", (2, *SIZE[1:]), (64, 64), "uint8", channels=("a", "b")),
)


MOVED = tuple(replace(each, translation=(-7.0, 100.0, 0.0)) for each in PICTURES)


@pytest.mark.parametrize("pictures", [PICTURES, WITHOUT, LAYERS, MOVED])
def test_the_folder_is_valid(tmp_path: Path, pictures: tuple[Picture, ...]) -> None:
    yaozarrs = pytest.importorskip("yaozarrs", reason="the validator of OME-Zarr: pip install yaozarrs")
    create(tmp_path / "a.zarr", pictures, {"more": 1})
    yaozarrs.validate_zarr_store(str(tmp_path / "a.zarr"))
    assert attributes_of(tmp_path / "a.zarr")["more"] == 1
    ome = tmp_path / "a.zarr" / "zarr.json"
    held = json.loads(ome.read_text())
    held["attributes"]["ome"]["multiscales"][0]["axes"] = []
    ome.write_text(json.dumps(held))
    with pytest.raises(Exception, match="axes"):
        yaozarrs.validate_zarr_store(str(tmp_path / "a.zarr"))


def test_the_project_reads_what_was_written(tmp_path: Path) -> None:
    create(tmp_path / "a.zarr", PICTURES, {})
    chunks, values = Chunks(tmp_path / "a.zarr"), np.random.default_rng(0).random((2, *SIZE)).astype(np.float32)
    region = tuple(slice(n) for n in SIZE)
    chunks.write(PICTURES[0], region, values)
    image = read(tmp_path / "a.zarr")
    np.testing.assert_array_equal(image.array, values)
    assert (image.channels, image.spacing) == (("a", "b"), (2.0, 0.5, 0.5))
    np.testing.assert_array_equal(chunks.read(PICTURES[0], (slice(1), slice(4), slice(4))), values[:, :1, :4, :4])


def test_a_chunk_of_zeros_is_written_too(tmp_path: Path) -> None:
    create(tmp_path / "a.zarr", WITHOUT, {})
    Chunks(tmp_path / "a.zarr").write(WITHOUT[0], (slice(3), slice(64), slice(64)), np.zeros((3, 64, 64)))
    assert (tmp_path / "a.zarr/0/c/0/0/0").is_file()


def test_a_coarse_pixel_is_the_mean_of_its_pixels() -> None:
    values = np.random.default_rng(0).random((2, 7, 9)).astype(np.float32)
    found = mean_of(values, (1, 2, 4))
    wanted = [[[values[c, y : y + 2, x : x + 4].mean() for x in (0, 4, 8)] for y in (0, 2, 4, 6)] for c in (0, 1)]
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(first_of(values, (1, 2, 4)), values[:, ::2, ::4])


def test_scales_make_pixels_more_cubic_and_end_at_256_pixels() -> None:
    assert scale_factors((300, 1000, 2000), (5, 1, 1)) == [(1, 1, 1), (1, 2, 2), (1, 4, 4), (2, 8, 8)]
    assert scale_factors((256, 200), ()) == [(1, 1)]
    assert scale_factors((1, 1000), ()) == [(1, 1), (1, 2), (1, 4)]
    assert scale_factors((1000, 2), (1, 9)) == [(1, 1), (2, 1), (4, 1)]
    assert scale_factors((400, 400), (1.9, 1)) == [(1, 1), (2, 2)]
    assert scale_factors((400, 400), (2, 1)) == [(1, 1), (1, 2), (2, 4)]
    assert scale_factors((2, 1000), (1, 1)) == [(1, 1), (2, 2), (2, 4)]


def test_the_place_of_a_coarse_pixel_is_the_centre_of_its_pixels() -> None:
    ome = PICTURES[0].metadata()["multiscales"][0]["datasets"][1]["coordinateTransformations"]
    assert ome == [
        {"type": "scale", "scale": [1.0, 2.0, 1.0, 1.0]},
        {"type": "translation", "translation": [0.0, 0.0, 0.25, 0.25]},
    ]
    assert len(PICTURES[1].metadata()["multiscales"][0]["datasets"][1]["coordinateTransformations"]) == 1


def test_the_position_of_the_image_is_kept_at_all_scales() -> None:
    picture = replace(PICTURES[0], translation=(-7.0, 100.0, 0.0))
    labels = replace(PICTURES[1], translation=(-7.0, 100.0, 0.0))
    for each, places in (
        (picture, [[0, -7, 100, 0], [0, -7, 100.25, 0.25]]),
        (labels, [[-7, 100, 0], [-7, 100, 0]]),
    ):
        held = each.metadata()["multiscales"][0]["datasets"]
        assert [scale["coordinateTransformations"][1]["translation"] for scale in held[:2]] == places


def test_attributes_are_added_and_those_of_other_folders_are_empty(tmp_path: Path) -> None:
    create(tmp_path / "a.zarr", WITHOUT, {"more": 1})
    add_attributes(tmp_path / "a.zarr", {"less": 2})
    held = attributes_of(tmp_path / "a.zarr")
    assert (held["more"], held["less"], "ome" in held) == (1, 2, True)
    assert attributes_of(tmp_path) == {}


def test_of_several_starts_at_once_one_makes_the_folder_and_the_others_say_so(tmp_path: Path) -> None:
    for number in range(5):
        path = tmp_path / f"{number}.zarr"

        def start(name: int, path: Path = path) -> str:
            try:
                create(path, PICTURES, {"made": name})
            except ValueError as error:
                return str(error)
            return ""

        with ThreadPoolExecutor(4) as pool:
            messages = list(pool.map(start, range(4)))
        (made,) = (name for name, message in enumerate(messages) if not message)
        assert set(messages) == {"", f"{path}: another process has just made this folder; run the same command again"}
        assert attributes_of(path)["made"] == made
        assert np.isclose(Chunks(path).read(PICTURES[0], (slice(1),) * 3), 0).all()
    assert len(list(tmp_path.iterdir())) == 5


def test_what_is_no_group_has_no_attributes_and_damaged_or_unreadable_metadata_are_refused(tmp_path: Path) -> None:
    zarr.create_array(str(tmp_path / "a.zarr"), data=np.zeros((3, 3)))
    (tmp_path / "file.zarr").write_text("text")
    for name in ("a.zarr", "file.zarr", "none.zarr"):
        assert attributes_of(tmp_path / name) == {}
    create(tmp_path / "b.zarr", WITHOUT, {})
    metadata = tmp_path / "b.zarr" / "zarr.json"
    for text in ("{", "", "[]"):
        metadata.write_text(text)
        with pytest.raises(ValueError, match=r"b.zarr: its zarr.json is damaged \(.*\); choose another folder"):
            attributes_of(tmp_path / "b.zarr")
    metadata.chmod(0)
    with as_nobody(), pytest.raises(ValueError, match=r"b.zarr.*: you are not permitted to read it"):
        attributes_of(tmp_path / "b.zarr")


def test_a_folder_that_cannot_be_made_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with as_nobody(), pytest.raises(ValueError, match=r"a.zarr: this folder cannot be made"):
        create(tmp_path / "a.zarr", WITHOUT, {})
    tmp_path.chmod(0o755)
    assert list(tmp_path.iterdir()) == []
