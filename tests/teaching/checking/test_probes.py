"""Probes against autograd and torch's own layers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from unet_tutorial.teaching.checking.probes import (
    module_probe,
    outputs_and_gradients,
    with_fixed_parameters,
)

X = torch.arange(6.0).reshape(1, 2, 3) + 1


def test_output_and_gradients_are_those_of_autograd() -> None:
    found = outputs_and_gradients(lambda x: x**2, (X,))
    assert torch.equal(found["output"][0], X**2)
    slope = found["gradients"][0] / (2 * X)  # d(sum w x²)/dx = 2 w x
    assert torch.allclose(slope.flatten(), torch.linspace(0.5, 1.5, 6))


def test_a_detached_input_has_gradient_zero() -> None:
    found = outputs_and_gradients(lambda x, y: x.detach() + y, (X, X))
    assert torch.equal(found["gradients"][0], torch.zeros_like(X))
    assert (found["gradients"][1] != 0).all()


def test_integer_inputs_have_no_gradient_and_several_outputs_are_kept() -> None:
    found = outputs_and_gradients(lambda x, n: [x, n * x], (X, 3))
    assert len(found["gradients"]) == 1
    assert torch.equal(found["output"][1], 3 * X)


def test_modules_with_equal_parameters_agree_however_they_are_initialised() -> None:
    probe = module_probe(2)
    first, second = (probe(lambda i, o: nn.Conv1d(i, o, 1), (2, 4, X)) for _ in range(2))
    assert torch.equal(first["output"][0], second["output"][0])
    assert first["parameters"] == 2 * 4 + 4
    assert probe(lambda i, o: nn.Conv1d(i, o, 1, bias=False), (2, 4, X))["parameters"] == 8


def test_fixed_parameters_depend_on_order_and_shape_alone() -> None:
    one, other = with_fixed_parameters(nn.Linear(3, 2)), with_fixed_parameters(nn.Linear(3, 2))
    assert torch.equal(one.get_parameter("weight"), other.get_parameter("weight"))


@pytest.mark.parametrize("answer", [lambda _i, _o: torch.relu, lambda _i, _o: 3, lambda _i, _o: nn.ReLU])
def test_an_answer_that_builds_no_module_is_refused(answer: object) -> None:
    with pytest.raises(TypeError, match="expected a torch module"):
        module_probe(2)(answer, (1, 1, X))


def test_an_output_that_is_no_tensor_is_refused() -> None:
    def answer(x: Tensor) -> list[float]:
        return x.flatten().tolist()

    with pytest.raises(TypeError, match="expected tensors as output, got a float"):
        outputs_and_gradients(answer, (X,))


def test_lazy_layers_get_their_channels_and_then_their_fixed_parameters() -> None:
    image = torch.randn(1, 2, 5, 5)
    lazy = module_probe(2)(lambda _i, o: nn.LazyConv2d(o, 3), (2, 3, image))
    plain = module_probe(2)(lambda i, o: nn.Conv2d(i, o, 3), (2, 3, image))
    assert torch.equal(lazy["output"][0], plain["output"][0])
    assert lazy["parameters"] == plain["parameters"]
