"""Pooling along a line, which torch does as pooling of an image one pixel high, taken for what it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import astuple, replace

from unet_tutorial.figures.ir import Node, Window


def lowered(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The nodes, where each unsqueeze, pooling, squeeze is one pooling with one axis less."""
    readers = Counter(key for node in nodes for key in node.inputs)
    found: dict[str, Node] = {}
    alias: dict[str, str] = {}
    for node in nodes:
        node = replace(node, inputs=tuple(alias.get(key, key) for key in node.inputs))
        pool = found.get(node.inputs[0]) if node.kind == "squeeze" and node.inputs else None
        if pool is None or pool.op != "pool":
            found[node.id] = node
            continue
        raised = found.get(pool.inputs[0])
        if len(pool.shape) == 3 and raised and raised.kind == "unsqueeze" and raised.shape[1] == 1:
            found[pool.id] = pool = _line(pool, raised)
            if readers[raised.id] == 1:
                del found[raised.id]
        if pool.shape != node.shape:
            found[node.id] = node
            continue
        alias[node.id] = pool.id
        found[pool.id] = replace(pool, folded=tuple(dict.fromkeys((*pool.folded, *node.folded))))
    return tuple(found.values())


def _line(pool: Node, raised: Node) -> Node:
    window = pool.window and Window(*(values[1:] for values in astuple(pool.window)))
    return replace(pool, inputs=raised.inputs, shape=(pool.shape[0], *pool.shape[2:]), window=window)
