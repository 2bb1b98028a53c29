"""Traces of this library's and of third-party networks: levels, skips and counts, by hand and by torch; refusals."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles import foreign_hard as hard
from tests.oracles.foreign_blocks import Aspp, Attention, ChannelsLast, Dense, Haar, Masked, Split, Unshuffled, Views
from tests.oracles.foreign_hard import Call, assert_same, snapshot
from tests.oracles.foreign_unets import Assembled, Functional, PreAct, Stacked, conv, recursive
from tests.oracles.torch_counts import macs, parameters, saved
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.table import table
from unet_tutorial.figures.tables.footer import output_node
from unet_tutorial.figures.tables.rows import rows
from unet_tutorial.figures.tracing.refusals import TraceError
from unet_tutorial.figures.tracing.structure import tensors
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.attention import gated
from unet_tutorial.nets.merge import Add, Concat
from unet_tutorial.nets.presets import PRESETS, attention_unet, padded_unet, paper_unet, residual_unet, unet3d
from unet_tutorial.nets.resample import resize_conv
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.systems.caffe_release import released_unet
from unet_tutorial.nets.systems.cicek2016 import unet3d_paper
from unet_tutorial.nets.systems.elektronn3 import elektronn3_unet
from unet_tutorial.nets.systems.jaxony import jaxony_unet
from unet_tutorial.nets.systems.johschmidt42 import johschmidt42_unet
from unet_tutorial.nets.unet import UNet
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import valid_sizes

torch.manual_seed(0)


WIDTHS = (4, 6, 8)
SOLID = pyramid(WIDTHS, rank=3)
NETS: dict[str, Callable[[], UNet]] = {
    "paper": partial(paper_unet, widths=WIDTHS),
    "padded": partial(padded_unet, widths=WIDTHS),
    "padded 3D": partial(padded_unet, widths=WIDTHS, rank=3),
    "unet3d": partial(unet3d, widths=WIDTHS),
    "unet3d planar": partial(unet3d, widths=WIDTHS, planar=(0,)),
    "residual": partial(residual_unet, widths=WIDTHS),
    "residual 3D": partial(residual_unet, widths=WIDTHS, rank=3),
    "attention": partial(attention_unet, widths=WIDTHS),
    "attention 3D": partial(attention_unet, widths=WIDTHS, rank=3),
    "released": partial(released_unet, widths=WIDTHS),
    "unet3d-paper": partial(unet3d_paper, widths=WIDTHS),
    **{name: partial(PRESETS[name], widths=WIDTHS) for name in ("unet++", "unet3+", "attention-oktay", "assembled")},
    **{
        name: partial(PRESETS[name], widths=(4, 8, 16))
        for name in PRESETS
        if name.startswith(("vnet", "keras", "unet25d", "vs-seg", "backboned"))
    },
    "jaxony": partial(jaxony_unet, widths=WIDTHS),
    "jaxony resized": partial(jaxony_unet, widths=WIDTHS, up=resize_conv("linear", kernel=1), merge=Add),
    "elektronn3": partial(elektronn3_unet, levels=pyramid(WIDTHS)),
    "elektronn3 3D": partial(elektronn3_unet, levels=SOLID, up=PixelShuffle, merge=gated(Concat)),
    "johschmidt42": partial(johschmidt42_unet, levels=pyramid(WIDTHS)),
    "johschmidt42 3D": partial(johschmidt42_unet, levels=SOLID, up=resize_conv("nearest")),
}


@pytest.fixture(scope="module")
def paper() -> ArchIR:
    with torch.device("meta"):
        return trace(paper_unet(), torch.empty(1, 1, 572, 572))


def test_the_counts_of_the_papers_network(paper: ArchIR) -> None:
    assert paper.totals["parameters"] == 31_030_658
    assert paper.totals["macs"] == 150_428_424_448
    assert paper.totals["saved"] == 727_380_032
    assert paper.totals["peak"] == 200_605_696
    assert paper.valid == ((188, 16), (188, 16))
    found = table(paper).rows
    assert [row.crops for row in found if row.crops] == [(((n, n), (n, n)),) for n in (4, 16, 40, 88)]
    assert found[-1].receptive_field == ((188, 204), (188, 204))
    assert [row.out for row in found[4:]] == [
        (1024, 28, 28), (512, 52, 52), (256, 100, 100), (128, 196, 196), (64, 388, 388), (2, 388, 388),
    ]  # fmt: skip
    notes = dict(table(paper).footer)
    assert notes["valid sizes"] == "n ≡ 12 (mod 16), n ≥ 188"
    assert notes["context margin"] == "92 px lost per side"


def test_every_preset_is_compared() -> None:
    assert set(PRESETS) <= set(NETS)


LARGE = ("vnet", "keras", "unet25d", "vs-seg", "backboned", "unet++", "unet3+", "unet3d-paper", "attention-oktay")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name.startswith(LARGE) else ()) for name in NETS]
)
def test_a_preset_counts_as_torch_does(name: str) -> None:
    torch.manual_seed(0)
    net = NETS[name]()
    size = [valid[axis + 1] for axis, valid in enumerate(valid_sizes(net.levels, padding=net.padding))]
    image = torch.randn(1, net.in_channels, *size)
    arch = trace(net, image)
    assert arch.totals["macs"] == macs(net, image) == sum(node.macs for node in arch.nodes)
    assert arch.totals["saved"] == saved(net, image) == sum(node.saved for node in arch.nodes)
    assert arch.totals["parameters"] == parameters(net) == sum(node.parameters for node in arch.nodes)
    for by in ("level", "layer"):
        found = rows(arch, by)
        assert sum(row.macs for row in found) == arch.totals["macs"]
        assert sum(row.saved or 0 for row in found) == arch.totals["saved"]
        assert sum(row.parameters for row in found) == arch.totals["parameters"]
    assert output_node(arch).shape == net(image).shape[1:]


TWO = ((1, 1), (0, 0))
SIDE = nn.Identity
PROJECTED = partial(nn.Conv2d, 4, 4, 1)


def concatenated(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    return torch.cat([one, other], 1)


def image(*size: int) -> tuple[torch.Tensor]:
    return (torch.randn(size),)


def assembled(block: Any = conv, merge: Any = concatenated, lateral: Any = SIDE, **more: Any) -> Assembled:
    return Assembled(block, merge, lateral, wide=merge not in (torch.add, torch.mul), **more)


Case = tuple[Callable[[], nn.Module], tuple[Any, ...], int, tuple[tuple[int, int], ...], str]
IMAGE = image(2, 1, 32, 48)
CASES: dict[str, Case] = {  # network, example, depth, levels from and to which the skips lead, how they are merged
    "functions": (Functional, IMAGE, 2, TWO, "concat"),
    "padded to fit": (Stacked, image(1, 1, 35, 46), 2, TWO, "concat"),
    "ceil": (partial(Stacked, "pad", ceil=True), image(1, 1, 35, 45), 2, TWO, "concat"),
    "sliced": (partial(Stacked, "crop", 0), image(1, 1, 44, 60), 2, TWO, "concat"),
    "negative padding": (partial(Stacked, "negative pad", 0), image(1, 1, 44, 61), 2, TWO, "concat"),
    "in a frame": (partial(Stacked, "frame", 0), image(1, 1, 44, 60), 2, TWO, "concat"),
    "resized to fit": (partial(Stacked, "resize"), image(1, 1, 31, 47), 2, TWO, "concat"),
    "resized, unpadded": (partial(Stacked, "resize", 0), image(1, 1, 45, 60), 2, TWO, "concat"),
    "recursion": (recursive, IMAGE, 2, TWO, "concat"),
    "squeezed": (partial(assembled, PreAct), IMAGE, 2, TWO, "concat"),
    "dense": (partial(assembled, Dense), IMAGE, 2, TWO, "concat"),
    "added": (partial(assembled, merge=torch.add, lateral=PROJECTED), IMAGE, 2, TWO, "add"),
    "multiplied": (partial(assembled, merge=torch.mul), IMAGE, 2, TWO, "gate"),
    "channels last": (partial(assembled, ChannelsLast), IMAGE, 2, TWO, "concat"),
    "unshuffled": (partial(assembled, Unshuffled), IMAGE, 2, TWO, "concat"),
    "haar": (partial(assembled, Haar), IMAGE, 2, TWO, "concat"),
    "views": (partial(assembled, Views), IMAGE, 2, TWO, "concat"),
    "split": (partial(assembled, Split), IMAGE, 2, TWO, "concat"),
    "gated": (lambda: assembled(merge=Masked()), IMAGE, 2, TWO, "concat"),
    "aspp": (lambda: assembled(bottom=Aspp()), IMAGE, 2, TWO, "concat"),
    "attention": (lambda: assembled(bottom=Attention()), IMAGE, 2, TWO, "concat"),
    "line": (hard.line, image(3, 64), 2, TWO, "concat"),
    "recurrent": (hard.recurrent, IMAGE, 1, ((0, 0),), "add"),
    "no skips": (hard.auto, IMAGE, 2, (), ""),
    "places": (hard.segnet, IMAGE, 2, (), ""),
}  # fmt: skip


def depth_and_skips(arch: ArchIR) -> tuple[int, tuple[tuple[int, int], ...], str]:
    index = arch.index
    ends = [(index[skip.source], index[skip.target]) for skip in arch.skips]
    deepest = max((index[key].level for key in arch.path), default=-1)
    return deepest, tuple((a.level, b.level) for a, b in ends), "/".join(sorted({b.op for _, b in ends}))


@pytest.mark.parametrize("name", CASES)
def test_depth_skips_and_counts(name: str) -> None:
    make, example, *expected = CASES[name]
    net = make()
    arch = trace(net, *example)
    assert (*depth_and_skips(arch), arch.reason) == (*expected, "")
    assert arch.totals["macs"] == macs(net, *example) == sum(node.macs for node in arch.nodes)
    assert arch.totals["saved"] == saved(net, *example) == sum(node.saved for node in arch.nodes)
    assert arch.totals["parameters"] == parameters(net) == sum(node.parameters for node in arch.nodes)
    assert arch.node(arch.path[0]).scale == arch.node(arch.path[-1]).scale == (1.0,) * arch.rank


def test_two_images_in_a_dict() -> None:
    net, pair = hard.second_image(), {"b": torch.randn(1, 1, 16, 16)}
    arch = trace(net, torch.randn(1, 1, 16, 16), more=pair)
    assert depth_and_skips(arch) == (1, ((0, 0),), "add")
    assert len(arch.inputs) == 2
    assert arch.totals["macs"] == macs(net, torch.randn(1, 1, 16, 16), more=pair)
    assert arch.totals["saved"] == saved(net, torch.randn(1, 1, 16, 16), more=pair)


FOUR = ((3, 3), (2, 2), (1, 1), (0, 0))
MONAI: dict[str, tuple[dict[str, Any], tuple[int, ...], int, tuple[tuple[int, int], ...], str]] = {
    "BasicUNet": ({"spatial_dims": 2, "features": (4, 4, 8, 16, 32, 4)}, (67, 45), 4, FOUR, ""),
    "UNet": ({"spatial_dims": 3, "channels": (4, 8, 16), "strides": ((1, 2, 2), 2)}, (8, 16, 16), 2, ((1, 1),), ""),
    "AttentionUnet": ({"spatial_dims": 2, "channels": (4, 8, 16), "strides": (2, 2)}, (32, 48), 2, TWO, ""),
    "BasicUNetPlusPlus": ({"spatial_dims": 2, "features": (4, 4, 8, 16, 32, 4)}, (32, 32), 4, FOUR, "U-Net++"),
}


@pytest.mark.parametrize("name", MONAI)
def test_networks_of_monai(name: str) -> None:
    nets = pytest.importorskip("monai.networks.nets", reason="MONAI is not installed")
    options, size, depth, skips, reason = MONAI[name]
    net: nn.Module = getattr(nets, name)(in_channels=1, out_channels=2, **options)
    image = torch.randn(1, 1, *size)
    arch = trace(net, image)
    assert depth_and_skips(arch)[:2] == (depth, skips)
    assert reason in arch.reason
    assert bool(reason) == bool(arch.reason)
    assert arch.totals["macs"] == macs(net, image) == sum(node.macs for node in arch.nodes)
    assert arch.totals["saved"] == saved(net, image) == sum(node.saved for node in arch.nodes)
    assert arch.totals["parameters"] == parameters(net)


SMP = {"Unet": "", "Linknet": "", "UnetPlusPlus": "U-Net++", "DeepLabV3Plus": "DeepLab", "PSPNet": "PSPNet"}


@pytest.mark.parametrize("name", SMP)
def test_networks_of_segmentation_models(name: str) -> None:
    smp = pytest.importorskip("segmentation_models_pytorch", reason="segmentation_models_pytorch is not installed")
    net = getattr(smp, name)("efficientnet-b0", encoder_weights=None)
    image = torch.randn(2, 3, 64, 64)
    arch = trace(net, image)
    assert SMP[name] in arch.reason
    assert bool(SMP[name]) == bool(arch.reason)
    if not arch.reason:
        assert depth_and_skips(arch)[:2] == (5, ((4, 4), (3, 3), (2, 2), (1, 1)))
    assert arch.totals["macs"] == macs(net, image) == sum(node.macs for node in arch.nodes)
    assert arch.totals["saved"] == saved(net, image) == sum(node.saved for node in arch.nodes)


PHOTOS = torch.randn(2, 3, 8, 8)


class Unusual(nn.Module):
    """A block used twice; a tied, a bare, an unused and a frozen parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.shared = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
        self.tied = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.tied.weight = self.shared[0].weight  # type: ignore[assignment]
        self.scale = nn.Parameter(torch.ones(4, 1, 1))
        self.unused = nn.Linear(5, 6)
        self.first.weight.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.shared(self.first(x))
        low = self.shared(nn.functional.max_pool2d(x, 2))
        up = nn.functional.interpolate(low, scale_factor=2.0)
        out: Tensor = self.tied(torch.cat([x, up], 1)[:, :4]) * self.scale
        return out


class ManyInputs(nn.Module):
    """Accepts tensors, a tuple, a dict and keyword arguments."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.down = nn.Conv2d(6, 4, 3, padding=1), nn.Conv2d(4, 8, 2, stride=2)
        self.up = nn.ConvTranspose2d(8, 4, 2, stride=2)

    def forward(self, *pair: Any, data: Any = None, other: Tensor | None = None) -> dict[str, Tensor]:
        one, two = pair[0] if pair and isinstance(pair[0], tuple) else (pair[0] if pair else data["image"], other)
        x = self.conv(torch.cat([one, data["more"] if two is None else two], 1))
        return {"logits": x + self.up(self.down(x).relu())}


CALLS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "a tuple": (((PHOTOS, PHOTOS),), {}),
    "a dict": ((), {"data": {"image": PHOTOS, "more": PHOTOS}}),
    "a keyword": ((PHOTOS,), {"other": PHOTOS}),
}


def test_shared_bare_tied_frozen_and_unused_parameters() -> None:
    net = Unusual()
    arch = trace(net, PHOTOS)
    assert arch.totals["parameters"] == parameters(net)
    assert arch.totals["trainable"] == parameters(net) - net.first.weight.numel()
    assert sum(node.parameters for node in arch.nodes) == parameters(net) - 36  # Linear(5, 6) is not used
    assert arch.totals["macs"] == macs(net, PHOTOS) == sum(node.macs for node in arch.nodes)
    assert arch.totals["saved"] == saved(net, PHOTOS)
    notes = dict(table(arch).footer)
    assert notes["parameters"] == f"{parameters(net):,}, 108 of them frozen, 36 of them not used in this pass"
    assert notes["input → output"].endswith("2 images at once")


@pytest.mark.parametrize("call", CALLS)
def test_other_inputs_than_a_tensor(call: str) -> None:
    args, kwargs = CALLS[call]
    net = ManyInputs()
    arch = trace(net, *args, **kwargs)
    assert arch.totals["macs"] == macs(net, *args, **kwargs)
    assert arch.totals["saved"] == saved(net, *args, **kwargs)
    assert sum(node.parameters for node in arch.nodes) == parameters(net)
    assert [node.shape for node in arch.inputs] == [(3, 8, 8)] * 2


def test_half_precision_halves_bytes_and_nothing_else() -> None:
    """Without batch norm, which saves its statistics in float32 on a GPU and in the dtype of the weights on a CPU."""
    full, half = paper_unet(widths=(4, 8)), paper_unet(widths=(4, 8)).to(torch.bfloat16)
    image = torch.randn(1, 1, 20, 20)
    arch, half_arch = trace(full, image), trace(half, image.to(torch.bfloat16))
    assert half_arch.totals["saved"] == saved(half, image.to(torch.bfloat16))
    assert arch.totals["parameter_bytes"] == 2 * half_arch.totals["parameter_bytes"]
    assert arch.totals["macs"] == half_arch.totals["macs"] == macs(full, image)


ZEROS = torch.zeros(1, 1, 32, 32)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64, torch.complex64])
def test_other_dtypes(kind: torch.dtype) -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 2, 2, bias=False), nn.ConvTranspose2d(4, 1, 2, 2)).to(kind)
    arch = trace(net, ZEROS.to(kind))
    assert (arch.reason, arch.skips) == ("", ())
    assert arch.totals["parameter_bytes"] == 33 * kind.itemsize
    assert arch.nodes[-1].bytes == 32 * 32 * kind.itemsize


def test_a_wrapped_model_is_traced_like_the_model_inside() -> None:
    plain = trace(Stacked(), ZEROS)
    wrapped: list[Any] = [torch.compile(Stacked()), nn.DataParallel(Stacked()), Stacked().to("meta")]
    for net in wrapped:
        assert trace(net, ZEROS).nodes == plain.nodes
    script: Any = torch.jit.trace(conv(1, 4), ZEROS, check_trace=False)
    with pytest.raises(ValueError, match="pass the module that it was made from"):
        trace(script, ZEROS)


DATA_DEPENDENT: dict[str, Callable[[Any, Tensor], object]] = {
    "branch": lambda layers, x: layers[0](x) if x.mean() > 0 else x,
    "item": lambda layers, x: layers[0](x) * x.max().item(),
    "mask": lambda layers, x: layers[0](x)[x > 0],
    "numpy": lambda layers, x: layers[0](x) + torch.from_numpy(x.detach().cpu().numpy()),
    "list": lambda layers, x: layers[0](x) * sum(x.flatten().tolist()),
    "nonzero": lambda layers, x: layers[0](x).sum() + x.nonzero().sum(),
}


@pytest.mark.parametrize("name", DATA_DEPENDENT)
def test_data_dependent_control_flow_is_refused(name: str) -> None:
    net = Call(DATA_DEPENDENT[name], nn.Conv2d(1, 1, 1))
    before = snapshot(net)
    with pytest.raises(TraceError, match="has data-dependent control flow"):
        trace(net, ZEROS)
    assert_same(snapshot(net), before)


def test_wrong_examples_are_refused() -> None:
    net = Stacked()
    with pytest.raises(ValueError, match=r"does not accept this example .*channel"):
        trace(net, torch.zeros(1, 3, 32, 32))
    with pytest.raises(ValueError, match=r"without a batch dimension; pass shape \(1, 1, 32, 32\)"):
        trace(conv(1, 4), torch.zeros(1, 32, 32))
    with pytest.raises(ValueError, match="example has no tensor"):
        trace(net)
    with pytest.raises(ValueError, match=r"not a torch nn\.Module"):
        trace(lambda x: x, ZEROS)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="lazy module"):
        trace(nn.Sequential(nn.LazyConv2d(2, 3)), ZEROS)


def embedding(time: Tensor, channels: int) -> Tensor:
    """The sinusoidal embedding of a time of a diffusion U-Net, (N,) → (N, channels)."""
    frequencies = torch.exp(-math.log(10_000) * torch.arange(channels // 2) / (channels // 2)).to(time.device)
    angles = time[:, None] * frequencies[None]
    return torch.cat([angles.sin(), angles.cos()], -1)


def any_time(layers: nn.ModuleList, x: Tensor, time: Any) -> Tensor:
    """As in diffusers: the time is a number, a scalar, or a tensor (N,)."""
    if not torch.is_tensor(time):
        time = torch.tensor([time], dtype=torch.long, device=x.device)
    time = (time[None] if time.ndim == 0 else time).to(x.device).expand(x.shape[0])
    return torch.as_tensor(layers[0](x) + layers[1](embedding(time, 4))[:, :, None, None])


def random_in_forward(layers: nn.ModuleList, x: Tensor) -> Tensor:
    noise = torch.randn(1, 1, 8, 8) + torch.randn_like(x) + torch.randn(x.shape, device=x.device)
    ramp = torch.linspace(0, 1, x.shape[-1], device=x.device) + torch.tensor([float(n) for n in range(8)]).to(x)
    return torch.as_tensor(layers[0](x + noise * ramp))


@dataclass
class Batch:
    image: Tensor
    kind: str = "CT"
    more: dict[str, Any] = field(default_factory=dict)


GRAY, LABELS = torch.zeros(2, 1, 8, 8), torch.zeros(2, dtype=torch.long)
MASK = torch.zeros(2, 1, 8, 8, dtype=torch.bool)
INPUTS: dict[str, tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]] = {
    "classes": (lambda layers, x, y: layers[0](x) + layers[2](y)[:, :, None, None], (GRAY, LABELS), {}),
    "one-hot": (
        lambda layers, x, y: layers[0](x) + F.one_hot(y, 4)[:, :, None, None].float(), (GRAY, LABELS), {}),
    "time steps": (any_time, (GRAY, LABELS), {}),
    "a scalar": (any_time, (GRAY, torch.tensor(5)), {}),
    "a number": (any_time, (GRAY, 5), {}),
    "random": (random_in_forward, (GRAY,), {}),
    "a mask": (lambda layers, x, mask: layers[0](x).masked_fill(mask, 0), (GRAY, MASK), {}),
    "bytes": (lambda layers, x: layers[0](x / 255), (GRAY.to(torch.uint8),), {}),
    "a list": (lambda layers, images: layers[0](images[0]) + images[1][0], ([GRAY, [GRAY + 1]],), {}),
    "nested": (
        lambda layers, d: layers[0](d["a"]["b"]) * d["c"][0],
        ({"a": {"b": GRAY}, "c": (GRAY + 1, None), "scale": 2, "kind": "CT"},), {}),
    "keywords": (
        lambda layers, x, *, kind, factor, **_: layers[0](x) * factor if kind == "CT" else x,
        (GRAY,), {"kind": "CT", "factor": 2.5, "mask": None}),
    "a dataclass": (
        lambda layers, batch: layers[0](batch.image) * batch.more["mask"], (Batch(GRAY, more={"mask": MASK}),), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", INPUTS)
def test_inputs_that_are_no_images(name: str) -> None:
    run, args, kwargs = INPUTS[name]
    net = Call(run, nn.Conv2d(1, 4, 3, padding=1), nn.Linear(4, 4), nn.Embedding(10, 4, max_norm=1.0))
    arch = trace(net, *args, **kwargs)
    assert arch.totals["macs"] == macs(net, *args, **kwargs) == sum(node.macs for node in arch.nodes)
    assert arch.totals["saved"] == saved(net, *args, **kwargs) == sum(node.saved for node in arch.nodes)
    assert arch.nodes[0].shape == (1, 8, 8)
    given = [tensor for _, tensor in tensors((args, kwargs))]
    assert sorted(node.bytes for node in arch.inputs) == sorted(each.untyped_storage().nbytes() for each in given)
