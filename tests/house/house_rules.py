"""The rules of lessons: each a function that returns a lesson's faults as sentences; none for a good lesson."""

from __future__ import annotations

import re
from collections.abc import Callable

from tests.house.check_section import check_faults
from unet_tutorial.teaching.lessons.lesson import Cell, Lesson, tags
from unet_tutorial.teaching.lessons.outputs import output_faults, path_faults

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


def closing(lesson: Lesson) -> list[str]:
    sections: list[tuple[str, list[Cell]]] = [("", [])]
    for cell in lesson.cells:
        heading = re.search(r"^## (.*)$", cell["source"], re.MULTILINE) if cell["cell_type"] == "markdown" else None
        if heading:
            sections.append((heading[1], []))
        sections[-1][1].append(cell)
    last = sections[-3:]
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


RULES: list[Rule] = [
    executed, output_faults, path_faults, opening, closing, exemptions, described_images, figures_with_facts, ceiling,
]  # fmt: skip
