"""Parts of an HTML page. The page is one file: styles, scripts and figure are inside, and it makes no HTTP requests."""

from __future__ import annotations

import re
from dataclasses import asdict
from html import escape
from importlib.resources import files
from string import Template

from unet_tutorial.figures.arch.alt_text import alt_text
from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.receptive_field import seen_interval, with_receptive_fields
from unet_tutorial.figures.arch.text import operation_name, per_side_text, range_text, shape_text
from unet_tutorial.figures.drawing.annotations import UNCHANGED, Annotations
from unet_tutorial.figures.drawing.layout import arrange
from unet_tutorial.figures.drawing.palette import PALETTES, Palette
from unet_tutorial.figures.drawing.render import inline_svg
from unet_tutorial.figures.drawing.style import PAPER

STYLES = ("page.css", "explorer.css")
SCRIPTS = (
    "numbers.js", "sizes.js", "plan.js", "receptive_field.js", "sketch.js", "frame.js", "columns.js", "heights.js",
    "layout.js", "legend.js", "render.js", "sees.js", "viewer.js", "tables.js", "explorer.js", "start.js",
)  # fmt: skip
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
HEADS = (
    "Map", "Operation", "Shape", "Crop per side (px)", "Parameters", "MACs", "Bytes", "Bytes saved",
    "Receptive field (px)",
)  # fmt: skip
NONE = "—"
HINT = (
    "Point at a map, or move to it with the Tab or arrow keys, to see its numbers and the input pixels that it sees. "
    "Enter or a click keeps it selected, Escape deselects it."
)
LIGHT = {
    "soft": "#555c63", "line": "#d5d9de", "card": "#f5f7f9", "accent": "#0b57a4", "bad": "#a4161a", "good": "#1f7a34",
    "mark": "#f0a500",
}  # fmt: skip
DARK = {
    "soft": "#b3bac2", "line": "#3a414a", "card": "#1c2127", "accent": "#8ab8ff", "bad": "#ff9c94", "good": "#77d48a",
    "mark": "#f0b429",
}  # fmt: skip


def asset(name: str) -> str:
    """The text of a file in ``assets``."""
    return (files(__package__) / "assets" / name).read_text(encoding="utf8")


def document(title: str, lead: str, main: str) -> str:
    """The whole page from its title, the introduction below it (``lead``), and the HTML of its main part."""
    light, dark = _colours(PALETTES["paper"], LIGHT), _colours(PALETTES["dark"], DARK)
    style = f":root {{ {light} }}\n@media (prefers-color-scheme: dark) {{\n:root {{ {dark} }}\n}}\n"
    parts = {"title": escape(title), "lead": escape(lead), "main": main, "policy": POLICY}
    parts |= {"style": style + "\n".join(map(asset, STYLES)), "script": "\n".join(map(asset, SCRIPTS))}
    return Template(asset("page.html")).substitute(parts)


def iframe(html: str, title: str, height: int = 900) -> str:
    """An iframe that shows a page inside a notebook or another page; ``height`` is in pixels."""
    style = f"width: 100%; height: {height}px; border: 0"
    return f'<iframe title="{escape(title)}" style="{style}" sandbox="allow-scripts" srcdoc="{escape(html)}"></iframe>'


def _colours(palette: Palette, more: dict[str, str]) -> str:
    """The colours as CSS custom properties."""
    return " ".join(f"--{name}: {colour};" for name, colour in (asdict(palette) | more).items())


def figure(arch: ArchIR, annotations: Annotations = UNCHANGED) -> str:
    """The drawing as inline SVG, whose colours are those of the page, light or dark."""
    scene = arrange(arch, PAPER, "conv", annotations)
    text = inline_svg(scene, PAPER.colours, arch.name, alt_text(arch) + annotations.part_in_words)
    names = {colour: name for name, colour in asdict(PAPER.colours).items()}
    text = re.sub("|".join(names), lambda found: f"var(--{names[found[0]]})", text)
    return text.replace('<svg role="img"', f'<svg role="img" style="--points: {scene.width:g}"', 1)


def map_rows(arch: ArchIR) -> list[list[str]]:
    """A row of texts per map, in the order of ``HEADS``."""
    saved = "saved" in arch.totals
    return [_map_texts(node, saved_is_known=saved) for node in with_receptive_fields(arch).nodes]


def _map_texts(node: Node, *, saved_is_known: bool) -> list[str]:
    counts = [f"{n:,}" for n in (node.parameters, node.macs, node.bytes)]
    counts.append(f"{node.saved:,}" if saved_is_known else NONE)
    crop = per_side_text(node.crop) if node.crop else NONE
    return [
        node.id,
        operation_name(node, with_folded=True),
        shape_text(node.shape),
        crop,
        *counts,
        range_text(node.field) or NONE,
    ]


def viewer(arch: ArchIR, picture: str, table_id: str, label: str) -> str:
    """A picture of the network, space for the numbers of one map, and the table of all maps with this label."""
    skip = f'<a class="skip" href="#{table_id}">Skip the figure: {label.lower()}</a>'
    return f"""<p class="hint needs-script">{HINT} {skip}</p>
<div class="figure">{picture}</div>
<div class="panel"></div>
<div id="{table_id}">{map_table(arch, label)}</div>"""


def map_table(arch: ArchIR, label: str) -> str:
    """The table of all maps with this label; it is closed when the page opens.

    The rows hold data for the scripts: id, operation, id of the part of the figure that shows the map, and receptive
    field of the middle pixel.
    """
    size = ",".join(str(n) for n in next((n.size for n in arch.inputs), ()))
    parts = {key: f"{skip.target}.skip" for skip in arch.skips for key in skip.through if arch.node(key).op == "crop"}
    lines = zip(arch.nodes, map_rows(arch), strict=True)
    rows = "\n".join(_map_html(node, texts, _sees(arch, node), parts.get(node.id, "")) for node, texts in lines)
    heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
    return f"""<details><summary>{label}, <span data-result="count">{len(arch.nodes)}</span> in all</summary>
<div class="scroll" tabindex="0" role="region" aria-label="{label}">
<table class="maps" data-size="{size}"><caption>In the order of the forward pass</caption>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody></table></div></details>"""


def _map_html(node: Node, texts: list[str], sees: str, part: str) -> str:
    head, *cells = (escape(text) for text in texts)
    data = f'data-node="{escape(node.id)}" data-op="{node.op}" data-sees="{sees}" data-part="{part}"'
    return f'<tr {data}><th scope="row">{head}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _sees(arch: ArchIR, node: Node) -> str:
    """First and last input pixel that the middle pixel of a map sees, per axis; "" if it sees all of them."""
    before = list(arch.nodes[arch.nodes.index(node) :: -1])
    axes = range(len(node.size) if node.scale else 0)
    pairs = [seen_interval(before, axis, node.size[axis] // 2) for axis in axes]
    return ",".join(f"{pair[0]} {pair[1]}" for pair in pairs if pair) if all(pairs) else ""
