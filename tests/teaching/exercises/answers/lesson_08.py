"""Answers to the exercises of lesson 08 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import math

import numpy as np
import torch
from torch.nn import functional as F
from unet_tutorial.nets.crop import mirrored

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


@wrong("mirror_index", "the row begins again at its other end; it has to be")
def _(i, n):
    return i % n


@wrong("mirror_index", "the border pixel is repeated; the mirror lies on the border")
def _(i, n):
    i = i % (2 * n)
    return i if i < n else 2 * n - 1 - i


@wrong("mirror_index", "the row is mirrored once at each end; far positions need")
def _(i, n):
    if i < 0:
        return -i
    if i >= n:
        return 2 * (n - 1) - i
    return i


@wrong("mirror_index", "for a single pixel the period 2 * (n - 1) is 0; treat n = 1")
def _(i, n):
    p = 2 * (n - 1)
    i = i % p
    return i if i < n else p - i


@wrong("mirror_index", "behind the last pixel you are one pixel too far back:")
def _(i, n):
    p = 2 * (n - 1) or 1
    i = abs(i) % p
    return i if i < n else p - i - 1


@wrong("mirror_index", "the border pixel is repeated for ever; go back into the row")
def _(i, n):
    return min(max(i, 0), n - 1)


@wrong("mirror_index", "negative positions give negative pixels; use Python's %,")
def _(i, n):
    p = max(2 * (n - 1), 1)
    i = int(math.fmod(i, p))
    return i if i < n else p - i


@wrong("mirror_index", "expected the whole number 0, got the float 0.0; use //")
def _(i, n):
    p = max(2 * (n - 1), 1)
    return (n - 1) - abs(i % p - (n - 1)) / 1


@wrong("mirror_index", "the period is not 2 * n - 1: no border pixel is repeated,")
def _(i, n):
    p = 2 * n - 1
    i = i % p
    return i if i < n else p - i


@wrong("largest_step", "that is the whole output of a tile; only multiples of")
def _(tile, depth):
    s = tile
    for _ in range(depth):
        s = (s - 4) // 2
    s -= 4
    for _ in range(depth):
        s = s * 2 - 4
    return s


def out(tile, depth):
    s = tile
    for _ in range(depth):
        s = (s - 4) // 2
    s -= 4
    for _ in range(depth):
        s = s * 2 - 4
    return s


@wrong("largest_step", "the grid is not 2 * depth: each pooling halves, so it is")
def _(tile, depth):
    g = 2 * depth or 1
    return out(tile, depth) // g * g


@wrong("largest_step", "you rounded the side of the tile; round the side of its")
def _(tile, depth):
    return tile // 2**depth * 2**depth


@wrong("largest_step", "you rounded up, so pixels are missing between two tiles:")
def _(tile, depth):
    g = 2**depth
    return -(-out(tile, depth) // g) * g


@wrong("largest_step", "the grid is twice too large: it is 2^depth, for depth")
def _(tile, depth):
    g = 2 ** (depth + 1)
    return out(tile, depth) // g * g


@wrong("largest_step", "you subtracted half of the margin; the output loses it on")
def _(tile, depth):
    m = (tile - out(tile, depth)) // 2
    g = 2**depth
    return (tile - m) // g * g


@wrong("largest_step", "the margin 184 holds for four poolings only; compute it")
def _(tile, depth):
    g = 2**depth
    return max((tile - 184) // g * g, 0)


@wrong("largest_step", "16 is the grid of four poolings; compute it from depth")
def _(tile, depth):
    return out(tile, depth) // 16 * 16


@wrong("largest_step", "you subtracted the grid from the output; round the output")
def _(tile, depth):
    return out(tile, depth) - 2**depth


@wrong("largest_step", "the two convolutions at the bottom are missing in the margin")
def _(tile, depth):
    s = tile
    for _ in range(depth):
        s = (s - 4) // 2
    for _ in range(depth):
        s = s * 2 - 4
    return s // 2**depth * 2**depth


@wrong("tile_starts", "tiles so far apart lie off the grid of the poolings: round")
def _(n, trusted, grid):
    return list(range(0, n, trusted))


@wrong("tile_starts", "one tile begins at each step before the end; stop with the")
def _(n, trusted, grid):
    step = trusted // grid * grid
    return list(range(0, n, step))


@wrong("tile_starts", "the last tile ends with the image, but lies off the grid;")
def _(n, trusted, grid):
    step = trusted // grid * grid
    s = [0]
    while s[-1] + trusted < n:
        s.append(min(s[-1] + step, n - trusted))
    return s


@wrong("tile_starts", "the last start is rounded down, so its tile stops before")
def _(n, trusted, grid):
    step = trusted // grid * grid
    last = (n - trusted) // grid * grid
    s = [0]
    while s[-1] < last:
        s.append(min(s[-1] + step, last))
    return s


@wrong("tile_starts", "the tiles lie one grid apart; go as far as possible: the")
def _(n, trusted, grid):
    s = [0]
    while s[-1] + trusted < n:
        s.append(s[-1] + grid)
    return s


@right("tile_starts")
def _(n, trusted, grid):
    step = trusted // grid * grid
    last = max(-(-(n - trusted) // grid) * grid, 0)
    return list(range(0, last, step)) + [last]  # duplicates 0 when last 0? fine: last=0 -> [0]


@wrong("tile_starts", "the last tile is missing, so nothing is predicted at the end")
def _(n, trusted, grid):
    step = trusted // grid * grid
    last = max(-(-(n - trusted) // grid) * grid, 0)
    return list(range(0, last, step))


@wrong("padded_tile", "the halo has to be a multiple of 2^depth, or the tile lies")
def _(reach, depth):
    return 2 * reach + 2**depth


@wrong("padded_tile", "the halo is rounded down, so the padding changes pixels in")
def _(reach, depth):
    g = 2**depth
    return 2 * (reach // g * g) + g


@wrong("padded_tile", "there is a halo on each of the two sides")
def _(reach, depth):
    g = 2**depth
    return -(-reach // g) * g + g


@wrong("padded_tile", "that tile has no middle: add one grid, on which the")
def _(reach, depth):
    g = 2**depth
    return 2 * (-(-reach // g) * g)


@wrong("padded_tile", "one pixel in the middle is too short: the smallest step is")
def _(reach, depth):
    g = 2**depth
    return 2 * (-(-reach // g) * g) + 1


@wrong("padded_tile", "round the halo of each side, and not their sum")
def _(reach, depth):
    g = 2**depth
    return -(-(2 * reach + g) // g) * g


@wrong("padded_tile", "a reach that is a multiple of the grid stays as it is; do")
def _(reach, depth):
    g = 2**depth
    return 2 * ((reach // g + 1) * g) + g


@wrong("padded_tile", "the grid is not 2 * depth: each pooling halves, so it is")
def _(reach, depth):
    g = 2 * depth or 1
    return 2 * (-(-reach // g) * g) + g


@wrong("padded_tile", "expected the whole number 240, got the float 240.0; use //")
def _(reach, depth):
    g = 2.0**depth
    return 2 * math.ceil(reach / g) * g + g


def starts(n, trusted, grid):
    step = trusted // grid * grid
    s = [0]
    last = max(-(-(n - trusted) // grid) * grid, 0)
    while s[-1] < last:
        s.append(min(s[-1] + step, last))
    return s


@wrong("stitch", "the tile is read where its trusted middle begins; read it")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, H, W = image.shape
    out = torch.zeros(2, H, W, dtype=image.dtype)
    for y in starts(H, t, grid):
        for x in starts(W, t, grid):
            p = net(mirrored(image, (y, x), (side, side))[None])[0]
            m = (p.shape[-1] - t) // 2
            p = p[:, m : m + t, m : m + t]
            h, w = min(t, H - y), min(t, W - x)
            out[:, y : y + h, x : x + w] = p[:, :h, :w]
    return out


@wrong("stitch", "the first pixels of the answer are used; cut out its")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, H, W = image.shape
    out = torch.zeros(2, H, W, dtype=image.dtype)
    for y in starts(H, t, grid):
        for x in starts(W, t, grid):
            p = net(mirrored(image, (y - before, x - before), (side, side))[None])[0]
            h, w = min(t, H - y), min(t, W - x)
            out[:, y : y + h, x : x + w] = p[:, :h, :w]
    return out


@wrong("stitch", "cut the trusted middle out of the answer: as much before it")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, H, W = image.shape
    out = torch.zeros(2, H, W, dtype=image.dtype)
    for y in starts(H, t, grid):
        for x in starts(W, t, grid):
            p = net(mirrored(image, (y - before, x - before), (side, side))[None])[0]
            p = p[:, before : before + t, before : before + t]
            h, w = min(t, H - y), min(t, W - x)
            out[:, y : y + h, x : x + w] = p[:, :h, :w]
    return out


@wrong("stitch", "the net takes a batch of tiles: net(tile[None])[0]")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, H, W = image.shape
    out = torch.zeros(2, H, W, dtype=image.dtype)
    for y in starts(H, t, grid):
        for x in starts(W, t, grid):
            p = net(mirrored(image, (y - before, x - before), (side, side)))
            m = (p.shape[-1] - t) // 2
            out[:, y : y + t, x : x + t] = p[:, m : m + t, m : m + t]
    return out


@wrong("stitch", "the last tile reaches beyond the image: make the result")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, H, W = image.shape
    out = torch.zeros(2, H, W, dtype=image.dtype)
    for y in starts(H, t, grid):
        for x in starts(W, t, grid):
            p = net(mirrored(image, (y - before, x - before), (side, side))[None])[0]
            m = (p.shape[-1] - t) // 2
            out[:, y : y + t, x : x + t] = p[:, m : m + t, m : m + t]
    return out


@wrong("stitch", "zeros stand beyond the border; the image has to be mirrored")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, H, W = image.shape
    pad = F.pad(image, (before, side + before, before, side + before))
    out = torch.zeros(2, H, W, dtype=image.dtype)
    for y in starts(H, t, grid):
        for x in starts(W, t, grid):
            p = net(pad[None, :, y : y + side, x : x + side])[0]
            m = (p.shape[-1] - t) // 2
            p = p[:, m : m + t, m : m + t]
            h, w = min(t, H - y), min(t, W - x)
            out[:, y : y + h, x : x + w] = p[:, :h, :w]
    return out


@wrong("stitch", "the answers of overlapping tiles are added up; each of them")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, H, W = image.shape
    out = torch.zeros(2, H, W, dtype=image.dtype)
    for y in starts(H, t, grid):
        for x in starts(W, t, grid):
            p = net(mirrored(image, (y - before, x - before), (side, side))[None])[0]
            m = (p.shape[-1] - t) // 2
            p = p[:, m : m + t, m : m + t]
            h, w = min(t, H - y), min(t, W - x)
            out[:, y : y + h, x : x + w] += p[:, :h, :w]
    return out


@wrong("stitch", "height and width are exchanged; the shape of an image is")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, W, H = image.shape
    out = torch.zeros(2, H, W, dtype=image.dtype)
    for y in starts(H, t, grid):
        for x in starts(W, t, grid):
            p = net(mirrored(image, (y - before, x - before), (side, side))[None])[0]
            m = (p.shape[-1] - t) // 2
            p = p[:, m : m + t, m : m + t]
            h, w = min(t, H - y), min(t, W - x)
            out[:, y : y + h, x : x + w] = p[:, :h, :w]
    return out


@wrong("stitch", "the tiles lie off the grid of the poolings: round the step")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, H, W = image.shape
    out = torch.zeros(2, H, W, dtype=image.dtype)
    for y in range(0, H, t):
        for x in range(0, W, t):
            p = net(mirrored(image, (y - before, x - before), (side, side))[None])[0]
            m = (p.shape[-1] - t) // 2
            p = p[:, m : m + t, m : m + t]
            h, w = min(t, H - y), min(t, W - x)
            out[:, y : y + h, x : x + w] = p[:, :h, :w]
    return out


@wrong("average_views", "the answers are not turned back; turn and flip each of them")
def _(predict, image):
    s = 0
    for f in (False, True):
        v = image.flip(-1) if f else image
        for k in range(4):
            s = s + predict(torch.rot90(v, k, (1, 2)))
    return s / 8


@wrong("average_views", "undo the steps in reverse order: the last one first")
def _(predict, image):
    s = 0
    for f in (False, True):
        v = image.flip(-1) if f else image
        for k in range(4):
            p = predict(torch.rot90(v, k, (1, 2)))
            if f:
                p = p.flip(-1)
            s = s + torch.rot90(p, -k, (1, 2))
    return s / 8


@wrong("average_views", "that is the sum of the views; return their mean")
def _(predict, image):
    s = 0
    for f in (False, True):
        v = image.flip(-1) if f else image
        for k in range(4):
            p = torch.rot90(predict(torch.rot90(v, k, (1, 2))), -k, (1, 2))
            s = s + (p.flip(-1) if f else p)
    return s


@wrong("average_views", "four views are missing, those of the mirror image: flip one")
def _(predict, image):
    return sum(torch.rot90(predict(torch.rot90(image, k, (1, 2))), -k, (1, 2)) for k in range(4)) / 4


@wrong("average_views", "rot90 turns the axes 0 and 1 by default; rows and columns")
def _(predict, image):
    s = 0
    for f in (False, True):
        v = image.flip(-1) if f else image
        for k in range(4):
            p = torch.rot90(predict(torch.rot90(v, k)), -k)
            s = s + (p.flip(-1) if f else p)
    return s / 8


@wrong("average_views", "the answers are turned once more instead of back: the")
def _(predict, image):
    s = 0
    for f in (False, True):
        v = image.flip(-1) if f else image
        for k in range(4):
            p = torch.rot90(predict(torch.rot90(v, k, (1, 2))), k, (1, 2))
            s = s + (p.flip(-1) if f else p)
    return s / 8


@wrong("average_views", "the flip is not undone")
def _(predict, image):
    s = 0
    for f in (False, True):
        v = image.flip(-1) if f else image
        for k in range(4):
            s = s + torch.rot90(predict(torch.rot90(v, k, (1, 2))), -k, (1, 2))
    return s / 8


@wrong("average_views", "the flip is along axis 0, the channels; rows and columns")
def _(predict, image):
    s = 0
    for f in (False, True):
        v = image.flip(0) if f else image
        for k in range(4):
            p = torch.rot90(predict(torch.rot90(v, k, (1, 2))), -k, (1, 2))
            s = s + (p.flip(0) if f else p)
    return s / 8


@wrong("average_views", "that is the maximum of the views; return their mean")
def _(predict, image):
    s = []
    for f in (False, True):
        v = image.flip(-1) if f else image
        for k in range(4):
            p = torch.rot90(predict(torch.rot90(v, k, (1, 2))), -k, (1, 2))
            s.append(p.flip(-1) if f else p)
    return torch.stack(s).amax(0)


@wrong("average_views", "the images are averaged; predict each view, and average the")
def _(predict, image):
    s = []
    for f in (False, True):
        v = image.flip(-1) if f else image
        s.append(v)
    return predict(torch.stack(s).mean(0))


@right("mirror_index")
def _(i, n):
    while not 0 <= i < n:
        if n == 1:
            return 0
        i = -i if i < 0 else 2 * (n - 1) - i
    return i


@right("mirror_index")
def _(i, n):
    row = list(range(n)) + list(range(n - 2, 0, -1))
    return np.int64(row[i % len(row)])


class M:
    def __call__(self, i, n):
        return abs((i + n - 1) % (2 * n - 2) - n + 1) if n > 1 else 0


right("mirror_index")(M())


@right("largest_step")
def _(tile, depth):
    s = out(tile, depth)
    return max(0, s - s % 2**depth)


@right("largest_step")
def _(tile, depth):
    a = output = tile - (4 * sum(2**k for k in range(depth)) * 2 + 4 * 2**depth) + 4 * 0
    m = 0
    for k in range(depth):
        m += 4 * 2**k * 2
    m += 4 * 2**depth
    o = out(tile, depth)
    return next((k for k in range(o, 0, -1) if k % (1 << depth) == 0), 0)


@right("tile_starts")
def _(n, trusted, grid):
    step = trusted // grid * grid
    last = 0
    while last + trusted < n:
        last += grid
    return sorted({*range(0, last, step), last})


@right("tile_starts")
def _(n, trusted, grid):
    step = trusted // grid * grid
    last = max(math.ceil((n - trusted) / grid), 0) * grid
    return np.minimum(np.arange(0, last + step, step), last)


@right("padded_tile")
def _(reach, depth):
    t = 2**depth
    while (t - 2**depth) // 2 < reach or ((t - 2**depth) // 2) % 2**depth:
        t += 1
    return t


right("padded_tile")(lambda reach, depth: ((reach + (1 << depth) - 1 >> depth) * 2 + 1) << depth)


@right("stitch")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, H, W = image.shape
    out = image.new_full((2, H + t, W + t), float("nan"))
    for y in range(0, H, grid):
        for x in range(0, W, grid):
            p = net(mirrored(image, (y - before, x - before), (side, side)).unsqueeze(0)).squeeze(0)
            m = (p.shape[-1] - t) // 2
            out[:, y : y + t, x : x + t] = p[:, m : m + t, m : m + t]
    return out[:, :H, :W]


@right("stitch")
def _(net, image, side, before, grid):
    t = side - 2 * before
    step = t // grid * grid
    _, H, W = image.shape
    tiles = [
        mirrored(image, (y - before, x - before), (side, side)) for y in range(0, H, step) for x in range(0, W, step)
    ]
    p = net(torch.stack(tiles))
    c = (p.shape[-1] - t) // 2
    p = p[:, :, c : c + step, c : c + step]
    ny, nx = -(-H // step), -(-W // step)
    return p.reshape(ny, nx, 2, step, step).permute(2, 0, 3, 1, 4).reshape(2, ny * step, nx * step)[:, :H, :W]


@right("average_views")
def _(predict, image):
    s = []
    for tr in (0, 1):
        for dims in ((), (1,), (2,), (1, 2)):
            v = image.flip(dims)
            if tr:
                v = v.transpose(1, 2)
            p = predict(v.contiguous())
            if tr:
                p = p.transpose(1, 2)
            s.append(p.flip(dims))
    return sum(s) / len(s)


@right("average_views")
def _(predict, image):
    def go(k):
        if k == 4:
            return 0
        one = lambda v: predict(torch.from_numpy(np.rot90(v.numpy(), k, (1, 2)).copy())).rot90(-k, (1, 2))
        return one(image) + one(image.flip(1)).flip(1) + go(k + 1)

    return go(0) / 8


@wrong("mirror_index", "the period is not 2 * n - 1: no border pixel is repeated,")
def _(i, n):
    row = list(range(n)) + list(range(n - 2, -1, -1))
    return row[i % len(row)]


@wrong("mirror_index", "the border pixel is repeated; the mirror lies on the border")
def _(i, n):
    row = list(range(n)) + list(range(n))[::-1]
    return row[i % len(row)]


@wrong("mirror_index", "the period is not 2 * n - 1: no border pixel is repeated,")
def _(i, n):
    if n == 1:
        return 0
    while i < 0 or i >= n:
        if i < 0:
            i = -i
        if i >= n:
            i = 2 * n - 1 - i
    return i


@wrong("mirror_index", "the border pixel is repeated; the mirror lies on the border")
def _(i, n):
    k = i // n
    return i % n if k % 2 == 0 else n - 1 - i % n


@wrong("mirror_index", "it returned None; is a return missing?")
def _(i, n):
    print(abs(i))


@wrong("largest_step", "subtract the margin of the network from the tile, and round")
def _(tile, depth):
    return tile - 2**depth


@wrong("largest_step", "tiles a whole side apart leave gaps: the output is smaller")
def _(tile, depth):
    return tile


@wrong("largest_step", "half of the output is not exact in general; round the")
def _(tile, depth):
    return out(tile, depth) // 2


@wrong("largest_step", "expected the whole number 384, got the float 384.0; use //")
def _(tile, depth):
    g = 2**depth
    return math.floor(out(tile, depth) / g) * float(g)


@wrong("largest_step", "an output that is a multiple of the grid is itself the")
def _(tile, depth):
    return max(k for k in range(0, max(out(tile, depth), 1), 2**depth))


@wrong("largest_step", "a pixel of a deeper level is worth 2, 4, 8 … pixels of the")
def _(tile, depth):
    m = 4 * (2 * depth + 1)
    g = 2**depth
    return max((tile - m) // g * g, 0)


@wrong("tile_starts", "the first start has to be 0 and the last one a multiple of")
def _(n, trusted, grid):
    step = trusted // grid * grid
    return list(range(0, n - trusted, step)) + [n - trusted]


@wrong("tile_starts", "you computed n / trusted tiles, but a step is shorter than")
def _(n, trusted, grid):
    step = trusted // grid * grid
    return [k * step for k in range(math.ceil(n / trusted))]


@wrong("tile_starts", "the last start is there twice in some calls; stop with the")
def _(n, trusted, grid):
    step = trusted // grid * grid
    k = math.ceil(n / step)
    last = max(math.ceil((n - trusted) / grid) * grid, 0)
    return [i * step for i in range(k - 1)] + [last]


@wrong("tile_starts", "expected a list, got a generator; list(…) makes one")
def _(n, trusted, grid):
    step = trusted // grid * grid
    last = max(math.ceil((n - trusted) / grid) * grid, 0)
    s = 0
    while s < last:
        yield s
        s += step
    yield last


@wrong("tile_starts", "you go from the end to the beginning; begin at 0, so that")
def _(n, trusted, grid):
    step = trusted // grid * grid
    last = max(math.ceil((n - trusted) / grid) * grid, 0)
    s = [last]
    while s[-1] > 0:
        s.append(max(s[-1] - step, 0))
    return s[::-1]


@wrong("padded_tile", "`reach` is that of one side already; do not halve it")
def _(reach, depth):
    g = 2**depth
    return -(-reach // (2 * g)) * g * 2 + g


@wrong("padded_tile", "the middle has to be as long as one grid, not as long as")
def _(reach, depth):
    g = 2**depth
    h = -(-reach // g) * g
    return 3 * h


@wrong("padded_tile", "the middle is one pixel too short: it is one grid long")
def _(reach, depth):
    g = 2**depth
    h = -(-reach // g) * g
    return 2 * h + g - 1


@wrong("padded_tile", "you rounded the whole tile; round the halo of each side,")
def _(reach, depth):
    g = 2**depth
    return -(-(2 * reach + 1 + g) // g) * g


@wrong("stitch", "the tile is read where its trusted middle begins; read it")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, H, W = image.shape
    big = mirrored(image, (-before, -before), (H + 2 * side, W + 2 * side))
    out = torch.zeros(2, H + side, W + side)
    for y in starts(H, t, grid):
        for x in starts(W, t, grid):
            tile = big[:, y + before : y + before + side, x + before : x + before + side]
            p = net(tile[None])[0]
            m = (p.shape[-1] - t) // 2
            out[:, y : y + t, x : x + t] = p[:, m : m + t, m : m + t]
    return out[:, :H, :W]


@wrong("stitch", "the answer is written `before` pixels too late: the middle")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, H, W = image.shape
    out = torch.zeros(2, H + side, W + side)
    for y in starts(H, t, grid):
        for x in starts(W, t, grid):
            p = net(mirrored(image, (y - before, x - before), (side, side))[None])[0]
            m = (p.shape[-1] - t) // 2
            out[:, y + before : y + before + t, x + before : x + before + t] = p[:, m : m + t, m : m + t]
    return out[:, :H, :W]


@wrong("stitch", "the first pixels of the answer are used; cut out its")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, H, W = image.shape
    out = torch.zeros(2, H + 2 * side, W + 2 * side)
    for y in starts(H, t, grid):
        for x in starts(W, t, grid):
            p = net(mirrored(image, (y - before, x - before), (side, side))[None])[0]
            h = p.shape[-1]
            out[:, y : y + h, x : x + h] = p
    return out[:, :H, :W]


@wrong("stitch", "only tiles on the diagonal are predicted: zip pairs the")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, H, W = image.shape
    out = torch.zeros(2, H + side, W + side)
    for y, x in zip(starts(H, t, grid), starts(W, t, grid)):
        p = net(mirrored(image, (y - before, x - before), (side, side))[None])[0]
        m = (p.shape[-1] - t) // 2
        out[:, y : y + t, x : x + t] = p[:, m : m + t, m : m + t]
    return out[:, :H, :W]


@wrong("stitch", "the result needs both channels of the answers: (2, H, W)")
def _(net, image, side, before, grid):
    t = side - 2 * before
    _, H, W = image.shape
    out = torch.zeros(1, H + side, W + side)
    for y in starts(H, t, grid):
        for x in starts(W, t, grid):
            p = net(mirrored(image, (y - before, x - before), (side, side))[None])[0]
            m = (p.shape[-1] - t) // 2
            out[:, y : y + t, x : x + t] = p[:1, m : m + t, m : m + t]
    return out[:, :H, :W]


@wrong("average_views", "these are four answers in a list; return the mean of all")
def _(predict, image):
    return [torch.rot90(predict(torch.rot90(image, k, (1, 2))), -k, (1, 2)) for k in range(4)]


@wrong("average_views", "the image is turned by k quarter turns from its last")
def _(predict, image):
    s = 0
    v = image
    for k in range(4):
        v = torch.rot90(v, k, (1, 2))
        s = s + torch.rot90(predict(v), -k, (1, 2))
        f = v.flip(2)
        s = s + torch.rot90(predict(f).flip(2), -k, (1, 2))
    return s / 8


@wrong("average_views", "the turns by 90° and 270° are missing; an image that is not")
def _(predict, image):
    s = [predict(image)]
    for d in ((1,), (2,), (1, 2)):
        s.append(predict(image.flip(d)).flip(d))
    return torch.stack(s).mean(0)


@wrong("average_views", "only the image and its mirror image are there; the quarter")
def _(predict, image):
    return (predict(image) + predict(image.flip(2)).flip(2)) / 2


@wrong("average_views", "the answer is flipped back along the other axis; undo a")
def _(predict, image):
    s = 0
    for k in range(4):
        v = image.rot90(k, (1, 2))
        s = s + predict(v).rot90(-k, (1, 2)) + predict(v.flip(2)).flip(1).rot90(-k, (1, 2))
    return s / 8


@wrong("average_views", "a transpose does not undo a quarter turn: take rot90(-k,")
def _(predict, image):
    s = 0
    for k in range(4):
        for f in (0, 1):
            v = image.flip(2) if f else image
            p = predict(v.rot90(k, (1, 2)))
            if k % 2:
                p = p.transpose(1, 2)
            s = s + (p.flip(2) if f else p)
    return s / 8
