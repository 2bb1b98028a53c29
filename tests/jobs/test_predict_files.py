"""Batches of image files: the inputs, the outputs that exist, the channels, and images that fail."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from unet_tutorial.datasets.channels import COLOURS
from unet_tutorial.datasets.files import read, read_image, write_image
from unet_tutorial.datasets.image import GREY, Image
from unet_tutorial.jobs import results
from unet_tutorial.jobs.predict_files import check_outputs, fitting, images_in, predict_files
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.task import Task
from unet_tutorial.nets.presets import padded_unet

GREYS = np.random.default_rng(0).integers(0, 255, (24, 28), dtype=np.uint8)


@pytest.fixture
def predictor() -> Predictor:
    torch.manual_seed(0)
    return Predictor(padded_unet(widths=(2, 4)).eval(), thresholds=(0.4,))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two images, a text and a subfolder with an image."""
    folder = tmp_path / "images"
    (folder / "inner").mkdir(parents=True)
    for name in ("b.png", "a.tif", "inner/c.png"):
        write_image(folder / name, GREYS)
    (folder / "notes.txt").write_text("text")
    return folder


def test_a_folder_stands_for_its_images_by_name(folder: Path, tmp_path: Path) -> None:
    assert images_in([folder], tmp_path / "out") == [folder / "a.tif", folder / "b.png"]
    assert images_in([folder / "inner" / "c.png", folder], tmp_path)[0] == folder / "inner" / "c.png"


def test_folders_without_images_and_equal_names_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no image in this folder; give one with images, or .*images$"):
        images_in([tmp_path], tmp_path / "out")
    with pytest.raises(ValueError, match=r"this is the folder of the images; choose another folder for the results"):
        images_in([folder], tmp_path / "images" / "inner" / "..")
    for twin in ("x/a.png", "A.png"):
        with pytest.raises(ValueError, match=r"2 images are named (a|A); predict them into different folders"):
            images_in([Path("a.tif"), Path(twin)], tmp_path)


def test_existing_results_and_images_are_not_replaced(tmp_path: Path) -> None:
    image = tmp_path / "a.png"
    check_outputs([image], ["_mask.png", "_mask.tif"], tmp_path)
    for name in ("a_mask.png", "a_mask.tif"):
        (tmp_path / name).touch()
    with pytest.raises(
        ValueError, match=r"a_mask.png \(and 1 more\): this result exists; choose another folder with -o"
    ):
        check_outputs([image], ["_mask.png", "_mask.tif"], tmp_path)
    check_outputs([image], ["_mask.png"], tmp_path, overwrite=True)
    inputs = [image, tmp_path / "sub" / ".." / "a_mask.png"]
    with pytest.raises(
        ValueError, match=r"a_mask.png: this image would be replaced by a result; choose another folder"
    ):
        check_outputs(inputs, ["_mask.png"], tmp_path, overwrite=True)
    with pytest.raises(ValueError, match=r"a_mask.png: this is a file; choose a folder"):
        check_outputs([image], [], tmp_path / "a_mask.png")


def test_a_broken_link_is_a_result_that_exists(tmp_path: Path) -> None:
    (tmp_path / "a_mask.png").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="this result exists"):
        check_outputs([Path("a.png")], ["_mask.png"], tmp_path)


THREE = Image(np.arange(12).reshape(3, 2, 2), ("DAPI", "actin", "GFP"))


@pytest.mark.parametrize(
    ("image", "need", "order", "remarks"),
    [
        (THREE, ("DAPI", "actin", "GFP"), [0, 1, 2], 0),
        (THREE, ("GFP", "DAPI"), [2, 0], 0),
        (THREE, ("actin",), [1], 0),
        (THREE, COLOURS, [0, 1, 2], 1),
        (Image(np.zeros((1, 2, 2)), ("DAPI",)), GREY, [0], 0),
        (Image(np.zeros((1, 2, 2)), ("DAPI",)), ("Hoechst",), [0], 1),
    ],
)
def test_channels_are_found_by_name_and_otherwise_by_number(
    image: Image, need: tuple[str, ...], order: list[int], remarks: int
) -> None:
    found = fitting(image, Path("a.tif"), Task(channels=need))
    np.testing.assert_array_equal(found.array, image.array[order])
    assert (found.channels, len(found.remarks)) == (need, remarks)


def test_other_numbers_of_channels_are_refused_with_both() -> None:
    words = r"it has 3 channels \(DAPI, actin, GFP\), and the network was trained on 1 channel \(grey\); give an image"
    with pytest.raises(ValueError, match=words):
        fitting(THREE, Path("a.tif"), Task())


def test_equal_colours_are_three_channels_again_but_grey_files_are_not(tmp_path: Path) -> None:
    from PIL import Image as Pillow

    path = tmp_path / "a.png"
    Pillow.fromarray(GREYS).convert("RGB").save(path)
    found = fitting(read(path), path, Task(channels=COLOURS))
    np.testing.assert_array_equal(found.array, np.stack([GREYS] * 3))
    write_image(tmp_path / "grey.png", GREYS)
    with pytest.raises(ValueError, match=r"it has 1 channel \(grey\), and the network was trained on 3 channels"):
        fitting(read(tmp_path / "grey.png"), tmp_path / "grey.png", Task(channels=COLOURS))


def test_one_bad_image_does_not_stop_the_others(predictor: Predictor, folder: Path, tmp_path: Path) -> None:
    (folder / "aa.png").write_bytes(b"")
    write_image(folder / "nan.tif", np.full((20, 20), np.nan, np.float32))
    lines: list[str] = []
    kinds = (results.PROBABILITY, results.INSTANCES)
    failures = predict_files(predictor, images_in([folder], tmp_path), tmp_path / "out", kinds, log=lines.append)
    assert [line.split(": ")[0] for line in failures] == [str(folder / "aa.png"), str(folder / "nan.tif")]
    assert "0 bytes" in failures[0]
    assert "NaN" in failures[1]
    assert len(lines) == 2
    assert lines[0].startswith(f"{folder / 'a.tif'}: 24 × 28 pixels, ")
    names = {file.name for file in (tmp_path / "out").iterdir()}
    assert names == {f"{name}_{end}" for name in "ab" for end in ("probability.tif", "instances.tif", "instances.csv")}
    np.testing.assert_array_equal(read_image(tmp_path / "out" / "a_probability.tif"), predictor(GREYS[None])[1])


def test_nothing_is_made_if_all_images_fail(predictor: Predictor, tmp_path: Path) -> None:
    missing = tmp_path / "none.png"
    (line,) = predict_files(predictor, [missing], tmp_path / "out", [results.MASKS])
    assert line == f"{missing}: there is no such file; check the name and the folder"
    assert not (tmp_path / "out").exists()


def test_results_that_a_stack_cannot_have_are_refused_before_the_prediction(
    predictor: Predictor, tmp_path: Path
) -> None:
    predictor.net.register_forward_pre_hook(lambda *_: pytest.fail("the network was run"))
    write_image(tmp_path / "a.tif", np.stack([GREYS, GREYS]))
    (line,) = predict_files(predictor, [tmp_path / "a.tif"], tmp_path, [results.GEOJSON])
    assert "a.tif: there are no results of the kind geojson for a stack" in line


def test_an_image_beyond_the_memory_is_one_of_the_failures_and_other_errors_are_raised(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_image(tmp_path / "a.png", GREYS)
    kind = results.MASKS
    monkeypatch.setattr(
        Predictor, "__call__", lambda *_: raised(RuntimeError("DefaultCPUAllocator: can't allocate memory"))
    )
    (line,) = predict_files(predictor, [tmp_path / "a.png"], tmp_path, [kind])
    assert line == f"{tmp_path / 'a.png'}: out of memory; give a smaller --tile or --batch"
    monkeypatch.setattr(Predictor, "__call__", lambda *_: raised(RuntimeError("a mistake in the program")))
    with pytest.raises(RuntimeError, match="a mistake"):
        predict_files(predictor, [tmp_path / "a.png"], tmp_path, [kind])


def raised(error: Exception) -> None:
    raise error


def test_warnings_name_the_image(predictor: Predictor, tmp_path: Path) -> None:
    write_image(tmp_path / "a.tif", GREYS, spacing=(0.5, 0.5))
    found: list[str] = []
    training = Predictor(predictor.net, Task(spacing=(0.1, 0.1)))
    predict_files(training, [tmp_path / "a.tif"], tmp_path / "out", [results.MASKS], warn=found.append)
    assert found == [
        f"{tmp_path / 'a.tif'}: its pixels are 0.5 × 0.5 µm, in training 0.1 × 0.1 µm; "
        "resample it to the pixel size of the training"
    ]
