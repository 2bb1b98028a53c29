"""Sizes that a file declares are checked before memory is used; orientations are those of the EXIF standard."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from tests.paths import ROOT
from unet_tutorial.datasets.images.decoded import ContentError, Decoded, require_plausible, turned


@pytest.mark.parametrize("orientation", range(10))
def test_turned_equals_pillow(orientation: int) -> None:
    array = np.arange(6, dtype=np.uint8).reshape(2, 3)
    image = Image.fromarray(array)
    image.getexif()[0x0112] = orientation
    np.testing.assert_array_equal(turned(array, "YX", orientation), np.asarray(ImageOps.exif_transpose(image)))


@pytest.mark.parametrize("orientation", [6, 3])
def test_axes_and_spacing_turn_together(orientation: int) -> None:
    array = np.arange(24).reshape(2, 3, 4)
    for axes in ("YXC", "CYX", "YCX"):
        order = [axes.index(axis) for axis in "CYX"]
        decoded = Decoded(array.transpose(np.argsort(order)), axes, spacing={"Y": 1.0, "X": 2.0}).turned(orientation)
        found = decoded.array.transpose(order)
        np.testing.assert_array_equal(
            found, np.stack([np.rot90(plane, -1 if orientation == 6 else 2) for plane in array])
        )
        assert decoded.spacing == ({"Y": 2.0, "X": 1.0} if orientation == 6 else {"Y": 1.0, "X": 2.0})


@pytest.mark.parametrize(
    ("shape", "stored", "problem"),
    [
        ((14_000, 14_000), 24_000, ""),  # an empty PNG of 1 bit
        ((14_000, 14_000, 4), 800_000, ""),
        ((100_000, 100_000), 200, "but has only 200 bytes for them"),
        ((2**40, 2**22), 2**60, "more than a quarter of this machine's memory"),
        ((16_384, 16_384), 1, ""),  # up to 256 MiB decoding itself finds the fault
    ],
)
def test_sizes_that_a_file_can_have(shape: tuple[int, ...], stored: int, problem: str) -> None:
    if not problem:
        require_plausible(shape, np.uint8, lambda: stored)
        return
    with pytest.raises(ContentError, match=f"it declares .* GiB, {problem}"):
        require_plausible(shape, np.uint8, lambda: stored)


BOMBS = """
import resource, struct, sys, zlib
from pathlib import Path
import h5py, nibabel, numpy as np, tifffile, zarr
from unet_tutorial.datasets.images.files import read, read_values

folder = Path(sys.argv[1])

def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

def png(side, bits, colour):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, bits, colour, 0, 0, 0))
    return b"\\x89PNG\\r\\n\\x1a\\n" + header + chunk(b"IDAT", zlib.compress(b"0" * 99)) + chunk(b"IEND", b"")

def tiff(path, **tags):
    tifffile.imwrite(path, np.zeros((8, 8), np.uint8), compression=tags.pop("compression", None), metadata=None)
    with tifffile.TiffFile(path, mode="r+") as file:
        for name, value in tags.items():
            file.pages.first.tags[name].overwrite(value)

(folder / "a.png").write_bytes(png(100_000, 8, 0))
(folder / "b.png").write_bytes(png(100_000, 1, 0))
(folder / "c.png").write_bytes(png(50_000, 16, 6))
bitmap = struct.pack("<IIIIIIHHIIIIII", 200, 0, 54, 40, 100_000, 100_000, 1, 24, *[0] * 6)
(folder / "a.bmp").write_bytes(b"BM" + bitmap)
tiff(folder / "a.tif", ImageWidth=100_000, ImageLength=100_000)
tiff(folder / "b.tif", ImageWidth=100_000, ImageLength=100_000, compression="zlib")
shaped = '{"shape": [99999, 9999, 8, 8]}'
tifffile.imwrite(folder / "c.tif", np.zeros((8, 8), np.uint8), description=shaped, metadata=None)
nibabel.save(nibabel.Nifti1Image(np.zeros((2, 2, 2), np.uint8), np.eye(4)), folder / "a.nii.gz")
header = nibabel.load(folder / "a.nii.gz").header
header.set_data_shape((30_000, 30_000, 30_000))
(folder / "a.nii").write_bytes(header.binaryblock + bytes(100))
(folder / "a.nrrd").write_text("NRRD0004\\ntype: uint8\\ndimension: 2\\nsizes: 100000 100000\\nencoding: gzip\\n\\n00")
with h5py.File(folder / "a.h5", "w") as file:
    file.create_dataset("a", (100_000, 100_000), np.uint8, chunks=(64, 64))
zarr.create_array(folder / "a.zarr", shape=(100_000, 100_000), chunks=(10_000, 10_000), dtype="u1")
names = sorted(path for path in folder.iterdir() if path.name != "a.nii.gz")
limit = 2**29 + 1024 * int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() // 1024
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
for name in names:
    for reader in (read, read_values):
        try:
            reader(name)
        except ValueError as error:
            print(name.name, error)
        else:
            print(name.name, "was read")
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the memory of a process is limited as Linux does it")
def test_bombs_are_refused_before_memory_is_used(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", BOMBS, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 2 * 11
    assert [line for line in lines if "it declares" not in line] == []
