"""Answers to the exercises of lesson 18 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import math

import numpy as np
import torch

from tests.oracles.answers import Answers
from unet_tutorial.figures.drawing.palette import contrast
from unet_tutorial.figures.drawing.palette import contrast

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


@wrong("up_macs", "you multiplied by the pixels of the output; each number of the")
def _(layer, size):
    out = [(s - 1) * st + k for s, st, k in zip(size, layer.stride, layer.kernel_size)]
    return layer.weight.numel() * math.prod(out)


@wrong("up_macs", "two sides were multiplied; a layer has 1, 2 or 3 axes: take the")
def _(layer, size):
    return layer.weight.numel() * size[0] * size[1]


@wrong("up_macs", "the kernel was taken for a square; it has 1, 2 or 3 axes:")
def _(layer, size):
    return layer.in_channels * layer.out_channels * layer.kernel_size[0] ** 2 * math.prod(size)


@wrong("up_macs", "those are FLOPs; a multiplication and its addition are one MAC")
def _(layer, size):
    return 2 * layer.weight.numel() * math.prod(size)


@wrong("up_macs", "a bias is no weight: nothing is multiplied by it")
def _(layer, size):
    return (layer.weight.numel() + layer.out_channels) * math.prod(size)


@wrong("up_macs", "that is the number of weights; multiply by the pixels of the input,")
def _(layer, size):
    return layer.weight.numel()


@wrong("up_macs", "you enlarged the input by the stride first; the stride is the")
def _(layer, size):
    return layer.weight.numel() * math.prod(s * st for s, st in zip(size, layer.stride))


@wrong("up_macs", "the output channels are missing: a number of the input is multiplied")
def _(layer, size):
    return layer.in_channels * math.prod(layer.kernel_size) * math.prod(size)


@wrong("up_macs", "the sides of the map are multiplied, not added")
def _(layer, size):
    return layer.weight.numel() * sum(size)


@wrong("up_macs", "a bias is no weight: nothing is multiplied by it")
def _(layer, size):
    return sum(p.numel() for p in layer.parameters()) * math.prod(size)


def bb(size, k):
    return math.prod(s - k for s in size)


@wrong("block_bytes", "pooling keeps its indices, too: 8 bytes for each number that it gives")
def _(a, b, size, itemsize):
    return itemsize * (a * bb(size, 0) + b * bb(size, 2) + b * bb(size, 4) + b * math.prod((s - 4) // 2 for s in size))


@wrong("block_bytes", "the indices are 64-bit integers, whatever the maps are")
def _(a, b, size, itemsize):
    return itemsize * (
        a * bb(size, 0) + b * bb(size, 2) + b * bb(size, 4) + 2 * b * math.prod((s - 4) // 2 for s in size)
    )


@wrong("block_bytes", "the map given is the input of a convolution, so it is kept")
def _(a, b, size, itemsize):
    p = b * math.prod((s - 4) // 2 for s in size)
    return itemsize * (b * bb(size, 2) + b * bb(size, 4) + p) + 8 * p


@wrong("block_bytes", "the pooled map is the input of the next convolution, so it is kept")
def _(a, b, size, itemsize):
    p = b * math.prod((s - 4) // 2 for s in size)
    return itemsize * (a * bb(size, 0) + b * bb(size, 2) + b * bb(size, 4)) + 8 * p


@wrong("block_bytes", "ReLU works in place: what a convolution gave is overwritten, and kept")
def _(a, b, size, itemsize):
    p = b * math.prod((s - 4) // 2 for s in size)
    return itemsize * (a * bb(size, 0) + 2 * b * bb(size, 2) + 2 * b * bb(size, 4) + p) + 8 * p


@wrong("block_bytes", "an unpadded convolution with a kernel of 3 takes two pixels off every")
def _(a, b, size, itemsize):
    p = b * math.prod(s // 2 for s in size)
    return itemsize * (a * bb(size, 0) + 2 * b * bb(size, 0) + p) + 8 * p


@wrong("block_bytes", "pooling halves every axis: divide by 2 for each of them")
def _(a, b, size, itemsize):
    p = b * bb(size, 4) // 2
    return itemsize * (a * bb(size, 0) + b * bb(size, 2) + b * bb(size, 4) + p) + 8 * p


@wrong("block_bytes", "an unpadded convolution takes one pixel off at both ends of an axis")
def _(a, b, size, itemsize):
    p = b * math.prod((s - 2) // 2 for s in size)
    return itemsize * (a * bb(size, 0) + b * bb(size, 1) + b * bb(size, 2) + p) + 8 * p


@wrong("block_bytes", "expected the whole number 32512, got the float 32512.0; use //")
def _(a, b, size, itemsize):
    p = b * math.prod((s - 4) / 2 for s in size)
    return itemsize * (a * bb(size, 0) + b * bb(size, 2) + b * bb(size, 4) + p) + 8 * p


@wrong("block_bytes", "pooling divides by 4 in 2D, and by 8 in 3D: 2 ** len(size)")
def _(a, b, size, itemsize):
    p = b * bb(size, 4) // 4
    return itemsize * (a * bb(size, 0) + b * bb(size, 2) + b * bb(size, 4) + p) + 8 * p


@wrong("block_bytes", "these are numbers; multiply by the bytes of each, and add 8 for each")
def _(a, b, size, itemsize):
    p = b * math.prod((s - 4) // 2 for s in size)
    return a * bb(size, 0) + b * bb(size, 2) + b * bb(size, 4) + p + p


@wrong("block_bytes", "an index is an int64, 8 bytes; you counted 4")
def _(a, b, size, itemsize):
    p = b * math.prod((s - 4) // 2 for s in size)
    return itemsize * (a * bb(size, 0) + b * bb(size, 2) + b * bb(size, 4) + p) + 4 * p


@wrong("distinct_parameters", "two modules share one tensor; tell tensors apart by identity, not")
def _(net):
    ps = [p for m in net.modules() for p in m.parameters(recurse=False)]
    return sum(p.numel() for p in ps), sum(p.numel() for p in ps if p.requires_grad)


@wrong("distinct_parameters", "a state dict holds buffers, too, and shared tensors once for each name")
def _(net):
    return sum(v.numel() for v in net.state_dict().values()), sum(
        p.numel() for p in net.parameters() if p.requires_grad
    )


@wrong("distinct_parameters", "two modules share one tensor; tell tensors apart by identity, not")
def _(net):
    def go(m):
        own = list(m._parameters.values())
        for c in m.children():
            own += go(c)
        return own

    ps = [p for p in go(net) if p is not None]
    return sum(p.numel() for p in ps), sum(p.numel() for p in ps if p.requires_grad)


@wrong("distinct_parameters", "the second number is of those that learn, and not of the frozen ones")
def _(net):
    ps = list(net.parameters())
    return sum(p.numel() for p in ps), sum(p.numel() for p in ps if not p.requires_grad)


@wrong("distinct_parameters", "all of them first, then those that learn")
def _(net):
    ps = list(net.parameters())
    return sum(p.numel() for p in ps if p.requires_grad), sum(p.numel() for p in ps)


@wrong("distinct_parameters", "parameters may have any name; you looked for weight and bias")
def _(net):
    d = {id(p): p for n, p in net.named_parameters() if n.endswith(("weight", "bias"))}.values()
    return sum(p.numel() for p in d), sum(p.numel() for p in d if p.requires_grad)


@wrong("distinct_parameters", "you counted tensors; count the numbers in them")
def _(net):
    ps = list(net.parameters())
    return len(ps), len([p for p in ps if p.requires_grad])


@wrong("distinct_parameters", "frozen parameters are parameters; only the second number leaves them")
def _(net):
    n = sum(p.numel() for p in net.parameters() if p.requires_grad)
    return n, n


@wrong("distinct_parameters", "two tensors of one shape are two tensors; compare identities")
def _(net):
    d = {tuple(p.shape): p for p in net.parameters()}.values()
    return sum(p.numel() for p in d), sum(p.numel() for p in d if p.requires_grad)


@wrong("describe_u", 'of one channel, write "1 channel", without an s')
def _(maps, crops):
    lev = ", ".join(f"{c} channels of {h}×{w}" for c, (h, w) in maps)
    n = len(crops)
    if not n:
        s = "No skip crosses it."
    else:
        how = "uncropped" if not any(crops) else f"cropped by {', '.join(map(str, crops))} pixels per side"
        s = ("1 skip crosses" if n == 1 else f"{n} skips cross") + f" it, {how}."
    return f"A U of {len(maps)} levels: {lev}. {s}"


@wrong("describe_u", 'of one skip, write "1 skip crosses it"')
def _(maps, crops):
    lev = ", ".join(f"{c} channel{'s' if c > 1 else ''} of {h}×{w}" for c, (h, w) in maps)
    n = len(crops)
    if not n:
        s = "No skip crosses it."
    else:
        how = "uncropped" if not any(crops) else f"cropped by {', '.join(map(str, crops))} pixels per side"
        s = f"{n} skips cross it, {how}."
    return f"A U of {len(maps)} levels: {lev}. {s}"


@wrong("describe_u", "between the sides is the letter x; write the multiplication sign, ×")
def _(maps, crops):
    lev = ", ".join(f"{c} channel{'s' if c > 1 else ''} of {h}x{w}" for c, (h, w) in maps)
    n = len(crops)
    if not n:
        s = "No skip crosses it."
    else:
        how = "uncropped" if not any(crops) else f"cropped by {', '.join(map(str, crops))} pixels per side"
        s = ("1 skip crosses" if n == 1 else f"{n} skips cross") + f" it, {how}."
    return f"A U of {len(maps)} levels: {lev}. {s}"


@wrong("describe_u", "height before width, as in the shape")
def _(maps, crops):
    lev = ", ".join(f"{c} channel{'s' if c > 1 else ''} of {w}×{h}" for c, (h, w) in maps)
    n = len(crops)
    if not n:
        s = "No skip crosses it."
    else:
        how = "uncropped" if not any(crops) else f"cropped by {', '.join(map(str, crops))} pixels per side"
        s = ("1 skip crosses" if n == 1 else f"{n} skips cross") + f" it, {how}."
    return f"A U of {len(maps)} levels: {lev}. {s}"


@wrong("describe_u", "where nothing is cut off, the skips are uncropped")
def _(maps, crops):
    lev = ", ".join(f"{c} channel{'s' if c > 1 else ''} of {h}×{w}" for c, (h, w) in maps)
    n = len(crops)
    if not n:
        s = "No skip crosses it."
    else:
        how = f"cropped by {', '.join(map(str, crops))} pixels per side"
        s = ("1 skip crosses" if n == 1 else f"{n} skips cross") + f" it, {how}."
    return f"A U of {len(maps)} levels: {lev}. {s}"


@wrong("describe_u", "one crop of 0 made all skips uncropped; they are uncropped only if")
def _(maps, crops):
    lev = ", ".join(f"{c} channel{'s' if c > 1 else ''} of {h}×{w}" for c, (h, w) in maps)
    n = len(crops)
    if not n:
        s = "No skip crosses it."
    else:
        how = "uncropped" if not all(crops) else f"cropped by {', '.join(map(str, crops))} pixels per side"
        s = ("1 skip crosses" if n == 1 else f"{n} skips cross") + f" it, {how}."
    return f"A U of {len(maps)} levels: {lev}. {s}"


@wrong("describe_u", "the full stop at the end is missing")
def _(maps, crops):
    lev = ", ".join(f"{c} channel{'s' if c > 1 else ''} of {h}×{w}" for c, (h, w) in maps)
    n = len(crops)
    if not n:
        s = "No skip crosses it"
    else:
        how = "uncropped" if not any(crops) else f"cropped by {', '.join(map(str, crops))} pixels per side"
        s = ("1 skip crosses" if n == 1 else f"{n} skips cross") + f" it, {how}"
    return f"A U of {len(maps)} levels: {lev}. {s}"


@wrong("describe_u", "without any skip, the second sentence is: No skip crosses it.")
def _(maps, crops):
    lev = ", ".join(f"{c} channel{'s' if c > 1 else ''} of {h}×{w}" for c, (h, w) in maps)
    n = len(crops)
    how = "uncropped" if not any(crops) else f"cropped by {', '.join(map(str, crops))} pixels per side"
    s = ("1 skip crosses" if n == 1 else f"{n} skips cross") + f" it, {how}."
    return f"A U of {len(maps)} levels: {lev}. {s}"


@wrong("describe_u", "you counted the skips; there are as many levels as maps")
def _(maps, crops):
    lev = ", ".join(f"{c} channel{'s' if c > 1 else ''} of {h}×{w}" for c, (h, w) in maps)
    n = len(crops)
    if not n:
        s = "No skip crosses it."
    else:
        how = "uncropped" if not any(crops) else f"cropped by {', '.join(map(str, crops))} pixels per side"
        s = ("1 skip crosses" if n == 1 else f"{n} skips cross") + f" it, {how}."
    return f"A U of {len(crops)} levels: {lev}. {s}"


@wrong("describe_u", "the crops are in reverse order; the finest skip comes first, as in")
def _(maps, crops):
    lev = ", ".join(f"{c} channel{'s' if c > 1 else ''} of {h}×{w}" for c, (h, w) in maps)
    n = len(crops)
    if not n:
        s = "No skip crosses it."
    else:
        how = "uncropped" if not any(crops) else f"cropped by {', '.join(map(str, reversed(crops)))} pixels per side"
        s = ("1 skip crosses" if n == 1 else f"{n} skips cross") + f" it, {how}."
    return f"A U of {len(maps)} levels: {lev}. {s}"


@wrong("compare_maps", "gone are those that only the drawing has, missing those that only the")
def _(drawn, traced):
    return {
        "wrong": [k for k in drawn if k in traced and drawn[k] != traced[k]],
        "gone": [k for k in traced if k not in drawn],
        "missing": [k for k in drawn if k not in traced],
    }


@wrong("compare_maps", "the names were sorted; keep the order of the drawing, and for missing")
def _(drawn, traced):
    return {
        "wrong": sorted(k for k in drawn if k in traced and drawn[k] != traced[k]),
        "gone": sorted(set(drawn) - set(traced)),
        "missing": sorted(set(traced) - set(drawn)),
    }


@wrong("compare_maps", "a name that only the drawing has raises a KeyError in traced; ask")
def _(drawn, traced):
    return {
        "wrong": [k for k in drawn if drawn[k] != traced[k]],
        "gone": [k for k in drawn if k not in traced],
        "missing": [k for k in traced if k not in drawn],
    }


@wrong("compare_maps", "names that only the drawing has are among the wrong ones, too; wrong")
def _(drawn, traced):
    return {
        "wrong": [k for k in drawn if drawn[k] != traced.get(k)],
        "gone": [k for k in drawn if k not in traced],
        "missing": [k for k in traced if k not in drawn],
    }


@wrong("compare_maps", "these are the maps whose shapes agree; wrong holds those whose shapes")
def _(drawn, traced):
    return {
        "wrong": [k for k in drawn if k in traced and drawn[k] == traced[k]],
        "gone": [k for k in drawn if k not in traced],
        "missing": [k for k in traced if k not in drawn],
    }


@wrong("compare_maps", "you compared channels only; a size can be wrong, too")
def _(drawn, traced):
    return {
        "wrong": [k for k in drawn if k in traced and drawn[k][0] != traced[k][0]],
        "gone": [k for k in drawn if k not in traced],
        "missing": [k for k in traced if k not in drawn],
    }


@wrong("compare_maps", "wrong is in the order of the trace; it has to be in that of the")
def _(drawn, traced):
    return {
        "wrong": [k for k in traced if k in drawn and drawn[k] != traced[k]],
        "gone": [k for k in drawn if k not in traced],
        "missing": [k for k in traced if k not in drawn],
    }


@wrong("compare_maps", "expected a dict with the keys gone, missing, wrong, got a tuple")
def _(drawn, traced):
    return (
        [k for k in drawn if k in traced and drawn[k] != traced[k]],
        [k for k in drawn if k not in traced],
        [k for k in traced if k not in drawn],
    )


@wrong("compare_maps", "as many numbers are not the same shape: 27 × 25 is not 25 × 27")
def _(drawn, traced):
    return {
        "wrong": [k for k in drawn if k in traced and math.prod(drawn[k]) != math.prod(traced[k])],
        "gone": [k for k in drawn if k not in traced],
        "missing": [k for k in traced if k not in drawn],
    }


@wrong("text_colour", "it must be legible on every ground; one of them is not enough")
def _(candidates, grounds, least):
    for c in candidates:
        if any(contrast(c, g) >= least for g in grounds):
            return c
    return ""


@wrong("text_colour", "the least contrast is enough: at least, not more than")
def _(candidates, grounds, least):
    for c in candidates:
        if all(contrast(c, g) > least for g in grounds):
            return c
    return ""


@wrong("text_colour", "the candidates stand in the order of preference: the first that is")
def _(candidates, grounds, least):
    best = max(candidates, key=lambda c: min(contrast(c, g) for g in grounds))
    return best if min(contrast(best, g) for g in grounds) >= least else ""


@wrong("text_colour", 'if no candidate is legible, return an empty text: return ""')
def _(candidates, grounds, least):
    for c in candidates:
        if all(contrast(c, g) >= least for g in grounds):
            return c


@wrong("text_colour", "you tried the first ground only")
def _(candidates, grounds, least):
    for c in candidates:
        if contrast(c, grounds[0]) >= least:
            return c
    return ""


@wrong("text_colour", "the candidates stand in the order of preference: take the first")
def _(candidates, grounds, least):
    out = ""
    for c in candidates:
        if all(contrast(c, g) >= least for g in grounds):
            out = c
    return out


@wrong("text_colour", "these are all legible candidates; return the first of them, or an")
def _(candidates, grounds, least):
    return [c for c in candidates if all(contrast(c, g) >= least for g in grounds)]


@wrong("text_colour", "the mean over the grounds hides the one on which it fails")
def _(candidates, grounds, least):
    for c in candidates:
        if sum(contrast(c, g) for g in grounds) / len(grounds) >= least:
            return c
    return ""


@wrong("text_colour", "if no candidate is legible, the result is an empty text, and not the")
def _(candidates, grounds, least):
    for c in candidates:
        if all(contrast(c, g) >= least for g in grounds):
            return c
    return candidates[-1]


@wrong("text_colour", 'the loop ends at its first candidate: return "" stands behind the')
def _(candidates, grounds, least):
    for c in candidates:
        if all(contrast(c, g) >= least for g in grounds):
            return c
        return ""


@wrong("text_colour", "if no candidate is legible there is no item 0; return an empty text")
def _(candidates, grounds, least):
    return [c for c in candidates if all(contrast(c, g) >= least for g in grounds)][0]


@right("up_macs")
def _(layer, size):
    n = layer.in_channels * layer.out_channels
    for k, s in zip(layer.kernel_size, size):
        n *= k * s
    return n


@right("up_macs")
def _(layer, size):
    return np.prod(layer.weight.shape) * np.prod(size)


@right("block_bytes")
def _(in_channels, out_channels, size, itemsize):
    shape = np.array(size)
    total = in_channels * np.prod(shape) * itemsize
    for _ in range(2):
        shape = shape - 2
        total += out_channels * np.prod(shape) * itemsize
    return int(total + out_channels * np.prod(shape // 2) * (itemsize + 8))


@right("distinct_parameters")
def _(net):
    seen = {}
    for m in net.modules():
        for p in m._parameters.values():
            if p is not None:
                seen[id(p)] = p
    return [sum(p.nelement() for p in seen.values()), sum(p.nelement() * p.requires_grad for p in seen.values())]


@right("distinct_parameters")
def _(net):
    n = torch.tensor([[p.numel(), p.numel() if p.requires_grad else 0] for p in net.parameters()] + [[0, 0]]).sum(0)
    return n


@right("describe_u")
def _(maps, crops):
    parts = []
    for channels, (h, w) in maps:
        word = "channel" if channels == 1 else "channels"
        parts.append("{} {} of {}×{}".format(channels, word, h, w))
    text = "A U of %d levels: %s. " % (len(maps), ", ".join(parts))
    match len(crops):
        case 0:
            return text + "No skip crosses it."
        case 1:
            text += "1 skip crosses it, "
        case n:
            text += f"{n} skips cross it, "
    if max(crops) == 0:
        return text + "uncropped."
    return text + "cropped by " + ", ".join(str(c) for c in crops) + " pixels per side."


@right("compare_maps")
def _(drawn, traced):
    out = dict(wrong=[], gone=[], missing=[])
    for k, v in drawn.items():
        if k not in traced:
            out["gone"].append(k)
        elif tuple(v) != tuple(traced[k]):
            out["wrong"].append(k)
    out["missing"] += [k for k in traced if k not in drawn]
    return {k: tuple(v) for k, v in out.items()}


right("text_colour")(
    lambda candidates, grounds, least: next(
        (c for c in candidates if min(contrast(c, g) for g in grounds) >= least), ""
    )
)


@right("text_colour")
def _(candidates, grounds, least):
    if not candidates:
        return ""
    c, *rest = candidates
    for g in grounds:
        if contrast(g, c) < least:
            return _tc(rest, grounds, least)
    return c


def _tc(candidates, grounds, least):
    for c in candidates:
        if all(contrast(c, g) >= least for g in grounds):
            return c
    return ""


@wrong("up_macs", "that is one side of the kernel; it has the product of all of them")
def _(layer, size):
    return layer.in_channels * layer.out_channels * layer.kernel_size[-1] * math.prod(size)


@wrong("up_macs", "expected the whole number 401408, got the float 401408.0; use //")
def _(layer, size):
    return float(layer.weight.numel() * np.prod(size))


@wrong("up_macs", "this is the conv rule, outputs times input channels; here it is the")
def _(layer, size):
    out = [(n - 1) * s + k for n, s, k in zip(size, layer.stride, layer.kernel_size)]
    return layer.out_channels * math.prod(out) * layer.in_channels


@wrong("up_macs", "the kernel has as many numbers as the product of its sides; the")
def _(layer, size):
    return layer.in_channels * layer.out_channels * math.prod(layer.stride) * math.prod(size)


@wrong("up_macs", "biases are added, and not multiplied, so they are no MACs")
def _(layer, size):
    return layer.weight.numel() * math.prod(size) + layer.out_channels


@wrong("up_macs", "the last side alone was taken; multiply by all pixels, prod(size)")
def _(layer, size):
    return layer.weight.numel() * size[-1]


@wrong("up_macs", "the last side was taken for all of them; the sides may differ:")
def _(layer, size):
    return layer.weight.numel() * size[-1] ** len(size)


@wrong("block_bytes", "the second ReLU's output and the pooling's input are one and the same")
def _(a, b, size, itemsize):
    p = math.prod
    f, s = b * p(n - 2 for n in size), b * p(n - 4 for n in size)
    q = b * p((n - 4) // 2 for n in size)
    return itemsize * (a * p(size) + f + s + s + q) + 8 * q


@wrong("block_bytes", "the pooled map was computed from the size given; it is half of the")
def _(a, b, size, itemsize):
    p = math.prod
    f, s = b * p(n - 2 for n in size), b * p(n - 4 for n in size)
    q = b * p(n // 2 for n in size)
    return itemsize * (a * p(size) + f + s + q) + 8 * q


@wrong("block_bytes", "the pooling comes last: subtract 4 first, and halve then, (n - 4) // 2")
def _(a, b, size, itemsize):
    p = math.prod
    f, s = b * p(n - 2 for n in size), b * p(n - 4 for n in size)
    q = b * p(n // 2 - 4 for n in size)
    return itemsize * (a * p(size) + f + s + q) + 8 * q


@wrong("block_bytes", "a convolution takes 2 off each side, and not off the product: prod(n")
def _(a, b, size, itemsize):
    p = math.prod(size)
    f, s = b * (p - 2), b * (p - 4)
    q = s // 2 ** len(size)
    return itemsize * (a * p + f + s + q) + 8 * q


@wrong("block_bytes", "the sides were added; a map has as many numbers as the product of its")
def _(a, b, size, itemsize):
    f, s = b * sum(n - 2 for n in size), b * sum(n - 4 for n in size)
    q = s // 2 ** len(size)
    return itemsize * (a * sum(size) + f + s + q) + 8 * q


@wrong("block_bytes", "every result is 8 times the right one")
def _(a, b, size, itemsize):
    p = math.prod
    f, s = b * p(n - 2 for n in size), b * p(n - 4 for n in size)
    q = s // 2 ** len(size)
    return 8 * (itemsize * (a * p(size) + f + s + q) + 8 * q)


@wrong("block_bytes", "weights and biases were counted, too; only maps and indices are asked")
def _(a, b, size, itemsize):
    p = math.prod
    k = 3 ** len(size)
    f, s = b * p(n - 2 for n in size), b * p(n - 4 for n in size)
    q = s // 2 ** len(size)
    return itemsize * (a * p(size) + f + s + q + a * b * k + b + b * b * k + b) + 8 * q


@wrong("block_bytes", "the channels of the map given are missing: in_channels * prod(size)")
def _(a, b, size, itemsize):
    p = math.prod
    f, s = b * p(n - 2 for n in size), b * p(n - 4 for n in size)
    q = s // 2 ** len(size)
    return itemsize * (p(size) + f + s + q) + 8 * q


@wrong("block_bytes", "these are the outputs of the convolutions; the map given, the pooled")
def _(a, b, size, itemsize):
    p = math.prod
    return itemsize * (b * p(n - 2 for n in size) + b * p(n - 4 for n in size))


@wrong("block_bytes", "every result is 0.000977 times the right one")
def _(a, b, size, itemsize):
    p = math.prod
    f, s = b * p(n - 2 for n in size), b * p(n - 4 for n in size)
    q = s // 2 ** len(size)
    return (itemsize * (a * p(size) + f + s + q) + 8 * q) / 1024


@wrong("distinct_parameters", "the second number counts tensors; count the numbers in them, as in")
def _(net):
    return sum(p.numel() for p in net.parameters()), len([p for p in net.parameters() if p.requires_grad])


@wrong("distinct_parameters", "only the first parameter was asked whether it learns; ask each of them")
def _(net):
    n = sum(p.numel() for p in net.parameters())
    return n, n if next(net.parameters()).requires_grad else 0


@wrong("distinct_parameters", "expected a pair (all parameters, those that learn), got 175")
def _(net):
    return sum(p.numel() for p in net.parameters())


@wrong("distinct_parameters", "the running statistics of a norm are buffers, not parameters")
def _(net):
    ps = list(net.parameters()) + list(net.buffers())
    return sum(p.numel() for p in ps), sum(p.numel() for p in ps if p.requires_grad)


@wrong("distinct_parameters", "the second number is of those that learn, and not of the frozen ones")
def _(net):
    return sum(p.numel() for p in net.parameters()), sum(
        p.numel() for p in net.parameters() if p.requires_grad is False
    )


@wrong("distinct_parameters", "parameters may have any name; you looked for weight and bias")
def _(net):
    seen = {}
    for m in net.modules():
        for n in ("weight", "bias"):
            p = getattr(m, n, None)
            if p is not None:
                seen[id(p)] = p
    return sum(p.numel() for p in seen.values()), sum(p.numel() for p in seen.values() if p.requires_grad)


@wrong("distinct_parameters", "a gradient is there only after a backward pass; whether a parameter")
def _(net):
    return sum(p.numel() for p in net.parameters()), sum(p.numel() for p in net.parameters() if p.grad is not None)


@wrong("distinct_parameters", "parameters of equal names in different modules overwrite each other;")
def _(net):
    d = {}
    for m in net.modules():
        for n, p in m.named_parameters(recurse=False):
            d[n] = p
    return sum(p.numel() for p in d.values()), sum(p.numel() for p in d.values() if p.requires_grad)


def text(
    maps,
    crops,
    join=", ",
    ch=lambda c: "channel" if c == 1 else "channels",
    size=lambda h, w: f"{h}×{w}",
    levels=None,
    cj=", ",
    px="pixels",
    end=".",
    verb=None,
):
    lev = join.join(f"{c} {ch(c)} of {size(h, w)}" for c, (h, w) in maps)
    n = len(crops)
    if not n:
        s = "No skip crosses it"
    else:
        how = f"cropped by {cj.join(map(str, crops))} {px} per side" if any(crops) else "uncropped"
        s = ("1 skip crosses it" if n == 1 else f"{n} skips cross it") + ", " + how
    return f"A U of {levels or len(maps)} levels: {lev}. {s}{end}"


@wrong("describe_u", "the levels are separated by semicolons; in the text they are by commas")
def _(maps, crops):
    return text(maps, crops, join="; ")


@wrong("describe_u", "there are spaces around ×; write height×width without them")
def _(maps, crops):
    return text(maps, crops, size=lambda h, w: f"{h} × {w}")


@wrong("describe_u", "the size was printed as a tuple; write height×width, without")
def _(maps, crops):
    return text(maps, crops, size=lambda h, w: f"{(h, w)}")


@wrong("describe_u", 'of two channels it is "2 channels": only one channel is without an s')
def _(maps, crops):
    return text(maps, crops, ch=lambda c: "channels" if c > 2 else "channel")


@wrong("describe_u", 'the crops are joined by "and"; in the text by commas')
def _(maps, crops):
    return text(maps, crops, cj=" and ")


@wrong("describe_u", 'the text has the word "pixels", and not px')
def _(maps, crops):
    return text(maps, crops, px="px")


@wrong("describe_u", "the text is right but for spaces")
def _(maps, crops):
    return text(maps, crops).replace(". ", ".\n")


@wrong("describe_u", "expected 'A U of 3 levels: 64 channels of 568×568, 128 channels of")
def _(maps, crops):
    return text(maps, crops).split(". ")


@wrong("describe_u", "it returned None; is a return missing?")
def _(maps, crops):
    print(text(maps, crops))


@wrong("describe_u", "the text is right but for capital letters")
def _(maps, crops):
    return text(maps, crops).replace("A U of", "a U of")


@wrong("describe_u", "skips with a crop of 0 were left out; they are skips, too, and their")
def _(maps, crops):
    return text(maps, [c for c in crops if c])


@wrong("describe_u", "the crops were added up; name each of them")
def _(maps, crops):
    return (
        text(maps, crops) if not any(crops) else text(maps, crops).replace(", ".join(map(str, crops)), str(sum(crops)))
    )


@wrong("describe_u", "the two sides were multiplied; the text names both: height×width")
def _(maps, crops):
    return text(maps, crops, size=lambda h, w: f"{h * w}")


@wrong("describe_u", "you counted the levels; there are len(crops) skips")
def _(maps, crops):
    return text(maps, crops).replace(f"{len(crops)} skip", f"{len(maps)} skip")


@wrong("compare_maps", "wrong: expected a list, got a set; list(…) makes one")
def _(drawn, traced):
    return {
        "wrong": {k for k in drawn if k in traced and drawn[k] != traced[k]},
        "gone": set(drawn) - set(traced),
        "missing": set(traced) - set(drawn),
    }


@wrong("compare_maps", "wrong: the items are right, but in reverse order")
def _(drawn, traced):
    out = {"wrong": [], "gone": [], "missing": []}
    for k in drawn:
        if k not in traced:
            out["gone"].insert(0, k)
        elif drawn[k] != traced[k]:
            out["wrong"].insert(0, k)
    for k in traced:
        if k not in drawn:
            out["missing"].insert(0, k)
    return out


@wrong("compare_maps", "missing is empty; it holds the names that only the trace has")
def _(drawn, traced):
    out = {"wrong": [], "gone": [], "missing": []}
    for k in drawn:
        if k not in traced:
            out["gone"].append(k)
        elif k not in drawn:
            out["missing"].append(k)
        elif drawn[k] != traced[k]:
            out["wrong"].append(k)
    return out


@wrong("compare_maps", "wrong: expected a list, got a dict; list(…) makes one")
def _(drawn, traced):
    return {
        "wrong": {k: (drawn[k], traced[k]) for k in drawn if k in traced and drawn[k] != traced[k]},
        "gone": [k for k in drawn if k not in traced],
        "missing": [k for k in traced if k not in drawn],
    }


@wrong("compare_maps", "expected a dict with the keys gone, missing, wrong, got a dict with")
def _(drawn, traced):
    out = {}
    for k in drawn:
        if k not in traced:
            out.setdefault("gone", []).append(k)
        elif drawn[k] != traced[k]:
            out.setdefault("wrong", []).append(k)
    for k in traced:
        if k not in drawn:
            out.setdefault("missing", []).append(k)
    return out


@wrong("compare_maps", "`is not` asks whether it is the same object; compare shapes with !=")
def _(drawn, traced):
    return {
        "wrong": [k for k in drawn if k in traced and drawn[k] is not tuple(list(traced[k]))],
        "gone": [k for k in drawn if k not in traced],
        "missing": [k for k in traced if k not in drawn],
    }


@wrong("compare_maps", "names and shapes are in the list; return the names alone")
def _(drawn, traced):
    return {
        "wrong": [(k, drawn[k]) for k in drawn if k in traced and drawn[k] != traced[k]],
        "gone": [k for k in drawn if k not in traced],
        "missing": [k for k in traced if k not in drawn],
    }


@wrong("compare_maps", "it changes its argument drawn; work on a copy: drawn.copy()")
def _(drawn, traced):
    wrong = [k for k in list(drawn) if k in traced and drawn.pop(k) != traced.pop(k)]
    return {"wrong": wrong, "gone": list(drawn), "missing": list(traced)}


@wrong("compare_maps", "the numbers of axes were compared; compare the shapes themselves")
def _(drawn, traced):
    return {
        "wrong": [k for k in drawn if k in traced and len(drawn[k]) != len(traced[k])],
        "gone": [k for k in drawn if k not in traced],
        "missing": [k for k in traced if k not in drawn],
    }


@wrong("text_colour", "that is the contrast of the colour; return the colour itself")
def _(candidates, grounds, least):
    for c in candidates:
        k = min(contrast(c, g) for g in grounds)
        if k >= least:
            return k
    return ""


@wrong("text_colour", "that is the place of the colour; return the colour itself")
def _(candidates, grounds, least):
    for i, c in enumerate(candidates):
        if all(contrast(c, g) >= least for g in grounds):
            return i
    return ""


@wrong("text_colour", "expected '', got False")
def _(candidates, grounds, least):
    for c in candidates:
        if all(contrast(c, g) >= least for g in grounds):
            return c
    return False


@wrong("text_colour", "you tried the first ground only")
def _(candidates, grounds, least):
    for g in grounds:
        for c in candidates:
            if contrast(c, g) >= least:
                return c
    return ""


@wrong("text_colour", "the first candidate was returned in every case: is its contrast")
def _(candidates, grounds, least):
    for c in candidates:
        for g in grounds:
            if contrast(c, g) < least:
                break
        return c
    return ""


@wrong("text_colour", "it must be legible on every ground; one of them is not enough")
def _(candidates, grounds, least):
    for c in candidates:
        if max(contrast(c, g) for g in grounds) >= least:
            return c
    return ""


@wrong("text_colour", "expected '', got 'none'")
def _(candidates, grounds, least):
    return next((c for c in candidates if all(contrast(c, g) >= least for g in grounds)), "none")


@wrong("text_colour", "the candidates were sorted; they stand in the order of preference")
def _(candidates, grounds, least):
    return next((c for c in sorted(candidates) if all(contrast(c, g) >= least for g in grounds)), "")


@wrong("text_colour", "the weakest legible candidate was taken; take the first in the order")
def _(candidates, grounds, least):
    ok = [c for c in candidates if all(contrast(c, g) >= least for g in grounds)]
    return min(ok, key=lambda c: min(contrast(c, g) for g in grounds), default="")


def _compared(drawn, traced, gone, missing):
    return {"wrong": [k for k in drawn if k in traced and drawn[k] != traced[k]], "gone": gone, "missing": missing}


@wrong("compare_maps", "a set has no order: go through the dict")
def _(drawn, traced):
    return _compared(drawn, traced, sorted(set(drawn) - set(traced)), sorted(set(traced) - set(drawn)))


@wrong("compare_maps", "a set has no order: go through the dict")
def _(drawn, traced):
    gone, missing = set(drawn) - set(traced), set(traced) - set(drawn)
    return _compared(drawn, traced, sorted(gone, reverse=True), sorted(missing)[::-1])


@wrong("compare_maps", "a set has no order: go through the dict")
def _(drawn, traced):
    return _compared(drawn, traced, list(set(drawn) - set(traced)), list(set(traced) - set(drawn)))


@wrong("compare_maps", "a set has no order: go through the dict")
def _(drawn, traced):
    return _compared(drawn, traced, list(drawn.keys() - traced), list(traced.keys() - drawn))


@wrong("compare_maps", "a set has no order: go through the dict")
def _(drawn, traced):
    return _compared(
        drawn, traced, [k for k in drawn if k not in traced], sorted(set(traced) - set(drawn), reverse=True)
    )


@wrong("compare_maps", "a set has no order: go through the dict")
def _(drawn, traced):
    gone, missing = list(set(drawn) - set(traced)), list(set(traced) - set(drawn))
    wrong = [k for k in set(drawn) & set(traced) if drawn[k] != traced[k]]
    return {"wrong": wrong, "gone": gone, "missing": missing}


@wrong("compare_maps", "a set has no order: go through the dict")
def _(drawn, traced):
    return {
        "wrong": [name for name in set(drawn) & set(traced) if drawn[name] != traced[name]],
        "gone": [name for name in drawn if name not in traced],
        "missing": [name for name in traced if name not in drawn],
    }


@wrong("compare_maps", "the names were sorted; keep the order of the drawing")
def _(drawn, traced):
    return {
        "wrong": sorted(name for name in drawn if name in traced and drawn[name] != traced[name]),
        "gone": [name for name in drawn if name not in traced],
        "missing": [name for name in traced if name not in drawn],
    }
