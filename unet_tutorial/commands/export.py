"""``unet export``: a trained network as a file for other tools."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from unet_tutorial.datasets.images.image import Array
    from unet_tutorial.jobs.export.model import TrainedNetwork

PACKAGE = "For .bioimageio.zip"


def export(
    run: Annotated[Path, typer.Argument(help="The folder of a run, or its checkpoint.safetensors.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write: .onnx, .pt2 or .bioimageio.zip.")],
    *,
    author: Annotated[
        list[str] | None,
        typer.Option(
            help="'Ada Lovelace' or 'Ada Lovelace; University of X'; repeat it for several.", rich_help_panel=PACKAGE
        ),
    ] = None,
    licence: Annotated[
        str, typer.Option("--licence", "--license", help="SPDX identifier, such as MIT.", rich_help_panel=PACKAGE)
    ] = "",
    name: Annotated[str, typer.Option(help="Name of the model.", rich_help_panel=PACKAGE)] = "",
    description: Annotated[str, typer.Option(help="One or two sentences.", rich_help_panel=PACKAGE)] = "",
    image: Annotated[
        Path | None, typer.Option(help="Image for the test; it will be in the package.", rich_help_panel=PACKAGE)
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    net: Annotated[
        str,
        typer.Option(help="The network of a run with --net: package.module:build (imported and executed)."),
    ] = "",
) -> None:
    """Export a trained network with its normalisation, thresholds and size rule.

    Of the folder of a run, best.safetensors is exported if there is one, otherwise checkpoint.safetensors. An .onnx
    file and a .pt2 file (torch.export) take pixels and return probabilities and the mask; unet predict takes an .onnx
    in place of a checkpoint. A .bioimageio.zip is a package for ilastik, deepImageJ and other tools, with a README,
    test tensors and a cover. docs/export.md describes the files.
    """
    from unet_tutorial.commands.extras import provide
    from unet_tutorial.commands.model import builders
    from unet_tutorial.jobs.export.bioimageio import Publication
    from unet_tutorial.jobs.export.export import check_suffix
    from unet_tutorial.jobs.export.export import export as write
    from unet_tutorial.jobs.export.model import TrainedNetwork, checkpoint_of

    check_suffix(output)
    if output.exists() and not overwrite:
        raise ValueError(f"{output}: this file exists; choose another name with -o, or add --overwrite")
    about = Publication(name, description, tuple(author or ()), licence)
    model = TrainedNetwork.from_file(run, builders(net))
    pixels = _pixels(image, model) if image else None
    if output.suffix != ".pt2":  # torch writes these alone
        provide("export")
    write(model, output, about if about != Publication() else None, pixels, _warn)
    print(f"{checkpoint_of(run)} -> {output}")


def _pixels(file: Path, model: TrainedNetwork) -> Array:
    """The test image of a file, (C, *size). ValueError, with the name of the file, for one that does not fit."""
    from unet_tutorial.datasets.images.files import read
    from unet_tutorial.jobs.export.bioimageio import sample_image
    from unet_tutorial.jobs.predict_files import fitting

    try:
        return sample_image(model, fitting(read(file), model.task).array)
    except ValueError as error:
        raise ValueError(str(error) if str(error).startswith(str(file)) else f"{file}: {error}") from error


def _warn(line: str) -> None:
    print(f"unet: {line}", file=sys.stderr)
