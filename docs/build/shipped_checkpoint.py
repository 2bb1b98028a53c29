"""``python -m docs.build.shipped_checkpoint``: trains the small network in ``data/`` for first predictions.

It is the network of the default run with half the channels, trained for 1,000 steps on the micrographs of the course.
"""

from __future__ import annotations

from pathlib import Path

from unet_tutorial.datasets.course_data import DATA
from unet_tutorial.jobs.job import described, prepare, train
from unet_tutorial.jobs.predictor import Predictor
from unet_tutorial.jobs.recipe import Recipe
from unet_tutorial.jobs.scores import best_thresholds
from unet_tutorial.learning.checkpoints import save_weights

RECIPE = Recipe(widths="8,16,32,64", steps=1000)
SHIPPED = DATA / "em_small.safetensors"


def main(path: Path = SHIPPED) -> None:
    """Train, and write the weights with the thresholds for 1 and for 8 views."""
    job = prepare(RECIPE)
    train(job, lambda training: print(f"step {training.step}: loss {training.losses[-1]:.3f}", flush=True))
    task = job.data.task
    cuts = best_thresholds(Predictor(job.training.net, task), job.data.split.train)
    about = described(job, cuts=cuts)
    about["notes"]["recipe"]["data"] = "data/em"  # not the path on this machine
    save_weights(path, job.training.net, **about)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
