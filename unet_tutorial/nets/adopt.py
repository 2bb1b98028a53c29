"""Networks of other projects under the contract of this one: training, tiles, checkpoints and figures then take them.

::

    net = adopt(monai.networks.nets.BasicUNet(2, 1, 2))
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.measured import AxisMeasures, Output, Probe, first_pass, measure_axis, most_values
from unet_tutorial.plan.levels import Level, Size
from unet_tutorial.plan.receptive_field import plan_reach
from unet_tutorial.plan.sizes import Padding, along, output_size, valid_sizes


def only_tensor(out: Any) -> Tensor:
    """The output itself. Raises ValueError for any other object than a tensor of floats."""
    if isinstance(out, Tensor):
        if not out.is_floating_point():
            raise ValueError(f"the module returns {out.dtype}, and logits are floats; leave out argmax or thresholds")
        return out
    kind, where = type(out).__name__, "out[0]"
    if isinstance(out, dict):
        where = f"out[{next(iter(out), 'logits')!r}]"
    raise ValueError(
        f"the module returns a {kind}, and a network returns one tensor of logits; "
        f"pass the function that selects it, such as adopt(module, output=lambda out: {where})"
    )


class Adopted(Network):
    """A module of another project as a ``Network``: (N, in, *size) -> logits (N, out, *size or smaller).

    ``levels``, ``padding`` and ``extra_reach`` describe only the valid sizes of the module, the size of its output and
    the pixels that it reads; if they were measured, they say nothing about its layers. ``exact_tiles`` is False if
    ``predict_tiled`` does not give exactly the output of one pass, because an output pixel depends on the whole image,
    as with attention, squeeze-and-excitation or instance norm.
    """

    def __init__(self, module: nn.Module, output: Output, in_channels: int, out_channels: int, plan: Stated) -> None:
        super().__init__()
        self.module, self.output = module, output
        self.in_channels, self.out_channels = in_channels, out_channels
        self.levels, self.padding, self.extra_reach, self.cropped, self.exact_tiles = plan

    def forward(self, image: Tensor) -> Tensor:
        """Check the image, run the module, select the logits, crop them to a size that a U-Net has."""
        self.check(image)
        logits = self.output(self.module(image.contiguous()))
        if not any(self.cropped):
            return logits
        return center_crop(logits, [n - crop for n, crop in zip(logits.shape[2:], self.cropped, strict=True)])

    @property
    def memory_format(self) -> torch.memory_format:
        """Contiguous, because a view of channels-last features may fail in a module that was written without them."""
        return torch.contiguous_format

    def _get_name(self) -> str:
        return type(self.module).__name__


class Stated(NamedTuple):
    """The attributes of ``Adopted`` with these names. ``cropped`` pixels are cut off the logits along each axis."""

    levels: tuple[Level, ...]
    padding: Padding
    extra_reach: Size
    cropped: Size
    exact_tiles: bool


def adopt(
    module: nn.Module,
    levels: Sequence[Level] = (),
    *,
    padding: Padding = "same",
    halo: Size = (),
    in_channels: int = 0,
    rank: int = 0,
    output: Output = only_tensor,
) -> Adopted:
    """Put a module of another project under the contract of ``Network``.

    All that is not stated is measured by running the module with random weights on a CPU (its own weights and modes
    are kept), which takes some seconds for a large one:

    - ``levels`` and ``padding``: its plan (see ``plan.levels``), from which valid sizes and output sizes follow.
    - ``halo``: for each axis, the number of pixels that an output pixel reads to each side; with padding "valid", in
      addition to those by which the output is smaller.
    - ``in_channels``, and ``rank``, the number of spatial axes.
    - ``output``: a function that returns the logits, for a module that returns several tensors.

    Warns if an output pixel depends on the whole image, so that ``predict_tiled`` is not exact. Raises ValueError for
    an object that is not a module with weights, for a module whose output is no tensor (N, K, *size) of logits or does
    not follow the size of the image, and for stated values that do not fit the module.

    >>> net = adopt(nn.Sequential(nn.Conv2d(3, 4, 5), nn.ReLU(), nn.Conv2d(4, 2, 1)))
    >>> net.in_channels, net.out_channels, net.padding, net.exact_tiles
    (3, 2, 'valid', True)
    """
    _check_module(module)
    probe, name = Probe(module, output), type(module).__name__
    sizes = [tuple(valid[k] for valid in valid_sizes(levels, padding=padding)) for k in range(4)] if levels else []
    image, logits = first_pass(probe, in_channels, levels[0].rank if levels else rank, sizes)
    axes = image.ndim - 2
    if logits.ndim != image.ndim or len(logits) != len(image):
        raise ValueError(
            f"{name} returns {tuple(logits.shape)} for an image {tuple(image.shape)}, and a network returns logits "
            f"(N, classes, and {axes} spatial axes); pass output=…, a function that returns them"
        )
    if halo and len(halo) != axes:
        raise ValueError(f"halo {halo}: this network has {axes} spatial axes; pass one number for each")
    measures = [measure_axis(probe, image, axis, *halo[axis : axis + 1]) for axis in range(axes)]
    if levels:
        plan = _checked(name, tuple(levels), padding, measures)
    else:
        plan = _measured(measures, most_values(probe, image))
    if not plan.exact_tiles:
        warnings.warn(
            f"an output pixel of {name} depends on the whole image or on its position in it (as with attention, "
            "squeeze-and-excitation or instance norm), so predict_tiled is not exact; choose large tiles",
            stacklevel=2,
        )
    return Adopted(module, output, image.shape[1], logits.shape[1], plan)


def _check_module(module: Any) -> None:
    """Raise ValueError unless this is a module with float weights that can be run with other weights."""
    if not isinstance(module, nn.Module):
        made = f"an instance of it, such as {module.__name__}(…)" if isinstance(module, type) else "a torch nn.Module"
        raise ValueError(f"adopt takes a module and not {module!r:.80}; pass {made}")
    name = type(module).__name__
    if isinstance(module, torch.jit.ScriptModule):
        raise ValueError(f"{name} is a ScriptModule, which cannot run with other weights; pass its source module")
    weights = list(module.parameters())
    if any(isinstance(weight, nn.parameter.UninitializedParameter) for weight in weights):
        raise ValueError(f"{name} has uninitialised parameters (a lazy module); run it once on an image first")
    if not any(weight.is_floating_point() for weight in weights):
        raise ValueError(f"{name} has no weights, so there is nothing to train; pass a network")


def _measured(axes: Sequence[AxisMeasures], width: int) -> Stated:
    """Two levels that have the measured sizes: the finest, and one coarser by the measured grid.

    With padding "valid", each of two blocks of level 0 removes ``fine`` pixels, and that of level 1 ``coarse`` pixels.
    ``width`` channels at level 0 give the memory of a pass (``inference.tiles.pass_bytes``).
    """
    padding: Padding = "valid" if any(axis.lost for axis in axes) else "same"
    fine = [axis.size % axis.grid if axis.lost else 0 for axis in axes]
    coarse = [max(0, -((2 * n - axis.lost) // axis.grid)) for axis, n in zip(axes, fine, strict=True)]
    cropped = tuple(2 * n + m * axis.grid - axis.lost for axis, n, m in zip(axes, fine, coarse, strict=True))
    kernels = [tuple(1 + n for n in removed) for removed in (fine, coarse)]
    strides = [(1,) * len(axes), tuple(axis.grid for axis in axes)]
    levels = tuple(Level(*each, convs=1) for each in zip((width, 1), kernels, strides, strict=True))
    return _with_reach(levels, padding, axes, cropped)


def _checked(name: str, levels: tuple[Level, ...], padding: Padding, axes: Sequence[AxisMeasures]) -> Stated:
    """The stated levels. Raises ValueError unless they have the measured sizes."""
    for number, (axis, valid) in enumerate(zip(axes, valid_sizes(levels, padding=padding), strict=True)):
        (out,) = output_size((valid[0],), along(number, levels), padding=padding)
        if valid[0] - out != axis.lost:
            raise ValueError(
                f"by its levels the output is smaller than the image by {valid[0] - out} pixels along axis {number}, "
                f"and that of {name} by {axis.lost}; state its own levels and padding, or leave them out"
            )
        if valid.step % axis.grid:
            raise ValueError(
                f"the strides of the levels have the product {valid.step} along axis {number}, but the output of "
                f"{name} moves with its image only by multiples of {axis.grid} pixels; state its own levels, or leave "
                "them out"
            )
    return _with_reach(levels, padding, axes, (0,) * len(axes))


def _with_reach(levels: tuple[Level, ...], padding: Padding, axes: Sequence[AxisMeasures], cropped: Size) -> Stated:
    reaches = []
    for number, (axis, crop) in enumerate(zip(axes, cropped, strict=True)):
        step = valid_sizes(levels, padding=padding)[number].step
        planned = plan_reach(along(number, levels), step) if padding == "same" else 0
        border = max(axis.before - crop // 2, axis.after - (crop - crop // 2))
        reaches.append(max(0, border - planned))
    return Stated(levels, padding, tuple(reaches), cropped, all(axis.exact for axis in axes))
