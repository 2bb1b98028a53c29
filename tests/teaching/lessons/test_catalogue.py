"""The list of lessons: in order, each with its solutions and exercises."""

from __future__ import annotations

from unet_tutorial.teaching.lessons import catalogue


def test_lessons_solutions_and_exercises_exist_under_the_same_names() -> None:
    lessons, solutions, exercises = catalogue.lessons(), catalogue.solutions(), catalogue.exercises()
    assert all(path.is_file() for path in (*lessons, *solutions, *exercises))
    assert [path.stem for path in lessons] == list(catalogue.LESSONS)
    assert [path.name for path in solutions] == [path.name for path in exercises]
    without = [name for name in catalogue.LESSONS if name not in [path.stem for path in solutions]]
    assert without == ["unet_in_one_page"]


def test_a_lesson_is_found_by_the_beginning_of_its_name() -> None:
    assert [path.stem for path in catalogue.numbered("03")] == ["03_crop_and_concat"]
    assert [path.stem for path in catalogue.numbered("00")] == ["00_start_here"]
    assert [path.stem for path in catalogue.numbered("00p")] == ["00p_torch"]
    assert [path.stem for path in catalogue.numbered("00p_t")] == ["00p_torch"]
    assert catalogue.numbered("") == catalogue.lessons()
    assert catalogue.numbered("97") == []
