"""The task of a model on its way through the notes of a checkpoint."""

import json

import pytest

from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.jobs.task import GREY_CELLS, Task

COLOUR = Task(
    LabelScheme("classes", ("background", "a", "b"), (0, 1, 5)),
    ("red", "green", "blue"),
    Normaliser("data", (1.0, 2.0, 3.0), (1.0, 1.0, 2.0), ((0.0, 2.0),) * 3, ((1.0, 1.0),) * 3),
    (0.5, 0.5),
)


@pytest.mark.parametrize("task", [GREY_CELLS, COLOUR])
def test_notes_give_the_task_back(task: Task) -> None:
    assert Task.from_notes(json.loads(json.dumps({"task": task.notes()}))) == task


def test_a_checkpoint_of_an_earlier_version_is_for_grey_images_and_cells() -> None:
    assert Task.from_notes({"recipe": {}}) == Task()
    assert (Task().classes, Task().channels, Task().normaliser.method) == (("background", "cell"), ("grey",), "image")


@pytest.mark.parametrize("damaged", [{}, None, {"scheme": 3}, {**COLOUR.notes(), "normaliser": {}}])
def test_damaged_notes_are_one_sentence(damaged: object) -> None:
    with pytest.raises(ValueError, match="the task in the checkpoint is damaged"):
        Task.from_notes({"task": damaged})


def test_only_two_classes_that_exclude_each_other_are_binary() -> None:
    assert [Task().binary, COLOUR.binary, Task(LabelScheme("layers", ("a", "b"))).binary] == [True, False, False]
