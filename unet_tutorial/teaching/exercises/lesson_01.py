"""Exercises of lesson 01: valid input sizes, output sizes, the input for a given output, crops, the receptive field."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.receptive_field import seen_by
from unet_tutorial.plan.sizes import valid_sizes
from unet_tutorial.teaching.checking.exercise import Case, exercise


def _valid(depth: int) -> range:
    (valid,) = valid_sizes(pyramid((1,) * (depth + 1), rank=1), padding="valid")
    return valid


def _sides(seed: int) -> Iterator[Case]:
    for depth in range(1, 5):
        valid = _valid(depth)
        for n in (valid[0], valid[0] - valid.step, valid[3 + seed], valid[5] + 2, valid[2] + 1, 512):
            yield n, depth
    yield from ((n, 0) for n in (4, 5, 6 + seed))


ONE_CONVOLUTION = "one convolution is missing in each level: before a pooling two of them take 4 pixels"


@exercise(
    _sides,
    *[
        (" and n > 12 * stride - 8", more, "sizes below the smallest one pass: nothing would come out")
        for more in ("", " and n > 4")
    ],
    ("% stride", "% depth", "you divided by the number of poolings; each of them halves, so it is 2 to that power"),
    ("(n + 4)", "n", "a multiple of 2^depth passes a padded net; without padding it is 4 less than one"),
    (
        "(n + 4) % stride == 0 and n > 12 * stride - 8",
        "n % stride == 0",
        "that is the rule of a padded net; without padding n is 4 less than a multiple, and a small n leaves no output",
    ),
    (
        "(n + 4) % stride == 0 and n > 12 * stride - 8",
        "n % depth == 0",
        "you divided by the number of poolings; each of them halves, so it is 2 to that power",
    ),
    (
        "(n + 4) % stride",
        "n % 2",
        "every even size passes your test; after the first pooling the side must be even again",
    ),
    ("stride - 8", "stride - 4", "the smallest size is refused; it gives 4 pixels, or 2 with one pooling"),
    ("n >", "n >=", "a size that gives an output of 0 pixels passes"),
    (
        "return (n + 4)",
        "return (n - 4)",
        "n - 4 is what the first block leaves; over all levels it is n + 4 that is divided by 2^depth",
    ),
    (
        "return (n + 4) % stride == 0 and n > 12 * stride - 8",
        "return n % 16 == 12 and n > 184",
        "that is the rule of four poolings; use depth",
    ),
    (
        "(n + 4) % stride == 0 and n > 12 * stride - 8",
        "n % stride == 12",
        "12 more than a multiple is right for four poolings only: in general n is 4 less than a multiple of 2^depth",
    ),
    (
        "return (n + 4) % stride == 0 and n > 12 * stride - 8",
        "for _ in range(depth):\n        n = (n - 4) // 2\n        if n % 2 or n <= 0:\n"
        "            return False\n    return True",
        "the side before a pooling has to be even; you looked at the side after it",
    ),
    (
        "return (n + 4) % stride == 0 and n > 12 * stride - 8",
        "for _ in range(depth):\n        n -= 2\n        if n % 2:\n            return False\n        n //= 2\n"
        "    return n > 0",
        ONE_CONVOLUTION,
    ),
    (
        "return (n + 4) % stride == 0 and n > 12 * stride - 8",
        "for _ in range(depth):\n        n -= 2\n        if n % 2:\n            return False\n        n //= 2\n"
        "    return n > 4",
        ONE_CONVOLUTION,
    ),
    (
        "return (n + 4) % stride == 0 and n > 12 * stride - 8",
        "for _ in range(depth + 1):\n        n -= 4\n        if n % 2:\n            return False\n        n //= 2\n"
        "    return n > 0",
        "one pooling too many: there are `depth` of them, and the bottom block has none",
    ),
    ("(n + 4) % stride == 0 and ", "", "nothing asks whether each pooling meets an even side"),
    ("% stride", "% (2 * stride)", "p poolings halve p times, and so divide by 2^p; you took one more"),
    ("12 * stride - 8", "187", "184 and 188 belong to four poolings; the smallest size depends on depth"),
    (
        "return (n + 4) % stride == 0 and n > 12 * stride - 8",
        "for _ in range(depth):\n        n -= 4\n        if n % 2:\n            return False\n    return n > 0",
        "the side is not halved in your loop; each pooling leaves half of it",
    ),
    (
        "return (n + 4) % stride == 0 and n > 12 * stride - 8",
        "return True if (n + 4) % stride == 0 else None",
        "a size that is not valid gives None, and sizes below the smallest one pass; return True or False",
    ),
    (
        "return (n + 4) % stride == 0 and n > 12 * stride - 8",
        "if (n + 4) % stride == 0 and n > 12 * stride - 8:\n        return True",
        "a size that is not valid gives None; return False there",
    ),
    (
        "n > 12 * stride - 8",
        "n > 12 * stride - 7",
        "an output of one pixel is enough: without poolings, 5 gives 1",
    ),
)
def valid_size(n: int, depth: int) -> bool:
    stride: int = 2**depth  # n + 4 is halved by each pooling
    return (n + 4) % stride == 0 and n > 12 * stride - 8


def _valid_sides(seed: int) -> Iterator[Case]:
    for depth in range(6):
        yield from ((_valid(depth)[k], depth) for k in (0, 2 + seed, 9))


@exercise(
    _valid_sides,
    (
        "12 * 2**depth - 8",
        "8 * depth + 4",
        "each convolution takes 2 pixels on its own scale; down there a pixel is 2, 4, 8, 16 wide",
    ),
    (
        "12 * 2**depth - 8",
        "8 * 2**depth - 4",
        "only the way down is counted; the decoder's convolutions cost pixels too",
    ),
    (
        "12 * 2**depth - 8",
        "16 * depth",
        "a second pooling does not cost another 16: a pixel that is lost further down is worth 2, 4, 8 of the input",
    ),
    ("12 *", "8 *", "the block at the bottom is missing"),
    ("12 * 2**depth - 8", "6 * 2**depth - 4", "each block has two convolutions"),
    ("12 * 2**depth - 8", "184", "184 holds for four poolings only"),
    ("2**depth", "depth**2", "depth**2 is not 2**depth; they agree only for 2 and 4 poolings"),
    ("2**depth", "2 ** (depth + 1)", "one level too many: p poolings lie between p + 1 levels"),
    (
        "return n - lost",
        "for _ in range(depth + 1):\n        n = (n - 4) // 2\n"
        "    for _ in range(depth):\n        n = 2 * n - 4\n    return n",
        "one pooling too many: there are `depth` of them, and the bottom block has none",
    ),
    (
        "12 * 2**depth - 8",
        "10 * 2**depth - 6",
        "the decoder's blocks lose 2 pixels in your count; each has two convolutions and loses 4",
    ),
    ("n - lost", "n + lost", "you added the lost pixels; the output is smaller than the input"),
    ("n - lost", "lost", "that is what is lost; the side of the output is the rest"),
    (
        "n - lost",
        "n // 2**depth",
        "that is the size after the poolings; the way up doubles as often, and only borders are lost",
    ),
    ("n - lost", "n - 2 * lost", "the lost pixels are subtracted twice; their number is that of both sides together"),
    (
        "return n - lost",
        "for _ in range(depth):\n        n = n // 2 - 4\n    n -= 4\n"
        "    for _ in range(depth):\n        n = 2 * n - 4\n"
        "    return n",
        "on the way down the two convolutions come before the pooling: (n - 4) // 2",
    ),
    (
        "return n - lost",
        "for _ in range(depth):\n        n = (n - 4) // 2\n    n -= 4\n"
        "    for _ in range(depth):\n        n = 2 * (n - 4)\n"
        "    return n",
        "on the way up the two convolutions come after the doubling: 2 * n - 4",
    ),
    (
        "return n - lost",
        "return n - 12 * 2**depth - 8",
        "brackets are missing: n - (12 · 2^depth - 8) is n - 12 · 2^depth + 8",
    ),
    (
        "12 * 2**depth - 8",
        "16 * 2**depth - 8",
        "the bottom is counted twice; its block takes 4 pixels, each 2^depth wide",
    ),
)
def output_side(n: int, depth: int) -> int:
    lost: int = 12 * 2**depth - 8
    return n - lost


def _wanted(seed: int) -> Iterator[Case]:
    yield from ((n, depth) for depth in range(1, 5) for n in (1, 2, 3, 4, 5 + seed, 100 + seed, 388, 389, 512 + seed))


def _halved_rounding_down(wanted: int, depth: int) -> int:
    """The network backwards, with each division rounded down."""
    for _ in range(depth):
        wanted = (wanted + 4) // 2
    wanted += 4
    for _ in range(depth):
        wanted = 2 * wanted + 4
    return wanted


ROUND_UP = "what comes out is a little too small; round up and not down"


@exercise(
    _wanted,
    ("valid_size(n, depth) and ", "", "that size gives enough pixels but does not pass the poolings"),
    ("next(", "2**depth + next(", "one size larger than needed"),
    (">= wanted", "> wanted - 2**depth", ROUND_UP),
    (ROUND_UP, _halved_rounding_down),
    (">= wanted", ">= wanted - (6 * 2**depth - 4)", "the margin is lost on both sides"),
    (
        "valid_size(n, depth) and output_side(n, depth)",
        "valid_size(n, 4) and output_side(n, 4)",
        "the margin of four poolings was taken for every depth",
    ),
    (">= wanted", "> wanted", "a size that gives exactly `wanted` pixels is enough; you asked for more"),
    (
        "count(wanted) if valid_size(n, depth) and output_side(n, depth) >= wanted",
        "range(wanted, 4 * wanted + 400) if valid_size(n, depth) and output_side(n, depth) == wanted",
        "most numbers of pixels cannot be had exactly; ask for at least `wanted`",
    ),
    (
        "return next(n for n in count(wanted) if",
        "return next(n for n in count(572, 2**depth) if",
        "you began at 572; smaller valid sizes may be enough",
    ),
    (
        "next(n for n in count(wanted) if valid_size(n, depth) and output_side(n, depth) >= wanted)",
        "round((wanted + 12 * 2**depth - 4) / 2**depth) * 2**depth - 4",
        "you rounded to the nearest valid size, and it can be too small; round up",
    ),
    (
        "return next(n for n in count(wanted) if valid_size(n, depth) and output_side(n, depth) >= wanted)",
        "n = next(n for n in count(wanted) if valid_size(n, depth) and output_side(n, depth) >= wanted)\n"
        "    return output_side(n, depth)",
        "that is what comes out; the input is asked for",
    ),
    (
        "count(wanted)",
        "count(max(wanted, 12 * 2**depth + 2**depth))",
        "for small `wanted` a smaller valid size is enough",
    ),
    (
        "next(n for n in count(wanted) if valid_size(n, depth) and output_side(n, depth) >= wanted)",
        "-(-(wanted + 12 * 2**depth - 8) // 2**depth) * 2**depth",
        "you took a multiple of 2^depth; a valid size is 4 less than one",
    ),
    (
        "return next(n for n in count(wanted) if valid_size(n, depth) and output_side(n, depth) >= wanted)",
        "return wanted + -(wanted + 4) % 2**depth + 12 * 2**depth - 8",
        "you rounded up before the lost pixels were added; the sum has to be a valid size",
    ),
    (
        "return next(n for n in count(wanted) if valid_size(n, depth) and output_side(n, depth) >= wanted)",
        "return wanted + 184",
        "a U with four poolings loses 184 pixels, and the sum need not be a valid size",
    ),
    (
        "valid_size(n, depth) and ",
        "n % 2 == 0 and ",
        "the size is even, but one of the maps below is not; every pooling has to meet an even side",
    ),
    (
        "next(n for n in count(wanted) if valid_size(n, depth) and output_side(n, depth) >= wanted)",
        "next(n for n in count(wanted - 12 * 2**depth + 8) if (n + 4) % 2**depth == 0)",
        "you subtracted the lost pixels; the input is larger than the output",
    ),
    (
        "valid_size(n, depth) and ",
        "(n + 4) % 16 == 0 and ",
        "4 less than a multiple of 16 is the rule of four poolings; use depth",
    ),
)
def input_for(wanted: int, depth: int) -> int:
    return next(n for n in count(wanted) if valid_size(n, depth) and output_side(n, depth) >= wanted)


def _levels(seed: int) -> Iterator[Case]:
    yield from ((depth, level) for depth in range(1, 5 + (seed > 0)) for level in range(depth))


@exercise(
    _levels,
    ("return margin", "return 2 * margin", "you gave the pixels of both sides together; half of them lie on each"),
    ("depth - 1 - level", "level", "the levels are counted from the bottom; level 0 is the finest"),
    (
        "2 * (margin + 4)",
        "2 * margin + 4",
        "one level up, c becomes 2(c + 4), and not 2c + 4: the encoder's and the decoder's block lose 2 per side each",
    ),
    ("2 * (margin + 4)", "margin + 4", "going up doubles what is missing"),
    ("return margin", "return 4", "every level has its own crop"),
    (
        "return margin",
        "return 88 // 2**level",
        "88, 40, 16 and 4 are not halves of one another, and 88 is of four poolings",
    ),
    (
        "depth - 1 - level",
        "depth - level",
        "the U that begins at this level loses so many pixels; take the U below it: the crop of the deepest skip is 4",
    ),
    (
        "return margin",
        "return (12 * 2 ** (depth - level) - 8) // 2",
        "half of the pixels that the U of this level loses; 2 per side are lost before the skip and 2 after the crop",
    ),
    (
        "return margin",
        "return (12 * 2**depth - 8) // 2",
        "that is half of the pixels that the whole network loses; the crop depends on the level, and is smaller",
    ),
    (
        "return margin",
        "return margin // 2",
        "these are pixels of the level below; each of them is worth two pixels of this level",
    ),
    (
        "return margin",
        "return (4, 16, 40, 88)[level]",
        "4, 16, 40 and 88 are the crops of four poolings, deepest skip first; level 0 is the finest",
    ),
    (
        "2 * (margin + 4)",
        "2 * margin",
        "the blocks are forgotten: on each level the encoder's and the decoder's convolutions cost pixels as well",
    ),
    (
        "margin = 4",
        "margin = 2",
        "the crop of the deepest skip is 4 per side: the bottom's block loses 2, each as wide as 2 pixels above",
    ),
    (
        "return margin",
        "return 4 + 12 * (depth - 1 - level)",
        "the crops do not grow by a fixed number: 4, 16, 40, 88; each is 2(c + 4)",
    ),
    (
        "depth - 1 - level",
        "depth - 2 - level",
        "one doubling is missing; level 0 is depth - 1 levels above the deepest skip",
    ),
    (
        "return margin",
        "return [88, 40, 16, 4][level]",
        "88, 40, 16 and 4 are the crops of four poolings; use depth",
    ),
    ("margin = 4", "margin = 0", "the deepest skip is cropped, too: by 4"),
    (
        "margin = 4",
        "margin = 0",
        "depth - 1 - level",
        "depth - level",
        "the bottom is counted like the levels above it; it has one block, which takes 2 pixels per side, and not 4",
    ),
    (
        "return margin",
        "return 12 * 2 ** (level - 1) - 8",
        "the levels are counted from the bottom; level 0 is the finest",
    ),
    (
        "return margin",
        "return 12 * 2 ** (depth - level - 2) - 8",
        "one doubling is missing; level 0 is depth - 1 levels above the deepest skip",
    ),
    (
        "2 * (margin + 4)",
        "2 * margin + 12",
        "you add 12 on each level; one level up, c becomes 2(c + 4), which is 2c + 8",
    ),
)
def crop_margin(depth: int, level: int) -> int:
    margin = 4
    for _ in range(depth - 1 - level):
        margin = 2 * (margin + 4)
    return margin


def _depths(seed: int) -> Iterator[Case]:
    yield from ((depth,) for depth in ((1, 2, 3, 4) if seed == 0 else (1, 3, seed + 3, 5)))


@exercise(
    _depths,
    (
        "max(widths)",
        "min(widths)",
        "you gave the smallest twice, or tried a single pixel; from 3 poolings on, some see more",
    ),
    (
        "min(widths), max(widths)",
        "12 * 2**depth - 8, 13 * 2**depth - 8",
        "that is the number of lost pixels, input minus output; a pixel sees itself, too",
    ),
    ("min(widths), max(widths)", "9, 9", "only the skip at the top was followed; the way through the bottom sees more"),
    ("min(widths)", "max(widths)", "you gave the largest twice; from three poolings on, some pixels see less"),
    (
        "depth + 1",
        "depth + 2",
        "range(2**depth)",
        "range(2 ** (depth + 1))",
        "that is the pair of another depth, one too large; count the poolings",
    ),
    (
        "depth + 1",
        "depth",
        "that is the pair of another depth, one too small; p poolings lie between p + 1 levels",
    ),
    ("last - first + 1", "last - first", "from first to last there are last - first + 1 pixels"),
    ("min(widths), max(widths)", "max(widths), min(widths)", "the smallest comes first"),
    (
        "min(widths), max(widths)",
        "12 * 2**depth - 7, 12 * 2**depth - 7",
        "the lost pixels + 1 are right without poolings only; with them an output pixel sees whole blocks, and so more",
    ),
    (
        "min(widths), max(widths)",
        "12 * 2**depth - 7",
        "the lost pixels + 1 are right without poolings only, and a pair is asked for: the smallest and the largest",
    ),
    (
        "min(widths), max(widths)",
        "9 * 2**depth - 4, 9 * 2**depth - 4",
        "that is what a pixel at the bottom sees; the decoder's convolutions add to it",
    ),
    (
        "min(widths), max(widths)",
        "9 * 2**depth - 4",
        "that is what a pixel at the bottom sees: the decoder adds to it, and a pair is asked for",
    ),
    ("min(widths), max(widths)", "min(widths)", "one number came, the smallest; a pair is asked for"),
    ("min(widths), max(widths)", "max(widths)", "one number came, the largest; a pair is asked for"),
    ("min(widths), max(widths)", "188, 204", "188 and 204 hold for four poolings only; use depth"),
    (
        "min(widths), max(widths)",
        "12 * 2**depth - 4, 13 * 2**depth - 4",
        "with one pooling both are smaller than these formulas say, and with two the largest: try depth 1 with seen_by",
    ),
    (
        "min(widths), max(widths)",
        "min(first for first, _ in seen), max(last for _, last in seen)",
        "those are the first and the last pixel that are seen; count the pixels that one output pixel sees",
    ),
    (
        "min(widths), max(widths)",
        "8 * depth + 5, 8 * depth + 5",
        "each convolution adds 2 pixels of its own level; on the levels below, a pixel is 2, 4, 8, 16 wide",
    ),
    (
        "min(widths), max(widths)",
        "12 * 2**depth - 8, 12 * 2**depth - 8",
        "that is the number of lost pixels, input minus output, and twice the same number",
    ),
    (
        "min(widths), max(widths)",
        "12 * 2**depth - 4, 12 * 2**depth - 4",
        "with one pooling a pixel sees less than that formula says, and from three poolings on some see more",
    ),
    (
        "min(widths), max(widths)",
        "9 * 2**depth - 4, 12 * 2**depth - 4",
        "9 · 2^depth - 4 is what a pixel at the bottom sees; both numbers are of pixels of the output",
    ),
    (
        "min(widths), max(widths)",
        "140, 188",
        "140 and 188 belong to four poolings, and 140 to the bottom: both numbers are of pixels of the output",
    ),
    *[
        (
            "range(2**depth)",
            f"range({few})",
            "too few pixels of the output were tried: they repeat only after 2**depth of them",
        )
        for few in ("depth", "depth + 1", "2 ** (depth - 1)")
    ],
    (
        "min(widths), max(widths)",
        "12 * 2**depth - 4, 12 * 2**depth + 12",
        "188 and 204 differ by 16 for four poolings; for other depths the difference is another one",
    ),
)
def field_of_view(depth: int) -> tuple[int, int]:
    levels = pyramid((1,) * (depth + 1), rank=1)
    seen = [seen_by(pixel, levels, padding="valid") for pixel in range(2**depth)]
    widths = [last - first + 1 for first, last in seen]
    return min(widths), max(widths)


EXERCISES = (valid_size, output_side, input_for, crop_margin, field_of_view)
