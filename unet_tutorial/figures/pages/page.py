"""A network as an interactive page, which shows the numbers of the map under the pointer or the keyboard focus."""

from __future__ import annotations

from dataclasses import replace

from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.text import ends_text
from unet_tutorial.figures.drawing.annotations import UNCHANGED, Annotations
from unet_tutorial.figures.pages.explorer import MOST, Choice, section
from unet_tutorial.figures.pages.markup import document, figure, viewer
from unet_tutorial.plan.sizes import valid_sizes

PLAIN_OPS = {"input", "conv", "pool", "up", "crop", "concat"}


def page(arch: ArchIR, annotations: Annotations = UNCHANGED) -> str:
    """One HTML file: the figure with the user's annotations, a table of all maps and, for a plain U-Net, the explorer.

    Without scripts the figure and the table are still there. ``markup.iframe`` embeds the page in a notebook.
    """
    heading = '<h2 id="network">The network</h2>'
    shown = viewer(arch, figure(arch, annotations), "every", "Every map")
    parts = [f'<section data-viewer aria-labelledby="network">{heading}\n{shown}</section>']
    choice = matching_choice(arch)
    if choice:
        parts.append(_explorer(choice))
    return document(arch.name, lead(arch), "\n".join(parts))


def lead(arch: ArchIR) -> str:
    """The introduction: input, output, totals and, if the network is not drawn as a U, the reason."""
    counts = [
        ("parameters", "parameters"),
        ("macs", "multiply-accumulates"),
        ("saved", "bytes saved for the backward pass"),
    ]
    totals = ", ".join(f"{arch.totals[key]:,} {unit}" for key, unit in counts if key in arch.totals)
    reason = f" Not drawn as a U: {arch.reason}." if arch.reason else ""
    return f"{ends_text(arch)}. {totals}.{reason}"


def _explorer(choice: Choice) -> str:
    return f"""<section class="needs-script" aria-labelledby="explore"><h2 id="explore">Change it</h2>
<p>The same kind of network with another input, depth, width or padding.</p>
{section(choice, "h3", pictured=False)}</section>"""


def matching_choice(arch: ArchIR) -> Choice | None:
    """The explorer's choice that gives exactly this network; None if there is none."""
    choice = _choice(arch) if _may_be_plain(arch) else None
    if choice is None or choice.size not in valid_sizes(choice.levels, padding=choice.padding)[0]:
        return None
    return choice if [_comparable(n) for n in choice.arch().nodes] == [_comparable(n) for n in arch.nodes] else None


def _may_be_plain(arch: ArchIR) -> bool:
    """Whether the operations are those of a plain U-Net, with kernels of 3 in all convolutions but the last.

    The functions of ``plan`` do not give the sizes of other networks.
    """
    kernels = [set(node.window.kernel) for node in arch.nodes if node.op == "conv" and node.window]
    ops = {node.op for node in arch.nodes}
    return bool(arch.path) and len(arch.inputs) == 1 and ops <= PLAIN_OPS and kernels[:-1] == [{3}] * (len(kernels) - 1)


def _choice(arch: ArchIR) -> Choice | None:
    """The values that the controls need for this network; None if one is outside the limits of its control."""
    path = [arch.node(key) for key in arch.path]
    first = next((node.window for node in arch.nodes if node.op == "conv"), None)
    (size, *more), ins, outs = path[0].size, path[0].channels, path[-1].channels
    depth, width, rank = max(node.level for node in path), path[1].channels, 1 + len(more)
    values = (("size", size), ("depth", depth), ("width", width), ("channels", ins), ("channels", outs))
    within = all(1 <= value <= MOST[name] for name, value in values)
    if not (first and within and rank in (2, 3) and {size, *more} == {size}):
        return None
    return Choice(size, depth, width, "same" if any(first.before) else "valid", rank, ins, outs)


def _comparable(node: Node) -> Node:
    """The node without its receptive field, and without the bytes of a crop: these differ between trace and plan."""
    return replace(node, field=(), bytes=node.bytes if node.op != "crop" else 0)
