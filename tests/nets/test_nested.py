"""The decoder of UNet++ against networks written by hand, its reach by gradients, and pruning against smaller nets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest
import torch

from tests.oracles.gradient_reach import LINEAR_BLOCK, farthest
from tests.oracles.one_channel_nets import MeanPool
from tests.oracles.thin_nets import NORMED, perturbed, thin
from tests.oracles.tiles import tile_gap
from tests.oracles.unet_plus_plus import UNetPlusPlus
from unet_tutorial.inference.tiling import predict_tiled
from unet_tutorial.nets.any_size import any_size
from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.merge import Add, Concat
from unet_tutorial.nets.nested import NestedDecoder, pruned
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import BottleneckDropout, DecoderStep, Encoder
from unet_tutorial.nets.resample import MaxPool, Up, interpolation, resize_conv, transposed
from unet_tutorial.nets.supervision import FusedHeads, SideHeads, supervised_unet
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.nets.wrappers import checkpointed
from unet_tutorial.plan.levels import Level, pyramid
from unet_tutorial.plan.receptive_field import plan_reach
from unet_tutorial.plan.sizes import output_size, valid_sizes

pytestmark = pytest.mark.slow

WIDTHS = (4, 6, 8, 10)


LINEAR = interpolation("linear")


def nested(widths: Sequence[int] = WIDTHS, rank: int = 2, up: Up = LINEAR) -> UNet:
    """UNet++ with deep supervision."""
    levels = pyramid(widths, rank)
    decoder = NestedDecoder(levels, widths[:-1], NORMED, up)
    return perturbed(supervised_unet(Encoder(1, levels, NORMED, MaxPool), decoder, 1))


def copied(ours: UNet, theirs: UNetPlusPlus) -> UNet:
    """Our network with the weights of the one written by hand."""
    given = theirs.state_dict()
    named = {}
    for name in given:
        kind, node, *rest = name.split(".")
        if kind == "heads":
            named[f"head.heads.{theirs.depth - int(node)}.{rest[0]}"] = given[name]
            continue
        i, j = map(int, node.split("_"))
        column = "encoder.stem" if (i, j) == (0, 0) else f"encoder.stages.{i - 1}.block"
        place = f"decoder.decoder.nodes.{i}_{j}.block" if j else column
        layer, entry = int(rest[0]) // 3, ("conv", "norm")[int(rest[0]) % 3]
        named[f"{place}.units.{layer}.{entry}.{rest[1]}"] = given[name]
    ours.load_state_dict(named)
    return ours


@pytest.mark.parametrize("widths", [(4, 6), (4, 6, 8), (4, 6, 8, 10, 12)])
def test_outputs_are_those_of_the_network_written_by_hand(widths: tuple[int, ...]) -> None:
    theirs = perturbed(UNetPlusPlus(widths, supervised=True)).eval()
    ours, image = copied(nested(widths), theirs).eval(), torch.randn(2, 1, 32, 48)
    made = theirs(image)
    expected = made[::-1] if isinstance(made, list) else [made]
    with torch.no_grad():
        maps = ours.decoder(ours.encoder(image))
        outputs = ours.head.get_submodule("heads")
        for head, each, wanted in zip(outputs.children(), maps, expected, strict=True):
            assert torch.allclose(head(each), wanted, atol=1e-5)
        assert torch.allclose(ours(image), expected[0], atol=1e-5)


UNEVEN = (Level(1, (5,), (1,)), Level(1, (3,), (1,)), Level(1, (1,), (1,)), Level(1, (1,), (2,)))
PLANS = {
    "usual": pyramid((1, 1, 1, 1), rank=1),
    "one level": pyramid((1,), rank=1),
    "uneven": UNEVEN,
    "three convolutions": tuple(Level(1, (3,), (1 + (i > 0),), convs=3) for i in range(3)),
}


@pytest.mark.parametrize("up", [transposed, resize_conv("nearest"), LINEAR])
@pytest.mark.parametrize("plan", PLANS)
def test_the_extra_reach_is_that_of_gradients(plan: str, up: Up) -> None:
    """An upper bound: linear interpolation reads one neighbour only, and a path may avoid the coarsest level."""
    levels = PLANS[plan]
    decoder = NestedDecoder(levels, [1] * (len(levels) - 1), LINEAR_BLOCK, up)
    net = UNet(Encoder(1, levels, LINEAR_BLOCK, MeanPool), decoder, pointwise_head(decoder, 1))
    (grid,) = (sizes.step for sizes in valid_sizes(levels, padding="same"))
    stated, found = plan_reach(levels, grid) + net.extra_reach[0], farthest(net)
    exact = plan != "uneven" and up is not LINEAR
    assert found == stated if exact else stated - (net.extra_reach[0] + grid) < found <= stated


def test_rows_of_one_scale_can_reach_farther_than_the_u() -> None:
    """X(0, 3), X(0, 2), X(0, 1), X(1, 0), X(0, 0) reach 4 · 4 + 2 pixels; the U has kernels 5, 3, 3, 5."""
    decoder = NestedDecoder(UNEVEN, [1, 1, 1], LINEAR_BLOCK, transposed)
    assert decoder.extra_reach == (4 * 4 + 2 - (2 * 4 + 2 * 2),)


@pytest.mark.parametrize(("rank", "depth", "up"), [(2, 1, LINEAR), (2, 2, transposed), (2, 3, LINEAR), (3, 1, LINEAR)])
def test_tiles_equal_one_pass(rank: int, depth: int, up: Up) -> None:
    assert tile_gap(nested(WIDTHS[: depth + 1], rank, up).double(), far=96 if rank == 2 else 16) < 1e-10


@pytest.mark.parametrize("up", [transposed, resize_conv("linear", kernel=1)])
def test_with_padding_valid_sizes_and_tiles_are_those_of_the_plan(up: Up) -> None:
    levels, block = pyramid((4, 6, 8)), conv_stack(ConvUnit(padding="valid", norm=batch_norm))
    decoder = NestedDecoder(levels, (4, 6), block, up)
    net = perturbed(supervised_unet(Encoder(1, levels, block, MaxPool), decoder, 2)).double()
    size = (60, 68)
    expected = (2, 2, *output_size(size, levels, padding="valid"))
    assert [each.shape for each in net(torch.randn(2, 1, *size).double())] == [expected] * 2
    (grid, _) = valid_sizes(levels, padding="valid")
    image = torch.randn(1, 90, 70, dtype=torch.float64)
    one, other = (predict_tiled(net, image, tile=(n, n)) for n in (grid[6], grid[20]))
    assert torch.allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_pruned_at_a_column_it_is_the_network_built_with_as_many(columns: int) -> None:
    """Bit for bit, in both modes; and its output is that of head X(0, columns) of the whole network."""
    whole, image = nested().eval(), torch.randn(2, 1, 16, 24)
    with torch.no_grad():
        before = whole(image)
    cut, built = pruned(whole, columns), nested(WIDTHS[: columns + 1])
    names, depth = built.state_dict(), len(WIDTHS) - 1
    moved = {
        name: name.replace(f"heads.{k}.", f"heads.{k + depth - columns}.")
        for k in range(depth)
        for name in names
        if f"heads.{k}." in name
    }
    built.load_state_dict({name: whole.state_dict()[moved.get(name, name)] for name in names})
    assert cut.state_dict().keys() == names.keys()
    assert (cut.levels, cut.extra_reach, cut.decoder.map_channels) == (
        built.levels,
        built.extra_reach,
        built.decoder.map_channels,
    )
    with torch.no_grad():
        assert torch.equal(cut.eval()(image), built.eval()(image))
        assert isinstance(whole.head, SideHeads)
        every = whole.head.side_outputs(whole.decoder(whole.encoder(image)))
        assert torch.equal(cut(image), every[depth - columns])
        for one, other in zip(cut.train()(image), built.train()(image), strict=True):
            assert torch.equal(one, other)
        assert torch.equal(whole(image), before)


def test_networks_that_cannot_be_pruned_are_refused() -> None:
    whole, levels = nested(), pyramid(WIDTHS)
    encoder, decoder = Encoder(1, levels, NORMED, MaxPool), NestedDecoder(levels, WIDTHS[:-1], NORMED, transposed)
    cases: list[tuple[UNet, Any, str]] = [
        (whole, 0, "columns = 0: this network has the columns 1 to 3"),
        (whole, 4, "columns = 4"),
        (whole, True, "columns = True"),
        (cast("UNet", any_size(whole)), 1, "any_size is no UNet; prune the UNet inside it"),
        (thin(), 1, "has a Decoder; only a NestedDecoder has columns to prune"),
        (UNet(encoder, decoder, pointwise_head(decoder, 1)), 1, "a head at column 3 only; build it with deep supervi"),
        (supervised_unet(encoder, decoder, 1, heads=FusedHeads), 1, "mix the logits of all maps"),
        (supervised_unet(BottleneckDropout(encoder), decoder, 1), 1, r"BottleneckDropout .* method finest\(count\)"),
    ]
    for net, columns, words in cases:
        with pytest.raises(ValueError, match=words):
            pruned(net, columns)


def test_wrong_plans_widths_and_parts_are_refused() -> None:
    levels = pyramid((4, 6))
    with pytest.raises(ValueError, match="2 levels need 1 widths"):
        NestedDecoder(levels, (4, 6), NORMED, transposed)
    with pytest.raises(ValueError, match="at least one level"):
        NestedDecoder((), (), NORMED, transposed)
    with pytest.raises(ValueError, match="cannot be added"):
        NestedDecoder(pyramid((4, 6, 8)), (4, 6), NORMED, transposed, merge=Add)
    with pytest.raises(ValueError, match="the block at level 0 has 3 out_channels instead of 4"):
        NestedDecoder(levels, (4,), lambda i, _wanted, level: NORMED(i, 3, level), transposed)


def test_gates_and_checkpointed_steps_are_parts_as_in_any_decoder() -> None:
    """Checkpointed nodes give the same output and gradients; a gate per node has the channels of its row."""
    levels, image = pyramid((4, 6, 8)), torch.randn(2, 1, 8, 12)
    results = []
    for step in (DecoderStep, checkpointed(DecoderStep)):
        torch.manual_seed(0)
        decoder = NestedDecoder(levels, (4, 6), NORMED, transposed, gated(Concat), step)
        net = UNet(Encoder(1, levels, NORMED, MaxPool), decoder, pointwise_head(decoder, 1))
        net(image).square().sum().backward()
        results.append([weight.grad for weight in net.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
    gates = [name for name, _ in net.named_modules() if name.endswith("gate")]
    assert len(gates) == 3
