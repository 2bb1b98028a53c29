"""Finds attention layers and transformer blocks.

An attention layer has two matrix products of maps: one of queries and keys, one of the weights and the values; torch
may compute both in one operator. From there the search goes backwards through the projections to the input map of the
layer, and forwards through the projection of the result to its output map.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from unet_tutorial.figures.arch.dataflow import Dataflow, has_activation, is_depthwise, is_pointwise
from unet_tutorial.figures.arch.ir import Node
from unet_tutorial.figures.arch.text import axes_text, counted

OF_ONE_MAP = ("view", "split", "crop", "norm", "act", "other")  # they compute no new features
COMBINING = (*OF_ONE_MAP, "gate", "add", "reduce")  # scaling, bias, mask, softmax, rotary positions
MOST_CONVS = 8  # of the projections of an attention


@dataclass(frozen=True)
class Attention:
    """An attention layer, or neighbouring transformer blocks of the same kind.

    ``kind`` is its name in figures, such as "self-attention", and ``repeats`` the number of blocks. ``heads`` are 0 if
    unknown. ``nodes`` are the ids of its operations; ``sources`` are those of the maps that they use, with the input
    map first. ``target`` is the sum or product of the input map and the result; "" if the result replaces the map.
    """

    kind: str
    heads: int
    nodes: frozenset[str]
    sources: tuple[str, ...]
    target: str = ""
    repeats: int = 1

    @property
    def name(self) -> str:
        """Its text in figures, such as "2 × transformer block, 4 heads"; without the heads if they are unknown."""
        heads = f", {counted(self.heads, 'head')}" if self.heads else ""
        return f"{self.repeats} × {self.kind}{heads}" if self.repeats > 1 else f"{self.kind}{heads}"


def attentions(flow: Dataflow) -> list[Attention]:
    """Attentions and transformer blocks on maps of the image, in the order of execution."""
    pairs = list(_products(flow))
    paired = {node.id for pair in pairs for node in pair}
    found = [_attention(flow, first, last, paired) for first, last in pairs if last.id not in flow.conditions]
    return _repeated(flow, _with_transformers(flow, found))


def _is_product(node: Node) -> bool:
    return node.op == "linear" and (node.heads > 0 or len(node.inputs) > 1)


def _products(flow: Dataflow) -> Iterator[tuple[Node, Node]]:
    """The two products of each attention; the same node twice if torch computes both in one operator."""
    used: set[str] = set()
    for node in filter(_is_product, flow.nodes):
        waiting = [node.id] if "attention" in node.kind else list(node.inputs)
        seen: set[str] = set()
        while waiting:
            each = flow.index[waiting.pop()]
            if each.id in seen or each.id in used:
                continue
            if _is_product(each):
                used |= {each.id, node.id}
                yield each, node
                break
            seen.add(each.id)
            waiting += each.inputs if each.op in COMBINING else ()


def _attention(flow: Dataflow, first: Node, last: Node, paired: set[str]) -> Attention:
    """The attention with these two products; ``paired`` are those of all attentions."""
    crosses = _crossing(flow, first, last, paired)
    inside, ends = flow.back([first.id, last.id], crosses)
    entries = flow.in_order(ends - flow.conditions)
    if len(entries) > 1:  # rotary positions or keys of a pooled map may still lead to a single map
        passed, reached = flow.back([first.id, last.id], lambda node: node.op not in ("up", "resize"), entries[:1])
        if reached - flow.conditions == {entries[0]} and _convs(flow, passed) <= MOST_CONVS:
            inside, ends, entries = passed, reached, entries[:1]
    output = _output(flow, last, crosses, entries)
    if output.target:
        before, after = set(output.before), set[str]().union(*output.steps)
        entries = (output.start, *(key for key in entries if key != output.start and len(entries) > 1))
    else:
        after = _projection(flow, output.steps)
        before, entries = _extended(flow, inside, crosses, entries)
    conditions, projections = _projected_conditions(flow, inside, ends & flow.conditions)
    nodes = inside | before | after
    kind = _kind(flow, first, last, nodes, crossed=len(entries) + len(conditions) > 1)
    heads = first.heads or last.heads
    nodes = flow.with_unused(nodes | projections)
    return Attention(kind, heads, frozenset(nodes), (*entries, *conditions), output.target)


def _convs(flow: Dataflow, ids: set[str]) -> int:
    return sum(flow.index[key].op == "conv" for key in ids)


def _crossing(flow: Dataflow, first: Node, last: Node, paired: set[str]) -> Callable[[Node], bool]:
    """A function that tells whether the search backwards from the products continues through a node.

    It does so up to the projections to queries, keys and values; before these, only through operations that compute no
    new features. A product outside all pairs is the sum of the weights.
    """
    near, projections, waiting = {first.id, last.id}, set[str](), [*first.inputs, *last.inputs]
    while waiting:
        node = flow.index[waiting.pop()]
        if node.op in COMBINING and node.id not in near:
            near.add(node.id)
            waiting += node.inputs
        elif node.op == "conv":
            projections.add(node.id)

    def crosses(node: Node) -> bool:
        if node.op == "conv":
            reduces = node.window is not None and node.window.kernel == node.window.stride
            plain = node.id in projections or is_pointwise(node) or is_depthwise(node) or reduces
            return plain and not has_activation(node)
        if node.op in ("add", "gate") and node.id not in near:
            return len(flow.maps(node)) == 1 or "div" in node.kind  # a map divided by its norm
        weights = _is_product(node) and node.id not in paired
        return weights or node.id in near or node.op in (*COMBINING, "pool")

    return crosses


class _Output(NamedTuple):
    """The end of an attention: ``steps`` are the nodes of each operation from the last product to the output map.

    If the output map is added to an input map or multiplied with it, ``target`` is the sum or product, ``start`` the
    input map, and ``before`` holds the nodes between the input map and the entries of the search. Else they are empty.
    """

    steps: list[set[str]]
    target: str = ""
    start: str = ""
    before: frozenset[str] = frozenset()


def _output(flow: Dataflow, last: Node, crosses: Callable[[Node], bool], entries: Sequence[str]) -> _Output:
    steps: list[set[str]] = []
    result = {last.id}  # the last map, and what a norm computes from it
    while user := _next(flow, result):
        others = set(flow.maps(user)) - result
        if others and user.op in ("add", "gate") and len(others) == 1:
            (start,) = others
            if start in entries:
                return _Output(steps, user.id, start)
            passed, reached = flow.back(entries, crosses, others)
            if len(entries) == 1 and reached - flow.conditions == others:
                return _Output(steps, user.id, start, frozenset(passed))
        passed, reached = flow.back(others, crosses, entries)
        narrow = user.op in (*OF_ONE_MAP, "gate", "add") or is_pointwise(user) or is_depthwise(user)
        if others & set(entries) or not (reached - flow.conditions).issubset(entries) or not narrow:
            break
        steps.append(passed | result - {last.id} | {user.id})
        result = {user.id}
    return _Output(steps)


def _next(flow: Dataflow, result: set[str]) -> Node | None:
    """The only node that uses ``result``; None if there are several.

    If a norm in several operations uses it, they are added to ``result``.
    """
    while users := flow.in_order(flow.users_outside(result)):
        user = flow.index[users[0]]
        if result & flow.outputs:
            return None
        if len(users) == 1:
            return user
        if not result.issuperset(flow.maps(user)) or user.op not in (*OF_ONE_MAP, "gate", "reduce"):
            return None
        result.add(user.id)
    return None


def _projection(flow: Dataflow, steps: Sequence[set[str]]) -> set[str]:
    """The nodes of the first steps, up to one projection of the result, which is not itself an output."""
    found: set[str] = set()
    for step in steps:
        convs = [flow.index[key] for key in step if flow.index[key].op == "conv"]
        if convs and (_convs(flow, found) or any(has_activation(n) or n.id in flow.outputs for n in convs)):
            break
        found |= step
    return found


def _extended(
    flow: Dataflow, inside: set[str], crosses: Callable[[Node], bool], entries: tuple[str, ...]
) -> tuple[set[str], tuple[str, ...]]:
    """The nodes before a single entry that only serve the attention, such as a norm and a projection; the new entry."""
    found: set[str] = set()
    while len(entries) == 1:
        node = flow.index[entries[0]]
        before = flow.maps(node)
        shared = node.id in flow.outputs or flow.users_outside({node.id}) - inside - found
        projects = node.op == "conv" and crosses(node) and not _convs(flow, inside | found)
        if shared or len(before) != 1 or not (projects or node.op in ("view", "norm", "split", "crop")):
            break
        found.add(node.id)
        entries = before
    return found, entries


def _projected_conditions(flow: Dataflow, inside: set[str], ends: set[str]) -> tuple[tuple[str, ...], set[str]]:
    """The conditions that an attention uses, and their projections to keys and values, which no other node uses."""
    found: set[str] = set()
    conditions: set[str] = set()
    allowed = (*OF_ONE_MAP, "linear")
    waiting: dict[str, tuple[str, ...]] = dict.fromkeys(ends, allowed)  # by id: the operations that may be passed
    while waiting:
        key = max(waiting, key=flow.position.__getitem__)
        passed, node = waiting.pop(key), flow.index[key]
        shared = key in flow.outputs or flow.users_outside({key}) - inside - found
        if shared or node.op not in passed or len(node.inputs) != 1:
            conditions.add(key)
        else:
            found.add(key)
            waiting[node.inputs[0]] = ("view",) if node.op == "linear" else passed
    return flow.in_order(conditions), found


def _kind(flow: Dataflow, first: Node, last: Node, nodes: set[str], *, crossed: bool) -> str:
    """The kind of an attention, from the axes of its products; ``crossed``: keys and values come from another map."""
    if crossed or (first.tokens and first is last and not first.spatial):  # or the queries are parameters
        return "cross-attention"
    if not first.spatial and not first.global_axes:  # its pixels could not be traced
        return "attention"
    if first is not last and not first.scale:  # the pixels were summed over: a product of channels
        return "channel attention" if _has_softmax(flow, first, last, nodes) else "linear attention"
    whole = [n == m for n, m in zip(first.tokens, first.size, strict=True)] if first.tokens else []
    if all(whole):
        return "self-attention"
    along = sum(n > 1 for n in first.tokens)
    if along == 1 and all(here or n == 1 for here, n in zip(whole, first.tokens, strict=True)):
        return "axial attention"
    return f"window attention {axes_text(first.tokens)}"


def _has_softmax(flow: Dataflow, first: Node, last: Node, nodes: set[str]) -> bool:
    """Whether there is a softmax between the two products."""
    between = {first.id}
    for node in flow.nodes[flow.position[first.id] + 1 : flow.position[last.id]]:
        if node.id in nodes and between & set(node.inputs):
            between.add(node.id)
    return any("softmax" in kind for key in between for kind in (flow.index[key].kind, *flow.index[key].folded))


# transformer blocks: attentions with a residual sum, then a residual branch of pointwise convolutions


def _with_transformers(flow: Dataflow, found: Sequence[Attention]) -> list[Attention]:
    """The same list with a transformer block in place of its attentions."""
    after = {each.sources[0]: each for each in found if each.target}
    result: list[Attention] = []
    taken: set[str] = set()
    for each in found:
        if each.nodes & taken:
            continue
        parts = [each]
        while (follower := after.get(parts[-1].target)) and _is_only_used_in(flow, parts[-1].target, follower):
            parts.append(follower)
        branch = _pointwise_branch(flow, parts[-1].target) if each.target else None
        if branch:
            nodes = branch.union(*(part.nodes | {part.target} for part in parts))
            sources = dict.fromkeys(key for part in parts for key in part.sources if key not in nodes)
            parts = [Attention(_transformer_kind(parts), each.heads, nodes, tuple(sources))]
        result += parts
        taken = taken.union(*(part.nodes for part in parts))
    return result


def _transformer_kind(parts: Sequence[Attention]) -> str:
    kinds = list(dict.fromkeys(part.kind for part in parts if part.kind not in ("self-attention", "attention")))
    if kinds == ["cross-attention"] and len(parts) > 1:
        return "transformer block with cross-attention"
    return ", ".join(["transformer block", *kinds])


def _is_only_used_in(flow: Dataflow, key: str, block: Attention) -> bool:
    return key not in flow.outputs and flow.users[key] <= block.nodes | {block.target}


def _pointwise_branch(flow: Dataflow, start: str) -> frozenset[str] | None:
    """The nodes of a residual branch of pointwise convolutions after ``start``, with its sum; None if there is none.

    Depthwise convolutions may stand between the pointwise ones.
    """

    def crosses(node: Node) -> bool:
        allowed = is_pointwise(node) or is_depthwise(node)
        return allowed or (node.op in (*OF_ONE_MAP, "gate", "add") and not _is_product(node))

    for user in map(flow.index.__getitem__, flow.in_order(flow.users[start])):
        others = set(flow.maps(user)) - {start}
        if user.op != "add" or start not in user.inputs or not others:
            continue
        passed, ends = flow.back(others, crosses, [start])
        convs = [flow.index[key] for key in flow.in_order(passed) if flow.index[key].op == "conv"]
        closed = ends - flow.conditions == {start} and flow.users[start] <= passed | {user.id}
        if (
            closed
            and start not in flow.outputs
            and len(convs) > 1
            and is_pointwise(convs[0])
            and is_pointwise(convs[-1])
        ):
            return frozenset(passed | {user.id})
    return None


def _repeated(flow: Dataflow, found: Sequence[Attention]) -> list[Attention]:
    """Neighbouring transformer blocks of the same kind as one block."""
    result: list[Attention] = []
    for each in found:
        if result and _continues(flow, result[-1], each):
            before = result.pop()
            nodes = before.nodes | each.nodes
            sources = dict.fromkeys(key for key in (*before.sources, *each.sources) if key not in nodes)
            each = replace(before, nodes=nodes, sources=tuple(sources), repeats=before.repeats + 1)
        result.append(each)
    return result


def _continues(flow: Dataflow, before: Attention, block: Attention) -> bool:
    """Whether a block is of the same kind as the one before it, which no other node uses."""
    same = (before.kind, before.heads, before.target, block.target) == (block.kind, block.heads, "", "")
    alone = flow.users_outside(set(before.nodes)) <= block.nodes and not before.nodes & flow.outputs
    return same and alone and block.sources[0] in before.nodes
