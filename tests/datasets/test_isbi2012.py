"""ISBI 2012: both layouts give the released arrays; downloads are tested with a server on this machine."""

import hashlib
import io
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image
from skimage import measure

from tests.oracles.permissions import as_nobody
from tests.paths import SHARED
from unet_tutorial.datasets import isbi2012
from unet_tutorial.datasets.images.files import write_image
from unet_tutorial.disk import make_folder

label: Callable[..., Any] = measure.label  # skimage is untyped
REAL = SHARED / "isbi2012"
RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 8, 9), dtype=np.uint8)
LABELS = (RNG.random((30, 8, 9)) > 0.3) * np.uint8(255)


def digest(array: np.ndarray[Any, Any]) -> str:
    return hashlib.sha256(array.tobytes()).hexdigest()


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch) -> None:
    """A release of 30 small slices in the place of the real one."""
    monkeypatch.setattr(isbi2012, "SHAPE", IMAGES.shape)
    monkeypatch.setattr(isbi2012, "DECODED", {"images": digest(IMAGES), "labels": digest(LABELS)})


def write_slices(folder: Path) -> None:
    for name, array in (("images", IMAGES), ("labels", LABELS)):
        (folder / "train" / name).mkdir(parents=True)
        for number, plane in enumerate(array):
            write_image(folder / "train" / name / f"{number:02}.png", plane)


def write_stacks(folder: Path) -> None:
    write_image(folder / "train-volume.tif", IMAGES)
    write_image(folder / "train-labels.tif", LABELS)


@pytest.mark.usefixtures("released")
@pytest.mark.parametrize("write", [write_slices, write_stacks])
def test_both_layouts_give_the_same_arrays(tmp_path: Path, write: Any) -> None:
    write(tmp_path)
    images, labels = isbi2012.load(tmp_path)
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS > 0)
    assert labels.dtype == images.dtype == np.uint8


@pytest.mark.usefixtures("released")
def test_other_pixels_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"00\.png: there is no such file, nor .*train-volume\.tif; download"):
        isbi2012.load(tmp_path)
    write_slices(tmp_path)
    write_image(tmp_path / "train" / "labels" / "07.png", 255 - LABELS[7])
    with pytest.raises(ValueError, match=r"the labels, of shape .* are not the"):
        isbi2012.load(tmp_path)
    write_image(tmp_path / "train" / "images" / "07.png", IMAGES[7, 1:])
    with pytest.raises(ValueError, match=r"the images, of shape .* are not the"):
        isbi2012.load(tmp_path)


def test_the_real_slices_are_the_released_ones() -> None:
    if not REAL.is_dir():
        pytest.skip(f"{REAL} is not here: the real slices may not be shipped (data/README.md)")
    images, labels = isbi2012.load(REAL)
    assert images.mean() == pytest.approx(126.163, abs=1e-3)
    assert labels.mean() == pytest.approx(0.78037, abs=1e-5)
    counts = [int(cells.max()) for cells in isbi2012.instances(labels)]
    assert (min(counts), max(counts), round(np.mean(counts))) == (88, 137, 114)
    for name, checksum in isbi2012.REGISTRY.items():
        assert hashlib.sha256((REAL / name).read_bytes()).hexdigest() == checksum


def test_cells_are_counted_slice_by_slice() -> None:
    labels = (LABELS > 0).astype(np.uint8)
    for plane, cells in zip(labels, isbi2012.instances(labels), strict=True):
        np.testing.assert_array_equal(cells, label(plane, connectivity=1))
        np.testing.assert_array_equal(cells, isbi2012.instances(plane))


class Quiet(SimpleHTTPRequestHandler):
    """A file server that keeps a list of the requested paths."""

    asked: ClassVar[list[str]] = []

    def log_message(self, *_: Any) -> None:
        self.asked.append(self.path)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a copy of the data set: two training slices with labels, and a test slice."""
    registry = {}
    for ours, theirs in (("train/images", "train/image"), ("train/labels", "train/label"), ("test/images", "test")):
        (tmp_path / "served" / theirs).mkdir(parents=True)
        for number in (0, 10):
            content = io.BytesIO()
            Image.fromarray(RNG.integers(0, 256, (9, 9), dtype=np.uint8)).save(content, "PNG")
            (tmp_path / "served" / theirs / f"{number}.png").write_bytes(content.getvalue())
            registry[f"{ours}/{number:02}.png"] = hashlib.sha256(content.getvalue()).hexdigest()
    monkeypatch.setattr(isbi2012, "REGISTRY", registry)
    monkeypatch.setattr(Quiet, "asked", [])
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "served"))) as http:
        Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def files(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_a_download_brings_every_file_once(server: str, tmp_path: Path) -> None:
    folder = isbi2012.download(tmp_path / "isbi", base_url=server)
    assert files(folder) == sorted(isbi2012.REGISTRY)
    assert (folder / "train/labels/10.png").read_bytes() == (tmp_path / "served/train/label/10.png").read_bytes()
    asked = len(Quiet.asked)
    assert asked == 6
    isbi2012.download(folder, base_url=server + "/")
    assert len(Quiet.asked) == asked


def test_a_damaged_file_is_fetched_again(server: str, tmp_path: Path) -> None:
    folder = isbi2012.download(tmp_path / "isbi", base_url=server)
    (folder / "train/images/10.png").write_bytes(b"cut sh")
    isbi2012.download(folder, base_url=server, progress=lambda names: list(names)[::-1])
    assert len(Quiet.asked) == 7
    assert (folder / "train/images/10.png").read_bytes() == (tmp_path / "served/train/image/10.png").read_bytes()


def test_a_wrong_checksum_is_refused_and_nothing_is_left(server: str, tmp_path: Path) -> None:
    (tmp_path / "served/train/image/10.png").write_bytes(b"something else")
    with pytest.raises(ValueError, match=r"train/image/10\.png: its checksum differs from that of the released file"):
        isbi2012.download(tmp_path / "isbi", base_url=server)
    assert files(tmp_path / "isbi") == ["train/images/00.png"]


def test_a_failed_update_keeps_the_old_file(server: str, tmp_path: Path) -> None:
    folder = isbi2012.download(tmp_path / "isbi", base_url=server)
    isbi2012.REGISTRY["train/images/00.png"] = "0" * 64
    before = (folder / "train/images/00.png").read_bytes()
    with pytest.raises(ValueError, match="checksum"):
        isbi2012.download(folder, base_url=server)
    assert (folder / "train/images/00.png").read_bytes() == before
    assert files(folder) == sorted(isbi2012.REGISTRY)


def test_a_missing_file_and_a_missing_server_are_one_sentence(server: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot be downloaded \(HTTPError\); check the network"):
        isbi2012.download(tmp_path / "isbi", base_url=server + "/nowhere")
    with pytest.raises(ValueError, match=r"cannot be downloaded \(ConnectionError\); check the network"):
        isbi2012.download(tmp_path / "isbi", base_url="http://127.0.0.1:1/")
    with pytest.raises(ValueError, match="not a web address"):
        isbi2012.download(tmp_path / "isbi", base_url="/some/folder")
    assert files(tmp_path / "isbi") == []


def test_a_folder_that_cannot_be_written_is_named(server: str, tmp_path: Path) -> None:
    (tmp_path / "isbi").touch()
    with pytest.raises(ValueError, match=r"isbi/train/images/00\.png: cannot be written .*choose a folder"):
        isbi2012.download(tmp_path / "isbi", base_url=server)


def test_a_folder_that_may_not_be_written_says_so(server: str) -> None:
    with TemporaryDirectory() as name:  # not tmp_path, which other users cannot read
        locked = make_folder(Path(name) / "train" / "images")
        locked.chmod(0o555)
        Path(name).chmod(0o755)
        complaint = r"00\.png: cannot be written \(Permission denied\); choose a folder"
        with as_nobody(), pytest.raises(ValueError, match=complaint):
            isbi2012.download(name, base_url=server)
