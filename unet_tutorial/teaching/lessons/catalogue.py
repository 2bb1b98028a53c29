"""The list of lessons in course order, which the commands, tests and documentation pages use."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "notebooks"
LESSONS = (
    "00_start_here",
    "00p_torch",
    "01_sizes",
    "02_encoder_block",
    "03_crop_and_concat",
    "04_paper_unet",
    "05_kaiming",
    "06_weight_map",
    "07_elastic",
    "08_overlap_tile",
    "09_train_small",
    "10_padded_bn",
    "11_parts",
    "11b_wiring",
    "12_3d_planar",
    "13_vnet_depthwise",
    "14_backbones",
    "15_nested",
    "16_losses",
    "17_scaling",
    "18_figures",
    "19_capstone",
    "unet_in_one_page",
)
WITHOUT_EXERCISES = ("unet_in_one_page",)


def lessons() -> list[Path]:
    """The notebooks of the lessons."""
    return [FOLDER / f"{name}.ipynb" for name in LESSONS]


def solutions() -> list[Path]:
    """The notebooks with the solved exercises, one per lesson with exercises."""
    return [FOLDER / "solutions" / f"{name}.ipynb" for name in LESSONS if name not in WITHOUT_EXERCISES]


def exercises() -> list[Path]:
    """The notebooks that a student fills in, one per lesson with exercises."""
    return [FOLDER / "exercises" / path.name for path in solutions()]


def numbered(prefix: str) -> list[Path]:
    """The lesson with this number, such as "00p"; if there is none, the lessons whose names begin with ``prefix``."""
    exact = [path for path in lessons() if path.stem.partition("_")[0] == prefix]
    return exact or [path for path in lessons() if path.stem.startswith(prefix)]
