"""Which constants of a graph are parameters, and which operators are one operation written as several."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from unet_tutorial.figures.tracing.onnx_weights import (
    Constant,
    Step,
    parameter_names,
    statistics_names,
    with_biases,
    with_copies,
    with_group_norms,
)


def constant(*shape: int, value: float = 0.5, dtype: torch.dtype = torch.float32, given: bool = True) -> Constant:
    return Constant(shape, dtype, lambda: np.full(shape, value), given)


def step(op: str, inputs: str, output: str = "y", **attributes: Any) -> Step:
    return Step(op, tuple(inputs.split()), (output,), attributes)


VECTOR, ONE, ONES, ZEROS = constant(4), constant(1), constant(4, value=1), constant(4, value=0)


@pytest.mark.parametrize(
    ("steps", "constants", "expected"),
    [
        ([step("Conv", "x w b")], {"w": constant(4, 1, 3, 3), "b": VECTOR}, {"w", "b"}),
        ([step("Conv", "x w b")], {"w": constant(1, 1, 1, 1), "b": ONE}, {"w", "b"}),
        ([step("Transpose", "w", "t"), step("MatMul", "x t")], {"w": constant(4, 4)}, {"w"}),
        ([step("Add", "x b")], {"b": VECTOR}, {"b"}),
        ([step("Mul", "x b")], {"b": ONE}, set()),  # a number such as 0.5
        ([step("Mul", "x b")], {"b": constant(4, given=False)}, set()),  # of a Constant node
        ([step("Mul", "x val_3")], {"val_3": VECTOR}, set()),  # a result of the exporter, such as an attention mask
        ([step("Add", "x b")], {"b": constant(4, dtype=torch.int64)}, set()),
        ([step("Resize", "x r s")], {"r": ONE, "s": VECTOR}, set()),
        ([step("Clip", "x b b")], {"b": ONE}, set()),
        ([step("BatchNormalization", "x a b m v")], dict.fromkeys("abmv", VECTOR), {"a", "b"}),
        ([step("InstanceNormalization", "x a b")], {"a": ONES, "b": ZEROS}, {"a", "b"}),
        ([step("InstanceNormalization", "x val_1 val_2")], {"val_1": ONES, "val_2": ZEROS}, set()),
        ([step("InstanceNormalization", "x val_1 val_2")], {"val_1": VECTOR, "val_2": VECTOR}, {"val_1", "val_2"}),
        ([step("PRelu", "x a")], {"a": ONE}, {"a"}),
        ([step("Shape", "x", "s"), step("Mul", "s b", "t"), step("Reshape", "x t")], {"b": VECTOR}, set()),
        ([step("Conv", "x w", "a"), step("Conv", "a w")], {"w": constant(1, 1, 3, 3)}, {"w"}),  # shared: counted once
    ],
)
def test_weights_are_parameters_and_other_constants_are_not(
    steps: list[Step], constants: dict[str, Constant], expected: set[str]
) -> None:
    assert parameter_names(steps, constants, ["x"]) == expected


def test_running_statistics_are_found() -> None:
    norm = step("BatchNormalization", "x a b m v")
    assert statistics_names([norm, step("Add", "y c")], "abcmv") == {"m", "v"}


def test_a_copy_of_an_initialiser_is_one_of_its_own() -> None:
    """As torch writes biases that are all 0."""
    steps = [step("Identity", "b", "c"), step("Conv", "x w b", "y"), step("Conv", "y v c", "z")]
    kept, constants = with_copies(steps, {"w": constant(4, 1, 3, 3), "v": constant(4, 4, 3, 3), "b": VECTOR})
    assert [each.op for each in kept] == ["Conv", "Conv"]
    assert parameter_names(kept, constants, ["x"]) == {"w", "v", "b", "c"}


GROUP = [
    step("Reshape", "x shape", "r"),
    step("InstanceNormalization", "r one zero", "i", epsilon=1e-3),
    step("Reshape", "i back", "o"),
    step("Mul", "o scale", "p"),
    step("Add", "p shift", "q"),
]
CONSTANTS = {"one": constant(2, value=1), "zero": constant(2, value=0), "scale": constant(4, 1, 1), "shift": VECTOR}


def test_a_group_norm_in_pieces_is_one_operator() -> None:
    (found,) = with_group_norms(GROUP, CONSTANTS, ["q"])
    assert (found.op, found.inputs, found.outputs) == ("GroupNormalization", ("x", "scale", "shift"), ("q",))
    assert found.attributes == {"num_groups": 2, "epsilon": 1e-3}
    (bare,) = with_group_norms(GROUP[:3], CONSTANTS, ["o"])
    assert (bare.inputs, bare.outputs) == (("x",), ("o",))


def test_a_group_norm_in_use_elsewhere_stays_in_pieces_and_a_map_is_not_its_scale() -> None:
    assert with_group_norms(GROUP, CONSTANTS, ["q", "i"]) == GROUP
    gated = [*GROUP[:3], step("Mul", "o x", "p")]
    assert [each.op for each in with_group_norms(gated, CONSTANTS, ["p"])] == ["GroupNormalization", "Mul"]


@pytest.mark.parametrize(
    ("op", "weight", "bias", "joined"),
    [
        ("Conv", (4, 2, 3, 3), (1, 4, 1, 1), True),
        ("Conv", (4, 2, 3, 3), (4, 1, 1), True),
        ("Conv", (4, 2, 3, 3), (4,), False),  # along the last axis
        ("ConvTranspose", (2, 4, 2, 2), (1, 4, 1, 1), True),
        ("MatMul", (2, 4), (4,), True),
        ("MatMul", (2, 4), (2, 4), False),
    ],
)
def test_a_bias_that_is_added_belongs_to_the_product(
    op: str, weight: tuple[int, ...], bias: tuple[int, ...], joined: object
) -> None:
    steps = [step(op, "x w", "p"), step("Add", "b p", "y")]
    constants = {"w": constant(*weight), "b": constant(*bias)}
    found = with_biases(steps, constants, ["y"])
    assert [each.op for each in found] == ([op] if joined else [op, "Add"])
    assert with_biases(steps, constants, ["y", "p"]) == steps
