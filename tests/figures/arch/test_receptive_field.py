"""Receptive fields of graphs against the extent of gradients."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.foreign_hard import Call
from tests.oracles.one_channel_nets import MeanPool
from tests.oracles.torch_counts import footprints
from unet_tutorial.figures.arch.from_plan import arch_from_plan
from unet_tutorial.figures.arch.receptive_field import node_receptive_field, seen_interval, with_receptive_fields
from unet_tutorial.figures.tables.footer import output_node
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.merge import Add, Concat, Merge
from unet_tutorial.nets.resample import Down, StridedConv, Up, resize_conv, transposed
from unet_tutorial.nets.shuffle import PixelShuffle
from unet_tutorial.nets.unet import unet
from unet_tutorial.plan.levels import Level, pyramid
from unet_tutorial.plan.receptive_field import receptive_field, seen_by
from unet_tutorial.plan.sizes import Padding, valid_sizes

PLANAR = (Level(1, (1, 3), (1, 1)), Level(1, (3, 3), (1, 2)), Level(1, (3, 3), (2, 2)))
STRIDE_3 = (Level(1, (3,), (1,)), Level(1, (3,), (3,)), Level(1, (3,), (2,), 1))
SMALL = pyramid((1, 1, 1))
Plan = tuple[tuple[Level, ...], Padding, Down, Up, Merge]
PLANS: dict[str, Plan] = {
    "padded": (SMALL, "same", MeanPool, transposed, Concat),
    "valid": (SMALL, "valid", MeanPool, transposed, Concat),
    "deeper, valid, rank 1": (pyramid((1, 1, 1, 1), rank=1), "valid", MeanPool, transposed, Concat),
    "planar": (PLANAR, "same", MeanPool, transposed, Concat),
    "planar, valid, 3D": (pyramid((1, 1, 1), rank=3, planar=(0,)), "valid", MeanPool, transposed, Add),
    "stride 3": (STRIDE_3, "valid", MeanPool, transposed, Concat),
    "strided convolution": (SMALL, "same", StridedConv, transposed, Add),
    "nearest": (SMALL, "same", MeanPool, resize_conv("nearest"), Concat),
    "linear": (SMALL, "valid", MeanPool, resize_conv("linear", kernel=1), Concat),
    "pixel shuffle": (SMALL, "same", StridedConv, PixelShuffle, Concat),
}


@pytest.mark.parametrize("name", PLANS)
def test_the_receptive_field_is_the_gradients_footprint(name: str) -> None:
    levels, padding, down, up, merge = PLANS[name]
    block = conv_stack(ConvUnit(padding=padding, act=nn.Identity))
    net = unet(1, 1, levels, block=block, down=down, up=up, merge=merge)
    for weight in net.parameters():
        nn.init.uniform_(weight, 0.1, 1.0)
    side = 240 // levels[0].rank ** 2  # so that the input is larger than the receptive field
    size = [valid[-(-side // valid.step)] for valid in valid_sizes(levels, padding=padding)]
    arch = trace(net, torch.empty(1, 1, *size))
    assert node_receptive_field(arch, output_node(arch)) == footprints(
        net, size, period=8 if levels is not STRIDE_3 else 6
    )


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("levels", [pyramid((2, 3, 4)), pyramid((2, 3, 4, 5), rank=3, planar=(0,))])
def test_the_graph_of_a_plan_gives_the_receptive_field_of_the_plan(levels: tuple[Level, ...], padding: Padding) -> None:
    size = tuple(valid[-(-200 // valid.step)] for valid in valid_sizes(levels, padding=padding))
    arch = arch_from_plan(size, levels, padding=padding)
    assert node_receptive_field(arch, output_node(arch)) == receptive_field(levels, padding=padding)
    only = with_receptive_fields(arch, [arch.nodes[-1].id])
    assert [node.field for node in only.nodes[:-1]] == [()] * (len(arch.nodes) - 1)
    assert only.nodes[-1] == with_receptive_fields(arch).nodes[-1]


@pytest.mark.parametrize("position", range(8))
def test_the_interval_of_a_pixel_is_that_of_the_plan(position: int) -> None:
    levels = pyramid((2, 3, 4, 5))
    arch = arch_from_plan((92, 92), levels, padding="valid")
    ancestors = arch.nodes[::-1]
    assert seen_interval(ancestors, 0, position) == seen_by(position, levels, padding="valid")


LAYERS: dict[str, tuple[Callable[[Tensor], Tensor], int]] = {
    "crop": (lambda x: x[:, :, 5:-2], 12),
    "pad": (lambda x: F.pad(x, (4, 1))[:, :, 4:], 12),
    "every third": (lambda x: x[:, :, 2::3], 8),
    "dilated": (lambda x: F.conv1d(x, torch.ones(1, 1, 3), padding=2, dilation=2), 12),
    "strided": (lambda x: F.conv1d(x, torch.ones(1, 1, 4), stride=3, padding=1), 8),
    "transposed, overlapping": (lambda x: F.conv_transpose1d(x, torch.ones(1, 1, 5), stride=2, padding=1), 12),
    "linear": (lambda x: F.interpolate(x, scale_factor=2.0, mode="linear"), 12),
    "nearest": (lambda x: F.interpolate(x, scale_factor=3.0), 12),
    "linear, smaller": (lambda x: F.interpolate(x, scale_factor=0.25, mode="linear"), 2),
    "nearest, smaller": (lambda x: F.interpolate(x, scale_factor=0.5), 6),
    "linear, by 3/2": (lambda x: F.interpolate(x, scale_factor=1.5, mode="linear"), 12),
    "nearest, by 3/2": (lambda x: F.interpolate(x, scale_factor=1.5), 12),
}


@pytest.mark.parametrize("name", LAYERS)
def test_an_interval_is_the_support_of_the_gradient(name: str) -> None:
    """Between two convolutions, so that several pixels are followed at once."""
    layer, position = LAYERS[name]
    before, after = torch.ones(1, 1, 2), torch.ones(1, 1, 3)

    def run(_: nn.ModuleList, x: Tensor) -> Tensor:
        return F.conv1d(layer(F.conv1d(x, before)), after)

    image = torch.zeros(1, 1, 48, requires_grad=True)
    ancestors = trace(Call(run), image.detach()).nodes[::-1]
    for place in range(position, position + 4):
        (grad,) = torch.autograd.grad(run(nn.ModuleList(), image)[0, 0, place], image)
        seen = grad[0, 0].nonzero()
        assert seen_interval(ancestors, 0, place) == (int(seen.min()), int(seen.max()))


SIZE = (20, 24)  # larger than the receptive field of three convolutions
LOCAL, ROWS, COLUMNS, ALL = (7, 7), (20, 7), (7, 24), SIZE


def reduced(name: str, dim: int | tuple[int, ...], *, keepdim: bool) -> Callable[[Tensor], Tensor]:
    """The map with its reduction along ``dim`` added to each pixel."""

    def run(x: Tensor) -> Tensor:
        y = getattr(torch, name)(x, dim=dim, keepdim=keepdim)
        y = y if isinstance(y, Tensor) else y[0]
        for d in sorted([dim] if isinstance(dim, int) else [each % 4 for each in dim]) if not keepdim else []:
            y = y.unsqueeze(d)
        return x + y

    return run


ONE_DIM = ("logsumexp", "prod", "max", "min", "median", "mode", "nanmedian")
DIMS = ("sum", "mean", "nansum", "amax", "amin", "std", "var", "std_mean", "var_mean", "logsumexp", "norm")
AXES = ((1, LOCAL, -1, COLUMNS), (-3, LOCAL, 2, ROWS))  # each function has one row; the rows take turns
REDUCED = {
    f"{name} {dim} {keepdim}": (reduced(name, dim, keepdim=keepdim), field)
    for i, name in enumerate(dict.fromkeys((*DIMS, *ONE_DIM)))
    for one, near, other, far in [AXES[i % 2]]
    for dim, field, keepdim in ((one, near, i % 4 < 2), (other, far, i % 4 >= 2), ((2, -1), ALL, i % 4 < 2))
    if isinstance(dim, int) or name in DIMS
}
ALONG = {
    f"{name} {dim}": (lambda x, name=name, dim=dim: x + getattr(torch, name)(x, dim=dim), field)
    for i, name in enumerate(("softmax", "log_softmax", "cumsum", "cumprod", "logcumsumexp"))
    for dim, field in zip(AXES[i % 2][::2], AXES[i % 2][1::2], strict=True)
}


def tokens(x: Tensor) -> Tensor:
    return x.flatten(2).transpose(1, 2)  # (N, H·W, C)


def attention(x: Tensor) -> Tensor:
    each = tokens(x)
    return F.scaled_dot_product_attention(each, each, each).transpose(1, 2).view(x.shape)


def channel_attention(x: Tensor) -> Tensor:
    q = F.normalize(x.flatten(2), dim=-1)
    return ((q @ q.transpose(1, 2)).softmax(-1) @ x.flatten(2)).view(x.shape)


def attention_in_rows(x: Tensor) -> Tensor:
    rows = x.permute(0, 2, 3, 1)  # (N, H, W, C)
    return ((rows @ rows.transpose(2, 3)).softmax(-1) @ rows).permute(0, 3, 1, 2)


def response_norm(x: Tensor) -> Tensor:
    """Global response normalisation of ConvNeXt V2 (arXiv 2301.00808, section 3)."""
    size = x.norm(dim=(2, 3), keepdim=True)
    return x + x * torch.as_tensor(size / size.mean(dim=1, keepdim=True))


def in_frequencies(x: Tensor) -> Tensor:
    waves = torch.fft.rfft2(x)
    filtered = waves * torch.linspace(0.1, 0.5, waves.shape[-1]).to(x.dtype)
    return torch.as_tensor(torch.fft.irfft2(filtered, s=x.shape[-2:]))


def coordinate_attention(x: Tensor) -> Tensor:
    """Means of rows and of columns, joined for one convolution (arXiv 2103.02907, figure 2)."""
    rows, columns = F.adaptive_avg_pool2d(x, (None, 1)), F.adaptive_avg_pool2d(x, (1, None))
    both = F.conv2d(torch.cat([rows, columns.transpose(2, 3)], 2), x.new_ones(4, 4, 1, 1) / 4)
    rows, columns = both.split(list(SIZE), 2)
    return torch.as_tensor(x * rows.sigmoid() * columns.transpose(2, 3).sigmoid())


def summed(kernel: tuple[int, int], x: Tensor) -> Tensor:
    return F.conv2d(x, x.new_ones(4, 4, *kernel) / 9)


MIXED: dict[str, tuple[Callable[[Tensor], Tensor], tuple[int, int]]] = {
    "normalize": (lambda x: F.normalize(x, dim=1), LOCAL),
    "normalize, default": (F.normalize, LOCAL),
    "normalize rows": (lambda x: F.normalize(x, dim=-1), COLUMNS),
    "norm of channels": (lambda x: x / (x.norm(dim=1, keepdim=True) + 1e-6), LOCAL),
    "vector norm": (lambda x: x / torch.linalg.vector_norm(x, 2, (-1, -2), keepdim=True), ALL),
    "aminmax": (lambda x: x - torch.aminmax(x, dim=1, keepdim=True).max, LOCAL),
    "aminmax of rows": (lambda x: x - torch.aminmax(x, dim=2, keepdim=True).max, ROWS),
    "renorm": (lambda x: torch.renorm(x, 2, 1, 0.1), ALL),
    "topk of channels": (lambda x: x + x.topk(2, 1).values.sum(1, keepdim=True), LOCAL),
    "sort of channels": (lambda x: x.sort(dim=1, descending=True).values, LOCAL),
    "sort of rows": (lambda x: x + x.sort(2).values, ROWS),
    "kthvalue": (lambda x: x + x.kthvalue(1, -1, True).values, COLUMNS),
    "mean of everything": (lambda x: x * x.mean(), ALL),
    "squeeze and excitation": (lambda x: x * F.adaptive_avg_pool2d(x, 1).sigmoid(), ALL),
    "strip pooling": (lambda x: x * F.adaptive_avg_pool2d(x, (None, 1)).sigmoid(), COLUMNS),
    "strip, convolved": (lambda x: x * F.conv1d(x.mean(3), x.new_ones(4, 4, 5), padding=2)[..., None], (11, 24)),
    "coordinate attention": (coordinate_attention, ALL),
    "global response norm": (response_norm, ALL),
    "frequencies": (in_frequencies, ALL),
    "frequencies of rows": (lambda x: torch.fft.ifft(torch.fft.fft(x, dim=2).abs(), dim=2).abs(), ROWS),
    "attention": (lambda x: x + attention(x), ALL),
    "attention alone": (attention, ALL),
    "attention in rows": (lambda x: x + attention_in_rows(x), COLUMNS),
    "attention of channels": (lambda x: x + channel_attention(x), ALL),
    "linear layer on rows": (lambda x: x + F.linear(x, x.new_ones(24, 24) / 24), COLUMNS),
    "linear layer on channels": (lambda x: F.linear(x.movedim(1, -1), x.new_ones(4, 4)).movedim(-1, 1), LOCAL),
    "einsum over channels": (lambda x: torch.einsum("nchw,dc->ndhw", x, x.new_ones(4, 4)), LOCAL),
    "gated unit": (lambda x: F.glu(x.repeat(1, 2, 1, 1), 1), LOCAL),
    "channels by index": (lambda x: x[:, [0, 2, 1, 3]], LOCAL),
    "shifted": (lambda x: x + x.roll(3, 2), (10, 7)),
    "shifted and back": (lambda x: (x.roll((3, 2), (2, 3)) * 2).roll((-3, -2), (2, 3)), LOCAL),
    "shifted channels": (lambda x: x + x.roll(1, 1), LOCAL),
    "patches": (lambda x: x + F.unfold(x, 3, padding=1).view(x.shape[0], 4, 9, *SIZE).mean(2), (9, 9)),
    "patches by windows": (lambda x: summed((1, 1), x.unfold(2, 5, 1).sum(-1)), (11, 7)),
    "reflected": (lambda x: summed((3, 3), F.pad(x, (1, 1, 1, 1), mode="reflect")), (9, 9)),
    "replicated": (lambda x: summed((3, 1), F.pad(x, (0, 0, 1, 1), mode="replicate")), (9, 7)),
    "circular": (lambda x: summed((3, 3), F.pad(x, (1, 1, 1, 1), mode="circular")), (9, 9)),
    "circular by hand": (lambda x: summed((3, 1), torch.cat([x[:, :, -1:], x, x[:, :, :1]], 2)), (9, 7)),
    "zeros before it": (lambda x: summed((3, 1), torch.cat([x.new_zeros(*x.shape[:2], 2, 24), x], 2)), (9, 7)),
}


def extents(run: Callable[[Tensor], Tensor], layers: nn.ModuleList, places: tuple[float, ...]) -> tuple[int, ...]:
    """Largest extent per axis of the gradients of output pixels at these relative places.

    Each image has a bright or dark row or column, so that each pixel is an extreme value in one of them.
    """
    images = [torch.rand(1, *SIZE, dtype=torch.double) for _ in range(4 * max(SIZE))]
    for i, image in enumerate(images):
        axis, place = 1 + i % 2, i // 4 % SIZE[i % 2]
        image.narrow(axis, place, 1).add_(3 if i // 2 % 2 else -0.9)
    x = torch.stack(images).requires_grad_()
    out = layers[2](run(layers[1](layers[0](x))))[:, 0]
    found = [0, 0]
    for share in places:
        at = out[:, int(share * out.shape[1]), int(share * out.shape[2])]
        (grad,) = torch.autograd.grad(at.sum(), x, retain_graph=True)
        for axis in range(2):
            touched = grad[:, 0].abs().sum((0, 2 - axis)).nonzero()
            found[axis] = max(found[axis], int(touched.max()) - int(touched.min()) + 1)
    return tuple(found)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*REDUCED, *ALONG, *MIXED])
def test_reductions_along_channels_keep_the_field_and_along_an_axis_extend_it(name: str) -> None:
    """Between convolutions with a field of 7 pixels; cumulative sums reach all pixels only from the last one."""
    torch.manual_seed(0)
    run, expected = {**REDUCED, **ALONG, **MIXED}[name]
    layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in ((1, 4), (4, 4), (4, 1))).double()
    for weight in layers.parameters():
        nn.init.uniform_(weight, 0.05, 0.3)
    places = (0.5, 0.95) if expected != LOCAL and ("cum" in name or "sort" in name) else (0.5,)
    assert extents(run, layers, places) == expected
    arch = trace(Call(lambda each, x: each[2](run(each[1](each[0](x)))), *layers).float(), torch.zeros(1, 1, *SIZE))
    assert node_receptive_field(arch, arch.node(arch.outputs[0])) == tuple((n, n) for n in expected)


def test_a_condition_adds_nothing_to_the_field_and_a_mean_of_the_image_everything() -> None:
    """A map multiplied by a vector: made from a second input, or from the image."""

    def run(layers: nn.ModuleList, x: Tensor, t: Tensor | None = None) -> Tensor:
        x = layers[0](x)
        vector = layers[1](x.mean((2, 3)) if t is None else t)
        return torch.as_tensor(layers[2](x * vector[:, :, None, None]))

    net = Call(run, nn.Conv2d(1, 4, 8, padding=4), nn.Linear(4, 4), nn.Conv2d(4, 1, 3, padding=1))
    image, condition = torch.zeros(1, 1, 64, 64), torch.zeros(1, 4)
    by_image, by_condition = trace(net, image), trace(net, image, condition)
    assert node_receptive_field(by_condition, by_condition.node(by_condition.outputs[0])) == ((10, 10),) * 2
    assert node_receptive_field(by_image, by_image.node(by_image.outputs[0])) == ((64, 64),) * 2
