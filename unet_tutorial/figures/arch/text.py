"""Text for the numbers and operations of a node, as printed in figures and tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from unet_tutorial.figures.arch.ir import ArchIR, Node, Pairs, Window
from unet_tutorial.plan.levels import Size

SUPERSCRIPTS = {2: "²", 3: "³"}
NAMED = {"up": "up-conv", "linear": "linear", "concat": "concat", "add": "add", "gate": "multiply", "crop": "crop"}
GLOBAL_POOLS = {"avg": re.compile(r"mean|_?adaptive_avg_pool\dd"), "max": re.compile(r"a?max|_?adaptive_max_pool\dd")}
OTHER_NAMES = {"sub": "subtract", "rsub": "subtract", "div": "divide", "lerp": "weighted sum"}  # of sums and products


def operation_name(node: Node, *, with_folded: bool = False) -> str:
    """The operation of a node, such as "conv 3×3"; ``with_folded`` appends the norms and activations fused into it.

    >>> operation_name(Node("a", "gate", "mul", (), (4, 8, 8), folded=("native_batch_norm", "relu_")), with_folded=True)
    'multiply, batch norm, relu'
    """
    folded = [kind_text(kind) for kind in node.folded] if with_folded else []
    return ", ".join([_own_name(node), *folded])


def _own_name(node: Node) -> str:
    window = node.window
    if node.op == "crop" and node.crop and min(n for pair in node.crop for n in pair) < 0:
        return "pad"
    if node.op == "pool" and node.kind == "slice" and window:
        return f"slice stride {common_text(window.stride)}"
    if node.op == "pool":
        kind = next((word for word in ("max", "avg") if word in node.kind), "")
        return " ".join(word for word in (kind, "pool", axes_text(window.kernel) if window else "") if word)
    if node.op == "resize" or (node.op == "view" and window and max(window.up) > 1):
        mode = re.sub(r"upsample_|_exact|\d?d?$", "", node.kind) if node.op == "resize" else "shuffle"
        return f"{kind_text(mode.strip('_'))} ×{_factors(window)}" if window else kind_text(node.kind)
    if window and node.op in ("conv", "up"):
        options = [f"stride {common_text(window.stride)}"] if max(window.stride) > 1 else []
        options += [f"dilation {common_text(window.dilation)}"] if max(window.dilation) > 1 else []
        return " ".join([NAMED.get(node.op, "conv"), axes_text(window.kernel), *options])
    if node.op == "reduce" and node.global_axes and set(node.shape[1:]) <= {1} and node.channels > 1:
        kind = next((word for word, names in GLOBAL_POOLS.items() if names.fullmatch(node.kind)), "")
        return f"global {kind} pool" if kind else kind_text(node.kind)
    if node.op in ("add", "gate") and node.kind.strip("_") in OTHER_NAMES:
        return OTHER_NAMES[node.kind.strip("_")]
    return NAMED.get(node.op, node.op if node.op == "input" else kind_text(node.kind))


def _factors(window: Window) -> str:
    """The factors by which a resize changes the size, such as "2", "1/4" or "3/2".

    >>> _factors(Window((1, 1), (1, 1), (0, 0), (1, 1), (2, 3))), _factors(Window((1,), (4,), (0,), (1,), (1,)))
    ('2×3', '1/4')
    """
    return common_text([str(Fraction(up, down)) for up, down in zip(window.up, window.stride, strict=True)])


def kind_text(kind: str) -> str:
    """torch's name of an operator in readable form.

    >>> kind_text("native_batch_norm"), kind_text("relu_"), kind_text("linalg_vector_norm")
    ('batch norm', 'relu', 'vector norm')
    """
    return (
        re.sub(r"^native_|^linalg_|(?<=grid_sampler)_\dd$|_with_indices|_unsafe_|_$", "", kind)
        .replace("_", " ")
        .strip()
    )


def axes_text(values: Sequence[float | str]) -> str:
    """One value per axis, joined by a multiplication sign.

    >>> axes_text((3, 3)), axes_text((2.0,))
    ('3×3', '2')
    """
    return "×".join(value if isinstance(value, str) else f"{value:.12g}" for value in values)


def common_text(values: Sequence[float | str]) -> str:
    """The value that all axes share, or one value per axis.

    >>> common_text((2.0, 2.0)), common_text((1, 2, 2)), common_text(["0", "4"])
    ('2', '1×2×2', '0×4')
    """
    return axes_text(values[:1] if len(set(values)) == 1 else values)


def range_text(pairs: Pairs) -> str:
    """Smallest and largest value, per axis.

    >>> range_text(((188, 204), (188, 204))), range_text(((5, 5), (1, 3), (1, 3)))
    ('188–204', '5×(1–3)×(1–3)')
    """
    texts = [str(low) if low == high else f"{low}–{high}" for low, high in pairs]
    return common_text(texts if len(set(pairs)) == 1 else [f"({text})" if "–" in text else text for text in texts])


def per_side_text(pairs: Pairs) -> str:
    """Pixels cropped before and after each axis; one number if both sides are equal.

    >>> per_side_text(((88, 88), (88, 88))), per_side_text(((0, 0), (3, 4))), per_side_text(((-1, -1),))
    ('88', '0×3+4', '-1')
    """
    return common_text([str(before) if before == after else f"{before}+{after}" for before, after in pairs])


def crop_text(pairs: Pairs) -> str:
    """Pixels cropped or padded (negative numbers) before and after each axis, with the word for it; "" for none.

    >>> crop_text(((4, 4), (4, 4))), crop_text(((0, -1), (0, -1))), crop_text(((0, 0), (0, 0)))
    ('crop 4', 'pad 0+1', '')
    >>> crop_text(((-1, -1), (1, 1))), crop_text(((2, -3),))
    ('crop 0×1, pad 1×0', 'crop 2+0, pad 0+3')
    """
    sides = {
        "crop": tuple((max(before, 0), max(after, 0)) for before, after in pairs),
        "pad": tuple((max(-before, 0), max(-after, 0)) for before, after in pairs),
    }
    return ", ".join(f"{word} {per_side_text(each)}" for word, each in sides.items() if any(map(any, each)))


def size_text(size: Size) -> str:
    """Spatial size; a power if all axes are equal.

    >>> size_text((572, 572)), size_text((16, 64, 64)), size_text((8, 8, 8)), size_text((9,))
    ('572²', '16×64×64', '8³', '9')
    """
    if len(size) in SUPERSCRIPTS and len(set(size)) == 1:
        return f"{size[0]}{SUPERSCRIPTS[len(size)]}"
    return axes_text(size)


def shape_text(shape: Size, *, compact: bool = False) -> str:
    """Channels and spatial size; ``compact`` writes equal axes as a power.

    >>> shape_text((64, 568, 568)), shape_text((64, 568, 568), compact=True), shape_text((8, 4, 9, 9), compact=True)
    ('64×568×568', '64×568²', '8×4×9×9')
    """
    channels, *size = shape or (1,)
    return axes_text((channels, size_text(tuple(size)))) if compact and size else axes_text((channels, *size))


def value_text(shape: Size, rank: int) -> str:
    """A shape, or the word for a tensor without spatial axes, in a network with ``rank`` spatial axes.

    >>> value_text((3, 64, 64), 2), value_text((128,), 2), value_text((1,), 2), value_text((77, 768), 2)
    ('3×64×64', 'vector of 128', 'scalar', '77×768')
    """
    if len(shape) > 1 or not rank:
        return shape_text(shape)
    return "scalar" if set(shape) <= {1} else f"vector of {shape[0]:,}"


def described(shape: Size, rank: int) -> str:
    """A shape in words, in a network with ``rank`` spatial axes.

    >>> described((1, 8, 8), 2), described((1000,), 2), described((), 2), described((77, 768), 2), described((3,), 0)
    ('1 channel of 8²', 'a vector of 1,000', 'a scalar', 'an array of 77×768', '3 channels')
    """
    if len(shape) != rank + 1:
        return f"{'a' if len(shape) < 2 else 'an array of'} {value_text(shape, rank)}"
    channels, *size = shape
    return f"{counted(channels, 'channel')}{f' of {size_text(tuple(size))}' if size else ''}"


def counted(number: int, noun: str) -> str:
    """A number and a noun.

    >>> counted(1, "skip"), counted(1024, "channel")
    ('1 skip', '1,024 channels')
    """
    return f"{number:,} {noun}{'s' * (number != 1)}"


def repeated(name: str, number: int) -> str:
    """An operation or block with the number of times that it occurs.

    >>> repeated("conv 3×3", 1), repeated("conv 3×3", 2), repeated("2 × transformer block", 3)
    ('conv 3×3', '2 conv 3×3', '3 × (2 × transformer block)')
    """
    if number == 1:
        return name
    return f"{number} × ({name})" if name[:1].isdigit() else f"{number} {name}"


def numbered(texts: Sequence[str], noun: str) -> str:
    """A single text, or several with their count and numbers; equal ones are written once.

    >>> numbered(["2×64×64"], "output"), numbered(["2×64×64", "2×32×32"], "output"), numbered(["1×8×8"] * 7, "output")
    ('2×64×64', '2 outputs (output 1: 2×64×64, output 2: 2×32×32)', '7 outputs (1×8×8 each)')
    """
    if len(texts) < 2:
        return "".join(texts)
    listed = ", ".join(f"{noun} {number}: {text}" for number, text in enumerate(texts, start=1))
    return f"{counted(len(texts), noun)} ({listed if len(set(texts)) > 1 else f'{texts[0]} each'})"


def ends_text(arch: ArchIR) -> str:
    """The shapes of the inputs, with the names of their arguments if there are several, and those of the outputs."""
    inputs = [value_text(node.shape, arch.rank) for node in arch.inputs]
    if len(inputs) > 1:
        inputs = [f"{node.kind}: {text}" for node, text in zip(arch.inputs, inputs, strict=True)]
    outputs = [value_text(arch.node(key).shape, arch.rank) for key in arch.outputs]
    return f"{', '.join(inputs)} → {numbered(outputs, 'output')}"


def fixed_point(value: float, digits: int) -> str:
    """A number with this many decimals; a positive one that would be rounded to zero is shown as a bound.

    >>> fixed_point(1234.5, 2), fixed_point(0.004, 2), fixed_point(0.0, 2)
    ('1,234.50', '<0.01', '0.00')
    """
    least = 10.0**-digits
    return f"<{least:.{digits}f}" if 0 < value < least / 2 else f"{value:,.{digits}f}"


def mib(size: int) -> str:
    """Bytes as MiB (2**20 bytes).

    >>> mib(124122632)
    '118.37 MiB'
    """
    return f"{fixed_point(size / 2**20, 2)} MiB"
