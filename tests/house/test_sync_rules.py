"""What counts as the same code in a lesson and in a module, on a lesson and a library of a few lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.sync import Modules, faults, modules
from tests.house.taught import untaught
from unet_tutorial.teaching.lessons.lesson import Lesson

MODULE = '''
"""A toy."""
import torch

Size = tuple[int, ...]
DEPTH: int = 4

@staged(DEPTH)
def half(side: int) -> int:
    """Half of it."""
    return side // 2  # whole numbers

class Part:
    """A part."""
    def side(self) -> int:
        """Its side."""
        return half(2)

def _hidden(): return 1
'''


def lesson(*sources: str, module: tuple[str, ...] = ("toy.one",), tags: tuple[str, ...] = ()) -> Lesson:
    cells = tuple(
        {"cell_type": "code", "source": source, "metadata": {"tags": list(tags)}, "outputs": []} for source in sources
    )
    return Lesson("01_toy", cells, {"unet_tutorial": {"module": list(module)}})


@pytest.fixture
def library(tmp_path: Path) -> Modules:
    package = tmp_path / "toy"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text(MODULE, encoding="utf8")
    (package / "two.py").write_text("def half(side):\n    return side / 2\n\ndef twice(side):\n    return 2 * side\n")
    return modules(package)


SAME = "@staged(DEPTH)\ndef half(side: int) -> int:\n    # a comment\n    return side // 2\n"


def test_the_same_code_passes(library: Modules) -> None:
    part = "class Part:\n    def side(self) -> int:\n        return half(2)\n"
    assert faults([lesson(SAME, part, "DEPTH: int = 4", "Size = tuple[int, ...]\n%matplotlib inline")], library) == []


@pytest.mark.parametrize(
    ("changed", "line"),
    [
        (SAME.replace("//", "/"), "+    return side / 2"),
        (SAME.replace("@staged(DEPTH)\n", ""), "-@staged(DEPTH)"),
        (SAME.replace(" -> int", ""), "+def half(side: int):"),
        (SAME.replace("side: int", "side: float"), "+def half(side: float) -> int:"),
        ("DEPTH: int = 5", "+DEPTH: int = 5"),
        ("Size = tuple[int]", "+Size = tuple[int]"),
        ("half = lambda side: side // 2", "+half = lambda side: side // 2"),
        ("def _hidden(): return 2", "+    return 2"),
        ("class Part:\n    def side(self) -> int:\n        return half(3)\n", "+        return half(3)"),
    ],
)
def test_other_code_fails_with_a_diff(library: Modules, changed: str, line: str) -> None:
    (fault,) = faults([lesson(changed)], library)
    assert "01_toy" in fault
    assert "toy.one" in fault
    assert line in fault.splitlines()


def test_only_names_that_are_bound_count(library: Modules) -> None:
    uses = "sizes = [half for half in (1, 2)]\nhalf[0] = 1\nhalf.depth = DEPTH\nhalf(3)"
    assert faults([lesson(SAME, uses)], library) == []
    assert len(faults([lesson("half, DEPTH = 1, 2")], library)) == 2


def test_another_modules_public_name_is_held_too(library: Modules) -> None:
    assert "toy.two" in faults([lesson(SAME, "def twice(side):\n    return side + side")], library)[0]
    assert faults([lesson(SAME, "twice = 2 * 3")], library) == []  # a variable, of a module that is not derived


def test_scaffolding_is_no_part_of_the_course(library: Modules) -> None:
    room = {"toy.teaching.show": library["toy.two"]}
    other = lesson(SAME, "def twice(side): return 0")
    assert "toy.two" in faults([other], library)[0]
    assert faults([other], {"toy.one": library["toy.one"], **room}) == []


def test_derived_modules_come_before_others(library: Modules) -> None:
    other = "def half(side):\n    return side / 2"
    assert faults([lesson(other, module=("toy.two",))], library) == []
    assert "toy.one" in faults([lesson(other)], library)[0]


def test_drafts_are_not_compared(library: Modules) -> None:
    other = "def half(side): return 0"
    drafted, kept = (lesson(SAME).cells + lesson(other, tags=tags).cells for tags in (("draft",), ()))
    assert faults([Lesson("01_toy", drafted, {})], library) == []
    assert len(faults([Lesson("01_toy", kept, {})], library)) == 1


def test_comparing_nothing_fails(library: Modules) -> None:
    assert faults([], library) == ["no definition of any lesson was compared with any module"]
    nothing, something = lesson("print(1)"), lesson(SAME)
    assert faults([nothing, something], library) == ["01_toy: names modules and defines nothing that they define"]
    assert "01_toy: no module toy.six" in faults([lesson(SAME, module=("toy.six",)), something], library)


def test_derived_imported_and_used_names_are_taught(library: Modules) -> None:
    use = lesson(
        "from toy.one import Part, Size\nfrom toy import one\nprint(one.DEPTH)\nimport toy.two as t\nt.twice(1)"
    )
    assert untaught([use], library, ["toy.one", "toy.two"]) == ["toy.one.half", "toy.two.half"]
    assert untaught([use, lesson(SAME)], library, ["toy.one"]) == []
    assert untaught([lesson("twice = 3\nx.half")], library, ["toy.two"]) == ["toy.two.half", "toy.two.twice"]
