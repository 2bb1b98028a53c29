"""Training on several processes: they compute the gradients of one batch together, as one process would.

``torchrun`` starts the processes and names them in the environment. Each process (rank) has the same network and a
share of the tiles of a step. The gradients are summed over the processes by torch's DistributedDataParallel (DDP), and
the losses are divided by the counts of the whole batch (see ``losses.terms``). Then every process makes the same step
of the optimiser. Process 0 alone validates, prints and writes files.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic, sleep
from typing import Any, NoReturn, TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from unet_tutorial.disk import one_line
from unet_tutorial.learning.losses.terms import Objective
from unet_tutorial.learning.random_states import key_of, random_states
from unet_tutorial.learning.train import Autocast, Batch, NotFiniteError, forward_pass
from unet_tutorial.nets.contracts import Network

LONGEST_WAIT = timedelta(hours=6)  # the longest time that a process waits for another, such as for a validation
LONGEST_START = timedelta(minutes=10)  # the longest time between the starts of two processes
SILENT = 20  # seconds after which a process that waits for the others to start says so
_T = TypeVar("_T")


class AgreedError(ValueError):
    """An error that every process of a run raises, with the same sentence."""


@dataclass(frozen=True)
class Processes:
    """The processes of a training run, as one of them sees them.

    ``rank`` is the number of this process from 0, ``world`` is the number of processes on all machines, and ``local``
    is the number of this process among those of its machine. The methods but ``device`` must be called by all
    processes, in the same order; each waits for the others.
    """

    rank: int = 0
    world: int = 1
    local: int = 0

    @property
    def name(self) -> str:
        """The name of this process in messages.

        >>> Processes(1, 2).name
        'rank 1 of 2 processes'
        """
        return f"rank {self.rank} of {self.world} processes"

    def device(self, wanted: str) -> str:
        """The device of this process: the CPU, or a GPU of its own. ValueError if there is none for it."""
        if self.world == 1 or wanted == "cpu":
            return wanted
        if wanted != "cuda":
            raise ValueError(f"device {wanted!r}: each of several processes has its own device; write cpu or cuda")
        if self.local >= torch.cuda.device_count():
            raise ValueError(
                f"rank {self.rank} is process {self.local + 1} on its machine, which has {torch.cuda.device_count()} "
                "GPUs; start one process per GPU: --nproc-per-node"
            )
        torch.cuda.set_device(self.local)
        return f"cuda:{self.local}"

    def sum(self, values: Tensor) -> Tensor:
        """The sum of the tensors of all processes, which have the same shape."""
        if self.world == 1:
            return values
        total = values.detach().clone()
        distributed.all_reduce(total)
        return total

    def gathered(self, data: Tensor) -> list[Tensor]:
        """The tensors of all processes in the order of their ranks, each (n,) uint8 on the CPU; n may differ."""
        if self.world == 1:
            return [data]
        own = torch.zeros(self.world, dtype=torch.int64)
        own[self.rank] = len(data)
        lengths = self.sum(own).tolist()
        padded = torch.zeros(max(lengths), dtype=torch.uint8)
        padded[: len(data)] = data
        received = [torch.empty_like(padded) for _ in lengths]
        distributed.all_gather(received, padded)
        return [each[:length].clone() for each, length in zip(received, lengths, strict=True)]

    def texts(self, text: str) -> list[str]:
        """The texts of all processes in the order of their ranks."""
        gathered = self.gathered(torch.tensor(list(text.encode()), dtype=torch.uint8))
        return [bytes(data.tolist()).decode() for data in gathered]

    def from_first(self, values: Sequence[float]) -> list[float]:
        """The numbers that process 0 passes; those of the others are ignored."""
        numbers = torch.tensor(values if self.rank == 0 else [], dtype=torch.float64)
        return self.gathered(numbers.view(torch.uint8))[0].view(torch.float64).tolist()

    def agree(self, action: Callable[[], _T]) -> _T:
        """The result of an action, which every process performs for itself.

        If it fails in one of them, all processes raise the same AgreedError, so that none waits for it. If all
        have the same message, this is the error; otherwise it is that of the first process that failed, with its name.
        An error of another kind than ValueError is raised unchanged where it occurred.
        """
        if self.world == 1:
            return action()
        error, message = None, ""
        try:
            result = action()
        except Exception as found:
            error, message = found, one_line(found, most=2000)
        messages = self.texts(message)
        if not any(messages):
            return result
        rank, reason = next((rank, each) for rank, each in enumerate(messages) if each)
        if error is not None and not isinstance(error, ValueError):
            raise error
        same = len(set(messages)) == 1
        raise AgreedError(reason if same else f"{replace(self, rank=rank).name}: {reason}") from error

    def same(self, name: str, text: str) -> None:
        """Raise AgreedError unless all processes pass the same text; ``name`` stands for it in the message."""
        texts = self.texts(text)
        others = [str(rank) for rank, each in enumerate(texts) if each != texts[0]]
        if others:
            raise AgreedError(
                f"rank {' and rank '.join(others)}: {name} differ from those of rank 0; start all processes with the "
                "same options on the same files"
            )

    def random_states(self, device: torch.device) -> dict[str, Tensor]:
        """The random states of all processes but process 0, under their keys in a checkpoint."""
        states = {key: self.gathered(state) for key, state in random_states(device).items()}
        return {key_of(key, rank): each for key, found in states.items() for rank, each in enumerate(found) if rank}


ALONE = Processes()


@contextmanager
def joined() -> Iterator[Processes]:
    """The processes that torchrun has started, from its variables RANK, WORLD_SIZE and LOCAL_RANK; else this one alone.

    Tensors on the CPU are exchanged by gloo, those on GPUs by NCCL. An error that all processes have is raised by
    process 0; the others end with exit code 1 without a message. Any other ValueError gets the name of its process, and
    so does the loss of the connection to a process that has ended.
    """
    processes = _from_environment()
    if processes.world == 1:
        yield processes
        return
    try:
        yield processes
    except KeyboardInterrupt:
        if processes.rank:
            leave(1)
        raise
    except (AgreedError, NotFiniteError):
        if not processes.rank:
            raise
        with suppress(RuntimeError):  # waits until process 0 has ended: torchrun ends all others with the first one
            processes.sum(torch.zeros(()))
        leave(1)
    except ValueError as error:
        raise ValueError(f"{processes.name}: {error}") from error
    except RuntimeError as error:
        if not _is_lost(error):
            raise
        raise ValueError(
            f"{processes.name}: the connection to another process is lost, because that one has ended; look for its "
            "own message, then continue with --resume and the folder of the run"
        ) from error
    distributed.destroy_process_group()


def leave(code: int = 0) -> NoReturn:
    """End this process with an exit code and without Python's clean-up, after its last exchange with the others.

    A thread of gloo may still have to release the tensors of the last exchange. If Python ends in this moment, it stops
    the thread, and the process is aborted ("terminate called without an active exception"): torchrun then reports a
    complete run as failed.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _from_environment() -> Processes:
    if not {"RANK", "WORLD_SIZE"} <= os.environ.keys() or os.environ["WORLD_SIZE"] == "1":
        return ALONE
    try:
        rank, world, local = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
        if not 0 <= rank < world:
            raise ValueError(f"RANK={rank} with WORLD_SIZE={world}")
        store, _, _ = next(distributed.rendezvous("env://", timeout=LONGEST_START))  # type: ignore[attr-defined]
        _all_started(store, world)
        store.set_timeout(LONGEST_WAIT)
        gpus = torch.cuda.is_available() and distributed.is_nccl_available()
        backend = "cpu:gloo,cuda:nccl" if gpus else "gloo"
        own = distributed.PrefixStore("group", store)  # type: ignore[attr-defined]
        distributed.init_process_group(backend, store=own, rank=rank, world_size=world, timeout=LONGEST_WAIT)
    except (KeyError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"the processes of this run cannot be joined ({one_line(error)}); start them with torchrun, as in "
            "torchrun --standalone --nproc-per-node=2 -m unet_tutorial train"
        ) from error
    return Processes(rank, world, local)


def _all_started(store: Any, world: int) -> None:
    """Wait until all processes have counted themselves in the store; RuntimeError if one of them does not."""
    start, told = monotonic(), False
    count = store.add("started", 1)
    while count < world:
        waited = monotonic() - start
        if waited > LONGEST_START.total_seconds():
            raise RuntimeError(f"only {count} of {world} have started within {waited / 60:.0f} minutes")
        if waited > SILENT and not told:
            told = True
            print(
                f"unet: {count} of {world} processes have started; waiting for the others", file=sys.stderr, flush=True
            )
        sleep(0.05)
        count = store.add("started", 0)


def _is_lost(error: RuntimeError) -> bool:
    """Whether an error says that another process does not answer."""
    words = str(error).lower()
    return isinstance(error, distributed.DistError) or "gloo" in words or "nccl" in words


class SharedStep:
    """The ``backward`` of ``train.fit`` for a batch that is computed in shares.

    Each process computes the gradients of its own tiles, in ``parts`` parts one after the other, which need less memory
    than all tiles at once (gradient accumulation). The gradients are those of the loss of all tiles together. Batch
    norm is an exception: it uses the mean and the variance of one part.
    """

    def __init__(
        self,
        net: Network,
        loss: Objective,
        processes: Processes = ALONE,
        *,
        parts: int = 1,
        autocast: Autocast = nullcontext,
    ) -> None:
        self.loss, self.processes, self.parts, self.autocast = loss, processes, parts, autocast
        self.layout = net.memory_format
        # With find_unused_parameters, networks may have weights that are not used. Moreover, the gradients are summed
        # in the same buckets in every step; otherwise DDP arranges new ones after its first step, and a resumed run
        # would sum in another order.
        shared = processes.world > 1
        if shared:  # the gradients of a net in channels-last order are copied to the order of the buckets
            warnings.filterwarnings("ignore", "Grad strides do not match bucket view strides")
        self.module: Any = DistributedDataParallel(_Spare(net), find_unused_parameters=True) if shared else net

    def __call__(self, batch: Batch) -> Tensor:
        """Compute the gradients of the tiles of this process and average them; returns the loss of all tiles."""
        totals = self.processes.sum(self.loss.counts(batch.labels))
        *others, last = (Batch(*tensors) for tensors in zip(*(each.chunk(self.parts) for each in batch), strict=True))
        costs = []
        for part in others:
            with self._not_averaged():
                costs.append(self._backward(part, totals))
        costs.append(self._backward(last, totals))
        return self.processes.sum(torch.stack(costs).sum())

    def _backward(self, part: Batch, totals: Tensor) -> Tensor:
        outputs = forward_pass(self.module, part.images, self.layout, self.autocast)
        cost = self.loss.of_part(outputs, part.labels, part.weights, totals)
        (cost * self.processes.world).backward()  # DDP divides the sum of the gradients by the number of processes
        return cost.detach()

    def _not_averaged(self) -> AbstractContextManager[None]:
        return self.module.no_sync() if self.processes.world > 1 else nullcontext()


class _Spare(nn.Module):
    """The network with one weight that is never used.

    Without any such weight, DDP warns in each process that it has looked for unused weights and found none.
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net, self.spare = net, nn.Parameter(torch.zeros((), device=next(net.parameters()).device))

    def forward(self, images: Tensor) -> Any:
        """The output of the network."""
        return self.net(images)
