"""Exercises of lesson 11b, shortcuts and gates: parameters of concat and add, a shortcut, an attention gate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.crop import center_crop
from unet_tutorial.teaching.checking.exercise import Case, exercise
from unet_tutorial.teaching.checking.probes import as_module, outputs_and_gradients


def _plans(seed: int) -> Iterator[Case]:
    yield from (((64, 128, 256, 512, 1024), 2), ((8, 16, 32 + seed), 3), ((5 + seed, 7, 9, 4), 1), ((16, 24), 2))


@exercise(
    _plans,
    ("[:-1]", "", "the coarsest level has no skip, and nothing is merged there"),
    ("[:-1]", "[1:]", "the finest level has a skip, too; only the coarsest has none"),
    ("3**rank", "9", "9 is the kernel of two axes; it has 3 to the power of the rank"),
    (
        "3**rank",
        "3 * rank",
        "a kernel of 3 pixels along each axis has 3 to the power of the rank, and not 3 times the rank",
    ),
    ("3**rank * ", "", "the kernel is missing: each pair of channels has one weight per pixel of it"),
    ("3**rank", "2 * 3**rank", "only the first convolution behind the merge reads more channels, not both"),
    ("c * c", "c", "each of the c channels that are saved was read by c filters: c times c"),
    ("c * c", "c * c + c", "biases belong to the channels that come out, and these stay as many"),
    ("c * c", "4 * c * c", "2c channels become c: what is saved is the half, and not all that was read"),
    ("3**rank", "3 * 3**rank", "that is what is left; what goes is as much again without the second convolution"),
)
def add_saving(widths: Sequence[int], rank: int) -> int:
    return sum(3**rank * c * c for c in widths[:-1])


MISFIT = "a shortcut that does not fit; crop it to the body's size"


def _bodies(seed: int) -> Iterator[Case]:
    """Input and output channels, whether the convolutions are padded, and an image."""
    generator = torch.Generator().manual_seed(seed)
    for channels, padded in (((3, 5), False), ((4, 4), False), ((4, 4), True), ((2, 6 + seed), True), ((5, 2), False)):
        yield *channels, padded, torch.randn(1, channels[0], 9, 8 + seed, generator=generator)


def _wrapped(answer: Callable[[nn.Module, int, int], nn.Module], case: Case) -> Any:
    """Output, gradient and number of parameters, with weights that depend only on their shapes."""
    in_channels, out_channels, padded, image = case
    pad = int(padded)
    body = nn.Sequential(
        nn.Conv2d(in_channels, 7, 3, padding=pad), nn.ReLU(), nn.Conv2d(7, out_channels, 3, padding=pad)
    )
    module = as_module(answer(body, in_channels, out_channels))
    with torch.no_grad():
        for parameter in module.parameters():
            draw = torch.Generator().manual_seed(sum(7**i * n for i, n in enumerate(parameter.shape)))
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=draw))
    try:
        return outputs_and_gradients(module.eval(), (image,))
    except RuntimeError as error:
        if "must match the size" in str(error):
            return MISFIT
        raise


@exercise(
    _bodies,
    (
        "nn.Identity() if same else ",
        "",
        "where the channels agree, x itself is added; a convolution there costs parameters and the identity",
    ),
    (
        "nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1)",
        "nn.ZeroPad3d((0, 0, 0, 0, 0, out_channels - in_channels))",
        "missing channels were filled with zeros; a 1×1 convolution makes them",
    ),
    ("out_channels, 1)", "out_channels, 3, padding=1)", "the shortcut's kernel is 1×1; a 3×3 looks at neighbours"),
    ("out_channels, 1)", "out_channels, 1, bias=False)", "the 1×1 convolution has a bias"),
    ("center_crop(self.shortcut(x), out.shape[2:])", "self.shortcut(x)", "crop the shortcut to the body's size"),
    (
        "center_crop(self.shortcut(x), out.shape[2:])",
        "self.shortcut(x)[:, :, : out.shape[2], : out.shape[3]]",
        "you cropped the corner; an unpadded body loses pixels on all sides: take the middle",
    ),
    (
        "center_crop(self.shortcut(x), out.shape[2:])",
        'F.interpolate(self.shortcut(x), out.shape[2:], mode="bilinear")',
        "the shortcut was resized to fit; crop it, for its pixels must lie over those of the body",
    ),
    (
        "center_crop(self.shortcut(x), out.shape[2:])",
        "self.shortcut(x)",
        "out + short",
        "short + F.pad(out, [(short.shape[i] - out.shape[i]) // 2 for i in (3, 3, 2, 2)])",
        "the body was padded back to the size of x; crop the shortcut",
    ),
    ("out + short", "(out + short).relu()", "nothing follows the sum, no ReLU either"),
    ("out + short", "out + short.detach()", "the shortcut is detached; gradients must run through it"),
    ("out + short", "(out + short) / 2", "that is the mean of the two; their sum is wanted"),
    ("out + short", "out", "that is the body alone"),
    ("out + short", "out - short", "the shortcut was taken away; it is added"),
    probe=_wrapped,
)
def with_shortcut(body: nn.Module, in_channels: int, out_channels: int) -> nn.Module:
    class Around(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = body
            same = in_channels == out_channels
            self.shortcut = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1)

        def forward(self, x: Tensor) -> Tensor:
            out: Tensor = self.body(x)
            short = center_crop(self.shortcut(x), out.shape[2:])
            return out + short

    return Around()


def _scenes(seed: int) -> Iterator[Case]:
    generator = torch.Generator().manual_seed(seed)
    shapes = ((2, 4, 8, 12), (2, 6, 4, 6), (3, 4, 2, 2), (3, 6, 1, 1), (3,), (1, 3, 1, 1), (1,))
    yield tuple(torch.randn(shape, generator=generator) for shape in shapes)


@exercise(
    _scenes,
    (".relu()", "", "the ReLU between the sum and ψ is missing; without it all is one linear map"),
    (
        "stride=2) + F.conv2d(below, phi, phi_bias)",
        "stride=2).relu() + F.conv2d(below, phi, phi_bias).relu()",
        "the ReLU comes after the sum; you took it of both terms before",
    ),
    ("stride=2) +", "stride=2) *", "the two terms are added, and not multiplied"),
    (".sigmoid()", "", "the sigmoid is missing; a coefficient lies between 0 and 1"),
    (
        ".sigmoid()",
        ".flatten(2).softmax(2).unflatten(2, below.shape[2:])",
        "that is a softmax over the pixels, which compete then; each pixel has a sigmoid of its own",
    ),
    (', mode="bilinear"', "", "the coefficients are copied into blocks; they are blended, mode 'bilinear'"),
    ('"bilinear"', '"bilinear", align_corners=True', "align_corners=True moves the coefficients; leave it out"),
    (
        ".sigmoid()",
        "",
        "skip * alpha",
        "skip * alpha.sigmoid()",
        "enlarge the coefficients, after the sigmoid, and not what goes into it",
    ),
    ("skip * alpha", "skip * (1 - alpha)", "the gate is shut where it should be open: α passes, and not 1 - α"),
    ("skip * alpha", "skip + skip * alpha", "that is x + αx, of another paper; here only αx passes"),
    (", phi_bias)", ")", ", psi_bias)", ")", "the biases are missing"),
    (" + F.conv2d(below, phi, phi_bias)", "", "what lies below was not asked; it opens the gate"),
    ("skip * alpha", "skip * alpha.detach()", "the coefficients are detached, and the gate would never learn"),
    probe=outputs_and_gradients,
)
def gated_skip(
    skip: Tensor, below: Tensor, theta: Tensor, phi: Tensor, phi_bias: Tensor, psi: Tensor, psi_bias: Tensor
) -> Tensor:
    met = F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias)
    coarse = F.conv2d(met.relu(), psi, psi_bias).sigmoid()  # (N, 1, *below)
    alpha = F.interpolate(coarse, size=skip.shape[2:], mode="bilinear")
    return skip * alpha


EXERCISES = (add_saving, with_shortcut, gated_skip)
