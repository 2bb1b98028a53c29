"""dataset.json of nnU-Net in both versions, and the files of each case."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unet_tutorial.datasets.layouts.find import find
from unet_tutorial.datasets.layouts.nnunet import description_of, files_by_case, read_json


def describe(folder: Path, **content: object) -> Path:
    (folder / "dataset.json").write_text(json.dumps(content))
    return folder


def test_version_2(tmp_path: Path) -> None:
    labels = {"background": 0, "nucleus": 1, "ignore": 2}
    describe(tmp_path, labels=labels, channel_names={"1": "T2", "0": "T1"}, file_ending=".png")
    assert description_of(tmp_path) == ({0: "background", 1: "nucleus"}, ("T1", "T2"), 2, "")
    for file in ("imagesTr/a_0000.png", "imagesTr/a_0001.png", "labelsTr/a.png"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).touch()
    layout = find(tmp_path)
    assert (layout.names, layout.channels, layout.unlabelled) == ({0: "background", 1: "nucleus"}, ("T1", "T2"), 2)
    assert layout.left_out == ()
    (tmp_path / "imagesTr/a_0002.png").touch()
    with pytest.raises(ValueError, match=r"imagesTr/a: expected .* 0000, 0001, got 0000, 0001, 0002; add"):
        find(tmp_path)


def test_version_1(tmp_path: Path) -> None:
    describe(tmp_path, labels={"0": "background", "1": "liver"}, modality={"0": "CT"})
    assert description_of(tmp_path) == ({0: "background", 1: "liver"}, ("CT",), None, "")


def test_regions_are_not_classes(tmp_path: Path) -> None:
    found = description_of(describe(tmp_path, labels={"background": 0, "tumour": [1, 2], "core": [2]}))
    assert found.names == {0: "background"}
    assert "the regions tumour, core are not learned" in found.remark


@pytest.mark.parametrize("content", [{}, {"labels": ["a"]}, {"name": "x"}])
def test_other_files_say_nothing(tmp_path: Path, content: dict[str, object]) -> None:
    assert description_of(describe(tmp_path, **content)) == ({}, (), None, "")
    assert description_of(tmp_path / "none") == ({}, (), None, "")


def test_cases() -> None:
    files = {name: Path(f"{name}.png") for name in ("b_0001", "a_0000", "a_0001", "b_0000")}
    assert files_by_case(files, 0) == {
        "b": (Path("b_0000.png"), Path("b_0001.png")),
        "a": (Path("a_0000.png"), Path("a_0001.png")),
    }
    with pytest.raises(ValueError, match="expected a file for each channel 0000, 0001, 0002, got 0000, 0001"):
        files_by_case(files, 3)


def test_a_json_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b'\xef\xbb\xbf{"images": []}')
    assert read_json(tmp_path / "a.json") == {"images": []}


def test_a_damaged_json_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("{")
    with pytest.raises(ValueError, match=r"a\.json: this is not a JSON file"):
        read_json(tmp_path / "a.json")
