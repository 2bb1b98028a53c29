"""Checkpoints: the whole state of a training run, or the weights alone, in one safetensors file.

A resumed training run gives the same weights as an uninterrupted one, bit for bit. A safetensors file cannot contain
code (as a pickle file can), so it is safe to load. Its metadata are checked before a network is built from them.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Required, TypedDict, Unpack

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialized
from torch import Tensor

from unet_tutorial.disk import complete_file, one_line
from unet_tutorial.learning.integrity import difference, digest_of, first_not_finite, foreign_format, misfit
from unet_tutorial.learning.random_states import of_others, random_states, restore_random_states
from unet_tutorial.learning.train import Training, Validation, adam
from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.presets import build

FORMAT = "unet_tutorial checkpoint 1"
DIGEST = "digest"  # key of the metadata; files of earlier versions do not have it
RUN = {"losses", "random.cpu"}  # tensors that every file with the state of a run holds
DAMAGED = "pass another checkpoint, such as one of an earlier step, or train again"
LONGEST_SHOWN = 200  # characters of arguments in an error
Builders = Mapping[str, Callable[..., Network]]  # by name: a function that builds a network from keyword arguments
NO_BUILDERS: Builders = {}


@dataclass(frozen=True)
class Checkpoint:
    """The content of a checkpoint file.

    ``preset`` and ``arguments`` are those of ``presets.build``. For a network of another project ``preset`` is "", and
    ``net`` is the name under which it was saved, such as "package.module:build". ``notes`` is the dict that was passed
    to ``save``. ``tensors`` holds the weights, and if the file is ``resumable`` also optimiser state, losses,
    validations and random states.
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
        ``arguments``. Raises ValueError if it is missing, if preset or arguments are senseless, and if the weights do
        not fit the network.
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
        if not self.net:
            self._refuse(misfit(self.preset, self.arguments, self.weights))
        net = builders[self.net](**self.arguments) if self.net else build(self.preset, **self.arguments)
        self._refuse(difference(self.weights, net.state_dict()))
        net.load_state_dict(self.weights)
        return net

    def _refuse(self, reason: str) -> None:
        """Raise ValueError if there is a reason why the weights do not fit the network."""
        made, arguments = self.net or f"preset {self.preset!r}", str(self.arguments)
        shown = arguments if len(arguments) <= LONGEST_SHOWN else f"{arguments[:LONGEST_SHOWN]}…"
        if reason:
            raise ValueError(
                f"{self.path}: the weights do not fit {made} with {shown} ({reason}); the file is damaged, or was "
                f"written by another version of {self.net or 'unet_tutorial'}; train again, or use that version"
            )

    @property
    def weights(self) -> dict[str, Tensor]:
        """The state dict of the network."""
        return self._tensors_under("net.")

    @property
    def resumable(self) -> bool:
        """Whether the file holds the whole state of a training run, and not the weights alone."""
        return self.tensors.keys() >= RUN

    @property
    def validation(self) -> list[Validation]:
        """All validations of the training run; files of earlier versions hold none."""
        rows = self.tensors["validation"].tolist() if "validation" in self.tensors else []
        return [Validation(round(step), loss, score) for step, loss, score in rows]

    def training(self, device: str = "cpu", builders: Builders = NO_BUILDERS) -> Training:
        """The state of the training run after its last step. Also restores torch's random state, that of process 0.

        ``builders`` are those of ``network``. Raises ValueError for a file with weights alone.
        """
        if not self.resumable:
            raise ValueError(
                f"{self.path}: this file holds the weights of a network, and no state of a training run to resume; "
                f"start a new run from it with --start-from {shlex.quote(str(self.path))}"
            )
        training = adam(self.network(builders), device)
        training.losses = self.tensors["losses"].tolist()
        training.validation = self.validation
        training.others = of_others(self.tensors)
        for i, weight in enumerate(training.net.parameters()):
            state = {key: value.to(device) for key, value in self._tensors_under(f"optimiser.{i}.").items()}
            if any(value.shape not in (weight.shape, ()) for value in state.values()):
                raise ValueError(f"{self.path}: the state of the optimiser does not fit the weights; {DAMAGED}")
            # copied to the memory format (channels last) of the weights: Adam's fused step needs weights and moments in
            # the same memory order
            moments = {key: torch.empty_like(weight).copy_(value) for key, value in state.items() if value.ndim}
            training.optimiser.state[weight] = {**state, **moments}
        restore_random_states(self.tensors, training.net.device)
        return training

    def _tensors_under(self, prefix: str) -> dict[str, Tensor]:
        """The tensors whose key starts with the prefix. The prefix is removed from the keys of the result."""
        return {key.removeprefix(prefix): value for key, value in self.tensors.items() if key.startswith(prefix)}


class Description(TypedDict, total=False):
    """The name of a network, ``preset`` or ``net``, its ``arguments``, and ``notes``; see ``Checkpoint``."""

    preset: str
    net: str
    arguments: Required[dict[str, Any]]
    notes: Required[dict[str, Any]]


def save(path: str | Path, training: Training, **about: Unpack[Description]) -> None:
    """Write a checkpoint. An existing file is replaced only when the new one is complete.

    ``preset`` is the name of the network in ``presets``, or ``net`` the name of another one (see ``Checkpoint``).
    Raises ValueError unless exactly one of them is given.
    """
    tensors = {f"optimiser.{key}": value for key, value in _optimiser_state(training)}
    tensors["losses"] = torch.tensor(training.losses, dtype=torch.float64)
    tensors["validation"] = torch.tensor(training.validation, dtype=torch.float64).reshape(-1, 3)
    tensors |= random_states(training.net.device) | training.others
    _write(path, training.net, tensors, about)


def _optimiser_state(training: Training) -> Iterator[tuple[str, Tensor]]:
    for i, weight in enumerate(training.net.parameters()):
        for key, value in training.optimiser.state[weight].items():
            yield f"{i}.{key}", value


def save_weights(path: str | Path, network: Network, **about: Unpack[Description]) -> None:
    """Write a checkpoint with the weights of a network alone, for prediction and for fine-tuning.

    It has about a third of the size of ``save``'s, and a training run cannot be resumed from it. Arguments and errors
    are those of ``save``.
    """
    _write(path, network, {}, about)


def _write(path: str | Path, network: Network, state: dict[str, Tensor], about: Description) -> None:
    """Write the weights of a network, the other tensors of a training run, and the metadata."""
    preset, net = about.get("preset", ""), about.get("net", "")
    if bool(preset) == bool(net):
        raise ValueError(f"preset {preset!r} and net {net!r}: give the name of the network in one of them")
    weights = network.state_dict()
    broken = first_not_finite(weights)
    if broken:
        raise ValueError(
            f"{path}: {broken} holds NaN or infinity, so the network cannot be saved; train with a tenth of the "
            "learning rate, or register a buffer that is infinite by design with persistent=False"
        )
    tensors = {f"net.{key}": value for key, value in weights.items()} | state
    # copies, because safetensors refuses two tensors with one memory, such as tied weights
    copies = {key: value.cpu().clone(memory_format=torch.contiguous_format) for key, value in tensors.items()}
    as_json = {key: json.dumps(about[key]) for key in ("arguments", "notes")}
    metadata = {"format": FORMAT, "preset": preset, "net": net, **as_json}
    with complete_file(path) as part:
        part.write_bytes(serialized(copies, metadata | {DIGEST: digest_of(copies, metadata)}))


def load(path: str | Path) -> Checkpoint:
    """Read a checkpoint. Raises ValueError for a file that is missing, damaged or not written by ``save``.

    Damaged means truncated, changed after it was written (by its digest, which files of earlier versions do not have),
    or with weights that are not finite.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path}: this is a folder; pass the checkpoint.safetensors of a training run in it")
    if not path.is_file():
        raise ValueError(f"{path}: there is no such file; pass the checkpoint.safetensors of a training run")
    try:
        foreign = foreign_format(path)
        if foreign:
            raise ValueError(f"{path}: this {foreign}")
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{path}: cannot be read as a checkpoint ({error}); pass a complete one") from error
    if about.get("format") != FORMAT:
        raise ValueError(f"{path}: {_other_format(about, tensors)}")
    try:
        arguments, notes = _dict(about["arguments"]), _dict(about["notes"])
        found = Checkpoint(path, about["preset"], about.get("net", ""), arguments, notes, tensors)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: the metadata are damaged ({one_line(error)}); pass another checkpoint") from error
    _check_tensors(found, about)
    return found


def _dict(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise TypeError(f"{text[:40]!r} is no JSON object")
    return found


def _other_format(about: dict[str, str], tensors: dict[str, Tensor]) -> str:
    """The end of the sentence about a safetensors file of another format."""
    if about.get("format", "").startswith("unet_tutorial"):
        return (
            f"its format is {about['format'][:60]!r}, and this version reads {FORMAT!r}; use the version that wrote it"
        )
    first = f" (its first tensor is {min(tensors)[:60]})" if tensors else ""
    return (
        f"this is a safetensors file, but not a checkpoint of unet train{first}; load its weights in a function of "
        "yours that returns the network, and train with --net package.module:build"
    )


def _check_tensors(found: Checkpoint, about: dict[str, str]) -> None:
    """ValueError for tensors that are missing, were changed after the file was written, or are not finite."""
    digest = about.pop(DIGEST, "")
    if digest and digest != digest_of(found.tensors, about):
        raise ValueError(f"{found.path}: the file has changed since it was written (its digest differs); {DAMAGED}")
    weights = found.weights
    state = found.tensors.keys() & RUN
    if not weights or (state and not found.resumable):
        missing = "weights" if not weights else ", ".join(sorted(RUN - state))
        raise ValueError(f"{found.path}: this checkpoint is not complete ({missing} missing); {DAMAGED}")
    broken = first_not_finite(weights)
    if broken:
        raise ValueError(f"{found.path}: the weights are not finite ({broken} holds NaN or infinity); {DAMAGED}")
