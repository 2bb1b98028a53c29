"""The U: an encoder, a decoder and a head, each handed in."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.contracts import FeatureExtractor
from unet_tutorial.nets.merge import Merge
from unet_tutorial.nets.nd import conv
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import Down, Up
from unet_tutorial.plan.levels import Level, positive_int
from unet_tutorial.plan.sizes import fault


class UNet(nn.Module):
    """``head(decoder(encoder(image)))``: (N, in, *size) -> logits (N, out, *smaller or equal size).

    It keeps its plan (``levels``, ``padding``, ``in_channels``) and refuses an image that does not fit it with a
    ValueError that says what does (Ronneberger et al., arXiv 1505.04597, figure 1). NaN and infinity are refused by
    the readers of images and by ``predict_tiled``, not here: to look for them costs a pass over the data.
    """

    def __init__(self, encoder: FeatureExtractor, decoder: Decoder, out_channels: int) -> None:
        super().__init__()
        positive_int("out_channels", out_channels)
        _refuse_mismatch(encoder, decoder)
        self.encoder, self.decoder = encoder, decoder
        self.levels, self.padding, self.extra_reach = decoder.levels, encoder.padding, decoder.extra_reach
        self.in_channels, self.out_channels = encoder.in_channels, out_channels
        self.head = conv(decoder.out_channels, out_channels, (1,) * self.levels[0].rank)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.head.get_parameter("weight").device

    @property
    def dtype(self) -> torch.dtype:
        """What the weights are made of, and images too."""
        return self.head.get_parameter("weight").dtype

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
        return self.misfit(image.dtype) or fault(tuple(image.shape[2:]), self.levels, padding=self.padding)

    def misfit(self, dtype: torch.dtype) -> str:
        """Why an image of this dtype does not fit the weights, in one sentence; empty if it does."""
        if not dtype.is_floating_point:
            return f"dtype {dtype}, and a network needs floats; standardise the image first"
        if dtype == self.dtype:
            return ""
        kind = self.device.type
        casts = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
        if casts and torch.float64 not in (dtype, self.dtype):  # autocast leaves float64 as it is
            return ""
        return f"dtype {dtype}, and the weights of this network are {self.dtype}; call .to({self.dtype})"


def _refuse_mismatch(encoder: FeatureExtractor, decoder: Decoder) -> None:
    """ValueError unless both sides were built from one plan; else skips of other sizes would meet, cropped alike."""
    wanted = tuple(level.channels for level in decoder.levels)
    if encoder.padding not in ("same", "valid"):
        raise ValueError(f"the encoder is padded {encoder.padding!r}; its block must state padding 'same' or 'valid'")
    if tuple(encoder.out_channels) != wanted:
        raise ValueError(f"the encoder gives {tuple(encoder.out_channels)} channels, and the decoder reads {wanted}")
    if not isinstance(getattr(encoder, "levels", None), tuple):
        raise ValueError(f"{type(encoder).__name__} does not state its levels; set them in its __init__")
    for i, (ours, theirs) in enumerate(zip(encoder.levels, decoder.levels, strict=True)):
        if ours != theirs:
            raise ValueError(
                f"level {i} is {ours} in the encoder and {theirs} in the decoder; build both from one plan"
            )
    if wanted[1:] and encoder.padding != decoder.padding:  # a single level has no decoder to disagree
        raise ValueError(
            f"the encoder is padded {encoder.padding!r} and the decoder {decoder.padding!r}; build both from one block"
        )


def unet(
    in_channels: int, out_channels: int, levels: Sequence[Level], *, block: Block, down: Down, up: Up, merge: Merge
) -> UNet:
    """The symmetric U: the decoder is as wide as the encoder, level by level."""
    encoder = Encoder(in_channels, levels, block, down)
    widths = [level.channels for level in levels[:-1]]
    return UNet(encoder, Decoder(levels, widths, block, up, merge), out_channels)
