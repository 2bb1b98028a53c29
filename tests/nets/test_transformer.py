"""Transformers in a U-Net: positions, layers, and encoders, at each rank."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.oracles.family import check_network
from tests.oracles.thin_nets import NORMED, perturbed
from unet_tutorial.nets.bottom import WithBottom
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, transposed
from unet_tutorial.nets.transformer import Layers, PatchEncoder, Positions, learnt, sinusoidal, transformer
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.plan.levels import pyramid

pytestmark = pytest.mark.slow

SIZES = {1: (6,), 2: (4, 6), 3: (2, 4, 3)}
LEARNT = {1: learnt((4,)), 2: learnt((4, 4)), 3: learnt((2, 2, 2))}


def with_decoder(encoder: Encoder | PatchEncoder | WithBottom) -> UNet:
    decoder = Decoder(encoder.levels, encoder.out_channels[:-1], NORMED, transposed, Concat)
    return UNet(encoder, decoder, pointwise_head(decoder, 2))


def at_the_bottom(rank: int, positions: Positions = sinusoidal) -> UNet:
    block = transformer(8, depth=2, heads=2, hidden=12, dropout=0.0, positions=positions)
    return with_decoder(WithBottom(Encoder(1, pyramid((4, 6), rank), NORMED, MaxPool), block))


def of_patches(rank: int, positions: Positions = sinusoidal) -> UNet:
    levels = pyramid((4, 6, 8), rank)
    return with_decoder(PatchEncoder(1, levels, NORMED, transposed, 2, 2, 12, positions=positions))


@pytest.mark.parametrize(
    ("make", "rank", "positions"),
    [
        (at_the_bottom, 1, LEARNT[1]),
        (at_the_bottom, 2, sinusoidal),
        (of_patches, 1, sinusoidal),
        (of_patches, 3, LEARNT[3]),
    ],
)
def test_they_pass_the_checks_of_the_family(make: Callable[..., UNet], rank: int, positions: Positions) -> None:
    """An encoder of patches is no plain U for the figures: its skips come from the coarsest level."""
    sizes = [(12, 8, 8)[:rank], (8, 12, 8)[:rank]]
    check_network(partial(make, rank, positions), sizes, odd=(9, 10, 11)[:rank])


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_positions_are_the_formula_of_the_paper(rank: int) -> None:
    """sin(p / 10000^(k / count)) and cos, for each axis one after the other, by a loop."""
    channels, size = 4 * rank, SIZES[rank]
    found = sinusoidal(channels, rank)(torch.zeros(2, channels, *size))
    expected = np.zeros((1, channels, *size))
    for index in np.ndindex(*size):
        waves = []
        for p in index:
            angles = [p / 10_000 ** (k / 2) for k in range(2)]
            waves += [*np.sin(angles), *np.cos(angles)]
        expected[(0, slice(None), *index)] = waves
    assert np.allclose(found, expected, atol=1e-6)


def test_any_number_of_channels_has_positions() -> None:
    x = torch.zeros(1, 7, 5, 5)
    found = sinusoidal(7, 2)(x)
    assert found.shape == (1, 7, 5, 5)
    assert len({tuple(column) for column in found[0].flatten(1).T.tolist()}) == 25  # no two pixels have the same


def test_learnt_positions_are_interpolated() -> None:
    module = learnt((2, 2))(3, 2)
    values = module.get_parameter("values")
    assert torch.equal(module(torch.zeros(1, 3, 2, 2)), values)
    larger = module(torch.zeros(1, 3, 4, 4))
    assert torch.allclose(larger.mean((2, 3)), values.mean((2, 3)), atol=1e-6)
    assert torch.allclose(larger[:, :, ::3, ::3], values)  # pixels at the corners lie outside the old centres
    with pytest.raises(ValueError, match=r"positions of a grid \(2, 2\) for maps of 3 spatial axes"):
        learnt((2, 2))(3, 3)


def test_the_layers_are_those_of_the_formula() -> None:
    """Pre-norm layers by hand: x + attention(norm(x)), then x + linear(gelu(linear(norm(x)))); a last norm."""
    layers = perturbed(Layers(8, 2, 2, 12, 0.0, sinusoidal, 2)).eval()
    x = torch.randn(2, 8, 3, 4)
    tokens = (x + sinusoidal(8, 2)(x)).flatten(2).transpose(1, 2)
    for layer in layers.layers:
        assert isinstance(layer, nn.TransformerEncoderLayer)
        normed = layer.norm1(tokens)
        weights, biases = layer.self_attn.in_proj_weight, layer.self_attn.in_proj_bias
        q, k, v = (
            (normed @ w.T + b).unflatten(2, (2, 4)).transpose(1, 2)
            for w, b in zip(weights.split(8), biases.split(8), strict=True)
        )
        mixed = ((q @ k.transpose(2, 3) / 2).softmax(-1) @ v).transpose(1, 2).flatten(2)
        tokens = tokens + layer.self_attn.out_proj(mixed)
        tokens = tokens + layer.linear2(nn.functional.gelu(layer.linear1(layer.norm2(tokens))))
    expected = layers.norm(tokens).transpose(1, 2).reshape(x.shape)
    assert torch.allclose(layers(x), expected, atol=1e-5)
    assert torch.allclose(layers.taps(x, [1, 2])[1], expected, atol=1e-5)
    with torch.no_grad():
        assert torch.allclose(layers(x), expected, atol=1e-5)  # torch computes it by other operators here


def test_no_two_layers_start_with_the_same_weights() -> None:
    """torch.nn.TransformerEncoder copies one layer."""
    first, second = Layers(8, 2, 2, 12, 0.0, sinusoidal, 2).layers
    assert not torch.equal(first.get_parameter("linear1.weight"), second.get_parameter("linear1.weight"))


def test_the_skips_of_patches_come_from_the_layers_of_the_paper() -> None:
    """UNETR: 12 layers, and maps after 3, 6, 9 and 12 of them; level 0 is a block of the image."""
    encoder = perturbed(PatchEncoder(1, pyramid((2, 3, 4, 5, 8)), NORMED, transposed, 12, 2, 12)).eval()
    assert encoder.after == [3, 6, 9, 12]
    image = torch.randn(1, 1, 32, 48)
    features = encoder(image)
    assert [tuple(x.shape[1:]) for x in features] == [(2, 32, 48), (3, 16, 24), (4, 8, 12), (5, 4, 6), (8, 2, 3)]
    x = encoder.patches(image)
    tokens = (x + encoder.layers.positions(x)).flatten(2).transpose(1, 2)
    maps: dict[int, Tensor] = {}
    for i, layer in enumerate(encoder.layers.layers, start=1):
        tokens = layer(tokens)
        maps[i] = tokens.transpose(1, 2).reshape(1, 8, 2, 3)
    assert torch.allclose(features[0], encoder.stem(image))
    for i in (1, 2, 3):
        assert torch.allclose(features[i], encoder.rises[i - 1](maps[3 * i]), atol=1e-5)
    names = [[type(part).__name__ for part in rise.children()] for rise in encoder.rises]
    up = "ConvTranspose2d"
    assert names == [[up, up, "ConvStack", up, "ConvStack"], [up, up, "ConvStack"], [up]]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="width = 9 is not a multiple of the 2 heads; choose for example 128"):
        Layers(9, 2, 2, 12, 0.0, sinusoidal, 2)
    with pytest.raises(ValueError, match="heads = 0 is not a whole number"):
        transformer(8, heads=0)(4, 4, pyramid((4,))[0])
    with pytest.raises(ValueError, match="depth = 1: 3 levels need 1 to depth coarser ones; choose depth=2"):
        PatchEncoder(1, pyramid((4, 6, 8)), NORMED, transposed, 1, 2, 12)
    with pytest.raises(ValueError, match="up is ReLU"):
        PatchEncoder(1, pyramid((4, 6, 8)), NORMED, nn.ReLU(), 2, 2, 12)


def test_positions_that_are_no_function_are_refused() -> None:
    with pytest.raises(ValueError, match=r"positions None: pass sinusoidal, or learnt\(grid\)"):
        transformer(positions=None)  # type: ignore[arg-type]  # a user's mistake
