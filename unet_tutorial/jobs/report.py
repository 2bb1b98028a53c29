"""Writes the report of a run: pictures, tables, plots and diagram."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from unet_tutorial.datasets.folder import Pair
from unet_tutorial.disk import complete_file
from unet_tutorial.figures.diagram import draw
from unet_tutorial.figures.table import table
from unet_tutorial.jobs.pictures import classes_picture, confusion_plot, history_plot, picture
from unet_tutorial.jobs.rows import ScoreRow
from unet_tutorial.jobs.scores import Scores
from unet_tutorial.learning.train import Training
from unet_tutorial.nets.contracts import Network
from unet_tutorial.plan.levels import Size


def write_report(folder: Path, scores: Scores, test: Sequence[Pair], training: Training, tile: Size) -> None:
    """Write the report of a run into its folder. ValueError if a file cannot be written.

    - held_out_NAME.png: each test image with its truth and its prediction, without test-time augmentation.
    - history.png: the losses, and the validations if there are any.
    - metrics.csv and classes.csv: the scores of each method, and of its classes; instances.csv: those of the cells, if
      the labels are instances.
    - confusion.csv and confusion.png: the pixels of each true and predicted class, without test-time augmentation.
    - diagram.svg and table.md: the network for one tile.
    """
    for number, pair in enumerate(test):
        _save(_picture(pair, number, scores), folder / f"held_out_{pair.name}.png")
    _save(history_plot(training.losses, training.validation), folder / "history.png")
    for name, rows in (("metrics", scores.rows), ("classes", scores.classes), ("instances", scores.cells)):
        if rows:
            _write(folder / f"{name}.csv", to_csv(rows))
    _write(folder / "confusion.csv", confusion_csv(scores))
    _save(confusion_plot(scores.counts, scores.task), folder / "confusion.png")
    write_architecture(folder, training.net, tile)


def _picture(pair: Pair, number: int, scores: Scores) -> Figure:
    if scores.task.binary:
        return picture(pair, scores.probabilities[1][number], scores.thresholds[1][0], scores.task)
    return classes_picture(pair, scores.labels[1][number], scores.task)


def to_csv(rows: Sequence[ScoreRow]) -> str:
    """The rows of one table as CSV, with a header."""
    return _csv([rows[0].names(), *(row.cells() for row in rows)])


def confusion_csv(scores: Scores) -> str:
    """The confusion table of the network as CSV: a row for each true class, a column for each predicted class.

    For layers, a row for each layer with its true and false positives and negatives.
    """
    names = scores.task.classes
    if scores.task.scheme.layered:
        heads = ["layer", "true_negatives", "false_positives", "false_negatives", "true_positives"]
        tables = [counts.ravel() for counts in scores.counts]
    else:
        heads, tables = ["true", *(f"predicted {name}" for name in names)], list(scores.counts[0])
    return _csv([heads, *([name, *map(str, row)] for name, row in zip(names, tables, strict=True))])


def _csv(lines: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def write_architecture(folder: Path, net: Network, tile: Size) -> None:
    """Write diagram.svg and table.md (one table by level, one by layer) of the network for an input of one tile."""
    drawn = draw(net, (1, net.in_channels, *tile))
    drawn.save(folder / "diagram.svg")
    tables = [table(drawn.arch, by=by).to_markdown() for by in ("level", "layer")]
    _write(folder / "table.md", "\n".join(tables))


def _write(path: Path, text: str) -> None:
    with complete_file(path) as part:
        part.write_text(text, encoding="utf8")


def _save(figure: Figure, path: Path) -> None:
    with complete_file(path) as part:
        figure.savefig(part, dpi=100)
