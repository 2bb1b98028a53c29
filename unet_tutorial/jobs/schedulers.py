"""Runs one function for many blocks: in this process, or on the workers of dask.distributed.

A `Run` yields the result of each block with its index, in any order. The function and the indices are sent to other
processes, which may be on other machines with the same files.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any

from unet_tutorial.disk import one_line
from unet_tutorial.packages import package
from unet_tutorial.plan.levels import Size

Task = Callable[[Size], Any]
Run = Callable[[Task, Iterable[Size]], Iterator[tuple[Size, Any]]]
PATIENCE = 20  # seconds in which a scheduler must answer
PAUSE = 5  # seconds between two checks that there are workers
ADDRESS = r"((tcp|tls|ws|wss|ucx)://)?(\[[0-9a-fA-F:.]+\]|[^\s/:\[\]]+):\d{1,5}"  # of a scheduler
AHEAD = 8  # tasks queued per thread of a worker; a longer queue only needs memory of the scheduler

# Code that each worker runs first. Ctrl-C in a terminal interrupts all processes, but the main one ends the workers. It
# also raises the error of a block, which workers would print too, even that of a block that comes too late.
QUIET = """
import logging, signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
logging.getLogger("distributed.worker").setLevel(logging.CRITICAL)
"""

TOO_LITTLE_MEMORY = (
    "there was too little memory; run the same command again (finished blocks are kept) with fewer --workers, or "
    "predict into another folder (or with --overwrite) with a smaller --tile"
)


def in_this_process(task: Task, indices: Iterable[Size]) -> Iterator[tuple[Size, Any]]:
    """One block after the other."""
    for index in indices:
        yield index, task(index)


@contextmanager
def on_workers(workers: int, log: Callable[[str], None] = print) -> Iterator[Run]:
    """Workers on this machine, each a process with one thread; ``log`` receives the address of the live page.

    A worker that is killed, or that uses more than its share of the memory, is replaced, and its block is repeated.
    ValueError if dask.distributed is not installed.
    """
    distributed, dask = package("distributed", "scale"), package("dask", "scale")
    # A worker has one task at a time, and the others wait at the scheduler: if a worker dies, that task is the reason.
    alone = {"distributed.scheduler.worker-saturation": 1.0}
    with (
        dask.config.set(alone),
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            host="127.0.0.1",
            silence_logs=logging.ERROR,
            preload=QUIET,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        log(f"{_workers(workers)}; live page: {client.dashboard_link}")
        yield _on(client)


@contextmanager
def on_scheduler(address: str, log: Callable[[str], None] = print) -> Iterator[Run]:
    """The workers of a scheduler that runs already, such as ``tcp://10.0.0.5:8786``.

    ValueError if dask.distributed is not installed, for a text that is no address, if no scheduler answers, and if it
    has no worker.
    """
    distributed = package("distributed", "scale")
    if not re.fullmatch(ADDRESS, address):
        raise ValueError(
            f"scheduler {address}: this is no address; write tcp://HOST:PORT, which dask scheduler printed"
        )
    try:
        with ThreadPoolExecutor(1) as thread:  # a notebook has an event loop in its own thread
            thread.submit(asyncio.run, _answer(address)).result()
        client = distributed.Client(address, timeout=PATIENCE)
    except (OSError, ValueError, TypeError, MemoryError) as error:  # MemoryError: the answer has another protocol
        reason = "" if isinstance(error, TimeoutError) else f" ({one_line(error)})"
        raise ValueError(
            f"scheduler {address}: no answer of a scheduler within {PATIENCE} seconds{reason}; check the address that "
            "dask scheduler printed, and that this machine may connect to it"
        ) from error
    # If the scheduler ends, the client logs tracebacks, and does so as late as at the end of this process
    for name in ("distributed.client", "distributed.batched"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    with client:
        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError as error:
            raise ValueError(
                f"scheduler {address}: it has no worker; start some, each with: dask worker {address} --nthreads 1"
            ) from error
        count = len(client.scheduler_info(n_workers=-1)["workers"])
        log(f"{_workers(count)}; live page: {client.dashboard_link}")
        yield _on(client)


async def _answer(address: str) -> None:
    """Return when the scheduler has answered a question; TimeoutError after ``PATIENCE`` seconds.

    A `Client` waits for ever for a program that accepts the connection and does not answer.
    """
    async with package("distributed", "scale").rpc(address) as scheduler:
        await asyncio.wait_for(scheduler.identity(), PATIENCE)


def _on(client: Any) -> Run:
    """The tasks on the workers of a client.

    A block whose worker dies four times ends the job with its index; the loss of all workers or of the scheduler ends
    it too. Each is a ValueError that says how to continue.
    """
    distributed = package("distributed", "scale")

    def run(task: Task, indices: Iterable[Size]) -> Iterator[tuple[Size, Any]]:
        left, finished = iter(indices), SimpleQueue[Any]()
        blocks: dict[Any, Size] = {}

        def submit(count: int) -> None:
            for index in islice(left, count):
                future = client.submit(task, index, pure=False)
                blocks[future] = index
                future.add_done_callback(finished.put)

        def next_result() -> tuple[Size, Any]:
            future = _patiently(client, lambda seconds: finished.get(timeout=seconds))
            index = blocks.pop(future)
            try:
                result = _patiently(client, future.result)  # a result is lost with its worker, and computed again
            except distributed.KilledWorker as error:
                raise ValueError(
                    f"block {index}: workers that had it ended several times, most likely because {TOO_LITTLE_MEMORY}"
                ) from error
            submit(1)
            return index, result

        try:
            with _connected():
                submit(AHEAD * max(1, sum(client.nthreads().values())))
            while blocks:
                with _connected():
                    found = next_result()
                yield found
        finally:
            with suppress(CancelledError, OSError):  # the connection is lost
                client.cancel(list(blocks), force=True)

    return run


@contextmanager
def _connected() -> Iterator[None]:
    """Context manager for requests to the scheduler: ValueError if the connection to it is lost."""
    try:
        yield
    except (CancelledError, OSError) as error:
        raise ValueError(
            f"the connection to the scheduler is lost ({type(error).__name__}); start the scheduler and its workers "
            "again, and run the same command with the new address: finished blocks are kept"
        ) from error


def _patiently(client: Any, wait: Callable[[float], Any]) -> Any:
    """``wait(seconds)``, again and again until it has a result. ValueError if the scheduler has no worker any more."""
    alone = 0
    while True:
        try:
            return wait(PAUSE)
        except (Empty, TimeoutError):
            # a worker that is killed while it starts is not replaced
            alone = 0 if client.nthreads() else alone + PAUSE
        if alone > PATIENCE:
            raise ValueError(f"all workers have ended, most likely because {TOO_LITTLE_MEMORY}")


def _workers(count: int) -> str:
    return f"{count} worker{'' if count == 1 else 's'}"
