"""The Cell Tracking Challenge: frames in 01/, their masks in 01_GT/SEG/ or 01_ST/SEG/; the same for 02/."""

from __future__ import annotations

import re
from pathlib import Path

from unet_tutorial.datasets.images.files import is_readable
from unet_tutorial.datasets.layouts.layout import Entry, FoundLayout, Layout
from unet_tutorial.datasets.layouts.listing import bare_name, entries_of, folders_of

# masks drawn by hand (of some frames), and masks computed from those of several programs
DRAWN, COMPUTED = "_GT", "_ST"


def tracking(folder: Path) -> FoundLayout | None:
    """The frames of all sequences in a folder that have a mask; None if the folder holds no sequences with masks.

    Masks drawn by hand are read if there are any. ValueError for a mask of one slice of a volume and for a mask without
    its frame.
    """
    sequences = [path for path in folders_of(folder) if re.fullmatch(r"\d+", path.name)]
    entries: list[Entry] = []
    unused: dict[Path, str] = {}
    for sequence in sequences:
        drawn, computed = (_files(folder / f"{sequence.name}{kind}" / "SEG") for kind in (DRAWN, COMPUTED))
        frames, masks = _files(sequence), drawn or computed
        for number, mask in masks.items():
            if number not in frames:
                raise ValueError(
                    f"{mask}: there is no frame t{number} in {sequence}, or this is the mask of one slice of a volume, "
                    "which is not read; remove the file"
                )
            entries.append(Entry(f"{sequence.name}/{bare_name(frames[number])}", (frames[number],), (mask,)))
        if masks:
            unused |= {frame: "no mask of this frame" for number, frame in frames.items() if number not in masks}
        if drawn:
            unused |= dict.fromkeys(computed.values(), f"the masks in {sequence.name}{DRAWN}/ are read")
    return (
        FoundLayout(Layout("Cell Tracking Challenge", tuple(entries), labels="instances"), unused) if entries else None
    )


def _files(folder: Path) -> dict[str, Path]:
    """The images in a folder by the number at the end of their names: "007" for t007.tif and man_seg007.tif."""
    files = filter(is_readable, entries_of(folder)) if folder.is_dir() else ()
    return {re.sub(r"^(t|man_seg_?)", "", bare_name(file)): file for file in files}
