"""Full disks, read-only folders, interruptions: the old file stays, and no half of a new one."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from unet_tutorial.datasets.files import read_image, write_image
from unet_tutorial.datasets.folder import read_folder
from unet_tutorial.disk import complete_file, make_folder

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (13, 17), dtype=np.uint8)


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """A disk that is full after `size` bytes of a file, as the kernel reports it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def nobody() -> Iterator[None]:
    """Root may read and write anywhere, so it is nobody meanwhile; any other user stays the same."""
    user = os.geteuid()
    os.seteuid(user or 65534)
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_a_write_that_fails_midway_leaves_the_old_file(tmp_path: Path, name: str) -> None:
    write_image(tmp_path / name, GREY)
    noise = RNG.integers(0, 256, (300, 300), dtype=np.uint8)
    with files_of_at_most(2000), pytest.raises(ValueError, match=rf"{name}: cannot be written .*has room"):
        write_image(tmp_path / name, noise)
    assert [file.name for file in tmp_path.iterdir()] == [name]
    np.testing.assert_array_equal(read_image(tmp_path / name), GREY)


def test_a_broken_off_write_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(part: Path) -> None:
        part.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), complete_file(tmp_path / "a.txt") as part:
        interrupted(part)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_and_a_file_for_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in ("none", "file"):
        with pytest.raises(ValueError, match=r"cannot be written .*choose a folder that exists"):
            write_image(tmp_path / folder / "a.png", GREY)


def test_a_read_only_folder_is_refused() -> None:
    with TemporaryDirectory() as name:
        write_image(f"{name}/old.png", GREY)
        Path(name).chmod(0o555)
        with nobody(), pytest.raises(ValueError, match="Permission denied"):
            write_image(f"{name}/a.png", GREY)


@pytest.mark.parametrize("locked", ["images/a.png", "labels/a.tif", "images", "."])
def test_what_may_not_be_read_is_a_matter_of_permissions(locked: str) -> None:
    with TemporaryDirectory() as name:
        for file in ("images/a.png", "labels/a.tif"):
            make_folder((Path(name) / file).parent)
            write_image(Path(name) / file, GREY)
        Path(name).chmod(0o755)
        (Path(name) / locked).chmod(0)
        named = str(Path(name) / locked) + ".*"
        with (
            nobody(),
            pytest.raises(ValueError, match=rf"^{named}: you are not permitted to read it \(Permission denied"),
        ):
            read_folder(name)


def test_a_folder_is_made_with_its_parents_or_refused(tmp_path: Path) -> None:
    assert make_folder(make_folder(tmp_path / "a" / "b")).is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"file/a: this folder cannot be made \(Not a directory\); choose"):
        make_folder(tmp_path / "file" / "a")
