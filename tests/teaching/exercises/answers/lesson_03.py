"""Answers to the exercises of lesson 03 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import torch
from torch import nn
from torch.nn import functional as F

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


class Step(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.up = nn.ConvTranspose2d(2 * channels, channels, 2, stride=2)
        self.first = nn.Conv2d(2 * channels, channels, 3)
        self.second = nn.Conv2d(channels, channels, 3)

    def merged(self, skip, up):
        a, b = (skip.shape[2] - up.shape[2]) // 2, (skip.shape[3] - up.shape[3]) // 2
        return torch.cat((skip[:, :, a : a + up.shape[2], b : b + up.shape[3]], up), 1)


@wrong("crop", "top:-top fails if the difference is 0 or odd; the end is top + height")
def _(x, height, width):
    a, b = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, a:-a, b:-b]


@wrong("crop", "if the difference is odd, the smaller half is removed at")
def _(x, height, width):
    a, b = (x.shape[2] - height + 1) // 2, (x.shape[3] - width + 1) // 2
    return x[:, :, a : a + height, b : b + width]


@wrong("crop", "both halves were rounded before they were subtracted; take")
def _(x, height, width):
    a, b = x.shape[2] // 2 - height // 2, x.shape[3] // 2 - width // 2
    return x[:, :, a : a + height, b : b + width]


@wrong("crop", "a slice is first : end, not first : length; the end is top")
def _(x, height, width):
    a, b = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, a:height, b:width]


@wrong("crop", "you cropped the last rows and columns instead of the middle")
def _(x, height, width):
    return x[:, :, -height:, -width:]


@wrong("crop", "height and width are exchanged; the height belongs to axis")
def _(x, height, width):
    a, b = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, a : a + width, b : b + height]


@wrong("crop", "the first two axes are images and channels; rows and")
def _(x, height, width):
    a, b = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[a : a + height, b : b + width]


@wrong("crop", "if the difference is odd, a row or a column too many is")
def _(x, height, width):
    a, b = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, a : x.shape[2] - a, b : x.shape[3] - b]


@wrong("crop_and_concat", "up was padded to the size of the skip; crop the skip to the")
def _(skip, up):
    return torch.cat(
        (
            skip,
            F.pad(
                up,
                [
                    d
                    for n, m in ((skip.shape[3], up.shape[3]), (skip.shape[2], up.shape[2]))
                    for d in ((n - m) // 2, n - m - (n - m) // 2)
                ],
            ),
        ),
        1,
    )


@wrong("crop_and_concat", "the skip is not cropped; cut it to the height and width of")
def _(skip, up):
    return torch.cat((skip, up), 1)


@wrong("crop_and_concat", "top:-top fails if the difference is 0 or odd; the end is top + height")
def _(skip, up):
    a, b = (skip.shape[2] - up.shape[2]) // 2, (skip.shape[3] - up.shape[3]) // 2
    return torch.cat((skip[:, :, a:-a, b:-b], up), 1)


@wrong("crop_and_concat", "dim=0 is the axis of the images; channels are joined along")
def _(skip, up):
    a, b = (skip.shape[2] - up.shape[2]) // 2, (skip.shape[3] - up.shape[3]) // 2
    return torch.cat((skip[:, :, a : a + up.shape[2], b : b + up.shape[3]], up))


@wrong("crop_and_concat", "dim=-1 is the axis of the columns; channels are axis 1")
def _(skip, up):
    a, b = (skip.shape[2] - up.shape[2]) // 2, (skip.shape[3] - up.shape[3]) // 2
    return torch.cat((skip[:, :, a : a + up.shape[2], b : b + up.shape[3]], up), -1)


@wrong("crop_and_concat", "stack makes a new axis; cat joins the maps along the channels")
def _(skip, up):
    a, b = (skip.shape[2] - up.shape[2]) // 2, (skip.shape[3] - up.shape[3]) // 2
    return torch.stack((skip[:, :, a : a + up.shape[2], b : b + up.shape[3]], up), 1)


@wrong("crop_and_concat", "torch.cat takes the maps as one tuple: torch.cat((a, b),")
def _(skip, up):
    a, b = (skip.shape[2] - up.shape[2]) // 2, (skip.shape[3] - up.shape[3]) // 2
    return torch.cat(skip[:, :, a : a + up.shape[2], b : b + up.shape[3]], up, 1)


@wrong("crop_and_concat", "if the difference is odd, the smaller half is removed at")
def _(skip, up):
    a, b = -((up.shape[2] - skip.shape[2]) // 2), -((up.shape[3] - skip.shape[3]) // 2)
    return torch.cat((skip[:, :, a : a + up.shape[2], b : b + up.shape[3]], up), 1)


@wrong("up_convolution", "this exercise forbids conv_transpose2d")
def _(x, weight, bias):
    return F.conv_transpose2d(x, weight, bias, stride=2)


@wrong("up_convolution", "this exercise forbids conv_transpose2d")
def _(x, weight, bias):
    m = nn.ConvTranspose2d(weight.shape[0], weight.shape[1], 2, stride=2)
    m.weight.data, m.bias.data = weight, bias
    return m(x).detach()


@wrong("up_convolution", "reshape joins neighbouring axes: rows and columns of a")
def _(x, weight, bias):
    n, c, h, w = x.shape
    return torch.einsum("nchw,cdij->ndhwij", x, weight).reshape(n, -1, 2 * h, 2 * w) + bias.reshape(1, -1, 1, 1)


@wrong("up_convolution", "the axes are joined in the wrong order: each pixel's block")
def _(x, weight, bias):
    n, c, h, w = x.shape
    return torch.einsum("nchw,cdij->ndihjw", x, weight).reshape(n, -1, 2 * h, 2 * w) + bias.reshape(1, -1, 1, 1)


@wrong("up_convolution", "each channel overwrites the one before, so only the last")
def _(x, weight, bias):
    n, c, h, w = x.shape
    d = weight.shape[1]
    out = torch.zeros(n, d, 2 * h, 2 * w)
    for k in range(c):
        for i in range(h):
            for j in range(w):
                out[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = x[:, k, i, j, None, None, None] * weight[k]
    return out + bias.reshape(1, -1, 1, 1)


@wrong("up_convolution", "the bias is added once for each input channel; add it once")
def _(x, weight, bias):
    n, c, h, w = x.shape
    d = weight.shape[1]
    out = torch.zeros(n, d, 2 * h, 2 * w)
    for k in range(c):
        for i in range(h):
            for j in range(w):
                out[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2] += x[:, k, i, j, None, None, None] * weight[
                    k
                ] + bias.reshape(1, -1, 1, 1)
    return out


@wrong("up_convolution", "the bias was added along the last axis, the columns;")
def _(x, weight, bias):
    n, c, h, w = x.shape
    return torch.einsum("nchw,cdij->ndhiwj", x, weight).reshape(n, -1, 2 * h, 2 * w) + bias


@wrong("up_convolution", "you enlarged the map and convolved it: the blocks of")
def _(x, weight, bias):
    big = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
    return F.conv2d(F.pad(big, (0, 1, 0, 1)), weight.transpose(0, 1), bias)


@wrong("up_step", "the skip is larger than the map from below; crop it to that")
class _(Step):
    def forward(self, below, skip):
        return F.relu(self.second(F.relu(self.first(torch.cat((skip, self.up(below)), 1)))))


@wrong("up_step", "a ReLU follows the up-convolution; only the two 3×3")
class _(Step):
    def forward(self, below, skip):
        return F.relu(self.second(F.relu(self.first(self.merged(skip, F.relu(self.up(below)))))))


@wrong("up_step", "the ReLU between the two is missing")
class _(Step):
    def forward(self, below, skip):
        return F.relu(self.second(self.first(self.merged(skip, self.up(below)))))


@wrong("up_step", "both ReLUs are missing; each 3×3 convolution is followed by")
class _(Step):
    def forward(self, below, skip):
        return self.second(self.first(self.merged(skip, self.up(below))))


@wrong("up_step", "self.up got the skip; it takes the map from below, the")
class _(Step):
    def forward(self, skip, below):
        return F.relu(self.second(F.relu(self.first(self.merged(skip, self.up(below))))))


@wrong("up_step", "the map from below was padded to the size of the skip; crop")
class _(Step):
    def forward(self, below, skip):
        up = self.up(below)
        dy, dx = skip.shape[2] - up.shape[2], skip.shape[3] - up.shape[3]
        up = F.pad(up, (dx // 2, dx - dx // 2, dy // 2, dy - dy // 2))
        return F.relu(self.second(F.relu(self.first(torch.cat((skip, up), 1)))))


@wrong("up_step", "the second convolution is missing")
class _(Step):
    def forward(self, below, skip):
        return F.relu(self.first(self.merged(skip, self.up(below))))


@wrong("up_step", "self.first is used twice; the second convolution is")
class _(Step):
    def forward(self, below, skip):
        return F.relu(self.first(F.relu(self.first(self.merged(skip, self.up(below))))))


@wrong("up_step", "self.first takes the merged channels, before self.second")
class _(Step):
    def forward(self, below, skip):
        return self.second(self.merged(skip, self.up(below)))


@wrong("up_step", "the skip comes second, and its corner was cropped; put its")
class _(Step):
    def forward(self, below, skip):
        up = self.up(below)
        return F.relu(self.second(F.relu(self.first(torch.cat((up, skip[:, :, : up.shape[2], : up.shape[3]]), 1)))))


@wrong("up_step", "the map was enlarged without self.up, so it has too many")
class _(Step):
    def forward(self, below, skip):
        up = F.interpolate(below, scale_factor=2)
        return F.relu(self.second(F.relu(self.first(self.merged(skip, up)))))


@wrong("crop", "height // 2 on both sides of the centre is one row too few")
def _(x, height, width):
    a, b = x.shape[2] // 2, x.shape[3] // 2
    return x[:, :, a - height // 2 : a + height // 2, b - width // 2 : b + width // 2]


@wrong("crop", "where the difference is zero the end is -0, which is 0, and")
def _(x, height, width):
    dy, dx = x.shape[2] - height, x.shape[3] - width
    return x[:, :, dy // 2 : -(dy - dy // 2), dx // 2 : -(dx - dx // 2)]


@wrong("crop", "axis 1 holds the channels; rows and columns are the axes 2")
def _(x, height, width):
    h, w = x.shape[1:3]
    a, b = (h - height) // 2, (w - width) // 2
    return x[:, a : a + height, b : b + width]


@wrong("crop", "you cropped the last rows and columns instead of the middle")
def _(x, height, width):
    dy, dx = x.shape[2] - height, x.shape[3] - width
    return x[:, :, dy:, dx:]


@wrong("crop_and_concat", "expected a tensor as output, got None; is a return missing?")
def _(skip, up):
    a, b = (skip.shape[2] - up.shape[2]) // 2, (skip.shape[3] - up.shape[3]) // 2
    torch.cat((skip[:, :, a : a + up.shape[2], b : b + up.shape[3]], up), 1)


@wrong("crop_and_concat", "only along axis 1 may they differ")
def _(skip, up):
    a, b = (skip.shape[2] - up.shape[2]) // 2, (skip.shape[3] - up.shape[3]) // 2
    return torch.cat((skip[:, :, a : a + up.shape[2], b : b + up.shape[2]], up), 1)


@wrong("crop_and_concat", "you shrank the map by leaving out pixels in between; in a")
def _(skip, up):
    return torch.cat((F.interpolate(skip, size=up.shape[2:]), up), 1)


@wrong("up_convolution", "the blocks are right; join h with i and w with j: reshape")
def _(x, weight, bias):
    return torch.einsum("nchw,cdij->ndhiwj", x, weight) + bias.reshape(1, -1, 1, 1, 1, 1)


@wrong("up_convolution", "c stands for axes of 3 and 2 entries")
def _(x, weight, bias):
    n, c, h, w = x.shape
    return torch.einsum("nchw,dcij->ndhiwj", x, weight).reshape(n, -1, 2 * h, 2 * w) + bias.reshape(1, -1, 1, 1)


@wrong("up_convolution", "the kernel was averaged; each of the four pixels of a block")
def _(x, weight, bias):
    return F.interpolate(torch.einsum("nchw,cd->ndhw", x, weight.mean((2, 3))), scale_factor=2) + bias.reshape(
        1, -1, 1, 1
    )


@wrong("up_convolution", "every block begins at (i, j), so that they overlap; the")
def _(x, weight, bias):
    n, c, h, w = x.shape
    d = weight.shape[1]
    out = torch.zeros(n, d, 2 * h, 2 * w)
    for i in range(h):
        for j in range(w):
            out[:, :, i : i + 2, j : j + 2] += torch.einsum("nc,cdij->ndij", x[:, :, i, j], weight)
    return out + bias.reshape(1, -1, 1, 1)


@wrong("up_step", "expected a tensor as output, got None; is a return missing?")
class _(Step):
    def forward(self, below, skip):
        x = F.relu(self.second(F.relu(self.first(self.merged(skip, self.up(below))))))


@wrong("up_step", "top:-top fails if the difference is 0 or odd; the end is top + height")
class _(Step):
    def forward(self, below, skip):
        up = self.up(below)
        a, b = (skip.shape[2] - up.shape[2]) // 2, (skip.shape[3] - up.shape[3]) // 2
        return F.relu(self.second(F.relu(self.first(torch.cat((skip[:, :, a:-a, b:-b], up), 1)))))


@wrong("up_step", "a leaky ReLU lets negative values through; use F.relu")
class _(Step):
    def forward(self, below, skip):
        return F.leaky_relu(self.second(F.leaky_relu(self.first(self.merged(skip, self.up(below))))))


@wrong("up_step", "the map was averaged to one number; return the map")
class _(Step):
    def forward(self, below, skip):
        return F.relu(self.second(F.relu(self.first(self.merged(skip, self.up(below)))))).mean()


@wrong("up_step", "the skip was resized to fit; crop its middle")
class _(Step):
    def forward(self, below, skip):
        up = self.up(below)
        return F.relu(self.second(F.relu(self.first(torch.cat((F.interpolate(skip, up.shape[2:]), up), 1)))))


@wrong("crop", "// is computed before -; the crop begins at (large - small)")
def _(x, height, width):
    a, b = x.shape[2] - height // 2, x.shape[3] - width // 2
    return x[:, :, a : a + height, b : b + width]


@wrong("crop", "on the left there are 2 names")
def _(x, height, width):
    h, w = x.shape
    return x[:, :, (h - height) // 2 : (h + height) // 2, (w - width) // 2 : (w + width) // 2]


@wrong("crop", "a slice leaves its end out already; the end is top + height")
def _(x, height, width):
    a, b = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, a : a + height - 1, b : b + width - 1]


@wrong("crop_and_concat", "top and left are exchanged; top belongs to the rows")
def _(skip, up):
    b, a = (skip.shape[2] - up.shape[2]) // 2, (skip.shape[3] - up.shape[3]) // 2
    return torch.cat((skip[:, :, a : a + up.shape[2], b : b + up.shape[3]], up), 1)


@wrong("crop_and_concat", "the skip is in the result twice; put up after the cropped skip")
def _(skip, up):
    a, b = (skip.shape[2] - up.shape[2]) // 2, (skip.shape[3] - up.shape[3]) // 2
    return torch.cat((skip[:, :, a : a + up.shape[2], b : b + up.shape[3]], skip), 1)


@wrong("crop_and_concat", "the order is (up, skip); put the skip first, or the weights")
def _(skip, up):
    a, b = (skip.shape[2] - up.shape[2]) // 2, (skip.shape[3] - up.shape[3]) // 2
    return torch.cat((up, skip[:, :, a : a + up.shape[2], b : b + up.shape[3]]), 1)


@wrong("up_convolution", "the bias is missing; add it to every pixel of its channel")
def _(x, weight, bias):
    n, c, h, w = x.shape
    return torch.einsum("nchw,cdij->ndhiwj", x, weight).reshape(n, -1, 2 * h, 2 * w)


@wrong("up_convolution", "the shapes do not fit each other: compare them axis by axis, beginning with the last")
def _(x, weight, bias):
    n, c, h, w = x.shape
    return torch.einsum("nchw,cdij->nchiwj", x, weight).reshape(n, -1, 2 * h, 2 * w) + bias.reshape(1, -1, 1, 1)


@wrong("up_convolution", "the bias is taken away; add it")
def _(x, weight, bias):
    n, c, h, w = x.shape
    return torch.einsum("nchw,cdij->ndhiwj", x, weight).reshape(n, -1, 2 * h, 2 * w) - bias.reshape(1, -1, 1, 1)


@wrong("up_step", "the result is pooled; there is no pooling on the way up")
class _(Step):
    def forward(self, below, skip):
        x = self.merged(skip, self.up(below))
        x = F.relu(self.first(x))
        x = F.relu(self.second(x))
        return F.max_pool2d(x, 2)


@wrong("up_step", "the ReLUs stand before the convolutions; each convolution")
class _(Step):
    def forward(self, below, skip):
        x = self.merged(skip, self.up(below))
        x = self.first(F.relu(x))
        return self.second(F.relu(x))


@wrong("up_step", "self.up got the skip; it takes the map from below, the")
class _(Step):
    def forward(self, below, skip):
        return F.relu(self.second(F.relu(self.first(self.merged(skip, self.up(skip))))))


@wrong("up_step", "a layer has to be called: layer(x)")
class _(Step):
    def forward(self, below, skip):
        x = self.merged(skip, self.up(below))
        return F.relu(self.second(F.relu(self.first)(x)))


@right("crop")
def _(x, height, width):
    dy, dx = x.shape[-2] - height, x.shape[-1] - width
    return F.pad(x, (-(dx // 2), -(dx - dx // 2), -(dy // 2), -(dy - dy // 2)))


@right("crop")
def _(x, height, width):
    return x.narrow(2, (x.size(2) - height) // 2, height).narrow(3, (x.size(3) - width) // 2, width).contiguous()


@right("crop_and_concat")
def _(skip, up):
    while skip.shape[2] > up.shape[2]:
        skip = skip[:, :, :-1] if (skip.shape[2] - up.shape[2]) % 2 else skip[:, :, 1:]
    dx = skip.shape[3] - up.shape[3]
    return torch.cat([skip[..., dx // 2 : dx // 2 + up.shape[3]], up], 1)


@right("up_convolution")
def _(x, weight, bias):
    n, c, h, w = x.shape
    d = weight.shape[1]
    out = torch.zeros(n, d, 2 * h, 2 * w, dtype=torch.float64)
    for i in (0, 1):
        for j in (0, 1):
            out[:, :, i::2, j::2] = torch.einsum("nchw,cd->ndhw", x, weight[:, :, i, j]) + bias[:, None, None]
    return out


@right("up_convolution")
def _(x, weight, bias):
    n, c, h, w = x.shape
    cols = torch.einsum("cdij,nchw->ndijhw", weight, x).reshape(n, -1, h * w)
    return F.fold(cols, (2 * h, 2 * w), 2, stride=2) + bias.view(-1, 1, 1)


@right("up_step")
class _(Step):
    def forward(self, below, skip):
        up = self.up(below)
        dy, dx = skip.shape[2] - up.shape[2], skip.shape[3] - up.shape[3]
        skip = F.pad(skip, (-(dx // 2), (dx // 2) - dx, -(dy // 2), (dy // 2) - dy))
        x = torch.relu(self.first(torch.concat([skip, up], dim=-3)))
        return self.second(x).relu()


@wrong("crop", "the margin of the rows was used for the columns, too")
def _(x, height, width):
    t = (x.shape[2] - height) // 2
    return x[:, :, t : t + height, t : t + width]


@wrong("crop", "height and width are exchanged; the height belongs to axis 2")
def _(x, width, height):
    t, l = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, t : t + height, l : l + width]


def cropped(x, height, width):
    t, l = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[:, :, t : t + height, l : l + width]


@wrong("crop_and_concat", "height and width are exchanged; the height belongs to axis 2")
def _(skip, up):
    return torch.cat((cropped(skip, up.shape[3], up.shape[2]), up), dim=1)


@wrong("crop_and_concat", "axis 1 holds the channels; rows and columns are the axes 2 and 3")
def _(skip, up):
    height, width = up.shape[2:]
    t, l = (skip.shape[1] - height) // 2, (skip.shape[2] - width) // 2
    return torch.cat((skip[:, t : t + height, l : l + width], up), dim=1)


@wrong("crop_and_concat", "the margin of the rows was used for the columns, too")
def _(skip, up):
    t = (skip.shape[2] - up.shape[2]) // 2
    return torch.cat((skip[:, :, t : t + up.shape[2], t : t + up.shape[3]], up), dim=1)


@wrong("up_step", "the skip is cropped to the size of `below`")
class _(Step):
    def forward(self, below, skip):
        u = self.up(below)
        x = torch.cat([cropped(skip, *below.shape[2:]), u], dim=1)
        return F.relu(self.second(F.relu(self.first(x))))


@wrong("up_step", "a ReLU is applied before the first 3×3 convolution")
class _(Step):
    def forward(self, below, skip):
        u = self.up(below)
        x = F.relu(torch.cat([cropped(skip, *u.shape[2:]), u], dim=1))
        return F.relu(self.second(F.relu(self.first(x))))


@wrong("crop", "if the difference is odd, a row or a column too many is left; the end is")
def _(x, height, width):
    t, l = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return F.pad(x, (-l, -l, -t, -t))


@wrong("crop", "the margin of the columns is not halved: half of them are removed on the")
def _(x, height, width):
    t, l = (x.shape[2] - height) // 2, x.shape[3] - width
    return x[:, :, t : t + height, l : l + width]


@wrong("crop", "the pixels were averaged; a crop keeps them as they are")
def _(x, height, width):
    return F.adaptive_avg_pool2d(x, (height, width))


@wrong("crop", "only the first image is returned; crop all of them: x[:, :, …]")
def _(x, height, width):
    t, l = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
    return x[0, :, t : t + height, l : l + width]


@wrong("crop", "only the columns are cropped; the rows too")
def _(x, height, width):
    l = (x.shape[3] - width) // 2
    return x[:, :, :, l : l + width]


@wrong("crop_and_concat", "you cropped the corner instead of the middle; remove as much at the start")
def _(skip, up):
    return torch.cat((skip[:, :, : up.shape[2], : up.shape[3]], up), 1)


@wrong("crop_and_concat", "the order is (up, skip), and the corner was cropped; put the middle of the")
def _(skip, up):
    return torch.cat((up, skip[:, :, : up.shape[2], : up.shape[3]]), 1)


@wrong("crop_and_concat", "the negative values are set to 0; leave them")
def _(skip, up):
    return torch.cat((cropped(skip, *up.shape[2:]), torch.relu(up)), 1)


@wrong("crop_and_concat", "the negative values are set to 0; leave them")
def _(skip, up):
    return torch.cat((cropped(skip, *up.shape[2:]) + 0, up * 0), 1)


@wrong("crop_and_concat", "axis 0 has 1 entry too few")
def _(skip, up):
    c = cropped(skip, *up.shape[2:])
    return torch.cat((c[:1], up[:1]), 1)


@wrong("up_convolution", "the kernel was added up; each of the four pixels of a block has a weight of")
def _(x, weight, bias):
    return (
        F.conv2d(x, weight.permute(1, 0, 2, 3).sum((2, 3), keepdim=True), bias)
        .repeat_interleave(2, 2)
        .repeat_interleave(2, 3)
    )


@wrong("up_convolution", "the axes are joined in the wrong order: each pixel's block has to stay")
def _(x, weight, bias):
    n, c, h, w = x.shape
    out = torch.zeros(n, weight.shape[1], 2 * h, 2 * w)
    for i in range(2):
        for j in range(2):
            out[:, :, i * h : (i + 1) * h, j * w : (j + 1) * w] = torch.einsum("nchw,cd->ndhw", x, weight[:, :, i, j])
    return out + bias[:, None, None]


@wrong("up_convolution", "the negative values are set to 0; leave them")
def _(x, weight, bias):
    b = torch.einsum("nchw,cdij->ndhiwj", x, weight)
    n, d, h, _, w, _ = b.shape
    return (b.reshape(n, d, 2 * h, 2 * w) + bias[:, None, None]).relu()


@wrong("up_convolution", "only one pixel of each block is set; each of the four has a weight of its")
def _(x, weight, bias):
    n, c, h, w = x.shape
    out = torch.zeros(n, weight.shape[1], 2 * h, 2 * w)
    out[:, :, ::2, ::2] = torch.einsum("nchw,cd->ndhw", x, weight[:, :, 0, 0])
    return out + bias[:, None, None]


@wrong("up_convolution", "the bias is added to one pixel of each block; add it to all four")
def _(x, weight, bias):
    n, c, h, w = x.shape
    out = torch.zeros(n, weight.shape[1], 2 * h, 2 * w)
    for i in range(2):
        for j in range(2):
            out[:, :, i::2, j::2] = torch.einsum("nchw,cd->ndhw", x, weight[:, :, i, j])
    out[:, :, ::2, ::2] += bias[:, None, None]
    return out


@wrong("up_step", "a sigmoid follows the second convolution; a ReLU does")
class _(Step):
    def forward(self, below, skip):
        return torch.sigmoid(self.second(F.relu(self.first(self.merged(skip, self.up(below))))))


@wrong("up_step", "axes 2 and 3 have 2 entries too few")
class _(Step):
    def forward(self, below, skip):
        u = self.up(below)[..., 1:-1, 1:-1]
        return F.relu(self.second(F.relu(self.first(self.merged(skip, u)))))


@wrong("up_step", "the map from below is added at the end; the paper's step has no such")
class _(Step):
    def forward(self, below, skip):
        u = self.up(below)
        y = F.relu(self.second(F.relu(self.first(self.merged(skip, u)))))
        return y + cropped(u, *y.shape[2:])


@wrong("up_step", "the skip is there twice, and the map from below is missing")
class _(Step):
    def forward(self, below, skip):
        u = self.up(below)
        c = cropped(skip, *u.shape[2:])
        return F.relu(self.second(F.relu(self.first(torch.cat((c, c), 1)))))


@wrong("up_step", "self.second is used twice; there are two 3×3 convolutions")
class _(Step):
    def forward(self, below, skip):
        return F.relu(self.second(F.relu(self.second(F.relu(self.first(self.merged(skip, self.up(below))))))))
