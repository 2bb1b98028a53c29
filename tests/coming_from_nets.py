"""What the networks of ``docs/coming_from.md`` hold, and what becomes of an image in them."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor, nn

from tests.thin import count
from unet_tutorial.nets.any_size import AnySize
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.levels import pyramid
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.resample import ResizeConv
from unet_tutorial.nets.sizes import valid_sizes
from unet_tutorial.nets.unet import UNet

THIN = pyramid((8, 16, 16))
PARAMETERS, SIZES = re.compile(r"([\d,]+) parameters"), re.compile(r"([\d×]+) → ([\d×]+)")


def part(role: str, made: Any) -> dict[str, Any]:
    """What is handed to a thin network, so that it has the part."""
    if role in ("norm", "act"):
        return {"block": conv_stack(ConvUnit(**{"norm": batch_norm, role: made}))}
    return {} if role == "levels" else {"block": conv_stack(made)} if role == "unit" else {role: made}


def traits(net: nn.Module) -> set[str]:
    """What may be asked for in a network."""
    inner = net.net if isinstance(net, AnySize) else net
    if not isinstance(inner, UNet):
        return set()
    widths = tuple(level.channels for level in inner.levels)
    found = {f"rank {inner.levels[0].rank}", f"padding {inner.padding}", f"widths {widths}"}
    found |= {f"in {inner.in_channels} out {inner.out_channels}"} | {f"kernel {level.kernel}" for level in inner.levels}
    for module in net.modules():
        found |= {type(module).__name__, repr(module), str(tuple(name for name, _ in module.named_children()))}
        if isinstance(module, ResizeConv):
            found.add(f"{module.mode} {tuple(module.conv.get_parameter('weight').shape[2:])}")
    return found


def net_faults(net: Any, know: str) -> list[str]:
    """What is wrong with a network: its numbers, its sizes, and parameters that learn nothing."""
    if not isinstance(net, UNet | AnySize):
        return [f"it makes a {type(net).__name__} and no network"]
    number = f"{count(net):,}"
    faults = [f"it has {number} parameters" for claimed in PARAMETERS.findall(know) if claimed != number]
    for came, gives in SIZES.findall(know) or [usual(net)]:
        got = there_and_back(net, size(came))
        faults += [f"{came} gives {got}"] if gives and got != size(gives) else []
    return faults + [f"{name} learns nothing" for name, weight in net.named_parameters() if not learns(weight)]


def size(text: str) -> tuple[int, ...]:
    """As in 572×572."""
    return tuple(map(int, text.split("×")))


def usual(net: UNet | AnySize) -> tuple[str, str]:
    """The fourth of the sizes that pass, of which the page claims nothing."""
    valid = valid_sizes(net.levels, padding="same" if isinstance(net, AnySize) else net.padding)
    return "×".join(str(sizes[3]) for sizes in valid), ""


def there_and_back(net: UNet | AnySize, came: tuple[int, ...]) -> tuple[int, ...]:
    """The size of the logits of two images, through which every parameter gets its gradient."""
    image = torch.randn(2, net.in_channels, *came, device=next(net.parameters()).device)
    logits: Tensor = net(image)
    logits.square().sum().backward()
    return tuple(logits.shape[2:])


def learns(weight: nn.Parameter) -> bool:
    """Whether it has a gradient; on "meta", where there are no values, one that is nowhere but 0 cannot be told."""
    gradient = weight.grad
    return gradient is not None and (gradient.is_meta or weight.ndim < 2 or bool(gradient.any()))
