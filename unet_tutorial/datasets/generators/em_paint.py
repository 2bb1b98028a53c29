"""Grey levels of a synthetic electron micrograph: cytoplasm, organelles, dark membranes, and the camera.

Membranes cannot be found by their grey level alone, because mitochondria, vesicles and clumps of stain are as dark.
These dark objects are painted here too and are not labelled, so a threshold fails here as it does on real tissue.
"""

import numpy as np

from unet_tutorial.datasets.annotations.labels import Instances
from unet_tutorial.datasets.generators.em import Tissue
from unet_tutorial.datasets.generators.noise import Field, smooth_field
from unet_tutorial.datasets.generators.organelles import add_organelles

CYTOPLASM, MEMBRANE = 155.0, 82.0  # grey levels
# Possible standard deviations of the white noise, in grey levels. One is chosen at random for each image, because ISBI
# 2012 contains both smoothed and raw slices.
NOISE = (0.5, 3.0, 5.0)


def paint_tissue(rng: np.random.Generator, tissue: Tissue) -> Field:
    """Grey levels of the specimen, without the effects of the camera: (H, W)."""
    grey = _cytoplasm(rng, tissue.owner)
    add_organelles(rng, grey, tissue.distance)
    return _membranes(rng, grey, tissue)


def photograph(rng: np.random.Generator, grey: Field) -> Field:
    """Add the effects of the microscope and camera: blur, grain, noise, random brightness and contrast; (H, W)."""
    from scipy.ndimage import gaussian_filter

    image: Field = gaussian_filter(grey, rng.uniform(0.6, 0.85))
    image += 13.0 * smooth_field(rng, grey.shape, 1.15) + 11.0 * smooth_field(rng, grey.shape, 0.75)
    image += rng.normal(0.0, rng.choice(NOISE), grey.shape)
    image = (image - image.mean()) / image.std()
    return image * rng.uniform(38, 48) + rng.uniform(112, 140)


def _cytoplasm(rng: np.random.Generator, owner: Instances) -> Field:
    """A random grey level per cell, plus texture on three scales: (H, W)."""
    tone = rng.normal(0.0, 9.0, int(owner.max()) + 1)
    grey: Field = CYTOPLASM + tone[owner]
    for scale, strength in ((22.0, 9.0), (4.0, 7.0), (1.7, 8.0)):  # pixels, grey levels
        grey += strength * smooth_field(rng, owner.shape, scale)
    return grey


def _membranes(rng: np.random.Generator, grey: Field, tissue: Tissue) -> Field:
    """Draw a dark line along every border; where the section runs along the membrane, the line is wide and pale."""
    line = MEMBRANE + 16.0 * smooth_field(rng, grey.shape, 6.0)
    faded = np.clip(1.2 * tissue.tangential, 0.0, 0.6)
    width = 2.0 + 4.0 * tissue.tangential
    weight = (1.0 - faded) * np.exp(-((tissue.distance / width) ** 2) / 2)
    return grey + weight * (line - grey)
