"""Packages of bioimage.io: their description against numpy and the network, and their files read back."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image as Picture

from tests.oracles.thin_nets import perturbed
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.jobs.export import bioimageio
from unet_tutorial.jobs.export.bioimageio import (
    Publication,
    cover,
    described,
    preprocessing,
    readme,
    sample_image,
    write_bioimageio,
)
from unet_tutorial.jobs.export.exported import ExportedPredictor
from unet_tutorial.jobs.export.model import TrainedNetwork
from unet_tutorial.jobs.task import Task
from unet_tutorial.nets.presets import build

EXTRA = "the extra export: pip install -r requirements-export.txt"
IMAGE = np.random.default_rng(0).integers(1000, 1256, (2, 45, 61)).astype(np.uint16)
CLASSES = LabelScheme("classes", ("background", "cell wall"))
ABOUT = Publication("Cells", "Cells.", ("Ada Lovelace; University of X", "Alan Turing"), "MIT")


def model(
    preset: str = "padded", method: str = "image", spacing: tuple[float, ...] = (), **options: Any
) -> TrainedNetwork:
    net = perturbed(build(preset, widths=(2, 4), in_channels=2, **options)).eval()
    arguments = {"widths": [2, 4], "in_channels": 2, **options}
    task = Task(CLASSES, ("red", "green"), Normaliser.of([IMAGE[:, 5:]], method), spacing)
    return TrainedNetwork(net, task, {}, preset, arguments=arguments)


def applied(steps: list[dict[str, Any]], image: NDArray[Any]) -> NDArray[Any]:
    """The formulas that the format states, for (C, y, x); ``axes`` are those that are reduced."""
    values = image.astype(np.float64)
    for step in steps:
        options = step["kwargs"]
        if step["id"] == "zero_mean_unit_variance":
            assert options["axes"] == ["y", "x"]
            mean, std = (getattr(values, name)((1, 2), keepdims=True) for name in ("mean", "std"))
            values = (values - mean) / (std + options["eps"])
        elif step["id"] == "scale_range":
            assert options["axes"] == ["y", "x"]
            ends = [options["min_percentile"], options["max_percentile"]]
            low, high = np.percentile(values, ends, axis=(1, 2), keepdims=True)
            values = (values - low) / (high - low + options["eps"])
        elif step["id"] == "fixed_zero_mean_unit_variance":
            assert options["axis"] == "channel"
            assert min(options["std"]) >= 1e-6
            values = (values - np.reshape(options["mean"], (-1, 1, 1))) / np.reshape(options["std"], (-1, 1, 1))
        elif step["id"] == "scale_linear":
            assert options["axis"] == "channel"
            values = values * np.reshape(options["gain"], (-1, 1, 1)) + np.reshape(options["offset"], (-1, 1, 1))
        else:
            assert step == {"id": "ensure_dtype", "kwargs": {"dtype": "float32"}}
    return values


@pytest.mark.parametrize("method", ["image", "data", "percentile", "none"])
def test_the_preprocessing_is_the_normalisation(method: str) -> None:
    made = model(method=method)
    found = applied(preprocessing(made), IMAGE)
    np.testing.assert_allclose(found, made.task.normaliser(IMAGE), rtol=1e-6, atol=1e-6)


def test_a_standard_deviation_below_the_least_of_the_format() -> None:
    image = IMAGE * 1e-10
    made = model()
    task = Task(CLASSES, ("red", "green"), Normaliser.of([image], "data"))
    found = applied(preprocessing(TrainedNetwork(made.net, task)), image)
    np.testing.assert_allclose(found, task.normaliser(image), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("preset", "options"), [("paper", {}), ("padded", {}), ("padded", {"rank": 3}), ("unet3d-paper", {})]
)
def test_sizes_offset_and_halo_are_those_of_the_network(preset: str, options: dict[str, Any]) -> None:
    """Every stated size passes; output beyond the halo does not change with the pixels around the tile."""
    made = model(preset, **options)
    description = described(made, ABOUT, {})
    spaces, ends = (description[name][0]["axes"][2:] for name in ("inputs", "outputs"))
    margin = 2 * spaces[0]["size"]["step"]  # of a larger image around the tile
    size = [each["size"]["min"] + margin * (i == 0) for i, each in enumerate(spaces)]
    torch.manual_seed(0)
    larger = torch.randn(1, 2, *(n + 2 * margin for n in size))
    with torch.no_grad():
        whole = made.net(larger)
        inside: tuple[Any, ...] = (..., *(slice(margin, margin + n) for n in size))
        tile = made.net(larger[inside])
    offset, halo = [each["size"]["offset"] for each in ends], [each.get("halo", 0) for each in ends]
    out = [n + lost for n, lost in zip(size, offset, strict=True)]
    assert list(tile.shape[2:]) == out
    trusted = [(border, n - border) for border, n in zip(halo, out, strict=True)]
    assert all(start < stop for start, stop in trusted)
    found = tile[(..., *(slice(start, stop) for start, stop in trusted))]
    wanted = whole[(..., *(slice(margin + start, margin + stop) for start, stop in trusted))]
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-5)


def test_a_halo_that_needs_too_much_memory_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bioimageio, "MEMORY", 2**10)
    made = model()
    found = described(made, ABOUT, {})
    assert "halo" not in str(found)
    assert found["inputs"][0]["axes"][2]["size"] == {"min": 2, "step": 2}


def test_names_authors_and_voxel_size() -> None:
    made = described(model(spacing=(0.5, 0.25)), ABOUT, {})
    assert made["authors"] == [{"name": "Ada Lovelace", "affiliation": "University of X"}, {"name": "Alan Turing"}]
    assert made["inputs"][0]["axes"][1]["channel_names"] == ["red", "green"]
    assert made["outputs"][0]["axes"][1]["channel_names"] == ["background", "cell_wall"]
    assert [(each["unit"], each["scale"]) for each in made["inputs"][0]["axes"][2:]] == [
        ("micrometer", 0.5),
        ("micrometer", 0.25),
    ]
    third = described(model(spacing=(0.3, 49 / 3e7)), ABOUT, {})["inputs"][0]["axes"][2:]
    for axis in third:  # int(n * scale / scale) is n - 1 for some n with some scales
        scale = axis.get("scale", 1.0)
        assert all(int(n * scale / scale) == n for n in range(8192))


def test_every_default_is_reported() -> None:
    about, remarks = Publication().completed(model())
    assert about == Publication(
        "U-Net for cell wall", "A U-Net that segments cell wall.", ("Unknown author",), "CC-BY-4.0"
    )
    assert [remark.split()[0] for remark in remarks] == ["--author", "--licence", "--name"]
    assert ABOUT.completed(model()) == (ABOUT, [])
    for name in ("four", "Zellen: groß", "x" * 129, "     ", "-----", "( _ + )"):
        with pytest.raises(ValueError, match=r"bioimage.io accepts 5 to 128 letters"):
            Publication(name)
    for author in ("; University of X", " ", ""):
        with pytest.raises(ValueError, match=r"--author '.*': the name is missing; write 'Ada Lovelace; University"):
            Publication(authors=("Alan Turing", author))


def test_a_licence_is_one_identifier_of_spdx() -> None:
    for licence, wanted in (
        ("MIT", "MIT"),
        ("mit", "MIT"),
        (" cc-by-4.0 ", "CC-BY-4.0"),
        ("gpl-3.0-OR-later", "GPL-3.0-or-later"),
        ("", "CC-BY-4.0"),
    ):
        about, _ = Publication(licence=licence).completed(model())
        assert described(model(), about, {})["license"] == wanted
    for licence in ("Mitt", "all rights reserved / mine", "MIT OR Apache-2.0", "(MIT)", "LicenseRef-mine", "MIT+", " "):
        with pytest.raises(ValueError, match=r"^--licence '.*': bioimage.io accepts one identifier of https://spdx"):
            Publication(licence=licence)


def test_slashes_in_names_and_long_descriptions_are_refused() -> None:
    for author in ("A/B", "Ada\\Lovelace", "a/b; University"):
        with pytest.raises(
            ValueError, match=r"^--author '.*': bioimage.io accepts no slash in a name; give one --author"
        ):
            Publication(authors=(author,))
    Publication(description="x" * 1024, authors=("Ada Lovelace; University / Institute",))
    with pytest.raises(ValueError, match=r"^--description has 1025 characters, and bioimage.io accepts 1024; shorten"):
        Publication(description="x" * 1025)


def test_the_test_image_is_a_part_of_the_image_or_noise_like_it() -> None:
    made = model()
    found = sample_image(made, IMAGE)
    assert found.shape == (2, 64, 64)
    np.testing.assert_array_equal(found[:, 10:55, 2:63], IMAGE)
    noise = sample_image(made, None)
    np.testing.assert_allclose(noise.mean((1, 2)), IMAGE.mean((1, 2)), rtol=0.01)
    np.testing.assert_allclose(noise.std((1, 2)), IMAGE.std((1, 2)), rtol=0.1)
    with pytest.raises(
        ValueError, match="--image has 1 channels and 2 axes, and the network needs 2 channels and 2 axes"
    ):
        sample_image(made, IMAGE[:1])


def test_a_test_image_is_one_that_readers_normalise_alike() -> None:
    """They compute mean and standard deviation of each image in float32."""
    made = model()
    noise = np.random.default_rng(0).normal(size=(2, 64, 64))
    for image in (IMAGE, noise, noise + 3e4, 1e5 + 10 * noise, np.zeros((2, 9, 9))):
        pixels = sample_image(made, image)
        mean, std = (getattr(pixels, name)((1, 2), keepdims=True, dtype=np.float32) for name in ("mean", "std"))
        np.testing.assert_allclose((pixels - mean) / (std + 1e-10), made.task.normaliser(pixels), atol=5e-3)
    for image in (1e5 + 0.07 * noise, 1e5 + noise, noise - 1e6, np.full((2, 9, 9), 9.1)):
        with pytest.raises(ValueError, match=r"^the test image has pixels up to .*; give another --image, or export"):
            sample_image(made, image)
    sample_image(model(method="data"), 1e5 + noise)
    for value in (np.nan, 1e200):
        with pytest.raises(ValueError, match="are NaN or infinite"):
            sample_image(made, np.where(noise == noise[1, 8, 8], value, noise))


def test_cover_and_readme() -> None:
    content = cover(model())
    assert Picture.open(io.BytesIO(content)).size == (1200, 600)
    assert len(content) < 500_000
    text = readme(model("paper", spacing=(0.5, 0.25)), ABOUT)
    assert "# Validation" in text
    assert "0.5 × 0.25 µm" in text
    assert "| y | 18 + n · 2 | 16 |" in text


@pytest.mark.parametrize("method", ["image", "data", "percentile", "none"])
def test_readme_and_config_describe_the_weights_of_the_package(method: str) -> None:
    """They take a normalised image and return no mask, and the files of `write_onnx` are the opposite."""
    made = model(method=method)
    config = described(made, ABOUT, {})["config"]["unet_tutorial"]
    text = readme(made, ABOUT)
    assert config["format"] != json.loads(made.entries()["format"])
    assert config["output"] == "probability: softmax of the logits, one channel per class"
    assert config["normalisation"].endswith("; the graph takes the normalised image")
    assert "The weights take the normalised image." in text
    assert config["normalisation"].partition(";")[0] in text
    for words in ("part of the graph", "subtract", "1th", "mask"):
        assert words not in text + config["normalisation"]


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["padded", ""])
def test_the_files_of_a_package(preset: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript", reason=EXTRA)
    runtime, yaml = (pytest.importorskip(name, reason=EXTRA) for name in ("onnxruntime", "yaml"))
    made = model()
    if not preset:
        made = TrainedNetwork(made.net, made.task)
    remarks: list[str] = []
    path = tmp_path / "model.bioimageio.zip"
    write_bioimageio(made, path, ABOUT, IMAGE, remarks.append)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    description = yaml.safe_load(files["bioimageio.yaml"])
    image, probability = (np.load(io.BytesIO(files[f"test_{name}put.npy"])) for name in ("in", "out"))
    np.testing.assert_allclose(probability[0], made_by(made, image[0]), atol=1e-6)
    session = runtime.InferenceSession(files["weights.onnx"], providers=["CPUExecutionProvider"])
    normal = made.task.normaliser(image[0])[None]
    np.testing.assert_allclose(session.run(None, {"image": normal})[0], probability, atol=1e-6)
    assert session.get_modelmeta().custom_metadata_map == bioimageio.entries(made)
    (tmp_path / "weights.onnx").write_bytes(files["weights.onnx"])
    with pytest.raises(ValueError, match=r"weights.onnx: it is from a package of bioimage.io, .* does not normalise"):
        ExportedPredictor.from_onnx(tmp_path / "weights.onnx")
    assert set(description["weights"]) == ({"onnx", "pytorch_state_dict"} if preset else {"onnx"})
    assert len(remarks) == (0 if preset else 1)
    if preset:
        weights = torch.load(io.BytesIO(files["weights.pt"]), weights_only=True)
        torch.nn.Sequential(made.net).load_state_dict(weights)


def made_by(made: TrainedNetwork, image: NDArray[Any]) -> NDArray[Any]:
    with torch.no_grad():
        logits: torch.Tensor = made.net(torch.from_numpy(made.task.normaliser(image))[None])
    return logits.softmax(1)[0].numpy()
