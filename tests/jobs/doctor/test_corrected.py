"""A corrected copy is read back with the corrected labels, whatever their kind, and has no findings."""

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.jobs.doctor.in_memory import pairs as in_memory
from tests.jobs.doctor.planted import (
    Files,
    Folder,
    cells,
    changed,
    divided,
    images_changed,
    masks_changed,
    membranes,
    mirrored,
    shifted,
    tissue,
    write,
)
from unet_tutorial.datasets.generators.overlapping import overlapping_discs
from unet_tutorial.datasets.images.files import write_image
from unet_tutorial.jobs.doctor.corrected import corrected_pairs, write_corrected
from unet_tutorial.jobs.doctor.examine import examine_data, keyed
from unet_tutorial.jobs.doctor.finding import Finding
from unet_tutorial.jobs.recipe import Recipe


def copied(recipe: Recipe, folder: Path) -> tuple[list[Finding], Recipe]:
    """The findings, and the recipe of the printed command, after writing the corrected copy."""
    found, data = examine_data(recipe)
    assert data is not None
    pairs = corrected_pairs(keyed(data), found)
    words = shlex.split(write_corrected(data, pairs, recipe, folder))
    options: dict[str, Any] = {"data": Path(words[3])}
    for name, value in zip(words[4::2], words[5::2], strict=True):
        options[name[2:]] = int(value) if name == "--unlabelled" else value
    again = Recipe(**options)
    _, reread = examine_data(again)
    assert reread is not None
    for key, pair in keyed(reread).items():
        np.testing.assert_array_equal(pair.labels, pairs[key].labels)
        np.testing.assert_array_equal(pair.image, pairs[key].image)
        np.testing.assert_array_equal(pair.known, pairs[key].known)
    assert keyed(reread).keys() == pairs.keys()
    return found, again


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "options"),
    [
        (changed(membranes(), "01 04", masks_changed(shifted)), {}),
        (changed(cells(), "", masks_changed(np.transpose)), {"labels": "instances"}),
        (changed(tissue(), "02 05", images_changed(lambda image: image[..., ::-1])), {"labels": "classes"}),
        (divided(membranes()) | {"train/copy": mirrored(membranes()["07"])}, {}),
    ],
    ids=["shifted", "transposed", "colours", "leak"],
)
def test_the_copy_is_healthy(files: Folder, options: dict[str, Any], tmp_path: Path) -> None:
    found, again = copied(Recipe(write(tmp_path / "a", files), **options), tmp_path / "my copy")
    assert found
    assert [str(finding) for finding in examine_data(again)[0]] == []


@pytest.mark.slow
def test_unlabelled_pixels_and_layers_survive(tmp_path: Path) -> None:
    sparse = changed(
        membranes(), "", lambda each: Files(each.image, np.where(np.arange(96) < 20, 7, each.mask > 0).astype(np.uint8))
    )
    copied(Recipe(write(tmp_path / "a", sparse), unlabelled=7), tmp_path / "b")
    for seed in range(5):
        for part, array in overlapping_discs(seed, 64).files.items():
            (tmp_path / "layers" / part).mkdir(parents=True, exist_ok=True)
            write_image(tmp_path / "layers" / part / f"{seed}.png", array)
    copied(Recipe(tmp_path / "layers"), tmp_path / "c")


def test_an_existing_folder_is_refused(tmp_path: Path) -> None:
    recipe = Recipe(write(tmp_path / "a", membranes()))
    _, data = examine_data(recipe)
    assert data is not None
    with pytest.raises(ValueError, match="exists already"):
        write_corrected(data, keyed(data), recipe, tmp_path / "a")
    with pytest.raises(ValueError, match="no training image"):
        write_corrected(data, {}, recipe, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_the_most_likely_finding_decides() -> None:
    pairs = in_memory({name: membranes()[name] for name in ("00", "01")})
    one, two = pairs
    renamed = Finding(0.9, "", "", "", {one: lambda pair, _: pair._replace(name="new")})
    left_out = Finding(0.8, "", "", "", dict.fromkeys(pairs, lambda _, __: None))
    assert {key: pair.name for key, pair in corrected_pairs(pairs, [renamed, left_out]).items()} == {one: "new"}
    assert corrected_pairs(pairs, [left_out, renamed]) == {}
    assert corrected_pairs(pairs, [renamed])[two] is pairs[two]
