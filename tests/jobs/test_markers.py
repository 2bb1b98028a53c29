"""Markers of finished blocks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.permissions import as_nobody
from unet_tutorial.jobs.markers import Markers


def test_a_block_is_missing_until_it_is_marked(tmp_path: Path) -> None:
    markers, blocks = Markers(tmp_path / ".blocks" / "predict", "job", tmp_path), [(0, 0), (0, 1), (1, 0)]
    assert [markers.has(index) for index in blocks] == [False, False, False]
    markers.set((0, 1))
    assert [markers.has(index) for index in blocks] == [False, True, False]


def test_a_marker_does_not_make_the_folder_of_a_deleted_result(tmp_path: Path) -> None:
    output = tmp_path / "out.zarr"
    with pytest.raises(ValueError, match=r"out.zarr/.blocks/predict/0: this folder cannot be created"):
        Markers(output / ".blocks" / "predict", "job", output).set((0, 0))
    assert list(tmp_path.iterdir()) == []


def test_markers_of_another_job_and_damaged_ones_do_not_count(tmp_path: Path) -> None:
    Markers(tmp_path / "a", "another", tmp_path).set((3,))
    mine = Markers(tmp_path / "a", "job", tmp_path)
    assert not mine.has((3,))
    for text in ("", '{"job', "[]", "null"):
        mine.path((3,)).write_text(text)
        assert not mine.has((3,))
    mine.set((3,))
    assert mine.has((3,))


def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with as_nobody(), pytest.raises(ValueError, match="predict/0: this folder cannot be created"):
        Markers(tmp_path / "predict", "job", tmp_path).set((0, 0))
    tmp_path.chmod(0o755)
