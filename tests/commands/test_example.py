"""Example inputs have the shapes asked for, and the nearest valid sizes are those of the plan or of a trial."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from tests.conftest import Unet
from tests.oracles import input_nets
from tests.oracles.user_module import refusal, write_user_module
from unet_tutorial.commands.example import Example, InvalidSizeError, examples, invalid_size, traced, without_init
from unet_tutorial.figures.tracing.record import record
from unet_tutorial.nets.presets import attention_unet, padded_unet, paper_unet, unet3d
from unet_tutorial.nets.systems.cicek2016 import unet3d_paper
from unet_tutorial.plan.sizes import size_error, valid_sizes

pytestmark = pytest.mark.slow


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
        (("mine:Net", "--input", "8x8x8"), 1, "needs 3 channels and gets 8; an image has 1, 2 or 4 numbers"),
        (("mine:Net", "--input", "1x4x8x8"), 1, r"does not accept .* its layer down.0 needs 3 channels and gets 4$"),
        (("mine:Net", "--input", 8, "--input", "other=5"), 1, "further inputs are whole shapes, here 5$"),
        (("mine:Net", "--input", 8, "--input", "other="), 1, "'other=' is not a shape; .* t=scalar"),
        (("mine:Net", "--input", 8, "--input", "1x=3"), 1, "'1x=3' is not a shape"),
        (("mine:Net", "--input", 8, "--input", "other=1:int7"), 1, "dtype 'int7' is unknown; the dtypes are float32"),
        (("mine:Net", "--input", 8, "--input", "label=1"), 1, "label=: the arguments of Net.forward are x, other$"),
        (("mine:Net", "--input", "x=8", "--input", "x=8"), 1, "x= and --input x= are for one argument"),
        (("mine:Net", "--input", "x=8", "--input", "x.a=8"), 1, "x= and --input x.a= are for one argument"),
        (("mine:Net", "--input", "x.0=8", "--input", "x.2=8"), 1, "count from 0; write x.0, x.1"),
        (("mine:Net", "--input", 9, "--input", "other=1"), 2, "axis 0 = 9 is not a valid size; .* are 8 and 10"),
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


def first(net: nn.Module, *texts: str) -> Example:
    return next(examples(net, texts))


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
        ((image,), named) = first(net, text).arguments()
        assert (tuple(image.shape), image.is_meta, image.dtype, named) == (shape, True, torch.float32, {})
    args, kwargs = first(flat.double(), "20", "2x1x20x20").arguments()
    assert [(tuple(each.shape), each.dtype) for each in args] == [
        ((1, 1, 20, 20), torch.float64),
        ((2, 1, 20, 20), torch.float64),
    ]
    assert kwargs == {}


def test_further_inputs_are_whole_shapes_of_any_dtype_in_lists_and_dicts() -> None:
    net = input_nets.Anything()
    texts = ["1x1x20x20", "1x128", "7", "t=1:int64", "s=scalar:bool", "pair.0=1x3", "pair.1=2", "b.m.x=4", "b.m.y=5"]
    args, kwargs = first(net, *texts).arguments()
    assert [tuple(each.shape) for each in args] == [(1, 1, 20, 20), (1, 128), (7,)]
    assert list(kwargs) == ["t", "s", "pair", "b"]
    assert [(tuple(kwargs[key].shape), kwargs[key].dtype) for key in "ts"] == [((1,), torch.int64), ((), torch.bool)]
    assert [tuple(each.shape) for each in kwargs["pair"]] == [(1, 3), (2,)]
    assert {key: tuple(each.shape) for key, each in kwargs["b"]["m"].items()} == {"x": (4,), "y": (5,)}
    both = [example.tensors[1].dtype for example in examples(net, ["1x1x20x20", "t=1"])]
    assert both == [torch.float32, torch.int64]  # unless the user writes one


@pytest.mark.parametrize(
    ("build", "texts", "shapes"),
    [
        (input_nets.U, ["32"], [(3, 32, 32)]),
        (partial(input_nets.U, 2, 1), ["32"], [(2, 32)]),
        (partial(input_nets.U, 2, 3), ["16"], [(2, 16, 16, 16)]),
        (partial(input_nets.U, 2, 3), ["16x8x16"], [(2, 16, 8, 16)]),
        (input_nets.Grouped, ["32"], [(4, 32, 32)]),
        (input_nets.InDict, ["32"], [(5, 32, 32)]),
        (input_nets.Normalised, ["32"], [(3, 32, 32)]),
        (input_nets.Coordinates, ["32"], [(1, 32, 32)]),
        (partial(input_nets.Focus, 12), ["32"], [(3, 32, 32)]),
        (partial(input_nets.Gray, 1), ["32"], [(1, 32, 32)]),
        (input_nets.TwoBranches, ["32"], [(4, 32, 32)]),
        (input_nets.Functional, ["32"], [(2, 32, 32)]),
        (input_nets.Patches, ["32x64"], [(3, 32, 64)]),
        (input_nets.Stating, ["32"], [(6, 32, 32)]),
        (input_nets.Joined, ["32", "1x2x32x32"], [(1, 32, 32), (2, 32, 32)]),
        (input_nets.Conditioned, ["32", "t=1"], [(3, 32, 32), ()]),
        (input_nets.Conditioned, ["32", "t=scalar"], [(3, 32, 32), ()]),
        (partial(input_nets.Conditioned, 10), ["32", "t=1"], [(3, 32, 32), ()]),
        (partial(input_nets.Conditioned, 10), ["32", "1:int64"], [(3, 32, 32), ()]),
        (input_nets.Checking, ["32", "t=1"], [(3, 32, 32), ()]),
        (input_nets.Condition, ["1x3x32x32", "1x128"], [(3, 32, 32), (128,)]),
        (input_nets.Pair, ["pair.0=32", "pair.1=1x3x32x32"], [(3, 32, 32), (3, 32, 32)]),
        (input_nets.Batch, ["batch.image=32", "batch.meta.scale=1"], [(3, 32, 32), ()]),
    ],
)
def test_the_channels_are_those_of_the_first_layer_that_runs_on_the_image(
    build: Callable[[], nn.Module], texts: list[str], shapes: list[tuple[int, ...]]
) -> None:
    found = [(node.size, node.channels) for node in traced(thin(build), texts).inputs]
    assert found == [(shape[1:], shape[0] if shape else 1) for shape in shapes]


@pytest.mark.parametrize("texts", [["1x3x32x32", "t=1"], ["32", "1"], ["32", "t=1", "y=1"]])
def test_a_diffusion_network_is_drawn_from_the_shell(unet: Unet, texts: list[str], tmp_path: Path) -> None:
    more = ["--kwargs", '{"classes": 10}'] if len(texts) == 3 else []
    words = [word for text in texts for word in ("--input", text)]
    code, said = unet(
        "diagram", "tests.oracles.diffusion_unet:DiffusionUNet", *words, *more, "-o", tmp_path / "fig.svg"
    )
    assert (code, (tmp_path / "fig.svg").exists()) == (0, True), said


def test_a_network_that_states_its_levels_is_run_once_per_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    passes: list[bool] = []

    def counted(*args: Any, training: bool) -> Any:
        passes.append(training)
        return record(*args, training=training)

    for module in ("commands.example", "figures.tracing.trace"):
        monkeypatch.setattr(f"unet_tutorial.{module}.record", counted)
    traced(thin(paper_unet, widths=(2, 4)), ["20"])
    assert passes == [False, True]


def test_the_shapes_that_were_tried_are_named() -> None:
    with pytest.raises(ValueError, match=r"embed needs 128 channels and gets 3; .* for the image are 1×3×32×32, "):
        traced(thin(input_nets.Condition), ["32", "1x3"])


def test_valid_sizes_are_found_beside_a_vector() -> None:
    with pytest.raises(InvalidSizeError, match=r"axis 0 = 33 .* sizes are 32 and 34; axis 1 = 35 .* are 34 and 36"):
        traced(thin(input_nets.Conditioned), ["33x35", "t=1"])


def test_the_default_sizes_are_those_of_the_papers_or_the_next_valid_ones() -> None:
    """572² (arXiv 1505.04597, figure 1) and 132 (arXiv 1606.06650, section 2: 132×132×116)."""
    for net, side in ((thin(paper_unet), 572), (thin(unet3d_paper, widths=(2, 4, 8, 16)), 132)):
        (image,) = first(net).tensors
        assert set(image.shape[2:]) == {side}
    for net in (
        thin(padded_unet, widths=(2, 4, 8)),
        thin(attention_unet, widths=(2, 4, 8)),
        thin(unet3d, widths=(2, 4)),
    ):
        (image,) = first(net).tensors
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
            image = Example(("",), (torch.empty(1, 1, *size, device="meta"),))
            planned = invalid_size(net, image)
            expected = size_error(size, levels, padding=padding)  # type: ignore[arg-type]
            assert planned == (f"input {(1, 1, *size)}: {expected}" if expected else "")
            tried = nn.Sequential(net)  # states no levels
            found = invalid_size(tried, image)
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


def test_every_initialiser_of_torch_is_skipped_on_the_meta_device_and_by_any_spelling() -> None:
    """By what they call, not by their names: so also those that other libraries write."""
    names = [name for name in vars(nn.init) if re.fullmatch(r"[a-z].*[a-z]_", name)]
    assert {"normal_", "kaiming_uniform_", "trunc_normal_", "orthogonal_", "sparse_", "zeros_"} <= set(names)
    more: dict[str, dict[str, float]] = {"sparse_": {"sparsity": 0.5}, "constant_": {"val": 1.0}}
    for name in names:
        weight = torch.empty((4, 4, 3) if name == "dirac_" else (4, 4), device="meta")
        with without_init(), Counted() as counted:
            assert getattr(nn.init, name)(tensor=weight, **more.get(name, {})) is weight
        assert [each for each in counted.names if "normal" in each or "uniform" in each] == [], name


class Counted(TorchDispatchMode):
    """Lists the operators that run."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


def test_methods_that_draw_are_skipped_and_others_are_not() -> None:
    with without_init():
        weight = torch.full((3, 3), 7.0)
        for draw in (torch.Tensor.normal_, torch.Tensor.uniform_, torch.Tensor.exponential_, torch.Tensor.random_):
            assert torch.equal(draw(weight), torch.full((3, 3), 7.0))
        assert torch.equal(weight.zero_(), torch.zeros(3, 3))
        assert torch.equal(weight.add_(1), torch.ones(3, 3))
