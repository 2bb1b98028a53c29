"""Runs the tasks of the course: ``python3 course.py TASK [arguments]``. Needs only Python 3.11 or newer.

The first call creates ``.venv`` beside this file. Later calls update it if the requirements have changed, and create it
again if the Python version or the folder has changed.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "course-stamp.txt"
INPUTS = ("requirements.txt", "constraints.txt", "pyproject.toml")
MINIMUM = (3, 11)
UV_NAMES = {"find-links": "UV_FIND_LINKS", "index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX"}

TASKS = {  # name: (one line of help, arguments of the environment's Python)
    "run": ("train a network, test it and report [--steps 900, --data FOLDER, …]", ["-m", "unet_tutorial", "train"]),
    "unet": ("the whole command line: sizes, train, predict, data", ["-m", "unet_tutorial"]),
    "test": ("every check, test and lesson [--fast: no lessons | arguments for pytest]", ["-m", "tests.house.suite"]),
    "check": ("ruff, ruff format and mypy", ["-m", "tests.house.suite", "--check"]),
    "lab": ("JupyterLab on your copies of the lessons [FOLDER]", ["-m", "unet_tutorial.teaching.lab.launch"]),
    "notebooks": (
        "execute and normalise lessons [names, numbers or paths]",
        ["-m", "unet_tutorial.teaching.lessons.execute"],
    ),
    "exercises": ("write the students' notebooks from the solutions", ["-m", "unet_tutorial.teaching.lessons.release"]),
}


class SetupError(Exception):
    """The set-up failed; the message names the reason and the next step."""


def fingerprint() -> str:
    """Two lines: the Python version and the folder; a digest of the files that determine the installation."""
    digest = hashlib.sha256(b"".join((ROOT / name).read_bytes() + b"\0" for name in INPUTS)).hexdigest()
    version = ".".join(map(str, sys.version_info[:3]))
    return f"Python {version} in {ROOT}\n{digest}\n"


def stamp() -> str:
    """The fingerprint that the last complete set-up wrote; an empty string if there is none."""
    return STAMP.read_text(encoding="utf8") if STAMP.is_file() and PYTHON.exists() else ""


def ensure_environment() -> None:
    """Create or update ``.venv`` unless its stamp equals the fingerprint.

    The stamp is deleted first and written last, so that a set-up that failed or was interrupted starts again from an
    empty environment. SetupError, if a step fails.
    """
    wanted, found = fingerprint(), stamp()
    if found == wanted:
        return
    start, uv = time.perf_counter(), shutil.which("uv")
    new = found.splitlines()[:1] != wanted.splitlines()[:1]
    if new and Path(sys.prefix) == VENV:
        raise SetupError(
            ".venv must be created again, but course.py was started with the Python in it; "
            "use another one: python3 course.py"
        )
    STAMP.unlink(missing_ok=True)
    if new:
        make_environment(uv)
    print("set-up: installing requirements.txt and the course itself; this can take several minutes", flush=True)
    install(uv)
    STAMP.write_text(wanted, encoding="utf8")
    print(f"set-up: done in {time.perf_counter() - start:.0f} s; next time the task starts at once", flush=True)


def make_environment(uv: str | None) -> None:
    """Create an empty ``.venv``, and delete an existing one first."""
    print(f"set-up: creating {VENV} ({'uv' if uv else 'venv and pip'}, Python {sys.version.split()[0]})", flush=True)
    for module in () if uv else ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            package = "python{}.{}-venv".format(*sys.version_info[:2])
            raise SetupError(f"this Python lacks {module}; on Debian and Ubuntu: sudo apt install {package}")
    shutil.rmtree(VENV, ignore_errors=True)
    make = [uv, "venv", "--seed", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
    run_or_raise([*make, str(VENV)], "the environment could not be created; the reason is above")


def install(uv: str | None) -> None:
    """Install the requirements, and the project in editable mode; uv uses the package indexes of pip."""
    by_uv, by_pip = ["pip", "install", "-q", "--python", str(PYTHON)], ["-m", "pip", "install", "-qq"]  # errors only
    run_or_raise(
        [*([uv, *by_uv] if uv else [str(PYTHON), *by_pip]), "-r", "requirements.txt", "-e", "."],
        "the installation failed; the reason is above; check the network and the disk, then run this command again",
        {**pip_settings(), **os.environ} if uv else None,
    )


def pip_settings() -> dict[str, str]:
    """The package indexes in pip's configuration files and environment variables, as environment variables of uv.

    If there are any, uv is also set to choose the best version among all indexes, as pip does. By default it uses only
    the first index that has the package.
    """
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    variables = [f".{key}={os.environ.get('PIP_' + key.upper().replace('-', '_'), '')!r}" for key in UV_NAMES]
    settings: dict[str, str] = {}
    for line in [*listed, *variables]:  # such as global.find-links='/wheels'; variables override files
        key, _, value = line.partition("=")
        name = UV_NAMES.get(key.rpartition(".")[2])
        if name and (sources := ast.literal_eval(value).split()):
            settings[name] = ("," if name == "UV_FIND_LINKS" else " ").join(sources)
    return settings and {**settings, "UV_INDEX_STRATEGY": "unsafe-best-match"}


def run_or_raise(command: list[str], message: str, env: dict[str, str] | None = None) -> None:
    """Run a command in the folder of the course; SetupError with the message if it fails."""
    if call(command, ROOT, env):
        raise SetupError(message)


def call(command: list[str], folder: Path, env: dict[str, str] | None = None) -> int:
    """Run a command and return its exit code.

    After Ctrl-C, wait until the command has ended, and then raise KeyboardInterrupt.
    """
    code, interrupted = None, False
    with subprocess.Popen(command, cwd=folder, env=env) as child:
        while code is None:
            try:
                code = child.wait()
            except KeyboardInterrupt:
                interrupted = True
    if interrupted:
        raise KeyboardInterrupt
    return code


def main(arguments: list[str]) -> int:
    """Set up the environment if necessary, run the task and return its exit code."""
    task, extra = (arguments[0], arguments[1:]) if arguments else ("", [])
    if task not in TASKS:
        asked = task in ("", "-h", "--help")
        print("usage: python3 course.py TASK [arguments]" if asked else f"there is no task {task!r}; choose one of")
        print("\n".join(f"  {name:10} {text}" for name, (text, _) in TASKS.items()))
        return 0 if asked else 2
    if sys.version_info[:2] < MINIMUM:
        raise SetupError("Python {}.{} is too old; run course.py with 3.11 or newer".format(*sys.version_info[:2]))
    ensure_environment()
    # the arguments of these tasks may be paths relative to the current folder
    folder = Path.cwd() if task in ("run", "unet", "lab") else ROOT
    return call([str(PYTHON), *TASKS[task][1], *extra], folder)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except (SetupError, OSError) as error:
        sys.exit(f"course.py: {error}")
