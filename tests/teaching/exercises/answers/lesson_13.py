"""Answers to the exercises of lesson 13 as students write them: wrong ones with words of the verdict, and right ones."""
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


@wrong("separable_share", "a kernel may have one, two or three axes, with different numbers:")
def _(in_channels, out_channels, kernel):
    return 1 / out_channels + 1 / kernel[0] ** 2


@wrong("separable_share", "the depthwise part has one kernel per input channel, and not per")
def _(in_channels, out_channels, kernel):
    return 1 / in_channels + 1 / prod(kernel)


@wrong("separable_share", "the pointwise part is missing: it has in · out weights")
def _(in_channels, out_channels, kernel):
    return in_channels * prod(kernel) / (in_channels * out_channels * prod(kernel))


@wrong("separable_share", "the depthwise part is missing: it has in · size weights")
def _(in_channels, out_channels, kernel):
    return in_channels * out_channels / (in_channels * out_channels * prod(kernel))


@wrong("separable_share", "the depthwise part has one kernel per input channel, and not per")
def _(in_channels, out_channels, kernel):
    return (out_channels * prod(kernel) + in_channels * out_channels) / (in_channels * out_channels * prod(kernel))


@wrong("separable_share", "the quotient is upside down: that is the factor by which the weights")
def _(in_channels, out_channels, kernel):
    k = prod(kernel)
    return in_channels * out_channels * k / (in_channels * k + in_channels * out_channels)


@wrong("separable_share", "the numbers of the kernel are multiplied: 3 · 3 · 3 weights, and not")
def _(in_channels, out_channels, kernel):
    k = sum(kernel)
    return (in_channels * k + in_channels * out_channels) / (in_channels * out_channels * k)


@wrong("separable_share", "the numbers of the kernel may differ, and you took the first one for")
def _(in_channels, out_channels, kernel):
    k = kernel[0] ** len(kernel)
    return (in_channels * k + in_channels * out_channels) / (in_channels * out_channels * k)


@wrong("separable_share", "the biases are counted, those of the depthwise part, too; the share")
def _(in_channels, out_channels, kernel):
    k = prod(kernel)
    return (in_channels * k + in_channels + in_channels * out_channels + out_channels) / (
        in_channels * out_channels * k + out_channels
    )


@wrong("separable_share", "that is the share that is saved; return the share that remains")
def _(in_channels, out_channels, kernel):
    return 1 - 1 / out_channels - 1 / prod(kernel)


@wrong("separable_share", "// leaves only the whole part; use /")
def _(in_channels, out_channels, kernel):
    k = prod(kernel)
    return (in_channels * k + in_channels * out_channels) // (in_channels * out_channels * k)


@wrong("separable_share", "that is in per cent; return the quotient itself")
def _(in_channels, out_channels, kernel):
    return 100 * (1 / out_channels + 1 / prod(kernel))


@wrong("separable_share", "the parentheses are missing: a / b * c is (a / b) * c; write a / (b *")
def _(in_channels, out_channels, kernel):
    k = prod(kernel)
    return (in_channels * k + in_channels * out_channels) / in_channels * out_channels * k


@wrong("separable_share", "the depthwise part has one kernel per input channel, and each kernel")
def _(in_channels, out_channels, kernel):
    k = prod(kernel)
    return (in_channels * in_channels * k + in_channels * out_channels) / (in_channels * out_channels * k)


@wrong("padded_sum", "the zeros stand before the channels of x; they come after them")
def _(body, x):
    d = body.shape[1] - x.shape[1]
    if d < 0:
        raise ValueError("x has more channels than body")
    return body + torch.cat((torch.zeros_like(body[:, :d]), x), 1)


@wrong("padded_sum", "x with a single channel is added to every channel, because torch")
def _(body, x):
    if x.shape[1] > body.shape[1]:
        raise ValueError("x has more channels than body")
    if x.shape[1] == 1:
        return body + x
    return body + torch.cat((x, torch.zeros_like(body[:, x.shape[1] :])), 1)


@wrong("padded_sum", "the channels of x are repeated; the missing ones are zeros")
def _(body, x):
    if x.shape[1] > body.shape[1]:
        raise ValueError("x has more channels than body")
    times = -(-body.shape[1] // x.shape[1])
    return body + torch.cat([x] * times, 1)[:, : body.shape[1]]


@wrong("padded_sum", "x with more channels than the body must be refused by a ValueError;")
def _(body, x):
    c = min(body.shape[1], x.shape[1])
    out = body.clone()
    out[:, :c] += x[:, :c]
    return out


@wrong("padded_sum", "F.pad begins with the last axis, so the zeros are columns; the")
def _(body, x):
    d = body.shape[1] - x.shape[1]
    if d < 0:
        raise ValueError("x has more channels than body")
    return body + F.pad(x, (0, d))


@wrong("padded_sum", "the zeros stand on both sides of the channels of x; all of them come")
def _(body, x):
    d = body.shape[1] - x.shape[1]
    if d < 0:
        raise ValueError("x has more channels than body")
    return body + F.pad(x, (0, 0) * (x.ndim - 2) + (d // 2, d - d // 2))


@wrong("padded_sum", "work on a copy of that one")
def _(body, x):
    if x.shape[1] > body.shape[1]:
        raise ValueError("x has more channels than body")
    body[:, : x.shape[1]] += x
    return body


@wrong("padded_sum", "channels of the body are lost; keep them all")
def _(body, x):
    if x.shape[1] > body.shape[1]:
        raise ValueError("x has more channels than body")
    return body[:, : x.shape[1]] + x


@wrong("padded_sum", "x with as many channels as the body is refused; only more channels")
def _(body, x):
    if x.shape[1] >= body.shape[1]:
        raise ValueError("x has more channels than body")
    return body + torch.cat((x, torch.zeros_like(body[:, x.shape[1] :])), 1)


@wrong("padded_sum", "that is right for images only: size has one, two or three axes, each")
def _(body, x):
    d = body.shape[1] - x.shape[1]
    if d < 0:
        raise ValueError("x has more channels than body")
    return body + F.pad(x, (0, 0, 0, 0, 0, d))


@wrong("padded_sum", "that is the padded input alone; the body is added")
def _(body, x):
    d = body.shape[1] - x.shape[1]
    if d < 0:
        raise ValueError("x has more channels than body")
    return F.pad(x, (0, 0) * (x.ndim - 2) + (0, d))


@wrong("padded_sum", "x is detached; gradients must run through it")
def _(body, x):
    if x.shape[1] > body.shape[1]:
        raise ValueError("x has more channels than body")
    out = torch.zeros_like(body)
    out[:, : x.shape[1]] = x.detach()
    return body + out


@wrong("padded_sum", "a RuntimeError comes for x with more channels, perhaps one of torch;")
def _(body, x):
    zeros = torch.zeros(x.shape[0], body.shape[1] - x.shape[1], *x.shape[2:])
    return body + torch.cat((x, zeros), 1)


@wrong("padded_sum", "the ValueError is returned; raise it")
def _(body, x):
    d = body.shape[1] - x.shape[1]
    if d < 0:
        return ValueError("x has more channels than body")
    return body + F.pad(x, (0, 0) * (x.ndim - 2) + (0, d))


@wrong("padded_sum", "the missing channels are filled with ones; fill them with zeros")
def _(body, x):
    d = body.shape[1] - x.shape[1]
    if d < 0:
        raise ValueError("x has more channels than body")
    return body + torch.cat((x, torch.ones_like(body[:, x.shape[1] :])), 1)


@wrong("sloped", "the slopes fall on the last axis; reshape them to (C, 1, 1) for")
def _(x, slopes):
    return torch.where(x > 0, x, slopes * x)


@wrong("sloped", "this exercise forbids prelu; do it without")
def _(x, slopes):
    return F.prelu(x, slopes)


@wrong("sloped", "the maximum of x and slope · x is right only for slopes of at most 1")
def _(x, slopes):
    s = slopes.reshape(1, -1, *[1] * (x.ndim - 2))
    return torch.maximum(x, s * x)


@wrong("sloped", "the negative part has the wrong sign: it is slope · x")
def _(x, slopes):
    s = slopes.reshape(1, -1, *[1] * (x.ndim - 2))
    return F.relu(x) + s * F.relu(-x)


@wrong("sloped", "positive values are multiplied by the slope, too; they stay as they")
def _(x, slopes):
    return x * slopes.reshape(1, -1, *[1] * (x.ndim - 2))


@wrong("sloped", "the slope is applied to the positive values; it belongs to the")
def _(x, slopes):
    s = slopes.reshape(1, -1, *[1] * (x.ndim - 2))
    return torch.where(x < 0, x, s * x)


@wrong("sloped", "all channels have the slope of the first one; each has its own")
def _(x, slopes):
    return torch.where(x > 0, x, slopes[0] * x)


@wrong("sloped", "all channels have the same slope, the mean; each has its own")
def _(x, slopes):
    return torch.where(x > 0, x, slopes.mean() * x)


@wrong("sloped", "that is right for images only: size has one, two or three axes, so")
def _(x, slopes):
    return torch.where(x > 0, x, slopes.reshape(1, -1, 1, 1) * x)


@wrong("sloped", "work on a copy of that one")
def _(x, slopes):
    s = slopes.reshape(1, -1, *[1] * (x.ndim - 2)).expand_as(x)
    x[x < 0] *= s[x < 0]
    return x


@wrong("sloped", "the slopes are detached and would not be learnt")
def _(x, slopes):
    out = x.clone()
    for c in range(x.shape[1]):
        out[:, c] = torch.where(x[:, c] > 0, x[:, c], slopes[c].item() * x[:, c])
    return out


@wrong("sloped", "the absolute value is added; for a positive x nothing is added, and")
def _(x, slopes):
    s = slopes.reshape(1, -1, *[1] * (x.ndim - 2))
    return F.relu(x) + s * x.abs()


@wrong("sloped", "negative values are replaced by the slope; multiply them by it")
def _(x, slopes):
    s = slopes.reshape(1, -1, *[1] * (x.ndim - 2))
    return torch.where(x > 0, x, s.expand_as(x))


@wrong("sloped", "that is a ReLU; negative values are multiplied by the slope")
def _(x, slopes):
    return F.relu(x)


@wrong("sloped", "the slopes fall on the axis of the images; one 1 too many stands")
def _(x, slopes):
    s = slopes.reshape(-1, *[1] * (x.ndim - 1))
    return torch.where(x > 0, x, s * x)


@wrong("dice_gradient", "the factor 2 in front of the fraction is missing")
def _(p, g):
    i, s = (p * g).sum(), (p * p).sum() + (g * g).sum()
    return (g * s - 2 * p * i) / s**2


@wrong("dice_gradient", "only the numerator was differentiated; the denominator depends on p,")
def _(p, g):
    i, s = (p * g).sum(), (p * p).sum() + (g * g).sum()
    return 2 * g / s


@wrong("dice_gradient", "this exercise forbids grad; do it without")
def _(p, g):
    p = p.clone().requires_grad_()
    d = 2 * (p * g).sum() / ((p * p).sum() + (g * g).sum())
    return torch.autograd.grad(d, p)[0]


@wrong("dice_gradient", "this exercise forbids backward; do it without")
def _(p, g):
    p = p.clone().requires_grad_()
    d = 2 * (p * g).sum() / ((p * p).sum() + (g * g).sum())
    d.backward()
    return p.grad


@wrong("dice_gradient", "this exercise forbids jacobian; do it without")
def _(p, g):
    return torch.autograd.functional.jacobian(lambda q: 2 * (q * g).sum() / ((q * q).sum() + (g * g).sum()), p)


@wrong("dice_gradient", "this exercise forbids grad; do it without")
def _(p, g):
    return torch.func.grad(lambda q: 2 * (q * g).sum() / ((q * q).sum() + (g * g).sum()))(p)


@wrong("dice_gradient", "the second term of the quotient rule is subtracted")
def _(p, g):
    i, s = (p * g).sum(), (p * p).sum() + (g * g).sum()
    return 2 * (g * s + 2 * p * i) / s**2


@wrong("dice_gradient", "the quotient rule divides by the square of the denominator")
def _(p, g):
    i, s = (p * g).sum(), (p * p).sum() + (g * g).sum()
    return 2 * (g * s - 2 * p * i) / s


@wrong("dice_gradient", "the denominator of the V-Net has squares, p² and g²")
def _(p, g):
    i, s = (p * g).sum(), p.sum() + g.sum()
    return 2 * (g * s - 2 * p * i) / s**2


@wrong("dice_gradient", "that is the gradient of the Dice with plain sums, Σ p + Σ g; that of")
def _(p, g):
    i, s = (p * g).sum(), p.sum() + g.sum()
    return 2 * (g * s - i) / s**2


@wrong("dice_gradient", "that is the gradient of the loss 1 - D; the gradient of D is wanted")
def _(p, g):
    i, s = (p * g).sum(), (p * p).sum() + (g * g).sum()
    return 2 * (2 * p * i - g * s) / s**2


@wrong("dice_gradient", "means stand in place of the sums, which changes the scale of the")
def _(p, g):
    i, s = (p * g).mean(), (p * p).mean() + (g * g).mean()
    return 2 * (g * s - 2 * p * i) / s**2


@wrong("dice_gradient", "that is the gradient with respect to g; p and g are exchanged")
def _(p, g):
    i, s = (p * g).sum(), (p * p).sum() + (g * g).sum()
    return 2 * (p * s - 2 * g * i) / s**2


@wrong("dice_gradient", "that is D itself; its derivative with respect to each p is wanted")
def _(p, g):
    return 2 * (p * g).sum() / ((p * p).sum() + (g * g).sum())


@wrong("dice_gradient", "the derivative of p² is 2 p; a factor 2 is missing")
def _(p, g):
    i, s = (p * g).sum(), (p * p).sum() + (g * g).sum()
    return 2 * (g * s - p * i) / s**2


@wrong("dice_gradient", "the sums run over all voxels; yours leave out the first axis")
def _(p, g):
    d = tuple(range(1, p.ndim))
    i, s = (p * g).sum(d, keepdim=True), (p * p).sum(d, keepdim=True) + (g * g).sum(d, keepdim=True)
    return 2 * (g * s - 2 * p * i) / s**2


@wrong("dice_gradient", "the squares are summed; you squared the sums")
def _(p, g):
    i, s = (p * g).sum(), p.sum() ** 2 + g.sum() ** 2
    return 2 * (g * s - 2 * p * i) / s**2


@wrong("dice_gradient", "nothing is summed; the sums run over all voxels")
def _(p, g):
    i, s = p * g, p * p + g * g
    return 2 * (g * s - 2 * p * i) / s**2


def table(weight):
    return weight.flatten(2).transpose(0, 1)  # in, out, k


def split(weight):
    u, s, v = torch.linalg.svd(table(weight), full_matrices=False)
    return u, s, v


@wrong("factorise", "the singular value is missing")
def _(weight):
    u, s, v = split(weight)
    i, k = weight.shape[1], weight.shape[2:]
    return v[:, 0].reshape(i, 1, *k), u[:, :, 0].T.reshape(weight.shape[0], i, *[1] * len(k))


@wrong("factorise", "the singular value is used twice")
def _(weight):
    u, s, v = split(weight)
    i, k = weight.shape[1], weight.shape[2:]
    v, u = v[:, 0] * s[:, :1], u[:, :, 0] * s[:, :1]
    return v.reshape(i, 1, *k), u.T.reshape(weight.shape[0], i, *[1] * len(k))


@wrong("factorise", "the pointwise weight comes first; return the depthwise one first")
def _(weight):
    u, s, v = split(weight)
    i, k = weight.shape[1], weight.shape[2:]
    return (u[:, :, 0] * s[:, :1]).T.reshape(weight.shape[0], i, *[1] * len(k)), v[:, 0].reshape(i, 1, *k)


@wrong("factorise", "that is the smallest singular value; the largest gives the nearest")
def _(weight):
    u, s, v = split(weight)
    i, k = weight.shape[1], weight.shape[2:]
    return v[:, -1].reshape(i, 1, *k), (u[:, :, -1] * s[:, -1:]).T.reshape(weight.shape[0], i, *[1] * len(k))


@wrong("factorise", "that is a column of the right matrix; torch returns it transposed, so")
def _(weight):
    u, s, v = torch.linalg.svd(table(weight))
    i, k = weight.shape[1], weight.shape[2:]
    return v[:, :, 0].reshape(i, 1, *k), (u[:, :, 0] * s[:, :1]).T.reshape(weight.shape[0], i, *[1] * len(k))


@wrong("factorise", "each input channel has the mean of its kernels, and all outputs the")
def _(weight):
    i, k = weight.shape[1], weight.shape[2:]
    return weight.mean(0)[:, None], torch.ones(weight.shape[0], i, *[1] * len(k))


@wrong("factorise", "means over the rows and columns do not give the nearest table of rank")
def _(weight):
    axes = tuple(range(2, weight.ndim))
    return weight.mean(0)[:, None], weight.mean(axes, keepdim=True)


@wrong("factorise", "the factors fit the mean kernel, but another kernel is nearer to all")
def _(weight):
    d = weight.mean(0)[:, None]
    axes = tuple(range(2, weight.ndim))
    num = (weight * d.transpose(0, 1)).sum(axes, keepdim=True)
    return d, num / (d.transpose(0, 1) ** 2).sum(axes, keepdim=True)


@wrong("factorise", "a reshape does not exchange the axes (in, out); transpose them: .T")
def _(weight):
    u, s, v = split(weight)
    i, k = weight.shape[1], weight.shape[2:]
    return v[:, 0].reshape(i, 1, *k), (u[:, :, 0] * s[:, :1]).reshape(weight.shape[0], i, *[1] * len(k))


@wrong("factorise", "a reshape does not exchange the axes (out, in); use")
def _(weight):
    o, i, *k = weight.shape
    u, s, v = torch.linalg.svd(weight.reshape(i, o, -1), full_matrices=False)
    return v[:, 0].reshape(i, 1, *k), (u[:, :, 0] * s[:, :1]).T.reshape(o, i, *[1] * len(k))


@wrong("factorise", "there is one table per output channel, and their kernels are")
def _(weight):
    o, i, *k = weight.shape
    u, s, v = torch.linalg.svd(weight.flatten(2), full_matrices=False)
    return v[:, 0].mean(0).expand(i, -1).reshape(i, 1, *k), (u[:, :, 0] * s[:, :1]).reshape(o, i, *[1] * len(k))


@wrong("factorise", "all input channels share one kernel; decompose one table per input")
def _(weight):
    o, i, *k = weight.shape
    u, s, v = torch.linalg.svd(weight.reshape(o * i, -1), full_matrices=False)
    return v[0].expand(i, -1).reshape(i, 1, *k), (u[:, 0] * s[0]).reshape(o, i, *[1] * len(k))


@wrong("factorise", "all input channels are in one table; decompose one table per input")
def _(weight):
    o, i, *k = weight.shape
    u, s, v = torch.linalg.svd(weight.reshape(o, -1), full_matrices=False)
    return v[0].reshape(i, 1, *k), (u[:, :1] * s[0]).expand(o, i).reshape(o, i, *[1] * len(k))


@wrong("factorise", "the pointwise weight has the shape (6, 4), and (out, in, 1, …, 1) is")
def _(weight):
    u, s, v = split(weight)
    i, k = weight.shape[1], weight.shape[2:]
    return v[:, 0].reshape(i, 1, *k), (u[:, :, 0] * s[:, :1]).T


@wrong("factorise", "the depthwise weight has the shape (4, 3, 3), and (in, 1, *kernel) is")
def _(weight):
    u, s, v = split(weight)
    i, k = weight.shape[1], weight.shape[2:]
    return v[:, 0].reshape(i, *k), (u[:, :, 0] * s[:, :1]).T.reshape(weight.shape[0], i, *[1] * len(k))


@wrong("factorise", "on the left there are 4 names")
def _(weight):
    u, s, v = split(weight)
    o, i, h, w = weight.shape
    return v[:, 0].reshape(i, 1, h, w), (u[:, :, 0] * s[:, :1]).T.reshape(o, i, 1, 1)


@wrong("factorise", "one kernel is returned; return two tensors, the depthwise and the")
def _(weight):
    u, s, v = split(weight)
    return (torch.einsum("io,ik->oik", u[:, :, 0] * s[:, :1], v[:, 0])).reshape(weight.shape)


@wrong("factorise", "the factors fit the kernel of the first output, but another one is")
def _(weight):
    d = weight[:1].transpose(0, 1)
    axes = tuple(range(2, weight.ndim))
    num = (weight * weight[:1]).sum(axes, keepdim=True)
    return d, num / (weight[:1] ** 2).sum(axes, keepdim=True)


@wrong("factorise", "the kernels of the first output are taken for all; the outputs need")
def _(weight):
    o, i, *k = weight.shape
    return weight[0][:, None], torch.ones(o, i, *[1] * len(k))


@right("separable_share")
def _(in_channels, out_channels, kernel):
    return 1 / out_channels + 1 / math.prod(kernel)


@right("separable_share")
def _(in_channels, out_channels, kernel):
    k = np.prod(kernel)
    return np.float64(k + out_channels) / (out_channels * k)


@right("separable_share")
def _(in_channels, out_channels, kernel):
    full = torch.empty(out_channels, in_channels, *kernel, device="meta").numel()
    parts = torch.empty(in_channels, 1, *kernel, device="meta"), torch.empty(out_channels, in_channels, device="meta")
    return sum(map(torch.numel, parts)) / full


@right("padded_sum")
def _(body, x):
    c = x.shape[1]
    if c > body.shape[1]:
        raise ValueError(f"{c} channels cannot be added to {body.shape[1]}")
    return torch.cat((body[:, :c] + x, body[:, c:]), dim=1)


@right("padded_sum")
def _(body, x):
    if x.shape[1] > body.shape[1]:
        raise ValueError
    out = body.clone()
    out[:, : x.shape[1]] += x
    return out


@right("padded_sum")
def _(body, x):
    eye = torch.eye(body.shape[1], x.shape[1])
    if len(eye) < len(eye.T):
        raise ValueError("too many channels")
    return body + torch.einsum("oc,nc...->no...", eye, x)


@right("sloped")
def _(x, slopes):
    return torch.where(x.movedim(1, -1) < 0, x.movedim(1, -1) * slopes, x.movedim(1, -1)).movedim(-1, 1)


@right("sloped")
def _(x, slopes):
    return torch.stack([F.relu(x[:, c]) - slopes[c] * F.relu(-x[:, c]) for c in range(x.shape[1])], 1)


@right("sloped")
def _(x, slopes):
    factor = torch.where(x > 0, torch.ones(()), slopes.view(-1, *(1,) * (x.dim() - 2)))
    return x * factor


@right("dice_gradient")
def _(p, g):
    s = p.norm() ** 2 + g.norm() ** 2
    return 2 * g / s - 4 * p * (p * g).sum() / s**2


@right("dice_gradient")
def _(p, g):
    a, b = p.numpy().astype(float), g.numpy().astype(float)
    s = (a**2).sum() + (b**2).sum()
    d = 2 * (a * b).sum() / s
    return torch.from_numpy(2 * (b - d * a) / s)


@right("dice_gradient")
def _(p, g):
    u = torch.tensordot(p.flatten(), g.flatten(), 1)
    v = (p.square() + g.square()).sum()
    return (2 * g * v - 2 * u * 2 * p).div(v * v)


@right("factorise")
def _(weight):
    o, i, *k = weight.shape
    d, p = np.zeros((i, 1, *k)), np.zeros((o, i, *[1] * len(k)))
    for c in range(i):
        u, s, vt = np.linalg.svd(weight[:, c].reshape(o, -1).numpy().astype(float))
        d[c, 0] = (vt[0] * np.sqrt(s[0])).reshape(k)
        p[:, c] = (u[:, 0] * np.sqrt(s[0])).reshape(-1, *[1] * len(k))
    return torch.tensor(d), torch.tensor(p)


@right("factorise")
def _(weight):
    m = weight.flatten(2).transpose(0, 1).double()
    v = torch.linalg.eigh(m.transpose(1, 2) @ m).eigenvectors[:, :, -1]
    p = torch.einsum("iok,ik->oi", m, v)
    return -3 * v.reshape(-1, 1, *weight.shape[2:]), -p.reshape(*p.shape, *[1] * (weight.ndim - 2)) / 3


@right("factorise")
def _(weight):
    m = weight.flatten(2).double()  # (out, in, k)
    depthwise, pointwise = [], []
    for c in range(m.shape[1]):
        values, vectors = np.linalg.eig((m[:, c] @ m[:, c].T).numpy())
        u = torch.from_numpy(np.real(vectors[:, np.argmax(np.real(values))]))
        pointwise.append(u)
        depthwise.append((u @ m[:, c]).reshape(1, *weight.shape[2:]))
    return [torch.stack(depthwise), torch.stack(pointwise, 1)[(...,) + (None,) * (weight.ndim - 2)]]


@wrong("separable_share", "// leaves only the whole part; use /")
def _(in_channels, out_channels, kernel):
    return int((in_channels * prod(kernel) + in_channels * out_channels) / (in_channels * out_channels * prod(kernel)))


@wrong("separable_share", "expected a number, got '5.3 %'")
def _(in_channels, out_channels, kernel):
    return f"{100 * (1 / out_channels + 1 / prod(kernel)):.1f} %"


@wrong("separable_share", "one kernel per axis is another kind of separable convolution; here it")
def _(in_channels, out_channels, kernel):
    return sum(in_channels * out_channels * k for k in kernel) / (in_channels * out_channels * prod(kernel))


@wrong("separable_share", "expected a number, got a tuple")
def _(in_channels, out_channels, kernel):
    return in_channels * prod(kernel) + in_channels * out_channels, in_channels * out_channels * prod(kernel)


@wrong("separable_share", "the depthwise part has one kernel per input channel, and not per")
def _(out_channels, in_channels, kernel):
    return (in_channels * prod(kernel) + in_channels * out_channels) / (in_channels * out_channels * prod(kernel))


@wrong("separable_share", "on the left there are 3 names, and on the right 2 values")
def _(in_channels, out_channels, kernel):
    a, b, c = kernel
    return 1 / out_channels + 1 / (a * b * c)


@wrong("padded_sum", "x with fewer channels is refused; only more channels are an error")
def _(body, x):
    if body.shape[1] > x.shape[1]:
        raise ValueError("x has more channels than body")
    return body + F.pad(x, (0, 0) * (x.ndim - 2) + (0, body.shape[1] - x.shape[1]))


@wrong("padded_sum", "x with more channels than the body must be refused by a ValueError;")
def _(body, x):
    if body.shape[0] < x.shape[0]:
        raise ValueError("x has more channels than body")
    return body + F.pad(x, (0, 0) * (x.ndim - 2) + (0, body.shape[1] - x.shape[1]))


@wrong("padded_sum", "the channels of x are interpolated; the missing ones are zeros")
def _(body, x):
    if body.shape[1] < x.shape[1]:
        raise ValueError("x has more channels than body")
    x = F.interpolate(x.flatten(2).transpose(1, 2), size=body.shape[1])
    return body + x.transpose(1, 2).reshape(body.shape)


@wrong("padded_sum", "the last channels of the body are replaced by zeros; zeros are added")
def _(body, x):
    c = x.shape[1]
    if c > body.shape[1]:
        raise ValueError("too many")
    return torch.cat((body[:, :c] + x, torch.zeros_like(body[:, c:])), 1)


@wrong("padded_sum", "the body is added twice")
def _(body, x):
    c = x.shape[1]
    if c > body.shape[1]:
        raise ValueError("too many")
    out = body.clone()
    out[:, :c] = out[:, :c] + x
    return out + body


@wrong("padded_sum", "the result is detached; gradients must run through both")
def _(body, x):
    c = x.shape[1]
    if c > body.shape[1]:
        raise ValueError("too many")
    out = body.detach().numpy().copy()
    out[:, :c] += x.detach().numpy()
    return torch.from_numpy(out)


@wrong("padded_sum", "both are cut to the smaller number of channels; pad x, and raise a")
def _(body, x):
    c = min(x.shape[1], body.shape[1])
    return body[:, :c] + x[:, :c]


@wrong("padded_sum", "the last channel of x is repeated; the missing ones are zeros")
def _(body, x):
    d = body.shape[1] - x.shape[1]
    if d < 0:
        raise ValueError("too many")
    return body + torch.cat((x, x.flip(1)[:, :1].expand(-1, d, *x.shape[2:])), 1)


@wrong("sloped", "x[i] is an image; channel i of all images is x[:, i]")
def _(x, slopes):
    out = torch.zeros_like(x)
    for c in range(len(slopes)):
        out[c] = torch.where(x[c] > 0, x[c], slopes[c] * x[c])
    return out


@wrong("sloped", "the first axis of x is that of the images, so each image got a slope;")
def _(x, slopes):
    return torch.stack([torch.where(x[i] > 0, x[i], slopes[i] * x[i]) for i in range(len(x))])


@wrong("sloped", "positive values are 0; they stay as they are")
def _(x, slopes):
    s = slopes.reshape(-1, *[1] * (x.ndim - 2))
    return x * s * (x < 0)


@wrong("sloped", "the slope is applied to positive values, and the negative ones are")
def _(x, slopes):
    s = slopes.reshape(-1, *[1] * (x.ndim - 2))
    return F.relu(x) + s * F.relu(x)


@wrong("sloped", "negative values are replaced by the slope; multiply them by it")
def _(x, slopes):
    s = slopes.reshape(-1, *[1] * (x.ndim - 2))
    mask = (x > 0).float()
    return mask * x + (1 - mask) * s


@wrong("sloped", "negative values are squared; slope · x has no square")
def _(x, slopes):
    s = slopes.reshape(-1, *[1] * (x.ndim - 2))
    return F.relu(x) - s * (-x).clamp(min=0) ** 2


@wrong("sloped", "x is detached; gradients must run through it")
def _(x, slopes):
    s = slopes.reshape(-1, *[1] * (x.ndim - 2)).expand_as(x)
    y = x.detach().clone()
    y[y < 0] = y[y < 0] * s[y < 0]
    return y


@wrong("dice_gradient", "that is the gradient of log D; multiply it by D")
def _(p, g):
    both = (p * g).sum()
    squares = p.square().sum() + g.square().sum()
    return g / both - 2 * p / squares


@wrong("dice_gradient", "the gradient has the shape of p; yours has a single axis")
def _(p, g):
    p, g = p.flatten(), g.flatten()
    both = (p * g).sum()
    squares = p.square().sum() + g.square().sum()
    return 2 * (g * squares - 2 * p * both) / squares**2


@wrong("dice_gradient", "that is the gradient of the loss 1 - D; the gradient of D is wanted")
def _(p, g):
    both = (p * g).sum()
    squares = p.square().sum() + g.square().sum()
    return 2 * (2 * p * both - g * squares) / squares**2


@wrong("dice_gradient", "the denominator holds the sums of squares, without square roots")
def _(p, g):
    both = (p * g).sum()
    squares = p.norm() + g.norm()
    return 2 * (g * squares - 2 * p * both) / squares**2


@wrong("dice_gradient", "that is the gradient for squared sums, (Σ p)² + (Σ g)²; here the")
def _(p, g):
    both = (p * g).sum()
    s = p.sum() ** 2 + g.sum() ** 2
    return 2 * (g * s - 2 * p.sum() * both) / s**2


@wrong("dice_gradient", "a constant is added above and below the fraction, as in many loss")
def _(p, g):
    both = (p * g).sum()
    s = p.square().sum() + g.square().sum() + 1
    return (2 * g * s - (2 * both + 1) * 2 * p) / s**2


@wrong("dice_gradient", "the denominator has the power 2, and not 3")
def _(p, g):
    both = (p * g).sum()
    s = p.square().sum() + g.square().sum()
    return 2 * (g * s - 2 * p * both) / s**3


@wrong("dice_gradient", "p is rounded to 0 or 1; leave the probabilities as they are")
def _(p, g):
    q = (p > 0.5).float()
    both = (q * g).sum()
    s = q.square().sum() + g.square().sum()
    return 2 * (g * s - 2 * q * both) / s**2


def svd(weight):
    return torch.linalg.svd(weight.transpose(0, 1).flatten(2), full_matrices=False)


@wrong("factorise", "the depthwise weight has the shape (4, 6, 3), and (in, 1, *kernel) is")
def _(weight):
    u, s, v = torch.linalg.svd(weight.transpose(0, 1))
    return v[:, :, 0], u[..., 0]


@wrong("factorise", "the depthwise weight has the shape (4, 6, 9), and (in, 1, *kernel) is")
def _(weight):
    u, s, v = svd(weight)
    return v, u * s[:, None]


@wrong("factorise", "the mean over all input channels is taken as the kernel of each;")
def _(weight):
    o, i, *k = weight.shape
    d = weight.mean((0, 1)).expand(i, *k)[:, None]
    p = (weight * d.transpose(0, 1)).flatten(2).sum(2) / (d[0] ** 2).sum()
    return d, p.reshape(o, i, *[1] * len(k))


@wrong("factorise", "the vectors of the right matrix stand along its other axis:")
def _(weight):
    u, s, v = torch.svd(weight.transpose(0, 1).flatten(2))
    o, i, *k = weight.shape
    return v[:, 0].reshape(i, 1, *k), (u[:, :, 0] * s[:, :1]).T.reshape(o, i, *[1] * len(k))


@wrong("factorise", "expected two torch tensors, the depthwise and the pointwise weight")
def _(weight):
    u, s, v = svd(weight)
    o, i, *k = weight.shape
    return v[:, 0].reshape(i, 1, *k).numpy(), (u[:, :, 0] * s[:, :1]).T.reshape(o, i, *[1] * len(k)).numpy()


@wrong("factorise", "the depthwise weight has the shape (1, 4, 3, 3), and (in, 1, *kernel)")
def _(weight):
    u, s, v = svd(weight)
    o, i, *k = weight.shape
    return v[:, 0].reshape(1, i, *k), (u[:, :, 0] * s[:, :1]).T.reshape(o, i, *[1] * len(k))


@wrong("factorise", "the signs of the depthwise weights are lost")
def _(weight):
    u, s, v = svd(weight)
    o, i, *k = weight.shape
    return v[:, 0].abs().reshape(i, 1, *k), (u[:, :, 0] * s[:, :1]).T.reshape(o, i, *[1] * len(k))


@wrong("factorise", "the root of the singular value belongs to both tensors, or the whole")
def _(weight):
    u, s, v = svd(weight)
    o, i, *k = weight.shape
    return (v[:, 0] * s[:, :1].sqrt()).reshape(i, 1, *k), u[:, :, 0].T.reshape(o, i, *[1] * len(k))


@wrong("factorise", "the middle weights and the mean kernels do not give the nearest")
def _(weight):
    o, i, *k = weight.shape
    d = weight.mean(0)[:, None]
    c = tuple(n // 2 for n in k)
    return d, weight[(slice(None), slice(None), *c)].reshape(o, i, *[1] * len(k))


@right("separable_share")
def _(in_channels, out_channels, kernel):
    size = 1
    for k in kernel:
        size *= k
    from fractions import Fraction

    return float(Fraction(1, out_channels) + Fraction(1, size))


@right("padded_sum")
def _(body, x):
    few = x.shape[1]
    assert few >= 1
    if not few <= body.shape[1]:
        raise ValueError(f"body has {body.shape[1]} channels and x {few}")
    full = torch.zeros_like(body)
    full[:, :few] = x
    return torch.add(full, body)


@right("sloped")
def _(x, slopes):
    return torch.relu(x) + torch.einsum("nc...,c->nc...", torch.minimum(x, torch.zeros_like(x)), slopes)


@right("dice_gradient")
def _(p, g):
    n, d = 2 * torch.einsum("...,...->", p, g), torch.sum(p * p + g * g)
    out = torch.empty_like(p).reshape(-1)
    for j, (a, b) in enumerate(zip(p.flatten().tolist(), g.flatten().tolist())):
        out[j] = (2 * b * d - n * 2 * a) / d**2
    return out.view(p.shape)


@right("factorise")
def _(weight):
    o, i, *k = weight.shape
    depthwise, pointwise = [], []
    for channel in weight.unbind(1):
        u, s, vh = torch.linalg.svd(channel.reshape(o, -1).double())
        depthwise.append(-vh[0].reshape(1, *k))
        pointwise.append(-s[0] * u[:, 0])
    return torch.stack(depthwise), torch.stack(pointwise, dim=1).reshape(o, i, *(1 for _ in k))


@wrong("separable_share", "the depthwise part has a kernel for each input channel: in · size")
def _(in_channels, out_channels, kernel):
    return (prod(kernel) + in_channels * out_channels) / (in_channels * out_channels * prod(kernel))


@wrong("separable_share", "the share is a sum of two fractions, 1 / out + 1 / size")
def _(in_channels, out_channels, kernel):
    return 1 / (out_channels + prod(kernel))


@wrong("separable_share", "the pointwise part has a 1×1 kernel for each pair of channels: in ·")
def _(in_channels, out_channels, kernel):
    return (in_channels * prod(kernel) + out_channels * prod(kernel)) / (in_channels * out_channels * prod(kernel))


@wrong("separable_share", "1 / a * b is (1 / a) * b; divide by the product of all numbers of the")
def _(in_channels, out_channels, kernel):
    return 1 / out_channels + 1 / kernel[0] * kernel[-1]


@wrong("padded_sum", "as many zeros as x has channels are laid behind it; the number of")
def _(body, x):
    if x.shape[1] > body.shape[1]:
        raise ValueError("too many")
    return body + torch.cat((x, torch.zeros_like(x)), 1)


@wrong("padded_sum", "the zeros have no axis of images; their shape is (N, missing, *size)")
def _(body, x):
    m = body.shape[1] - x.shape[1]
    if m < 0:
        raise ValueError("too many")
    return body + torch.cat((x, torch.zeros(m, *x.shape[2:])), 1)


@wrong("padded_sum", "x with fewer channels is refused, too; pad it by zeros")
def _(body, x):
    if x.shape != body.shape:
        raise ValueError("shapes differ")
    return body + x


@wrong("padded_sum", "the zeros stand before the channels of x; they come after them")
def _(body, x):
    if x.shape[1] > body.shape[1]:
        raise ValueError("too many")
    out = body.clone()
    out[:, -x.shape[1] :] += x
    return out


@wrong("sloped", "values between 0 and 1 get slope · x, too; clamp at max=0")
def _(x, slopes):
    s = slopes.reshape(-1, *[1] * (x.ndim - 2))
    return x.clamp(min=0) + s * x.clamp(max=1)


@wrong("sloped", "the slopes fall on the last axis but one; reshape them to (C, 1, 1)")
def _(x, slopes):
    return torch.where(x > 0, x, x * slopes[:, None])


@wrong("sloped", "the slope is applied to the positive values; it belongs to the")
def _(x, slopes):
    s = slopes.reshape(-1, *[1] * (x.ndim - 2))
    return x + (s - 1) * F.relu(x)


@wrong("dice_gradient", "that is the gradient of the intersection over union; D is 2 Σ p·g /")
def _(p, g):
    i = (p * g).sum()
    u = (p * p).sum() + (g * g).sum() - i
    return (g * u - i * (2 * p - g)) / u**2


@wrong("dice_gradient", "g is a constant: the derivative of the denominator is 2 p, and not 2")
def _(p, g):
    i = (p * g).sum()
    s = (p * p).sum() + (g * g).sum()
    return (2 * g * s - 2 * i * (2 * p + 2 * g)) / s**2


@wrong("dice_gradient", "the factor 2 in front of the fraction is missing")
def _(p, g):
    i = (p * g).sum()
    s = (p * p).sum() + (g * g).sum()
    d = 2 * i / s
    return (g - d * p) / s


@wrong("dice_gradient", "D stands in front of p: the gradient is 2 (g - D p) / (Σ p² + Σ g²)")
def _(p, g):
    i = (p * g).sum()
    s = (p * p).sum() + (g * g).sum()
    d = 2 * i / s
    return 2 * (g - p) / s


@wrong("factorise", "rows and columns of the kernels are exchanged")
def _(weight):
    o, i, *k = weight.shape
    u, s, v = torch.linalg.svd(weight.transpose(0, 1).flatten(2), full_matrices=False)
    d = v[:, 0].reshape(i, 1, *k)
    d = d.transpose(-1, -2) if len(k) > 1 else d
    return d, (u[:, :, 0] * s[:, :1]).T.reshape(o, i, *[1] * len(k))


@wrong("factorise", "the product of the new sides has to be 24")
def _(weight):
    o, i, *k = weight.shape
    u, s, v = torch.linalg.svd(weight.transpose(0, 1).flatten(2), full_matrices=False)
    return (u[:, :, 0] * s[:, :1]).T.reshape(i, 1, *k), v[:, 0].reshape(o, i, *[1] * len(k))


@wrong("factorise", "the singular value is missing")
def _(weight):
    o, i, *k = weight.shape
    u, s, v = torch.linalg.svd(weight.flatten(2).permute(1, 2, 0), full_matrices=False)
    return u[:, :, 0].reshape(i, 1, *k), v[:, 0].T.reshape(o, i, *[1] * len(k))


@wrong("padded_sum", "work on a copy of that one")
def _(body, x):
    if x.shape[1] > body.shape[1]:
        raise ValueError(f"x has {x.shape[1]} channels, body only {body.shape[1]}")
    body[:, : x.shape[1]] += x
    return body


@wrong("factorise", "its vectors are rows: right[..., 0, :]")
def _(weight):
    out, inputs, *kernel = weight.shape
    depthwise, pointwise = [], []
    for c in range(inputs):
        left, values, right = torch.linalg.svd(weight[:, c].reshape(out, -1))
        depthwise.append(right[:, 0])
        pointwise.append(left[:, 0] * values[0])
    ones = [1] * len(kernel)
    return torch.stack(depthwise).reshape(inputs, 1, *kernel), torch.stack(pointwise, 1).reshape(out, inputs, *ones)
