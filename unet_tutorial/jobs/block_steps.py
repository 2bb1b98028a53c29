"""The steps of a prediction by blocks: functions of one block that read, compute, and write whole chunks.

They run in any process that has the same files (see `jobs.schedulers`), in any order, and can be repeated.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.datasets.images.streamed import Digits, Moments, Prefix, digits_after, moments
from unet_tutorial.datasets.ome_zarr import Chunks, Picture
from unet_tutorial.datasets.stored import as_text, open_stored
from unet_tutorial.disk import complete_file, has_lock, make_subfolder, one_line
from unet_tutorial.inference.blockwise import Blocks, Region, TilePlan, one_thread, predict_block
from unet_tutorial.inference.joining import Components, Faces, components_of, faces_of, numbered
from unet_tutorial.jobs.markers import Markers, block_file
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.results import written_probabilities
from unet_tutorial.learning.checkpoints import Builders
from unet_tutorial.plan.levels import Size

STATE = ".blocks"  # folder of the markers in the result, as long as it is not complete
LOCK = ".blocks-lock"  # file in the result, as long as a process writes into it
ATTEMPTS = 3  # to read and write a block, because a network drive may fail for a moment
PASS = Lock()  # a worker of dask may have several threads, and these share the network and torch's number of threads
Channel = tuple[Size, int]  # the slice of a stack, or (), and the number of the channel
Statistics = list[list[float]]  # per slice of a stack (one for a volume): a number per channel


@dataclass(frozen=True)
class Options:
    """The prediction of one image by blocks.

    ``checkpoint`` and ``image`` are files, ``output`` the OME-Zarr folder, which ends in .zarr. ``tile`` is a text that
    `parsing.sides` parses, "0" for the default. With ``instances``, numbered instances and their table are written too,
    without those of fewer than ``min_size`` pixels. ``builders`` has the networks of other projects, by name.
    """

    checkpoint: Path
    image: str
    output: Path
    device: str = "cpu"
    tile: str = "0"
    instances: bool = False
    min_size: int = 1
    builders: tuple[tuple[str, Any], ...] = ()

    def predictor(self) -> Predictor:
        """The network of the checkpoint on its device."""
        builders: Builders = dict(self.builders)
        return Predictor.from_file(self.checkpoint, self.device, tile=self.tile, builders=builders)


@dataclass(frozen=True)
class BlockJob:
    """The plain values that every worker gets; `Work` opens the files.

    ``identity`` (JSON) holds the digests of checkpoint and image and the options on which the result depends.
    ``blocks`` is the partition of the result, and ``tiles`` the tile of each block. ``channels`` are the numbers of the
    channels of the image that the network needs. ``probability``, ``classes`` and, if they are asked for, ``instances``
    are the images of the result. ``lock`` is the text of the lock of the result, without which no block is written.
    """

    options: Options
    identity: str
    blocks: Blocks
    tiles: TilePlan
    channels: tuple[int, ...]
    probability: Picture
    classes: Picture
    instances: Picture | None = None
    lock: str = field(default="", kw_only=True)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the identity, for the markers."""
        return hashlib.sha256(self.identity.encode()).hexdigest()

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """The images of the result."""
        return (self.probability, self.classes, *([self.instances] if self.instances else []))

    @property
    def layered(self) -> bool:
        """Whether there is a label image for each class."""
        return bool(self.classes.channels)

    @property
    def layers(self) -> int:
        """The number of label images."""
        return len(self.classes.channels) or 1

    @property
    def rank(self) -> int:
        """The number of axes of the network; a stack has one more."""
        return len(self.tiles.tile)

    def planes(self, index: Size) -> Size:
        """The slice of a stack that a block is in: (k,), or () for an image or volume that is predicted as a whole."""
        return index[: len(index) - self.rank]

    def state(self, name: str) -> Path:
        """A file or folder of the state of the job, which is deleted when the job is complete."""
        return self.options.output / STATE / name

    def markers(self, step: str) -> Markers:
        """The markers of a step."""
        return Markers(self.state(step), self.digest, self.options.output)

    def require_lock(self) -> None:
        """ValueError if the job has ended, or its result was deleted, so that a late block is not written."""
        if not has_lock(self.options.output / LOCK, self.lock):
            raise ValueError(
                f"{self.options.output}: this job does not write into the folder any more, because it has ended, or "
                f"the folder or the file {LOCK} in it was deleted; run the same command again"
            )


class Work:
    """The open files and the network of a job in one process."""

    def __init__(self, job: BlockJob) -> None:
        self.job = job
        self.image = open_stored(job.options.image)
        self.chunks = Chunks(job.options.output)

    @cached_property
    def predictor(self) -> Predictor:
        """The network; ValueError if the file has changed since the job was planned."""
        checkpoint = self.job.options.checkpoint
        if digest_of_file(checkpoint) != json.loads(self.job.identity)["checkpoint"]:
            raise ValueError(f"{checkpoint}: the file has changed since the job began; put the old one back")
        return self.job.options.predictor()

    @cached_property
    def statistics(self) -> tuple[Statistics, Statistics]:
        """The numbers that are subtracted from the pixels, and those by which they are then divided."""
        held = json.loads(self.job.state("statistics.json").read_text(encoding="utf8"))
        return held["subtract"], held["divide"]

    @cached_property
    def numbers(self) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        """For each label image: the first component of each block, and the instance of each component, mapped."""
        return [
            (np.load(self.job.state(f"starts_{k}.npy")), np.load(self.job.state(f"numbers_{k}.npy"), mmap_mode="r"))
            for k in range(self.job.layers)
        ]

    def pixels(self, region: Region) -> NDArray[Any]:
        """The channels of the network in a part of the image."""
        return self.image.read(region, self.job.channels)

    def write(self, picture: Picture, region: Region, values: NDArray[Any], scale: int = 0) -> None:
        """Write whole chunks of the result. ValueError if the job does not hold its lock any more."""
        self.job.require_lock()
        self.chunks.write(picture, region, values, scale)


@lru_cache(maxsize=2)
def work_of(job: BlockJob) -> Work:
    """The files of a job, opened once in each process."""
    return Work(job)


def measure(job: BlockJob, index: Size) -> Moments:
    """Mean, variance and range of the pixels of one block. ValueError for NaN and infinity."""
    region = job.blocks.region(index)
    pixels = work_of(job).pixels(region)
    try:
        return moments(pixels)
    except ValueError as error:
        raise ValueError(f"{job.options.image}, pixels {as_text(region)}: {error}") from error


def count_digits(job: BlockJob, index: Size, prefixes: Mapping[Channel, Sequence[Prefix]]) -> list[list[Digits]]:
    """For each channel, and each of its prefixes, the digits in one block."""
    channels, plane = work_of(job).pixels(job.blocks.region(index)), job.planes(index)
    return [[digits_after(values, p) for p in prefixes[plane, c]] for c, values in enumerate(channels)]


def predict(job: BlockJob, index: Size) -> None:
    """Write the probabilities and classes of one block and, if instances are asked for, its components.

    The components are a file of the state for each label image.
    """
    work, region = work_of(job), job.blocks.region(index)
    with PASS:
        predictor = work.predictor
    plane = job.planes(index)
    subtract, divide = (each[plane[0] if plane else 0] for each in work.statistics)
    normalise = Normaliser("data", tuple(subtract), tuple(divide))
    before = tuple(slice(k, k + 1) for k in plane)

    def read(inside: Region) -> NDArray[np.float32]:
        pixels = work.pixels(before + inside)  # (C, 1, *inside) of a stack
        return normalise(pixels.reshape(len(pixels), *pixels.shape[1 + len(plane) :]))

    inner = slice(len(plane), None)
    with PASS, one_thread():
        logits = predict_block(predictor.net, read, job.blocks.size[inner], region[inner], job.tiles)
        probabilities = np.asarray(predictor.probabilities(logits))
    labels = predictor.labels(probabilities)  # (*block), or (L, *block) for layers, without the axis of the slices
    shape = tuple(part.stop - part.start for part in region)
    probabilities, labels = (
        each.reshape(*each.shape[: each.ndim - job.rank], *shape) for each in (probabilities, labels)
    )
    work.write(job.probability, region, written_probabilities(predictor.task, probabilities))
    work.write(job.classes, region, labels)
    if job.instances:
        _save_components(job, index, labels, probabilities)


def find_components(job: BlockJob, index: Size) -> None:
    """Write the components of one block again, from the probabilities and classes of the result."""
    chunks, region = work_of(job).chunks, job.blocks.region(index)
    probabilities = chunks.read(job.probability, region)
    if not job.probability.channelled:  # (*block): of class 1 alone
        probabilities = np.stack([1 - probabilities, probabilities])
    _save_components(job, index, chunks.read(job.classes, region), probabilities)


def has_components(job: BlockJob, index: Size) -> bool:
    """Whether the files of the components of one block exist."""
    return all(_components_path(job, k, index).is_file() for k in range(job.layers))


def _save_components(job: BlockJob, index: Size, labels: NDArray[Any], probabilities: NDArray[Any]) -> None:
    """Write the components of the classes of one block, for each label image, with their outer planes."""
    for k, layer in enumerate(_layers(job, labels)):
        found, classes = numbered(layer)
        # (K, *block); of a layer, 0 and 1 are absent and present
        probability = probabilities[[k, k]] if job.layered else probabilities
        parts = components_of(found, classes, probability, job.blocks.region(index), job.blocks.size)
        faces = faces_of(found)
        arrays: dict[str, Any] = parts._asdict()
        for axis, (first, last) in enumerate(zip(*faces, strict=True)):
            arrays |= {f"first_{axis}": first, f"last_{axis}": last}
        path = _components_path(job, k, index)
        job.require_lock()
        make_subfolder(job.options.output, path.parent)
        with complete_file(path) as part:
            np.savez(part, **arrays)


def _layers(job: BlockJob, labels: NDArray[Any]) -> list[NDArray[Any]]:
    """The label images: one, or one for each layer."""
    return list(labels) if job.layered else [labels]


def load_components(job: BlockJob, layer: int, index: Size) -> Components:
    """The components of one block."""
    with np.load(_components_path(job, layer, index), allow_pickle=False) as held:
        return Components(*(held[name] for name in Components._fields))


def load_faces(job: BlockJob, layer: int, index: Size) -> Faces:
    """The outer planes of the components of one block."""
    axes = range(len(index))
    with np.load(_components_path(job, layer, index), allow_pickle=False) as held:
        return Faces([held[f"first_{axis}"] for axis in axes], [held[f"last_{axis}"] for axis in axes])


def _components_path(job: BlockJob, layer: int, index: Size) -> Path:
    return block_file(job.state(f"components_{layer}"), index, ".npz")


def number(job: BlockJob, index: Size, instances: Picture) -> None:
    """Write the instances of one block: the components of its classes with their numbers in the whole image."""
    work, region = work_of(job), job.blocks.region(index)
    place = int(np.ravel_multi_index(index, job.blocks.counts))
    layers = []
    for (starts, numbers), layer in zip(work.numbers, _layers(job, work.chunks.read(job.classes, region)), strict=True):
        found, classes = numbered(layer)
        of_block = np.concatenate([np.zeros(1, np.uint32), numbers[starts[place] : starts[place] + len(classes)]])
        layers.append(of_block[found])
    work.write(instances, region, np.stack(layers) if job.layered else layers[0])


def shrink(job: BlockJob, index: Size, picture: Picture, scale: int) -> None:
    """Write one block of a scale from the pixels of the scale before."""
    work = work_of(job)
    lead = picture.channelled
    factors = tuple(now // then for now, then in zip(picture.factors[scale], picture.factors[scale - 1], strict=True))
    region = scale_blocks(picture, scale).region(index)
    size = picture.size_at(scale - 1)[lead:]
    source = tuple(
        slice(part.start * f, min(part.stop * f, n)) for part, f, n in zip(region, factors[lead:], size, strict=True)
    )
    values = picture.shrink(work.chunks.read(picture, source, scale - 1), factors)
    work.write(picture, region, values, scale)


def scale_blocks(picture: Picture, scale: int) -> Blocks:
    """The blocks of a smaller scale: one for each of its chunks."""
    size = picture.size_at(scale)[picture.channelled :]
    return Blocks(size, tuple(min(n, c) for n, c in zip(size, picture.chunk, strict=True)))


def guarded(job: BlockJob, step: Callable[[BlockJob, Size], Any], index: Size) -> Any:
    """The step of one block. Errors name the block and say how to continue.

    After an error of the file system the step is repeated, up to ``ATTEMPTS`` times in all.
    """
    where = f"block {index} of {job.blocks.counts}"
    for left in reversed(range(ATTEMPTS)):
        try:
            return step(job, index)
        except ValueError as error:
            if not (left and isinstance(error.__cause__, OSError)):
                raise ValueError(f"{where}: {error}") from error
        except OSError as error:
            if not left:
                raise ValueError(
                    f"{where}: {error.filename or job.options.output}: cannot be read or written ({one_line(error)}); "
                    "correct this, and run the same command again: finished blocks are kept"
                ) from error
        except (MemoryError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and "memory" not in str(error):
                raise
            tile = ",".join(map(str, job.tiles.tile))
            raise ValueError(
                f"{where}: out of memory with tiles of {tile} pixels; run the same command again (finished blocks are "
                "kept) with fewer --workers, or predict into another folder (or with --overwrite) with a smaller --tile"
            ) from error
    return None


def marked(job: BlockJob, name: str, step: Callable[[BlockJob, Size], Any], index: Size) -> None:
    """The step of one block, and its marker."""

    def and_marker(job: BlockJob, index: Size) -> None:
        step(job, index)
        job.require_lock()
        job.markers(name).set(index)

    guarded(job, and_marker, index)


def digest_of_file(path: Path) -> str:
    """SHA-256 of a file in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
