"""``python -m benchmarks.processes``: time of a training step on 1 and 2 processes, and the cost of synchronised norm.

With ``--device cuda``, on 1 GPU and on all GPUs of the machine. The global batch and the number of threads of all
processes together are the same in each row. Each row is a start of torchrun. Before the times are printed, the losses
of some steps with synchronised batch norm are compared with those of one process on all tiles.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import torch

from unet_tutorial.jobs.device import checked_device
from unet_tutorial.learning.distributed import Processes, SharedStep, joined
from unet_tutorial.learning.losses.named import loss_named, terms_named
from unet_tutorial.learning.losses.terms import Objective
from unet_tutorial.learning.train import Batch, adam, fit
from unet_tutorial.nets.presets import build
from unet_tutorial.nets.sync_norm import synchronised

WIDTHS, SIDE, TILES = (16, 32, 64, 128), 112, 4
STEPS, FIRST = 12, 2  # steps, and those of them that are not counted
NORMS: dict[str, Callable[[Any, Processes], Any]] = {
    "batch norm": lambda net, _processes: net,
    "synchronised": lambda net, processes: synchronised(net, processes.sum),
}


def batches(processes: Processes) -> Callable[[int], Batch]:
    """The tiles of a process: its share of the same random tiles in each step."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(-1, 2, (TILES, SIDE, SIDE), generator=generator)
    images = labels[:, None] + torch.randn((TILES, 1, SIDE, SIDE), generator=generator)
    whole = Batch(images, labels, torch.rand(labels.shape, generator=generator))
    share = Batch(*(each.chunk(processes.world)[processes.rank] for each in whole))
    return lambda _step: share


def measure(norm: str, wanted: str) -> None:
    """Train for some steps in each process; process 0 prints the losses and the median time of a step in seconds."""
    with joined() as processes:
        device = processes.device(wanted)
        torch.set_num_threads(max((os.cpu_count() or 1) // processes.world, 1))
        torch.manual_seed(0)
        net: Any = build("padded", in_channels=1, out_channels=2, widths=WIDTHS).to(device)
        training = adam(NORMS[norm](net, processes))
        step = SharedStep(training.net, Objective(loss_named("cross_entropy"), terms_named("cross_entropy")), processes)
        moments: list[float] = []
        fit(
            training,
            batches(processes),
            lambda _step: 1e-3,
            steps=STEPS,
            save=lambda _training: moments.append(perf_counter()),
            every=1,
            backward=step,
        )
        seconds = [after - before for before, after in zip(moments[FIRST:], moments[FIRST + 1 :], strict=False)]
        if processes.rank == 0:
            print(json.dumps([training.losses, median(seconds)]))


def measured(world: int, norm: str, device: str) -> tuple[list[float], float]:
    """Losses and seconds per step of that many processes."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={world}"]
    command += ["-m", "benchmarks.processes", "--device", device, "--child", norm]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    losses, seconds = json.loads(done.stdout.splitlines()[-1])
    return losses, seconds


def main() -> None:
    """Compare the losses, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--child", choices=NORMS, help=argparse.SUPPRESS)  # a process that torchrun has started
    options = parser.parse_args()
    if options.child:
        measure(options.child, options.device)
        return
    on_gpus = checked_device(options.device) == "cuda"
    worlds = sorted({1, torch.cuda.device_count()}) if on_gpus else [1, 2]
    rows = {(world, norm): measured(world, norm, options.device) for norm in NORMS for world in worlds}
    wanted = torch.tensor(rows[1, "batch norm"][0])
    for world in worlds:
        found = torch.tensor(rows[world, "synchronised"][0])
        difference = float(((found - wanted).abs() / wanted).max())
        if difference > 1e-3:
            raise SystemExit(f"{world} processes with synchronised norm: the losses differ by {difference:.2g} of them")
    alone = rows[1, "batch norm"][1]
    machine = torch.cuda.get_device_name() if on_gpus else f"{os.cpu_count()} cores"
    print(f"padded U-Net, widths {WIDTHS}, {TILES} tiles of {SIDE}² pixels per step, {machine}\n")
    print("| processes | norm | seconds per step | of one process |\n|---:|---|---:|---:|")
    for (world, norm), (_, seconds) in rows.items():
        print(f"| {world} | {norm} | {seconds:.4f} | {seconds / alone:.2f} |")


if __name__ == "__main__":
    main()
