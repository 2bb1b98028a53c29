"""Answers to the exercises of lesson 01 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

from itertools import count
import numpy as np
import torch

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


def _out(n, depth):
    return n - 4 if depth == 0 else 2 * _out((n - 4) // 2, depth - 1) - 4


@wrong("valid_size", "n - 4 is what the first block leaves; over all levels it is")
def _(n, depth):
    return (n - 4) % 2**depth == 0 and n > 12 * 2**depth - 8


@wrong("valid_size", "sizes below the smallest one pass: nothing would come out")
def _(n, depth):
    for _ in range(depth):
        n -= 4
        if n % 2:
            return False
        n //= 2
    return n > 4


@wrong("valid_size", "one convolution is missing in each level: before a pooling")
def _(n, depth):
    for _ in range(depth):
        n -= 2
        if n % 2:
            return False
        n //= 2
    return n > 0


@wrong("valid_size", "the side before a pooling has to be even; you looked at the")
def _(n, depth):
    for _ in range(depth):
        n = (n - 4) // 2
        if n % 2 or n <= 0:
            return False
    return True


@wrong("valid_size", "a size that gives an output of 0 pixels passes")
def _(n, depth):
    return (n + 4) % 2**depth == 0 and n >= 12 * 2**depth - 8


@wrong("valid_size", "that is the rule of four poolings; use depth")
def _(n, depth):
    return n % 16 == 12 and n >= 188


@wrong("output_side", "depth**2 is not 2**depth; they agree only for 2 and 4")
def _(n, depth):
    return n - (12 * depth**2 - 8)


@wrong("output_side", "expected the whole number 2, got the float 2.0; use //")
def _(n, depth):
    for _ in range(depth):
        n = (n - 4) / 2
    n -= 4
    for _ in range(depth):
        n = 2 * n - 4
    return n


@wrong("output_side", "only the way down is counted; the decoder's convolutions")
def _(n, depth):
    for _ in range(depth):
        n = (n - 4) // 2
    n -= 4
    for _ in range(depth):
        n = 2 * n
    return n


@wrong("output_side", "the block at the bottom is missing")
def _(n, depth):
    for _ in range(depth):
        n = (n - 4) // 2
    for _ in range(depth):
        n = 2 * n - 4
    return n


@wrong("output_side", "one pooling too many: there are `depth` of them, and the")
def _(n, depth):
    for _ in range(depth + 1):
        n = (n - 4) // 2
    for _ in range(depth):
        n = 2 * n - 4
    return n


@wrong("input_for", "that size gives enough pixels but does not pass the")
def _(wanted, depth):
    return wanted + 12 * 2**depth - 8


@wrong("input_for", "you rounded to the nearest valid size, and it can be too")
def _(wanted, depth):
    s = 2**depth
    return round((wanted + 12 * s - 4) / s) * s - 4


@wrong("input_for", "look for an infinite loop")
def _(wanted, depth):
    n = wanted
    while n - 12 * 2**depth + 8 != wanted or (n + 4) % 2**depth:
        n += 1
    return n


@wrong("input_for", "a size that gives exactly `wanted` pixels is enough; you")
def _(wanted, depth):
    s = 2**depth
    return next(n for n in count(wanted) if (n + 4) % s == 0 and n - 12 * s + 8 > wanted)


@wrong("input_for", "you began at 572; smaller valid sizes may be enough")
def _(wanted, depth):
    n = 572
    while n - 12 * 2**depth + 8 < wanted:
        n += 2**depth
    return n


@wrong("crop_margin", "88, 40, 16 and 4 are not halves of one another, and 88 is")
def _(depth, level):
    return 88 // 2**level


@wrong("crop_margin", "take the U below it: the crop of the deepest skip is 4")
def _(depth, level):
    return 12 * 2 ** (depth - level) - 8


@wrong("crop_margin", "the blocks are forgotten: on each level the encoder's and")
def _(depth, level):
    return 4 * 2 ** (depth - 1 - level)


@wrong("crop_margin", "one level up, c becomes 2(c + 4), and not 2c + 4: the")
def _(depth, level):
    m = 4
    for _ in range(depth - 1 - level):
        m = 2 * (m + 2)
    return m


@wrong("crop_margin", "take the U below it: the crop of the deepest skip is 4")
def _(depth, level):
    m = 4
    for _ in range(depth - 1, level - 1, -1):
        m = 2 * (m + 4)
    return m


@wrong("field_of_view", "the lost pixels + 1 are right without poolings only; with")
def _(depth):
    return 12 * 2**depth - 7, 12 * 2**depth - 7  # 185


@wrong("field_of_view", "that is what a pixel at the bottom sees; the decoder's")
def _(depth):
    r = 1
    j = 1
    for _ in range(depth):
        r += 4 * j
        r += j
        j *= 2
    r += 4 * j
    return r, r  # 140


@wrong("field_of_view", "from first to last there are last - first + 1 pixels")
def _(depth):
    from unet_tutorial.plan.levels import pyramid
    from unet_tutorial.plan.receptive_field import seen_by

    seen = [seen_by(p, pyramid((1,) * (depth + 1), rank=1), padding="valid") for p in range(2**depth)]
    ws = [b - a for a, b in seen]
    return min(ws), max(ws)


@wrong("field_of_view", "that is the pair of another depth, one too small; p")
def _(depth):
    from unet_tutorial.plan.levels import pyramid
    from unet_tutorial.plan.receptive_field import seen_by

    seen = [seen_by(p, pyramid((1,) * depth, rank=1), padding="valid") for p in range(2**depth)]
    ws = [b - a + 1 for a, b in seen]
    return min(ws), max(ws)


@wrong("field_of_view", "the smallest comes first")
def _(depth):
    from unet_tutorial.plan.levels import pyramid
    from unet_tutorial.plan.receptive_field import seen_by

    seen = [seen_by(p, pyramid((1,) * (depth + 1), rank=1), padding="valid") for p in range(2**depth)]
    ws = [b - a + 1 for a, b in seen]
    return max(ws), min(ws)


@wrong("field_of_view", "one number came, the smallest; a pair is asked for")
def _(depth):
    from unet_tutorial.plan.levels import pyramid
    from unet_tutorial.plan.receptive_field import seen_by

    seen = [seen_by(p, pyramid((1,) * (depth + 1), rank=1), padding="valid") for p in range(2**depth)]
    return min(b - a + 1 for a, b in seen)


@wrong("field_of_view", "188 and 204 hold for four poolings only; use depth")
def _(depth):
    return 188, 204


@wrong("field_of_view", "with one pooling both are smaller than these formulas say")
def _(depth):
    return 12 * 2**depth - 4, 13 * 2**depth - 4


@wrong("field_of_view", "those are the first and the last pixel that are seen; count")
def _(depth):
    from unet_tutorial.plan.levels import pyramid
    from unet_tutorial.plan.receptive_field import seen_by

    seen = [seen_by(p, pyramid((1,) * (depth + 1), rank=1), padding="valid") for p in range(2**depth)]
    lo = min(a for a, b in seen)
    hi = max(b for a, b in seen)
    return lo, hi


@wrong("valid_size", "sizes below the smallest one pass: nothing would come out")
def _(n, depth):
    return (n + 4) % 2**depth == 0 and n > 0


@wrong("valid_size", "p poolings halve p times, and so divide by 2^p; you took")
def _(n, depth):
    return (n + 4) % 2 ** (depth + 1) == 0 and n > 12 * 2**depth - 8


@wrong("valid_size", "184 and 188 belong to four poolings; the smallest size")
def _(n, depth):
    return (n + 4) % 2**depth == 0 and n >= 188


@wrong("valid_size", "the side is not halved in your loop; each pooling leaves")
def _(n, depth):
    for _ in range(depth):
        n = n - 4
        if n % 2:
            return False
    return n > 0


@wrong("output_side", "every result is 8 too large")
def _(n, depth):
    return n - 12 * 2**depth + 16


@wrong("output_side", "that is the size after the poolings; the way up doubles as")
def _(n, depth):
    return n // 2**depth


@wrong("output_side", "each convolution takes 2 pixels on its own scale; down")
def _(n, depth):
    return n - 4 * (2 * depth + 1)


@wrong("input_for", "you took a multiple of 2^depth; a valid size is 4 less than")
def _(wanted, depth):
    s = 2**depth
    n = wanted + 12 * s - 8
    return -(-n // s) * s


@wrong("input_for", "a size that gives exactly `wanted` pixels is enough; you")
def _(wanted, depth):
    s = 2**depth
    n = wanted + 12 * s - 8
    return n + s - (n + 4) % s


@wrong("crop_margin", "the crops do not grow by a fixed number: 4, 16, 40, 88;")
def _(depth, level):
    return 4 + 12 * (depth - 1 - level)


@wrong("crop_margin", "one doubling is missing; level 0 is depth - 1 levels above")
def _(depth, level):
    m = 4
    for _ in range(depth - 2 - level):
        m = 2 * (m + 4)
    return m


@wrong("crop_margin", "88, 40, 16 and 4 are the crops of four poolings; use depth")
def _(depth, level):
    return [88, 40, 16, 4][level]


@wrong("field_of_view", "each convolution adds 2 pixels of its own level; on the")
def _(depth):
    return 1 + 4 * (2 * depth + 1), 1 + 4 * (2 * depth + 1)


@wrong("field_of_view", "that is the number of lost pixels, input minus output, and twice")
def _(depth):
    return 12 * 2**depth - 8, 12 * 2**depth - 8


@wrong("field_of_view", "with one pooling a pixel sees less than that formula")
def _(depth):
    return 12 * 2**depth - 4, 12 * 2**depth - 4


@wrong("valid_size", "that is the rule of a padded net; without padding n is 4 less than a multiple")
def _(n, depth):
    return n % 2**depth == 0


@wrong("valid_size", "a multiple of 2^depth passes a padded net; without padding")
def _(n, depth):
    return n % 2**depth == 0 and n > 12 * 2**depth - 8


@wrong("valid_size", "sizes below the smallest one pass: nothing would come out")
def _(n, depth):
    for _ in range(depth):
        n -= 4
        if n % 2 == 1:
            return False
        n = n / 2
    return n - 4 > 0


@wrong("valid_size", "a size that is not valid gives None, and sizes below the smallest")
def _(n, depth):
    if (n + 4) % 2**depth == 0:
        return True


@wrong("output_side", "the lost pixels are subtracted twice")
def _(n, depth):
    return n - 2 * (12 * 2**depth - 8)


@wrong("output_side", "on the way down the two convolutions come before the")
def _(n, depth):
    for _ in range(depth):
        n = n // 2 - 4
    n -= 4
    for _ in range(depth):
        n = 2 * n - 4
    return n


@wrong("output_side", "on the way up the two convolutions come after the doubling:")
def _(n, depth):
    for _ in range(depth):
        n = (n - 4) // 2
    n -= 4
    for _ in range(depth):
        n = 2 * (n - 4)
    return n


@wrong("input_for", "you rounded up before the lost pixels were added; the sum")
def _(wanted, depth):
    n = wanted
    while (n + 4) % 2**depth:
        n += 1
    return n + 12 * 2**depth - 8


@wrong("input_for", "a U with four poolings loses 184 pixels, and the sum need not")
def _(wanted, depth):
    return wanted + 184


@wrong("crop_margin", "you gave the pixels of both sides together; half of them")
def _(depth, level):
    return 12 * 2 ** (depth - level) - 16


@wrong("crop_margin", "the levels are counted from the bottom; level 0 is the")
def _(depth, level):
    m = 4
    for _ in range(level):
        m = 2 * (m + 4)
    return m


@wrong("crop_margin", "the deepest skip is cropped, too: by 4")
def _(depth, level):
    m = 0
    for _ in range(depth - 1 - level):
        m = 2 * (m + 4)
    return m


@wrong("field_of_view", "140 and 188 belong to four poolings, and 140 to the bottom:")
def _(depth):
    return 140, 188


@wrong("field_of_view", "it raised TypeError")
def _(depth):
    from unet_tutorial.plan.receptive_field import seen_by

    return seen_by(0, depth)


@wrong("field_of_view", "you gave the smallest twice, or tried a single pixel")
def _(depth):
    from unet_tutorial.plan.levels import pyramid
    from unet_tutorial.plan.receptive_field import seen_by

    a, b = seen_by(0, pyramid((1,) * (depth + 1), rank=1), padding="valid")
    return b - a + 1, b - a + 1


@wrong("valid_size", "12 more than a multiple is right for four poolings only")
def _(n, depth):
    return n % 2**depth == 12


@wrong("valid_size", "that is the rule of four poolings; use depth")
def _(n, depth):
    return n % 2**depth == 12 and n >= 12 * 2**depth - 4


@wrong("output_side", "a second pooling does not cost another 16")
def _(n, depth):
    for _ in range(depth):
        n -= 16
    return n


@wrong("crop_margin", "half of the pixels that the U of this level loses")
def _(depth, level):
    return 6 * 2 ** (depth - level) - 4


@wrong("crop_margin", "half of the pixels that the whole network loses")
def _(depth, level):
    return 6 * 2**depth - 4


@wrong("crop_margin", "each of them is worth two pixels of this level")
def _(depth, level):
    return (12 * 2 ** (depth - 1 - level) - 8) // 2


@wrong("crop_margin", "deepest skip first; level 0 is the finest")
def _(depth, level):
    return (4, 16, 40, 88)[level]


@right("valid_size")
def _(n, depth):
    for _ in range(depth):
        n -= 4
        if n % 2 or n <= 0:
            return False
        n //= 2
    n -= 4
    for _ in range(depth):
        n = 2 * n - 4
    return n > 0


@right("valid_size")
def _(n, depth):
    return np.bool_((n + 4) & (2**depth - 1) == 0) and np.bool_(n - 12 * 2**depth + 8 >= 1)


@right("output_side")
def _(n, depth):
    for _ in range(depth):
        n = (n - 4) // 2
    n -= 4
    for _ in range(depth):
        n = 2 * n - 4
    return torch.tensor(n)


@right("output_side")
def _(n, depth):
    return n if depth < 0 else (n - 4 if depth == 0 else 2 * _out((n - 4) // 2, depth - 1) - 4)


@right("input_for")
def _(wanted, depth):
    s = 1 << depth
    return -(-(wanted + 12 * s - 4) // s) * s - 4


@right("crop_margin")
def _(depth, level):
    return 12 * 2 ** (depth - 1 - level) - 8


@right("crop_margin")
def _(depth, level):
    return 4 if level == depth - 1 else np.int64(2 * (12 * 2 ** (depth - 2 - level) - 8 + 4))


@right("field_of_view")
def _(depth):
    from unet_tutorial.plan.levels import pyramid
    from unet_tutorial.plan.receptive_field import seen_by

    ws = sorted(
        b - a + 1 for a, b in (seen_by(p, pyramid((1,) * (depth + 1), rank=1), padding="valid") for p in range(64))
    )
    return [ws[0], ws[-1]]


@wrong("valid_size", "you divided by the number of poolings")
def _(n, depth):
    return n % depth == 0


@wrong("valid_size", "an output of one pixel is enough: without poolings, 5 gives 1")
def _(n, depth):
    for _ in range(depth):
        n = n - 4
        if n % 2:
            return False
        n = n // 2
    n -= 4
    for _ in range(depth):
        n = 2 * n - 4
    return n > 1


@wrong("output_side", "brackets are missing: n - (12 · 2^depth - 8)")
def _(n, depth):
    return n - 12 * 2**depth - 8


@wrong("input_for", "what comes out is a little too small; round up and not down")
def _(wanted, depth):
    n = wanted
    for _ in range(depth):
        n = (n + 4) // 2
    n += 4
    for _ in range(depth):
        n = 2 * n + 4
    return n


@wrong("input_for", "the size is even, but one of the maps below is not")
def _(wanted, depth):
    for n in count(wanted + 12 * 2**depth - 8):
        if n % 2 == 0:
            return n


@wrong("crop_margin", "the bottom is counted like the levels above it")
def _(depth, level):
    m = 0
    for _ in range(depth - level):
        m = 2 * (m + 4)
    return m


@wrong("crop_margin", "the levels are counted from the bottom; level 0 is the finest")
def _(depth, level):
    return 12 * 2 ** (level - 1) - 8


@wrong("crop_margin", "the levels are counted from the bottom; level 0 is the finest")
def _(depth, level):
    return 12 * 2**level // 2 - 8


@wrong("crop_margin", "one doubling is missing; level 0 is depth - 1 levels above the deepest skip")
def _(depth, level):
    return 12 * 2 ** (depth - level - 2) - 8


def _fields(depth, positions):
    from unet_tutorial.plan.levels import pyramid
    from unet_tutorial.plan.receptive_field import seen_by

    seen = [seen_by(p, pyramid((1,) * (depth + 1)), padding="valid") for p in positions]
    return [b - a + 1 for a, b in seen]


@wrong("field_of_view", "too few pixels of the output were tried")
def _(depth):
    widths = _fields(depth, range(depth))
    return min(widths), max(widths)


@wrong("field_of_view", "you gave the smallest twice, or tried a single pixel")
def _(depth):
    widths = _fields(depth, [0])
    return min(widths), max(widths)


@wrong("field_of_view", "188 and 204 differ by 16 for four poolings")
def _(depth):
    return 12 * 2**depth - 4, 12 * 2**depth + 12


@right("valid_size")
def _(n, depth):
    for _ in range(depth):
        n -= 4
        if n % 2 or n < 0:
            return False
        n //= 2
    n -= 4
    for _ in range(depth):
        n = 2 * n - 4
    return n >= 1


@wrong("valid_size", "sizes below the smallest one pass: nothing would come out")
def _(n, depth):
    for _ in range(depth):
        n -= 4
        if n % 2:
            return False
        n //= 2
    return n - 4 >= 1


@wrong("valid_size", "sizes below the smallest one pass: nothing would come out")
def _(n, depth):
    for _ in range(depth):
        n -= 4
        if n % 2 or n <= 0:
            return False
        n //= 2
    return True


@wrong("valid_size", "one pooling too many: there are `depth` of them, and the bottom block has")
def _(n, depth):
    for _ in range(depth + 1):
        n -= 4
        if n % 2:
            return False
        n //= 2
    return n > 0


@wrong("output_side", "the bottom is counted twice; its block takes 4 pixels, each 2^depth wide")
def _(n, depth):
    return n - 16 * 2**depth + 8


@wrong("output_side", "the decoder's blocks lose 2 pixels in your count; each has two convolutions")
def _(n, depth):
    for _ in range(depth):
        n = (n - 4) // 2
    n -= 4
    for _ in range(depth):
        n = 2 * n - 2
    return n


@wrong("output_side", "every result is 8 too large")
def _(n, depth):
    return n - 2 * (6 * 2**depth - 8)


@wrong("input_for", "you subtracted the lost pixels; the input is larger than the output")
def _(wanted, depth):
    n = wanted - 12 * 2**depth + 8
    while (n + 4) % 2**depth:
        n += 1
    return n


@wrong("input_for", "4 less than a multiple of 16 is the rule of four poolings; use depth")
def _(wanted, depth):
    n = wanted + 12 * 2**depth - 8
    while (n + 4) % 16:
        n += 1
    return n


@wrong("input_for", "what comes out is a little too small; round up and not down")
def _(wanted, depth):
    n = wanted + 12 * 2**depth - 8
    while (n + 4) % 2**depth:
        n -= 1
    return n


@wrong("crop_margin", "you add 12 on each level; one level up, c becomes 2(c + 4), which is 2c + 8")
def _(depth, level):
    m = 4
    for _ in range(depth - 1 - level):
        m = 2 * m + 8 + 4
    return m


@wrong("crop_margin", "one level up, c becomes 2(c + 4), and not 2c + 4: the encoder's and the")
def _(depth, level):
    return sum(4 * 2**k for k in range(depth - level))


@wrong("crop_margin", "the bottom is counted like the levels above it; it has one block, which")
def _(depth, level):
    return 4 * (2 ** (depth - level) - 1) * 2
