"""``unet diagram`` and ``unet diff``: what they write from presets, somebody's code and files, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Unet
from tests.oracles.user_module import moved_in
from unet_tutorial.figures.arch.graphviz import dot, mermaid
from unet_tutorial.figures.arch.ir import ArchIR, from_json
from unet_tutorial.figures.diagram import FORMATS

THIN = ("paper", "--widths", "4,8", "--input", 20)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with somebody's module."""
    return moved_in(tmp_path, monkeypatch)


def made(unet: Unet, path: Path, *words: object) -> ArchIR:
    code, text = unet("diagram", *words, "-o", path)
    assert code == 0, text
    return from_json(path.read_text(encoding="utf8"))


def test_every_format_is_written_and_says_so(unet: Unet, tmp_path: Path) -> None:
    paths = [tmp_path / f"u{suffix}" for suffix in FORMATS]
    code, text = unet("diagram", *THIN, *(word for path in paths for word in ("-o", path)))
    assert code == 0, text
    assert text.split() == [str(path) for path in paths]
    assert all(path.stat().st_size > 300 for path in paths)
    arch = from_json((tmp_path / "u.json").read_text(encoding="utf8"))
    assert (tmp_path / "u.dot").read_text(encoding="utf8") == dot(arch)
    assert (tmp_path / "u.mmd").read_text(encoding="utf8") == mermaid(arch)


def test_a_file_is_as_good_as_the_network(unet: Unet, tmp_path: Path) -> None:
    made(unet, tmp_path / "u.json", *THIN)
    for way in (THIN, (tmp_path / "u.json",)):
        assert unet("diagram", *way, "-o", tmp_path / "u.svg")[0] == 0
        (tmp_path / "u.svg").rename(tmp_path / f"{len(way)}.svg")
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / f"{len(THIN)}.svg").read_bytes()
    found = [unet("summary", *way, "--format", "csv")[1] for way in (THIN, (tmp_path / "u.json",))]
    assert found[0] == found[1] != ""


@pytest.mark.parametrize("name", ["mine:Net", "mine:instance", "mine:Scaled"])
def test_somebodys_code(unet: Unet, own: Path, name: str) -> None:
    """A class, an instance, and one that reads its weights, so that it cannot be built on the meta device."""
    arch = made(unet, own / "u.json", name, "--input", "16x24")
    assert [skip.target for skip in arch.skips] == ["dec0.add1"]
    assert arch.nodes[0].shape == (3, 16, 24)
    code, text = unet("summary", name, "--input", 16, "--format", "json")
    assert code == 0
    found, _ = json.JSONDecoder().raw_decode(text)  # what the code prints goes to the other stream
    assert found["totals"]["parameters"] == arch.totals["parameters"]


def test_its_arguments_and_several_inputs(unet: Unet, own: Path) -> None:
    deep = made(unet, own / "deep.json", "mine:Net", "--kwargs", '{"depth": 3, "width": 2}', "--input", 32)
    assert len(deep.skips) == 3
    both = made(unet, own / "both.json", "mine:Net", "--input", 16, "--input", "1x4x16x16")
    assert [node.shape for node in both.nodes if node.op == "input"] == [(3, 16, 16), (4, 16, 16)]
    assert made(unet, own / "named.json", "mine:Net", "--input", 16, "--input", "other=1x4x16x16") == both


def test_diff_of_equals_and_of_others(unet: Unet, tmp_path: Path) -> None:
    one, other = tmp_path / "a.json", tmp_path / "b.json"
    made(unet, one, *THIN)
    made(unet, other, "paper", "--widths", "4,6", "--input", 20)
    assert unet("diff", one, one) == (0, "equal\n")
    code, text = unet("diff", one, other)
    assert code == 1
    changed = [line for line in text.splitlines() if line.startswith("*")]
    assert any("bottom1.conv1" in line and "8×6×6 → 6×6×6" in line for line in changed)
    assert not any("enc0" in line for line in text.splitlines() if "→" in line and "parameters" not in line)
    assert any(line.startswith("parameters: ") for line in text.splitlines())
    deeper = tmp_path / "c.json"
    made(unet, deeper, "paper", "--widths", "4,8,8", "--input", 44)
    code, text = unet("diff", one, deeper, "--all")
    assert code == 1
    assert {line[0] for line in text.splitlines() if "conv" in line} >= {"+", "*"}
    assert any("skip0.crop1" in line and " 4 → 16 " in line for line in text.splitlines())
    assert "skips: 1 → 2" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing to write; give a file"),
        (("-o", "fig"), "the suffix tells the format; end it in .svg"),
        (("-o", "fig.jpeg"), "the suffix tells the format"),
        (("--alt", "--palette", "pink"), "palette 'pink' is unknown; the names are paper"),
        (("--alt", "--style", "poster"), "style 'poster' is unknown"),
        (("--alt", "--collapse", "all"), "collapse 'all' is unknown"),
        (("--alt", "--width", "160"), "a number with mm, cm, in or pt is needed"),
        (("--alt", "--width", "1mm"), "widen it"),
        (("-o", "absent/fig.svg"), "cannot be written"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    unet: Unet, words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, text = unet("diagram", *THIN, *words)
    assert (code, said in text, "Traceback" in text) == (1, True, False)
    assert list(tmp_path.iterdir()) == []


def test_alt_names_what_there_is(unet: Unet) -> None:
    code, text = unet("diagram", *THIN, "--alt", "--width", "160mm", "--font-min", 7, "--collapse", "level")
    assert code == 0
    assert "20" in text.split("note:")[0]


def test_a_file_that_is_no_architecture_is_named(unet: Unet, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"version": 99}', encoding="utf8")
    (tmp_path / "y.json").write_bytes(b"\xff\xfe")
    for name in ("x.json", "y.json"):
        code, text = unet("diff", tmp_path / name, tmp_path / name)
        assert code == 1
        assert f"{name}: " in text
        assert "Traceback" not in text
