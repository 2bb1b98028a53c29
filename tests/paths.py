"""The folders that tests read."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "unet_tutorial"
NOTEBOOKS = ROOT / "notebooks"
SHARED = ROOT.parent / "shared" / "data"  # real data sets beside the checkout; not part of the project
