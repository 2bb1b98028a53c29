"""Sentences about outlines that are left out."""

from unet_tutorial.datasets.annotations.outlines.outline import left_out


def test_only_objects_that_are_left_out_are_named() -> None:
    assert left_out(0, "points") == []
    assert left_out(1, "points") == ["1 object is left out: points"]
    assert left_out(2, "points") == ["2 objects are left out: points"]
