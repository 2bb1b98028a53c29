"""The weights of the U-Net of https://github.com/milesial/Pytorch-UNet.

``presets.padded_unet`` is this network with biases in its convolutions; ``assembled_unet(norm="batch", bias=False)``
has exactly its layers.
"""

from __future__ import annotations

from unet_tutorial.nets.foreign_weights import System, Unit
from unet_tutorial.nets.sources import Source


def _in_double_conv(block: str) -> tuple[Unit, Unit]:
    """Convolution, norm and activation, twice, in one sequence."""
    names = [f"{block}.double_conv.{n}" for n in range(6)]
    return Unit(*names[:3]), Unit(*names[3:])


MILESIAL = System(
    name=Source.MILESIAL,
    address="https://github.com/milesial/Pytorch-UNet",
    block=lambda i: _in_double_conv(f"down{i}.maxpool_conv.1" if i else "inc"),
    up=lambda i, levels: (f"up{levels - 1 - i}.up",),
    up_norm=lambda i, levels: f"up{levels - 1 - i}.no_norm",
    up_act=lambda i, levels: f"up{levels - 1 - i}.no_act",
    step=lambda i, levels: _in_double_conv(f"up{levels - 1 - i}.conv"),
    head="outc.conv",
    up_first=False,
    without_up="its network was made with bilinear=True, which no part here equals (it aligns the corners); train it "
    "again with bilinear=False, or here",
    defaults={},
    divisor=255.0,
    allowed=lambda structure: {
        "n_channels": [structure.in_channels],
        "n_classes": [structure.out_channels],
        "bilinear": [False],
    },
    arguments=lambda structure, options: structure.arguments | {"norm": "batch", "bias": structure.bias},  # noqa: ARG005
)
