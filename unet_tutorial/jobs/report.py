"""Writes the report of a run: pictures, tables, plot and diagram."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from unet_tutorial.datasets.decode import Array
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.disk import complete_file
from unet_tutorial.figures.diagram import draw
from unet_tutorial.figures.table import table
from unet_tutorial.jobs.predictor import Probabilities
from unet_tutorial.jobs.scores import Row, Scores
from unet_tutorial.learning.train import Training
from unet_tutorial.nets.contracts import Network
from unet_tutorial.plan.levels import Size

# Colours of Okabe & Ito, which colour-blind readers can tell apart
CORRECT, FALSE_POSITIVE, FALSE_NEGATIVE = "#f4f4f4", "#d55e00", "#0072b2"


def write_report(folder: Path, scores: Scores, test: list[Pair], training: Training, tile: Size) -> None:
    """Write the report of a run into its folder.

    Files: held_out_NAME.png for each test image (`picture`, without test-time augmentation), history.png (`loss_plot`),
    metrics.csv (`to_csv`), and the network for one tile as diagram.svg and table.md. ValueError if a file cannot be
    written.
    """
    for pair, probability in zip(test, scores.probabilities[1], strict=True):
        _save(picture(pair, probability, scores.thresholds[1]), folder / f"held_out_{pair.name}.png")
    _save(loss_plot(training.losses), folder / "history.png")
    _write(folder / "metrics.csv", to_csv(scores.rows))
    write_architecture(folder, training.net, tile)


def picture(pair: Pair, probability: Probabilities, threshold: float) -> Figure:
    """Image | truth | probability | error of one image, or of the middle slice of a volume.

    A pixel counts as cell if its probability is above the threshold. The title gives the share of wrong pixels among
    all labelled pixels; for a volume, of all slices and not only of the middle one.
    """
    cell = probability > threshold
    error = np.where((cell == pair.labels) | ~pair.known, 0, np.where(cell, 1, 2))
    share = np.mean(error[pair.known] > 0) if pair.known.any() else 0.0
    figure = Figure(figsize=(14, 4.2), layout="constrained")
    image, truth, chance, wrong = figure.subplots(1, 4)
    _panel(image, pair.image[0], f"image {pair.name}", (pair.image.min(), pair.image.max()))
    _panel(truth, pair.labels, f"truth: {np.count_nonzero(np.unique(middle_slice(pair.instances)))} cells", (0, 1))
    _panel(chance, probability, "probability of cell", (0, 1))
    colours = ListedColormap([CORRECT, FALSE_POSITIVE, FALSE_NEGATIVE])
    wrong.imshow(middle_slice(error), cmap=colours, vmin=0, vmax=2, interpolation="nearest")
    wrong.set_title(f"error: {share:.1%} of the {'pixels' if error.ndim == 2 else 'voxels'}")
    wrong.set_axis_off()
    names = {FALSE_POSITIVE: "false positive", FALSE_NEGATIVE: "false negative"}
    handles = [Patch(color=colour, label=name) for colour, name in names.items()]
    wrong.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=2, frameon=False)
    return figure


def middle_slice(values: Array) -> Array:
    """The middle slice of a volume (D, H, W); an image (H, W) is returned as it is."""
    return values if values.ndim == 2 else values[len(values) // 2]


def _panel(axes: Axes, values: Array, title: str, limits: tuple[float, float]) -> None:
    axes.imshow(middle_slice(values), cmap="gray", vmin=limits[0], vmax=limits[1])
    axes.set_title(title)
    axes.set_axis_off()


def loss_plot(losses: list[float]) -> Figure:
    """The loss of every step, and its running mean over a twentieth of the steps."""
    width = max(1, len(losses) // 20)
    smooth = np.convolve(losses, np.ones(width) / width, mode="valid")
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(losses, color="#bbbbbb", linewidth=0.8, label="each step")
    axes.plot(np.arange(len(smooth)) + width - 1, smooth, color="#0072b2", label=f"mean of {width} steps")
    axes.set(xlabel="step", ylabel="weighted cross-entropy", yscale="log")
    axes.legend(frameon=False)
    return figure


def to_csv(rows: list[Row]) -> str:
    """The scores as CSV, with a header."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([Row.names(), *(row.cells() for row in rows)])
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
