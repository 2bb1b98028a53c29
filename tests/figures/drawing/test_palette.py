"""Palettes have the contrast that WCAG asks for; every kind of arrow has a style."""

from __future__ import annotations

from dataclasses import fields

import pytest

from unet_tutorial.figures.drawing.legend import ORDER
from unet_tutorial.figures.drawing.palette import ARROW_STYLES, DASHES, PALETTES, Palette, contrast


@pytest.mark.parametrize("palette", list(PALETTES))
def test_palettes_have_enough_contrast(palette: str) -> None:
    colours = PALETTES[palette]
    assert min(contrast(colours.text, colours.ground), contrast(colours.text, colours.side)) >= 4.5
    assert contrast(colours.edge, colours.side) >= 3
    lines = vars(colours).keys() - {"ground", "text", "blank", "dash", "side"}
    assert min(contrast(getattr(colours, name), colours.ground) for name in lines) >= 3
    assert min(contrast(colours.dash, colours.fill), contrast(colours.edge, colours.fill)) >= 3
    assert min(contrast(colours.edge, colours.blank), contrast(colours.fill, colours.blank)) >= 3


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#767676", "#ffffff", 4.54),
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.0),
        ("#0a0a0a", "#0a0a0a", 1),
    ],
)
def test_contrast_gives_the_published_ratios(one: str, other: str, ratio: float) -> None:
    """#767676 is the lightest grey that passes 4.5 to 1 on white (WebAIM, contrast checker)."""
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.005)


def test_every_kind_of_arrow_has_a_style_in_every_palette() -> None:
    assert set(ARROW_STYLES) == set(ORDER)
    for style in ARROW_STYLES.values():
        assert style.dash in {"solid", *DASHES}
        assert style.tip in {"full", "open", "barb"}
        assert style.colour in {colour.name for colour in fields(Palette)}
