"""Prediction with an exported ONNX file in place of the network; tiles, views and masks are those of `Predictor`.

The normalisation and the probabilities are computed in the file's graph, and the predictor gives it pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from unet_tutorial.datasets.images.image import Array, Image
from unet_tutorial.disk import one_line
from unet_tutorial.jobs.export.model import Description
from unet_tutorial.jobs.export.onnx_file import quiet, run_of
from unet_tutorial.jobs.parsing import sides
from unet_tutorial.jobs.predictor import Predictor, check_task
from unet_tutorial.nets.contracts import Network
from unet_tutorial.packages import installation, package

ROUNDING = 1e-5  # of pixels, in standard deviations of the image, that is not reported
PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}  # of onnxruntime, by device


class OnnxNetwork(Network):
    """The graph of an ONNX file under the contract of a network: pixels (N, C, *size) -> probabilities (N, K, *size).

    ``statistics`` are the further inputs of the graph, (C,) each: the numbers of the normalisation of an image.
    """

    def __init__(self, session: Any, about: Description, statistics: tuple[Array, ...] = ()) -> None:
        super().__init__()
        self.session, self.about, self.statistics = session, about, statistics
        self.levels, self.padding, self.extra_reach = about.levels, about.padding, about.extra_reach
        self.in_channels, self.out_channels = about.in_channels, about.out_channels

    def for_image(self, *statistics: Array) -> OnnxNetwork:
        """The same graph with the statistics of an image, where it needs them."""
        needed = len(self.session.get_inputs()) - 1
        return OnnxNetwork(self.session, self.about, statistics[:needed])

    @property
    def device(self) -> torch.device:
        """The device of input and output: the CPU, also if the graph runs on a GPU."""
        return torch.device("cpu")

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the pixels."""
        return torch.float32

    @property
    def memory_format(self) -> torch.memory_format:
        """Contiguous, as onnxruntime needs it."""
        return torch.contiguous_format

    def forward(self, image: Tensor) -> Tensor:
        """Check the image, and run the graph."""
        self.check(image)
        try:
            return run_of(self.session)(image, *map(torch.from_numpy, self.statistics))
        except Exception as error:  # the errors of onnxruntime have no common class
            if "alloc" in str(error):
                raise MemoryError(one_line(error)) from error
            raise ValueError(f"onnxruntime fails ({one_line(error)}); export the checkpoint again") from error


@dataclass(frozen=True)
class ExportedPredictor(Predictor):
    """A `Predictor` whose network is an `OnnxNetwork`."""

    net: OnnxNetwork

    @classmethod
    def from_onnx(
        cls, path: Path, device: str = "cpu", tile: str = "0", batch: int = 1, views: int = 1
    ) -> ExportedPredictor:
        """The model of an ONNX file that ``unet export`` wrote. The options are those of `Predictor.from_file`.

        ValueError for any other file, for a missing or old onnxruntime, and for invalid options.
        """
        runtime = package("onnxruntime", "export")
        kind, _, index = device.partition(":")
        provider = PROVIDERS.get(kind, "")
        cannot = f"device {device!r}: this onnxruntime cannot use it; leave the option out"
        if provider not in runtime.get_available_providers() or (index and not index.isdecimal()):
            raise ValueError(cannot)
        if not path.is_file():
            raise ValueError(f"{path}: there is no such file; pass an .onnx file of unet export")
        options = [{"device_id": index or "0"} if kind == "cuda" else {}]
        try:
            session = runtime.InferenceSession(path, quiet(), providers=[provider], provider_options=options)
        except Exception as error:  # the errors of onnxruntime have no common class
            raise ValueError(
                f"{path}: onnxruntime {runtime.__version__} cannot read it ({one_line(error)}); export the checkpoint "
                f"again, or install a newer onnxruntime: {installation('export')}"
            ) from error
        if session.get_providers()[0] != provider:  # onnxruntime has used the CPU instead
            raise ValueError(cannot)
        try:
            about = Description.from_entries(session.get_modelmeta().custom_metadata_map)
            net = OnnxNetwork(session, about)
            check_task(about.task, net)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        size = sides(tile, len(about.levels[0].kernel))
        return cls(net, about.task, about.thresholds.get(views, ()), size, batch, views)

    def warnings(self, image: Image) -> list[str]:
        """Those of `Predictor`, and one for pixels that float32, the type of the graph's input, cannot tell apart."""
        values = image.array.astype(np.float64)
        rounding = np.abs(values.astype(np.float32) - values).max()
        found = super().warnings(image)
        if rounding > ROUNDING * values.std():
            found.append(f"its pixels are rounded to float32, by up to {rounding:.2g}; predict it with the checkpoint")
        return found

    def prepared(self, image: Array) -> tuple[Any, Tensor]:
        """As in `Predictor`, for pixels without normalisation: the graph normalises them by these statistics."""
        net = self.net.for_image(*self.task.normaliser.statistics(image))
        return replace(self, net=net)._probability, torch.from_numpy(image.astype(np.float32))

    def activation(self, logits: Tensor) -> Tensor:
        """The same tensor, because the graph returns probabilities."""
        return logits
