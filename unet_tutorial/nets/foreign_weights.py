"""Weights of U-Nets of other systems, under the names and in the order of a preset of ours.

Each ``System`` says how its layers are named. Widths, rank, norm and the other options that show in the names and
shapes of the weights are read from them. Options that do not show, such as the activation, are those that the user
gives in the words of the other system, or else its default. Source of the names: the projects at each ``address``.
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
    map comes first in a concatenation. ``unused(name)`` says whether a tensor exists there, but is never used.
    ``allowed`` has the values of each option that agree with the weights, and ``defaults`` those of the system;
    ``arguments`` are those of the ``preset``. ``word(value)`` is the word that ``allowed`` lists for a value with
    arguments of its own.
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
    allowed: Callable[[Anatomy], Allowed]
    arguments: Callable[[Anatomy, Options], dict[str, Any]]
    gate: Callable[[int, int], tuple[str, ...]] = lambda i, levels: ()  # noqa: ARG005
    word: Callable[[Any], Any] = lambda value: value
    preset: str = "assembled"
    without_up: str = ""  # the reason why there is no layer that upsamples, with the next step


@dataclass(frozen=True)
class Anatomy:
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


def anatomy_of(system: System, state: State) -> Anatomy:
    """Read the properties of a network from its weights.

    Raises ValueError if there is no first layer of this system, or a layer is missing that all its networks have.
    """
    levels = next(i for i in range(len(state) + 1) if f"{system.block(i)[0].conv}.weight" not in state)
    if not levels:
        raise ValueError(
            f"there is no tensor {system.block(0)[0].conv}.weight, the first one of a network of {system.name} "
            f"({system.address}); the first here is {next(iter(state), 'missing')}; pass the name of the system that "
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
    return Anatomy(
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


def chosen(system: System, found: Anatomy, given: Options) -> tuple[dict[str, Any], str]:
    """The value of each option of the other system, and a sentence about those that were taken as its defaults.

    A value is ``given``, or the default of the system if it agrees with the weights, or else the only one that agrees.
    Raises ValueError for an unknown option, for a value that does not agree with the weights or has no part here, and
    if an option must be given.
    """
    allowed, values, assumed = system.allowed(found), dict[str, Any](), dict[str, Any]()
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
                    f"allow {_words(possible)}"
                )
        elif len(possible) == 1:
            values[name] = possible[0]
        elif name in system.defaults and _is_among(system.word(default), possible):
            values[name] = assumed[name] = default
        else:
            example = json.dumps({name: possible[0]})
            raise ValueError(
                f"the weights do not state {name}, and {system.name}'s default {json.dumps(default)} does not agree "
                f"with them; it is one of {_words(possible)}: give it, for example --kwargs '{example}'"
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


def _words(possible: list[Any]) -> str:
    return ", ".join(json.dumps(value) for value in possible)


def translated(system: System, found: Anatomy, state: State, net: UNet) -> dict[str, Tensor]:
    """The weights under the names of ``net``, a network of the same layers, in float32.

    Convolutions that read a concatenation with the upsampled map first get the skip first. Raises ValueError for a
    tensor that is missing, of another shape, not of floats, or left over.
    """
    layers = [
        (name, module)
        for name, module in net.named_modules()
        if [*module.parameters(recurse=False), *module.buffers(recurse=False)]
    ]
    owners = {key.rpartition(".")[0] for key in state}
    names = [name for name in _in_order(system, state, len(found.widths)) if name in owners]
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
            if value.shape != wanted.shape or value.is_floating_point() != wanted.is_floating_point():
                raise ValueError(
                    f"{theirs}.{key} is {tuple(value.shape)} of {value.dtype}, and {tuple(wanted.shape)} of floats is "
                    f"needed beside the other layers of {system.name}; pass the weights of its U-Net as it is published"
                )
            weights[f"{ours}.{key}"] = value.to("cpu", wanted.dtype)
    missing = [name for name, _ in layers[len(names) :]]
    if missing:
        raise ValueError(f"there are only {len(names)} layers with weights, and {len(layers)} are needed; pass all")
    left = {name: value for name, value in left.items() if not _is_unused(system, state, name, len(found.widths))}
    if left:
        raise ValueError(
            f"{len(left)} tensors have no place in a network of {system.name}, such as {next(iter(left))}; pass the "
            "weights of its U-Net alone"
        )
    if system.up_first and found.merge == "concat":
        here = dict(zip(names, (name for name, _ in layers), strict=True))
        for i, up in enumerate(found.up_widths):
            key = f"{here[system.step(i, len(found.widths))[0].conv]}.weight"  # (out, up + skip, *kernel)
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


# --- elektronn3 -------------------------------------------------------------------------------------------------------

ELEKTRONN3_ACTS = {
    "relu": "relu",
    "leaky": ["leaky_relu", 0.1],
    "silu": "silu",
    "prelu": "prelu",
    "rrelu": "rrelu",
    "lin": "none",
}


def _named_norms(found: Anatomy) -> list[Any]:
    """The norms that agree with the weights, in the words of elektronn3."""
    if (found.norm or found.first_norm) == "batch":
        return ["batch"]
    if found.norm == "affine":
        return [*(["group"] if 8 in found.groups else []), *(f"group{n}" for n in found.groups)]
    return ["none", "instance"]


def _norm_named(word: str | None) -> Any:
    """The norm of ``assembled_unet`` for a word of elektronn3; "group" has 8 groups."""
    if word and word.startswith("group"):
        return ["group", int(word.removeprefix("group") or 8)]
    return word or "none"


def _elektronn3_allowed(found: Anatomy) -> Allowed:
    resized = [f"resizeconv_{mode}{'1' if found.up_kernel == 1 else ''}" for mode in ("nearest", "linear")]
    return {
        "in_channels": [found.in_channels],
        "out_channels": [found.out_channels],
        "n_blocks": [len(found.widths)],
        "start_filts": [found.widths[0]],
        "up_mode": resized if found.up_kernel else ["transpose"],
        "merge_mode": [found.merge],
        "planar_blocks": [found.planar],
        "attention": [found.gates],
        "activation": ["prelu"] if found.prelu else [name for name in ELEKTRONN3_ACTS if name != "prelu"],
        "normalization": _named_norms(found),
        "full_norm": [bool(found.first_norm)] if found.norm else [True, False],
        "dim": [found.rank],
        "conv_mode": ["same", "valid"],
    }


def _elektronn3_arguments(found: Anatomy, options: Options) -> dict[str, Any]:
    norm, act = _norm_named(options["normalization"]), ELEKTRONN3_ACTS[options["activation"]]
    first = norm if options["full_norm"] else "none"
    kernel = found.up_kernel
    mode = options["up_mode"].removeprefix("resizeconv_").removesuffix("1")
    return found.arguments | {
        "padding": options["conv_mode"],
        "norm": norm,
        **({} if first == norm else {"first_norm": first}),
        "act": act,
        "up": ["resize_conv", mode, kernel] if kernel else "transposed",
        "up_norm": first,
        "up_act": act,
        "merge": ["grid_gated", found.merge] if found.gates else found.merge,
    }


def _of_jaxony(name: str, norms: tuple[str, str, str], gate: tuple[str, ...] = ()) -> dict[str, Any]:
    """The names of jaxony's layers, which elektronn3 has too; ``name`` is that of the convolution after resizing."""
    zero, one, two = norms

    def up(i: int, levels: int) -> str:
        return f"up_convs.{levels - 2 - i}."

    return {
        "block": lambda i: (
            Unit(f"down_convs.{i}.conv1", f"down_convs.{i}.{zero}", f"down_convs.{i}.act1"),
            Unit(f"down_convs.{i}.conv2", f"down_convs.{i}.{one}", f"down_convs.{i}.act2"),
        ),
        "up": lambda i, levels: (f"{up(i, levels)}upconv", f"{up(i, levels)}upconv.{name}"),
        "up_norm": lambda i, levels: f"{up(i, levels)}{zero}",
        "up_act": lambda i, levels: f"{up(i, levels)}act0",
        "gate": lambda i, levels: tuple(f"{up(i, levels)}{layer}" for layer in gate),
        "step": lambda i, levels: (
            Unit(*(f"{up(i, levels)}{layer}" for layer in ("conv1", one, "act1"))),
            Unit(*(f"{up(i, levels)}{layer}" for layer in ("conv2", two, "act2"))),
        ),
        "head": "conv_final",
        "up_first": True,
    }


ELEKTRONN3 = System(
    name="elektronn3",
    address="https://github.com/ELEKTRONN/elektronn3",
    **_of_jaxony(
        "conv",
        ("norm0", "norm1", "norm2"),
        tuple(f"attention.{layer}" for layer in ("theta", "phi", "psi", "w.0", "w.1")),
    ),
    defaults={
        "up_mode": "transpose",
        "activation": "relu",
        "normalization": "batch",
        "full_norm": True,
        "conv_mode": "same",
    },
    allowed=_elektronn3_allowed,
    arguments=_elektronn3_arguments,
)

# --- jaxony -----------------------------------------------------------------------------------------------------------

JAXONY = System(
    name="jaxony",
    address="https://github.com/jaxony/unet-pytorch",
    **_of_jaxony("1", ("no norm", "no norm", "no norm")),
    defaults={},
    allowed=lambda found: {
        "num_classes": [found.out_channels],
        "in_channels": [found.in_channels],
        "depth": [len(found.widths)],
        "start_filts": [found.widths[0]],
        "up_mode": ["upsample" if found.up_kernel else "transpose"],
        "merge_mode": [found.merge],
    },
    arguments=lambda found, options: (  # noqa: ARG005
        found.arguments
        | {"up": ["resize_conv", "linear", 1] if found.up_kernel else "transposed", "merge": found.merge}
    ),
)

# --- johschmidt42 -----------------------------------------------------------------------------------------------------

JOHSCHMIDT42_ACTS = {"relu": "relu", "leaky": ["leaky_relu", 0.1], "elu": "elu"}


def _johschmidt42_allowed(found: Anatomy) -> Allowed:
    linear = ("linear", "bilinear", "trilinear")[found.rank - 1]
    return {
        "in_channels": [found.in_channels],
        "out_channels": [found.out_channels],
        "n_blocks": [len(found.widths)],
        "start_filters": [found.widths[0]],
        "activation": list(JOHSCHMIDT42_ACTS),
        "normalization": [None if each == "none" else each for each in _named_norms(found)],
        "conv_mode": ["same", "valid"],
        "dim": [found.rank],
        "up_mode": ["nearest", linear] if found.up_kernel else ["transposed"],
    }


def _johschmidt42_arguments(found: Anatomy, options: Options) -> dict[str, Any]:
    norm, act = _norm_named(options["normalization"]), JOHSCHMIDT42_ACTS[options["activation"]]
    mode = "nearest" if options["up_mode"] == "nearest" else "linear"
    return found.arguments | {
        "padding": options["conv_mode"],
        "norm": norm,
        "act": act,
        "order": ["conv", "act", "norm"],
        "up": ["resize_conv", mode, 1] if found.up_kernel else "transposed",
        "up_norm": norm,
        "up_act": act,
    }


JOHSCHMIDT42 = System(
    name="johschmidt42",
    address="https://github.com/johschmidt42/PyTorch-2D-3D-UNet-Tutorial",
    block=lambda i: (
        Unit(f"down_blocks.{i}.conv1", f"down_blocks.{i}.norm1", f"down_blocks.{i}.act1"),
        Unit(f"down_blocks.{i}.conv2", f"down_blocks.{i}.norm2", f"down_blocks.{i}.act2"),
    ),
    # the 1×1 convolution conv0 exists in every mode, and is used if there is no transposed convolution
    up=lambda i, levels: (f"up_blocks.{levels - 2 - i}.up", f"up_blocks.{levels - 2 - i}.conv0"),
    up_norm=lambda i, levels: f"up_blocks.{levels - 2 - i}.norm0",
    up_act=lambda i, levels: f"up_blocks.{levels - 2 - i}.act0",
    step=lambda i, levels: (
        Unit(*(f"up_blocks.{levels - 2 - i}.{layer}" for layer in ("conv1", "norm1", "act1"))),
        Unit(*(f"up_blocks.{levels - 2 - i}.{layer}" for layer in ("conv2", "norm2", "act2"))),
    ),
    head="conv_final",
    up_first=True,
    defaults={"activation": "relu", "normalization": "batch", "conv_mode": "same", "up_mode": "transposed"},
    allowed=_johschmidt42_allowed,
    arguments=_johschmidt42_arguments,
)

# --- milesial ---------------------------------------------------------------------------------------------------------


def _in_double_conv(block: str) -> tuple[Unit, Unit]:
    """Convolution, norm and activation, twice, in one sequence."""
    names = [f"{block}.double_conv.{n}" for n in range(6)]
    return Unit(*names[:3]), Unit(*names[3:])


MILESIAL = System(
    name="milesial",
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
    allowed=lambda found: {
        "n_channels": [found.in_channels],
        "n_classes": [found.out_channels],
        "bilinear": [False],
    },
    arguments=lambda found, options: found.arguments | {"norm": "batch", "bias": found.bias},  # noqa: ARG005
)

# --- MONAI BasicUNet --------------------------------------------------------------------------------------------------


def _in_two_conv(block: str) -> tuple[Unit, Unit]:
    first, last = (Unit(f"{block}.conv_{n}.conv", f"{block}.conv_{n}.adn.N", f"{block}.conv_{n}.adn.A") for n in (0, 1))
    return first, last


MONAI_ACTS = {"leakyrelu": "leaky_relu", "relu": "relu", "elu": "elu", "swish": "silu", "prelu": "prelu"}


AFFINE = {"instance": False, "group": True}  # the defaults of ``affine`` in torch, which MONAI uses
KNOWN_ARGUMENTS = {"group": {"num_groups", "affine"}, "instance": {"affine"}, "leakyrelu": {"negative_slope"}}


def _with_arguments(value: Any) -> tuple[Any, dict[str, Any]]:
    """The word and the keyword arguments of an option of MONAI such as "batch" or ["group", {"num_groups": 4}].

    Raises ValueError for an argument that changes the network and has no equal here, such as eps.
    """
    word, arguments = value if isinstance(value, list) and len(value) == 2 else (value, {})
    word = word.lower() if isinstance(word, str) else word
    if not isinstance(arguments, dict) or not isinstance(word, str | None):
        raise ValueError(f"{json.dumps(value)}: write a name, or a list of a name and its arguments by name")
    unknown = arguments.keys() - KNOWN_ARGUMENTS.get(word or "", set()) - {"inplace"}
    if unknown:
        raise ValueError(f"{json.dumps(value)}: {sorted(unknown)[0]} has no equal here; train the network here")
    return word, arguments


def _word(value: Any) -> Any:
    """An option of MONAI without the arguments that its weights do not state: ["group", {"num_groups": 4}] → "group".

    Scale and shift of a norm show in the weights, so ["instance", {"affine": true}], which has another value of
    ``affine`` than the default, is another word than "instance". Other values are returned as they are.
    """
    if not isinstance(value, list | str) or not value or not isinstance(value[0], str):
        return value
    word, arguments = _with_arguments(value)
    affine = bool(arguments.get("affine", AFFINE.get(word)))
    return word if affine == AFFINE.get(word, False) else [word, {"affine": affine}]


def _monai_allowed(found: Anatomy) -> Allowed:
    norms: Allowed = {
        "batch": ["batch"],
        "affine": [["instance", {"affine": True}], "group"],
        "": ["instance", None],
    }
    return {
        "spatial_dims": [found.rank],
        "in_channels": [found.in_channels],
        "out_channels": [found.out_channels],
        "features": [[*found.widths, *found.decoder_widths[:1]]],
        "act": ["prelu"] if found.prelu else [name for name in MONAI_ACTS if name != "prelu"],
        "norm": norms[found.norm],
        "bias": [found.bias],
        "upsample": ["deconv"],
    }


def _monai_arguments(found: Anatomy, options: Options) -> dict[str, Any]:
    (norm, of_norm), (act, of_act) = _with_arguments(options["norm"]), _with_arguments(options["act"])
    named_norm: Any = norm or "none"
    if norm == "group":
        if of_norm.get("num_groups") not in found.groups:
            example = json.dumps({"norm": ["group", {"num_groups": found.groups[-1]}]})
            raise ValueError(
                f"norm {json.dumps(options['norm'])}: num_groups must be one of {_words(found.groups)}, such as "
                f"--kwargs '{example}'"
            )
        named_norm = ["group", of_norm["num_groups"]]
    elif norm == "instance" and found.norm:
        named_norm = "affine_instance"
    named_act: Any = MONAI_ACTS[str(act)]
    if named_act == "leaky_relu":
        named_act = ["leaky_relu", of_act.get("negative_slope", 0.01)]
    return found.arguments | {"norm": named_norm, "act": named_act, "bias": found.bias}


MONAI = System(
    name="monai",
    address="https://github.com/Project-MONAI/MONAI, BasicUNet",
    block=lambda i: _in_two_conv(f"down_{i}.convs" if i else "conv_0"),
    up=lambda i, levels: (f"upcat_{i + 1}.upsample.deconv",),  # noqa: ARG005
    up_norm=lambda i, levels: f"upcat_{i + 1}.no_norm",  # noqa: ARG005
    up_act=lambda i, levels: f"upcat_{i + 1}.no_act",  # noqa: ARG005
    step=lambda i, levels: _in_two_conv(f"upcat_{i + 1}.convs"),  # noqa: ARG005
    head="final_conv",
    up_first=False,
    without_up='its network was made with another upsample than "deconv", which no part here equals; train it here',
    defaults={"act": ["leakyrelu", {"negative_slope": 0.1}], "norm": ["instance", {"affine": True}]},
    allowed=_monai_allowed,
    word=_word,
    arguments=_monai_arguments,
)

# --- the authors' release ---------------------------------------------------------------------------------------------

CAFFE = System(
    name="caffe",
    address="https://lmb.informatik.uni-freiburg.de/people/ronneber/u-net",
    block=lambda i: (
        Unit(f"conv_d{i}a-b", "no norm", "no act"),
        Unit(f"conv_d{i}b-c", "no norm", "no act"),
    ),
    up=lambda i, levels: (f"upconv_{'d' if i == levels - 2 else 'u'}{i + 1}{'c' if i == levels - 2 else 'd'}_u{i}a",),
    up_norm=lambda i, levels: "no norm",  # noqa: ARG005
    up_act=lambda i, levels: "no act",  # noqa: ARG005
    step=lambda i, levels: (  # noqa: ARG005
        Unit(f"conv_u{i}b-c", "no norm", "no act"),
        Unit(f"conv_u{i}c-d", "no norm", "no act"),
    ),
    head="conv_u0d-score",
    up_first=True,
    defaults={},
    allowed=lambda found: {},  # noqa: ARG005
    arguments=lambda found, options: {  # noqa: ARG005
        name: value for name, value in found.arguments.items() if name in ("in_channels", "out_channels", "widths")
    },
    preset="released",
)

SYSTEMS: dict[str, System] = {
    system.name: system for system in (ELEKTRONN3, JAXONY, MILESIAL, JOHSCHMIDT42, MONAI, CAFFE)
}
