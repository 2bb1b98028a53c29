"""Why a model is not a plain U-Net: the reasons that its skips give."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.oracles import decoder_nets
from tests.oracles import foreign_hard as hard
from tests.oracles.described_nets import NETS
from tests.oracles.described_nets import arch as described
from tests.oracles.torch_counts import traced_and_counted
from unet_tutorial.figures.arch.skips import gating_sources
from unet_tutorial.figures.tracing.trace import trace

IMAGE = torch.zeros(1, 1, 32, 32)
MODELS: dict[str, tuple[nn.Module, str]] = {
    "U-Net++": (hard.plus_plus(), "U-Net++"),
    "UNet 3+": (hard.three_plus(), "UNet 3+"),
    "DeepLab": (hard.deeplab(), "from level 3 to level 0 in one step"),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_reason_and_the_counts(name: str) -> None:
    net, reason = MODELS[name]
    assert reason in traced_and_counted(net, IMAGE).reason


@pytest.mark.parametrize("name", NETS)
def test_skips_join_equal_levels_from_the_coarsest_up(name: str) -> None:
    """Each skip starts in the encoder and is merged at its own level; the operations in between lead from one end
    to the other."""
    arch = described(name)
    ends = [(arch.node(skip.source), arch.node(skip.target)) for skip in arch.skips]
    depth = max(node.level for node in arch.nodes) if arch.path else 0
    assert [(a.level, b.level) for a, b in ends] == [(level, level) for level in reversed(range(depth))]
    for skip, (source, target) in zip(arch.skips, ends, strict=True):
        assert (source.side, target.side) == ("enc", "dec")
        chain = [skip.target, *skip.through, skip.source]
        assert all(any(key in arch.node(reader).inputs for reader in chain[:i]) for i, key in enumerate(chain) if i)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("attention", [("bottom2.conv2",), ("dec1.conv2",)]), ("planar", [(), ()]), ("residual", [()])],
)
def test_a_gated_skip_names_the_map_below_that_gates_it(name: str, expected: list[tuple[str, ...]]) -> None:
    arch = described(name)
    assert [gating_sources(arch, skip) for skip in arch.skips] == expected


@pytest.mark.parametrize("name", decoder_nets.NETS)
def test_several_decoders_heads_and_inputs_in_the_decoder(name: str) -> None:
    build, inputs, reason = decoder_nets.NETS[name]
    arch = trace(build(), *inputs)
    assert arch.reason == reason
    if not reason:
        assert [(arch.node(skip.source).level, arch.node(skip.target).level) for skip in arch.skips] == [(1, 1), (0, 0)]
