"""A fault that was found in data or in a run: a sentence, the number that shows it, and the command that cures it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.recipe import COURSE_DATA, Recipe


class Key(NamedTuple):
    """An image: the part in which it is ("train", "val" or "test"), and its name."""

    part: str
    name: str


Pairs = Mapping[Key, Pair]
Change = Callable[[Pair, Pairs], Pair | None]  # a pair and all pairs -> the corrected one, or None to leave it out


@dataclass(frozen=True)
class Finding:
    """A fault and its cure.

    ``likelihood`` (0 to 1) is the probability that this fault explains bad results; findings are sorted by it.
    ``evidence`` holds the numbers that show the fault, and ``cure`` is a command, or a sentence that ends with one.
    ``changes`` are the corrections that ``unet doctor --corrected`` applies.
    """

    likelihood: float
    sentence: str
    evidence: str
    cure: str
    changes: Mapping[Key, Change] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.sentence} ({self.evidence}); {self.cure}"


def by_likelihood(findings: Sequence[Finding]) -> list[Finding]:
    """The findings, most likely cause first."""
    return sorted(findings, key=lambda finding: -finding.likelihood)


def counted(number: int, noun: str) -> str:
    """A number with its noun in the right form.

    >>> counted(1, "mask"), counted(3, "mask")
    ('1 mask', '3 masks')
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"


def train_command(recipe: Recipe, **changes: object) -> str:
    """The command that trains with the options of a recipe, of which some are changed; defaults are left out.

    >>> train_command(Recipe(Path("my data"), rate=0.2, steps=500), rate=0.002)
    "unet train --data 'my data' --steps 500 --rate 0.002"
    """
    typed = "" if recipe.data == COURSE_DATA else f" --data {quote(str(recipe.data))}"
    for option in fields(recipe):
        value = changes.get(option.name, getattr(recipe, option.name))
        if option.name in ("data", "extended") or (value == option.default and option.name not in changes):
            continue
        typed += f" --{option.name.replace('_', '-')}" + ("" if value is True else f" {quote(_typed(value))}")
    return f"unet train{typed}"


def _typed(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def check_again(data: Path) -> str:
    """The command that examines a folder again, after its files were corrected."""
    return f"unet doctor {quote(str(data))}"


def corrected_copy(data: Path) -> str:
    """The command that writes a corrected copy of a folder."""
    return f"unet doctor {quote(str(data))} --corrected {quote(f'{data}-corrected')}"
