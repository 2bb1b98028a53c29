"""After a full disk, a missing permission or an interruption, the old file is there and no part of a new one."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.oracles.permissions import as_nobody, limited_file_size
from unet_tutorial.disk import (
    CLAIM,
    LONGEST_STEM,
    complete_file,
    complete_folder,
    has_lock,
    locked,
    make_folder,
    make_subfolder,
    one_line,
    unused_folder,
)


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


BEING_WRITTEN = """
import sys, time
from unet_tutorial.disk import complete_file
with complete_file(sys.argv[1]) as part:
    part.write_text("half")
    print(part.name, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that is writing a.txt, and its temporary file."""
    process = subprocess.Popen(
        [sys.executable, "-c", BEING_WRITTEN, str(tmp_path / "a.txt")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    yield process, tmp_path / process.stdout.readline().strip()
    process.kill()
    process.wait()


def test_the_next_write_removes_the_leftover_of_a_killed_one_and_no_file_that_is_being_written(
    tmp_path: Path, writer: tuple[subprocess.Popen[str], Path]
) -> None:
    process, part = writer
    assert part.name.startswith(".a.")
    write(tmp_path / "a.txt", b"new")
    assert part.read_text() == "half"
    process.send_signal(signal.SIGKILL)
    process.wait()
    for other in ("b.txt", "a.png", "a"):
        write(tmp_path / other, b"x")
    assert part.exists()
    write(tmp_path / "a.txt", b"newer")
    assert not part.exists()
    assert (tmp_path / "a.txt").read_bytes() == b"newer"


def test_leftovers_of_other_machines_are_removed_when_they_are_a_day_old(tmp_path: Path) -> None:
    old, new, mine = (tmp_path / f".a.{machine}-1-{number}.txt" for machine, number in (
        ("0" * 8, "a" * 8), ("0" * 8, "b" * 8), ("0" * 8, "short")
    ))  # fmt: skip
    for file in (old, new, mine):
        file.touch()
    yesterday = time.time() - 25 * 3600
    for file in (old, mine):
        os.utime(file, (yesterday, yesterday))
    write(tmp_path / "a.txt", b"x")
    assert sorted(tmp_path.iterdir()) == sorted([new, mine, tmp_path / "a.txt"])


def test_names_as_long_as_the_file_system_allows_are_written(tmp_path: Path) -> None:
    for letter in ("a", "é"):
        name = letter * ((255 - 4) // len(letter.encode())) + ".txt"
        with complete_file(tmp_path / name) as part:
            assert len(part.stem) > LONGEST_STEM
            part.touch()
        assert (tmp_path / name).exists()


def test_a_folder_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    def make(content: Callable[[], str]) -> None:
        with complete_folder(tmp_path / "new" / "a") as part:
            make_folder(part / "inner")
            (part / "inner" / "file").write_text(content())

    def interrupted() -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(interrupted)
    assert list((tmp_path / "new").iterdir()) == []
    make(lambda: "first")
    with pytest.raises(ValueError, match=r"new/a: another process has just made this folder; run the same command"):
        make(lambda: "second")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a"]
    assert (tmp_path / "new" / "a" / "inner" / "file").read_text() == "first"


def test_the_leftover_folder_of_a_killed_process_is_removed(tmp_path: Path) -> None:
    program = "import os, sys; from unet_tutorial.disk import complete_folder\n"
    program += "with complete_folder(sys.argv[1]) as part: part.mkdir(); (part / 'x').touch(); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "a.zarr")])
    (left,) = tmp_path.iterdir()
    assert (left.name[:3], left.suffix, (left / "x").exists()) == (".a.", ".zarr", True)
    with complete_folder(tmp_path / "a.zarr") as part:
        part.mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["a.zarr"]


CLAIMING = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unet_tutorial.disk import complete_file, unused_folder
rounds, go = Path(sys.argv[1]), Path(sys.argv[1], "go")
print("ready", flush=True)
while not go.exists():
    pass
for each in range(20):
    folder = unused_folder(rounds / str(each) / "run")
    with complete_file(folder / f"{os.getpid()}.txt") as part:
        part.touch()
"""


@pytest.mark.parametrize("existing", [0, 20])
def test_processes_that_start_together_get_different_folders(tmp_path: Path, existing: int) -> None:
    for each in range(existing):
        make_folder(tmp_path / str(each) / "run")
    command = [sys.executable, "-c", CLAIMING, str(tmp_path)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    (tmp_path / "go").touch()
    assert [process.wait() for process in started] == [0] * 8
    for each in range(20):
        folders = {folder.name: [file.name for file in folder.iterdir()] for folder in (tmp_path / str(each)).iterdir()}
        assert folders.keys() == {"run", *(f"run-{number}" for number in range(2, 9))}
        assert sorted(folders.values()) == sorted([f"{process.pid}.txt"] for process in started)


@pytest.mark.parametrize("rival", [lambda folder: (folder / CLAIM).touch(), lambda folder: write(folder / "a", b"x")])
def test_a_folder_that_another_process_takes_first_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rival: Callable[[Path], None]
) -> None:
    """The other process acts after the folder was seen empty, and before it is claimed."""
    touch = Path.touch

    def after_the_rival(claim: Path, *arguments: Any, **options: Any) -> None:
        if claim.parent.name == "run":
            monkeypatch.setattr(Path, "touch", touch)
            rival(claim.parent)
        touch(claim, *arguments, **options)

    monkeypatch.setattr(Path, "touch", after_the_rival)
    assert unused_folder(tmp_path / "run").name == "run-2"
    assert len(list((tmp_path / "run").iterdir())) == 1


def test_an_unused_folder_is_new_or_empty_and_given_once(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a-2").touch()
    (tmp_path / "a-3").mkdir()
    (tmp_path / "a-3" / "x").touch()
    assert [unused_folder(tmp_path / "a").name for _ in range(3)] == ["a", "a-4", "a-5"]
    assert unused_folder(tmp_path / "b" / "c").is_dir()
    write(tmp_path / "a-4" / "file", b"x")
    assert [file.name for file in (tmp_path / "a-4").iterdir()] == ["file"]
    assert [file.name for file in (tmp_path / "a-5").iterdir()] == [CLAIM]
    assert unused_folder(tmp_path / "a-4").name == "a-4-2"


def test_unused_folders_of_the_current_folder_are_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make_folder(tmp_path / "here"))
    assert [unused_folder(".").name for _ in range(2)] == ["here", "here-2"]


def test_a_folder_with_files_is_not_touched() -> None:
    with TemporaryDirectory() as name:
        used = make_folder(Path(name) / "used")
        (used / "x").touch()
        Path(name).chmod(0o777)
        used.chmod(0o555)
        with as_nobody():
            assert unused_folder(used).name == "used-2"


def test_folders_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"file/a: this folder cannot be created"):
        unused_folder(tmp_path / "file" / "a")
    with TemporaryDirectory() as name:
        Path(name).chmod(0o555)
        with as_nobody():
            with pytest.raises(ValueError, match=r"cannot be used \(Permission denied\); choose a writable folder"):
                unused_folder(name)
            with pytest.raises(ValueError, match=r"a: this folder cannot be created \(Permission denied\)"):
                unused_folder(Path(name) / "a")


def test_a_subfolder_is_made_only_in_an_existing_folder(tmp_path: Path) -> None:
    make_subfolder(tmp_path, tmp_path / "a" / "b" / "c")
    make_subfolder(tmp_path, tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()
    with pytest.raises(ValueError, match=r"b: this folder cannot be created \(No such file or directory\)"):
        make_subfolder(tmp_path / "none", tmp_path / "none" / "a" / "b")
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_one_of_many_has_a_lock_and_the_others_learn_who_has_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path) as text:
        assert has_lock(path, text)
        words = f"{tmp_path}: process {os.getpid()} on {socket.gethostname()} writes into this folder; wait for its end"
        with pytest.raises(ValueError, match=re.escape(words) + ".* has ended, delete the file .*lock"), locked(path):
            pass
    assert list(tmp_path.iterdir()) == []
    assert not has_lock(path, text)
    with pytest.raises(KeyboardInterrupt), locked(path):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []

    held: list[int] = []

    def hold(number: int) -> None:
        try:
            with locked(path):
                held.append(number)
                time.sleep(0.3)
        except ValueError:
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hold, range(8)))
    assert len(held) == 1


def test_the_lock_of_an_ended_process_is_replaced_and_that_of_another_machine_is_not(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    code = """
import os, sys
from pathlib import Path
from unet_tutorial.disk import locked
with locked(Path(sys.argv[1])):
    os._exit(0)
"""
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    left = json.loads(path.read_text())
    assert left["process"] != os.getpid()
    with locked(path):
        assert json.loads(path.read_text())["process"] == os.getpid()
    for text, holder in (
        (json.dumps({**left, "machine": "another", "host": "node7"}), f"process {left['process']} on node7"),
        ("", "another process"),  # between the creation and the text
        ("[]", "another process"),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=f"{holder} writes into this folder"), locked(path):
            pass
        assert path.read_text() == text
    path.unlink()
    with locked(path):
        path.write_text("of another process, after this one was deleted by hand")
    assert path.exists()
    with pytest.raises(ValueError, match=r"lock: cannot be written \(No such file"), locked(tmp_path / "none" / "lock"):
        pass
