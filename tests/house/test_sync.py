"""A definition that stands in a lesson and in a module is the same code in both."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.sync import faults, modules
from tests.house.taught import untaught
from tests.oracles.coming_from import PAGE
from tests.paths import ROOT
from unet_tutorial.teaching.lessons.catalogue import lessons
from unet_tutorial.teaching.lessons.lesson import Lesson, read

LESSONS = [read(path) for path in lessons()]
LIBRARY = modules(ROOT / "unet_tutorial")
# Modules of nets that no lesson teaches yet, by the reason; a module leaves the list when its lesson is written.
NOT_TAUGHT = {
    "the systems of docs/coming_from.md are built from it": (
        "branches", "cascade", "channelwise", "regions", "spatial_attention", "systems",
    ),
    "unet import builds networks with it": ("assembled", "foreign_weights", "sources"),
}  # fmt: skip
LATER = {f"unet_tutorial.nets.{name}" for names in NOT_TAUGHT.values() for name in names}
# Names of other modules that only these modules use.
USED_THERE = {
    "contracts.extra_reach_of", "contracts.largest_reach", "contracts.summed_reach",
    "norms.LayerNorm", "norms.layer_norm", "paths.StepParts", "paths.check_widths", "paths.checked_levels",
    "paths.step_parts",
}  # fmt: skip
TAUGHT = [
    "unet_tutorial.paper",
    *(
        name
        for name in LIBRARY
        if name.startswith("unet_tutorial.nets.") and not any(f"{name}.".startswith(f"{each}.") for each in LATER)
    ),
]


def test_lessons_and_modules_agree() -> None:
    found = faults(LESSONS, LIBRARY)
    assert not found, "\n\n".join(found)


def test_every_public_name_is_taught() -> None:
    found = [
        name
        for name in untaught(LESSONS, LIBRARY, TAUGHT)
        if name.removeprefix("unet_tutorial.nets.") not in USED_THERE
    ]
    assert found == [], "no lesson derives, imports or uses\n" + "\n".join(found)


def test_only_untaught_names_are_excused() -> None:
    assert not LATER - {name for name in LIBRARY if name in LATER} - {"unet_tutorial.nets.systems"}
    every = [name for name in LIBRARY if name.startswith("unet_tutorial.nets.")]
    excused = {name.removeprefix("unet_tutorial.nets.") for name in untaught(LESSONS, LIBRARY, every)}
    assert USED_THERE - excused == set()


@pytest.mark.parametrize("module", [name for name in LIBRARY if name.startswith("unet_tutorial.nets.systems.")])
def test_the_page_uses_a_name_of_each_system(module: str) -> None:
    public = [name for name in LIBRARY[module] if not name.startswith("_")]
    assert not public or set(public) & set(re.findall(r"\w+", PAGE.read_text(encoding="utf8")))


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
