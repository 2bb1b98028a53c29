"""V_Rand, V_Info and the Rand error: how well two label images group the pixels of true cells in the same way.

A border misplaced by one pixel costs almost nothing here, and a gap through which two cells merge costs much: the
opposite of the pixel error. The background of the truth is left out, so its labels in the proposal do not matter.
Any rank.
Source: Arganda-Carreras et al. 2015, doi 10.3389/fnana.2015.00142, "Segmentation metrics"; Fiji's RandError.java.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import Overlaps, overlaps


class RandScores(NamedTuple):
    """Two shares of pixel pairs: ``split`` of the pairs in one true cell, ``merge`` of the pairs in one proposed cell.

    Each is the share of these pairs that lie in one cell of the other label image too.
    """

    split: float
    merge: float


def rand_scores(truth: NDArray[Any], proposal: NDArray[Any]) -> RandScores:
    """The split score, lowered by cells that are split, and the merge score, lowered by merged cells; both in (0, 1].

    Arguments and errors are those of ``v_rand``, which is the harmonic mean of the two.

    >>> rand_scores(np.array([1, 1, 0, 2, 2]), np.array([1, 1, 1, 1, 1]))          # no split, two cells merged
    RandScores(split=1.0, merge=0.5)
    """
    together, in_truth, in_proposal = _pairs(overlaps(truth, proposal))
    return RandScores(together / in_truth, together / in_proposal)


def v_rand(truth: NDArray[Any], proposal: NDArray[Any]) -> float:
    """Σp² / (½Σs² + ½Σt²) over the true cells: 1 for the same grouping, towards 0 as cells merge or split.

    ``truth`` and ``proposal`` are label images of one shape, 0 on background. Of all pixels in true cells, p is the
    share in the overlap of a true and a proposed cell, s the share in a true cell, t the share in a proposed cell. A
    pixel of a true cell where the proposal is 0 counts as a cell of its own. So thin the borders of the proposal first
    (``thin_borders``), else a wide membrane costs as much as a missed cell.
    Raises ValueError for different shapes, other dtypes than integers and booleans, negative labels, and for a truth
    without a cell.

    >>> round(v_rand(np.array([1, 1, 1, 0, 2, 2, 2]), np.ones(7, int)), 6)          # one merge: 2/3
    0.666667
    """
    together, in_truth, in_proposal = _pairs(overlaps(truth, proposal))
    return 2 * together / (in_truth + in_proposal)


def v_info(truth: NDArray[Any], proposal: NDArray[Any]) -> float:
    """2·I(T; S) / (H(T) + H(S)), the normalised mutual information of two label images, over the true cells; in [0, 1].

    Arguments, conventions and errors are those of ``v_rand``. Against a truth of several cells, a proposal of one cell
    carries no information and scores 0. One cell against the same cell scores 1, although both entropies are 0.

    >>> v_info(np.array([1, 1, 0, 2, 2]), np.array([3, 3, 3, 3, 3])), v_info(np.array([1, 0]), np.array([1, 1]))
    (0.0, 1.0)
    """
    table = overlaps(truth, proposal)
    n = int(table.pixels.sum())
    missed = table.missed / n * np.log(n)  # each missed pixel is a cell of share 1/n
    h_truth = _entropy(table.truth_sizes / n)
    h_proposal = _entropy(table.proposal_sizes / n) + missed
    h_both = _entropy(table.shared / n) + missed
    # rounding can give -1e-16 in place of 0, and 1 + 1e-16 in place of 1
    share = 2 * (h_truth + h_proposal - h_both) / (h_truth + h_proposal) if h_truth + h_proposal else 1.0
    return float(np.clip(share, 0, 1))


def rand_error(truth: NDArray[Any], proposal: NDArray[Any]) -> float:
    """1 - F-score of the pairs of pixels in one cell, over the true cells: the "Rand error" of 2012, at one threshold.

    Arguments and errors are those of ``v_rand``; borders are *not* thinned. A pair counts as found if both pixels have
    the same label > 0 in the proposal. The published number is the minimum over thresholds. Two differences from
    1 - V_Rand: a pair is of two different pixels, and pixels where the proposal is 0 belong to no pair.
    It is 0 if neither label image has a pair. Source: Fiji's RandError.java, N(N-1)/2 pairs.

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
    """Ordered pairs of pixels, pairs of a pixel with itself included, in one cell: of both, of truth, of proposal."""
    counts = (table.shared, table.truth_sizes, table.proposal_sizes)
    both, truth, proposal = (float(np.sum(n.astype(np.float64) ** 2)) for n in counts)
    return both + table.missed, truth, proposal + table.missed


def _entropy(shares: NDArray[np.float64]) -> float:
    """Entropy -Σ p log p, in nats."""
    return -float(np.sum(shares * np.log(shares)))
