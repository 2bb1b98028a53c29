"""Outputs that may not be committed; ``tests/house/test_house_rules.py`` breaks a whole lesson in these ways."""

from __future__ import annotations

from typing import Any

import pytest

from unet_tutorial.teaching.lessons.lesson import Lesson
from unet_tutorial.teaching.lessons.outputs import MOST_BYTES, output_faults, output_text, path_faults


def lesson(output: dict[str, Any], source: str = "x") -> Lesson:
    cell = {"cell_type": "code", "source": source, "metadata": {}, "outputs": [output]}
    return Lesson("01_toy", (cell,), {})


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("saved /home/student/net.pt", "an absolute path"),
        ("C:\\Users\\me", "an absolute path"),
        ("took 3.2 s", "a timing"),
        ("31.2it/s", "a timing"),
        ("at 0x7f12ab34cd50", "an address"),
        ("x" * (MOST_BYTES + 1), "an output of 200,"),
    ],
)
def test_the_fault_names_the_lesson_and_the_cell(text: str, fault: str) -> None:
    (found,) = output_faults(lesson(stream(text)))
    assert found.startswith("01_toy, code cell 1: ")
    assert fault in found


@pytest.mark.parametrize("text", ["16 steps, a/b", "input[4:68, 10:20]", "(1, 2, 388, 388)", "x" * 100_000])
def test_sizes_ratios_and_shapes_are_no_faults(text: str) -> None:
    assert output_faults(lesson(stream(text))) == []


def test_sources_are_searched_for_paths() -> None:
    assert path_faults(lesson(stream(""), "open('/tmp/x')")) == ["01_toy, cell 1: contains the absolute path /tmp/"]


def test_the_text_of_an_output_joins_its_text_formats() -> None:
    data = {"text/plain": ["a", "b"], "image/png": "aGk=", "text/html": "c"}
    assert output_text({"output_type": "display_data", "data": data}).split() == ["ab", "c"]


FRAME = {"text/html": '<iframe title="a page" srcdoc="…"></iframe>', "text/plain": "a page with sliders"}


@pytest.mark.parametrize("alt", ["", "page", "a page"])
def test_a_page_in_a_frame_needs_an_alternative_text(alt: str) -> None:
    output = {"output_type": "display_data", "data": FRAME, "metadata": {"text/html": {"alt": alt}}}
    (found,) = output_faults(lesson(output))
    assert "show_slider" in found


def test_a_described_page_and_html_without_a_frame_are_no_faults() -> None:
    metadata = {"text/html": {"alt": "a page with sliders"}}
    described = {"output_type": "display_data", "data": FRAME, "metadata": metadata}
    table = {"output_type": "display_data", "data": {"text/html": "<table></table>"}, "metadata": {}}
    assert output_faults(lesson(described)) == output_faults(lesson(table)) == []
