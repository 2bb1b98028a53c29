"""Each house rule of lessons can fail: mutants of a good lesson."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.house.good_lesson import Notebook, figure, good_notebook, markdown, stream
from tests.house.house_rules import RULES
from tests.paths import ROOT
from unet_tutorial.teaching.lessons.lesson import read


def faults(notebook: Notebook, folder: Path) -> dict[str, list[str]]:
    path = folder / "01_sizes.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf8")
    lesson = read(path)
    return {rule.__name__: found for rule in RULES if (found := rule(lesson))}


def in_cell(index: int, **changes: object) -> Callable[[Notebook], None]:
    return lambda notebook: notebook["cells"][index].update(changes)


def printing(text: str, name: str = "stdout") -> Callable[[Notebook], None]:
    return in_cell(1, outputs=[stream(text, name)])


def without_outputs(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)


def every_code_cell(**changes: object) -> Callable[[Notebook], None]:
    def change(notebook: Notebook) -> None:
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                cell.update(changes)

    return change


def swapped(first: int, second: int) -> Callable[[Notebook], None]:
    def change(notebook: Notebook) -> None:
        cells = notebook["cells"]
        cells[first], cells[second] = cells[second], cells[first]

    return change


def last_cells_dropped(notebook: Notebook) -> None:
    del notebook["cells"][-3:]


ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}
BARE = {"output_type": "display_data", "data": {"image/png": "aGk="}, "metadata": {}}
WIDGET = {"output_type": "display_data", "data": {"application/vnd.jupyter.widget-view+json": {}}, "metadata": {}}
MUTANTS: list[tuple[str, str, Callable[[Notebook], None]]] = [
    ("executed", "stripped of outputs", without_outputs),
    ("executed", "executed out of order", in_cell(1, execution_count=3)),
    ("output_faults", "stored error", in_cell(1, outputs=[ERROR])),
    ("output_faults", "stderr", printing("UserWarning", "stderr")),
    ("output_faults", "home", printing(f"saved {Path.home()}/net.pt")),
    ("output_faults", "another home", printing("saved /home/student/net.pt")),
    ("output_faults", "tmp", printing("saved /tmp/net.pt")),
    ("output_faults", "checkout", printing(str(ROOT / "data"))),
    ("output_faults", "drive", printing("C:\\Users\\me")),
    ("output_faults", "seconds", printing("took 3.2 s")),
    ("output_faults", "milliseconds", printing("14 ms per step")),
    ("output_faults", "bar", printing("100/100 [00:03<00:00, 31.2it/s]")),
    ("output_faults", "address", printing("<Net object at 0x7f12ab34cd50>")),
    ("output_faults", "large", printing("x" * 200_001)),
    ("output_faults", "figure without alt", in_cell(3, outputs=[BARE, stream("levels: 5")])),
    ("output_faults", "widget", in_cell(1, outputs=[WIDGET])),
    ("path_faults", "path in the source", in_cell(1, source="assert 1\nopen('/tmp/x')")),
    ("path_faults", "path in markdown", in_cell(2, source="See /home/student/x.")),
    ("opening", "no prerequisites", in_cell(0, source="Objectives Minutes Paper " + "word " * 1600)),
    ("opening", "opens with code", lambda notebook: notebook["cells"].insert(0, notebook["cells"].pop(1))),
    ("closing", "no recap, no quiz", last_cells_dropped),
    ("closing", "two questions", in_cell(-1, source="## Quiz\n1. a\n2. b")),
    ("closing", "a check that asserts nothing", in_cell(-4, source="print(lesson == module)  # assert")),
    ("closing", "a check without an equality", in_cell(-4, source="assert lesson > 0")),
    ("closing", "a section after the quiz", lambda notebook: notebook["cells"].append(markdown("## More"))),
    ("exemptions", "a tag without a reason", in_cell(1, metadata={"tags": ["nbval-ignore-output"]})),
    ("exemptions", "a comment without a reason", in_cell(1, source="# NBVAL_IGNORE_OUTPUT\nassert 1")),
    ("exemptions", "skip", in_cell(1, metadata={"tags": ["nbval-skip"]})),
    ("exemptions", "raises", in_cell(1, metadata={"tags": ["raises-exception"]})),
    ("described_images", "no alt", in_cell(2, source="![](u.png)")),
    ("described_images", "img without alt", in_cell(2, source='<img src="u.png">')),
    ("figures_with_facts", "no fact", in_cell(3, outputs=[figure()])),
    ("every_section_asks", "a section without a question", in_cell(5, source="## 1 · A section\n## 1b · Empty")),
    ("guesses_are_answered", "no answer", in_cell(7, source="print(2 % 2 == 0)")),
    ("guesses_are_answered", "the answer comes first", swapped(6, 7)),
    ("guesses_are_answered", "an answer without a question", in_cell(6, source='turn("x", "y", test=bool)')),
    ("turns_are_tried", "one turn", in_cell(9, source="print(1)")),
    ("turns_are_tried", "no wrong answer", in_cell(9, metadata={"unet_tutorial": {"right": ["1"]}})),
    ("plots_are_folded", "an unfolded plot", in_cell(3, metadata={})),
    ("plots_are_folded", "unfolded sliders", in_cell(3, source='show_slider("crop", "a grid")', metadata={})),
    ("scored", "no score", in_cell(14, source="print(1)")),
    ("scored", "the score of another lesson", in_cell(14, source='print(score("02"))')),
    ("linked", "no links", in_cell(-1, source="## Quiz\n1. a\n2. b\n3. c")),
    ("ceiling", "no ceiling", lambda notebook: notebook["metadata"].pop("unet_tutorial")),
    ("ceiling", "high ceiling", lambda notebook: notebook["metadata"]["unet_tutorial"].update(ceiling_seconds=301)),
]


def test_a_good_lesson_has_no_fault(tmp_path: Path) -> None:
    assert faults(good_notebook(), tmp_path) == {}


@pytest.mark.parametrize(("rule", "mutant"), [(r, m) for r, _, m in MUTANTS], ids=[f"{r}: {n}" for r, n, _ in MUTANTS])
def test_a_bad_lesson_fails_its_rule(rule: str, mutant: Callable[[Notebook], None], tmp_path: Path) -> None:
    notebook = copy.deepcopy(good_notebook())
    mutant(notebook)
    assert rule in faults(notebook, tmp_path)


def test_every_rule_has_a_mutant() -> None:
    assert {rule.__name__ for rule in RULES} == {rule for rule, _, _ in MUTANTS}


def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "01_x.ipynb"
    path.write_text("{}")
    with pytest.raises(ValueError, match="not a notebook of format 4"):
        read(path)


def test_allowed_outputs_pass(tmp_path: Path) -> None:
    notebook = good_notebook()
    text = "input[4:68, 10:20], 16 steps, a/b, https://arxiv.org/abs/1505.04597, 3 x 3, (1, 2, 388, 388), 572 -> 388"
    printing(text)(notebook)
    assert faults(notebook, tmp_path) == {}
