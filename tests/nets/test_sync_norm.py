"""Synchronised batch norm against torch's batch norm on the whole batch."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.processes import Threads
from unet_tutorial.nets.presets import build
from unet_tutorial.nets.sync_norm import synchronised

CASES: list[tuple[tuple[int, ...], type[nn.Module], dict[str, Any]]] = [
    ((5,), nn.BatchNorm1d, {"momentum": 0.3}),
    ((4, 5), nn.BatchNorm2d, {"momentum": None}),
    ((2, 3, 4), nn.BatchNorm3d, {"affine": False}),
    ((4, 5), nn.BatchNorm2d, {"track_running_stats": False}),
]


def close(found: Tensor | None, wanted: Tensor | None) -> None:
    torch.testing.assert_close(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shares", [(2, 2), (1, 3, 2)])
@pytest.mark.parametrize(("size", "norm", "options"), CASES)
def test_it_is_the_batch_norm_of_the_whole_batch(
    size: tuple[int, ...], norm: type[nn.Module], options: dict[str, Any], shares: tuple[int, ...]
) -> None:
    torch.manual_seed(0)
    whole: Any = norm(3, **options).double()
    for weight in whole.parameters():
        nn.init.normal_(weight)
    threads = Threads(len(shares))
    nets = [synchronised(copy.deepcopy(whole), threads.total) for _ in shares]
    for _ in range(2):  # the running statistics of two steps
        x = 3 + 2 * torch.randn(sum(shares), 3, *size, dtype=torch.float64)
        slope = torch.randn_like(x)
        x.requires_grad_()
        parts = [part.detach().clone().requires_grad_() for part in x.split(shares)]

        def step(rank: int, parts: list[Tensor] = parts, slope: Tensor = slope) -> Tensor:
            out: Tensor = nets[rank](parts[rank])
            (out * slope.split(shares)[rank]).sum().backward()
            return out.detach()

        found, wanted = threads(step), whole(x)
        (wanted * slope).sum().backward()
        close(torch.cat(found), wanted)
        close(torch.cat([part.grad for part in parts if part.grad is not None]), x.grad)
    for name, weight in whole.named_parameters():
        close(sum(net.get_parameter(name).grad for net in nets), weight.grad)
    for net in nets:
        assert net.state_dict().keys() == whole.state_dict().keys()
        for name, value in whole.named_buffers():
            close(net.get_buffer(name).double(), value.double())
        close(net.eval()(x), whole.eval()(x))


def test_a_scale_without_a_shift_is_applied() -> None:
    whole = nn.BatchNorm2d(2).double()
    nn.init.normal_(whole.weight)
    whole.register_parameter("bias", None)
    x = torch.randn(3, 2, 4, 4, dtype=torch.float64)
    close(synchronised(copy.deepcopy(whole), lambda values: values)(x), whole(x))


def test_the_variance_of_values_far_from_zero_is_exact_once_the_running_mean_is_near_them() -> None:
    """The mean is a million standard deviations."""
    whole = nn.BatchNorm2d(2, momentum=None).double()
    threads, shares = Threads(2), (2, 1)
    nets = [synchronised(copy.deepcopy(whole), threads.total) for _ in shares]
    for _ in range(2):
        x = 1e6 + torch.randn(3, 2, 8, 8, dtype=torch.float64)

        def share(rank: int, parts: tuple[Tensor, ...] = x.split(shares)) -> Tensor:
            out: Tensor = nets[rank](parts[rank])
            return out

        found, wanted = threads(share), whole(x)
    torch.testing.assert_close(torch.cat(found), wanted, rtol=0, atol=1e-9)


def test_a_single_value_per_channel_is_refused_as_by_batch_norm() -> None:
    x = torch.randn(1, 3, 1, 1)
    for norm in (nn.BatchNorm2d(3), synchronised(nn.BatchNorm2d(3), lambda values: values)):
        with pytest.raises(ValueError, match="more than 1 value per channel"):
            norm(x)
    threads = Threads(2)
    nets = [synchronised(nn.BatchNorm2d(3), threads.total) for _ in range(2)]
    y = torch.randn(2, 3, 1, 1)
    found = threads(lambda rank: nets[rank](y[[rank]]).detach())
    torch.testing.assert_close(torch.cat(found), nn.BatchNorm2d(3)(y).detach(), rtol=1e-6, atol=1e-6)


def test_a_second_call_replaces_the_exchange() -> None:
    net = nn.Sequential(nn.BatchNorm2d(2), nn.BatchNorm2d(2)).double()
    synchronised(net[0], lambda _values: pytest.fail("the former one is called"))
    assert synchronised(net, lambda values: values) is net
    assert {type(each).__name__ for each in net} == {"SyncBatchNorm2d"}
    x = torch.randn(3, 2, 4, 4, dtype=torch.float64)
    close(net(x), nn.BatchNorm2d(2).double()(nn.BatchNorm2d(2).double()(x)))


def test_half_precision_keeps_its_dtype_and_is_summed_in_float32() -> None:
    x = 100 + torch.randn(4, 2, 32, 32)
    out = synchronised(nn.BatchNorm2d(2), lambda values: values)(x.bfloat16())
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.float(), nn.BatchNorm2d(2)(x.bfloat16().float()), rtol=0.01, atol=0.01)


def test_all_batch_norms_of_a_network_are_replaced_in_place() -> None:
    net = build("padded", in_channels=1, out_channels=2, widths=(2, 4))
    keys, weights = list(net.state_dict()), list(net.parameters())
    assert synchronised(net, lambda values: values) is net
    assert list(net.state_dict()) == keys
    assert all(a is b for a, b in zip(net.parameters(), weights, strict=True))
    norms = [each for each in net.modules() if isinstance(each, nn.BatchNorm2d)]
    assert {type(each).__name__ for each in norms} == {"SyncBatchNorm2d"}
    assert len(norms) == 6
    copied = copy.deepcopy(net).eval()
    x = torch.randn(1, 1, 8, 8)
    assert torch.equal(copied(x), net.eval()(x))


class Own(nn.BatchNorm2d):
    """A batch norm with a computation of its own, such as those of timm, which include an activation."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).relu()


def test_networks_without_batch_norm_and_other_batch_norms_are_refused() -> None:
    with pytest.raises(ValueError, match="the network has no batch norm to synchronise; leave --sync-norm out"):
        synchronised(nn.Sequential(nn.Conv2d(1, 2, 3), nn.InstanceNorm2d(2)), lambda values: values)
    net = nn.Sequential(nn.BatchNorm2d(2), Own(2))
    with pytest.raises(ValueError, match=r"layer 1 is a Own, a batch norm with a computation of its own"):
        synchronised(net, lambda values: values)
    assert type(net[0]) is nn.BatchNorm2d
