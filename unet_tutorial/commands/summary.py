"""``unet summary``: the table of a network, per level or per layer."""

from __future__ import annotations

import sys
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from unet_tutorial.commands.dataclass_options import with_options
from unet_tutorial.commands.model import NetworkOptions


class By(StrEnum):
    """The rows of the table: one per level, or one per operation."""

    level = "level"
    layer = "layer"


class Format(StrEnum):
    """The format of the table."""

    rich = "rich"
    md = "md"
    latex = "latex"
    siunitx = "siunitx"
    csv = "csv"
    json = "json"


@with_options(NetworkOptions)
def summary(
    network: NetworkOptions,
    by: Annotated[By, typer.Option(help="A row per level of encoder and decoder, or per operation.")] = By.level,
    format: Annotated[Format, typer.Option(help="For the terminal, a paper or a program; siunitx: LaTeX, aligned.")] = (  # noqa: A002
        Format.rich
    ),
    columns: Annotated[str, typer.Option(help="Only these columns, such as level,op,out,MACs; csv, json: all.")] = "",
) -> None:
    """Print exact sizes, parameters, MACs, memory and receptive fields of a network, computed on empty tensors.

    NAME is a preset, a .json that unet diagram wrote, an .onnx file, a .safetensors checkpoint, or
    package.module:attribute, where the attribute is a torch module, or a function or class that returns one. That code
    is **imported and executed**, also from the current folder; files are only read. Exit code 2 for an invalid input
    size, with the nearest valid ones; 3 for a network whose control flow depends on the values of its input.

    Presets: paper, padded, residual, attention, released (the authors' release), unet3d, unet3d-paper; vnet, vnet-2d,
    vnet-depthwise, vnet-bottleneck; unet++, unet3+, attention-oktay; unet25d, vs-seg; keras-original, keras-padding,
    keras-3d; backboned, backboned-vgg16, backboned-resnet34, backboned-resnet50, backboned-darknet; assembled (its
    parts are named by --kwargs).
    """
    from unet_tutorial.figures.table import table

    arch = network.architecture()
    found = table(replace(arch, name=f"{network.name}: {arch.name}"), by=str(by))
    found = found.only(*columns.split(",")) if columns else found
    if format is Format.rich:
        from rich.console import Console

        Console(width=None if sys.stdout.isatty() else 200).print(found.rich())
        return
    writers = {
        Format.md: found.to_markdown,
        Format.latex: found.to_latex,
        Format.siunitx: found.to_siunitx,
        Format.csv: found.to_csv,
        Format.json: found.to_json,
    }
    print(writers[format](), end="")
