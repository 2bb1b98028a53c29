"""Predicts an image that is larger than memory, block by block, into an OME-Zarr folder; can be ended at any time.

The folder holds the probabilities as its image, and the classes and instances as label images. When a block is written,
a marker is set. A repeated job leaves out all blocks that have a marker. Only the statistics of the image are computed
again, if they were not complete.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from math import ceil, prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from unet_tutorial.datasets.images.files import split_path
from unet_tutorial.datasets.images.image import GREY, RGB
from unet_tutorial.datasets.images.normalisation import PERCENTILES
from unet_tutorial.datasets.images.streamed import Digits, Moments, Prefix, joined, percentiles, summed
from unet_tutorial.datasets.ome_zarr import Chunks, Picture, add_attributes, attributes_of, create, mean_of
from unet_tutorial.datasets.stored import StoredImage, open_stored
from unet_tutorial.disk import complete_file, locked, make_subfolder
from unet_tutorial.inference.blockwise import Blocks, plan_blocks
from unet_tutorial.inference.instances import InstanceMap, InstanceRow, to_csv
from unet_tutorial.inference.joining import Components, join
from unet_tutorial.jobs.block_steps import (
    LOCK,
    STATE,
    BlockJob,
    Channel,
    Options,
    Statistics,
    count_digits,
    digest_of_file,
    find_components,
    guarded,
    has_components,
    load_components,
    load_faces,
    marked,
    measure,
    number,
    predict,
    scale_blocks,
    shrink,
)
from unet_tutorial.jobs.predict_files import channels_for
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.results import layer_endings, probability_channels
from unet_tutorial.jobs.schedulers import Run, in_this_process
from unet_tutorial.jobs.task import Task
from unet_tutorial.plan.levels import Size

FORMAT = "unet_tutorial blocks 1"
KEY = "unet_tutorial"  # of the attributes of the result
NARROW = 79  # characters of a progress bar, also where the width of the terminal is unknown
MUCH, TOO_MUCH = 8, 2**31  # pixels read per pixel needed; bytes of one block
SIDE = {2: 512, 3: 64}  # the largest side of a chunk that is advised, by the number of axes of the network
Log = Callable[[str], None]


class Result(NamedTuple):
    """The number of blocks, of those that were predicted in this run, and of the instances (None: not asked for)."""

    blocks: int
    predicted: int
    instances: int | None


def predict_blocks(
    options: Options, run: Run = in_this_process, *, overwrite: bool = False, warn: Log = print
) -> Result:
    """Predict an image by blocks, or compute the missing blocks of an earlier run with the same options.

    ``run`` decides where the blocks are computed (see `jobs.schedulers`). ``warn`` receives sentences about the image.
    ``overwrite`` deletes an earlier result first. ValueError for an image, checkpoint or option that cannot be used,
    for a result of another checkpoint or of other options, for one into which another process writes, and for a block
    that fails; finished blocks are kept.
    """
    predictor, image = options.predictor(), open_stored(options.image)
    job, remarks = plan_job(options, predictor, image)
    endings = _table_endings(job, predictor.task)
    _check_output(job, image, overwrite=overwrite)
    if overwrite:
        _delete(options.output, endings)
    if not options.output.exists():
        _check_tables(options.output, endings)
        about = {"job": json.loads(job.identity), "complete": False, "tables": endings}
        create(options.output, job.pictures, {KEY: about})
    try:
        with locked(options.output / LOCK) as lock:
            about = attributes_of(options.output)[KEY]
            _check_same(job, about["job"])
            for line in remarks:
                warn(f"{options.image}: {line}")
            return _compute(replace(job, lock=lock), predictor, image, run, warn, about)
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt("finished blocks are kept; run the same command again to go on") from error


def plan_job(options: Options, predictor: Predictor, image: StoredImage) -> tuple[BlockJob, list[str]]:
    """The blocks of an image and the arrays of the result, and remarks about the image.

    ValueError for an image with other axes or channels than the network needs, and for chunks that are too large.
    """
    size, rank, found = image.size, predictor.net.levels[0].rank, image.arrangement
    planes = len(size) - rank
    if planes not in ((0, 1) if rank == 2 else (0,)):
        wanted = "a volume" if rank == 3 else "an image, or a stack of images"
        raise ValueError(
            f"{options.image}: expected {rank} spatial axes for this network, got {len(size)}; give {wanted}"
        )
    try:
        if (found.channels, predictor.task.channels) == (RGB, GREY):
            raise ValueError(
                "it is a colour image, and the network was trained on grey ones; save it as grey, which prediction by "
                "blocks does not do, even where the colours are equal"
            )
        channels, about_channels = channels_for(found.channels, predictor.task.channels)
        inner, tiles = plan_blocks(predictor.net, size[planes:], predictor.tile)
        times = ("its times are read as the slices of a stack",) if found.times else ()
        about_chunks = _chunk_remarks(options.image, image, (1,) * planes + tiles.tile, SIDE[rank])
        remarks = [*image.unread.about.remarks, *times, *about_channels, *about_chunks]
    except ValueError as error:
        raise ValueError(f"{options.image}: {error}") from error
    blocks = Blocks(size, (1,) * planes + inner.block)
    identity = {
        "checkpoint": digest_of_file(options.checkpoint),
        "image": image.fingerprint(),
        "tile": list(tiles.tile),
        "instances": options.instances,
        "min_size": options.min_size,
        "block": list(blocks.block),
        "format": FORMAT,
    }
    pictures = _pictures(predictor.task, blocks, image, instances=options.instances)
    return BlockJob(options, json.dumps(identity), blocks, tiles, channels, *pictures), remarks


def _pictures(task: Task, blocks: Blocks, image: StoredImage, *, instances: bool) -> tuple[Picture, ...]:
    """The images of the result: the probability of class 1 or of every class, the classes, and the instances."""
    place: dict[str, Any] = {"spacing": image.arrangement.spacing, "translation": image.translation}

    def picture(name: str, dtype: str, channels: tuple[str, ...] = (), **more: Any) -> Picture:
        lead: Size = (len(channels),) if channels else ()
        letters = "c" * len(lead) + "zyx"[-len(blocks.size) :]
        return Picture(name, letters, lead + blocks.size, blocks.block, dtype, channels=channels, **place, **more)

    layers = task.classes if task.scheme.layered else ()
    found = [picture("", "float32", probability_channels(task), shrink=mean_of)]
    found.append(picture("classes", "uint8", layers, classes=() if layers else task.classes[1:]))
    if instances:
        found.append(picture("instances", "uint32", layers))
    return tuple(found)


def _chunk_remarks(path: str, image: StoredImage, tile: Size, longest: int) -> list[str]:
    """A sentence if the chunks of the image hold many more pixels than a block needs; ValueError if they are large."""
    if not image.chunks:
        return []
    touched = [
        min(n, c * (ceil(t / c) + ((t - 1) % c > 0)))  # pixels of the chunks that a tile may touch, from any start
        for t, c, n in zip(map(min, tile, image.size), image.chunks, image.size, strict=True)
    ]
    needed = prod(min(t, n) for t, n in zip(tile, image.size, strict=True))
    held = prod(touched) * len(image.arrangement.channels) * image.dtype.itemsize
    if prod(touched) <= MUCH * needed:
        return []
    sentence = (
        f"its chunks of {' × '.join(map(str, image.chunks))} pixels do not fit tiles of {' × '.join(map(str, tile))}: "
        f"for each block up to {prod(touched) / needed:.0f} times the needed pixels are read ({held / 2**20:.0f} MiB); "
        "copy it into fitting chunks and predict the copy, which has neither the size of a pixel nor the names of the "
        f"channels: {_rechunk_command(path, image, tile, longest)}"
    )
    if held > TOO_MUCH:
        raise ValueError(sentence)
    return [sentence]


def _rechunk_command(path: str, image: StoredImage, tile: Size, longest: int) -> str:
    """The command that copies an image into chunks of at most ``longest`` pixels per axis, which fit these tiles."""
    found, stored = image.arrangement, image.unread.about
    # two or more chunks per tile: those that a tile touches are then at most 1.8 times as long as it
    fitting = (ceil(t / max(2, ceil(t / longest))) for t in map(min, tile, image.size))
    sides = dict(zip(found.axes[-len(tile) :], fitting, strict=True))
    kept = iter(found.kept)
    chunks = tuple(1 if axis in found.dropped else sides.get(next(kept), 1) for axis in range(len(stored.axes)))
    names = ", ".join({"Q": "None", "S": '"c"'}.get(letter, f'"{letter.lower()}"') for letter in stored.axes)
    file, copy = split_path(path)[0], f'to_zarr("rechunked.zarr", dimension_names=[{names}])'
    literal = json.dumps(str(file), ensure_ascii=False)
    if file.suffix.lower() == ".zarr":
        opened = f"d.from_zarr({literal}, component={json.dumps(image.unread.pixels.path)})"
        code = f"import dask.array as d; {opened}.rechunk({chunks}).{copy}"
    else:
        opened = f"d.from_zarr(tifffile.imread({literal}, aszarr=True, series=0, level=0))"
        code = f"import dask.array as d, tifffile; {opened}.rechunk({chunks}).{copy}"
    words = ["python", "-c", code]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _table_endings(job: BlockJob, task: Task) -> list[str]:
    """The ends of the names of the tables beside the output: one for each label image of instances."""
    return [f"_instances{part}.csv" for part in layer_endings(task)] if job.instances else []


def _tables(output: Path, endings: Sequence[str]) -> list[Path]:
    return [output.with_name(output.stem + ending) for ending in endings]


def _lies_in(path: Path, folder: Path) -> bool:
    """Whether a path is that of a folder or leads into it, under any of their names."""
    if not folder.exists():
        return False
    resolved = path.resolve()
    return any(each.exists() and each.samefile(folder) for each in (resolved, *resolved.parents))


def _check_output(job: BlockJob, image: StoredImage, *, overwrite: bool) -> None:
    """ValueError for an output that would replace other files, and for one that cannot be written."""
    output = job.options.output
    if output.suffix.lower() != ".zarr":
        raise ValueError(f"-o {output}: --blocks writes an OME-Zarr folder; write a name that ends in .zarr")
    for name, path in (
        ("image", split_path(job.options.image)[0]),
        *(("image", path) for path in image.unread.paths),
        ("checkpoint", job.options.checkpoint),
    ):
        if _lies_in(output, path) or _lies_in(path, output):
            raise ValueError(
                f"-o {output}: this is the {name} {path}, or lies in it, or contains it; choose another folder"
            )
    if not (output.exists() or output.is_symlink()):
        return
    if overwrite and output.is_symlink():
        raise ValueError(f"-o {output}: this is a symbolic link; give the folder to which it leads, {output.resolve()}")
    held = attributes_of(output).get(KEY) if output.is_dir() else None
    if not isinstance(held, dict) or not isinstance(held.get("job"), dict):
        raise ValueError(f"-o {output}: this exists and is no result of --blocks; choose another folder")
    if not os.access(output, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise ValueError(f"-o {output}: you are not permitted to write into this folder; choose another one")


def _delete(output: Path, endings: Sequence[str]) -> None:
    """Delete a result and the tables beside it. ValueError if a process writes into it."""
    tables = set(_tables(output, endings))
    if output.exists():
        with locked(output / LOCK):
            tables |= set(_tables(output, attributes_of(output)[KEY].get("tables", [])))
            old = output.with_name(f".{output.name}.old")
            shutil.rmtree(old, ignore_errors=True)
            output.rename(old)  # at once, so that a part of a result never looks like a whole one
        shutil.rmtree(old)
    for table in tables:
        table.unlink(missing_ok=True)


def _check_tables(output: Path, endings: Sequence[str]) -> None:
    """ValueError for tables of a result that does not exist yet."""
    for table in _tables(output, endings):
        if table.exists() or table.is_symlink():
            raise ValueError(f"{table}: this table exists; choose another -o, or add --overwrite")


def _check_same(job: BlockJob, held: Mapping[str, Any]) -> None:
    """ValueError for a result of another job; ``held`` is the identity of that job."""
    asked = json.loads(job.identity)
    differing = [name for name in asked if held.get(name) != asked[name]]
    if differing:
        difference = {
            "checkpoint": "was made with another checkpoint",
            "image": f"is of another image, or {job.options.image} has changed",
            "tile": f"was made with --tile {_comma(held.get('tile'))} instead of {_comma(asked['tile'])}",
            "instances": f"was made {'without' if job.options.instances else 'with'} --instances",
            "min_size": f"was made with --min-size {held.get('min_size')} instead of {asked['min_size']}",
        }.get(differing[0], "was made by another version of this program")
        raise ValueError(
            f"-o {job.options.output}: this result {difference}; choose another folder, or delete it with --overwrite"
        )


def _comma(numbers: Any) -> str:
    return ",".join(map(str, numbers)) if isinstance(numbers, list) else str(numbers)


def _compute(
    job: BlockJob, predictor: Predictor, image: StoredImage, run: Run, warn: Log, about: Mapping[str, Any]
) -> Result:
    """All steps of a job for the blocks that are missing; ``about`` are the attributes of the result."""
    done, count = bool(about["complete"]), about.get("instances")
    missing = _missing(job, "predict", job.blocks, (job.probability, job.classes), done=done)
    if missing:
        _normalise(job, predictor, image, run, warn)
    _step(job, "predict", predict, job.blocks, missing, run)
    if job.instances:
        without_number = _missing(job, "number", job.blocks, (job.instances,), done=done)
        tables = _tables(job.options.output, _table_endings(job, predictor.task))
        if not done or without_number or not all(table.is_file() for table in tables):
            without_components = [index for index in job.blocks if not has_components(job, index)]
            _step(job, "components", find_components, job.blocks, without_components, run)
            count = _join(job, predictor.task, image, tables)
        _step(job, "number", partial(number, instances=job.instances), job.blocks, without_number, run)
    for picture in job.pictures:
        for scale in range(1, len(picture.factors)):
            name, blocks = f"scale {scale} of {picture.name or 'probability'}", scale_blocks(picture, scale)
            left = _missing(job, name, blocks, (picture,), scale, done=done)
            _step(job, name, partial(shrink, picture=picture, scale=scale), blocks, left, run)
    job.require_lock()
    if not done:
        add_attributes(job.options.output, {KEY: {**about, "complete": True, "instances": count}})
    _clean(job.options.output)
    return Result(len(job.blocks), len(missing), count)


def _missing(
    job: BlockJob, name: str, blocks: Blocks, pictures: Sequence[Picture], scale: int = 0, *, done: bool
) -> list[Size]:
    """The blocks of a step without a marker, and those of which a chunk is not in the folder.

    A complete result (``done``) has no markers.
    """
    markers, chunks = job.markers(name), Chunks(job.options.output)
    return [
        index
        for index in blocks
        if not ((done or markers.has(index)) and all(chunks.has(picture, index, scale) for picture in pictures))
    ]


def _step(
    job: BlockJob, name: str, step: Callable[[BlockJob, Size], None], blocks: Blocks, missing: Sequence[Size], run: Run
) -> None:
    """Run a step for the blocks that are missing."""
    if not missing:
        return
    with _bar(name, len(blocks), len(blocks) - len(missing)) as bar:
        for _ in run(partial(marked, job, name, step), missing):
            bar.update()


def _results(job: BlockJob, name: str, step: Callable[[BlockJob, Size], Any], run: Run) -> Iterator[tuple[Size, Any]]:
    """The result of a step for each block, with its index, in any order."""
    with _bar(name, len(job.blocks)) as bar:
        for found in run(partial(guarded, job, step), job.blocks):
            yield found
            bar.update()


def _bar(name: str, total: int, done: int = 0) -> Any:
    """The progress of a step on standard error; in the log of a cluster a line per minute."""
    pause = 0.1 if sys.stderr.isatty() else 60
    return tqdm(desc=name, total=total, initial=done, ncols=NARROW, mininterval=pause, delay=pause)


def _normalise(job: BlockJob, predictor: Predictor, image: StoredImage, run: Run, warn: Log) -> None:
    """Store the numbers of the normalisation, those of the whole image (of each slice, if these are predicted)."""
    path, task = job.state("statistics.json"), predictor.task
    if path.is_file():
        return
    measured: dict[Size, Moments] = dict(_results(job, "measure", measure, run))
    found = {index: measured[index] for index in job.blocks}  # in a fixed order, which the last bits depend on
    whole = joined(found.values())
    values = task.normaliser.warnings_about(whole.mean.tolist(), whole.std.tolist(), channels=task.channels)
    for line in predictor.warnings_about(values, image.arrangement.spacing):
        warn(f"{job.options.image}: {line}")
    planes: dict[Size, list[Moments]] = defaultdict(list)
    for index, part in found.items():
        planes[job.planes(index)].append(part)
    each = {plane: joined(parts) for plane, parts in planes.items()}
    subtract, divide = _numbers(job, predictor, image, each, run)
    job.require_lock()
    make_subfolder(job.options.output, path.parent)
    with complete_file(path) as part_file:
        part_file.write_text(json.dumps({"subtract": subtract, "divide": divide}), encoding="utf8")


def _numbers(
    job: BlockJob, predictor: Predictor, image: StoredImage, planes: Mapping[Size, Moments], run: Run
) -> tuple[Statistics, Statistics]:
    """The numbers that are subtracted from the pixels of each slice and channel, and those that divide them then."""
    normaliser, channels = predictor.task.normaliser, range(len(job.channels))
    if normaliser.method == "image":
        return [part.mean.tolist() for part in planes.values()], [part.std.tolist() for part in planes.values()]
    if normaliser.method == "percentile":
        pixels = {(plane, channel): part.pixels for plane, part in planes.items() for channel in channels}
        count = partial(_count, job, run)
        limits = percentiles(PERCENTILES, pixels, image.dtype, count)
        low, high = ([[limits[plane, channel][k] for channel in channels] for plane in planes] for k in (0, 1))
        return low, (np.array(high) - np.array(low)).tolist()
    ones = [1.0 for _ in channels], [0.0 for _ in channels]
    divide, subtract = (normaliser.std, normaliser.mean) if normaliser.method == "data" else ones
    return [list(subtract) for _ in planes], [list(divide) for _ in planes]


def _count(job: BlockJob, run: Run, prefixes: Mapping[Channel, Sequence[Prefix]]) -> dict[Channel, list[Digits]]:
    """The digits after each prefix in all blocks of each channel, which are added up as the blocks come."""
    totals: dict[Channel, list[Digits]] = {}
    for index, found in _results(job, "percentiles", partial(count_digits, prefixes=prefixes), run):
        for channel, digits in enumerate(found):
            key = job.planes(index), channel
            totals[key] = [summed(pair) for pair in zip(totals[key], digits, strict=True)] if key in totals else digits
    return totals


def _join(job: BlockJob, task: Task, image: StoredImage, tables: Sequence[Path]) -> int:
    """Join the components of all blocks, write the number of each and the tables; returns the number of instances."""
    total = 0
    for k in range(job.layers):
        load = lru_cache(maxsize=4)(partial(load_faces, job, k))
        parts = {index: load_components(job, k, index) for index in job.blocks}
        numbers, found = join(job.blocks, job.rank, parts.__getitem__, load, job.options.min_size)
        starts = np.cumsum([0, *(len(part.classes) for part in parts.values())])
        for name, values in (("starts", starts), ("numbers", numbers)):
            with complete_file(job.state(f"{name}_{k}.npy")) as part:
                np.save(part, values)
        if job.layered:
            found = found._replace(classes=np.full_like(found.classes, k))
        rows = _rows(found, task.classes, image.arrangement.spacing[-job.rank :])
        like = InstanceMap(np.zeros((0,) * len(job.blocks.size), np.uint32), found.classes, job.rank)
        with complete_file(tables[k]) as part:
            part.write_text(to_csv(rows, like), encoding="utf8")
        total += len(rows)
    return total


def _rows(found: Components, names: Sequence[str], spacing: tuple[float, ...]) -> list[InstanceRow]:
    """The table of the instances, as `inference.instances.table` makes it for a whole image."""
    unit = prod(spacing) if spacing else None
    return [
        InstanceRow(
            k + 1,
            names[found.classes[k]],
            int(pixels),
            unit and int(pixels) * unit,
            tuple((found.sums[k] / pixels).tolist()),
            tuple(zip(found.low[k].tolist(), found.high[k].tolist(), strict=True)),
            float(found.probability[k] / pixels),
        )
        for k, pixels in enumerate(found.pixels)
    ]


def _clean(output: Path) -> None:
    """Delete the state of a complete job, and the parts of files that ended processes have left."""
    shutil.rmtree(output / STATE, ignore_errors=True)
    for part in output.rglob("*.partial"):
        part.unlink(missing_ok=True)
