"""How well two labellings group the same pixels: V_Rand, V_Info and the Rand error. Any rank; only truth cells count.

A pixel on the wrong side of a border costs next to nothing here, a gap through which two cells merge costs much: the
reverse of the pixel error. Background of the truth is left out, so a proposal is not punished for how it labels it.
Source: Arganda-Carreras et al. 2015, doi 10.3389/fnana.2015.00142, "Segmentation metrics"; Fiji's RandError.java.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import Overlaps, overlaps


class RandScores(NamedTuple):
    """Of pixel pairs: the share of a truth cell's that stay together, and of a proposed cell's that belong together."""

    split: float
    merge: float


def rand_scores(truth: NDArray[Any], proposal: NDArray[Any]) -> RandScores:
    """Split score, low where cells fall apart, and merge score, low where cells run together; both in (0, 1].

    Arguments and errors are those of ``v_rand``, which is the harmonic mean of the two.

    >>> rand_scores(np.array([1, 1, 0, 2, 2]), np.array([1, 1, 1, 1, 1]))          # nothing split, two cells merged
    RandScores(split=1.0, merge=0.5)
    """
    together, in_truth, in_proposal = _pairs(overlaps(truth, proposal))
    return RandScores(together / in_truth, together / in_proposal)


def v_rand(truth: NDArray[Any], proposal: NDArray[Any]) -> float:
    """Σp² / (½Σs² + ½Σt²) over the truth's cells: 1 for the same grouping, towards 0 as cells merge or split.

    ``truth`` and ``proposal`` are label images of one shape, 0 on background. p are the shares of the truth's cell
    pixels that each pair of cells has in common, s those of truth cells, t those of proposed cells. A pixel of a truth
    cell on which the proposal is 0 counts as a cell of its own, so thin the borders of a proposal first
    (``thin_borders``), else a wide membrane costs as much as a lost cell.
    Raises ValueError for other shapes or types, negative labels, and for a truth without a cell.

    >>> round(v_rand(np.array([1, 1, 1, 0, 2, 2, 2]), np.ones(7, int)), 6)          # one merger: 2/3
    0.666667
    """
    together, in_truth, in_proposal = _pairs(overlaps(truth, proposal))
    return 2 * together / (in_truth + in_proposal)


def v_info(truth: NDArray[Any], proposal: NDArray[Any]) -> float:
    """2·I(T; S) / (H(T) + H(S)), the information that two labellings share, over the truth's cells; in [0, 1].

    Arguments, conventions and errors are those of ``v_rand``. Against a truth of several cells, one single cell knows
    nothing and scores 0. One cell against the same cell scores 1: there is nothing to know, and it is known.

    >>> v_info(np.array([1, 1, 0, 2, 2]), np.array([3, 3, 3, 3, 3])), v_info(np.array([1, 0]), np.array([1, 1]))
    (0.0, 1.0)
    """
    table = overlaps(truth, proposal)
    n = int(table.pixels.sum())
    alone = table.missed / n * np.log(n)  # each missed pixel is a cell of share 1/n
    h_truth = _entropy(table.truth_sizes / n)
    h_proposal = _entropy(table.proposal_sizes / n) + alone
    h_both = _entropy(table.shared / n) + alone
    # rounding can leave -1e-16 where the information is 0, and 1 + 1e-16 where it is all
    share = 2 * (h_truth + h_proposal - h_both) / (h_truth + h_proposal) if h_truth + h_proposal else 1.0
    return float(np.clip(share, 0, 1))


def rand_error(truth: NDArray[Any], proposal: NDArray[Any]) -> float:
    """1 - F-score of pairs of pixels in one cell, over the truth's cells: the "Rand error" of 2012, for one threshold.

    Arguments and errors are those of ``v_rand``; borders are *not* thinned. A pair counts as found if both pixels have
    one label > 0 in the proposal. The published number is the least over thresholds. It differs from 1 - V_Rand in
    the pairs, here of two different pixels, and in the wide membranes, whose pixels belong to no pair.
    If neither labelling has a pair, nothing is wrong: 0. Source: Fiji's RandError.java, N(N-1)/2 pairs.

    >>> round(rand_error(np.array([4 * [1, 1, 1, 0, 2, 2, 2]]), np.ones((1, 28), int)), 6)          # 6/17
    0.352941
    """
    table = overlaps(truth, proposal)
    together, in_truth, in_proposal = (
        float(np.sum(n * (n - 1.0))) for n in (table.shared, table.truth_sizes, table.proposal_sizes)
    )
    pairs = in_truth + in_proposal
    return 1 - 2 * together / pairs if pairs else 0.0


def _pairs(table: Overlaps) -> tuple[float, float, float]:
    """Ordered pairs of pixels, each with itself too, that are together in both, in the truth, in the proposal."""
    counts = (table.shared, table.truth_sizes, table.proposal_sizes)
    both, truth, proposal = (float(np.sum(n.astype(np.float64) ** 2)) for n in counts)
    return both + table.missed, truth, proposal + table.missed


def _entropy(shares: NDArray[np.float64]) -> float:
    """-Σ p log p, in nats."""
    return -float(np.sum(shares * np.log(shares)))
