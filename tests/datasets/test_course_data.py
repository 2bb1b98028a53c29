"""The files in data/ are those of the generators, and data/README.md holds their checksums."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from unet_tutorial.datasets import course_data
from unet_tutorial.datasets.course_data import (
    CLASS_NAMES,
    DATA,
    GENERATORS,
    SHIPPED,
    SHIPPED_CLASSES,
    digest,
    shipped_sample,
    write_class_names,
    write_course_data,
)
from unet_tutorial.datasets.generators.synthetic import em_membranes

ALL = SHIPPED | SHIPPED_CLASSES


def read(path: Path) -> NDArray[Any]:
    return np.asarray(Image.open(path))


def label_files(name: str) -> list[Path]:
    """The label files of a set: by image, and for layers by class."""
    return sorted((DATA / name / "labels").rglob("*.png"), key=lambda file: (file.stem, file.parent.name))


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_the_shipped_files_are_what_the_generator_makes(name: str) -> None:
    kind, seeds = ALL[name]
    number = f"{len(seeds) - 1:02}.png"
    for part, array in shipped_sample(kind, seeds[-1]).files.items():
        shipped = read(DATA / name / part / number)
        # a filter's last bit may differ between processors
        np.testing.assert_allclose(shipped.astype(int), array.astype(int), atol=int(part == "images"), rtol=0)


@pytest.mark.parametrize("name", ALL)
def test_the_readme_names_the_checksum_of_the_shipped_labels(name: str) -> None:
    files = label_files(name)
    layers = len({file.parent for file in files})
    assert len(files) == layers * len(ALL[name][1])
    assert digest(np.stack([read(file) for file in files])) in (DATA / "README.md").read_text(encoding="utf8")


@pytest.mark.parametrize("name", [name for name in SHIPPED_CLASSES if "tissue" in name])
def test_every_value_of_the_labels_has_a_name(name: str) -> None:
    names = json.loads((DATA / name / "classes.json").read_text(encoding="utf8"))
    assert names == {"background": 0, "stroma": 1, "gland": 2, "lymphocyte": 3}
    assert set(np.unique([read(file) for file in label_files(name)])) == set(names.values())


def test_no_image_is_in_two_sets_and_all_are_small() -> None:
    files = list(DATA.rglob("*.png"))
    images = [file for file in files if file.parent.name == "images"]
    assert len({hashlib.sha256(file.read_bytes()).digest() for file in images}) == len(images) == 56
    assert max(file.stat().st_size for file in files) < 200_000
    assert sum(file.stat().st_size for file in files) < 2_100_000
    assert sum(file.stat().st_size for name in SHIPPED_CLASSES for file in (DATA / name).rglob("*.png")) < 700_000


def test_the_command_writes_the_files_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course_data, "SHIPPED", {"cells/test": SHIPPED["cells/test"]})
    monkeypatch.setattr(course_data, "SHIPPED_CLASSES", {name: ALL[name] for name in ("tissue/test", "discs/test")})
    digests = write_course_data(tmp_path)
    written = sorted(file.relative_to(tmp_path) for file in tmp_path.rglob("*") if file.is_file())
    assert written == sorted(
        file.relative_to(DATA) for name in digests for file in (DATA / name).rglob("*") if file.is_file()
    )
    for file in written:
        if "labels" in file.parts:
            np.testing.assert_array_equal(read(tmp_path / file), read(DATA / file))
    cells = np.stack([read(file) for file in label_files("cells/test")])
    little_endian = b"".join(int(value).to_bytes(2, "little") for value in cells.ravel())
    assert digests["cells/test"] == hashlib.sha256(little_endian).hexdigest()
    assert list(digests) == ["cells/test", "tissue/test", "discs/test"]


def test_names_of_classes_are_written_with_their_values(tmp_path: Path) -> None:
    write_class_names(tmp_path, ("glass", "cell"))
    assert json.loads((tmp_path / "classes.json").read_text()) == {"glass": 0, "cell": 1}
    assert set(CLASS_NAMES) < set(GENERATORS)


def test_a_micrograph_is_the_middle_of_a_larger_slice() -> None:
    files, slice_ = GENERATORS["em"](100, 64).files, em_membranes(100, 128)
    np.testing.assert_array_equal(files["images"], slice_.image[32:96, 32:96])
    np.testing.assert_array_equal(files["labels"] > 0, slice_.instances[32:96, 32:96] > 0)
