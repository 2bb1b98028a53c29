"""The paper's network before training: what √(2/N) is for (section 3)."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from unet_tutorial.datasets.files import standardise
from unet_tutorial.datasets.synthetic import em_membranes
from unet_tutorial.nets.init import convolutions, kaiming_
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.unet import UNet

FIRST_UP = 10  # the 11th convolution is the first up-convolution: ten stand before it


def torchs(net: UNet) -> UNet:
    """Every convolution as torch draws it."""
    for layer in convolutions(net):
        assert isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d))
        layer.reset_parameters()
    return net


def heard(start: Callable[[UNet], UNet], *, mute: bool = False) -> list[Tensor]:
    """What each convolution makes of synthetic tissue; with ``mute``, zeros come from the first up-convolution."""
    tissue = torch.from_numpy(standardise(em_membranes(seed=5, size=188).image))[None, None]
    torch.manual_seed(1)
    net, made = start(paper_unet().eval()), list[Tensor]()
    layers = list(convolutions(net))
    if mute:
        layers[FIRST_UP].register_forward_hook(lambda _m, _x, y: torch.zeros_like(y))
    for layer in layers:
        layer.register_forward_hook(lambda _m, _x, y: made.append(y.clone()))
    with torch.inference_mode():
        net(tissue)
    return made


def test_every_map_of_the_untrained_network_has_about_unit_variance() -> None:
    stds = [float(y.std()) for y in heard(kaiming_)]
    assert len(stds) == 23
    assert 1 < min(stds) < max(stds) < 6  # over eight seeds: 1.2 to 5.0
    assert min(float(y.std()) for y in heard(torchs)) < 0.03


@pytest.mark.slow
def test_the_bottom_contributes_under_the_papers_start_and_not_under_torchs() -> None:
    share = {}
    for start in (kaiming_, torchs):
        logits, muted = heard(start)[-1], heard(start, mute=True)[-1]
        share[start] = float((muted - logits).std((2, 3)).sum() / logits.std((2, 3)).sum())
    assert share[kaiming_] > 0.1
    assert share[torchs] < 1e-3
