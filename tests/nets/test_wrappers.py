"""Residual shortcuts and dropout; checkpointed networks against plain ones: outputs, gradients, statistics, bytes."""

from __future__ import annotations

from math import prod

import pytest
import torch
from torch import Tensor, nn

from benchmarks.checkpointing import pair, saved_bytes, unequal, work
from tests.oracles.thin_nets import NORMED, count, inner, perturbed, state, thin
from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.blocks import Block, ConvUnit, conv_stack
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.init import convolutions, kaiming_
from unet_tutorial.nets.merge import Concat, Merge
from unet_tutorial.nets.norms import Norm, batch_norm
from unet_tutorial.nets.paths import DecoderStep
from unet_tutorial.nets.resample import Up, then, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.wrappers import Checkpointed, buffers_kept, checkpointed, dropped, residual
from unet_tutorial.plan.levels import Level, pyramid
from unet_tutorial.plan.sizes import Padding

RANKS = (1, 2, 3)
PADDINGS: list[Padding] = ["same", "valid"]


def level(rank: int) -> Level:
    return Level(6, (3,) * rank, (1,) * rank)


def zeroed(part: nn.Module) -> None:
    with torch.no_grad():
        for weight in part.get_submodule("body").parameters():
            weight.zero_()


@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("rank", RANKS)
def test_a_residual_block_with_a_zero_body_is_its_shortcut(rank: int, padding: Padding) -> None:
    """The input if the channels stay, else a 1×1 convolution, written here as a product of matrices."""
    block = residual(conv_stack(ConvUnit(padding=padding, act=nn.Identity)))
    for channels in (6, 2):
        part, x = block(channels, 6, level(rank)), torch.randn(2, channels, *(8, 9, 10)[:rank])
        zeroed(part)
        expected = x if padding == "same" else x[inner(rank, 2)]
        if channels != 6:
            weight, bias = part.get_parameter("shortcut.weight"), part.get_parameter("shortcut.bias")
            mixed = torch.einsum("oi,ni...->no...", weight.flatten(1), expected)
            expected = mixed + bias.reshape(-1, *(1,) * rank)
        assert torch.allclose(part(x), expected, atol=1e-6)
        assert (part.out_channels, part.padding) == (6, padding)


@pytest.mark.parametrize("padding", PADDINGS)
def test_a_residual_block_is_body_plus_shortcut(padding: Padding) -> None:
    block = conv_stack(ConvUnit(padding=padding, norm=batch_norm))
    part, x = residual(block)(6, 6, level(2)).eval(), torch.randn(2, 6, 8, 9)
    plain = block(6, 6, level(2)).eval()
    plain.load_state_dict(part.get_submodule("body").state_dict())
    out: Tensor = plain(x)
    assert torch.equal(part(x), out + center_crop(x, out.shape[2:]))
    assert count(part) == count(plain)
    assert count(residual(block)(2, 6, level(2))) == count(block(2, 6, level(2))) + 2 * 6 + 6


def test_residual_units_of_pre_activation_pass_the_identity() -> None:
    """With ("norm", "act", "conv") nothing follows the sum: a zero body lets negative numbers through as well."""
    part = residual(conv_stack(ConvUnit(norm=batch_norm, order=("norm", "act", "conv"))))(6, 6, level(2))
    zeroed(part)
    x = torch.randn(2, 6, 8, 9)
    assert torch.equal(part(x), x)


def test_dropout_is_for_training_only() -> None:
    torch.manual_seed(0)
    part, x = dropped(conv_stack(ConvUnit(act=nn.Identity)), p=0.25)(2, 6, level(2)), torch.randn(4, 2, 64, 64)
    body = part.get_submodule("body")(x)
    assert torch.equal(part.eval()(x), body)
    thinned = part.train()(x)
    gone = thinned == 0
    assert float(gone.float().mean()) == pytest.approx(0.25, abs=0.01)
    assert torch.allclose(thinned[~gone], body[~gone] / 0.75)
    assert not torch.equal(part(x) == 0, gone)


def test_in_a_network_dropout_changes_training_and_not_evaluation() -> None:
    net, plain = perturbed(thin(block=dropped(NORMED))), perturbed(thin())
    plain.load_state_dict({key.replace("body.", ""): value for key, value in net.state_dict().items()})
    x = torch.randn(2, 1, 16, 16)
    assert torch.equal(net.eval()(x), plain.eval()(x))
    assert not torch.allclose(net.train()(x), plain.train()(x), atol=1e-2)


def test_a_probability_above_1_is_refused() -> None:
    with pytest.raises(ValueError, match=r"between 0 and 1, but got 1\.5"):
        thin(block=dropped(NORMED, 1.5))


def counting(channels: int, rank: int) -> nn.Module:
    """A user's norm with running statistics that is not one of torch's batch norms."""
    return (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)[rank - 1](channels, track_running_stats=True)


BLOCKS: dict[str, Block] = {
    "norm": NORMED,
    "dropout": dropped(NORMED, 0.3),
    "residual and dropout": residual(dropped(conv_stack(ConvUnit(norm=batch_norm, order=("norm", "act", "conv"))))),
    "own statistics": conv_stack(ConvUnit(norm=counting)),
}


@pytest.mark.parametrize(
    ("inside", "where"),
    [(inside, "both, one inside the other") for inside in BLOCKS]
    + [("norm", "blocks"), ("dropout", "steps"), ("residual and dropout", "blocks"), ("own statistics", "steps")],
)
def test_a_training_step_leaves_all_equal(inside: str, where: str) -> None:
    """Logits, all gradients and all statistics, to the last bit; the image itself requires no gradient."""
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
def test_at_every_rank_and_with_statistics_in_upsampling_and_in_gates(rank: int, up: Up, merge: Merge) -> None:
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
    """As for saliency maps: the input requires a gradient, and the weights do not."""
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
    """A pass that updates the buffers, then an error."""
    with buffers_kept(part):
        part(torch.randn(2, 2, 8, 8))
        assert not any(torch.equal(v, before[k]) for k, v in part.named_buffers() if k.endswith("running_mean"))
        raise RuntimeError("stop")


@pytest.mark.parametrize("norm", [batch_norm, counting])
def test_buffers_are_a_parts_own_again_afterwards_even_after_an_error(norm: Norm) -> None:
    part = perturbed(conv_stack(ConvUnit(norm=norm))(2, 4, Level(4, (3, 3), (1, 1))))
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
        """(weight · x)²."""
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
    """Bytes by hand: the image, the maps between the parts, and pooled values with an index of 8 bytes each."""
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
