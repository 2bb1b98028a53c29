"""Draws the pictures of ``docs/architecture.md``, and counts imports: ``python -m docs.build.architecture``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from tests.house.floors import graph
from tests.paths import PACKAGE, ROOT
from unet_tutorial.disk import complete_file

PICTURES = ROOT / "docs" / "pictures"
WIDTH, HEIGHT = 2.7, 0.62  # of a box, in inches


@dataclass(frozen=True)
class Box:
    """A box with a title and a line of text, its middle at (column, row); row 0 is at the bottom."""

    title: str
    text: str
    column: float
    row: float


LAYERS = (  # from the bottom up
    "import no other folder", "may import the layer below", "may import nets and the bottom layer",
    "may import all below but teaching", "may import everything",
)  # fmt: skip
PACKAGE_BOXES = (
    Box("plan", "sizes as whole numbers", 0, 0),
    Box("metrics", "scores of a segmentation", 1, 0),
    Box("paper.py", "the network of 2015", 2, 0),
    Box("disk.py", "files written whole", 3, 0),
    Box("packages.py", "optional packages", 4, 0),
    Box("nets", "networks from parts", 0, 1),
    Box("figures", "diagrams and tables", 1, 1),
    Box("datasets", "images and labels", 2, 1),
    Box("learning", "losses, training", 0, 2),
    Box("inference", "tiled prediction", 1, 2),
    Box("teaching", "lessons, checks, exercises", 2, 2),
    Box("jobs", "recipe to report", 0, 3),
    Box("commands", "the command line: unet", 0, 4),
    Box("benchmarks", "measured ratios", 1, 4),
    Box("docs/build", "generated pages", 2, 4),
)
FIGURES_BOXES = (
    Box("tracing", "model to description", 0, 1),
    Box("arch", "description and its numbers", 1, 1),
    Box("drawing", "boxes, arrows; SVG, PDF, slides", 2, 2),
    Box("pages", "one HTML file", 2, 1),
    Box("tables", "rows; text, LaTeX, CSV", 2, 0),
    Box("diagram.py", "draw(model, example)", 3, 1.5),
    Box("table.py", "table(model, example)", 3, 0),
)
FIGURES_FLOW = (
    ("tracing", "arch"), ("arch", "drawing"), ("arch", "tables"), ("arch", "pages"), ("drawing", "pages"),
    ("drawing", "diagram.py"), ("pages", "diagram.py"), ("tables", "table.py"),
)  # fmt: skip
JOBS_BOXES = (
    Box("recipe.py", "all choices of a run", 0, 1),
    Box("split.py", "training and test images", 1, 1),
    Box("job.py", "train, save checkpoints", 2, 1),
    Box("predictor.py", "checkpoint to function", 2, 0),
    Box("scores.py", "network and baselines", 1, 0),
    Box("report.py", "pictures, tables, plots", 0, 0),
)
JOBS_FLOW = (
    ("recipe.py", "split.py"), ("split.py", "job.py"), ("job.py", "predictor.py"), ("predictor.py", "scores.py"),
    ("scores.py", "report.py"),
)  # fmt: skip


def folders(edges: dict[str, set[str]], below: str) -> set[tuple[str, str]]:
    """The imports between the folders (and single files) directly below a package."""

    def folder(module: str) -> str:
        inside = module.removeprefix(f"{below}.")
        return inside.partition(".")[0] if inside != module else ""

    pairs = {(folder(one), folder(other)) for one, targets in edges.items() for other in targets}
    return {(one, other) for one, other in pairs if one and other and one != other}


def picture(boxes: tuple[Box, ...], arrows: Iterable[tuple[str, str]] = (), layers: tuple[str, ...] = ()) -> str:
    """The boxes and arrows as SVG, with a labelled band per row if there are layers; the same bytes at each call."""
    across, up = max(box.column for box in boxes) + 1, max(box.row for box in boxes) + 1
    left = 3.3 if layers else 0.0  # space for the labels of the layers
    figure = Figure(figsize=(left + 3.1 * across, 1.15 * up))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, left + 3.1 * across)
    axes.set_ylim(0, 1.15 * up)
    axes.axis("off")
    for row, label in enumerate(layers):
        axes.axhspan(1.15 * row + 0.04, 1.15 * (row + 1) - 0.04, color="#f3f4f6" if row % 2 else "#e7eaee", zorder=0)
        axes.text(0.15, 1.15 * (row + 0.5), label, va="center", size=10, style="italic", zorder=3)
    middle = {box.title: (left + 3.1 * (box.column + 0.5), 1.15 * (box.row + 0.5)) for box in boxes}
    patches = {}
    for box in boxes:
        x, y = middle[box.title]
        corner = (x - WIDTH / 2, y - HEIGHT / 2)
        patches[box.title] = FancyBboxPatch(
            corner, WIDTH, HEIGHT, boxstyle="round,pad=0.04", facecolor="#eef3f9", edgecolor="#0b57a4", zorder=2
        )
        axes.add_patch(patches[box.title])
        axes.text(x, y + 0.13, box.title, ha="center", va="center", weight="bold", size=12, zorder=3)
        axes.text(x, y - 0.15, box.text, ha="center", va="center", size=10, zorder=3)
    for one, other in arrows:
        arrow = FancyArrowPatch(middle[one], middle[other], patchA=patches[one], patchB=patches[other])
        arrow.set(arrowstyle="-|>", mutation_scale=11, color="#5b6670", linewidth=1.0, zorder=1)
        axes.add_patch(arrow)
    text = StringIO()
    with mpl.rc_context({"svg.hashsalt": "unet_tutorial", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return text.getvalue()


def pictures() -> dict[str, str]:
    """The SVG of every picture, by file name."""
    return {
        "architecture.svg": picture(PACKAGE_BOXES, layers=LAYERS),
        "architecture_figures.svg": picture(FIGURES_BOXES, FIGURES_FLOW),
        "architecture_jobs.svg": picture(JOBS_BOXES, JOBS_FLOW),
    }


def main() -> None:
    """Write the pictures and print the number of folders and imports between them."""
    for name, svg in pictures().items():
        with complete_file(PICTURES / name) as part:
            part.write_text(svg, encoding="utf8")
    edges = graph(PACKAGE)
    for below in (PACKAGE.name, f"{PACKAGE.name}.figures"):
        pairs = folders(edges, below)
        print(f"{below}: {len({name for pair in pairs for name in pair})} folders and files, {len(pairs)} arrows")


if __name__ == "__main__":
    main()
