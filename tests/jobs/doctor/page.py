"""The rows of the tables in docs/doctor.md, from planted faults and the findings about them."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from tests.paths import ROOT
from unet_tutorial.jobs.doctor.finding import Finding

PAGE = ROOT / "docs" / "doctor.md"


def row(name: str, source: str, finding: Finding, folders: dict[str, Path]) -> str:
    """A row of a table; the paths of the folders are replaced by their names."""
    sentence, cure = finding.sentence, finding.cure
    for stands_for, folder in folders.items():
        for end in ("-corrected", ""):
            path = f"{folder}{end}"
            sentence, cure = (
                text.replace(quote(path), f"{stands_for}{end}").replace(path, f"{stands_for}{end}")
                for text in (sentence, cure)
            )
    fault = f"[{name}]({source})" if source else name
    advice, _, command = cure.partition("unet ")
    return f"| {fault} | {sentence} | {advice}`unet {command}` |"
