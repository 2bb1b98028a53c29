"""Progress in other files: added once, with the student's own guesses first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unet_tutorial.teaching.checking.progress import NAME, Progress, load
from unet_tutorial.teaching.lab.gather import gather, missing

OWN: Progress = {
    "guesses": {"side": "4", "depth": "5"},
    "answered": {"depth": True},
    "turns": {"tile": False, "step": True},
    "solved": {"crop": True},
}
OTHER: Progress = {
    "guesses": {"side": "8", "depth": "5", "new": "a"},
    "answered": {"side": False, "depth": False, "new": True},
    "turns": {"tile": True, "step": False},
    "solved": {"crop": False, "pad": True, "up": False},
}
BOTH: Progress = {
    "guesses": {"side": "4", "depth": "5", "new": "a"},
    "answered": {"depth": True, "new": True},
    "turns": {"tile": True, "step": True},
    "solved": {"crop": True, "pad": True},
}


def put(path: Path, noted: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(noted if isinstance(noted, str) else json.dumps(noted))


def test_the_own_progress_counts_first() -> None:
    joined = {kind: dict(entries) for kind, entries in OWN.items()}
    for kind, key, value in missing(OWN, OTHER):
        joined[kind][key] = value
    assert joined == BOTH
    assert missing(BOTH, OTHER) == []


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("work/exercises", "exercises/course-progress.json"),
        ("work/moved", "moved/course-progress.json"),
        ("notebooks", "notebooks/course-progress.json"),
        ("notebooks/exercises", "notebooks/exercises/course-progress.json"),
    ],
)
def test_progress_is_added_once(place: str, shown: str, tmp_path: Path) -> None:
    work, source = tmp_path / "work", tmp_path / "notebooks"
    put(work / NAME, OWN)
    put(tmp_path / place / NAME, OTHER)
    assert list(gather(work, work / NAME, source)) == [f"The progress in {shown} was added to yours (entries: 4)."]
    assert load(work / NAME) == BOTH
    assert json.loads((tmp_path / place / NAME).read_text()) == OTHER
    assert list(gather(work, work / NAME, source)) == []
    (work / NAME).unlink()  # a student who starts again
    assert list(gather(work, work / NAME, source)) == []
    assert load(work / NAME)["guesses"] == {}


def test_solutions_do_not_count_and_damaged_files_are_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work, source = tmp_path / "work", tmp_path / "notebooks"
    put(work / "reading" / NAME, OTHER)
    put(source / "solutions" / NAME, OTHER)
    put(work / "exercises" / NAME, "{ half")
    assert list(gather(work, work / NAME, source)) == []
    assert not (work / NAME).exists()
    assert (work / "exercises" / "course-progress.damaged.json").read_text() == "{ half"
    assert capsys.readouterr().out.count("\n") == 1
