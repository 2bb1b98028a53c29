"""Base classes of parts, encoders, decoders and networks, and the check of every factory that a user passes.

A part is one module of a network, such as a block. A factory is a function or
class that makes a new part at each call.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

from unet_tutorial.nets.nd import memory_format
from unet_tutorial.plan.levels import Level, Size
from unet_tutorial.plan.sizes import Padding, size_error

_P = ParamSpec("_P")
_M = TypeVar("_M", bound=nn.Module)


class Part(nn.Module):
    """Base class of blocks, merges and resampling layers.

    - ``out_channels``: the number of output channels; every part sets it in its ``__init__``.
    - ``padding``: "same" if its convolutions keep the size, "valid" if each of them shortens an axis by kernel - 1.
    - ``own_init``: True if the part initialises its own weights; the functions of ``nets.init`` then leave them
      unchanged.
    - ``extra_reach``: the number of pixels that the part reads, per side and axis, in addition to those that the plan
      states: a resampling with kernel = stride, and ``convs`` convolutions per block. They are counted in pixels of the
      finer level (the output of an upsampling, the input of a downsampling). For example, linear interpolation by 2
      reads one more coarse pixel per side, so its extra reach is 2. () means that none are added.
    """

    out_channels: int
    padding: Padding = "same"
    own_init: bool = False
    extra_reach: Size = ()


class Wrapper(Part):
    """Base class of parts that contain another part and have its ``out_channels``, ``padding`` and ``extra_reach``."""

    def __init__(self, inner: Part) -> None:
        super().__init__()
        self.out_channels = out_channels_of(inner)
        self.padding, self.extra_reach = inner.padding, inner.extra_reach


class FeatureExtractor(nn.Module):
    """Base class of encoders: image (N, in_channels, *size) -> list of feature maps, finest first.

    ``levels`` is the plan (see ``plan.levels``) of the encoder, and ``out_channels`` holds one number per feature map.
    The decoder must be built from an equal plan, because the plan determines the sizes of the skips. ``extra_reach``
    (see ``Part``) is that of the whole encoder, in pixels of the finest level.
    """

    in_channels: int
    levels: tuple[Level, ...]
    out_channels: Size
    padding: Padding = "same"
    extra_reach: Size = ()


class FeatureDecoder(Part):
    """Base class of decoders: list of feature maps, finest first -> features (N, out_channels, *size) for the head.

    ``levels`` is the plan that the decoder was built from, and ``padding`` the padding of its convolutions.
    ``extra_reach`` (see ``Part``) is that of the whole decoder, in pixels of the finest level.

    A decoder for deep supervision also has ``maps``. ``map_channels`` and ``map_levels`` hold the number of channels
    and the level of each of its maps.
    """

    levels: tuple[Level, ...]
    map_channels: Size = ()
    map_levels: Size = ()

    def maps(self, features: list[Tensor]) -> list[Tensor]:  # noqa: ARG002
        """The output of ``forward``, then earlier or coarser maps of the decoder. Raises ValueError if it has none."""
        raise ValueError(
            f"{type(self).__name__} has no maps for deep supervision; use Decoder, NestedDecoder or FullScaleDecoder, "
            "or give it map_channels, map_levels and the method maps"
        )


class Network(nn.Module):
    """Base class of networks: image (N, in_channels, *size) -> logits (N, out_channels, *size or smaller).

    Training, checkpoints, ``predict_tiled``, ``any_size`` and the figures need these attributes and methods of a
    network, and no others. A subclass sets the attributes in its ``__init__`` and defines ``forward``.

    - ``levels`` and ``padding``: the plan from which the valid sizes, the size of the logits and the margins of tiles
      are computed (see ``plan.sizes``); the length of a size in it is the number of spatial axes.
    - ``extra_reach``: see ``FeatureDecoder``.
    """

    in_channels: int
    out_channels: int
    levels: tuple[Level, ...]
    padding: Padding = "same"
    extra_reach: Size = ()

    @property
    def device(self) -> torch.device:
        """The device of the weights."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the weights. Images must have the same dtype."""
        return next(self.parameters()).dtype

    @property
    def memory_format(self) -> torch.memory_format:
        """The memory layout of weights and images in training."""
        return memory_format(self.levels[0].rank)

    def check(self, image: Tensor) -> None:
        """Raise ValueError for an image that does not fit. Not checked during torch.compile and torch.export."""
        if torch.compiler.is_compiling():
            return
        error = self._error(image)
        if error:
            raise ValueError(f"input {tuple(image.shape)}: {error}")

    def _error(self, image: Tensor) -> str:
        rank = self.levels[0].rank
        if image.ndim != rank + 2:
            needed = f"(N, {self.in_channels}, and {rank} spatial axes)"
            return f"{image.ndim} axes, and this network needs {rank + 2}: {needed}"
        if image.shape[1] != self.in_channels:
            return f"{image.shape[1]} channels, and this network needs {self.in_channels}; axis 1 holds the channels"
        return self.dtype_error(image.dtype) or size_error(tuple(image.shape[2:]), self.levels, padding=self.padding)

    def dtype_error(self, dtype: torch.dtype) -> str:
        """One sentence that says why an image of this dtype does not fit the weights. Empty if it fits."""
        if not dtype.is_floating_point:
            return f"dtype {dtype}, and a network needs floats; standardise the image first"
        if dtype == self.dtype:
            return ""
        kind = self.device.type
        casts = torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)
        if casts and torch.float64 not in (dtype, self.dtype):  # autocast does not convert float64
            return ""
        return f"dtype {dtype}, and the weights of this network are {self.dtype}; call .to({self.dtype})"


def out_channels_of(module: nn.Module) -> int:
    """The ``out_channels`` of a part or of a torch layer. Raises ValueError if the module does not define it."""
    channels = getattr(module, "out_channels", None)
    if not isinstance(channels, int):
        raise ValueError(f"{type(module).__name__} does not define out_channels; set it in its __init__")
    return channels


def extra_reach_of(module: nn.Module) -> Size:
    """The ``extra_reach`` of a part; () for a torch layer, which has none."""
    reach: Size = getattr(module, "extra_reach", ())
    return reach


def largest_reach(reaches: Iterable[Size]) -> Size:
    """The ``extra_reach`` of parts side by side: the largest number per axis; () if no part has any.

    >>> largest_reach([(1, 4), (), (2, 3)])
    (2, 4)
    """
    return tuple(map(max, zip(*filter(None, reaches), strict=True)))


def summed_reach(reaches: Iterable[Size]) -> Size:
    """The ``extra_reach`` of parts in sequence at one level: the sum per axis; () if no part has any.

    >>> summed_reach([(1, 4), (), (2, 3)])
    (3, 7)
    """
    return tuple(map(sum, zip(*filter(None, reaches), strict=True)))


class _Role(NamedTuple):
    """The arguments of a factory (None if they vary), the class of the modules it makes, and examples for messages."""

    arguments: tuple[str, ...] | None
    kind: type[nn.Module]
    choices: str


_ROLES = {
    "norm": _Role(
        ("channels", "rank"),
        nn.Module,
        "no_norm, batch_norm, instance_norm, affine_instance_norm, group_norm(8), "
        "or a function (channels, rank) -> Module",
    ),
    "act": _Role((), nn.Module, "a class such as nn.ReLU, or partial(nn.LeakyReLU, 0.1)"),
    "conv": _Role(
        ("in_channels", "out_channels", "kernel", "padding"),
        nn.Module,
        "nets.nd.conv, depthwise_separable, or a function (in_channels, out_channels, kernel, padding) -> Module",
    ),
    "block": _Role(
        ("in_channels", "out_channels", "level"),
        Part,
        "conv_stack(ConvUnit()), or residual, dropped or checkpointed of a block",
    ),
    "shortcut": _Role(("in_channels", "out_channels", "level"), nn.Module, "zero_padded, repeated or projected(norm)"),
    "down": _Role(("in_channels", "level"), Part, "MaxPool or StridedConv"),
    "up": _Role(
        ("in_channels", "out_channels", "stride"),
        nn.Module,
        "transposed, resize_conv(), PixelShuffle, or then(…) of one of them",
    ),
    "merge": _Role(("skip_channels", "up_channels", "below_channels", "stride"), Part, "Concat, Add or gated(Concat)"),
    "step": _Role(("up", "merge", "block"), Part, "DecoderStep or checkpointed(DecoderStep)"),
    "part": _Role(None, Part, "a block or DecoderStep"),
}


def check_factory(role: str, factory: Callable[_P, _M]) -> Callable[_P, _M]:
    """Return the factory, extended by a check of each module that it makes.

    ``role`` is "norm", "act", "conv", "block", "shortcut", "down", "up", "merge", "step", or "part" for any part.
    Raises ValueError with a list of valid choices if the factory cannot be called with the arguments of its role. The
    returned factory raises ValueError if the new module is not a ``Part``; norms, activations, convolutions, shortcuts
    and upsampling may be any module.
    """
    reason = _misuse(role, factory)
    name = getattr(factory, "__qualname__", repr(factory)[:60])

    def error(reason: str) -> ValueError:
        return ValueError(f"{role} is {name}: {reason}; pass {_ROLES[role].choices}")

    if reason:
        raise error(reason)

    def checked(*arguments: _P.args, **options: _P.kwargs) -> _M:
        module = factory(*arguments, **options)
        if not isinstance(module, _ROLES[role].kind):
            raise error(f"it makes a {type(module).__name__}, not a {_ROLES[role].kind.__name__}")
        if isinstance(module, Part):
            out_channels_of(module)
        return module

    return checked


def _misuse(role: str, factory: object) -> str:
    """The reason why an object cannot be the factory for this role; empty if it can."""
    if isinstance(factory, nn.Module):
        return "this is a module, but a factory is needed: a class or function that makes a new module for each layer"
    arguments = _ROLES[role].arguments
    call = "called" if arguments is None else f"called as ({', '.join(arguments)})"
    made = factory.func if role in ("norm", "conv") and isinstance(factory, partial) else factory
    if role != "act" and isinstance(made, type) and made.__module__.startswith("torch."):
        return f"torch's own class cannot be {call}"  # nn.BatchNorm2d(8, 2) would use the rank as eps
    try:
        signature = inspect.signature(factory)  # type: ignore[arg-type]  # TypeError if it is not callable
        if arguments is not None:
            signature.bind(*arguments)
    except (TypeError, ValueError) as error:  # ValueError for built-in functions, which have no signature
        return f"it cannot be {call}: {error}"
    if role != "act" and str(getattr(made, "__module__", "")).startswith("torch."):
        return "it is one of torch's own functions, which take tensors"  # F.max_pool2d takes any number of arguments
    return ""
