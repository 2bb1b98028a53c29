"""The rules of lessons: each a function that returns a lesson's faults as sentences; none for a good lesson."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable

from tests.house.check_section import check_faults
from unet_tutorial.teaching.lessons.catalogue import LESSONS, numbered
from unet_tutorial.teaching.lessons.lesson import Cell, Lesson, read, tags
from unet_tutorial.teaching.lessons.links import way_on
from unet_tutorial.teaching.lessons.outputs import output_faults, path_faults
from unet_tutorial.teaching.lessons.tried import answers, is_turn

Rule = Callable[[Lesson], list[str]]


def executed(lesson: Lesson) -> list[str]:
    counts = [cell["execution_count"] for cell in lesson.code]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts {counts}; run course.py notebooks"]


def opening(lesson: Lesson) -> list[str]:
    first = lesson.cells[0]
    text = first["source"].lower() if first["cell_type"] == "markdown" else ""
    return [
        f"the first cell is markdown and gives its {word}"
        for word in ("Objectives", "Prerequisites", "Minutes", "Paper")
        if word.lower() not in text
    ]


def sections(lesson: Lesson) -> list[tuple[str, list[Cell]]]:
    """The cells under each heading of level 2; a cell belongs to the last heading in it or before it."""
    found: list[tuple[str, list[Cell]]] = [("", [])]
    for cell in lesson.cells:
        headings = re.findall(r"^## (.*)$", cell["source"], re.MULTILINE) if cell["cell_type"] == "markdown" else []
        found += [(heading, []) for heading in headings]
        found[-1][1].append(cell)
    return found


def closing(lesson: Lesson) -> list[str]:
    last = sections(lesson)[-3:]
    if len(last) < 3 or not all(w in t for w, (t, _) in zip(("Check", "Recap", "Quiz"), last, strict=True)):
        return ["the last three ## headings are Check, Recap and Quiz, each in a cell of its own"]
    quiz = re.sub(r"<details>.*?</details>", "", "\n".join(cell["source"] for cell in last[2][1]), flags=re.DOTALL)
    questions = re.findall(r"^(\d)\. ", quiz, re.MULTILINE)
    return check_faults(lesson, last[0][1]) + (
        [] if questions == ["1", "2", "3"] else ["the quiz numbers three questions, 1. to 3."]
    )


def exemptions(lesson: Lesson) -> list[str]:
    """A cell may leave the comparison of outputs only for a stated reason; no cell may raise or be skipped."""

    def marked(word: str) -> list[Cell]:
        comment = f"# {word.upper().replace('-', '_')}"
        return [cell for cell in lesson.code if word in tags(cell) or comment in cell["source"]]

    reason = re.compile(r"# NBVAL_IGNORE_OUTPUT: \w+ \w+")
    bare = [cell for cell in marked("nbval-ignore-output") if not reason.search(cell["source"])]
    faults = [f"{cell['id']}: say why its output differs, # NBVAL_IGNORE_OUTPUT: reason" for cell in bare]
    refused = ("nbval-skip", "raises-exception", "nbval-raises-exception")
    return faults + [f"a cell with {word}: catch the error and print its message" for word in refused if marked(word)]


def described_images(lesson: Lesson) -> list[str]:
    pictures = re.findall(r"!\[([^\]]*)\]\(|(<img\b[^>]*>)", lesson.prose)
    good = re.compile(r"""\balt=["'][^"']+["']""")
    bad = [tag or "![](…)" for alt, tag in pictures if not (alt.strip() or good.search(tag))]
    return [f"a markdown picture without alternative text: {picture}" for picture in bad]


def figures_with_facts(lesson: Lesson) -> list[str]:
    return [
        f"code cell {number} shows a figure and prints no fact beside it"
        for number, cell in enumerate(lesson.code, start=1)
        if any("data" in out for out in cell["outputs"]) and not any("text" in out for out in cell["outputs"])
        if any("image/" in kind for out in cell["outputs"] for kind in out.get("data", {}))
    ]


def ceiling(lesson: Lesson) -> list[str]:
    seconds = lesson.course_metadata.get("ceiling_seconds")
    good = isinstance(seconds, int | float) and 0 < seconds <= 300
    return [] if good else [f"metadata unet_tutorial.ceiling_seconds is {seconds!r}; wanted seconds, at most 300"]


def calls(cells: Iterable[Cell], name: str) -> list[str]:
    """The keys of the calls of `predict`, `reveal` or `turn` in the cells, in order."""
    pattern = re.compile(rf'^{name}\(\s*"([a-z0-9-]+)"', re.MULTILINE)
    return [key for cell in cells if cell["cell_type"] == "code" for key in pattern.findall(cell["source"])]


def every_section_asks(lesson: Lesson) -> list[str]:
    """Every section but Check, Recap and Quiz has a guess or a turn."""
    return [
        f"section {heading!r} has no predict(…) and no turn(…)"
        for heading, cells in sections(lesson)[1:-3]
        if not calls(cells, "predict") and not calls(cells, "turn")
    ]


def guesses_are_answered(lesson: Lesson) -> list[str]:
    """A later cell reveals the answer to each question."""
    cells = lesson.cells
    asked = [(number, key) for number, cell in enumerate(cells) for key in calls([cell], "predict")]
    unanswered = [key for number, key in asked if key not in calls(cells[number + 1 :], "reveal")]
    unasked = set(calls(cells, "reveal")) - {key for _, key in asked}
    return [f"no later cell calls reveal({key!r}, …) with the measured answer" for key in unanswered] + [
        f"reveal({key!r}) has no question" for key in sorted(unasked)
    ]


def turns_are_tried(lesson: Lesson) -> list[str]:
    """Two turns or more, each with right and wrong answers in the metadata of its cell."""
    cells = [cell for cell in lesson.cells if is_turn(cell)]
    faults = [] if len(cells) >= 2 else [f"{len(cells)} cells with a turn(…); wanted two or three"]
    for cell in cells:
        try:
            answers(cell)
        except ValueError as error:
            faults.append(str(error))
    return faults


def plots_are_folded(lesson: Lesson) -> list[str]:
    drawing = re.compile(r"plt\.(subplots|figure)\(|\bshow(_svg|_slider)?\(")
    return [
        f"code cell {number} draws a figure; put the drawing into a cell with the tag plot"
        for number, cell in enumerate(lesson.code, start=1)
        if drawing.search(cell["source"]) and "plot" not in tags(cell)
    ]


def scored(lesson: Lesson) -> list[str]:
    recap = next((cells for heading, cells in sections(lesson) if "Recap" in heading), [])
    code = [cell["source"] for cell in recap if cell["cell_type"] == "code"]
    number = lesson.name if lesson.name.startswith("unet") else lesson.name.partition("_")[0]
    return [] if f'print(score("{number}"))' in code else [f'the Recap has a code cell print(score("{number}"))']


def linked(lesson: Lesson) -> list[str]:
    line = way_on(lesson.name) if lesson.name in LESSONS else ""
    last = lesson.cells[-1]["source"].split("\n")[-1]
    return [] if not line or last == line else [f"the last line is {line!r}; run python3 course.py notebooks"]


RULES: list[Rule] = [
    executed, output_faults, path_faults, opening, closing, exemptions, described_images, figures_with_facts, ceiling,
    every_section_asks, guesses_are_answered, turns_are_tried, plots_are_folded, scored, linked,
]  # fmt: skip


if __name__ == "__main__":  # the faults of the lessons whose names begin with the arguments
    for lesson in (read(path) for prefix in sys.argv[1:] or [""] for path in numbered(prefix)):
        for fault in (fault for rule in RULES for fault in rule(lesson)):
            print(f"{lesson.name}: {fault}")
