"""Exercises of lesson 11b, shortcuts and gates: parameters of concat and add, a shortcut, an attention gate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from math import prod  # noqa: F401 - for a mistake
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unet_tutorial.nets.crop import center_crop
from unet_tutorial.teaching.checking.exercise import Case, exercise
from unet_tutorial.teaching.checking.probes import UnfitError, as_module, outputs_and_gradients


def _plans(seed: int) -> Iterator[Case]:
    yield from (((64, 128, 256, 512, 1024), 2), ((8, 16, 32 + seed), 3), ((5 + seed, 7, 9, 4), 1), ((16, 24), 2))


LOOP = "return sum(3**rank * c * c for c in widths[:-1])"
PAIRS = "for a, b in zip(widths, widths[1:], strict=False)"


@exercise(
    _plans,
    ("[:-1]", "", "the coarsest level has no skip, and nothing is merged there"),
    ("[:-1]", "[1:]", "the finest level has a skip, too; only the coarsest has none"),
    ("[:-1]", "[1:-1]", "every level but the coarsest has a merge; the finest is missing in your sum"),
    ("[:-1]", "[:-2]", "the last level with a merge is missing in your sum: only the coarsest has none"),
    ("[:-1]", "[:1]", "only the finest level is counted; is the return inside the loop?"),
    ("[:-1]", "[-2:-1]", "only the last level with a merge is counted; add up the levels: total += …"),
    ("[:-1]", "[-1:]", "only the coarsest level is counted, and it has no merge"),
    ("3**rank", "9", "9 is the kernel of two axes; a kernel has 3 to the power of the rank"),
    ("3**rank", "27", "27 is the kernel of three axes; a kernel has 3 to the power of the rank"),
    (
        "3**rank",
        "3 * rank",
        "a kernel of 3 pixels along each axis has 3 to the power of the rank, and not 3 times the rank",
    ),
    (
        "3**rank",
        "rank**3",
        "a kernel has 3 to the power of the rank, and not the rank to the power of 3",
    ),
    ("3**rank", "9 * rank", "a kernel has 3 to the power of the rank, and not 9 times the rank"),
    ("3**rank * c * c for", "3**rank * c ^ 2 for", "^ is no power in Python; write c**2"),
    ("3**rank", "2**rank", "the kernels have 3 pixels along each axis, and not 2"),
    ("3**rank", "3", "a kernel has 3 pixels along each axis, so 3 to the power of the rank in all"),
    ("3**rank * ", "", "the kernel is missing: each pair of channels has one weight per pixel of it"),
    (
        "3**rank",
        "2 * 3**rank",
        "that is twice the saving: c of the 2c input channels of the first convolution behind the merge go, and its c "
        "output channels and the second convolution stay",
    ),
    ("c * c", "c", "each of the c input channels that are saved was read by c kernels: c times c"),
    ("c * c", "2 * c", "each of the c input channels that are saved was read by c kernels: c times c, and not c + c"),
    (
        "3**rank * c * c",
        "3**rank * c * c + c",
        "a bias belongs to an output channel, and there are as many of these as before; leave the biases out",
    ),
    (
        "3**rank * c * c",
        "3**rank * (c * c + c)",
        "a bias belongs to an output channel, and has no kernel; leave the biases out",
    ),
    ("c * c", "4 * c * c", "2c input channels become c; the output channels are c before and after"),
    ("3**rank", "3 * 3**rank", "only the input channels are halved: 2c · c - c · c, and not 2c · 2c - c · c"),
    (
        LOOP,
        f"return sum(3**rank * a * b {PAIRS})",
        "the merged features have c channels each; the coarser width is no part",
    ),
    (
        LOOP,
        f"return sum(2 * 3**rank * a * b {PAIRS})",
        "the first convolution behind the merge gets c + c channels, and makes c; the coarser width is no part of it",
    ),
    (
        LOOP,
        f"return sum(3**rank * a * (b - a) {PAIRS})",
        "the upsampling already returns c channels, so the coarser width is no part of the saving: c times c",
    ),
    (
        LOOP,
        "return 3**rank * sum(widths[:-1]) ** 2",
        "that is the square of the sum of the widths; add up the squares",
    ),
    (
        LOOP,
        "return 3**rank * prod(c * c for c in widths[:-1])",
        "the levels are multiplied; add them up",
    ),
    (
        LOOP,
        "return sum((3 * c * c) ** rank for c in widths[:-1])",
        "only the 3 has the exponent rank; the channels are squared in every rank",
    ),
    (
        LOOP,
        "return sum(3**rank * c**rank for c in widths[:-1])",
        "the channels are multiplied by the channels, c², in every rank; only the kernel depends on the rank",
    ),
    (
        LOOP,
        "return 3**rank * (len(widths) - 1) * widths[0] ** 2",
        "every level has its own width; add up the levels",
    ),
    (
        LOOP,
        "return [3**rank * c * c for c in widths[:-1]]",
        "a list is returned, one number per level; return their sum",
    ),
    (LOOP, "return 0.5", "that is the share of the weights that goes; return their number"),
    (
        LOOP,
        "return sum(2 * (3**rank * c * c + c) for c in widths[:-1])",
        "those are the parameters of the decoder's blocks with Add; subtract them from those with Concat",
    ),
    (
        LOOP,
        "return sum(3**rank * widths[i] * widths[i - 1] for i in range(len(widths)))",
        "neighbouring levels are multiplied, and the index 0 - 1 is the last level; a level of c channels saves c · c",
    ),
    (LOOP, "return sum(-(3**rank) * c * c for c in widths[:-1])", "the saving is negative; it is Concat less Add"),
)
def add_saving(widths: Sequence[int], rank: int) -> int:
    return sum(3**rank * c * c for c in widths[:-1])


def _bodies(seed: int) -> Iterator[Case]:
    """Input and output channels, whether the convolutions are padded, and an image."""
    generator = torch.Generator().manual_seed(seed)
    for channels, padded in (((3, 5), False), ((4, 4), False), ((4, 4), True), ((2, 6 + seed), True)):
        yield *channels, padded, torch.randn(1, channels[0], 9, 8 + seed, generator=generator)


def _wrapped(answer: Callable[[nn.Module, int, int], nn.Module], case: Case) -> Any:
    """Output, gradient and number of parameters, with weights that depend only on their shapes."""
    in_channels, out_channels, padded, image = case
    pad = int(padded)
    body = nn.Sequential(
        nn.Conv2d(in_channels, 7, 3, padding=pad), nn.ReLU(), nn.Conv2d(7, out_channels, 3, padding=pad)
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # a layer that is not registered keeps its random weights
        module = as_module(answer(body, in_channels, out_channels))
        if not {id(each) for each in body.parameters()} <= {id(each) for each in module.parameters()}:
            raise UnfitError(
                "the body's parameters are not among those of your module: make the body an attribute of self"
            )
        _fill(module)
        return outputs_and_gradients(module.eval(), (image,))


def _fill(module: nn.Module) -> None:
    """Give all registered parameters values that depend only on their shapes."""
    with torch.no_grad():
        for parameter in module.parameters():
            draw = torch.Generator().manual_seed(sum(7**i * n for i, n in enumerate(parameter.shape)))
            parameter.copy_(0.5 * torch.randn(parameter.shape, generator=draw))


SUM = "return out + short"
SHORT = "short = center_crop(self.shortcut(x), out.shape[2:])"
CROPPED = "center_crop(self.shortcut(x), out.shape[2:])"
CHOICE = "nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1)"


@exercise(
    _bodies,
    (
        "nn.Identity() if same else ",
        "",
        "where the channels agree, the shortcut is x itself; a convolution changes it and has parameters",
    ),
    (
        CHOICE,
        "nn.Identity()",
        "x is added where the channels differ, too; there it needs a 1×1 convolution",
    ),
    (
        CHOICE,
        "nn.Conv2d(in_channels, out_channels, 1) if same else nn.Identity()",
        "the two cases are exchanged: x itself where the channels agree, a 1×1 convolution where they differ",
    ),
    (
        CHOICE,
        "nn.ZeroPad3d((0, 0, 0, 0, 0, out_channels - in_channels))",
        "missing channels were filled with zeros; a 1×1 convolution makes them",
    ),
    (
        "nn.Conv2d(in_channels, out_channels, 1)",
        "nn.Conv2d(out_channels, in_channels, 1)",
        "the channels of the 1×1 convolution are exchanged; it is nn.Conv2d(in_channels, out_channels, 1)",
    ),
    ("out_channels, 1)", "out_channels, 3, padding=1)", "the shortcut's kernel is 1×1; a 3×3 kernel reads neighbours"),
    (
        "out_channels, 1)",
        "out_channels, 3)",
        "the shortcut's kernel is 1×1; a 3×3 kernel reads neighbours and loses pixels at the border",
    ),
    (
        "out_channels, 1)",
        "out_channels, 1, stride=2)",
        "the 1×1 convolution has a stride, and drops every second pixel; its stride is 1",
    ),
    ("self.body(x)", "self.body(x.relu())", "a ReLU comes before the body; the body gets x as it is"),
    (
        "out: Tensor = self.body(x)",
        "out = self.body(center_crop(x, self.body(x).shape[2:]))",
        "x is cropped before the body, which makes the output smaller; crop the shortcut alone",
    ),
    ("out_channels, 1)", "out_channels, 1, bias=False)", "the 1×1 convolution has a bias"),
    (
        "nn.Conv2d(in_channels, out_channels, 1)",
        "nn.Sequential(nn.Conv2d(in_channels, out_channels, 1), nn.ReLU())",
        "a ReLU follows the 1×1 convolution; the shortcut has none",
    ),
    (
        "nn.Conv2d(in_channels, out_channels, 1)",
        "nn.Sequential(nn.Conv2d(in_channels, out_channels, 1), nn.BatchNorm2d(out_channels))",
        "a norm follows the 1×1 convolution; the shortcut has none",
    ),
    (
        "self.shortcut = nn.Identity() if same else nn.Conv2d(in_channels, out_channels, 1)",
        "self.shortcut = lambda x: x if same else nn.Conv2d(in_channels, out_channels, 1)(x)",
        "the convolution is not registered, so it is never learnt: make it an attribute of self in __init__, not in a "
        "list or in forward",
    ),
    (CROPPED, "self.shortcut(x)", "the shortcut is larger than the body's output; crop its rows and its columns"),
    (
        CROPPED,
        "self.shortcut(x)[:, :, : out.shape[2], : out.shape[3]]",
        "you cropped the corner; an unpadded body loses pixels on all sides: take the middle",
    ),
    (
        CROPPED,
        "self.shortcut(x)[:, :, -out.shape[2] :, -out.shape[3] :]",
        "you cropped the last rows and columns; an unpadded body loses pixels on all sides: take the middle",
    ),
    (
        CROPPED,
        "self.shortcut(x)[:, :, 2:-2, 2:-2]",
        "2 pixels per side are cut off in every case; a padded body loses none: use the size of its output",
    ),
    (
        CROPPED,
        "self.shortcut(x)[:, :, 1:-1, 1:-1]",
        "1 pixel per side is cut off in every case; use the size of the body's output",
    ),
    (
        "out.shape[2:]",
        "out.shape",
        "center_crop takes the lengths of the rows and columns only: out.shape[2:]",
    ),
    (
        CROPPED,
        "self.shortcut(x)",
        SUM,
        "return center_crop(out, short.shape[2:]) + short",
        "the body's output is the smaller one; crop the shortcut",
    ),
    (
        CROPPED,
        'F.interpolate(self.shortcut(x), out.shape[2:], mode="bilinear")',
        "the shortcut was resized to fit; crop it, because its pixels have to lie over those of the body",
    ),
    (
        CROPPED,
        "F.interpolate(self.shortcut(x), out.shape[2:])",
        "the shortcut was shrunk to fit; crop it, because its pixels have to lie over those of the body",
    ),
    (
        CROPPED,
        "F.adaptive_avg_pool2d(self.shortcut(x), out.shape[2:])",
        "the shortcut was pooled to fit; crop it, because its pixels have to lie over those of the body",
    ),
    (
        CROPPED,
        "self.shortcut(x)",
        SUM,
        "return short + F.pad(out, [(short.shape[i] - out.shape[i]) // 2 for i in (3, 3, 2, 2)])",
        "the body was padded back to the size of x; crop the shortcut",
    ),
    (
        CROPPED,
        "self.shortcut(x)",
        SUM,
        "return short + F.interpolate(out, short.shape[2:])",
        "the body's output was enlarged to the size of x; crop the shortcut",
    ),
    ("self.shortcut(x)", "self.shortcut(out)", "the shortcut got the output of the body; it gets x"),
    (
        "return Around()",
        "return nn.Sequential(body, Around().shortcut)",
        "the body and the shortcut run one after the other; both get x, and their results are added",
    ),
    (
        "return Around()",
        "return nn.Sequential(Around().shortcut, body)",
        "the shortcut and the body run one after the other; both get x, and their results are added",
    ),
    (
        "out: Tensor = self.body(x)",
        "x = self.shortcut(x)\n            out = self.body(x)",
        "self.shortcut(x), out",
        "x, out",
        "the body got the output of the shortcut; both get x",
    ),
    (
        CROPPED,
        "self.shortcut(x)[:, :, MARGIN:-MARGIN, MARGIN:-MARGIN]".replace("MARGIN", "(x.shape[2] - out.shape[2]) // 2"),
        "where the body loses nothing the margin is 0, and 0:-0 keeps no pixel; the end of the slice is top + height",
    ),
    (
        CHOICE,
        "nn.Conv2d(in_channels, out_channels, 1)",
        "self.shortcut(x), out.shape[2:]",
        "x if x.shape == out.shape else self.shortcut(x), out.shape[2:]",
        "a convolution is made in every case, and used where the sizes differ; only the channels decide",
    ),
    (
        CHOICE,
        "nn.Conv2d(in_channels, out_channels, 1)",
        "self.shortcut(x), out.shape[2:]",
        "x if same else self.shortcut(x), out.shape[2:]",
        "same = in_channels == out_channels",
        "nonlocal same",
        "    class Around",
        "    same = in_channels == out_channels\n\n    class Around",
        "a convolution is made where the channels agree, too, and its parameters are never used",
    ),
    (
        SHORT,
        "with torch.no_grad():\n                short = self.shortcut(x)\n"
        "            short = center_crop(short, out.shape[2:])",
        "the shortcut is computed without gradients; leave torch.no_grad() out",
    ),
    (SUM, "return torch.cat((out, short), 1)", "the two are concatenated; add them"),
    (SUM, "return torch.cat((short, out), 1)", "the two are concatenated, the shortcut first; add them"),
    (SUM, "return (out + short).relu()", "nothing follows the sum, no ReLU either"),
    (SUM, "return out.relu() + short", "a ReLU follows the body; add its output as it is"),
    (SUM, "return out + short.detach()", "the shortcut is detached; gradients must run through it"),
    (SUM, "return out.detach() + short", "the body is detached; gradients must run through it"),
    (SUM, "return (out + short) / 2", "that is the mean of the two; their sum is wanted"),
    (SUM, "return out", "the shortcut is missing: that is the body alone"),
    (SUM, "return short", "the body is missing: that is the shortcut alone"),
    (SUM, "return out - short", "the shortcut is subtracted; add it"),
    (SUM, "return short - out", "the body is subtracted; add it"),
    (SUM, "return out * short", "the two are multiplied; add them"),
    (SUM, "return out + 2 * short", "the shortcut is added twice"),
    (SUM, "return out + short, short", "two tensors are returned; return the sum alone"),
    (
        SUM,
        "return self.body(x) + self.body(x)",
        "the body is added to itself; add the shortcut",
    ),
    ("return Around()", "return Around", "that is the class; make a module of it: Around()"),
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


THETA, PHI = "F.conv2d(skip, theta, stride=2)", "F.conv2d(below, phi, phi_bias)"
MET = f"met = {THETA} + {PHI}"
COARSE = "coarse = F.conv2d(met.relu(), psi, psi_bias).sigmoid()"
ALPHA = 'alpha = F.interpolate(coarse, size=skip.shape[2:], mode="bilinear")'
FINE = 'size=skip.shape[2:], mode="bilinear"'


@exercise(
    _scenes,
    (".relu()", "", "the ReLU between the sum and ψ is missing; without it, both convolutions are one linear map"),
    (
        "met.relu(), psi, psi_bias)",
        "met, psi, psi_bias).relu()",
        "the ReLU stands behind ψ; it belongs between the sum and ψ",
    ),
    (
        MET,
        f"met = {THETA}.relu() + {PHI}.relu()",
        "the ReLU comes after the sum; you took it of both terms before",
    ),
    (MET, f"met = {THETA}.relu() + {PHI}", "the ReLU comes after the sum; you took it of the skip's term alone"),
    ("met.relu()", "met.sigmoid()", "a sigmoid stands in place of the ReLU between the sum and ψ"),
    ("met.relu()", "met.tanh()", "a tanh stands in place of the ReLU between the sum and ψ"),
    ("met.relu()", "F.leaky_relu(met)", "a leaky ReLU lets negative values through; use F.relu"),
    (MET, f"met = {THETA} * {PHI}", "the two terms are multiplied; add them"),
    (MET, f"met = torch.cat(({THETA}, {PHI}), 1)", "the two terms are concatenated; add them"),
    (MET, f"met = {THETA} - {PHI}", "the term of below is subtracted; add the two terms"),
    (MET, f"met = {THETA}", "below is not used; add φ ∗ below"),
    (MET, f"met = {PHI}", "the skip has no influence on α; add θ ∗ skip"),
    (
        MET,
        f"met = F.conv2d(skip, theta, phi_bias, stride=2) + {PHI}",
        "θ has no bias; you added phi_bias twice",
    ),
    (MET, f"met = {THETA} + F.conv2d(below, phi)", "the bias of φ is missing"),
    (
        COARSE,
        "coarse = F.conv2d(met.relu(), psi).sigmoid()",
        "the bias of ψ is missing",
    ),
    (
        MET,
        f"met = {THETA} + F.conv2d(below, phi)",
        COARSE,
        "coarse = F.conv2d(met.relu(), psi).sigmoid()",
        "the biases of φ and of ψ are missing",
    ),
    (
        MET,
        f"met = {THETA} + F.conv2d(below, phi, psi_bias.expand(3))",
        "φ got the bias of ψ; its own is phi_bias",
    ),
    (
        MET,
        f"met = F.conv2d(skip, theta) + {PHI}",
        "θ has the stride 2; without it its output does not have the size of below",
    ),
    (
        MET,
        f"met = F.conv2d(skip, theta, padding=1) + {PHI}",
        "θ has the stride 2 and no padding",
    ),
    (
        MET,
        f"met = F.conv2d(skip, theta, stride=2, padding=1) + {PHI}",
        "θ has no padding; its kernel is its stride, so its output has the size of below",
    ),
    (
        MET,
        f"met = F.conv2d(F.interpolate(skip, size=below.shape[2:]), theta, padding='same') + {PHI}",
        "the skip was shrunk before θ; θ itself has the stride 2",
    ),
    (
        MET,
        f"met = F.conv2d(below, phi, phi_bias, stride=2) + {THETA}",
        "φ has no stride; only θ has the stride 2",
    ),
    (
        MET,
        "met = F.conv2d(below, theta, stride=2) + F.conv2d(skip, phi, phi_bias)",
        "skip and below are exchanged: θ reads the skip, and φ reads below",
    ),
    (
        COARSE,
        "coarse = F.conv2d(met.relu(), psi, psi_bias)",
        ALPHA,
        f"alpha = F.interpolate(coarse, {FINE}).sigmoid()",
        "the sigmoid is taken after enlarging; take it before, and enlarge the coefficients",
    ),
    (".sigmoid()", "", "the sigmoid is missing; a coefficient lies between 0 and 1"),
    (".sigmoid()", ".sigmoid().sigmoid()", "the sigmoid is taken twice"),
    (".sigmoid()", ".tanh()", "a tanh stands in place of the sigmoid; a coefficient lies between 0 and 1"),
    (".sigmoid()", ".relu()", "a ReLU stands in place of the sigmoid; a coefficient lies between 0 and 1"),
    (
        ".sigmoid()",
        ".softmax(1)",
        "α is 1 everywhere, as after a softmax over the single channel of ψ; use the sigmoid, and return α · skip",
    ),
    (
        ".sigmoid()",
        ".flatten(2).softmax(2).unflatten(2, below.shape[2:])",
        "that is a softmax over the pixels, whose sum is 1; each pixel has a sigmoid of its own",
    ),
    (', mode="bilinear"', "", "the coefficients are copied into blocks; interpolate them with mode='bilinear'"),
    ('"bilinear"', '"bicubic"', "the coefficients are enlarged by mode='bicubic'; use 'bilinear'"),
    ('"bilinear"', '"bilinear", align_corners=True', "align_corners=True moves the coefficients; leave it out"),
    (
        ALPHA,
        "alpha = coarse.repeat_interleave(2, 3).repeat_interleave(2, 2).roll((1, 1), (2, 3))",
        "the coefficients are shifted by a pixel",
    ),
    ('"bilinear"', '"linear"', "mode='linear' is for a single axis; for images it is 'bilinear'"),
    (
        ALPHA,
        'alpha = F.interpolate(coarse, scale_factor=4, mode="bilinear")',
        "skip * alpha",
        "F.interpolate(skip, scale_factor=2) * alpha",
        "the skip was enlarged, too; enlarge α alone, to the size of the skip",
    ),
    (
        COARSE,
        "coarse = F.conv2d(met.relu(), psi).sigmoid() + psi_bias",
        "the bias of ψ is added after the sigmoid; it belongs to the convolution",
    ),
    (
        COARSE,
        "coarse = (psi * met.relu() + psi_bias).sigmoid()",
        "ψ is multiplied pixel by pixel, so the channels are not added up; use F.conv2d",
    ),
    (
        MET,
        f"met = F.interpolate(F.conv2d(skip, theta), size=below.shape[2:], mode='bilinear') + {PHI}",
        "θ has the stride 2; its output needs no interpolation",
    ),
    (
        MET,
        f"met = F.max_pool2d(F.conv2d(skip, theta, padding=1), 2) + {PHI}",
        "θ has the stride 2; its output needs no pooling",
    ),
    (
        MET,
        f"met = F.conv_transpose2d(skip, theta, stride=2) + {PHI}",
        "conv_transpose2d enlarges; θ is a convolution with stride 2, F.conv2d",
    ),
    (
        MET,
        f"met = {THETA}",
        COARSE,
        f"coarse = sum(F.conv2d(each.relu(), psi, psi_bias).sigmoid() for each in (met, {PHI}))",
        "there are two coefficients, one from the skip and one from below; add the two terms before the ReLU",
    ),
    (
        ALPHA,
        "alpha = coarse",
        "return skip * alpha",
        f"return F.interpolate(F.avg_pool2d(skip, 2) * alpha, {FINE})",
        "the skip was averaged and enlarged again; enlarge α, and multiply the skip as it is",
    ),
    (COARSE, "coarse = met.relu().mean(1, keepdim=True).sigmoid()", "ψ is missing: the channels were averaged"),
    (COARSE, "coarse = met.relu().sum(1, keepdim=True).sigmoid()", "ψ is missing: the channels were added up"),
    (COARSE, "coarse = met.relu().amax(1, keepdim=True).sigmoid()", "ψ is missing: the largest channel was taken"),
    (ALPHA, "alpha = coarse", "the coefficients are not enlarged; interpolate them to the size of the skip"),
    (
        ALPHA,
        "alpha = coarse",
        "return skip * alpha",
        f"return F.interpolate(F.interpolate(skip, size=below.shape[2:]) * alpha, {FINE})",
        "the skip was shrunk and enlarged again; enlarge α, and multiply the skip as it is",
    ),
    (
        MET,
        f"met = F.interpolate({THETA}, {FINE}) + F.interpolate({PHI}, {FINE})",
        "both terms are enlarged before the ReLU; compute α on the grid of below, and enlarge α at the end",
    ),
    ("skip * alpha", "skip * (1 - alpha)", "the skip is multiplied by 1 - α; multiply it by α"),
    ("skip * alpha", "skip + skip * alpha", "that is skip + α · skip; only α · skip is wanted"),
    ("skip * alpha", "skip + alpha", "α is added to the skip; multiply the skip by it"),
    ("skip * alpha", "skip @ alpha", "@ is a product of matrices; multiply pixel by pixel, with *"),
    ("skip * alpha", "skip / alpha", "the skip is divided by α; multiply it by α"),
    ("skip * alpha", "skip * alpha * alpha", "the skip is multiplied by α twice"),
    ("skip * alpha", "alpha", "that is α alone; multiply the skip by it"),
    ("skip * alpha", "alpha.expand_as(skip)", "that is α alone, in each channel; multiply the skip by it"),
    ("skip * alpha", "below * coarse", "the gate multiplies the skip, and not below"),
    (
        "skip * alpha",
        f"F.interpolate(below, {FINE}) * alpha",
        "the gate multiplies the skip, and not below, and below needs no enlarging",
    ),
    (
        "skip * alpha",
        "torch.cat((skip * alpha, skip), 1)",
        "the skip is laid behind the gated skip; return α · skip alone",
    ),
    (
        "skip * alpha",
        "(skip * alpha).sum(1, keepdim=True)",
        "the channels are added up; all of them are multiplied by the same α, and kept",
    ),
    ("skip * alpha", "(skip * alpha).relu()", "a ReLU follows the product; return α · skip as it is"),
    ("skip * alpha", "(skip * alpha).sigmoid()", "a sigmoid follows the product; return α · skip as it is"),
    ("skip * alpha", "skip * (alpha > 0.5)", "α is rounded to 0 or 1; multiply by α itself"),
    ("skip * alpha", "skip * alpha.detach()", "the coefficients are detached, so the gate is never learnt"),
    ("skip * alpha", "skip.detach() * alpha", "the skip is detached; gradients must run through it"),
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
