"""The whole graph as text for Mermaid and for Graphviz: every node with its shape, a rank per level."""

from __future__ import annotations

from collections.abc import Iterator

from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.text import operation_name, pairs_text, shape

COLOURS = {  # of the border, by what a node does; the words on it say the same
    "conv": "#1f4e79", "pool": "#b22222", "up": "#2e7d32", "resize": "#2e7d32", "crop": "#616161",
}  # fmt: skip
OTHER = "#424242"


def words(node: Node) -> list[str]:
    """The lines on a node: its id, what it does, what comes out."""
    cropped = f" {pairs_text(node.crop)}" if node.crop else ""
    return [node.id, operation_name(node, whole=True) + cropped, shape(node.shape)]


def across(arch: ArchIR) -> set[tuple[str, str]]:
    """The edges that are part of a skip; they are dashed."""
    found = set()
    for skip in arch.skips:
        beside = {skip.source, skip.target, *skip.through}
        found |= {(key, node.id) for node in arch.nodes for key in node.inputs if {key, node.id} <= beside}
    return {edge for edge in found if edge not in set(zip(arch.path, arch.path[1:], strict=False))}


def edges(arch: ArchIR) -> Iterator[tuple[str, str]]:
    """From each map to whoever reads it, in the order of the pass."""
    for node in arch.nodes:
        yield from ((key, node.id) for key in dict.fromkeys(node.inputs))


def levels(arch: ArchIR) -> dict[int | None, list[Node]]:
    """Nodes by level, finest first; None for those that have no axes."""
    found: dict[int | None, list[Node]] = {}
    for node in sorted(arch.nodes, key=lambda each: each.level):
        found.setdefault(node.level if node.scale else None, []).append(node)
    return found


def mermaid(arch: ArchIR) -> str:
    """A flowchart for Mermaid, which GitHub and many wikis draw; a box around each level.

    Node ``n0`` is the first of the pass; its label is id, operation and shape, on three lines.
    """
    key, dashed = _keys(arch), across(arch)
    lines = ["flowchart TB"]
    for level, nodes in levels(arch).items():
        lines.append(f'  subgraph {_place(level)}["{_title(level)}"]')
        lines += [f'    {key[node.id]}["{"<br/>".join(map(_entities, words(node)))}"]' for node in nodes]
        lines.append("  end")
    lines += [f"  {key[a]} {'-.->' if (a, b) in dashed else '-->'} {key[b]}" for a, b in edges(arch)]
    return "\n".join([*lines, ""])


def dot(arch: ArchIR) -> str:
    """A digraph for Graphviz: the maps of a level on one rank, skips dashed."""
    key, dashed = _keys(arch), across(arch)
    lines = [f"digraph {_quoted(arch.name)} {{", "  rankdir=TB; newrank=true;"]
    lines += ['  node [shape=box, fontname="Helvetica", fontsize=10]; edge [color="#424242"];']
    for level, nodes in levels(arch).items():
        lines.append(f"  {{ rank=same; /* {_title(level)} */")
        lines += [f"    {key[n.id]} [label={_label(n)}, color={_quoted(COLOURS.get(n.op, OTHER))}];" for n in nodes]
        lines.append("  }")
    for a, b in edges(arch):
        rises = arch.node(a).level > arch.node(b).level
        style, free = "dashed" if (a, b) in dashed else "solid", "false" if rises else "true"
        lines.append(f"  {key[a]} -> {key[b]} [style={style}, constraint={free}];")
    return "\n".join([*lines, "}", ""])


def _keys(arch: ArchIR) -> dict[str, str]:
    return {node.id: f"n{i}" for i, node in enumerate(arch.nodes)}


def _place(level: int | None) -> str:
    return "beside" if level is None else f"level{level}"


def _title(level: int | None) -> str:
    return "without axes" if level is None else f"level {level}"


def _label(node: Node) -> str:
    return _quoted("\n".join(words(node)))


def _quoted(text: str) -> str:
    """A string of DOT; a newline is written as its escape."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{plain}"'


def _entities(text: str) -> str:
    """Text in a quoted label of Mermaid, whose entities are #name; or #number;."""
    return "".join(c if c.isalnum() or c in " .,×–-+" else f"#{ord(c)};" for c in text)
