"""The user's names, colours, selection, caption and language change texts and fills, and no number."""

from __future__ import annotations

import re

import pytest

from tests.oracles.described_nets import arch
from tests.oracles.headed_nets import headed
from tests.oracles.u2net import arch as u2net
from unet_tutorial.figures.diagram import Diagram
from unet_tutorial.figures.drawing.annotations import Annotations
from unet_tutorial.figures.drawing.scene import Scene, text_area
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
    with pytest.raises(ValueError, match="this network has no levels 7-9; it has levels 0 to 4"):
        assert scene(Annotations(part="levels 7-9"))
    with pytest.raises(ValueError, match="has no decoder; it has levels 0 to 1, and neither an encoder nor a decoder"):
        assert scene(Annotations(part="decoder"), "classifier")
    with pytest.raises(ValueError, match=r"'conv 1×1' selects no map, and only maps are coloured; .* lists all ids"):
        Diagram(arch("paper"), annotations=Annotations(colours={"conv 1×1": "red"}))


@pytest.mark.parametrize(
    ("colour", "opaque"), [("#ff000080", "#ff7f7f"), ("none", "#ffffff"), ("#0000ff00", "#ffffff")]
)
def test_a_transparent_colour_is_refused_with_the_one_seen_on_white(colour: str, opaque: str) -> None:
    with pytest.raises(ValueError, match=f"the colour '{colour}' of 'enc0' is transparent; write {opaque}"):
        Annotations(colours={"enc0": colour})


def words(found: Scene) -> dict[str, str]:
    return {label.id.removesuffix(".word"): label.text for label in found.labels if label.id.endswith(".word")}


def test_the_key_that_selects_fewer_boxes_applies() -> None:
    for order in (("enc0", "enc0.conv1"), ("enc0.conv1", "enc0")):
        found = scene(
            Annotations(names={key: key for key in order}, colours=dict(zip(order, ("red", "blue"), strict=True)))
        )
        colours = {box.id: box.colour for box in found.boxes if box.colour}
        inner, outer = dict(zip(order, ("#ff0000", "#0000ff"), strict=True))["enc0.conv1"], colours["enc0.conv2"]
        assert colours["enc0.conv1"] == inner != outer
        assert words(found) | {"enc0.conv1": "enc0.conv1", "enc0.conv2": "enc0"} == words(found)


def test_a_name_of_a_level_leaves_the_words_input_and_output() -> None:
    found = words(scene(Annotations(names={"enc0": "stage 0", "head": "classifier"}), collapse="level"))
    assert found == {"enc0.input1": "input", "enc0.conv2": "stage 0", "head.conv1": "classifier"}


def test_captions_select_boxes_and_can_be_swapped() -> None:
    assert [b.id for b in scene(Annotations(colours={"input": "red"})).boxes if b.colour] == ["enc0.input1"]
    swapped = words(scene(Annotations(names={"input": "output", "output": "input"})))
    assert swapped == {"enc0.input1": "output", "head.conv1": "input"}


def test_the_users_words_are_not_translated() -> None:
    found = words(scene(Annotations(names={"enc0": "max pool", "input": "input"}, language="zh")))
    assert found == {"enc0.input1": "input", "enc0.conv1": "max pool", "head.conv1": "输出"}


def test_texts_of_the_legend_may_be_typed_without_special_characters() -> None:
    assert "3x3 layer" in texts(scene(Annotations(names={"conv 3x3, ReLU": "3x3 layer"})))


def test_parts_of_a_text_are_renamed_in_each_language() -> None:
    text = "max pool 2×2, then 2 × conv 3×3, ReLU"
    for language, expected in {"en": "max pool 2×2, then 2 × Block", "zh": "最大池化 2×2，然后 2 × Block"}.items():
        own = Annotations(names={"conv 3x3, ReLU": "Block"}, language=language)
        assert own.text(text) == expected
        assert Diagram(arch("paper"), THESIS, "level", own).notes == ()
    own = Annotations(names={"self-attention, 2 heads": "MHSA", "embedding of t": "time embedding"})
    found = Diagram(headed("diffusion"), annotations=own).scene
    assert {"2 × MHSA", "MHSA", "time embedding"} <= {line for block in found.blocks for line in block.lines}
    assert "conditioned on the time embedding" in texts(found)


def test_names_have_a_background_where_arrows_may_cross_them() -> None:
    found = scene(Annotations(names={"enc2": "a name that is longer than the boxes"}))
    assert [label.text for label in found.labels if label.backed] == ["a name that is longer than the boxes"]


def test_the_alternative_text_says_that_a_part_is_drawn() -> None:
    ends = {
        "": "parameters.",
        "encoder": "Only its encoder is drawn.",
        "levels 0-2": "Only its levels 0 to 2 are drawn.",
        "levels 2-0": "Only its levels 0 to 2 are drawn.",
        "level 4": "Only its level 4 is drawn.",
    }
    for part, end in ends.items():
        drawing = Diagram(arch("paper"), annotations=Annotations(part=part))
        assert drawing.alt.endswith(end)
        assert end in drawing.svg()


def test_outputs_of_other_levels_are_no_part() -> None:
    drawing = Diagram(u2net(), annotations=Annotations(part="levels 0-2"))
    into = {arrow.id.partition("-")[2].partition("-")[0] for arrow in drawing.scene.arrows}
    outputs = [box.id for box in drawing.scene.boxes if box.id in drawing.arch.outputs]
    assert len(outputs) == 4
    assert set(outputs) <= into


def test_a_colour_of_a_map_without_a_box_is_reported() -> None:
    inner = Diagram(arch("paper"), THESIS, "level", Annotations(colours={"enc1.conv1": "red"}))
    assert inner.notes[-1] == "without effect, because this drawing has no box or text for it: enc1.conv1"
    assert Diagram(arch("paper"), THESIS, "conv", Annotations(colours={"enc1.conv1": "red"})).notes == ()


def test_keys_without_effect_are_reported() -> None:
    names = {"conv 1×1": "layer", "enc0": "a", "enc0.conv1": "b", "enc0.conv2": "c", "enc0.input1": "d"}
    note = "without effect, because this drawing has no box or text for it: "
    assert Diagram(arch("paper"), THESIS, "conv", Annotations(names)).notes == (f"{note}enc0",)
    assert Diagram(arch("paper"), THESIS, "level", Annotations(names)).notes[-1] == f"{note}enc0, enc0.conv1"
    encoder = Annotations({"up-conv 2×2": "doubling"}, part="encoder")
    assert Diagram(arch("paper"), THESIS, annotations=encoder).notes == (f"{note}up-conv 2×2",)
    colours = {"enc0": "red", "enc0.conv1": "blue", "enc0.conv2": "blue", "enc0.input1": "blue"}
    assert Diagram(arch("paper"), THESIS, "conv", Annotations(colours=colours)).notes == (f"{note}enc0",)


def test_a_caption_takes_the_place_of_the_sentence_below_a_grid() -> None:
    plain = Diagram(arch("classifier"))
    own = Diagram(arch("classifier"), annotations=Annotations(caption="A classifier."))
    sentence = "not drawn as a U: its output has no spatial axes, as a classifier's"
    assert sentence in texts(plain.scene)
    assert sentence not in texts(own.scene)
    assert own.notes == (*plain.notes, sentence)
    assert texts(own.scene)[-1] == "A classifier."
    assert own.scene.height <= plain.scene.height + own.scene.font


@pytest.mark.parametrize(
    ("part", "sums"),
    [
        ("", {"plus-bottom3.add1", "plus-dec2.add1"}),
        ("decoder", {"plus-bottom3.add1", "plus-dec2.add1"}),
        ("level 2", {"plus-dec2.add1"}),
        ("levels 0-1", set()),
    ],
)
def test_sums_with_an_attention_are_marked_at_their_own_boxes_in_a_part(part: str, sums: set[str]) -> None:
    found = Diagram(headed("attentive"), annotations=Annotations(part=part)).scene
    marks = {mark.id: mark for mark in found.marks if mark.id != "legend-plus"}
    assert set(marks) == sums
    boxes = {f"plus-{box.id}": box for box in found.boxes}
    assert all(0 < boxes[key].x - mark.x < 2 * found.font for key, mark in marks.items())


@pytest.mark.parametrize("name", ["paper", "classifier"])
@pytest.mark.parametrize("where", ["legend", "caption"])
def test_a_word_that_is_longer_than_the_sheet_makes_the_drawing_wider(name: str, where: str) -> None:
    word = "x" * 120
    own = Annotations(names={"max pool 2x2": word}) if where == "legend" else Annotations(caption=f"a {word}")
    drawing = Diagram(arch(name), THESIS, annotations=own)
    assert drawing.notes[-1].startswith("wider than asked")
    (label,) = [label for label in drawing.scene.labels if word in label.text]
    x, _, width, _ = text_area(label, drawing.scene.font)
    assert 0 <= x < x + width <= drawing.scene.width
