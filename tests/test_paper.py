"""Both versions of the paper's network against the numbers of the paper and against each other."""

import pytest
import torch
from torch import nn

from unet_tutorial.nets.contracts import out_channels_of
from unet_tutorial.nets.paths import DecoderStep
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.unet import UNet
from unet_tutorial.paper import PaperUNet

WIDTHS = (64, 128, 256, 512, 1024)
# figure 1, read from left to right: channels and side of every box after a convolution, a pooling or an up-convolution
DOWN = [(64, 570), (64, 568), (64, 284), (128, 282), (128, 280), (128, 140), (256, 138), (256, 136), (256, 68)]
DOWN += [(512, 66), (512, 64), (512, 32), (1024, 30), (1024, 28)]
UP = [(512, 56), (512, 54), (512, 52), (256, 104), (256, 102), (256, 100), (128, 200), (128, 198), (128, 196)]
UP += [(64, 392), (64, 390), (64, 388), (2, 388)]
SKIPS = [(512, 64, 4, 1024, 56), (256, 136, 16, 512, 104), (128, 280, 40, 256, 200), (64, 568, 88, 128, 392)]


@pytest.fixture(scope="module")
def twins() -> tuple[PaperUNet, UNet]:
    """Both versions, with the same weights."""
    paper, net = PaperUNet(), paper_unet()
    net.load_state_dict(dict(zip(net.state_dict(), paper.state_dict().values(), strict=True)))
    return paper, net


@pytest.mark.parametrize("name", ["PaperUNet", "paper_unet"])
def test_parameters_and_convolutions(name: str) -> None:
    with torch.device("meta"):
        net: nn.Module = PaperUNet() if name == "PaperUNet" else paper_unet()
    assert sum(p.numel() for p in net.parameters()) == 31_030_658
    convs = [m for m in net.modules() if isinstance(m, (nn.Conv2d, nn.ConvTranspose2d))]
    kinds = [(type(m).__name__, m.kernel_size) for m in convs]
    assert len(convs) == 23
    assert kinds.count(("Conv2d", (3, 3))) == 18
    assert kinds.count(("ConvTranspose2d", (2, 2))) == 4
    assert kinds.count(("Conv2d", (1, 1))) == 1


@pytest.mark.parametrize(
    ("widths", "parameters"),
    [
        (WIDTHS[:2], 402_690),
        (WIDTHS[:3], 1_861_762),
        (WIDTHS[:4], 7_696_258),
        ((*WIDTHS, 2048), 124_361_090),
        ((32, 64, 128, 256, 512), 7_759_554),
        ((16, 32, 64, 128), 481_762),
    ],
)
def test_parameters_of_other_widths(widths: tuple[int, ...], parameters: int) -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in paper_unet(widths=widths).parameters()) == parameters
        assert sum(p.numel() for p in PaperUNet(1, 1).parameters()) == 31_030_593


def maps_of_figure_1(net: nn.Module) -> list[tuple[int, int]]:
    """Channels and side of every box of figure 1, by hooks on convolutions and poolings."""
    boxes: list[tuple[int, int]] = []
    layers = (nn.Conv2d, nn.ConvTranspose2d, nn.MaxPool2d)
    for module in net.modules():
        if isinstance(module, layers):
            module.register_forward_hook(lambda _m, _x, y: boxes.append((y.shape[1], y.shape[2])))
    net(torch.empty(1, 1, 572, 572, device="meta"))
    return boxes


def test_every_map_of_figure_1() -> None:
    with torch.device("meta"):
        boxes = maps_of_figure_1(paper_unet())
        assert boxes == DOWN + UP
        pooled = [(64, 284), (128, 140), (256, 68), (512, 32)]  # paper.py pools by a function, which has no hook
        assert maps_of_figure_1(PaperUNet()) == [box for box in DOWN + UP if box not in pooled]


@pytest.mark.parametrize("skip", SKIPS)
def test_every_crop_of_figure_1(skip: tuple[int, int, int, int, int]) -> None:
    channels, side, crop, merged_channels, merged_side = skip
    net = paper_unet()
    step = next(s for s in net.decoder.modules() if isinstance(s, DecoderStep) and out_channels_of(s.up) == channels)
    rows = torch.arange(float(side))[:, None].expand(side, side)
    grid = torch.stack((rows, rows.T)).repeat(channels // 2, 1, 1)[None]  # each pixel holds its own coordinates
    up = torch.full((1, channels, merged_side, merged_side), -1.0)
    merged = step.merge(grid, up, up)
    assert merged.shape == (1, merged_channels, merged_side, merged_side)
    assert merged[0, 0, 0, 0] == merged[0, 1, 0, 0] == crop
    assert merged[0, 0, -1, -1] == merged[0, 1, -1, -1] == side - 1 - crop
    assert (merged[:, channels:] == -1).all()  # the skip comes first


@pytest.mark.slow
def test_both_spellings_are_equal_bit_for_bit(twins: tuple[PaperUNet, UNet]) -> None:
    paper, net = twins
    image = torch.randn(1, 1, 188, 188, generator=torch.Generator().manual_seed(1))
    for each in (paper, net):
        torch.manual_seed(2)  # the same dropout
        each.train()(image).square().sum().backward()
    assert torch.equal(paper.eval()(image), net.eval()(image))
    for ours, theirs in zip(net.parameters(), paper.parameters(), strict=True):
        assert ours.grad is not None
        assert theirs.grad is not None
        assert torch.equal(ours.grad, theirs.grad)
        assert ours.grad.any()


def test_initialisation_is_the_printed_one(twins: tuple[PaperUNet, UNet]) -> None:
    for net in (*twins, paper_unet()):
        for module in net.modules():
            if isinstance(module, nn.Conv2d) and module.weight.numel() > 10_000:
                incoming = module.in_channels * module.kernel_size[0] ** 2
                assert module.weight.std().item() == pytest.approx((2 / incoming) ** 0.5, rel=0.02)
            if isinstance(module, nn.ConvTranspose2d):
                assert module.weight.std().item() == pytest.approx((1 / module.in_channels) ** 0.5, rel=0.02)
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                assert module.bias is not None
                assert not module.bias.any()


@pytest.mark.parametrize("side", [570, 172, 512])
def test_a_size_that_does_not_pass_is_refused(twins: tuple[PaperUNet, UNet], side: int) -> None:
    for net in twins:
        with pytest.raises(ValueError, match=f"input \\(1, 1, {side}, 572\\)"):
            net(torch.empty(1, 1, side, 572))


def test_the_refusal_names_the_neighbours(twins: tuple[PaperUNet, UNet]) -> None:
    with pytest.raises(ValueError, match="axis 0 = 570 does not pass 4 poolings") as caught:
        twins[1](torch.empty(1, 1, 570, 572))
    assert str(caught.value).endswith("the nearest sizes that do are 556 and 572 (572 gives 388)")
