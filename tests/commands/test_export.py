"""``unet export`` and ``unet predict`` with the file: the results of the checkpoint; every refusal is one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from tests.conftest import Unet
from tests.oracles.onnx_files import one_operator
from unet_tutorial.commands import extras
from unet_tutorial.datasets.images.files import read_image

EXTRA = "the extra export: pip install -r requirements-export.txt"


@pytest.fixture(autouse=True)
def _nothing_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "provide", lambda _: None)
    monkeypatch.setattr(extras, "missing", lambda _: [])


@pytest.mark.slow
def test_predictions_of_an_onnx_file_equal_those_of_the_checkpoint(
    unet: Unet, run_folder: Path, folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnxscript", reason=EXTRA)
    pytest.importorskip("onnxruntime", reason=EXTRA)
    file = tmp_path / "model.onnx"
    code, text = unet("export", run_folder, "-o", file)
    assert code == 0, text
    assert "checkpoint.safetensors -> " in text
    for model, out in ((file, "exported"), (run_folder / "checkpoint.safetensors", "kept")):
        code, text = unet("predict", model, folder / "images", "-o", tmp_path / out, "--tile", "36", "--instances")
        assert code == 0, text
    for name in ("a", "b", "c"):
        found, wanted = (read_image(tmp_path / out / f"{name}_probability.tif") for out in ("exported", "kept"))
        np.testing.assert_allclose(found, wanted, atol=1e-5)
        masks = [read_image(tmp_path / out / f"{name}_mask.png") for out in ("exported", "kept")]
        assert (masks[0] != masks[1]).mean() < 1e-3
    code, text = unet("export", run_folder, "-o", file)
    assert (code, "this file exists; choose another name with -o, or add --overwrite" in text) == (1, True)
    code, text = unet("predict", file, folder / "images", "-o", tmp_path / "x", "--net", "a:b")
    assert (code, "holds its network; leave out --net" in text) == (1, True)


def test_bad_input_is_one_line(unet: Unet, run_folder: Path, folder: Path, tmp_path: Path) -> None:
    text_file, stack, nan = tmp_path / "text.png", tmp_path / "stack.tif", tmp_path / "nan.tif"
    text_file.write_text("no image")
    tifffile.imwrite(stack, np.zeros((5, 40, 40), np.uint8))
    tifffile.imwrite(nan, np.full((40, 40), np.nan, np.float32))
    table: list[tuple[list[object], str]] = [
        ([run_folder, "-o", tmp_path / "model.pt"], "the suffix tells the format; end it in .onnx, .pt2"),
        ([folder, "-o", tmp_path / "model.onnx"], "there is no best.safetensors and no checkpoint.safetensors"),
        ([tmp_path / "gone", "-o", tmp_path / "model.onnx"], "there is no such file"),
        ([run_folder, "-o", tmp_path / "model.pt2", "--licence", "MIT"], "are for .bioimageio.zip; leave them out"),
        ([run_folder, "-o", tmp_path / "m.bioimageio.zip", "--name", "x"], "accepts 5 to 128 letters"),
        ([run_folder, "-o", tmp_path / "m.bioimageio.zip", "--image", text_file], "text.png: "),
        (
            [run_folder, "-o", tmp_path / "m.bioimageio.zip", "--image", stack],
            "stack.tif: --image has 1 channels and 3",
        ),
        ([run_folder, "-o", tmp_path / "m.bioimageio.zip", "--image", nan], "nan.tif: the image: 1600 of 1600 pixels"),
        (
            [run_folder, "-o", tmp_path / "m.bioimageio.zip", "--licence", "Mitt"],
            "--licence 'Mitt': bioimage.io accepts",
        ),
        ([run_folder, "-o", tmp_path / "no" / "model.pt2"], "cannot be written"),
    ]
    for words, expected in table:
        code, text = unet("export", *words)
        assert (code, expected in text, text.count("\n")) == (1, True, 1), text
    assert sorted(file.name for file in tmp_path.iterdir()) == ["nan.tif", "stack.tif", "text.png"]


def test_an_onnx_file_of_another_tool_is_refused(unet: Unet, folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason=EXTRA)
    pytest.importorskip("onnxruntime", reason=EXTRA)
    file = one_operator(tmp_path / "other.onnx", "Relu", [1, 1, 4, 4])
    code, text = unet("predict", file, folder / "images", "-o", tmp_path / "out")
    assert (code, "other.onnx: it is no file of unet export" in text, text.count("\n")) == (1, True, 1)
