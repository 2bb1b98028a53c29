"""Two architectures side by side: which maps are new, gone or changed, cell by cell; without torch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.receptive_field import with_fields
from unet_tutorial.figures.arch.text import each, operation_name, pairs_text, shape, span

HEADS = ("", "map", "op", "reads", "out", "crop", "padding", "jump", "params", "MACs", "bytes", "saved", "RF px")
TEXTS = ("", "map", "op", "reads")  # set to the left
SAME, CHANGED, GONE, NEW = "", "*", "-", "+"
Line = tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    """Lines of cells under ``HEADS``, each with its mark: * changed, - only in the first, + only in the second.

    A changed cell reads "old → new". ``notes`` tell of the whole: totals, sizes that pass, skips. Names, the paths of
    modules, and whether an activation works in place, are not compared.
    """

    lines: tuple[Line, ...]
    notes: tuple[str, ...]

    @property
    def equal(self) -> bool:
        """Whether both describe the same network."""
        return not self.notes and all(line[0] == SAME for line in self.lines)

    def changes(self) -> tuple[Line, ...]:
        """The lines that are not the same in both."""
        return tuple(line for line in self.lines if line[0] != SAME)


def difference(one: ArchIR, other: ArchIR) -> Difference:
    """What must be done to the first to get the second, map by map, in the order of the pass."""
    ours, theirs = ({node.id: _cells(node) for node in with_fields(arch).nodes} for arch in (one, other))
    return Difference(tuple(_lines(ours, theirs)), tuple(_notes(one, other)))


def _cells(node: Node) -> Line:
    return (
        node.id,
        operation_name(node, whole=True),
        ", ".join(node.inputs),
        shape(node.shape),
        pairs_text(node.crop),
        each(node.window.before) if node.window and any(node.window.before) else "",
        each(node.scale),
        f"{node.parameters:,}",
        f"{node.macs:,}",
        f"{node.bytes:,}",
        f"{node.saved:,}",
        span(node.field),
    )


def _lines(ours: dict[str, Line], theirs: dict[str, Line]) -> Iterator[Line]:
    for tag, a, b, c, d in SequenceMatcher(None, list(ours), list(theirs), autojunk=False).get_opcodes():
        if tag == "equal":
            yield from map(_compared, list(ours.values())[a:b], list(theirs.values())[c:d])
            continue
        yield from ((GONE, *cells) for cells in list(ours.values())[a:b])
        yield from ((NEW, *cells) for cells in list(theirs.values())[c:d])


def _compared(old: Line, new: Line) -> Line:
    cells = tuple(a if a == b else f"{a or 'none'} → {b or 'none'}" for a, b in zip(old, new, strict=True))
    return (SAME if old == new else CHANGED, *cells)


def _notes(one: ArchIR, other: ArchIR) -> Iterator[str]:
    for key in dict.fromkeys((*one.totals, *other.totals)):
        old, new = one.totals.get(key), other.totals.get(key)
        if old != new:
            yield f"{key}: {'none' if old is None else f'{old:,}'} → {'none' if new is None else f'{new:,}'}"
    for name, a, b in (("smallest valid size and step", one.valid, other.valid), ("no U", one.reason, other.reason)):
        if a != b:
            yield f"{name}: {a or 'none'} → {b or 'none'}"
    if one.skips != other.skips or one.path != other.path:
        yield f"skips: {len(one.skips)} → {len(other.skips)}, along another way through the U"
