"""What is no plain U, told in words; what cannot be followed, refused in words; and a model left as it was."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles import foreign_hard as hard
from tests.oracles.foreign_hard import Call
from tests.oracles.foreign_unets import Stacked, conv
from tests.oracles.torch_counts import macs, saved
from unet_tutorial.figures.tracing.trace import TraceError, trace

IMAGE = torch.zeros(1, 1, 32, 32)
GLOBAL = nn.Sequential(conv(1, 4, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
ODD: dict[str, tuple[nn.Module, str]] = {
    "chain": (nn.Sequential(hard.two_scales(), hard.two_scales()), "down and up 2 times"),
    "U-Net++": (hard.plus_plus(), "U-Net++"),
    "UNet 3+": (hard.three_plus(), "UNet 3+"),
    "DeepLab": (hard.deeplab(), "from level 3 to level 0 in one step"),
    "classifier": (GLOBAL, "no spatial axes"),
    "MLP": (nn.Sequential(nn.Flatten(), nn.Linear(1024, 3)), "no feature map|no map"),
    "backbone": (nn.Sequential(conv(1, 4, 2), conv(4, 4, 2)), "does not come up again"),
    "one level": (nn.Sequential(conv(1, 4), conv(4, 4)), "a single level"),
}


@pytest.mark.parametrize("name", ODD)
def test_no_plain_u_says_what_it_is(name: str) -> None:
    net, words = ODD[name]
    arch = trace(net, IMAGE)
    assert any(part in arch.reason for part in words.split("|"))
    assert arch.totals["macs"] == macs(net, IMAGE)
    assert arch.totals["saved"] == saved(net, IMAGE)


BLIND: dict[str, Callable[[Any, Tensor], object]] = {
    "branch": lambda layers, x: layers[0](x) if x.mean() > 0 else x,
    "item": lambda layers, x: layers[0](x) * x.max().item(),
    "mask": lambda layers, x: layers[0](x)[x > 0],
    "numpy": lambda layers, x: layers[0](x) + torch.from_numpy(x.detach().cpu().numpy()),
    "list": lambda layers, x: layers[0](x) * sum(x.flatten().tolist()),
    "nonzero": lambda layers, x: layers[0](x).sum() + x.nonzero().sum(),
}


@pytest.mark.parametrize("name", BLIND)
def test_flow_that_depends_on_numbers_is_refused(name: str) -> None:
    net = Call(BLIND[name], nn.Conv2d(1, 1, 1))
    before = _state(net)
    with pytest.raises(TraceError, match="decides by the numbers it sees"):
        trace(net, IMAGE)
    _assert_equal(_state(net), before)


def test_wrong_examples_are_refused_in_words() -> None:
    net = Stacked()
    with pytest.raises(ValueError, match=r"does not take this example .*channel"):
        trace(net, torch.zeros(1, 3, 32, 32))
    with pytest.raises(ValueError, match=r"without a batch came; put a 1 in front: \(1, 1, 32, 32\)"):
        trace(conv(1, 4), torch.zeros(1, 32, 32))
    with pytest.raises(ValueError, match="no tensor came"):
        trace(net)
    with pytest.raises(ValueError, match=r"nn\.Module is needed"):
        trace(lambda x: x, IMAGE)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="lazy module"):
        trace(nn.Sequential(nn.LazyConv2d(2, 3)), IMAGE)


def _spoiled() -> nn.Module:
    """With everything that a pass could change: weights by hooks, frozen parts, mixed modes, statistics."""
    net = nn.Sequential(hard.two_scales(), nn.BatchNorm2d(1), nn.Dropout(0.5), nn.Conv2d(1, 1, 3, padding=1))
    nn.utils.parametrizations.weight_norm(net[3])
    nn.utils.spectral_norm(next(m for m in net.modules() if isinstance(m, nn.Conv2d)))
    net[1].weight.requires_grad_(False)
    net[0].eval()
    net.register_forward_hook(lambda module, _given, out: setattr(module, "seen", out))
    return net


def _state(net: nn.Module) -> dict[str, Any]:
    return {
        "weights": {name: tensor.clone() for name, tensor in net.state_dict().items()},
        "modes": [module.training for module in net.modules()],
        "grad": [weight.requires_grad for weight in net.parameters()],
        "hooks": [list(module._forward_hooks) + list(module._forward_pre_hooks) for module in net.modules()],
        "attributes": [sorted(vars(module)) for module in net.modules()],
        "random": torch.get_rng_state(),
    }


def _assert_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    for key in one:
        torch.testing.assert_close(one[key], other[key], rtol=0, atol=0) if key in ("weights", "random") else None
        assert key in ("weights", "random") or one[key] == other[key], key


def test_the_model_is_as_it_was() -> None:
    net = _spoiled()
    before, image = _state(net), IMAGE.clone()
    assert trace(net, image).totals["macs"] == macs(copy.deepcopy(net), image)
    _assert_equal(_state(net), before)
    with pytest.raises(ValueError, match="does not take"):
        trace(net, torch.zeros(1, 2, 32, 32))
    _assert_equal(_state(net), before)
    assert torch.equal(image, IMAGE)
    assert all(not tensor.is_meta for module in net.modules() for tensor in module.buffers())


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64, torch.complex64])
def test_other_numbers(kind: torch.dtype) -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 2, 2, bias=False), nn.ConvTranspose2d(4, 1, 2, 2)).to(kind)
    arch = trace(net, IMAGE.to(kind))
    assert (arch.reason, arch.skips) == ("", ())
    assert arch.totals["parameter_bytes"] == 33 * kind.itemsize
    assert arch.nodes[-1].bytes == 32 * 32 * kind.itemsize


def test_wrapped_models_are_what_they_wrap() -> None:
    plain = trace(Stacked(), IMAGE)
    wrapped: list[Any] = [torch.compile(Stacked()), nn.DataParallel(Stacked()), Stacked().to("meta")]
    for net in wrapped:
        assert trace(net, IMAGE).nodes == plain.nodes
    script: Any = torch.jit.trace(conv(1, 4), IMAGE, check_trace=False)
    with pytest.raises(ValueError, match="hand in the module that it was made from"):
        trace(script, IMAGE)


def test_tensors_made_inside_on_any_device() -> None:
    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        place = torch.linspace(0, 1, x.shape[-1]).expand(1, 1, *x.shape[2:])
        frame = torch.zeros(1, 2, *x.shape[2:])
        frame[:, :1], frame[:, 1:] = x, place
        return torch.as_tensor(layers[0](frame)) + F.interpolate(layers[1](F.max_pool2d(frame, 2)), scale_factor=2)

    arch = trace(Call(run, nn.Conv2d(2, 1, 1), nn.Conv2d(2, 1, 1)), IMAGE)
    assert [(s.source in arch.index, arch.node(s.target).op) for s in arch.skips] == [(True, "add")]
