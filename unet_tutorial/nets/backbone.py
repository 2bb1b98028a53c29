"""Encoders from timm (https://github.com/huggingface/pytorch-image-models), with or without pretrained weights.

timm belongs to the extra ``backbones``. It is imported when the first encoder is built.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from importlib import import_module
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any, Self

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from unet_tutorial.disk import one_line
from unet_tutorial.nets.contracts import FeatureExtractor
from unet_tutorial.nets.reach import unplanned_reach
from unet_tutorial.nets.simple_pyramid import SimplePyramid
from unet_tutorial.plan.levels import Level, Size, positive_int

Weights = Callable[[str, int], dict[str, Any]]  # (name, in_channels) -> arguments of timm.create_model

INSTALL = "pip install -r requirements-backbones.txt"
TRIED = (1, 2, 4, 8)  # sizes of images, in multiples of the total stride, that an encoder is tried with
_DECLARED: list[torch.library.Library] = []  # the declarations of a Library end when it is deleted


def timm_library() -> Any:
    """The module timm. Raises ValueError, with the command that installs it, if it is missing or cannot be imported.

    Some versions of torchvision cannot be imported beside a torch for which they were not built, because their
    operators are missing ("operator torchvision::nms does not exist"). timm never calls these operators, so they are
    then declared here, without an implementation.
    """
    try:
        try:
            return import_module("timm")
        except RuntimeError as error:
            if "torchvision::nms" not in str(error) or _DECLARED:
                raise
            library = torch.library.Library("torchvision", "DEF")
            for name in ("nms", "qnms"):
                library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
            _DECLARED.append(library)
            return import_module("timm")
    except Exception as error:  # a broken installation may raise anything
        state = "is not installed" if isinstance(error, ModuleNotFoundError) else "cannot be imported"
        raise ValueError(
            f"timm, which this encoder comes from, {state} ({one_line(error)}); install it with torch and torchvision "
            f"in one command, so that their versions fit: {INSTALL}"
        ) from error


def untrained(name: str, in_channels: int) -> dict[str, Any]:  # noqa: ARG001
    """Random weights, as timm draws them."""
    return {}


def downloaded(name: str, in_channels: int) -> dict[str, Any]:  # noqa: ARG001
    """Pretrained weights, which timm downloads or takes from its cache. A tag chooses them: "resnet34.a1_in1k"."""
    return {"pretrained": True}


def from_file(path: str | Path) -> Weights:
    """Pretrained weights from a local safetensors file with the state dict of ``timm.create_model(name)``.

    Such is the ``model.safetensors`` of timm's repositories. The weights of the classifier are not used. The first
    convolution may have 3 input channels, or as many as the encoder; timm converts 3 to any number. An encoder that is
    built with it raises ValueError if the file is missing, is no safetensors file, or holds another model.
    """

    def weights(name: str, in_channels: int) -> dict[str, Any]:
        _check_file(Path(path), name, in_channels)
        return {"pretrained": True, "pretrained_cfg_overlay": {"file": str(path)}}

    return weights


def _check_file(path: Path, name: str, in_channels: int) -> None:
    """Raise ValueError unless the file holds all weights of the model, in their shapes, and no others.

    timm does not check it for a network without its classifier: missing weights stay random.
    """
    try:
        with safe_open(path, "pt") as file:
            found = {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{path} cannot be read as a safetensors file: {error}") from error
    with torch.device("meta"):
        whole = timm_library().create_model(name)
    config = whole.pretrained_cfg
    unused = tuple(f"{layer}." for layer in _names(config.get("classifier")))
    stems = [f"{layer}.weight" for layer in _names(config.get("first_conv"))]
    state = {key: tuple(value.shape) for key, value in whole.state_dict().items() if not key.startswith(unused or "?")}
    counters = {key for key in state if key.endswith("num_batches_tracked")}

    def fits(key: str) -> bool:
        own = (state[key][0], in_channels, *state[key][2:]) if key in stems else state[key]
        return found[key] in (state[key], own)

    missing = [key for key in state if key not in found and key not in counters]
    others = [key for key in found if key not in state and not key.startswith(unused or "?")]
    misfits = [key for key in state if key in found and not fits(key)]
    for keys, fault in ((missing, "lacks"), (others, "also holds"), (misfits, "has another shape for")):
        if keys:
            raise ValueError(
                f"{path} is not a file of {name}: it {fault} {len(keys)} weights, such as {keys[0]!r}; pass the state "
                f"dict of timm.create_model({name!r})"
            )


def _names(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """The names in an entry of timm's configuration, which may be one, several or none."""
    return (names,) if isinstance(names, str) else tuple(names or ())


class TimmEncoder(FeatureExtractor):
    """A network of timm as an encoder: image (N, in_channels, H, W) -> [image, features, …], finest first.

    ``name`` is one of ``timm.list_models()``. Level 0 is the image itself, unless the network has features of full
    size. Each further level is a feature map of the network, and its stride is the ratio to the map before, so that
    each step of a decoder has a skip. The plan states kernels of 3 and two convolutions per level: those of a decoder.

    - ``in_channels`` may be any number.
    - Features of hierarchical transformers, (N, H, W, C), become (N, C, H, W).
    - Plain vision transformers have one stride, that of their patches. Their last map goes through a ``SimplePyramid``.
    - Unpadded convolutions lose border pixels. The pixels at the border of such a map are repeated.
    - ``weights`` is ``untrained``, ``downloaded`` or ``from_file(path)``.
    - ``options`` are passed to ``timm.create_model``, such as ``drop_path_rate=0.1``. With ``patch_size=16`` a vision
      transformer has patches of 16×16 pixels; timm resamples its weights if they were trained with others.

    ``extra_reach`` is computed by ``nets.reach``. With squeeze-and-excitation, attention or another mean over pixels,
    the features depend on the whole image, or on where the tile begins, and ``sees_whole_image`` is true. Then
    ``predict_tiled`` is not exact: the prediction of a tile does not depend on the pixels outside the tile.

    Raises ValueError for an unknown name (with similar ones), for a network without feature maps or for images of one
    size only, and for weights that do not fit or cannot be downloaded.
    """

    def __init__(self, name: str, in_channels: int = 3, weights: Weights = untrained, **options: Any) -> None:
        super().__init__()
        positive_int("in_channels", in_channels)
        self.net = _feature_net(name, in_channels, weights, options)
        self.in_channels, self.channels_last = in_channels, getattr(self.net, "output_fmt", "NCHW") == "NHWC"
        info = self.net.feature_info
        maps = dict(zip(info.reduction(), enumerate(info.channels()), strict=True))  # the last map of each stride
        self.kept, self.map_strides = [i for i, _ in maps.values()], tuple(maps)
        strides, channels = list(maps), [number for _, number in maps.values()]
        self.pyramid = None
        if len(strides) == 1:
            self.pyramid = _pyramid(name, channels[0], strides[0])
            strides, channels = list(self.pyramid.strides), list(self.pyramid.out_channels)
        if strides[0] > 1:
            strides, channels = [1, *strides], [in_channels, *channels]
        self.out_channels, self.levels = tuple(channels), _levels(name, strides, channels)
        self.smallest = _smallest(name, self)
        values = _without_values(self.eval())
        reach = unplanned_reach(lambda image: functional_call(self, values, (image,)), in_channels, self.levels)
        self.extra_reach, self.sees_whole_image = reach or (), reach is None
        self.train()

    def forward(self, image: Tensor) -> list[Tensor]:
        """The image, and one map of the network for each coarser level."""
        maps = self.chosen(self.net(image))
        maps = [_fitted(x, image, stride) for x, stride in zip(maps, self.map_strides, strict=True)]
        maps = self.pyramid(maps[0]) if self.pyramid else maps
        return [image, *maps][-len(self.levels) :]

    def chosen(self, maps: list[Tensor]) -> list[Tensor]:
        """Of all maps of the network, the last one of each stride, as (N, C, H, W)."""
        return [maps[i].permute(0, 3, 1, 2) if self.channels_last else maps[i] for i in self.kept]

    def depth_groups(self) -> list[list[nn.Parameter]]:
        """The parameters by depth: those of the first feature map, those that the second needs besides, and so on.

        Each block of a plain vision transformer has a feature map, and its pyramid is the last group. See ``freeze``
        and ``decayed_groups``.
        """
        left, groups = dict(self.named_parameters()), []
        inner, whole = _without_values(self.net), _without_values(self)
        image = torch.empty(2, self.in_channels, *self.smallest, device="meta")
        maps = [(x.sum(), inner, "net.") for x in functional_call(self.net, inner, (image,))]
        outputs = sum(x.sum() for x in functional_call(self, whole, (image,)))
        for total, values, prefix in [*maps, (outputs, whole, "")]:
            asked = {prefix + name: value for name, value in values.items() if value.requires_grad}
            found = torch.autograd.grad(total, list(asked.values()), retain_graph=True, allow_unused=True)
            needed = [name for name, gradient in zip(asked, found, strict=True) if gradient is not None]
            groups.append([left.pop(name) for name in needed if name in left])
        return [group for group in groups if group]

    def freeze(self, groups: int) -> None:
        """Stop the training of the first ``groups`` of the ``depth_groups``, and train the others; 0 trains all.

        A module all of whose parameters are frozen stays in evaluation mode, so that its norms keep their statistics.
        Raises ValueError for a negative number, or one larger than that of the groups.
        """
        found = self.depth_groups()
        if not 0 <= groups <= len(found):
            raise ValueError(f"groups = {groups}: this encoder has {len(found)} depth groups; pass 0 to {len(found)}")
        for i, group in enumerate(found):
            for value in group:
                value.requires_grad_(i >= groups)
        self.train(self.training)

    def train(self, *mode: bool, **named: bool) -> Self:
        """Set the mode, as torch's ``train`` does, but frozen modules stay in evaluation mode."""
        super().train(*mode, **named)
        for module in self.modules():
            values = list(module.parameters())
            if values and not any(value.requires_grad for value in values):
                module.eval()
        return self


def decayed_groups(net: nn.Module, decay: float = 0.8) -> list[dict[str, Any]]:
    """Parameter groups for an optimiser, with smaller learning rates for layers nearer to the image.

    For example ``torch.optim.AdamW(decayed_groups(net))``. The entry "lr_scale", by which ``learning.train.fit``
    multiplies the rate, is ``decay`` to the power k for the k-th last of the encoder's ``depth_groups``, and 1 for all
    parameters outside of the encoder (layer-wise decay, arXiv 2106.08254, section 3.3). Frozen parameters are left out.
    Raises ValueError for a network without a ``TimmEncoder``.
    """
    encoder = next((module for module in net.modules() if isinstance(module, TimmEncoder)), None)
    if encoder is None:
        raise ValueError(
            f"{type(net).__name__} has no TimmEncoder, whose depth groups are needed; pass net.parameters()"
        )
    own = {id(value) for value in encoder.parameters()}
    groups = [*encoder.depth_groups(), [value for value in net.parameters() if id(value) not in own]]
    scales = [decay**k for k in range(len(groups) - 1, -1, -1)]
    trained = [[value for value in group if value.requires_grad] for group in groups]
    return [{"params": group, "lr_scale": scale} for group, scale in zip(trained, scales, strict=True) if group]


def _feature_net(name: str, in_channels: int, weights: Weights, options: dict[str, Any]) -> Any:
    """The network of timm that returns its feature maps."""
    library = timm_library()
    if not callable(weights):
        raise ValueError(f"weights {weights!r}: pass untrained, downloaded or from_file(path)")
    if not isinstance(name, str) or not library.is_model(name):
        near = get_close_matches(str(name), library.list_models(), 5)
        raise ValueError(
            f"timm has no network {name!r}; "
            + (f"similar names are {', '.join(near)}" if near else "timm.list_models() returns all names")
        )
    with torch.device("meta"):
        whole = library.create_model(name)
    accepted = {key for kind in type(whole).__mro__ for key in inspect.signature(kind).parameters}
    if "dynamic_img_size" in accepted:  # transformers accept images of one size only, unless they are told otherwise
        options = {"dynamic_img_size": True, **options}
    blocks = getattr(whole, "feature_info", ())
    if len({block["reduction"] for block in blocks}) == 1:  # the blocks of a plain vision transformer
        options = {"out_indices": tuple(range(len(blocks))), **options}
    given = weights(name, in_channels)
    try:
        return library.create_model(name, features_only=True, in_chans=in_channels, **given, **options)
    except OSError as error:
        raise ValueError(
            f"the weights of {name} cannot be downloaded ({one_line(error)}); download model.safetensors from "
            f"https://huggingface.co/timm on a machine with a connection, and pass weights=from_file(path)"
        ) from error
    except Exception as error:  # timm raises errors of many types
        raise ValueError(
            f"{name} has no feature maps for these options ({type(error).__name__}: {one_line(error)}); choose one of "
            "timm.list_models(), such as 'resnet34' or 'convnext_tiny'"
        ) from error


def _pyramid(name: str, channels: int, patch: int) -> SimplePyramid:
    try:
        return SimplePyramid(channels, patch, rank=2)
    except ValueError as error:
        raise ValueError(f"{name} has one feature map, with {error}; try patch_size=16") from error


def _levels(name: str, strides: list[int], channels: list[int]) -> tuple[Level, ...]:
    for fine, coarse in pairwise(strides):
        if coarse % fine or coarse < fine:
            raise ValueError(
                f"the feature maps of {name} have the strides {', '.join(map(str, strides))}, and {coarse} is not a "
                f"multiple of {fine}, so they are not the levels of a U-Net; choose another network"
            )
    ratios = [strides[0], *(coarse // fine for fine, coarse in pairwise(strides))]
    return tuple(Level(c, (3, 3), (s, s)) for c, s in zip(channels, ratios, strict=True))


def _smallest(name: str, encoder: TimmEncoder) -> Size:
    """The smallest size of images that the network accepts. Raises ValueError if there is none."""
    values, reason = _without_values(encoder.net), ""
    total = prod(level.stride[0] for level in encoder.levels)
    for side in [n * total for n in TRIED]:
        try:
            for size in ((side, side), (2 * side, side)):  # a second one: some networks accept exactly one size
                image = torch.empty(2, encoder.in_channels, *size, device="meta")
                maps = functional_call(encoder.net, values, (image,))
                for x, stride in zip(encoder.chosen(maps), encoder.map_strides, strict=True):
                    if not all(n // stride // 2 < m <= n // stride for n, m in zip(size, x.shape[2:], strict=True)):
                        raise ValueError(f"its map of stride {stride} has the size {tuple(x.shape[2:])} for {size}")
        except Exception as error:  # of many types
            reason = one_line(error)
        else:
            return side, side
    raise ValueError(
        f"{name} accepts images of one size only ({reason}); choose a network of convolutions, a Swin transformer, or "
        "a vision transformer of timm with the option dynamic_img_size"
    )


def _without_values(module: nn.Module) -> dict[str, Tensor]:
    """Tensors without values in place of the parameters and buffers of a module, for ``functional_call``."""
    values = {name: torch.empty_like(x, device="meta").requires_grad_() for name, x in module.named_parameters()}
    return values | {name: torch.empty_like(x, device="meta") for name, x in module.named_buffers()}


def _fitted(x: Tensor, image: Tensor, stride: int) -> Tensor:
    """The map with the size of the image / stride; border pixels are repeated where it is smaller."""
    missing = [n // stride - m for n, m in zip(image.shape[2:], x.shape[2:], strict=True)]  # 0 for padded convolutions
    if not any(missing):
        return x
    (top, left), (height, width) = ([n // 2 for n in missing], missing)
    return F.pad(x, (left, width - left, top, height - top), mode="replicate")
