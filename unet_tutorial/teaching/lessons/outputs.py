"""Rules for the outputs of committed lessons: they must not depend on the machine or on the time of the run."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

from unet_tutorial.teaching.lessons.lesson import PICTURES, Cell, Lesson, joined

MOST_BYTES = 200_000

PATH = re.compile(r"(?<![\w.:/~-])/(?:home|root|Users|tmp|private|var|opt|usr|mnt|content)/\S+|\b[A-Z]:\\\S+")
TIMING = re.compile(
    r"\d ?(?:ns|µs|us|ms)\b|\d (?:s|secs?|seconds?|mins?|minutes?)\b|\d\.\d+ ?s\b|\d ?it/s|\ds/it"
    r"|\b\d{1,2}:[0-5]\d:[0-5]\d\b|\d\d:\d\d<|CPU times|Wall time"
)
ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")


def output_faults(lesson: Lesson) -> list[str]:
    """A sentence, with the number of the cell, for each rule that an output breaks; empty if there is none."""
    return [
        f"{lesson.name}, code cell {number}: {fault}"
        for number, cell in enumerate(lesson.code, start=1)
        for output in cell["outputs"]
        for fault in _faults(output)
    ]


def path_faults(lesson: Lesson) -> list[str]:
    """A sentence for each cell whose source contains an absolute path."""
    return [
        f"{lesson.name}, cell {number}: contains the absolute path {found}"
        for number, cell in enumerate(lesson.cells, start=1)
        if (found := machine_path(cell["source"]))
    ]


def machine_path(text: str) -> str:
    """The first absolute path in the text, or an empty string.

    >>> machine_path("saved to /tmp/run/net.pt"), machine_path("1/2, https://arxiv.org/abs/1505.04597")
    ('/tmp/', '')
    """
    for place in (Path.home(), Path.cwd().parent, Path(sys.prefix), Path(tempfile.gettempdir())):
        if place != Path(place.anchor) and f"{place}/" in text:
            return f"{place}/"
    return _first(PATH, text)


def output_text(output: Cell) -> str:
    """The text of an output: that of a stream, or all text formats of a displayed object."""
    texts = [output.get("text", ""), *(v for k, v in output.get("data", {}).items() if k.startswith("text/"))]
    return "\n".join(joined(text) for text in texts)


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found else ""


def _faults(output: Cell) -> list[str]:
    if output["output_type"] == "error":
        return [f"stored error: {output['ename']}: {output['evalue']}"]
    if output.get("name") == "stderr":
        return [f"text on stderr; remove the warning or progress bar: {joined(output['text'])[:500]}"]
    text = output_text(output)
    checks = [("an absolute path", machine_path(text))]
    checks += [(kind, _first(pattern, text)) for kind, pattern in (("a timing", TIMING), ("an address", ADDRESS))]
    faults = [f"the output contains {kind}: {found}" for kind, found in checks if found]
    size = len(json.dumps(output, ensure_ascii=False).encode())
    if size > MOST_BYTES:
        faults.append(f"an output of {size:,} bytes; the maximum is {MOST_BYTES:,}; draw less, or a smaller picture")
    return faults + _picture_faults(output)


def _picture_faults(output: Cell) -> list[str]:
    if any("widget" in kind for kind in output.get("data", {})):
        return ["a widget, which needs a running kernel; show a figure instead"]
    kinds = set(PICTURES) & set(output.get("data", {}))
    if "<iframe" in joined(output.get("data", {}).get("text/html", "")):
        kinds.add("text/html")
    for kind in kinds:
        if len(str(output.get("metadata", {}).get(kind, {}).get("alt", "")).split()) < 3:
            return [
                "a figure without alternative text; display it with show(figure, alt) of teaching.lessons.show, "
                "and a page with sliders with show_slider(name, alt) of teaching.lessons.slider"
            ]
    return []
