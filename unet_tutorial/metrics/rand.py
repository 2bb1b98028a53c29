"""V_Rand, V_Info and the Rand error: do two label images group the pixels of true cells in the same way?

``truth`` is the ground truth, with true cells, and ``proposal`` the predicted segmentation, with predicted cells.
A border that is one pixel off hardly changes these scores, but a small gap through which two cells merge changes them
much. The pixel error behaves in the opposite way. Background pixels of the truth are ignored. Any number of axes.
Source: Arganda-Carreras et al. 2015, doi 10.3389/fnana.2015.00142, "Segmentation metrics"; Fiji's RandError.java.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import Overlaps, overlaps


class RandScores(NamedTuple):
    """Two scores between 0 and 1; 1 is perfect.

    - ``split``: of all pairs of pixels in the same true cell, the share that is in the same predicted cell too. It is
      below 1 if true cells are split.
    - ``merge``: of all pairs of pixels in the same predicted cell, the share that is in the same true cell too. It is
      below 1 if true cells are merged.
    """

    split: float
    merge: float


def rand_scores(truth: NDArray[Any], proposal: NDArray[Any]) -> RandScores:
    """The split score and the merge score of a proposal, as explained in ``RandScores``.

    Arguments and errors are those of ``v_rand``, which is the harmonic mean of the two.

    >>> rand_scores(np.array([1, 1, 0, 2, 2]), np.array([1, 1, 1, 1, 1]))          # no split, two cells merged
    RandScores(split=1.0, merge=0.5)
    """
    together, in_truth, in_proposal = _pairs(overlaps(truth, proposal))
    return RandScores(together / in_truth, together / in_proposal)


def v_rand(truth: NDArray[Any], proposal: NDArray[Any]) -> float:
    """Σp² / (½Σs² + ½Σt²), between 0 and 1: 1 if both label images have the same cells, less if cells merge or split.

    ``truth`` and ``proposal`` are label images of the same shape, 0 on background. The sums are over cells and pairs of
    cells. Of all pixels in true cells, p is the share in the overlap of a true and a predicted cell, s the share in a
    true cell, and t the share in a predicted cell. Each pixel of a true cell where the proposal is 0 counts as a
    predicted cell of one pixel. So thin the borders of the proposal first (``thin_borders``), or a thick membrane
    lowers the score like a missed cell. Raises ValueError for different shapes, other dtypes than integers and
    booleans, negative labels, and for a truth without a cell.

    >>> round(v_rand(np.array([1, 1, 1, 0, 2, 2, 2]), np.ones(7, int)), 6)          # one merge: 2/3
    0.666667
    """
    together, in_truth, in_proposal = _pairs(overlaps(truth, proposal))
    return 2 * together / (in_truth + in_proposal)


def v_info(truth: NDArray[Any], proposal: NDArray[Any]) -> float:
    """2·I(T; S) / (H(T) + H(S)), the normalised mutual information of two label images, between 0 and 1.

    Arguments, conventions and errors are those of ``v_rand``. If the truth has several cells and the proposal has only
    one, the proposal has no information, and the score is 0. If both have one and the same cell, the score is 1,
    although both entropies are 0.

    >>> v_info(np.array([1, 1, 0, 2, 2]), np.array([3, 3, 3, 3, 3])), v_info(np.array([1, 0]), np.array([1, 1]))
    (0.0, 1.0)
    """
    table = overlaps(truth, proposal)
    n = int(table.pixels.sum())
    missed = table.missed / n * np.log(n)  # each missed pixel counts as a cell of one pixel
    h_truth = _entropy(table.truth_sizes / n)
    h_proposal = _entropy(table.proposal_sizes / n) + missed
    h_both = _entropy(table.shared / n) + missed
    # because of rounding, share can be -1e-16 instead of 0, or 1 + 1e-16 instead of 1
    share = 2 * (h_truth + h_proposal - h_both) / (h_truth + h_proposal) if h_truth + h_proposal else 1.0
    return float(np.clip(share, 0, 1))


def rand_error(truth: NDArray[Any], proposal: NDArray[Any]) -> float:
    """The "Rand error" of ISBI 2012 at one threshold: one minus the F-score of pixel pairs in the same cell.

    Arguments and errors are those of ``v_rand``; borders are *not* thinned. A pair is found if both pixels have the
    same label > 0 in the proposal. The published number is the minimum over thresholds. There are two differences from
    1 - ``v_rand``: a pixel is not paired with itself, and pixels where the proposal is 0 belong to no pair. The error
    is 0 if neither label image has a pair. Source: Fiji's RandError.java, N(N-1)/2 pairs.

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
    """Numbers of pixel pairs in the same cell: in the same cell of both label images, of the truth, of the proposal.

    The pairs are ordered, and include the pairs of a pixel with itself.
    """
    counts = (table.shared, table.truth_sizes, table.proposal_sizes)
    both, truth, proposal = (float(np.sum(n.astype(np.float64) ** 2)) for n in counts)
    return both + table.missed, truth, proposal + table.missed


def _entropy(shares: NDArray[np.float64]) -> float:
    """Entropy -Σ p log p, in nats."""
    return -float(np.sum(shares * np.log(shares)))
