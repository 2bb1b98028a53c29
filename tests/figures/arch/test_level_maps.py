"""The map of a level is the feature that the encoder itself states, never an inner map of a block."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch import Tensor, nn

from tests.oracles import encoder_blocks
from tests.oracles.backbone_unets import BackboneUNet, MobileNetV2, ResNet50, unit
from tests.oracles.described_nets import NETS
from tests.oracles.described_nets import arch as described
from tests.oracles.vector_nets import Between, Mixed, Variational
from unet_tutorial.figures.arch.alt_text import alt_text
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.arch.level_maps import level_maps
from unet_tutorial.figures.drawing.sketch import sketch_u
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tracing.trace import trace

pytestmark = pytest.mark.slow

Backbone = type[ResNet50] | type[MobileNetV2]
WITHOUT: list[tuple[Backbone, tuple[int, ...]]] = [
    (ResNet50, ()), (ResNet50, (1, 3)), (ResNet50, (1, 2, 3, 4)),
    (MobileNetV2, ()), (MobileNetV2, (2,)), (MobileNetV2, (1, 2, 3, 4)),
]  # fmt: skip
LIBRARY = (
    "resnet18", "resnet50", "se_resnet50", "mobilenet_v2", "efficientnet-b0", "densenet121", "vgg16_bn", "xception",
    "inceptionv4", "dpn68", "timm-regnetx_002", "mit_b0", "tu-convnext_tiny", "tu-tf_efficientnetv2_s",
)  # fmt: skip


def channels(arch: ArchIR) -> list[int]:
    return [node.channels for (side, _), node in level_maps(arch).items() if side in ("enc", "bottom")]


@cache
def traced_backbone(name: str, without: tuple[int, ...]) -> ArchIR:
    encoder = {each.__name__: each for each in (ResNet50, MobileNetV2)}[name]
    with torch.device("meta"):
        return trace(BackboneUNet(encoder(), without), torch.empty(1, 3, 64, 64))


def backbone(encoder: Backbone, without: tuple[int, ...] = ()) -> ArchIR:
    return traced_backbone(encoder.__name__, without)


@pytest.mark.parametrize(("encoder", "without"), WITHOUT)
def test_levels_have_the_channels_that_the_encoder_states(encoder: Backbone, without: tuple[int, ...]) -> None:
    """With the skips of all levels, of some and of none."""
    assert channels(backbone(encoder, without)) == list(encoder.out_channels)


@pytest.mark.parametrize("name", encoder_blocks.ENCODERS)
def test_maps_side_by_side_in_the_encoder_are_no_further_skips(name: str) -> None:
    encoder = encoder_blocks.ENCODERS[name]()
    arch = trace(BackboneUNet(encoder), torch.empty(1, 3, 64, 64))
    assert (arch.reason, channels(arch)) == ("", list(encoder.out_channels))  # type: ignore[arg-type]
    assert [(arch.node(skip.source).level, arch.node(skip.target).level) for skip in arch.skips] == [
        (level, level) for level in reversed(range(1, len(channels(arch)) - 1))
    ]


def test_branches_that_exchange_maps_of_other_levels_are_named() -> None:
    arch = trace(BackboneUNet(encoder_blocks.Parallels()), torch.empty(1, 3, 64, 64))
    assert arch.reason.startswith("its skips are merged with maps of other levels before the decoder")


@pytest.mark.parametrize("encoder", [ResNet50, MobileNetV2])
def test_boxes_text_and_table_show_the_same_maps(encoder: Backbone) -> None:
    arch = backbone(encoder)
    stated = encoder.out_channels
    sizes = [64 // 2**level for level in range(6)]
    shapes = [(count, size, size) for count, size in zip(stated, sizes, strict=True)]
    boxes = [each.node.shape for each in sketch_u(arch, "level").maps]
    assert boxes[:6] == shapes
    assert [row.out for row in table(arch).rows][:6] == shapes
    text = ", ".join(f"{count:,} channels of {size}²" for count, size in zip(stated, sizes, strict=True))
    assert f"level by level: {text};" in alt_text(arch)


@pytest.mark.parametrize("encoder", [ResNet50, MobileNetV2])
def test_a_row_holds_the_parameters_of_its_stage(encoder: Backbone) -> None:
    """The first 1×1 convolution of a stage works on the finer grid, and yet belongs to the stage."""
    modules = encoder()
    stem = sum(p.numel() for p in modules.stem.parameters())
    stages = [sum(p.numel() for p in stage.parameters()) for stage in modules.stages]
    expected = [0, stem, *stages] if len(stages) == 4 else [0, stem + stages[0], *stages[1:]]
    assert [row.parameters for row in table(backbone(encoder)).rows][:6] == expected


class Linked(nn.Module):
    """A decoder as of LinkNet (arXiv:1707.03718): 1×1, transposed convolution, 1×1, added to the skip."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([unit(1, 8), unit(8, 16, 3, 2), unit(16, 32, 3, 2), unit(32, 64, 3, 2)])
        self.up = nn.ModuleList(
            nn.Sequential(unit(a, a // 4, 1), nn.ConvTranspose2d(a // 4, a // 4, 2, 2), unit(a // 4, b, 1))
            for a, b in ((64, 32), (32, 16), (16, 8))
        )
        self.head = nn.Conv2d(8, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        kept = [x := stage(x) for stage in self.down]
        for up, skip in zip(self.up, reversed(kept[:-1]), strict=True):
            x = up(x) + skip
        return torch.as_tensor(self.head(x))


class Separate(nn.Module):
    """An encoder and a decoder module; the decoder narrows the coarsest map before it upsamples it."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.ModuleList([unit(1, 8), unit(8, 16, 3, 2), unit(16, 32, 3, 2)])
        self.decoder = nn.ModuleList([unit(32, 12), unit(12 + 16, 8), unit(8 + 8, 8)])
        self.head = nn.Conv2d(8, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        kept = [x := stage(x) for stage in self.encoder]
        narrow, *rest = self.decoder
        x = narrow(x)
        for stage, skip in zip(rest, reversed(kept[:-1]), strict=True):
            x = stage(torch.cat([skip, nn.functional.interpolate(x, scale_factor=2)], 1))
        return torch.as_tensor(self.head(x))


class Shuffled(nn.Module):
    """Pixel unshuffle down; up, a convolution to four times the channels and a pixel shuffle; no skip."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.inner = unit(1, 4), unit(16, 6)
        self.wide, self.last = nn.Conv2d(6, 24, 1), nn.Conv2d(6, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.inner(nn.functional.pixel_unshuffle(self.first(x), 2))
        return torch.as_tensor(self.last(nn.functional.pixel_shuffle(self.wide(x), 2)))


class Expanding(nn.Module):
    """Blocks 3×3, 1×1 to more channels, 1×1 back, without a sum, as of MedNeXt (arXiv:2303.09975)."""

    def __init__(self) -> None:
        super().__init__()
        down, up = nn.Conv2d(4, 4, 3, 2, 1), nn.ConvTranspose2d(8, 8, 2, 2)
        self.fine = nn.Sequential(unit(1, 4), nn.Conv2d(4, 16, 1), nn.Conv2d(16, 4, 1))
        self.coarse = nn.Sequential(down, nn.Conv2d(4, 24, 1), nn.Conv2d(24, 8, 1))
        self.back = nn.Sequential(up, nn.Conv2d(8, 20, 1), nn.Conv2d(20, 4, 1))
        self.last = nn.Conv2d(4, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        fine = self.fine(x)
        return torch.as_tensor(self.last(fine + self.back(self.coarse(fine))))


class Corrected(nn.Module):
    """Adds the image to the output: the image is no map of the encoder's first level."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.inner = unit(1, 4), unit(4, 8)
        self.up, self.last = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv2d(4, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.as_tensor(x + self.last(self.up(self.inner(nn.functional.max_pool2d(self.first(x), 2)))))


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        (Linked, {"enc0": 8, "enc1": 16, "enc2": 32, "bottom3": 64, "dec2": 32, "dec1": 16, "dec0": 8, "head0": 1}),
        (Separate, {"enc0": 8, "enc1": 16, "bottom2": 32, "dec1": 8, "dec0": 8, "head0": 1}),
        (Shuffled, {"enc0": 4, "bottom1": 6, "dec0": 6, "head0": 1}),
        (Expanding, {"enc0": 4, "bottom1": 8, "dec0": 4, "head0": 1}),
        (Corrected, {"enc0": 4, "bottom1": 8, "dec0": 1}),
    ],
)
def test_no_inner_map_of_a_block_stands_for_a_level(net: type[nn.Module], expected: dict[str, int]) -> None:
    found = level_maps(trace(net(), torch.empty(1, 1, 32, 32)))
    assert {f"{side}{level}": node.channels for (side, level), node in found.items()} == expected


def test_maps_of_padded_levels_are_taken_before_the_pad() -> None:
    net = nn.Sequential(unit(1, 4), nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(4, 8, 3, 2), nn.Upsample(scale_factor=2))
    found = level_maps(trace(net, torch.empty(1, 1, 32, 32)))
    assert found["enc", 0].shape == (4, 32, 32)


@pytest.mark.parametrize("name", NETS)
def test_a_network_without_a_path_has_no_levels(name: str) -> None:
    arch = described(name)
    assert bool(level_maps(arch)) == bool(arch.path)
    assert list(level_maps(arch).values())[-1:] == [arch.node(key) for key in arch.path[-1:]]


@pytest.mark.slow
@pytest.mark.parametrize("name", LIBRARY)
def test_encoders_of_a_library_state_the_same_channels(name: str) -> None:
    library = pytest.importorskip("segmentation_models_pytorch")
    net = library.Unet(name, encoder_weights=None)
    stated = [count for count in net.encoder.out_channels if count]  # 0: no map at that stride
    arch = trace(net.to("meta"), torch.empty(1, 3, 256, 256, device="meta"))
    assert arch.reason == ""
    assert channels(arch) == stated


class Dilated(nn.Module):
    """Features of 3, 8 and 16 channels at strides 1, 2 and 4, and of 32 at stride 4, with dilation."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList([unit(3, 8, 3, 2), unit(8, 16, 3, 2), nn.Conv2d(16, 32, 3, padding=2, dilation=2)])

    def forward(self, x: Tensor) -> list[Tensor]:
        found = [x]
        for stage in self.stages:
            found.append(stage(found[-1]))
        return found


class Squeezing(nn.Module):
    """Reduces each feature to four channels, then adds them up, as PAN does (arXiv:1805.10180)."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow = nn.ModuleList(nn.Conv2d(n, 4, 1) for n in (8, 16, 32))

    def forward(self, maps: list[Tensor]) -> Tensor:
        fine, middle, coarse = (layer(x) for layer, x in zip(self.narrow, maps[1:], strict=True))
        return torch.as_tensor(fine + nn.functional.interpolate(middle + coarse.relu(), scale_factor=2))


@pytest.mark.parametrize("wrapped", [False, True])
def test_the_coarsest_level_ends_before_a_decoder_that_merges_its_maps(*, wrapped: bool) -> None:
    """Also if encoder and decoder are inside of one module, as in a backbone with a feature pyramid."""
    parts = nn.Sequential(Dilated(), Squeezing())
    net = nn.Sequential(parts, unit(4, 4), nn.Conv2d(4, 1, 1)) if wrapped else nn.Sequential(*parts, nn.Conv2d(4, 1, 1))
    assert channels(trace(net, torch.empty(1, 3, 32, 32))) == [3, 8, 32]


@pytest.mark.parametrize(
    ("net", "size", "shape", "linear"), [(Variational(), 32, (16, 4, 4), 2), (Between(Mixed()), 16, (8, 8, 8), 1)]
)
def test_the_coarsest_level_ends_with_the_image_made_from_a_vector(
    net: nn.Module, size: int, shape: tuple[int, ...], linear: int
) -> None:
    """Variational has an activation after it, the other network has not."""
    arch = trace(net, torch.empty(1, 1, size, size))
    (bottom,) = [node for (side, _), node in level_maps(arch).items() if side == "bottom"]
    before = [arch.node(key).op for key in arch.path[: arch.path.index(bottom.id)]]
    assert (bottom.shape, before.count("linear")) == (shape, linear)
