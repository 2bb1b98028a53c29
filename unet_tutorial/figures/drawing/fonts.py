"""Fonts for Chinese characters, which the fonts of all other texts lack."""

from __future__ import annotations

import re
from contextlib import suppress

from matplotlib import font_manager

from unet_tutorial.figures.drawing.scene import WIDE, Scene

CHINESE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", "Hiragino Sans GB",
    "SimHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Droid Sans Fallback",
)  # fmt: skip


def has_chinese(scene: Scene) -> bool:
    """Whether a text of the scene has Chinese characters."""
    texts = [label.text for label in scene.labels] + [line for block in scene.blocks for line in block.lines]
    return any(re.search(WIDE, text) for text in texts)


def installed_chinese_font() -> str:
    """The first of ``CHINESE_FONTS`` that is installed. Raises ValueError if there is none."""
    manager = font_manager.fontManager
    if not _first_installed(manager):  # matplotlib keeps a list, which lacks fonts that were installed later
        known = {font.fname for font in manager.ttflist}
        for path in sorted(set(font_manager.findSystemFonts()) - known):
            with suppress(RuntimeError):  # not a font that matplotlib can read
                manager.addfont(path)
    name = _first_installed(manager)
    if name is None:
        raise ValueError(
            "the drawing has Chinese characters and no font with them is installed; install one, such as "
            "Noto Sans CJK SC, or write .svg, .html, .pptx or .drawio"
        )
    return name


def _first_installed(manager: font_manager.FontManager) -> str | None:
    """The first of ``CHINESE_FONTS`` in matplotlib's list of fonts."""
    names = {font.name for font in manager.ttflist}
    return next((name for name in CHINESE_FONTS if name in names), None)
