"""What stands below a table: totals, sizes that pass, and memory as named numbers; without torch."""

from __future__ import annotations

from math import ceil, prod

from unet_tutorial.figures.arch.ir import ArchIR, Node, Pairs
from unet_tutorial.figures.arch.receptive_field import field_of, seen
from unet_tutorial.figures.arch.text import mib, one_or_all, shape, span, times

EXCLUDED = "workspace of the kernels, slack of the allocator, the CUDA context, and the optimiser's own temporaries"


def memory(arch: ArchIR) -> dict[str, int]:
    """Bytes, by name; the training step is that of Adam, whose two moments and the gradients are kept for what learns.

    Each as wide as the parameters; saved maps are those of training with dropout off.
    """
    totals = arch.totals
    own = totals.get("parameter_bytes", 0)
    learns = totals.get("trainable_bytes", own * totals.get("trainable", 0) // max(1, totals.get("parameters", 0)))
    found = {"parameters": own, "no-grad peak": totals.get("peak", 0)}
    if "saved" not in totals:
        return found
    saved = totals["saved"]
    return found | {"saved for backward": saved, "training step": own + 3 * learns + saved}


def footer(arch: ArchIR) -> tuple[tuple[str, str], ...]:
    """Pairs of a label and its text; what is not known is left out."""
    return tuple(pair for pair in (*_counts(arch), *_sizes(arch), *_memory(arch)) if pair[1])


def _counts(arch: ArchIR) -> list[tuple[str, str]]:
    totals = arch.totals
    every, learns = totals.get("parameters", 0), totals.get("trainable", 0)
    unused = every - sum(node.parameters for node in arch.nodes)
    apart = [f"{every - learns:,} of them frozen"] if learns < every else []
    apart += [f"{unused:,} of them not used in this pass"] if unused else []
    return [
        ("parameters", ", ".join([f"{every:,}", *apart])),
        ("MACs", f"{totals.get('macs', 0):,} multiply-accumulates, biases not counted"),
    ]


def _sizes(arch: ArchIR) -> list[tuple[str, str]]:
    inputs, out = [node for node in arch.nodes if node.op == "input"], last(arch)
    outs = [out, *(node for node in arch.nodes if "output" in node.folded and node.id != out.id)]
    batch = _batch(arch, inputs)
    ends = [", ".join(shape(node.shape) for node in each) for each in (inputs, outs)]
    found = [("input → output", f"{' → '.join(ends)}{batch}")]
    if arch.valid:
        found.append(("smallest valid input", times([low for low, _ in arch.valid])))
        found.append(("valid sizes", _rule(arch.valid)))
        found.append(("context margin", _margin(arch, inputs[0], out)))
    field = out.field or field_of(arch, out)
    return [*found, ("an output pixel sees", f"{span(field)} px per axis" if field else "")]


def _batch(arch: ArchIR, inputs: list[Node]) -> str:
    """How many images the numbers are for, told by the bytes of the first input, if these are of the weights' kind."""
    width = arch.totals.get("parameter_bytes", 0) / max(1, arch.totals.get("parameters", 0))
    count = float(inputs[0].bytes / (prod(inputs[0].shape) * width)) if inputs and width else 1.0
    return f", {count:.0f} images at once" if count.is_integer() and count > 1 else ""


def _rule(valid: Pairs) -> str:
    rules = [f"n ≡ {low % step} (mod {step}), n ≥ {low}" if step > 1 else f"n ≥ {low}" for low, step in valid]
    same = len(set(rules)) == 1
    return rules[0] if same else "; ".join(f"axis {i}: {rule}" for i, rule in enumerate(rules))


def _margin(arch: ArchIR, given: Node, out: Node) -> str:
    """What must lie around an output: pixels that are lost, or, where none are, as far as one of them sees."""
    lost = [n - m for n, m in zip(given.size, out.size, strict=True)]
    if any(lost):
        return f"{one_or_all([f'{n / 2:g}' for n in lost])} px lost per side"
    reaches = [_reach(arch, out, axis) for axis in range(len(lost))]
    known = all(reach is not None for reach in reaches)
    return f"{one_or_all(list(map(str, reaches)))} px per side, nearer to the border padding shows" if known else ""


def _reach(arch: ArchIR, out: Node, axis: int) -> int | None:
    """Pixels that an output pixel sees beside it, at most; None where it sees all."""
    before = list(arch.nodes[arch.nodes.index(out) :: -1])
    places = range(ceil(max(node.scale[axis] for node in before if len(node.scale) > axis)))
    sights = [(place, seen(before, axis, place)) for place in places]
    if any(sight is None for _, sight in sights):
        return None
    return max(max(place - sight[0], sight[1] - place) for place, sight in sights if sight)


def last(arch: ArchIR) -> Node:
    """The map that is the network's output, the largest if there are several."""
    ends = [node for node in arch.nodes if "output" in node.folded] or list(arch.nodes[-1:])
    return arch.node(arch.path[-1]) if arch.path else ends[-1]


def _memory(arch: ArchIR) -> list[tuple[str, str]]:
    numbers = max(1, arch.totals.get("parameters", 0))
    width = f"{arch.totals.get('parameter_bytes', 0) / numbers:g} bytes per parameter"
    words = {
        "parameters": f" ({width})",
        "no-grad peak": " of maps alive at once",
        "saved for backward": " of maps, dropout off",
        "training step": " = parameters + their gradients + Adam's two moments + saved",
    }
    found = [(f"memory: {name}", mib(size) + words[name]) for name, size in memory(arch).items()]
    return [*found, ("not in these figures", EXCLUDED)]
