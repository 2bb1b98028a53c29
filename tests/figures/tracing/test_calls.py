"""Functions that are running, labels of classes and of reparametrised weights."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.foreign_hard import Call
from unet_tutorial.figures.tracing.calls import class_label, module_call, running_function, same_name, weight_labels
from unet_tutorial.figures.tracing.record import record

IMAGE = torch.zeros(2, 4, 8, 8)


class Custom(nn.LayerNorm):
    """A norm by its base class."""


class QuickGELU(nn.Module):
    """An activation by its own name."""


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        (nn.BatchNorm3d, "batch_norm"), (nn.InstanceNorm1d, "instance_norm"), (nn.RMSNorm, "rms_norm"),
        (nn.LocalResponseNorm, "local_response_norm"), (nn.PReLU, "prelu"), (nn.RReLU, "rrelu"), (nn.GELU, "gelu"),
        (nn.LeakyReLU, "leaky_relu"), (nn.GLU, "glu"), (nn.LogSigmoid, "log_sigmoid"), (QuickGELU, "quick_gelu"),
    ],
)  # fmt: skip
def test_the_label_of_a_class_has_the_form_of_operator_names(kind: type, label: str) -> None:
    assert class_label(kind) == label


def test_the_calls_of_a_pass_are_recorded() -> None:
    """Two calls of one function are two, and only modules without submodules are calls."""

    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        return torch.as_tensor(layers[0](F.instance_norm(F.instance_norm(x))))

    found = record(Call(run, nn.Sequential(Custom(8), nn.ReLU6())), (IMAGE,), {}, training=False)
    calls = sorted((call.first, call.label) for call in found.calls)
    assert [label for _, label in calls] == ["instance_norm", "instance_norm", "layer_norm", "layer_norm", "relu6"]
    ranges = [found.ops[call.first : call.last] for call in found.calls if call.label == "instance_norm"]
    assert [[op.name for op in ops] for ops in ranges] == [["view", "empty", "native_batch_norm", "view"]] * 2


def test_no_function_runs_outside_of_a_pass() -> None:
    assert running_function() is None
    assert module_call(nn.Sequential(nn.ReLU()), 0, 1) is None
    assert module_call(nn.ReLU(), 3, 3) is None


def test_names_of_operators_that_are_those_of_labels() -> None:
    assert same_name("native_group_norm", "group_norm")
    assert same_name("leaky_relu_", "leaky_relu")
    assert not same_name("native_batch_norm", "instance_norm")


def test_reparametrised_weights_are_labelled() -> None:
    class Symmetric(nn.Module):
        def forward(self, weight: Tensor) -> Tensor:
            return weight + weight.mT

    nets = nn.utils
    with pytest.warns(FutureWarning, match="weight_norm"):
        old = nets.weight_norm(nn.Conv2d(1, 1, 3))
    twice = nets.parametrizations.spectral_norm(nets.parametrizations.weight_norm(nn.Linear(3, 3)))
    net = nn.Sequential(old, nets.spectral_norm(nn.Conv2d(1, 1, 3)), twice, nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 3))
    nets.parametrize.register_parametrization(net[3], "weight", Symmetric())
    assert weight_labels(net) == {
        "0": ("weight_norm",),
        "1": ("spectral_norm",),
        "2": ("weight_norm", "spectral_norm"),
        "3": ("symmetric",),
    }
