"""Initialisers against torch's own, against the printed variances, and by their effect on an untrained network."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from unet_tutorial.datasets.generators.synthetic import em_membranes
from unet_tutorial.datasets.images.files import standardise
from unet_tutorial.nets.contracts import Part
from unet_tutorial.nets.init import convolutions, kaiming_, xavier_
from unet_tutorial.nets.nd import CONV, CONV_TRANSPOSE
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.nets.unet import UNet

Initialiser = Callable[[nn.Module], nn.Module]
OURS: dict[str, Initialiser] = {"kaiming": kaiming_, "xavier": xavier_}
TORCHS: dict[str, Callable[[Tensor], Tensor]] = {
    "kaiming": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
    "xavier": nn.init.xavier_normal_,
}
BOTH = pytest.mark.parametrize("name", OURS)


@BOTH
@pytest.mark.parametrize("layer", [*CONV, *CONV_TRANSPOSE])
def test_one_layer_equals_torchs_own_initialiser(name: str, layer: type[nn.Module]) -> None:
    net = layer(6, 4, 3)
    expected = torch.empty_like(net.get_parameter("weight"))
    torch.manual_seed(1)
    TORCHS[name](expected)
    torch.manual_seed(1)
    assert OURS[name](net) is net
    assert torch.equal(net.get_parameter("weight"), expected)
    assert not net.get_parameter("bias").any()


@pytest.mark.parametrize(
    ("initialise", "layer", "std"),
    [
        (kaiming_, nn.Conv2d(64, 128, 3), (2 / 576) ** 0.5),  # "e.g. for a 3x3 convolution and 64 feature channels"
        (kaiming_, nn.ConvTranspose2d(1024, 512, 2, stride=2), (1 / 1024) ** 0.5),
        (xavier_, nn.Conv2d(64, 128, 3), (2 / (9 * 64 + 9 * 128)) ** 0.5),
        (xavier_, nn.Conv1d(64, 64, 5, bias=False), (1 / 320) ** 0.5),
    ],
)
def test_weights_have_the_printed_std_and_mean_0(initialise: Initialiser, layer: nn.Module, std: float) -> None:
    torch.manual_seed(0)
    weight = initialise(layer).get_parameter("weight")
    assert weight.std().item() == pytest.approx(std, rel=0.02)
    assert abs(weight.mean().item()) < 0.03 * std


@BOTH
def test_all_convolutions_are_redrawn_in_place_and_nothing_else(name: str) -> None:
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Sequential(nn.ConvTranspose2d(3, 2, 2)), nn.PReLU())
    before = {key: (value, value.clone()) for key, value in net.named_parameters()}
    with torch.no_grad():
        net.get_parameter("1.bias").fill_(5.0)
    OURS[name](net)
    changed = {key for key, (value, old) in before.items() if not torch.equal(value, old)}
    assert changed == {"0.weight", "0.bias", "1.bias", "2.0.weight", "2.0.bias"}
    assert net.get_parameter("1.bias").tolist() == [5.0] * 3
    assert all(value is before[key][0] for key, value in net.named_parameters())


class Owner(Part):
    """A part that has initialised its convolution to 7, as an attention gate would."""

    own_init = True

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Conv2d(1, 1, 1))
        self.out_channels = 1
        for value in self.parameters():
            nn.init.constant_(value, 7.0)


@BOTH
def test_a_parts_own_initialisation_stays(name: str) -> None:
    net = nn.Sequential(Owner(), nn.Conv2d(1, 1, 1))
    OURS[name](net)
    assert [value.item() for value in net[0].parameters()] == [7.0, 7.0]
    assert net.get_parameter("1.weight").item() != 7.0
    assert [*convolutions(net)] == [net[1]]


@BOTH
def test_a_whole_network_is_drawn_in_the_order_of_its_layers(name: str) -> None:
    net = paper_unet(widths=(4, 8, 16))
    with torch.no_grad():
        for layer in convolutions(net):
            layer.get_parameter("bias").fill_(1.0)
    torch.manual_seed(2)
    expected = [TORCHS[name](torch.empty_like(layer.get_parameter("weight"))) for layer in convolutions(net)]
    torch.manual_seed(2)
    OURS[name](net)
    assert len(expected) == 13
    for layer, weight in zip(convolutions(net), expected, strict=True):
        assert torch.equal(layer.get_parameter("weight"), weight)
        assert not layer.get_parameter("bias").any()


def test_one_seed_gives_both_the_same_weights_up_to_their_scale() -> None:
    drawn = []
    for initialise in (kaiming_, xavier_):
        torch.manual_seed(3)
        drawn.append(initialise(nn.Conv2d(8, 24, 3)).get_parameter("weight"))
    assert torch.allclose(drawn[1] / drawn[0], torch.tensor((8 / 32) ** 0.5))


FIRST_UP = 10  # index of the first up-convolution among the convolutions


def torchs(net: UNet) -> UNet:
    """Reset every convolution to torch's own initialisation."""
    for layer in convolutions(net):
        assert isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d))
        layer.reset_parameters()
    return net


def outputs(start: Callable[[UNet], UNet], *, mute: bool = False) -> list[Tensor]:
    """The output of each convolution for synthetic tissue; with ``mute`` the first up-convolution gives zeros."""
    tissue = torch.from_numpy(standardise(em_membranes(seed=5, size=188).image))[None, None]
    torch.manual_seed(1)
    net, made = start(paper_unet(widths=(16, 32, 64, 128, 256)).eval()), list[Tensor]()
    layers = list(convolutions(net))
    if mute:
        layers[FIRST_UP].register_forward_hook(lambda _m, _x, y: torch.zeros_like(y))
    for layer in layers:
        layer.register_forward_hook(lambda _m, _x, y: made.append(y.clone()))
    with torch.inference_mode():
        net(tissue)
    return made


def test_every_map_of_the_untrained_network_has_about_unit_variance() -> None:
    stds = [float(y.std()) for y in outputs(kaiming_)]
    assert len(stds) == 23
    assert 0.5 < min(stds) < max(stds) < 6  # over eight seeds: 0.7 to 4.5
    assert min(float(y.std()) for y in outputs(torchs)) < 0.03


@pytest.mark.slow
def test_the_coarsest_level_contributes_under_the_papers_initialisation_only() -> None:
    share = {}
    for start in (kaiming_, torchs):
        logits, muted = outputs(start)[-1], outputs(start, mute=True)[-1]
        share[start] = float((muted - logits).std((2, 3)).sum() / logits.std((2, 3)).sum())
    assert share[kaiming_] > 0.1
    assert share[torchs] < 1e-3
