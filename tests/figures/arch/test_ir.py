"""Descriptions as JSON and back, and the lookup of nodes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.oracles.described_nets import NETS, arch, evil
from unet_tutorial.figures.arch.ir import OPS, SIDES, Node, from_json, to_json


@pytest.mark.parametrize("name", [*NETS, "evil"])
def test_json_holds_everything(name: str) -> None:
    described = evil() if name == "evil" else arch(name)
    read = from_json(to_json(described))
    assert read == described
    assert to_json(read) == to_json(described)  # the paths of modules too, which equality ignores
    assert {node.op for node in described.nodes} <= set(OPS)
    assert {node.side for node in described.nodes} <= set(SIDES)


@pytest.mark.parametrize("text", ["", "[]", "{}", '"text"', "3", json.dumps({"version": 2, "nodes": [{}]})])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an architecture written by unet diagram"):
        from_json(text)


def test_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="its version is 1; this program reads version 2"):
        from_json(to_json(replace(arch("classifier"), version=1)))


@pytest.mark.parametrize("name", NETS)
def test_a_node_is_found_by_its_id(name: str) -> None:
    described = arch(name)
    assert [described.node(node.id) for node in described.nodes] == list(described.nodes)
    assert described.index is described.index  # built once
    (node, *rest) = described.nodes
    renamed = replace(described, nodes=(replace(node, id="other"), *rest))
    assert "other" in renamed.index
    assert "other" not in described.index


def test_nodes_that_differ_in_the_module_path_alone_are_equal() -> None:
    node = Node("a", "conv", "convolution", (), (1, 8, 8), path="encoder.0")
    assert node == replace(node, path="layers.3")
    assert node != replace(node, shape=(1, 8, 9))
