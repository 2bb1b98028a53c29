"""The U-Net, built from an encoder, a decoder and a head."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.contracts import FeatureDecoder, FeatureExtractor, out_channels_of
from unet_tutorial.nets.merge import Merge
from unet_tutorial.nets.nd import conv
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import Down, Up
from unet_tutorial.plan.levels import Level, positive_int
from unet_tutorial.plan.sizes import size_error


class UNet(nn.Module):
    """``head(decoder(encoder(image)))``: (N, in, *size) -> logits (N, out, *size or smaller).

    Source: Ronneberger et al., arXiv 1505.04597, figure 1. The head must define ``out_channels``, such as the head that
    ``pointwise_head(decoder, out_channels)`` makes. The constructor raises ValueError if encoder and decoder have
    different plans or paddings. ``forward`` raises ValueError for an image with the wrong number of axes or channels,
    dtype or size; the message says which are right. It does not check for NaN and infinity, because that takes time for
    each image; the functions that read images check it, and so does ``predict_tiled``.
    """

    def __init__(self, encoder: FeatureExtractor, decoder: FeatureDecoder, head: nn.Module) -> None:
        super().__init__()
        _check_match(encoder, decoder)
        self.encoder, self.decoder, self.head = encoder, decoder, head
        self.levels, self.padding, self.extra_reach = decoder.levels, encoder.padding, decoder.extra_reach
        self.in_channels, self.out_channels = encoder.in_channels, out_channels_of(head)

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the weights. Images must have the same dtype."""
        return next(self.parameters()).dtype

    def forward(self, image: Tensor) -> Tensor:
        """Logits, one map per class."""
        self.check(image)
        logits: Tensor = self.head(self.decoder(self.encoder(image)))
        return logits

    def check(self, image: Tensor) -> None:
        """Raise ValueError for an image that does not fit. Not checked during torch.compile and torch.export."""
        if torch.compiler.is_compiling():
            return
        error = self._error(image)
        if error:
            raise ValueError(f"input {tuple(image.shape)}: {error}")

    def _error(self, image: Tensor) -> str:
        rank = self.levels[0].rank
        if image.ndim != rank + 2:
            needed = f"(N, {self.in_channels}, and {rank} spatial axes)"
            return f"{image.ndim} axes, and this network needs {rank + 2}: {needed}"
        if image.shape[1] != self.in_channels:
            return f"{image.shape[1]} channels, and this network needs {self.in_channels}; axis 1 holds the channels"
        return self.dtype_error(image.dtype) or size_error(tuple(image.shape[2:]), self.levels, padding=self.padding)

    def dtype_error(self, dtype: torch.dtype) -> str:
        """One sentence that says why an image of this dtype does not fit the weights. Empty if it fits."""
        if not dtype.is_floating_point:
            return f"dtype {dtype}, and a network needs floats; standardise the image first"
        if dtype == self.dtype:
            return ""
        kind = self.device.type
        casts = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
        if casts and torch.float64 not in (dtype, self.dtype):  # autocast does not convert float64
            return ""
        return f"dtype {dtype}, and the weights of this network are {self.dtype}; call .to({self.dtype})"


def _check_match(encoder: FeatureExtractor, decoder: FeatureDecoder) -> None:
    """Raise ValueError unless both were built from the same plan.

    With different plans the skips might be cropped to the right size, but at the wrong place of the image.
    """
    wanted = tuple(level.channels for level in decoder.levels)
    if encoder.padding not in ("same", "valid"):
        raise ValueError(f"the encoder has padding {encoder.padding!r}; its block needs padding 'same' or 'valid'")
    if tuple(encoder.out_channels) != wanted:
        raise ValueError(
            f"the encoder has {tuple(encoder.out_channels)} output channels, but the decoder expects {wanted}; "
            "build both from the same levels"
        )
    if not isinstance(getattr(encoder, "levels", None), tuple):
        raise ValueError(f"{type(encoder).__name__} does not define levels; set them in its __init__")
    for i, (ours, theirs) in enumerate(zip(encoder.levels, decoder.levels, strict=True)):
        if ours != theirs:
            raise ValueError(
                f"level {i} is {ours} in the encoder and {theirs} in the decoder; build both from the same levels"
            )
    if wanted[1:] and encoder.padding != decoder.padding:  # a decoder of one level has no convolutions
        raise ValueError(
            f"the encoder has padding {encoder.padding!r} and the decoder {decoder.padding!r}; "
            "build both with the same block"
        )


def pointwise_head(decoder: FeatureDecoder, out_channels: int) -> nn.Module:
    """The head of the paper, a 1×1 convolution to one map per class: (N, C, *size) -> (N, out_channels, *size)."""
    positive_int("out_channels", out_channels)
    return conv(decoder.out_channels, out_channels, (1,) * decoder.levels[0].rank)


def unet(
    in_channels: int, out_channels: int, levels: Sequence[Level], *, block: Block, down: Down, up: Up, merge: Merge
) -> UNet:
    """The symmetric U-Net: at each level the decoder has as many channels as the encoder."""
    encoder = Encoder(in_channels, levels, block, down)
    decoder = Decoder(levels, [level.channels for level in levels[:-1]], block, up, merge)
    return UNet(encoder, decoder, pointwise_head(decoder, out_channels))
