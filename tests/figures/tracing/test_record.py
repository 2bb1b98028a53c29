"""Recorded operators against those that torch's dispatcher reports on real tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from tests.oracles.foreign_blocks import Attention, Haar
from tests.oracles.foreign_hard import Call
from tests.oracles.foreign_unets import Assembled, Functional, PreAct, Stacked, recursive
from tests.oracles.torch_counts import saved
from unet_tutorial.figures.tracing.record import record
from unet_tutorial.figures.tracing.trace import trace

IMAGE = torch.zeros(1, 1, 32, 32)


def test_a_model_may_create_tensors_on_another_device() -> None:
    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        place = torch.linspace(0, 1, x.shape[-1]).expand(1, 1, *x.shape[2:])
        frame = torch.zeros(1, 2, *x.shape[2:])
        frame[:, :1], frame[:, 1:] = x, place
        return torch.as_tensor(layers[0](frame)) + F.interpolate(layers[1](F.max_pool2d(frame, 2)), scale_factor=2)

    arch = trace(Call(run, nn.Conv2d(2, 1, 1), nn.Conv2d(2, 1, 1)), IMAGE)
    assert [(s.source in arch.index, arch.node(s.target).op) for s in arch.skips] == [(True, "add")]


class Ledger(TorchDispatchMode):
    """The names of all operators that torch runs."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


NETS: dict[str, Callable[[], nn.Module]] = {
    "functions": Functional,
    "cropped": lambda: Stacked("crop", 1),
    "recursion": recursive,
    "squeezed": lambda: Assembled(PreAct, torch.add, nn.Identity, wide=False),
    "attention": lambda: Assembled(Haar, torch.add, nn.Identity, wide=False, bottom=Attention()),
}


@pytest.mark.parametrize("name", NETS)
def test_the_operators_are_those_that_run_on_real_tensors(name: str) -> None:
    net = NETS[name]().eval()
    with torch.no_grad(), Ledger() as ledger:
        net(IMAGE)
    assert [op.name for op in record(net, (IMAGE,), {}, training=False).ops] == ledger.names


@pytest.mark.parametrize("name", NETS)
def test_each_convolution_has_the_path_of_its_module(name: str) -> None:
    net = NETS[name]()
    modules = dict(net.named_modules())
    convs = [op for op in record(net, (IMAGE,), {}, training=False).ops if op.name == "convolution"]
    if name == "functions":  # parameters of the network itself
        assert {op.path for op in convs} == {""}
        return
    layers = (nn.Conv2d, nn.ConvTranspose2d)
    assert {op.path for op in convs} == {path for path, module in modules.items() if isinstance(module, layers)}
    assert all(modules[op.path].weight.shape == op.args[1].shape for op in convs)


def test_outputs_inputs_and_writes() -> None:
    def run(layers: nn.ModuleList, x: Tensor, *, more: dict[str, Tensor]) -> list[Tensor]:
        y = layers[0](x)
        y.relu_()
        return [y, y + more["b"]]

    found = record(Call(run, nn.Conv2d(1, 1, 1)), (IMAGE,), {"more": {"b": IMAGE}}, training=False)
    assert [op.name for op in found.ops] == ["convolution", "relu_", "add"]
    assert (len(found.inputs), len(found.outputs), sorted(found.weights)) == (
        2,
        2,
        ["layers.0.bias", "layers.0.weight"],
    )
    assert [len(op.written) for op in found.ops] == [0, 1, 0]
    assert found.ops[1].written[0] is found.ops[0].outs[0] is found.outputs[0]
    assert all(tensor.is_meta for tensor in (*found.inputs, *found.outputs, *found.weights.values()))


@pytest.mark.parametrize("name", NETS)
def test_saved_bytes_are_recorded_in_training_alone(name: str) -> None:
    net = NETS[name]()
    assert record(net, (IMAGE,), {}, training=False).saved == {}
    assert sum(record(net, (IMAGE,), {}, training=True).saved.values()) == saved(net, IMAGE)


def test_the_error_of_the_model_is_passed_on() -> None:
    def run(_: nn.ModuleList, x: Tensor) -> Tensor:
        raise KeyError(f"no layer for {x.shape[1]} channels")

    with pytest.raises(KeyError, match="no layer for 1 channels"):
        record(Call(run), (IMAGE,), {}, training=False)
