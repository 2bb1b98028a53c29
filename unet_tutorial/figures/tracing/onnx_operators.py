"""The operators of ONNX as functions of torch, for tensors without values.

Each function computes the shapes of the standard (github.com/onnx/onnx, docs/Operators.md) with the torch functions
that a network written in torch would call, so that a trace of them reads as the trace of such a network.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from math import ceil, floor, prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unet_tutorial.plan.levels import Size

LINEAR = ("linear", "bilinear", "trilinear")  # torch's names of linear interpolation, by rank
DTYPES: dict[Any, torch.dtype] = {
    1: torch.float32, 2: torch.uint8, 3: torch.int8, 5: torch.int16, 6: torch.int32, 7: torch.int64, 9: torch.bool,
    10: torch.float16, 11: torch.float64, 14: torch.complex64, 16: torch.bfloat16,
}  # fmt: skip
PADDINGS = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}  # torch's names

Operator = Callable[["Operands"], Any]


@dataclass(frozen=True)
class Operands:
    """The inputs and attributes of one operator; ``version`` is that of the operator set.

    Inputs are tensors for feature maps and weights, NumPy arrays for constants, and None where they are left out.
    """

    inputs: Sequence[Any]
    attributes: dict[str, Any]
    version: int

    def __getitem__(self, i: int) -> Any:
        return self.inputs[i] if i < len(self.inputs) else None

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute; text is a ``str``."""
        value = self.attributes.get(name, default)
        return value.decode() if isinstance(value, bytes) else value

    def tensor(self, i: int) -> Tensor:
        """Input ``i`` as a tensor on the device of the first tensor."""
        value = self[i]
        if isinstance(value, Tensor):
            return value
        first = next(each for each in self.inputs if isinstance(each, Tensor))
        return torch.tensor(value, device=first.device)

    def tensor_or_none(self, i: int) -> Tensor | None:
        """As ``tensor``; None if the input is left out."""
        return None if self[i] is None else self.tensor(i)

    def operand(self, i: int) -> Any:
        """Input ``i`` for arithmetic: a Python number for a constant with one value."""
        value = self[i]
        return value.item() if not isinstance(value, Tensor) and value.size == 1 else self.tensor(i)

    def numbers(self, i: int, name: str) -> Size | None:
        """Integers that are input ``i``, or the attribute ``name`` in older operator sets; None if left out."""
        value = self.attributes.get(name) if self[i] is None else self[i]
        if value is None:
            return None
        if isinstance(value, Tensor):
            raise ValueError(f"its {name} are computed from the values of its input")
        return tuple(int(n) for n in (value.reshape(-1) if hasattr(value, "reshape") else value))


def convolution(a: Operands) -> Tensor:
    """Conv. Different padding at both ends is a padding before the convolution."""
    x, weight = a.tensor(0), a.tensor(1)
    kernel, rank = tuple(weight.shape[2:]), weight.ndim - 2
    stride, dilation = _window(a, rank)
    conv = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    padding: Any = "same"
    if not (
        _is_same(a) and set(stride) == {1} and all(d * (k - 1) % 2 == 0 for d, k in zip(dilation, kernel, strict=True))
    ):
        x, padding = _padded(x, _pads(a, x, kernel, stride, dilation), 0.0)
    found: Tensor = conv(x, weight, _bias(a), stride, padding, dilation, a.get("group", 1))
    return found


def transposed_convolution(a: Operands) -> Tensor:
    """ConvTranspose. Different padding at both ends is a crop after the convolution."""
    x, weight = a.tensor(0), a.tensor(1)
    kernel, rank = tuple(weight.shape[2:]), weight.ndim - 2
    stride, dilation = _window(a, rank)
    extra = tuple(a.get("output_padding", (0,) * rank))
    sizes = zip(x.shape[2:], stride, kernel, dilation, extra, strict=True)
    full = [s * (n - 1) + d * (k - 1) + 1 + e for n, s, k, d, e in sizes]
    pads = tuple(a.get("pads", (0,) * (2 * rank)))
    wanted = a.get("output_shape")
    if wanted is None and _is_same(a):
        wanted = [n * s for n, s in zip(x.shape[2:], stride, strict=True)]
    if wanted is not None:
        lost = [n - m for n, m in zip(full, wanted[-rank:], strict=True)]
        smaller = [n // 2 for n in lost]
        larger = [n - n // 2 for n in lost]
        pads = (*smaller, *larger) if a.get("auto_pad") == "SAME_UPPER" else (*larger, *smaller)
    before, after = pads[:rank], pads[rank:]
    common = tuple(max(0, min(pair)) for pair in zip(before, after, strict=True))
    conv = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
    out: Tensor = conv(x, weight, _bias(a), stride, common, extra, a.get("group", 1), dilation)
    for axis, (b, e, c) in enumerate(zip(before, after, common, strict=True)):
        if b > c or e > c:
            out = out.narrow(2 + axis, b - c, out.shape[2 + axis] - (b - c) - (e - c))
    return out


def max_pooling(a: Operands) -> Tensor:
    """MaxPool."""
    x, kernel = a.tensor(0), tuple(a.get("kernel_shape"))
    stride, dilation = _window(a, len(kernel))
    x, padding = _padded(x, _pads(a, x, kernel, stride, dilation), float("-inf"))
    pool: Any = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[len(kernel) - 1]
    return _tensor(pool(x, kernel, stride, padding, dilation, bool(a.get("ceil_mode", 0))))


def average_pooling(a: Operands) -> Tensor:
    """AveragePool."""
    x, kernel = a.tensor(0), tuple(a.get("kernel_shape"))
    stride, dilation = _window(a, len(kernel))
    x, padding = _padded(x, _pads(a, x, kernel, stride, dilation), 0.0)
    pool: Any = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[len(kernel) - 1]
    ceil_mode, count_include_pad = bool(a.get("ceil_mode", 0)), bool(a.get("count_include_pad", 0))
    return _tensor(pool(x, kernel, stride, padding, ceil_mode, count_include_pad))


def global_average_pooling(a: Operands) -> Tensor:
    """GlobalAveragePool."""
    x = a.tensor(0)
    pool: Any = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[x.ndim - 3]
    return _tensor(pool(x, (1,) * (x.ndim - 2)))


def global_max_pooling(a: Operands) -> Tensor:
    """GlobalMaxPool."""
    x = a.tensor(0)
    pool: Any = (F.adaptive_max_pool1d, F.adaptive_max_pool2d, F.adaptive_max_pool3d)[x.ndim - 3]
    return _tensor(pool(x, (1,) * (x.ndim - 2)))


def resize(a: Operands) -> Tensor:
    """Resize, or Upsample of older operator sets, of the spatial axes; channels may be the first or the last axis."""
    x, older = a.tensor(0), a.version < 11 or len(a.inputs) < 3
    scales = a.get("scales") if len(a.inputs) < 2 else a[1 if older else 2]
    sizes = a.numbers(3, "sizes")
    axes = [axis % x.ndim for axis in a.get("axes", range(x.ndim))]
    if sizes is None and scales is None:
        raise ValueError("it has neither scales nor sizes")
    if sizes is None:
        sizes = tuple(floor(x.shape[axis] * float(s) + 1e-6) for axis, s in zip(axes, scales, strict=True))
    wanted = [dict(zip(axes, sizes, strict=True)).get(axis, n) for axis, n in enumerate(x.shape)]
    if wanted[1] != x.shape[1] and wanted[-1] == x.shape[-1]:
        return _interpolated(a, x.movedim(-1, 1), wanted[1:-1]).movedim(1, -1)
    return _interpolated(a, x, wanted[2:])


def _interpolated(a: Operands, x: Tensor, size: Sequence[int]) -> Tensor:
    mode, corners = a.get("mode", "nearest"), a.get("coordinate_transformation_mode") == "align_corners"
    if mode == "nearest":
        return F.interpolate(x, list(size))
    name = "bicubic" if mode == "cubic" else LINEAR[x.ndim - 3]
    return F.interpolate(x, list(size), mode=name, align_corners=corners)


def concatenation(a: Operands) -> Tensor:
    """Concat."""
    return torch.cat([a.tensor(i) for i in range(len(a.inputs))], a.get("axis"))


def arithmetic(a: Operands, *, function: Callable[[Any, Any], Any]) -> Tensor:
    """A function of two operands, or of more, one after the other."""
    return _tensor(reduce(function, [a.operand(i) for i in range(len(a.inputs))]))


def mean(a: Operands) -> Tensor:
    """Mean of several maps."""
    return arithmetic(a, function=operator.add) / len(a.inputs)


def slicing(a: Operands) -> Tensor:
    """Slice; a negative step is a flip before it."""
    x, starts, ends = a.tensor(0), a.numbers(1, "starts") or (), a.numbers(2, "ends") or ()
    axes, steps = a.numbers(3, "axes") or range(len(starts)), a.numbers(4, "steps") or (1,) * len(starts)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        n = x.shape[axis]
        if step < 0:
            x, step = x.flip(axis), -step
            start, end = (n - 1 - (each + n if each < 0 else min(each, n - 1)) for each in (start, end))
        index: list[slice] = [slice(None)] * x.ndim
        index[axis] = slice(*slice(start, max(end, -n), step).indices(n))
        x = x[tuple(index)]
    return x


def padding(a: Operands) -> Tensor:
    """Pad."""
    x, pads, mode = a.tensor(0), a.numbers(1, "pads") or (), a.get("mode", "constant")
    axes = a.numbers(3, "axes") or tuple(range(len(pads) // 2))
    sides = {axis % x.ndim: (pads[i], pads[i + len(axes)]) for i, axis in enumerate(axes)}
    if mode != "constant":  # torch pads only the last axes with values of the map
        sides = {axis: pair for axis, pair in sides.items() if any(pair) or axis > 1}
    first = 2 if mode != "constant" and min(sides, default=2) >= 2 else min(sides, default=0)
    flat = [n for axis in range(x.ndim - 1, first - 1, -1) for n in sides.get(axis, (0, 0))]
    return F.pad(x, flat, PADDINGS[mode])


def batch_norm(a: Operands) -> Tensor:
    """BatchNormalization with its running statistics."""
    x, scale, shift, mean, variance = (a.tensor(i) for i in range(5))
    return F.batch_norm(x, mean, variance, scale, shift, eps=a.get("epsilon", 1e-5))


def instance_norm(a: Operands) -> Tensor:
    """InstanceNormalization."""
    return F.instance_norm(a.tensor(0), weight=a.tensor(1), bias=a.tensor(2), eps=a.get("epsilon", 1e-5))


def group_norm(a: Operands) -> Tensor:
    """GroupNormalization; in operator set 18, scale and shift have a value per group."""
    x, groups = a.tensor(0), a.get("num_groups")
    weights = [None if a[i] is None else a.tensor(i).reshape(-1) for i in (1, 2)]
    scale, shift = (
        w if w is None or w.numel() == x.shape[1] else w.repeat_interleave(x.shape[1] // groups) for w in weights
    )
    return F.group_norm(x, groups, scale, shift, a.get("epsilon", 1e-5))


def layer_norm(a: Operands) -> Tensor:
    """LayerNormalization over the axes from ``axis`` on."""
    x = a.tensor(0)
    shape = list(x.shape[a.get("axis", -1) :])
    scale, shift = (w if w is None else w.reshape(shape) for w in (a.tensor_or_none(1), a.tensor_or_none(2)))
    return F.layer_norm(x, shape, scale, shift, a.get("epsilon", 1e-5))


def rms_norm(a: Operands) -> Tensor:
    """RMSNormalization over the axes from ``axis`` on."""
    x = a.tensor(0)
    shape = list(x.shape[a.get("axis", -1) :])
    return F.rms_norm(x, shape, a.tensor(1).reshape(shape), a.get("epsilon", 1e-5))


def clip(a: Operands) -> Tensor:
    """Clip; from 0 to 6 it is a ReLU6, from 0 on a ReLU."""
    x = a.tensor(0)
    low, high = (a.get(name) if a[i] is None else float(a.operand(i)) for i, name in ((1, "min"), (2, "max")))
    if low == 0 and high == 6:
        return F.relu6(x)
    if low == 0 and high is None:
        return torch.relu(x)
    return x if low is None and high is None else x.clamp(low, high)


def prelu(a: Operands) -> Tensor:
    """PRelu with one slope, or one per channel."""
    return F.prelu(a.tensor(0), a.tensor(1).reshape(-1))


def softmax(a: Operands, *, function: Callable[..., Tensor]) -> Tensor:
    """Softmax and LogSoftmax; in operator sets before 13, over all axes from ``axis`` on."""
    x = a.tensor(0)
    if a.version >= 13:
        return function(x, dim=a.get("axis", -1))
    axis = a.get("axis", 1) % x.ndim
    if prod(x.shape[axis + 1 :]) == 1:
        return function(x, dim=axis)
    return function(x.flatten(axis), dim=axis).reshape(x.shape)


def matrix_product(a: Operands) -> Tensor:
    """MatMul; of a map and a matrix of weights, it is a linear layer."""
    x, y = a.tensor(0), a.tensor(1)
    if isinstance(y, nn.Parameter) and y.ndim == 2:
        return F.linear(x, y.t(), a.tensor_or_none(2))
    return torch.matmul(x, y)


def gemm(a: Operands) -> Tensor:
    """Gemm: a linear layer if the second operand is a weight."""
    x, y, bias = a.tensor(0), a.tensor(1), a.tensor_or_none(2)
    x = x.t() if a.get("transA", 0) else x
    y = y if a.get("transB", 0) else y.t()
    alpha, beta = a.get("alpha", 1.0), a.get("beta", 1.0)
    if alpha != 1:
        x = x * alpha
    return F.linear(x, y, bias if bias is None or beta == 1 else bias * beta)


def reshape(a: Operands) -> Tensor:
    """Reshape; 0 stands for the size of the map, unless ``allowzero``."""
    x, shape = a.tensor(0), a.numbers(1, "shape") or ()
    keeps = not a.get("allowzero", 0)
    return x.reshape([x.shape[i] if n == 0 and keeps else n for i, n in enumerate(shape)])


def flatten(a: Operands) -> Tensor:
    """Flatten to a matrix."""
    x = a.tensor(0)
    axis = a.get("axis", 1) % (x.ndim + 1)
    return x.flatten(1) if axis == 1 and x.ndim > 1 else x.reshape(prod(x.shape[:axis]), -1)


def squeeze(a: Operands) -> Tensor:
    """Squeeze of the given axes, or of all of size 1."""
    axes = a.numbers(1, "axes")
    return a.tensor(0).squeeze() if axes is None else a.tensor(0).squeeze(axes)


def unsqueeze(a: Operands) -> Tensor:
    """Unsqueeze: the axes are those of the result."""
    x, axes = a.tensor(0), a.numbers(1, "axes") or ()
    ndim = x.ndim + len(axes)
    for axis in sorted(each % ndim for each in axes):
        x = x.unsqueeze(axis)
    return x


def expand(a: Operands) -> Tensor:
    """Expand to a shape that may be smaller along axes."""
    x, shape = a.tensor(0), a.numbers(1, "shape") or ()
    return x.expand(torch.broadcast_shapes(tuple(x.shape), shape))


def transpose(a: Operands) -> Tensor:
    """Transpose; without ``perm``, the axes in reverse."""
    x = a.tensor(0)
    return x.permute(tuple(a.get("perm", range(x.ndim - 1, -1, -1))))


def split(a: Operands) -> tuple[Tensor, ...]:
    """Split into the given sizes, or into equal parts, the last of which may be smaller."""
    x, axis, sizes = a.tensor(0), a.get("axis", 0), a.numbers(1, "split")
    if sizes is None:
        return torch.split(x, ceil(x.shape[axis] / a.get("num_outputs")), axis)
    return torch.split(x, list(sizes), axis)


def gather(a: Operands) -> Tensor:
    """Gather of slices along an axis; from a matrix of weights, it is an embedding."""
    x, index, axis = a.tensor(0), a[1], a.get("axis", 0)
    if isinstance(x, nn.Parameter) and isinstance(index, Tensor) and x.ndim == 2 and axis == 0:
        return F.embedding(index, x)
    if not isinstance(index, Tensor) and index.ndim == 0:
        return x.select(axis, int(index))
    index = a.tensor(1)
    picked = x.index_select(axis, index.reshape(-1))
    return picked if index.ndim == 1 else picked.unflatten(axis, tuple(index.shape))


def reduction(a: Operands, *, function: Callable[..., Any]) -> Tensor:
    """ReduceMean and others; without axes, over all of them, unless ``noop_with_empty_axes``."""
    x, axes, keep = a.tensor(0), a.numbers(1, "axes"), bool(a.get("keepdims", 1))
    if not axes and a.get("noop_with_empty_axes", 0):
        return x
    return _tensor(function(x, list(axes or range(x.ndim)), keep))


def arg_reduction(a: Operands, *, function: Callable[..., Tensor]) -> Tensor:
    """ArgMax and ArgMin."""
    return function(a.tensor(0), dim=a.get("axis", 0), keepdim=bool(a.get("keepdims", 1)))


def depth_to_space(a: Operands) -> Tensor:
    """DepthToSpace, by pixel shuffle (CRD) or with the blocks outside of the channels (DCR)."""
    x, b = a.tensor(0), a.get("blocksize")
    if a.get("mode", "DCR") == "CRD":
        return F.pixel_shuffle(x, b)
    n, c, h, w = x.shape
    return x.reshape(n, b, b, c // b**2, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, c // b**2, h * b, w * b)


def space_to_depth(a: Operands) -> Tensor:
    """SpaceToDepth, with the blocks outside of the channels."""
    x, b = a.tensor(0), a.get("blocksize")
    n, c, h, w = x.shape
    return x.reshape(n, c, h // b, b, w // b, b).permute(0, 3, 5, 1, 2, 4).reshape(n, c * b**2, h // b, w // b)


def attention(a: Operands) -> Tensor:
    """Attention of (N, heads, tokens, width)."""
    if a.tensor(0).ndim != 4:
        raise ValueError("only heads in an axis of their own are understood")
    return F.scaled_dot_product_attention(a.tensor(0), a.tensor(1), a.tensor(2), a.tensor_or_none(3))


def cast(a: Operands) -> Tensor:
    """Cast, and CastLike to the dtype of another tensor."""
    dtype = DTYPES.get(a.get("to")) if len(a.inputs) == 1 else a.tensor(1).dtype
    if dtype is None:
        raise ValueError(f"its dtype (number {a.get('to')} of ONNX) is not known here")
    return a.tensor(0).to(dtype)


def unchanged(a: Operands) -> Tensor:
    """Identity, and Dropout in evaluation."""
    return a.tensor(0)


def unary(a: Operands, *, function: Callable[[Tensor], Tensor]) -> Tensor:
    """A function of each value."""
    return function(a.tensor(0))


def with_alpha(a: Operands, *, function: Callable[[Tensor, float], Tensor], alpha: float) -> Tensor:
    """An activation with a coefficient ``alpha``."""
    return function(a.tensor(0), a.get("alpha", alpha))


def _bias(a: Operands) -> Tensor | None:
    """The bias of a convolution as a vector, also if it was written to be added to a map."""
    return None if a[2] is None else a.tensor(2).reshape(-1)


def _window(a: Operands, rank: int) -> tuple[Size, Size]:
    one = (1,) * rank
    return tuple(a.get("strides", one)), tuple(a.get("dilations", one))


def _is_same(a: Operands) -> bool:
    return a.get("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER")


def _pads(a: Operands, x: Tensor, kernel: Size, stride: Size, dilation: Size) -> Size:
    """Pixels of padding: those before each axis, then those after each."""
    rank = len(kernel)
    if not _is_same(a):
        return tuple(a.get("pads", (0,) * (2 * rank)))
    sizes = zip(x.shape[2:], kernel, stride, dilation, strict=True)
    total = [max(0, (ceil(n / s) - 1) * s + d * (k - 1) + 1 - n) for n, k, s, d in sizes]
    smaller = [n // 2 for n in total]
    larger = [n - n // 2 for n in total]
    return (*smaller, *larger) if a.get("auto_pad") == "SAME_UPPER" else (*larger, *smaller)


def _padded(x: Tensor, pads: Size, value: float) -> tuple[Tensor, Size]:
    """The map, padded if the padding before and after an axis differs, and the padding that is left to do."""
    rank = len(pads) // 2
    before, after = pads[:rank], pads[rank:]
    if before == after:
        return x, before
    sides = [n for pair in reversed(list(zip(before, after, strict=True))) for n in pair]
    return F.pad(x, sides, value=value), (0,) * rank


def _tensor(value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        raise ValueError(f"it gives a {type(value).__name__} and no feature map")
    return value


def _each(function: Callable[[Tensor], Tensor]) -> Operator:
    return partial(unary, function=function)


def _of_two(function: Callable[[Any, Any], Any]) -> Operator:
    return partial(arithmetic, function=function)


def _over(function: Callable[..., Any]) -> Operator:
    return partial(reduction, function=function)


OPERATORS: dict[str, Operator] = {
    "Conv": convolution, "ConvTranspose": transposed_convolution, "MaxPool": max_pooling,
    "AveragePool": average_pooling, "GlobalAveragePool": global_average_pooling,
    "GlobalMaxPool": global_max_pooling, "Resize": resize, "Upsample": resize,
    "Concat": concatenation, "Slice": slicing, "Pad": padding, "Split": split, "Gather": gather,
    "BatchNormalization": batch_norm, "InstanceNormalization": instance_norm, "GroupNormalization": group_norm,
    "LayerNormalization": layer_norm, "RMSNormalization": rms_norm,
    "LRN": lambda a: F.local_response_norm(a.tensor(0), a.get("size")),
    "LpNormalization": lambda a: F.normalize(a.tensor(0), a.get("p", 2), a.get("axis", -1)),
    "Add": _of_two(operator.add), "Sub": _of_two(operator.sub), "Mul": _of_two(operator.mul),
    "Div": _of_two(operator.truediv), "Pow": _of_two(operator.pow), "Sum": _of_two(operator.add), "Mean": mean,
    "Max": _of_two(lambda x, y: torch.maximum(torch.as_tensor(x), torch.as_tensor(y))),
    "Min": _of_two(lambda x, y: torch.minimum(torch.as_tensor(x), torch.as_tensor(y))),
    "Equal": _of_two(operator.eq), "Greater": _of_two(operator.gt), "Less": _of_two(operator.lt),
    "GreaterOrEqual": _of_two(operator.ge), "LessOrEqual": _of_two(operator.le), "And": _of_two(operator.and_),
    "Or": _of_two(operator.or_), "Not": _each(torch.logical_not),
    "Where": lambda a: torch.where(a.tensor(0), a.operand(1), a.operand(2)),
    "MatMul": matrix_product, "Gemm": gemm, "Attention": attention,
    "Einsum": lambda a: torch.einsum(a.get("equation"), *(a.tensor(i) for i in range(len(a.inputs)))),
    "Relu": _each(torch.relu), "Sigmoid": _each(torch.sigmoid), "Tanh": _each(torch.tanh), "Clip": clip,
    "PRelu": prelu, "LeakyRelu": partial(with_alpha, function=F.leaky_relu, alpha=0.01),
    "Elu": partial(with_alpha, function=F.elu, alpha=1.0), "Celu": partial(with_alpha, function=F.celu, alpha=1.0),
    "Selu": _each(F.selu), "HardSwish": _each(F.hardswish), "HardSigmoid": _each(F.hardsigmoid),
    "Softplus": _each(F.softplus), "Softsign": _each(F.softsign), "Mish": _each(F.mish), "Swish": _each(F.silu),
    "Gelu": lambda a: F.gelu(a.tensor(0), approximate=a.get("approximate", "none")),
    "ThresholdedRelu": lambda a: F.threshold(a.tensor(0), a.get("alpha", 1.0), 0.0),
    "Softmax": partial(softmax, function=F.softmax), "LogSoftmax": partial(softmax, function=F.log_softmax),
    "Abs": _each(torch.abs), "Neg": _each(torch.neg), "Exp": _each(torch.exp), "Log": _each(torch.log),
    "Sqrt": _each(torch.sqrt), "Reciprocal": _each(torch.reciprocal), "Erf": _each(torch.erf),
    "Floor": _each(torch.floor), "Ceil": _each(torch.ceil), "Round": _each(torch.round), "Sign": _each(torch.sign),
    "Sin": _each(torch.sin), "Cos": _each(torch.cos),
    "ReduceMean": _over(torch.mean), "ReduceSum": _over(torch.sum), "ReduceMax": _over(torch.amax),
    "ReduceMin": _over(torch.amin), "ReduceLogSumExp": _over(torch.logsumexp),
    "ReduceL2": _over(lambda x, axes, keep: torch.linalg.vector_norm(x, 2, axes, keep)),
    "ReduceL1": _over(lambda x, axes, keep: torch.linalg.vector_norm(x, 1, axes, keep)),
    "ReduceSumSquare": _over(lambda x, axes, keep: torch.sum(x * x, axes, keep)),
    "ArgMax": partial(arg_reduction, function=torch.argmax), "ArgMin": partial(arg_reduction, function=torch.argmin),
    "Reshape": reshape, "Flatten": flatten, "Squeeze": squeeze, "Unsqueeze": unsqueeze, "Expand": expand,
    "Transpose": transpose, "Tile": lambda a: a.tensor(0).repeat(a.numbers(1, "repeats") or ()),
    "DepthToSpace": depth_to_space, "SpaceToDepth": space_to_depth,
    "GridSample": lambda a: F.grid_sample(a.tensor(0), a.tensor(1), align_corners=bool(a.get("align_corners", 0))),
    "Cast": cast, "CastLike": cast, "Identity": unchanged, "Dropout": unchanged,
}  # fmt: skip
