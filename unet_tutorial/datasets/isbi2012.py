"""ISBI 2012: 30 slices of fly neural tissue under the electron microscope, the data the U-Net was made for.

The files are free for non-commercial use and are not ours to hand on (data/README.md), so the course reads them from a
folder, or fetches them from a public copy and compares every byte with a checksum.
Cite Cardona et al. 2010 (doi 10.1371/journal.pbio.1000502) and Arganda-Carreras et al. 2015 (10.3389/fnana.2015.00142).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.decode import Array
from unet_tutorial.datasets.files import read_image
from unet_tutorial.datasets.labels import Labels, connected_cells
from unet_tutorial.datasets.noise import Ids
from unet_tutorial.disk import one_line

SHAPE = (30, 512, 512)
BASE_URL = "https://raw.githubusercontent.com/zhixuhao/unet/b45af4d458437d8281cc218a07fd4380818ece4a/data/membrane/"
REMOTE = {"train/images": "train/image", "train/labels": "train/label", "test/images": "test"}  # our folder: theirs
DECODED = {  # sha256 of the arrays, uint8 in C order; the labels as released, 0 and 255
    "images": "200da3d452d726e6c9ca1ce04b869d4edb727320d23b516d01cce707dc8c4760",
    "labels": "a7cb64000a1a7e542682927e19c91339f58f9f178e0bcce4e207371116f0ca36",
}
# Pooch's registry file: our name of a file and the sha256 of its bytes as zhixuhao/unet (commit b45af4d) holds it.
REGISTRY_FILE = Path(__file__).with_name("isbi2012_registry.txt")
REGISTRY = dict(line.split() for line in REGISTRY_FILE.read_text(encoding="utf8").splitlines())

Progress = Callable[[Iterable[str]], Iterable[str]]


def load(folder: str | Path) -> tuple[NDArray[np.uint8], Labels]:
    """The 30 training slices and their labels: two arrays (30, 512, 512) uint8, labels 1 in a cell, 0 in membrane.

    Reads train/images and train/labels as `download` leaves them, or the released stacks train-volume.tif and
    train-labels.tif. ValueError if neither is there, or if the pixels are not those that were released.
    """
    folder = Path(folder)
    images = _read_slices(folder, "train-volume.tif", "train/images", "images")
    labels = _read_slices(folder, "train-labels.tif", "train/labels", "labels")
    return images, (labels > 127).astype(np.uint8)


def instances(labels: NDArray[Any]) -> Ids:
    """The cells of each slice, numbered 1 .. n in every slice anew: the 4-connected pieces where `labels` is 1.

    `labels` is (H, W) or (D, H, W); slices are counted apart because they were annotated apart.
    """
    if labels.ndim == 2:
        return connected_cells(labels)
    return np.stack([connected_cells(slice_labels) for slice_labels in labels])


def download(folder: str | Path, *, base_url: str = BASE_URL, progress: Progress = iter) -> Path:
    """Fetch the 90 files (12.8 MB) into `folder`; those that are there and right are not fetched again.

    A file takes its place only when its checksum is right. ValueError without a network, for a wrong checksum, and
    for a folder that cannot be written to. `progress` wraps the list of names, as `tqdm` does.
    """
    import pooch

    folder, base_url = Path(folder), base_url.rstrip("/") + "/"
    if not base_url.startswith(("http://", "https://")):
        raise ValueError(f"base_url = {base_url!r} is not a web address; write http://… or https://…")
    pooch.get_logger().setLevel("WARNING")
    urls = {name: base_url + _remote(name) for name in REGISTRY}
    shelf = pooch.create(folder, base_url, registry=REGISTRY, urls=urls)
    for name in progress(list(REGISTRY)):
        with _explained(urls[name], folder / name):
            shelf.fetch(name)
    return folder


@contextmanager
def _explained(url: str, file: Path) -> Iterator[None]:
    """What can go wrong with one file, said in one sentence."""
    from requests.exceptions import RequestException

    try:
        yield
    except RequestException as error:  # an OSError too, so it comes first
        raise ValueError(
            f"{url}: cannot be fetched ({type(error).__name__}); check the network and start the download again, "
            "which keeps what is here already"
        ) from error
    except OSError as error:  # pooch wraps what it is refused in an error without a number
        raise ValueError(
            f"{file}: cannot be written ({one_line(error.__cause__ or error)}); "
            "choose a folder that is writable and has room"
        ) from error
    except ValueError as error:  # pooch compares the checksum before it moves the file to its place
        raise ValueError(
            f"{url}: its checksum is not that of the released file, so it was thrown away; try again later"
        ) from error


def _remote(name: str) -> str:
    """Their name of a file: train/images/07.png is train/image/7.png there."""
    folder, file = name.rsplit("/", 1)
    return f"{REMOTE[folder]}/{int(Path(file).stem)}.png"


def _read_slices(folder: Path, stack: str, slices: str, kind: str) -> Array:
    """All slices of one kind, (30, 512, 512) uint8, checked against the release."""
    if (folder / stack).is_file():
        array = read_image(folder / stack)
    else:
        files = [folder / slices / f"{number:02}.png" for number in range(SHAPE[0])]
        missing = [file for file in files if not file.is_file()]
        if missing:
            raise ValueError(
                f"{missing[0]}: there is no such file, nor {folder / stack}; fetch the data set with isbi2012.download"
            )
        read = [read_image(file) for file in files]
        array = np.stack(read) if len({image.shape for image in read}) == 1 else read[0]
    if array.shape != SHAPE or hashlib.sha256(array.astype(np.uint8).tobytes()).hexdigest() != DECODED[kind]:
        raise ValueError(
            f"{folder}: the {kind}, of shape {array.shape}, are not the {SHAPE} that were released; "
            "fetch them again, or read a folder of your own with read_folder"
        )
    return array
