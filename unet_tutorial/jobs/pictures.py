"""Pictures of a report: held-out images with truth, prediction and errors; confusion tables; the history of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, to_rgb, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.labels import Labels
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.datasets.images.image import RGB, Array
from unet_tutorial.inference.outlines import BLUE, GREEN, VERMILION, class_colours
from unet_tutorial.jobs.predictor import Probabilities
from unet_tutorial.jobs.task import Task
from unet_tutorial.learning.train import Validation, best
from unet_tutorial.metrics.confusion import Counts

CORRECT, FALSE_POSITIVE, FALSE_NEGATIVE = "#f4f4f4", VERMILION, BLUE
WRONG, BACKGROUND = "#000000", "#e6e6e6"
STRIPES = "#8c8c8c", "#c8c8c8"  # of pixels without a label
STRIPE = 3  # width in pixels
MIXED = {2: ("magenta", "green"), 3: RGB}  # colours of two and of three mixed channels
LIGHT = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "magenta": (1, 0, 1)}
STRETCH = 0.5, 99.5  # percentiles of a mixed channel that become black and full colour


def picture(pair: Pair, probability: Probabilities, threshold: float, task: Task) -> Figure:
    """Image | truth | probability | error for background and one class; of a volume the middle slice.

    A pixel has the class if its probability (*size) is above the threshold. The title gives the share of wrong pixels
    among all labelled pixels; for a volume, of all slices and not only of the middle one.
    """
    name, cell = task.classes[1], probability > threshold
    error = np.where((cell == pair.labels) | ~pair.known, 0, np.where(cell, 1, 2))
    figure, truth, chance, wrong = _panels(pair, task)
    count = np.count_nonzero(np.unique(middle_slice(pair.instances)))
    _show(truth, f"truth: {count} {name}s" if task.scheme.kind == "instances" else "truth", pair.labels, (0, 1))
    _show(chance, f"probability of {name}", probability, (0, 1))
    _errors(wrong, pair, error, {FALSE_POSITIVE: "false positive", FALSE_NEGATIVE: "false negative"})
    _stripe(pair, truth)
    return figure


def classes_picture(pair: Pair, labels: Labels, task: Task) -> Figure:
    """Image | truth | prediction | error for several classes or layers; of a volume the middle slice.

    A class has the same colour in every picture. A pixel is wrong if its class is wrong, or one of its layers.
    """
    differs = labels != pair.labels
    error = (differs.any(0) if task.scheme.layered else differs) & pair.known
    figure, truth, predicted, wrong = _panels(pair, task)
    figure.set_figheight(4.8)  # room for a legend of the classes
    for axes, title, each in ((truth, "truth", pair.labels), (predicted, "prediction", labels)):
        _show(axes, title, in_class_colours(each, task))
    handles = _patches(dict(zip(colours_of(task), task.classes, strict=True)))
    figure.legend(handles=handles, loc="outside lower center", ncols=min(len(handles), 8), frameon=False)
    title = "error in any layer" if task.scheme.layered else "error"
    _errors(wrong, pair, error.astype(np.uint8), {WRONG: "wrong"}, title)
    _stripe(pair, truth)
    return figure


def colours_of(task: Task) -> tuple[str, ...]:
    """The colour of each class in all pictures, "#rrggbb"; light grey for the background."""
    colours = class_colours(len(task.classes))
    return colours if task.scheme.layered else (BACKGROUND, *colours[1:])


def in_class_colours(labels: Labels, task: Task) -> NDArray[np.float64]:
    """The middle slice of classes (*size) or layers (L, *size) in the colours of `colours_of`: (H, W, 3) from 0 to 1.

    Where layers overlap, their colours are multiplied.
    """
    colours = np.array([to_rgb(colour) for colour in colours_of(task)])  # (K, 3)
    if not task.scheme.layered:
        return np.asarray(colours[middle_slice(labels)])
    layers = zip(labels, colours, strict=True)
    coloured = [np.where(middle_slice(layer)[..., None] > 0, colour, 1.0) for layer, colour in layers]
    return np.asarray(np.prod(coloured, axis=0))


def middle_slice(values: Array) -> Array:
    """The middle slice of a volume (D, H, W); an image (H, W) is returned as it is."""
    return values if values.ndim == 2 else values[len(values) // 2]


def displayed(image: Array, channels: Sequence[str]) -> tuple[Array, str]:
    """The middle slice of an image (C, *size) as it is shown, and a caption.

    One channel is shown in grey, (H, W); red, green and blue as they are, (H, W, 3) from 0 to 1. Other channels are
    mixed, at most the first three, each with its own range of values, and the caption says which colour is which.
    """
    if len(image) == 1:
        return middle_slice(image[0]), ""
    if tuple(channels) == RGB:
        top = 255 if image.dtype == np.uint8 else max(float(image.max()), 1e-9)
        return np.stack([middle_slice(channel) / top for channel in image], axis=-1).clip(0, 1), ""
    names = MIXED[min(len(image), 3)]
    shown = list(zip(names, image, channels, strict=False))
    mixed = np.sum([np.multiply.outer(_stretched(channel), LIGHT[name]) for name, channel, _ in shown], axis=0)
    caption = ", ".join(f"{name}: {channel}" for name, _, channel in shown)
    return mixed.clip(0, 1), caption + f" (of {len(image)} channels)" * (len(image) > len(names))


def _stretched(channel: Array) -> NDArray[np.float64]:
    """The middle slice, with the dark pixels of the channel at 0 and its bright ones at 1."""
    low, high = np.percentile(channel, STRETCH)
    return np.asarray(((middle_slice(channel) - low) / max(high - low, 1e-9)).clip(0, 1))


def _panels(pair: Pair, task: Task) -> tuple[Figure, Axes, Axes, Axes]:
    """A figure with the image in the first of four panels, and the other panels."""
    figure = Figure(figsize=(14, 4.2), layout="constrained")
    image, truth, third, error = figure.subplots(1, 4)
    shown, caption = displayed(pair.image, task.channels)
    _show(image, f"image {pair.name}", shown, (pair.image.min(), pair.image.max()))
    image.text(0.5, -0.02, caption, transform=image.transAxes, ha="center", va="top")
    return figure, truth, third, error


def _show(axes: Axes, title: str, values: Array, limits: tuple[float, float] = (0, 1)) -> None:
    """Draw grey levels between two limits, (*size), or colours (H, W, 3) from 0 to 1."""
    coloured = values.shape[-1] == 3 and values.ndim == 3
    axes.imshow(values if coloured else middle_slice(values), cmap="gray", vmin=limits[0], vmax=limits[1])
    axes.set_title(title)
    axes.set_axis_off()


def _errors(axes: Axes, pair: Pair, error: Array, kinds: Mapping[str, str], title: str = "error") -> None:
    """Draw errors (*size): 0 where a pixel is right, else the number of the kind. ``kinds`` maps colours to names.

    ``title`` stands before their share.
    """
    colours = ListedColormap([CORRECT, *kinds])
    axes.imshow(middle_slice(error), cmap=colours, vmin=0, vmax=len(kinds), interpolation="nearest")
    share = np.mean(error[pair.known] > 0) if pair.known.any() else 0.0
    axes.set_title(f"{title}: {share:.1%} of the {'pixels' if error.ndim == 2 else 'voxels'}")
    axes.set_axis_off()
    missing = [] if pair.known.all() else [Patch(facecolor=STRIPES[1], hatch="////", label="no label")]
    axes.legend(
        handles=[*_patches(kinds), *missing], loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=3, frameon=False
    )
    _stripe(pair, axes)


def _stripe(pair: Pair, axes: Axes) -> None:
    """Draw stripes over pixels without a label."""
    missing = ~middle_slice(pair.known)
    if missing.any():
        rows, columns = np.indices(missing.shape)
        stripes = to_rgba_array(STRIPES)[(rows + columns) // STRIPE % 2]  # (H, W, 4)
        stripes[~missing, 3] = 0
        axes.imshow(stripes, interpolation="nearest")


def _patches(names: Mapping[str, str]) -> list[Patch]:
    """The entries of a legend; ``names`` maps colours to names."""
    return [Patch(facecolor=colour, edgecolor="#555555", label=name) for colour, name in names.items()]


def confusion_plot(counts: Counts, task: Task) -> Figure:
    """The confusion table of the classes, or of each layer: number and share of each true class by predicted class."""
    names: list[tuple[str, Sequence[str]]] = [("", task.classes)]
    if task.scheme.layered:
        names = [(name, ("absent", "present")) for name in task.classes]
    side = 2.0 + 0.8 * len(names[0][1])
    figure = Figure(figsize=(side * len(names), side), layout="constrained")
    for axes, table, (title, labels) in zip(np.ravel(figure.subplots(1, len(names))), counts, names, strict=True):
        shares = table / np.maximum(table.sum(1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (i, j), share in np.ndenumerate(shares):
            text = f"{share:.1%}\n{table[i, j]:,}"
            axes.text(j, i, text, ha="center", va="center", fontsize=8, color="white" if share > 0.5 else "black")
        ticks = range(len(labels))
        axes.set_xticks(ticks, labels, rotation=30, ha="right")
        axes.set_yticks(ticks, labels)
        axes.set(xlabel="predicted", ylabel="true", title=title)
    return figure


def history_plot(losses: Sequence[float], validations: Sequence[Validation] = ()) -> Figure:
    """The loss of every step, and its running mean over a twentieth of the steps.

    With validation, also the loss and the mean IoU on the validation images; a line marks the step with the best one.
    """
    width = max(1, len(losses) // 20)
    smooth = np.convolve(losses, np.ones(width) / width, mode="valid")
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot(losses, color="#bbbbbb", linewidth=0.8, label="each step")
    axes.plot(np.arange(len(smooth)) + width - 1, smooth, color=BLUE, label=f"mean of {width} steps")
    axes.set(xlabel="step", ylabel="loss", yscale="log")
    if validations:
        steps, costs, scores = zip(*validations, strict=True)
        axes.plot(steps, costs, color=FALSE_POSITIVE, marker="o", markersize=3, label="validation")
        other = axes.twinx()
        other.plot(steps, scores, color=GREEN, marker="s", markersize=3, linestyle="--", label="mean IoU")
        other.set_ylabel("validation, mean IoU", color=GREEN)
        top = best(validations)
        axes.axvline(top.step, color="black", linewidth=0.8, linestyle=":", label=f"best: step {top.step}")
    axes.legend(frameon=False)
    return figure
