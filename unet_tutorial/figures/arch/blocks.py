"""Finds the blocks beside the main path: attention, gates computed from their own map, embeddings of conditions.

Blocks only annotate a network: their nodes keep their costs. ``without_blocks`` gives the nodes among which the main
path and the skips are found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from unet_tutorial.figures.arch.attention import attentions
from unet_tutorial.figures.arch.dataflow import Dataflow
from unet_tutorial.figures.arch.excitation import excitations
from unet_tutorial.figures.arch.ir import Block, Node


def find_blocks(nodes: tuple[Node, ...], outputs: Iterable[str]) -> tuple[Block, ...]:
    """The blocks in the order of their first operations; no node is in two of them. ``nodes`` have scales."""
    flow = Dataflow(nodes, frozenset(outputs))
    found: list[Block] = []
    taken: set[str] = set()
    for attention in attentions(flow):
        found.append(_block(flow, "attention", attention.name, attention.nodes, attention.sources))
        taken |= attention.nodes
    for gate in excitations(flow):
        if not taken & gate.nodes:
            found.append(_block(flow, "excitation", gate.name, gate.nodes, gate.sources))
            taken |= gate.nodes
    found += _embeddings(flow, taken)
    return tuple(sorted(found, key=lambda block: flow.position[(block.nodes or block.targets)[0]]))


def without_blocks(nodes: tuple[Node, ...], blocks: Iterable[Block], outputs: Iterable[str]) -> tuple[Node, ...]:
    """The nodes outside the blocks, with inputs as if the blocks were not there.

    Where the result of a block is combined with the map that enters the block, that map alone is left. Anywhere else
    the node with the result stays, and has the map that enters as its input.
    """
    inputs = {node.id: node.inputs for node in nodes}
    hidden: set[str] = set()
    for block in blocks:
        kept = set(outputs) & set(block.nodes)
        for key in block.targets:
            others = tuple(each for each in inputs[key] if each not in block.nodes)
            if block.kind == "embedding":
                inputs[key] = tuple(each for each in others if each not in block.sources) or others
            elif block.sources[0] in others:
                inputs[key] = others
            elif not others and len(inputs[key]) > 1:  # combines several results of the block, as in scSE
                inputs[key] = block.sources[:1]
            else:
                kept |= set(inputs[key]) & set(block.nodes)
        inputs |= dict.fromkeys(kept, block.sources[:1])
        hidden |= set(block.nodes) - kept
    return tuple(replace(node, inputs=inputs[node.id]) for node in nodes if node.id not in hidden)


def _block(flow: Dataflow, kind: str, name: str, nodes: Iterable[str], sources: tuple[str, ...]) -> Block:
    ids = set(nodes)
    return Block(kind, name, flow.in_order(ids), sources, flow.in_order(flow.users_outside(ids)))


def _embeddings(flow: Dataflow, taken: set[str]) -> list[Block]:
    """A block for each group of conditions whose embeddings are combined; nodes of other blocks are its targets."""
    groups: list[set[str]] = []
    for key in flow.in_order(flow.conditions - taken):
        used = [group for group in groups if group & set(flow.index[key].inputs)]
        groups = [group for group in groups if group not in used] + [{key}.union(*used)]
    found = []
    for group in groups:
        inputs = flow.in_order(key for key in group if flow.index[key].op == "input")
        block = _block(flow, "embedding", _embedding_name(flow, inputs), group, inputs)
        nodes = tuple(key for key in block.nodes if key not in inputs)
        name = block.name if nodes else block.name.removeprefix("embedding of ")
        found += [replace(block, name=name, nodes=nodes)] if block.targets else []
    return found


def _embedding_name(flow: Dataflow, inputs: Iterable[str]) -> str:
    """The name from the arguments of the model, or from the numbers of inputs without a name."""
    numbers = {node.id: i for i, node in enumerate((n for n in flow.nodes if n.op == "input"), start=1)}
    kinds = {key: flow.index[key].kind for key in inputs}
    names = [f"input {numbers[key]}" if kind == "input" else kind for key, kind in kinds.items()]
    return f"embedding of {' and '.join(names)}"
