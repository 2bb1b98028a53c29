"""Models, examples and outputs that are refused, each with advice that applies to it; others that are accepted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.foreign_hard import Call
from tests.oracles.torch_counts import macs, saved
from unet_tutorial.figures.tracing.refusals import TraceError
from unet_tutorial.figures.tracing.trace import trace

IMAGE = torch.zeros(1, 1, 16, 16)
pytestmark = [pytest.mark.filterwarnings(f"ignore::{each}Warning") for each in ("Deprecation", "User", "Future")]


def small() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(1024, 4))


def quantised(*, dynamic: bool) -> Any:
    tools = torch.ao.quantization
    if dynamic:
        return tools.quantize_dynamic(small(), {nn.Linear}, dtype=torch.qint8)
    net = prepared()
    net(IMAGE)
    return tools.convert(net)


def prepared() -> Any:
    net = nn.Sequential(torch.ao.quantization.QuantStub(), nn.Conv2d(1, 4, 3), torch.ao.quantization.DeQuantStub())
    net.eval().qconfig = torch.ao.quantization.get_default_qconfig("x86")
    return torch.ao.quantization.prepare(net)


MODELS: dict[str, tuple[Callable[[], Any], str]] = {
    "dynamic": (lambda: quantised(dynamic=True), "is quantised .* no float weights.*; pass the float model as it was"),
    "static": (lambda: quantised(dynamic=False), "is quantised .* no float weights.*; pass the float model as it was"),
    "prepared": (prepared, "is prepared for quantisation .*; pass the float model"),
    "scripted": (lambda: torch.jit.script(small()), "pass the module that it was made from"),
    "scripted part": (lambda: nn.Sequential(torch.jit.script(small())), "pass the module that it was made from"),
    "exported": (lambda: torch.export.export(small(), (IMAGE,)), r"is an ExportedProgram, .*; pass its module\(\)"),
    "state": (lambda: small().state_dict(), "build the network, and load them with load_state_dict"),
    "class": (lambda: nn.Flatten, r"is the class Flatten, .*; pass an instance of it, such as Flatten\(…\)"),
    "file": (lambda: "net.pt", "is a str, .*; load or build the model first"),
    "function": (lambda: small().forward, "build the model first"),
    "nothing": (lambda: None, "build the model first"),
    "no forward": (nn.Module, "has no forward method"),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_refused(name: str) -> None:
    make, message = MODELS[name]
    with pytest.raises(ValueError, match=message):
        trace(make(), IMAGE)


def test_graph_modules_and_float_functional_are_accepted() -> None:
    class Sum(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.plus = nn.Conv2d(1, 1, 3, padding=1), torch.ao.nn.quantized.FloatFunctional()

        def forward(self, x: Tensor) -> Tensor:
            return torch.as_tensor(self.plus.add(x, self.conv(x)))

    plain = trace(small(), IMAGE)
    for net in (torch.fx.symbolic_trace(small()), torch.export.export(small(), (IMAGE,)).module()):
        assert {key: trace(net, IMAGE).totals[key] for key in ("macs", "saved")} == {
            key: plain.totals[key] for key in ("macs", "saved")
        }
    assert trace(Sum(), IMAGE).totals["macs"] == macs(Sum(), IMAGE)


def shape_rule_missing(_: nn.ModuleList, x: Tensor) -> Tensor:
    return torch.as_tensor(torch.ops.refusals_test.opaque(x))


FAILURES: dict[str, tuple[Callable[..., object], str]] = {
    "shape": (lambda layers, x: layers[0](x[:, :, 0]), "does not accept this example .*shapes and dtypes"),
    "index": (lambda _, x: x[5], "does not accept this example .*shapes and dtypes"),
    "cuda": (lambda _, x: x.cuda(), r"asks for a GPU.*with device=x\.device"),
    "assertion": (lambda *_: _fail(AssertionError("bad size")), "fails on this example .*bad size.*check that the"),
    "attribute": (lambda _, x: x.missing, "fails on this example .*check that the model runs"),
    "value": (lambda *_: _fail(ValueError("needs 3 channels")), "^needs 3 channels$"),
    "no shape rule": (shape_rule_missing, "torch has no shape rule .*register_fake"),
    "none": (lambda *_: None, "returns None, as a forward without a return statement does; return a tensor"),
    "number": (lambda _, x: x.ndim, "returns an int; return a tensor, or a tuple, list, dict or dataclass"),
    "function": (lambda _, x: lambda: x, "returns a function; return a tensor"),
    "constant": (lambda *_: torch.zeros(1, 1, 16, 16), "not computed from the example"),
}


def _fail(error: Exception) -> object:
    raise error


@pytest.mark.parametrize("name", FAILURES)
def test_a_pass_is_refused(name: str) -> None:
    run, message = FAILURES[name]
    with torch.library._scoped_library("refusals_test", "DEF") as library:
        library.define("opaque(Tensor x) -> Tensor")
        library.impl("opaque", torch.clone, "CPU")
        with pytest.raises(ValueError, match=message) as found:
            trace(Call(run, nn.Conv2d(1, 1, 3)), IMAGE)
    assert not isinstance(found.value, TraceError)


def test_missing_arguments_are_named() -> None:
    class Conditioned(nn.Module):
        def forward(self, x: Tensor, time: Tensor) -> Tensor:
            return x * time

    with pytest.raises(
        ValueError, match=re.escape("forward(x: 'Tensor', time: 'Tensor') -> 'Tensor', pass a value for")
    ):
        trace(Conditioned(), IMAGE)


@dataclass
class Output:
    logits: Tensor
    more: list[Tensor]


class Yields(nn.Module):
    """Gives its maps one by one."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 3, 2, 1)

    def forward(self, x: Tensor) -> Iterator[object]:
        x = self.one(x)
        yield x
        x = self.two(x)
        yield (relu(F.interpolate(each, scale_factor=2.0)) for each in (x, -x))


def relu(x: Tensor) -> Tensor:
    return x.relu()


def test_a_generator_is_run_to_its_end() -> None:
    arch = trace(Yields(), IMAGE)
    assert [arch.node(key).shape for key in arch.outputs] == [(4, 16, 16), (8, 16, 16), (8, 16, 16)]
    assert arch.totals["macs"] == 16 * 16 * 4 * 9 + 8 * 8 * 8 * 4 * 9
    assert {node.path for node in arch.nodes if node.op == "conv"} == {"one", "two"}


OUTPUTS: dict[str, Callable[[Tensor], object]] = {
    "dataclass": lambda x: Output(x, [x.relu()]),
    "object": lambda x: SimpleNamespace(logits=x, loss=None, more={"a": x.relu()}),
    "tuple": lambda x: (x, None, [x.relu()], "text"),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_tensors_in_other_containers_are_outputs(name: str) -> None:
    net = Call(lambda layers, x: OUTPUTS[name](layers[0](x)), nn.Conv2d(1, 4, 3, padding=1))
    arch = trace(net, IMAGE)
    assert [arch.node(key).kind for key in arch.outputs] == ["convolution", "relu"]
    assert (arch.totals["macs"], arch.totals["saved"]) == (macs(net, IMAGE), saved(net, IMAGE))
