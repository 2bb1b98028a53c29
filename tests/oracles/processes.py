"""Processes that torch joins as those of torchrun, and threads that stand for processes in cheap tests."""

from __future__ import annotations

import io
import os
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Barrier, local
from typing import Any, NoReturn, TypeVar

from torch import Tensor

from unet_tutorial.learning import distributed

SECONDS = 120  # after which a test fails because its processes hang
_T = TypeVar("_T")
# Its children are copies of a process that has imported torch once.
CONTEXT: Any = get_context("forkserver")
CONTEXT.set_forkserver_preload(["unet_tutorial.learning.distributed", "unet_tutorial.jobs.job"])


@dataclass(frozen=True)
class Outcome:
    """The exit code of a process, negative for the number of a signal; its printed text, and its result."""

    code: int
    printed: str = ""
    result: Any = None


def outcomes(function: Callable[..., object], world: int, *arguments: object) -> list[Outcome]:
    """Call a function of a module in ``world`` processes with the environment of torchrun.

    As torchrun does, the processes that are left are ended some seconds after one of them has failed.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    pipes = [CONTEXT.Pipe(duplex=False) for _ in range(world)]
    processes = [
        CONTEXT.Process(target=_child, args=(sender, rank, world, port, function, arguments))
        for rank, (_, sender) in enumerate(pipes)
    ]
    for process in processes:
        process.start()
    for _, sender in pipes:
        sender.close()
    end = time.monotonic() + SECONDS
    received = []
    for (receiver, _), process in zip(pipes, processes, strict=True):
        try:
            said = receiver.recv() if receiver.poll(max(end - time.monotonic(), 0)) else ("hangs", None)
        except EOFError:
            said = ("", None)
        process.join(max(end - time.monotonic(), 0))
        process.kill()
        process.join()
        received.append(said)
    return [Outcome(process.exitcode, *said) for process, said in zip(processes, received, strict=True)]


def _exit(code: int = 0) -> NoReturn:
    sys.exit(code)


def _child(
    sender: Connection, rank: int, world: int, port: int, function: Callable[..., object], arguments: tuple[object, ...]
) -> None:
    names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": world, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in names.items()})
    text, result, code = io.StringIO(), None, 0
    distributed.leave = _exit  # so that the text and the result can be sent
    try:
        with redirect_stdout(text), redirect_stderr(text):
            result = function(*arguments)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    sender.send((text.getvalue(), result))
    sender.close()
    sys.stdout.flush()
    os._exit(code)


class Threads:
    """Threads in place of processes: ``total`` is the sum of the tensors that all threads pass."""

    def __init__(self, world: int) -> None:
        self.world, self.barrier, self.own = world, Barrier(world, timeout=SECONDS), local()
        self.passed: list[Tensor] = [Tensor()] * world

    def total(self, values: Tensor) -> Tensor:
        """Add the tensors of all threads in the order of their ranks."""
        self.passed[self.own.rank] = values
        self.barrier.wait()
        found = sum(self.passed[1:], start=self.passed[0])
        self.barrier.wait()
        return found

    def __call__(self, function: Callable[[int], _T]) -> list[_T]:
        """The results of a function of the rank, called in all threads at the same time."""

        def ranked(rank: int) -> _T:
            self.own.rank = rank
            return function(rank)

        with ThreadPoolExecutor(self.world) as pool:
            return list(pool.map(ranked, range(self.world)))
