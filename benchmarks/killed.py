"""``python -m benchmarks.killed``: training runs on several processes, of which one is killed, resumed and compared.

For 2 and for 3 processes, a short run is started 20 times by torchrun, and a random process of it gets the signal KILL
at a random moment. The run must end by itself, the other processes must say in one line that they lost it, and the run
that is resumed must give the checkpoint of a run without interruption, bit for bit.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch

from unet_tutorial.datasets.images.files import write_image
from unet_tutorial.jobs.job import BEST, CHECKPOINT
from unet_tutorial.learning.checkpoints import load

WORLDS, MOMENTS = (2, 3), 20
LONGEST = 300  # seconds; a run that lasts longer hangs
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone")
OPTIONS = ["--widths", "2,4", "--tile", "36", "--batch", "6"]
OPTIONS += ["--steps", "40", "--validate", "1", "--validate-every", "2"]


def write_data(folder: Path) -> Path:
    """Four small images with their masks."""
    rng = np.random.default_rng(0)
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    for name in "abcd":
        mask = np.kron(rng.integers(0, 2, (6, 7)), np.ones((8, 8), int)).astype(np.uint8)
        write_image(folder / "images" / f"{name}.png", (100 * mask + rng.integers(0, 50, mask.shape)).astype(np.uint8))
        write_image(folder / "labels" / f"{name}.png", 255 * mask)
    return folder


def start(world: int, log: Path, *words: object) -> subprocess.Popen[bytes]:
    """Start ``unet train`` in that many processes; their output goes into a file."""
    with log.open("wb") as file:
        command = [*TORCHRUN, f"--nproc-per-node={world}", "-m", "unet_tutorial", "train", *map(str, words)]
        return subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT)


def ranks(torchrun: int) -> dict[int, int]:
    """The numbers of the processes that torchrun has started, by rank; Linux only."""
    found = {}
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError, LookupError):
            if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == torchrun:
                variables = dict(
                    pair.split("=", 1) for pair in (folder / "environ").read_text().split("\0") if "=" in pair
                )
                found[int(variables["RANK"])] = int(folder.name)
    return found


def printed(words: bytes, log: Path, process: subprocess.Popen[bytes]) -> float:
    """Wait until the run has printed some words; returns the time."""
    while words not in log.read_bytes():
        if process.poll() is not None:
            raise SystemExit(f"the run ended before it printed {words.decode()!r}:\n{log.read_text()}")
        time.sleep(0.02)
    return time.monotonic()


def different(ours: Path, theirs: Path) -> list[str]:
    """The names of the tensors in which two checkpoints differ."""
    a, b = (load(path).tensors for path in (ours, theirs))
    return [
        key for key in sorted(a.keys() | b.keys()) if key not in a or key not in b or not torch.equal(a[key], b[key])
    ]


def main() -> None:
    """Kill a process at each moment, resume the run, and print a line for each."""
    draw = random.Random(0)
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        data = write_data(place / "data")
        for world in WORLDS:
            whole, log = place / f"whole-{world}", place / f"whole-{world}.log"
            process = start(world, log, "--data", data, "-o", whole, *OPTIONS)
            first = printed(b"held out", log, process)
            lasts = printed(b"step 40 of 40", log, process) - first
            if process.wait(LONGEST):
                raise SystemExit(log.read_text())
            print(f"{world} processes, {lasts:.1f} s of training without interruption", flush=True)
            done = 0
            while done < MOMENTS:
                done += one_kill(place, world, data, whole, draw.randrange(world), draw.uniform(0, lasts), done + 1)
    print("every resumed run equals the one without interruption, bit for bit")


def one_kill(place: Path, world: int, data: Path, whole: Path, rank: int, after: float, number: int) -> bool:
    """Kill a process some seconds after the first line, resume and compare; False if the run had ended before."""
    folder, log = place / f"killed-{world}-{number}", place / "killed.log"
    process = start(world, log, "--data", data, "-o", folder, *OPTIONS)
    first = printed(b"held out", log, process)
    time.sleep(max(first + after - time.monotonic(), 0))
    victim = ranks(process.pid).get(rank)
    if victim is None or process.poll() is not None:  # it has done its share already
        process.wait(LONGEST)
        shutil.rmtree(folder)
        return False
    os.kill(victim, signal.SIGKILL)
    killed = time.monotonic()
    code = process.wait(LONGEST)
    ended = time.monotonic() - killed
    said = [line for line in log.read_text().splitlines() if line.startswith("unet:")]
    traces = log.read_text().count("Traceback") - log.read_text().count("ChildFailedError")  # torchrun prints its own
    if not code or traces > 0:
        raise SystemExit(f"exit code {code}, {traces} tracebacks:\n{log.read_text()}")
    saved = (folder / CHECKPOINT).is_file()
    step = len(load(folder / CHECKPOINT).tensors["losses"]) if saved else 0
    words = ("--resume", folder) if saved else ("--data", data, "-o", folder / "again", *OPTIONS)
    process = start(world, log, *words)
    if process.wait(LONGEST):
        raise SystemExit(log.read_text())
    again = folder if saved else folder / "again"
    names = different(again / CHECKPOINT, whole / CHECKPOINT) + different(again / BEST, whole / BEST)
    print(
        f"{number:2d}. rank {rank} of {world} killed after {after:.2f} s, step {step} saved; ended in {ended:.1f} s, "
        f"{len(said)} lines said so; resumed: {'equal' if not names else f'DIFFERENT in {names}'}",
        flush=True,
    )
    if names:
        raise SystemExit(1)
    return True


if __name__ == "__main__":
    main()
