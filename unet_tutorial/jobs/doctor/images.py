"""Faults of the images: constant, saturated, duplicated, of mixed ranges, with exchanged channels or JPEG blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np

from unet_tutorial.datasets.folder import Pair
from unet_tutorial.datasets.images.decode import Array
from unet_tutorial.datasets.wording import listed
from unet_tutorial.jobs.doctor.content import left_out
from unet_tutorial.jobs.doctor.finding import Finding, Key, check_again, corrected_copy, counted, train_command
from unet_tutorial.jobs.recipe import Recipe

SATURATED = 0.1  # share of clipped pixels, of those in the foreground and of those in the background
GREY_LEVELS = 16  # an image with fewer is a drawing
RANGES = 8.0  # factor between the largest values of two images of different ranges
BLOCKS = 1.35  # ratio of grey steps at the borders of 8 × 8 blocks to those inside
LARGEST_RAW = 20.0  # magnitude of pixels beyond which a network needs a normaliser
BINS = 6  # groups of pixels by brightness
OPPOSITE = 0.4  # share of the usual red minus blue that an image has with the opposite sign
ALIKE = 0.5  # differences of green between images, relative to green itself

Images = Mapping[Key, Pair]


def constant_images(pairs: Images, recipe: Recipe) -> list[Finding]:
    """Images whose pixels all have one value."""
    found = [key for key, pair in pairs.items() if float(pair.image.min()) == float(pair.image.max())]
    if not found:
        return []
    return [
        Finding(
            0.96 if 2 * len(found) >= len(pairs) else 0.9,
            f"{_of(found, pairs)} constant (all pixels have the same value): {_names(found)}",
            f"smallest and largest value {pairs[found[0]].image.min()}",
            f"export them again or leave them out: {corrected_copy(recipe.data)}",
            dict.fromkeys(found, left_out),
        )
    ]


def saturated_images(pairs: Images, recipe: Recipe) -> list[Finding]:
    """Images that are clipped at their largest or smallest value, in the foreground and in the background."""
    found, shares = [], []
    for key, pair in pairs.items():
        share = max(clipped(np.asarray(channel), pair) for channel in pair.image)
        if share > SATURATED:
            found.append(key)
            shares.append(share)
    if not found or (4 * len(found) < len(pairs) and len(found) < 2):
        return []
    return [
        Finding(
            0.8,
            f"{_of(found, pairs)} saturated, so details are lost: {_names(found)}",
            f"on average {np.mean(shares):.0%} of the pixels of cells and of background have the same extreme value",
            f"record them with a shorter exposure, or export them without clipping, then: {check_again(recipe.data)}",
        )
    ]


def clipped(channel: Array, pair: Pair) -> float:
    """The smaller of the shares of clipped pixels in the foreground and in the background.

    Only the more frequent of the smallest and the largest value counts. 0 for a drawing of few grey levels.
    """
    values = channel[pair.known]
    if len(np.unique(values[:: max(1, len(values) // 10_000)])) < GREY_LEVELS:
        return 0.0
    layered = pair.labels.ndim > pair.known.ndim
    cell = (pair.labels.max(0) if layered else pair.labels)[pair.known] > 0
    shares = []
    for extreme in (values.min(), values.max()):
        hit = np.asarray(values == extreme)
        shares.append(min(hit[cell].mean() if cell.any() else 0.0, hit[~cell].mean() if (~cell).any() else 0.0))
    return float(max(shares))


def mixed_ranges(pairs: Images, recipe: Recipe) -> list[Finding]:
    """Images of different dtypes or ranges of values, such as 8 and 16 bits."""
    varied = {key: pair for key, pair in pairs.items() if pair.image.min() < pair.image.max()}
    if len(varied) < 2:
        return []
    largest = {key: float(np.percentile(np.abs(_thin(pair.image)), 99.5)) for key, pair in varied.items()}
    kinds = {pair.image.dtype.name for pair in varied.values()}
    order = sorted(largest, key=lambda key: largest[key])
    values = np.array([max(largest[key], 1e-6) for key in order])
    jumps = values[1:] / values[:-1]
    apart = bool(jumps.max() > RANGES and _scales_differ(values, int(jumps.argmax())))
    if len(kinds) == 1 and not apart:
        return []
    harmful = recipe.normalise in ("data", "none")
    low, high = order[0], order[-1]
    evidence = f"99.5th percentile {largest[low]:.4g} in {low.name}, {largest[high]:.4g} in {high.name}"
    return [
        Finding(
            0.9 if harmful else 0.65 if apart else 0.3,
            f"the images have different bit depths or ranges: {', '.join(sorted(kinds))}",
            evidence,
            f"normalise each image by itself: {train_command(recipe, normalise='image')}"
            if harmful
            else "export all images with the same bit depth, and keep --normalise image: "
            + train_command(recipe, normalise="image"),
        )
    ]


def _scales_differ(values: Array, jump: int) -> bool:
    """Whether the images on both sides of the largest jump agree among themselves."""
    return all(group.max() / group.min() < RANGES for group in (values[: jump + 1], values[jump + 1 :]))


def missing_normalisation(pairs: Images, recipe: Recipe) -> list[Finding]:
    """Large values that enter the network as they are."""
    if recipe.normalise != "none":
        return []
    largest = max(float(np.abs(_thin(pair.image)).max()) for pair in pairs.values())
    if largest <= LARGEST_RAW:
        return []
    return [
        Finding(
            0.93,
            "the values of the files enter the network without normalisation",
            f"values up to {largest:.4g}; networks expect a mean near 0 and a standard deviation near 1",
            train_command(recipe, normalise="image"),
        )
    ]


def exchanged_channels(pairs: Images, recipe: Recipe) -> list[Finding]:
    """Images whose first and third channel are exchanged against the others, as RGB and BGR."""
    if len(pairs) < 5 or any(len(pair.image) != 3 for pair in pairs.values()):
        return []
    tints = {key: tint(pair.image) for key, pair in pairs.items()}
    table, green = np.moveaxis(np.stack(list(tints.values())), 1, 0)  # (N, BINS) each
    usual = np.median(green, axis=0)
    if np.median(np.abs(green - usual).mean(1)) > ALIKE * np.abs(usual).mean():
        return []  # the colours differ from image to image
    signs = np.sign(table @ np.linalg.svd(table, full_matrices=False)[2][0])
    centre = np.median(signs[:, None] * table, axis=0) * (np.sign(signs.sum()) or 1.0)
    found = [key for key, (own, _) in tints.items() if own @ centre < -OPPOSITE * (centre @ centre)]
    if not found or 2 * len(found) >= len(pairs):
        return []
    dark, light = (
        np.mean([tints[key][0, 0] for key in keys]) for keys in (found, [key for key in pairs if key not in found])
    )
    return [
        Finding(
            0.85,
            f"{_of(found, pairs)} in BGR order, the others in RGB (red and blue are exchanged): {_names(found)}",
            f"mean red − blue of dark pixels {dark:+.2f} standard deviations, in the others {light:+.2f}",
            corrected_copy(recipe.data),
            dict.fromkeys(found, channels_reversed),
        )
    ]


def tint(image: Array) -> Array:
    """The colour of `BINS` groups of pixels from dark to light: (2, BINS), in standard deviations of the brightness.

    First the mean of red minus blue, of which an exchange of the two changes the sign; then that of green minus the
    mean of red and blue, which stays as it is.
    """
    red, green, blue = values = _thin(image).astype(np.float64)  # (pixels,) each
    brightness = values.mean(0)
    groups = np.array_split(np.argsort(brightness, kind="stable"), BINS)
    scale = max(float(brightness.std()), 1e-6)
    differences = (red - blue, green - (red + blue) / 2)
    return np.array([[each[group].mean() / scale for group in groups] for each in differences])


def channels_reversed(pair: Pair, _: object) -> Pair:
    """The pair with the channels of the image in the opposite order."""
    return pair._replace(image=np.ascontiguousarray(pair.image[::-1]))


def jpeg_blocks(pairs: Images, recipe: Recipe) -> list[Finding]:
    """Images with the 8 × 8 blocks of a strong JPEG compression."""
    ratios = {key: blockiness(pair.image) for key, pair in pairs.items()}
    found = [key for key, ratio in ratios.items() if ratio > BLOCKS]
    if 4 * len(found) < len(pairs):
        return []
    return [
        Finding(
            0.45,
            f"{_of(found, pairs)} compressed by JPEG so strongly that its 8 × 8 blocks are visible: {_names(found)}",
            f"grey steps at block borders are {np.mean([ratios[key] for key in found]):.2f} times those inside",
            f"export the images again as PNG or TIFF from the originals, then: {check_again(recipe.data)}",
        )
    ]


def blockiness(image: Array) -> float:
    """Mean grey step between neighbours at the borders of 8 × 8 blocks, divided by that at all other positions.

    The smaller ratio of rows and columns; of a volume, the middle slice counts. About 1 without JPEG compression.
    """
    plane = image.reshape(len(image), -1, *image.shape[-2:])[:, image[0].reshape(-1, *image.shape[-2:]).shape[0] // 2]
    plane = plane.astype(np.float32)
    ratios = []
    for axis in (-1, -2):
        steps = np.abs(np.diff(plane, axis=axis)).mean(tuple(i for i in range(3) if i != axis % 3))
        border = np.arange(1, len(steps) + 1) % 8 == 0
        if not border.any() or steps[~border].mean() < 1e-6:
            return 1.0
        ratios.append(float(steps[border].mean() / steps[~border].mean()))
    return min(ratios)


def duplicates(pairs: Images, recipe: Recipe) -> list[Finding]:
    """Equal images within one part; a copy with another mask contradicts the first one."""
    copies: dict[str, list[Key]] = {}
    for key, pair in pairs.items():
        copies.setdefault(key.part + digest(pair.image), []).append(key)
    groups = [keys for keys in copies.values() if len(keys) > 1]
    varied = [keys for keys in groups if np.ptp(pairs[keys[0]].image) > 0]
    if not varied:
        return []
    contradictory = [k for k in varied if len({digest(pairs[key].labels) for key in k}) > 1]
    extra = [key for keys in varied for key in keys[1:]]
    names = listed([" = ".join(key.name for key in keys) for keys in contradictory or varied])
    return [
        Finding(
            0.96 if contradictory else 0.6,
            f"{counted(len(extra), 'image')} {'is a copy' if len(extra) == 1 else 'are copies'} of another one"
            f"{' with a different mask' if contradictory else ''}: {names}",
            f"{len(pairs)} files hold {len(pairs) - len(extra)} different images",
            f"leave the copies out: {corrected_copy(recipe.data)}",
            dict.fromkeys(extra, left_out),
        )
    ]


def equal_masks(pairs: Images, recipe: Recipe) -> list[Finding]:
    """Different images with one and the same mask."""
    copies: dict[str, list[Key]] = {}
    for key, pair in pairs.items():
        if pair.labels.any() and (pair.labels != pair.labels.flat[0]).any():
            copies.setdefault(digest(pair.labels), []).append(key)
    groups = [k for k in copies.values() if len({digest(pairs[key].image) for key in k}) > 1]
    if not groups:
        return []
    return [
        Finding(
            0.91,
            "different images have the same mask: " + listed([" and ".join(k.name for k in keys) for keys in groups]),
            f"{sum(map(len, groups))} images share {counted(len(groups), 'mask')}",
            f"give each image its own mask, then: {check_again(recipe.data)}",
        )
    ]


def digest(array: Array) -> str:
    """A digest of the values and the shape of an array."""
    return sha256(np.ascontiguousarray(array).tobytes() + str(array.shape).encode()).hexdigest()


def _thin(image: Array) -> Array:
    """About 100,000 of the pixels of each channel."""
    flat = image.reshape(len(image), -1)
    return flat[:, :: max(1, flat.shape[1] // 100_000)]


def _of(found: Sequence[Key], pairs: Images) -> str:
    return f"{len(found)} of {counted(len(pairs), 'image')} {'is' if len(found) == 1 else 'are'}"


def _names(keys: Sequence[Key]) -> str:
    return listed([key.name for key in keys])
