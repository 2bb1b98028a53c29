"""Tests packages of bioimage.io with ``bioimageio.core``, without a network; run by ``benchmarks.export``.

This file is run by the Python of another environment, in which the project is not installed: ``PYTHON
bioimageio_check.py FILE …``. For each package and each kind of weights in it one line of JSON is printed: the file, the
weights, the status of ``test_model``, its errors, and the largest difference between the stored probabilities and those
that ``bioimageio.core`` predicts from the pixels.
"""

from __future__ import annotations

import json
import socket
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import numpy as np


def main(files: list[str]) -> None:
    """Test every package."""
    socket.socket.connect = refuse  # type: ignore[method-assign]
    socket.create_connection = refuse
    sys.modules["unet_tutorial"] = None  # type: ignore[assignment]  # an import of the project fails
    warnings.simplefilter("ignore")
    core = import_module("bioimageio.core")
    import_module("bioimageio.core.digest_spec")

    for file in files:
        model = core.load_model_description(file, perform_io_checks=True)
        for weights in ("onnx", "pytorch_state_dict"):
            if getattr(model.weights, weights) is None:
                continue
            summary = core.test_model(file, weight_format=weights)
            errors = [error.msg for detail in summary.details for error in detail.errors]
            found = {"status": summary.status, "errors": errors, "difference": difference(core, model, weights)}
            print(json.dumps({"file": Path(file).name, "weights": weights, **found}), flush=True)


def refuse(*_: object, **__: object) -> NoReturn:
    """In place of a connection."""
    raise OSError("the check of packages works without a network")


def difference(core: Any, model: Any, weights: str) -> float:
    """The largest difference between the stored output and the prediction from the stored pixels, without a halo."""
    pixels, stored = (np.load(ends[0].test_tensor.get_reader()) for ends in (model.inputs, model.outputs))
    with core.create_prediction_pipeline(model, weight_format=weights) as pipeline:
        sample = core.digest_spec.create_sample_for_model(model, inputs={"image": pixels})
        found = pipeline.predict_sample_without_blocking(sample, skip_input_padding=True, skip_output_cropping=True)
    return float(np.abs(found.members["probability"].data.to_numpy() - stored).max())


if __name__ == "__main__":
    main(sys.argv[1:])
