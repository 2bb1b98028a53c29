"""Meta tensors against real ones."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from unet_tutorial.figures.arch.ir import to_json
from unet_tutorial.figures.tracing.meta import is_data_dependent, on_one_device, run_operator, storage, without_values
from unet_tutorial.figures.tracing.trace import trace
from unet_tutorial.nets.presets import paper_unet

CAT = torch.ops.aten.cat.default


def test_meta_and_real_models_give_the_same_description() -> None:
    with torch.device("meta"):
        empty = paper_unet(widths=(4, 8))
    sizes = torch.empty(1, 1, 20, 20)
    found = trace(empty, sizes), trace(empty, sizes.to("meta")), trace(paper_unet(widths=(4, 8)), sizes)
    assert found[0] == found[1] == found[2]
    assert len(set(map(to_json, found))) == 1  # the paths of modules too


def test_views_share_a_storage_and_copies_do_not() -> None:
    x = torch.empty(4, 6, device="meta")
    assert storage(x) == storage(x[1:]) == storage(x.T)
    assert storage(x) != storage(x.clone())


def test_a_tensor_without_values_keeps_shape_strides_and_dtype() -> None:
    x = torch.randn(2, 3, 4, dtype=torch.float64).transpose(0, 2)
    empty = without_values(x, "meta")
    assert (empty.shape, empty.stride(), empty.dtype, empty.is_meta) == (x.shape, x.stride(), x.dtype, True)
    assert without_values("text", "meta") == "text"


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("dtype", [torch.float32, torch.int64])
def test_a_concatenation_has_the_shape_and_dtype_of_torchs(axis: int, dtype: torch.dtype) -> None:
    shapes = [[4, 4, 4] for _ in range(3)]
    for i, shape in enumerate(shapes):
        shape[axis] = 2 + i
    real = [torch.zeros(shape, dtype=dtype) for shape in shapes]
    expected = torch.cat(real, axis)
    found = run_operator(CAT, ([x.to("meta") for x in real], axis), {})
    assert (found.shape, found.dtype, found.is_meta) == (expected.shape, expected.dtype, True)


@pytest.mark.parametrize("shapes", [((2, 3), (2, 4)), ((2, 3), (2, 3, 1))])
def test_an_impossible_concatenation_is_reported_by_torch(shapes: tuple[tuple[int, ...], ...]) -> None:
    empty = [torch.empty(shape, device="meta") for shape in shapes]
    with pytest.raises((RuntimeError, IndexError)):
        torch.cat(empty)
    with pytest.raises((RuntimeError, IndexError)):
        run_operator(CAT, (empty,), {})


def test_arguments_join_the_meta_device_if_one_is_there() -> None:
    meta, real = torch.empty(2, device="meta"), torch.ones(2)
    add = torch.ops.aten.add.Tensor
    (one, other), _ = on_one_device(add, (meta, real), {})
    assert (one is meta, other.is_meta) == (True, True)
    (one, other), _ = on_one_device(add, (real, real), {})
    assert one is other is real
    with pytest.raises(RuntimeError, match="would write a tensor without values into one with values"):
        on_one_device(torch.ops.aten.copy_.default, (real, meta), {})


def failures() -> dict[str, tuple[Any, bool]]:
    """Calls that fail on meta tensors, and whether because a value was read."""
    x = torch.empty(3, 4, device="meta")
    return {
        "item": (lambda: x.sum().item(), True),
        "branch": (lambda: bool(x.sum() > 0), True),
        "list": (lambda: x.tolist(), True),
        "numpy": (lambda: x.numpy(), True),
        "nonzero": (lambda: x.nonzero(), True),
        "mask": (lambda: x[x > 0], True),
        "shapes": (lambda: x + torch.empty(5, device="meta"), False),
        "product": (lambda: x @ x, False),
        "attribute": (lambda: getattr(x, "missing"), False),  # noqa: B009
        "index": (lambda: x[5], False),
    }


@pytest.mark.parametrize("name", failures())
def test_errors_are_told_apart(name: str) -> None:
    call, expected = failures()[name]
    with pytest.raises(Exception) as found:  # noqa: PT011
        call()
    assert is_data_dependent(found.value) == expected


ATEN = torch.ops.aten
NORMS: dict[str, tuple[Any, Any]] = {  # operator, arguments after the input
    "batch": (ATEN.native_batch_norm.default, lambda w: (w, w, w, w, True, 0.1, 1e-5)),
    "batch, evaluated": (ATEN.native_batch_norm.default, lambda w: (w, w, w, w, False, 0.1, 1e-5)),
    "batch, no weights": (ATEN.native_batch_norm.default, lambda _: (None, None, None, None, True, 0.1, 1e-5)),
    "group": (ATEN.native_group_norm.default, lambda w: (w, w, 2, 4, 64, 2, 1e-5)),
    "layer": (ATEN.native_layer_norm.default, lambda w: ([4, 8, 8], w[:, None, None].expand(4, 8, 8), None, 1e-5)),
}
DTYPES = [(torch.float32, torch.float32), (torch.bfloat16, torch.bfloat16), (torch.bfloat16, torch.float32)]


@pytest.mark.parametrize(("of_maps", "of_weights"), DTYPES)
@pytest.mark.parametrize("name", NORMS)
def test_the_statistics_of_a_norm_are_those_of_a_cpu(name: str, of_maps: torch.dtype, of_weights: torch.dtype) -> None:
    func, rest = NORMS[name]
    image, weight = torch.ones(2, 4, 8, 8, dtype=of_maps), torch.ones(4, dtype=of_weights)
    expected = func(image, *rest(weight))
    found = run_operator(func, (image.to("meta"), *rest(weight.to("meta"))), {})
    assert [(x.shape, x.dtype) for x in found] == [(x.shape, x.dtype) for x in expected]
