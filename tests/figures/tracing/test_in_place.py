"""Writes into parts of a tensor against ``F.pad``, ``torch.cat`` and the gradients of the result."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.oracles.foreign_hard import Call
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.tracing.in_place import Writes, same_elements, written_op
from unet_tutorial.figures.tracing.inputs import by_position
from unet_tutorial.figures.tracing.trace import trace

PAIR = (torch.randn(1, 2, 6, 8), torch.randn(1, 2, 6, 8))


@pytest.mark.parametrize("pads", [(0, 0, 0, 0), (1, 3, 2, 0), (0, 0, 0, 3), (3, 0, 1, 1)])
def test_a_map_written_into_a_frame_is_a_padding(pads: tuple[int, ...]) -> None:
    left, right, top, bottom = pads

    def framed(layers: nn.ModuleList, x: Tensor) -> Tensor:
        x = layers[0](x)
        frame = x.new_zeros(1, 2, 6 + top + bottom, 8 + left + right)
        frame[:, :, top : top + 6, left : left + 8] = x
        return torch.as_tensor(layers[1](frame))

    layers = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 1, 1)
    net, padded = Call(framed, *layers), Call(lambda each, x: each[1](F.pad(each[0](x), pads)), *layers)
    assert torch.equal(net(PAIR[0]), padded(PAIR[0]))
    found, expected = ([n.crop for n in trace(each, PAIR[0]).nodes if n.crop] for each in (net, padded))
    assert found == expected == ([((-top, -bottom), (-left, -right))] if any(pads) else [])


def written(*steps: Callable[[Tensor, Tensor, Tensor], object]) -> Call:
    """Writes two images into new memory, step by step, and convolves it."""

    def run(layers: nn.ModuleList, x: Tensor, y: Tensor) -> Tensor:
        memory = x.new_zeros(1, 4, 6, 8)
        for step in steps:
            step(memory, x, y)
        return torch.as_tensor(layers[0](memory))

    return Call(run, nn.Conv2d(4, 1, 3, padding=1))


WRITES: dict[str, Call] = {
    "side by side": written(lambda m, x, _: m[:, :2].copy_(x), lambda m, _, y: m[:, 2:].copy_(y)),
    "overwritten": written(
        lambda m, x, _: m.copy_(x.repeat(1, 2, 1, 1)), lambda m, _, y: m.copy_(y.repeat(1, 2, 1, 1))
    ),
    "added": written(lambda m, x, _: m[:, :2].add_(x), lambda m, _, y: m[:, :2].add_(y)),
    "the second unused": written(lambda m, x, _: m[:, 1:3].copy_(x)),
}


def inputs_read(arch: ArchIR) -> list[bool]:
    """Whether the output depends on each input, by the edges of the graph."""
    ids = {arch.nodes[-1].id}
    for node in reversed(arch.nodes):
        ids |= set(node.inputs) if node.id in ids else set()
    return [node.id in ids for node in arch.inputs]


@pytest.mark.parametrize("name", WRITES)
def test_an_input_is_read_where_it_has_a_gradient(name: str) -> None:
    images = [image.clone().requires_grad_() for image in PAIR]
    out = WRITES[name](*images)
    assert isinstance(out, Tensor)
    grads = torch.autograd.grad(out.sum(), images, allow_unused=True)
    assert inputs_read(trace(WRITES[name], *PAIR)) == [grad is not None and bool(grad.any()) for grad in grads]


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [((2, 2), "concat"), ((1, 2, 1), "concat"), ((4,), "concat"), ((2, 1), "other"), ((3,), "other")],
)
def test_parts_that_fill_the_channels_are_a_concatenation(sizes: tuple[int, ...], expected: str) -> None:
    whole = torch.zeros(1, 4, 6, 8)
    writes = [(str(i), part) for i, part in enumerate(whole.split([*sizes, 4 - sum(sizes)], 1)[: len(sizes)])]
    layout = by_position(whole.shape, 2)
    assert written_op(whole, "before", writes, layout) == (expected, ())
    beside = [(key, part[..., 1:]) for key, part in writes]
    assert written_op(whole, "before", beside, layout) == ("other", ())


def test_writes_are_known_by_storage_and_not_by_tensor() -> None:
    whole = torch.zeros(4, 6)
    part, other = whole[1:3], torch.zeros(4, 6)
    writes = Writes()
    for tensor in (whole, part, other):
        writes.mark_current(tensor)
    writes.add("a", part)
    assert [[key for key, _ in writes.since(tensor)] for tensor in (whole, part, other)] == [["a"], [], []]
    writes.mark_current(whole)
    assert list(writes.since(whole)) == []
    assert same_elements(whole[1:3], part)
    assert not same_elements(whole[:2], part)
    assert not same_elements(part.T, part)


def test_parts_of_new_memory_that_do_not_overlap_are_joined_once() -> None:
    """Writes to one part are no news to another part of the same memory."""

    def run(layers: nn.ModuleList, x: Tensor, y: Tensor) -> Tensor:
        memory = x.new_zeros(1, 4, 6, 8)
        parts = [memory[:, :2], memory[:, 2:]]
        for part, image in zip(parts, (x, y), strict=True):
            part.copy_(image)
        return torch.as_tensor(layers[0](memory) + layers[1](parts[1]))

    arch = trace(Call(run, nn.Conv2d(4, 1, 3, padding=1), nn.Conv2d(2, 1, 1)), *PAIR)
    assert [node.op for node in arch.nodes] == ["input", "input", "concat", "conv", "conv", "add"]
    pointwise = next(node for node in arch.nodes if node.window and node.window.kernel == (1, 1))
    assert pointwise.inputs == (arch.inputs[1].id,)


def interleaved(parts: list[Tensor], step: tuple[int, int]) -> Tensor:
    """New memory into which each part is written, at every n-th pixel."""
    n, c, h, w = parts[0].shape
    whole = torch.zeros(n, c, h * step[0], w * step[1], device=parts[0].device)
    for i, part in enumerate(parts):
        whole[:, :, i // step[1] :: step[0], i % step[1] :: step[1]] = part / 2
    return whole


@pytest.mark.parametrize("step", [(2, 2), (1, 2), (3, 1)])
def test_an_image_written_pixel_by_pixel_is_a_shuffle(step: tuple[int, int]) -> None:
    """As in the inverse transform of a wavelet U-Net; with another number of parts there are gaps."""

    def run(layers: nn.ModuleList, x: Tensor, missing: int = 0) -> Tensor:
        parts = list(layers[0](x).chunk(step[0] * step[1], dim=1))
        return torch.as_tensor(layers[1](interleaved(parts[missing:], step)))

    layers = nn.Conv2d(2, 3 * step[0] * step[1], 1), nn.Conv2d(3, 1, 3, padding=1)
    arch = trace(Call(run, *layers), PAIR[0])
    (view,) = [node for node in arch.nodes if node.op == "view"]
    assert view.shape == (3, 6 * step[0], 8 * step[1])
    assert view.window is not None
    assert (view.window.up, view.window.stride, len(view.inputs)) == (step, (1, 1), step[0] * step[1])
    assert not [node for node in arch.nodes if node.kind == "written"]
    gaps = trace(Call(lambda each, x: run(each, x, 1), *layers), PAIR[0])
    assert not [node for node in gaps.nodes if node.op == "view" and node.window]


@pytest.mark.parametrize("pads", [(1, 1), (1, 0, 0, 2), (2, 3, 1, 1), (6, 8, 6, 6), (-1, 2, 1, 1)])
def test_a_circular_padding_is_one_operation(pads: tuple[int, ...]) -> None:
    pads = (*pads, *(0,) * (4 - len(pads)))

    def run(layers: nn.ModuleList, x: Tensor, mode: str) -> Tensor:
        return torch.as_tensor(layers[1](F.pad(layers[0](x), pads, mode)))

    layers = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 1, 1)
    circular, zeros = (
        trace(Call(lambda each, x, m=m: run(each, x, m), *layers), PAIR[0]) for m in ("circular", "constant")
    )
    assert [(node.op, node.crop) for node in circular.nodes] == [(node.op, node.crop) for node in zeros.nodes]
    assert circular.nodes[2].crop == ((-pads[2], -pads[3]), (-pads[0], -pads[1]))
