"""Exercises of lesson 19, your own images: leaked copies, an honest threshold, a doctor's report, a report's number."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.teaching.checking.exercise import Case, exercise

Array = NDArray[Any]
Images = dict[str, Array]
Pairs = list[tuple[Array, Array]]  # probability of cell and truth of each image: (H, W) each
Finding = tuple[float, str, str]  # likelihood, sentence, command


def _collections(seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    for names in (["a", "b", "c", "d", "e"], ["e", "d", "c", "b", "a"]):
        images = {name: rng.integers(0, 90, (6, 6)) for name in names}
        a, b, c, d, e = images.values()
        test = {
            "turned": np.rot90(a, 1 + 2 * (seed % 2)),
            "new": rng.integers(0, 90, (6, 6)),
            "same": b.copy(),
            "mirrored": d[:, ::-1],
            "brighter": c + 20,
            "wide": rng.integers(0, 90, (4, 9)),
            "contrast": 2 * e + 7,
            "upside down": a[::-1],
            "transposed": b.T,
            "negative": 90 - d,
            "turned and brighter": np.rot90(3 * c + 1, 2),
        }
        yield images, {name: test[name] for name in rng.permutation(list(test)).tolist()}


@exercise(
    _collections,
    (
        "for turned in views(image)",
        "for turned in [image]",
        "only copies in the same position are found; an image may be mirrored or turned",
    ),
    ("(image, image.T)", "(image,)", "a quarter turn needs the exchange of rows and columns, too"),
    (
        "[view, view[::-1], view[:, ::-1], view[::-1, ::-1]]",
        "[view, view[::-1, ::-1]]",
        "images mirrored along one axis are not found",
    ),
    (
        "return (image - image.mean()) / image.std()",
        "return image",
        "a copy with another brightness is not found; compare the images after normalisation",
    ),
    (
        "(image - image.mean()) / image.std()",
        "image - image.mean()",
        "a copy with another contrast is not found; divide by the standard deviation",
    ),
    (
        "return (image - image.mean()) / image.std()",
        "image = image - image.mean()\n        return image / image[0, 0]",
        "a negative is no copy with another contrast; divide by a number above 0",
    ),
    (
        "pairs.append((name, other))",
        "pairs.append((other, name))",
        "the pairs begin with the training image; the test image stands first",
    ),
    (
        "return sorted(pairs)",
        "return pairs",
        "the pairs are not sorted by the name of the test image",
    ),
)
def leaked_copies(train: Images, test: Images) -> list[tuple[str, str]]:
    def normalised(image: Array) -> Any:
        return (image - image.mean()) / image.std()

    def views(image: Array) -> list[Array]:
        found = []
        for view in (image, image.T):
            found += [view, view[::-1], view[:, ::-1], view[::-1, ::-1]]
        return found

    pairs = []
    for name, image in test.items():
        for other, trained in train.items():
            for turned in views(image):
                if turned.shape == trained.shape and np.allclose(normalised(turned), normalised(trained)):
                    pairs.append((name, other))
                    break
    return sorted(pairs)


def _probabilities(rng: np.random.Generator, shifts: tuple[float, ...], sizes: tuple[int, ...]) -> Pairs:
    pairs = []
    for shift, size in zip(shifts, sizes, strict=True):
        truth = rng.random((size, 12)) < 0.15 + 0.5 * shift
        noisy = shift + np.where(truth, 0.25, 0) + rng.gamma(1.5, 0.09, truth.shape)
        pairs.append((np.clip(np.round(20 * noisy), 1, 19) / 20, truth))
    return pairs


def _thresholds(seed: int) -> Iterator[Case]:
    rng = np.random.default_rng(seed)
    thresholds = [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7]
    yield thresholds, _probabilities(rng, (0.1, 0.3), (5, 20)), _probabilities(rng, (0.3, 0.2, 0.05), (6, 9, 24))
    yield thresholds, _probabilities(rng, (0.25, 0.05), (24, 4)), _probabilities(rng, (0.02, 0.35), (20, 4))
    yield thresholds, _probabilities(rng, (0.0, 0.1, 0.4), (9, 9, 12)), _probabilities(rng, (0.35, 0.3), (6, 16))


@exercise(
    _thresholds,
    (
        "chosen = best(validation)",
        "chosen = best(test)",
        "the threshold was chosen on the test images, so the score is too good; choose on the validation images",
    ),
    (
        "chosen = best(validation)",
        "chosen = best(validation + test)",
        "the test images helped to choose the threshold; choose on the validation images alone",
    ),
    (
        "return chosen, mean_iou(test, chosen)",
        "return chosen, mean_iou(validation, chosen)",
        "the score is that of the validation images, on which the threshold was chosen; report that of the test images",
    ),
    (
        "float(np.mean(scores))",
        "float(np.sum(shared) / np.sum(unions))",
        "all pixels were counted together, so a large image counts more; take the mean of the scores of the images",
    ),
    ("max(thresholds, key", "min(thresholds, key", "the threshold with the smallest IoU was chosen"),
    ("chosen = best(validation)", "chosen = 0.5", "0.5 was taken without a comparison; try every threshold"),
    (
        "probability > threshold",
        "probability >= threshold",
        "a pixel whose probability equals the threshold is no cell; only those above it are",
    ),
    (
        "np.sum(found & truth)",
        "2 * np.sum(found & truth)",
        "np.sum(found | truth)",
        "np.sum(found) + np.sum(truth)",
        "that is the Dice; the IoU divides the intersection by the union",
    ),
    (
        "chosen = best(validation)",
        "chosen = float(np.mean([best([pair]) for pair in validation]))",
        "the best thresholds of the images were averaged; choose one for all of them",
    ),
)
def honest_threshold(thresholds: list[float], validation: Pairs, test: Pairs) -> tuple[float, float]:
    def mean_iou(pairs: Pairs, threshold: float) -> float:
        scores, shared, unions = [], [], []
        for probability, truth in pairs:
            found = probability > threshold
            shared.append(np.sum(found & truth))
            unions.append(np.sum(found | truth))
            scores.append(shared[-1] / unions[-1])
        return float(np.mean(scores))

    def best(pairs: Pairs) -> float:
        return max(thresholds, key=lambda threshold: mean_iou(pairs, threshold))

    chosen = best(validation)
    return chosen, mean_iou(test, chosen)


TRAIN = "unet train --data DATA"


def _findings(seed: int) -> Iterator[Case]:
    shift = seed % 3 / 100
    yield ([
        (0.95 - shift, "the learning rate is too low", f"{TRAIN} --rate 0.002"),
        (0.6 + shift, "4 of 12 masks are shifted against their images", "unet doctor DATA --corrected DATA-corrected"),
        (0.9 - shift, "training hardly changed the weights", f"{TRAIN} --rate 0.002"),
        (0.7 + shift, "1 of 4 held-out images is also trained on", "unet doctor DATA --corrected DATA-corrected"),
        (0.4 - shift, "the network is not better than a method without a network", f"{TRAIN} --steps 1000"),
        (0.8 + shift, "2 of 12 images are constant", "unet doctor DATA"),
        (0.65 + shift, "the run has too few steps", f"{TRAIN} --steps 250"),
    ],)  # fmt: skip
    yield ([
        (0.52 + shift, "the run has too few steps", f"{TRAIN} --steps 250"),
        (0.48 - shift, "the masks hold many specks", "unet doctor DATA"),
        (0.72 + shift, "class 3 is very rare", f"{TRAIN} --loss dice+cross_entropy"),
        (0.5, "the images have different magnifications", f"{TRAIN} --scale 0.5"),
    ],)  # fmt: skip
    yield ([(0.45 - shift, "the loss was still falling at the end", f"{TRAIN} --steps 1000")],)
    yield ([],)


@exercise(
    _findings,
    (
        'not command.startswith("unet doctor"), -likelihood',
        "-likelihood",
        "a training on faulty data is wasted: the commands that repair the data come before those that train",
    ),
    (
        "not command.startswith",
        "command.startswith",
        "the commands that train come first; repair the data before you train",
    ),
    (
        ", -likelihood",
        ", likelihood",
        "the least likely cause comes first; begin with the most likely one",
    ),
    (
        "for finding in findings",
        "for finding in findings[::-1]",
        'not command.startswith("unet doctor"), -likelihood',
        "0",
        "the commands stand in the reverse order of the report; sort them",
    ),
    (
        'not command.startswith("unet doctor"), -likelihood',
        'not command.startswith("unet doctor")',
        "among the commands of one kind, the order is that of the report; the most likely cause comes first",
    ),
    (
        "list(dict.fromkeys(command for _, _, command in ordered))",
        "[command for _, _, command in ordered]",
        "a command stands there twice; two findings with one cure need it once",
    ),
    (
        "if finding[0] >= 0.5",
        "if finding[0] > 0",
        "findings with a likelihood below 0.5 are no plan yet; leave them out",
    ),
    (
        "if finding[0] >= 0.5",
        "if finding[0] > 0.5",
        "a likelihood of exactly 0.5 belongs to the plan",
    ),
    (
        "command for _, _, command in ordered",
        "sentence for _, sentence, _ in ordered",
        "these are the sentences; the plan consists of commands",
    ),
)
def order_of_work(findings: list[Finding]) -> list[str]:
    def place(finding: Finding) -> tuple[Any, ...]:
        likelihood, _, command = finding
        return (not command.startswith("unet doctor"), -likelihood)

    likely = [finding for finding in findings if finding[0] >= 0.5]
    ordered = sorted(likely, key=place)
    return list(dict.fromkeys(command for _, _, command in ordered))


def _claims(seed: int) -> Iterator[Case]:
    value = 0.7009 + seed % 4 / 1000
    stated = f"{value:.2f}"
    yield stated, value
    yield from (("0.79", 0.7881), ("0.79", 0.7949), ("0.79", 0.7999), ("0.70", 0.7071), ("0.71", 0.7051))
    yield from (
        ("0.7", 0.7499),
        ("0.70", 0.7499),
        ("0.8", 0.7499),
        ("0.7009", 0.7009),
        ("0.701", 0.7009),
        ("0.70", 0.7),
    )
    yield from (("70 %", 0.7009), ("70.1%", 0.7009), ("71 %", 0.7009), ("70", 0.7009), ("0.7 %", 0.7009))
    yield from (("4", 4), ("4", 5), ("250", 250), ("250", 249), ("1", 0.9961), ("1.00", 0.9961), ("0", 0.4))


@exercise(
    _claims,
    (
        "round(value, decimals) - number",
        "value - number",
        "the value itself was compared; round it to as many decimals as are stated",
    ),
    (
        'len(digits.partition(".")[2])',
        "2",
        "the value was always rounded to two decimals; a report may state more or fewer",
    ),
    (
        "round(value, decimals) - number",
        "int(value * 10**decimals) / 10**decimals - number",
        "the digits were cut off; a value is rounded, so 0.7949 is 0.79 and 0.7051 is 0.71",
    ),
    (
        "value = 100 * value",
        "value = value",
        '"70 %" is 0.70; a number with % is a hundred times the value',
    ),
    (
        "value = 100 * value",
        "number = number / 100",
        "the stated percentage was divided by 100, and then the value rounded to too few decimals",
    ),
    (
        "< 1e-9",
        "< 0.02",
        "values up to 0.02 away count as equal; only rounding may change them",
    ),
    (
        "abs(round(value, decimals) - number)",
        "round(value, decimals) - number",
        "a stated number larger than the value is accepted; the difference may have either sign",
    ),
    (
        "return abs(round(value, decimals) - number) < 1e-9",
        "return str(value).startswith(digits)",
        "the characters were compared; 0.7881 does not begin with 0.79, and rounds to it",
    ),
)
def agrees(stated: str, value: float) -> bool:
    digits = stated.rstrip("% ")
    decimals = len(digits.partition(".")[2])
    number = float(digits)
    if stated.endswith("%"):
        value = 100 * value
    return abs(round(value, decimals) - number) < 1e-9


EXERCISES = (leaked_copies, honest_threshold, order_of_work, agrees)
