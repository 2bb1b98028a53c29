"""Atomic file writes. Errors of the file system become a ValueError of one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4


@contextmanager
def complete_file(path: str | Path) -> Iterator[Path]:
    """Context manager that returns a temporary path in the folder of `path`; write the file to this path.

    At the end of the context the temporary file is renamed to `path`. If the block raises an error, it is deleted
    instead, so an existing file is never replaced by an incomplete one. Raises ValueError with the file's name for an
    error of the operating system, such as a full disk or a missing or read-only folder.
    """
    path = Path(path)
    part = path.with_name(f".{path.stem}.{uuid4().hex[:8]}{path.suffix}")
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


def make_folder(path: str | Path) -> Path:
    """Create the folder `path` and its parents if they are missing. Raises ValueError if that fails."""
    try:
        Path(path).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"{path}: this folder cannot be created ({one_line(error)}); choose one in a writable folder"
        ) from error
    return Path(path)


def one_line(error: BaseException, most: int = 160) -> str:
    """The message of an error without line breaks, at most ``most`` characters, or else the name of its type."""
    message = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(message.split())[:most] or type(error).__name__
