"""Answers to the exercises of lesson 09 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import collections
import math

import numpy as np

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


@wrong("leaking", "you looked for the same slice only; its two neighbours show")
def _(train, test):
    t = {(a, b) for a, b, _ in train}
    return sorted({(a, b) for a, b, _ in test if (a, b) in t})


@wrong("leaking", "only the neighbours are compared; a slice that is trained")
def _(train, test):
    t = {(a, b) for a, b, _ in train}
    return sorted({(a, b) for a, b, _ in test if (a, b - 1) in t or (a, b + 1) in t})


@wrong("leaking", "slice 3 of one stack has nothing to do with slice 3 of")
def _(train, test):
    t = {b for a, b, _ in train}
    return sorted({(a, b) for a, b, _ in test if {b - 1, b, b + 1} & t})


@wrong("leaking", "a slice is there once for each of its crops; return each")
def _(train, test):
    t = {(a, b) for a, b, _ in train}
    return sorted([(a, b) for a, b, _ in test if any((a, b + d) in t for d in (-1, 0, 1))])


@wrong("leaking", "the slices are right, but not sorted")
def _(train, test):
    t = {(a, b) for a, b, _ in train}
    return list(dict.fromkeys((a, b) for a, b, _ in test if any((a, b + d) in t for d in (-1, 0, 1))))


@wrong("leaking", "you looked for the same crop in both lists; another crop of")
def _(train, test):
    return sorted({(a, b) for a, b, c in test if (a, b, c) in train})


@wrong("leaking", "these are slices of the training; return the slices of the")
def _(train, test):
    t = {(a, b) for a, b, _ in test}
    return sorted({(a, b) for a, b, _ in train if any((a, b + d) in t for d in (-1, 0, 1))})


@wrong("leaking", "only one neighbour is compared; a training slice on either")
def _(train, test):
    t = {(a, b) for a, b, _ in train}
    return sorted({(a, b) for a, b, _ in test if (a, b) in t or (a, b + 1) in t})


@wrong("leaking", "these are crops; return each slice as (stack, slice), once")
def _(train, test):
    t = {(a, b) for a, b, _ in train}
    return sorted({(a, b, c) for a, b, c in test if any((a, b + d) in t for d in (-1, 0, 1))})


@wrong("leaking", "expected a list, got a set; list(…) makes one")
def _(train, test):
    t = {(a, b) for a, b, _ in train}
    return {(a, b) for a, b, _ in test if any((a, b + d) in t for d in (-1, 0, 1))}


@wrong("leaking", "two slices away is far enough here; only the same slice and")
def _(train, test):
    t = {(a, b) for a, b, _ in train}
    return sorted({(a, b) for a, b, _ in test if any((a, b + d) in t for d in range(-2, 3))})


@wrong("leaking", "only crops at the same place were compared; where a crop")
def _(train, test):
    t = set(train)
    return sorted({(a, b) for a, b, c in test if any((a, b + d, c) in t for d in (-1, 0, 1))})


@wrong("leaking", "you returned every slice whose stack is trained on; only")
def _(train, test):
    t = {a for a, b, _ in train}
    return sorted({(a, b) for a, b, _ in test if a in t})


@wrong("momentum_steps", "the gradient is multiplied by 1 - momentum (dampening); add")
def _(weights, gradients, rate, momentum):
    v = np.zeros_like(weights, dtype=float)
    w = weights.astype(float)
    o = []
    for g in gradients:
        v = momentum * v + (1 - momentum) * g
        w = w - rate * v
        o.append(w)
    return np.array(o)


@wrong("momentum_steps", "that is Nesterov's form; without it the step is rate *")
def _(weights, gradients, rate, momentum):
    v = np.zeros_like(weights, dtype=float)
    w = weights.astype(float)
    o = []
    for g in gradients:
        v = momentum * v + g
        w = w - rate * (g + momentum * v)
        o.append(w)
    return np.array(o)


@wrong("momentum_steps", "the sign is wrong: subtract rate * velocity from the weights")
def _(weights, gradients, rate, momentum):
    v = np.zeros_like(weights, dtype=float)
    w = weights.astype(float)
    o = []
    for g in gradients:
        v = momentum * v + g
        w = w + rate * v
        o.append(w)
    return np.array(o)


@wrong("momentum_steps", "it changes its argument weights; work on a copy:")
def _(weights, gradients, rate, momentum):
    v = 0
    o = []
    for g in gradients:
        v = momentum * v + g
        weights -= rate * v
        o.append(weights)
    return np.array(o)


@wrong("momentum_steps", "all rows are the last weights: one array is changed in")
def _(weights, gradients, rate, momentum):
    v = 0
    o = []
    w = weights.astype(float)
    for g in gradients:
        v = momentum * v + g
        w -= rate * v
        o.append(w)
    return np.array(o)


@wrong("momentum_steps", "the weights at the start are in the result, too; begin with")
def _(weights, gradients, rate, momentum):
    v = 0
    o = [weights.astype(float)]
    for g in gradients:
        v = momentum * v + g
        o.append(o[-1] - rate * v)
    return np.array(o)


@wrong("momentum_steps", "only the last weights are returned; return those after")
def _(weights, gradients, rate, momentum):
    v = 0
    w = weights
    for g in gradients:
        v = momentum * v + g
        w = w - rate * v
    return w


@wrong("momentum_steps", "that is plain SGD: the velocity of the step before is")
def _(weights, gradients, rate, momentum):
    return weights - rate * np.cumsum(gradients, 0)


@wrong("momentum_steps", "the result is one step late: update the velocity, then the")
def _(weights, gradients, rate, momentum):
    v = np.zeros_like(weights, dtype=float)
    w = weights
    o = []
    for g in gradients:
        w = w - rate * v
        v = momentum * v + g
        o.append(w)
    return np.array(o)


@wrong("momentum_steps", "rate and momentum are exchanged")
def _(weights, gradients, rate, momentum):
    v = 0
    w = weights
    o = []
    for g in gradients:
        v = rate * v + g
        w = w - momentum * v
        o.append(w)
    return np.array(o)


@wrong("momentum_steps", "each step begins at the first weights; begin it at the")
def _(weights, gradients, rate, momentum):
    v = 0
    o = []
    for g in gradients:
        v = momentum * v + g
        o.append(weights - rate * v)
    return np.array(o)


@wrong("momentum_steps", "only the gradient of the step before is used; keep the")
def _(weights, gradients, rate, momentum):
    w = weights
    o = []
    prev = np.zeros_like(weights)
    for g in gradients:
        w = w - rate * (g + momentum * prev)
        prev = g
        o.append(w)
    return np.array(o)


@wrong("momentum_steps", "expected a numpy array, got a list; np.asarray(…) makes one")
def _(weights, gradients, rate, momentum):
    v = 0
    w = weights
    o = []
    for g in gradients:
        v = momentum * v + g
        w = w - rate * v
        o.append(w)
    return o


@wrong("iou_of_class", "a class that neither image has gives 0; nothing is wrong")
def _(proposal, truth, label):
    p, t = proposal == label, truth == label
    u = (p | t).sum()
    return (p & t).sum() / u if u else 0.0


@wrong("iou_of_class", "a class that neither image has makes 0 / 0; nothing is")
def _(proposal, truth, label):
    p, t = proposal == label, truth == label
    return float((p & t).sum() / (p | t).sum())


@wrong("iou_of_class", "that is the Dice score, 2 · intersection / (sum of both")
def _(proposal, truth, label):
    p, t = proposal == label, truth == label
    s = p.sum() + t.sum()
    return 2 * (p & t).sum() / s if s else 1.0


@wrong("iou_of_class", "the sum of both sizes counts the intersection twice; divide")
def _(proposal, truth, label):
    p, t = proposal == label, truth == label
    s = p.sum() + t.sum()
    return (p & t).sum() / s if s else 1.0


@wrong("iou_of_class", "that is the share of right pixels over all classes; use")
def _(proposal, truth, label):
    return float((proposal == truth).mean())


@wrong("iou_of_class", "that is the recall; divide by the union, not by the pixels")
def _(proposal, truth, label):
    p, t = proposal == label, truth == label
    return (p & t).sum() / t.sum() if t.sum() else 1.0


@wrong("iou_of_class", "that is the precision; divide by the union, not by the")
def _(proposal, truth, label):
    p, t = proposal == label, truth == label
    return (p & t).sum() / p.sum() if p.sum() else 1.0


@wrong("iou_of_class", "the rows or the slices are scored one by one and averaged;")
def _(proposal, truth, label):
    if proposal.ndim == 2:
        proposal, truth = proposal[None], truth[None]
    r = []
    for a, b in zip(proposal, truth):
        p, t = a == label, b == label
        u = (p | t).sum()
        r.append((p & t).sum() / u if u else 1.0)
    return float(np.mean(r))


@wrong("iou_of_class", "you took all classes above 0 as one; take the pixels that")
def _(proposal, truth, label):
    p, t = proposal > 0, truth > 0
    u = (p | t).sum()
    return (p & t).sum() / u if u else 1.0


@wrong("iou_of_class", "sum over all pixels, without an axis; the result is one")
def _(proposal, truth, label):
    p, t = proposal == label, truth == label
    return (p & t).sum(0) / np.maximum((p | t).sum(0), 1)


@wrong("iou_of_class", "you added 1 to both numbers; treat the class that neither")
def _(proposal, truth, label):
    p, t = proposal == label, truth == label
    return ((p & t).sum() + 1) / ((p | t).sum() + 1)


@wrong("iou_of_class", "a class that only one image has scores 0; return 1 only if")
def _(proposal, truth, label):
    p, t = proposal == label, truth == label
    if not p.any() or not t.any():
        return 1.0
    return (p & t).sum() / (p | t).sum()


@wrong("choose_cut", "the cut was chosen on the test images, so the error is too")
def _(cuts, train, test):
    e = [((test[0] > c) != test[1]).mean() for c in cuts]
    i = int(np.argmin(e))
    return cuts[i], e[i]


@wrong("choose_cut", "that is the error on the training images, on which the cut")
def _(cuts, train, test):
    e = [((train[0] > c) != train[1]).mean() for c in cuts]
    i = int(np.argmin(e))
    return cuts[i], e[i]


@wrong("choose_cut", "that is the share of right pixels; return the share of")
def _(cuts, train, test):
    e = [((train[0] > c) != train[1]).mean() for c in cuts]
    i = int(np.argmin(e))
    return cuts[i], ((test[0] > cuts[i]) == test[1]).mean()


@wrong("choose_cut", "of several equal cuts you took the last; take the lowest")
def _(cuts, train, test):
    best = None
    for c in cuts:
        e = ((train[0] > c) != train[1]).mean()
        if best is None or e <= best:
            best, cut = e, c
    return cut, ((test[0] > cut) != test[1]).mean()


@wrong("choose_cut", "a pixel is a cell where its probability is above the cut;")
def _(cuts, train, test):
    e = [((train[0] >= c) != train[1]).mean() for c in cuts]
    i = int(np.argmin(e))
    return cuts[i], ((test[0] >= cuts[i]) != test[1]).mean()


@wrong("choose_cut", "a pixel is a cell where its probability is above the cut;")
def _(cuts, train, test):
    e = [((train[0] < c) != train[1]).mean() for c in cuts]
    i = int(np.argmin(e))
    return cuts[i], ((test[0] < cuts[i]) != test[1]).mean()


@wrong("choose_cut", "that is the index of the cut; return the cut itself")
def _(cuts, train, test):
    e = [((train[0] > c) != train[1]).mean() for c in cuts]
    i = int(np.argmin(e))
    return i, ((test[0] > cuts[i]) != test[1]).mean()


@wrong("choose_cut", "that is the number of wrong pixels; return their share")
def _(cuts, train, test):
    e = [((train[0] > c) != train[1]).sum() for c in cuts]
    i = int(np.argmin(e))
    return cuts[i], ((test[0] > cuts[i]) != test[1]).sum()


@wrong("choose_cut", "that is the cut with the largest share of wrong pixels;")
def _(cuts, train, test):
    e = [((train[0] > c) != train[1]).mean() for c in cuts]
    i = int(np.argmax(e))
    return cuts[i], ((test[0] > cuts[i]) != test[1]).mean()


@wrong("choose_cut", "test images helped to choose the cut, and training images")
def _(cuts, train, test):
    p = np.concatenate([train[0].ravel(), test[0].ravel()])
    t = np.concatenate([train[1].ravel(), test[1].ravel()])
    e = [((p > c) != t).mean() for c in cuts]
    i = int(np.argmin(e))
    return cuts[i], e[i]


@wrong("choose_cut", "the cut is missing; return (cut, share)")
def _(cuts, train, test):
    e = [((train[0] > c) != train[1]).mean() for c in cuts]
    i = int(np.argmin(e))
    return ((test[0] > cuts[i]) != test[1]).mean()


@wrong("choose_cut", "the order is (cut, share)")
def _(cuts, train, test):
    e = [((train[0] > c) != train[1]).mean() for c in cuts]
    i = int(np.argmin(e))
    return ((test[0] > cuts[i]) != test[1]).mean(), cuts[i]


@wrong("choose_cut", "the cut is always 0.5; try every cut on the training images")
def _(cuts, train, test):
    return 0.5, ((test[0] > 0.5) != test[1]).mean()


def table(truth, proposal):
    m = truth > 0
    t, p = truth[m], proposal[m]
    return t, p


def rand(t, p, *, fix=True):
    if fix:
        p = p.astype(int).copy()
        z = p == 0
        p[z] = -1 - np.arange(z.sum())
    n = len(t)
    c = collections.Counter(zip(t.tolist(), p.tolist()))
    a = collections.Counter(t.tolist())
    b = collections.Counter(p.tolist())
    S = sum(v * v for v in c.values())
    A = sum(v * v for v in a.values())
    B = sum(v * v for v in b.values())
    return S, A, B


@wrong("rand_by_table", "the background of the truth is counted; count only pixels")
def _(truth, proposal):
    S, A, B = rand(truth.ravel(), proposal.ravel())
    return S / (A / 2 + B / 2)


@wrong("rand_by_table", "the pixels on which the proposal is 0 count as one large")
def _(truth, proposal):
    t, p = table(truth, proposal)
    S, A, B = rand(t, p, fix=False)
    return S / (A / 2 + B / 2)


@wrong("rand_by_table", "pixels on which the proposal is 0 are left out; each of")
def _(truth, proposal):
    m = (truth > 0) & (proposal > 0)
    S, A, B = rand(truth[m], proposal[m], fix=False)
    return S / (A / 2 + B / 2)


@wrong("rand_by_table", "that is divided by the sum of t² of the proposal only; the")
def _(truth, proposal):
    t, p = table(truth, proposal)
    S, A, B = rand(t, p)
    return S / B


@wrong("rand_by_table", "that is divided by the sum of s² of the truth only; the")
def _(truth, proposal):
    t, p = table(truth, proposal)
    S, A, B = rand(t, p)
    return S / A


@wrong("rand_by_table", "the two factors ½ in the denominator are missing: the score")
def _(truth, proposal):
    t, p = table(truth, proposal)
    S, A, B = rand(t, p)
    return S / (A + B)


@wrong("rand_by_table", "the counts are not squared; the formula has sums of squares")
def _(truth, proposal):
    t, p = table(truth, proposal)
    n = len(t)
    return n / (n / 2 + n / 2)


@wrong("rand_by_table", "that is the error, 1 - V_Rand; return the score itself")
def _(truth, proposal):
    t, p = table(truth, proposal)
    S, A, B = rand(t, p)
    return 1 - S / (A / 2 + B / 2)


@wrong("rand_by_table", "that is the geometric mean of split and merge score; halve")
def _(truth, proposal):
    t, p = table(truth, proposal)
    S, A, B = rand(t, p)
    return S / math.sqrt(A * B)


@wrong("rand_by_table", "you counted pairs of different pixels, n(n - 1); the")
def _(truth, proposal):
    t, p = table(truth, proposal)
    S, A, B = rand(t, p)
    n = len(t)
    return (S - n) / ((A - n) / 2 + (B - n) / 2)


@wrong("rand_by_table", "the pixels of the proposal's cells are counted; count those")
def _(truth, proposal):
    m = proposal > 0
    S, A, B = rand(truth[m], proposal[m])
    return S / (A / 2 + B / 2)


@wrong("rand_by_table", "that is the arithmetic mean of split and merge score; halve")
def _(truth, proposal):
    t, p = table(truth, proposal)
    S, A, B = rand(t, p)
    return (S / A + S / B) / 2


@wrong("rand_by_table", "p is a share of all pixels; like s and t it is a share of")
def _(truth, proposal):
    t, p = table(truth, proposal)
    S, A, B = rand(t, p)
    n = len(t)
    return (S / truth.size**2) / ((A / n**2 + B / n**2) / 2)


def lies(a, b):
    d = {}
    for k in np.unique(a[a > 0]):
        v, c = np.unique(b[a == k], return_counts=True)
        j = c.argmax()
        if 2 * c[j] > c.sum() and v[j] > 0:
            d.setdefault(v[j], []).append(k)
    return sum(len(x) - 1 for x in d.values())


@wrong("merges_and_splits", "merges and splits are exchanged: two truth cells in one")
def _(truth, proposal):
    return lies(proposal, truth), lies(truth, proposal)


@wrong("merges_and_splits", "three cells in one count as one merge; they are two merges")
def _(truth, proposal):
    def f(a, b):
        d = {}
        for k in np.unique(a[a > 0]):
            v, c = np.unique(b[a == k], return_counts=True)
            j = c.argmax()
            if 2 * c[j] > c.sum() and v[j] > 0:
                d[v[j]] = d.get(v[j], 0) + 1
        return sum(x > 1 for x in d.values())

    return f(truth, proposal), f(proposal, truth)


@wrong("merges_and_splits", "all cells that lie together are counted; two cells in one")
def _(truth, proposal):
    def f(a, b):
        d = {}
        for k in np.unique(a[a > 0]):
            v, c = np.unique(b[a == k], return_counts=True)
            j = c.argmax()
            if 2 * c[j] > c.sum() and v[j] > 0:
                d[v[j]] = d.get(v[j], 0) + 1
        return sum(x for x in d.values() if x > 1)

    return f(truth, proposal), f(proposal, truth)


@wrong("merges_and_splits", "cells that lie in the background count as merged or split;")
def _(truth, proposal):
    def f(a, b):
        d = {}
        for k in np.unique(a[a > 0]):
            v, c = np.unique(b[a == k], return_counts=True)
            j = c.argmax()
            if 2 * c[j] > c.sum():
                d[v[j]] = d.get(v[j], 0) + 1
        return sum(x - 1 for x in d.values())

    return f(truth, proposal), f(proposal, truth)


@wrong("merges_and_splits", "exactly half of a cell is not enough; more than half of it")
def _(truth, proposal):
    def f(a, b):
        d = {}
        for k in np.unique(a[a > 0]):
            v, c = np.unique(b[a == k], return_counts=True)
            j = c.argmax()
            if 2 * c[j] >= c.sum() and v[j] > 0:
                d[v[j]] = d.get(v[j], 0) + 1
        return sum(x - 1 for x in d.values())

    return f(truth, proposal), f(proposal, truth)


@wrong("merges_and_splits", "every overlap counts; a cell lies in another only if more")
def _(truth, proposal):
    def f(a, b):
        d = {}
        for x, y in {(x, y) for x, y in zip(a.ravel().tolist(), b.ravel().tolist()) if x and y}:
            d.setdefault(y, set()).add(x)
        return sum(len(x) - 1 for x in d.values())

    return f(truth, proposal), f(proposal, truth)


@wrong("merges_and_splits", "the largest piece decides; a cell lies in another only if")
def _(truth, proposal):
    def f(a, b):
        d = {}
        for k in np.unique(a[a > 0]):
            v, c = np.unique(b[a == k], return_counts=True)
            j = c.argmax()
            if v[j] > 0:
                d[v[j]] = d.get(v[j], 0) + 1
        return sum(x - 1 for x in d.values())

    return f(truth, proposal), f(proposal, truth)


@wrong("merges_and_splits", "the half is taken of the pixels that lie in cells; take it")
def _(truth, proposal):
    def f(a, b):
        d = {}
        for k in np.unique(a[a > 0]):
            x = b[(a == k) & (b > 0)]
            if not x.size:
                continue
            v, c = np.unique(x, return_counts=True)
            j = c.argmax()
            if 2 * c[j] > c.sum():
                d[v[j]] = d.get(v[j], 0) + 1
        return sum(x - 1 for x in d.values())

    return f(truth, proposal), f(proposal, truth)


@wrong("merges_and_splits", "you compared the numbers of cells; a merge and a split")
def _(truth, proposal):
    a, b = len(np.unique(truth[truth > 0])), len(np.unique(proposal[proposal > 0]))
    return max(a - b, 0), max(b - a, 0)


@wrong("merges_and_splits", "the numbers of the cells have gaps; go through np.unique,")
def _(truth, proposal):
    def f(a, b):
        n = 0
        for j in range(1, int(b.max()) + 1):
            k = 0
            for i in range(1, len(np.unique(a))):
                if 2 * ((a == i) & (b == j)).sum() > (a == i).sum():
                    k += 1
            n += max(k - 1, 0)
        return n

    return f(truth, proposal), f(proposal, truth)


@right("leaking")
def _(train, test):
    r = []
    for s, k, _ in test:
        for s2, k2, _ in train:
            if s == s2 and abs(k - k2) <= 1 and (s, k) not in r:
                r.append((s, k))
    r.sort()
    return r


right("leaking")(
    lambda train, test: tuple(sorted(set(t[:2] for t in test) & {(s, k + d) for s, k, _ in train for d in (-1, 0, 1)}))
)


@right("momentum_steps")
def _(weights, gradients, rate, momentum):
    n = len(gradients)
    k = np.array(
        [[sum(momentum ** (a - b) for a in range(b, i + 1)) if b <= i else 0.0 for b in range(n)] for i in range(n)]
    )
    return weights - rate * np.tensordot(k, gradients, 1)


@right("momentum_steps")
def _(weights, gradients, rate, momentum):
    import torch

    p = torch.tensor(np.array(weights, float), requires_grad=True)
    o = torch.optim.SGD([p], lr=rate, momentum=momentum)
    r = []
    for g in gradients:
        p.grad = torch.tensor(np.array(g, float))
        o.step()
        r.append(p.detach().numpy().copy())
    return np.stack(r)


@right("iou_of_class")
def _(proposal, truth, label):
    i = u = 0
    for a, b in zip(proposal.ravel().tolist(), truth.ravel().tolist()):
        i += a == label and b == label
        u += a == label or b == label
    return i / u if u else 1


@right("iou_of_class")
def _(proposal, truth, label):
    p, t = (proposal == label), (truth == label)
    i = np.logical_and(p, t).sum(dtype=float)
    u = np.count_nonzero(p) + np.count_nonzero(t) - i
    return np.divide(i, u) if u else np.float32(1)


@right("choose_cut")
def _(cuts, train, test):
    w = lambda c, s: np.not_equal(s[0] > c, s[1]).mean()
    c = min(cuts, key=lambda c: w(c, train))
    return [c, w(c, test)]


@right("choose_cut")
def _(cuts, train, test):
    c = np.asarray(cuts)[:, None]
    p, t = (np.ravel(x) for x in train)
    e = ((p[None] > c) ^ t).sum(1)
    k = c[e.argmin(), 0]
    return k, 1 - np.mean((test[0] > k) == test[1])


@right("rand_by_table")
def _(truth, proposal):
    t, p = table(truth, proposal)
    S, A, B = rand(t, p)
    return 2 * S / (A + B)


@right("rand_by_table")
def _(truth, proposal):
    m = truth != 0
    t = np.unique(truth[m], return_inverse=True)[1]
    p = proposal[m].astype(np.int64)
    k = int((p == 0).sum())
    p = np.where(p == 0, np.cumsum(p == 0) + p.max(), p)
    p = np.unique(p, return_inverse=True)[1]
    T = np.zeros((t.max() + 1, p.max() + 1))
    np.add.at(T, (t, p), 1)
    T /= T.sum()
    return (T**2).sum() / (0.5 * (T.sum(1) ** 2).sum() + 0.5 * (T.sum(0) ** 2).sum())


@right("merges_and_splits")
def _(truth, proposal):
    return [lies(truth, proposal), lies(proposal, truth)]


@right("merges_and_splits")
def _(truth, proposal):
    def f(a, b):
        home = []
        for i in set(a.ravel().tolist()) - {0}:
            for j in set(b.ravel().tolist()) - {0}:
                if ((a == i) & (b == j)).sum() / (a == i).sum() > 0.5:
                    home.append(j)
        return len(home) - len(set(home))

    return np.array([f(truth, proposal), f(proposal, truth)])


@wrong("leaking", "zip pairs the crops by their place in the lists; compare")
def _(train, test):
    return sorted({(a[0], a[1]) for a, b in zip(test, train) if a[0] == b[0] and abs(a[1] - b[1]) <= 1})


@wrong("leaking", "you looked for the same slice only; its two neighbours show")
def _(train, test):
    return sorted({(s, k) for s, k, _ in test for s2, k2, _ in train if s == s2 and abs(k - k2) < 1})


@wrong("leaking", "the difference of two slices can be negative; compare")
def _(train, test):
    return sorted({(s, k) for s, k, _ in test for s2, k2, _ in train if s == s2 and k - k2 <= 1})


@wrong("leaking", "expected a list, got a dict; list(…) makes one")
def _(train, test):
    d = collections.defaultdict(list)
    t = {c[:2] for c in train}
    for s, k, _ in test:
        if any((s, k + i) in t for i in (-1, 0, 1)) and k not in d[s]:
            d[s].append(k)
    return {s: sorted(v) for s, v in d.items()}


@wrong("leaking", "these are the test slices that do not leak; return those")
def _(train, test):
    t = {c[:2] for c in train}
    return sorted({c[:2] for c in test if not any((c[0], c[1] + i) in t for i in (-1, 0, 1))})


@wrong("leaking", "these are strings; return pairs (stack, slice)")
def _(train, test):
    t = {c[:2] for c in train}
    return sorted(set(f"{c[0]}{c[1]}" for c in test if any((c[0], c[1] + i) in t for i in (-1, 0, 1))))


@wrong("momentum_steps", "later gradients count less than earlier ones; it is the")
def _(weights, gradients, rate, momentum):
    m = momentum ** np.arange(len(gradients))
    return weights - rate * np.cumsum(gradients * m.reshape(-1, *[1] * weights.ndim), 0)


@wrong("momentum_steps", "the old velocity is subtracted; add momentum * velocity")
def _(weights, gradients, rate, momentum):
    prev = weights
    w = weights
    o = []
    for g in gradients:
        new = w - rate * g - momentum * (w - prev)
        prev, w = w, new
        o.append(w)
    return np.array(o)


@wrong("momentum_steps", "the rate falls from step to step; it stays as it is")
def _(weights, gradients, rate, momentum):
    v = 0
    w = weights
    o = []
    for i, g in enumerate(gradients):
        v = momentum * v + g
        w = w - rate / (i + 1) * v
        o.append(w)
    return np.array(o)


@wrong("momentum_steps", "from the second step on, the gradient is multiplied by 1 -")
def _(weights, gradients, rate, momentum):
    v = None
    w = weights
    o = []
    for g in gradients:
        v = g if v is None else momentum * v + (1 - momentum) * g
        w = w - rate * v
        o.append(w)
    return np.array(o)


@wrong("momentum_steps", "the gradient is divided by its length; use it as it is")
def _(weights, gradients, rate, momentum):
    v = 0
    w = weights
    o = []
    for g in gradients:
        v = momentum * v + g / np.linalg.norm(g)
        w = w - rate * v
        o.append(w)
    return np.array(o)


@wrong("momentum_steps", "the loop has one step per weight; it needs one step per")
def _(weights, gradients, rate, momentum):
    v = 0
    w = weights
    o = []
    for i in range(weights.shape[0]):
        v = momentum * v + gradients[i]
        w = w - rate * v
        o.append(w)
    return np.array(o)


@wrong("iou_of_class", "for two conditions per pixel use & and |")
def _(proposal, truth, label):
    return np.sum(proposal == label and truth == label) / np.sum(proposal == label or truth == label)


@wrong("iou_of_class", "the union holds all classes above 0; take the pixels that")
def _(proposal, truth, label):
    i = ((proposal == truth) & (truth == label)).sum()
    u = ((proposal > 0) | (truth > 0)).sum()
    return i / u if u else 1.0


@wrong("iou_of_class", "// rounds down to 0; divide with /")
def _(proposal, truth, label):
    p, t = proposal == label, truth == label
    u = (p | t).sum()
    return (p & t).sum() // u if u else 1.0


@wrong("iou_of_class", "a class that neither image has needs a result, too: nothing")
def _(proposal, truth, label):
    p, t = proposal == label, truth == label
    u = (p | t).sum()
    if u:
        return (p & t).sum() / u


@wrong("iou_of_class", "that is the mean IoU of the class and of all other pixels;")
def _(proposal, truth, label):
    r = []
    for f in (True, False):
        p, t = (proposal == label) == f, (truth == label) == f
        u = (p | t).sum()
        r.append((p & t).sum() / u if u else 1.0)
    return sum(r) / 2


@wrong("iou_of_class", "^ leaves the intersection out; the union is found | wanted")
def _(proposal, truth, label):
    p, t = proposal == label, truth == label
    i = (p & t).sum()
    u = p.sum() + t.sum() - 2 * i
    return i / u if u else 1.0


@wrong("choose_cut", "that is the error on the training images, on which the cut")
def _(cuts, train, test):
    e = sorted((((train[0] > c) != train[1]).mean(), c) for c in cuts)
    return e[0][1], e[0][0]


@wrong("choose_cut", "of several equal cuts you took the last; take the lowest")
def _(cuts, train, test):
    d = {((train[0] > c) != train[1]).mean(): c for c in cuts}
    c = d[min(d)]
    return c, ((test[0] > c) != test[1]).mean()


@wrong("choose_cut", "the lowest cut is chosen in every call: count both kinds of")
def _(cuts, train, test):
    w = lambda c: ((train[0] > c) != train[1]).mean()
    best = cuts[0]
    for c in cuts[1:]:
        if w(c) < w(best):
            best = c
        else:
            break
    return best, ((test[0] > best) != test[1]).mean()


@wrong("choose_cut", "the shares of cell are compared; compare pixel by pixel:")
def _(cuts, train, test):
    e = [abs((train[0] > c).sum() - train[1].sum()) for c in cuts]
    i = int(np.argmin(e))
    return cuts[i], ((test[0] > cuts[i]) != test[1]).mean()


@wrong("choose_cut", "wrong pixels of both kinds cancel in the mean of the")
def _(cuts, train, test):
    e = [np.mean((train[0] > c).astype(int) - train[1]) for c in cuts]
    i = int(np.argmin(e))
    return cuts[i], ((test[0] > cuts[i]) != test[1]).mean()


@wrong("choose_cut", "the errors on training and test images are averaged; only")
def _(cuts, train, test):
    w = lambda c, s: ((s[0] > c) != s[1]).mean()
    c = min(cuts, key=lambda c: w(c, train))
    return c, (w(c, train) + w(c, test)) / 2


@wrong("rand_by_table", "square each count, and then add; you squared the sum")
def _(truth, proposal):
    m = truth > 0
    t, p = truth[m], proposal[m].astype(int)
    z = p == 0
    p = p.copy()
    p[z] = -1 - np.arange(z.sum())
    c = collections.Counter(zip(t.tolist(), p.tolist()))
    a = collections.Counter(t.tolist())
    b = collections.Counter(p.tolist())
    return sum(v for v in c.values()) ** 2 / (sum(v * v for v in a.values()) / 2 + sum(v * v for v in b.values()) / 2)


@wrong("rand_by_table", "in Σt², pixels on the background of the truth are counted;")
def _(truth, proposal):
    m = truth > 0
    t, p = truth[m], proposal[m].astype(int)
    z = p == 0
    p = p.copy()
    p[z] = -1 - np.arange(z.sum())
    q = proposal.astype(int).ravel().copy()
    z = q == 0
    q[z] = -1 - np.arange(z.sum())
    c = collections.Counter(zip(t.tolist(), p.tolist()))
    a = collections.Counter(t.tolist())
    b = collections.Counter(q.tolist())
    n = len(t)
    N = q.size
    return (
        sum(v * v for v in c.values())
        / n**2
        / (sum(v * v for v in a.values()) / 2 / n**2 + sum(v * v for v in b.values()) / 2 / N**2)
    )


@wrong("rand_by_table", "every result is 100 times (a percentage?) the right one")
def _(truth, proposal):
    m = truth > 0
    t, p = truth[m], proposal[m].astype(int)
    z = p == 0
    p = p.copy()
    p[z] = -1 - np.arange(z.sum())
    c = collections.Counter(zip(t.tolist(), p.tolist()))
    a = collections.Counter(t.tolist())
    b = collections.Counter(p.tolist())
    return (
        100 * sum(v * v for v in c.values()) / (sum(v * v for v in a.values()) / 2 + sum(v * v for v in b.values()) / 2)
    )


@wrong("rand_by_table", "that is a form of the IoU; V_Rand is Σp² / (½Σs² + ½Σt²)")
def _(truth, proposal):
    m = truth > 0
    t, p = truth[m], proposal[m].astype(int)
    z = p == 0
    p = p.copy()
    p[z] = -1 - np.arange(z.sum())
    c = collections.Counter(zip(t.tolist(), p.tolist()))
    a = collections.Counter(t.tolist())
    b = collections.Counter(p.tolist())
    S = sum(v * v for v in c.values())
    return S / (sum(v * v for v in a.values()) + sum(v * v for v in b.values()) - S)


def over(a, b):
    home = {}
    for i in np.unique(a):
        if i == 0:
            continue
        inside = b[a == i]
        for j in np.unique(inside):
            if j and 2 * (inside == j).sum() > inside.size:
                home[i] = j
    return home


@wrong("merges_and_splits", "all cells that lie together are counted; two cells in one")
def _(truth, proposal):
    def f(h):
        return sum(1 for i in h if list(h.values()).count(h[i]) > 1)

    return f(over(truth, proposal)), f(over(proposal, truth))


@wrong("merges_and_splits", "the splits are the difference of the numbers of cells;")
def _(truth, proposal):
    h = over(truth, proposal)
    return len(h) - len(set(h.values())), len(np.unique(proposal)) - len(np.unique(truth))


@wrong("merges_and_splits", "cells that are lost in the background are counted as merged")
def _(truth, proposal):
    def f(a, b):
        h = over(a, b)
        n = len(np.unique(a[a > 0]))
        return n - len(set(h.values()))

    return f(truth, proposal), f(proposal, truth)


@wrong("merges_and_splits", "for the splits every overlap counts; a proposed cell lies")
def _(truth, proposal):
    h = over(truth, proposal)
    sp = sum(
        len(np.unique(proposal[(truth == i) & (proposal > 0)])) - 1
        for i in np.unique(truth[truth > 0])
        if (proposal[truth == i] > 0).any()
    )
    return len(h) - len(set(h.values())), sp


@wrong("merges_and_splits", "[0]: expected the whole number 3, got the float 3.0; use //")
def _(truth, proposal):
    h, k = over(truth, proposal), over(proposal, truth)
    return float(len(h) - len(set(h.values()))), float(len(k) - len(set(k.values())))


@wrong("merges_and_splits", "cells in which others lie are counted; only the second and")
def _(truth, proposal):
    h, k = over(truth, proposal), over(proposal, truth)
    return len(set(h.values())), len(set(k.values()))


@right("leaking")
def _(train, test):
    near = collections.defaultdict(set)
    for s, k, _ in train:
        near[s].update((k - 1, k, k + 1))
    return [list(p) for p in sorted(dict.fromkeys((s, k) for s, k, _ in test)) if p[1] in near[p[0]]]


class Rand:
    def __call__(self, truth, proposal):
        cell = np.flatnonzero(truth)
        t = truth.flat[cell]
        p = proposal.flat[cell]
        same = lambda x: x[:, None] == x[None]
        P = same(p) & (p != 0)[:, None] | np.eye(len(p), dtype=bool)
        S = same(t)
        return (S & P).sum() / (S.sum() / 2 + P.sum() / 2)


right("rand_by_table")(Rand())
