"""Predictions of an exported file against those of its network; files that are none of ours, and a bad runtime."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from tests.oracles.onnx_files import one_operator
from tests.oracles.thin_nets import perturbed
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.images.image import Image
from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.jobs.export.exported import ExportedPredictor, OnnxNetwork
from unet_tutorial.jobs.export.model import Description, TrainedNetwork
from unet_tutorial.jobs.export.onnx_file import write_onnx
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.task import Task
from unet_tutorial.nets.presets import build
from unet_tutorial.plan.levels import Level

EXTRA = "the extra export: pip install -r requirements-export.txt"
pytest.importorskip("onnxscript", reason=EXTRA)
pytest.importorskip("onnxruntime", reason=EXTRA)
IMAGE = np.random.default_rng(0).integers(1000, 1256, (2, 45, 61)).astype(np.uint16)


def exported(preset: str, method: str, folder: Path, scheme: LabelScheme) -> tuple[Path, TrainedNetwork]:
    """The file of a thin network of two channels, and its model."""
    net = perturbed(build(preset, widths=(2, 4), in_channels=2, out_channels=len(scheme.names))).eval()
    task = Task(scheme, ("red", "green"), Normaliser.of([IMAGE[:, 5:]], method), (0.5, 0.5))
    count = len(scheme.names) if scheme.layered else 1
    model = TrainedNetwork(net, task, {1: (0.4,) * count, 8: (0.6,) * count}, preset)
    path = folder / "model.onnx"
    write_onnx(model, path)
    return path, model


CLASSES, LAYERS = LabelScheme("classes", ("background", "a")), LabelScheme("layers", ("a", "b", "c"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "method", "scheme"),
    [("paper", "image", CLASSES), ("padded", "data", LAYERS), ("padded", "percentile", CLASSES)],
)
def test_it_predicts_as_its_network(preset: str, method: str, scheme: LabelScheme, tmp_path: Path) -> None:
    """With every tile, with test-time augmentation, and for stacks; the statistics are those of the whole image."""
    path, model = exported(preset, method, tmp_path, scheme)
    for tile, views in (("0", 1), ("36", 1), ("0", 8)):
        found = ExportedPredictor.from_onnx(path, tile=tile, views=views)
        assert found.task == model.task
        wanted = Predictor(model.net, model.task, found.thresholds, views=views)
        assert found.thresholds == model.thresholds[views]
        probability = found(IMAGE)
        np.testing.assert_allclose(probability, wanted(IMAGE), atol=1e-5)
        np.testing.assert_array_equal(found.labels(probability), wanted.labels(probability))
    stack = np.stack([IMAGE, IMAGE // 2], 1)
    predictor = ExportedPredictor.from_onnx(path)
    np.testing.assert_array_equal(predictor(stack)[:, 1], predictor(IMAGE // 2))


def test_pixels_that_float32_rounds_are_reported() -> None:
    net = OnnxNetwork(None, Description((Level(2, (3, 3), (1, 1)),), "same", (), 1, 2, Task(), {}, ""))
    rng = np.random.default_rng(0)
    for image, reported in (
        (rng.random((1, 9, 9)), False),
        (2.0**23 + rng.integers(0, 2, (1, 9, 9)), False),
        (2**25 + rng.integers(0, 2, (1, 9, 9)), True),
        (1e6 + rng.random((1, 9, 9)), True),
    ):
        found = ExportedPredictor(net).warnings(Image(image, ("grey",), (), ()))
        assert any("rounded to float32" in line for line in found) == reported


def test_probabilities_of_nan_are_refused() -> None:
    net = OnnxNetwork(None, Description((Level(2, (3, 3), (1, 1)),), "same", (), 1, 2, Task(), {}, ""))
    with pytest.raises(ValueError, match=r"^the probabilities of 9 of 9 pixels are NaN"):
        ExportedPredictor(net).probabilities(torch.full((2, 3, 3), torch.nan))


def test_files_that_are_not_ours_are_refused(tmp_path: Path) -> None:
    (tmp_path / "garbage.onnx").write_bytes(b"\x08garbage")
    foreign = one_operator(tmp_path / "foreign.onnx", "Relu", [1, 1, 4, 4])
    for path, words in (
        (foreign, "foreign.onnx: it is no file of unet export; export the checkpoint again"),
        (tmp_path / "garbage.onnx", r"garbage.onnx: onnxruntime .* cannot read it \(.*install a newer onnxruntime"),
        (tmp_path / "missing.onnx", "missing.onnx: there is no such file"),
    ):
        with pytest.raises(ValueError, match=words) as error:
            ExportedPredictor.from_onnx(path)
        assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="device 'mps': this onnxruntime cannot use it; leave the option out"):
        ExportedPredictor.from_onnx(foreign, device="mps")


class Runtime(SimpleNamespace):
    """An onnxruntime with CUDA, whose sessions use the CPU if the GPU is not that of ``gpu``."""

    __version__ = "1.20.0"

    def __init__(self, gpu: str, entries: dict[str, str]) -> None:
        super().__init__(SessionOptions=SimpleNamespace, gpu=gpu, entries=entries)

    def get_available_providers(self) -> list[str]:
        return ["CUDAExecutionProvider", "CPUExecutionProvider"]

    def InferenceSession(  # noqa: N802 # the name of onnxruntime
        self, _path: Path, _options: object, providers: list[str], provider_options: list[dict[str, str]]
    ) -> SimpleNamespace:
        used = providers if provider_options == [{"device_id": self.gpu}] else []
        return SimpleNamespace(
            get_providers=lambda: [*used, "CPUExecutionProvider"],
            get_modelmeta=lambda: SimpleNamespace(custom_metadata_map=self.entries),
        )


def test_a_gpu_is_used_by_its_number_and_never_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.onnx"
    path.touch()
    entries = TrainedNetwork.of(build("padded", widths=(2, 4))).entries()
    for gpu, used in (("0", ["cuda", "cuda:0"]), ("1", ["cuda:1"])):
        monkeypatch.setitem(sys.modules, "onnxruntime", Runtime(gpu, entries))
        for device in ("cuda", "cuda:0", "cuda:1", "cuda:2", "cuda:x", "cuda:-1"):
            if device in used:
                assert ExportedPredictor.from_onnx(path, device=device).net.session.get_providers()[0][:4] == "CUDA"
            else:
                with pytest.raises(ValueError, match=f"device '{device}': this onnxruntime cannot use it"):
                    ExportedPredictor.from_onnx(path, device=device)


def test_a_missing_or_old_runtime_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ValueError, match="this needs onnxruntime, which cannot be imported"):
        ExportedPredictor.from_onnx(tmp_path / "model.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", SimpleNamespace(__version__="1.9.0"))
    with pytest.raises(ValueError, match=r"this needs onnxruntime>=1.20, and 1.9.0 is installed"):
        ExportedPredictor.from_onnx(tmp_path / "model.onnx")
