"""Spatial attention: each pixel of a feature map is weighted by a coefficient computed from the same map.

It differs from ``nets.attention``, whose coefficients weight a skip and are also computed from the coarser level.
"""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn

from unet_tutorial.nets.blocks import Block
from unet_tutorial.nets.contracts import Network, Part, Wrapper, check_factory, summed_reach
from unet_tutorial.nets.nd import conv
from unet_tutorial.plan.levels import Level, Size


class SpatialAttention(Part):
    """Multiply each pixel by 1 + a, with a coefficient a from 0 to 1: (N, C, *size) -> (N, C, *size).

    The coefficients are computed by a convolution to C / 2 channels, a ReLU, a convolution to 1 channel and a sigmoid.
    Because a is added to 1, a coefficient of 0 keeps the features and does not remove them. Source: Wang et al., arXiv
    1906.03906, section 2.2.
    """

    def __init__(self, channels: int, kernel: Size) -> None:
        super().__init__()
        inner = max(channels // 2, 1)
        reduce, score = conv(channels, inner, kernel), conv(inner, 1, kernel)
        self.scores = nn.Sequential(OrderedDict(reduce=reduce, act=nn.ReLU(), score=score))
        self.out_channels = channels
        self.extra_reach = tuple(2 * (k // 2) for k in kernel)  # two convolutions in sequence

    def forward(self, x: Tensor) -> Tensor:
        """Add the weighted features to the features."""
        scores: Tensor = self.scores(x)  # (N, 1, *size)
        return x + x * scores.sigmoid()


def attended(block: Block) -> Block:
    """The block with spatial attention on its input."""
    block = check_factory("block", block)

    def wrapped(in_channels: int, out_channels: int, level: Level) -> Part:
        return Attended(SpatialAttention(in_channels, level.kernel), block(in_channels, out_channels, level))

    return wrapped


class Attended(Wrapper):
    """Spatial attention, then a block (body): (N, in, *size) -> (N, out, *size of the body's output)."""

    def __init__(self, attention: SpatialAttention, body: Part) -> None:
        super().__init__(body)
        self.attention, self.body = attention, body
        self.extra_reach = summed_reach((attention.extra_reach, body.extra_reach))

    def forward(self, x: Tensor) -> Tensor:
        """Weight the pixels of the input, then apply the body."""
        out: Tensor = self.body(self.attention(x))
        return out


class AttentionOutputs(Network):
    """A network that also returns its attention maps in training mode, for a loss that supervises them.

    Training mode: image (N, in, *size) -> [logits (N, out, *size), and the logits of the coefficients of each spatial
    attention, (N, 1, *size of its level), in the reverse order of execution, so from the finest level of the decoder to
    the coarsest]. Evaluation mode: the logits only, so that prediction and export are those of ``net``. Raises
    ValueError for a network without spatial attention. Source of the supervision: arXiv 1906.03906, section 2.3.
    """

    def __init__(self, net: Network) -> None:
        super().__init__()
        if not any(isinstance(module, SpatialAttention) for module in net.modules()):
            raise ValueError(f"{type(net).__name__} has no spatial attention; build it with blocks of attended(block)")
        self.net = net
        self.in_channels, self.out_channels, self.extra_reach = net.in_channels, net.out_channels, net.extra_reach
        self.levels, self.padding = net.levels, net.padding

    def forward(self, image: Tensor) -> Tensor | list[Tensor]:
        """The logits; in training mode also those of the attention maps."""
        if not self.training:
            evaluated: Tensor = self.net(image)
            return evaluated
        scores: list[Tensor] = []
        attentions = [module for module in self.net.modules() if isinstance(module, SpatialAttention)]
        hooks = [each.scores.register_forward_hook(lambda _m, _x, out: scores.append(out)) for each in attentions]
        try:
            logits: Tensor = self.net(image)
        finally:
            for hook in hooks:
                hook.remove()
        return [logits, *reversed(scores)]  # the forward pass ends at the finest level
