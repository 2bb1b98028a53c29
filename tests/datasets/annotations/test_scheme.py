"""The scheme of labels, and its way through JSON."""

import json

import pytest

from unet_tutorial.datasets.annotations.scheme import KINDS, LabelScheme


@pytest.mark.parametrize("kind", KINDS)
def test_notes_and_from_notes_are_inverse(kind: str) -> None:
    scheme = LabelScheme(kind, ("background", "a"), (0, 7), ("#000000", "#ff0000"), 255)
    assert LabelScheme.from_notes(json.loads(json.dumps(scheme.notes()))) == scheme
    assert LabelScheme.from_notes(json.loads(json.dumps(LabelScheme().notes()))) == LabelScheme()


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="--labels masks: write one of classes, instances, layers"):
        LabelScheme("masks")


def test_only_layers_overlap() -> None:
    assert [LabelScheme(kind).layered for kind in KINDS] == [False, False, True]
