"""The files of a report, read back."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.folder import Pair, paired
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.report import confusion_csv, to_csv, write_architecture, write_report
from unet_tutorial.jobs.rows import BinaryRow
from unet_tutorial.jobs.scores import Scores, score
from unet_tutorial.jobs.split import Split
from unet_tutorial.jobs.task import GREY_CELLS, Task
from unet_tutorial.learning.train import Training, adam
from unet_tutorial.nets.presets import padded_unet

CLASSES = Task(LabelScheme("classes", ("glass", "stroma", "gland")), ("red", "green", "blue"))
LAYERS = Task(LabelScheme("layers", ("even", "ring")), ("a", "b"))
RNG = np.random.default_rng(0)
SIZE = (16, 20)


def pair(task: Task, name: str) -> Pair:
    if task is GREY_CELLS:
        cells = np.zeros(SIZE, np.int32)
        cells[2:9, 2:9], cells[11:15, 4:18] = 1, 2
        return paired(name, cells * 10.0 + RNG.random(SIZE), cells)
    shape = (2, *SIZE) if task is LAYERS else SIZE
    image = RNG.integers(0, 256, (len(task.channels), *SIZE)).astype(np.uint8)
    labels = RNG.integers(0, 2 if task is LAYERS else 3, shape).astype(np.uint8)
    return Pair(name, image, labels, np.zeros(SIZE, np.int32), np.ones(SIZE, bool))


class Written(NamedTuple):
    """A report of an untrained network and one image, and its arguments."""

    folder: Path
    scores: Scores
    test: list[Pair]
    training: Training


@pytest.fixture(scope="module", params=[GREY_CELLS, CLASSES, LAYERS], ids=["cells", "classes", "layers"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    torch.manual_seed(0)
    task, folder = request.param, tmp_path_factory.mktemp("report")
    training = adam(padded_unet(len(task.channels), len(task.classes), widths=(2, 4)))
    training.losses = [1.0, 0.5]
    test = [pair(task, "x")]
    scores = score(Predictor(training.net, task), Split([pair(task, "z")], test))
    write_report(folder, scores, test, training, SIZE)
    return Written(folder, scores, test, training)


def read(path: Path) -> list[list[str]]:
    return list(csv.reader(path.open(encoding="utf8", newline="")))


def test_the_report_has_a_picture_of_each_test_image_and_its_tables(written: Written) -> None:
    folder, scores, task = written.folder, written.scores, written.scores.task
    names = {"held_out_x.png", "history.png", "metrics.csv", "diagram.svg", "table.md"}
    names |= {"classes.csv", "confusion.csv", "confusion.png"} | ({"instances.csv"} if task is GREY_CELLS else set())
    assert {file.name for file in folder.iterdir()} == names
    assert [line[0] for line in read(folder / "metrics.csv")] == ["method", *(row.method for row in scores.rows)]
    classes = read(folder / "classes.csv")
    assert classes[0] == ["method", "class_name", "share", "iou", "dice", "precision", "recall"]
    assert [line[1] for line in classes[1:]] == [*task.classes] * 4
    if task is GREY_CELLS:
        assert read(folder / "metrics.csv")[0] == BinaryRow.names()
        assert read(folder / "instances.csv")[0] == ["method", "seg", "v_rand", "merges", "splits"]


def test_a_folder_that_is_missing_is_named(written: Written) -> None:
    missing = written.folder / "metrics.csv" / "inside"
    with pytest.raises(ValueError, match="cannot be written"):
        write_report(missing, written.scores, written.test, written.training, SIZE)


def test_the_confusion_table_counts_every_labelled_pixel(written: Written) -> None:
    scores, task = written.scores, written.scores.task
    head, *lines = read(written.folder / "confusion.csv")
    assert [line[0] for line in lines] == list(task.classes)
    counts = np.array([[int(value) for value in line[1:]] for line in lines])
    if task is LAYERS:
        assert head == ["layer", "true_negatives", "false_positives", "false_negatives", "true_positives"]
        assert counts.sum(1).tolist() == [np.prod(SIZE)] * 2
        np.testing.assert_array_equal(counts[:, [1, 3]], scores.counts[:, :, 1])
    else:
        assert head == ["true", *(f"predicted {name}" for name in task.classes)]
        assert counts.sum() == np.prod(SIZE)
        np.testing.assert_array_equal(counts, scores.counts[0])
    assert confusion_csv(scores) == (written.folder / "confusion.csv").read_text(encoding="utf8")


def test_csv_is_read_back() -> None:
    rows = [BinaryRow("a, with a comma", 0.1, 0.25, 1 / 3, 1.0), BinaryRow("b", 0.0, 0.0, 0.0, 0.0)]
    read = list(csv.DictReader(io.StringIO(to_csv(rows))))
    assert [line["method"] for line in read] == ["a, with a comma", "b"]
    assert {name: read[0][name] for name in BinaryRow.names()[1:]} == {
        "pixel_error": "0.1000",
        "isbi_pixel_error": "0.2500",
        "dice_background": "0.3333",
        "iou_cell": "1.0000",
    }


def test_the_tables_are_those_of_the_network_at_one_tile(tmp_path: Path) -> None:
    net = padded_unet(widths=(2, 4))
    write_architecture(tmp_path, net, (16, 20))
    arch = trace(net, torch.zeros(1, 1, 16, 20))
    wanted = "\n".join(table(arch, by=by).to_markdown() for by in ("level", "layer"))
    assert (tmp_path / "table.md").read_text(encoding="utf8") == wanted
    assert "16×20" in (tmp_path / "diagram.svg").read_text(encoding="utf8")
