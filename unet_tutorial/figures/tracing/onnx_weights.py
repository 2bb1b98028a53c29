"""The parameters among the initialisers of an ONNX graph, and norms that exporters write as several operators.

An ONNX file does not tell parameters from other constants. Here a parameter is a floating-point initialiser that a
convolution, matrix product, norm or PRelu takes as its weight, or that is added to a map, multiplied with one or joined
with one, has several values and a name that torch's exporter did not make up. So a constant such as the mean of a data
set counts as a parameter if it has several values, and a learnt factor does not if it is one number. The running
statistics of a batch norm are not parameters, as in torch.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from unet_tutorial.plan.levels import Size

WEIGHTS = {
    "Conv": (1, 2), "ConvTranspose": (1, 2), "Gemm": (1, 2), "MatMul": (0, 1, 2), "PRelu": (1,), "Gather": (0,),
    "BatchNormalization": (1, 2), "InstanceNormalization": (1, 2), "GroupNormalization": (1, 2),
    "LayerNormalization": (1, 2), "RMSNormalization": (1,),
}  # fmt: skip
JOINING = ("Add", "Sub", "Mul", "Div", "Sum", "Mean", "Max", "Min", "Concat", "Where", "Einsum")  # of maps and weights
NORMS = ("InstanceNormalization", "GroupNormalization", "LayerNormalization")
MADE_BY_EXPORTER = r"val_\d+|.*Constant(_\d+)?_output_\d+"  # names of initialisers that are not weights
SHAPES = ("Shape", "Size")  # they read the size of a map and none of its values


@dataclass(frozen=True)
class Step:
    """A node of an ONNX graph; names of inputs that are left out are ""."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    name: str = ""
    domain: str = ""


@dataclass(frozen=True)
class Constant:
    """An initialiser, or the value of a Constant node; ``given``: it is an initialiser."""

    shape: Size
    dtype: torch.dtype
    values: Callable[[], Any]
    given: bool

    def empty(self) -> Tensor:
        """A tensor without values."""
        return torch.empty(self.shape, dtype=self.dtype, device="meta")


def parameter_names(steps: Sequence[Step], constants: dict[str, Constant], maps: Collection[str]) -> set[str]:
    """The names of the constants that are parameters; ``maps`` are the names of the graph's inputs."""
    known, found = set(maps), set()
    made_from = {name: {name} for name in constants}  # by a name: the constants from which its value is computed
    for step in steps:
        if step.op in SHAPES or not known.intersection(step.inputs):
            sources = set().union(*(made_from.get(name, set()) for name in step.inputs))
            made_from |= {name: sources for name in step.outputs if name not in constants}
            continue
        known.update(step.outputs)
        for position, name in enumerate(step.inputs):
            found |= {each for each in made_from.get(name, ()) if _is_parameter(step, position, constants[each], each)}
    return found


def _is_parameter(step: Step, position: int, constant: Constant, name: str) -> bool:
    if not constant.dtype.is_floating_point:
        return False
    several = any(n != 1 for n in constant.shape)
    if position in WEIGHTS.get(step.op, ()):
        return (constant.given or several) and not (step.op in NORMS and _is_trivial(constant, name, 2 - position))
    return several and constant.given and step.op in JOINING and not re.fullmatch(MADE_BY_EXPORTER, name)


def _is_trivial(constant: Constant, name: str, value: int) -> bool:
    """Whether this is the scale 1 or shift 0 that exporters write for a norm without scale and shift."""
    written = not constant.given or re.fullmatch(MADE_BY_EXPORTER, name)
    return bool(written) and bool((constant.values() == value).all())


def statistics_names(steps: Sequence[Step], constants: Collection[str]) -> set[str]:
    """The names of the running means and variances of batch norms."""
    return {name for step in steps if step.op == "BatchNormalization" for name in step.inputs[3:5] if name in constants}


def with_copies(steps: Sequence[Step], constants: dict[str, Constant]) -> tuple[list[Step], dict[str, Constant]]:
    """Without the Identity and CastLike nodes of constants; a copy of an initialiser becomes one of its own.

    torch writes parameters with equal values, such as biases of 0, once, and refers to them with Identity.
    """
    constants, alone, kept = dict(constants), _from_constants(steps, constants), []
    same: dict[str, str] = {}  # by name of the output of a CastLike: the name of its input
    for step in steps:
        step = replace(step, inputs=tuple(same.get(name, name) for name in step.inputs))
        if step.op == "Identity" and step.inputs[0] in constants:
            constants[step.outputs[0]] = constants[step.inputs[0]]
        elif step.op == "CastLike" and step.inputs[0] in alone:
            same[step.outputs[0]] = step.inputs[0]
        else:
            kept.append(step)
    return kept, constants


def _from_constants(steps: Sequence[Step], constants: Collection[str]) -> set[str]:
    """The names of the constants, and of the values that are computed from constants alone."""
    found = set(constants)
    for step in steps:
        needed = step.inputs[:1] if step.op == "CastLike" else step.inputs
        if found.issuperset(name for name in needed if name):
            found.update(step.outputs)
    return found


def with_group_norms(steps: Sequence[Step], constants: dict[str, Constant], outputs: Collection[str]) -> list[Step]:
    """Group norms that are written as Reshape, InstanceNormalization, Reshape, Mul and Add become one operator."""
    uses = Counter([*outputs, *(name for step in steps for name in step.inputs)])
    single = {name for name, constant in constants.items() if all(n == 1 for n in constant.shape)}
    weights_only = _from_constants(steps, constants) - single
    reader = {name: step for step in steps for name in step.inputs[:1]}

    def after(step: Step | None, op: str) -> Step | None:
        """The only reader of a step's output, if it is this operator."""
        found = reader.get(step.outputs[0]) if step and uses[step.outputs[0]] == 1 else None
        return found if found and found.op == op else None

    gone: dict[int, Step | None] = {}  # by position: the step that replaces it, or None
    position = {id(step): i for i, step in enumerate(steps)}
    for step in steps:
        norm = after(step, "InstanceNormalization") if step.op == "Reshape" else None
        back = after(norm, "Reshape")
        if not norm or not back or norm.inputs[1] not in constants:
            continue
        groups = constants[norm.inputs[1]].shape
        last, weights = back, []
        for op in ("Mul", "Add"):
            following = after(last, op)
            if following and following.inputs[1] in weights_only:
                last = following
                weights.append(following.inputs[1])
        attributes = {"num_groups": groups[0], "epsilon": norm.attributes.get("epsilon", 1e-5)}
        one = Step("GroupNormalization", (step.inputs[0], *weights), last.outputs, attributes, norm.name)
        chain = [step, norm, back]
        while chain[-1] is not last:
            chain.append(reader[chain[-1].outputs[0]])
        gone |= {position[id(each)]: None for each in chain} | {position[id(last)]: one}
    return [found for i, step in enumerate(steps) if (found := gone.get(i, step)) is not None]


def with_biases(steps: Sequence[Step], constants: dict[str, Constant], outputs: Collection[str]) -> list[Step]:
    """A product with weights, then Add of a value per channel, become one operator with three inputs.

    Products are convolutions without bias, and MatMul, which becomes a linear layer.
    """
    uses = Counter([*outputs, *(name for step in steps for name in step.inputs)])
    products = {
        step.outputs[0]: step
        for step in steps
        if step.op in ("Conv", "ConvTranspose", "MatMul") and len(step.inputs) == 2 and step.inputs[1] in constants
    }
    found: list[Step] = []
    for step in steps:
        product, bias = (next((each for each in step.inputs if each in names), "") for names in (products, constants))
        if (
            step.op == "Add"
            and product
            and bias
            and uses[product] == 1
            and _is_bias(products[product], constants, bias)
        ):
            found.remove(products[product])
            found.append(replace(products[product], inputs=(*products[product].inputs, bias), outputs=step.outputs))
        else:
            found.append(step)
    return found


def _is_bias(product: Step, constants: dict[str, Constant], name: str) -> bool:
    """Whether a constant that is added to a product has one value per channel."""
    shape, weight = constants[name].shape, constants[product.inputs[1]].shape
    if product.op == "MatMul":
        return len(weight) == 2 and shape == weight[1:]
    channels = weight[1] * product.attributes.get("group", 1) if product.op == "ConvTranspose" else weight[0]
    rank = len(weight) - 2
    return shape in ((channels, *(1,) * rank), (1, channels, *(1,) * rank))
