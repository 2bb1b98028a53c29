"""The page of times names every notebook, and counts what is in the lessons today."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from docs.build import timing
from tests.paths import ROOT
from tests.house.reruns import Rerun, ceiling_of

AGAIN = "run: python -m docs.build.timing"
NOTEBOOKS = {timing.name_of(path): path for path in timing.notebooks()}


@pytest.fixture(scope="module")
def tables() -> tuple[dict[str, tuple[float, ...]], dict[str, tuple[float, ...]]]:
    """Times and counts as the page has them."""
    return timing.tables(timing.PAGE.read_text(encoding="utf8"))


def test_every_lesson_and_solution_has_its_row(tables: tuple[dict[str, object], dict[str, object]]) -> None:
    times, counts = tables
    assert list(times) == list(NOTEBOOKS), AGAIN
    assert list(counts) == [name for name in NOTEBOOKS if "/" not in name], AGAIN


def test_times_keep_the_ceilings_of_today(tables: tuple[dict[str, tuple[float, ...]], object]) -> None:
    for name, (seconds, busy, ceiling) in tables[0].items():
        assert ceiling == ceiling_of(NOTEBOOKS[name]), f"{name}: {AGAIN}"
        assert 0 < min(seconds, busy) <= ceiling, name


def test_counts_are_those_of_today(tables: tuple[object, dict[str, tuple[float, ...]]]) -> None:
    assert tables[1] == {name: timing.counts(NOTEBOOKS[name]) for name in tables[1]}, AGAIN


def test_the_page_names_no_host_and_sums_up() -> None:
    text = timing.PAGE.read_text(encoding="utf8")
    assert " cores (" in text
    sums = [line.split(" | ")[1:] for line in text.splitlines() if line.startswith("| all |")]
    assert len(sums) == 2
    for table, line in zip(timing.tables(text), sums, strict=True):
        shown = [float(value.strip(" |").replace(",", "")) for value in line]
        for wanted, found in zip((sum(column) for column in zip(*table.values(), strict=True)), shown, strict=True):
            assert found == pytest.approx(wanted, abs=0.05 * len(table) + 0.05)


@pytest.mark.parametrize(("busy", "failed", "code"), [(9.0, 0, 0), (99.0, 0, 1), (9.0, 1, 1)])
def test_a_page_is_written_only_if_all_is_well(
    busy: float, failed: int, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tally = Counter(passed=1, failed=failed)

    def fake(paths: list[Path]) -> list[Rerun]:
        return [Rerun(path.stem, tally, "report", busy, busy, 60.0) for path in paths]

    monkeypatch.setattr(timing, "reruns", fake)
    monkeypatch.setattr(timing, "PAGE", tmp_path / "timing.md")
    assert timing.main([]) == code
    assert timing.PAGE.exists() == (code == 0)
    if not code:
        times, counts = timing.tables(timing.PAGE.read_text(encoding="utf8"))
        assert list(times) == list(NOTEBOOKS)
        assert set(times.values()) == {(9.0, 9.0, 60.0)}
        assert counts == {name: timing.counts(NOTEBOOKS[name]) for name in counts}


def test_a_page_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"run python -m tests\.timing"):
        timing.tables("| [01_sizes](x) | 1.0 |")


def test_the_readme_counts_exercises_and_mistakes_as_they_are() -> None:
    columns = zip(*(timing.counts(path) for name, path in NOTEBOOKS.items() if "/" not in name), strict=True)
    inside = dict(zip(timing.COUNTS, map(sum, columns), strict=True))
    readme = (ROOT / "README.md").read_text(encoding="utf8")
    assert f"{inside['mistakes']} wrong answers to {inside['exercises']} exercises" in readme
