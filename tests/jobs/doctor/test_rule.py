"""Agreements are correlations, also of displaced maps; each plane is predicted by the rule of the others."""

import numpy as np
import pytest

from unet_tutorial.jobs.doctor.rule import agreements, displaced_agreements, edges, features, local, predictions, wanted

RNG = np.random.default_rng(0)


def maps(count: int = 2, side: int = 12) -> np.ndarray:
    return RNG.normal(size=(count, side, side)).astype(np.float32)


def test_agreement_of_one_map_is_numpys_correlation() -> None:
    first, second = maps(1), maps(1)
    found = agreements([first], [second], [np.ones((12, 12), np.float32)])[0, 0]
    assert found == pytest.approx(np.corrcoef(first.ravel(), second.ravel())[0, 1], abs=1e-5)


def test_unlabelled_pixels_of_a_mask_do_not_count() -> None:
    first, known = maps(), np.ones((12, 12), np.float32)
    known[:4] = 0
    mask = maps()
    other = mask.copy()
    other[:, :4] = 99
    values = [agreements([first], [each], [known])[0, 0] for each in (mask, other)]
    assert values[0] == pytest.approx(values[1], abs=1e-5)


def test_displaced_agreements_are_those_of_rolled_maps() -> None:
    first, second, known = maps(), maps(), np.ones((12, 12), np.float32)
    surface = displaced_agreements(first, second, known, 3)
    for down, right in ((0, 0), (2, -1), (-3, 3)):
        rolled = np.roll(second, (down, right), (1, 2))
        assert surface[3 + down, 3 + right] == pytest.approx(agreements([first], [rolled], [known])[0, 0], abs=1e-5)


def test_a_plane_is_predicted_without_its_own_mask() -> None:
    pixels = [maps(3) for _ in range(2)]
    goals = [each[:1] for each in pixels]
    (_, found) = predictions(pixels, [goals[0], -goals[1]])
    assert np.corrcoef(found.ravel(), goals[1].ravel())[0, 1] > 0.9


def test_features_turn_with_the_image() -> None:
    image = maps(2, 40)
    for function in (features, edges):
        turned = function(np.ascontiguousarray(np.rot90(image, 1, (1, 2))))
        np.testing.assert_allclose(turned, np.rot90(function(image), 1, (1, 2)), atol=1e-4)


def test_even_light_and_constant_maps_are_removed() -> None:
    assert np.abs(local(np.full((1, 50, 50), 3.0, np.float32))).max() < 1e-5
    assert wanted(np.ones((2, 30, 30), np.float32)).shape == (4, 30, 30)
    assert agreements([maps()], [np.ones((2, 12, 12), np.float32)], [np.ones((12, 12), np.float32)])[0, 0] == 0
