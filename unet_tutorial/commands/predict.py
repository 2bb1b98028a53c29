"""``unet predict``: applies a trained network to images of any size."""

from __future__ import annotations

import math
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from unet_tutorial.jobs.predictor import Predictor
    from unet_tutorial.jobs.schedulers import Run


def predict(
    checkpoint: Annotated[
        Path, typer.Argument(help="The checkpoint.safetensors or best.safetensors of a run, or an .onnx.")
    ],
    images: Annotated[list[Path], typer.Argument(help="Images or stacks, or folders of them (without subfolders).")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Folder for the results, created if missing; with --blocks a NAME.zarr."),
    ],
    *,
    instances: Annotated[
        bool,
        typer.Option(
            "--instances", help="Also write numbered cells, or regions of each class, and a table (TIFF, CSV)."
        ),
    ] = False,
    min_size: Annotated[int, typer.Option(min=1, help="Leave out instances of fewer pixels.")] = 1,
    watershed: Annotated[
        float,
        typer.Option(
            min=0,
            help="Separate touching cells whose centres are at least this number of pixels apart, about the diameter "
            "of the smallest cell; 0: keep them together.",
        ),
    ] = 0,
    overlay: Annotated[
        bool, typer.Option("--overlay", help="Also write the image with the outlines drawn on it.")
    ] = False,
    outlines: Annotated[
        str, typer.Option(help="Also write outlines: geojson (QuPath) or rois (ZIP file for ImageJ).")
    ] = "",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace existing results.")] = False,
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
    device: Annotated[str, typer.Option(help="cpu, cuda or mps.")] = "cpu",
    net: Annotated[
        str,
        typer.Option(help="The network of a run with --net: package.module:build (imported and executed)."),
    ] = "",
    blocks: Annotated[
        bool,
        typer.Option(
            "--blocks",
            help="For one image (.zarr, .tif) that is larger than memory: predict it block by block into an OME-Zarr "
            "folder. The same command again goes on after an interruption.",
        ),
    ] = False,
    workers: Annotated[
        int, typer.Option(min=0, help="With --blocks: processes on this machine; 0: this process alone.")
    ] = 0,
    scheduler: Annotated[
        str | None,
        typer.Option(help="With --blocks: the address of a running dask scheduler, such as tcp://10.0.0.5:8786."),
    ] = None,
) -> None:
    """Predict images of any size, tile by tile and without seams.

    Two files are written for each image NAME. NAME_probability.tif holds the probability of class 1 as float32, or of
    every class if there are more than two. NAME_mask.png (.tif for a stack) is 255 where the probability is above the
    threshold chosen on the training images and 0 elsewhere. With more classes it has the values of the training masks.
    For layers, one mask is written for each layer. A 2D network predicts a stack slice by slice. --instances adds
    NAME_instances.tif and a table NAME_instances.csv, --overlay NAME_overlay.png, and --outlines NAME_outlines.geojson
    or NAME_rois.zip. An image that cannot be predicted does not stop the others.

    With --blocks the result is one OME-Zarr folder with the probabilities as its image and the classes as a label
    image; --instances adds a label image of the instances and the table NAME_instances.csv.
    """
    if blocks:
        _without(overlay=overlay, outlines=outlines, watershed=watershed, views=views != 1, batch=batch != 1)
        _predict_blocks(
            checkpoint, images, output, device, tile, net, workers, scheduler,
            instances=instances, min_size=min_size, overwrite=overwrite,
        )  # fmt: skip
        return
    if workers or scheduler is not None:
        raise ValueError("--workers and --scheduler are for images that are predicted by blocks; add --blocks")
    from unet_tutorial.commands.model import builders
    from unet_tutorial.jobs import results
    from unet_tutorial.jobs.predict_files import check_outputs, predict_files, sources
    from unet_tutorial.jobs.predictor import Predictor

    kinds = [results.PROBABILITY, results.MASKS]
    if instances:
        kinds.append(results.INSTANCES)
    if overlay:
        kinds.append(results.OVERLAY)
    if outlines:
        kinds.append(results.outlines_named(outlines))
    if (min_size > 1 or watershed) and not any(kind.counts for kind in kinds):
        raise ValueError("--min-size and --watershed are for instances; add --instances, --overlay or --outlines")
    if not math.isfinite(watershed):
        raise ValueError(f"--watershed {watershed}: write a finite number of pixels, or 0 for none")
    if checkpoint.suffix.lower() in (".pt2", ".zip"):
        raise ValueError(
            f"{checkpoint}: a {checkpoint.suffix} is for other programs (docs/export.md); pass the "
            "checkpoint.safetensors of the run, or its export as .onnx"
        )
    if checkpoint.suffix.lower() == ".onnx":
        predictor = _exported(checkpoint, net)(checkpoint, device, tile=tile, batch=batch, views=views)
    else:
        predictor = Predictor.from_file(checkpoint, device, tile=tile, batch=batch, views=views, builders=builders(net))
    files = sources(images, output, predictor.task, _warn)
    endings = [ending for kind in kinds for ending in kind.endings(predictor.task)]
    check_outputs(files, endings, output, overwrite=overwrite)
    failures = predict_files(predictor, files, output, kinds, min_size=min_size, distance=watershed, warn=_warn)
    if failures:
        lines = "".join(f"\n  {line}" for line in failures)
        raise ValueError(
            failures[0] if len(files) == 1 else f"{len(failures)} of {len(files)} images were not predicted:{lines}"
        )


def _exported(file: Path, net: str) -> Callable[..., Predictor]:
    """The function that reads an .onnx file; onnxruntime is installed if it is missing."""
    from unet_tutorial.commands.extras import missing, provide
    from unet_tutorial.jobs.export.exported import ExportedPredictor

    if net:
        raise ValueError(f"{file} holds its network; leave out --net")
    if any(each.name == "onnxruntime" for each in missing("export")):
        provide("export")
    return ExportedPredictor.from_onnx


def _warn(line: str) -> None:
    print(f"unet: {line}", file=sys.stderr)


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
    """Context manager in which SIGTERM, the signal of a cluster at the time limit, ends the job as Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _without(**options: object) -> None:
    """ValueError for an option that needs the whole image in memory."""
    given = [f"--{name}" for name, value in options.items() if value]
    if given:
        raise ValueError(f"--blocks cannot be combined with {given[0]}, which needs the whole image; leave one out")


def _predict_blocks(
    checkpoint: Path,
    images: Sequence[Path],
    output: Path,
    device: str,
    tile: str,
    net: str,
    workers: int,
    scheduler: str | None,
    *,
    instances: bool,
    min_size: int,
    overwrite: bool,
) -> None:
    """Predict one image by blocks, where the options say."""
    from unet_tutorial.commands.extras import provide
    from unet_tutorial.commands.model import builders
    from unet_tutorial.jobs.block_steps import Options
    from unet_tutorial.jobs.predict_blocks import predict_blocks
    from unet_tutorial.jobs.schedulers import in_this_process, on_scheduler, on_workers

    if checkpoint.suffix.lower() == ".onnx":
        raise ValueError(
            f"{checkpoint}: --blocks takes the checkpoint.safetensors of a run, and no .onnx; pass that one"
        )
    if len(images) != 1:
        raise ValueError(f"--blocks predicts one image, got {len(images)}; give one .zarr folder or .tif file")
    if workers and scheduler is not None:
        raise ValueError("--workers starts processes here, and --scheduler uses those of a scheduler; give one of them")
    if min_size > 1 and not instances:
        raise ValueError("--min-size is for instances; add --instances")
    options = Options(
        checkpoint.absolute(), str(images[0].absolute()), output.absolute(), device, tile, instances, min_size,
        tuple(builders(net).items()),
    )  # fmt: skip
    run: AbstractContextManager[Run] = nullcontext(in_this_process)
    if workers or scheduler is not None:
        provide("scale")
        run = on_workers(workers, _warn) if scheduler is None else on_scheduler(scheduler, _warn)
    with _ended_like_ctrl_c(), run as computing:
        found = predict_blocks(options, computing, overwrite=overwrite, warn=_warn)
    count = "" if found.instances is None else f", {found.instances} instance{'' if found.instances == 1 else 's'}"
    blocks = f"{found.blocks} block{'' if found.blocks == 1 else 's'}"
    print(f"{images[0]}: {blocks}, {found.predicted} of them predicted now{count} -> {output}")
