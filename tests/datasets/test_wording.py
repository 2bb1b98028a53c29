"""Lists in sentences."""

import pytest

from unet_tutorial.datasets.wording import listed


@pytest.mark.parametrize(
    ("names", "most", "text"),
    [
        ([], 3, ""),
        (["a"], 3, "a"),
        (["a", "b", "c"], 3, "a, b, c"),
        (["a", "b", "c", "d"], 3, "a, b, c and 1 more"),
        (["a", "b", "c", "d"], 1, "a and 3 more"),
    ],
)
def test_the_first_names_and_the_number_of_the_others(names: list[str], most: int, text: str) -> None:
    assert listed(iter(names), most) == text
