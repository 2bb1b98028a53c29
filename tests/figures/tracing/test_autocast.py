"""Saved bytes under automatic mixed precision and in half precision, against a real pass on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.foreign_hard import Call
from tests.oracles.torch_counts import macs, saved
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tracing.autocast import autocast_devices
from unet_tutorial.figures.tracing.trace import trace

pytestmark = pytest.mark.slow

IMAGE = torch.zeros(2, 1, 16, 16)
NORMS: dict[str, Callable[[], nn.Module]] = {
    "none": nn.Identity,
    "batch": lambda: nn.BatchNorm2d(4),
    "batch, no weights": lambda: nn.BatchNorm2d(4, affine=False),
    "instance": lambda: nn.InstanceNorm2d(4),
    "instance, weights": lambda: nn.InstanceNorm2d(4, affine=True, track_running_stats=True),
    "group": lambda: nn.GroupNorm(2, 4),
    "layer": lambda: nn.LayerNorm(16),
    "layer, no weights": lambda: nn.LayerNorm(16, elementwise_affine=False),
    "rms": lambda: nn.RMSNorm(16),
    "weight": lambda: nn.utils.parametrizations.weight_norm(nn.Conv2d(4, 4, 1)),
    "spectral": lambda: nn.utils.spectral_norm(nn.Conv2d(4, 4, 1)),
}


class SmallU(nn.Module):
    """A U with one pooling, whose body runs in the context that ``inside`` makes."""

    def __init__(self, norm: nn.Module, inside: Callable[[], Any] = nullcontext) -> None:
        super().__init__()
        self.first, self.norm, self.act = nn.Conv2d(1, 4, 3, padding=1), norm, nn.ReLU()
        self.down, self.up = nn.Conv2d(4, 8, 3, 2, 1), nn.ConvTranspose2d(8, 4, 2, 2)
        self.head, self.inside = nn.Conv2d(8, 2, 1), inside

    def forward(self, x: Tensor) -> Tensor:
        with self.inside():
            x = self.act(self.norm(self.first(x)))
            y = self.up(F.gelu(self.down(x)))
            return torch.as_tensor(self.head(torch.cat([x, y], 1)).softmax(1))


def autocast(dtype: torch.dtype) -> Any:
    return torch.autocast("cpu", dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("norm", NORMS)
def test_saved_bytes_are_exact_under_autocast_in_the_model_and_around_it(norm: str, dtype: torch.dtype) -> None:
    inside = SmallU(NORMS[norm](), lambda: autocast(dtype))
    arch = trace(inside, IMAGE)
    assert arch.totals["saved"] == saved(inside, IMAGE) == sum(node.saved for node in arch.nodes)
    assert arch.totals["macs"] == macs(inside, IMAGE)
    plain = SmallU(NORMS[norm]())
    with autocast(dtype):
        around = trace(plain, IMAGE)
        assert around.totals["saved"] == saved(plain, IMAGE)
    assert around.totals["saved"] < trace(plain, IMAGE).totals["saved"] == saved(plain, IMAGE)


@pytest.mark.parametrize("norm", NORMS)
def test_saved_bytes_of_a_model_in_bfloat16_are_exact(norm: str) -> None:
    net = SmallU(NORMS[norm]()).bfloat16()
    arch = trace(net, IMAGE.bfloat16())
    assert arch.totals["saved"] == saved(net, IMAGE.bfloat16()) == sum(node.saved for node in arch.nodes)


@pytest.mark.parametrize("norm", ["none", "batch", "instance, weights", "group", "layer"])
def test_saved_bytes_of_a_model_in_float16_are_exact(norm: str) -> None:
    net = SmallU(NORMS[norm]()).half()
    assert trace(net, IMAGE.half()).totals["saved"] == saved(net, IMAGE.half())


def test_saved_bytes_are_exact_under_autocast_for_the_device_of_the_input() -> None:
    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, dtype=torch.bfloat16):
            y = layers[0](x)
            tokens = y.flatten(2).transpose(1, 2)
            tokens = tokens + layers[1](tokens, tokens, tokens, need_weights=False)[0]
            return torch.as_tensor(layers[2](tokens.transpose(1, 2).reshape(y.shape)))

    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    net = Call(run, nn.Conv2d(1, 8, 3, 2, 1), attention, nn.ConvTranspose2d(8, 1, 2, 2))
    assert trace(net, IMAGE).totals["saved"] == saved(net, IMAGE)


def on_gpu(_: nn.ModuleList, x: Tensor) -> Tensor:
    with torch.autocast("cuda"):
        return x * 2


def disabled(_: nn.ModuleList, x: Tensor) -> Tensor:
    with torch.autocast("cuda", enabled=False):
        return x * 2


@pytest.mark.filterwarnings("ignore:.*CUDA is not available")
def test_bytes_are_left_out_for_autocast_on_another_device() -> None:
    for run in (on_gpu, torch.autocast("cuda")(lambda _, x: x * 2)):
        found = table(Call(run), IMAGE)
        assert not {"saved", "peak"} & set(found.totals)
        assert "memory: no-grad peak" not in dict(found.footer)
    assert {"saved", "peak"} <= set(trace(Call(disabled), IMAGE).totals)


def test_the_devices_of_contexts_are_found_and_torch_is_restored() -> None:
    own = torch.autocast.__init__, torch.autocast.__enter__
    with autocast(torch.bfloat16), autocast_devices() as around:
        pass
    with autocast_devices() as inside:
        with torch.autocast("cpu", enabled=False):
            assert inside == set()
        with autocast(torch.bfloat16):
            pass
    assert (around, inside) == ({"cpu"}, {"cpu"})
    assert (torch.autocast.__init__, torch.autocast.__enter__) == own
