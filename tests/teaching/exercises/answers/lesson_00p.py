"""Answers to the exercises of lesson 00p as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


@wrong("chain_shape", "a single pooling is counted, after the last convolution")
def _(shape, channels):
    n, c, h, w = shape
    for k in channels:
        h, w = h - 2, w - 2
    return n, channels[-1], h // 2, w // 2


@wrong("chain_shape", "a single convolution is counted, before all poolings")
def _(shape, channels):
    n, c, h, w = shape
    h, w = h - 2, w - 2
    for _ in channels:
        h, w = h // 2, w // 2
    return n, channels[-1], h, w


@wrong("chain_shape", "a 3 × 3 convolution takes 2 from a side, and not 3")
def _(shape, channels):
    n, c, h, w = shape
    for c in channels:
        h, w = (h - 3) // 2, (w - 3) // 2
    return n, c, h, w


@wrong("to_batch", "the axis of the images is missing")
def _(picture):
    return torch.from_numpy(picture).permute(2, 0, 1).float() / 255


@wrong("without_means", "write keepdim=True")
def _(x):
    return x - x.mean(dim=(2, 3))


@wrong("without_means", "write keepdim=True")
def _(x):
    means = x.sum((2, 3)) / x[0, 0].numel()
    return x - means


@wrong("without_means", "amax takes its axes away; they stay, with one entry each, if you write keepdim=True")
def _(x):
    return x - x.amax(1)


@wrong("convolve_channels", "there are H - 2 windows below one another, range(H - 2)")
def _(image, kernel):
    _, h, w = image.shape
    out = torch.zeros(h - 2, w - 2)
    for i in range(h - 3):
        for j in range(w - 3):
            out[i, j] = (image[:, i : i + 3, j : j + 3] * kernel).sum()
    return out


@wrong("convolve_channels", "each channel overwrites the one before")
def _(image, kernel):
    c, h, w = image.shape
    out = torch.zeros(h - 2, w - 2)
    for k in range(c):
        for i in range(h - 2):
            for j in range(w - 2):
                out[i, j] = (image[k, i : i + 3, j : j + 3] * kernel[k]).sum()
    return out


@wrong("slope_of_loss", "the mean of a product is not the product of the means")
def _(w, x, y):
    return float((2 * (w * x - y)).mean() * x.mean())


@wrong("training_step", "your results fit this mistake: the term w is missing")
def _(w, x, y, rate):
    return rate * float((2 * (w * x - y) * x).mean())


@right("chain_shape")
def _(shape, channels):
    x = torch.zeros(shape)
    for k in channels:
        x = F.max_pool2d(nn.Conv2d(x.shape[1], k, 3)(x), 2)
    return tuple(x.shape)


@right("to_batch")
def _(picture):
    return torch.stack([torch.as_tensor(picture[..., c].copy()) for c in range(3)])[None].double() / 255


@right("without_means")
def _(x):
    return x - x.mean((2, 3))[..., None, None]


@right("convolve_channels")
def _(image, kernel):
    return torch.einsum("chwij,cij->hw", image.unfold(1, 3, 1).unfold(2, 3, 1), kernel)


@right("training_step")
def _(w, x, y, rate):
    w = torch.tensor(w, requires_grad=True)
    ((w * x - y) ** 2).mean().backward()
    return (w - rate * w.grad).item()
