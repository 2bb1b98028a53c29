"""Errors of commands are one line on standard error with an exit code, never a traceback."""

import pytest

from tests.conftest import Unet
from unet_tutorial.commands.app import with_one_line_errors


class CodedError(ValueError):
    code = 3


ERRORS = [
    (ValueError("bad --tile"), 1, "bad --tile"),
    (CodedError("differs"), 3, "differs"),
    (OSError(28, "No space left on device", "a.png"), 1, "a.png: No space left on device"),
    (OSError("no number"), 1, "the system: no number"),
    (MemoryError(), 1, "out of memory; give a smaller --tile"),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory"), 1, "out of memory; give a smaller --tile"),
    (KeyboardInterrupt(), 130, "stopped\n"),
    (KeyboardInterrupt("continue with --resume runs/a"), 130, "stopped; continue with --resume runs/a"),
]


@pytest.mark.parametrize(("error", "code", "message"), ERRORS)
def test_an_error_is_one_line_and_an_exit_code(
    error: BaseException, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def command() -> None:
        raise error

    with pytest.raises(SystemExit) as stop:
        with_one_line_errors(command)()
    assert stop.value.code == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"\runet: {message}")
    assert printed.err.count("\n") == 1


def test_other_errors_are_bugs_and_keep_their_traceback() -> None:
    def command() -> None:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        with_one_line_errors(command)()


def test_unknown_options_and_commands_exit_with_2(unet: Unet) -> None:
    assert unet("train", "--stepz", 3)[0] == 2
    assert unet("frobnicate")[0] == 2
    assert unet("train", "--steps", "many")[0] == 2


def test_help_lists_every_command(unet: Unet) -> None:
    code, text = unet("--help")
    assert code == 0
    listed = [line.strip("│ ").split(" ")[0] for line in text.splitlines() if line.startswith("│")]
    for command in ("sizes", "summary", "diagram", "diff", "train", "predict", "data"):
        assert command in listed
