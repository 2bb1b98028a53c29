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
from tqdm import tqdm

from unet_tutorial.commands.device import checked_device
from unet_tutorial.datasets.files import standardise
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.learning.checkpoints import load
from unet_tutorial.nets.unet import UNet

Map = NDArray[Any]


@dataclass(frozen=True)
class Predictor:
    """Grey image -> probability of class 1, of the same size; ``cut`` is the probability above which it is called so.

    ``tile`` is the side of a tile's input in pixels (0: the default), ``batch`` the tiles per pass.
    """

    net: UNet
    cut: float = 0.5
    tile: int = 0
    batch: int = 1

    @classmethod
    def from_file(cls, checkpoint: Path, device: str, tile: int, batch: int) -> Predictor:
        """The network of a checkpoint on a device; ValueError for a file that is none."""
        kept = load(checkpoint)
        net = kept.network().to(checked_device(device))
        return cls(net, kept.notes.get("cut", 0.5), tile, batch)

    def __call__(self, image: Map) -> Map:
        """(*size) -> (*size) float32; with one axis more than the network has, slice by slice."""
        rank = self.net.levels[0].rank
        if image.ndim == rank + 1:
            return np.stack([self(part) for part in tqdm(image, "slices", disable=None)])
        if image.ndim != rank:
            raise ValueError(f"an image of {image.ndim} axes, and this network takes {rank}, or a stack of such")
        tensor = torch.from_numpy(standardise(image))[None]
        tile = (self.tile,) * rank if self.tile else None
        probability: Map = predict_tiled(self.net, tensor, tile=tile, batch=self.batch).softmax(0)[1].numpy()
        return probability

    def mask(self, probability: Map) -> Map:
        """255 above the cut, 0 elsewhere: uint8."""
        return np.where(probability > self.cut, 255, 0).astype(np.uint8)


def result_names(images: Sequence[Path]) -> list[str]:
    """The stem of each file; ValueError where two would overwrite one another's results."""
    names = [image.stem for image in images]
    for name, count in Counter(names).items():
        if count > 1:
            raise ValueError(f"{count} images are named {name}; predict them into different folders")
    return names
