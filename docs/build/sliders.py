"""Writes the pages with sliders, ``notebooks/sliders``, which the lessons show: ``python -m docs.build.sliders``.

Each page is one file that makes no HTTP requests. It computes its numbers as the library does, in JavaScript; a test
compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

from unet_tutorial.disk import complete_file
from unet_tutorial.figures.drawing.palette import PALETTES
from unet_tutorial.figures.pages.markup import DARK, LIGHT, POLICY, asset
from unet_tutorial.teaching.lessons.slider import FOLDER

PARTS = Path(__file__).parent / "slider_assets"
# colours of Okabe and Ito; "on-fill" is that of texts on "kept"
FILLS = {"kept": "#56b4e9", "warm": "#d55e00", "cool": "#0072b2", "answer": "#f0e442", "on-fill": "#000000"}
DARK_FILLS = {"kept": "#0072b2", "warm": "#e69f00", "cool": "#56b4e9", "answer": "#f0e442", "on-fill": "#ffffff"}


@dataclass(frozen=True)
class Control:
    """A slider: its name in the script, its label, its limits ``least`` and ``most``, and its value at the start."""

    name: str
    label: str
    least: float
    most: float
    value: float
    step: float = 1
    unit: str = "px"

    def html(self) -> str:
        """The label, the value as text, and the slider."""
        limits = f'min="{self.least:g}" max="{self.most:g}" step="{self.step:g}" value="{self.value:g}"'
        return (
            f'<div class="control"><label for="{self.name}">{escape(self.label)}</label>'
            f'<output for="{self.name}"></output>\n'
            f'<input id="{self.name}" name="{self.name}" type="range" {limits} data-unit="{self.unit}"></div>'
        )


@dataclass(frozen=True)
class Slider:
    """A page. ``shared`` names scripts of the explorer that it needs; ``height`` in pixels is that of its frame."""

    title: str
    lead: str
    formula: str
    controls: tuple[Control, ...]
    height: int
    shared: tuple[str, ...] = ()


SIZES = ("numbers.js", "sizes.js")
SLIDERS = {
    "sizes": Slider(
        "Which sizes pass?",
        "Choose an input size and the number of poolings of a U-Net without padding, with two 3 × 3 convolutions per "
        "block.",
        "output = size − (12 · 2<sup>L</sup> − 8) for L poolings",
        (Control("size", "Input size", 1, 1024, 572), Control("depth", "Poolings", 0, 6, 4, unit="")),
        height=840,
        shared=SIZES,
    ),
    "crop": Slider(
        "The centre crop of a skip",
        "Choose the size of the skip and that of the map that comes up from below. The framed pixels are kept.",
        "before = ⌊(skip − map) / 2⌋<br>after = skip − map − before",
        (
            Control("rows", "Rows of the skip", 1, 20, 12),
            Control("columns", "Columns of the skip", 1, 20, 15),
            Control("mapRows", "Rows of the map from below", 1, 20, 8),
            Control("mapColumns", "Columns of the map from below", 1, 20, 8),
        ),
        height=725,
    ),
    "weight_map": Slider(
        "The weight map between two cells",
        "Choose the width σ and the height w₀ of the border term, and the gap between two cells. Distances are those "
        "between pixel centres.",
        "w(x) = w<sub>c</sub>(x) + w₀ · exp(−(d₁(x) + d₂(x))² / 2σ²)",
        (
            Control("sigma", "σ", 0.5, 20, 5, step=0.5),
            Control("w0", "w₀", 0, 20, 10, step=0.5, unit=""),
            Control("gap", "Gap between the cells", 1, 24, 3),
            Control("column", "Column of the pixel to read", 0, 95, 48, unit=""),
        ),
        height=690,
    ),
    "tiles": Slider(
        "Tiles and their step",
        "Choose the side of a square image, the tile that a U-Net without padding reads, and the step from tile to "
        "tile.",
        "step = multiple of 2<sup>L</sup>, at most tile − (12 · 2<sup>L</sup> − 8)",
        (
            Control("depth", "Poolings L", 1, 5, 4, unit=""),
            Control("image", "Side of the image", 16, 1600, 1000),
            Control("tile", "Tile", 188, 1020, 572, step=16),
            Control("step", "Step", 8, 1000, 388),
            Control("shown", "Tile to show", 1, 9, 1, unit=""),
        ),
        height=910,
        shared=SIZES,
    ),
    "planar": Slider(
        "Planar levels for voxels that are not cubes",
        "Choose the distance of voxels along each axis and the number of poolings.",
        "level i is planar if z / max(y, x) ≥ 2 · 2<sup>i</sup>",
        (
            Control("z", "z, distance of slices", 1, 100, 40, unit="nm"),
            Control("y", "y, distance of rows", 1, 50, 8, unit="nm"),
            Control("x", "x, distance of columns", 1, 50, 8, unit="nm"),
            Control("poolings", "Poolings", 1, 4, 3, unit=""),
        ),
        height=620,
    ),
}


def page(name: str) -> str:
    """The page as one file of HTML."""
    slider = SLIDERS[name]
    scripts = [*map(asset, slider.shared), *map(part, ("slider.js", f"{name}.js"))]
    grounds = [{"ground": PALETTES[key].ground, "text": PALETTES[key].text} for key in ("okabe-ito", "dark")]
    light, dark = colours(grounds[0] | LIGHT | FILLS), colours(grounds[1] | DARK | DARK_FILLS)
    style = f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{\n:root {{ {dark} }}\n}}\n{part('slider.css')}"
    return Template(part("page.html")).substitute(
        title=escape(slider.title),
        lead=escape(slider.lead),
        formula=slider.formula,
        height=slider.height,
        policy=POLICY,
        controls="\n".join(control.html() for control in slider.controls),
        style=style,
        script="\n".join(scripts),
    )


def part(name: str) -> str:
    """The text of a file in ``slider_assets``."""
    return (PARTS / name).read_text(encoding="utf8")


def colours(named: dict[str, str]) -> str:
    """The colours as CSS custom properties."""
    return " ".join(f"--{name}: {colour};" for name, colour in named.items())


def pages() -> dict[Path, str]:
    """The text of each page by its path."""
    return {FOLDER / f"{name}.html": page(name) for name in SLIDERS}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for path, html in pages().items():
        with complete_file(path) as unfinished:
            unfinished.write_text(html, encoding="utf8")
