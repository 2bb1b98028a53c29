"""``python -m benchmarks.library_networks``: descriptions of the networks of MONAI and segmentation_models_pytorch.

For each network the description is compared with the library: parameters, multiply-accumulates, the norms that run, the
outputs in their order, and, where the library states them, the channels of the levels. Needs the extra ``bench``:
``pip install -c constraints.txt torch==2.13.0 -e '.[bench]'``. Weights are on the meta device; the run takes about two
minutes on two cores. The exit code is 1 if anything differs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_leaves

from tests.oracles.torch_counts import macs, parameters
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.arch.level_maps import level_maps
from unet_tutorial.figures.arch.text import kind_text
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.plan.levels import Size

NORMS = {  # torch's class: its name in a figure
    nn.modules.batchnorm._BatchNorm: "batch norm",
    nn.modules.instancenorm._InstanceNorm: "instance norm",
    nn.GroupNorm: "group norm",
    nn.LayerNorm: "layer norm",
}
HEADS = ("network", "levels", "channels", "outputs", "norms", "not a plain U", "agrees")


@dataclass(frozen=True)
class Case:
    """A network of a library, the shapes of its inputs, and the channels that the library states for the levels.

    ``stated`` is () if the library states none. A shape of length 1 is a tensor of integers, such as time steps.
    """

    name: str
    options: dict[str, Any]
    shapes: tuple[Size, ...]
    stated: tuple[int, ...] = ()

    def build(self, package: str) -> nn.Module:
        """The network; ``name`` is its class in the package, with the module's name in front where it needs one."""
        module, _, name = f"{package}.{self.name}".rpartition(".")
        return getattr(import_module(module), name)(**self.options)  # type: ignore[no-any-return]


IMAGE, VOLUME, PHOTO = ((1, 1, 64, 64),), ((1, 1, 64, 64, 64),), ((1, 3, 128, 128),)
FLAT, SOLID = (
    {"spatial_dims": 2, "in_channels": 1, "out_channels": 2},
    {"spatial_dims": 3, "in_channels": 1, "out_channels": 2},
)
MONAI = (
    Case("UNet", {**FLAT, "channels": (4, 8, 16), "strides": (2, 2)}, IMAGE, (1, 4, 16)),
    Case(
        "UNet", {**SOLID, "channels": (4, 8, 16, 32), "strides": (2, 2, 2), "num_res_units": 2}, VOLUME, (1, 4, 8, 32)
    ),
    Case("BasicUNet", {**FLAT, "features": (4, 4, 8, 16, 32, 4)}, IMAGE, (4, 4, 8, 16, 32)),
    Case(
        "BasicUNet",
        {**SOLID, "features": (4, 4, 8, 16, 32, 4), "norm": ("group", {"num_groups": 4})},
        VOLUME,
        (4, 4, 8, 16, 32),
    ),
    Case("AttentionUnet", {**FLAT, "channels": (4, 8, 16), "strides": (2, 2)}, IMAGE, (4, 8, 16)),
    Case(
        "DynUNet",
        {**FLAT, "kernel_size": [3] * 4, "strides": [1, 2, 2, 2], "upsample_kernel_size": [2] * 3},
        IMAGE,
        (32, 64, 128, 256),
    ),
    Case("SegResNet", {**FLAT, "init_filters": 8}, IMAGE, (8, 16, 32, 64)),
    Case("SegResNet", {**SOLID, "init_filters": 8, "norm": "instance"}, VOLUME, (8, 16, 32, 64)),
    Case("SegResNetDS", {**SOLID, "init_filters": 8, "dsdepth": 3}, VOLUME, (8, 16, 32, 64)),
    Case("VNet", {**SOLID}, VOLUME, (16, 32, 64, 128, 256)),
    Case("MedNeXt", {**FLAT, "init_filters": 8}, IMAGE, (8, 16, 32, 64, 128)),
    Case(
        "FlexibleUNet",
        {"in_channels": 3, "out_channels": 2, "backbone": "efficientnet-b0"},
        PHOTO,
        (3, 16, 24, 40, 112, 320),
    ),
    Case("SwinUNETR", {**SOLID, "feature_size": 12}, VOLUME, (1, 12, 24, 48, 96, 192)),
    Case(
        "UNETR", {**SOLID, "img_size": 64, "feature_size": 8, "hidden_size": 96, "mlp_dim": 192, "num_heads": 4}, VOLUME
    ),
    Case(
        "restormer.Restormer",
        {**FLAT, "dim": 16, "num_blocks": (1, 1), "heads": (1, 2), "num_refinement_blocks": 1},
        IMAGE,
        (16, 32),
    ),
    Case(
        "VoxelMorphUNet",
        {
            "spatial_dims": 2,
            "in_channels": 2,
            "unet_out_channels": 8,
            "channels": (4, 8, 8, 8),
            "final_conv_channels": (8,),
        },
        ((1, 2, 64, 64),),
    ),
    Case(
        "DiffusionModelUNet",
        {
            **FLAT,
            "channels": (8, 16, 16),
            "attention_levels": (False, True, True),
            "num_head_channels": 8,
            "num_res_blocks": 1,
            "norm_num_groups": 4,
        },
        ((1, 1, 64, 64), (1,)),
        (8, 16, 16),
    ),
    Case("BasicUNetPlusPlus", {**FLAT, "features": (4, 4, 8, 16, 32, 4), "deep_supervision": True}, IMAGE),
    Case("HighResNet", {**FLAT}, IMAGE),
    Case("DAF3D", {"in_channels": 1, "out_channels": 1}, ((1, 1, 32, 32, 64),)),
    Case("AutoEncoder", {**FLAT, "channels": (4, 8, 16), "strides": (2, 2, 2)}, IMAGE),
    Case("HoVerNet", {"mode": "FAST", "out_classes": 5}, ((1, 3, 256, 256),)),
)
DECODERS = (
    "Unet", "UnetPlusPlus", "MAnet", "Linknet", "FPN", "PSPNet", "PAN", "DeepLabV3", "DeepLabV3Plus", "UPerNet",
    "Segformer",
)  # fmt: skip
DILATED = (3, 64, 64, 128, 512)  # the last of the two maps with stride 16, of 256 and 512 channels, ends the encoder
ENCODERS = (
    "resnet18", "resnet50", "se_resnet50", "densenet121", "mobilenet_v2", "vgg11", "vgg16_bn", "xception", "dpn68",
    "inceptionv4", "efficientnet-b0", "mobileone_s0", "mit_b0", "timm-regnety_002", "timm-res2net50_26w_4s",
    "timm-resnest14d", "timm-skresnet18", "timm-mobilenetv3_small_100",
)  # fmt: skip


def monai() -> Iterator[tuple[str, Callable[[], nn.Module], Case]]:
    """The networks of MONAI that its tests name."""
    for case in MONAI:
        yield case.name.rpartition(".")[2], partial(case.build, "monai.networks.nets"), case


def segmentation_models() -> Iterator[tuple[str, Callable[[], nn.Module], Case]]:
    """All decoders with one encoder, and one decoder with all encoders that the library's tests name."""
    pairs = [(decoder, "resnet18") for decoder in DECODERS] + [("Unet", encoder) for encoder in ENCODERS[1:]]
    for decoder, encoder in pairs:
        options = {"encoder_name": encoder, "encoder_weights": None, "classes": 2}
        case = Case(decoder, options, PHOTO, DILATED if decoder == "PAN" else ())
        yield f"{decoder}, {encoder}", partial(case.build, "segmentation_models_pytorch"), case


def built(build: Callable[[], nn.Module]) -> nn.Module:
    """The network on the meta device, also if its constructor needs values."""
    try:
        with torch.device("meta"):
            return build().eval()
    except (RuntimeError, NotImplementedError, AttributeError):
        return build().to("meta").eval()


def examples(case: Case) -> tuple[Tensor, ...]:
    """Empty tensors of the shapes of a case."""
    kinds = [torch.float32 if len(shape) > 1 else torch.int64 for shape in case.shapes]
    return tuple(torch.empty(s, dtype=kind, device="meta") for s, kind in zip(case.shapes, kinds, strict=True))


def norms_that_run(net: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[set[str], list[Size]]:
    """The names of the norms that run in a pass, and the shapes of the outputs without the batch."""
    ran: set[str] = set()
    found = [(module, name) for module in net.modules() for kind, name in NORMS.items() if isinstance(module, kind)]
    hooks = [m.register_forward_pre_hook(lambda _m, _x, name=name: ran.add(name)) for m, name in found]
    with torch.no_grad():
        outputs = tree_leaves(net(*inputs))
    for hook in hooks:
        hook.remove()
    return ran, [tuple(each.shape[1:]) for each in outputs]


def norms_shown(arch: ArchIR) -> set[str]:
    """The names of the norms in the description."""
    kinds = {kind for node in arch.nodes for kind in (node.kind, *node.folded)}
    return {text for text in map(kind_text, kinds) if re.fullmatch(r"(batch|instance|group|layer) norm", text)}


def stated_channels(net: nn.Module, case: Case) -> tuple[int, ...]:
    """The channels that the library states for the levels; () if it states none."""
    return case.stated or tuple(n for n in getattr(getattr(net, "encoder", None), "out_channels", ()) if n)


def encoder_channels(arch: ArchIR) -> tuple[int, ...]:
    """The channels of the levels of encoder and bottom."""
    return tuple(node.channels for (side, _), node in level_maps(arch).items() if side in ("enc", "bottom"))


def row(name: str, build: Callable[[], nn.Module], case: Case) -> tuple[str, ...]:
    """The row of a network."""
    net, inputs = built(build), examples(case)
    arch = trace(net, *inputs)
    ran, outputs = norms_that_run(net, inputs)
    channels, stated = encoder_channels(arch), stated_channels(net, case)
    differs = [
        "parameters" * (arch.totals["parameters"] != parameters(net)),
        "MACs" * (arch.totals["macs"] != macs(net, *inputs)),
        f"norms {ran}" * (norms_shown(arch) != ran),
        f"outputs {outputs}" * ([arch.node(key).shape for key in arch.outputs] != outputs),
        f"channels {stated}" * bool(not arch.reason and stated and channels != stated),
    ]
    wrong = ", ".join(each for each in differs if each)
    depth = str(len(channels)) if channels else "–"
    texts = (" ".join(map(str, channels)) or "–", str(len(outputs)), ", ".join(sorted(ran)) or "–", arch.reason or "–")
    return name, depth, *texts, f"no: {wrong}" if wrong else "yes"


def main() -> None:
    """Print the table."""
    print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}")
    failed = 0
    for networks in (monai(), segmentation_models()):
        for name, build, case in networks:
            cells = row(name, build, case)
            failed += cells[-1] != "yes"
            print(f"| {' | '.join(cells)} |", flush=True)
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
