"""SEG, the segmentation score of the Cell Tracking Challenge: the mean Jaccard index of matched cells."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.metrics.overlaps import overlaps


def seg_score(truth: NDArray[Any], proposal: NDArray[Any]) -> float:
    """Mean over the true cells of the Jaccard index with the proposed cell that covers more than half of it, else 0.

    ``truth`` and ``proposal`` are label images of one shape, of any rank, 0 on background. Extra proposed cells do not
    lower the score. The terms of true cells that are merged in one proposed cell sum to 1 at most. A stack is scored
    as one volume. For a movie, average over the cells of all frames:
    ``np.concatenate([cell_jaccards(t, p) for t, p in zip(truths, proposals)]).mean()``.
    Cells that are not annotated are background in the truth and do not count. Errors are those of ``v_rand``.
    Source: celltrackingchallenge.net, SEG; Maška et al. 2014, doi 10.1093/bioinformatics/btu080.

    >>> seg_score(np.array([1, 1, 1, 0, 2, 2]), np.array([7, 7, 0, 0, 2, 0]))   # 2/3, and 0: exactly half is no match
    0.3333333333333333
    """
    return float(cell_jaccards(truth, proposal).mean())


def cell_jaccards(truth: NDArray[Any], proposal: NDArray[Any]) -> NDArray[np.float64]:
    """The term of each true cell in SEG, by ascending label: |R∩S| / |R∪S|, or 0 without a match; (true cells,).

    Arguments and errors are those of ``seg_score``.

    >>> cell_jaccards(np.array([1, 1, 1, 0, 2, 2]), np.array([7, 7, 0, 0, 2, 0])).round(3).tolist()
    [0.667, 0.0]
    """
    table = overlaps(truth, proposal)
    cells, index = np.unique(table.truth, return_inverse=True)  # (true cells,), (pairs,)
    labels, sizes = np.unique(proposal, return_counts=True)
    truth_size = table.truth_sizes[index]  # (pairs,)
    proposal_size = sizes[np.searchsorted(labels, table.proposal)]  # of whole cells, their part in the background too
    match = (table.proposal > 0) & (2 * table.pixels > truth_size)  # more than half: at most one match per true cell
    scores = np.zeros(cells.size)
    jaccard = table.pixels / (truth_size + proposal_size - table.pixels)
    scores[index[match]] = jaccard[match]
    return scores
