"""``unet sizes``: valid input sizes of the paper's U-Net and their output sizes.

It does not import torch, so that it starts in a fraction of a second.
"""

from __future__ import annotations

from typing import Annotated, cast

import typer

from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import Padding, output_size, size_steps, valid_sizes


def sizes(
    near: Annotated[int, typer.Option(min=1, max=10**6, help="Show the valid sizes around this one.")] = 572,
    depth: Annotated[int, typer.Option(min=0, max=12, help="Number of poolings; the paper has 4.")] = 4,
    padding: Annotated[str, typer.Option(help="'valid' as in the paper, or 'same' for a padded network.")] = "valid",
    count: Annotated[int, typer.Option(min=2, max=100, help="Number of sizes to show.")] = 7,
) -> None:
    """Show valid input sizes, and their output sizes.

    An input size is valid if every pooling receives an even number of pixels. Without padding, the output is smaller
    than the input by a margin on each side. To segment n pixels, choose an input size whose output is at least n, and
    fill the missing pixels by mirroring the image. unet predict does both.
    """
    from rich.console import Console
    from rich.table import Table

    levels = pyramid((1,) * (depth + 1), rank=1)
    (valid,) = valid_sizes(levels, padding=cast("Padding", padding))
    table = Table("input", "output", "lost per side", "coarsest level")
    first = max(0, (near - valid.start) // valid.step - (count - 1) // 2)
    for n in valid[first : first + count]:
        steps = size_steps((n,), levels, padding=cast("Padding", padding))
        (out,), bottom = steps[-1].size, min(step.size[0] for step in steps if step.level == depth)
        row = (str(n), str(out), str((n - out) // 2), str(bottom))
        table.add_row(*row, style="bold" if n == near else None)
    Console().print(table)
    loss = valid.start - output_size((valid.start,), levels, padding=cast("Padding", padding))[0]
    rule = f"n ≡ {valid.start % valid.step} (mod {valid.step})" if valid.step > 1 else "every n"
    print(f"{depth} poolings, {padding} padding: {rule}, n ≥ {valid.start}; the output is n - {loss}.")
    if near not in valid:
        print(f"{near} is not valid.")
