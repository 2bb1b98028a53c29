"""No test and no doctest writes into a reader's own progress."""

from pathlib import Path

import pytest

from unet_tutorial.teaching.checking import progress


@pytest.fixture(autouse=True)
def own_progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guesses and solved exercises go to a temporary file."""
    monkeypatch.setenv(progress.VARIABLE, str(tmp_path / "progress.json"))
