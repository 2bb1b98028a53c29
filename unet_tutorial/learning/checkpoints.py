"""Checkpoints: the whole state of a training run in one safetensors file.

A resumed training run gives the same weights as an uninterrupted one, bit for bit. A safetensors file cannot contain
code (as a pickle file can), so it is safe to load.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialized
from torch import Tensor

from unet_tutorial.disk import complete_file
from unet_tutorial.learning.train import Training, adam
from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.presets import build

FORMAT = "unet_tutorial checkpoint 1"
Builders = Mapping[str, Callable[..., Network]]  # by name: a function that builds a network from keyword arguments
NO_BUILDERS: Builders = {}


@dataclass(frozen=True)
class Checkpoint:
    """The content of a checkpoint file.

    ``preset`` and ``arguments`` are those of ``presets.build``. For a network of another project ``preset`` is "", and
    ``net`` is the name under which it was saved, such as "package.module:build". ``notes`` is the dict that was passed
    to ``save``. ``tensors`` holds weights, optimiser state, losses and random states.
    """

    path: Path
    preset: str
    net: str
    arguments: dict[str, Any]
    notes: dict[str, Any]
    tensors: dict[str, Tensor]

    def network(self, builders: Builders = NO_BUILDERS) -> Network:
        """The network with its weights, on the CPU.

        A checkpoint holds no code, and its names are never imported: for a network of another project, pass the
        function that builds it by its name, ``network({"package.module:build": build})``; it is called with
        ``arguments``. Raises ValueError if it is missing, or if the weights do not fit the network.
        """
        if self.preset and builders:
            raise ValueError(f"{self.path}: its network is preset {self.preset!r}; leave out {', '.join(builders)}")
        if self.net and self.net not in builders:
            given = f", and not {', '.join(builders)}" if builders else ""
            raise ValueError(
                f"{self.path}: its network is {self.net}{given}; a checkpoint holds no code and nothing is imported "
                f"because a file names it, so give the network again: --net {self.net}, or in Python "
                f"network({{{self.net!r}: build}})"
            )
        net = builders[self.net](**self.arguments) if self.net else build(self.preset, **self.arguments)
        try:
            net.load_state_dict(self._tensors_under("net."))
        except RuntimeError as error:
            made = self.net or f"preset {self.preset!r}"
            raise ValueError(
                f"{self.path}: the weights do not fit {made} with {self.arguments}; the checkpoint was written by "
                f"another version of {self.net or 'unet_tutorial'}; train again, or use that version"
            ) from error
        return net

    def training(self, device: str = "cpu", builders: Builders = NO_BUILDERS) -> Training:
        """The state of the training run after its last step. Also restores torch's random state.

        ``builders`` are those of ``network``.
        """
        training = adam(self.network(builders), device)
        training.losses = self.tensors["losses"].tolist()
        for i, weight in enumerate(training.net.parameters()):
            state = {key: value.to(device) for key, value in self._tensors_under(f"optimiser.{i}.").items()}
            # copied to the memory format (channels last) of the weights: Adam's fused step needs weights and moments in
            # the same memory order
            moments = {key: torch.empty_like(weight).copy_(value) for key, value in state.items() if value.ndim}
            training.optimiser.state[weight] = {**state, **moments}
        torch.set_rng_state(self.tensors["random.cpu"])
        if device != "cpu" and "random.cuda" in self.tensors:
            torch.cuda.set_rng_state(self.tensors["random.cuda"])
        return training

    def _tensors_under(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose key starts with the prefix. The prefix is removed from the keys of the result."""
        return {key.removeprefix(prefix): value for key, value in self.tensors.items() if key.startswith(prefix)}


def save(
    path: str | Path,
    training: Training,
    *,
    preset: str = "",
    net: str = "",
    arguments: dict[str, Any],
    notes: dict[str, Any],
) -> None:
    """Write a checkpoint. An existing file is replaced only when the new one is complete.

    ``preset`` is the name of the network in ``presets``, or ``net`` the name of another one (see ``Checkpoint``).
    Raises ValueError unless exactly one of them is given.
    """
    if bool(preset) == bool(net):
        raise ValueError(f"preset {preset!r} and net {net!r}: give the name of the network in one of them")
    tensors = {f"net.{key}": value for key, value in training.net.state_dict().items()}
    for i, weight in enumerate(training.net.parameters()):
        tensors |= {f"optimiser.{i}.{key}": value for key, value in training.optimiser.state[weight].items()}
    tensors["losses"] = torch.tensor(training.losses, dtype=torch.float64)
    tensors["random.cpu"] = torch.get_rng_state()
    if training.net.device.type == "cuda":
        tensors["random.cuda"] = torch.cuda.get_rng_state()
    about = {"format": FORMAT, "preset": preset, "net": net, "arguments": json.dumps(arguments)}
    about["notes"] = json.dumps(notes)
    with complete_file(path) as part:
        # copies, because safetensors refuses two tensors with one memory, such as tied weights
        copies = {key: value.cpu().clone(memory_format=torch.contiguous_format) for key, value in tensors.items()}
        part.write_bytes(serialized(copies, about))


def load(path: str | Path) -> Checkpoint:
    """Read a checkpoint. Raises ValueError for a file that is missing, truncated or not written by ``save``."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; pass the checkpoint.safetensors of a training run")
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{path}: cannot be read as a checkpoint ({error}); pass a complete one") from error
    if about.get("format") != FORMAT or not {"losses", "random.cpu"} <= tensors.keys():
        raise ValueError(
            f"{path}: this safetensors file is not a checkpoint of this version; pass the file of a training run"
        )
    try:
        arguments, notes = json.loads(about["arguments"]), json.loads(about["notes"])
        return Checkpoint(path, about["preset"], about.get("net", ""), dict(arguments), dict(notes), tensors)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path}: the metadata are damaged ({error!r}); pass another checkpoint") from error
