"""Example inputs from ``--input``: the first one that the network accepts, or the nearest valid sizes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise, product
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode

from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.arch.text import axes_text
from unet_tutorial.figures.tracing.record import record
from unet_tutorial.figures.tracing.refusals import TraceError
from unet_tutorial.figures.tracing.trace import stated_plan, trace
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import size_error, valid_sizes

DEFAULT_SIDES = {1: 1024, 2: 572, 3: 132}  # pixels by rank: the inputs of the papers, or the next valid size
SEARCHED = 64  # sizes to try below and above an invalid one
FREQUENT = (1, 3, 4, 2)  # channels of images, the most frequent first
PROBE = 7  # channels of an image that is run to find how many the network needs
DTYPES = ("float32", "float64", "float16", "bfloat16", "complex64", "int64", "int32", "uint8", "bool")
NAME = r"[A-Za-z_]\w*(\.\w+)*"
SHAPE = r"scalar|[1-9]\d{0,8}([x×,][1-9]\d{0,8})*"
HOW_TO_WRITE = (
    "write --input 572, 572x700, or a whole shape such as 1x1x32x64x64; further inputs as whole shapes, "
    "such as 1x128, t=1 for a vector with 1 number, t=scalar, t=1:int64, batch.image=1x1x64x64 for a dict, or "
    "pair.0=1x1x64x64 for a list"
)


class InvalidSizeError(ValueError):
    """The network accepts other sizes of the image, and the message lists the nearest ones."""


class without_init(TorchFunctionMode):  # noqa: N801  # used as a function: with without_init()
    """Skips initialisation: meta tensors have no values, but initialising a large network takes a second."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Return the tensor unchanged for the functions of ``nn.init`` and for those that draw random values."""
        name = getattr(func, "__name__", "")
        tensor = next((value for value in (*args, *(kwargs or {}).values()) if isinstance(value, Tensor)), None)
        in_place = name.endswith("_") and not name.endswith("__") and tensor is not None
        if in_place and (getattr(func, "__module__", "") == nn.init.__name__ or _is_random(name)):
            return tensor
        return func(*args, **(kwargs or {}))


@cache
def _is_random(name: str) -> bool:
    """Whether torch's operator of this name draws random values."""
    packet = getattr(torch.ops.aten, name, None)
    return packet is not None and any(
        torch.Tag.nondeterministic_seeded in getattr(packet, overload).tags for overload in packet.overloads()
    )


@dataclass(frozen=True)
class Given:
    """One ``--input``: its name ("" for a positional argument), its numbers, and its dtype if the user wrote one."""

    text: str
    name: str
    numbers: Size
    dtype: torch.dtype | None


@dataclass(frozen=True)
class Example:
    """Empty tensors in the order of ``--input``, so the image is first, and their names."""

    names: tuple[str, ...]
    tensors: tuple[Tensor, ...]

    def arguments(self) -> tuple[tuple[Tensor, ...], dict[str, Any]]:
        """Positional and keyword arguments; a name with dots gives a dict, or a list if its parts are 0, 1, …."""
        named: dict[str, Any] = {}
        for name, tensor in zip(self.names, self.tensors, strict=True):
            *groups, last = name.split(".")
            place = named
            for group in groups:
                place = place.setdefault(group, {})
            place[last] = tensor
        positional = tuple(tensor for name, tensor in zip(self.names, self.tensors, strict=True) if not name)
        return positional, {name: _with_lists(value) for name, value in named.items() if name}

    def with_side(self, n: int) -> Example:
        """The example with n pixels along each axis of the image, and of every other input of the same size."""
        size = self.tensors[0].shape[2:]
        resized = (
            tensor.new_empty((*tensor.shape[:2], *(n for _ in size))) if size and tensor.shape[2:] == size else tensor
            for tensor in self.tensors
        )
        return replace(self, tensors=tuple(resized))


def _with_lists(value: Any) -> Any:
    """Dicts whose keys are 0, 1, … as lists, recursively."""
    if not isinstance(value, dict):
        return value
    inner = {key: _with_lists(each) for key, each in value.items()}
    return [inner[str(i)] for i in range(len(inner))] if all(key.isdigit() for key in inner) else inner


def traced(model: nn.Module, texts: Sequence[str]) -> ArchIR:
    """The architecture of the network for the first example with these texts of ``--input`` that it accepts.

    Without texts, a network that states its levels gets the input size of its paper. Raises InvalidSizeError,
    TraceError, and ValueError for a text that is not a shape and if the network accepts no example.
    """
    failures: list[tuple[Example, ValueError]] = []
    for example in examples(model, texts):
        args, kwargs = example.arguments()
        try:
            return trace(model, *args, **kwargs)
        except ValueError as error:
            failures.append((example, error))
    raise _refusal(model, failures)


def _refusal(model: nn.Module, failures: Sequence[tuple[Example, ValueError]]) -> ValueError:
    """The nearest valid sizes for the example with which the network came farthest, or its error."""
    example, error = max(failures, key=lambda failure: len(_layers_reached(model, failure[0])))
    if isinstance(error, TraceError):
        return error
    message = invalid_size(model, example)
    if message:
        return InvalidSizeError(message)
    if len({str(each) for _, each in failures}) == 1 < len(failures):  # the same for all, so it is not about shapes
        return error
    tried = list(dict.fromkeys(axes_text(tuple(each.tensors[0].shape)) for each, _ in failures))
    shapes = f"; the shapes tried for the image are {', '.join(tried)}" if len(tried) > 1 else ""
    others = ", ".join(axes_text(tuple(tensor.shape)) or "scalar" for tensor in example.tensors[1:])
    shapes += f"; further inputs are whole shapes, here {others}" if others else ""
    return ValueError(f"{error}{_wrong_channels(model, example)}{shapes}{_wrong_count(model, example)}")


def _wrong_channels(model: nn.Module, example: Example) -> str:
    """The layer at which the network fails, if its input has another number of channels than it needs."""
    for layer, shape in _layers_reached(model, example)[-1:]:
        needed, got = _channels_of(layer, shape)
        if needed != got:
            name = next(name for name, module in model.named_modules() if module is layer)
            return f"; its layer {name} needs {needed} channels and gets {got}"
    return ""


def _wrong_count(model: nn.Module, example: Example) -> str:
    """How many numbers an image has, if the example's has another number of axes than batch, channels and space."""
    ranks = _ranks(model)
    if example.tensors[0].ndim - 2 in ranks:
        return ""
    return f"; an image has {' or '.join(f'1, {rank} or {rank + 2}' for rank in ranks)} numbers"


def examples(model: nn.Module, texts: Sequence[str]) -> Iterator[Example]:
    """The examples that the texts may stand for, the most probable one first.

    Unknown are the channels of the image, if only its size is given, and whether another input is of a floating-point
    dtype (that of the network) or int64, if no dtype is given.
    """
    given = [_parsed(text) for text in texts or [_default_size(model)]]
    _check_names(model, given)
    image, *others = given
    own = next((w.dtype for w in model.parameters() if w.is_floating_point()), torch.get_default_dtype())
    names = tuple(each.name for each in given)

    def with_image(shape: Size, dtypes: Sequence[torch.dtype | None]) -> Example:
        shapes = [shape, *(each.numbers for each in others)]
        made = (
            torch.empty(shape, dtype=each.dtype or dtype, device="meta")
            for each, shape, dtype in zip(given, shapes, (own, *dtypes), strict=True)
        )
        return Example(names, tuple(made))

    for shape in _image_shapes(model, image, lambda shape: with_image(shape, [own] * len(others))):
        for dtypes in product(*([each.dtype] if each.dtype else [own, torch.int64] for each in others)):
            yield with_image(shape, dtypes)


def whole_shape(text: str, option: str) -> Size:
    """The numbers of a shape such as 1x3x64x64. Raises ValueError, with the text of ``--input``, for another text."""
    if not re.fullmatch(SHAPE, text):
        raise ValueError(f"--input {option!r} is not a shape; {HOW_TO_WRITE}")
    return () if text == "scalar" else tuple(map(int, re.split("[x×,]", text)))


def _parsed(text: str) -> Given:
    name, _, rest = text.rpartition("=")
    shape, colon, dtype = rest.partition(":")
    given = whole_shape(shape if re.fullmatch(NAME, name) or not name else "", text)
    if colon and dtype not in DTYPES:
        raise ValueError(f"--input {text!r}: dtype {dtype!r} is unknown; the dtypes are {', '.join(DTYPES)}")
    found = getattr(torch, dtype) if colon else None
    return Given(text, name, given, found)


def _check_names(model: nn.Module, given: Sequence[Given]) -> None:
    """Raise ValueError for an unknown argument, a name given twice, a tensor that is also a dict, a list with a gap."""
    names = sorted(each.name for each in given if each.name)
    parameters = inspect.signature(model.forward).parameters
    unknown = sorted({name.split(".")[0] for name in names} - set(parameters))
    if unknown and not any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        known = ", ".join(parameters) or "none"
        raise ValueError(f"--input {unknown[0]}=: the arguments of {type(model).__name__}.forward are {known}")
    for name, after in pairwise(names):
        if name == after or after.startswith(f"{name}."):
            raise ValueError(f"--input {name}= and --input {after}= are for one argument; give each input its own name")
    keys: dict[str, set[str]] = {}  # by dict or list: its keys
    for name in names:
        parts = name.split(".")
        for i, key in enumerate(parts[1:], start=1):
            keys.setdefault(".".join(parts[:i]), set()).add(key)
    for group, own in keys.items():
        if all(key.isdigit() for key in own) and own != {str(i) for i in range(len(own))}:
            wanted = ", ".join(f"{group}.{i}" for i in range(len(own)))
            raise ValueError(f"--input {group}.{max(own)}=: the items of a list count from 0; write {wanted}")


def _default_size(model: nn.Module) -> str:
    levels, padding = stated_plan(model)
    if not levels:
        raise ValueError(f"the input size of {type(model).__name__} is not known; {HOW_TO_WRITE}")
    sides = []
    for valid in valid_sizes(levels, padding=padding):
        least = max(DEFAULT_SIDES[levels[0].rank], valid.start)
        sides.append(str(least + (valid.start - least) % valid.step))
    return "x".join(sides)


def _image_shapes(model: nn.Module, image: Given, example: Callable[[Size], Example]) -> Iterator[Size]:
    """The shapes that the first input may have, the most probable one first, each once.

    If the text gives only a size, the channels are those that the network states, those that its first convolution
    needs, those of any other layer, 1 and 3. A text with several numbers may be a whole shape.
    """
    numbers, ranks = image.numbers, _ranks(model)
    sizes = {rank: numbers * rank if len(numbers) == 1 else numbers for rank in ranks if len(numbers) in (1, rank)}
    if not sizes and len(numbers) == 1:
        raise ValueError(f"--input {image.text!r}: write the whole shape, with batch and channels; {HOW_TO_WRITE}")
    found: set[Size] = set()
    for channels, rank in _channels(model, {rank: example((1, PROBE, *size)) for rank, size in sizes.items()}):
        shape = (1, channels, *sizes.get(rank, ()))
        if rank in sizes and channels > 0 and shape not in found:
            found.add(shape)
            yield shape
    if len(numbers) != 1 and numbers not in found:
        yield numbers


def _ranks(model: nn.Module) -> tuple[int, ...]:
    """Numbers of spatial axes that the image may have: those of the convolutions, or 2, 3 and 1 without any."""
    levels, _ = stated_plan(model)
    known = [len(m.kernel_size) for m in model.modules() if isinstance(m, _ConvNd)]
    known += [each.ndim - 2 for each in model.parameters() if each.ndim > 2 and not known]
    return (levels[0].rank,) if levels else tuple(dict.fromkeys(known)) or (2, 3, 1)


def _channels(model: nn.Module, probes: dict[int, Example]) -> Iterator[tuple[int, int]]:
    """Pairs of channels and rank that the image may have, the most probable one first; they may be repeated.

    ``probes`` are examples by rank, whose image has ``PROBE`` channels.
    """
    stated = getattr(model, "in_channels", None)
    if isinstance(stated, int):
        yield from ((stated, rank) for rank in probes)
        if stated_plan(model)[0]:
            return
    for rank, probe in probes.items():
        reached = _layers_reached(model, probe)
        convs = [each for each in reached if isinstance(each[0], _ConvNd)]
        for layer, shape in (*convs[:1], *reached[-1:]):
            yield from ((n, _layer_rank(layer, rank)) for n in _needed(layer, shape))
    layers = list(model.modules())
    yield from ((layer.in_channels, _layer_rank(layer, 0)) for layer in layers if isinstance(layer, _ConvNd))
    yield from ((weight.shape[1], weight.ndim - 2) for weight in model.parameters() if weight.ndim > 2)
    for layer in layers:  # a patch of k pixels per axis has k ** rank · channels values
        if isinstance(layer, nn.Linear):
            n = layer.in_features
            yield from ((n // k**r, r) for r in probes for k in range(int(n ** (1 / r)) + 1, 0, -1) if n % k**r == 0)
    yield from ((channels, rank) for rank in probes for channels in FREQUENT)


def _layer_rank(layer: nn.Module, rank: int) -> int:
    return len(layer.kernel_size) if isinstance(layer, _ConvNd) else rank


def _needed(layer: nn.Module, shape: Size) -> Iterator[int]:
    """Channels of an image with which this layer gets as many as it needs; ``shape`` is its input for ``PROBE``.

    Before the layer, channels may have been added to those of the image, or each made several, as in patches.
    """
    needed, got = _channels_of(layer, shape)
    yield needed
    yield PROBE + needed - got
    if got and needed * PROBE % got == 0:
        yield needed * PROBE // got


def _channels_of(layer: nn.Module, shape: Size) -> tuple[int, int]:
    """Channels that a convolution or linear layer needs, and those of an input of this shape."""
    if isinstance(layer, _ConvNd):
        axis = -len(layer.kernel_size) - 1  # the input may have no batch
        return layer.in_channels, shape[axis] if len(shape) >= -axis else 0
    return layer.get_parameter("weight").shape[1], shape[-1] if shape else 0


def _layers_reached(model: nn.Module, example: Example) -> list[tuple[nn.Module, Size]]:
    """The convolutions and linear layers that run, until the network fails or ends, with the shapes of their inputs."""
    reached: list[tuple[nn.Module, Size]] = []

    def note(module: nn.Module, given: Any) -> None:
        if isinstance(module, (_ConvNd, nn.Linear)) and given and isinstance(given[0], Tensor):
            reached.append((module, tuple(given[0].shape)))

    hook = register_module_forward_pre_hook(note)
    try:
        _accepts(model, example)
    finally:
        hook.remove()
    return reached


def _accepts(model: nn.Module, example: Example) -> bool:
    args, kwargs = example.arguments()
    try:
        record(model, args, kwargs, training=False)
    except Exception:  # the network may raise any error
        return False
    return True


def invalid_size(model: nn.Module, example: Example) -> str:
    """A sentence with the nearest valid sizes, if the size of the image is not valid; else "".

    If the levels of the network are not known, each size is tested by running the network on an image with this size
    along all axes. That is enough, because in a U-Net the axes do not influence one another.
    """
    shape = tuple(example.tensors[0].shape)
    size = shape[2:]
    levels, padding = stated_plan(model)
    if len(size) not in _ranks(model):
        return ""
    if levels and size_error(size, levels, padding=padding):
        return f"input {shape}: {size_error(size, levels, padding=padding)}"

    @cache
    def is_valid(n: int) -> bool:
        return _accepts(model, example.with_side(n))

    errors = [_axis_error(axis, n, is_valid) for axis, n in enumerate(size) if not is_valid(n)]
    found = [error for error in errors if error]
    return f"input {shape}: {'; '.join(found)}" if found else ""


def _axis_error(axis: int, n: int, is_valid: Callable[[int], bool]) -> str:
    below, above = (next(filter(is_valid, sides), 0) for sides in _around(n))
    near = [str(m) for m in (below, above) if m]
    which = "nearest valid sizes are" if near[1:] else "nearest valid size is"
    return f"axis {axis} = {n} is not a valid size; the {which} {' and '.join(near)}" if near else ""


def _around(n: int) -> Iterator[range]:
    yield range(n - 1, max(0, n - 1 - SEARCHED), -1)
    yield range(n + 1, n + 1 + SEARCHED)
