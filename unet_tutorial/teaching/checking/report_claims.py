"""Compares the numbers of a written report with the files of the run that it describes.

    report = "The mean IoU of the network is 0.79 on 4 held-out images; nearest colour has 0.53."
    for claim in check_report(report, Path("runs/tissue")):
        print(claim)

A number is a claim about the quantity that its sentence names: a score ("mean IoU"), perhaps of a class ("the IoU of
gland") or of another method ("nearest colour"), the number of held-out images, or an option of the run ("250 steps",
``--rate 0.002``). Without a method it is the network without test-time augmentation. A part of a sentence that names no
quantity speaks of the one before it.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

AGREES, DIFFERS, UNFOUNDED = "agrees", "does not agree", "rests on nothing"
NETWORK = "network"
# not a part of a name such as 3D or v1.2, and not one of a list such as 8,16,32
NUMBER = re.compile(r"(?<![\w.,+-])[-−]?\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?(?![\w])(?!,\d)(?!\.\d)(?:\s?%)?")
# Columns of the tables, as a report may call them.
NAMES = {
    "pixel_error": ("pixel error", "wrong pixels", "pixels are wrong"),
    "isbi_pixel_error": ("1 - max F", "1 − max F"),
    "dice_background": ("Dice of the background", "Dice, class 0"),
    "iou_cell": ("IoU of cell", "IoU of the cells", "IoU, class 1", "mean IoU"),
    "mean_iou": ("mean IoU", "mean intersection over union"),
    "mean_dice": ("mean Dice",),
    "share": ("share",),
    "iou": ("IoU",),
    "dice": ("Dice",),
    "precision": ("precision",),
    "recall": ("recall",),
    "seg": ("SEG",),
    "v_rand": ("V_Rand", "Rand"),
    "merges": ("merges", "merged"),
    "splits": ("splits",),
}
OPTIONS = {
    "steps": ("steps",),
    "batch": ("batch", "tiles per step"),
    "rate": ("learning rate", "rate"),
    "seed": ("seed",),
    "validate": ("validation images", "images for validation"),
    "elastic": ("elastic",),
    "rotate": ("rotation",),
}
COMPARISONS = {
    r"(?:more than|above|over|greater than|higher than|exceeds|>)\s*$": lambda stated, found: found > stated,
    r"(?:at least|≥|>=)\s*$": lambda stated, found: found >= stated,
    r"(?:less than|fewer than|below|under|smaller than|lower than|<)\s*$": lambda stated, found: found < stated,
    r"(?:at most|up to|≤|<=)\s*$": lambda stated, found: found <= stated,
}


@dataclass(frozen=True)
class Fact:
    """A number that the run's files hold: the file, the column or option, and the names of method and class, if any."""

    file: str
    column: str
    value: float
    names: tuple[str, ...]  # of the quantity in a sentence
    method: str = ""
    class_name: str = ""

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.method, self.class_name) if part)
        return f"{self.column}{f' ({where})' if where else ''} is {self.value:g} in {self.file}"


@dataclass(frozen=True)
class Claim:
    """A number of a report: its line, the text with which it stands there, the verdict, and the reason."""

    line: int
    text: str
    verdict: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text!r} {self.verdict}: {self.reason}"


def check_report(report: str, run: str | Path, known: Mapping[str, float] | None = None) -> list[Claim]:
    """The claims of a report in Markdown, each compared with the files of the run.

    ``known`` are numbers that no file of the run holds, such as ``{"training images": 9}``. A number agrees if the
    value in the file, rounded to the same number of decimals, equals it; after "above", "at least", "below" and similar
    words, if the comparison holds. Numbers in headings, code blocks and links, and lists such as 8,16,32 are no claims.

    ValueError for a folder that holds no finished run.
    """
    facts = [*facts_of(Path(run)), *_known(known or {})]
    return [claim for line, clauses in _sentences(report) for claim in _claims(line, clauses, facts)]


def faults(claims: Sequence[Claim]) -> list[Claim]:
    """The claims that do not agree or rest on nothing."""
    return [claim for claim in claims if claim.verdict != AGREES]


def facts_of(run: Path) -> list[Fact]:
    """All numbers in the tables, the recipe and the names of the pictures of a run.

    ValueError if the folder has no recipe.json or no metrics.csv.
    """
    for name in ("recipe.json", "metrics.csv"):
        if not (run / name).is_file():
            raise ValueError(f"{run.name}/ holds no {name}; give the folder of a run that was trained to its end")
    found = [fact for name in ("metrics", "classes", "instances") for fact in _table(run / f"{name}.csv")]
    validations = _rows(run / "validation.csv")
    if validations:
        best = max(validations, key=lambda row: float(row["mean_iou"]))
        names = ("validation mean IoU", "mean IoU on the validation images", "validation IoU")
        found.append(Fact("validation.csv", "best mean_iou", float(best["mean_iou"]), names))
        found.append(Fact("validation.csv", "step of the best mean_iou", int(best["step"]), ("best step", "step")))
    pictures = list(run.glob("held_out_*.png"))
    if pictures:
        images = ("held-out images", "test images", "images held out", "held-out image", "test image")
        found.append(Fact("held_out_*.png", "number of pictures", len(pictures), images))
    return found + list(_options(json.loads((run / "recipe.json").read_text(encoding="utf8"))))


def rounds_to(stated: str, value: float) -> bool:
    """Whether a value, rounded to as many decimals as are stated, gives the stated number.

    >>> rounds_to("0.79", 0.7881), rounds_to("0.79", 0.7952), rounds_to("79 %", 0.7881), rounds_to("4", 4)
    (True, False, True, True)
    """
    number = Decimal(_digits(stated))
    exact = Decimal(repr(value)) * (100 if stated.endswith("%") else 1)
    if "e" in _digits(stated):
        return float(number) == value
    return number in {exact.quantize(number, rounding) for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN)}


def _digits(stated: str) -> str:
    return stated.replace("−", "-").replace(",", "").rstrip("% \u00a0")


def _table(path: Path) -> Iterator[Fact]:
    for row in _rows(path):
        method, class_name = row.pop("method"), row.pop("class_name", "")
        for column, text in row.items():
            value = int(text) if text.isdigit() else float(text)
            names = NAMES.get(column, (column.replace("_", " "),))
            if column == "iou_cell":
                names = (*names, "IoU")
            yield Fact(path.name, column, value, names, method, class_name)
            if column == "pixel_error":
                names = ("accuracy", "right pixels", "pixels are right", "pixels are correct")
                yield Fact(path.name, "1 - pixel_error", round(1 - value, 4), names, method)


def _options(recipe: Mapping[str, Any]) -> Iterator[Fact]:
    for name, value in recipe.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            names = OPTIONS.get(name, ())
            yield Fact("recipe.json", name, value, (*names, f"--{name.replace('_', '-')}"))


def _known(known: Mapping[str, float]) -> Iterator[Fact]:
    for name, value in known.items():
        yield Fact("the numbers given to check_report", name, value, (name,))


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(encoding="utf8", newline="") as file:
        return list(csv.DictReader(file))


Clause = tuple[str, list[str]]  # its text, and the numbers in it
Holds = Callable[[float], bool]


def _sentences(report: str) -> Iterator[tuple[int, list[Clause]]]:
    """Number of the first line, and the clauses, of each sentence and of each row of a table."""
    text = re.sub(r"```.*?```", lambda block: "\n" * block[0].count("\n"), report, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", lambda block: "\n" * block[0].count("\n"), text, flags=re.DOTALL)
    text = re.sub(r"!?\[[^\]]*\]\([^)]*\)", "", text)  # a number in a link has its source there
    heads: list[str] = []
    paragraph: list[tuple[int, str]] = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        bare = line.strip()
        if bare.startswith("|"):
            cells = [cell.strip() for cell in bare.strip("|").split("|")]
            if not heads:
                heads = cells
            elif not set(bare) <= set("|-: "):
                yield number, _of_row(heads, cells)
            continue
        heads = []
        starts_item = re.match(r"([-*+]|\d+\.)\s+", bare)
        if paragraph and (not bare or bare.startswith("#") or starts_item):
            yield from _of_paragraph(paragraph)
            paragraph = []
        if bare and not bare.startswith("#"):
            paragraph.append((number, bare[starts_item.end() :] if starts_item else bare))


def _of_row(heads: Sequence[str], cells: Sequence[str]) -> list[Clause]:
    """A clause for each number in a row of a table: the head of its column, and the first cell of its row."""
    row = cells[0]
    found = [(f"{row}, {head} ", cell) for head, cell in zip(heads, cells, strict=False)]
    return [(f"{words}{cell}", [cell]) for words, cell in found if NUMBER.fullmatch(cell)]


def _of_paragraph(lines: Sequence[tuple[int, str]]) -> Iterator[tuple[int, list[Clause]]]:
    """Each sentence of a paragraph, cut into clauses that hold one number each, or none."""
    text, starts = "", []
    for number, line in lines:
        starts.append((len(text), number))
        text += line + " "
    begin = 0
    for end in [*(found.end() for found in re.finditer(r"[.!?][)\"*]*\s+(?=[^a-z])", text)), len(text)]:
        sentence = text[begin:end].replace("`", "").replace("*", "")
        yield max(number for start, number in starts if start <= begin), list(_clauses(sentence))
        begin = end


def _clauses(sentence: str) -> Iterator[Clause]:
    for part in re.split(r"[;:]\s|,\s|\s(?:and|but|against|while|with|than that|compared with|instead of)\s", sentence):
        yield part, NUMBER.findall(part)


def _claims(line: int, clauses: Sequence[Clause], facts: Sequence[Fact]) -> Iterator[Claim]:
    """The claims of a sentence. A clause without a quantity, a method or a class takes that of the clause before."""
    methods = sorted({fact.method for fact in facts if fact.method}, key=len, reverse=True)
    classes = sorted({fact.class_name for fact in facts if fact.class_name}, key=len, reverse=True)
    scores = {name for fact in facts for name in fact.names if not isinstance(fact.value, int)}
    counts = {name for fact in facts for name in fact.names} - scores
    quantity, method, class_name = "", NETWORK, ""
    for text, numbers in clauses:
        network = NETWORK if re.search(r"\bnetwork\b|\bu-net\b", text.lower()) else ""
        method = _named(text, [each for each in methods if each != NETWORK]) or network or method
        class_name = _named(_without(text, methods), classes) or class_name
        names = _names_in(text, facts)
        for name, before, stated in _attributed(text, numbers, names, counts):
            quantity = name or quantity
            claim = Claim(line, text.strip(" ."), "", "")
            yield _judged(claim, _holds(before, stated), stated, quantity, method, class_name, facts)
        if names and not numbers:
            quantity = names[-1][1]


def _named(text: str, names: Sequence[str]) -> str:
    """The first of the names, longest first, that is in the text, or ""."""
    lower = text.lower()
    return next((name for name in names if _of(name).search(lower)), "")


def _of(name: str) -> re.Pattern[str]:
    """Finds a name as a whole word; "network, 8 views" also as "8 views", and a class also in the plural."""
    words = re.escape(name.lower().removeprefix("network, "))
    return re.compile(rf"(?<![\w-]){words}s?(?![\w-])")


def _without(text: str, methods: Sequence[str]) -> str:
    for method in methods:
        text = re.sub(re.escape(method), "", text, flags=re.IGNORECASE)
    return text


def _names_in(text: str, facts: Sequence[Fact]) -> list[tuple[int, str]]:
    """Position and text of each name of a quantity in a clause; of names that overlap, the longest."""
    lower, taken = text.lower(), list[tuple[int, int, str]]()
    for name in sorted({name for fact in facts for name in fact.names}, key=len, reverse=True):
        for found in re.finditer(rf"(?<![\w-]){re.escape(name.lower())}(?![\w])", lower):
            if all(found.end() <= start or found.start() >= end for start, end, _ in taken):
                taken.append((found.start(), found.end(), name))
    return [(start, name) for start, _, name in sorted(taken)]


def _attributed(
    text: str, numbers: Sequence[str], names: Sequence[tuple[int, str]], counts: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """Each number of a clause: the name of its quantity, or "" if there is none, the text before it, and the number.

    The name is the one directly behind the number, otherwise the nearest before it, otherwise the one behind it with
    only small words between. A number with decimals is none of the ``counts``.
    """
    position = 0
    for stated in numbers:
        start = text.index(stated, position)
        position = start + len(stated)
        if _is_of_a_name(text, start):
            continue
        usable = [each for each in names if each[1] not in counts or re.fullmatch(r"[\d,]+", stated)]
        before = [name for first, name in usable if first < start]
        behind = [
            (text[position:first].strip(), name)
            for first, name in usable
            if first >= position and not name.startswith("--")
        ]
        directly = [name for gap, name in behind if not gap]
        nearby = [name for gap, name in behind if re.fullmatch(r"(?:(?:of|in|for|as|is|are|the|its?)\s*)+", gap)]
        yield next(iter([*directly, *before[::-1], *nearby]), ""), text[:start], stated


def _is_of_a_name(text: str, position: int) -> bool:
    """Whether the number belongs to a name: "8 views", "class 1", "1 - max F", "Figure 2"."""
    before, behind = text[:position].lower(), text[position:].lower()
    words = ("class ", "figure ", "section ", "lesson ")
    return before.endswith(words) or bool(re.match(r"8 views|1 [-−] max f", behind))


def _judged(
    claim: Claim, holds: Holds, stated: str, quantity: str, method: str, class_name: str, facts: Sequence[Fact]
) -> Claim:
    """The claim with its verdict. ``holds(value)`` says whether the stated number agrees with the value of a fact."""
    named = [fact for fact in facts if quantity and quantity in fact.names and not isnan(fact.value)]
    if not named:
        return replace(claim, verdict=UNFOUNDED, reason=f"the sentence names no number of the run's files for {stated}")
    of_method = [fact for fact in named if fact.method in ("", method)]
    fitting = [fact for fact in of_method if fact.class_name == class_name]
    fitting = fitting or [fact for fact in of_method if not fact.class_name]
    if not fitting:
        whose = f"{method}, {class_name}" if class_name else method
        advice = "; name the class" if of_method and not class_name else ""
        return replace(claim, verdict=UNFOUNDED, reason=f"the files hold no {quantity!r} of {whose}{advice}")
    for fact in fitting:
        if holds(fact.value):
            return replace(claim, verdict=AGREES, reason=str(fact))
    return replace(claim, verdict=DIFFERS, reason=f"{stated} is stated, and {fitting[0]}")


def _holds(before: str, stated: str) -> Holds:
    """Whether a value agrees with the stated number, which stands behind the text ``before``."""
    for words, comparison in COMPARISONS.items():
        if re.search(words, before.lower()):
            number = float(_digits(stated)) / (100 if stated.endswith("%") else 1)
            return partial(comparison, number)
    return partial(rounds_to, stated)
