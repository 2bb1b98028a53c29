"""Answers to the exercises of lesson 00 as students write them: wrong ones with words of the verdict, and right ones."""
# mypy: ignore-errors
# ruff: noqa

import numpy as np
import torch

from tests.oracles.answers import Answers

ANSWERS = Answers()
wrong, right = ANSWERS.wrong, ANSWERS.right


@wrong("cell_share", "you counted the cells; count their pixels")
def _(labels):
    return len(np.unique(labels)) / labels.size


@wrong("cell_share", "you divided by the number of rows; an image has rows ×")
def _(labels):
    return (labels > 0).sum() / labels.shape[0]


@wrong("cell_share", "that is cells to membrane; divide by all pixels, those of")
def _(labels):
    return (labels > 0).sum() / (labels == 0).sum()


@wrong("cell_share", "you rounded to a whole number; a share lies between 0 and 1")
def _(labels):
    return round((labels > 0).mean())


@wrong("cell_share", "a cell's number is a name and says nothing about its size;")
def _(labels):
    return labels.mean() / labels.max()


@wrong("cell_count", "the items of an image are its rows, and a set takes no")
def _(labels):
    return len(set(labels))


@wrong("cell_count", "those are the numbers themselves, 0 included; return how")
def _(labels):
    return np.unique(labels)


@wrong("cell_count", "numbers between the smallest and the largest may be")
def _(labels):
    return labels.max() - labels.min() + 1


@wrong("cell_count", "you added the numbers up; they are names: count them")
def _(labels):
    return np.unique(labels).sum()


@wrong("cell_count", "you returned one True or False per number; count the True")
def _(labels):
    return np.unique(labels) > 0


@wrong("border_share", "you averaged the differences; ask of each pair only whether")
def _(labels):
    return np.diff(labels, axis=1).mean()


@wrong("border_share", "pairs above one another are counted too; only those side by")
def _(labels):
    h = labels[:, 1:] != labels[:, :-1]
    v = labels[1:] != labels[:-1]
    return (h.sum() + v.sum()) / (h.size + v.size)


@wrong("border_share", "only borders between two cells are counted; a border to the")
def _(labels):
    a, b = labels[:, 1:], labels[:, :-1]
    return ((a != b) & (a > 0) & (b > 0)).mean()


@wrong("border_share", "you divided by the number of rows; divide by the pairs, H ·")
def _(labels):
    return (np.diff(labels) != 0).sum() / len(labels)


@wrong("border_share", "the last pixel of a row has no right neighbour: W pixels")
def _(labels):
    n = 0
    for r in range(labels.shape[0]):
        for c in range(labels.shape[1]):
            if labels[r, c] != labels[r, c + 1]:
                n += 1
    return n / labels.size


@wrong("level_below", "[0]: expected the whole number 284, got the float 284.0;")
def _(size):
    return tuple((s - 4) / 2 for s in size)


@wrong("level_below", "size is a pair; compute each of its two sides")
def _(size):
    return (size - 4) // 2


@wrong("level_below", "2 pixels too many: a kernel of 3 takes 2, and both")
def _(size):
    return tuple((s - 2) // 2 - 2 for s in size)


@wrong("level_below", "one side came; both are asked for")
def _(size):
    return (size[0] - 4) // 2


@wrong("level_below", "one pooling halves a side; you divided by 4")
def _(size):
    return tuple((s - 4) // 4 for s in size)


@wrong("halves", "np.hsplit refuses an odd width; slice at shape[1] // 2")
def _(image):
    return np.hsplit(image, 2)


@wrong("halves", "of an odd width the middle column is lost; the right half")
def _(image):
    m = image.shape[1] // 2
    return image[:, :m], image[:, -m:]


@wrong("halves", "the right half is cut by rows; columns are the second axis")
def _(image):
    m = image.shape[1] // 2
    return image[:, :m], image[m:]


@wrong("halves", "round takes a half to the nearest even number: 3.5 becomes")
def _(image):
    m = round(image.shape[1] / 2)
    return image[:, :m], image[:, m:]


@wrong("halves", "use // instead of /")
def _(image):
    m = image.shape[1] / 2
    return image[:, :m], image[:, m:]


@wrong("cell_share", "the result is 1 in every call; it has to depend on the")
def _(labels):
    return (labels >= 0).mean()


@wrong("cell_share", "the cell with the number 1 is left out; cells are all")
def _(labels):
    return (labels > 1).mean()


@wrong("cell_share", "one share per row came; average over both axes")
def _(labels):
    return (labels != 0).mean(axis=1)


@wrong("cell_count", "expected 12, got 4")
def _(labels):
    return len(np.unique(labels[0]))


@wrong("cell_count", "you counted pixels; each cell has many")
def _(labels):
    return (labels > 0).sum()


@wrong("cell_count", "you added one; the numbers above 0 are the cells")
def _(labels):
    return len(np.unique(labels)) + 1


@wrong("border_share", "every second pair is left out; the neighbours are labels[:,")
def _(labels):
    return (labels[:, 0:-1:2] != labels[:, 1::2]).mean()


@wrong("border_share", "you divided by the pairs of one row; divide by all pairs")
def _(labels):
    d = labels[:, 1:] != labels[:, :-1]
    return d.sum() / d.shape[1]


@wrong("border_share", "you returned one True or False per pair; their mean is the")
def _(labels):
    return labels[:, 1:] != labels[:, :-1]


@wrong("level_below", "a pooling halves a side; you doubled it")
def _(size):
    return tuple((s - 4) * 2 for s in size)


@wrong("level_below", "you pooled first, or took 4 pixels per convolution; twice")
def _(size):
    return tuple((s - 4) // 2 - 2 for s in size)


@wrong("level_below", "// is computed before -; write (side - 4) // 2")
def _(size):
    return tuple(s - 4 // 2 for s in size)


@wrong("halves", "a column is in both halves; the right one begins at middle")
def _(image):
    m = image.shape[1] // 2
    return image[:, :m], image[:, m - 1 :]


@wrong("halves", "the last column is lost; a slice that goes to the end has")
def _(image):
    m = image.shape[1] // 2
    return image[:, :m], image[:, m:-1]


@wrong("halves", "those are rows; columns are the second axis: image[:,")
def _(image):
    m = image.shape[1] // 2
    return image[:m], image[m:]


@wrong("cell_share", "you returned True or False for each pixel; their mean is")
def _(labels):
    return labels > 0


@wrong("cell_share", "Python's sum adds the rows up, and columns remain; np.sum")
def _(labels):
    return sum(labels > 0) / labels.size


@wrong("cell_share", "that is the percentage of the membrane; the share of the")
def _(labels):
    return 100 * (labels == 0).mean()


@wrong("cell_count", "len of an image is the number of its rows; count the")
def _(labels):
    return len(labels > 0)


@wrong("cell_count", "you always take two away; only 0 is no cell, and a crop may")
def _(labels):
    return len(np.unique(labels)) - 1 - 1


@wrong("cell_count", "it raised AttributeError")
def _(labels):
    return labels.unique().size


@wrong("border_share", "a difference may be negative, and one of unsigned numbers")
def _(labels):
    d = labels[:, 1:] - labels[:, :-1]
    return (d > 0).sum() / d.size


@wrong("border_share", "that is how many; divide by the number of pairs")
def _(labels):
    n = 0
    for row in labels:
        for a, b in zip(row, row[1:]):
            if a != b:
                n += 1
    return n


@wrong("border_share", "the shapes do not fit each other: compare them axis by axis, beginning with the last")
def _(labels):
    return (labels[:, 1:] != labels[1:, :]).mean()


@wrong("level_below", "// is computed before -; write (side - 4) // 2")
def _(size):
    h, w = size
    return h - 4 // 2, w - 4 // 2


@wrong("level_below", "item 0: every result is 4 too small")
def _(size):
    return tuple((s - 2 - 2) // 2 - 2 - 2 for s in size)


@wrong("level_below", "// is computed before -; write (side - 4) // 2")
def _(size):
    return tuple([s - 2 for s in size])


@wrong("halves", "of an odd width the middle column is lost; the right half")
def _(image):
    w = image.shape[1]
    return image[:, : w // 2], image[:, w // 2 + w % 2 :]


@wrong("halves", "use // instead of /")
def _(image):
    h, w = image.shape
    return image[:, : w / 2], image[:, w / 2 :]


@right("cell_share")
def _(labels):
    return np.count_nonzero(labels) / labels.size


@right("cell_share")
def _(labels):
    return np.mean(labels != 0, dtype=np.float64)


@right("cell_share")
def _(labels):
    return torch.from_numpy(labels.astype(int) > 0).double().mean()


@right("cell_count")
def _(labels):
    return np.int32(len(set(labels.flatten().tolist()) - {0}))


@right("cell_count")
def _(labels):
    return (np.bincount(labels.ravel())[1:] > 0).sum()


@right("border_share")
def _(labels):
    pairs = list(zip(labels[:, :-1].ravel(), labels[:, 1:].ravel()))
    return sum(a != b for a, b in pairs) / len(pairs)


@right("level_below")
def _(size):
    return list(map(lambda s: s // 2 - 2, size))


@right("level_below")
def _(size):
    return (np.array(size) - 4) // 2


@right("halves")
def _(image):
    return np.split(image, [image.shape[1] // 2], axis=1)


@right("halves")
def _(image):
    w = image.shape[1] // 2
    return [image[..., :w].copy(), image[..., w:].astype(np.int32)]


@wrong("cell_share", "the pixels of the rim are left out; count those of the whole image")
def _(labels):
    return float((labels[1:-1, 1:-1] > 0).mean())


@wrong("cell_count", "0 is the membrane, and you counted it as a cell")
def _(labels):
    return int((np.bincount(labels.ravel()) > 0).sum())


@wrong("cell_count", "you always take one away for the 0, and a crop may hold none")
def _(labels):
    return int((np.diff(np.sort(labels.ravel())) > 0).sum())


@wrong("border_share", "those pairs have a pixel between them; neighbours are labels[:, :-1] and")
def _(labels):
    return float((labels[:, 2:] != labels[:, :-2]).mean())


@wrong("border_share", "a row of W pixels has W - 1 pairs; divide by the pairs. There is a second")
def _(labels):
    d = labels[:, 1:] != labels[:, :-1]
    p = np.zeros(labels.shape, bool)
    p[:, 1:] |= d
    p[:, :-1] |= d
    return float(p.mean())


@wrong("halves", "item 1: the columns are in reverse order; item 0 is right")
def _(image):
    m = image.shape[1] // 2
    return image[:, :m], image[:, : m - 1 : -1] if m else image
