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
    for names in ("abcde", "edcba"):
        images = {name: rng.integers(0, 90, (6, 6)) for name in names}
        a, b, c, d, e = images.values()
        half = rng.integers(0, 90, (3, 6))
        images["f"], images["g"] = np.concatenate((half, half[::-1])), 4 * d.T + 1  # symmetric; also a copy of d
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
            "symmetric": images["f"] + 3,
            "shuffled": rng.permutation(b.ravel()).reshape(b.shape),
        }
        chosen = rng.permutation(list(test)).tolist() if names == "abcde" else ["same", "brighter", "turned"]
        yield images, {name: test[name] for name in chosen}


@exercise(
    _collections,
    (
        "views(normalised(image))",
        "[normalised(image)]",
        "only copies in the same position are found; an image may be mirrored or turned",
    ),
    (
        "views(normalised(image))",
        "[normalised(image)]",
        "return (image - image.mean()) / image.std()",
        "return image",
        "only equal images are found; a copy may be mirrored, turned, and changed in brightness and contrast",
    ),
    (
        "for view in (image, image.T):\n            found += [view, view[::-1], view[:, ::-1], view[::-1, ::-1]]",
        "for turns in range(4):\n            found.append(np.rot90(image, turns))",
        "turned copies are found, and mirrored ones are not; mirror the image, too: image[::-1]",
    ),
    (
        "for view in (image, image.T):\n            found += [view, view[::-1], view[:, ::-1], view[::-1, ::-1]]",
        "found = [*(np.rot90(image, turns) for turns in range(4)), image[::-1], image[:, ::-1]]",
        "of the mirrored copies, those that are also turned by a quarter are missing: there are eight positions",
    ),
    (
        "for view in (image, image.T):\n            found += [view, view[::-1], view[:, ::-1], view[::-1, ::-1]]",
        "found = [image, image[::-1], image[:, ::-1]]",
        "turned copies are not found; there are eight positions: four turns, and the same mirrored",
    ),
    (
        "for view in (image, image.T):\n            found += [view, view[::-1], view[:, ::-1], view[::-1, ::-1]]",
        "found = [image, np.rot90(image), image[::-1], image[:, ::-1]]",
        "a quarter turn is tried once only; there are eight positions: four turns, and the same mirrored",
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
        "np.abs(turned - scaled).max() < 1e-6",
        "min(np.abs(turned - scaled).max(), np.abs(turned + scaled).max()) < 1e-6",
        "a negative, with a below 0, is no copy: the sign of the correlation counts",
    ),
    (
        "for view in (image, image.T):\n            found += [view, view[::-1], view[:, ::-1], view[::-1, ::-1]]",
        "found = [image, image.T, image[::-1], image[:, ::-1]]",
        "four positions of eight were tried; mirror and turn the transposed image, too",
    ),
    (
        "return found",
        "return found[1:]",
        "the position of the image itself is missing; a copy need not be mirrored or turned",
    ),
    (
        "np.abs(turned - scaled).max() < 1e-6",
        "np.isclose(image.std(), trained.std())",
        "an equal spread of the grey levels makes no copy; compare the images pixel by pixel",
    ),
    (
        "np.abs(turned - scaled).max() < 1e-6",
        "np.mean(turned * scaled) > 0.2",
        "images that only look alike are found, too; a copy has a correlation of 1, up to rounding",
    ),
    (
        "for name, image in test.items():\n        for other, trained in train.items():\n            scaled",
        "for (name, image), (other, trained) in zip(test.items(), train.items()):"
        "\n        for _ in [0]:\n            scaled",
        "zip compares the first with the first, the second with the second; compare each with each, in two loops",
    ),
    (
        "pairs.append((name, other))",
        "pairs.append((other, name))",
        "the pairs begin with the training image; the test image stands first",
    ),
    (
        "pairs.append((name, other))\n                    break",
        "pairs.append((name, other))",
        "an image that looks the same in several positions gives its pair several times; each pair is there once",
    ),
    (
        "    return sorted(pairs)",
        "    return sorted({name: (name, other) for name, other in reversed(pairs)}.values())",
        "only one copy of each test image is found; a training image may be there twice: go on after the first",
    ),
    (
        "    return sorted(pairs)",
        "    return sorted(dict(pairs).items())",
        "a dict keeps one training image for each test image; there may be several copies",
    ),
    (
        "    return sorted(pairs)",
        "    return sorted({other: (name, other) for name, other in reversed(pairs)}.values())",
        "only one test image for each training image is found; several may be copies of it",
    ),
    (
        "return sorted(pairs)",
        "return sorted(pairs, key=lambda pair: pair[::-1])",
        "the pairs are sorted by the name of the training image; sort them by that of the test image",
    ),
    (
        "return sorted(pairs)",
        "return sorted(pairs)[::-1]",
        "the pairs are sorted backwards",
    ),
    (
        "return sorted(pairs)",
        "return sorted({name for name, _ in pairs})",
        "these are the names of the test images only; a pair is (test image, training image)",
    ),
    (
        "np.abs(turned - scaled).max() < 1e-6",
        "np.abs(np.sort(turned, None) - np.sort(scaled, None)).max() < 1e-6",
        "the grey levels were compared without their places: an image with shuffled pixels is no copy",
    ),
    (
        "turned.shape == scaled.shape and np.abs(turned - scaled).max() < 1e-6",
        "np.abs(turned - scaled).max() < 1e-6",
        "images of another shape cannot be compared pixel by pixel; compare their shapes first",
    ),
    (
        "turned.shape == scaled.shape and np.abs(turned - scaled).max() < 1e-6",
        "np.abs(scaled - turned).max() < 1e-6",
        "images of another shape cannot be compared pixel by pixel; ask first whether the shapes are equal",
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
            scaled = normalised(trained)
            for turned in views(normalised(image)):
                if turned.shape == scaled.shape and np.abs(turned - scaled).max() < 1e-6:
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
    equal = [each + more for each in thresholds for more in (0.01, 0.03)]  # both lie between the same probabilities
    yield equal, _probabilities(rng, (0.05, 0.3), (8, 14)), _probabilities(rng, (0.2, 0.1), (8, 10))


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
    (
        "max(thresholds, key",
        "max(thresholds[::-1], key",
        "of several equally good thresholds the last was chosen; take the first",
    ),
    (
        "return chosen, mean_iou(test, chosen)",
        "return chosen, max(mean_iou(test, each) for each in thresholds)",
        "the score is the best one of the test images, at another threshold; report the score at the chosen one",
    ),
    (
        "chosen = best(validation)",
        "chosen = best(test)",
        "return chosen, mean_iou(test, chosen)",
        "return chosen, mean_iou(validation, chosen)",
        "validation and test are exchanged: choose on the validation images, and report the score of the test images",
    ),
    (
        "return chosen, mean_iou(test, chosen)",
        "return chosen, mean_iou(validation + test, chosen)",
        "the score is that of validation and test images together; report that of the test images alone",
    ),
    (
        "return chosen, mean_iou(test, chosen)",
        "return best(test), mean_iou(test, chosen)",
        "the threshold that is returned was chosen on the test images; return the one chosen on the validation images",
    ),
    (
        "return chosen, mean_iou(test, chosen)",
        "return chosen, round(mean_iou(test, chosen), 2)",
        "the score was rounded; return it as it is, and round where it is printed",
    ),
    (
        "return chosen, mean_iou(test, chosen)",
        "return chosen, round(mean_iou(test, chosen), 3)",
        "the score was rounded to three decimals; return it as it is",
    ),
    (
        "return chosen, mean_iou(test, chosen)",
        "return chosen, mean_iou(validation, chosen), mean_iou(test, chosen)",
        "there are three results; return the threshold and the score of the test images",
    ),
    (
        "return chosen, mean_iou(test, chosen)",
        "return mean_iou(test, chosen)",
        "the threshold is missing: return it, and the score behind it",
    ),
    (
        "float(np.mean(scores))",
        "float(np.min(scores))",
        "the score of the worst image was taken; it is the mean over the images",
    ),
    (
        "max(thresholds, key=lambda threshold: mean_iou(pairs, threshold))",
        "max(thresholds, key=lambda threshold: min(mean_iou([pair], threshold) for pair in pairs))",
        "the threshold is the best one for the worst image; it is that with the best mean over the images",
    ),
    (
        "probability > threshold",
        "probability <= threshold",
        "in pairs:",
        "in [(p, ~t) for p, t in pairs]:",
        "that is the IoU of the background; the score is that of cell",
    ),
    (
        "chosen = best(validation)",
        "chosen = thresholds[-1]",
        "the last threshold was taken: is the best score so far kept, and compared with each new one?",
    ),
    (
        "return chosen, mean_iou(test, chosen)",
        "return thresholds.index(chosen), mean_iou(test, chosen)",
        "that is the place of the threshold in the list; return the threshold itself",
    ),
    (
        "return chosen, mean_iou(test, chosen)",
        "return mean_iou(test, chosen), chosen",
        "the threshold comes first, and then the score",
    ),
    (
        "float(np.mean(scores))",
        "float(np.sum(scores))",
        "the scores of the images were added; the score is their mean",
    ),
    (
        "scores.append(shared[-1] / unions[-1])",
        "scores.append(np.mean(found == truth))",
        "that is the accuracy, the share of right pixels; the IoU divides the intersection by the union",
    ),
    (
        "scores.append(shared[-1] / unions[-1])",
        "scores.append(shared[-1] / np.sum(found))",
        "that is the precision; the IoU divides the intersection by the union of prediction and truth",
    ),
    (
        "scores.append(shared[-1] / unions[-1])",
        "scores.append(shared[-1] / np.sum(truth))",
        "that is the recall; the IoU divides the intersection by the union of prediction and truth",
    ),
    (
        "scores.append(shared[-1] / unions[-1])",
        "scores.append(shared[-1] / found.size)",
        "the intersection was divided by all pixels; the IoU divides it by the union",
    ),
    (
        "scores.append(shared[-1] / unions[-1])",
        "scores.append(shared[-1] / (np.sum(found) + np.sum(truth)))",
        "the sum of both areas counts the intersection twice; divide by the union: found | truth",
    ),
    (
        "scores.append(shared[-1] / unions[-1])",
        "scores.append((shared[-1] / unions[-1] + np.sum(~found & ~truth) / np.sum(~found | ~truth)) / 2)",
        "the IoU of the background was averaged in; the score is the IoU of cell alone",
    ),
    (
        "probability > threshold",
        "probability < threshold",
        "a pixel is cell where its probability is *above* the threshold",
    ),
    (
        "chosen = best(validation)",
        "chosen = best(validation[:1])",
        "only the first validation image was looked at; take the mean over all of them",
    ),
    (
        "chosen = best(validation)",
        "chosen = thresholds[0]",
        "the first threshold was taken without a comparison; try every threshold",
    ),
    (
        "return chosen, mean_iou(test, chosen)",
        "return chosen, mean_iou(test[:1], chosen)",
        "the score is that of the first test image; take the mean over all of them",
    ),
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
        (0.85 + shift, "1 of 4 held-out images is also trained on", "unet doctor DATA --corrected DATA-corrected"),
        (0.9 - shift, "training hardly changed the weights", f"{TRAIN} --rate 0.002"),
        (0.6 + shift, "4 of 12 masks are shifted against their images", "unet doctor DATA --corrected DATA-corrected"),
        (0.35 - shift, "the loss was still falling at the end", f"{TRAIN} --steps 1000"),
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
    yield ([
        (0.66, "the run has too few steps", f"{TRAIN} --steps 250"),
        (0.91 - shift, "the masks are shifted", "unet doctor DATA --corrected B"),
        (0.83, "class 3 is very rare", f"{TRAIN} --loss dice+cross_entropy"),
        (0.62 + shift, "the images have different magnifications", f"{TRAIN} --scale 0.5"),
        (0.74, "2 of 12 images are constant", "unet doctor DATA"),
        (0.55 - shift, "the patches are too small", f"{TRAIN} --patch 256"),
        (0.97, "the learning rate is too low", f"{TRAIN} --rate 0.002"),
        (0.87, "the masks hold many specks", "unet doctor DATA --specks"),
        (0.78 + shift, "there are few images", f"{TRAIN} --elastic"),
        (0.7, "1 of 4 held-out images is also trained on", "unet doctor DATA --corrected A"),
    ],)  # fmt: skip
    yield ([(0.45 - shift, "the loss was still falling at the end", f"{TRAIN} --steps 1000")],)
    yield ([],)


def _by_sums(findings: list[Finding]) -> list[str]:
    sums: dict[str, float] = {}
    for likelihood, _, command in findings:
        sums[command] = sums.get(command, 0) + likelihood
    likely = [command for command, likelihood in sums.items() if likelihood >= 0.5]
    return sorted(likely, key=lambda command: (not command.startswith("unet doctor"), -sums[command]))


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
        ", -likelihood",
        ", -likelihood if command.startswith('unet doctor') else likelihood",
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
        "dict.fromkeys(command for _, _, command in ordered)",
        "reversed(dict.fromkeys(command for _, _, command in reversed(ordered)))",
        "a command stands where its *least* likely finding is; it belongs to where its most likely one is",
    ),
    ("the likelihoods of findings with the same command were added; the largest of them counts", _by_sums),
    (
        "list(dict.fromkeys(command for _, _, command in ordered))",
        "[each for _, _, each in ordered if sum(each == other for _, _, other in ordered) == 1]",
        "commands with two findings are missing; such a command stands in the plan once",
    ),
    (
        "likely = [finding for finding in findings if finding[0] >= 0.5]",
        "end = next((i for i, finding in enumerate(findings) if finding[0] < 0.5), None)\n    likely = findings[:end]",
        "the loop ends at the first unlikely finding; go on, the report need not be sorted",
    ),
    (
        "list(dict.fromkeys(command for _, _, command in ordered))",
        "'\\n'.join(dict.fromkeys(command for _, _, command in ordered))",
        "the commands were joined to one text; return a list of them",
    ),
    (
        "return list(dict.fromkeys(command for _, _, command in ordered))",
        "return list(dict.fromkeys(command for _, _, command in ordered)) or None",
        "without any finding, the plan is an empty list, and not None",
    ),
    (
        "list(dict.fromkeys(command for _, _, command in ordered))",
        "sorted({command for _, _, command in ordered})",
        "the commands were sorted by the alphabet; their order is that of the plan",
    ),
    (
        "list(dict.fromkeys(command for _, _, command in ordered))",
        "[each for each in dict.fromkeys(command for _, _, command in ordered) if each.startswith('unet doctor')]",
        "the commands that train are missing; they come after those that concern the data",
    ),
    (
        "list(dict.fromkeys(command for _, _, command in ordered))",
        "ordered",
        "these are whole findings; the plan is a list of commands",
    ),
    (
        "list(dict.fromkeys(command for _, _, command in ordered))",
        "list(dict.fromkeys(command for _, _, command in ordered))[:1]",
        "that is the first command only; the plan has all of them",
    ),
    *(
        (
            "return list(dict.fromkeys(command for _, _, command in ordered))",
            f"return {plan}",
            "a set has no order, so the likelihoods are lost; sort the findings, then drop repetitions without a set",
        )
        for plan in (
            "sorted({command for _, _, command in likely}, key=lambda each: not each.startswith('unet doctor'))",
            "list({command for _, _, command in ordered})",
            "list(set(command for _, _, command in likely))",
        )
    ),
    (
        'not command.startswith("unet doctor"), -likelihood',
        'command != "unet doctor DATA", -likelihood',
        "commands that begin with `unet doctor` may have more words behind it; use startswith",
    ),
    (
        "if finding[0] >= 0.5",
        "if finding[0] >= 0.5 or finding[2].startswith('unet doctor')",
        "a finding about the data needs a likelihood of at least 0.5, too",
    ),
    (
        "if finding[0] >= 0.5",
        "if finding[0] < 0.5",
        "these are the unlikely findings; the plan needs those with a likelihood of at least 0.5",
    ),
    (
        "likely = [finding for finding in findings if finding[0] >= 0.5]",
        "likely = findings",
        'not command.startswith("unet doctor"), -likelihood',
        "-likelihood",
        "the findings were only sorted; leave the unlikely ones out, and put the commands for the data first",
    ),
    (
        "list(dict.fromkeys(command for _, _, command in ordered))",
        "[command for _, _, command in ordered]",
        'not command.startswith("unet doctor"), -likelihood',
        "-likelihood",
        "the commands for the data come first, and each command stands once",
    ),
    (
        "if finding[0] >= 0.5",
        "if finding[0] > 0",
        "findings with a likelihood below 0.5 do not belong to the plan; leave them out",
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
        ("0.500", 0.515),
        ("0.70", 0.7004),
        ("100 %", 0.9961),
        ("0.700", 0.7499),
        ("0.75", 0.7551),
        ("0.7500", 0.7503),
        ("3", 3.6),
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
    *[
        (
            "abs(round(value, decimals) - number) < 1e-9",
            f"abs(value - number) {sign} {far}",
            f"values up to {far} away count as equal; how far they may be depends on the decimals: round the value",
        )
        for far, sign in (("0.05", "<"), ("0.02", "<"), ("0.01", "<"), ("0.005", "<"), ("0.001", "<"))
    ],
    (
        "return abs(round(value, decimals) - number) < 1e-9",
        "return abs(value - number) < 10**-decimals",
        "a whole unit of the last decimal is too far; a rounded value is half a unit away at most",
    ),
    (
        "value = 100 * value",
        "number = number / 100",
        "return abs(round(value, decimals) - number) < 1e-9",
        "return abs(value - number) < 0.5 * 10**-decimals",
        "of a percentage, half a unit is a hundred times smaller; compare 100 * value with the number before the sign",
    ),
    *[
        (
            "value = 100 * value",
            "number = number / 100",
            "abs(round(value, decimals) - number) < 1e-9",
            f"abs(value - number) < {far}",
            f"fractions up to {far} away count as equal; how far they may be depends on the stated decimals: round",
        )
        for far in ("0.01", "0.005", "0.001")
    ],
    *[
        (
            "abs(round(value, decimals) - number) < 1e-9",
            f"abs(value - number) <= {share} * number",
            f"a difference of {share} of the number was allowed, as by isclose; round the value to the stated decimals",
        )
        for share in ("0.01", "0.05", "1e-3")
    ],
    (
        "return abs(round(value, decimals) - number) < 1e-9",
        "return stated == str(value)",
        "the texts were compared; round the value, and then compare numbers",
    ),
    (
        "return abs(round(value, decimals) - number) < 1e-9",
        "return int(number) == int(value)",
        "int cuts all decimals off; round the value to the decimals that are stated",
    ),
    (
        'len(digits.partition(".")[2])',
        'digits.index(".") if "." in digits else 0',
        "the digits in front of the point were counted; count those behind it",
    ),
    (
        'len(digits.partition(".")[2])',
        'len(digits) - digits.find(".") - 1',
        'find gives -1 where there is no point, so "250" has three decimals; they are none',
    ),
    (
        'len(digits.partition(".")[2])',
        'len(digits.split(".")[1])',
        "a number without a point has no second part; it has 0 decimals",
    ),
    (
        "return abs(round(value, decimals) - number) < 1e-9",
        "return round(value, decimals)",
        "that is the rounded value; return True or False: is it equal to the stated number?",
    ),
    (
        "< 1e-9",
        "< 0.02",
        "after the rounding, values up to 0.02 away count as equal; the rounded value is the stated one",
    ),
    (
        'digits.partition(".")[2]',
        'stated.partition(".")[2]',
        "the percent sign was counted as a decimal; take it away before you count",
    ),
    (
        "return abs(round(value, decimals) - number) < 1e-9",
        "return str(round(value, decimals)) == digits",
        'as a text, 0.70 becomes "0.7" and 4.0 is not "4"; compare numbers, or write them with f"{value:.{decimals}f}"',
    ),
    (
        "round(value, decimals)",
        "(int(value) if decimals == 0 else round(value, decimals))",
        "int cuts the decimals off: 0.9961 becomes 0; round(value) gives 1",
    ),
    (
        "round(value, decimals) - number",
        "-(-value * 10**decimals // 1) / 10**decimals - number",
        "the value was rounded up; it is rounded to the nearest: 0.7949 is 0.79",
    ),
    (
        "return abs(round(value, decimals) - number) < 1e-9",
        'return f"{value:.2f}" == digits',
        "the value was always written with two decimals; a report may state more or fewer",
    ),
    (
        'len(digits.partition(".")[2])',
        "1",
        "the value was always rounded to one decimal; a report may state more or fewer",
    ),
    (
        "round(value, decimals)",
        "round(value)",
        "the value was rounded to a whole number; round it to the stated decimals",
    ),
    ('len(digits.partition(".")[2])', "len(digits)", "all characters were counted; count the digits behind the point"),
    (
        'len(digits.partition(".")[2])',
        'len(digits.partition(".")[2]) + 1',
        "there is one decimal too many: count the digits behind the point, without the point",
    ),
    (
        'len(digits.partition(".")[2])',
        "len(digits) - 2",
        "not every number has one digit and a point in front; count the digits behind the point",
    ),
    (
        "value = 100 * value",
        "value = value / 100",
        "no percentage ever agrees: a hundred times the value, rounded, has to be the number before the sign",
    ),
    (
        'if stated.endswith("%"):\n        value',
        "if number > 1:\n        value",
        "a number above 1 was taken for a percentage; only a number with the sign % is one",
    ),
    (
        "return abs(round(value, decimals) - number) < 1e-9",
        "return abs(round(value, decimals) - number) > 1e-9",
        "True and False are exchanged",
    ),
    (
        "abs(round(value, decimals) - number)",
        "round(value, decimals) - number",
        "a stated number larger than the value is accepted; take abs of the difference",
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
