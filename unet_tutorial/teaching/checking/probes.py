"""Probes: functions that apply an answer to a case and return the result to compare with that of the solution."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from unet_tutorial.teaching.checking.exercise import Case, Probe


class UnfitError(TypeError):
    """The result of an answer cannot be compared; the message is shown to the student as it is."""


def as_module(value: Any) -> nn.Module:
    """The value if it is a torch module; otherwise UnfitError."""
    if isinstance(value, type) and issubclass(value, nn.Module):
        raise UnfitError(f"expected a torch module, got the class {value.__name__} itself; call it to make a module")
    if not isinstance(value, nn.Module):
        kind = "None; is a return missing?" if value is None else f"a {type(value).__name__}"
        raise UnfitError(f"expected a torch module, got {kind}")
    return value


def module_probe(arguments: int) -> Probe:
    """A probe for answers that make a torch module.

    The first values of a case, as many as `arguments`, are those of the answer; the others are the module's inputs.
    """

    def probe(answer: Any, case: Case) -> dict[str, Any]:
        module, inputs = as_module(answer(*case[:arguments])), case[arguments:]
        if any(isinstance(p, nn.parameter.UninitializedParameter) for p in module.parameters()):
            with torch.no_grad():
                module(*inputs)  # lazy layers take their channels from their first input
        return outputs_and_gradients(with_fixed_parameters(module).eval(), inputs)

    return probe


def outputs_and_gradients(answer: Any, case: Case) -> dict[str, Any]:
    """The outputs, the gradients with respect to the floating-point inputs, and the number of parameters."""
    inputs = [value.clone().requires_grad_() if _is_float(value) else value for value in case]
    output = answer(*inputs)
    outputs = output if isinstance(output, (list, tuple)) else [output]
    for each in outputs:
        if not isinstance(each, Tensor):
            kind = "None; is a return missing?" if each is None else f"a {type(each).__name__}"
            raise UnfitError(f"expected {'a tensor' if each is output else 'tensors'} as output, got {kind}")
    float_inputs = [value for value in inputs if _is_float(value)]
    total = sum((each * _weights(each)).sum() for each in outputs)
    found: Sequence[Tensor | None] = [None] * len(float_inputs)
    if _has_graph(total):
        found = torch.autograd.grad(total, float_inputs, allow_unused=True)
    gradients = [torch.zeros_like(x) if slope is None else slope for x, slope in zip(float_inputs, found, strict=True)]
    count = sum(p.numel() for p in answer.parameters()) if isinstance(answer, nn.Module) else 0
    return {"parameters": count, "output": [each.detach() for each in outputs], "gradients": gradients}


def with_fixed_parameters(module: nn.Module) -> nn.Module:
    """Replace the parameters in place by values that depend only on their order and shapes; returns the module."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=generator))
    return module


def _is_float(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _has_graph(total: Any) -> bool:
    return isinstance(total, Tensor) and total.requires_grad


def _weights(output: Tensor) -> Tensor:
    """A different weight for each pixel, so that no two gradients are equal by chance."""
    return torch.linspace(0.5, 1.5, max(output.numel(), 1), device=output.device)[: output.numel()].reshape(
        output.shape
    )
