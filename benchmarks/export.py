"""``python -m benchmarks.export``: every preset as a file of ONNX, torch.export and bioimage.io, against its network.

Each preset is built thin, in every rank that it takes, with random weights and the statistics of its batch norms. Its
``.pt2`` and ``.onnx`` files are read back and run at ten sizes, which are different along each axis: five that pass
and five that do not, through ``any_size``; with padding "valid", ten that pass. The table has the
largest difference of a probability. Each package of bioimage.io is read back by ``bioimageio.core.test_model`` without
a network, with its ONNX and its PyTorch weights, and from the stored pixels its probabilities are compared as well.

Needs the extra "export". ``bioimageio.core`` gets an environment of its own, ``.venv-bioimageio``, on the first run;
``--python`` names another one that has it. The exit code is 1 if a difference is above 10⁻⁵ or a package fails.
"""

from __future__ import annotations

import argparse
import inspect
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.variants import line
from unet_tutorial.jobs.export.bioimageio import SUFFIX, Publication
from unet_tutorial.jobs.export.export import export
from unet_tutorial.jobs.export.graph import activation, silent
from unet_tutorial.jobs.export.model import SizeRule, TrainedNetwork
from unet_tutorial.jobs.export.onnx_file import quiet, run_of
from unet_tutorial.nets.any_size import any_size
from unet_tutorial.nets.contracts import Network
from unet_tutorial.nets.presets import PRESETS, build
from unet_tutorial.packages import package
from unet_tutorial.plan.levels import Size

ROOT = Path(__file__).parents[1]
VENV = ROOT / ".venv-bioimageio"
CHECK = Path(__file__).with_name("bioimageio_check.py")
HEADS = ("preset", "axes", ".pt2", ".onnx", "package, ONNX", "package, PyTorch", "status")
LARGEST = 1e-5  # difference of a probability
WIDTHS = (4, 8, 8)
PASS = ((1, 1, 1), (1, 2, 3), (3, 1, 2), (4, 4, 1), (2, 3, 5))  # steps above the smallest size, along each axis
MORE = ((5, 2, 2), (3, 3, 3), (2, 1, 4), (6, 3, 1), (1, 5, 2))
OFF = ((1, 2, 3), (3, 1, 1), (5, 3, 7), (7, 1, 2), (1, 1, 1))  # pixels above a size that passes
ABOUT = Publication("U-Net of the benchmark", "Random weights.", ("Nobody",), "MIT")


class Run(Network):
    """A function of images under the contract of a network, so that ``any_size`` takes it."""

    def __init__(self, net: Network, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function
        self.levels, self.padding, self.extra_reach = net.levels, net.padding, net.extra_reach
        self.in_channels, self.out_channels = net.in_channels, net.out_channels

    def forward(self, image: Tensor) -> Tensor:
        return self.function(image)


def ranks(preset: str) -> list[dict[str, int]]:
    """The arguments that choose the rank of a preset; one that takes no rank has its own."""
    takes = inspect.signature(PRESETS[preset]).parameters
    return [{"rank": rank} for rank in (1, 2, 3)] if "rank" in takes else [{}]


def thin(preset: str, arguments: dict[str, Any]) -> Network:
    """The network with random weights; batch norms have the statistics of random images."""
    torch.manual_seed(0)
    net = build(preset, **arguments)
    rule = SizeRule.of(net)
    with torch.no_grad():
        for _ in range(3):
            net(torch.randn(4, net.in_channels, *rule.size(*[2] * len(rule.step))))
    return net.eval()


def sizes(net: Network) -> list[Size]:
    """Ten sizes; those of a network with padding "valid" pass."""
    rule = SizeRule.of(net)
    rank = len(rule.step)
    passing = [rule.size(*steps[:rank]) for steps in PASS]
    if net.padding == "valid":
        return passing + [rule.size(*steps[:rank]) for steps in MORE]
    return passing + [
        tuple(n + off % step for n, off, step in zip(size, pixels, rule.step, strict=False))
        for size, pixels in zip(passing, OFF, strict=True)
    ]


def runs(path: Path) -> Callable[..., Tensor]:
    """The function of an exported file."""
    if path.suffix == ".onnx":
        runtime = package("onnxruntime", "export")
        return run_of(runtime.InferenceSession(path, quiet(), providers=["CPUExecutionProvider"]))
    with silent():
        graph = torch.export.load(path).module()
    return lambda image: graph(image)[0]


def difference(model: TrainedNetwork, path: Path) -> float:
    """The largest difference of a probability between the network and its file, over all sizes."""
    net, probabilities = model.net, activation(model)
    wrap: Callable[[Network], nn.Module] = any_size if net.padding == "same" else lambda each: each
    exported, wanted = wrap(Run(net, runs(path))), wrap(net)
    largest = 0.0
    with torch.no_grad():
        for number, size in enumerate(sizes(net)):
            image = torch.randn(1 + number % 3, net.in_channels, *size)
            largest = max(largest, float((exported(image) - probabilities(wanted(image))).abs().max()))
    return largest


def exported(names: list[str], folder: Path) -> Iterator[tuple[str, TrainedNetwork, Path, list[float]]]:
    """Each preset and rank: its name, model, package, and the differences of .pt2 and .onnx."""
    for preset in names:
        for rank in ranks(preset):
            arguments = {"widths": list(WIDTHS), **rank}
            model = TrainedNetwork.of(thin(preset, arguments), preset=preset, arguments=arguments)
            stem = f"{preset}-{model.axes}"
            found = [difference(model, export(model, folder / f"{stem}{suffix}")) for suffix in (".pt2", ".onnx")]
            path = export(model, folder / f"{stem}{SUFFIX}", ABOUT, warn=lambda _: None)
            print(stem, *(f"{value:.1e}" for value in found), file=sys.stderr, flush=True)
            yield preset, model, path, found


def checked(python: Path, paths: list[Path]) -> dict[tuple[str, str], dict[str, Any]]:
    """The results of ``bioimageio_check``, by the name of the package and the kind of weights."""
    command = [str(python), str(CHECK), *(path.name for path in paths)]
    home = {"HOME": str(paths[0].parent)}  # and no variables that would add the project to its path
    with subprocess.Popen(command, cwd=paths[0].parent, stdout=subprocess.PIPE, text=True, env=home) as run:
        found = {}
        for text in run.stdout or ():
            if text.startswith("{"):
                row = json.loads(text)
                found[row["file"], row["weights"]] = row
                print(text.strip(), file=sys.stderr, flush=True)
    if run.returncode:
        sys.exit(f"{python} cannot test packages; the reason is above")
    return found


def environment() -> Path:
    """The Python of ``.venv-bioimageio``, which is made if it is missing."""
    python = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = VENV / "ready"
    if not ready.is_file():
        print(f"creating {VENV.name} for bioimageio.core; this happens once", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
        install = [str(python), "-m", "pip", "install", "-qq", "-r", "requirements-bioimageio.txt"]
        subprocess.run(install, cwd=ROOT, check=True)
        ready.touch()
    return python


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", default=list(PRESETS), help="names of presets; all by default")
    parser.add_argument("--python", type=Path, help="a Python with bioimageio.core")
    options = parser.parse_args()
    python = options.python or environment()
    with TemporaryDirectory() as folder:
        made = list(exported(options.only, Path(folder)))
        results = checked(python, [path for _, _, path, _ in made])
    line(*HEADS)
    line(*["---"] * len(HEADS))
    worst, failed = 0.0, 0
    for preset, model, path, found in made:
        rows = [results[path.name, weights] for weights in ("onnx", "pytorch_state_dict")]
        each = [*found, *(row["difference"] for row in rows)]
        passed = all(row["status"] == "passed" for row in rows)
        line(preset, model.axes, *(f"{value:.1e}" for value in each), "passed" if passed else "failed")
        worst, failed = max(worst, *each), failed + (not passed)
    print(f"\nlargest difference {worst:.1e}; packages that failed: {failed}")
    sys.exit(worst > LARGEST or failed > 0)


if __name__ == "__main__":
    main()
