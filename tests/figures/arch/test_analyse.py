"""Models without a U, and the names that the nodes of a U get."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.oracles import foreign_hard as hard
from tests.oracles import several_outputs
from tests.oracles.described_nets import NETS
from tests.oracles.described_nets import arch as described
from tests.oracles.foreign_unets import conv
from tests.oracles.torch_counts import traced_and_counted
from unet_tutorial.figures.tracing.trace import trace

IMAGE = torch.zeros(1, 1, 32, 32)
GLOBAL = nn.Sequential(conv(1, 4, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
MODELS: dict[str, tuple[nn.Module, str]] = {
    "chain": (nn.Sequential(hard.two_scales(), hard.two_scales()), "down and up 2 times"),
    "classifier": (GLOBAL, "no spatial axes"),
    "MLP": (nn.Sequential(nn.Flatten(), nn.Linear(1024, 3)), "no map on the way to its output is coarser"),
    "backbone": (nn.Sequential(conv(1, 4, 2), conv(4, 4, 2)), "does not come up again"),
    "decoder": (
        nn.Sequential(conv(1, 4), nn.ConvTranspose2d(4, 4, 2, 2), nn.ConvTranspose2d(4, 1, 2, 2)),
        "only goes up",
    ),
    "one level": (nn.Sequential(conv(1, 4), conv(4, 4)), "no map on the way to its output is coarser"),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_reason_and_the_counts(name: str) -> None:
    net, reason = MODELS[name]
    assert reason in traced_and_counted(net, IMAGE).reason


def test_nodes_are_named_by_side_level_operation_and_number() -> None:
    """The paper's figure 1, box by box."""
    names = ["enc0.input1", "enc0.conv1", "enc0.conv2"]
    for level in (1, 2, 3):
        names += [f"enc{level}.pool1", f"enc{level}.conv1", f"enc{level}.conv2"]
    names += ["bottom4.pool1", "bottom4.conv1", "bottom4.conv2"]
    for level in (3, 2, 1, 0):
        names += [f"dec{level}.up1", f"skip{level}.crop1", f"dec{level}.concat1"]
        names += [f"dec{level}.conv1", f"dec{level}.conv2"]
    arch = described("paper")
    assert [node.id for node in arch.nodes] == [*names, "head.conv1"]
    assert arch.path == tuple(name for name in arch.index if not name.startswith("skip"))


@pytest.mark.parametrize("name", NETS)
def test_sides_and_levels_follow_the_main_path(name: str) -> None:
    """The level number never falls in the encoder and never rises in the decoder."""
    arch = described(name)
    by_side: dict[str, list[int]] = {}
    for node in (arch.node(key) for key in arch.path):
        by_side.setdefault(node.side, []).append(node.level)
    if not arch.path:
        assert {node.side for node in arch.nodes} == {""}
        return
    assert list(by_side) == ["enc", "bottom", "dec", "head"]
    assert by_side["enc"] == sorted(by_side["enc"])
    assert by_side["dec"] == sorted(by_side["dec"], reverse=True)
    assert set(by_side["bottom"]) == {max(node.level for node in arch.nodes)}
    assert by_side["head"] == [0] * len(by_side["head"])


@pytest.mark.parametrize(
    ("outputs", "heads"),
    [
        (several_outputs.deep, {(1, 18), (0, 10)}),
        (several_outputs.deep_at_one_size, {(1, 18), (0, 10), (0, 0)}),  # the upsampled one is at level 0 as well
        (several_outputs.tasks, {(0, 10), (0, 0)}),
        (several_outputs.with_class, {(0, 10), (2, 0)}),
        (several_outputs.from_the_encoder, {(0, 10)}),
    ],
)
def test_heads_have_the_level_of_their_map(outputs: several_outputs.Outputs, heads: set[tuple[int, int]]) -> None:
    """Level and parameters of each node of a head; a 1×1 convolution from c to 2 channels has 2 (c + 1)."""
    arch = trace(several_outputs.Heads(outputs), torch.empty(several_outputs.SIZE))
    assert {(node.level, node.parameters) for node in arch.nodes if node.side == "head"} == heads
    off_path = [key for key in arch.outputs if key not in arch.path]
    assert {arch.node(key).side for key in off_path} <= {"head"}


class PreActivation(nn.Module):
    """Norm and activation come before each convolution, also before the last one, which is 3×3."""

    def __init__(self, last: int) -> None:
        super().__init__()
        layers = [nn.Conv2d(1, 4, 3, padding=1), nn.MaxPool2d(2)]
        for before, after in ((4, 8), (8, 4)):
            layers += [nn.BatchNorm2d(before), nn.ReLU(), nn.Conv2d(before, after, 3, padding=1)]
        layers += [nn.Upsample(scale_factor=2), nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(4, 2, last, padding=last // 2), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(self.layers(x))


@pytest.mark.parametrize("kernel", [1, 3])
def test_the_last_convolution_is_the_head_with_any_kernel(kernel: int) -> None:
    arch = trace(PreActivation(kernel), torch.empty(1, 1, 16, 16))
    assert [node.id for node in arch.nodes if node.side == "head"] == ["head.conv1"]
    assert arch.node("head.conv1").channels == 2


def test_a_convolution_with_norm_and_activation_is_no_head() -> None:
    layers = (conv(1, 4), nn.MaxPool2d(2), conv(4, 8), nn.Upsample(scale_factor=2), conv(8, 4), conv(4, 2))
    arch = trace(nn.Sequential(*layers), IMAGE)
    assert arch.path
    assert all(node.side != "head" for node in arch.nodes)
