"""Answers to the exercises of lesson 11b as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

from math import prod
import math

from torch import nn
from torch.nn import functional as F
import numpy as np
import torch

from tests.oracles.answers import Answers
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.shuffle import pixel_shuffle

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


@wrong("add_saving", "the coarsest level has no skip, and nothing is merged there")
def _(widths, rank):
    return sum(3**rank * c * c for c in widths)


@wrong("add_saving", "9 is the kernel of two axes; a kernel has 3 to the power of the rank")
def _(widths, rank):
    return sum(9 * c * c for c in widths[:-1])


@wrong("add_saving", "the merged features have c channels each; the coarser width is no part")
def _(widths, rank):
    return sum(3**rank * a * b for a, b in zip(widths, widths[1:]))


@wrong("add_saving", "that is twice the saving: c of the 2c input channels of the first")
def _(widths, rank):
    return sum(2 * 3**rank * c * c for c in widths[:-1])


@wrong("add_saving", "a kernel of 3 pixels along each axis has 3 to the power of the rank,")
def _(widths, rank):
    return sum(3 * rank * c * c for c in widths[:-1])


@wrong("add_saving", "a kernel has 3 to the power of the rank, and not the rank to the")
def _(widths, rank):
    return sum(rank**3 * c * c for c in widths[:-1])


@wrong("add_saving", "a bias belongs to an output channel, and there are as many of these")
def _(widths, rank):
    return sum(3**rank * c * c + c for c in widths[:-1])


@wrong("add_saving", "the finest level has a skip, too; only the coarsest has none")
def _(widths, rank):
    return sum(3**rank * c * c for c in widths[1:])


@wrong("add_saving", "each of the c input channels that are saved was read by c kernels: c")
def _(widths, rank):
    return sum(3**rank * c for c in widths[:-1])


@wrong("add_saving", "that is the square of the sum of the widths; add up the squares")
def _(widths, rank):
    return 3**rank * sum(widths[:-1]) ** 2


@wrong("add_saving", "expected the whole number 3133440, got the float 3133440.0; use //")
def _(widths, rank):
    return sum(3**rank * (2 * c * c - 2 * c * c / 2) for c in widths[:-1])


@wrong("add_saving", "only the finest level is counted; is the return inside the loop?")
def _(widths, rank):
    total = 0
    for c in widths[:-1]:
        total += 3**rank * c * c
        return total


@wrong("add_saving", "that is twice the saving: c of the 2c input channels of the first")
def _(widths, rank):
    return sum(3**rank * (2 * c) * c for c in widths[:-1])


@wrong("add_saving", "only the last level with a merge is counted; add up the levels: total")
def _(widths, rank):
    for c in widths[:-1]:
        total = 3**rank * c * c
    return total


@wrong("add_saving", "the saving is negative; it is Concat less Add")
def _(widths, rank):
    total = 0
    for c in widths[:-1]:
        total += 3**rank * (c * c - 2 * c * c)
    return total


@wrong("add_saving", "the kernel is missing: each pair of channels has one weight per pixel")
def _(widths, rank):
    return sum(c * c for c in widths[:-1])


class Base(nn.Module):
    def __init__(self, body, i, o):
        super().__init__()
        self.body = body
        self.short = nn.Identity() if i == o else nn.Conv2d(i, o, 1)


@wrong("with_shortcut", "where the channels agree, the shortcut is x itself; a convolution")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return y + center_crop(self.short(x), y.shape[2:])

    m = M(body, in_channels, out_channels)
    m.short = nn.Conv2d(in_channels, out_channels, 1)
    return m


@wrong("with_shortcut", "the 1×1 convolution has a bias")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return y + center_crop(self.short(x), y.shape[2:])

    m = M(body, in_channels, out_channels)
    if in_channels != out_channels:
        m.short = nn.Conv2d(in_channels, out_channels, 1, bias=False)
    return m


@wrong("with_shortcut", "the shortcut's kernel is 1×1; a 3×3 kernel reads neighbours")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return y + center_crop(self.short(x), y.shape[2:])

    m = M(body, in_channels, out_channels)
    if in_channels != out_channels:
        m.short = nn.Conv2d(in_channels, out_channels, 3, padding=1)
    return m


@wrong("with_shortcut", "the shortcut is larger than the body's output; crop its rows and its")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            return self.body(x) + self.short(x)

    return M(body, in_channels, out_channels)


@wrong("with_shortcut", "you cropped the corner; an unpadded body loses pixels on all sides:")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return y + self.short(x)[:, :, : y.shape[2], : y.shape[3]]

    return M(body, in_channels, out_channels)


@wrong("with_shortcut", "the body was padded back to the size of x; crop the shortcut")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            d = x.shape[2] - y.shape[2]
            e = x.shape[3] - y.shape[3]
            return F.pad(y, (e // 2, e - e // 2, d // 2, d - d // 2)) + self.short(x)

    return M(body, in_channels, out_channels)


@wrong("with_shortcut", "nothing follows the sum, no ReLU either")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return F.relu(y + center_crop(self.short(x), y.shape[2:]))

    return M(body, in_channels, out_channels)


@wrong("with_shortcut", "the two are concatenated; add them")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return torch.cat((y, center_crop(self.short(x), y.shape[2:])), 1)

    return M(body, in_channels, out_channels)


@wrong("with_shortcut", "the convolution is not registered, so it is never learnt: make it an")
def _(body, in_channels, out_channels):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = body

        def forward(self, x):
            y = self.body(x)
            s = x if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1)(x)
            return y + center_crop(s, y.shape[2:])

    return M()


@wrong("with_shortcut", "x is added where the channels differ, too; there it needs a 1×1")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return y + center_crop(x, y.shape[2:])

    return M(body, in_channels, out_channels)


@wrong("with_shortcut", "the shortcut got the output of the body; it gets x")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return y + self.short(y)

    return M(body, in_channels, out_channels)


@wrong("with_shortcut", "the channels of the 1×1 convolution are exchanged; it is")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return y + center_crop(self.short(x), y.shape[2:])

    m = M(body, in_channels, out_channels)
    if in_channels != out_channels:
        m.short = nn.Conv2d(out_channels, in_channels, 1)
    return m


@wrong("with_shortcut", "call super().__init__() first in __init__")
def _(body, in_channels, out_channels):
    class M(nn.Module):
        def __init__(self):
            self.body = body
            self.short = nn.Identity() if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1)

        def forward(self, x):
            y = self.body(x)
            return y + center_crop(self.short(x), y.shape[2:])

    return M()


@wrong("with_shortcut", "expected a torch module, got the class M itself; call it to make a")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return y + center_crop(self.short(x), y.shape[2:])

    return M


@wrong("with_shortcut", "center_crop takes the lengths of the rows and columns only:")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return y + center_crop(self.short(x), y.shape)

    return M(body, in_channels, out_channels)


@wrong("with_shortcut", "the shortcut was shrunk to fit; crop it, because its pixels have to")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return y + F.interpolate(self.short(x), y.shape[2:])

    return M(body, in_channels, out_channels)


@wrong("with_shortcut", "the shortcut is missing: that is the body alone")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            return self.body(x)

    return M(body, in_channels, out_channels)


@wrong("with_shortcut", "the shortcut is subtracted; add it")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return y - center_crop(self.short(x), y.shape[2:])

    return M(body, in_channels, out_channels)


@wrong("with_shortcut", "the body and the shortcut run one after the other; both get x, and")
def _(body, in_channels, out_channels):
    return nn.Sequential(
        body, nn.Identity() if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1)
    )


def gate(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias))
    return torch.sigmoid(F.conv2d(h, psi, psi_bias))


@wrong("gated_skip", "the ReLU between the sum and ψ is missing; without it, both")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias)
    a = torch.sigmoid(F.conv2d(h, psi, psi_bias))
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "the sigmoid is missing; a coefficient lies between 0 and 1")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias))
    a = F.conv2d(h, psi, psi_bias)
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "the coefficients are copied into blocks; interpolate them with")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    return skip * F.interpolate(gate(skip, below, theta, phi, phi_bias, psi, psi_bias), skip.shape[2:])


@wrong("gated_skip", "align_corners=True moves the coefficients; leave it out")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    a = gate(skip, below, theta, phi, phi_bias, psi, psi_bias)
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear", align_corners=True)


@wrong("gated_skip", "that is α alone; multiply the skip by it")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    return F.interpolate(gate(skip, below, theta, phi, phi_bias, psi, psi_bias), skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "the gate multiplies the skip, and not below")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    return gate(skip, below, theta, phi, phi_bias, psi, psi_bias) * below


@wrong("gated_skip", "θ has the stride 2; without it its output does not have the size of")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta) + F.conv2d(below, phi, phi_bias))
    a = torch.sigmoid(F.conv2d(h, psi, psi_bias))
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "the bias of φ is missing")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi))
    a = torch.sigmoid(F.conv2d(h, psi, psi_bias))
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "the bias of ψ is missing")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias))
    a = torch.sigmoid(F.conv2d(h, psi))
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "that is skip + α · skip; only α · skip is wanted")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    a = gate(skip, below, theta, phi, phi_bias, psi, psi_bias)
    return skip + skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "the ReLU comes after the sum; you took it of both terms before")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2)) + F.relu(F.conv2d(below, phi, phi_bias))
    a = torch.sigmoid(F.conv2d(h, psi, psi_bias))
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "the two terms are multiplied; add them")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2) * F.conv2d(below, phi, phi_bias))
    a = torch.sigmoid(F.conv2d(h, psi, psi_bias))
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "the sigmoid is taken after enlarging; take it before, and enlarge the")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias))
    a = F.interpolate(F.conv2d(h, psi, psi_bias), skip.shape[2:], mode="bilinear")
    return skip * torch.sigmoid(a)


@wrong("gated_skip", "θ has no bias; you added phi_bias twice")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, phi_bias, stride=2) + F.conv2d(below, phi, phi_bias))
    a = torch.sigmoid(F.conv2d(h, psi, psi_bias))
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "a tanh stands in place of the sigmoid; a coefficient lies between 0")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias))
    a = torch.tanh(F.conv2d(h, psi, psi_bias))
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "α is 1 everywhere, as after a softmax over the single channel of ψ;")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias))
    a = F.softmax(F.conv2d(h, psi, psi_bias), dim=1)
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "the ReLU stands behind ψ; it belongs between the sum and ψ")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias)
    a = torch.sigmoid(F.relu(F.conv2d(h, psi, psi_bias)))
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "the coefficients are not enlarged; interpolate them to the size of")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    return skip * gate(skip, below, theta, phi, phi_bias, psi, psi_bias)


@wrong("gated_skip", "both terms are enlarged before the ReLU; compute α on the grid of")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    b = F.interpolate(F.conv2d(below, phi, phi_bias), skip.shape[2:], mode="bilinear")
    t = F.interpolate(F.conv2d(skip, theta, stride=2), skip.shape[2:], mode="bilinear")
    return skip * torch.sigmoid(F.conv2d(F.relu(t + b), psi, psi_bias))


@right("add_saving")
def _(widths, rank):
    return int(3**rank * (np.array(widths[:-1], dtype=np.int64) ** 2).sum())


@right("add_saving")
def _(widths, rank):
    conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 1]
    total = 0
    with torch.device("meta"):
        for c in widths[:-1]:
            total += conv(2 * c, c, 3).weight.numel() - conv(c, c, 3).weight.numel()
    return total


@right("add_saving")
def _(widths, rank):
    *most, _ = widths
    if not most:
        return 0
    c, *rest = most
    return 3**rank * c**2 + (_saving([*rest, 0], rank) if rest else 0)


def _saving(widths, rank):
    return sum(3**rank * c**2 for c in widths[:-1])


@right("with_shortcut")
def _(body, in_channels, out_channels):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = body
            if in_channels != out_channels:
                self.one = nn.Conv2d(in_channels, out_channels, kernel_size=1)

        def forward(self, x):
            y = self.body(x)
            d, e = (x.shape[2] - y.shape[2]) // 2, (x.shape[3] - y.shape[3]) // 2
            x = x[:, :, d : x.shape[2] - d, e : x.shape[3] - e]
            return torch.add(y, self.one(x) if hasattr(self, "one") else x)

    return M()


@right("with_shortcut")
def _(body, in_channels, out_channels):
    m = nn.ModuleDict(
        {"body": body, "s": nn.Sequential() if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1)}
    )

    def forward(x):
        y = m["body"](x)
        return y + center_crop(m["s"](x), y.shape[-2:])

    m.forward = forward
    return m


@right("with_shortcut")
class _(nn.Module):
    def __init__(self, body, in_channels, out_channels):
        super().__init__()
        self.add_module("inner", body)
        self.one = nn.Conv2d(in_channels, out_channels, 1) if in_channels - out_channels else None

    def forward(self, x):
        y = self.inner(x)
        s = x if self.one is None else self.one(x)
        y += center_crop(s, y.shape[2:])
        return y


@right("gated_skip")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    n, c, h, w = skip.shape
    blocks = skip.reshape(n, c, h // 2, 2, w // 2, 2)
    a = torch.einsum("nchiwj,dcij->ndhw", blocks, theta)
    b = torch.einsum("nchw,dc->ndhw", below, phi[:, :, 0, 0]) + phi_bias[:, None, None]
    z = torch.einsum("ndhw,d->nhw", (a + b).clamp(min=0), psi[0, :, 0, 0]) + psi_bias
    alpha = 1 / (1 + torch.exp(-z))
    return F.interpolate(alpha[:, None], scale_factor=2, mode="bilinear", align_corners=False) * skip


@right("gated_skip")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.conv2d(skip, theta, stride=(2, 2)).add(F.conv2d(below, phi, phi_bias)).relu()
    a = nn.Upsample(size=tuple(skip.shape[2:]), mode="bilinear")(F.conv2d(h, psi, psi_bias).sigmoid())
    return torch.einsum("nchw,nkhw->nchw", skip, a)


@wrong("add_saving", "a list is returned, one number per level; return their sum")
def _(widths, rank):
    return [3**rank * c * c for c in widths[:-1]]


@wrong("add_saving", "that is the share of the weights that goes; return their number")
def _(widths, rank):
    total = sum(2 * 3**rank * c * c for c in widths[:-1])
    return sum(3**rank * c * c for c in widths[:-1]) / total


@wrong("add_saving", "the channels are multiplied by the channels, c², in every rank; only")
def _(widths, rank):
    return sum((3 * c) ** rank for c in widths[:-1])


@wrong("add_saving", "neighbouring levels are multiplied, and the index 0 - 1 is the last")
def _(widths, rank):
    total = 0
    for level in range(len(widths)):
        total += 3**rank * widths[level] * widths[level - 1]
    return total


@wrong("add_saving", "2c input channels become c; the output channels are c before and after")
def _(widths, rank):
    return 2 * sum(3**rank * 2 * c * c for c in widths[:-1])


@wrong("add_saving", "n items have the indices 0 to n - 1")
def _(widths, rank):
    total = 0
    for i in range(len(widths)):
        total += 3**rank * widths[i] * widths[i + 1]
    return total


@wrong("add_saving", "a bias belongs to an output channel, and there are as many of these")
def _(widths, rank):
    before = sum(3**rank * 2 * c * c + c for c in widths[:-1])
    after = sum(3**rank * c * c for c in widths[:-1])
    return before - after


@wrong("add_saving", "those are the parameters of the decoder's blocks with Add; subtract")
def _(widths, rank):
    after = 0
    for c in widths[:-1]:
        after += 3**rank * c * c + 3**rank * c * c + 2 * c
    return after


class Base(nn.Module):
    def __init__(self, body, i, o):
        super().__init__()
        self.body = body
        self.short = nn.Identity() if i == o else nn.Conv2d(i, o, 1)


@wrong("with_shortcut", "expected a tensor as output, got None; is a return missing?")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            y = y + center_crop(self.short(x), y.shape[2:])

    return M(body, in_channels, out_channels)


@wrong("with_shortcut", "expected a torch module, got None; is a return missing?")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return y + center_crop(self.short(x), y.shape[2:])

    M(body, in_channels, out_channels)


@wrong("with_shortcut", "a convolution is made in every case, and used where the sizes differ;")
def _(body, in_channels, out_channels):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = body
            self.short = nn.Conv2d(in_channels, out_channels, 1)

        def forward(self, x):
            y = self.body(x)
            s = x if x.shape == y.shape else self.short(x)
            return y + center_crop(s, y.shape[2:])

    return M()


@wrong("with_shortcut", "the shortcut is larger than the body's output; crop its rows and its")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            d = (x.shape[2] - y.shape[2]) // 2
            return y + self.short(x)[:, :, d : d + y.shape[2]]

    return M(body, in_channels, out_channels)


@wrong("with_shortcut", "where the body loses nothing the margin is 0, and 0:-0 keeps no")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            d = (x.shape[2] - y.shape[2]) // 2
            return y + self.short(x)[:, :, d:-d, d:-d]

    return M(body, in_channels, out_channels)


@wrong("with_shortcut", "expected a torch module, got a function")
def _(body, in_channels, out_channels):
    conv = nn.Identity() if in_channels == out_channels else nn.Conv2d(in_channels, out_channels, 1)
    return lambda x: body(x) + center_crop(conv(x), body(x).shape[2:])


@wrong("with_shortcut", "missing channels were filled with zeros; a 1×1 convolution makes them")
def _(body, in_channels, out_channels):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = body

        def forward(self, x):
            y = self.body(x)
            s = center_crop(x, y.shape[2:])
            c = min(s.shape[1], y.shape[1])
            y = y.clone()
            y[:, :c] += s[:, :c]
            return y

    return M()


@wrong("with_shortcut", "the body's parameters are not among those of your module: make the")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            return y + center_crop(self.short(x), y.shape[2:])

    own = nn.Sequential(nn.Conv2d(in_channels, out_channels, 3), nn.ReLU(), nn.Conv2d(out_channels, out_channels, 3))
    return M(own, in_channels, out_channels)


@wrong("with_shortcut", "the shortcut is computed without gradients; leave torch.no_grad() out")
def _(body, in_channels, out_channels):
    class M(Base):
        def forward(self, x):
            y = self.body(x)
            with torch.no_grad():
                s = self.short(x)
            return y + center_crop(s, y.shape[2:])

    return M(body, in_channels, out_channels)


@wrong("gated_skip", "the skip was enlarged, too; enlarge α alone, to the size of the skip")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias))
    a = torch.sigmoid(F.conv2d(h, psi, psi_bias))
    return F.interpolate(skip, scale_factor=2) * F.interpolate(a, scale_factor=4, mode="bilinear")


@wrong("gated_skip", "the two terms are concatenated; add them")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(torch.cat((F.conv2d(skip, theta, stride=2), F.conv2d(below, phi, phi_bias)), 1))
    a = torch.sigmoid(F.conv2d(h, psi, psi_bias))
    return skip * F.interpolate(a, size=skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "ψ is missing: the channels were averaged")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias))
    a = torch.sigmoid(h.mean(1, keepdim=True))
    return skip * F.interpolate(a, size=skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "mode='linear' is for a single axis; for images it is 'bilinear'")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias))
    a = torch.sigmoid(F.conv2d(h, psi, psi_bias))
    return skip * F.interpolate(a, size=skip.shape[2:], mode="linear")


@wrong("gated_skip", "work on a copy of that one")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias))
    a = torch.sigmoid(F.conv2d(h, psi, psi_bias))
    skip *= F.interpolate(a, size=skip.shape[2:], mode="bilinear")
    return skip


@wrong("gated_skip", "the bias of ψ is added after the sigmoid; it belongs to the")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias))
    a = torch.sigmoid(F.conv2d(h, psi)) + psi_bias
    return skip * F.interpolate(a, size=skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "@ is a product of matrices; multiply pixel by pixel, with *")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = F.relu(F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias))
    a = F.interpolate(torch.sigmoid(F.conv2d(h, psi, psi_bias)), size=skip.shape[2:], mode="bilinear")
    return skip @ a


@right("add_saving")
def _(widths, rank):
    kernel = 1
    for _ in range(rank):
        kernel *= 3
    concat = sum(kernel * 2 * c * c + c + kernel * c * c + c for c in widths[:-1])
    add = sum(2 * (kernel * c * c + c) for c in widths[:-1])
    return concat - add


@right("with_shortcut")
def _(body, in_channels, out_channels):
    class M(nn.Sequential):
        def forward(self, x):
            out = self[0](x)
            top, left = (x.size(2) - out.size(2)) // 2, (x.size(3) - out.size(3)) // 2
            x = x.narrow(2, top, out.size(2)).narrow(3, left, out.size(3))
            for layer in self[1:]:
                x = layer(x)
            return sum((out, x))

    return M(body, *([nn.Conv2d(in_channels, out_channels, (1, 1))] if in_channels != out_channels else []))


@right("gated_skip")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    t = torch.cat((skip[:, :, ::2, ::2], skip[:, :, ::2, 1::2], skip[:, :, 1::2, ::2], skip[:, :, 1::2, 1::2]), 1)
    k = torch.cat([theta[:, :, i, j] for i in (0, 1) for j in (0, 1)], 1)
    h = torch.relu(torch.matmul(k, t.flatten(2)) + torch.matmul(phi.flatten(1), below.flatten(2)) + phi_bias[:, None])
    a = (torch.tanh((torch.matmul(psi.flatten(1), h) + psi_bias[:, None]) / 2) + 1) / 2
    a = a.unflatten(2, below.shape[2:])
    return torch.mul(F.interpolate(a, size=skip.shape[2:], mode="bilinear"), skip)


def g(skip, below, theta, phi, phi_bias, psi, psi_bias):
    return F.relu(F.conv2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias))


@wrong("add_saving", "^ is no power in Python; write c**2")
def _(widths, rank):
    return sum(3**rank * c ^ 2 for c in widths[:-1])


@wrong("add_saving", "only the input channels are halved: 2c · c - c · c, and not 2c · 2c -")
def _(widths, rank):
    return sum(3**rank * (2 * c * 2 * c - c * c) for c in widths[:-1])


@wrong("add_saving", "the coarsest level has no skip, and nothing is merged there")
def _(widths, rank):
    t = 0
    for i in range(len(widths)):
        t += widths[i] ** 2 * 3**rank
    return t


@wrong("add_saving", "a kernel has 3 to the power of the rank, and not 9 times the rank")
def _(widths, rank):
    return sum(9 * rank * c * c for c in widths[:-1])


@wrong("add_saving", "the finest level has a skip, too; only the coarsest has none")
def _(widths, rank):
    return sum(3**rank * widths[i + 1] ** 2 for i in range(len(widths) - 1))


@wrong("with_shortcut", "a ReLU comes before the body; the body gets x as it is")
def _(body, in_channels, out_channels):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = body
            self.s = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else nn.Identity()

        def forward(self, x):
            out = self.body(F.relu(x))
            return out + center_crop(self.s(x), out.shape[2:])

    return M()


@wrong("with_shortcut", "the 1×1 convolution has a stride, and drops every second pixel; its")
def _(body, in_channels, out_channels):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = body
            self.s = nn.Conv2d(in_channels, out_channels, 1, stride=2) if in_channels != out_channels else nn.Identity()

        def forward(self, x):
            out = self.body(x)
            return out + center_crop(self.s(x), out.shape[2:])

    return M()


@wrong("with_shortcut", "the shortcut got the output of the body; it gets x")
def _(body, in_channels, out_channels):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = body
            self.s = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else nn.Identity()

        def forward(self, x):
            x = self.body(x)
            return x + center_crop(self.s(x), x.shape[2:])

    return M()


@wrong("with_shortcut", "work on a copy of that one")
def _(body, in_channels, out_channels):
    class M(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = body
            self.s = nn.Conv2d(in_channels, out_channels, 1) if in_channels != out_channels else nn.Identity()

        def forward(self, x):
            out = self.body(x)
            s = center_crop(self.s(x), out.shape[2:])
            s += out
            return s

    return M()


@wrong("gated_skip", "ψ is multiplied pixel by pixel, so the channels are not added up; use")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    h = g(skip, below, theta, phi, phi_bias, psi, psi_bias)
    a = torch.sigmoid(psi * h + psi_bias)
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "the coefficients are not enlarged; interpolate them to the size of")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    a = torch.sigmoid(F.conv2d(g(skip, below, theta, phi, phi_bias, psi, psi_bias), psi, psi_bias))
    return skip * F.interpolate(a, below.shape[2:], mode="bilinear")


@wrong("gated_skip", "the skip was averaged and enlarged again; enlarge α, and multiply the")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    a = torch.sigmoid(F.conv2d(g(skip, below, theta, phi, phi_bias, psi, psi_bias), psi, psi_bias))
    return F.interpolate(F.avg_pool2d(skip, 2) * a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "θ has the stride 2; its output needs no interpolation")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    s = F.interpolate(F.conv2d(skip, theta), below.shape[2:], mode="bilinear")
    a = torch.sigmoid(F.conv2d(F.relu(s + F.conv2d(below, phi, phi_bias)), psi, psi_bias))
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "conv_transpose2d enlarges; θ is a convolution with stride 2, F.conv2d")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    a = torch.sigmoid(
        F.conv2d(F.relu(F.conv_transpose2d(skip, theta, stride=2) + F.conv2d(below, phi, phi_bias)), psi, psi_bias)
    )
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")


@wrong("gated_skip", "there are two coefficients, one from the skip and one from below; add")
def _(skip, below, theta, phi, phi_bias, psi, psi_bias):
    a = torch.sigmoid(F.conv2d(F.relu(F.conv2d(skip, theta, stride=2)), psi, psi_bias)) + torch.sigmoid(
        F.conv2d(F.relu(F.conv2d(below, phi, phi_bias)), psi, psi_bias)
    )
    return skip * F.interpolate(a, skip.shape[2:], mode="bilinear")
