"""A network as an interactive page, which shows the numbers of the map under the pointer or the keyboard focus."""

from __future__ import annotations

from dataclasses import replace

from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.text import shape_text
from unet_tutorial.figures.pages.explorer import Choice, section
from unet_tutorial.figures.pages.markup import document, figure, map_table
from unet_tutorial.plan.sizes import size_error

HINT = (
    "Point at a map, or move to it with the Tab or arrow keys, to see its numbers and the input pixels that it sees. "
    "Enter or a click keeps it selected, Escape deselects it."
)
MAX_DEPTH, MAX_WIDTH, MAX_SIZE, MAX_CHANNELS = 6, 128, 4096, 64  # limits of the explorer's controls


def page(arch: ArchIR) -> str:
    """One HTML file: the figure, a table of all maps and, for a plain U-Net, the explorer.

    Without scripts the figure and the table are still there. ``markup.iframe`` embeds the page in a notebook.
    """
    heading = '<h2 id="network">The network</h2>'
    parts = [f'<section data-viewer aria-labelledby="network">{heading}\n{_viewer(arch)}</section>']
    choice = matching_choice(arch)
    if choice:
        parts.append(_explorer(choice))
    return document(arch.name, lead(arch), "\n".join(parts))


def lead(arch: ArchIR) -> str:
    """The introduction: input, output, totals and, if the network is not drawn as a U, the reason."""
    inputs, outputs = (
        " and ".join(shape_text(node.shape) for node in nodes) for nodes in (arch.inputs, map(arch.node, arch.outputs))
    )
    counts = [
        ("parameters", "parameters"),
        ("macs", "multiply-accumulates"),
        ("saved", "bytes saved for the backward pass"),
    ]
    totals = ", ".join(f"{arch.totals[key]:,} {unit}" for key, unit in counts if key in arch.totals)
    reason = f" Not drawn as a U: {arch.reason}." if arch.reason else ""
    return f"{inputs} → {outputs}. {totals}.{reason}"


def _viewer(arch: ArchIR) -> str:
    return f"""<p class="hint needs-script">{HINT} <a class="skip" href="#every">Skip the figure</a></p>
<div class="figure paper">{figure(arch)}</div>
<div class="panel"></div>
<div id="every">{map_table(arch)}</div>"""


def _explorer(choice: Choice) -> str:
    return f"""<section class="needs-script" aria-labelledby="explore"><h2 id="explore">Change it</h2>
<p>The same kind of network with another input, depth, width or padding.</p>
{section(choice, "h3", pictured=False)}</section>"""


def matching_choice(arch: ArchIR) -> Choice | None:
    """The explorer's choice that gives exactly this network; None if there is none."""
    inputs, path = arch.inputs, [arch.node(key) for key in arch.path]
    first = next((node for node in arch.nodes if node.op == "conv"), None)
    if len(inputs) != 1 or not path or not first or not first.window:
        return None
    depth, (size, *more) = max(node.level for node in path), inputs[0].size
    padding = "same" if any(first.window.before) else "valid"
    choice = Choice(size, depth, first.channels, padding, 1 + len(more), inputs[0].channels, path[-1].channels)  # type: ignore[arg-type]
    within = depth <= MAX_DEPTH and choice.width <= MAX_WIDTH and size <= MAX_SIZE
    if not within or max(choice.ins, choice.outs) > MAX_CHANNELS or choice.rank not in (2, 3) or set(more) != {size}:
        return None
    if size_error(choice.input, choice.levels, padding=choice.padding):
        return None
    return choice if [_comparable(n) for n in choice.arch().nodes] == [_comparable(n) for n in arch.nodes] else None


def _comparable(node: Node) -> Node:
    """The node without its receptive field, and without the bytes of a crop: these differ between trace and plan."""
    return replace(node, field=(), bytes=node.bytes if node.op != "crop" else 0)
