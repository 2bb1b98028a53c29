"""The files of a diagram: all formats, the same bytes in each process, nothing of the machine in them."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unet_tutorial.figures.arch.ir import to_json
from unet_tutorial.figures.diagram import Diagram, draw
from unet_tutorial.figures.drawing.style import COLUMN
from unet_tutorial.nets.presets import paper_unet

AGAIN = """
import sys
from pathlib import Path
from unet_tutorial.figures.diagram import Diagram
from unet_tutorial.figures.arch.ir import from_json
here, text = Path(sys.argv[1]), Path(sys.argv[2]).read_text()
for suffix in sys.argv[3:]:
    Diagram(from_json(text)).save(here / f"fig{suffix}")
assert "torch" not in sys.modules
"""


@pytest.fixture(scope="module")
def paper() -> Diagram:
    with torch.device("meta"):
        net = paper_unet()
    return draw(net, (1, 1, 572, 572), style="thesis", name="paper")


@pytest.mark.slow
def test_two_processes_write_the_same_bytes(paper: Diagram, tmp_path: Path) -> None:
    suffixes = [".svg", ".pdf", ".png", ".tex", ".drawio", *[".pptx"] * (find_spec("pptx") is not None)]
    found = []
    for seed, zone in (("0", "Asia/Tokyo"), ("7", "America/Lima")):
        folder = tmp_path / seed
        folder.mkdir()
        (folder / "arch.json").write_text(to_json(paper.arch))
        env = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(Path.cwd())}
        command = [sys.executable, "-c", AGAIN, str(folder), str(folder / "arch.json"), *suffixes]
        subprocess.run(command, check=True, cwd=folder, env=env, timeout=120)
        found.append({path.name: path.read_bytes() for path in sorted(folder.glob("fig.*"))})
    assert len(found[0]) == len(suffixes)
    assert [hashlib.sha256(data).hexdigest() for data in found[0].values()] == [
        hashlib.sha256(data).hexdigest() for data in found[1].values()
    ]
    for data in found[0].values():
        assert not re.search(rb"0x[0-9a-f]{6}|/tmp|/root/|20[0-9]{2}-[01][0-9]|D:20", data)


def test_every_format_is_written_and_others_refused(paper: Diagram, tmp_path: Path) -> None:
    starts = {
        ".svg": b"<?xml",
        ".pdf": b"%PDF",
        ".png": b"\x89PNG",
        ".tex": b"% paper",
        ".drawio": b"<mxfile",
        ".json": b"{",
    }
    for suffix, start in starts.items():
        assert paper.save(tmp_path / f"a{suffix}").read_bytes().startswith(start)
    with pytest.raises(ValueError, match=r"no suffix.*\.svg"):
        paper.save(tmp_path / "figure")
    with pytest.raises(ValueError, match=r"format '\.gif' is unknown; the names are \.svg"):
        paper.save(tmp_path / "figure.gif")
    with pytest.raises(ValueError, match="is unknown; the names are"):
        draw(paper.arch, style="poster")
    with pytest.raises(ValueError, match="is unknown; the names are"):
        draw(paper.arch, collapse="all")
    assert draw(paper.arch, style=COLUMN).notes[0].startswith("collapsed to 'block'")


def test_shapes_stand_for_tensors_in_every_container() -> None:
    class Pair(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(2, 4, 3, padding=1)

        def forward(self, images: list[Tensor], more: dict[str, Any], *, size: list[int]) -> Tensor:
            scale = more["scale"][0] if more["use"] else 1
            return torch.as_tensor(self.conv(torch.cat(images, 1)) * scale + sum(size))

    arch = draw(Pair(), [(1, 1, 8, 8), (1, 1, 8, 8)], {"scale": ((1, 4, 1, 1),), "use": True}, size=[8, 8]).arch
    assert [node.kind for node in arch.inputs][:2] == ["images[0]", "images[1]"]
    assert arch.totals["macs"] == 8 * 8 * 4 * 2 * 9
