"""The files of a student's folder: no answers beside the questions, and links that lead to files."""

from __future__ import annotations

import json
import posixpath
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.teaching.lab.conftest import code, text
from unet_tutorial.teaching.lab.copies import FOLDED, START_PAGE, answers_folded, links, student_files
from unet_tutorial.teaching.lessons.catalogue import lessons

WORK = {"01_sizes.ipynb", "02_encoder_block.ipynb", "exercises/01_sizes.ipynb", "glossary.md", "sliders/crop.html"}
READ = {"reading/01_sizes.ipynb", "reading/02_encoder_block.ipynb", "reading/solutions/01_sizes.ipynb"}


@pytest.fixture(scope="module")
def course() -> dict[str, bytes]:
    """The files made from the course's own lessons."""
    return student_files()


def cells(data: bytes) -> list[dict[str, Any]]:
    return list(json.loads(data)["cells"])


def test_the_paths_are_those_of_the_lessons(source: Path) -> None:
    assert student_files(source).keys() == WORK | READ


def test_a_copy_to_work_on_has_no_answers(source: Path) -> None:
    before = (source / "01_sizes.ipynb").read_text()
    files = student_files(source)
    copy, read = (cells(files[place]) for place in ("01_sizes.ipynb", "reading/01_sizes.ipynb"))
    assert [(cell["outputs"], cell["execution_count"]) for cell in copy if cell["cell_type"] == "code"] == [
        ([], None)
    ] * 2
    assert [cell["metadata"] for cell in copy[1:3]] == [{}, {"tags": ["plot"]}]
    assert copy[1]["source"] == ['predict("side", "How wide?", guess=None)']
    assert [cell["execution_count"] for cell in read if cell["cell_type"] == "code"] == [3, 3]
    assert '"572"' not in files["reading/01_sizes.ipynb"].decode()  # ids of cells are random digits
    assert cells(files["reading/solutions/01_sizes.ipynb"])[0]["outputs"]
    assert (source / "01_sizes.ipynb").read_text() == before


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("01_sizes.ipynb", "glossary.md sliders/crop.html exercises/01_sizes.ipynb 02_encoder_block.ipynb START.ipynb"),
        ("02_encoder_block.ipynb", "01_sizes.ipynb reading/solutions/01_sizes.ipynb"),
        ("exercises/01_sizes.ipynb", "../01_sizes.ipynb ../START.ipynb"),
        (
            "reading/01_sizes.ipynb",
            "../01_sizes.ipynb ../glossary.md ../sliders/crop.html ../exercises/01_sizes.ipynb 02_encoder_block.ipynb "
            "../START.ipynb",
        ),
        ("reading/02_encoder_block.ipynb", "../02_encoder_block.ipynb 01_sizes.ipynb solutions/01_sizes.ipynb"),
        ("reading/solutions/01_sizes.ipynb", "../01_sizes.ipynb ../../START.ipynb"),
    ],
)
def test_links_lead_to_the_new_places(place: str, expected: str, source: Path) -> None:
    data = student_files(source)[place]
    found = [link for cell in cells(data) if cell["cell_type"] == "markdown" for link in links(cell)]
    assert found == expected.split()
    assert (
        place.endswith("02_encoder_block.ipynb")
        or "(glossary.md#convolution)" in data.decode()
        or "../" in data.decode()
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a = 1\nprint(a)", ["a = 1\nprint(a)"]),
        ('a = 1\nreveal("k", a)', ["a = 1", 'reveal("k", a)']),
        (
            'a = 1\n\n# why\nreveal(\n    "k",\n    a,\n)\nreveal("l", 2)\n',
            ["a = 1\n\n# why", 'reveal(\n    "k",\n    a,\n)\nreveal("l", 2)\n'],
        ),
        ('reveal("k", 1)\nprint(1)', ['reveal("k", 1)\nprint(1)']),
        ('reveal("k", 1)\nprint(1)\nreveal("l", 2)', ['reveal("k", 1)\nprint(1)', 'reveal("l", 2)']),
        ('%matplotlib inline\nx = 1\nreveal("k", 1)', ["%matplotlib inline\nx = 1", 'reveal("k", 1)']),
        ('for i in range(2):\n    reveal("k", i)', ['for i in range(2):\n    reveal("k", i)']),
    ],
)
def test_answers_in_the_source_are_folded(source: str, expected: list[str]) -> None:
    parts = answers_folded(code(source, metadata={"tags": ["a"]}))
    assert ["".join(part["source"]) for part in parts] == [expected[0], *(FOLDED + calls for calls in expected[1:])]
    assert len({part["id"] for part in parts}) == len(parts)
    for part in parts[1:]:
        assert part["metadata"]["jupyter"]["source_hidden"]
    assert parts[0]["metadata"] == {"tags": ["a"]}


def test_a_cell_that_only_reveals_is_folded() -> None:
    (part,) = answers_folded(code('reveal("k", 1)'))
    assert "".join(part["source"]) == f'{FOLDED}reveal("k", 1)'
    assert part["metadata"] == {"jupyter": {"source_hidden": True}}
    assert answers_folded(text("reveal(")) == [text("reveal(")]


def test_every_link_of_the_course_leads_to_a_file(course: dict[str, bytes]) -> None:
    places = {START_PAGE, *course}
    lost = [
        (place, link)
        for place, data in course.items()
        if place.endswith(".ipynb")
        for cell in cells(data)
        if cell["cell_type"] == "markdown"
        for link in links(cell)
        if posixpath.normpath(posixpath.join(posixpath.dirname(place), link)) not in places
    ]
    assert lost == []


def test_every_lesson_of_the_course_has_both_copies(course: dict[str, bytes]) -> None:
    for path in lessons():
        assert {path.name, f"reading/{path.name}"} <= course.keys()
        copy = nbformat.reads(course[path.name].decode(), as_version=4)
        nbformat.validate(copy)
        assert not any(cell.get("outputs") or "unet_tutorial" in cell.metadata for cell in copy.cells)
        assert nbformat.writes(copy, version=4).encode() + b"\n" == course[path.name]
