"""The TikZ file has the boxes and texts of the SVG, and compiles by itself and inside a document."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.oracles.described_nets import EVIL
from tests.oracles.hooked_nets import NETS, arch
from tests.oracles.svg_contents import texts
from unet_tutorial.figures.diagram import Diagram, draw
from unet_tutorial.figures.drawing.annotations import Annotations
from unet_tutorial.figures.drawing.palette import PALETTES
from unet_tutorial.figures.drawing.scene import Box, Scene, SideBlock
from unet_tutorial.figures.drawing.tikz import tikz

pytestmark = pytest.mark.slow

NUMBER = r"(-?[\d.]+)"
AROUND = r"""\documentclass{article}
\usepackage{tikz}
\usetikzlibrary{arrows.meta}
\begin{document}
Before \input{fig.tex} after.
\end{document}
"""


def drawn(name: str, folder: Path) -> tuple[Diagram, str]:
    diagram = draw(arch(name), style="thesis")
    return diagram, diagram.save(folder / "fig.tex").read_text()


@pytest.mark.parametrize("name", list(NETS))
def test_boxes_and_texts_are_those_of_the_svg(name: str, tmp_path: Path) -> None:
    diagram, tex = drawn(name, tmp_path)
    said = {key: _plain(text) for text, key in re.findall(r"\\node.*? at \(.*?\) \{(.*)\}; % (\S+)", tex)}
    assert said == texts(diagram.svg())
    corners = re.findall(rf"fill=unetfill\] \({NUMBER},{NUMBER}\) rectangle \({NUMBER},{NUMBER}\); % (\S+)", tex)
    groups = re.findall(
        rf'<g id="([^"]+)">\s*<path d="M {NUMBER} {NUMBER} \nL {NUMBER} {NUMBER} \nL {NUMBER} {NUMBER} ', diagram.svg()
    )
    shapes = {key: [float(n) for n in numbers] for key, *numbers in groups}
    assert len(corners) == len(diagram.scene.boxes) > 2
    for *numbers, key in corners:
        x, y, right, bottom = map(float, numbers)
        assert shapes[key] == pytest.approx([x, y, right, y, right, bottom], abs=0.011)


def test_a_side_block_is_a_rounded_rectangle_with_its_text() -> None:
    tex = tikz(Scene(100, 50, 8, blocks=(SideBlock("a", 10, 20, 60, 20, ("self-attention",)),)), PALETTES["paper"])
    assert re.search(r"rounded corners=3.6bp\] \(10,20\) rectangle \(70,40\); % a$", tex, re.MULTILINE)
    assert re.search(r"anchor=base\] at \(40,[\d.]+\) \{self-attention\}; % a.text-0$", tex, re.MULTILINE)


def test_the_faces_of_a_cuboid_have_the_corners_and_colours_of_the_scene() -> None:
    box = Box("a", 10, 20, 30, 60, blank=5, crop=(40, 70), depth=8)
    lines = tikz(Scene(200, 100, 8, boxes=(box,)), PALETTES["paper"]).splitlines()
    found = {key: line for line in lines if (key := line.rpartition("; % ")[2]).startswith("a")}
    assert {key: re.search(r"fill=([^],]+)", line)[1] for key, line in found.items() if "fill" in line} == {  # type: ignore[index]
        "a": "unetfill",
        "a.top": "unetfill!55!unetground",
        "a.right": "unetfill!80!unetground",
        "a.skip": "unetblank",
        "a.skip.top": "unetblank",
    }
    assert {key: _numbers(line) for key, line in found.items()} == {
        "a": [10, 28, 32, 80],
        "a.top": [10, 28, 18, 20, 40, 20, 32, 28],
        "a.right": [32, 28, 40, 20, 40, 72, 32, 80],
        "a.skip": [10, 28, 15, 80],
        "a.skip.top": [10, 28, 18, 20, 23, 20, 15, 28],
        "a.crop": [10, 40, 32, 70],
    }


def _numbers(line: str) -> list[float]:
    """The coordinates in a line of TikZ."""
    return [float(number) for point in re.findall(rf"\({NUMBER},{NUMBER}\)", line) for number in point]


def _plain(text: str) -> str:
    for tex, sign in ((r"\textsuperscript{2}", "²"), (r"\textsuperscript{3}", "³"), (r"$\times$", "×")):
        text = text.replace(tex, sign)
    return text.replace(r"\dots{}", "…").replace("--", "–").replace("\\", "")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex (texlive-latex-base) is not installed")
@pytest.mark.parametrize("name", ["paper", "planar", "residual", "resized", "nested"])
def test_it_compiles_alone_and_inside_a_document(name: str, tmp_path: Path) -> None:
    diagram, tex = drawn(name, tmp_path)
    assert re.findall(r"\\use(?:package|tikzlibrary)\{(.*?)\}", tex.split("\\begin{document}")[0]) == [
        *("tikz", "arrows.meta"),
        *("tikz", "arrows.meta"),
    ]
    (tmp_path / "around.tex").write_text(AROUND)
    for source in ("fig.tex", "around.tex"):
        _compile(source, tmp_path)
    if shutil.which("pdfinfo") is None:
        return
    facts = subprocess.run(["pdfinfo", "fig.pdf"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    size = re.search(rf"Page size:\s+{NUMBER} x {NUMBER}", facts)
    assert size is not None
    assert [float(n) for n in size.groups()] == pytest.approx([diagram.scene.width, diagram.scene.height], abs=0.1)


def _compile(source: str, folder: Path) -> None:
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", source]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-1500:]
    assert "1 page" in done.stdout
    assert "Missing character" not in done.stdout


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex (texlive-latex-base) is not installed")
def test_names_and_captions_with_special_characters_compile(tmp_path: Path) -> None:
    words = Annotations({"enc0": f"{EVIL} ~^ λ ≥ é"}, caption=f"50 % of $x_1$ — “{EVIL}”")
    diagram = draw(arch("paper"), name=f"{EVIL}\n\\end{{document}} λ", annotations=words)
    diagram.save(tmp_path / "fig.tex")
    _compile("fig.tex", tmp_path)


def test_a_character_that_latex_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a \.tex file cannot hold the character '☃'; write another one, or a \.svg"):
        draw(arch("paper"), annotations=Annotations(caption="snow ☃")).save(tmp_path / "fig.tex")
    assert list(tmp_path.iterdir()) == []
