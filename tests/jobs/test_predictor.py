"""Predictions of a checkpoint against the network applied by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.oracles.thin_nets import with_variance_below_0
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.images.files import standardise
from unet_tutorial.datasets.images.image import Image
from unet_tutorial.datasets.images.normalisation import Normaliser
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.task import Task
from unet_tutorial.learning.checkpoints import load, save, save_weights
from unet_tutorial.learning.train import adam
from unet_tutorial.nets.any_size import any_size
from unet_tutorial.nets.presets import build, padded_unet
from unet_tutorial.nets.systems.milletari2016 import vnet
from unet_tutorial.nets.unet import UNet

IMAGE = np.random.default_rng(0).integers(0, 256, (40, 52), dtype=np.uint8)


@pytest.fixture
def net() -> UNet:
    torch.manual_seed(0)
    net = padded_unet(widths=(4, 8)).eval()
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.05 * torch.randn(weight.shape))
    return net


def by_hand(net: UNet, image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The softmax of the whole image at once, in evaluation mode."""
    scaled = torch.from_numpy((image - image.mean()) / image.std()).float()
    with torch.no_grad():
        logits = net.eval()(scaled[None, None])[0]
    return np.asarray((logits[1].exp() / logits.exp().sum(0)).numpy())


def test_the_probability_is_the_softmax_of_the_standardised_image(net: UNet) -> None:
    probability = Predictor(net)(IMAGE[None])[1]
    assert probability.dtype == np.float32
    inner = slice(10, -10)  # pixels that do not see the padding of either
    np.testing.assert_allclose(probability[inner, inner], by_hand(net, IMAGE)[inner, inner], atol=1e-5)
    assert 0.05 < np.ptp(probability[inner, inner]) < 0.9


def test_8_views_are_the_mean_over_flips_and_quarter_turns(net: UNet) -> None:
    single = Predictor(net)
    views = []
    for turns in range(4):
        for flipped in (False, True):
            image = np.rot90(IMAGE, turns)
            seen = single(np.ascontiguousarray(image[:, ::-1] if flipped else image)[None])[1]
            views.append(np.rot90(seen[:, ::-1] if flipped else seen, -turns))
    np.testing.assert_allclose(Predictor(net, views=8)(IMAGE[None])[1], np.mean(views, axis=0), atol=1e-6)
    assert np.std(views, axis=0).max() > 0.01


def test_a_stack_is_predicted_slice_by_slice(net: UNet) -> None:
    stack = np.stack([IMAGE, IMAGE[::-1], IMAGE // 2])
    planes = [Predictor(net)(plane[None]) for plane in stack]
    np.testing.assert_array_equal(Predictor(net)(stack[None]), np.stack(planes, axis=1))


@pytest.mark.parametrize("shape", [(1, 24), (1, 2, 2, 16, 24)])
def test_other_numbers_of_axes_are_refused(net: UNet, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=f"expected 2 spatial axes for this network, got {len(shape) - 1}; give"):
        Predictor(net)(np.zeros(shape))


def test_a_slice_is_no_volume() -> None:
    volumes = build("unet3d", widths=(2, 4))
    with pytest.raises(ValueError, match="expected 3 spatial axes for this network, got 2; give a stack"):
        Predictor(volumes)(IMAGE[None])


CELL = np.array([0.0, 0.25, 0.26, 0.51, 1.0])  # probability of class 1
THREE = np.array([[0.5, 0.2, 0.3], [0.3, 0.3, 0.3], [0.2, 0.5, 0.4]])  # of three classes in three pixels


@pytest.mark.parametrize(
    ("scheme", "thresholds", "probabilities", "labels"),
    [
        (LabelScheme(), (0.25,), np.stack((1 - CELL, CELL)), [0, 0, 1, 1, 1]),
        (LabelScheme(), (), np.stack((1 - CELL, CELL)), [0, 0, 0, 1, 1]),
        (LabelScheme("classes", ("a", "b", "c"), (0, 1, 2)), (), THREE, [0, 2, 2]),
        (LabelScheme("layers", ("a", "b", "c")), (), THREE, [[0, 0, 0], [0, 0, 0], [0, 0, 0]]),
        (LabelScheme("layers", ("a", "b", "c")), (0.4, 0.2, 0.4), THREE, [[1, 0, 0], [1, 1, 1], [0, 1, 0]]),
        # outputs beyond the classes of the task
        (LabelScheme("layers", ("a", "b")), (0.4, 0.2), THREE, [[1, 0, 0], [1, 1, 1]]),
        (LabelScheme("layers", ("a", "b")), (), THREE + 0.1, [[1, 0, 0], [0, 0, 0]]),
        (LabelScheme("classes", ("a", "b", "c"), (0, 1, 2)), (), np.concatenate((THREE, [[1, 1, 1]])), [0, 2, 2]),
    ],
)
def test_labels_by_threshold_or_by_the_most_probable_class(
    scheme: LabelScheme, thresholds: tuple[float, ...], probabilities: NDArray[np.float64], labels: list[object]
) -> None:
    found = Predictor(padded_unet(widths=(2, 4)), Task(scheme), thresholds).labels(probabilities)
    assert found.dtype == np.uint8
    assert found.tolist() == labels


def test_layers_have_a_sigmoid_each(net: UNet) -> None:
    image = torch.from_numpy(standardise(IMAGE))[None]
    layers = Predictor(net, Task(LabelScheme("layers", ("a", "b"))))
    np.testing.assert_allclose(layers(IMAGE[None]), layers.logits(image).sigmoid(), atol=1e-6)


def test_other_channels_are_refused(net: UNet) -> None:
    with pytest.raises(ValueError, match="has 3 channels, and the network was trained on 1 \\(grey\\); give an image"):
        Predictor(net)(np.zeros((3, 16, 24)))


@pytest.mark.parametrize(("options", "message"), [({"views": 4}, "views 4: write 1, or 8"), ({"tile": (17, 17)}, "17")])
def test_bad_options_are_refused_at_construction(net: UNet, options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Predictor(net, **options)  # type: ignore[arg-type]


def test_a_file_gives_the_weights_and_the_threshold_of_its_views(net: UNet, tmp_path: Path) -> None:
    notes = {"cuts": {"1": 0.3, "8": 0.6}}
    save(tmp_path / "a", adam(net), preset="padded", arguments={"widths": [4, 8]}, notes=notes)
    one, eight = (Predictor.from_file(tmp_path / "a", tile="24,32", batch=3, views=views) for views in (1, 8))
    assert (one.thresholds, eight.thresholds) == ((0.3,), (0.6,))
    assert (one.tile, one.batch) == ((24, 32), 3)
    np.testing.assert_allclose(one(IMAGE[None]), Predictor(net)(IMAGE[None]), atol=1e-5)
    save(tmp_path / "a", adam(net), preset="padded", arguments={"widths": [4, 8]}, notes={})
    assert Predictor.from_file(tmp_path / "a").thresholds == ()
    assert Predictor.from_file(tmp_path / "a").tile is None
    assert load(tmp_path / "a").notes == {}


def test_values_and_pixel_sizes_far_from_those_of_the_training_are_reported(net: UNet) -> None:
    rng = np.random.default_rng(0)
    images = [rng.normal(100, 10, (1, 30, 30)) for _ in range(3)]
    task = Task(normaliser=Normaliser.of(images), spacing=(0.5, 0.2))
    predictor = Predictor(net, task)
    assert predictor.warnings(Image(images[0], spacing=(2.0, 0.52, 0.2))) == []
    assert predictor.warnings(Image(images[0])) == []
    (value,) = predictor.warnings(Image(images[0] + 100))
    assert value.startswith("grey: its mean is 199.8, in training it was 99.5")
    (size,) = predictor.warnings(Image(images[0], spacing=(0.5, 0.25)))
    assert (
        size == "its pixels are 0.5 × 0.25 µm, in training 0.5 × 0.2 µm; resample it to the pixel size of the training"
    )


def test_a_pixel_of_a_stack_that_is_no_number_is_named_with_its_slice(net: UNet) -> None:
    stack = np.zeros((1, 3, 24, 24))
    stack[0, 2, 5, 5] = np.nan
    with pytest.raises(ValueError, match="the image, slice 02: 1 of 576 pixels are NaN"):
        Predictor(net)(stack)


def test_an_image_smaller_than_the_receptive_field_is_predicted_in_one_pass() -> None:
    """V-Net reads 284 voxels on each side: an exact tile would have 592³ voxels."""
    net = vnet(widths=(1, 1, 1, 1, 1)).eval()
    image = np.random.default_rng(0).normal(size=(16, 32, 20)).astype(np.float32)
    with pytest.warns(UserWarning, match=r"reads up to \d+ pixels on each side, .* it is predicted in one pass"):
        found = Predictor(net)(image[None])[1]
    with torch.no_grad():
        expected = any_size(net)(torch.from_numpy(standardise(image))[None, None]).softmax(1)[0, 1]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_an_image_for_which_one_pass_is_too_large_is_refused() -> None:
    with torch.device("meta"):
        net = vnet()
    with pytest.raises(ValueError, match=r"need .* GiB; give a smaller image, or train a network with fewer levels"):
        Predictor(net)(np.broadcast_to(np.float32(0), (1, 256, 512, 512)))


@pytest.mark.parametrize(
    ("notes", "words"),
    [
        ({"cuts": 5}, "the thresholds in the checkpoint are damaged"),
        ({"cuts": {"1": "x"}}, "the thresholds in the checkpoint are damaged"),
        ({"cuts": {"1": None}}, "the thresholds in the checkpoint are damaged"),
        ({"task": Task(channels=("red", "green", "blue")).notes()}, "its network has 1 input channels and 2 classes"),
        ({"task": Task(LabelScheme("classes", ("a", "b", "c"))).notes()}, "and the classes a, b, c; use another"),
        ({"task": Task(LabelScheme("classes", ("a",))).notes()}, "and the classes a; use another"),
        ({"task": {**Task().notes(), "spacing": ["x"]}}, "the task in the checkpoint is damaged"),
    ],
)
def test_notes_that_do_not_fit_the_network_are_refused(
    net: UNet, tmp_path: Path, notes: dict[str, object], words: str
) -> None:
    arguments = {"in_channels": 1, "out_channels": 2, "widths": [4, 8]}
    save_weights(tmp_path / "net.safetensors", net, preset="padded", arguments=arguments, notes=notes)
    with pytest.raises(ValueError, match=f"net.safetensors: .*{words}"):
        Predictor.from_file(tmp_path / "net.safetensors")


def test_each_way_to_predict_refuses_probabilities_of_nan() -> None:
    """A batch norm with a variance below 0 gives NaN in all pixels, and NaN is above no threshold."""
    net = with_variance_below_0()
    sentence = f"the probabilities of {IMAGE.size} of {IMAGE.size} pixels are NaN; if they are in other images too"
    for predictor in (Predictor(net), Predictor(net, views=8), Predictor(net, tile=(52, 52))):
        with pytest.raises(ValueError, match=f"^{sentence}"):
            predictor(IMAGE[None])
        with pytest.raises(ValueError, match=f"^slice 00: {sentence}"):
            predictor(IMAGE[None, None])
    with pytest.raises(ValueError, match=f"^{sentence}"):
        Predictor(net).by_views(IMAGE[None])


def test_the_pixels_whose_probabilities_are_nan_are_counted(net: UNet) -> None:
    logits = torch.zeros(2, 3, 4)
    logits[1, 2, :2], logits[:, 0, 0], logits[0, 1, 1] = torch.nan, torch.nan, -torch.inf
    for scheme in (LabelScheme(), LabelScheme("layers", ("a", "b"))):
        predictor = Predictor(net, Task(scheme))
        with pytest.raises(ValueError, match=r"^the probabilities of 3 of 12 pixels are NaN"):
            predictor.probabilities(logits)
        assert predictor.probabilities(logits[:, 1, 2:]).tolist() == [[0.5, 0.5], [0.5, 0.5]]
