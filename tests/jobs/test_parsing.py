"""Numbers in option values, against values written by hand."""

import pytest

from unet_tutorial.jobs.parsing import keywords, numbers, sides


def test_numbers_of_both_kinds() -> None:
    assert numbers("widths", " 2, 4,8 ", int, "2,4") == [2, 4, 8]
    assert numbers("spacing", "0.5,1e-1,2", float, "1,1") == [0.5, 0.1, 2.0]


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("2,x", int, r"^widths '2,x': expected integers separated by commas, such as 16,32$"),
        ("2,,4", int, "expected integers"),
        ("", int, "expected integers"),
        ("2.5", int, "expected integers"),
        ("a,b,c", float, "^widths 'a,b,c': expected numbers separated by commas"),
    ],
)
def test_other_text_is_refused(text: str, kind: type, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        numbers("widths", text, kind, "16,32")


@pytest.mark.parametrize(
    ("tile", "rank", "size"),
    [("64", 1, (64,)), ("64", 3, (64, 64, 64)), ("16,64,48", 3, (16, 64, 48)), ("0", 3, None), ("0,0", 2, None)],
)
def test_the_size_of_a_tile(tile: str, rank: int, size: tuple[int, ...] | None) -> None:
    assert sides(tile, rank) == size


@pytest.mark.parametrize(("tile", "rank"), [("16,16", 3), ("16,16,16", 2), ("-4", 2), ("16,0", 2), ("0,0,0", 2)])
def test_other_sizes_are_refused(tile: str, rank: int) -> None:
    with pytest.raises(ValueError, match=f"tile '{tile}': expected one side or {rank} sides of at least 1 pixel"):
        sides(tile, rank)


def test_keyword_arguments_are_json() -> None:
    assert keywords("") == {}
    assert keywords('{"widths": [2, 4], "deep": true}') == {"widths": [2, 4], "deep": True}
    for text, message in (("{depth: 3}", "is not JSON"), ("[3]", "expected names with values")):
        with pytest.raises(ValueError, match=message):
            keywords(text)
