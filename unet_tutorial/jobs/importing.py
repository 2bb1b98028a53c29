"""Weights of other systems as a checkpoint: reads their files without unpickling, and checks every tensor.

In Python it takes two lines::

    imported = import_weights("state.pth", "milesial")
    imported.save("checkpoint.safetensors")
"""

from __future__ import annotations

import inspect
import json
import math
import pickle
import re
import shlex
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from unet_tutorial.datasets.annotations.scheme import LabelScheme, default_name
from unet_tutorial.datasets.images.image import GREY, RGB, numbered_channels
from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.disk import one_line
from unet_tutorial.jobs.parsing import numbers
from unet_tutorial.jobs.task import Task
from unet_tutorial.learning.checkpoints import FORMAT, save_weights
from unet_tutorial.learning.integrity import first_not_finite, misfit
from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.foreign_weights import System, chosen, structure_of, translated
from unet_tutorial.nets.presets import PRESETS, build
from unet_tutorial.nets.systems.caffe_release import CAFFE
from unet_tutorial.nets.systems.elektronn3 import ELEKTRONN3
from unet_tutorial.nets.systems.jaxony import JAXONY
from unet_tutorial.nets.systems.johschmidt42 import JOHSCHMIDT42
from unet_tutorial.nets.systems.milesial import MILESIAL
from unet_tutorial.nets.systems.monai_basic_unet import MONAI

SYSTEMS: dict[str, System] = {
    system.name: system for system in (ELEKTRONN3, JAXONY, MILESIAL, JOHSCHMIDT42, MONAI, CAFFE)
}
ZIP = b"PK\x03\x04"  # the start of the file
MAGIC = torch.serialization.MAGIC_NUMBER.to_bytes(10, "little")  # near the start of older files of torch.save
VARIANCE = "running_var"  # of a batch norm
Keys = tuple[Any, ...]  # those of the dicts in one another that lead to a dict
NO_OPTIONS: Mapping[str, Any] = {}
TO_STATE_DICT = (  # of a module, or of the tensors and modules in a dict, without its other objects
    "if you trust it, write its state dict in the folder of its project with "
    'python -c "import pickle, torch; '
    "state = lambda x: x if torch.is_tensor(x) else {{k: state(v) for k, v in getattr(x, 'state_dict', lambda: x)()"
    ".items() if isinstance(v, (torch.Tensor, torch.nn.Module, dict))}}; "
    "torch.save(state({load}), 'state.pth')\" and import state.pth"
)
CAFFE_TO_NPZ = (
    "with pycaffe, write its blobs with numpy.savez('blobs.npz', **{{f'{{name}}.{{kind}}': blob.data for name, blobs "
    "in caffe.Net('phseg_v5.prototxt', {path!r}, caffe.TEST).params.items() for kind, blob in zip(('weight', 'bias'), "
    "blobs)}}) and import blobs.npz"
)


@dataclass(frozen=True)
class Imported:
    """A network with the weights of another system, the task that is stored with it, and sentences for the user."""

    network: Network
    preset: str
    arguments: dict[str, Any]
    task: Task
    source: dict[str, Any]
    remarks: tuple[str, ...]

    def save(self, path: str | Path) -> None:
        """Write a checkpoint of weights, a .safetensors file.

        Raises ValueError for another suffix, if the file exists, and if it cannot be written.
        """
        if Path(path).suffix != ".safetensors":
            raise ValueError(f"{path}: the checkpoint is a safetensors file; end its name in .safetensors")
        if Path(path).exists():
            raise ValueError(f"{path} exists; give another name with -o, or delete it first")
        notes = {"task": self.task.notes(), "imported": self.source}
        save_weights(path, self.network, preset=self.preset, arguments=self.arguments, notes=notes)


def import_weights(
    file: str | Path,
    system: str,
    options: Mapping[str, Any] = NO_OPTIONS,
    *,
    labels: str = "",
    classes: Sequence[str] = (),
    normaliser: Normaliser | None = None,
) -> Imported:
    """Read the weights of a network of another system, one of ``SYSTEMS``, and build it here.

    ``options`` are constructor arguments of the original network, as JSON can hold them. ``labels`` is "classes" or
    "layers" (one sigmoid per output channel), by default layers for one output channel and classes for more;
    ``classes`` are the names of the output channels, background first. ``normaliser`` is that of the images in
    training. The ``remarks`` say which of these were assumed. Raises ValueError for a file that cannot be read, or
    whose tensors are not exactly those of a network of this system.
    """
    if system not in SYSTEMS:
        raise ValueError(f"system {system!r} is unknown; write one of {', '.join(SYSTEMS)}")
    path, original = Path(file), SYSTEMS[system]
    try:
        options = json.loads(json.dumps(options))  # tuples become lists
    except TypeError as error:
        raise ValueError(f"options {options}: write names and numbers, as JSON can hold them ({error})") from error
    try:
        state, left_out = network_state(original, read(path))
        structure = structure_of(original, state)
        values, assumed = chosen(original, structure, options)
        arguments = original.arguments(structure, values)
        with torch.device("meta"):
            empty = build(original.preset, **arguments)
        weights = translated(original, structure, state, empty)
        broken = first_not_finite(weights)
        if broken:
            raise ValueError(f"{broken} holds NaN or infinity; pass the weights of an earlier step of its training")
        negative = next((name for name, each in weights.items() if name.endswith(VARIANCE) and (each < 0).any()), "")
        if negative:
            raise ValueError(f"{negative} holds a variance below 0, which gives NaN; get the file again")
        reason = misfit(original.preset, arguments, weights)
        if reason:
            raise ValueError(
                f"the weights do not fit preset {original.preset!r} ({reason}); pass its published network"
            )
        task, about_task = _task(original, structure.in_channels, structure.out_channels, labels, classes, normaliser)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    net = build(original.preset, **arguments)
    net.load_state_dict(weights)
    options_read = f"{original.name}: {', '.join(f'{name} {value}' for name, value in values.items())}"
    remarks = [options_read, *([left_out] if left_out else []), *([assumed] if assumed else []), *about_task]
    source = {"file": path.name, "from": system, "options": values}
    return Imported(net.eval(), original.preset, arguments, task, source, tuple(remarks))


def read(path: Path) -> dict[str, Any]:
    """The content of a file: tensors by name, and perhaps other values. Nothing is unpickled.

    Takes safetensors, files of torch.save (read with weights_only=True), and .npz. Raises ValueError for any other
    file, with the command that writes one of these in its project.
    """
    if path.is_dir():
        raise ValueError("this is a folder; pass the file in it that holds the state dict")
    if not path.is_file():
        raise ValueError("there is no such file; pass a state dict in a .pth, .safetensors or .npz file")
    with path.open("rb") as file:
        start = file.read(9)
    members = _members(path) if start.startswith(ZIP) else []
    if any(name.endswith("/constants.pkl") for name in members):
        command = TO_STATE_DICT.format(load=f"torch.jit.load({path.name!r}, 'cpu')")
        raise ValueError(f"this is a TorchScript module, which holds code; {command}")
    if any(name.endswith("/data.pkl") for name in members) or start[:1] == b"\x80":
        return _of_torch(path)
    if path.suffix == ".caffemodel":
        raise ValueError(f"this is a file of Caffe; {CAFFE_TO_NPZ.format(path=path.name)}")
    try:
        if members:
            with np.load(path, allow_pickle=False) as archive:
                arrays = dict(archive)  # other files in it are bytes
            if all(isinstance(array, np.ndarray) for array in arrays.values()):
                return {name: torch.from_numpy(array) for name, array in arrays.items()}
        if start[8:9] == b"{":
            with safe_open(path, framework="pt") as file:
                about = file.metadata() or {}
                tensors: dict[str, Any] = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise ValueError(f"cannot be read ({one_line(error)}); pass a complete file") from error
    if start[8:9] != b"{":
        raise ValueError("this is no file of torch.save, safetensors or numpy; pass a .pth, .safetensors or .npz file")
    if about.get("format") == FORMAT:
        raise ValueError("this is a checkpoint of unet_tutorial already; pass it to unet predict as it is")
    return tensors


def _members(path: Path) -> list[str]:
    """The names of the files in a zip file. Raises ValueError if it is damaged; torch does not compare checksums."""
    try:
        with zipfile.ZipFile(path) as archive:
            names, damaged = archive.namelist(), archive.testzip()
    except Exception as error:  # zipfile and zlib raise many kinds of errors for damaged files
        raise ValueError(f"cannot be read ({one_line(error)}); pass a complete file") from error
    if damaged:
        raise ValueError(f"cannot be read ({damaged} in it has another checksum); pass a complete file")
    return names


def _of_torch(path: Path) -> dict[str, Any]:
    """The dict in a file of torch.save. Raises ValueError for other objects, which only its project can read."""
    try:
        with warnings.catch_warnings(action="ignore"):  # about the versions of pickle
            found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        foreign = re.search(r"GLOBAL (\S+)", str(error))
        with path.open("rb") as file:
            start = file.read(64)
        load = f"pickle.load(open({path.name!r}, 'rb'))"
        if start.startswith(ZIP) or MAGIC in start:
            load = f"torch.load({path.name!r}, 'cpu', weights_only=False)"
        raise ValueError(
            f"this is a pickle with {f'an object of {foreign[1]}' if foreign else 'objects of Python'}, and nothing is "
            f"unpickled here, because a pickle can run code; {TO_STATE_DICT.format(load=load)}"
        ) from error
    except Exception as error:  # torch raises many kinds of errors for damaged files
        raise ValueError(f"cannot be read ({one_line(error)}); pass a complete file") from error
    if not isinstance(found, Mapping):
        raise ValueError(f"it holds an object of type {type(found).__name__}, and no state dict; pass a state dict")
    return dict(found)


def network_state(system: System, content: Mapping[str, Any]) -> tuple[dict[str, Tensor], str]:
    """The state dict of the network in a file, and a sentence about the rest, or "".

    Training programs put it beside other values ("optimiser", "epoch"), in an inner dict, and under a prefix such as
    "module." (DataParallel) or "model." (Lightning). Raises ValueError if the file holds several networks.
    """
    first = f"{system.block(0)[0].conv}.weight"
    found = [
        (path, name.removesuffix(first), tensors)
        for path, tensors in _dicts(content)
        for name in tensors
        if name == first or name.endswith(f".{first}")
    ]
    if len(found) > 1:
        places = " and ".join(repr(".".join((*map(str, path), prefix))) for path, prefix, _ in found[:2])
        raise ValueError(f"it holds {len(found)} networks, under {places}; save the state dict of one of them alone")
    if not found:
        return next((tensors for _, tensors in _dicts(content) if tensors), {}), ""
    path, prefix, tensors = found[0]
    state = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    rest = [name for name in tensors if not name.startswith(prefix)]
    inner = content
    for step in path:
        rest += [str(name) for name in inner if name != step]
        inner = inner[step]
    rest += [str(name) for name, value in inner.items() if not isinstance(value, Tensor)]
    return state, f"left out, because it is not of the network: {', '.join(rest)}" if rest else ""


def _dicts(content: Mapping[str, Any], path: Keys = ()) -> Iterator[tuple[Keys, dict[str, Tensor]]]:
    """The tensors of a dict by name, and those of the dicts in it, each with the keys that lead to the dict."""
    yield path, {str(name): value for name, value in content.items() if isinstance(value, Tensor)}
    for name, value in content.items():
        if isinstance(value, Mapping):
            yield from _dicts(value, (*path, name))


def _task(
    system: System,
    in_channels: int,
    out_channels: int,
    labels: str,
    classes: Sequence[str],
    normaliser: Normaliser | None,
) -> tuple[Task, list[str]]:
    """The task that is stored with the weights, and sentences about the parts of it that were assumed."""
    remarks = []
    kind = labels or ("layers" if out_channels == 1 else "classes")
    if kind not in ("classes", "layers"):
        raise ValueError(f"--labels {kind}: write classes (one per pixel), or layers (one sigmoid per class)")
    if kind == "classes" and out_channels == 1:
        raise ValueError("--labels classes: the network has one output, which has no other class; write layers")
    if classes and len(classes) != out_channels:
        given = ", ".join(map(repr, classes))
        raise ValueError(f"classes {given}: write one name for each output of the network, {out_channels} in all")
    if "" in classes or len({*classes}) < len(classes):
        raise ValueError(f"classes {', '.join(map(repr, classes))}: give each class a name of its own")
    if not labels:
        softmax = f"probabilities are the softmax over its {out_channels} outputs"
        meaning = "the probability of each output is its sigmoid" if kind == "layers" else softmax
        remarks.append(f"{meaning} (--labels {kind})")
    names = [default_name(str(i)) for i in range(out_channels)]
    if kind == "classes":
        names[0] = "background"
    scheme = LabelScheme(kind, tuple(classes or names), tuple(range(out_channels)) if kind == "classes" else ())
    if normaliser is None:
        if system.divisor:
            normaliser = Normaliser("data", (0.0,) * in_channels, (system.divisor,) * in_channels)
            reason = f"its images are divided by {system.divisor:g}, as {system.name} does with 8-bit images"
        else:
            normaliser = Normaliser("image")
            reason = "each image gets mean 0 and standard deviation 1 (--normalise image)"
        remarks.append(f"{reason}; if they were prepared otherwise in training, give --normalise, or --mean and --std")
    if len(normaliser.mean) not in (0, in_channels):
        raise ValueError(
            f"--mean {','.join(map(str, normaliser.mean))}: write one number for each input channel of the network, "
            f"{in_channels} in all"
        )
    channels = {1: GREY, 3: RGB}.get(in_channels) or numbered_channels(in_channels)
    return Task(scheme, channels, normaliser), remarks


def normaliser_of(normalise: str, mean: str, std: str) -> Normaliser | None:
    """The normaliser of these options, whose numbers are separated by commas; None if all options are empty.

    ValueError for an unknown method, for numbers of which one is missing, not finite or a divisor of 0, and for both.
    """
    if not mean and not std:
        if normalise == "data":
            raise ValueError("--normalise data: its mean and standard deviation are needed; give --mean and --std")
        return Normaliser(normalise) if normalise else None
    if normalise not in ("", "data"):
        raise ValueError(f"--normalise {normalise}: leave it out, or leave out --mean and --std")
    means = numbers("mean", mean, float, "0.5,0.4") if mean else []
    stds = numbers("std", std, float, "0.5,0.4") if std else []
    means, stds = means or [0.0] * len(stds), stds or [1.0] * len(means)
    if len(means) != len(stds) or not all(map(math.isfinite, [*means, *stds])) or min(stds) <= 0:
        given = " ".join(f"--{name} {text}" for name, text in (("mean", mean), ("std", std)) if text)
        raise ValueError(f"{given}: write one finite number per channel, above 0 in --std")
    return Normaliser("data", tuple(means), tuple(stds))


def next_commands(imported: Imported, path: str | Path) -> list[str]:
    """Commands that apply the written checkpoint to images and continue its training."""
    defaults = {name: each.default for name, each in inspect.signature(PRESETS[imported.preset]).parameters.items()}
    others = {name: value for name, value in imported.arguments.items() if value != defaults[name]}
    others = {name: value for name, value in others.items() if name not in ("in_channels", "out_channels", "widths")}
    widths = ",".join(map(str, imported.arguments["widths"]))
    file = shlex.quote(str(path))
    train = f"unet train --start-from {file} --preset {imported.preset} --widths {widths}"
    if others:
        train += f" --kwargs {shlex.quote(json.dumps(others))}"
    return [f"unet predict {file} IMAGES -o FOLDER", f"{train} --data FOLDER"]
