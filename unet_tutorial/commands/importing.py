"""``unet import``: weights of other systems as a checkpoint."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class From(StrEnum):
    """The systems whose weights can be read."""

    elektronn3 = "elektronn3"
    jaxony = "jaxony"
    milesial = "milesial"
    johschmidt42 = "johschmidt42"
    monai = "monai"
    caffe = "caffe"


def import_(
    file: Annotated[Path, typer.Argument(help="A state dict: .pth or .pt of torch.save, .safetensors, or .npz.")],
    system: Annotated[From, typer.Option("--from", help="The system whose U-Net it is; monai: its BasicUNet.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The checkpoint to write, a .safetensors file.")],
    kwargs: Annotated[
        str,
        typer.Option(
            help="Arguments of the network there that its weights do not state, in the words of its system: "
            '\'{"activation": "leaky"}\'.'
        ),
    ] = "",
    labels: Annotated[
        str, typer.Option(help="classes: softmax over the outputs; layers: one sigmoid per output (the only output).")
    ] = "",
    classes: Annotated[str, typer.Option(help="Names of the outputs, background first: background,cell.")] = "",
    normalise: Annotated[
        str, typer.Option(help="Of the images in its training: image, percentile or none, as in unet train.")
    ] = "",
    mean: Annotated[str, typer.Option(help="Subtracted from each channel in its training, such as 0 or 0.5,0.4.")] = "",
    std: Annotated[str, typer.Option(help="Divisor of each channel in its training, after --mean: 255.")] = "",
) -> None:
    """Convert the weights of another system's U-Net to a checkpoint, for predict, train --start-from and summary.

    Widths, channels, rank, norm and the other options that show in the tensors are read from them; one line names
    those that do not and were assumed. Nothing is unpickled. docs/coming_from.md lists the options of each system.
    """
    from unet_tutorial.jobs.importing import import_weights, next_commands, normaliser_of
    from unet_tutorial.jobs.parsing import keywords

    normaliser = normaliser_of(normalise, mean, std)
    names = [name.strip() for name in classes.split(",")] if classes else ()
    imported = import_weights(file, str(system), keywords(kwargs), labels=labels, classes=names, normaliser=normaliser)
    imported.save(output)
    print(f"{output}: written")
    for line in imported.remarks:
        print(f"  {line}")
    for command in next_commands(imported, output):
        print(f"next: {command}")
