"""The ground floor: files that are whole or not there, and what the disk has against them, in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4


@contextmanager
def complete_file(path: str | Path) -> Iterator[Path]:
    """A temporary name beside `path`; what is written to it gets the name `path` at the end, if nothing failed.

    ValueError, naming the file, for what the operating system refuses: a full disk, a read-only or missing folder.
    """
    path = Path(path)
    part = path.with_name(f".{path.stem}.{uuid4().hex[:8]}{path.suffix}")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be written ({one_line(error)}); choose a folder that exists, is writable and has room"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()


def make_folder(path: str | Path) -> Path:
    """The folder `path`, made with its parents where it is missing; ValueError if it cannot be."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"{path}: this folder cannot be made ({one_line(error)}); choose one in a place that is writable"
        ) from error
    return Path(path)


def one_line(error: BaseException) -> str:
    """What an error says, without line breaks and at most 160 characters; its type if it says nothing."""
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(said.split())[:160] or type(error).__name__
