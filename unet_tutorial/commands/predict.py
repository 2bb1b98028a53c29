"""``unet predict``: applies a trained network to images of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unet_tutorial.disk import make_folder


def predict(
    checkpoint: Annotated[Path, typer.Argument(help="The checkpoint.safetensors of a run.")],
    images: Annotated[list[Path], typer.Argument(help="PNG or TIFF files; a TIFF may be a stack.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the results; created if missing.")],
    tile: Annotated[
        str,
        typer.Option(
            help="Input size of a tile in pixels: one side, or one per axis (16,64,64); "
            "0: as large as about 1 GiB of memory allows."
        ),
    ] = "0",
    batch: Annotated[int, typer.Option(min=1, help="Tiles per forward pass.")] = 1,
    views: Annotated[
        int,
        typer.Option(help="8: test-time augmentation (mean over flips and 90° rotations, 8 times slower); 1: none."),
    ] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    net: Annotated[
        str,
        typer.Option(help="The network of a run with --net: package.module:build (imported and executed)."),
    ] = "",
) -> None:
    """Predict images of any size, tile by tile and without seams.

    Two files are written for each image NAME: NAME_probability.tif, the probability of class 1 as float32, and
    NAME_mask.png (.tif for a stack), which is 255 where the probability is above the threshold chosen on the training
    images and 0 elsewhere. A 2D network predicts a stack slice by slice.
    """
    from unet_tutorial.commands.model import builders
    from unet_tutorial.datasets.files import read_image, write_image
    from unet_tutorial.jobs.predictor import Predictor, result_names

    names = result_names(images)
    predictor = Predictor.from_file(checkpoint, device, tile=tile, batch=batch, views=views, builders=builders(net))
    make_folder(output)
    for path, name in zip(images, names, strict=True):
        image = read_image(path)
        try:
            probabilities = predictor(image[None])
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
        mask = output / f"{name}_mask{'.png' if image.ndim == 2 else '.tif'}"
        write_image(output / f"{name}_probability.tif", probabilities[1])
        write_image(mask, 255 * predictor.labels(probabilities))
        print(f"{path}: {' × '.join(map(str, image.shape))} pixels -> {mask}")
