"""Chinese characters need a font that has them: it is found, or the file is refused in a sentence."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from matplotlib import font_manager

from tests.oracles.described_nets import arch
from unet_tutorial.figures.diagram import Diagram
from unet_tutorial.figures.drawing import fonts
from unet_tutorial.figures.drawing.annotations import Annotations
from unet_tutorial.figures.drawing.fonts import has_chinese, installed_chinese_font


@cache
def chinese() -> Diagram:
    return Diagram(arch("paper"), annotations=Annotations(language="zh"))


def test_only_texts_with_chinese_characters_need_the_font() -> None:
    assert has_chinese(chinese().scene)
    assert not has_chinese(Diagram(arch("paper")).scene)  # which has ×, ² and –
    assert has_chinese(Diagram(arch("paper"), annotations=Annotations(caption="图 1")).scene)


@pytest.mark.parametrize("suffix", [".pdf", ".png", ".tex"])
def test_without_a_font_a_file_is_refused_and_none_is_written(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "CHINESE_FONTS", ())
    with pytest.raises(ValueError, match=r"no font with them is installed; install one, .* or write \.svg"):
        chinese().save(tmp_path / f"figure{suffix}")
    assert list(tmp_path.iterdir()) == []
    chinese().save(tmp_path / "figure.svg")


def test_with_a_font_the_characters_are_in_the_file(tmp_path: Path) -> None:
    try:
        name = installed_chinese_font()
    except ValueError:
        pytest.skip("no font with Chinese characters is installed")
    assert font_manager.findfont(name, fallback_to_default=False)
    pdf = chinese().save(tmp_path / "figure.pdf").read_bytes()
    assert name.replace(" ", "").encode() in pdf
    tex = chinese().save(tmp_path / "figure.tex").read_text()
    assert f"\\setCJKmainfont{{{name}}}\\setCJKsansfont{{{name}}}" in tex


@pytest.mark.parametrize("suffix", [".pdf", ".png", ".tex", ".svg"])
def test_other_texts_do_not_ask_for_it(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "CHINESE_FONTS", ())
    assert Diagram(arch("paper")).save(tmp_path / f"figure{suffix}").exists()
