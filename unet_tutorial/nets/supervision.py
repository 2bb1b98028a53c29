"""Deep supervision: a decoder that returns all its maps, and heads that make logits from each of them.

Source: Lee et al., "Deeply-supervised nets", arXiv 1409.5185; for U-Nets arXiv 1807.10165, section 3.2. The loss of a
list of logits is in ``learning.losses.supervision``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from math import prod

import torch
from torch import Tensor, nn

from unet_tutorial.nets.contracts import (
    FeatureDecoder,
    FeatureExtractor,
    Part,
    extra_reach_of,
    largest_reach,
    out_channels_of,
)
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.heads import ConvHead
from unet_tutorial.nets.nd import LINEAR, conv
from unet_tutorial.nets.resample import resized
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Level, Size, positive_int

ABSENT = -1e4  # logit of a class that is not in the image: probability 0, and within the range of float16
Head = Callable[[int, int, Level], nn.Module]  # (in_channels, out_channels, level) -> Module with out_channels


def pointwise(in_channels: int, out_channels: int, level: Level, *, bias: bool = True) -> nn.Module:
    """A head that is a 1×1 convolution, as in the paper of 2015. Without a bias: ``partial(pointwise, bias=False)``."""
    return conv(in_channels, out_channels, (1,) * level.rank, bias=bias)


def with_kernel(in_channels: int, out_channels: int, level: Level) -> ConvHead:
    """A head that is a convolution with the kernel of the level, usually 3×3."""
    return ConvHead(in_channels, out_channels, level.kernel)


class Supervised(FeatureDecoder):
    """A decoder whose ``forward`` returns all its maps: list of features -> list of maps, its own output first.

    It needs a head that takes a list, such as ``SideHeads``. Raises ValueError if the decoder has no maps.
    """

    def __init__(self, decoder: FeatureDecoder) -> None:
        super().__init__()
        if not decoder.map_channels:
            decoder.maps([])  # raises the error that names the decoders with maps
        self.decoder = decoder
        self.levels, self.padding, self.extra_reach = decoder.levels, decoder.padding, decoder.extra_reach
        self.out_channels = decoder.out_channels
        self.map_channels, self.map_levels = decoder.map_channels, decoder.map_levels

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """All maps of the decoder."""
        return self.maps(features)

    def maps(self, features: list[Tensor]) -> list[Tensor]:
        """All maps of the decoder."""
        return self.decoder.maps(features)


class SideHeads(Part):
    """One head per map. List of maps -> list of logits in training mode, only the first of them in evaluation mode.

    Maps (N, C_k, *size_k), each with its own channels and size -> logits (N, out, *size) of the size of the first map:
    those of coarser maps are interpolated linearly, and with padding "valid" cropped. ``decoder`` is the decoder whose
    maps it takes, and ``head`` makes each head.
    """

    def __init__(self, decoder: FeatureDecoder, out_channels: int, head: Head = pointwise) -> None:
        super().__init__()
        positive_int("out_channels", out_channels)
        places = zip(decoder.map_channels, decoder.map_levels, strict=True)
        self.heads = nn.ModuleList(head(channels, out_channels, decoder.levels[i]) for channels, i in places)
        self.out_channels = out_channels_of(self.heads[0])
        self.strides = [total_stride(decoder.levels, i) for i in decoder.map_levels]
        self.extra_reach = self._reach(decoder.levels)

    def _reach(self, levels: tuple[Level, ...]) -> Size:  # noqa: ARG002
        """The extra reach of the output in evaluation mode."""
        return extra_reach_of(self.heads[0])

    def forward(self, maps: list[Tensor]) -> Tensor | list[Tensor]:
        """Logits of each map, or of the first one."""
        return self.side_outputs(maps) if self.training else self.final(self.checked(maps))

    def final(self, maps: list[Tensor]) -> Tensor:
        """The output in evaluation mode: (N, out, *size)."""
        logits: Tensor = self.heads[0](maps[0])
        return logits

    def checked(self, maps: list[Tensor]) -> list[Tensor]:
        """The maps. Raises ValueError for the output of a decoder that is not wrapped in ``Supervised``."""
        if not isinstance(maps, list):
            raise ValueError(f"{type(self).__name__} takes a list of maps; wrap the decoder: Supervised(decoder)")
        return maps

    def side_outputs(self, maps: list[Tensor]) -> list[Tensor]:
        """The logits of all maps, each (N, out, *size)."""
        size = self.checked(maps)[0].shape[2:]
        made = [head(each) for head, each in zip(self.heads, maps, strict=True)]
        return [_enlarged(logits, stride, size) for logits, stride in zip(made, self.strides, strict=True)]

    def of_maps(self, decoder: FeatureDecoder, first: int) -> SideHeads:
        """A copy for a decoder that has the maps from number ``first`` on only."""
        fewer = deepcopy(self)
        fewer.heads, fewer.strides = fewer.heads[first:], self.strides[first:]
        fewer.extra_reach = fewer._reach(decoder.levels)
        return fewer


class AveragedHeads(SideHeads):
    """``SideHeads`` whose output in evaluation mode is the mean of all logits (arXiv 1807.10165, "accurate mode")."""

    def _reach(self, levels: tuple[Level, ...]) -> Size:
        return _largest_reach(self.heads, self.strides, levels)

    def final(self, maps: list[Tensor]) -> Tensor:
        """The mean of the logits: (N, out, *size)."""
        return torch.stack(self.side_outputs(maps)).mean(dim=0)


class FusedHeads(SideHeads):
    """``SideHeads`` whose logits are concatenated and mixed by a 1×1 convolution: (N, out, *size) in both modes.

    So the loss is that of one output. Source: Oktay et al., arXiv 1804.03999, the authors' code.
    """

    def __init__(self, decoder: FeatureDecoder, out_channels: int, head: Head = pointwise) -> None:
        super().__init__(decoder, out_channels, head)
        self.mix = conv(len(self.heads) * self.out_channels, self.out_channels, (1,) * decoder.levels[0].rank)

    def _reach(self, levels: tuple[Level, ...]) -> Size:
        return _largest_reach(self.heads, self.strides, levels)

    def forward(self, maps: list[Tensor]) -> Tensor | list[Tensor]:
        """The mixed logits."""
        logits: Tensor = self.mix(torch.cat(self.side_outputs(maps), dim=1))
        return logits

    def of_maps(self, decoder: FeatureDecoder, first: int) -> SideHeads:  # noqa: ARG002
        """Raises ValueError: the 1×1 convolution needs the logits of all maps."""
        raise ValueError("fused heads mix the logits of all maps, so none can be left out; build it with SideHeads")


def total_stride(levels: Sequence[Level], i: int) -> Size:
    """The factor per axis by which level i is coarser than the image: the product of the strides of levels 0 to i."""
    return tuple(map(prod, zip(*(level.stride for level in levels[: i + 1]), strict=True)))


def _enlarged(logits: Tensor, stride: Size, size: Size) -> Tensor:
    """Interpolate linearly by the stride, then crop: (N, out, *coarse) -> (N, out, *size)."""
    if max(stride) > 1:
        logits = resized(logits, stride, LINEAR[len(stride) - 1])
    return center_crop(logits, size)


def _largest_reach(heads: nn.ModuleList, strides: list[Size], levels: tuple[Level, ...]) -> Size:
    """Upper bound of the extra reach of all heads, in pixels of the finest level.

    Linear interpolation reads one more coarse pixel per side.
    """
    rank = levels[0].rank
    reaches = [
        tuple(s * (reach + (s > 1)) for s, reach in zip(stride, extra_reach_of(head) or (0,) * rank, strict=True))
        for head, stride in zip(heads, strides, strict=True)
    ]
    return largest_reach(reaches)


class GuidedHeads(SideHeads):
    """``SideHeads`` with the classification-guided module of UNet 3+ (arXiv 2004.08790, section 2).

    A classifier of the last map (dropout, 1×1 convolution, maximum over all pixels) decides whether the image has any
    foreground. Training mode: list of maps -> [logits of each map, and the class scores (N, 2): absent, present], for
    the loss ``learning.losses.supervision.guided_loss``. Evaluation mode: the first logits; for images without
    foreground, the logits of the channels ``foreground`` are ``ABSENT``. By default these are all channels but the
    first, the background, and for one output channel this one.

    The classifier depends on the whole input, so ``predict_tiled`` decides for each tile by itself.
    """

    def __init__(
        self,
        decoder: FeatureDecoder,
        out_channels: int,
        head: Head = pointwise,
        foreground: Sequence[int] | None = None,
    ) -> None:
        super().__init__(decoder, out_channels, head)
        chosen = foreground if foreground is not None else range(min(1, out_channels - 1), out_channels)
        outside = [i for i in chosen if i not in range(out_channels)]
        if outside or not chosen:
            raise ValueError(f"foreground {tuple(chosen)}: the output channels are 0 to {out_channels - 1}; list some")
        classifier = conv(decoder.map_channels[-1], 2, (1,) * decoder.levels[0].rank)
        self.classifier = nn.Sequential(nn.Dropout(), classifier)
        self.is_foreground: Tensor
        mask = torch.tensor([[i in chosen for i in range(out_channels)]])  # (1, out)
        self.register_buffer("is_foreground", mask, persistent=False)

    def forward(self, maps: list[Tensor]) -> Tensor | list[Tensor]:
        """Logits of each map and the class scores, or the first logits after the decision."""
        return [*self.side_outputs(maps), self.scores(maps)] if self.training else self.final(self.checked(maps))

    def scores(self, maps: list[Tensor]) -> Tensor:
        """The scores of the classes absent and present: (N, 2)."""
        scores: Tensor = self.classifier(maps[-1])  # (N, 2, *coarse)
        return scores.flatten(2).amax(dim=2)

    def final(self, maps: list[Tensor]) -> Tensor:
        """The first logits, those of the foreground ``ABSENT`` for images without it: (N, out, *size)."""
        absent = self.scores(maps).argmax(dim=1) == 0
        hidden = absent[:, None] & self.is_foreground  # (N, out)
        logits = super().final(maps)
        return logits.masked_fill(hidden.reshape(*hidden.shape, *(1,) * (logits.ndim - 2)), ABSENT)


def supervised_unet(
    encoder: FeatureExtractor,
    decoder: FeatureDecoder,
    out_channels: int,
    *,
    head: Head = pointwise,
    heads: Callable[[FeatureDecoder, int, Head], nn.Module] = SideHeads,
) -> UNet:
    """A U-Net with deep supervision: ``UNet(encoder, Supervised(decoder), heads(decoder, out_channels, head))``."""
    supervised = Supervised(decoder)
    return UNet(encoder, supervised, heads(decoder, out_channels, head))
