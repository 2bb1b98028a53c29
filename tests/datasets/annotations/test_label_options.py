"""Options that say what the labels are: which of them contradict each other."""

from typing import Any

import pytest

from unet_tutorial.datasets.annotations.label_options import DATA_SET, LabelOptions

NONE: dict[str, Any] = {"labels": "", "classes": "", "colours": "", "unlabelled": None, "stated": {}}


def of(**options: Any) -> LabelOptions:
    return LabelOptions.of(**{**NONE, **options})


def test_names_of_the_user_go_before_those_of_the_data_set() -> None:
    assert of(stated={1: "cell", 0: "background"}).table.names == ("background", "cell")
    assert of(stated={1: "cell", 0: "background"}).source == DATA_SET
    assert of(stated={1: "cell", 0: "background"}, classes="a,b").table.names == ("a", "b")


def test_the_background_may_be_left_out() -> None:
    default = ("background", "class 1", "class 2")
    assert of(classes="a,b").names(default) == ("background", "a", "b")
    assert of(classes="x,a,b").names(default) == ("x", "a", "b")
    assert of().names(default) == default
    with pytest.raises(ValueError, match="background is not the first"):
        of(classes="a,b,background").names(default)
    for names in ("a", "background,a", "a,b,c,d"):
        with pytest.raises(ValueError, match=r"3 classes .background, class 1, class 2., but"):
            of(classes=names).names(default)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": "cells"}, "--labels cells: write one of classes, instances, layers"),
        ({"classes": "a,b", "colours": "#000000=a,#ffffff=b"}, "both given"),
        ({"colours": "a,b"}, "--colours a,b: a name has no colour"),
        ({"colours": "#000000=a,#ffffff=b", "unlabelled": 255}, "write the colour into the table"),
        ({"colours": "#000000=a,#ffffff=b", "labels": "layers"}, "layers have no colours"),
        ({"classes": "0=a,1=b,3=ignore", "unlabelled": 255}, "--classes says that 3 is unlabelled"),
        ({"unlabelled": 0}, "0 is background in a mask"),
        ({"unlabelled": 0, "labels": "instances"}, "0 is background in a mask"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        of(**options)


def test_the_unlabelled_value_of_the_table_is_taken() -> None:
    assert of(classes="0=a,1=b,3=ignore").unlabelled == 3
    assert of(classes="0=a,1=b", unlabelled=9).unlabelled == 9
    assert of(classes="1=a,2=b", unlabelled=0).unlabelled == 0
