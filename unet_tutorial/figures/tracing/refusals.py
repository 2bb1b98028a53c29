"""Models and examples that cannot be traced, each refused with the reason and the next step."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unet_tutorial.figures.tracing.meta import is_data_dependent
from unet_tutorial.figures.tracing.structure import tensors

QUANTISERS = ("bitsandbytes", "torchao", "auto_gptq", "awq")  # packages whose layers hold packed integers


class TraceError(ValueError):
    """The model cannot be traced, because its control flow depends on the values of its tensors."""


def check_model(model: Any) -> None:
    """Raise ValueError for an object that is not an ``nn.Module`` with float weights and Python code."""
    name = type(model).__name__
    if not isinstance(model, nn.Module):
        raise ValueError(f"the model is {_article(model)}, not a torch nn.Module; {_how_to_get_a_module(model)}")
    for module in model.modules():
        if isinstance(module, torch.jit.ScriptModule):
            raise ValueError(f"{name} is or contains a ScriptModule; pass the module that it was made from")
        if _is_quantised(module):
            raise ValueError(
                f"{name} is quantised (its {type(module).__name__} holds packed integers, and quantised layers have no "
                "float weights), so its parameters and saved bytes cannot be counted; pass the float model as it was "
                "before the conversion"
            )
    if any(isinstance(weight, nn.parameter.UninitializedParameter) for weight in model.parameters()):
        raise ValueError("the model has uninitialised parameters (a lazy module); run it once on an example first")


def check_example(given: Any) -> None:
    """Raise ValueError for arguments without a tensor."""
    if not tensors(given):
        raise ValueError("the example has no tensor; pass one whose shape the model accepts, such as (1, 1, 572, 572)")


def check_output(model: nn.Module, out: Any, found: list[Tensor], ids: tuple[str, ...]) -> None:
    """Raise ValueError for a pass that returned no tensor, or none that is computed from the example.

    ``found`` are the tensors in the output, and ``ids`` those of the nodes that computed them.
    """
    name = type(model).__name__
    if not found:
        forgotten = ", as a forward without a return statement does" if out is None else ""
        raise ValueError(
            f"{name} returns {'None' if out is None else _article(out)}{forgotten}; return a tensor, or a tuple, list, "
            "dict or dataclass with tensors"
        )
    if not ids:
        raise ValueError(f"{name} returns tensors that are not computed from the example; return the network's output")


def refusal(model: nn.Module, error: Exception) -> ValueError:
    """The error to raise for one that ``model`` raised in a pass: a ValueError of the model is passed on."""
    name, text = type(model).__name__, str(error).strip()
    message = f"{type(error).__name__}: {text.splitlines()[0][:300] if text else ''}"
    observer = next((m for m in model.modules() if type(m).__module__ == "torch.ao.quantization.observer"), None)
    if is_data_dependent(error) and observer is not None:
        return TraceError(
            f"{name} is prepared for quantisation (its {type(observer).__name__} reads the values of each map); pass "
            "the float model as it was before the preparation"
        )
    if ("fake impl" in text or "'Meta' backend" in text) and "aten::" not in text:
        return ValueError(
            f"{name} runs an operator for which torch has no shape rule ({message}); register one with "
            "torch.library.register_fake, or replace the layer that runs it"
        )
    if is_data_dependent(error):
        return TraceError(
            f"{name} has data-dependent control flow ({message}), so one diagram cannot show it; "
            "pass the part of it that runs the same operations for every image"
        )
    if isinstance(error, ValueError):
        return error
    if isinstance(error, NotImplementedError) and 'missing the required "forward"' in text:
        return ValueError(f"{name} has no forward method, so nothing can run; define it, or pass a whole network")
    if "CUDA" in text or "NVIDIA" in text:
        return ValueError(
            f"{name} asks for a GPU, which is not needed for a diagram and not used ({message}); create its tensors "
            "with device=x.device, where x is an input, in place of .cuda()"
        )
    if isinstance(error, TypeError) and "argument" in text:
        return ValueError(
            f"{name} does not accept this example ({message}); its method is forward{_signature(model)}, pass a value "
            "for each of these arguments that has no default"
        )
    if isinstance(error, (RuntimeError, IndexError, TypeError)):
        return ValueError(
            f"{name} does not accept this example ({message}); pass tensors of the shapes and dtypes it is trained with"
        )
    return ValueError(
        f"{name} fails on this example ({message}); pass tensors of the shapes it is trained with, and check that the "
        "model runs on them"
    )


def _is_quantised(module: nn.Module) -> bool:
    package = type(module).__module__
    if package.startswith("torch.") and ".quantized" in package and not package.endswith(".functional_modules"):
        return True  # functional modules stand for additions in float models, too
    own = [*vars(module).get("_parameters", {}).values(), *vars(module).get("_buffers", {}).values()]
    return package.split(".")[0] in QUANTISERS or any(
        each is not None and (each.is_quantized or type(each).__module__.split(".")[0] in QUANTISERS) for each in own
    )


def _article(value: Any) -> str:
    """The kind of a value in words: "the class UNet", "an ExportedProgram"."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    name = type(value).__name__
    return f"{'an' if name[:1] in 'AEIOaeio' else 'a'} {name}"


def _how_to_get_a_module(value: Any) -> str:
    if isinstance(value, type) and issubclass(value, nn.Module):
        return f"pass an instance of it, such as {value.__name__}(…)"
    if isinstance(value, torch.export.ExportedProgram):
        return "pass its module()"
    if isinstance(value, Mapping) and any(isinstance(each, Tensor) for each in value.values()):
        return "these are weights: build the network, and load them with load_state_dict"
    if isinstance(value, (str, Path)):
        return "load or build the model first"
    return "build the model first"


def _signature(model: nn.Module) -> str:
    try:
        return str(inspect.signature(model.forward))
    except (TypeError, ValueError):  # of a method that is not written in Python
        return "(…)"
