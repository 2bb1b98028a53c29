"""The page of times is written only after a run in which all is well, and reports what the run and the lessons hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from docs.build import timing
from tests.house.reruns import Rerun
from tests.paths import ROOT
from unet_tutorial.teaching.checking.check import all_exercises
from unet_tutorial.teaching.lessons import catalogue


@pytest.mark.parametrize(("busy", "failed", "code"), [(9.0, 0, 0), (99.0, 0, 1), (9.0, 1, 1)])
def test_a_page_is_written_only_if_all_is_well(
    busy: float, failed: int, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fake(lessons: Sequence[Path], _solutions: Sequence[Path]) -> Iterator[Rerun]:
        yield from (Rerun(path.stem, Counter(passed=1, failed=failed), "report", busy, busy, 60.0) for path in lessons)

    monkeypatch.setattr(timing, "reruns", fake)
    monkeypatch.setattr(timing, "PAGE", tmp_path / "timing.md")
    assert timing.main() == code
    assert timing.PAGE.exists() == (code == 0)
    if not code:
        text = timing.PAGE.read_text(encoding="utf8")
        assert text.count("| 9.0 | 9.0 | 60 |") == len(catalogue.lessons())
        assert f"| all | {9 * len(catalogue.lessons()):.1f} |" in text


def test_the_counts_add_up_to_all_exercises_and_mistakes() -> None:
    sums = [sum(column) for column in zip(*map(timing.counts, catalogue.lessons()), strict=True)]
    named = dict(zip(timing.COUNTS, sums, strict=True))
    assert named["exercises"] == len(all_exercises())
    assert named["mistakes"] == sum(len(exercise.mistakes) for exercise in all_exercises())
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    assert f"{named['mistakes']} wrong answers to {named['exercises']} exercises" in readme
