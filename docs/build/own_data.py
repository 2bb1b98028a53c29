"""The table of folders in the page on a user's own data: ``python -m docs.build.own_data`` writes it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.oracles.own_folders import FOLDERS, MIXED, Folder
from tests.paths import ROOT
from unet_tutorial.disk import complete_file

PAGE = ROOT / "docs" / "your_own_data.md"
START, END = "<!-- written by python -m docs.build.own_data -->\n", "<!-- end -->\n"
HEAD = """
| images | labels | layout | options | result |
|---|---|---|---|---|
"""


def read_as(folder: Folder) -> str:
    """The result for a folder that is read."""
    kind = {"classes": "classes", "instances": "cells", "layers": "layers"}[folder.kind]
    names = folder.names[1:] if folder.kind == "instances" else folder.names
    shown = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    channels = "" if folder.channels == ("grey",) else f"; channels {', '.join(folder.channels)}"
    spacing = f"; pixels of {' × '.join(f'{size:g}' for size in folder.spacing)} µm" if folder.spacing else ""
    return f"read: {kind} {shown}{channels}{spacing}"


def result(folder: Folder) -> str:
    """The last column of the row of a folder."""
    if not folder.refused:
        return read_as(folder)
    problem, step = folder.refused
    return f"**refused**: … {problem} … {step} …"


def options(folder: Folder) -> str:
    """The options of a folder, as they are typed."""
    given = " ".join(
        f"--{name} '{value}'" if isinstance(value, str) and set(value) & set("#,=") else f"--{name} {value}"
        for name, value in folder.options.items()
    )
    return f"`{given}`" if given else ""


def table(folders: Sequence[Folder]) -> str:
    """The section in markdown: numbers of folders, and a row for each that changes one thing or is a whole data set."""
    shown = folders[: len(folders) - MIXED]
    refused = sum(folder.refused is not None for folder in folders)
    rows = [(each.images, each.labels, each.layout, options(each), result(each)) for each in shown]
    cells = ("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |\n" for row in rows)
    return (
        f"{len(folders)} folders: {len(folders) - refused} are read, {refused} are refused. The table has the "
        f"{len(shown)} that change one thing at a time or are a whole data set; the other {MIXED} mix the kinds that "
        f"are read.\n{HEAD}{''.join(cells)}"
    )


def with_table(text: str) -> str:
    """The page with the table of now in place of that between the two comments."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise SystemExit(f"{PAGE}: the comments around the table are missing; write {START.strip()} and {END.strip()}")
    return f"{before}{START}{table(FOLDERS)}{END}{after}"


def main() -> None:
    """Write the table into the page."""
    text = with_table(PAGE.read_text(encoding="utf8"))
    with complete_file(PAGE) as part:
        part.write_text(text, encoding="utf8")
    print(f"{len(FOLDERS)} folders: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
