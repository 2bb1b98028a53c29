"""The measures of a module against the plan of a network of this library, and against gradients of pixels."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.oracles.foreign_unets import Functional, Stacked, recursive
from tests.oracles.thin_nets import thin
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.measured import AxisMeasures, Probe, first_pass, measure_axis
from unet_tutorial.nets.norms import instance_norm
from unet_tutorial.plan.levels import Level, Size, pyramid
from unet_tutorial.plan.receptive_field import seen_by
from unet_tutorial.plan.sizes import Padding, along, output_size, valid_sizes

pytestmark = pytest.mark.slow


def measures(module: nn.Module) -> list[AxisMeasures]:
    probe = Probe(module, lambda out: out)
    image, _ = first_pass(probe, 0, 0)
    return [measure_axis(probe, image, axis) for axis in range(image.ndim - 2)]


PLANS: list[tuple[tuple[Level, ...], Padding]] = [
    (pyramid((2, 2, 2)), "same"),
    (pyramid((2, 2, 2)), "valid"),
    (pyramid((2, 2), rank=3, planar=(0,)), "same"),
    (pyramid((2, 2), rank=1), "valid"),
    ((Level(2, (5, 3), (1, 1), convs=1), Level(2, (3, 3), (3, 5), convs=1)), "same"),
    ((Level(2, (3,), (1,), convs=1), Level(2, (3,), (3,)), Level(2, (3,), (2,))), "valid"),
]


def planned_border(levels: tuple[Level, ...], padding: Padding) -> tuple[int, int]:
    """Output pixels at the start and at the end of a tile that read pixels outside of it, along one axis."""
    if padding == "valid":
        return 0, 0
    far = range(96)
    before = sum(seen_by(q, levels, padding=padding)[0] < 0 for q in far)
    return before, sum(seen_by(-1 - q, levels, padding=padding)[1] >= 0 for q in far)


@pytest.mark.parametrize(("levels", "padding"), PLANS)
def test_the_measures_are_those_of_the_plan(levels: tuple[Level, ...], padding: Padding) -> None:
    net = thin(levels, block=conv_stack(ConvUnit(padding=padding)))
    found = measures(net)
    assert [axis.exact for axis in found] == [True] * net.levels[0].rank
    for number, axis in enumerate(found):
        one = along(number, levels)
        (valid,) = valid_sizes(one, padding=padding)
        assert axis.size in valid
        assert axis.grid == valid.step
        assert axis.size - axis.lost == output_size((axis.size,), one, padding=padding)[0]
        assert (axis.before, axis.after) == planned_border(one, padding)


def border_by_gradients(net: nn.Module, size: int, start: int) -> tuple[int, int]:
    """Output pixels at the start and at the end of a tile from ``start`` that depend on pixels outside of it.

    The tile has half of the image's size and is in its middle.
    """
    torch.manual_seed(3)
    image = torch.randn(1, 1, size, size, dtype=torch.float64, requires_grad=True)
    out = net.double().eval()(image)
    lost, end = size - out.shape[2], start + size // 2
    inside = range(start, end - lost)
    reads_before, reads_behind = [], []
    for row in inside:
        (gradient,) = torch.autograd.grad(out[:, :, row].square().sum(), image, retain_graph=True)
        read = gradient.abs().sum((0, 1, 3)).nonzero().flatten()
        reads_before.append(int(read[0]) < start)
        reads_behind.append(int(read[-1]) >= end)
    return sum(reads_before), sum(reads_behind)


@pytest.mark.parametrize(
    "make", [Functional, recursive, Stacked, lambda: Stacked("interpolate"), lambda: Stacked("crop", pad=0)]
)
def test_the_border_is_where_gradients_reach_beyond_the_tile(make: type[nn.Module]) -> None:
    torch.manual_seed(0)
    net = make()
    (rows, _) = measures(net)
    before, after = border_by_gradients(net, 96, 24)
    # a gradient may be 0 where a ReLU is dead, and never is where a pixel is not read
    assert before <= rows.before <= before + 1
    assert after <= rows.after <= after + 1


def test_a_module_is_left_as_it_was() -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Dropout(), nn.Conv2d(4, 2, 1)).train()
    net[1].eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    modes, state = [module.training for module in net.modules()], torch.get_rng_state()
    measures(net)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert [module.training for module in net.modules()] == modes
    assert torch.equal(torch.get_rng_state(), state)


def zeroed() -> nn.Module:
    net = recursive()
    for weight in net.parameters():
        nn.init.zeros_(weight)
    return net


def test_weights_of_0_do_not_hide_what_is_read() -> None:
    assert measures(zeroed()) == measures(recursive())


class Gated(nn.Module):
    """A convolution and squeeze-and-excitation."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.gate, self.head = nn.Conv2d(1, 4, 5, padding=2), nn.Linear(4, 4), nn.Conv2d(4, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        gates: torch.Tensor = self.gate(x.mean((2, 3))).sigmoid()[..., None, None]
        return torch.as_tensor(self.head(x * gates))


class Attending(nn.Module):
    """Attention of each pixel of a coarse map to all of them."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(1, 4, 4, 4), nn.ConvTranspose2d(4, 2, 4, 4)
        self.attention = nn.MultiheadAttention(4, 1, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.down(x)
        tokens = x.flatten(2).mT
        return torch.as_tensor(self.up((tokens + self.attention(tokens, tokens, tokens)[0]).mT.reshape(x.shape)))


@pytest.mark.parametrize(
    ("make", "grid", "border"),
    [
        (Gated, 1, 2),
        (Attending, 4, None),
        (lambda: thin(pyramid((2, 2)), block=conv_stack(ConvUnit(norm=instance_norm))), 2, 8),
    ],
)
def test_a_field_without_end_is_said_to_be_so_and_its_local_part_is_measured(
    make: type[nn.Module], grid: int, border: int | None
) -> None:
    for axis in measures(make()):
        assert not axis.exact
        assert axis.grid % grid == 0
        assert border is None or max(axis.before, axis.after) == border


def test_a_position_in_the_image_is_no_exact_tile() -> None:
    class Where(nn.Sequential):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            rows = torch.arange(x.shape[2], dtype=x.dtype)[:, None] / 100
            out: torch.Tensor = super().forward(x + rows)  # type: ignore[no-untyped-call]
            return out

    rows, columns = measures(Where(nn.Conv2d(1, 2, 3, padding=1)))
    assert (rows.exact, columns.exact) == (False, True)


def strided(stride: int) -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 2, 3, stride, 1), nn.ReLU())


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: strided(2), "does not follow the size of its input along axis 0: 16 pixels give 8, "),
        (lambda: nn.Sequential(nn.Conv2d(1, 2, 1), nn.AdaptiveAvgPool2d(8)), "16 pixels give 8"),
        (lambda: nn.Sequential(nn.Conv2d(1, 2, 1), nn.Upsample(scale_factor=2)), "16 pixels give 32"),
        (lambda: nn.Sequential(nn.Flatten(), nn.Linear(7, 2)), "accepts none of the images tried"),
    ],
)
def test_modules_whose_output_does_not_follow_their_input_are_refused(make: type[nn.Module], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        measures(make())


def test_the_first_image_has_the_channels_and_axes_of_the_module() -> None:
    for make, shape in ((Functional, (1, 1)), (lambda: nn.Conv3d(5, 2, 3), (1, 5))):
        probe = Probe(make(), lambda out: out)
        image, out = first_pass(probe, 0, 0)
        assert image.shape[:2] == shape
        assert out.ndim == image.ndim
    sizes: list[Size] = [(7,), (9,)]
    assert first_pass(Probe(nn.Conv1d(3, 2, 3), lambda out: out), 3, 1, sizes)[0].shape == (1, 3, 7)
