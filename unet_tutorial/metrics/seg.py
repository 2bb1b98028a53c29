"""SEG of the Cell Tracking Challenge: how well each annotated cell is covered by one proposed cell."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import overlaps


def seg_score(truth: NDArray[Any], proposal: NDArray[Any]) -> float:
    """Mean over the truth's cells of the Jaccard index with the proposed cell that covers more than half of it, else 0.

    ``truth`` and ``proposal`` are label images of one shape, of any rank, 0 on background. Extra proposed cells cost
    nothing; two merged cells score at most one of them. A stack is taken as one volume; the mean over a movie is over
    the cells of all its frames: ``np.concatenate([cell_jaccards(t, s) for t, s in zip(truths, proposals)]).mean()``.
    Cells without annotation are background of the truth: not counted. Errors are those of ``v_rand``.
    Source: celltrackingchallenge.net, SEG; Maška et al. 2014, doi 10.1093/bioinformatics/btu080.

    >>> seg_score(np.array([1, 1, 1, 0, 2, 2]), np.array([7, 7, 0, 0, 2, 0]))   # 2/3, and exactly half is not enough
    0.3333333333333333
    """
    return float(cell_jaccards(truth, proposal).mean())


def cell_jaccards(truth: NDArray[Any], proposal: NDArray[Any]) -> NDArray[np.float64]:
    """(truth cells,) what each truth cell contributes to SEG, by ascending label: |R∩S| / |R∪S|, or 0 without a match.

    Arguments and errors are those of ``seg_score``.

    >>> cell_jaccards(np.array([1, 1, 1, 0, 2, 2]), np.array([7, 7, 0, 0, 2, 0])).round(3).tolist()
    [0.667, 0.0]
    """
    table = overlaps(truth, proposal)
    cells, which = np.unique(table.truth, return_inverse=True)  # (truth cells,), (pairs,)
    labels, sizes = np.unique(proposal, return_counts=True)
    truth_size = table.truth_sizes[which]  # (pairs,)
    proposal_size = sizes[np.searchsorted(labels, table.proposal)]  # whole cells, in the background of the truth too
    match = (table.proposal > 0) & (2 * table.pixels > truth_size)  # more than half: so at most one
    scores = np.zeros(cells.size)
    jaccard = table.pixels / (truth_size + proposal_size - table.pixels)
    scores[which[match]] = jaccard[match]
    return scores
