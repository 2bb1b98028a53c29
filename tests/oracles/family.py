"""The checks that every network of the family passes, written once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from tests.oracles.thin_nets import perturbed
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.any_size import any_size
from unet_tutorial.nets.contracts import Network
from unet_tutorial.plan.levels import Size
from unet_tutorial.plan.sizes import output_size


def check_network(make: Callable[[], Network], sizes: Sequence[Size], *, odd: Size = (), reason: str = "") -> ArchIR:
    """Raise AssertionError unless the network works at each of the sizes, learns, pads, is drawn and can be stored.

    ``make`` makes a new network, thin enough for a test. In training mode it may return a list of logits, all of the
    output size, the first of which is the output in evaluation mode. ``odd`` is a size that is not valid, for
    ``any_size``; () for a network with padding "valid". ``reason`` is the beginning of the reason why the figures do
    not show it as a plain U-Net, "" if they do. Returns its description at the first size, for further checks.
    """
    torch.manual_seed(0)
    net = perturbed(make())
    for size in sizes:
        learns(net, size)
    image = torch.randn(1, net.in_channels, *sizes[0])
    net.eval()
    with torch.no_grad():
        logits = net(image)
        assert isinstance(logits, Tensor)
        restored = make().eval()
        assert not torch.equal(restored(image), logits)
        restored.load_state_dict(net.state_dict())
        assert torch.equal(restored(image), logits)
        if odd:
            assert any_size(net)(torch.randn(1, net.in_channels, *odd)).shape == (1, net.out_channels, *odd)
    arch = trace(net, image)
    assert arch.reason.startswith(reason) if reason else not arch.reason, arch.reason
    assert arch.totals["parameters"] == sum(weight.numel() for weight in net.parameters())
    return arch


def learns(net: Network, size: Size) -> None:
    """Raise AssertionError unless all logits have the right shape and each parameter gets a useful gradient.

    The gradient must be finite, and for a weight not 0 everywhere. (That of a bias before a batch norm is 0.)
    """
    net.train().zero_grad()
    torch.manual_seed(1)
    made = net(torch.randn(2, net.in_channels, *size))
    maps = made if isinstance(made, list) else [made]
    expected = (2, net.out_channels, *output_size(size, net.levels, padding=net.padding))
    assert [tuple(logits.shape) for logits in maps] == [expected] * len(maps)
    sum(logits.square().sum() for logits in maps).backward()
    useless = [
        name
        for name, value in net.named_parameters()
        if value.grad is None or not value.grad.isfinite().all() or (value.ndim > 1 and not value.grad.any())
    ]
    assert useless == [], f"no gradient at {size}"
