"""Several label files per image: layers, cells, or refused because both are possible."""

from __future__ import annotations

from pathlib import Path

import pytest

from unet_tutorial.datasets.layouts.several import several


def groups(**images: str) -> dict[str, list[Path]]:
    return {image: [Path(f"labels/{image}/{name}.png") for name in names.split()] for image, names in images.items()}


@pytest.mark.parametrize(
    ("files", "kind", "layers"),
    [
        (groups(a="wall cell", b="cell wall"), "", ("cell", "wall")),
        (groups(a="a_cell a_wall", b="b_cell b_wall"), "", ("cell", "wall")),
        (groups(a="1 2", b="1 2"), "layers", ("1", "2")),
        (groups(a="1 2", b="1 2"), "instances", ()),
        (groups(a="wall cell", b="cell wall"), "instances", ()),
        (groups(a="1 2 3 4 5", b="1 2"), "", ()),
        (groups(a="cell1 cell2 cell3 cell4 cell5 cell6", b="cell1"), "", ()),
        (groups(a="0a7d30b252359a10 0a7d30b252359a11", b="0a7d30b252359a12"), "", ()),
        (groups(a="x", b="y"), "", ()),
        (groups(a="1cell 2cell 3cell 4cell 5cell", b="1cell"), "", ()),
        (groups(a="ch1wall ch2cell", b="ch2cell ch1wall"), "", ("ch1wall", "ch2cell")),
    ],
)
def test_layers_and_cells(files: dict[str, list[Path]], kind: str, layers: tuple[str, ...]) -> None:
    found = several(files, kind)
    assert found.layers == layers
    assert {image: sorted(paths) for image, paths in found.files.items()} == {
        image: sorted(paths) for image, paths in files.items()
    }
    for paths in found.files.values():
        assert [path.stem.rpartition("_")[2] for path in paths] == list(layers or [path.stem for path in paths])


@pytest.mark.parametrize(
    ("files", "kind", "words"),
    [
        (groups(a="1 2", b="1 2"), "", "give --labels instances for cells, or --labels layers"),
        (groups(a="1 2 3", b="1 2"), "", "give --labels instances for cells, or --labels layers"),
        (groups(a="1_cell 2_cell", b="1_cell 2_cell"), "", "give --labels instances for cells, or --labels layers"),
        (groups(a="roi-1_x roi-2_x", b="roi-1_x roi-2_x"), "", "give --labels instances for cells, or --labels layers"),
        (groups(a="1 2 3", b="1 2"), "layers", r"layers 1, 2, 3 .* but b/3 is missing"),
        (
            groups(a="cell wall", b="cell"),
            "",
            r"but b/wall is missing; add an empty mask .* or give --labels instances",
        ),
        (groups(a="red green", b="blue"), "", "give --labels instances for cells, or --labels layers"),
    ],
)
def test_refusals(files: dict[str, list[Path]], kind: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        several(files, kind)
