"""Every norm and activation is one operation under its own name; none gets the name of another."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.foreign_hard import Call
from tests.oracles.torch_counts import macs, parameters, saved
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.arch.text import operation_name
from unet_tutorial.figures.tracing.graph import Graph
from unet_tutorial.figures.tracing.record import record
from unet_tutorial.figures.tracing.trace import trace

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


class Swish(nn.Module):
    """As in many repositories."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)


class HardSwish(nn.Module):
    """As in MobileNetV3 before torch had it."""

    def forward(self, x: Tensor) -> Tensor:
        return x * F.relu6(x + 3) / 6


class RMSNorm(nn.Module):
    """The norm over channels of many diffusion models."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.g, self.scale = nn.Parameter(torch.ones(1, channels, 1, 1)), channels**0.5

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(F.normalize(x, dim=1) * self.g * self.scale)


class LayerNorm2d(nn.Module):
    """The channels-first layer norm of ConvNeXt, arXiv 2201.03545."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(1, keepdim=True)
        variance = (x - mean).pow(2).mean(1, keepdim=True)
        x = (x - mean) / torch.sqrt(variance + 1e-6)
        return self.weight[:, None, None] * x + self.bias[:, None, None]


class PermutedNorm(nn.LayerNorm):
    """The layer norm of timm: on (N, H, W, C)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ResponseNorm(nn.Module):
    """The global response norm of ConvNeXt V2, arXiv 2301.00808: reads the whole image."""

    def forward(self, x: Tensor) -> Tensor:
        norm: Tensor = torch.linalg.vector_norm(x, dim=(2, 3), keepdim=True)
        return x * (norm / (norm.mean(1, keepdim=True) + 1e-6)) + x


class Folded(nn.Module):
    """An instance norm by a batch norm on a view, as in AdaIN."""

    def forward(self, x: Tensor) -> Tensor:
        n, c, h, w = x.shape
        return F.batch_norm(x.reshape(1, n * c, h, w), None, None, training=True).view(n, c, h, w)


def instance(*, affine: bool, running: bool) -> nn.Module:
    return nn.InstanceNorm2d(8, affine=affine, track_running_stats=running)


NORMS: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "batch": (lambda: nn.BatchNorm2d(8), "batch norm"),
    "batch, no weights": (lambda: nn.BatchNorm2d(8, affine=False), "batch norm"),
    "batch, no statistics": (lambda: nn.BatchNorm2d(8, track_running_stats=False), "batch norm"),
    "synchronised": (lambda: nn.SyncBatchNorm(8), "batch norm"),
    **{
        f"instance {affine} {running}": (partial(instance, affine=affine, running=running), "instance norm")
        for affine in (False, True)
        for running in (False, True)
    },
    "instance by views": (Folded, "instance norm"),
    "group": (lambda: nn.GroupNorm(2, 8), "group norm"),
    "group, no weights": (lambda: nn.GroupNorm(2, 8, affine=False), "group norm"),
    "layer": (lambda: nn.LayerNorm([8, 16, 16]), "layer norm"),
    "layer, rows": (lambda: nn.LayerNorm(16, elementwise_affine=False), "layer norm"),
    "layer, channels": (lambda: PermutedNorm(8), "layer norm"),
    "layer by hand": (lambda: LayerNorm2d(8), "layer norm"),
    "rms": (lambda: nn.RMSNorm(16), "rms norm"),
    "rms by hand": (lambda: RMSNorm(8), "rms norm"),
    "rms, no weights": (lambda: nn.RMSNorm(16, elementwise_affine=False), "rms norm"),
    "local response": (lambda: nn.LocalResponseNorm(3), "local response norm"),
    "none": (nn.Identity, ""),
}
FUNCTIONS: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "F.instance_norm": (F.instance_norm, "instance norm"),
    "torch.instance_norm": (
        lambda x: torch.instance_norm(x, None, None, None, None, True, 0.1, 1e-5, False), "instance norm"),
    "F.batch_norm": (lambda x: F.batch_norm(x, torch.zeros(8), torch.ones(8)), "batch norm"),
    "torch.batch_norm": (
        lambda x: torch.batch_norm(x, None, None, torch.zeros(8), x.new_ones(8), False, 0, 1e-5, False), "batch norm"),
    "F.group_norm": (lambda x: F.group_norm(x, 2), "group norm"),
    "F.layer_norm": (lambda x: F.layer_norm(x, (16,)), "layer norm"),
    "F.rms_norm": (lambda x: F.rms_norm(x, (16,)), "rms norm"),
    "F.local_response_norm": (lambda x: F.local_response_norm(x, 3), "local response norm"),
    "F.normalize": (partial(F.normalize, dim=1), "normalize"),
    "F.relu6": (F.relu6, "relu6"),
    "F.hardtanh": (F.hardtanh, "hardtanh"),
    "torch.selu": (torch.selu, "selu"),
    "torch.celu": (torch.celu, "celu"),
    "F.elu": (F.elu, "elu"),
    "torch.prelu": (lambda x: torch.prelu(x, torch.ones(1)), "prelu"),
    "torch.rrelu": (torch.rrelu, "rrelu"),
    "F.logsigmoid": (F.logsigmoid, "log sigmoid"),
    "F.softsign": (F.softsign, "softsign"),
    "F.tanhshrink": (F.tanhshrink, "tanhshrink"),
    "F.softmin": (lambda x: F.softmin(x, 1), "softmin"),
    "clamp": (lambda x: x.clamp(0, 6), "clamp"),
    "swish": (lambda x: x * torch.sigmoid(x), "silu"),
    "swish in place": (lambda x: x.mul_(x.sigmoid()), "silu"),
    "dropout": (lambda x: F.dropout2d(F.alpha_dropout(F.dropout(x))), ""),
}  # fmt: skip
IN_PLACE = ("relu6", "relu", "leaky relu", "rrelu", "elu", "celu", "selu", "silu", "mish", "hardswish", "hardtanh")
ACTIVATIONS: dict[str, tuple[Callable[..., nn.Module], str]] = {
    name: (getattr(nn, name), text)
    for name, text in {
        "ReLU": "relu", "ReLU6": "relu6", "LeakyReLU": "leaky relu", "PReLU": "prelu", "RReLU": "rrelu", "ELU": "elu",
        "CELU": "celu", "SELU": "selu", "GELU": "gelu", "SiLU": "silu", "Mish": "mish", "Hardswish": "hardswish",
        "Hardsigmoid": "hardsigmoid", "Hardtanh": "hardtanh", "Sigmoid": "sigmoid", "Tanh": "tanh",
        "Softplus": "softplus", "Softsign": "softsign", "Softshrink": "softshrink", "Hardshrink": "hardshrink",
        "Tanhshrink": "tanhshrink", "LogSigmoid": "log sigmoid", "Softmax2d": "softmax", "Identity": "", "Dropout": "",
        "Dropout2d": "", "AlphaDropout": "", "FeatureAlphaDropout": "",
    }.items()
}  # fmt: skip
ACTIVATIONS |= {
    f"{name} in place": (partial(make, inplace=True), text)
    for name, (make, text) in ACTIVATIONS.items()
    if text in IN_PLACE
}
ACTIVATIONS |= {
    "Softmax": (lambda: nn.Softmax(1), "softmax"),
    "LogSoftmax": (lambda: nn.LogSoftmax(1), "log softmax"),
    "Softmin": (lambda: nn.Softmin(1), "softmin"),
    "Threshold": (lambda: nn.Threshold(0.1, 0), "threshold"),
    "PReLU per channel": (lambda: nn.PReLU(8), "prelu"),
    "own Swish": (Swish, "swish"),
    "own HardSwish": (HardSwish, "hard swish"),
}
LAYERS: dict[str, tuple[Callable[..., nn.Module], str]] = {**NORMS, **ACTIVATIONS}
LAYERS |= {name: (partial(Call, lambda _, x, run=run: run(x)), text) for name, (run, text) in FUNCTIONS.items()}


def texts(arch: ArchIR) -> list[str]:
    return [operation_name(node, with_folded=True) for node in arch.nodes if node.op != "input"]


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_after_a_convolution_is_fused_under_its_name(name: str, batch: int) -> None:
    make, text = LAYERS[name]
    net, image = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), make()), torch.zeros(batch, 1, 16, 16)
    arch = trace(net, image)
    assert texts(arch) == [f"conv 3×3, {text}" if text else "conv 3×3"]
    assert arch.nodes[1].shape == (8, 16, 16)
    assert arch.totals["macs"] == macs(net, image) == sum(node.macs for node in arch.nodes)
    assert arch.totals["saved"] == saved(net, image) == sum(node.saved for node in arch.nodes)
    assert parameters(net) == sum(node.parameters for node in arch.nodes)


WEIGHTS = {
    "weight norm": (nn.utils.weight_norm, nn.utils.parametrizations.weight_norm),
    "spectral norm": (nn.utils.spectral_norm, nn.utils.parametrizations.spectral_norm),
    "orthogonal": (nn.utils.parametrizations.orthogonal,),
}


@pytest.mark.parametrize(("text", "wrap"), [(text, wrap) for text, wraps in WEIGHTS.items() for wrap in wraps])
def test_reparametrised_weights_are_named_with_their_layer(text: str, wrap: Callable[[nn.Module], nn.Module]) -> None:
    layers = [wrap(nn.Conv2d(1, 8, 3, padding=1)), nn.InstanceNorm2d(8), wrap(nn.ConvTranspose2d(8, 4, 2, 2))]
    net, image = nn.Sequential(*layers, nn.LeakyReLU(), wrap(nn.Conv2d(4, 4, 1))), torch.randn(2, 1, 16, 16)
    arch = trace(net, image)
    assert texts(arch) == [
        f"conv 3×3, {text}, instance norm",
        f"up-conv 2×2, {text}, leaky relu",
        f"conv 1×1, {text}",
    ]
    assert arch.totals["saved"] == saved(net, image) == sum(node.saved for node in arch.nodes)
    assert parameters(net) == sum(node.parameters for node in arch.nodes)


def test_a_norm_that_reads_the_whole_image_is_shown_in_its_parts() -> None:
    arch = trace(nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), ResponseNorm()), torch.zeros(1, 1, 16, 16))
    assert not any("norm" in text and "vector" not in text for text in texts(arch))
    assert len(arch.nodes) > 3


def test_a_glu_halves_the_channels() -> None:
    arch = trace(nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.GLU(1)), torch.zeros(1, 1, 16, 16))
    assert (texts(arch)[-1], arch.nodes[-1].shape) == ("glu", (4, 16, 16))


class Mask(nn.Module):
    """Keeps its sigmoid for a later layer."""

    def forward(self, x: Tensor) -> Tensor:
        self.mask = torch.sigmoid(x)
        return x * self.mask


def test_a_map_that_is_used_later_is_not_hidden() -> None:
    def run(layers: nn.ModuleList, x: Tensor) -> Tensor:
        return torch.as_tensor(layers[0](x) + layers[0].mask)

    graph = Graph(record(Call(run, Mask()), (torch.zeros(1, 4, 8, 8),), {}, training=False))
    assert [node.kind for node in graph.nodes] == ["input", "sigmoid", "mul", "add"]
    returned = Graph(
        record(Call(lambda _, x: [s := x.sigmoid(), x * s]), (torch.zeros(1, 4, 8, 8),), {}, training=False)
    )
    assert [node.kind for node in returned.nodes] == ["input", "sigmoid", "mul"]


class MaxOfNeighbours(nn.Module):
    """Combines maps of several pixels."""

    def forward(self, x: Tensor) -> Tensor:
        return x * F.max_pool2d(x, 3, 1, 1)


class Rolled(nn.Module):
    """Combines maps of several pixels by a shift."""

    def forward(self, x: Tensor) -> Tensor:
        return x * x.roll(1, 3)


@pytest.mark.parametrize("kind", [MaxOfNeighbours, Rolled])
def test_a_module_that_reads_several_pixels_is_shown_in_its_parts(kind: type[nn.Module]) -> None:
    arch = trace(nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), kind()), torch.zeros(1, 1, 16, 16))
    assert "multiply" in texts(arch)


class Recurrent(nn.Module):
    """A recurrent layer between two convolutions, along the positions of a signal, and an attention if asked for."""

    def __init__(self, layer: nn.RNNBase, *, attention: bool) -> None:
        super().__init__()
        self.before, self.layer, self.attention = nn.Conv1d(1, 6, 3, padding=1), layer, attention
        self.after = nn.Conv1d(layer.hidden_size * (1 + layer.bidirectional), 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.before(x)
        y = self.layer(x.transpose(1, 2) if self.layer.batch_first else x.permute(2, 0, 1))[0]
        y = y if self.layer.batch_first else y.transpose(0, 1)
        y = F.scaled_dot_product_attention(y, y, y) if self.attention else y
        return self.after(y.transpose(1, 2))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("kind", "attention", "options"),
    [
        (nn.LSTM, False, {}),
        (nn.LSTM, False, {"bidirectional": True, "num_layers": 2}),
        (nn.LSTM, True, {"bidirectional": True, "num_layers": 2}),  # torch runs an LSTM beside attention in parts
        (nn.LSTM, True, {"batch_first": True}),
        (nn.GRU, False, {"batch_first": True}),
        (nn.GRU, False, {"bidirectional": True, "num_layers": 2}),
        (nn.RNN, False, {}),
        (nn.RNN, False, {"bidirectional": True}),
    ],
)
def test_a_recurrent_layer_is_one_operation(
    kind: Callable[..., nn.RNNBase], options: dict[str, Any], *, attention: bool
) -> None:
    net, signal = Recurrent(kind(6, 6, **options), attention=attention), torch.zeros(2, 1, 16)
    arch = trace(net, signal)
    with torch.backends.mkldnn.flags(enabled=False):  # torch counts no MACs of oneDNN's LSTM
        own = macs(net.layer, torch.zeros(2, 16, 6))
    (layer,) = (node for node in arch.nodes if node.kind == type(net.layer).__name__)
    assert (layer.macs, layer.size, layer.global_axes) == (own, (16,), (0,))
    assert layer.parameters == parameters(net.layer)
    assert sum(node.macs for node in arch.nodes) == arch.totals["macs"]
    assert sum(node.saved for node in arch.nodes) == arch.totals["saved"]
    assert len(arch.nodes) == 4 + 2 * attention


class BesideAttention(nn.Module):
    """A layer whose output also goes through attention of all pixels."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.before, self.layer = nn.Conv2d(1, 4, 3), layer
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.layer(self.before(x)).flatten(2).transpose(1, 2)
        return self.attention(tokens, tokens, tokens, need_weights=False)[0].transpose(1, 2)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("layer", "kind"), [(nn.InstanceNorm2d(4), "instance_norm"), (nn.ReLU6(), "relu6"), (nn.Softsign(), "softsign")]
)
def test_layers_have_their_names_beside_attention(layer: nn.Module, kind: str) -> None:
    """Attention is recorded with fake tensors, which report each read of a device as an operator."""
    arch = trace(BesideAttention(layer), torch.zeros(1, 1, 8, 8))
    assert kind in {each for node in arch.nodes for each in (node.kind, *node.folded)}
