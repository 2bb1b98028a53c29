"""Predicts image files one after the other, and writes their results into a folder."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from unet_tutorial.datasets.channels import COLOURS
from unet_tutorial.datasets.files import is_readable, read, stem
from unet_tutorial.datasets.image import GREY, Image
from unet_tutorial.disk import make_folder, one_line
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.results import Kind, Prediction
from unet_tutorial.jobs.task import Task

Log = Callable[[str], None]


def images_in(paths: Sequence[Path], output: Path) -> list[Path]:
    """The images of the paths: a folder stands for all images in it, by name, without those in its subfolders.

    ValueError for a folder without an image, one that is the folder ``output`` of the results, and for two images of
    the same name, whose results would have the same names.
    """
    images: list[Path] = []
    for path in paths:
        images += _in_folder(path, output) if path.is_dir() and not is_readable(path) else [path]
    names = Counter(stem(image).casefold() for image in images)
    for image in images:
        if names[stem(image).casefold()] > 1:
            count = names[stem(image).casefold()]
            raise ValueError(f"{count} images are named {stem(image)}; predict them into different folders")
    return images


def _in_folder(folder: Path, output: Path) -> list[Path]:
    if folder.resolve() == output.resolve():
        raise ValueError(f"-o {output}: this is the folder of the images; choose another folder for the results")
    found = sorted(file for file in folder.iterdir() if is_readable(file))
    if not found:
        inner = next((sub for sub in sorted(folder.iterdir()) if sub.is_dir()), None)
        raise ValueError(
            f"{folder}: there is no image in this folder; give one with images{f', or {inner}' * bool(inner)}"
        )
    return found


def check_outputs(images: Sequence[Path], endings: Sequence[str], output: Path, *, overwrite: bool = False) -> None:
    """ValueError if a result would replace an image, and without ``overwrite`` if it would replace any file."""
    if output.exists() and not output.is_dir():
        raise ValueError(f"-o {output}: this is a file; choose a folder for the results")
    paths = [output / f"{stem(image)}{ending}" for image in images for ending in endings]
    inputs = {image.resolve() for image in images}
    for path in paths:
        if path.resolve() in inputs:
            raise ValueError(f"{path}: this image would be replaced by a result; choose another folder with -o")
    existing = [path for path in paths if path.exists() or path.is_symlink()]
    if existing and not overwrite:
        more = f" (and {len(existing) - 1} more)" * (len(existing) > 1)
        raise ValueError(f"{existing[0]}{more}: this result exists; choose another folder with -o, or add --overwrite")


def predict_files(
    predictor: Predictor,
    images: Sequence[Path],
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
    for path in images:
        try:
            image = fitting(read(path), path, predictor.task)
            _check_axes(image, kinds)
            prediction, remarks = _prediction(predictor, image, min_size, distance)
            for line in (*image.remarks, *predictor.warnings(image), *remarks):
                warn(f"{path}: {line}")
            make_folder(output)
            start = str(output / stem(path))
            for kind in kinds:
                kind.write(prediction, start)
            log(f"{path}: {_summary(prediction, kinds)} -> {start}_*")
        except (ValueError, OSError, MemoryError, RuntimeError) as error:
            reason = _reason(error)
            failures.append(reason if reason.startswith(str(path)) else f"{path}: {reason}")
    return failures


def fitting(image: Image, path: Path, task: Task) -> Image:
    """The image with the channels of the task, in their order.

    Channels are found by name. If the names differ and the numbers agree, the order of the file is kept, and a remark
    says so. An image of equal red, green and blue, which `read` returns as grey, has its three channels again if the
    network needs them. ValueError if the channels do not fit.
    """
    have, need = image.channels, task.channels
    if have == need:
        return image
    if set(need) <= set(have):
        return image._replace(array=image.array[[have.index(name) for name in need]], channels=need)
    if need == COLOURS and have == GREY and image.remarks:
        return read(path, ",".join(COLOURS))
    if len(have) != len(need):
        raise ValueError(
            f"it has {_count(have)}, and the network was trained on {_count(need)}; give an image with these channels"
        )
    named = GREY not in (have, need)
    remark = f"its channels {', '.join(have)} are read as {', '.join(need)}, those of the training, in this order"
    return image._replace(channels=need, remarks=(*image.remarks, remark) if named else image.remarks)


def _count(channels: Sequence[str]) -> str:
    return f"{len(channels)} channel{'s' * (len(channels) > 1)} ({', '.join(channels)})"


def _check_axes(image: Image, kinds: Sequence[Kind]) -> None:
    axes = image.array.ndim - 1
    for kind in kinds:
        if axes not in kind.axes:
            raise ValueError(f"there are no results of the kind {kind.name} for a stack; leave them out for this image")


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
    return f"{size}, {count} instance{'s' * (count != 1)}"


def _reason(error: Exception) -> str:
    """One line about an error. RuntimeErrors that are not about memory are raised again."""
    if isinstance(error, MemoryError | RuntimeError):  # torch says "can't allocate memory" or "out of memory"
        if isinstance(error, RuntimeError) and "memory" not in str(error):
            raise error
        return "out of memory; give a smaller --tile or --batch"
    return str(error) if isinstance(error, ValueError) else one_line(error)
