"""Encoders of timm: families, channels and sizes, pretrained weights, freezing, tiles, and refusals."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.oracles.family import check_network
from tests.oracles.halos import halo_error
from tests.oracles.thin_nets import NORMED, count, perturbed
from unet_tutorial.nets import backbone
from unet_tutorial.nets.any_size import any_size
from unet_tutorial.nets.backbone import TimmEncoder, decayed_groups, downloaded, from_file, timm_library, untrained
from unet_tutorial.nets.merge import Concat
from unet_tutorial.nets.paths import Decoder
from unet_tutorial.nets.resample import transposed
from unet_tutorial.nets.unet import UNet, pointwise_head

ENCODERS = {  # name: strides of the levels
    "resnet18": (1, 2, 4, 8, 16, 32),
    "resnet50": (1, 2, 4, 8, 16, 32),
    "efficientnet_b0": (1, 2, 4, 8, 16, 32),
    "mobilenetv2_035": (1, 2, 4, 8, 16, 32),
    "mobilenetv3_small_050": (1, 2, 4, 8, 16, 32),
    "convnext_atto": (1, 4, 8, 16, 32),
    "swin_tiny_patch4_window7_224": (1, 4, 8, 16, 32),
    "swinv2_tiny_window8_256": (1, 4, 8, 16, 32),
    "vit_tiny_patch16_224": (1, 2, 4, 8, 16, 32),
    "vit_small_patch32_224": (1, 2, 4, 8, 16, 32),
    "regnetx_002": (1, 2, 4, 8, 16, 32),
    "regnety_002": (1, 2, 4, 8, 16, 32),
    "densenet121": (1, 2, 4, 8, 16, 32),
    "vgg11": (1, 2, 4, 8, 16, 32),
    "mambaout_femto": (1, 4, 8, 16, 32),
    "hrnet_w18_small": (1, 2, 4, 8, 16, 32),
}
SIZES = ((33, 33), (64, 64), (97, 65), (100, 100), (300, 300))


@pytest.fixture(name="timm")
def _timm() -> Any:
    return pytest.importorskip("timm", reason="encoders of timm: pip install -r requirements-backbones.txt")


def with_decoder(encoder: TimmEncoder) -> UNet:
    """A thin decoder on the encoder."""
    widths = [4 * (i + 1) for i in range(len(encoder.levels) - 1)]
    decoder = Decoder(encoder.levels, widths, NORMED, transposed, Concat)
    return UNet(encoder, decoder, pointwise_head(decoder, 2))


def fitted(name: str = "test_resnet", in_channels: int = 1, **options: Any) -> UNet:
    return with_decoder(TimmEncoder(name, in_channels, **options))


@pytest.mark.slow
@pytest.mark.parametrize("in_channels", [1, 3])
@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.usefixtures("timm")
def test_sixteen_encoders_take_images_of_any_size(name: str, in_channels: int) -> None:
    net = fitted(name, in_channels).eval()
    with torch.no_grad():
        for size in SIZES:
            assert any_size(net)(torch.randn(1, in_channels, *size)).shape == (1, 2, *size)
        features = net.encoder(torch.randn(1, in_channels, 64, 96))
    strides, channels = ENCODERS[name], net.encoder.out_channels
    expected = [(c, 64 // s, 96 // s) for c, s in zip(channels, strides, strict=True)]
    assert [tuple(x.shape[1:]) for x in features] == expected
    assert channels[0] == (64 if name == "vgg11" else in_channels)


@pytest.mark.parametrize(
    ("name", "channels", "parameters"),
    [("resnet34", (64, 64, 128, 256, 512), 21_284_672), ("resnet50", (64, 256, 512, 1024, 2048), 23_508_032)],
)
@pytest.mark.usefixtures("timm")
def test_the_parameters_of_the_usual_encoders(name: str, channels: tuple[int, ...], parameters: int) -> None:
    with torch.device("meta"):
        encoder = TimmEncoder(name)
        assert (encoder.out_channels, count(encoder)) == ((3, *channels), parameters)
        assert count(TimmEncoder(name, 1)) == parameters - 2 * 64 * 49  # the first convolution has two channels less


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet", "test_convnext", "test_vit", "test_byobnet"])
@pytest.mark.usefixtures("timm")
def test_they_pass_the_checks_of_the_family(name: str) -> None:
    """The figures do not follow pixels through the class token of a plain transformer, so that is no U for them."""
    reason = "no map on the way to its output is coarser" if name == "test_vit" else ""
    check_network(partial(fitted, name), [(64, 64), (64, 32)], odd=(33, 50), reason=reason)


@pytest.mark.usefixtures("timm")
def test_the_maps_are_those_of_timm(timm: Any) -> None:
    """Level 0 is the image; channels come first, also those of a Swin transformer."""
    for name, axes in (("test_resnet", (0, 1, 2, 3)), ("swin_s3_tiny_224", (0, 3, 1, 2))):
        encoder = TimmEncoder(name).eval()
        twin = timm.create_model(name, features_only=True, **({"strict_img_size": False} if axes[1] == 3 else {}))
        twin.load_state_dict(encoder.net.state_dict())
        image = torch.randn(1, 3, 64, 96)
        with torch.no_grad():
            found, expected = encoder(image), twin.eval()(image)
        assert torch.equal(found[0], image)
        assert all(torch.equal(a, b.permute(axes)) for a, b in zip(found[1:], expected, strict=True))


@pytest.mark.usefixtures("timm")
def test_border_pixels_of_unpadded_networks_are_repeated() -> None:
    encoder = TimmEncoder("legacy_xception").eval()
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        raw, fitted_map = encoder.net(image)[0], encoder(image)[1]
    assert raw.shape[2:] == (29, 29)  # two convolutions of 3×3 without padding, the first with stride 2
    expected = np.pad(raw.numpy(), ((0, 0), (0, 0), (1, 2), (1, 2)), mode="edge")
    assert np.array_equal(fitted_map.numpy(), expected)


@pytest.mark.usefixtures("timm")
def test_patches_of_another_size() -> None:
    with pytest.raises(
        ValueError, match=r"eva02_tiny_patch14_224 has one feature map, with patches of 14 .*patch_size=16"
    ):
        TimmEncoder("eva02_tiny_patch14_224")
    encoder = TimmEncoder("eva02_tiny_patch14_224", patch_size=16)
    assert [level.stride for level in encoder.levels] == [(1, 1)] + [(2, 2)] * 5


# pretrained weights


@pytest.fixture(name="file")
def _file(timm: Any, tmp_path: Path) -> Path:
    torch.manual_seed(7)
    path = tmp_path / "model.safetensors"
    save_file(timm.create_model("test_resnet").state_dict(), path)
    return path


def test_weights_from_a_file(file: Path) -> None:
    """The oracle is the file: all weights are in the encoder, without those of the classifier."""
    state = load_file(file)
    found = TimmEncoder("test_resnet", weights=from_file(file)).net.state_dict()
    assert {key for key in state if key not in found} == {"fc.weight", "fc.bias"}
    assert all(torch.equal(state[key], value) for key, value in found.items())


@pytest.mark.parametrize("in_channels", [1, 2, 5])
def test_the_first_convolution_is_converted(file: Path, in_channels: int) -> None:
    """Gray: the sum over the colours, so a gray image gives the same map. Otherwise they are repeated, and scaled."""
    colours = load_file(file)["conv1.0.weight"]
    found = TimmEncoder("test_resnet", in_channels, weights=from_file(file)).net.get_parameter("conv1.0.weight")
    repeated = torch.stack([colours[:, i % 3] * 3 / in_channels for i in range(in_channels)], dim=1)
    expected = colours.sum(dim=1, keepdim=True) if in_channels == 1 else repeated
    assert torch.allclose(found, expected, atol=1e-6)


def test_a_file_with_the_encoders_own_number_of_channels(timm: Any, tmp_path: Path) -> None:
    path = tmp_path / "two.safetensors"
    state = timm.create_model("test_resnet", in_chans=2, num_classes=0).state_dict()
    save_file(state, path)
    found = TimmEncoder("test_resnet", 2, weights=from_file(path)).net.state_dict()
    assert all(torch.equal(state[key], value) for key, value in found.items())
    with pytest.raises(ValueError, match=r"it has another shape for 1 weights, such as 'conv1.0.weight'"):
        TimmEncoder("test_resnet", 1, weights=from_file(path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("layer2.0.conv1.weight"), r"it lacks 1 weights, such as 'layer2.0.conv1.weight'"),
        (lambda state: state.update(more=torch.zeros(1)), r"it also holds 1 weights, such as 'more'"),
        (
            lambda state: state.update({"layer1.0.bn1.weight": torch.zeros(3)}),
            r"it has another shape for 1 weights, such as 'layer1.0.bn1.weight'",
        ),
        (lambda state: state.clear(), r"it lacks \d+ weights"),
    ],
)
def test_a_file_of_another_model_is_refused(file: Path, change: Any, message: str) -> None:
    state = load_file(file)
    change(state)
    save_file(state, file)
    with pytest.raises(ValueError, match=f"is not a file of test_resnet: {message}"):
        TimmEncoder("test_resnet", weights=from_file(file))


def test_a_larger_model_of_the_same_family_is_refused(timm: Any, tmp_path: Path) -> None:
    """A ResNet34 has all weights of a ResNet18, and more."""
    path = tmp_path / "resnet34.safetensors"
    save_file(timm.create_model("resnet34").state_dict(), path)
    with pytest.raises(ValueError, match="not a file of resnet18: it also holds 96 weights"):
        TimmEncoder("resnet18", weights=from_file(path))


@pytest.mark.usefixtures("timm")
def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none.safetensors cannot be read as a safetensors file"):
        TimmEncoder("test_resnet", weights=from_file(tmp_path / "none.safetensors"))
    (tmp_path / "text.safetensors").write_text("no tensors")
    with pytest.raises(ValueError, match=r"text.safetensors cannot be read as a safetensors file"):
        TimmEncoder("test_resnet", weights=from_file(tmp_path / "text.safetensors"))


def test_weights_that_cannot_be_downloaded(timm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: Any, **__: Any) -> None:
        raise FileNotFoundError("no connection")

    monkeypatch.setattr(timm.models._builder, "load_state_dict_from_hf", offline)
    with pytest.raises(ValueError, match=r"weights of resnet18 cannot be downloaded \(no connection\); .*from_file"):
        TimmEncoder("resnet18", weights=downloaded)


def test_weights_that_are_downloaded(timm: Any, monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setattr(timm.models._builder, "load_state_dict_from_hf", lambda *_, **__: load_file(file))
    found = TimmEncoder("test_resnet", weights=downloaded).net.state_dict()
    assert all(torch.equal(load_file(file)[key], value) for key, value in found.items())


# groups and freezing


@pytest.mark.parametrize(("name", "groups"), [("test_resnet", 5), ("test_convnext", 4), ("test_vit", 7)])
@pytest.mark.usefixtures("timm")
def test_every_parameter_is_in_one_group(name: str, groups: int) -> None:
    encoder = TimmEncoder(name)
    found = encoder.depth_groups()
    assert len(found) == groups
    names = [name for group in found for name, value in encoder.named_parameters() if any(value is x for x in group)]
    assert sorted(names) == sorted(name for name, _ in encoder.named_parameters())


@pytest.mark.usefixtures("timm")
def test_the_groups_of_a_resnet_are_its_stages() -> None:
    encoder = TimmEncoder("resnet18")
    names = {id(value): name.split(".")[1] for name, value in encoder.named_parameters()}
    found = [{names[id(value)] for value in group} for group in encoder.depth_groups()]
    assert found == [{"conv1", "bn1"}, {"layer1"}, {"layer2"}, {"layer3"}, {"layer4"}]


@pytest.mark.usefixtures("timm")
def test_frozen_groups_do_not_change_in_training() -> None:
    net = perturbed(fitted("test_resnet"))  # its residual blocks start with a weight of 0, which stops gradients
    encoder = net.encoder
    assert isinstance(encoder, TimmEncoder)
    encoder.freeze(2)
    groups = encoder.depth_groups()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    optimiser = torch.optim.SGD(net.parameters(), lr=1.0)
    net.train()(torch.randn(2, 1, 64, 64)).square().sum().backward()
    optimiser.step()
    same = {key for key, value in net.state_dict().items() if torch.equal(value, before[key])}
    frozen = {id(value) for group in groups[:2] for value in group}
    for name, value in net.named_parameters():
        assert (name in same) == (id(value) in frozen), name
    for name in before:
        if name.endswith("running_mean"):
            assert (name in same) == (name.replace("running_mean", "weight") in same), name
    encoder.freeze(0)
    assert all(value.requires_grad for value in net.parameters())
    assert all(module.training for module in net.modules())
    with pytest.raises(ValueError, match="groups = 6: this encoder has 5 depth groups; pass 0 to 5"):
        encoder.freeze(6)


@pytest.mark.usefixtures("timm")
def test_groups_with_smaller_rates_near_the_image() -> None:
    net = fitted("test_resnet")
    groups = decayed_groups(net, 0.5)
    assert [group["lr_scale"] for group in groups] == [0.5**5, 0.5**4, 0.5**3, 0.5**2, 0.5, 1]
    assert [group["params"] for group in groups[:-1]] == net.encoder.depth_groups()  # type: ignore[operator]
    values = [id(value) for group in groups for value in group["params"]]
    assert sorted(values) == sorted(map(id, net.parameters()))
    net.encoder.freeze(2)  # type: ignore[operator]
    assert [group["lr_scale"] for group in decayed_groups(net, 0.5)] == [0.5**3, 0.5**2, 0.5, 1]
    with pytest.raises(ValueError, match="Linear has no TimmEncoder"):
        decayed_groups(torch.nn.Linear(2, 2))


# tiles


@pytest.mark.usefixtures("timm")
def test_tiles_of_convolutional_encoders_are_exact() -> None:
    net = fitted("regnetx_002")
    assert not net.encoder.sees_whole_image
    assert halo_error(net, 0) < 1e-12
    net.extra_reach = ()  # the margins of the plan alone are too small
    assert halo_error(net, 0) > 1e-10


@pytest.mark.parametrize("name", ["test_efficientnet", "test_vit", "swin_s3_tiny_224"])
@pytest.mark.usefixtures("timm")
def test_encoders_that_depend_on_the_whole_image_say_so(name: str) -> None:
    encoder = TimmEncoder(name)
    assert encoder.sees_whole_image
    assert encoder.extra_reach == ()


# refusals


@pytest.mark.usefixtures("timm")
def test_an_unknown_name() -> None:
    with pytest.raises(ValueError, match=r"timm has no network 'resnet43'; similar names are .*resnet34"):
        TimmEncoder("resnet43")
    with pytest.raises(ValueError, match=r"timm has no network '\?'; timm.list_models\(\) returns all names"):
        TimmEncoder("?")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("beit_base_patch16_224", r"accepts images of one size only \(Input height"),
        ("crossvit_9_240", "have the strides 1, 12, 17, and 17 is not a multiple of 12"),
        ("convmixer_768_32", "has one feature map, with patches of 7 pixels"),
    ],
)
@pytest.mark.usefixtures("timm")
def test_networks_without_the_maps_of_a_u(name: str, message: str) -> None:
    with torch.device("meta"), pytest.raises(ValueError, match=message):
        TimmEncoder(name)


@pytest.mark.usefixtures("timm")
def test_options_that_do_not_exist() -> None:
    with pytest.raises(ValueError, match=r"test_resnet has no feature maps for these options \(TypeError: .*'colour'"):
        TimmEncoder("test_resnet", colour=True)
    with pytest.raises(ValueError, match="in_channels = 0 is not a whole number"):
        TimmEncoder("test_resnet", 0)


@pytest.fixture(name="own_modules")
def _own_modules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder that is searched first, and no module timm or torchvision in memory."""
    kept = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in ("timm", "torchvision")}
    for name in kept:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(backbone, "_DECLARED", [])
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] in ("timm", "torchvision")]:
        del sys.modules[name]


def test_timm_that_is_missing(own_modules: Path) -> None:
    (own_modules / "timm.py").write_text("raise ModuleNotFoundError(\"No module named 'timm'\")")
    with pytest.raises(
        ValueError, match=r"timm, .*, is not installed \(No module named 'timm'\).*requirements-backbones"
    ):
        TimmEncoder("resnet18")


def test_timm_that_is_broken(own_modules: Path) -> None:
    (own_modules / "timm.py").write_text("raise OSError('libcudart.so: cannot open shared object file')")
    with pytest.raises(ValueError, match=r"cannot be imported \(libcudart.so: cannot open.*requirements-backbones"):
        TimmEncoder("resnet18")


MISSING_OPERATORS = """
import torch
torch.library.register_fake("torchvision::nms")(lambda dets, scores, iou_threshold: dets)  # as torchvision does
"""


def test_a_torchvision_of_another_build(own_modules: Path) -> None:
    """Its import fails, because its operators are missing, until they are declared."""
    (own_modules / "torchvision.py").write_text(MISSING_OPERATORS)
    (own_modules / "timm.py").write_text("import torchvision")
    with pytest.raises(RuntimeError, match="torchvision::nms"):
        __import__("timm")
    assert timm_library().torchvision


@pytest.mark.slow
def test_the_core_does_not_import_timm() -> None:
    import subprocess

    code = "import sys; import unet_tutorial.nets.backbone, unet_tutorial.nets.presets; sys.exit('timm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.usefixtures("timm")
@pytest.mark.parametrize(
    ("name", "weights", "words"),
    [
        (None, untrained, "timm has no network None"),
        ("resnet18", "resnet.safetensors", "pass untrained, downloaded or from_file"),
    ],
)
def test_wrong_kinds_of_arguments_are_refused(name: Any, weights: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        TimmEncoder(name, weights=weights)
