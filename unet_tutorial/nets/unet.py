"""The U: an encoder, a decoder and a head, each handed in."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.levels import Level
from unet_tutorial.nets.merge import Merge
from unet_tutorial.nets.nd import FeatureExtractor, conv
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import Down, Up
from unet_tutorial.nets.sizes import fault


class UNet(nn.Module):
    """``head(decoder(encoder(image)))``: (N, in, *size) -> logits (N, out, *smaller or equal size).

    It keeps its plan (``levels``, ``padding``, ``in_channels``) and refuses an image that does not fit it with a
    ValueError that says what does (Ronneberger et al., arXiv 1505.04597, figure 1).
    """

    def __init__(self, encoder: FeatureExtractor, decoder: Decoder, out_channels: int) -> None:
        super().__init__()
        _refuse_mismatch(encoder, decoder)
        self.encoder, self.decoder = encoder, decoder
        self.levels, self.padding = decoder.levels, encoder.padding
        self.in_channels, self.out_channels = encoder.in_channels, out_channels
        self.head = conv(decoder.out_channels, out_channels, (1,) * self.levels[0].rank)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.head.get_parameter("weight").device

    def forward(self, image: Tensor) -> Tensor:
        """Logits, one map per class."""
        self.check(image)
        logits: Tensor = self.head(self.decoder(self.encoder(image)))
        return logits

    def check(self, image: Tensor) -> None:
        """Refuse an image of the wrong rank, channels, dtype or size; a traced graph carries no refusals."""
        if torch.compiler.is_compiling():
            return
        sentence = self._fault(image)
        if sentence:
            raise ValueError(f"input {tuple(image.shape)}: {sentence}")

    def _fault(self, image: Tensor) -> str:
        rank = self.levels[0].rank
        if image.ndim != rank + 2:
            return f"{image.ndim} axes, and this network needs {rank + 2}: (N, {self.in_channels}, and {rank} of space)"
        if image.shape[1] != self.in_channels:
            return f"{image.shape[1]} channels, and this network needs {self.in_channels}; axis 1 holds the channels"
        if not image.is_floating_point():
            return f"dtype {image.dtype}, and a network needs floats; standardise the image first"
        return fault(tuple(image.shape[2:]), self.levels, padding=self.padding)


def _refuse_mismatch(encoder: FeatureExtractor, decoder: Decoder) -> None:
    wanted = tuple(level.channels for level in decoder.levels)
    if tuple(encoder.out_channels) != wanted:
        raise ValueError(f"the encoder gives {tuple(encoder.out_channels)} channels, and the decoder reads {wanted}")
    if wanted[1:] and encoder.padding != decoder.padding:  # a single level has no decoder to disagree
        raise ValueError(
            f"the encoder is padded {encoder.padding!r} and the decoder {decoder.padding!r}; build both from one block"
        )


def unet(
    in_channels: int, out_channels: int, levels: Sequence[Level], *, block: Block, down: Down, up: Up, merge: Merge
) -> UNet:
    """The symmetric U: the decoder is as wide as the encoder, level by level."""
    widths = [level.channels for level in levels[:-1]]
    encoder = Encoder(in_channels, levels, block, down)
    return UNet(encoder, Decoder(levels, widths, block, up, merge), out_channels)
