"""Markers of finished blocks: a small file for each, written after the block's data, so that a job can be repeated."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from unet_tutorial.disk import complete_file, make_subfolder
from unet_tutorial.plan.levels import Size


def block_file(folder: Path, index: Size, suffix: str) -> Path:
    """The file of a block, in a folder for each number of its index but the last, so that no folder is large."""
    return folder.joinpath(*map(str, index[:-1]), f"{index[-1]}{suffix}")


@dataclass(frozen=True)
class Markers:
    """The markers of one step of a job; ``job`` is the digest of the job, which each marker holds.

    ``folder`` is the folder of the markers, which is made if it is missing, in the folder ``output``, which must exist.
    A file that holds another digest, or is damaged, does not count.
    """

    folder: Path
    job: str
    output: Path

    def path(self, index: Size) -> Path:
        """The marker of a block."""
        return block_file(self.folder, index, ".json")

    def set(self, index: Size) -> None:
        """Mark a block as finished. ValueError if the file cannot be written."""
        path = self.path(index)
        make_subfolder(self.output, path.parent)
        with complete_file(path) as part:
            part.write_text(json.dumps({"block": index, "job": self.job}), encoding="utf8")

    def has(self, index: Size) -> bool:
        """Whether a block is finished."""
        try:
            held = json.loads(self.path(index).read_text(encoding="utf8"))
        except (OSError, ValueError):
            return False
        return isinstance(held, dict) and held.get("job") == self.job
