"""Every lesson keeps the house rules, and each rule can fail."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.house_rules import RULES, Rule
from unet_tutorial.teaching.lesson import read

ROOT = Path(__file__).resolve().parents[1]
PATHS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
MOST_SECONDS = 915  # all lessons together
Notebook = dict[str, Any]


def test_there_are_lessons() -> None:
    assert PATHS


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_lesson_keeps(rule: Rule, path: Path) -> None:
    found = rule(read(path))
    assert not found, "\n".join(found)


def test_the_course_stays_within_its_time() -> None:
    assert sum(read(path).own.get("ceiling_seconds", 0) for path in PATHS) <= MOST_SECONDS


def test_keys_of_questions_are_unique() -> None:
    keys = [
        key for path in PATHS for cell in read(path).code for key in re.findall(r'predict\(\s*"(.+?)"', cell["source"])
    ]
    assert len(keys) == len(set(keys))


def test_sanitize_file_is_short() -> None:
    text = (ROOT / "tests" / "nbval_sanitize.cfg").read_text(encoding="utf8")
    rules = re.findall(r"^regex: (.*)\nreplace: (.*)$", text, re.MULTILINE)
    assert 0 < len(rules) <= 10
    assert len(rules) == text.count("regex:")


def markdown(text: str) -> Notebook:
    return {"cell_type": "markdown", "id": "", "metadata": {}, "source": text}


def code(source: str, count: int, *outputs: Notebook) -> Notebook:
    cell = {"cell_type": "code", "id": "", "metadata": {}, "source": source, "execution_count": count}
    return {**cell, "outputs": list(outputs)}


def stream(text: str, name: str = "stdout") -> Notebook:
    return {"output_type": "stream", "name": name, "text": text}


def figure() -> Notebook:
    metadata = {"image/svg+xml": {"alt": "a falling curve"}}
    return {"output_type": "display_data", "data": {"image/svg+xml": "<svg/>"}, "metadata": metadata}


def good_notebook() -> Notebook:
    cells = [markdown("# Sizes\nObjectives. Prerequisites. Minutes: 30. Paper: section 2. " + "word " * 1600)]
    for count in range(1, 13):
        cells += [code(f"size = {count}\nassert size", count, stream("ok")), markdown("So it is. ![a U](u.png)")]
    cells.insert(3, code("show(plot())", 13, figure(), stream("levels: 5")))
    cells += [
        markdown("## 9 · Check"),
        code("assert same", 14),
        markdown("## Recap"),
        markdown("## Quiz\n1. a\n2. b\n3. c"),
    ]
    for count, cell in enumerate((cell for cell in cells if cell["cell_type"] == "code"), start=1):
        cell["execution_count"] = count
    metadata = {"unet_tutorial": {"ceiling_seconds": 20}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


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


def last_cells_dropped(notebook: Notebook) -> None:
    del notebook["cells"][-2:]


def cells_doubled(notebook: Notebook) -> None:
    notebook["cells"][1:1] = [markdown("more")] * 30


LONG = "\n".join(["a = 1"] * 26)
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
    ("short_cells", "one long cell", in_cell(1, source=LONG)),
    ("short_cells", "long median", every_code_cell(source="assert 1\n" * 9)),
    ("amounts", "no asserts", every_code_cell(source="pass")),
    ("amounts", "many asserts", every_code_cell(source="assert 1\nassert 2")),
    ("amounts", "few words", in_cell(0, source="Objectives Prerequisites Minutes Paper")),
    ("amounts", "many words", in_cell(2, source="word " * 900)),
    ("amounts", "many cells", cells_doubled),
    ("amounts", "no figure", in_cell(3, outputs=[])),
    ("opening", "no prerequisites", in_cell(0, source="Objectives Minutes Paper " + "word " * 1600)),
    ("opening", "opens with code", lambda notebook: notebook["cells"].insert(0, notebook["cells"].pop(1))),
    ("closing", "no recap, no quiz", last_cells_dropped),
    ("closing", "two questions", in_cell(-1, source="## Quiz\n1. a\n2. b")),
    ("closing", "a check that checks nothing", in_cell(-3, source="print(1)")),
    ("closing", "a section after the quiz", lambda notebook: notebook["cells"].append(markdown("## More"))),
    ("few_exemptions", "six tags", every_code_cell(metadata={"tags": ["nbval-ignore-output"]})),
    ("few_exemptions", "six comments", every_code_cell(source="# NBVAL_IGNORE_OUTPUT\nassert 1")),
    ("few_exemptions", "skip", in_cell(1, metadata={"tags": ["nbval-skip"]})),
    ("few_exemptions", "raises", in_cell(1, metadata={"tags": ["raises-exception"]})),
    ("described_images", "no alt", in_cell(2, source="![](u.png)")),
    ("described_images", "img without alt", in_cell(2, source='<img src="u.png">')),
    ("figures_with_facts", "no fact", in_cell(3, outputs=[figure()])),
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
    with pytest.raises(ValueError, match="no notebook of format 4"):
        read(path)


def test_allowed_outputs_pass(tmp_path: Path) -> None:
    notebook = good_notebook()
    text = "input[4:68, 10:20], 16 steps, a/b, https://arxiv.org/abs/1505.04597, 3 x 3, (1, 2, 388, 388), 572 -> 388"
    printing(text)(notebook)
    assert faults(notebook, tmp_path) == {}
