"""The Check of a lesson holds the lesson to the module, and a Check that does not is seen."""

from __future__ import annotations

import pytest

from tests.house.check_section import check_faults, holds_weights, library
from unet_tutorial.teaching.lessons.lesson import Cell, Lesson

NET = "class UpStep(nn.Module):\n    pass"
SIZES = "def along(sizes):\n    return sizes"
LOAD = "from unet_tutorial import paper\nnet = paper.UpStep(8)\nnet.load_state_dict(mine.state_dict())\n"
IMPORT = "from unet_tutorial.plan import sizes\n"


def faults(derived: str, module: str, check: str) -> list[str]:
    cells: list[Cell] = [
        {"cell_type": "code", "source": source, "metadata": {}, "outputs": []} for source in (derived, check)
    ]
    return check_faults(Lesson("01_toy", tuple(cells), {"unet_tutorial": {"module": [module]}}), cells[1:])


@pytest.mark.parametrize(
    ("derived", "module", "check"),
    [
        (NET, "unet_tutorial.paper", LOAD + "assert torch.equal(net(x), mine(x))"),
        (NET, "unet_tutorial.paper", LOAD + "for x in images:\n    assert torch.allclose(net(x), mine(x))"),
        (SIZES, "unet_tutorial.plan.sizes", IMPORT + "assert along(3) == sizes.along(3)"),
        (
            SIZES,
            "unet_tutorial.plan.sizes",
            "from unet_tutorial.plan.sizes import along as it\nassert it(3) == along(3)",
        ),
        ("x = 3", "unet_tutorial.paper", "assert x == 3"),  # derives nothing
    ],
)
def test_a_check_against_the_module_passes(derived: str, module: str, check: str) -> None:
    assert faults(derived, module, check) == []


@pytest.mark.parametrize(
    ("derived", "module", "check", "fault"),
    [
        (NET, "unet_tutorial.paper", "assert torch.equal(net(x), mine(x))", "load_state_dict"),
        (NET, "unet_tutorial.paper", "# load_state_dict\nassert facts == (388, 388)", "load_state_dict"),
        (NET, "unet_tutorial.paper", LOAD + "print('ok')", "asserts an equality"),
        (NET, "unet_tutorial.paper", LOAD + "assert net", "asserts an equality"),
        (SIZES, "unet_tutorial.plan.sizes", IMPORT + "assert along(3) == 388", "the module's own results"),
        (SIZES, "unet_tutorial.plan.sizes", IMPORT + "sizes.along(3)\nassert x == 1", "the module's own results"),
        ("x = 3", "unet_tutorial.paper", "print('assert x == 3')", "asserts an equality"),
    ],
)
def test_another_check_fails(derived: str, module: str, check: str, fault: str) -> None:
    (found,) = faults(derived, module, check)
    assert fault in found


def test_what_holds_weights() -> None:
    found = {
        (module, name)
        for module in ("unet_tutorial.paper", "unet_tutorial.nets.presets", "unet_tutorial.plan.levels")
        for name in ("PaperUNet", "double_conv", "paper_unet", "crop_and_concat", "initialise", "Size", "pyramid")
        if name in library()[module] and holds_weights(module, name)
    }
    paper = {("unet_tutorial.paper", name) for name in ("PaperUNet", "double_conv")}
    assert found == paper | {("unet_tutorial.nets.presets", "paper_unet")}
