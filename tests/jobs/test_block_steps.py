"""The steps of one block: errors that name the block and the next step, and the files of a block."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.oracles.stored_images import smooth_noise, stored, thin_checkpoint
from unet_tutorial.datasets.ome_zarr import create
from unet_tutorial.datasets.stored import open_stored
from unet_tutorial.disk import locked
from unet_tutorial.jobs.block_steps import (
    ATTEMPTS,
    LOCK,
    STATE,
    BlockJob,
    Options,
    Work,
    digest_of_file,
    guarded,
    marked,
    measure,
    scale_blocks,
    shrink,
)
from unet_tutorial.jobs.predict_blocks import plan_job
from unet_tutorial.plan.levels import Size


@pytest.fixture
def job(tmp_path: Path) -> Iterator[BlockJob]:
    checkpoint = thin_checkpoint(tmp_path / "net.safetensors", "padded")
    source = str(stored(tmp_path / "in.zarr", smooth_noise((70, 300))))
    options = Options(checkpoint, source, tmp_path / "out.zarr", tile="60")
    found, _ = plan_job(options, options.predictor(), open_stored(source))
    create(options.output, found.pictures, {})
    with locked(options.output / LOCK) as lock:
        yield replace(found, lock=lock)


def test_a_file_that_fails_is_tried_again_and_then_named(job: BlockJob) -> None:
    failures = iter([OSError(errno.EIO, "Input/output error")] * (ATTEMPTS - 1))

    def sometimes(_job: BlockJob, index: Size) -> Size:
        for error in failures:
            raise error
        return index

    assert guarded(job, sometimes, (1, 2)) == (1, 2)

    def always(_job: BlockJob, _index: Size) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(ValueError, match=r"block \(1, 2\) of \(2, 8\): .*out.zarr: .*No space left.*run the same comm"):
        marked(job, "predict", always, (1, 2))
    assert not job.markers("predict").has((1, 2))


def test_a_file_that_cannot_be_written_is_tried_again(job: BlockJob, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, left = Path.replace, iter(range(ATTEMPTS - 1))

    def sometimes(self: Path, target: Path) -> Path:
        if next(left, None) is not None:
            raise OSError(errno.EIO, "Input/output error")
        return whole(self, target)

    monkeypatch.setattr(Path, "replace", sometimes)
    marked(job, "predict", lambda _job, _index: None, (1, 2))
    assert job.markers("predict").has((1, 2))
    left = iter(range(ATTEMPTS))
    with pytest.raises(
        ValueError, match=r"^block \(1, 3\) of \(2, 8\): .*3.json: cannot be written \(Input/output error"
    ):
        marked(job, "predict", lambda _job, _index: None, (1, 3))


def test_a_block_that_needs_too_much_memory_is_named_with_what_to_lower(job: BlockJob) -> None:
    for error in (MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9")):

        def too_large(_job: BlockJob, _index: Size, error: Exception = error) -> None:
            raise error

        with pytest.raises(ValueError, match=r"block \(0, 3\) .*out of memory with tiles of 60,60.*smaller --tile"):
            guarded(job, too_large, (0, 3))


def test_other_errors_are_raised_as_they_are(job: BlockJob) -> None:
    def mistaken(_job: BlockJob, _index: Size) -> None:
        raise RuntimeError("a mistake in the program")

    with pytest.raises(RuntimeError, match=r"^a mistake in the program$"):
        guarded(job, mistaken, (0, 0))


def test_a_worker_refuses_a_checkpoint_that_has_changed(job: BlockJob) -> None:
    assert Work(job).predictor.net.levels[0].rank == 2
    thin_checkpoint(job.options.checkpoint, "padded", seed=1)
    with pytest.raises(ValueError, match="the file has changed since the job began; put the old one back"):
        _ = Work(job).predictor


def test_a_marked_block_has_its_marker_after_its_data(job: BlockJob) -> None:
    def written(_job: BlockJob, index: Size) -> None:
        assert not job.markers("step").has(index)

    marked(job, "step", written, (1, 1))
    assert job.markers("step").has((1, 1))


def test_a_late_block_of_a_deleted_result_is_not_written(job: BlockJob) -> None:
    output, index, region = job.options.output, (1, 2), job.blocks.region((1, 2))
    sentence = r"block \(1, 2\) of \(2, 8\): .*out.zarr: this job does not write into the folder any more, because"
    values = np.zeros((region[0].stop - region[0].start, region[1].stop - region[1].start), np.float32)

    def write(job: BlockJob, _index: Size) -> None:
        Work(job).write(job.probability, region, values)

    def deleted(_job: BlockJob, _index: Size) -> None:
        shutil.rmtree(output)

    (output / LOCK).unlink()
    with pytest.raises(ValueError, match=sentence):
        guarded(job, write, index)
    assert not (output / "0" / "c").exists()
    with pytest.raises(ValueError, match=sentence):
        marked(job, "step", deleted, index)
    assert not output.exists()
    create(output, job.pictures, {})  # the result of another job, which has its own lock
    with locked(output / LOCK), pytest.raises(ValueError, match=sentence):
        marked(job, "step", write, index)
    assert not (output / "0" / "c").exists()
    assert not (output / STATE).exists()


def test_a_scale_is_made_from_the_one_before(job: BlockJob) -> None:
    picture, work = job.probability, Work(job)
    values = np.random.default_rng(0).random((70, 300)).astype(np.float32)
    every = (slice(0, 70), slice(0, 300))
    work.chunks.write(picture, every, values)
    for index in scale_blocks(picture, 1):
        shrink(job, index, picture, 1)
    found = work.chunks.read(picture, (slice(0, 35), slice(0, 150)), 1)
    np.testing.assert_allclose(found, values.reshape(35, 2, 150, 2).mean((1, 3)), rtol=1e-6)


def test_the_moments_of_a_block_are_those_of_its_pixels_without_a_halo(job: BlockJob) -> None:
    region = job.blocks.region((1, 2))
    pixels = open_stored(job.options.image).read(region)
    assert measure(job, (1, 2)).mean == pytest.approx([pixels.mean()])


def test_jobs_with_other_options_have_other_digests(job: BlockJob, tmp_path: Path) -> None:
    other = str(stored(tmp_path / "in2.zarr", smooth_noise((70, 300), seed=1)))
    changed = (
        job.options,
        replace(job.options, tile="72"),
        replace(job.options, instances=True),
        replace(job.options, instances=True, min_size=2),
        replace(job.options, image=other),
        replace(job.options, checkpoint=thin_checkpoint(tmp_path / "other.safetensors", "padded", seed=1)),
    )
    digests = [plan_job(each, each.predictor(), open_stored(each.image))[0].digest for each in changed]
    assert digests[0] == job.digest
    assert len(set(digests)) == len(digests)
    moved = replace(job.options, output=tmp_path / "moved.zarr")
    assert plan_job(moved, moved.predictor(), open_stored(moved.image))[0].digest == job.digest
    (tmp_path / "a").write_bytes(b"abc")
    assert digest_of_file(tmp_path / "a").startswith("ba7816bf8f01cfea")  # FIPS 180-2, appendix B.1
