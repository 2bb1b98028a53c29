"""``unet doctor``: names the faults of a folder of data or of a finished run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unet_tutorial.commands.dataclass_options import typed_fields, with_options
from unet_tutorial.jobs.recipe import Recipe

if TYPE_CHECKING:
    from unet_tutorial.jobs.doctor.finding import Finding


@with_options(Recipe)
def doctor(
    recipe: Recipe,
    ctx: typer.Context,
    path: Annotated[
        Path | None, typer.Argument(help="Folder of data, or folder of a run; by default that of --data.")
    ] = None,
    corrected: Annotated[
        Path | None,
        typer.Option(
            help="New folder for a corrected copy of the data: masks moved back, exchanged or inverted, bad images "
            "left out."
        ),
    ] = None,
) -> None:
    """Name the faults of a folder of data or of a finished run.

    The most likely cause of bad results comes first, each fault with the number that shows it and the command that
    cures it. Masks are compared with their images: shifted, flipped, inverted and exchanged ones are found. With the
    options of unet train, they are examined as well: rate, steps, tile, size of the network. For a run, its losses, its
    weights and its predictions are examined besides its data.

    Exit code 0 if no fault is found, 1 if there is one, 2 for wrong usage.
    """
    from unet_tutorial.commands.model import builders
    from unet_tutorial.jobs.doctor.corrected import corrected_pairs, write_corrected
    from unet_tutorial.jobs.doctor.examine import examine_data, examine_run, is_run, keyed

    given, path = typed_fields(ctx, Recipe), path or recipe.data
    if is_run(path):
        refused = sorted(given - {"net", "data"})
        if refused or corrected:
            option = refused[0].replace("_", "-") if refused else "corrected"
            raise ValueError(f"--{option}: {path} is a run with its own recipe; leave the option out")
        _report(examine_run(path, builders(recipe.net)), str(path))
        return
    recipe = replace(recipe, data=path)
    found, data = examine_data(recipe, builders(recipe.net))
    if corrected and data:
        pairs = corrected_pairs(keyed(data), found)
        command = write_corrected(data, pairs, recipe, corrected)
        print(f"{len(pairs)} of {len(keyed(data))} images are in {corrected}/; next: {command}")
    elif data:
        print("\n".join(data.remarks))
    count = len(keyed(data)) if data else 0
    _report(found, f"{path}, {count} images" if data else str(path))


def _report(findings: Sequence[Finding], examined: str) -> None:
    """Print the findings; exit code 1 if there are any."""
    if not findings:
        print(f"{examined}: no fault found")
        return
    print(f"{examined}: {len(findings)} possible fault{'s' * (len(findings) > 1)}, most likely cause first")
    for number, finding in enumerate(findings, 1):
        print(f"\n{number}. {finding.sentence}\n   evidence: {finding.evidence}\n   cure: {finding.cure}")
    raise typer.Exit(1)
