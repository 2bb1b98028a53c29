"""The footer of a table: totals, valid sizes, context and memory, each with a label."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, prod

from unet_tutorial.figures.arch.ir import ArchIR, Node, Pairs
from unet_tutorial.figures.arch.receptive_field import seen_interval
from unet_tutorial.figures.arch.text import axes_text, common_text, ends_text, mib, range_text

EXCLUDED = (
    "temporary buffers of convolutions and of the optimiser, memory that the allocator reserves but does not use, "
    "and the CUDA context"
)
UNKNOWN = "not known, because no training step of this network was traced"


def memory(arch: ArchIR) -> dict[str, int]:
    """Bytes of memory by name.

    A training step with Adam needs the parameters, their gradients, two moments for each trainable parameter (all in
    the dtype of the parameters), and the maps saved for the backward pass with dropout off.
    """
    totals = arch.totals
    own = totals.get("parameter_bytes", 0)
    trainable = own * totals.get("trainable", 0) // max(1, totals.get("parameters", 0))
    found = {"parameters": own} | ({"no-grad peak": totals["peak"]} if "peak" in totals else {})
    if "saved" not in totals:
        return found
    saved = totals["saved"]
    return found | {"saved for backward": saved, "training step": own + 3 * trainable + saved}


def output_node(arch: ArchIR) -> Node:
    """The node of the network's output: the end of the main path or, without a path, the last of the outputs."""
    return arch.node((arch.path or arch.outputs or (arch.nodes[-1].id,))[-1])


def footer(arch: ArchIR) -> tuple[tuple[str, str], ...]:
    """Pairs of label and text; unknown values are left out.

    The architecture must hold the receptive field of ``output_node``.
    """
    return tuple(pair for pair in (*_counts(arch), *_sizes(arch), *_memory(arch)) if pair[1])


def _counts(arch: ArchIR) -> list[tuple[str, str]]:
    totals = arch.totals
    total, trainable = totals.get("parameters", 0), totals.get("trainable", 0)
    unused = total - sum(node.parameters for node in arch.nodes)
    remarks = [f"{total - trainable:,} of them frozen"] if trainable < total else []
    remarks += [f"{unused:,} of them not used in this pass"] if unused else []
    return [
        ("parameters", ", ".join([f"{total:,}", *remarks])),
        ("MACs", f"{totals.get('macs', 0):,} multiply-accumulates, biases not counted"),
    ]


def _sizes(arch: ArchIR) -> list[tuple[str, str]]:
    inputs, out = arch.inputs, output_node(arch)
    found = [("input → output", f"{ends_text(arch)}{_batch(arch, inputs)}")]
    if arch.valid:
        found.append(("smallest valid input", axes_text([low for low, _ in arch.valid])))
        found.append(("valid sizes", _rule(arch.valid)))
        found.append(("context margin", _context(arch, inputs[0], out)))
    pixel = f"a pixel of output {arch.outputs.index(out.id) + 1}" if len(arch.outputs) > 1 else "an output pixel"
    return [*found, (f"{pixel} sees", f"{range_text(out.field)} px per axis" if out.field else "")]


def _batch(arch: ArchIR, inputs: Sequence[Node]) -> str:
    """The batch size, from the bytes of the first input, assuming that it has the dtype of the parameters."""
    width = arch.totals.get("parameter_bytes", 0) / max(1, arch.totals.get("parameters", 0))
    count = float(inputs[0].bytes / (prod(inputs[0].shape) * width)) if inputs and width else 1.0
    return f", {count:.0f} images at once" if count.is_integer() and count > 1 else ""


def _rule(valid: Pairs) -> str:
    rules = [f"n ≡ {low % step} (mod {step}), n ≥ {low}" if step > 1 else f"n ≥ {low}" for low, step in valid]
    same = len(set(rules)) == 1
    return rules[0] if same else "; ".join(f"axis {i}: {rule}" for i, rule in enumerate(rules))


def _context(arch: ArchIR, given: Node, out: Node) -> str:
    """The border lost by an unpadded network, or how far an output pixel of a padded network sees."""
    lost = [n - m for n, m in zip(given.size, out.size, strict=True)]
    if any(lost):
        return f"{common_text([f'{n / 2:g}' for n in lost])} px lost per side"
    distances = [_farthest_seen(arch, out, axis) for axis in range(len(lost))]
    known = all(distance is not None for distance in distances)
    reach = common_text(list(map(str, distances)))
    return f"{reach} px per side: outputs closer to the border also depend on padded values" if known else ""


def _farthest_seen(arch: ArchIR, out: Node, axis: int) -> int | None:
    """Largest distance, in pixels, from an output pixel to an input pixel that it depends on; None if on all."""
    before = list(arch.nodes[arch.nodes.index(out) :: -1])
    positions = range(ceil(max(node.scale[axis] for node in before if len(node.scale) > axis)))
    intervals = [(position, seen_interval(before, axis, position)) for position in positions]
    if any(interval is None for _, interval in intervals):
        return None
    return max(max(position - seen[0], seen[1] - position) for position, seen in intervals if seen)


def _memory(arch: ArchIR) -> list[tuple[str, str]]:
    count = max(1, arch.totals.get("parameters", 0))
    width = f"{arch.totals.get('parameter_bytes', 0) / count:g} bytes per parameter"
    meaning = {
        "parameters": f" ({width})",
        "no-grad peak": " of maps alive at once",
        "saved for backward": f" of maps, dropout off{_only_in_total(arch)}",
        "training step": " = parameters + their gradients + Adam's two moments + saved",
    }
    found = [(f"memory: {name}", mib(size) + meaning[name]) for name, size in memory(arch).items()]
    unknown = [] if "saved" in arch.totals else [("memory: saved for backward", UNKNOWN)]
    return [*found, *unknown, ("not in these figures", EXCLUDED)]


def _only_in_total(arch: ArchIR) -> str:
    """The remark for a network that runs other operations in training, so that the bytes of a map are unknown."""
    known = sum(node.saved for node in arch.nodes) or not arch.totals.get("saved")
    return "" if known else "; per map they are unknown, because the network computes other maps in training"
