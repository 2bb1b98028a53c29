"""Named styles differ as they say; wrong ones are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.oracles.hooked_nets import arch
from unet_tutorial.figures.diagram import draw
from unet_tutorial.figures.drawing.style import COLUMN, DARK, PAPER, SLIDE, STYLES, THESIS, Style, named_style


def test_styles_have_the_widths_of_their_pages() -> None:
    for wanted, millimetres in ((THESIS, 160), (COLUMN, 84)):
        scene = draw(arch("paper"), style=wanted).scene
        assert scene.width / 72 * 25.4 == pytest.approx(millimetres)
    slide = draw(arch("paper"), style=SLIDE).scene
    assert slide.width / slide.height == pytest.approx(16 / 9)


def test_dark_changes_colours_only() -> None:
    assert replace(DARK, palette="paper") == PAPER
    light, dark = (draw(arch("paper"), style=each) for each in ("paper", "dark"))
    assert light.scene == dark.scene
    assert light.svg() != dark.svg()


def test_a_named_style_takes_another_palette_width_and_font() -> None:
    assert {name: named_style(name) for name in STYLES} == STYLES
    assert named_style("column", palette="gray", width=300, font_min=9, boxes="cuboid") == replace(
        COLUMN, palette="gray", width=300, font=9, font_min=9, boxes="cuboid"
    )


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="style 'poster' is unknown; the names are paper, thesis, column, slide, dark"):
        named_style("poster")
    with pytest.raises(ValueError, match="palette 'pink' is unknown; the names are paper, okabe-ito, gray, dark"):
        Style(palette="pink")
    with pytest.raises(ValueError, match="palette 'pink' is unknown; the names are paper, okabe-ito, gray, dark"):
        named_style("column", palette="pink")
    with pytest.raises(ValueError, match="growth 'cubic' is unknown; the names are sqrt, linear, log"):
        Style(growth="cubic")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="kind of boxes 'round' is unknown; the names are flat, cuboid"):
        named_style(boxes="round")
    with pytest.raises(ValueError, match="1 <= font_min <= font"):
        Style(font=5, font_min=6)
    with pytest.raises(
        ValueError, match="a width of 50 points is too small for font_min 7; pass a width of at least 140 points"
    ):
        Style(width=50)
