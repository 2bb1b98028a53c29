"""Several processes joined by gloo: gradients, exchanged values, and the end of a run by an error or a dead process."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributed import HashStore  # type: ignore[attr-defined]
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.oracles.loss_inputs import random_classes, random_labels
from tests.oracles.processes import outcomes
from unet_tutorial.learning import distributed
from unet_tutorial.learning.distributed import ALONE, AgreedError, Processes, SharedStep, joined, leave
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED
from unet_tutorial.learning.losses.named import LOSSES, OF_LAYERS, loss_named, terms_named
from unet_tutorial.learning.losses.terms import Objective
from unet_tutorial.learning.train import Batch, NotFiniteError
from unet_tutorial.nets.presets import build
from unet_tutorial.nets.sync_norm import synchronised

IMAGES = 4
KINDS = [(name, layered) for name in LOSSES for layered in (False, True)]
KINDS = [(name, layered) for name, layered in KINDS if name not in (OF_LAYERS if layered else OF_LAYERS.values())] + [
    ("2*dice+0.5*focal", False)
]


def net(*, layered: bool) -> Any:
    """A network with batch norm in float64, which also has a weight that is never used."""
    torch.manual_seed(0)
    made: Any = build("padded", in_channels=1, out_channels=3, widths=(2, 3)).double()
    made.unused = nn.Parameter(torch.zeros(2, int(layered) + 1, dtype=torch.float64))
    return made


def batch(name: str, *, layered: bool) -> Batch:
    """Images with labels and weights, of which the first has no label and the second only some."""
    size = (176, 176) if name == "ms_ssim" else (8, 10)
    logits, labels, weights = (
        torch.cat((each, each.flip(-1))) for each in (random_labels if layered else random_classes)(size, known=0.7)
    )
    labels[0], labels[1, ..., 2:] = UNLABELLED, UNLABELLED
    return Batch(logits[:, :1], labels, weights)


def shared(processes: Processes, name: str, *, layered: bool, parts: int) -> tuple[float, dict[str, Tensor | None]]:
    """The loss and the gradients of the step, of which this process computes its tiles."""
    made = net(layered=layered)
    if parts == 1:
        synchronised(made, processes.sum)
    else:  # the statistics of a part are not those of the batch
        made.eval()
    objective = Objective(loss_named(name, multilabel=layered), terms_named(name, multilabel=layered))
    tiles = IMAGES // processes.world
    own = Batch(*(each.split(tiles)[processes.rank] for each in batch(name, layered=layered)))
    cost = SharedStep(made, objective, processes, parts=parts)(own)
    return cost.item(), {key: weight.grad for key, weight in made.named_parameters()}


def alone(name: str, *, layered: bool, parts: int) -> tuple[float, dict[str, Tensor | None]]:
    """The loss and the gradients of all tiles in one process, without any of the code for several."""
    made = net(layered=layered)
    if parts > 1:
        made.eval()
    images, labels, weights = batch(name, layered=layered)
    cost = loss_named(name, multilabel=layered)(made(images), labels, weights)
    cost.backward()
    return cost.item(), {key: weight.grad for key, weight in made.named_parameters()}


def all_gradients() -> Any:
    """In each process: the losses and gradients of every named loss, and of one in two parts."""
    with joined() as processes:
        found = [shared(processes, name, layered=layered, parts=1) for name, layered in KINDS]
        if processes.world == 2:
            found.append(shared(processes, "cross_entropy", layered=False, parts=2))
        numbers = [
            (cost, {key: None if value is None else value.tolist() for key, value in gradients.items()})
            for cost, gradients in found
        ]
        return numbers if processes.rank == 0 else [numbers[0]]


@pytest.mark.parametrize("world", [2, pytest.param(4, marks=pytest.mark.slow)])
def test_gradients_of_processes_are_those_of_one_process_on_all_tiles(world: int) -> None:
    found = outcomes(all_gradients, world)
    assert [each.code for each in found] == [0] * world, found
    assert not any(each.printed for each in found)
    cases = [(name, layered, 1) for name, layered in KINDS] + [("cross_entropy", False, 2)] * (world == 2)
    for (name, layered, parts), (cost, gradients) in zip(cases, found[0].result, strict=True):
        wanted, expected = alone(name, layered=layered, parts=parts)
        assert cost == pytest.approx(wanted, rel=1e-12), name
        assert gradients["unused"] is expected["unused"] is None
        scale = max(float(value.abs().max()) for value in expected.values() if value is not None)
        for key, value in expected.items():
            if value is not None:
                difference = (torch.tensor(gradients[key], dtype=torch.float64) - value).abs().max()
                assert difference <= 1e-12 * scale, (name, key)
    assert all(each.result[0] == found[0].result[0] for each in found)


def test_parts_of_one_process_have_the_gradients_of_all_tiles() -> None:
    for name, layered in (("cross_entropy", False), ("sigmoid_focal", True)):
        cost, gradients = shared(ALONE, name, layered=layered, parts=4)
        wanted, expected = alone(name, layered=layered, parts=4)
        assert cost == pytest.approx(wanted, rel=1e-12)
        for key, value in expected.items():
            torch.testing.assert_close(gradients[key], value, rtol=1e-11, atol=1e-14)


class WithoutFloat64(TorchDispatchMode):
    """Refuses tensors of float64, as MPS does."""

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        for each in tree_leaves(found):
            if isinstance(each, Tensor) and each.dtype == torch.float64:
                raise TypeError("MPS has no float64")
        return found


@pytest.mark.parametrize("layered", [False, True])
def test_gradients_in_parts_need_no_float64(*, layered: bool) -> None:
    made, name = net(layered=layered).float(), "dice+cross_entropy" if not layered else "dice+binary_cross_entropy"
    images, labels, weights = batch(name, layered=layered)
    whole = Batch(images.float(), labels.float() if layered else labels, weights.float())
    objective = Objective(loss_named(name, multilabel=layered), terms_named(name, multilabel=layered))
    refused: Any = WithoutFloat64  # torch's class has no annotations
    with refused():
        cost = SharedStep(made.eval(), objective, parts=2)(whole)
    assert cost.item() == pytest.approx(alone(name, layered=layered, parts=2)[0], rel=1e-6)


def exchanged() -> Any:
    """The numbers, texts and errors that one of three processes receives from the others."""
    with joined() as processes:
        rank = processes.rank
        found = [
            processes.sum(torch.tensor([1.0, rank])).tolist(),
            [each.tolist() for each in processes.gathered(torch.arange(rank, dtype=torch.uint8))],
            processes.texts("é" * rank),
            processes.from_first([0.1, float("inf")] if rank == 0 else [3.0]),
            processes.from_first([]),
            sorted(processes.random_states(torch.device("cpu"))),
            processes.agree(lambda: rank),
        ]
        for action in (lambda: fail("all"), lambda: fail("some") if rank else rank):
            try:
                processes.agree(action)
            except AgreedError as error:
                found.append(str(error))
        for text in ("equal", f"{min(rank, 1)}"):
            try:
                processes.same("the options", text)
            except AgreedError as error:
                found.append(str(error))
        return found


def fail(message: str) -> None:
    raise ValueError(message)


def test_processes_exchange_numbers_texts_and_errors() -> None:
    found = outcomes(exchanged, 3)
    assert [each.code for each in found] == [0, 0, 0], found
    for rank, each in enumerate(found):
        assert each.result == [
            [3.0, 3.0],
            [[], [0], [0, 1]],
            ["", "é", "éé"],
            [0.1, float("inf")],
            [],
            ["random.cpu.1", "random.cpu.2"],
            rank,
            "all",
            "rank 1 of 3 processes: some",
            "rank 1 and rank 2: the options differ from those of rank 0; start all processes with the same options on "
            "the same files",
        ]


def left() -> str:
    """A process of which rank 1 leaves after the last exchange."""
    with joined() as processes:
        processes.sum(torch.ones(()))
        if processes.rank:
            leave()
    return "stayed"


def test_a_process_that_has_done_its_share_leaves_without_an_error() -> None:
    assert [(each.code, each.result) for each in outcomes(left, 2)] == [(0, "stayed"), (0, None)]


def test_a_process_alone_exchanges_with_itself() -> None:
    assert ALONE.agree(lambda: 5) == 5
    assert ALONE.from_first([1.5]) == [1.5]
    assert ALONE.texts("a") == ["a"]
    assert ALONE.random_states(torch.device("cpu")) == {}
    values = torch.ones(2)
    assert ALONE.sum(values) is values
    with pytest.raises(ValueError, match=r"^as it is$"):
        ALONE.agree(lambda: fail("as it is"))


def ending(kind: str) -> str:
    """A process of which rank 1 ends in some way, while rank 0 waits for it."""
    try:
        with joined() as processes:
            processes.sum(torch.ones(()))  # all have joined
            if kind == "agreed":
                processes.agree(lambda: fail("no such folder") if processes.rank else None)
            if kind == "not finite":
                raise NotFiniteError("the loss of step 3 is nan")
            if processes.rank and kind == "raises":
                fail("no such image")
            if processes.rank and kind == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            processes.sum(torch.ones(()))
    except ValueError as error:
        return str(error)
    return "went on"


LOST = (
    "rank 0 of 2 processes: the connection to another process is lost, because that one has ended; look for its own "
    "message, then continue with --resume and the folder of the run"
)


@pytest.mark.parametrize(
    ("kind", "codes", "said"),
    [
        ("agreed", [0, 1], ["rank 1 of 2 processes: no such folder", None]),
        ("not finite", [0, 1], ["the loss of step 3 is nan", None]),
        ("raises", [0, 0], [LOST, "rank 1 of 2 processes: no such image"]),
        ("killed", [0, -9], [LOST, None]),
    ],
)
def test_an_error_or_the_death_of_a_process_ends_all_in_one_sentence_each(
    kind: str, codes: list[int], said: list[str | None]
) -> None:
    found = outcomes(ending, 2, kind)
    assert [each.result for each in found] == said
    assert [each.code for each in found] == codes


def test_the_environment_of_another_launcher_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with joined() as processes:  # only a variable of the batch system
        assert processes == ALONE
    for rank, says in (("0", ""), ("5", r"RANK=5 with WORLD_SIZE=2"), ("-1", "RANK=-1")):
        monkeypatch.setenv("RANK", rank)
        monkeypatch.setenv("LOCAL_RANK", rank)
        with pytest.raises(ValueError, match=rf"cannot be joined \(.*{says}.*\); start them with torchrun"), joined():
            pass


def test_processes_that_do_not_start_are_waited_for_and_then_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = HashStore()
    monkeypatch.setattr(distributed, "SILENT", 0.05)
    monkeypatch.setattr(distributed, "LONGEST_START", timedelta(seconds=0.3))
    with pytest.raises(RuntimeError, match="only 1 of 2 have started within 0 minutes"):
        distributed._all_started(store, 2)
    assert capsys.readouterr().err == "unet: 1 of 2 processes have started; waiting for the others\n"
    distributed._all_started(store, 2)  # the second one


@pytest.mark.parametrize(("wanted", "says"), [("mps", "write cpu or cuda"), ("cuda:1", "write cpu or cuda")])
def test_devices_that_processes_cannot_share_are_refused(wanted: str, says: str) -> None:
    assert Processes(1, 2, 1).device("cpu") == "cpu"
    assert ALONE.device("cuda:1") == "cuda:1"
    with pytest.raises(ValueError, match=says):
        Processes(1, 2, 1).device(wanted)


def test_each_process_has_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: list[int] = []
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    assert Processes(3, 4, 1).device("cuda") == "cuda:1"
    assert chosen == [1]
    with pytest.raises(ValueError, match="rank 2 is process 3 on its machine, which has 2 GPUs; start one process per"):
        Processes(2, 3, 2).device("cuda")
