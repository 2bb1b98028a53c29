"""Pictures and plots, read back from matplotlib."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.folder import Pair, paired
from unet_tutorial.jobs.pictures import (
    BACKGROUND,
    CORRECT,
    FALSE_NEGATIVE,
    FALSE_POSITIVE,
    STRIPES,
    WRONG,
    classes_picture,
    colours_of,
    confusion_plot,
    displayed,
    history_plot,
    in_class_colours,
    middle_slice,
    picture,
)
from unet_tutorial.jobs.task import GREY_CELLS, Task
from unet_tutorial.learning.train import Validation

CELLS = np.array([[1, 1, 0, 0, 2], [1, 0, 0, 0, 2], [0, 0, -1, -1, -1]], np.int32)
PROBABILITY = np.array([[0.9, 0.4, 0.1, 0.8, 0.7], [0.6, 0.1, 0.1, 0.1, 0.7], [0.0, 0.0, 1.0, 0.0, 1.0]])
#  right        right  MISSED right FALSE right; the last row is unlabelled but for its first two pixels
CLASSES = Task(LabelScheme("classes", ("glass", "stroma", "gland")), ("red", "green", "blue"))
LAYERS = Task(LabelScheme("layers", ("even", "ring")))
RNG = np.random.default_rng(0)


def drawn(axes: Axes, number: int = 0) -> NDArray[np.float64]:
    """The colours of an image in the panel: (H, W, 3)."""
    image = axes.images[number]
    return np.asarray(image.to_rgba(np.asarray(image.get_array())))[..., :3]


def legend_of(drawn: Axes | Figure) -> dict[str, tuple[float, ...]]:
    legend = drawn.get_legend() if isinstance(drawn, Axes) else drawn.legends[0]
    assert legend is not None
    patches = zip(legend.get_texts(), legend.legend_handles, strict=True)
    return {text.get_text(): tuple(patch.get_facecolor()[:3]) for text, patch in patches}  # type: ignore[union-attr]


def test_a_picture_colours_the_errors_of_labelled_pixels() -> None:
    figure = picture(paired("x", CELLS * 10.0, CELLS), PROBABILITY, 0.5, GREY_CELLS)
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
    wanted = np.full((3, 5), CORRECT, object)
    wanted[0, 1], wanted[0, 3] = FALSE_NEGATIVE, FALSE_POSITIVE
    np.testing.assert_allclose(drawn(wrong), np.array([[to_rgb(str(name)) for name in line] for line in wanted]))
    names = {"false positive": FALSE_POSITIVE, "false negative": FALSE_NEGATIVE, "no label": STRIPES[1]}
    assert legend_of(wrong) == {name: to_rgb(colour) for name, colour in names.items()}
    for axes in (truth, wrong):  # stripes only over the three unlabelled pixels
        np.testing.assert_array_equal(np.asarray(axes.images[1].get_array())[..., 3] > 0, CELLS == -1)
    assert len(image.images) == len(chance.images) == 1


def test_a_volume_shows_its_middle_slice_and_counts_all_voxels() -> None:
    cells = np.stack([np.zeros_like(CELLS), np.maximum(CELLS, 0), np.zeros_like(CELLS)])
    probability = np.stack([np.zeros((3, 5)), np.zeros((3, 5)), np.ones((3, 5))])
    figure = picture(paired("v", cells / 1.0, cells), probability, 0.5, GREY_CELLS)
    assert figure.axes[1].get_title() == "truth: 2 cells"
    assert figure.axes[3].get_title() == f"error: {(5 + 15) / 45:.1%} of the voxels"
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), cells[1])
    np.testing.assert_array_equal(middle_slice(cells[1]), cells[1])
    np.testing.assert_array_equal(middle_slice(cells), cells[1])


def test_the_name_of_a_single_class_is_in_the_titles() -> None:
    task = Task(LabelScheme("classes", ("glass", "tissue")))
    titles = [axes.get_title() for axes in picture(paired("x", CELLS / 1.0, CELLS), PROBABILITY, 0.5, task).axes]
    assert titles[1:3] == ["truth", "probability of tissue"]


def test_classes_keep_their_colours_in_truth_prediction_and_legend() -> None:
    labels = RNG.integers(0, 3, (6, 8)).astype(np.uint8)
    known = RNG.random((6, 8)) > 0.3
    image = RNG.integers(0, 256, (3, 6, 8)).astype(np.uint8)
    found = RNG.integers(0, 3, (6, 8)).astype(np.uint8)
    figure = classes_picture(Pair("x", image, labels, np.zeros((6, 8), np.int32), known), found, CLASSES)
    shown, truth, prediction, wrong = figure.axes
    colours = np.array([to_rgb(colour) for colour in colours_of(CLASSES)])
    np.testing.assert_allclose(drawn(shown), np.moveaxis(image, 0, -1) / 255)
    np.testing.assert_allclose(drawn(truth), colours[labels])
    np.testing.assert_allclose(drawn(prediction), colours[found])
    assert legend_of(figure) == {
        name: to_rgb(colour) for name, colour in zip(CLASSES.classes, colours_of(CLASSES), strict=True)
    }
    error = (labels != found) & known
    wanted = np.where(error[..., None], to_rgb(WRONG), to_rgb(CORRECT))
    np.testing.assert_allclose(drawn(wrong), wanted)
    assert wrong.get_title() == f"error: {error.sum() / known.sum():.1%} of the pixels"
    assert colours_of(CLASSES)[0] == BACKGROUND
    assert len(set(colours_of(CLASSES))) == 3


def test_overlapping_layers_multiply_their_colours() -> None:
    layers = np.array([[[0, 1, 0, 1]], [[0, 0, 1, 1]]], np.uint8)
    even, ring = (np.array(to_rgb(colour)) for colour in colours_of(LAYERS))
    np.testing.assert_allclose(in_class_colours(layers, LAYERS)[0], [[1, 1, 1], even, ring, even * ring])
    pair = Pair("x", np.zeros((1, 1, 4)), layers, np.zeros((1, 4), np.int32), np.ones((1, 4), bool))
    figure = classes_picture(pair, np.array([[[0, 1, 0, 0]], [[1, 0, 1, 1]]], np.uint8), LAYERS)
    assert figure.axes[3].get_title() == "error in any layer: 50.0% of the pixels"
    np.testing.assert_allclose(
        in_class_colours(np.stack([layers, 0 * layers, layers], axis=1), LAYERS)[0], np.ones((4, 3))
    )


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 4000)])
def test_red_green_and_blue_are_shown_as_they_are(dtype: type, top: int) -> None:
    image: NDArray[np.integer] = RNG.integers(0, top, (3, 4, 5)).astype(dtype)
    image[0, 0, 0] = top
    shown, caption = displayed(image, ("red", "green", "blue"))
    np.testing.assert_allclose(shown, np.moveaxis(image, 0, -1) / top)
    assert caption == ""


def test_other_channels_are_mixed_and_named() -> None:
    ramp = np.linspace(0, 1, 200)[None, None].repeat(5, 0)
    shown, caption = displayed(ramp[:2] * [[[3.0]], [[9.0]]], ("DAPI", "actin"))
    assert caption == "magenta: DAPI, green: actin"
    np.testing.assert_allclose(shown[0, 100], [0.5] * 3, atol=0.01)  # each channel has its own range
    shown, caption = displayed(np.concatenate([ramp[:1], 0 * ramp[:4]]), ("a", "b", "c", "d", "e"))
    assert caption == "red: a, green: b, blue: c (of 5 channels)"
    np.testing.assert_allclose(shown[0, -1], [1, 0, 0])
    assert displayed(ramp[:1], ("a",))[1] == ""


def test_the_confusion_plot_has_the_share_of_each_true_class() -> None:
    counts = np.array([[[8, 2, 0], [1, 1, 2], [0, 0, 0]]])
    (axes,) = confusion_plot(counts, CLASSES).axes
    texts = [text.get_text() for text in axes.texts]
    assert texts[:4] == ["80.0%\n8", "20.0%\n2", "0.0%\n0", "25.0%\n1"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["glass", "stroma", "gland"]
    assert (axes.get_ylabel(), axes.get_xlabel()) == ("true", "predicted")


def test_each_layer_has_a_confusion_plot() -> None:
    figure = confusion_plot(np.array([[[8, 2], [0, 3]], [[1, 0], [0, 4]]]), LAYERS)
    assert [axes.get_title() for axes in figure.axes] == ["even", "ring"]
    assert figure.axes[0].texts[1].get_text() == "20.0%\n2"


def test_the_plot_shows_every_loss_and_a_running_mean() -> None:
    losses = np.random.default_rng(0).uniform(0.1, 1.0, 60).tolist()
    each, mean = history_plot(losses).axes[0].lines
    np.testing.assert_array_equal(each.get_ydata(), losses)
    assert mean.get_label() == "mean of 3 steps"
    np.testing.assert_array_equal(mean.get_xdata(), range(2, 60))
    np.testing.assert_allclose(np.asarray(mean.get_ydata()), [np.mean(losses[i - 2 : i + 1]) for i in range(2, 60)])
    assert len(history_plot([0.5]).axes[0].lines) == 2  # also of a single step


def test_validations_are_drawn_and_the_best_step_is_marked() -> None:
    found = [Validation(20, 0.8, 0.3), Validation(40, 0.5, 0.6), Validation(60, 0.7, 0.5)]
    axes, other = history_plot([1.0] * 60, found).axes
    _, _, validation, mark = axes.lines
    np.testing.assert_array_equal(validation.get_xydata(), [(20, 0.8), (40, 0.5), (60, 0.7)])
    assert (mark.get_label(), mark.get_xdata()[0]) == ("best: step 40", 40)  # type: ignore[index]
    np.testing.assert_array_equal(other.lines[0].get_ydata(), [0.3, 0.6, 0.5])
    assert other.get_ylabel() == "validation, mean IoU"
