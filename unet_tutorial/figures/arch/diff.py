"""Compares two architectures map by map: lists new, removed and changed maps, and the numbers that changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.receptive_field import with_receptive_fields
from unet_tutorial.figures.arch.text import common_text, operation_name, per_side_text, range_text, shape_text

HEADS = ("", "map", "op", "inputs", "out", "crop", "padding", "jump", "params", "MACs", "bytes", "saved", "RF px")
LEFT_ALIGNED = ("", "map", "op", "inputs")
SAME, CHANGED, GONE, NEW = "", "*", "-", "+"
Line = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """Lines of cells under ``HEADS``. The first cell is a mark: * changed, - only in the first, + only in the second.

    A changed cell shows "old → new". ``notes`` list differences of the whole network: totals, valid sizes, skips.
    Names, module paths and whether an activation works in place are not compared.
    """

    lines: tuple[Line, ...]
    notes: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether both describe the same network."""
        return not self.notes and all(line[0] == SAME for line in self.lines)

    def changes(self) -> tuple[Line, ...]:
        """The lines that differ."""
        return tuple(line for line in self.lines if line[0] != SAME)


def difference(one: ArchIR, other: ArchIR) -> Difference:
    """The changes that turn the first architecture into the second, in the order of the forward pass."""
    old, new = ({node.id: _cells(node) for node in with_receptive_fields(arch).nodes} for arch in (one, other))
    return Difference(tuple(_lines(old, new)), tuple(_notes(one, other)))


def _cells(node: Node) -> Line:
    return (
        node.id,
        operation_name(node, with_folded=True),
        ", ".join(node.inputs),
        shape_text(node.shape),
        per_side_text(node.crop),
        common_text(node.window.before) if node.window and any(node.window.before) else "",
        common_text(node.scale),
        f"{node.parameters:,}",
        f"{node.macs:,}",
        f"{node.bytes:,}",
        f"{node.saved:,}",
        range_text(node.field),
    )


def _lines(old: dict[str, Line], new: dict[str, Line]) -> Iterator[Line]:
    old_lines, new_lines = list(old.values()), list(new.values())
    for tag, a, b, c, d in SequenceMatcher(None, list(old), list(new), autojunk=False).get_opcodes():
        if tag == "equal":  # the same ids; the cells may differ
            yield from map(_compared, old_lines[a:b], new_lines[c:d])
        else:
            yield from ((GONE, *cells) for cells in old_lines[a:b])
            yield from ((NEW, *cells) for cells in new_lines[c:d])


def _compared(old: Line, new: Line) -> Line:
    cells = tuple(a if a == b else f"{a or 'none'} → {b or 'none'}" for a, b in zip(old, new, strict=True))
    return (SAME if old == new else CHANGED, *cells)


def _notes(one: ArchIR, other: ArchIR) -> Iterator[str]:
    for key in dict.fromkeys((*one.totals, *other.totals)):
        old, new = one.totals.get(key), other.totals.get(key)
        if old != new:
            yield f"{key}: {'none' if old is None else f'{old:,}'} → {'none' if new is None else f'{new:,}'}"
    pairs = (
        ("smallest valid size and step", one.valid, other.valid),
        ("why it is not a plain U-Net", one.reason, other.reason),
    )
    for name, a, b in pairs:
        if a != b:
            yield f"{name}: {a or 'none'} → {b or 'none'}"
    if one.skips != other.skips or one.path != other.path:
        yield f"skips: {len(one.skips)} → {len(other.skips)}; the maps on the main path or on a skip differ"
