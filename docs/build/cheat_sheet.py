"""The cheat sheet, one printed page: ``python -m docs.build.cheat_sheet`` writes ``notebooks/cheat_sheet.html``.

All sizes and counts on it are computed here by the library.
"""

from __future__ import annotations

from html import escape
from math import exp

from tests.paths import NOTEBOOKS
from unet_tutorial.disk import complete_file
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.receptive_field import receptive_field
from unet_tutorial.plan.sizes import output_size, size_steps, valid_sizes

PAGE = NOTEBOOKS / "cheat_sheet.html"
PAPER = (64, 128, 256, 512, 1024)
FIRST, LARGEST = 188, 572  # the smallest input of the paper's network, and that of figure 1

STYLE = """
@page { size: A4; margin: 11mm }
:root { color-scheme: light dark }
body { font: 10pt/1.36 system-ui, sans-serif; max-width: 190mm; margin: 6mm auto; padding: 0 4mm }
h1 { font-size: 15pt; margin: 0 0 1mm } h2 { font-size: 10.5pt; margin: 0 0 1mm; border-bottom: 1px solid }
main { columns: 2; column-gap: 7mm } section { break-inside: avoid; margin: 0 0 3mm }
p { margin: 0 0 1.2mm } table { border-collapse: collapse; font-variant-numeric: tabular-nums; width: 100% }
th, td { text-align: right; padding: 0 1.2mm; border-bottom: 1px solid #8888; white-space: nowrap }
th:first-child, td:first-child { text-align: left }
code { font: 8.8pt ui-monospace, monospace }
@media print { body { margin: 0; padding: 0; max-width: none } :root { color-scheme: light } }
"""


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """An HTML table."""
    lines = ["".join(f"<th>{escape(str(cell))}</th>" for cell in head)]
    lines += ["".join(f"<td>{escape(str(cell))}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def sizes() -> str:
    """The valid sizes, the pixels lost and the receptive field for 1 to 5 poolings, as a table."""
    rows: list[tuple[object, ...]] = []
    for poolings in range(1, 6):
        levels = pyramid((1,) * (poolings + 1))
        (valid, _), ((fewest, most), _) = (
            valid_sizes(levels, padding="valid"),
            receptive_field(levels, padding="valid"),
        )
        (out, _) = output_size((valid.start, valid.start), levels, padding="valid")
        field = f"{fewest}" if fewest == most else f"{fewest} or {most}"
        rows.append((poolings, f"{valid.start} + {valid.step}k", f"{out} + {valid.step}k", valid.start - out, field))
    return table(("poolings", "input", "output", "lost", "field"), rows)


def ladder() -> str:
    """The sizes and crops of figure 1."""
    steps = size_steps((LARGEST, LARGEST), pyramid(PAPER), padding="valid")
    crops = {step.level: step for step in steps if step.op == "crop"}
    down: dict[int, int] = {}
    for step in steps:
        if step.op != "crop":
            down.setdefault(step.level, step.size[0])
    rows: list[tuple[object, ...]] = []
    for level, channels in enumerate(PAPER):
        crop = crops.get(level)
        before = "" if not crop else f"{crop.size[0] + 2 * crop.crop[0]} → {crop.size[0]}"
        rows.append((level, channels, down[level], before, crop.crop[0] if crop and crop.crop else ""))
    return table(("level", "channels", "side", "skip, cropped", "per side"), rows)


def parameters() -> str:
    """The number of parameters of the paper's network."""
    import torch

    with torch.device("meta"):
        return f"{sum(weight.numel() for weight in paper_unet().parameters()):,}"


def border(gap: int) -> str:
    """The border term in a gap between two cells, with the paper's w0 and sigma."""
    return f"{10 * exp(-((gap + 1) ** 2) / 50):.1f}"


def sections() -> list[tuple[str, str]]:
    """Heading and HTML of each part."""
    output = output_size((LARGEST, LARGEST), pyramid(PAPER), padding="valid")[0]
    smallest = output_size((FIRST, FIRST), pyramid(PAPER), padding="valid")[0]
    return [
        (
            "Sizes without padding (lesson 01)",
            "<p>A convolution with kernel k takes k − 1 pixels per axis. Pooling by 2 needs an even size. A U with L "
            f"poolings and two 3×3 convolutions per block loses 12 · 2<sup>L</sup> − 8. The field is the number "
            f"of input pixels that an output pixel sees.</p>{sizes()}"
            f"<p>The paper: input 16 b + 124, output 16 b − 60; {LARGEST} → {output}, smallest {FIRST} → "
            f"{smallest}.</p>",
        ),
        (
            "Figure 1 (lessons 02 to 04)",
            f"{ladder()}<p>23 convolutions, {parameters()} parameters. "
            "Crop of a skip: <code>top = (H − h) // 2</code>, the skip comes first in the concatenation.</p>",
        ),
        (
            "With padding (lesson 10)",
            "<p>Output = input. Every side must be a multiple of 2<sup>L</sup>; "
            "<code>any_size(net)</code> pads and crops. Pixels near the border see zeros.</p>",
        ),
        (
            "Initialisation (lesson 05)",
            "<p>Weights from N(0, √(2/N)), N = input channels × kernel pixels; biases 0. "
            "Up-convolution with kernel = stride: N = input channels.</p>",
        ),
        (
            "Loss and weight map (lesson 06)",
            "<p>E = −mean<sub>x</sub> w(x) · log p<sub>true class</sub>(x), with p = softmax of the logits.</p>"
            "<p>w(x) = w<sub>c</sub>(x) + w<sub>0</sub> · exp(−(d<sub>1</sub>(x) + d<sub>2</sub>(x))² / 2σ²), "
            "w<sub>0</sub> = 10, σ = 5 pixels; d<sub>1</sub>, d<sub>2</sub>: distances to the nearest and "
            "second nearest cell.</p>"
            f"<p>Border term in a gap of 1, 3, 5, 10 pixels: {', '.join(map(border, (1, 3, 5, 10)))}.</p>",
        ),
        (
            "Augmentation (lesson 07)",
            "<p>Displacements from N(0, 10 pixels) on a 3×3 grid, bicubic in between. Labels: nearest neighbour. "
            "A deformation folds where the Jacobian is not positive.</p>",
        ),
        (
            "Tiles (lesson 08)",
            "<p>Mirror the image by half of the loss on each side. Distance of tiles: a multiple of 2<sup>L</sup> "
            "(the paper: 384 is exact, 388 is not).</p>",
        ),
        (
            "Training (lesson 09)",
            "<p>One tile per step, SGD with momentum 0.99: v ← 0.99 v + g, w ← w − ηv. The sum of all factors is 100, "
            "so η is a hundredth of that without momentum.</p>",
        ),
        (
            "Metrics (lesson 09)",
            "<p>IoU = |P∩T| / |P∪T|; Dice = 2 |P∩T| / (|P| + |T|) = 2 IoU / (1 + IoU). "
            "Pixel error: share of wrong pixels.</p>"
            "<p>With p<sub>ij</sub> = share of pixels in cell i of the prediction and cell j of the truth: "
            "V<sub>Rand</sub> = Σp<sub>ij</sub>² / (½ Σs<sub>i</sub>² + ½ Σt<sub>j</sub>²), "
            "s and t being the sums of rows and columns.</p>"
            "<p>SEG: mean over true cells of the IoU with the cell that covers more than half of it, else 0.</p>",
        ),
        (
            "Commands",
            "<p><code>unet sizes --near 512</code>: valid sizes<br><code>unet doctor FOLDER</code>: faults of "
            "the data<br>"
            "<code>unet train --data FOLDER</code><br><code>unet predict CHECKPOINT IMAGE -o FOLDER</code><br>"
            "<code>unet diagram paper -o u.svg</code>, <code>unet summary paper</code></p>",
        ),
        (
            "Volumes (lesson 12)",
            "<p>Planar level: kernel (1, 3, 3), stride (1, 2, 2), until the voxels are about cubes. The 3D "
            "U-Net: 132 × 132 × 116 → "
            "44 × 44 × 28.</p>",
        ),
    ]


def page() -> str:
    """The page."""
    parts = "".join(f"<section><h2>{escape(head)}</h2>{text}</section>\n" for head, text in sections())
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>U-Net cheat sheet</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>U-Net cheat sheet</h1>\n"
        "<p>Ronneberger, Fischer &amp; Brox, arXiv 1505.04597. Sizes are per axis, in pixels; L is the number "
        "of poolings. "
        "The lessons derive each line.</p>\n"
        f"<main>\n{parts}</main></body></html>\n"
    )


def main() -> None:
    """Write the page."""
    with complete_file(PAGE) as part:
        part.write_text(page(), encoding="utf8")


if __name__ == "__main__":
    main()
