"""Answers to the exercises of lesson 19 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import math

import numpy as np
import torch

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


def norm(a):
    a = a.astype(float)
    return (a - a.mean()) / a.std()


def poses(a):
    for k in range(4):
        r = np.rot90(a, k)
        yield r
        yield np.fliplr(r)


def same(a, b):
    return a.shape == b.shape and np.allclose(norm(a), norm(b), atol=1e-3)


@wrong("leaked_copies", "only equal images are found; a copy may be mirrored, turned, and")
def _(train, test):
    return sorted(
        (t, n) for t, a in test.items() for n, b in train.items() if a.shape == b.shape and np.array_equal(a, b)
    )


@wrong("leaked_copies", "turned copies are not found; there are eight positions: four turns,")
def _(train, test):
    return sorted(
        (t, n) for t, a in test.items() for n, b in train.items() if any(same(p, b) for p in (a, a[::-1], a[:, ::-1]))
    )


@wrong("leaked_copies", "turned copies are found, and mirrored ones are not; mirror the image,")
def _(train, test):
    return sorted(
        (t, n) for t, a in test.items() for n, b in train.items() if any(same(np.rot90(a, k), b) for k in range(4))
    )


@wrong("leaked_copies", "a negative, with a below 0, is no copy: the sign of the correlation")
def _(train, test):
    out = []
    for t, a in test.items():
        for n, b in train.items():
            if any(p.shape == b.shape and abs(np.corrcoef(p.ravel(), b.ravel())[0, 1]) > 0.999 for p in poses(a)):
                out.append((t, n))
    return sorted(out)


@wrong("leaked_copies", "the pairs begin with the training image; the test image stands first")
def _(train, test):
    return sorted((n, t) for t, a in test.items() for n, b in train.items() if any(same(p, b) for p in poses(a)))


@wrong("leaked_copies", "the pairs are not sorted by the name of the test image")
def _(train, test):
    return [(t, n) for t, a in test.items() for n, b in train.items() if any(same(p, b) for p in poses(a))]


@wrong("leaked_copies", "only one copy of each test image is found; a training image may be")
def _(train, test):
    out = []
    for t, a in test.items():
        for n, b in train.items():
            if any(same(p, b) for p in poses(a)):
                out.append((t, n))
                break
    return sorted(out)


@wrong("leaked_copies", "an image that looks the same in several positions gives its pair")
def _(train, test):
    return sorted((t, n) for t, a in test.items() for n, b in train.items() for p in poses(a) if same(p, b))


@wrong("leaked_copies", "a copy with another contrast is not found; divide by the standard")
def _(train, test):
    return sorted(
        (t, n)
        for t, a in test.items()
        for n, b in train.items()
        if any(p.shape == b.shape and np.allclose(p - p.mean(), b - b.mean()) for p in poses(a))
    )


@wrong("leaked_copies", "images of another shape cannot be compared pixel by pixel; compare")
def _(train, test):
    return sorted(
        (t, n)
        for t, a in test.items()
        for n, b in train.items()
        if any(np.allclose(norm(p), norm(b)) for p in poses(a))
    )


@wrong("leaked_copies", "the grey levels were compared without their places: an image with")
def _(train, test):
    return sorted(
        (t, n)
        for t, a in test.items()
        for n, b in train.items()
        if a.size == b.size and np.allclose(np.sort(norm(a), None), np.sort(norm(b), None), atol=1e-3)
    )


@wrong("leaked_copies", "a copy with another brightness is not found; compare the images after")
def _(train, test):
    return sorted(
        (t, n)
        for t, a in test.items()
        for n, b in train.items()
        if any(p.shape == b.shape and np.allclose(p / p.max(), b / b.max()) for p in poses(a))
    )


@wrong("leaked_copies", "these are the names of the test images only; a pair is (test image,")
def _(train, test):
    return sorted({t for t, a in test.items() for n, b in train.items() if any(same(p, b) for p in poses(a))})


def iou(p, t, th):
    m = p > th
    return (m & t).sum() / max((m | t).sum(), 1)


def mean(pairs, th, f=iou):
    return float(np.mean([f(p, t, th) for p, t in pairs]))


@wrong("honest_threshold", "the threshold was chosen on the test images, so the score is too")
def _(thresholds, validation, test):
    best = max(thresholds, key=lambda th: mean(test, th))
    return best, mean(test, best)


@wrong("honest_threshold", "the score is that of the validation images, on which the threshold")
def _(thresholds, validation, test):
    best = max(thresholds, key=lambda th: mean(validation, th))
    return best, mean(validation, best)


@wrong("honest_threshold", "a pixel whose probability equals the threshold is no cell; only those")
def _(thresholds, validation, test):
    f = lambda p, t, th: ((p >= th) & t).sum() / max(((p >= th) | t).sum(), 1)
    best = max(thresholds, key=lambda th: mean(validation, th, f))
    return best, mean(test, best, f)


@wrong("honest_threshold", "of several equally good thresholds the last was chosen; take the first")
def _(thresholds, validation, test):
    best = max(reversed(thresholds), key=lambda th: mean(validation, th))
    return best, mean(test, best)


@wrong("honest_threshold", "that is the Dice; the IoU divides the intersection by the union")
def _(thresholds, validation, test):
    f = lambda p, t, th: 2 * ((p > th) & t).sum() / max((p > th).sum() + t.sum(), 1)
    best = max(thresholds, key=lambda th: mean(validation, th, f))
    return best, mean(test, best, f)


@wrong("honest_threshold", "all pixels were counted together, so a large image counts more; take")
def _(thresholds, validation, test):
    def pooled(pairs, th):
        return sum(((p > th) & t).sum() for p, t in pairs) / sum(((p > th) | t).sum() for p, t in pairs)

    best = max(thresholds, key=lambda th: pooled(validation, th))
    return best, float(pooled(test, best))


@wrong("honest_threshold", "that is the accuracy, the share of right pixels; the IoU divides the")
def _(thresholds, validation, test):
    f = lambda p, t, th: ((p > th) == t).mean()
    best = max(thresholds, key=lambda th: mean(validation, th, f))
    return best, mean(test, best, f)


@wrong("honest_threshold", "that is the place of the threshold in the list; return the threshold")
def _(thresholds, validation, test):
    best = int(np.argmax([mean(validation, th) for th in thresholds]))
    return best, mean(test, thresholds[best])


@wrong("honest_threshold", "the threshold comes first, and then the score")
def _(thresholds, validation, test):
    best = max(thresholds, key=lambda th: mean(validation, th))
    return mean(test, best), best


@wrong("honest_threshold", "the threshold with the smallest IoU was chosen")
def _(thresholds, validation, test):
    best = min(thresholds, key=lambda th: mean(validation, th))
    return best, mean(test, best)


@wrong("honest_threshold", "the test images helped to choose the threshold; choose on the")
def _(thresholds, validation, test):
    best = max(thresholds, key=lambda th: mean(validation + test, th))
    return best, mean(test, best)


@wrong("honest_threshold", "the score is the best one of the test images, at another threshold;")
def _(thresholds, validation, test):
    best = max(thresholds, key=lambda th: mean(validation, th))
    return best, max(mean(test, th) for th in thresholds)


def plan(findings, least=lambda f: f[0] >= 0.5, key=lambda f: (not f[2].startswith("unet doctor"), -f[0])):
    out = []
    for f in sorted(filter(least, findings), key=key):
        if f[2] not in out:
            out.append(f[2])
    return out


@wrong("order_of_work", "a likelihood of exactly 0.5 belongs to the plan")
def _(findings):
    return plan(findings, lambda f: f[0] > 0.5)


@wrong("order_of_work", "findings with a likelihood below 0.5 do not belong to the plan; leave")
def _(findings):
    return plan(findings, lambda f: True)


@wrong("order_of_work", "a training on faulty data is wasted: the commands that repair the")
def _(findings):
    return plan(findings, key=lambda f: -f[0])


@wrong("order_of_work", "the commands that train come first; repair the data before you train")
def _(findings):
    return plan(findings, key=lambda f: (f[2].startswith("unet doctor"), -f[0]))


@wrong("order_of_work", "the least likely cause comes first; begin with the most likely one")
def _(findings):
    return plan(findings, key=lambda f: (not f[2].startswith("unet doctor"), f[0]))


@wrong("order_of_work", "a command stands there twice; two findings with one cure need it once")
def _(findings):
    return [
        f[2]
        for f in sorted((f for f in findings if f[0] >= 0.5), key=lambda f: (not f[2].startswith("unet doctor"), -f[0]))
    ]


@wrong("order_of_work", "the commands were sorted by the alphabet; their order is that of the")
def _(findings):
    return sorted(set(plan(findings)))


@wrong("order_of_work", "a training on faulty data is wasted: the commands that repair the")
def _(findings):
    return plan(findings, key=lambda f: ("data" not in f[1], -f[0]))


@wrong("order_of_work", "these are the sentences; the plan consists of commands")
def _(findings):
    return [
        f[1]
        for f in sorted((f for f in findings if f[0] >= 0.5), key=lambda f: (not f[2].startswith("unet doctor"), -f[0]))
    ]


@wrong("order_of_work", "it changes its argument findings; work on a copy: list(findings)")
def _(findings):
    findings.sort(key=lambda f: (not f[2].startswith("unet doctor"), -f[0]))
    return plan(findings)


@right("order_of_work")
def _(findings):
    out = []
    for f in sorted(
        (f for f in findings if f[0] >= 0.5), key=lambda f: (f[2].startswith("unet doctor"), f[0], f[1]), reverse=True
    ):
        if f[2] not in out:
            out.append(f[2])
    return out


@wrong("order_of_work", "a command stands where its *least* likely finding is; it belongs to")
def _(findings):
    s = [
        f[2]
        for f in sorted((f for f in findings if f[0] >= 0.5), key=lambda f: (not f[2].startswith("unet doctor"), -f[0]))
    ]
    return [c for i, c in enumerate(s) if c not in s[i + 1 :]]


@wrong("order_of_work", "a training on faulty data is wasted: the commands that repair the")
def _(findings):
    return plan(findings, key=lambda f: (not f[2].startswith("unet"), -f[0]))


def dec(s):
    return len(s.split(".")[1]) if "." in s else 0


@wrong("agrees", '"70 %" is 0.70; a number with % is a hundred times the value')
def _(stated, value):
    n = stated.replace("%", "").strip()
    return round(value, dec(n)) == float(n)


@wrong("agrees", "the value was always rounded to two decimals; a report may state more")
def _(stated, value):
    n = float(stated.replace("%", ""))
    v = value * 100 if "%" in stated else value
    return round(v, 2) == n


@wrong("agrees", "values up to 0.01 away count as equal; how far they may be depends on")
def _(stated, value):
    n = float(stated.replace("%", ""))
    v = value * 100 if "%" in stated else value
    return abs(n - v) < 0.01


@wrong("agrees", "the percent sign was counted as a decimal; take it away before you")
def _(stated, value):
    n = stated
    v = value
    if stated.endswith("%"):
        v = 100 * value
    d = len(stated.split(".")[1]) if "." in stated else 0
    return round(v, d) == float(stated.rstrip(" %"))


@wrong("agrees", "the digits were cut off; a value is rounded, so 0.7949 is 0.79 and")
def _(stated, value):
    n = stated.replace("%", "").strip()
    v = 100 * value if "%" in stated else value
    d = dec(n)
    return math.floor(v * 10**d) / 10**d == float(n)


@wrong("agrees", "the value itself was compared; round it to as many decimals as are")
def _(stated, value):
    n = float(stated.replace("%", ""))
    return n == (value * 100 if "%" in stated else value)


@wrong("agrees", "the characters were compared; 0.7881 does not begin with 0.79, and")
def _(stated, value):
    n = stated.replace("%", "").strip()
    v = 100 * value if "%" in stated else value
    return str(v).startswith(n)


@wrong("agrees", 'as a text, 0.70 becomes "0.7" and 4.0 is not "4"; compare numbers, or')
def _(stated, value):
    n = stated.replace("%", "").strip()
    v = 100 * value if "%" in stated else value
    return str(round(v, dec(n))) == n


@wrong("agrees", "the stated percentage was divided by 100, and then the value rounded")
def _(stated, value):
    if "%" in stated:
        n = stated.replace("%", "").strip()
        return round(value, dec(n)) == float(n) / 100
    return round(value, dec(stated)) == float(stated)


@wrong("agrees", "int cuts the decimals off: 0.9961 becomes 0; round(value) gives 1")
def _(stated, value):
    n = stated.replace("%", "").strip()
    v = 100 * value if "%" in stated else value
    if "." not in n:
        return int(v) == int(n)
    return round(v, dec(n)) == float(n)


@wrong("agrees", "expected True, got 1")
def _(stated, value):
    n = stated.replace("%", "").strip()
    v = 100 * value if "%" in stated else value
    return int(f"{v:.{dec(n)}f}" == n)


@wrong("agrees", "it raised ValueError: could not convert string to float: '100 %'")
def _(stated, value):
    return round(value, dec(stated)) == float(stated)


@right("leaked_copies")
def _(train, test):
    out = set()
    for t, a in test.items():
        for n, b in train.items():
            for k in range(4):
                for flip in (0, 1):
                    p = np.rot90(a.T if flip else a, k)
                    if p.shape == b.shape and np.corrcoef(p.ravel(), b.ravel())[0, 1] > 0.9999:
                        out.add((t, n))
    return sorted(out)


@right("leaked_copies")
def _(train, test):
    def scaled(a):
        a = torch.as_tensor(np.array(a, float))
        return (a - a.min()) / (a.max() - a.min())

    out = []
    for t in sorted(test):
        for n in sorted(train):
            a, b = scaled(test[t]), scaled(train[n])
            ps = [torch.rot90(f, k) for f in (a, a.flip(0)) for k in range(4)]
            if any(p.shape == b.shape and torch.allclose(p, b, atol=1e-4) for p in ps):
                out.append([t, n])
    return out


@right("honest_threshold")
def _(thresholds, validation, test):
    best = thresholds[np.argmax([[mean(v, th) for th in thresholds] for v in (validation,)][0])]
    return np.array([best, mean(test, best)])


@right("honest_threshold")
def _(thresholds, validation, test):
    best, top = None, -1.0
    for th in thresholds:
        s = 0.0
        for p, t in validation:
            m = p > th
            s += np.logical_and(m, t).sum() / np.logical_or(m, t).sum()
        if s > top + 1e-12:
            best, top = th, s
    return [best, sum(iou(p, t, best) for p, t in test) / len(test)]


@right("order_of_work")
def _(findings):
    likely = sorted([f for f in findings if f[0] >= 0.5], key=lambda f: f[0], reverse=True)
    data = [c for _, _, c in likely if c.startswith("unet doctor")]
    return tuple(dict.fromkeys(data + [c for _, _, c in likely if not c.startswith("unet doctor")]))


@right("agrees")
def _(stated, value):
    number, percent, _ = stated.partition("%")
    number = number.strip()
    if percent:
        value *= 100
    return f"{value:.{len(number.partition('.')[2])}f}" == number


@right("agrees")
def _(stated, value):
    n = stated.rstrip("% ")
    v = value * 100 if stated.endswith("%") else value
    return np.bool_(abs(v - float(n)) < 0.5 * 10.0 ** -dec(n))


def norm(a):
    a = a.astype(float)
    return (a - a.mean()) / a.std()


def poses(a):
    for k in range(4):
        r = np.rot90(a, k)
        yield r
        yield np.fliplr(r)


def same(a, b):
    return a.shape == b.shape and np.allclose(norm(a), norm(b), atol=1e-3)


def iou(p, t, th):
    m = p > th
    return (m & t).sum() / max((m | t).sum(), 1)


def mean(pairs, th, f=iou):
    return float(np.mean([f(p, t, th) for p, t in pairs]))


def dec(s):
    return len(s.split(".")[1]) if "." in s else 0


@wrong("leaked_copies", "four positions of eight were tried; mirror and turn the transposed")
def _(train, test):
    return sorted(
        (t, n)
        for t, a in test.items()
        for n, b in train.items()
        if any(same(p, b) for p in (a, a.T, a[::-1], a[:, ::-1]))
    )


@wrong("leaked_copies", "it changes its argument train; work on a copy: train.copy()")
def _(train, test):
    for d in (train, test):
        for k in d:
            d[k] = norm(d[k])
    return sorted(
        (t, n)
        for t, a in test.items()
        for n, b in train.items()
        if any(p.shape == b.shape and np.allclose(p, b) for p in poses(a))
    )


@wrong("leaked_copies", "whole numbers cannot become floats in place: write x = x - 1.5, and")
def _(train, test):
    out = []
    for t, a in test.items():
        a -= a.mean()
        for n, b in train.items():
            if any(same(p, b) for p in poses(a)):
                out.append((t, n))
    return sorted(out)


@wrong("leaked_copies", "[0]: expected a tuple, got 'brighter-c'")
def _(train, test):
    return sorted(f"{t}-{n}" for t, a in test.items() for n, b in train.items() if any(same(p, b) for p in poses(a)))


@wrong("leaked_copies", "expected a list, got a dict; list(…) makes one")
def _(train, test):
    return {t: [n for n, b in train.items() if any(same(p, b) for p in poses(a))] for t, a in test.items()}


@wrong("leaked_copies", "an equal spread of the grey levels makes no copy; compare the images")
def _(train, test):
    return sorted((t, n) for t, a in test.items() for n, b in train.items() if np.isclose(a.std(), b.std()))


@wrong("leaked_copies", "images that only look alike are found, too; a copy has a correlation")
def _(train, test):
    out = []
    for t, a in test.items():
        for n, b in train.items():
            if any(p.shape == b.shape and np.corrcoef(p.ravel(), b.ravel())[0, 1] > 0.2 for p in poses(a)):
                out.append((t, n))
    return sorted(out)


@wrong("leaked_copies", "the position of the image itself is missing; a copy need not be")
def _(train, test):
    return sorted(
        (t, n) for t, a in test.items() for n, b in train.items() if any(same(p, b) for p in list(poses(a))[1:])
    )


@wrong("leaked_copies", "expected a list, got a set; list(…) makes one")
def _(train, test):
    return {(t, n) for t, a in test.items() for n, b in train.items() if any(same(p, b) for p in poses(a))}


@wrong("leaked_copies", "zip compares the first with the first, the second with the second;")
def _(train, test):
    return sorted((t, n) for (t, a), (n, b) in zip(test.items(), train.items()) if any(same(p, b) for p in poses(a)))


@wrong("leaked_copies", "a copy with another contrast is not found; divide by the standard")
def _(train, test):
    f = lambda a: a - a.min()
    return sorted(
        (t, n)
        for t, a in test.items()
        for n, b in train.items()
        if any(p.shape == b.shape and np.array_equal(f(p), f(b)) for p in poses(a))
    )


@wrong("honest_threshold", "the sum of both areas counts the intersection twice; divide by the")
def _(thresholds, validation, test):
    f = lambda p, t, th: ((p > th) & t).sum() / ((p > th).sum() + t.sum())
    best = max(thresholds, key=lambda th: mean(validation, th, f))
    return best, mean(test, best, f)


@wrong("honest_threshold", "the threshold is the best one for the worst image; it is that with")
def _(thresholds, validation, test):
    best = max(thresholds, key=lambda th: min(iou(p, t, th) for p, t in validation))
    return best, mean(test, best)


@wrong("honest_threshold", "the threshold is missing: return it, and the score behind it")
def _(thresholds, validation, test):
    best = max(thresholds, key=lambda th: mean(validation, th))
    return mean(test, best)


@wrong("honest_threshold", "there are three results; return the threshold and the score of the")
def _(thresholds, validation, test):
    best = max(thresholds, key=lambda th: mean(validation, th))
    return best, mean(validation, best), mean(test, best)


@wrong("honest_threshold", "0.5 was taken without a comparison; try every threshold")
def _(thresholds, validation, test):
    return 0.5, mean(test, 0.5)


@wrong("honest_threshold", "the threshold that is returned was chosen on the test images; return")
def _(thresholds, validation, test):
    v = max(thresholds, key=lambda th: mean(validation, th))
    return max(thresholds, key=lambda th: mean(test, th)), mean(test, v)


@wrong("honest_threshold", "item 1: every result is 100 times (a percentage?) the right one; item")
def _(thresholds, validation, test):
    best = max(thresholds, key=lambda th: mean(validation, th))
    return best, 100 * mean(test, best)


@wrong("honest_threshold", "of several equally good thresholds the last was chosen; take the first")
def _(thresholds, validation, test):
    best, top = thresholds[0], 0
    for th in thresholds:
        s = mean(validation, th)
        if s >= top:
            best, top = th, s
    return best, mean(test, best)


@wrong("honest_threshold", "the last threshold was taken: is the best score so far kept, and")
def _(thresholds, validation, test):
    best, top = thresholds[0], 0
    for th in thresholds:
        if mean(validation, th) > top:
            best = th
    return best, mean(test, best)


@wrong("honest_threshold", "the score was rounded; return it as it is, and round where it is")
def _(thresholds, validation, test):
    best = max(thresholds, key=lambda th: mean(validation, th))
    return best, round(mean(test, best), 2)


@wrong("honest_threshold", "that is the IoU of the background; the score is that of cell")
def _(thresholds, validation, test):
    f = lambda p, t, th: ((p <= th) & ~t).sum() / max(((p <= th) | ~t).sum(), 1)
    best = max(thresholds, key=lambda th: mean(validation, th, f))
    return best, mean(test, best, f)


@wrong("order_of_work", "commands with two findings are missing; such a command stands in the")
def _(findings):
    s = [
        f[2]
        for f in sorted((f for f in findings if f[0] >= 0.5), key=lambda f: (not f[2].startswith("unet doctor"), -f[0]))
    ]
    return [c for c in s if s.count(c) == 1]


@wrong("order_of_work", "among the commands of one kind, the order is that of the report; the")
def _(findings):
    c = [f[2] for f in findings if f[0] >= 0.5]
    return list(
        dict.fromkeys([x for x in c if x.startswith("unet doctor")] + [x for x in c if not x.startswith("unet doctor")])
    )


@wrong("order_of_work", "the least likely cause comes first; begin with the most likely one")
def _(findings):
    s = sorted((f for f in findings if f[0] >= 0.5), reverse=True)
    d = [f[2] for f in s if f[2].startswith("unet doctor")]
    t = [f[2] for f in s[::-1] if not f[2].startswith("unet doctor")]
    return list(dict.fromkeys(d + t))


@wrong("order_of_work", "[0]: expected 'unet doctor DATA --corrected DATA-corrected', got a")
def _(findings):
    out = []
    for f in sorted((f for f in findings if f[0] >= 0.5), key=lambda f: (not f[2].startswith("unet doctor"), -f[0])):
        if f[2] not in [c for _, c in out]:
            out.append((f[0], f[2]))
    return out


@wrong("order_of_work", "the likelihoods of findings with the same command were added; the")
def _(findings):
    total = {}
    for l, _, c in findings:
        total[c] = total.get(c, 0) + l
    ok = [c for c in total if total[c] >= 0.5]
    return sorted(ok, key=lambda c: (not c.startswith("unet doctor"), -total[c]))


@wrong("order_of_work", "a command stands where its *least* likely finding is; it belongs to")
def _(findings):
    last = {c: l for l, _, c in findings if l >= 0.5}
    return sorted(last, key=lambda c: (not c.startswith("unet doctor"), -last[c]))


@wrong("order_of_work", "the commands were joined to one text; return a list of them")
def _(findings):
    return "\n".join(
        dict.fromkeys(
            f[2]
            for f in sorted(
                (f for f in findings if f[0] >= 0.5), key=lambda f: (not f[2].startswith("unet doctor"), -f[0])
            )
        )
    )


@wrong("order_of_work", "without any finding, the plan is an empty list, and not None")
def _(findings):
    out = list(
        dict.fromkeys(
            f[2]
            for f in sorted(
                (f for f in findings if f[0] >= 0.5), key=lambda f: (not f[2].startswith("unet doctor"), -f[0])
            )
        )
    )
    if out:
        return out


@wrong("order_of_work", "the loop ends at the first unlikely finding; go on, the report need")
def _(findings):
    ok = []
    for f in findings:
        if f[0] < 0.5:
            break
        ok.append(f)
    return list(dict.fromkeys(f[2] for f in sorted(ok, key=lambda f: (not f[2].startswith("unet doctor"), -f[0]))))


@wrong("agrees", "fractions up to 0.005 away count as equal; how far they may be")
def _(stated, value):
    n = float(stated.strip(" %")) / (100 if "%" in stated else 1)
    return abs(n - value) < 0.005


@wrong("agrees", "a difference of 0.01 of the number was allowed, as by isclose; round")
def _(stated, value):
    n = float(stated.strip(" %")) / (100 if "%" in stated else 1)
    return math.isclose(n, value, rel_tol=0.01)


@wrong("agrees", "of a percentage, half a unit is a hundred times smaller; compare 100")
def _(stated, value):
    n = stated.strip(" %")
    d = dec(n)
    x = float(n) / 100 if "%" in stated else float(n)
    return abs(x - value) < 0.5 * 10**-d


@wrong("agrees", "a whole unit of the last decimal is too far; a rounded value is half")
def _(stated, value):
    n = stated.strip(" %")
    v = 100 * value if "%" in stated else value
    return abs(float(n) - v) < 10 ** -dec(n)


@wrong("agrees", "the texts were compared; round the value, and then compare numbers")
def _(stated, value):
    return stated == str(value)


@wrong("agrees", "the percent sign was counted as a decimal; take it away before you")
def _(stated, value):
    if stated.endswith(" %"):
        value *= 100
        stated = stated[:-2]
    stated = stated.replace("%", "")
    return f"{value:.{dec(stated)}f}" == stated


@wrong("agrees", "the value itself was compared; round it to as many decimals as are")
def _(stated, value):
    n = stated.strip(" %")
    v = 100 * value if "%" in stated else value
    return float(n) == round(v, len(str(v).split(".")[-1]))


@wrong("agrees", "int cuts all decimals off; round the value to the decimals that are")
def _(stated, value):
    n = stated.strip(" %")
    v = 100 * value if "%" in stated else value
    return int(float(n)) == int(v)


@wrong("agrees", "the digits in front of the point were counted; count those behind it")
def _(stated, value):
    n = stated.strip(" %")
    v = 100 * value if "%" in stated else value
    return round(v, n.index(".") if "." in n else 0) == float(n)


@wrong("agrees", 'find gives -1 where there is no point, so "250" has three decimals;')
def _(stated, value):
    n = stated.strip(" %")
    v = 100 * value if "%" in stated else value
    d = len(n) - n.find(".") - 1
    return round(v, d) == float(n)


@wrong("agrees", "that is the rounded value; return True or False: is it equal to the")
def _(stated, value):
    n = stated.strip(" %")
    v = 100 * value if "%" in stated else value
    return round(v, dec(n))


@wrong("agrees", "a number without a point has no second part; it has 0 decimals")
def _(stated, value):
    n = stated.strip(" %")
    v = 100 * value if "%" in stated else value
    return round(v, len(n.split(".")[1])) == float(n)


@wrong("order_of_work", "a set has no order, so the likelihoods are lost")
def _(findings):
    return sorted({c for l, _, c in findings if l >= 0.5}, key=lambda c: not c.startswith("unet doctor"))


@wrong("order_of_work", "a set has no order, so the likelihoods are lost")
def _(findings):
    likely = sorted((f for f in findings if f[0] >= 0.5), key=lambda f: (not f[2].startswith("unet doctor"), -f[0]))
    return list(set(f[2] for f in likely))
