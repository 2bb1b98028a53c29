"""Each operator gives the values of ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from unet_tutorial.figures.tracing.onnx_operators import OPERATORS, Operands

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

CORNERS, TWICE = "coordinate_transformation_mode", np.array([1, 1, 2, 2], np.float32)
X, IMAGE, VOLUME = (2, 3, 4), (2, 4, 6, 8), (1, 2, 4, 5, 6)
EACH = ("Relu", "Sigmoid", "Tanh", "HardSwish", "Softplus", "Softsign", "Mish", "Gelu", "Selu", "Abs",
        "Neg", "Exp", "Reciprocal", "Erf", "Floor", "Ceil", "Sign", "Sin", "Cos", "Identity", "Dropout", "LeakyRelu",
        "Elu", "Celu", "ThresholdedRelu", "Softmax", "LogSoftmax")  # fmt: skip
OF_TWO = ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean", "Equal", "Greater", "Less", "GreaterOrEqual")
REDUCED = ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceLogSumExp", "ReduceL1", "ReduceL2",
           "ReduceSumSquare")  # fmt: skip


def ints(*values: int) -> Any:
    return np.array(values, np.int64)


def of(*shape: int) -> Any:
    """Random numbers, the same for the same shape."""
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


CASES: list[tuple[str, list[Any], dict[str, Any], int]] = [  # operator, inputs, attributes, operator set
    *((op, [of(*IMAGE)], {}, 20) for op in EACH),
    *((op, [of(*IMAGE), of(4, 1, 8)], {}, 20) for op in OF_TWO),
    *((op, [of(*IMAGE), ints(2, 3)], {}, 20) for op in REDUCED),
    ("ReduceMean", [of(*IMAGE)], {"axes": [1], "keepdims": 0}, 13),
    ("ReduceMean", [of(*IMAGE)], {}, 20),
    ("HardSigmoid", [of(*IMAGE)], {"alpha": 1 / 6}, 20),
    ("Softmax", [of(*IMAGE)], {"axis": 1}, 20),
    ("Softmax", [of(2, 5, 1, 1)], {}, 11),
    ("Conv", [of(*IMAGE), of(6, 4, 3, 3), of(6)], {"pads": [1, 1, 1, 1]}, 20),
    ("Conv", [of(*IMAGE), of(6, 4, 3, 3)], {"pads": [0, 1, 2, 1], "strides": [2, 1]}, 20),
    ("Conv", [of(*IMAGE), of(6, 2, 3, 3)], {"group": 2, "auto_pad": "SAME_UPPER"}, 20),
    ("Conv", [of(*IMAGE), of(6, 4, 3, 3)], {"strides": [2, 2], "auto_pad": "SAME_UPPER"}, 20),
    ("Conv", [of(*IMAGE), of(6, 4, 2, 3)], {"strides": [1, 2], "auto_pad": "SAME_LOWER"}, 20),
    ("Conv", [of(*X), of(5, 3, 2)], {"auto_pad": "VALID"}, 20),
    ("Conv", [of(*VOLUME), of(3, 2, 1, 3, 3)], {"pads": [0, 1, 1, 0, 1, 1]}, 20),
    ("ConvTranspose", [of(*IMAGE), of(4, 3, 2, 2), of(3)], {"strides": [2, 2]}, 20),
    ("ConvTranspose", [of(*IMAGE), of(4, 3, 3, 3)], {"strides": [2, 2], "auto_pad": "SAME_UPPER"}, 20),
    ("ConvTranspose", [of(*IMAGE), of(4, 3, 3, 3)], {"strides": [2, 2], "output_padding": [1, 1], "pads": [1] * 4}, 20),
    ("ConvTranspose", [of(*IMAGE), of(4, 3, 3, 3)], {"strides": [2, 2], "pads": [0, 1, 1, 0]}, 20),
    ("ConvTranspose", [of(*IMAGE), of(4, 3, 3, 3)], {"strides": [2, 2], "output_shape": [12, 16]}, 20),
    ("ConvTranspose", [of(*VOLUME), of(2, 3, 1, 2, 2)], {"strides": [1, 2, 2]}, 20),
    ("MaxPool", [of(*IMAGE)], {"kernel_shape": [2, 2], "strides": [2, 2]}, 20),
    ("MaxPool", [of(*IMAGE)], {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0, 0, 1, 1]}, 20),
    ("MaxPool", [of(*IMAGE)], {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}, 20),
    ("AveragePool", [of(*IMAGE)], {"kernel_shape": [2, 2], "strides": [2, 2]}, 20),
    ("AveragePool", [of(*IMAGE)], {"kernel_shape": [3, 3], "pads": [1] * 4, "count_include_pad": 1}, 20),
    ("AveragePool", [of(*IMAGE)], {"kernel_shape": [3, 3], "pads": [1] * 4}, 20),
    ("GlobalAveragePool", [of(*IMAGE)], {}, 20),
    ("GlobalMaxPool", [of(*IMAGE)], {}, 20),
    ("Concat", [of(*IMAGE), of(2, 1, 6, 8)], {"axis": 1}, 20),
    ("Slice", [of(*IMAGE), ints(1, 2), ints(-1, 99), ints(2, 3)], {}, 20),
    ("Slice", [of(*IMAGE), ints(0), ints(7), ints(3), ints(3)], {}, 20),
    ("Slice", [of(*IMAGE), ints(-1), ints(-99), ints(3), ints(-1)], {}, 20),
    ("Slice", [of(*IMAGE), ints(6), ints(1), ints(-1), ints(-2)], {}, 20),
    ("Slice", [of(*IMAGE)], {"starts": [1], "ends": [3], "axes": [2]}, 9),
    ("Pad", [of(*IMAGE), ints(0, 0, 1, 2, 0, 0, 3, 0)], {}, 20),
    ("Pad", [of(*IMAGE), ints(0, 0, -1, 2, 0, 0, 0, -1)], {}, 20),
    ("Pad", [of(*IMAGE), ints(0, 0, 1, 2, 0, 0, 3, 0)], {"mode": "reflect"}, 20),
    ("Pad", [of(*IMAGE), ints(0, 0, 1, 2, 0, 0, 3, 0)], {"mode": "edge"}, 20),
    ("Pad", [of(*IMAGE), ints(1, 2), None, ints(1)], {}, 20),
    ("Resize", [of(*IMAGE), None, TWICE], {CORNERS: "asymmetric", "nearest_mode": "floor"}, 20),
    ("Resize", [of(*IMAGE), None, None, ints(2, 4, 12, 16)], {"mode": "linear"}, 20),
    ("Resize", [of(*IMAGE), None, None, ints(2, 4, 11, 15)], {"mode": "linear", CORNERS: "align_corners"}, 20),
    ("BatchNormalization", [of(*IMAGE), of(4), of(4), of(4), abs(of(4))], {}, 20),
    ("InstanceNormalization", [of(*IMAGE), of(4), of(4)], {}, 20),
    ("GroupNormalization", [of(*IMAGE), of(4), of(4)], {"num_groups": 2}, 21),
    ("LayerNormalization", [of(*X), of(4), of(4)], {}, 20),
    ("LayerNormalization", [of(*X), of(3, 4), of(3, 4)], {"axis": 1}, 20),
    ("LRN", [of(*IMAGE)], {"size": 3, "bias": 1.0}, 20),
    ("LpNormalization", [of(*IMAGE)], {"axis": 1}, 20),
    ("PRelu", [of(*IMAGE), of(4, 1, 1)], {}, 20),
    ("PRelu", [of(*IMAGE), of(1, 1, 1)], {}, 20),
    ("Clip", [of(*IMAGE), np.float32(0), np.float32(6)], {}, 20),
    ("Clip", [of(*IMAGE), np.float32(0)], {}, 20),
    ("Clip", [of(*IMAGE), None, np.float32(0.5)], {}, 20),
    ("Clip", [of(*IMAGE)], {"min": -0.5, "max": 0.5}, 10),
    ("Pow", [of(*IMAGE), np.float32(2)], {}, 20),
    ("Where", [of(*IMAGE) > 0, of(*IMAGE), np.float32(7)], {}, 20),
    ("MatMul", [of(*X), of(4, 5)], {}, 20),
    ("Gemm", [of(3, 4), of(5, 4), of(5)], {"transB": 1}, 20),
    ("Gemm", [of(4, 3), of(4, 5), of(5)], {"transA": 1, "alpha": 2.0, "beta": 0.5}, 20),
    ("Einsum", [of(2, 3, 4), of(2, 4, 5)], {"equation": "bij,bjk->bik"}, 20),
    ("Reshape", [of(*IMAGE), ints(0, 2, -1, 8)], {}, 20),
    ("Flatten", [of(*IMAGE)], {}, 20),
    ("Flatten", [of(*IMAGE)], {"axis": 2}, 20),
    ("Squeeze", [of(2, 1, 3, 1), ints(3)], {}, 20),
    ("Squeeze", [of(2, 1, 3, 1)], {"axes": [1]}, 11),
    ("Unsqueeze", [of(*X), ints(1, -1)], {}, 20),
    ("Expand", [of(2, 1, 4), ints(3, 1)], {}, 20),
    ("Transpose", [of(*IMAGE)], {"perm": [0, 2, 3, 1]}, 20),
    ("Transpose", [of(*X)], {}, 20),
    ("Tile", [of(*X), ints(1, 2, 3)], {}, 20),
    ("Gather", [of(*IMAGE), ints(2, 0)], {"axis": 1}, 20),
    ("Gather", [of(*IMAGE), np.array(1)], {"axis": 3}, 20),
    ("Gather", [of(*X), np.array([[0, 1], [2, 0]])], {"axis": 1}, 20),
    ("DepthToSpace", [of(*IMAGE)], {"blocksize": 2}, 20),
    ("DepthToSpace", [of(*IMAGE)], {"blocksize": 2, "mode": "CRD"}, 20),
    ("SpaceToDepth", [of(*IMAGE)], {"blocksize": 2}, 20),
    ("ArgMax", [of(*IMAGE)], {"axis": 1}, 20),
    ("Cast", [of(*IMAGE)], {"to": 11}, 20),
]  # fmt: skip


def expected(op: str, inputs: list[Any], attributes: dict[str, Any], opset: int) -> list[Any]:
    names = [f"x{i}" if each is not None else "" for i, each in enumerate(inputs)]
    given = {name: each for name, each in zip(names, inputs, strict=True) if name}
    outputs = ["y", "z"] if op == "Split" else ["y"]
    helper = onnx.helper
    node = helper.make_node(op, names, outputs, **attributes)
    kinds = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(each.dtype), each.shape)
        for name, each in given.items()
    ]
    graph = helper.make_graph([node], "one", kinds, [helper.make_empty_tensor_value_info(each) for each in outputs])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found: list[Any] = session.run(None, {name: np.asarray(each) for name, each in given.items()})
    return found


def computed(op: str, inputs: list[Any], attributes: dict[str, Any], opset: int) -> Any:
    """The first input is a map, as are the others of floating point with several numbers."""
    coded = {key: value.encode() if isinstance(value, str) else value for key, value in attributes.items()}
    tensors = [
        torch.from_numpy(np.array(each))
        if i == 0 or (each is not None and each.dtype.kind == "f" and each.ndim)
        else each
        for i, each in enumerate(inputs)
    ]
    if op == "Resize":
        tensors[1:] = inputs[1:]
    return OPERATORS[op](Operands(tensors, coded, opset))


@pytest.mark.parametrize(("op", "inputs", "attributes", "opset"), CASES)
def test_the_values_are_those_of_onnx_runtime(
    op: str, inputs: list[Any], attributes: dict[str, Any], opset: int
) -> None:
    (wanted,) = expected(op, inputs, attributes, opset)
    found = computed(op, inputs, attributes, opset).numpy()
    assert found.shape == wanted.shape
    assert np.allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("inputs", "attributes"), [([of(2, 5), ints(2, 3)], {"axis": 1}), ([of(2, 5)], {"axis": 1, "num_outputs": 2})]
)
def test_a_split_gives_several_maps(inputs: list[Any], attributes: dict[str, Any]) -> None:
    found = computed("Split", inputs, attributes, 20)
    wanted = expected("Split", inputs, attributes, 20)
    assert [each.shape for each in found] == [each.shape for each in wanted]
    assert all(np.allclose(one, other) for one, other in zip(found, wanted, strict=True))


def test_every_operator_is_tested() -> None:
    tested = {op for op, *_ in CASES} | {"Split"}
    elsewhere = {"Upsample", "RMSNormalization", "LessOrEqual", "And", "Or", "Not", "Attention", "Swish", "GridSample"}
    elsewhere |= {"CastLike", "ArgMin", "Log", "Sqrt", "Round"}
    assert set(OPERATORS) - tested == elsewhere
