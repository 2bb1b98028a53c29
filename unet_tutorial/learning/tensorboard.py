"""Event files for TensorBoard: loss, learning rate and validations of a training run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from unet_tutorial.learning.train import Training
from unet_tutorial.packages import package


def summary_writer() -> Callable[..., Any]:
    """The class SummaryWriter of torch. Raises ValueError if TensorBoard is not installed."""
    try:
        writer: Callable[..., Any] = package("torch.utils.tensorboard", "tensorboard").SummaryWriter
    except ValueError as error:
        raise ValueError(
            f"--tensorboard: {error}, or leave the option out: history.csv has the same numbers"
        ) from error
    return writer


class EventFiles:
    """Writes files for ``tensorboard --logdir FOLDER`` into a folder; call it with the training after each save.

    Each call writes the losses, the learning rates (``rates`` of a step) and the validations since the last one. The
    run may be a resumed one: TensorBoard then leaves out the steps that the interrupted run has written after its last
    checkpoint. Raises ValueError if TensorBoard is not installed.
    """

    def __init__(self, folder: str | Path, training: Training, rates: Callable[[int], float]) -> None:
        self.writer = summary_writer()(str(folder), purge_step=training.step)
        self.rates = rates
        self.steps = training.step
        # purged together with the losses: a validation after step n follows the loss of step n - 1, counted from 0
        self.validations = sum(validation.step < training.step for validation in training.validation)

    def __call__(self, training: Training) -> None:
        """Write the steps and validations since the last call."""
        for step in range(self.steps, training.step):
            self.writer.add_scalar("loss/training", training.losses[step], step)
            self.writer.add_scalar("learning rate", self.rates(step), step)
        for validation in training.validation[self.validations :]:
            self.writer.add_scalar("loss/validation", validation.loss, validation.step)
            self.writer.add_scalar("score/validation", validation.score, validation.step)
        self.steps, self.validations = training.step, len(training.validation)
        self.writer.flush()

    def close(self) -> None:
        """Finish the file."""
        self.writer.close()
