"""Cascades: one network for the whole image and for enlarged regions of it.

Small structures inside a larger one are easier to segment in an enlarged region around it. Source:
``fine_grained_unet.py`` of https://github.com/AmberzzZZ/unet_vnet_keras.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unet_tutorial.nets.contracts import FeatureDecoder, FeatureExtractor, Network, largest_reach, out_channels_of
from unet_tutorial.nets.regions import Region, Resize, cropped, linear, nearest
from unet_tutorial.nets.unet import UNet


class FineGrained(Network):
    """One encoder and decoder, with a head for whole images and another one for regions of them.

    Training is parallel. Its image (N, 2 C, *size) holds the whole image and then a region of it, resized to the size
    of the image, see ``with_region``. The logits (N, K + L, *size) hold those of the head for whole images, with K
    channels, and those of the head for regions, with L channels. A loss with several labels per pixel takes both. The
    shared layers process all 2 N images in one batch, so the statistics of batch norm are those of both.

    Prediction is serial: ``inference.cascade.predict_in_series(net.whole, net.region, image)`` finds the regions in the
    prediction of the whole image.
    """

    def __init__(
        self, encoder: FeatureExtractor, decoder: FeatureDecoder, whole_head: nn.Module, region_head: nn.Module
    ) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.whole_head, self.region_head = whole_head, region_head
        self.in_channels = 2 * encoder.in_channels
        self.out_channels = out_channels_of(whole_head) + out_channels_of(region_head)
        self.levels, self.padding = self.whole.levels, self.whole.padding
        self.extra_reach = largest_reach((self.whole.extra_reach, self.region.extra_reach))

    @property
    def whole(self) -> UNet:
        """The network for whole images, with the same parameters: (N, C, *size) -> (N, K, *size)."""
        return UNet(self.encoder, self.decoder, self.whole_head)

    @property
    def region(self) -> UNet:
        """The network for regions, with the same parameters: (N, C, *size) -> (N, L, *size)."""
        return UNet(self.encoder, self.decoder, self.region_head)

    def forward(self, image: Tensor) -> Tensor:
        """Logits of the whole image, and those of its region."""
        self.check(image)
        both = torch.cat(image.chunk(2, dim=1))  # (2 N, C, *size)
        whole, region = self.decoder(self.encoder(both)).chunk(2)  # each (N, features, *size)
        return torch.cat((self.whole_head(whole), self.region_head(region)), dim=1)


def with_region(
    image: Tensor, target: Tensor, region_target: Tensor, box: Region, *, resize: Resize = linear
) -> tuple[Tensor, Tensor]:
    """One sample for the training of ``FineGrained``, with the region in ``box``.

    Image (C, *size), target (K, *size) and region target (L, *size) -> image (2 C, *size), target (K + L, *size). The
    pixels of the region are enlarged to the size of the image by ``resize``, and its labels by nearest neighbours.
    Choose the box with ``regions.largest_regions`` from the labels of the larger structure.
    """
    size = tuple(image.shape[1:])
    for name, labels in (("target", target), ("region_target", region_target)):
        if tuple(labels.shape[1:]) != size or not labels.is_floating_point():
            raise ValueError(
                f"{name} {tuple(labels.shape)} of {labels.dtype}: needed are floats (K, *{size}), one channel per "
                "structure, of the size of the image; call .float() and crop it"
            )
    enlarged = cropped(image, box, size, resize)
    return torch.cat((image, enlarged)), torch.cat((target, cropped(region_target, box, size, nearest)))
