"""The whole graph as text for Mermaid or Graphviz: each node with its shape, one row per level."""

from __future__ import annotations

from collections.abc import Iterator

from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.text import operation_name, per_side_text, shape_text

COLOURS = {  # of the border, by operation; the label gives the operation, too
    "conv": "#1f4e79", "pool": "#b22222", "up": "#2e7d32", "resize": "#2e7d32", "crop": "#616161",
}  # fmt: skip
OTHER = "#424242"


def mermaid(arch: ArchIR) -> str:
    """A Mermaid flowchart, which GitHub and many wikis display; one subgraph per level.

    Node ``n0`` is the first of the forward pass. Labels have three lines: id, operation, shape.
    """
    key, skips = _keys(arch), skip_edges(arch)
    lines = ["flowchart TB"]
    for level, nodes in levels(arch).items():
        lines.append(f'  subgraph {"beside" if level is None else f"level{level}"}["{_title(level)}"]')
        lines += [f'    {key[node.id]}["{"<br/>".join(map(_mermaid_escaped, label_lines(node)))}"]' for node in nodes]
        lines.append("  end")
    lines += [f"  {key[a]} {'-.->' if (a, b) in skips else '-->'} {key[b]}" for a, b in edges(arch)]
    return "\n".join([*lines, ""])


def dot(arch: ArchIR) -> str:
    """A Graphviz digraph: the nodes of a level in one row, skips dashed."""
    key, skips = _keys(arch), skip_edges(arch)
    lines = [f"digraph {_dot_quoted(arch.name)} {{", "  rankdir=TB; newrank=true;"]
    lines += ['  node [shape=box, fontname="Helvetica", fontsize=10]; edge [color="#424242"];']
    for level, nodes in levels(arch).items():
        lines.append(f"  {{ rank=same; /* {_title(level)} */")
        for node in nodes:
            label, colour = _dot_quoted("\n".join(label_lines(node))), _dot_quoted(COLOURS.get(node.op, OTHER))
            lines.append(f"    {key[node.id]} [label={label}, color={colour}];")
        lines.append("  }")
    for a, b in edges(arch):
        upwards = arch.node(a).level > arch.node(b).level
        style, constraint = "dashed" if (a, b) in skips else "solid", "false" if upwards else "true"
        lines.append(f"  {key[a]} -> {key[b]} [style={style}, constraint={constraint}];")
    return "\n".join([*lines, "}", ""])


def edges(arch: ArchIR) -> Iterator[tuple[str, str]]:
    """Pairs of ids: a node and one of its users, in the order of the forward pass."""
    for node in arch.nodes:
        yield from ((key, node.id) for key in dict.fromkeys(node.inputs))


def skip_edges(arch: ArchIR) -> set[tuple[str, str]]:
    """The edges that belong to a skip."""
    found = set()
    for skip in arch.skips:
        members = {skip.source, skip.target, *skip.through}
        found |= {(key, node.id) for node in arch.nodes for key in node.inputs if {key, node.id} <= members}
    return found - set(zip(arch.path, arch.path[1:], strict=False))


def levels(arch: ArchIR) -> dict[int | None, list[Node]]:
    """Nodes by level, finest first; None for nodes without spatial axes."""
    found: dict[int | None, list[Node]] = {}
    for node in sorted(arch.nodes, key=lambda each: each.level):
        found.setdefault(node.level if node.scale else None, []).append(node)
    return found


def label_lines(node: Node) -> list[str]:
    """Id, operation with its crop, and shape."""
    crop = f" {per_side_text(node.crop)}" if node.crop else ""
    return [node.id, operation_name(node, with_folded=True) + crop, shape_text(node.shape)]


def _keys(arch: ArchIR) -> dict[str, str]:
    return {node.id: f"n{i}" for i, node in enumerate(arch.nodes)}


def _title(level: int | None) -> str:
    return "without axes" if level is None else f"level {level}"


def _dot_quoted(text: str) -> str:
    """A DOT string; a newline becomes its escape sequence."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _mermaid_escaped(text: str) -> str:
    """Text inside a quoted Mermaid label; Mermaid's entities are ``#name;`` or ``#number;``."""
    return "".join(c if c.isalnum() or c in " .,×–-+" else f"#{ord(c)};" for c in text)
