"""A network in an ONNX file has the description of the same network in torch; broken files are refused."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.oracles.onnx_files import Keras, Several, exported, keras_graph, merged, one_operator
from tests.oracles.uncommon_nets import TwoInputs
from unet_tutorial.figures.arch.ir import ArchIR, Node
from unet_tutorial.figures.arch.text import operation_name
from unet_tutorial.figures.diagram import draw
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tracing.onnx_graph import arch_from_onnx
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import attention_unet, padded_unet, paper_unet, residual_unet, unet3d
from unet_tutorial.nets.systems.caffe_release import released_unet

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytestmark = pytest.mark.slow

TWO = (4, 8)
NETS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "paper": (partial(paper_unet, widths=TWO), (1, 1, 44, 44)),
    "padded": (partial(padded_unet, widths=(4, 8, 8)), (1, 1, 32, 48)),
    "unet3d": (partial(unet3d, widths=TWO, planar=(0,)), (1, 1, 4, 16, 16)),
    "attention": (partial(attention_unet, widths=TWO), (1, 1, 32, 32)),
    "residual": (partial(residual_unet, widths=TWO), (1, 1, 32, 32)),
    "released": (partial(released_unet, widths=TWO), (1, 1, 44, 44)),
    "several": (Several, (1, 3, 32, 32)),
}


def numbers(node: Node) -> tuple[Any, ...]:
    name, place = operation_name(node, with_folded=True), (node.level, node.side)
    return node.op, name, node.shape, node.window, node.crop, node.parameters, node.macs, *place


def described(arch: ArchIR) -> list[tuple[Any, ...]]:
    """All numbers and names of the nodes but those of the inputs, whose names exporters change."""
    return [numbers(node) for node in arch.nodes if node.op != "input"]


def without_memory(totals: dict[str, int]) -> dict[str, int]:
    return {key: value for key, value in totals.items() if key not in ("saved", "peak")}


@pytest.mark.parametrize("way", ["plain", "folded", "dynamo", "dynamo, plain"])
@pytest.mark.parametrize("name", NETS)
def test_an_exported_network_has_the_description_of_the_network(name: str, way: str, tmp_path: Path) -> None:
    build, shape = NETS[name]
    found = arch_from_onnx(exported(build(), tmp_path / f"{name}.onnx", shape, way=way))
    expected = trace(build() if "plain" in way else merged(build()), torch.empty(shape, device="meta"))
    assert found.totals == without_memory(expected.totals)
    assert (found.name, found.reason, found.path, found.skips) == (name, expected.reason, expected.path, expected.skips)
    if (name, way) != ("several", "dynamo, plain"):  # its group norm is left in pieces there
        assert described(found) == described(expected)
    assert [node.shape for node in found.inputs] == [node.shape for node in expected.inputs]


def test_channels_last_are_read_as_channels(tmp_path: Path) -> None:
    """The numbers are those of the same network in torch, and 3·8·9 + 8 + 16 + 8·16·9 + 16 + 512 + 1,160 + 18."""
    found = arch_from_onnx(keras_graph(tmp_path / "keras.onnx"), (64,))
    expected = trace(Keras(), torch.empty(1, 3, 64, 64))
    assert found.totals["parameters"] == 216 + 8 + 16 + 1152 + 16 + 512 + 1160 + 18
    assert found.totals == without_memory(expected.totals)
    assert described(found) == described(expected)
    assert [node.shape for node in found.inputs] == [(3, 64, 64)]
    assert found.node(found.path[-1]).shape == (2, 64, 64)


@pytest.mark.parametrize(
    ("sizes", "shape"), [([(64,)], (3, 64, 64)), ([(32, 64)], (3, 32, 64)), ([(2, 32, 64, 3)], (3, 32, 64))]
)
def test_open_sizes_are_given(sizes: list[tuple[int, ...]], shape: tuple[int, ...], tmp_path: Path) -> None:
    path = keras_graph(tmp_path / "keras.onnx")
    assert arch_from_onnx(path, *sizes).inputs[0].shape == shape
    assert arch_from_onnx(path, **{"image:0": sizes[0]}).inputs[0].shape == shape


@pytest.mark.parametrize(
    ("size", "given", "said"),
    [
        (
            ("height", "width"),
            (),
            "is batch×height×width×3, in which height and width are open; give the size",
        ),
        (("height", 64), (), "in which height is open"),
        (("height", "width"), (64, 64, 64), "and 64×64×64 was given; give the whole shape"),
        (("height", "width"), (1, 64, 64, 4), "batch×height×width×3, and 1×64×64×4 was given"),
        ((64, 64), (32,), "which leaves no size open; leave out 32"),
    ],
)
def test_sizes_that_are_open_or_differ_are_refused(
    size: tuple[object, object], given: tuple[int, ...], said: str, tmp_path: Path
) -> None:
    path = keras_graph(tmp_path / "keras.onnx", size)
    with pytest.raises(ValueError, match=said):
        arch_from_onnx(path, *([given] if given else []))


def test_inputs_by_name(tmp_path: Path) -> None:
    path = exported(TwoInputs(), tmp_path / "two.onnx", (1, 1, 32, 32), (1, 2, 32, 32), way="dynamo")
    assert [node.shape for node in arch_from_onnx(path).inputs] == [(1, 32, 32), (2, 32, 32)]
    with pytest.raises(ValueError, match=r"two.onnx: there is no input 'z'; its inputs are 'x', 'y'"):
        arch_from_onnx(path, z=(32,))
    with pytest.raises(ValueError, match="there is no input number 3"):
        arch_from_onnx(path, (1, 1, 32, 32), (1, 2, 32, 32), (1,))


def test_saved_bytes_are_left_out_and_said_to_be_unknown(tmp_path: Path) -> None:
    arch = arch_from_onnx(exported(paper_unet(widths=TWO), tmp_path / "u.onnx", (1, 1, 44, 44)))
    assert set(arch.totals) == {"parameters", "parameter_bytes", "trainable", "macs"}
    found = table(arch)
    assert {row.saved for row in found.rows} == {None}
    column = found.as_text(compact=False).header.index("saved MiB")
    assert {line[column] for line in found.as_text(compact=False).body} == {"–"}
    assert dict(found.footer)["memory: saved for backward"].startswith("not known")
    assert "bytes saved" not in draw(arch).alt


@pytest.mark.parametrize(
    ("op", "more", "said"),
    [
        (
            "NonMaxSuppression",
            {},
            r"'only' \(NonMaxSuppression\) fails on 1×3×8×8: this operator is not understood",
        ),
        ("QuantizeLinear", {}, "the network is quantised; export it in floating point"),
        ("FusedConv", {"domain": "com.microsoft"}, "is an operator of com.microsoft; export with those of ONNX only"),
        ("Reshape", {}, r"node 'only' \(Reshape\) fails on 1×3×8×8"),
        ("Conv", {"kernel_shape": [3, 3]}, r"node 'only' \(Conv\) fails on 1×3×8×8"),
    ],
)
def test_an_operator_that_is_not_understood_is_named(op: str, more: dict[str, Any], said: str, tmp_path: Path) -> None:
    path = one_operator(tmp_path / "one.onnx", op, [1, 3, 8, 8], **more)
    with pytest.raises(ValueError, match=said):
        arch_from_onnx(path)


def test_control_flow_is_refused(tmp_path: Path) -> None:
    body = onnx.helper.make_graph([], "body", [], [])
    path = one_operator(tmp_path / "loop.onnx", "Loop", [1, 3, 8, 8], body=body)
    with pytest.raises(ValueError, match=r"node 'only' \(Loop\) is control flow, so one diagram cannot show it"):
        arch_from_onnx(path)


@pytest.mark.parametrize("content", [b"", b"no onnx", b"\x08\x07\x12", b"PK\x03\x04" * 50])
def test_a_file_that_is_not_onnx_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.onnx is not an ONNX file, or is incomplete"):
        arch_from_onnx(tmp_path / "x.onnx")


def test_a_file_cut_off_at_any_place_is_refused_in_a_sentence(tmp_path: Path) -> None:
    whole = keras_graph(tmp_path / "keras.onnx", (32, 32)).read_bytes()
    for i in range(1, 40):
        (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) * i // 40])
        with pytest.raises(ValueError, match=r"cut.onnx is not an ONNX file, or is incomplete|cut.onnx: "):
            arch_from_onnx(tmp_path / "cut.onnx")


def test_weights_in_a_missing_second_file_are_not_needed(tmp_path: Path) -> None:
    net = partial(padded_unet, widths=TWO)
    whole = arch_from_onnx(exported(net(), tmp_path / "u.onnx", (1, 1, 32, 32)))
    model = onnx.load(str(tmp_path / "u.onnx"))
    onnx.save(model, str(tmp_path / "u.onnx"), save_as_external_data=True, location="u.data", size_threshold=64)
    (tmp_path / "u.data").unlink()
    assert arch_from_onnx(tmp_path / "u.onnx") == whole


def test_without_the_package_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ValueError, match=r"needs onnx, which cannot be .*; run pip install 'unet_tutorial\[export\]'"):
        arch_from_onnx(tmp_path / "u.onnx")
