"""The first training slice of ISBI 2012, if it is in ``../shared/data``; the project does not contain it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.paths import SHARED

LABELS = SHARED / "isbi2012" / "train" / "labels"
needs_isbi = pytest.mark.skipif(
    not LABELS.is_dir(), reason="ISBI 2012 is not beside the project (../shared/data/isbi2012)"
)


def slice_0() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The mask of cells, and the mask eroded once by the 3×3 cross: a membrane wider by one pixel on each side."""
    from PIL import Image
    from scipy.ndimage import binary_erosion

    cell = np.asarray(Image.open(LABELS / "00.png")) > 127
    return cell, binary_erosion(cell, border_value=1)


def components(cell: NDArray[Any]) -> NDArray[Any]:
    """4-connected components, numbered from 1."""
    from scipy.ndimage import label

    return np.asarray(label(cell)[0])
