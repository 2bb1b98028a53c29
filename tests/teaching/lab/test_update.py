"""Updates of a student's folder: new versions arrive, and nothing that the student wrote is lost."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.oracles.permissions import as_nobody, limited_file_size
from tests.teaching.lab.conftest import code, notebook, text
from unet_tutorial.teaching.lab.update import MANIFEST, update

DAY = date(2026, 11, 29)
NAME = "exercises/01.ipynb"
OLD, NEW = notebook(text("# old")), notebook(text("# new"))
MINE = notebook(text("# old"), text("my notes"))
RUN = json.dumps({**json.loads(OLD), "metadata": {"a": 1}})  # executed and saved, with the same text


def made(folder: Path, files: dict[str, str]) -> list[str]:
    return list(update(folder, {place: data.encode() for place, data in files.items()}, DAY))


def contents(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


KEPT = "kept/exercises/01-2026-11-29.ipynb"
CASES = {  # the student's file (None: deleted), the files afterwards, the sentence
    "not changed": (OLD, {NAME: NEW}, [f"New versions of files that you have not changed: {NAME}."]),
    "only executed": (RUN, {NAME: NEW}, [f"New versions of files that you have not changed: {NAME}."]),
    "changed": (
        MINE, {NAME: NEW, KEPT: MINE}, [f"{NAME} has a new version; your own file is {KEPT}."]
    ),
    "deleted": (None, {NAME: NEW}, [f"Missing files, of which new copies were made: {NAME}."]),
    "half saved": (
        OLD[:40], {NAME: NEW, KEPT: OLD[:40]}, [f"{NAME} was damaged; it is now {KEPT}, and a new copy was made."]
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_new_version(case: str, tmp_path: Path) -> None:
    mine, expected, sentences = CASES[case]
    assert made(tmp_path, {NAME: OLD}) == []
    if mine is None:
        (tmp_path / NAME).unlink()
    else:
        (tmp_path / NAME).write_text(mine)
    assert made(tmp_path, {NAME: NEW}) == sentences
    assert contents(tmp_path) == expected
    assert made(tmp_path, {NAME: NEW}) == []
    assert contents(tmp_path) == expected


@pytest.mark.parametrize("mine", [OLD, RUN, MINE])
def test_without_a_new_version_the_file_stays(mine: str, tmp_path: Path) -> None:
    made(tmp_path, {NAME: OLD})
    (tmp_path / NAME).write_text(mine)
    assert made(tmp_path, {NAME: OLD}) == []
    assert contents(tmp_path) == {NAME: mine}


def test_answers_are_copied_into_the_new_version(tmp_path: Path) -> None:
    old = notebook(text("# old"), code("answer=None"))
    new = old.replace("# old", "# new")
    made(tmp_path, {NAME: old})
    mine = old.replace("=None", "=572")
    (tmp_path / NAME).write_text(mine)
    sentence = f"{NAME} has a new version and now contains what you wrote in 1 of its cells; your own file is {KEPT}."
    assert made(tmp_path, {NAME: new}) == [sentence]
    assert json.loads((tmp_path / NAME).read_text()) == json.loads(new.replace("=None", "=572"))
    assert (tmp_path / KEPT).read_text() == mine
    assert made(tmp_path, {NAME: new}) == []
    again = new.replace("# new", "# newer")  # the next version finds the same cell
    (again_kept,) = made(tmp_path, {NAME: again})
    assert again_kept.endswith("kept/exercises/01-2026-11-29-2.ipynb.")
    assert json.loads((tmp_path / NAME).read_text()) == json.loads(again.replace("=None", "=572"))


@pytest.mark.parametrize(
    "damaged", ["", "{", "[]", "3", "null", '{"cells": 3}', '{"cells": [{}]}', "\0", "[" * 100_000]
)
def test_a_damaged_notebook_is_kept_each_time(damaged: str, tmp_path: Path) -> None:
    made(tmp_path, {NAME: OLD})
    for suffix in ("", "-2", "-3"):
        (tmp_path / NAME).write_text(damaged)
        kept = f"kept/exercises/01-2026-11-29{suffix}.ipynb"
        assert made(tmp_path, {NAME: OLD}) == [f"{NAME} was damaged; it is now {kept}, and a new copy was made."]
        assert (tmp_path / kept).read_text() == damaged
        assert (tmp_path / NAME).read_text() == OLD


def test_a_notebook_in_another_encoding_is_damaged(tmp_path: Path) -> None:
    made(tmp_path, {NAME: OLD})
    (tmp_path / NAME).write_bytes(b"\xff\xfe\x00\xd8")
    assert len(made(tmp_path, {NAME: OLD})) == 1


def test_a_renamed_file_and_a_folder_in_its_place_stay(tmp_path: Path) -> None:
    made(tmp_path, {NAME: OLD})
    (tmp_path / NAME).rename(tmp_path / "exercises/mine.ipynb")
    (tmp_path / NAME).mkdir()
    assert made(tmp_path, {NAME: OLD}) == [f"{NAME} was damaged; it is now {KEPT}, and a new copy was made."]
    assert contents(tmp_path) == {"exercises/mine.ipynb": OLD, NAME: OLD}
    assert (tmp_path / KEPT).is_dir()


@pytest.mark.parametrize("list_of_files", [None, "", "{", "[]", '{"exercises/01.ipynb": 3}'])
def test_without_the_list_of_files_all_files_are_the_students(list_of_files: str | None, tmp_path: Path) -> None:
    made(tmp_path, {NAME: OLD})
    (tmp_path / NAME).write_text(MINE)
    if list_of_files is None:
        (tmp_path / MANIFEST).unlink()
    else:
        (tmp_path / MANIFEST).write_text(list_of_files)
    assert made(tmp_path, {NAME: NEW}) == []
    assert contents(tmp_path) == {NAME: MINE}


def test_cells_of_an_unknown_version_are_not_copied(tmp_path: Path) -> None:
    first, second, third = (notebook(text(each), code("answer=None")) for each in ("# one", "# two", "# two"))
    third = third.replace('"metadata": {}', '"metadata": {"tags": ["new"]}')
    made(tmp_path, {NAME: first.replace("=None", "=572")})
    (tmp_path / MANIFEST).unlink()
    assert made(tmp_path, {NAME: second}) == []
    assert made(tmp_path, {NAME: third}) == [f"{NAME} has a new version; your own file is {KEPT}."]
    assert contents(tmp_path) == {NAME: third, KEPT: first.replace("=None", "=572")}


@pytest.mark.parametrize(("mine", "stays"), [(OLD, False), (RUN, False), (MINE, True), ("{ half", True), (None, False)])
def test_a_file_that_left_the_course(mine: str | None, *, stays: bool, tmp_path: Path) -> None:
    made(tmp_path, {NAME: OLD, "a.md": "a"})
    (tmp_path / NAME).unlink()
    if mine is not None:
        (tmp_path / NAME).write_text(mine)
    sentences = [f"{NAME} is no longer part of the course; your copy stays."] if stays else []
    assert made(tmp_path, {"a.md": "a"}) == sentences
    assert contents(tmp_path) == {"a.md": "a", **({NAME: str(mine)} if stays else {})}
    assert made(tmp_path, {"a.md": "a"}) == []


def test_new_outputs_of_a_lesson_to_read_arrive(tmp_path: Path) -> None:
    first = notebook(code("print(1)"))
    second = first.replace("the answer", "another answer")
    made(tmp_path, {"reading/01.ipynb": first})
    assert made(tmp_path, {"reading/01.ipynb": second}) == []
    assert contents(tmp_path) == {"reading/01.ipynb": second}


def test_an_interrupted_update_goes_on(tmp_path: Path) -> None:
    made(tmp_path, {NAME: OLD, "z.md": "old"})
    (tmp_path / NAME).write_text(MINE)
    new = {NAME: NEW, "z.md": "new" * 10_000}
    with limited_file_size(10_000), pytest.raises(ValueError, match=r"z\.md: cannot be written"):
        made(tmp_path, new)
    assert made(tmp_path, new) == ["New versions of files that you have not changed: z.md."]
    assert contents(tmp_path) == {**new, KEPT: MINE}


def test_a_folder_that_is_not_writable() -> None:
    with TemporaryDirectory() as made_by_us:  # pytest's folders are closed to other users
        folder = Path(made_by_us)
        folder.chmod(0o555)
        with (
            as_nobody(),
            pytest.raises(ValueError, match=r"exercises: this folder cannot be created \(Permission denied"),
        ):
            made(folder, {NAME: OLD})
        assert contents(folder) == {}
