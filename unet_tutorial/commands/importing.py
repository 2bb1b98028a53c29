"""``unet import``: weights of other systems as a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unet_tutorial.nets.sources import Source


def import_(
    file: Annotated[Path, typer.Argument(help="A state dict: .pth or .pt of torch.save, .safetensors, or .npz.")],
    system: Annotated[Source, typer.Option("--from", help="The system whose U-Net it is; monai: its BasicUNet.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The checkpoint to write, a .safetensors file.")],
    kwargs: Annotated[
        str,
        typer.Option(
            help="Constructor arguments of the original network that cannot be read from its weights, as JSON: "
            '\'{"activation": "leaky"}\'.'
        ),
    ] = "",
    labels: Annotated[
        str,
        typer.Option(
            help="classes: softmax over the outputs; layers: one sigmoid per output (the default for one output)."
        ),
    ] = "",
    classes: Annotated[str, typer.Option(help="Names of the outputs, background first: background,cell.")] = "",
    normalise: Annotated[
        str, typer.Option(help="Normalisation of the training images: image, percentile or none, as in unet train.")
    ] = "",
    mean: Annotated[
        str, typer.Option(help="Mean that was subtracted from each channel in training, such as 0 or 0.5,0.4.")
    ] = "",
    std: Annotated[
        str, typer.Option(help="Number by which each channel was divided in training, after --mean, such as 255.")
    ] = "",
) -> None:
    """Convert the weights of another system's U-Net to a checkpoint, for predict, train --start-from and summary.

    Widths, channels, rank, norm and the other options that show in the tensors are read from them; one line names
    those that do not and were assumed. Nothing is unpickled. docs/coming_from.md lists the options of each system.
    """
    from unet_tutorial.jobs.importing import import_weights, next_commands, normaliser_of
    from unet_tutorial.jobs.parsing import keywords

    normaliser = normaliser_of(normalise, mean, std)
    names = [name.strip() for name in classes.split(",")] if classes else ()
    imported = import_weights(file, system, keywords(kwargs), labels=labels, classes=names, normaliser=normaliser)
    imported.save(output)
    print(f"{output}: written")
    for line in imported.remarks:
        print(f"  {line}")
    for command in next_commands(imported, output):
        print(f"next: {command}")
