"""``unet diagram`` writes all formats, notes and alternative text, and refuses what it cannot draw."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import Unet
from tests.oracles.user_module import refusal
from unet_tutorial.figures.arch.graphviz import dot, mermaid
from unet_tutorial.figures.arch.ir import from_json
from unet_tutorial.figures.diagram import FORMATS, draw
from unet_tutorial.figures.drawing.style import STYLES, named_style
from unet_tutorial.nets.presets import PRESETS

THIN = ("paper", "--widths", "4,8", "--input", 20)


def test_every_format_is_written_and_says_so(unet: Unet, tmp_path: Path) -> None:
    paths = [tmp_path / f"u{suffix}" for suffix in FORMATS if suffix != ".pptx" or find_spec("pptx")]
    code, text = unet("diagram", *THIN, *(word for path in paths for word in ("-o", path)))
    assert code == 0, text
    assert text.split() == [str(path) for path in paths]
    assert all(path.stat().st_size > 300 for path in paths)
    arch = from_json((tmp_path / "u.json").read_text(encoding="utf8"))
    assert (tmp_path / "u.dot").read_text(encoding="utf8") == dot(arch)
    assert (tmp_path / "u.mmd").read_text(encoding="utf8") == mermaid(arch)


def test_nothing_is_written_if_one_format_fails(unet: Unet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pptx", None)  # not installed
    code, text = unet("diagram", *THIN, "-o", tmp_path / "u.svg", "-o", tmp_path / "u.pptx", "-o", tmp_path / "u.dot")
    assert code == 1
    assert "python-pptx" in text
    assert list(tmp_path.iterdir()) == []


def test_options_give_the_same_drawing_as_the_library(unet: Unet, tmp_path: Path) -> None:
    assert unet("diagram", *THIN, "-o", tmp_path / "u.json")[0] == 0
    arch = from_json((tmp_path / "u.json").read_text(encoding="utf8"))
    for style in STYLES:
        unet("diagram", tmp_path / "u.json", "--style", style, "--collapse", "block", "-o", tmp_path / "u.svg")
        assert (tmp_path / "u.svg").read_text(encoding="utf8") == draw(arch, style=style, collapse="block").svg()
    unet("diagram", tmp_path / "u.json", "--boxes", "cuboid", "-o", tmp_path / "u.svg")
    assert (tmp_path / "u.svg").read_text(encoding="utf8") == draw(arch, style=named_style(boxes="cuboid")).svg()
    widths = {"160mm": 160 * 72 / 25.4, "16cm": 160 * 72 / 25.4, "6.3in": 6.3 * 72, "455pt": 455}
    for text, points in widths.items():
        unet("diagram", tmp_path / "u.json", "--width", text, "-o", tmp_path / "u.tex")
        assert f"\\pdfpagewidth={points:.2f}".rstrip("0").rstrip(".") in (tmp_path / "u.tex").read_text(encoding="utf8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing to write; pass a file"),
        (("-o", "fig"), "the suffix tells the format; end it in .svg"),
        (("-o", "fig.jpeg"), "the suffix tells the format"),
        (("--alt", "--palette", "pink"), "palette 'pink' is unknown; the names are paper"),
        (("--alt", "--style", "poster"), "style 'poster' is unknown"),
        (("--alt", "--boxes", "round"), "kind of boxes 'round' is unknown; the names are flat, cuboid"),
        (("--alt", "--collapse", "all"), "collapse 'all' is unknown"),
        (("--alt", "--width", "160"), "expected a number with mm, cm, in or pt"),
        (("--alt", "--width", "1mm"), "pass a width of at least 140 points"),
        (("-o", "absent/fig.svg"), "cannot be written"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    unet: Unet, words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, line = refusal(unet, "diagram", *THIN, *words)
    assert (code, said in line) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_alt_prints_the_alternative_text(unet: Unet) -> None:
    code, text = unet("diagram", *THIN, "--alt", "--width", "160mm", "--font-min", 7, "--collapse", "level")
    assert code == 0
    assert "20" in text.split("note:")[0]


def test_names_colours_part_caption_and_language_reach_the_drawing(unet: Unet, tmp_path: Path) -> None:
    out = tmp_path / "mine.svg"
    own = ("--rename", "enc0=stage two", "--highlight", "enc0=gold", "--only", "encoder", "--caption", "Own figure")
    assert unet("diagram", *THIN, *own, "-o", out)[0] == 0
    text = out.read_text(encoding="utf8")
    assert all(part in text for part in ("stage two", "#ffd700", "Own figure"))
    assert "dec0" not in text
    assert unet("diagram", *THIN, "--lang", "zh", "-o", out)[0] == 0
    assert "最大池化" in out.read_text(encoding="utf8")


def test_options_without_effect_on_a_file_are_reported(unet: Unet, tmp_path: Path) -> None:
    files = [word for suffix in (".svg", ".html", ".json") for word in ("-o", tmp_path / f"a{suffix}")]
    given = ("--boxes", "cuboid", "--font-min", 6, "--caption", "Own")
    text = unet("diagram", *THIN, *given, *files)[1]
    assert text.splitlines()[3:] == [
        "note: without effect on .html: --font-min, --boxes",
        "note: without effect on .json: --font-min, --boxes, --caption",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rename", "enc1"), "expected KEY=VALUE"),
        (("--highlight", "=red"), "expected KEY=VALUE"),
        (("--rename", "enc1=a", "--rename", "enc1=b"), "--rename enc1 is given twice"),
        (("--highlight", "enc1=#ff000080"), "is transparent; write #ff7f7f"),
        (("--rename", "enc7=x"), "similar ones are enc"),
        (("--lang", "de"), "the names are en, zh"),
    ],
)
def test_a_wrong_annotation_is_refused_and_nothing_is_written(
    unet: Unet, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    code, text = unet("diagram", *THIN, *words, "-o", tmp_path / "a.svg")
    assert (code, said in text) == (1, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["diagram", "summary"])
def test_the_help_lists_all_presets(unet: Unet, command: str) -> None:
    _, text = unet(command, "--help")
    listed = re.findall(r"[\w+-]+", text.partition("Presets:")[2].partition("Options")[0])
    assert [name for name in PRESETS if name not in listed] == []
