"""Checkpointing against the plain network: outputs, gradients, statistics, and the bytes that are kept."""

from __future__ import annotations

from math import prod

import pytest
import torch
from torch import Tensor, nn

from benchmarks.checkpointing import pair, saved_bytes, unequal, work
from tests.oracles.thin_nets import NORMED, state, stirred, thin
from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.blocks import Block, ConvUnit, conv_stack
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.init import convolutions, kaiming_
from unet_tutorial.nets.merge import Concat, Merge
from unet_tutorial.nets.norms import Norm, batch_norm
from unet_tutorial.nets.paths import DecoderStep
from unet_tutorial.nets.resample import Up, then, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.wrappers import Checkpointed, buffers_kept, checkpointed, dropped, residual
from unet_tutorial.plan.levels import Level, pyramid


def counting(channels: int, rank: int) -> nn.Module:
    """A norm of a reader's own, which keeps running statistics and is none of torch's batch norms."""
    return (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)[rank - 1](channels, track_running_stats=True)


BLOCKS: dict[str, Block] = {
    "norm": NORMED,
    "dropout": dropped(NORMED, 0.3),
    "residual and dropout": residual(dropped(conv_stack(ConvUnit(norm=batch_norm, order=("norm", "act", "conv"))))),
    "own statistics": conv_stack(ConvUnit(norm=counting)),
}


@pytest.mark.parametrize("inside", BLOCKS)
@pytest.mark.parametrize("where", ["blocks", "steps", "both, one inside the other"])
def test_a_training_step_leaves_all_equal(inside: str, where: str) -> None:
    """Logits, all gradients and all statistics, to the last bit; the image itself asks for no gradient."""
    block, plain = BLOCKS[inside], thin(block=BLOCKS[inside])
    light_block = block if where == "steps" else checkpointed(block)
    light = thin(block=light_block, step=DecoderStep if where == "blocks" else checkpointed(DecoderStep))
    assert any(isinstance(m, Checkpointed) for m in light.modules())
    torch.manual_seed(2)
    for _ in range(2):  # the second step starts from statistics that have moved
        assert unequal(plain, light, torch.randn(2, 1, 16, 12)) == []
    counts = [int(value) for name, value in light.named_buffers() if name.endswith("num_batches_tracked")]
    assert counts == [0 if inside == "own statistics" else 2] * 10  # torch's instance norm does not count its batches
    assert all(value.any() for name, value in light.named_buffers() if name.endswith("running_mean"))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(
    ("up", "merge"), [(PixelShuffle, Concat), (then(transposed, batch_norm, nn.ReLU), gated(Concat))]
)
def test_at_every_rank_and_with_statistics_in_the_way_up_and_in_gates(rank: int, up: Up, merge: Merge) -> None:
    levels = pyramid((4, 8, 8), rank)
    plain = thin(levels, up=up, merge=merge)
    light = thin(levels, block=checkpointed(NORMED), up=up, merge=merge, step=checkpointed(DecoderStep))
    assert unequal(plain, light, torch.randn(2, 1, *(8, 12, 16)[:rank])) == []


def test_an_initialiser_reaches_inside_and_weights_carry_over() -> None:
    plain, light = thin(), kaiming_(thin(block=checkpointed(NORMED), step=checkpointed(DecoderStep)))
    assert len(list(convolutions(light))) == len(list(convolutions(plain))) == 13
    plain.load_state_dict(dict(state(light)))
    x = torch.randn(2, 1, 16, 16)
    assert torch.equal(plain.eval()(x), light.eval()(x))


def test_gradients_of_the_image_are_those_of_the_plain_net() -> None:
    """A front-end that is frozen, or a saliency map: the input asks for a gradient, and weights may not."""
    gradients = []
    for net in (thin(), thin(block=checkpointed(NORMED), step=checkpointed(DecoderStep))):
        torch.manual_seed(3)
        image = torch.randn(1, 1, 16, 16, requires_grad=True)
        net.requires_grad_(requires_grad=False)
        net(image).square().sum().backward()
        gradients.append(image.grad)
    assert gradients[0] is not None
    assert gradients[1] is not None
    assert torch.equal(gradients[0], gradients[1])


def interrupted(part: nn.Module, before: dict[str, Tensor]) -> None:
    """A pass that counts, and then an error."""
    with buffers_kept(part):
        part(torch.randn(2, 2, 8, 8))
        assert not any(torch.equal(v, before[k]) for k, v in part.named_buffers() if k.endswith("running_mean"))
        raise RuntimeError("stop")


@pytest.mark.parametrize("norm", [batch_norm, counting])
def test_buffers_are_a_parts_own_again_afterwards_even_after_an_error(norm: Norm) -> None:
    part = stirred(conv_stack(ConvUnit(norm=norm))(2, 4, Level(4, (3, 3), (1, 1))))
    own = dict(part.named_buffers())
    before = {name: value.clone() for name, value in own.items()}
    with pytest.raises(RuntimeError, match="stop"):
        interrupted(part, before)
    assert all(value is own[name] for name, value in part.named_buffers())
    assert all(torch.equal(value, before[name]) for name, value in own.items())


class Twice(Part):
    """A body that counts its passes."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.passes, self.out_channels = nn.Parameter(torch.ones(1)), 0, 1

    def forward(self, x: Tensor) -> Tensor:
        """Times the weight, squared."""
        self.passes += 1
        return (x * self.weight).square()


def test_the_body_runs_a_second_time_only_for_gradients() -> None:
    net = Checkpointed(Twice())
    assert isinstance(net.body, Twice)
    work(net, torch.randn(1, 1, 4))
    assert net.body.passes == 2
    with torch.no_grad():
        net(torch.randn(1, 1, 4))
    assert net.body.passes == 3


def kept(widths: tuple[int, ...], size: tuple[int, ...]) -> int:
    """By hand, in bytes: the image, the maps between the parts, and pooling's outputs with an index of 8 bytes each."""
    maps = [width * prod(n >> i for n in size) for i, width in enumerate(widths)]
    pooled = [n >> len(size) for n in maps[:-1]]
    return 4 * (prod(size) + sum(maps) + sum(maps[:-1])) + (4 + 8) * sum(pooled)


@pytest.mark.parametrize(("widths", "size"), [((8, 16, 32, 64, 128), (128, 64)), ((4, 8, 16, 32), (32, 16, 32))])
def test_encoder_blocks_and_decoder_steps_checkpointed_keep_at_most_030(
    widths: tuple[int, ...], size: tuple[int, ...]
) -> None:
    plain, light = pair(widths, len(size))
    image = torch.randn(1, 1, *size)
    assert saved_bytes(light, image) == pytest.approx(kept(widths, size), rel=0.002)
    assert saved_bytes(light, image) <= 0.30 * saved_bytes(plain, image)
    assert light(image).requires_grad
