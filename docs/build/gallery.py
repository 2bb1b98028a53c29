"""Generates ``docs/gallery.md`` and its pictures: ``python -m docs.build.gallery``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import nn

from tests.oracles.backbone_unets import BackboneUNet, ResNet50
from tests.oracles.diffusion_unet import DiffusionUNet
from tests.oracles.headed_nets import DeeplySupervised
from tests.oracles.u2net import U2Net
from tests.oracles.unet_plus_plus import UNetPlusPlus
from tests.paths import ROOT
from unet_tutorial.disk import complete_file, make_folder
from unet_tutorial.figures.diagram import Diagram, draw
from unet_tutorial.figures.drawing.annotations import UNCHANGED, Annotations
from unet_tutorial.figures.drawing.style import COLUMN, DARK, PAPER, THESIS, Style, named_style
from unet_tutorial.nets.blocks import ConvUnit, conv_stack
from unet_tutorial.nets.merge import Add
from unet_tutorial.nets.norms import batch_norm
from unet_tutorial.nets.presets import attention_unet, paper_unet, unet3d
from unet_tutorial.nets.resample import StridedConv, resize_conv
from unet_tutorial.nets.systems.caffe_release import released_unet
from unet_tutorial.nets.unet import unet
from unet_tutorial.nets.wrappers import residual
from unet_tutorial.plan.levels import Size, pyramid

DOCS = ROOT / "docs"
HEAD = """# Networks, drawn

Every picture here is drawn from a running network; nothing in it is typed by hand. `figures.draw` runs the network on
empty tensors, records the operations that torch executes, and finds the levels, skips and crops in them. `unet diagram`
does the same from the command line, for presets and for your own code ([how](figures_for_papers.md)). Boxes are feature
maps with their channels above and their size beside them; arrows are operations. `python -m docs.build.gallery` writes
this page, and a test checks that page and pictures are up to date.
"""


@dataclass(frozen=True)
class Entry:
    """A picture: its title, the command or call that draws it, and the network with the shapes of its inputs."""

    name: str
    title: str
    how: str
    build: Callable[[], nn.Module]
    shapes: tuple[Size, ...]
    style: Style = PAPER
    annotations: Annotations = UNCHANGED

    def diagram(self) -> Diagram:
        """The diagram of the network."""
        with torch.device("meta"):
            net = self.build()
        return draw(net, *self.shapes, style=self.style, annotations=self.annotations)


def residual_added() -> nn.Module:
    """Residual blocks, strided convolutions, nearest-neighbour upsampling with a convolution, added skips."""
    block = residual(conv_stack(ConvUnit(norm=batch_norm)))
    return unet(1, 2, pyramid((32, 64, 128, 256)), block=block, down=StridedConv, up=resize_conv("nearest"), merge=Add)


def resnet50_unet() -> nn.Module:
    """The bottleneck encoder of He et al. 2015 and a decoder with nearest-neighbour upsampling."""
    return BackboneUNet(ResNet50(), widths=(16, 32, 64, 128, 256))


PAPER_INPUT = ((1, 1, 572, 572),)
ENTRIES = (
    Entry(
        "paper",
        "The network of the paper, 2015",
        "unet diagram paper --input 572 -o paper.svg",
        paper_unet,
        PAPER_INPUT,
    ),
    Entry(
        "thesis",
        "The same, 160 mm wide, in colours that colour-blind people can tell apart",
        "unet diagram paper --input 572 --style thesis --palette okabe-ito -o thesis.pdf",
        paper_unet,
        PAPER_INPUT,
        style=named_style("thesis", "okabe-ito"),
    ),
    Entry(
        "column",
        "The same in a column of 84 mm",
        "unet diagram paper --input 572 --style column -o column.pdf",
        paper_unet,
        PAPER_INPUT,
        style=COLUMN,
    ),
    Entry(
        "cuboid",
        "The same with cuboids",
        "unet diagram paper --input 572 --style thesis --boxes cuboid -o cuboid.svg",
        paper_unet,
        PAPER_INPUT,
        style=named_style("thesis", boxes="cuboid"),
    ),
    Entry(
        "own",
        "The same with names and colours of your own",
        "unet diagram paper --input 572 --rename enc1='stage 2' --rename 'conv 3×3, ReLU'=ConvBlock "
        "--highlight bottom4=gold --caption 'The bottom is trained first.' -o own.svg",
        paper_unet,
        PAPER_INPUT,
        annotations=Annotations(
            {"enc1": "stage 2", "conv 3×3, ReLU": "ConvBlock"},
            {"bottom4": "gold"},
            caption="The bottom is trained first.",
        ),
    ),
    Entry(
        "encoder",
        "Its encoder alone, in Chinese",
        "unet diagram paper --input 572 --style thesis --only encoder --lang zh -o encoder.svg",
        paper_unet,
        PAPER_INPUT,
        style=THESIS,
        annotations=Annotations(part="encoder", language="zh"),
    ),
    Entry(
        "planar",
        "Anisotropic voxels: two planar levels (kernel 1×3×3)",
        "unet diagram unet3d --kwargs '{\"planar\": [0, 1]}' --input 16x128x128 -o planar.svg",
        partial(unet3d, planar=(0, 1)),
        ((1, 1, 16, 128, 128),),
    ),
    Entry(
        "attention",
        "Gates on the skips",
        "unet diagram attention --input 256 -o attention.svg",
        attention_unet,
        ((1, 1, 256, 256),),
    ),
    Entry(
        "released",
        "The authors' release, with the layers that the paper's figure does not show",
        "unet diagram released --input 572 -o released.svg",
        released_unet,
        PAPER_INPUT,
    ),
    Entry(
        "residual",
        "Residual blocks, strided convolutions, added skips, for a dark slide",
        "draw(net, (1, 1, 128, 128), style='dark')",
        residual_added,
        ((1, 1, 128, 128),),
        style=DARK,
    ),
    Entry(
        "backbone",
        "A ResNet-50 as encoder",
        "draw(net, (1, 3, 256, 256), style='thesis')",
        resnet50_unet,
        ((1, 3, 256, 256),),
        style=THESIS,
    ),
    Entry(
        "diffusion",
        "A diffusion U-Net, called with an image and a time",
        "draw(net, (1, 3, 64, 64), (1,), style='thesis')",
        partial(DiffusionUNet, (32, 64, 128), blocks=1, heads=4),
        ((1, 3, 64, 64), (1,)),
        style=THESIS,
    ),
    Entry(
        "deep",
        "Deep supervision: an output from each level of the decoder",
        "draw(net, (1, 1, 64, 64), style='thesis')",
        DeeplySupervised,
        ((1, 1, 64, 64),),
        style=THESIS,
    ),
    Entry(
        "plus_plus",
        "UNet++",
        "draw(net, (1, 1, 256, 256), style='thesis')",
        UNetPlusPlus,
        ((1, 1, 256, 256),),
        style=THESIS,
    ),
    Entry(
        "u2net",
        "A small U²-Net: a U whose blocks are U's",
        "draw(net, (1, 3, 320, 320), style='thesis')",
        U2Net,
        ((1, 3, 320, 320),),
        style=THESIS,
    ),
)


def page() -> Iterator[tuple[str, str]]:
    """File names below docs/ and their contents."""
    parts = [HEAD]
    for entry in ENTRIES:
        drawn = entry.diagram()
        yield f"pictures/unet_{entry.name}.svg", drawn.svg()
        notes = "".join(f"\n\n{note}" for note in drawn.notes)
        picture = f"![{drawn.alt}](pictures/unet_{entry.name}.svg)"
        parts.append(f"## {entry.title}\n\n```\n{entry.how}\n```\n\n{picture}{notes}\n")
    yield "gallery.md", "\n".join(parts)


def main() -> None:
    """Write the page and the pictures."""
    make_folder(DOCS / "pictures")
    for name, text in page():
        with complete_file(DOCS / name) as part:
            part.write_text(text, encoding="utf8")


if __name__ == "__main__":
    main()
