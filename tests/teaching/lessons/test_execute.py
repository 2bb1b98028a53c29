"""Executing and normalising lessons, and the strict comparison by nbval, on a lesson of a few cells."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.house.reruns import rerun
from unet_tutorial.teaching.lessons.catalogue import lessons
from unet_tutorial.teaching.lessons.execute import LessonError, chosen, execute, main, merged, summary
from unet_tutorial.teaching.lessons.lesson import read

pytestmark = pytest.mark.slow
SOURCES = (
    "from matplotlib import pyplot as plt\nfrom unet_tutorial.teaching.lessons.show import show",
    "print('a')\nprint('b')\n{1: 'one'}",
    "figure, axes = plt.subplots()\naxes.plot([1, 2])\nshow(figure, 'a line going up', fact='points: 2')",
    "figure, axes = plt.subplots()\naxes.imshow([range(65)] * 65)\nshow(figure, 'a ramp, left to right')",
)


def notebook(*sources: str) -> dict[str, Any]:
    cells: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"mine{n}",
            "metadata": {"tags": [], "scrolled": True, "execution": {"iopub.status.idle": "2015-05-18"}},
            "source": source,
            "execution_count": 9 + n,
            "outputs": [],
        }
        for n, source in enumerate(sources)
    ]
    cells.insert(1, {"cell_type": "markdown", "id": "m", "metadata": {"editable": True}, "source": "Two words."})
    metadata = {
        "kernelspec": {"name": "elsewhere", "display_name": "my env"},
        "widgets": {"x": 1},
        "unet_tutorial": {"ceiling_seconds": 30},
    }
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def lesson(folder: Path, *sources: str) -> Path:
    path = folder / "01_mini.ipynb"
    path.write_text(json.dumps(notebook(*sources)), encoding="utf8")
    return path


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = lesson(tmp_path_factory.mktemp("mini"), *SOURCES)
    execute(path)
    return path


def test_the_normal_form(executed: Path) -> None:
    written = json.loads(executed.read_text(encoding="utf8"))
    assert [cell["id"] for cell in written["cells"]] == [f"01-0{n}" for n in range(1, 6)]
    assert [cell.get("execution_count") for cell in written["cells"]] == [1, None, 2, 3, 4]
    assert all(cell["metadata"] == {} for cell in written["cells"])
    assert written["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "unet_tutorial": {"ceiling_seconds": 30},
    }
    stream, result = written["cells"][2]["outputs"]
    assert "".join(stream["text"]) == "a\nb\n"
    assert result["execution_count"] == 2
    assert list(executed.parent.iterdir()) == [executed]


def test_a_figure_is_shown_once_with_its_text_and_its_fact(executed: Path) -> None:
    display, fact = read(executed).code[2]["outputs"]
    assert display["metadata"]["image/svg+xml"] == {"alt": "a line going up"}
    assert '<svg role="img"' in "".join(display["data"]["image/svg+xml"])
    assert "<title>a line going up</title>" in "".join(display["data"]["image/svg+xml"])
    assert "".join(fact["text"]) == "points: 2\n"
    assert summary(read(executed), 1.25) == "01_mini: 5 cells, 2 figures, 1.2 s"


def test_a_figure_full_of_pixels_becomes_png(executed: Path) -> None:
    display, fact = read(executed).code[3]["outputs"]
    assert base64.b64decode("".join(display["data"]["image/png"])).startswith(b"\x89PNG")
    assert display["metadata"]["image/png"] == {"alt": "a ramp, left to right"}
    assert "".join(fact["text"]) == "a ramp, left to right\n"


def test_executing_again_changes_no_byte(executed: Path) -> None:
    before = executed.read_bytes()
    assert main([str(executed)]) == 0
    assert executed.read_bytes() == before


def test_nbval_sees_another_output_but_not_another_drawing(executed: Path, tmp_path: Path) -> None:
    written = json.loads(executed.read_text(encoding="utf8"))
    written["cells"][3]["outputs"][0]["data"]["image/svg+xml"] = "<svg>\nanother\n</svg>"
    written["cells"][2]["outputs"][0]["text"] = "a\nc\n"
    path = tmp_path / "01_mini.ipynb"
    path.write_text(json.dumps(written), encoding="utf8")
    result = rerun(path)
    assert (result.verdict, result.ceiling) == ("FAILED", 30)
    assert (result.tally["passed"], result.tally["failed"]) == (3, 1)
    assert "Cell outputs differ" in result.report


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("import warnings; warnings.warn('old')", "text on stderr"),
        ("import sys; print(sys.prefix + '/')", "an absolute path"),
    ],
)
def test_a_lesson_that_may_not_be_committed_stays_as_it_was(source: str, complaint: str, tmp_path: Path) -> None:
    path = lesson(tmp_path, source)
    before = path.read_bytes()
    with pytest.raises(LessonError, match=complaint):
        execute(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_streams_merge_where_the_first_stood() -> None:
    def text(name: str, text: str) -> dict[str, str]:
        return {"output_type": "stream", "name": name, "text": text}

    display = {"output_type": "display_data"}
    found = merged([text("stdout", "a"), display, text("stderr", "x"), text("stdout", "b")])
    assert found == [text("stdout", "ab"), display, text("stderr", "x")]


def test_lessons_are_chosen_by_path_or_by_the_beginning_of_their_name(tmp_path: Path) -> None:
    names = {path.stem: path for path in lessons()}
    assert chosen([]) == lessons()
    assert chosen(["02", "01_si"]) == [names["02_encoder_block"], names["01_sizes"]]
    mine = lesson(tmp_path)
    assert chosen([str(mine)]) == [mine]
    for missing in ("97", str(tmp_path / "03_x.ipynb")):
        with pytest.raises(LessonError, match=r"no lesson .* give a path, or the beginning of a lesson's name"):
            chosen([missing])
