"""Weights of U-Nets of other systems, under the names and in the order of a preset of ours.

Each ``System``, one per file in ``nets.systems``, says how its layers are named. Widths, rank, norm and the other
options that show in the names and shapes of the weights are read from them. Options that do not show, such as the
activation, are those that the user gives in the words of the other system, or else its default. Source of the names:
the projects at each ``address``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from math import gcd
from typing import Any, NamedTuple

import torch
from torch import Tensor

from unet_tutorial.nets.unet import UNet

State = Mapping[str, Tensor]
Options = Mapping[str, Any]  # of the other system, in its own words, as JSON can hold them
Allowed = dict[str, list[Any]]  # the values of each option that do not contradict the weights
BATCHES = "num_batches_tracked"  # of a batch norm; torch before 0.4.1 did not store it


class Unit(NamedTuple):
    """The names of a convolution, of its norm and of its activation."""

    conv: str
    norm: str
    act: str


@dataclass(frozen=True)
class System:
    """The names of the layers of another system's U-Net, level 0 being the finest.

    ``block(i)`` has the two units of the encoder at level i, and ``step(i, levels)`` those of the decoder. ``up(i,
    levels)`` has the possible names of the layer that upsamples to level i, the first that exists being the one; its
    norm and activation follow. ``gate`` has the layers of an attention gate. ``up_first`` says whether the upsampled
    map comes first in a concatenation. ``allowed`` has the values of each option that agree with the weights, and
    ``defaults`` those of the system; ``arguments`` are those of the ``preset``. ``word(value)`` removes the arguments
    of a value that the weights do not state: ["group", {"num_groups": 4}] → "group". ``divisor`` is the number by
    which the system's own programs divide 8-bit images.
    """

    name: str
    address: str
    block: Callable[[int], tuple[Unit, Unit]]
    up: Callable[[int, int], tuple[str, ...]]
    up_norm: Callable[[int, int], str]
    up_act: Callable[[int, int], str]
    step: Callable[[int, int], tuple[Unit, Unit]]
    head: str
    up_first: bool
    defaults: Options
    allowed: Callable[[Structure], Allowed]
    arguments: Callable[[Structure, Options], dict[str, Any]]
    gate: Callable[[int, int], tuple[str, ...]] = lambda i, levels: ()  # noqa: ARG005
    word: Callable[[Any], Any] = lambda value: value
    preset: str = "assembled"
    divisor: float | None = None
    without_up: str = ""  # the reason why there is no layer that upsamples, with the next step


@dataclass(frozen=True)
class Structure:
    """The properties of a U-Net that the names and shapes of its weights state; all lists begin with the finest level.

    ``norm``, ``first_norm`` and ``up_norm`` are "batch", "affine" for any other norm with scale and shift, or "" for
    none with weights, each after the last and the first convolution of a block and after an upsampling. ``up_kernel``
    is the kernel of the convolution after an interpolation, and 0 for a transposed convolution.
    """

    in_channels: int
    out_channels: int
    widths: list[int]
    decoder_widths: list[int]
    up_widths: list[int]
    rank: int
    planar: list[int]
    bias: bool
    norm: str
    first_norm: str
    up_kernel: int
    merge: str
    gates: bool
    prelu: bool

    @property
    def groups(self) -> list[int]:
        """The numbers of groups that divide the channels of all levels."""
        common = reduce(gcd, [*self.widths, *self.decoder_widths])
        return [n for n in range(1, common + 1) if common % n == 0]

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of a preset for its numbers of channels and its levels; those that have a default are short."""
        found: dict[str, Any] = {"in_channels": self.in_channels, "out_channels": self.out_channels}
        found |= {"widths": self.widths, "rank": self.rank}
        if self.planar:
            found["planar"] = self.planar
        if self.decoder_widths != self.widths[:-1]:
            found["decoder_widths"] = self.decoder_widths
        if self.up_widths != self.decoder_widths:
            found["up_widths"] = self.up_widths
        return found


def structure_of(system: System, state: State) -> Structure:
    """Read the properties of a network from its weights.

    Raises ValueError if there are no tensors, if the first layer is not of this system, or if a layer is missing that
    all its networks have.
    """
    if not state:
        raise ValueError("it holds no tensors; pass a state dict")
    levels = next(i for i in range(len(state) + 1) if f"{system.block(i)[0].conv}.weight" not in state)
    if not levels:
        raise ValueError(
            f"there is no tensor {system.block(0)[0].conv}.weight, the first one of a network of {system.name} "
            f"({system.address}); the first here is {next(iter(state))}; pass the name of the system that "
            "it is from"
        )

    def shape(layer: str, rank: int = 0) -> tuple[int, ...]:
        key = f"{layer}.weight"
        if key not in state:
            raise ValueError(f"the tensor {key} is missing, which networks of {system.name} have; pass a complete file")
        found = tuple(state[key].shape)
        if len(found) not in ((rank + 2,) if rank else (3, 4, 5)):
            raise ValueError(f"{key} has shape {found}, and a convolution was expected; pass the weights of a U-Net")
        return found

    blocks = [system.block(i) for i in range(levels)]
    rank = len(shape(blocks[0][0].conv)) - 2
    kernels = [shape(last.conv, rank)[2:] for _, last in blocks]
    steps = [system.step(i, levels) for i in range(levels - 1)]
    ups, up_widths, up_kernel = [], [], 0
    for i in range(levels - 1):
        up = _upsampling(system, state, i, levels)
        ups.append(up)
        size = shape(up, rank)
        # a transposed convolution has (in, out, *kernel), and its kernel is the stride: 2, or 1 along a planar axis
        transposed = size[-1] == 2
        up_widths.append(size[1] if transposed else size[0])
        up_kernel = 0 if transposed else size[-1]
    widths = [shape(last.conv, rank)[0] for _, last in blocks]
    decoder = [shape(last.conv, rank)[0] for _, last in steps]
    merge = "concat"
    if steps:
        read = shape(steps[0][0].conv, rank)[1]
        merge = "add" if read == up_widths[0] == widths[0] else "concat"
    first, final = blocks[0]
    return Structure(
        in_channels=shape(first.conv)[1],
        out_channels=shape(system.head, rank)[0],
        widths=widths,
        decoder_widths=decoder,
        up_widths=up_widths,
        rank=rank,
        planar=[i for i, kernel in enumerate(kernels) if rank == 3 and kernel[0] == 1],
        bias=f"{first.conv}.bias" in state,
        norm=_norm(state, final.norm),
        first_norm=_norm(state, first.norm),
        up_kernel=up_kernel,
        merge=merge,
        gates=bool(steps) and any(f"{layer}.weight" in state for layer in system.gate(0, levels)),
        prelu=f"{first.act}.weight" in state,
    )


def _upsampling(system: System, state: State, i: int, levels: int) -> str:
    """The name of the layer that upsamples to level i."""
    names = system.up(i, levels)
    found = next((name for name in names if f"{name}.weight" in state), "")
    if not found:
        reason = system.without_up or "pass a complete file"
        raise ValueError(f"there is no tensor {' or '.join(f'{name}.weight' for name in names)}; {reason}")
    return found


def _norm(state: State, layer: str) -> str:
    if f"{layer}.running_mean" in state:
        return "batch"
    return "affine" if f"{layer}.weight" in state else ""


def chosen(system: System, structure: Structure, given: Options) -> tuple[dict[str, Any], str]:
    """The value of each option of the other system, and a sentence about those that were taken as its defaults.

    A value is ``given``, or the default of the system if it agrees with the weights, or else the only one that agrees.
    Raises ValueError for an unknown option, for a value that does not agree with the weights or has no part here, and
    if an option must be given.
    """
    allowed, values, assumed = system.allowed(structure), dict[str, Any](), dict[str, Any]()
    unknown = [name for name in given if name not in allowed]
    if unknown:
        raise ValueError(f"{system.name} has no option {unknown[0]!r} here; its options are {', '.join(allowed)}")
    for name, possible in allowed.items():
        default = system.defaults.get(name)
        if name in given:
            values[name] = given[name]
            if not _is_among(system.word(given[name]), possible):
                raise ValueError(
                    f"{name} {json.dumps(given[name])} has no equal here, or does not agree with the weights; they "
                    f"allow {in_json(possible)}"
                )
        elif len(possible) == 1:
            values[name] = possible[0]
        elif name in system.defaults and _is_among(system.word(default), possible):
            values[name] = assumed[name] = default
        else:
            example = json.dumps({name: possible[0]})
            raise ValueError(
                f"the weights do not state {name}, and {system.name}'s default {json.dumps(default)} does not agree "
                f"with them; it is one of {in_json(possible)}: give it, for example --kwargs '{example}'"
            )
    if not assumed:
        return values, ""
    taken = ", ".join(f"{name} {json.dumps(value)}" for name, value in assumed.items())
    return values, (
        f"not stated by the weights, so the default of {system.name} was taken: {taken}; if that is not how the "
        f"network was made, import it again with another value in --kwargs '{json.dumps(assumed)}'"
    )


def _is_among(value: Any, possible: list[Any]) -> bool:
    """Whether a value is one of these; True is not 1."""
    return any(type(value) is type(other) and value == other for other in possible)


def in_json(possible: list[Any]) -> str:
    """The values as a user writes them on the command line, separated by commas."""
    return ", ".join(json.dumps(value) for value in possible)


def translated(system: System, structure: Structure, state: State, net: UNet) -> dict[str, Tensor]:
    """The weights under the names of ``net``, a network of the same layers, in float32.

    Convolutions that read a concatenation with the upsampled map first get the skip first. Raises ValueError for a
    tensor that is missing, of another shape, not of floats, sparse, without values (meta), or left over.
    """
    layers = [
        (name, module)
        for name, module in net.named_modules()
        if [*module.parameters(recurse=False), *module.buffers(recurse=False)]
    ]
    owners = {key.rpartition(".")[0] for key in state}
    names = [name for name in _in_order(system, state, len(structure.widths)) if name in owners]
    weights: dict[str, Tensor] = {}
    left = dict(state)
    for theirs, (ours, module) in zip(names, layers, strict=False):
        for key, wanted in module.state_dict().items():
            if key == BATCHES and f"{theirs}.{key}" not in left:
                weights[f"{ours}.{key}"] = torch.zeros_like(wanted, device="cpu")
                continue
            if f"{theirs}.{key}" not in left:
                raise ValueError(f"the tensor {theirs}.{key} is missing; pass a complete file")
            value = left.pop(f"{theirs}.{key}")
            if value.layout != torch.strided or value.is_meta:
                raise ValueError(
                    f"{theirs}.{key} has the layout {value.layout} on {value.device}, and a dense tensor with values "
                    "is needed; save the state dict of the trained network with such tensors"
                )
            if value.shape != wanted.shape or value.is_floating_point() != wanted.is_floating_point():
                raise ValueError(
                    f"{theirs}.{key} is {tuple(value.shape)} of {value.dtype}, and {tuple(wanted.shape)} of floats is "
                    f"needed beside the other layers of {system.name}; pass the weights of its U-Net as it is published"
                )
            weights[f"{ours}.{key}"] = value.to("cpu", wanted.dtype)
    missing = [name for name, _ in layers[len(names) :]]
    if missing:
        raise ValueError(f"{len(layers)} layers with weights are needed, and there are only {len(names)}; pass all")
    left = {name: value for name, value in left.items() if not _is_unused(system, state, name, len(structure.widths))}
    if left:
        more = f", like {len(left) - 1} more" if len(left) > 1 else ""
        raise ValueError(
            f"{next(iter(left))} has no place in a network of {system.name}{more}; pass the weights of its U-Net alone"
        )
    if system.up_first and structure.merge == "concat":
        ours_of = dict(zip(names, (name for name, _ in layers), strict=True))
        for i, up in enumerate(structure.up_widths):
            key = f"{ours_of[system.step(i, len(structure.widths))[0].conv]}.weight"  # (out, up + skip, *kernel)
            weights[key] = torch.cat((weights[key][:, up:], weights[key][:, :up]), dim=1)
    return weights


def _in_order(system: System, state: State, levels: int) -> Iterator[str]:
    """The names of all layers in the order in which ``UNet`` registers them: that of their execution."""
    for i in range(levels):
        for unit in system.block(i):
            yield from unit
    for i in reversed(range(levels - 1)):
        yield _upsampling(system, state, i, levels)
        yield from (system.up_norm(i, levels), system.up_act(i, levels), *system.gate(i, levels))
        for unit in system.step(i, levels):
            yield from unit
    yield system.head


def _is_unused(system: System, state: State, name: str, levels: int) -> bool:
    """Whether a tensor belongs to a layer that upsamples in another mode of the system than the one that is used."""
    ups = {each for i in range(levels - 1) for each in system.up(i, levels)}
    used = {_upsampling(system, state, i, levels) for i in range(levels - 1)}
    return name.rpartition(".")[0] in ups - used
