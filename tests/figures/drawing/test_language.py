"""Every text of a drawing has a Chinese form; only names such as ReLU stay as they are."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

import pytest
import torch

from tests.oracles import described_nets, hooked_nets
from tests.oracles.attention_blocks import SPELLINGS
from tests.oracles.chains import w_net
from tests.oracles.gate_blocks import GATES
from tests.oracles.headed_nets import HEADED, headed
from tests.oracles.u2net import arch as u2net
from tests.oracles.unet_plus_plus import UNet3Plus, UNetPlusPlus
from unet_tutorial.figures.arch import excitation, nested, path, skips
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.diagram import Diagram
from unet_tutorial.figures.drawing.annotations import Annotations
from unet_tutorial.figures.drawing.language import CHINESE, translation
from unet_tutorial.figures.drawing.layout import drawn_texts
from unet_tutorial.figures.drawing.legend import EXPLAINED
from unet_tutorial.figures.drawing.sketch import COLLAPSE
from unet_tutorial.figures.tracing.trace import trace

pytestmark = pytest.mark.slow

ACTIVATIONS = r"ReLU6?|relu|leaky|PReLU|GELU|SiLU|sigmoid|softmax|tanh"
NAMES = rf"\b({ACTIVATIONS}|SE|scSE|CBAM|Transformer|UNet|U-Net|DeepLab|PSPNet|SPADE)\b"


def traced(make: Callable[[], Any], *shape: int) -> ArchIR:
    return trace(make(), torch.zeros(shape))


# name: the description of a network
DESCRIBED: dict[str, Callable[[], ArchIR]] = {
    **{name: partial(described_nets.arch, name) for name in described_nets.NETS},
    **{f"hooked {name}": partial(hooked_nets.arch, name) for name in hooked_nets.NETS},
    **{name: partial(headed, name) for name in HEADED},
    "w": partial(traced, w_net, 1, 1, 32, 32),
    "UNet++": partial(traced, partial(UNetPlusPlus, (4, 8, 8)), 1, 1, 32, 32),
    "UNet 3+": partial(traced, partial(UNet3Plus, (4, 8, 8, 8, 8)), 1, 1, 32, 32),
    "U²-Net": u2net,
}


def left_in_english(text: str) -> list[str]:
    return re.findall("[A-Za-z]{2,}", re.sub(NAMES, "", text))


@pytest.mark.parametrize("name", DESCRIBED)
def test_all_words_of_a_drawing_are_translated(name: str) -> None:
    arch = DESCRIBED[name]()
    texts = {text for collapse in COLLAPSE for text in drawn_texts(arch, collapse)}
    assert {text: left for text in texts if (left := left_in_english(translation(text, "zh")))} == {}
    scene = Diagram(arch, annotations=Annotations(language="zh")).scene
    texts = {label.text for label in scene.labels} | {line for block in scene.blocks for line in block.lines}
    assert {text for text in texts if left_in_english(text)} == set()


def test_the_names_of_all_blocks_are_translated() -> None:
    names = [name for _, name in (*SPELLINGS.values(), *GATES.values())]
    names += [excitation.CHANNEL, excitation.SPATIAL, excitation.ALONG_AXIS, *EXPLAINED.values()]
    assert {name for name in names if left_in_english(translation(name, "zh"))} == set()


@pytest.mark.parametrize("module", [path, skips, nested])
def test_all_reasons_are_translated(module: ModuleType) -> None:
    found = list(sentences(module))
    assert found
    assert {text for text in found if left_in_english(translation(text, "zh"))} == set()


def sentences(module: ModuleType) -> Iterator[str]:
    """The reasons in the code of a module; 2 stands for the values in them."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "2" for part in parts)
        if re.match(r"(its?|no|an input) ", text) and text.count(" ") > 2:
            yield text


def test_longer_phrases_come_first_and_words_are_whole() -> None:
    assert translation("up-conv 2×2", "zh") == "转置卷积 2×2"
    assert translation("copy and crop (px per side)", "zh") == "复制并裁剪（每侧像素数）"
    assert translation("convex", "zh") == "convex"
    assert translation("conv 3×3", "en") == "conv 3×3"


def test_a_translation_is_not_translated_again() -> None:
    for phrase in CHINESE:
        once = translation(phrase, "zh")
        assert translation(once, "zh") == once
