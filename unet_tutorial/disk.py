"""Files and folders that are complete or absent, new folders for one process, and locks.

Errors of the file system become a ValueError.
"""

import errno
import hashlib
import json
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

CLAIM = ".unet-claim"  # in a folder that a process has chosen and not yet written to
ABANDONED = 24 * 3600  # seconds after which a temporary file of another machine is taken for a leftover
LONGEST_STEM = 40  # of a temporary file: a name on disk has at most 255 bytes


@contextmanager
def complete_file(path: str | Path) -> Iterator[Path]:
    """Context manager that returns a temporary path in the folder of `path`; write the file to this path.

    At the end of the context the temporary file is renamed to `path`. If the block raises an error, it is deleted
    instead, so an existing file is never replaced by an incomplete one. The temporary file of a process that was killed
    is deleted by the next process that writes `path`. Raises ValueError with the file's name for an error of the
    operating system, such as a full disk or a missing or read-only folder.
    """
    path = Path(path)
    part = _temporary(path)
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be written ({one_line(error)}); choose an existing, writable folder with free space"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()
    with suppress(OSError):
        path.with_name(CLAIM).unlink()  # the folder holds a file now


@contextmanager
def complete_folder(path: str | Path) -> Iterator[Path]:
    """Context manager that returns a temporary path beside `path`; make the folder, with its files, at this path.

    At the end of the context the temporary folder is renamed to `path`, which must not exist. If the block raises an
    error, it is deleted instead. So of several processes that make the same folder, one succeeds. That of a process
    that was killed is deleted by the next process that makes `path`. Raises ValueError with the name for an error of
    the operating system, and for a folder that another process has made.
    """
    path = Path(path)
    part = _temporary(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.rename(path)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY):
            raise ValueError(
                f"{path}: another process has just made this folder; run the same command again"
            ) from error
        raise ValueError(
            f"{path}: this folder cannot be made ({one_line(error)}); choose one in a writable folder with free space"
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _temporary(path: Path) -> Path:
    """A new name for a temporary file or folder beside `path`; those of processes that have ended are deleted."""
    _remove_leftovers(path)
    return path.with_name(f"{_start(path)}{_machine()}-{os.getpid()}-{uuid4().hex[:8]}{path.suffix}")


def _start(path: Path) -> str:
    """The start of the names of all temporary files for `path`."""
    return f".{path.stem[:LONGEST_STEM]}."


def _remove_leftovers(path: Path) -> None:
    """Delete the temporary files and folders for `path` of processes that do not run any more."""
    ours = re.compile(rf"{re.escape(_start(path))}([0-9a-f]{{8}})-(\d{{1,9}})-[0-9a-f]{{8}}{re.escape(path.suffix)}")
    with suppress(OSError):  # a folder that cannot be read is reported by the write
        for file in path.parent.iterdir():
            found = ours.fullmatch(file.name)
            if found and _is_abandoned(file, found[1], int(found[2])):
                with suppress(OSError):
                    shutil.rmtree(file) if file.is_dir() else file.unlink()


def _is_abandoned(file: Path, machine: str, process: int) -> bool:
    """Whether the process that wrote a temporary file has ended; on another machine, whether the file is a day old."""
    if machine == _machine():
        return not _is_running(process)
    return time.time() - file.stat().st_mtime > ABANDONED


def _is_running(process: int) -> bool:
    if os.name != "posix":  # on Windows, os.kill would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # a process of another user
        return True
    return True


@cache
def _machine() -> str:
    """Eight digits for the machine since its last start, or for the container: process numbers are unique in it."""
    about = socket.gethostname()
    with suppress(OSError):  # not on Linux
        about += Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf8")
        about += str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(about.encode()).hexdigest()[:8]


def make_folder(path: str | Path) -> Path:
    """Create the folder `path` and its parents if they are missing. Raises ValueError if that fails."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"{path}: this folder cannot be created ({one_line(error)}); choose one in a writable folder"
        ) from error
    return Path(path)


def make_subfolder(folder: Path, path: Path) -> None:
    """Create the folder `path` in ``folder`` and those between them. Raises ValueError if ``folder`` does not exist."""
    try:
        between = [path, *path.parents[: len(path.relative_to(folder).parts) - 1]]
        for each in reversed(between):
            each.mkdir(exist_ok=True)
    except OSError as error:
        raise ValueError(f"{path}: this folder cannot be created ({one_line(error)})") from error


@contextmanager
def locked(path: Path) -> Iterator[str]:
    """Context manager for a lock, the file `path`, which only one process can hold; returns its text.

    The text names the machine and the process. At the end the file is deleted, unless it has another text by then. The
    lock of a process of this machine that has ended is replaced. Raises ValueError if another process holds the lock,
    and for an error of the operating system.
    """
    holder = {"host": socket.gethostname(), "process": os.getpid(), "machine": _machine()}
    text = json.dumps({**holder, "number": uuid4().hex})
    try:
        _remove_stale_lock(path)
        with path.open("x", encoding="utf8") as file:  # of several processes, one succeeds
            file.write(text)
    except FileExistsError as error:
        raise ValueError(
            f"{path.parent}: {_holder(path)} writes into this folder; wait for its end, or, if it has ended, delete "
            f"the file {path}"
        ) from error
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be written ({one_line(error)}); choose an existing, writable folder with free space"
        ) from error
    try:
        yield text
    finally:
        if has_lock(path, text):
            with suppress(OSError):
                path.unlink()


def has_lock(path: Path, text: str) -> bool:
    """Whether a lock is held with this text, as `locked` returns it."""
    try:
        return path.read_text(encoding="utf8") == text
    except FileNotFoundError:
        return False


def _remove_stale_lock(path: Path) -> None:
    """Delete a lock whose process was one of this machine and has ended."""
    held = _read_lock(path)
    if held.get("machine") != _machine() or _is_running(held["process"]):
        return
    aside = _temporary(path)
    with suppress(FileNotFoundError):  # another process was faster
        path.rename(aside)
        if _read_lock(aside) == held:
            aside.unlink()
        else:
            aside.rename(path)


def _holder(path: Path) -> str:
    """The process that holds a lock, in words."""
    held = _read_lock(path)
    return f"process {held['process']} on {held['host']}" if held else "another process"


def _read_lock(path: Path) -> dict[str, Any]:
    """Host, process and machine in a lock; {} if there is none, or if it is incomplete."""
    try:
        held = json.loads(path.read_text(encoding="utf8"))
    except (FileNotFoundError, ValueError):
        return {}
    return held if isinstance(held, dict) and isinstance(held.get("process"), int) and "host" in held else {}


def unused_folder(wanted: str | Path) -> Path:
    """An empty folder for this process alone: `wanted`, or the first of `wanted`-2, `wanted`-3, … that is empty or new.

    The folder is created with its parents. Of several processes that ask at the same time, each gets another folder: a
    hidden file in it says that it is taken, until `complete_file` has written a file there. Raises ValueError if a
    folder cannot be created.
    """
    wanted = Path(wanted) if Path(wanted).name not in ("", "..") else Path(wanted).resolve()
    number = 0
    while True:
        number += 1
        folder = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        if folder.is_file():
            continue
        make_folder(folder)
        try:
            if _claimed(folder):
                return folder
        except OSError as error:
            raise ValueError(f"{folder}: cannot be used ({one_line(error)}); choose a writable folder") from error


def _claimed(folder: Path) -> bool:
    """Whether the folder is empty and this process is the only one that takes it."""
    claim = folder / CLAIM
    if any(folder.iterdir()):
        return False
    try:
        claim.touch(exist_ok=False)  # of several processes, one succeeds
    except FileExistsError:
        return False
    if list(folder.iterdir()) == [claim]:
        return True
    claim.unlink(missing_ok=True)  # another process has taken it, and written a file since it was seen empty
    return False


def one_line(error: BaseException, most: int = 160) -> str:
    """The message of an error without line breaks, at most ``most`` characters, or else the name of its type."""
    message = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(message.split())[:most] or type(error).__name__
