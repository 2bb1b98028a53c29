"""The U-Net, built from an encoder, a decoder and a head."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.contracts import FeatureDecoder, FeatureExtractor, Network, extra_reach_of, out_channels_of
from unet_tutorial.nets.merge import Merge
from unet_tutorial.nets.nd import conv
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import Down, Up
from unet_tutorial.plan.levels import Level, positive_int
from unet_tutorial.plan.receptive_field import accumulated_reach


class UNet(Network):
    """``head(decoder(encoder(image)))``: (N, in, *size) -> logits (N, out, *size or smaller).

    Source: Ronneberger et al., arXiv 1505.04597, figure 1. The head must define ``out_channels``, such as the head that
    ``pointwise_head(decoder, out_channels)`` makes. The constructor raises ValueError if encoder and decoder have
    different plans or paddings. ``forward`` raises ValueError for an image with the wrong number of axes or channels,
    dtype or size; the message says which are right. It does not check for NaN and infinity, because that takes time for
    each image; the functions that read images check it, and so does ``predict_tiled``.
    ``extra_reach`` (see ``nets.contracts.Part``) is that of encoder, decoder and head together, in pixels of the image.
    """

    def __init__(self, encoder: FeatureExtractor, decoder: FeatureDecoder, head: nn.Module) -> None:
        super().__init__()
        _check_match(encoder, decoder)
        self.encoder, self.decoder, self.head = encoder, decoder, head
        self.levels, self.padding = decoder.levels, encoder.padding
        reaches = (encoder.extra_reach, decoder.extra_reach, extra_reach_of(head))  # all in pixels of the finest level
        self.extra_reach = accumulated_reach(self.levels, [reaches])
        self.in_channels, self.out_channels = encoder.in_channels, out_channels_of(head)

    def forward(self, image: Tensor) -> Tensor:
        """Logits, one map per class."""
        self.check(image)
        logits: Tensor = self.head(self.decoder(self.encoder(image)))
        return logits


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
