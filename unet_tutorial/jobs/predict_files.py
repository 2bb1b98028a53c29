"""Predicts image files one after the other, and writes their results into a folder."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from unet_tutorial.datasets.folder import stacked
from unet_tutorial.datasets.images.files import explain_permission_error, is_readable, read, stem
from unet_tutorial.datasets.images.image import GREY, RGB, Image, is_unnamed
from unet_tutorial.datasets.layouts.beside import beside
from unet_tutorial.datasets.layouts.nnunet import CHANNEL, files_by_case
from unet_tutorial.datasets.wording import listed
from unet_tutorial.disk import make_folder, one_line
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.results import KINDS, PROBABILITY_ENDING, Kind, Prediction
from unet_tutorial.jobs.task import GREY_CELLS, Task

Log = Callable[[str], None]


class Source(NamedTuple):
    """An image to be predicted: the name of its results, and its file, or the files of its channels."""

    name: str
    files: tuple[Path, ...]


def sources(paths: Sequence[Path], output: Path, task: Task = GREY_CELLS, warn: Log = print) -> list[Source]:
    """The images of the paths: a folder stands for all images in it, by name, without those in its subfolders.

    Labels beside the images (NAME_mask.png) and results of an earlier prediction (NAME_probability.tif) are left out,
    and ``warn`` receives a sentence about them. If the network needs several channels and each image has a file per
    channel (NAME_0000.tif, NAME_0001.tif, …, as in nnU-Net), these are one image. ValueError for a folder without an
    image, one that is the folder ``output`` of the results, and for two images of the same name, whose results would
    have the same names.
    """
    files: list[Path] = []
    for path in paths:
        files += _in_folder(path, output, task, warn) if path.is_dir() and not is_readable(path) else [path]
    names = Counter(stem(file).casefold() for file in files)
    for file in files:
        if (count := names[stem(file).casefold()]) > 1:
            raise ValueError(f"{count} images are named {stem(file)}; predict them into different folders")
    by_name = {stem(file): file for file in files}
    channels = len(task.channels)
    if channels > 1 and all(CHANNEL.fullmatch(name) for name in by_name) and _channel_count(files[0]) == 1:
        return [Source(name, group) for name, group in files_by_case(by_name, channels).items()]
    return [Source(name, (file,)) for name, file in by_name.items()]


def _in_folder(folder: Path, output: Path, task: Task, warn: Log) -> list[Path]:
    if folder.resolve() == output.resolve():
        raise ValueError(f"-o {output}: this is the folder of the images; choose another folder for the results")
    with explain_permission_error(folder):
        inside = sorted(folder.iterdir())
        found = [file for file in inside if is_readable(file)]
        inner = [sub for sub in inside if sub.is_dir() and any(map(is_readable, sub.iterdir()))]
    if not found:
        raise ValueError(f"{folder}: there is no image in this folder; give {inner[0] if inner else 'one with images'}")
    earlier = _results(found, task)
    images = [file for file in found if file not in earlier]
    beside_images = beside(folder, [file for file in inside if file not in earlier])
    labels = {file for entry in beside_images.layout.entries for file in entry.labels} if beside_images else set()
    for kind, left_out in (("results of an earlier prediction", earlier), ("labels", labels)):
        names = [file.name for file in found if file in left_out]
        if names:
            warn(f"{folder}: {kind} are left out: {listed(names)}")
    return [file for file in images if file not in labels]


def _results(files: Sequence[Path], task: Task) -> set[Path]:
    """The files that a prediction of the others has written, by their names.

    A mask alone can be a label, so it is a result only if NAME_probability.tif, which is always written, is there too.
    """
    names = {file.name for file in files}
    predicted = [stem(file) for file in files if f"{stem(file)}{PROBABILITY_ENDING}" in names]
    endings = [ending for kind in KINDS for ending in kind.endings(task)]
    written = {f"{name}{ending}" for name in predicted for ending in endings}
    return {file for file in files if file.name in written}


def _channel_count(file: Path) -> int:
    """The number of channels in a file; 0 if it cannot be read."""
    try:
        return len(read(file).channels)
    except ValueError:
        return 0


def check_outputs(images: Sequence[Source], endings: Sequence[str], output: Path, *, overwrite: bool = False) -> None:
    """ValueError if a result would replace an image, and without ``overwrite`` if it would replace any file."""
    if output.exists() and not output.is_dir():
        raise ValueError(f"-o {output}: this is a file; choose a folder for the results")
    if output.exists() and not os.access(output, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise ValueError(f"-o {output}: you are not permitted to write into this folder; choose another one")
    paths = [output / f"{image.name}{ending}" for image in images for ending in endings]
    inputs = {file.resolve() for image in images for file in image.files}
    for path in paths:
        if path.resolve() in inputs:
            raise ValueError(f"{path}: this image would be replaced by a result; choose another folder with -o")
    existing = [path for path in paths if path.exists() or path.is_symlink()]
    if existing and not overwrite:
        more = f" (and {len(existing) - 1} more)" if len(existing) > 1 else ""
        raise ValueError(f"{existing[0]}{more}: this result exists; choose another folder with -o, or add --overwrite")


def predict_files(
    predictor: Predictor,
    images: Sequence[Source],
    output: Path,
    kinds: Sequence[Kind],
    *,
    min_size: int = 1,
    distance: float = 0,
    log: Log = print,
    warn: Log = print,
) -> list[str]:
    """Write the results of these kinds for each image into the folder ``output``, which is made if it is missing.

    An image that cannot be predicted is left out; the sentences that are returned say why. ``log`` receives a line for
    each image that is done, and ``warn`` the warnings. ``min_size`` and ``distance`` are those of `Prediction`.
    """
    failures = []
    for name, files in images:
        path = files[0]
        try:
            image = fitting(_read(files), predictor.task)
            _check_stack(image, kinds)
            prediction, remarks = _prediction(predictor, image, min_size, distance)
            for line in (*image.remarks, *predictor.warnings(image), *remarks):
                warn(f"{path}: {line}")
            make_folder(output)
            start = str(output / name)
            for kind in kinds:
                kind.write(prediction, start)
            log(f"{path}: {_summary(prediction, kinds)} -> {start}_*")
        except (ValueError, OSError, MemoryError, RuntimeError) as error:
            reason = _reason(error)
            failures.append(reason if reason.startswith(str(path)) else f"{path}: {reason}")
    return failures


def _read(files: tuple[Path, ...]) -> Image:
    images = [read(file) for file in files]
    return images[0] if len(images) == 1 else stacked(files, images)


def fitting(image: Image, task: Task) -> Image:
    """The image with the channels of the task, in their order.

    Channels are found by name. If the names differ and the numbers agree, the order of the file is kept, and a remark
    says so. A grey image has equal red, green and blue, as in training. ValueError if the channels do not fit.
    """
    numbers, remarks = channels_for(image.channels, task.channels)
    array = image.array if numbers == tuple(range(len(image.array))) else image.array[list(numbers)]
    return Image(array, task.channels, image.spacing, (*image.remarks, *remarks))


def channels_for(have: Sequence[str], need: Sequence[str]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The numbers of the channels of an image that a network needs, in its order, and remarks; see `fitting`.

    >>> channels_for(("dna", "actin"), ("actin",))
    ((1,), ())
    """
    if set(need) <= set(have):
        return tuple(have.index(name) for name in need), ()
    if (have, need) == (GREY, RGB):
        return (0, 0, 0), ("it is grey; red, green and blue are equal in it",)
    if len(have) != len(need):
        raise ValueError(
            f"it has {_count(have)}, and the network was trained on {_count(need)}; give an image with these channels"
        )
    remark = f"its channels {', '.join(have)} are read as {', '.join(need)}, those of the training, in this order"
    named = not all(map(is_unnamed, have)) and not all(map(is_unnamed, need))
    return tuple(range(len(need))), (remark,) if named else ()


def _count(channels: Sequence[str]) -> str:
    return f"{len(channels)} channel{'s' if len(channels) > 1 else ''} ({', '.join(channels)})"


def _check_stack(image: Image, kinds: Sequence[Kind]) -> None:
    for kind in kinds:
        if image.array.ndim == 4 and kind.not_for_stacks:
            raise ValueError(kind.not_for_stacks)


def _prediction(predictor: Predictor, image: Image, min_size: int, distance: float) -> tuple[Prediction, list[str]]:
    """The prediction, and the warnings that were given meanwhile."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        probabilities = predictor(image.array)
    labels, rank = predictor.labels(probabilities), predictor.net.levels[0].rank
    prediction = Prediction(image, predictor.task, probabilities, labels, rank, min_size, distance)
    return prediction, [str(each.message) for each in caught]


def _summary(prediction: Prediction, kinds: Sequence[Kind]) -> str:
    """The size of the image and, if they were asked for, the number of its instances."""
    size = f"{' × '.join(map(str, prediction.image.array.shape[1:]))} pixels"
    if not any(kind.counts for kind in kinds):
        return size
    count = sum(len(found.classes) for found in prediction.found)
    return f"{size}, {count} instance{'' if count == 1 else 's'}"


def _reason(error: Exception) -> str:
    """One line about an error. RuntimeErrors that are not about memory are raised again."""
    if isinstance(error, MemoryError | RuntimeError):  # torch says "can't allocate memory" or "out of memory"
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise error
        return "out of memory; give a smaller --tile or --batch"
    return str(error) if isinstance(error, ValueError) else one_line(error)
