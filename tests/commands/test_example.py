"""Example inputs have the shapes asked for, and the nearest valid sizes are those of the plan or of a trial."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.conftest import Unet
from tests.oracles.user_module import refusal, write_user_module
from unet_tutorial.commands.example import example_inputs, invalid_size, without_init
from unet_tutorial.nets.presets import attention_unet, padded_unet, paper_unet, unet3d
from unet_tutorial.nets.systems.cicek2016 import unet3d_paper
from unet_tutorial.plan.sizes import size_error, valid_sizes


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("paper", "--input", 570), 2, "axis 0 = 570 does not pass 4 poolings; the nearest .* are 556 and 572"),
        (("paper", "--input", 100), 2, "the smallest size that does is 188"),
        (("unet3d", "--input", "32x64x60"), 2, "axis 2 = 60 does not pass 3 poolings; the nearest .* are 56 and 64"),
        (("mine:Net", "--input", 9), 2, "axis 0 = 9 is not a valid size; the nearest valid sizes are 8 and 10"),
        (("mine:Net", "--input", "9x8", "--kwargs", '{"depth": 2}'), 2, "axis 0 = 9 .* are 8 and 12"),
        (("mine:Net",), 1, "the input size of Net is not known; write --input"),
        (("mine:Net", "--input", "8x"), 1, "'8x' is not a shape; write --input"),
        (("mine:Net", "--input", "8x8x8"), 1, "expected 1, 2 or 4 numbers"),
    ],
)
def test_an_input_is_refused_in_one_line(
    unet: Unet, words: tuple[object, ...], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_user_module(tmp_path, monkeypatch)
    found, line = refusal(unet, "summary", *words)
    assert found == code
    assert re.search(said, line)


def thin(build: object, **kwargs: object) -> nn.Module:
    assert callable(build)
    with torch.device("meta"):
        net = build(**kwargs)
    assert isinstance(net, nn.Module)
    return net


def test_texts_become_shapes() -> None:
    flat, deep = thin(paper_unet, widths=(2, 4)), thin(unet3d, widths=(2, 4), in_channels=3)
    cases = [
        (flat, "20", (1, 1, 20, 20)),
        (flat, "20x24", (1, 1, 20, 24)),
        (flat, "2x1x20x24", (2, 1, 20, 24)),
        (deep, "16", (1, 3, 16, 16, 16)),
        (deep, "4×16,8", (1, 3, 4, 16, 8)),
    ]
    for net, text, shape in cases:
        ((image,), named) = example_inputs(net, [text])
        assert (tuple(image.shape), image.is_meta, image.dtype, named) == (shape, True, torch.float32, {})
    args, kwargs = example_inputs(flat.double(), ["20", "mask=2x1x20x20"])
    assert [tuple(each.shape) for each in args] == [(1, 1, 20, 20)]
    assert {name: (tuple(each.shape), each.dtype) for name, each in kwargs.items()} == {
        "mask": ((2, 1, 20, 20), torch.float64)
    }


def test_the_default_sizes_are_those_of_the_papers_or_the_next_valid_ones() -> None:
    """572² (arXiv 1505.04597, figure 1) and 132 (arXiv 1606.06650, section 2: 132×132×116)."""
    for net, side in ((thin(paper_unet), 572), (thin(unet3d_paper, widths=(2, 4, 8, 16)), 132)):
        ((image,), _) = example_inputs(net, [])
        assert set(image.shape[2:]) == {side}
    for net in (
        thin(padded_unet, widths=(2, 4, 8)),
        thin(attention_unet, widths=(2, 4, 8)),
        thin(unet3d, widths=(2, 4)),
    ):
        ((image,), _) = example_inputs(net, [])
        least = {2: 572, 3: 132}[image.dim() - 2]
        valid = valid_sizes(net.levels, padding=net.padding)  # type: ignore[arg-type]
        assert tuple(image.shape[2:]) == tuple(next(n for n in each if n >= least) for each in valid)


def test_trials_find_the_sizes_of_the_plan() -> None:
    """Without its levels, a network is tried out; the plan knows the same neighbours."""
    dice = random.Random(0)
    for build in (paper_unet, padded_unet):
        net = thin(build, widths=(2, 4, 8))
        levels, padding = net.levels, net.padding
        for _ in range(3):
            size = (dice.randint(45, 90), dice.randint(45, 90))
            image = torch.empty(1, 1, *size, device="meta")
            planned = invalid_size(net, [image], {})
            expected = size_error(size, levels, padding=padding)  # type: ignore[arg-type]
            assert planned == (f"input {tuple(image.shape)}: {expected}" if expected else "")
            tried = nn.Sequential(net)  # states no levels
            found = invalid_size(tried, [image], {})
            valid = valid_sizes(levels, padding=padding)  # type: ignore[arg-type]
            wrong = [(axis, n) for axis, n in enumerate(size) if n not in valid[axis]]
            assert [(int(axis), int(n)) for axis, n in re.findall(r"axis (\d) = (\d+)", found)] == wrong
            for (axis, n), (below, above) in zip(wrong, re.findall(r"are (\d+) and (\d+)", found), strict=True):
                assert (int(below), int(above)) == (
                    max(m for m in valid[axis][:99] if m < n),
                    min(m for m in valid[axis][:99] if m > n),
                )


def test_skipping_initialisation_changes_no_shape_and_draws_nothing() -> None:
    before = torch.random.get_rng_state()
    with torch.device("meta"), without_init():
        bare = padded_unet(widths=(2, 4))
    assert torch.equal(torch.random.get_rng_state(), before)
    usual = padded_unet(widths=(2, 4))
    assert {key: value.shape for key, value in bare.state_dict().items()} == {
        key: value.shape for key, value in usual.state_dict().items()
    }
    with without_init():
        weight = torch.full((3, 3), 7.0)
        for initialise in (torch.Tensor.normal_, torch.Tensor.uniform_, nn.init.kaiming_normal_):
            assert torch.equal(initialise(weight), torch.full((3, 3), 7.0))
        assert torch.equal(nn.init.zeros_(weight), torch.zeros(3, 3))
