"""The progress file: kept, read again, and renamed where it is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from unet_tutorial.teaching.checking import progress


def test_progress_survives_and_a_damaged_file_is_set_aside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "progress.json"
    progress.note("guesses", "388-step", "yes", path)
    progress.note("solved", "crop", True, path)
    assert progress.load(path) == {"guesses": {"388-step": "yes"}, "solved": {"crop": True}}
    assert progress.resume(path) == "1 guesses noted; solved: crop"
    path.write_text("{ half")
    assert progress.load(path) == {"guesses": {}, "solved": {}}
    assert "was damaged" in capsys.readouterr().out
    assert (tmp_path / "progress.damaged.json").read_text() == "{ half"
    path.write_text("[]")
    assert progress.load(path) == {"guesses": {}, "solved": {}}
    assert (tmp_path / "progress.damaged1.json").read_text() == "[]"
    progress.note("solved", "crop", True, tmp_path / "nowhere" / "progress.json")
    assert "(not noted:" in capsys.readouterr().out
