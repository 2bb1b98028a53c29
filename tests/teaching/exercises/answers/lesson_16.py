"""Answers to the exercises of lesson 16 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


@wrong("classes_of_colours", "a colour that is not in the list became class 0; it is no label, so")
def _(image, colours):
    out = np.zeros(image.shape[:2], int)
    for k, c in enumerate(colours):
        out[(image == np.array(c)).all(-1)] = k
    return out


@wrong("classes_of_colours", "one equal channel was enough; a colour is the same only if all three")
def _(image, colours):
    out = np.full(image.shape[:2], -1)
    for k, c in enumerate(colours):
        out[(image == c).any(-1)] = k
    return out


@wrong("classes_of_colours", "an unsigned integer cannot be -1, so it became 255; make the array")
def _(image, colours):
    out = np.zeros(image.shape[:2], np.uint8) - 1
    for k, c in enumerate(colours):
        out[(image == c).all(-1)] = k
    return out


@wrong("classes_of_colours", "a colour that is not in the list got the class of the nearest colour;")
def _(image, colours):
    d = ((image[:, :, None].astype(int) - np.array(colours)) ** 2).sum(-1)
    return d.argmin(-1)


@wrong("classes_of_colours", "red and blue are exchanged; a colour is (red, green, blue), as in the")
def _(image, colours):
    out = np.full(image.shape[:2], -1)
    for k, c in enumerate(colours):
        out[(image[..., ::-1] == c).all(-1)] = k
    return out


@wrong("classes_of_colours", "the classes begin at 1; the first colour is class 0")
def _(image, colours):
    out = np.full(image.shape[:2], -1)
    for k, c in enumerate(colours):
        out[(image == c).all(-1)] = k + 1
    return out


@wrong("classes_of_colours", "you compared the red channel only; compare all three")
def _(image, colours):
    out = np.full(image.shape[:2], -1)
    for k, c in enumerate(colours):
        out[image[..., 0] == c[0]] = k
    return out


@wrong("classes_of_colours", "you compared the sums of the channels, which are equal for red and")
def _(image, colours):
    out = np.full(image.shape[:2], -1)
    for k, c in enumerate(colours):
        out[image.sum(-1) == sum(c)] = k
    return out


@wrong("one_hot_labels", "the channels are the last axis; torch has them behind the batch: (N,")
def _(target, classes):
    out = F.one_hot(target.clamp(min=0), classes).float()
    out[target < 0] = -1
    return out


@wrong("one_hot_labels", "expected floats (dtype torch.float32), got whole numbers (dtype")
def _(target, classes):
    out = F.one_hot(target.clamp(min=0), classes).permute(0, 3, 1, 2).clone()
    return torch.where(target[:, None] < 0, -1, out)


@wrong("one_hot_labels", "unlabelled pixels got 0 in all channels, which says no to each class;")
def _(target, classes):
    return (target[:, None] == torch.arange(classes)[:, None, None]).float()


@wrong("one_hot_labels", "unlabelled pixels became class 0; they are -1 in all channels")
def _(target, classes):
    return F.one_hot(target.clamp(min=0), classes).permute(0, 3, 1, 2).float()


@wrong("one_hot_labels", "the number of channels depends on the batch; a class that does not")
def _(target, classes):
    k = int(target.max()) + 1
    out = (target[:, None] == torch.arange(k)[:, None, None]).float()
    return torch.where(target[:, None] < 0, -torch.ones(()), out)


@wrong("one_hot_labels", "it changes its argument target; work on a copy: target.clone()")
def _(target, classes):
    unknown = target < 0
    target[unknown] = 0
    out = F.one_hot(target, classes).permute(0, 3, 1, 2).float()
    out[unknown[:, None].expand_as(out)] = -1
    return out


@wrong("one_hot_labels", "F.one_hot takes no class below 0; replace -1 before, and write -1")
def _(target, classes):
    return F.one_hot(target, classes).permute(0, 3, 1, 2).float()


@wrong("one_hot_labels", "There is a second mistake: rows and columns are exchanged")
def _(target, classes):
    out = F.one_hot(target.clamp(min=0), classes).permute(0, 3, 2, 1).float()
    return out


@wrong("mean_of_labelled", "0 · inf is nan: multiplying by 0 does not remove an infinite value;")
def _(values, known):
    return (values * known).sum() / known.sum().clamp(min=1)


@wrong("mean_of_labelled", "with nothing labelled you divided by 0; the mean is then 0")
def _(values, known):
    return values[known].mean()


@wrong("mean_of_labelled", "you divided by all pixels; the mean is over the labelled ones")
def _(values, known):
    return torch.where(known, values, 0.0).mean()


@wrong("mean_of_labelled", "expected a tensor as output, got a float")
def _(values, known):
    if not known.any():
        return 0.0
    return values[known].mean()


@wrong("mean_of_labelled", "each image got the same share, however few of its pixels are")
def _(values, known):
    v = torch.where(known, values, 0.0).sum((1, 2)) / known.sum((1, 2)).clamp(min=1)
    return v.mean()


@wrong("mean_of_labelled", "the 1e-3 in the divisor makes the mean too small; let the divisor not")
def _(values, known):
    return torch.where(known, values, 0.0).sum() / (known.sum() + 1e-3)


@wrong("mean_of_labelled", "the divisor is one too large; add nothing, but let it not fall below")
def _(values, known):
    return torch.where(known, values, 0.0).sum() / (known.sum() + 1)


@wrong("mean_of_labelled", "the mask is inverted: that is the mean over the pixels that are *not*")
def _(values, known):
    return torch.where(known, 0.0, values).sum() / (~known).sum().clamp(min=1)


@wrong("label_loss", "sigmoid(20) rounds to 1, so 1 - p is 0 and its logarithm infinite;")
def _(logits, target):
    p = torch.sigmoid(logits)
    return -(target * p.log() + (1 - target) * (1 - p).log())


@wrong("label_loss", "1e-7 keeps the logarithm finite: the worst pixels get a capped loss")
def _(logits, target):
    p = torch.sigmoid(logits)
    return -(target * (p + 1e-7).log() + (1 - target) * (1 - p + 1e-7).log())


@wrong("label_loss", "p is kept 1e-7 away from 0 and 1: the worst pixels get a capped loss")
def _(logits, target):
    p = torch.sigmoid(logits).clamp(1e-7, 1 - 1e-7)
    return -(target * p.log() + (1 - target) * (1 - p).log())


@wrong("label_loss", "this exercise forbids softplus; do it without; it is in your line:")
def _(logits, target):
    return F.softplus(logits) - logits * target


@wrong("label_loss", "this exercise forbids binary_cross_entropy_with_logits; do it")
def _(logits, target):
    return F.binary_cross_entropy_with_logits(logits, target, reduction="none")


@wrong("label_loss", "the value is right, but logits.clamp(min=0) and |z| have a kink at 0,")
def _(logits, target):
    return logits.clamp(min=0) - logits * target + torch.log1p(torch.exp(-logits.abs()))


@wrong("label_loss", "the term of label 0 is missing: a false detection must cost")
def _(logits, target):
    z = torch.stack([torch.zeros_like(logits), -logits]).logsumexp(0)
    return target * z


@wrong("label_loss", "the sign is wrong: a loss is never below 0")
def _(logits, target):
    a = -torch.stack([torch.zeros_like(logits), -logits]).logsumexp(0)
    b = -torch.stack([torch.zeros_like(logits), logits]).logsumexp(0)
    return target * a + (1 - target) * b


@wrong("label_loss", "you averaged; each label keeps its own loss here: (N, K, H, W)")
def _(logits, target):
    z = torch.stack([torch.zeros_like(logits), logits]).logsumexp(0)
    return (z - logits * target).mean()


@wrong("label_loss", "that is a softmax over the channels; labels that may overlap have a")
def _(logits, target):
    return -target * logits.log_softmax(1)


@wrong("label_loss", "exp overflows for large logits; take out the larger of 0 and the")
def _(logits, target):
    return torch.log1p(torch.exp(logits)) - logits * target


@wrong("label_loss", "labels 0 and 1 are exchanged; label 1 needs a large logit")
def _(logits, target):
    z = torch.stack([torch.zeros_like(logits), logits]).logsumexp(0)
    return z - logits * (1 - target)


@wrong("soft_dice_losses", "that is the Dice coefficient; the loss is 1 minus it")
def _(p, t, smooth):
    return (2 * (p * t).sum((2, 3)) + smooth) / (p.sum((2, 3)) + t.sum((2, 3)) + smooth)


@wrong("soft_dice_losses", "the factor 2 is missing: a perfect answer would have a Dice of 0.5")
def _(p, t, smooth):
    return 1 - ((p * t).sum((2, 3)) + smooth) / (p.sum((2, 3)) + t.sum((2, 3)) + smooth)


@wrong("soft_dice_losses", "smooth stands in the denominator only; an empty class that is")
def _(p, t, smooth):
    return 1 - 2 * (p * t).sum((2, 3)) / (p.sum((2, 3)) + t.sum((2, 3)) + smooth)


@wrong("soft_dice_losses", "the denominator has squares, as in V-Net; here it is Σ p + Σ t")
def _(p, t, smooth):
    return 1 - (2 * (p * t).sum((2, 3)) + smooth) / ((p * p).sum((2, 3)) + (t * t).sum((2, 3)) + smooth)


@wrong("soft_dice_losses", "the sums run over the classes; each class has its own, (N, K)")
def _(p, t, smooth):
    d = (1, 2, 3)
    return 1 - (2 * (p * t).sum(d) + smooth) / (p.sum(d) + t.sum(d) + smooth)


@wrong("soft_dice_losses", "that is intersection over union; Dice has 2 · Σ pt over Σ p + Σ t")
def _(p, t, smooth):
    i = (p * t).sum((2, 3))
    return 1 - (i + smooth) / (p.sum((2, 3)) + t.sum((2, 3)) - i + smooth)


@wrong("soft_dice_losses", "smooth is doubled in the numerator; it is added after the factor 2: 2")
def _(p, t, smooth):
    return 1 - 2 * ((p * t).sum((2, 3)) + smooth) / (p.sum((2, 3)) + t.sum((2, 3)) + smooth)


@wrong("soft_dice_losses", "the sums run over the batch; each image has its own, (N, K)")
def _(p, t, smooth):
    d = (0, 2, 3)
    return 1 - (2 * (p * t).sum(d) + smooth) / (p.sum(d) + t.sum(d) + smooth)


@wrong("soft_dice_losses", "these are means over the pixels, to which smooth is too large; take")
def _(p, t, smooth):
    d = (2, 3)
    return 1 - (2 * (p * t).mean(d) + smooth) / (p.mean(d) + t.mean(d) + smooth)


@wrong("dice_slopes", "the sign is wrong: more probability in the object must lower the loss")
def _(p, t):
    i, s = (p * t).sum(), p.sum() + t.sum()
    return 2 * (t * s - i) / s**2


@wrong("dice_slopes", "the denominator is squared in the quotient rule")
def _(p, t):
    i, s = (p * t).sum(), p.sum() + t.sum()
    return -2 * (t * s - i) / s


@wrong("dice_slopes", "the second term of the quotient rule is missing: S depends on each p,")
def _(p, t):
    s = p.sum() + t.sum()
    return -2 * t / s


@wrong("dice_slopes", "this exercise forbids backward; do it without; it is in your line:")
def _(p, t):
    p = p.clone().requires_grad_()
    loss = 1 - 2 * (p * t).sum() / (p.sum() + t.sum())
    loss.backward()
    return p.grad


@wrong("dice_slopes", "the factor 2 is missing")
def _(p, t):
    i, s = (p * t).sum(), p.sum() + t.sum()
    return -(t * s - i) / s**2


@wrong("dice_slopes", "Σ t is missing in S")
def _(p, t):
    i, s = (p * t).sum(), p.sum()
    return -2 * (t * s - i) / s**2


@wrong("dice_slopes", "this exercise forbids grad; do it without; it is in your line: return")
def _(p, t):
    q = p.detach().requires_grad_(True)
    return torch.autograd.grad(1 - 2 * (q * t).sum() / (q + t).sum(), q)[0]


@wrong("focal_pixels", "the logarithm of a softmax is -inf where p rounds to 0; compute log p")
def _(logits, target, gamma):
    p = logits.softmax(1).gather(1, target[:, None])[:, 0]
    return -((1 - p) ** gamma) * p.log()


@wrong("focal_pixels", "1 - p rounds to 0 at a certain pixel, and the power has an infinite")
def _(logits, target, gamma):
    lp = logits.log_softmax(1).gather(1, target[:, None])[:, 0]
    return -((1 - lp.exp()) ** gamma) * lp


@wrong("focal_pixels", "output: [0]: 40 of 40 values are wrong, the first at (0, 0, 0):")
def _(logits, target, gamma):
    lp = -F.cross_entropy(logits, target, reduction="none")
    return -(lp.exp().clamp(min=1e-6) ** gamma) * lp


@wrong("focal_pixels", "you averaged; each pixel keeps its own loss here: (N, H, W)")
def _(logits, target, gamma):
    lp = -F.cross_entropy(logits, target, reduction="none")
    return (-((1 - lp.exp()).clamp(min=1e-6) ** gamma) * lp).mean()


@wrong("focal_pixels", "you multiplied by γ; it is the exponent of 1 - p")
def _(logits, target, gamma):
    lp = -F.cross_entropy(logits, target, reduction="none")
    return -gamma * (1 - lp.exp()) * lp


@wrong("focal_pixels", "the minus is missing: log p is never positive, and a loss never")
def _(logits, target, gamma):
    lp = -F.cross_entropy(logits, target, reduction="none")
    return (1 - lp.exp()).clamp(min=1e-12) ** gamma * lp


@wrong("focal_pixels", "this is a softmax over the images, dim=0; the classes are dim=1")
def _(logits, target, gamma):
    lp = logits.log_softmax(0).gather(1, target[:, None])[:, 0]
    return -((1 - lp.exp()).clamp(min=1e-12) ** gamma) * lp


@wrong("focal_pixels", "an axis of length 1 is left from gather; take it away with")
def _(logits, target, gamma):
    lp = logits.log_softmax(1).gather(1, target[:, None])
    return -((1 - lp.exp()).clamp(min=1e-12) ** gamma) * lp


@wrong("focal_pixels", "the factor is detached; its gradient is a part of the focal loss's")
def _(logits, target, gamma):
    lp = -F.cross_entropy(logits, target, reduction="none")
    return -((1 - lp.exp()).detach() ** gamma) * lp


@wrong("focal_pixels", "each class got a sigmoid of its own; here p is the softmax over the classes")
def _(logits, target, gamma):
    lp = F.logsigmoid(logits).gather(1, target[:, None])[:, 0]
    return -((1 - lp.exp()).clamp(min=1e-12) ** gamma) * lp


@right("classes_of_colours")
def _(image, colours):
    table = {tuple(c): k for k, c in enumerate(colours)}
    return np.array([[table.get(tuple(int(v) for v in px), -1) for px in row] for row in image], np.int32).reshape(
        image.shape[:2]
    )


@right("classes_of_colours")
def _(image, colours):
    w = np.array([65536, 256, 1])
    code = image.astype(np.int64) @ w
    out = np.full(code.shape, -1, np.int16)
    for k, c in enumerate(colours):
        out = np.where(code == np.dot(c, w), k, out)
    return out


@right("one_hot_labels")
def _(target, classes):
    n, h, w = target.shape
    out = torch.zeros(n, classes + 1, h, w, dtype=torch.float64)
    out.scatter_(1, (target[:, None]) % (classes + 1), 1.0)
    miss = out[:, classes:]
    return out[:, :classes] - miss


right("one_hot_labels")(
    lambda target, classes: torch.where(
        (target < 0)[..., None], torch.tensor(-1.0), torch.eye(classes)[target]
    ).movedim(-1, 1)
)


@right("mean_of_labelled")
def _(values, known):
    return values[known].sum() / max(int(known.sum()), 1)


@right("mean_of_labelled")
def _(values, known):
    n = known.count_nonzero()
    total = values.masked_fill(~known, 0).double().sum()
    return total / n if n else total


@right("mean_of_labelled")
def _(values, known):
    if known.any():
        return torch.masked_select(values, known).mean()
    return torch.tensor(0.0)


@right("label_loss")
def _(logits, target):
    return torch.logaddexp(logits, torch.zeros_like(logits)) - logits * target


@right("label_loss")
def _(logits, target):
    two = torch.stack([torch.zeros_like(logits), logits], -1).log_softmax(-1)
    return -(target * two[..., 1] + (1 - target) * two[..., 0])


@right("label_loss")
def _(logits, target):
    two = torch.stack([torch.zeros_like(logits), logits], 1)
    return F.cross_entropy(two, target.long(), reduction="none")


@right("soft_dice_losses")
def _(p, t, smooth):
    i = torch.einsum("nkhw,nkhw->nk", p, t)
    s = torch.einsum("nkhw->nk", p + t)
    return (s - 2 * i) / (s + smooth)


@right("soft_dice_losses")
def _(p, t, smooth):
    rows = []
    for a, b in zip(p, t):
        rows.append(
            torch.stack([1 - (2 * (x * y).sum() + smooth) / (x.sum() + y.sum() + smooth) for x, y in zip(a, b)])
        )
    return torch.stack(rows)


@right("dice_slopes")
def _(p, t):
    s = (p + t).sum()
    return 2 * torch.dot(p, t) / s**2 - 2 * t / s


@right("dice_slopes")
def _(p, t):
    i = sum(float(a) * float(b) for a, b in zip(p, t))
    s = float(p.sum() + t.sum())
    return torch.tensor([-2 * (float(b) * s - i) / s**2 for b in t])


@right("focal_pixels")
def _(logits, target, gamma):
    lp = logits.log_softmax(1)
    mine = torch.nn.functional.one_hot(target, logits.shape[1]).movedim(-1, 1).bool()
    ce = -lp[mine.clone()].reshape(-1) if False else -(lp.masked_fill(~mine, 0)).sum(1)
    rest = lp.masked_fill(mine, -math.inf).logsumexp(1)
    return (gamma * rest).exp() * ce


@right("focal_pixels")
def _(logits, target, gamma):
    ce = F.cross_entropy(logits, target, reduction="none")
    return (-torch.expm1(-ce)).clamp(min=1e-12) ** gamma * ce


@wrong("classes_of_colours", "expected a numpy array, got a list; np.asarray(…) makes one")
def _(image, colours):
    t = {tuple(c): k for k, c in enumerate(colours)}
    return [[t.get(tuple(p), -1) for p in row] for row in image.tolist()]


@wrong("classes_of_colours", "it raised ValueError: (255, 0, 255) is not in list")
def _(image, colours):
    h, w, _ = image.shape
    return np.array([[colours.index(tuple(image[y, x].tolist())) for x in range(w)] for y in range(h)])


@wrong("classes_of_colours", "rows and columns are exchanged")
def _(image, colours):
    h, w, _ = image.shape
    out = np.full((w, h), -1)
    for k, c in enumerate(colours):
        out[(image == c).all(-1).T] = k
    return out


@wrong("classes_of_colours", "expected whole numbers (dtype int64), got floats (dtype float64)")
def _(image, colours):
    out = -np.ones(image.shape[:2])
    for k, c in enumerate(colours):
        out[(image == c).all(-1)] = k
    return out


@wrong("classes_of_colours", "a colour that is not in the list became class 0; it is no label, so")
def _(image, colours):
    return (image[:, :, None] == np.array(colours)).all(-1).argmax(-1)


@wrong("classes_of_colours", "the colours of the image were numbered in sorted order; the class is")
def _(image, colours):
    flat = image.reshape(-1, 3)
    _, inv = np.unique(flat, axis=0, return_inverse=True)
    return inv.reshape(image.shape[:2])


@wrong("classes_of_colours", "each colour overwrites the classes that were found before, so only")
def _(image, colours):
    for k, c in enumerate(colours):
        out = np.where((image == c).all(-1), k, -1)
    return out


@wrong("classes_of_colours", "17 of 35 values are wrong, the first at (0, 0): expected 0, got -1")
def _(image, colours):
    code = image[..., 0] * np.uint8(9) + image[..., 1] * np.uint8(3) + image[..., 2]
    out = np.full(code.shape, -1)
    for k, (r, g, b) in enumerate(colours):
        out[code == 9 * r + 3 * g + b] = k
    return out


@wrong("one_hot_labels", "class -1 got a channel of its own; instead, such a pixel is -1 in the")
def _(target, classes):
    return F.one_hot(target + 1, classes + 1).permute(0, 3, 1, 2).float()


@wrong("one_hot_labels", "unlabelled pixels got 0 in all channels, which says no to each class;")
def _(target, classes):
    return F.one_hot(target + 1, classes + 1).permute(0, 3, 1, 2).float()[:, 1:]


@wrong("one_hot_labels", "20 of 120 values are wrong, the first at (0, 0, 2, 0): expected -1,")
def _(target, classes):
    out = (target[:, None] == torch.arange(classes)[:, None, None]).float()
    out[(target == -1)[:, None].expand_as(out)] = math.nan
    return out


@wrong("one_hot_labels", "the mask (N, H, W) does not fit to (N, K, H, W): give it an axis of")
def _(target, classes):
    out = (target[:, None] == torch.arange(classes)[:, None, None]).float()
    out[target < 0] = -1
    return out


@wrong("one_hot_labels", "view and reshape only count the numbers off anew; to move the")
def _(target, classes):
    n, h, w = target.shape
    out = F.one_hot(target.clamp(min=0), classes).float()
    out[target < 0] = -1
    return out.view(n, classes, h, w)


@wrong("one_hot_labels", "expected floats (dtype torch.float32), got booleans (dtype torch.bool)")
def _(target, classes):
    return target[:, None] == torch.arange(classes)[:, None, None]


@wrong("one_hot_labels", "only the first channel marks the unlabelled pixels; each channel must")
def _(target, classes):
    out = torch.zeros(target.shape[0], classes, *target.shape[1:])
    return out.scatter(1, target.clamp(min=0)[:, None], torch.where(target < 0, -1.0, 1.0)[:, None])


@wrong("one_hot_labels", "the other channels are -1; they are 0, and only pixels without a")
def _(target, classes):
    out = (target[:, None] == torch.arange(classes)[:, None, None]).float() * 2 - 1
    return out


@right("mean_of_labelled")
def _(values, known):
    return torch.nan_to_num(values * known).sum() / known.sum().clamp(min=1)


@wrong("mean_of_labelled", "the mean is detached: no gradient reaches the values")
def _(values, known):
    return torch.tensor(values[known].mean().item() if known.any() else 0.0)


@wrong("mean_of_labelled", "expected a tensor as output, got a float")
def _(values, known):
    v = values.detach().numpy()[known.numpy()]
    return float(v.mean()) if len(v) else 0.0


@wrong("mean_of_labelled", "each image got the same share, however few of its pixels are")
def _(values, known):
    return torch.stack([v[k].mean() if k.any() else v.new_zeros(()) for v, k in zip(values, known)]).mean()


@wrong("mean_of_labelled", "you divided by all pixels; the mean is over the labelled ones")
def _(values, known):
    values = values.clone()
    values[~known] = 0
    return values.mean()


@wrong("mean_of_labelled", "with nothing labelled you divided by 0; the mean is then 0")
def _(values, known):
    return torch.where(known, values, torch.nan).nanmean()


@wrong("mean_of_labelled", "output: [0]: expected 1.00705, got 0.996257")
def _(values, known):
    return values[known].median() if known.any() else values.sum() * 0


@wrong("mean_of_labelled", "expected a tensor as output, got None; is a return missing?")
def _(values, known):
    if known.any():
        return values[known].mean()


@wrong("label_loss", "labels 0 and 1 are exchanged; label 1 needs a large logit")
def _(logits, target):
    p = torch.sigmoid(logits)
    return -((1 - target) * p.log() + target * (1 - p).log())


@wrong("label_loss", "the term of label 0 is missing: a false detection must cost")
def _(logits, target):
    return -target * torch.sigmoid(logits).log()


@wrong("label_loss", "the sign is wrong: a loss is never below 0")
def _(logits, target):
    p = 1 / (1 + torch.exp(-logits))
    return target * p.log() + (1 - target) * (1 - p).log()


@wrong("label_loss", "sigmoid(20) rounds to 1, so 1 - p is 0 and its logarithm infinite;")
def _(logits, target):
    p = logits.sigmoid()
    return -torch.where(target == 1, p, 1 - p).log()


@wrong("label_loss", "the logits were clamped to ±30: beyond it the loss is capped, without")
def _(logits, target):
    z = logits.clamp(-30, 30)
    return torch.log1p(torch.exp(z)) - z * target


@wrong("label_loss", "that is the squared error of the probabilities; the cross-entropy has")
def _(logits, target):
    return (logits.sigmoid() - target) ** 2


@wrong("label_loss", "every value is 1.443 times the right one")
def _(logits, target):
    z = torch.stack([torch.zeros_like(logits), logits]).logsumexp(0)
    return (z - logits * target) / math.log(2)


@wrong("label_loss", "the sum of the exp runs over all labels, as in a softmax; each label")
def _(logits, target):
    return logits.logsumexp(1, keepdim=True) - logits * target


@wrong("label_loss", "this exercise forbids binary_cross_entropy_with_logits; do it without")
def _(logits, target):
    return nn.BCEWithLogitsLoss(reduction="none")(logits, target)


@wrong("label_loss", "this exercise forbids softplus; do it without")
def _(logits, target):
    return nn.Softplus()((1 - 2 * target) * logits)


@wrong("label_loss", "the logarithm is cut off at -100, where the loss has no gradient; use")
def _(logits, target):
    p = logits.sigmoid()
    return -(target * p.log().clamp(min=-100) + (1 - target) * (1 - p).log().clamp(min=-100))


@wrong("label_loss", "exp(-z) needs |z|: for a negative logit, max(z, 0) + log(1 + exp(-z))")
def _(logits, target):
    return logits.clamp(min=0) - logits * target + torch.log1p(torch.exp(-logits))


@right("label_loss")
def _(logits, target):
    ls = lambda z: torch.minimum(z, torch.zeros_like(z)) - torch.log1p(torch.exp(-z.abs()))
    return -(target * ls(logits) + (1 - target) * ls(-logits))


@wrong("label_loss", "the value is right, but clamp and |z| have a kink at 0, where the")
def _(logits, target):
    ls = lambda z: z.clamp(max=0) - torch.log1p(torch.exp(-z.abs()))
    return -(target * ls(logits) + (1 - target) * ls(-logits))


@wrong("soft_dice_losses", "the probabilities were rounded to 0 and 1, and have no gradient; put")
def _(p, t, smooth):
    p = (p > 0.5).float()
    return 1 - (2 * (p * t).sum((2, 3)) + smooth) / (p.sum((2, 3)) + t.sum((2, 3)) + smooth)


@wrong("soft_dice_losses", "this is the Dice of everything that is *not* the class; leave out 1 -")
def _(p, t, smooth):
    p, t = 1 - p, 1 - t
    return 1 - (2 * (p * t).sum((2, 3)) + smooth) / (p.sum((2, 3)) + t.sum((2, 3)) + smooth)


@wrong("soft_dice_losses", "the sums run over images and classes, and each pixel has a loss; the")
def _(p, t, smooth):
    return 1 - (2 * (p * t).sum((0, 1)) + smooth) / (p.sum((0, 1)) + t.sum((0, 1)) + smooth)


@wrong("soft_dice_losses", "the sums run over the rows only; the sums run over the pixels,")
def _(p, t, smooth):
    return 1 - (2 * (p * t).sum(2) + smooth) / (p.sum(2) + t.sum(2) + smooth)


@wrong("soft_dice_losses", "a division comes before an addition: put the whole denominator in")
def _(p, t, smooth):
    return 1 - (2 * (p * t).sum((2, 3)) + smooth) / p.sum((2, 3)) + t.sum((2, 3)) + smooth


@wrong("soft_dice_losses", "that is minus the logarithm of Dice; the loss is 1 - Dice")
def _(p, t, smooth):
    return -torch.log((2 * (p * t).sum((2, 3)) + smooth) / (p.sum((2, 3)) + t.sum((2, 3)) + smooth))


@wrong("soft_dice_losses", "these are means over the pixels, to which smooth is too large; take")
def _(p, t, smooth):
    return 1 - (2 * (p * t) + smooth).sum((2, 3)) / (p + t + smooth).sum((2, 3))


@wrong("soft_dice_losses", "each pixel got a Dice of its own, and then the mean was taken; sum")
def _(p, t, smooth):
    return (1 - (2 * p * t + smooth) / (p + t + smooth)).mean((2, 3))


@wrong("soft_dice_losses", "the values are right, but p is detached: no gradient reaches it")
def _(p, t, smooth):
    p, t = p.detach(), t
    return 1 - (2 * (p * t).sum((2, 3)) + smooth) / (p.sum((2, 3)) + t.sum((2, 3)) + smooth)


@wrong("dice_slopes", "the sign is wrong: more probability in the object must lower the loss")
def _(p, t):
    i, s = (p * t).sum(), (p + t).sum()
    return -2 * (i - t * s) / s**2


@wrong("dice_slopes", "every value is -0.5 times the right one")
def _(p, t):
    i, s = (p * t).sum(), (p + t).sum()
    return (t * s - i) / s**2


@wrong("dice_slopes", "the factor 2 belongs to the whole; inside of the parentheses it is I")
def _(p, t):
    i, s = 2 * (p * t).sum(), (p + t).sum()
    return -2 * (t * s - i) / s**2


@wrong("dice_slopes", "p - t is the gradient of the cross-entropy at a logit; here the")
def _(p, t):
    return p - t


@wrong("dice_slopes", "there is no smooth in this loss; S is Σ p + Σ t")
def _(p, t):
    i, s = (p * t).sum(), (p + t).sum() + 1
    return -2 * (t * s - i) / s**2


@wrong("dice_slopes", "t is the label of each pixel, and not their sum")
def _(p, t):
    i, s = (p * t).sum(), (p + t).sum()
    return -2 * (t.sum() * s - i) / s**2


@wrong("dice_slopes", "the denominator is S squared, S · S; you doubled it")
def _(p, t):
    i, s = (p * t).sum(), (p + t).sum()
    return -2 * (t * s - i) / (s * 2)


@wrong("dice_slopes", "this exercise forbids jacobian; do it without; it is in your line:")
def _(p, t):
    return torch.autograd.functional.jacobian(lambda q: 1 - 2 * (q * t).sum() / (q + t).sum(), p)


@wrong("focal_pixels", "the factor is p^γ; it is (1 - p)^γ, so that easy pixels count less")
def _(logits, target, gamma):
    p = F.softmax(logits, 1).gather(1, target[:, None]).squeeze(1)
    return -(p**gamma) * torch.log(p)


@wrong("focal_pixels", "this is a softmax over the images, dim=0; the classes are dim=1")
def _(logits, target, gamma):
    p = F.softmax(logits, 0).gather(1, target[:, None]).squeeze(1)
    return -((1 - p) ** gamma) * torch.log(p)


@wrong("focal_pixels", "each class got a sigmoid of its own; here p is the softmax over the")
def _(logits, target, gamma):
    p = torch.sigmoid(logits).gather(1, target[:, None]).squeeze(1)
    return -((1 - p) ** gamma) * torch.log(p)


@wrong("focal_pixels", "you multiplied by γ; it is the exponent of 1 - p")
def _(logits, target, gamma):
    p = F.softmax(logits, 1).gather(1, target[:, None]).squeeze(1)
    return -gamma * (1 - p) * torch.log(p)


@wrong("focal_pixels", "p was kept 1e-7 away from 0 and 1: the worst pixels get a capped")
def _(logits, target, gamma):
    p = F.softmax(logits, 1).gather(1, target[:, None]).squeeze(1).clamp(1e-7, 1 - 1e-7)
    return -((1 - p) ** gamma) * torch.log(p)


@wrong("focal_pixels", "you averaged; each pixel keeps its own loss here: (N, H, W)")
def _(logits, target, gamma):
    p = F.softmax(logits, 1)
    return F.nll_loss((1 - p) ** gamma * p.log(), target)


@wrong("focal_pixels", "gather needs an index with as many axes as the logits:")
def _(logits, target, gamma):
    lp = logits.log_softmax(1).gather(1, target)
    return -((1 - lp.exp()) ** gamma) * lp


@wrong("focal_pixels", "[:, target] picks classes for all pixels at once; to take one class")
def _(logits, target, gamma):
    lp = logits.log_softmax(1)[:, target]
    return -((1 - lp.exp()) ** gamma) * lp


@wrong("focal_pixels", "the logarithm is that of 1 - p; take that of p")
def _(logits, target, gamma):
    p = F.softmax(logits, 1).gather(1, target[:, None]).squeeze(1)
    return -((1 - p) ** gamma) * torch.log(1 - p)


@wrong("focal_pixels", "the minus is missing: log p is never positive, and a loss never")
def _(logits, target, gamma):
    lp = logits.log_softmax(1).gather(1, target[:, None]).squeeze(1)
    return (-(1 - lp.exp())) ** gamma * lp


@wrong("focal_pixels", "axis 0 has 1 entry too many")
def _(logits, target, gamma):
    lp = logits.log_softmax(1)
    hot = F.one_hot(target, logits.shape[1])
    lp = (lp * hot.permute(0, 3, 1, 2)).sum(0)
    return -((1 - lp.exp()) ** gamma) * lp


@wrong("dice_slopes", "that is the gradient of the Dice loss with squares")
def _(p, t):
    s = (p**2).sum() + (t**2).sum()
    return -2 * (t * s - 2 * p * (p * t).sum()) / s**2


@wrong("label_loss", "the sign of t · z is wrong")
def _(logits, target):
    return torch.logaddexp(logits, torch.zeros_like(logits)) + logits * target
