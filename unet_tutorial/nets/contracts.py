"""Base classes of parts, encoders and decoders, and the check of every factory that a user hands in."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, ParamSpec, TypeVar

from torch import nn

from unet_tutorial.plan.levels import Level, Size
from unet_tutorial.plan.sizes import Padding

_P = ParamSpec("_P")
_M = TypeVar("_M", bound=nn.Module)


class Part(nn.Module):
    """Base class of blocks, merges and resampling layers.

    - ``out_channels``: the number of output channels; every part sets it in its ``__init__``.
    - ``padding``: "same" if its convolutions keep a size, "valid" if each of them shortens an axis by kernel - 1.
    - ``own_init``: True if the part initialises itself; initialisers of a whole network then skip it.
    - ``extra_reach``: extra pixels read per side and axis, beyond kernel = stride upsampling, counted in pixels of
      the part's output. Upsampling and merges that read neighbours set it; () is none.
    """

    out_channels: int
    padding: Padding = "same"
    own_init: bool = False
    extra_reach: Size = ()


class Wrapper(Part):
    """Base class of parts around another part: states the same ``out_channels``, ``padding`` and ``extra_reach``."""

    def __init__(self, inner: Part) -> None:
        super().__init__()
        self.out_channels = out_channels_of(inner)
        self.padding, self.extra_reach = inner.padding, inner.extra_reach


class FeatureExtractor(nn.Module):
    """Base class of encoders: image (N, in_channels, *size) -> list of feature maps, finest first.

    ``levels`` is the plan that the encoder was built from, and ``out_channels`` holds one number per feature map. The
    decoder must be built from an equal plan, because the sizes of the skips follow from the plan.
    """

    in_channels: int
    levels: tuple[Level, ...]
    out_channels: Size
    padding: Padding = "same"


class FeatureDecoder(Part):
    """Base class of decoders: list of feature maps, finest first -> features (N, out_channels, *size) for the head.

    ``levels`` is the plan that the decoder was built from. ``padding`` is that of its convolutions, and
    ``extra_reach`` is that of the whole decoder, in pixels of the finest level.
    """

    levels: tuple[Level, ...]


def out_channels_of(module: nn.Module) -> int:
    """The ``out_channels`` of a part or of one of torch's layers; ValueError if the module does not state them."""
    channels = getattr(module, "out_channels", None)
    if not isinstance(channels, int):
        raise ValueError(f"{type(module).__name__} does not state its out_channels; set them in its __init__")
    return channels


class _Role(NamedTuple):
    """The arguments of a factory (None if they vary), the class of its results, and valid choices for the message."""

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
    "block": _Role(
        ("in_channels", "out_channels", "level"),
        Part,
        "conv_stack(ConvUnit()), or residual, dropped or checkpointed of a block",
    ),
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

    ``role`` is "norm", "act", "block", "down", "up", "merge", "step", or "part" for a factory of any part. ValueError,
    which lists valid choices, if the factory cannot be called with the arguments of its role; and, when it is called,
    if it makes no ``Part`` (norms, activations and upsampling may be any module).
    """
    reason = _misuse(role, factory)
    name = getattr(factory, "__qualname__", repr(factory)[:60])

    def error(reason: str) -> ValueError:
        return ValueError(f"{role} is {name}: {reason}; hand in {_ROLES[role].choices}")

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
    """The reason why an object is no factory for this role; empty if it is one."""
    if isinstance(factory, nn.Module):
        return "a module, but a factory is needed, which makes a new module for each place"
    arguments = _ROLES[role].arguments
    call = "called" if arguments is None else f"called as ({', '.join(arguments)})"
    made = factory.func if role == "norm" and isinstance(factory, partial) else factory
    if role != "act" and isinstance(made, type) and made.__module__.startswith("torch."):
        return f"torch's own class cannot be {call}"  # nn.BatchNorm2d(8, 2) would read the rank as eps
    try:
        signature = inspect.signature(factory)  # type: ignore[arg-type]  # TypeError if it is not callable
        if arguments is not None:
            signature.bind(*arguments)
    except (TypeError, ValueError) as error:  # ValueError for built-in functions, which have no signature
        return f"it cannot be {call}: {error}"
    return ""
