"""Samples: normalised images, and unlabelled pixels that have no class and no share in the weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.oracles.small_volumes import UNLABELLED, put, write_sparse_volumes
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.folder import Pair, paired, read_folder
from unet_tutorial.datasets.images.files import standardise
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.samples import objective, samples
from unet_tutorial.jobs.task import GREY_CELLS, Task
from unet_tutorial.learning.losses.cross_entropy import UNLABELLED as NO_CLASS
from unet_tutorial.learning.losses.weight_maps import weight_map


def test_samples_are_standardised_with_the_weight_map_of_equation_2() -> None:
    cells = np.kron(np.array([[1, 0, 2], [0, 3, 0]]), np.ones((6, 6))).astype(np.int32)
    image = np.random.default_rng(0).integers(0, 256, (12, 18), dtype=np.uint8)
    (sample,) = samples([paired("a", image, cells)], GREY_CELLS, Recipe())
    np.testing.assert_array_equal(sample.image[0], standardise(image))
    np.testing.assert_array_equal(sample.labels, cells > 0)
    np.testing.assert_allclose(sample.weights, weight_map(cells), rtol=1e-6)


def test_unlabelled_voxels_have_no_class_and_no_share_in_the_balance(tmp_path: Path) -> None:
    pair = read_folder(write_sparse_volumes(tmp_path), 3, labels="instances", unlabelled=UNLABELLED)[0]
    (sample,) = samples([pair], GREY_CELLS, Recipe(w0=0.0))
    assert (sample.labels[1::2] == NO_CLASS).all()
    truth = torch.from_numpy(pair.labels[::2]).long()
    assert torch.equal(sample.labels[::2], truth)
    share = truth.float().mean()
    assert torch.allclose(sample.weights[::2], torch.where(truth == 1, 0.5 / share, 0.5 / (1 - share)))


def test_a_cell_labelled_in_every_second_slice_is_one_cell_without_border_weights(tmp_path: Path) -> None:
    mask = np.zeros((8, 20, 20), np.uint16)
    mask[:, 8:12, 8:12] = 255
    dense = read_folder(put(tmp_path / "dense", mask), 3)
    mask[1::2] = UNLABELLED
    sparse = read_folder(put(tmp_path / "sparse", mask), 3, unlabelled=UNLABELLED)
    assert [pair.instances.max() for pair in (*dense, *sparse)] == [1, 1]
    (all_of_it,), (half,) = (samples(pairs, GREY_CELLS, Recipe()) for pairs in (dense, sparse))
    assert half.weights[::2].allclose(all_of_it.weights[::2])


LAYERS = Task(LabelScheme("layers", ("even", "ring")))


def layered_pair(rng: np.random.Generator) -> Pair:
    known = rng.random((6, 7)) > 0.3
    layers = (rng.integers(0, 2, (2, 6, 7)) * known).astype(np.uint8)
    return Pair("x", rng.random((1, 6, 7)), layers, np.zeros((6, 7), np.int32), known)


def test_layers_are_floats_with_a_mark_where_unlabelled_and_equal_weights() -> None:
    pair = layered_pair(np.random.default_rng(0))
    (sample,) = samples([pair], LAYERS, Recipe())
    expected = np.where(pair.known, pair.labels.astype(np.float32), -1)  # (2, 6, 7)
    np.testing.assert_array_equal(sample.labels, expected)
    assert sample.labels.dtype == torch.float32
    assert (sample.weights == 1).all()


def test_the_objective_of_layers_is_the_weighted_cross_entropy_of_the_labelled_pixels() -> None:
    pair = layered_pair(np.random.default_rng(1))
    recipe = Recipe(class_weights="1,4")
    drawn = samples([pair], LAYERS, recipe)
    logits, known = torch.randn(1, 2, 6, 7), torch.from_numpy(pair.known)
    each = F.binary_cross_entropy_with_logits(logits[0], torch.from_numpy(pair.labels).float(), reduction="none")
    even, ring = (layer[known].mean() for layer in each)
    found = objective(recipe, LAYERS, drawn)(logits, drawn[0].labels[None], drawn[0].weights[None])
    torch.testing.assert_close(found, (even + 4 * ring) / 2)


@pytest.mark.parametrize("recipe", [Recipe(w0=5), Recipe(sigma=2)])
def test_border_weights_of_layers_are_refused(recipe: Recipe) -> None:
    with pytest.raises(ValueError, match="layers may overlap and have no border weights"):
        samples([layered_pair(np.random.default_rng(0))], LAYERS, recipe)
