"""The download of ISBI 2012, against a server on this machine and never the network."""

import hashlib
import io
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, ClassVar

import numpy as np
import pytest
from PIL import Image

from tests.test_disk import nobody
from unet_tutorial.datasets import isbi2012
from unet_tutorial.disk import make_folder

RNG = np.random.default_rng(0)


class Quiet(SimpleHTTPRequestHandler):
    """A file server that keeps a list of what it was asked for."""

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
    with pytest.raises(ValueError, match=r"train/image/10\.png: its checksum is not that of the released file"):
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
    with pytest.raises(ValueError, match=r"cannot be fetched \(HTTPError\); check the network"):
        isbi2012.download(tmp_path / "isbi", base_url=server + "/nowhere")
    with pytest.raises(ValueError, match=r"cannot be fetched \(ConnectionError\); check the network"):
        isbi2012.download(tmp_path / "isbi", base_url="http://127.0.0.1:1/")
    with pytest.raises(ValueError, match="not a web address"):
        isbi2012.download(tmp_path / "isbi", base_url="/some/folder")
    assert files(tmp_path / "isbi") == []


def test_a_folder_that_cannot_be_written_is_named(server: str, tmp_path: Path) -> None:
    (tmp_path / "isbi").touch()
    with pytest.raises(ValueError, match=r"isbi/train/images/00\.png: cannot be written .*choose a folder"):
        isbi2012.download(tmp_path / "isbi", base_url=server)


def test_a_folder_that_may_not_be_written_says_so(server: str) -> None:
    with TemporaryDirectory() as name:  # not tmp_path, into which nobody may look
        locked = make_folder(Path(name) / "train" / "images")
        locked.chmod(0o555)
        Path(name).chmod(0o755)
        complaint = r"00\.png: cannot be written \(Permission denied\); choose a folder"
        with nobody(), pytest.raises(ValueError, match=complaint):
            isbi2012.download(name, base_url=server)
