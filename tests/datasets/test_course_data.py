"""The files in data/ are those of the generators, and data/README.md holds their checksums."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from unet_tutorial.datasets import course_data
from unet_tutorial.datasets.course_data import DATA, GENERATORS, SHIPPED, digest, shipped_sample, write_course_data
from unet_tutorial.datasets.files import read_image
from unet_tutorial.datasets.synthetic import em_membranes


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_files_are_what_the_generator_makes(name: str) -> None:
    kind, seeds = SHIPPED[name]
    sample = shipped_sample(kind, seeds[-1])
    number = f"{len(seeds) - 1:02}.png"
    np.testing.assert_array_equal(read_image(DATA / name / "labels" / number), sample.instances)
    image = read_image(DATA / name / "images" / number)
    assert np.abs(image - sample.image.astype(int)).max() <= 1  # a filter's last bit may differ between processors


@pytest.mark.parametrize("name", SHIPPED)
def test_the_readme_names_the_checksum_of_the_shipped_labels(name: str) -> None:
    labels = [read_image(file) for file in sorted((DATA / name / "labels").iterdir())]
    assert len(labels) == len(SHIPPED[name][1])
    assert digest(np.stack(labels)) in (DATA / "README.md").read_text()


def test_no_image_is_in_two_sets_and_all_are_small() -> None:
    files = list(DATA.rglob("*.png"))
    assert len({hashlib.sha256(file.read_bytes()).digest() for file in files}) == len(files)
    assert max(file.stat().st_size for file in files) < 200_000
    assert sum(file.stat().st_size for file in files) < 2_000_000


def test_the_command_writes_the_files_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(course_data, "SHIPPED", {"cells/test": SHIPPED["cells/test"]})
    digests = write_course_data(tmp_path)
    names = sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.png"))
    assert names == [f"cells/test/{part}/{number}.png" for part in ("images", "labels") for number in ("00", "01")]
    labels = [read_image(DATA / name) for name in names if "labels" in name]
    for name, theirs in zip(names[2:], labels, strict=True):
        np.testing.assert_array_equal(read_image(tmp_path / name), theirs)
    little_endian = b"".join(int(value).to_bytes(2, "little") for value in np.stack(labels).ravel())
    assert digests == {"cells/test": hashlib.sha256(little_endian).hexdigest()}


def test_a_micrograph_is_the_middle_of_a_larger_slice() -> None:
    sample, slice_ = GENERATORS["em"](100, 64), em_membranes(100, 128)
    np.testing.assert_array_equal(sample.image, slice_.image[32:96, 32:96])
    np.testing.assert_array_equal(sample.instances > 0, slice_.instances[32:96, 32:96] > 0)
