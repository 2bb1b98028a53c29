"""The test of a module is found by its path: tests/a/test_b.py tests unet_tutorial/a/b.py."""

from __future__ import annotations

from pathlib import Path

from tests.paths import PACKAGE, ROOT

TESTS = ROOT / "tests"
APART = ("docs", "house", "oracles")  # tests of pages, of the project as a whole, and helpers
# tests of all modules of their folders
SHARED = {TESTS / "teaching/exercises/test_mistakes.py", TESTS / "datasets/test_own_folders.py"}


def module_of(test: Path) -> Path:
    """The module that a test file is about; ``test_package.py`` is about the ``__init__.py`` of its folder."""
    name = test.name.removeprefix("test_")
    return PACKAGE / test.relative_to(TESTS).with_name("__init__.py" if name == "package.py" else name)


def mirror_of(module: Path) -> Path:
    """The test file of a module."""
    where = module.relative_to(PACKAGE)
    return TESTS / where.with_name(f"test_{where.name}")


def test_every_test_file_has_its_module() -> None:
    files = [path for path in TESTS.rglob("test_*.py") if path.relative_to(TESTS).parts[0] not in APART]
    lost = [path for path in files if path not in SHARED and not module_of(path).is_file()]
    assert [path.relative_to(ROOT).as_posix() for path in lost if path.name != "test_course.py"] == []


def test_every_module_has_its_test_file() -> None:
    modules = [path for path in PACKAGE.rglob("*.py") if path.name not in ("__init__.py", "__main__.py")]
    missing = [path.relative_to(ROOT).as_posix() for path in sorted(modules) if not mirror_of(path).is_file()]
    assert missing == []
