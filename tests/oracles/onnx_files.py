"""ONNX files: networks exported from torch in several ways, and graphs written by hand as Keras exports them."""

from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tests.oracles.thin_nets import perturbed


def exported(net: nn.Module, path: Path, *shapes: tuple[int, ...], way: str = "plain") -> Path:
    """The file of a network with random weights.

    ``way``: "plain" leaves all operators as they are, "folded" (the default of the older exporter) and "dynamo" merge
    batch norms with the convolutions before them.
    """
    net = perturbed(net).eval()
    images = tuple(torch.zeros(shape) for shape in shapes)
    ways: dict[str, dict[str, Any]] = {
        "plain": {"dynamo": False, "training": torch.onnx.TrainingMode.PRESERVE, "do_constant_folding": False},
        "folded": {"dynamo": False},
        "dynamo": {"dynamo": True, "external_data": False, "verbose": False},
        "dynamo, plain": {"dynamo": True, "optimize": False, "external_data": False, "verbose": False},
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, images, str(path), **ways[way])
    return path


def merged(net: nn.Module) -> nn.Module:
    """The network without its batch norms, as exporters that fold them write it."""
    for module in list(net.modules()):
        for name, child in module.named_children():
            if isinstance(child, (nn.BatchNorm2d, nn.BatchNorm3d)):
                setattr(module, name, nn.Identity())
    return net


class Several(nn.Module):
    """Norms, activations and arithmetic that exporters write as other operators, or as several."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(3, 1, 1))
        layers: list[nn.Module] = [nn.Conv2d(3, 8, 3, padding=1), nn.InstanceNorm2d(8), nn.ReLU6()]
        layers += [nn.Conv2d(8, 8, 3), nn.InstanceNorm2d(8, affine=True), nn.PReLU()]
        layers += [nn.Conv2d(8, 8, 3), nn.GroupNorm(4, 8), nn.SiLU(), nn.Conv2d(8, 8, 3, groups=8), nn.GELU()]
        layers += [nn.Conv2d(8, 8, 3), nn.LeakyReLU(0.1), nn.Conv2d(8, 8, 1), nn.Hardswish()]
        layers += [nn.Conv2d(8, 8, 2, 2), nn.PixelShuffle(2), nn.Conv2d(2, 8, 3, padding=1), nn.PReLU(8)]
        self.layers, self.head = nn.Sequential(*layers), nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.layers(x - self.mean)
        weights = y.mean((2, 3), keepdim=True).sigmoid()
        up = nn.functional.interpolate(y * weights, scale_factor=2.0, mode="bilinear")
        return torch.softmax(self.head(up) * 0.5 + 1e-6, 1)


class Keras(nn.Module):
    """The network of ``keras_graph`` in torch, for an even size."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.norm = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.down, self.up = nn.Conv2d(8, 16, 3, 2), nn.ConvTranspose2d(16, 8, 2, 2, bias=False)
        self.two, self.head = nn.Conv2d(16, 8, 3, padding=1), nn.Conv2d(8, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        fine = self.norm(self.one(x)).relu()
        coarse = self.down(nn.functional.pad(fine, (0, 1, 0, 1))).relu()
        mask: Tensor = self.head(self.two(torch.cat((fine, self.up(coarse)), 1)).relu()).sigmoid()
        return mask


def keras_graph(path: Path, size: tuple[object, object] = ("height", "width")) -> Path:
    """A U of one pooling with channels last, as Keras exports it: Transpose, operators, Transpose.

    Input N×height×width×3; 3×3 convolutions with "SAME" padding; a strided one; names with slashes and colons.
    """
    onnx = import_module("onnx")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    dice = np.random.default_rng(0)
    shapes = {
        "one/kernel": (8, 3, 3, 3), "one/bias": (8,), "norm/gamma": (8,), "norm/beta": (8,), "norm/mean": (8,),
        "norm/variance": (8,), "down/kernel": (16, 8, 3, 3), "down/bias": (16,), "up/kernel": (16, 8, 2, 2),
        "two/kernel": (8, 16, 3, 3), "two/bias": (8,), "head/kernel": (2, 8, 1, 1), "head/bias": (1, 2, 1, 1),
    }  # fmt: skip
    weights = [
        numpy_helper.from_array(abs(dice.normal(size=shape)).astype(np.float32), name) for name, shape in shapes.items()
    ]
    same: dict[str, Any] = {"auto_pad": "SAME_UPPER"}
    twice: dict[str, Any] = {"strides": [2, 2]}
    nodes: list[tuple[str, list[str], str, dict[str, Any]]] = [
        ("Transpose", ["image:0"], "x", {"perm": [0, 3, 1, 2]}),
        ("Conv", ["x", "one/kernel", "one/bias"], "one", same),
        ("BatchNormalization", ["one", "norm/gamma", "norm/beta", "norm/mean", "norm/variance"], "normed", {}),
        ("Relu", ["normed"], "fine", {}),
        ("Conv", ["fine", "down/kernel", "down/bias"], "down", same | twice),
        ("Relu", ["down"], "coarse", {}),
        ("ConvTranspose", ["coarse", "up/kernel"], "up", same | twice),
        ("Concat", ["fine", "up"], "both", {"axis": 1}),
        ("Conv", ["both", "two/kernel", "two/bias"], "two", same),
        ("Relu", ["two"], "last", {}),
        ("Conv", ["last", "head/kernel"], "logits", {}),
        ("Add", ["logits", "head/bias"], "biased", {}),
        ("Sigmoid", ["biased"], "mask", {}),
        ("Transpose", ["mask"], "mask:0", {"perm": [0, 2, 3, 1]}),
    ]
    made = [helper.make_node(op, inputs, [out], name=f"net/{out}", **more) for op, inputs, out, more in nodes]
    image = helper.make_tensor_value_info("image:0", onnx.TensorProto.FLOAT, ["batch", *size, 3])
    mask = helper.make_tensor_value_info("mask:0", onnx.TensorProto.FLOAT, ["batch", *size, 2])
    graph = helper.make_graph(made, "keras", [image], [mask], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8), str(path))
    return path


def one_operator(path: Path, op: str, shape: list[object], domain: str = "", **attributes: object) -> Path:
    """A file whose only operator reads an input of this shape."""
    onnx = import_module("onnx")
    helper = onnx.helper
    node = helper.make_node(op, ["x"], ["y"], name="only", domain=domain, **attributes)
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name in ("x", "y")]
    graph = helper.make_graph([node], "one", ends[:1], ends[1:])
    versions = [helper.make_opsetid("", 17), *([helper.make_opsetid(domain, 1)] if domain else [])]
    onnx.save(helper.make_model(graph, opset_imports=versions, ir_version=8), str(path))
    return path
