"""nnU-Net's data sets: a file per channel, CASE_0000, and dataset.json."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from unet_tutorial.datasets.wording import listed
from unet_tutorial.disk import one_line

CHANNEL = re.compile(r"(.+)_(\d{4})")
FOLDERS = ("imagestr", "imagests")


class Description(NamedTuple):
    """The content of dataset.json; each field is empty where it is not stated."""

    names: Mapping[int, str]
    channels: tuple[str, ...]
    unlabelled: int | None
    remark: str


def description_of(folder: Path) -> Description:
    """The names that dataset.json states for classes and channels, of version 2 or 1 of nnU-Net.

    The class "ignore" is the value of pixels without a label. Regions, which are lists of values, are not
    classes; their values stay without names. ValueError for a dataset.json that is not JSON.
    """
    file = folder / "dataset.json"
    content = read_json(file) if file.is_file() else {}
    labels = content.get("labels") if isinstance(content, dict) else None
    if not isinstance(labels, dict):
        return Description({}, (), None, "")
    # version 2: {"nucleus": 1}; version 1: {"1": "nucleus"}
    pairs = [(name, value) if not str(name).isdigit() else (value, int(name)) for name, value in labels.items()]
    values = {str(name): value for name, value in pairs if isinstance(value, int)}
    regions = [str(name) for name, value in pairs if not isinstance(value, int)]
    channels = content.get("channel_names") or content.get("modality") or {}
    return Description(
        {value: name for name, value in values.items() if name != "ignore"},
        tuple(str(channels[number]) for number in sorted(channels, key=int)),
        values.get("ignore"),
        f"{file}: the regions {listed(regions)} are not learned; each value in the files is a class" if regions else "",
    )


def files_by_case(files: Mapping[str, Path], channels: int) -> dict[str, tuple[Path, ...]]:
    """The files of each case in the order of their channels; ``channels`` is their number, or 0 if it is unknown.

    ValueError for a case that lacks a channel or has one too many.
    """
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    for name, file in files.items():
        case, number = name[:-5], name[-4:]
        found[case][number] = file
    wanted = [f"{number:04}" for number in range(channels or max(map(len, found.values())))]
    for case, numbered in found.items():
        if sorted(numbered) != wanted:
            file = next(iter(numbered.values()))
            raise ValueError(
                f"{file.parent / case}: expected a file for each channel {listed(wanted)}, got "
                f"{listed(sorted(numbered))}; add the missing file, or remove the case or the extra file"
            )
    return {case: tuple(numbered[number] for number in wanted) for case, numbered in found.items()}


def read_json(file: Path) -> Any:
    """The content of a JSON file. ValueError, with the name of the file, for any other content."""
    try:
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file}: this is not a JSON file ({one_line(error)}); write it again") from error
