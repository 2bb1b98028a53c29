"""The user's names, colours, selection, caption and language change texts and fills, and no number."""

from __future__ import annotations

import re

import pytest

from tests.oracles.described_nets import arch
from unet_tutorial.figures.diagram import Diagram
from unet_tutorial.figures.drawing.annotations import Annotations
from unet_tutorial.figures.drawing.scene import Scene
from unet_tutorial.figures.drawing.style import THESIS

NUMBERS = re.compile(r"[\d²³×–]+")


def scene(annotations: Annotations, name: str = "paper", collapse: str = "conv") -> Scene:
    return Diagram(arch(name), THESIS, collapse, annotations).scene


def texts(found: Scene) -> list[str]:
    return [label.text for label in found.labels]


def test_a_name_is_written_once_below_the_boxes_it_selects() -> None:
    found = scene(Annotations(names={"enc1": "stage two"}))
    (label,) = [label for label in found.labels if label.text == "stage two"]
    own = [box for box in found.boxes if box.id.startswith("enc1.")]
    assert label.y > max(box.bottom for box in own)
    assert min(box.x for box in own) < label.x < max(box.right for box in own)
    assert set(texts(found)) == {*texts(scene(Annotations())), "stage two"}


def test_captions_and_texts_of_the_legend_are_renamed() -> None:
    plain = texts(scene(Annotations()))
    assert {"input", "conv 1×1"} <= set(plain)
    found = texts(scene(Annotations(names={"input": "slice", "conv 1×1": "classifier"})))
    assert sorted(found) == sorted({"input": "slice", "conv 1×1": "classifier"}.get(text, text) for text in plain)


@pytest.mark.parametrize(("key", "ids"), [("enc0.conv1", {"enc0.conv1"}), ("dec0", {"dec0."}), ("head", {"head."})])
def test_a_colour_fills_the_boxes_it_selects(key: str, ids: set[str]) -> None:
    found = scene(Annotations(colours={key: "orange"}))
    assert {box.id for box in found.boxes if box.colour} == {
        box.id for box in found.boxes if any(box.id.startswith(each) for each in ids)
    }
    assert {box.colour for box in found.boxes} == {"", "#ffa500"}
    drawing = Diagram(arch("paper"), THESIS, annotations=Annotations(colours={key: "orange"}))
    assert "#ffa500" in drawing.svg()


def test_a_module_selects_its_maps() -> None:
    paths = {node.path for node in arch("paper").nodes if node.path}
    prefix = sorted(path.rpartition(".")[0] for path in paths if path.count(".") > 1)[0]
    inside = {node.id for node in arch("paper").nodes if node.path.startswith(f"{prefix}.")}
    found = scene(Annotations(colours={prefix: "#123456"}))
    assert {box.id for box in found.boxes if box.colour} == inside & {box.id for box in found.boxes} != set()


PARTS: dict[str, set[object]] = {
    "encoder": {"enc", "bottom"},
    "decoder": {"bottom", "dec", "head"},
    "levels 0-2": {0, 1, 2},
    "level 4": {4},
}


@pytest.mark.parametrize("part", PARTS)
def test_a_part_keeps_its_boxes_and_their_numbers(part: str) -> None:
    found, whole, index = scene(Annotations(part=part)), scene(Annotations()), arch("paper").index
    expected = {b.id for b in whole.boxes if index[b.id].side in PARTS[part] or index[b.id].level in PARTS[part]}
    assert {box.id for box in found.boxes} == expected
    channels = {label.id: label.text for label in whole.labels if label.id.endswith(".channels")}
    kept = {label.id: label.text for label in found.labels if label.id.endswith(".channels")}
    assert kept == {key: text for key, text in channels.items() if key.removesuffix(".channels") in expected}
    assert not any(arrow.kind == "copy" for arrow in found.arrows) or part == "levels 0-2"


def test_a_caption_is_below_everything_and_inside_the_sheet() -> None:
    plain, found = scene(Annotations()), scene(Annotations(caption="A long caption of many words. " * 8))
    added = [label for label in found.labels if label.id.startswith("caption-")]
    assert " ".join(label.text for label in added).strip() == ("A long caption of many words. " * 8).strip()
    assert all(plain.height - 1 < label.y < found.height for label in added)
    assert len(added) > 1


@pytest.mark.parametrize("name", ["paper", "attention", "planar", "classifier"])
def test_chinese_changes_no_number(name: str) -> None:
    plain, found = texts(scene(Annotations(), name)), texts(scene(Annotations(language="zh"), name))
    assert sorted(NUMBERS.findall(" ".join(plain))) == sorted(NUMBERS.findall(" ".join(found)))
    assert not re.search(r"(input|output|crop|pool|conv)\b", " ".join(found))


def test_what_cannot_be_selected_is_refused_with_similar_keys() -> None:
    with pytest.raises(ValueError, match="'enc9' is neither a map nor a text of this drawing; similar ones are enc"):
        Diagram(arch("paper"), annotations=Annotations(names={"enc9": "x"}))
    with pytest.raises(ValueError, match="part 'left' is unknown; write 'encoder'"):
        Annotations(part="left")
    with pytest.raises(ValueError, match="colour 'mauvee' of 'enc0' is unknown"):
        Annotations(colours={"enc0": "mauvee"})
    with pytest.raises(ValueError, match="language 'xx' is unknown; the names are en, zh"):
        Annotations(language="xx")
    with pytest.raises(ValueError, match="the network has no such part"):
        assert scene(Annotations(part="levels 7-9"))


def test_a_colour_of_a_map_without_a_box_is_reported() -> None:
    inner = Diagram(arch("paper"), THESIS, "level", Annotations(colours={"enc1.conv1": "red"}))
    assert inner.notes[-1] == "not shown, because these maps have no box here: enc1.conv1"
    assert Diagram(arch("paper"), THESIS, "conv", Annotations(colours={"enc1.conv1": "red"})).notes == ()
