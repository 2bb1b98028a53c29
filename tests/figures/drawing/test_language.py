"""Every text of a drawing has a Chinese form; only names such as ReLU stay as they are."""

from __future__ import annotations

import re

import pytest

from tests.oracles.described_nets import NETS, arch
from unet_tutorial.figures.drawing.language import CHINESE, translation
from unet_tutorial.figures.drawing.layout import drawn_texts
from unet_tutorial.figures.drawing.sketch import COLLAPSE

NAMES = r"\b(ReLU|relu|leaky|PReLU|GELU|SiLU|SE|scSE|CBAM|sigmoid|softmax|tanh|Transformer|X|UNet)\b"


@pytest.mark.parametrize("name", NETS)
def test_all_words_of_a_drawing_are_translated(name: str) -> None:
    for collapse in COLLAPSE:
        for text in drawn_texts(arch(name), collapse):
            left = re.sub(NAMES, "", translation(text, "zh"))
            assert not re.search(r"[A-Za-z]{2,}", left), text


def test_longer_phrases_come_first_and_words_are_whole() -> None:
    assert translation("up-conv 2×2", "zh") == "转置卷积 2×2"
    assert translation("copy and crop (px per side)", "zh") == "复制并裁剪（每侧像素数）"
    assert translation("convex", "zh") == "convex"
    assert translation("conv 3×3", "en") == "conv 3×3"


def test_a_translation_is_not_translated_again() -> None:
    for phrase in CHINESE:
        once = translation(phrase, "zh")
        assert translation(once, "zh") == once
