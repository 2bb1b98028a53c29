"""Tables of classes from texts, and from JSON files of several forms."""

import json
from pathlib import Path
from typing import Any

import pytest

from unet_tutorial.datasets.annotations.class_tables import ClassTable, class_table

TEXTS = {
    "background,nucleus": ClassTable(("background", "nucleus")),
    " a , b c ": ClassTable(("a", "b c")),
    "0=background,1=nucleus,5=debris": ClassTable(("background", "nucleus", "debris"), (0, 1, 5)),
    "5=debris,1=nucleus,0=tissue": ClassTable(("tissue", "debris", "nucleus"), (0, 5, 1)),
    "0=cell,1=Background": ClassTable(("Background", "cell"), (1, 0)),
    "0=b,1=c,255=unlabelled": ClassTable(("b", "c"), (0, 1), unlabelled=255),
    "#ff0000=nucleus,#000000=background": ClassTable(("background", "nucleus"), (0, 0xFF0000), coloured=True),
    "#FF0000=a,#00FF00=b,#ffffff=ignore": ClassTable(("a", "b"), (0xFF0000, 0xFF00), True, 0xFFFFFF),
}


@pytest.mark.parametrize("text", TEXTS)
def test_the_text_of_an_option(text: str) -> None:
    assert class_table(text, "--classes") == TEXTS[text]


VALUES = ClassTable(("background", "nucleus"), (0, 1))
COLOURS = ClassTable(("background", "nucleus"), (0, 0xFF0000), coloured=True)
FILES: list[tuple[Any, ClassTable]] = [
    ({"background": 0, "nucleus": 1}, VALUES),
    ({"0": "background", "1": "nucleus"}, VALUES),
    ({"labels": {"background": 0, "nucleus": 1}, "channel_names": {"0": "grey"}}, VALUES),
    ({"labels": {"0": "background", "1": "nucleus"}}, VALUES),
    ([{"name": "background", "value": 0}, {"name": "nucleus", "value": 1}], VALUES),
    ({"background": "#000000", "nucleus": "#ff0000"}, COLOURS),
    ({"#000000": "background", "#ff0000": "nucleus"}, COLOURS),
    ({"background": [0, 0, 0], "nucleus": [255, 0, 0]}, COLOURS),
    ([{"name": "background", "color": [0, 0, 0]}, {"name": "nucleus", "color": [255, 0, 0]}], COLOURS),
    ([{"name": "nucleus", "colour": "#ff0000"}, {"name": "background", "colour": "#000000"}], COLOURS),
    ({"classes": [{"name": "background", "color": "#000000"}, {"name": "nucleus", "color": "#FF0000"}]}, COLOURS),
    ({"nucleus": {"color": [255, 0, 0, 255]}, "background": {"color": [0, 0, 0, 255]}}, COLOURS),
    ({"pathClasses": [{"name": "background", "color": -16777216}, {"name": "nucleus", "color": -65536}]}, COLOURS),
    (["background", "nucleus"], ClassTable(("background", "nucleus"))),
]


@pytest.mark.parametrize(("content", "table"), FILES)
def test_json_files_of_the_usual_forms(tmp_path: Path, content: Any, table: ClassTable) -> None:
    path = tmp_path / "classes.json"
    path.write_text(json.dumps(content), encoding="utf8")
    assert class_table(str(path), "--colours") == table


WRONG = {
    "a,,b": "a name is empty",
    "0=,1=b": "a name is empty",
    "a,b,A": "the name a is given twice",
    "0=a,0=b": "the value 0 is given twice",
    "#ff0000=a,#FF0000=b": "the colour #FF0000 is given twice",
    "0=a,b": "'' is not a value",
    "x=a,1=b": "'x' is not a value",
    "#ff0000=a,1=b": "'1' is not a colour",
    "#ff00=a,#000000=b": "'#ff00' is not a colour",
    "0=ignore,1=unlabelled,2=c": "several entries are unlabelled",
    "background,cell,ignore": "the value of ignore pixels is missing",
    "missing.json": "the file cannot be read",
}


@pytest.mark.parametrize("text", WRONG)
def test_wrong_texts_are_refused_with_the_name_of_the_option(text: str) -> None:
    with pytest.raises(ValueError, match=f"--classes .*{WRONG[text]}"):
        class_table(text, "--classes")


@pytest.mark.parametrize(
    "content", ["{", "[]", "{}", "3", "[1, 2]", '[{"color": [0, 0, 0]}]', '{"a": [0, 999, 0]}', '{"a": [1, 2]}']
)
def test_other_files_are_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "classes.json"
    path.write_text(content, encoding="utf8")
    with pytest.raises(ValueError, match=r"--colours .*classes.json: .*(expected names of classes|not JSON)"):
        class_table(str(path), "--colours")
