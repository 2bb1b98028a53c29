"""The explorer: a page for choosing input size, depth, width and padding of a plain U-Net and seeing its numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from string import Template

from unet_tutorial.figures.arch.from_plan import FLOAT_BYTES, arch_from_plan
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.arch.text import axes_text, common_text, counted, mib, range_text
from unet_tutorial.figures.pages.markup import NONE, asset, document, figure, viewer
from unet_tutorial.plan.levels import Level, Size, pyramid
from unet_tutorial.plan.receptive_field import receptive_field
from unet_tutorial.plan.sizes import Padding, SizeStep, output_size, size_error, size_steps, valid_sizes

RESULTS = {
    "output": "Output size", "margin": "Border lost", "field": "Receptive field", "parameters": "Parameters",
    "weights": "Bytes of parameters", "macs": "Multiply-accumulates (MACs)", "saved": "Saved for the backward pass",
    "peak": "Peak without gradients", "valid": "Valid input sizes",
}  # fmt: skip
MOST = {"size": 4096, "depth": 6, "width": 128, "channels": 64}  # the largest values that the controls accept
TITLE = "The U-Net explorer"
LEAD = (
    "Choose an input size and a plain U-Net. The page shows the size of every feature map, the crops of the skips, the "
    "receptive field of an output pixel, and the cost. For an invalid size it gives the reason."
)


@dataclass(frozen=True)
class Choice:
    """The values of the controls.

    ``size`` is the number of pixels along each of ``rank`` axes, ``depth`` the number of poolings, ``width`` the
    channels of the finest level, which double from level to level; ``ins`` and ``outs`` are the channels of input and
    output.
    """

    size: int = 572
    depth: int = 4
    width: int = 64
    padding: Padding = "valid"
    rank: int = 2
    ins: int = 1
    outs: int = 2

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels of the U-Net."""
        return pyramid([self.width * 2**i for i in range(self.depth + 1)], self.rank)

    @property
    def input(self) -> Size:
        """The input size, per axis."""
        return (self.size,) * self.rank

    def arch(self) -> ArchIR:
        """The network. Raises ValueError if the input size is not valid."""
        return arch_from_plan(self.input, self.levels, self.ins, self.outs, padding=self.padding)


def explorer(choice: Choice = Choice()) -> str:
    """The page, which opens with this choice. Raises ValueError if its input size is not valid."""
    return document(TITLE, LEAD, section(choice))


def section(choice: Choice, heading: str = "h2", *, pictured: bool = True) -> str:
    """The explorer as a part of a page; with ``pictured``, the figure is shown even if scripts are off."""
    arch = choice.arch()
    values = {"size": choice.size, "depth": choice.depth, "width": choice.width, "ins": choice.ins, "outs": choice.outs}
    values |= {f"most_{name}": value for name, value in MOST.items()}
    checked = {"valid": choice.padding == "valid", "same": choice.padding == "same"}
    checked |= {"two": choice.rank == 2, "three": choice.rank == 3}
    return Template(asset("explorer.html")).substitute(
        {name: str(value) for name, value in values.items()} | {name: " checked" * on for name, on in checked.items()},
        heading=heading,
        sentence=verdict(choice),
        results="\n".join(
            f'<div><dt>{RESULTS[name]}</dt><dd data-result="{name}">{text}</dd></div>'
            for name, text in results(choice).items()
        ),
        levels="\n".join(map(_level_html, level_rows(choice))),
        viewer=viewer(arch, figure(arch) if pictured else "", "ex-maps", "Every map of this choice"),
    )


def verdict(choice: Choice) -> str:
    """One sentence: the output size, or why the input size is not valid."""
    reason = size_error(choice.input, choice.levels, padding=choice.padding)
    if reason:
        return reason
    output = output_size(choice.input, choice.levels, padding=choice.padding)[0]
    return f"{choice.size} passes {counted(choice.depth, 'pooling')} and gives {output}"


def results(choice: Choice) -> dict[str, str]:
    """The texts for ``RESULTS``; for an invalid input size, "—" where there is no number."""
    (valid, *_), levels = valid_sizes(choice.levels, padding=choice.padding), choice.levels
    by = "one" if valid.step == 1 else f"{valid.step} px"
    texts = dict.fromkeys(RESULTS, NONE)
    parameters = replace(choice, size=valid.start).arch().totals["parameters"]
    texts |= {"parameters": f"{parameters:,}", "weights": mib(FLOAT_BYTES * parameters)}
    texts["field"] = f"{range_text(receptive_field(levels, padding=choice.padding)[:1])} px per axis"
    texts["valid"] = f"{', '.join(str(valid[i]) for i in range(3))}, … (every {by})"
    if choice.size not in valid:
        return texts
    totals, out = choice.arch().totals, output_size(choice.input, levels, padding=choice.padding)
    texts |= {
        "output": axes_text(out),
        "margin": f"{(choice.size - out[0]) // 2} px per side",
        "macs": f"{totals['macs']:,}",
    }
    return texts | {key: f"{totals[key]:,} B = {mib(totals[key])}" for key in ("saved", "peak")}


def level_rows(choice: Choice) -> list[list[str]]:
    """A row per level: number, channels, encoder sizes, crop of the skip, decoder sizes."""
    steps = size_steps(choice.input, choice.levels, padding=choice.padding)[:-1]
    turn = max((i for i, step in enumerate(steps) if step.op == "down"), default=0) + choice.levels[-1].convs + 1
    rows = []
    for number, level in enumerate(choice.levels):
        down = [step for step in steps[:turn] if step.level == number]
        up = [step for step in steps[turn:] if step.level == number]
        crop = [common_text([f"{n} px{' per side' * (n > 0)}" for n in step.crop]) for step in up if step.op == "crop"]
        sizes = [_sizes_text(down), *(crop or [NONE]), _sizes_text([step for step in up if step.op != "crop"])]
        rows.append([str(number), f"{level.channels:,}", *sizes])
    return rows


def _sizes_text(steps: list[SizeStep]) -> str:
    return " → ".join(str(step.size[0]) for step in steps) or NONE


def _level_html(texts: list[str]) -> str:
    return f'<tr><th scope="row">{texts[0]}</th>{"".join(f"<td>{text}</td>" for text in texts[1:])}</tr>'
