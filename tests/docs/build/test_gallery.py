"""The gallery shows the networks of today."""

from __future__ import annotations

from docs.build import gallery


def test_every_picture_and_the_page_are_those_of_today() -> None:
    stale = [name for name, text in gallery.page() if (gallery.DOCS / name).read_text(encoding="utf8") != text]
    assert stale == [], "run: python -m docs.build.gallery"
