"""Reads ``docs/coming_from.md`` row by row, builds each row's network, and compares it with the row's claims."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from tests.oracles.thin_nets import count, thin
from tests.paths import PACKAGE, ROOT
from unet_tutorial.nets.any_size import any_size
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.resample import ResizeConv
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import valid_sizes

PAGE = ROOT / "docs" / "coming_from.md"
CODE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER, REFUSAL = re.compile(r"\d{1,3}(?:,\d{3})+"), re.compile(r"ValueError: `([^`]+)`")


@dataclass(frozen=True)
class Row:
    """One option: its name in the other system, the expression to write here, and notes."""

    there: str
    here: str
    know: str


def sections(text: str) -> Iterator[tuple[str, str]]:
    """The sections of the page, as (heading, text)."""
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        yield title, body


def rows(text: str) -> list[Row]:
    """The rows of a section's table, without its header."""
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [Row(there.replace("`", ""), here, know) for there, here, know in cells]


def names(section: str = "") -> dict[str, Any]:
    """The names for expressions of the page: the library's public names, and those defined in the section's code."""
    found: dict[str, Any] = {"torch": torch, "nn": nn, "partial": partial, "replace": replace}
    modules = [
        path for folder in ("plan", "nets", "learning/losses") for path in sorted((PACKAGE / folder).rglob("[a-z]*.py"))
    ]
    for path in modules:
        public = vars(importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)))
        found |= {name: value for name, value in public.items() if not name.startswith("_")}
    for code in CODE.findall(section):
        exec(code, found)
    return found


def section_faults(section: str, options: Mapping[str, str], there: set[str]) -> list[str]:
    """The errors in a system's table, in sentences."""
    table, known = rows(section), names(section)
    written = [row.there for row in table]
    faults = [f"no row for {option}" for option in options if option not in written]
    faults += [f"{row.there}: no option, or a second row" for row in table if written.count(row.there) > 1]
    for row in table:
        wanted = options.get(row.there)
        found = row_faults(row, wanted, known) if wanted else ["not in the list of options"]
        faults += [f"{row.there}: {fault}" for fault in found]
    quoted = NUMBER.findall(PARAMETERS.sub("", section))
    return faults + [f"{number} is not known from there" for number in quoted if number not in there]


def row_faults(row: Row, wanted: str, known: dict[str, Any]) -> list[str]:
    """The errors in a row."""
    role, _, trait = wanted.partition(" ")
    expression = re.fullmatch("`([^`]+)`", row.here)
    if role == "absent" or expression is None:
        honest = role == "absent" and row.here.startswith("not here: ")
        return [] if honest else [f"{row.here!r} is no expression in backticks"]
    try:
        with torch.device("cpu" if role == "value" else "meta"):
            made = eval(expression[1], known)
        if role == "refused":
            return ["it is not refused"]
        if role == "value":
            return value_faults(float(made), trait, row.know)
        net = made if role == "net" else thin(made if role == "levels" else THIN, **part(role, made))
    except (ValueError, TypeError, NameError, AttributeError, SyntaxError) as error:
        begin = REFUSAL.search(row.know)
        right = role == "refused" and isinstance(error, ValueError) and begin and str(error).startswith(begin[1])
        return [] if right else [f"{type(error).__name__}: {error}"]
    held = any(found.startswith(trait) for found in traits(net))
    return [*net_faults(net, row.know), *([] if held else [f"no {trait} in it"])]


def value_faults(made: float, wanted: str, know: str) -> list[str]:
    """The errors in a row that computes a number: another value, or another number in its note."""
    faults = [] if abs(made - float(wanted)) < 1e-6 else [f"it is {made:.6f}"]
    return faults + ([] if know.startswith(wanted) else [f"its note does not begin with {wanted}"])


MILESIAL = {
    "n_channels, n_classes": "net in 3 out 2",
    "bilinear=False": "net ConvTranspose2d",
    "bilinear=True": "up bilinear (1, 1)",
    "convolutions without bias": "net in 3 out 2",
    "an image of any size": "net any_size",
    "use_checkpointing()": "block Checkpointed",
    "concatenation [skip, up]": "merge Concat",
}
BASIC_UNET = {
    "spatial_dims=2": "net rank 2",
    "spatial_dims=3": "net rank 3",
    "in_channels, out_channels": "net in 3 out 4",
    "features": "net widths (16, 16, 32, 64, 128)",
    "act": "act LeakyReLU(negative_slope=0.1)",
    "norm": "norm InstanceNorm2d(8, eps=1e-05, momentum=0.1, affine=True",
    "bias=False": "unit Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1), padding=same, bias=False)",
    "dropout": "block Dropout(p=0.1, inplace=False)",
    'upsample="deconv"': "up ConvTranspose2d",
    'upsample="pixelshuffle"': "up PixelShuffle",
    'upsample="nontrainable"': "up bilinear (1, 1)",
    "an odd image": "net any_size",
}
STRIDED_UNET = {
    "spatial_dims": "net rank 3",
    "in_channels, out_channels": "net in 3 out 4",
    "channels": "net widths (16, 32, 64, 128, 256)",
    "strides": "down StridedConv",
    "strides=(2, …) at the first level": "refused",
    "kernel_size=5": "levels kernel (5, 5)",
    "up_kernel_size": "absent",
    "num_res_units=2": "block Residual",
    "act": "act PReLU(num_parameters=1)",
    "norm": "norm InstanceNorm2d",
    "dropout": "block Dropout(p=0.1, inplace=False)",
    "bias=False": "unit Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1), padding=same, bias=False)",
    'adn_ordering="NDA"': "unit ('conv', 'norm', 'act')",
    'adn_ordering="ADN"': "unit ('conv', 'act', 'norm')",
}
ATTENTION_UNET = {
    "spatial_dims": "net rank 3",
    "in_channels, out_channels": "net in 1 out 2",
    "channels": "net widths (16, 32, 64, 128)",
    "strides": "down StridedConv",
    "kernel_size=5": "levels kernel (5, 5)",
    "up_kernel_size": "absent",
    "dropout": "block Dropout(p=0.1, inplace=False)",
    "the gate": "merge AttentionGate",
}


THIN = pyramid((8, 16, 16))
PARAMETERS, SIZES = re.compile(r"([\d,]+) parameters"), re.compile(r"([\d×]+) → ([\d×]+)")


def part(role: str, made: Any) -> dict[str, Any]:
    """The arguments of ``thin`` for a network with this part."""
    if role in ("norm", "act"):
        return {"block": conv_stack(ConvUnit(**{"norm": batch_norm, role: made}))}
    return {} if role == "levels" else {"block": conv_stack(made)} if role == "unit" else {role: made}


def traits(net: nn.Module) -> set[str]:
    """All properties of a network that a row may claim."""
    inner = net.net if isinstance(net, any_size) else net
    if not isinstance(inner, Network):
        return set()
    widths = tuple(level.channels for level in inner.levels)
    found = {f"rank {inner.levels[0].rank}", f"padding {inner.padding}", f"widths {widths}"}
    found |= {f"in {inner.in_channels} out {inner.out_channels}"} | {f"kernel {level.kernel}" for level in inner.levels}
    for module in net.modules():
        found |= {type(module).__name__, repr(module), str(tuple(name for name, _ in module.named_children()))}
        if isinstance(module, ResizeConv):
            found.add(f"{module.mode} {tuple(module.conv.get_parameter('weight').shape[2:])}")
    return found


def net_faults(net: Any, know: str) -> list[str]:
    """The errors in a network: its number of parameters, its sizes, and parameters without gradient."""
    if not isinstance(net, Network | any_size):
        return [f"it makes a {type(net).__name__} and no network"]
    number = f"{count(net):,}"
    faults = [f"it has {number} parameters" for claimed in PARAMETERS.findall(know) if claimed != number]
    for came, gives in SIZES.findall(know) or [usual(net)]:
        got = there_and_back(net, size(came))
        faults += [f"{came} gives {got}"] if gives and got != size(gives) else []
    return faults + [f"{name} learns nothing" for name, weight in net.named_parameters() if not learns(weight)]


def size(text: str) -> tuple[int, ...]:
    """As in 572×572."""
    return tuple(map(int, text.split("×")))


def usual(net: Network | any_size) -> tuple[str, str]:
    """The fourth valid size per axis, and no output size, because the page claims none."""
    valid = valid_sizes(net.levels, padding="same" if isinstance(net, any_size) else net.padding)
    return "×".join(str(sizes[3]) for sizes in valid), ""


def there_and_back(net: Network | any_size, came: tuple[int, ...]) -> tuple[int, ...]:
    """The size of the logits of two images, after a backward pass."""
    image = torch.randn(2, net.in_channels, *came, device=next(net.parameters()).device)
    made = net(image)
    outputs: list[Tensor] = made if isinstance(made, list) else [made]  # a list with deep supervision
    torch.stack([each.square().sum() for each in outputs]).sum().backward()
    return tuple(outputs[0].shape[2:])


def learns(weight: nn.Parameter) -> bool:
    """Whether a parameter has a gradient that is not 0 everywhere; on "meta", without values, any gradient counts."""
    gradient = weight.grad
    return gradient is not None and (gradient.is_meta or weight.ndim < 2 or bool(gradient.any()))


RELEASE = {
    "the network as released": "net Dropped",
    "the network of Figure 1": "net BottleneckDropout",
    "ReLU after each up-convolution": "up Then",
    "a last up-convolution of 128 channels": "up ConvTranspose2d(16, 128, kernel_size=(2, 2), stride=(2, 2))",
    "dropout after the two deepest blocks": "block Dropout(p=0.5, inplace=False)",
    "concatenation [up, skip]": "merge Concat",
    "weights from the fan-in": "net Dropped",
}
VOLUMES = {
    "the network of figure 2": "net rank 3",
    "channels in and out": "net in 1 out 2",
    "channels of the levels": "net widths (16, 32, 64)",
    "channels doubled before each pooling": "block Conv2d(1, 4, kernel_size=(3, 3), stride=(1, 1), padding=valid)",
    "up-convolutions that keep their channels": "up ConvTranspose2d(16, 16, kernel_size=(2, 2), stride=(2, 2))",
    "batch norm before each ReLU": "unit ('conv', 'norm', 'act')",
    "the same, padded": "net padding same",
}
JAXONY = {
    "num_classes": "net in 3 out 3",
    "in_channels": "net in 1 out 2",
    "depth": "net widths (64, 128, 256)",
    "start_filts": "net widths (32, 64, 128, 256, 512)",
    'up_mode="transpose"': "up ConvTranspose2d",
    'up_mode="upsample"': "up bilinear (1, 1)",
    'merge_mode="concat"': "merge Concat",
    'merge_mode="add"': "merge Add",
    'up_mode="upsample", merge_mode="add"': "net Add",
    "an image of 60 pixels": "refused",
    "weights": "net rank 2",
}
ELEKTRONN3 = {
    "in_channels": "net in 3 out 2",
    "out_channels": "net in 1 out 5",
    "n_blocks": "net widths (32, 64, 128, 256)",
    "start_filts": "net widths (64, 128, 256, 512, 1024)",
    'up_mode="transpose"': "up ConvTranspose2d",
    'up_mode="resizeconv_nearest"': "up nearest (3, 3)",
    'up_mode="resizeconv_linear"': "up bilinear (3, 3)",
    'up_mode="resizeconv_nearest1"': "up nearest (1, 1)",
    'up_mode="resizeconv_linear1"': "net trilinear (1, 1, 1)",
    'up_mode="upsample"': "absent",
    'merge_mode="concat"': "merge Concat",
    'merge_mode="add"': "net Add",
    'merge_mode="add", up_mode="resizeconv_nearest"': "net Add",
    "planar_blocks=(0,)": "net kernel (1, 3, 3)",
    "planar_blocks=(0,), dim=2": "refused",
    "planar_blocks=(3,)": "refused",
    'activation="relu"': "act ReLU",
    'activation="silu"': "act SiLU",
    'activation="leaky"': "act LeakyReLU(negative_slope=0.1)",
    'activation="prelu"': "net PReLU(num_parameters=1)",
    'activation="rrelu"': "act RReLU",
    'activation="lin"': "act ('conv', 'norm')",
    "activation=nn.ELU()": "act ELU",
    "activation=nn.PReLU()": "refused",
    'normalization="batch"': "norm BatchNorm2d",
    'normalization="group"': "net GroupNorm(8, 32",
    'normalization="group4"': "norm GroupNorm(4, 8",
    'normalization="instance"': "net InstanceNorm3d",
    'normalization="none"': "net ('conv', 'act')",
    "full_norm=True": "unit ('conv', 'norm', 'act')",
    "full_norm=False": "net ('conv', 'act')",
    "attention=False": "merge Concat",
    "attention=True": "net AttentionGate",
    "attention=True, planar_blocks=(0,)": "net GridGate",
    "attention=True, planar_blocks=(0, 1, 2)": "net AttentionGate",
    "dim=3": "net rank 3",
    "dim=2": "net rank 2",
    'conv_mode="same"': "unit padding same",
    'conv_mode="valid"': "unit padding valid",
    "an image of 571 pixels, valid": "refused",
    "an image of any size, same": "net any_size",
    "batch_norm": "absent",
    "forward_gradcp": "block Checkpointed",
    "TorchScript": "absent",
}
JOHSCHMIDT42 = {
    "in_channels": "net in 3 out 2",
    "out_channels": "net in 1 out 5",
    "n_blocks": "net widths (32, 64, 128, 256, 512)",
    "start_filters": "net widths (16, 32, 64, 128)",
    'activation="relu"': "act ReLU",
    'activation="leaky"': "act LeakyReLU(negative_slope=0.1)",
    'activation="elu"': "act ELU",
    'normalization="batch"': "unit ('conv', 'act', 'norm')",
    'normalization="instance"': "unit InstanceNorm2d",
    "normalization=None": "net ('conv', 'act')",
    'normalization="group8"': "unit GroupNorm(8, 8",
    'conv_mode="same"': "unit padding same",
    'conv_mode="valid"': "net padding valid",
    "dim=2": "net rank 2",
    "dim=3": "net rank 3",
    'up_mode="transposed"': "up ConvTranspose2d",
    'up_mode="nearest"': "up nearest (1, 1)",
    'up_mode="linear"': "net linear (1,)",
    'up_mode="bilinear"': "up bilinear (1, 1)",
    'up_mode="bicubic"': "refused",
    'up_mode="trilinear"': "net trilinear (1, 1, 1)",
    "an image of 63 pixels": "refused",
    "weights": "net rank 2",
}
LOSSES = {  # values by hand for the example of the page
    "MONAI DiceLoss(sigmoid=True)": "value 0.268292",
    "MONAI DiceLoss(softmax=True, to_onehot_y=True, include_background=False)": "value 0.268292",
    "MONAI DiceLoss(batch=True)": "value 0.268292",
    "MONAI DiceLoss(jaccard=True)": "value 0.423075",
    "MONAI GeneralizedDiceLoss": "value 0.275000",
    "MONAI TverskyLoss(alpha=0.3, beta=0.7)": "value 0.261082",
    "MONAI FocalLoss(gamma=2)": "value 0.043361",
    "MONAI FocalLoss(use_softmax=True)": "value 0.043361",
    "MONAI ignore_index": "absent",
    "AmberzzZZ, Dice of unet and vnet": "absent",
    "AmberzzZZ, Dice of loss.py": "value 0.915332",
    "AmberzzZZ, bce": "value 0.337539",
    "AmberzzZZ, reweighted bce": "value 0.154076",
    "AmberzzZZ, focal, a sum": "value 0.088690",
    "AmberzzZZ, the loss of disc": "value 1.628078",
    "AmberzzZZ, 0.8 pos + 0.2 neg": "value 0.271044",
    "AmberzzZZ, border Dice": "value 0.273885",
    "arXiv 1906.03906, hardness-weighted Dice": "value 0.293179",
    "Oktay, soft Dice": "value 0.267640",
    "UNet++, bce_dice": "value -0.562939",
    "milesial, cross-entropy + Dice": "value 0.612711",
    "UNet 3+, focal + MS-SSIM + IoU": "value 0.796855",
    "elektronn3 LovaszLoss": "value 0.320833",
}
VNET = {
    "the model file": "net rank 3",
    "the network of figure 2": "net Repeated",
    "in 2D": "net rank 2",
    "two input volumes": "net in 2 out 2",
    "num_output: 2": "net in 1 out 3",
    "PReLU, one slope per channel": "unit PReLU(num_parameters=8)",
    "PReLU after each sum": "block Followed",
    "the image added to each map": "net Repeated",
    "convolutions instead of pooling": "down StridedConv",
    "PReLU after each deconvolution": "up PReLU(num_parameters=16)",
    "concatenation [up, skip]": "merge Concat",
}
KERAS_VNETS = {
    "vnet(num_classes=1)": "net rank 2",
    "input_size=(256, 256, 1)": "net PReLU(num_parameters=16)",
    "input_size=(128, 128, 2)": "net in 2 out 1",
    "stage_num=4": "net widths (16, 32, 64, 128)",
    "PReLU after a batch norm": "unit ('conv', 'norm')",
    "vnet_3d(n_classes=1, kernel_size=3, deconv=False)": "net LeakyReLU(negative_slope=0.3)",
    "deconv=True": "net ConvTranspose3d",
    "deconv=True, kernel_size=5": "net kernel (5, 5, 5)",
    "n_base_filters=8": "net widths (8, 16, 32, 64, 128)",
    "bn=False": "net InstanceNorm3d",
    "element_add": "net ZeroPadded",
    "resize_trilinear": "up bilinear (1, 1)",
    "n_classes=1 with a softmax": "absent",
    "vnet_3d_depthwise(kernel_size=3), first version": "net rank 3",
    "the same with pointwise convolutions": "net ('depthwise', 'pointwise')",
    "DepthwiseConv3D": "unit ('depthwise', 'pointwise')",
    "vnet3d.py, depth=4": "net in 2 out 1",
    "depth=5": "net widths (16, 32, 64, 128, 256)",
    "Res_Conv_BN": "block Bottleneck",
    "InceptionDownSamp": "down Inception",
    "Conv_BN(strides=2)": "down Overlapping",
}
MONAI_VNET = {
    "spatial_dims=3": "net rank 3",
    "spatial_dims=2": "net rank 2",
    'out_channels=2, act="prelu"': "net PReLU(num_parameters=2)",
    "in_channels=3": "net in 3 out 1",
    "bias=False": "unit Conv2d(1, 8, kernel_size=(3, 3), stride=(1, 1), padding=same, bias=False)",
    "dropout_prob_down, dropout_prob_up": "absent",
    "an odd image": "net any_size",
}
NESTED = {
    "base_num_features=32": "net widths (32, 64, 128, 256, 480, 480)",
    "input_channels, num_classes": "net in 3 out 4",
    "num_pool": "net widths (8, 16, 32)",
    "conv_op=nn.Conv3d": "net rank 3",
    "num_conv_per_stage=3": "levels widths (8, 16, 16)",
    "pool_op_kernel_sizes, conv_kernel_sizes": "levels kernel (1, 3, 3)",
    "convolutional_pooling=False": "down MaxPool",
    "convolutional_pooling=True": "absent",
    "convolutional_upsampling=True": "up ConvTranspose2d(16, 8, kernel_size=(2, 2), stride=(2, 2), bias=False)",
    "convolutional_upsampling=False": "net Interpolation",
    "norm_op": "norm InstanceNorm2d(8, eps=1e-05, momentum=0.1, affine=True",
    "nonlin": "act LeakyReLU(negative_slope=0.01)",
    "dropout_op": "absent",
    "deep_supervision=True": "net SideHeads",
    "deep_supervision=False": "net NestedDecoder",
    "upscale_logits": "absent",
    "seg_output_use_bias=True": "net Conv2d(8, 2, kernel_size=(1, 1), stride=(1, 1), padding=same)",
    "weightInitializer": "net NestedDecoder",
    "pruning at column 1": "net widths (8, 16)",
}
KERAS_NESTED = {
    "U_Net": "net Dropout",
    "wU_Net": "net widths (35, 70, 140, 280, 560)",
    "UNetPlusPlus": "net NestedDecoder",
    "deep_supervision=True": "net SideHeads",
    "color_type, num_class": "net in 3 out 4",
    "dropout_rate": "unit Dropout(p=0.5",
    'the "accurate mode" of the paper': "net AveragedHeads",
    "concatenation [up, skips]": "merge Concat",
    'activation="sigmoid"': "absent",
    "kernel_regularizer=l2(1e-4)": "absent",
}
BASIC_NESTED = {
    "spatial_dims=2": "net rank 2",
    "spatial_dims=3": "net rank 3",
    "in_channels, out_channels": "net in 3 out 4",
    "features": "net widths (16, 16, 32, 64, 128)",
    "deep_supervision=True": "net SideHeads",
    "deep_supervision=False": "net NestedDecoder",
    "act": "act LeakyReLU(negative_slope=0.1)",
    "norm": "norm InstanceNorm2d(8, eps=1e-05, momentum=0.1, affine=True",
    'upsample="deconv"': "up ConvTranspose2d",
    'upsample="nontrainable"': "up bilinear (1, 1)",
}
FULL_SCALE = {
    "UNet_3Plus": "net FullScaleDecoder",
    "UNet_3Plus_DeepSup": "net SideHeads",
    "UNet_3Plus_DeepSup_CGM": "net GuidedHeads",
    "UNet_2Plus": "net AveragedHeads",
    "in_channels, n_classes": "net in 3 out 4",
    "the channels 64 to 1024": "net widths (8, 16, 32)",
    "feature_scale": "absent",
    "is_deconv": "up ConvTranspose2d(16, 8, kernel_size=(4, 4), stride=(2, 2), padding=(1, 1))",
    "is_batchnorm=False": "unit ('conv', 'act')",
    "a network in 3D": "net rank 3",
    "an image of 33 pixels": "net any_size",
}
GATED = {
    "unet_CT_single_att_dsv_3D": "net MixedGates",
    "unet_CT_multi_att_dsv_3D": "net MixedGates",
    "unet_CT_dsv_3D": "net FusedHeads",
    "feature_scale=4": "net widths (8, 16, 32, 64, 128)",
    "in_channels, n_classes": "net in 3 out 21",
    "a network in 2D": "net rank 2",
    "is_deconv": "up Interpolation",
    'nonlocal_mode="concatenation"': "merge MixedGates",
    'nonlocal_mode="concatenation_residual"': "absent",
    "attention_dsample=(2, 2, 2)": "merge MixedGates",
    "a GPU": "absent",
}
KERAS_UNETS = {
    "unet_original()": "net padding valid",
    "input_size=(448, 448, 1)": "refused",
    "UpSampling2D and Conv2D(2)": "up nearest (2, 2)",
    "Dropout(0.5)": "net BottleneckDropout",
    "unet_padding()": "net BatchNorm2d",
    "output_channels=4": "net in 1 out 4",
    "stage=4": "net widths (64, 128, 256, 512)",
    "res=True": "net Residual",
    "upSam=False": "up ConvTranspose2d",
    "unet_3d(bn=True, deconv=True)": "net ConvTranspose3d(512, 512",
    "unet_3d()": "net Interpolation",
    "depth=3": "net rank 3",
    "unet25d()": "net SpatialAttention",
    "input_shape=(512, 512, 5)": "net kernel (1, 3, 3)",
    "attentionModule": "block SpatialAttention",
    'unet("orig_unet")': "net in 2 out 4",
    'unet("vgg16")': "net widths (64, 128, 256, 512, 512, 512)",
    'unet("resnet50")': "net widths (3, 64, 256, 512, 1024, 2048)",
    'unet("darknet52")': "net LeakyReLU(negative_slope=0.1)",
    "a ResNet-34": "net widths (3, 64, 64, 128, 256, 512)",
    "pretrained weights": "absent",
    "decoder_block_deconv": "net BottleneckStep",
    "branch2_unet.py": "net SideOutput",
    'fine_grained_unet("darknet52")': "net FineGrained",
}
VS_SEG = {
    "UNet2d5_spvPA": "net kernel (1, 3, 3)",
    "channels": "net widths (8, 16, 24, 32)",
    "kernel_sizes, strides": "net kernel (3, 3, 3)",
    "in_channels, out_channels": "net in 2 out 3",
    "dropout": "net Dropout(p=0.2, inplace=False)",
    "num_res_units=2": "block Residual",
    "norm": "norm BatchNorm2d",
    "attention_module=True": "block SpatialAttention",
    "strided convolutions": "down Overlapping",
    "transposed convolutions": "up TransposedAround",
    "att_maps": "net AttentionOutputs",
}
SMP_UNET = {
    'encoder_name="resnet34"': "net widths (3, 64, 64, 128, 256, 512)",
    'encoder_name="tu-convnext_atto"': "net widths (3, 40, 80, 160, 320)",
    'encoder_name="tu-vit_tiny_patch16_224"': "net SimplePyramid",
    'encoder_weights="imagenet"': "net TimmEncoder",
    "encoder_weights=None": "net TimmEncoder",
    "encoder_depth=4": "absent",
    "in_channels, classes": "net in 1 out 4",
    "decoder_channels=(128, 64, 32, 16, 8)": "net Conv2d(8, 8, kernel_size=(3, 3)",
    'decoder_use_norm="batchnorm"': "unit Conv2d(8, 8, kernel_size=(3, 3), stride=(1, 1), padding=same, bias=False)",
    'decoder_attention_type="scse"': "absent",
    'decoder_interpolation="nearest"': "up Interpolation",
    'decoder_interpolation="bilinear"': "up Interpolation",
    "activation": "absent",
    "aux_params": "absent",
    "an image of any size": "net any_size",
    "concatenation [up, skip]": "merge Concat",
}
DYNAMIC_UNET = {
    "resnet34, n_out=5": "net in 3 out 5",
    "resnet34, n_out=32": "net in 3 out 32",
    "last_cross=False": "net NoSkip",
    "encoder": "net widths (3, 40, 80, 160, 320)",
    "img_size": "absent",
    "images of 127×128 pixels": "net any_size",
    "images of 97×65 pixels": "net any_size",
    "blur, blur_final": "absent",
    "self_attention=True": "absent",
    "y_range": "absent",
    "bottle=True": "absent",
    "act_cls=nn.ReLU": "up PixelShuffle",
    "init=nn.init.kaiming_normal_": "net in 1 out 2",
    "norm_type=None": "unit ('conv', 'act')",
    "the merge of a step": "merge NormedConcat",
}
MORE_DYNAMIC_UNET = {
    "encoder": "net in 1 out 2",
    "unet_mid_ch_scale=2": "net Conv2d(512, 1024, kernel_size=(3, 3)",
    'unet_dec_ch_reduc="eq_skip"': "net Conv2d(512, 256, kernel_size=(3, 3)",
    'unet_dec_ch_reduc="halve"': "net Conv2d(96, 48, kernel_size=(3, 3)",
    "no reduction": "net Conv2d(512, 512, kernel_size=(3, 3)",
    "UpsampleLayer": "up PixelShuffle",
    "UNetUpBlock": "merge NormedConcat",
    "UNetMidBlock": "net WithBottom",
    "an image of any size": "net any_size",
}
OPTIONS = {
    "The authors' release of 2015 (Caffe)": RELEASE,
    "The 3D U-Net of the paper (arXiv 1606.06650)": VOLUMES,
    "jaxony/unet-pytorch": JAXONY,
    "elektronn3": ELEKTRONN3,
    "johschmidt42": JOHSCHMIDT42,
    "milesial/Pytorch-UNet": MILESIAL,
    "MONAI BasicUNet": BASIC_UNET,
    "MONAI UNet": STRIDED_UNET,
    "MONAI AttentionUnet": ATTENTION_UNET,
    "V-Net (arXiv 1606.04797)": VNET,
    "V-Nets of unet_vnet_keras": KERAS_VNETS,
    "MONAI VNet": MONAI_VNET,
    "UNet++ (PyTorch, MrGiovanni/UNetPlusPlus)": NESTED,
    "UNet++ (Keras, MrGiovanni/UNetPlusPlus)": KERAS_NESTED,
    "MONAI BasicUNetPlusPlus": BASIC_NESTED,
    "UNet 3+ and UNet++ (ZJUGiveLab/UNet-Version)": FULL_SCALE,
    "Attention-Gated-Networks (Oktay et al.)": GATED,
    "U-Nets of unet_vnet_keras": KERAS_UNETS,
    "VS_Seg (KCL-BMEIS)": VS_SEG,
    "segmentation_models_pytorch Unet": SMP_UNET,
    "fastai DynamicUnet": DYNAMIC_UNET,
    "MoreDynamicUNet": MORE_DYNAMIC_UNET,
    "Losses": LOSSES,
}
TIMM = ("segmentation_models_pytorch Unet", "fastai DynamicUnet", "MoreDynamicUNet")  # sections that need timm
THERE = {  # published, or counted in the other system
    *("19,069,955", "1,968,290", "1,971,554", "5,646,242", "43,232"),
    *("31,037,698", "31,036,546", "17,263,042", "1,625,161", "4,806,481", "31,739,250"),
    *("13,289,137", "26,261,809", "16,529,713", "14,324,241", "14,704,145", "65,182,769", "487,601", "1,280,689"),
    *("31,054,145", "31,054,340", "19,078,337", "7,687,862", "28,331,012", "20,708,737", "31,263,873", "42,548,321"),
    *("28,331,142", "42,548,611", "5,774,473"),
}
