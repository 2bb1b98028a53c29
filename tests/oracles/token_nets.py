"""Networks whose maps become tokens for torch's own attention layers: class tokens, learned queries, latents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

Run = Callable[["Tokens", Tensor], Any]
IMAGE = torch.zeros(2, 1, 16, 16)


class Tokens(nn.Module):
    """Patches of 4×4 pixels, a map (N, 8, 4, 4); ``run`` computes the outputs from it.

    ``layers`` are used by ``run``, and so are the positions of 16 tokens, three learned queries and ``up``, which gives
    an image again.
    """

    def __init__(self, run: Run, *layers: nn.Module) -> None:
        super().__init__()
        self.run, self.layers = run, nn.ModuleList(layers)
        self.patches, self.up = nn.Conv2d(1, 8, 4, 4), nn.ConvTranspose2d(8, 1, 4, 4)
        self.positions, self.queries = nn.Parameter(torch.zeros(1, 16, 8)), nn.Parameter(torch.zeros(1, 3, 8))

    def forward(self, x: Tensor) -> Any:
        return self.run(self, self.patches(x))

    def image(self, tokens: Tensor) -> Tensor:
        """The image of 16 tokens (N, 16, 8)."""
        return torch.as_tensor(self.up(tokens.transpose(1, 2).unflatten(2, (4, 4))))


def flat(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2)


def encoded(net: Tokens, x: Tensor) -> Tensor:
    return net.image(net.layers[0](flat(x) + net.positions))


def decoded(net: Tokens, x: Tensor) -> Tensor:
    return net.image(net.layers[0](flat(x) + net.positions, flat(x)))


def with_queries(net: Tokens, x: Tensor) -> tuple[Tensor, Tensor]:
    """As DETR (arXiv:2005.12872): the queries attend to the map, and are a second output."""
    return net.up(x), net.layers[0](net.queries.expand(len(x), -1, -1), flat(x) + net.positions)


def queries_as_target(net: Tokens, x: Tensor) -> tuple[Tensor, Tensor]:
    return net.up(x), net.layers[0](flat(x), net.queries.expand(len(x), -1, -1))


def masks(net: Tokens, x: Tensor) -> Tensor:
    """As MaskFormer (arXiv:2107.06278): products of the queries and the pixels."""
    return torch.einsum("nqc,nchw->nqhw", net.layers[0](net.queries.expand(len(x), -1, -1), flat(x)), x)


def positions_as_target(net: Tokens, x: Tensor) -> Tensor:
    return net.image(net.layers[0](flat(x), net.positions.expand(len(x), -1, -1)))


def one_attention(**options: Any) -> Run:
    def run(net: Tokens, x: Tensor) -> Tensor:
        return net.image(flat(x) + net.layers[0](flat(x), flat(x), flat(x), **options)[0])

    return run


def tokens_first(net: Tokens, x: Tensor) -> Tensor:
    tokens = x.flatten(2).permute(2, 0, 1)
    return net.image((tokens + net.layers[0](tokens, tokens, tokens)[0]).transpose(0, 1))


def latents(net: Tokens, x: Tensor) -> Tensor:
    """As Perceiver IO (arXiv:2107.14795): the map to three latents, and these to positions."""
    found = net.layers[0](net.queries.expand(len(x), -1, -1), flat(x), flat(x), need_weights=False)[0]
    found = net.layers[1](found)
    return net.image(net.layers[2](net.positions.expand(len(x), -1, -1), found, found, need_weights=False)[0])


def class_token(net: Tokens, x: Tensor) -> tuple[Tensor, Tensor]:
    tokens = net.layers[0](torch.cat([net.queries[:, :1].expand(len(x), -1, -1), flat(x)], 1))
    return net.image(tokens[:, 1:]), tokens[:, 0]


def attention(**options: Any) -> nn.Module:
    return nn.MultiheadAttention(8, 2, batch_first=True, **options)


def encoder(**options: Any) -> nn.TransformerEncoderLayer:
    return nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, **options)


def decoder(**options: Any) -> nn.TransformerDecoderLayer:
    return nn.TransformerDecoderLayer(8, 2, 16, batch_first=True, **options)


# by name: the network, the names of its blocks
NETS: dict[str, tuple[Callable[[], nn.Module], list[str]]] = {
    "encoder": (lambda: Tokens(encoded, encoder()), ["transformer block, 2 heads"]),
    "encoders": (
        lambda: Tokens(encoded, nn.TransformerEncoder(encoder(), 2)), ["2 × transformer block, 2 heads"]),
    "decoder": (lambda: Tokens(decoded, decoder()), ["self-attention, 2 heads"]),
    "queries": (lambda: Tokens(with_queries, decoder()), ["cross-attention, 2 heads"]),
    "queries, norm first": (
        lambda: Tokens(with_queries, decoder(norm_first=True, activation="gelu")), ["cross-attention, 2 heads"]),
    "queries, two layers": (
        lambda: Tokens(with_queries, nn.TransformerDecoder(decoder(), 2)), ["cross-attention, 2 heads", "attention"]),
    "masks": (lambda: Tokens(masks, decoder()), ["cross-attention, 2 heads"]),
    "transformer": (
        lambda: Tokens(queries_as_target, nn.Transformer(8, 2, 1, 1, 16, batch_first=True)),
        ["transformer block, 2 heads", "cross-attention, 2 heads"]),
    "positions as target": (
        lambda: Tokens(positions_as_target, nn.Transformer(8, 2, 1, 1, 16, batch_first=True)),
        ["transformer block, 2 heads", "cross-attention, 2 heads"]),
    "attention": (lambda: Tokens(one_attention(), attention()), ["self-attention, 2 heads"]),
    "without weights": (lambda: Tokens(one_attention(need_weights=False), attention()), ["self-attention, 2 heads"]),
    "weights of heads": (
        lambda: Tokens(one_attention(average_attn_weights=False), attention()), ["self-attention, 2 heads"]),
    "tokens first": (lambda: Tokens(tokens_first, nn.MultiheadAttention(8, 2)), ["self-attention, 2 heads"]),
    "masked": (
        lambda: Tokens(one_attention(attn_mask=torch.zeros(16, 16, dtype=torch.bool)), attention()),
        ["self-attention, 2 heads"]),
    "other keys": (lambda: Tokens(one_attention(), attention(kdim=8, vdim=8)), ["self-attention, 2 heads"]),
    "bias of keys": (lambda: Tokens(one_attention(), attention(add_bias_kv=True)), ["self-attention, 2 heads"]),
    "additional zero": (lambda: Tokens(one_attention(), attention(add_zero_attn=True)), ["self-attention, 2 heads"]),
    "without bias": (lambda: Tokens(one_attention(), attention(bias=False)), ["self-attention, 2 heads"]),
    "latents": (
        lambda: Tokens(latents, attention(), encoder(), attention()),
        ["cross-attention, 2 heads", "attention", "attention"]),
    "class token": (lambda: Tokens(class_token, encoder()), ["attention"]),
}  # fmt: skip
