"""Folders of users are read rightly, pixel by pixel, or refused with the next step; none is read wrongly in silence."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.oracles.own_data import Array
from tests.oracles.own_folders import FOLDERS, Folder
from tests.oracles.own_folders import folder as folder_of
from tests.oracles.own_images import PLAIN as IMAGE
from tests.oracles.own_labels import PLAIN as LABELS
from tests.oracles.own_layouts import LAYOUTS, PLAIN, LayoutKind
from unet_tutorial.datasets.folder import Collection, Reading, read_collection
from unet_tutorial.jobs.data import read_data
from unet_tutorial.jobs.recipe import Recipe


def equal_cells(found: Array, truth: Array) -> bool:
    """Whether two arrays of numbered cells are equal up to the numbers, and the found ones are 1 .. n."""
    pairs = np.unique(np.stack([found.ravel(), truth.ravel()]), axis=1)
    one_to_one = len(set(pairs[0])) == len(set(pairs[1])) == pairs.shape[1]
    background = all((one == 0) == (other == 0) for one, other in pairs.T)
    return one_to_one and background and set(pairs[0]) - {0} == set(range(1, int(found.max()) + 1))


def read(folder: Folder, root: Path) -> Collection:
    for package in folder.packages:
        if find_spec(package) is None:
            pytest.skip(f"needs {package}")
    return read_collection(root, folder.rank, Reading(**folder.options))


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_a_folder_is_read_rightly_or_refused_with_the_next_step(tmp_path: Path, folder: Folder) -> None:
    truth = folder.write(tmp_path)
    if folder.refused:
        with pytest.raises(ValueError, match=re.escape(folder.refused[0])) as error:
            read(folder, tmp_path)
        message = str(error.value)
        assert folder.refused[1] in message
        assert "\n" not in message
        return
    found = read(folder, tmp_path)
    assert (found.scheme.kind, found.scheme.names, found.channels) == (folder.kind, folder.names, folder.channels)
    for words in folder.says:
        assert any(words in remark for remark in found.remarks), found.remarks
    assert [(part, len(pairs)) for part, pairs in found.parts.items()] == [
        (part, sum(each[0] == part for each in truth)) for part in dict.fromkeys(each[0] for each in truth)
    ]
    pairs = [pair for part in found.parts.values() for pair in part]
    for pair, (_, image, labels) in zip(pairs, truth, strict=True):
        np.testing.assert_array_equal(pair.image, image)
        assert pair.image.dtype == image.dtype.newbyteorder("=")
        assert pair.spacing == pytest.approx(folder.spacing)
        np.testing.assert_array_equal(pair.labels, labels.labels)
        assert equal_cells(pair.instances, labels.instances)
        np.testing.assert_array_equal(pair.known, np.ones(pair.size, bool) if labels.known is None else labels.known)


def test_there_are_many_folders_and_each_stands_once() -> None:
    assert len({str(folder) for folder in FOLDERS}) == len(FOLDERS) >= 90


@pytest.mark.parametrize(
    "layout", [layout for layout in LAYOUTS if layout is PLAIN or any(layout.part)], ids=lambda kind: kind.name
)
def test_each_image_is_in_the_set_of_its_part(tmp_path: Path, layout: LayoutKind) -> None:
    truth = folder_of(IMAGE, LABELS, layout).write(tmp_path)
    split = read_data(Recipe(tmp_path)).split
    parts = [part or ("test" if number == len(truth) - 1 else "train") for number, (part, *_) in enumerate(truth)]
    for part, found in (("train", split.train), ("test", split.test), ("val", split.validation)):
        wanted = [image for name, (_, image, _) in zip(parts, truth, strict=True) if name == part]
        assert len(found) == len(wanted)
        for pair, image in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(pair.image, image)
