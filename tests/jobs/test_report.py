"""Pictures, plot and tables of a run, read back from matplotlib and from the files."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from unet_tutorial.datasets.folder import paired
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.jobs.report import (
    CORRECT,
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    loss_plot,
    middle_slice,
    picture,
    to_csv,
    write_architecture,
    write_report,
)
from unet_tutorial.jobs.scores import Row, Scores
from unet_tutorial.learning.train import adam
from unet_tutorial.nets.presets import padded_unet

CELLS = np.array([[1, 1, 0, 0, 2], [1, 0, 0, 0, 2], [0, 0, -1, -1, -1]], np.int32)
PROBABILITY = np.array([[0.9, 0.4, 0.1, 0.8, 0.7], [0.6, 0.1, 0.1, 0.1, 0.7], [0.0, 0.0, 1.0, 0.0, 1.0]])
#  right        right  MISSED right FALSE right; the last row is unlabelled but for its first two pixels


def test_a_picture_colours_the_errors_of_labelled_pixels() -> None:
    figure = picture(paired("x", CELLS * 10.0, CELLS), PROBABILITY, 0.5)
    image, truth, chance, wrong = figure.axes
    assert [axes.get_title() for axes in figure.axes] == [
        "image x",
        "truth: 2 cells",
        "probability of cell",
        f"error: {2 / 12:.1%} of the pixels",
    ]
    np.testing.assert_array_equal(image.images[0].get_array(), CELLS * 10.0)
    np.testing.assert_array_equal(truth.images[0].get_array(), CELLS > 0)
    np.testing.assert_array_equal(chance.images[0].get_array(), PROBABILITY)
    colours = np.asarray(wrong.images[0].to_rgba(np.asarray(wrong.images[0].get_array())))[..., :3]
    wanted = np.full((3, 5), CORRECT, object)
    wanted[0, 1], wanted[0, 3] = FALSE_NEGATIVE, FALSE_POSITIVE
    legend = wrong.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["false positive", "false negative"]
    np.testing.assert_allclose(colours, np.array([[to_rgb(str(name)) for name in line] for line in wanted]))


def test_a_volume_shows_its_middle_slice_and_counts_all_voxels() -> None:
    cells = np.stack([np.zeros_like(CELLS), np.maximum(CELLS, 0), np.zeros_like(CELLS)])
    probability = np.stack([np.zeros((3, 5)), np.zeros((3, 5)), np.ones((3, 5))])
    figure = picture(paired("v", cells / 1.0, cells), probability, 0.5)
    assert figure.axes[1].get_title() == "truth: 2 cells"
    assert figure.axes[3].get_title() == f"error: {(5 + 15) / 45:.1%} of the voxels"
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), cells[1])
    np.testing.assert_array_equal(middle_slice(cells[1]), cells[1])
    np.testing.assert_array_equal(middle_slice(cells), cells[1])


def test_the_plot_shows_every_loss_and_a_running_mean() -> None:
    losses = np.random.default_rng(0).uniform(0.1, 1.0, 60).tolist()
    each, mean = loss_plot(losses).axes[0].lines
    np.testing.assert_array_equal(each.get_ydata(), losses)
    assert mean.get_label() == "mean of 3 steps"
    np.testing.assert_array_equal(mean.get_xdata(), range(2, 60))
    np.testing.assert_allclose(np.asarray(mean.get_ydata()), [np.mean(losses[i - 2 : i + 1]) for i in range(2, 60)])
    assert len(loss_plot([0.5]).axes[0].lines) == 2  # also of a single step


def test_csv_is_read_back() -> None:
    rows = [Row("a, with a comma", 0.1, 0.25, 1 / 3, 1.0), Row("b", 0.0, 0.0, 0.0, 0.0)]
    read = list(csv.DictReader(io.StringIO(to_csv(rows))))
    assert [line["method"] for line in read] == ["a, with a comma", "b"]
    assert {name: read[0][name] for name in Row.names()[1:]} == {
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


def test_the_report_has_a_picture_of_each_test_image(tmp_path: Path) -> None:
    pairs = [paired(name, CELLS * 10.0, CELLS) for name in ("x", "y")]
    scores = Scores([Row("m", 0, 0, 0, 0)], {1: 0.5, 8: 0.5}, {1: [PROBABILITY] * 2, 8: []})
    training = adam(padded_unet(widths=(2, 4)))
    training.losses = [1.0, 0.5]
    write_report(tmp_path, scores, pairs, training, (16, 16))
    names = {"held_out_x.png", "held_out_y.png", "history.png", "metrics.csv", "diagram.svg", "table.md"}
    assert {file.name for file in tmp_path.iterdir()} == names
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="cannot be written"):
        write_report(tmp_path / "file", scores, pairs, training, (16, 16))
