"""Training against torch's own schedule, and against itself stopped and resumed."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from unet_tutorial.learning.augment.sample import Sample
from unet_tutorial.learning.batches import tile_batches, training_tile
from unet_tutorial.learning.checkpoints import load, save
from unet_tutorial.learning.train import Batch, Training, adam, fit, one_cycle
from unet_tutorial.nets.crop import center_crop
from unet_tutorial.nets.presets import paper_unet
from unet_tutorial.plan.levels import pyramid
from unet_tutorial.plan.sizes import output_size

WIDTHS = [2, 4]
LEVELS = pyramid(WIDTHS)


def squares(seed: int, size: tuple[int, int] = (40, 40)) -> Sample:
    """Random labels that are also the image, and twice the weights: what moves together can be told."""
    labels = torch.randint(2, size, generator=torch.Generator().manual_seed(seed))
    return Sample(labels[None].float(), labels, 2.0 * labels)


def batches(step: int) -> Batch:
    draw = tile_batches([squares(0), squares(1)], LEVELS, "valid", tile=(24, 24), seed=3, sd=0.5)
    return draw(step, 2)


def start(seed: int = 0) -> Training:
    torch.manual_seed(seed)
    return adam(paper_unet(widths=WIDTHS))


def rates(step: int) -> float:
    return one_cycle(step, 9, 1e-2)


def keep(path: Path, training: Training) -> None:
    save(path, training, preset="paper", arguments={"widths": WIDTHS}, notes={"why": "test"})


@pytest.mark.parametrize("steps", [4, 10, 37])
def test_one_cycle_is_torchs(steps: int) -> None:
    optimiser = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=0.3, total_steps=steps)
    for step in range(steps):
        assert one_cycle(step, steps, 0.3) == pytest.approx(schedule.get_last_lr()[0], abs=1e-12)
        optimiser.step()
        if step + 1 < steps:
            schedule.step()


def test_a_resumed_training_equals_an_uninterrupted_one_bit_for_bit(tmp_path: Path) -> None:
    whole, stopped = start(), start()
    torch.manual_seed(7)  # dropout
    fit(whole, batches, rates, steps=9, save=lambda _now: None)
    torch.manual_seed(7)
    fit(stopped, batches, rates, steps=5, save=lambda now: keep(tmp_path / "c.safetensors", now))
    torch.manual_seed(8)
    resumed = load(tmp_path / "c.safetensors").training()
    assert resumed.step == 5
    fit(resumed, batches, rates, steps=9, save=lambda _now: None)
    assert resumed.losses == whole.losses
    for ours, theirs in zip(resumed.net.parameters(), whole.net.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_training_lowers_the_loss() -> None:
    training = start()
    fit(training, lambda _step: batches(0), lambda _step: 1e-2, steps=60, save=lambda _now: None)
    assert sum(training.losses[-5:]) < 0.7 * sum(training.losses[:5])


def test_saves_come_every_so_many_steps_and_at_the_end() -> None:
    saved: list[int] = []
    fit(start(), batches, rates, steps=7, save=lambda now: saved.append(now.step), every=3)
    assert saved == [3, 6, 7]


def test_a_loss_that_is_no_number_stops_the_training() -> None:
    def broken(step: int) -> Batch:
        images, labels, weights = batches(step)
        return Batch(images * float("nan"), labels, weights)

    with pytest.raises(ValueError, match="the loss of step 0 is nan"):
        fit(start(), broken, rates, steps=2, save=lambda _now: None)


def test_a_step_that_breaks_the_weights_is_not_saved() -> None:
    saved: list[int] = []
    with pytest.raises(ValueError, match="weights are not finite after step 0"):
        fit(start(), batches, lambda _step: float("nan"), steps=1, save=lambda now: saved.append(now.step))
    assert saved == []


def threshold(images: Tensor) -> Tensor:
    """The labels back from an image whose gray levels were shifted: the nearer of its extremes."""
    return (images - images.amin((1, 2, 3), keepdim=True) > 0.5)[:, 0]


@pytest.mark.parametrize("size", [(40, 40), (17, 60), (5, 9)])
def test_labels_and_weights_lie_in_the_middle_of_their_tile(size: tuple[int, int]) -> None:
    draw = tile_batches([squares(4, size)], LEVELS, "valid", tile=(24, 28), seed=0, sd=0.0)
    for step in range(5):
        images, labels, weights = draw(step, 3)
        assert images.shape == (3, 1, 24, 28)
        assert labels.shape == (3, *output_size((24, 28), LEVELS, padding="valid"))
        assert torch.equal(center_crop(threshold(images)[:, None], labels.shape[1:])[:, 0], labels == 1)
        assert torch.equal(weights, 2.0 * labels)


def test_batches_are_a_function_of_the_step() -> None:
    again = [batches(step) for step in (5, 3, 5)]
    assert all(torch.equal(a, b) for a, b in zip(again[0], again[2], strict=True))
    assert not torch.equal(again[0].images, again[1].images)


def test_no_samples_and_bad_tiles_are_refused() -> None:
    with pytest.raises(ValueError, match="no samples"):
        tile_batches([], LEVELS, "valid", tile=(24, 24), seed=0, sd=0.0)
    with pytest.raises(ValueError, match="nearest sizes that do are 24 and 26"):
        tile_batches([squares(0)], LEVELS, "valid", tile=(25, 24), seed=0, sd=0.0)
    assert training_tile(pyramid((1,) * 5), "valid") == (300, 300)
    assert (
        output_size(training_tile(pyramid((1, 1), rank=3), "valid"), pyramid((1, 1), rank=3), padding="valid")
        == (24,) * 3
    )


def test_a_checkpoint_that_is_none_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    good, cut, foreign = tmp_path / "good.safetensors", tmp_path / "cut.safetensors", tmp_path / "foreign.safetensors"
    training = start()
    fit(training, batches, rates, steps=1, save=lambda now: keep(good, now))
    cut.write_bytes(good.read_bytes()[:-100])
    save_file({"weight": torch.zeros(2)}, foreign)
    (tmp_path / "text.safetensors").write_text("not a checkpoint")
    for name, words in (("cut", "cannot be read"), ("text", "cannot be read"), ("none", "no such file")):
        with pytest.raises(ValueError, match=words):
            load(tmp_path / f"{name}.safetensors")
    with pytest.raises(ValueError, match="no checkpoint of this version"):
        load(foreign)
    save(tmp_path / "other.safetensors", training, preset="paper", arguments={"widths": [2, 8]}, notes={})
    with pytest.raises(ValueError, match="do not fit preset 'paper'"):
        load(tmp_path / "other.safetensors").network()
