"""Numbers and operations in the words of a table; without torch."""

from __future__ import annotations

import re
from collections.abc import Sequence

from unet_tutorial.figures.arch.ir import Node, Pairs
from unet_tutorial.plan.levels import Size

NAMED = {"up": "up-conv", "linear": "linear", "concat": "concat", "add": "add", "gate": "multiply", "crop": "crop"}


def operation_name(node: Node, *, whole: bool = False) -> str:
    """What a node does, as in "conv 3×3"; ``whole`` adds what was folded into it, the norm and the activation.

    >>> operation_name(Node("a", "gate", "mul", (), (4, 8, 8), folded=("native_batch_norm", "relu_", "output")), whole=True)
    'multiply, batch norm, relu'
    """
    extra = [plain(kind) for kind in node.folded if kind != "output"] if whole else []
    return ", ".join([_deed(node), *extra])


def _deed(node: Node) -> str:
    window = node.window
    if node.op == "crop" and node.crop and min(n for pair in node.crop for n in pair) < 0:
        return "pad"
    if node.op == "pool":
        kind = next((word for word in ("max", "avg") if word in node.kind), "")
        return " ".join(word for word in (kind, "pool", times(window.kernel) if window else "") if word)
    if node.op == "resize" or (node.op == "view" and window and max(window.up) > 1):
        how = re.sub(r"upsample_|_exact|\d?d?$", "", node.kind) if node.op == "resize" else "shuffle"
        return f"{how.strip('_')} ×{each(window.up)}" if window else plain(node.kind)
    if window and node.op in ("conv", "up"):
        apart = [f"stride {each(window.stride)}"] if max(window.stride) > 1 else []
        apart += [f"dilation {each(window.dilation)}"] if max(window.dilation) > 1 else []
        return " ".join([NAMED.get(node.op, "conv"), times(window.kernel), *apart])
    return NAMED.get(node.op, node.op if node.op == "input" else plain(node.kind))


def each(values: Sequence[float]) -> str:
    """One number where all axes agree, else one each.

    >>> each((2.0, 2.0)), each((1, 2, 2))
    ('2', '1×2×2')
    """
    return times(values if len(set(values)) > 1 else values[:1])


def plain(kind: str) -> str:
    """torch's name of an operation as a reader says it.

    >>> plain("native_batch_norm"), plain("relu_"), plain("max_pool2d_with_indices")
    ('batch norm', 'relu', 'max pool2d')
    """
    return re.sub(r"^native_|_with_indices|_unsafe_|_$", "", kind).replace("_", " ").strip()


def times(values: Sequence[float]) -> str:
    """One number for all axes, or each.

    >>> times((1, 3, 3)), times((2.0,))
    ('1×3×3', '2')
    """
    return "×".join(f"{value:.12g}" for value in values)


def one_or_all(texts: Sequence[str]) -> str:
    """What every axis shares once, or each axis' own.

    >>> one_or_all(["4", "4"]), one_or_all(["0", "4"])
    ('4', '0×4')
    """
    return texts[0] if texts and len(set(texts)) == 1 else "×".join(texts)


def shape(value: Size, *, compact: bool = False) -> str:
    """Channels and size.

    >>> shape((64, 568, 568)), shape((64, 568, 568), compact=True), shape((8, 4, 9, 9), compact=True)
    ('64×568×568', '64×568²', '8×4×9×9')
    """
    channels, *size = value or (1,)
    if compact and len(size) in (2, 3) and len(set(size)) == 1:
        return f"{channels}×{size[0]}{'²' if len(size) == 2 else '³'}"
    return times((channels, *size))


def span(pairs: Pairs) -> str:
    """Smallest and largest, per axis.

    >>> span(((188, 204), (188, 204))), span(((5, 5), (1, 3)))
    ('188–204', '5×1–3')
    """
    return one_or_all([str(low) if low == high else f"{low}–{high}" for low, high in pairs])


def pairs_text(pairs: Pairs) -> str:
    """Pixels cut off on each side, per axis.

    >>> pairs_text(((88, 88), (88, 88))), pairs_text(((0, 0), (3, 4))), pairs_text(((-1, -1),))
    ('88', '0×3+4', '-1')
    """
    return one_or_all([str(first) if first == last else f"{first}+{last}" for first, last in pairs])


def fixed(value: float, digits: int) -> str:
    """So many digits after the point; what they cannot show is not called nothing.

    >>> fixed(1234.5, 2), fixed(0.004, 2), fixed(0.0, 2)
    ('1,234.50', '<0.01', '0.00')
    """
    least = 10.0**-digits
    return f"<{least:.{digits}f}" if 0 < value < least / 2 else f"{value:,.{digits}f}"


def mib(size: int) -> str:
    """Bytes as MiB, 2**20 of them.

    >>> mib(124122632)
    '118.37 MiB'
    """
    return f"{fixed(size / 2**20, 2)} MiB"


SUPERSCRIPTS = {2: "²", 3: "³"}


def size_text(size: Size) -> str:
    """572² where all axes are equal, else each of them.

    >>> size_text((572, 572)), size_text((16, 64, 64)), size_text((8, 8, 8)), size_text((9,))
    ('572²', '16×64×64', '8³', '9')
    """
    if len(size) in SUPERSCRIPTS and len(set(size)) == 1:
        return f"{size[0]}{SUPERSCRIPTS[len(size)]}"
    return "×".join(map(str, size))
