"""The pictures of the architecture show the package of today."""

from __future__ import annotations

from docs.build import architecture
from tests.house.floors import FIGURES, FLOORS, ROOF, graph
from tests.paths import PACKAGE


def titles(boxes: tuple[architecture.Box, ...]) -> set[str]:
    return {box.title.removesuffix(".py") for box in boxes}


def test_the_pictures_are_those_of_today() -> None:
    stale = [n for n, svg in architecture.pictures().items() if (architecture.PICTURES / n).read_text("utf8") != svg]
    assert stale == [], "run: python -m docs.build.architecture"


def test_every_folder_has_its_box_on_its_floor() -> None:
    outside = {"benchmarks", "docs/build"}
    assert titles(architecture.PACKAGE_BOXES) == (set(FLOORS) | ROOF | outside) - {"__init__", "__main__"}
    row = {box.title.removesuffix(".py"): box.row for box in architecture.PACKAGE_BOXES}
    pairs = {(a, b) for a, b in architecture.folders(graph(PACKAGE), PACKAGE.name) if {a, b} <= row.keys()}
    assert pairs
    assert [(a, b) for a, b in pairs if row[a] <= row[b]] == []


def test_the_pictures_of_figures_and_jobs_name_what_there_is() -> None:
    assert titles(architecture.FIGURES_BOXES) == set(FIGURES) | {"diagram", "table"}
    for box in architecture.JOBS_BOXES:
        assert (PACKAGE / "jobs" / box.title).is_file()


def test_imports_between_folders_are_counted() -> None:
    edges = {
        "p": set(), "p.a": set(), "p.a.one": {"p.b.two", "p.a.other"}, "p.a.other": {"p.b.two"}, "p.b.two": {"p.c"},
        "p.c": set(),
    }  # fmt: skip
    assert architecture.folders(edges, "p") == {("a", "b"), ("b", "c")}
