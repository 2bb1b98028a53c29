"""Weights of other systems: with them, the preset of ours gives the output of networks in their documented layouts."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.oracles.foreign_layouts import Foreign, added, caffe, elektronn3, jaxony, johschmidt42, milesial
from tests.oracles.imported import assert_equal_outputs, imported
from tests.oracles.other_systems import Elektronn3
from tests.oracles.thin_nets import perturbed
from unet_tutorial.nets.foreign_weights import System, chosen, structure_of
from unet_tutorial.nets.systems.caffe_release import CAFFE
from unet_tutorial.nets.systems.elektronn3 import ELEKTRONN3
from unet_tutorial.nets.systems.jaxony import JAXONY
from unet_tutorial.nets.systems.johschmidt42 import JOHSCHMIDT42
from unet_tutorial.nets.systems.milesial import MILESIAL

LEAKY = partial(nn.LeakyReLU, 0.1)
Case = tuple[System, Callable[[], Foreign], dict[str, Any], tuple[int, ...]]


def group(groups: int) -> Callable[[int], nn.Module]:
    return partial(nn.GroupNorm, groups)


def no_norm(channels: int) -> nn.Module:  # noqa: ARG001
    return nn.Identity()


def resized(mode: str, kernel: int) -> Callable[[int, int], dict[str, nn.Module]]:
    def up(before: int, after: int) -> dict[str, nn.Module]:
        larger = nn.Upsample(scale_factor=2, mode=mode)
        return {".upsample": larger, ".conv": nn.Conv2d(before, after, kernel, padding=kernel // 2)}

    return up


IMAGE, VALID, VOLUME = (16, 24), (52, 60), (8, 16, 12)
INSTANCE = nn.InstanceNorm2d
CASES: dict[str, Case] = {
    "jaxony": (JAXONY, jaxony, {"depth": 3, "start_filts": 4}, IMAGE),
    "jaxony, upsample": (JAXONY, partial(jaxony, "upsample"), {}, IMAGE),
    "jaxony, add": (JAXONY, partial(jaxony, join=added), {"merge_mode": "add"}, IMAGE),
    "jaxony, one level": (JAXONY, partial(jaxony, depth=1), {}, IMAGE),
    "johschmidt42": (JOHSCHMIDT42, johschmidt42, {}, IMAGE),
    "johschmidt42, valid": (
        JOHSCHMIDT42,
        partial(johschmidt42, 2, INSTANCE, nn.ELU, padding=0),
        {"normalization": "instance", "activation": "elu", "conv_mode": "valid"},
        VALID,
    ),
    "johschmidt42, 3D, trilinear": (
        JOHSCHMIDT42,
        partial(johschmidt42, 3, no_norm, LEAKY, "trilinear"),
        {"normalization": None, "activation": "leaky", "up_mode": "trilinear"},
        VOLUME,
    ),
    "johschmidt42, nearest": (JOHSCHMIDT42, partial(johschmidt42, up_mode="nearest"), {"up_mode": "nearest"}, IMAGE),
    "elektronn3": (ELEKTRONN3, elektronn3, {}, IMAGE),
    "elektronn3, 3D, attention": (
        ELEKTRONN3,
        partial(elektronn3, 3, group(4), LEAKY, attention=True),
        {"normalization": "group4", "activation": "leaky", "planar_blocks": []},
        VOLUME,
    ),
    "elektronn3, valid, partly normed": (
        ELEKTRONN3,
        partial(elektronn3, act=nn.PReLU, padding=0, full=False),
        {"conv_mode": "valid"},
        VALID,
    ),
    "elektronn3, add": (
        ELEKTRONN3,
        partial(elektronn3, 2, group(8), nn.RReLU, join=added),
        {"normalization": "group", "activation": "rrelu"},
        IMAGE,
    ),
    "elektronn3, resizeconv": (
        ELEKTRONN3,
        partial(elektronn3, 2, INSTANCE, nn.SiLU, resized("bilinear", 3)),
        {"normalization": "instance", "activation": "silu", "up_mode": "resizeconv_linear"},
        IMAGE,
    ),
    "elektronn3, resizeconv of 1": (
        ELEKTRONN3,
        partial(elektronn3, 2, no_norm, nn.Identity, resized("nearest", 1)),
        {"normalization": "none", "activation": "lin", "up_mode": "resizeconv_nearest1"},
        IMAGE,
    ),
    "caffe": (CAFFE, caffe, {}, VALID),
}


@pytest.mark.parametrize("case", CASES)
def test_the_output_is_that_of_the_other_system(case: str) -> None:
    system, there, options, size = CASES[case]
    torch.manual_seed(0)
    assert_equal_outputs(system, there(), options, size)


NAMES = (  # of the layers of the oracle, and of elektronn3's
    (r"down\.(\d)\.", r"down_convs.\1.", ("conv1", "norm0", "", "conv2", "norm1")),
    (r"up\.(\d)\.3\.", r"up_convs.\1.", ("conv1", "norm1", "", "conv2", "norm2")),
)
OTHERS = {".0.": ".upconv.", ".1.0.": ".norm0.", ".2.mix.": ".attention.w.", ".2.": ".attention."}


def as_elektronn3(name: str) -> str:
    """The name in elektronn3 of a tensor of the network ``other_systems.Elektronn3``."""
    for ours, theirs, layers in NAMES:
        found = re.fullmatch(rf"{ours}(\d)\.(.*)", name)
        if found:
            return found.expand(theirs) + f"{layers[int(found[2])]}.{found[3]}"
    for rest, layer in OTHERS.items():
        if re.match(rf"up\.\d{re.escape(rest)}", name):
            return re.sub(rf"up\.(\d){re.escape(rest)}", rf"up_convs.\1{layer}", name, count=1)
    return name.replace("head.", "conv_final.")


def test_planar_levels_and_gates_of_elektronn3() -> None:
    torch.manual_seed(0)
    theirs = perturbed(Elektronn3(3, 8, planar=(0, 2))).eval()
    state = {as_elektronn3(name): value for name, value in theirs.state_dict().items()}
    options = {"activation": "leaky", "normalization": "group8", "planar_blocks": [0, 2], "attention": True}
    here = imported(ELEKTRONN3, state, options)
    image = torch.randn(1, 1, 4, 16, 24, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(here(image), theirs.double()(image), rtol=0, atol=1e-12)


REFUSED: list[tuple[System, Callable[[], Foreign], dict[str, Any], str]] = [
    (
        JAXONY,
        milesial,
        {},
        r"no tensor down_convs.0.conv1.weight, .* jaxony .*; the first here is down1.max",
    ),
    (JAXONY, elektronn3, {}, "down_convs.0.norm0.* has no place in a network of jaxony, like 59 more"),
    (
        ELEKTRONN3,
        jaxony,
        {},
        'do not state normalization, .*\'s default "batch" does.*"none", "instance"',
    ),
    (
        ELEKTRONN3,
        partial(elektronn3, 2, group(4)),
        {},
        r"it is one of \"group\", \"group1\", \"group2\", \"group4\", \"group8\": give it, for example --kwargs",
    ),
    (ELEKTRONN3, elektronn3, {"normalization": "group3"}, 'normalization "group3" has no equal .* allow "batch"'),
    (ELEKTRONN3, elektronn3, {"activation": ["relu"]}, r"activation \[\"relu\"\] has no equal here"),
    (ELEKTRONN3, elektronn3, {"full_norm": 1}, "full_norm 1 has no equal here, .* allow true"),
    (ELEKTRONN3, elektronn3, {"batch_norm": True}, "elektronn3 has no option 'batch_norm' here; its options are in_"),
    (ELEKTRONN3, partial(elektronn3, up=resized("nearest", 3)), {}, 'do not state up_mode, .*"resizeconv_nearest"'),
    (
        JOHSCHMIDT42,
        partial(johschmidt42, up_mode="bicubic"),
        {"up_mode": "bicubic"},
        'up_mode "bicubic" has no equal',
    ),
]


@pytest.mark.parametrize(("system", "there", "options", "sentence"), REFUSED)
def test_what_does_not_fit_is_refused(
    system: System, there: Callable[[], Foreign], options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        imported(system, there().state(), options)


CHANGES: list[tuple[Callable[[dict[str, Tensor]], object], str]] = [
    (lambda s: s.pop("down1.maxpool_conv.1.double_conv.3.weight"), "double_conv.3.weight is missing"),
    (lambda s: s.pop("up1.up.weight"), "no tensor up1.up.weight; its network was made with bilinear=True"),
    (lambda s: s.clear(), "it holds no tensors; pass a state dict"),
    (lambda s: s.pop("outc.conv.weight"), "outc.conv.weight is missing"),
    (lambda s: s.pop("outc.conv.bias"), "outc.conv.bias is missing"),
    (lambda s: s.pop("inc.double_conv.1.running_var"), "inc.double_conv.1.running_var is missing"),
    (lambda s: s.update({"aux.weight": torch.zeros(2)}), "^aux.weight has no place in a network of milesial; pass"),
    (lambda s: s.update({"inc.double_conv.1.bias": torch.zeros(3)}), r"double_conv.1.bias is \(3,\) of torch.float32"),
    (
        lambda s: s.update({"outc.conv.bias": torch.zeros(2, dtype=torch.int8)}),
        r"outc.conv.bias is \(2,\) of torch.int8",
    ),
    (
        lambda s: s.update({"outc.conv.bias": torch.zeros(2).to_sparse()}),
        "outc.conv.bias has the layout torch.sparse_coo on cpu, and a dense tensor with values is needed; save",
    ),
    (
        lambda s: s.update({"outc.conv.bias": torch.zeros(2, device="meta")}),
        "outc.conv.bias has the layout torch.strided on meta, and a dense tensor with values is needed; save",
    ),
    (lambda s: s.update({"inc.double_conv.0.weight": torch.zeros(4)}), r"weight has shape \(4,\), and a convolution"),
    (lambda s: s.update({"inc.double_conv.0.weight": torch.zeros(4, 3, 5, 5)}), r"\(4, 3, 5, 5\) .* \(4, 3, 3, 3\)"),
    (
        lambda s: s.update({"up1.conv.double_conv.0.weight": torch.zeros(8, 9, 3, 3)}),
        r"\(8, 9, 3, 3\) .*\(8, 16, 3, 3\)",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), CHANGES)
def test_a_state_dict_with_another_tensor_is_refused(
    change: Callable[[dict[str, Tensor]], object], sentence: str
) -> None:
    state = milesial().state()
    change(state)
    with pytest.raises(ValueError, match=sentence):
        imported(MILESIAL, state, {})


def test_files_of_torch_before_0_4_1_have_no_count_of_batches() -> None:
    theirs = milesial()
    state = {key: value for key, value in theirs.state().items() if not key.endswith("num_batches_tracked")}
    image = torch.randn(1, 3, *IMAGE, dtype=torch.float64)
    with torch.no_grad():
        assert torch.allclose(imported(MILESIAL, state, {})(image), theirs(image), atol=1e-12, rtol=0)


def test_what_was_assumed_is_said() -> None:
    structure = structure_of(ELEKTRONN3, elektronn3().state())
    values, sentence = chosen(ELEKTRONN3, structure, {"activation": "leaky"})
    assert values["n_blocks"] == 3
    assert sentence.startswith(
        'not stated by the weights, so the default of elektronn3 was taken: conv_mode "same"; if'
    )
    assert chosen(ELEKTRONN3, structure, {"activation": "leaky", "conv_mode": "valid"})[1] == ""
