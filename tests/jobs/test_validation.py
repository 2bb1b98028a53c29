"""Validation: the loss of the library, the IoU by hand, and a network that is left as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.oracles.thin_nets import with_variance_below_0
from unet_tutorial.datasets.annotations.scheme import LabelScheme
from unet_tutorial.datasets.folder import Pair
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.samples import objective, samples
from unet_tutorial.jobs.task import Task
from unet_tutorial.jobs.validation import class_counts, class_scores, mean_iou, validator
from unet_tutorial.learning.losses.cross_entropy import sparse_cross_entropy
from unet_tutorial.learning.train import adam
from unet_tutorial.metrics.confusion import iou_per_class
from unet_tutorial.metrics.pixels import iou
from unet_tutorial.nets.presets import build

RNG = np.random.default_rng(0)
CLASSES = Task(LabelScheme("classes", ("a", "b", "c"), (0, 1, 2)))
LAYERS = Task(LabelScheme("layers", ("a", "b", "c")))


def pair(task: Task) -> Pair:
    labels = RNG.integers(0, 2, (3, 24, 28)) if task is LAYERS else RNG.integers(0, 3, (24, 28))
    known = RNG.random((24, 28)) > 0.2
    return Pair("x", RNG.random((1, 24, 28)), (labels * known).astype(np.uint8), np.zeros((24, 28), np.int32), known)


@pytest.mark.parametrize("task", [CLASSES, LAYERS])
def test_the_score_is_the_mean_iou_of_the_labelled_pixels_of_all_images(task: Task) -> None:
    torch.manual_seed(0)
    recipe, pairs = Recipe(preset="padded", class_weights="none"), [pair(task), pair(task)]
    training = adam(build("padded", in_channels=1, out_channels=3, widths=(4, 8)))
    loss = objective(recipe, task, samples(pairs, task, recipe))
    found = validator(pairs, task, recipe, loss)(training)
    predictor = Predictor(training.net, task)
    truth, predicted = [], []
    for each in pairs:
        labels = predictor.labels(predictor(each.image))
        truth.append(each.labels[..., each.known])
        predicted.append(labels[..., each.known])
    true, guess = np.concatenate(truth, axis=-1), np.concatenate(predicted, axis=-1)
    each_class = (
        [iou(guess[k], true[k], label=1) for k in range(3)]
        if task is LAYERS
        else [iou(guess, true, label=k) for k in range(3)]
    )
    assert found.score == pytest.approx(np.mean(each_class))
    assert found.step == 0
    counts = np.sum([class_counts(p, predictor.labels(predictor(p.image)), task) for p in pairs], axis=0)
    assert class_scores(iou_per_class, counts, task) == pytest.approx(each_class)
    assert mean_iou(counts, task) == pytest.approx(np.mean(each_class))


def test_the_loss_is_that_of_training_and_the_random_state_is_not_touched() -> None:
    recipe, pairs = Recipe(w0=0.0), [pair(CLASSES), pair(CLASSES)]
    training = adam(build("paper", in_channels=1, out_channels=3, widths=(4, 8)))  # with dropout
    training.net.train()
    drawn = samples(pairs, CLASSES, recipe)
    before = torch.get_rng_state()
    found = validator(pairs, CLASSES, recipe, objective(recipe, CLASSES, drawn))(training)
    assert torch.equal(torch.get_rng_state(), before)
    assert training.net.training
    logits = [Predictor(training.net, CLASSES).logits(each.image) for each in drawn]
    losses = [
        float(sparse_cross_entropy(each[None], one.labels[None], one.weights[None]))
        for each, one in zip(logits, drawn, strict=True)
    ]
    assert found.loss == pytest.approx(np.mean(losses))


@pytest.mark.parametrize(
    ("task", "loss", "words"),
    [
        (CLASSES, "binary_cross_entropy", "is for layers"),
        (LAYERS, "lovas", "is not the name of a loss"),
        (CLASSES, "dice+", "is not the name of a loss"),
    ],
)
def test_a_loss_that_does_not_suit_the_labels_is_refused(task: Task, loss: str, words: str) -> None:
    recipe = replace(Recipe(), loss=loss)
    with pytest.raises(ValueError, match=words):
        objective(recipe, task, samples([pair(task)], task, recipe))


def test_a_validation_whose_probabilities_are_nan_ends_with_the_image() -> None:
    task, recipe = Task(), Recipe()
    labels = np.zeros((24, 28), np.uint8)
    pairs = [Pair("x", RNG.random((1, 24, 28)), labels, labels.astype(np.int32), labels == 0)]
    validate = validator(pairs, task, recipe, objective(recipe, task, samples(pairs, task, recipe)))
    with pytest.raises(ValueError, match=r"^image x: the probabilities of 672 of 672 pixels are NaN"):
        validate(adam(with_variance_below_0()))
