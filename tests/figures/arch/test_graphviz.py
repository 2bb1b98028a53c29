"""Mermaid and DOT texts, parsed: the nodes, shapes and edges of the description."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.oracles.described_nets import EVIL, NETS, arch, evil
from tests.paths import ROOT
from unet_tutorial.figures.arch.graphviz import dot, mermaid
from unet_tutorial.figures.arch.ir import ArchIR, to_json

Parsed = tuple[dict[str, str], set[tuple[str, str]]]  # shape by id, and edges


def parsed(arch: ArchIR) -> Parsed:
    shapes = {node.id: "×".join(map(str, node.shape)) for node in arch.nodes}
    return shapes, {(key, node.id) for node in arch.nodes for key in node.inputs}


def by_label(labels: dict[str, list[str]], arrows: list[tuple[str, str]]) -> Parsed:
    return {label[0]: label[-1] for label in labels.values()}, {(labels[a][0], labels[b][0]) for a, b in arrows}


def read_mermaid(text: str) -> Parsed:
    found = re.findall(r'^ {4}(n\d+)\["(.*)"\]$', text, re.MULTILINE)
    plain = {
        key: re.sub(r"#(\d+);", lambda code: chr(int(code[1])), label.replace("<br/>", "\0")) for key, label in found
    }
    arrows = re.findall(r"^ {2}(n\d+) -\.?-> (n\d+)$", text, re.MULTILINE)
    return by_label({key: label.split("\0") for key, label in plain.items()}, arrows)


def read_dot(text: str) -> Parsed:
    """Parsed by Graphviz itself, from its layout."""
    done = subprocess.run(["dot", "-Tjson"], input=text.encode(), capture_output=True, check=True)
    assert not done.stderr
    raw = json.loads(done.stdout)
    names = {each["_gvid"]: each for each in raw["objects"] if "label" in each}
    labels = {each["name"]: html.unescape(each["label"]).split("\\n") for each in names.values()}
    return by_label(labels, [(names[e["tail"]]["name"], names[e["head"]]["name"]) for e in raw["edges"]])


def needs_dot() -> None:
    if not shutil.which("dot"):
        pytest.skip("dot is not installed (apt install graphviz, or brew install graphviz)")


@pytest.mark.parametrize("name", NETS)
def test_mermaid_holds_the_same_nodes_shapes_and_edges(name: str) -> None:
    assert read_mermaid(mermaid(arch(name))) == parsed(arch(name))


@pytest.mark.parametrize("name", NETS)
def test_dot_holds_the_same_nodes_shapes_and_edges(name: str) -> None:
    needs_dot()
    assert read_dot(dot(arch(name))) == parsed(arch(name))


@pytest.mark.parametrize("name", ["paper", "planar"])
def test_dot_puts_each_level_on_one_rank_and_coarser_ones_below(name: str) -> None:
    needs_dot()
    done = subprocess.run(["dot", "-Tplain"], input=dot(arch(name)).encode(), capture_output=True, check=True)
    heights = {line.split()[1]: float(line.split()[3]) for line in done.stdout.decode().splitlines() if "node" in line}
    by_level: dict[int, set[float]] = {}
    for i, node in enumerate(arch(name).nodes):
        by_level.setdefault(node.level, set()).add(heights[f"n{i}"])
    assert all(len(found) == 1 for found in by_level.values())
    ordered = [min(by_level[level]) for level in sorted(by_level)]
    assert ordered == sorted(ordered, reverse=True)


def test_only_skips_are_dashed() -> None:
    dashed = re.findall(r"(n\d+) -\.-> (n\d+)", mermaid(arch("paper")))
    ids = [node.id for node in arch("paper").nodes]
    pairs = [(ids[int(a[1:])], ids[int(b[1:])]) for a, b in dashed]
    crops = [(f"enc{i}.conv2", f"skip{i}.crop1") for i in range(4)] + [
        (f"skip{i}.crop1", f"dec{i}.concat1") for i in range(4)
    ]
    assert sorted(pairs) == sorted(crops)


def test_special_characters_in_names_are_escaped() -> None:
    assert EVIL in read_mermaid(mermaid(evil()))[0]
    lines = mermaid(evil()).splitlines()
    assert [line.count('"') for line in lines] == [0, 2, 2, 2, 0, 0]
    assert not any("script>" in line for line in lines)
    needs_dot()
    done = subprocess.run(["dot", "-Tsvg"], input=dot(evil()).encode(), capture_output=True, check=True)
    assert EVIL in [text.text for text in ElementTree.fromstring(done.stdout).iter("{http://www.w3.org/2000/svg}text")]


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(to_json(arch("attention")), encoding="utf8")
    lines = (
        "import sys, pathlib; from unet_tutorial.figures.arch import graphviz, ir",
        "arch = ir.from_json(pathlib.Path('a.json').read_text(encoding='utf8'))",
        "sys.stdout.write(graphviz.mermaid(arch) + graphviz.dot(arch))",
    )
    env = {"PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf8"}
    command = [sys.executable, "-c", "\n".join(lines)]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=True)
    assert done.stdout.decode() == mermaid(arch("attention")) + dot(arch("attention"))
