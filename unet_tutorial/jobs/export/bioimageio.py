"""Packages of bioimage.io: a ZIP file with the model in ONNX and PyTorch, described by version 0.5 of its format.

The format: https://github.com/bioimage-io/spec-bioimage-io. Its description says how an image is normalised, so the
weights in the package take a normalised image and return probabilities.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from PIL import Image as Picture
from torch import Tensor

from unet_tutorial.datasets.images.files import require_real
from unet_tutorial.datasets.images.image import Array
from unet_tutorial.datasets.images.normalisation import PERCENTILES
from unet_tutorial.disk import complete_file
from unet_tutorial.figures.diagram import draw
from unet_tutorial.inference.tiles import MEMORY, margins, pass_bytes
from unet_tutorial.jobs.export.architecture import architecture_source
from unet_tutorial.jobs.export.graph import check, noise, normalised_to_probability, traced
from unet_tutorial.jobs.export.model import PACKAGE_FORMAT, Entries, SizeRule, TrainedNetwork
from unet_tutorial.jobs.export.onnx_file import onnx_bytes, quiet, run_of
from unet_tutorial.nets.crop import mirrored
from unet_tutorial.packages import package
from unet_tutorial.plan.levels import Size

Log = Callable[[str], None]
Entry = dict[str, Any]  # a part of the description

FORMAT_VERSION = "0.5.4"  # the first one with all fields that are used here
SUFFIX = ".bioimageio.zip"
TEST_SIDE = 64  # least pixels of the test image along each axis, or 16 in 3D
EPSILON = 1e-10  # is added to a standard deviation
LEAST_STD = 1e-6  # that the format accepts
FAR = 2**15  # standard deviations from 0, above which a pixel minus the mean of its image is wrong in float32
COVER = (1200, 600)  # pixels; the format asks for 2:1
NAME = re.compile(r"(?=.*[A-Za-z0-9])[A-Za-z0-9_+\-() ]{5,128}")
LICENCE = re.compile(
    r"(?!LicenseRef-)[A-Za-z0-9.\-]+"
)  # one identifier; the format takes no expression such as MIT OR X
LONGEST = 1024  # characters of a description
NORMALISED = {  # how the pixels of each channel become the input of the weights, for the methods of a normaliser
    "image": "minus the mean of the whole image, divided by its standard deviation",
    "data": "minus the mean of the training images, divided by their standard deviation",
    "percentile": "percentile {} of the whole image becomes 0, and its percentile {} becomes 1".format(
        *(f"{value:g}" for value in PERCENTILES)
    ),
    "none": "none",
}
UNET = {
    "text": "Ronneberger et al.: U-Net: Convolutional Networks for Biomedical Image Segmentation. MICCAI 2015",
    "doi": "10.1007/978-3-319-24574-4_28",
}


@dataclass(frozen=True)
class Publication:
    """Who made a model, and under which licence others may use it.

    ``authors`` are names, each with an affiliation after a semicolon if there is one. ``licence`` is an identifier of
    https://spdx.org/licenses, in upper or lower case. ``name`` has 5 to 128 letters, digits, spaces and _ + - ( ), and
    ``description`` at most 1024 characters. Empty fields get a default, and `completed` says which one. ValueError for
    a name with other characters or without a letter or digit, for an author without a name or with a slash in it, for
    another licence, and for a longer description.
    """

    name: str = ""
    description: str = ""
    authors: tuple[str, ...] = ()
    licence: str = ""

    def __post_init__(self) -> None:
        if self.name and not NAME.fullmatch(self.name):
            raise ValueError(
                f"--name {self.name!r}: bioimage.io accepts 5 to 128 letters, digits, spaces and _ + - ( ), with at "
                "least one letter or digit; write, for example, 'Membranes in EM'"
            )
        for text in self.authors:
            name = _author(text)["name"]
            if not name:
                raise ValueError(f"--author {text!r}: the name is missing; write 'Ada Lovelace; University of X'")
            if "/" in name or "\\" in name:
                raise ValueError(
                    f"--author {text!r}: bioimage.io accepts no slash in a name; give one --author for each"
                )
        if len(self.description) > LONGEST:
            raise ValueError(
                f"--description has {len(self.description)} characters, and bioimage.io accepts {LONGEST}; shorten it"
            )
        if self.licence:
            _identifier(self.licence)

    def completed(self, model: TrainedNetwork) -> tuple[Publication, list[str]]:
        """The publication with its defaults, and a sentence for each of them that should be replaced."""
        wanted = " and ".join(model.task.classes[0 if model.task.scheme.layered else 1 :])
        plain = re.sub(r"[^A-Za-z0-9_+\-() ]+", " ", f"U-Net for {wanted}")[:64].strip()
        made = Publication(
            self.name or plain,
            self.description or f"A U-Net that segments {wanted}."[:512],
            self.authors or ("Unknown author",),
            _identifier(self.licence or "CC-BY-4.0"),
        )
        options = {"--author": self.authors, "--licence": self.licence, "--name": self.name}
        values = (made.authors[0], made.licence, made.name)
        remarks = [
            f"{option} is missing; the package says {value}, so change it before you publish it"
            for (option, given), value in zip(options.items(), values, strict=True)
            if not given
        ]
        return made, remarks


@dataclass(frozen=True)
class Package:
    """The files of a package, by name, and its description."""

    description: Entry
    files: dict[str, bytes] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write the ZIP file; an existing one is replaced when the new one is complete."""
        text = package("yaml", "export").safe_dump(self.description, sort_keys=False, allow_unicode=True, width=120)
        with complete_file(path) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in {"bioimageio.yaml": text.encode(), **self.files}.items():
                archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


def write_bioimageio(
    model: TrainedNetwork, path: Path, about: Publication, image: Array | None = None, warn: Log = print
) -> None:
    """Write a package of bioimage.io.

    ``image``, (C, *size), is cropped or mirrored to a valid size and becomes the test image; without one it is noise
    with the mean and standard deviation of the training images. ``warn`` receives a sentence for each default. The
    package of a network that is no preset has ONNX weights only, because its code is not part of this project.
    ValueError if the network cannot be exported, if a package is missing, and for an ``image`` with other channels.
    """
    about, remarks = about.completed(model)
    pixels = sample_image(model, image)
    normal = torch.from_numpy(model.task.normaliser(pixels))[None]  # (1, C, *size)
    module = normalised_to_probability(model)
    with torch.no_grad():
        probability = module(normal)
    files = {
        "README.md": readme(model, about).encode(),
        "cover.png": cover(model),
        "test_input.npy": _npy(pixels[None].astype(np.float32)),
        "test_output.npy": _npy(probability.numpy()),
        "weights.onnx": _onnx(model),
    }
    weights: Entry = {"onnx": {"source": "weights.onnx", "opset_version": _opset(files["weights.onnx"])}}
    if model.preset:
        files |= {"weights.pt": _state_dict(module), "architecture.py": architecture_source().encode()}
        weights["pytorch_state_dict"] = {
            "source": "weights.pt",
            "architecture": {
                "source": "architecture.py",
                "callable": "layers" if model.task.scheme.layered else "classes",
                "kwargs": {"preset": model.preset, **model.arguments},
            },
            "pytorch_version": torch.__version__.partition("+")[0],
        }
        weights["onnx"]["parent"] = "pytorch_state_dict"
    else:
        remarks.append("the network is no preset, so the package has ONNX weights only, without PyTorch's")
    if image is None:
        remarks.append("--image is missing; the test image is noise with the statistics of the training images")
    if Tiles.of(model).halo is None:
        remarks.append("exact tiles would need too much memory, so the package states no halo; use large tiles")
    for remark in remarks:
        warn(remark)
    Package(described(model, about, weights), files).write(path)


def sample_image(model: TrainedNetwork, image: Array | None) -> Array:
    """The test image of a valid size, (C, *size) float32.

    ValueError for an ``image`` with other channels or axes, for pixels that are NaN or infinite, and for pixels whose
    standard deviation is so small that readers of bioimage.io, which compute in float32, normalise them differently.
    """
    channels, size = model.net.in_channels, sample_size(model)
    if image is None:
        noise = np.random.default_rng(0).normal(size=(channels, *size))
        mean, std = (np.reshape(each, (-1, *[1] * len(size))) for each in model.task.normaliser.fixed)
        return _safe(model, (noise * std + mean if len(mean) else noise).astype(np.float32))
    if image.ndim != len(size) + 1 or len(image) != channels:
        raise ValueError(
            f"--image has {len(image)} channels and {image.ndim - 1} axes, and the network needs {channels} channels "
            f"and {len(size)} axes; give another image"
        )
    for channel in image:
        require_real(channel)
    start = tuple((n - m) // 2 for n, m in zip(image.shape[1:], size, strict=True))
    with np.errstate(over="ignore"):  # of float64; such a pixel becomes infinite, and is refused
        pixels = image.astype(np.float32)
    return _safe(model, np.asarray(mirrored(torch.from_numpy(pixels), start, size)))


def _safe(model: TrainedNetwork, pixels: Array) -> Array:
    """The same pixels, (C, *size). ValueError if readers of bioimage.io cannot normalise them as `Normaliser` does."""
    for channel in pixels:
        require_real(channel)
        largest, std = float(np.abs(channel).max()), float(channel.std(dtype=np.float64))
        if model.task.normaliser.method == "image" and largest > FAR * std:
            raise ValueError(
                f"the test image has pixels up to {largest:.7g} and a standard deviation of only {std:.2g}; readers of "
                "bioimage.io compute in float32, where this is too little; give another --image, or export an .onnx"
            )
    return pixels


def sample_size(model: TrainedNetwork) -> Size:
    """The smallest size of at least ``TEST_SIDE`` pixels along each axis, or a quarter of that in 3D."""
    side = TEST_SIDE if model.rank < 3 else TEST_SIDE // 4
    smallest, steps = Tiles.of(model).smallest, SizeRule.of(model.net).step
    return tuple(low + max(0, -((low - side) // step)) * step for low, step in zip(smallest, steps, strict=True))


@dataclass(frozen=True)
class Tiles:
    """The tiles that a package states, in pixels along each axis.

    ``halo`` is the number of pixels at each border of the output that depend on the zero padding of a tile, and
    ``smallest`` the smallest size of a tile with other pixels. If one pass over such a tile needs more than ``MEMORY``
    bytes, ``halo`` is None, and ``smallest`` is the smallest size that the network takes.
    """

    smallest: Size
    halo: Size | None

    @classmethod
    def of(cls, model: TrainedNetwork) -> Tiles:
        """The tiles of a model."""
        axes = margins(model.net.levels, model.net.padding, model.net.extra_reach)
        rule, smallest = SizeRule.of(model.net), tuple(axis.smallest for axis in axes)
        if pass_bytes(prod(smallest), model.net.levels) > MEMORY:
            return cls(rule.smallest, None)
        return cls(smallest, tuple(axis.before - shift for axis, shift in zip(axes, rule.shift, strict=True)))


def described(model: TrainedNetwork, about: Publication, weights: Entry) -> Entry:
    """The content of bioimageio.yaml."""
    task, rule, tiles = model.task, SizeRule.of(model.net), Tiles.of(model)
    spaces, ends = [], []
    for axis, name in enumerate(model.axes):
        scale = _scale(task.spacing, axis)
        size = {"min": tiles.smallest[axis], "step": rule.step[axis]}
        spaces.append({"type": "space", "id": name, "size": size, **scale})
        reference = {"tensor_id": "image", "axis_id": name, "offset": -rule.lost[axis]}
        border = {"halo": tiles.halo[axis]} if tiles.halo and tiles.halo[axis] else {}
        ends.append({"type": "space", "id": name, "size": reference, **scale, **border})
    return {
        "format_version": FORMAT_VERSION,
        "type": "model",
        "name": about.name,
        "description": about.description,
        "authors": [_author(text) for text in about.authors],
        "license": about.licence,
        "documentation": "README.md",
        "covers": ["cover.png"],
        "tags": ["unet", "semantic-segmentation", "pytorch", f"{model.rank}d"],
        "cite": [UNET],
        "inputs": [
            {
                "id": "image",
                "axes": [{"type": "batch"}, _channel_axis(task.channels), *spaces],
                "test_tensor": {"source": "test_input.npy"},
                "data": {"type": "float32"},
                "preprocessing": preprocessing(model),
            }
        ],
        "outputs": [
            {
                "id": "probability",
                "description": "Probability of each class",
                "axes": [{"type": "batch"}, _channel_axis(_output_names(model)), *ends],
                "test_tensor": {"source": "test_output.npy"},
                "data": {"type": "float32", "range": [0.0, 1.0]},
                "postprocessing": [{"id": "ensure_dtype", "kwargs": {"dtype": "float32"}}],
            }
        ],
        "weights": weights,
        "config": {"unet_tutorial": {name: json.loads(text) for name, text in entries(model).items()}},
    }


def entries(model: TrainedNetwork) -> Entries:
    """The description of a model for the metadata of a package: its weights take a normalised image, without a mask."""
    changed = {
        "format": PACKAGE_FORMAT,
        "normalisation": f"{NORMALISED[model.task.normaliser.method]}; the graph takes the normalised image",
        "output": model.probability,
    }
    return {**model.entries(), **{name: json.dumps(text) for name, text in changed.items()}}


def preprocessing(model: TrainedNetwork) -> list[Entry]:
    """The normalisation in the words of the format: each channel by itself, and each image of a batch by itself."""
    axes, normaliser = list(model.axes), model.task.normaliser
    mean, std = (each.tolist() for each in normaliser.fixed)
    low, high = PERCENTILES
    fixed: Entry = {"id": "fixed_zero_mean_unit_variance", "kwargs": {"axis": "channel", "mean": mean, "std": std}}
    if std and min(std) < LEAST_STD:
        gain, offset = [1 / s for s in std], [-m / s for m, s in zip(mean, std, strict=True)]
        fixed = {"id": "scale_linear", "kwargs": {"axis": "channel", "gain": gain, "offset": offset}}
    percentile = {"axes": axes, "min_percentile": low, "max_percentile": high, "eps": EPSILON}
    steps: dict[str, list[Entry]] = {
        "image": [{"id": "zero_mean_unit_variance", "kwargs": {"axes": axes, "eps": EPSILON}}],
        "data": [fixed],
        "percentile": [{"id": "scale_range", "kwargs": percentile}],
        "none": [],
    }
    return [*steps[normaliser.method], {"id": "ensure_dtype", "kwargs": {"dtype": "float32"}}]


def readme(model: TrainedNetwork, about: Publication) -> str:
    """The documentation of the package, in Markdown."""
    rule, task = SizeRule.of(model.net), model.task
    sizes = "\n".join(
        f"| {name} | {low} + n · {step} | {lost} |"
        for name, low, step, lost in zip(model.axes, Tiles.of(model).smallest, rule.step, rule.lost, strict=True)
    )
    thresholds = ", ".join(f"{value:.4g}" for value in model.thresholds_of(1))
    voxel = " × ".join(f"{value:g}" for value in task.spacing) + " µm" if task.spacing else "not stated"
    return f"""# {about.name}

{about.description}

- Input: {len(task.channels)} channel(s): {", ".join(task.channels)}. Voxel size of the training images: {voxel}.
- Normalisation, of each channel: {NORMALISED[task.normaliser.method]}.
- The weights take the normalised image. Readers of bioimage.io compute it by `preprocessing` of bioimageio.yaml; any
  other program must do the same before it runs the weights.
- Output: the probability of {", ".join(_output_names(model))}.
- Threshold: {thresholds or "none: the most probable class is taken"}. The weights do not apply it.
- Weights: SHA-256 {model.digest}.

| axis | size of the input, n = 0, 1, 2, … | pixels by which the output is smaller |
|---|---|---|
{sizes}

The description states as halo the pixels near the border of a tile that depend on its zero padding.

# Validation

Predict images that have been segmented by hand and were not used for training, and compare: IoU or Dice of the
foreground for classes, and the segmentation score SEG for cells. If the score is much lower than that of the training
run, compare the voxel size and the mean and spread of the image with those of the training images first.
"""


def cover(model: TrainedNetwork) -> bytes:
    """The diagram of the network as PNG, 2:1."""
    shape = (1, model.net.in_channels, *sample_size(model))
    diagram = draw(model.net, shape, style="slide", name=model.preset or "network", collapse="block")
    drawing = Picture.open(io.BytesIO(diagram.content(Path("cover.png")))).convert("RGB")
    drawing.thumbnail(COVER)
    canvas = Picture.new("RGB", COVER, "white")
    canvas.paste(drawing, ((COVER[0] - drawing.width) // 2, (COVER[1] - drawing.height) // 2))
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _output_names(model: TrainedNetwork) -> list[str]:
    """A name for each output channel; a network may have more of them than classes."""
    names = list(model.task.classes)
    return names + [f"output {i}" for i in range(len(names), model.net.out_channels)]


def _channel_axis(names: Any) -> Entry:
    """An axis of channels; the format accepts names that are identifiers of Python, and each only once."""
    plain = [re.sub(r"\W+", "_", name).strip("_").lower() or "channel" for name in names]
    plain = [name if name[0].isalpha() else f"channel_{name}" for name in plain]
    single = [name if plain.count(name) == 1 else f"{name}_{i}" for i, name in enumerate(plain)]
    return {"type": "channel", "channel_names": single}


def _scale(spacing: tuple[float, ...], axis: int) -> Entry:
    """The voxel size along an axis; {} if the images do not state it.

    The format computes output sizes as int(size · scale / scale + offset), so a scale for which that is one pixel less
    by rounding is left out; the voxel size is in ``config`` as well.
    """
    if not spacing:
        return {}
    scale = float(spacing[axis])
    exact = all(int(n * scale / scale) == n for n in range(1, 8192))
    return {"unit": "micrometer", "scale": scale} if exact else {}


def _identifier(licence: str) -> str:
    """A licence as SPDX writes it: "mit" -> "MIT". ValueError for any text that is not one identifier."""
    try:
        found = str(canonicalize_license_expression(licence))
    except InvalidLicenseExpression:
        found = ""
    if not LICENCE.fullmatch(found):
        raise ValueError(
            f"--licence {licence!r}: bioimage.io accepts one identifier of https://spdx.org/licenses; "
            "write, for example, MIT or CC-BY-4.0"
        )
    return found


def _author(text: str) -> Entry:
    name, _, affiliation = (part.strip() for part in text.partition(";"))
    return {"name": name, **({"affiliation": affiliation} if affiliation else {})}


def _onnx(model: TrainedNetwork) -> bytes:
    module = normalised_to_probability(model)
    program = traced(model, module, noise(model, 2, *range(2, 2 + model.rank)))
    content = onnx_bytes(model, program, ("probability",), entries(model))
    session = package("onnxruntime", "export").InferenceSession(content, quiet(), providers=["CPUExecutionProvider"])
    check(model, module, run_of(session), noise)
    return content


def _opset(content: bytes) -> int:
    proto = package("onnx", "export").load_model_from_string(content)
    return int(max(each.version for each in proto.opset_import if each.domain == ""))


def _state_dict(module: Any) -> bytes:
    """The weights of `graph.normalised_to_probability`, under the names of ``architecture.classes`` and ``layers``."""
    state: Mapping[str, Tensor] = module.rest.state_dict()
    buffer = io.BytesIO()
    torch.save({name: value.clone(memory_format=torch.contiguous_format) for name, value in state.items()}, buffer)
    return buffer.getvalue()


def _npy(values: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(values))
    return buffer.getvalue()
