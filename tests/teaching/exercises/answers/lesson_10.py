"""Answers to the exercises of lesson 10 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from unet_tutorial.nets.crop import mirrored

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


@wrong("pad_and_cut", "all missing pixels are added behind the image; add half of")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = -(-H // g) * g, -(-W // g) * g
    return net(mirrored(image, (0, 0), (h, w)))[:, :H, :W]


@wrong("pad_and_cut", "of an odd number the smaller half goes before the image:")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = -(-H // g) * g, -(-W // g) * g
    a, b = (h - H + 1) // 2, (w - W + 1) // 2
    return net(mirrored(image, (-a, -b), (h, w)))[:, a : a + H, b : b + W]


@wrong("pad_and_cut", "the image is padded with zeros; mirror it")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = -(-H // g) * g, -(-W // g) * g
    a, b = (h - H) // 2, (w - W) // 2
    return net(F.pad(image, (b, w - W - b, a, h - H - a)))[:, a : a + H, b : b + W]


@wrong("pad_and_cut", "the window has to begin before the image: the origin is")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = -(-H // g) * g, -(-W // g) * g
    a, b = (h - H) // 2, (w - W) // 2
    return net(mirrored(image, (a, b), (h, w)))[:, a : a + H, b : b + W]


@wrong("pad_and_cut", "the first rows and columns of the output are returned; a")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = -(-H // g) * g, -(-W // g) * g
    a, b = (h - H) // 2, (w - W) // 2
    return net(mirrored(image, (-a, -b), (h, w)))[:, :H, :W]


@wrong("pad_and_cut", "a side that is a multiple already needs no padding;")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = (H // g + 1) * g, (W // g + 1) * g
    a, b = (h - H) // 2, (w - W) // 2
    return net(mirrored(image, (-a, -b), (h, w)))[:, a : a + H, b : b + W]


@wrong("pad_and_cut", "top:-top keeps nothing where top is 0, and a row too many")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = -(-H // g) * g, -(-W // g) * g
    a, b = (h - H) // 2, (w - W) // 2
    return net(mirrored(image, (-a, -b), (h, w)))[:, a:-a, b:-b]


@wrong("pad_and_cut", "the output is as large as the padded image; cut it to the")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = -(-H // g) * g, -(-W // g) * g
    a, b = (h - H) // 2, (w - W) // 2
    return net(mirrored(image, (-a, -b), (h, w)))


@wrong("pad_and_cut", "each pooling halves, so sides have to be multiples of")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2 * depth
    h, w = -(-H // g) * g, -(-W // g) * g
    a, b = (h - H) // 2, (w - W) // 2
    return net(mirrored(image, (-a, -b), (h, w)))[:, a : a + H, b : b + W]


@wrong("pad_and_cut", "the image is made square; each side is padded to its own")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    s = -(-max(H, W) // g) * g
    a, b = (s - H) // 2, (s - W) // 2
    return net(mirrored(image, (-a, -b), (s, s)))[:, a : a + H, b : b + W]


@wrong("pad_and_cut", "16 is the step of four poolings; compute it from depth:")
def _(net, image, depth):
    _, H, W = image.shape
    g = 16
    h, w = -(-H // g) * g, -(-W // g) * g
    a, b = (h - H) // 2, (w - W) // 2
    return net(mirrored(image, (-a, -b), (h, w)))[:, a : a + H, b : b + W]


@wrong("pad_and_cut", "the image is resized; pad it, so that its pixels stay as")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = -(-H // g) * g, -(-W // g) * g
    y = net(F.interpolate(image[None], size=(h, w), mode="bilinear")[0])
    return F.interpolate(y[None], size=(H, W), mode="bilinear")[0]


@wrong("pad_and_cut", "the image is cropped to a smaller multiple, so predictions")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = H // g * g, W // g * g
    return net(image[:, :h, :w])


@wrong("pad_and_cut", "the origin is (x, y); it has to be (y, x), as in the shape")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = -(-H // g) * g, -(-W // g) * g
    a, b = (h - H) // 2, (w - W) // 2
    return net(mirrored(image, (-b, -a), (h, w)))[:, a : a + H, b : b + W]


@wrong("batch_normalised", "the variance divides by n - 1 here; in training, batch norm")
def _(x, gamma, beta, epsilon):
    m = x.mean((0, 2, 3), keepdim=True)
    v = x.var((0, 2, 3), keepdim=True)
    return (x - m) / torch.sqrt(v + epsilon) * gamma.view(1, -1, 1, 1) + beta.view(1, -1, 1, 1)


@wrong("batch_normalised", "each image has its own mean, which is instance norm;")
def _(x, gamma, beta, epsilon):
    m = x.mean((2, 3), keepdim=True)
    v = x.var((2, 3), unbiased=False, keepdim=True)
    return (x - m) / torch.sqrt(v + epsilon) * gamma.view(1, -1, 1, 1) + beta.view(1, -1, 1, 1)


@wrong("batch_normalised", "each image has one mean for all channels, which is layer")
def _(x, gamma, beta, epsilon):
    m = x.mean((1, 2, 3), keepdim=True)
    v = x.var((1, 2, 3), unbiased=False, keepdim=True)
    return (x - m) / torch.sqrt(v + epsilon) * gamma.view(1, -1, 1, 1) + beta.view(1, -1, 1, 1)


@wrong("batch_normalised", "each pixel has its own mean; average over the pixels, too:")
def _(x, gamma, beta, epsilon):
    m = x.mean(0, keepdim=True)
    v = x.var(0, unbiased=False, keepdim=True)
    return (x - m) / torch.sqrt(v + epsilon) * gamma.view(1, -1, 1, 1) + beta.view(1, -1, 1, 1)


@wrong("batch_normalised", "ε is added behind the root; it belongs under the root:")
def _(x, gamma, beta, epsilon):
    m = x.mean((0, 2, 3), keepdim=True)
    v = x.var((0, 2, 3), unbiased=False, keepdim=True)
    return (x - m) / (torch.sqrt(v) + epsilon) * gamma.view(1, -1, 1, 1) + beta.view(1, -1, 1, 1)


@wrong("batch_normalised", "you divided by the variance; divide by its square root")
def _(x, gamma, beta, epsilon):
    m = x.mean((0, 2, 3), keepdim=True)
    v = x.var((0, 2, 3), unbiased=False, keepdim=True)
    return (x - m) / (v + epsilon) * gamma.view(1, -1, 1, 1) + beta.view(1, -1, 1, 1)


@wrong("batch_normalised", "ε is missing")
def _(x, gamma, beta, epsilon):
    m = x.mean((0, 2, 3), keepdim=True)
    v = x.var((0, 2, 3), unbiased=False, keepdim=True)
    return (x - m) / torch.sqrt(v) * gamma.view(1, -1, 1, 1) + beta.view(1, -1, 1, 1)


@wrong("batch_normalised", "γ and β are exchanged: multiply by γ and add β")
def _(x, gamma, beta, epsilon):
    m = x.mean((0, 2, 3), keepdim=True)
    v = x.var((0, 2, 3), unbiased=False, keepdim=True)
    return (x - m) / torch.sqrt(v + epsilon) * beta.view(1, -1, 1, 1) + gamma.view(1, -1, 1, 1)


@wrong("batch_normalised", "γ and β are multiplied along the last axis, the columns;")
def _(x, gamma, beta, epsilon):
    m = x.mean((0, 2, 3), keepdim=True)
    v = x.var((0, 2, 3), unbiased=False, keepdim=True)
    return (x - m) / torch.sqrt(v + epsilon) * gamma + beta


@wrong("batch_normalised", "this exercise forbids batch_norm; do it without; it is ")
def _(x, gamma, beta, epsilon):
    return F.batch_norm(x, None, None, gamma, beta, True, 0.1, epsilon)


@wrong("batch_normalised", "this exercise forbids batch_norm; do it without")
def _(x, gamma, beta, epsilon):
    n = nn.BatchNorm2d(x.shape[1], eps=epsilon)
    with torch.no_grad():
        n.weight.copy_(gamma)
        n.bias.copy_(beta)
    return n(x)


@wrong("batch_normalised", "β is missing")
def _(x, gamma, beta, epsilon):
    m = x.mean((0, 2, 3), keepdim=True)
    v = x.var((0, 2, 3), unbiased=False, keepdim=True)
    return (x - m) / torch.sqrt(v + epsilon) * gamma.view(1, -1, 1, 1)


@wrong("batch_normalised", "there is one mean for everything; each channel has its own:")
def _(x, gamma, beta, epsilon):
    return (x - x.mean()) / torch.sqrt(x.var(unbiased=False) + epsilon) * gamma.view(1, -1, 1, 1) + beta.view(
        1, -1, 1, 1
    )


@wrong("batch_normalised", "the mean is subtracted along the last axis, the columns;")
def _(x, gamma, beta, epsilon):
    m = x.mean((0, 2, 3))
    v = x.var((0, 2, 3), unbiased=False)
    return (x - m) / torch.sqrt(v + epsilon) * gamma + beta


def run(batches, share, *, unb=True, flip=False):
    c = batches[0].shape[1]
    M, V = torch.zeros(c), torch.ones(c)
    for x in batches:
        m, v = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=unb)
        s = 1 - share if flip else share
        M = (1 - s) * M + s * m
        V = (1 - s) * V + s * v
    return M, V


@wrong("running_statistics", "the running variance divides by n - 1; yours divides by n")
def _(batches, share):
    return run(batches, share, unb=False)


@wrong("running_statistics", "the share belongs to the new batch, and 1 - share to the")
def _(batches, share):
    return run(batches, share, flip=True)


@wrong("running_statistics", "the running variance starts at 1, not at 0")
def _(batches, share):
    c = batches[0].shape[1]
    M, V = torch.zeros(c), torch.zeros(c)
    for x in batches:
        M = (1 - share) * M + share * x.mean((0, 2, 3))
        V = (1 - share) * V + share * x.var((0, 2, 3))
    return M, V


@wrong("running_statistics", "the batches are taken as one large batch; update the")
def _(batches, share):
    x = torch.cat(batches)
    return x.mean((0, 2, 3)), x.var((0, 2, 3))


@wrong("running_statistics", "only the last batch is used")
def _(batches, share):
    return run(batches[-1:], share)


@wrong("running_statistics", "that is the square root of the running variance; return the")
def _(batches, share):
    M, V = run(batches, share)
    return M, V.sqrt()


@wrong("running_statistics", "you start with the first batch; start with mean 0 and")
def _(batches, share):
    M, V = batches[0].mean((0, 2, 3)), batches[0].var((0, 2, 3))
    for x in batches[1:]:
        M = (1 - share) * M + share * x.mean((0, 2, 3))
        V = (1 - share) * V + share * x.var((0, 2, 3))
    return M, V


@wrong("running_statistics", "the values are right, but their shape is (1, C, 1, 1);")
def _(batches, share):
    c = batches[0].shape[1]
    M, V = torch.zeros(1, c, 1, 1), torch.ones(1, c, 1, 1)
    for x in batches:
        M = (1 - share) * M + share * x.mean((0, 2, 3), keepdim=True)
        V = (1 - share) * V + share * x.var((0, 2, 3), keepdim=True)
    return M, V


@wrong("running_statistics", "mean and variance are exchanged; return (mean, variance)")
def _(batches, share):
    return run(batches, share)[::-1]


@wrong("running_statistics", "the running variance is updated with the variance, not with")
def _(batches, share):
    c = batches[0].shape[1]
    M, V = torch.zeros(c), torch.ones(c)
    for x in batches:
        M = (1 - share) * M + share * x.mean((0, 2, 3))
        V = (1 - share) * V + share * x.std((0, 2, 3))
    return M, V


@wrong("running_statistics", "the old values are not multiplied by 1 - share")
def _(batches, share):
    c = batches[0].shape[1]
    M, V = torch.zeros(c), torch.ones(c)
    for x in batches:
        M = M + share * x.mean((0, 2, 3))
        V = V + share * x.var((0, 2, 3))
    return M, V


@wrong("running_statistics", "the variance is taken around the running mean; take it")
def _(batches, share):
    c = batches[0].shape[1]
    M, V = torch.zeros(c), torch.ones(c)
    for x in batches:
        M = (1 - share) * M + share * x.mean((0, 2, 3))
        n = x.numel() / c
        V = (1 - share) * V + share * ((x - M.view(1, -1, 1, 1)) ** 2).sum((0, 2, 3)) / (n - 1)
    return M, V


@wrong("running_statistics", "the statistics are updated after each image; a batch is one")
def _(batches, share):
    c = batches[0].shape[1]
    M, V = torch.zeros(c), torch.ones(c)
    for x in batches:
        for y in x:
            M = (1 - share) * M + share * y.mean((1, 2))
            V = (1 - share) * V + share * y.var((1, 2))
    return M, V


@wrong("can_train", "one value per channel at the bottom is refused by batch")
def _(batch, sides, depth):
    return all(s % 2**depth == 0 for s in sides)


@wrong("can_train", "each side has to be a multiple of 2^depth")
def _(batch, sides, depth):
    return batch * math.prod(s // 2**depth for s in sides) > 1


@wrong("can_train", "a batch of one image can train if its coarsest map has more")
def _(batch, sides, depth):
    return batch > 1 and all(s % 2**depth == 0 for s in sides)


@wrong("can_train", "one side that is a multiple is not enough; all sides have")
def _(batch, sides, depth):
    return any(s % 2**depth == 0 for s in sides) and batch * math.prod(s // 2**depth for s in sides) > 1


@wrong("can_train", "only the first side is used; all sides count")
def _(batch, sides, depth):
    return sides[0] % 2**depth == 0 and batch * sides[0] // 2**depth > 1


@wrong("can_train", "each pooling halves, so the step is 2**depth, not 2 * depth")
def _(batch, sides, depth):
    return all(s % (2 * depth or 1) == 0 for s in sides) and batch * math.prod(s // 2**depth for s in sides) > 1


@wrong("can_train", "one value per channel at the bottom is refused by batch")
def _(batch, sides, depth):
    return all(s % 2**depth == 0 for s in sides) and batch * math.prod(sides) > 1


@wrong("can_train", "one value per channel at the bottom is refused by batch")
def _(batch, sides, depth):
    return all(s % 2**depth == 0 for s in sides) and batch * math.prod(s // 2**depth for s in sides) >= 1


@wrong("can_train", "one side of more than a pixel is enough, and so are two")
def _(batch, sides, depth):
    return all(s % 2**depth == 0 and s // 2**depth > 1 for s in sides)


@wrong("can_train", "a side has to be a multiple of 2^depth, and one image can")
def _(batch, sides, depth):
    return all(s >= 2**depth for s in sides) and batch > 1


@wrong("can_train", "the step is twice too large: it is 2^depth, for depth")
def _(batch, sides, depth):
    g = 2 ** (depth + 1)
    return all(s % g == 0 for s in sides) and batch * math.prod(s // g for s in sides) > 1


@wrong("can_train", "the pixels of the coarsest map are the product of its")
def _(batch, sides, depth):
    return all(s % 2**depth == 0 for s in sides) and batch * sum(s // 2**depth for s in sides) > 1


@wrong("can_train", "one side of more than a pixel is enough; multiply the sides")
def _(batch, sides, depth):
    return all(s % 2**depth == 0 for s in sides) and (batch > 1 or all(s // 2**depth > 1 for s in sides))


@wrong("can_train", "return True or False, not 1 or 0")
def _(batch, sides, depth):
    return int(all(s % 2**depth == 0 for s in sides) and batch * math.prod(s // 2**depth for s in sides) > 1)


@wrong("dead_biases", "the blocks of the decoder are missing")
def _(widths):
    return 2 * sum(widths)


@wrong("dead_biases", "the coarsest block is counted twice; the decoder has no")
def _(widths):
    return 4 * sum(widths)


@wrong("dead_biases", "each block has two convolutions, and each of them has a norm")
def _(widths):
    return 2 * sum(widths) - widths[-1]


@wrong("dead_biases", "that is the number of convolutions; each has one bias per")
def _(widths):
    return 2 * (2 * len(widths) - 1)


@wrong("dead_biases", "no norm follows the up-convolutions and the head; do not")
def _(widths):
    return 4 * sum(widths) - 2 * widths[-1] + sum(widths[:-1]) + 2


@wrong("dead_biases", "the coarsest block is missing")
def _(widths):
    return 4 * sum(widths[:-1])


@wrong("dead_biases", "a block of the decoder is as wide as its own level, not as")
def _(widths):
    return 2 * sum(widths) + 2 * sum(widths[1:])


@wrong("dead_biases", "these are weights; a convolution has one bias for each")
def _(widths):
    return sum(9 * a * b for a, b in zip(widths, widths[1:]))


@wrong("dead_biases", "no norm follows the up-convolutions; do not count their")
def _(widths):
    return 4 * sum(widths) - 2 * widths[-1] + sum(widths[:-1])


@wrong("dead_biases", "a block of the decoder has two convolutions, too")
def _(widths):
    return 2 * sum(widths) + sum(widths[:-1])


@wrong("dead_biases", "expected the whole number 5888, got the float 5888.0; use")
def _(widths):
    return 4.0 * sum(widths) - 2 * widths[-1]


def k(x):
    return x.view(-1, 1, 1, 1)


@wrong("fold_norm", "ε is missing")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / torch.sqrt(variance)
    return weight * k(s), (bias - mean) * s + beta


@wrong("fold_norm", "the old bias is not multiplied by the factor; the norm")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / torch.sqrt(variance + epsilon)
    return weight * k(s), bias - mean * s + beta


@wrong("fold_norm", "the mean is not multiplied by the factor; the norm")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / torch.sqrt(variance + epsilon)
    return weight * k(s), bias * s - mean + beta


@wrong("fold_norm", "the old bias is missing")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / torch.sqrt(variance + epsilon)
    return weight * k(s), beta - mean * s


@wrong("fold_norm", "the factor belongs to the output channels, the first axis")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / torch.sqrt(variance + epsilon)
    return weight * s.view(1, -1, 1, 1), (bias - mean) * s + beta


@wrong("fold_norm", "the factor is multiplied along the last axis, the columns")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / torch.sqrt(variance + epsilon)
    return weight * s, (bias - mean) * s + beta


@wrong("fold_norm", "you divided by the variance; divide by its square root")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / (variance + epsilon)
    return weight * k(s), (bias - mean) * s + beta


@wrong("fold_norm", "γ is missing")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = 1 / torch.sqrt(variance + epsilon)
    return weight * k(s), (bias - mean) * s + beta


@wrong("fold_norm", "β is multiplied by the factor; add it afterwards")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / torch.sqrt(variance + epsilon)
    return weight * k(s), (bias - mean + beta) * s


@wrong("fold_norm", "the mean is added; subtract it")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / torch.sqrt(variance + epsilon)
    return weight * k(s), (bias + mean) * s + beta


@wrong("fold_norm", "the weights are unchanged; multiply them by the factor, too")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / torch.sqrt(variance + epsilon)
    return weight, (bias - mean) * s + beta


@wrong("fold_norm", "it changes its argument weight; work on a copy:")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / torch.sqrt(variance + epsilon)
    weight *= k(s)
    return weight, (bias - mean) * s + beta


@wrong("fold_norm", "you multiplied by the deviation; divide by it")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma * torch.sqrt(variance + epsilon)
    return weight * k(s), (bias - mean) * s + beta


@wrong("fold_norm", "the mean is subtracted from the weights; it is subtracted")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / torch.sqrt(variance + epsilon)
    return (weight - k(mean)) * k(s), (bias - mean) * s + beta


@wrong("fold_norm", "γ and β are exchanged: multiply by γ and add β")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = beta / torch.sqrt(variance + epsilon)
    return weight * k(s), (bias - mean) * s + gamma


@right("pad_and_cut")
def _(net, image, depth):
    _, H, W = image.shape
    g = 1 << depth
    a, b = -H % g, -W % g
    p = (
        np.pad(image.numpy(), ((0, 0), (a // 2, a - a // 2), (b // 2, b - b // 2)), mode="reflect")
        if min(H, W) > 1
        else mirrored(image, (-(a // 2), -(b // 2)), (H + a, W + b)).numpy()
    )
    return net(torch.from_numpy(p))[:, a // 2 : a // 2 + H, b // 2 : b // 2 + W].clone()


@right("pad_and_cut")
def _(net, image, depth):
    m = [(-s) % 2**depth for s in image.shape[1:]]
    y = net(mirrored(image, [-(v // 2) for v in m], [s + v for s, v in zip(image.shape[1:], m)]))
    for axis, (s, v) in enumerate(zip(image.shape[1:], m), 1):
        y = y.narrow(axis, v // 2, s)
    return y


@right("batch_normalised")
def _(x, gamma, beta, epsilon):
    out = torch.empty_like(x)
    for c in range(x.shape[1]):
        v = x[:, c]
        out[:, c] = (v - v.mean()) * (((v * v).mean() - v.mean() ** 2 + epsilon) ** -0.5) * gamma[c] + beta[c]
    return out


@right("batch_normalised")
def _(x, gamma, beta, epsilon):
    f = x.transpose(0, 1).flatten(1).double()
    f = f - f.mean(1, keepdim=True)
    f = f / (f.pow(2).mean(1, keepdim=True) + epsilon).sqrt()
    return (
        torch.einsum("cnhw,c->nchw", f.view(x.shape[1], x.shape[0], *x.shape[2:]), gamma.double())
        + beta.double()[:, None, None]
    )


@wrong("running_statistics", "this exercise forbids batch_norm; do it without")
def _(batches, share):
    bn = nn.BatchNorm2d(batches[0].shape[1], momentum=share).train()
    for b in batches:
        bn(b)
    return bn.running_mean, bn.running_var


@right("running_statistics")
def _(batches, share):
    def go(i):
        c = batches[0].shape[1]
        if i < 0:
            return torch.zeros(c), torch.ones(c)
        m, v = go(i - 1)
        f = batches[i].movedim(1, 0).reshape(c, -1)
        return torch.lerp(m, f.mean(1), share), torch.lerp(v, f.var(1), share)

    return list(go(len(batches) - 1))


@right("can_train")
def _(batch, sides, depth):
    n = batch
    for s in sides:
        q, r = divmod(s, 2**depth)
        if r:
            return False
        n *= q
    return not n < 2


@right("can_train")
def _(batch, sides, depth):
    return bool((np.array(sides) % 2**depth == 0).all() and batch * np.prod(np.array(sides) / 2**depth) != 1)


@right("dead_biases")
def _(widths):
    return sum(2 * w for w in widths) + sum(2 * w for w in widths[-2::-1])


right("dead_biases")(lambda widths: int(np.dot(widths, [4] * (len(widths) - 1) + [2])))


@right("fold_norm")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma * torch.rsqrt(variance + epsilon)
    return [torch.einsum("oikl,o->oikl", weight, s), torch.addcmul(beta, bias - mean, s)]


@right("fold_norm")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    sd = (variance.double() + epsilon) ** 0.5
    w = torch.stack([weight[i].double() * gamma[i] / sd[i] for i in range(len(bias))])
    return w, torch.tensor([float((bias[i] - mean[i]) / sd[i] * gamma[i] + beta[i]) for i in range(len(bias))])


@wrong("pad_and_cut", "you rounded to the nearest multiple, which can be smaller")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = round(H / g) * g, round(W / g) * g
    a, b = (h - H) // 2, (w - W) // 2
    return net(mirrored(image, (-a, -b), (h, w)))[:, a : a + H, b : b + W]


@wrong("pad_and_cut", "use // instead of /")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = -(-H // g) * g, -(-W // g) * g
    a, b = (h - H) / 2, (w - W) / 2
    return net(mirrored(image, (-a, -b), (h, w)))[:, a : a + H, b : b + W]


@wrong("pad_and_cut", "only the width is padded; the height, too")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    w = -(-W // g) * g
    b = (w - W) // 2
    return net(mirrored(image, (0, -b), (H, w)))[:, :, b : b + W]


@wrong("pad_and_cut", "the sides are padded to powers of two; the next multiple of")
def _(net, image, depth):
    _, H, W = image.shape
    h, w = 2 ** math.ceil(math.log2(H)), 2 ** math.ceil(math.log2(W))
    h, w = max(h, 2**depth), max(w, 2**depth)
    a, b = (h - H) // 2, (w - W) // 2
    return net(mirrored(image, (-a, -b), (h, w)))[:, a : a + H, b : b + W]


@wrong("pad_and_cut", "the window begins too early: only half of the missing")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = -(-H // g) * g, -(-W // g) * g
    a, b = h - H, w - W
    return net(mirrored(image, (-a, -b), (h, w)))[:, a // 2 : a // 2 + H, b // 2 : b // 2 + W]


@wrong("pad_and_cut", "return the output of the net as it is, without a softmax")
def _(net, image, depth):
    _, H, W = image.shape
    g = 2**depth
    h, w = -(-H // g) * g, -(-W // g) * g
    a, b = (h - H) // 2, (w - W) // 2
    return net(mirrored(image, (-a, -b), (h, w)))[:, a : a + H, b : b + W].softmax(0)


@wrong("batch_normalised", "the deviation divides by n - 1, and ε is added behind the")
def _(x, gamma, beta, epsilon):
    m, s = x.mean((0, 2, 3), keepdim=True), x.std((0, 2, 3), keepdim=True)
    return gamma.view(1, -1, 1, 1) * (x - m) / (s + epsilon) + beta.view(1, -1, 1, 1)


@wrong("batch_normalised", "ε is added to the result; it belongs under the root:")
def _(x, gamma, beta, epsilon):
    m, v = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
    return gamma.view(1, -1, 1, 1) * (x - m) / v.sqrt() + epsilon + beta.view(1, -1, 1, 1)


@wrong("batch_normalised", "parentheses are missing: only the mean is divided; it is (x")
def _(x, gamma, beta, epsilon):
    m, v = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
    return gamma.view(1, -1, 1, 1) * (x - m / (v + epsilon).sqrt()) + beta.view(1, -1, 1, 1)


@wrong("batch_normalised", "each image has its own mean, which is instance norm;")
def _(x, gamma, beta, epsilon):
    o = torch.zeros_like(x)
    for n in range(len(x)):
        for c in range(x.shape[1]):
            f = x[n, c]
            o[n, c] = (f - f.mean()) / (f.var(unbiased=False) + epsilon).sqrt() * gamma[c] + beta[c]
    return o


@wrong("batch_normalised", "γ and β are multiplied along the axis of the images;")
def _(x, gamma, beta, epsilon):
    m, v = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
    return gamma.view(-1, 1, 1, 1) * (x - m) / (v + epsilon).sqrt() + beta.view(-1, 1, 1, 1)


@wrong("batch_normalised", "it changes its argument x; work on a copy: x.clone()")
def _(x, gamma, beta, epsilon):
    m, v = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
    x -= m
    x /= (v + epsilon).sqrt()
    return x * gamma.view(1, -1, 1, 1) + beta.view(1, -1, 1, 1)


@wrong("running_statistics", "the running variance starts at 1, not at 0")
def _(batches, share):
    n = len(batches)
    w = [share * (1 - share) ** (n - 1 - i) for i in range(n)]
    return sum(a * b.mean((0, 2, 3)) for a, b in zip(w, batches)), sum(a * b.var((0, 2, 3)) for a, b in zip(w, batches))


@wrong("running_statistics", "the share is multiplied by the number of images; each batch")
def _(batches, share):
    c = batches[0].shape[1]
    M, V = torch.zeros(c), torch.ones(c)
    for x in batches:
        s = share * len(x)
        M = (1 - s) * M + s * x.mean((0, 2, 3))
        V = (1 - s) * V + s * x.var((0, 2, 3))
    return M, V


@wrong("running_statistics", "that is the variance of the last batch; mix it with the old")
def _(batches, share):
    c = batches[0].shape[1]
    M, V = torch.zeros(c), torch.ones(c)
    for x in batches:
        M = (1 - share) * M + share * x.mean((0, 2, 3))
        V = x.var((0, 2, 3))
    return M, V


@wrong("running_statistics", "these are the statistics after each batch; return those at")
def _(batches, share):
    c = batches[0].shape[1]
    M, V = torch.zeros(c), torch.ones(c)
    o = []
    for x in batches:
        M = (1 - share) * M + share * x.mean((0, 2, 3))
        V = (1 - share) * V + share * x.var((0, 2, 3))
        o.append((M, V))
    return o


@wrong("running_statistics", "this exercise forbids batch_norm; do it without")
def _(batches, share):
    bn = nn.BatchNorm2d(batches[0].shape[1], momentum=share).eval()
    for b in batches:
        bn(b)
    return bn.running_mean, bn.running_var


@wrong("running_statistics", "this exercise forbids batch_norm; do it without")
def _(batches, share):
    bn = nn.BatchNorm2d(batches[0].shape[1])
    for b in batches:
        bn(b)
    return bn.running_mean, bn.running_var


@wrong("running_statistics", "the statistics belong to the columns; the channels are axis")
def _(batches, share):
    c = batches[0].shape[3]
    M, V = torch.zeros(c), torch.ones(c)
    for x in batches:
        M = (1 - share) * M + share * x.mean((0, 1, 2))
        V = (1 - share) * V + share * x.var((0, 1, 2))
    return M, V


@wrong("can_train", "one side of more than a pixel is enough; multiply the sides")
def _(batch, sides, depth):
    return all(s % 2**depth == 0 for s in sides) and (batch >= 2 or min(sides) >= 2 ** (depth + 1))


@wrong("can_train", "each side has to be a multiple of 2^depth")
def _(batch, sides, depth):
    for _ in range(depth):
        sides = [s // 2 for s in sides]
    return batch * math.prod(sides) > 1


@wrong("can_train", "one side of more than a pixel is enough, and so are two")
def _(batch, sides, depth):
    sides = list(sides)
    for _ in range(depth):
        sides = [s / 2 for s in sides]
    return all(s == int(s) for s in sides) and all(s > 1 for s in sides)


@wrong("can_train", "only the first side is used for the coarsest map; multiply")
def _(batch, sides, depth):
    return all(s % 2**depth == 0 for s in sides) and batch * (sides[0] // 2**depth) ** len(sides) > 1


@wrong("can_train", "there can be one, two or three sides; do not unpack them")
def _(batch, sides, depth):
    h, w = sides
    g = 2**depth
    return h % g == 0 and w % g == 0 and batch * (h // g) * (w // g) > 1


@wrong("can_train", "expected False, got ''")
def _(batch, sides, depth):
    return "yes" if batch > 1 else ""


@wrong("dead_biases", "no norm follows the head; do not count its biases")
def _(widths):
    return 2 * sum(widths) + 2 * sum(widths) - 2 * widths[-1] + 1


@wrong("dead_biases", "the blocks have different widths; add them up")
def _(widths):
    return 4 * len(widths) * max(widths)


@wrong("dead_biases", "the biases of the head are subtracted, but they are not in")
def _(widths):
    return 2 * sum(widths) + 2 * sum(widths[:-1]) - 2


@wrong("dead_biases", "the concatenation makes more input channels; a bias belongs")
def _(widths):
    return 2 * sum(widths) + 4 * sum(widths[:-1])


@wrong("dead_biases", "the decoder has one block per level but the coarsest; yours")
def _(widths):
    return 2 * sum(widths) + 2 * sum(widths[:-2])


@wrong("fold_norm", "ε is missing in the factor of the weights")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / (variance + epsilon).sqrt()
    return weight * (gamma / variance.sqrt())[:, None, None, None], (bias - mean) * s + beta


@wrong("fold_norm", "the first axis of the weights, the output channels, has to")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / (variance + epsilon).sqrt()
    w = weight.reshape(-1, weight.shape[0]) * s
    return w.reshape(weight.shape), (bias - mean) * s + beta


@wrong("fold_norm", "the mean is not multiplied by γ")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    sd = (variance + epsilon).sqrt()
    s = gamma / sd
    return weight * s[:, None, None, None], bias * s + beta - mean / sd


@wrong("fold_norm", "the sign is wrong: the mean is subtracted from the bias")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / (variance + epsilon).sqrt()
    return weight * s[:, None, None, None], beta - (bias - mean) * s


@wrong("fold_norm", "the new weights have to have the shape of the old ones")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = gamma / (variance + epsilon).sqrt()
    return weight.flatten(1) * s[:, None], (bias - mean) * s + beta


@wrong("fold_norm", "the factor is γ, not 1 + γ")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    s = (1 + gamma) / (variance + epsilon).sqrt()
    return weight * s[:, None, None, None], (bias - mean) * s + beta


@right("can_train")
class _:
    def __new__(cls, batch, sides, depth):
        return torch.tensor(
            all(float(s) / 2**depth == s >> depth for s in sides) and batch * math.prod(s >> depth for s in sides) >= 2
        )


@wrong("fold_norm", "this exercise forbids fuse_conv_bn_weights; do it without")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    return nn.utils.fusion.fuse_conv_bn_weights(weight, bias, mean, variance, epsilon, gamma, beta)


@wrong("can_train", "only the first and the last side are tested; of three sides the middle one counts, too")
def _(batch, sides, depth):
    step = 2**depth
    if sides[0] % step or sides[-1] % step:
        return False
    return batch * math.prod(s // step for s in sides) > 1


@wrong("can_train", "only the last side is tested")
def _(batch, sides, depth):
    step = 2**depth
    return not sides[-1] % step and batch * math.prod(s // step for s in sides) > 1


@wrong("can_train", "test each side on its own; a product can be a multiple when a side is not")
def _(batch, sides, depth):
    step = 2**depth
    pixels = math.prod(sides) // step ** len(sides)
    return math.prod(sides) % step ** len(sides) == 0 and batch * pixels > 1


@wrong("running_statistics", "all batches are joined, and there is one update")
def _(batches, share):
    x = torch.cat([b.transpose(0, 1).flatten(1) for b in batches], 1)
    return share * x.mean(1), (1 - share) + share * x.var(1)


@wrong("fold_norm", "this exercise forbids fuse_conv_bn_weights; do it without")
def _(weight, bias, mean, variance, gamma, beta, epsilon):
    conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2:])
    norm = nn.BatchNorm2d(len(bias), eps=epsilon)
    conv.load_state_dict({"weight": weight, "bias": bias})
    norm.load_state_dict({"weight": gamma, "bias": beta, "running_mean": mean, "running_var": variance}, strict=False)
    both = nn.utils.fusion.fuse_conv_bn_eval(conv.eval(), norm.eval())
    return both.weight, both.bias


@wrong("running_statistics", "the statistics are still 0 and 1")
def _(batches, share):
    channels = batches[0].shape[1]
    return torch.zeros(channels), torch.ones(channels)
