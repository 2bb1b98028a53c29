"""Palettes have the contrast that WCAG asks for; every kind of arrow has a style."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import pytest

from unet_tutorial.figures.drawing.legend import ORDER
from unet_tutorial.figures.drawing.palette import (
    ARROW_STYLES,
    DASHES,
    PALETTES,
    RIGHT_FADE,
    TOP_FADE,
    Palette,
    contrast,
    faded,
)


@pytest.mark.parametrize("palette", list(PALETTES))
def test_palettes_have_enough_contrast(palette: str) -> None:
    colours = PALETTES[palette]
    assert min(contrast(colours.text, colours.ground), contrast(colours.text, colours.side)) >= 4.5
    assert contrast(colours.edge, colours.side) >= 3
    lines = vars(colours).keys() - {"ground", "text", "blank", "dash", "side"}
    assert min(contrast(getattr(colours, name), colours.ground) for name in lines) >= 3
    assert min(contrast(colours.dash, colours.fill), contrast(colours.edge, colours.fill)) >= 3
    assert min(contrast(colours.edge, colours.blank), contrast(colours.fill, colours.blank)) >= 3


@pytest.mark.parametrize("palette", list(PALETTES))
def test_the_faces_of_a_cuboid_differ_and_their_edges_are_visible_on_all(palette: str) -> None:
    colours = PALETTES[palette]
    faces = [colours.fill, *(faded(colours.fill, colours.ground, share) for share in (TOP_FADE, RIGHT_FADE))]
    assert min(contrast(colours.edge, face) for face in faces) >= 3
    ordered = sorted(faces, key=lambda face: contrast(face, colours.ground))
    assert all(contrast(one, other) >= 1.15 for one, other in pairwise(ordered))


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
