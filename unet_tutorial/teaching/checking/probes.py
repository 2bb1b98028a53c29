"""Probes: integers from counting answers; outputs, gradients and parameter counts from those that use tensors."""

from __future__ import annotations

from operator import index
from typing import Any

import torch
from torch import Tensor, nn

from unet_tutorial.teaching.checking.exercise import Case, Probe


def whole_numbers(answer: Any, case: Case) -> Any:
    """The integer or the list of integers that an answer returns; TypeError for floats, even those like 3.0."""
    value = answer(*case)
    if isinstance(value, (list, tuple, range)):
        return [index(each) for each in value]
    return value if value is None else index(value)


def built(*arguments: Any) -> Probe:
    """A probe for answers that build a module from these arguments; a case holds the arguments of its forward."""

    def probe(answer: Any, case: Case) -> dict[str, Any]:
        module = answer(*arguments)
        if not isinstance(module, nn.Module):
            raise TypeError(f"a torch module is needed, and a {type(module).__name__} came")
        return watched(filled(module).eval(), case)

    return probe


def watched(answer: Any, case: Case) -> dict[str, Any]:
    """Number of parameters, output, and gradients at the floating-point inputs."""
    inputs = [value.clone().requires_grad_() if _is_float(value) else value for value in case]
    output = answer(*inputs)
    maps = output if isinstance(output, (list, tuple)) else [output]
    for each in maps:
        if not isinstance(each, Tensor):
            raise TypeError(f"tensors are needed as output, and a {type(each).__name__} came")
    touched = [value for value in inputs if _is_float(value)]
    total = sum((each * _weights(each)).sum() for each in maps)
    gradients = torch.autograd.grad(total, touched, allow_unused=True) if _has_graph(total) else [None] * len(touched)
    known = [torch.zeros_like(value) if grad is None else grad for value, grad in zip(touched, gradients, strict=True)]
    count = sum(p.numel() for p in answer.parameters()) if isinstance(answer, nn.Module) else 0
    return {"parameters": count, "output": [each.detach() for each in maps], "gradients": known}


def filled(module: nn.Module) -> nn.Module:
    """The module with reproducible parameters: they depend only on their order and shapes."""
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
