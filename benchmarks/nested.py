"""``python -m benchmarks.nested``: UNet++ and UNet 3+ beside U-Nets of the same widths, and beside wider ones.

The data, steps, tiles, rates and scores are those of ``benchmarks.family``. Of the two wider U-Nets, one has about as
many parameters as UNet++ (49,882; UNet++ has 48,738), the other about as many multiplications per image (233 million
for 128 × 128 pixels; UNet++ needs 226 million).
"""

from __future__ import annotations

import torch

from benchmarks.family import FOUR, HEADS, IMAGES, images, member, rows
from benchmarks.variants import arguments, line
from unet_tutorial.nets.presets import padded_unet

NESTED = {
    "U-Net": member(padded_unet, widths=FOUR),
    "U-Net, as many parameters": member(padded_unet, widths=(10, 20, 20, 20)),
    "U-Net, as many multiplications": member(padded_unet, widths=(14, 22, 22, 22)),
    **{name: IMAGES[name] for name in ("UNet++", "UNet++, deep supervision", "UNet 3+")},
}


def main() -> None:
    """Train every network with every seed, and print a Markdown table."""
    options = arguments(__doc__, steps=150).parse_args()
    torch.set_num_threads(1)  # so that processor time is running time
    line(*HEADS)
    line(*["---"] * len(HEADS))
    for seed in options.seeds:
        for cells in list(rows(NESTED, images(), 4, [seed], options.steps))[1:]:  # without the threshold
            line(*cells)


if __name__ == "__main__":
    main()
