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


@wrong("chain_shape", "item 2: every result is 1 too large; item 0, 1 is right")
def _(shape, channels):
    n, c, h, w = shape
    for k in channels:
        h, w = h // 2 - 1, w // 2 - 1
    return n, channels[-1], h + 1, w + 1


@wrong("chain_shape", "only the rows went through; the columns do the same")
def _(shape, channels):
    n, c, h, w = shape
    for k in channels:
        h = (h - 2) // 2
    return n, channels[-1], h, w


@wrong("chain_shape", "that is the number of convolutions; the last one sets the channels")
def _(shape, channels):
    n, c, h, w = shape
    for k in channels:
        h, w = (h - 2) // 2, (w - 2) // 2
    return n, len(channels), h, w


@wrong("to_batch", "rows and columns are exchanged; the axes are (C, H, W)")
def _(picture):
    return torch.from_numpy(picture).float().T[None] / 255


@wrong("to_batch", "got whole numbers")
def _(picture):
    return torch.from_numpy(picture).permute(2, 0, 1)[None] // 255


@wrong("to_batch", "you divided by the largest number of this picture; divide by 255 in every")
def _(picture):
    t = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    return t / t.max()


@wrong("to_batch", "the values lie between -1 and 1; from 0 to 255 they become 0 to 1")
def _(picture):
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1


@wrong("to_batch", "the axis of the images is the last one; it is the first: [None]")
def _(picture):
    return (torch.from_numpy(picture).permute(2, 0, 1).float() / 255).unsqueeze(-1)


@wrong("without_means", "takes its axes away")
def _(x):
    return x - x.mean((2, 3))[:, None, None]


@wrong("without_means", "the median was subtracted; subtract the mean")
def _(x):
    return x - x.flatten(2).median(2).values[..., None, None]


@wrong("without_means", "only the first image lost its means; subtract those of every image")
def _(x):
    out = x.clone()
    for c in range(x.shape[1]):
        out[0, c] -= x[0, c].mean()
    return out


@wrong("convolve_channels", "the window lies one column to the right; the first one begins at column 0")
def _(image, kernel):
    c, h, w = image.shape
    p = F.pad(image, (0, 1))
    out = torch.zeros(h - 2, w - 2)
    for i in range(h - 2):
        for j in range(w - 2):
            out[i, j] = (p[:, i : i + 3, j + 1 : j + 4] * kernel).sum()
    return out


@wrong("convolve_channels", "the window has 2 × 2 pixels; a slice leaves its end out, so it is row : row")
def _(image, kernel):
    c, h, w = image.shape
    out = torch.zeros(h - 2, w - 2)
    for i in range(h - 2):
        for j in range(w - 2):
            out[i, j] = (image[:, i : i + 2, j : j + 2] * kernel[:, :2, :2]).sum()
    return out


@wrong("convolve_channels", "@ is the product of matrices; multiply pixel by pixel, with *")
def _(image, kernel):
    c, h, w = image.shape
    out = torch.zeros(h - 2, w - 2)
    for i in range(h - 2):
        for j in range(w - 2):
            out[i, j] = (image[:, i : i + 3, j : j + 3] @ kernel).sum()
    return out


@wrong("convolve_channels", "got whole numbers")
def _(image, kernel):
    c, h, w = image.shape
    out = torch.zeros(h - 2, w - 2, dtype=torch.int64)
    for i in range(h - 2):
        for j in range(w - 2):
            out[i, j] = (image[:, i : i + 3, j : j + 3] * kernel).sum()
    return out


@wrong("slope_of_loss", "you divided by 2; the derivative of e² is 2 · e")
def _(w, x, y):
    return float(((w * x - y) * x).sum() / (2 * len(x)))


@wrong("slope_of_loss", "the error lost its sign; the derivative of e² is 2 · e")
def _(w, x, y):
    return float((2 * (w * x - y).abs() * x).mean())


@wrong("slope_of_loss", "(a - b)² is not a² - b²: multiply (w · x - y)² out, or use the chain rule")
def _(w, x, y):
    return float((2 * w * x**2 - y**2).mean())


@wrong("training_step", "you divided by the rate; the step is rate · gradient")
def _(w, x, y, rate):
    return w - float((2 * (w * x - y) * x).mean()) / rate


@wrong("training_step", "the loss is a mean over the samples; its gradient is a mean, too")
def _(w, x, y, rate):
    return w - rate * float((2 * (w * x - y) * x).sum())


@wrong("training_step", "the rate multiplies the gradient alone: w - rate · gradient")
def _(w, x, y, rate):
    return rate * (w - float((2 * (w * x - y) * x).mean()))
