"""The explorer: a page on which the plain U's size, depth, width and padding are chosen, and all its numbers follow."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

from unet_tutorial.figures.arch.from_plan import FLOAT, plan
from unet_tutorial.figures.arch.ir import ArchIR
from unet_tutorial.figures.arch.text import mib, one_or_all, span, times
from unet_tutorial.figures.pages.markup import NONE, asset, document, figure, maps
from unet_tutorial.plan.levels import Level, Size, pyramid
from unet_tutorial.plan.receptive_field import receptive_field
from unet_tutorial.plan.sizes import Padding, SizeStep, fault, output_size, size_steps, valid_sizes

RESULTS = {
    "output": "Output size", "margin": "Border lost", "field": "Receptive field", "parameters": "Parameters",
    "weights": "Bytes of parameters", "macs": "Multiply-accumulates (MACs)", "saved": "Saved for the backward pass",
    "peak": "Peak without gradients", "valid": "Sizes that pass",
}  # fmt: skip
TITLE = "The U-Net explorer"
LEAD = (
    "Choose an input and a plain U-Net, and see every size on its way down and up, what is cropped, what a pixel of "
    "the output sees, and what it costs. A size that does not pass is explained."
)


@dataclass(frozen=True)
class Choice:
    """What the controls say: pixels along each of ``rank`` axes, poolings, channels of the finest level (they double
    from level to level), padding, channels that come in and go out."""

    size: int = 572
    depth: int = 4
    width: int = 64
    padding: Padding = "valid"
    rank: int = 2
    ins: int = 1
    outs: int = 2

    @property
    def levels(self) -> tuple[Level, ...]:
        """The plan."""
        return pyramid([self.width * 2**i for i in range(self.depth + 1)], self.rank)

    @property
    def input(self) -> Size:
        """The input's size, per axis."""
        return (self.size,) * self.rank

    def arch(self) -> ArchIR:
        """The network; ValueError where the size does not pass."""
        return plan(self.input, self.levels, self.ins, self.outs, padding=self.padding)


def explorer(choice: Choice = Choice()) -> str:
    """The page, which opens with this choice; ValueError for a size that does not pass."""
    return document(TITLE, LEAD, section(choice))


def section(choice: Choice, heading: str = "h2", *, pictured: bool = True) -> str:
    """The explorer as a part of a page; ``pictured`` draws its first figure without a script."""
    arch = choice.arch()
    known = {"size": choice.size, "depth": choice.depth, "width": choice.width, "ins": choice.ins, "outs": choice.outs}
    marks = {"valid": choice.padding == "valid", "same": choice.padding == "same"}
    marks |= {"two": choice.rank == 2, "three": choice.rank == 3}
    return Template(asset("explorer.html")).substitute(
        {name: str(value) for name, value in known.items()} | {name: " checked" * on for name, on in marks.items()},
        heading=heading,
        sentence=verdict(choice),
        results="\n".join(
            f'<div><dt>{RESULTS[k]}</dt><dd data-result="{k}">{v}</dd></div>' for k, v in results(choice).items()
        ),
        levels="\n".join(map(_level_row, level_rows(choice))),
        paper=" paper" if pictured else "",
        figure=figure(arch) if pictured else "",
        maps=maps(arch, "Every map of this choice"),
    )


def verdict(choice: Choice) -> str:
    """Why the size does not pass, or what it gives, in one sentence."""
    wrong = fault(choice.input, choice.levels, padding=choice.padding)
    gives = "" if wrong else output_size(choice.input, choice.levels, padding=choice.padding)[0]
    return wrong or f"{choice.size} passes {choice.depth} pooling{'s' * (choice.depth != 1)} and gives {gives}"


def results(choice: Choice) -> dict[str, str]:
    """The texts of ``RESULTS``; "—" for what a size that does not pass leaves open."""
    (valid, *_), levels = valid_sizes(choice.levels, padding=choice.padding), choice.levels
    by = "one" if valid.step == 1 else f"{valid.step} px"
    known = dict.fromkeys(RESULTS, NONE)
    passing = Choice(valid.start, choice.depth, choice.width, choice.padding, choice.rank, choice.ins, choice.outs)
    learnt = passing.arch().totals["parameters"]
    known |= {"parameters": f"{learnt:,}", "weights": mib(FLOAT * learnt)}
    known["field"] = f"{span(receptive_field(levels, padding=choice.padding)[:1])} px per axis"
    known["valid"] = f"{', '.join(str(valid[i]) for i in range(3))}, … (every {by})"
    if choice.size not in valid:
        return known
    totals, out = choice.arch().totals, output_size(choice.input, levels, padding=choice.padding)
    known |= {
        "output": times(out),
        "margin": f"{(choice.size - out[0]) // 2} px per side",
        "macs": f"{totals['macs']:,}",
    }
    return known | {key: f"{totals[key]:,} B = {mib(totals[key])}" for key in ("saved", "peak")}


def level_rows(choice: Choice) -> list[list[str]]:
    """Per level: its number, its channels, the sizes on the way down, what the skip loses, the sizes on the way up."""
    steps = size_steps(choice.input, choice.levels, padding=choice.padding)[:-1]
    turn = max((i for i, step in enumerate(steps) if step.op == "down"), default=0) + choice.levels[-1].convs + 1
    rows = []
    for number, level in enumerate(choice.levels):
        down = [step for step in steps[:turn] if step.level == number]
        up = [step for step in steps[turn:] if step.level == number]
        cut = [one_or_all([f"{n} px{' per side' * (n > 0)}" for n in step.crop]) for step in up if step.op == "crop"]
        sizes = [_sizes(down), *(cut or [NONE]), _sizes([step for step in up if step.op != "crop"])]
        rows.append([str(number), f"{level.channels:,}", *sizes])
    return rows


def _sizes(steps: list[SizeStep]) -> str:
    return " → ".join(str(step.size[0]) for step in steps) or NONE


def _level_row(texts: list[str]) -> str:
    return f'<tr><th scope="row">{texts[0]}</th>{"".join(f"<td>{text}</td>" for text in texts[1:])}</tr>'
