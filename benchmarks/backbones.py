"""``python -m benchmarks.backbones``: parameters and memory of MoreDynamicUNet by rule of channels.

The memory is the bytes saved for the backward pass of one 512×512 image. Needs the extra ``backbones``:
``pip install -r requirements-backbones.txt``. All tensors are on the meta device. The exit code is 1 if a number is
further than 5 % from the one that the description of the system gives.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import torch

from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.channel_rules import ChannelRule, eq_skip, halve, keep
from unet_tutorial.nets.systems.more_dynamic_unet import more_dynamic_unet

SIDE, TOLERANCE = 512, 0.05
STATED: dict[str, dict[ChannelRule, int]] = {  # MiB
    "resnet34": {keep: 953, halve: 385, eq_skip: 433},
    "resnet50": {keep: 2979, halve: 994, eq_skip: 898},
}
HEADS = ("encoder", "channel_rule", "parameters", "saved, MiB", "stated, MiB", "difference")


def rows() -> Iterator[tuple[str, ChannelRule, int, float, int]]:
    """Encoder, rule, number of parameters, saved MiB, and those stated."""
    for name, stated in STATED.items():
        for rule, wanted in stated.items():
            with torch.device("meta"):
                arch = trace(more_dynamic_unet(name, channel_rule=rule), torch.empty(1, 3, SIDE, SIDE))
            yield name, rule, arch.totals["parameters"], arch.totals["saved"] / 2**20, wanted


def main() -> None:
    """Print the table."""
    print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}")
    worst = 0.0
    for name, rule, parameters, saved, wanted in rows():
        difference = saved / wanted - 1
        worst = max(worst, abs(difference))
        print(
            f"| {name} | {rule.__name__} | {parameters:,} | {saved:,.0f} | {wanted:,} | {difference:+.1%} |", flush=True
        )
    sys.exit(worst > TOLERANCE)


if __name__ == "__main__":
    main()
