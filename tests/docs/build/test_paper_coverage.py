"""The table of the paper's claims is complete, true of the lessons and tests, and written anew after each change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from docs.build.paper_claims import Claim
from docs.build.paper_coverage import CLAIMS, PAGE, PLACES, faults, page

GOOD = next(claim for claim in CLAIMS if claim.code == "assert counted == (1, 6)")


def test_every_claim_has_its_cell_and_its_test_and_every_place_its_claim() -> None:
    assert faults(CLAIMS) == []


def test_no_claim_is_made_twice() -> None:
    assert len({(claim.where, claim.what) for claim in CLAIMS}) == len(CLAIMS)


def test_the_page_is_what_the_generator_gives_now() -> None:
    assert not faults(CLAIMS), "first repair the claims"
    assert PAGE.read_text(encoding="utf8") == page(CLAIMS), "run: python -m docs.build.paper_coverage"


@pytest.mark.parametrize(
    ("claim", "fault"),
    [
        (replace(GOOD, what=" "), "figure 3, ' ': empty what"),
        (replace(GOOD, where=""), "empty where"),
        (replace(GOOD, code="", test=""), "empty code, test"),
        (replace(GOOD, where="section 6"), "'section 6' is no place of the paper"),
        (replace(GOOD, lesson="99"), "there is no lesson '99'"),
        (replace(GOOD, code="assert gone"), "its code is in 0 cells of lesson 06; wanted is one: assert gone"),
        (replace(GOOD, code="import"), "cells of lesson 06; wanted is one"),
        (replace(GOOD, code="**Objectives.** After this lesson"), "cell 06-01 is no code that runs"),
        (
            replace(GOOD, test="tests/learning/losses/test_cross_entropy.py::test_gone"),
            "there is no test tests/learning/losses/test_cross_entropy.py::test_gone",
        ),
        (replace(GOOD, lesson="02", code="def double_conv("), "cell 02-28 asserts nothing and prints nothing"),
        (replace(GOOD, lesson="00", code="pins are met exactly"), "nothing that is compared"),
        (replace(GOOD, what="of 7 cells"), " neither asserts nor prints 7"),
        (replace(GOOD, test="tests/test_gone.py::test_a"), "there is no test tests/test_gone.py::test_a"),
        (
            replace(GOOD, test="tests/learning/losses/test_cross_entropy.py"),
            "there is no test tests/learning/losses/test_cross_entropy.py",
        ),
    ],
)
def test_a_row_that_does_not_hold_is_named_in_a_sentence(claim: Claim, fault: str) -> None:
    assert fault in "\n".join(faults([claim]))


@pytest.mark.parametrize("place", PLACES)
def test_a_place_without_a_row_is_missed(place: str) -> None:
    assert f"no row for {place}" in faults([claim for claim in CLAIMS if claim.where != place])
