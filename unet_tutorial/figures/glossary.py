"""What the looks of a drawing stand for, in words: the operations that are there and no others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from unet_tutorial.figures.boxes import Link, Sketch
from unet_tutorial.figures.ir import Node
from unet_tutorial.figures.words import deed

SILENT = ("concat", "add", "crop", "act", "norm", "split", "gate", "view")  # said by boxes, signs and margins
ORDER = ("conv", "point", "copy", "pool", "strided", "up", "resize", "shuffle", "join", "branch")
LONG = 100  # letters, from which on alternatives are told without what follows them

Entry = tuple[str, str]  # the look, and its words


def entries(sketch: Sketch) -> list[Entry]:
    """Each look that is drawn, with what it stands for; a plain line into a sign explains itself."""
    links = [*sketch.steps, *sketch.copies, *sketch.branches]
    marked = {link.target for link in links if "plus" in link.marks}
    found = []
    for kind in ORDER:
        drawn = [link for link in links if link.kind == kind and not (kind == "join" and link.target in marked)]
        if drawn:
            residual = any(sum(node.op == "add" for node in link.nodes) > (link.target in marked) for link in drawn)
            found.append((kind, _words(kind, drawn) + ", with a shortcut" * residual))
    marks = {mark for link in links for mark in link.marks}
    signs = {"plus": "sum of both", "gate": "gate: weighted pixel by pixel"}
    return found + [(mark, words) for mark, words in signs.items() if mark in marks]


def _words(kind: str, links: Sequence[Link]) -> str:
    if kind == "copy":
        return "copy and crop (px per side)" if any(link.crop for link in links) else "copy"
    words = _either(links)
    if kind == "branch":
        plain = not all(_told(link.nodes) for link in links)
        return " or ".join(["as it is"] * plain + [words] * bool(words)) + ", beside the way"
    nodes = [node for link in links for node in link.nodes]
    shaped = next((word for word in ("crop", "view") if any(node.op == word for node in nodes)), "")
    else_said = {"crop": "crop or pad", "view": "reshaped"}.get(shaped, "joined")
    return words or {"shuffle": "channels to pixels", "join": else_said}.get(kind, kind)


def _either(links: Sequence[Link]) -> str:
    """The operations of all these arrows, the alternatives joined; short where there are many."""
    said = list(dict.fromkeys(said for link in links if (said := _told(link.nodes))))
    if len(said) > 3 or sum(map(len, said)) > LONG:
        said = list(dict.fromkeys(deed(node) for link in links for node in link.nodes if node.op not in SILENT))
    said = [*said[:4], *(["…"] * (len(said) > 4))]
    parts = [re.fullmatch(r"(.*?)(\d+(?:×\d+)+)(.*)", each) for each in said]
    around = {(part[1], part[3]) for part in parts if part}
    if len(said) > 1 and all(parts) and len(around) == 1:
        ((first, last),) = around
        return first + " or ".join(part[2] for part in parts if part) + last
    return " or ".join(said)


def _told(nodes: Iterable[Node]) -> str:
    """One after another, equal ones counted; long chains without norms and activations.

    >>> _told([Node("a", "linear", "mm", (), (1,)), Node("b", "linear", "mm", (), (1,)), Node("c", "add", "", (), ())])
    '2 × linear'
    """
    said = [node for node in nodes if node.op not in SILENT or (node.op == "view" and node.window)]
    for deeds in ([_spoken(node) for node in said], [deed(node) for node in said]):
        runs = [(text, len(list(run))) for text, run in groupby(deeds)]
        if len(runs) <= 2:
            break
    return ", then ".join(text if count == 1 else f"{count} × {text}" for text, count in runs)


def _spoken(node: Node) -> str:
    own = replace(node, folded=tuple(kind for kind in node.folded if "dropout" not in kind))
    text = deed(own, whole=True).replace("leaky relu", "leaky ReLU").replace("prelu", "PReLU").replace(" kernel", "")
    return " ".join(word.replace("relu", "ReLU") if word.strip(",") == "relu" else word for word in text.split())
