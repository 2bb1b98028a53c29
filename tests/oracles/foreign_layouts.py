"""U-Nets of other systems under the names of their layers, written from descriptions and not from their code.

A network here is a list of named layers per block, run in the order in which they are listed, so that neither our parts
nor our order of the layers is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.oracles.other_systems import GridAttention
from tests.oracles.thin_nets import perturbed

CONV: Any = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
UP: Any = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
BATCH: Any = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
INSTANCE: Any = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
LEAKY = partial(nn.LeakyReLU, 0.1)
Layers = dict[str, nn.Module]  # in the order in which they run; layers without weights have any name


@dataclass
class Foreign:
    """``blocks`` from the finest level, and ``ups``, ``steps`` and ``gates`` from the coarsest."""

    blocks: list[Layers]
    ups: list[Layers]
    steps: list[Layers]
    head: Layers
    join: Callable[[Tensor, Tensor], Tensor]  # (up, skip) -> their merge
    gates: list[nn.Module] = field(default_factory=list)
    unused: Layers = field(default_factory=dict)

    def __post_init__(self) -> None:
        for layers in self.all_layers():
            for module in layers.values():
                perturbed(module).eval()

    def all_layers(self) -> list[Layers]:
        return [*self.blocks, *self.ups, *self.steps, self.head, self.unused]

    def state(self) -> dict[str, Tensor]:
        """The state dict, in alphabetical order."""
        found = {
            f"{name}.{key}": value
            for layers in self.all_layers()
            for name, module in layers.items()
            for key, value in module.state_dict().items()
        }
        return dict(sorted(found.items()))

    @torch.no_grad()
    def __call__(self, image: Tensor) -> Tensor:
        for layers in self.all_layers():
            for module in layers.values():
                module.double()
        skips, x = [], image
        for i, block in enumerate(self.blocks):
            if i:
                pool: Any = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[image.ndim - 3]
                x = pool(x, 2)
            x = run(block, x)
            skips.append(x)
        x = skips.pop()
        for i, (up, step) in enumerate(zip(self.ups, self.steps, strict=True)):
            risen, skip = run(up, x), skips.pop()
            borders = [(s - n) // 2 for s, n in zip(skip.shape[2:], risen.shape[2:], strict=True)]
            for axis, (border, n) in enumerate(zip(borders, risen.shape[2:], strict=True)):
                skip = skip.narrow(axis + 2, border, n)
            skip = self.gates[i](skip, x) if self.gates else skip
            x = run(step, self.join(risen, skip))
        return run(self.head, x)


def run(layers: Layers, x: Tensor) -> Tensor:
    for layer in layers.values():
        x = layer(x)
    return x


def up_first(up: Tensor, skip: Tensor) -> Tensor:
    return torch.cat((up, skip), dim=1)


def skip_first(up: Tensor, skip: Tensor) -> Tensor:
    return torch.cat((skip, up), dim=1)


def added(up: Tensor, skip: Tensor) -> Tensor:
    return up + skip


def milesial(channels: int = 3, classes: int = 2, widths: Sequence[int] = (4, 8, 16)) -> Foreign:
    def double(name: str, before: int, after: int) -> Layers:
        layers: list[nn.Module] = []
        for a in (before, after):
            layers += [nn.Conv2d(a, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        return {f"{name}.double_conv.{n}": layer for n, layer in enumerate(layers)}

    names = ["inc", *(f"down{i}.maxpool_conv.1" for i in range(1, len(widths)))]
    blocks = [double(name, a, b) for name, (a, b) in zip(names, pairwise([channels, *widths]), strict=True)]
    down = list(pairwise(widths[::-1]))
    ups: list[Layers] = [{f"up{i}.up": nn.ConvTranspose2d(a, b, 2, 2)} for i, (a, b) in enumerate(down, 1)]
    steps = [double(f"up{i}.conv", 2 * b, b) for i, (_, b) in enumerate(down, 1)]
    return Foreign(blocks, ups, steps, {"outc.conv": nn.Conv2d(widths[0], classes, 1)}, skip_first)


def monai(
    rank: int = 2,
    features: Sequence[int] = (4, 6, 8, 10, 12, 7),
    norm: Callable[[int], nn.Module] | None = None,
    act: Callable[[], nn.Module] = LEAKY,
    *,
    bias: bool = True,
) -> Foreign:
    made = norm or (lambda channels: INSTANCE[rank - 1](channels, affine=True))

    def two(name: str, before: int, after: int) -> Layers:
        found: Layers = {}
        for n, a in enumerate((before, after)):
            found[f"{name}.conv_{n}.conv"] = CONV[rank - 1](a, after, 3, padding=1, bias=bias)
            found |= {f"{name}.conv_{n}.adn.N": made(after), f"{name}.conv_{n}.adn.A": act()}
        return found

    *widths, last = features
    names = ["conv_0", *(f"down_{i}.convs" for i in range(1, 5))]
    blocks = [two(name, a, b) for name, (a, b) in zip(names, pairwise([1, *widths]), strict=True)]
    ups: list[Layers] = []
    steps = []
    for i in (4, 3, 2, 1):
        wide, narrow = widths[i], widths[i - 1]
        risen = wide if i == 1 else wide // 2
        ups.append({f"upcat_{i}.upsample.deconv": UP[rank - 1](wide, risen, 2, 2)})
        steps.append(two(f"upcat_{i}.convs", narrow + risen, last if i == 1 else narrow))
    return Foreign(blocks, ups, steps, {"final_conv": CONV[rank - 1](last, 2, 1)}, skip_first)


def jaxony(up_mode: str = "transpose", join: Callable[[Tensor, Tensor], Tensor] = up_first, depth: int = 3) -> Foreign:
    def convs(name: str, before: int, after: int) -> Layers:
        first, last = nn.Conv2d(before, after, 3, padding=1), nn.Conv2d(after, after, 3, padding=1)
        return {f"{name}.conv1": first, "relu 1": nn.ReLU(), f"{name}.conv2": last, "relu 2": nn.ReLU()}

    def up(name: str, before: int, after: int) -> Layers:
        if up_mode == "transpose":
            return {f"{name}.upconv": nn.ConvTranspose2d(before, after, 2, 2)}
        larger = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
        return {f"{name}.upconv.0": larger, f"{name}.upconv.1": nn.Conv2d(before, after, 1)}

    widths = [4 * 2**i for i in range(depth)]
    blocks = [convs(f"down_convs.{i}", a, b) for i, (a, b) in enumerate(pairwise([3, *widths]))]
    down = list(pairwise(widths[::-1]))
    ups = [up(f"up_convs.{i}", a, b) for i, (a, b) in enumerate(down)]
    read = 1 if join is added else 2
    steps = [convs(f"up_convs.{i}", read * b, b) for i, (_, b) in enumerate(down)]
    return Foreign(blocks, ups, steps, {"conv_final": nn.Conv2d(4, 3, 1)}, join)


def johschmidt42(
    rank: int = 2,
    norm: Callable[[int], nn.Module] | None = None,
    act: Callable[[], nn.Module] = nn.ReLU,
    up_mode: str = "transposed",
    padding: int = 1,
) -> Foreign:
    made = norm or BATCH[rank - 1]

    def convs(name: str, before: int, after: int) -> Layers:
        found: Layers = {}
        for n, a in ((1, before), (2, after)):
            found[f"{name}.conv{n}"] = CONV[rank - 1](a, after, 3, padding=padding)
            found |= {f"{name}.act{n}": act(), f"{name}.norm{n}": made(after)}
        return found

    widths = [4, 8, 16]
    blocks = [convs(f"down_blocks.{i}", a, b) for i, (a, b) in enumerate(pairwise([1, *widths]))]
    ups, steps, unused = [], [], dict[str, nn.Module]()
    for i, (a, b) in enumerate(pairwise(widths[::-1])):
        name, point = f"up_blocks.{i}", CONV[rank - 1](a, b, 1)
        if up_mode == "transposed":
            layers: Layers = {f"{name}.up": UP[rank - 1](a, b, 2, 2)}
            unused[f"{name}.conv0"] = point
        else:
            layers = {f"{name}.up": nn.Upsample(scale_factor=2.0, mode=up_mode), f"{name}.conv0": point}
        ups.append(layers | {f"{name}.act0": act(), f"{name}.norm0": made(b)})
        steps.append(convs(name, 2 * b, b))
    return Foreign(blocks, ups, steps, {"conv_final": CONV[rank - 1](4, 2, 1)}, up_first, unused=unused)


def elektronn3(
    rank: int = 2,
    norm: Callable[[int], nn.Module] | None = None,
    act: Callable[[], nn.Module] = nn.ReLU,
    up: Callable[[int, int], Layers] | None = None,
    join: Callable[[Tensor, Tensor], Tensor] = up_first,
    padding: int = 1,
    *,
    full: bool = True,
    attention: bool = False,
) -> Foreign:
    """``up`` has the layers that upsample, by the rest of their names after "upconv"."""
    made = norm or BATCH[rank - 1]
    partly = made if full else lambda _: nn.Identity()

    def convs(name: str, before: int, after: int, first: str, last: str) -> Layers:
        return {
            f"{name}.conv1": CONV[rank - 1](before, after, 3, padding=padding),
            f"{name}.{first}": partly(after),
            f"{name}.act1": act(),
            f"{name}.conv2": CONV[rank - 1](after, after, 3, padding=padding),
            f"{name}.{last}": made(after),
            f"{name}.act2": act(),
        }

    widths = [8, 16, 32]
    blocks = [convs(f"down_convs.{i}", a, b, "norm0", "norm1") for i, (a, b) in enumerate(pairwise([1, *widths]))]
    ups, steps, gates, in_gates = [], [], list[nn.Module](), dict[str, nn.Module]()
    for i, (a, b) in enumerate(pairwise(widths[::-1])):
        name = f"up_convs.{i}"
        risen: Layers = up(a, b) if up else {"": UP[rank - 1](a, b, 2, 2)}
        layers = {f"{name}.upconv{rest}": layer for rest, layer in risen.items()}
        ups.append(layers | {f"{name}.norm0": partly(b), f"{name}.act0": act()})
        steps.append(convs(name, b if join is added else 2 * b, b, "norm1", "norm2"))
        if attention:
            gate = GridAttention(b, a)
            gates.append(gate)
            parts = {"theta": gate.theta, "phi": gate.phi, "psi": gate.psi, "w": gate.mix}
            in_gates |= {f"{name}.attention.{part}": layer for part, layer in parts.items()}
    head: Layers = {"conv_final": CONV[rank - 1](8, 2, 1)}
    return Foreign(blocks, ups, steps, head, join, gates, in_gates)


def caffe(widths: Sequence[int] = (4, 8, 16)) -> Foreign:
    """The names of the release's model file: the last up-convolution keeps widths[1] channels."""

    def convs(ends: tuple[str, str], before: int, after: int) -> Layers:
        first, last = nn.Conv2d(before, after, 3), nn.Conv2d(after, after, 3)
        return {ends[0]: first, "relu 1": nn.ReLU(), ends[1]: last, "relu 2": nn.ReLU()}

    blocks = [convs((f"conv_d{i}a-b", f"conv_d{i}b-c"), a, b) for i, (a, b) in enumerate(pairwise([1, *widths]))]
    ups: list[Layers] = []
    steps = []
    for i in reversed(range(len(widths) - 1)):
        wide, narrow = widths[i + 1], widths[i]
        risen = max(narrow, widths[1])
        source = f"d{i + 1}c" if i == len(widths) - 2 else f"u{i + 1}d"
        ups.append({f"upconv_{source}_u{i}a": nn.ConvTranspose2d(wide, risen, 2, 2), "relu": nn.ReLU()})
        steps.append(convs((f"conv_u{i}b-c", f"conv_u{i}c-d"), risen + narrow, narrow))
    return Foreign(blocks, ups, steps, {"conv_u0d-score": nn.Conv2d(widths[0], 2, 1)}, up_first)
