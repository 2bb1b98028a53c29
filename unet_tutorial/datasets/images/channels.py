"""Brings decoded pixels into the order (C, *size), names the channels, and picks some of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from unet_tutorial.datasets.images.decoded import ContentError, Decoded
from unet_tutorial.datasets.images.image import ALPHA, GREY, RGB, Array, Image, numbered_channels

MOST_SAMPLES = 4  # colours of a pixel; a stack whose slices have at most this number of columns may be a colour image


class Ordered(NamedTuple):
    """An array (C, *size) with the names of its channels, its spacing in µm or (), and whether its slices are times."""

    array: Array
    channels: tuple[str, ...]
    spacing: tuple[float, ...]
    times: bool


def arrange(decoded: Decoded, channels: str = "") -> Image:
    """The image as it is to be shown, channels first.

    ``channels`` holds names or numbers of channels, separated by commas ("red,green", "0,2"). Without it, an opaque
    alpha channel is dropped, and equal colours become one grey channel. ContentError for transparency, a channel that
    does not exist, and axes that are neither channels nor an image or stack.
    """
    shown = _shown(decoded)
    ordered = order(shown, channels)
    array, names = ordered.array, ordered.channels
    remarks = [*shown.remarks, *(("its times are read as the slices of a stack",) if ordered.times else ())]
    if channels:
        picked = numbers_of(channels, names)
        array, names = array[picked], tuple(names[number] for number in picked)
    else:
        array, names = without_alpha(array, names)
        if names == RGB and all(np.array_equal(array[0], channel) for channel in array[1:]):
            array, names = array[:1], GREY
            remarks.append("its colour channels are equal: read as a grey image")
    return Image(array, names, ordered.spacing, tuple(remarks))


class Arrangement(NamedTuple):
    """The axes of a stored array in the order (C, *size), as letters, and the names of its channels.

    ``axes`` has the letters C and S, if there are any, before those of the spatial axes. ``dropped`` are the indices of
    stored axes of length 1 that are left out, and ``kept`` the letters of the others in the stored order.
    """

    axes: str
    kept: str
    dropped: tuple[int, ...]
    channels: tuple[str, ...]
    spacing: tuple[float, ...]
    times: bool

    def ordered(self, array: Array) -> Array:
        """The stored array, or a part of it, as (C, *size); a view where numpy allows one."""
        array = array.squeeze(self.dropped)
        array = array.transpose([self.kept.index(axis) for axis in self.axes])
        return array.reshape(-1, *array.shape[self.axes.count("C") + self.axes.count("S") :])


def arrangement(decoded: Decoded, channels: str = "") -> Arrangement:
    """The order of the axes of a stored array; only shape and type of the array are read.

    ContentError for axes that are neither channels nor an image or stack.
    """
    dropped, axes = _without_single(decoded.array.shape, decoded.axes)
    array = decoded.array.squeeze(dropped)
    if array.dtype.kind not in "buif" or array.size == 0:
        raise ContentError(f"expected an image of real numbers, got {describe(decoded.array)}; save it as grey or RGB")
    if axes.count("Q") == 1 and "Z" in axes and "C" not in axes and channels:
        axes = axes.replace("Q", "C")  # NIfTI's fourth axis: asked for by the user
    stack = [axis for axis in axes if axis not in "CSYX"]
    if len(stack) > 1 or axes.count("Y") != 1 or axes.count("X") != 1 or axes.count("C") > 1:
        raise ContentError(_unknown_axes(array, axes, stack))
    _refuse_last_colours(array, axes, stack)
    spatial = (*stack, "Y", "X")
    counts = {axis: array.shape[axes.index(axis)] for axis in "CS" if axis in axes}
    spacing = tuple(decoded.spacing[axis] for axis in spatial if axis in decoded.spacing)
    return Arrangement(
        "".join((*counts, *spatial)),
        axes,
        dropped,
        _names(decoded, counts),
        spacing if len(spacing) == len(spatial) else (),
        stack == ["T"],
    )


def order(decoded: Decoded, channels: str = "") -> Ordered:
    """The pixels as (C, H, W) or (C, D, H, W), contiguous and in the byte order of this machine; bool becomes uint8."""
    found = arrangement(decoded, channels)
    array = native(found.ordered(decoded.array))
    if not (array.flags.c_contiguous and array.flags.writeable):
        array = np.stack(list(array))  # six times as fast as ascontiguousarray where channels are the last axis
    return Ordered(array, found.channels, found.spacing, found.times)


def native(array: Array) -> Array:
    """The same values in the byte order of this machine; bool becomes uint8."""
    return array.astype(np.uint8 if array.dtype == bool else array.dtype.newbyteorder("="), copy=False)


def without_alpha(array: Array, names: tuple[str, ...]) -> tuple[Array, tuple[str, ...]]:
    """The channels of an image without its alpha channel; ContentError unless that is opaque everywhere."""
    if ALPHA not in names:
        return array, names
    kept = [number for number, name in enumerate(names) if name != ALPHA]
    opaque = 1 if array.dtype.kind == "f" else np.iinfo(array.dtype).max
    if (array[names.index(ALPHA)] != opaque).any():
        rest = ",".join(names[number] for number in kept)
        raise ContentError(
            f"it is transparent in places (its alpha channel is not {opaque} everywhere), so its colours are not "
            f"certain; save it without transparency, or read its colours alone with --channels {rest}"
        )
    return array[kept], tuple(names[number] for number in kept)


def numbers_of(channels: str, names: Sequence[str]) -> list[int]:
    """The numbers of the channels that ``channels`` lists by name or number, in its order.

    >>> numbers_of("blue, 0", ("red", "green", "blue"))
    [2, 0]
    """
    known = {name.lower(): number for number, name in enumerate(names)}
    known = {str(number): number for number in range(len(names))} | known
    asked = [channel.strip() for channel in channels.split(",")]
    unknown = [channel for channel in asked if channel.lower() not in known]
    numbers = [known[channel.lower()] for channel in asked if channel.lower() in known]
    listed = ", ".join(f"{number} {name}" for number, name in enumerate(names))
    if unknown:
        raise ContentError(f"there is no channel {unknown[0]!r}; its channels are {listed}")
    if len(set(numbers)) < len(numbers):
        raise ContentError(f"--channels {channels} names a channel twice; its channels are {listed}")
    return numbers


def describe(array: Array) -> str:
    """Shape and type of an array, for messages."""
    return f"an array of shape {array.shape} and type {array.dtype}"


def _shown(decoded: Decoded) -> Decoded:
    """The pixels as they are to be shown: 0 is black, and the values of a palette are replaced by its colours."""
    if decoded.palette is not None:
        values = decoded.array.astype(np.intp)
        if values.max(initial=0) >= len(decoded.palette):
            raise ContentError(f"its palette has {len(decoded.palette)} colours, but it uses number {values.max()}")
        samples = (*RGB, ALPHA)[: decoded.palette.shape[1]]
        return replace(
            decoded,
            array=decoded.palette[values],
            axes=decoded.axes + "S",
            samples=samples,
            palette=None,
            remarks=(*decoded.remarks, "the values of its palette are replaced by their colours"),
        )
    if decoded.black is None:
        return decoded
    array = decoded.array.astype(np.uint8) if decoded.array.dtype == bool else decoded.array
    remark = "its tag says that 0 is white, so it is inverted"
    inverted = np.asarray(decoded.black, array.dtype) - array
    return replace(decoded, array=inverted, black=None, remarks=(*decoded.remarks, remark))


def _without_single(shape: tuple[int, ...], axes: str) -> tuple[tuple[int, ...], str]:
    """The axes of length 1 to drop: all those with a meaning, such as a single time, and pages next to another stack.

    Returns their indices, and the letters of the other axes.
    """
    named = [index for index, axis in enumerate(axes) if axis not in "YXCSQI" and shape[index] == 1]
    pages = [index for index, axis in enumerate(axes) if axis in "QI" and shape[index] == 1]
    others = [axis for index, axis in enumerate(axes) if axis not in "YXCS" and index not in named]
    dropped = named + (pages[: max(len(others) - 1, 0)])
    return tuple(dropped), "".join(axis for index, axis in enumerate(axes) if index not in dropped)


def _names(decoded: Decoded, counts: dict[str, int]) -> tuple[str, ...]:
    """The names of the channels; the samples of each channel if the file has both axes."""
    if not counts:
        return tuple(decoded.channels[:1]) if any(decoded.channels[:1]) else GREY
    given = {"C": decoded.channels, "S": decoded.samples}
    lists = [_completed(given[axis], count) for axis, count in counts.items()]
    if len(lists) == 1:
        return lists[0]
    return tuple(f"{channel} {sample}" for channel in lists[0] for sample in lists[1])


def _completed(names: tuple[str, ...], count: int) -> tuple[str, ...]:
    """One different name per channel."""
    if count == 1 and not any(names):
        return GREY
    given = names if len(names) == count else count * ("",)
    full = [name or number for name, number in zip(given, numbered_channels(count), strict=True)]
    return tuple(name if full.count(name) == 1 else f"{name} {number}" for number, name in enumerate(full))


def _unknown_axes(array: Array, axes: str, stack: list[str]) -> str:
    """The message for axes that are no image or stack."""
    if "T" in stack and "Z" in stack:
        return (
            f"expected an image or one stack, got {array.shape[axes.index('T')]} times of a stack (axes {axes}, shape "
            f"{array.shape}); save each time as a file of its own"
        )
    if "".join(stack) in ("QZ", "ZQ"):
        return (
            f"expected a volume, got {array.shape[axes.index('Q')]} of them (axes {axes}, shape {array.shape}): "
            "if they are channels, name them with --channels 0,1,…; if they are times, save each as a file of its own"
        )
    return (
        f"expected an image (H, W) or stack (D, H, W), got {describe(array)} with the axes {axes}, of which "
        f"{''.join(stack) or axes} have no meaning here; save it with named axes, for example with "
        "tifffile.imwrite(path, array, imagej=True, metadata={'axes': 'ZCYX'})"
    )


def _refuse_last_colours(array: Array, axes: str, stack: list[str]) -> None:
    """ContentError for an array (H, W, channels) whose axes are unnamed, which looks like H slices of a few columns."""
    if stack in (["Q"], ["I"]):
        depth, height, width = (array.shape[axes.index(axis)] for axis in (*stack, "Y", "X"))
        if width <= MOST_SAMPLES and min(depth, height) > MOST_SAMPLES * width:
            raise ContentError(
                f"expected an image (H, W) or stack (D, H, W), got {describe(array)}: this looks like {width} channels "
                "in the last axis, but the file does not name its axes; save it as an RGB image, or with named axes "
                "(tifffile.imwrite(path, array, metadata={'axes': 'YXC'}))"
            )
