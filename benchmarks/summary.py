"""``python -m benchmarks.summary``: the layer table of the paper's network, against torchsummary.

Needs about 5 GB of memory, since torchsummary runs the network on two images.
"""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from functools import partial

import torch
from torch import nn
from torchsummary import summary

from benchmarks.weight_map import seconds
from unet_tutorial.figures.table import Table, table
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import Size

IMAGE = (1, 572, 572)
LEAST = 100  # required ratio of the times
Layer = tuple[Size, int]  # output shape, number of parameters


def ours(net: UNet) -> Table:
    """Our table by layer, with footer and receptive fields."""
    return table(net, torch.empty(1, *IMAGE), by="layer")


def theirs(net: UNet) -> str:
    """The text that torchsummary prints; of the innermost modules only, since it fails on modules that take lists."""
    leaves = nn.Sequential(*(module for module in net.modules() if not list(module.children())))
    leaves.forward = net.forward  # type: ignore[method-assign]
    text = io.StringIO()
    with redirect_stdout(text):
        summary(leaves, IMAGE, device="cpu")
    return text.getvalue()


def layers(printed: str) -> list[Layer]:
    """Output shapes and parameters of its convolutions, poolings and up-convolutions."""
    lines = re.findall(r"^ *(?:Conv\w*|MaxPool)2d-\d+ +\[-1, ([\d, ]+)\] +([\d,]+)$", printed, re.MULTILINE)
    return [(tuple(map(int, shape.split(", "))), int(count.replace(",", ""))) for shape, count in lines]


def check(found: Table, printed: str) -> None:
    """Exit with an error if the two differ in a shape, in the parameters of a layer, or in their sum."""
    wanted = [(row.out, row.parameters) for row in found.rows if re.match("conv|max pool|up-conv", row.op)]
    if layers(printed) != wanted:
        raise SystemExit("the two tables differ in a layer; no ratio is printed for different results")
    total = f"{found.totals['parameters']:,}"
    if f"Total params: {total}\n" not in printed:
        raise SystemExit(f"torchsummary does not count {total} parameters; no ratio is printed for different results")
    print(f"equal: {len(wanted)} layers, their shapes and parameters, {total} in all")


def main() -> None:
    """Check that both tables agree, then print times and ratio."""
    torch.set_num_threads(1)
    net = paper_unet()
    printed: list[str] = []
    slow = seconds(lambda: printed.append(theirs(net)), 1)
    check(ours(net), printed[0])
    fast = seconds(partial(ours, net), 5)
    print(f"torchsummary {slow:.2f} s, unet summary {1000 * fast:.0f} ms, one thread: {slow / fast:.0f} times faster")
    print("only unet summary lists concatenations, crops, MACs, memory and receptive fields")
    if slow < LEAST * fast:
        raise SystemExit(f"{slow / fast:.0f} times faster; at least {LEAST} required")


if __name__ == "__main__":
    main()
