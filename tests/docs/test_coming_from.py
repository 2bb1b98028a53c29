"""``docs/coming_from.md``: every option of the other systems has a row, and every row builds the network it claims."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.coming_from import (
    OPTIONS,
    PAGE,
    THERE,
    TIMM,
    names,
    rows,
    section_faults,
    sections,
    there_and_back,
    traits,
)
from tests.oracles.other_systems import BasicUNet, Elektronn3
from tests.oracles.thin_nets import count, perturbed
from unet_tutorial.jobs.importing import SYSTEMS
from unet_tutorial.nets.attention import AttentionGate
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.paths import Decoder, Encoder
from unet_tutorial.nets.resample import MaxPool, then, transposed
from unet_tutorial.nets.unet import UNet, pointwise_head
from unet_tutorial.plan.levels import pyramid

pytestmark = pytest.mark.slow

TEXT = PAGE.read_text(encoding="utf8")
SECTIONS = dict(sections(TEXT))
HEAD = "| there | here | to know |\n|---|---|---|\n"
LEVELS, DECODER = pyramid((4, 6, 8)), (5, 7)  # so that a skip is never as wide as what comes up


def test_every_system_has_its_table_and_no_other_has_one() -> None:
    assert [title for title, body in SECTIONS.items() if "| there |" in body] == list(OPTIONS)
    assert sum(len(rows(body)) for body in SECTIONS.values()) == sum(map(len, OPTIONS.values()))


@pytest.mark.parametrize("system", OPTIONS)
def test_every_option_has_a_row_and_every_row_is_true(system: str) -> None:
    if system in TIMM:
        pytest.importorskip("timm", reason="encoders of timm: pip install -r requirements-backbones.txt")
    assert section_faults(SECTIONS[system], OPTIONS[system], THERE) == []


@pytest.mark.parametrize(
    ("wanted", "row", "fault"),
    [
        ("net rank 2", "`padded_unet()` | 31,042,435 parameters |", "it has 31,042,434 parameters"),
        ("net rank 3", "`padded_unet()` | |", "no rank 3 in it"),
        ("net rank 2", "`paper_unet(widths=(4, 8))` | 32×32 → 32×32 |", r"32×32 gives \(16, 16\)"),
        ("net rank 2", "`pyramid((4, 8))` | |", "it makes a tuple and no network"),
        ("net rank 2", "`padded_unet(depth=4)` | |", "TypeError: .*'depth'"),
        ("net rank 2", "`milesial_unet()` | |", "NameError: .*milesial_unet"),
        ("net rank 2", "padded_unet() | |", "is no expression in backticks"),
        ("net rank 2", "not here: nobody asked | |", "is no expression in backticks"),
        ("absent", "`padded_unet()` | |", "is no expression in backticks"),
        ("up ConvTranspose2d", "`resize_conv()` | |", "no ConvTranspose2d in it"),
        ("up ConvTranspose2d", "`Add` | |", "ValueError: up is Add: .* pass transposed"),
        ("merge Concat", "`Add` | |", "no Concat in it"),
        ("act LeakyReLU(negative_slope=0.1)", "`nn.LeakyReLU` | |", r"no LeakyReLU\(negative_slope=0.1\) in it"),
        ("act ReLU", "`nn.ReLU()` | |", "ValueError: act is ReLU"),
        ("block Residual", "`lambda i, o, level: Unused(i, o, level)` | |", "units.1.conv.weight learns nothing"),
        ("refused", "`pyramid((4, 8))` | ValueError: `a U-Net needs` |", "it is not refused"),
        ("refused", "`pyramid(())` | ValueError: `planar level` |", "ValueError: .* at least one level"),
        ("refused", "`pyramid(())` | |", "ValueError: .* at least one level"),
        ("net rank 2", "`paper_unet()` | 31,030,657 there |", "31,030,657 is not known from there"),
        ("value 0.500000", "`1 / 4` | 0.500000 |", "it is 0.250000"),
        ("value 0.500000", "`1 / 2` | 0.250000 |", "its note does not begin with 0.500000"),
        ("net rank 2", "`paper_unet()` | |\n| `depth` | `paper_unet()` | |", "depth: no option, or a second row"),
        ("net rank 2", "`paper_unet()` | |\n| `width` | `paper_unet()` | |", "width: not in the list of options"),
    ],
)
def test_a_row_that_is_wrong_is_found(wanted: str, row: str, fault: str) -> None:
    unused = "class Unused(ConvStack):\n    def __init__(self, i, o, level):\n"
    unused += "        super().__init__([i, o, o], level.kernel, [ConvUnit()] * 2)\n"
    unused += "    def forward(self, x):\n        return self.units[0](x)\n"
    found = section_faults(f"```python\n{unused}```\n{HEAD}| `depth` | {row}", {"depth": wanted}, THERE)
    assert any(re.search(fault, each) for each in found), found


def test_an_option_without_a_row_is_found() -> None:
    row = "| `depth` | `paper_unet(widths=(4, 8))` | |"
    options = {"depth": "net rank 2", "start_filts": "net rank 2"}
    assert section_faults(HEAD + row, options, THERE) == ["no row for start_filts"]


def test_the_configuration_that_is_moved_over_is_the_one_that_was_asked_for() -> None:
    intro, _, _ = TEXT.partition("\n## ")
    with torch.device("meta"):
        net: Any = names(intro)["net"]
        assert there_and_back(net, (8, 32, 64)) == (8, 32, 64)
    found = traits(net)
    assert {"in 1 out 2", "rank 3", "padding same", "widths (32, 64, 128, 256)", "kernel (1, 3, 3)"} <= found
    assert {"LeakyReLU(negative_slope=0.1)", "ConvTranspose3d", "Concat"} <= found
    assert [level.stride for level in net.levels] == [(1, 1, 1), (1, 2, 2), (2, 2, 2), (2, 2, 2)]
    assert {module.num_groups for module in net.modules() if isinstance(module, nn.GroupNorm)} == {8}
    assert sum(isinstance(module, AttentionGate) for module in net.modules()) == 3


def same_output(ours: nn.Module, theirs: nn.Module, image: Tensor, *, skip_first: bool) -> bool:
    """Whether both give the same output once the weights are copied in order, and swapped as the page says."""
    theirs, ours = perturbed(theirs).double().eval(), ours.double().eval()
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))
    if skip_first:
        names(SECTIONS["Do weights carry over?"])["skip_first"](ours)
    return torch.allclose(ours(image.double()), theirs(image.double()), atol=1e-5, rtol=0)


def test_the_first_example_gives_the_other_systems_output() -> None:
    """5,650,437 and 5,648,389 are the numbers of parameters there, and here with gates that stride as their levels."""
    intro, _, _ = TEXT.partition("\n## ")
    image, theirs = torch.randn(2, 1, 8, 32, 48), Elektronn3(4, 32, planar=(0,))
    assert count(theirs) == count(names(intro)["net"]) == 5_650_437
    assert same_output(names(intro)["net"], theirs, image, skip_first=True)
    code = intro.replace("grid_gated(Concat)", "gated(Concat)")
    assert count(names(code)["net"]) == 5_648_389
    assert all(number in intro for number in ("5,650,437", "5,648,389"))


def test_the_example_of_basic_unet_gives_the_other_systems_output() -> None:
    widths, example = (4, 4, 8, 16, 32), names(SECTIONS["MONAI BasicUNet"])["basic_unet"]
    theirs, image = BasicUNet(widths), torch.randn(2, 1, 32, 48)
    assert same_output(example(pyramid(widths)), theirs, image, skip_first=False)
    assert not same_output(example(pyramid(widths)), theirs, image, skip_first=True)


@pytest.mark.parametrize("rank", [2, 3])
def test_the_example_of_basic_unet_plus_plus_gives_monais_output(rank: int) -> None:
    """Modules are in the same order, but for the heads: ours begin with that of the last node."""
    nets = pytest.importorskip("monai.networks.nets", reason="MONAI is not installed")
    widths = (4, 4, 8, 16, 32)
    theirs = perturbed(nets.BasicUNetPlusPlus(rank, 1, 2, features=(*widths, 4), deep_supervision=True)).double().eval()
    ours = names(SECTIONS["MONAI BasicUNetPlusPlus"])["basic_unet_plus_plus"](pyramid(widths, rank)).double()
    tensors = list(theirs.state_dict().values())
    values, heads = tensors[:-8], tensors[-8:]
    swapped = [tensor for i in (6, 4, 2, 0) for tensor in heads[i : i + 2]]
    ours.load_state_dict(dict(zip(ours.state_dict(), [*values, *swapped], strict=True)))
    image = torch.randn(2, 1, *(32, 48, 16)[:rank]).double()
    with torch.no_grad():
        for one, other in zip(ours(image), reversed(theirs(image)), strict=True):
            assert torch.allclose(one, other, atol=1e-8)
        assert torch.equal(ours.eval()(image), ours.train()(image)[0])


def test_the_example_of_smp_gives_the_other_systems_output() -> None:
    """Its function ``from_smp`` copies weights for encoders of timm; both are compared in evaluation mode."""
    pytest.importorskip("timm", reason="encoders of timm: pip install -r requirements-backbones.txt")
    smp = pytest.importorskip("segmentation_models_pytorch", reason="the extra bench: pip install -e '.[bench]'")
    known, image = names(SECTIONS["segmentation_models_pytorch Unet"]), torch.randn(1, 1, 64, 96)
    for ours, theirs in (("resnet34", "resnet34"), ("regnetx_002", "tu-regnetx_002")):
        there = perturbed(smp.Unet(theirs, encoder_weights=None, in_channels=1, classes=3)).eval()
        here = known["smp_unet"](ours, 1, 3).eval()
        known["from_smp"](here, there)
        with torch.no_grad():
            expected = there(image)
            assert torch.allclose(here(image), expected, atol=1e-5 * float(expected.abs().max()))


def twice(a: int, b: int) -> nn.Sequential:
    one, two = nn.Conv2d(a, b, 3, padding=1), nn.Conv2d(b, b, 3, padding=1)
    return nn.Sequential(one, nn.BatchNorm2d(b), nn.ReLU(), two, nn.BatchNorm2d(b), nn.ReLU())


def risen(a: int, b: int) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose2d(a, b, 2, stride=2), nn.BatchNorm2d(b), nn.ReLU())


class UpFirst(nn.Module):
    """Three levels that concatenate [up, skip], written by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([twice(1, 4), twice(4, 6), twice(6, 8)])
        self.up = nn.ModuleList([risen(8, 7), twice(7 + 6, 7), risen(7, 5), twice(5 + 4, 5)])
        self.head = nn.Conv2d(5, 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        fine = self.down[0](image)
        middle = self.down[1](nn.functional.max_pool2d(fine, 2))
        coarse = self.down[2](nn.functional.max_pool2d(middle, 2))
        middle = self.up[1](torch.cat((self.up[0](coarse), middle), dim=1))
        logits: Tensor = self.head(self.up[3](torch.cat((self.up[2](middle), fine), dim=1)))
        return logits


def test_weights_carry_over_once_two_slices_of_one_weight_per_step_are_swapped() -> None:
    theirs, image = perturbed(UpFirst()).double().eval(), torch.randn(2, 1, 16, 24).double()
    unit = ConvUnit(norm=batch_norm)
    block, up = conv_stack(unit), then(transposed, unit.norm, unit.act)
    encoder, decoder = Encoder(1, LEVELS, block, MaxPool), Decoder(LEVELS, DECODER, block, up, Concat)
    ours = UNet(encoder, decoder, pointwise_head(decoder, 2)).double().eval()
    both = zip(ours.state_dict(), theirs.state_dict().values(), strict=True)
    ours.load_state_dict(dict(both))
    assert not torch.allclose(ours(image), theirs(image))
    names(SECTIONS["Do weights carry over?"])["skip_first"](ours)
    assert torch.allclose(ours(image), theirs(image), rtol=1e-10)


def test_the_page_lists_the_arguments_that_weights_do_not_state() -> None:
    listed = re.findall(r"^- (`.*?`): (.*?)(?=^- |\n\n)", SECTIONS["unet import"], re.MULTILINE | re.DOTALL)
    found = {name: text for names_there, text in listed for name in re.findall(r"`(\w+)`", names_there)}
    assert sorted(found) == sorted(SYSTEMS)
    for name, text in found.items():
        assert sorted(re.findall(r"`(\w+)`", text)) == sorted(SYSTEMS[name].defaults), name
