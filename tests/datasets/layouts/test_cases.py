"""A folder per image, with a file per cell or per layer, or with one label file."""

from __future__ import annotations

from pathlib import Path

import pytest

from unet_tutorial.datasets.layouts.cases import cases
from unet_tutorial.datasets.layouts.find import find


def put(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return sorted(folder.iterdir())


@pytest.mark.parametrize(
    ("masks", "kind", "per_cell", "names"),
    [
        (["a/masks/x.png", "b/masks/y.png"], "", False, {}),
        (
            ["a/masks/cell.png", "a/masks/wall.png", "b/masks/cell.png", "b/masks/wall.png"],
            "",
            False,
            {0: "cell", 1: "wall"},
        ),
        ([*(f"a/masks/{n}.png" for n in range(12)), "b/masks/0.png"], "", True, {}),
        (["a/masks/1.png", "a/masks/2.png", "b/masks/1.png"], "instances", True, {}),
    ],
)
def test_masks(tmp_path: Path, masks: list[str], kind: str, *, per_cell: bool, names: dict[int, str]) -> None:
    layout = cases(put(tmp_path, "a/images/a.png", "b/images/b.png", *masks), kind)
    assert layout
    assert [entry.name for entry in layout.entries] == ["a", "b"]
    assert {file for entry in layout.entries for file in entry.labels} == {tmp_path / name for name in masks}
    assert (layout.one_file_per_cell, layout.names) == (per_cell, names)


def test_other_folders_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "a/image.png", "a/mask.png", "b/image.png", "c/image.png", "c/raw.png", "c/mask.png")
    layout = find(tmp_path)
    assert [entry.name for entry in layout.entries] == ["a"]
    assert [line.split(": ")[1] for line in layout.left_out] == [
        "left out image.png",
        "left out image.png, mask.png, raw.png",
    ]
    assert cases(put(tmp_path / "d", "e/x.png")) is None
