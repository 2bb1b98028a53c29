"""``unet diff`` marks what has changed, and tells by its exit code whether two networks are equal."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Unet

THIN = ("paper", "--widths", "4,8", "--input", 20)


def written(unet: Unet, path: Path, *words: object) -> None:
    """Write the architecture of a network as JSON."""
    code, text = unet("diagram", *words, "-o", path)
    assert code == 0, text


def test_equal_and_different_networks(unet: Unet, tmp_path: Path) -> None:
    one, other = tmp_path / "a.json", tmp_path / "b.json"
    written(unet, one, *THIN)
    written(unet, other, "paper", "--widths", "4,6", "--input", 20)
    assert unet("diff", one, one) == (0, "equal\n")
    code, text = unet("diff", one, other)
    assert code == 1
    changed = [line for line in text.splitlines() if line.startswith("*")]
    assert any("bottom1.conv1" in line and "8×6×6 → 6×6×6" in line for line in changed)
    assert not any("enc0" in line for line in text.splitlines() if "→" in line and "parameters" not in line)
    assert any(line.startswith("parameters: ") for line in text.splitlines())
    deeper = tmp_path / "c.json"
    written(unet, deeper, "paper", "--widths", "4,8,8", "--input", 44)
    code, text = unet("diff", one, deeper, "--all")
    assert code == 1
    assert {line[0] for line in text.splitlines() if "conv" in line} >= {"+", "*"}
    assert any("skip0.crop1" in line and " 4 → 16 " in line for line in text.splitlines())
    assert "skips: 1 → 2" in text


def test_the_second_network_compared_with_the_first_swaps_the_signs(unet: Unet, tmp_path: Path) -> None:
    one, other = tmp_path / "a.json", tmp_path / "b.json"
    written(unet, one, *THIN)
    written(unet, other, "paper", "--widths", "4,8,8", "--input", 44)
    there, back = (unet("diff", *files)[1].splitlines() for files in ((one, other), (other, one)))
    signs = [sorted(line[0] for line in lines if line[:2] in ("* ", "+ ", "- ")) for lines in (there, back)]
    assert {"*", "+"} <= set(signs[0])
    assert [{"+": "-", "-": "+"}.get(sign, sign) for sign in signs[0]].count("-") == signs[1].count("-") > 0
    totals = [line.partition(": ")[2].split(" → ") for line in there if line.startswith("parameters: ")]
    assert [line.partition(": ")[2].split(" → ")[::-1] for line in back if line.startswith("parameters: ")] == totals
