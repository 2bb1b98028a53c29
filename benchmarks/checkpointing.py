"""``python -m benchmarks.checkpointing``: memory saved for backward and time of a step, with and without checkpointing.

The checkpointed network recomputes the blocks of its encoder and the whole steps of its decoder (upsampling, merge and
block) in the backward pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.weight_map import seconds
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.init import kaiming_
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Decoder, DecoderStep, Encoder
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.nets.wrappers import checkpointed
from unet_tutorial.plan.levels import pyramid

CASES = (((16, 32, 64, 128, 256), (256, 256)), ((8, 16, 32, 64), (48, 48, 48)))
MOST = 1.5  # allowed ratio of the times of a step


def pair(widths: Sequence[int], rank: int) -> tuple[UNet, UNet]:
    """The padded U-Net with batch norm, plain and checkpointed, with the same weights."""
    levels, block = pyramid(widths, rank), conv_stack(ConvUnit(norm=batch_norm))
    nets = []
    for inner, step in ((block, DecoderStep), (checkpointed(block), checkpointed(DecoderStep))):
        torch.manual_seed(0)
        decoder = Decoder(levels, widths[:-1], block, transposed, Concat, step)
        nets.append(kaiming_(UNet(Encoder(1, levels, inner, MaxPool), decoder, pointwise_head(decoder, 2))))
    return nets[0], nets[1]


def work(net: nn.Module, image: Tensor) -> Tensor:
    """One forward and one backward pass."""
    torch.manual_seed(0)
    net.zero_grad()
    logits: Tensor = net(image)
    logits.square().mean().backward()
    return logits


def unequal(plain: nn.Module, light: nn.Module, image: Tensor) -> list[str]:
    """Names of the logits, gradients and buffers that differ between two networks after one training step."""
    logits = [work(net, image) for net in (plain, light)]
    names = [] if torch.equal(*logits) else ["logits"]
    for (name, a), b in zip(plain.named_parameters(), light.parameters(), strict=True):
        same = a.grad is not None and b.grad is not None and torch.equal(a.grad, b.grad)
        names += [] if same else [name]
    pairs = zip(plain.named_buffers(), light.buffers(), strict=True)
    return names + [name for (name, a), b in pairs if not torch.equal(a, b)]


def saved_bytes(net: nn.Module, image: Tensor) -> int:
    """Bytes that a forward pass saves for backward: each storage counted once, parameters not counted."""
    own = {weight.untyped_storage().data_ptr() for weight in net.parameters()}
    kept: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage  # keeps it alive, so that its address is not reused
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        net(image)
    return sum(storage.nbytes() for storage in kept.values())


def main() -> None:
    """Check that both networks agree, then print both ratios."""
    torch.set_num_threads(1)
    for widths, size in CASES:
        plain, light = pair(widths, len(size))
        image = torch.randn(1, 1, *size)
        names = unequal(plain, light, image)
        if names:
            raise SystemExit(f"the networks differ in {', '.join(names)}; no ratio is printed for different results")
        much, little = saved_bytes(plain, image), saved_bytes(light, image)
        slow, fast = (seconds(partial(work, net, image), 10) for net in (light, plain))
        print(f"{'×'.join(map(str, size))}, widths {widths}, one thread, plain against checkpointed:")
        print(f"  saved {much / 2**20:.1f} and {little / 2**20:.1f} MiB: {little / much:.2f}")
        print(f"  step {fast:.2f} and {slow:.2f} s: {slow / fast:.2f}")
        if slow > MOST * fast:
            raise SystemExit(f"checkpointing took {slow / fast:.2f} times as long; {MOST} at most")


if __name__ == "__main__":
    main()
