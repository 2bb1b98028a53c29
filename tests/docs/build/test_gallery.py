"""The committed gallery is what ``docs.build.gallery`` generates."""

from __future__ import annotations

from docs.build import gallery


def test_the_page_and_its_pictures_are_up_to_date() -> None:
    stale = [name for name, text in gallery.page() if (gallery.DOCS / name).read_text(encoding="utf8") != text]
    assert stale == [], "run: python -m docs.build.gallery"
