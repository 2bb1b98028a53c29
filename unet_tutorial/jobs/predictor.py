"""A trained network as a function of a grey image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from unet_tutorial.datasets.files import standardise
from unet_tutorial.inference.test_time import mean_of_views
from unet_tutorial.inference.tiles import check_tile
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.jobs.device import checked_device
from unet_tutorial.jobs.parsing import sides
from unet_tutorial.learning.checkpoints import load
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Size

Probabilities = NDArray[Any]
VIEWS = (1, 8)


@dataclass(frozen=True)
class Predictor:
    """Grey image -> probability of class 1, of the same size; ``threshold`` is the probability above which it is called so.

    ``tile`` is the size of a tile's input in pixels (None: the default), ``batch`` the tiles per pass, and ``views``
    1, or 8 for the mean over all flips and quarter turns.
    """

    net: UNet
    threshold: float = 0.5
    tile: Size | None = None
    batch: int = 1
    views: int = 1

    def __post_init__(self) -> None:
        if self.views not in VIEWS:
            raise ValueError(f"views {self.views}: write 1, or 8 for all flips and quarter turns")
        if self.tile:
            check_tile(self.tile, self.net.levels, self.net.padding, self.net.extra_reach)

    @classmethod
    def from_file(
        cls, checkpoint: Path, device: str = "cpu", tile: str = "0", batch: int = 1, views: int = 1
    ) -> Predictor:
        """The network of a checkpoint on a device, with the cut that was chosen for so many views."""
        kept = load(checkpoint)
        net = kept.network().to(checked_device(device))
        size = sides(tile, net.levels[0].rank)
        return cls(net, kept.notes.get("cuts", {}).get(str(views), 0.5), size, batch, views)

    def __call__(self, image: Probabilities) -> Probabilities:
        """(*size) -> (*size) float32; with one axis more than the network has, slice by slice."""
        rank = self.net.levels[0].rank
        if image.ndim == rank + 1:
            return np.stack([self(part) for part in tqdm(image, "slices", disable=None)])
        if image.ndim != rank:
            wanted = "a TIFF stack" if rank == 3 else "an image, or a stack of images"
            raise ValueError(f"an image of {image.ndim} axes, and this network takes {rank}; give {wanted}")
        tensor = torch.from_numpy(standardise(image))[None]
        probability = mean_of_views(self._probability, tensor) if self.views > 1 else self._probability(tensor)
        return np.asarray(probability[1])

    def _probability(self, image: Tensor) -> Tensor:
        return predict_tiled(self.net, image, tile=self.tile, batch=self.batch).softmax(0)

    def mask(self, probability: Probabilities) -> Probabilities:
        """255 above the cut, 0 elsewhere: uint8."""
        return np.where(probability > self.threshold, 255, 0).astype(np.uint8)


def result_names(images: Sequence[Path]) -> list[str]:
    """The stem of each file; ValueError where two would overwrite one another's results."""
    names = [image.stem for image in images]
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"{count} images are named {name}; predict them into different folders")
    return names
