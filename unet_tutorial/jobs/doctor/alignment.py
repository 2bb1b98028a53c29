"""Masks that do not fit their images: shifted, flipped, turned, or of another image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from unet_tutorial.datasets.folder import Pair
from unet_tutorial.datasets.images.decode import Array
from unet_tutorial.datasets.wording import listed
from unet_tutorial.jobs.doctor.finding import Change, Finding, Key, Pairs, check_again, corrected_copy, counted
from unet_tutorial.jobs.doctor.planes import Floats, Plane
from unet_tutorial.jobs.doctor.rule import agreements, displaced_agreements, edges, features, predictions, wanted

LEAST_PLANES, LEAST_SIDE = 3, 16
SHOWN = 0.002  # smallest share of a class in a plane that is examined
VISIBLE = 0.15  # smallest agreement of masks that fit their images
UNFIT = 0.4  # share of the usual agreement; a mask with less does not fit its image
EXPLAINED = 0.6  # share of the usual agreement that a correction must reach
GAIN = 1.3  # factor by which a correction must raise the agreement
NOISE = 3.0  # standard deviations of the agreement between unrelated planes by which it must raise it
NEAREST, FARTHEST = 1.5, 0.25  # of a displacement: pixels of a plane, and share of its shorter side

Move = Callable[[Array], Array]  # moves the pixels along the last two axes

FLIPS: dict[str, Move] = {
    "a flip upside down": lambda a: a[..., ::-1, :],
    "a flip from left to right": lambda a: a[..., ::-1],
    "a turn by 180°": lambda a: a[..., ::-1, ::-1],
}
TURNS: dict[str, Move] = {  # of squares
    "swapping rows and columns": lambda a: np.swapaxes(a, -1, -2),
    "a turn by 90° to the left": lambda a: np.rot90(a, 1, (-2, -1)),
    "a turn by 90° to the right": lambda a: np.rot90(a, -1, (-2, -1)),
    "swapping rows and columns and a turn by 180°": lambda a: np.swapaxes(a, -1, -2)[..., ::-1, ::-1],
}


class Views(NamedTuple):
    """Planes of one size with their local maps: features (F, h, w), goals (2 · T, h, w) and edges (4, h, w) of each."""

    planes: list[Plane]
    features: list[Floats]
    goals: list[Floats]
    edges: list[Floats]

    @property
    def known(self) -> list[Floats]:
        """The labelled pixels of each plane."""
        return [plane.known for plane in self.planes]

    @property
    def keys(self) -> list[Key]:
        """The images of the planes, each once."""
        return list(dict.fromkeys(plane.key for plane in self.planes))

    @property
    def moves(self) -> dict[str, Move]:
        """The flips and turns that keep the size."""
        height, width = self.planes[0].size
        return FLIPS | (TURNS if height == width else {})

    def moved(self, move: Move) -> Views:
        """The views with the masks moved."""
        planes = [plane._replace(known=move(plane.known)) for plane in self.planes]
        return self._replace(planes=planes, goals=[move(goal) for goal in self.goals])

    def fits(self) -> Floats:
        """The agreement of each plane's mask with the mask that is predicted from its pixels: (n,)."""
        return np.diag(agreements(predictions(self.features, self.goals), self.goals, self.known))


def misfits(planes: Sequence[Plane], data: Path) -> list[Finding]:
    """Findings about masks that do not fit their images, among planes of any sizes."""
    usable = sorted(filter(_usable, planes), key=lambda plane: plane.size)
    found = []
    for _, group in groupby(usable, key=lambda plane: plane.size):
        same = list(group)
        if len(same) >= LEAST_PLANES:
            goals = [wanted(plane.targets) for plane in same]
            views = Views(same, [features(p.image) for p in same], goals, [edges(p.image) for p in same])
            found += _all_masks(views, data) or _single_masks(views, data)
    return found


def _usable(plane: Plane) -> bool:
    """Whether the plane is large enough, its image is not constant, and its mask shows something."""
    shares = plane.targets.mean((1, 2)) / plane.known.mean()
    shown = ((shares > SHOWN) & (shares < 1 - SHOWN)).any()
    return bool(min(plane.size) >= LEAST_SIDE and plane.image.any() and shown)


def _all_masks(views: Views, data: Path) -> list[Finding]:
    """A finding if one flip, one displacement or one exchange makes nearly all masks fit."""
    own = views.fits()
    after = {words: views.moved(move).fits() for words, move in views.moves.items()}
    words, values = max(after.items(), key=lambda each: float(np.median(each[1])))
    if float(np.median(values)) > max(VISIBLE, 2 * float(np.median(own))) and np.mean(values > own) > 0.8:
        return [
            Finding(
                0.97,
                f"the masks do not lie as their images do: {_all(views)} fit after {words}",
                f"agreement of masks and images {np.median(own):.2f}, after it {np.median(values):.2f}",
                corrected_copy(data),
                dict.fromkeys(views.keys, partial(moved, views.moves[words])),
            )
        ]
    return _all_displaced(views, data) or _all_exchanged(views, data)


def _all(views: Views) -> str:
    return f"all {len(views.keys)}" if len(views.keys) > 1 else "they"


def _borders(views: Views) -> list[Floats]:
    """The borders of each mask, summed over the classes: (1, h, w)."""
    return [goal[len(goal) // 2 :].sum(0, keepdims=True) for goal in views.goals]


def _all_displaced(views: Views, data: Path) -> list[Finding]:
    """A finding if all masks fit better after the same displacement; uses no rule that was learned from them."""
    borders, step = _borders(views), views.planes[0].step
    farthest = int(FARTHEST * min(views.planes[0].size))
    surfaces = []
    for number in range(len(views.edges[0])):
        parts = zip(views.edges, borders, views.known, strict=True)
        each = [displaced_agreements(maps[number][None], border, known, farthest) for maps, border, known in parts]
        surfaces.append(np.abs(np.mean(each, 0)))
    surface = max(surfaces, key=lambda values: float(values.max()))
    y, x = (int(i) - farthest for i in np.unravel_index(surface.argmax(), surface.shape))
    before, after = float(surface[farthest, farthest]), float(surface.max())
    if after < max(VISIBLE, GAIN * before) or np.hypot(y, x) < NEAREST:
        return []
    move = partial(displaced, y * step, x * step)
    return [
        Finding(
            0.97,
            f"the masks are shifted against their images: {_all(views)} fit after a move by "
            f"{_direction(y * step, x * step)}",
            f"correlation of the borders in masks and images {before:.2f}, after the move {after:.2f}",
            corrected_copy(data),
            dict.fromkeys(views.keys, partial(moved, move)),
        )
    ]


def _all_exchanged(views: Views, data: Path) -> list[Finding]:
    """A finding if most masks fit another image better than their own; uses no rule that was learned from them."""
    borders, count = _borders(views), len(views.planes)
    tables = [
        agreements([maps[number][None] for maps in views.edges], borders, views.known)
        for number in range(len(views.edges[0]))
    ]
    matches = [linear_sum_assignment(-table)[1] for table in tables]
    means = [float(table[range(count), match].mean()) for table, match in zip(tables, matches, strict=True)]
    table, match = tables[int(np.argmax(means))], matches[int(np.argmax(means))]
    wrong = [i for i in range(count) if match[i] != i]
    before, after = (float(np.mean([table[i, j[i]] for i in wrong])) if wrong else 0.0 for j in (range(count), match))
    unrelated = np.ones((count, count), bool)
    unrelated[range(count), match] = unrelated[range(count), range(count)] = False
    spread = table[unrelated].std()
    if len(wrong) <= count / 2 or after < max(VISIBLE, 2 * before, before + NOISE * spread):
        return []
    changes = {
        views.planes[i].key: partial(exchanged, views.planes[match[i]].key)
        for i in wrong
        if views.planes[i].key != views.planes[match[i]].key
    }
    names = [f"the mask of {views.planes[match[i]].name} fits the image {views.planes[i].name}" for i in wrong]
    return [
        Finding(
            0.98,
            f"{len(wrong)} of {count} masks belong to other images: {listed(names)}",
            f"correlation of the borders in masks and images {before:.2f}, after the exchange {after:.2f}",
            _cure(changes, data),
            changes,
        )
    ]


@dataclass(frozen=True)
class Correction:
    """A change of a mask: its kind (a key of `SENTENCES`), its description, and the agreement after it."""

    kind: str
    words: str
    value: float
    change: Change
    other: Key | None = None  # the image whose mask is taken


SENTENCES = {  # likelihood, and the beginning of the sentence for one mask and for several
    "shifted": (0.92, "is shifted against its image", "are shifted against their images"),
    "turned": (0.93, "is flipped or turned against its image", "are flipped or turned against their images"),
    "exchanged": (0.95, "belongs to another image", "belong to other images"),
}


def _single_masks(views: Views, data: Path) -> list[Finding]:
    """Findings about masks that do not fit, if most masks fit clearly."""
    predicted = predictions(views.features, views.goals)
    table = agreements(predicted, views.goals, views.known)
    own, others = np.diag(table), table[~np.eye(len(table), dtype=bool)]
    usual = float(np.median(own))
    noise = float(np.quantile(np.abs(others), 0.9)) / 1.645  # few values belong to masks that were exchanged
    if usual < max(VISIBLE, NOISE * noise):
        return []
    groups: dict[str, list[Misfit]] = {}
    unfit = np.abs(own) < UNFIT * usual
    for i, plane in enumerate(views.planes):
        if own[i] <= -UNFIT * usual:  # it is inverted: `unusual_foreground` tells this
            continue
        candidates = [_displacement(plane, predicted[i], views.goals[i])]
        if unfit[i]:
            candidates += _turns(views, i, predicted[i]) + _exchanges(views, i, table[i])
        best = max(candidates, key=lambda each: each.value)
        j = int(table[i].argmax())
        mutual = best.kind == "exchanged" and unfit[j] and int(table[j].argmax()) == i
        explained = EXPLAINED * usual / 2 if mutual else EXPLAINED * usual
        if best.value > max(explained, GAIN * own[i], own[i] + NOISE * noise):
            groups.setdefault(best.kind, []).append((plane, float(own[i]), best))
    found = [(kind, _of_whole_images(group, views)) for kind, group in groups.items()]
    return [_finding(kind, group, usual, len(views.keys), data) for kind, group in found if group]


Misfit = tuple[Plane, float, Correction]  # with the agreement before the correction


def _of_whole_images(group: Sequence[Misfit], views: Views) -> list[Misfit]:
    """The first misfit of each image; of a volume, at least half of the slices must be in the group."""
    first: dict[Key, Misfit] = {}
    for misfit in group:
        first.setdefault(misfit[0].key, misfit)
    wrong, all_ = Counter(plane.key for plane, _, _ in group), Counter(plane.key for plane in views.planes)
    return [misfit for key, misfit in first.items() if 2 * wrong[key] >= all_[key]]


def _displacement(plane: Plane, predicted: Floats, goals: Floats) -> Correction:
    farthest = int(FARTHEST * min(plane.size))
    surface = displaced_agreements(predicted, goals, plane.known, farthest)
    y, x = (int(i) - farthest for i in np.unravel_index(surface.argmax(), surface.shape))
    value = float(surface.max()) if np.hypot(y, x) >= NEAREST else 0.0
    down, right = y * plane.step, x * plane.step
    words = f"a move by {_direction(down, right)}"
    return Correction("shifted", words, value, partial(moved, partial(displaced, down, right)))


def _turns(views: Views, number: int, predicted: Floats) -> list[Correction]:
    goals, known = views.goals[number], views.known[number]
    return [
        Correction(
            "turned",
            words,
            float(agreements([predicted], [move(goals)], [move(known)])[0, 0]),
            partial(moved, move),
        )
        for words, move in views.moves.items()
    ]


def _exchanges(views: Views, number: int, row: Floats) -> list[Correction]:
    return [
        Correction(
            "exchanged", f"an exchange with {plane.name}", float(row[j]), partial(exchanged, plane.key), plane.key
        )
        for j, plane in enumerate(views.planes)
        if j != number
    ]


def _finding(kind: str, group: Sequence[Misfit], usual: float, count: int, data: Path) -> Finding:
    likelihood, one, several = SENTENCES[kind]
    details = listed([f"{plane.name} fits after {correction.words}" for plane, _, correction in group])
    before, after = np.mean([(own, correction.value) for _, own, correction in group], axis=0)
    changes = {plane.key: correction.change for plane, _, correction in group if plane.key != correction.other}
    return Finding(
        likelihood,
        f"{len(group)} of {counted(count, 'mask')} {one if len(group) == 1 else several}: {details}",
        f"agreement with the image {before:.2f}, after the correction {after:.2f}, usual in this folder {usual:.2f}",
        _cure(changes, data),
        changes,
    )


def _cure(changes: Mapping[Key, Change], data: Path) -> str:
    """The command that applies the changes; there are none if slices of one volume would have to be exchanged."""
    if changes:
        return corrected_copy(data)
    return f"export the masks with their slices in the order of those of the image, then: {check_again(data)}"


def _direction(down: int, right: int) -> str:
    """A displacement in words.

    >>> _direction(-3, 1), _direction(0, -2)
    ('3 pixels up and 1 to the right', '2 pixels to the left')
    """
    ways = ((down, "up", "down"), (right, "to the left", "to the right"))
    parts = [f"{abs(pixels)} {after if pixels > 0 else before}" for pixels, before, after in ways if pixels]
    return " and ".join(parts).replace(" ", " pixels ", 1)


def moved(move: Move, pair: Pair, _: Pairs) -> Pair:
    """The pair with its labels moved."""
    labels, instances, known = (
        np.ascontiguousarray(move(array)) for array in (pair.labels, pair.instances, pair.known)
    )
    return pair._replace(labels=labels, instances=instances, known=known)


def displaced(down: int, right: int, array: Array) -> Array:
    """The array moved along its last two axes; 0 (False) where nothing moved to.

    >>> displaced(0, 1, np.array([[1, 2, 3]])).tolist()
    [[0, 1, 2]]
    """
    result = np.zeros_like(array)
    height, width = array.shape[-2:]
    rows, columns = (
        (slice(max(d, 0), max(n + d, 0) if d < 0 else n), slice(max(-d, 0), max(n - d, 0) if d > 0 else n))
        for d, n in ((down, height), (right, width))
    )
    result[..., rows[0], columns[0]] = array[..., rows[1], columns[1]]
    return result


def exchanged(key: Key, pair: Pair, pairs: Pairs) -> Pair:
    """The pair with the labels of another one."""
    other = pairs[key]
    return pair._replace(labels=other.labels, instances=other.instances, known=other.known)
