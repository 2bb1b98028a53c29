"""ISBI 2012: 30 electron micrographs of fly neural tissue, the data set of the paper's first experiment.

The files are free for non-commercial use, but may not be redistributed here (data/README.md). The course reads them
from a folder, or downloads them from a public copy and verifies their checksums.
Cite Cardona et al. 2010 (doi 10.1371/journal.pbio.1000502) and Arganda-Carreras et al. 2015 (10.3389/fnana.2015.00142).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.labels import Instances, Labels, connected_cells
from unet_tutorial.datasets.images.decode import Array
from unet_tutorial.datasets.images.files import read_image
from unet_tutorial.disk import one_line

SHAPE = (30, 512, 512)
BASE_URL = "https://raw.githubusercontent.com/zhixuhao/unet/b45af4d458437d8281cc218a07fd4380818ece4a/data/membrane/"
# Folders of images: the name under which `download` writes a folder, and its name in the repository
REMOTE = {
    "train/images": "train/image",
    "train/labels": "train/label",
    "test/images": "test",
}
DECODED = {  # sha256 of the arrays, uint8 in C order; the released labels are 0 and 255
    "images": "200da3d452d726e6c9ca1ce04b869d4edb727320d23b516d01cce707dc8c4760",
    "labels": "a7cb64000a1a7e542682927e19c91339f58f9f178e0bcce4e207371116f0ca36",
}
# Registry file of pooch: the name of each file in our folder, and its sha256 in zhixuhao/unet at commit b45af4d.
REGISTRY_FILE = Path(__file__).with_name("isbi2012_registry.txt")
REGISTRY = dict(line.split() for line in REGISTRY_FILE.read_text(encoding="utf8").splitlines())

Progress = Callable[[Iterable[str]], Iterable[str]]


def load(folder: str | Path) -> tuple[NDArray[np.uint8], Labels]:
    """The 30 training slices and their labels: two arrays (30, 512, 512) uint8, labels 1 in a cell, 0 in membrane.

    Reads train/images and train/labels as `download` writes them, or the released stacks train-volume.tif and
    train-labels.tif. ValueError if both are missing, or if the pixels differ from the release.
    """
    folder = Path(folder)
    images = _read_slices(folder, "train-volume.tif", "train/images", "images")
    labels = _read_slices(folder, "train-labels.tif", "train/labels", "labels")
    return images, (labels > 127).astype(np.uint8)


def instances(labels: NDArray[Any]) -> Instances:
    """The cells of each slice: the 4-connected components where `labels` is 1, numbered 1 .. n in each slice.

    `labels` is (H, W) or (D, H, W); slices are numbered separately because they were annotated separately.
    """
    if labels.ndim == 2:
        return connected_cells(labels)
    return np.stack([connected_cells(slice_labels) for slice_labels in labels])


def download(folder: str | Path, *, base_url: str = BASE_URL, progress: Progress = iter) -> Path:
    """Download the 90 files (12.8 MB) into `folder` and return it; existing files with the right checksum are kept.

    An existing file is replaced only by one with the right checksum. `progress` wraps the list of names, as `tqdm`
    does. ValueError if a file cannot be downloaded, for a wrong checksum, and for a folder that cannot be written to.
    """
    import pooch

    folder, base_url = Path(folder), base_url.rstrip("/") + "/"
    if not base_url.startswith(("http://", "https://")):
        raise ValueError(f"base_url = {base_url!r} is not a web address; write http://… or https://…")
    pooch.get_logger().setLevel("WARNING")
    urls = {name: base_url + _remote_name(name) for name in REGISTRY}
    fetcher = pooch.create(folder, base_url, registry=REGISTRY, urls=urls)
    for name in progress(list(REGISTRY)):
        with _explain_errors(urls[name], folder / name):
            fetcher.fetch(name)
    return folder


@contextmanager
def _explain_errors(url: str, file: Path) -> Iterator[None]:
    """Turn the errors of one download into a ValueError that names the address or the file."""
    from requests.exceptions import RequestException

    try:
        yield
    except RequestException as error:  # a subclass of OSError, so it is caught first
        raise ValueError(
            f"{url}: cannot be downloaded ({type(error).__name__}); check the network and start the download "
            "again; complete files are kept"
        ) from error
    except OSError as error:  # pooch raises a new error, whose cause is the error of the operating system
        raise ValueError(
            f"{file}: cannot be written ({one_line(error.__cause__ or error)}); "
            "choose a folder that is writable and has free space"
        ) from error
    except ValueError as error:  # pooch compares the checksum of a temporary file, and moves it only if they are equal
        raise ValueError(
            f"{url}: its checksum differs from that of the released file, so the download was deleted; try again later"
        ) from error


def _remote_name(name: str) -> str:
    """The name in the repository of a file in our folder: train/image/7.png for train/images/07.png."""
    folder, file = name.rsplit("/", 1)
    return f"{REMOTE[folder]}/{int(Path(file).stem)}.png"


def _read_slices(folder: Path, stack: str, slices: str, kind: str) -> Array:
    """All slices of one kind, images or labels: (30, 512, 512) uint8; ValueError if they differ from the release."""
    if (folder / stack).is_file():
        array = read_image(folder / stack)
    else:
        files = [folder / slices / f"{number:02}.png" for number in range(SHAPE[0])]
        missing = [file for file in files if not file.is_file()]
        if missing:
            raise ValueError(
                f"{missing[0]}: there is no such file, nor {folder / stack}; "
                "download the data set with isbi2012.download"
            )
        read = [read_image(file) for file in files]
        array = np.stack(read) if len({image.shape for image in read}) == 1 else read[0]
    if array.shape != SHAPE or hashlib.sha256(array.astype(np.uint8).tobytes()).hexdigest() != DECODED[kind]:
        raise ValueError(
            f"{folder}: the {kind}, of shape {array.shape}, are not the released ones of shape {SHAPE}; "
            "download them again, or read a folder of your own with read_folder"
        )
    return array
