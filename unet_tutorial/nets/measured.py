"""Measures how a module treats images: the sizes it accepts, the size of its output, and the pixels that it reads.

A module is run with random weights in place of its own, so that no weight is 0 and no ReLU is dead, in evaluation mode
and without a change of the module. The axes are measured one by one, on images that are long along one axis only.

The receptive field is found with NaN: a NaN in one input pixel makes exactly those output pixels NaN that depend on it,
also through a maximum, a ReLU or a weight of 0.

``nets.adopt`` uses it for whole networks, of which neither the sizes nor the operations are known. For encoders whose
feature maps and strides are stated, ``nets.reach`` computes the reach from their operations, which is much faster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import copy
from dataclasses import dataclass, replace
from functools import cache
from math import isfinite, lcm, prod, sqrt
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.conv import _ConvNd
from torch.nn.modules.module import register_module_forward_hook
from torch.overrides import TorchFunctionMode

from unet_tutorial.disk import one_line
from unet_tutorial.plan.levels import Size

SIDES = (16, 32, 48, 64, *range(96, 129), *range(192, 256), *range(512, 576))  # of the images tried first
MOST_PIXELS = 2**22  # of an image tried first
LONGEST_STEP = 128  # between two valid sizes
GRIDS = (64, 96, 160, 224, 216)  # multiples of most products of strides
LONGEST = 2048  # side of the longest image; a larger receptive field counts as the whole image
WEAK = 0.01  # share of the largest influence of a pixel; weaker ones are ignored if they have no end
COMPARED = 64  # pixels of two outputs, at least
TOLERANCE = 1e-4  # of float32, in standard deviations of the output

Output = Callable[[Any], Tensor]


@dataclass(frozen=True)
class AxisMeasures:
    """The behaviour of a module along one axis.

    It accepts sizes of ``size + k · grid`` pixels, and its output is shorter by ``lost`` pixels. The output moves with
    the image if that is moved by ``grid`` pixels. ``before`` and ``after`` are the numbers of output pixels at the
    start and at the end that depend on the border: their receptive fields reach beyond the image. ``exact`` is False if
    all pixels do, or if an output pixel depends on its position in the image; then the border pixels are those that it
    influences by at least 1 % of the strongest influence.
    """

    size: int
    lost: int
    grid: int
    before: int
    after: int
    exact: bool


class Probe:
    """Runs a module on images of any size, with random weights.

    ``output`` turns the module's result into the tensor of logits; its errors are passed on.
    """

    def __init__(self, module: nn.Module, output: Output) -> None:
        self.module, self.output = module, output
        self.error = Exception()  # the last one that the module raised
        self.context: Callable[[], AbstractContextManager[object]] = nullcontext
        self._generator = torch.Generator().manual_seed(0)
        weights = {name: self._random(weight) for name, weight in module.named_parameters()}
        buffers = {name: buffer.detach().cpu().clone() for name, buffer in module.named_buffers()}
        self._values = {name: _float32(value) for name, value in (weights | buffers).items()}

    def _random(self, weight: Tensor) -> Tensor:
        """Random weights with which the features have about the same size in each layer."""
        noise = torch.randn(weight.shape, generator=self._generator)
        if weight.ndim < 2:  # a bias, or the factors of a norm, which may all be 0
            return weight.detach().cpu().float() + 0.3 * noise
        return noise * sqrt(2 * weight.shape[0] / max(weight.numel(), 1))

    def image(self, channels: int, size: Sequence[int]) -> Tensor:
        """A random image (1, channels, *size)."""
        return torch.randn((1, channels, *size), generator=self._generator)

    def __call__(self, image: Tensor) -> Tensor | None:
        """The output for an image; None if the module does not accept it."""
        with _evaluating(self.module), self.context():
            try:
                out: Any = functional_call(self.module, dict(self._values), (image.contiguous(),))
            except Exception as error:  # the module may raise any error
                self.error = error
                return None
            logits: Tensor = self.output(out)
            return logits

    def local(self) -> Probe:
        """The same without the statistics of the whole image that norms and global pooling compute."""
        probe = copy(self)
        probe.context = _WithoutStatistics
        return probe


class _WithoutStatistics(TorchFunctionMode):
    """Norms leave their input unchanged, and pooling over the whole image gives 1: only local operations remain."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(func, "__name__", "")
        if name in ("instance_norm", "group_norm"):
            return args[0]
        out = func(*args, **(kwargs or {}))
        pooled = name.startswith("adaptive_") or (name == "mean" and out.numel() <= prod(args[0].shape[:2]))
        return torch.ones_like(out) if pooled else out


def _float32(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; modes and random numbers are restored.

    NNPACK is off, because its transforms would spread a NaN to neighbouring pixels.
    """
    modes = [(each, each.training) for each in module.modules()]
    module.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]), torch.backends.nnpack.flags(enabled=False):
            torch.manual_seed(0)
            yield
    finally:
        for each, mode in modes:
            each.training = mode


def first_pass(probe: Probe, in_channels: int, rank: int, sizes: Sequence[Size] = ()) -> tuple[Tensor, Tensor]:
    """The first image that the module accepts, and its output.

    ``in_channels`` and ``rank`` are 0 if they are not known. ``sizes`` are those to try; by default many with equal
    sides. Raises ValueError if the module accepts no image.
    """
    pairs = list(dict.fromkeys(_channels_and_ranks(probe.module, in_channels, rank)))
    errors = []
    for size in sizes or [(side,) for side in SIDES]:
        for channels, axes in pairs:
            full = size if sizes else size * axes
            if prod(full) > MOST_PIXELS:
                continue
            image = torch.zeros((1, channels, *full))
            out = probe(image)
            if out is not None:
                return image, out
            errors.append(probe.error)
    tried = ", ".join(f"{channels} channels and {axes} spatial axes" for channels, axes in pairs)
    sides = ", ".join("×".join(map(str, size)) for size in sizes) or f"equal sides from {SIDES[0]} to {SIDES[-1]}"
    raise ValueError(
        f"{type(probe.module).__name__} accepts none of the images tried ({tried}; {sides}); its first error is "
        f"{type(errors[0]).__name__}: {one_line(errors[0])}; pass in_channels=… and rank=…, or the valid levels=…"
    )


def most_values(probe: Probe, image: Tensor) -> int:
    """The largest number of values per input pixel that a layer returns for this image, rounded up."""
    counts = [0]

    def note(_module: nn.Module, _given: Any, out: Any) -> None:
        if isinstance(out, Tensor):
            counts.append(out.numel())

    hook = register_module_forward_hook(note)
    try:
        probe(image)
    finally:
        hook.remove()
    return -(-max(counts) // (image.numel() // image.shape[1]))


def _channels_and_ranks(module: nn.Module, in_channels: int, rank: int) -> Iterator[tuple[int, int]]:
    """Pairs of in channels and rank that the image may have, the most probable one first."""
    layers = [each for each in module.modules() if isinstance(each, _ConvNd)]
    found = [(layer.in_channels, len(layer.kernel_size)) for layer in layers]
    found += [(weight.shape[1], weight.ndim - 2) for weight in module.parameters() if 2 < weight.ndim < 6]
    stated = in_channels or getattr(module, "in_channels", 0)
    for axes in dict.fromkeys([rank] if rank else [axes for _, axes in found] or [2]):
        if isinstance(stated, int) and stated:
            yield stated, axes
        if not in_channels:
            yield from ((channels, axes) for channels, own in found if own == axes)
            yield from ((channels, axes) for channels in (1, 3))


def measure_axis(probe: Probe, image: Tensor, axis: int, halo: int | None = None) -> AxisMeasures:
    """The behaviour along an axis, counted from 0. ``image`` is one that the module accepts.

    ``halo`` is used as ``before`` and ``after`` if it is known. Raises ValueError if the output size does not follow
    the input size.
    """
    along = _Along(probe, image.shape[1], tuple(image.shape[2:]), axis)
    return along.measures() if halo is None else along.with_halo(halo)


class _Along:
    """Measures one axis. The other axes of all images have the given size."""

    def __init__(self, probe: Probe, channels: int, size: Size, axis: int) -> None:
        self.probe, self.channels, self.size, self.axis = probe, channels, size, axis
        self.first, self.dim = size[axis], axis + 2
        self.length = cache(self._length)
        self.lost = self.first - self.length(self.first)

    def image(self, n: int) -> Tensor:
        return self.probe.image(self.channels, (*self.size[: self.axis], n, *self.size[self.axis + 1 :]))

    def _length(self, n: int) -> int:
        """The length of the output for an input of n pixels along the axis; 0 if it is not accepted."""
        out = self.probe(self.image(n))
        return 0 if out is None else out.shape[self.dim]

    def measures(self) -> AxisMeasures:
        step = self._step()
        found = self._measures_of_local_pixels(step)
        if found is None:
            self.probe = self.probe.local()
            found = self._measures_of_local_pixels(step) or self.with_halo(self._strong_reach(step), step)
            found = replace(found, exact=False)
        return found

    def _measures_of_local_pixels(self, step: int) -> AxisMeasures | None:
        """The measures; None if an output pixel depends on the whole image."""
        size = self.first
        while size <= LONGEST:
            first, last = self._affected(size, slice(size // 2, size // 2 + 1))
            if first > 0 and last < size - self.lost - 1:
                reach = max(last - size // 2, size // 2 - first - self.lost, 0)
                grid, difference = self._grid(step, reach)
                before, after = self._border(grid, reach)
                return AxisMeasures(self.first, self.lost, grid, before, after, exact=difference < TOLERANCE)
            size = self._size_of(2 * size, step)
        return None

    def with_halo(self, halo: int, step: int = 0) -> AxisMeasures:
        """The measures if an output pixel reads ``halo`` pixels to each side, beyond the lost ones."""
        grid, difference = self._grid(step or self._step(), halo)
        return AxisMeasures(self.first, self.lost, grid, halo, halo, exact=difference < TOLERANCE)

    def _step(self) -> int:
        """The smallest distance between sizes at which the output is shorter by ``lost`` pixels."""
        for step in range(1, LONGEST_STEP + 1):
            if self.lost < 0 or (self.lost == 0 and self.first % step):
                continue
            if all(self.length(n) == n - self.lost for n in (self.first + step, self.first + 2 * step)):
                return step
        lengths = {n: self.length(n) for n in range(self.first, self.first + LONGEST_STEP + 1) if self.length(n)}
        some = list(lengths.items())[:: max(1, len(lengths) // 3)]
        raise ValueError(
            f"the output of {type(self.probe.module).__name__} does not follow the size of its input along axis "
            f"{self.axis}: {', '.join(f'{n} pixels give {m}' for n, m in some)}; adopt a module whose output has the "
            "size of its input, or is smaller by the same number of pixels for all sizes"
        )

    def _size_of(self, n: int, grid: int) -> int:
        """The smallest size of at least n pixels with whole pixels at the coarsest level, if ``grid`` is its stride."""
        start = self.first if self.lost else 0
        return start + grid * -((start - n) // grid)

    def _affected(self, size: int, pixels: slice) -> tuple[int, int]:
        """First and last output pixel that depend on some input pixels; the middle if none does."""
        image = self.image(size)
        image.transpose(0, self.dim)[pixels] = torch.nan
        out = self.probe(image)
        if out is None:
            raise ValueError(
                f"{type(self.probe.module).__name__} does not accept an image with NaN ({one_line(self.probe.error)}), "
                "so its receptive field cannot be measured; pass halo=…, the number of pixels that an output pixel "
                "reads to each side, per axis"
            )
        found = out.isnan().transpose(0, self.dim).flatten(1).any(1).nonzero().flatten().tolist()
        return (found[0], found[-1]) if found else (size // 2, size // 2)

    def _border(self, grid: int, reach: int) -> tuple[int, int]:
        """Numbers of output pixels at the start and at the end of a tile that read pixels outside of it.

        NaN outside of the tile, first before its start and then behind its end, shows which ones do.
        """
        size = self._size_of(2 * (reach + self.lost + 2 * grid), grid)
        start = size // 2 - size // 2 % grid
        end = start + (self.first % grid if self.lost else 0)
        _, last = self._affected(size, slice(0, start))
        first, _ = self._affected(size, slice(end, size))
        return max(0, last - start + 1), max(0, end - self.lost - first)

    def _strong_reach(self, step: int) -> int:
        """The largest distance at which a pixel has at least ``WEAK`` times the influence of the strongest one."""
        image = self.image(self._size_of(LONGEST_STEP, step))
        pixel = tuple(n // 2 for n in image.shape[2:])
        other = image.clone()
        other[0, 0][pixel] += 5
        change = self._output(image).sub_(self._output(other)).abs_()
        profile = change.transpose(0, self.dim).flatten(1).amax(1)
        found: list[int] = (profile > WEAK * profile.max()).nonzero().flatten().tolist()
        return max(found[-1] - pixel[self.axis], pixel[self.axis] - found[0] - self.lost, 0)

    def _grid(self, step: int, reach: int) -> tuple[int, float]:
        """The smallest shift of the image with which the output only shifts, and the difference left.

        If no shift gives the same output, it is the smallest power of 2 with about the least difference.
        """
        for grid in (step, *(lcm(step, n) for n in GRIDS)):
            difference = self._difference(grid, reach)
            if difference < TOLERANCE:
                return self._smallest_grid(step, reach, grid), difference
        differences = {grid: self._difference(grid, reach) for grid in (lcm(step, 2**k) for k in range(7))}
        least = min(differences.values())
        if not isfinite(least):
            raise ValueError(
                f"{type(self.probe.module).__name__} returns the same value, or NaN, for all pixels of random images, "
                "so its sizes cannot be measured; state them: adopt(module, levels=…, padding=…, halo=…)"
            )
        return next((grid, each) for grid, each in differences.items() if each <= 2 * least)

    def _smallest_grid(self, step: int, reach: int, grid: int) -> int:
        for prime in (2, 3, 5, 7):
            while grid % (step * prime) == 0 and self._difference(grid // prime, reach) < TOLERANCE:
                grid //= prime
        return grid

    def _difference(self, grid: int, reach: int) -> float:
        """Difference between the output for an image and that for the image shifted by ``grid`` pixels.

        It is a root mean square, in standard deviations. Compared are the pixels that read no pixel beyond the image.
        """
        reach += grid  # the pixels of a block read different distances
        size = self._size_of(2 * reach + self.lost + max(3 * grid, COMPARED), grid)
        long = self.image(size + grid)
        here, moved = (self._output(long.narrow(self.dim, start, size)) for start in (0, grid))
        count = size - self.lost - 2 * reach - grid
        compared = here.narrow(self.dim, reach + grid, count)
        difference = (compared - moved.narrow(self.dim, reach, count)).square().mean().sqrt()
        return float(difference / compared.std())

    def _output(self, image: Tensor) -> Tensor:
        out = self.probe(image)
        if out is None:
            raise ValueError(f"{type(self.probe.module).__name__} fails for {tuple(image.shape)}: {self.probe.error}")
        return out
