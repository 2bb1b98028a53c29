"""The files that Cellpose writes beside its masks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

EXTRA = re.compile(r".*_(cp_)?(flows|outlines|dP|cellprob|flows_cp_masks|outlines_cp_masks|rois)")  # without suffix
PICKLE = "_seg.npy"


def refuse_pickles(files: Iterable[Path]) -> None:
    """ValueError if _seg.npy, Cellpose's own format, is among the files."""
    for file in files:
        if file.name.endswith(PICKLE):
            name = file.name.removesuffix(PICKLE)
            raise ValueError(
                f"{file}: this is a Python pickle, which can run any program when it is opened, so it is not read; "
                f"save the masks in Cellpose as {name}_cp_masks.png (File, Save masks as PNG/tif)"
            )
