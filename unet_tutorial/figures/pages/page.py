"""A network as a page to look into: point at a map, or move to it with the keyboard, and its numbers are there."""

from __future__ import annotations

from dataclasses import replace

from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.text import shape
from unet_tutorial.figures.pages.explorer import Choice, section
from unet_tutorial.figures.pages.markup import document, figure, maps

HINT = (
    "Point at a map, or move to it with the Tab or arrow keys: its numbers, and what it sees of the input. "
    "Enter or a click holds it, Escape lets go."
)
DEEPEST, WIDEST, LARGEST, MOST = 6, 128, 4096, 64  # what the explorer's controls reach


def page(arch: ArchIR) -> str:
    """One HTML file that needs nothing else: the figure, every map with its numbers, and for a plain U the explorer.

    Without a script it shows the figure and the numbers. ``markup.framed`` puts it into a notebook.
    """
    parts = [
        f'<section data-viewer aria-labelledby="network"><h2 id="network">The network</h2>\n{_look(arch)}</section>'
    ]
    choice = chosen(arch)
    if choice:
        parts.append(_explorer(choice))
    return document(arch.name, lead(arch), "\n".join(parts))


def lead(arch: ArchIR) -> str:
    """Input, output and totals in a sentence or two; why it is no U, where it is none."""
    given = " and ".join(shape(node.shape) for node in arch.nodes if node.op == "input")
    ends = [node for node in arch.nodes if "output" in node.folded] or list(arch.nodes[-1:])
    counts = [
        ("parameters", "parameters"),
        ("macs", "multiply-accumulates"),
        ("saved", "bytes saved for the backward pass"),
    ]
    known = ", ".join(f"{arch.totals[key]:,} {words}" for key, words in counts if key in arch.totals)
    why = f" Not a U: {arch.reason}." if arch.reason else ""
    return f"{given} → {' and '.join(shape(node.shape) for node in ends)}. {known}.{why}"


def _look(arch: ArchIR) -> str:
    return f"""<p class="hint needs-script">{HINT} <a class="skip" href="#every">Skip the figure</a></p>
<div class="figure paper">{figure(arch)}</div>
<div class="panel"></div>
<div id="every">{maps(arch)}</div>"""


def _explorer(choice: Choice) -> str:
    return f"""<section class="needs-script" aria-labelledby="explore"><h2 id="explore">Change it</h2>
<p>The same kind of network with another input, depth, width or padding.</p>
{section(choice, "h3", pictured=False)}</section>"""


def chosen(arch: ArchIR) -> Choice | None:
    """The explorer's choice that is this very network; None where there is none, as for other parts and widths."""
    inputs, path = [node for node in arch.nodes if node.op == "input"], [arch.node(key) for key in arch.path]
    first = next((node for node in arch.nodes if node.op == "conv"), None)
    if len(inputs) != 1 or not path or not first or not first.window:
        return None
    depth, (size, *more) = max(node.level for node in path), inputs[0].size
    padding = "same" if any(first.window.before) else "valid"
    choice = Choice(size, depth, first.channels, padding, 1 + len(more), inputs[0].channels, path[-1].channels)  # type: ignore[arg-type]
    within = depth <= DEEPEST and choice.width <= WIDEST and size <= LARGEST and max(choice.ins, choice.outs) <= MOST
    if not within or choice.rank not in (2, 3) or set(more) != {size}:
        return None
    return choice if [_bare(n) for n in choice.arch().nodes] == [_bare(n) for n in arch.nodes] else None


def _bare(node: Node) -> Node:
    """Without its module's name, and a view's bytes."""
    return replace(node, path="", field=(), bytes=node.bytes if node.op != "crop" else 0)
