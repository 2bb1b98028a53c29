"""Images with a channel axis."""

import numpy as np

from unet_tutorial.datasets.images.image import grey


def test_a_grey_image_has_one_channel_and_keeps_its_values() -> None:
    values = np.arange(6, dtype=np.uint16).reshape(2, 3)
    image = grey(values)
    assert (image.array.shape, image.channels, image.spacing) == ((1, 2, 3), ("grey",), ())
    assert image.array.dtype == np.uint16
    np.testing.assert_array_equal(image.array[0], values)
