"""Export of a model into a file whose format follows from its suffix."""

from __future__ import annotations

from pathlib import Path

from unet_tutorial.datasets.images.image import Array
from unet_tutorial.jobs.export.bioimageio import SUFFIX, Log, Publication, write_bioimageio
from unet_tutorial.jobs.export.model import TrainedNetwork
from unet_tutorial.jobs.export.onnx_file import write_onnx
from unet_tutorial.jobs.export.pt2_file import write_pt2

SUFFIXES = (".onnx", ".pt2", SUFFIX)


def export(
    model: TrainedNetwork,
    path: str | Path,
    about: Publication | None = None,
    image: Array | None = None,
    warn: Log = print,
) -> Path:
    """Write a model as an ONNX file, a file of torch.export or a package of bioimage.io, and return the path.

    ``about``, the test ``image`` and ``warn`` are those of `write_bioimageio`. The graph in the file is checked before
    the file is in place: it gives the probabilities of the network at three sizes. ValueError for another suffix, for a
    network that cannot be exported, for ``about`` or ``image`` with another format, and for a missing package.

    ::

        export(TrainedNetwork.of(padded_unet(widths=(16, 32))), "model.onnx")
        export(TrainedNetwork.from_file("runs/em"), "model.bioimageio.zip", Publication(authors=("Ada Lovelace",)))
    """
    path = Path(path)
    check_suffix(path)
    if path.name.endswith(SUFFIX):
        write_bioimageio(model, path, about or Publication(), image, warn)
    elif about or image is not None:
        raise ValueError(f"{path}: authors, licence, name and test image are for {SUFFIX}; leave them out")
    else:
        (write_onnx if path.suffix == ".onnx" else write_pt2)(model, path)
    return path


def check_suffix(path: Path) -> None:
    """ValueError for the name of a file with another suffix."""
    if not path.name.endswith(SUFFIXES):
        raise ValueError(f"{path}: the suffix tells the format; end it in {', '.join(SUFFIXES)}")
