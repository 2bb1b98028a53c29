"""The numbers of a report against the files of a run: right ones, wrong ones, and those that rest on nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from unet_tutorial.teaching.checking.report_claims import AGREES, DIFFERS, UNFOUNDED, check_report, faults, rounds_to
from unet_tutorial.teaching.lessons.catalogue import FOLDER

CAPSTONE = FOLDER / "capstone"
RUN = CAPSTONE / "run"
KNOWN = {"training images": 9}


def verdicts(text: str) -> list[str]:
    return [claim.verdict for claim in check_report(text, RUN, KNOWN)]


# The stored tables: mean IoU 0.7009 (8 views 0.7201, nearest colour 0.5337), gland 0.5543, stroma 0.6759, 4 pictures.
SENTENCES = [
    ("mean IoU 0.70 on 4 held-out images", [AGREES, AGREES]),
    ("mean IoU 0.79 on 4 held-out images", [DIFFERS, AGREES]),
    ("mean IoU 0.70 on 5 held-out images", [AGREES, DIFFERS]),
    ("The mean IoU is 70 %.", [AGREES]),
    ("The mean IoU is 70.1%, and the pixel error is 19.2%.", [AGREES, AGREES]),
    ("The mean IoU is 0.7, not 0.71.", [AGREES, DIFFERS]),
    ("a 0.70 mean IoU", [AGREES]),
    ("The mean IoU of the network is 0.70, with 8 views 0.72.", [AGREES, AGREES]),
    ("The mean IoU of the network is 0.72, with 8 views 0.70.", [DIFFERS, DIFFERS]),
    ("The mean IoU is 0.70; nearest colour has 0.53 and everything stroma 0.12.", [AGREES, AGREES, AGREES]),
    ("The mean IoU of nearest colour is 0.70.", [DIFFERS]),
    ("The IoU of gland is 0.55, that of stroma 0.68.", [AGREES, AGREES]),
    ("The IoU of gland is 0.68, that of stroma 0.55.", [DIFFERS, DIFFERS]),
    ("For glands, the IoU is 0.55.", [AGREES]),
    ("The precision of gland is 0.65 and its recall 0.79.", [AGREES, AGREES]),
    ("The recall is 0.79.", [UNFOUNDED]),  # of which class?
    ("The IoU of nerve is 0.79.", [UNFOUNDED]),
    ("The accuracy is 0.81.", [AGREES]),
    ("The accuracy is 99 %.", [DIFFERS]),
    ("Its mean IoU is above 0.69, and below 0.7.", [AGREES, DIFFERS]),
    ("Its pixel error is at most 20 %.", [AGREES]),
    ("Trained for 250 steps with a batch of 4 and a learning rate of 0.002.", [AGREES, AGREES, AGREES]),
    ("Trained for 2,500 steps.", [DIFFERS]),
    ("`unet train --steps 250 --rate 2e-3 --seed 1`", [AGREES, AGREES, DIFFERS]),
    ("with 9 training images and 3 validation images", [AGREES, AGREES]),
    ("with 12 training images", [DIFFERS]),
    ("The best validation mean IoU was 0.69.", [AGREES]),
    ("The mean IoU of the network is 0.70 on 4 held-out images.", [AGREES, AGREES]),
    ("The mean IoU on the held-out images is 0.70.", [AGREES]),
    ("The mean IoU of the network is 0.70 on the 4 test images.", [AGREES, AGREES]),
    ("It needs 50 images for a mean IoU above 0.80.", [UNFOUNDED, DIFFERS]),
    ("The best validation mean IoU, 0.69, was that of step 200.", [AGREES, AGREES]),
    ("The best validation mean IoU was that of step 250.", [DIFFERS]),
    ("Use `--elastic 0.02`. There are 4.5 held-out images.", [DIFFERS, UNFOUNDED]),
    ("It needs 12 ms for each image.", [UNFOUNDED]),
    ("Experts have 0.75.", [UNFOUNDED]),
    ("a 3D network, version v1.2, with channels 8,16,32, see [lesson 9](x_9.ipynb)", []),
    ("# 3 results\n\n```\nunet train --seed 7\n```\n\n![Figure 2](a_2.png)", []),
    ("1. no number\n2. mean IoU 0.70\n", [AGREES]),
    ("| method | mean IoU | pixel error |\n|---|---|---|\n| network | 0.70 | 0.19 |\n| nearest colour | 0.53 | 0.5 |",
     [AGREES, AGREES, AGREES, DIFFERS]),
    ("| class | IoU | recall |\n|---|---|---|\n| gland | 0.55 | 0.79 |\n| stroma | 0.55 | 0.72 |",
     [AGREES, AGREES, DIFFERS, AGREES]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), SENTENCES)
def test_each_number_is_judged(text: str, expected: list[str]) -> None:
    claims = check_report(text, RUN, KNOWN)
    assert [claim.verdict for claim in claims] == expected, "\n".join(map(str, claims))


def test_the_worked_examples_are_of_different_quality() -> None:
    counts = {}
    for name in ("good", "middling", "poor"):
        claims = check_report((CAPSTONE / f"{name}.md").read_text(encoding="utf8"), RUN, KNOWN)
        counts[name] = (len(claims), len(faults(claims)))
    assert counts == {"good": (33, 0), "middling": (14, 3), "poor": (6, 6)}


def test_a_claim_names_its_line_and_the_file() -> None:
    (claim,) = check_report("# Title\n\nA sentence.\nThe mean IoU\nis 0.79.", RUN)
    assert str(claim) == (
        "line 4: 'The mean IoU is 0.79' does not agree: 0.79 is stated, and mean_iou (network) is 0.7009 in metrics.csv"
    )


def test_cells_of_a_binary_run(tmp_path: Path) -> None:
    shutil.copy(RUN / "recipe.json", tmp_path)
    (tmp_path / "metrics.csv").write_text(
        "method,pixel_error,isbi_pixel_error,dice_background,iou_cell\nnetwork,0.1477,0.0934,0.6552,0.8280\n"
    )
    (tmp_path / "instances.csv").write_text("method,seg,v_rand,merges,splits\nnetwork,0.1645,0.2908,129,23\n")
    text = (
        "The mean IoU is 0.83, the IoU of cell is 0.83, SEG is 0.16, with 129 merges and 24 splits; 1 - max F is 0.09."
    )
    assert [claim.verdict for claim in check_report(text, tmp_path)] == [AGREES] * 4 + [DIFFERS, AGREES]


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds no recipe\.json; give the folder of a run"):
        check_report("mean IoU 0.7", tmp_path)


@pytest.mark.parametrize("value", [0.7881, 0.785, 0.7949, 0.795, 0.7849, 12.0])
@pytest.mark.parametrize("decimals", [0, 1, 2, 3])
def test_rounding_agrees_with_format(value: float, decimals: int) -> None:
    assert rounds_to(f"{value:.{decimals}f}", value)
    assert not rounds_to(f"{value + 2 * 10**-decimals:.{decimals}f}", value)
