"""The progress file: its place, kept, read again, and renamed where it is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from unet_tutorial.teaching.checking import progress

EMPTY: progress.Progress = {"guesses": {}, "answered": {}, "turns": {}, "solved": {}}


def test_progress_survives(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    for kind, key, value in (
        ("guesses", "388-step", "yes"),
        ("answered", "388-step", True),
        ("answered", "side", False),
        ("turns", "tile", True),
        ("solved", "crop", True),
        ("solved", "pad", False),
    ):
        progress.note(kind, key, value, path)
    assert progress.load(path) == {
        "guesses": {"388-step": "yes"},
        "answered": {"388-step": True, "side": False},
        "turns": {"tile": True},
        "solved": {"crop": True, "pad": False},
    }
    assert progress.resume(path) == "1 of 2 guesses right; turns completed: 1; solved: crop"


def test_the_file_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    path.write_text('{"guesses": {"side": 388}, "solved": {"crop": true}}')
    assert progress.load(path) == {**EMPTY, "guesses": {"side": 388}, "solved": {"crop": True}}


@pytest.mark.parametrize("text", ["{ half", "[]", "3", '{"guesses": 3}', "", "\0", "[" * 100_000, '"text"'])
def test_a_damaged_file_is_set_aside(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "progress.json"
    for suffix in ("", "1"):
        path.write_text(text)
        assert progress.load(path) == EMPTY
        assert "was damaged; it was renamed" in capsys.readouterr().out
        assert (tmp_path / f"progress.damaged{suffix}.json").read_text() == text
        assert not path.exists()


def test_a_file_that_cannot_be_written_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    progress.note("solved", "crop", True, tmp_path / "nowhere" / "progress.json")
    assert "(not noted:" in capsys.readouterr().out


@pytest.mark.parametrize("inside", ["", "exercises", "reading", "solutions"])
def test_lessons_and_exercises_share_one_file(inside: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "work" / inside
    folder.mkdir(parents=True)
    monkeypatch.delenv(progress.VARIABLE)
    monkeypatch.chdir(folder)
    assert progress.file() == tmp_path / "work" / "course-progress.json"
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "mine.json"))
    assert progress.file() == tmp_path / "mine.json"
