"""Checkpoints of thin networks, and images in zarr folders, for predictions by blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import zarr
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.task import GREY_CELLS, Task
from unet_tutorial.learning.checkpoints import save_weights
from unet_tutorial.nets.presets import build

THREE_CLASSES = Task(LabelScheme("classes", ("background", "a", "b"), (0, 7, 9)))
TWO_LAYERS = Task(LabelScheme("layers", ("a", "b")))


def smooth_noise(size: tuple[int, ...], seed: int = 0, sigma: float = 1.5) -> NDArray[np.uint16]:
    """An image of blobs of a few pixels."""
    values = gaussian_filter(np.random.default_rng(seed).normal(size=size), sigma)
    return np.asarray((values - values.min()) / (np.ptp(values) or 1) * 60000, np.uint16)


def stored(path: Path, array: NDArray[Any], chunks: tuple[int, ...] = ()) -> Path:
    """A zarr folder with one array."""
    zarr.create_array(str(path), data=array, chunks=chunks or tuple(min(n, 16) for n in array.shape))
    return path


def thin_checkpoint(
    path: Path, preset: str, task: Task = GREY_CELLS, normalise: str = "image", seed: int = 0, **arguments: Any
) -> Path:
    """The checkpoint of an untrained network whose classes are about equally frequent on `smooth_noise`."""
    torch.manual_seed(seed)
    wide = {"widths": (2, 4), "out_channels": len(task.classes), **arguments}
    net = build(preset, **wide)
    normaliser = Normaliser.of([np.stack([smooth_noise((64, 64))] * len(task.channels))], normalise)
    task = Task(task.scheme, task.channels, normaliser, task.spacing)
    rank = net.levels[0].rank
    image = np.stack([smooth_noise((40,) * rank)] * len(task.channels))
    logits = Predictor(net.eval(), task).logits(torch.from_numpy(task.normaliser(image)))
    with torch.no_grad():
        head = [module for module in net.modules() if isinstance(module, torch.nn.Conv2d | torch.nn.Conv3d)][-1]
        assert head.bias is not None
        head.weight *= 3 / logits.std()  # probabilities far from the threshold
        head.bias -= head.bias + (logits.flatten(1).median(1).values - head.bias) * 3 / logits.std()
    save_weights(path, net, preset=preset, arguments=wide, notes={"task": task.notes()})
    return path
