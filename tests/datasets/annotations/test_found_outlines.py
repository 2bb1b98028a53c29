"""The classes of outlines."""

from typing import Any

import numpy as np
import pytest

from unet_tutorial.datasets.annotations.label_kinds import decide
from unet_tutorial.datasets.annotations.label_values import RawLabels
from unet_tutorial.datasets.annotations.scheme import LabelScheme


def outlines(*names: str) -> RawLabels:
    """A file with an outline of each of the classes."""
    numbers = np.arange(len(names) + 1, dtype=np.int32)[None]
    return RawLabels("a.json", numbers, instances=numbers, names=names)


@pytest.mark.parametrize(
    ("files", "options", "names"),
    [
        ([outlines("")], {}, ("background", "cell")),
        ([outlines("b", "a"), outlines("c")], {}, ("background", "a", "b", "c")),
        ([outlines("b"), outlines("")], {}, ("background", "b", "unclassified")),
        ([outlines("a", "Background")], {}, ("background", "a")),
        ([outlines("a", "__ignore__", "Ignore*", "Unlabelled")], {}, ("background", "a")),
        ([outlines("a", "b")], {"classes": "b,a,c"}, ("background", "b", "a", "c")),
        ([outlines("")], {"classes": "nucleus"}, ("background", "nucleus")),
        ([outlines(""), outlines()], {"known_names": {0: "x", 1: "y"}}, ("background", "cell")),
    ],
)
def test_the_classes_are_those_of_the_outlines(
    files: list[RawLabels], options: dict[str, Any], names: tuple[str, ...]
) -> None:
    assert decide(files, **options) == LabelScheme("instances", names)
    assert decide(files, labels="classes", **options) == LabelScheme("classes", names)


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ([outlines()], {}, "there is no outline in any file"),
        ([outlines("background")], {}, "there is no outline in any file"),
        ([outlines("__ignore__")], {}, "there is no outline in any file"),
        ([outlines("a", "b")], {"classes": "a,c"}, "of the class b, which is not among a, c"),
        ([outlines("a")], {"classes": "0=background,1=a"}, "outlines, which have names; give only names"),
        ([outlines("a")], {"colours": "#000000=background,#ffffff=a"}, "outlines, which have names"),
        ([outlines("a"), RawLabels("b.png", np.zeros((2, 2)))], {}, "use labels of one kind"),
        ([outlines("a")], {"labels": "layers"}, "outlines, which are read as cells"),
        ([outlines(*map(str, range(255)))], {}, "256 classes, and at most 255"),
    ],
)
def test_outlines_that_do_not_fit_are_refused(files: list[RawLabels], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        decide(files, **options)
