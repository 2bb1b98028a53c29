"""After a full disk, a missing permission or an interruption, the old file is there and no part of a new one."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.oracles.permissions import as_nobody, limited_file_size
from unet_tutorial.disk import complete_file, make_folder, one_line


def write(path: Path, content: bytes) -> None:
    with complete_file(path) as part:
        part.write_bytes(content)


def test_the_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    with complete_file(tmp_path / "a.txt") as part:
        part.write_text("new")
        assert part.parent == tmp_path
        assert part.suffix == ".txt"
        assert not (tmp_path / "a.txt").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_write_that_fails_midway_leaves_the_old_file(tmp_path: Path) -> None:
    write(tmp_path / "a.bin", b"old")
    with (
        limited_file_size(2000),
        pytest.raises(ValueError, match=r"a\.bin: cannot be written \(File too large\); .* with free space"),
    ):
        write(tmp_path / "a.bin", bytes(3000))
    assert [file.name for file in tmp_path.iterdir()] == ["a.bin"]
    assert (tmp_path / "a.bin").read_bytes() == b"old"


def test_an_interrupted_write_leaves_nothing(tmp_path: Path) -> None:
    def interrupted(part: Path) -> None:
        part.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), complete_file(tmp_path / "a.txt") as part:
        interrupted(part)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_and_a_file_for_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in ("none", "file"):
        with pytest.raises(ValueError, match=r"a\.txt: cannot be written .*choose an existing, writable folder"):
            write(tmp_path / folder / "a.txt", b"x")


def test_a_read_only_folder_is_refused() -> None:
    with TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        with as_nobody(), pytest.raises(ValueError, match="Permission denied"):
            write(Path(name) / "a.txt", b"x")


def test_a_folder_is_created_with_its_parents_or_refused(tmp_path: Path) -> None:
    assert make_folder(make_folder(tmp_path / "a" / "b")).is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"file/a: this folder cannot be created \(Not a directory\); choose"):
        make_folder(tmp_path / "file" / "a")


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("two\n  lines"), "two lines"),
        (ValueError("x" * 200), "x" * 160),
        (RuntimeError(), "RuntimeError"),
        (OSError(28, "No space left on device", "a.png"), "No space left on device"),
    ],
)
def test_an_error_in_one_line(error: BaseException, line: str) -> None:
    assert one_line(error) == line
