"""Checks of a checkpoint file before a network is built from it: its format, its tensors, and its metadata."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.modules.module import (
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from torch.overrides import TorchFunctionMode

from unet_tutorial.disk import one_line
from unet_tutorial.nets.presets import build

LARGEST_ARGUMENT = 10**6  # of the integers among the arguments of a preset
MOST_ARGUMENTS = 1000  # values in them
# Parameters are counted as well. More than any preset has; without a limit, a file could ask for 10⁹ layers.
MODULES_PER_TENSOR = 10


def digest_of(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """SHA-256 of all tensors on the CPU (names, dtypes, shapes, values) and of the metadata, in hexadecimal digits."""
    digest = hashlib.sha256(repr(sorted(metadata.items())).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def first_not_finite(tensors: Mapping[str, Tensor]) -> str:
    """The name of the first tensor that holds NaN or infinity; "" if there is none."""
    return next((name for name, values in tensors.items() if not values.isfinite().all()), "")


def foreign_format(path: Path) -> str:
    """The kind of a file that is no safetensors file, as the end of a sentence with the next step; "" if unknown."""
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        return "file is empty; pass another checkpoint"
    if start.startswith(b"PK\x03\x04") and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            pickled = any(name.endswith("data.pkl") for name in archive.namelist())
    else:
        pickled = start[:1] == b"\x80" and start[1] in range(2, 6)
    if pickled:
        return (
            "is a file of torch.save (a pickle, which can run code when it is read) and not a checkpoint of unet "
            "train; load it in a function of yours that returns the network, and train with --net package.module:build"
        )
    if start.startswith(b"\x89HDF"):
        return "is an HDF5 file, such as Keras writes, and not a checkpoint of unet train; pass one of these"
    return ""


def misfit(preset: str, arguments: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """The reason why these weights cannot be those of a preset with these arguments; "" if they can.

    The preset is built on torch's meta device, which needs no memory for weights, and never with many more layers than
    there are tensors. ``arguments`` come from a file, so they can be anything that JSON can hold.
    """
    excess = _excessive(arguments)
    if excess:
        return excess
    try:
        with torch.device("meta"), _NotDrawn(), _at_most_layers(MODULES_PER_TENSOR * (len(tensors) + 1)):
            net = build(preset, **arguments)
    except Exception as error:  # the parts of a network raise many kinds of errors for senseless arguments
        return one_line(error, 400)
    return difference(tensors, net.state_dict())


def difference(tensors: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> str:
    """The first difference in name, shape or dtype between tensors of a file and the state of a network; "" if none.

    >>> difference({"bias": torch.zeros(2)}, {"bias": torch.zeros(3)})
    'bias is (2,) of float32 in the file, and (3,) of float32 in the network'
    """
    found, wanted = (
        {name: f"{tuple(each.shape)} of {str(each.dtype).removeprefix('torch.')}" for name, each in given.items()}
        for given in (tensors, state)
    )
    names = (name for name in chain(wanted, found) if wanted.get(name) != found.get(name))
    for name in names:
        return f"{name} is {found.get(name, 'missing')} in the file, and {wanted.get(name, 'missing')} in the network"
    return ""


class _NotDrawn(TorchFunctionMode):
    """Skips the drawing of weights: meta tensors have none, and torch would import its symbolic mathematics for it."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.__name__ in ("normal_", "uniform_"):
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))


def _excessive(arguments: object) -> str:
    """The reason why arguments would need too much memory or time for any network; "" if they do not."""
    left, leaves = [arguments], 0
    while left:
        value = left.pop()
        if isinstance(value, dict):
            left += [*value, *value.values()]
        elif isinstance(value, list):
            left += value
        else:
            leaves += 1
        if leaves + len(left) > MOST_ARGUMENTS:
            return f"it has more than {MOST_ARGUMENTS} arguments"
        if isinstance(value, int) and abs(value) > LARGEST_ARGUMENT:
            return f"an argument is {value}"
    return ""


@contextmanager
def _at_most_layers(most: int) -> Iterator[None]:
    """Raises ValueError in this context as soon as more modules and parameters than ``most`` were made."""
    made = 0

    def count(*_: object) -> None:
        nonlocal made
        made += 1
        if made > most:
            raise ValueError("it would have many more layers than the file has tensors")

    hooks = [register_module_module_registration_hook(count), register_module_parameter_registration_hook(count)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
