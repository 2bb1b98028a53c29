"""``python -m benchmarks.blocks``: time, memory and interruptions of ``unet predict --blocks``.

Three tables for a thin 3D network on volumes of noise, in a temporary folder:

1. Seconds for volumes of 1, 2, 4, 8 and 16 times the voxels, in one process. The time should be linear in the voxels.
2. Peak memory of the main process and of each worker of dask, for a volume and one of 16 times the voxels, of 16 bits:
   with instances, and with percentiles. The ratio should be at most 1.1. With instances that is asked of the workers
   only, because the main process holds the components of the whole volume.
3. Kills with SIGKILL, of the whole job and of one of two workers, at random moments. After each kill every block with a
   marker must hold the bits of an uninterrupted run. At the end the whole result must be equal to it, bit for bit, and
   the last run must have predicted exactly the blocks without a marker.

The first result is compared with the prediction of the whole volume before anything is measured. Needs the extra
``scale`` for the tables 2 and 3: ``pip install -c constraints.txt -r requirements-scale.txt``; Linux. The exit code is
1 if a limit is exceeded. ``--kills N`` sets the number of kills of each kind, ``--side N`` the side of the volumes.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
import zarr

from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.datasets.ome_zarr import attributes_of
from unet_tutorial.datasets.stored import open_stored
from unet_tutorial.jobs.block_steps import STATE, BlockJob, Options
from unet_tutorial.jobs.predict_blocks import KEY, plan_job, predict_blocks
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.schedulers import on_workers
from unet_tutorial.jobs.task import GREY_CELLS
from unet_tutorial.learning.checkpoints import save_weights
from unet_tutorial.nets.presets import build
from unet_tutorial.plan.levels import Size

TILE, CHUNK, WIDTHS = "52", 32, (4, 8)  # blocks of 32 voxels
SMALL_TILE = "36"  # blocks of 16 voxels, so that a job that is killed has many
FACTORS: dict[int, Size] = {1: (1, 1, 1), 2: (1, 1, 2), 4: (1, 2, 2), 8: (2, 2, 2), 16: (2, 2, 4)}
LINEAR, FLAT, EXACT = 1.5, 1.1, 1e-5


def checkpoint_in(folder: Path, normalise: str = "image") -> Path:
    """An untrained network."""
    torch.manual_seed(0)
    net = build("unet3d", widths=WIDTHS).eval()
    path = folder / f"{normalise}.safetensors"
    notes = {"task": replace(GREY_CELLS, normaliser=Normaliser(normalise)).notes()}
    save_weights(path, net, preset="unet3d", arguments={"widths": list(WIDTHS)}, notes=notes)
    return path


def volume_in(folder: Path, size: Size, dtype: str = "uint8") -> Path:
    """Noise of all values of the type, written slab by slab."""
    path = folder / f"{'x'.join(map(str, size))}_{dtype}.zarr"
    if not path.exists():
        array = zarr.create_array(str(path), shape=size, chunks=(CHUNK,) * 3, dtype=dtype)
        for start in range(0, size[0], CHUNK):
            part = (min(CHUNK, size[0] - start), *size[1:])
            most = np.iinfo(dtype).max
            array[start : start + CHUNK] = np.random.default_rng(start).integers(0, most, part, dtype)
    return path


def scaled(side: int, factor: int) -> Size:
    """The size of a volume of ``factor`` times the voxels."""
    return tuple(side * each for each in FACTORS[factor])


def growth(folder: Path, checkpoint: Path, side: int) -> bool:
    """Table 1."""
    print("| voxels | blocks | seconds | µs per voxel |\n|---|---|---|---|")
    rates: list[float] = []
    for factor in FACTORS:
        size = scaled(side, factor)
        options = Options(checkpoint, str(volume_in(folder, size)), folder / f"grown{factor}.zarr", tile=TILE)
        start = time.perf_counter()
        found = predict_blocks(options)
        seconds = time.perf_counter() - start
        rates.append(float(seconds / np.prod(size) * 1e6))
        print(f"| {np.prod(size):,} | {found.blocks} | {seconds:.1f} | {rates[-1]:.2f} |", flush=True)
    return bool(max(rates[1:]) / min(rates[1:]) <= LINEAR)  # the first one includes the loading of the network


def peak() -> int:
    """The largest memory of this process so far in MiB."""
    (line,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(line) // 1024


def peak_of_worker(_index: Size) -> tuple[int, int]:
    """The process and its peak; it waits, so that every worker gets a part of these tasks."""
    time.sleep(0.2)
    return os.getpid(), peak()


def peaks_of(options: Options) -> tuple[int, int, list[int]]:
    """Predict with two workers: the number of blocks, the peak of this process, and those of its workers."""
    with on_workers(2, lambda _: None) as run:
        found = predict_blocks(options, run)
        held = dict(result for _, result in run(peak_of_worker, [(k,) for k in range(12)]))
    return found.blocks, peak(), list(held.values())


def memory(folder: Path, side: int) -> bool:
    """Table 2: each row from a new process, because a peak never becomes smaller."""
    print("\n| normalisation | voxels | blocks | main process, MiB | each worker, MiB |\n|---|---|---|---|---|")
    rows, ratios = [], []
    for normalise, instances in (("image", True), ("percentile", False)):
        checkpoint, mains, workers = checkpoint_in(folder, normalise), [], []
        for factor in (1, 16):
            size = scaled(side, factor)
            source, output = volume_in(folder, size, "uint16"), folder / f"held_{normalise}_{factor}.zarr"
            options = Options(checkpoint, str(source), output, tile=TILE, instances=instances)
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                blocks, main_peak, each = pool.submit(peaks_of, options).result()
            mains.append(main_peak)
            workers.append(max(each))
            name = f"{normalise}, with instances" if instances else normalise
            print(f"| {name} | {np.prod(size):,} | {blocks} | {main_peak} | {', '.join(map(str, each))} |", flush=True)
        rows.append(f"{normalise}: main process {mains[1] / mains[0]:.3f}, workers {workers[1] / workers[0]:.3f}")
        ratios += [workers[1] / workers[0], *([] if instances else [mains[1] / mains[0]])]
    print("\nratios: " + "; ".join(rows))
    return max(ratios) <= FLAT


class Interrupted:
    """A job on the command line that is killed again and again, with an uninterrupted result to compare."""

    def __init__(self, folder: Path, checkpoint: Path, size: Size, *more: str) -> None:
        self.folder, self.more = folder, more
        self.options = Options(
            checkpoint, str(volume_in(folder, size)), folder / "killed.zarr", tile=SMALL_TILE, instances=True
        )
        whole = Options(checkpoint, self.options.image, folder / "whole.zarr", tile=SMALL_TILE, instances=True)
        start = time.perf_counter()
        predict_blocks(whole)
        self.seconds = time.perf_counter() - start
        self.wanted = arrays(whole.output)
        self.job: BlockJob = plan_job(self.options, self.options.predictor(), open_stored(self.options.image))[0]

    def start(self) -> subprocess.Popen[str]:
        """The job in a process of its own, with all files as the last one left them."""
        words = ["predict", self.options.checkpoint, self.options.image, "-o", self.options.output, "--blocks"]
        command = [
            sys.executable,
            "-m",
            "unet_tutorial",
            *map(str, words),
            "--instances",
            "--tile",
            SMALL_TILE,
            *self.more,
        ]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def marked(self, step: str) -> list[Size]:
        """The blocks with a marker; all of a complete result, whose markers are deleted."""
        if attributes_of(self.options.output).get(KEY, {}).get("complete"):
            return list(self.job.blocks)
        markers = self.job.markers(step)
        return [index for index in self.job.blocks if markers.has(index)]

    def check_marked(self) -> int:
        """Compare each block with a marker with the uninterrupted run; returns the number of different ones."""
        if not self.options.output.exists():
            return 0
        held, wrong = arrays(self.options.output), 0
        for step, names in (("predict", ("0", "labels/classes/0")), ("number", ("labels/instances/0",))):
            for index in self.marked(step):
                region = self.job.blocks.region(index)
                wrong += any(not np.array_equal(held[name][region], self.wanted[name][region]) for name in names)
        return wrong

    def check_whole(self, printed: str, marked: int) -> int:
        """Compare a complete result; returns the number of arrays that differ, one more if too much was computed."""
        held = arrays(self.options.output)
        wrong = sum(not np.array_equal(held[name], values) for name, values in self.wanted.items())
        left = [*self.options.output.rglob("*.partial"), *self.options.output.glob(STATE)]
        said = re.search(r"(\d+) of them predicted now", printed)
        return wrong + bool(left) + (said is None or int(said[1]) != len(self.job.blocks) - marked)

    def forget(self) -> None:
        """Delete the result and its table, so that the next run begins anew."""
        shutil.rmtree(self.options.output)
        self.options.output.with_name("killed_instances.csv").unlink()


def arrays(output: Path) -> dict[str, Any]:
    """The arrays of a result by their paths."""
    with warnings.catch_warnings(action="ignore"):  # the folder of the markers is not part of the zarr hierarchy
        members = zarr.open_group(str(output), mode="r").members(max_depth=None)
    return {name: np.asarray(node[...]) for name, node in members if isinstance(node, zarr.Array)}


def kill_jobs(case: Interrupted, kills: int) -> tuple[int, int, int]:
    """Kill the whole job at random moments; returns the kills, the complete runs, and the mistakes."""
    rng, done, complete, wrong = random.Random(0), 0, 0, 0
    while done < kills or not complete:
        marked = len(case.marked("predict")) if case.options.output.exists() else 0
        process = case.start()
        while not case.options.output.exists() and process.poll() is None:  # Python and the network are being loaded
            time.sleep(0.05)
        starting = case.seconds * (marked > 0)  # of a repeated job, the moment is counted from its start
        try:
            printed, _ = process.communicate(timeout=starting + rng.random() * case.seconds if done < kills else None)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            done += 1
            wrong += case.check_marked()
            continue
        if process.returncode:
            print(printed)
            return done, complete, wrong + 1
        wrong += case.check_whole(printed, marked)
        complete += 1
        case.forget()
    return done, complete, wrong


def workers_of(process: int) -> Iterator[int]:
    """The processes of the workers of dask below a process."""
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent == process and b"spawn_main" in (entry / "cmdline").read_bytes():
                yield int(entry.name)


def kill_workers(case: Interrupted, kills: int) -> tuple[int, int, int]:
    """Kill single workers at random moments; returns the kills, the complete runs, and the mistakes."""
    rng, done, complete, wrong = random.Random(1), 0, 0, 0
    while done < kills or not complete:
        marked = len(case.marked("predict")) if case.options.output.exists() else 0
        process = case.start()
        while process.poll() is None:
            time.sleep(rng.uniform(0.5, 3))
            found = list(workers_of(process.pid)) if done < kills else []
            if found and case.options.output.exists():
                with suppress(ProcessLookupError):
                    os.kill(rng.choice(found), signal.SIGKILL)
                    done += 1
        printed = process.communicate()[0]
        wrong += case.check_marked()
        if process.returncode == 0:
            wrong += case.check_whole(printed, marked)
            complete += 1
            case.forget()
        elif not re.search("workers that had it ended several times|all workers have ended", printed):
            print(printed)
            wrong += 1
    return done, complete, wrong


def interruptions(folder: Path, checkpoint: Path, side: int, kills: int) -> bool:
    """Table 3."""
    print("\n| killed | kills | complete runs | blocks lost, half-written or repeated |\n|---|---|---|---|")
    total = 0
    size = scaled(side, 8)
    for name, kill, more in (
        ("the job", kill_jobs, ()),
        ("the job with 2 workers", kill_jobs, ("--workers", "2")),
        ("one of 2 workers", kill_workers, ("--workers", "2")),
    ):
        with TemporaryDirectory(dir=folder) as inner:
            done, complete, wrong = kill(Interrupted(Path(inner), checkpoint, size, *more), kills)
        print(f"| {name} | {done} | {complete} | {wrong} |", flush=True)
        total += wrong
    return total == 0


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--tables", default="123", help="the numbers of those to print, such as 12")
    given = parser.parse_args()
    tables = set(given.tables)
    with TemporaryDirectory() as name:
        folder = Path(name)
        checkpoint = checkpoint_in(folder)
        source = volume_in(folder, (40, 45, 70))
        predict_blocks(Options(checkpoint, str(source), folder / "checked.zarr", tile=TILE))
        whole = Predictor.from_file(checkpoint)(np.asarray(zarr.open_array(str(source), mode="r")[...])[None])[1]
        difference = float(np.abs(arrays(folder / "checked.zarr")["0"] - whole).max())
        print(f"largest difference to the prediction of a whole volume: {difference:.1e}\n")
        good = [difference <= EXACT]
        if "1" in tables:
            good.append(growth(folder, checkpoint, given.side))
        if "2" in tables:
            good.append(memory(folder, given.side))
        if "3" in tables:
            good.append(interruptions(folder, checkpoint, given.side // 2, given.kills))
    sys.exit(not all(good))


if __name__ == "__main__":
    main()
