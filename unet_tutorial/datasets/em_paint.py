"""The greys of a synthetic electron micrograph: cytoplasm, what swims in it, the dark membranes, the camera.

Real membranes cannot be found by their grey alone, since mitochondria, vesicles and stained clumps are as dark. So
these are painted too, and none of them is labelled: a threshold must fail here as it fails on tissue.
"""

import numpy as np

from unet_tutorial.datasets.em import Tissue
from unet_tutorial.datasets.noise import Field, Ids, smooth_field
from unet_tutorial.datasets.organelles import add_organelles

CYTOPLASM, MEMBRANE = 155.0, 82.0  # grey levels
REGIMES = (0.5, 3.0, 5.0)  # std of the white noise, grey levels: ISBI 2012 mixes smoothed and raw slices


def paint_tissue(rng: np.random.Generator, tissue: Tissue) -> Field:
    """The specimen before the camera: grey levels, (H, W)."""
    grey = _cytoplasm(rng, tissue.owner)
    add_organelles(rng, grey, tissue.distance)
    return _membranes(rng, grey, tissue)


def photograph(rng: np.random.Generator, grey: Field) -> Field:
    """What the microscope makes of the specimen: blur, grain, noise, and its own brightness and contrast."""
    from scipy.ndimage import gaussian_filter

    seen: Field = gaussian_filter(grey, rng.uniform(0.6, 0.85))
    seen += 13.0 * smooth_field(rng, grey.shape, 1.15) + 11.0 * smooth_field(rng, grey.shape, 0.75)
    seen += rng.normal(0.0, rng.choice(REGIMES), grey.shape)
    seen = (seen - seen.mean()) / seen.std()
    return seen * rng.uniform(38, 48) + rng.uniform(112, 140)


def _cytoplasm(rng: np.random.Generator, owner: Ids) -> Field:
    """Every cell has its own tone, and all share a cloudy, a woolly and a grainy texture."""
    tone = rng.normal(0.0, 9.0, int(owner.max()) + 1)
    grey: Field = CYTOPLASM + tone[owner]
    for scale, strength in ((22.0, 9.0), (4.0, 7.0), (1.7, 8.0)):  # pixels, grey levels
        grey += strength * smooth_field(rng, owner.shape, scale)
    return grey


def _membranes(rng: np.random.Generator, grey: Field, tissue: Tissue) -> Field:
    """A dark line along every border; where the cut runs along the membrane it fades to a wide grey smear."""
    line = MEMBRANE + 16.0 * smooth_field(rng, grey.shape, 6.0)
    faded = np.clip(1.2 * tissue.tangential, 0.0, 0.6)
    width = 2.0 + 4.0 * tissue.tangential
    weight = (1.0 - faded) * np.exp(-((tissue.distance / width) ** 2) / 2)
    return grey + weight * (line - grey)
