"""A definition that stands in a lesson and in a module is the same code in both."""

from __future__ import annotations

from pathlib import Path

from tests.house.sync import faults, modules
from tests.house.taught import untaught
from tests.paths import ROOT
from unet_tutorial.teaching.lessons.catalogue import lessons
from unet_tutorial.teaching.lessons.lesson import Lesson, read

LESSONS = [read(path) for path in lessons()]
LIBRARY = modules(ROOT / "unet_tutorial")
TAUGHT = ["unet_tutorial.paper", *(name for name in LIBRARY if name.startswith("unet_tutorial.nets."))]


def test_lessons_and_modules_agree() -> None:
    found = faults(LESSONS, LIBRARY)
    assert not found, "\n\n".join(found)


def test_every_public_name_is_taught() -> None:
    found = untaught(LESSONS, LIBRARY, TAUGHT)
    assert found == [], "no lesson derives, imports or uses\n" + "\n".join(found)


def test_one_operator_changed_in_a_real_module_fails_with_a_diff(tmp_path: Path) -> None:
    text = (ROOT / "unet_tutorial/paper.py").read_text(encoding="utf8")
    copy = tmp_path / "unet_tutorial"
    copy.mkdir()
    (copy / "paper.py").write_text(text, encoding="utf8")
    cell = {"cell_type": "code", "source": text, "metadata": {}, "outputs": []}
    original = Lesson("01_toy", (cell,), {"unet_tutorial": {"module": ["unet_tutorial.paper"]}})
    assert faults([original], modules(copy)) == []
    (copy / "paper.py").write_text(text.replace("2 * channels, channels, 2", "2 + channels, channels, 2"))
    (fault,) = faults([original], modules(copy))
    assert "-        self.up = nn.ConvTranspose2d(2 + channels, channels, 2, stride=2)" in fault.splitlines()
