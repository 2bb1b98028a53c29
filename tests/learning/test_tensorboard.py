"""Event files hold the numbers of the training: read by TensorBoard where it is installed, else by a stand-in."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.learning.test_train import start, validations
from unet_tutorial.learning.tensorboard import EventFiles
from unet_tutorial.learning.train import Training

Scalars = dict[str, list[tuple[int, float]]]  # of each tag: its steps and values


class StandIn:
    """Keeps the scalars of all writers of a folder, as TensorBoard shows them."""

    shown: Scalars

    def __init__(self, _folder: str, purge_step: int) -> None:
        StandIn.shown = {
            tag: [(step, value) for step, value in steps if step < purge_step]
            for tag, steps in (StandIn.shown if purge_step else {}).items()
        }

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        self.shown.setdefault(tag, []).append((step, value))

    def flush(self) -> None: ...

    def close(self) -> None: ...


def by_stand_in(_folder: Path) -> Scalars:
    return StandIn.shown


def by_tensorboard(folder: Path) -> Scalars:
    reading = importlib.import_module("tensorboard.backend.event_processing.event_accumulator")
    events = reading.EventAccumulator(str(folder)).Reload()
    return {tag: [(each.step, each.value) for each in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def trained(steps: int, scores: list[float]) -> Training:
    training = start()
    training.losses, training.validation = [1 / (step + 1) for step in range(steps)], validations(*scores)
    return training


def rates(step: int) -> float:
    return 0.5**step


@pytest.mark.parametrize("reader", [by_stand_in, by_tensorboard])
def test_losses_rates_and_validations_are_written_once_also_by_a_resumed_run(
    tmp_path: Path, reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if reader is by_tensorboard:
        pytest.importorskip("tensorboard")
    else:
        module = ModuleType("torch.utils.tensorboard")
        module.SummaryWriter = StandIn  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    first = EventFiles(tmp_path, trained(0, []), rates)
    first(trained(50, [0.5]))
    first(trained(120, [0.5, 0.75]))  # not in the checkpoint: the run is killed
    first.close()
    resumed = EventFiles(tmp_path, trained(50, [0.5]), rates)
    resumed(trained(80, [0.5]))
    resumed(trained(100, [0.5, 0.25]))
    resumed.close()
    shown = reader(tmp_path)
    assert shown.keys() == {"loss/training", "loss/validation", "learning rate", "score/validation"}
    assert [step for step, _ in shown["loss/training"]] == list(range(100))
    assert [loss for _, loss in shown["loss/training"]] == pytest.approx([1 / (step + 1) for step in range(100)])
    assert [rate for _, rate in shown["learning rate"]] == pytest.approx([rates(step) for step in range(100)])
    assert shown["score/validation"] == [(50, 0.5), (100, 0.25)]
    assert shown["loss/validation"] == [(50, 0.5), (100, 0.75)]


def test_without_tensorboard_one_sentence_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ValueError, match=r"--tensorboard: .* run pip install 'unet_tutorial\[tensorboard\]', or leave"):
        EventFiles(tmp_path / "events", trained(0, []), rates)
    assert not (tmp_path / "events").exists()
