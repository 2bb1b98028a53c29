"""Pages with sliders inside a lesson; ``tests/docs/build/test_sliders.py`` runs their scripts."""

from __future__ import annotations

import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from unet_tutorial.teaching.lessons import show as show_module
from unet_tutorial.teaching.lessons.lesson import Lesson
from unet_tutorial.teaching.lessons.outputs import MOST_BYTES, output_faults
from unet_tutorial.teaching.lessons.show import Bundle
from unet_tutorial.teaching.lessons.slider import FOLDER, frame, show_slider, slider_page

NAMES = sorted(path.stem for path in FOLDER.glob("*.html"))
ALT = "Sliders for the sizes, and the crop drawn on a grid."


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Bundle, Bundle]]:
    found: list[tuple[Bundle, Bundle]] = []
    monkeypatch.setattr(show_module, "publish", lambda data, metadata: found.append((data, metadata)))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_page_is_in_the_output_as_it_is(name: str, shown: list[tuple[Bundle, Bundle]]) -> None:
    show_slider(name, ALT)
    data, metadata = shown[0]
    html = str(data["text/html"])
    before, _, rest = html.partition('srcdoc="')
    assert unescape(rest.removesuffix('"></iframe>')) == slider_page(name)
    assert before.startswith('<iframe title="')
    assert 'sandbox="allow-scripts"' in before
    assert data["text/plain"] == ALT
    assert metadata == {"text/html": {"alt": ALT}}


@pytest.mark.parametrize("name", NAMES)
def test_the_output_follows_the_rules_of_lessons(name: str, shown: list[tuple[Bundle, Bundle]]) -> None:
    show_slider(name, ALT)
    output: dict[str, Any] = {"output_type": "display_data", "data": shown[0][0], "metadata": shown[0][1]}
    cell = {"cell_type": "code", "source": "show_slider()", "metadata": {}, "outputs": [output]}
    assert output_faults(Lesson("01_toy", (cell,), {})) == []
    assert len(json.dumps(output)) < MOST_BYTES / 2


def test_the_fact_is_printed_or_the_alternative_text(
    shown: list[tuple[Bundle, Bundle]], capsys: pytest.CaptureFixture[str]
) -> None:
    show_slider("crop", ALT, fact="12 - 8 = 4")
    show_slider("crop", ALT)
    assert capsys.readouterr().out == f"12 - 8 = 4\n{ALT}\n"
    assert shown[0] == shown[1]


def test_an_unknown_name_is_refused_with_the_names() -> None:
    with pytest.raises(ValueError, match=r"'zoom'; there are .*crop") as found:
        show_slider("zoom", ALT)
    assert all(name in str(found.value) for name in NAMES)


@pytest.mark.parametrize("alt", ["", "a page"])
def test_a_page_without_a_description_is_refused(alt: str, shown: list[tuple[Bundle, Bundle]]) -> None:
    with pytest.raises(ValueError, match="describe the figure"):
        show_slider("crop", alt)
    assert shown == []


def test_another_working_directory_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: list[tuple[Bundle, Bundle]]
) -> None:
    show_slider("crop", ALT)
    monkeypatch.chdir(tmp_path)
    show_slider("crop", ALT)
    assert shown[0] == shown[1]


def test_quotes_in_a_page_do_not_end_its_attribute() -> None:
    html = frame('<html data-height="30"><title>a &amp; b</title><p class="x">\'</p></html>')
    assert html.startswith('<iframe title="a &amp; b" style="width: 100%; height: 30px; border: 0"')
    assert html.count('"') == 8


def test_a_page_without_height_or_title_is_refused() -> None:
    with pytest.raises(ValueError, match="data-height"):
        frame("<html><title>a</title></html>")
