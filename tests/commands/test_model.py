"""Networks named on the command line: presets, the user's code and files; refusals are one line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Unet
from tests.oracles.onnx_files import keras_graph
from tests.oracles.user_module import refusal, write_user_module
from tests.paths import ROOT
from unet_tutorial.commands.model import NetworkOptions, builders
from unet_tutorial.figures.arch.ir import ArchIR, from_json

THIN = ("paper", "--widths", "4,8", "--input", 20)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the user's module, as the current one."""
    return write_user_module(tmp_path, monkeypatch)


def made(unet: Unet, path: Path, *words: object) -> ArchIR:
    code, text = unet("diagram", *words, "-o", path)
    assert code == 0, text
    return from_json(path.read_text(encoding="utf8"))


def test_a_file_is_as_good_as_the_network(unet: Unet, tmp_path: Path) -> None:
    made(unet, tmp_path / "u.json", *THIN)
    for words in (THIN, (tmp_path / "u.json",)):
        assert unet("diagram", *words, "-o", tmp_path / "u.svg")[0] == 0
        (tmp_path / "u.svg").rename(tmp_path / f"{len(words)}.svg")
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / f"{len(THIN)}.svg").read_bytes()
    found = [unet("summary", *words, "--format", "csv")[1] for words in (THIN, (tmp_path / "u.json",))]
    assert found[0] == found[1] != ""


@pytest.mark.parametrize("name", ["mine:Net", "mine:instance", "mine:Scaled"])
def test_the_users_code(unet: Unet, own: Path, name: str) -> None:
    """A class, an instance, and one that reads its weights, so that it cannot be built on the meta device."""
    arch = made(unet, own / "u.json", name, "--input", "16x24")
    assert [skip.target for skip in arch.skips] == ["dec0.add1"]
    assert arch.nodes[0].shape == (3, 16, 24)
    code, text = unet("summary", name, "--input", 16, "--format", "json")
    assert code == 0
    found, _ = json.JSONDecoder().raw_decode(text)  # the code's own prints go to stderr
    assert found["totals"]["parameters"] == arch.totals["parameters"]


def test_its_arguments_and_several_inputs(unet: Unet, own: Path) -> None:
    deep = made(unet, own / "deep.json", "mine:Net", "--kwargs", '{"depth": 3, "width": 2}', "--input", 32)
    assert len(deep.skips) == 3
    both = made(unet, own / "both.json", "mine:Net", "--input", 16, "--input", "1x4x16x16")
    assert [node.shape for node in both.inputs] == [(3, 16, 16), (4, 16, 16)]
    assert made(unet, own / "named.json", "mine:Net", "--input", 16, "--input", "other=1x4x16x16") == both


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("mine:Deciding", "--input", 8), 3, "has data-dependent control flow"),
        (("mine:Net", "--input", "1x4x8x8"), 1, "does not accept this example"),
        (("mine:number", "--input", 8), 1, "expected a torch nn.Module or code that returns one, got int"),
        (("mine:broken", "--input", 8), 1, "mine:broken fails: KeyError: 'no such depth'"),
        (("mine:advice", "--input", 8), 1, "fails: ValueError: no such depth" + " at all" * 30 + "; pass depth=2"),
        (("mine:absent", "--input", 8), 1, "AttributeError"),
        (("absent:Net", "--input", 8), 1, "ModuleNotFoundError"),
        (("mine:instance", "--input", 8, "--kwargs", '{"depth": 2}'), 1, "takes no --kwargs"),
        (("mine:Net", "--input", 8, "--kwargs", "depth=2"), 1, "is not JSON"),
        (("mine:Net", "--input", 8, "--kwargs", "[2]"), 1, "expected names with values"),
        (("nothing",), 1, "preset 'nothing' is unknown; the presets are paper"),
        (("paper", "--widths", "8,x"), 1, "expected integers separated by commas"),
        (("absent.json",), 1, "absent.json: No such file"),
        (("mine.py.json",), 1, "No such file"),
        (("other.json", "--input", 8), 1, "leave out --input, --kwargs and --widths"),
    ],
)
@pytest.mark.usefixtures("own")
def test_a_network_is_refused_in_one_line(unet: Unet, words: tuple[object, ...], code: int, said: str) -> None:
    found, line = refusal(unet, "summary", *words)
    assert found == code
    assert re.search(said, line)


def test_a_file_that_is_not_an_architecture_is_named(unet: Unet, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"version": 99}', encoding="utf8")
    (tmp_path / "y.json").write_bytes(b"\xff\xfe")
    for name in ("x.json", "y.json"):
        code, text = unet("diff", tmp_path / name, tmp_path / name)
        assert code == 1
        assert f"{name}: " in text
        assert "Traceback" not in text


def test_a_file_with_missing_maps_is_refused(unet: Unet, tmp_path: Path) -> None:
    made(unet, tmp_path / "u.json", *THIN)
    text = (tmp_path / "u.json").read_text(encoding="utf8")
    raw = json.loads(text)
    (tmp_path / "torn.json").write_text(json.dumps(raw | {"nodes": raw["nodes"][1:]}), encoding="utf8")
    (tmp_path / "empty.json").write_text(json.dumps(raw | {"nodes": [], "path": [], "skips": []}), encoding="utf8")
    for name, said in (("torn", "the map 'enc0.input1', which it refers to, is missing"), ("empty", "it has no maps")):
        code, line = refusal(unet, "summary", tmp_path / f"{name}.json")
        assert (code, f"{name}.json: {said}; write the file again" in line) == (1, True)


@pytest.mark.slow
def test_torch_logs_nothing_about_an_invalid_size(own: Path) -> None:
    command = [sys.executable, "-m", "unet_tutorial", "summary", "mine:Loud", "--input", "9"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=own, env=env, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    said = [line for line in done.stderr.splitlines() if line not in ("", "building")]  # the latter by the network
    assert [line[:40] for line in said] == ["unet: input (1, 3, 9, 9): axis 0 = 9 is "]


def test_an_onnx_file_is_drawn(unet: Unet, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    path = keras_graph(tmp_path / "keras.onnx")
    for more in (("--input", 64), ("--input", "1x64x64x3"), ("--input", "image:0=64")):
        arch = made(unet, tmp_path / "u.json", path, *more)
        assert (arch.inputs[0].shape, arch.totals["parameters"]) == ((3, 64, 64), 3098)
    code, text = unet("summary", path, "--input", 64, "--format", "json")
    assert (code, json.loads(text)["rows"][0]["saved_bytes"]) == (0, None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "height and width are open; give the size of the image, --input 256"),
        (("--input", "64x"), "'64x' is not a shape"),
        (("--input", 64, "--widths", "4,8"), "holds a finished network; leave out --kwargs and --widths"),
        (("--input", 65), r"node 'net/both' \(Concat\) fails on 1×8×65×65, 1×8×66×66"),
        (("--input", "mask=64"), "there is no input 'mask'; its inputs are 'image:0'"),
    ],
)
def test_an_onnx_file_is_refused_in_one_line(unet: Unet, words: tuple[object, ...], said: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    code, line = refusal(unet, "summary", keras_graph(tmp_path / "keras.onnx"), *words)
    assert code == 1
    assert re.search(said, line)
    assert unet("summary", tmp_path / "absent.onnx")[0] == 1


@pytest.mark.parametrize(
    ("preset", "wrong", "right"),
    [
        ("paper", "in_channels=3", "{}"),
        ("paper", "[3]", "{}"),
        ("paper", '{"in_channels": true}', '{{"in_channels": {}}}'),
        ("paper", '{"widths": 16}', '{{"widths": {}}}'),
        ("unet3d", '{"planar": true}', '{{"planar": {}}}'),
        ("unet3d", '{"planar": 0}', '{{"planar": {}}}'),
    ],
)
def test_the_example_in_an_error_about_kwargs_is_accepted(preset: str, wrong: str, right: str) -> None:
    with pytest.raises(ValueError, match=r"(for example|such as)") as error:
        NetworkOptions(preset, kwargs=wrong).model()
    ((quoted, value),) = re.findall(r"(?:for example|such as) (?:'(.*)'|([^,]+|\[.*?\])(?:, or |$))", str(error.value))
    assert NetworkOptions(preset, kwargs=right.format(quoted or value)).model()


GATED = """
from torch import nn

class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)

    def forward(self, x):
        return self.conv(x) * x.mean((2, 3), keepdim=True)
"""


def test_a_network_that_reads_the_whole_image_is_adopted_with_a_line_on_standard_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_user_module(tmp_path, monkeypatch, GATED)
    assert builders("") == {}
    net = builders("mine:Gated")["mine:Gated"]()
    assert (net.in_channels, net.out_channels) == (1, 2)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert re.fullmatch(r"unet: an output pixel of Gated depends on the whole image .*\n", printed.err)
