"""Random tiles: image, labels and weights stay aligned, and each (seed, step) draws tiles of its own."""

from __future__ import annotations

from itertools import combinations

import pytest
import torch
from torch import Tensor

from tests.oracles.random_samples import matching_sample
from unet_tutorial.learning.augment.augmentation import augmentation
from unet_tutorial.learning.augment.sample import Sample
from unet_tutorial.learning.batches import seed_of, tile_batches, training_tile
from unet_tutorial.learning.train import Batch
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import output_size

LEVELS = pyramid((2, 4))


def batch(seed: int, step: int) -> Batch:
    samples = [matching_sample(0), matching_sample(1)]
    return tile_batches(samples, LEVELS, "valid", tile=(24, 24), seed=seed, augmentation=augmentation(elastic_sd=0.5))(
        step, 2
    )


def labels_of(images: Tensor) -> Tensor:
    """The labels, restored from images whose gray levels were shifted."""
    return (images - images.amin((1, 2, 3), keepdim=True) > 0.5)[:, 0]


@pytest.mark.parametrize("size", [(40, 40), (17, 60), (5, 9)])
def test_labels_and_weights_lie_in_the_middle_of_their_tile(size: tuple[int, int]) -> None:
    draw = tile_batches([matching_sample(4, size)], LEVELS, "valid", tile=(24, 28), seed=0)
    for step in range(5):
        images, labels, weights = draw(step, 3)
        assert images.shape == (3, 1, 24, 28)
        assert labels.shape == (3, *output_size((24, 28), LEVELS, padding="valid"))
        assert torch.equal(center_crop(labels_of(images)[:, None], labels.shape[1:])[:, 0], labels == 1)
        assert torch.equal(weights, 2.0 * labels)


def test_layers_are_drawn_as_classes_are() -> None:
    classes = matching_sample(4)
    layers = Sample(classes.image, torch.stack((classes.labels, -classes.labels)).float(), classes.weights)
    found, wanted = (tile_batches([each], LEVELS, "valid", tile=(24, 28), seed=0)(3, 2) for each in (layers, classes))
    assert torch.equal(found.images, wanted.images)
    assert torch.equal(found.weights, wanted.weights)
    assert found.labels.dtype == torch.float32
    assert torch.equal(found.labels, torch.stack((wanted.labels, -wanted.labels), dim=1).float())  # -1 stays -1


def test_equal_seed_and_step_give_equal_batches() -> None:
    first, again = batch(seed=3, step=5), batch(seed=3, step=5)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_no_two_seeds_or_steps_share_a_batch() -> None:
    drawn = {(seed, step): batch(seed, step).images for seed in range(5) for step in range(5)}
    assert [pair for pair in combinations(drawn, 2) if torch.equal(drawn[pair[0]], drawn[pair[1]])] == []


def test_no_samples_and_sizes_that_are_not_valid_are_refused() -> None:
    with pytest.raises(ValueError, match="no samples"):
        tile_batches([], LEVELS, "valid", tile=(24, 24), seed=0)
    with pytest.raises(ValueError, match="nearest sizes that do are 24 and 26"):
        tile_batches([matching_sample(0)], LEVELS, "valid", tile=(25, 24), seed=0)


def test_training_tiles_have_about_112_times_112_pixels_of_output() -> None:
    assert training_tile(pyramid((1,) * 5), "valid") == (300, 300)
    volume = pyramid((1, 1), rank=3)
    assert output_size(training_tile(volume, "valid"), volume, padding="valid") == (24,) * 3
    assert abs(24**3 / 112**2 - 1) < 0.15


def test_processes_draw_other_tiles_and_rank_0_those_of_one_process() -> None:
    samples, alone = [matching_sample(0), matching_sample(1)], batch(seed=3, step=5)
    changes = augmentation(elastic_sd=0.5)
    images = [
        tile_batches(samples, LEVELS, "valid", tile=(24, 24), seed=3, rank=rank, augmentation=changes)(5, 2).images
        for rank in range(4)
    ]
    assert torch.equal(images[0], alone.images)
    assert not any(torch.equal(*pair) for pair in combinations(images, 2))


def test_seeds_of_a_run_differ_in_the_lowest_32_bits_which_are_all_that_torch_reads() -> None:
    first = [torch.rand(4, generator=torch.Generator().manual_seed(seed)) for seed in (5, 5 + 2**32)]
    assert torch.equal(*first)
    seeds = {seed_of(7, step, rank) % 2**32 for step in (0, 1, 10**6, 2**22 - 1) for rank in (0, 1, 2, 1023)}
    assert len(seeds) == 16
