"""Synthetic stained tissue in colour, with four classes: background, stroma, gland and lymphocyte.

The colours imitate haematoxylin (blue, in the nuclei of cells) and eosin (pink, elsewhere), mixed by the law of Beer
and Lambert. Colour alone does not decide the class. Stroma and glands have the same pink and differ by their texture:
fibres in stroma, grains in glands. Nuclei in a gland belong to the gland, and those in stroma are lymphocytes; only
their surroundings differ. The strength and the hue of both stains vary from image to image.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unet_tutorial.datasets.annotations.labels import Instances, Labels
from unet_tutorial.datasets.generators.discs import place_discs
from unet_tutorial.datasets.generators.noise import Field, smooth_field, warped_grid
from unet_tutorial.datasets.generators.synthetic import SMALLEST_SIZE, require_int, seeded_generator, to_grey

CLASSES = ("background", "stroma", "gland", "lymphocyte")
BACKGROUND, STROMA, GLAND, LYMPHOCYTE = range(4)

# Optical density of red, green and blue at a stain amount of 1. Source: Ruifrok & Johnston 2001, Anal. Quant. Cytol.
# Histol. 23:291, table 1
HAEMATOXYLIN, EOSIN = (0.65, 0.70, 0.29), (0.07, 0.99, 0.11)
HUE = 0.04  # std of the change of these numbers from image to image
STRENGTH = 0.2  # std of the logarithm of the strength of each stain
EOSIN_AMOUNT, TEXTURE = 0.5, 0.2  # mean in stroma and epithelium, and its std; both tissues have the same
HAEMATOXYLIN_AMOUNT = 0.75  # mean in nuclei
LIGHT = 245.0  # grey level of glass
NOISE = 1.5  # std of the camera's noise in grey levels

EPITHELIUM = 8.0, 12.0  # thickness of the wall of a gland in pixels
NUCLEUS_RADII = 2.2, 4.2  # half axes in pixels
GLANDS, NUCLEI = 5, 170  # number in 128 × 128 pixels; nuclei that would touch or cross an outline are left out
GLASS = 0.2  # about this share of the pixels outside glands is background


class TissueImage(NamedTuple):
    """A colour image (3, H, W) uint8, red, green and blue, and the class of each pixel (H, W) uint8."""

    image: NDArray[np.uint8]
    labels: Labels

    @property
    def files(self) -> dict[str, NDArray[Any]]:
        """Folder -> array of the file in it; the image as (H, W, 3)."""
        return {"images": np.moveaxis(self.image, 0, -1), "labels": self.labels}


def stained_tissue(seed: int, size: int = 128) -> TissueImage:
    """A square of stained tissue with a side of `size` pixels; the classes are those of `CLASSES`.

    ValueError for arguments that are not integers or too small.

    >>> sample = stained_tissue(seed=0, size=64)
    >>> sample.image.shape, sample.labels.shape, sorted(set(sample.labels.ravel().tolist()))
    ((3, 64, 64), (64, 64), [0, 1, 2, 3])
    """
    rng = seeded_generator(seed)
    require_int("size", size, SMALLEST_SIZE)
    glands = place_discs(rng, size, max(1, round(GLANDS * (size / 128) ** 2)))
    lumen = _depth(glands) > rng.uniform(*EPITHELIUM, glands.max() + 1)[glands]  # the hollow middle of each gland
    field = smooth_field(rng, glands.shape, 10.0)
    glass = (field > np.quantile(field, 1 - GLASS)) & (glands == 0)
    labels = np.where(lumen | glass, BACKGROUND, np.where(glands > 0, GLAND, STROMA))
    nuclei = _nuclei(rng, labels)
    image = _photograph(rng, labels, nuclei)
    labels[nuclei & (labels == STROMA)] = LYMPHOCYTE
    return TissueImage(image, labels.astype(np.uint8))


def _depth(glands: Instances) -> Field:
    """Distance of each pixel to the outline of its own gland in pixels; 0 outside."""
    from scipy.ndimage import distance_transform_edt

    depth = np.zeros(glands.shape)
    for number in range(1, int(glands.max()) + 1):
        depth += distance_transform_edt(glands == number)
    return depth


def _nuclei(rng: np.random.Generator, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Ellipses with random positions and directions, each inside stroma or a gland, about 2 pixels apart."""
    size = len(labels)
    rows, columns = np.indices(labels.shape)
    found = np.zeros(labels.shape, bool)
    for row, column in rng.uniform(0, size, (round(NUCLEI * (size / 128) ** 2), 2)):
        radii, angle = rng.uniform(*NUCLEUS_RADII, 2), rng.uniform(0, np.pi)
        down, right = rows - row, columns - column
        along, across = down * np.cos(angle) + right * np.sin(angle), right * np.cos(angle) - down * np.sin(angle)
        distance = np.hypot(along / radii[0], across / radii[1])  # 1 at the outline
        tissue = np.unique(labels[distance < 1])
        if len(tissue) == 1 and tissue != BACKGROUND and not found[distance < 1 + 2 / radii.min()].any():
            found |= distance < 1
    return found


def _photograph(rng: np.random.Generator, labels: NDArray[np.int64], nuclei: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The colours of background, stroma and glands with nuclei: red, green and blue, (3, H, W)."""
    from scipy.ndimage import gaussian_filter

    grains = smooth_field(rng, labels.shape, 1.2)
    pink = EOSIN_AMOUNT + TEXTURE * np.where(labels == STROMA, _fibres(rng, labels.shape), grains)
    empty = labels == BACKGROUND
    eosin = np.where(empty, 0.03, np.where(nuclei, 0.25, np.maximum(pink, 0.0)))
    blue = HAEMATOXYLIN_AMOUNT + 0.15 * smooth_field(rng, labels.shape, 1.5)
    haematoxylin = np.where(empty, 0.0, np.where(nuclei, blue, 0.06))
    amounts = np.stack([gaussian_filter(amount, 0.7) for amount in (haematoxylin, eosin)])  # (2, H, W)
    stains = np.array([HAEMATOXYLIN, EOSIN]) + rng.normal(0.0, HUE, (2, 3))
    stains *= np.exp(rng.normal(0.0, STRENGTH, (2, 1)))
    light = LIGHT * np.exp(-np.einsum("shw,sc->chw", amounts, np.maximum(stains, 0.0)))
    return to_grey(light + rng.normal(0.0, NOISE, light.shape))


def _fibres(rng: np.random.Generator, shape: tuple[int, ...]) -> Field:
    """Wavy fibres in one main direction, of which 1 pixel across and 12 along belong together; mean 0 and std 1."""
    from scipy.ndimage import map_coordinates

    size = shape[0]
    straight = smooth_field(rng, (2 * size, 2 * size), (1.0, 12.0))
    angle = rng.uniform(0, np.pi)
    down, right = warped_grid(rng, size, {12.0: 4.0}) - size / 2
    turned = [down * np.cos(angle) + right * np.sin(angle), right * np.cos(angle) - down * np.sin(angle)]
    fibres: Field = map_coordinates(straight, np.array(turned) + size, order=1, mode="mirror")
    fibres -= fibres.mean()
    fibres /= fibres.std()
    return fibres
