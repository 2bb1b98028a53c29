"""Lists of files: hidden ones are skipped, names have no suffix, and equal names are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from unet_tutorial.datasets.layouts.listing import all_files, bare_name, by_name, entries_of, folders_of


def test_files_and_folders(tmp_path: Path) -> None:
    for name in ("b.png", "a/c.tif", "a/b/d.tif", ".git/x.png", "a/._c.tif", "Thumbs.db", "README", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [path.name for path in entries_of(tmp_path)] == ["a", "b.png"]
    assert [path.name for path in folders_of(tmp_path)] == ["a"]
    files = list(all_files(tmp_path))
    assert list(by_name(files, tmp_path)) == ["a/b/d", "a/c", "b"]
    (tmp_path / "a" / "c.png").touch()
    with pytest.raises(ValueError, match=r"a/c\.tif: c\.png has the same name; keep one of the two, or .* labels/"):
        by_name(all_files(tmp_path), tmp_path)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("a.png", "a"),
        ("a.b.TIF", "a.b"),
        ("a.ome.tif", "a"),
        ("a.npy", "a"),
        ("a.geojson", "a"),
        ("v1.0", "v1"),
        ("a.nii.gz", "a"),
        ("a.png.json", "a"),
        ("a.b.zip", "a.b"),
    ],
)
def test_bare_name(name: str, wanted: str) -> None:
    assert bare_name(Path(name)) == wanted
