"""The graph of a network with its normalisation and its decision, traced by ``torch.export`` with free sizes."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from copy import deepcopy
from io import StringIO
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.fx.experimental import _config as tracing

from unet_tutorial.disk import one_line
from unet_tutorial.jobs.export.model import SizeRule, TrainedNetwork
from unet_tutorial.nets.nd import MAX_POOL

# Largest difference of probabilities between an exported graph and its network. Rounding alone gave 2e-5 for a network
# of 256 channels whose logits reach 170, and less than 3e-6 for thin ones.
TOLERANCE = 1e-4
Run = Callable[..., Tensor]  # image (and statistics) -> probabilities


class Fixed(nn.Module):
    """(image - subtract) / divide with stored numbers: (N, C, *size) float32 -> the same.

    In float64, because the mean of an image can be much larger than its standard deviation.
    """

    def __init__(self, subtract: Tensor, divide: Tensor) -> None:
        super().__init__()
        self.register_buffer("subtract", subtract)
        self.register_buffer("divide", divide)

    def forward(self, image: Tensor) -> Tensor:
        """Normalise each channel."""
        return normalised(image, self.get_buffer("subtract"), self.get_buffer("divide"))


class WithStatistics(nn.Module):
    """A network whose caller gives the numbers of the normalisation, because they belong to the whole image.

    (N, C, *size), (C,) and (C,) -> the output of ``rest`` for the normalised image. If the graph computed them itself,
    a tile would be normalised by its own mean and not by that of its image.
    """

    def __init__(self, rest: nn.Module) -> None:
        super().__init__()
        self.rest = rest

    def forward(self, image: Tensor, subtract: Tensor, divide: Tensor) -> Any:
        """Normalise each channel, and apply ``rest``."""
        return self.rest(normalised(image, subtract, divide))


class NamedInput(nn.Module):
    """A module with one input, whose name in an exported file is image."""

    def __init__(self, rest: nn.Module) -> None:
        super().__init__()
        self.rest = rest

    def forward(self, image: Tensor) -> Any:
        """Apply ``rest``."""
        return self.rest(image)


class SizeCheck(nn.Module):
    """Returns its input, (N, C, *size). RuntimeError for a size that the network does not take.

    In a file of torch.export it becomes a guard, which raises AssertionError. ONNX has no operator for it, so an ONNX
    file is without it.
    """

    def __init__(self, rule: SizeRule) -> None:
        super().__init__()
        self.rule = rule

    def forward(self, image: Tensor) -> Tensor:
        """Compare the size of each axis with the rule."""
        for n, smallest, step in zip(image.shape[2:], self.rule.smallest, self.rule.step, strict=True):
            torch._check(n >= smallest)
            torch._check(n % step == smallest % step)
        return image


def normalised(image: Tensor, subtract: Tensor, divide: Tensor) -> Tensor:
    """(image - subtract) / divide for each channel: (N, C, *size), (C,), (C,) -> (N, C, *size) float32."""
    column = (-1, *[1] * (image.ndim - 2))
    return ((image.double() - subtract.reshape(column)) / divide.reshape(column)).float()


class WithMask(nn.Module):
    """Logits (N, K, *size) -> their probabilities (N, K, *size), and the mask of `Predictor.labels`, uint8.

    With two classes the mask is 1 where the probability of class 1 is above the threshold, (N, *size), and for layers
    (N, L, *size); with more classes it is the number of the most probable one, (N, *size). A network may have more
    outputs than the task has classes or layers; the mask shows only those of the task.
    """

    def __init__(self, model: TrainedNetwork) -> None:
        super().__init__()
        self.activation = activation(model)
        self.layered, self.classes = model.task.scheme.layered, len(model.task.classes)
        self.register_buffer("thresholds", torch.tensor(model.thresholds_of(1)))

    def forward(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """Probabilities and mask."""
        probability = self.activation(logits)
        thresholds = self.get_buffer("thresholds")
        if self.layered:
            mask = probability[:, : self.classes] > thresholds.reshape(-1, *[1] * (probability.ndim - 2))
        elif len(thresholds):
            mask = probability[:, 1] > thresholds[0]
        else:
            mask = probability[:, : self.classes].argmax(1)
        return probability, mask.to(torch.uint8)


def activation(model: TrainedNetwork) -> nn.Module:
    """Logits -> probabilities: one sigmoid per layer, or the softmax over the classes."""
    return nn.Sigmoid() if model.task.scheme.layered else nn.Softmax(1)


def needs_statistics(model: TrainedNetwork) -> bool:
    """Whether the numbers of the normalisation belong to each image, so that the caller of a graph gives them."""
    return model.task.normaliser.method in ("image", "percentile")


def pixels_to_mask(model: TrainedNetwork) -> nn.Module:
    """The module of a model from the pixels of the file to probability and mask."""
    rest = nn.Sequential(SizeCheck(SizeRule.of(model.net)), inference(model), WithMask(model))
    if needs_statistics(model):
        return WithStatistics(rest).eval()
    normaliser = model.task.normaliser
    if normaliser.method == "none":
        return NamedInput(rest).eval()
    numbers = (torch.tensor(each, dtype=torch.float64) for each in normaliser.fixed)
    return NamedInput(nn.Sequential(Fixed(*numbers), rest)).eval()


def normalised_to_probability(model: TrainedNetwork) -> nn.Module:
    """The module of a model from a normalised image to probabilities; the file describes the normalisation."""
    return NamedInput(nn.Sequential(inference(model), activation(model))).eval()


def inference(model: TrainedNetwork) -> nn.Module:
    """A copy of the network on the CPU, in evaluation mode, without layers that cannot be traced with free sizes."""
    net = deepcopy(model.net).cpu().eval().requires_grad_(requires_grad=False)
    for module in list(net.modules()):
        for name, child in module.named_children():
            if type(child) is MAX_POOL[0]:
                setattr(module, name, _PoolOfOneAxis(child))
    return net


class _PoolOfOneAxis(nn.Module):
    """``nn.MaxPool1d`` by torch's pooling of two axes, because that of one axis is traced for one size only."""

    def __init__(self, pool: Any) -> None:
        super().__init__()
        self.kernel, self.stride, self.padding, self.dilation = (
            value[0] if isinstance(value, tuple) else int(value)
            for value in (pool.kernel_size, pool.stride, pool.padding, pool.dilation)
        )
        self.ceil_mode: bool = pool.ceil_mode

    def forward(self, features: Tensor) -> Tensor:
        """Pool the last axis: (N, C, W) -> (N, C, W / stride), rounded as ``nn.MaxPool1d`` rounds."""
        pooled = nn.functional.max_pool2d(
            features.unsqueeze(-2),
            (1, self.kernel),
            (1, self.stride),
            (0, self.padding),
            (1, self.dilation),
            ceil_mode=self.ceil_mode,
        )
        return pooled.squeeze(-2)


def example(model: TrainedNetwork, images: int, *steps: int) -> tuple[Tensor, ...]:
    """Inputs of `pixels_to_mask`: those of `noise`, and statistics if the module needs them."""
    if not needs_statistics(model):
        return noise(model, images, *steps)
    subtract, divide = (torch.full((model.net.in_channels,), value, dtype=torch.float64) for value in (0.1, 1.5))
    return *noise(model, images, *steps), subtract, divide


def noise(model: TrainedNetwork, images: int, *steps: int) -> tuple[Tensor]:
    """The input of `normalised_to_probability`: images of noise, (N, C, *size), of mean 0 and standard deviation 1.

    The size is that many ``steps`` above the smallest one along each axis.
    """
    size = SizeRule.of(model.net).size(*steps)
    generator = torch.Generator().manual_seed(sum(steps))
    return (torch.randn(images, model.net.in_channels, *size, generator=generator),)


def traced(model: TrainedNetwork, module: nn.Module, inputs: tuple[Tensor, ...]) -> ExportedProgram:
    """The graph of a module, with a free number of images and free sizes. ValueError if it cannot be traced.

    ``inputs`` are example inputs; the first one is an image, with no axis on which a feature map has 1 pixel. The graph
    holds no paths of this machine.
    """
    free = {axis: Dim.AUTO for axis in range(inputs[0].ndim) if axis != 1}
    shapes = (free, *[None] * (len(inputs) - 1))
    try:
        try:
            program = _program(module, inputs, shapes, ones_are_special=False)
        except Exception:  # the sizes of several centre crops after each other are not resolved in this way
            program = _program(module, inputs, shapes, ones_are_special=True)
    except Exception as error:  # torch raises many kinds of errors for code that it cannot trace
        raise cannot(model, one_line(error, 200)) from error
    # torch excludes sizes at which a feature map has 1 pixel; `check` shows whether the graph is right for them as well
    program._guards_code = [
        guard for guard in program._guards_code if " != " not in guard and not guard.startswith("1 < ")
    ]
    for graph in program.graph_module.modules():
        for node in graph.graph.nodes if isinstance(graph, torch.fx.GraphModule) else ():
            node.meta.pop("stack_trace", None)
    return program


def _program(module: nn.Module, inputs: tuple[Tensor, ...], shapes: Any, *, ones_are_special: bool) -> ExportedProgram:
    """The graph; if ``ones_are_special``, torch may limit it to sizes at which no feature map has 1 pixel."""
    # torch has no public name for this setting: without it, an exported graph refuses sizes at which a map has 1 pixel
    with torch.no_grad(), silent(), tracing.patch(backed_size_oblivious=not ones_are_special):  # type: ignore[attr-defined]
        return torch.export.export(module, inputs, dynamic_shapes=shapes)


def check(
    model: TrainedNetwork, module: nn.Module, run: Run, inputs: Callable[..., tuple[Tensor, ...]], least: int = 0
) -> None:
    """ValueError unless ``run`` gives the probabilities of the module at three sizes.

    The first one is ``least`` steps above the smallest size.
    """
    for images, steps in ((1, (0, 0, 0)), (2, (1, 2, 3)), (3, (4, 1, 0))):
        given = inputs(model, images, *(least + step for step in steps[: model.rank]))
        with torch.no_grad():
            wanted = module(*given)
        wanted = wanted[0] if isinstance(wanted, tuple) else wanted
        try:
            found = run(*given)
        except Exception as error:  # those of torch and of onnxruntime
            raise cannot(model, f"at size {tuple(given[0].shape)}: {one_line(error, 200)}") from error
        far = float((found - wanted).abs().max()) if found.shape == wanted.shape else float("inf")
        if not far <= TOLERANCE:
            raise cannot(model, f"at size {tuple(given[0].shape)} its probabilities differ by {far:.2g}")


def cannot(model: TrainedNetwork, reason: str) -> ValueError:
    """The error for a network that cannot be exported."""
    name = model.builder or model.preset or type(model.net).__name__
    hint = "replace the named operation in its code, or predict with the checkpoint (unet predict)"
    return ValueError(f"{name} cannot be exported with free sizes ({reason}); {hint}")


@contextmanager
def silent() -> Iterator[None]:
    """Context manager: the warnings, log lines and listings of torch's exporters are not shown."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
